"""The mean, its tail, and a mixture of both.

The ball
  expectation    q = π
  cvar           q_s <= π_s / (1 - alpha)
  mean_cvar      (1 - weight) π + weight (a law of the ball of cvar)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from procure.languages import Said
from procure.risk.kind import LinearMeasure, Rows
from procure.risk.law import check_number, take
from procure.units import Array

#: What a confidence level is, and a weight, wherever one is asked for.
A_LEVEL = Said(
    "a confidence level is in [0, 1): 0.95 averages the worst 5 %", "信頼水準は [0, 1)。0.95 なら最悪 5 % の平均"
)
A_WEIGHT = Said("a weight is in [0, 1]", "重みは [0, 1]")


def expectation(loss: ArrayLike, probability: ArrayLike) -> float:
    """Mean loss, in the unit of `loss`.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]

    Returns
    -------
    float
        Σ_s π_s L_s.

    Raises
    ------
    DataError
        For losses that are not finite, and probabilities that are negative or do not sum to one.

    >>> expectation([0, 10], [0.75, 0.25])
    2.5
    """
    return Expectation().value(loss, probability)


def cvar(loss: ArrayLike, probability: ArrayLike, alpha: float = 0.95) -> float:
    """Mean of the worst ``1 - alpha`` share of outcomes (CVaR, expected shortfall), in the unit of `loss`.

    An atom at the edge of the tail is split: exact for any discrete law.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]
    alpha : float in [0, 1)
        Confidence level: ``0.95`` averages the worst 5 %, ``0`` is the plain mean. [α]

    Returns
    -------
    float
        min_η  η + Σ_s π_s max(L_s - η, 0) / (1 - α).
        Rockafellar & Uryasev (2000), Journal of Risk 2(3), 21-41, Theorem 1.

    Raises
    ------
    DataError
        For losses that are not finite, probabilities that are no law, and a level outside [0, 1).

    >>> cvar([0, 0, 30, 70], [0.5, 0.3, 0.1, 0.1], alpha=0.8)
    50.0
    """
    return CVaR(alpha).value(loss, probability)


@dataclass(frozen=True)
class Expectation(LinearMeasure):
    """The mean loss (see `expectation`)."""

    name: ClassVar[str] = "expectation"

    def law(self, loss: Array, probability: Array) -> Array:
        """The given law itself."""
        return probability

    def rows(self, probability: Array) -> Rows:
        """None: the mean is linear."""
        return Rows.of_mean(probability)


def value_at_risk(loss: Array, probability: Array, alpha: float) -> float:
    """The level from which the tail begins: the least loss with no more than ``1 - alpha`` beyond it, in the unit of `loss`.

    >>> value_at_risk(np.array([0.0, 30.0, 70.0]), np.array([0.8, 0.1, 0.1]), alpha=0.85)
    30.0
    """
    order = np.argsort(-loss, kind="stable")
    beyond = np.cumsum(probability[order])
    return float(loss[order[min(int(np.searchsorted(beyond, 1.0 - alpha)), len(loss) - 1)]])


@dataclass(frozen=True)
class CVaR(LinearMeasure):
    """The mean of the worst ``1 - alpha`` share of outcomes (see `cvar`).

    Parameters
    ----------
    alpha : float in [0, 1)
        Confidence level: ``0.95`` averages the worst 5 %, ``0`` is the plain mean. [α]

    >>> CVaR(alpha=0.8).value([0, 0, 30, 70], [0.5, 0.3, 0.1, 0.1])
    50.0
    """

    alpha: float = 0.95
    name: ClassVar[str] = "cvar"

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", check_number(self.alpha, "alpha", A_LEVEL, below=1.0))

    def law(self, loss: Array, probability: Array) -> Array:
        """The tail, rescaled: the largest losses until they have the probability ``1 - alpha``."""
        order = np.argsort(-loss, kind="stable")
        tail = take(probability[order], 1.0 - self.alpha)
        law = np.empty_like(tail)
        law[order] = tail / tail.sum()
        return law

    def rows(self, probability: Array) -> Rows:
        """The tail as a program finds it.

        Vars   η free,   excess_s >= 0

          min  η + Σ_s π_s excess_s / (1 - α)
          s.t. η + excess_s >= L_s                    ∀ s      tail_excess

        Rockafellar & Uryasev (2000), Journal of Risk 2(3), 21-41, section 3.
        """
        return Rows.of_mean(probability) if self.alpha == 0 else self.tail_rows(probability)

    def tail_cost(self, probability: Array) -> Array:
        """What η and the excesses cost in `rows`, shape (1 + n_scenarios,)."""
        return np.concatenate([[1.0], probability / (1.0 - self.alpha)])

    def tail_rows(self, probability: Array) -> Rows:
        """`rows` with η and an excess for every outcome, also where the tail is all there is.

        The probabilities may be those of the outcomes that the tail can reach: the others have no excess.
        """
        n = len(probability)
        every = sparse.identity(n, format="csr")
        return Rows(
            mean=np.zeros(n),
            cost=self.tail_cost(probability),
            lower=np.r_[-np.inf, np.zeros(n)],
            matrix=sparse.hstack([np.ones((n, 1)), every], format="csr"),
            losses=every,
        )


@dataclass(frozen=True)
class MeanCVaR(LinearMeasure):
    """The mixture ``(1 - weight)`` mean + ``weight`` CVaR at level `alpha`, in the unit of the losses.

    Parameters
    ----------
    alpha : float in [0, 1)
        Confidence level of the tail: ``0.95`` averages the worst 5 %.
    weight : float in [0, 1]
        Weight of the tail against the mean.

    >>> MeanCVaR(alpha=0.8, weight=0.5).value([0, 0, 30, 70], [0.5, 0.3, 0.1, 0.1])
    30.0
    """

    alpha: float = 0.95
    weight: float = 0.5
    name: ClassVar[str] = "mean_cvar"

    def __post_init__(self) -> None:
        above_one = float(np.nextafter(1.0, 2.0))
        object.__setattr__(self, "alpha", CVaR(self.alpha).alpha)
        object.__setattr__(self, "weight", check_number(self.weight, "weight", A_WEIGHT, below=above_one))

    def law(self, loss: Array, probability: Array) -> Array:
        """The given law and its tail, mixed."""
        return (1.0 - self.weight) * probability + self.weight * CVaR(self.alpha).law(loss, probability)

    def rows(self, probability: Array) -> Rows:
        """Those of the tail, which weighs less, beside the mean."""
        if self.weight == 0 or self.alpha == 0:
            return Rows.of_mean(probability)
        tail = CVaR(self.alpha).rows(probability)
        mean = (1.0 - self.weight) * probability + self.weight * tail.mean
        return Rows(mean, self.weight * tail.cost, tail.lower, tail.matrix, tail.losses)
