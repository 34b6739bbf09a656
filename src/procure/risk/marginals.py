"""Known odds of each supplier, unknown odds of what fails together.

The ball: (1 - r) π + r q, with q any law on the scenarios given under which each supplier has the outcomes it has under π, each as
likely: Σ_{s: o_sk = o} q_s = Σ_{s: o_sk = o} π_s for every supplier k and outcome o. How the outcomes of several meet is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.risk.kind import Ball, PathsOfModel, Rows
from procure.risk.law import check_number, check_outcomes
from procure.units import Array, Index

ABOVE_ONE = float(np.nextafter(1.0, 2.0))


def known_marginals(loss: ArrayLike, probability: ArrayLike, outcomes: ArrayLike, radius: float = 1.0) -> float:
    """Worst mean when the odds of each supplier are known and those of their coincidence are not; in the unit of `loss`.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]
    outcomes : array, shape (n_scenarios, n_suppliers)
        The state of each supplier in each scenario, by number or name. [o_sk]
    radius : float in [0, 1]
        The share of the probability whose joint law is not known: 0 is the mean, 1 leaves nothing but the marginals. [r]

    Returns
    -------
    float
        (1 - r) Σ_s π_s L_s + r max Σ_s q_s L_s over the laws q with these marginals: a transport problem of as many sides as there
        are suppliers. Rüschendorf (1983), Metrika 30, 255-264.

    Raises
    ------
    DataError
        For losses that are not finite, probabilities that are no law, outcomes of another shape, and a radius outside [0, 1].

    Two suppliers, each failing one time in four, one at a time or both:

    >>> both = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> known_marginals([0, 1, 1, 10], [9 / 16, 3 / 16, 3 / 16, 1 / 16], both)
    2.5
    """
    return KnownMarginals(outcomes, radius).value(loss, probability)


@dataclass(frozen=True, eq=False)
class KnownMarginals(Ball):
    """The worst mean where the odds of each supplier are known, and those of their coincidence are not (see `known_marginals`).

    Parameters
    ----------
    outcomes : array, shape (n_scenarios, n_suppliers)
        The state of each supplier in each scenario, by number or name. [o_sk]
    radius : float in [0, 1]
        The share of the probability whose joint law is not known. [r]
    """

    outcomes: ArrayLike
    radius: float = 1.0
    name: ClassVar[str] = "known_marginals"
    law_invariant: ClassVar[bool] = False
    most: ClassVar[float] = 1.0
    says: ClassVar[Said] = Said(
        "a radius of known marginals is the share of the probability whose joint law is unknown, 0 to 1",
        "known-marginals の半径は、同時分布の知られていない確率の割合で 0～1",
    )
    may: ClassVar[Said] = Said(
        "of {radius} of the probability only the odds of each supplier are known, and not what fails together",
        "確率の {radius} については各供給元の確率だけが知られ、同時に何が途絶するかは知られていない",
    )
    counts_percent: ClassVar[bool] = True
    by_history: ClassVar[bool] = True

    def __post_init__(self) -> None:
        rule = Said(
            "the share of the probability whose joint law is unknown is in [0, 1]",
            "同時分布の知られていない確率の割合は [0, 1] の範囲",
        )
        object.__setattr__(self, "radius", check_number(self.radius, "radius", rule, below=ABOVE_ONE))
        object.__setattr__(self, "outcomes", check_outcomes(self.outcomes))

    @classmethod
    def around(cls, paths: PathsOfModel, radius: float) -> KnownMarginals:
        """What each supplier does along a whole path is as likely as before."""
        return cls(paths.outcomes, radius)

    def law(self, loss: Array, probability: Array) -> Array:
        """The worst law as the transport problem finds it."""
        if self.radius == 0:
            return probability
        from scipy.optimize import linprog  # late: it takes longer to import than everything else

        at = self._marginals(len(loss))
        sums = sparse.csr_matrix(at.T)
        found = linprog(-loss / max(np.abs(loss).max(), 1e-300), A_eq=sums, b_eq=sums @ probability, method="highs")
        worst = np.maximum(found.x, 0.0)
        return np.asarray((1.0 - self.radius) * probability + self.radius * worst / worst.sum())

    def rows(self, probability: Array) -> Rows:
        """The dual of the transport problem.

        Vars   price_ko free, of outcome o of supplier k

          min  (1 - r) Σ_s π_s L_s + r Σ_ko (Σ_{s: o_sk = o} π_s) price_ko
          s.t. Σ_k price_{k, o_sk} >= L_s             ∀ s      dearest_coincidence
        """
        n, r = len(probability), self.radius
        if r == 0:
            return Rows.of_mean(probability)
        at = self._marginals(n)
        return Rows(
            mean=(1.0 - r) * probability,
            cost=r * np.asarray(at.T @ probability),
            lower=np.full(at.shape[1], -np.inf),
            matrix=at,
            losses=sparse.identity(n, format="csr"),
        )

    def _marginals(self, n: int) -> sparse.csr_matrix:
        """Scenarios by the outcomes of all suppliers: one where it is that of the scenario."""
        outcomes = of_scenarios(np.asarray(self.outcomes), n)
        first = np.concatenate([[0], np.cumsum(outcomes.max(axis=0) + 1)])
        columns = (outcomes + first[:-1]).ravel()
        rows = np.repeat(np.arange(n), outcomes.shape[1])
        return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, int(first[-1])))


def of_scenarios(outcomes: Index, n: int) -> Index:
    """Outcomes, one row for each of `n` scenarios; `DataError` where they are as many as something else."""
    if len(outcomes) != n:
        seen = Said("{rows} rows for {scenarios} scenarios", "シナリオ {scenarios} 個に {rows} 行")
        rule = Said("there is a row for each scenario", "シナリオごとに一行")
        raise DataError(Fault("outcomes", seen.format(rows=len(outcomes), scenarios=n), rule))
    return outcomes
