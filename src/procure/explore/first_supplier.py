"""Where along a number the first supplier of an element changes: the one from whom most of it arrives in the best plan.

At each value of a grid the best plan of all programme levels is found, with the expected share of each supplier in the demand for
the element over all years. Between two values with other first suppliers the one where they change places is bracketed by halves:
shares jump from plan to plan, so that there is no slope to follow. A best plan is one of many that cost as much, or nearly:
`explore.ranges` says how far a share is free.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np
from pandas import DataFrame

from procure.errors import DataError, Fault, Infeasible, nearest
from procure.explore.along import Along, along
from procure.explore.kept import Kept
from procure.explore.turn import Near, closed_in, faults_of
from procure.languages import Said
from procure.model import ModelOrName, as_model
from procure.portfolio.measure import Measured
from procure.solving.compiled import Compiled
from procure.words import Progress

#: First where no portfolio keeps the limits, and where nothing arrives.
NO_PLAN, NOBODY = "no portfolio", "nobody"
#: Shares within this of each other are the same: the one that was first stays it.
SAME = 1e-6
OF_SWITCHES = ("value", "from", "to", "from_share", "to_share")
OF_GRID = ("value", "first", "share", "second", "second_share", "programme")


@dataclass(frozen=True, eq=False)
class FirstSuppliers(Kept):
    """Where along a number the first supplier of an element changes.

    Attributes
    ----------
    name, element : str
        Of the model, and of what.
    path, unit : str
        The number, and the unit of all its values; blank where it has none.
    low, high : float
        The range looked at.
    digits : int
        To which a value is known.
    table : DataFrame
        A row for each change, from low to high: `value`; who is first below it, `from`, and above, `to`; what part of demand comes
        from either just above it.
    grid : DataFrame
        What was looked at in any case: who is first, who is second, their shares, and the programme level.
    """

    format: ClassVar[str] = "procure.first_suppliers"

    name: str
    element: str
    path: str
    unit: str
    low: float
    high: float
    digits: int
    table: DataFrame = field(repr=False)
    grid: DataFrame = field(repr=False)


def first_supplier(
    model: ModelOrName,
    element: str,
    path: str,
    low: float | str,
    high: float | str,
    *,
    digits: int = 2,
    points: int = 9,
    as_written: bool = False,
    progress: Progress | None = None,
) -> FirstSuppliers:
    """The values of a number between two ends at which another supplier brings most of an element.

    Parameters
    ----------
    model : Model, str or Path
        Compiled once, and re-solved at each value.
    element : str
    path, low, high, digits, points, as_written, progress
        As for `procure.switch`.

    Returns
    -------
    FirstSuppliers

    Raises
    ------
    DataError
        For an element that the model has not, and as `procure.switch`.

    >>> from procure import load_model
    >>> path = "suppliers.lynas.offers.medium_heavy.2027"
    >>> found = first_supplier(load_model("two-class"), "medium_heavy", path, 500, 2500, points=3)
    >>> print(found.table[["from", "to"]].to_string(index=False))
     from    to
    china lynas
    """
    model = as_model(model)
    faults = [*faults_of(digits=digits, points=points)]
    compiled = Compiled(model)
    elements = compiled.programs({})[0].market.sets.elements
    if element not in elements:
        rule = Said("the first supplier is of an element of the model", "第一の供給元はモデルの元素について調べる")
        faults.append(
            Fault(
                "element",
                Said("no element '{element}'", "元素 '{element}' がない").format(element=element),
                rule,
                nearest(element, elements),
            )
        )
    try:
        number = along(model, path, low, high, as_written=as_written)
    except DataError as error:
        faults += error.faults
    if faults:
        raise DataError(faults)
    return _Search(compiled, element, number, digits, progress).found(points)


@dataclass(frozen=True)
class _At:
    """The best plan at a value: what part of demand comes from each supplier, and the programme level."""

    shares: Mapping[str, float]
    programme: str

    def first(self, before: str = "") -> str:
        """Who brings most; of two that bring as much the one that was first before."""
        if not self.programme:
            return NO_PLAN
        most = max(self.shares.values(), default=0.0)
        if most <= SAME:
            return NOBODY
        if self.shares.get(before, -math.inf) >= most - SAME:
            return before
        return max(self.shares, key=lambda supplier: self.shares[supplier])


class _Search:
    """Every value is solved once."""

    def __init__(self, compiled: Compiled, element: str, number: Along, digits: int, progress: Progress | None) -> None:
        self._compiled, self._element, self._number = compiled, element, number
        self._digits, self._progress = digits, progress
        self._solved: dict[float, _At] = {}

    def found(self, points: int) -> FirstSuppliers:
        """What there is to say."""
        number = self._number
        values = np.linspace(number.low, number.high, points).tolist()
        grid, before = [], ""
        for value in values:
            at = self._at(value, points)
            before = at.first(before)
            grid.append((value, before, *self._two(at, before), at.programme))
        firsts = [row[1] for row in grid]
        rows = [
            row
            for left, right, below, above in zip(values, values[1:], firsts, firsts[1:], strict=False)
            for row in self._between(left, right, below, above)
        ]
        return FirstSuppliers(
            self._compiled.model.name, self._element, number.path, number.unit, number.low, number.high, self._digits,
            DataFrame(rows, columns=list(OF_SWITCHES)), DataFrame(grid, columns=list(OF_GRID)),
        )  # fmt: skip

    @staticmethod
    def _two(at: _At, first: str) -> tuple[float, str, float]:
        """The share of the first, the second, and his."""
        others = {supplier: share for supplier, share in at.shares.items() if supplier != first and share > SAME}
        second = max(others, key=lambda supplier: others[supplier], default="")
        return at.shares.get(first, 0.0), second, others.get(second, 0.0)

    def _at(self, value: float, total: int = 0) -> _At:
        if value not in self._solved:
            if self._progress is not None:
                done = len(self._solved)
                self._progress(done, max(total, done + 1), f"{self._number.path} {value:.6g}")
            try:
                answer = self._compiled.solve(self._number.changes(value), explains=False, all_levels=False)
                self._solved[value] = _At(_shares(answer.measured, self._element), answer.level)
            except Infeasible:
                self._solved[value] = _At({}, "")
        return self._solved[value]

    def _is_first(self, supplier: str, value: float) -> bool:
        """Whether one that was first before still is."""
        return self._at(value).first(supplier) == supplier

    def _between(
        self, left: float, right: float, below: str, above: str
    ) -> Iterator[tuple[float, str, str, float, float]]:
        """The changes between two values, at which others are first."""
        near = Near.of(self._digits, self._number.high - self._number.low)
        while below != above:
            before, after = closed_in(left, right, partial(self._is_first, below), near)
            at = self._at(after)
            other = above if after == right else at.first(below)
            yield (before + after) / 2, below, other, at.shares.get(below, 0.0), at.shares.get(other, 0.0)
            left, below = after, other


def _shares(measured: Measured, element: str) -> dict[str, float]:
    """What part of expected demand over all years comes from each supplier."""
    demand = float(measured.yearly(measured.demand[element]).sum())
    return {
        s: float(measured.yearly(measured.delivered(s, element) + measured.called(s, element)).sum()) / demand
        for s, _ in measured.sets.of_element(element)
        if demand > 0
    }
