"""Few paths that stand for many: strata, balance, calibration."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pytest import approx

from procure.scenarios.sample import balanced, calibrated, strata, tried


def test_calibration_by_hand():
    """Shares of a half and a quarter each; the first is to be 0.4: the rest keep their proportion, and share the 0.6."""
    weight = calibrated(np.array([2.0, 1.0, 1.0]), np.array([[1.0, 0.0, 0.0]]), np.array([0.4]))
    assert weight == approx([0.4, 0.3, 0.3])


@pytest.mark.parametrize("seed", range(10))
def test_calibrated_weights_have_the_means_and_are_the_nearest(seed):
    """Σ (w - w0)² / w0 grows whichever way one goes that keeps the means."""
    random = np.random.default_rng(seed)
    before, value = random.dirichlet(np.full(40, 20.0)), random.random((3, 40))
    mean = value @ before + 0.01 * random.standard_normal(3)
    weight = calibrated(before, value, mean)
    assert_allclose(value @ weight, mean, atol=1e-12)
    assert weight.min() > 0 and weight.sum() == approx(1, abs=1e-12)
    away = random.standard_normal(40)
    fixed = np.vstack([value, np.ones(40)])
    away -= fixed.T @ np.linalg.solve(fixed @ fixed.T, fixed @ away)
    distances = [((weight + step * away - before) ** 2 / before).sum() for step in (-1e-3, 0, 1e-3)]
    assert min(distances) == distances[1]


def test_what_cannot_be_had_moves_no_weight_more_than_fourfold():
    weight = calibrated(np.full(4, 0.25), np.array([[1.0, 0.0, 0.0, 0.0]]), np.array([1.5]))
    assert weight.max() / weight.min() <= 16 + 1e-9


@pytest.mark.parametrize("seed", range(10))
def test_strata_are_stretches_of_the_score_half_of_them_in_the_worst_tenth(seed):
    random = np.random.default_rng(seed)
    score, weight = random.exponential(size=3000), random.dirichlet(np.full(3000, 5.0))
    stratum = strata(score, weight, np.zeros(3000, dtype=np.int64), 40)
    assert np.unique(stratum).tolist() == list(range(40))
    order = np.argsort(score)
    assert (np.diff(stratum[order]) >= 0).all()
    mass = np.bincount(stratum, weights=weight)
    assert mass[:20] == approx(np.full(20, 0.9 / 20), rel=0.05)
    assert mass[20:] == approx(np.full(20, 0.1 / 20), rel=0.25)  # some thirty paths each


def test_a_group_has_a_stratum_however_rare_it_is():
    score, group = np.arange(100.0), np.repeat([0, 1, 2], [90, 9, 1])
    stratum = strata(score, np.full(100, 0.01), group, 12)
    assert all(len(np.unique(group[stratum == h])) == 1 for h in range(stratum.max() + 1))
    assert stratum.max() + 1 <= 12 and set(group[np.unique(stratum, return_index=True)[1]]) == {0, 1, 2}


@pytest.mark.parametrize("seed", range(10))
def test_no_other_path_of_one_stratum_balances_better(seed):
    random = np.random.default_rng(seed)
    stratum = np.sort(random.integers(0, 8, size=80))
    stratum = np.unique(stratum, return_inverse=True)[1]
    mass = random.dirichlet(np.full(stratum.max() + 1, 5.0))
    value = random.standard_normal((80, 5))
    mean = 0.1 * random.standard_normal(5)
    chosen = balanced(stratum, mass, value, mean, [seed])
    assert (stratum[chosen] == np.arange(len(mass))).all()
    least = ((mass @ value[chosen] - mean) ** 2).sum()
    for h in range(len(mass)):
        for path in np.flatnonzero(stratum == h):
            other = np.where(np.arange(len(mass)) == h, path, chosen)
            assert ((mass @ value[other] - mean) ** 2).sum() >= least * (1 - 1e-9)
    by_luck = [((mass @ value[first_of(stratum, random)] - mean) ** 2).sum() for _ in range(200)]
    assert least < np.quantile(by_luck, 0.05)


def first_of(stratum, random):
    """A path of each stratum, by chance."""
    return np.array([random.choice(np.flatnonzero(stratum == h)) for h in range(stratum.max() + 1)])


def test_of_a_large_stratum_some_are_tried():
    stratum = np.array([1, 0, 1, 1] * 100)
    some = tried(stratum)
    assert np.bincount(stratum[some]).tolist() == [60, 60]
    assert (np.diff(stratum[some]) >= 0).all()
