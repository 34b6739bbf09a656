"""Large programs taken apart against the extensive form: the ladder of paths, and trees of the japan model.

The larger sizes are marked slow: ``pytest benchmarks/test_two_stage.py -m slow``.
"""

from __future__ import annotations

import resource
from dataclasses import replace

import pytest

from ladder import ladder
from procure import solve_two_stage
from procure.lp import cells, highs
from procure.lp.program import Status
from procure.market import make_market, merge
from procure.program.program import compose
from subjects import subject

slow = pytest.mark.slow
RISK = {"alpha": 0.9, "cvar_weight": 0.3}


@pytest.mark.parametrize(
    ("n_paths", "tolerance"),
    [(20, 1e-6), (100, 1e-6), (1000, 1e-6), pytest.param(10_000, 1e-5, marks=slow)],
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
        "seconds_in_solver": result.seconds_in_solver, "iterations": result.iterations, **peaks(),
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
    ("n_nodes", "way"),
    [
        *((n, way) for n in (100, 500, 1900) for way in ("cells", "simplex")),
        *(pytest.param(6500, way, marks=slow) for way in ("cells", "simplex", "ipx")),
        pytest.param(25_000, "cells", marks=slow),
    ],
)
def test_tree(benchmark, timed, way, n_nodes):
    """The japan model with one seabed programme: cell by cell, and as one program by HiGHS (simplex as it comes, its fastest)."""
    if not timed and n_nodes > 100:
        pytest.skip("timed only")
    branch = (2027,) if n_nodes < 400 else (2027, 2028) if n_nodes < 1500 else (2027, 2028, 2029)
    model = subject("japan").with_(**{"world.tree.nodes": n_nodes, "world.tree.branch": branch})
    market = merge(make_market(model, {"seabed": "five"}))
    program = compose(market)
    alone = compose(replace(market, shape=replace(market.shape, same={})))
    options = {"ipx": {"solver": "ipx", "run_crossover": "off"}}.get(way, {})
    found = []

    def run():
        if way == "cells":
            found.append(cells.solve(alone.composition, alone.composed, alone.figures))
        else:
            solver = highs.Solver(program.composed.lp, {**options, "time_limit": 1200.0})
            found.append(solver.solve_unchecked())  # without crossover it proves no optimum

    benchmark.pedantic(run, rounds=1)
    solution = found[-1]
    assert solution.status is Status.OPTIMAL
    if way == "cells" and n_nodes < 1000:
        assert solution.objective == pytest.approx(highs.solve(program.composed.lp).objective, rel=1e-8)
    benchmark.extra_info |= {
        "subject": f"japan-{n_nodes}", "cost_musd": solution.objective / 1e3, "nodes": market.tree.n_nodes,
        "gap": (solution.objective - solution.bound) / solution.objective if way == "cells" else None,
        "rows": program.composed.lp.matrix.shape[0], "columns": program.composed.lp.matrix.shape[1],
        "seconds_in_solver": solution.seconds, "iterations": solution.iterations, **peaks(),
    }  # fmt: skip


def peaks():
    """The most memory that this process, and the largest of its helpers, have had so far."""
    used = (resource.getrusage(who).ru_maxrss / 1e3 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return dict(zip(("process_peak_mb", "helper_peak_mb"), used, strict=True))
