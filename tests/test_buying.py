"""Ways to buy: options, contracts that may be given up, what holding costs.  [t, kUSD]

One metal, 100 t a year. The mine sells at 10 and is open in one future of two; abroad never fails and costs 30. A tonne short
costs 50.
"""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import plain_pyomo
import procure
from procure import DataError
from procure.facts import Facts
from procure.lp import cells, highs
from procure.lp.cells import NotByCells
from procure.market import make_market, merge
from procure.model import make_model
from procure.portfolio.make import make_portfolio
from procure.program.program import compose
from procure.program.solve import solve_market
from procure.scenarios.tree import Tree
from random_models import market_of, random_model
from test_market import cost, table
from test_strategies import market_of as revised_market
from test_strategies import plain_cost, reviewed

HALF = [[0], [1]], [0.5, 0.5]


def world(*terms, **frames):
    """The tables of mine and abroad; `terms` are those of abroad: attribute and value."""
    return {
        "elements": table("element class_default", ["Cu", "metal"]),
        "demand": table("element year value", ["Cu", 2027, 100]),
        "prices": table("element layer value", ["Cu", "contract", 10], ["Cu", "licensed", 10]),
        "suppliers": table(
            "supplier kind price_rule price_layer", ["mine", "free", "index", "contract"], ["abroad", "free", "fixed", "contract"]
        ),
        "terms": table(
            "supplier scope attribute year value", ["abroad", "all", "price", 2027, 30], ["mine", "all", "call_share", 2027, 1],
            *(["abroad", "all", attribute, 2027, value] for attribute, value in terms),
        ),
        "offers": table("supplier element year value", ["mine", "Cu", 2027, 100], ["abroad", "Cu", 2027, 100]),
        "states": table("chain state value kind order", ["mine", "open", 12, "regime", 0], ["mine", "shut", 12, "regime", 1]),
        "transitions": table("chain from to value", ["mine", "open", "shut", 1], ["mine", "shut", "open", 1]),
        "depths": table("chain scope state value", ["mine", "all", "shut", 1]),
        "shortage": table("scope tier attribute value", ["Cu", 1, "width", 1], ["Cu", 1, "cost", 50]),
    } | frames  # fmt: skip


def model_of(frames, years=1, **choices):
    """A model of these tables, undiscounted and weighed by the mean; the mine is called, never contracted."""
    settings = {
        "model": {"name": "world", "years": [2027, 2026 + years], "discount_rate": 0},
        "suppliers": {"mine": {"contracts": "none"}},
    }
    return make_model(settings, Facts.from_frames(frames)).with_(
        **{path.replace("__", "."): value for path, value in choices.items()}
    )


def market(model, states=HALF[0], probability=HALF[1]):
    """Over paths of the mine's states: one list of 0 (open) and 1 (shut) per path."""
    codes = [[[state] for state in path] for path in states]
    return make_market(model, {}, Tree.from_paths(codes, probability, ["mine"], [("open", "shut")]))


def test_a_term_that_has_not_begun_leaves_what_a_wider_one_says():
    """None of the mine's Cu can be called from 2028 on, and until then all, as of every element: 0.5 * 1000 + 0.5 * 5000 in 2027,
    as abroad is too dear at 60, and 5000 in 2028.
    """
    frames = world(("price_factor", 2))
    frames["terms"].loc[len(frames["terms"])] = ["mine", "Cu", "call_share", 2028, 0]
    assert cost(market(model_of(frames))) == approx(3000)
    assert cost(market(model_of(frames, years=2), [[0, 0], [1, 1]])) == approx(3000 + 5000)


# --- options


@pytest.mark.parametrize(("fee", "expected"), [(0, 1500), (4, 1900), (14.9, 2990), (15.1, 3000), (1000, 3000)])
def test_an_option_by_hand(fee, expected):
    """The right to a tonne at 20 saves 50 - 20 in one future of two: it is worth 15. Below that all 100 t are reserved,

        100 fee + 0.5 x 100 x 10 + 0.5 x 100 x 20,

    above it none: 0.5 x 1000 + 0.5 x 5000. (A firm tonne at 30 costs as much as going without: 0.5 x 10 + 0.5 x 50.)
    """
    assert cost(market(model_of(world(("option_fee", fee), ("option_price", 20))))) == approx(expected)


@pytest.mark.parametrize("price", [5, 20, 45])
def test_an_option_that_is_free_is_capacity(price):
    """It costs what the same volume costs that can simply be called: at the price of abroad times its premium."""
    free = model_of(world(("option_fee", 0), ("option_price", price)))
    called = model_of(world(("call_share", 1), ("call_premium", price / 30)))
    assert cost(market(free)) == approx(cost(market(called)))


def test_without_a_price_of_its_own_an_option_pays_that_of_a_contract():
    """Reserved at 1, taken at 30 where the mine is shut: 100 + 500 + 1500."""
    assert cost(market(model_of(world(("option_fee", 1))))) == approx(2100)


def test_an_option_takes_room_of_contract_call_and_capacity():
    """60 t of capacity: 60 t under option at 4 and 20, the rest goes without: 240 + 500 + 0.5 (60 x 20 + 40 x 50). What is reserved
    cannot be called beside it: with 100 t on offer, all callable at 49, 60 t under option leave 40 t of calls instead of shortage.
    """
    terms = ("option_fee", 4), ("option_price", 20), ("capacity", 60)
    assert cost(market(model_of(world(*terms)))) == approx(240 + 500 + 0.5 * (1200 + 2000))
    called = *terms, ("call_share", 1), ("call_premium", 49 / 30)
    assert cost(market(model_of(world(*called)))) == approx(240 + 500 + 0.5 * (1200 + 40 * 49))


def test_an_option_is_for_sale_in_the_years_of_its_fee():
    """In 2028 the mine is shut for sure. A fee from 2028 on: 500 + 2500 as nothing is to be had in 2027, then 400 + 2000."""
    frames = world(("option_price", 20))
    frames["terms"].loc[len(frames["terms"])] = ["abroad", "all", "option_fee", 2028, 4]
    assert cost(market(model_of(frames, years=2), [[0, 1], [1, 1]])) == approx(500 + 2500 + 400 + 2000)


def test_a_basket_sells_no_options():
    frames = world(("option_fee", 4), ("capacity", 100))
    frames["suppliers"].loc[1, "kind"] = "basket"
    frames["baskets"] = table("supplier element value", ["abroad", "Cu", 1])
    with pytest.raises(DataError, match=r"abroad option_fee.*sells a basket.*kind free"):
        market(model_of(frames))


# --- giving up


@pytest.mark.parametrize(("price", "expected"), [(0, 2000), (5, 2250), (19.9, 2995), (20.1, 3000), (1000, 3000)])
def test_giving_up_by_hand(price, expected):
    """Where the mine is open, a tonne from abroad (30) is given up for one of the mine (10) if that costs less than 20:

    100 t    0.5 x (10 + price) + 0.5 x 30
    """
    assert cost(market(model_of(world(("cancel_price", price))))) == approx(expected)


def test_giving_up_at_no_price_is_no_contract():
    """It costs what the volume costs that is only called, at the price of the contract."""
    called = model_of(world(("call_share", 1)), suppliers__abroad__contracts="none")
    assert cost(market(model_of(world(("cancel_price", 0))))) == approx(cost(market(called)))


def test_a_commitment_may_be_given_up():
    """100 t at 30 are committed and the mine is open: 100 x (10 + 5), where all must be taken otherwise: 3000."""
    firm = {"commitments": table("supplier element year value", ["abroad", "Cu", 2027, 100])}
    assert cost(market(model_of(world(**firm)), [[0]], [1.0])) == approx(3000)
    assert cost(market(model_of(world(("cancel_price", 5), **firm)), [[0]], [1.0])) == approx(1500)


def test_only_what_would_arrive_is_given_up():
    """Half of what abroad sells is lost while the mine is shut, and paid though it does not arrive. Contracted x t of abroad: open,
    x given up at 5; shut, 30 x for x / 2 t. A tonne costs 0.5 x 5 + 0.5 x 30 and saves 0.5 x 0.5 x 50 = 12.5: none is bought.
    """
    frames = world(("cancel_price", 5), depths=table("chain scope state value", ["mine", "all", "shut", 1]))
    frames["suppliers"]["payment"] = ["delivered", "ordered"]
    assert cost(market(model_of(frames))) == approx(2250)  # nothing of abroad is lost yet
    frames["states"] = pd.concat([frames["states"], frames["states"].assign(chain="abroad")])
    frames["transitions"] = pd.concat([frames["transitions"], frames["transitions"].assign(chain="abroad")])
    frames["depths"] = table("chain scope state value", ["mine", "all", "shut", 1], ["abroad", "all", "shut", 0.5])
    model = model_of(frames)
    codes = np.array([[[0, 0]], [[1, 1]]])
    both = make_market(model, {}, Tree.from_paths(codes, [0.5, 0.5], ["abroad", "mine"], [("open", "shut")] * 2))
    assert cost(both) == approx(3000)


# --- holding


@pytest.mark.parametrize(("holding", "expected"), [(0, 2000), (5, 2500), (19, 3900), (21, 4000)])
def test_holding_by_hand(holding, expected):
    """Two years; a tonne of the mine costs 10, then 30. Bought a year ahead it costs 10 + holding: up to 20 that is done."""
    frames = world(stock=table(
        "scope attribute value", ["all", "max_days", 365], ["all", "refill_share", 4], ["all", "holding", holding]
    ))  # fmt: skip
    frames["terms"] = table(
        "supplier scope attribute year value", ["mine", "all", "price", 2027, 10], ["mine", "all", "price", 2028, 30],
        ["mine", "all", "call_share", 2027, 1],
    )  # fmt: skip
    frames["suppliers"], frames["offers"] = (
        frames["suppliers"][:1],
        table("supplier element year value", ["mine", "Cu", 2027, 400]),
    )
    model = model_of(frames, years=2, stock__release="always")
    assert cost(market(model, [[0, 0]], [1.0])) == approx(expected)
    half_years = model.with_(**{"model.periods_per_year": 2})
    # Of 100 t, 50 t wait half a year longer than the other 50 t: both are bought in the second half of 2027.
    bought = cost(market(half_years, [[0, 0, 0, 0]], [1.0]))
    waits = holding / 2
    assert bought == approx(1000 + 50 * (min(10 + waits, 30) + min(10 + 2 * waits, 30)))


# --- what the answer says of it


def answer(*terms):
    solved = solve_market(market(model_of(world(*terms))))
    return make_portfolio(solved, [solved])


def test_the_answer_counts_what_is_reserved_and_given_up():
    """Cost and tonnes of the screen follow the decisions: fees are fixed, what is taken under an option is called."""
    portfolio = answer(("option_fee", 4), ("option_price", 20))
    costs = portfolio.costs.set_index("component")["expected_musd"]
    assert costs[["fixed", "calls", "shortage_cost"]].tolist() == approx([0.4, 1.5, 0.0])
    row = portfolio.mix.set_index("supplier").loc["abroad"]
    assert (row["called_t"], row["supplied_t"], row["cost_musd"]) == approx((50, 50, 1.0))
    portfolio = answer(("cancel_price", 5))
    row = portfolio.mix.set_index("supplier").loc["abroad"]
    assert (row["contracted_t"], row["delivered_t"], row["cost_musd"]) == approx((100, 50, 1.75))


def test_on_fresh_paths_a_plan_costs_what_the_tree_says():
    """Every future is in the tree, so the rule that plays the plan comes to its cost: options, rights and stock among it."""
    stock = stocked(("holding", 0.5), ("draw_share", 0.2), ("refill_share", 0.5), ("surplus_share", 3), ("disposal", 1))
    terms = ("option_fee", 4), ("option_price", 20), ("cancel_price", 5)
    portfolio = procure.solve(model_of(world(*terms, stock=stock), years=3, world__tree__nodes=1000))
    played = procure.evaluate(portfolio, paths=200, seed=1)
    mean = played.costs.iloc[0]
    assert mean["musd"] == approx(portfolio.summary["expected_cost"], rel=1e-6) and mean[
        "standard_error_musd"
    ] == approx(0)


def test_a_limit_of_the_shed_has_a_price():
    """The mine is shut half of the time: 1 t more out of the shed spares 50 in that half, and 0.01 of 30 t is 0.3 t: 7.5 kUSD."""
    limits = answer_of(model_of(world(stock=stocked(("draw_share", 0.3))), suppliers__abroad__enabled=False)).limits
    row = limits.set_index("limit").loc["draw"]
    assert (row["bound"], 1e3 * row["shadow_price_musd"]) == approx((15, 7.5))


def answer_of(model):
    solved = solve_market(market(model))
    return make_portfolio(solved, [solved])


# --- every way to solve


def with_ways_to_buy(model, seed, *, by_order=False):
    """The model, some of its offers reservable or to be given up, and stock that costs something while it is held."""
    random = np.random.default_rng([seed, 7])
    tables = {name: frame for name, frame in model.facts.tables.items() if len(frame)}
    prices = tables["prices"].set_index(["element", "layer"])["value"]
    free = tables["suppliers"].query("kind == 'free'")
    rows = []
    for s, layer in zip(free["supplier"], free["price_layer"], strict=True):
        for e in tables["offers"].query("supplier == @s")["element"].unique():
            price = prices[e, layer]
            terms = {"option_fee": 0.2 * price, "option_price": 0.8 * price, "cancel_price": 0.3 * price}
            terms |= {"order_charge": 300} if by_order else {}
            rows += [
                (s, e, attribute, 2026 + int(random.integers(0, 3)), value * random.uniform(0.5, 1.5))
                for attribute, value in terms.items() if random.random() < 0.6
            ]  # fmt: skip
    frames = {name: frame.drop(columns=[c for c in OPTIONAL if c in frame]) for name, frame in tables.items()}
    frames["terms"] = pd.concat([frames["terms"], table("supplier scope attribute year value", *rows)])
    held = {"holding": 0.5, "draw_share": 0.1, "disposal": 0.3, "surplus_share": 5}
    own = table("scope attribute value", *(["all", name, x * random.uniform(0.5, 2)] for name, x in held.items()))
    frames["stock"] = pd.concat([frames["stock"], own]) if "stock" in frames else own
    return make_model(model.settings, Facts.from_frames(frames))


OPTIONAL = ("unit", "low", "high", "source", "address", "status", "confidence", "note", "source_year")


@pytest.mark.parametrize("seed", range(12))
def test_plain_pyomo_merging_and_cells_agree(seed):
    made = market_of(with_ways_to_buy(random_model(seed), seed, by_order=seed % 3 == 0), seed)
    risk = made.model.settings.risk
    slow = plain_pyomo.solve(
        made.sets, made.shape, made.plan, made.period, made.probability, made.discount, risk.alpha, risk.weight
    )
    assert cost(made) == approx(slow, rel=1e-7, abs=1e-5)
    assert cost(merge(made)) == approx(slow, rel=1e-7, abs=1e-5)


@pytest.mark.parametrize("seed", range(0, 8, 2))
def test_a_revised_plan_agrees_with_plain_pyomo(seed):
    """What is reserved and ordered after a review is paid along the path."""
    made = revised_market(with_ways_to_buy(reviewed(seed), seed, by_order=seed % 4 == 0), seed)
    assert made.sets.revised and made.sets.options
    assert cost(merge(made)) == approx(plain_cost(made), rel=1e-7, abs=1e-4)


def test_cells_agree():
    """What is made of cells stays so: options and the rest are rows of one element."""
    tosses = {"model__periods_per_year": 1, "demand__uncertain": "none"}
    agreed = 0
    for seed in range(60):
        model = random_model(seed, **tosses)
        plain = compose(market_of(model, seed))
        if cells.unlike_cells(plain.composition, plain.composed) is not None:
            continue
        made = compose(market_of(with_ways_to_buy(model, seed), seed))
        answer = cells.solve(made.composition, made.composed, made.figures)
        assert not isinstance(answer, NotByCells)
        if answer.status is highs.Status.OPTIMAL:
            assert answer.objective == approx(highs.solve(made.composed.lp).objective, rel=1e-6, abs=1e-3)
            agreed += len(made.market.sets.options) > 0
    assert agreed >= 5


@pytest.mark.parametrize("seed", [1, 4])
def test_a_compiled_model_follows_its_numbers(seed):
    """Moved in place and solved afresh, the cost is the same; a fee that nobody pays switches options off."""
    model = model_of(world(("option_fee", 4), ("option_price", 20), ("cancel_price", 5)), world__tree__nodes=40)
    compiled = procure.compile(model)
    random = np.random.default_rng(seed)
    for _ in range(3):
        moves = {
            f"suppliers.abroad.{attribute}": float(random.uniform(0, most))
            for attribute, most in (("option_fee", 20), ("option_price", 40), ("cancel_price", 30))
        }
        fresh = procure.solve(model.with_(**moves)).summary["objective"]
        assert compiled.solve(moves).objective == approx(fresh, rel=1e-7)


# --- as people know it: by state, by year, by period


def test_a_supplier_has_a_price_of_its_own_for_a_state():
    """Abroad lets call all: at 30, and at 45 while the mine is shut. The mine asks 12 in its own state open: 0.5 (1200 + 4500)."""
    prices = pd.DataFrame(
        {"supplier": ["abroad", "mine"], "chain": ["mine", ""], "state": ["shut", "open"], "value": [45, 12]}
    )
    assert cost(market(model_of(world(("call_share", 1), state_prices=prices)))) == approx(2850)
    frames = world(state_prices=prices.assign(applies="calls"))  # what is contracted follows its rule on the layer
    frames["terms"] = frames["terms"][:1]
    assert cost(market(model_of(frames, suppliers__mine__contracts="free"))) == approx(0.5 * 1000 + 0.5 * 5000)


def test_the_highest_of_several_prices_for_a_state_counts_and_a_floor_holds():
    """Contracted with abroad by the larger of index and floor: 20 in the state, 25 by the floor."""
    prices = pd.DataFrame({"supplier": "abroad", "chain": "mine", "state": ["open", "shut"], "value": [20, 40]})
    frames = world(("floor", 25), state_prices=prices)
    frames["suppliers"].loc[1, "price_rule"] = "floor"
    assert market(model_of(frames)).period["payment"]["abroad", "Cu"] == approx([25, 40])
    frames["suppliers"].loc[1, "price_rule"] = "fixed"
    assert market(model_of(frames)).period["payment"]["abroad", "Cu"] == approx([30, 30])


def test_a_price_for_a_state_moves_in_place():
    prices = pd.DataFrame({"supplier": ["abroad"], "chain": "mine", "state": "shut", "value": 45})
    model = model_of(world(("call_share", 1), state_prices=prices), world__tree__nodes=40)
    compiled, path = procure.compile(model), "suppliers.abroad.state_price.mine.shut"
    for price in (33, 60):
        fresh = procure.solve(model.with_(**{path: price})).summary["objective"]
        assert compiled.solve({path: price}).objective == approx(fresh, rel=1e-7)


def test_a_shortage_costs_what_it_does_in_its_year():
    """The mine is shut for three years: 50 in the first, 80 from 2028 on. The row without a year keeps its path."""
    shortage = table(
        "scope tier attribute year value",
        ["Cu", 1, "width", "", 1], ["Cu", 1, "cost", "", 50], ["Cu", 1, "cost", "2028", 80],
    )  # fmt: skip
    model = model_of(world(shortage=shortage), years=3, suppliers__abroad__enabled=False)
    assert cost(market(model, [[1, 1, 1]], [1.0])) == approx(21_000)
    moved = model.with_(**{"shortage.Cu.cost.1": 60, "shortage.Cu.cost.1.2028": 70})
    assert cost(market(moved, [[1, 1, 1]], [1.0])) == approx(6000 + 7000 + 7000)


@pytest.mark.parametrize("attribute", ["width", "fall"])
def test_a_tier_is_as_wide_in_all_years(attribute):
    """The widths sum to one, and one number of a tier has one meaning for what moves or follows it."""
    shortage = table(
        "scope tier attribute year value",
        ["Cu", 1, "width", "", 1], ["Cu", 1, "cost", "", 50], ["Cu", 1, attribute, "2028", 0],
    )  # fmt: skip
    with pytest.raises(
        DataError, match=f"row 3, column year: '2028'.*year is blank where the attribute is {attribute}"
    ):
        Facts.from_frames(world(shortage=shortage))


def test_a_tier_that_begins_too_late_is_told():
    shortage = table("scope tier attribute year value", ["Cu", 1, "width", "", 1], ["Cu", 1, "cost", "2028", 80])
    with pytest.raises(DataError, match=r"shortage.csv: no cost of tier 1 for 'Cu' in 2027"):
        market(model_of(world(shortage=shortage)))


def stocked(*rows, existing=80):
    """A stock of 80 t, room for 100 t."""
    return table(
        "scope attribute value",
        ["all", "existing", existing],
        ["all", "max_days", 365],
        *(["all", *row] for row in rows),
    )


@pytest.mark.parametrize(("share", "expected"), [(None, 5000 - 80 * 50), (0.3, 5000 - 30 * 50), (0, 5000), (2, 1000)])
def test_only_so_much_is_drawn_in_a_period(share, expected):
    """The mine is shut and 80 t are in stock; at most a share of the 100 t of a year's need comes out of the shed."""
    stock = stocked() if share is None else stocked(("draw_share", share))
    model = model_of(world(stock=stock), suppliers__abroad__enabled=False)
    assert cost(market(model, [[1]], [1.0])) == approx(expected)


@pytest.mark.parametrize(
    ("contracts", "ahead", "share", "expected"),
    [
        ("none", None, 1, 20 * 50),  # called only, by the model: 80 of 100 t are drawn
        ("free", 0, 1, 20 * 50),  # called only, by the tables: the same
        ("free", 0, 0, 100 * 50),  # nothing is bought of the mine: its closure disturbs nobody
    ],
)
def test_stock_is_drawn_where_who_is_only_called_is_disturbed(contracts, ahead, share, expected):
    """The mine is shut and abroad too dear: stock against disruption serves where something could have come from the mine."""
    frames = world(
        ("price_factor", 2), stock=table("scope attribute value", ["all", "existing", 80], ["all", "max_days", 365])
    )
    rows = [
        ["mine", "all", "call_share", 2027, share],
        *([["mine", "all", "contract_limit", 2027, ahead]] if ahead == 0 else []),
    ]
    terms = frames["terms"].query("supplier == 'abroad'")
    frames["terms"] = pd.concat([terms, table("supplier scope attribute year value", *rows)], ignore_index=True)
    assert cost(market(model_of(frames, suppliers__mine__contracts=contracts), [[1]], [1.0])) == approx(expected)


def test_a_slow_shed_gives_a_little_every_year():
    """10 t in each of two years; what is left at the end is worth nothing. Room that is dear is given up for all that."""
    model = model_of(world(stock=stocked(("draw_share", 0.1))), years=2, suppliers__abroad__enabled=False)
    assert cost(market(model, [[1, 1]], [1.0])) == approx(2 * (5000 - 10 * 50))
    dear = model_of(
        world(stock=stocked(("draw_share", 0.1), ("storage", 9))), years=2, suppliers__abroad__enabled=False
    )
    assert cost(market(dear, [[1, 1]], [1.0])) == approx(
        2 * 5000 - 10 * 50
    )  # a tonne of room costs 90 a year, a tonne short 50


@pytest.mark.parametrize(("disposal", "expected"), [(0, 3300), (7, 3300 + 140)])
def test_surplus_costs(disposal, expected):
    """110 t of abroad at 30 are committed, 90 t are needed: 20 t too many cost 7 each to be rid of."""
    frames = world(
        demand=table("element year value", ["Cu", 2027, 90]),
        offers=table("supplier element year value", ["abroad", "Cu", 2027, 110], ["mine", "Cu", 2027, 1]),
        commitments=table("supplier element year value", ["abroad", "Cu", 2027, 110]),
        stock=table("scope attribute value", ["all", "disposal", disposal]),
    )
    assert cost(market(model_of(frames), [[0]], [1.0])) == approx(expected)


def test_a_store_that_may_not_overflow():
    """110 t committed, 90 t needed, 20 t too many: they must be kept, where there is room, or there is no plan."""
    frames = world(
        demand=table("element year value", ["Cu", 2027, 90]),
        offers=table("supplier element year value", ["abroad", "Cu", 2027, 110], ["mine", "Cu", 2027, 1]),
        commitments=table("supplier element year value", ["abroad", "Cu", 2027, 110]),
    )
    kept = stocked(("surplus_share", 0), ("refill_share", 1), ("storage", 0.1), existing=0)
    model = model_of(frames | {"stock": kept})
    assert cost(market(model, [[0]], [1.0])) == approx(3300 + 20 * 0.1 * 10)
    none = table("scope attribute value", ["all", "surplus_share", 0])
    with pytest.raises(procure.Infeasible, match=r"abroad|110"):
        procure.solve(model_of(frames | {"stock": none}))
    some = table("scope attribute value", ["all", "surplus_share", 0.25])
    assert cost(market(model_of(frames | {"stock": some}), [[0]], [1.0])) == approx(3300)
    few = table("scope attribute value", ["all", "surplus_share", 0.2])
    with pytest.raises(procure.Infeasible, match=r"of all at most 20 % of the year's use may be left over"):
        procure.solve(model_of(frames | {"stock": few}))


# --- a charge for each order


@pytest.mark.parametrize(("charge", "expected"), [(0, 1500), (400, 1900), (1400, 2900), (1600, 3000)])
def test_an_order_is_charged_once(charge, expected):
    """Half of the time 100 t of abroad at 20 under an option that is free spare 50 - 20: worth 1500, to be had for one order."""
    terms = ("option_fee", 0), ("option_price", 20), ("order_charge", charge)
    assert cost(market(model_of(world(*terms)))) == approx(expected)


def test_lots_of_wagner_and_whitin():
    """Twelve periods, a charge for each order that differs between them, and 1 for each piece held over: 864.

    Wagner & Whitin (1958), Dynamic version of the economic lot size model, Management Science 5(1), 89-96, section 6. What the
    program says is held against the recursion of the paper, written here: the last lot that serves periods k to t is ordered in k.
    """
    demand = [69, 29, 36, 61, 61, 26, 34, 67, 45, 67, 79, 56]
    charge = [85, 102, 102, 101, 98, 114, 105, 86, 119, 110, 98, 114]
    least = [0.0]
    for t in range(12):
        least.append(min(
            least[k] + charge[k] + sum((n - k) * demand[n] for n in range(k, t + 1)) for k in range(t + 1)
        ))  # fmt: skip
    assert least[-1] == 864
    years = range(2027, 2039)
    frames = world(
        demand=table("element year value", *(["Cu", y, d] for y, d in zip(years, demand, strict=True))),
        offers=table("supplier element year value", ["abroad", "Cu", 2027, 1000], ["mine", "Cu", 2027, 0]),
        stock=table(
            "scope attribute value", ["all", "max_days", 3650], ["all", "refill_share", 1000], ["all", "holding", 1]
        ),
    )
    frames["terms"] = table(
        "supplier scope attribute year value", ["abroad", "all", "price", 2027, 0],
        *(["abroad", "all", "order_charge", y, c] for y, c in zip(years, charge, strict=True)),
    )  # fmt: skip
    assert cost(market(model_of(frames, years=12, stock__release="always"), [[0] * 12], [1.0])) == approx(864)


# --- a capacity that elements share


def two_metals(shared, depth=0.5, frames=None, **choices):
    """60 t of copper and 60 t of tin from the mine, called at 10; a tonne short costs 50 and 90. Shut, half of all is left."""
    tables = world(
        elements=table("element class_default", ["Cu", "metal"], ["Sn", "metal"]),
        demand=table("element year value", ["Cu", 2027, 60], ["Sn", 2027, 60]),
        prices=table("element layer value", *([e, layer, 10] for e in ("Cu", "Sn") for layer in ("contract", "licensed"))),
        offers=table("supplier element year value", ["mine", "Cu", 2027, 120], ["mine", "Sn", 2027, 120],
                     ["abroad", "Cu", 2027, 0]),
        depths=table("chain scope state value", ["mine", "all", "shut", depth]),
        shortage=table("scope tier attribute value", ["all", 1, "width", 1], ["Cu", 1, "cost", 50], ["Sn", 1, "cost", 90]),
    )  # fmt: skip
    if shared is not None:
        tables["terms"].loc[len(tables["terms"])] = ["mine", "all", "shared_capacity", 2027, shared]
    return model_of(tables | (frames or {}), suppliers__abroad__enabled=False, **choices)


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        (None, 1200),  # each has its own 120 t, or 60 t: enough of both
        (300, 1200),  # slack
        (120, 0.5 * 1200 + 0.5 * (600 + 60 * 50)),  # shut, 60 t are left: tin, the dearer to miss, has all of it
        (100, 0.5 * (1000 + 20 * 50) + 0.5 * (500 + 60 * 50 + 10 * 90)),
        (0, 60 * 50 + 60 * 90),
    ],
)  # fmt: skip
def test_elements_share_what_is_left(shared, expected):
    assert cost(market(two_metals(shared))) == approx(expected)


def test_what_is_contracted_is_within_what_is_shared():
    """Whether the mine is contracted or called, 100 t arrive in all where it is open and 50 t where it is shut."""
    assert cost(market(two_metals(100, suppliers__mine__contracts="free"))) == approx(
        0.5 * (1000 + 20 * 50) + 0.5 * (500 + 60 * 50 + 10 * 90)
    )


def test_what_is_offered_moves_what_is_shared():
    """Of 120 t on offer half was shipped of copper and a quarter of tin, so that shut 30 t and 15 t are left, a quarter of the one
    and an eighth of the other, and 25 t of the 100 of both: all of the tin and 10 t of copper. Two offers have a part in what is
    shared: of a hundredth less copper on offer the 30 t are a larger part, so that 0.25 t more of both arrive.
    """
    shipments = table("supplier element value", ["mine", "Cu", 60], ["mine", "Sn", 30])
    model = two_metals(100, frames={"shipments": shipments}, world__first={"mine": "shut"})
    found = procure.solve(model)
    assert found.summary["expected_cost"] == approx((250 + 50 * 50 + 45 * 90) / 1000)
    (offer,) = found.limits.query("kind == 'offer'").itertuples()
    assert (offer.scope, offer.per, offer.shadow_price_musd) == ("mine Cu", "1 % less", approx(0.25 * (50 - 10) / 1000))


def test_who_sells_nothing_shares_nothing():
    """Neither contracted nor called, the mine is as if it were not there."""
    calls = table("supplier scope attribute year value", ["mine", "all", "shared_capacity", 2027, 50])
    assert cost(market(two_metals(None, frames={"terms": calls}))) == approx(60 * 50 + 60 * 90)


def test_shared_capacity_agrees_with_plain_pyomo_and_moves_in_place():
    """It couples elements in every node: merging keeps it, and a compiled model follows it."""
    model = two_metals(100)
    made = market(model)
    risk = made.model.settings.risk
    slow = plain_pyomo.solve(
        made.sets, made.shape, made.plan, made.period, made.probability, made.discount, risk.alpha, risk.weight
    )
    assert cost(made) == approx(slow) and cost(merge(made)) == approx(slow)
    compiled, path = procure.compile(model), "suppliers.mine.shared_capacity"
    for most in (130, 40):
        fresh = procure.solve(model.with_(**{path: most})).summary["objective"]
        assert compiled.solve({path: most}).objective == approx(fresh, rel=1e-7)


# --- a limit on cost, where something begins to cost


def _cost_or_none(solve):
    try:
        return solve()
    except procure.Infeasible:
        return np.inf


@pytest.mark.parametrize("most", [9.0, 7.0, 6.0, 5.5])
@pytest.mark.parametrize("kind", ["worst_case", "cost_cvar"])
def test_a_limit_on_cost_sees_what_costs_nothing_at_first(kind, most):
    """Room and the first order are free as the model stands, and are no part of what the limit adds up; moved they are, and
    weighing the tail adds rows of its own beside it. However it got there a compiled model costs what a fresh solve does.
    """
    stock = table(
        "scope attribute value", ["all", "existing", 20], ["all", "max_days", 365], ["all", "refill_share", 0.5],
        ["all", "storage", 0],
    )  # fmt: skip
    frames = world(("fixed_charge", 0), stock=stock)
    model = model_of(frames, years=2).limited({"name": "most", "kind": kind, "max": most})
    room, charge, weight = "stock.all.storage", "suppliers.abroad.fixed_charge", "risk.weight"
    compiled = procure.compile(model)
    for changes in (
        {},
        {room: 0.3},
        {charge: 300.0},
        {weight: 0.7},
        {room: 0.1, charge: 900.0},
        {weight: 0.4, room: 1.0},
    ):
        fresh = _cost_or_none(lambda: procure.solve(model.with_(**changes), foresight=False).summary["objective"])  # noqa: B023
        found = _cost_or_none(lambda: compiled.solve(changes, explains=False).objective)  # noqa: B023
        assert found == approx(fresh, rel=1e-7), changes
