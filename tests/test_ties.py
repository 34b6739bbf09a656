"""Optima that tie, and one of them on purpose: whichever way to the optimum, and however the model is written down."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy import sparse

import procure
from procure.facts import Facts
from procure.lp import cells
from procure.lp.certificate import OPTIMALITY
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Status
from procure.market import make_market, make_tree, merge
from procure.model import make_model
from procure.portfolio.measure import Measured, mix
from procure.program.engine import decided
from procure.program.optimum import optimum
from procure.program.program import compose
from procure.program.solved import read
from procure.program.ties import broken, on_face, preference
from test_shadow import with_tables

#: Ways to an optimum that end at other corners of what ties.
WAYS = (
    {},
    {"presolve": "off", "simplex_strategy": 4},
    {"presolve": "off", "simplex_dual_edge_weight_strategy": 0, "random_seed": 7},
    {"solver": "ipx", "run_crossover": "on"},
    {"solver": "ipx", "run_crossover": "off"},  # ends in the middle of what ties, on no corner
)


def mines(offers, prices, elements=("Cu", "Zn"), order=1, years=1):
    """Mines that each offer so much of every element at a price, where 100 t of each are needed and a tonne short costs 50.

    Mine 0 may shut. `order` -1 writes every table from the end.
    """
    names = [f"mine_{k}" for k in range(len(offers))][::order]
    elements = elements[::order]
    pairs = [(s, e) for s in names for e in elements]
    offered = {f"mine_{k}": offer for k, offer in enumerate(offers)}
    price = {f"mine_{k}": own for k, own in enumerate(prices)}
    layers = {"licensed": 10.0, "contract": 10.0, "spot": 30.0}
    tier = {"width": 1.0, "cost": 50.0}
    kept = {"existing": 10.0, "max_days": 73.0, "end_value": 0.0}
    called = [(s, a, v) for s in names for a, v in (("call_share", 1.0), ("call_premium", price[s]))]
    frames = {
        "elements": {"element": elements, "class_default": "metal"},
        "demand": {"element": elements, "year": 2027, "value": 100.0, "growth": 0.0},
        "prices": columns("element", "layer", "value", rows=[(e, k, v) for e in elements for k, v in layers.items()]),
        "suppliers": {
            "supplier": names, "country": names, "kind": "free", "price_rule": "fixed", "price_layer": "contract",
            "payment": "delivered",
        },
        "terms": columns("supplier", "attribute", "value", rows=called) | {"scope": "all", "year": 2027},
        "offers": columns("supplier", "element", "value", rows=[(*pair, offered[pair[0]]) for pair in pairs]) | {"year": 2027},
        "states": {"chain": "mine_0", "state": ["open", "shut"], "value": [1.0, 12.0], "kind": "regime", "order": [0, 1]},
        "transitions": {"chain": "mine_0", "from": ["open", "shut"], "to": ["shut", "open"], "value": 1.0},
        "depths": {"chain": ["mine_0"], "scope": ["all"], "state": ["shut"], "value": [1.0]},
        "stock": columns("scope", "attribute", "value", rows=[(e, a, v) for e in elements for a, v in kept.items()]),
        "shortage": columns("scope", "attribute", "value", rows=[(e, a, v) for e in elements for a, v in tier.items()])
        | {"tier": 1},
    }  # fmt: skip
    choices = {
        "model": {"name": "mines", "years": [2027, 2026 + years], "discount_rate": 0.1},
        "risk": {"alpha": 0.9, "weight": 0.3},
    }
    return make_model(choices, Facts.from_frames({name: pd.DataFrame(frame) for name, frame in frames.items()}))


def columns(*names, rows):
    """The columns of some rows."""
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}


def mix_of(program, solution):
    """What each supplier delivers of each element in each year, t, in the order of names."""
    frame = mix(Measured(read(program, solution)))
    return frame.sort_values(["year", "supplier", "element"])[["contracted_t", "supplied_t"]].to_numpy()


def program_of(model):
    return compose(merge(make_market(model, {}, make_tree(model, {}))))


def optima(program):
    """Optima of a program by several ways, each with its basis where it has one; the last one cell by cell."""
    for way in WAYS:
        solver = Solver(program.lp, way)
        solution = solver.solve()
        yield replace(solution, basis=solver.get_basis())
    if program.is_large:  # where all costs nothing no gap is closed, and HiGHS has the word
        solution = cells.solve(program.composition, program.composed, program.figures)
        if solution.status is Status.OPTIMAL:
            yield solution


@pytest.fixture
def in_cells(monkeypatch):
    """Every tree is large: solved cell by cell, no element together with another node's."""
    monkeypatch.setattr("procure.program.program.MANY_CELLS", 1)


def test_two_sources_of_one_price_by_hand():
    """A demand of 3 from two sources at 1, of 2 at most each, weighed 1 and 2: the first gives all it has, 2, the second 1."""
    program = LinearProgram(
        cost=np.ones(2), matrix=sparse.csc_matrix([[1.0, 1.0]]), row_lower=np.array([3.0]), row_upper=np.array([np.inf]),
        lower=np.zeros(2), upper=np.full(2, 2.0),
    )  # fmt: skip
    solver = Solver(program)
    solution = solver.solve()
    for weight, expected in (([1.0, 2.0], [2.0, 1.0]), ([2.0, 1.0], [1.0, 2.0])):
        found = on_face(program, solution, np.array(weight))
        assert found.x == approx(expected) and found.objective == approx(3.0)
        assert found.certificate.holds


def test_these_models_tie(in_cells):
    """Three mines that offer the same at one price: ways to the optimum differ in who delivers, unless a rule decides."""
    program = program_of(mines([60.0, 60.0, 60.0], [0.0, 0.0, 0.0]))
    mixes = [mix_of(program, solution) for solution in optima(program)]
    assert len(mixes) == len(WAYS) + 1
    for way in (1, -1):  # another corner, and cell by cell
        assert np.abs(mixes[way] - mixes[0]).max() > 1.0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(offers=[40.0, 40.0, 20.0, 60.0], prices=[0.0, 0.0, 0.1, 0.0], years=2)  # costs nothing: all duals are rounding
@given(
    offers=st.lists(st.sampled_from([20.0, 40.0, 60.0, 120.0]), min_size=2, max_size=4),
    prices=st.lists(st.sampled_from([0.0, 0.0, 0.1]), min_size=4, max_size=4),
    years=st.integers(1, 2),
)
def test_every_way_and_every_order_gives_the_same_mix(offers, prices, years):
    """By the simplex method from several sides, by interior points and cell by cell, from tables in either order."""
    expected = cost = None
    for preferred, found, solution, program in all_ways(offers, prices, years):
        assert preferred.certificate.holds
        assert preferred.objective == approx(solution.objective, rel=OPTIMALITY, abs=1e-6)
        assert preference(program) @ preferred.x <= preference(program) @ solution.x + 1e-6
        expected, cost = (found, preferred.objective) if expected is None else (expected, cost)
        assert found == approx(expected, abs=1e-6 * 100)
        assert preferred.objective == approx(cost, rel=OPTIMALITY, abs=1e-6)


def all_ways(offers, prices, years):
    """The optimum of the rule and its mix, after the optimum and the program that it is of: small and large, in either order."""
    for most, order in product((np.inf, 1), (1, -1)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("procure.program.program.MANY_CELLS", most)
            program = program_of(mines(offers, prices[: len(offers)], order=order, years=years))
            for solution in optima(program):
                preferred = broken(program, solution)
                yield preferred, mix_of(program, preferred), solution, program


def test_the_answer_is_that_of_the_rule():
    """`solve` and what a compiled model gives: the mix is the rule's, from either order of the tables."""
    offers, prices = [60.0, 60.0, 60.0], [0.0, 0.0, 0.0]
    portfolios = [procure.solve(mines(offers, prices, order=order), foresight=False) for order in (1, -1)]
    portfolios.append(procure.compile(mines(offers, prices)).solve({"shortage.Cu.cost.1": 50.0}).portfolio)
    program = program_of(mines(offers, prices))
    expected = mix_of(program, broken(program, optimum(program).solution))
    for portfolio in portfolios:
        frame = portfolio.mix.sort_values(["year", "supplier", "element"])[["contracted_t", "supplied_t"]].to_numpy()
        assert frame == approx(expected, abs=1e-6)
        assert procure.verify(portfolio).holds


def test_what_is_measured_is_what_the_portfolio_tells():
    """Also of an answer at a basis known before, of which HiGHS keeps none; how it ended costs the same."""
    compiled = procure.compile(mines([60.0, 60.0, 60.0], [0.0, 0.0, 0.0]))
    expected = None
    for cost in np.linspace(50.0, 50.5, 8):
        answer = compiled.solve({"shortage.Cu.cost.1": cost})
        found = mix(answer.measured).sort_values(["year", "supplier", "element"])["supplied_t"].to_numpy()
        expected = found if expected is None else expected
        assert found == approx(expected, abs=1e-6)
        told = answer.portfolio.mix.sort_values(["year", "supplier", "element"])["supplied_t"].to_numpy()
        assert told == approx(found, abs=1e-9)
        assert answer.as_it_ended.objective == approx(answer.measured.objective, rel=1e-9)
    (end,) = answer._ended.values()
    assert end.solution.basis is None and end.solution.certificate is not None


def test_without_a_tie_nothing_moves():
    program = program_of(mines([60.0, 20.0], [0.0, 0.1]))
    solution = optimum(program).solution
    assert mix_of(program, broken(program, solution)) == approx(mix_of(program, solution), abs=1e-6)


def test_with_whole_numbers_decided_the_rest_is_that_of_the_rule():
    """Three mines of one price, and an order of each has a charge: from other optima of the same orders the mix is the same."""
    model = mines([60.0, 60.0, 60.0], [0.0, 0.0, 0.0])
    program = program_of(with_charges(model, 1.0))
    assert program.lp.is_mixed_integer
    first = optimum(program).solution
    others = []
    for weight in (preference(program), -preference(program)):
        found = on_face(decided(program.lp, first.x), first, weight)
        others.append(mix_of(program, broken(program, found)))
        assert found.objective == approx(first.objective, rel=1e-9)
    assert np.abs(mix_of(program, found) - others[0]).max() > 1.0
    assert others[1] == approx(others[0], abs=1e-6) == mix_of(program, broken(program, first))


def with_charges(model, charge):
    """The model in which buying of a mine at all costs a charge, kUSD."""
    terms = model.facts.tables["terms"]
    own = terms.drop_duplicates("supplier").assign(attribute="fixed_charge", value=charge, unit="kUSD/yr")
    return with_tables(model, terms=pd.concat([terms, own], ignore_index=True))
