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

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from procure.lp.interior.block import Block, Missed
from procure.lp.interior.central_path import CentralPath, Standing, helpers
from procure.lp.interior.cholesky import Cholesky
from procure.lp.interior.plan import Plan, PlanFactors
from procure.lp.interior.tail import Tail
from procure.lp.interior.unknowns import Bounded, Steps, Unbounded
from procure.lp.two_stage.problem import TwoStageProblem
from procure.lp.two_stage.recourse import Recourse, RecourseBlock
from procure.lp.workers import Workers
from procure.units import Array, Index

#: Scenarios per array operation: long enough to hide the interpreter, short enough for the cache.
CHUNK = 1024
MOST_OPERATIONS = 30_000
MOST_COLUMNS, MOST_ROWS = 4000, 400


@dataclass
class Proposal:
    """A plan, the duals of the rows of each block per scenario (weighted), and the weight of each scenario."""

    x: Array
    duals: list[Array]
    weight: Array


class NoProposal(enum.Enum):
    """Why there is none."""

    NO_BLOCKS = "nothing is decided later"
    TOO_MANY_ROWS = "its plan, or a block of its recourse, is too large to be factored dense"
    TOO_DENSE = "the rows of a block hang together too closely"
    NO_POINT = "the central path broke down, or time was up, before any point was useful"


class Scale(NamedTuple):
    """The units in which numbers are about one: money, the rows of a block, each column of the plan."""

    money: float
    rows: float
    plan: Array


class DenseSystem(NamedTuple):
    """What a block adds to the dense system: Σ Tᵀ M⁻¹ T over the columns it uses; and, with a tail, of every scenario
    q D q - a M⁻¹ a and Tᵀ M⁻¹ a.
    """

    square: Array
    resistance: Array
    of_columns: Array


class DenseRight(NamedTuple):
    """What a block adds to the right-hand side of the plan, and with a tail the loss that it foresees."""

    of_plan: Array
    loss: Array


class _Factors(NamedTuple):
    """L of every M; and with a tail, a = W D q and M⁻¹ a."""

    L: Array
    a: Array
    Ma: Array


class _Right(NamedTuple):
    """A right-hand side: of the columns, and the duals that follow from it alone."""

    columns: Array
    dual: Array


class ScenarioBlock(Block[Array, Array, DenseSystem, DenseRight, Array]):
    """One block of recourse over some scenarios: its variables [y, s] with  T x + W y - s = 0.

    Prices are the law of its scenarios.
    """

    def __init__(
        self, block: RecourseBlock, cholesky: Cholesky, members: Index, technology: _Technology, scale: Scale, weight: Array,
        *, tail: bool,
    ) -> None:  # fmt: skip
        self.cholesky, self.weight, self.has_tail = cholesky, weight, tail
        versions = block.member[members]

        def pick(values: Array) -> Array:
            return np.ascontiguousarray((values[versions] if len(values) > 1 else values).T)

        m, n = block.matrix.shape
        self.n, self.n_plan, self.K = n, len(scale.plan), len(members)
        lower, upper = (
            _common(
                np.concatenate(
                    [
                        np.broadcast_to(pick(of_columns), (n, self.K)),
                        np.broadcast_to(pick(of_rows), (m, self.K)),
                    ]
                )
                / scale.rows
            )
            for of_columns, of_rows in ((block.lower, block.row_lower), (block.upper, block.row_upper))
        )
        self.q = pick(block.cost) * (scale.rows / scale.money)
        self.variables = Bounded(lower, upper, np.broadcast_to(weight, (n + m, self.K)))
        self.dual = Unbounded(np.zeros((m, self.K)), is_dual=True)
        super().__init__((self.variables,), (self.dual,))
        self.rows, self.columns = technology.rows, technology.columns
        values = technology.values
        self.T = (
            (values[:, versions] if values.shape[1] > 1 else values) * scale.plan[self.columns][:, None] / scale.rows
        )
        # Which entries of T stand in one row or one column together.
        self.row_starts = np.flatnonzero(np.r_[True, np.diff(self.rows) > 0]) if len(self.rows) else self.rows
        self.by_column = np.argsort(self.columns, kind="stable")
        in_order = self.columns[self.by_column]
        self.column_starts = np.flatnonzero(np.r_[True, np.diff(in_order) > 0]) if len(in_order) else in_order
        self.used_rows, self.row_of = np.unique(self.rows, return_inverse=True)
        self.used_columns, self.column_of = np.unique(self.columns, return_inverse=True)
        self.reach = [np.flatnonzero(reached[self.rows]) for reached in cholesky.reached()]
        self.rows_missed = np.zeros((m, self.K))
        self._factors: _Factors | None = None
        self._right: _Right | None = None

    def times(self, x: Array) -> Array:
        """T x, shape (m, K)."""
        product = np.zeros((len(self.rows_missed), self.K))
        if len(self.rows):
            products = self.T * x[self.columns][:, None]
            product[self.used_rows] = np.add.reduceat(products, self.row_starts, axis=0)
        return product

    def times_transposed(self, dual: Array) -> Array:
        """Σ_k T_kᵀ dual_k."""
        if not len(self.rows):
            return np.zeros(self.n_plan)
        if self.T.shape[1] == 1:
            sums = self.T[:, 0] * dual[self.rows].sum(axis=1)
        else:
            sums = np.einsum("ek,ek->e", self.T, dual[self.rows])
        return np.bincount(self.columns, weights=sums, minlength=self.n_plan).astype(float)

    def columns_times(self, dual: Array) -> Array:
        """T_kᵀ dual_k for each scenario, for the columns in use."""
        products = (self.T * dual[self.rows])[self.by_column]
        return np.asarray(np.add.reduceat(products, self.column_starts, axis=0))

    def start_near(self, x: Array) -> None:
        """Move the recourse towards meeting its rows at a plan, staying well inside its bounds."""
        v, matrix = self.variables, self.cholesky.matrix
        for _ in range(4):
            short = -(self.times(x) + matrix @ v.value)
            if np.abs(short).max(initial=0.0) < 1e-9:
                return
            v.weigh(1e-6 * float(np.min(self.weight)))
            v.approach(v.D * (matrix.T @ self._solve(self.cholesky.factor(v.D), short)))

    def factor(self) -> DenseSystem:
        """Factor M, and square T over it; with a tail also what its row takes."""
        self._factors = self._right = None  # large, and of no more use
        self.variables.weigh(1e-10)
        L = self.cholesky.factor(self.variables.D)
        square = self._schur(L)
        nothing = np.zeros((0, self.K))
        if not self.has_tail:
            self._factors = _Factors(L, nothing, nothing)
            return DenseSystem(square, np.zeros(0), nothing)
        Dq = self.variables.D[: self.n] * self.q
        a = self.cholesky.matrix[:, : self.n] @ Dq
        Ma = self._solve(L, a.copy())
        resistance = np.einsum("jk,jk->k", Dq, np.broadcast_to(self.q, Dq.shape))
        resistance -= np.einsum("ik,ik->k", a, Ma)
        self._factors = _Factors(L, a, Ma)
        return DenseSystem(square, np.maximum(resistance, 0.0), self.columns_times(Ma) if len(self.rows) else nothing)

    def _schur(self, L: Array) -> Array:
        """Σ_k T_kᵀ M_k⁻¹ T_k over the columns in use: row by row of L⁻¹ T, each with the entries that reach it."""
        n, used = len(self.used_columns), len(self.used_rows)
        square = np.zeros((n, n))
        if not n:
            return square
        unit = np.zeros((len(self.rows_missed), used, self.K))
        unit[self.used_rows, np.arange(used)] = 1.0
        self.cholesky.forward(L, unit)
        for row, entries in zip(unit, self.reach, strict=True):
            if len(entries):
                part = row[self.row_of[entries]] * self.T[entries]
                columns = self.column_of[entries]
                np.add.at(square, (columns[:, None], columns), part @ part.T)
        return square

    def _solve(self, L: Array, right: Array) -> Array:
        """M⁻¹ right, in place."""
        return self.cholesky.backward(L, self.cholesky.forward(L, right))

    def measure(self) -> Array:
        """The cost of each scenario."""
        return np.asarray((self.q * self.variables.value[: self.n]).sum(axis=0))

    def residuals(self, prices: Array, x: Array) -> Missed:
        """What rows and reduced costs miss, the latter beside the weight of their scenario."""
        v, matrix, dual = self.variables, self.cholesky.matrix, self.dual.value
        self.rows_missed = -(self.times(x) + matrix @ v.value)
        residual = -(matrix.T @ dual) - v.low + v.high
        residual[: self.n] += prices * self.q
        residual[~v.moves] = 0.0
        v.residual = residual
        costs = float((np.abs(residual).max(axis=0) / self.weight).max())
        return Missed(float(np.abs(self.rows_missed).max(initial=0.0)), costs, self.times_transposed(dual))

    def begin(self) -> DenseRight:
        """The right-hand side of the rows, solved: Σ Tᵀ M⁻¹ r, and the loss it foresees."""
        assert self._factors is not None, "factor comes first"
        L, a, _ = self._factors
        h = self.variables.right()
        Dh = self.variables.D * h
        dual = self._solve(L, self.rows_missed - self.cholesky.matrix @ Dh)
        self._right = _Right(h, dual)
        foreseen = np.zeros(0)
        if self.has_tail:
            foreseen = (self.q * Dh[: self.n]).sum(axis=0) + np.einsum("ik,ik->k", a, dual)
        return DenseRight(self.times_transposed(dual), foreseen)

    def finish(self, d_prices: Array, dx: Array) -> Steps:
        """Take the direction of the block once those of plan and tail are known; the longest steps along it."""
        assert self._factors is not None and self._right is not None, "begin comes first"
        L, _, Ma = self._factors
        h, dual = self._right
        d_dual = dual - self._solve(L, self.times(dx))
        if self.has_tail:
            d_dual += Ma * d_prices
        move = h + self.cholesky.matrix.T @ d_dual
        if self.has_tail:
            move[: self.n] -= self.q * d_prices
        self.dual.move = d_dual
        return self.variables.step(self.variables.D * move)

    def result(self) -> Array:
        """The duals, scenario by scenario, rows as the block has them."""
        back = np.empty(self.dual.value.T.shape)
        back[:, self.cholesky.order] = self.dual.value.T
        return back


@dataclass
class _Technology:
    """The entries of T of one block: rows (in elimination order), columns, values (entries, D or 1)."""

    rows: Index
    columns: Index
    values: Array


def _technology(block: RecourseBlock, order: Index, n1: int) -> _Technology:
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
) -> Proposal | NoProposal:
    """A plan close to the optimum, with duals; or why there is none."""
    n1, m1 = len(problem.cost), problem.matrix.shape[0] + recourse.of_plan.matrix.shape[0]
    if not recourse.blocks:
        return NoProposal.NO_BLOCKS
    if n1 + m1 > MOST_COLUMNS or any(block.n_rows > MOST_ROWS for block in recourse.blocks):
        return NoProposal.TOO_MANY_ROWS
    patterns = []
    for block in recourse.blocks:
        identity = sparse.identity(block.n_rows, format="csr")
        patterns.append(Cholesky(sparse.hstack([block.matrix, -identity], format="csr")))
        if patterns[-1].operations > MOST_OPERATIONS:
            return NoProposal.TOO_DENSE
    with np.errstate(all="ignore"):
        path = _ScenarioPath(problem, recourse, patterns, alpha, tail)
    with path.blocks:
        path.start(start)
        ended = path.run(tolerance, deadline)
        return path.proposal() if ended.is_useful else NoProposal.NO_POINT


class _PathFactors(NamedTuple):
    """With a tail: σ of every scenario, and g, what it has to do with plan and η; and the factors of the plan."""

    sigma: Array
    G: Array
    plan: PlanFactors


class _ScenarioPath(CentralPath[ScenarioBlock, _PathFactors]):
    def __init__(
        self, problem: TwoStageProblem, recourse: Recourse, patterns: list[Cholesky], alpha: float, weight: float
    ) -> None:
        K, p = problem.n_scenarios, problem.probability
        self.p, self.weight = p, weight
        room = problem.upper - problem.lower
        self.scale_x = np.where(np.isfinite(room) & (room > 0), room, 1.0)
        self.sizes = [_typical(block.row_lower, block.row_upper) for block in recourse.blocks]
        pairs = list(zip(recourse.blocks, self.sizes, strict=True))
        self.money = max(max(np.abs(block.cost).max(initial=0.0) * size for block, size in pairs), 1e-12)
        rows = sparse.vstack([problem.matrix, recourse.of_plan.matrix], format="csr")
        self.plan = Plan(
            problem.cost * self.scale_x / self.money,
            rows @ sparse.diags(self.scale_x),
            (np.r_[problem.row_lower, recourse.of_plan.lower], np.r_[problem.row_upper, recourse.of_plan.upper]),
            (problem.lower / self.scale_x, problem.upper / self.scale_x),
            p.mean(),
        )
        self.tail = Tail(p, alpha, weight, p.mean())
        chunks = [np.arange(i, min(i + CHUNK, K)) for i in range(0, K, CHUNK)]
        self.members: list[Index] = []
        self.columns: list[Index] = []

        def blocks() -> Iterator[ScenarioBlock]:
            for (block, size), cholesky in zip(pairs, patterns, strict=True):
                technology = _technology(block, cholesky.order, len(problem.cost))
                scale = Scale(self.money, size, self.scale_x)
                for members in chunks:
                    part = ScenarioBlock(block, cholesky, members, technology, scale, p[members], tail=bool(weight))
                    self.members.append(members)
                    self.columns.append(part.used_columns)
                    yield part

        n_variables = K * sum(sum(block.matrix.shape) for block in recourse.blocks)
        super().__init__(
            (self.plan, self.tail) if weight else (self.plan,),
            Workers(blocks(), len(chunks) * len(pairs), helpers(n_variables)),
        )

    def start(self, x: Array) -> None:
        """Stand near a plan."""
        with np.errstate(all="ignore"):
            self.plan.start_near(x / self.scale_x)
            self.blocks.ask(ScenarioBlock.start_near, self.plan.x.value)
            if self.weight:
                self.tail.start(self._losses())

    def _losses(self) -> Array:
        loss = np.zeros(len(self.p))
        for members, of_block in zip(self.members, self.blocks.ask(ScenarioBlock.measure), strict=True):
            loss[members] += of_block
        return loss

    def standing(self) -> Standing:
        x, loss = self.plan.x, self._losses()
        law = (1.0 - self.weight) * self.p
        missed = [self.plan.residuals()]
        if self.weight:
            law = law + self.tail.tau.value
            missed.append(self.tail.residuals(loss))
        laws = [law[members] for members in self.members]
        for rows, costs, of_plan in self.blocks.ask_each(ScenarioBlock.residuals, laws, x.value):
            missed.append((rows, costs))
            x.residual -= of_plan
        return Standing(
            rows=max(rows for rows, _ in missed),
            costs=max(self.plan.largest_residual(), *(costs for _, costs in missed)),
            objective=float(self.plan.cost @ x.value + law @ loss),
        )

    def factor(self) -> _PathFactors:
        n, K = len(self.plan.cost), len(self.p)
        S = np.zeros((n + 1, n + 1))
        added = self.blocks.ask(ScenarioBlock.factor)
        for columns, block in zip(self.columns, added, strict=True):
            S[np.ix_(columns, columns)] += block.square
        sigma, G = np.ones(K), np.zeros((n + 1, K))
        if self.weight:
            sigma = self.tail.resistance()
            G[n] = 1.0
            for members, columns, block in zip(self.members, self.columns, added, strict=True):
                sigma[members] += block.resistance
                if len(columns):
                    G[columns[:, None], members] += block.of_columns
            scaled = G / np.sqrt(sigma)
            S += scaled @ scaled.T
        else:
            S[n, n] = 1.0
        return _PathFactors(sigma, G, self.plan.factor(S))

    def direction(self, factors: _PathFactors) -> Steps:
        n = len(self.plan.cost)
        right, tau = np.zeros(n + 1), np.zeros(len(self.p))
        begun = self.blocks.ask(ScenarioBlock.begin)
        for block in begun:
            right[:n] += block.of_plan
        if self.weight:
            t = self.tail.right()
            right[n] = -self.tail.eta_residual
            for members, block in zip(self.members, begun, strict=True):
                t[members] += block.loss
            tau = t / factors.sigma
            right += factors.G @ tau
        dX, steps = self.plan.solve(factors.plan, right)
        if self.weight:
            tau -= (factors.G.T @ dX) / factors.sigma
            steps = steps.within(self.tail.finish(tau, float(dX[n])))
        d_laws = [tau[members] for members in self.members]
        for of_block in self.blocks.ask_each(ScenarioBlock.finish, d_laws, dX[:n]):
            steps = steps.within(of_block)
        return steps

    def proposal(self) -> Proposal:
        """The point as a proposal."""
        results = self.blocks.ask(ScenarioBlock.result)
        per_block = len(results) // len(self.sizes)
        duals = [
            np.concatenate(results[b * per_block : (b + 1) * per_block]) * (self.money / size)
            for b, size in enumerate(self.sizes)
        ]
        law = (1.0 - self.weight) * self.p
        if self.weight:
            law = law + self.tail.law()
        return Proposal(self.plan.x.value * self.scale_x, duals, law)


def _common(values: Array) -> Array:
    """One column where all columns are the same: scenarios are many."""
    return values[:, :1].copy() if (values == values[:, :1]).all() else values


def _typical(lower: Array, upper: Array) -> float:
    """A size for the rows of a block: the middle of what its bounds say."""
    both = np.abs(np.concatenate([lower.ravel(), upper.ravel()]))
    known = both[np.isfinite(both) & (both > 0)]
    return float(np.median(known)) if len(known) else 1.0
