"""What a central path moves: variables between bounds with the multipliers of their bounds, and numbers without bounds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from procure.units import Array

#: The least a multiplier may be.
NOTHING = 1e-250


class Steps(NamedTuple):
    """How long the steps along a direction may be, as shares of it: of what is decided, and of multipliers."""

    primal: float
    dual: float

    def within(self, other: Steps) -> Steps:
        """The shorter of each."""
        return Steps(min(self.primal, other.primal), min(self.dual, other.dual))


#: All of a direction.
WHOLE = Steps(1.0, 1.0)


class Unknowns(ABC):
    """Numbers with a direction to move along, and with memory: of one direction, and of the best point so far."""

    @abstractmethod
    def take(self, steps: Steps) -> None:
        """Move."""

    @abstractmethod
    def keep_direction(self) -> None:
        """Keep the present direction."""

    @abstractmethod
    def return_to_direction(self) -> None:
        """Return to the direction kept."""

    @abstractmethod
    def keep_point(self) -> None:
        """Keep the present point."""

    @abstractmethod
    def return_to_point(self) -> None:
        """Return to the point kept."""


class Unbounded(Unknowns):
    """Numbers without bounds: multipliers of rows (`is_dual`), or what is decided freely."""

    def __init__(self, value: Array, *, is_dual: bool) -> None:
        self.value, self.is_dual = value, is_dual
        self.move = np.zeros(value.shape)
        self._kept_value, self._kept_move = self.value, self.move

    def take(self, steps: Steps) -> None:
        """Move."""
        self.value = self.value + (steps.dual if self.is_dual else steps.primal) * self.move

    def keep_direction(self) -> None:
        """Keep the present direction."""
        self._kept_move = self.move

    def return_to_direction(self) -> None:
        """Return to the direction kept."""
        self.move = self._kept_move

    def keep_point(self) -> None:
        """Keep the present point."""
        self._kept_value = self.value

    def return_to_point(self) -> None:
        """Return to the point kept."""
        self.value = self._kept_value


@dataclass
class Distances:
    """How far each variable is from its bounds, and the inverses; zero where there is no bound."""

    below: Array
    above: Array
    per_below: Array
    per_above: Array


class Direction(NamedTuple):
    """How variables move, and the multipliers of their lower and upper bounds."""

    move: Array
    low: Array
    high: Array


class Bounded(Unknowns):
    """Variables between bounds, with the multipliers of the bounds; arrays of any one shape, fixed entries stand still.

    A bound that is not there has multiplier zero and an inverse distance of zero, so that no operation needs to ask.

    Parameters
    ----------
    lower, upper : array
        Infinite where there is no bound.
    weight : array
        Of the complementarity of each, as a share of the common target.

    Attributes
    ----------
    value, low, high : array
        The point: the variables, and the multipliers of their bounds.
    residual : array
        Of the reduced costs, to be set by whoever knows the rows.
    D : array
        The inverse of the barrier's curvature, by `weigh`.
    """

    def __init__(self, lower: Array, upper: Array, weight: Array) -> None:
        shape = np.broadcast_shapes(lower.shape, upper.shape, weight.shape)
        self.moves = np.broadcast_to(upper > lower, shape)
        has_lower, has_upper = np.isfinite(lower), np.isfinite(upper)
        self.lower, self.upper = np.where(has_lower, lower, 0.0), np.where(has_upper, upper, 0.0)
        self.has_lower = np.broadcast_to(has_lower, shape) & self.moves
        self.has_upper = np.broadcast_to(has_upper, shape) & self.moves
        self.weight_low, self.weight_high = weight * self.has_lower, weight * self.has_upper
        self.count = float(self.weight_low.sum() + self.weight_high.sum())
        inward = np.minimum(0.5 * self._room(), 1.0)
        start = np.where(has_lower, self.lower + inward, np.where(has_upper, self.upper - inward, 0.0))
        self.value = np.array(np.where(self.moves, start, np.where(has_lower, self.lower, self.upper)))
        self._is_held = False
        nothing = np.zeros(shape)
        self.residual = self.D = nothing
        self._per_low = self._per_high = self._aim_low = self._aim_high = nothing
        self.direction = self._kept_direction = Direction(nothing, nothing, nothing)
        self._at = self._distances()
        self.low, self.high = self._centred(1.0)
        self._kept_point = (self.value, self.low, self.high)

    def _room(self) -> Array:
        return np.where(self.has_lower & self.has_upper, self.upper - self.lower, np.inf)

    def _distances(self) -> Distances:
        below, above = self.value - self.lower, self.upper - self.value
        return Distances(
            below,
            above,
            np.divide(1.0, below, out=np.zeros(below.shape), where=self.has_lower),
            np.divide(1.0, above, out=np.zeros(above.shape), where=self.has_upper),
        )

    # --- where to start

    def centre(self, target: float = 1.0) -> None:
        """Give the bounds multipliers such that distance times multiplier is `target` times the weight everywhere."""
        self._at = self._distances()
        self.low, self.high = self._centred(target)

    def _centred(self, target: float) -> tuple[Array, Array]:
        return target * self.weight_low * self._at.per_below, target * self.weight_high * self._at.per_above

    def start_near(self, value: Array) -> None:
        """Stand near `value`, inside the bounds, centred."""
        inward = np.minimum(0.1 * self._room(), 0.1)
        low = np.where(self.has_lower, self.lower + inward, -np.inf)
        high = np.where(self.has_upper, self.upper - inward, np.inf)
        self.value = np.where(self.moves, np.clip(value, low, high), self.value)
        self.centre()

    def approach(self, move: Array) -> None:
        """Go along a direction, at most nine tenths of the way to a bound."""
        furthest = max(
            float((-move * self._at.per_below).max(initial=0.0)), float((move * self._at.per_above).max(initial=0.0))
        )
        self.value += min(1.0, 0.9 / max(furthest, 1e-300)) * move
        self.centre()

    # --- the Newton equations

    def weigh(self, least: float | Array) -> None:
        """Measure the distances and work out D; free variables get a little curvature of their own, fixed ones D = 0.

        Once held, D is how far each can go, squared: no multiplier then makes one stiff and its neighbour slack.
        """
        at = self._at = self._distances()
        if self._is_held:
            reach = np.minimum(np.where(self.has_lower, at.below, 1.0), np.where(self.has_upper, at.above, 1.0))
            self.D = np.where(self.moves, np.minimum(reach, 1.0) ** 2, 0.0)
            for inverse in (at.per_below, at.per_above):  # whatever stands on its bound stays there
                inverse[~np.isfinite(inverse)] = 0.0
            return
        curvature = self.low * at.per_below
        curvature += self.high * at.per_above
        np.maximum(curvature, least, out=curvature)
        self.D = np.divide(1.0, curvature, out=np.zeros(curvature.shape), where=self.moves)
        self._per_low = np.divide(1.0, self.low, out=np.zeros(self.low.shape), where=self.has_lower)
        self._per_high = np.divide(1.0, self.high, out=np.zeros(self.high.shape), where=self.has_upper)

    def complementarity(self, steps: Steps | None = None) -> float:
        """Sum of distance times multiplier, after steps along the present direction."""
        at = self._at
        total = _dot(at.below, self.low) + _dot(at.above, self.high)
        if steps is not None:
            move, low, high = self.direction
            total += steps.primal * (_dot(move, self.low) - _dot(move, self.high))
            total += steps.dual * (_dot(at.below, low) + _dot(at.above, high))
            total += steps.primal * steps.dual * (_dot(move, low) - _dot(move, high))
        return total

    def aim(self, target: float, *, second_order: bool) -> None:
        """Set the right-hand side h of  dv / D - Aᵀ dλ = h  for a target complementarity and the `residual` of v.

        `second_order`: with the products that the present direction would leave.
        """
        self._aim_low = target * self.weight_low
        self._aim_low -= self._at.below * self.low
        self._aim_high = target * self.weight_high
        self._aim_high -= self._at.above * self.high
        if second_order:
            self._aim_low -= self.direction.move * self.direction.low
            self._aim_high += self.direction.move * self.direction.high

    def hold(self) -> None:
        """Aim at nothing but the rows from now on."""
        self._is_held = True
        self.residual = self._aim_low = self._aim_high = np.zeros(self.value.shape)

    def recentre(self, steps: Steps, target: float) -> None:
        """Aim also at bringing products far from the target back, as seen after trial steps."""
        for weight, distance, multiplier, step, change, aim in (
            (self.weight_low, self._at.below, self.low, steps.primal, self.direction.low, self._aim_low),
            (self.weight_high, self._at.above, self.high, -steps.primal, self.direction.high, self._aim_high),
        ):
            product = step * self.direction.move
            product += distance
            there = steps.dual * change
            there += multiplier
            product *= there
            there = target * weight
            pull = np.clip(product, 0.1 * there, 10.0 * there)
            pull -= product
            aim += np.maximum(pull, -10.0 * there, out=pull)

    def right(self) -> Array:
        """The right-hand side h."""
        h = self._aim_low * self._at.per_below
        h -= self._aim_high * self._at.per_above
        h -= self.residual
        return np.asarray(h)

    def step(self, move: Array) -> Steps:
        """Take a direction, multipliers included; the longest steps along it."""
        at = self._at
        low = self.low * move
        np.subtract(self._aim_low, low, out=low)
        low *= at.per_below
        high = self.high * move
        high += self._aim_high
        high *= at.per_above
        self.direction = Direction(move, low, high)
        scratch = move * at.per_below
        primal = -float(scratch.min(initial=0.0))
        primal = max(primal, float(np.multiply(move, at.per_above, out=scratch).max(initial=0.0)))
        dual = float(np.multiply(low, self._per_low, out=scratch).min(initial=0.0))
        dual = min(dual, float(np.multiply(high, self._per_high, out=scratch).min(initial=0.0)))
        return Steps(1.0 / max(primal, 1e-300), 1.0 / max(-dual, 1e-300))

    # --- moving

    def take(self, steps: Steps) -> None:
        """Move."""
        self.value += steps.primal * self.direction.move
        self.low += steps.dual * self.direction.low
        np.maximum(self.low, NOTHING * self.has_lower, out=self.low)
        self.high += steps.dual * self.direction.high
        np.maximum(self.high, NOTHING * self.has_upper, out=self.high)

    def keep_direction(self) -> None:
        """Keep the present direction."""
        self._kept_direction = self.direction

    def return_to_direction(self) -> None:
        """Return to the direction kept."""
        self.direction = self._kept_direction

    def keep_point(self) -> None:
        """Keep the present point."""
        self._kept_point = (self.value.copy(), self.low.copy(), self.high.copy())

    def return_to_point(self) -> None:
        """Return to the point kept."""
        self.value, self.low, self.high = self._kept_point


def _dot(a: Array, b: Array) -> float:
    return float(np.vdot(a, b))
