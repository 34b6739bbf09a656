"""Recourse taken apart: where it separates into blocks, each block knows only the scenarios that differ for it.

The recourse matrix falls into blocks that share no row and no column (one per element, say). A block and a scenario make a
subproblem; scenarios that are equal for a block make one, exactly. Subproblems of a block are solved one after
the other in one HiGHS model, each from the basis it ended in the last time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from procure.lp.cores import idle_cores
from procure.lp.dual_bound import least
from procure.lp.highs import Solver, solve
from procure.lp.highs_threads import Task
from procure.lp.program import LinearProgram, Solution, Status, elastic
from procure.lp.two_stage.problem import TwoStageProblem
from procure.lp.workers import Workers
from procure.units import Array, Index, Mask

# HiGHS prunes whatever its tolerance for whole numbers cannot tell from the best plan.
MIP_OPTIONS = {"mip_feasibility_tolerance": 1e-9, "mip_rel_gap": 1e-9, "mip_abs_gap": 1e-9}
DUAL_TOLERANCE = 1e-7
FEASIBILITY_TOLERANCE = 1e-6
MOST_BLOCKS = 64
#: Subproblems from which helpers are worth their start.
MANY_VERSIONS = 5000


@dataclass
class Answers:
    """What the D subproblems of a block answer to a plan: costs and row duals.

    Where there is no recourse the cost is ``inf`` and the dual belongs to the least total violation of the rows, a number
    `violation` above zero. `seconds` were spent inside HiGHS.
    """

    value: Array
    dual: Array
    violation: Array
    seconds: float = 0.0


class RecourseBlock:
    """Rows and columns of recourse that stand alone, in the D versions its scenarios come in.

      Q_d(x) = min { cost_d·y :  row_lower_d <= T_d x + W y <= row_upper_d,  lower_d <= y <= upper_d }

    `member` says which version d a scenario k is; arrays have one row per version, or one row for all.
    """

    def __init__(self, problem: TwoStageProblem, rows: Index, columns: Index) -> None:
        K = problem.n_scenarios
        self.matrix = sparse.csr_matrix(problem.recourse_matrix[rows][:, columns])
        parts = {
            "cost": problem.recourse_cost[..., columns],
            "row_lower": problem.recourse_row_lower[..., rows],
            "row_upper": problem.recourse_row_upper[..., rows],
            "lower": problem.recourse_lower[..., columns],
            "upper": problem.recourse_upper[..., columns],
        }
        m2 = problem.recourse_matrix.shape[0]
        technology = problem.technology
        if problem.shares_technology:
            technology = technology[rows]
        else:
            technology = technology[(np.arange(K)[:, None] * m2 + rows).ravel()]
        self.member, first = _merge([part for part in parts.values() if part.ndim == 2], technology, K, len(rows))
        self.cost, self.row_lower, self.row_upper, self.lower, self.upper = (
            part[first] if part.ndim == 2 else part[None] for part in parts.values()
        )
        self.shares_technology = problem.shares_technology
        if not problem.shares_technology:
            technology = technology[(first[:, None] * len(rows) + np.arange(len(rows))).ravel()]
        self.technology = sparse.csr_matrix(technology)
        self.n_versions = len(first)
        self.weight = self.spread(problem.probability)
        self._solver: Solver | None = None
        self._elastic: Solver | None = None
        self._basis: list[Any] = [None] * self.n_versions
        self.n_solves = 0

    @property
    def n_rows(self) -> int:
        """Rows of the block."""
        return int(self.matrix.shape[0])

    def spread(self, of_scenarios: Array) -> Array:
        """Sum what each scenario carries over the scenarios of each version."""
        return np.bincount(self.member, weights=of_scenarios, minlength=self.n_versions).astype(float)

    def demand(self, x: Array) -> Array:
        """T_d x, shape (D, n_rows) or (1, n_rows)."""
        return np.asarray(self.technology @ x).reshape(-1, self.n_rows)

    def answer(self, x: Array, versions: Index | None = None) -> Answers:
        """Solve the versions (all by default) at a plan; the others stay nan."""
        answers: Answers = Task(lambda: self._answer(x, versions)).result()  # one hand-off for all of them
        return answers

    def _answer(self, x: Array, versions: Index | None) -> Answers:
        D, m = self.n_versions, self.n_rows
        answers = Answers(np.full(D, np.nan), np.full((D, m), np.nan), np.zeros(D))
        solver, before = self._load(), self.seconds
        shift = self.demand(x)
        row_lower, row_upper = (np.broadcast_to(v, (D, m)) for v in (self.row_lower - shift, self.row_upper - shift))
        rows = np.arange(m)
        last = None
        for d in np.arange(D) if versions is None else versions:
            solver.change_rows(rows, row_lower[d], row_upper[d])
            self._move(solver, d)
            start = self._basis[d] if self._basis[d] is not None else last
            if start is not None:
                solver.set_basis(start)
            solution = self._solve(solver)
            if solution.status is Status.INFEASIBLE:
                violation, slack, dual = self._least_violation(d, row_lower[d], row_upper[d])
                answers.value[d], answers.dual[d], answers.violation[d] = np.inf, dual, violation
                size = max(1.0, np.abs(shift[d % len(shift)]).max(initial=0.0))
                if violation > FEASIBILITY_TOLERANCE * size:
                    continue
                # A plan on the edge of what recourse can mend, beyond it by a rounding.
                solver.change_rows(rows, row_lower[d] - 2 * slack - 1e-9, row_upper[d] + 2 * slack + 1e-9)
                solution = self._solve(solver)
                answers.violation[d] = 0.0
            if solution.status is Status.OPTIMAL:
                answers.value[d], answers.dual[d] = solution.objective, solution.row_dual
                self._basis[d] = last = solver.get_basis()
            elif solution.status is Status.UNBOUNDED:
                answers.value[d] = -np.inf
        answers.seconds = self.seconds - before
        return answers

    def _solve(self, solver: Solver) -> Solution:
        self.n_solves += 1
        solution = solver.solve_unchecked()
        if solution.status not in (Status.OPTIMAL, Status.INFEASIBLE, Status.UNBOUNDED):
            solver.forget()
            solution = solver.solve_unchecked()
        return solution

    def _move(self, solver: Solver, d: int) -> None:
        columns = np.arange(self.matrix.shape[1])
        if len(self.cost) > 1:
            solver.change_costs(columns, self.cost[d])
        if len(self.lower) > 1 or len(self.upper) > 1:
            solver.change_bounds(columns, self.lower[d % len(self.lower)], self.upper[d % len(self.upper)])

    def _least_violation(self, d: int, row_lower: Array, row_upper: Array) -> tuple[float, Array, Array]:
        """The least violation of the rows by recourse (`elastic`): its value, of every row, and the row duals."""
        m, n = self.matrix.shape
        if self._elastic is None:
            program = LinearProgram(
                np.zeros(n), self.matrix.tocsc(), row_lower, row_upper, self.lower[0], self.upper[0]
            )
            self._elastic = Solver(elastic(program), {"presolve": "off", "solver": "simplex"})
        self._elastic.change_rows(np.arange(m), row_lower, row_upper)
        if len(self.lower) > 1 or len(self.upper) > 1:
            lower, upper = self.lower[d % len(self.lower)], self.upper[d % len(self.upper)]
            self._elastic.change_bounds(np.arange(n), lower, upper)
        solution = self._elastic.solve_unchecked()
        return max(solution.objective, 0.0), solution.x[n : n + m] + solution.x[n + m :], solution.row_dual

    def _load(self) -> Solver:
        if self._solver is None:
            program = LinearProgram(
                self.cost[0].copy(), self.matrix.tocsc(), self.row_lower[0].copy(), self.row_upper[0].copy(),
                self.lower[0].copy(), self.upper[0].copy(),
            )  # fmt: skip
            # From a basis at hand presolve only costs time, and it hides which of infeasible and unbounded it is.
            self._solver = Solver(program, {"presolve": "off", "solver": "simplex"})
        return self._solver

    def lower_bound(self, dual: Array, versions: Index, *, costs: bool = True) -> tuple[Array, Array]:
        """Q_d(x) >= intercept_d - (dual_d·T_d) x, for any duals: returns intercepts, and the duals made valid.

        intercept = Σ_i min over the row's range of dual_i r_i  +  Σ_j min over the column's range of (cost - dual·W)_j y_j;
        -inf where a sign has no bound to lean on. Without `costs`, the same for the least violation.
        """

        def pick(values: Array) -> Array:
            return values[versions] if len(values) > 1 else values

        cost = pick(self.cost) if costs else np.zeros((1, self.matrix.shape[1]))
        size = 1.0 + np.abs(cost).max(initial=0.0)
        row_lower, row_upper = pick(self.row_lower), pick(self.row_upper)
        rounding = (np.abs(dual) <= DUAL_TOLERANCE * size) & np.isinf(np.where(dual > 0, row_lower, row_upper))
        dual = np.where(rounding, 0.0, dual)
        rows = least(dual, row_lower, row_upper)
        reduced = cost - dual @ self.matrix
        lower, upper = pick(self.lower), pick(self.upper)
        rounding = (np.abs(reduced) <= DUAL_TOLERANCE * size) & np.isinf(np.where(reduced > 0, lower, upper))
        columns = least(np.where(rounding, 0.0, reduced), lower, upper)
        return rows.sum(axis=1) + columns.sum(axis=1), dual

    def slope(self, dual: Array, versions: Index, weight: Array) -> Array:
        """The weighted sum over versions of -dual·T, shape (n1,)."""
        if self.shares_technology:
            return np.asarray(-(self.technology.T @ (weight @ dual)))
        spread = np.zeros((self.n_versions, self.n_rows))
        spread[versions] = weight[:, None] * dual
        return np.asarray(-(self.technology.T @ spread.ravel()))

    @property
    def seconds(self) -> float:
        """Seconds inside HiGHS."""
        return sum(solver.seconds for solver in (self._solver, self._elastic) if solver is not None)


class RowsOfPlan:
    """Rows of recourse that no recourse stands in: T x alone has to keep them, so they are rows of the plan.

    As such `matrix`, `lower` and `upper` are those of all scenarios that may come.
    """

    def __init__(self, problem: TwoStageProblem, rows: Index) -> None:
        K, m2 = problem.n_scenarios, problem.recourse_matrix.shape[0]
        self.shape = K, len(rows)
        self._lower = np.broadcast_to(problem.recourse_row_lower, (K, m2))[:, rows]
        self._upper = np.broadcast_to(problem.recourse_row_upper, (K, m2))[:, rows]
        seen = np.flatnonzero(problem.probability)
        if problem.shares_technology:
            self._technology = self.matrix = problem.technology[rows]
            self.lower, self.upper = self._lower[seen].max(axis=0), self._upper[seen].min(axis=0)
        else:
            self._technology = problem.technology[(np.arange(K)[:, None] * m2 + rows).ravel()]
            self.matrix = problem.technology[(seen[:, None] * m2 + rows).ravel()]
            self.lower, self.upper = self._lower[seen].ravel(), self._upper[seen].ravel()

    def kept(self, x: Array) -> Mask:
        """Whether a plan keeps them, for every scenario."""
        reached = np.asarray(self._technology @ x).reshape(-1, self.shape[1]) if self.shape[1] else np.zeros((1, 0))
        slack = 1e-6 * np.maximum(1.0, np.abs(reached))
        inside = (reached >= self._lower - slack) & (reached <= self._upper + slack)
        return np.asarray(np.broadcast_to(inside, self.shape).all(axis=1))


class Recourse:
    """The recourse of a problem in blocks, with what needs no program at all: rows without recourse, columns without rows.

    `of_plan` are the rows without recourse; `constant` is the cost per scenario of the columns that stand in no row. Blocks of very
    many versions are answered by several processes, until the recourse is left as a context.
    """

    def __init__(self, problem: TwoStageProblem) -> None:
        self.n_scenarios = problem.n_scenarios
        groups, rows_of_plan, loose_columns = _separate(problem.recourse_matrix)
        self.blocks = [RecourseBlock(problem, rows, columns) for rows, columns in groups]
        self.constant = _cheapest(
            problem.recourse_cost[..., loose_columns],
            problem.recourse_lower[..., loose_columns],
            problem.recourse_upper[..., loose_columns],
            self.n_scenarios,
        )
        self.of_plan = RowsOfPlan(problem, rows_of_plan)
        many = sum(block.n_versions for block in self.blocks) >= MANY_VERSIONS
        self._workers = Workers(self.blocks, len(self.blocks), idle_cores() if many else 0)
        #: Seconds inside HiGHS, whichever process they were spent in.
        self.seconds = 0.0

    def __enter__(self) -> Recourse:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.__exit__()

    def answers(self, x: Array) -> list[Answers]:
        """What each block answers to a plan."""
        answers = self._workers.ask(RecourseBlock.answer, x)
        self.seconds += sum(answer.seconds for answer in answers)
        return answers

    def values(self, x: Array) -> Array:
        """Q_k(x) for every scenario."""
        return self.total(x, [answer.value for answer in self.answers(x)])

    def total(self, x: Array, values: list[Array]) -> Array:
        """Q_k(x) from the costs of the versions of each block."""
        total = self.constant.copy()
        total[~self.of_plan.kept(x)] = np.inf
        for block, of_version in zip(self.blocks, values, strict=True):
            value = of_version[block.member]
            # No recourse in one block outweighs bottomless recourse in another.
            none = (total == np.inf) | (value == np.inf)
            total = np.where(none, np.inf, total + np.where(none, 0.0, value))
        return total


def recourse_values(problem: TwoStageProblem, x: Array) -> Array:
    """Q_k(x) per scenario: ``inf`` where the plan leaves no recourse, ``-inf`` where recourse has no bottom."""
    if problem.whole_because:
        return np.array([_value_alone(problem, k, x) for k in range(problem.n_scenarios)])
    with Recourse(problem) as recourse:
        return recourse.values(x)


def _value_alone(problem: TwoStageProblem, k: int, x: Array) -> float:
    """Q_k(x) of one scenario, solved by itself."""
    low, high, lower, upper, cost = (
        np.atleast_2d(values)[k if values.ndim == 2 else 0]
        for values in (
            problem.recourse_row_lower, problem.recourse_row_upper, problem.recourse_lower, problem.recourse_upper,
            problem.recourse_cost,
        )
    )  # fmt: skip
    moved = problem.technology_of(k) @ x
    # Rows leave room for the rounding of a plan on the edge of what recourse can mend.
    slack = 1e-9 * np.maximum(1.0, np.abs(moved))
    whole = problem.recourse_integer
    program = LinearProgram(
        cost, sparse.csc_matrix(problem.recourse_of(k)), low - moved - slack, high - moved + slack, lower, upper,
        whole if whole.any() else None,
    )  # fmt: skip
    solution = solve(program, MIP_OPTIONS if whole.any() else None)
    value = {Status.INFEASIBLE: np.inf, Status.UNBOUNDED: -np.inf, Status.OPTIMAL: solution.objective}
    return float(value.get(solution.status, np.nan))


def _separate(matrix: sparse.csr_matrix) -> tuple[list[tuple[Index, Index]], Index, Index]:
    """Blocks (rows, columns) that share nothing, the rows without columns and the columns without rows."""
    m, n = matrix.shape
    _, label = connected_components(sparse.bmat([[None, matrix], [matrix.T, None]]), directed=False)
    row_label, column_label = label[:m], label[m:]
    in_rows, in_columns = np.diff(matrix.indptr) > 0, np.bincount(matrix.indices, minlength=n) > 0
    names, size = np.unique(row_label[in_rows], return_counts=True)
    # Many tiny blocks cost more calls than they save: the smallest go together.
    team = np.full(label.max(initial=0) + 1, -1)
    order = np.argsort(-size, kind="stable")
    team[names[order]] = np.minimum(np.arange(len(names)), MOST_BLOCKS - 1)
    groups = [
        (np.flatnonzero(in_rows & (team[row_label] == t)), np.flatnonzero(in_columns & (team[column_label] == t)))
        for t in range(min(len(names), MOST_BLOCKS))
    ]
    return groups, np.flatnonzero(~in_rows), np.flatnonzero(~in_columns)


def _merge(varying: list[Array], technology: sparse.csr_matrix, K: int, m: int) -> tuple[Index, Index]:
    """Which version each scenario is, and the first scenario of each version."""
    own_technology = technology.shape[0] != m or K == 1
    place: dict[bytes, int] = {}
    member = np.empty(K, dtype=np.intp)
    start, index, data = technology.indptr, technology.indices, technology.data
    for k in range(K):
        key = b"".join(values[k].tobytes() for values in varying)
        if own_technology:
            pointer = start[k * m : (k + 1) * m + 1]
            entries = slice(pointer[0], pointer[-1])
            key += (pointer - pointer[0]).tobytes() + index[entries].tobytes() + data[entries].tobytes()
        member[k] = place.setdefault(key, len(place))
    return member, np.unique(member, return_index=True)[1]


def _cheapest(cost: Array, lower: Array, upper: Array, K: int) -> Array:
    """Cost per scenario of columns that only their bounds hold."""
    n = cost.shape[-1]
    cost, lower, upper = (np.broadcast_to(v, (K, n)) for v in (cost, lower, upper))
    return np.asarray(least(cost, lower, upper).sum(axis=1))
