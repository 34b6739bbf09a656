"""Of all optima of a program the one that a stated rule prefers, so that the same model gives the same mix however it was solved.

The optima are a face of the program: with y any optimal row duals and d = c - yA, they are all the points that keep the rows and
bounds and stand at the bound of every column with d_j ≠ 0 and of every row with y_i ≠ 0. Over these

  min  Σ_j w_j x_j (plan)  +  Σ_n p_n Σ_j w_jt x_nj (period)         1 <= w < 2

is the mix that moves the fewest tonnes: contracted, produced, built, made room for, and in the mean of each year called, bought,
drawn, put by and left short. A tonne weighs between one and two, by a digest of the name of what it is and of its year and by
nothing else: so hardly two mixes weigh the same, and neither the order of rows nor the path to the optimum is asked. Nodes weigh
as they are likely, so what is alike in the mean of a year is alike.

The duals stay: they prove the cost of every point of the face.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from procure.lp.certificate import of_optimum
from procure.lp.dual_bound import prove
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Solution, Status
from procure.program.engine import SIMPLEX
from procure.program.program import Program
from procure.units import Array

#: A reduced cost or a row dual this small beside its terms is none.
NONE = 1e-10
#: Terms are taken for no smaller than this part of the largest cost.
SMALL = 1e-3


def broken(program: Program, solution: Solution) -> Solution:
    """The optimum that the rule prefers, with the duals of the one given; that one where no other is proved to cost the same.

    Programs with whole numbers, and optima whose duals are no corner's (solved cell by cell, without a certificate), stay as
    they are.
    """
    if program.lp.is_mixed_integer or solution.certificate is None or solution.status is not Status.OPTIMAL:
        return solution
    preferred = on_face(program.lp, solution, preference(program))
    return solution if preferred is None or program.missed(preferred) else preferred


def on_face(lp: LinearProgram, solution: Solution, weight: Array) -> Solution | None:
    """The optimum with the least weighed sum of its columns; None where none is proved."""
    y = solution.row_dual
    reduced = lp.cost - lp.matrix.T @ y
    size = np.abs(lp.cost) + abs(lp.matrix).T @ np.abs(y)
    # Where an optimum costs nothing all duals are rounding, and nothing is large beside them: the costs are.
    largest = max(np.abs(lp.cost).max(initial=0.0), NONE)
    binds = np.abs(y) > NONE * max(np.abs(y).max(initial=0.0), largest)
    stands = np.abs(reduced) > NONE * np.maximum(size, SMALL * largest)
    at = np.where(reduced > 0, lp.lower, lp.upper)
    stands &= np.isfinite(at)
    row_at = np.where(y > 0, lp.row_lower, lp.row_upper)
    binds &= np.isfinite(row_at)
    face = LinearProgram(
        cost=weight,
        matrix=lp.matrix,
        row_lower=np.where(binds, row_at, lp.row_lower),
        row_upper=np.where(binds, row_at, lp.row_upper),
        lower=np.where(stands, at, lp.lower),
        upper=np.where(stands, at, lp.upper),
    )
    # Most columns stand: what presolve leaves is solved sooner than the way is gone from the last basis.
    ended = Solver(face, SIMPLEX).solve_unchecked()
    if ended.status is not Status.OPTIMAL:
        return None
    x = np.clip(ended.x, lp.lower, lp.upper)
    cost = float(lp.cost @ x) + lp.offset
    certificate = of_optimum(lp, x, cost, prove(lp, y))
    seconds = solution.seconds + ended.seconds
    return (
        replace(solution, x=x, objective=cost, certificate=certificate, seconds=seconds) if certificate.holds else None
    )


def preference(program: Program) -> Array:
    """What the rule weighs each column of a program by."""
    composition, market = program.composition, program.market
    plan, period = composition.plan, composition.period
    weight = np.zeros(len(program.lp.cost))
    weight[: len(plan.columns)] = [_weight(component, index) for component, index in plan.columns]
    years = np.array(composition.years)[market.shape.year]
    for j, (component, index) in enumerate(period.columns):
        if component not in period.linked:
            of_year = {int(year): _weight(component, (*index, int(year))) for year in composition.years}
            each = market.probability * np.array([of_year[int(year)] for year in years])
            np.add.at(weight, composition.column_of[:, j], each)
    return weight


@lru_cache(maxsize=100_000)
def _weight(component: str, index: tuple[Any, ...]) -> float:
    """From one to two, by the name of a decision."""
    digest = hashlib.sha256("|".join((component, *map(str, index))).encode()).digest()
    return 1.0 + int.from_bytes(digest[:6], "big") / 2**48
