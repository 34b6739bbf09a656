"""Chains: regimes, episodes, common shocks, correlations, projects."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pytest import approx
from scipy.linalg import expm

from procure.errors import DataError
from procure.scenarios import (
    Process,
    correlate,
    effective_share,
    enumerate_tree,
    force,
    hits,
    levels,
    marginals,
    markov,
    project,
    raise_rate,
    shock,
    switch,
)
from procure.scenarios.chain import transition_matrix
from procure.scenarios.process import canonical, long_run, ordered

ANNUAL = np.array(
    [[0.80, 0.14, 0.05, 0.01], [0.25, 0.55, 0.17, 0.03], [0.10, 0.45, 0.40, 0.05], [0.05, 0.35, 0.40, 0.20]]
)
CHINA = ("normal", "friction", "ban", "embargo")


def coin(name, p, n_periods=1):
    """Something without memory that happens with probability p each period."""
    return Process(name, ("calm", "on"), "calm", np.tile([1 - p, p], (n_periods, 2, 1)))


def generators(n_max=5):
    """Random generators, from nearly still to restless."""

    def build(n):
        rates = st.lists(st.floats(0, 20), min_size=n * n, max_size=n * n)
        return rates.map(lambda flat: off_diagonal(np.array(flat).reshape(n, n)))

    def off_diagonal(matrix):
        np.fill_diagonal(matrix, 0)
        return matrix - np.diag(matrix.sum(axis=1))

    return st.integers(1, n_max).flatmap(build)


# --- regimes ---


def test_two_regimes_by_hand():
    """Onset a = 1, end b = 3 per year: P(ban after t | normal) = a / (a + b) (1 - exp(-(a + b) t)) = 0.25 (1 - e^-2) at 0.5."""
    rates = {("normal", "ban"): 1.0, ("ban", "normal"): 3.0}
    process = markov("china", ["normal", "ban"], {}, rates, {}, "ban", 0.5, 3)
    onset = 0.25 * (1 - math.exp(-2))
    assert process.transition.shape == (3, 2, 2)
    assert_allclose(process.transition[1], [[1 - onset, onset], [3 * onset, 1 - 3 * onset]], rtol=1e-14)


@settings(deadline=None)
@given(generators(), st.floats(0, 30))
def test_agrees_with_scipy_and_rows_sum_to_one(generator, years):
    matrix = transition_matrix(generator, years)
    assert (matrix >= 0).all()
    assert_allclose(matrix.sum(axis=1), 1, atol=1e-14)
    assert_allclose(matrix, expm(generator * years), atol=1e-10)


@settings(deadline=None)
@given(generators())
def test_no_time_changes_nothing_and_two_halves_make_a_whole(generator):
    assert (transition_matrix(generator, 0) == np.eye(len(generator))).all()
    half = transition_matrix(generator, 0.5)
    assert_allclose(half @ half, transition_matrix(generator, 1.0), atol=1e-12)


def test_from_a_ban_china_moves_as_worked_out_by_hand():
    """2028 is normal with .1 × .80 + .45 × .25 + .4 × .10 + .05 × .05 = .235, and so on."""
    process = Process("china", CHINA, "ban", np.tile(ANNUAL, (2, 1, 1)))
    shares = marginals([process], 2)["china"]
    assert_allclose(shares, [[0.10, 0.45, 0.40, 0.05], [0.235, 0.459, 0.2615, 0.0445]])
    assert_allclose(long_run(process), [0.49, 0.33, 0.15, 0.03], atol=0.005)


def test_a_state_without_a_way_out_ends_after_its_mean_duration():
    ending = markov("mine", ["normal", "stop"], {}, {("normal", "stop"): 0.3}, {"stop": 24}, "normal", 1.0, 1)
    given_rate = {("normal", "stop"): 0.3, ("stop", "normal"): 0.5}
    assert_allclose(
        ending.transition, markov("mine", ["normal", "stop"], {}, given_rate, {}, "normal", 1.0, 1).transition
    )
    never = markov("mine", ["normal", "stop"], {}, {("normal", "stop"): 0.3}, {"stop": math.inf}, "normal", 1.0, 1)
    assert never.transition[0, 1].tolist() == [0, 1]


# --- episodes ---


def lynas(period_years=1.0, n_periods=1, **changes):
    rates = {("normal", "partial"): 0.88, ("normal", "severe"): -math.log(0.96)}
    arguments = {
        "name": "lynas",
        "states": ["normal", "partial", "severe"],
        "kinds": {"partial": "episode", "severe": "episode"},
        "rates": rates,
        "durations": {"partial": 3, "severe": 7.2},
        "start": "normal",
        "period_years": period_years,
        "n_periods": n_periods,
    }
    return markov(**(arguments | changes))


def test_the_worst_episode_of_a_year_counts():
    """Severe 0.04; partial 1 - e^-0.88 = 0.585 of the other 0.96; whatever happened the year before."""
    partial = 0.96 * (1 - math.exp(-0.88))
    assert_allclose(lynas().transition[0], np.tile([0.96 - partial, partial, 0.04], (3, 1)), rtol=1e-12)


def test_an_episode_that_outlasts_the_period_is_carried():
    """By the month, 7.2 months of stop end at 12 / 7.2 a year and partial stops still begin and end within a month or not."""
    monthly = lynas(1 / 12, durations={"partial": 1, "severe": 7.2}).transition[0]
    assert monthly[2, 2] == approx(math.exp(-1 / 7.2), rel=0.01)
    assert_allclose(monthly[1], monthly[0])
    assert lynas(0.25).transition[0, 1, 1] == approx(lynas(0.25).transition[0, 0, 1])  # three months fit into a quarter
    assert lynas(0.2).transition[0, 1, 1] > lynas(0.2).transition[0, 0, 1] + 0.1  # but not into less


def test_the_start_may_be_an_episode_and_is_then_over():
    assert_allclose(marginals([lynas(start="severe")], 1)["lynas"], marginals([lynas()], 1)["lynas"])


@pytest.mark.parametrize(
    ("duration", "years", "share"), [(3, 1, 0.25), (12, 1, 1), (24, 1, 1), (1, 1 / 12, 1), (math.inf, 1, 1), (0, 1, 0)]
)
def test_share_of_the_period_an_episode_lasts(duration, years, share):
    assert effective_share("episode", duration, years) == approx(share)
    assert effective_share("regime", duration, years) == 1


def test_all_faults_of_a_chain_come_together():
    with pytest.raises(DataError) as error:
        lynas(rates={("normal", "sever"): 0.1, ("normal", "partial"): -1})
    assert "did you mean 'severe'?" in str(error.value)
    assert "is -1 per year" in str(error.value)
    with pytest.raises(DataError, match=r"comes from 'normal' and ends there"):
        lynas(rates={("normal", "partial"): 0.9, ("partial", "severe"): 0.1})
    with pytest.raises(DataError, match=r"no mean duration"):
        markov("mine", ["normal", "stop"], {}, {("normal", "stop"): 0.3}, {}, "normal", 1.0, 1)
    with pytest.raises(DataError, match=r"kind is 'epsiode'.*did you mean 'episode'"):
        lynas(kinds={"partial": "epsiode"})
    with pytest.raises(DataError, match=r"sum to 0.9, not 1: calm 0.9, on 0"):
        Process("mine", ("calm", "on"), "calm", np.array([[[0.9, 0.0], [0.5, 0.5]]]))


@settings(deadline=None)
@given(st.lists(st.floats(0, 5), min_size=3, max_size=3), st.sampled_from([2, 4, 12, 52]))
def test_the_worst_of_a_year_has_the_same_law_in_any_period(rates, periods):
    """Three stops that never end, seen by the month, are in December the worst that struck: as a year of episodes says."""
    states = ["normal", "low", "middle", "high"]
    onset = {("normal", state): rate for state, rate in zip(states[1:], rates, strict=True)}
    kinds = dict.fromkeys(states[1:], "episode")
    year, never = (
        markov("mine", states, kinds, onset, dict.fromkeys(states[1:], months), "normal", period, 1).transition[0]
        for months, period in ((3, 1.0), (math.inf, 1 / periods))
    )
    assert_allclose(np.linalg.matrix_power(never, periods)[0], year[0], atol=1e-12)


@settings(deadline=None)
@given(st.floats(0.01, 3), st.floats(0.01, 3), st.sampled_from([2, 4, 12]))
def test_short_stops_and_a_lasting_one_strike_as_often_in_any_period(short, lasting, periods):
    """Stops of a week within a month, a stop for good, and a worse one of a week that strikes during either."""
    states = ["normal", "low", "slow", "high"]
    onset = {("normal", "low"): short, ("normal", "slow"): lasting, ("normal", "high"): short}
    months = {"low": 0.23, "slow": math.inf, "high": 0.23}
    mine = markov("mine", states, dict.fromkeys(states[1:], "episode"), onset, months, "normal", 1 / periods, 1)
    law = mine.transition[0]
    assert law[0, 0] ** periods == approx(math.exp(-2 * short - lasting))  # nothing all year
    assert (law[0, 3], law[2, 3]) == approx([-math.expm1(-short / periods)] * 2)
    spared = law[np.ix_([0, 1], [0, 1])]  # neither slow nor high
    assert np.linalg.matrix_power(spared, periods)[0].sum() == approx(math.exp(-short - lasting))


# --- decisions ---


def test_retaliation_raises_a_rate_and_deterrence_lowers_it():
    rates = {("normal", "ban"): 0.05, ("friction", "ban"): 0.37}
    assert raise_rate(rates, ["normal", "friction"], "ban", 0.05) == approx(
        {("normal", "ban"): 0.1, ("friction", "ban"): 0.42}
    )
    assert raise_rate(rates, ["normal"], "ban", -0.05)["normal", "ban"] == 0
    assert rates["normal", "ban"] == 0.05
    with pytest.raises(DataError, match=r"rates are >= 0"):
        raise_rate(rates, ["normal"], "ban", -0.06)


def test_a_law_switches_when_the_programme_begins():
    quiet, loud = coin("ban", 0.1, 4), coin("ban", 0.3, 4)
    assert switch(quiet, loud, 3).transition[:, 0, 1].tolist() == [0.1, 0.1, 0.1, 0.3]
    with pytest.raises(DataError, match=r"only the probabilities may switch"):
        switch(quiet, coin("other", 0.1, 4), 2)


# --- common shocks ---


def test_a_shock_forces_and_leaves_the_rest_of_the_law():
    """While on: 0.67 severe; the remaining 0.33 as ever."""
    region, mine = coin("region", 0.02), lynas()
    forced = force(mine, region, "on", {"severe": 0.67})
    assert_allclose(forced.transition[0, 0], mine.transition[0])
    assert_allclose(forced.transition[0, 1], 0.33 * mine.transition[0] + 0.67 * np.array([0, 0, 1]))
    severe = marginals([region, forced], 1)["lynas"][0, 2]
    assert severe == approx(0.98 * 0.04 + 0.02 * (0.67 + 0.33 * 0.04))


def test_two_forces_and_a_certain_one():
    region, china, mine = coin("region", 0.5), coin("china", 0.5), coin("mine", 0.0)
    both = force(force(mine, china, "on", {"on": 0.5}), region, "on", {"on": 1.0})
    assert both.drivers == ("china", "region")
    assert_allclose(both.transition[0, :, :, 0, 1], [[0, 1], [0.5, 1]])  # rows china, columns region
    again = force(both, china, "on", {"calm": 1.0})
    assert again.drivers == ("region", "china")
    assert_allclose(again.transition[0, :, :, 0, 1], [[0, 0], [1, 0]])
    assert_allclose(force(mine, region, ["calm", "on"], {"on": 0.25}).transition[0, :, 0, 1], 0.25)
    with pytest.raises(DataError, match=r"sum to at most 1"):
        force(mine, region, "on", {"on": 0.7, "calm": 0.4})
    with pytest.raises(DataError, match=r"no state 'off'"):
        force(mine, region, "off", {"on": 0.7})


def test_a_lasting_shock_hits_or_spares_for_good():
    """Two months of shock by the month: seven in ten are hit in both, three in ten in none; drawn anew, half were hit in one."""
    region = shock("region", 12 * np.log(2), 1e6, 1 / 12, 2)  # on in every second month, and on for ever
    whom = hits(region, "region.lynas", {"severe": 0.7})
    mine = lynas(1 / 12, 2, rates={("normal", "severe"): 0.0}, durations={"severe": 1, "partial": 1})
    struck = force(mine, whom, "hit severe", {"severe": 1.0})
    tree = enumerate_tree([region, whom, struck], 2)
    on = (tree.state[:, tree.processes.index("region")] == 1)[tree.paths()]
    severe = (tree.state[:, tree.processes.index("lynas")] == tree.states[0].index("severe"))[tree.paths()]
    both = on.all(axis=1)
    chance = tree.probability[tree.leaves]
    assert chance[both].sum() == approx(0.5, abs=1e-5)
    assert chance[both & severe.all(axis=1)].sum() == approx(0.35, abs=1e-5)
    assert chance[both & (severe[:, 0] != severe[:, 1])].sum() == approx(0, abs=1e-12)
    assert not (severe & ~on).any()
    assert marginals([region, whom, struck], 2)["lynas"][:, 2] == approx([0.35, 0.525], abs=1e-5)
    with pytest.raises(DataError, match=r"sum to at most 1"):
        hits(region, "region.lynas", {"severe": 0.7, "partial": 0.4})


# --- correlation ---


def ban(onset=1.0, end=1.0, period_years=1.0, n_periods=1, start="ban"):
    """China in a ban onset / (onset + end) of the time."""
    rates = {("normal", "ban"): onset, ("ban", "normal"): end}
    return markov("china", ["normal", "ban"], {}, rates, {}, start, period_years, n_periods)


def china(period_years=1.0, n_periods=1):
    rates = {(a, b): 0.1 + 0.7 * i / (1 + j) for i, a in enumerate(CHINA) for j, b in enumerate(CHINA) if a != b}
    return markov("china", CHINA, {}, rates, {}, "ban", period_years, n_periods)


@pytest.mark.parametrize("correlation", [-0.9, -0.3, 0.0, 0.1, 0.4, 0.99])
def test_a_correlation_is_that_of_two_things_as_likely_as_not(correlation):
    """Of a fourfold table with both halves at 1/2 and odds ratio h, half the diagonal is √h / (1 + √h) / 2."""
    root = math.sqrt(correlate("stop", ban(), "ban", correlation).odds)
    together = root / (1 + root) / 2
    assert (together - 1 / 4) / (1 / 4) == approx(correlation)


def test_rates_in_a_ban_by_hand():
    """ρ = 1/2: h = 9. A ban a quarter of the time: 9 and 1 over 9/4 + 3/4 = 3. Partial and severe stops are 3 times, or a
    third, as likely per year; after each other as before: severe first, partial of what is left.
    """
    steering = correlate(["partial", "severe"], ban(onset=1.0, end=3.0), "ban", 0.5)
    steered = lynas(steered=[steering])
    assert steered.drivers == ("china",) and steered.driver_states == (("normal", "ban"),)
    for code, factor in enumerate((1 / 3, 3)):
        severe, partial = 1 - 0.96**factor, 1 - math.exp(-0.88 * factor)
        expected = [(1 - severe) * (1 - partial), (1 - severe) * partial, severe]
        assert_allclose(steered.transition[0, code], np.tile(expected, (3, 1)), rtol=1e-12)
    only = lynas(steered=[correlate("severe", ban(onset=1.0, end=3.0), "ban", 0.5)]).transition[0, :, 0]
    assert_allclose(only[:, 2], [1 - 0.96 ** (1 / 3), 1 - 0.96**3], rtol=1e-12)
    assert_allclose(only[:, 1] / only[:, :2].sum(axis=1), 1 - math.exp(-0.88), rtol=1e-12)


def test_a_regime_is_entered_more_often_and_left_as_ever():
    """ρ = 1/3, half of the time: the rates into the stop, from outside, are 1.6 and 0.4 times what they were."""
    rates = {("normal", "slow"): 0.3, ("normal", "stop"): 0.2, ("slow", "stop"): 0.5, ("stop", "normal"): 2.0}
    rates |= {("slow", "normal"): 1.0, ("stop", "slow"): 0.7}
    states = ["normal", "slow", "stop"]
    mine = markov("mine", states, {}, rates, {}, "normal", 0.5, 1, [correlate("stop", ban(), "ban", 1 / 3)])
    for code, factor in enumerate((0.4, 1.6)):
        bent = rates | {(a, "stop"): factor * rates[a, "stop"] for a in ("normal", "slow")}
        assert_allclose(mine.transition[0, code], markov("mine", states, {}, bent, {}, "normal", 0.5, 1).transition[0])


def test_what_makes_calm_likelier_makes_the_rest_less_likely():
    """The indicator of the other states correlates with the opposite sign."""
    calm = lynas(steered=[correlate("normal", china(), CHINA[1:], -0.3)])
    rest = lynas(steered=[correlate(["partial", "severe"], china(), CHINA[1:], 0.3)])
    assert_allclose(calm.transition, rest.transition, rtol=1e-12)


def test_a_driver_that_is_a_short_stop_steers_while_it_lasts():
    """A stop of three months is found in 1 - e^-0.4 = 0.33 of the years and lasts a quarter of each. ρ = 1/3, h = 4: in such a
    year the rate is 1 + 3/4 = 1.75 times that of others, and r in the mean.
    """
    other = markov(
        "other", ["normal", "stop"], {"stop": "episode"}, {("normal", "stop"): 0.4}, {"stop": 3}, "normal", 1.0, 1
    )
    steering = correlate("severe", other, "stop", 1 / 3, {"stop": 0.25})
    rate = -np.log1p(-lynas(steered=[steering]).transition[0, :, 0, 2])
    chance = 1 - math.exp(-0.4)
    assert rate[1] / rate[0] == approx(1.75)
    assert chance * rate[1] + (1 - chance) * rate[0] == approx(-math.log(0.96))


def pairs():
    """A driver with any rates, and what steers what."""
    return st.tuples(
        st.lists(st.floats(0, 20), min_size=12, max_size=12),
        st.sets(st.sampled_from(CHINA), min_size=1, max_size=3),
        st.sets(st.sampled_from(["normal", "partial", "severe"]), min_size=1, max_size=2),
        st.sampled_from([1.0, 0.25, 1 / 12]),
    )


def restless(rates, period):
    by_pair = dict(zip(itertools.permutations(CHINA, 2), rates, strict=True))
    return markov("china", CHINA, {}, by_pair, dict.fromkeys(CHINA[1:], 12.0), "ban", period, 1)


@settings(deadline=None)
@given(pairs(), st.tuples(st.floats(0, 20), st.floats(0, 20)), st.floats(-0.99, 0.99))
def test_any_rates_and_any_period_will_do(pair, onset, correlation):
    """Nothing is refused."""
    rates, on, into, period = pair
    steering = correlate(into, restless(rates, period), on, correlation)
    onsets = {("normal", "partial"): onset[0], ("normal", "severe"): onset[1]}
    assert lynas(period, rates=onsets, steered=[steering]).transition.shape == (1, 4, 3, 3)


@settings(deadline=None)
@given(pairs(), st.floats(1e-3, 0.05), st.floats(-0.8, 0.8))
def test_rates_are_kept_and_have_their_ratio(pair, onset, correlation):
    """In the mean over the driver a rate is that of the table; in its states it is h times, or a h-th, of what it is outside."""
    rates, on, into, period = pair
    driver = restless(rates, period)
    steering = correlate(into, driver, on, correlation)
    onsets = {("normal", "partial"): onset, ("normal", "severe"): onset}
    law = lynas(period, rates=onsets, durations={"partial": 0.5, "severe": 0.5}, steered=[steering]).transition[0, :, 0]
    severe = -np.log1p(-law[:, 2]) / period
    assert long_run(driver) @ severe == approx(onset, rel=1e-9)
    opposite = "normal" in into
    h = ((1 + correlation) / (1 - correlation)) ** (-2 if opposite else 2)
    inside = np.isin(CHINA, list(on))
    assert severe[inside] == approx(severe[~inside][0] * (h if ("severe" in into) != opposite else 1))


def test_several_drivers_multiply_and_one_driver_keeps_the_mean():
    """Two correlations with China, of different states, each say how the rate of stops goes; the mean stays 0.5."""
    first, second = (correlate("on", china(), on, rho) for on, rho in (("ban", 0.2), (["ban", "embargo"], 0.3)))
    region = markov("region", ["calm", "war"], {}, {("calm", "war"): 1.0, ("war", "calm"): 1.0}, {}, "calm", 1.0, 1)
    third = correlate("on", region, "war", 1 / 3)
    mine = markov(
        "mine", ["calm", "on"], {"on": "episode"}, {("calm", "on"): 0.5}, {"on": 3}, "calm", 1.0, 1,
        [third, second, first],
    )  # fmt: skip
    assert mine.drivers == ("china", "region")
    rate = -np.log(mine.transition[0, :, :, 0, 0])
    assert_allclose(rate[:, 1] / rate[:, 0], 4)
    h = [((1 + rho) / (1 - rho)) ** 2 for rho in (0.2, 0.3)]
    assert_allclose(rate[:, 0] / rate[0, 0], [1, 1, h[0] * h[1], h[1]])
    assert long_run(china()) @ rate[:, 0] == approx(0.5 * 0.4)


def test_no_correlation_changes_nothing_and_proportions_stay():
    steering = correlate(["partial", "severe"], china(), CHINA[1:], 0.0)
    assert (lynas(steered=[steering]).transition[0] == lynas().transition[0]).all()
    steering = correlate(["partial", "severe"], china(), CHINA[1:], 0.1)
    rare = {("normal", "partial"): 2e-6, ("normal", "severe"): 1e-6}
    bent = lynas(rates=rare, steered=[steering]).transition[0, :, 0]
    assert_allclose(bent[:, 1] / bent[:, 2], 2, rtol=1e-4)


def test_what_is_no_correlation_is_refused():
    with pytest.raises(DataError, match=r"is 1; it lies between -1 and 1.*common shock"):
        correlate("on", ban(), "ban", 1.0)
    with pytest.raises(DataError, match=r"all its states"):
        correlate("on", ban(), ["normal", "ban"], 0.1)
    with pytest.raises(DataError, match=r"did you mean 'ban'"):
        correlate("on", ban(), "bann", 0.1)
    with pytest.raises(DataError, match=r"no state 'sever'.*did you mean 'severe'"):
        lynas(steered=[correlate("sever", ban(), "ban", 0.1)])
    with pytest.raises(DataError, match=r"normal, partial, severe are all its states"):
        lynas(steered=[correlate(["normal", "partial", "severe"], ban(), "ban", 0.1)])
    with pytest.raises(DataError, match=r"name the state 'waiting'"):
        project("mine", {2027: 0.5, None: 0.5}, [2027], [correlate("2027", ban(), "ban", 0.1)], [ban()])
    # what never happens, or always, may become possible in a sweep
    assert correlate("on", ban(onset=0.0), "ban", 0.1).odds > 1
    never = lynas(rates={("normal", "severe"): 0.0}, steered=[correlate("severe", ban(), "ban", 0.5)])
    assert (never.transition[..., 2] == 0).all()


def delayed(years, starts, correlation, **rates):
    drivers = [ban(n_periods=len(years), **rates)]
    steering = correlate("waiting", ban(**rates), "ban", correlation)
    return drivers, project("mine", starts, years, [steering], drivers)


def test_a_delayed_project_by_hand():
    """ρ = 1/3, h = 4, w = 0.65. China is in a ban in the first year with p = (1 + e^-2) / 2 = 0.568, and the hazard there is a
    fourth: p x + (1 - p) x⁴ = 0.65 at x = w^(m / 4).
    """
    _, mine = delayed([2027], {2027: 0.35, None: 0.65}, 1 / 3)
    p = (1 + math.exp(-2)) / 2
    x = mine.transition[0, 1, 0, 0]
    assert mine.transition[0, 0, 0, 0] == approx(x**4)
    assert p * x + (1 - p) * x**4 == approx(0.65, rel=1e-12)
    assert x == approx(0.8127, abs=1e-4)


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda p: sum(p) > 0.1),
    st.floats(-0.99, 0.99),
    st.sampled_from([0.0, 0.01, 1.0, 20.0]),
    st.integers(1, 4),
)
def test_a_delayed_project_starts_as_often_as_stated(weights, correlation, onset, periods_per_year):
    """Whatever delays it, each year has its chance; and a model of the first year alone has the same first year."""
    law = dict(zip([2027, 2028, 2029, None], np.array(weights) / sum(weights), strict=True))
    years = [y for y in (2027, 2028, 2029) for _ in range(periods_per_year)]
    drivers, mine = delayed(years, law, correlation, onset=onset)
    last = marginals([*drivers, mine], len(years))["mine_project"][-1]
    expected = {"waiting": law[None], **{str(y): p for y, p in law.items() if y is not None}}
    assert last == approx([expected[state] for state in mine.states], abs=1e-9)
    longer = mine.transition[:, 1, 0, 0] - mine.transition[:, 0, 0, 0]  # the wait in a ban
    assert (np.sign(correlation) * longer >= -1e-12).all()
    first = [y for y in years if y == 2027]
    _, alone = delayed(first, law, correlation, onset=onset)
    n = len(alone.states)
    assert (alone.transition == mine.transition[: len(first), :, :n, :n]).all()


def test_a_project_may_hang_on_a_driver_that_is_driven_itself():
    """A war brings the ban that delays it: the stated chance is kept, with the war counted."""
    region = shock("region", 0.5, 6, 1.0, 3)
    driver = force(ban(n_periods=3), region, "on", {"ban": 1.0})
    delay = correlate("waiting", ban(), "ban", 0.4)
    start = project("mine", {2027: 0.3, 2029: 0.3, None: 0.4}, [2027, 2028, 2029], [delay], [driver, region])
    shares = marginals([region, driver, start], 3)["mine_project"]
    assert_allclose(shares, [[0.7, 0.3, 0], [0.7, 0.3, 0], [0.4, 0.3, 0.3]], atol=1e-12)


# --- projects and levels ---


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda p: sum(p) > 0.1), st.integers(1, 3))
def test_a_project_starts_as_often_as_stated(weights, periods_per_year):
    law = dict(zip([2026, 2028, 2029, None], np.array(weights) / sum(weights), strict=True))
    years = [y for y in (2027, 2028, 2029) for _ in range(periods_per_year)]
    process = project("mine", law, years)
    last = marginals([process], len(years))["mine_project"][-1]
    expected = {"waiting": law[None], **{str(y): p for y, p in law.items() if y is not None}}
    assert last == approx([expected[state] for state in process.states], abs=1e-9)
    if "2026" in process.states:  # begun before the first year: there from the first period
        column = process.states.index("2026")
        assert marginals([process], 1)["mine_project"][0, column] == approx(law[2026])


def test_a_start_after_the_last_year_is_waiting_for_all_we_can_see():
    process = project("seabed", {2028: 0.25, 2040: 0.25, None: 0.5}, [2027, 2028])
    assert process.states == ("waiting", "2028")
    assert marginals([process], 2)["seabed_project"].tolist() == [[1, 0], [0.75, 0.25]]
    with pytest.raises(DataError, match=r"sum to 0.95, not 1: 2028 0.8, never 0.15"):
        project("seabed", {2028: 0.8, None: 0.15}, [2027, 2028])


def test_levels_are_drawn_anew_or_kept():
    law = {"base": 0.5, "high": 0.3, "low": 0.2}
    for persistent in (True, False):
        assert_allclose(marginals([levels("demand", law, persistent, 3)], 3)["demand"], [list(law.values())] * 3)
    assert levels("demand", law, True, 2).transition[1].tolist() == np.eye(3).tolist()


# --- several ---


def test_order_of_processes_and_names_of_faults():
    region, mine = coin("region", 0.1), coin("mine", 0.1)
    driven = force(mine, region, "on", {"on": 1.0})
    assert [p.name for p in ordered([driven, region])] == ["region", "mine"]
    with pytest.raises(DataError, match=r"driven by 'region'.*the valid names are mine"):
        ordered([driven])
    with pytest.raises(DataError, match=r"in a circle"):
        ordered([driven, force(region, mine, "on", {"on": 1.0})])
    with pytest.raises(DataError, match=r"more than once"):
        ordered([region, region])
    renamed = Process("region", ("quiet", "on"), "quiet", region.transition)
    with pytest.raises(DataError, match=r"keeps its states"):
        ordered([driven, renamed])


@settings(max_examples=20, deadline=None)
@given(st.permutations(["friction", "ban", "embargo"]), st.permutations(["partial", "severe"]))
def test_the_order_of_states_does_not_touch_the_last_bit(china_states, mine_states):
    def world(china_order, mine_order):
        rates = {(a, b): 0.1 + 0.7 * CHINA.index(a) / (1 + CHINA.index(b)) for a, b in itertools.permutations(CHINA, 2)}
        china = markov("china", ["normal", *china_order], {}, dict(rates), {}, "ban", 1.0, 2)
        rates = {("normal", s): {"partial": 0.9, "severe": 0.05}[s] for s in mine_order} | {("severe", "normal"): 3.0}
        steered = [correlate(mine_order, china, china_order, 0.05), correlate("severe", china, ["embargo", "ban"], 0.3)]
        kinds, stops = {"partial": "episode"}, {"partial": 3}
        mine = markov("mine", ["normal", *mine_order], kinds, rates, stops, "normal", 1.0, 2, steered)
        region = shock("region", 0.05, 6, 1.0, 2)
        delay = correlate("waiting", china, ["embargo", "friction"], 0.25)
        china = force(china, region, "on", {"embargo": 0.9})
        start = project("mine", {2027: 0.3, 2028: 0.5, None: 0.2}, [2027, 2028], [delay], [china, region])
        return [china, force(mine, region, "on", {"severe": 0.6}), region, start]

    one = canonical(world(["friction", "ban", "embargo"], ["partial", "severe"]))
    other = canonical(reversed(world(china_states, mine_states)))
    for a, b in zip(one, other, strict=True):
        assert (a.name, a.states, a.drivers, a.driver_states) == (b.name, b.states, b.drivers, b.driver_states)
        assert (a.transition == b.transition).all()
