"""What the text says of plan and period, the program does: tiny worlds derived by hand, and properties of random ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from procure.errors import DataError
from procure.facts import Facts
from procure.lp import highs
from procure.lp.program import Status
from procure.market import make_market
from procure.model import make_model
from procure.portfolio.make import make_portfolio
from procure.portfolio.today import today
from procure.program.program import compose
from procure.program.solve import solve_market
from procure.scenarios.tree import Tree
from random_models import market_of, random_frames, random_model

EXACT = {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0}


def cost(market):
    """The least weighed cost, kUSD."""
    solution = highs.solve(compose(market).composed.lp, EXACT)
    assert solution.status is Status.OPTIMAL, solution.message
    return solution.objective


def table(columns, *rows):
    return pd.DataFrame(rows, columns=columns.split())


def world(**frames):
    """The tables of one mine and one metal: 10 USD/kg in every layer, a tonne short costs 50, what is called costs no more."""
    return {
        "elements": table("element class_default", ["Cu", "metal"]),
        "demand": table("element year value", ["Cu", 2027, 100]),
        "prices": table("element layer value", *(["Cu", layer, 10] for layer in ("licensed", "contract", "spot"))),
        "suppliers": table("supplier kind price_rule price_layer", ["mine", "free", "index", "contract"]),
        "terms": table("supplier scope attribute year value", ["mine", "all", "call_share", 2027, 1]),
        "offers": table("supplier element year value", ["mine", "Cu", 2027, 110]),
        "states": table("chain state value kind order", ["mine", "open", 12, "regime", 0], ["mine", "shut", 12, "regime", 1]),
        "transitions": table("chain from to value", ["mine", "open", "shut", 1], ["mine", "shut", "open", 1]),
        "depths": table("chain scope state value", ["mine", "all", "shut", 1]),
        "shortage": table("scope tier attribute value", ["Cu", 1, "width", 1], ["Cu", 1, "cost", 50]),
    } | frames  # fmt: skip


def model_of(frames, years=1, limits=(), **choices):
    """A model of these tables, undiscounted and weighed by the mean; all is called, nothing contracted."""
    settings = {
        "model": {"name": "world", "years": [2027, 2026 + years], "discount_rate": 0},
        "suppliers": {"mine": {"contracts": "none"}},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames(frames)).with_(
        **{path.replace("__", "."): value for path, value in choices.items()}
    )


def paths(model, states, probability):
    """The market of a model over paths of the mine's states: one list of 0 (open) and 1 (shut) per path."""
    codes = [[[state] for state in path] for path in states]
    return make_market(model, {}, Tree.from_paths(codes, probability, ["mine"], [("open", "shut")]))


# --- a depth takes from what was shipped


@pytest.mark.parametrize(
    ("shipped", "depth", "kind", "left"),
    [
        (None, 0.5, "regime", 55),  # no row: of what is on offer
        (80, 0.5, "regime", 40),
        (80, 1, "regime", 0),
        (80, 0, "regime", 110),  # nothing restrains
        (300, 0.5, "regime", 110),  # more was shipped than is on offer: half of 300, but no more than the offer
        (300, 0.75, "regime", 75),
        (80, 0.5, "episode", 75),  # half of the year all 110, half of it 40
    ],
)
def test_what_is_left_of_what_was_shipped_by_hand(shipped, depth, kind, left):
    """The mine offers 110 t, and 100 t are wanted. In the second future it is shut to a depth, for the year or for six months.
    What is left costs 10, up to the 100 t, and what lacks 50.
    """
    states = table("chain state value kind order", ["mine", "open", 12, "regime", 0], ["mine", "shut", 6, kind, 1])
    frames = world(states=states, depths=table("chain scope state value", ["mine", "all", "shut", depth]))
    if shipped is not None:
        frames["shipments"] = table("supplier element value", ["mine", "Cu", shipped])
    market = paths(model_of(frames), [[0], [1]], [0.5, 0.5])
    assert market.period["callable"]["mine", "Cu"] == approx([110, left])
    bought = min(left, 100)
    assert cost(market) == approx(0.5 * 1000 + 0.5 * (10 * bought + 50 * (100 - bought)))


def test_what_was_shipped_is_a_share_of_every_contract():
    """80 of 110 t were shipped: a depth of a half leaves 40, which is 4 of every 11 t that are contracted."""
    frames = world(
        shipments=table("supplier element value", ["mine", "Cu", 80]),
        depths=table("chain scope state value", ["mine", "all", "shut", 0.5]),
    )
    market = paths(model_of(frames, suppliers__mine__contracts="free"), [[0], [1]], [0.5, 0.5])
    assert market.period["delivered"]["mine", "Cu"] == approx([1, 4 / 11])


def test_shipments_of_what_is_not_on_offer_are_refused():
    with pytest.raises(DataError, match=r"unknown element 'Ag' of 'mine'|what is shipped is on offer"):
        model_of(world(
            elements=table("element class_default", ["Cu", "metal"], ["Ag", "metal"]),
            shipments=table("supplier element value", ["mine", "Ag", 80]),
        ))  # fmt: skip


# --- what others take demand to be


def test_a_reading_stands_in_the_place_of_the_table():
    """The table says 100 t; a reading says 40 t in 2025, growing by a half: 90 t in 2027."""
    readings = table("reading element year value growth", ["theirs", "Cu", 2025, 40, 0.5])
    model = model_of(world(readings=readings))
    assert make_market(model).demand["Cu"] == approx([100])
    assert make_market(model.with_(**{"demand.reading": "theirs"})).demand["Cu"] == approx([90])
    with pytest.raises(DataError, match=r"no reading 'thiers'.*did you mean 'theirs'"):
        make_market(model.with_(**{"demand.reading": "thiers"}))


def test_readings_may_hold_with_a_chance():
    """The table says 100 t, a reading 40 t in 2025, growing by a half: 90 t in 2027, 135 in 2028. It holds with a chance of 0.25,
    in both years or in neither.
    """
    readings = table("reading element year value growth", ["theirs", "Cu", 2025, 40, 0.5])
    model = model_of(world(readings=readings), years=2, **{"demand.readings": {"theirs": 0.25}})
    market = make_market(model)
    demand, parent = market.period["demand"]["Cu",], market.tree.parent
    first, second = market.shape.year == 0, market.shape.year == 1
    for year, asked in ((first, {100: 0.75, 90: 0.25}), (second, {100: 0.75, 135: 0.25})):
        for tonnes, chance in asked.items():
            assert market.probability[year & np.isclose(demand, tonnes)].sum() == approx(chance)
        assert market.probability[year].sum() == approx(1)
    assert demand[parent[second]] == approx(np.where(demand[second] > 120, 90.0, 100.0))
    with pytest.raises(DataError, match=r"no reading 'thiers'.*did you mean 'theirs'"):
        make_market(model.with_(**{"demand.readings": {"thiers": 0.25}}))


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"demand.readings": {"theirs": 0.6, "ours": 0.5}}, "all of them at most 1"),
        ({"demand.readings": {"theirs": 0.0}}, "a chance above 0"),
        ({"demand.readings": {"theirs": 0.3}, "demand.uncertain": "yearly"}, "by its levels or by readings"),
        ({"demand.readings": {"theirs": 0.3}, "demand.reading": "theirs"}, "and has a chance too"),
    ],
)
def test_chances_of_readings_that_do_not_fit_are_refused(choices, said):
    with pytest.raises(DataError, match=said):
        model_of(world(), **choices)


# --- users adapt


def test_a_tier_falls_from_year_to_year():
    """The mine is shut in both years. A tonne short costs 50, and a fifth less a year later: 100 x 50 + 100 x 40."""
    shortage = table(
        "scope tier attribute value", ["Cu", 1, "width", 1], ["Cu", 1, "cost", 50], ["all", 1, "fall", 0.2]
    )
    assert cost(paths(model_of(world(shortage=shortage), years=2), [[1, 1]], [1.0])) == approx(9000)


# --- what can be contracted ahead


def test_beyond_what_can_be_contracted_ahead_is_only_called():
    """The mine offers 110 t, of which 60 can be contracted ahead, for 10; of the rest half can be called, for 12. Of 100 t wanted
    60 are contracted, 25 called, and 15 short at 50: 600 + 300 + 750.
    """
    terms = table(
        "supplier scope attribute year value",
        ["mine", "Cu", "contract_limit", 2027, 60], ["mine", "all", "call_share", 2027, 0.5],
        ["mine", "all", "call_premium", 2027, 1.2],
    )  # fmt: skip
    market = paths(model_of(world(terms=terms), suppliers__mine__contracts="free"), [[0]], [1.0])
    assert market.plan["offered"]["mine", "Cu", 2027] == 60
    assert cost(market) == approx(1650)


# --- a ban takes what is on its list


def test_a_list_of_controlled_elements_is_a_scope():
    """Both metals are of one class, of which a depth takes a tenth. One is on two lists: the later takes nine tenths of it, the
    earlier nothing, and a depth of its own, if there is one, what it says.
    """
    lists = table(
        "element class_default controlled_2025_04 controlled_2026_01",
        ["Cu", "metal", True, True],
        ["Ag", "metal", False, False],
    )
    depths = [
        ["mine", "metal", "shut", 0.1], ["mine", "controlled_2025_04", "shut", 0.0], ["mine", "controlled_2026_01", "shut", 0.9],
    ]  # fmt: skip
    both = {
        "elements": lists,
        "demand": table("element year value", ["Cu", 2027, 100], ["Ag", 2027, 100]),
        "prices": table("element layer value", ["Cu", "contract", 10], ["Ag", "contract", 10]),
        "offers": table("supplier element year value", ["mine", "Cu", 2027, 100], ["mine", "Ag", 2027, 100]),
        "shortage": table("scope tier attribute value", ["all", 1, "width", 1], ["all", 1, "cost", 50]),
    }

    def left(*more):
        frames = world(**both, depths=table("chain scope state value", *depths, *more))
        period = paths(model_of(frames), [[1]], [1.0]).period["callable"]
        return [period["mine", e].item() for e in ("Cu", "Ag")]

    assert left() == approx([10, 90])
    assert left(["mine", "Cu", "shut", 0.5]) == approx([50, 90])


def test_a_list_that_nobody_is_on_is_no_scope():
    with pytest.raises(DataError, match=r"unknown scope 'controlled_2025_10'.*a class or a control list"):
        model_of(world(depths=table("chain scope state value", ["mine", "controlled_2025_10", "shut", 1])))


# --- stock can always be sold


FALLING = table("element year value", ["Cu", 2027, 100], ["Cu", 2028, 100], ["Cu", 2029, 50])
ROOM = table("scope attribute value", ["Cu", "max_days", 36.5], ["all", "refill_share", 0.1], ["all", "end_value", 0.5])
RESOLD = table(
    "supplier scope attribute year value",
    ["mine", "all", "call_share", 2027, 1], ["mine", "all", "surplus_discount", 2027, 0.5],
)  # fmt: skip


def test_stock_without_room_is_sold():
    """Demand 100, 100, 50 t and room for a tenth of it; the mine may be shut in 2028 (probability 0.2), and only then stock
    is drawn. A tonne put into stock in 2027 costs 10, saves 50 where the mine is shut, and is sold for 5, or worth 5 at the
    end, where it is not: -10 + 0.2 x 50 + 0.8 x 5 = 4 saved, so all ten are bought, although five have no room in 2029:

      2027  110 x 10 = 1100        2028  open  100 x 10 = 1000, shut  90 x 50 = 4500        2029  50 x 10 = 500
      left  10 t at 5 where the mine stayed open: -50
      1100 + 0.8 (1000 + 500 - 50) + 0.2 (4500 + 500) = 3260

    Held until a disruption, only five could have been bought: 3280.
    """
    model = model_of(world(demand=FALLING, stock=ROOM, terms=RESOLD), years=3)
    market = paths(model, [[0, 0, 0], [0, 1, 0]], [0.8, 0.2])
    assert cost(market) == approx(3260)
    solved = solve_market(market)
    portfolio = make_portfolio(solved, [solved])
    stock = portfolio.stock.set_index("year")
    assert stock.loc[2027, "expected_t"] == approx(10) and stock.loc[2029, "expected_t"] <= 0.8 * 5 + 1e-9
    assert stock["sold_t"].sum() + stock.loc[2029, "expected_t"] == approx(0.8 * 10)
    # What is sold serves no demand, and is no source of it: the mix adds up with it.
    mix = portfolio.mix[portfolio.mix["year"] == 2029].set_index("supplier")
    assert mix["supplied_t"].sum() == approx(50)
    assert mix.loc["surplus", "supplied_t"] == approx(-stock.loc[2029, "sold_t"])
    assert portfolio.mix["cost_musd"].sum() == approx(3.26 + 0.005 * stock.loc[2029, "expected_t"])


def test_stock_that_is_sold_needs_no_room():
    """Nothing fails, and ten tonnes of stock are sold for 5 in 2027, for they are worth 3 at the end and their room costs a year a
    tenth of the price of 10: 100 t a year at 10, less 50, and nothing for room. Kept for them to the end it would be 20.
    """
    stock = table("scope attribute value", ["Cu", "existing", 10], ["Cu", "end_value", 0.3], ["Cu", "storage", 0.1])
    market = paths(model_of(world(stock=stock, terms=RESOLD), years=2), [[0, 0]], [1.0])
    assert cost(market) == approx(2000 - 50)


def test_what_sells_for_more_than_it_costs_is_bought_as_far_as_it_is_on_offer():
    """The mine asks a tenth of the price at which is sold on: all 110 t are bought at 1, ten of them and the stock of five sold
    at 10, and that is all: 110 - 150 = -40. The five are not drawn, for nothing is disturbed, nor is more to be had.
    """
    terms = table(
        "supplier scope attribute year value", ["mine", "all", "call_share", 2027, 1], ["mine", "all", "price_factor", 2027, 0.1],
        ["mine", "all", "surplus_discount", 2027, 0],
    )  # fmt: skip
    stock = table("scope attribute value", ["Cu", "existing", 5], ["all", "refill_share", 1])
    assert cost(paths(model_of(world(terms=terms, stock=stock)), [[0]], [1.0])) == approx(-40)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("release", ["disruption", "always"])
def test_no_price_makes_the_program_unbounded(seed, release):
    """Everything is bought for a hundredth of the licensed price, and resold at the whole of it, from stock too."""
    frames = random_frames(seed)
    terms = frames["terms"]
    for attribute, value in (("price_factor", 0.01), ("floor", 0), ("price", 0), ("surplus_discount", 0)):
        terms.loc[terms["attribute"] == attribute, "value"] = value
    model = make_model(random_model(seed, stock__release=release).settings, Facts.from_frames(frames))
    terms.loc[terms["attribute"] == "surplus_discount", "value"] = 1
    worthless = make_model(model.settings, Facts.from_frames(frames))
    assert cost(market_of(model, seed)) <= cost(market_of(worthless, seed)) + 1e-6


# --- a disruption is a state, however mild


def test_a_milder_disruption_never_costs_more_by_hand():
    """The mine is disturbed and delivers 100 (1 - d) of the 100 t wanted; ten are in stock, worth 15 each at the end. So the mine
    delivers what it can at 10, stock the rest: 1000 (1 - d) - 15 (10 - 100 d) = 850 + 500 d.

    A disturbed mine that loses nothing disturbs all the same: stock may be drawn, but is worth more than a tonne called.
    """
    stock = table("scope attribute value", ["Cu", "existing", 10], ["Cu", "end_value", 1.5])
    model = model_of(world(offers=table("supplier element year value", ["mine", "Cu", 2027, 100]), stock=stock))
    for depth in (0.1, 0.05, 0.04, 0.0):
        milder = model.with_(**{"suppliers.mine.depth.shut": depth})
        assert cost(paths(milder, [[1]], [1.0])) == approx(850 + 500 * depth)


def test_a_supplier_with_nothing_to_deliver_disturbs_nobody():
    """Only where the mine is disturbed can the stock of ten take the place of a tonne short, at 50 beside 10: but no state is one
    where there is nothing to disturb, for want of an offer.
    """
    stock = table("scope attribute value", ["Cu", "existing", 10])
    for offered, drawn in ((110, 10), (0, 0)):
        offers = table("supplier element year value", ["mine", "Cu", 2027, offered])
        market = paths(model_of(world(offers=offers, stock=stock)), [[1]], [1.0])
        assert cost(market) == approx(50 * (100 - drawn))


@pytest.mark.parametrize("seed", range(24))
def test_a_deeper_loss_never_costs_less(seed):
    """All depths of all states, scaled down to nothing; paid as ordered, for a dear contract that does not arrive, and is not
    paid, is a saving.
    """
    frames = random_frames(seed)
    frames["suppliers"]["payment"] = "ordered"
    depths = frames["depths"]["value"].copy()
    settings = random_model(seed, stock__release="disruption").settings
    costs = []
    for scale in (0.0, 1e-6, 0.05, 0.2, 0.5, 1.0):
        frames["depths"]["value"] = scale * depths
        costs.append(cost(market_of(make_model(settings, Facts.from_frames(frames)), seed)))
    assert (np.diff(costs) >= -1e-7 * np.abs(costs[1:])).all()


# --- a trial ramps up, too


def sea(since=2028, **frames):
    """A basket of one metal, whose project never starts; its programme has 100 t of output from `since` on, at 20 USD/kg."""
    levels = [
        ["sea", level, attribute, year, value]
        for level, trial in (("trial", 1), ("waits", 0))
        for attribute, year, value in (("trial", 2020, trial), ("capacity", since, 100), ("unit_cost", 2020, 20))
    ]
    ramp = [["sea", "all", "ramp", age, share] for age, share in enumerate((0.3, 0.65, 1.0))]
    tables = world(
        suppliers=table("supplier kind price_rule price_layer", ["sea", "basket", "fixed", "contract"]),
        baskets=table("supplier element value", ["sea", "Cu", 1]),
        programmes=table("supplier programme attribute year value", *levels),
        projects=table("supplier start value", ["sea", "never", 1]),
        terms=table("supplier scope attribute year value", *ramp),
        states=table("chain state value kind order", ["sea", "calm", 12, "regime", 0]),
    )
    return {name: tables[name] for name in tables if name not in ("offers", "transitions", "depths")} | frames


def of_sea(frames, level, years, limits=()):
    settings = {
        "model": {"name": "sea", "years": [2027, 2026 + years], "discount_rate": 0},
        "suppliers": {"sea": {"programmes": ["trial", "waits"]}},
        "limits": list(limits),
    }
    return make_market(make_model(settings, Facts.from_frames(frames)), {"sea": level})


def test_a_trial_ramps_up_from_its_own_first_year():
    """100 t wanted at 20 or short at 50: nothing in 2027, then 30, 65 and 100 t delivered and paid of an output of 100:

    5000 + (600 + 3500) + (1300 + 1750) + 2000 = 14,150        what waits for the project: 4 x 5000
    """
    assert cost(of_sea(sea(), "trial", 4)) == approx(14_150)
    assert cost(of_sea(sea(), "waits", 4)) == approx(20_000)


def test_a_trial_that_began_before_the_model_has_ramped_up_that_far():
    """Capacity since 2026: 65 t in 2027, 100 in 2028; were 2028 the supplier's first year, nothing and 30."""
    assert cost(of_sea(sea(since=2026), "trial", 2)) == approx(1300 + 1750 + 2000)
    late = table("supplier kind price_rule price_layer first_year", ["sea", "basket", "fixed", "contract", 2028])
    assert cost(of_sea(sea(since=2026, suppliers=late), "trial", 2)) == approx(5000 + 600 + 3500)


# --- a basket is paid per tonne delivered


ORE = table("supplier element value", ["sea", "Cu", 0.5], ["sea", "Ni", 0.3])
NICKEL = {
    "elements": table("element class_default", ["Cu", "metal"], ["Ni", "metal"]),
    "demand": table("element year value", ["Cu", 2027, 100], ["Ni", 2027, 100]),
    "prices": table("element layer value", *([e, layer, 10] for e in ("Cu", "Ni") for layer in ("licensed", "contract", "spot"))),
    "shortage": table("scope tier attribute value", ["all", 1, "width", 1], ["all", 1, "cost", 50]),
}  # fmt: skip


def ore(elements="all", prices=NICKEL["prices"], **terms):
    """The market of a basket with 100 t of output: half copper, 0.3 nickel, the rest is stone; half of it is recovered."""
    found = {"capacity": 100, "recovery": 0.5, "surplus_discount": 0} | terms
    frames = sea(
        baskets=ORE, terms=table("supplier scope attribute year value", *(["sea", "all", a, 2027, v] for a, v in found.items())),
        **NICKEL | {"prices": prices},
    )  # fmt: skip
    frames = {name: frames[name] for name in frames if name not in ("programmes", "projects")}
    settings = {"model": {"name": "ore", "years": [2027, 2027], "discount_rate": 0, "elements": elements}}
    return make_market(make_model(settings, Facts.from_frames(frames)))


def test_a_basket_is_paid_for_what_its_output_delivers():
    """25 t of copper and 15 of nickel at 20, beside shortage at 50: 40 x 20 + (75 + 85) 50 = 8800.

    A model of copper alone pays for the nickel too, which it does not see: 800 + 75 x 50 = 4550.
    """
    assert cost(ore(price=20)) == approx(8800)
    assert cost(ore(price=20, elements=["Cu"])) == approx(4550)
    solved = solve_market(ore(price=20))
    mix = make_portfolio(solved, [solved]).mix.set_index(["supplier", "element"])
    assert mix["cost_musd"]["sea"].to_dict() == approx({"Cu": 0.5, "Ni": 0.3})


def test_a_programme_is_paid_for_what_its_output_delivers():
    """The trial has an output of 100 t, of which half is recovered, at 20 per kg delivered; it pays beside a shortage at 50, not
    beside one at 19.
    """
    frames = sea(since=2020)
    terms = frames["terms"].assign(value=1.0)
    terms.loc[len(terms)] = ["sea", "all", "recovery", 2027, 0.5]
    for short, least in ((50, 50 * 20 + 50 * 50), (19, 100 * 19)):
        frames["shortage"] = table("scope tier attribute value", ["Cu", 1, "width", 1], ["Cu", 1, "cost", short])
        assert cost(of_sea(frames | {"terms": terms}, "trial", 1)) == approx(least)


def test_today_a_basket_stands_in_the_order_of_its_price_per_tonne_delivered():
    """The mine calls for 15, the basket for 20: of the 100 t of copper wanted today the mine brings its 90, the basket the rest."""
    frames = sea(baskets=ORE, **NICKEL)
    frames = {name: frames[name] for name in frames if name not in ("programmes", "projects")}
    rows = [
        ["sea", "all", "capacity", 2027, 100],
        ["sea", "all", "recovery", 2027, 0.5],
        ["sea", "all", "price", 2027, 20],
    ]
    rows += [["mine", "all", "call_share", 2027, 1], ["mine", "all", "price", 2027, 15]]
    frames |= {
        "suppliers": table("supplier kind price_rule", ["sea", "basket", "fixed"], ["mine", "free", "fixed"]),
        "terms": table("supplier scope attribute year value", *rows),
        "offers": table("supplier element year value", ["mine", "Cu", 2027, 90]),
    }
    settings = {"model": {"name": "today", "years": [2027, 2027]}, "suppliers": {"mine": {"contracts": "none"}}}
    found = today(make_market(make_model(settings, Facts.from_frames(frames))))
    assert (found["mine", "Cu"], found["sea", "Cu"]) == approx((90, 10))


# --- prices


@pytest.mark.parametrize("rule", ["fixed", "index", "floor", "floor_rebate"])
def test_a_call_pays_the_market_of_its_state_whatever_the_rule_of_the_contract(rule):
    """The layer stands at 10 and doubles where the mine is shut; premium 1.5. A call costs 15 or 30, beside a floor of 18 and a
    rebate of half of what exceeds 5 (a contract: 10; 10 or 20; 18 or 20; 15.5 or 12.5).
    """
    floor = {"floor": 18, "rebate_threshold": 5, "rebate_share": 0.5, "call_share": 1, "call_premium": 1.5}
    frames = world(
        terms=table("supplier scope attribute year value", *(["mine", "all", a, 2027, v] for a, v in floor.items())),
        suppliers=table("supplier kind price_rule price_layer", ["mine", "free", rule, "contract"]),
        depths=table("chain scope state value", ["mine", "all", "shut", 0]),
        multiples=table("chain state layer scope value", ["mine", "shut", "contract", "all", 2]),
    )
    market = paths(model_of(frames), [[0], [1]], [0.5, 0.5])
    assert market.period["price_call"]["mine", "Cu"].tolist() == approx([15, 30])
    contracted = paths(model_of(frames).with_(**{"suppliers.mine.contracts": "free"}), [[0], [1]], [0.5, 0.5])
    paid = {"fixed": [10, 10], "index": [10, 20], "floor": [18, 20], "floor_rebate": [15.5, 12.5]}
    assert contracted.period["payment"]["mine", "Cu"].tolist() == approx(paid[rule])
    assert contracted.period["price_call"]["mine", "Cu"].tolist() == approx([15, 30])


def test_stock_left_at_the_end_is_worth_the_price_of_its_state():
    """Ten tonnes of stock, kept for nothing else, are worth 0.8 of the licensed price of 10, which doubles where the mine is shut:
    80 or 160. Surplus sells for 0.5 of the same: 5 or 10. 100 t are called at 10.
    """
    frames = world(
        stock=table("scope attribute value", ["Cu", "existing", 10], ["Cu", "end_value", 0.8]), terms=RESOLD,
        multiples=table("chain state layer scope value", ["mine", "shut", "licensed", "all", 2]),
        depths=table("chain scope state value", ["mine", "all", "shut", 0]),
    )  # fmt: skip
    market = paths(model_of(frames), [[0], [1]], [0.5, 0.5])
    assert market.period["price_surplus"]["Cu",].tolist() == approx([5, 10])
    assert cost(market) == approx(1000 - 0.5 * 80 - 0.5 * 160)


def test_a_basket_without_a_price_of_its_own_sells_each_element_at_the_price_of_its_layer():
    """25 t of copper at 0.9 x 10 and 15 of nickel at 0.9 x 20, not for nothing: 225 + 270, beside 160 t short at 50."""
    prices = table(
        "element layer value", *([e, layer, p] for e, p in (("Cu", 10), ("Ni", 20)) for layer in ("licensed", "contract", "spot"))
    )  # fmt: skip
    market = ore(price_factor=0.9, prices=prices)
    assert cost(market) == approx(495 + 8000)
    solved = solve_market(market)
    mix = make_portfolio(solved, [solved]).mix.set_index(["supplier", "element"])
    assert mix["cost_musd"]["sea"].to_dict() == approx({"Cu": 0.225, "Ni": 0.27})
    # One price for all of it takes the place of all layers, and of the factor what stands beside it: 40 x 18.
    assert cost(ore(price=20, price_factor=0.9, prices=prices)) == approx(720 + 8000)


# --- a term holds from its year on


def test_what_can_be_called_for_some_years_is_called_in_them():
    """Calls at 10 in 2027, none from 2028 on: 1000 + 5000."""
    terms = table(
        "supplier scope attribute year value", ["mine", "all", "call_share", 2027, 1], ["mine", "all", "call_share", 2028, 0]
    )  # fmt: skip
    assert cost(paths(model_of(world(terms=terms), years=2), [[0, 0]], [1.0])) == approx(6000)


def test_recovery_holds_from_its_year_on():
    """An output of 100 t at 20 per tonne delivered, half of it recovered in 2027, all in 2028: 50 x 20 + 50 x 50 + 100 x 20."""
    terms = [["sea", "all", "recovery", 2027, 0.5], ["sea", "all", "recovery", 2028, 1.0]]
    terms += [["sea", "all", "capacity", 2027, 100], ["sea", "all", "price", 2027, 20]]
    frames = sea(terms=table("supplier scope attribute year value", *terms))
    frames = {name: frames[name] for name in frames if name not in ("programmes", "projects")}
    market = make_market(
        make_model({"model": {"name": "ore", "years": [2027, 2028], "discount_rate": 0}}, Facts.from_frames(frames))
    )
    assert cost(market) == approx(5500)


def test_the_discount_of_surplus_holds_from_its_year_on():
    """Ten tonnes of stock sell for 5 each in 2027, for 2 in 2028: 2000 - 50."""
    terms = pd.concat(
        [RESOLD, table("supplier scope attribute year value", ["mine", "all", "surplus_discount", 2028, 0.8])]
    )
    stock = table("scope attribute value", ["Cu", "existing", 10])
    assert cost(paths(model_of(world(terms=terms, stock=stock), years=2), [[0, 0]], [1.0])) == approx(1950)


def test_a_footprint_holds_from_its_year_on():
    """The residue per tonne rises from 1 to 3 and may be 2: 100 t are contracted in 2027, none in 2028: 1000 + 5000."""
    terms = table(
        "supplier scope attribute year value", *(["mine", "all", "footprint", 2026 + k, 2 * k - 1] for k in (1, 2))
    )
    limit = {"name": "residue", "kind": "footprint", "max": 2.0}
    model = model_of(world(terms=terms), years=2, limits=(limit,)).with_(**{"suppliers.mine.contracts": "free"})
    solved = solve_market(paths(model, [[0, 0]], [1.0]))
    assert solved.objective == approx(6000)
    found = make_portfolio(solved, [solved]).limits.set_index(["limit", "year"])["value"]
    assert found["residue"].to_dict() == approx({2027: 1, 2028: 0})


def test_a_budget_counts_the_running_cost_of_a_programme_in_the_year_it_is_paid():
    """The programme costs 300 today and 100 a year from 2028 on: a budget of 300 (thousand USD) a year holds it."""
    frames = sea()
    paid = [
        ["sea", "trial", attribute, year, value]
        for attribute, year, value in (("investment", 2026, 300), ("running_cost", 2028, 100))
    ]
    rows = table("supplier programme attribute year value", *paid)
    frames["programmes"] = pd.concat([frames["programmes"], rows])
    market = of_sea(frames, "trial", 4, [{"name": "purse", "kind": "budget", "max": 0.3}])
    assert cost(market) == approx(14_150 + 300 + 3 * 100)
    solved = solve_market(market)
    purse = make_portfolio(solved, [solved]).limits.set_index(["limit", "year"])["value"]["purse"]
    assert purse.to_dict() == approx({2027: 0.3, 2028: 0.1, 2029: 0.1, 2030: 0.1})


@pytest.mark.parametrize(("committed", "paid"), [(True, 28.0), (False, 29.0)])
def test_a_cap_on_the_rebate_is_spread_over_the_tonnes_that_have_one(committed, paid):
    """The index stands at 30; half of what exceeds 10 comes back, 10 a tonne of copper, at most 100 a year: 2 a tonne of the 50
    committed, or 1 of the 100 on offer where nothing is. The nickel, committed too, has no rebate.
    """
    terms = [["mine", "Cu", "rebate_share", 2027, 0.5], ["mine", "Cu", "rebate_threshold", 2027, 10]]
    frames = world(**NICKEL) | {
        "prices": table("element layer value", ["Cu", "contract", 30], ["Ni", "contract", 30]),
        "suppliers": table("supplier kind price_rule price_layer", ["mine", "free", "floor_rebate", "contract"]),
        "terms": table("supplier scope attribute year value", *terms, ["mine", "all", "rebate_cap", 2027, 100]),
        "offers": table("supplier element year value", ["mine", "Cu", 2027, 100], ["mine", "Ni", 2027, 100]),
        "commitments": table("supplier element year value", ["mine", "Ni", 2027, 50]),
    }
    if committed:
        frames["commitments"].loc[1] = ["mine", "Cu", 2027, 50]
    market = paths(model_of(frames).with_(**{"suppliers.mine.contracts": "free"}), [[0]], [1.0])
    assert [market.period["payment"]["mine", e][0] for e in ("Cu", "Ni")] == approx([paid, 30])


def test_capacity_is_usable_after_its_lead_rounded_up():
    """Capacity is free and takes a year and a half: bought in 2027, it is there in 2029: 5000 + 5000 + 1000."""
    found = {"capacity": 0, "expansion_limit": 100, "expansion_cost": 0, "expansion_lead": 1.5}
    terms = table("supplier scope attribute year value", *(["mine", "all", a, 2027, v] for a, v in found.items()))
    model = model_of(world(terms=terms), years=3).with_(**{"suppliers.mine.contracts": "free"})
    assert cost(paths(model, [[0, 0, 0]], [1.0])) == approx(11_000)


def test_what_is_only_being_built_disturbs_nobody():
    """A basket without capacity is disturbed; ten can be built in 2027, to be ready in 2028. So stock of ten, worth nothing at
    the end, is drawn in 2028, not in 2027: 5000 + (90 x 50), for the disturbed plant delivers nothing.
    """
    found = {"capacity": 0, "expansion_limit": 10, "expansion_lead": 1, "price": 1}
    frames = sea(
        terms=table("supplier scope attribute year value", *(["sea", "all", a, 2027, v] for a, v in found.items())),
        states=table(
            "chain state value kind order", ["sea", "calm", 12, "regime", 0], ["sea", "rough", 12, "regime", 1]
        ),
        transitions=table("chain from to value", ["sea", "calm", "rough", 1], ["sea", "rough", "calm", 1]),
        depths=table("chain scope state value", ["sea", "all", "rough", 1]),
        stock=table("scope attribute value", ["Cu", "existing", 10]),
    )
    frames = {name: frames[name] for name in frames if name not in ("programmes", "projects")}
    model = make_model(
        {"model": {"name": "built", "years": [2027, 2028], "discount_rate": 0}}, Facts.from_frames(frames)
    )
    market = make_market(model, {}, Tree.from_paths([[[1], [1]]], [1.0], ["sea"], [("calm", "rough")]))
    assert market.period["limit_draw"]["Cu",].tolist() == [0, np.inf]
    assert cost(market) == approx(5000 + 4500)


# --- a plan is one that can be carried out


@pytest.mark.parametrize("seed", range(16))
def test_a_plan_can_be_carried_out_on_paths_it_was_not_made_for(seed):
    """The plan made over a few random paths, held on two others: nothing is ever disturbed, everything always is."""
    model = random_model(seed, stock__release="disruption")
    solved = solve_market(market_of(model, seed))
    tree = solved.market.tree
    for last in (False, True):
        state = [len(states) - 1 if last and states[0] != "waiting" else 0 for states in tree.states]
        path = Tree.from_paths([[state] * tree.n_periods], [1.0], tree.processes, tree.states)
        program = compose(make_market(model, solved.market.programmes, path))
        lp, n_plan = program.composed.lp, len(solved.outcome.plan)
        lower, upper = lp.lower.copy(), lp.upper.copy()
        lower[:n_plan] = upper[:n_plan] = solved.outcome.plan
        assert highs.solve(replace(lp, lower=lower, upper=upper), EXACT).status is Status.OPTIMAL
