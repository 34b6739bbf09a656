"""A stockpile behind a supplier that comes and goes: the solver against an exact dynamic program, in the test.  [t, kUSD]

In every period the state z of the supplier is seen, then an order q is placed, then demand D is seen. What is left is kept at a
cost for each period, or let go for nothing; what lacks is lost and costs.

  V_t(x, z) = min_q  price_z q + E_D min_{y <= (x + q - D)+} [ holding y + short (D - x - q)+ + E_z' V_{t+1}(y, z') ]    q <= most_z

All numbers are multiples of 10, and so are the kinks of V: a grid of 10 t loses nothing.
"""

import itertools

import numpy as np
import pytest
from pytest import approx

import procure
from procure.facts import Facts
from procure.lp import highs
from procure.market import make_market
from procure.model import make_model
from procure.program.program import compose
from test_market import table

CHANCES = {"open": {"shut": 0.2}, "shut": {"open": 0.5}}
DEMAND = {80: 0.5, 120: 0.5}
STEP, MOST = 10, 150


def by_dynamic_programming(n_periods, *, price, holding, short, today, seen, start="open"):
    """V_0 of the module docstring; `seen`: demand is seen before the order is placed."""
    x = np.arange(0, 100 * n_periods + MOST + 1, STEP)
    orders = {"open": np.arange(0, MOST + 1, STEP), "shut": np.array([0])}
    law = {z: {**to, z: 1 - sum(to.values())} for z, to in CHANCES.items()}
    value = dict.fromkeys(CHANCES, np.zeros(len(x)))
    for _ in range(n_periods):
        before = {}
        for z in CHANCES:
            to_come = sum(p * value[to] for to, p in law[z].items())
            kept = np.minimum.accumulate(holding * x + to_come)  # at most what is left
            costs = {}
            for q, D in itertools.product(orders[z], DEMAND):
                left = x + q - D
                place = np.clip(left, 0, x[-1]) // STEP
                costs[q, D] = price * q + kept[place] + short * np.maximum(-left, 0)
            if seen:
                before[z] = sum(p * np.min([costs[q, D] for q in orders[z]], axis=0) for D, p in DEMAND.items())
            else:
                before[z] = np.min([sum(p * costs[q, D] for D, p in DEMAND.items()) for q in orders[z]], axis=0)
        value = before
    return sum(p * value[z][today // STEP] for z, p in law[start].items())


def model_of(n_periods, *, price, holding, short, today, seen):
    """The same world in tables: chances a year, what is held, and orders placed before or after demand is seen."""
    frames = {
        "elements": table("element class_default", ["Cu", "metal"]),
        "demand": table("element year value", ["Cu", 2027, 100]),
        "demand_levels": table("scope level value factor", *(["all", f"of{D}", p, D / 100] for D, p in DEMAND.items())),
        "prices": table("element layer value", ["Cu", "contract", price]),
        "suppliers": table("supplier kind price_rule price_layer", ["mine", "free", "index", "contract"]),
        "terms": table("supplier scope attribute year value", ["mine", "all", "call_share", 2027, 1]),
        "offers": table("supplier element year value", ["mine", "Cu", 2027, MOST]),
        "states": table("chain state value kind order", ["mine", "open", 12, "regime", 0], ["mine", "shut", 12, "regime", 1]),
        "transitions": table(
            "chain from to attribute value",
            *(["mine", a, b, "chance_a_year", p] for a, to in CHANCES.items() for b, p in to.items()),
        ),
        "depths": table("chain scope state value", ["mine", "all", "shut", 1]),
        "shortage": table("scope tier attribute value", ["all", 1, "width", 1], ["all", 1, "cost", short]),
        "stock": table("scope attribute value", *(["all", name, x] for name, x in (
            ("existing", today), ("max_days", 3650), ("refill_share", 10), ("holding", holding),
        ))),
    }  # fmt: skip
    settings = {
        "model": {"name": "stockpile", "years": [2027, 2026 + n_periods], "discount_rate": 0},
        "suppliers": {"mine": {"contracts": "none"}},
        "demand": {"uncertain": "yearly", "orders": "after" if seen else "before"},
        "stock": {"release": "always"},
        "world": {"tree": {"nodes": 10_000}},
    }
    return make_model(settings, Facts.from_frames(frames))


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(("holding", "short"), [(1, 60), (4, 60), (12, 60), (4, 25), (0, 200)])
def test_a_stockpile_with_a_markov_supplier(holding, short, seen):
    """Three years, every future in the tree, so that nothing is sampled."""
    numbers = {"price": 10, "holding": holding, "short": short, "today": 40, "seen": seen}
    market = make_market(model_of(3, **numbers))
    assert market.tree.n_nodes == 4 + 16 + 64
    solved = highs.solve(compose(market).composed.lp)
    assert solved.objective == approx(by_dynamic_programming(3, **numbers), rel=1e-7)


# --- an option against uncertain demand


@pytest.mark.parametrize(("fee", "reserved"), [(5, 140), (7, 120), (10, 120), (13, 100), (29, 60), (31, 0)])
def test_what_is_reserved_is_a_quantile_of_demand(fee, reserved):
    """A tonne under option costs its fee and saves 50 - 20 wherever demand reaches it: reserved are tonnes that demand reaches with
    a chance of fee / 30 or more. Demand is 60, 80 ... 140, a fifth each: 140 t up to a fee of 6, 120 t up to 12 ... 60 t up to 30.
    """
    frames = {name: frame for name, frame in model_of(1, price=1000, holding=0, short=50, today=0, seen=True).facts.tables.items()
              if len(frame) and name not in ("states", "transitions", "depths", "stock")}  # fmt: skip
    frames["demand_levels"] = table(
        "scope level value factor", *(["all", f"of{D}", 0.2, D / 100] for D in range(60, 141, 20))
    )
    frames["terms"] = table(
        "supplier scope attribute year value",
        ["mine", "all", "option_fee", 2027, fee],
        ["mine", "all", "option_price", 2027, 20],
    )
    settings = {"model": {"name": "reserve", "years": [2027, 2027]}, "demand": {"uncertain": "yearly"}}
    portfolio = procure.solve(make_model(settings, Facts.from_frames(frames)))
    plan = portfolio.plan.query("decision == 'reserve'")
    assert plan["value"].sum() == approx(reserved, abs=1e-6)
    levels = np.arange(60, 141, 20)
    taken = np.minimum(levels, reserved)
    assert 1e3 * portfolio.summary["expected_cost"] == approx(
        fee * reserved + np.mean(20 * taken + 50 * (levels - taken))
    )


@pytest.mark.parametrize(("fee", "firm", "reserved"), [(5, 80, 60), (9, 100, 20), (1, 60, 80), (13, 120, 0)])
def test_what_is_firm_and_what_is_reserved_are_two_quantiles(fee, firm, reserved):
    """Pay to delay, after Brown & Lee (1997): a firm tonne costs 18 whether it is needed or not, one under option its fee and 20
    when it is taken, one that lacks 50.

    Demand reaches 60, 80 ... 140 t with 100, 80 ... 20 %. Firm are tonnes that it reaches with (18 - fee) / 20: 65, 45, 85 and
    25 %, where 18 / 50 = 36 % is asked against lacking them. Reserved beyond are those reached with fee / 30: 17, 30, 3, 43 %.
    """
    frames = {name: frame for name, frame in model_of(1, price=18, holding=0, short=50, today=0, seen=True).facts.tables.items()
              if len(frame) and name not in ("states", "transitions", "depths", "stock")}  # fmt: skip
    frames["demand_levels"] = table(
        "scope level value factor", *(["all", f"of{D}", 0.2, D / 100] for D in range(60, 141, 20))
    )
    terms = {"option_fee": fee, "option_price": 20, "surplus_discount": 1}
    frames["terms"] = table(
        "supplier scope attribute year value", *(["mine", "all", name, 2027, x] for name, x in terms.items())
    )
    settings = {"model": {"name": "delay", "years": [2027, 2027]}, "demand": {"uncertain": "yearly"}}
    portfolio = procure.solve(make_model(settings, Facts.from_frames(frames)))
    plan = portfolio.plan.groupby("decision")["value"].sum()
    levels = np.arange(60, 141, 20)
    taken = np.minimum(levels, firm + reserved) - np.minimum(levels, firm)
    cost = 18 * firm + fee * reserved + np.mean(20 * taken + 50 * np.maximum(levels - firm - reserved, 0))
    assert 1e3 * portfolio.summary["expected_cost"] == approx(cost)
    assert (plan["contract"], plan.get("reserve", 0.0)) == approx((firm, reserved), abs=1e-6)


# --- prices that nobody knows

MARKET = {"low": 0.5, "usual": 1.0, "high": 2.0}


def priced(**terms):
    """100 t at the price of a market that is usual today, and a year later low, usual or high: 20, 40, 80 with 0.3, 0.5, 0.2."""
    states = ("usual", "low", "high")
    frames = {
        "elements": table("element class_default", ["Cu", "metal"]),
        "demand": table("element year value", ["Cu", 2027, 100]),
        "prices": table("element layer value", ["Cu", "contract", 40]),
        "suppliers": table("supplier kind price_rule price_layer", ["mine", "free", "floor", "contract"]),
        "terms": table("supplier scope attribute year value", ["mine", "all", "price_factor", 2027, 1],
                       *(["mine", "all", name, 2027, x] for name, x in terms.items())),
        "offers": table("supplier element year value", ["mine", "Cu", 2027, 200]),
        "states": table("chain state value kind order", *(["market", s, 12, "regime", k] for k, s in enumerate(states))),
        "transitions": table("chain from to attribute value", *(
            ["market", a, b, "chance_a_year", {"low": 0.3, "usual": 0.5, "high": 0.2}[b]] for a in states for b in states if a != b
        )),
        "multiples": table("chain state layer scope value", *(["market", s, "contract", "all", x] for s, x in MARKET.items())),
        "shortage": table("scope tier attribute value", ["all", 1, "width", 1], ["all", 1, "cost", 1000]),
    }  # fmt: skip
    settings = {"model": {"name": "priced", "years": [2027, 2027]}, "risk": {"weight": 0.0}}
    model = make_model(settings, Facts.from_frames(frames))
    return 1e3 * procure.solve(model).summary["expected_cost"]


def test_a_floor_costs_the_buyer_its_insurance_value():
    """0.3 x 20 + 0.5 x 40 + 0.2 x 80 = 42 a tonne. A floor of 30 adds 0.3 x (30 - 20), one of 50 another 0.5 x 10 + 0.3 x 20."""
    assert priced() == approx(4200)
    assert priced(floor=30) == approx(4200 + 300)
    assert priced(floor=50) == approx(4200 + 900 + 500)


def test_a_cap_is_worth_its_insurance_value_to_the_buyer():
    """A cap of 60 saves 0.2 x (80 - 60) a tonne; with a floor of 30 the price lies between both."""
    assert priced(cap=60) == approx(4200 - 400)
    assert priced(cap=60, floor=30) == approx(4200 - 400 + 300)


def test_an_option_is_worth_what_a_cap_is():
    """The right to buy at 60 what the market sells at 20, 40 or 80: worth 4 a tonne, bought below, left alone above."""
    world = {"call_share": 1, "contract_limit": 100, "option_price": 60}
    assert priced(**world, option_fee=3) == approx(4200 - 400 + 300)
    assert priced(**world, option_fee=5) == approx(4200)


def test_a_cap_below_the_floor_is_refused():
    with pytest.raises(procure.DataError, match=r"mine Cu 2027.*cap is 20.*floor is 30"):
        priced(cap=20, floor=30)
