"""Why two answers of one model differ: what each part of the cost adds, what each move does, and what would undo it.

Two answers are of the same model with numbers moved and limits added. With V₁ and V₂ their costs,

  V₂ - V₁   =   Σ of the parts, by component, element or year                      (`portfolio.parts`)
            =   Σ of the steps: the moves are made one after the other, in the order of the page, and after each the model is
                solved; a step is what the cost rises by

Costs are weighed as the model weighs them; where the two are weighed otherwise, the mean stands in the place of that. What would
undo the difference is looked for number by number: in the dearer answer it alone is moved, to either end of its range, and where
the cost is there no more than that of the cheaper, the way there is halved until the value is known to a hundredth of the range.
The shortest way comes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from pandas import DataFrame

from procure.errors import DataError, Infeasible
from procure.explore.turn import Near, closed_in
from procure.portfolio.parts import taken_apart

#: Costs of an answer, million USD of present value, in the order in which they are told.
MEASURES = ("expected", "cvar", "weighed")
#: To which part of a range, or of the way between two answers, a value is known.
FINE = 0.01
#: Costs that are no further apart than this part of them are the same.
SAME = 1e-9
OF_STEPS = ("what", "first", "second", "difference_musd")
OF_UNDOING = ("number", "unit", "value", "undone_at", "part_of_range")


class Way(Protocol):
    """A number that may be moved between two ends, as it is written."""

    @property
    def path(self) -> str:
        """Its dotted path."""

    @property
    def unit(self) -> str:
        """The unit in which it is written; blank for none."""

    @property
    def low(self) -> float:
        """The lower end."""

    @property
    def high(self) -> float:
        """The upper end."""


@dataclass(frozen=True)
class Asked:
    """What was asked: the value of every number, by its path, and the names of the limits that were added."""

    values: Mapping[str, float]
    limits: tuple[str, ...] = ()

    def with_value(self, path: str, value: float) -> Asked:
        """The same with one number moved."""
        return Asked({**self.values, path: value}, self.limits)

    def with_limit(self, name: str, like: Asked) -> Asked:
        """The same with a limit added, or taken away, as another has it; its bound comes and goes with it."""
        begins = f"limits.{name}."
        own = {path: value for path, value in self.values.items() if not path.startswith(begins)}
        own |= {path: value for path, value in like.values.items() if path.startswith(begins)}
        return Asked(own, tuple(each for each in (*self.limits, *like.limits) if each != name or each in like.limits))


@dataclass(frozen=True, eq=False)
class Found:
    """What came of it: the programme, the costs by `MEASURES` in million USD, the worst `1 - alpha` of futures being the tail, and
    the parts of the costs (`portfolio.parts.parts`)."""

    asked: Asked
    alpha: float
    programme: str
    costs: Mapping[str, float]
    parts: DataFrame = field(repr=False)


#: Solves what is asked for: the programme and the costs of it; raises `Infeasible` where no portfolio keeps the limits, `DataError`
#: where the numbers do not allow each other.
Solve = Callable[[Asked], tuple[str, Mapping[str, float]]]


@dataclass(frozen=True, eq=False)
class Apart:
    """Why two answers differ, million USD of present value: differences are second less first.

    Attributes
    ----------
    first, second : Found
        The answers.
    measure : str
        The cost that is taken apart: "weighed", or "expected" where the two are weighed otherwise.
    parts : DataFrame
        The difference by component, element and year, as `portfolio.parts.taken_apart` gives it.
    steps : DataFrame
        `what` was moved, a path or the name of a limit, from the value in the `first` to that in the `second` (NaN where a limit is
        not there), and the `difference_musd` that makes: they add up to the whole. NaN without solves, unless it is one step;
        infinite to where there is no plan, minus that back from there, and NaN between two such.
    turns : tuple of (float, str, str)
        Where on the straight way from the first to the second another programme is chosen (0 to 1), before and after; empty where
        none is, or that was not looked for.
    undoing : DataFrame
        Numbers that alone would make the dearer as cheap as the cheaper: their `value` there, and `undone_at`, which is a
        `part_of_range` away; the nearest first.
    is_solved : bool
        Whether anything was solved for it; else there are parts alone.
    """

    first: Found
    second: Found
    measure: str
    parts: DataFrame = field(repr=False)
    steps: DataFrame = field(repr=False)
    turns: tuple[tuple[float, str, str], ...]
    undoing: DataFrame = field(repr=False)
    is_solved: bool

    @property
    def difference_musd(self) -> float:
        """By how much the second is dearer in `measure`."""
        return dearer(self.first.costs[self.measure], self.second.costs[self.measure])


def dearer(cost: float, other: float) -> float:
    """By how much another cost is more, in the unit of both: nothing where it is rounding."""
    return 0.0 if cost < math.inf and math.isclose(cost, other, rel_tol=SAME) else other - cost


def apart(first: Found, second: Found, ways: Sequence[Way] = (), solve: Solve | None = None) -> Apart:
    """Why two answers of one model differ.

    Parameters
    ----------
    first, second : Found
        The answers.
    ways : sequence of Way
        Numbers to be moved in search of what would undo the difference.
    solve : callable, optional
        Solves the same model with other numbers; without it the difference is only taken apart.
    """
    moved = [*_moved(first.asked, second.asked)]
    is_alike = not any(what.startswith("risk.") for what, *_ in moved)
    measure = "weighed" if is_alike else "expected"
    return Apart(
        first=first,
        second=second,
        measure=measure,
        parts=taken_apart(first.parts, second.parts, f"{measure}_musd"),
        steps=_steps(first, second, moved, measure, solve),
        turns=() if solve is None else tuple(_turns(first, second, solve)),
        undoing=_undoing(first, second, measure, [way for way in ways if not way.path.startswith("risk.")], solve),
        is_solved=solve is not None,
    )


def _moved(first: Asked, second: Asked) -> Iterator[tuple[str, float, float, Callable[[Asked], Asked]]]:
    """Everything that differs: its path, or the name of a limit, both values, and how the one becomes the other."""
    changing = set(first.limits) ^ set(second.limits)
    for name in dict.fromkeys([*first.limits, *second.limits]):
        if name in changing:
            bounds = [
                [v for p, v in each.values.items() if p.startswith(f"limits.{name}.")] for each in (first, second)
            ]
            before, after = (own[0] if own else math.nan for own in bounds)
            yield name, before, after, partial(Asked.with_limit, name=name, like=second)
    for path, value in second.values.items():
        if path in first.values and first.values[path] != value:
            yield path, first.values[path], value, partial(Asked.with_value, path=path, value=value)


def _steps(
    first: Found, second: Found, moved: Sequence[tuple[str, float, float, Any]], measure: str, solve: Solve | None
) -> DataFrame:
    """The moves one after the other, and what each makes."""
    here, cost, rows = first.asked, first.costs[measure], []
    for number, (what, before, after, makes) in enumerate(moved):
        here = makes(here)
        if number == len(moved) - 1:
            then = second.costs[measure]
        else:
            then = math.nan if solve is None else _cost(here, measure, solve)
        rows.append((what, before, after, dearer(cost, then)))
        cost = then
    return DataFrame(rows, columns=list(OF_STEPS))


def _cost(asked: Asked, measure: str, solve: Solve) -> float:
    """The cost of what is asked; infinite where there is no plan."""
    try:
        return solve(asked)[1][measure]
    except (DataError, Infeasible):
        return math.inf


def _turns(first: Found, second: Found, solve: Solve) -> Iterator[tuple[float, str, str]]:
    """Where on the way another programme is chosen, from the start on."""
    if first.programme == second.programme or first.asked.limits != second.asked.limits:
        return

    def chosen(part: float) -> str:
        values = {
            path: value + part * (second.asked.values.get(path, value) - value)
            for path, value in first.asked.values.items()
        }
        try:
            return solve(Asked(values, first.asked.limits))[0]
        except (DataError, Infeasible):
            return ""

    def is_chosen(own: str, part: float) -> bool:
        return chosen(part) == own

    here, begins = first.programme, 0.0
    while here != second.programme:
        own = here
        _, begins = closed_in(begins, 1.0, partial(is_chosen, own), Near(0.0, FINE))
        here = chosen(begins) if begins < 1.0 else second.programme
        yield begins, own, here


def _undoing(first: Found, second: Found, measure: str, ways: Sequence[Way], solve: Solve | None) -> DataFrame:
    """The numbers that alone would undo the difference, the shortest way first."""
    low, high = sorted((first, second), key=lambda found: found.costs[measure])
    aim, asked = low.costs[measure], high.asked
    rows: list[tuple[Any, ...]] = []
    if solve is None or not dearer(aim, high.costs[measure]):
        ways = ()
    for way in ways:
        if way.path not in asked.values:
            continue

        def is_dearer(end: float, part: float, way: Way = way) -> bool:
            assert solve is not None
            value = asked.values[way.path]
            return _cost(asked.with_value(way.path, value + part * (end - value)), measure, solve) > aim

        value, span = asked.values[way.path], way.high - way.low
        for end in (way.low, way.high):
            if end != value and not is_dearer(end, 1.0):
                _, part = closed_in(0.0, 1.0, partial(is_dearer, end), Near(0.0, FINE * span / abs(end - value)))
                at = value + part * (end - value)
                rows.append((way.path, way.unit, value, at, abs(at - value) / span))
    frame = DataFrame(rows, columns=list(OF_UNDOING))
    return frame.sort_values("part_of_range", kind="stable").reset_index(drop=True)
