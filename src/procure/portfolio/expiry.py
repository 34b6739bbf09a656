"""For how many steps a price holds: how far a number can go before what a step of it saves is less.

A price is a slope of the least cost, which is convex and made of straight pieces: the price of a first step is that of the next
ones up to where the plan changes its mind (`lp.ranging`). What one step moves is known with the price (`shadow.Step`). Prices of
whole futures, of whole numbers, and of steps that move more than bounds have no such end that is looked for here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

from procure.lp.in_place import InPlace
from procure.lp.program import LinearProgram
from procure.lp.ranging import Direction, Ranging
from procure.portfolio.frames import FRAMES, MOST_STEPS, is_worthless, make_frame
from procure.portfolio.measure import Measured
from procure.portfolio.shadow import Priced, Step, priced
from procure.program.engine import MANY_ROWS, SIMPLEX
from procure.reason import Reason
from procure.units import KUSD_PER_MUSD

#: The dearest that are looked at; and bases that are tried on the way, of a large program and of a small one.
DEAREST = 12
ROUNDS_OF_MANY, ROUNDS = 4, 60
#: How far a slope of the program may be from its price, relative: they are worked out by two routes.
AGREES = 1e-5
_PRICE, _PER, _HOLDS = (list(FRAMES["limits"]).index(name) for name in ("shadow_price_musd", "per", "holds_to"))


def limits(measured: Measured) -> DataFrame:
    """The frame `limits`, with how far the dearest prices hold."""
    rows = priced(measured)
    found = _found(measured, rows)
    return make_frame(
        "limits", [(*row[:_HOLDS], found.get(k, math.nan), *row[_HOLDS + 1 :]) for k, (row, _) in enumerate(rows)]
    )


def _found(measured: Measured, rows: Sequence[Priced]) -> dict[int, float]:
    """For how many steps each of the dearest prices holds, by its position."""
    program, solution = measured.solved.program, measured.outcome.solution
    gross = measured.gross / KUSD_PER_MUSD
    wanted = [
        k
        for k, (row, step) in enumerate(rows)
        if step is not None and not math.isnan(row[_PRICE]) and not is_worthless(row[_PRICE], row[_PER], gross)
    ]
    wanted = sorted(wanted, key=lambda k: -rows[k][0][_PRICE])[:DEAREST]
    is_many = len(program.lp.row_lower) >= MANY_ROWS
    if not wanted or program.lp.is_mixed_integer or (is_many and solution.basis is None):
        return {}
    steps = _Steps(measured)
    ranging = Ranging(program.lp, solution.basis, SIMPLEX)
    found = {}
    for k in wanted:
        row, step = rows[k]
        assert step is not None
        direction, price = steps.direction(step), row[_PRICE] * KUSD_PER_MUSD
        if direction is not None and abs(direction.slope(ranging.optimum) + price) <= AGREES * price:
            found[k] = ranging.holds(direction, MOST_STEPS, ROUNDS_OF_MANY if is_many else ROUNDS)
    return found


class _Steps:
    """Where a step of a number leads the program of an answer."""

    def __init__(self, measured: Measured) -> None:
        self._program = program = measured.solved.program
        self._figures = program.figures
        self._in_place = None
        if InPlace.refusal(program.composition) is None:
            self._in_place = InPlace(program.composition, program.composed, self._figures)

    def direction(self, step: Step) -> Direction | None:
        """By how much the bounds of the program move; None where more does."""
        lp = self._program.lp
        if step.rows is not None:
            nothing = np.zeros(len(lp.row_lower))
            upper = nothing.copy()
            upper[step.rows] = np.where(np.isfinite(lp.row_upper[step.rows]), step.more, 0.0)
            return Direction(nothing, upper, np.zeros(len(lp.lower)), np.zeros(len(lp.lower)))
        there = self._moved(step)
        return None if there is None else Direction.between(lp, there)

    def _moved(self, step: Step) -> LinearProgram | None:
        """The program one step on."""
        composition, figures = self._program.composition, self._figures
        plan, period = composition.plan.data_index, composition.period.data_index
        of_plan = {
            plan[datum]: figures.plan[plan[datum]] + change for datum, change in step.data.items() if datum in plan
        }
        of_period = {
            period[datum]: figures.period[:, period[datum]] + change
            for datum, change in step.data.items()
            if datum in period and datum not in plan
        }
        moved = figures.moved(of_plan, of_period)
        if self._in_place is None:
            return composition.program(moved).lp
        there = self._in_place.program(moved, list(of_plan), list(of_period))
        return None if isinstance(there, Reason) else there.lp
