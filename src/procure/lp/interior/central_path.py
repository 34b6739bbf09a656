"""The primal-dual interior-point method, without a program: variables between bounds, and the search along the central path.

A program that knows how to factor its own Newton equations derives from `CentralPath`; what all of them share is here.
Each variable v between bounds keeps its distances and their multipliers; with weights ω on a common target μ the path is

  (v - lower) z_low = μ ω,   (upper - v) z_high = μ ω,   residuals = 0,            μ -> 0

A step predicts (μ = 0), corrects with the second-order term of the prediction (Mehrotra 1992, SIAM Journal on Optimization
2(4), 575-601), and recentres while that makes the step longer (Gondzio 1996, Computational Optimization and Applications 6,
137-156). Whoever makes the variables chooses the weights; they say what shrinks together.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from procure.lp.workers import Crew, idle_cores
from procure.units import Array

MOST_ITERATIONS = 150
RECENTRINGS = 3
#: The most a correction aims at, as a share of the present complementarity.
AMBITION = 0.1
#: How far a step goes towards the first bound in its way.
NEARLY = 0.98
#: Variables from which helpers are worth their start.
MANY = 1_000_000
#: The residual of reduced costs that is small enough, and the steps that are spent on it once the gap is.
SETTLED, SETTLINGS = 1e-9, 8
#: Steps onto the rows at the end.
RESTORATIONS = 2
#: Iterations without a better score after which the search ends; and, before any point is useful, what share of the residuals may
#: be left for that to be progress, too.
PATIENCE, NEARER = 12, 0.9
#: Points that score worse are not kept.
USEFUL = 1e-2
NOTHING = 1e-250


class Variables:
    """Variables between bounds, with the multipliers of the bounds; arrays of any one shape, fixed entries stand still.

    A bound that is not there has multiplier zero and an inverse distance of zero, so that no operation needs to ask.
    """

    def __init__(self, lower: Array, upper: Array, weight: Array) -> None:
        shape = np.broadcast_shapes(lower.shape, upper.shape, weight.shape)
        self.moves = np.broadcast_to(upper > lower, shape)
        has_lower, has_upper = np.isfinite(lower), np.isfinite(upper)
        self.lower, self.upper = np.where(has_lower, lower, 0.0), np.where(has_upper, upper, 0.0)
        self.has_lower = np.broadcast_to(has_lower, shape) & self.moves
        self.has_upper = np.broadcast_to(has_upper, shape) & self.moves
        self.aim_at_low, self.aim_at_high = weight * self.has_lower, weight * self.has_upper
        self.count = float(self.aim_at_low.sum() + self.aim_at_high.sum())
        inward = np.minimum(0.5 * self._room(), 1.0)
        start = np.where(has_lower, self.lower + inward, np.where(has_upper, self.upper - inward, 0.0))
        self.value = np.array(np.where(self.moves, start, np.where(has_lower, self.lower, self.upper)))
        self.held = False
        self.move = self.move_low = self.move_high = self.residual = np.zeros(shape)
        self.centre()

    def _room(self) -> Array:
        return np.where(self.has_lower & self.has_upper, self.upper - self.lower, np.inf)

    def measure(self) -> None:
        """Distances to the bounds, and their inverses."""
        self.below, self.above = self.value - self.lower, self.upper - self.value
        self.per_below = np.divide(1.0, self.below, out=np.zeros(self.below.shape), where=self.has_lower)
        self.per_above = np.divide(1.0, self.above, out=np.zeros(self.above.shape), where=self.has_upper)

    def centre(self, target: float = 1.0) -> None:
        """Give the bounds multipliers such that distance times multiplier is `target` times the weight everywhere."""
        self.measure()
        self.low, self.high = target * self.aim_at_low * self.per_below, target * self.aim_at_high * self.per_above

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
            float((-move * self.per_below).max(initial=0.0)), float((move * self.per_above).max(initial=0.0))
        )
        self.value += min(1.0, 0.9 / max(furthest, 1e-300)) * move
        self.centre()

    def weigh(self, least: float | Array) -> None:
        """The inverse D of the barrier's curvature; free variables get a little of their own, fixed ones none.

        Once held, it is how far each can go, squared: no multiplier then makes one stiff and its neighbour slack.
        """
        self.measure()
        if self.held:
            reach = np.minimum(np.where(self.has_lower, self.below, 1.0), np.where(self.has_upper, self.above, 1.0))
            self.D = np.where(self.moves, np.minimum(reach, 1.0) ** 2, 0.0)
            for inverse in (self.per_below, self.per_above):  # whatever stands on its bound stays there
                inverse[~np.isfinite(inverse)] = 0.0
            return
        curvature = self.low * self.per_below
        curvature += self.high * self.per_above
        np.maximum(curvature, least, out=curvature)
        self.D = np.divide(1.0, curvature, out=np.zeros(curvature.shape), where=self.moves)
        self.per_low = np.divide(1.0, self.low, out=np.zeros(self.low.shape), where=self.has_lower)
        self.per_high = np.divide(1.0, self.high, out=np.zeros(self.high.shape), where=self.has_upper)

    def complementarity(self, primal: float = 0.0, dual: float = 0.0) -> float:
        """Sum of distance times multiplier, after steps along the direction noted last."""
        found = _dot(self.below, self.low) + _dot(self.above, self.high)
        if primal or dual:
            found += primal * (_dot(self.move, self.low) - _dot(self.move, self.high))
            found += dual * (_dot(self.below, self.move_low) + _dot(self.above, self.move_high))
            found += primal * dual * (_dot(self.move, self.move_low) - _dot(self.move, self.move_high))
        return found

    def aim(self, target: float, *, second_order: bool) -> None:
        """Set the right-hand side h of  dv / D - Aᵀ dλ = h  for a target complementarity and the `residual` of v.

        `second_order`: with the products that the direction noted last would leave.
        """
        self.aim_low = target * self.aim_at_low
        self.aim_low -= self.below * self.low
        self.aim_high = target * self.aim_at_high
        self.aim_high -= self.above * self.high
        if second_order:
            self.aim_low -= self.move * self.move_low
            self.aim_high += self.move * self.move_high

    def recentre(self, primal: float, dual: float, target: float) -> None:
        """Aim also at bringing products far from the target back, as seen after a trial step."""
        for wanted, at, z, way, dz, aim in (
            (self.aim_at_low, self.below, self.low, primal, self.move_low, self.aim_low),
            (self.aim_at_high, self.above, self.high, -primal, self.move_high, self.aim_high),
        ):
            product = way * self.move
            product += at
            there = dual * dz
            there += z
            product *= there
            there = target * wanted
            pull = np.clip(product, 0.1 * there, 10.0 * there)
            pull -= product
            aim += np.maximum(pull, -10.0 * there, out=pull)

    def right(self) -> Array:
        """The right-hand side h."""
        h = self.aim_low * self.per_below
        h -= self.aim_high * self.per_above
        h -= self.residual
        return np.asarray(h)

    def noted(self) -> tuple[Array, Array, Array]:
        """The direction noted last."""
        return self.move, self.move_low, self.move_high

    def step(self, move: Array) -> tuple[float, float]:
        """Take note of a direction; return the longest primal and dual steps along it."""
        self.move = move
        self.move_low = self.low * move
        np.subtract(self.aim_low, self.move_low, out=self.move_low)
        self.move_low *= self.per_below
        self.move_high = self.high * move
        self.move_high += self.aim_high
        self.move_high *= self.per_above
        scratch = move * self.per_below
        primal = -float(scratch.min(initial=0.0))
        primal = max(primal, float(np.multiply(move, self.per_above, out=scratch).max(initial=0.0)))
        dual = float(np.multiply(self.move_low, self.per_low, out=scratch).min(initial=0.0))
        dual = min(dual, float(np.multiply(self.move_high, self.per_high, out=scratch).min(initial=0.0)))
        return 1.0 / max(primal, 1e-300), 1.0 / max(-dual, 1e-300)

    def take(self, primal: float, dual: float) -> None:
        """Move."""
        self.value += primal * self.move
        self.low += dual * self.move_low
        np.maximum(self.low, NOTHING * self.has_lower, out=self.low)
        self.high += dual * self.move_high
        np.maximum(self.high, NOTHING * self.has_upper, out=self.high)


class Part:
    """Variables of one kind, and what the search does with them.

    A derived class names its multipliers of rows in `duals` and its columns without bounds in `frees`; the direction of each is
    the attribute of that name with ``d_`` before it.
    """

    groups: Sequence[Variables] = ()
    duals: Sequence[str] = ()
    frees: Sequence[str] = ()

    def complementarity(self, primal: float, dual: float) -> float:
        """Sum of distance times multiplier, after steps along the direction noted last."""
        return sum(group.complementarity(primal, dual) for group in self.groups)

    def count(self) -> float:
        """The weights of all bounds."""
        return sum(group.count for group in self.groups)

    def centre(self, target: float) -> None:
        """Give all bounds multipliers of one complementarity."""
        for group in self.groups:
            group.centre(target)

    def aim(self, target: float, second_order: bool) -> None:
        """Set the right-hand sides, from the `residual` of each group."""
        for group in self.groups:
            group.aim(target, second_order=second_order)

    def hold(self) -> None:
        """From now on aim at nothing but the rows."""
        for group in self.groups:
            group.held = True
            group.residual = group.aim_low = group.aim_high = np.zeros(group.value.shape)

    def recentre(self, primal: float, dual: float, target: float) -> None:
        """Aim also at bringing products far from the target back."""
        for group in self.groups:
            group.recentre(primal, dual, target)

    def note(self) -> None:
        """Keep the direction found last."""
        self._noted = [group.noted() for group in self.groups]
        self._noted_rest = {name: getattr(self, f"d_{name}") for name in (*self.duals, *self.frees)}

    def go_back(self) -> None:
        """Return to the direction kept."""
        for group, noted in zip(self.groups, self._noted, strict=True):
            group.move, group.move_low, group.move_high = noted
        for name, noted_one in self._noted_rest.items():
            setattr(self, f"d_{name}", noted_one)

    def take(self, primal: float, dual: float) -> None:
        """Move."""
        for group in self.groups:
            group.take(primal, dual)
        for names, step in ((self.duals, dual), (self.frees, primal)):
            for name in names:
                setattr(self, name, getattr(self, name) + step * getattr(self, f"d_{name}"))

    def snapshot(self) -> None:
        """Keep the present point as the best so far."""
        self._best = [(group.value.copy(), group.low.copy(), group.high.copy()) for group in self.groups]
        self._best_rest = {name: getattr(self, name) for name in (*self.duals, *self.frees)}

    def recall(self) -> None:
        """Return to the best point."""
        for group, best in zip(self.groups, self._best, strict=True):
            group.value, group.low, group.high = best
        for name, best_one in self._best_rest.items():
            setattr(self, name, best_one)


class Plan(Part):
    """What is decided once: columns x with rows A x, and free columns behind them that stand in no row of A.

      [S  -Aᵀ] [dX]   [right]
      [A   D ] [dy] = [ρ + D h]          S handed in by `factor`, the barrier of x added here

    Parameters
    ----------
    cost : array, shape (n,)
    rows : sparse, shape (m, n)
    row_bounds, bounds : pairs of arrays
    weight : float
        Of the complementarity of all of it.
    """

    duals = ("row_dual",)

    def __init__(
        self, cost: Array, rows: sparse.csr_matrix, row_bounds: tuple[Array, Array], bounds: tuple[Array, Array], weight: float
    ) -> None:  # fmt: skip
        self.cost = cost
        largest = np.abs(rows).max(axis=1).toarray().ravel() if rows.shape[0] else np.ones(0)
        size = np.where(largest > 0, largest, 1.0)
        self.row_size = size
        self.A = (sparse.diags(1.0 / size) @ rows).toarray() if rows.shape[0] else np.zeros((0, len(cost)))
        self.x = Variables(*bounds, np.full(len(cost), weight))
        self.a = Variables(row_bounds[0] / size, row_bounds[1] / size, np.full(len(size), weight))
        self.row_dual = self.d_row_dual = np.zeros(len(size))
        self.groups = (self.x, self.a)

    def start_near(self, x: Array) -> None:
        """Start near a plan, its rows likewise."""
        self.x.start_near(x)
        self.a.start_near(self.A @ self.x.value)

    def residuals(self) -> tuple[float, float]:
        """Residuals of the rows and their slacks; that of x is `x.residual`, from which the rest has to be taken off."""
        self.x.residual = self.cost - self.A.T @ self.row_dual - self.x.low + self.x.high
        self.a_primal = self.a.value - self.A @ self.x.value
        self.a.residual = np.where(self.a.moves, self.row_dual - self.a.low + self.a.high, 0.0)
        return float(np.abs(self.a_primal).max(initial=0.0)), float(np.abs(self.a.residual).max(initial=0.0))

    def largest_residual(self) -> float:
        """The largest residual of x, once all of it is there."""
        self.x.residual[~self.x.moves] = 0.0
        return float(np.abs(self.x.residual).max(initial=0.0))

    def factor(self, S: Array) -> None:
        """Factor, given S without the barrier of x; what must not move stands still."""
        self.x.weigh(1e-12)
        self.a.weigh(1e-12)
        index = np.arange(len(self.cost))
        S[index, index] += np.where(self.x.D > 0, 1.0 / np.where(self.x.D > 0, self.x.D, 1.0), 0.0)
        stuck = np.flatnonzero(~self.x.moves)
        S[stuck, :] = S[:, stuck] = 0.0
        S[stuck, stuck] = 1.0
        S[np.diag_indices_from(S)] *= 1.0 + 1e-13
        if not np.isfinite(S).all():
            raise linalg.LinAlgError
        self.S = linalg.cho_factor(S, lower=True, check_finite=False, overwrite_a=True)
        self.A_wide = np.zeros((len(self.A), len(S)))
        self.A_wide[:, : len(self.cost)] = np.where(self.x.moves, self.A, 0.0)
        if len(self.A):
            self.SA = linalg.cho_solve(self.S, self.A_wide.T, check_finite=False)
            inner = self.A_wide @ self.SA
            diagonal = np.diag_indices_from(inner)
            inner[diagonal] += self.a.D + 1e-13 * (1.0 + np.diag(inner))
            self.inner = linalg.cho_factor(inner, lower=True, check_finite=False)

    def solve(self, right: Array) -> tuple[Array, list[tuple[float, float]]]:
        """The direction of all columns, given what the rest adds to the right-hand side; and the longest steps."""
        n = len(self.cost)
        right[:n] += self.x.right()
        right[:n][~self.x.moves] = 0.0
        dX = linalg.cho_solve(self.S, right, check_finite=False)
        steps = []
        self.d_row_dual = np.zeros(len(self.A))
        if len(self.A):
            h = self.a.right()
            missing = self.a_primal + self.a.D * h - self.A_wide @ dX
            self.d_row_dual = linalg.cho_solve(self.inner, missing, check_finite=False)
            dX += self.SA @ self.d_row_dual
            steps.append(self.a.step(self.a.D * (h - self.d_row_dual)))
        dX[:n] = np.where(self.x.moves, dX[:n], 0.0)
        steps.append(self.x.step(dX[:n].copy()))
        return dX, steps


class Tail(Part):
    """The tail of some losses, weighed:  w (η + Σ p e / (1 - α)),  loss - η - e + f = 0 [τ],  e, f >= 0,  0 <= τ <= w p / (1 - α).

    Parameters
    ----------
    probability : array, shape (n,)
        Of the losses under watch.
    alpha, weight : float
    share : float
        Weight of the complementarity of each loss.
    """

    duals, frees = ("tau",), ("eta",)

    def __init__(self, probability: Array, alpha: float, weight: float, share: float) -> None:
        n = len(probability)
        self.p, self.weight = probability, weight
        self.eta, self.tau = 0.0, weight * probability
        self.cap = weight * probability / (1.0 - alpha)
        self.excess = Variables(np.zeros((2, n)), np.full((2, n), np.inf), np.full((2, n), share))
        self.groups = (self.excess,)

    def start(self, loss: Array) -> None:
        """Begin at the mean of the losses."""
        self.eta = float(self.p @ loss) / float(self.p.sum())
        apart = loss - self.eta
        edge = max(1e-3, float(np.sqrt(self.p @ apart**2)))
        self.excess.value = np.array([np.maximum(apart, 0.0), np.maximum(-apart, 0.0)]) + edge
        self.excess.centre()

    def residuals(self, loss: Array) -> tuple[float, float]:
        """Residuals of rows and of reduced costs, the largest of each."""
        e, f = self.excess.value
        self.primal = f - e - self.eta + loss
        self.excess.residual = np.array([self.cap - self.tau, self.tau]) - self.excess.low
        self.eta_residual = self.weight - float(self.tau.sum())
        dual = max(float((np.abs(self.excess.residual) / self.p).max()), abs(self.eta_residual))
        return float(np.abs(self.primal).max()) / (1.0 + abs(self.eta)), dual

    def resistance(self) -> Array:
        """What a unit of τ moves of its own row."""
        self.excess.weigh(1e-300)
        return np.asarray(self.excess.D.sum(axis=0))

    def right(self) -> Array:
        """The right-hand side of the rows."""
        self.h = self.excess.right()
        return np.asarray(self.primal - self.excess.D[0] * self.h[0] + self.excess.D[1] * self.h[1])

    def hold(self) -> None:
        """Aim at nothing but the rows."""
        super().hold()
        self.eta_residual = 0.0

    def finish(self, d_tau: Array, d_eta: float) -> tuple[float, float]:
        """Take note of the direction; the longest steps along it."""
        self.d_tau, self.d_eta = d_tau, d_eta
        return self.excess.step(self.excess.D * (self.h + np.array([d_tau, -d_tau])))

    def law(self) -> Array:
        """The multipliers as a law: within [0, cap], summing to the weight."""
        law = np.clip(self.tau, 0.0, self.cap)
        for _ in range(50):
            missing = self.weight - law.sum()
            room = (self.cap - law) if missing > 0 else law
            law = np.clip(law + missing * room / max(room.sum(), 1e-300), 0.0, self.cap)
        return np.asarray(law)


@dataclass(frozen=True)
class Ended:
    """How a search ended: the score of the best point, in which iteration it was found, and what was seen on the way."""

    score: float
    iterations: int
    log: list[str]

    @property
    def is_useful(self) -> bool:
        """Whether the parts hold a point worth anything."""
        return self.score < USEFUL


class CentralPath(ABC):
    """Follows the central path of a program in parts: some of its `own`, and many that a `crew` holds.

    A derived class has `residuals`, `factor` and `direction`, and says with `size` how large its objective is.
    """

    own: Sequence[Part]
    crew: Crew

    def run(self, tolerance: float, deadline: float) -> Ended:
        """Go on until the score is below `tolerance` or gets no better; the parts end at the best point.

        The score is the largest of the gap, a tenth of the residual of rows, and a hundredth of that of reduced costs.
        """
        best, worse, log = Ended(np.inf, 0, []), 0, []
        count = max(1e-300, sum(self._of_all("count")))
        settling, least, nearest = 0, np.inf, np.inf
        # Many small products: BLAS with threads of its own waits more than it works.
        with threadpool_limits(1, user_api="blas"), np.errstate(all="ignore"):
            for iteration in range(MOST_ITERATIONS):
                primal, dual = self.residuals()
                mu = sum(self._of_all("complementarity", 0.0, 0.0)) / count
                gap = mu * count / (1.0 + abs(self.size()))
                missed = max(0.1 * primal, 0.01 * dual)
                score = max(gap, missed)
                log.append(f"{iteration:3d}  primal {primal:.1e}  dual {dual:.1e}  gap {gap:.1e}")
                if not np.isfinite(score):
                    break
                worse += 1
                if score < best.score or (score < tolerance and dual < least):
                    best, worse, least = Ended(score, iteration, log), 0, dual
                    if score < USEFUL:
                        self._of_all("snapshot")
                # Far from the rows the gap grows for a while: whoever comes nearer to them has not got stuck.
                if not best.is_useful and missed < NEARER * nearest:
                    worse, nearest = 0, missed
                if worse > PATIENCE or time.perf_counter() > deadline:
                    break
                if score < tolerance:
                    settling += 1
                    if dual < SETTLED or settling > SETTLINGS:
                        break
                try:
                    self.factor()
                except linalg.LinAlgError:
                    break
                primal, dual = self._search(mu, count, settle=score < tolerance)
                self._of_all("take", NEARLY * primal, NEARLY * dual)
            if best.is_useful:
                self._of_all("recall")
                self._restore()
        return best

    def _restore(self) -> None:
        """Move onto the rows, which the last step only came near; duals stay."""
        missed, _ = self.residuals()
        for _ in range(RESTORATIONS):
            self._of_all("snapshot")
            self._of_all("hold")
            try:
                self.factor()
            except linalg.LinAlgError:
                return
            primal, _ = self.direction()
            self._of_all("take", min(1.0, NEARLY * primal), 0.0)
            before, (missed, _) = missed, self.residuals()
            if not missed < before:
                self._of_all("recall")
                return

    def _of_all(self, name: str, *arguments: Any) -> list[Any]:
        """A method of every part."""
        return self.crew.each(name, *arguments) + [getattr(part, name)(*arguments) for part in self.own]

    def _search(self, mu: float, count: float, *, settle: bool) -> tuple[float, float]:
        """Predict, correct, and recentre while that makes the step longer; returns the longest steps.

        To settle is to leave the gap and take off the residuals: what the duals prove suffers from them.
        """
        target = mu if settle else 0.0
        self._of_all("aim", target, False)
        primal, dual = (min(1.0, step) for step in self.direction())
        if not settle:
            after = sum(self._of_all("complementarity", primal, dual)) / count
            target = min(AMBITION, max((after / mu) ** 3, 1e-8)) * mu
            self._of_all("aim", target, True)
            primal, dual = (min(1.0, step) for step in self.direction())
        for _ in range(RECENTRINGS):
            if min(primal, dual) > 0.9:
                break
            self._of_all("note")
            self._of_all("recentre", min(1.0, primal + 0.3), min(1.0, dual + 0.3), target)
            new_primal, new_dual = (min(1.0, step) for step in self.direction())
            if new_primal + new_dual < primal + dual + 0.06:
                self._of_all("go_back")
                break
            primal, dual = new_primal, new_dual
        return primal, dual

    @abstractmethod
    def residuals(self) -> tuple[float, float]:
        """Work out the residuals of rows and of reduced costs, and return the largest of each."""

    @abstractmethod
    def factor(self) -> None:
        """Factor the Newton equations at the present point; raises `LinAlgError` where that breaks down."""

    @abstractmethod
    def direction(self) -> tuple[float, float]:
        """Solve the Newton equations; note the direction and return the longest primal and dual steps."""

    @abstractmethod
    def size(self) -> float:
        """The objective, in the unit in which complementarity is measured."""


def helpers(n_variables: int) -> int:
    """How many processes should help: those that find a core, if the work is worth their start."""
    return idle_cores() if n_variables >= MANY else 0


def _dot(a: Array, b: Array) -> float:
    return float(np.vdot(a, b))
