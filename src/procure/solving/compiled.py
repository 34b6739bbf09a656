"""A model solved, once or again and again: numbers move in place, the last basis is kept.

A programme level changes the law of the world, so each level is solved exactly, and the cheapest at the model's own
weighing of mean and tail is the answer; the others stay in the portfolio for comparison.

How far a change reaches (`reach`) says what is kept: numbers are followed to the few entries of the program that they enter
(`follow`); what reaches further, or cannot be followed for a `Reason`, is composed anew, over the same positions where they
fit. Either way the program goes to the same `program.optimum`, and the answer is that of a fresh solve.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from procure.errors import Infeasible
from procure.languages import Said
from procure.lp.cores import cores
from procure.lp.program import Status
from procure.market import check_read, numbers_read, unread_of
from procure.model import Model, ModelOrName, as_model
from procure.program.engine import MANY_ROWS
from procure.program.infeasibility import explain
from procure.program.optimum import Optimum, refuse
from procure.program.program import Program
from procure.scenarios.world import programme_choices
from procure.solving.abreast import abreast
from procure.solving.answer import Answer
from procure.solving.level import Level, Waiting
from procure.solving.reach import Change, Reaches
from procure.solving.relay import Relay
from procure.units import KUSD_PER_MUSD
from procure.words import Progress

#: A level that is dearer by no more than this part of the cost is solved to its end, too: it may be a tie.
NEAR = 1e-5


class Compiled:
    """A model ready to be solved again and again; made by `procure.compile`. In several threads one call waits for another.

    Attributes
    ----------
    model : Model
        As compiled.
    reaches : Reaches
        How far each dotted path reaches: which of them are followed in place.
    read : set of Place
        The numbers of the facts that it was made from.

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
        self._turn = threading.RLock()  # numbers move in place, and HiGHS has one program loaded: one call at a time
        self._options = dict(options or {})
        self._n_cores = cores() if n_cores is None else n_cores
        self._levels = levels = self._levels_of(model)
        self._best = levels[0].name  # of the last solve
        of_law = frozenset().union(*(level.of_law for level in levels))
        inventory = frozenset().union(*(level.inventory for level in levels))
        self.read = frozenset().union(*(level.read for level in levels))
        check_read(model, model.numbers_set, self.read)
        self._paths_read: set[str] = set()  # those that were asked for, and are read
        self.reaches = Reaches(model, of_law, inventory)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the programme levels, as in an answer."""
        return tuple(level.name for level in self._levels)

    def _levels_of(self, model: Model) -> list[Level]:
        return [Level(model, choice, self._options, self._is_solved_once) for choice in programme_choices(model)]

    def solve(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        only: Collection[str] = (),
        explains: bool = True,
        all_levels: bool = True,
        progress: Progress | None = None,
    ) -> Answer:
        """The least-cost answer with some dotted paths changed.

        Parameters
        ----------
        changes : mapping, optional
            Value by path, as for `Model.with_`: numbers in the unit of the model, or text that says its unit. Each call
            starts from the model as compiled, not from the last changes.
        only : collection of str
            Programme levels to choose from, by their names in an answer; all, unless some are named. The futures are those of all.
        explains : bool
            Whether `Infeasible` says which limits conflict and what would mend it: seconds of a large model.
        all_levels : bool
            Whether the cost of every programme level is wanted. Without, a level of a large model is left as soon as it is proved
            dearer than another: the answer is the same, in a fraction of the time, and `Answer.bounds` says what was proved.
        progress : callable, optional
            Called with (done, total, what) as programme levels are solved.

        Returns
        -------
        Answer
            Costs at once; `Answer.portfolio` when it is asked for.

        Raises
        ------
        DataError, Infeasible, SolverError
            As `procure.solve`.

        >>> from procure import load_model
        >>> compiled = compile(load_model("two-class"))
        >>> answer = compiled.solve({"suppliers.lynas.offers.medium_heavy.2027": 700.0})
        >>> print(f"{answer.objective:,.0f} million USD, {len(answer.made_anew)} levels made anew")
        6,468 million USD, 0 levels made anew
        >>> compiled.solve({"model.discount_rate": 0.05}).made_anew["no programmes"].value
        'a choice changes that is no number of the program'
        """
        with self._turn:
            return self._solve(dict(changes or {}), only, explains, all_levels, progress)

    def _solve(
        self,
        changes: dict[str, Any],
        only: Collection[str],
        explains: bool,
        all_levels: bool,
        progress: Progress | None,
    ) -> Answer:
        """As `solve`, of one call at a time."""
        started = time.perf_counter()
        change = self.reaches.change(changes)
        # Pyomo never runs in a thread: every program is made here, and only what is left, mostly HiGHS, runs side by side.
        waiting = [each for each in self._waiting(change) if not only or each.level.name in only]
        levels = [each.level for each in waiting]
        if change.is_structure:
            read = frozenset().union(*(level.read for level in waiting))
            check_read(change.model, change.model.numbers_set, read)
        elif unknown := change.paths.keys() - self._paths_read:
            unread = unread_of(self.model, filter(self.model.is_number_of_facts, unknown), self.read)
            if unread:
                check_read(change.model, change.numbers(), numbers_read(change.model))
            self._paths_read |= unknown - unread.keys()
        ends: dict[str, Optimum] = {}
        # Where only the cheapest is wanted, the one that was it last comes first.
        relay = Relay(waiting if all_levels else sorted(waiting, key=lambda each: each.level.name != self._best))
        # Where one fails the others are over, too, before another call moves their numbers.
        with closing(self._each(relay) if all_levels else self._cheapest(relay)) as optima:
            for level in [each.level for each in relay.order]:
                if progress is not None:
                    progress(len(ends), len(levels), level.name)
                ends[level.name] = end = next(optima)
                if self._is_solved_once:
                    level.engine.unload()
                refuse(end.solution)
        if progress is not None:
            progress(len(levels), len(levels), "")
        ended = [ends[level.name] for level in levels]
        costs = {
            level.name: end.solution.objective / KUSD_PER_MUSD if end.solution.status is Status.OPTIMAL else math.inf
            for level, end in zip(levels, ended, strict=True)
            if end.solution.status is not Status.BOUND_REACHED
        }
        best = min(levels, key=lambda level: costs.get(level.name, math.inf))
        if costs.get(best.name, math.inf) == math.inf:
            if not explains:
                raise Infeasible(
                    [Said("the limits of the model: which of them was not asked", "モデルの制約: どれかは調べていない")]
                )
            raise explain([end.program for end in ended], time.perf_counter() + levels[0].time_limit)
        self._best = best.name
        return Answer(
            objective=costs[best.name],
            programmes=dict(best.programmes),
            levels=costs,
            made_anew={each.level.name: each.made_anew for each in waiting if each.made_anew is not None},
            seconds=time.perf_counter() - started,
            seconds_in_solver=sum(end.seconds for end in ended),
            resolved_cold=sum(end.solution.resolved_cold for end in ended),
            _ended={level.name: ends[level.name] for level in levels},
            _time_limit=levels[0].time_limit,
        )

    def programs(self, changes: Mapping[str, Any]) -> list[Program]:
        """The program of every level with some dotted paths changed, as `solve` would solve it first."""
        with self._turn:
            return [each.posed.made() for each in self._waiting(self.reaches.change(dict(changes)))]

    def _waiting(self, change: Change) -> list[Waiting]:
        """Every programme level at changed numbers."""
        if change.is_structure and programme_choices(change.model) != [level.programmes for level in self._levels]:
            return [Waiting(level, level.program, change.reason, level.read) for level in self._levels_of(change.model)]
        # Drawn futures are shared: where the law of one level moves too far for them, all get others.
        is_weighed = not change.is_structure and any(level.is_weighed(change) for level in self._levels)
        return [level.waiting(change, is_weighed) for level in self._levels]

    def _each(self, relay: Relay) -> Generator[Optimum]:
        """The optimum of each, in order; side by side where it pays."""
        tasks = [partial(relay.solved, each, Waiting.solve) for each in relay.order]
        return abreast(tasks, self._n_abreast(relay.order))

    def _cheapest(self, relay: Relay) -> Generator[Optimum]:
        """The optimum of the first, and of each other, in order, its own or the proof that it is dearer than one before."""
        first, *others = relay.order
        least = math.inf

        def solved(each: Waiting) -> Optimum:
            nonlocal least
            end = each.solve(left_from(least))
            if end.solution.status is Status.OPTIMAL:
                least = min(least, end.solution.objective)
            return end

        yield relay.solved(first, solved)
        yield from abreast([partial(relay.solved, each, solved) for each in others], self._n_abreast(others))

    def _n_abreast(self, waiting: Sequence[Waiting]) -> int:
        """How many levels are solved side by side."""
        # A program solved cell by cell keeps all cores busy by itself, and a small one is done before a thread has started.
        is_alone = any(each.posed.is_large or each.posed.lp.matrix.shape[0] < MANY_ROWS for each in waiting)
        return 1 if is_alone else self._n_cores


def left_from(least: float) -> float:
    """The cost from which on a level is left, in the unit of the least so far: `NEAR` above that, where it is below nothing, too.

    >>> left_from(1e5), left_from(-1e5), left_from(math.inf)
    (100001.0, -99999.0, inf)
    """
    return least + NEAR * abs(least)


def compile(model: ModelOrName, *, options: Mapping[str, Any] | None = None) -> Compiled:
    """A model compiled once, to be solved many times.

    Parameters
    ----------
    model : Model, str or Path
        From `load_model`.
    options : mapping, optional
        HiGHS options by their own names, for example ``{"time_limit": 60.0}``: seconds per programme level and solve.

    Returns
    -------
    Compiled
        `Compiled.solve` solves it, as it is or with numbers and choices changed; a change of numbers takes a fraction of the
        first solve.

    Raises
    ------
    DataError
        Where facts are missing that the model needs, or numbers were set that it does not read.

    >>> from procure import load_model
    >>> compiled = compile(load_model("two-class"))
    >>> [round(compiled.solve({"risk.weight": weight}).objective) for weight in (0.0, 0.25, 0.5)]
    [6948, 9222, 11495]
    """
    model = as_model(model)
    return Compiled(model, options=options)
