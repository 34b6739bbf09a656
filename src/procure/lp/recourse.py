"""Recourse taken apart: where it separates into blocks, each block knows only the scenarios that differ for it.

The recourse matrix falls into blocks that share no row and no column (one per element, say). A block and a scenario make a
subproblem; scenarios that are equal for a block make one, exactly. Subproblems of a block are solved one after
the other in one HiGHS model, each from the basis it ended in the last time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from procure.lp.highs import LinearProgram, Solver, Status

if TYPE_CHECKING:
    from procure.lp.two_stage import TwoStageProblem

Array = NDArray[np.float64]
Index = NDArray[np.intp]

DUAL_TOLERANCE = 1e-7
MOST_BLOCKS = 64


@dataclass
class Answers:
    """What the D subproblems of a block answer to a plan: costs, row duals, and rays where there is no recourse."""

    value: Array
    dual: Array
    ray: dict[int, Array] = field(default_factory=dict)


class Block:
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
        self.weight = np.bincount(self.member, weights=problem.probability, minlength=self.n_versions)
        self._solver: Solver | None = None
        self._basis: list[Any] = [None] * self.n_versions
        self.n_solves = 0

    @property
    def n_rows(self) -> int:
        """Rows of the block."""
        return int(self.matrix.shape[0])

    def demand(self, x: Array) -> Array:
        """T_d x, shape (D, n_rows) or (1, n_rows)."""
        return np.asarray(self.technology @ x).reshape(-1, self.n_rows)

    def answer(self, x: Array, versions: Index | None = None) -> Answers:
        """Solve the versions (all by default) at a plan."""
        chosen = np.arange(self.n_versions) if versions is None else versions
        answers = Answers(np.full(self.n_versions, np.nan), np.full((self.n_versions, self.n_rows), np.nan))
        solver = self._load()
        shift = self.demand(x)
        row_lower, row_upper = self.row_lower - shift, self.row_upper - shift
        rows, columns = np.arange(self.n_rows), np.arange(self.matrix.shape[1])
        moves_cost, moves_bounds = len(self.cost) > 1, len(self.lower) > 1 or len(self.upper) > 1
        lower, upper = (
            np.broadcast_to(bound, (self.n_versions, len(columns))) for bound in (self.lower, self.upper)
        )
        last = None
        for d in chosen:
            solver.change_rows(rows, row_lower[d % len(row_lower)], row_upper[d % len(row_upper)])
            if moves_cost:
                solver.change_costs(columns, self.cost[d])
            if moves_bounds:
                solver.change_bounds(columns, lower[d], upper[d])
            start = self._basis[d] if self._basis[d] is not None else last
            if start is not None:
                solver.set_basis(start)
            found = solver.solve()
            self.n_solves += 1
            if found.status is Status.FAILED:
                solver.forget()
                found = solver.solve()
            if found.status is Status.OPTIMAL:
                answers.value[d], answers.dual[d] = found.objective, found.row_dual
                self._basis[d] = last = solver.get_basis()
            elif found.status is Status.INFEASIBLE:
                answers.value[d] = np.inf
                if found.ray is not None:
                    answers.ray[int(d)] = found.ray
            elif found.status is Status.UNBOUNDED:
                answers.value[d] = -np.inf
        return answers

    def _load(self) -> Solver:
        if self._solver is None:
            program = LinearProgram(
                self.cost[0].copy(), self.matrix.tocsc(), self.row_lower[0].copy(), self.row_upper[0].copy(),
                self.lower[0].copy(), self.upper[0].copy(),
            )  # fmt: skip
            # From a basis at hand presolve only costs time, and it hides which of infeasible and unbounded it is.
            self._solver = Solver(program, {"presolve": "off", "solver": "simplex"})
        return self._solver

    @property
    def seconds(self) -> float:
        """Seconds inside HiGHS."""
        return self._solver.seconds if self._solver is not None else 0.0


class Recourse:
    """The recourse of a problem in blocks, with what needs no program at all: rows without recourse, columns without rows.

    `rows` are the first-stage rows hidden in the recourse (rows of T x alone), with `row_lower` and `row_upper`;
    `constant` is the cost per scenario of the columns that stand in no row.
    """

    def __init__(self, problem: TwoStageProblem) -> None:
        self.n_scenarios = problem.n_scenarios
        groups, self._loose_rows, loose_columns = _separate(problem.recourse_matrix)
        self.blocks = [Block(problem, rows, columns) for rows, columns in groups]
        self.constant = _cheapest(
            problem.recourse_cost[..., loose_columns],
            problem.recourse_lower[..., loose_columns],
            problem.recourse_upper[..., loose_columns],
            self.n_scenarios,
        )
        self._read_loose_rows(problem)

    def _read_loose_rows(self, problem: TwoStageProblem) -> None:
        K, m2 = problem.n_scenarios, problem.recourse_matrix.shape[0]
        rows = self._loose_rows
        low = np.broadcast_to(problem.recourse_row_lower, (K, m2))[:, rows]
        high = np.broadcast_to(problem.recourse_row_upper, (K, m2))[:, rows]
        if problem.shares_technology:
            possible = problem.probability > 0
            self.rows = problem.technology[rows]
            self.row_lower, self.row_upper = low[possible].max(axis=0), high[possible].min(axis=0)
        else:
            seen = np.flatnonzero(problem.probability)
            self.rows = problem.technology[(seen[:, None] * m2 + rows).ravel()]
            self.row_lower, self.row_upper = low[seen].ravel(), high[seen].ravel()
        self._all = (low, high, problem)

    def values(self, x: Array) -> Array:
        """Q_k(x) for every scenario."""
        total = self.constant.copy()
        total[~self._keeps_loose_rows(x)] = np.inf
        for block in self.blocks:
            value = block.answer(x).value[block.member]
            # No recourse in one block outweighs bottomless recourse in another.
            total = np.where((total == np.inf) | (value == np.inf), np.inf, total + np.where(value == np.inf, 0, value))
        return total

    def _keeps_loose_rows(self, x: Array) -> NDArray[np.bool_]:
        low, high, problem = self._all
        if not len(self._loose_rows):
            return np.ones(self.n_scenarios, dtype=bool)
        m2 = problem.recourse_matrix.shape[0]
        reached = np.asarray(problem.technology @ x).reshape(-1, m2)[:, self._loose_rows]
        slack = 1e-6 * np.maximum(1.0, np.abs(reached))
        return np.asarray(((reached >= low - slack) & (reached <= high + slack)).all(axis=1))

    @property
    def seconds(self) -> float:
        """Seconds inside HiGHS."""
        return sum(block.seconds for block in self.blocks)


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
    bound = np.where(cost > 0, lower, upper)
    return np.asarray(np.where(cost == 0, 0.0, cost * np.where(cost == 0, 0.0, bound)).sum(axis=1))
