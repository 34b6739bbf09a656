"""One budget a year for what the plan spends and what is bought: by hand, against `budget`, priced, in words, moved in place."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import procure
from procure import DataError, Infeasible
from procure.market import make_market
from procure.portfolio.expiry import limits
from procure.portfolio.measure import Measured
from procure.program.solve import solve_market
from procure.report.check import summary
from random_models import random_model
from test_portfolio import one_mine, open_or_shut
from test_shadow import with_tables

ALL = ("contracts", "calls", "spot_purchases", "investment", "fixed", "storage_cost")


def spend(most, **more):
    return {"name": "spend", "spending": most, **more}


def mine(*own, committed=0.0):
    """100 t are needed. 80 t of capacity stand, 20 more cost 10 kUSD each; a tonne that arrives costs 10, on the spot 30 (10 t at
    most), and short 50. The mine is open with probability 0.8; there is no stock."""
    model = one_mine(weight=0.0, limits=own)
    terms = {"capacity": 80.0, "expansion_limit": 20.0, "expansion_cost": 10.0, "call_share": 0.0}
    rows = [{"supplier": "mine", "scope": "all", "attribute": a, "year": 2027, "value": v} for a, v in terms.items()]
    return with_tables(
        model, terms=pd.DataFrame(rows),
        offers=model.facts.tables["offers"][["supplier", "element", "year"]].assign(value=100.0),
        commitments=pd.DataFrame({"supplier": ["mine"], "element": ["Cu"], "year": [2027], "value": [committed]}),
        spot=pd.DataFrame({"scope": "Cu", "step": 1, "attribute": ["factor", "limit"], "value": [1.0, 0.1]}),
        stock=pd.DataFrame({"scope": "Cu", "attribute": ["existing", "max_days", "end_value"], "value": 0.0}),
    )  # fmt: skip


def solved(*own):
    return Measured(solve_market(make_market(mine(*own), {}, open_or_shut())))


#: The budget, million USD, what it is on, the cost, kUSD, and what a million more saves, in millions.
BY_HAND = [
    (spend(1.061), 1960, 0.0),
    (spend(1.030), 1960 + 30 * 2 / 3, 2 / 3),
    (spend(0.910), 1960 + 60 * 2 / 3 + 90 * 22 / 18, 22 / 18),
    (spend(1.0, every_future=True), 1960 + 200 * 1.1, 1.1),
    (spend(0.83, on=["contracts", "spot_purchases"]), 1960 + 30 * 2 / 3, 2 / 3),
]


@pytest.mark.parametrize(("limit", "cost", "price"), BY_HAND)
def test_by_hand(limit, cost, price):
    """Free, 20 t are built (200 kUSD), 100 contracted, and 10 bought on the spot where the mine is shut: 1,200 kUSD are spent
    where it is open and 500 where it is shut, 1,060 in the mean. It costs 200 + 0.8 x 1000 + 0.2 x (300 + 90 x 50) = 1,960.

      a tonne on the spot, shut     spends 0.2 x 30 = 6     is worth 0.2 x 20 = 4       2/3 of what is spent
      a tonne that is built         spends 10 + 8 = 18      is worth 40 - 18 = 22       22/18

    So the spot gives way first, all its 60 in the mean, and then what is built. In every future the open mine decides: a tonne
    not built spends 20 less there, and 22 are lost: 1.1. Contracts and spot are 860 in the mean, and there too the spot goes.
    """
    measured = solved(limit)
    assert measured.objective == approx(cost)
    lines = limits(measured).set_index("limit")
    if not price:
        assert "spend" not in lines.index or lines.loc["spend", "shadow_price_musd"] == approx(0, abs=1e-9)
        return
    assert (lines.loc["spend", "value"], lines.loc["spend", "shadow_price_musd"]) == (
        approx(limit["spending"]), approx(price),
    )  # fmt: skip
    more = solved(limit | {"spending": limit["spending"] + 1e-3})
    assert measured.objective - more.objective == approx(price)


def test_neither_a_budget_nor_purchases_says_it():
    """910 kUSD in one purse: 105 for building, and 805 for the rest. Two purses of that size for each let more be spent."""
    one = solved(spend(0.91)).objective
    assert solved({"budget": 0.91}, {"purchases": 0.91}).objective < one - 1
    split = {"budget": 0.15}, {"purchases": 0.76}
    assert solved(*split).objective == approx(one)  # the purse as it is spent, and no other split does as well
    assert solved({"budget": 0.12}, {"purchases": 0.79}).objective > one + 1


@pytest.mark.parametrize(("seed", "periods"), [(7, 2), (9, 2), (12, 1), (13, 1)])
def test_on_what_the_plan_spends_it_is_a_budget(seed, periods):
    """What the plan spends is the same in every future: in each of them, or in the mean, it is a `budget`."""
    small = {"model__years": (2027, 2028), "demand__uncertain": "none"}
    model = random_model(seed, model__periods_per_year=periods, **small)
    free = procure.compile(model).solve()
    most = round(0.5 * free.measured.plan_cost / 1e3 / len(model.years), 6)
    on = ["investment", "fixed", "storage_cost"]
    costs = [
        procure.compile(model.limited(limit)).solve(explains=False).objective
        for limit in ({"budget": most}, spend(most, on=on), spend(most, on=on, every_future=True))
    ]
    assert model.facts.tables["stock"].query("attribute == 'holding'").empty  # that is no part of a budget
    assert costs[0] > free.objective + 1e-6
    assert costs[1:] == approx([costs[0]] * 2, rel=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_a_tighter_budget_never_costs_less_and_is_followed_in_place(seed):
    model = random_model(seed)
    free = procure.compile(model).solve()
    paid = free.portfolio.costs.set_index("component")["expected_musd"]
    spent = float(paid[[part for part in ALL if part in paid.index]].sum()) / len(model.years)
    limited = model.limited(spend(round(2 * spent, 6)))
    compiled, last = procure.compile(limited), -np.inf
    for share in (2.0, 0.9, 0.7):
        most = round(share * spent, 6)
        fresh = model.limited(spend(most))
        try:
            moved = compiled.solve({"limits.spend.max": most}, explains=False).objective
        except Infeasible:
            with pytest.raises(Infeasible):
                procure.solve(fresh)
            continue
        assert moved >= last - 1e-6
        assert moved == approx(procure.solve(fresh, foresight=False).summary["objective"], rel=1e-8)
        last = moved


def test_a_sweep_moves_it_and_the_price_of_room():
    model = mine(spend("910 thousand USD"))
    grid = {"limits.spend.max": [0.91, 1.0], "suppliers.mine.expansion_cost.all.2027": [10.0, 12.0]}
    rows = procure.sweep(model, grid)
    for row in rows.to_dict("records"):
        changed = {path: row[path] for path in grid}
        assert row["objective_musd"] == approx(
            procure.solve(model.with_(**changed), foresight=False).summary["objective"]
        )


def test_words_units_and_refusals():
    assert mine(spend("900 thousand USD")).settings.limits[0].max == approx(0.9)
    assert "at most 1.1 million USD a year for all that is paid, on average over all futures" in summary(
        mine(spend(1.1))
    )
    some = mine(spend(1.1, on=["spot_purchases", "investment"], every_future=True))
    assert "for spot purchases, capacity and programmes, in every future" in summary(some)
    for on in ([], ["spot", "contracts"], ["contracts", "contracts"]):
        with pytest.raises(DataError, match="spend"):
            mine(spend(1.0, on=on))
    with pytest.raises(Infeasible, match=r"(?s)spend.*mine.*limits\.spend\.max = 1"):
        procure.solve(mine(spend(0.5, every_future=True), committed=100.0))


def test_in_yen():
    """10 bn JPY at the rate of the bundled tables, JPY for one USD."""
    model = procure.load_model("japan").limited(spend("10 bn JPY"))
    rates = model.facts.tables["exchange_rates"]
    (rate,) = rates.query("currency == 'JPY'")["value"]
    assert model.settings.limits[-1].max == approx(10_000 / rate)
