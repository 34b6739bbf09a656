"""The answer: measured by hand and by plain loops, priced against re-solving, kept without loss.

Random models come from `random_models`: every feature of the formulation is met by some seed.
"""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import procure
from procure.errors import DataError, SolverError
from procure.facts import Facts
from procure.market import make_market
from procure.model import load_model, make_model
from procure.portfolio.foresight import wait_and_see
from procure.portfolio.frames import FRAMES, OTHER_SOURCES, is_worthless
from procure.portfolio.make import make_portfolio
from procure.portfolio.measure import Measured
from procure.portfolio.read import read_portfolio
from procure.program.solve import solve_market
from procure.program.templates import templates
from procure.scenarios.tree import Tree
from procure.scenarios.world import programme_choices
from procure.solving.solve import solve
from procure.words import programme_name
from random_models import random_frames, random_market, random_model, random_tree

SEEDS = range(12)


def answer(market, **what):
    solved = solve_market(market)
    return make_portfolio(solved, [solved], **what)


# --- by hand ---


def one_mine(years=1, weight=0.5, limits=(), **choices):
    """A model of one mine and one metal; see `test_one_mine_by_hand`."""
    terms = [("mine", "all", "call_share", 2027, 0.0)]
    frames = {
        "elements": pd.DataFrame({"element": ["Cu"], "class_default": ["metal"]}),
        "demand": pd.DataFrame({"element": ["Cu"], "year": [2027], "value": [100.0], "growth": [0.0]}),
        "prices": pd.DataFrame({"element": "Cu", "layer": ["licensed", "contract", "spot"], "value": [10.0, 10.0, 30.0]}),
        "suppliers": pd.DataFrame({
            "supplier": ["mine"], "country": ["Home"], "kind": ["free"], "price_rule": ["fixed"],
            "price_layer": ["contract"], "payment": ["delivered"],
        }),
        "terms": pd.DataFrame(terms, columns=["supplier", "scope", "attribute", "year", "value"]),
        "offers": pd.DataFrame({"supplier": ["mine"], "element": ["Cu"], "year": [2027], "value": [80.0]}),
        "states": pd.DataFrame({"chain": "mine", "state": ["open", "shut"], "value": [1.0, 12.0],
                                "kind": "regime", "order": [0, 1]}),
        "transitions": pd.DataFrame({"chain": "mine", "from": ["open", "shut"], "to": ["shut", "open"], "value": 1.0}),
        "depths": pd.DataFrame({"chain": ["mine"], "scope": ["all"], "state": ["shut"], "value": [1.0]}),
        "stock": pd.DataFrame({"scope": "Cu", "attribute": ["existing", "max_days", "end_value"], "value": [10.0, 36.5, 0.0]}),
        "shortage": pd.DataFrame({"scope": "Cu", "tier": 1, "attribute": ["width", "cost"], "value": [1.0, 50.0]}),
    }  # fmt: skip
    settings = {
        "model": {"name": "mine", "years": [2027, 2026 + years], "discount_rate": 0.25},
        "risk": {"alpha": 0.9, "weight": weight},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames(frames)).with_(**choices)


def open_or_shut(years=1):
    states = (("open", "shut"),)
    if years == 1:
        return Tree([0, 0], [-1, -1], [0.8, 0.2], ("mine",), states, [[0], [1]])
    return Tree(
        [0, 0, 1, 1, 1], [-1, -1, 0, 0, 1], [0.8, 0.2, 0.4, 0.4, 0.2], ("mine",), states, [[0], [1], [0], [1], [0]]
    )


def test_one_mine_by_hand():
    """Demand 100 t, of which the mine sells 80 at 10 kUSD/t unless it is shut (probability 0.2); 10 t are in stock, to be
    drawn only when it is shut, and worth 1 each at the end; a tonne short costs 50. So 80 t are contracted:

      open  80 x 10 + 20 x 50 - 10 = 1790        shut  10 t from stock, 90 x 50 = 4500
      mean  0.8 x 1790 + 0.2 x 4500 = 2332        worst tenth  4500        half of each  3416

    A hundredth of the offer is 0.8 t, saves 40 kUSD/t where the mine is open, weighed 0.5 x 0.8: 12.8 kUSD. A hundredth of
    the stock, 0.1 t, saves 50 kUSD/t where it is shut, weighed 0.5 x 0.2 + 0.5, and 1 where it is open: 3.04 kUSD. Knowing the
    future changes nothing.
    """
    portfolio = answer(make_market(one_mine(**{"stock.Cu.end_value": 0.1}), {}, open_or_shut()))
    s = portfolio.summary
    assert (s["objective"], s["expected_cost"], s["cvar"], s["worst_case"]) == approx((3.416, 2.332, 4.5, 4.5))
    assert (s["shortage_loss"], s["unavoidable_loss"], s["wait_and_see"]) == approx((1.7, 1.7, 2.332))
    assert s["value_of_foresight"] == approx(0, abs=1e-9) and "evpi" not in s
    mix = portfolio.mix.set_index("supplier")
    assert mix.loc["mine", ["contracted_t", "delivered_t", "called_t", "supplied_t"]].tolist() == approx(
        [80, 64, 0, 64]
    )
    assert mix["share"].to_dict() == approx({"mine": 0.64, "spot": 0, "stock": 0.02, "shortage": 0.34, "surplus": 0})
    assert mix.loc["mine", "cost_musd"] == approx(0.64)
    short = portfolio.shortage.iloc[0]
    assert short[
        ["demand_t", "expected_t", "expected_share", "cvar_share", "probability", "cost_musd"]
    ].tolist() == approx([100, 34, 0.34, 0.9, 1.0, 1.7])
    costs = portfolio.costs.set_index("component")
    assert costs.loc["contracts"].tolist() == approx([0.64, 0, 0])
    assert costs.loc["shortage_cost"].tolist() == approx([1.7, 4.5, 4.5])
    assert portfolio.leaves["tail_weight"].tolist() == approx([0, 1])
    prices = portfolio.limits.set_index("limit")["shadow_price_musd"]
    assert (prices["offer"], prices["stock_today"]) == approx((0.0128, 0.00304))
    stock = portfolio.stock.iloc[0]
    assert (stock["target_t"], stock["target_days"], stock["expected_t"]) == approx((10, 36.5, 8))
    today = portfolio.shares.query("year == 'today' and `class` == 'all'").set_index("supplier")["share"]
    assert today[today > 0].to_dict() == approx({"mine": 0.8, "shortage": 0.2})
    # The prices come from a table without provenance: all of it is assumed.
    assert s["assumed_share"] == approx(1)


def test_two_years_by_hand():
    """At a discount of 0.8 a year: an open year costs 1800, a shut one 4500 or, with stock left, 4500 less... the 10 t of
    stock serve one shut year, and no spot market or call can fill them up again (the mine sells 80 t, all needed).

      open, open 1800 + 0.8 x 1800 = 3240 (0.4)     open, shut 1800 + 0.8 x 4500 = 5400 (0.4)
      shut, open 4500 + 0.8 x 1800 = 5940 (0.2)     mean 4644, worst tenth 5940
    """
    portfolio = answer(make_market(one_mine(years=2, weight=0.0), {}, open_or_shut(2)))
    s = portfolio.summary
    assert portfolio.leaves["cost_musd"].tolist() == approx([3.24, 5.4, 5.94])
    assert (s["objective"], s["cvar"], s["worst_case"]) == approx((4.644, 5.94, 5.94))
    assert s["evpi"] == s["value_of_foresight"] == approx(0, abs=1e-9)


def test_foresight_is_worth_what_it_saves():
    """Paid as ordered, the mine costs 80 x 10 whether it delivers or not; who knows that it shuts saves those 800 kUSD:
    0.2 x 800 = 160."""
    model = one_mine(weight=0.0, **{"suppliers.mine.payment": "ordered"})
    s = answer(make_market(model, {}, open_or_shut())).summary
    assert (s["evpi"], s["unavoidable_loss"]) == approx((0.16, s["shortage_loss"]))


# --- measured again, by plain loops ---


def by_loops(market, solved):
    """Objective, mean, tail and worst cost, and expected shortage by element and year, from the decisions alone."""
    plan = dict(zip(solved.templates.plan.columns, solved.outcome.plan.tolist(), strict=True))
    node = [dict(zip(solved.templates.period.columns, row.tolist(), strict=True)) for row in solved.outcome.nodes]
    p, period = market.plan, market.period

    fixed = 0.0
    for (component, index), x in plan.items():
        price = {
            "expansion": "price_expansion",
            "use": "charge",
            "stock_target": "storage",
            "programme": "price_programme",
        }
        if component in price and index[-1] not in market.sets.revised:
            fixed += p[price[component]][index] * x
    cost = []
    for n, decisions in enumerate(node):
        spent = 0.0
        for (component, index), x in decisions.items():
            if component == "contract":
                spent += period["payment"][index][n] * x
            elif component == "output":
                spent += period["payment_output"][index][n] * x
            elif component in ("call", "spot", "shortage"):
                spent += period[f"price_{component}"][index][n] * x
            elif component in ("surplus", "stock_sold"):
                spent -= period["price_surplus"][index][n] * x
            elif component == "stock":
                spent -= period["price_end"][index][n] * x
            after = {
                "expansion": "cost_expansion",
                "programme": "cost_programme",
                "use": "cost_use",
                "stock_target": "cost_room",
            }
            if market.sets.revised and component in after:
                spent += period[after[component]][index][n] * x
        cost.append(spent)
    parent, probability = market.shape.parent.tolist(), market.probability.tolist()
    losses = []
    for leaf in market.shape.leaves.tolist():
        loss, n = fixed, leaf
        while n >= 0:
            loss += market.discount[n] * cost[n]
            n = parent[n]
        losses.append((loss, probability[leaf]))
    settings = market.model.settings.risk
    mean = sum(loss * chance for loss, chance in losses)
    tail, room = 0.0, 1 - settings.alpha
    for loss, chance in sorted(losses, reverse=True):
        taken = min(chance, room)
        tail, room = tail + loss * taken, room - taken
    tail /= 1 - settings.alpha
    short = {}
    for n, decisions in enumerate(node):
        for (component, index), x in decisions.items():
            if component == "shortage":
                key = (index[0], int(market.year_of_node[n]))
                short[key] = short.get(key, 0.0) + probability[n] * x
    objective = (1 - settings.weight) * mean + settings.weight * tail
    return objective, mean, tail, max(loss for loss, _ in losses), short


def worst_shares(market, solved, element, year):
    """Mean of the worst unserved shares of a year, and the chance of any, one of its periods drawn by lot."""
    nodes = [n for n in range(len(market.probability)) if market.year_of_node[n] == year]
    whole = sum(market.probability[n] for n in nodes)
    outcomes = []
    for n in nodes:
        unserved = sum(
            x
            for (component, index), x in zip(solved.templates.period.columns, solved.outcome.nodes[n], strict=True)
            if component == "shortage" and index[0] == element
        )
        outcomes.append((unserved / market.period["demand"][element,][n], market.probability[n] / whole))
    alpha = market.model.settings.risk.alpha
    tail, room = 0.0, 1 - alpha
    for share, chance in sorted(outcomes, reverse=True):
        taken = min(chance, room)
        tail, room = tail + share * taken, room - taken
    return tail / (1 - alpha), sum(chance for share, chance in outcomes if share > 0.001)


def check_by_loops(market):
    solved = solve_market(market)
    portfolio = make_portfolio(solved, [solved])
    objective, mean, tail, worst, short = by_loops(market, solved)
    s = portfolio.summary
    scale = {"rel": 1e-6, "abs": 1e-9 * portfolio.costs["expected_musd"].abs().sum()}
    assert s["objective"] * 1e3 == approx(solved.objective, **scale)
    assert [s[k] * 1e3 for k in ("objective", "expected_cost", "cvar", "worst_case")] == approx(
        [objective, mean, tail, worst], **scale
    )
    for row in portfolio.shortage.itertuples():
        assert row.expected_t == approx(short[row.element, row.year], rel=1e-6, abs=1e-9)
        assert row.expected_share == approx(row.expected_t / row.demand_t)
        assert [row.cvar_share, row.probability] == approx(
            worst_shares(market, solved, row.element, row.year), abs=1e-9
        )
    assert portfolio.costs["expected_musd"].sum() == approx(s["expected_cost"], **scale)
    assert portfolio.costs["tail_musd"].sum() == approx(s["cvar"], **scale)
    assert portfolio.leaves["probability"] @ portfolio.leaves["cost_musd"] == approx(s["expected_cost"], **scale)
    assert portfolio.leaves["tail_weight"] @ portfolio.leaves["cost_musd"] == approx(s["cvar"], **scale)
    # Year by year and element by element, sources add up to demand and shares to one; what is paid adds up, too.
    mix = portfolio.mix.groupby(["element", "year"])[["supplied_t", "share"]].sum()
    demand = portfolio.shortage.set_index(["element", "year"])["demand_t"]
    assert mix["supplied_t"].to_dict() == approx(demand.to_dict(), rel=1e-6)
    assert mix["share"].to_numpy() == approx(np.ones(len(mix)), rel=1e-6)
    assert portfolio.shares.groupby(["year", "class"])["share"].sum().to_numpy() == approx(1.0)
    paid = portfolio.costs.set_index("component")["expected_musd"]
    bought = paid[["contracts", "calls", "spot_purchases", "shortage_cost", "sales"]].sum()
    assert portfolio.mix["cost_musd"].sum() == approx(bought, **scale)
    assert portfolio.provenance["share"].sum() == approx(1)
    return portfolio


@pytest.mark.parametrize("seed", SEEDS)
def test_every_number_is_measured_again(seed):
    check_by_loops(random_market(seed))


def small_japan(**choices):
    return load_model("japan").with_(**{"world.tree.nodes": 60, "world.tree.seed": 4, **choices})


@pytest.fixture(scope="module")
def japan():
    return solve(small_japan())


def test_japan_is_measured_again():
    portfolio = check_by_loops(make_market(small_japan(), {"seabed": "pilot"}))
    # Today's commitments in the undisturbed state: what Japan's own statistics say.
    today = portfolio.shares[portfolio.shares["year"] == "today"].set_index(["class", "supplier"])["share"]
    assert today["all", "china"] > 0.6 and today["medium_heavy", "china"] > 0.9


def test_a_solver_that_lies_is_refused():
    solved = solve_market(make_market(one_mine(), {}, open_or_shut()))
    solved.outcome.nodes[0, 0] += 1.0
    with pytest.raises(SolverError, match="its decisions cost"):
        Measured(solved).check() or make_portfolio(solved, [solved])


# --- order ---


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_decides_nothing(seed):
    model = random_model(seed)
    random = np.random.default_rng(seed)
    shuffled = {
        name: frame.iloc[random.permutation(len(frame))].reset_index(drop=True) if name != "shortage" else frame
        for name, frame in random_frames(seed).items()
    }
    choices = model.settings.model_dump(by_alias=True, exclude_unset=True)
    choices["suppliers"] = dict(reversed(choices["suppliers"].items()))
    other = make_model(choices, Facts.from_frames(shuffled))
    tree = random_tree(model, seed)
    mine, yours = (answer(make_market(m, {}, tree)) for m in (model, other))
    for name in FRAMES:
        pd.testing.assert_frame_equal(mine.frame(name), yours.frame(name), rtol=1e-6, atol=1e-9)


# --- shadow prices ---

# Kind of limit, the rest of it, a small step of its bound, and the unit of its price in the unit of its bound.
LIMITS = {
    "share": ({"supplier": "china", "scope": "medium_heavy"}, 1e-4, 0.01),
    "share by value": ({"country": "China", "weight": "value"}, 1e-4, 0.01),
    "domestic_share": ({"country": "Malaysia", "scope": "Nd"}, 1e-4, 0.01),
    "stock_days": ({"scope": "Y"}, 0.1, 1.0),
    "budget": ({"from": 2027, "to": 2027}, 1e-4, 1.0),
    "footprint": ({"scope": "Dy"}, 1e-4, 0.1),
    "expected_shortage": ({"scope": "Dy"}, 1e-4, 0.01),
    "shortage_cvar": ({"alpha": 0.8}, 1e-4, 0.01),
    "cost_cvar": ({"alpha": 0.8}, 1.0, 1.0),
    "worst_case": ({}, 1.0, 1.0),
}


def three_years(limit, years=2029):
    """Japan over three years, with three elements and one limit in the second of them.

    What may be contracted of Lynas' Nd ahead is at its high end, and under a domestic share its price, too: at the values of the
    tables all that may be is chosen, and no limit could ask for more.
    """
    dear = {"suppliers.lynas.price.Nd": 170} if limit["kind"] == "domestic_share" else {}
    model = load_model("japan").with_(
        **{"model.years": [2027, years], "model.elements": ["Nd", "Dy", "Y"], "world.tree.nodes": 30,
           "world.tree.branch": [2027], "limits.china_heavy_share.from": 2028,
           "suppliers.lynas.contract_limit.Nd": 5600, **dear}
    )  # fmt: skip
    choices = model.settings.model_dump(by_alias=True, exclude_unset=True)
    if limit["kind"] not in ("cost_cvar", "worst_case"):
        limit = {"from": 2028, "to": 2028} | limit
    else:
        choices["risk"] = {"alpha": 0.8, "weight": 0.0}  # a plan chosen on the mean, which leaves a tail to cut
    return make_model(choices | {"limits": [limit]}, model.facts)


@pytest.mark.parametrize("name", LIMITS)
def test_a_shadow_price_lies_between_the_savings_of_both_sides(name):
    """The least cost is convex in the bound, so that a little more of it saves at most its price, and a little less costs at
    least its price; exactly, whatever the kink. The bound is one that binds: tighter than what is chosen without it."""
    rest, step, per = LIMITS[name]
    kind = name.split()[0]
    least = kind in ("domestic_share", "stock_days")
    loose = (
        0.0
        if least
        else {"budget": 1e6, "cost_cvar": 1e9, "worst_case": 1e9}.get(kind, 1.0 if kind != "footprint" else 99)
    )
    limit = {"name": "cap", "kind": kind, "min" if least else "max": loose, **rest}
    model = three_years(limit)
    tree = make_market(model, {"seabed": "pilot"}).tree

    def solved(bound):
        changed = model.with_(**{f"limits.cap.{'min' if least else 'max'}": bound})
        return solve_market(make_market(changed, {"seabed": "pilot"}, tree))

    def row(one):
        (found,) = make_portfolio(one, [one]).limits.query("limit == 'cap'").to_dict("records")
        return found

    free = solved(loose)
    slack = row(free)
    assert not slack["binding"] and slack["shadow_price_musd"] == approx(0, abs=1e-6) and "room left" in slack["words"]
    tight = {"stock_days": 2.0, "cost_cvar": -1e-4, "worst_case": -1e-4, "budget": -1e-4}.get(
        kind, 0.02 if least else -0.02
    )
    bound = slack["value"] + tight * (1.0 if kind == "stock_days" else slack["value"])
    here = solved(bound)
    found = row(here)
    assert found["binding"] and found["slack"] == approx(0, abs=1e-6 * max(1, abs(bound)))
    looser, tighter = (bound - step, bound + step) if least else (bound + step, bound - step)
    saved, lost = (here.objective - solved(looser).objective) / 1e3, (solved(tighter).objective - here.objective) / 1e3
    price, rounding = found["shadow_price_musd"] * step / per, 1e-9 * here.objective / 1e3
    assert price > 0 and saved - rounding <= price <= lost + rounding
    nothing = is_worthless(found["shadow_price_musd"], found["per"], Measured(here).gross / 1e3)
    says = "stands at its limit, at no cost to speak of" if nothing else "at the margin"
    assert found["words"].endswith(says) and found["words"].startswith("one ") != nothing


# --- wait and see ---


@pytest.mark.parametrize("seed", SEEDS)
def test_foresight_solves_each_path_as_if_it_were_the_only_one(seed):
    model = random_model(seed, demand__uncertain="none", demand__orders="after")
    tree = random_tree(model, seed)
    market = make_market(model, {}, tree)
    seen = wait_and_see(market, templates(market.sets))
    portfolio = answer(market)
    assert portfolio.summary["wait_and_see"] <= portfolio.summary["expected_cost"] + 1e-9
    assert seen.cost / 1e3 == approx(portfolio.leaves["wait_and_see_musd"].to_numpy())
    for leaf, path in enumerate(tree.paths()):
        alone = Tree(
            np.arange(len(path)),
            np.arange(len(path)) - 1,
            np.ones(len(path)),
            tree.processes,
            tree.states,
            tree.state[path],
        )
        direct = solve_market(make_market(model, {}, alone)).objective
        assert seen.cost[leaf] == approx(direct, rel=1e-6, abs=1e-6 * market.demand[market.sets.elements[0]].sum())


# --- kept and shown ---


def test_a_portfolio_survives_its_file(japan, tmp_path):
    path = tmp_path / "japan.json"
    japan.to_json(path)
    back = read_portfolio(path)
    for name in FRAMES:
        pd.testing.assert_frame_equal(japan.frame(name), back.frame(name), check_exact=True)
        assert list(japan.frame(name).columns) == list(FRAMES[name])
    for key in (
        "name", "title", "status", "origin", "fingerprint", "settings", "numbers", "programmes", "names", "exchange",
        "summary",
    ):  # fmt: skip
        assert getattr(japan, key) == getattr(back, key)
    assert str(back) == str(japan)
    back.to_json(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["again.json", "japan.json"]  # nothing half-written stays


def test_the_plan_is_every_decision_made_now(japan):
    """Contracts of the plan are those of the mix, room for stock that of the stock, and each decision stands once for what is seen.

    The programme waits for a verdict: from 2029 on there is a decision for each outcome, and their mean is that of the mix.
    """
    plan = japan.plan
    assert not plan.duplicated(["decision", "of", "year", "seen"]).any()
    assert plan["year"][plan["seen"] != ""].min() == 2029
    chances = plan.groupby(["decision", "of", "year"], dropna=False)["chance"].sum()
    assert chances.to_numpy() == approx(1)
    mean = plan.assign(value=plan["chance"] * plan["value"]).groupby(["decision", "of", "year"])["value"].sum()
    contracts = mean["contract"]
    mix = japan.mix.assign(of=japan.mix["supplier"] + "." + japan.mix["element"]).set_index(["of", "year"])
    assert contracts.to_numpy() == approx(mix.loc[contracts.index.to_list(), "contracted_t"].to_numpy())
    room = mean["stock_target"]
    stock = japan.stock.set_index(["element", "year"])["target_t"]
    assert room.to_numpy() == approx(stock.loc[room.index.to_list()].to_numpy())
    assert plan.loc[plan["decision"] == "stock_today", "year"].isna().all()


def test_facts_are_known_by_their_fingerprint():
    model = load_model("two-class")
    dearer = model.with_(**{"suppliers.seabed.capacity": 720})
    assert solve(dearer).fingerprint == dearer.facts.fingerprint != model.facts.fingerprint
    assert dearer.with_(**{"suppliers.seabed.capacity": 360}).facts.fingerprint == model.facts.fingerprint
    assert solve(dearer).numbers == {"suppliers.seabed.capacity": 720}


def test_odd_numbers_survive(tmp_path):
    portfolio = answer(make_market(one_mine(), {}, open_or_shut()))
    portfolio.costs.loc[0, "expected_musd"] = math.nan
    portfolio.costs.loc[1, "expected_musd"] = -math.inf
    portfolio.costs.loc[2, "expected_musd"] = 0.1 + 0.2
    portfolio.costs.loc[3, "expected_musd"] = 5e-324
    portfolio.to_json(tmp_path / "odd.json")
    pd.testing.assert_frame_equal(read_portfolio(tmp_path / "odd.json").costs, portfolio.costs, check_exact=True)


CORRUPT = {
    "text": lambda d: "no portfolio",
    "a list": lambda d: [d],
    "another format": lambda d: d | {"format": "procure.sweep"},
    "an earlier version": lambda d: d | {"version": 1},
    "a later version": lambda d: d | {"version": 99},
    "version true": lambda d: d | {"version": True},
    "no version": lambda d: {key: value for key, value in d.items() if key != "version"},
    "no summary": lambda d: {key: value for key, value in d.items() if key != "summary"},
    "an unknown key": lambda d: d | {"extra": 1},
    "a name that is a number": lambda d: d | {"name": 3},
    "frames that are a list": lambda d: d | {"frames": []},
    "a summary that is text": lambda d: d | {"summary": d["summary"] | {"cvar": "much"}},
    "a summary without cvar": lambda d: d | {"summary": {"objective": 1.0}},
    "a title that is a number": lambda d: d | {"title": {"en": 1}},
    "names of names": lambda d: d | {"names": {"china": 5}},
    "a missing frame": lambda d: d | {"frames": {k: v for k, v in d["frames"].items() if k != "mix"}},
    "an unknown frame": lambda d: d | {"frames": d["frames"] | {"mixx": {}}},
    "a frame that is null": lambda d: d | {"frames": d["frames"] | {"mix": None}},
    "a missing column": lambda d: d | {"frames": d["frames"] | {"costs": {"component": []}}},
    "an unknown column": lambda d: d | {"frames": d["frames"] | {"costs": d["frames"]["costs"] | {"mean": []}}},
    "a short column": lambda d: d | {"frames": d["frames"] | {"costs": d["frames"]["costs"] | {"worst_musd": [1.0]}}},
    "a column that is a number": lambda d: d | {"frames": d["frames"] | {"costs": d["frames"]["costs"] | {"worst_musd": 1}}},
    "text for a number": lambda d: d | {"frames": d["frames"] | {"costs": d["frames"]["costs"] | {"worst_musd": ["x"] * 9}}},
}  # fmt: skip


@pytest.mark.parametrize("fault", CORRUPT)
def test_a_corrupt_file_is_refused_with_its_fault(fault, tmp_path):
    path = tmp_path / "mine.json"
    answer(make_market(one_mine(), {}, open_or_shut())).to_json(path)
    document = CORRUPT[fault](json.loads(path.read_text(encoding="utf-8")))
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_portfolio(path)
    assert all(str(path) in str(fault) for fault in caught.value.faults)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"format": NaN}', b"9" * 5000],
    ids=["empty", "cut", "bytes", "deep", "nan", "long"],
)
def test_what_is_no_json_is_refused(content, tmp_path):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.json"):
        read_portfolio(path)


def test_files_that_cannot_be_are_refused(tmp_path):
    portfolio = answer(make_market(one_mine(), {}, open_or_shut()))
    with pytest.raises(DataError, match="cannot be read"):
        read_portfolio(tmp_path / "none.json")
    with pytest.raises(DataError, match="cannot be read"):
        read_portfolio(tmp_path)
    with pytest.raises(DataError, match="cannot be written"):
        portfolio.to_json(tmp_path / "no_folder" / "mine.json")
    with pytest.raises(DataError, match="did you mean 'limits'"):
        portfolio.frame("limit")


def test_one_screen(japan):
    text = str(japan)
    lines = text.splitlines()
    assert len(lines) <= 62 and max(map(len, lines)) <= 110 and text.isprintable() is False and "…" not in text
    for word in ("china", "lynas", "caremag", "seabed", "Dy", "Tb", "Nd", "expected", "worst 5 %", "no plan could avoid",
                 "one more percentage point of china's medium/heavy share", "assumed", "chosen"):  # fmt: skip
        assert word in text
    expected = f"{japan.summary['expected_cost']:,.0f}"
    assert expected in text and "\x1b" not in text
    assert japan._repr_html_().startswith('<div lang="en">') and expected in repr(japan)
    assert "期待値" in japan.to_text("ja") and expected in japan.to_text("ja")


@pytest.mark.parametrize(
    ("abroad", "foresight", "said"),
    [
        (31.0, True, "2,500 thousand USD on average; who knew the future could avoid all of it. Foresight would save 950."),
        (31.0, False, "Shortage costs 2,500 thousand USD on average."),
        (9.0, True, "Shortage costs nothing on average. Foresight would save nothing."),
        (9.0, False, "Shortage costs nothing on average."),
    ],
)  # fmt: skip
def test_a_loss_that_all_or_nothing_of_could_be_avoided(abroad, foresight, said):
    """The mine sells 100 t for 10 and is shut half the time, what is short costs 50: 500 + 2,500. Abroad is firm and never shut.

    For 31 that costs 3,100 and is left; who knew the future would buy there when the mine is shut, (1,000 + 3,100) / 2 = 2,050. For
    9 all is bought there, and nothing is ever short.
    """
    frames = one_mine().facts.tables
    tables = {
        name: frames[name] for name in ("elements", "demand", "prices", "states", "transitions", "depths", "shortage")
    }
    never = {"supplier": "abroad", "country": "Abroad", "kind": "free", "price_rule": "fixed", "payment": "delivered"}
    tables |= {
        "suppliers": pd.concat([frames["suppliers"], pd.DataFrame([never])], ignore_index=True),
        "offers": pd.DataFrame({"supplier": ["mine", "abroad"], "element": "Cu", "year": 2027, "value": 100.0}),
        "terms": pd.DataFrame([
            {"supplier": "abroad", "scope": "all", "attribute": "price", "year": 2027, "value": abroad},
            *({"supplier": s, "scope": "all", "attribute": "call_share", "year": 2027, "value": 0.0} for s in ("mine", "abroad")),
        ]),
    }  # fmt: skip
    settings = {"model": {"name": "two", "years": [2027, 2027]}, "risk": {"weight": 0.0}}
    futures = Tree([0, 0], [-1, -1], [0.5, 0.5], ("mine",), (("open", "shut"),), [[0], [1]])
    portfolio = answer(make_market(make_model(settings, Facts.from_frames(tables)), {}, futures), foresight=foresight)
    assert said in " ".join(str(portfolio).split()), str(portfolio)
    assert abroad < 10 or "The share of mine in all demand goes from" in str(portfolio)


def test_markup_in_a_name_is_text():
    model = one_mine(**{"model.title": {"en": "[red]<b>mine</b>[/red]"}})
    portfolio = answer(make_market(model, {}, open_or_shut()))
    assert "[red]<b>mine</b>[/red]" in str(portfolio)
    assert "&lt;b&gt;" in portfolio._repr_html_() and "<b>" not in portfolio._repr_html_()


def test_every_programme_level_is_listed(japan):
    levels = japan.programme_levels
    assert levels["level"].tolist() == [programme_name(choice) for choice in programme_choices(load_model("japan"))]
    assert levels["chosen"].sum() == 1
    chosen = levels[levels["chosen"]].iloc[0]
    assert chosen["objective_musd"] == levels["objective_musd"].min() == japan.summary["objective"]
    assert chosen["level"] == programme_name(japan.programmes)


def test_other_sources_are_no_suppliers(japan):
    assert not set(OTHER_SOURCES) & set(load_model("japan").facts.tables["suppliers"]["supplier"])
    assert set(japan.mix["supplier"]) == {"china", "lynas", "caremag", "seabed", *OTHER_SOURCES}


def test_the_contents_page_is_complete_and_light():
    assert set(procure.__all__) <= set(dir(procure))
    for name in procure.__all__:
        assert getattr(procure, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'portfoli'"):
        _ = procure.portfoli
    code = "import sys, procure; print(sorted({'pandas', 'numpy', 'pyomo', 'highspy', 'pydantic'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
