"""Odds in doubt, in whole models: by hand, at their ends, by two routes, and the same on every way to a solution."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.optimize import linprog
from scipy.stats import binom, norm

import procure
from procure import DataError, risk
from procure.market import Paths, make_market, merge
from procure.model import load_model
from procure.portfolio.measure import Measured
from procure.portfolio.parts import parts
from procure.program.optimum import optimum, solved
from procure.program.program import compose
from procure.reason import Reason
from procure.report.screens import to_text
from procure.solving.compiled import compile
from test_portfolio import one_mine, open_or_shut
from test_shadow import with_tables
from test_share import cap, world

TWO_CLASS = load_model("two-class")
KINDS = sorted(risk.balls())


def in_doubt(model, kind, radius, **more):
    return model.with_(
        **{"risk.ambiguity": kind, "risk.radius": radius, **{f"risk.{key}": x for key, x in more.items()}}
    )


def cost(kind, radius, **more):
    """Of the two mines, kUSD."""
    return 1e3 * procure.solve(in_doubt(world(), kind, radius, **more)).summary["objective"]


# --- by hand

BY_HAND = [
    ("total_variation", 0.1, 4500), ("total_variation", 0.4, 4800), ("total_variation", 0.9, 5000),
    ("wasserstein", 0.05, 4500), ("wasserstein", 0.2, 4800), ("wasserstein", 2, 5000),
    ("known_marginals", 1, 4400), ("failures", 0, 4400), ("failures", 0.5, 4700), ("failures", 1, 5000),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "radius", "expected"), BY_HAND)
def test_two_mines(kind, radius, expected):
    """near is open with 0.6: 4,000; slow with 0.4, and half is lost: 50 * 40 + 50 * 60 = 5,000. In the mean 4,400.

    A tenth of the probability more for slow is 100 more. Half a supplier lies between the two futures, so that a radius of
    Wasserstein of 0.05 moves a tenth, and all of 0.6 from 0.3 on. far cannot fail: what near does is all there is, so that its odds
    are the joint law, and one supplier that fails as it hurts most is slow for sure: 5,000; half way there, 4,700.
    """
    assert cost(kind, radius) == approx(expected)


def test_the_tail_of_the_worst_law():
    """Half weight on the worst half. As given: (4,400 + (0.4 * 5,000 + 0.1 * 4,000) / 0.5) / 2 = 4,600. With a tenth moved slow
    fills the half: (4,500 + 5,000) / 2 = 4,750; with a twentieth, (4,450 + (0.45 * 5,000 + 0.05 * 4,000) / 0.5) / 2 = 4,675.
    """
    for radius, expected in ((0, 4600), (0.05, 4675), (0.1, 4750), (0.6, 5000)):
        assert cost("total_variation", radius, alpha=0.5, weight=0.5) == approx(expected)


def test_what_the_screen_says_of_the_worst_law():
    portfolio = procure.solve(in_doubt(world(), "total_variation", 0.1))
    odds = portfolio.odds.set_index(["process", "state"])
    assert odds.loc[("near", "slow")].tolist() == approx([0.4, 0.5])
    assert portfolio.summary["as_given"] == approx(4.4)
    assert portfolio.summary["moved"] == approx(0.1)
    screen = " ".join(to_text(portfolio).split())
    assert "10 % of the probability may move to any of the futures." in screen
    assert "It makes likelier, of all the time: near slow 40 to 50 %." in screen
    assert "near slow 40 → 50 %" in " ".join(to_text(portfolio, "ja").split())
    assert procure.solve(world()).odds.empty
    assert "in doubt" not in to_text(procure.solve(world()))


# --- ends


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weight", [0.0, 0.4])
def test_a_radius_of_none_is_the_law_as_given_and_more_never_costs_less(kind, weight):
    given_law = procure.solve(TWO_CLASS.with_(**{"risk.weight": weight})).summary["objective"]
    costs = [
        procure.solve(in_doubt(TWO_CLASS, kind, radius, weight=weight), foresight=False).summary["objective"]
        for radius in (0, 1e-9, 0.1, 1)
    ]
    assert costs[0] == approx(given_law, rel=1e-9)
    assert costs[1] == approx(given_law, rel=1e-6)
    assert np.diff(costs).min() >= -1e-6 * given_law


def test_the_largest_radius_is_the_worst_case():
    """A tail of less than the least likely of the sixteen futures is that future that costs most."""
    worst = procure.solve(TWO_CLASS.with_(**{"risk.weight": 1.0, "risk.alpha": 0.9999})).summary["objective"]
    for kind, radius in (("total_variation", 1), ("wasserstein", 9), ("failures", 4)):
        assert procure.solve(in_doubt(TWO_CLASS, kind, radius)).summary["objective"] == approx(worst)


def test_known_marginals_keep_what_each_supplier_does():
    odds = procure.solve(in_doubt(TWO_CLASS, "known_marginals", 1)).odds
    assert odds["worst_chance"].tolist() == approx(odds["chance"].tolist())


# --- two routes


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_find_the_law_that_plain_arithmetic_finds(kind):
    """What the duals of the rows weigh each path by is a law of the ball under which the plan costs what the program says."""
    for weight in (0.0, 0.5):
        model = in_doubt(TWO_CLASS, kind, 0.3, weight=weight, alpha=0.8)
        end = solved(optimum(compose(merge(make_market(model)))))
        measured = Measured(end)
        assert end.objective == approx(measured.objective, rel=1e-9)
        assert end.outcome.tail_weight.sum() == approx(1)
        assert end.outcome.tail_weight @ measured.loss == approx(end.objective, rel=1e-7)
        assert measured.doubt.worst_law(measured.loss, measured.law) @ measured.loss == approx(end.objective, rel=1e-7)


@pytest.mark.parametrize("kind", ["total_variation", "wasserstein"])
def test_futures_made_one_change_nothing(kind):
    """Without caremag's offer eight of the sixteen futures are one with another for the numbers, though not for the states."""
    without = TWO_CLASS.with_(**{f"suppliers.caremag.{of}.medium_heavy.2027": 0 for of in ("offers", "commitments")})
    doubtful = in_doubt(without, kind, 0.3, weight=0.5)
    together, apart = replace(merge(make_market(without)), model=doubtful), merge(make_market(doubtful))
    assert (together.tree.n_nodes, apart.tree.n_nodes) == (8, 16)
    costs = [solved(optimum(compose(market))).objective for market in (together, apart, make_market(doubtful))]
    assert costs == approx([costs[0]] * 3, rel=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_compiled_and_moved_is_solved_afresh(kind):
    model = in_doubt(TWO_CLASS, kind, 0.2)
    compiled = compile(model)
    for changes in (
        {"risk.radius": 0.4},
        {"risk.weight": 0.5},
        {"suppliers.lynas.offers.medium_heavy.2027": 700.0},
        {},
    ):
        answer = compiled.solve(changes)
        assert answer.objective == approx(procure.solve(model.with_(**changes)).summary["objective"], rel=1e-8)
        assert not changes or Reason.DOUBT in answer.made_anew.values() or Reason.CHOICE in answer.made_anew.values()


def test_shadow_prices_are_those_of_the_worst_law():
    """Undisturbed near may bring 30 t: each tonne more saves 20 where it is open, under the worst law 0.5 of the time, not 0.6."""
    limited = [in_doubt(world(cap(most)), "total_variation", 0.1) for most in (0.3, 0.31)]
    portfolios = [procure.solve(model) for model in limited]
    row = portfolios[0].limits.set_index("limit").loc["near_share"]
    saved = portfolios[0].summary["objective"] - portfolios[1].summary["objective"]
    assert 1e3 * row["shadow_price_musd"] == approx(1e3 * saved)


@pytest.mark.parametrize("kind", ["total_variation", "wasserstein"])
def test_a_drawn_tree_of_japan(kind):
    """The answer is refused where the rows and the arithmetic part; more doubt never costs less."""
    japan = load_model("japan").with_(**{"world.tree.nodes": 60, "suppliers.seabed.programmes": ("none", "pilot")})
    portfolios = [procure.solve(in_doubt(japan, kind, radius), foresight=False) for radius in (0.0, 0.05)]
    objectives = [portfolio.summary["objective"] for portfolio in portfolios]
    assert objectives[0] < objectives[1]
    assert (
        "in doubt" in portfolios[1].programme_levels["verdict"].tolist()[-1]
        or portfolios[1].programmes["seabed"] == "pilot"
    )


def test_on_a_drawn_tree_years_that_lose_as_much_stand_for_one_another(monkeypatch):
    """A mine over two years: open both (0.4), shut in the second (0.4), shut in the first (0.2). Half of its supply is lost in
    either of the last two, so of their 0.6 all may lie where it costs most; held to the years themselves nothing moves."""
    market = make_market(one_mine(years=2), {}, open_or_shut(2))
    law, loss = np.array([0.4, 0.4, 0.2]), np.array([1.0, 3.0, 8.0])
    assert Paths(market).outcomes[:, 0].tolist() == [0, 1, 2]
    assert risk.known_marginals(loss, law, Paths(market).outcomes) == approx(law @ loss)
    monkeypatch.setattr("procure.market.doubt.holds_every_future", lambda *_: False)
    drawn = Paths(market).outcomes
    assert drawn[:, 0].tolist() == [0, 1, 1]
    assert risk.known_marginals(loss, law, drawn) == approx(0.4 * 1 + 0.6 * 8)
    assert risk.known_marginals(loss, law, drawn, 0.5) == approx((law @ loss + 0.4 * 1 + 0.6 * 8) / 2)


def test_a_drawn_tree_of_japan_by_bands():
    """Each supplier is as bad as often as before, bad histories meet, and the screen says what is held: more than nothing moves."""
    japan = load_model("japan").with_(**{"world.tree.nodes": 350, "suppliers.seabed.programmes": ("none",)})
    measured = compile(japan).solve().measured
    paths = Paths(measured.market)
    cost, law = measured.path_costs["shortage_cost"], measured.law
    worst = risk.KnownMarginals(paths.outcomes).worst_law(cost, law)
    for outcome in paths.outcomes.T:
        assert np.bincount(outcome, weights=worst) == approx(np.bincount(outcome, weights=law))
    assert paths.names[-1] == "seabed" and not paths.outcomes[:, -1].any()  # which sells nothing
    costs = [risk.failures(cost, law, paths.outcomes, n) for n in (0, 1, 2)]
    assert law @ cost < costs[1] < costs[2] <= cost.max() and costs[0] == approx(law @ cost)
    assert law @ cost < worst @ cost < cost.max()
    portfolio = procure.solve(in_doubt(japan, "known_marginals", 0.1), foresight=False)
    assert portfolio.summary["moved"] > 0.01 and "in tenths" in to_text(portfolio)


def handed_in(slow, **chosen):
    """`world` with its futures handed in: near is open, or slow with this probability."""
    futures = [("calm", 1 - slow, None, None), ("slow", slow, "near", "slow")]
    table = pd.DataFrame(futures, columns=["scenario", "value", "process", "state"])
    model = with_tables(world(), scenarios=table)
    return model.with_(**{"world.scenarios": True, **{f"risk.{key}": value for key, value in chosen.items()}})


#: Doubt and radius, and what it costs, kUSD, where the tables give the slow future no chance.
OUTSIDE = [("none", 0, 4000), ("total_variation", 0.1, 4100), ("wasserstein", 0.1, 4200), ("failures", 1, 5000)]


@pytest.mark.parametrize(("kind", "radius", "cost"), OUTSIDE)
def test_a_future_that_the_tables_give_no_chance_may_be_favoured(kind, radius, cost):
    """Open costs 100 x 40, slow 50 x 40 + 50 x 60. Where the odds are taken as they are slow is no future. A tenth may move there
    by total variation; by Wasserstein a fifth, since half of what one supplier delivers is lost; near may fail for certain."""
    portfolio = procure.solve(handed_in(0.0, weight=0.0, ambiguity=kind, radius=radius), foresight=False)
    assert 1e3 * portfolio.summary["objective"] == approx(cost)
    assert 1e3 * portfolio.summary["expected_cost"] == approx(4000)
    assert portfolio.summary.get("moved", 0.0) == approx((cost - 4000) / 1000)


@pytest.mark.parametrize(
    ("chosen", "worst"),
    [
        ({"ambiguity": "failures", "radius": 1, "weight": 0.0}, 0.7),
        ({"ambiguity": "total_variation", "radius": 1.0, "weight": 0.0}, 0.7),
        ({"alpha": 0.8, "weight": 1.0}, None),
    ],
)
def test_futures_that_weigh_nothing_are_not_wasted(chosen, worst):
    """Slow has 0.3: under the worst law, or in the worst fifth, it is all there is, and 5,000 whatever is done where near is open.
    There 100 t are called from near at 4,000 all the same, 4,300 in the mean, and not 50 from far because it does not matter."""
    portfolio = procure.solve(handed_in(0.3, **chosen), foresight=False)
    assert 1e3 * portfolio.summary["objective"] == approx(5000)
    assert 1e3 * portfolio.summary["expected_cost"] == approx(0.7 * 4000 + 0.3 * 5000)
    assert portfolio.mix.set_index("supplier")["supplied_t"][["near", "far"]].tolist() == approx([85, 15])
    assert worst is None or portfolio.summary["moved"] == approx(worst)


# --- published


@pytest.mark.parametrize("seed", range(5))
def test_failures_are_the_protection_of_bertsimas_and_sim(seed):
    """Losses that add up over independent suppliers: equation (4) of Bertsimas & Sim (2004), whole Γ and between.

    With a_j the worst minus the mean of supplier j, β(Γ) = the sum of the ⌊Γ⌋ largest a_j and (Γ - ⌊Γ⌋) of the next.
    """
    random = np.random.default_rng(seed)
    n, fails = 5, random.uniform(0.05, 0.6, 5)
    size = random.uniform(1, 10, n)
    states = np.array(list(itertools.product((0, 1), repeat=n)))
    probability = np.where(states == 1, fails, 1 - fails).prod(axis=1)
    deviation = np.sort(size * (1 - fails))[::-1]
    for budget in (0, 0.4, 1, 2.5, 4, 5):
        whole = int(budget)
        beta = deviation[:whole].sum() + (budget - whole) * (deviation[whole] if whole < n else 0.0)
        assert risk.failures(states @ size, probability, states, budget) == approx(size @ fails + beta)


def assets(n):
    """Means and deviations of n returns: p_j = 1.15 + 0.05 j / n, σ_j = (0.05 / 3n) sqrt(2 j n (n + 1)).

    The portfolio of Bertsimas & Sim (2004), where n is 150.
    """
    j = np.arange(1, n + 1)
    return 1.15 + 0.05 * j / n, 0.05 / (3 * n) * np.sqrt(2 * j * n * (n + 1))


def counterpart(n, budget):
    """Their theorem 1 for max Σ p_j x_j - β(x, Γ), Σ x_j = 1, x >= 0: β = min Γ z + Σ q_j with z + q_j >= σ_j x_j."""
    p, sigma = assets(n)
    none, one = np.zeros(n), np.ones(n)
    return procure.TwoStageProblem(
        np.r_[-p, budget, one], np.vstack([np.r_[one, 0.0, none], np.hstack([-np.diag(sigma), one[:, None], np.eye(n)])]),
        np.r_[1.0, none], np.r_[1.0, np.full(n, np.inf)], np.zeros(2 * n + 1), np.full(2 * n + 1, np.inf),
        [0.0], np.zeros((0, 1)), np.zeros((0, 2 * n + 1)), [], [], [0.0], [0.0], [1.0],
    )  # fmt: skip


def test_the_price_of_robustness_of_a_portfolio():
    """An asset returns p_j - σ_j or p_j + σ_j. Of six assets the 64 outcomes with one row each are the counterpart for every Γ."""
    n = 6
    p, sigma = assets(n)
    states = np.array(list(itertools.product((0, 1), repeat=n)))
    returns = p + sigma * (1 - 2 * states)
    for budget in (0, 1, 2.5, 4, 6):
        problem = procure.TwoStageProblem(
            np.zeros(n), np.ones((1, n)), [1.0], [1.0], np.zeros(n), np.full(n, np.inf),
            [1.0], [[1.0]], returns[:, None, :], np.zeros(1), np.zeros(1), [-np.inf], [np.inf], np.full(64, 1 / 64),
        )  # fmt: skip
        found = procure.solve_two_stage(problem, risk=risk.Failures(states, budget))
        assert found.objective == approx(procure.solve_two_stage(counterpart(n, budget)).objective, abs=1e-7)


def test_the_portfolio_of_a_hundred_and_fifty_assets():
    """The data of the paper at Γ = 5: 1.1709, as printed by the page "Robust optimization with RSOME" of RSOME
    (github.com/XiongPengNUS/rsome). At Γ = 0 all is put into the last asset, 1.2; at Γ = 150 the best worst return is left."""
    assert -procure.solve_two_stage(counterpart(150, 5)).objective == approx(1.1709, abs=5e-5)
    p, sigma = assets(150)
    assert -procure.solve_two_stage(counterpart(150, 0)).objective == approx(1.2)
    assert -procure.solve_two_stage(counterpart(150, 150)).objective == approx((p - sigma).max())


def broken_by(n, budget):
    """Bertsimas & Sim (2004), theorem 3: the chance that a row of n coefficients is broken is no larger, and of no larger Γ less.

    B = ((1 - μ) C(n, ⌊ν⌋) + Σ_{l > ⌊ν⌋} C(n, l)) / 2^n,  ν = (Γ + n) / 2,  μ = ν - ⌊ν⌋
    """
    half = (budget + n) / 2
    whole = np.floor(half)
    return (1 - half + whole) * binom.pmf(whole, n, 0.5) + binom.sf(whole, n, 0.5)


def test_how_many_may_fail_for_one_in_a_hundred():
    """Table 1 of Bertsimas & Sim (2004), Γ for a chance of 1 %: 5 of 5, 8.2 of 10, 24.3 of 100, 33.9 of 200, 105 of 2,000.

    Of ten it is the first tenth at which theorem 3 gives 1 %, of five there is none; from a hundred on it is their normal
    approximation, 1 + Φ⁻¹(0.99) sqrt(n), which theorem 3 bears out to a tenth.
    """
    assert broken_by(5, 5) > 0.01
    assert broken_by(10, 8.2) <= 0.01 < broken_by(10, 8.1)
    for n, printed in ((100, 24.3), (200, 33.9), (2000, 105.0)):
        assert round(1 + norm.ppf(0.99) * np.sqrt(n), 1) == printed
        assert broken_by(n, printed + 0.1) <= 0.01 < broken_by(n, printed - 0.1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("budget", [2.0, 4.6, 8.2, 10.0])
def test_a_loss_passes_its_protection_no_more_often_than_the_bound(seed, budget):
    """Ten losses of either sign, all 1,024 outcomes: what `failures` protects is passed with a chance that theorem 3 bounds."""
    n, random = 10, np.random.default_rng(seed)
    size = random.uniform(0.1, 1, n) if seed else np.ones(n)
    states = np.array(list(itertools.product((0, 1), repeat=n)))
    loss = (2 * states - 1) @ size
    protection = risk.failures(loss, np.full(len(loss), 1 / len(loss)), states, budget)
    largest = np.sort(size)[::-1]
    whole = int(budget)
    assert protection == approx(largest[:whole].sum() + (budget - whole) * largest[whole : whole + 1].sum())
    assert (loss > protection + 1e-9).mean() <= broken_by(n, budget)
    if not seed and budget in (2.0, 10.0):  # of one size and an even number the bound is the chance to reach it
        assert (loss >= protection - 1e-9).mean() == approx(broken_by(n, budget))


def newsvendor(ordered, demand, over, under):
    """Cost 1 for a tonne too many, `over`, and `under` for one too few."""
    return over * np.maximum(ordered - demand, 0) + under * np.maximum(demand - ordered, 0)


@pytest.mark.parametrize("radius", [0.0, 0.5, 2.0])
def test_the_newsvendor_on_the_line(radius):
    """Demand 10, 20 or 60 with 0.5, 0.3, 0.2; a tonne too many costs 1, one too few 4. Mass may move anywhere on the line.

    The worst of a ball of Wasserstein adds radius times the steepest slope, 4, to the mean of any order (Mohajerin Esfahani & Kuhn
    (2018), theorem 6.3), so that the order is that of the law as given: the first with P(demand <= x) >= 4 / 5, 20. Outcomes of
    probability zero far off stand for the line: of the 0.2 at 60 a share radius / 940 / 0.2 goes to 1,000.
    """
    demand, probability = np.array([10.0, 20.0, 60.0, 0.0, 1000.0]), np.array([0.5, 0.3, 0.2, 0.0, 0.0])
    distance = np.abs(demand[:, None] - demand)
    problem = procure.TwoStageProblem(
        [0.0], np.zeros((0, 1)), [], [], [0.0], [np.inf], [1.0, 4.0], [[-1.0, 1.0]], [[1.0]],
        demand[:, None], demand[:, None], [0.0, 0.0], [np.inf, np.inf], probability,
    )  # fmt: skip
    found = procure.solve_two_stage(problem, risk=risk.Wasserstein(distance, radius))
    mean = probability @ newsvendor(20.0, demand, 1, 4)
    assert mean == approx(0.5 * 10 + 0.2 * 160)
    assert found.x == approx([20.0])
    assert found.objective == approx(mean + 4 * radius)


@pytest.mark.parametrize("seed", range(4))
def test_the_tail_of_the_worst_law_by_two_routes(seed):
    """Of every ball: the dual rows at given losses, and the law that halving finds."""
    random = np.random.default_rng(seed)
    states = np.array(list(itertools.product((0, 1, 2), (0, 1))))
    loss, probability = random.integers(0, 9, 6).astype(float), random.dirichlet(np.ones(6))
    distance = np.abs(states[:, None] - states).sum(axis=2)
    balls = (
        risk.TotalVariation(0.3),
        risk.Wasserstein(distance, 0.4),
        risk.KnownMarginals(states, 0.8),
        risk.Failures(states, 1.3),
    )
    for ball, (alpha, weight) in itertools.product(balls, ((0.0, 0.4), (0.7, 0.0), (0.7, 0.5), (0.4, 1.0))):
        measure = risk.Ambiguous(ball, alpha, weight)
        rows = measure.rows(probability)
        best = linprog(rows.cost, -rows.matrix, -(rows.losses @ loss), bounds=[(low, None) for low in rows.lower])
        value = measure.value(loss, probability)
        assert value == approx(rows.mean @ loss + best.fun, abs=1e-7)
        assert measure.worst_law(loss, probability) @ loss == approx(value, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_the_worst_law_of_total_variation(seed, radius):
    """It takes from the cheapest what it gives to the dearest, and no law of the ball that is drawn costs more."""
    random = np.random.default_rng(seed)
    loss, probability = random.normal(size=6), random.dirichlet(np.ones(6))
    law = risk.worst_law("total_variation", loss, probability, radius=radius)
    gains = np.flatnonzero(law > probability + 1e-12)
    assert set(gains) <= {int(np.argmax(loss))}
    other = random.dirichlet(np.ones(6), 50)
    share = np.minimum(1.0, radius / np.maximum(np.abs(other - probability).sum(axis=1) / 2, 1e-12))[:, None]
    inside = probability + share * (other - probability)
    assert (inside @ loss).max() <= law @ loss + 1e-9


# --- the paths of a market


def test_paths_are_as_far_apart_as_suppliers_are_lost():
    """Two-class: China keeps 0.58 of light and 0.04 of heavy, so that its failure is (0.42 + 0.96) / 2 of a supplier."""
    paths = Paths(make_market(TWO_CLASS))
    assert paths.names == ["caremag", "china", "lynas", "seabed"]
    state = paths.market.tree.state
    calm = int(np.flatnonzero((state == 0).all(axis=1))[0])
    alone = {
        name: int(np.flatnonzero((state[:, k] == 1) & (state.sum(axis=1) == 1))[0])
        for k, name in enumerate(paths.names)
    }
    expected = {"caremag": 1.0, "china": (0.42 + 0.96) / 2, "lynas": 0.6, "seabed": 0.75}
    assert {name: paths.distance[calm, at] for name, at in alone.items()} == approx(expected)


@pytest.mark.parametrize("periods", [1, 2, 4])
def test_a_supplier_that_delivers_nothing_is_as_far_away_whatever_the_period(periods):
    """Caremag fails all along, and nobody else ever does: one supplier more, and all of its supply is lost."""
    paths = Paths(make_market(TWO_CLASS.with_(**{"model.periods_per_year": periods})))
    tree = paths.market.tree
    state, column = tree.state[tree.paths()] > 0, tree.processes.index("caremag")
    others = ~np.delete(state, column, axis=2).any(axis=(1, 2))
    (calm,) = np.flatnonzero(~state[:, :, column].any(axis=1) & others)
    (out,) = np.flatnonzero(state[:, :, column].all(axis=1) & others)
    assert paths.distance[calm, out] == approx(1.0)
    lost = paths._lost()
    assert lost["caremag"][[calm, out]] == approx([0.0, 1.0]) and lost["lynas"][[calm, out]] == approx([0.0, 0.0])


# --- refusals


def test_what_makes_no_sense_is_said():
    for changes, seen in (
        ({"risk.radius": 0.1}, "ambiguity is 'none'.*total_variation"),
        ({"risk.ambiguity": "total_variaton"}, "did you mean 'total_variation'"),
        ({"risk.ambiguity": "total_variation", "risk.radius": 65}, 'write 0.65 or "65 %"'),
        ({"risk.ambiguity": "known_marginals", "risk.radius": 1.5}, "joint law is unknown, 0 to 1"),
        ({"risk.ambiguity": "wasserstein", "risk.radius": -1}, "radius"),
    ):
        with pytest.raises(DataError, match=seen):
            TWO_CLASS.with_(**changes)
    assert in_doubt(TWO_CLASS, "total_variation", "6 %").settings.risk.radius == approx(0.06)
    with pytest.raises(DataError, match="of 4 suppliers no more than 4 fail"):
        procure.solve(in_doubt(TWO_CLASS, "failures", 5))
    with pytest.raises(DataError, match=r"set risk\.radius to 0"):
        procure.value_of_information(in_doubt(TWO_CLASS, "failures", 1))
    with pytest.raises(DataError, match="a row for each scenario"):
        risk.failures([1, 2], [0.5, 0.5], [[0]])
    with pytest.raises(DataError, match="a column for each supplier"):
        risk.known_marginals([1, 2], [0.5, 0.5], [0, 1])


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_in_doubt_is_proved_by_arithmetic(kind):
    assert procure.verify(procure.solve(in_doubt(TWO_CLASS, kind, 0.3, weight=0.4))).holds


def test_parts_of_the_weighed_cost_add_up_under_the_worst_law():
    model = in_doubt(TWO_CLASS, "total_variation", 0.2, weight=0.4)
    measured = Measured(solved(optimum(compose(merge(make_market(model))))))
    assert 1e3 * parts(measured)["weighed_musd"].sum() == approx(measured.objective)
    frontier = procure.frontier(model, "risk.weight", [0.0, 0.5])
    assert frontier.table["slope_musd"].isna().all()
