"""A model compiled once and solved many times: numbers move in place, the last basis is kept.

A change reaches as far as it must and no further. A change of the *law* (rates, chances, correlations) moves probabilities
over the same futures; a change of *numbers* (offers, prices, bounds) moves entries of the same program; a change of *shape*
(suppliers, years, the tree) compiles anew. Whatever the way, the answer is that of a fresh solve.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from procure.errors import SolverError
from procure.lp.highs import Solution, Solver, Status
from procure.market import make_market, merge, programme_choices, weighed
from procure.model import Model
from procure.solving import Program, Solved, compose, explain_program, overlooked, recompose, solved_program
from procure.world import processes

if TYPE_CHECKING:
    from procure.portfolio import Portfolio

Array = NDArray[np.float64]

#: Tables whose numbers only weigh futures, and do not say what happens in them.
LAW = ("transitions", "shocks", "correlations", "projects", "retaliations")
#: Choices that move numbers of the same program.
NUMBERS = ("risk.alpha", "risk.weight", "shortage.scale", "model.discount_rate", "demand.case")


@dataclass(frozen=True)
class Answer:
    """The result of one re-solve; the whole `portfolio` is worked out when it is asked for.

    Attributes
    ----------
    objective : float
        Weighed cost of the best programme level, million USD of present value.
    programmes : mapping
        That level, by supplier.
    levels : mapping
        Objective of every level by its name, million USD; `inf` where no portfolio keeps the limits.
    seconds, seconds_in_solver : float
        Wall time of this solve, and the part of it inside HiGHS.
    """

    objective: float
    programmes: Mapping[str, str]
    levels: Mapping[str, float]
    seconds: float
    seconds_in_solver: float
    _solved: tuple[Solved, ...]

    @cached_property
    def portfolio(self) -> Portfolio:
        """The whole answer, as `procure.solve` gives it."""
        from procure.portfolio import make_portfolio

        best = min(self._solved, key=lambda one: one.objective)
        return make_portfolio(best, list(self._solved), [], seconds=self.seconds)


class Compiled:
    """A model ready to be solved again and again; made by `procure.compile`.

    >>> from procure import load_model
    >>> compiled = compile(load_model("two-class"))
    >>> base = compiled.solve()
    >>> weighed = compiled.solve({"risk.weight": 0.5})
    >>> weighed.objective > base.objective
    True
    >>> compiled.solve().objective == base.objective
    True
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._levels = [_Level(model, choice) for choice in programme_choices(model)]

    def solve(self, changes: Mapping[str, Any] | None = None) -> Answer:
        """Solve with these dotted paths changed; each call starts from the model as compiled, not from the last changes.

        Raises `DataError`, `Infeasible` and `SolverError` as `procure.solve` does.
        """
        started = time.perf_counter()
        changes = dict(changes or {})
        model = self.model.changed(changes) if changes else self.model
        reach = self._reach(changes)
        levels = self._levels
        if reach == "shape":
            levels = [_Level(model, choice) for choice in programme_choices(model)]
        solved: list[Solved] = []
        costs: dict[str, float] = {}
        seconds_in_solver = 0.0
        for level in levels:
            program, solution, seconds = level.solve(model, reach)
            seconds_in_solver += seconds
            if solution.status is Status.OPTIMAL:
                solved.append(solved_program(program, solution, seconds))
            elif solution.status is not Status.INFEASIBLE:
                raise SolverError(f"HiGHS stopped with '{solution.message}'.", status=solution.status.value)
            optimal = solution.status is Status.OPTIMAL
            costs[level.name] = solution.objective / 1e3 if optimal else math.inf
        if not solved:
            raise explain_program(program)
        best = min(solved, key=lambda one: one.objective)
        return Answer(
            objective=best.objective / 1e3,
            programmes=best.market.programmes,
            levels=costs,
            seconds=time.perf_counter() - started,
            seconds_in_solver=seconds_in_solver,
            _solved=tuple(solved),
        )

    def _reach(self, changes: Mapping[str, Any]) -> str:
        """How far changes reach: "nothing", "law", "numbers" or "shape"."""
        reaches = {self._reach_of(path) for path in changes}
        return next((reach for reach in ("shape", "numbers", "law") if reach in reaches), "nothing")

    def _reach_of(self, path: str) -> str:
        if path in NUMBERS or (path.startswith("limits.") and path.rsplit(".", 1)[-1] in ("max", "min")):
            return "numbers"
        table = self.model.table_of(path)
        if table is None:
            return "shape"
        if table in LAW:
            return "law"
        # Durations and chances of demand levels enter both the law and the numbers.
        return "shape" if table in ("states", "demand_levels", "scenarios") else "numbers"


def compile(model: Model) -> Compiled:
    """Compile a model once, to be solved many times."""
    return Compiled(model)


class _Level:
    """One programme level of a compiled model: its market, its program, and the loaded solver."""

    def __init__(self, model: Model, choice: Mapping[str, str]) -> None:
        self.choice = choice
        self.name = ", ".join(f"{supplier} {level}" for supplier, level in choice.items()) or "-"
        self.whole = make_market(model, choice)
        self.market = merge(self.whole)
        self.program = compose(self.market)
        self.solver = Solver(self.program.composed.lp)
        self.law = processes(model, choice)

    def solve(self, model: Model, reach: str) -> tuple[Program, Solution, float]:
        """The program at the changed numbers, its solution, and the seconds inside HiGHS."""
        program = self.program
        if reach == "law":
            program = self._weighed(model)
        elif reach == "numbers":
            program = self._moved(model)
        before = self.solver.seconds
        if not self.solver.move_to(program.composed.lp):
            self.solver, before = Solver(program.composed.lp), 0.0
        solution = self.solver.solve()
        while solution.status is Status.OPTIMAL and len(wider := overlooked(program, solution)):
            self.program = compose(self.market, wider)
            program = recompose(self.program, program.market)
            self.solver, before = Solver(program.composed.lp), 0.0
            solution = self.solver.solve()
        return program, solution, self.solver.seconds - before

    def _weighed(self, model: Model) -> Program:
        """The same futures under a changed law, where the tree holds every future; otherwise a tree of its own."""
        law = processes(model, self.choice)
        tree = self.whole.tree
        opens = any(
            ((old.transition == 0) != (new.transition == 0)).any() for old, new in zip(self.law, law, strict=True)
        )
        # Over several periods, which futures are one may hang on how likely they are.
        if opens or not self._holds_every_future or tree.n_periods > 1:
            return recompose(self.program, merge(make_market(model, self.choice)))
        likely = np.bincount(self._new, weights=tree.likelihood(law), minlength=self.market.tree.n_nodes)
        return recompose(self.program, weighed(self.market, model, likely.astype(float)))

    def _moved(self, model: Model) -> Program:
        """Changed numbers; over the same futures where the law is the same."""
        tree = self.whole.tree if self._same_law(model) else None
        return recompose(self.program, merge(make_market(model, self.choice, tree)))

    def _same_law(self, model: Model) -> bool:
        return all(
            np.array_equal(old.transition, new.transition)
            for old, new in zip(self.law, processes(model, self.choice), strict=True)
        )

    @cached_property
    def _holds_every_future(self) -> bool:
        tree = self.whole.tree
        return bool(np.allclose(tree.conditional, tree.likelihood(self.law), rtol=0, atol=1e-12))

    @cached_property
    def _new(self) -> NDArray[np.int64]:
        """Where each node of the whole tree went when futures were merged."""
        merged_from = self.market.merged_from
        return np.arange(self.whole.tree.n_nodes) if merged_from is None else merged_from
