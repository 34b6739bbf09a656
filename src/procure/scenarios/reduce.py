"""Fewer scenarios that stand for many: forward selection by the Kantorovich (Wasserstein) distance.

    minimise over J, |J| = n      D(J) = Σ_k p_k min_{j ∈ J} d_kj         d  distance of scenarios      p  probability

is the Kantorovich distance between the law and the nearest law on the scenarios J alone; that law gives every scenario left out
to the nearest one kept. The best J is found exactly only by trying all; taking one scenario at a time, each the best next
one, is fast and close. Dupačová, Gröwe-Kuska & Römisch (2003), Mathematical Programming 95, 493-511; Heitsch & Römisch
(2003), Computational Optimization and Applications 24, 187-206 (fast forward selection).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.scenarios.process import total
from procure.scenarios.tree import Tree
from procure.units import Array, Index

_REDUCTION = Said("scenario reduction", "シナリオの削減")


@dataclass(frozen=True, eq=False)
class Selection:
    """Scenarios kept for all.

    Parameters
    ----------
    kept : int array, shape (n_kept,)
        In the order chosen: the first alone stands best for all.
    probability : array, shape (n_kept,)
        Of each kept scenario and those it stands for.
    nearest : int array, shape (n_scenarios,)
        The kept scenario that stands for each.
    distance : array, shape (n_kept,)
        Kantorovich distance to the full law with the first 1, 2, ... kept: how much each one more brings.
    """

    kept: Index
    probability: Array
    nearest: Index
    distance: Array


def kantorovich(distance: ArrayLike, probability: ArrayLike, kept: ArrayLike) -> float:
    """Distance between a law and the nearest law on some of its scenarios.

    Parameters
    ----------
    distance : array, shape (n_scenarios, n_scenarios)
        Of scenarios k and j. [d_kj]
    probability : array, shape (n_scenarios,)
        Of each scenario. [p_k]
    kept : ints
        The scenarios that remain. [J]

    Losses 0, 1 and 10: keeping 0 and 10, the probability of 1 moves by 1.

    >>> kantorovich([[0, 1, 10], [1, 0, 9], [10, 9, 0]], [0.5, 0.3, 0.2], [0, 2])
    0.3
    """
    d, p = _checked(distance, probability)
    return float(p @ d[:, np.asarray(kept, dtype=np.int64)].min(axis=1))


def forward_selection(distance: ArrayLike, probability: ArrayLike, n_kept: int) -> Selection:
    """Keep `n_kept` scenarios, one after the other the one that brings the law nearest; ties go to the first.

    >>> chosen = forward_selection([[0, 1, 10], [1, 0, 9], [10, 9, 0]], [0.5, 0.3, 0.2], 2)
    >>> chosen.kept.tolist(), chosen.probability.tolist(), chosen.distance.round(3).tolist()
    ([0, 2], [0.8, 0.2], [2.3, 0.3])
    """
    d, p = _checked(distance, probability)
    n = len(p)
    if not 1 <= n_kept <= n:
        seen = Said("keep {kept} of {n}", "{n} 個のうち {kept} 個を残す").format(kept=n_kept, n=n)
        raise DataError(
            Fault(_REDUCTION, seen, Said("between 1 and {n} scenarios are kept", "残すのは 1 から {n} 個").format(n=n))
        )
    kept: list[int] = []
    distances: list[float] = []
    to_kept = np.full(n, np.inf)
    for _ in range(n_kept):
        after = p @ np.minimum(to_kept[:, None], d)
        after[kept] = np.inf
        least = after.min()
        best = int(np.flatnonzero(after <= least + 1e-12 * (1 + abs(least)))[0])
        kept.append(best)
        to_kept = np.minimum(to_kept, d[:, best])
        distances.append(float(p @ to_kept))
    places = np.array(kept)
    nearest = d[:, places].argmin(axis=1)
    nearest[places] = np.arange(n_kept)  # a kept scenario stands for itself, also where a twin of it is kept
    return Selection(places, total(nearest, p, n_kept), places[nearest], np.array(distances))


def path_distance(tree: Tree, features: ArrayLike | None = None) -> Array:
    """Distance of the paths of a tree, shape (n_leaves, n_leaves): the sum over periods of the distance of their nodes.

    Parameters
    ----------
    features : array, shape (n_nodes, any), optional
        What counts of a node, in numbers of one unit (delivered shares, say); nodes are as far apart as these differ in
        total. Without it they are as far apart as processes are in different states.
    """
    paths = tree.paths()
    if features is None:
        columns = [(tree.state[:, c], True) for c in range(len(tree.processes))]
    else:
        values = np.asarray(features, dtype=float).reshape(tree.n_nodes, -1)
        columns = [(values[:, c], False) for c in range(values.shape[1])]
    apart = np.zeros((len(paths), len(paths)))
    for values_of_node, differ in columns:
        for nodes in paths.T:
            here = values_of_node[nodes]
            apart += here[:, None] != here if differ else np.abs(here[:, None] - here)
    return apart


def reduce_tree(tree: Tree, n_leaves: int, features: ArrayLike | None = None) -> tuple[Tree, Selection]:
    """The tree of the `n_leaves` paths that stand best for all, with their new probabilities.

    Kept paths that shared nodes still share them. `features` as in `path_distance`.

    >>> tree = Tree.from_paths([[[0]], [[1]], [[2]]], [0.5, 0.2, 0.3], ("mine",), (("normal", "partial", "severe"),))
    >>> smaller, _ = reduce_tree(tree, 2, features=[[1.0], [0.9], [0.0]])  # delivered share
    >>> [(smaller.label(n), smaller.probability[n].item()) for n in range(2)]
    [('mine=normal', 0.7), ('mine=severe', 0.3)]
    """
    chosen = forward_selection(path_distance(tree, features), tree.probability[tree.leaves], n_leaves)
    return tree.kept(tree.leaves[chosen.kept], chosen.probability), chosen


def _checked(distance: ArrayLike, probability: ArrayLike) -> tuple[Array, Array]:
    d, p = np.asarray(distance, dtype=float), np.asarray(probability, dtype=float)
    faults = []
    if p.ndim != 1 or d.shape != (len(p), len(p)):
        seen = Said("distance {distance}, probability {probability}", "距離 {distance}、確率 {probability}").format(
            distance=d.shape, probability=p.shape
        )
        faults.append(Fault(_REDUCTION, seen, Said("one distance per pair of scenarios", "シナリオの対ごとに距離一つ")))
    if not (d >= 0).all() or np.diag(d).any():
        seen = Said("a distance < 0, or from itself > 0", "負の距離か、自身との 0 でない距離がある")
        faults.append(Fault(_REDUCTION, seen, Said("distances are distances", "距離は 0 以上、自身とは 0")))
    if not (p >= 0).all() or abs(p.sum() - 1) > 1e-9:
        seen = Said("probabilities sum to {total:g}", "確率の合計は {total:g}").format(total=p.sum())
        faults.append(Fault(_REDUCTION, seen, Said("they are >= 0 and sum to 1", "0 以上で合計は 1")))
    if faults:
        raise DataError(faults)
    return d, p
