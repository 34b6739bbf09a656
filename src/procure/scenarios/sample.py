"""Few paths that stand for many: strata of a score, and from each the path that balances the rest.

Paths are put in order of how bad they are and cut into strata h. Of each, one path i(h) stands for all, and weighs what they do
together, W_h. Which one is free, so they are chosen together to get right what is known of the whole:

  minimise over i      Σ_f (Σ_h W_h x_f,i(h) - E x_f)²        x_f  features of a path, in units in which errors count alike

by going from stratum to stratum, each time taking the best path given the others. Strata keep the spread over good and bad
futures whatever the features miss; the features keep the means (of losses, of states by period) from depending on luck.
Balanced sampling: Deville & Tillé (2004), Biometrika 91(4), 893-912.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from procure.scenarios.process import total
from procure.units import Array, Index

#: The worst share of the paths, and the part of the strata that it gets: there the cost of a leaf weighs many times as much.
WORST, PART = 0.1, 0.5
#: Paths of a stratum that are tried; more make no difference that shows.
MOST_TRIED = 60
#: Times that all strata are gone through.
ROUNDS = 5


def calibrated(weight: Array, value: Array, mean: Array) -> Array:
    """Weights that sum to one, near the given ones, under which features have the means that are known, shape (n_paths,).

    The nearest in the sense of Σ (change)² / weight, but no weight grows or falls more than fourfold: Deville & Särndal (1992),
    Journal of the American Statistical Association 87(418), 376-382.

    Parameters
    ----------
    value : array, shape (n_features, n_paths)
    mean : array, shape (n_features,)

    >>> calibrated(np.array([0.5, 0.25, 0.25]), np.array([[1.0, 0.0, 0.0]]), np.array([0.4])).round(12)
    array([0.4, 0.3, 0.3])
    """
    share = weight / weight.sum()
    apart = value - mean[:, None]
    square = (apart * share) @ apart.T
    factor = 1 - np.linalg.lstsq(square, apart @ share, rcond=1e-9)[0] @ apart
    share = share * np.clip(factor, 0.25, 4.0)
    result: Array = share / share.sum()
    return result


def effective(weight: Array) -> float:
    """As how many paths of equal weight some are worth: (Σ w)² / Σ w².

    >>> round(effective(np.array([0.5, 0.25, 0.25])), 12)
    2.666666666667
    """
    return float(weight.sum() ** 2 / (weight**2).sum())


def strata(score: Array, weight: Array, group: Index, n_strata: int) -> Index:
    """The stratum of each path, shape (n_paths,): stretches of the order of `score` within each group.

    Every stratum holds about as much importance: probability, times what makes the worst tenth as important as all the rest. A
    group (0, 1, ...) has one stratum at least.

    >>> strata(np.array([3.0, 1.0, 2.0, 9.0]), np.array([0.3, 0.3, 0.3, 0.1]), np.zeros(4, dtype=int), 2).tolist()
    [0, 0, 0, 1]
    """
    order = np.lexsort((score, group))
    share = weight / weight.sum()
    by_score = np.argsort(score, kind="stable")
    rank = np.empty(len(score))
    rank[by_score] = np.cumsum(share[by_score]) - share[by_score] / 2
    importance = share * np.where(rank > 1 - WORST, PART / WORST, (1 - PART) / (1 - WORST))
    each = total(group, importance)
    count = _shared_out(each, n_strata)
    upto = np.cumsum(importance[order]) - importance[order] / 2 - (np.cumsum(each) - each)[group[order]]
    within = np.minimum(upto / each[group[order]] * count[group[order]], count[group[order]] - 1).astype(np.int64)
    result = np.empty(len(score), dtype=np.int64)
    result[order] = (np.cumsum(count) - count)[group[order]] + within
    return np.unique(result, return_inverse=True)[1].reshape(-1)  # none is empty


def tried(stratum: Index) -> Index:
    """Some paths of every stratum, those of one standing together."""
    order = np.argsort(stratum, kind="stable")
    start = np.searchsorted(stratum[order], stratum[order])
    return order[np.arange(len(order)) - start < MOST_TRIED]


def balanced(stratum: Index, mass: Array, value: Array, mean: Array, seed: Sequence[int]) -> Index:
    """Which path stands for each stratum, shape (n_strata,).

    Parameters
    ----------
    stratum : int array, shape (n_paths,)
        Ascending, from 0 without gaps.
    mass : array, shape (n_strata,)
        What the strata weigh. [W_h]
    value : array, shape (n_paths, n_features)
        [x_f]
    mean : array, shape (n_features,)
        [E x_f]

    Two strata of half the weight: 1 and 4 have the mean 2.5, which 2 and 3 have as well, but not 1 and 3.

    >>> value = np.array([[1.0], [2.5], [3.0], [4.0]])
    >>> chosen = balanced(np.array([0, 0, 1, 1]), np.array([0.5, 0.5]), value, np.array([2.5]), [1])
    >>> float(value[chosen].mean())
    2.5
    """
    random = np.random.default_rng(seed)
    ends = np.searchsorted(stratum, np.arange(len(mass) + 1)).tolist()
    chosen = np.array([first + random.integers(last - first) for first, last in pairwise(ends)])
    square = np.einsum("ij,ij->i", value, value)
    error = mass @ value[chosen] - mean
    for _ in range(ROUNDS):
        before = chosen.copy()
        for h in random.permutation(len(mass)).tolist():
            error -= mass[h] * value[chosen[h]]
            here = slice(ends[h], ends[h + 1])
            chosen[h] = ends[h] + int(np.argmin(2 * value[here] @ error + mass[h] * square[here]))
            error += mass[h] * value[chosen[h]]
        if np.array_equal(chosen, before):
            break
    return chosen


def _shared_out(weight: Array, number: int) -> Index:
    """How many strata each group gets: in proportion to weight, at least one, at most `number` together where that can be.

    A group gets one per λ of weight, with the smallest λ that keeps to that (d'Hondt's rule).
    """
    low, high = 0.0, float(weight.max())
    for _ in range(60):
        step = (low + high) / 2
        low, high = (low, step) if np.maximum(1, np.floor(weight / step)).sum() <= number else (step, high)
    return np.maximum(1, np.floor(weight / high)).astype(np.int64)
