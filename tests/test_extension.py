"""Rows and costs of one's own count, move, are priced and explained as those of the formulation."""

import numpy as np
import pyomo.environ as pyo
import pytest
from pytest import approx

import plain_pyomo
import procure
from procure import DataError, Infeasible
from procure.market import make_market, merge
from procure.program import program as programs
from procure.program.solve import solve_market
from random_models import random_model, seeds


def port(block, sets):
    """All that is contracted of the first year passes one port."""
    room = block.given("port", unit="t/yr")
    year = sets.years[0]
    block.through_port = pyo.Constraint(expr=sum(block.contract[s, e, year] for s, e in sets.offers) <= room)


def airlift(block, sets):
    """What is called in a period comes by air: one plane for all elements, and a fee."""
    seats, fee = block.given("seats", unit="t"), block.given("fee", unit="kUSD/t")
    block.by_air = pyo.Constraint(expr=sum(block.call[o] for o in sets.calls) <= seats)
    block.flights = pyo.Objective(expr=sum(fee * block.call[o] for o in sets.calls))


def two_class(**numbers):
    given = {"port": 5_400.0, "seats": 9_000.0, "fee": 1.0} | numbers
    return procure.load_model("two-class").extended(plan=port, period=airlift, numbers=given)


def cost(model):
    return procure.solve(model).summary["objective"]


def test_what_leaves_room_and_costs_nothing_changes_nothing():
    loose = two_class(port=1e9, seats=1e9, fee=0.0)
    assert cost(loose) == approx(cost(procure.load_model("two-class")), rel=1e-12)


@pytest.mark.parametrize("seed", seeds(2, 4))
def test_a_row_that_couples_elements_is_kept_by_every_short_cut(seed):
    """Merged and shared as `solve` does, and in plain Pyomo, where nothing is: the plane binds in some future."""
    model = random_model(seed, world__tree__nodes=200)
    free = solve_market(merge(make_market(model)))
    plan, period = free.templates.plan, free.templates.period
    called = [j for j, (name, _) in enumerate(period.columns) if name == "call"]
    bought = [j for j, (name, index) in enumerate(plan.columns) if name == "contract" and index[-1] == model.years[0]]
    seats = 0.6 * float(free.outcome.nodes[:, called].sum(axis=1).max(initial=0.0))
    numbers = {"port": 0.9 * float(free.outcome.plan[bought].sum()) + 1e-3, "seats": seats, "fee": 2.0}
    model = model.extended(plan=port, period=airlift, numbers=numbers)
    whole = make_market(model)
    slow = plain_pyomo.solve(
        whole.sets, whole.shape, whole.plan, whole.period, whole.probability, whole.discount,
        model.settings.risk.alpha, model.settings.risk.weight, whole.bounds,
    )  # fmt: skip
    try:
        fast = solve_market(merge(whole)).objective
    except Infeasible:
        fast = np.inf
    assert fast == approx(slow, rel=1e-7)


def test_a_large_tree_is_solved_with_it_too(monkeypatch):
    """Cell by cell it cannot be, as the plane couples the elements; a row of one element can."""

    def slower(block, sets):
        most = block.given("most", block.E, unit="t")
        block.slower = pyo.Constraint(block.E, rule=lambda m, e: m.refill[e] <= most[e] + m.stock_target[e])

    each = procure.load_model("two-class").extended(
        period=slower, numbers={"most": {"light": 0.0, "medium_heavy": 0.0}}
    )
    models = [two_class(), each]
    usual = [solve_market(merge(make_market(model))).objective for model in models]
    monkeypatch.setattr(programs, "MANY_CELLS", 1)
    assert [solve_market(merge(make_market(model))).objective for model in models] == approx(usual, rel=1e-7)


def test_its_numbers_move_in_place_and_equal_fresh_solves():
    compiled = procure.compile(two_class())
    for changes in (
        {"extension.port": 5_200.0},
        {"extension.fee": 3.0, "risk.weight": 0.4},
        {"extension.seats": 8_000.0, "suppliers.lynas.offers.medium_heavy.2027": 500.0},
        {},
    ):
        assert compiled.solve(changes).objective == approx(cost(two_class().with_(**changes)), rel=1e-6)


def test_it_is_swept_in_two_processes():
    grid = {"extension.fee": [0.0, 2.0], "extension.port": [5_200.0, 5_400.0]}
    rows = procure.sweep(two_class(), grid, workers=2)
    assert (rows["status"] == "optimal").all()
    for row in rows.to_dict("records"):
        model = two_class(fee=row["extension.fee"], port=row["extension.port"])
        assert row["objective_musd"] == approx(cost(model), rel=1e-6)


def test_its_rows_are_priced_as_re_solves_save():
    limits = procure.solve(two_class()).limits
    for name, path in (("through_port", "extension.port"), ("by_air", "extension.seats")):
        (row,) = limits[limits["limit"] == name].to_dict("records")
        step = 1e-2
        more, less = (
            cost(two_class().with_(**{path: two_class().extension.numbers[path[10:]] + d})) for d in (step, -step)
        )
        assert row["kind"] == "added" and row["binding"]
        assert (less - more) / (2 * step) == approx(row["shadow_price_musd"], rel=1e-4)
        assert f"one unit more of {name} saves" in row["words"]


def test_its_costs_have_a_line_of_their_own():
    portfolio = procure.solve(two_class())
    costs = portfolio.costs.set_index("component")["expected_musd"]
    assert costs["flights"] > 0
    assert costs.sum() == approx(portfolio.summary["expected_cost"], rel=1e-9)
    assert "flights" in str(portfolio)


def test_it_is_named_where_it_is_in_the_way():
    def quota(block, sets):
        block.quota = pyo.Constraint(expr=sum(block.contract[s, e, 2027] for s, e in sets.offers) >= 1e6)

    with pytest.raises(Infeasible, match="quota"):
        procure.solve(procure.load_model("two-class").extended(plan=quota))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: procure.load_model("two-class").extended(plan=port), "'port' is declared"),
        (lambda: two_class(prot=3.0), "a number 'prot' is given that nothing declares"),
        (lambda: two_class().with_(**{"extension.prot": 3.0}), "did you mean 'port'?"),
        (lambda: two_class().with_(**{"extension.port": "much"}), "is a number"),
    ],
)
def test_what_is_wrong_is_said(model, said):
    with pytest.raises(DataError) as caught:
        procure.solve(model())
    assert said in str(caught.value)


def test_a_name_that_is_taken_is_refused():
    def again(block, sets):
        block.given("offered", unit="t/yr")

    with pytest.raises(DataError, match="'offered' is declared already"):
        procure.solve(procure.load_model("two-class").extended(plan=again))


def test_what_is_not_linear_is_refused_by_name():
    def squared(block, sets):
        block.squared = pyo.Objective(expr=sum(block.contract[s, e, 2027] ** 2 for s, e in sets.offers))

    with pytest.raises(DataError, match="squared"):
        procure.solve(procure.load_model("two-class").extended(plan=squared))


def test_numbers_may_differ_between_futures():
    """A fee only where china is disturbed: what is asked of the market says where."""
    fee = two_class(fee=lambda asked: np.where(asked.undisturbed("china"), 0.0, 5.0))
    assert cost(two_class(fee=0.0)) < cost(fee) < cost(two_class(fee=5.0))
