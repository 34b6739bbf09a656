"""A model compiled once and solved many times: numbers move in place, the last basis is kept.

A change reaches as far as it must and no further. A change of the *law* (rates, chances, correlations) moves probabilities
over the same futures; a change of *numbers* (offers, prices, bounds) moves entries of the same program; a change of *shape*
(suppliers, years, the tree) compiles anew. Whatever the way, the answer is that of a fresh solve.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from procure.errors import DataError, SolverError
from procure.lp.highs import Ended, Solution, Solver, Status
from procure.lp.moves import Moves
from procure.market import FOLLOWED, Builder, make_market, merge, programme_choices, weighed
from procure.model import Model
from procure.nearby import Nearby
from procure.schema import Bounds
from procure.solving import (
    Program,
    Solved,
    compose,
    explain_program,
    overlooked,
    recompose,
    solve_market,
    solved_program,
)
from procure.world import Records, Row, make_tree, processes

if TYPE_CHECKING:
    from procure.portfolio import Portfolio

Array = NDArray[np.float64]
Place = tuple[str, int, str]  # a number of the facts: table, position of its row, column

#: Tables whose numbers only weigh futures, and do not say what happens in them.
LAW = ("transitions", "shocks", "correlations", "projects", "retaliations")
#: Choices that move numbers of the same program.
NUMBERS = ("risk.alpha", "risk.weight", "shortage.scale", "model.discount_rate", "demand.case")

#: A tail of so few leaves has a row for each: looking afterwards whether it reaches further would take longer.
ALL_WATCHED = 300


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
    _solved: Callable[[], list[Solved]]

    @cached_property
    def portfolio(self) -> Portfolio:
        """The whole answer, as `procure.solve` gives it."""
        from procure.portfolio import make_portfolio

        solved = self._solved()
        return make_portfolio(min(solved, key=lambda one: one.objective), solved, [], seconds=self.seconds)


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
        self._records = Records(model.facts)
        self._places: dict[str, tuple[Place, Bounds] | None] = {}

    def solve(self, changes: Mapping[str, Any] | None = None) -> Answer:
        """Solve with these dotted paths changed; each call starts from the model as compiled, not from the last changes.

        Raises `DataError`, `Infeasible` and `SolverError` as `procure.solve` does.
        """
        started = time.perf_counter()
        changes = dict(changes or {})
        answer = self._solve_nearby(changes, started)
        if answer is not None:
            return answer
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
            _solved=lambda: solved,
        )

    def _solve_nearby(self, changes: Mapping[str, Any], started: float) -> Answer | None:
        """The answer where only single numbers move, and no level has to be composed anew for them; None otherwise."""
        values = self._single_numbers(changes)
        if values is None:
            return None
        records = self._records.moved(values) if values else self._records
        rows = [(table, self._records.row(table, position)) for table, position, _ in values]
        costs: dict[str, float] = {}
        seconds = 0.0
        for level in self._levels:
            ended = level.solve_nearby(self.model, records, rows)
            if ended is None:
                return None
            seconds += ended.seconds
            costs[level.name] = ended.objective / 1e3 if ended.status is Status.OPTIMAL else math.inf
        best = min(self._levels, key=lambda level: costs[level.name])
        if costs[best.name] == math.inf:
            return None

        def solved() -> list[Solved]:
            model = self.model.changed(changes) if changes else self.model
            optimal = [level for level in self._levels if costs[level.name] < math.inf]
            return [solve_market(merge(make_market(model, level.choice))) for level in optimal]

        return Answer(
            objective=costs[best.name],
            programmes=dict(best.choice),
            levels=costs,
            seconds=time.perf_counter() - started,
            seconds_in_solver=seconds,
            _solved=solved,
        )

    def _single_numbers(self, changes: Mapping[str, Any]) -> dict[Place, float] | None:
        """The changes as numbers of the facts, where each is one that moves alone and may have its value."""
        values: dict[Place, float] = {}
        for path, value in changes.items():
            if path not in self._places:
                self._places[path] = self._place(path)
            found = self._places[path]
            if found is None or type(value) not in (int, float, np.float64):
                return None
            place, bounds = found
            if not (bounds.minimum <= value <= bounds.maximum and math.isfinite(value)):
                return None
            values[place] = float(value)
        return values

    def _place(self, path: str) -> tuple[Place, Bounds] | None:
        try:
            table = self.model.table_of(path)
        except DataError:
            return None
        return self.model.facts.alone(path) if table in FOLLOWED or table in LAW else None

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
        self._builder = Builder(model, choice, make_tree(model, choice))
        self.whole = self._builder.market()
        self.market = merge(self.whole)
        leaves = np.arange(len(self.market.shape.leaves))
        self.program = compose(self.market, leaves if len(leaves) <= ALL_WATCHED else None)
        self.solver = Solver(self.program.composed.lp)
        self.law = processes(model, choice)
        self._near: tuple[Program, Nearby] | None = None

    def solve_nearby(self, model: Model, records: Records, rows: list[tuple[str, Row]]) -> Ended | None:
        """How the program ends at other records, if they leave its futures as they are; None otherwise, or where it fails."""
        if not Moves.can_follow(self.program.composition):
            return None
        if self._near is None or self._near[0] is not self.program:
            self._near = self.program, Nearby(self._builder, self.whole, self.program, self.law)
        near = self._near[1]
        moves_law = any(table in LAW or table == "programmes" for table, _ in rows)
        program = near.program(processes(model, self.choice, records) if moves_law else self.law, records, rows)
        if program is None or not self.solver.move_to(program):
            return None
        ended = self.solver.run()
        if (
            ended.status is Status.OPTIMAL and near.moves.all_watched(self.solver.values)
        ) or ended.status is Status.INFEASIBLE:
            return ended
        return None

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
