"""A program followed to other numbers: what a change of facts, law or weighing moves, found and put where it stands.

An offer, a price or a depth moves what is read from it, a rate or a chance how likely futures are, a bound or a weight the
rows and costs it enters. All of them leave the futures and their merging as they are; where one does not, the program has to be
composed anew, and `Reason` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from procure.facts import Place
from procure.limits import Bound
from procure.lp.in_place import InPlace, Moved
from procure.market import Data, Datum, TrackedMarket, bound_of, idle_offers, stay_one
from procure.program.program import Program
from procure.program.templates import risk_of
from procure.program.together import read_by_element
from procure.program.watched import holds_tail
from procure.reason import Reason
from procure.scenarios.tree import Tree
from procure.solving.reach import Change
from procure.solving.weighing import Weighing
from procure.units import Array, Index


@dataclass(frozen=True)
class Followed:
    """A program moved in place, and the numbers of its market that are others than as compiled, over the merged futures.

    `probability` is None where the futures are as likely as before.
    """

    moved: Moved
    plan: Mapping[Datum, float]
    period: Mapping[Datum, Array]
    probability: Array | None
    bounds: Mapping[tuple[str, int | None], Bound]
    demand: Mapping[str, Array]


class Follower:
    """A level's program, and what its numbers were read from.

    Parameters
    ----------
    tracked : TrackedMarket
        The level's numbers before futures were merged.
    program : Program
        Of the merged market.
    weighing : Weighing
        Of its futures before they were merged.
    """

    def __init__(self, tracked: TrackedMarket, program: Program, weighing: Weighing) -> None:
        market, composition = program.market, program.composition
        self.program = program
        self._tracked, self._whole = tracked, tracked.market
        self._weighing = weighing
        self._plan_at, self._period_at = composition.plan.data_index, composition.period.data_index
        self._idle = idle_offers(self._whole)
        # Of each datum, which nodes are one for the elements that read it.
        self._shared: dict[Datum, list[Index]] = {}
        for element, firsts in market.shape.same.items():
            for datum in read_by_element(market.sets)[element]:
                self._shared.setdefault(datum, []).append(firsts)
        merged_from = market.merged_from
        self._new = np.arange(self._whole.tree.n_nodes) if merged_from is None else merged_from
        self._first = np.unique(self._new, return_index=True)[1]
        self._limits = {limit.name: limit for limit in market.sets.limits}
        self._in_place = InPlace(composition, program.composed, program.figures)
        self._last_moved: tuple[Place, ...] = ()

    @staticmethod
    def refusal(program: Program) -> Reason | None:
        """Why no change of a program can be followed; None where some can."""
        if risk_of(program.market.model).in_doubt:
            return Reason.DOUBT
        return Reason.CELLS if program.is_large else InPlace.refusal(program.composition)

    def followed(self, change: Change, is_weighed: bool) -> Followed | Reason:
        """The program at the changed numbers, or why it has to be composed anew; `is_weighed` where any level's law moves."""
        market, composition = self.program.market, self.program.composition
        before = self._in_place.figures
        likely = self._likely(change) if is_weighed else None
        if isinstance(likely, Reason):
            return likely
        probability = before.probability if likely is None else self._merged(likely)
        risk = risk_of(change.model) if change.has_choices else before.risk
        if (likely is not None or risk != before.risk) and not holds_tail(
            market.shape, composition.watched, probability, risk
        ):
            return Reason.UNWATCHED
        # What was moved last is where it was.
        affected, self._last_moved = {*self._last_moved, *change.places}, tuple(change.places)
        numbers = self._tracked.moved(change.records, affected)
        if isinstance(numbers, Reason):
            return numbers
        plan, period = self._moved_plan(numbers.plan), self._moved_period(numbers.period)
        if isinstance(plan, Reason):
            return plan
        if isinstance(period, Reason):
            return period
        moved_plan = {self._plan_at[datum]: value for datum, value in plan.items()}
        moved_period = {self._period_at[datum]: values for datum, values in period.items()}
        bounds = self._bounds(change, probability, period)
        figures = before.moved(moved_plan, moved_period, probability=probability, risk=risk, bounds=bounds)
        moved = self._in_place.program(figures, list(moved_plan), list(moved_period))
        if isinstance(moved, Reason):
            return moved
        return Followed(moved, plan, period, None if likely is None else probability, bounds, self._tracked.demand())

    def made(self, change: Change, followed: Followed) -> Program:
        """The whole program of what was followed: its market, over the futures as merged here."""
        before = self.program.market
        tree, probability = before.tree, before.probability
        if followed.probability is not None:
            probability = followed.probability
            inside = probability[: tree.n_nodes]
            tree = Tree(tree.period, tree.parent, inside, tree.processes, tree.states, tree.state)
        market = replace(
            before, model=change.model, tree=tree, probability=probability, bounds=followed.bounds, demand=followed.demand,
            plan=_moved(before.plan, followed.plan), period=_moved(before.period, followed.period),
        )  # fmt: skip
        return replace(self.program, market=market, composed=replace(self.program.composed, lp=followed.moved.lp))

    def _likely(self, change: Change) -> Array | Reason | None:
        """Of every future before merging under the changed law; None where it is as before."""
        likely = self._weighing.probability(change)
        if likely is None or isinstance(likely, Reason):
            return likely
        if any(callable(number) for number in self._whole.model.extension.numbers.values()):
            return Reason.EXTENSION
        return likely if stay_one(self._whole.tree, self._new, likely) else Reason.FUTURES_PART

    def _merged(self, probability: Array) -> Array:
        return np.bincount(self._new, weights=probability, minlength=len(self._first)).astype(float)

    def _bounds(
        self, change: Change, probability: Array, period: Mapping[Datum, Array]
    ) -> Mapping[tuple[str, int | None], Bound]:
        """What the limits on all futures allow at moved numbers of the periods."""
        market = self.program.market
        if not market.bounds:
            return market.bounds
        model = change.model if change.has_choices else market.model
        here = _moved(market.period, period)
        return {
            key: bound_of(model, self._limits[key[0]], bound.nodes, probability, here)
            for key, bound in market.bounds.items()
        }

    def _moved_plan(self, numbers: Mapping[Datum, float]) -> dict[Datum, float] | Reason:
        """The numbers of the plan that are others than as compiled."""
        before = self._whole.plan
        moved = {(name, index): value for (name, index), value in numbers.items() if before[name][index] != value}
        if any(name == "offered" and index[:2] in self._idle for name, index in moved):
            return Reason.NEW_OFFER
        return moved

    def _moved_period(self, numbers: Mapping[Datum, Array]) -> dict[Datum, Array] | Reason:
        """The numbers of the periods that are others than as compiled, over the merged futures."""
        moved: dict[Datum, Array] = {}
        for (name, index), values in numbers.items():
            if np.array_equal(self._whole.period[name][index], values):
                continue
            merged = values[self._first]
            if not np.array_equal(merged[self._new], values):
                return Reason.FUTURES_PART
            if any(not np.array_equal(merged[firsts], merged) for firsts in self._shared.get((name, index), ())):
                return Reason.FUTURES_PART
            moved[name, index] = merged
        return moved


def _moved(data: Data, moved: Mapping[Datum, Any]) -> Data:
    """Data by name and index with some of them at other values."""
    here = dict(data)
    for (name, index), value in moved.items():
        here[name] = {**here[name], index: value}
    return here
