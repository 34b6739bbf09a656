"""How far a price holds: by hand, and against solving again on either side of where it is said to end."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from scipy import sparse

import procure
from procure.errors import DataError, Infeasible
from procure.lp.program import LinearProgram
from procure.lp.ranging import Direction, Ranging
from procure.market import make_market, merge
from procure.portfolio.expiry import limits
from procure.portfolio.frames import MOST_STEPS
from procure.portfolio.measure import Measured
from procure.program.solve import solve_market
from random_models import random_model, random_tree, seeds
from test_portfolio import one_mine, open_or_shut
from test_shadow import WHERE, numbers_of, small_japan, with_rows, with_tables
from test_together import world


def lines_of(market):
    """The frame of limits, by limit and scope."""
    return limits(Measured(solve_market(market))).set_index(["limit", "scope"])


def test_an_offer_is_worth_its_price_until_demand_is_met():
    """`test_one_mine_by_hand`: 80 t are on offer where 100 are needed. A per cent of them, 0.8 t, saves as much up to 25."""
    line = lines_of(make_market(one_mine(), {}, open_or_shut())).loc["offer", "mine Cu"]
    assert (line["shadow_price_musd"], line["holds_to"]) == approx((0.0128, 25.0))


def test_a_limit_on_a_mean_is_worth_its_price_until_it_is_slack():
    """As in `test_together`: a percentage point of expected shortage, 10 t, saves 100 kUSD/t up to 20 %: none is bought."""
    limit = {"name": "served", "kind": "expected_shortage", "scope": "A", "max": 0.1}
    line = lines_of(merge(make_market(world(limit, alpha=0.0, weight=0.0)))).loc["served", "A"]
    assert (line["shadow_price_musd"], line["holds_to"]) == approx((1.0, 10.0))


def test_a_budget_is_worth_its_price_until_all_is_built():
    """Of 20 t to be built at 10 kUSD a budget of 50 kUSD pays for 5; 150 kUSD more are worth 0.6 for one."""
    model = one_mine(limits=[{"name": "purse", "kind": "budget", "max": 0.05}])
    terms = {"capacity": 80.0, "expansion_limit": 20.0, "expansion_cost": 10.0, "call_share": 0.0}
    rows = [{"supplier": "mine", "scope": "all", "attribute": a, "year": 2027, "value": v} for a, v in terms.items()]
    offers = model.facts.tables["offers"][["supplier", "element", "year"]].assign(value=100.0)
    model = with_tables(model, offers=offers, terms=pd.DataFrame(rows))
    lines = limits(Measured(solve_market(make_market(model, {}, open_or_shut()))))
    (line,) = lines.query("limit == 'purse'").to_dict("records")
    assert (line["shadow_price_musd"], line["holds_to"]) == approx((0.6, 0.15))


def test_the_seabed_of_two_classes_is_worth_its_price_to_the_double(two_class):
    """As the README says: a per cent is worth 7.19 million USD, and all of it again a hundred of them."""
    _, portfolio, _ = two_class
    line = portfolio.limits.set_index("limit").loc["capacity"]
    assert line["holds_to"] == MOST_STEPS
    assert "capacity of seabed saves 7.19 million USD, to 100 % and beyond" in str(portfolio)
    assert "（100 %以上も同じ）" in portfolio.to_text("ja")


@pytest.fixture(scope="module")
def two_class():
    model = procure.load_model("two-class")
    return model, procure.solve(model, foresight=False), procure.compile(model)


def test_prices_of_two_classes_end_where_they_are_said_to(two_class):
    """Solved again on either side: China's light offer and Lynas's commitment save as much a step until there, and less beyond."""
    model, portfolio, compiled = two_class
    here = compiled.solve().objective
    paths = {
        ("offer", "china light"): "suppliers.china.offers.light",
        ("commitment", "lynas light"): "suppliers.lynas.commitments.light",
    }
    lines = portfolio.limits.set_index(["limit", "scope"])
    for line, path in paths.items():
        price, end = lines.loc[line, "shadow_price_musd"], lines.loc[line, "holds_to"]
        sign = -0.01 if lines.loc[line, "per"] == "1 % less" else 0.01
        assert 0 < end < MOST_STEPS

        def saved(steps, path=path, sign=sign):
            return here - compiled.solve({path: model.facts.value(path) * (1 + sign * steps)}).objective

        assert saved(0.999 * end) == approx(0.999 * end * price, rel=1e-5)
        beyond = (saved(1.02 * end) - saved(1.001 * end)) / (0.019 * end)
        assert beyond < price * (1 - 1e-5)


@pytest.mark.parametrize("seed", seeds(4, 24))
def test_prices_of_random_models_end_where_they_are_said_to(seed):
    """Every number of the tables that has a price of its own: the same up to its end, and less beyond it.

    More stock than there is room for makes room: there the program that a step leads to bends, and the price may go on.
    """
    model = random_model(seed)
    choice = {name: levels.programmes[0] for name, levels in model.settings.suppliers.items() if levels.programmes}
    check_ends(model, choice, random_tree(model, seed, programmes=choice))


def test_prices_of_japan_end_where_they_are_said_to():
    """On a small tree of it, under the pilot, with its limit on China: every number of the tables that has a price of its own."""
    model, programmes = small_japan("Nd", "Dy", "Tb", "Y")
    inside, ended = check_ends(model, programmes, make_market(model, programmes).tree)
    assert inside >= 6 and ended >= 4, (inside, ended)


def check_ends(model, choice, tree):
    """Prices against solving again, within and beyond their end; how many were looked at on either side."""
    measured = Measured(solve_market(make_market(model, choice, tree)))
    here, found = measured.objective, limits(measured)
    ends = {(row["limit"], row["scope"]): row for row in found.to_dict("records") if not np.isnan(row["holds_to"])}
    n_inside = n_ended = 0

    def saved(table, rows, steps):
        return here - solve_market(make_market(with_rows(model, table, rows, 1 + steps / 100), choice, tree)).objective

    for (kind, scopes), rows in numbers_of(measured.market).items():
        row = ends.get((kind, scopes[0]))
        if row is None or len(scopes) > 1:
            continue
        end, price = row["holds_to"], row["shadow_price_musd"] * 1e3
        sign = -1.0 if row["per"] == "1 % less" else 1.0
        try:
            inside = saved(WHERE[kind][0], rows, sign * 0.99 * min(end, 20.0))
            beyond = saved(WHERE[kind][0], rows, sign * 1.2 * end) if end < 20 else None
        except (DataError, Infeasible):
            continue
        size = 1e-5 * abs(price * end) + 1e-9 * measured.gross
        assert inside == approx(0.99 * min(end, 20.0) * price, abs=size), (kind, scopes, end)
        n_inside += 1
        if beyond is not None and end > 1e-3 and kind != "stock_today":
            assert beyond < 1.2 * end * price - 1e-9 * measured.gross, (kind, scopes, end)
            n_ended += 1
    return n_inside, n_ended


def small(**changes):
    """Two sources at 1 and 2, of 2 at most and without end, for a demand of 3."""
    own = LinearProgram(
        cost=np.array([1.0, 2.0]), matrix=sparse.csc_matrix([[1.0, 1.0]]), row_lower=np.array([3.0]),
        row_upper=np.array([np.inf]), lower=np.zeros(2), upper=np.array([2.0, np.inf]),
    )  # fmt: skip
    return dataclasses.replace(own, **changes)


@pytest.mark.parametrize(
    ("there", "most", "end"),
    [
        (small(upper=np.array([3.0, np.inf])), 100, 1.0),  # of the cheap one no more than 3 are needed
        (small(row_lower=np.array([4.0])), 100, 100),  # the dear one serves all that is asked
        (small(row_lower=np.array([2.5])), 100, 2.0),  # half a unit less a step: the dear one is closed at 2
        (small(row_lower=np.array([2.5])), 1.5, 1.5),
    ],
)
def test_a_price_ends_where_another_basis_takes_over(there, most, end):
    direction = Direction.between(small(), there)
    ranging = Ranging(small())
    assert ranging.holds(direction, most, 10) == approx(end)
    assert ranging.holds(direction, most, 10) == approx(end)  # and leaves everything as it was


def test_a_price_of_what_is_fixed_ends_too():
    """The cheap one is 1 exactly: more of it saves up to the 3 that are needed, and less costs until it is none at all."""
    fixed = small(lower=np.array([1.0, 0.0]), upper=np.array([1.0, np.inf]))
    more = Direction.between(fixed, dataclasses.replace(fixed, upper=np.array([1.5, np.inf])))
    assert more.slope(Ranging(fixed).optimum) == approx(-0.5)
    assert Ranging(fixed).holds(more, 100, 10) == approx(4.0)


def test_a_degenerate_pivot_does_not_end_a_price():
    """Two rows that say the same meet at the optimum: one leaves the basis for the other, and the price is the same."""
    twice = LinearProgram(
        cost=np.array([1.0, 2.0]), matrix=sparse.csc_matrix([[1.0, 1.0], [1.0, 1.0]]), row_lower=np.array([3.0, 3.0]),
        row_upper=np.full(2, np.inf), lower=np.zeros(2), upper=np.array([2.0, np.inf]),
    )  # fmt: skip
    both = Direction.between(twice, dataclasses.replace(twice, row_lower=np.array([2.9, 2.9])))
    assert Ranging(twice).holds(both, 100, 10) == approx(10.0)


def test_what_moves_more_than_bounds_has_no_direction():
    assert Direction.between(small(), small(cost=np.array([1.0, 3.0]))) is None
    assert Direction.between(small(), small(matrix=sparse.csc_matrix([[1.0, 2.0]]))) is None
