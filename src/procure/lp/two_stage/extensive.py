"""A two-stage problem as one linear program, all scenarios side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from procure.lp import highs
from procure.lp.certificate import OPTIMALITY
from procure.lp.program import LinearProgram, Status
from procure.lp.two_stage.problem import TwoStageProblem, weighed_cost
from procure.lp.two_stage.recourse import MIP_OPTIONS, recourse_values
from procure.lp.two_stage.result import TwoStageResult
from procure.risk import LinearMeasure
from procure.units import Array


def solve_extensive(
    problem: TwoStageProblem,
    measure: LinearMeasure,
    tolerance: float,
    *,
    time_limit: float = np.inf,
    options: Mapping[str, Any] | None = None,
) -> TwoStageResult:
    """All scenarios side by side, in one program."""
    started = time.perf_counter()
    small, place = problem.merged() if measure.law_invariant else (problem, np.arange(problem.n_scenarios))
    program, scale = extensive_form(small, measure)
    chosen = {"time_limit": float(time_limit)} if np.isfinite(time_limit) else {}
    if problem.is_mixed_integer:
        chosen |= MIP_OPTIONS | {"mip_rel_gap": min(tolerance, 1e-4) / 2}
    chosen |= dict(options or {})
    solver = highs.Solver(program, chosen)
    solution = solver.solve(optimality=max(OPTIMALITY, tolerance / 2))
    status = solution.status
    if status is Status.FAILED and not np.isfinite(solution.x).all():
        status = status_without_costs(program)
    nothing = np.full(len(problem.cost), np.nan)
    x, values, objective, bound = nothing, np.full(problem.n_scenarios, np.nan), np.nan, solution.bound / scale
    if status is Status.INFEASIBLE:
        objective = bound = np.inf
    elif status is Status.UNBOUNDED:
        objective = bound = -np.inf
    elif np.isfinite(solution.x).all() and len(solution.x):
        x = _whole(problem, solution.x[: len(problem.cost)])
        n1, n2 = len(problem.cost), problem.recourse_matrix.shape[1]
        y = solution.x[n1 : n1 + n2 * small.n_scenarios].reshape(small.n_scenarios, n2)
        y = np.where(problem.recourse_integer, np.round(y), y)
        values = recourse_values(problem, x)
        # A plan on the edge of what recourse can mend may be a rounding beyond it: its own recourse then counts.
        in_program = (y * np.atleast_2d(small.recourse_cost)).sum(axis=1)
        values = np.where((values == np.inf) & (place >= 0), in_program[place], values)
        objective = weighed_cost(problem, x, values, measure)
        bound = min(bound, objective)
    elif status is Status.LIMIT_REACHED:
        objective = np.inf
    if status in (Status.OPTIMAL, Status.LIMIT_REACHED):
        close = np.isfinite(objective - bound) and objective - bound <= tolerance * max(1.0, abs(objective))
        status = Status.OPTIMAL if close else Status.LIMIT_REACHED
    return TwoStageResult(
        status=status,
        objective=float(objective),
        bound=float(bound),
        x=x,
        recourse_values=values,
        method="extensive",
        iterations=solution.iterations,
        seconds=time.perf_counter() - started,
        seconds_in_solver=solver.seconds,
        n_subproblems=small.n_scenarios,
        n_merged=problem.n_scenarios - small.n_scenarios,
        message=solution.message,
    )


def extensive_form(problem: TwoStageProblem, measure: LinearMeasure) -> tuple[LinearProgram, float]:
    """The extensive form and the factor its objective is multiplied by.

    Vars   x, y_k as above;  z of the risk measure, whose rows stand with it (`procure.risk`)

      min   cost·x + Σ_k mean_k q_k·y_k + cost_z·z
      s.t.  rows of x;  rows of (x, y_k)                                      ∀ k
            matrix_z z - losses_z (q_k·y_k)_k >= 0                                      rows of the measure

    Costs are multiplied by 1 / max π, so that a scenario among thousands still weighs against HiGHS's tolerances.
    """
    K, m2 = problem.n_scenarios, problem.n_recourse_rows
    p = problem.probability
    rows = measure.rows(p)
    n_rows = rows.losses.shape[0]
    q = np.broadcast_to(problem.recourse_cost, (K, problem.recourse_matrix.shape[1]))

    def per_scenario(values: Array) -> Array:
        return np.broadcast_to(values, (K, values.shape[-1])).ravel()

    T = sparse.vstack([problem.technology] * K) if problem.shares_technology else problem.technology
    if problem.shares_recourse:
        W = sparse.kron(sparse.identity(K), problem.recourse_matrix)
    else:
        W = sparse.block_diag([problem.recourse_of(k) for k in range(K)])
    blocks = [[problem.matrix, None], [T, W]]
    cost = [problem.cost, (rows.mean[:, None] * q).ravel(), rows.cost]
    lower = [problem.lower, per_scenario(problem.recourse_lower), rows.lower]
    upper = [problem.upper, per_scenario(problem.recourse_upper), np.full(len(rows.cost), np.inf)]
    row_lower = [problem.row_lower, per_scenario(problem.recourse_row_lower), np.zeros(n_rows)]
    row_upper = [problem.row_upper, per_scenario(problem.recourse_row_upper), np.full(n_rows, np.inf)]
    if n_rows:
        n2 = q.shape[1]
        loss = sparse.csr_matrix((q.ravel(), np.arange(K * n2), np.arange(0, K * n2 + 1, n2)), shape=(K, K * n2))
        blocks = [[*row, None] for row in blocks]
        blocks.append([None, -rows.losses @ loss, rows.matrix])
    scale = 1.0 / p.max()
    columns = np.concatenate(cost)
    integer = np.zeros(len(columns), dtype=bool)
    whole = np.concatenate([problem.integer, np.tile(problem.recourse_integer, K)])
    integer[: len(whole)] = whole
    shape = (len(problem.row_lower) + K * m2 + n_rows, len(columns))
    program = LinearProgram(
        cost=scale * columns,
        matrix=sparse.csc_matrix(sparse.bmat(blocks, format="csc")) if 0 not in shape else sparse.csc_matrix(shape),
        row_lower=np.concatenate(row_lower),
        row_upper=np.concatenate(row_upper),
        lower=np.concatenate(lower),
        upper=np.concatenate(upper),
        integer=integer if integer.any() else None,
    )
    return program, scale


def _whole(problem: TwoStageProblem, x: Array) -> Array:
    """The plan within its bounds and with its whole numbers whole."""
    whole = np.where(problem.integer, np.round(x), x)
    return np.asarray(np.clip(whole, problem.lower, problem.upper))


def status_without_costs(program: LinearProgram) -> Status:
    """Decide between infeasible and unbounded where the solver would not: can the rows be met at all?"""
    solution = highs.solve(
        LinearProgram(
            np.zeros_like(program.cost), program.matrix, program.row_lower, program.row_upper,
            program.lower, program.upper, program.integer,
        ),
        {"presolve": "off"},
    )  # fmt: skip
    return {Status.OPTIMAL: Status.UNBOUNDED, Status.INFEASIBLE: Status.INFEASIBLE}.get(solution.status, Status.FAILED)
