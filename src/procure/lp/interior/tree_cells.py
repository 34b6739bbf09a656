"""The cells of some elements of a tree program, as a block of its central path (`tree_path` says what is eliminated, and why)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from procure.lp.interior.block import Block, Missed
from procure.lp.interior.cholesky import Cholesky
from procure.lp.interior.sliced_tree import SlicedTree
from procure.lp.interior.sparse_columns import SparseColumns
from procure.lp.interior.tree_program import TreeProgram
from procure.lp.interior.unknowns import Bounded, Steps, Unbounded
from procure.units import Array

#: Added to M: where neither draw nor refill can move, stocks of parent and child are one, and what is told apart would cancel.
SOFTNESS = 1e-11
#: The least curvature of a column, times the probability of its node, as prices are: of two that run against each other, draw and
#: refill, only the difference is settled. Reduced costs are missed by as much, so unlikely nodes must not have more of it.
LEAST = 1e-9


class Scale(NamedTuple):
    """The units in which numbers are about one: mass of each element, each measure, each column of the plan."""

    mass: Array
    measures: Array
    plan: Array


class DenseSystem(NamedTuple):
    """What cells add to the dense system, by links and limits (width) of each year (Y), and by watched leaves.

    Signs are those of the elimination: plan with plan positive, the rest as `tree_path` reads it.
    """

    square: Array  # (n_elements, width·Y, width·Y)
    cross: Array  # (n_elements, n_leaves, width·Y)
    leaves: Array  # (n_leaves, n_leaves)


class DenseRight(NamedTuple):
    """What cells add to the right-hand side of the dense system, and each measure per node that they foresee."""

    links: Array  # (n_elements, n_links, Y)
    limits: Array  # (n_limits, Y)
    leaves: Array
    measures: list[Array]


class CellResult(NamedTuple):
    """The columns, stocks and duals of the cells."""

    own: Array
    stock: Array
    row_dual: Array


@dataclass(frozen=True)
class _Cells:
    """The equations within each cell, factored: Z = L⁻¹ of the columns beside its own, a = W D R and D R of each measure."""

    L: Array
    ZS: SparseColumns
    ZL: SparseColumns
    ZT: list[SparseColumns]
    a: list[Array]
    Za: list[Array]
    DR: list[Array]


@dataclass(frozen=True)
class _Stocks:
    """The stocks eliminated from the leaves to the root: 1 / P, κ = K_SL / P, and g, what each stock has to do with the rest.

    `g` has an array for each year, shape (E, n_nodes of the year, links and limits, years from it on); `g_tail` is by watched leaf,
    shape (n_periods, E, n_leaves), and empty where there is no tail.
    """

    per_pivot: Array
    kappa: Array
    g: list[Array]
    g_tail: Array


@dataclass(frozen=True)
class _Factors:
    cells: _Cells
    stocks: _Stocks


@dataclass(frozen=True)
class _Right:
    """A right-hand side: of the columns, of the stocks, and of the rows once the columns are eliminated."""

    columns: Array
    stock: Array
    rows: Array


class TreeCells(Block[Sequence[Array], list[Array], DenseSystem, DenseRight, CellResult]):
    """The cells of some elements, scaled; arrays are (rows or columns, elements, nodes). Prices are per measure and node."""

    def __init__(
        self, program: TreeProgram, tree: SlicedTree, elements: slice, scale: Scale, cholesky: Cholesky, *, tail: bool
    ) -> None:
        self.tree, self.cholesky, self.has_tail = tree, cholesky, tail
        self.probability, self.year = program.probability, program.year
        order = cholesky.order
        new = np.empty(len(order), dtype=np.int64)
        new[order] = np.arange(len(order))
        mass = scale.mass[elements][:, None]
        self.n_rows, self.n_columns = len(order), program.lower.shape[0]
        self.matrix = cholesky.matrix  # [W, -1], rows in order
        lower, upper = (
            np.concatenate([columns[:, elements], rows[:, elements]]) / mass
            for columns, rows in ((program.lower, program.row_lower), (program.upper, program.row_upper))
        )
        E, N = self.shape = lower.shape[1], lower.shape[2]
        weight = np.full((), 1.0 / N)  # the same for all futures: by probability it takes a quarter more iterations
        self.variables = Bounded(lower, upper, np.broadcast_to(weight, lower.shape))
        self.stock = Bounded(
            program.stock_lower[elements] / mass,
            program.stock_upper[elements] / mass,
            np.broadcast_to(weight, (E, N)),
        )
        self.dual = Unbounded(np.zeros((self.n_rows, E, N)), is_dual=True)
        super().__init__((self.variables, self.stock), (self.dual,))
        self.S = SparseColumns({int(new[i]): program.S[i] for i in np.flatnonzero(program.S)})
        self.L = SparseColumns({int(new[i]): program.L[i] for i in np.flatnonzero(program.L)})
        links = program.links
        self.column = links.column[:, elements]
        self.n_links = len(self.column)
        plan = np.where(self.column >= 0, scale.plan[self.column], 0.0)[..., program.year]
        self.T: list[dict[int, Array]] = [{} for _ in range(self.n_links)]
        for row, link, value in zip(new[links.row].tolist(), links.link.tolist(), links.value, strict=True):
            values = value[elements] * plan[link] / mass
            if values.any():
                self.T[link][row] = values
        measures = list(zip(program.measures, scale.measures, strict=True))
        whole = [measure.own[:, elements] * (mass / unit) for measure, unit in measures]
        self.used = [[c for c in range(self.n_columns) if R[c].any()] for R in whole]
        self.R = [R[used] for R, used in zip(whole, self.used, strict=True)]
        self.Rs = [measure.stock[elements] * (mass / unit) for measure, unit in measures]
        self.rows_missed = np.zeros((self.n_rows, E, N))
        self._factors: _Factors | None = None
        self._right: _Right | None = None

    @property
    def n_limits(self) -> int:
        """How many measures are limits: all but the first, which is the cost."""
        return len(self.R) - 1

    # --- where a point stands

    def at_year(self, x: Array) -> Array:
        """The plan's columns as the links of each element see them, shape (n_links, E, n_years)."""
        return np.where(self.column >= 0, x[self.column], 0.0)

    def times_plan(self, x: Array) -> Array:
        """T x, shape (n_rows, E, N)."""
        seen = self.at_year(x)
        product = np.zeros((self.n_rows, *self.shape))
        for link, entries in enumerate(self.T):
            if entries:
                here = seen[link][:, self.year]
                for row, values in entries.items():
                    product[row] += values * here
        return product

    def handed_down(self, stock: Array) -> Array:
        """The stock of the parent; zero in the first period, where the plan says it."""
        parent = self.tree.parent
        return np.asarray(np.where(parent >= 0, stock[:, parent], 0.0))

    def _miss(self, x: Array) -> Array:
        """What the rows miss, shape (n_rows, E, N)."""
        value, stock = self.variables.value, self.stock.value
        missed = -self.times_plan(x)
        missed -= (self.matrix @ value.reshape(len(value), -1)).reshape(missed.shape)
        above = self.handed_down(stock)
        for row, coefficient in self.S.rows.items():
            missed[row] -= coefficient * stock
        for row, coefficient in self.L.rows.items():
            missed[row] -= coefficient * above
        return missed

    def measure(self) -> list[Array]:
        """Each measure per node, without what the plan adds."""
        value, stock = self.variables.value, self.stock.value
        return [
            np.einsum("cek,cek->k", R, value[used]) + np.einsum("ek,ek->k", Rs, stock)
            for R, Rs, used in zip(self.R, self.Rs, self.used, strict=True)
        ]

    def residuals(self, prices: Sequence[Array], x: Array) -> Missed:
        """What rows and reduced costs miss, the latter beside the probability of their node."""
        v, s, dual = self.variables, self.stock, self.dual.value
        self.rows_missed = self._miss(x)
        residual = -(self.matrix.T @ dual.reshape(self.n_rows, -1)).reshape(v.value.shape)
        residual -= v.low
        residual += v.high
        stock = s.high - s.low - self.S.times(dual) - self.tree.from_children(self.L.times(dual))
        for price, R, Rs, used in zip(prices, self.R, self.Rs, self.used, strict=True):
            residual[used] += price * R
            stock += price * Rs
        residual *= v.moves
        stock *= s.moves
        v.residual, s.residual = residual, stock
        worst = max(
            float((np.abs(residual).max(axis=(0, 1)) / self.probability).max()),
            float((np.abs(stock).max(axis=0) / self.probability).max()),
        )
        return Missed(float(np.abs(self.rows_missed).max(initial=0.0)), worst, self.times_transposed(dual, len(x)))

    def times_transposed(self, dual: Array, n: int) -> Array:
        """Σ Tᵀ dual over all cells, shape (n,)."""
        total = np.zeros(n + 1)  # absent links are the last entry
        for link, entries in enumerate(self.T):
            if entries:
                product = sum(values * dual[row] for row, values in entries.items())
                np.add.at(total, self.column[link], self.tree.yearly(np.asarray(product)))
        return total[:-1]

    # --- the Newton equations

    def factor(self) -> DenseSystem:
        """Eliminate rows and stocks; what that adds to the dense system."""
        self._factors = self._right = None  # large, and of no more use
        self.variables.weigh(LEAST * self.probability)
        self.stock.weigh(LEAST * self.probability)
        cells = self._factor_cells()
        stocks = self._eliminate_stocks(cells)
        self._factors = _Factors(cells, stocks)
        return self._dense(cells, stocks)

    def _factor_cells(self) -> _Cells:
        D = self.variables.D
        shape = (-1, *self.shape)
        L = self.cholesky.factor(D.reshape(len(D), -1), SOFTNESS)
        by_cell = L.reshape(shape)
        W = self.matrix[:, : self.n_columns]
        DR = [D[used] * R for R, used in zip(self.R, self.used, strict=True)]
        a = [
            (W[:, used] @ product.reshape(len(used), D[0].size)).reshape(shape)
            for product, used in zip(DR, self.used, strict=True)
        ]
        return _Cells(
            L=L,
            ZS=self.S.forward(self.cholesky, by_cell),
            ZL=self.L.forward(self.cholesky, by_cell),
            ZT=[SparseColumns(entries).forward(self.cholesky, by_cell) for entries in self.T],
            a=a,
            Za=[self._forward(L, values.copy()) for values in a],
            DR=DR,
        )

    def _forward(self, L: Array, right: Array) -> Array:
        """L⁻¹ right of every cell, in place."""
        self.cholesky.forward(L, right.reshape(self.n_rows, -1))
        return right

    def _eliminate_stocks(self, cells: _Cells) -> _Stocks:
        tree, p, moves, none = self.tree, self.probability, self.stock.moves, np.zeros(self.shape)
        ZS, ZL = cells.ZS, cells.ZL
        steps = list(enumerate(pairwise(tree.periods)))[::-1]
        # What stands against a stock beside its own rows: the barrier, and what is left of its children's. Never a difference
        # of large numbers: where a cell can hardly move, the stocks of parent and child are all but one.
        rest = np.divide(1.0, self.stock.D, out=np.zeros(self.shape), where=moves)
        KSS, KLL = np.where(moves, ZS.dot(ZS), 1.0), ZL.dot(ZL) + none
        apart = np.where(moves, ZS.spread(ZL), KLL)
        for t, (here, after) in steps:
            left = (apart[:, after] + KLL[:, after] * rest[:, after]) / (KSS[:, after] + rest[:, after])
            rest[:, here] += tree.to_parents(t, left)
        per_pivot = moves / (KSS + rest)
        kappa = (ZS.dot(ZL) + none) * per_pivot

        beta = [ZS.times(Za) - Rs for Za, Rs in zip(cells.Za, self.Rs, strict=True)]
        beta_above = [ZL.times(Za) + none for Za in cells.Za]
        own = [ZT.dot(ZS) for ZT in cells.ZT] + [p * b for b in beta[1:]]  # K_TS per link, then p β per limit
        handed = [ZT.dot(ZL) for ZT in cells.ZT] + [p * b for b in beta_above[1:]]
        # By links and limits, of the year of the stock and of those after it; what children hand up, where there is any.
        g_of_years = []
        for y, here in enumerate(tree.years):
            g = np.zeros((self.shape[0], here.stop - here.start, len(own), tree.n_years - y))
            for link, values in enumerate(own):
                if not np.isscalar(values):
                    g[:, :, link, 0] = values[:, here]
            g_of_years.append(g)
        given = [link for link, values in enumerate(handed) if not np.isscalar(values)]
        up = np.stack([handed[link] for link in given], axis=-1) if given else np.zeros((*self.shape, 0))
        for t, (_, after) in steps:
            below = self._of_period(g_of_years, t + 1) * -kappa[:, after, None, None]
            below[:, :, given, 0] += up[:, after]
            g = self._of_period(g_of_years, t)
            g[..., g.shape[3] - below.shape[3] :] += tree.to_parents(t, below, axis=1)
        g_tail = np.zeros((len(tree.periods), self.shape[0], 0))
        if self.has_tail:
            g_tail = np.ascontiguousarray(beta[0][:, tree.path].transpose(1, 0, 2))
            g_tail[:-1] += beta_above[0][:, tree.path[1:]].transpose(1, 0, 2)
            of_leaves = kappa[:, tree.path].transpose(1, 0, 2)
            for t, _ in steps:
                g_tail[t] -= of_leaves[t + 1] * g_tail[t + 1]
        return _Stocks(per_pivot, kappa, g_of_years, g_tail)

    def _of_period(self, g: list[Array], t: int) -> Array:
        """g of the stocks of a period, shape (E, n_nodes of the period, n_links and limits, years from its own on)."""
        here, y = self.tree.periods[t], self.tree.year_of[t]
        first = self.tree.years[y].start
        return g[y][:, here.start - first : here.stop - first]

    def _dense(self, cells: _Cells, stocks: _Stocks) -> DenseSystem:
        tree, p = self.tree, self.probability
        E, Y = self.shape[0], tree.n_years
        width = self.n_links + self.n_limits
        square = np.zeros((E, width, Y, width, Y))
        sigma = self._resistance(cells)
        years = np.arange(Y)

        def add(row: int, column: int, values: Array) -> None:
            sums = tree.yearly(values)
            square[:, row, years, column, years] += sums
            if row != column:
                square[:, column, years, row, years] += sums

        for link, ZT in enumerate(cells.ZT):
            for other in range(link, self.n_links):
                if ZT.rows.keys() & cells.ZT[other].rows.keys():
                    add(link, other, ZT.dot(cells.ZT[other]))
        for j in range(1, self.n_limits + 1):  # limits among themselves, and with links
            for i in range(j, self.n_limits + 1):
                add(self.n_links + j - 1, self.n_links + i - 1, -p * p * sigma[j][i])
            for link, ZT in enumerate(cells.ZT):
                if ZT.rows:
                    add(link, self.n_links + j - 1, p * ZT.times(cells.Za[j]))
        for y, here in enumerate(tree.years):
            per = stocks.per_pivot[:, here]
            g = stocks.g[y].reshape(E, per.shape[1], -1)
            product = np.matmul((g * per[:, :, None]).transpose(0, 2, 1), g)
            square[:, :, y:, :, y:] -= product.reshape(E, width, Y - y, width, Y - y)
        n_leaves = tree.path.shape[1] if self.has_tail else 0
        cross, leaves = np.zeros((E, n_leaves, width, Y)), np.zeros((n_leaves, n_leaves))
        if self.has_tail:
            self._add_tail(cells, stocks, sigma, cross, leaves)
        return DenseSystem(square.reshape(E, width * Y, -1), cross.reshape(E, -1, width * Y), leaves)

    def _add_tail(self, cells: _Cells, stocks: _Stocks, sigma: list[list[Array]], cross: Array, leaves: Array) -> None:
        """The part of the tail: (E, leaves, width, Y) with links and limits, (leaves, leaves) with itself."""
        tree, p, n_leaves = self.tree, self.probability, len(leaves)
        # What the cost of a node has in common with each link, and with each limit, over the path of each leaf.
        direct = [(link, -ZT.times(cells.Za[0])) for link, ZT in enumerate(cells.ZT) if ZT.rows]
        direct += [(self.n_links + j - 1, p * sigma[0][j]) for j in range(1, self.n_limits + 1)]
        first = np.unique(tree.year_of, return_index=True)[1]
        for link, values in direct:
            cross[:, :, link] = np.add.reduceat(values[:, tree.path], first, axis=1).transpose(0, 2, 1)
        weighed = stocks.g_tail * stocks.per_pivot[:, tree.path].transpose(1, 0, 2)
        for t, here in enumerate(tree.periods):
            g = self._of_period(stocks.g, t)[:, tree.path[t] - here.start]
            cross[..., tree.year_of[t] :] += weighed[t][:, :, None, None] * g
        at_node = sigma[0][0].sum(axis=0)[tree.path]
        for here, pairs in tree.shared:
            of_node = at_node[here].sum(axis=0)
            if pairs is None:
                own = np.einsum("tel,tel->l", weighed[here], stocks.g_tail[here])
                leaves[np.diag_indices(n_leaves)] += of_node + own
            else:
                together = weighed[here].reshape(-1, n_leaves).T @ stocks.g_tail[here].reshape(-1, n_leaves)
                leaves[pairs] += of_node[pairs[0]] + together[pairs]

    def _resistance(self, cells: _Cells) -> list[list[Array]]:
        """R_i D R_j - a_i M⁻¹ a_j per cell."""
        n = len(self.R)
        sigma: list[list[Array]] = [[np.empty(0)] * n for _ in range(n)]
        for i in range(n):
            for j in range(i, n):
                value = -np.einsum("rek,rek->ek", cells.Za[i], cells.Za[j])
                both = sorted(set(self.used[i]) & set(self.used[j]))
                if both:
                    at_i, at_j = [self.used[i].index(c) for c in both], [self.used[j].index(c) for c in both]
                    value += np.einsum("cek,cek->ek", cells.DR[i][at_i], self.R[j][at_j])
                sigma[i][j] = sigma[j][i] = value
        return sigma

    def begin(self) -> DenseRight:
        """Eliminate the right-hand side: what it adds to links, limits and leaves, and the measures foreseen."""
        assert self._factors is not None, "factor comes first"
        cells, stocks, tree = self._factors.cells, self._factors.stocks, self.tree
        h, h_stock = self.variables.right(), self.stock.right()
        Dh = self.variables.D * h
        rows = self.rows_missed - (self.matrix @ Dh.reshape(len(Dh), -1)).reshape(self.rows_missed.shape)
        self._right = _Right(h, h_stock, rows)
        Z = self._forward(cells.L, rows.copy())
        scaled = self._stock_right(Z, h_stock) * stocks.per_pivot
        total = np.zeros((self.shape[0], self.n_links + self.n_limits, tree.n_years))
        for link, ZT in enumerate(cells.ZT):
            if ZT.rows:
                total[:, link] += tree.yearly(ZT.times(Z))
        foreseen = [
            np.einsum("cek,cek->k", R, Dh[used]) + np.einsum("rek,rek->k", Za, Z)
            for R, Za, used in zip(self.R, cells.Za, self.used, strict=True)
        ]
        for y, here in enumerate(tree.years):
            total[:, :, y:] -= np.einsum("en,entz->etz", scaled[:, here], stocks.g[y])
        to_leaves = -np.einsum("tel,etl->l", stocks.g_tail, scaled[:, tree.path]) if self.has_tail else np.zeros(0)
        return DenseRight(total[:, : self.n_links], -total[:, self.n_links :].sum(axis=0), to_leaves, foreseen)

    def _stock_right(self, Z: Array, h: Array) -> Array:
        """Right-hand sides of the stocks, those of the children eliminated."""
        assert self._factors is not None
        cells, tree, kappa = self._factors.cells, self.tree, self._factors.stocks.kappa
        right = h + cells.ZS.times(Z) + tree.from_children(cells.ZL.times(Z))
        for t in reversed(range(len(tree.periods) - 1)):
            here, after = tree.periods[t], tree.periods[t + 1]
            right[:, here] -= tree.to_parents(t, kappa[:, after] * right[:, after])
        return np.asarray(right)

    def finish(self, d_prices: Sequence[Array], dx: Array) -> Steps:
        """Take the direction of the cells once those of plan and prices are known; the longest steps along it."""
        assert self._factors is not None and self._right is not None, "begin comes first"
        cells, stocks, tree = self._factors.cells, self._factors.stocks, self.tree
        rows = self._right.rows - self.times_plan(dx)
        h_stock, move = self._right.stock.copy(), self._right.columns.copy()
        for d_price, a, R, Rs, used in zip(d_prices, cells.a, self.R, self.Rs, self.used, strict=True):
            rows += a * d_price
            h_stock -= Rs * d_price
            move[used] -= R * d_price
        Z = self._forward(cells.L, rows)
        d_stock = self._stock_right(Z, h_stock) * stocks.per_pivot
        for t, (before, here) in enumerate(pairwise(tree.periods)):
            d_stock[:, here] -= stocks.kappa[:, here] * tree.to_children(t, d_stock[:, before])
        handed = self.handed_down(d_stock)
        for row, values in cells.ZS.rows.items():
            Z[row] -= values * d_stock
        for row, values in cells.ZL.rows.items():
            Z[row] -= values * handed
        self.cholesky.backward(cells.L, Z.reshape(self.n_rows, -1))
        self.dual.move = Z
        move += (self.matrix.T @ Z.reshape(self.n_rows, -1)).reshape(move.shape)
        return self.variables.step(self.variables.D * move).within(self.stock.step(d_stock))

    def result(self) -> CellResult:
        """The columns, stocks and duals, rows in their order."""
        row_dual = np.empty_like(self.dual.value)
        row_dual[self.cholesky.order] = self.dual.value
        return CellResult(self.variables.value[: self.n_columns], self.stock.value, row_dual)
