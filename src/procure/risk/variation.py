"""Probability that may move anywhere, so much of it.

The ball: Σ_s |q_s - π_s| / 2 <= radius. It may use an outcome with π_s = 0: the outcomes given are the support.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from procure.languages import Said
from procure.risk.kind import Ball, PathsOfModel, Rows
from procure.risk.law import check_radius, take
from procure.risk.tail import CVaR
from procure.units import Array


def total_variation(loss: ArrayLike, probability: ArrayLike, radius: float = 0.1) -> float:
    """Worst mean when a share `radius` of the probability may move, to any of the outcomes given; in the unit of `loss`.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. An outcome of probability zero counts too. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]
    radius : float >= 0
        The most that half of Σ_s |q_s - π_s| may be: 0 is the mean, 1 and more the largest loss listed. [r]

    Returns
    -------
    float
        r max_s L_s + (1 - r) CVaR_r(L): the share r that loses least goes to the worst outcome.
        Jiang & Guan (2018), Operations Research 66(5), 1390-1405.

    Raises
    ------
    DataError
        For losses that are not finite, probabilities that are no law, and a radius below zero.

    >>> total_variation([0, 30, 70], [0.5, 0.4, 0.1], radius=0.1)
    26.0
    """
    return TotalVariation(radius).value(loss, probability)


@dataclass(frozen=True)
class TotalVariation(Ball):
    """The worst mean when a share `radius` of the probability may move (see `total_variation`).

    Parameters
    ----------
    radius : float >= 0
        The most that half of Σ_s |q_s - π_s| may be: 0 is the mean, 1 and more the largest loss listed. [r]

    >>> TotalVariation(radius=0.1).value([0, 30, 70], [0.5, 0.4, 0.1])
    26.0
    """

    radius: float = 0.1
    name: ClassVar[str] = "total_variation"
    law_invariant: ClassVar[bool] = False
    most: ClassVar[float] = 1.0
    says: ClassVar[Said] = Said(
        "a radius of total variation is the share of the probability that may move, 0 to 1",
        "total-variation の半径は、移り得る確率の割合で 0～1",
    )
    may: ClassVar[Said] = Said(
        "{radius} of the probability may move to any of the futures",
        "確率の {radius} がどの将来へも移り得る",
    )
    counts_percent: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", check_radius(self.radius))

    @classmethod
    def around(cls, paths: PathsOfModel, radius: float) -> TotalVariation:
        """Probability may move to any path."""
        return cls(radius)

    def law(self, loss: Array, probability: Array) -> Array:
        """The smallest losses lose the probability that the largest one gains."""
        order = np.argsort(loss, kind="stable")
        law = np.empty_like(probability)
        moved = take(probability[order], self.radius)
        law[order] = probability[order] - moved
        law[np.argmax(loss)] += moved.sum()
        return law

    def rows(self, probability: Array) -> Rows:
        """The dual: with the multipliers of Σ_s q_s = 1 and of the radius, what is left is the worst outcome and a tail.

        Vars   worst free;   η, excess_s as in `CVaR.rows` at level r

          min  r worst + (1 - r) (η + Σ_s π_s excess_s / (1 - r))
          s.t. worst >= L_s                           ∀ s      largest_loss
               η + excess_s >= L_s                    ∀ s      tail_excess

        Jiang & Guan (2018), Operations Research 66(5), 1390-1405.
        """
        n, r = len(probability), min(self.radius, 1.0)
        if r == 0:
            return Rows.of_mean(probability)
        every, worst = sparse.identity(n, format="csr"), np.ones((n, 1))
        if r == 1:
            return Rows(np.zeros(n), np.ones(1), np.array([-np.inf]), sparse.csr_matrix(worst), every)
        tail = CVaR(r).rows(probability)
        return Rows(
            mean=(1.0 - r) * tail.mean,
            cost=np.r_[r, (1.0 - r) * tail.cost],
            lower=np.r_[-np.inf, tail.lower],
            matrix=sparse.block_diag([worst, tail.matrix], format="csr"),
            losses=sparse.vstack([every, tail.losses], format="csr"),
        )
