"""A basis that was optimal once, tried on other numbers before HiGHS is asked: where it still is, two triangular solves say so.

With B the columns in the basis and R the rows that stand at a bound, a basis makes of a program min c·x, r <= A x <= s, l <= x <= u

  x_N = the bounds that the others stood at      A_RB x_B = (r or s)_R - A_RN x_N
  A_RB' y_R = c_B                                y = 0 elsewhere

and `certificate` says whether that is an optimum. A_RB is factored once. Rows that stand at no bound are not in it, so a limit
that does not bind may change its coefficients; where A_RB itself changed, the basis has nothing to say.

>>> from scipy import sparse
>>> buy = LinearProgram(cost=np.array([1.0, 2.0]), matrix=sparse.csc_matrix([[1.0, 1.0]]), row_lower=np.array([3.0]),
...     row_upper=np.array([np.inf]), lower=np.zeros(2), upper=np.array([2.0, np.inf]))
>>> basis = Basis.of(buy, np.array([1]), np.array([2.0, 1.0]), np.array([2.0]), np.array([-1.0, 0.0]))
>>> from dataclasses import replace
>>> basis.tried(replace(buy, row_lower=np.array([5.0]))).x.tolist()
[2.0, 3.0]
>>> basis.tried(replace(buy, cost=np.array([3.0, 2.0]))).value  # the second is cheaper now
'its point is not proved to be an optimum'
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.lp.certificate import FEASIBILITY, OPTIMALITY, of_optimum
from procure.lp.dual_bound import prove
from procure.lp.program import LinearProgram, Solution, Status
from procure.units import Array, Index, Mask

#: Bases kept with their factors; programs on which they may fail, one after the other, before they are given up; and programs
#: that HiGHS must have left the same basis on before it is kept.
KEPT, PATIENCE, STEADY = 3, 4, 2


class NotHere(enum.Enum):
    """Why a program has no optimum at a basis known before, as far as can be told."""

    NONE_KEPT = "no basis is kept"
    ENTRIES_MOVED = "entries of the matrix in the basis have moved"
    NO_SIDE = "a row stands at a bound that is not there"
    OUT_OF_BOUNDS = "a column leaves its bounds"
    NOT_PROVED = "its point is not proved to be an optimum"


@dataclass(frozen=True)
class Basis:
    """The columns of a basis, the rows at a bound, and the factors of where they meet.

    `rows_up` and `columns_up` say which of the rows and of the other columns stand at their upper bound; `entries` are the
    positions of A_RB in the data of the matrix, `values` what stood there.
    """

    columns: Index
    rows: Index
    rows_up: Mask
    others: Index
    others_up: Mask
    entries: Index
    values: Array
    factors: Any

    @staticmethod
    def of(
        program: LinearProgram,
        columns: Index,
        x: Array,
        row_dual: Array,
        reduced_cost: Array,
        rows: Index | None = None,
    ) -> Basis | None:
        """The basis with these columns, at an optimum of `program`; None where the matrix cannot be factored.

        `rows` are those at a bound, by default all.
        """
        from scipy.sparse.linalg import splu

        matrix = program.matrix
        m, n = matrix.shape
        rows = np.arange(m) if rows is None else rows
        number = np.full(m, -1)
        number[rows] = np.arange(len(rows))
        starts = matrix.indptr
        entries = (
            np.concatenate([np.arange(starts[j], starts[j + 1]) for j in columns]) if len(columns) else np.empty(0, int)
        )
        entries = entries[number[matrix.indices[entries]] >= 0]
        square = matrix[:, columns][rows].tocsc()
        if square.shape[0] != square.shape[1]:
            return None
        try:
            factors = splu(square)
        except RuntimeError:  # singular
            return None
        in_basis = np.zeros(n, dtype=bool)
        in_basis[columns] = True
        others = np.flatnonzero(~in_basis)
        return Basis(
            columns=columns,
            rows=rows,
            rows_up=_at_upper(matrix @ x, row_dual, program.row_lower, program.row_upper)[rows],
            others=others,
            others_up=_at_upper(x, reduced_cost, program.lower, program.upper)[others],
            entries=entries,
            values=matrix.data[entries],
            factors=factors,
        )

    def tried(self, program: LinearProgram) -> Solution | NotHere:
        """What the basis makes of a program, if that is an optimum, proved; else why not."""
        matrix = program.matrix
        if not np.array_equal(matrix.data[self.entries], self.values):
            return NotHere.ENTRIES_MOVED
        others = np.where(self.others_up, program.upper[self.others], program.lower[self.others])
        sides = np.where(self.rows_up, program.row_upper[self.rows], program.row_lower[self.rows])
        if np.isinf(sides).any():
            return NotHere.NO_SIDE
        x = np.zeros(matrix.shape[1])
        x[self.others] = np.where(np.isinf(others), 0.0, others)
        inside = self.factors.solve(sides - (matrix @ x)[self.rows])
        low, high = program.lower[self.columns], program.upper[self.columns]
        if ((inside < low - FEASIBILITY) | (inside > high + FEASIBILITY)).any():
            return NotHere.OUT_OF_BOUNDS
        x[self.columns] = inside
        y = np.zeros(matrix.shape[0])
        y[self.rows] = self.factors.solve(program.cost[self.columns], "T")
        rest = (program.cost - matrix.T @ y)[self.columns]
        if rest.any():  # once more for what rounding left: a column without a bound leans on nothing else
            y[self.rows] += self.factors.solve(rest, "T")
        proof = prove(program, y)
        objective = float((program.cost * x).sum()) + program.offset
        certificate = of_optimum(program, x, objective, proof, OPTIMALITY)
        if not certificate.holds:
            return NotHere.NOT_PROVED
        return Solution(
            status=Status.OPTIMAL, objective=objective, x=x, row_dual=y, reduced_cost=proof.reduced_cost,
            bound=min(proof.bound, objective), iterations=0, seconds=0.0, message="Optimal, by a basis known before",
            certificate=certificate,
        )  # fmt: skip


def _at_upper(value: Array, multiplier: Array, lower: Array, upper: Array) -> Mask:
    """Whether something stands at its upper bound: by its multiplier, or, where that is zero, by which bound is nearer."""
    nearer = np.abs(upper - value) < np.abs(value - lower)
    return np.where(multiplier == 0, nearer, multiplier < 0) & np.isfinite(upper)


class Bases:
    """The bases at which programs of one shape had their optimum; those that HiGHS did not leave are kept with their factors.

    Factoring takes as long as HiGHS does from its last basis, so it pays for a basis that stays, not for one that each program
    changes: only where HiGHS needed no step from one program to the next, and not again before it was of use.
    """

    def __init__(self) -> None:
        self._kept: list[Basis] = []  # the last useful one first
        self._in_vain = self._steady = 0

    def tried(self, program: LinearProgram) -> Solution | NotHere:
        """An optimum of a program at one of the bases kept; why the last of them has none, where no basis does."""
        answer: Solution | NotHere = NotHere.NONE_KEPT
        for position, basis in enumerate(self._kept):
            answer = basis.tried(program)
            if isinstance(answer, Solution):
                self._kept.insert(0, self._kept.pop(position))
                self._in_vain = 0
                return answer
        self._in_vain += bool(self._kept)
        if self._in_vain >= PATIENCE:
            self._kept.clear()
        return answer

    def ended(self, program: LinearProgram, solution: Solution, basic: Callable[[], Index]) -> None:
        """Take note of an optimum that HiGHS found; `basic` gives its basis, j for a column j and -1 - i for a row i."""
        self._steady = self._steady + 1 if solution.iterations == 0 else 0
        if self._steady >= STEADY:
            self._steady = 0
            self._keep(program, solution, basic())

    def _keep(self, program: LinearProgram, solution: Solution, basic: Index) -> None:
        columns = np.sort(basic[basic >= 0])
        rows = np.setdiff1d(np.arange(program.matrix.shape[0]), -1 - basic[basic < 0])
        basis = Basis.of(program, columns, solution.x, solution.row_dual, solution.reduced_cost, rows)
        if basis is not None:
            self._kept = [basis, *self._kept[: KEPT - 1]]
