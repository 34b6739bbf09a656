"""What more or less knowledge makes of the cost of a model: by hand, in order, and by a second route through plain arrays."""

import time

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import procure
from procure.facts import Facts
from procure.lp.two_stage import TwoStageProblem, ValueOfInformation
from procure.market import averaged, make_market, merge
from procure.model import make_model
from procure.portfolio.information import CARRIED_OUT, Information, Known, known, levels_frame
from procure.portfolio.measure import Measured
from procure.program.optimum import optimum, solved
from procure.program.program import compose
from procure.program.templates import templates
from procure.scenarios.tree import Tree
from procure.units import KUSD_PER_MUSD
from random_models import market_of, random_market, random_model

# --- by hand


def two_years(*limits, weight=0.0, period=None):
    """100 t/yr from near at 40 kUSD/t, which may be shut, or from far at 60, which never is; a tonne short costs 100.

    Both offer 100 t, delivered tonnes are paid, and what is not needed earns nothing. Near is open in both years, half the time; it
    shuts in the second, or in both, a quarter of the time each.
    """
    frames = {
        "elements": [{"element": "A"}],
        "demand": [{"element": "A", "year": 2027, "value": 100.0}],
        "prices": [{"element": "A", "layer": k, "value": 50.0} for k in ("licensed", "contract", "spot")],
        "suppliers": [{"supplier": s, "country": s} for s in ("near", "far")],
        "terms": [
            {"supplier": s, "scope": "all", "attribute": "price", "year": 2027, "value": v}
            for s, v in (("near", 40.0), ("far", 60.0))
        ],
        "offers": [{"supplier": s, "element": "A", "year": 2027, "value": 100.0} for s in ("near", "far")],
        "shortage": [
            {"scope": "all", "tier": 1, "attribute": a, "value": v} for a, v in (("width", 1.0), ("cost", 100.0))
        ],
        "stock": [
            {"scope": "all", "attribute": a, "value": v}
            for a, v in (("existing", 0.0), ("max_days", 0.0), ("storage", 0.0), ("refill_share", 0.0))
        ],
        "states": [
            {"chain": "near", "state": state, "kind": "regime", "value": 1.0, "order": order}
            for order, state in enumerate(("open", "shut"))
        ],
        "transitions": [{"chain": "near", "from": "open", "to": "shut", "value": 0.3}],
        "depths": [{"chain": "near", "scope": "all", "state": "shut", "value": 1.0}],
    }
    settings = {
        "model": {"name": "two-years", "years": [2027, 2028], "discount_rate": 0.0},
        "risk": {"alpha": 0.5, "weight": weight},
        "limits": list(limits),
    }
    model = make_model(settings, Facts.from_frames({name: pd.DataFrame(rows) for name, rows in frames.items()}))
    if period is not None:
        model = model.extended(period=period)
    tree = Tree.from_paths([[[0], [0]], [[0], [1]], [[1], [1]]], [0.5, 0.25, 0.25], ("near",), (("open", "shut"),))
    return merge(make_market(model, {}, tree))


def value_of(market):
    return known(optimum(compose(market)))


def costs(level):
    c = level.costs
    return c.wait_and_see, c.here_and_now, c.expected_value_plan, c.expected_value


def test_two_years_by_hand():
    """Of n t from near and f t from far, n + f = 100, a year costs 4,000 + 20 f where near is open, 10,000 - 40 f where it is shut.

    Near is open in the first year with 3/4: 5,500 + 5 f, so f = 0; in the second with 1/2: 7,000 - 10 f, so f = 100. Together
    5,500 + 6,000 = 11,500. Who knows takes near where it is open, else far: 8,000, 10,000 and 12,000 on the three paths, 9,500.
    The means: near delivers 75 and 50 of the 100 t contracted, far the rest: 75 * 40 + 25 * 60 + 50 * 40 + 50 * 60 = 9,500. In
    the world that plan pays 4,000 + 1,500 where near is open and 1,500 + 75 * 100 where it is shut in the first year, 7,000 and
    3,000 + 50 * 100 in the second: 12,500, 13,500 and 17,000 on the paths, 13,875.
    """
    level = value_of(two_years())
    assert costs(level) == approx((9_500, 11_500, 13_875, 9_500))
    assert (level.costs.evpi, level.costs.vss) == approx((2_000, 2_375))


def test_two_years_weighed_by_hand():
    """Half mean, half the worst half of the paths, which is that of the two in which near shuts.

    There the worst half of a plan costs 17,000 - 10 f_27 - 40 f_28, so that all from far is best: 12,000 on every path. Of the
    costs of who knows the worst half is 11,000: (9,500 + 11,000) / 2 = 10,250. Of the plan for the means it is 15,250, and
    (13,875 + 15,250) / 2 = 14,562.5.
    """
    assert costs(value_of(two_years(weight=0.5))) == approx((10_250, 12_000, 14_562.5, 9_500))


SHORT = {"name": "short", "kind": "expected_shortage", "from": 2028}


def test_the_plan_for_the_means_may_be_impossible_and_says_so():
    """It leaves 50 t short in the second year where near is shut, half the time: a quarter of demand, more than a fifth.

    Three tenths would do, and change nothing else.
    """
    level = value_of(two_years(SHORT | {"max": 0.2}))
    assert costs(level) == approx((9_500, 11_500, np.inf, 9_500))
    assert level.costs.vss == np.inf
    assert level.conflict.startswith("short (policy): at most 20 % of") and level.conflict.endswith("be 25 %")
    assert costs(value_of(two_years(SHORT | {"max": 0.3}))) == approx((9_500, 11_500, 13_875, 9_500))


def test_a_level_without_a_plan_has_none_for_the_means_either():
    """An outage of both leaves all unserved, whatever was contracted: nothing is to be had at half."""
    lost = {"name": "lost", "kind": "outage", "lost": ["near", "far"], "max": 0.5}
    level = value_of(two_years(lost))
    assert costs(level) == (np.inf,) * 4
    assert "no plan" in level.conflict


def test_a_row_of_ones_own_is_kept_too_and_named():
    """At most 60 t short in any year: 40 t from far in 2027 cost the answer 5 each, and the plan for the means has only 25."""

    def lines_run(block, sets):
        @block.Constraint(sets.elements)
        def enough(m, e):
            return m.shortage[e, 1] <= 60

    level = value_of(two_years(period=lines_run))
    assert costs(level) == approx((9_500, 11_700, np.inf, 9_500))
    assert level.conflict.startswith("enough[A] (policy): a constraint added to the formulation; ")


# --- properties


@pytest.mark.parametrize("seed", range(12))
def test_costs_are_in_order(seed):
    level = value_of(merge(random_market(seed)))
    seen, now, plan, _ = costs(level)
    assert seen <= now <= plan < np.inf
    assert level.conflict == "-" and level.costs.evpi >= 0 and level.costs.vss >= 0


def test_limits_on_futures_keep_the_order():
    """One that the answer just keeps changes neither it nor what is worth knowing; the plan for the means may break it."""
    outcomes = set()
    for seed in range(8):
        market = merge(random_market(seed))
        free = optimum(compose(market))
        worst = Measured(solved(free)).worst / KUSD_PER_MUSD
        limit = {"name": "worst", "kind": "worst_case", "max": worst * (1 + 1e-9)}
        level = value_of(merge(random_market(seed, [limit])))
        seen, now, plan, _ = costs(level)
        assert now == approx(free.solution.objective, rel=1e-6)
        assert seen == approx(costs(known(free))[0], rel=1e-7) and seen <= now <= plan
        assert (plan == np.inf) == level.conflict.startswith("worst (policy): ")
        outcomes.add(plan < np.inf)
    assert outcomes == {True, False}


#: Limits on all futures that bind nobody much, but are rows of the program.
LOOSE = {
    "share": {"max": 0.95, "supplier": "near"},
    "expected_shortage": {"max": 0.5},
    "shortage_cvar": {"max": 0.9, "alpha": 0.5},
    "shortage_probability": {"max": 0.6, "threshold": 0.3},
    "cost_cvar": {"max": 1e3, "alpha": 0.5},
    "worst_case": {"max": 1e3},
    "outage": {"max": 0.9, "lost": ["near"]},
}


@pytest.mark.parametrize("kind", LOOSE)
def test_a_limit_on_all_futures_looks_at_the_mean_path_and_holds_for_its_plan(kind):
    level = value_of(two_years({"name": "own", "kind": kind} | LOOSE[kind], weight=0.5))
    seen, now, plan, thought = costs(level)
    assert seen <= now <= plan and thought < np.inf
    assert (plan == np.inf) == (level.conflict != CARRIED_OUT), level.conflict


@pytest.mark.parametrize("seed", range(6))
def test_where_nothing_is_uncertain_knowledge_is_worth_nothing(seed):
    market = random_market(seed)
    path = market.tree.kept(market.tree.leaves[:1], [1.0])
    level = value_of(merge(make_market(market.model, market.programmes, path)))
    seen, now, plan, thought = costs(level)
    assert (seen, plan, thought) == approx((now, now, now), rel=1e-6, abs=1e-3)


def test_means_of_a_single_path_are_itself():
    market = random_market(3)
    once = averaged(market)
    twice = averaged(once)
    assert np.array_equal(
        once.period_data(templates(market.sets).period), twice.period_data(templates(market.sets).period)
    )


# --- a second route: the same model as arrays


def as_arrays(market):
    """A market of one period as a two-stage problem: plan first, then the columns of the period; links are rows, x - y = 0."""
    assert market.tree.n_periods == 1 and market.shape.information is None
    compiled = templates(market.sets)
    plan, period = compiled.plan, compiled.period
    x, y = market.plan_data(plan), market.period_data(period)
    K, n1, n2, m2 = len(y), len(plan.columns), len(period.columns), len(period.rows)

    cost = np.zeros(n1)
    np.add.at(cost, plan.form_column, plan.form.at(x))
    matrix = np.zeros((len(plan.rows), n1))
    np.add.at(matrix, (plan.entry_row, plan.entry_column), plan.entry.at(x))
    lower, upper = plan.bounds(x)

    year = market.sets.years[0]
    behind = {}  # the column of the plan that a column of the period stands for
    for j, (component, index) in enumerate(period.columns):
        if component in period.carried:
            behind[j] = plan.column_index[period.carried[component][1], index]
        elif component in period.links:
            behind[j] = plan.column_index[component, (*index, year)]
    entries = np.zeros((K, m2, n2))
    for k, values in enumerate(period.entry.at(y)):
        np.add.at(entries[k], (period.entry_row, period.entry_column), values)
    own = [j for j in range(n2) if j not in behind]
    recourse = np.zeros((m2 + len(behind), n2))
    recourse[:m2, own] = entries[0][:, own]
    assert (entries[:, :, own] == entries[0][:, own]).all()
    technology = np.zeros((K, m2 + len(behind), n1))
    for row, (j, column) in enumerate(behind.items(), start=m2):
        np.add.at(technology, (slice(None), slice(0, m2), column), entries[:, :, j])
        technology[:, row, column], recourse[row, j] = 1.0, -1.0
    recourse_cost = np.zeros((K, n2))
    terms = period.is_cost
    for k, values in enumerate(period.form.at(y)):
        np.add.at(recourse_cost[k], period.form_column[terms], values[terms])
    below, above = period.bounds(y)
    below[:, list(behind)], above[:, list(behind)] = -np.inf, np.inf
    nothing = np.zeros((K, len(behind)))
    return TwoStageProblem(
        cost, matrix, plan.row_lower.at(x), plan.row_upper.at(x), lower, upper, recourse_cost, recourse, technology,
        np.hstack([period.row_lower.at(y), nothing]), np.hstack([period.row_upper.at(y), nothing]), below, above,
        market.probability, plan.integer,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_a_model_of_one_year_is_worth_what_its_arrays_are(seed):
    model = random_model(
        seed, model__years=(2027, 2027), model__periods_per_year=1, risk__weight=0.0, demand__orders="after"
    )
    market = market_of(model, seed)
    arrays = procure.value_of_information(as_arrays(market))
    level = value_of(merge(market))
    scale = max(1.0, abs(arrays.here_and_now))
    assert costs(level)[:2] == approx((arrays.wait_and_see, arrays.here_and_now), rel=1e-7, abs=1e-6 * scale)
    assert level.costs.expected_value == approx(arrays.expected_value, rel=1e-7, abs=1e-6 * scale)
    assert level.costs.expected_value_plan == approx(arrays.expected_value_plan, rel=1e-7, abs=1e-6 * scale)


# --- told


def test_two_class_says_it_in_its_answer_and_its_file(tmp_path):
    portfolio = procure.solve(procure.load_model("two-class"), value_of_information=True)
    portfolio.to_json(tmp_path / "answer.json")
    kept = procure.read_portfolio(tmp_path / "answer.json").value_of_information
    pd.testing.assert_frame_equal(kept, portfolio.value_of_information)
    plain = procure.solve(procure.load_model("two-class")).summary
    assert portfolio.summary["seconds_in_solver"] > 0 and portfolio.summary["resolved_cold"] == plain["resolved_cold"]
    whole = Information.of(kept)
    assert whole.here_and_now == approx(portfolio.summary["objective"], rel=1e-9)
    assert whole.wait_and_see == approx(portfolio.summary["wait_and_see"], rel=1e-9)
    for language, words in (("en", "(VSS)"), ("ja", "（VSS）")):
        assert f"{whole.vss:,.0f}" in portfolio.to_text(language) and words in portfolio.to_text(language)


def test_nothing_is_said_unless_it_is_asked():
    portfolio = procure.solve(procure.load_model("two-class"))
    assert portfolio.value_of_information.empty and "VSS" not in portfolio.to_text()


def test_an_impossible_plan_is_told_in_words():
    told = str(Information.of(levels_frame([value_of(two_years(SHORT | {"max": 0.2}))])))
    assert (
        "impossible" in told and "A plan for mean numbers cannot be carried out: short (policy): at most 20 %" in told
    )


def test_levels_choose_by_what_they_think():
    """Each kind of knowledge takes the level that it holds to be best; a level without a plan is taken by who thinks only."""
    levels = [
        Known("pilot", ValueOfInformation(8.0, 5.0, 4.0, 9.0), CARRIED_OUT),
        Known("ten", ValueOfInformation(7.0, 6.0, 5.0, 7.5), CARRIED_OUT),
    ]
    whole = Information.of(levels_frame(levels))
    found = 1e3 * np.array([whole.wait_and_see, whole.here_and_now, whole.expected_value_plan, whole.expected_value])
    assert found == approx((5, 7, 9, 4))
    assert (whole.evpi, whole.vss, whole.conflict) == (approx(0.002), approx(0.002), "")
    out = Known("five", ValueOfInformation(np.inf, np.inf, 3.0, np.inf), "no plan of this level keeps the limits")
    whole = Information.of(levels_frame([*levels, out]))
    assert (whole.wait_and_see, whole.here_and_now, whole.expected_value_plan) == (approx(0.005), approx(0.007), np.inf)
    assert whole.conflict == out.conflict


def test_what_the_time_limit_leaves_out_is_not_known():
    late = known(optimum(compose(two_years())), deadline=0.0)
    assert np.isnan([late.costs.wait_and_see, late.costs.expected_value, late.costs.expected_value_plan]).all()
    whole = Information.of(levels_frame([late]))
    assert np.isnan([whole.evpi, whole.vss]).all() and whole.conflict == ""


def test_two_class_takes_less_than_a_second():
    answer = procure.compile(procure.load_model("two-class")).solve()
    started = time.perf_counter()
    assert answer.value_of_information.vss > 0
    assert time.perf_counter() - started < 1.0
