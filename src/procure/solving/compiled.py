"""A model solved, once or again and again: numbers move in place, the last basis is kept.

A programme level changes the law of the world, so each level is solved exactly, and the cheapest at the model's own
weighing of mean and tail is the answer; the others stay in the portfolio for comparison.

A change of single numbers of the facts is followed to the few entries of the program that it enters (`nearby`); any other, or one
that makes other futures, is composed anew, over the same positions where they fit. Either way the program goes to the same
`solving.optimum`, and the answer is that of a fresh solve.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from procure.errors import DataError
from procure.facts import Place
from procure.facts.records import Records
from procure.facts.schema import Bounds
from procure.lp import highs_threads
from procure.lp.cores import cores
from procure.lp.program import LinearProgram, Status
from procure.market import FOLLOWED, TrackedMarket, check_read, make_market, merge
from procure.model import Model
from procure.program.optimum import MANY_ROWS, Engine, Optimum, optimum, refuse, solved
from procure.program.program import Missed, Program, compose, coupled, is_large, under_limits
from procure.scenarios.process import Process
from procure.scenarios.world import (
    Programmes,
    holds_every_future,
    make_tree,
    numbers_of_law,
    processes,
    programme_choices,
)
from procure.solving.nearby import Nearby, Refusal
from procure.units import KUSD_PER_MUSD
from procure.words import programme_name

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio
    from procure.program.infeasibility import Rejection


#: Called with (done, total, what) as the work goes on.
Progress = Callable[[int, int, str], None]

#: Tables whose numbers only weigh futures, and do not say what happens in them.
LAW = ("transitions", "shocks", "correlations", "projects", "retaliations")

#: In a program of so few cells (an element at a node) the tail has a row for every leaf: looking afterwards whether it reaches
#: further would take longer.
FEW_CELLS = 4_000


@dataclass(frozen=True)
class Answer:
    """The result of one solve; the whole `portfolio` is worked out when it is asked for, from the solution found.

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
    resolved_cold : int
        Answers of HiGHS that did not hold when they were checked, and were solved again.
    """

    objective: float
    programmes: Programmes
    levels: Mapping[str, float]
    seconds: float
    seconds_in_solver: float
    resolved_cold: int
    _found: Sequence[Optimum]
    _time_limit: float

    @cached_property
    def portfolio(self) -> Portfolio:
        """The whole answer, as `procure.solve` gives it."""
        return self.make_portfolio()

    def make_portfolio(self, foresight: bool = True) -> Portfolio:
        """The whole answer; without `foresight` what knowing the future would be worth is left out."""
        from procure.portfolio.portfolio import make_portfolio
        from procure.program.infeasibility import reject

        started = time.perf_counter()
        optimal = [solved(found) for found in self._found if found.solution.status is Status.OPTIMAL]
        out = [found.program for found in self._found if found.solution.status is not Status.OPTIMAL]
        best = min(optimal, key=lambda level: level.objective)
        rejected = reject(out, started + self._time_limit)
        costs = _repaired(
            best.market.model, [rejection for rejection in rejected if rejection.changes], self._time_limit
        )
        return make_portfolio(
            best, optimal, [replace(one, objective=costs.get(id(one), math.nan)) for one in rejected],
            seconds=self.seconds + time.perf_counter() - started, foresight=foresight,
            deadline=time.perf_counter() + self._time_limit,
        )  # fmt: skip


def _repaired(model: Model, rejected: Sequence[Rejection], time_limit: float) -> dict[int, float]:
    """What each rejected level would cost with its cheapest repair, kUSD; those not solved in time are left out."""
    programs = [
        compose(merge(make_market(changed, one.programmes, make_tree(changed, one.programmes))))
        for one in rejected
        for changed in [model.changed(one.changes)]
    ]
    with ThreadPoolExecutor(max_workers=max(1, min(cores(), len(programs)))) as pool:
        ends = pool.map(lambda program: optimum(program, None, time.perf_counter() + time_limit).solution, programs)
        return {id(one): end.objective for one, end in zip(rejected, ends, strict=True) if end.status is Status.OPTIMAL}


class Change:
    """Some dotted paths at other values: as numbers of the facts where they move alone, and as a changed model.

    `values` are the numbers by their place, None where more than single numbers changes.
    """

    def __init__(self, base: Model, paths: Mapping[str, Any], values: Mapping[Place, float] | None, records: Records):
        self._base, self.paths = base, paths
        self.is_none = not paths
        self.moves_numbers_only = values is not None
        self.records = records.moved(values) if values else records
        self.places = list(values or ())
        self._laws: dict[str, list[Process]] = {}

    @cached_property
    def model(self) -> Model:
        """The changed model; `DataError` where a path or a value is wrong."""
        return self._base.changed(self.paths) if self.paths else self._base

    @cached_property
    def moves_law(self) -> bool:
        """Whether a number of the law is among them."""
        return any(place.table in LAW or place.table == "programmes" for place in self.places)

    def law_of(self, level: _Level) -> list[Process]:
        """The processes under a programme level, at the changed numbers; the level's own where no number of the law moves."""
        if not self.moves_law:
            return level.law
        if level.name not in self._laws:
            self._laws[level.name] = processes(self._base, level.choice, self.records)
        return self._laws[level.name]


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

    def __init__(
        self,
        model: Model,
        *,
        options: Mapping[str, Any] | None = None,
        n_cores: int | None = None,
        is_solved_once: bool = False,
    ) -> None:
        self.model = model
        self._is_solved_once = is_solved_once
        self._options = dict(options or {})
        self._n_cores = cores() if n_cores is None else n_cores
        self._records = Records(model.facts)
        self._places: dict[str, tuple[Place, Bounds] | None] = {}
        self._levels = self._levels_of(model)
        self._read = set().union(*(level.read for level in self._levels))
        check_read(model, model.numbers_set, self._read)

    def _levels_of(self, model: Model) -> list[_Level]:
        return [_Level(model, choice, self._options) for choice in programme_choices(model)]

    def solve(self, changes: Mapping[str, Any] | None = None, *, progress: Progress | None = None) -> Answer:
        """Solve with these dotted paths changed; each call starts from the model as compiled, not from the last changes.

        Numbers are in the unit of the model, or text that says its unit, as for `Model.with_`.

        Raises `DataError`, `Infeasible` and `SolverError` as `procure.solve` does.
        """
        started = time.perf_counter()
        change = self._change(dict(changes or {}))
        levels = self._levels
        if not change.moves_numbers_only and programme_choices(change.model) != [level.choice for level in levels]:
            levels = self._levels_of(change.model)
        # Pyomo never runs in a thread: every program is made here, and only what is left, mostly HiGHS, runs side by side.
        # A drawn tree is shared: where the law of one level moves, all get another.
        redrawn = change.moves_numbers_only and change.moves_law and any(level.is_redrawn(change) for level in levels)
        waiting = [level.prepared(change, redrawn) for level in levels]
        if change.moves_numbers_only:
            check_read(self.model, change.paths, self._read)
        else:
            check_read(change.model, change.model.numbers_set, set().union(*(level.read_last for level in levels)))
        found: list[Optimum] = []
        optima = self._each(waiting)
        for level in levels:
            if progress is not None:
                progress(len(found), len(levels), level.name)
            found.append(next(optima))
            if self._is_solved_once:
                level.engine.unload()
            refuse(found[-1].solution)
        if progress is not None:
            progress(len(levels), len(levels), "")
        costs = {
            level.name: end.solution.objective / KUSD_PER_MUSD if end.solution.status is Status.OPTIMAL else math.inf
            for level, end in zip(levels, found, strict=True)
        }
        best = min(levels, key=lambda level: costs[level.name])
        if costs[best.name] == math.inf:
            from procure.program.infeasibility import explain

            raise explain([end.program for end in found], time.perf_counter() + levels[0].time_limit)
        return Answer(
            objective=costs[best.name],
            programmes=dict(best.choice),
            levels=costs,
            seconds=time.perf_counter() - started,
            seconds_in_solver=sum(end.seconds for end in found),
            resolved_cold=sum(end.solution.resolved_cold for end in found),
            _found=found,
            _time_limit=levels[0].time_limit,
        )

    def _each(self, waiting: Sequence[_Prepared]) -> Iterator[Optimum]:
        """The optimum of each, in order; side by side where it pays."""
        abreast = min(self._n_cores, len(waiting))
        # A program solved cell by cell keeps all cores busy by itself, and a small one is done before a thread has started.
        if abreast < 2 or any(one.is_large or one.n_rows < MANY_ROWS for one in waiting):
            yield from (one.run() for one in waiting)
            return
        pool = ThreadPoolExecutor(max_workers=abreast)
        try:
            yield from (future.result() for future in [pool.submit(one.run) for one in waiting])
        except KeyboardInterrupt:  # heard here only, and not where the other levels are solved
            pool.shutdown(wait=False, cancel_futures=True)
            highs_threads.stop()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _change(self, paths: Mapping[str, Any]) -> Change:
        """The changes, as numbers of the facts where each is one that moves alone and may have its value."""
        values: dict[Place, float] = {}
        for path, value in paths.items():
            if path not in self._places:
                self._places[path] = self._place(path)
            found = self._places[path]
            if found is None or type(value) not in (int, float, np.float64):
                return Change(self.model, paths, None, self._records)
            place, bounds = found
            if not (bounds.minimum <= value <= bounds.maximum and math.isfinite(value)):
                return Change(self.model, paths, None, self._records)
            values[place] = float(value)
        return Change(self.model, paths, values, self._records)

    def _place(self, path: str) -> tuple[Place, Bounds] | None:
        try:
            table = self.model.table_of(path)
        except DataError:
            return None
        return self.model.facts.alone(path) if table in FOLLOWED or table in LAW else None


def compile(model: Model, *, options: Mapping[str, Any] | None = None) -> Compiled:
    """A model compiled once, to be solved many times.

    Parameters
    ----------
    model : Model
        From `load_model`.
    options : mapping, optional
        HiGHS options by their own names, for example ``{"time_limit": 60.0}``: seconds per programme level and solve.
    """
    return Compiled(model, options=options)


def solve(
    model: Model,
    *,
    options: Mapping[str, Any] | None = None,
    foresight: bool = True,
    progress: Progress | None = None,
) -> Portfolio:
    """The least-cost portfolio of a model.

    Parameters
    ----------
    model : Model
        From `load_model`.
    options : mapping, optional
        HiGHS options by their own names, for example ``{"time_limit": 60.0}``: seconds per programme level, and again for what
        explains it or for `foresight`.
    foresight : bool
        Whether to work out, too, what every path would cost whoever had known it from the start: most of the time of a large
        model. Without it `unavoidable_loss`, `wait_and_see` and `value_of_foresight` are NaN.
    progress : callable, optional
        Called with (done, total, what) as programme levels are solved.

    Returns
    -------
    Portfolio
        Of the programme level with the least weighed cost; all levels are in `Portfolio.programme_levels`.

    Raises
    ------
    DataError, Infeasible, SolverError

    >>> from procure import load_model
    >>> portfolio = solve(load_model("two-class"))
    >>> portfolio.status
    'optimal'
    """
    return Compiled(model, options=options, is_solved_once=True).solve(progress=progress).make_portfolio(foresight)


@dataclass(frozen=True)
class _Prepared:
    """A level at changed numbers, about to be solved."""

    run: Callable[[], Optimum]
    n_rows: int
    is_large: bool


class _Level:
    """One programme level of a model: its market, its program, and the solver that has it loaded."""

    def __init__(self, model: Model, choice: Programmes, options: Mapping[str, Any]) -> None:
        self.choice = dict(choice)
        self.name = programme_name(choice)
        self.engine, self.time_limit = Engine.of(options)
        self._base = model
        self._whole = TrackedMarket(model, choice, make_tree(model, choice))
        market = merge(self._whole.market)
        is_small = len(market.probability) * len(market.sets.elements) <= FEW_CELLS
        self.program = compose(market, np.arange(len(market.shape.leaves)) if is_small else None)
        self.law = processes(model, choice)
        self._is_drawn = not holds_every_future(model, choice)
        self.read = self.read_last = self._whole.read | numbers_of_law(model, choice)
        self._near: Nearby | None = None

    def is_redrawn(self, change: Change) -> bool:
        """Whether the level's law moves, and its tree was drawn from it."""
        moves = any(old is not new for old, new in zip(self.law, change.law_of(self), strict=False))
        return moves and self._is_drawn

    def prepared(self, change: Change, redrawn: bool = False) -> _Prepared:
        """The level at changed numbers: as it is, moved in place where it can be, else composed anew.

        `redrawn` says that the tree it shares with other levels is another one then.
        """
        if change.is_none:
            n_rows, large = self.program.composed.lp.matrix.shape[0], is_large(self.program.market)
            return _Prepared(self._solve_as_compiled, n_rows, large)
        lp = Refusal.DRAWN_TREE if redrawn else self._in_place(change)
        if not isinstance(lp, Refusal):
            return _Prepared(partial(self._solve_in_place, change, lp), lp.matrix.shape[0], False)
        program = self._anew(change)
        large = is_large(program.market)
        return _Prepared(partial(self._solve_anew, program), program.composed.lp.matrix.shape[0], large)

    def _deadline(self) -> float:
        return time.perf_counter() + self.time_limit

    def _anew(self, change: Change) -> Program:
        """The program of the changed model, over the positions of the level's own where they fit."""
        model, mine = change.model, self.program
        whole = TrackedMarket(model, self.choice, make_tree(model, self.choice))
        market = merge(whole.market)
        self.read_last = whole.read | numbers_of_law(model, self.choice)
        fits = np.array_equal(market.shape.parent, mine.market.shape.parent)
        watched = mine.composition.watched if fits else None
        return compose(market, watched, mine.apart if fits else (), like=mine)

    def _solve_anew(self, program: Program) -> Optimum:
        return optimum(program, self.engine, self._deadline())

    def _solve_as_compiled(self) -> Optimum:
        found = self._solve_anew(self.program)
        self.program = found.program  # what its short cuts got wrong is mended for good
        return found

    def _in_place(self, change: Change) -> LinearProgram | Refusal:
        """The program at the changed numbers, if they leave its futures as they are."""
        if not change.moves_numbers_only:
            return Refusal.MORE_THAN_NUMBERS
        if is_large(self.program.market):
            return Refusal.CELLS
        if (refused := Nearby.refusal(self.program)) is not None:
            return refused
        if self._near is None or self._near.program_at_first is not self.program:
            self._near = Nearby(self._whole, self.program, self.law)
        return self._near.program(change.law_of(self), change.records, change.places)

    def _solve_in_place(self, change: Change, lp: LinearProgram) -> Optimum:
        """The optimum of a program moved in place; where a short cut was wrong, the level's program is mended for good."""
        deadline, seconds, resolved_cold = self._deadline(), 0.0, 0
        while True:
            solution, spent = self.engine.solve(lp, deadline)
            seconds, resolved_cold = seconds + spent, resolved_cold + solution.resolved_cold
            solution = replace(solution, resolved_cold=resolved_cold)
            program, near = self.program, self._near
            assert near is not None
            if solution.status is Status.OPTIMAL:
                beyond = near.moves.overlooked(solution.x)
                watched = np.union1d(program.composition.watched, beyond) if len(beyond) else beyond
                more = Missed(watched, coupled(program, solution.row_dual) if program.together else frozenset())
            elif solution.status is Status.INFEASIBLE:
                more = Missed(program.composition.watched[:0], under_limits(program))
            else:
                more = Missed(program.composition.watched[:0], frozenset())
            if not more:
                return Optimum(
                    solution, seconds, partial(_program_of, near, change, self.choice, change.law_of(self), lp)
                )
            watched = more.watched if len(more.watched) else program.composition.watched
            self.program = compose(program.market, watched, (*program.apart, *more.apart))
            moved = self._in_place(change)
            if isinstance(moved, Refusal):
                return optimum(self._anew(change), self.engine, deadline)
            lp = moved


def _program_of(near: Nearby, change: Change, choice: Programmes, law: list[Process], lp: LinearProgram) -> Program:
    return near.program_of(change.model, choice, law, lp)
