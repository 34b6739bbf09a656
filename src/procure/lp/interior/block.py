"""The parts of a central path: what each is asked, and what those are asked besides that are eliminated before the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from procure.lp.interior.unknowns import Bounded, Steps, Unbounded
from procure.units import Array


class Part:
    """Unknowns of one kind, and what the search does with all of them together."""

    def __init__(self, bounded: Sequence[Bounded], unbounded: Sequence[Unbounded]) -> None:
        self.bounded, self.unbounded = tuple(bounded), tuple(unbounded)

    def count(self) -> float:
        """The weights of all bounds."""
        return sum(variables.count for variables in self.bounded)

    def complementarity(self, steps: Steps | None) -> float:
        """Sum of distance times multiplier, after steps along the present direction."""
        return sum(variables.complementarity(steps) for variables in self.bounded)

    def centre(self, target: float) -> None:
        """Give all bounds multipliers of one complementarity."""
        for variables in self.bounded:
            variables.centre(target)

    def aim(self, target: float, second_order: bool) -> None:
        """Set the right-hand sides, from the `residual` of the variables."""
        for variables in self.bounded:
            variables.aim(target, second_order=second_order)

    def recentre(self, steps: Steps, target: float) -> None:
        """Aim also at bringing products far from the target back."""
        for variables in self.bounded:
            variables.recentre(steps, target)

    def hold(self) -> None:
        """Aim at nothing but the rows from now on."""
        for variables in self.bounded:
            variables.hold()

    def take(self, steps: Steps) -> None:
        """Move."""
        for unknowns in chain(self.bounded, self.unbounded):
            unknowns.take(steps)

    def keep_direction(self) -> None:
        """Keep the present direction."""
        for unknowns in chain(self.bounded, self.unbounded):
            unknowns.keep_direction()

    def return_to_direction(self) -> None:
        """Return to the direction kept."""
        for unknowns in chain(self.bounded, self.unbounded):
            unknowns.return_to_direction()

    def keep_point(self) -> None:
        """Keep the present point as the best so far."""
        for unknowns in chain(self.bounded, self.unbounded):
            unknowns.keep_point()

    def return_to_point(self) -> None:
        """Return to the best point."""
        for unknowns in chain(self.bounded, self.unbounded):
            unknowns.return_to_point()


class Missed(NamedTuple):
    """The largest residual of a block's rows and of its reduced costs, and the sum over its rows of Tᵀ dual."""

    rows: float
    costs: float
    of_plan: Array


Prices = TypeVar("Prices")
Measured = TypeVar("Measured")
Eliminated = TypeVar("Eliminated")
Foreseen = TypeVar("Foreseen")
Result = TypeVar("Result")


class Block(Part, ABC, Generic[Prices, Measured, Eliminated, Foreseen, Result]):
    """A part that meets the rest only in the plan and in what it costs, so that it is eliminated before the rest is solved.

    Its rows are  T x + (rows of its own) = 0, with x the plan. `Prices` are what the rest pays for a unit of what is `Measured`.
    An iteration asks, in this order:

      measure, residuals     where the point stands
      factor                 the block's own equations; what eliminating them adds to the dense system
      begin                  the right-hand side eliminated, for each direction that is tried
      finish                 its direction, once those of plan and prices are known

    Blocks live in the processes of `workers`, so what is asked and answered is small, and what belongs to a point or to a
    right-hand side stays with the block until the next.
    """

    @abstractmethod
    def measure(self) -> Measured:
        """What the present point costs (and counts towards limits)."""

    @abstractmethod
    def residuals(self, prices: Prices, x: Array) -> Missed:
        """What the rows and reduced costs of the present point miss, at these prices and this plan."""

    @abstractmethod
    def factor(self) -> Eliminated:
        """Factor the block's equations at the present point; what that adds to the dense system."""

    @abstractmethod
    def begin(self) -> Foreseen:
        """Eliminate the right-hand side; what that adds to the one of the dense system, and what it foresees to be measured."""

    @abstractmethod
    def finish(self, d_prices: Prices, dx: Array) -> Steps:
        """Take the direction that follows from those of prices and plan; the longest steps along it."""

    @abstractmethod
    def result(self) -> Result:
        """The present point, rows and columns in the order of whoever made the block."""
