"""What is decided once, as part of a central path: its equations are the dense system that is left once blocks are eliminated."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import linalg, sparse

from procure.lp.interior.block import Part
from procure.lp.interior.unknowns import Bounded, Steps, Unbounded
from procure.units import Array


class PlanFactors(NamedTuple):
    """The factors of S, the rows A over all columns, S⁻¹ Aᵀ, and the factors of A S⁻¹ Aᵀ + D (None without rows)."""

    S: Any
    A: Array
    SA: Array
    inner: Any


class Plan(Part):
    """What is decided once: columns x with rows A x, and free columns behind them that stand in no row of A.

      [S  -Aᵀ] [dX]   [right]
      [A   D ] [dy] = [ρ + D h]          S handed in by `factor`, the barrier of x added here

    Parameters
    ----------
    cost : array, shape (n,)
    rows : sparse, shape (m, n)
    row_bounds, bounds : pairs of arrays
    weight : float
        Of the complementarity of all of it.
    """

    def __init__(
        self, cost: Array, rows: sparse.csr_matrix, row_bounds: tuple[Array, Array], bounds: tuple[Array, Array], weight: float
    ) -> None:  # fmt: skip
        self.cost = cost
        largest = np.abs(rows).max(axis=1).toarray().ravel() if rows.shape[0] else np.ones(0)
        size = np.where(largest > 0, largest, 1.0)
        self.row_size = size
        self.A = (sparse.diags(1.0 / size) @ rows).toarray() if rows.shape[0] else np.zeros((0, len(cost)))
        self.x = Bounded(*bounds, np.full(len(cost), weight))
        self.activity = Bounded(row_bounds[0] / size, row_bounds[1] / size, np.full(len(size), weight))
        self.row_dual = Unbounded(np.zeros(len(size)), is_dual=True)
        self.rows_missed = np.zeros(len(size))
        super().__init__((self.x, self.activity), (self.row_dual,))

    def start_near(self, x: Array) -> None:
        """Start near a plan, its rows likewise."""
        self.x.start_near(x)
        self.activity.start_near(self.A @ self.x.value)

    def residuals(self) -> tuple[float, float]:
        """Residuals of the rows and their slacks; that of x is `x.residual`, from which the rest has to be taken off."""
        x, a, dual = self.x, self.activity, self.row_dual.value
        x.residual = self.cost - self.A.T @ dual - x.low + x.high
        self.rows_missed = a.value - self.A @ x.value
        a.residual = np.where(a.moves, dual - a.low + a.high, 0.0)
        return float(np.abs(self.rows_missed).max(initial=0.0)), float(np.abs(a.residual).max(initial=0.0))

    def largest_residual(self) -> float:
        """The largest residual of x, once all of it is there."""
        self.x.residual[~self.x.moves] = 0.0
        return float(np.abs(self.x.residual).max(initial=0.0))

    def factor(self, S: Array) -> PlanFactors:
        """Factor, given S without the barrier of x; what must not move stands still. Raises `LinAlgError`."""
        self.x.weigh(1e-12)
        self.activity.weigh(1e-12)
        D = self.x.D
        index = np.arange(len(self.cost))
        S[index, index] += np.where(D > 0, 1.0 / np.where(D > 0, D, 1.0), 0.0)
        stuck = np.flatnonzero(~self.x.moves)
        S[stuck, :] = S[:, stuck] = 0.0
        S[stuck, stuck] = 1.0
        S[np.diag_indices_from(S)] *= 1.0 + 1e-13
        if not np.isfinite(S).all():
            raise linalg.LinAlgError
        A = np.zeros((len(self.A), len(S)))
        A[:, : len(self.cost)] = np.where(self.x.moves, self.A, 0.0)
        factors = linalg.cho_factor(S, lower=True, check_finite=False, overwrite_a=True)
        if not len(A):
            return PlanFactors(factors, A, A.T, None)
        SA = linalg.cho_solve(factors, A.T, check_finite=False)
        inner = A @ SA
        diagonal = np.diag_indices_from(inner)
        inner[diagonal] += self.activity.D + 1e-13 * (1.0 + np.diag(inner))
        return PlanFactors(factors, A, SA, linalg.cho_factor(inner, lower=True, check_finite=False))

    def solve(self, factors: PlanFactors, right: Array) -> tuple[Array, Steps]:
        """The direction of all columns, given what the rest adds to the right-hand side; and the longest steps."""
        n = len(self.cost)
        right[:n] += self.x.right()
        right[:n][~self.x.moves] = 0.0
        dX = linalg.cho_solve(factors.S, right, check_finite=False)
        of_rows = Steps(np.inf, np.inf)
        if len(self.A):
            h = self.activity.right()
            missing = self.rows_missed + self.activity.D * h - factors.A @ dX
            self.row_dual.move = linalg.cho_solve(factors.inner, missing, check_finite=False)
            dX += factors.SA @ self.row_dual.move
            of_rows = self.activity.step(self.activity.D * (h - self.row_dual.move))
        dX[:n] = np.where(self.x.moves, dX[:n], 0.0)
        return dX, self.x.step(dX[:n].copy()).within(of_rows)
