"""Columns over the rows of very many cells, of which few are not zero."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from procure.lp.interior.cholesky import Cholesky
from procure.units import Array


class SparseColumns:
    """A few columns over the rows of all cells, kept row by row where they are not zero."""

    def __init__(self, rows: dict[int, Any]) -> None:
        self.rows = rows

    def forward(self, cholesky: Cholesky, L: Array) -> SparseColumns:
        """L⁻¹ of the columns."""
        rows = dict(self.rows)
        for j, at in enumerate(cholesky.diagonal):
            if j not in rows:
                continue
            rows[j] = rows[j] * L[at]
            for i, row in enumerate(cholesky.below[j].tolist()):
                product = L[at + 1 + i] * rows[j]
                rows[row] = rows[row] - product if row in rows else -product
        return SparseColumns(rows)

    def dot(self, other: SparseColumns) -> Any:
        """Sum over rows of the products; 0 where no row is in both."""
        total: Any = 0.0
        for row in self.rows.keys() & other.rows.keys():
            total = total + self.rows[row] * other.rows[row]
        return total

    def spread(self, other: SparseColumns) -> Any:
        """|a|² |b|² - (a · b)², as a sum of squares: next to nothing where the two are all but parallel, and never less.

        >>> a, b = SparseColumns({0: 3.0, 1: 1e9}), SparseColumns({1: 1e9})
        >>> a.spread(b) / 1e18, a.dot(a) * b.dot(b) - a.dot(b) ** 2
        (9.0, 0.0)
        """
        rows, total = sorted(self.rows.keys() | other.rows.keys()), 0.0
        for i, h in combinations(rows, 2):
            total = total + (self._at(i) * other._at(h) - self._at(h) * other._at(i)) ** 2
        return total

    def _at(self, row: int) -> Any:
        return self.rows.get(row, 0.0)

    def times(self, dense: Array) -> Any:
        """Sum over rows of the products with a full array."""
        total: Any = 0.0
        for row, values in self.rows.items():
            total = total + values * dense[row]
        return total
