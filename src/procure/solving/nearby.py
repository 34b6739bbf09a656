"""Programs near one: the numbers that a change of the facts moves, found and put where they stand.

A rate or a chance moves the probabilities of futures; an offer, a price or a depth moves what is read from it. Both leave the
futures and their merging as they are, or else the program has to be composed anew, and `Refusal` says why.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from procure.facts import Place
from procure.facts.records import Records
from procure.lp.moves import Moves
from procure.lp.program import LinearProgram
from procure.market import Datum, MadeAnew, TrackedMarket, bound_of, idle_offers, make_market, merged_like
from procure.model import Model
from procure.program.program import Program, holds_tail, read_by_element, risk_of
from procure.scenarios.process import Process, same_futures
from procure.scenarios.tree import Tree
from procure.scenarios.weigh import likelihood
from procure.scenarios.world import Programmes
from procure.units import Array


class Refusal(enum.Enum):
    """Why a program cannot be moved in place, and has to be composed anew."""

    MORE_THAN_NUMBERS = "more than single numbers of the facts changes"
    CELLS = "a large program is solved cell by cell"
    TAIL_LIMIT = "a limit on a tail has rows that probabilities enter"
    ORDERS_FIRST = "orders are placed before demand is seen"
    DRAWN_TREE = "the tree was drawn from the law that moved"
    TAIL_UNWATCHED = "the leaves under watch are less likely than the tail now"
    OTHER_FUTURES = "futures become possible or impossible"
    NEW_OFFER = "an offer of nothing became one of something"
    FUTURES_PART = "futures that were one for the model are not any more"
    SETS_MOVE = "more than numbers moves"
    WHOLE_NUMBER = "a whole number of the plan, or a link to it, would move"


class Nearby:
    """Programs near one of a level.

    Parameters
    ----------
    tracked : TrackedMarket
        The level's numbers before futures were merged.
    program : Program
        Of the merged market.
    law : list of Process
        As compiled.
    """

    def __init__(self, tracked: TrackedMarket, program: Program, law: list[Process]) -> None:
        market, composition, whole = program.market, program.composition, tracked.market
        self.program_at_first = program
        self._tracked, self._whole, self._market, self._law = tracked, whole, market, law
        self._plan_at, self._period_at = composition.plan.data_index, composition.period.data_index
        self._idle = idle_offers(whole)
        # Of each datum, which nodes are one for the elements that read it.
        self._together: dict[Datum, list[NDArray[np.int64]]] = {}
        for element, same in market.shape.same.items():
            for datum in read_by_element(market.sets)[element]:
                self._together.setdefault(datum, []).append(same)
        merged_from = market.merged_from
        self._new = np.arange(whole.tree.n_nodes) if merged_from is None else merged_from
        self._first = np.unique(self._new, return_index=True)[1]
        self._last_moved: list[Place] = []
        self._codes: dict[tuple[str, tuple[str, ...]], NDArray[np.int64]] = {}
        self._others: dict[frozenset[str], Array] = {}
        self._limits = [
            (key, limit, bound.nodes)
            for key, bound in market.bounds.items()
            for limit in market.sets.limits
            if limit.name == key[0]
        ]
        self.moves = Moves(
            composition, program.composed, market.plan_data(composition.plan), market.period_data(composition.period),
            market.probability, market.discount, risk_of(market.model), market.bounds,
        )  # fmt: skip

    @staticmethod
    def refusal(program: Program) -> Refusal | None:
        """Why no program of this kind can be moved in place; None where it can."""
        if program.composition.shape.information is not None:
            return Refusal.ORDERS_FIRST
        return None if Moves.can_follow(program.composition) else Refusal.TAIL_LIMIT

    def program(self, law: list[Process], records: Records, places: list[Place]) -> LinearProgram | Refusal:
        """The program under another law and other `records`, which differ in these numbers; or why it has to be composed anew."""
        likely = self._likely(law)
        if isinstance(likely, Refusal):
            return likely
        probability = self._market.probability if likely is None else self._merged(likely)
        if likely is not None and not holds_tail(self._market, self.program_at_first.composition.watched, probability):
            return Refusal.TAIL_UNWATCHED
        # What was moved last is where it was.
        affected, self._last_moved = [*self._last_moved, *places], places
        numbers = self._tracked.moved(records, affected)
        if isinstance(numbers, MadeAnew):
            return Refusal.SETS_MOVE
        plan, period = self._plan(numbers.plan), self._period(numbers.period)
        if isinstance(plan, Refusal):
            return plan
        if isinstance(period, Refusal):
            return period
        here = dict(self._market.period)
        for (name, index), values in period.items():
            here[name] = {**here[name], index: values}
        bounds = {
            key: bound_of(self._market.model, limit, nodes, probability, here) for key, limit, nodes in self._limits
        }
        moved_in_place = self.moves.program(
            {self._plan_at[datum]: value for datum, value in plan.items()},
            {self._period_at[datum]: values for datum, values in period.items()},
            probability,
            bounds,
        )
        return Refusal.WHOLE_NUMBER if moved_in_place is None else moved_in_place

    def program_of(self, model: Model, choice: Programmes, law: list[Process], lp: LinearProgram) -> Program:
        """The whole program of `lp`, which `program` made for `model`: its market, over the futures as merged here."""
        likely = self._likely(law)
        assert not isinstance(likely, Refusal), "it has been moved in place before"
        tree = self._whole.tree
        if likely is not None:
            tree = Tree(tree.period, tree.parent, likely, tree.processes, tree.states, tree.state)
        market = merged_like(make_market(model, choice, tree), self._market)
        first = self.program_at_first
        return replace(first, market=market, composed=replace(first.composed, lp=lp))

    def _merged(self, likely: Array) -> Array:
        return np.bincount(self._new, weights=likely, minlength=len(self._first)).astype(float)

    def _plan(self, numbers: Mapping[Datum, float]) -> dict[Datum, float] | Refusal:
        """The numbers of the plan that moved."""
        old = self._whole.plan
        moved = {(name, index): value for (name, index), value in numbers.items() if old[name][index] != value}
        if any(name == "offered" and index[:2] in self._idle for name, index in moved):
            return Refusal.NEW_OFFER
        return moved

    def _period(self, numbers: Mapping[Datum, Array]) -> dict[Datum, Array] | Refusal:
        """The numbers of the periods that moved, over the merged futures."""
        moved: dict[Datum, Array] = {}
        for (name, index), values in numbers.items():
            if np.array_equal(self._whole.period[name][index], values):
                continue
            merged = values[self._first]
            if not np.array_equal(merged[self._new], values):
                return Refusal.FUTURES_PART
            if any(not np.array_equal(merged[same], merged) for same in self._together.get((name, index), ())):
                return Refusal.FUTURES_PART
            moved[name, index] = merged
        return moved

    # --- the law

    def _likely(self, law: list[Process]) -> Array | Refusal | None:
        """Of every future before merging, under another law; None where no process moved."""
        if not same_futures(self._law, law):
            return Refusal.OTHER_FUTURES
        moved = [(old, new) for old, new in zip(self._law, law, strict=True) if old is not new]
        if not moved:
            return None
        # Over several periods a tree is drawn, and which futures are one may hang on how likely they are.
        if self._whole.tree.n_periods > 1 or not self._holds_every_future:
            return Refusal.DRAWN_TREE
        likely = self._chance_of_all_but(frozenset(new.name for _, new in moved)).copy()
        for _, new in moved:
            likely *= self._chance(new)
        return likely

    @cached_property
    def _holds_every_future(self) -> bool:
        tree = self._whole.tree
        return bool(np.allclose(tree.conditional, likelihood(tree, self._law), rtol=0, atol=1e-12))

    def _chance_of_all_but(self, names: frozenset[str]) -> Array:
        """Of every future of the whole tree, under the law as compiled, these processes left out."""
        if names not in self._others:
            self._others[names] = _product(
                len(self._new), (self._chance(process) for process in self._law if process.name not in names)
            )
        return self._others[names]

    def _chance(self, process: Process) -> Array:
        """Probability of a process's state in every future of one period, given the states that steer it."""
        drivers = tuple(
            self._code(name, states) for name, states in zip(process.drivers, process.driver_states, strict=True)
        )
        today = process.states.index(process.start)
        chance: Array = process.transition[(0, *drivers, today, self._code(process.name, process.states))]
        return chance

    def _code(self, name: str, states: tuple[str, ...]) -> NDArray[np.int64]:
        """The state of a process in every future, counted as the process counts."""
        if (name, states) not in self._codes:
            tree = self._whole.tree
            column = tree.processes.index(name)
            place = np.array([states.index(state) for state in tree.states[column]])
            self._codes[name, states] = place[tree.state[:, column]]
        return self._codes[name, states]


def _product(count: int, factors: Iterable[Array]) -> Array:
    product = np.ones(count)
    for factor in factors:
        product *= factor
    return product
