"""The largest loss that is possible.

The ball: any law on the outcomes with π_s > 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from procure.risk.kind import LinearMeasure, Rows
from procure.units import Array


def worst_case(loss: ArrayLike, probability: ArrayLike) -> float:
    """Largest loss among the outcomes that have a probability above zero, in the unit of `loss`.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one; only whether it is zero counts. [π_s]

    Returns
    -------
    float
        max { L_s : π_s > 0 }, the limit of CVaR as its level goes to one.

    Raises
    ------
    DataError
        For losses that are not finite, and probabilities that are negative or do not sum to one.

    >>> worst_case([0, 30, 70], [0.5, 0.5, 0.0])
    30.0
    """
    return WorstCase().value(loss, probability)


@dataclass(frozen=True)
class WorstCase(LinearMeasure):
    """The largest loss that is possible (see `worst_case`)."""

    name: ClassVar[str] = "worst_case"

    def law(self, loss: Array, probability: Array) -> Array:
        """All on the first outcome of the largest loss."""
        law = np.zeros(len(loss))
        law[np.argmax(np.where(probability > 0, loss, -np.inf))] = 1.0
        return law

    def rows(self, probability: Array) -> Rows:
        """The largest loss as a program finds it.

        Vars   worst free

          min  worst
          s.t. worst >= L_s                           ∀ s: π_s > 0      largest_loss
        """
        n = len(probability)
        possible = sparse.identity(n, format="csr")[probability > 0]
        return Rows(
            mean=np.zeros(n),
            cost=np.ones(1),
            lower=np.array([-np.inf]),
            matrix=sparse.csr_matrix(np.ones((possible.shape[0], 1))),
            losses=possible,
        )
