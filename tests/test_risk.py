"""Risk measures: by hand, against programs solved by other means, at their limits, and as coherent measures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.optimize import linprog, minimize_scalar

from procure import risk
from procure.errors import DataError

MEASURES = {
    "expectation": {},
    "worst_case": {},
    "cvar": {"alpha": 0.7},
    "total_variation": {"radius": 0.2},
    "wasserstein": {"radius": 0.3},
    "kullback_leibler": {"radius": 0.1},
    "chi_square": {"radius": 0.4},
}


def distances(n, seed=0):
    place = np.random.default_rng(seed).uniform(0, 2, (n, 2))
    return np.linalg.norm(place[:, None] - place[None], axis=2)


def measure(name, loss, probability):
    named = MEASURES[name] | ({"distance": distances(len(loss))} if name == "wasserstein" else {})
    return getattr(risk, name)(loss, probability, **named)


def law(name, loss, probability):
    named = MEASURES[name] | ({"distance": distances(len(loss))} if name == "wasserstein" else {})
    return risk.worst_law(name, loss, probability, **named)


def random_law(seed, n=12):
    random = np.random.default_rng(seed)
    probability = random.dirichlet(np.full(n, 0.5))
    if seed % 3 == 0:
        probability[:2] = 0
        probability /= probability.sum()
    loss = random.normal(0, 10, n)
    return (loss.round(-1) if seed % 2 else loss), probability  # rounded: with ties


@st.composite
def laws(draw):
    n = draw(st.integers(1, 6))
    weight = draw(st.lists(st.integers(0, 20), min_size=n, max_size=n).filter(any))
    loss = draw(st.lists(st.floats(-1e6, 1e6, width=32), min_size=n, max_size=n))
    return np.array(loss), np.array(weight) / sum(weight)


# --- by hand


def test_cvar_splits_the_atom_on_the_edge():
    """The worst 15 % of a law with 10 % at 70 and 10 % at 30 is two thirds 70 and one third 30."""
    loss, probability = [0, 0, 30, 70], [0.5, 0.3, 0.1, 0.1]
    assert risk.cvar(loss, probability, alpha=0.8) == approx(50)
    assert risk.cvar(loss, probability, alpha=0.85) == approx((2 * 70 + 30) / 3)
    assert risk.cvar(loss, probability, alpha=0.95) == approx(70)


def test_one_share_moved_by_hand():
    loss, probability = [10, 20, 50], [0.2, 0.5, 0.3]
    assert risk.expectation(loss, probability) == approx(27)
    assert risk.total_variation(loss, probability, radius=0.3) == approx(27 + 0.2 * 40 + 0.1 * 30)
    assert risk.worst_law("total_variation", loss, probability, 0.3) == approx([0, 0.4, 0.6])


def test_mass_moves_where_a_unit_of_distance_buys_most():
    """From 10, the outcome 20 is at distance 1 and 50 at 2; from 20, 50 is at distance 1: 30 per unit first."""
    loss, probability, distance = [10, 20, 50], [0.5, 0.2, 0.3], [[0, 1, 2], [1, 0, 1], [2, 1, 0]]
    assert risk.wasserstein(loss, probability, distance, radius=0.1) == approx(24 + 0.1 * 30)
    assert risk.wasserstein(loss, probability, distance, radius=0.4) == approx(24 + 0.2 * 30 + 0.2 * 20)
    assert risk.wasserstein(loss, probability, distance, radius=9) == approx(50)


def test_chi_square_is_mean_plus_standard_deviations_until_an_outcome_vanishes():
    assert risk.chi_square([0, 10], [0.5, 0.5], radius=0.25) == approx(5 + 0.5 * 5)
    assert risk.chi_square([0, 10], [0.5, 0.5], radius=1) == approx(10)
    assert risk.chi_square([0, 0, 10], [0.25, 0.25, 0.5], radius=5) == approx(10)


def test_which_balls_may_use_an_outcome_of_probability_zero():
    loss, probability = [0, 10, 99], [0.5, 0.5, 0]
    for name in ("worst_case", "kullback_leibler", "chi_square"):
        assert risk.worst_law(name, loss, probability, *([50.0] if name != "worst_case" else []))[2] == 0
    assert risk.cvar(loss, probability, alpha=0.999999) == 10
    assert risk.total_variation(loss, probability, radius=1) == approx(99)
    assert risk.wasserstein(loss, probability, 1 - np.eye(3), radius=1) == approx(99)


# --- against other programs


@pytest.mark.parametrize("seed", range(12))
def test_cvar_is_its_linear_program(seed):
    loss, probability = random_law(seed)
    for alpha in (0.0, 0.3, 0.9, 0.999):
        bounds = [(0, p / (1 - alpha)) for p in probability]
        best = linprog(-loss, A_eq=np.ones((1, len(loss))), b_eq=[1], bounds=bounds)
        assert risk.cvar(loss, probability, alpha) == approx(-best.fun, abs=1e-8)


@pytest.mark.parametrize("seed", range(12))
def test_total_variation_is_its_linear_program(seed):
    loss, probability = random_law(seed)
    n = len(loss)
    equal = np.vstack([np.hstack([np.eye(n), -np.eye(n), np.eye(n)]), np.r_[np.ones(n), np.zeros(2 * n)]])
    for radius in (0.0, 0.05, 0.4, 1.0):  # q - up + down = p
        half = np.r_[np.zeros(n), np.full(2 * n, 0.5)][None]
        best = linprog(-np.r_[loss, np.zeros(2 * n)], half, [radius], equal, np.r_[probability, 1])
        assert risk.total_variation(loss, probability, radius) == approx(-best.fun, abs=1e-8)


@pytest.mark.parametrize("seed", range(12))
def test_wasserstein_is_the_best_transport_plan(seed):
    loss, probability = random_law(seed, n=8)
    n = len(loss)
    distance = distances(n, seed)
    if seed % 4 == 1:
        distance = np.random.default_rng(seed).integers(0, 3, (n, n)) * (1 - np.eye(n))  # ties, zeros, asymmetric
    for radius in (0.0, 0.02, 0.3, 5.0):
        best = linprog(
            -np.tile(loss, n), distance.reshape(1, -1), [radius], np.kron(np.eye(n), np.ones(n)), probability
        )
        assert risk.wasserstein(loss, probability, distance, radius) == approx(-best.fun, abs=1e-8)


@pytest.mark.parametrize("seed", range(12))
def test_kullback_leibler_is_its_dual(seed):
    loss, probability = random_law(seed)
    loss, probability = loss[probability > 0], probability[probability > 0]
    for radius in (1e-6, 0.01, 0.2, 1.0):

        def dual(log_scale, radius=radius):
            scale, top = np.exp(log_scale), loss.max()
            return scale * radius + top + scale * np.log(probability @ np.exp((loss - top) / scale))

        grid = min(np.linspace(-16, 12, 600), key=dual)
        best = minimize_scalar(dual, bounds=(grid - 0.1, grid + 0.1), method="bounded", options={"xatol": 1e-10})
        assert risk.kullback_leibler(loss, probability, radius) == approx(best.fun, abs=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_chi_square_is_its_dual(seed):
    """min over (ν, scale) of the conjugate: ν + sqrt(1 + r) · sqrt(E[max(L - ν, 0)²]), minimised over ν."""
    loss, probability = random_law(seed)
    for radius in (0.01, 0.3, 2.0, 30.0):

        def dual(level, radius=radius):
            return level + np.sqrt((1 + radius) * (probability @ np.maximum(loss - level, 0) ** 2))

        levels = np.r_[np.linspace(-400, loss.max(), 4001), np.sort(loss)]
        start = min(levels, key=dual)
        best = minimize_scalar(dual, bounds=(start - 0.2, start + 0.2), method="bounded", options={"xatol": 1e-12})
        assert risk.chi_square(loss, probability, radius) == approx(min(best.fun, dual(start)), abs=1e-4)


# --- limits


@pytest.mark.parametrize("seed", range(6))
def test_nothing_to_fear_is_the_mean_and_everything_the_worst(seed):
    loss, probability = random_law(seed)
    mean, worst = risk.expectation(loss, probability), risk.worst_case(loss, probability)
    distance = distances(len(loss))
    assert risk.cvar(loss, probability, 0) == approx(mean, abs=1e-12)
    assert risk.cvar(loss, probability, np.nextafter(1, 0)) == worst
    assert risk.total_variation(loss, probability, 0) == mean
    assert risk.total_variation(loss, probability, 2) == loss.max()
    assert risk.wasserstein(loss, probability, distance, 0) == approx(mean, abs=1e-12)
    assert risk.wasserstein(loss, probability, distance, np.inf) == approx(loss.max())
    for name in ("kullback_leibler", "chi_square"):
        assert getattr(risk, name)(loss, probability, 0) == mean
        assert getattr(risk, name)(loss, probability, 1e-14) == approx(mean, abs=1e-5)
        assert getattr(risk, name)(loss, probability, np.inf) == approx(worst)


def test_large_losses_do_not_overflow():
    for scale in (1e-200, 1e12, 1e150):
        loss = np.array([0.0, 1.0, 3.0]) * scale
        for name in MEASURES:
            expected = measure(name, loss / scale, [0.5, 0.3, 0.2])
            assert measure(name, loss, [0.5, 0.3, 0.2]) / scale == approx(expected)


# --- coherence


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=60, deadline=None)
@given(case=laws(), shift=st.floats(-1e3, 1e3), factor=st.floats(0, 100))
def test_measures_are_coherent(name, case, shift, factor):
    loss, probability = case
    slack = 1e-9 * (1 + np.abs(loss).max() + abs(shift)) * (1 + factor)
    value = measure(name, loss, probability)
    assert measure(name, loss + shift, probability) == approx(value + shift, abs=slack)
    assert measure(name, factor * loss, probability) == approx(factor * value, abs=slack)
    other = np.roll(loss, 1)
    pooled = measure(name, (loss + other) / 2, probability)
    assert pooled <= (value + measure(name, other, probability)) / 2 + slack
    assert measure(name, np.maximum(loss, other), probability) >= value - slack
    assert risk.expectation(loss, probability) - slack <= value <= loss.max()


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=60, deadline=None)
@given(case=laws())
def test_the_worst_law_lies_in_the_ball_and_attains_the_value(name, case):
    loss, p = case
    q, parameter = law(name, loss, p), MEASURES[name]
    assert q.min() >= 0 and q.sum() == approx(1)
    assert q @ loss == approx(measure(name, loss, p), abs=1e-9 * (1 + np.abs(loss).max()))
    seen = p > 0
    if name == "cvar":
        assert (q <= p / (1 - parameter["alpha"]) + 1e-12).all()
    if name == "total_variation":
        assert np.abs(q - p).sum() / 2 <= parameter["radius"] + 1e-12
    if name in ("kullback_leibler", "chi_square", "worst_case"):
        assert not q[~seen].any()
    if name == "kullback_leibler":
        used = q > 0
        assert q[used] @ np.log(q[used] / p[used]) <= parameter["radius"] + 1e-9
    if name == "chi_square":
        assert ((q - p)[seen] ** 2 / p[seen]).sum() <= parameter["radius"] + 1e-9
    if name == "wasserstein":
        n = len(p)
        marginals = np.vstack([np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))])
        move = linprog(distances(n).ravel(), A_eq=marginals[:-1], b_eq=np.r_[p, q][:-1])
        assert move.fun <= parameter["radius"] + 1e-7


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "wasserstein"])
def test_an_outcome_split_in_two_changes_nothing(name):
    loss, probability = random_law(1)
    whole = measure(name, loss, probability)
    parts = np.r_[probability[:3], probability[3] / 4, probability[4:], probability[3] * 0.75]
    split = measure(name, np.r_[loss, loss[3]], parts)
    assert split == approx(whole, abs=1e-9)


# --- as part of a linear program


def linear_measures(n):
    """Every measure that has rows, with its ends; some outcomes cannot be reached from others."""
    cut = np.where(np.random.default_rng(n).random((n, n)) < 0.3, np.inf, distances(n))
    np.fill_diagonal(cut, 0)
    near = np.where(distances(n) < 0.5, 0, distances(n))
    return [
        risk.Expectation(),
        *(risk.CVaR(alpha) for alpha in (0, 0.7, 0.999)),
        *(risk.MeanCVaR(0.8, weight) for weight in (0, 0.3, 1)),
        risk.WorstCase(),
        *(risk.TotalVariation(radius) for radius in (0, 0.2, 1, np.inf)),
        *(risk.Wasserstein(cut, radius) for radius in (0, 0.05, 1, np.inf)),
        risk.Wasserstein(near, 0),
        *(risk.KnownMarginals(states_of(n), radius) for radius in (0, 0.4)),
        *(risk.Failures(states_of(n), radius) for radius in (0, 0.5, 1.7, 2)),
        *(risk.Ambiguous(risk.TotalVariation(0.2), alpha, weight) for alpha, weight in ((0, 0.3), (0.8, 0.3))),
    ]


def states_of(n):
    """Two suppliers with three and two states, in so many scenarios: some of which say the same of both."""
    return np.random.default_rng(n).integers(0, (3, 2), (n, 2))


def test_every_measure_that_is_linear_is_tested():
    kinds = {type(measure) for measure in linear_measures(3)}
    assert kinds == {
        kind for kind in vars(risk).values() if isinstance(kind, type) and issubclass(kind, risk.LinearMeasure)
    } - {risk.LinearMeasure, risk.Ball}


@pytest.mark.parametrize("seed", range(6))
def test_rows_at_given_losses_are_the_measure(seed):
    loss, probability = random_law(seed)
    for measure in linear_measures(len(loss)):
        rows = measure.rows(probability)
        rest = 0.0
        if len(rows.cost):
            best = linprog(
                rows.cost,
                -rows.matrix,
                -(rows.losses @ loss),
                bounds=[(low, None) for low in rows.lower],
                method="highs",
            )
            rest = best.fun
        assert rows.mean @ loss + rest == approx(measure.value(loss, probability), abs=1e-7), measure


@pytest.mark.parametrize("seed", range(6))
def test_a_plan_of_least_risk_attains_it_and_no_other_plan_has_less(seed):
    """Losses A x + b of two decisions in [0, 1]: what the program says is what its plan costs, and none of 121 costs less."""
    random = np.random.default_rng(seed)
    base, probability = random_law(seed, n=7)
    slope, cost = random.normal(0, 10, (7, 2)), random.normal(0, 2, 2)
    plans = np.stack(np.meshgrid(*[np.linspace(0, 1, 11)] * 2), axis=-1).reshape(-1, 2)
    for measure in linear_measures(7):
        rows = measure.rows(probability)
        best = linprog(
            np.r_[cost + rows.mean @ slope, rows.cost],
            np.hstack([rows.losses @ slope, -rows.matrix.toarray()]) if len(rows.cost) else None,
            -(rows.losses @ base) if len(rows.cost) else None,
            bounds=[(0, 1), (0, 1), *((low, None) for low in rows.lower)],
        )
        least = best.fun + rows.mean @ base
        costs = [cost @ x + measure.value(slope @ x + base, probability) for x in (best.x[:2], *plans)]
        assert least == approx(costs[0], abs=1e-6), measure
        assert least <= min(costs) + 1e-6, measure


def test_a_measure_that_is_not_linear_says_so_by_name():
    for measure in (risk.KullbackLeibler(0.1), risk.ChiSquare(0.1)):
        with pytest.raises(DataError, match=f"risk: '{measure.name}' is not linear.*use one of .*TotalVariation"):
            risk.linear_measure(measure)
    for no_measure in ("cvar", risk.cvar, 0.95, risk.CVaR):
        with pytest.raises(DataError, match="it is a measure of procure"):
            risk.linear_measure(no_measure)


def test_a_measure_of_ones_own_is_known_by_its_name():
    class Largest(risk.RiskMeasure):
        name = "largest"

        def law(self, loss, probability):
            return np.eye(len(loss))[np.argmax(loss)]

    assert (
        risk.worst_law("largest", [1, 5, 2], [1, 0, 0]).tolist() == [0, 1, 0] and Largest().value([1, 5], [1, 0]) == 5
    )


# --- what is refused


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        (lambda: risk.cvar([1, 2], [0.5, 0.45]), "sums to 0.95"),
        (lambda: risk.cvar([1, 2], [0.5, 0.51]), "sums to 1.01"),
        (lambda: risk.cvar([1, 2], [1.5, -0.5]), "-0.5"),
        (lambda: risk.cvar([1, np.nan], [0.5, 0.5]), "nan"),
        (lambda: risk.cvar([1, 2], [np.nan, 0.5]), "nan"),
        (lambda: risk.cvar([1, 2, 3], [0.5, 0.5]), "3 losses and 2 probabilities"),
        (lambda: risk.cvar([], []), "shape (0,)"),
        (lambda: risk.cvar([[1, 2]], [0.5, 0.5]), "shape (1, 2)"),
        (lambda: risk.cvar(["a"], [1]), "'a'"),
        (lambda: risk.cvar([1], [1], alpha=1), "alpha: 1"),
        (lambda: risk.cvar([1], [1], alpha=-0.1), "-0.1"),
        (lambda: risk.cvar([1], [1], alpha=95), "95"),
        (lambda: risk.cvar([1], [1], alpha=np.nan), "nan"),
        (lambda: risk.total_variation([1], [1], radius=-1), "radius: -1"),
        (lambda: risk.kullback_leibler([1], [1], radius="wide"), "wide"),
        (lambda: risk.wasserstein([1, 2], [0.5, 0.5], [[0, 1]], 0.1), "shape (1, 2)"),
        (lambda: risk.wasserstein([1, 2], [0.5, 0.5], [[0, 1], [-1, 0]], 0.1), "distance[1, 0]: -1"),
        (lambda: risk.wasserstein([1, 2], [0.5, 0.5], [[0, 1], [1, 3]], 0.1), "distance[1, 1]: 3"),
        (lambda: risk.wasserstein([1, 2], [0.5, 0.5], [[0, np.nan], [1, 0]], 0.1), "nan"),
        (lambda: risk.wasserstein([1, 2, 3], [0.5, 0.5, 0], [[0, 1], [1, 0]], 0.1), "shape (2, 2)"),
        (lambda: risk.MeanCVaR(0.9, weight=1.1), "weight: 1.1"),
        (lambda: risk.MeanCVaR(alpha=1), "alpha: 1"),
        (lambda: risk.worst_law("waserstein", [1], [1]), "did you mean 'wasserstein'?"),
    ],
)
def test_faults_say_what_was_seen(call, seen):
    with pytest.raises(DataError) as caught:
        call()
    assert seen in str(caught.value)


def test_all_faults_come_in_one_list():
    with pytest.raises(DataError) as caught:
        risk.cvar([1, np.inf, 3], [0.6, -0.1])
    assert len(caught.value.faults) == 4
