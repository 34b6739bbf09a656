"""What each hedge is worth: what the same world costs without it, in the same futures; and what a day of stock buys of a limit.

A hedge is taken away by the numbers and choices that make it up: of a supplier what it offers, can produce and is owed, of a
contract that it is firm (the supplier is called instead), of stock what there is and may be. With V the least weighed cost, of the
same programme level unless it is chosen anew, and E and C the mean and the tail of the plans behind them,

  worth = V without - V with      mean: E without - E with      tail: C without - C with          million USD

and on fresh paths the same difference of what both plans cost there, with its standard error (`portfolio.verdict`). A limit costs
what is saved without it.

The exchange rate is between two shadow prices at one optimum: what a day of use more in stock today saves, and what one step less
of the bound of a limit costs. It is another one wherever the bound is another, so it is told at parts of where the share stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

from pandas import DataFrame

from procure.errors import IS, LEAVE_OUT, DataError, Fault
from procure.explore.kept import Kept
from procure.facts import Place
from procure.languages import Said
from procure.limits import KINDS, Counts, said
from procure.limits.limit import SHARE
from procure.lp.cores import cores
from procure.lp.program import Status
from procure.market import make_market, make_tree, merge
from procure.model import Model, ModelOrName, as_model
from procure.model.limits import LimitChoices
from procure.portfolio.evaluate import FROM_0
from procure.portfolio.frames import is_worthless
from procure.portfolio.fresh import WIDE
from procure.portfolio.measure import AGREEMENT, Measured
from procure.portfolio.shadow import price_of_stock, prices_of_limits, rows_of_limits
from procure.portfolio.verdict import PATHS, TIE, verdicts
from procure.program.optimum import Optimum, optimum, refuse, solved
from procure.program.program import Program, compose
from procure.program.restraints import RESTRAINTS, TableNumbers
from procure.scenarios.decided import Programmes
from procure.scenarios.world import programme_choices
from procure.solving.abreast import abreast
from procure.solving.answer import Answer
from procure.solving.compiled import Compiled
from procure.solving.trees import is_drawn
from procure.units import DAYS_PER_YEAR, KUSD_PER_MUSD
from procure.words import Progress, programme_name

SUPPLIER, CONTRACT, STOCK, PROGRAMME, LIMIT = "supplier", "contract", "stock", "programme", "limit"
#: What hedges are called that are no supplier and no limit.
CONTRACTS, OF_ALL, INSTEAD = (
    Said("contracts with {supplier}", "{supplier} との契約"),
    Said("stock", "備蓄"),
    Said("{name} ({other} instead)", "{name}（{other} に替えた場合）"),
)
#: The numbers of the tables that make up a supplier, and stock, by their names among the restraints.
OF_SUPPLIER, OF_STOCK = ("offer", "commitment", "capacity", "expansion", "minimum_order"), ("stock_today", "stock_room")
#: What is said of a hedge, beside a tie.
WORTH_IT, COSTS_MORE, NO_DIFFERENCE, NO_PLAN = (
    "worth it",
    "costs more",
    "no difference",
    "no plan keeps the limits without it",
)
#: At which parts of where a share stands its limit is priced against stock.
PARTS = (0.75, 0.5, 0.25)
#: Programs that are held at a time.
FEW = 8
COLUMNS = (
    "kind", "hedge", "expected_musd", "cvar_musd", "weighed_musd", "fresh_musd", "standard_error_musd", "verdict", "programme",
)  # fmt: skip
RATES = ("limit", "subject", "scope", "per", "value", "stands", "step_musd", "day_musd", "steps_per_day")


@dataclass(frozen=True, eq=False)
class Hedges(Kept):
    """What each hedge of a model is worth, million USD of present value: what it costs without less what it costs with.

    Attributes
    ----------
    name : str
        Of the model.
    programme : str
        The level of the best plan.
    cost_musd : float
        Its weighed cost.
    chooses : bool
        Whether the programme is chosen anew without each hedge; else it stays.
    is_drawn : bool
        Whether the tree is a drawing of more futures than it holds.
    n_paths : int
        Fresh paths behind the errors; 0 where every future is counted, or nothing was compared.
    table : DataFrame
        A row for each hedge: its `kind`, what is taken away, what it is worth in mean, in the tail, and weighed; `fresh_musd`, the
        weighed difference on fresh paths, with `standard_error_musd` (0 where every future is counted); `verdict`, worth it, costs
        more, tie, or why that is not known; the `programme` without it. Infinite where no plan keeps the limits.
    rates : DataFrame
        For each limit on a share in the mean over futures, at its bound and at tighter ones (`value`): where the share `stands`
        (the largest year), what one `per` less costs there (`step_musd`), what a day of use of its elements more in stock today
        saves (`day_musd`), and how many of the first the second pays for (`steps_per_day`); NaN where either has no price.
    """

    format: ClassVar[str] = "procure.hedges"

    name: str
    programme: str
    cost_musd: float
    chooses: bool
    is_drawn: bool
    n_paths: int
    table: DataFrame = field(repr=False)
    rates: DataFrame = field(repr=False)


def hedges(model: ModelOrName, *, choose: bool = False, paths: int = PATHS, progress: Progress | None = None) -> Hedges:
    """What each supplier, contract, stock, programme and limit of a model is worth, million USD.

    Parameters
    ----------
    model : Model, str or Path
    choose : bool
        Whether the programme is chosen anew without each hedge: as many solves more as there are levels.
    paths : int
        Fresh paths on which the plans with and without are compared, where the tree is drawn; 0 compares none.
    progress : callable, optional
        Called with (done, total, what) as hedges are taken away.

    Returns
    -------
    Hedges

    Raises
    ------
    DataError
        For a number of paths below zero.
    Infeasible, SolverError
        As `procure.solve`.

    >>> from procure import load_model
    >>> found = hedges(load_model("two-class"))
    >>> print(found.table[["kind", "hedge", "weighed_musd"]].round().to_string(index=False))
        kind                hedge  weighed_musd
    supplier              caremag         132.0
    supplier                china       17753.0
    supplier                lynas        3854.0
    supplier               seabed         719.0
    contract contracts with lynas        1336.0
       stock                stock           0.0
    """
    model = as_model(model)
    if paths < 0:
        raise DataError(Fault("paths", IS.format(value=paths), FROM_0, LEAVE_OUT))
    compiled = Compiled(model, is_solved_once=True)
    answer = compiled.solve(progress=progress)
    return _Search(model, answer, compiled.read, choose, paths, progress).hedges()


@dataclass(frozen=True)
class _Hedge:
    """Something that is taken away."""

    kind: str
    name: str
    without: Model


class _Search:
    """Takes the hedges of one answer away."""

    def __init__(
        self, model: Model, answer: Answer, read: frozenset[Place], choose: bool, paths: int, progress: Progress | None
    ) -> None:
        self._model, self._answer, self._read, self._paths, self._progress = model, answer, read, paths, progress
        self._chooses = choose
        self._with = answer.measured
        self._levels = programme_choices(model) if choose else [answer.programmes]

    def hedges(self) -> Hedges:
        """What there is to say of all of them."""
        taken = [*self._taken()]
        rows = [(hedge.kind, hedge.name, best) for hedge, best in zip(taken, self._best(taken), strict=True)]
        rows += [(PROGRAMME, name, measured) for name, measured in self._programmes()]
        return Hedges(
            name=self._model.name,
            programme=self._answer.level,
            cost_musd=self._answer.objective,
            chooses=self._chooses,
            is_drawn=is_drawn(self._model),
            n_paths=self._paths if is_drawn(self._model) else 0,
            table=self._table(rows),
            rates=DataFrame([*self._rates()], columns=list(RATES)),
        )

    # -- what is taken away

    def _taken(self) -> Iterator[_Hedge]:
        """Every hedge that takes a solve."""
        model, sets = self._model, self._with.sets
        numbers = TableNumbers(self._with.market)
        settings = model.settings.suppliers
        for s in sets.suppliers:
            if s in settings and settings[s].programmes:
                continue  # told by its levels
            yield _Hedge(SUPPLIER, s, model.with_(**self._nothing(numbers, OF_SUPPLIER, s)))
        for s in sets.suppliers:
            if {e for i, e in sets.offers if i == s} & {
                e for i, e in sets.calls if i == s
            }:  # else it is all there is of it
                yield _Hedge(
                    CONTRACT, str(CONTRACTS.format(supplier=s)), model.with_(**{f"suppliers.{s}.contracts": "none"})
                )
        yield _Hedge(STOCK, str(OF_ALL), model.with_(**self._nothing(numbers, OF_STOCK)))
        for choice in model.settings.limits:
            if not choice.held_in(model.years):
                continue
            others = tuple(other for other in model.settings.limits if other is not choice)
            without = replace(model, settings=model.settings.model_copy(update={"limits": others}))
            yield _Hedge(LIMIT, choice.name, without)

    def _nothing(self, numbers: TableNumbers, names: Sequence[str], supplier: str | None = None) -> dict[str, float]:
        """The numbers of some restraints, all or those of a supplier, at zero."""
        path_of = {place: path for path, place in self._model.facts.paths().items()}
        return {
            path_of[restraint.table, position]: 0.0
            for restraint in RESTRAINTS
            if restraint.name in names
            for position, row in numbers.of(restraint).items()
            if supplier is None or row["supplier"] == supplier
            if Place(restraint.table, position, "value") in self._read
        }

    def _programmes(self) -> Iterator[tuple[str, Measured | None]]:
        """The chosen level beside the best of the others, and beside the best in which its supplier has nothing to sell."""
        costs = {name: cost for name, cost in self._answer.levels.items() if cost < math.inf}
        others = {name: cost for name, cost in costs.items() if name != self._answer.level}
        if not others:
            return
        second = min(others, key=lambda name: others[name])
        yield str(INSTEAD.format(name=self._answer.level, other=second)), self._answer.measured_at(second)
        for supplier in self._answer.programmes:
            idle = [
                name
                for choice in programme_choices(self._model)
                if (name := programme_name(choice)) in others
                and _sells_nothing(self._answer.measured_at(name), supplier)
            ]
            if idle and (best := min(idle, key=lambda name: others[name])) != second:
                yield str(INSTEAD.format(name=supplier, other=best)), self._answer.measured_at(best)

    # -- what it costs without

    def _best(self, hedges: Sequence[_Hedge]) -> Iterator[Measured | None]:
        """The best plan without each hedge; None where there is none."""
        # Pyomo never runs in a thread: programs are made here, those of a few hedges at a time, and only solved side by side.
        few = max(1, FEW // len(self._levels))
        for start in range(0, len(hedges), few):
            batch = hedges[start : start + few]
            pairs = [(hedge, level) for hedge in batch for level in self._levels]
            ended = abreast([partial(optimum, self._program(hedge.without, level)) for hedge, level in pairs], cores())
            for done, hedge in enumerate(batch, start):
                if self._progress is not None:
                    self._progress(done, len(hedges), Said("without {hedge}", "{hedge} なし").format(hedge=hedge.name))
                yield _cheapest([next(ended) for _ in self._levels])

    def _program(self, model: Model, level: Programmes) -> Program:
        """The program of a changed model over the futures of the model as it is."""
        return compose(merge(make_market(model, level, make_tree(self._model, level))))

    # -- what that says

    def _table(self, rows: Sequence[tuple[str, str, Measured | None]]) -> DataFrame:
        played = [measured for _, _, measured in rows if measured is not None]
        said = iter(verdicts(played, self._with, self._paths, self._progress))
        noise = AGREEMENT * self._with.gross
        told = []
        for kind, name, measured in rows:
            if measured is None:
                told.append((kind, name, *[math.inf] * 4, math.nan, NO_PLAN, ""))
                continue
            verdict, base = next(said), self._with
            worth = (measured.expected - base.expected, measured.cvar - base.cvar, measured.objective - base.objective)
            sums = [0.0 if abs(x) <= noise else x / KUSD_PER_MUSD for x in (*worth, verdict.difference)]
            if math.isnan(verdict.error):
                words, sums[-1] = verdict.words, math.nan
            elif abs(verdict.difference) <= max(WIDE * verdict.error, noise):
                words = NO_DIFFERENCE if sums[2] == 0 else TIE
            else:
                words = WORTH_IT if verdict.difference > 0 else COSTS_MORE
            programme = programme_name(measured.market.programmes)
            told.append((kind, name, *sums, verdict.error / KUSD_PER_MUSD, words, programme))
        return DataFrame(told, columns=list(COLUMNS))

    # -- what a day of stock buys

    def _rates(self) -> Iterator[tuple[Any, ...]]:
        """Of every limit on a share, at its bound where that has a price, and at parts of where it stands."""
        rows = rows_of_limits(self._with)
        for choice in self._model.settings.limits:
            kind = KINDS[choice.kind]
            if kind.counted(choice) is not Counts.MEAN or kind.measured_in is not SHARE or kind.sense != "max":
                continue
            stands = float(rows.loc[rows["limit"] == choice.name, "value"].max())
            bounds = [round(part * min(stands, choice.bound), 2) for part in PARTS if stands > 0]
            path = f"limits.{choice.name}.{kind.sense}"
            tight = [
                _Hedge(LIMIT, f"{choice.name} at {bound:g}", self._model.with_(**{path: bound})) for bound in bounds
            ]
            found = [*zip([choice.bound, *bounds], [self._with, *self._best(tight)], strict=True)]
            yield from (
                self._rate(choice, bound, stands, measured) for bound, measured in found if measured is not None
            )

    def _rate(self, choice: LimitChoices, bound: float, stands: float, measured: Measured) -> tuple[Any, ...]:
        """Both prices at one bound."""
        kind = KINDS[choice.kind]
        per, spent = kind.measured_in.per, measured.gross / KUSD_PER_MUSD
        parts = [limit for limit in measured.sets.limits if limit.written == choice.name]
        elements = dict.fromkeys(e for part in parts for e in part.elements)
        a_step = prices_of_limits(measured)[choice.name]
        days = ((e, float(measured.yearly(measured.demand[e])[0]) / DAYS_PER_YEAR) for e in elements)
        a_day = math.fsum(price_of_stock(measured, e) * tonnes for e, tonnes in days) / KUSD_PER_MUSD
        has_prices = not (is_worthless(a_step, per, spent) or is_worthless(a_day, "day", spent))
        ratio = a_day / a_step if has_prices else math.nan
        return (choice.name, kind.subject(choice), said.scope(choice), per, bound, stands, a_step, a_day, ratio)


def _cheapest(ended: Sequence[Optimum]) -> Measured | None:
    """The plan of least cost among some ends; None where none has a plan."""
    for end in ended:
        refuse(end.solution)
    optimal = [end for end in ended if end.solution.status is Status.OPTIMAL]
    if not optimal:
        return None
    measured = Measured(solved(min(optimal, key=lambda end: end.solution.objective)))
    measured.check()
    return measured


def _sells_nothing(measured: Measured, supplier: str) -> bool:
    """Whether nothing can be contracted or called of a supplier."""
    market = measured.market
    offered = any(value > 0 for (s, *_), value in market.plan["offered"].items() if s == supplier)
    return not offered and not any(value.any() for (s, *_), value in market.period["callable"].items() if s == supplier)
