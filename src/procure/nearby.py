"""One programme level near the numbers it was compiled at: what single numbers of the facts move, and nothing else.

A rate or a chance moves the probabilities of futures; an offer, a price or a depth moves what is read from it. Both leave the
futures and their merging as they are, or else `Nearby.program` says None and the level has to be composed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from procure.lp.highs import LinearProgram
from procure.lp.moves import Moves
from procure.market import Builder, Datum, Market, idle_offers, most_of
from procure.scenarios.chain import Process
from procure.solving import Program, risk_of
from procure.world import Records, Row

Array = NDArray[np.float64]


class Nearby:
    """Programs near one of a level.

    Parameters
    ----------
    builder, whole : Builder, Market
        The level's numbers before futures were merged, and what worked them out.
    program : Program
        Of the merged market.
    law : list of Process
        As compiled.
    """

    def __init__(self, builder: Builder, whole: Market, program: Program, law: list[Process]) -> None:
        market, composition = program.market, program.composition
        self._builder, self._whole, self._market, self._law = builder, whole, market, law
        self._plan_at, self._period_at = composition.plan.data_index, composition.period.data_index
        self._idle = idle_offers(whole)
        merged_from = market.merged_from
        self._new = np.arange(whole.tree.n_nodes) if merged_from is None else merged_from
        self._first = np.unique(self._new, return_index=True)[1]
        self._last_rows: list[tuple[str, Row]] = []
        self._codes: dict[tuple[str, tuple[str, ...]], NDArray[np.int64]] = {}
        self._others: dict[frozenset[str], Array] = {}
        choice = {c.name: c.bound for c in market.model.settings.limits}
        self._limits = [
            (key, limit, choice[limit.name], bound.nodes)
            for key, bound in market.bounds.items()
            for limit in market.sets.limits
            if limit.name == key[0]
        ]
        self.moves = Moves(
            composition, program.composed, market.plan_data(composition.plan), market.period_data(composition.period),
            market.probability, market.discount, risk_of(market.model), market.bounds,
        )  # fmt: skip

    def program(self, law: list[Process], records: Records, rows: list[tuple[str, Row]]) -> LinearProgram | None:
        """The program under another law and other `records`, which differ in these rows; None where more than numbers moves."""
        probability = self._probability(law)
        if probability is None:
            return None
        # What the last rows moved is theirs no longer.
        affected, self._last_rows = [*self._last_rows, *rows], rows
        numbers = self._builder.moved(records, affected) if affected else ({}, {})
        if numbers is None:
            return None
        plan, period = self._plan(numbers[0]), self._period(numbers[1])
        if plan is None or period is None:
            return None
        demand = self._market.period["demand"]
        moved = {index: values for (name, index), values in period.items() if name == "demand"}
        most = {
            key: most_of(limit, bound, nodes, probability, {**demand, **moved} if moved else demand)
            for key, limit, bound, nodes in self._limits
        }
        return self.moves.program(
            {self._plan_at[datum]: value for datum, value in plan.items()},
            {self._period_at[datum]: values for datum, values in period.items()},
            probability,
            most,
        )

    def _plan(self, numbers: Mapping[Datum, float]) -> dict[Datum, float] | None:
        """The numbers of the plan that moved; None where an offer of nothing became one of something."""
        old = self._whole.plan
        moved = {(name, index): value for (name, index), value in numbers.items() if old[name][index] != value}
        if any(name == "offered" and index[:2] in self._idle for name, index in moved):
            return None
        return moved

    def _period(self, numbers: Mapping[Datum, Array]) -> dict[Datum, Array] | None:
        """The numbers of the periods that moved, over the merged futures; None where futures that were one no longer are."""
        moved: dict[Datum, Array] = {}
        for (name, index), values in numbers.items():
            if np.array_equal(self._whole.period[name][index], values):
                continue
            merged = values[self._first]
            if not np.array_equal(merged[self._new], values):
                return None
            for element, same in self._market.shape.same.items():
                if element in index and not np.array_equal(merged[same], merged):
                    return None
            moved[name, index] = merged
        return moved

    # --- the law

    def _probability(self, law: list[Process]) -> Array | None:
        """Of every node under another law; None where it opens or closes futures, or makes another tree."""
        moved = [(old, new) for old, new in zip(self._law, law, strict=True) if old is not new]
        if not moved:
            return self._market.probability
        # Over several periods a tree is drawn, and which futures are one may hang on how likely they are.
        if self._whole.tree.n_periods > 1 or not self._holds_every_future:
            return None
        if any(((old.transition == 0) != (new.transition == 0)).any() for old, new in moved):
            return None
        likely = self._chance_of_all_but(frozenset(new.name for _, new in moved)).copy()
        for _, new in moved:
            likely *= self._chance(new)
        return np.bincount(self._new, weights=likely, minlength=len(self._first)).astype(float)

    @cached_property
    def _holds_every_future(self) -> bool:
        tree = self._whole.tree
        return bool(np.allclose(tree.conditional, tree.likelihood(self._law), rtol=0, atol=1e-12))

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
