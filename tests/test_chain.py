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
from procure.scenarios import chain
from procure.scenarios.chain import (
    Process,
    correlate,
    effective_share,
    force,
    levels,
    markov,
    project,
    raise_rate,
    shock,
)

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
    matrix = chain.transition_matrix(generator, years)
    assert (matrix >= 0).all()
    assert_allclose(matrix.sum(axis=1), 1, atol=1e-14)
    assert_allclose(matrix, expm(generator * years), atol=1e-10)


@settings(deadline=None)
@given(generators())
def test_no_time_changes_nothing_and_two_halves_make_a_whole(generator):
    assert (chain.transition_matrix(generator, 0) == np.eye(len(generator))).all()
    half = chain.transition_matrix(generator, 0.5)
    assert_allclose(half @ half, chain.transition_matrix(generator, 1.0), atol=1e-12)


def test_from_a_ban_china_moves_as_worked_out_by_hand():
    """2028 is normal with .1 × .80 + .45 × .25 + .4 × .10 + .05 × .05 = .235, and so on."""
    process = Process("china", CHINA, "ban", np.tile(ANNUAL, (2, 1, 1)))
    shares = chain.marginals([process], 2)["china"]
    assert_allclose(shares, [[0.10, 0.45, 0.40, 0.05], [0.235, 0.459, 0.2615, 0.0445]])
    assert_allclose(chain.long_run(process), [0.49, 0.33, 0.15, 0.03], atol=0.005)


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
    assert_allclose(chain.marginals([lynas(start="severe")], 1)["lynas"], chain.marginals([lynas()], 1)["lynas"])


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
    assert chain.switch(quiet, loud, 3).transition[:, 0, 1].tolist() == [0.1, 0.1, 0.1, 0.3]
    with pytest.raises(DataError, match=r"only the probabilities may switch"):
        chain.switch(quiet, coin("other", 0.1, 4), 2)


# --- common shocks ---


def test_a_shock_forces_and_leaves_the_rest_of_the_law():
    """While on: 0.67 severe; the remaining 0.33 as ever."""
    region, mine = coin("region", 0.02), lynas()
    forced = force(mine, region, "on", {"severe": 0.67})
    assert_allclose(forced.transition[0, 0], mine.transition[0])
    assert_allclose(forced.transition[0, 1], 0.33 * mine.transition[0] + 0.67 * np.array([0, 0, 1]))
    severe = chain.marginals([region, forced], 1)["lynas"][0, 2]
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


# --- correlation ---


def joint_correlation(driver, process):
    """Of the indicators "second state" in one period, over the exact joint law."""
    row, codes, probability = chain.expand(chain.ordered([driver, process]), 0, np.zeros((1, 2), dtype=int))
    assert (row == 0).all()
    column = [p.name for p in chain.ordered([driver, process])]
    a, b = codes[:, column.index(driver.name)], codes[:, column.index(process.name)]
    p, q = probability @ a, probability @ b
    return (probability @ (a * b) - p * q) / math.sqrt(p * (1 - p) * q * (1 - q)), q


@settings(deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(-1, 1))
def test_correlation_is_what_was_asked_and_nothing_gets_likelier(p, q, share):
    driver, process = coin("china", p), coin("mine", q)
    bound = math.sqrt(p * (1 - p) * q * (1 - q))
    most, least = (min(p, q) - p * q) / bound, (max(0, p + q - 1) - p * q) / bound
    wanted = share * most if share > 0 else -share * least
    measured, marginal = joint_correlation(driver, correlate(process, "on", driver, "on", wanted))
    assert measured == approx(wanted, abs=1e-9)
    assert marginal == approx(q, abs=1e-12)


def test_an_impossible_correlation_names_the_possible_ones():
    """p = 0.5, q = 0.2: P(B | A) = 0.2 + 0.4 ρ stays within [0, 0.4], so |ρ| <= 0.5."""
    with pytest.raises(DataError, match=r"between -0.5 and 0.5"):
        correlate(coin("mine", 0.2), "on", coin("china", 0.5), "on", 0.6)
    assert correlate(coin("mine", 0.2), "on", coin("china", 0.5), "on", 0.5).transition[0, :, 0, 1] == approx([0, 0.4])
    with pytest.raises(DataError, match=r"always or never"):
        correlate(coin("mine", 0.2), "on", coin("china", 0.0), "on", 0.1)
    with pytest.raises(DataError, match=r"certain or impossible"):
        correlate(coin("mine", 0.2), ["on", "calm"], coin("china", 0.5), "on", 0.1)


def test_no_correlation_changes_nothing_and_proportions_stay():
    china = Process("china", CHINA, "ban", ANNUAL[None])
    assert_allclose(
        correlate(lynas(), ["partial", "severe"], china, CHINA[1:], 0.0).transition[0], [lynas().transition[0]] * 4
    )
    bent = correlate(lynas(), ["partial", "severe"], china, CHINA[1:], 0.1).transition[0, :, 0]
    assert_allclose(bent[:, 1] / bent[:, 2], lynas().transition[0, 0, 1] / lynas().transition[0, 0, 2])
    assert (bent[1:, 0] < bent[0, 0]).all()


def test_a_project_keeps_the_probability_stated_for_today():
    """China is in a ban today; 2027 was said to be 0.35 likely in this world, not in the average one."""
    china = Process("china", CHINA, "ban", np.tile(ANNUAL, (2, 1, 1)))
    start = project("caremag", {2027: 0.35, 2028: 0.5, None: 0.15}, [2027, 2028])
    bent = correlate(start, "waiting", china, CHINA[1:], 0.25)
    assert chain.marginals([china, bent], 2)["caremag_project"][0] == approx([0.65, 0.35, 0])
    assert bent.transition[0, 2, 0, 0] > 0.65 > bent.transition[0, 0, 0, 0]


# --- projects and levels ---


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda p: sum(p) > 0.1), st.integers(1, 3))
def test_a_project_starts_as_often_as_stated(weights, periods_per_year):
    law = dict(zip([2026, 2028, 2029, None], np.array(weights) / sum(weights), strict=True))
    years = [y for y in (2027, 2028, 2029) for _ in range(periods_per_year)]
    process = project("mine", law, years)
    last = chain.marginals([process], len(years))["mine_project"][-1]
    expected = {"waiting": law[None], **{str(y): p for y, p in law.items() if y is not None}}
    assert last == approx([expected[state] for state in process.states], abs=1e-9)
    if "2026" in process.states:  # begun before the first year: there from the first period
        column = process.states.index("2026")
        assert chain.marginals([process], 1)["mine_project"][0, column] == approx(law[2026])


def test_a_start_after_the_last_year_is_waiting_for_all_we_can_see():
    process = project("seabed", {2028: 0.25, 2040: 0.25, None: 0.5}, [2027, 2028])
    assert process.states == ("waiting", "2028")
    assert chain.marginals([process], 2)["seabed_project"].tolist() == [[1, 0], [0.75, 0.25]]
    with pytest.raises(DataError, match=r"sum to 0.95, not 1: 2028 0.8, never 0.15"):
        project("seabed", {2028: 0.8, None: 0.15}, [2027, 2028])


def test_levels_are_drawn_anew_or_kept():
    law = {"base": 0.5, "high": 0.3, "low": 0.2}
    for persistent in (True, False):
        assert_allclose(chain.marginals([levels("demand", law, persistent, 3)], 3)["demand"], [list(law.values())] * 3)
    assert levels("demand", law, True, 2).transition[1].tolist() == np.eye(3).tolist()


# --- several ---


def test_order_of_processes_and_names_of_faults():
    region, mine = coin("region", 0.1), coin("mine", 0.1)
    driven = force(mine, region, "on", {"on": 1.0})
    assert [p.name for p in chain.ordered([driven, region])] == ["region", "mine"]
    with pytest.raises(DataError, match=r"driven by 'region'.*the valid names are mine"):
        chain.ordered([driven])
    with pytest.raises(DataError, match=r"in a circle"):
        chain.ordered([driven, force(region, mine, "on", {"on": 1.0})])
    with pytest.raises(DataError, match=r"more than once"):
        chain.ordered([region, region])
    renamed = Process("region", ("quiet", "on"), "quiet", region.transition)
    with pytest.raises(DataError, match=r"keeps its states"):
        chain.ordered([driven, renamed])


@settings(max_examples=20, deadline=None)
@given(st.permutations(["friction", "ban", "embargo"]), st.permutations(["partial", "severe"]))
def test_the_order_of_states_does_not_touch_the_last_bit(china_states, mine_states):
    def world(china_order, mine_order):
        rates = {(a, b): 0.1 + 0.7 * CHINA.index(a) / (1 + CHINA.index(b)) for a, b in itertools.permutations(CHINA, 2)}
        china = markov("china", ["normal", *china_order], {}, dict(rates), {}, "ban", 1.0, 2)
        rates = {("normal", s): {"partial": 0.9, "severe": 0.05}[s] for s in mine_order} | {("severe", "normal"): 3.0}
        mine = markov("mine", ["normal", *mine_order], {"partial": "episode"}, rates, {"partial": 3}, "normal", 1.0, 2)
        region = shock("region", 0.05, 6, 1.0, 2)
        mine = correlate(mine, mine_order, china, china_order, 0.05)
        return [force(china, region, "on", {"embargo": 0.9}), force(mine, region, "on", {"severe": 0.6}), region]

    one = chain.canonical(world(["friction", "ban", "embargo"], ["partial", "severe"]))
    other = chain.canonical(reversed(world(china_states, mine_states)))
    for a, b in zip(one, other, strict=True):
        assert (a.name, a.states, a.drivers, a.driver_states) == (b.name, b.states, b.drivers, b.driver_states)
        assert (a.transition == b.transition).all()
