"""Whether an answer of a solver holds, by arithmetic alone.

A solver's word is not taken: a warm start may end "optimal" and not be (HiGHS issues 3194 and 3294). With x the point, y the row
duals and bound(y) what they prove (`dual_bound.prove`), an answer holds if

  optimal      x keeps rows and bounds,  c·x is the objective,  and |c·x - bound(y)| is nothing beside max(1, |c·x|)
  bound        bound(y) is no less than the bound that was asked for, but for rounding
  infeasible   bound(y) > 0 for the rows of the program without its costs: no point keeps them all (Farkas)
  unbounded    x keeps rows and bounds, so does x + t r for every t >= 0, and c·r < 0

A whole-number optimum is held against its rows, its bounds and its whole numbers, and against the bound of the search, which is the
solver's own word.

>>> from scipy import sparse
>>> from procure.lp.program import LinearProgram, Solution, Status
>>> buy = LinearProgram(cost=np.array([1.0, 2.0]), matrix=sparse.csc_matrix([[1.0, 1.0]]),
...     row_lower=np.array([3.0]), row_upper=np.array([np.inf]), lower=np.zeros(2), upper=np.array([2.0, np.inf]))
>>> best = Solution(Status.OPTIMAL, 4.0, np.array([2.0, 1.0]), np.array([2.0]), np.array([-1.0, 0.0]), 4.0, 1, 0.0)
>>> certify(buy, best).holds
True
>>> from dataclasses import replace
>>> certify(buy, replace(best, x=np.array([1.0, 2.0]), objective=5.0)).fault
'the cost is 5, and its duals prove 4'
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from procure.languages import Said
from procure.lp.dual_bound import ROUNDING, Proof, prove
from procure.lp.program import Certificate, LinearProgram, Solution, Status
from procure.units import Array

_ENDED = Said("the solver ended with '{message}'", "ソルバーの終了は '{message}'")
_BELOW = Said(
    "costs are said to pass {asked:.9g}, and its duals prove {bound:.9g}",
    "費用は {asked:.9g} を超えるというが、双対値が証明するのは {bound:.9g} まで",
)
_FRACTION = Said("a whole number is off by {fraction:.2g}", "整数が {fraction:.2g} ずれている")
_OTHER_COST = Said(
    "the cost is said to be {objective:.9g}, and is {cost:.9g}", "費用は {objective:.9g} というが、実際は {cost:.9g}"
)
_OWN_BOUND, _DUALS_PROVE = (
    Said("the cost is {objective:.9g}, and its bound is {bound:.9g}", "費用は {objective:.9g}、その下界は {bound:.9g}"),
    Said(
        "the cost is {objective:.9g}, and its duals prove {bound:.9g}",
        "費用は {objective:.9g}、双対値が証明するのは {bound:.9g}",
    ),
)
_MISSED = {
    "row": Said("row {at} is missed by {by:.2g}", "行 {at} を {by:.2g} だけ破る"),
    "the bound of column": Said("the bound of column {at} is missed by {by:.2g}", "列 {at} の限度を {by:.2g} だけ破る"),
}
_NO_RAY = Said("nothing proves that no point keeps all rows", "すべての行を守る点がないことを証明するものがない")
_WRONG_RAY = Said(
    "its ray does not prove that no point keeps all rows", "その射線は、すべての行を守る点がないことを証明しない"
)
_NO_FALL = Said("nothing proves that costs fall without end", "費用が際限なく下がることを証明するものがない")
_WRONG_FALL = Said(
    "its ray does not prove that costs fall without end", "その射線は、費用が際限なく下がることを証明しない"
)
_NO_NUMBERS = Said("its point is not made of numbers", "その点に数でないものがある")

#: The most by which a row or a bound may be missed, twice what HiGHS aims at, beside the rounding of what stands in the row.
FEASIBILITY, OF_TERMS = 2e-7, 1e-9
#: The same for whole-number programs, and how far a whole number may be from one.
OF_WHOLE = 2e-6
#: The most by which cost and bound may differ, beside the cost, or beside 1 where that is smaller. A basis that is optimal proves
#: its cost to rounding, 1e-15 on `japan`; the wrong optimum of HiGHS issue 3194 is off by 1e-7.
OPTIMALITY = 1e-8
#: The least by which costs fall along a ray, and the most by which it leads out of a range, beside its terms.
OF_RAY = 1e-9


def certify(program: LinearProgram, solution: Solution, *, optimality: float = OPTIMALITY) -> Certificate:
    """What arithmetic says of a solution of a program.

    Parameters
    ----------
    program : LinearProgram
        What was solved.
    solution : Solution
        By its status, with what that needs: `x` and `row_dual` of an optimum; `ray` of what is infeasible; `x` and `ray` of what
        is unbounded. Of a whole-number program `x`, and `bound` instead of the duals.
    optimality : float
        How far cost and bound may be apart, relative.

    Returns
    -------
    Certificate
        It holds of nothing that claims neither an optimum nor that there is none.
    """
    if solution.status is Status.OPTIMAL and program.is_mixed_integer:
        return of_whole_numbers(program, solution.x, solution.objective, solution.bound, optimality)
    if solution.status is Status.OPTIMAL:
        proof = prove(program, solution.row_dual)
        return of_optimum(program, solution.x, solution.objective, proof, optimality)
    if solution.status is Status.INFEASIBLE:
        return of_infeasibility(program, solution.ray)
    if solution.status is Status.UNBOUNDED:
        return of_unboundedness(program, solution.x, solution.ray)
    return Certificate(False, fault=_ENDED.format(message=solution.message))


def of_optimum(
    program: LinearProgram, x: Array, objective: float, proof: Proof, optimality: float = OPTIMALITY
) -> Certificate:
    """Whether `x`, which is said to cost `objective`, is an optimum by the `proof` of its duals."""
    return _of_point(program, x, objective, proof.bound, proof.size, optimality, "duals")


def of_bound(proof: Proof, asked: float) -> Certificate:
    """Whether duals prove that no point costs less than was asked."""
    allowed = OPTIMALITY * max(1.0, abs(asked)) + ROUNDING * proof.size
    fault = "" if proof.bound >= asked - allowed else _BELOW.format(asked=asked, bound=proof.bound)
    return Certificate(not fault, bound=proof.bound, proof="duals", fault=fault)


def of_whole_numbers(
    program: LinearProgram, x: Array, objective: float, bound: float, optimality: float = OPTIMALITY
) -> Certificate:
    """Whether `x` keeps rows, bounds and whole numbers, and costs no more than the solver's own `bound`."""
    return _of_point(program, x, objective, bound, 0.0, optimality, "solver")


def _of_point(
    program: LinearProgram, x: Array, objective: float, bound: float, size: float, optimality: float, proof: str
) -> Certificate:
    missed, fault = violation(program, x)[:2]
    fraction = 0.0
    if program.is_mixed_integer:
        whole = x[program.integer]
        fraction = float(np.abs(whole - np.round(whole)).max())
    terms = program.cost * x
    cost = float(terms.sum()) + program.offset
    gap = objective - bound
    allowed = optimality * max(1.0, abs(objective)) + ROUNDING * (float(np.abs(terms).sum()) + abs(program.offset))
    # Everything is asked so that what is not a number fails.
    if not fault and not fraction <= OF_WHOLE:
        fault = _FRACTION.format(fraction=fraction)
    if not fault and not abs(objective - cost) <= allowed:
        fault = _OTHER_COST.format(objective=objective, cost=cost)
    if not fault and not abs(gap) <= allowed + ROUNDING * size:
        fault = (_OWN_BOUND if proof == "solver" else _DUALS_PROVE).format(objective=objective, bound=bound)
    return Certificate(not fault, missed, fraction, bound, gap / max(1.0, abs(objective)), proof, fault)


def of_infeasibility(program: LinearProgram, ray: Array | None) -> Certificate:
    """Whether no point keeps all rows and bounds: an empty range shows it, or multipliers of the rows do."""
    if (program.lower > program.upper).any() or (program.row_lower > program.row_upper).any():
        return Certificate(True, bound=np.inf, proof="bounds")
    if ray is None:
        return Certificate(False, fault=_NO_RAY)
    nothing = np.zeros(len(program.cost))
    for multiplier in (ray, -ray):  # releases of HiGHS may differ in the sign
        proof = prove(program, multiplier, nothing)
        if proof.bound > ROUNDING * proof.size:
            return Certificate(True, bound=np.inf, proof="ray")
    return Certificate(False, fault=_WRONG_RAY)


def of_unboundedness(program: LinearProgram, x: Array, ray: Array | None) -> Certificate:
    """Whether costs fall without end from `x` along `ray`."""
    if ray is None:
        return Certificate(False, fault=_NO_FALL)
    missed, fault = violation(program, x)[:2]
    rows, terms = program.matrix @ ray, abs(program.matrix) @ np.abs(ray)
    leaves = (
        _leaves(rows, terms, program.row_lower, program.row_upper),
        _leaves(ray, np.full(len(ray), np.abs(ray).max(initial=0.0)), program.lower, program.upper),
    )
    falls = program.cost * ray
    if not fault and (any(leaves) or not falls.sum() < -OF_RAY * np.abs(falls).sum()):
        fault = _WRONG_FALL
    return Certificate(not fault, missed, bound=-np.inf, proof="" if fault else "ray", fault=fault)


def _leaves(direction: Array, terms: Array, lower: Array, upper: Array) -> bool:
    """Whether going on in a direction leaves a range at last."""
    stays = (np.isinf(lower) | (direction >= -OF_RAY * terms)) & (np.isinf(upper) | (direction <= OF_RAY * terms))
    return not stays.all()


class Violation(NamedTuple):
    """How far a point misses its rows and bounds.

    Attributes
    ----------
    worst : float
        The most by which one is missed, relative to its terms (at least 1); not a number where the point is not made of numbers.
    fault : str
        What is missed by too much, in words; empty where nothing is.
    what : str
        "row", or "the bound of column": what is missed by most.
    at : int
        Its position; -1 where there is none.
    """

    worst: float
    fault: str
    what: str = ""
    at: int = -1


def violation(program: LinearProgram, x: Array) -> Violation:
    """How far a point misses the rows and bounds of a program."""
    if not np.isfinite(x).all():
        return Violation(np.nan, _NO_NUMBERS)
    rows = program.matrix @ x
    allowed = OF_WHOLE if program.is_mixed_integer else FEASIBILITY
    worst = Violation(0.0, "")
    for what, values, lower, upper in (
        ("row", rows, program.row_lower, program.row_upper),
        ("the bound of column", x, program.lower, program.upper),
    ):
        miss = np.maximum(lower - values, values - upper)
        most, at = float(miss.max(initial=0.0)), -1
        if most > OF_TERMS:  # or else not worth the terms it is beside
            terms = np.abs(x) if values is x else abs(program.matrix) @ np.abs(x)
            relative = miss / np.maximum(1.0, terms)
            at = int(np.argmax(relative))
            most = float(relative[at])
            miss = miss - OF_TERMS * terms
        fault = worst.fault
        if not fault and not miss.max(initial=0.0) <= allowed:
            first = int(np.argmax(miss))
            by = max(lower[first] - values[first], values[first] - upper[first])
            fault = _MISSED[what].format(at=first, by=by)
        worst = Violation(most, fault, what, at) if most > worst.worst else worst._replace(fault=fault)
    return worst
