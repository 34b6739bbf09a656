"""The mean and its tail where the odds themselves are in doubt: both under the worst law of a ball.

The ball: (1 - w) q + w (a law of the ball of cvar around q), for q in the ball of the doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from procure.risk.kind import Ball, LinearMeasure, Rows
from procure.risk.law import check_law
from procure.risk.tail import CVaR, MeanCVaR
from procure.units import Array

#: Halvings of the range in which the tail begins.
STEPS = 45


@dataclass(frozen=True, eq=False)
class Ambiguous(LinearMeasure):
    """The worst, over the laws q of a ball, of ``(1 - weight)`` mean ``+ weight`` CVaR at level `alpha` under q.

    Parameters
    ----------
    ball : Ball
        The doubt: `TotalVariation(radius=0.1)`, `Wasserstein(...)`, `KnownMarginals(...)`, `Failures(...)`.
    alpha : float in [0, 1)
        Confidence level of the tail: ``0.95`` averages the worst 5 %. [α]
    weight : float in [0, 1]
        Weight of the tail against the mean. [w]

    With a tenth of the probability in doubt half the mean and half the worst fifth of 0, 30, 70 is

    >>> from procure.risk import TotalVariation
    >>> Ambiguous(TotalVariation(0.1), alpha=0.8, weight=0.5).value([0, 30, 70], [0.5, 0.4, 0.1])
    48.0
    """

    ball: Ball
    alpha: float = 0.95
    weight: float = 0.0
    name: ClassVar[str] = "ambiguous"
    law_invariant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        checked = MeanCVaR(self.alpha, self.weight)
        object.__setattr__(self, "alpha", checked.alpha)
        object.__setattr__(self, "weight", checked.weight)

    @property
    def is_mean(self) -> bool:
        """Whether the tail counts for nothing of its own."""
        return self.weight == 0 or self.alpha == 0

    def value(self, loss: ArrayLike, probability: ArrayLike) -> float:
        """The worst mean and tail, mixed, in the unit of `loss`."""
        checked, likely = check_law(loss, probability)
        _, q, eta = self._saddle(checked, likely)
        return min(
            float(self._seen(checked, eta) @ q + (0.0 if self.is_mean else self.weight * eta)), float(checked.max())
        )

    def law(self, loss: Array, probability: Array) -> Array:
        """What each outcome weighs in the worst mean and the tail under it."""
        return self._saddle(loss, probability)[0]

    def odds(self, loss: ArrayLike, probability: ArrayLike) -> Array:
        """The worst law q of the ball itself, shape (n_scenarios,), before the tail is taken of it."""
        return self._saddle(*check_law(loss, probability))[1]

    def rows(self, probability: Array) -> Rows:
        """The rows of the ball, over what a loss counts for mean and tail together.

        Vars   η free,   excess_s >= 0,   counted_s free,   z of the ball

          min  w η + mean·counted + cost·z
          s.t. η + excess_s >= L_s                                         ∀ s      tail_excess
               counted_s - w excess_s / (1 - α) >= (1 - w) L_s             ∀ s      counted_loss
               matrix z - losses counted >= 0                                       rows of the ball

        The worst of the ball and the best η may be taken in either order: E_q is linear in q, the bracket convex in η
        (Sion (1958), Pacific Journal of Mathematics 8(1), 171-176).
        """
        of_ball = self.ball.rows(probability)
        if self.is_mean:
            return of_ball
        n, w = len(probability), self.weight
        every, tail = sparse.identity(n, format="csr"), CVaR(self.alpha).tail_rows(probability)
        blocks = [
            [tail.matrix, None, None],
            [sparse.hstack([sparse.csr_matrix((n, 1)), -w / (1.0 - self.alpha) * every]), every, None],
            [None, -of_ball.losses, of_ball.matrix],
        ]
        n_ball = len(of_ball.cost)
        matrix = sparse.bmat(blocks if n_ball else [row[:2] for row in blocks[:2]], format="csr")
        n_rows = of_ball.losses.shape[0] if n_ball else 0
        return Rows(
            mean=np.zeros(n),
            cost=np.concatenate([[w], np.zeros(n), of_ball.mean, of_ball.cost]),
            lower=np.concatenate([tail.lower, np.full(n, -np.inf), of_ball.lower]),
            matrix=matrix,
            losses=sparse.vstack([tail.losses, (1.0 - w) * every, sparse.csr_matrix((n_rows, n))], format="csr"),
        )

    def _seen(self, loss: Array, eta: float) -> Array:
        """What a loss counts where the tail begins at η, without w η."""
        if self.is_mean:
            return loss
        return (1.0 - self.weight) * loss + self.weight / (1.0 - self.alpha) * np.maximum(loss - eta, 0.0)

    def _saddle(self, loss: Array, probability: Array) -> tuple[Array, Array, float]:
        """What each outcome weighs, the worst law of the ball, and where its tail begins.

        What is minimised over η is convex, and its slope at η is w (1 - q(L > η) / (1 - α)) with q the worst law there. The range
        is halved until it changes sign, where the laws of both sides are mixed so that there is none.
        """
        if self.is_mean:
            law = self.ball.law(loss, probability)
            return law, law, 0.0
        low, high = float(loss.min()), float(loss.max())
        spread, mass = max(high - low, 1e-300), 1.0 - self.alpha
        below, above = (self.ball.law(self._seen(loss, eta), probability) for eta in (low - spread, high))
        for _ in range(STEPS):
            middle = 0.5 * (low + high)
            law = self.ball.law(self._seen(loss, middle), probability)
            if law[loss > middle].sum() > mass:
                low, below = middle, law
            else:
                high, above = middle, law
        eta, near = high, 1e-9 * spread
        # How much of the tail's mass lies surely, and at most, beyond η under either law.
        least = [float(law[loss > eta + near].sum()) for law in (below, above)]
        most = [float(law[loss >= eta - near].sum()) for law in (below, above)]
        if least[1] <= mass <= most[1] + 1e-12:
            q = above
        elif least[0] <= mass <= most[0]:
            q = below
        else:
            share = (mass - most[1]) / max(least[0] - most[1], 1e-300)
            q = share * below + (1.0 - share) * above
        return (1.0 - self.weight) * q + self.weight * CVaR(self.alpha).law(loss, q), q, eta
