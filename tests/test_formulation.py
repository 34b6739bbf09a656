"""Plan and period in consistent units, and the rows say what their docstrings say."""

import re
import sys

import pyomo.environ as pyo
import pytest
from pyomo.core.base.units_container import InconsistentUnitsError, UnitsError
from pyomo.util.check_units import assert_units_consistent, check_units_equivalent
from pytest import approx

from procure.formulation import period, plan
from procure.formulation.quantity import eval_unit, given, start, with_units
from procure.formulation.sets import Sets
from procure.limits import KINDS, Counts, Limit

YEARS = (2027, 2028, 2029)
#: Every feature of the formulation at once.
SETS = Sets(
    elements=("Nd", "Dy"),
    suppliers=("mine", "plant", "sea"),
    years=YEARS,
    offers=(("mine", "Nd"), ("mine", "Dy"), ("plant", "Dy"), ("sea", "Nd"), ("sea", "Dy")),
    calls=(("mine", "Nd"), ("plant", "Dy"), ("plant", "Nd")),
    baskets=("sea",),
    capped=("mine", "sea"),
    ramped=("mine",),
    charged=("plant",),
    expandable=(("mine", 1), ("sea", 2)),
    programmes=(("sea", "none"), ("sea", "pilot")),
    steps=(("Nd", 1), ("Dy", 1), ("Dy", 2)),
    tiers=(("Nd", 1), ("Dy", 1), ("Dy", 2)),
    limits=tuple(
        Limit(
            f"a_{name}",
            name,
            "policy",
            () if kind.counts is Counts.PATHS else YEARS,
            elements=("Nd", "Dy"),
            counts=kind.counts,
        )
        for name, kind in KINDS.items()
    ),
)
BUILD = {"plan": plan.build_plan, "period": period.build_period}
COST_FORMS = {"plan": ("investment", "fixed", "storage_cost"), "period": period.COSTS}


def built(block, sets=SETS):
    return BUILD[block](pyo.ConcreteModel(), sets, with_units())


# --- units


@pytest.mark.parametrize("block", BUILD)
def test_units_are_consistent(block):
    assert_units_consistent(built(block))


@pytest.mark.parametrize("block", BUILD)
def test_every_cost_is_money(block):
    m, money = built(block), with_units()("kUSD")
    for name in COST_FORMS[block]:
        assert check_units_equivalent(getattr(m, name).expr, 1.0 * money), name


def test_measures_of_limits_have_their_units():
    m, unit = built("period"), with_units()
    assert check_units_equivalent(m.measure_of_a_share.expr, 1.0 * unit("t"))
    for name in ("a_expected_shortage", "a_shortage_cvar"):
        assert check_units_equivalent(getattr(m, f"measure_of_{name}").expr, 1.0 * unit("1"))


WRONG = [
    ("plan", lambda m: m.contract["mine", "Nd", 2027] <= m.ceiling["Nd", 2027]),  # t/yr against t
    ("plan", lambda m: m.stock_target["Nd", 2027] + m.contract["mine", "Nd", 2027] <= m.ceiling["Nd", 2027]),
    ("plan", lambda m: m.price_expansion["mine", 2027] * m.expansion["mine", 2027] <= m.storage["Nd", 2027]),
    ("period", lambda m: m.call["mine", "Nd"] + m.contract["mine", "Nd"] <= m.demand["Nd"]),  # the share is forgotten
    ("period", lambda m: m.price_call["mine", "Nd"] * m.call["mine", "Nd"] <= m.price_spot["Nd", 1]),
]


@pytest.mark.parametrize(("block", "rule"), WRONG)
def test_a_wrong_unit_is_found(block, rule):
    """The checker must be able to fail: t against t/yr, money against a price."""
    m = built(block)
    m.wrong = pyo.Constraint(expr=rule(m))
    with pytest.raises((InconsistentUnitsError, UnitsError)):
        assert_units_consistent(m)


def test_a_datum_declared_in_another_unit_is_found(monkeypatch):
    """The demand of a period in t/yr instead of t."""
    declare = given

    def mistaken(block, name, *index, unit):
        return declare(block, name, *index, unit="t/yr" if name == "demand" else unit)

    monkeypatch.setattr(period, "given", mistaken)
    with pytest.raises((InconsistentUnitsError, UnitsError)):
        assert_units_consistent(built("period"))


@pytest.mark.parametrize(("text", "same"), [("kUSD yr/t", "yr kUSD/t"), ("1/t", "1/t"), ("t/yr/yr", "t/yr/yr")])
def test_units_from_text(text, same):
    unit = with_units()
    assert check_units_equivalent(1.0 * unit(text), 1.0 * unit(same))


def test_products_and_quotients_of_units():
    assert eval_unit("kUSD yr/t", {"kUSD": 2.0, "yr": 3.0, "t": 4.0}) == 1.5


def test_without_units_no_registry_is_needed():
    block = pyo.ConcreteModel()
    start(block)
    given(block, "demand", unit="t")
    assert block.demand.get_units() is None
    assert block.data_names == ["demand"]


# --- the docstrings name what is there


@pytest.mark.parametrize(("block", "module"), [("plan", plan), ("period", period)])
def test_docstring_names_every_row_decision_and_datum(block, module):
    m = built(block)
    of_limits = "".join(str(sys.modules[type(kind).__module__].__doc__) for kind in KINDS.values())
    words = set(re.findall(r"[a-z][a-z_]*[a-z]", module.__doc__ + of_limits))
    # Bounds that stand in the docstring as what they bound.
    called = {
        "storage_cost": "storage", "within_buildable": "buildable", "within_spot": "limit_spot", "within_draw": "limit_draw",
        "within_sold": "limit_sold", "within_refill": "limit_refill", "within_width": "width", "domestic_bound": "bound",
        "budget_bound": "bound",
        "stock_least": "days", "footprint_excess": "excess", "order_share_excess": "excess",
    }  # fmt: skip
    for component in m.component_objects([pyo.Constraint, pyo.Var, pyo.Objective], active=True):
        name = called.get(component.local_name, component.local_name)
        if not name.startswith(("measure_of_", "weight_of_")):
            # A symbol may stand with its index: contract_sey, price_spot_ek.
            assert any(word == name or word.startswith(f"{name}_") for word in words), name


# --- formulas against rows, with numbers put in


def numbers(m, **values):
    """Fix data and decisions to a number of one's own where given, 0 elsewhere."""
    for component in m.component_objects(pyo.Var):
        for index, variable in component.items():
            value = values.get(component.local_name, 0.0)
            variable.set_value(value.get(index, 0.0) if isinstance(value, dict) else value, skip_validation=True)
    return m


def test_balance_meets_demand():
    """0.8 of 100 t/yr arrive, 5 called, 3 + 2 spot, 4 drawn, 6 + 7 missing; demand 90, 8 refilled, 9 left over: 107 = 107."""
    m = numbers(
        built("period"),
        delivered={("mine", "Dy"): 0.8}, contract={("mine", "Dy"): 100}, call={("plant", "Dy"): 5},
        spot={("Dy", 1): 3, ("Dy", 2): 2}, draw={"Dy": 4}, shortage={("Dy", 1): 6, ("Dy", 2): 7},
        demand={"Dy": 90}, refill={"Dy": 8}, surplus={"Dy": 9},
    )  # fmt: skip
    assert pyo.value(m.balance["Dy"].body) == approx(pyo.value(m.balance["Dy"].lower or 0))


def test_what_can_be_called_is_what_is_not_contracted():
    """30 % of 200 t/yr can be called, 60 t; with 150 contracted 15 t remain. A charged supplier must be in use."""
    m = numbers(built("period"), reach=0.3, callable=60.0, contract=150.0, call=15.0, use=1.0)
    for offer in (("mine", "Nd"), ("plant", "Dy")):
        row = m.within_reach[offer]
        assert pyo.value(row.body) == approx(pyo.value(row.upper))
    m.use["plant"].set_value(0.0)
    assert pyo.value(m.within_reach["plant", "Dy"].body) == approx(pyo.value(m.within_reach["plant", "Dy"].upper) + 60)


def test_capacity_matures_after_its_lead():
    """Bought in 2027 with a lead of one year for the mine and two for the sea: usable from 2028 and from 2029."""
    m = numbers(
        built("plan"), capacity=10.0, expansion={("mine", 2027): 5.0, ("sea", 2027): 7.0}, level={("sea", "pilot", 2029): 3.0},
        programme={("sea", "pilot", year): 1.0 for year in YEARS},
    )  # fmt: skip

    def room(s, y):
        row = m.within_capacity[s, y]
        return pyo.value(row.upper) - pyo.value(row.body)

    assert [room("mine", y) for y in YEARS] == [10, 15, 15]
    assert [room("sea", y) for y in YEARS] == [10, 10, 20]


def test_growth_is_counted_from_nothing():
    """The first year may reach `growth`, every later one the year before and as much again."""
    m = numbers(
        built("plan"), contract={("mine", "Nd", 2027): 4.0, ("mine", "Dy", 2027): 1.0, ("mine", "Nd", 2028): 9.0}
    )
    assert [pyo.value(m.grow["mine", y].body) for y in YEARS] == [5, 4, -9]


def test_budget_counts_what_the_plan_spends():
    """Expansion 2 * 10, charge 30, storage 0.5 * 40 each of two elements, programme 100 in the first year and 7 in the next."""
    m = numbers(
        built("plan"), price_expansion=2.0, expansion={("mine", 2027): 10.0, ("mine", 2028): 10.0}, charge=30.0, use=1.0,
        storage=0.5, stock_target=40.0, price_programme={("sea", "pilot", 2027): 100.0, ("sea", "pilot", 2028): 7.0},
        programme={("sea", "pilot", year): 1.0 for year in YEARS},
    )  # fmt: skip
    assert pyo.value(m.budget["a_budget", 2027].body) == approx(20 + 30 + 2 * 20 + 100)
    assert pyo.value(m.budget["a_budget", 2028].body) == approx(20 + 30 + 2 * 20 + 7)
    assert pyo.value(m.investment.expr) == approx(2 * 20 + 107)
    assert pyo.value(m.fixed.expr) == approx(3 * 30)
    assert pyo.value(m.storage_cost.expr) == approx(3 * 2 * 20)


def test_costs_of_a_period():
    """One unit of everything at its price; sales and the value of stock are earned."""
    m = numbers(
        built("period"), payment=2.0, contract=1.0, payment_output=3.0, output=1.0, price_call=5.0, call=1.0, price_spot=7.0,
        spot=1.0, price_shortage=11.0, shortage=1.0, price_surplus=13.0, surplus=1.0, stock_sold=3.0, price_end=17.0, stock=1.0,
    )  # fmt: skip
    costs = [pyo.value(getattr(m, form).expr) for form in period.COSTS]
    assert costs == [5 * 2 + 3, 3 * 5, 3 * 7, 3 * 11, -2 * 4 * 13, -2 * 17]


def test_a_limit_by_value_weighs_tonnes_with_prices():
    by_value = Limit(
        "dear", "share", "policy", YEARS, ("mine",), ("Nd", "Dy"), "value", (10.0, 100.0), counts=Counts.MEAN
    )
    sets = Sets(**{**SETS.__dict__, "limits": (by_value,)})
    m = numbers(period.build_period(pyo.ConcreteModel(), sets), delivered=0.5, contract=2.0, call=3.0)
    # Nd: 0.5 * 2 + 3 called; Dy cannot be called from the mine.
    assert pyo.value(m.measure_of_dear.expr) == 10 * 4 + 100 * 1
