"""An interior point for two-stage programs: where to start, and duals to prove it with.

A primal-dual predictor-corrector method (Mehrotra 1992) on the extensive form, which it never writes down. Scenarios meet
only in the plan x and the level η of the tail, blocks of a scenario also in its tail row, so the Newton equations come
apart:

  M_bk = B D_bk Bᵀ,  B = [W, -1]                       per block and scenario; the same pattern for all k
  σ_k  = d_k + Σ_b (q D q - a M⁻¹ a),  a = W D q       the tail row of scenario k
  S    = Θ_x + Σ_bk Tᵀ M⁻¹ T + Σ_k g gᵀ / σ_k          the plan (and η);  g_k = Σ_b Tᵀ M⁻¹ a

The matrices M share one sparsity pattern, so one elimination, written once as array operations over all scenarios, factors them
together; the sums over k in S are matrix products. An iteration costs about a quarter of a second for a thousand
paths of ten years and eight elements.

What comes out is only a proposal: `benders` measures the plan exactly and turns the duals into a cut that holds whatever they are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from procure.lp.recourse import Block, Recourse
from procure.lp.two_stage import TwoStageProblem

Array = NDArray[np.float64]
Index = NDArray[np.intp]

CHUNK = 1024
"""Scenarios per array operation: long enough to hide the interpreter, short enough for the cache."""
MOST_OPERATIONS = 30_000
MOST_COLUMNS = 4000
MOST_ITERATIONS = 150
RECENTRINGS = 3
FAR, NOTHING = 1e200, 1e-250


@dataclass
class Proposal:
    """A plan, the duals of the rows of each block per scenario (weighted), and the weight of each scenario."""

    x: Array
    duals: list[Array]
    weight: Array
    iterations: int
    gap: float
    log: list[str]


class _Variables:
    """Variables between bounds, with the multipliers of the bounds; arrays of any one shape, fixed entries stand still.

    A bound that is not there has multiplier zero at distance `FAR`, so that no operation needs to ask.
    """

    def __init__(self, lower: Array, upper: Array, multiplier: Array) -> None:
        shape = np.broadcast_shapes(lower.shape, upper.shape, multiplier.shape)
        self.moves = np.broadcast_to(upper > lower, shape)
        has_lower, has_upper = np.isfinite(lower), np.isfinite(upper)
        self.has_lower, self.has_upper = has_lower & self.moves, has_upper & self.moves
        self.lower, self.upper = np.where(has_lower, lower, 0.0), np.where(has_upper, upper, 0.0)
        self.room = np.where(has_lower & has_upper, self.upper - self.lower, np.inf)
        self.multiplier = multiplier
        inward = np.minimum(0.5 * self.room, 1.0)
        start = np.where(has_lower, self.lower + inward, np.where(has_upper, self.upper - inward, 0.0))
        self.value = np.array(np.where(self.moves, start, np.where(has_lower, self.lower, self.upper)))
        self.count = int(self.has_lower.sum() + self.has_upper.sum())
        self.centre()

    def measure(self) -> None:
        """Distances to the bounds."""
        self.below = np.where(self.has_lower, self.value - self.lower, FAR)
        self.above = np.where(self.has_upper, self.upper - self.value, FAR)

    def centre(self) -> None:
        """Give the bounds multipliers such that distance times multiplier is the same everywhere."""
        self.measure()
        self.low = self.has_lower * (self.multiplier / self.below)
        self.high = self.has_upper * (self.multiplier / self.above)
        self.move = self.move_low = self.move_high = np.zeros(())

    def start_near(self, value: Array) -> None:
        """Stand near `value`, inside the bounds, centred."""
        inward = np.minimum(0.1 * self.room, 0.1)
        low = np.where(self.has_lower, self.lower + inward, -np.inf)
        high = np.where(self.has_upper, self.upper - inward, np.inf)
        self.value = np.where(self.moves, np.clip(value, low, high), self.value)
        self.centre()

    def approach(self, move: Array) -> None:
        """Go along a direction, at most nine tenths of the way to a bound."""
        furthest = max(float((-move / self.below).max(initial=0.0)), float((move / self.above).max(initial=0.0)))
        self.value += min(1.0, 0.9 / max(furthest, 1e-300)) * move
        self.centre()

    def weigh(self, least: float) -> None:
        """The inverse D of the barrier's curvature; free variables get a little of their own, fixed ones none."""
        self.measure()
        self.D = np.where(self.moves, 1.0 / np.maximum(self.low / self.below + self.high / self.above, least), 0.0)

    def complementarity(self, primal: float = 0.0, dual: float = 0.0) -> float:
        """Sum of distance times multiplier, after steps along the direction noted last."""
        if not primal and not dual:
            return float(np.vdot(self.below, self.low) + np.vdot(self.above, self.high))
        low, high = self.low + dual * self.move_low, self.high + dual * self.move_high
        return float(np.vdot(self.below + primal * self.move, low) + np.vdot(self.above - primal * self.move, high))

    def aim(self, residual: Array, target: float, *, trust: float) -> None:
        """Set the right-hand side h of  dv / D - Aᵀ dλ = h  for a target complementarity.

        `trust` scales the second-order term of the direction noted last.
        """
        self.residual = residual
        self.aim_low = target * self.has_lower - self.below * self.low
        self.aim_high = target * self.has_upper - self.above * self.high
        if trust:
            self.aim_low -= trust * self.move * self.move_low
            self.aim_high += trust * self.move * self.move_high

    def recentre(self, primal: float, dual: float, target: float) -> None:
        """Aim also at bringing products far from the target back, as seen after a trial step (Gondzio 1996)."""
        for there, at, z, way, dz, aim in (
            (self.has_lower, self.below, self.low, self.move, self.move_low, self.aim_low),
            (self.has_upper, self.above, self.high, -self.move, self.move_high, self.aim_high),
        ):
            product = (at + primal * way) * (z + dual * dz)
            pull = np.clip(product, 0.1 * target, 10.0 * target) - product
            aim += there * np.maximum(pull, -10.0 * target)

    def right(self) -> Array:
        """The right-hand side h."""
        return np.asarray(self.aim_low / self.below - self.aim_high / self.above - self.residual)

    def noted(self) -> tuple[Array, Array, Array]:
        """The direction noted last."""
        return self.move, self.move_low, self.move_high

    def step(self, move: Array) -> tuple[float, float]:
        """Take note of a direction; return the longest primal and dual steps along it."""
        self.move = move
        self.move_low = (self.aim_low - self.low * move) / self.below
        self.move_high = (self.aim_high + self.high * move) / self.above
        primal = max(-(move / self.below).min(initial=0.0), (move / self.above).max(initial=0.0))
        dual = min(
            (self.move_low / (self.low + NOTHING)).min(initial=0.0),
            (self.move_high / (self.high + NOTHING)).min(initial=0.0),
        )
        return 1.0 / max(primal, 1e-300), 1.0 / max(-dual, 1e-300)

    def take(self, primal: float, dual: float) -> None:
        """Move."""
        self.value += primal * self.move
        self.low = np.maximum(self.low + dual * self.move_low, NOTHING * self.has_lower)
        self.high = np.maximum(self.high + dual * self.move_high, NOTHING * self.has_upper)


class _Elimination:
    """Sparse Cholesky factors of many matrices B D_k Bᵀ of one pattern, scenario by scenario along the last axis."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        m = matrix.shape[0]
        pattern = (matrix != 0).astype(float)
        neighbours = [set(row.indices.tolist()) - {i} for i, row in enumerate((pattern @ pattern.T).tocsr())]
        self.order, below = _minimum_degree(neighbours)
        self.operations = sum(len(rows) * (len(rows) + 1) // 2 for rows in below)
        self.matrix = matrix[self.order].tocsr()
        # Entries of L, column after column, the diagonal first.
        place: dict[tuple[int, int], int] = {}
        self.diagonal = np.empty(m, dtype=np.intp)
        self.below: list[Index] = []
        for j, rows in enumerate(below):
            self.diagonal[j] = len(place)
            place[j, j] = len(place)
            for i in rows:
                place[i, j] = len(place)
            self.below.append(np.array(rows, dtype=np.intp))
        self.updates: list[tuple[Index, Index, Index]] = []
        for j, rows in enumerate(below):
            pairs = [(place[i, h], place[i, j], place[h, j]) for i in rows for h in rows if h <= i]
            self.updates.append(tuple(np.array(pairs, dtype=np.intp).reshape(-1, 3).T))  # type: ignore[arg-type]
        self.products = self._products(place)

    def _products(self, place: dict[tuple[int, int], int]) -> sparse.csr_matrix:
        """The matrix that takes D to the entries of B D Bᵀ."""
        rows, columns, values = [], [], []
        by_column = self.matrix.tocsc()
        for j in range(by_column.shape[1]):
            part = slice(by_column.indptr[j], by_column.indptr[j + 1])
            entries = sorted(zip(by_column.indices[part].tolist(), by_column.data[part].tolist(), strict=True))
            for a, (h, of_h) in enumerate(entries):
                for i, of_i in entries[a:]:
                    rows.append(place[i, h])
                    columns.append(j)
                    values.append(of_i * of_h)
        return sparse.csr_matrix((values, (rows, columns)), shape=(len(place), by_column.shape[1]))

    def factor(self, D: Array) -> Array:
        """The entries of L for each scenario."""
        L = self.products @ D
        least = 1e-13 * L[self.diagonal] + 1e-300
        L[self.diagonal] *= 1.0 + 1e-11
        for j, at in enumerate(self.diagonal):
            pivot = L[at]
            root = np.sqrt(np.where(pivot > least[j], pivot, 1e60))
            L[at] = 1.0 / root  # the inverse is what substitution needs
            n = len(self.below[j])
            if n:
                L[at + 1 : at + 1 + n] *= L[at]
                target, a, b = self.updates[j]
                L[target] -= L[a] * L[b]
        return np.asarray(L)

    def forward(self, L: Array, right: Array) -> Array:
        """L⁻¹ right, in place; `right` is (m, K) or (m, n, K)."""
        middle = (slice(None), None) if right.ndim == 3 else (slice(None),)
        for j, at in enumerate(self.diagonal):
            right[j] *= L[at]
            rows = self.below[j]
            if len(rows):
                right[rows] -= L[at + 1 : at + 1 + len(rows)][middle] * right[j]
        return right

    def backward(self, L: Array, right: Array) -> Array:
        """L⁻ᵀ right, in place."""
        for j in range(len(self.diagonal) - 1, -1, -1):
            at, rows = self.diagonal[j], self.below[j]
            if len(rows):
                right[j] -= np.einsum("ik,ik->k", L[at + 1 : at + 1 + len(rows)], right[rows])
            right[j] *= L[at]
        return right


def _minimum_degree(neighbours: list[set[int]]) -> tuple[Index, list[list[int]]]:
    """An elimination order of least degree, and below each diagonal entry the rows of L, in the new numbering."""
    m = len(neighbours)
    left, order, below = set(range(m)), [], []
    neighbours = [set(others) for others in neighbours]
    while left:
        pivot = min(left, key=lambda i: (len(neighbours[i]), i))
        left.remove(pivot)
        order.append(pivot)
        below.append(neighbours[pivot])
        for i in neighbours[pivot]:
            neighbours[i] |= neighbours[pivot]
            neighbours[i] -= {i, pivot}
    new = np.empty(m, dtype=np.intp)
    new[order] = np.arange(m)
    return np.array(order), [sorted(int(new[i]) for i in rows) for rows in below]


class _Cell:
    """One block over one chunk of scenarios: its variables [y, s] with  T x + W y - s = 0."""

    def __init__(
        self, block: Block, elimination: _Elimination, members: Index, size: float, technology: _Technology,
        scale_x: Array, money: float, weight: Array,
    ) -> None:  # fmt: skip
        self.elimination = elimination
        order, versions = elimination.order, block.member[members]

        def pick(values: Array) -> Array:
            return np.ascontiguousarray((values[versions] if len(values) > 1 else values).T)

        n = block.matrix.shape[1]
        self.n = n
        lower, upper = (
            _common(
                np.concatenate(
                    [
                        np.broadcast_to(pick(of_columns), (n, len(members))),
                        np.broadcast_to(pick(of_rows), (len(order), len(members))),
                    ]
                )
                / size
            )
            for of_columns, of_rows in ((block.lower, block.row_lower), (block.upper, block.row_upper))
        )
        self.q = pick(block.cost) * (size / money)
        self.variables = _Variables(lower, upper, np.broadcast_to(weight, (n + len(order), len(members))))
        self.dual = np.zeros((len(order), len(members)))
        self.rows, self.columns = technology.rows, technology.columns
        values = technology.values
        self.T = (values[:, versions] if values.shape[1] > 1 else values) * scale_x[self.columns][:, None] / size
        # Which entries of T stand in one row or one column together.
        self.row_starts = np.flatnonzero(np.r_[True, np.diff(self.rows) > 0]) if len(self.rows) else self.rows
        self.by_column = np.argsort(self.columns, kind="stable")
        in_order = self.columns[self.by_column]
        self.column_starts = np.flatnonzero(np.r_[True, np.diff(in_order) > 0]) if len(in_order) else in_order
        self.used_rows, self.row_of = np.unique(self.rows, return_inverse=True)
        self.used_columns, self.column_of = np.unique(self.columns, return_inverse=True)
        self.K = len(members)

    def times(self, x: Array) -> Array:
        """T x, shape (m, K)."""
        found = np.zeros((len(self.dual), self.K))
        if len(self.rows):
            products = self.T * x[self.columns][:, None]
            found[self.used_rows] = np.add.reduceat(products, self.row_starts, axis=0)
        return found

    def times_transposed(self, dual: Array, n: int) -> Array:
        """Σ_k T_kᵀ dual_k."""
        if not len(self.rows):
            return np.zeros(n)
        if self.T.shape[1] == 1:
            sums = self.T[:, 0] * dual[self.rows].sum(axis=1)
        else:
            sums = np.einsum("ek,ek->e", self.T, dual[self.rows])
        return np.bincount(self.columns, weights=sums, minlength=n).astype(float)

    def columns_times(self, dual: Array) -> Array:
        """T_kᵀ dual_k for each scenario, for the columns in use."""
        products = (self.T * dual[self.rows])[self.by_column]
        return np.asarray(np.add.reduceat(products, self.column_starts, axis=0))

    def feasible_start(self, x: Array) -> None:
        """Move the recourse towards meeting its rows, staying well inside its bounds."""
        v, matrix = self.variables, self.elimination.matrix
        for _ in range(4):
            short = -(self.times(x) + matrix @ v.value)
            if np.abs(short).max(initial=0.0) < 1e-9:
                return
            v.weigh(1e-6 * float(np.min(v.multiplier)))
            self.L = self.elimination.factor(v.D)
            v.approach(v.D * (matrix.T @ self.solve(short)))

    def factor(self, least: float, tail: bool) -> None:
        self.variables.weigh(least)
        self.L = self.elimination.factor(self.variables.D)
        if tail:
            Dq = self.variables.D[: self.n] * self.q
            self.a = self.elimination.matrix[:, : self.n] @ Dq
            self.Ma = self.solve(self.a.copy())
            self.resistance = np.einsum("jk,jk->k", Dq, np.broadcast_to(self.q, Dq.shape))
            self.resistance -= np.einsum("ik,ik->k", self.a, self.Ma)

    def schur(self) -> Array:
        """Σ_k T_kᵀ M_k⁻¹ T_k over the columns in use."""
        if not len(self.rows):
            return np.zeros((0, 0))
        m, used = len(self.dual), len(self.used_rows)
        unit = np.zeros((m, used, self.K))
        unit[self.used_rows, np.arange(used)] = 1.0
        self.elimination.forward(self.L, unit)
        Z = np.zeros((len(self.used_columns), m, self.K))
        seen = np.zeros(len(self.used_columns), dtype=bool)
        for e in range(len(self.rows)):
            c, part = self.column_of[e], unit[:, self.row_of[e]]
            if seen[c]:
                Z[c] += part * self.T[e]
            else:
                np.multiply(part, self.T[e], out=Z[c])
                seen[c] = True
        flat = Z.reshape(len(Z), -1)
        return np.asarray(flat @ flat.T)

    def solve(self, right: Array) -> Array:
        """M⁻¹ right, in place."""
        return self.elimination.backward(self.L, self.elimination.forward(self.L, right))

    def residuals(self, x: Array, law: Array) -> float:
        """Work out primal and dual residuals and return the largest primal one; `law` weighs the scenarios' costs."""
        v, matrix = self.variables, self.elimination.matrix
        self.primal = -(self.times(x) + matrix @ v.value)
        self.dual_residual = -(matrix.T @ self.dual) - v.low + v.high
        self.dual_residual[: self.n] += law * self.q
        self.dual_residual[~v.moves] = 0.0
        return float(np.abs(self.primal).max(initial=0.0))

    def begin(self) -> tuple[Array, Array]:
        """The right-hand side of the rows, solved: returns M⁻¹ r, and D h of the variables."""
        self.h = self.variables.right()
        Dh = self.variables.D * self.h
        self.Mr = self.solve(self.primal - self.elimination.matrix @ Dh)
        return self.Mr, Dh

    def finish(self, dx: Array, dtau: Array | None) -> tuple[float, float]:
        """The direction of the cell once plan and tail are known."""
        self.d_dual = self.Mr - self.solve(self.times(dx))
        if dtau is not None:
            self.d_dual += self.Ma * dtau
        move = self.h + self.elimination.matrix.T @ self.d_dual
        if dtau is not None:
            move[: self.n] -= self.q * dtau
        return self.variables.step(self.variables.D * move)


@dataclass
class _Technology:
    """The entries of T of one block: rows (in elimination order), columns, values (entries, D or 1)."""

    rows: Index
    columns: Index
    values: Array


def _technology(block: Block, order: Index, n1: int) -> _Technology:
    m, D = block.n_rows, 1 if block.shares_technology else block.n_versions
    new = np.empty(m, dtype=np.intp)
    new[order] = np.arange(m)
    entries = block.technology.tocoo()
    version, row = np.divmod(entries.row.astype(np.int64), m)
    key, place = np.unique(new[row] * n1 + entries.col, return_inverse=True)
    values = np.zeros((len(key), D))
    values[place, version] = entries.data
    return _Technology(key // n1, key % n1, values)


def propose(
    problem: TwoStageProblem,
    recourse: Recourse,
    alpha: float,
    tail: float,
    tolerance: float,
    *,
    deadline: float,
    start: Array,
) -> Proposal | None:
    """A plan close to the optimum, with duals; nothing where the pattern is too dense or the method breaks down."""
    n1, m1 = len(problem.cost), problem.matrix.shape[0] + recourse.rows.shape[0]
    if not recourse.blocks or n1 + m1 > MOST_COLUMNS or any(block.n_rows > 400 for block in recourse.blocks):
        return None
    eliminations = []
    for block in recourse.blocks:
        one = sparse.identity(block.n_rows, format="csr")
        eliminations.append(_Elimination(sparse.hstack([block.matrix, -one], format="csr")))
        if eliminations[-1].operations > MOST_OPERATIONS:
            return None
    with np.errstate(all="ignore"):
        return _Method(problem, recourse, eliminations, alpha, tail, tolerance, deadline, start).run()


class _Method:
    def __init__(
        self, problem: TwoStageProblem, recourse: Recourse, eliminations: list[_Elimination], alpha: float, tail: float,
        tolerance: float, deadline: float, start: Array,
    ) -> None:  # fmt: skip
        self.problem, self.recourse = problem, recourse
        self.tolerance, self.deadline, self.tail = tolerance, deadline, tail
        K, p = problem.n_scenarios, problem.probability
        self.p = p
        room = problem.upper - problem.lower
        self.scale_x = np.where(np.isfinite(room) & (room > 0), room, 1.0)
        sizes = [_typical(block.row_lower, block.row_upper) for block in recourse.blocks]
        self.sizes = sizes
        costs = [np.abs(block.cost).max(initial=0.0) * size for block, size in zip(recourse.blocks, sizes, strict=True)]
        self.money = max(max(costs), 1e-12)
        self.cost = problem.cost * self.scale_x / self.money
        self.x = _Variables(
            problem.lower / self.scale_x, problem.upper / self.scale_x, np.full(len(self.cost), p.mean())
        )
        rows = sparse.vstack([problem.matrix, recourse.rows], format="csr") @ sparse.diags(self.scale_x)
        row_size = np.maximum(np.abs(rows).max(axis=1).toarray().ravel(), 1e-12) if rows.shape[0] else np.ones(0)
        self.A = (sparse.diags(1.0 / row_size) @ rows).toarray() if rows.shape[0] else np.zeros((0, len(self.cost)))
        low = np.r_[problem.row_lower, recourse.row_lower] / row_size
        high = np.r_[problem.row_upper, recourse.row_upper] / row_size
        self.a = _Variables(low, high, np.full(len(low), p.mean()))
        self.row_dual = np.zeros(len(low))
        self.chunks = [np.arange(i, min(i + CHUNK, K)) for i in range(0, K, CHUNK)]
        self.cells: list[list[_Cell]] = [[] for _ in self.chunks]
        for block, elimination, size in zip(recourse.blocks, eliminations, sizes, strict=True):
            technology = _technology(block, elimination.order, len(self.cost))
            for cells, members in zip(self.cells, self.chunks, strict=True):
                cells.append(_Cell(block, elimination, members, size, technology, self.scale_x, self.money, p[members]))
        if tail:
            self.eta, self.tau = 0.0, tail * p
            self.cap = tail * p / (1.0 - alpha)
            self.excess = _Variables(np.zeros((2, K)), np.full((2, K), np.inf), np.broadcast_to(p, (2, K)))
            self.eta_residual = 0.0
        self.last_step = 1.0
        self.x.start_near(start / self.scale_x)
        self.a.start_near(self.A @ self.x.value)
        for cells in self.cells:
            for cell in cells:
                cell.feasible_start(self.x.value)
        if tail:
            loss = self._losses()
            self.eta = float(p @ loss)
            apart = loss - self.eta
            edge = max(1e-3, float(np.sqrt(p @ apart**2)))
            self.excess.value = np.array([np.maximum(apart, 0.0), np.maximum(-apart, 0.0)]) + edge
            self.excess.centre()

    def run(self) -> Proposal | None:
        log: list[str] = []
        best: tuple[float, Any] | None = None
        everything = [cell for cells in self.cells for cell in cells]
        groups = [self.x, self.a, *(cell.variables for cell in everything)] + ([self.excess] if self.tail else [])
        count = max(1, sum(group.count for group in groups))
        worse = 0
        for iteration in range(MOST_ITERATIONS):
            if time.perf_counter() > self.deadline:
                break
            primal, dual = self._residuals()
            try:
                self._factor()
            except linalg.LinAlgError:
                break
            mu = sum(group.complementarity() for group in groups) / count
            loss = self._losses()
            size = 1.0 + abs(float(self.cost @ self.x.value + self._law(np.arange(len(loss))) @ loss))
            gap = mu * count / size
            score = max(gap, primal * 1e-1, dual * 1e-1)
            log.append(f"{iteration:3d}  primal {primal:.1e}  dual {dual:.1e}  gap {gap:.1e}")
            if not np.isfinite(score):
                break
            if best is None or score < best[0]:
                best, worse = (score, self._keep(iteration, gap, log)), 0
            else:
                worse += 1
            if score < self.tolerance or worse > 30:
                break
            primal_step, dual_step = self._search(groups, mu, count)
            for group in groups:
                group.take(primal_step, dual_step)
            for cell in everything:
                cell.dual += dual_step * cell.d_dual
            self.row_dual += dual_step * self.d_row_dual
            if self.tail:
                self.eta += primal_step * self.d_eta
                self.tau = self.tau + dual_step * self.d_tau
        return best[1] if best is not None and best[0] < 1e-2 else None

    def _losses(self) -> Array:
        loss = np.zeros(len(self.p))
        for members, cells in zip(self.chunks, self.cells, strict=True):
            for cell in cells:
                loss[members] += (cell.q * cell.variables.value[: cell.n]).sum(axis=0)
        return loss

    def _law(self, members: Index) -> Array:
        law = (1.0 - self.tail) * self.p[members]
        return law + self.tau[members] if self.tail else law

    def _residuals(self) -> tuple[float, float]:
        n = len(self.cost)
        x = self.x.value
        self.x_residual = self.cost - self.A.T @ self.row_dual - self.x.low + self.x.high
        self.a_primal = self.a.value - self.A @ x
        self.a_residual = np.where(self.a.moves, self.row_dual - self.a.low + self.a.high, 0.0)
        primal, dual = float(np.abs(self.a_primal).max(initial=0.0)), float(np.abs(self.a_residual).max(initial=0.0))
        if self.tail:
            e, f = self.excess.value
            self.tail_primal = f - e - self.eta
            residual = np.array([self.cap - self.tau, self.tau]) - self.excess.low
            self.excess_residual = residual
            self.eta_residual = self.tail - float(self.tau.sum())
            dual = max(dual, float((np.abs(residual) / self.p).max()), abs(self.eta_residual))
        for members, cells in zip(self.chunks, self.cells, strict=True):
            law = self._law(members)
            for cell in cells:
                primal = max(primal, cell.residuals(x, law))
                dual = max(dual, float((np.abs(cell.dual_residual).max(axis=0) / self.p[members]).max()))
                self.x_residual -= cell.times_transposed(cell.dual, n)
                if self.tail:
                    self.tail_primal[members] += (cell.q * cell.variables.value[: cell.n]).sum(axis=0)
        self.x_residual[~self.x.moves] = 0.0
        if self.tail:
            primal = max(primal, float(np.abs(self.tail_primal).max()) / (1.0 + abs(self.eta)))
        return primal, max(dual, float(np.abs(self.x_residual).max(initial=0.0)))

    def _factor(self) -> None:
        n, K = len(self.cost), len(self.p)
        self.x.weigh(1e-12)
        self.a.weigh(1e-12)
        S = np.zeros((n + 1, n + 1))
        if self.tail:
            self.excess.weigh(1e-300)
            self.sigma = self.excess.D.sum(axis=0)
            self.G = np.zeros((n + 1, K))
            self.G[n] = 1.0
        for members, cells in zip(self.chunks, self.cells, strict=True):
            for cell in cells:
                cell.factor(1e-10, bool(self.tail))
                at = cell.used_columns
                S[np.ix_(at, at)] += cell.schur()
                if self.tail:
                    self.sigma[members] += np.maximum(cell.resistance, 0.0)
                    if len(at):
                        self.G[at[:, None], members] += cell.columns_times(cell.Ma)
        if self.tail:
            scaled = self.G / np.sqrt(self.sigma)
            S += scaled @ scaled.T
        index = np.arange(n)
        with np.errstate(divide="ignore"):
            S[index, index] += np.where(self.x.D > 0, 1.0 / np.where(self.x.D > 0, self.x.D, 1.0), 0.0)
        stuck = np.flatnonzero(~self.x.moves)
        S[stuck, :] = 0.0
        S[:, stuck] = 0.0
        S[stuck, stuck] = 1.0
        if not self.tail:
            S[n, n] = 1.0
        S[np.arange(n + 1), np.arange(n + 1)] *= 1.0 + 1e-13
        self.S = (
            linalg.cho_factor(S, lower=True, check_finite=False, overwrite_a=True) if np.isfinite(S).all() else None
        )
        if self.S is None:
            raise linalg.LinAlgError
        A = np.where(self.x.moves, self.A, 0.0)
        self.A_wide = np.hstack([A, np.zeros((len(A), 1))])
        if len(A):
            self.SA = linalg.cho_solve(self.S, self.A_wide.T, check_finite=False)
            inner = self.A_wide @ self.SA
            inner[np.arange(len(A)), np.arange(len(A))] += self.a.D + 1e-13 * (1.0 + np.diag(inner))
            self.inner = linalg.cho_factor(inner, lower=True, check_finite=False)

    def _aim(self, target: float, trust: float) -> None:
        self.x.aim(self.x_residual, target, trust=trust)
        self.a.aim(self.a_residual, target, trust=trust)
        if self.tail:
            self.excess.aim(self.excess_residual, target, trust=trust)
        for cells in self.cells:
            for cell in cells:
                cell.variables.aim(cell.dual_residual, target, trust=trust)

    def _search(self, groups: list[_Variables], mu: float, count: int) -> tuple[float, float]:
        """Predict, correct, and recentre while that makes the step longer."""
        self._aim(0.0, 0.0)
        primal, dual = (min(1.0, step) for step in self._direction())
        after = sum(group.complementarity(primal, dual) for group in groups) / count
        # Recentring bears an ambitious target; after a short step be modest.
        target = min(0.3 if self.last_step > 0.5 else 0.8, max((after / mu) ** 3, 1e-8)) * mu
        self._aim(target, primal * dual)
        primal, dual = (min(1.0, step) for step in self._direction())
        for _ in range(RECENTRINGS):
            if min(primal, dual) > 0.9:
                break
            hope = min(1.0, primal + 0.3), min(1.0, dual + 0.3)
            for group in groups:
                group.recentre(*hope, target)
            before = self._noted(groups)
            new_primal, new_dual = (min(1.0, step) for step in self._direction())
            if new_primal + new_dual < primal + dual + 0.06:
                self._return_to(groups, before)
                break
            primal, dual = new_primal, new_dual
        self.last_step = min(primal, dual)
        return 0.995 * primal, 0.995 * dual

    def _noted(self, groups: list[_Variables]) -> Any:
        tail = (self.d_eta, self.d_tau) if self.tail else None
        return (
            [group.noted() for group in groups],
            [c.d_dual for part in self.cells for c in part],
            self.d_row_dual,
            tail,
        )

    def _return_to(self, groups: list[_Variables], noted: Any) -> None:
        moves, duals, self.d_row_dual, tail = noted
        for group, move in zip(groups, moves, strict=True):
            group.move, group.move_low, group.move_high = move
        for cell, dual in zip((c for part in self.cells for c in part), duals, strict=True):
            cell.d_dual = dual
        if tail is not None:
            self.d_eta, self.d_tau = tail

    def _direction(self) -> tuple[float, float]:
        n = len(self.cost)
        right = np.zeros(n + 1)
        right[:n] = self.x.right()
        if self.tail:
            h = self.excess.right()
            t = self.tail_primal - self.excess.D[0] * h[0] + self.excess.D[1] * h[1]
            right[n] = -self.eta_residual
        for members, cells in zip(self.chunks, self.cells, strict=True):
            for cell in cells:
                Mr, Dh = cell.begin()
                right[:n] += cell.times_transposed(Mr, n)
                if self.tail:
                    t[members] += (cell.q * Dh[: cell.n]).sum(axis=0) + np.einsum("ik,ik->k", cell.a, Mr)
        if self.tail:
            tau = t / self.sigma
            right += self.G @ tau
        right[:n][~self.x.moves] = 0.0
        dX = linalg.cho_solve(self.S, right, check_finite=False)
        self.d_row_dual = np.zeros(len(self.A))
        if len(self.A):
            h = self.a.right()
            missing = self.a_primal + self.a.D * h - self.A_wide @ dX
            self.d_row_dual = linalg.cho_solve(self.inner, missing, check_finite=False)
            dX += self.SA @ self.d_row_dual
            steps = [self.a.step(self.a.D * (h - self.d_row_dual))]
        else:
            steps = []
        dx = np.where(self.x.moves, dX[:n], 0.0)
        steps.append(self.x.step(dx))
        if self.tail:
            self.d_eta = float(dX[n])
            self.d_tau = tau - (self.G.T @ np.r_[dx, self.d_eta]) / self.sigma
            h = self.excess.right()
            steps.append(self.excess.step(self.excess.D * (h + np.array([self.d_tau, -self.d_tau]))))
        for members, cells in zip(self.chunks, self.cells, strict=True):
            steps += [cell.finish(dx, self.d_tau[members] if self.tail else None) for cell in cells]
        return min(step[0] for step in steps), min(step[1] for step in steps)

    def _keep(self, iteration: int, gap: float, log: list[str]) -> Proposal:
        duals = []
        for b, size in enumerate(self.sizes):
            cells = [cells[b] for cells in self.cells]
            dual = np.concatenate([cell.dual for cell in cells], axis=1).T * (self.money / size)
            back = np.empty_like(dual)
            back[:, cells[0].elimination.order] = dual
            duals.append(back)
        law = (1.0 - self.tail) * self.p
        if self.tail:
            law = law + self._law_of_the_tail()
        return Proposal(self.x.value * self.scale_x, duals, law, iteration, gap, log)

    def _law_of_the_tail(self) -> Array:
        """The multipliers of the tail rows, made a law: within [0, cap], summing to the tail's weight."""
        law = np.clip(self.tau, 0.0, self.cap)
        for _ in range(50):
            missing = self.tail - law.sum()
            room = (self.cap - law) if missing > 0 else law
            law = np.clip(law + missing * room / max(room.sum(), 1e-300), 0.0, self.cap)
        return np.asarray(law)


def _common(values: Array) -> Array:
    """One column where all columns are the same: scenarios are many."""
    return values[:, :1].copy() if (values == values[:, :1]).all() else values


def _typical(lower: Array, upper: Array) -> float:
    """A size for the rows of a block: the middle of what its bounds say."""
    both = np.abs(np.concatenate([lower.ravel(), upper.ravel()]))
    known = both[np.isfinite(both) & (both > 0)]
    return float(np.median(known)) if len(known) else 1.0
