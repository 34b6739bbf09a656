"""Stock that is held, not only given room: by hand, in words, priced, and against the decisions of random worlds."""

import itertools

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import procure
from procure import DataError, Infeasible
from procure.facts import Facts
from procure.market import make_market, merge
from procure.model import make_model
from procure.portfolio.measure import Measured
from procure.program.solve import solve_market
from random_models import random_model, random_tree


def world(*limits, refill=1.0, existing=0.0):
    """365 t of A and 730 t of B a year, called from one mine at 40 kUSD/t, which is open with probability 0.8, and else shut.

    A tonne short costs 100. Room for stock is free, and stock that is left is worth nothing.
    """
    demand = {"A": 365.0, "B": 730.0}
    frames = {
        "elements": [{"element": e} for e in demand],
        "demand": [{"element": e, "year": 2027, "value": v} for e, v in demand.items()],
        "prices": [{"element": e, "layer": k, "value": 40.0} for e in demand for k in ("licensed", "contract", "spot")],
        "suppliers": [{"supplier": "mine", "country": "Home", "price_rule": "fixed"}],
        "terms": [{"supplier": "mine", "scope": "all", "attribute": a, "year": 2027, "value": v}
                  for a, v in (("price", 40.0), ("call_share", 1.0))],
        "offers": [{"supplier": "mine", "element": e, "year": 2027, "value": 2000.0} for e in demand],
        "states": [
            {"chain": "mine", "state": state, "value": 12, "kind": kind, "order": order}
            for order, (state, kind) in enumerate((("open", "regime"), ("shut", "episode")))
        ],
        "transitions": [{"chain": "mine", "from": "open", "to": "shut", "value": -np.log(0.8)}],
        "depths": [{"chain": "mine", "scope": "all", "state": "shut", "value": 1.0}],
        "shortage": [
            {"scope": "all", "tier": 1, "attribute": a, "value": v} for a, v in (("width", 1.0), ("cost", 100.0))
        ],
        "stock": [
            {"scope": "all", "attribute": a, "value": v}
            for a, v in (("existing", existing), ("max_days", 365.0), ("storage", 0.0), ("refill_share", refill))
        ],
    }  # fmt: skip
    settings = {
        "model": {"name": "one-mine", "years": [2027, 2027], "discount_rate": 0.0},
        "suppliers": {"mine": {"contracts": "none"}},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames({name: pd.DataFrame(rows) for name, rows in frames.items()}))


def held(days, **more):
    return {"name": "reserve", "kind": "stock_held", "min": days} | more


def cost(*limits, **more):
    """kUSD."""
    return 1e3 * procure.solve(world(*limits, **more)).summary["objective"]


#: All that is needed where the mine is open, and all of it short where it is shut: 0.8 * 1,095 * 40 + 0.2 * 1,095 * 100.
FREE = 56_940


def test_by_hand():
    """60 days are 60 t of A and 120 t of B, bought where the mine is open: 0.8 * 180 * 40 = 5,760. A day of A costs 32, of B 64."""
    assert cost() == approx(FREE)
    assert cost(held(60.0)) == approx(FREE + 5_760)
    assert cost(held(60.0, scope="A")) == approx(FREE + 1_920)
    limits = procure.solve(world(held(60.0))).limits
    rows = limits[limits["limit"] == "reserve"].set_index("scope")
    assert rows["value"].to_dict() == approx({"A": 60.0, "B": 60.0})
    assert (1e3 * rows["shadow_price_musd"]).to_dict() == approx({"A": 32.0, "B": 64.0})
    assert 1e3 * rows["shadow_price_musd"].sum() == approx(cost(held(61.0)) - cost(held(60.0)))
    assert rows.loc["B", "words"].startswith("one day less of B stock held while undisturbed in 2027 saves")


def test_room_is_no_stock():
    """Room for 60 days is free here, and nothing lies in it."""
    room = {"name": "room", "kind": "stock_days", "min": 60.0}
    assert cost(room) == approx(FREE)
    assert procure.solve(world(room)).stock["expected_t"].max() == 0
    stock = procure.solve(world(held(60.0))).stock.set_index("element")["expected_t"]
    assert stock.to_dict() == approx({"A": 0.8 * 60, "B": 0.8 * 120})


def test_what_is_there_need_not_be_bought():
    """73 t of A and of B lie in stock. Where the mine is shut they are drawn; where it is open B lacks 47 t, and A none."""
    assert cost(existing=73.0) == approx(FREE - 0.2 * 146 * 100)
    assert cost(held(60.0), existing=73.0) == approx(FREE - 0.2 * 146 * 100 + 0.8 * 47 * 40)


def test_none_held_is_no_limit():
    assert cost(held(0.0)) == approx(FREE)


def test_what_nobody_can_hold_is_said_with_its_repair():
    """A tenth of a year's use may go into stock in a year: 36.5 days."""
    with pytest.raises(Infeasible) as caught:
        procure.solve(world(held(60.0), refill=0.1))
    text = str(caught.value)
    assert "at least 60 days of use of all elements held in stock in every undisturbed future in 2027" in text
    assert "limits.reserve.min = 36.5   (36.5 days, now 60 days)" in text


def test_it_speaks_of_stock_alone():
    with pytest.raises(DataError, match="leave out 'supplier'"):
        world(held(60.0, supplier="mine"))
    with pytest.raises(DataError, match="write min ="):
        world({"name": "reserve", "kind": "stock_held", "max": 60.0})


def test_a_bound_that_moves_is_re_solved():
    compiled = procure.compile(world(held(60.0)))
    for days in (60.0, 10.0, 0.0, 90.0):
        assert 1e3 * compiled.solve({"limits.reserve.min": days}).objective == approx(FREE + 96 * days)


@pytest.mark.parametrize("seed", range(8))
def test_random_worlds_hold_it_wherever_nobody_is_disturbed(seed):
    """Read off the decisions; merged as not merged; more days never cost less."""
    costs = []
    for days in (0.0, 15.0, 30.0):
        model = random_model(seed, [held(days)], world__tree__nodes=40)
        market = make_market(model, {}, random_tree(model, seed))
        try:
            solved = solve_market(market)
        except Infeasible:
            with pytest.raises(Infeasible):
                solve_market(merge(market))
            costs.append(np.inf)
            continue
        assert solve_market(merge(market)).objective == approx(solved.objective, rel=1e-6, abs=1e-4)
        costs.append(solved.objective)
        measured = Measured(solved)
        for (name, year), bound in market.bounds.items():
            element = name.removeprefix("reserve:")
            stock = measured.node["stock"][element,][bound.nodes]
            demand = market.demand[element][market.model.years.index(year)]
            assert (365 * stock / demand).min(initial=np.inf) >= days - 1e-5
    assert all(dear >= cheap or dear == approx(cheap, rel=1e-6) for cheap, dear in itertools.pairwise(costs))
