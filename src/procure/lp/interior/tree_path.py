"""Programs over a tree of futures, by an interior point that knows their shape.

Where decisions stand by element and node, and a node hears of its parent only through the stock of each element, the Newton
equations of the central path come apart. With k = (e, n) a cell, v its columns, s its stock, s' the stock of the
parent, x the plan, u the slack of its rows, and m_j the measures of the node (its cost, what a limit counts):

  T_k x + W v_k + S s_k + L s'_k - u_k = 0        [λ_k]        one W, S, L for all cells; T_k from the node's numbers
  m_jn = Σ_e R_jk v_k + R_jsk s_k + Q_jn x
  excess_l >= Σ_{n on the path to l} m_0n - η     [τ_l]        Σ_n p_n m_jn <= bound_f       [φ_f]

the cell is eliminated first (M_k = B D Bᵀ, B = [W, -1], a few rows), then the stock, a single number, from the leaves to the
root, and what is left is one dense system in plan, η, τ and φ. All cells of a kind go through the same array operations.

A cell feels the tail through a single price per node, π_0n = (1 - w) p_n + Σ τ_l over the leaves l below it; a limit
through π_jn = -p_n φ_f. After elimination of λ and of the stock below, with g the coefficients of x, τ and φ in

  P_k ds_k + K_SL ds'_k + g_x dx - g_τ dτ + g_φ dφ = R_k

each stock adds -g gᵀ / P to the dense system. A year may have several periods: the stock is handed on from period to period, but
all of them see the plan of their year and count towards its limits, so g_x and g_φ are by year; g_τ has one entry for every
watched leaf and period, so it is one array over both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg, sparse

from procure.lp.interior.block import Part
from procure.lp.interior.central_path import CentralPath, Ended, Standing, helpers
from procure.lp.interior.cholesky import Cholesky
from procure.lp.interior.plan import Plan, PlanFactors
from procure.lp.interior.sliced_tree import SlicedTree
from procure.lp.interior.tail import Tail
from procure.lp.interior.tree_cells import Scale, TreeCells
from procure.lp.interior.tree_program import TreePoint, TreeProgram
from procure.lp.interior.unknowns import Bounded, Steps, Unbounded
from procure.lp.workers import Workers
from procure.units import Array

#: Cells that one array operation takes together: long enough to hide the interpreter, short enough for the cache.
TOGETHER = 16_000
#: The complementarity to begin with. At one the multipliers are small beside the prices of the rows, and the first twenty
#: iterations of a tree of 120 periods get nowhere.
FAR = 30.0


def solve(program: TreeProgram, tolerance: float = 1e-8, *, deadline: float = np.inf) -> TreePoint | None:
    """Follow the central path until gap and residuals are below `tolerance`; None where the method breaks down at once."""
    with np.errstate(all="ignore"):
        path = _TreePath(program)
    with path.blocks:
        path.start()
        ended = path.run(tolerance, deadline)
        return path.point(ended) if ended.is_useful else None


class _Limits(Part):
    """The slacks of the limits, Σ p m - u = 0 [φ], u <= bound; by measure and year."""

    def __init__(self, bound: Array, weight: float) -> None:
        self.phi = Unbounded(np.zeros(len(bound)), is_dual=True)
        self.slack = Bounded(np.full(len(bound), -np.inf), bound, np.full(len(bound), weight))
        self.rows_missed = np.zeros(len(bound))
        super().__init__((self.slack,), (self.phi,))

    def residuals(self, reached: Array) -> tuple[float, float]:
        """Residuals of rows and of reduced costs, the largest of each."""
        slack = self.slack
        self.rows_missed = reached - slack.value
        slack.residual = self.phi.value - slack.low + slack.high
        # Beside themselves, sums of nothing would be mere rounding; beside their bound, which is one, they are small.
        size = np.maximum(np.abs(slack.value), np.abs(reached)) + 1e-3
        return float((np.abs(self.rows_missed) / size).max(initial=0.0)), float(np.abs(slack.residual).max(initial=0.0))

    def right(self) -> Array:
        """The right-hand side of the rows."""
        return np.asarray(-self.rows_missed + self.slack.D * self.slack.right())

    def finish(self, d_phi: Array) -> Steps:
        """Take the direction; the longest steps along it."""
        self.phi.move = d_phi
        return self.slack.step(self.slack.D * (self.slack.right() - d_phi))


class _Factors(NamedTuple):
    """What τ and φ have to do with the plan (and η), the factors of what they have to do with each other, and the plan's."""

    G: Array
    sigma: Any
    plan: PlanFactors


class _TreePath(CentralPath[TreeCells, _Factors]):
    def __init__(self, program: TreeProgram) -> None:
        self.program = program
        p, (E, N) = program.probability, program.lower.shape[1:]
        mass = np.array([_size(program.row_lower[:, e], program.row_upper[:, e]) for e in range(E)])
        room = program.plan_bounds[1] - program.plan_bounds[0]
        free = np.where(np.isfinite(room) & (room > 0), room, np.median(mass))
        cost = program.measures[0]
        of_plan = np.where(program.element_of_plan >= 0, mass[program.element_of_plan], free)
        of_cells = float((np.abs(cost.own).max(axis=(0, 2)) * mass).max())
        self.money = max(of_cells or float((np.abs(program.plan_cost) * of_plan).max(initial=0.0)), 1e-12)
        of_limits = np.abs(np.where(np.isfinite(program.bound), program.bound, 0.0)).max(axis=1, initial=1e-12)
        self.scale = Scale(
            mass=mass,
            measures=np.r_[self.money, of_limits],
            plan=of_plan,
        )
        self.weight = program.weight if program.alpha > 0 else 0.0
        self.tree = SlicedTree(program.parent, program.year, program.watched[: None if self.weight else 0])
        self.limit_at = np.argwhere(np.isfinite(program.bound))
        self.Q = [
            sparse.csr_matrix(measure.plan @ sparse.diags(self.scale.plan / unit))
            for measure, unit in zip(program.measures, self.scale.measures, strict=True)
        ]
        self.plan = Plan(
            program.plan_cost * self.scale.plan / self.money,
            program.plan_rows @ sparse.diags(self.scale.plan),
            program.plan_row_bounds,
            (program.plan_bounds[0] / self.scale.plan, program.plan_bounds[1] / self.scale.plan),
            1.0 / N,
        )
        bound = np.array([program.bound[j, y] for j, y in self.limit_at]) / of_limits[self.limit_at[:, 0]]
        self.limits = _Limits(bound, 1.0 / N)
        p_watched = p[program.watched]
        self.tail = Tail(p_watched, program.alpha, self.weight, float(p_watched.mean()))
        identity = sparse.identity(program.W.shape[0], format="csr")
        cholesky = Cholesky(sparse.csr_matrix(sparse.hstack([program.W, -identity])))
        n_together = max(1, min(TOGETHER // N, (E + 1) // 2))
        blocks = [
            TreeCells(
                program, self.tree, slice(e, min(e + n_together, E)), self.scale, cholesky, tail=bool(self.weight)
            )
            for e in range(0, E, n_together)
        ]
        self.columns, self.n_links = [block.column for block in blocks], blocks[0].n_links
        n_variables = sum(block.variables.value.size for block in blocks)
        super().__init__(
            (self.plan, self.limits, self.tail) if self.weight else (self.plan, self.limits),
            Workers(blocks, len(blocks), helpers(n_variables)),
        )

    def start(self) -> None:
        """Begin the tail at the mean of what the paths cost now, and far from every bound."""
        if self.weight:
            self.tail.start(self.tree.along(self._measures()[0]))
        self._of_all(Part.centre, FAR)

    def _measures(self) -> list[Array]:
        """Each measure per node."""
        totals = [Q @ self.plan.x.value for Q in self.Q]
        for of_block in self.blocks.ask(TreeCells.measure):
            for total, values in zip(totals, of_block, strict=True):
                total += values
        return totals

    def _prices(self, law: Array, tau: Array, phi: Array) -> list[Array]:
        """What one unit of each measure costs at each node: by `law` and the tail, and by the limits."""
        year, p = self.program.year, self.program.probability
        prices = [law + self.tree.below(tau) if self.weight else law]
        for j in range(len(self.program.measures) - 1):
            by_year = np.zeros(self.tree.n_years)
            chosen = self.limit_at[:, 0] == j
            by_year[self.limit_at[chosen, 1]] = phi[chosen]
            prices.append(-p * by_year[year])
        return prices

    def standing(self) -> Standing:
        x = self.plan.x
        prices = self._prices(
            (1.0 - self.weight) * self.program.probability, self.tail.tau.value, self.limits.phi.value
        )
        measures = self._measures()
        missed = [self.plan.residuals(), self.limits.residuals(self._yearly_limits(measures))]
        for Q, price in zip(self.Q, prices, strict=True):
            x.residual += Q.T @ price
        if self.weight:
            missed.append(self.tail.residuals(self.tree.along(measures[0])))
        for rows, costs, of_plan in self.blocks.ask(TreeCells.residuals, prices, x.value):
            missed.append((rows, costs))
            x.residual -= of_plan
        return Standing(
            rows=max(rows for rows, _ in missed),
            costs=max(self.plan.largest_residual(), *(costs for _, costs in missed)),
            objective=float(self.plan.cost @ x.value + prices[0] @ measures[0]),
        )

    def _yearly_limits(self, measures: Sequence[Array]) -> Array:
        """Σ p m of each limit, year by year."""
        years, p = self.tree.years, self.program.probability
        return np.array([p[years[y]] @ measures[j + 1][years[y]] for j, y in self.limit_at])

    @property
    def _n_watched(self) -> int:
        return len(self.tail.p) if self.weight else 0

    def factor(self) -> _Factors:
        n, K, F = len(self.plan.cost), self._n_watched, len(self.limit_at)
        S = np.zeros((n + 1, n + 1))
        G = np.zeros((K + F, n + 1))
        sigma = np.zeros((K + F, K + F))
        slot = self.n_links * self.tree.n_years + self.limit_at @ np.array([self.tree.n_years, 1])
        for column, (square, cross, leaves) in zip(self.columns, self.blocks.ask(TreeCells.factor), strict=True):
            sigma[:K, :K] += leaves
            for e, places in enumerate(column.transpose(1, 0, 2).reshape(len(square), -1)):
                real = np.flatnonzero(places >= 0)
                to = places[real]
                S[np.ix_(to, to)] += square[e][np.ix_(real, real)]
                G[:K, to] -= cross[e][:, real]
                G[K:, to] -= square[e][np.ix_(slot, real)]
                sigma[K:, K:] -= square[e][np.ix_(slot, slot)]
                both = cross[e][:, slot]
                sigma[:K, K:] -= both
                sigma[K:, :K] -= both.T
        if K:
            sigma[np.arange(K), np.arange(K)] += self.tail.resistance()
            G[:K, n] = 1.0
            G[:K, :n] -= self._path_plan
        if F:
            self.limits.slack.weigh(1e-300)
            sigma[np.arange(K, K + F), np.arange(K, K + F)] += self.limits.slack.D
            G[K:, :n] += self._limit_plan
        of_duals = None
        if K + F:
            sigma[np.diag_indices_from(sigma)] *= 1.0 + 1e-13
            of_duals = linalg.cho_factor(sigma, lower=True, check_finite=False)
            half = linalg.solve_triangular(of_duals[0], G, lower=True, check_finite=False)
            S += half.T @ half
        if not K:
            S[n, n] = 1.0
        return _Factors(G, of_duals, self.plan.factor(S))

    @cached_property
    def _path_plan(self) -> Array:
        """What each plan column costs along the path to each watched leaf."""
        path, n_nodes = self.tree.path, len(self.program.parent)
        leaf = np.broadcast_to(np.arange(path.shape[1]), path.shape).ravel()
        passed = sparse.csr_matrix((np.ones(path.size), (leaf, path.ravel())), shape=(path.shape[1], n_nodes))
        return np.asarray((passed @ self.Q[0]).toarray())

    @cached_property
    def _limit_plan(self) -> Array:
        """Σ p Q of each limit, over the nodes of its year."""
        years, p = self.tree.years, self.program.probability
        return np.array([self.Q[j + 1][years[y]].T @ p[years[y]] for j, y in self.limit_at])

    def direction(self, factors: _Factors) -> Steps:
        n, K, F = len(self.plan.cost), self._n_watched, len(self.limit_at)
        p = self.program.probability
        right, t = np.zeros(n + 2), np.zeros(K + F)  # absent links are the last entry
        foreseen = [np.zeros(len(p)) for _ in self.program.measures]
        for column, begun in zip(self.columns, self.blocks.ask(TreeCells.begin), strict=True):
            np.add.at(right, column.transpose(1, 0, 2), begun.links)
            t[:K] += begun.leaves
            t[K:] += begun.limits[self.limit_at[:, 0], self.limit_at[:, 1]]
            for total, values in zip(foreseen, begun.measures, strict=True):
                total += values
        right = right[:-1]
        if K:
            t[:K] += self.tail.right() + self.tree.along(foreseen[0])
            right[n] = -self.tail.eta_residual
        if F:
            t[K:] += self.limits.right() - self._yearly_limits(foreseen)
        if K + F:
            right += factors.G.T @ linalg.cho_solve(factors.sigma, t, check_finite=False)
        dX, steps = self.plan.solve(factors.plan, right)
        d_duals = linalg.cho_solve(factors.sigma, t - factors.G @ dX, check_finite=False) if K + F else t
        d_tau, d_phi = d_duals[:K], d_duals[K:]
        if K:
            steps = steps.within(self.tail.finish(d_tau, float(dX[n])))
        if F:
            steps = steps.within(self.limits.finish(d_phi))
        d_prices = self._prices(np.zeros(len(p)), d_tau, d_phi)
        for of_block in self.blocks.ask(TreeCells.finish, d_prices, dX[:n]):
            steps = steps.within(of_block)
        return steps

    def point(self, ended: Ended) -> TreePoint:
        """The best point, in natural units."""
        results = self.blocks.ask(TreeCells.result)
        mass = self.scale.mass[:, None]
        limit_dual = np.zeros(self.program.bound.shape)
        of_limits = self.scale.measures[1 + self.limit_at[:, 0]]
        limit_dual[self.limit_at[:, 0], self.limit_at[:, 1]] = self.limits.phi.value * self.money / of_limits
        return TreePoint(
            plan=self.plan.x.value * self.scale.plan,
            own=np.concatenate([result.own for result in results], axis=1) * mass,
            stock=np.concatenate([result.stock for result in results]) * mass,
            plan_dual=self.plan.row_dual.value * self.money / self.plan.row_size,
            row_dual=np.concatenate([result.row_dual for result in results], axis=1) * (self.money / mass),
            limit_dual=limit_dual,
            # At alpha 0 the tail is the mean.
            tau=self.tail.law() if self.weight else self.program.weight * self.tail.p,
            iterations=ended.iterations,
        )


def _size(*bounds: Array) -> float:
    """A unit of mass in which the numbers of an element are about one: the largest of its bounds."""
    known = np.abs(np.concatenate([values.ravel() for values in bounds]))
    return float(known[np.isfinite(known)].max(initial=0.0)) or 1.0
