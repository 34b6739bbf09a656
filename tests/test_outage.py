"""What a plan must be able to answer when suppliers are lost, by hand, in words and priced."""

import pandas as pd
import pytest
from pytest import approx

import procure
from procure import DataError, Infeasible
from procure.facts import Facts
from procure.model import make_model


def world(*limits, years=(2027, 2027), existing=0.0, periods_per_year=1):
    """100 t/yr of A from near at 40 kUSD/t or far at 60: 100 t on offer each, and neither ever fails. A tonne short costs 1,000."""
    span = range(years[0], years[1] + 1)
    frames = {
        "elements": [{"element": "A"}],
        "demand": [{"element": "A", "year": y, "value": 100.0} for y in span],
        "prices": [{"element": "A", "layer": k, "value": 50.0} for k in ("licensed", "contract", "spot")],
        "suppliers": [{"supplier": s, "country": s} for s in ("near", "far")],
        "terms": [
            {"supplier": s, "scope": "all", "attribute": "price", "year": 2027, "value": v}
            for s, v in (("near", 40.0), ("far", 60.0))
        ],
        "offers": [{"supplier": s, "element": "A", "year": 2027, "value": 100.0} for s in ("near", "far")],
        "shortage": [
            {"scope": "all", "tier": 1, "attribute": a, "value": v} for a, v in (("width", 1.0), ("cost", 1000.0))
        ],
        "stock": [
            {"scope": "all", "attribute": a, "value": v}
            for a, v in (("existing", existing), ("max_days", 365.0), ("storage", 0.0), ("refill_share", 0.0))
        ],
    }
    settings = {
        "model": {
            "name": "two-mines",
            "years": list(years),
            "discount_rate": 0.0,
            "periods_per_year": periods_per_year,
        },
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames({name: pd.DataFrame(rows) for name, rows in frames.items()}))


def outage(lost, most, **more):
    return {"name": "resilience", "kind": "outage", "lost": lost, "max": most} | more


def cost(*limits, **more):
    """kUSD."""
    return 1e3 * procure.solve(world(*limits, **more)).summary["objective"]


def test_one_named_supplier_is_lost():
    """All from near costs 100 * 40 = 4,000. Where near is lost, at most 30 t short leaves 70 to far: 30 * 40 + 70 * 60 = 5,400."""
    assert cost() == approx(4000)
    assert cost(outage(["near"], 0.3)) == approx(5400)


def test_half_a_year_takes_half_of_a_year():
    """near / 2 + far >= 70 and near + far >= 100: 60 and 40 t, 60 * 40 + 40 * 60 = 4,800."""
    assert cost(outage(["near"], 0.3, months=6.0)) == approx(4800)


def test_any_one():
    """Each must serve 70 t alone, and what both bring beyond demand earns nothing: 70 * 40 + 70 * 60 = 7,000."""
    assert cost(outage("any one", 0.3)) == approx(7000)


def test_stock_answers_what_contracts_do_not():
    """50 t lie in stock, to be drawn in a disruption only, which the loss is: far need bring 20, 80 * 40 + 20 * 60 = 4,400."""
    assert cost(outage(["near"], 0.3), existing=50.0) == approx(4400)


def test_a_loss_of_eighteen_months_falls_into_two_years():
    """Stock of 50 t serves once. In the first year near is gone, in the second half of it is, then nothing is.

    From 2027 on: far_27 + draw_27 >= 70, far_28 + near_28 / 2 + draw_28 >= 70, draws of 50 in all; from 2028 on: far_28 + draw_28
    >= 70 with all 50, so far_28 >= 20. Each tonne of far costs 20 more than one of near. With far_28 = 40 - d: near_28 = 60 + d
    serves 70 - d/2 ... so draw_28 = d / 2 lets 2027 draw 50 - d / 2 and far_27 = 20 + d / 2: a tonne less in 2028 for half a tonne
    more in 2027, down to far_28 = 20, d = 20, far_27 = 30. Cost 2 * 4,000 + 20 * (30 + 20) = 9,000.
    """
    assert cost(outage(["near"], 0.3, months=18.0), years=(2027, 2028), existing=50.0) == approx(9000)


def test_by_months_as_by_years():
    """A year of months has the demand of a year; a loss of twelve of them from January leaves 70 to far in each."""
    assert cost(outage(["near"], 0.3), periods_per_year=12) == approx(5400)


@pytest.mark.parametrize("limit", [outage([], 0.0), outage("any one", 1.0), outage("any two", 1.0)])
def test_an_outage_of_nobody_and_one_that_may_take_all_are_free(limit):
    assert cost(limit) == approx(4000)


def test_it_counts_only_in_its_years():
    """In 2028 far brings 70, in 2027 nothing."""
    assert cost(outage(["near"], 0.3, **{"from": 2028}), years=(2027, 2028)) == approx(4000 + 5400)


def test_its_price_is_what_a_re_solve_saves():
    """One percentage point is a tonne, moved from far to near: 20 kUSD."""
    portfolio = procure.solve(world(outage(["near"], 0.3)))
    (row,) = portfolio.limits[portfolio.limits["limit"] == "resilience"].to_dict("records")
    assert (row["value"], row["bound"], row["slack"], row["unit"]) == (approx(0.3), 0.3, approx(0, abs=1e-9), "share")
    assert (
        row["shadow_price_musd"]
        == approx(0.02)
        == approx((cost(outage(["near"], 0.3)) - cost(outage(["near"], 0.31))) / 1e3)
    )
    assert row["words"] == (
        "one more percentage point of shortage when near is lost for 12 months in 2027 saves 0.02 million USD at the margin"
    )


def test_a_bound_that_moves_is_re_solved():
    compiled = procure.compile(world(outage(["near"], 0.3)))
    for most, far in ((0.3, 70), (0.5, 50), (1.0, 0), (0.3, 70)):
        answer = compiled.solve({"limits.resilience.max": most})
        assert 1e3 * answer.objective == approx(4000 + 20 * far)


def test_what_no_plan_answers_is_said_with_its_repair():
    """With near and far lost all 100 t are short."""
    with pytest.raises(Infeasible) as caught:
        procure.solve(world(outage("any two", 0.3)))
    text = str(caught.value)
    assert "at most 30 % of all elements unserved when any two suppliers are lost for 12 months" in text
    assert "limits.resilience.max = 1 " in text


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("lost", ["nera"], "did you mean 'near'?"), ("lost", "any three", "any two"), ("months", 0.0, "> 0")],
)
def test_what_makes_no_sense_is_a_fault(key, value, said):
    with pytest.raises(DataError, match=r"limits\.resilience") as caught:
        world(outage(["near"], 0.3) | {key: value})
    assert said in str(caught.value)


@pytest.mark.parametrize("seed", range(6))
def test_a_tighter_limit_never_costs_less(seed):
    import numpy as np

    months = float(np.random.default_rng(seed).integers(3, 24))
    limits = [outage("any one", most, months=months) for most in (0.2, 0.5, 0.9)]
    assert np.diff([cost(limit, years=(2027, 2028), existing=40.0) for limit in limits]).max() <= 1e-6
