"""From a program to its optimum: the one way that every solve goes, the first of a model and the thousandth of a sweep."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from procure.errors import SolverError
from procure.languages import Said
from procure.lp import cells
from procure.lp.program import Solution, Status
from procure.program.engine import Engine, with_duals
from procure.program.program import Posed, Program
from procure.program.solved import Solved, read

KNOWN = Said(
    "Best cost found {objective:.6g} kUSD, proved bound {bound:.6g} kUSD.",
    "得られた最小の費用は {objective:.6g} 千ドル、証明済みの下界は {bound:.6g} 千ドル。",
)
STOPPED = Said("The solver stopped with '{message}'.", "ソルバーが '{message}' で停止した。")
NO_PLAN = Said("No plan has been found yet.", "計画はまだ得られていない。")


@dataclass(frozen=True)
class Optimum:
    """How a program ended: its last solution, the seconds it took inside the solver, and as what it was posed at last."""

    solution: Solution
    seconds: float
    posed: Posed

    @cached_property
    def program(self) -> Program:
        """The whole program: of one that was moved in place, made when it is asked for."""
        return self.posed.made()


def optimum(posed: Posed, engine: Engine | None = None, deadline: float = np.inf, cutoff: float = np.inf) -> Optimum:
    """The optimum of a market from a first program of it; what its short cuts get wrong is mended on the way.

    Every round watches more leaves or holds fewer elements together, so there is a last one. One that is proved to cost `cutoff`
    at least, kUSD, may be left there (`Engine.solve`).
    """
    engine = engine or Engine()
    seconds, resolved_cold = 0.0, 0
    while True:
        solution, spent = _run(posed, engine, deadline, cutoff)
        seconds, resolved_cold = seconds + spent, resolved_cold + solution.resolved_cold
        missed = posed.missed(solution)
        if not missed:
            return Optimum(replace(solution, resolved_cold=resolved_cold), seconds, posed)
        posed = posed.mended(missed)


def _run(posed: Posed, engine: Engine, deadline: float, cutoff: float) -> tuple[Solution, float]:
    """Cell by cell where a program is large, else, or where that fails, by HiGHS; and the seconds in either."""
    limit = deadline - time.perf_counter()
    if posed.is_large and not engine.is_asked_for:
        program = posed.made()
        solution = cells.solve(program.composition, program.composed, program.figures, deadline=deadline)
        if isinstance(solution, Solution) and (solution.status is Status.OPTIMAL or solution.seconds >= limit):
            return solution, solution.seconds
    solution, seconds = engine.solve(posed.lp, deadline, cutoff)
    if solution.status is Status.OPTIMAL and posed.lp.is_mixed_integer:
        solution = with_duals(posed.lp, solution)
    return solution, seconds


def solved(end: Optimum) -> Solved:
    """An optimum in the terms of its market."""
    return read(end.program, end.solution, end.seconds)


def refuse(solution: Solution) -> None:
    """Raise `SolverError` where a solution is neither an optimum nor a proof that there is none, or none as cheap as asked for."""
    if solution.status in (Status.OPTIMAL, Status.INFEASIBLE, Status.BOUND_REACHED):
        return
    known = KNOWN.format(objective=solution.objective, bound=solution.bound)
    raise SolverError(
        STOPPED.format(message=solution.message),
        status=solution.status.value,
        known=known if np.isfinite(solution.objective) else NO_PLAN,
        bound=solution.bound,
    )
