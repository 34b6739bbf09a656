"""A budget of what is bought, on average and in every future: by hand, priced, in words."""

import pytest
from pytest import approx

import procure
from procure import Infeasible
from procure.report.check import summary
from random_models import random_model
from test_share import world


def spend(most, always=False):
    return {"name": "spend", "purchases": most, "every_future": always}


#: Of each meaning and bound, million USD: the cost, kUSD, and what a million more saves, in millions.
BY_HAND = [(False, 4.3, 4400 + 1e3 / 6 * 9.4, 47 / 3), (True, 4.5, 2400 + 0.4 * (4500 + 25e3 / 3), 0.4 * 47 / 3)]


@pytest.mark.parametrize(("always", "most", "cost", "price"), BY_HAND)
def test_by_hand(always, most, cost, price):
    """Free, 4,000 kUSD are spent where near is open (0.6) and 5,000 where it is slow: 4,400 in the mean.

    A tonne of far less saves 60 and is short for 1,000: 940 / 60 = 47 / 3 for each unit not spent; of near 960 / 40 = 24. So far
    gives way, where near is slow. In the mean 100 less are 1e3 / 6 t in 0.4 of the futures; always, 500 less there are 25 / 3 t.
    """
    portfolio = procure.solve(world(spend(most, always)))
    assert 1e3 * portfolio.summary["objective"] == approx(cost)
    row = portfolio.limits.set_index("limit").loc["spend"]
    assert (row["value"], row["shadow_price_musd"]) == (approx(most), approx(price))
    more = procure.solve(world(spend(most + 0.01, always)))
    assert (portfolio.summary["objective"] - more.summary["objective"]) / 0.01 == approx(price)


@pytest.mark.parametrize(("always", "slack"), [(False, 4.41), (True, 5.01)])
def test_a_slack_budget_changes_nothing(always, slack):
    assert procure.solve(world(spend(slack, always))).summary["objective"] == approx(4.4)


def test_words_units_and_refusals():
    model = world(spend("5 million USD", True))
    assert model.settings.limits[0].max == approx(5)
    assert "at most 5 million USD a year for contracts, calls and spot purchases, in every future" in summary(model)
    with pytest.raises(procure.DataError, match="every_future"):
        world(spend(5, "yes"))
    committed = world(spend(1.0, True), committed=100.0)
    with pytest.raises(Infeasible, match="spend"):
        procure.solve(committed)


@pytest.mark.parametrize("seed", range(2))
def test_always_is_never_cheaper_than_on_average(seed):
    model = random_model(seed)
    free = procure.compile(model).solve()
    bought = sum(free.measured.path_costs[name] for name in ("contracts", "calls", "spot_purchases"))
    most = 0.7 * float(free.measured.law @ bought) / 1e3 / len(model.years)
    costs = []
    for always in (False, True):
        try:
            costs.append(procure.compile(model.limited(spend(most, always))).solve(explains=False).objective)
        except Infeasible:
            costs.append(float("inf"))
    assert free.objective - 1e-6 <= costs[0] <= costs[1] + 1e-6
