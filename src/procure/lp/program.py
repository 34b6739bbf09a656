"""A linear program as plain arrays, what a solver says of it, and what arithmetic says of that."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from procure.units import Array, Mask


class Status(enum.Enum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    LIMIT_REACHED = "limit reached"
    BOUND_REACHED = "bound reached"  # no point costs less than a bound that was asked for
    FAILED = "failed"


@dataclass(frozen=True)
class LinearProgram:
    """``min offset + cost·x`` with ``row_lower <= matrix x <= row_upper`` and ``lower <= x <= upper``.

    Infinities are `numpy.inf`; `integer` masks the columns that must be whole numbers.
    """

    cost: Array
    matrix: sparse.csc_matrix
    row_lower: Array
    row_upper: Array
    lower: Array
    upper: Array
    integer: Mask | None = None
    offset: float = 0.0

    @property
    def is_mixed_integer(self) -> bool:
        """Whether any column must be a whole number."""
        return self.integer is not None and bool(self.integer.any())


@dataclass(frozen=True)
class Certificate:
    """What arithmetic says of an answer.

    Attributes
    ----------
    holds : bool
        Whether the answer may be believed.
    violation : float
        The most by which a row or a bound is missed, relative to its terms; `nan` where there is no point.
    fraction : float
        The most by which a whole number is none.
    bound : float
        No point costs less: proved by the duals; inf where a ray proves that there is no point. Of a whole-number program it is
        the word of the solver.
    gap : float
        (objective - `bound`) / max(1, |objective|).
    proof : str
        What `bound` rests on: "duals", "ray", "bounds" (an empty range), "solver", or "" where nothing is proved.
    fault : str
        Why it does not hold; empty where it does.
    """

    holds: bool
    violation: float = np.nan
    fraction: float = 0.0
    bound: float = -np.inf
    gap: float = np.nan
    proof: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Solution:
    """What a solver found: point and duals where they exist, the proved `bound`, and the seconds inside the solver.

    A row dual is the change of the optimal cost per unit of the row's active bound (minimisation). `ray` is a direction of
    unbounded descent, or the row multipliers that prove infeasibility, where there is one. `certificate` is what arithmetic
    says of the answer, where it was asked; `resolved_cold` counts how often it failed, and the program was solved again. `basis` is
    that of the solver, where it was kept.
    """

    status: Status
    objective: float
    x: Array
    row_dual: Array
    reduced_cost: Array
    bound: float
    iterations: int
    seconds: float
    message: str = ""
    ray: Array | None = field(default=None, repr=False)
    certificate: Certificate | None = None
    resolved_cold: int = 0
    basis: Any = field(default=None, repr=False, compare=False)


def elastic(program: LinearProgram) -> LinearProgram:
    """How little the rows must be missed, bounds kept: the columns of `program`, then short, then over.

      min  Σ_i short_i + over_i   s.t.  row_lower <= A x + short - over <= row_upper,   lower <= x <= upper,   short, over >= 0

    It has an optimum where no range is empty; its row duals prove that no point keeps all rows, where that is so.
    """
    m, n = program.matrix.shape
    one, nothing = sparse.identity(m, format="csc"), np.zeros(2 * m)
    return LinearProgram(
        cost=np.r_[np.zeros(n), np.ones(2 * m)],
        matrix=sparse.csc_matrix(sparse.hstack([program.matrix, one, -one])),
        row_lower=program.row_lower,
        row_upper=program.row_upper,
        lower=np.r_[program.lower, nothing],
        upper=np.r_[program.upper, nothing + np.inf],
    )


def descent(program: LinearProgram) -> LinearProgram:
    """The direction, no longer than 1 in any column, that leaves no range however far one goes, and in which costs fall most.

    min  c·r   s.t.  A r >= 0 where a row has a lower bound, A r <= 0 where it has an upper one; so r for columns; -1 <= r <= 1
    """

    def kept(bound: Array, without: float) -> Array:
        return np.where(np.isinf(bound), without, 0.0)

    return LinearProgram(
        cost=program.cost,
        matrix=program.matrix,
        row_lower=kept(program.row_lower, -np.inf),
        row_upper=kept(program.row_upper, np.inf),
        lower=kept(program.lower, -1.0),
        upper=kept(program.upper, 1.0),
    )
