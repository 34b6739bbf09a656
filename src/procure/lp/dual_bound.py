"""What duals prove: a bound on a linear program from any multipliers of its rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from procure.lp.program import LinearProgram
from procure.units import Array

#: A sum that is this small beside the numbers it is the sum of is taken for zero. Multipliers come from one solve with a basis, so
#: each also carries the rounding of the largest: as if it were this part of it at least.
ROUNDING, OF_LARGEST = 1e-11, 0.01


def least(multiplier: Array, lower: Array, upper: Array) -> Array:
    """min over [lower, upper] of multiplier × value; zero where the multiplier is zero."""
    bound = np.where(multiplier > 0, lower, upper)
    return np.asarray(multiplier * np.where(multiplier == 0, 0.0, bound))


def implied(program: LinearProgram) -> tuple[Array, Array]:
    """Column bounds, the missing ones taken from the rows: what a row leaves to a column when all others go as far as they can."""
    lower, upper = program.lower.copy(), program.upper.copy()
    entries = program.matrix.tocoo()
    row, column, value = entries.row, entries.col, entries.data
    m, n = program.matrix.shape
    open_ends = -1
    while open_ends != (open_ends := int(np.isinf(lower).sum() + np.isinf(upper).sum())) and open_ends:
        wanted = np.isinf(lower) | np.isinf(upper)
        for sign in (1.0, -1.0):  # rows as they are, then upside down: each leaves room below its upper bound
            a = sign * value
            bound = program.row_upper if sign > 0 else -program.row_lower
            with np.errstate(invalid="ignore"):  # an entry of zero times a missing bound
                go = np.nan_to_num(a * np.where(a > 0, lower[column], upper[column]), posinf=np.inf, neginf=-np.inf)
            endless = np.isinf(go)
            n_endless = np.bincount(row, weights=endless, minlength=m)
            least_sum = np.bincount(row, weights=np.where(endless, 0.0, go), minlength=m)
            alone = (a != 0) & wanted[column] & np.isfinite(bound[row]) & (n_endless[row] - endless == 0)
            room = (bound[row] - (least_sum[row] - np.where(endless, 0.0, go)))[alone] / a[alone]
            at, up = column[alone], a[alone] > 0
            new_upper, new_lower = np.full(n, np.inf), np.full(n, -np.inf)
            np.minimum.at(new_upper, at[up], room[up])
            np.maximum.at(new_lower, at[~up], room[~up])
            upper = np.where(np.isinf(upper), np.minimum(upper, new_upper), upper)
            lower = np.where(np.isinf(lower), np.maximum(lower, new_lower), lower)
    return lower, upper


class Proof(NamedTuple):
    """What multipliers prove.

    Attributes
    ----------
    bound : float
        No point costs less; -inf where they prove nothing.
    size : float
        Of what the bound is the sum of: rounding is relative to it.
    reduced_cost : array, shape (n_columns,)
        c - yA.
    """

    bound: float
    size: float
    reduced_cost: Array


def prove(program: LinearProgram, row_dual: Array, cost: Array | None = None) -> Proof:
    """No point costs less than Σ_i min y_i r_i + Σ_j min (c - yA)_j x_j over the ranges of rows r and columns x, whatever y is.

    Multipliers of rows that lean on a missing bound are left out. A column that leans on a missing bound leans on the one that
    its rows imply (`implied`); rounding is taken for zero, and anything else proves nothing. `cost` stands for the program's
    own costs and offset, where given.
    """
    lean = np.where(row_dual > 0, program.row_lower, program.row_upper)
    missing = np.isinf(lean)
    y = np.where(missing, 0.0, row_dual)
    of_rows = y * np.where(missing, 0.0, lean)
    offset, cost = (program.offset, program.cost) if cost is None else (0.0, cost)
    reduced = cost - program.matrix.T @ y
    lean = np.where(reduced > 0, program.lower, program.upper)
    missing = np.isinf(lean)
    of_columns = reduced * np.where(missing, 0.0, lean)
    missing &= reduced != 0
    if missing.any():
        open_ended = np.flatnonzero(missing)
        beyond = open_ended[np.abs(reduced[open_ended]) > ROUNDING * _terms(program, open_ended, y, cost)]
        if len(beyond):
            lower, upper = implied(program)
            of_columns[beyond] = least(reduced[beyond], lower[beyond], upper[beyond])
    bound = float(offset + of_rows.sum() + of_columns.sum())
    size = float(abs(offset) + np.abs(of_rows).sum() + np.abs(of_columns).sum())
    return Proof(bound, size if np.isfinite(bound) else 0.0, reduced)


def proved_bound(program: LinearProgram, row_dual: Array) -> float:
    """What no point costs less than, whatever the multipliers are (see `prove`)."""
    return prove(program, row_dual).bound


def _terms(program: LinearProgram, columns: NDArray[np.intp], y: Array, cost: Array) -> Array:
    """Σ_i |y_i a_ij| + |c_j| of some columns, with no y_i taken for less than a small part of the largest."""
    y = np.maximum(np.abs(y), OF_LARGEST * np.abs(y).max(initial=0.0))
    matrix = program.matrix
    first, count = matrix.indptr[columns], matrix.indptr[columns + 1] - matrix.indptr[columns]
    of_entry = np.repeat(np.arange(len(columns)), count)
    entry = np.arange(len(of_entry)) + np.repeat(first - np.r_[0, np.cumsum(count)[:-1]], count)
    terms = np.abs(matrix.data[entry]) * y[matrix.indices[entry]]
    return np.asarray(np.abs(cost[columns]) + np.bincount(of_entry, weights=terms, minlength=len(columns)))
