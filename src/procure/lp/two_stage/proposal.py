"""An interior point for two-stage programs: where to start, and duals to prove it with.

A primal-dual predictor-corrector method (Mehrotra 1992) on the extensive form, which it never writes down. Scenarios meet
only in the plan x and the level η of the tail, blocks of a scenario also in its tail row, so the Newton equations come
apart:

  M_bk = B D_bk Bᵀ,  B = [W, -1]                       per block and scenario; the same pattern for all k
  σ_k  = d_k + Σ_b (q D q - a M⁻¹ a),  a = W D q       the tail row of scenario k
  S    = Θ_x + Σ_bk Tᵀ M⁻¹ T + Σ_k g gᵀ / σ_k          the plan (and η);  g_k = Σ_b Tᵀ M⁻¹ a

The matrices M share one sparsity pattern, so one elimination, written once as array operations over all scenarios, factors them
together; the sums over k in S are matrix products. An iteration costs a seventh of a second for a thousand
paths of ten years and eight elements.

What comes out is only a proposal: `benders` measures the plan exactly and turns the duals into a cut that holds whatever they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from procure.lp.interior.central_path import CentralPath, Ended, Part, Plan, Tail, Variables, helpers
from procure.lp.interior.cholesky import Elimination
from procure.lp.two_stage.problem import TwoStageProblem
from procure.lp.two_stage.recourse import Block, Recourse
from procure.lp.workers import Crew
from procure.units import Array, Index

CHUNK = 1024
"""Scenarios per array operation: long enough to hide the interpreter, short enough for the cache."""
MOST_OPERATIONS = 30_000
MOST_COLUMNS = 4000


@dataclass
class Proposal:
    """A plan, the duals of the rows of each block per scenario (weighted), and the weight of each scenario."""

    x: Array
    duals: list[Array]
    weight: Array
    iterations: int
    gap: float
    log: list[str]


class _Cell(Part):
    """One block over one chunk of scenarios: its variables [y, s] with  T x + W y - s = 0."""

    duals = ("dual",)

    def __init__(
        self, block: Block, elimination: Elimination, members: Index, size: float, technology: _Technology,
        scale_x: Array, money: float, weight: Array,
    ) -> None:  # fmt: skip
        self.elimination = elimination
        order, versions = elimination.order, block.member[members]
        self.members, self.weight, self.has_tail = members, weight, False

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
        self.variables = Variables(lower, upper, np.broadcast_to(weight, (n + len(order), len(members))))
        self.groups = (self.variables,)
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
        self.reach = [np.flatnonzero(reached[self.rows]) for reached in elimination.reached()]
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
            v.weigh(1e-6 * float(np.min(self.weight)))
            self.L = self.elimination.factor(v.D)
            v.approach(v.D * (matrix.T @ self.solve(short)))

    def factor(self, tail: bool) -> tuple[Array, Array, Array] | tuple[Array, None, None]:
        """Factor M, and square T over it; with a tail also q D q - a M⁻¹ a and Tᵀ M⁻¹ a of every scenario."""
        self.variables.weigh(1e-10)
        self.L = self.elimination.factor(self.variables.D)
        square = self._schur()
        self.has_tail = tail
        if not tail:
            return square, None, None
        Dq = self.variables.D[: self.n] * self.q
        self.a = self.elimination.matrix[:, : self.n] @ Dq
        self.Ma = self.solve(self.a.copy())
        resistance = np.einsum("jk,jk->k", Dq, np.broadcast_to(self.q, Dq.shape))
        resistance -= np.einsum("ik,ik->k", self.a, self.Ma)
        return square, np.maximum(resistance, 0.0), self.columns_times(self.Ma) if len(self.rows) else square

    def _schur(self) -> Array:
        """Σ_k T_kᵀ M_k⁻¹ T_k over the columns in use: row by row of L⁻¹ T, each with the entries that reach it."""
        n, used = len(self.used_columns), len(self.used_rows)
        square = np.zeros((n, n))
        if not n:
            return square
        unit = np.zeros((len(self.dual), used, self.K))
        unit[self.used_rows, np.arange(used)] = 1.0
        self.elimination.forward(self.L, unit)
        for row, entries in zip(unit, self.reach, strict=True):
            if len(entries):
                part = row[self.row_of[entries]] * self.T[entries]
                columns = self.column_of[entries]
                np.add.at(square, (columns[:, None], columns), part @ part.T)
        return square

    def solve(self, right: Array) -> Array:
        """M⁻¹ right, in place."""
        return self.elimination.backward(self.L, self.elimination.forward(self.L, right))

    def losses(self) -> Array:
        """The cost of each scenario."""
        return np.asarray((self.q * self.variables.value[: self.n]).sum(axis=0))

    def residuals(self, x: Array, law: Array) -> tuple[float, float, Array]:
        """Primal and dual residuals, the largest of each, and Σ Tᵀ dual; `law` weighs the scenarios' costs."""
        v, matrix = self.variables, self.elimination.matrix
        self.primal = -(self.times(x) + matrix @ v.value)
        residual = -(matrix.T @ self.dual) - v.low + v.high
        residual[: self.n] += law * self.q
        residual[~v.moves] = 0.0
        v.residual = residual
        dual = (np.abs(residual).max(axis=0) / self.weight).max()
        return float(np.abs(self.primal).max(initial=0.0)), float(dual), self.times_transposed(self.dual, len(x))

    def begin(self, n: int) -> tuple[Array, Array | None]:
        """The right-hand side of the rows, solved: Σ Tᵀ M⁻¹ r for the n columns of the plan, and the loss it foresees."""
        self.h = self.variables.right()
        Dh = self.variables.D * self.h
        self.Mr = self.solve(self.primal - self.elimination.matrix @ Dh)
        foreseen = None
        if self.has_tail:
            foreseen = (self.q * Dh[: self.n]).sum(axis=0) + np.einsum("ik,ik->k", self.a, self.Mr)
        return self.times_transposed(self.Mr, n), foreseen

    def finish(self, dx: Array, dtau: Array | None) -> tuple[float, float]:
        """The direction of the cell once plan and tail are known."""
        self.d_dual = self.Mr - self.solve(self.times(dx))
        if dtau is not None:
            self.d_dual += self.Ma * dtau
        move = self.h + self.elimination.matrix.T @ self.d_dual
        if dtau is not None:
            move[: self.n] -= self.q * dtau
        return self.variables.step(self.variables.D * move)

    def result(self) -> Array:
        """The duals, scenario by scenario, rows as the block has them."""
        back = np.empty(self.dual.T.shape)
        back[:, self.elimination.order] = self.dual.T
        return back


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
        eliminations.append(Elimination(sparse.hstack([block.matrix, -one], format="csr")))
        if eliminations[-1].operations > MOST_OPERATIONS:
            return None
    with np.errstate(all="ignore"):
        method = _Method(problem, recourse, eliminations, alpha, tail)
    with method.crew:
        method.start(start)
        ended = method.run(tolerance, deadline)
        return method.proposal(ended) if ended.is_useful else None


class _Method(CentralPath):
    def __init__(
        self, problem: TwoStageProblem, recourse: Recourse, eliminations: list[Elimination], alpha: float, weight: float
    ) -> None:
        K, p = problem.n_scenarios, problem.probability
        self.p, self.weight = p, weight
        room = problem.upper - problem.lower
        self.scale_x = np.where(np.isfinite(room) & (room > 0), room, 1.0)
        self.sizes = [_typical(block.row_lower, block.row_upper) for block in recourse.blocks]
        pairs = list(zip(recourse.blocks, self.sizes, strict=True))
        self.money = max(max(np.abs(block.cost).max(initial=0.0) * size for block, size in pairs), 1e-12)
        rows = sparse.vstack([problem.matrix, recourse.rows], format="csr")
        self.plan = Plan(
            problem.cost * self.scale_x / self.money,
            rows @ sparse.diags(self.scale_x),
            (np.r_[problem.row_lower, recourse.row_lower], np.r_[problem.row_upper, recourse.row_upper]),
            (problem.lower / self.scale_x, problem.upper / self.scale_x),
            p.mean(),
        )
        chunks = [np.arange(i, min(i + CHUNK, K)) for i in range(0, K, CHUNK)]
        self.tail = Tail(p, alpha, weight, p.mean())
        self.own = (self.plan, self.tail) if weight else (self.plan,)
        self.members: list[Index] = []
        self.columns: list[Index] = []

        def cells() -> Iterator[_Cell]:
            for (block, size), elimination in zip(pairs, eliminations, strict=True):
                technology = _technology(block, elimination.order, len(problem.cost))
                for members in chunks:
                    cell = _Cell(block, elimination, members, size, technology, self.scale_x, self.money, p[members])
                    self.members.append(cell.members)
                    self.columns.append(cell.used_columns)
                    yield cell

        n_variables = K * sum(sum(block.matrix.shape) for block in recourse.blocks)
        self.crew = Crew(cells(), len(chunks) * len(pairs), helpers(n_variables))

    def start(self, x: Array) -> None:
        """Stand near a plan."""
        with np.errstate(all="ignore"):
            self.plan.start_near(x / self.scale_x)
            self.crew.each("feasible_start", self.plan.x.value)
            if self.weight:
                self.tail.start(self._losses())

    def size(self) -> float:
        """The weighed cost."""
        return float(self.plan.cost @ self.plan.x.value + self._law() @ self.loss)

    def _losses(self) -> Array:
        loss = np.zeros(len(self.p))
        for members, of_cell in zip(self.members, self.crew.each("losses"), strict=True):
            loss[members] += of_cell
        return loss

    def _law(self) -> Array:
        law = (1.0 - self.weight) * self.p
        return law + self.tail.tau if self.weight else law

    def residuals(self) -> tuple[float, float]:
        x, law = self.plan.x.value, self._law()
        found = [self.plan.residuals()]
        self.loss = self._losses()
        if self.weight:
            found.append(self.tail.residuals(self.loss))
        for primal, dual, of_plan in self.crew.each(
            "residuals", x, apart=[(law[members],) for members in self.members]
        ):
            found.append((primal, dual))
            self.plan.x.residual -= of_plan
        return max(f[0] for f in found), max(self.plan.largest_residual(), *(f[1] for f in found))

    def factor(self) -> None:
        n, K = len(self.plan.cost), len(self.p)
        S = np.zeros((n + 1, n + 1))
        found = self.crew.each("factor", bool(self.weight))
        for columns, (square, _, _) in zip(self.columns, found, strict=True):
            S[np.ix_(columns, columns)] += square
        if self.weight:
            self.sigma = self.tail.resistance()
            self.G = np.zeros((n + 1, K))
            self.G[n] = 1.0
            for members, columns, (_, resistance, of_columns) in zip(self.members, self.columns, found, strict=True):
                self.sigma[members] += resistance
                if len(columns):
                    self.G[columns[:, None], members] += of_columns
            scaled = self.G / np.sqrt(self.sigma)
            S += scaled @ scaled.T
        else:
            S[n, n] = 1.0
        self.plan.factor(S)

    def direction(self) -> tuple[float, float]:
        n = len(self.plan.cost)
        right = np.zeros(n + 1)
        found = self.crew.each("begin", n)
        for of_plan, _ in found:
            right[:n] += of_plan
        if self.weight:
            t = self.tail.right()
            right[n] = -self.tail.eta_residual
            for members, (_, foreseen) in zip(self.members, found, strict=True):
                t[members] += foreseen
            tau = t / self.sigma
            right += self.G @ tau
        dX, steps = self.plan.solve(right)
        dx = dX[:n]
        if self.weight:
            tau -= (self.G.T @ dX) / self.sigma
            steps.append(self.tail.finish(tau, float(dX[n])))
        steps += self.crew.each("finish", dx, apart=[(tau[m] if self.weight else None,) for m in self.members])
        return min(step[0] for step in steps), min(step[1] for step in steps)

    def proposal(self, ended: Ended) -> Proposal:
        """The point as a proposal."""
        found = self.crew.each("result")
        per_block = len(found) // len(self.sizes)
        duals = [
            np.concatenate(found[b * per_block : (b + 1) * per_block]) * (self.money / size)
            for b, size in enumerate(self.sizes)
        ]
        law = (1.0 - self.weight) * self.p
        if self.weight:
            law = law + self.tail.law()
        return Proposal(self.plan.x.value * self.scale_x, duals, law, ended.iterations, ended.score, ended.log)


def _common(values: Array) -> Array:
    """One column where all columns are the same: scenarios are many."""
    return values[:, :1].copy() if (values == values[:, :1]).all() else values


def _typical(lower: Array, upper: Array) -> float:
    """A size for the rows of a block: the middle of what its bounds say."""
    both = np.abs(np.concatenate([lower.ravel(), upper.ravel()]))
    known = both[np.isfinite(both) & (both > 0)]
    return float(np.median(known)) if len(known) else 1.0
