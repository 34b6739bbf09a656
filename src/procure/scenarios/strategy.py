"""Programmes decided in stages: which levels are in force in a year, today and after each outcome of a verdict.

A level of programmes.csv is a strategy of one stage. A strategy of strategies.csv has a stage for today, and one for each outcome
that it waits for: what an outcome brings takes the place of what was in force. So the level in force, and with it the law of the
world (retaliation, interference), hangs on the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from procure.errors import DataError, Fault, nearest
from procure.facts.records import Records, Row
from procure.languages import AND, COMMA, Said

#: The stage that is in force before any outcome.
TODAY = "today"
#: Behind the name of a supplier, what its verdict is called; and the state of the verdict before it is known.
VERDICT, PENDING = "_verdict", "pending"

# What is wrong with a strategy.
_NO_LEVEL, _IS_LEVEL = (
    Said("'{level}' is no level of {supplier}", "'{level}' は {supplier} の計画水準ではない"),
    Said("a stage is a level of programmes.csv", "段階は programmes.csv の計画水準"),
)
_NO_OUTCOME, _FOLLOWS = (
    Said("'{after}' is no outcome", "'{after}' は判定の結果ではない"),
    Said("a stage follows an outcome of verdicts.csv", "段階は verdicts.csv の結果に続く"),
)
_IN_FORCE, _EARLIEST, _LATER = (
    Said("'{level}' after '{after}' is in force from {first}", "'{after}' の後の '{level}' は {first} 年から"),
    Said(
        "what follows the verdict of {known} is in force from {next} on at the earliest",
        "{known} 年の判定に続くものは早くて {next} 年から",
    ),
    Said("give a later year", "より遅い年とする"),
)
_TAKEN, _OWN_NAMES, _RENAME = (
    Said("a level has this name, too", "同じ名前の計画水準がある"),
    Said("strategies and levels have names of their own", "戦略と計画水準の名前は別"),
    Said("rename it", "名前を変える"),
)
_TOGETHER, _ONE_LEVEL, _NAME_ONE = (
    Said("{plants} are in force together after '{after}'", "'{after}' の後に {plants} が同時にある"),
    Said("what is in force is one level, and trials beside it", "同時にあるのは計画水準一つと、その脇の試験"),
    Said("name one of them, or a level that is both", "一つを挙げるか、両方を兼ねる計画水準とする"),
)
_BOTH_TODAY, _TRIAL_ENDS, _DECIDE_LATER = (
    Said("a trial and a plant are both decided today", "試験と設備を今日ともに決めている"),
    Said(
        "a trial ends where a plant replaces it, which is seen only after a verdict",
        "試験は設備に代わると終わり、それが分かるのは判定の後",
    ),
    Said("decide the plant after an outcome", "設備は判定の結果の後に決める"),
)
_NOT_TODAY, _BEGINS, _ADD_TODAY = (
    Said("has no stage for today", "今日の段階がない"),
    Said("a strategy begins today", "戦略は今日始まる"),
    Said("add a row after 'today'", "after が 'today' の行を加える"),
)
_REVEALS_NOTHING, _RESTS, _REVEALING = (
    Said("{levels} reveals nothing", "{levels} では何も判明しない"),
    Said("a verdict rests on something that reveals it", "判定はそれを明らかにするものによる"),
    Said("begin with a level that has reveals = 1", "reveals = 1 の計画水準から始める"),
)
_VERDICTS, _ONE_VERDICT, _ONE_YEAR = (
    Said("'{supplier}' has verdicts in {years}", "'{supplier}' の判定が {years} 年にある"),
    Said("a supplier has one verdict, in one year", "供給元の判定は一つで、一つの年"),
    Said("give all rows one year", "全行を一つの年とする"),
)


@dataclass(frozen=True)
class Strategy:
    """The levels of one supplier's programme, stage by stage.

    Parameters
    ----------
    supplier, name
        `name` is that of a level or of a strategy.
    stages
        (outcome or `TODAY`, level, first year in force).

    >>> steps = Strategy("seabed", "pilot_then_ten", ((TODAY, "pilot", 2027), ("works", "ten", 2029), ("fails", "none", 2029)))
    >>> steps.in_force("works", 2028), steps.in_force("works", 2029), steps.review
    (('pilot',), ('ten',), 2029)
    """

    supplier: str
    name: str
    stages: tuple[tuple[str, str, int], ...]

    @property
    def levels(self) -> tuple[str, ...]:
        """Every level that may be in force, each once."""
        return tuple(dict.fromkeys(level for _, level, _ in self.stages))

    @property
    def review(self) -> int | None:
        """The first year in which an outcome decides what is in force; None where none does."""
        return min((year for after, _, year in self.stages if after != TODAY), default=None)

    def in_force(self, outcome: str, year: int) -> tuple[str, ...]:
        """The levels in force in a year after an outcome, or while it is `PENDING`."""
        begun = [(after, level) for after, level, first in self.stages if first <= year and after in (outcome, TODAY)]
        decided = tuple(level for after, level in begun if after == outcome)
        return decided or tuple(level for _, level in begun)

    def decided(self, level: str, outcome: str) -> int | None:
        """The first year in which a level is in force after an outcome; None where it never is."""
        return min(
            (
                first
                for after, own, first in self.stages
                if own == level and after in (outcome, TODAY) and level in self.in_force(outcome, first)
            ),
            default=None,
        )


def strategy_of(records: Records, supplier: str, chosen: str) -> Strategy:
    """The strategy or level of that name of a supplier.

    Raises `DataError` where a stage follows an outcome that no verdict has, or comes before it, or where nothing in force today
    reveals what the verdict rests on.
    """
    rows = records.rows("strategies", supplier=supplier, strategy=chosen)
    if not rows:
        return Strategy(supplier, chosen, ((TODAY, chosen, 0),))
    found = Strategy(supplier, chosen, tuple((r["after"], r["programme"], int(r["value"])) for r in rows))
    _check(records, found)
    return found


def _check(records: Records, strategy: Strategy) -> None:
    supplier = strategy.supplier
    where = f"strategies.csv, {supplier} {strategy.name}"
    verdict = records.rows("verdicts", supplier=supplier)
    outcomes, known = list(dict.fromkeys(r["outcome"] for r in verdict)), year_of(verdict)
    levels = {r["programme"] for r in records.rows("programmes", supplier=supplier)}
    faults = []
    for after, level, first in strategy.stages:
        if level not in levels:
            seen = _NO_LEVEL.format(level=level, supplier=supplier)
            faults.append(Fault(where, seen, _IS_LEVEL, nearest(level, levels)))
        if after == TODAY:
            continue
        if after not in outcomes:
            remedy = nearest(after, [TODAY, *outcomes])
            faults.append(Fault(where, _NO_OUTCOME.format(after=after), _FOLLOWS, remedy))
        elif known is not None and first <= known:
            seen = _IN_FORCE.format(level=level, after=after, first=first)
            faults.append(Fault(where, seen, _EARLIEST.format(known=known, next=known + 1), _LATER))
    if strategy.name in levels:
        faults.append(Fault(where, _TAKEN, _OWN_NAMES, _RENAME))
    for after in dict.fromkeys(after for after, *_ in strategy.stages):
        plants = [g for a, g, _ in strategy.stages if a == after and not _is(records, supplier, g, "trial")]
        if len(plants) > 1:
            seen = _TOGETHER.format(plants=AND.join(plants), after=after)
            faults.append(Fault(where, seen, _ONE_LEVEL, _NAME_ONE))
        if (
            after == TODAY
            and plants
            and any(_is(records, supplier, g, "trial") for a, g, _ in strategy.stages if a == after)
        ):
            faults.append(Fault(where, _BOTH_TODAY, _TRIAL_ENDS, _DECIDE_LATER))
    today = [level for after, level, _ in strategy.stages if after == TODAY]
    if not today:
        faults.append(Fault(where, _NOT_TODAY, _BEGINS, _ADD_TODAY))
    elif strategy.review is not None and not any(_is(records, supplier, level, "reveals") for level in today):
        faults.append(Fault(where, _REVEALS_NOTHING.format(levels=AND.join(today)), _RESTS, _REVEALING))
    if faults:
        raise DataError(faults)


def _is(records: Records, supplier: str, level: str, attribute: str) -> bool:
    rows = records.rows("programmes", supplier=supplier, programme=level, attribute=attribute)
    return any(r["value"] > 0 for r in rows)


def year_of(verdict: Sequence[Row]) -> int | None:
    """The year in which a verdict is known, of its rows; None where there are none."""
    years = {int(r["year"]) for r in verdict}
    if len(years) > 1:
        seen = _VERDICTS.format(supplier=verdict[0]["supplier"], years=COMMA.join(map(str, sorted(years))))
        raise DataError(Fault("verdicts.csv", seen, _ONE_VERDICT, _ONE_YEAR))
    return years.pop() if years else None


def largest(values: Iterable[float | None]) -> float | None:
    """The largest of those that are said; None where none is."""
    said = [value for value in values if value is not None]
    return max(said) if said else None


def is_trial(records: Records, supplier: str, level: str, year: int) -> bool:
    """Whether a level is a trial, which waits for no project."""
    return bool(records.value("programmes", year, supplier=supplier, programme=level, attribute="trial"))


def first_year_of(records: Records, supplier: str, level: str) -> float:
    """The first year in which a level has capacity; infinite where it never has."""
    rows = records.rows("programmes", supplier=supplier, programme=level, attribute="capacity")
    first = min((float(r["year"]) for r in rows if r["value"] > 0), default=math.inf)
    opened = [r["first_year"] for r in records.rows("suppliers", supplier=supplier) if r["first_year"] is not None]
    return max([first, *map(float, opened)])
