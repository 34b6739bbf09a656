"""Three meanings of a share, by hand, in words, priced, and against each other in random worlds."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import procure
from procure import DataError, Infeasible
from procure.facts import Facts
from procure.limits.supplied import MEANINGS
from procure.model import make_model
from procure.report.check import summary
from random_models import random_model


def world(*limits, committed=0.0, countries=("Near", "Far")):
    """100 t of A, called from near at 40 kUSD/t or from far at 60: 100 t on offer each. A tonne short costs 1,000.

    near is open with probability 0.6, and slow with 0.4: then half of its volume is lost. far never fails.
    """
    frames = {
        "elements": [{"element": "A"}],
        "demand": [{"element": "A", "year": 2027, "value": 100.0}],
        "prices": [{"element": "A", "layer": k, "value": 50.0} for k in ("licensed", "contract", "spot")],
        "suppliers": [
            {"supplier": s, "country": country, "price_rule": "fixed"}
            for s, country in zip(("near", "far"), countries, strict=True)
        ],
        "terms": [
            {"supplier": s, "scope": "all", "attribute": a, "year": 2027, "value": v}
            for s, price in (("near", 40.0), ("far", 60.0))
            for a, v in (("price", price), ("call_share", 1.0))
        ],
        "offers": [{"supplier": s, "element": "A", "year": 2027, "value": 100.0} for s in ("near", "far")],
        "commitments": [{"supplier": "near", "element": "A", "year": 2027, "value": committed}],
        "states": [
            {"chain": "near", "state": state, "value": 12, "kind": kind, "order": order}
            for order, (state, kind) in enumerate((("open", "regime"), ("slow", "episode")))
        ],
        "transitions": [{"chain": "near", "from": "open", "to": "slow", "value": -np.log(0.6)}],
        "depths": [{"chain": "near", "scope": "all", "state": "slow", "value": 0.5}],
        "shortage": [
            {"scope": "all", "tier": 1, "attribute": a, "value": v} for a, v in (("width", 1.0), ("cost", 1000.0))
        ],
    }
    settings = {
        "model": {"name": "two-mines", "years": [2027, 2027], "discount_rate": 0.0},
        "suppliers": {s: {"contracts": "committed" if committed else "none"} for s in ("near", "far")},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames({name: pd.DataFrame(rows) for name, rows in frames.items()}))


def cap(most, **more):
    return {"name": "near_share", "kind": "share", "supplier": "near", "max": most} | more


def cost(*limits):
    """kUSD."""
    return 1e3 * procure.solve(world(*limits)).summary["objective"]


#: Of each meaning and bound: the cost, kUSD, and what one percentage point more saves.
BY_HAND = [
    ("undisturbed", 0.3, 5240, 12), ("always", 0.3, 5400, 20), ("mean", 0.3, 5400, 20),
    ("undisturbed", 0.6, 4880, 12), ("always", 0.6, 4880, 12), ("mean", 0.6, 4800, 20),
]  # fmt: skip


@pytest.mark.parametrize(("when", "most", "expected", "price"), BY_HAND)
def test_by_hand(when, most, expected, price):
    """Of near x t are called where it is open, y <= 50 where it is slow, each 20 cheaper than far: 6,000 - 20 (0.6 x + 0.4 y).

    Free, x = 100 and y = 50: 4,400. Undisturbed at 30 t: x = 30 and y = 50, 5,240; at 60 t x = 60, 4,880; a tonne is worth 0.6 *
    20. Always at 30 t: x = y = 30, 5,400, a tonne is worth 20; at 60 t y = 50 is no more than that, as if only x were
    limited. In the mean 0.6 x + 0.4 y is 30 or 60 t: 5,400 and 4,800, a tonne is worth 20.
    """
    assert cost() == approx(4400)
    limit = cap(most, when=when)
    assert cost(limit) == approx(expected)
    portfolio = procure.solve(world(limit))
    row = portfolio.limits[portfolio.limits["limit"] == "near_share"].iloc[0]
    assert (row["value"], row["slack"]) == (approx(most), approx(0, abs=1e-9))
    assert 1e3 * row["shadow_price_musd"] == approx(price) == approx(cost(limit) - cost(cap(most + 0.01, when=when)))
    assert row["words"].startswith(f"one more percentage point of near's share {MEANINGS[when]} in 2027 saves")


def test_undisturbed_is_what_a_file_means_that_does_not_say():
    assert cost(cap(0.3)) == approx(cost(cap(0.3, when="undisturbed")))


def test_what_holds_only_undisturbed_is_more_on_average():
    """0.6 * 30 + 0.4 * 50 = 38 t of 100, where a file says 30 %: the reason for the key."""
    mix = procure.solve(world(cap(0.3))).mix
    assert mix.loc[mix["supplier"] == "near", "supplied_t"].sum() == approx(38)


@pytest.mark.parametrize(("when", "least"), [("undisturbed", "50 %"), ("always", "50 %"), ("mean", "40 %")])
def test_what_nobody_can_keep_is_said_with_its_repair(when, least):
    """50 t are firm: all of them come where near is open, 25 where it is slow, 0.6 * 50 + 0.4 * 25 = 40 on average."""
    with pytest.raises(Infeasible) as caught:
        procure.solve(world(cap(0.3, when=when), committed=50.0))
    text = str(caught.value)
    assert f"at most 30 % of all elements from near {MEANINGS[when]}" in text
    assert f"limits.near_share.max = 0.{least[0]}   ({least}, now 30 %)" in text


@pytest.mark.parametrize("when", MEANINGS)
def test_screen_and_check_say_which(when):
    model = world(cap(0.3, when=when))
    portfolio = procure.solve(model)
    assert MEANINGS[when] in portfolio.to_text()
    assert {"undisturbed": "平常時", "always": "あらゆる将来", "mean": "全将来の平均"}[when] in portfolio.to_text("ja")
    assert f"at most 30 % of all elements from near {MEANINGS[when]}" in summary(model)


def test_another_meaning_is_a_fault():
    with pytest.raises(DataError, match="did you mean 'always'"):
        world(cap(0.3, when="allways"))
    with pytest.raises(DataError, match="leave out 'when'"):
        world({"name": "home", "kind": "domestic_share", "supplier": "far", "min": 0.1, "when": "mean"})


@pytest.mark.parametrize("when", MEANINGS)
def test_a_bound_that_moves_is_re_solved(when):
    compiled = procure.compile(world(cap(0.3, when=when)))
    for most in (0.3, 0.6, 1.0, 0.3):
        answer = compiled.solve({"limits.near_share.max": most})
        assert 1e3 * answer.objective == approx(cost(cap(most, when=when)))


@pytest.mark.parametrize("seed", range(8))
def test_what_is_kept_always_is_kept_on_both_averages(seed):
    """So it costs no less than either; and a slack bound costs nothing, whatever it means."""
    north = {"name": "north", "kind": "share", "supplier": "north"}
    few = {"world__tree__nodes": 40}
    free = procure.solve(random_model(seed, **few), foresight=False).summary["objective"]
    costs = {}
    for when in MEANINGS:
        for most in (0.4, 1e9):
            limit = north | {"when": when, "max": min(most, 1.0)}
            try:
                costs[when, most] = procure.solve(random_model(seed, [limit], **few), foresight=False).summary[
                    "objective"
                ]
            except Infeasible:
                costs[when, most] = np.inf
    tolerance = 1e-6 * abs(free)
    assert costs["always", 0.4] >= max(costs["undisturbed", 0.4], costs["mean", 0.4]) - tolerance
    assert min(costs.values()) >= free - tolerance
