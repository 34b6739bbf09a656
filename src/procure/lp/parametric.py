"""Every optimum of small linear programs as one number q moves: exact, and for thousands of programs at once.

  c(q) = min f·y   s.t.  A y = b + q d,   0 <= y <= u

With few rows every basis can be tried. At a basis B the duals are f_B A_B^-1, and a column outside it stands at its bound: at u
where its reduced cost is negative, at 0 otherwise; the basis is of no use where such a column has no bound. Its own columns are
then affine in q, and within their bounds over an interval. The intervals of all bases tile the q for which there is a solution: on
each of them c and y are linear, and c is convex. Of columns at the same price the first counts as cheaper by a hair, so that one
basis is optimal at every q and not several.

Source: Gass & Saaty (1955), Naval Research Logistics Quarterly 2(1-2), 39-45.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from procure.languages import Said
from procure.units import Array, Index

#: Most bases that are tried: two rows and 60 columns, or three and 20.
MOST_BASES = 2_000
#: Programs worked on at a time: what fits a cache is quicker.
AT_A_TIME = 2_000
#: What a column's place in line adds to its price, relative to the largest price.
HAIR = 1e-11
#: An interval is none below this share of the range of q.
NARROW = 1e-11


@dataclass(frozen=True)
class Pieces:
    """The optima of n programs: between neighbouring `breaks` of q each column is linear.

    Parameters
    ----------
    breaks : array, shape (n, k)
        Ascending in each row; programs with fewer pieces repeat their last one.
    columns : array, shape (n, k, n_columns)
        Optimal decisions at the breaks.
    """

    breaks: Array
    columns: Array


class TooManyBases(ValueError):
    """A program has too many rows and columns for all of its bases to be tried."""


def optima(cost: Array, matrix: Array, side: Array, direction: Array, upper: Array, low: float, high: float) -> Pieces:
    """The optimal decisions of n programs for every q from `low` to `high`, as far as there are any.

    Parameters
    ----------
    cost, upper : array, shape (n, n_columns)
        [f, u]; `upper` may be infinite.
    matrix : array, shape (n_rows, n_columns)
        [A], the same for all.
    side : array, shape (n, n_rows)
        [b]
    direction : array, shape (n_rows,)
        [d]

    A program without any solution in the range has NaN for breaks.

    Two mines at 3 and 5 serve a demand of 10 - q, at most 6 each: the dear one is closed first.

    >>> pieces = optima(np.array([[3.0, 5.0]]), np.ones((1, 2)), np.array([[10.0]]), np.array([-1.0]),
    ...                 np.full((1, 2), 6.0), 0.0, 10.0)
    >>> pieces.breaks.tolist(), pieces.columns.tolist()
    ([[0.0, 4.0, 10.0]], [[[6.0, 4.0], [6.0, 0.0], [0.0, 0.0]]])
    """
    n_rows, n_columns = matrix.shape
    if comb(n_columns, n_rows) > MOST_BASES:
        raise TooManyBases(
            Said(
                "{n_rows} rows and {n_columns} columns have {bases:,} bases",
                "行 {n_rows}、列 {n_columns} の基底は {bases:,} 個",
            ).format(n_rows=n_rows, n_columns=n_columns, bases=comb(n_columns, n_rows))
        )
    bases: list[tuple[Index, Array]] = [
        (np.array(basis, dtype=np.int64), np.asarray(np.linalg.inv(matrix[:, basis]), dtype=float))
        for basis in combinations(range(n_columns), n_rows)
        if abs(np.linalg.det(matrix[:, basis])) > 1e-9
    ]
    parts = [
        _optima(cost[some], matrix, side[some], direction, upper[some], low, high, bases)
        for first in range(0, len(cost), AT_A_TIME)
        for some in [slice(first, first + AT_A_TIME)]
    ]
    width = max(part.breaks.shape[1] for part in parts)
    return Pieces(
        np.concatenate([_widened(part.breaks, width) for part in parts]),
        np.concatenate([_widened(part.columns, width) for part in parts]),
    )


def _optima(
    cost: Array, matrix: Array, side: Array, direction: Array, upper: Array, low: float, high: float,
    bases: list[tuple[Index, Array]],
) -> Pieces:  # fmt: skip
    n, n_columns = cost.shape
    tolerance = NARROW * max(high - low, 1e-6)
    dearest = np.abs(cost).max(axis=1, initial=1.0, keepdims=True)
    apart = cost + dearest * HAIR * np.arange(n_columns)
    begin, end = np.full((n, len(bases)), np.inf), np.full((n, len(bases)), -np.inf)
    bounded = np.where(np.isfinite(upper), upper, 0.0)
    for k, (basis, inverse) in enumerate(bases):
        reduced = apart - (apart[:, basis] @ inverse) @ matrix
        reduced[:, basis] = 0.0
        at_upper = reduced < 0
        possible = ~(at_upper & np.isinf(upper)).any(axis=1)
        fixed = np.where(at_upper, bounded, 0.0)
        at_zero: Array = (side - fixed @ matrix.T) @ inverse.T  # of the basis, at q = 0
        slope = inverse @ direction
        first, last = np.full(n, low), np.full(n, high)
        slack = tolerance * np.abs(slope).max(initial=1.0)
        for j, column in enumerate(basis.tolist()):
            room = upper[:, column] - at_zero[:, j]
            if slope[j] == 0:
                possible &= (at_zero[:, j] >= -slack) & (room >= -slack)
            elif slope[j] > 0:
                first, last = np.maximum(first, -at_zero[:, j] / slope[j]), np.minimum(last, room / slope[j])
            else:
                first, last = np.maximum(first, room / slope[j]), np.minimum(last, -at_zero[:, j] / slope[j])
        possible &= last - first > tolerance
        begin[possible, k], end[possible, k] = first[possible], last[possible]
    return _tiled(begin, end, cost.shape, side, direction, upper, apart, matrix, bases, tolerance)


def _tiled(
    begin: Array, end: Array, shape: tuple[int, int], side: Array, direction: Array, upper: Array, apart: Array,
    matrix: Array, bases: list[tuple[Index, Array]], tolerance: float,
) -> Pieces:  # fmt: skip
    """The intervals in order, each but once; where two bases tell the same of some q, the one that reaches on goes on."""
    n, n_columns = shape
    order = np.argsort(begin, axis=1, kind="stable")
    begin, end = np.take_along_axis(begin, order, 1), np.take_along_axis(end, order, 1)
    before = np.maximum.accumulate(end, axis=1)
    reaches_on = np.ones_like(begin, dtype=bool)
    reaches_on[:, 1:] = end[:, 1:] > before[:, :-1] + tolerance
    reaches_on &= np.isfinite(begin)
    width = max(int(reaches_on.sum(axis=1).max(initial=0)), 1)
    kept = np.argsort(~reaches_on, axis=1, kind="stable")[:, :width]
    count = reaches_on.sum(axis=1)
    begin, end = np.take_along_axis(begin, kept, 1), np.take_along_axis(end, kept, 1)
    which = np.take_along_axis(order, kept, 1)
    breaks, columns = np.full((n, width + 1), np.nan), np.full((n, width + 1, n_columns), np.nan)
    bounded = np.where(np.isfinite(upper), upper, 0.0)
    for k, (basis, inverse) in enumerate(bases):
        row, piece = np.nonzero((which == k) & (np.arange(width) < count[:, None]))
        if not len(row):
            continue
        reduced = apart[row] - (apart[row][:, basis] @ inverse) @ matrix
        reduced[:, basis] = 0.0
        outside = np.where(reduced < 0, bounded[row], 0.0)
        for at, q in ((piece, begin[row, piece]), (piece + 1, end[row, piece])):
            decided = outside.copy()
            right = side[row] + q[:, None] * direction - outside @ matrix.T
            decided[:, basis] = np.clip(right @ inverse.T, 0.0, upper[row][:, basis])
            # The end of a piece is the beginning of the next, which tells it.
            here = (at == piece) | (at == count[row])
            breaks[row[here], at[here]], columns[row[here], at[here]] = q[here], decided[here]
    last = np.maximum(np.minimum(np.arange(width + 1), count[:, None]), 0)
    return Pieces(np.take_along_axis(breaks, last, 1), np.take_along_axis(columns, last[:, :, None], 1))


def _widened(array: Array, width: int) -> Array:
    """The last entry of each program repeated."""
    missing = width - array.shape[1]
    return array if not missing else np.concatenate([array, np.repeat(array[:, -1:], missing, axis=1)], axis=1)
