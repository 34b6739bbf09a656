"""What can give way where a model has no portfolio: its limits, single numbers of its tables, and rows that someone added.

How far the rows of the program are loosened as a condition gives way is never written here: a limit says it by its kind, a number
of a table by how far the data of the program move with it (`program.restraints`), a row that was added by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
from scipy import sparse

from procure.languages import Said
from procure.limits import KINDS, Limit, PlanLimit, kind_of
from procure.lp.compile import Affine, Name, Template
from procure.market import Datum, Market
from procure.market.limits import choice_of
from procure.program.positions import FUTURE, Positions
from procure.program.program import Program
from procure.program.restraints import RESTRAINTS, STEP, Restraint, TableNumbers
from procure.units import Array
from procure.words import plain, span, unit_in_words

_IN = Said(" in {years}", "（{years}年）")

#: A slack below this share of its condition is none.
TINY = 1e-7
#: A number that counts only where something is bought gives way to this many times itself at most.
MOST_TIMES = 100.0


@dataclass(frozen=True, eq=False)
class Condition:
    """One thing that can give way, or only explains: a limit, a number of a table, a row.

    Parameters
    ----------
    tag : {"policy", "contractual", "physical"}
    where : str
        "china_heavy_share" or "commitments.csv".
    says : str
        "at most 20 % of medium_heavy from china in 2030-2033".
    path : str
        What to set to mend it; empty for a row that someone added in Pyomo.
    value : float
        Today, in the unit in which it is written.
    sign : {1, -1}
        It gives way by growing, or by shrinking.
    room : float
        The most it can give.
    rates : mapping row -> float or array, shape (n_nodes,)
        How far each row of the formulation is loosened as it gives one unit; without any it only explains.
    switches : mapping row -> decision
        Of rows that give only where a decision of yes or no is yes, that decision: an offer only where something is bought.
    limit : Limit, optional
        Where it is one of the model file.
    scale : float
        Stands in for the value where that is zero.
    """

    tag: str
    where: str
    says: str
    path: str = ""
    value: float = 0.0
    sign: int = 1
    room: float = np.inf
    unit: str = ""
    rates: Mapping[Name, Any] = field(default_factory=dict)
    switches: Mapping[Name, Name] = field(default_factory=dict)
    limit: Limit | None = None
    scale: float = 1.0

    @property
    def key(self) -> str:
        """The same for a condition whichever way it gives."""
        return self.path or self.where

    @property
    def size(self) -> float:
        """What a slack is measured against."""
        return abs(self.value) or self.scale

    def after(self, give: float) -> float:
        """The value after giving way, rounded outward to five digits so that it suffices."""
        after = self.value + self.sign * give
        # A shrinking value ends at zero.
        return outward(after, self.sign) if after > TINY * self.size else 0.0

    def text(self, value: float) -> str:
        """A value in the unit people use."""
        return in_words(value, self.unit)


def in_words(value: float, unit: str) -> str:
    """A value in the unit people use.

    >>> in_words(0.2, "%"), in_words(400.0, "t/yr")
    ('20 %', '400 t/yr')
    """
    if unit in ("%", ""):
        return f"{plain(round(100 * value, 10))} %" if unit else plain(value)
    return Said("{number} {unit}", "{number} {unit}").format(number=plain(value), unit=unit_in_words(unit))


def outward(value: float, sign: int) -> float:
    """Five digits, rounded up (sign +1) or down (-1), so that what is asked for suffices."""
    if not np.isfinite(value) or value == 0:
        return value
    number = Decimal(repr(round(float(value), 12)))
    digit = Decimal(1).scaleb(number.adjusted() - 4)
    near = float(number.quantize(digit))
    if abs(near - value) <= 1e-10 * abs(value):
        return near
    return float(number.quantize(digit, rounding=ROUND_CEILING if sign > 0 else ROUND_FLOOR))


def conditions(program: Program, positions: Positions, numbers: TableNumbers) -> list[Condition]:
    """Everything in a program that can give way; where its plan is given, what looks at the futures that follow it."""
    sets = program.market.sets
    if program.given is not None:
        of_futures = of_limits(program.market, sets.limits_on_futures, numbers)
        candidates = (*of_futures, *_added(program, positions, (program.composition.period,)))
        return [condition for condition in candidates if condition.rates]
    blocks = (program.composition.plan, program.composition.period)
    every_limit = of_limits(program.market, sets.limits, numbers)
    candidates = (*every_limit, *_of_tables(program, numbers), *_added(program, positions, blocks))
    return [condition for condition in candidates if condition.rates]


def of_limits(market: Market, limits: Sequence[Limit], numbers: TableNumbers) -> Iterator[Condition]:
    """The limits of the model file, each with all its parts: they have one bound."""
    for written in dict.fromkeys(limit.written for limit in limits):
        yield _of_limit(market, [limit for limit in limits if limit.written == written], numbers)


def _of_limit(market: Market, parts: Sequence[Limit], numbers: TableNumbers) -> Condition:
    limit, names = parts[0], {part.name for part in parts}
    kind, choice = kind_of(limit), choice_of(market.model, limit)
    if isinstance(kind, PlanLimit):
        rates: dict[Name, Any] = dict(kind.plan_rates(limit, choice.bound, numbers.asked))
    else:
        rates = {(FUTURE, key): bound.rate for key, bound in market.bounds.items() if key[0] in names}
    least, measure = kind.sense == "min", kind.measured_in
    when = _IN.format(years=span(limit.years)) if limit.years else Said("", "")
    return Condition(
        tag=limit.tag, where=limit.written, says=kind.says(choice, measure.text(choice.bound)) + when,
        path=f"limits.{limit.written}.{kind.sense}", value=choice.bound, sign=-1 if least else 1,
        room=choice.bound if least else measure.most - choice.bound, unit=measure.shown, rates=rates, limit=limit,
    )  # fmt: skip


# --- numbers of the tables


def _of_tables(program: Program, numbers: TableNumbers) -> Iterator[Condition]:
    """Every number of the tables that holds back and can give way."""
    market, composition = program.market, program.composition
    whole = zip(composition.plan.columns, composition.plan.integer.tolist(), strict=True)
    switches = frozenset(component for (component, _), is_whole in whole if is_whole)
    blocks = (
        _Rows(composition.plan, switches, market.plan_data(composition.plan)),
        _Rows(composition.period, switches),
    )
    path_of = {place: path for path, place in market.model.facts.paths().items()}
    for restraint in RESTRAINTS:
        sign = -1 if restraint.is_floor else 1
        for position, row in numbers.of(restraint).items() if restraint.told else ():
            value = float(row["value"])
            # Nothing committed asks nothing, and of a programme level without capacity another level has some.
            if not value and (restraint.is_floor or "programme" in restraint.owner):
                continue
            moving = numbers.moved(restraint, {position: row}, STEP)
            # `moved` is told for the whole number: one unit of giving is so much of it.
            part = {datum: sign * change / (abs(value) or 1.0) for datum, change in moving.items()}
            told = restraint.told.format(**{**row, "value": in_words(value, restraint.written)})
            years = _years_of(numbers.years(restraint, row), moving)
            (rates, switched), (of_period, switched_there) = (block.loosened(part, restraint) for block in blocks)
            only_bought = switched | switched_there
            room = value if restraint.is_floor else (MOST_TIMES - 1.0) * value if only_bought else np.inf
            yield Condition(
                tag=restraint.tag, where=f"{restraint.table}.csv", says=told + (_IN.format(years=span(years)) if years else ""),
                path=path_of[restraint.table, position], value=value, sign=sign, room=room, unit=restraint.written,
                rates=rates | of_period, switches=only_bought,
            )  # fmt: skip


def _years_of(valid: list[int], moving: Mapping[Datum, Any]) -> list[int]:
    """The years in which a number holds, and anything of the plan moves with it: a supplier not yet in business has none."""
    moved = {index[-1] for (_, index) in moving if index}
    return [y for y in valid if y in moved] or valid


class _Rows:
    """How far the rows of one block are loosened by data that move, as they stand beside fixed numbers.

    What a datum multiplies counts where it is known: a decision that is fixed. Of what is at least to be had the largest that a
    decision can be counts where that loosens (where it is less, the row asks for less). What multiplies a yes or no (an offer times
    `use`) loosens the row where it is yes. All else is left out, so that the row gives no more than it could; so are prices.

    Parameters
    ----------
    switches : set of str
        The decisions of yes or no.
    data : array, shape (n_data,), optional
        Of the plan; the decisions of a period are not known beforehand.
    """

    def __init__(self, template: Template, switches: frozenset[str], data: Array | None = None) -> None:
        self._template, self._switches = template, switches
        no_row = ("", ())
        bound_rows = [*template.bound_rows, no_row]  # -1: the domain of the variable
        self._sides = (
            (_by_datum(template.row_lower), template.rows, -1.0),
            (_by_datum(template.row_upper), template.rows, 1.0),
            (_by_datum(template.lower), [bound_rows[row] for row in template.lower_row], -1.0),
            (_by_datum(template.upper), [bound_rows[row] for row in template.upper_row], 1.0),
        )
        self._entries = _by_datum(template.entry)
        self._lower, self._upper = np.full(len(template.columns), -np.inf), np.full(len(template.columns), np.inf)
        if data is not None:
            self._lower, self._upper = template.bounds(data)

    def loosened(self, changes: Mapping[Datum, Any], restraint: Restraint) -> tuple[dict[Name, Any], dict[Name, Name]]:
        """How far rows are loosened by these changes, in the unit of the row or of the column that it bounds; and the decisions
        without which some of them are not.
        """
        template = self._template
        rates: dict[Name, Any] = {}
        switches: dict[Name, Name] = {}
        for datum, change in changes.items():
            position = template.data_index.get(datum)
            if position is None:
                continue
            for coefficients, names, sign in self._sides:
                for row, coefficient in _column(coefficients, position):
                    rates[names[row]] = rates.get(names[row], 0.0) + sign * coefficient * change
            for entry, coefficient in _column(self._entries, position):
                name, column = template.rows[template.entry_row[entry]], int(template.entry_column[entry])
                at_least = np.isfinite(template.row_lower.constant[template.entry_row[entry]])
                factor, switch = self._factor(column, restraint)
                more = (1.0 if at_least else -1.0) * coefficient * change * factor
                if self._lower[column] == self._upper[column] or np.all(more >= 0):
                    rates[name] = rates.get(name, 0.0) + more
                    if switch and np.any(more):
                        switches[name] = template.columns[column]
        return {name: rate for name, rate in rates.items() if np.any(rate)}, switches

    def _factor(self, column: int, restraint: Restraint) -> tuple[float, bool]:
        """What a datum counts for that multiplies a decision, and whether it does so only where that is a yes."""
        lower, upper = self._lower[column], self._upper[column]
        if lower == upper or (restraint.is_floor and np.isfinite(upper)):
            return float(upper), False
        is_switch = self._template.columns[column][0] in self._switches and not restraint.is_floor
        return float(is_switch), is_switch


def _by_datum(affine: Affine) -> sparse.csc_matrix:
    return sparse.csc_matrix(affine.coefficients)


def _column(matrix: sparse.csc_matrix, column: int) -> Iterator[tuple[int, float]]:
    """The entries of one column: (row, value)."""
    start, end = matrix.indptr[column], matrix.indptr[column + 1]
    return zip(matrix.indices[start:end].tolist(), matrix.data[start:end].tolist(), strict=True)


# --- rows of one's own


def _added(program: Program, positions: Positions, blocks: Sequence[Template]) -> Iterator[Condition]:
    """Constraints that someone added to these blocks: each may give way, in its own unit, under its own name."""
    lp = program.composed.lp
    for template in blocks:
        for name in dict.fromkeys((*template.rows, *template.bound_rows)):
            if name[0] in template.notes or name[0] in KINDS:
                continue
            shown = f"{name[0]}[{','.join(map(str, name[1]))}]" if name[1] else name[0]
            bounds = [
                bound[at]
                for side, at in positions.of(name)
                for bound in ((lp.row_lower, lp.row_upper) if side == "row" else (lp.lower, lp.upper))
            ]
            sizes = np.abs(np.concatenate(bounds)) if bounds else np.empty(0)
            scale = float(sizes[np.isfinite(sizes)].max(initial=0.0)) or 1.0
            for way in (1.0, -1.0):  # an equality may have to give either way
                says = Said("a constraint added to the formulation", "定式化に追加された制約")
                yield Condition("policy", shown, says, rates={name: way}, scale=scale)
