"""A chance constraint by hand: exact, and by the mean of the worst, which asks more; its ends, its price and its words."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import procure
from procure import Infeasible
from procure.facts import Facts
from procure.limits.shortage_probability import buffered_probability
from procure.market import make_market
from procure.model import make_model

#: What the futures cost without a limit: 0.64 * 10,000 + 0.32 * (5,000 + 100,000) + 0.04 * 200,000.
FREE = 48_000


def world(*limits, spot=1.0, suppliers=(("first", 500.0), ("second", 500.0)), states=(("shut", 1.0),)):
    """1,000 t of A, half from each of two suppliers that fail apart from each other with probability 0.2, for a year.

    A tonne costs 10 kUSD where it arrives, 200 left short, 300 on the spot: 100 more than left short. With more `states` the 0.2 is
    parted among them, all of which take everything.
    """
    frames = {
        "elements": [{"element": "A"}],
        "demand": [{"element": "A", "year": 2027, "value": 1000.0}],
        "prices": [
            {"element": "A", "layer": k, "value": v}
            for k, v in (("licensed", 10.0), ("contract", 10.0), ("spot", 300.0))
        ],
        "suppliers": [{"supplier": s, "country": s} for s, _ in suppliers],
        "offers": [{"supplier": s, "element": "A", "year": 2027, "value": v} for s, v in suppliers],
        "states": [
            {"chain": s, "state": state, "value": 12, "kind": kind, "order": order}
            for s, _ in suppliers
            for order, (state, kind) in enumerate([("open", "regime"), *((name, "episode") for name, _ in states)])
        ],
        "transitions": [
            {"chain": s, "from": "open", "to": state, "value": -part * np.log(0.8)}
            for s, _ in suppliers
            for state, part in states
        ],
        "depths": [
            {"chain": s, "scope": "all", "state": state, "value": 1.0} for s, _ in suppliers for state, _ in states
        ],
        "shortage": [
            {"scope": "all", "tier": 1, "attribute": a, "value": v} for a, v in (("width", 1.0), ("cost", 200.0))
        ],
        "spot": [
            {"scope": "all", "step": 1, "attribute": a, "value": v} for a, v in (("limit", spot), ("factor", 1.0))
        ],
    }
    settings = {
        "model": {"name": "chance", "years": [2027, 2027], "discount_rate": 0.0},
        "risk": {"alpha": 0.0, "weight": 0.0},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames({name: pd.DataFrame(rows) for name, rows in frames.items()}))


def chance(most, threshold=0.0, method="exact"):
    return {
        "name": "served", "kind": "shortage_probability", "max": most, "threshold": threshold, "method": method,
    }  # fmt: skip


def cost(*limits, **more):
    """kUSD."""
    return 1e3 * procure.solve(world(*limits, **more)).summary["objective"]


def served(*limits, **more):
    limits = procure.solve(world(*limits, **more)).limits
    (row,) = limits[limits["limit"] == "served"].to_dict("records")
    return row


@pytest.mark.parametrize(
    ("most", "covered"),
    [
        (1.0, 0.0),
        (0.36, 0.0),  # all that fails
        (0.2, 0.16 * 50_000),  # one failing alone and both failing may be short: the other one is covered
        (0.1, 0.32 * 50_000),  # both failing may be short
        (0.03, 0.32 * 50_000 + 0.04 * 100_000),  # no future is as unlikely
        (0.0, 0.32 * 50_000 + 0.04 * 100_000),  # the worst case
    ],
)
def test_which_futures_may_be_short(most, covered):
    assert cost() == approx(FREE)
    assert cost(chance(most)) == approx(FREE + covered)


def test_no_chance_is_the_worst_case():
    """That no future is short costs what a limit costs that lets none of the worst tenth be so."""
    tail = {"name": "tail", "kind": "shortage_cvar", "max": 0.0, "alpha": 0.999}
    assert cost(chance(0.0)) == approx(cost(tail)) == approx(cost(chance(0.0, method="cvar")))


def test_a_threshold_lets_half_be_short():
    """Where one fails half is short, which is not more than half; where both fail the other half is bought: 0.04 * 50,000."""
    assert cost(chance(0.04, 0.5)) == approx(FREE)
    assert cost(chance(0.0, 0.5)) == approx(FREE + 2000)


def test_the_convex_form_asks_more_and_is_priced():
    """The worst 0.38 at most 0.4 short on average: of 0.04 + 0.32 * 0.5 = 0.2 no more than 0.4 * 0.38 = 0.152 may stay.

    Each 0.001 of it is a tonne on average, at 100 kUSD: 0.048 costs 4,800. One percentage point more of the chance lets 0.004 more
    stay short: 400 kUSD. The exact form is free, as no more than 0.36 of the futures is short at all.
    """
    assert cost(chance(0.38, 0.4)) == approx(FREE)
    assert cost(chance(0.38, 0.4, "cvar")) == approx(FREE + 4800)
    row = served(chance(0.38, 0.4, "cvar"))
    assert row["shadow_price_musd"] == approx(0.4)
    saved = cost(chance(0.38, 0.4, "cvar")) - cost(chance(0.39, 0.4, "cvar"))
    assert 1e3 * row["shadow_price_musd"] == approx(saved)


def test_both_ways_of_counting_are_told_side_by_side():
    """One failing alone is covered, at 0.16: a chance of 0.2 remains; any of them short is more than none on average."""
    row = served(chance(0.2))
    assert (row["value"], row["unit"]) == (approx(0.2), "share")
    assert np.isnan(row["shadow_price_musd"])
    assert row["words"] == (
        "the chance of more than 0 % of all elements unserved in 2027 is 20 %: whole futures have no price at the margin; "
        "100 % with the mean of the worst in its place"
    )


@pytest.mark.parametrize(("language", "words"), [("en", "no price at the margin"), ("ja", "限界価値はない")])
def test_where_it_binds_the_screen_says_that_it_has_no_price(language, words):
    screen = " ".join(procure.solve(world(chance(0.2))).to_text(language).split())
    assert words in screen and "nan" not in screen


def test_a_limit_that_asks_for_less_shortage_than_is_cheapest_is_not_called_unavoidable():
    """Free, 0.2 of demand is short on average, 1,000 t at 200: 40 million USD. One failing alone is covered, 0.08 fewer: 24."""
    screen = " ".join(str(procure.solve(world(chance(0.2)))).split())
    assert (
        "Shortage costs 24 million USD on average, less than the 40 that are cheapest for who knows the future"
        in screen
    )


def test_futures_alike_are_told_apart_where_only_some_may_be_short():
    """Two states of one supplier take all, one of them likelier than a tenth: only the other may be short."""
    model = {"suppliers": (("first", 1000.0),), "states": (("long", 0.8), ("longer", 0.2))}
    _, likely, rare = sorted(make_market(world(**model)).probability, reverse=True)
    assert likely > 0.1 > rare and likely + rare == approx(0.2)
    assert cost(**model) == approx(0.8 * 10_000 + 0.2 * 200_000)
    assert cost(chance(0.1), **model) == approx(0.8 * 10_000 + 0.2 * 200_000 + likely * 100_000)


@pytest.mark.parametrize(("method", "repair"), [("exact", "0.36 "), ("cvar", "0.5 ")])
def test_what_cannot_be_kept_is_said_with_its_repair(method, repair):
    """Without a spot market 0.36 of the futures are short; of the worst half 0.4 is, 0.2 on average of all."""
    with pytest.raises(Infeasible) as caught:
        procure.solve(world(chance(0.3, 0.4, method), spot=0.0))
    text = str(caught.value)
    assert "a chance of at most 30 % that more than 40 % of all elements go unserved" in text
    assert f"limits.served.max = {repair}" in text


def test_a_bound_that_moves_is_re_solved():
    compiled = procure.compile(world(chance(0.2)))
    for most, covered in ((0.2, 8000), (0.1, 16_000), (1.0, 0), (0.2, 8000)):
        assert 1e3 * compiled.solve({"limits.served.max": most}).objective == approx(FREE + covered)


@pytest.mark.parametrize("seed", range(20))
def test_the_buffered_probability_is_the_least_that_holds(seed):
    """At it the mean of the worst is the threshold; at a little less it is more."""
    random = np.random.default_rng(seed)
    loss, law = random.uniform(0, 1, 8), random.dirichlet(np.ones(8))
    threshold = random.uniform(law @ loss, loss.max())
    least = buffered_probability(loss, law, threshold)
    assert procure.risk.cvar(loss, law, alpha=1 - least) == approx(threshold)
    assert procure.risk.cvar(loss, law, alpha=1 - 0.99 * least) > threshold


@pytest.mark.parametrize(
    "limit",
    [
        {"name": "mean", "kind": "expected_shortage", "max": 0.0},
        {"name": "tail", "kind": "shortage_cvar", "alpha": 0.9, "max": 0.0},
        {"name": "chance", "kind": "shortage_probability", "max": 0.0, "threshold": 0.1},
        {"name": "convex", "kind": "shortage_probability", "max": 0.1, "threshold": 0.1, "method": "cvar"},
    ],
    ids=lambda limit: limit["name"],
)
def test_where_nothing_is_wanted_nothing_is_unserved(limit):
    """Of light elements nobody wants any: each limit on their shortage is kept, whatever it allows, and costs nothing."""
    model = procure.load_model("two-class").with_(**{"demand.light.2027": 0.0})
    held = model.limited(limit | {"scope": "light"})
    assert procure.compile(held).solve().objective == approx(procure.compile(model).solve().objective, rel=1e-9)
