"""Of all optima of a program the one that a stated rule prefers, so that the same model gives the same mix however it was solved.

The optima are a face of the program: with y any optimal row duals and d = c - yA, they are all the points that keep the rows and
bounds and stand at the bound of every column with d_j ≠ 0 and of every row with y_i ≠ 0. A tree that is solved cell by cell ends
near the middle of the face, and near zero: what has a price stands near its bound there, and gets no further from it. Over these

  min  Σ_j w_j x_j (plan)  +  Σ_n p_n Σ_j w_jt x_nj (period)         1 <= w < 2

is the mix that moves the fewest tonnes: contracted, produced, built, made room for, and in the mean of each year called, bought,
drawn, put by and left short. A tonne weighs between one and two, by a digest of the name of what it is and of its year and by
nothing else: so hardly two mixes weigh the same, and neither the order of rows nor the path to the optimum is asked. Nodes weigh
as they are likely, so what is alike in the mean of a year is alike.

Where some futures weigh nothing in the objective, as in a tail alone or under a worst law, what is done in them costs it nothing:
there the least mean cost under the law as it is given comes first, and the fewest tonnes of what is left.

The duals stay: they prove the cost of every point of the face.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse

from procure.lp.certificate import OPTIMALITY, of_optimum
from procure.lp.dual_bound import prove
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Solution, Status
from procure.program.engine import SIMPLEX, decided
from procure.program.program import Program
from procure.program.templates import risk_of
from procure.units import Array

#: A reduced cost or a row dual this small beside its terms is none.
NONE = 1e-10
#: Terms are taken for no smaller than this part of the largest cost.
SMALL = 1e-3


def broken(program: Program, solution: Solution) -> Solution:
    """The optimum that the rule prefers, with the duals of the one given; that one where no other is proved to cost the same.

    Whole numbers stay as they are, and so does their search: where several choices of them tie, the one found is kept.
    """
    if solution.status is not Status.OPTIMAL:
        return solution
    risk = risk_of(program.market.model)
    before = [mean_cost(program)] if risk.in_doubt or risk.weight >= 1 else []
    preferred = on_face(decided(program.lp, solution.x), solution, *before, preference(program))
    return solution if preferred is None or program.missed(preferred) else preferred


def on_face(lp: LinearProgram, solution: Solution, *weights: Array) -> Solution | None:
    """The optimum with the least weighed sum of its columns, of several weights one after the other; None where none is proved."""
    face, ended, seconds = lp, solution, solution.seconds
    for weight in weights:
        face = replace(_face(face, ended.x, ended.row_dual), cost=weight, offset=0.0)
        # Most columns stand: what presolve leaves is solved sooner than the way is gone from the last basis.
        ended = Solver(face, SIMPLEX).solve_unchecked()
        seconds += ended.seconds
        if ended.status is not Status.OPTIMAL:
            return None
    found = np.clip(ended.x, lp.lower, lp.upper)
    cost = float(lp.cost @ found) + lp.offset
    proof = prove(lp, solution.row_dual)
    gap = (solution.objective - proof.bound) / max(1.0, abs(solution.objective))
    certificate = of_optimum(lp, found, cost, proof, max(OPTIMALITY, gap))
    moved = replace(solution, x=found, objective=cost, certificate=certificate, seconds=seconds)
    return moved if certificate.holds else None


def _face(lp: LinearProgram, x: Array, y: Array) -> LinearProgram:
    """The program over its own optima, of which x is one and y are row duals."""
    entries = abs(lp.matrix)
    reduced, rows = lp.cost - lp.matrix.T @ y, lp.matrix @ x
    # Where an optimum costs nothing all duals are rounding, and nothing is large beside them: the costs are.
    largest = max(np.abs(lp.cost).max(initial=0.0), NONE)
    size = np.maximum(np.abs(lp.cost) + entries.T @ np.abs(y), SMALL * largest)
    of_row = (sparse.diags(np.abs(y)) @ entries @ sparse.diags(1.0 / size)).max(axis=1).toarray().ravel()
    lower, upper = _held(x, reduced, np.abs(reduced) / size, np.maximum(1.0, np.abs(x)), lp.lower, lp.upper)
    terms = np.maximum(1.0, entries @ np.abs(x))
    row_lower, row_upper = _held(rows, y, of_row, terms, lp.row_lower, lp.row_upper)
    return replace(lp, row_lower=row_lower, row_upper=row_upper, lower=lower, upper=upper)


def _held(value: Array, dual: Array, price: Array, terms: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """The ranges that are left to rows or columns: what has a price is held at its bound, or no further from it than it is.

    Parameters
    ----------
    price : array
        What a unit of each is worth beside what stands beside it; against it is held how far each is from its bound, beside its
        `terms`. Of a corner one of the two is nothing; on the central path neither is, and of what is on the face the one goes to
        nothing, of the rest the other.
    """
    at = np.where(dual > 0, lower, upper)
    away = np.abs(value - at) / terms
    holds = np.isfinite(at) & (price > np.maximum(NONE, away))
    held = np.where(away > NONE, value, at)
    return np.where(holds, np.minimum(at, held), lower), np.where(holds, np.maximum(at, held), upper)


def mean_cost(program: Program) -> Array:
    """What each column of a program costs in the mean of the law as it is given, kUSD."""
    composition, market, figures = program.composition, program.market, program.figures
    cost = np.zeros(len(program.lp.cost))
    cost[: len(composition.plan.columns)] = composition.plan_cost(figures.plan)
    np.add.at(cost, composition.cost_columns, market.probability[:, None] * composition.cost_terms(figures))
    return cost


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
