"""How far the price of a right-hand side holds: until another basis, with another price, is optimal.

  min c·x   s.t.   r + t e <= A x <= s + t f,   l + t g <= x <= u + t h        d = (e, f, g, h), t >= 0

At a basis B the columns outside it stand at their bounds, and move with them; the others move by B⁻¹ (e or f - N (g or h)). They
stay within their bounds up to some t, and until then the cost is linear in t, with the slope y·(e or f) + (c - yA)·(g or h). Beyond
it a few pivots lead to the next basis. Where its slope is the same, as after a degenerate pivot, the price holds on.

Source: Gass & Saaty (1955), Naval Research Logistics Quarterly 2(1-2), 39-45, in the right-hand side instead of the costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Solution, Status
from procure.units import Array, Mask

#: How far two slopes may be apart and be one, relative.
SAME = 1e-6
#: How far beyond a bound a column is pushed, so that the solver sees it: ten times what it tolerates.
PUSH = 1e-6
#: A column this near to its bound stands at it; what moves less than this does not move. Relative.
NOTHING = 1e-9


@dataclass(frozen=True)
class Direction:
    """By how much the bounds of rows and columns move for one step of t: arrays as those of a program."""

    row_lower: Array
    row_upper: Array
    lower: Array
    upper: Array

    @staticmethod
    def between(here: LinearProgram, there: LinearProgram) -> Direction | None:
        """That which leads from one program to another in one step; None where more than bounds moves."""
        stays = here.matrix.shape == there.matrix.shape and np.array_equal(here.cost, there.cost)
        if not stays or not np.array_equal(here.matrix.data, there.matrix.data):
            return None

        def by(name: str) -> Array:
            first, second = getattr(here, name), getattr(there, name)
            limited = np.isfinite(first) & np.isfinite(second)
            return np.asarray(np.subtract(second, first, out=np.zeros(len(first)), where=limited))

        return Direction(by("row_lower"), by("row_upper"), by("lower"), by("upper"))

    def slope(self, solution: Solution) -> float:
        """By how much the cost moves for one step, by the duals of a solution."""
        y, d = solution.row_dual, solution.reduced_cost
        rows = y * np.where(y > 0, self.row_lower, self.row_upper)
        return float(rows.sum() + (d * np.where(d > 0, self.lower, self.upper)).sum())


class Ranging:
    """A program at its optimum, and how far the prices there hold.

    Parameters
    ----------
    program : LinearProgram
        Without whole numbers.
    basis
        As HiGHS has it; without one it is solved again.
    options : mapping, optional
        Of HiGHS.
    """

    def __init__(self, program: LinearProgram, basis: Any = None, options: Any = None) -> None:
        self._program, self._solver = program, Solver(program, options)
        self._rows = program.matrix.tocsr()
        if basis is not None:
            self._solver.set_basis(basis)
        self.optimum = self._solver.solve_unchecked()
        self._basis = self._solver.get_basis()

    def holds(self, direction: Direction, most: float, rounds: int) -> float:
        """For how many steps the slope at the optimum holds, `most` at most; NaN where its end is not found in so many rounds."""
        slope = direction.slope(self.optimum)
        here, at, end, harder, reached = self.optimum, 0.0, 0.0, 1.0, np.nan
        try:
            for _ in range(rounds):
                if here.status is not Status.OPTIMAL:
                    break
                if abs(direction.slope(here) - slope) > SAME * max(abs(slope), NOTHING):
                    reached = end
                    break
                ahead, push = self._to_next_basis(direction, here, at)
                if at + ahead >= most:
                    reached = most
                    break
                harder = 1.0 if ahead > push else 4.0 * harder  # what is pushed in vain is pushed harder
                end = at + ahead
                at = end + push * harder
                self._move(direction, at)
                here = self._solver.solve_unchecked()
        finally:
            if here is not self.optimum:
                self._move(direction, 0.0)
                self._solver.set_basis(self._basis)
                self._solver.run()
        return float(reached)

    def _move(self, direction: Direction, t: float) -> None:
        """Bounds to where they are after t steps."""
        lp = self._program
        rows = np.flatnonzero((direction.row_lower != 0) | (direction.row_upper != 0))
        columns = np.flatnonzero((direction.lower != 0) | (direction.upper != 0))
        if len(rows):
            lower, upper = (
                (lp.row_lower + t * direction.row_lower)[rows],
                (lp.row_upper + t * direction.row_upper)[rows],
            )
            self._solver.change_rows(rows, lower, upper)
        if len(columns):
            lower, upper = (lp.lower + t * direction.lower)[columns], (lp.upper + t * direction.upper)[columns]
            self._solver.change_bounds(columns, lower, upper)

    def _to_next_basis(self, direction: Direction, here: Solution, t: float) -> tuple[float, float]:
        """How many steps further the basis is optimal, and how far beyond that a bound is missed so that it is seen."""
        lp, x = self._program, here.x
        basic = self._solver.basic()
        columns, rows = basic[basic >= 0], -1 - basic[basic < 0]
        row = lp.matrix @ x
        lower, upper = lp.lower + t * direction.lower, lp.upper + t * direction.upper
        row_lower, row_upper = lp.row_lower + t * direction.row_lower, lp.row_upper + t * direction.row_upper
        # Those outside the basis move with the bound that they stand at; where both are one, with the one that holds them back.
        stands = _stands_at_lower(x, lower, upper, here.reduced_cost)
        dx = np.where(stands, direction.lower, direction.upper)
        dx[columns] = 0.0
        stands = _stands_at_lower(row, row_lower, row_upper, here.row_dual)
        dr = np.where(stands, direction.row_lower, direction.row_upper)
        dr[rows] = 0.0
        moved = self._solver.through_basis(dr - lp.matrix @ dx)
        dx[columns] = moved[basic >= 0]
        dr[rows] = (self._rows[rows] @ dx) if len(rows) else 0.0
        sides = (
            (x - lower, direction.lower - dx, columns),
            (upper - x, dx - direction.upper, columns),
            (row - row_lower, direction.row_lower - dr, rows),
            (row_upper - row, dr - direction.row_upper, rows),
        )
        nearest, push = np.inf, 0.0
        size = max(float(np.abs(dx).max(initial=0.0)), float(np.abs(dr).max(initial=0.0)), 1e-12)
        for room, closing, own in sides:
            room, closing = room[own], closing[own]
            comes = (closing > NOTHING * size) & np.isfinite(room)
            if not comes.any():
                continue
            steps = np.maximum(room[comes], 0.0) / closing[comes]
            first = int(np.argmin(steps))
            if steps[first] < nearest:
                nearest, push = float(steps[first]), PUSH / float(closing[comes][first])
        return nearest, push


def _stands_at_lower(x: Array, lower: Array, upper: Array, price: Array) -> Mask:
    """Which stand at their lower bound and not at the upper: the nearer one, or of one the side that is priced."""
    return np.where(lower == upper, price > 0, np.abs(x - lower) <= np.abs(x - upper))
