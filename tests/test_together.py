"""Elements that share decisions between futures cost what they cost apart, also where a limit binds and couples them."""

import numpy as np
import pandas as pd
import pytest

import plain_pyomo
from procure import Infeasible
from procure.facts import Facts
from procure.lp.program import Status
from procure.market import make_market, merge
from procure.model import make_model
from procure.portfolio.measure import Measured
from procure.portfolio.shadow import limits
from procure.program.optimum import optimum
from procure.program.program import compose
from procure.program.solve import solve_market
from random_models import random_model

UNLIMITED = {"scope": "all", "step": 1, "attribute": "limit", "value": 1.0}


def world(*limits, alpha, weight):
    """Elements A and B, 1,000 t each, from a supplier of its own that fails with probability 0.2, apart from the other.

    A tonne costs 10 kUSD where it arrives, 200 left short, 300 on the spot.
    """
    both = "A", "B"
    frames = {
        "elements": [{"element": e} for e in both],
        "demand": [{"element": e, "year": 2027, "value": 1000.0} for e in both],
        "prices": [
            {"element": e, "layer": k, "value": v}
            for e in both
            for k, v in (("licensed", 10.0), ("contract", 10.0), ("spot", 300.0))
        ],
        "suppliers": [{"supplier": s, "country": s} for s in ("first", "second")],
        "offers": [
            {"supplier": s, "element": e, "year": 2027, "value": 1000.0}
            for s, e in zip(("first", "second"), both, strict=True)
        ],
        "states": [
            {"chain": s, "state": state, "value": 12, "kind": kind, "order": order}
            for s in ("first", "second")
            for order, (state, kind) in enumerate((("open", "regime"), ("shut", "episode")))
        ],
        "transitions": [{"chain": s, "from": "open", "to": "shut", "value": -np.log(0.8)} for s in ("first", "second")],
        "depths": [{"chain": s, "scope": "all", "state": "shut", "value": 1.0} for s in ("first", "second")],
        "shortage": [
            {"scope": "all", "tier": 1, "attribute": a, "value": v} for a, v in (("width", 1.0), ("cost", 200.0))
        ],
        "spot": [UNLIMITED, {"scope": "all", "step": 1, "attribute": "factor", "value": 1.0}],
    }
    settings = {
        "model": {"name": "coupled", "years": [2027, 2027], "discount_rate": 0.0},
        "risk": {"alpha": alpha, "weight": weight},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames({name: pd.DataFrame(rows) for name, rows in frames.items()}))


def cost(model):
    return solve_market(merge(make_market(model))).objective


def test_a_limit_on_a_mean_couples_what_the_tail_weighs_apart():
    """Expected shortage of A at most a tenth, worst tenth weighed 0.7.

    Futures: both arrive 0.64 (cost 20,000), A alone fails 0.16, B alone 0.16 (210,000), both 0.04. Of A, 0.16 s1 + 0.04 s2 <= 100 t
    may stay short. A tonne of spot costs 100 more than a tonne short; where both fail, with all of its 0.04 in the tail, that
    weighs (0.3 * 0.04 + 0.7 * 0.4) / 0.04 = 7.3 times a tonne's probability, where A alone fails, which then fills the tail up,
    (0.3 * 0.16 + 0.7 * 0.6) / 0.16 = 2.9. So all of it is bought there: s1 = 375, cost 10,000 + 375 * 200 + 625 * 300 =
    272,500. Mean 0.64 * 20,000 + 0.16 * 272,500 + 0.16 * 210,000 + 0.04 * 400,000 = 106,000, worst tenth 0.4 * 400,000 +
    0.6 * 272,500 = 323,500: 258,250. Bought alike in both futures, 500 t each, it would be 267,000.
    """
    limit = {"name": "served", "kind": "expected_shortage", "scope": "A", "max": 0.1}
    assert cost(world(limit, alpha=0.9, weight=0.7)) == pytest.approx(258_250)


def test_a_limit_on_a_tail_couples_even_where_the_mean_alone_is_minimised():
    """Unserved share of all in the worst fifth at most a half, mean cost alone.

    Short wherever a supplier fails, the worst fifth is 0.04 * 1 + 0.16 * 0.5 over 0.2 = 0.6. It falls to a half when half of
    what is short where both fail is bought: 1,000 t at 100 more, with probability 0.04, 4,000 beside the mean of 0.64 *
    20,000 + 0.32 * 210,000 + 0.04 * 400,000 = 96,000. Bought alike wherever a supplier fails it would take 166.7 t, at 6,667.
    """
    limit = {"name": "tail", "kind": "shortage_cvar", "max": 0.5, "alpha": 0.8}
    assert cost(world(limit, alpha=0.0, weight=0.0)) == pytest.approx(100_000)


def test_the_mean_alone_under_limits_on_means_keeps_elements_together():
    """Weighed by probability throughout, a tonne of spot is worth the same wherever it is bought: 100 t of mean, 10,000 more."""
    limit = {"name": "served", "kind": "expected_shortage", "scope": "A", "max": 0.1}
    solved = solve_market(merge(make_market(world(limit, alpha=0.0, weight=0.0))))
    assert solved.objective == pytest.approx(96_000 + 100 * 100)
    assert solved.program.together == {"A", "B"}


def test_a_limit_that_does_not_bind_leaves_elements_together():
    limit = {"name": "served", "kind": "expected_shortage", "scope": "A", "max": 0.21}
    solved = solve_market(merge(make_market(world(limit, alpha=0.9, weight=0.7))))
    assert solved.objective == pytest.approx(cost(world(alpha=0.9, weight=0.7)))
    assert solved.program.together == {"A", "B"}


def test_no_limit_is_impossible_only_for_want_of_apart():
    """No spot: of A 0.2 stays short on average whatever one does, and the worst fifth has all of it."""
    model = world({"name": "served", "kind": "expected_shortage", "scope": "A", "max": 0.19}, alpha=0.9, weight=0.7)
    with pytest.raises(Infeasible, match="served"):
        cost(model.with_(**{"spot.all.limit.1": 0.0}))


# --- random worlds: together is apart

#: On the plan and the futures, by the names that `tightened` looks up.
LIMITS = [
    {"name": "north", "kind": "share", "supplier": "north", "max": 1.0},
    {"name": "southland", "kind": "share", "country": "Southland", "max": 1.0, "weight": "value"},
    {"name": "mean_shortage", "kind": "expected_shortage", "max": 1.0},
    {"name": "tail_shortage", "kind": "shortage_cvar", "max": 1.0, "alpha": 0.8},
    {"name": "always_north", "kind": "share", "supplier": "north", "max": 1.0, "when": "always"},
    {"name": "mean_south", "kind": "share", "country": "Southland", "max": 1.0, "when": "mean"},
    {"name": "cost_tail", "kind": "cost_cvar", "max": 1e12, "alpha": 0.8},
    {"name": "worst", "kind": "worst_case", "max": 1e12},
]
ON_MEASURES = 6
#: One year, or two, with every future in the tree: siblings by the dozen.
ONE = {"model__years": (2027, 2027), "model__periods_per_year": 1, "demand__orders": "after", "world__tree__branch": ()}
TWO = ONE | {"model__years": (2027, 2028), "world__tree__nodes": 300, "demand__uncertain": "none"}
#: Seeds whose worlds have no whole numbers, and elements that futures are one for.
SEVERAL_ELEMENTS = (7, 12, 28, 36, 53, 63, 76)


def tightened(model, seed):
    """The model with one or two limits on measures, and at times one on costs, drawn to bind: just below what the free optimum
    comes to, or, for costs, just above what the other limits then cost.
    """
    random = np.random.default_rng([seed, 7])
    frame = limits(Measured(solve_market(make_market(model))))
    reached = frame.groupby("limit")["value"].max()
    measures = [limit["name"] for limit in LIMITS[:ON_MEASURES] if reached[limit["name"]] > 1e-6]
    names = [str(name) for name in random.permutation(measures)[: int(random.integers(1, 3))]]
    changes = {f"limits.{name}.max": min(reached[name], 1.0) * random.uniform(0.93, 0.999) for name in names}
    if random.random() < 0.3:
        changes["limits.worst.max"] = reached["worst"] * random.uniform(0.97, 1.03)
    return model.with_(**changes)


def best(market):
    """The least weighed cost, kUSD, and the program it was found in; infinite where there is none."""
    found = optimum(compose(market))
    assert found.solution.status in (Status.OPTIMAL, Status.INFEASIBLE)
    return (found.solution.objective if found.solution.status is Status.OPTIMAL else np.inf), found.program


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("choices", [ONE, TWO], ids=["one year", "two years"])
def test_together_costs_what_apart_costs_under_binding_limits(weight, choices, monkeypatch):
    """Together and apart agree on the cost, to 1e-7, or neither has a portfolio; and the limits do bind."""
    monkeypatch.setattr("procure.program.together.WORTH_SHARING", 0.0)  # wherever anything can be shared
    bound, parted, impossible = 0, 0, 0
    for seed in SEVERAL_ELEMENTS:
        model = random_model(seed, LIMITS, risk__weight=weight, risk__alpha=0.8, **choices)
        market = make_market(tightened(model, seed))
        apart, _ = best(market)
        together, program = best(merge(market))
        assert together == apart if np.isinf(apart) else together == pytest.approx(apart, rel=1e-7, abs=1e-4), seed
        bound += bool(np.isfinite(apart) and apart > best(make_market(model))[0] * (1 + 1e-9))
        parted += bool(program.apart)
        impossible += bool(np.isinf(apart))
    assert bound >= 3
    assert impossible <= 3
    assert parted >= (3 if weight else 1)


@pytest.mark.parametrize("seed", [7, 12, 76])
def test_together_costs_what_plain_pyomo_says(seed):
    model = random_model(seed, LIMITS, risk__weight=0.7, risk__alpha=0.8, **ONE, demand__uncertain="none")
    market = make_market(tightened(model, seed))
    plain = plain_pyomo.solve(
        market.sets,
        market.shape,
        market.plan,
        market.period,
        market.probability,
        market.discount,
        0.8,
        0.7,
        market.bounds,
    )
    together, _ = best(merge(market))
    assert together == plain if np.isinf(plain) else together == pytest.approx(plain, rel=1e-7, abs=1e-4)
