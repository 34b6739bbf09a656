"""At most so many suppliers that fail otherwise than thought.

The ball, for a whole Γ: laws q for which there are Γ suppliers such that whatever the others do is as likely as under π. These Γ
may fail as it hurts most, in every scenario given. Between two whole numbers it is the mixture of both balls.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.risk.kind import Ball, PathsOfModel, Rows
from procure.risk.law import check_outcomes, check_radius
from procure.risk.marginals import of_scenarios
from procure.units import Array, Index

#: Rows that a program may get from it: one for each scenario and each set of suppliers that may fail.
MOST_ROWS = 400_000


def failures(loss: ArrayLike, probability: ArrayLike, outcomes: ArrayLike, radius: float = 1.0) -> float:
    """Worst mean when the odds of `radius` suppliers, whichever they are, may be anything; in the unit of `loss`.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. A scenario of probability zero counts too. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]
    outcomes : array, shape (n_scenarios, n_suppliers)
        The state of each supplier in each scenario, by number or name. [o_sk]
    radius : float in [0, n_suppliers]
        How many of them: 0 is the mean, as many as there are the largest loss given. [Γ]

    Returns
    -------
    float
        max over sets S of Γ suppliers of Σ_h π_h max { L_s : the others do h in s }, with h all that the others may do; linear
        between two whole Γ. Where losses add up over independent suppliers it is the mean and the Γ largest of (worst - mean): the
        protection of Bertsimas & Sim (2004), Operations Research 52(1), 35-53, equation (4).

    Raises
    ------
    DataError
        For losses that are not finite, probabilities that are no law, outcomes of another shape, and a Γ below zero or above the
        number of suppliers.

    Two suppliers, each failing one time in four; the failure of the first costs 8, that of the second 4:

    >>> both = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> [failures([0, 4, 8, 12], [9 / 16, 3 / 16, 3 / 16, 1 / 16], both, n) for n in (0, 1, 1.5, 2)]
    [3.0, 9.0, 10.5, 12.0]
    """
    return Failures(outcomes, radius).value(loss, probability)


@dataclass(frozen=True, eq=False)
class Failures(Ball):
    """The worst mean where the odds of some suppliers may be anything (see `failures`).

    Parameters
    ----------
    outcomes : array, shape (n_scenarios, n_suppliers)
        The state of each supplier in each scenario, by number or name. [o_sk]
    radius : float in [0, n_suppliers]
        How many of them. [Γ]
    """

    outcomes: ArrayLike
    radius: float = 1.0
    name: ClassVar[str] = "failures"
    law_invariant: ClassVar[bool] = False
    by_history: ClassVar[bool] = True
    says: ClassVar[Said] = Said(
        "a radius of failures is the number of suppliers that may fail as it hurts most",
        "failures の半径は、最悪の形で途絶し得る供給元の数",
    )
    may: ClassVar[Said] = Said(
        "{radius} suppliers, whichever, may fail as it hurts most",
        "どの供給元であれ {radius} 件が最悪の形で途絶し得る",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcomes", check_outcomes(self.outcomes))
        object.__setattr__(self, "radius", check_radius(self.radius))
        if self.radius > self.n_suppliers:
            rule = Said("of {n} suppliers no more than {n} fail", "供給元 {n} 件のうち途絶するのは {n} 件まで")
            remedy = Said("lower it", "小さくする")
            raise DataError(Fault("radius", f"{self.radius:g}", rule.format(n=self.n_suppliers), remedy))

    @classmethod
    def around(cls, paths: PathsOfModel, radius: float) -> Failures:
        """What suppliers do along a whole path is held or free."""
        return cls(paths.outcomes, radius)

    @property
    def n_suppliers(self) -> int:
        """How many there are."""
        return int(np.asarray(self.outcomes).shape[1])

    def law(self, loss: Array, probability: Array) -> Array:
        """For the worst set of each size, all that the others do goes to the dearest scenario in which they do it."""
        law = np.zeros(len(loss))
        for count, share in self._sizes():
            groups = self._groups(count, len(loss)) if count else ()
            laws = [self._worst(group, loss, probability) for group in groups] or [probability]
            worst = max(laws, key=lambda q: float(q @ loss))
            law += share * worst
        return law

    def rows(self, probability: Array) -> Rows:
        """The dual, once for each whole number that Γ lies between.

        Vars   worst free,   dearest_Sh free, where the suppliers outside S do h

          min  worst
          s.t. worst >= Σ_h π_h dearest_Sh            ∀ S                   worst_set
               dearest_Sh >= L_s                      ∀ S, h, s in h        dearest_scenario
        """
        n = len(probability)
        mean, columns = np.zeros(n), 0
        cost: list[float] = []
        blocks: list[tuple[Any, Any, Array]] = []  # row, column, value of the matrix
        of_losses: list[tuple[Any, Any]] = []  # row, scenario
        n_rows = 0
        for count, share in self._sizes():
            if count == 0:
                mean += share * probability
                continue
            groups = list(self._groups(count, n))
            if len(groups) * n > MOST_ROWS:
                seen = Said(
                    "{sets} sets of {count} suppliers in {n} scenarios",
                    "供給元 {count} 件の組 {sets} 通りとシナリオ {n} 個",
                ).format(sets=len(groups), count=count, n=n)
                rule = Said(
                    "a program takes no more than {most:,} pairs of a set and a scenario",
                    "一つの線形計画が扱う組とシナリオの対は {most:,} まで",
                ).format(most=MOST_ROWS)
                remedy = Said(
                    "ask for fewer suppliers, or for a smaller tree", "供給元を減らすか、シナリオツリーを小さくする"
                )
                raise DataError(Fault("failures", seen, rule, remedy))
            worst, columns = columns, columns + 1
            cost.append(share)
            for group in groups:
                likely = np.bincount(group, weights=probability)
                at = columns + np.arange(len(likely))
                columns += len(likely)
                cost += [0.0] * len(likely)
                blocks.append((np.full(len(likely) + 1, n_rows), np.r_[worst, at], np.r_[1.0, -likely]))
                own = n_rows + 1 + np.arange(n)
                possible = likely[group] > 0
                blocks.append((own[possible], at[group[possible]], np.ones(int(possible.sum()))))
                of_losses.append((own[possible], np.flatnonzero(possible)))
                n_rows += 1 + n
        if not blocks:
            return Rows.of_mean(probability)
        row, column, value = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        at_row, scenario = (np.concatenate(parts) for parts in zip(*of_losses, strict=True))
        return Rows(
            mean=mean,
            cost=np.array(cost),
            lower=np.full(columns, -np.inf),
            matrix=sparse.csr_matrix((value, (row, column)), shape=(n_rows, columns)),
            losses=sparse.csr_matrix((np.ones(len(scenario)), (at_row, scenario)), shape=(n_rows, n)),
        )

    def _sizes(self) -> Iterator[tuple[int, float]]:
        """The whole numbers that Γ lies between, and the share of each."""
        whole = math.floor(self.radius)
        part = self.radius - whole
        yield whole, 1.0 - part
        if part > 0:
            yield whole + 1, part

    def _groups(self, count: int, n: int) -> Iterator[Index]:
        """For every set of so many suppliers, which scenarios are one for the others, as numbers from 0 on."""
        outcomes = of_scenarios(np.asarray(self.outcomes), n)
        for chosen in itertools.combinations(range(self.n_suppliers), count):
            others = np.delete(outcomes, chosen, axis=1)
            if not others.shape[1]:
                yield np.zeros(n, dtype=np.int64)
                continue
            yield np.unique(others, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)

    @staticmethod
    def _worst(group: Index, loss: Array, probability: Array) -> Array:
        """All the probability of each group on the first of its dearest scenarios."""
        order = np.lexsort((np.arange(len(loss)), -loss, group))
        first = order[np.r_[True, group[order][1:] != group[order][:-1]]]
        law = np.zeros(len(loss))
        law[first] = np.bincount(group, weights=probability)
        return law
