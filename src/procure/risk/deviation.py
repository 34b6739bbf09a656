"""Laws within a weighted square deviation of the given one. Not linear: no program minimises it here.

The ball: Σ_s (q_s - π_s)² / π_s <= radius, on the outcomes with π_s > 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from procure.risk.kind import RiskMeasure
from procure.risk.law import check_radius
from procure.units import Array


def chi_square(loss: ArrayLike, probability: ArrayLike, radius: float = 0.02) -> float:
    """Worst mean over the laws within a chi-square distance of `radius`; in the unit of `loss`.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one; an outcome of probability zero keeps it. [π_s]
    radius : float >= 0
        The most that Σ_s (q_s - π_s)² / π_s may be: 0 is the mean, ``inf`` the worst case. [r]

    Returns
    -------
    float
        min_ν  ν + sqrt((1 + r) Σ_s π_s max(L_s - ν, 0)²), which is mean + sqrt(r) × standard deviation while no outcome is
        pushed to zero. Ben-Tal, den Hertog, De Waegenaere, Melenberg & Rennen (2013), Management Science 59(2), 341-357.

    Raises
    ------
    DataError
        For losses that are not finite, probabilities that are no law, and a radius below zero.

    >>> round(chi_square([0, 10], [0.5, 0.5], radius=0.04), 9)
    6.0
    """
    return ChiSquare(radius).value(loss, probability)


@dataclass(frozen=True)
class ChiSquare(RiskMeasure):
    """The worst mean within a chi-square distance of `radius` (see `chi_square`).

    Parameters
    ----------
    radius : float >= 0
        The most that Σ_s (q_s - π_s)² / π_s may be. [r]
    """

    radius: float = 0.02
    name: ClassVar[str] = "chi_square"

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", check_radius(self.radius))

    def law(self, loss: Array, probability: Array) -> Array:
        """The law is π_s max(L_s - ν, 0) rescaled; between two losses the level ν has a closed form."""
        if self.radius == 0:
            return probability
        levels = np.unique(loss[probability > 0])
        top = probability[(loss == levels[-1])].sum()
        if self.radius >= 1.0 / top - 1.0:
            return np.asarray(np.where(loss == levels[-1], probability, 0.0) / top)

        def spread(level: float) -> float:
            excess = np.maximum(loss - level, 0.0) / (levels[-1] - level)
            return float((probability @ excess**2) / (probability @ excess) ** 2) - 1.0

        # The spread grows with the level: find the losses that are pushed to zero by halving.
        n_zero, too_many = 0, len(levels) - 1
        while n_zero < too_many:
            middle = (n_zero + too_many) // 2
            if spread(levels[middle]) <= self.radius:
                n_zero = middle + 1
            else:
                too_many = middle
        kept = np.where(loss >= levels[n_zero], probability, 0.0)
        share = kept.sum()
        deviation = (loss - kept @ loss / share) / (levels[-1] - levels[n_zero])
        scale = np.sqrt(max(self.radius + 1.0 - 1.0 / share, 0.0) / (kept @ deviation**2))
        law = np.maximum(kept * (1.0 / share + scale * deviation), 0.0)
        return np.asarray(law / law.sum())
