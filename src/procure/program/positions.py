"""Where the rows of the formulation stand in a composed program: as rows, or as bounds of columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from procure.lp.compile import Name, Template
from procure.lp.compose import Composed, Composition
from procure.units import Index

Side = Literal["row", "lower", "upper"]  # a row, or the lower or upper bound of a column
#: How the rows of a limit on all futures are called: ("future", (limit, year)).
FUTURE = "future"


class Positions:
    """The rows and bounds of one composed program, by the names of the formulation."""

    def __init__(self, composition: Composition, composed: Composed) -> None:
        self._composition, self._composed = composition, composed
        self._plan, self._period = _by_name(composition.plan), _by_name(composition.period)
        self._own_columns: dict[int, list[tuple[int, int]]] | None = None

    def of(self, name: Name) -> Iterator[tuple[Side, Index]]:
        """Where a row stands: of the plan, shape (1,); of a period, at every node, shape (n_nodes,)."""
        component, index = name
        if component == FUTURE:
            yield "row", np.asarray(self._composed.future_rows[index[0], index[1]], dtype=np.int64)
        elif name in self._plan:
            yield from ((side, np.array([position])) for side, position in self._plan[name])
        elif name in self._period:
            for side, position in self._period[name]:
                placed = self._composition.row_of if side == "row" else self._composition.column_of
                yield side, placed[:, position]

    def decision(self, name: Name) -> Index:
        """Where a decision stands: of the plan, shape (1,); of a period, or as a period reads it, shape (n_nodes,)."""
        plan, period = self._composition.plan, self._composition.period
        if name in plan.column_index:
            return np.array([plan.column_index[name]])
        return self._composition.column_of[:, period.column_index[name]]

    def domain(self, column: int) -> tuple[float, float]:
        """The bounds that a decision has by its kind."""
        template, j = self._composition.plan, column
        if column >= len(template.columns):
            template, j = self._composition.period, self._own()[column][0][1]
        return float(template.domain_lower[j]), float(template.domain_upper[j])

    def behind(self, column: int, side: Side) -> Iterator[tuple[Name, int | None]]:
        """The rows that became the bound of a column on one side, with the node where there is one."""
        plan, period = self._composition.plan, self._composition.period
        if column < len(plan.columns):
            row = (plan.lower_row if side == "lower" else plan.upper_row)[column]
            if row >= 0:
                yield plan.bound_rows[row], None
            return
        for node, j in self._own().get(column, ()):
            row = (period.lower_row if side == "lower" else period.upper_row)[j]
            if row >= 0:
                yield period.bound_rows[row], node

    def _own(self) -> dict[int, list[tuple[int, int]]]:
        """Of every column that is no decision of the plan, the (node, column of the period) that it is."""
        if self._own_columns is None:
            self._own_columns = {}
            column_of = self._composition.column_of
            for node, j in np.argwhere(column_of >= len(self._composition.plan.columns)).tolist():
                self._own_columns.setdefault(int(column_of[node, j]), []).append((node, j))
        return self._own_columns


def _by_name(template: Template) -> dict[Name, list[tuple[Side, int]]]:
    """Of every row of a block, the rows and the bounds of columns that it became."""
    places: dict[Name, list[tuple[Side, int]]] = {}
    for row, name in enumerate(template.rows):
        places.setdefault(name, []).append(("row", row))
    sides: tuple[tuple[Side, Index], ...] = (("lower", template.lower_row), ("upper", template.upper_row))
    for side, rows in sides:
        for column in np.flatnonzero(rows >= 0).tolist():
            places.setdefault(template.bound_rows[rows[column]], []).append((side, column))
    return places
