"""Plans played on fresh paths: the rule against dynamic programs and trees, the estimates against exact ones, files, words."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.errors import DataError
from procure.explore.yardsticks import cheapest, yardsticks
from procure.facts import Facts
from procure.formulation.period import build_period
from procure.lp.compile import compile_block
from procure.market import make_market, make_tree
from procure.model import load_model, make_model
from procure.portfolio import evaluate as evaluating
from procure.portfolio import rule
from procure.portfolio.evaluate import Comparison, compare, decisions, evaluate, model_of
from procure.portfolio.fresh import CONFIDENCE
from procure.portfolio.kept import priced
from procure.portfolio.make import make_portfolio
from procure.portfolio.measure import Measured
from procure.portfolio.read import read_portfolio
from procure.program.solve import solve_market
from procure.program.templates import templates
from procure.scenarios import enumerate_tree
from procure.scenarios.grow import enumerated
from procure.scenarios.lattice import Lattice
from procure.scenarios.world import processes, programme_choices
from random_models import random_market, random_model, seeds


def answer(market):
    solved = solve_market(market)
    return make_portfolio(solved, [solved], foresight=False)


# --- a dynamic program written out


def one_mine(years=3, weight=0.0, limits=(), **choices):
    """A mine of one metal that is open, slow or shut, 100 t of demand and room for at most 20 t of stock."""
    frames = {
        "elements": pd.DataFrame({"element": ["Cu"], "class_default": ["metal"]}),
        "demand": pd.DataFrame({"element": ["Cu"], "year": [2027], "value": [100.0], "growth": [0.0]}),
        "prices": pd.DataFrame({"element": "Cu", "layer": ["licensed", "contract", "spot"], "value": [10.0, 10.0, 30.0]}),
        "suppliers": pd.DataFrame({
            "supplier": ["mine"], "country": ["Home"], "kind": ["free"], "price_rule": ["fixed"],
            "price_layer": ["contract"], "payment": ["delivered"],
        }),
        "terms": pd.DataFrame([("mine", "all", "call_share", 2027, 1.0), ("mine", "all", "call_premium", 2027, 1.2)],
                              columns=["supplier", "scope", "attribute", "year", "value"]),
        "offers": pd.DataFrame({"supplier": ["mine"], "element": ["Cu"], "year": [2027], "value": [110.0]}),
        "states": pd.DataFrame({"chain": "mine", "state": ["open", "slow", "shut"], "value": 12.0, "kind": "regime",
                                "order": [0, 1, 2]}),
        "transitions": pd.DataFrame({"chain": "mine", "from": ["open", "open", "slow", "shut"],
                                     "to": ["slow", "shut", "open", "open"], "value": [0.4, 0.3, 1.0, 0.5]}),
        "depths": pd.DataFrame({"chain": "mine", "scope": "all", "state": ["slow", "shut"], "value": [0.4, 1.0]}),
        "multiples": pd.DataFrame({"chain": ["mine"], "state": ["slow"], "layer": ["contract"], "scope": ["all"],
                                   "value": [1.5]}),
        "stock": pd.DataFrame({"scope": "Cu", "attribute": ["existing", "max_days", "end_value", "refill_share", "storage"],
                               "value": [10.0, 73.0, 0.5, 0.08, 0.02]}),
        "shortage": pd.DataFrame({"scope": "Cu", "tier": [1, 1, 2, 2, 3, 3], "attribute": ["width", "cost"] * 3,
                                  "value": [0.05, 20.0, 0.1, 60.0, 0.85, 90.0]}),
    }  # fmt: skip
    settings = {
        "model": {"name": "mine", "years": [2027, 2026 + years], "discount_rate": 0.25},
        "risk": {"alpha": 0.9, "weight": weight},
        "world": {"start": {"mine": "slow"}},
        "suppliers": {"mine": {"contracts": "none"}},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames(frames)).with_(**choices)


def test_the_rule_is_an_exact_dynamic_program():
    """The mine calls 110 t at 12 when open, 66 at 18 when slow, none when shut; 8 t of stock may be bought a year, drawn when it is
    not open, sold on for nothing (the default discount of surplus is all). What is short costs 20, 60, 90 for 5, 10, 85 t. What is
    left of stock is worth half of 10. Whole tonnes are enough, since every number is whole.
    """
    model, years, room = one_mine(years=4), 4, 20
    (law,) = processes(model, {})
    calls = {"open": (110, 12.0), "slow": (66, 18.0), "shut": (0, 0.0)}

    def period(state, leaves):
        if state == "open":  # nothing is drawn: what leaves is sold for nothing
            needed = 100 + max(-leaves, 0)
        else:
            needed = max(100 - leaves, 0)
        volume, price = calls[state]
        called = min(needed, volume)
        short, cost = needed - called, called * price
        for width, tier in ((5, 20), (10, 60), (85, 90)):
            cost += min(short, width) * tier
            short -= min(short, width)
        return cost if short == 0 else np.inf

    worth = np.full((3, room + 1), 0.0)
    for t in reversed(range(years)):
        now = np.empty_like(worth)
        for s, state in enumerate(law.states):
            for x in range(room + 1):
                now[s, x] = min(
                    0.8**t * (period(state, x - y) - (5 * y if t == years - 1 else 0)) + worth[s, y]
                    for y in range(min(x + 8, room) + 1)
                )
        worth = (law.transition[t] @ now) if t else now
    stored = 20 * 10 * 0.02 * sum(0.8**t for t in range(years))
    expected = law.transition[0][law.code("slow")] @ worth[:, 10] + stored

    portfolio = procure.solve(model.with_(**{"world.tree.nodes": 200}))
    room_of = portfolio.stock["target_t"].tolist()
    found = evaluate(replace_room(portfolio, room), 1000).costs
    assert room_of[0] <= room
    assert found["musd"][0] == approx(expected / 1e3, rel=1e-12)
    assert evaluate(portfolio, 1000).costs["musd"][0] <= expected / 1e3 + 1e-12  # a better plan costs no more


def replace_room(portfolio, tonnes):
    """The portfolio with as much room for stock in every year, and its cost."""
    plan = portfolio.plan.copy()
    at = plan["decision"] == "stock_target"
    more = sum(
        (tonnes - value) * 10 * 0.02 * 0.8 ** (year - 2027)
        for value, year in zip(plan.loc[at, "value"], plan.loc[at, "year"], strict=True)
    )
    plan.loc[at, "value"] = float(tonnes)
    summary = {**portfolio.summary, "plan_cost": portfolio.summary["plan_cost"] + more / 1e3}
    return replace(portfolio, plan=plan, summary=summary)


def test_few_knots_say_how_far_they_are_off(monkeypatch):
    model = one_mine(years=5)
    portfolio = procure.solve(model)
    tree = enumerate_tree(processes(model, {}), 5)
    exact = evaluate(portfolio, tree)
    assert exact.rounding_musd == 0
    monkeypatch.setattr(rule, "MOST_KNOTS", 3)
    rough = evaluate(portfolio, 1000)
    played = evaluate(portfolio, tree).costs["musd"][0]
    told, best = rough.costs["musd"][0], exact.costs["musd"][0]
    assert rough.rounding_musd > 0
    assert told - rough.rounding_musd <= best <= played <= told


# --- against trees


@pytest.mark.parametrize("seed", seeds(16, 40))
def test_who_plays_a_tree_does_as_well_as_its_program(seed, monkeypatch):
    """Given the plan and on the mean alone, the program over a tree has no better rule than one that knows node and kinks."""
    monkeypatch.setattr(rule, "MOST_KNOTS", 10_000)
    market = random_market(seed, risk__weight=0.0, demand__orders="after")
    measured = Measured(solve_market(market))
    lattice = Lattice.of_tree(market.tree)
    paths, law = lattice.passed(market.tree), market.tree.probability[market.tree.leaves]
    played = list(rule.play(market, templates(market.sets).period, lattice, measured.plan, paths))
    assert sum(part.error for part in played) <= 1e-12 * measured.gross  # no kink is left out
    mean = measured.plan_cost + law @ sum(part.cost for part in played)
    assert mean == approx(measured.expected, abs=1e-9 * measured.gross)
    assert measured.plan_cost + sum(part.expected for part in played) == approx(mean, abs=1e-9 * measured.gross)
    for part in played[:-1]:
        assert (part.shortage >= 0).all() and (part.stock >= 0).all()
    contracts = market.discount @ (market.probability * measured.forms["contracts"])
    discount = np.array([market.discount[market.tree.period == t][0] for t in range(market.tree.n_periods)])
    assert law @ sum(part.forms["contracts"] for part in played) @ discount == approx(contracts)


@pytest.mark.parametrize("seed", [11, 14, 20, 25, 31])
def test_a_law_that_is_known_whole_is_played_as_its_tree(seed):
    model = random_model(seed, risk__weight=0.0, demand__orders="after")
    choice = programme_choices(model)[0]
    tree = enumerated(processes(model, choice), len(model.years) * model.settings.model.periods_per_year, 4_000)
    portfolio = answer(make_market(model, choice, tree))
    on_tree, drawn = evaluate(portfolio, tree), evaluate(portfolio, 200)
    scale = 1e-9 * portfolio.costs["expected_musd"].abs().sum()
    for found in (on_tree, drawn):  # the mean is exact, whatever is drawn
        assert found.costs["musd"][0] == approx(portfolio.summary["expected_cost"], abs=scale)
    assert on_tree.optimism_musd == approx(0, abs=scale)
    assert (on_tree.costs["standard_error_musd"] == 0).all()
    assert on_tree.shortage["demand_t"].tolist() == approx(portfolio.shortage["demand_t"].tolist())


@pytest.mark.parametrize("seed", [11, 14, 20, 25, 31])
def test_knowing_costs_less_than_planning_and_planning_less_than_a_poorer_plan(seed):
    model = random_model(seed, risk__weight=0.0, demand__orders="after")
    choice = programme_choices(model)[0]
    tree = enumerated(processes(model, choice), len(model.years) * model.settings.model.periods_per_year, 4_000)
    solved = solve_market(make_market(model, choice, tree))
    portfolio = make_portfolio(solved, [solved])
    scale = 1e-9 * portfolio.costs["expected_musd"].abs().sum()
    mean = evaluate(portfolio, tree).costs["musd"][0]
    assert portfolio.summary["wait_and_see"] <= mean + scale
    for poorer in yardsticks(model).values():
        if poorer.programmes == portfolio.programmes:
            assert mean <= evaluate(poorer, tree).costs["musd"][0] + scale


@pytest.fixture(scope="module")
def japan():
    choices = {
        "model.elements": ["Dy", "Nd", "Y"],
        "suppliers.seabed.programmes": ["none", "pilot_then_ten"],
        "world.tree.nodes": 60,
        "world.tree.branch": [2027],
    }
    return procure.solve(load_model("japan").with_(**choices), foresight=False, verdict=False)


def test_a_sampled_tree_sees_more_than_the_rule_may(japan):
    """Most nodes of a drawn tree have one child: its program uses what the rule cannot know, on the very same paths."""
    found = evaluate(japan, make_tree(japan.model, japan.programmes)).costs
    assert (found["optimism_musd"] >= -1e-6 * found["musd"]).tolist()[2]  # weighed: what the program minimised
    assert found["optimism_musd"][0] > 10


def test_without_stock_it_is_plain_recourse():
    """`two-class` has one period and no stock: the rule has nothing to decide but what the program decides at every node."""
    model = load_model("two-class").with_(**{"risk.weight": 0.5})
    portfolio = procure.solve(model)
    costs = evaluate(portfolio, enumerate_tree(processes(model, {}), 1)).costs
    assert costs["musd"].tolist() == approx(costs["program_musd"].tolist(), rel=1e-12)


# --- rows of one's own


def with_row(monkeypatch, sets, row):
    """The templates of these sets, the period with one more constraint: `row` of the block and an element, or of the block."""
    block = build_period(pyo.ConcreteModel(), sets)
    block.own = pyo.Constraint(block.E, rule=row)
    compiled = replace(templates(sets), period=compile_block(block))
    for module in ("program", "together"):
        monkeypatch.setattr(f"procure.program.{module}.templates", lambda sets: compiled)
    return compiled


@pytest.mark.parametrize("seed", [2, 3, 4, 5, 6, 7, 13, 16])
def test_a_row_of_ones_own_that_keeps_to_an_element_is_played(monkeypatch, seed):
    """At most three tenths of demand may be bought beyond contracts, or put into stock."""
    market = random_market(seed, risk__weight=0.0, demand__orders="after")

    def little(m, e):
        beyond = sum(m.call[k] for k in m.K if k[1] == e) + sum(m.spot[k] for k in m.STEPS if k[0] == e)
        return beyond + m.refill[e] <= 0.3 * m.demand[e]

    free = Measured(solve_market(market))
    compiled = with_row(monkeypatch, market.sets, little)
    measured = Measured(solve_market(market))
    assert measured.expected > free.expected + 1e-6 * free.gross  # it holds something back
    lattice = Lattice.of_tree(market.tree)
    played = rule.play(market, compiled.period, lattice, measured.plan, lattice.passed(market.tree))
    told = measured.plan_cost + sum(part.expected for part in played)
    assert told == approx(measured.expected, abs=1e-9 * measured.gross)


@pytest.mark.parametrize(
    "row, seen",
    [
        (lambda m, e: sum(m.refill[i] for i in m.E) <= 5, "it ties"),
        (lambda m, e: m.stock[e] <= 2 * m.refill[e], "speaks of the stock"),
        (lambda m, e: m.demand[e] * m.refill[e] + m.draw[e] <= 5, "differs from state to state"),
    ],
)
def test_rows_that_the_rule_cannot_keep_are_refused(monkeypatch, row, seen):
    market = random_market(4, risk__weight=0.0, demand__orders="after")
    assert len(market.sets.elements) > 1
    measured = Measured(solve_market(market))
    compiled = with_row(monkeypatch, market.sets, row)
    lattice = Lattice.of_tree(market.tree)
    with pytest.raises(DataError, match=f"own.*{seen}"):
        list(rule.play(market, compiled.period, lattice, measured.plan, lattice.passed(market.tree)))


# --- estimates


def test_a_seed_is_a_drawing():
    portfolio = procure.solve(one_mine())
    one, same, other = (evaluate(portfolio, 2000, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.costs, same.costs, check_exact=True)
    assert (one.losses == same.losses).all()
    assert (one.losses != other.losses).any()
    assert one.losses.mean() == approx(one.costs["musd"][0], abs=5 * one.losses.std() / 2000**0.5)


def test_standard_errors_cover():
    """Of 95 % intervals some 95 in a hundred hold the truth: of the tail, of what goes unserved, of what a limit comes to."""
    limits = [
        {"name": "short", "kind": "expected_shortage", "max": 0.9},
        {"name": "worst", "kind": "shortage_cvar", "max": 0.99, "alpha": 0.7},
        {"name": "money", "kind": "cost_cvar", "max": 1e6, "alpha": 0.8},
    ]
    model = one_mine(weight=0.5, limits=limits)
    portfolio = procure.solve(model)
    truth = evaluate(portfolio, enumerate_tree(processes(model, {}), 3))
    assert len(truth.limits) == 3 + 3 + 1
    cost, short, limit = truth.costs["musd"], truth.shortage["expected_t"], truth.limits["value"]
    held, unserved, kept = [], [], []
    for seed in range(60):
        found = evaluate(portfolio, 400, seed=seed)
        held.append(cost.between(found.costs["low_musd"] - 1e-9, found.costs["high_musd"] + 1e-9))
        unserved.append(short.between(found.shortage["low_t"] - 1e-9, found.shortage["high_t"] + 1e-9))
        kept.append(limit.between(found.limits["low"] - 1e-9, found.limits["high"] + 1e-9))
    assert np.mean(held, axis=0)[0] == 1  # the mean is exact
    assert 0.88 <= np.mean(held, axis=0)[1:].min() <= np.mean(held, axis=0)[1:].max() < 1
    assert 0.88 <= np.mean(unserved, axis=0).min() < 1
    assert 0.85 <= np.mean(kept, axis=0).min() < 1


def test_two_portfolios_are_held_on_the_same_paths():
    model = one_mine()
    portfolio, poorer = procure.solve(model), replace_room(procure.solve(model), 10)
    found = compare({"best": portfolio, "poorer": poorer, "again": portfolio}, 2000)
    rows = found.differences.set_index(["portfolio", "measure"])
    alone = [evaluate(one, 2000).costs["musd"] for one in (portfolio, poorer)]
    assert rows.loc["poorer", "difference_musd"].tolist() == approx((alone[1] - alone[0]).tolist(), abs=1e-2)
    assert rows.loc[("poorer", "expected"), "verdict"] == "dearer"
    assert rows.loc["again", "difference_musd"].tolist() == approx([0, 0, 0])
    assert rows.loc["again", "verdict"].tolist() == ["tie"] * 3
    spread = (
        found.evaluations["best"].costs["standard_error_musd"][1]
        + found.evaluations["poorer"].costs["standard_error_musd"][1]
    )
    assert rows.loc[("poorer", "cvar"), "standard_error_musd"] < spread


def test_portfolios_of_one_name_are_told_apart():
    portfolio = procure.solve(one_mine())
    assert list(compare([portfolio, portfolio], 200).evaluations) == ["no programmes", "no programmes (2)"]


# --- limits on all futures


@pytest.mark.parametrize("seed", [0, 2, 4, 5, 6, 9, 11, 13, 16, 21])
def test_who_pays_the_price_of_a_limit_keeps_it_as_the_program_does(seed):
    """Strong duality: least cost, with what a binding limit measures at its price, is the optimum and the bound at that price."""
    choices = {"risk__weight": 0.0, "demand__orders": "after"}
    free = random_market(seed, **choices)
    supplier = free.sets.suppliers[0]
    cap = {"name": "cap", "kind": "share", "supplier": supplier, "max": 1.0}
    used = answer(random_market(seed, [cap], **choices)).limits.query("limit == 'cap'")["value"].max()
    market = random_market(seed, [{**cap, "max": round(0.9 * used, 6)}], **choices)
    solved = solve_market(market)
    portfolio, measured = make_portfolio(solved, [solved], foresight=False), Measured(solved)
    prices = evaluating._prices(portfolio)
    assert max(prices.values()) > 0
    template = templates(market.sets).period
    weight = priced(market, template, market.probability, prices)
    lattice = Lattice.of_tree(market.tree)
    played = rule.play(market, template, lattice, measured.plan, lattice.passed(market.tree), weight)
    told = measured.plan_cost + sum(part.expected for part in played)
    paid = sum(prices["cap", year] for year in market.sets.years) * 0.9 * used
    assert told == approx(measured.expected + paid, abs=1e-6 * measured.gross)


def test_limits_come_to_on_a_tree_what_its_program_says():
    limits = [
        {"name": "china", "kind": "share", "supplier": "china", "max": 0.95},
        {"name": "short", "kind": "expected_shortage", "max": 0.9, "scope": "medium_heavy"},
        {"name": "worst", "kind": "shortage_cvar", "max": 0.99},
        {"name": "money", "kind": "worst_case", "max": 1e6},
    ]
    settings = load_model("two-class").settings
    document = settings.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"limits": limits}
    portfolio = procure.solve(make_model(document, load_model("two-class").facts))
    found = evaluate(portfolio, enumerate_tree(processes(portfolio.model, {}), 1)).limits.set_index("limit")
    assert found["value"].to_dict() == approx(portfolio.limits.set_index("limit").loc[found.index, "value"].to_dict())
    assert (found["standard_error"] == 0).all() and (found["verdict"] == "kept").all()


def test_a_limit_on_futures_outside_the_law_is_on_no_path():
    lost = {"name": "lost", "kind": "outage", "lost": "any one", "months": 6, "max": 0.99}
    portfolio = procure.solve(one_mine(limits=[lost]))
    assert "lost" in set(portfolio.limits["limit"])
    assert len(evaluate(portfolio, 200).limits) == 0
    assert evaluate(portfolio, 200).costs["musd"][0] == approx(
        evaluate(procure.solve(one_mine()), 200).costs["musd"][0]
    )


def test_a_limit_that_fresh_paths_break_is_said_so():
    cap = {"name": "cap", "kind": "expected_shortage", "max": 0.9}
    portfolio = procure.solve(one_mine(limits=[cap]))
    tight = portfolio.model.with_(**{"limits.cap.max": 0.01})
    found = evaluate(replace(portfolio, model=tight), 400)
    assert set(found.limits["verdict"]) == {"broken"}
    assert "cap is broken in 2027-2029" in str(found)
    assert "pays its shadow price" in str(found)


def test_where_a_limit_binds_a_unit_more_costs_the_rule_as_much_as_it_saves():
    """On its own tree the rule passes a bound that its program keeps, and with what it pays for that it is as dear: a tie."""
    model = load_model("two-class").limited({"name": "spend", "spending": 800.0})
    portfolio = procure.solve(model, foresight=False)
    found = evaluate(portfolio, enumerate_tree(processes(model, {}), 1))
    (row,), price = (
        found.limits.to_dict("records"),
        portfolio.limits.set_index("limit").loc["spend", "shadow_price_musd"],
    )
    mean, own = found.costs["musd"][0], portfolio.summary["expected_cost"]
    assert row["verdict"] == "broken" and row["value"] > 850 and mean < own - 1000
    assert mean + price * (row["value"] - row["bound"]) == approx(own)
    assert f"spend is broken in 2027: {row['value']:.0f} million USD, and the bound is 800." in str(found)
    assert "one more costs as much as it saves" in str(found)


@pytest.mark.parametrize("every_future", [False, True])
def test_of_a_tree_that_is_the_world_nothing_else_is_said(every_future):
    """Two-class holds every future: that its program has it dearer is the limit, which the rule does not keep."""
    limit = {"name": "spend", "spending": 800.0, "every_future": every_future}
    said = str(evaluate(procure.solve(load_model("two-class").limited(limit), foresight=False), 400))
    assert "not the world" not in said and "it keeps the limits that the rule, as said below, does not" in said


@pytest.mark.parametrize(
    "limit",
    [
        {"kind": "share", "supplier": "mine", "max": 1.0, "when": "always"},
        {"kind": "shortage_cvar", "max": 0.9, "alpha": 0.5},
        {"kind": "worst_case", "max": 1e6},
    ],
)
def test_of_a_limit_that_the_rule_does_not_mind_paths_say_no_more_than_that_it_can_be_kept(limit):
    """A rule that is best on the mean knows nothing of limits in every future, in a tail or on whole paths."""
    portfolio = procure.solve(one_mine(limits=[{"name": "cap", **limit}]))
    tight = portfolio.model.with_(**{"limits.cap.max": 0.01})
    found = evaluate(replace(portfolio, model=tight), 400)
    assert set(found.limits["verdict"]) == {"not minded"}
    assert "cap is no limit on a mean, and the rule does not mind it" in str(found)
    assert "broken" not in str(found)


# --- yardsticks


def test_today_signs_nothing_new_and_the_cheapest_ignores_what_may_fail(japan):
    held = yardsticks(japan.model)
    today = decisions(held["today's"])
    market = make_market(japan.model, {})
    assert {k: v for k, v in today["contract"].items() if v > 1e-9} == approx(
        {k: v for k, v in market.plan["committed"].items() if v > 1e-9}
    )
    assert all(today["stock_target"][e, y] <= market.plan["existing"][e,] + 1e-9 for e, y in today["stock_target"])
    found = compare({"answer": japan, **held}, 1000)
    assert (found.differences.set_index("measure").loc["weighed", "verdict"] == "dearer").all()
    costs = found.evaluations["cheapest"].costs
    assert (costs["musd"] > 2 * costs["program_musd"]).all()  # nothing went wrong in its world


def test_the_cheapest_waits_for_no_verdict():
    """On the one calm path none falls, so a plan that waits says nothing of its outcomes; to wait alone costs nothing there."""
    model = load_model("japan")
    assert cheapest(model).programmes == {"seabed": "none"}
    assert cheapest(model.with_(**{"suppliers.seabed.programmes": ["test_then_ten"]})).programmes == {}


# --- files


def test_a_portfolio_read_from_its_file_is_played_alike(japan, tmp_path):
    changed = procure.solve(load_model("two-class").with_(**{"suppliers.seabed.capacity": 720, "risk.weight": 0.25}))
    for portfolio in (japan, changed):
        portfolio.to_json(tmp_path / "answer.json")
        back = read_portfolio(tmp_path / "answer.json")
        assert back.model is None and portfolio.model is not None
        one, other = evaluate(portfolio, 300), evaluate(back, 300)
        pd.testing.assert_frame_equal(one.costs, other.costs, check_exact=True)
        pd.testing.assert_frame_equal(one.shortage, other.shortage, check_exact=True)
        tmp_path.joinpath("answer.json").unlink()


def test_facts_of_ones_own_are_named_again(tmp_path):
    portfolio = procure.solve(one_mine())
    portfolio.to_json(tmp_path / "answer.json")
    back = read_portfolio(tmp_path / "answer.json")
    with pytest.raises(DataError, match="a file holds the answer and its choices, not facts of one's own"):
        evaluate(back, 200)
    found = evaluate(back, 200, model=one_mine())
    pd.testing.assert_frame_equal(found.costs, evaluate(portfolio, 200).costs, check_exact=True)
    with pytest.raises(DataError, match="the facts are others"):
        evaluate(back, 200, model=one_mine(**{"prices.Cu.contract": 11.0}))
    with pytest.raises(DataError, match="the choices are others"):
        evaluate(back, 200, model=one_mine(weight=0.25))


def test_what_cannot_be_played_is_refused():
    portfolio = procure.solve(one_mine())
    with pytest.raises(DataError, match="at least 100 are drawn"):
        evaluate(portfolio, 99)
    with pytest.raises(DataError, match="one at least"):
        compare([])
    model = random_model(1)
    early = model.with_(**{"demand.orders": "before", "demand.uncertain": "yearly"})
    with pytest.raises(DataError, match="orders are placed before demand is seen"):
        evaluate(replace(portfolio, model=early, fingerprint=early.facts.fingerprint, stock=years_of(early)), 200)


def years_of(model):
    return pd.DataFrame({"year": list(model.years)})


def test_an_evaluation_is_written_as_it_is(tmp_path):
    found = compare({"a": procure.solve(one_mine())}, 200)
    found.to_json(tmp_path / "all.json")
    document = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert document["format"] == "procure.evaluation"
    assert document["evaluations"]["a"]["costs"]["musd"] == found.first.costs["musd"].tolist()
    found.first.to_json(tmp_path / "one.json")
    assert json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))["n_paths"] == 200


# --- words and the command


def test_words_say_what_is_exact_and_what_is_chance(japan):
    found = compare({"answer": japan, **yardsticks(japan.model)}, 1000)
    text = str(found)
    assert "japan on 1,000 fresh paths, seed 1" in text
    assert "today's is dearer than answer by" in text
    assert "±" in text and "Unserved, %" in text
    assert str(Comparison({"answer": found.first}, found.differences.iloc[:0]))


def test_the_command(tmp_path):
    run = CliRunner()
    kept, written = tmp_path / "answer.json", tmp_path / "out.json"
    assert run.invoke(app, ["solve", "two-class", "--json", str(kept), "-q"]).exit_code == 0
    result = run.invoke(app, ["evaluate", str(kept), "--paths", "500", "--seed", "3", "--json", str(written)])
    assert result.exit_code == 0, result.output
    assert "two-class on 500 fresh paths, seed 3" in result.output
    assert set(json.loads(written.read_text())["evaluations"]) == {"two-class", "today's", "cheapest"}
    assert run.invoke(app, ["evaluate", str(kept), "--json", str(written)]).exit_code == 2
    alone = run.invoke(app, ["evaluate", str(kept), "--paths", "500", "--alone"])
    assert alone.exit_code == 0 and "cheapest" not in alone.output
    assert run.invoke(app, ["evaluate", str(tmp_path / "none.json")]).exit_code == 2
    assert run.invoke(app, ["evaluate", str(kept), "--paths", "5"]).exit_code == 2


def test_progress_is_told_by_element():
    told = []
    evaluate(procure.solve(one_mine()), 200, progress=lambda *step: told.append(step))
    assert told == [(1, 2, "Cu"), (2, 2, "contracts")]
    assert CONFIDENCE == 0.95
    assert model_of(procure.solve(load_model("two-class"))).name == "two-class"


def test_an_answer_with_a_limit_is_of_its_model_again(tmp_path):
    """A file writes out every key of a limit, those that its kind does not read, too; the model made of it has none of them."""
    model = load_model("two-class").limited({"share": "90 %", "supplier": "china", "scope": "light"})
    procure.solve(model).to_json(tmp_path / "answer.json")
    kept = read_portfolio(tmp_path / "answer.json")
    assert model_of(kept).settings.model_dump() == model.settings.model_dump()
