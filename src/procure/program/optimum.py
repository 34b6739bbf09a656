"""From a program to its optimum: the one way that every solve goes, the first of a model and the thousandth of a sweep."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from procure.errors import SolverError
from procure.lp import cells, highs
from procure.lp.basis import Bases
from procure.lp.compose import Composition, Outcome
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Solution, Status
from procure.market import Market
from procure.program.program import Program, Templates, compose, is_large, missed, risk_of, under_limits

#: Devex pricing: on programs of this shape a fifth quicker than steepest edge.
SIMPLEX: dict[str, Any] = {"simplex_dual_edge_weight_strategy": 1}

#: Rows from which moved costs are answered from scratch: the last basis leaves them to the primal simplex method, which takes
#: thirty times as long an iteration there as the dual one.
MANY_ROWS = 10_000


@dataclass(frozen=True)
class Optimum:
    """How a program ended: its last solution, and the seconds it took inside the solver."""

    solution: Solution
    seconds: float
    make_program: Callable[[], Program]

    @cached_property
    def program(self) -> Program:
        """The program at its numbers: of one that was moved in place, made when it is asked for."""
        return self.make_program()


@dataclass(frozen=True)
class Solved:
    """One programme choice, solved: its program and its outcome."""

    program: Program
    outcome: Outcome
    seconds_in_solver: float

    @property
    def market(self) -> Market:
        """The numbers it was solved at."""
        return self.program.market

    @property
    def templates(self) -> Templates:
        """The compiled plan and period."""
        return self.program.templates

    @property
    def composition(self) -> Composition:
        """Where everything stands in the program."""
        return self.program.composition

    @property
    def objective(self) -> float:
        """Present value of the weighed cost, kUSD."""
        return self.outcome.solution.objective


class Engine:
    """HiGHS with the last program loaded: the next one of the same shape moves it in place and starts from its basis.

    Of small programs, which HiGHS is soon done with, a basis that stayed from one to the next is tried first.
    """

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self.is_asked_for = bool(options)  # somebody wants HiGHS, and in his own way
        self._options = {**SIMPLEX, **(options or {})}
        self._solver: Solver | None = None
        self._last: LinearProgram | None = None
        self._bases = Bases()

    @staticmethod
    def of(options: Mapping[str, Any] | None) -> tuple[Engine, float]:
        """An engine with these options of HiGHS, and their time limit, which holds for all that it is asked; seconds."""
        own = dict(options or {})
        limit = float(own.pop("time_limit", np.inf))
        return Engine(own), limit

    def unload(self) -> None:
        """Give back the memory of the program loaded; the next one starts from scratch."""
        self._solver = self._last = None
        self._bases = Bases()

    def solve(self, program: LinearProgram, deadline: float = np.inf) -> tuple[Solution, float]:
        """The solution of a program and the seconds inside HiGHS; `deadline` by `time.perf_counter`."""
        solver, last = self._solver, self._last
        is_small = program.matrix.shape[0] < MANY_ROWS and not program.is_mixed_integer and not self.is_asked_for
        if is_small and last is not None and last.matrix.shape == program.matrix.shape:
            known = self._bases.tried(program)
            if isinstance(known, Solution):
                return known, 0.0
        if solver is None or last is None or not solver.move_to(program):
            solver, self._bases = Solver(program, self._options), Bases()
            self._solver = solver
        elif program.matrix.shape[0] >= MANY_ROWS and not np.array_equal(last.cost, program.cost):
            solver.forget()
        self._last = program
        solver.set_options({"time_limit": max(deadline - time.perf_counter(), 0.0)})
        solution = solver.solve()
        seconds = solution.seconds
        if is_small and solution.status is Status.OPTIMAL:
            self._bases.ended(program, solution, solver.basic)
        if solution.status is Status.OPTIMAL and program.is_mixed_integer:
            solution = _with_duals(program, solution)
        return solution, seconds


def optimum(program: Program, engine: Engine | None = None, deadline: float = np.inf) -> Optimum:
    """The optimum of a market from a first program of it; what its short cuts get wrong is mended on the way.

    Every round watches more leaves or holds fewer elements together, so there is a last one.
    """
    engine = engine or Engine()
    seconds, resolved_cold = 0.0, 0
    while True:
        solution, spent = _run(program, engine, deadline)
        seconds, resolved_cold = seconds + spent, resolved_cold + solution.resolved_cold
        solution = replace(solution, resolved_cold=resolved_cold)
        if solution.status is Status.OPTIMAL:
            more = missed(program, solution)
            watched, apart = more.watched if len(more.watched) else program.composition.watched, more.apart
            if not more:
                return Optimum(solution, seconds, partial(_itself, program))
        else:
            # Less is asked of a program with fewer elements together: none can be called infeasible before.
            watched, apart = program.composition.watched, under_limits(program)
            if solution.status is not Status.INFEASIBLE or not apart:
                return Optimum(solution, seconds, partial(_itself, program))
        program = compose(program.market, watched, (*program.apart, *apart))


def _itself(program: Program) -> Program:
    return program


def _run(program: Program, engine: Engine, deadline: float) -> tuple[Solution, float]:
    """Cell by cell where a program is large, else, or where that fails, by HiGHS."""
    market, composition = program.market, program.composition
    limit = deadline - time.perf_counter()
    if is_large(market) and not engine.is_asked_for:
        found = cells.solve(
            composition, program.composed, market.plan_data(composition.plan), market.period_data(composition.period),
            market.probability, market.discount, risk_of(market.model), market.bounds, deadline=deadline,
        )  # fmt: skip
        if found is not None and (found.status is Status.OPTIMAL or found.seconds >= limit):
            return found, found.seconds
    return engine.solve(program.composed.lp, deadline)


def _with_duals(program: LinearProgram, solution: Solution) -> Solution:
    """Solve once more with the whole numbers fixed, for the shadow prices that a mixed-integer program lacks."""
    assert program.integer is not None
    whole = np.flatnonzero(program.integer)
    fixed = np.round(solution.x[whole])
    lower, upper = program.lower.copy(), program.upper.copy()
    lower[whole] = upper[whole] = fixed
    found = highs.solve(
        LinearProgram(program.cost, program.matrix, program.row_lower, program.row_upper, lower, upper), SIMPLEX
    )
    return replace(found, resolved_cold=found.resolved_cold + solution.resolved_cold)


def solved(found: Optimum) -> Solved:
    """An optimum in the terms of its market."""
    program = found.program
    outcome = program.composition.read(
        found.solution, program.composed, program.market.probability, risk_of(program.market.model)
    )
    return Solved(program, outcome, found.seconds)


def refuse(solution: Solution) -> None:
    """Raise `SolverError` where a solution is neither an optimum nor a proof that there is none."""
    if solution.status in (Status.OPTIMAL, Status.INFEASIBLE):
        return
    known = f"Best cost found {solution.objective:.6g} kUSD, proved bound {solution.bound:.6g} kUSD."
    raise SolverError(
        f"The solver stopped with '{solution.message}'.",
        status=solution.status.value,
        known=known if np.isfinite(solution.objective) else "No plan has been found yet.",
    )
