"""A kept answer proved again by arithmetic: no solver is asked.

The programs of all programme levels are made anew, without short cuts, from the choices in the file and the facts. With x the
kept decisions of a level, y its kept multipliers and bound(y) what they prove whatever they are (`lp.dual_bound.prove`):

  possible   x keeps every row and every bound
  optimal    cost(x) - bound(y) is nothing beside cost(x)
  chosen     bound(y) of every other level is no less than cost(x) of the chosen one, or bound(y) > 0 of its rows alone: no
             portfolio keeps the limits there (Farkas)
  told       every number of the answer that x and y decide comes out of them again

What rests on more than the optimum (what foresight is worth, fresh paths, other trees, how long it took) is not proved; that it is
as it was written, its seal says (`seal`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
from pandas import DataFrame

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.lp.certificate import FEASIBILITY, of_infeasibility, violation
from procure.lp.dual_bound import prove
from procure.lp.packed import unpacked
from procure.lp.program import Solution, Status
from procure.market import make_market, make_tree, merge
from procure.model import Model
from procure.portfolio import account
from procure.portfolio.evaluate import model_of
from procure.portfolio.frames import WORTHLESS
from procure.portfolio.measure import Measured
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.proof import AGAIN_WITH_PROOF, watched
from procure.portfolio.seal import SEALS, broken
from procure.program.program import Program, compose
from procure.program.solved import read
from procure.program.whole import Whole, whole
from procure.scenarios.decided import Programmes
from procure.scenarios.world import programme_choices
from procure.units import KUSD_PER_MUSD, Array
from procure.words import Progress, Shown, level_in_words, listed, programme_name

_NOT_AS_WRITTEN = Said("{part} is not as it was written", "{part} が書かれたままではない")
_OTHER_FACTS = Said(
    "the facts are others than those it was solved on: {others}", "データが解いたときと異なる: {others}"
)
_NOTHING_ELSE = Said("so nothing else in it was looked at", "そのため、ほかは調べていない")
_NOT_KEPT = Said(
    "nothing is kept that proves the level {name}, which the model may choose",
    "モデルが選び得る {name} を証明するものが保存されていない",
)
_NO_PORTFOLIO = Said("the level chosen, {name}, has no portfolio", "選ばれた {name} には調達計画がない")
_SOLVED_BY = Said("; it was solved by procure {release}", "（procure {release} で求解）")
_NO_FIT = Said(
    "what is kept of {name} does not fit its program: {error}{other}",
    "{name} について保存されたものが最適化問題と合わない: {error}{other}",
)
_NOT_INFEASIBLE = Said(
    "that no portfolio keeps the limits under {name} does not follow from its multipliers",
    "{name} に制約を守る調達計画がないことは、その乗数からは導けない",
)
_BREAKS = Said("the decisions kept of {name} break {row}", "{name} の保存された決定が {row} に反する")
_PROVES_LESS = Said(
    "its decisions cost {cost}, and its multipliers prove no more than {bound}",
    "決定の費用は {cost}、乗数が証明するのは {bound} まで",
)
_WHOLE_NUMBERS = Said(
    " (it has whole numbers: that none of them is cheaper is what the solver's search says, and no arithmetic)",
    "（整数を含むため、より安いものがないことはソルバーの探索によるもので、算術では示せない）",
)
_COSTS_LESS = Said(
    "that {name} costs no less is not proved: {told}", "{name} の費用がこれより安くならないことは証明できない: {told}"
)
_CALLED = Said(
    "the answer is called {name}, and its choices are those of {own}", "回答の名前は {name}、選択は {own} のもの"
)
_COMES_OUT = Said(
    "{where} is said to be {said:.9g}, and comes out as {found:.9g}",
    "{where} は {said:.9g} とあるが、計算では {found:.9g}",
)
_PROVED_GAP = Said(
    "summary.gap is said to be {said:.2g}, and {found:.2g} is proved",
    "summary.gap は {said:.2g} とあるが、証明されたのは {found:.2g}",
)
_LEVELS_DIFFER = Said(
    "frames.programmes and the levels of the model differ by {name}",
    "frames.programmes とモデルの水準は {name} が異なる",
)
_STATUS = Said(
    "{where}: it is said to be {status}, and what is kept of it says otherwise",
    "{where}: {status} とあるが、保存されたものはそうではない",
)
_CHEAPEST = Said(
    "that {chosen} is cheapest is not proved: it costs {cost}, and of {level} no more is proved than {bound}",
    "{chosen} が最も安いことは証明できない: その費用は {cost}、{level} について証明されたのは {bound} まで",
)
_LEVEL, _COLUMN = (
    Said("frames.programmes, {level}", "frames.programmes、{level}"),
    Said("{where}: {column}", "{where}: {column}"),
)
_SAID_CHOSEN, _SAID_NOT_CHOSEN = (
    Said(
        "{where}: it is said to be chosen, and the answer is of {chosen}",
        "{where}: 選択とあるが、回答は {chosen} のもの",
    ),
    Said(
        "{where}: it is said to be not chosen, and the answer is of {chosen}",
        "{where}: 選択ではないとあるが、回答は {chosen} のもの",
    ),
)
_ROW, _ROW_IN = (
    Said("{name} of the {of}", "{of}の {name}"),
    Said("{name} of the {of} in {node}", "{node} での{of}の {name}"),
)
#: What a row of the program is of.
_PARTS = {"plan": Said("plan", "計画"), "period": Said("period", "期")}
_A_BOUND = Said("the bound of a decision of a period", "期の決定の限度")
_N_ROWS = Said(
    "{where} has {n_said} rows, and comes out with {n_found}", "{where} は {n_said} 行あるが、計算では {n_found} 行"
)
_A_CELL = Said(
    "{where}, row {row} ({of}): {column} is said to be {said}, and comes out as {found}",
    "{where}、{row} 行目（{of}）: {column} は {said} とあるが、計算では {found}",
)

#: How far cost and bound may be apart, relative: what a price is nothing below is nothing here, too.
OPTIMALITY = WORTHLESS
#: How far a number of the answer may be from what comes out again, beside the largest of its column or 1: rounding.
ROUNDING = 1e-9
#: What decides which program is made: where one of these was changed nothing else can be held against it.
CHOICES = ("settings", "numbers", "programmes", "origin", "fingerprint", "proof")


@dataclass(frozen=True, eq=False)
class Verification(Shown):
    """What arithmetic says of a kept answer.

    Attributes
    ----------
    name, programme : str
        Of the model, and the programme chosen.
    levels : DataFrame
        A row for each programme level: `cost_musd` of the kept decisions and `proved_musd`, what no portfolio under it costs less
        than, in million USD (inf where none keeps the limits); `gap`, their difference beside the cost; `violation`, the most by
        which a row is missed, relative; `chosen`.
    faults : tuple of str
        What the file says and arithmetic does not.
    trusted : tuple of str
        Parts of the file that are as they were written, and rest on more than its decisions and multipliers.
    release : str
        That solved the model.
    """

    name: str
    programme: str
    levels: DataFrame = field(repr=False)
    faults: tuple[str, ...]
    trusted: tuple[str, ...]
    release: str

    @property
    def holds(self) -> bool:
        """Whether all of it is proved."""
        return not self.faults

    @property
    def gap(self) -> float:
        """Of the chosen level; NaN where nothing is proved of it."""
        gap = self.levels.loc[self.levels["chosen"], "gap"]
        return float(gap.iloc[0]) if len(gap) else math.nan


def verify(portfolio: Portfolio, *, model: Model | None = None, progress: Progress | None = None) -> Verification:
    """Whether a kept answer is the optimum of its model, by arithmetic alone.

    Parameters
    ----------
    portfolio : Portfolio
        As read from its file, or as solved, with its proof (`procure.solve(..., proof=True)`).
    model : Model, optional
        What was solved, where its facts are not the bundled ones.
    progress : callable, optional
        Called with (done, total, what) as programme levels are proved.

    Returns
    -------
    Verification
        With every claim that does not hold, in words.

    Raises
    ------
    DataError
        Where the answer keeps no proof, or its facts cannot be had.

    >>> from procure import load_model, solve
    >>> found = verify(solve(load_model("two-class")))
    >>> found.holds, found.gap < 1e-12
    (True, True)
    """
    if portfolio.proof is None:
        rule, remedy = (
            Said("an answer is proved by what is kept in it", "回答の検証には回答に保存されたものを使う"),
            AGAIN_WITH_PROOF,
        )
        raise DataError(
            Fault(
                portfolio.origin, Said("the answer keeps no proof", "この回答には証明が保存されていない"), rule, remedy
            )
        )
    changed = broken(portfolio.document(), portfolio.proof[SEALS]) if SEALS in portfolio.proof else []
    faults: list[str] = [_NOT_AS_WRITTEN.format(part=part) for part in changed]
    if SEALS not in portfolio.proof or not set(CHOICES) & set(changed):
        chosen = portfolio.model or model or model_of(portfolio)
        if others := _other_facts(portfolio.proof, chosen):
            faults.append(_OTHER_FACTS.format(others=others))
        else:
            return _Proofs(portfolio, chosen, progress).verification(faults)
    nothing = DataFrame(columns=list(_LEVELS)).astype({"chosen": bool})
    name, release = programme_name(portfolio.programmes), portfolio.proof["release"]
    faults.append(_NOTHING_ELSE)
    return Verification(portfolio.name, name, nothing, tuple(faults), (), release)


def _other_facts(proof: Mapping[str, Any], model: Model) -> str:
    """Tables that are not those of a proof."""
    kept, now = proof["facts"], model.facts.fingerprints
    return listed([f"{table}.csv" for table in sorted({*kept, *now}) if kept.get(table) != now.get(table)])


_LEVELS = ("level", "cost_musd", "proved_musd", "gap", "violation", "chosen")


@dataclass(frozen=True)
class _Level:
    """One programme level, proved: what it costs and cannot cost less than, kUSD, and what was found of it."""

    name: str
    cost: float
    bound: float
    violation: float
    measured: Measured | None

    @property
    def gap(self) -> float:
        return (self.cost - self.bound) / max(1.0, abs(self.cost)) if math.isfinite(self.cost) else math.nan


class _Proofs:
    """The levels of one answer."""

    def __init__(self, portfolio: Portfolio, model: Model, progress: Progress | None) -> None:
        self.portfolio, self.model, self.progress = portfolio, model, progress
        assert portfolio.proof is not None
        self.release = str(portfolio.proof["release"])
        self.kept = {programme_name(level["programmes"]): level for level in portfolio.proof["levels"]}

    def verification(self, faults: list[str]) -> Verification:
        """What is found, added to the faults found before."""
        levels = []
        choices = programme_choices(self.model)
        for done, choice in enumerate(choices):
            name = programme_name(choice)
            if self.progress is not None:
                self.progress(done, len(choices), name)
            if name not in self.kept:
                faults.append(_NOT_KEPT.format(name=level_in_words(name)))
            elif (level := self._level(choice, faults)) is not None:
                levels.append(level)
        chosen = next((level for level in levels if level.name == programme_name(self.portfolio.programmes)), None)
        if chosen is not None and chosen.measured is not None:
            faults += _choice(chosen, levels)
            faults += self._told(chosen, levels)
        elif chosen is not None:
            faults.append(_NO_PORTFOLIO.format(name=level_in_words(chosen.name)))
        rows = [
            (level.name, level.cost / KUSD_PER_MUSD, level.bound / KUSD_PER_MUSD, level.gap, level.violation, level is chosen)
            for level in levels
        ]  # fmt: skip
        name = programme_name(self.portfolio.programmes)
        table = DataFrame(rows, columns=list(_LEVELS)).astype({"chosen": bool})
        return Verification(self.portfolio.name, name, table, tuple(faults), self._trusted(), self.release)

    def _level(self, choice: Programmes, faults: list[str]) -> _Level | None:
        """One level, made anew and held against what is kept of it; None where that does not fit."""
        name = programme_name(choice)
        kept = self.kept[name]
        market = merge(make_market(self.model, choice, make_tree(self.model, choice)))
        n_leaves = len(market.shape.leaves)
        seen = watched(kept)
        program = compose(market, None if len(seen) == n_leaves else seen[seen < n_leaves], kept["apart"])
        if len(seen) == n_leaves != len(program.composition.watched):
            program = compose(market, np.arange(n_leaves), kept["apart"])
        try:
            y = unpacked(kept["multipliers"], len(program.lp.row_lower))
            x = None if kept["decisions"] is None else unpacked(kept["decisions"], len(program.lp.cost))
        except ValueError as error:
            other = "" if self.release == version("procure") else _SOLVED_BY.format(release=self.release)
            faults.append(_NO_FIT.format(name=level_in_words(name), error=error.args[0], other=other))
            return None
        everything = whole(program, x, y)
        if x is None:
            return self._without_portfolio(name, everything, faults)
        return self._with_portfolio(name, program, (x, y), everything, faults)

    def _without_portfolio(self, name: str, everything: Whole, faults: list[str]) -> _Level:
        is_proved = of_infeasibility(everything.program.lp, everything.row_dual).holds
        if not is_proved:
            faults.append(_NOT_INFEASIBLE.format(name=level_in_words(name)))
        return _Level(name, math.inf, math.inf if is_proved else -math.inf, math.nan, None)

    def _with_portfolio(
        self, name: str, program: Program, kept: tuple[Array, Array], everything: Whole, faults: list[str]
    ) -> _Level:
        lp = everything.program.lp
        cost = float(lp.cost @ everything.x) + lp.offset
        missed = violation(lp, everything.x)
        if not missed.worst <= 2 * FEASIBILITY:
            faults.append(
                _BREAKS.format(name=level_in_words(name), row=_named(everything.program, missed.what, missed.at))
            )
        bound = min(prove(lp, everything.row_dual).bound, cost)
        level = _Level(name, cost, bound, missed.worst, _measured(program, *kept))
        if not level.gap <= OPTIMALITY:
            told = _PROVES_LESS.format(cost=_musd(cost), bound=_musd(bound))
            if lp.is_mixed_integer:
                told += _WHOLE_NUMBERS
            faults.append(_COSTS_LESS.format(name=level_in_words(name), told=told))
        return level

    # --- what the file tells

    def _told(self, chosen: _Level, levels: Sequence[_Level]) -> Iterator[str]:
        """Every number that comes out otherwise."""
        portfolio, measured = self.portfolio, chosen.measured
        assert measured is not None
        if portfolio.name != self.model.name:
            yield _CALLED.format(name=portfolio.name, own=self.model.name)
        frames = account.frames(measured)
        for name, found in frames.items():
            said = portfolio.frame(name)
            yield from _differences(f"frames.{name}", said, found, ("wait_and_see_musd", "holds_to"))
        found_summary = account.summary(measured, frames["provenance"])
        said_summary = portfolio.summary
        seen = said_summary["expected_cost"] - said_summary["wait_and_see"]
        if not math.isnan(seen):
            found_summary["value_of_foresight"] = seen
        for key, number in found_summary.items():
            if not _agree(said_summary[key], number, number):
                yield _COMES_OUT.format(where=f"summary.{key}", said=said_summary[key], found=number)
        if chosen.gap <= OPTIMALITY and not abs(said_summary["gap"]) <= OPTIMALITY:  # or it is said already
            yield _PROVED_GAP.format(said=said_summary["gap"], found=chosen.gap)
        yield from self._levels_told(chosen, levels)

    def _levels_told(self, chosen: _Level, levels: Sequence[_Level]) -> Iterator[str]:
        rows = {row["level"]: row for row in self.portfolio.programme_levels.to_dict("records")}
        for name in sorted({level.name for level in levels} ^ rows.keys()):
            yield _LEVELS_DIFFER.format(name=level_in_words(name))
        columns = ("objective_musd", "expected_musd", "cvar_musd", "worst_musd")
        for level in levels:
            if (row := rows.get(level.name)) is None:
                continue
            where = _LEVEL.format(level=level_in_words(level.name))
            if bool(row["chosen"]) != (level is chosen):
                yield (_SAID_CHOSEN if row["chosen"] else _SAID_NOT_CHOSEN).format(
                    where=where, chosen=level_in_words(chosen.name)
                )
            if (row["status"] == "infeasible") != (level.measured is None):
                yield _STATUS.format(where=where, status=row["status"])
            elif level.measured is not None:
                found = dict(zip(columns, account.costs(level.measured).values(), strict=True))
                is_played = self.portfolio.summary["fresh_paths"] > 0 and not math.isnan(row["standard_error_musd"])
                if (
                    not is_played or level is chosen
                ):  # else the difference is that of fresh paths, which the trees do not tell
                    found["difference_musd"] = (level.measured.objective - _objective(chosen)) / KUSD_PER_MUSD
                for column, number in found.items():
                    if not _agree(row[column], number, found["objective_musd"]):
                        yield _COMES_OUT.format(
                            where=_COLUMN.format(where=where, column=column), said=row[column], found=number
                        )

    def _trusted(self) -> tuple[str, ...]:
        """What is in this file and is not proved."""
        portfolio = self.portfolio
        parts: list[str] = []
        if not math.isnan(portfolio.summary["wait_and_see"]):
            parts.append(Said("what knowing the future would be worth", "将来を知ることの価値"))
        if portfolio.summary["fresh_paths"]:
            parts.append(Said("the comparison on fresh paths", "新しい経路での比較"))
        if (portfolio.programme_levels["status"] == "infeasible").any():
            parts.append(Said("the repairs of levels that have no portfolio", "計画のない水準の手直し"))
        if len(portfolio.value_of_information):
            parts.append(Said("the value of information", "情報の価値"))
        if len(portfolio.seeds) > 1:
            parts.append(Said("the other trees", "ほかのシナリオツリー"))
        if portfolio.limits["holds_to"].notna().any():
            parts.append(Said("how far prices hold", "価格の有効範囲"))
        return (*parts, Said("names, exchange rates and how long it took", "名称、為替、計算時間"))


def _objective(level: _Level) -> float:
    assert level.measured is not None
    return level.measured.objective


def _measured(program: Program, x: Array, y: Array) -> Measured:
    """What the kept decisions do, as the answer measures them."""
    lp = program.lp
    cost = float(lp.cost @ x) + lp.offset
    reduced = lp.cost - lp.matrix.T @ y
    return Measured(read(program, Solution(Status.OPTIMAL, cost, x, y, reduced, cost, 0, 0.0)))


def _choice(chosen: _Level, levels: Sequence[_Level]) -> Iterator[str]:
    """Levels that might be cheaper than the chosen one."""
    for level in levels:
        if level is not chosen and not level.bound >= chosen.cost - OPTIMALITY * max(1.0, abs(chosen.cost)):
            yield (
                _CHEAPEST.format(
                    chosen=level_in_words(chosen.name),
                    cost=_musd(chosen.cost),
                    level=level_in_words(level.name),
                    bound=_musd(level.bound),
                )
            )


def _named(program: Program, what: str, at: int) -> str:
    """A row or a column of a program, by its name in the formulation."""
    if what == "row":
        of, (component, index), node = program.composition.row_name(program.composed, at)
    else:
        names = program.composition.plan.columns
        if at >= len(names):
            return _A_BOUND
        of, (component, index), node = "plan", names[at], None
    names_of = ", ".join(map(str, index)) if isinstance(index, tuple) else str(index)
    form = _ROW if node is None else _ROW_IN
    return form.format(
        name=f"{component}[{names_of}]",
        of=_PARTS.get(of, of),
        node="" if node is None else program.market.tree.label(node),
    )


def _differences(where: str, said: DataFrame, found: DataFrame, left_out: Sequence[str]) -> Iterator[str]:
    """The first cell of every column that comes out otherwise."""
    if len(said) != len(found):
        yield _N_ROWS.format(where=where, n_said=len(said), n_found=len(found))
        return
    names = [column for column in found if found[column].dtype.kind not in "fb"]
    for column in found:
        if column in left_out:
            continue
        ours, theirs = found[column].tolist(), said[column].tolist()
        if found[column].dtype.kind == "f":
            finite = [abs(number) for number in ours if math.isfinite(number)]
            size = max(finite, default=0.0)
            wrong = [not _agree(a, b, size) for a, b in zip(theirs, ours, strict=True)]
        else:
            wrong = [str(a) != str(b) for a, b in zip(theirs, ours, strict=True)]
        if any(wrong):
            row = wrong.index(True)
            of = ", ".join(str(found[name].iloc[row]) for name in names[:4] if name not in (column, "words"))
            yield _A_CELL.format(where=where, row=row, of=of, column=column, said=theirs[row], found=ours[row])


def _agree(said: float, found: float, size: float) -> bool:
    """Whether two numbers are one but for rounding, beside numbers of this size."""
    if math.isnan(said) or math.isnan(found) or math.isinf(found):
        return said == found or (math.isnan(said) and math.isnan(found))
    return abs(said - found) <= ROUNDING * max(1.0, abs(size))


def _musd(kusd: float) -> str:
    return Said("{musd:,.6f} million USD", "{musd:,.6f} 百万ドル").format(musd=kusd / KUSD_PER_MUSD)
