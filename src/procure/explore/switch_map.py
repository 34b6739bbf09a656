"""Which programme is chosen over two numbers, where two cannot be told apart, and where along the first the choice changes.

Every pair of values of a grid is solved (`explore.sweep`), with all programme levels. With d the difference of the two levels that
cost least at a pair, and σ the standard error of that difference on fresh paths with both numbers as they stand, the pair is a tie
where |d| <= 1.96 σ. Between two neighbours that choose otherwise the costs of both levels are taken as straight, so that the value
at which they cross is near, and not exact: `explore.switch` finds one to any digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pandas import DataFrame

from procure.errors import NAME_ANOTHER, DataError, Fault, Infeasible, SolverError
from procure.explore.along import Along, along
from procure.explore.kept import Kept
from procure.explore.sweep import sweep
from procure.explore.sweep.columns import INFEASIBLE, OPTIMAL
from procure.explore.switch import NONE, SAME, faults_of_choice
from procure.explore.turn import faults_of
from procure.languages import Said
from procure.model import Model, ModelOrName, as_model
from procure.portfolio.fresh import WIDE
from procure.solving.compiled import Compiled
from procure.solving.trees import is_drawn
from procure.units import KUSD_PER_MUSD
from procure.words import Progress

COLUMNS = ("objective_musd", "programme", "level")
OF_CELLS = ("first", "second", "chosen", "next", "margin_musd", "standard_error_musd", "is_tie")
OF_SWITCHES = ("second", "first", "from", "to")


@dataclass(frozen=True, eq=False)
class SwitchMap(Kept):
    """The chosen programme level over two numbers. Costs are weighed, in million USD of present value.

    Attributes
    ----------
    name : str
        Of the model.
    paths, units : tuple of two str
        The numbers, and the units of their values; blank where there is none.
    table : DataFrame
        A row for each pair of values (`first`, `second`): the level `chosen`, the `next` one and by how much it is dearer; the
        standard error of that, NaN where it is not known, and whether they are a tie.
    switches : DataFrame
        For each value of the second number, the values of the first at which the choice changes, about, and from what to what.
    is_drawn : bool
        Whether the tree is a drawing of more futures than it holds.
    """

    format: ClassVar[str] = "procure.switch_map"

    name: str
    paths: tuple[str, str]
    units: tuple[str, str]
    table: DataFrame = field(repr=False)
    switches: DataFrame = field(repr=False)
    is_drawn: bool


def switch_map(
    model: ModelOrName,
    first: tuple[str, float | str, float | str],
    second: tuple[str, float | str, float | str],
    *,
    points: int = 7,
    standard_error_musd: float | None = None,
    store: str | Path | None = None,
    workers: int | None = None,
    as_written: bool = False,
    progress: Progress | None = None,
) -> SwitchMap:
    """The programme level that is chosen over two numbers, with the pairs of values at which it is a tie.

    Parameters
    ----------
    model : Model, str or Path
        With several programme levels to choose from.
    first, second : (path, low, high)
        As for `procure.switch`.
    points : int
        Values of each: their square is solved.
    standard_error_musd : float, optional
        Of the difference of two levels, million USD. Unless it is given, theirs on 10,000 fresh paths as the numbers stand; 0
        where the tree holds every future.
    store, workers
        As for `procure.sweep`.
    as_written : bool
        Whether plain numbers are in the units in which the tables of the paths list them, and all values with them.
    progress : callable, optional
        Called with (done, total, what).

    Raises
    ------
    DataError
        As `procure.switch`; and where both paths are one.
    SolverError
        Where a pair was neither solved nor shown to have no portfolio; a store keeps the others.
    """
    model = as_model(model)
    faults = [*faults_of(points=points), *faults_of_choice(model, standard_error_musd)]
    numbers: list[Along] = []
    for path, low, high in (first, second):
        try:
            numbers.append(along(model, path, low, high, as_written=as_written))
        except DataError as error:
            faults += error.faults
    if len(numbers) == 2 and set(numbers[0].changes(numbers[0].low)) & set(numbers[1].changes(numbers[1].low)):
        seen, rule = (
            Said("{one} and {other} move the same", "{one} と {other} は同じ数値を動かす").format(
                one=first[0], other=second[0]
            ),
            Said("a map is over two numbers", "地図は二つの数値による"),
        )
        faults.append(Fault("and", seen, rule, NAME_ANOTHER))
    if faults:
        raise DataError(faults)
    x, y = numbers
    across, up = (np.linspace(number.low, number.high, points).tolist() for number in numbers)
    cases = [{**x.changes(a), **y.changes(b)} for b in up for a in across]
    rows = sweep(model, cases, store, workers=workers, columns=COLUMNS, progress=progress)
    errors = _Errors(model, standard_error_musd)
    costs = [_levels(row) for row in rows.to_dict("records")]
    pairs = [(a, b) for b in up for a in across]
    table = DataFrame(
        [(*pair, *_cell(own, errors)) for pair, own in zip(pairs, costs, strict=True)], columns=list(OF_CELLS)
    )
    switches = [
        (b, *crossing)
        for k, b in enumerate(up)
        for crossing in _crossings(across, costs[k * points : (k + 1) * points])
    ]
    return SwitchMap(
        name=model.name,
        paths=(x.path, y.path),
        units=(x.unit, y.unit),
        table=table,
        switches=DataFrame(switches, columns=list(OF_SWITCHES)),
        is_drawn=is_drawn(model),
    )


class _Errors:
    """Standard errors of the differences of levels as the numbers stand, million USD; each is worked out once."""

    def __init__(self, model: Model, given: float | None) -> None:
        self._model, self._given = model, given
        self._known: dict[frozenset[str], float] = {}
        self._answer: Any = None

    def of(self, one: str, other: str) -> float:
        """Of two levels; NaN where it is not known."""
        if self._given is not None:
            return self._given
        pair = frozenset((one, other))
        if pair not in self._known:
            levels = self._levels()
            is_known = all(levels.get(level, math.inf) < math.inf for level in pair)
            self._known[pair] = self._answer.verdict(one, other).error / KUSD_PER_MUSD if is_known else math.nan
        return self._known[pair]

    def _levels(self) -> Mapping[str, float]:
        """What each level costs as the numbers stand; nothing where no plan keeps the limits there."""
        if self._answer is None:
            try:
                self._answer = Compiled(self._model, is_solved_once=True).solve(explains=False)
            except Infeasible:
                self._answer = NONE
        return {} if self._answer == NONE else self._answer.levels


def _levels(row: Mapping[Any, Any]) -> dict[str, float]:
    """What each level costs that has a portfolio; of a pair that was not solved nobody knows."""
    if row["status"] == INFEASIBLE:
        return {}
    if row["status"] != OPTIMAL:
        raise SolverError(
            Said("A pair of values was not solved: {message}", "解けなかった値の組がある: {message}").format(
                message=row["message"]
            ),
            status=str(row["status"]),
        )
    costs = {str(key).removeprefix("level."): value for key, value in row.items() if str(key).startswith("level.")}
    return {level: float(cost) for level, cost in costs.items() if cost is not None and not math.isnan(cost)}


def _cell(costs: Mapping[str, float], errors: _Errors) -> tuple[str, str, float, float, bool]:
    """The chosen level, the next, how far that is, its error, and whether it is a tie."""
    order = sorted(costs, key=lambda level: costs[level])
    if len(order) < 2:
        return (order[0] if order else NONE), "", math.nan, math.nan, False
    best, second = order[:2]
    margin = costs[second] - costs[best]
    is_same = margin <= SAME * abs(costs[best])
    error = errors.of(best, second)
    return best, second, 0.0 if is_same else margin, error, is_same or margin <= WIDE * error


def _crossings(values: Sequence[float], costs: Sequence[Mapping[str, float]]) -> Iterator[tuple[float, str, str]]:
    """Where along values the choice changes, about: two levels that are straight between neighbours."""
    for (left, before), (right, after) in pairwise(zip(values, costs, strict=True)):
        if not before or not after:
            if bool(before) != bool(after):
                below, above = (min(own, key=own.__getitem__) if own else NONE for own in (before, after))
                yield (left + right) / 2, below, above
            continue
        below, above = (min(own, key=lambda level: own[level]) for own in (before, after))
        if below == above:
            continue
        ends = [own.get(above, math.inf) - own.get(below, math.inf) for own in (before, after)]
        share = ends[0] / (ends[0] - ends[1]) if all(map(math.isfinite, ends)) and ends[0] != ends[1] else 0.5
        yield left + share * (right - left), below, above
