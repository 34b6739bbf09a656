"""HiGHS as every program is solved by it: loaded once, moved in place, started from the last basis."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.lp import highs
from procure.lp.basis import Bases
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Solution, Status
from procure.memory import give_back
from procure.units import Array

_LIMIT = Said("time_limit is {limit!r}", "time_limit は {limit!r}")
_SECONDS = Said("a limit of time is a number of seconds, 0 or more", "制限時間は 0 以上の秒数")

#: Devex pricing: on programs of this shape a fifth quicker than steepest edge. From a basis of a large program it is the other
#: way round: there are few iterations, each dear, and steepest edge needs fewer.
SIMPLEX: dict[str, Any] = {"simplex_dual_edge_weight_strategy": 1}
FROM_BASIS: dict[str, Any] = {"simplex_dual_edge_weight_strategy": 2}

#: Rows from which a program is large: it leaves HiGHS when it is solved, and only its basis is kept, or every level of a model
#: would hold some hundred megabytes. From there the dual simplex method takes five iterations for every four rows from scratch,
#: and from the basis of a neighbour one for every eight to twenty; but each of those takes six times as long, since little of such
#: a basis is empty. After PATIENCE iterations a row it is given up: to start from scratch would have taken about as long. Where
#: costs stay the way is short: OF_BOUNDS. But it may lead into a limit that begins to bind, and where more than DENSE of all
#: columns stand in its row an iteration then takes forty times as long: OF_DENSE (on `japan`, test then ten, spending cut from
#: 1,600 to 1,000: 21 s of processor time with it, 33 without).
MANY_ROWS, PATIENCE, OF_BOUNDS, DENSE, OF_DENSE = 10_000, 0.3, 0.1, 0.02, 0.02
#: As many iterations as HiGHS counts.
ENDLESS = 2**31 - 1


class Engine:
    """HiGHS with the last program loaded: the next one of the same shape moves it in place and starts from its basis.

    Of small programs, which HiGHS is soon done with, a basis that stayed from one to the next is tried first.
    """

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self.is_asked_for = bool(options)  # somebody wants HiGHS, and in his own way
        self._options = {**SIMPLEX, **(options or {})}
        self._solver: Solver | None = None
        self._last: LinearProgram | None = None
        self._basis: Any = None  # of the last program, where it was large
        self._start: Any = None  # of another one, for the next large program
        self._bases = Bases()

    @staticmethod
    def of(options: Mapping[str, Any] | None) -> tuple[Engine, float]:
        """An engine with these options of HiGHS, and their time limit, which holds for all that it is asked; seconds."""
        own = dict(options or {})
        limit = own.pop("time_limit", np.inf)
        if isinstance(limit, bool) or not isinstance(limit, Real) or not float(limit) >= 0:
            raise DataError(Fault("options", _LIMIT.format(limit=limit), _SECONDS))
        return Engine(own), float(limit)

    def unload(self) -> None:
        """Give back the memory of the program loaded; the next one starts from scratch."""
        self._solver = self._last = self._basis = self._start = None
        self._bases = Bases()

    def starts_from_scratch(self, program: LinearProgram) -> bool:
        """Whether a large program would be solved from scratch: `start_from` is for those."""
        return _is_large(program) and not self.is_asked_for and not self._is_kept_for(program)

    def start_from(self, basis: Any) -> None:
        """Let the next program start from a basis of it, if it is large and there is no last one of its shape."""
        self._start = basis

    def solve(self, program: LinearProgram, deadline: float = np.inf, cutoff: float = np.inf) -> tuple[Solution, float]:
        """The solution of a program and the seconds inside HiGHS.

        `deadline` is by `time.perf_counter`. A large program that is proved to cost `cutoff` at least is left there
        (`Status.BOUND_REACHED`): its dual costs rise fast at first, so that takes a tenth of the way to an optimum that is one per
        cent dearer.
        """
        if _is_large(program):
            is_first = not self._is_kept_for(program)
            solved = self._solved_and_unloaded(program, deadline, cutoff)
            if is_first:  # the next ones of a sweep need at once what is left: to take it anew is a tenth of their time
                give_back()
            return solved
        solver, last = self._solver, self._last
        is_small = not program.is_mixed_integer and not self.is_asked_for
        if is_small and last is not None and last.matrix.shape == program.matrix.shape:
            known = self._bases.tried(program)
            if isinstance(known, Solution):
                return known, 0.0
        if solver is None or last is None or not solver.move_to(program):
            solver, self._bases = Solver(program, self._options), Bases()
            self._solver = solver
        self._last = program
        solver.set_options({"time_limit": max(deadline - time.perf_counter(), 0.0)})
        solution = solver.solve()
        seconds = solution.seconds
        if is_small and solution.status is Status.OPTIMAL:
            self._bases.ended(program, solution, solver.basic)
        if solution.status is Status.OPTIMAL and not program.is_mixed_integer:
            solution = replace(solution, basis=solver.get_basis())
        return solution, seconds

    def _solved_and_unloaded(self, program: LinearProgram, deadline: float, cutoff: float) -> tuple[Solution, float]:
        """As `solve`, of a large program: from the basis of the last one, or of another, or from scratch where that takes long."""
        solver = Solver(program, self._options | {"objective_bound": cutoff})
        spent, start = 0.0, self._basis if self._is_kept_for(program) else self._start
        self._start = None
        if start is not None:
            patience = int(self._patience(program) * program.matrix.shape[0])
            way = {} if self.is_asked_for else FROM_BASIS | _iterations(patience)
            solver.set_basis(start)
            solver.set_options({"time_limit": max(deadline - time.perf_counter(), 0.0), **way})
            solution = solver.solve()
            spent = solution.seconds
            is_given_up = solution.status is Status.LIMIT_REACHED and solution.iterations >= patience
            if self.is_asked_for or not is_given_up:
                return self._unloaded(solver, program, solution), spent
            solver.set_options(SIMPLEX | _iterations(ENDLESS))
            solver.forget()
        solver.set_options({"time_limit": max(deadline - time.perf_counter(), 0.0)})
        solution = solver.solve()
        return self._unloaded(solver, program, solution), spent + solution.seconds

    def _patience(self, program: LinearProgram) -> float:
        """Iterations a row that are worth a try from a basis."""
        last = self._last
        if last is None or not self._is_kept_for(program) or not np.array_equal(last.cost, program.cost):
            return PATIENCE
        moved = np.flatnonzero((last.row_lower != program.row_lower) | (last.row_upper != program.row_upper))
        n_rows, n_columns = program.matrix.shape
        entries = np.bincount(program.matrix.indices, minlength=n_rows)[moved].max(initial=0)
        return OF_DENSE if entries > DENSE * n_columns else OF_BOUNDS

    def _is_kept_for(self, program: LinearProgram) -> bool:
        """Whether there is a basis of a last large program of the same shape."""
        return self._basis is not None and self._last is not None and self._last.matrix.shape == program.matrix.shape

    def _unloaded(self, solver: Solver, program: LinearProgram, solution: Solution) -> Solution:
        """The solution, once its basis is kept."""
        self._solver, self._last, self._bases = None, program, Bases()
        is_basic = solution.status in (Status.OPTIMAL, Status.BOUND_REACHED)
        self._basis = solver.get_basis() if is_basic else None
        return replace(solution, basis=self._basis)


def _is_large(program: LinearProgram) -> bool:
    return program.matrix.shape[0] >= MANY_ROWS and not program.is_mixed_integer


def _iterations(most: int) -> dict[str, Any]:
    return {"simplex_iteration_limit": most}


def with_duals(program: LinearProgram, solution: Solution) -> Solution:
    """Solve once more with the whole numbers fixed, for the shadow prices that a mixed-integer program lacks."""
    priced = highs.solve(decided(program, solution.x), SIMPLEX)
    return replace(priced, resolved_cold=priced.resolved_cold + solution.resolved_cold)


def decided(program: LinearProgram, x: Array) -> LinearProgram:
    """A program with its whole numbers fixed as they are at a point; itself where it has none."""
    if program.integer is None:
        return program
    whole = np.flatnonzero(program.integer)
    lower, upper = program.lower.copy(), program.upper.copy()
    lower[whole] = upper[whole] = np.round(x[whole])
    return replace(program, lower=lower, upper=upper, integer=None)
