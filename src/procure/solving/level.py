"""One programme level of a model: its market, its program, and the solver that has it loaded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.facts import Place
from procure.lp.carried import OverTree, carried, is_alike
from procure.lp.program import LinearProgram, Solution
from procure.market import TrackedMarket, make_tree, merge, merge_as
from procure.model import Model
from procure.program.engine import Engine
from procure.program.optimum import Optimum, optimum
from procure.program.program import Missed, Posed, Program, compose, is_large, missed
from procure.reason import Reason
from procure.scenarios.decided import Programmes
from procure.scenarios.world import numbers_of_law, processes
from procure.solving.follow import Followed, Follower
from procure.solving.reach import Change
from procure.solving.weighing import Weighing
from procure.words import programme_name

#: In a program of so few cells (an element at a node) the tail has a row for every leaf: looking afterwards whether it reaches
#: further would take longer. So it has where a program is solved at many numbers: then the tail reaches now here, now there, and a
#: basis fits all of them.
FEW_CELLS = 4_000


@dataclass(frozen=True)
class Waiting:
    """A level at changed numbers, about to be solved.

    Attributes
    ----------
    level : Level
    posed : Posed
        Its program.
    made_anew : Reason, optional
        Why the change could not be followed in place; None where it was, or where nothing changes.
    read : set of Place
        The numbers of the facts that it was made from.
    """

    level: Level
    posed: Posed
    made_anew: Reason | None
    read: Set[Place]

    @property
    def starts_from_scratch(self) -> bool:
        """Whether it is large, and no basis of its own is kept to start from."""
        return not self.posed.is_large and self.level.engine.starts_from_scratch(self.posed.lp)

    def is_over_the_tree_of(self, other: Waiting) -> bool:
        """Whether a basis of the other may be carried to it."""
        return is_alike(_over_tree(self.posed), _over_tree(other.posed))

    def start_from(self, other: Optimum) -> None:
        """Start from where another level over the same tree ended."""
        source, target = _over_tree(other.posed), _over_tree(self.posed)
        if other.solution.basis is not None and is_alike(source, target):
            self.level.engine.start_from(carried(other.solution.basis, source, target))

    def solve(self, cutoff: float = np.inf) -> Optimum:
        """How it ends; it may be left once it is proved to cost `cutoff` at least, kUSD."""
        return self.level.solve(self.posed, cutoff)


def _over_tree(posed: Posed) -> OverTree:
    program = posed.over
    return program.composition, program.composed


class Level:
    """A model under one choice of programmes, solved at its numbers and at others.

    Attributes
    ----------
    programmes : mapping supplier -> level
    name : str
        As in an answer.
    program : Program
        At the numbers of the model; what its short cuts got wrong once is mended for good.
    read, of_law, inventory : set of Place
        The numbers of the facts that it was made from, those of its law, and those that decide what there is in its market.
    time_limit : float
        Seconds for one solve.
    """

    def __init__(
        self, model: Model, programmes: Programmes, options: Mapping[str, Any], is_solved_once: bool = False
    ) -> None:
        self.programmes = dict(programmes)
        self.name = programme_name(programmes)
        self.engine, self.time_limit = Engine.of(options)
        self._tracked = TrackedMarket(model, programmes, make_tree(model, programmes))
        market = merge(self._tracked.market)
        is_small = len(market.probability) * len(market.sets.elements) <= FEW_CELLS
        is_watched = is_small or not (is_solved_once or is_large(market))
        self.program = compose(market, np.arange(len(market.shape.leaves)) if is_watched else None)
        self._weighing = Weighing(self._tracked.market.tree, processes(model, programmes), programmes)
        self.of_law, self.inventory = numbers_of_law(model, programmes), frozenset(self._tracked.read_beside)
        self.read = self.of_law | self._tracked.read
        self._follower: Follower | None = None

    def is_weighed(self, change: Change) -> bool:
        """Whether its law moves."""
        return self._weighing.is_moved(change)

    def waiting(self, change: Change, is_weighed: bool) -> Waiting:
        """The level at changed numbers: as it is, followed in place where that can be, else made anew.

        `is_weighed` says that the law of this level moves, or that of another, with which it shares its futures.
        """
        if change.is_none:
            return Waiting(self, self.program, None, self.read)
        followed = self._followed(change, is_weighed)
        if isinstance(followed, Reason):
            return Waiting(self, *self._made_anew(change, followed))
        return Waiting(self, followed, None, self.read)

    def posed(self, change: Change) -> Posed:
        """The level at changed numbers, as `waiting` has it where no other level's law moves too far."""
        return self.waiting(change, self.is_weighed(change)).posed

    def mend(self, more: Missed) -> None:
        """Watch more leaves, or hold fewer elements together, from now on."""
        self.program = self.program.mended(more)

    def solve(self, posed: Posed, cutoff: float = np.inf) -> Optimum:
        """How a program of the level ends, within its time limit; it may be left once it is proved to cost `cutoff` at least."""
        ended = optimum(posed, self.engine, time.perf_counter() + self.time_limit, cutoff)
        if posed is self.program:
            self.program = ended.program
        return ended

    def _followed(self, change: Change, is_weighed: bool) -> PosedInPlace | Reason:
        """The program moved in place, or why it cannot be."""
        if change.reason is not None:
            return change.reason
        if (refused := Follower.refusal(self.program)) is not None:
            return refused
        if self._follower is None or self._follower.program is not self.program:
            self._follower = Follower(self._tracked, self.program, self._weighing)
        followed = self._follower.followed(change, is_weighed)
        return followed if isinstance(followed, Reason) else PosedInPlace(self, self._follower, change, followed)

    def _made_anew(self, change: Change, reason: Reason) -> tuple[Program, Reason, Set[Place]]:
        """The program of the changed model, over the positions of the level's own where they fit."""
        model, own = change.model, self.program
        tracked = TrackedMarket(model, self.programmes, make_tree(model, self.programmes))
        market = merge_as(tracked.market, own.market) or merge(tracked.market)
        fits = np.array_equal(market.shape.parent, own.market.shape.parent)
        watched = own.composition.watched if fits else None
        program = compose(market, watched, own.apart if fits else (), like=own)
        return program, reason, tracked.read | numbers_of_law(model, self.programmes)


@dataclass(frozen=True)
class PosedInPlace(Posed):
    """A level's program, moved in place."""

    level: Level
    follower: Follower
    change: Change
    followed: Followed

    @property
    def lp(self) -> LinearProgram:
        """The linear program."""
        return self.followed.moved.lp

    @property
    def is_large(self) -> bool:
        """Whether it is better solved cell by cell: those are never moved in place."""
        return False

    @property
    def over(self) -> Program:
        """The program of the level before it was moved."""
        return self.follower.program

    def missed(self, solution: Solution) -> Missed:
        """What its short cuts got wrong, seen from how it ended: nothing, if that is how the market ends."""
        return missed(self.follower.program, solution, self.followed.moved.cost_terms)

    def mended(self, missed: Missed) -> Posed:
        """The same change of the level, whose program is mended for good."""
        self.level.mend(missed)
        return self.level.posed(self.change)

    def made(self) -> Program:
        """The whole program, with its market at these numbers."""
        return self.follower.made(self.change, self.followed)
