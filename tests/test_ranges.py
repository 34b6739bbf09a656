"""Ranges near the optimum, derived by hand.

The world of `test_switch` without mud: Nd, demand 1,000 t, far sells 500 t at 60 USD/kg, what is missing costs 300. The best plan
buys all 500 t, for 30 + 150 = 180 million USD. A tonne less costs 0.24 more, so within 1 % (1.8) far may deliver 7.5 t less: its
share is 49.25 to 50 %, and no such plan does without.

With *near*, which sells 800 t at 61: 500 × 60 + 500 × 61 = 60.5, and 1 % is 0.605. A tonne of near instead of far costs 0.001 more,
and at most 300 t can be moved, for 0.3: near has 80 % at most. Then 0.305 are left, for which at 0.24 a tonne 1.271 t of far's 200
go unserved: far's least is 19.87 %. Near is least where far has its 500 t: at 0.239 a tonne 2.531 t go unserved, so 49.75 %.
"""

import json
import math

import numpy as np
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError
from procure.cli import app
from procure.portfolio import measure
from procure.portfolio.measure import Measured
from procure.program.near_optimal import NearOptimal
from procure.program.program import compose
from procure.program.solved import Solved
from procure.program.templates import risk_of
from procure.solving.trees import is_drawn
from random_models import random_market
from test_portfolio import one_mine
from test_switch import SHUT, drawn, world

NEAR = {
    "suppliers": [{"supplier": "near", "country": "Near", "kind": "free"}],
    "offers": [{"supplier": "near", "element": "Nd", "year": 2027, "value": 800.0}],
    "terms": [{"supplier": "near", "scope": "all", "attribute": "price", "year": 2027, "value": 61.0}],
}


def found(ranges, scope):
    """Share, least and largest by supplier."""
    rows = ranges.table[ranges.table["scope"] == scope]
    return {row["supplier"]: (row["share"], row["low"], row["high"]) for row in rows.to_dict("records")}


def test_one_supplier_by_hand():
    ranges = procure.ranges(world(("none",)), elements=["Nd"])
    scope = ranges.table["scope"].iloc[0]  # of one element the class is the element
    assert found(ranges, scope)["far"] == approx((0.5, 0.4925, 0.5))
    assert ranges.table.set_index("supplier").loc["far", "needed"] and ranges.n_trees == 0
    assert "Every future is counted" in str(ranges)


def test_two_suppliers_by_hand():
    ranges = procure.ranges(world(("none",), **NEAR))
    shares = found(ranges, ranges.table["scope"].iloc[0])
    assert ranges.cost_musd == approx(60.5)
    assert shares["far"] == approx((0.5, 0.2 - 0.305 / 240, 0.5))
    assert shares["near"] == approx((0.5, 0.5 - 0.605 / 239, 0.8))
    assert shares.get("mud", (0, 0, 0)) == approx((0, 0, 0))


def test_a_supplier_may_be_called_stock():
    """Whatever near is called, its shares are its own."""
    called = {name: [{**row, "supplier": "stock"} for row in rows] for name, rows in NEAR.items()}
    ranges = procure.ranges(world(("none",), **called))
    assert found(ranges, ranges.table["scope"].iloc[0])["stock"] == approx((0.5, 0.5 - 0.605 / 239, 0.8))
    assert ranges.stock.empty


def test_nothing_is_free_where_the_best_plan_is_the_only_one():
    ranges = procure.ranges(world(("none",), **NEAR), within=0)
    table = ranges.table
    assert table["low"].to_numpy() == approx(table["share"].to_numpy(), abs=1e-7)
    assert table["high"].to_numpy() == approx(table["share"].to_numpy(), abs=1e-7)


def test_what_costs_the_same_is_free_at_no_cost():
    """Near at 60, as far: either may have what the other leaves, 0.2 to 0.5 and 0.5 to 0.8."""
    same = {**NEAR, "terms": [{**NEAR["terms"][0], "value": 60.0}]}
    ranges = procure.ranges(world(("none",), **same), within=0)
    shares = found(ranges, ranges.table["scope"].iloc[0])
    assert shares["far"][1:] == approx((0.2, 0.5), abs=1e-6)
    assert shares["near"][1:] == approx((0.5, 0.8), abs=1e-6)


def test_other_programmes_that_are_as_near_are_told():
    """167 with the small one; within 8 % none (180) and big (174) are near."""
    ranges = procure.ranges(world(), within=0.08)
    assert ranges.programme == "mud small" and ranges.levels == approx({"mud none": 180, "mud big": 174})
    assert "Plans of other programmes are as near" in str(ranges)
    assert procure.ranges(world(), within=0.04).levels == {}


def test_several_trees():
    model = drawn()
    one, three = (procure.ranges(model, seeds=n) for n in (1, 3))
    assert is_drawn(model) and one.n_trees == 1 and "--seeds" in str(one)
    assert three.n_trees == 3
    table = three.table
    assert (table["least_low"] <= table["low"]).all() and (table["most_high"] >= table["high"]).all()
    assert table["needed_on"].between(0, 3).all() and "of all trees" in str(three)
    assert procure.ranges(world(("none",), **SHUT), seeds=3).n_trees == 0


@pytest.mark.parametrize("seed", range(8))
def test_every_extreme_is_a_plan_within_the_cost_and_has_the_share_that_is_told(seed):
    """By plain arithmetic on its decisions; and a wider cost leaves no share a narrower range."""
    program = compose(random_market(seed, demand__orders="after"))
    ranges = {}
    for within in (0.0, 0.02, 0.1):
        near = NearOptimal(program, within)
        best, market = near.optimum.objective, near.program.market
        for supplier, element in market.sets.sold[:3]:
            weight = near.supplied(supplier, [element])
            assert weight @ near.optimum.x == approx(share(near, near.optimum, supplier, element), abs=1e-9)
            ends = []
            for largest in (False, True):
                solution = near.extreme(weight, largest=largest)
                measured = Measured(Solved(near.program, read(near, solution), 0.0))
                assert measured.objective <= best + within * abs(best) + 1e-6 * measured.gross
                ends.append(float(weight @ solution.x))
                assert ends[-1] == approx(share(near, solution, supplier, element), abs=1e-7)
            low, high = ends
            room = 1e-5 * max(1, abs(high))
            assert low - room <= weight @ near.optimum.x <= high + room
            narrow = ranges.get((supplier, element), (np.inf, -np.inf))
            assert low <= narrow[0] + room and high >= narrow[1] - room
            ranges[supplier, element] = low, high


def test_what_lies_in_stock_by_hand():
    """Of `test_one_mine_by_hand`: 10 t, a tenth of a year of use, are drawn when the mine is shut, p = (1 - exp(-2)) / 2, and worth
    1 each at the end where it is open: the plan costs 800 (1 - p) + 50 (20 (1 - p) + 90 p) - 10 (1 - p). To sell them all costs
    less than a hundredth of that; a tonne more at the end goes unserved at 50, and is worth 1.
    """
    model = one_mine(weight=0.0, **{"stock.Cu.end_value": 0.1})
    p = (1 - math.exp(-2)) / 2
    assert procure.ranges(model).stock.empty
    ranges = procure.ranges(model, stock=True)
    (row,) = ranges.stock.to_dict("records")
    assert ranges.table.empty
    cost = 800 * (1 - p) + 50 * (20 * (1 - p) + 90 * p) - 10 * (1 - p)
    assert ranges.cost_musd * 1000 == approx(cost)
    assert (row["days"], row["low"]) == approx((36.5 * (1 - p), 0), abs=1e-9)
    assert row["high"] == approx(36.5 * (1 - p) + 3.65 * 0.01 * cost / 49, rel=1e-4)
    assert not row["needed"] and "days of use in stock" in str(ranges)
    assert "備蓄（使用量の日数）" in ranges.to_text("ja")


@pytest.mark.parametrize("seed", range(6))
def test_the_stock_is_that_of_the_answer(seed):
    """In the mean of the years, as the frame of an answer has it at their ends."""
    near = NearOptimal(compose(random_market(seed, demand__orders="after")), 0.05)
    told = measure.stock(Measured(Solved(near.program, read(near, near.optimum), 0.0)))
    for element in near.program.market.sets.elements:
        weight = near.in_stock([element])
        days = told[told["element"] == element]["expected_days"].mean()
        assert 365 * (weight @ near.optimum.x) == approx(days, abs=1e-6)
        low, high = (near.extreme(weight, largest=largest) for largest in (False, True))
        assert weight @ low.x - 1e-6 <= weight @ near.optimum.x <= weight @ high.x + 1e-6


def read(near, solution):
    program = near.program
    return program.composition.read(
        solution, program.composed, program.market.probability, risk_of(program.market.model)
    )


def share(near, solution, supplier, element):
    """As the frame of an answer has it."""
    mix = measure.mix(Measured(Solved(near.program, read(near, solution), 0.0)))
    mix = mix[mix["element"] == element]
    return mix.loc[mix["supplier"] == supplier, "supplied_t"].sum() / mix["supplied_t"].sum()


# --- what is wrong with a question


def test_all_that_is_wrong_comes_in_one_list():
    with pytest.raises(DataError) as caught:
        procure.ranges(world(), within=2, elements=["Ndy"], seeds=0)
    assert len(caught.value.faults) == 3
    assert "did you mean 'Nd'?" in str(caught.value)


def test_the_command_line(tmp_path):
    path = tmp_path / "ranges.json"
    result = CliRunner().invoke(app, ["ranges", "two-class", "--within", "2 %", "--json", str(path)])
    assert result.exit_code == 0 and "needed" in result.output, result.output
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["within"] == approx(0.02)
    assert set(kept["table"]["supplier"]) == {"caremag", "china", "lynas", "seabed"}
    for wrong, word in (
        (["--within", "much"], "it is no number"),
        (["--element", "Dyy"], "Dyy"),
        (["--within", "-1"], "0 to 1"),
    ):
        result = CliRunner().invoke(app, ["ranges", "two-class", *wrong])
        assert result.exit_code == 2 and word in result.output, result.output
