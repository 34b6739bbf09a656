"""Sparse Cholesky factors of very many small matrices of one pattern, all at once.

The matrices are  M_k = B D_k Bᵀ  with one B and K diagonals: one elimination order serves all, and every operation of it is
an array operation over k.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from procure.units import Array, Index, Mask


class Cholesky:
    """Sparse Cholesky factors of many matrices B D_k Bᵀ of one pattern, scenario by scenario along the last axis."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        m = matrix.shape[0]
        pattern = (matrix != 0).astype(float)
        neighbours = [set(row.indices.tolist()) - {i} for i, row in enumerate((pattern @ pattern.T).tocsr())]
        self.order, below = _minimum_degree(neighbours)
        self.operations = sum(len(rows) * (len(rows) + 1) // 2 for rows in below)
        self.matrix = matrix[self.order].tocsr()
        # Entries of L, column after column, the diagonal first.
        place: dict[tuple[int, int], int] = {}
        self.diagonal = np.empty(m, dtype=np.intp)
        self.below: list[Index] = []
        for j, rows in enumerate(below):
            self.diagonal[j] = len(place)
            place[j, j] = len(place)
            for i in rows:
                place[i, j] = len(place)
            self.below.append(np.array(rows, dtype=np.intp))
        self.updates: list[tuple[Index, Index, Index]] = []
        for j, rows in enumerate(below):
            pairs = [(place[i, h], place[i, j], place[h, j]) for i in rows for h in rows if h <= i]
            self.updates.append(tuple(np.array(pairs, dtype=np.intp).reshape(-1, 3).T))  # type: ignore[arg-type]
        self.products = self._products(place)

    def _products(self, place: dict[tuple[int, int], int]) -> sparse.csr_matrix:
        """The matrix that takes D to the entries of B D Bᵀ."""
        rows, columns, values = [], [], []
        by_column = self.matrix.tocsc()
        for j in range(by_column.shape[1]):
            part = slice(by_column.indptr[j], by_column.indptr[j + 1])
            entries = sorted(zip(by_column.indices[part].tolist(), by_column.data[part].tolist(), strict=True))
            for a, (h, of_h) in enumerate(entries):
                for i, of_i in entries[a:]:
                    rows.append(place[i, h])
                    columns.append(j)
                    values.append(of_i * of_h)
        return sparse.csr_matrix((values, (rows, columns)), shape=(len(place), by_column.shape[1]))

    def reached(self) -> Mask:
        """Which rows of L⁻¹ which right-hand sides reach, shape (m, m): j reaches whatever lies below it in L."""
        m = len(self.diagonal)
        reached = np.eye(m, dtype=bool)
        for j in range(m):
            reached[self.below[j]] |= reached[j]
        return reached

    def factor(self, D: Array, softness: float = 0.0) -> Array:
        """The entries of L for each scenario; `softness` is added to the diagonals, so that no row is stiffer than that."""
        L = self.products @ D
        L[self.diagonal] += softness
        least = 1e-13 * L[self.diagonal] + 1e-300
        L[self.diagonal] *= 1.0 + 1e-11
        for j, at in enumerate(self.diagonal):
            pivot = L[at]
            root = np.sqrt(np.where(pivot > least[j], pivot, 1e60))
            L[at] = 1.0 / root  # the inverse is what substitution needs
            n = len(self.below[j])
            if n:
                L[at + 1 : at + 1 + n] *= L[at]
                target, a, b = self.updates[j]
                L[target] -= L[a] * L[b]
        return np.asarray(L)

    def forward(self, L: Array, right: Array) -> Array:
        """L⁻¹ right, in place; `right` is (m, K) or (m, n, K)."""
        middle = (slice(None), None) if right.ndim == 3 else (slice(None),)
        for j, at in enumerate(self.diagonal):
            right[j] *= L[at]
            rows = self.below[j]
            if len(rows):
                right[rows] -= L[at + 1 : at + 1 + len(rows)][middle] * right[j]
        return right

    def backward(self, L: Array, right: Array) -> Array:
        """L⁻ᵀ right, in place."""
        for j in range(len(self.diagonal) - 1, -1, -1):
            at, rows = self.diagonal[j], self.below[j]
            if len(rows):
                right[j] -= np.einsum("ik,ik->k", L[at + 1 : at + 1 + len(rows)], right[rows])
            right[j] *= L[at]
        return right


def _minimum_degree(neighbours: list[set[int]]) -> tuple[Index, list[list[int]]]:
    """An elimination order of least degree, and below each diagonal entry the rows of L, in the new numbering."""
    m = len(neighbours)
    left, order, below = set(range(m)), [], []
    neighbours = [set(others) for others in neighbours]
    while left:
        pivot = min(left, key=lambda i: (len(neighbours[i]), i))
        left.remove(pivot)
        order.append(pivot)
        below.append(neighbours[pivot])
        for i in neighbours[pivot]:
            neighbours[i] |= neighbours[pivot]
            neighbours[i] -= {i, pivot}
    new = np.empty(m, dtype=np.intp)
    new[order] = np.arange(m)
    return np.array(order), [sorted(int(new[i]) for i in rows) for rows in below]
