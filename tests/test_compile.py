"""Compiled arrays say the same as Pyomo, at any data; what is not affine is refused by name; one's own rows take part."""

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy import sparse

from procure.errors import DataError
from procure.formulation.period import build_period
from procure.formulation.plan import build_plan
from procure.formulation.quantity import decide, start
from procure.formulation.quantity import given as datum
from procure.lp import highs
from procure.lp.compile import compile_block
from procure.lp.compose import Composition
from procure.lp.figures import Figures
from procure.lp.program import Status
from procure.program.templates import risk_of
from random_models import random_market
from test_formulation import SETS

BUILD = {"plan": build_plan, "period": build_period}
BLOCKS = {name: build(pyo.ConcreteModel(), SETS) for name, build in BUILD.items()}
TEMPLATES = {name: compile_block(block) for name, block in BLOCKS.items()}


def block(*data, **decisions):
    """A block of one's own with these data, and these decisions over `I`."""
    m = pyo.ConcreteModel()
    start(m)
    m.I = pyo.Set(initialize=["a", "b"], ordered=True)
    for name in data:
        datum(m, name, unit="1")
    for name in ("x", "y"):
        decide(m, name, m.I, unit="t")
    return m


# --- the same numbers


@pytest.mark.parametrize("name", BUILD)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_every_row_bound_and_form_equals_pyomos_own_evaluation(name, seed):
    """At random data and decisions, slacks of every constraint and value of every objective agree with Pyomo's."""
    random = np.random.default_rng(seed)
    m, template = BLOCKS[name], TEMPLATES[name]
    data = random.normal(size=len(template.data)).round(3) * random.choice([0.0, 1.0, 100.0], size=len(template.data))
    columns = random.normal(size=len(template.columns)).round(3)
    for (component, index), value in zip(template.data, data, strict=True):
        getattr(m, component)[index or None].set_value(value, skip_validation=True)
    for (component, index), value in zip(template.columns, columns, strict=True):
        getattr(m, component)[index or None].set_value(value, skip_validation=True)

    matrix = sparse.csr_matrix(
        (template.entry.at(data), (template.entry_row, template.entry_column)), (len(template.rows), len(columns))
    )
    activity, lower, upper = matrix @ columns, template.row_lower.at(data), template.row_upper.at(data)
    slack = {}
    for row, where in enumerate(template.rows):
        slack.setdefault(where, []).append((activity[row] - lower[row], upper[row] - activity[row]))
    # A row that became a bound holds by as much as its column keeps from the bound, up to the scale of its coefficient.
    low, high = template.lower.at(data), template.upper.at(data)
    for j, value in enumerate(columns):
        for rows, side in (
            (template.lower_row, (value - low[j], np.inf)),
            (template.upper_row, (np.inf, high[j] - value)),
        ):
            if rows[j] >= 0:
                slack.setdefault(template.bound_rows[rows[j]], []).append(side)
    found = 0
    for constraint in m.component_data_objects(pyo.Constraint, active=True):
        index = constraint.index()
        index = () if index is None else index if isinstance(index, tuple) else (index,)
        sides = np.array(slack.pop((constraint.parent_component().local_name, index)))
        body = pyo.value(constraint.body)
        bounds = [
            np.inf if constraint.lower is None else body - pyo.value(constraint.lower),
            np.inf if constraint.upper is None else pyo.value(constraint.upper) - body,
        ]
        # The two may be on either side of zero: "a >= b" is also "b <= a".
        mine = sorted(np.min(sides, axis=0))
        assert mine == approx(sorted(bounds), rel=1e-9, abs=1e-9), constraint.name
        found += 1
    assert found == len({*template.rows, *template.bound_rows})
    assert not slack

    forms = template.form_values(data[None], columns[None])[0]
    assert forms == approx([pyo.value(getattr(m, form).expr) for form in template.forms], rel=1e-9, abs=1e-9)


def test_many_nodes_at_once_equal_one_by_one():
    template = TEMPLATES["period"]
    data = np.random.default_rng(1).normal(size=(5, len(template.data)))
    for part in (template.lower, template.upper, template.row_lower, template.row_upper, template.entry, template.form):
        assert (part.at(data) == np.array([part.at(row) for row in data])).all()


def lagrangian(template, data, x, dual, reduced_cost, weight):
    """Weighed forms, less duals times what rows and bounds leave, at the sides that hold: one node, plain sums."""
    value = sum(
        weight[f] * c * x[j]
        for f, c, j in zip(template.form_row, template.form.at(data), template.form_column, strict=True)
    )
    value -= sum(
        dual[r] * a * x[j]
        for r, a, j in zip(template.entry_row, template.entry.at(data), template.entry_column, strict=True)
    )
    sides = (
        (dual, template.row_lower.at(data), template.row_upper.at(data)),
        (reduced_cost, *template.bounds(data)),
    )
    return value + sum(
        y * (low if y > 0 else high)
        for ys, lows, highs in sides
        for y, low, high in zip(ys, lows, highs, strict=True)
        if y
    )


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_the_derivative_of_the_lagrangian(name, seed):
    """At random decisions and duals, for any small move of the data; all is affine, so that differences are exact."""
    random = np.random.default_rng(seed)
    template = TEMPLATES[name]
    data = random.uniform(0.1, 10, size=len(template.data))
    x, weight = random.normal(size=len(template.columns)), random.normal(size=len(template.forms))
    dual, reduced_cost = random.normal(size=len(template.rows)), random.normal(size=len(template.columns))
    low, high = template.row_lower.at(data), template.row_upper.at(data)
    dual = np.where(np.isinf(low), -abs(dual), np.where(np.isinf(high), abs(dual), dual))
    least, most = template.bounds(data)
    reduced_cost = np.where(np.isinf(most), abs(reduced_cost), reduced_cost) * ~np.isinf(least)
    (found,) = template.gradient(data[None], x[None], dual[None], reduced_cost[None], weight[None])
    move = random.uniform(-0.01, 0.01, size=len(data))
    before, after = (lagrangian(template, one, x, dual, reduced_cost, weight) for one in (data, data + move))
    assert found @ move == approx(after - before, rel=1e-9)
    assert (found[[template.data_index[d] for d in template.data if d[0] in ("offered", "callable")]] != 0).any()


# --- bounds


def test_rows_on_one_column_become_its_bounds():
    """x_a >= 2, 3 x_b <= 12, -y_a <= -5 (a lower bound), y_b = d (both); sums stay rows."""
    m = block("d")
    m.least = pyo.Constraint(expr=m.x["a"] >= 2)
    m.most = pyo.Constraint(expr=3 * m.x["b"] <= 12)
    m.turned = pyo.Constraint(expr=-m.y["a"] <= -5)
    m.fixed = pyo.Constraint(expr=m.y["b"] == m.d)
    m.both = pyo.Constraint(expr=m.x["a"] + m.y["a"] <= 9)
    m.cost = pyo.Objective(expr=m.x["a"])
    template = compile_block(m)
    lower, upper = template.bounds(np.array([7.0]))
    assert template.columns == (("x", ("a",)), ("x", ("b",)), ("y", ("a",)), ("y", ("b",)))
    assert lower.tolist() == [2, 0, 5, 7]
    assert upper.tolist() == [np.inf, 4, np.inf, 7]
    assert template.rows == (("both", ()),)
    names = [template.bound_rows[r][0] if r >= 0 else None for r in (*template.lower_row, *template.upper_row)]
    assert names == ["least", None, "turned", "fixed", None, "most", None, "fixed"]


def test_a_second_bound_on_the_same_side_and_a_coefficient_from_the_data_stay_rows():
    m = block("d")
    m.first = pyo.Constraint(expr=m.x["a"] <= 4)
    m.second = pyo.Constraint(expr=m.x["a"] <= 3)
    m.moving = pyo.Constraint(expr=m.d * m.x["b"] <= 3)
    m.cost = pyo.Objective(expr=m.x["a"])
    template = compile_block(m)
    assert [name for name, _ in template.rows] == ["second", "moving"]
    assert template.row_upper.at(np.array([5.0])).tolist() == [3, 3]
    assert template.entry.at(np.array([5.0])).tolist() == [1, 5]


def test_the_domain_bounds_a_whole_number():
    template = TEMPLATES["plan"]
    whole = [name for (name, _), integer in zip(template.columns, template.integer, strict=True) if integer]
    assert set(whole) == {"use", "programme"}
    lower, upper = template.domain_lower[template.integer], template.domain_upper[template.integer]
    assert (lower == 0).all()
    assert (upper == 1).all()


# --- what is refused


REFUSED = {
    "product": lambda m: m.x["a"] * m.y["b"] <= 1,
    "square": lambda m: m.x["a"] ** 2 <= 1,
    "quotient": lambda m: m.x["a"] / (1 + m.y["a"]) <= 1,
    "exponential": lambda m: pyo.exp(m.x["a"]) <= 1,
    "of_data": lambda m: m.d * m.k * m.x["a"] <= 1,
    "data_squared": lambda m: m.x["a"] <= m.d**2,
    "data_quotient": lambda m: m.x["a"] + m.y["a"] >= m.d / m.k,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_affine_is_refused_by_name(name):
    m = block("d", "k")
    m.allowed = pyo.Constraint(expr=m.d * m.x["a"] + m.y["b"] <= m.k)
    m.add_component(name, pyo.Constraint(expr=REFUSED[name](m)))
    m.cost = pyo.Objective(expr=m.x["a"])
    with pytest.raises(DataError) as caught:
        compile_block(m)
    assert [fault.where for fault in caught.value.faults] == [name]
    assert "is not linear" in caught.value.faults[0].seen
    assert "allowed" not in str(caught.value)


def test_every_constraint_that_is_not_affine_is_listed_with_its_index():
    m = block()
    m.twisted = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] * m.y[i] <= 1)
    m.cost = pyo.Objective(expr=m.x["a"] * m.x["b"])
    with pytest.raises(DataError) as caught:
        compile_block(m)
    assert {fault.where for fault in caught.value.faults} == {"twisted[a]", "twisted[b]", "cost"}


# --- constraints of one's own


def market_without_charges():
    """A market of plain linear rows, so that there are duals, in which something is worth a contract."""
    return next(
        market for market in map(random_market, range(20, 60)) if not market.sets.charged and is_contracted(market)
    )


def is_contracted(market):
    plan, _, outcome = with_rows(market)
    return sum(outcome.plan[j] for j, (name, _) in enumerate(plan.columns) if name == "contract") > 0


def with_rows(market, on_plan=None, on_period=None):
    """The program of a market whose blocks have been added to, and its optimum."""
    plan, period = build_plan(pyo.ConcreteModel(), market.sets), build_period(pyo.ConcreteModel(), market.sets)
    if on_plan is not None:
        on_plan(plan)
    if on_period is not None:
        on_period(period)
    plan, period = compile_block(plan), compile_block(period)
    composition = Composition(plan, period, market.sets.years, market.shape, market.sets.limits_on_futures)
    weighing = risk_of(market.model)
    composed = composition.program(
        Figures(
            market.plan_data(plan),
            market.period_data(period),
            market.probability,
            market.discount,
            weighing,
            market.bounds,
        )
    )
    solution = highs.solve(composed.lp, {"mip_rel_gap": 0.0})
    assert solution.status is Status.OPTIMAL
    return plan, period, composition.read(solution, composed, market.probability, weighing)


def test_rows_added_to_the_plan_take_part():
    """At most half of what the cheapest plan contracts, in every year together; the row shows under its own name."""
    market = market_without_charges()
    plan, _, free = with_rows(market)
    total = sum(free.plan[j] for j, (name, _) in enumerate(plan.columns) if name == "contract")

    def halve(m):
        m.caution = pyo.Constraint(expr=sum(m.contract.values()) <= total / 2)

    plan, _, bound = with_rows(market, on_plan=halve)
    assert ("caution", ()) in plan.rows
    halved = sum(bound.plan[j] for j, (name, _) in enumerate(plan.columns) if name == "contract")
    assert halved == approx(total / 2)
    assert bound.solution.objective > free.solution.objective
    assert bound.plan_row_dual[plan.rows.index(("caution", ()))] < 0


def test_rows_added_to_the_period_hold_at_every_node():
    """Nobody may call more than a hundredth of demand: a row that reads a datum of the period."""
    market = market_without_charges()
    element = market.sets.calls[0][1]

    def calm(m):
        m.hardly = pyo.Constraint(expr=sum(m.call[s, e] for s, e in m.K if e == element) <= 0.01 * m.demand[element])

    _, period, outcome = with_rows(market, on_period=calm)
    assert any(name == ("hardly", ()) for name in (*period.rows, *period.bound_rows))
    called = [j for j, (name, index) in enumerate(period.columns) if name == "call" and index[1] == element]
    most = 0.01 * market.period["demand"][element,]
    assert (outcome.nodes[:, called].sum(axis=1) <= most + 1e-6).all()


def test_a_datum_of_ones_own_moves_without_a_rebuild():
    m = build_plan(pyo.ConcreteModel(), SETS)
    mine = datum(m, "mine_most", unit="t/yr")
    m.mine_cap = pyo.Constraint(expr=sum(m.contract["mine", e, 2027] for e in ("Nd", "Dy")) <= mine)
    template = compile_block(m)
    data = np.zeros(len(template.data))
    data[template.data_index["mine_most", ()]] = 12.0
    assert template.row_upper.at(data)[template.rows.index(("mine_cap", ()))] == 12.0
