"""The cheapest programme level alone: the others are left as soon as they are proved dearer, and the answer is the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import sparse

import procure
from procure.lp.certificate import of_bound
from procure.lp.dual_bound import prove
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Status
from procure.program import engine
from procure.program.engine import Engine
from procure.solving.compiled import Compiled

SMALL = {"world.tree.nodes": 60, "suppliers.seabed.programmes": ("none", "pilot", "ten", "pilot_then_ten")}
#: What moves, each so far that the order of the programmes may change.
CASES = (
    {},
    {"shortage.scale": 4.0},
    {"risk.weight": 0.6, "limits.china_heavy_share.max": 0.4},
    {"retaliations.seabed.china.friction.ban": 0.0, "shortage.scale": 3.0},
    {"shortage.scale": 1.01},
)


@pytest.fixture
def every_program_is_large(monkeypatch):
    monkeypatch.setattr(engine, "MANY_ROWS", 0)


def test_the_answer_is_the_same_and_what_is_left_is_proved_dearer(every_program_is_large):
    model = procure.load_model("japan").with_(**SMALL)
    whole, cheapest = Compiled(model), Compiled(model)
    n_left = 0
    for case in CASES:
        found, left = whole.solve(case), cheapest.solve(case, all_levels=False)
        assert left.objective == pytest.approx(found.objective, rel=1e-9)
        assert left.level == found.level
        assert left.bound <= left.objective * (1 + 1e-9)
        assert left.bounds.keys() == found.levels.keys()
        for name, cost in found.levels.items():
            if name in left.levels:
                assert left.levels[name] == pytest.approx(cost, rel=1e-9)
            else:
                n_left += 1
                assert left.objective * (1 - 1e-8) <= left.bounds[name] <= cost * (1 + 1e-9)
    assert n_left >= 4  # or else nothing was tested


def test_an_infeasible_level_is_left_or_called_so(every_program_is_large):
    """A share from the seabed in 2035 is delivered by a programme alone, so that "none" is infeasible at any cost."""
    model = procure.load_model("japan").with_(**SMALL)
    limit = {
        "name": "home",
        "domestic_share": 0.03,
        "supplier": "seabed",
        "scope": "medium_heavy",
        "from": 2035,
        "to": 2035,
    }
    held = model.limited(limit)
    found, left = Compiled(held).solve(), Compiled(held).solve(all_levels=False)
    assert found.levels["seabed none"] == math.inf
    assert left.objective == pytest.approx(found.objective, rel=1e-9)
    assert left.bounds["seabed none"] >= left.objective * (1 - 1e-8)


def test_rows_have_costs_of_all_levels_where_these_are_asked_for(every_program_is_large):
    model = procure.load_model("japan").with_(**SMALL)
    grid = {"shortage.scale": [1.0, 1.5]}
    asked = procure.sweep(model, grid, columns=["level", "objective_musd", "programme"], workers=1)
    plain = procure.sweep(model, grid, workers=1)
    names = [name.removeprefix("level.") for name in asked.columns if name.startswith("level.")]
    assert len(names) == 4
    assert not any(name.startswith("level.") for name in plain.columns)
    np.testing.assert_allclose(plain["objective_musd"], asked["objective_musd"], rtol=1e-9)
    for name in names:
        assert (plain[f"level_bound.{name}"] <= asked[f"level.{name}"] * (1 + 1e-9)).all()
        assert (plain[f"level_bound.{name}"] >= plain["objective_musd"] * (1 - 1e-8)).all()


def test_a_bound_is_certified_by_duals_alone():
    """min 2x + 3y, x + y >= 4, x <= 3: the optimum is 9. Multipliers (3) prove 3·4 - 1·3 = 9, and (2) prove 8."""
    program = LinearProgram(
        cost=np.array([2.0, 3.0]), matrix=sparse.csc_matrix([[1.0, 1.0]]), row_lower=np.array([4.0]),
        row_upper=np.array([np.inf]), lower=np.zeros(2), upper=np.array([3.0, np.inf]),
    )  # fmt: skip
    assert of_bound(prove(program, np.array([3.0])), 9.0).holds
    assert of_bound(prove(program, np.array([2.0])), 8.0).holds
    refused = of_bound(prove(program, np.array([2.0])), 8.5)
    assert not refused.holds
    assert refused.fault == "costs are said to pass 8.5, and its duals prove 8"


@pytest.mark.parametrize("asked", [10.0, 1e3, np.inf])
def test_a_bound_that_is_not_reached_leaves_the_optimum(asked):
    """Costs of x + y >= 1 with 1 and 2 a unit: 1."""
    program = LinearProgram(
        cost=np.array([1.0, 2.0]), matrix=sparse.csc_matrix([[1.0, 1.0]]), row_lower=np.array([1.0]),
        row_upper=np.array([np.inf]), lower=np.zeros(2), upper=np.full(2, np.inf),
    )  # fmt: skip
    solution = Solver(program, {"objective_bound": asked}).solve()
    assert solution.status is Status.OPTIMAL
    assert solution.objective == pytest.approx(1.0)


#: Questions that ask at each value which level is cheapest, and not what the others cost, by the frame of their answer.
ASKED = {
    "first_supplier": lambda m: procure.first_supplier(m, "Dy", "shortage.scale", 0.5, 3, points=2, digits=1).grid,
    "ambiguity": lambda m: procure.ambiguity(m, high=0.1, digits=1).table.drop(columns="moved"),
    "frontier": lambda m: procure.frontier(m, "china_heavy_share", [0.4, 0.6], seeds=2).table,
}


@pytest.mark.parametrize("question", ASKED)
def test_a_question_that_asks_for_the_cheapest_leaves_the_others(question, monkeypatch):
    model = procure.load_model("japan").with_(**SMALL)
    whole = ASKED[question](model)  # of programs that are not large no level is left
    monkeypatch.setattr(engine, "MANY_ROWS", 0)
    ends, solve = [], Engine.solve

    def told(*given):
        ends.append(solve(*given))
        return ends[-1]

    monkeypatch.setattr(Engine, "solve", told)
    left = ASKED[question](model)
    assert any(solution.status is Status.BOUND_REACHED for solution, _ in ends)
    costs = [name for name in whole if name.endswith(("_musd", "value", "radius"))]
    words = [name for name in ("first", "programme") if name in whole]
    assert left[words].equals(whole[words])
    np.testing.assert_allclose(left[costs], whole[costs], rtol=1e-6, atol=1e-6)
