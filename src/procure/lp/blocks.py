"""A program that falls apart into blocks once a few things are settled: Dantzig-Wolfe decomposition, with a tail.

The elements of a portfolio are coupled only by the output of baskets, by limits over several elements, and by the tail of total
cost. With the output settled and prices on the rest, every element is a small program of its own. With X_b the points of
block b, A_b its part of the coupling rows, C_b the plan's cost and Z_b the path costs of its points (one per leaf):

  min  Σ_b C_b x_b + (1 - w) Σ_l p_l Z_l + w (η + Σ_l p_l excess_l / (1 - α))       Z_l = Σ_b Z_bl x_b
  s.t. excess_l >= Z_l - η          ∀ l     [ν_l, 0 <= ν_l <= w p_l / (1 - α), Σ ν = w]
       lower <= Σ_b A_b x_b <= upper         [π]
       x_b = Σ_k λ_bk x_bk, Σ_k λ_bk = 1

The master chooses the weights λ over points found so far; each block then answers the prices (ν, π) with its cheapest point,

  v_b(ν, π) = min { (C_b + ((1 - w) p + ν)·Z_b - π·A_b) x : x ∈ X_b },

which proves the bound  Σ_b v_b + Σ π·(lower where π > 0, upper where π < 0). Prices are smoothed towards those of the best
bound, which keeps the tail from wandering (Wentges 1997, International Transactions in Operational Research 4(2), 151-162;
the decomposition: Dantzig & Wolfe 1960, Operations Research 8(1), 101-111).

What belongs to no block (the output of baskets) is first settled at a guess g. The optimum given g is V(g), with a subgradient
from the duals; so  V(g) + min { (c + ∂V)(x - g) : x feasible }  bounds the whole, and a guess that attains it is optimal
(Benders 1962, Numerische Mathematik 4, 238-252). Otherwise the minimiser is the next guess.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from procure.lp.highs import LinearProgram, Solver, Status, solve

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: Weight of the best prices in the smoothed ones.
SMOOTHING = 0.4
#: Cost of breaking a coupling row by one unit while no combination of points keeps it.
BREAKING = 1e6


@dataclass(frozen=True)
class Tail:
    """How path costs weigh: Z = paths @ node_cost @ x; mean by `probability`, tail by `alpha` and `weight`."""

    node_cost: sparse.csr_matrix  # (n_nodes, n_columns), discounted
    paths: sparse.csr_matrix  # (n_leaves, n_nodes), one where the node is on the path
    probability: Array  # (n_leaves,)
    alpha: float
    weight: float


@dataclass(frozen=True)
class Separated:
    """The result of `BlockSolver.solve`: a point, its proved bound, and prices of every row and column.

    `leaf_weight` is the law under which the weighed cost is a mean: (1 - w) p + ν.
    """

    status: Status
    objective: float
    bound: float
    x: Array
    row_dual: Array
    reduced_cost: Array
    leaf_weight: Array
    iterations: int
    seconds_in_solver: float


@dataclass(frozen=True)
class _Point:
    x: Array
    cost: float
    path_cost: Array
    usage: Array


@dataclass
class _Block:
    columns: Index
    rows: Index
    solver: Solver
    cost: Array  # the plan's part of the cost
    node_cost: sparse.csr_matrix
    coupling: sparse.csr_matrix
    points: list[_Point] = field(default_factory=list)
    value: float = 0.0
    row_dual: Array = field(default_factory=lambda: np.empty(0))
    reduced_cost: Array = field(default_factory=lambda: np.empty(0))


class BlockSolver:
    """Solves programs of one shape by blocks; a second program starts from the bases and prices of the first.

    Parameters
    ----------
    block_of : array, shape (n_columns,)
        Which block each column belongs to, counted from 0; -1 for those that belong to none.
    """

    def __init__(self, block_of: Index) -> None:
        self.block_of = block_of
        self._solvers: dict[int, Solver] = {}
        self._leaf_weight: Array | None = None
        self._multiplier: Array | None = None

    def solve(
        self,
        program: LinearProgram,
        plan_cost: Array,
        tail: Tail,
        *,
        tolerance: float = 1e-7,
        most_iterations: int = 150,
        most_guesses: int = 8,
    ) -> Separated:
        """Solve `program` (its own costs are ignored): least plan cost plus mean and tail of the path costs.

        Parameters
        ----------
        program : LinearProgram
            Without whole numbers, and with every block bounded.
        plan_cost : array, shape (n_columns,)
            What a column costs whatever happens.
        tail : Tail
        tolerance : float
            Relative gap between the cost of the point and the proved bound.

        Returns
        -------
        Separated
            OPTIMAL within the tolerance; LIMIT_REACHED where the iterations or guesses did not close the gap, FAILED where a
            block has no optimum or no combination keeps the coupling rows: the caller then solves the program whole.
        """
        free = np.flatnonzero(self.block_of < 0)
        matrix = sparse.csr_matrix(program.matrix)
        settled_rows = _rows_within(matrix, self.block_of < 0)
        feasible = LinearProgram(
            cost=np.zeros(len(free)),
            matrix=matrix[settled_rows][:, free].tocsc(),
            row_lower=program.row_lower[settled_rows],
            row_upper=program.row_upper[settled_rows],
            lower=program.lower[free],
            upper=program.upper[free],
        )
        # The first guess: everything that can run, runs.
        first = solve(replace(feasible, cost=np.full(len(free), -1.0)))
        if first.status is not Status.OPTIMAL:
            return _failed(program)
        guess = first.x
        chooser = Solver(_with_floor(feasible))
        effect = matrix[:, free].tocsr()
        best: Separated | None = None
        bound, iterations, seconds = -np.inf, 0, 0.0
        for _ in range(most_guesses):
            given = effect @ guess
            given[settled_rows] = 0.0
            rest_cost = float(plan_cost[free] @ guess)
            rest_path = tail.paths @ (tail.node_cost[:, free] @ guess)
            found = self._given(
                program, matrix, given, plan_cost, tail, rest_path, settled_rows, tolerance, most_iterations
            )
            iterations, seconds = iterations + found.iterations, seconds + found.seconds_in_solver
            if found.status is Status.FAILED:
                return found
            x = found.x.copy()
            x[free] = guess
            # What one more unit of the settled would cost: its own cost less what it is worth in the rows it enters.
            dual = np.where(settled_rows, 0.0, found.row_dual)
            slope = plan_cost[free] + tail.node_cost[:, free].T @ (tail.paths.T @ found.leaf_weight) - effect.T @ dual
            objective = found.objective + rest_cost
            # total >= bound here + slope (x - guess), for every guess made: the cuts of Benders.
            cut = sparse.csr_matrix(np.append(-slope, 1.0))
            chooser.add_rows(cut, [found.bound + rest_cost - slope @ guess], [np.inf])
            answer = chooser.solve()
            if answer.status is not Status.OPTIMAL:
                return _failed(program)
            bound = max(bound, answer.objective)
            row_dual = found.row_dual.copy()
            row_dual[settled_rows] = answer.row_dual[: int(settled_rows.sum())]
            reduced = found.reduced_cost.copy()
            reduced[free] = slope - feasible.matrix.T @ answer.row_dual[: int(settled_rows.sum())]
            candidate = Separated(
                found.status, objective, bound, x, row_dual, reduced, found.leaf_weight, iterations, seconds
            )
            if best is None or objective < best.objective:
                best = candidate
            if best.objective - bound <= 2 * tolerance * max(1.0, abs(best.objective)):
                return replace(
                    best, status=Status.OPTIMAL, bound=bound, iterations=iterations, seconds_in_solver=seconds
                )
            guess = answer.x[:-1]
        assert best is not None
        return replace(best, status=Status.LIMIT_REACHED, bound=bound, iterations=iterations, seconds_in_solver=seconds)

    def _given(
        self, program: LinearProgram, matrix: sparse.csr_matrix, given: Array, plan_cost: Array, tail: Tail,
        rest_path: Array, settled_rows: NDArray[np.bool_], tolerance: float, most_iterations: int,
    ) -> Separated:  # fmt: skip
        """The optimum of the blocks, what belongs to none being settled: `given` of every row, `rest_path` of every leaf."""
        row_lower, row_upper = program.row_lower - given, program.row_upper - given
        coupled = _coupling(matrix, self.block_of) & ~settled_rows
        n_blocks = int(self.block_of.max()) + 1
        columns_matrix = program.matrix
        blocks = [
            self._block(b, columns_matrix, program, row_lower, row_upper, coupled, plan_cost, tail)
            for b in range(n_blocks)
        ]
        spent = [block.solver.seconds for block in blocks]
        master = _Master(row_lower[coupled], row_upper[coupled], tail, rest_path)
        start_weight, start_multiplier = self._leaf_weight, self._multiplier
        carried = start_weight is not None and len(start_weight) == len(tail.probability)
        if start_weight is None or not carried:
            start_weight = tail.probability.copy()
        if start_multiplier is None or len(start_multiplier) != int(coupled.sum()):
            start_multiplier = np.zeros(int(coupled.sum()))
        prices = best = (start_weight, start_multiplier)
        bound, objective, iteration = -np.inf, np.inf, 0
        status = Status.LIMIT_REACHED
        weights: list[Array] = []
        with ThreadPoolExecutor(max_workers=min(n_blocks, os.cpu_count() or 1)) as pool:
            for iteration in range(1, most_iterations + 1):
                if not all(pool.map(partial(_answer, prices=prices, tail=tail), blocks)):
                    return _failed(program)
                proved = master.price_bound(prices) + sum(block.value for block in blocks)
                # Leaf weights carried over from another law are a good start and prove nothing under this one.
                if proved > bound and not (carried and iteration == 1):
                    bound, best = proved, prices
                objective, weights, latest = master.solve(blocks)
                if objective - bound <= tolerance * max(1.0, abs(objective)):
                    status = Status.OPTIMAL
                    break
                smooth = SMOOTHING if np.isfinite(bound) and iteration > 1 else 0.0
                prices = (
                    smooth * best[0] + (1 - smooth) * latest[0],
                    smooth * best[1] + (1 - smooth) * latest[1],
                )
            if master.broken > 1e-6:
                return _failed(program)
            # Duals of the rows are those of the blocks at the prices of the best bound.
            list(pool.map(partial(_answer, prices=best, tail=tail, keep=False), blocks))
        self._leaf_weight, self._multiplier = best
        x = np.zeros(matrix.shape[1])
        row_dual = np.zeros(matrix.shape[0])
        reduced_cost = np.zeros(matrix.shape[1])
        row_dual[coupled] = best[1]
        for block, weight in zip(blocks, weights, strict=True):
            used = np.flatnonzero(weight > 0)
            x[block.columns] = sum(weight[k] * block.points[k].x for k in used) / weight[used].sum()
            row_dual[block.rows] = block.row_dual
            reduced_cost[block.columns] = block.reduced_cost
        seconds = master.seconds + sum(
            block.solver.seconds - before for block, before in zip(blocks, spent, strict=True)
        )
        return Separated(status, objective, bound, x, row_dual, reduced_cost, best[0], iteration, seconds)

    def _block(
        self, b: int, matrix: sparse.csc_matrix, program: LinearProgram, row_lower: Array, row_upper: Array,
        coupled: NDArray[np.bool_], plan_cost: Array, tail: Tail,
    ) -> _Block:  # fmt: skip
        columns = np.flatnonzero(self.block_of == b)
        own = matrix[:, columns].tocsr()
        rows = np.flatnonzero((np.diff(own.indptr) > 0) & ~coupled)
        lp = LinearProgram(
            cost=np.zeros(len(columns)),
            matrix=own[rows].tocsc(),
            row_lower=row_lower[rows],
            row_upper=row_upper[rows],
            lower=program.lower[columns],
            upper=program.upper[columns],
        )
        solver = self._solvers.get(b)
        if solver is None or not solver.move_to(lp):
            # Devex prices each pivot cheaply, which wins on many small, similar programs.
            solver = self._solvers[b] = Solver(lp, {"simplex_dual_edge_weight_strategy": 1})
        return _Block(
            columns=columns,
            rows=rows,
            solver=solver,
            cost=plan_cost[columns],
            node_cost=sparse.csr_matrix(tail.node_cost[:, columns]),
            coupling=own[np.flatnonzero(coupled)],
        )


def _with_floor(feasible: LinearProgram) -> LinearProgram:
    """One column more, the total cost; its cuts come later."""
    none = sparse.csc_matrix((feasible.matrix.shape[0], 1))
    return LinearProgram(
        cost=np.append(feasible.cost, 1.0),
        matrix=sparse.hstack([feasible.matrix, none], format="csc"),
        row_lower=feasible.row_lower,
        row_upper=feasible.row_upper,
        lower=np.append(feasible.lower, -np.inf),
        upper=np.append(feasible.upper, np.inf),
    )


def _rows_within(matrix: sparse.csr_matrix, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rows whose entries are all in the chosen columns."""
    count = np.diff(matrix.indptr)
    row = np.repeat(np.arange(matrix.shape[0]), count)
    inside = np.bincount(row, weights=chosen[matrix.indices], minlength=matrix.shape[0])
    return np.asarray((count > 0) & (inside == count))


def _coupling(matrix: sparse.csr_matrix, block_of: Index) -> NDArray[np.bool_]:
    """The rows that touch more than one block; columns of no block do not count."""
    label = block_of[matrix.indices]
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    counted = label >= 0
    least = np.full(matrix.shape[0], np.iinfo(np.int64).max)
    most = np.full(matrix.shape[0], -1)
    np.minimum.at(least, row[counted], label[counted])
    np.maximum.at(most, row[counted], label[counted])
    return np.asarray(most > least)


def _answer(block: _Block, prices: tuple[Array, Array], tail: Tail, *, keep: bool = True) -> bool:
    """The block's cheapest point at these prices; False where there is no optimum."""
    leaf_weight, multiplier = prices
    cost = block.cost + block.node_cost.T @ (tail.paths.T @ leaf_weight) - block.coupling.T @ multiplier
    block.solver.change_costs(np.arange(len(cost)), cost)
    solution = block.solver.solve()
    if solution.status is not Status.OPTIMAL:
        return False
    block.value, block.row_dual, block.reduced_cost = solution.objective, solution.row_dual, solution.reduced_cost
    if keep:
        x = solution.x
        block.points.append(_Point(x, float(block.cost @ x), tail.paths @ (block.node_cost @ x), block.coupling @ x))
    return True


class _Master:
    """The linear program over weights of points; rows: coupling, one per block, and one per leaf where there is a tail."""

    def __init__(self, lower: Array, upper: Array, tail: Tail, rest_path: Array) -> None:
        self.lower, self.upper, self.tail, self.rest_path = lower, upper, tail, rest_path
        self.seconds = 0.0
        self.broken = 0.0

    def price_bound(self, prices: tuple[Array, Array]) -> float:
        """What the settled path costs and the coupling rows add to the bound."""
        leaf_weight, multiplier = prices
        side = np.where(multiplier > 0, self.lower, self.upper)
        used = multiplier != 0
        return float(leaf_weight @ self.rest_path + multiplier[used] @ side[used])

    def solve(self, blocks: Sequence[_Block]) -> tuple[float, list[Array], tuple[Array, Array]]:
        """Cost, weights per block, and prices (leaf weights, multipliers)."""
        tail, n_coupled = self.tail, len(self.lower)
        points = [point for block in blocks for point in block.points]
        owner = np.repeat(np.arange(len(blocks)), [len(block.points) for block in blocks])
        n_points, n_blocks = len(points), len(blocks)
        path_cost = np.column_stack([point.path_cost for point in points])
        n_leaves = len(tail.probability) if tail.weight > 0 else 0
        usage = sparse.csr_matrix(np.array([point.usage for point in points]).reshape(n_points, n_coupled).T)
        mean = (1 - tail.weight) * tail.probability
        cost = np.concatenate(
            [
                np.array([point.cost for point in points]) + mean @ path_cost,
                np.full(2 * n_coupled, BREAKING),
                np.full(int(n_leaves > 0), tail.weight),
                tail.weight * tail.probability[:n_leaves] / (1 - tail.alpha),
            ]
        )
        one_each = sparse.csr_matrix((np.ones(n_points), (owner, np.arange(n_points))), shape=(n_blocks, n_points))
        slack = sparse.identity(n_coupled)
        parts = [[usage, slack, -slack, None, None], [one_each, None, None, None, None]]
        if n_leaves:
            parts.append([sparse.csr_matrix(-path_cost), None, None, np.ones((n_leaves, 1)), sparse.identity(n_leaves)])
        else:
            parts = [row[:3] for row in parts]
        lower = np.zeros(len(cost))
        if n_leaves:
            lower[n_points + 2 * n_coupled] = -np.inf
        solver = Solver(
            LinearProgram(
                cost,
                sparse.bmat(parts, format="csc"),
                np.concatenate([self.lower, np.ones(n_blocks), self.rest_path[:n_leaves]]),
                np.concatenate([self.upper, np.ones(n_blocks), np.full(n_leaves, np.inf)]),
                lower,
                np.full(len(cost), np.inf),
            )
        )
        solution = solver.solve()
        self.seconds += solver.seconds
        self.broken = float(solution.x[n_points : n_points + 2 * n_coupled].sum())
        weights = [solution.x[:n_points][owner == b] for b in range(n_blocks)]
        leaf_weight = mean + (solution.row_dual[n_coupled + n_blocks :] if n_leaves else 0.0)
        objective = float(solution.objective + mean @ self.rest_path)
        return objective, weights, (leaf_weight, solution.row_dual[:n_coupled])


def _failed(program: LinearProgram) -> Separated:
    n_rows, n_columns = program.matrix.shape
    nothing = np.full(n_columns, np.nan)
    return Separated(Status.FAILED, np.nan, -np.inf, nothing, np.full(n_rows, np.nan), nothing, np.empty(0), 0, 0.0)
