"""Scenario reduction: by hand, against all subsets, against the transport problem."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.optimize import linprog

from procure.errors import DataError
from procure.scenarios.reduce import forward_selection, kantorovich, path_distance, reduce_tree
from procure.scenarios.tree import Tree

LOSSES = np.array([0.0, 1.0, 10.0])
DISTANCE = np.abs(LOSSES[:, None] - LOSSES)
LAW = [0.5, 0.3, 0.2]


@st.composite
def laws(draw):
    n = draw(st.integers(1, 7))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    points = random.random((n, 2))
    weight = random.random(n) + 0.01
    return np.linalg.norm(points[:, None] - points, axis=-1), weight / weight.sum()


def transport(distance, p, q):
    """Kantorovich distance of two laws as the transport problem it is defined by."""
    n = len(p)
    rows = np.vstack([np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))])
    return linprog(distance.ravel(), A_eq=rows, b_eq=np.concatenate([p, q])).fun


def test_three_losses_by_hand():
    """Alone, 0 stands best: 0.3 × 1 + 0.2 × 10 = 2.3 (1: 2.3 too, 0.5 + 1.8; 0 comes first). Then 10: 0.3 remains."""
    chosen = forward_selection(DISTANCE, LAW, 2)
    assert chosen.kept.tolist() == [0, 2]
    assert chosen.distance == approx([2.3, 0.3])
    assert chosen.probability == approx([0.8, 0.2])
    assert chosen.nearest.tolist() == [0, 0, 2]
    assert kantorovich(DISTANCE, LAW, [1]) == approx(2.3)
    assert kantorovich(DISTANCE, LAW, [2]) == approx(0.5 * 10 + 0.3 * 9)


@settings(deadline=None)
@given(laws())
def test_against_every_subset(law):
    distance, p = law
    for n_kept in range(1, len(p) + 1):
        best = min(kantorovich(distance, p, subset) for subset in combinations(range(len(p)), n_kept))
        chosen = forward_selection(distance, p, n_kept)
        assert chosen.distance[-1] == approx(kantorovich(distance, p, chosen.kept))
        assert chosen.distance[-1] >= best - 1e-12
        if n_kept in (1, len(p)):  # one at a time is exact for the first and for all
            assert chosen.distance[-1] == approx(best)
    assert chosen.distance[-1] == 0
    assert (np.diff(chosen.distance) <= 1e-12).all()


@settings(deadline=None, max_examples=30)
@given(laws(), st.data())
def test_the_new_law_is_the_nearest_and_its_distance_the_transport_cost(law, data):
    distance, p = law
    chosen = forward_selection(distance, p, data.draw(st.integers(1, len(p))))
    q = np.zeros(len(p))
    q[chosen.kept] = chosen.probability
    assert q.sum() == approx(1)
    assert transport(distance, p, q) == approx(chosen.distance[-1], abs=1e-8)


def test_twins_stand_for_themselves():
    """Two scenarios at the same place: both may be kept, and neither takes the other's probability."""
    chosen = forward_selection(np.zeros((2, 2)), [0.4, 0.6], 2)
    assert chosen.kept.tolist() == [0, 1]
    assert chosen.probability == approx([0.4, 0.6])


def test_a_reduced_tree_keeps_shared_nodes():
    """Three paths: two open at first. Dropping the rarest, nearest to its sibling, leaves one path below each node."""
    tree = Tree.from_paths([[[0], [0]], [[0], [1]], [[1], [1]]], [0.5, 0.1, 0.4], ("strait",), (("open", "shut"),))
    assert path_distance(tree).tolist() == [[0, 1, 2], [1, 0, 1], [2, 1, 0]]
    smaller, chosen = reduce_tree(tree, 2)
    assert chosen.distance[-1] == approx(0.1)
    assert smaller.parent.tolist() == [-1, -1, 0, 1]
    assert smaller.probability == approx([0.6, 0.4, 0.6, 0.4])
    assert reduce_tree(tree, 3)[0].probability == approx(tree.probability)


def test_features_decide_what_is_near():
    """By delivered share, shut at the end costs nothing where stock lasts: paths 0 and 1 are one to the model."""
    tree = Tree.from_paths([[[0], [0]], [[0], [1]], [[1], [1]]], [0.3, 0.3, 0.4], ("strait",), (("open", "shut"),))
    features = np.array([1.0, 0.0, 1.0, 1.0, 0.5])
    assert path_distance(tree, features).tolist() == [[0, 0, 1.5], [0, 0, 1.5], [1.5, 1.5, 0]]
    assert reduce_tree(tree, 2, features)[1].distance == approx([0.6, 0])


@pytest.mark.parametrize(
    ("distance", "law", "n_kept", "said"),
    [
        (DISTANCE, LAW, 4, "keep 4 of 3"),
        (DISTANCE, LAW, 0, "keep 0 of 3"),
        (DISTANCE, [0.5, 0.3, 0.1], 1, "sum to 0.9"),
        (DISTANCE[:2], LAW, 1, "one distance per pair"),
        (-DISTANCE, LAW, 1, "distances are distances"),
    ],
)
def test_faults(distance, law, n_kept, said):
    with pytest.raises(DataError, match=said):
        forward_selection(distance, law, n_kept)
