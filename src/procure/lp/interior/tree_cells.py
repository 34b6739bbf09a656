"""The cells of a tree program, element by element: what is eliminated before the rest is solved (see `nested`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from scipy import sparse

from procure.lp.interior.central_path import Part, Variables
from procure.lp.interior.cholesky import Elimination
from procure.lp.interior.sliced_tree import Futures
from procure.units import Array, Index

#: Added to M: where neither draw nor refill can move, stocks of parent and child are one, and what is told apart would cancel.
SOFTNESS = 1e-11
#: The least curvature of a column, times the probability of its node, as prices are: of two that run against each other, draw and
#: refill, only the difference is settled. Reduced costs are missed by as much, so unlikely nodes must not have more of it.
LEAST = 1e-9


@dataclass(frozen=True)
class Links:
    """How cells see the plan: entry z of T stands in row `row[z]`, link `link[z]`, with a value per element and node.

    Link t of element e in year y is column `column[t, e, y]` of the plan; -1 where there is none.
    """

    row: Index
    link: Index
    value: Array  # (n_entries, n_elements, n_nodes)
    column: Index  # (n_links, n_elements, n_years)


@dataclass(frozen=True)
class Measure:
    """What is added up over a node: R and R_s per cell, Q per node; zero at nodes that do not count."""

    own: Array  # (n_columns, n_elements, n_nodes)
    stock: Array  # (n_elements, n_nodes)
    plan: sparse.csr_matrix  # (n_nodes, n_plan)


@dataclass(frozen=True)
class NestedProgram:
    """The program of `nested`, in natural units; the first measure is the (discounted) cost.

    Years are counted from 0 and have one or several periods each; nodes stand in breadth order, period by period, and every node
    but those of the last period has children, side by side. Absent columns are fixed at zero, absent rows unbounded.
    """

    parent: Index
    year: Index
    probability: Array
    W: sparse.csr_matrix  # (n_rows, n_columns)
    S: Array  # (n_rows,)
    L: Array  # (n_rows,)
    row_lower: Array  # (n_rows, n_elements, n_nodes)
    row_upper: Array
    lower: Array  # (n_columns, n_elements, n_nodes)
    upper: Array
    stock_lower: Array  # (n_elements, n_nodes)
    stock_upper: Array
    links: Links
    measures: tuple[Measure, ...]
    bound: Array  # (n_measures - 1, n_years): the most of Σ p m per year; inf where there is no limit
    plan_cost: Array
    plan_rows: sparse.csr_matrix
    plan_row_bounds: tuple[Array, Array]
    plan_bounds: tuple[Array, Array]
    element_of_plan: Index  # of each column of the plan, or -1
    watched: Index  # leaves (nodes) that the tail may reach
    alpha: float
    weight: float


class Columns:
    """A few columns over the rows of all cells, kept row by row where they are not zero."""

    def __init__(self, rows: dict[int, Any]) -> None:
        self.rows = rows

    def forward(self, elimination: Elimination, L: Array) -> Columns:
        """L⁻¹ of the columns."""
        found = dict(self.rows)
        for j, at in enumerate(elimination.diagonal):
            if j not in found:
                continue
            found[j] = found[j] * L[at]
            for i, row in enumerate(elimination.below[j]):
                product = L[at + 1 + i] * found[j]
                found[int(row)] = found[int(row)] - product if int(row) in found else -product
        return Columns(found)

    def dot(self, other: Columns) -> Any:
        """Sum over rows of the products; 0 where no row is in both."""
        total: Any = 0.0
        for row in self.rows.keys() & other.rows.keys():
            total = total + self.rows[row] * other.rows[row]
        return total

    def spread(self, other: Columns) -> Any:
        """|a|² |b|² - (a · b)², as a sum of squares: next to nothing where the two are all but parallel, and never less.

        >>> a, b = Columns({0: 3.0, 1: 1e9}), Columns({1: 1e9})
        >>> a.spread(b) / 1e18, a.dot(a) * b.dot(b) - a.dot(b) ** 2
        (9.0, 0.0)
        """
        rows, total = sorted(self.rows.keys() | other.rows.keys()), 0.0
        for one, two in combinations(rows, 2):
            total = total + (self._at(one) * other._at(two) - self._at(two) * other._at(one)) ** 2
        return total

    def _at(self, row: int) -> Any:
        return self.rows.get(row, 0.0)

    def times(self, dense: Array) -> Any:
        """Sum over rows of the products with a full array."""
        total: Any = 0.0
        for row, values in self.rows.items():
            total = total + values * dense[row]
        return total


class Elements(Part):
    """The cells of some elements, scaled; arrays are (rows or columns, elements, nodes)."""

    duals = ("dual",)

    def __init__(
        self, program: NestedProgram, futures: Futures, elements: slice, size: Array, scales: Sequence[float],
        elimination: Elimination, scale_x: Array,
    ) -> None:  # fmt: skip
        self.futures, self.elements, self.elimination = futures, elements, elimination
        self.probability = program.probability
        order = elimination.order
        new = np.empty(len(order), dtype=np.int64)
        new[order] = np.arange(len(order))
        per = size[elements][:, None]
        self.n_rows, self.n_columns = len(order), program.lower.shape[0]
        self.matrix = elimination.matrix  # [W, -1], rows in order
        lower, upper = (
            np.concatenate([columns[:, elements], rows[:, elements]]) / per
            for columns, rows in ((program.lower, program.row_lower), (program.upper, program.row_upper))
        )
        E, N = lower.shape[1:]
        self.shape = (E, N)
        weight = np.full((), 1.0 / N)  # the same for all futures: by probability it takes a quarter more iterations
        self.variables = Variables(lower, upper, np.broadcast_to(weight, lower.shape))
        self.stock = Variables(
            program.stock_lower[elements] / per,
            program.stock_upper[elements] / per,
            np.broadcast_to(weight, (E, N)),
        )
        self.groups = (self.variables, self.stock)
        self.S = Columns({int(new[i]): program.S[i] for i in np.flatnonzero(program.S)})
        self.L = Columns({int(new[i]): program.L[i] for i in np.flatnonzero(program.L)})
        links = program.links
        self.column = links.column[:, elements]
        self.n_links = len(self.column)
        at = np.where(self.column >= 0, scale_x[self.column], 0.0)[..., program.year]
        self.T: list[dict[int, Array]] = [{} for _ in range(self.n_links)]
        for row, link, value in zip(new[links.row].tolist(), links.link.tolist(), links.value, strict=True):
            values = value[elements] * at[link] / per
            if values.any():
                self.T[link][row] = values
        measures = list(zip(program.measures, scales, strict=True))
        self.R = [m.own[:, elements] * (per / scale) for m, scale in measures]
        self.Rs = [m.stock[elements] * (per / scale) for m, scale in measures]
        self.used = [[c for c in range(self.n_columns) if R[c].any()] for R in self.R]
        self.R = [R[used] for R, used in zip(self.R, self.used, strict=True)]
        self.dual = np.zeros((self.n_rows, E, N))

    def at_year(self, x: Array) -> Array:
        """The plan's columns as the links of each element see them, shape (n_links, E, n_years)."""
        return np.where(self.column >= 0, x[self.column], 0.0)

    def times_plan(self, x: Array, year: Index) -> Array:
        """T x, shape (n_rows, E, N)."""
        seen = self.at_year(x)
        found = np.zeros((self.n_rows, *self.shape))
        for link, entries in enumerate(self.T):
            if entries:
                here = seen[link][:, year]
                for row, values in entries.items():
                    found[row] += values * here
        return found

    def rows_missed(self, x: Array, year: Index) -> Array:
        """What the rows miss, shape (n_rows, E, N)."""
        missed = -self.times_plan(x, year)
        missed -= (self.matrix @ self.variables.value.reshape(len(self.variables.value), -1)).reshape(missed.shape)
        above = self.handed_down(self.stock.value)
        for row, value in self.S.rows.items():
            missed[row] -= value * self.stock.value
        for row, value in self.L.rows.items():
            missed[row] -= value * above
        return missed

    def handed_down(self, stock: Array) -> Array:
        """The stock of the parent; zero in the first period, where the plan says it."""
        parent = self.futures.parent
        return np.asarray(np.where(parent >= 0, stock[:, parent], 0.0))

    def losses(self) -> list[Array]:
        """Each measure per node, without what the plan adds."""
        value, stock = self.variables.value, self.stock.value
        return [
            np.einsum("cek,cek->k", R, value[used]) + np.einsum("ek,ek->k", Rs, stock)
            for R, Rs, used in zip(self.R, self.Rs, self.used, strict=True)
        ]

    def residuals(self, x: Array, year: Index, price: Sequence[Array]) -> tuple[float, float, Array]:
        """Residuals of rows and reduced costs, the largest of each, and Σ Tᵀ λ."""
        v, s = self.variables, self.stock
        flat = (self.n_rows, -1)
        self.primal = self.rows_missed(x, year)
        residual = -(self.matrix.T @ self.dual.reshape(flat)).reshape(v.value.shape)
        residual -= v.low
        residual += v.high
        stock = s.high - s.low - self.S.times(self.dual) - self.futures.from_children(self.L.times(self.dual))
        for pi, R, Rs, used in zip(price, self.R, self.Rs, self.used, strict=True):
            residual[used] += pi * R
            stock += pi * Rs
        residual *= v.moves
        stock *= s.moves
        v.residual, s.residual = residual, stock
        worst = max(
            float((np.abs(residual).max(axis=(0, 1)) / self.probability).max()),
            float((np.abs(stock).max(axis=0) / self.probability).max()),
        )
        return float(np.abs(self.primal).max(initial=0.0)), worst, self.times_transposed(self.dual, len(x))

    def times_transposed(self, dual: Array, n: int) -> Array:
        """Σ Tᵀ dual over all cells, shape (n,)."""
        found = np.zeros(n + 1)
        for link, entries in enumerate(self.T):
            if entries:
                product = sum(values * dual[row] for row, values in entries.items())
                np.add.at(found, self.column[link], self.futures.yearly(np.asarray(product)))
        return found[:-1]

    # --- the Newton equations ---

    def factor(self, tail: bool) -> tuple[Array, Array, Array]:
        """Eliminate rows and stocks; what that adds to the dense system (`_dense`)."""
        self.variables.weigh(LEAST * self.probability)
        self.stock.weigh(LEAST * self.probability)
        D = self.variables.D
        shape = (-1, *self.shape)
        self.chol = self.elimination.factor(D.reshape(len(D), -1), SOFTNESS)
        forward = self.elimination, self.chol.reshape(shape)
        self.ZS, self.ZL = self.S.forward(*forward), self.L.forward(*forward)
        self.ZT = [Columns(entries).forward(*forward) for entries in self.T]
        W = self.matrix[:, : self.n_columns]
        self.a, self.Za, self.DR = [], [], []
        for R, used in zip(self.R, self.used, strict=True):
            DR = D[used] * R
            a = (W[:, used] @ DR.reshape(len(used), D[0].size)).reshape(shape)
            self.DR.append(DR)
            self.a.append(a)
            self.Za.append(self._forward(a.copy()))
        self._eliminate_stocks(tail)
        return self._dense(tail)

    def _forward(self, right: Array) -> Array:
        self.elimination.forward(self.chol, right.reshape(self.n_rows, -1))
        return right

    def _eliminate_stocks(self, tail: bool) -> None:
        """From the leaves to the root: pivots P, κ = K_SL / P, and g, what a stock has to do with the rest."""
        futures, p, stock = self.futures, self.probability, self.stock
        periods = list(enumerate(pairwise(futures.periods)))[::-1]
        moves, none = stock.moves, np.zeros(self.shape)
        # What stands against a stock beside its own rows: the barrier, and what is left of its children's. Never a difference
        # of large numbers: where a cell can hardly move, the stocks of parent and child are all but one.
        rest = np.divide(1.0, stock.D, out=np.zeros(self.shape), where=moves)
        KSS, KLL = np.where(moves, self.ZS.dot(self.ZS), 1.0), self.ZL.dot(self.ZL) + none
        apart = np.where(moves, self.ZS.spread(self.ZL), KLL)
        for t, (here, after) in periods:
            left = (apart[:, after] + KLL[:, after] * rest[:, after]) / (KSS[:, after] + rest[:, after])
            rest[:, here] += futures.to_parents(t, left)
        self.per_pivot = moves / (KSS + rest)
        self.kappa = (self.ZS.dot(self.ZL) + none) * self.per_pivot

        beta = [self.ZS.times(Za) - Rs for Za, Rs in zip(self.Za, self.Rs, strict=True)]
        beta_above = [self.ZL.times(Za) + np.zeros(self.shape) for Za in self.Za]
        own = [ZT.dot(self.ZS) for ZT in self.ZT] + [p * b for b in beta[1:]]  # K_TS per link, then p β per limit
        handed = [ZT.dot(self.ZL) for ZT in self.ZT] + [p * b for b in beta_above[1:]]
        # By links and limits, of the year of the stock and of those after it; what children hand up, where there is any.
        self.g = []
        for y, here in enumerate(futures.years):
            g = np.zeros((self.shape[0], here.stop - here.start, len(own), futures.n_years - y))
            for link, values in enumerate(own):
                if not np.isscalar(values):
                    g[:, :, link, 0] = values[:, here]
            self.g.append(g)
        given = [link for link, values in enumerate(handed) if not np.isscalar(values)]
        up = np.stack([handed[link] for link in given], axis=-1) if given else np.zeros((*self.shape, 0))
        for t, (_, after) in periods:
            below = self.g_of(t + 1) * -self.kappa[:, after, None, None]
            below[:, :, given, 0] += up[:, after]
            g = self.g_of(t)
            g[..., g.shape[3] - below.shape[3] :] += futures.to_parents(t, below, axis=1)
        if tail:  # by watched leaf, shape (n_periods, E, n_leaves)
            self.g_tail = np.ascontiguousarray(beta[0][:, futures.path].transpose(1, 0, 2))
            self.g_tail[:-1] += beta_above[0][:, futures.path[1:]].transpose(1, 0, 2)
            kappa = self.kappa[:, futures.path].transpose(1, 0, 2)
            for t, _ in periods:
                self.g_tail[t] -= kappa[t + 1] * self.g_tail[t + 1]

    def g_of(self, t: int) -> Array:
        """g of the stocks of a period, shape (E, n_nodes of the period, n_links and limits, years from its own on)."""
        here, y = self.futures.periods[t], self.futures.year_of[t]
        first = self.futures.years[y].start
        return self.g[y][:, here.start - first : here.stop - first]

    def _dense(self, tail: bool) -> tuple[Array, Array, Array]:
        """What these elements add: (E, width·Y, width·Y) by links and limits, (E, leaves, width·Y) with the tail, (leaves, leaves).

        Signs are those of the elimination: plan with plan positive, the rest as `_Method.factor` reads it.
        """
        futures, p = self.futures, self.probability
        E, Y = self.shape[0], futures.n_years
        width, n_limits = self.n_links + len(self.R) - 1, len(self.R) - 1
        square = np.zeros((E, width, Y, width, Y))
        sigma = self._resistance()
        years = np.arange(Y)

        def add(one: int, other: int, values: Array) -> None:
            sums = futures.yearly(values)
            square[:, one, years, other, years] += sums
            if one != other:
                square[:, other, years, one, years] += sums

        for one, ZT in enumerate(self.ZT):
            for other in range(one, self.n_links):
                if ZT.rows.keys() & self.ZT[other].rows.keys():
                    add(one, other, ZT.dot(self.ZT[other]))
        for j in range(1, n_limits + 1):  # limits among themselves, and with links
            for i in range(j, n_limits + 1):
                add(self.n_links + j - 1, self.n_links + i - 1, -p * p * sigma[j][i])
            for link, ZT in enumerate(self.ZT):
                if ZT.rows:
                    add(link, self.n_links + j - 1, p * ZT.times(self.Za[j]))
        for y, here in enumerate(futures.years):
            per = self.per_pivot[:, here]
            g = self.g[y].reshape(E, per.shape[1], -1)
            found = np.matmul((g * per[:, :, None]).transpose(0, 2, 1), g)
            square[:, :, y:, :, y:] -= found.reshape(E, width, Y - y, width, Y - y)
        cross, leaves = self._dense_tail(sigma) if tail else (np.zeros((E, 0, width, Y)), np.zeros((0, 0)))
        return square.reshape(E, width * Y, -1), cross.reshape(E, -1, width * Y), leaves

    def _dense_tail(self, sigma: list[list[Array]]) -> tuple[Array, Array]:
        """The part of the tail: (E, leaves, width, Y) with links and limits, (leaves, leaves) with itself."""
        futures, p = self.futures, self.probability
        n_leaves, (_, _, width, Y) = futures.path.shape[1], self.g[0].shape
        cross, leaves = np.zeros((self.shape[0], n_leaves, width, Y)), np.zeros((n_leaves, n_leaves))
        # What the cost of a node has in common with each link, and with each limit, over the path of each leaf.
        direct = [(link, -ZT.times(self.Za[0])) for link, ZT in enumerate(self.ZT) if ZT.rows]
        direct += [(self.n_links + j - 1, p * sigma[0][j]) for j in range(1, len(self.R))]
        first = np.unique(futures.year_of, return_index=True)[1]
        for link, values in direct:
            cross[:, :, link] = np.add.reduceat(values[:, futures.path], first, axis=1).transpose(0, 2, 1)
        weighed = self.g_tail * self.per_pivot[:, futures.path].transpose(1, 0, 2)
        for t, here in enumerate(futures.periods):
            g = self.g_of(t)[:, futures.path[t] - here.start]
            cross[..., futures.year_of[t] :] += weighed[t][:, :, None, None] * g
        at_node = sigma[0][0].sum(axis=0)[futures.path]
        for here, pairs in futures.shared:
            of_node = at_node[here].sum(axis=0)
            if pairs is None:
                own = np.einsum("tel,tel->l", weighed[here], self.g_tail[here])
                leaves[np.diag_indices(n_leaves)] += of_node + own
            else:
                together = weighed[here].reshape(-1, n_leaves).T @ self.g_tail[here].reshape(-1, n_leaves)
                leaves[pairs] += of_node[pairs[0]] + together[pairs]
        return cross, leaves

    def _resistance(self) -> list[list[Array]]:
        """R_i D R_j - a_i M⁻¹ a_j per cell."""
        n = len(self.R)
        found: list[list[Array]] = [[np.empty(0)] * n for _ in range(n)]
        for i in range(n):
            for j in range(i, n):
                value = -np.einsum("rek,rek->ek", self.Za[i], self.Za[j])
                both = sorted(set(self.used[i]) & set(self.used[j]))
                if both:
                    at_i, at_j = [self.used[i].index(c) for c in both], [self.used[j].index(c) for c in both]
                    value += np.einsum("cek,cek->ek", self.DR[i][at_i], self.R[j][at_j])
                found[i][j] = found[j][i] = value
        return found

    def begin(self, tail: bool) -> tuple[Array, Array, Array, list[Array]]:
        """Eliminate the right-hand side: what it adds to links, limits and leaves, and the measures foreseen."""
        futures = self.futures
        self.h, self.h_stock = self.variables.right(), self.stock.right()
        Dh = self.variables.D * self.h
        q = self.primal - (self.matrix @ Dh.reshape(len(Dh), -1)).reshape(self.primal.shape)
        self.q = q
        Z = self._forward(q.copy())
        right = self._stock_right(Z, self.h_stock)
        scaled = right * self.per_pivot
        width = self.n_links + len(self.R) - 1
        total = np.zeros((self.shape[0], width, futures.n_years))
        for link, ZT in enumerate(self.ZT):
            if ZT.rows:
                total[:, link] += futures.yearly(ZT.times(Z))
        foreseen = [
            np.einsum("cek,cek->k", R, Dh[used]) + np.einsum("rek,rek->k", Za, Z)
            for R, Za, used in zip(self.R, self.Za, self.used, strict=True)
        ]
        for y, here in enumerate(futures.years):
            total[:, :, y:] -= np.einsum("en,entz->etz", scaled[:, here], self.g[y])
        to_leaves = -np.einsum("tel,etl->l", self.g_tail, scaled[:, futures.path]) if tail else np.zeros(0)
        return total[:, : self.n_links], -total[:, self.n_links :].sum(axis=0), to_leaves, foreseen

    def _stock_right(self, Z: Array, h: Array) -> Array:
        """Right-hand sides of the stocks, those of the children eliminated."""
        futures = self.futures
        right = h + self.ZS.times(Z) + futures.from_children(self.ZL.times(Z))
        for t in reversed(range(len(futures.periods) - 1)):
            here, after = futures.periods[t], futures.periods[t + 1]
            right[:, here] -= futures.to_parents(t, self.kappa[:, after] * right[:, after])
        return np.asarray(right)

    def finish(self, dx: Array, year: Index, d_price: Sequence[Array]) -> tuple[float, float]:
        """The direction of the cells once plan and prices are known; the longest steps along it."""
        futures = self.futures
        q = self.q - self.times_plan(dx, year)
        h_stock, move = self.h_stock.copy(), self.h.copy()
        for dpi, a, R, Rs, used in zip(d_price, self.a, self.R, self.Rs, self.used, strict=True):
            q += a * dpi
            h_stock -= Rs * dpi
            move[used] -= R * dpi
        Z = self._forward(q)
        right = self._stock_right(Z, h_stock)
        ds = right * self.per_pivot
        for t, (before, here) in enumerate(pairwise(futures.periods)):
            ds[:, here] -= self.kappa[:, here] * futures.to_children(t, ds[:, before])
        handed = self.handed_down(ds)
        for row, values in self.ZS.rows.items():
            Z[row] -= values * ds
        for row, values in self.ZL.rows.items():
            Z[row] -= values * handed
        self.elimination.backward(self.chol, Z.reshape(self.n_rows, -1))
        self.d_dual = Z
        move += (self.matrix.T @ self.d_dual.reshape(self.n_rows, -1)).reshape(move.shape)
        steps = self.variables.step(self.variables.D * move), self.stock.step(ds)
        return min(step[0] for step in steps), min(step[1] for step in steps)

    def result(self) -> tuple[Array, Array, Array]:
        """The columns, stocks and duals, rows in their order."""
        own, stock, dual = self.variables.value, self.stock.value, self.dual
        back = np.empty_like(dual)
        back[self.elimination.order] = dual
        return own[: self.n_columns], stock, back
