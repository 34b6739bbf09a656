"""The primal-dual interior-point method, without a program: the search along the central path.

A program that knows how to factor its own Newton equations derives from `CentralPath`; what all of them share is here.
Each variable v between bounds (`unknowns`) keeps its distances and their multipliers; with weights ω on a common target μ it is

  (v - lower) z_low = μ ω,   (upper - v) z_high = μ ω,   residuals = 0,            μ -> 0

A step predicts (μ = 0), corrects with the second-order term of the prediction (Mehrotra 1992, SIAM Journal on Optimization
2(4), 575-601), and recentres while that makes the step longer (Gondzio 1996, Computational Optimization and Applications 6,
137-156). Whoever makes the variables chooses the weights; they say what shrinks together.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, TypeVarTuple

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_limits

from procure.lp.cores import idle_cores
from procure.lp.interior.block import Block, Part
from procure.lp.interior.unknowns import WHOLE, Steps
from procure.lp.workers import Workers

MOST_ITERATIONS = 150
RECENTRINGS = 3
#: The most a correction aims at, as a share of the present complementarity.
AMBITION = 0.1
#: How far a step goes towards the first bound in its way.
NEARLY = 0.98
#: How much further than they may go the steps are tried by which a direction is recentred, and what both must gain by it.
BEYOND, GAIN = 0.3, 0.06
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

OfBlocks = TypeVar("OfBlocks", bound=Block[Any, Any, Any, Any, Any])
Factors = TypeVar("Factors")
Answer = TypeVar("Answer")
Shared = TypeVarTuple("Shared")


@dataclass(frozen=True)
class Standing:
    """Where a point stands: the largest residual of its rows and of its reduced costs, and its objective."""

    rows: float
    costs: float
    objective: float

    @property
    def missed(self) -> float:
        """How far the point is from the rows of both sides, as the score counts it."""
        return max(0.1 * self.rows, 0.01 * self.costs)


@dataclass(frozen=True)
class Ended:
    """How a search ended: the score of the best point, and in which iteration it was reached."""

    score: float
    iterations: int

    @property
    def is_useful(self) -> bool:
        """Whether the parts hold a point worth anything."""
        return self.score < USEFUL


class CentralPath(ABC, Generic[OfBlocks, Factors]):
    """Follows the central path of a program made of parts.

    Parameters
    ----------
    own : sequence of Part
        Those that stand here.
    blocks : Workers
        Those that are eliminated before the rest, in this process and in helpers.
    """

    def __init__(self, own: Sequence[Part], blocks: Workers[OfBlocks]) -> None:
        self._own, self.blocks = own, blocks

    @abstractmethod
    def standing(self) -> Standing:
        """Work out the residuals of the present point, and where it stands."""

    @abstractmethod
    def factor(self) -> Factors:
        """Factor the Newton equations at the present point; raises `LinAlgError` where that breaks down."""

    @abstractmethod
    def direction(self, factors: Factors) -> Steps:
        """Solve the Newton equations: every part takes its direction; the longest steps along it."""

    def run(self, tolerance: float, deadline: float) -> Ended:
        """Go on until the score is below `tolerance` or gets no better; the parts end at the best point.

        The score is the largest of the gap, a tenth of the residual of rows, and a hundredth of that of reduced costs.
        """
        best, worse = Ended(np.inf, 0), 0
        count = max(1e-300, sum(self._of_all(Part.count)))
        settling, least, nearest = 0, np.inf, np.inf
        # Many small products: BLAS with threads of its own waits more than it works.
        with threadpool_limits(1, user_api="blas"), np.errstate(all="ignore"):
            for iteration in range(MOST_ITERATIONS):
                at = self.standing()
                mu = sum(self._of_all(Part.complementarity, None)) / count
                score = max(mu * count / (1.0 + abs(at.objective)), at.missed)
                if not np.isfinite(score):
                    break
                worse += 1
                if score < best.score or (score < tolerance and at.costs < least):
                    best, worse, least = Ended(score, iteration), 0, at.costs
                    if score < USEFUL:
                        self._of_all(Part.keep_point)
                # Far from the rows the gap grows for a while: whoever comes nearer to them has not got stuck.
                if not best.is_useful and at.missed < NEARER * nearest:
                    worse, nearest = 0, at.missed
                if worse > PATIENCE or time.perf_counter() > deadline:
                    break
                if score < tolerance:
                    settling += 1
                    if at.costs < SETTLED or settling > SETTLINGS:
                        break
                try:
                    factors = self.factor()
                except linalg.LinAlgError:
                    break
                steps = self._search(factors, mu, count, settle=score < tolerance)
                self._of_all(Part.take, Steps(NEARLY * steps.primal, NEARLY * steps.dual))
            if best.is_useful:
                self._of_all(Part.return_to_point)
                self._restore()
        return best

    def _restore(self) -> None:
        """Move onto the rows, which the last step only came near; duals stay."""
        missed = self.standing().rows
        for _ in range(RESTORATIONS):
            self._of_all(Part.keep_point)
            self._of_all(Part.hold)
            try:
                factors = self.factor()
            except linalg.LinAlgError:
                return
            steps = self.direction(factors)
            self._of_all(Part.take, Steps(min(1.0, NEARLY * steps.primal), 0.0))
            before, missed = missed, self.standing().rows
            if not missed < before:
                self._of_all(Part.return_to_point)
                return

    def _of_all(self, method: Callable[[Part, *Shared], Answer], *arguments: *Shared) -> list[Answer]:
        """What a method of every part returns."""
        return self.blocks.ask(method, *arguments) + [getattr(part, method.__name__)(*arguments) for part in self._own]

    def _search(self, factors: Factors, mu: float, count: float, *, settle: bool) -> Steps:
        """Predict, correct, and recentre while that makes the step longer; the longest steps.

        To settle is to leave the gap and take off the residuals: what the duals prove suffers from them.
        """
        target = mu if settle else 0.0
        self._of_all(Part.aim, target, False)
        steps = self.direction(factors).within(WHOLE)
        if not settle:
            after = sum(self._of_all(Part.complementarity, steps)) / count
            target = min(AMBITION, max((after / mu) ** 3, 1e-8)) * mu
            self._of_all(Part.aim, target, True)
            steps = self.direction(factors).within(WHOLE)
        for _ in range(RECENTRINGS):
            if min(steps) > 0.9:
                break
            self._of_all(Part.keep_direction)
            self._of_all(Part.recentre, Steps(steps.primal + BEYOND, steps.dual + BEYOND).within(WHOLE), target)
            longer = self.direction(factors).within(WHOLE)
            if sum(longer) < sum(steps) + GAIN:
                self._of_all(Part.return_to_direction)
                break
            steps = longer
        return steps


def helpers(n_variables: int) -> int:
    """How many processes should help: those that find a core, if the work is worth their start."""
    return idle_cores() if n_variables >= MANY else 0
