"""Large programs taken apart against the extensive form: the ladder of paths, and trees of the japan model.

The larger sizes are marked slow: ``pytest benchmarks/test_two_stage.py -m slow``.
"""

from __future__ import annotations

import pytest

from ladder import ladder
from procure import solve_two_stage
from procure.lp import highs
from procure.lp.blocks import BlockSolver
from procure.lp.compose import Risk
from procure.lp.highs import Status
from procure.market import make_market, merge
from procure.solving import compose, risk_of
from subjects import subject

slow = pytest.mark.slow
RISK = {"alpha": 0.9, "cvar_weight": 0.3}


@pytest.mark.parametrize(
    ("n_paths", "tolerance"),
    [(20, 1e-6), (100, 1e-6), pytest.param(1000, 1e-6, marks=slow), pytest.param(10_000, 1e-4, marks=slow)],
)
def test_ladder_decomposed(benchmark, timed, n_paths, tolerance):
    if not timed and n_paths > 20:
        pytest.skip("timed only")
    problem = ladder(n_paths)
    found = []

    def run():
        found.append(solve_two_stage(problem, **RISK, method="decomposed", tolerance=tolerance))

    benchmark.pedantic(run, rounds=1)
    result = found[-1]
    assert result.status is Status.OPTIMAL and result.gap <= tolerance
    benchmark.extra_info |= {
        "subject": f"ladder-{n_paths}", "cost": result.objective, "bound": result.bound, "gap": result.gap,
        "seconds_in_solver": result.seconds_in_solver, "iterations": result.iterations,
    }  # fmt: skip


@pytest.mark.parametrize("solver", ["simplex", "ipm"])
@pytest.mark.parametrize("n_paths", [20, 100, pytest.param(1000, marks=slow)])
def test_ladder_extensive(benchmark, timed, n_paths, solver):
    """HiGHS on everything at once; the interior point without crossover, as it was fastest at 1,000 paths."""
    if not timed and (n_paths > 20 or solver == "ipm"):
        pytest.skip("timed only")
    problem = ladder(n_paths)
    options = {"solver": solver} | ({"run_crossover": "off"} if solver == "ipm" else {})
    found = []

    def run():
        found.append(
            solve_two_stage(problem, **RISK, method="extensive", tolerance=1e-6, time_limit=600.0, options=options)
        )

    benchmark.pedantic(run, rounds=1)
    result = found[-1]
    if result.status is Status.OPTIMAL:
        other = solve_two_stage(problem, **RISK, method="decomposed", tolerance=1e-6)
        assert result.objective == pytest.approx(other.objective, rel=2e-6)
    benchmark.extra_info |= {
        "subject": f"ladder-{n_paths}", "status": result.status.value, "cost": result.objective,
        "bound": result.bound, "gap": result.gap, "seconds_in_solver": result.seconds_in_solver,
    }  # fmt: skip


@pytest.mark.parametrize(
    "n_nodes", [100, pytest.param(500, marks=slow), pytest.param(1900, marks=slow), pytest.param(6500, marks=slow)]
)
@pytest.mark.parametrize("way", ["by-element", "whole"])
def test_tree(benchmark, way, n_nodes):
    """The japan model with one seabed programme, element by element and as one program (simplex)."""
    branch = (2027,) if n_nodes < 400 else (2027, 2028) if n_nodes < 1500 else (2027, 2028, 2029)
    model = subject("japan").with_(**{"world.tree.nodes": n_nodes, "world.tree.branch": branch})
    market = merge(make_market(model, {"seabed": "five"}))
    program = compose(market)
    composition, risk = program.composition, risk_of(model)
    plan, period = market.plan_data(composition.plan), market.period_data(composition.period)
    mean = composition.program(plan, period, market.probability, market.discount, Risk(), market.bounds)
    found = []

    def by_element():
        solver = BlockSolver(composition.block_of_columns())
        outcome = composition.solve_by_element(solver, mean, plan, period, market.probability, market.discount, risk)
        found.append(outcome.solution)

    def whole():
        found.append(highs.solve(program.composed.lp))

    benchmark.pedantic({"by-element": by_element, "whole": whole}[way], rounds=1)
    solution = found[-1]
    assert solution.status is Status.OPTIMAL
    if way == "by-element" and n_nodes < 1000:
        assert solution.objective == pytest.approx(highs.solve(program.composed.lp).objective, rel=1e-6)
    benchmark.extra_info |= {
        "subject": f"japan-{n_nodes}", "cost_musd": solution.objective / 1e3, "nodes": market.tree.n_nodes,
        "rows": program.composed.lp.matrix.shape[0], "columns": program.composed.lp.matrix.shape[1],
        "seconds_in_solver": solution.seconds, "iterations": solution.iterations,
    }  # fmt: skip
