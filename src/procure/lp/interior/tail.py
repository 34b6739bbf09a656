"""The tail of some losses, as part of a central path."""

from __future__ import annotations

import numpy as np

from procure.lp.interior.block import Part
from procure.lp.interior.unknowns import Bounded, Steps, Unbounded
from procure.units import Array


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

    def __init__(self, probability: Array, alpha: float, weight: float, share: float) -> None:
        n = len(probability)
        self.p, self.weight = probability, weight
        self.eta = Unbounded(np.zeros(()), is_dual=False)
        self.tau = Unbounded(weight * probability, is_dual=True)
        self.cap = weight * probability / (1.0 - alpha)
        self.excess = Bounded(np.zeros((2, n)), np.full((2, n), np.inf), np.full((2, n), share))
        self.rows_missed, self.eta_residual = np.zeros(n), 0.0
        super().__init__((self.excess,), (self.eta, self.tau))

    def start(self, loss: Array) -> None:
        """Begin at the mean of the losses."""
        eta = float(self.p @ loss) / float(self.p.sum())
        apart = loss - eta
        edge = max(1e-3, float(np.sqrt(self.p @ apart**2)))
        self.eta.value = np.array(eta)
        self.excess.value = np.array([np.maximum(apart, 0.0), np.maximum(-apart, 0.0)]) + edge
        self.excess.centre()

    def residuals(self, loss: Array) -> tuple[float, float]:
        """Residuals of rows and of reduced costs, the largest of each."""
        eta, tau, (e, f) = float(self.eta.value), self.tau.value, self.excess.value
        self.rows_missed = f - e - eta + loss
        self.excess.residual = np.array([self.cap - tau, tau]) - self.excess.low
        self.eta_residual = self.weight - float(tau.sum())
        dual = max(float((np.abs(self.excess.residual) / self.p).max()), abs(self.eta_residual))
        return float(np.abs(self.rows_missed).max()) / (1.0 + abs(eta)), dual

    def resistance(self) -> Array:
        """What a unit of τ moves of its own row."""
        self.excess.weigh(1e-300)
        return np.asarray(self.excess.D.sum(axis=0))

    def right(self) -> Array:
        """The right-hand side of the rows."""
        D, h = self.excess.D, self.excess.right()
        return np.asarray(self.rows_missed - D[0] * h[0] + D[1] * h[1])

    def hold(self) -> None:
        """Aim at nothing but the rows from now on."""
        super().hold()
        self.eta_residual = 0.0

    def finish(self, d_tau: Array, d_eta: float) -> Steps:
        """Take the direction; the longest steps along it."""
        self.tau.move, self.eta.move = d_tau, np.array(d_eta)
        return self.excess.step(self.excess.D * (self.excess.right() + np.array([d_tau, -d_tau])))

    def law(self) -> Array:
        """The multipliers as a law: within [0, cap], summing to the weight."""
        law = np.clip(self.tau.value, 0.0, self.cap)
        for _ in range(50):
            missing = self.weight - law.sum()
            room = (self.cap - law) if missing > 0 else law
            law = np.clip(law + missing * room / max(room.sum(), 1e-300), 0.0, self.cap)
        return np.asarray(law)
