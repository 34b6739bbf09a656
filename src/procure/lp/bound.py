"""What duals prove: a bound on a linear program from any multipliers of its rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from procure.lp.highs import LinearProgram

Array = NDArray[np.float64]


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


def proved_bound(program: LinearProgram, row_dual: Array) -> float:
    """No point costs less than Σ_i min y_i r_i + Σ_j min (c - yA)_j x_j over the ranges of rows r and columns x, whatever y is.

    Multipliers of rows that lean on a missing bound are left out. A column without a bound, also none implied by its rows, can
    only have a reduced cost of zero; rounding is not taken for one.
    """
    y = np.where(np.isinf(np.where(row_dual > 0, program.row_lower, program.row_upper)), 0.0, row_dual)
    reduced = program.cost - program.matrix.T @ y
    lower, upper = implied(program)
    leans = np.isinf(np.where(reduced > 0, lower, upper))
    rounding = 1e-12 * (np.abs(program.cost) + np.abs(program.matrix).T @ np.abs(y))
    reduced = np.where(leans & (np.abs(reduced) <= rounding), 0.0, reduced)
    total = least(y, program.row_lower, program.row_upper).sum() + least(reduced, lower, upper).sum()
    return float(program.offset + total)
