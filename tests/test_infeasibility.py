"""What is said of a model without a solution: the conflict, the amounts, derived by hand, and a repair that works.

One market serves all tests. Nd, demand 1,000 t. *near* offers 800 t/yr at 60 USD/kg and is shut, all of it, with probability
0.2; *far* offers 500 t/yr at the same price and never fails. The spot market sells 5 % of demand at 200 USD/kg; what is
missing costs 500 USD/kg. There is room for 73 days of use in stock (200 t), at 10 % of 50 USD/kg a year: 5 USD/kg.
"""

import re
import time

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest
from pytest import approx

import procure
from procure.errors import Infeasible
from procure.facts import Facts
from procure.formulation.period import build_period
from procure.formulation.plan import build_plan
from procure.lp.compile import compile_block
from procure.lp.compose import Composition
from procure.lp.figures import Figures
from procure.lp.highs import solve as solve_lp
from procure.lp.program import Status
from procure.market import make_market
from procure.model import make_model
from procure.program.conditions import outward
from procure.program.infeasibility import explain
from procure.program.program import Program
from procure.program.solve import solve_market
from procure.program.templates import Templates, risk_of
from procure.scenarios.tree import Tree
from random_models import market_of, random_model

TABLES = {
    "elements": [{"element": "Nd"}],
    "demand": [{"element": "Nd", "year": 2027, "value": 1000.0}],
    "prices": [
        {"element": "Nd", "layer": k, "value": v} for k, v in (("licensed", 50), ("contract", 60), ("spot", 200))
    ],
    "suppliers": [{"supplier": "near", "country": "Near"}, {"supplier": "far", "country": "Far"}],
    "offers": [
        {"supplier": "near", "element": "Nd", "year": 2027, "value": 800.0},
        {"supplier": "far", "element": "Nd", "year": 2027, "value": 500.0},
    ],
    "states": [
        {"chain": "near", "state": "open", "value": 12, "order": 0},
        {"chain": "near", "state": "shut", "value": 12, "order": 1},
    ],
    "depths": [{"chain": "near", "scope": "all", "state": "shut", "value": 1.0}],
    "transitions": [
        {"chain": "near", "from": "open", "to": "shut", "value": 0.2},
        {"chain": "near", "from": "shut", "to": "open", "value": 1.0},
    ],
    "shortage": [
        {"scope": "all", "tier": 1, "attribute": "width", "value": 1.0},
        {"scope": "all", "tier": 1, "attribute": "cost", "value": 500.0},
    ],
    "spot": [
        {"scope": "all", "step": 1, "attribute": "limit", "value": 0.05},
        {"scope": "all", "step": 1, "attribute": "factor", "value": 1.0},
    ],
    "stock": [
        {"scope": "all", "attribute": "max_days", "value": 73.0},
        {"scope": "all", "attribute": "storage", "value": 0.1},
    ],
}
FIRM = {"supplier": "far", "element": "Nd", "year": 2027, "value": 400.0}
TREE = Tree.from_paths([[[0]], [[1]]], [0.8, 0.2], ["near"], [["open", "shut"]])


def term(supplier, attribute, value):
    return {"supplier": supplier, "scope": "all", "attribute": attribute, "year": 2027, "value": value}


def market(*limits, model=None, **rows):
    """The market above with these limits, and with rows added to its tables."""
    if model is None:
        tables = {name: [*TABLES.get(name, []), *rows.get(name, [])] for name in {*TABLES, *rows}}
        settings = {"model": {"name": "small", "years": [2027, 2027]}, "limits": list(limits)}
        model = make_model(settings, Facts.from_frames({name: pd.DataFrame(table) for name, table in tables.items()}))
    return make_market(model, tree=TREE)


def refused(*limits, **rows):
    """What is said, after checking what always holds: physical ones come last, and the repair works."""
    asked = market(*limits, **rows)
    with pytest.raises(Infeasible) as caught:
        solve_market(asked)
    error = caught.value
    tags = [re.search(r"\((policy|contractual|physical)\)", line)[1] for line in error.conflict]
    assert tags == sorted(tags, key=["policy", "contractual", "physical"].index)
    set_to = dict(repair(line) for line in error.repairs)
    assert set_to
    mended = market(model=asked.model.with_(**set_to))
    assert solve_market(mended).outcome.solution.status is Status.OPTIMAL
    return error


def repair(line):
    """The path and the value of a line of repair."""
    path, value = re.fullmatch(r"(\S+) = (\S+)   \(.*\)", line).groups()
    return path, float(value)


def only(error):
    assert len(error.repairs) == 1
    return repair(error.repairs[0])


def named(error):
    """The limits and tables in conflict."""
    return [line.split(" ")[0] for line in error.conflict]


def alone(error, where):
    """What one line alone would have to be, as said."""
    (line,) = [line for line in error.conflict if line.startswith(where)]
    return line.rpartition("; alone it would have to be ")[2]


def test_a_model_with_a_solution_is_not_refused():
    """Far 500 t, and near 500 t or nothing: 30 + 0.8 * 30; shut, the spot sells 50 and 450 are missing: 0.2 * (10 + 225)."""
    assert solve_market(market()).objective == approx(1e3 * (30 + 0.8 * 30 + 0.2 * (10 + 225)))


def test_budget_too_small_for_the_days_of_stock():
    """60 days are 164.38 t; at 5 USD/kg a year their room costs 0.82192 million. 0.4 million pay for 80 t, 29.2 days.

    Giving up 30.8 of 60 days (51 %) is a smaller change than doubling the budget (105 %).
    """
    error = refused(
        {"name": "purse", "kind": "budget", "max": 0.4}, {"name": "reserve", "kind": "stock_days", "min": 60.0}
    )
    assert named(error) == ["purse", "reserve"]
    assert alone(error, "purse") == "0.82192 million USD"
    assert alone(error, "reserve") == "29.2 days"
    assert only(error) == ("limits.reserve.min", 29.2)
    assert "at most 0.4 million USD a year" in error.conflict[0] and "in 2027" in error.conflict[0]


def test_expected_shortage_out_of_reach():
    """Open 500 + 50 + 300 leave 150 missing, shut 450: 0.8 * 15 % + 0.2 * 45 % = 21 %. Near may have only 30 % when open.

    10 % would take near 43.75 %: 0.8 * (45 % - 43.75 %) + 9 %. Or far 610 t: 0.8 * 4 % + 0.2 * 34 %.
    """
    error = refused(
        {"name": "gap", "kind": "expected_shortage", "max": 0.10},
        {"name": "near_share", "kind": "share", "supplier": "near", "max": 0.30},
    )
    assert alone(error, "gap") == "21 %"
    assert alone(error, "near_share") == "43.75 %"
    assert alone(error, "offers.csv") == "610 t/yr"
    assert only(error) == ("limits.near_share.max", 0.4375)
    assert "gap (policy): at most 10 % of all elements unserved on average in 2027" in error.conflict[0]
    assert any("the spot market sells only 50 t of Nd" in line for line in error.conflict)


def test_an_offer_that_gives_way_gives_what_can_be_called_of_it():
    """The same, but far's 500 t are contracted or called. 610 t of far are 610 t either way."""
    error = refused(
        {"name": "gap", "kind": "expected_shortage", "max": 0.10},
        {"name": "near_share", "kind": "share", "supplier": "near", "max": 0.30},
        terms=[term("far", "call_share", 1.0)],
    )
    assert alone(error, "offers.csv") == "610 t/yr"


def test_tail_of_shortage_out_of_reach():
    """The worst 20 % are the futures with near shut: 45 % are missing whatever one does."""
    error = refused({"name": "bad_years", "kind": "shortage_cvar", "alpha": 0.8, "max": 0.2})
    assert only(error) == ("limits.bad_years.max", 0.45)
    assert "at most 20 % of all elements unserved in the worst 20 % of futures" in error.conflict[0]


def test_commitment_above_capacity():
    error = refused(commitments=[FIRM], terms=[term("far", "capacity", 300.0)])
    assert named(error) == ["commitments.csv", "terms.csv"]
    assert "the buyer must take 400 t/yr of Nd from far in 2027" in error.conflict[0]
    assert alone(error, "commitments.csv") == "300 t/yr"
    assert alone(error, "terms.csv") == "400 t/yr"
    assert only(error) == ("suppliers.far.commitments.Nd.2027", 300.0)


def test_domestic_share_above_what_is_possible():
    error = refused({"name": "home", "kind": "domestic_share", "country": "Far", "min": 0.7})
    assert named(error) == ["home", "offers.csv"]
    assert (alone(error, "home"), alone(error, "offers.csv")) == ("50 %", "700 t/yr")
    assert only(error) == ("limits.home.min", 0.5)


def test_an_offer_with_a_fixed_charge_gives_way_only_where_something_is_bought():
    """Far has 500 t for a share of 70 %, and takes 0.3 million USD to deal with: 700 t need a purse that holds them."""
    home = {"name": "home", "kind": "domestic_share", "country": "Far", "min": 0.7, "tag": "physical"}
    charge = [term("far", "fixed_charge", 300.0)]
    error = refused(home, terms=charge)
    assert (alone(error, "home"), alone(error, "offers.csv")) == ("50 %", "700 t/yr")
    assert only(error) == ("suppliers.far.offers.Nd.2027", 700.0)
    error = refused(home, {"name": "purse", "kind": "budget", "max": 0.2}, terms=charge)
    assert dict(map(repair, error.repairs)) == {"limits.purse.max": 0.3, "suppliers.far.offers.Nd.2027": 700.0}


@pytest.mark.parametrize("kind", ["worst_case", "cost_cvar"])
def test_cost_of_the_worst_too_tight(kind):
    """Near shut: far 500 t at 60, spot 50 t at 200 and 450 t missing at 500 come to 30 + 10 + 225 = 265 million."""
    alpha = {"alpha": 0.95} if kind == "cost_cvar" else {}
    error = refused({"name": "purse", "kind": kind, "max": 200.0} | alpha)
    assert alone(error, "purse") == "265 million USD"
    assert only(error) == ("limits.purse.max", 265.0)


def test_physical_room_in_stock_gives_way_last():
    """What the strategist asks for gives way before what is built, though it gives more of itself."""
    error = refused({"name": "reserve", "kind": "stock_days", "min": 100.0})
    assert named(error) == ["reserve", "stock.csv"]
    assert (alone(error, "reserve"), alone(error, "stock.csv")) == ("73 days", "100 days")
    assert only(error) == ("limits.reserve.min", 73.0)


def test_a_limit_tagged_physical_gives_way_after_a_commitment():
    """Residue: far 2 t per t. A limit of 1 t/t cannot hold with 400 t firm from far and 100 t offered by near at 0 t/t.

    Against 400 t of far, near's clean 100 t leave 1.6 t/t; 1 t/t needs as much from near as from far: 100 t.
    """
    limit = {"name": "residue", "kind": "footprint", "max": 1.0, "tag": "physical"}
    rows = {"commitments": [FIRM], "terms": [term("far", "footprint", 2.0)]}
    tables = {"offers": [{**TABLES["offers"][0], "value": 100.0}, TABLES["offers"][1]]}
    frames = {name: [*tables.get(name, TABLES.get(name, [])), *rows.get(name, [])] for name in {*TABLES, *rows}}
    settings = {"model": {"name": "small", "years": [2027, 2027]}, "limits": [limit]}
    model = make_model(settings, Facts.from_frames({name: pd.DataFrame(table) for name, table in frames.items()}))
    with pytest.raises(Infeasible) as caught:
        solve_market(market(model=model))
    error = caught.value
    assert only(error) == ("suppliers.far.commitments.Nd.2027", 100.0)
    assert alone(error, "residue") == "1.6 t/t"
    assert error.conflict[-1].startswith("residue (physical)")
    mended = model.with_(**{"limits.residue.max": 1.6})
    assert solve_market(market(model=mended)).outcome.solution.status is Status.OPTIMAL


def test_two_conflicts_are_both_named_and_both_repaired():
    """Far has 500 t for a share of 70 %; the stock has room for 73 days: two quarrels with nothing in common."""
    error = refused(
        {"name": "home", "kind": "domestic_share", "country": "Far", "min": 0.7},
        {"name": "reserve", "kind": "stock_days", "min": 100.0},
    )
    assert dict(map(repair, error.repairs)) == {"limits.home.min": 0.5, "limits.reserve.min": 73.0}
    assert (alone(error, "home"), alone(error, "reserve")) == ("50 %", "73 days")


def test_a_conflict_that_only_whole_numbers_make():
    """A firm 400 t of 500 t needs 80 % of `use`, so 0.24 million in the relaxation; a purse of 0.25 holds no whole 0.3."""
    error = refused(
        {"name": "purse", "kind": "budget", "max": 0.25}, commitments=[FIRM], terms=[term("far", "fixed_charge", 300.0)]
    )
    assert named(error) == ["purse", "commitments.csv"]
    assert alone(error, "purse") == "0.3 million USD"
    assert only(error) == ("limits.purse.max", 0.3)


def test_a_constraint_added_in_pyomo_is_named():
    asked = market()

    def add(m):
        @m.Constraint()
        def at_least_from_far(m):
            return m.contract["far", "Nd", 2027] + m.contract["near", "Nd", 2027] >= 1400

        return m

    plan = compile_block(add(build_plan(pyo.ConcreteModel(), asked.sets)))
    period = compile_block(build_period(pyo.ConcreteModel(), asked.sets))
    composition = Composition(plan, period, asked.sets.years, asked.shape, asked.sets.limits_on_futures)
    composed = composition.program(
        Figures(
            asked.plan_data(plan),
            asked.period_data(period),
            asked.probability,
            asked.discount,
            risk_of(asked.model),
            asked.bounds,
        )
    )
    assert solve_lp(composed.lp).status is Status.INFEASIBLE
    error = explain([Program(asked, Templates(plan, period), composition, composed)])
    assert error.conflict[0] == (
        "at_least_from_far (policy): a constraint added to the formulation; alone it would have to give way by 100"
    )
    assert error.repairs == ["at_least_from_far: let it give way by 100"]


TIGHT = (
    {"name": "north", "kind": "share", "supplier": "north", "max": 0.05},
    {"name": "gap", "kind": "expected_shortage", "max": 0.02},
    {"name": "bad_years", "kind": "shortage_cvar", "alpha": 0.8, "weight": "value", "max": 0.1},
    {"name": "south", "kind": "domestic_share", "country": "Southland", "min": 0.9},
    {"name": "reserve", "kind": "stock_days", "min": 120.0, "tag": "contractual"},
    {"name": "held", "kind": "stock_held", "min": 20.0},
    {"name": "purse", "kind": "budget", "max": 0.05},
    {"name": "tail", "kind": "cost_cvar", "alpha": 0.5, "max": 1.0},
)


@pytest.mark.parametrize("seed", range(15))
def test_the_repair_mends_random_models(seed):
    """Three limits that are too tight, drawn from all kinds, on a random model with fixed charges, baskets and trees."""
    chosen = [TIGHT[k] for k in np.random.default_rng([seed, 6]).permutation(len(TIGHT))[:3]]
    model = random_model(seed, chosen)
    try:
        solve_market(market_of(model, seed))
    except Infeasible as error:
        assert error.conflict
        assert error.repairs
        model = model.with_(**dict(map(repair, error.repairs)))
        assert solve_market(market_of(model, seed)).outcome.solution.status is Status.OPTIMAL


# --- several programme levels

MUD = {
    "suppliers": [{"supplier": "mud", "country": "Home", "kind": "basket"}],
    "baskets": [{"supplier": "mud", "element": "Nd", "value": 1.0}],
    "terms": [term("mud", "capacity", 0.0), term("mud", "price", 70.0)],
    "programmes": [
        {"supplier": "mud", "programme": level, "attribute": attribute, "year": 2027, "value": value}
        for level, attribute, value in (
            ("none", "capacity", 0.0), ("big", "capacity", 200.0), ("none", "investment", 0.0), ("big", "investment", 1000.0)
        )
    ],
    "scenarios": [
        {"scenario": "calm", "value": 0.8},
        {"scenario": "stop", "value": 0.2, "process": "near", "state": "shut"},
    ],
}  # fmt: skip


def with_mud(*limits):
    """The market above, and mud: nothing, or, with a programme of 1 million USD, 200 t a year at 70 that never fail."""
    tables = {name: [*TABLES.get(name, []), *MUD.get(name, [])] for name in {*TABLES, *MUD}}
    settings = {
        "model": {"name": "mud", "years": [2027, 2027]},
        "suppliers": {"mud": {"programmes": ["none", "big"]}},
        "world": {"scenarios": True},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames({name: pd.DataFrame(table) for name, table in tables.items()}))


def test_the_cheapest_repair_is_that_of_the_level_that_needs_least():
    """Near shut, with probability 0.2, far sells 500 t and the spot 50: 450 t are missing, 250 with the programme.

    So 9 % are unserved on average without it, 5 % with it; at most 4 % need 5 % at least.
    """
    with pytest.raises(Infeasible) as caught:
        procure.solve(with_mud({"name": "gap", "kind": "expected_shortage", "max": 0.04}))
    error = caught.value
    assert error.level == "mud big"
    # 40 t less missing on average, so 50 t more of mud: from the programme, or from what mud has without it, which is nothing.
    assert alone(error, "programmes.csv (physical): mud big adds at most 200 t/yr in 2027") == "250 t/yr"
    assert alone(error, "terms.csv (physical): mud can produce at most 0 t/yr in 2027") == "50 t/yr"
    assert only(error) == ("limits.gap.max", 0.05)
    assert {name: repair(*lines) for name, lines in error.elsewhere.items()} == {"mud none": ("limits.gap.max", 0.09)}
    assert "under mud big" in str(error) and "under mud none it would be" in str(error)


def test_a_level_that_is_out_says_what_it_needs_and_what_it_would_cost():
    """A purse of 0.4 million USD a year holds no programme of 1 million.

    Without it far sells 500 t at 60, near 500 t in the calm, and shut 50 t of spot and 450 t missing are left: 30 + 0.8 * 30 +
    0.2 * (10 + 225) = 101 million. With it 200 t of mud at 70 take the place of near's and of what is missing: 1 + 14 + 30 +
    0.8 * 18 + 0.2 * (10 + 125) = 86.4, so 14.6 less.
    """
    portfolio = procure.solve(with_mud({"name": "purse", "kind": "budget", "max": 0.4}))
    assert portfolio.summary["objective"] == approx(101.0)
    rows = {row.level: row for row in portfolio.programme_levels.itertuples()}
    assert rows["mud none"].chosen and rows["mud none"].needs == "-"
    assert rows["mud big"].status == "infeasible"
    assert rows["mud big"].needs == "limits.purse.max = 1 (1 million USD, now 0.4 million USD)"
    assert rows["mud big"].repaired_musd == approx(86.4)
    assert procure.solve(with_mud()).summary["objective"] == approx(86.4)
    said = " ".join(str(portfolio).split())
    assert "mud big is out: it needs limits.purse.max = 1 (1 million USD, now 0.4 million USD)" in said
    assert "it would cost 86 then, 15 less" in said


def test_the_answer_comes_soon():
    started = time.perf_counter()
    refused({"name": "home", "kind": "domestic_share", "country": "Far", "min": 0.7})
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("value", "sign", "rounded"),
    [(0.8219178, 1, 0.82192), (0.8219178, -1, 0.82191), (29.2, -1, 29.2), (1234567.8, 1, 1234600.0), (0.0, 1, 0.0)],
)
def test_amounts_are_rounded_so_that_they_suffice(value, sign, rounded):
    assert outward(value, sign) == rounded
