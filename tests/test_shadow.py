"""What limits and numbers cost at the margin: by hand, and against solving again with a number a little larger or smaller.

The least cost is convex in what a number holds back. So its price lies between what a little more of it saves and what a little
less costs, whatever the kink; without a kink it is both.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from procure.errors import DataError, Infeasible
from procure.facts import Facts
from procure.limits import KINDS
from procure.market import make_market, merge
from procure.model import load_model
from procure.portfolio.frames import WORTHLESS
from procure.portfolio.make import make_portfolio
from procure.portfolio.measure import Measured, mix
from procure.portfolio.shadow import limits
from procure.program.solve import solve_market
from procure.scenarios.world import programme_choices
from random_models import random_frames, random_model, random_tree, seeds
from test_portfolio import one_mine, open_or_shut

#: Where the number of a line stands: table, attribute, the columns that say whose it is (none: several elements, by scope).
WHERE = {
    "offer": ("offers", None, ("supplier", "element")),
    "contract_limit": ("terms", "contract_limit", ("supplier",)),
    "commitment": ("commitments", None, ("supplier", "element")),
    "capacity": ("terms", "capacity", ("supplier",)),
    "programme_capacity": ("programmes", "capacity", ("supplier", "programme")),
    "growth": ("terms", "growth", ("supplier",)),
    "expansion": ("terms", "expansion_limit", ("supplier",)),
    "minimum_order": ("terms", "minimum_order", ("supplier",)),
    "stock_today": ("stock", "existing", ()),
    "stock_room": ("stock", "max_days", ()),
    "refill": ("stock", "refill_share", ()),
    "spot": ("spot", "limit", ()),
}


def numbers_of(market):
    """{(kind, scopes of its lines): positions of its rows} of every number of the model's tables that may hold back."""
    found = {}
    tables, sets, class_of = market.model.facts.tables, market.sets, market.class_of
    for kind, (table, attribute, columns) in WHERE.items():
        frame = tables[table]
        for position, row in enumerate(frame.to_dict("records")):
            if attribute is not None and row["attribute"] != attribute:
                continue
            if columns:
                if row["supplier"] in sets.suppliers and row.get("element", sets.elements[0]) in sets.elements:
                    found.setdefault((kind, (" ".join(row[column] for column in columns),)), []).append(position)
                continue
            scopes = set(frame.loc[frame["attribute"] == attribute, "scope"])
            covered = tuple(
                e
                for e in sets.elements
                if row["scope"] == next(s for s in (e, class_of[e], "all", row["scope"]) if s in scopes)
            )
            found.setdefault((kind, covered), []).append(position)
    return {key: rows for key, rows in found.items() if key[1]}


def with_tables(model, **frames):
    """The model with some of its tables exchanged."""
    tables = {name: frame for name, frame in model.facts.tables.items() if len(frame)}
    return dataclasses.replace(model, facts=Facts.from_frames({**tables, **frames}))


def with_rows(model, table, positions, factor):
    """The model with some values of a table multiplied."""
    path_of = {place: path for path, place in model.facts.paths().items()}
    values = {
        path_of[table, position]: model.facts.tables[table]["value"].iloc[position] * factor for position in positions
    }
    return dataclasses.replace(model, facts=model.facts.with_values(values))


def signed(lines):
    """{(kind, scope): kUSD that one per cent more saves}: what less would save counts negative."""
    return {
        (row.limit, row.scope): row.shadow_price_musd * (1e3 if row.per == "1 % more" else -1e3)
        for row in lines.itertuples()
    }


def check_by_solving_again(model, programmes, tree, *, merged=True, step=1e-4):
    """Every number of the model against a step up and a step down, solved anew; returns how many prices were no kink.

    Prices are those of the market with its futures `merged`. Numbers without a line are worth less than a millionth of all that
    is spent. Steps that cannot be (more committed than offered) are left out.
    """
    market = make_market(model, programmes, tree)
    measured = Measured(solve_market(merge(market) if merged else market))
    lines = limits(measured).query("kind in @WHERE")
    price_of, sharp = signed(lines), 0
    here = measured.solved.objective
    assert here == approx(solve_market(market).objective, rel=1e-9)

    def saved(table, rows, factor):
        try:
            changed = with_rows(model, table, rows, factor)
            return 0.01 / step * (here - solve_market(make_market(changed, programmes, tree)).objective)
        except (DataError, Infeasible):
            return np.nan

    numbers = numbers_of(market)
    assert price_of.keys() <= {(kind, scope) for kind, scopes in numbers for scope in scopes}
    for (kind, scopes), rows in numbers.items():
        price = sum(price_of.get((kind, scope), 0.0) for scope in scopes)
        more, less = saved(WHERE[kind][0], rows, 1 + step), -saved(WHERE[kind][0], rows, 1 - step)
        rounding = 1e-4 * abs(price) + 1.01 * WORTHLESS * measured.gross * len(scopes)
        assert not price < more - rounding and not price > less + rounding, (kind, scopes, more, price, less)
        if abs(more - less) <= 1e-5 * abs(less) and all((kind, scope) in price_of for scope in scopes):
            assert price == approx(more, rel=1e-4)
            sharp += 1
    return sharp


# --- by hand ---


def test_an_offer_that_can_also_be_called_has_one_price():
    """`test_one_mine_by_hand`, but what is left of the offer can be called at twice the price: 80 t are contracted all the same,
    nothing is left, and of a hundredth more, 0.8 t, all is contracted: 12.8 kUSD. The rows of contract and call share that price
    in many ways (a tonne called saves 30 kUSD); the number has it whole.
    """
    model = one_mine()
    terms = {
        "supplier": "mine",
        "scope": "all",
        "attribute": ["call_share", "call_premium"],
        "year": 2027,
        "value": [1.0, 2.0],
    }
    model = with_tables(model, terms=pd.DataFrame(terms))
    (line,) = (
        limits(Measured(solve_market(make_market(model, {}, open_or_shut()))))
        .query("limit == 'offer'")
        .to_dict("records")
    )
    assert line["shadow_price_musd"] == approx(0.0128)
    assert (line["scope"], line["value"], line["bound"], line["slack"]) == (
        "mine Cu",
        approx(80),
        80,
        approx(0, abs=1e-9),
    )
    assert line["words"] == "1 % more Cu on offer from mine saves 0.0128 million USD at the margin"


def test_two_classes_by_hand():
    """Numbers of `test_two_class`. A hundredth of:

    Lynas, heavy    5.875 t, saves 9,795 where China fails and costs 65.24 where not: 5.875 x 0.976 (0.45 x 9,795 - 0.55 x 65.24)
    Caremag, heavy  0.885 t, the same but at 0.34, and firm: more can be had than the 88.5 t only if more is offered
    China, heavy    42.5 t, of which 0.04 arrive where it fails, at 89.76 for 9,950: 42.5 x 0.04 x 0.45 x 9,860.24
    China, light    221.5 t, of which 0.58 arrive where it fails, for what Lynas sells at 82.32 if that fails, too
    Lynas, light    50 t firm, at 5.727904 too much (2): less would save
    """
    lines = limits(Measured(solve_market(make_market(load_model("two-class")))))
    by_hand = {
        ("offer", "lynas medium_heavy"): 5.875 * 0.976 * (0.45 * 9_795 - 0.55 * 65.24),
        ("offer", "caremag medium_heavy"): 0.885 * 0.34 * (0.45 * 9_795 - 0.55 * 65.24),
        ("offer", "china medium_heavy"): 42.5 * 0.04 * 0.45 * 9_860.24,
        ("offer", "china light"): 221.5 * 0.58 * 0.018 * (82.32 - 42.84),
        ("commitment", "lynas light"): -50 * 5.727904,
    }
    found = signed(lines)
    assert {key: found.pop(key) for key in by_hand} == approx(by_hand, rel=1e-6)
    assert set(found) == {("capacity", "seabed")}
    assert lines["shadow_price_musd"].is_monotonic_decreasing


def test_a_commitment_costs_what_it_takes_from_a_capped_rebate():
    """The rebate, 2 kUSD/t at most, is capped at 60 kUSD a year over what is committed, 40 t: 1.5 kUSD/t on all 80 t bought, where
    the mine is open (weighed 0.4). A hundredth less committed, 0.4 t, makes that 60 / 39.6: at the margin 0.015 x 80 x 0.4 = 0.48.
    """
    frames = one_mine().facts.tables
    terms = [
        ("floor", 0.0),
        ("rebate_threshold", 6.0),
        ("rebate_share", 0.5),
        ("rebate_cap", 60.0),
        ("call_share", 0.0),
    ]
    commitments = pd.DataFrame({"supplier": ["mine"], "element": ["Cu"], "year": [2027], "value": [40.0]})
    model = with_tables(
        one_mine(**{"suppliers.mine.price_rule": "floor_rebate"}), commitments=commitments,
        terms=pd.DataFrame([("mine", "all", name, 2027, x) for name, x in terms], columns=frames["terms"].columns[:5]),
    )  # fmt: skip
    lines = limits(Measured(solve_market(make_market(model, {}, open_or_shut())))).set_index("limit")
    assert lines.loc["commitment", "shadow_price_musd"] == approx(0.48e-3, rel=1e-5)
    assert lines.loc["commitment", "words"].startswith("1 % less Cu committed to mine saves 0.00048 million USD")


# --- against solving again ---


def test_two_class_against_solving_again():
    assert check_by_solving_again(load_model("two-class"), {}, None) >= 5


@pytest.mark.parametrize("seed", seeds(6, 12))
def test_random_models_against_solving_again(seed):
    """Baskets, programmes, charges, several years and periods, expansions, ramps: every feature is met by some seed."""
    model = random_model(seed)
    options = programme_choices(model)
    programmes = options[seed % len(options)]
    check_by_solving_again(model, programmes, random_tree(model, seed, programmes=programmes))


@pytest.mark.parametrize("seed", [1, 9, 27, 30, 39])
def test_orders_that_futures_share_against_solving_again(seed):
    """What is ordered before demand is seen is ordered once for several nodes, and its bound priced once."""
    model = random_model(seed, demand__orders="before", demand__uncertain="yearly")
    programmes = programme_choices(model)[0]
    tree = random_tree(model, seed, programmes=programmes)
    shared = make_market(model, programmes, tree).shape.information
    assert len(np.unique(shared)) < len(shared)
    check_by_solving_again(model, programmes, tree)


@pytest.mark.parametrize("contracts", ["committed", "none"])
@pytest.mark.parametrize("seed", [1, 4, 7])
def test_other_contracts_against_solving_again(seed, contracts):
    """Only what is committed, which is then lower and upper bound in one; or only calls."""
    model = random_model(seed)
    free = {s for s, kind in model.facts.tables["suppliers"][["supplier", "kind"]].to_numpy() if kind == "free"}
    model = model.with_(**{f"suppliers.{s}.contracts": contracts for s in free})
    programmes = programme_choices(model)[-1]
    check_by_solving_again(model, programmes, random_tree(model, seed, programmes=programmes))


@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_commitments_under_a_capped_rebate_against_solving_again(seed):
    """The cap is spread over all that is committed, so every commitment moves the price of every element."""
    frames = random_frames(seed)
    terms = frames["terms"][~frames["terms"]["attribute"].isin(["minimum_order", "fixed_charge"])]
    low = terms["attribute"] == "rebate_threshold"
    terms = terms.assign(value=terms["value"].where(~low, 0.5 * terms["value"]))
    free = frames["suppliers"].query("kind == 'free'")["supplier"]
    cap = pd.DataFrame({"supplier": free, "scope": "all", "attribute": "rebate_cap", "year": 2026, "value": 20.0})
    firm = frames["offers"].assign(value=0.1 * frames["offers"]["value"])
    model = with_tables(random_model(seed), terms=pd.concat([terms, cap]), commitments=firm)
    model = model.with_(**{f"suppliers.{s}.price_rule": "floor_rebate" for s in free})
    programmes = programme_choices(model)[0]
    check_by_solving_again(model, programmes, random_tree(model, seed, programmes=programmes))


def capped(kind, measured):
    """A limit on cost, a little below what the plan costs without it."""
    value = {"cost_cvar": measured.cvar, "worst_case": measured.worst}[kind] - 2e-3 * measured.gross
    return {
        "name": "cap",
        "kind": kind,
        "max": value / 1e3,
        **({"alpha": measured.risk.alpha} if kind == "cost_cvar" else {}),
    }


@pytest.mark.parametrize("seed, kind", [(0, "cost_cvar"), (12, "cost_cvar"), (5, "worst_case"), (21, "worst_case")])
def test_under_a_limit_on_cost_against_solving_again(seed, kind):
    """Such a limit weighs what is spent at each node anew, and with it whatever moves a price."""
    model = random_model(seed, risk__alpha=0.5)
    programmes = programme_choices(model)[-1]
    tree = random_tree(model, seed, programmes=programmes)
    free = Measured(solve_market(make_market(model, programmes, tree)))
    model = random_model(seed, [capped(kind, free)], risk__alpha=0.5)
    policy, *_ = limits(Measured(solve_market(make_market(model, programmes, tree)))).to_dict("records")
    assert policy["limit"] == "cap" and policy["shadow_price_musd"] > 0
    check_by_solving_again(model, programmes, tree, merged=False)


def small_japan(*elements):
    """About a hundred nodes and the pilot; the limit on China's share is as in the model."""
    model = load_model("japan").with_(
        **{
            "world.tree.nodes": 100,
            "world.tree.branch": [2027],
            **({"model.elements": list(elements)} if elements else {}),
        }
    )
    return model, {"seabed": "pilot"}


def test_japan_against_solving_again():
    model, programmes = small_japan(
        "La", "Nd", "Dy", "Y", "Ho"
    )  # La and Ho have stock today; of Dy and Y a year of ban left none
    assert check_by_solving_again(model, programmes, make_market(model, programmes).tree) >= 12


def test_an_offer_and_a_capacity_that_bind_together():
    """Both are 80 t: of one alone a little more saves nothing, a little less of either costs 12.8 kUSD; so each of the two prices
    lies between, and together they say what a hundredth more of both would save.
    """
    one = one_mine()
    terms = one.facts.tables["terms"][["supplier", "scope", "attribute", "year", "value"]]
    capacity = pd.DataFrame(
        {"supplier": ["mine"], "scope": "all", "attribute": "capacity", "year": 2027, "value": 80.0}
    )
    model = with_tables(one, terms=pd.concat([terms, capacity], ignore_index=True))
    tree = open_or_shut()
    check_by_solving_again(model, {}, tree)
    prices = signed(limits(Measured(solve_market(make_market(model, {}, tree)))).query("kind in ['offer', 'capacity']"))
    assert all(0 <= price <= 12.8 * (1 + 1e-9) for price in prices.values()) and sum(prices.values()) == approx(12.8)


def with_room_for(days):
    """Two years of `one_mine`, 10 t in stock, room for so many days of use; stock can be refilled and has to be paid for."""
    stock = {
        "scope": "Cu",
        "attribute": ["existing", "max_days", "storage", "refill_share"],
        "value": [10.0, days, 0.05, 0.3],
    }
    terms = {"supplier": ["mine"], "scope": "all", "attribute": "call_share", "year": 2027, "value": 1.0}
    offers = {"supplier": ["mine"], "element": "Cu", "year": 2027, "value": 120.0}
    tables = {"stock": stock, "terms": terms, "offers": offers}
    return with_tables(one_mine(years=2), **{name: pd.DataFrame(table) for name, table in tables.items()})


@pytest.mark.parametrize("days", [20.0, 60.0])
def test_stock_beyond_and_within_the_most_that_may_be_held(days):
    """10 t are in stock. Where at most 20 days, 5.5 t, may be held, what there is may be held all the same."""
    check_by_solving_again(with_room_for(days), {}, open_or_shut(2))


def test_where_more_and_less_of_a_number_move_other_data_its_price_is_that_of_more():
    """36.5 days are the 10 t there are: more stock takes its room with it, as at 20 days; less leaves it, as at 60."""
    price = {}
    for days in (20.0, 36.5, 60.0):
        lines = limits(Measured(solve_market(make_market(with_room_for(days), {}, open_or_shut(2)))))
        price[days] = signed(lines)["stock_today", "Cu"]
    assert price[36.5] == approx(price[20.0]) and price[36.5] > price[60.0] + 0.1


# --- amounts, against the tables ---


def valid(frame, year, **keys):
    """The value of a table that holds in a year: the latest row not after it."""
    rows = frame[(frame[list(keys)] == pd.Series(keys)).all(axis=1) & (frame["year"] <= year)]
    return float(rows.sort_values("year")["value"].iloc[-1]) if len(rows) else 0.0


def test_amounts_are_those_of_the_tables():
    """Offers, commitments and stock of today as the tables have them, means of the years; what is used as the other frames say."""
    model, programmes = small_japan()
    solved = solve_market(merge(make_market(model, programmes)))
    portfolio = make_portfolio(solved, [solved])
    tables, years = model.facts.tables, model.years
    lines = portfolio.limits[~portfolio.limits["kind"].isin(KINDS)]
    sources = portfolio.mix.groupby(["supplier", "element"])
    taken = sources[["contracted_t", "called_t"]].mean().sum(axis=1)
    demand = portfolio.shortage.groupby("element")["demand_t"].mean()
    stock = tables["stock"].set_index(["attribute", "scope"])["value"]
    seen = set()
    for row in lines.itertuples():
        seen.add(row.kind)
        owner = row.scope.split()
        if row.kind == "offer":
            bound = np.mean([valid(tables["offers"], y, supplier=owner[0], element=owner[1]) for y in years])
            first = tables["suppliers"].set_index("supplier").loc[owner[0], "first_year"]
            assert pd.isna(first) or first <= years[0]
            value = taken[owner[0], owner[1]]
        elif row.kind == "contract_limit":
            assert row.scope == "lynas"  # Nd and Pr together: what is firm is all that can be had ahead
            value, bound = sources["contracted_t"].mean()["lynas"][["Nd", "Pr"]].sum(), 3900 + 1100
        elif row.kind == "commitment":
            bound = np.mean([valid(tables["commitments"], y, supplier=owner[0], element=owner[1]) for y in years])
            value = sources["contracted_t"].mean()[owner[0], owner[1]]
        elif row.kind == "stock_today":
            value = bound = stock["existing", row.scope]
        elif row.kind == "stock_room":
            bound = stock[
                "max_days", next(iter({portfolio.shortage.set_index("element").loc[row.scope, "class"].iloc[0]}))
            ]
            bound *= demand[row.scope] / 365
            value = portfolio.stock.groupby("element")["target_t"].mean()[row.scope]
        elif row.kind == "refill":
            bound, value = stock["refill_share", "all"] * demand[row.scope], row.value
        elif row.kind == "spot":
            bound = tables["spot"].query("attribute == 'limit'")["value"].sum() * demand[row.scope]
            value = portfolio.mix.query("supplier == 'spot'").groupby("element")["supplied_t"].mean()[row.scope]
        else:
            assert row.kind == "programme_capacity" and row.scope == "seabed pilot"
            capacity = tables["programmes"].query("attribute == 'capacity'")
            bound = np.mean([valid(capacity, y, supplier="seabed", programme="pilot") for y in years])
            value = row.value
        assert (row.value, row.bound) == approx((value, bound), rel=1e-9, abs=1e-9), (row.kind, row.scope)
        assert row.slack == approx(
            row.value - row.bound if row.kind == "commitment" else row.bound - row.value, abs=1e-9
        )
        assert row.slack >= -1e-6 * row.bound and row.unit == ("t" if row.kind.startswith("stock") else "t/yr")
    # What is committed is wanted, and more: none of it binds.
    assert seen | {"commitment"} == set(WHERE) - {"capacity", "growth", "expansion", "minimum_order"}
    neodymium = lines[(lines["kind"] == "stock_today") & (lines["scope"] == "Nd")]
    assert neodymium[["value", "bound"]].to_numpy().tolist() == [[793.15, 793.15]]


@pytest.mark.parametrize("seed", seeds(6, 12))
def test_nothing_is_used_beyond_what_there_is(seed):
    """Also of what only random models have: capacities that are built and funded, ramps, minimum orders, periods of half a year."""
    model = random_model(seed)
    programmes = programme_choices(model)[-1]
    market = make_market(model, programmes, random_tree(model, seed, programmes=programmes))
    measured = Measured(solve_market(market))
    lines = limits(measured)
    assert np.isfinite(lines[["value", "bound", "slack", "shadow_price_musd"]].to_numpy()).all()
    assert (lines["slack"] >= -1e-6 * lines["bound"].abs().clip(lower=1.0)).all()
    assert lines["binding"].all() and not lines.duplicated(["limit", "scope"]).any()
    taken = mix(measured).groupby(["supplier", "element"])[["contracted_t", "called_t"]].mean().sum(axis=1)
    for row in lines.query("kind == 'offer'").itertuples():
        assert row.value == approx(taken[tuple(row.scope.split())])


# --- words ---


def test_a_price_says_that_it_is_marginal_and_none_is_nothing():
    """Where a kilogram of Dy short costs two hundred times as much, what La saves is nothing beside it, and has no line.

    Two hundred times 43 thousand USD are 8.6 million; ten million is the most that the table takes.
    """
    model, programmes = small_japan("La", "Dy")
    shortage = model.facts.tables["shortage"]
    dear = with_rows(
        model, "shortage", np.flatnonzero((shortage["attribute"] == "cost") & (shortage["scope"] == "Dy")), 200.0
    )
    scopes = []
    for one in (model, dear):
        solved = solve_market(make_market(one, programmes))
        portfolio = make_portfolio(solved, [solved])
        lines, gross = portfolio.limits, Measured(solved).gross / 1e3
        priced = lines[lines["words"].str.contains("saves")]
        assert (priced["shadow_price_musd"] > 1e-6 * gross).all() and (lines["shadow_price_musd"] >= 0).all()
        assert priced["words"].str.contains(r" saves [0-9.,]+ million USD at the margin$").all()
        assert (lines.loc[~lines["words"].str.contains("saves"), "shadow_price_musd"] <= 1e-6 * gross).all()
        scopes.append(set(" ".join(priced["scope"]).split()))
    assert "La" in scopes[0] and "La" not in scopes[1] and "Dy" in scopes[1]


@pytest.mark.parametrize("storage, free", [(0.0, True), (1e-6, True), (0.1, False)])
def test_a_limit_that_costs_nothing_is_no_line_on_the_screen(storage, free):
    """36.5 days of stock are 10 t, what there is: asking for them is free. Asking for 73 costs 20 t of storage at 10 USD/kg: a day
    0.274 kUSD at a storage of a tenth, and nothing to speak of at a millionth: the price stands in the frame, but is no sentence.
    """
    days = {"scope": "Cu", "attribute": ["existing", "max_days", "storage"], "value": [10.0, 73.0, storage]}
    least = 36.5 if storage == 0 else 73.0
    model = one_mine(weight=0.0, limits=[{"name": "cap", "kind": "stock_days", "scope": "Cu", "min": least}])
    solved = solve_market(make_market(with_tables(model, stock=pd.DataFrame(days)), {}, open_or_shut()))
    portfolio = make_portfolio(solved, [solved])
    (line,) = portfolio.limits.query("limit == 'cap'").to_dict("records")
    assert line["binding"] and line["shadow_price_musd"] == approx(100 / 365 * 10 * storage / 1e3)
    assert (line["words"] == "Cu stock in 2027 stands at its limit, at no cost to speak of") == free
    assert ("Cu stock in 2027" in str(portfolio)) != free


@pytest.mark.parametrize("size, dear", [(1.0, 1.0), (1e5, 100.0)])
def test_a_million_of_budget_is_measured_against_a_million(size, dear):
    """A tonne a year more of capacity costs 10 kUSD and saves 40 where the mine is open, weighed 0.4: 0.6 for each of the budget.
    So it does of a mine that is larger and dearer, where a million is less than a millionth of all that is spent.
    """
    model = one_mine(limits=[{"name": "purse", "kind": "budget", "max": 0.05 * size * dear}])
    terms = {"capacity": 80.0 * size, "expansion_limit": 20.0 * size, "expansion_cost": 10.0 * dear, "call_share": 0.0}
    keys = {
        "offers": ["supplier", "element", "year"],
        "demand": ["element", "year", "growth"],
        "prices": ["element", "layer"],
    }
    old = {name: model.facts.tables[name][[*columns, "value"]] for name, columns in keys.items()}
    model = with_tables(
        model,
        offers=old["offers"].assign(value=100.0 * size),
        demand=old["demand"].assign(value=100.0 * size),
        prices=old["prices"].assign(value=old["prices"]["value"] * dear),
        shortage=pd.DataFrame({"scope": "Cu", "tier": 1, "attribute": ["width", "cost"], "value": [1.0, 50.0 * dear]}),
        terms=pd.DataFrame(
            {"supplier": "mine", "scope": "all", "attribute": list(terms), "year": 2027, "value": list(terms.values())}
        ),
    )
    measured = Measured(solve_market(make_market(model, {}, open_or_shut())))
    (line,) = limits(measured).query("limit == 'purse'").to_dict("records")
    assert line["words"] == "one more million USD of budget in 2027 saves 0.6 million USD at the margin"
    assert (measured.gross > 0.6e9) == (size > 1)


def test_lines_in_japanese():
    solved = solve_market(make_market(load_model("two-class")))
    text = make_portfolio(solved, [solved]).to_text("ja")
    assert "限界" in text and "ライナスの中・重希土類供給枠が 1 % 増えれば 25.1 百万ドルの節約" in text
    assert "南鳥島レアアース泥の生産能力が 1 % 増えれば 7.19 百万ドルの節約" in text  # as the README says
