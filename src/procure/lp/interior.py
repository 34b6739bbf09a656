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

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from procure.lp.barrier import CentralPath, Plan, Variables, tail_law
from procure.lp.elimination import Elimination
from procure.lp.recourse import Block, Recourse
from procure.lp.two_stage import TwoStageProblem

Array = NDArray[np.float64]
Index = NDArray[np.intp]

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


class _Cell:
    """One block over one chunk of scenarios: its variables [y, s] with  T x + W y - s = 0."""

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
            v.weigh(1e-6 * float(np.min(self.weight)))
            self.L = self.elimination.factor(v.D)
            v.approach(v.D * (matrix.T @ self.solve(short)))

    def factor(self, least: float, tail: bool) -> None:
        """Factor M, and square T over it; with a tail also what it takes of the cell."""
        self.variables.weigh(least)
        self.L = self.elimination.factor(self.variables.D)
        self.square = self._schur()
        self.has_tail = tail
        if tail:
            Dq = self.variables.D[: self.n] * self.q
            self.a = self.elimination.matrix[:, : self.n] @ Dq
            self.Ma = self.solve(self.a.copy())
            self.resistance = np.einsum("jk,jk->k", Dq, np.broadcast_to(self.q, Dq.shape))
            self.resistance -= np.einsum("ik,ik->k", self.a, self.Ma)

    def _schur(self) -> Array:
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

    def residuals(self, x: Array, law: Array) -> tuple[float, float]:
        """Work out primal and dual residuals and return the largest of each; `law` weighs the scenarios' costs."""
        v, matrix = self.variables, self.elimination.matrix
        self.primal = -(self.times(x) + matrix @ v.value)
        self.dual_residual = -(matrix.T @ self.dual) - v.low + v.high
        self.dual_residual[: self.n] += law * self.q
        self.dual_residual[~v.moves] = 0.0
        dual = (np.abs(self.dual_residual).max(axis=0) / self.weight).max()
        return float(np.abs(self.primal).max(initial=0.0)), float(dual)

    def begin(self) -> None:
        """The right-hand side of the rows, solved (M⁻¹ r), and the loss it foresees."""
        self.h = self.variables.right()
        Dh = self.variables.D * self.h
        self.Mr = self.solve(self.primal - self.elimination.matrix @ Dh)
        if self.has_tail:
            self.foreseen = (self.q * Dh[: self.n]).sum(axis=0) + np.einsum("ik,ik->k", self.a, self.Mr)

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
        eliminations.append(Elimination(sparse.hstack([block.matrix, -one], format="csr")))
        if eliminations[-1].operations > MOST_OPERATIONS:
            return None
    with np.errstate(all="ignore"):
        method = _Method(problem, recourse, eliminations, alpha, tail, start)
        best = method.run(tolerance, deadline, method.keep)
    return best[1] if best is not None and best[0] < 1e-2 else None


class _Method(CentralPath):
    def __init__(
        self, problem: TwoStageProblem, recourse: Recourse, eliminations: list[Elimination], alpha: float, tail: float,
        start: Array,
    ) -> None:  # fmt: skip
        self.problem, self.tail = problem, tail
        K, p = problem.n_scenarios, problem.probability
        self.p = p
        room = problem.upper - problem.lower
        self.scale_x = np.where(np.isfinite(room) & (room > 0), room, 1.0)
        sizes = [_typical(block.row_lower, block.row_upper) for block in recourse.blocks]
        self.sizes = sizes
        costs = [np.abs(block.cost).max(initial=0.0) * size for block, size in zip(recourse.blocks, sizes, strict=True)]
        self.money = max(max(costs), 1e-12)
        rows = sparse.vstack([problem.matrix, recourse.rows], format="csr")
        self.plan = Plan(
            problem.cost * self.scale_x / self.money,
            rows @ sparse.diags(self.scale_x),
            (np.r_[problem.row_lower, recourse.row_lower], np.r_[problem.row_upper, recourse.row_upper]),
            (problem.lower / self.scale_x, problem.upper / self.scale_x),
            p.mean(),
        )
        self.chunks = [np.arange(i, min(i + CHUNK, K)) for i in range(0, K, CHUNK)]
        self.cells: list[_Cell] = []
        for block, elimination, size in zip(recourse.blocks, eliminations, sizes, strict=True):
            technology = _technology(block, elimination.order, len(problem.cost))
            for members in self.chunks:
                self.cells.append(
                    _Cell(block, elimination, members, size, technology, self.scale_x, self.money, p[members])
                )
        if tail:
            self.eta, self.tau = 0.0, tail * p
            self.cap = tail * p / (1.0 - alpha)
            self.excess = Variables(np.zeros((2, K)), np.full((2, K), np.inf), np.broadcast_to(p, (2, K)))
        self.groups = [*self.plan.groups, *(cell.variables for cell in self.cells), *([self.excess] if tail else [])]
        self.plan.start_near(start / self.scale_x)
        for cell in self.cells:
            cell.feasible_start(self.plan.x.value)
        if tail:
            loss = self._losses()
            self.eta = float(p @ loss)
            apart = loss - self.eta
            edge = max(1e-3, float(np.sqrt(p @ apart**2)))
            self.excess.value = np.array([np.maximum(apart, 0.0), np.maximum(-apart, 0.0)]) + edge
            self.excess.centre()

    def size(self) -> float:
        """The weighed cost."""
        return float(self.plan.cost @ self.plan.x.value + self._law() @ self._losses())

    def _losses(self) -> Array:
        loss = np.zeros(len(self.p))
        for cell in self.cells:
            loss[cell.members] += (cell.q * cell.variables.value[: cell.n]).sum(axis=0)
        return loss

    def _law(self) -> Array:
        law = (1.0 - self.tail) * self.p
        return law + self.tau if self.tail else law

    def residuals(self) -> tuple[float, float]:
        x, law = self.plan.x.value, self._law()
        primal, dual = self.plan.residuals()
        if self.tail:
            e, f = self.excess.value
            self.tail_primal = f - e - self.eta + self._losses()
            self.excess_residual = np.array([self.cap - self.tau, self.tau]) - self.excess.low
            self.eta_residual = self.tail - float(self.tau.sum())
            primal = max(primal, float(np.abs(self.tail_primal).max()) / (1.0 + abs(self.eta)))
            dual = max(dual, float((np.abs(self.excess_residual) / self.p).max()), abs(self.eta_residual))
        for found in self.each(lambda cell: cell.residuals(x, law[cell.members]), self.cells):
            primal, dual = max(primal, found[0]), max(dual, found[1])
        for cell in self.cells:
            self.plan.residual -= cell.times_transposed(cell.dual, len(x))
        return primal, max(dual, self.plan.largest_residual())

    def factor(self) -> None:
        n, K = len(self.plan.cost), len(self.p)
        S = np.zeros((n + 1, n + 1))
        self.each(lambda cell: cell.factor(1e-10, bool(self.tail)), self.cells)
        for cell in self.cells:
            S[np.ix_(cell.used_columns, cell.used_columns)] += cell.square
        if self.tail:
            self.excess.weigh(1e-300)
            self.sigma = self.excess.D.sum(axis=0)
            self.G = np.zeros((n + 1, K))
            self.G[n] = 1.0
            for cell in self.cells:
                self.sigma[cell.members] += np.maximum(cell.resistance, 0.0)
                if len(cell.used_columns):
                    self.G[cell.used_columns[:, None], cell.members] += cell.columns_times(cell.Ma)
            scaled = self.G / np.sqrt(self.sigma)
            S += scaled @ scaled.T
        else:
            S[n, n] = 1.0
        self.plan.factor(S)

    def aim(self, target: float, *, second_order: bool) -> None:
        self.plan.aim(target, second_order=second_order)
        if self.tail:
            self.excess.aim(self.excess_residual, target, second_order=second_order)
        self.each(lambda cell: cell.variables.aim(cell.dual_residual, target, second_order=second_order), self.cells)

    def direction(self) -> tuple[float, float]:
        n = len(self.plan.cost)
        right = np.zeros(n + 1)
        self.each(lambda cell: cell.begin(), self.cells)
        for cell in self.cells:
            right[:n] += cell.times_transposed(cell.Mr, n)
        if self.tail:
            h = self.excess.right()
            t = self.tail_primal - self.excess.D[0] * h[0] + self.excess.D[1] * h[1]
            right[n] = -self.eta_residual
            for cell in self.cells:
                t[cell.members] += cell.foreseen
            tau = t / self.sigma
            right += self.G @ tau
        dX, steps = self.plan.solve(right)
        dx = dX[:n]
        if self.tail:
            self.d_eta = float(dX[n])
            self.d_tau = tau - (self.G.T @ np.r_[dx, self.d_eta]) / self.sigma
            steps.append(self.excess.step(self.excess.D * (h + np.array([self.d_tau, -self.d_tau]))))
        steps += self.each(lambda cell: cell.finish(dx, self.d_tau[cell.members] if self.tail else None), self.cells)
        return min(step[0] for step in steps), min(step[1] for step in steps)

    def take(self, primal: float, dual: float) -> None:
        self.each(lambda group: group.take(primal, dual), self.groups)
        for cell in self.cells:
            cell.dual += dual * cell.d_dual
        self.plan.take(dual)
        if self.tail:
            self.eta += primal * self.d_eta
            self.tau = self.tau + dual * self.d_tau

    def noted(self) -> Any:
        tail = (self.d_eta, self.d_tau) if self.tail else None
        return super().noted(), [cell.d_dual for cell in self.cells], self.plan.d_row_dual, tail

    def return_to(self, noted: Any) -> None:
        moves, duals, self.plan.d_row_dual, tail = noted
        super().return_to(moves)
        for cell, dual in zip(self.cells, duals, strict=True):
            cell.d_dual = dual
        if tail is not None:
            self.d_eta, self.d_tau = tail

    def keep(self, iteration: int, gap: float, log: list[str]) -> Proposal:
        """The present iterate as a proposal."""
        duals = []
        per_block = len(self.chunks)
        for b, size in enumerate(self.sizes):
            cells = self.cells[b * per_block : (b + 1) * per_block]
            dual = np.concatenate([cell.dual for cell in cells], axis=1).T * (self.money / size)
            back = np.empty_like(dual)
            back[:, cells[0].elimination.order] = dual
            duals.append(back)
        law = (1.0 - self.tail) * self.p
        if self.tail:
            law = law + tail_law(self.tau, self.cap, self.tail)
        return Proposal(self.plan.x.value * self.scale_x, duals, law, iteration, gap, log)


def _common(values: Array) -> Array:
    """One column where all columns are the same: scenarios are many."""
    return values[:, :1].copy() if (values == values[:, :1]).all() else values


def _typical(lower: Array, upper: Array) -> float:
    """A size for the rows of a block: the middle of what its bounds say."""
    both = np.abs(np.concatenate([lower.ravel(), upper.ravel()]))
    known = both[np.isfinite(both) & (both > 0)]
    return float(np.median(known)) if len(known) else 1.0
