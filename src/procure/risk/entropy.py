"""Laws that are hard to tell from the given one: relative entropy. Not linear: no program minimises it here.

The ball: Σ_s q_s log(q_s / π_s) <= radius, on the outcomes with π_s > 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from procure.risk.kind import RiskMeasure
from procure.risk.law import check_radius
from procure.units import Array


def kullback_leibler(loss: ArrayLike, probability: ArrayLike, radius: float = 0.05) -> float:
    """Worst mean over the laws with a relative entropy of at most `radius`; in the unit of `loss`.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one; an outcome of probability zero keeps it. [π_s]
    radius : float >= 0
        The most that Σ_s q_s log(q_s / π_s) may be, natural logarithm: 0 is the mean, ``inf`` the worst case. [r]

    Returns
    -------
    float
        min_{λ > 0}  λ r + λ log Σ_s π_s exp(L_s / λ).
        Hu & Hong (2013), Kullback-Leibler divergence constrained distributionally robust optimization.

    Raises
    ------
    DataError
        For losses that are not finite, probabilities that are no law, and a radius below zero.

    >>> round(kullback_leibler([0, 10], [0.5, 0.5], radius=0.05), 3)
    6.568
    """
    return KullbackLeibler(radius).value(loss, probability)


@dataclass(frozen=True)
class KullbackLeibler(RiskMeasure):
    """The worst mean within a relative entropy of `radius` (see `kullback_leibler`).

    Parameters
    ----------
    radius : float >= 0
        The most that Σ_s q_s log(q_s / π_s) may be, natural logarithm. [r]
    """

    radius: float = 0.05
    name: ClassVar[str] = "kullback_leibler"

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", check_radius(self.radius))

    def law(self, loss: Array, probability: Array) -> Array:
        """The law is π_s exp(t L_s) rescaled, with the tilt t at which its relative entropy is the radius."""
        support = probability > 0
        top, low = loss[support].max(), loss[support].min()
        # The tilt is worst at the outcomes of largest loss; a ball that contains them alone needs no search.
        certain = np.where(support & (loss == top), probability, 0.0)
        if self.radius >= -np.log(certain.sum()):
            return np.asarray(certain / certain.sum())
        if self.radius == 0 or top == low:
            return probability
        p, drop = probability[support], (loss[support] - top) / (top - low)  # in [-1, 0]: exp() cannot overflow

        def log_ratio(tilt: float) -> Array:
            return np.asarray(tilt * drop - np.log(p @ np.exp(tilt * drop)))

        from scipy.optimize import brentq  # late: it takes longer to import than everything else

        def entropy_above_radius(tilt: float) -> float:
            u = log_ratio(tilt)
            # Σ q log(q/π) as a sum of terms that are never negative: small radii keep their digits.
            return float(p @ (np.exp(u) * u - np.expm1(u))) - self.radius

        high = 1.0
        while entropy_above_radius(high) < 0 and high < 1e300:
            high *= 2.0
        tilt = brentq(entropy_above_radius, 0.0, high, xtol=1e-300, rtol=1e-14, maxiter=2000)
        law = np.zeros_like(probability)
        law[support] = p * np.exp(log_ratio(tilt))
        return np.asarray(law / law.sum())
