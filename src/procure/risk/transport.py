"""Probability that may be moved between outcomes, at a cost.

The ball: the cost of moving π into q is <= radius. It may use an outcome with π_s = 0: the outcomes given are the support.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.risk.kind import Ball, PathsOfModel, Rows
from procure.risk.law import SHAPE_IS, check_radius, take
from procure.units import Array


def wasserstein(loss: ArrayLike, probability: ArrayLike, distance: ArrayLike, radius: float = 0.1) -> float:
    """Worst mean when probability may be moved between the outcomes given at a cost of `radius`; in the unit of `loss`.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. An outcome of probability zero counts too. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]
    distance : array, shape (n_scenarios, n_scenarios)
        What moving probability one from outcome i (row) to outcome j (column) costs: zero on the diagonal,
        never negative, ``inf`` where it is forbidden. It need not be symmetric. [d_ij]
    radius : float >= 0
        The most that Σ_ij (mass moved from i to j) d_ij may be, in the unit of `distance`. [r]

    Returns
    -------
    float
        min_{λ >= 0}  λ r + Σ_i π_i max_j (L_j - λ d_ij), exactly. Mohajerin Esfahani & Kuhn (2018),
        Mathematical Programming 171, 115-166, give the duality; here the laws live on the outcomes given.

    Raises
    ------
    DataError
        For losses that are not finite, probabilities that are no law, a radius below zero, and distances of another
        shape, below zero, or not zero on the diagonal.

    >>> wasserstein([0, 10], [0.75, 0.25], [[0, 2], [2, 0]], radius=0.5)
    5.0
    """
    return Wasserstein(distance, radius).value(loss, probability)


@dataclass(frozen=True, eq=False)
class Wasserstein(Ball):
    """The worst mean when probability may be moved at a cost of `radius` (see `wasserstein`).

    A program takes a row for each pair of outcomes between which probability may move: a distance of ``inf`` saves it.

    Parameters
    ----------
    distance : array, shape (n_scenarios, n_scenarios)
        What moving probability one from outcome i (row) to outcome j (column) costs; ``inf`` where it is forbidden. [d_ij]
    radius : float >= 0
        The most that Σ_ij (mass moved from i to j) d_ij may be, in the unit of `distance`. [r]

    >>> Wasserstein([[0, 2], [2, 0]], radius=0.5).worst_law([0, 10], [0.75, 0.25]).tolist()
    [0.5, 0.5]
    """

    distance: ArrayLike
    radius: float = 0.1
    name: ClassVar[str] = "wasserstein"
    law_invariant: ClassVar[bool] = False
    says: ClassVar[Said] = Said(
        "a radius of Wasserstein is the probability that moves, times the suppliers lost on the way",
        "wasserstein の半径は、移る確率と、それで失われる供給元の数の積",
    )
    may: ClassVar[Said] = Said(
        "probability may move between futures, {radius} suppliers further in the mean",
        "確率は将来の間を平均で供給元 {radius} 件分の距離だけ移り得る",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", check_radius(self.radius))
        object.__setattr__(self, "distance", _check_distance(self.distance))

    @classmethod
    def around(cls, paths: PathsOfModel, radius: float) -> Wasserstein:
        """Probability moves between paths at the cost of what is delivered less, or more."""
        return cls(paths.distance, radius)

    def law(self, loss: Array, probability: Array) -> Array:
        """The law that spends the budget where it buys most loss per unit of cost.

        With b_i the cost spent per unit of probability i, the best loss g_i(b_i) is the upper concave hull of the
        points (d_ij, L_j); so  max Σ_i π_i g_i(b_i)  s.t.  Σ_i π_i b_i <= r  takes hull edges in the order of slope.
        """
        d = self._distances(len(loss))
        law, edges = np.zeros_like(probability), []
        for i in np.flatnonzero(probability):
            hull = _upper_hull(d[i], loss)
            law[hull[0]] += probability[i]
            edges += [(i, j, k) for j, k in itertools.pairwise(hull)]
        if not edges:
            return law
        origin, near, far = np.array(edges).T
        price = d[origin, far] - d[origin, near]
        order = np.argsort(-(loss[far] - loss[near]) / price, kind="stable")
        price, mass = price[order], probability[origin[order]]
        moved = np.minimum(take(price * mass, self.radius) / price, mass)
        np.subtract.at(law, near[order], moved)
        np.add.at(law, far[order], moved)
        return np.maximum(law, 0.0)

    def rows(self, probability: Array) -> Rows:
        """The dual of the transport problem.

        Vars   λ >= 0  price of a unit of cost,   mean_i free  worst mean of what starts at i

          min  r λ + Σ_i π_i mean_i
          s.t. mean_i + d_ij λ >= L_j                 ∀ i: π_i > 0, j: d_ij < inf    worst_mean

        Mohajerin Esfahani & Kuhn (2018), Mathematical Programming 171, 115-166. Neither end needs λ: a radius of zero
        keeps the pairs at distance zero alone, one of ``inf`` leaves distances out.
        """
        n, d = len(probability), self._distances(len(probability))
        priced = 0 < self.radius < np.inf
        start, end = np.nonzero((d < np.inf if self.radius > 0 else d == 0) & (probability > 0)[:, None])
        origin, at = np.unique(start, return_inverse=True)
        row = np.arange(len(start))
        price = sparse.csr_matrix(d[start, end][:, None] if priced else np.zeros((len(row), 0)))
        means = sparse.csr_matrix((np.ones(len(row)), (row, at)), shape=(len(row), len(origin)))
        return Rows(
            mean=np.zeros(n),
            cost=np.r_[[self.radius] if priced else [], probability[origin]],
            lower=np.r_[[0.0] if priced else [], np.full(len(origin), -np.inf)],
            matrix=sparse.hstack([price, means], format="csr"),
            losses=sparse.csr_matrix((np.ones(len(row)), (row, end)), shape=(len(row), n)),
        )

    def _distances(self, n: int) -> Array:
        d = np.asarray(self.distance, dtype=float)
        if d.shape != (n, n):
            rule = Said(
                "it has a row and a column per outcome, shape ({n}, {n})", "結果ごとに一行一列で、形は ({n}, {n})"
            )
            raise DataError(Fault("distance", SHAPE_IS.format(shape=d.shape), rule.format(n=n)))
        return d


def _upper_hull(distance: Array, loss: Array) -> list[int]:
    """Indices of the points (distance, loss) on the rising part of their upper concave hull, nearest first."""
    order = np.lexsort((-loss, distance))
    order = order[np.isfinite(distance[order])]
    # Only a point that costs more and loses more than every nearer one can be on the hull.
    record = np.r_[True, loss[order[1:]] > np.maximum.accumulate(loss[order])[:-1]]
    hull: list[int] = []
    for k in order[record]:
        while len(hull) > 1:
            i, j = hull[-2], hull[-1]
            slope, next_slope = (loss[[j, k]] - loss[[i, j]]) / (distance[[j, k]] - distance[[i, j]])
            if slope > next_slope:
                break
            hull.pop()
        hull.append(int(k))
    return hull


def _check_distance(distance: ArrayLike) -> Array:
    """Distances as an array; whether they are as many as the outcomes is seen where these are known."""
    try:
        d = np.asarray(distance, dtype=float)
    except (TypeError, ValueError):
        rule = Said("it is a square array of numbers", "数値の正方配列")
        raise DataError(Fault("distance", repr(distance)[:60], rule)) from None
    if d.ndim != 2 or d.shape[0] != d.shape[1]:
        rule = Said("it is square, with a row and a column per outcome", "正方で、結果ごとに一行一列")
        raise DataError(Fault("distance", SHAPE_IS.format(shape=d.shape), rule))
    if not (d >= 0).all():
        i, j = np.argwhere(~(d >= 0))[0]
        raise DataError(Fault(f"distance[{i}, {j}]", f"{d[i, j]}", Said("distances are >= 0", "距離は 0 以上")))
    if np.diag(d).any():
        i = int(np.flatnonzero(np.diag(d))[0])
        rule = Said("an outcome is at distance 0 from itself", "結果の自身との距離は 0")
        raise DataError(Fault(f"distance[{i}, {i}]", f"{d[i, i]}", rule))
    return d
