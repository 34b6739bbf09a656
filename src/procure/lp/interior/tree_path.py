"""Programs over a tree of futures, by an interior point that knows their shape.

Where decisions stand by element and node, and a node hears of its parent only through the stock of each element, the Newton
equations of the central path (`barrier`) come apart. With k = (e, n) a cell, v its columns, s its stock, s' the stock of the
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
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, sparse

from procure.lp.interior.central_path import CentralPath, Ended, Part, Plan, Tail, Variables, helpers
from procure.lp.interior.cholesky import Elimination
from procure.lp.interior.sliced_tree import Futures
from procure.lp.interior.tree_cells import Elements, NestedProgram
from procure.lp.workers import Crew
from procure.units import Array

#: Cells that one array operation takes together: long enough to hide the interpreter, short enough for the cache.
TOGETHER = 16_000
#: The complementarity to begin with. At one the multipliers are small beside the prices of the rows, and the first twenty
#: iterations of a tree of 120 periods get nowhere.
FAR = 30.0


@dataclass(frozen=True)
class NestedSolution:
    """An iterate in natural units: columns, and the duals of rows, limits and paths."""

    plan: Array
    own: Array
    stock: Array
    plan_dual: Array
    row_dual: Array
    limit_dual: Array  # (n_measures - 1, n_years)
    tau: Array  # per watched leaf
    iterations: int
    score: float
    log: list[str]


def solve(program: NestedProgram, tolerance: float = 1e-8, *, deadline: float = np.inf) -> NestedSolution | None:
    """Follow the central path until gap and residuals are below `tolerance`; None where the method breaks down at once."""
    with np.errstate(all="ignore"):
        method = _Method(program)
    with method.crew:
        method.start()
        ended = method.run(tolerance, deadline)
        return method.solution(ended) if ended.is_useful else None


class _Limits(Part):
    """The slacks of the limits, Σ p m - u = 0 [φ], u <= bound; by measure and year."""

    duals = ("phi",)

    def __init__(self, bound: Array, weight: float) -> None:
        self.phi = self.d_phi = np.zeros(len(bound))
        self.slack = Variables(np.full(len(bound), -np.inf), bound, np.full(len(bound), weight))
        self.groups = (self.slack,)

    def residuals(self, reached: Array) -> tuple[float, float]:
        """Residuals of rows and of reduced costs, the largest of each."""
        self.primal = reached - self.slack.value
        self.slack.residual = self.phi - self.slack.low + self.slack.high
        # Beside themselves, sums of nothing would be mere rounding; beside their bound, which is one, they are small.
        size = np.maximum(np.abs(self.slack.value), np.abs(reached)) + 1e-3
        return float((np.abs(self.primal) / size).max(initial=0.0)), float(np.abs(self.slack.residual).max(initial=0.0))

    def right(self) -> Array:
        """The right-hand side of the rows."""
        self.h = self.slack.right()
        return np.asarray(-self.primal + self.slack.D * self.h)

    def finish(self, d_phi: Array) -> tuple[float, float]:
        """Take note of the direction; the longest steps along it."""
        self.d_phi = d_phi
        return self.slack.step(self.slack.D * (self.h - d_phi))


class _Method(CentralPath):
    def __init__(self, program: NestedProgram) -> None:
        self.program = program
        E = program.lower.shape[1]
        self.size_of = np.array([_size(program.row_lower[:, e], program.row_upper[:, e]) for e in range(E)])
        room = program.plan_bounds[1] - program.plan_bounds[0]
        by_element = np.where(program.element_of_plan >= 0, self.size_of[program.element_of_plan], 0.0)
        free = np.where(np.isfinite(room) & (room > 0), room, np.median(self.size_of))
        self.scale_x = np.where(program.element_of_plan >= 0, by_element, free)
        cost = program.measures[0]
        self.money = max(float((np.abs(cost.own).max(axis=(0, 2)) * self.size_of).max()), 1e-12)
        self.weight = program.weight if program.alpha > 0 else 0.0
        self.futures = Futures(program.parent, program.year, program.watched[: None if self.weight else 0])
        self.limit_at = np.argwhere(np.isfinite(program.bound))
        of_limits = np.abs(np.where(np.isfinite(program.bound), program.bound, 0.0)).max(axis=1, initial=1e-12)
        self.scales = np.r_[self.money, of_limits]
        self.Q = [
            sparse.csr_matrix(m.plan @ sparse.diags(self.scale_x / scale))
            for m, scale in zip(program.measures, self.scales, strict=True)
        ]
        one = sparse.identity(program.W.shape[0], format="csr")
        elimination = Elimination(sparse.csr_matrix(sparse.hstack([program.W, -one])))
        self.plan = Plan(
            program.plan_cost * self.scale_x / self.money,
            program.plan_rows @ sparse.diags(self.scale_x),
            program.plan_row_bounds,
            (program.plan_bounds[0] / self.scale_x, program.plan_bounds[1] / self.scale_x),
            1.0 / len(program.probability),
        )
        p, N = program.probability, len(program.probability)
        each = max(1, min(TOGETHER // N, (E + 1) // 2))
        parts = [
            Elements(
                program, self.futures, slice(e, min(e + each, E)), self.size_of, self.scales, elimination, self.scale_x
            )
            for e in range(0, E, each)
        ]
        self.columns, self.n_links = [part.column for part in parts], parts[0].n_links
        bound = np.array([program.bound[j, y] for j, y in self.limit_at]) / self.scales[1 + self.limit_at[:, 0]]
        self.limits = _Limits(bound, 1.0 / N)
        p_watched = p[program.watched]
        self.tail = Tail(p_watched, program.alpha, self.weight, float(p_watched.mean()))
        self.own = (self.plan, self.limits, self.tail) if self.weight else (self.plan, self.limits)
        self.crew = Crew(parts, len(parts), helpers(sum(part.variables.value.size for part in parts)))

    def start(self) -> None:
        """Begin the tail at the mean of what the paths cost now, and far from every bound."""
        if self.weight:
            self.tail.start(self.futures.along(self._measures()[0]))
        self._of_all("centre", FAR)

    def _measures(self) -> list[Array]:
        """Each measure per node."""
        found = [Q @ self.plan.x.value for Q in self.Q]
        for of_part in self.crew.each("losses"):
            for total, values in zip(found, of_part, strict=True):
                total += values
        return found

    def _prices(self, law: Array, tau: Array, phi: Array) -> list[Array]:
        """What one unit of each measure costs at each node: by `law` and the tail, and by the limits."""
        year, p = self.program.year, self.program.probability
        prices = [law + self.futures.below(tau) if self.weight else law]
        for j in range(len(self.program.measures) - 1):
            by_year = np.zeros(self.futures.n_years)
            chosen = self.limit_at[:, 0] == j
            by_year[self.limit_at[chosen, 1]] = phi[chosen]
            prices.append(-p * by_year[year])
        return prices

    def size(self) -> float:
        """The weighed cost."""
        return float(self.plan.cost @ self.plan.x.value + self._price[0] @ self._cost)

    def residuals(self) -> tuple[float, float]:
        program, x = self.program, self.plan.x.value
        self._price = self._prices((1.0 - self.weight) * program.probability, self.tail.tau, self.limits.phi)
        measures = self._measures()
        self._cost = measures[0]
        found = [self.plan.residuals(), self.limits.residuals(self._yearly_limits(measures))]
        for Q, price in zip(self.Q, self._price, strict=True):
            self.plan.x.residual += Q.T @ price
        if self.weight:
            found.append(self.tail.residuals(self.futures.along(measures[0])))
        for primal, dual, of_plan in self.crew.each("residuals", x, program.year, self._price):
            found.append((primal, dual))
            self.plan.x.residual -= of_plan
        return max(f[0] for f in found), max(self.plan.largest_residual(), *(f[1] for f in found))

    def _yearly_limits(self, measures: Sequence[Array]) -> Array:
        """Σ p m of each limit, year by year."""
        years, p = self.futures.years, self.program.probability
        return np.array([p[years[y]] @ measures[j + 1][years[y]] for j, y in self.limit_at])

    def factor(self) -> None:
        n, K, F = len(self.plan.cost), len(self.tail.tau) if self.weight else 0, len(self.limits.phi)
        S = np.zeros((n + 1, n + 1))
        G = np.zeros((K + F, n + 1))
        sigma = np.zeros((K + F, K + F))
        slot = self.n_links * self.futures.n_years + self.limit_at @ np.array([self.futures.n_years, 1])
        found = self.crew.each("factor", bool(self.weight))
        for column, (square, cross, leaves) in zip(self.columns, found, strict=True):
            sigma[:K, :K] += leaves
            for e, at in enumerate(column.transpose(1, 0, 2).reshape(len(square), -1)):
                real = np.flatnonzero(at >= 0)
                to = at[real]
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
        self.G = G
        if K + F:
            sigma[np.diag_indices_from(sigma)] *= 1.0 + 1e-13
            self.sigma = linalg.cho_factor(sigma, lower=True, check_finite=False)
            half = linalg.solve_triangular(self.sigma[0], G, lower=True, check_finite=False)
            S += half.T @ half
        if not K:
            S[n, n] = 1.0
        self.plan.factor(S)

    @cached_property
    def _path_plan(self) -> Array:
        """What each plan column costs along the path to each watched leaf."""
        path, n_nodes = self.futures.path, len(self.program.parent)
        leaf = np.broadcast_to(np.arange(path.shape[1]), path.shape).ravel()
        passed = sparse.csr_matrix((np.ones(path.size), (leaf, path.ravel())), shape=(path.shape[1], n_nodes))
        return np.asarray((passed @ self.Q[0]).toarray())

    @cached_property
    def _limit_plan(self) -> Array:
        """Σ p Q of each limit, over the nodes of its year."""
        years, p = self.futures.years, self.program.probability
        return np.array([self.Q[j + 1][years[y]].T @ p[years[y]] for j, y in self.limit_at])

    def direction(self) -> tuple[float, float]:
        n, K, F = len(self.plan.cost), len(self.tail.tau) if self.weight else 0, len(self.limits.phi)
        program = self.program
        right, t = np.zeros(n + 2), np.zeros(K + F)  # absent links are the last entry
        foreseen = [np.zeros(len(program.probability)) for _ in program.measures]
        for column, (to_links, to_limits, to_leaves, of_part) in zip(
            self.columns, self.crew.each("begin", bool(self.weight)), strict=True
        ):
            np.add.at(right, column.transpose(1, 0, 2), to_links)
            t[:K] += to_leaves
            t[K:] += to_limits[self.limit_at[:, 0], self.limit_at[:, 1]]
            for total, values in zip(foreseen, of_part, strict=True):
                total += values
        right = right[:-1]
        if K:
            t[:K] += self.tail.right() + self.futures.along(foreseen[0])
            right[n] = -self.tail.eta_residual
        if F:
            t[K:] += self.limits.right() - self._yearly_limits(foreseen)
        if K + F:
            right += self.G.T @ linalg.cho_solve(self.sigma, t, check_finite=False)
        dX, steps = self.plan.solve(right)
        dt = linalg.cho_solve(self.sigma, t - self.G @ dX, check_finite=False) if K + F else t
        d_tau, d_phi = dt[:K], dt[K:]
        if K:
            steps.append(self.tail.finish(d_tau, float(dX[n])))
        if F:
            steps.append(self.limits.finish(d_phi))
        d_price = self._prices(np.zeros(len(program.probability)), d_tau, d_phi)
        steps += self.crew.each("finish", dX[:n], program.year, d_price)
        return min(step[0] for step in steps), min(step[1] for step in steps)

    def solution(self, ended: Ended) -> NestedSolution:
        """The best point, in natural units."""
        own, stock, dual = (list(arrays) for arrays in zip(*self.crew.each("result"), strict=True))
        size = self.size_of[:, None]
        limit_dual = np.zeros(self.program.bound.shape)
        of_limits = self.scales[1 + self.limit_at[:, 0]]
        limit_dual[self.limit_at[:, 0], self.limit_at[:, 1]] = self.limits.phi * self.money / of_limits
        return NestedSolution(
            plan=self.plan.x.value * self.scale_x,
            own=np.concatenate(own, axis=1) * size,
            stock=np.concatenate(stock) * size,
            plan_dual=self.plan.row_dual * self.money / self.plan.row_size,
            row_dual=np.concatenate(dual, axis=1) * (self.money / size),
            limit_dual=limit_dual,
            tau=self.tail.law()
            if self.weight
            else self.program.weight * self.tail.p,  # at alpha 0 the tail is the mean
            iterations=ended.iterations,
            score=ended.score,
            log=ended.log,
        )


def _size(*bounds: Array) -> float:
    """A unit of mass in which the numbers of an element are about one: the largest of its bounds."""
    known = np.abs(np.concatenate([values.ravel() for values in bounds]))
    return float(known[np.isfinite(known)].max(initial=0.0)) or 1.0
