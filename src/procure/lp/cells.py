"""A composed program as cells over its tree, for `interior`; and the point found there as a solution of the program.

A cell is an element at a node. What is no cell (whole numbers, orders before demand is seen, limits on a tail) is left to HiGHS,
which solves any program whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from procure.lp import highs
from procure.lp.compile import Name
from procure.lp.compose import TAIL_MONEY, Composed, Composition
from procure.lp.dual_bound import proved_bound
from procure.lp.figures import Figures
from procure.lp.interior import tree_path
from procure.lp.interior.tree_program import Links, Measure, TreePoint, TreeProgram
from procure.lp.not_by_cells import NotByCells, unlike_cells
from procure.lp.program import LinearProgram, Solution, Status
from procure.risk.tail import value_at_risk
from procure.units import Array, Index

#: The most a row may miss, relative to its terms; and the columns of rows that do from which a point is no longer mended.
MISSED, MANY_MISSED = 1e-7, 5_000


def solve(
    composition: Composition, composed: Composed, figures: Figures, *, accuracy: float = 1e-9, tolerance: float = 1e-7,
    deadline: float = np.inf,
) -> Solution | NotByCells:  # fmt: skip
    """The optimum of a composed program cell by cell, with its duals; or why there is none.

    Parameters
    ----------
    accuracy, tolerance : float
        The method stops at a gap and residuals of `accuracy`; the solution is OPTIMAL where it keeps every row and the bound
        that its duals prove is within `tolerance` of its cost, both relative.
    deadline : float
        By `time.perf_counter`.
    """
    started = time.perf_counter()
    if (reason := unlike_cells(composition, composed)) is not None:
        return reason
    try:
        cells = Cells(composition)
        program = cells.program(composed, figures)
    except NotCells:
        return NotByCells.UNLIKE
    point = tree_path.solve(program, accuracy, deadline=deadline)
    if point is None:
        return NotByCells.NO_POINT
    return cells.read(program, point, composed, tolerance, time.perf_counter() - started)


def least_give(
    composition: Composition, composed: Composed, figures: Figures, rates: Mapping[tuple[str, Any], float], *,
    accuracy: float = 1e-9, deadline: float = np.inf,
) -> tuple[float, Array] | None:  # fmt: skip
    """The least amount by which limits must give for a program to have a point, and multipliers of its rows: they prove that with
    less it has none, as closely as the arithmetic of whoever asks says. None where no amount was found cell by cell.

      min g   s.t.  Σ p m <= bound + rate g    of these limits,    everything else as it is;  nothing costs

    Parameters
    ----------
    rates : mapping (limit, year) -> float
        How far the bound of each moves with one unit of the amount.
    """
    if unlike_cells(composition, composed) is not None:
        return None
    try:
        cells = Cells(composition)
        program = cells.program(composed, figures)
    except NotCells:
        return None
    rate = np.zeros(program.bound.shape)
    for j, limit in enumerate(composition.limits):
        for y, year in enumerate(composition.years):
            rate[j, y] = rates.get((limit.name, year), 0.0)
    point = tree_path.solve(_giving(program, rate), accuracy, deadline=deadline)
    return None if point is None else (float(point.plan[-1]), cells.duals(point, composed))


def _giving(program: TreeProgram, rate: Array) -> TreeProgram:
    """The program of `least_give`: one more column of the plan is all that costs, and each limit counts it at its `rate` less."""
    p, year, (n_rows, n_plan) = program.probability, program.year, program.plan_rows.shape
    periods = np.bincount(year, weights=p)  # in a year: the probabilities of each sum to one
    own, stock = np.zeros_like(program.measures[0].own), np.zeros_like(program.measures[0].stock)
    costs = Measure(own, stock, sparse.csr_matrix((len(p), n_plan + 1)))
    counted = (
        replace(limit, plan=sparse.hstack([limit.plan, sparse.csr_matrix(-(of_years / periods)[year, None])]).tocsr())
        for limit, of_years in zip(program.measures[1:], rate, strict=True)
    )
    lower, upper = program.plan_bounds
    return replace(
        program, measures=(costs, *counted), plan_cost=np.append(np.zeros(n_plan), 1.0), weight=0.0,
        plan_rows=sparse.hstack([program.plan_rows, sparse.csr_matrix((n_rows, 1))]).tocsr(),
        plan_bounds=(np.append(lower, 0.0), np.append(upper, np.inf)),
        element_of_plan=np.append(program.element_of_plan, -1),
    )  # fmt: skip


def _missed(lp: LinearProgram, x: Array) -> Array:
    """How far a point misses each row, relative to its terms."""
    row = lp.matrix @ x
    return np.asarray(
        np.maximum(np.maximum(lp.row_lower - row, row - lp.row_upper), 0.0) / (1.0 + np.abs(lp.matrix) @ np.abs(x))
    )


def _mended(lp: LinearProgram, x: Array, rows: Index, limits: Index, n_plan: int) -> Array:
    """A point with the few `rows` of cells kept that it misses by a little: these cells are decided anew, the plan is not.

    Near the optimum the equations of the central path are so far from round that their last digits are lost where a node is
    hardly likely. What it takes is a program of some tens of columns, from which all others are seen as they stand; rows that are
    not missed, and `limits`, stay as they are kept. Where it has no solution the point stays, too.
    """
    missed = rows[_missed(lp, x)[rows] > MISSED]
    if not len(missed):
        return x
    by_row = sparse.csr_matrix(lp.matrix)

    def columns_of(some: Index) -> Index:
        here = np.unique(by_row[some].indices)
        return here[here >= n_plan]

    def rows_of(some: Index, among: Index) -> Index:
        return np.intersect1d(np.unique(lp.matrix[:, some].indices), among)

    columns = columns_of(rows_of(columns_of(missed), rows))
    if not len(columns) or len(columns) > MANY_MISSED:
        return x
    touched = rows_of(columns, np.concatenate([rows, limits]))
    part = sparse.csc_matrix(by_row[touched][:, columns])
    short, over = lp.row_lower[touched] - by_row[touched] @ x, lp.row_upper[touched] - by_row[touched] @ x
    is_missed, n = np.isin(touched, missed), len(columns)
    near = LinearProgram(  # as near as can be: how far each column moves up, and down
        cost=np.ones(2 * n), matrix=sparse.csc_matrix(sparse.hstack([part, -part])),
        row_lower=np.where(is_missed, short, np.minimum(short, 0.0)),
        row_upper=np.where(is_missed, over, np.maximum(over, 0.0)),
        lower=np.zeros(2 * n), upper=np.concatenate([lp.upper[columns] - x[columns], x[columns] - lp.lower[columns]]),
    )  # fmt: skip
    solution = highs.solve(near)
    if solution.status is not Status.OPTIMAL:
        return x
    mended = x.copy()
    mended[columns] += solution.x[:n] - solution.x[n:]
    return np.clip(mended, lp.lower, lp.upper)


class NotCells(Exception):
    """A program is not made of cells, for the reason it says."""


class Cells:
    """Where each column and row of a period stands among cells: by what it is, and by its element.

    Raises `NotCells` where a row or column belongs to no single element, or coefficients differ between elements or nodes.
    """

    def __init__(self, composition: Composition) -> None:
        period = composition.period
        self.composition = composition
        ((self.start, (self.held, self.today)),) = period.carried.items()
        named = (*period.row_element, *period.column_element)
        self.elements = tuple(dict.fromkeys(e for e in named if e is not None))
        self.number = {element: i for i, element in enumerate(self.elements)}
        own = [j for j, (component, _) in enumerate(period.columns) if component not in (*period.linked, self.held)]
        self.kind_of_row, self.row = self._kinds(period.rows, period.row_element, range(len(period.rows)))
        self.kind_of_column, self.column = self._kinds(period.columns, period.column_element, own)
        self.stock = np.array([period.column_index[self.held, (e,)] for e in self.elements])
        self.sign = np.ones(self.row.shape)  # the compiler may write an equation from either side

    def _kinds(
        self, names: Sequence[Name], elements: Sequence[Any], chosen: Iterable[int]
    ) -> tuple[dict[int, int], Index]:
        """The kind of each position, and the position of each (kind, element), -1 where there is none."""
        kinds: dict[Name, int] = {}
        known: dict[int, int] = {}
        for position in chosen:
            component, index = names[position]
            if elements[position] is None:
                raise NotCells(f"{component}{index} belongs to no single element")
            kind = self.composition.period.across_elements(names[position], elements[position])
            known[position] = kinds.setdefault(kind, len(kinds))
        place = np.full((len(kinds), len(self.elements)), -1, dtype=np.int64)
        for position, number in known.items():
            element = self.number[elements[position]]
            if place[number, element] >= 0:
                raise NotCells(f"{names[position]} belongs to an element that it is not named after")
            place[number, element] = position
        return known, place

    def program(self, composed: Composed, figures: Figures) -> TreeProgram:
        """The program in cells."""
        composition = self.composition
        plan, period, shape, lp = composition.plan, composition.period, composition.shape, composed.lp
        n_plan, n_nodes = len(plan.columns), composition.n_nodes
        W, S, L, links = self._entries(period.entry.at(figures.period))
        place = composition.column_of

        def of_columns(values: Array) -> Array:
            by_kind = np.zeros((*self.column.shape, n_nodes))
            by_kind[self.column >= 0] = values[place[:, self.column[self.column >= 0]]].T
            return by_kind

        def of_rows(values: Array, absent: float) -> Array:
            by_kind = np.full((*self.row.shape, n_nodes), absent)
            by_kind[self.row >= 0] = values[composition.row_of[:, self.row[self.row >= 0]]].T
            return self.sign[..., None] * by_kind

        row_lower, row_upper = of_rows(lp.row_lower, -np.inf), of_rows(lp.row_upper, np.inf)
        row_lower, row_upper = np.minimum(row_lower, row_upper), np.maximum(row_lower, row_upper)
        rows = sparse.csr_matrix(lp.matrix)[: len(plan.rows), :n_plan]
        form = period.form.at(figures.period)
        measures = [self._measure(figures.discount[:, None] * form, np.flatnonzero(composition.is_cost))]
        most = np.full((len(composition.limits), len(composition.years)), np.inf)
        for j, limit in enumerate(composition.limits):
            inside = np.zeros(n_nodes)
            for y in limit.years:
                bound = figures.bounds[limit.name, y]
                law = figures.probability[bound.nodes]
                inside[bound.nodes] = np.divide(bound.law, law, out=np.zeros(len(law)), where=law > 0)
                most[j, composition.years.index(y)] = bound.most
            measures.append(self._measure(inside[:, None] * form, composition.form_of(limit)))
        return TreeProgram(
            parent=shape.parent, year=shape.year, probability=figures.probability, W=W, S=S, L=L,
            row_lower=row_lower, row_upper=row_upper,
            lower=of_columns(lp.lower), upper=of_columns(lp.upper),
            stock_lower=lp.lower[place[:, self.stock]].T, stock_upper=lp.upper[place[:, self.stock]].T,
            links=links, measures=tuple(measures), bound=most, plan_cost=composition.plan_cost(figures.plan), plan_rows=rows,
            plan_row_bounds=(lp.row_lower[: len(plan.rows)], lp.row_upper[: len(plan.rows)]),
            plan_bounds=(lp.lower[:n_plan], lp.upper[:n_plan]),
            element_of_plan=np.array([-1 if e is None else self.number[e] for e in plan.column_element]),
            watched=shape.leaves[composition.watched], alpha=figures.risk.alpha, weight=figures.risk.weight,
        )  # fmt: skip

    def _entries(self, entry: Array) -> tuple[sparse.csr_matrix, Array, Array, Links]:
        """W, S and L, the same for all cells, and T."""
        composition = self.composition
        plan, period, shape = composition.plan, composition.period, composition.shape
        n_rows, E, N = len(self.row), len(self.elements), composition.n_nodes
        constant: dict[tuple[str, int, int], float] = {}
        of_links: dict[tuple[int, int], Array] = {}  # (row, link) -> values
        links: dict[Name, int] = {}
        columns: list[Index] = []

        def link(e: int, position: int) -> int:
            component, index = period.columns[position]
            number = links.setdefault(
                period.across_elements((component, index), period.column_element[position]), len(links)
            )
            if number == len(columns):
                columns.append(np.full((E, len(composition.years)), -1, dtype=np.int64))
            if component == self.start:
                columns[number][e, 0] = plan.column_index[self.today, index]
            else:
                columns[number][e] = [plan.column_index[component, (*index, year)] for year in composition.years]
            return number

        entries = list(enumerate(zip(period.entry_row.tolist(), period.entry_column.tolist(), strict=True)))
        signed: set[tuple[int, int]] = set()
        for k, (r, j) in sorted(entries, key=lambda entry: period.columns[entry[1][1]][0] in period.links):
            component, _ = period.columns[j]
            e, row, values = self.number[period.row_element[r]], self.kind_of_row[r], entry[:, k]
            if component in period.links:
                of_links.setdefault((row, link(e, j)), np.zeros((E, N)))[e] += self.sign[row, e] * values
                continue
            if np.ptp(values) > 0:
                raise NotCells(f"{component} has coefficients that differ between nodes")
            matrix, column = {self.held: ("S", 0), self.start: ("L", 0)}.get(component) or ("W", self.kind_of_column[j])
            first = constant.get((matrix, row, column))
            if first is not None and (row, e) not in signed and first == -values[0]:
                self.sign[row, e] = -1.0
            signed.add((row, e))
            values = self.sign[row, e] * values
            if constant.setdefault((matrix, row, column), float(values[0])) != values[0]:
                raise NotCells(f"{component} has coefficients that differ between elements")
            if component == self.start:
                roots = shape.parent < 0
                of_links.setdefault((row, link(e, j)), np.zeros((E, N)))[e, roots] += values[roots]
        W = sparse.lil_matrix((n_rows, len(self.column)))
        S, L = np.zeros(n_rows), np.zeros(n_rows)
        for (matrix, row, column), value in constant.items():
            if matrix == "W":
                W[row, column] = value
            else:
                (S if matrix == "S" else L)[row] = value
        keys = list(of_links)
        seen = Links(
            row=np.array([row for row, _ in keys], dtype=np.int64),
            link=np.array([z for _, z in keys], dtype=np.int64),
            value=np.array([of_links[key] for key in keys]).reshape(len(keys), E, N),
            column=np.array(columns, dtype=np.int64).reshape(len(columns), E, len(composition.years)),
        )
        return W.tocsr(), S, L, seen

    def _measure(self, form: Array, chosen: Index) -> Measure:
        """A measure from the terms `chosen` of the forms, shape (n_nodes, n_terms)."""
        composition = self.composition
        plan, period, year = composition.plan, composition.period, composition.shape.year
        N = composition.n_nodes
        own = np.zeros((len(self.column), len(self.elements), N))
        stock = np.zeros((len(self.elements), N))
        nodes, columns, values = [], [], []
        for k in chosen.tolist():
            position = int(period.form_column[k])
            component, index = period.columns[position]
            if component == self.start:
                raise NotCells("a measure of the stock that a period starts with")
            if component in period.links:
                at = np.array([plan.column_index[component, (*index, y)] for y in composition.years])
                nodes.append(np.arange(N))
                columns.append(at[year])
                values.append(form[:, k])
            elif component == self.held:
                stock[self.number[period.column_element[position]]] += form[:, k]
            else:
                own[self.kind_of_column[position], self.number[period.column_element[position]]] += form[:, k]
        shape = (N, len(plan.columns))
        if not nodes:
            return Measure(own, stock, sparse.csr_matrix(shape))
        triplet = np.concatenate(values), (np.concatenate(nodes), np.concatenate(columns))
        return Measure(own, stock, sparse.csr_matrix(triplet, shape=shape))

    def read(
        self, program: TreeProgram, point: TreePoint, composed: Composed, tolerance: float, seconds: float
    ) -> Solution:
        """The point as a solution of the composed program, with its duals and the bound they prove."""
        composition, lp = self.composition, composed.lp
        place, n_plan = composition.column_of, len(composition.plan.columns)
        x, y = np.zeros(lp.matrix.shape[1]), self.duals(point, composed)
        x[:n_plan] = np.clip(point.plan, *program.plan_bounds)
        here = self.column >= 0
        x[place[:, self.column[here]]] = point.own[here].T
        x[place[:, self.stock]] = point.stock.T
        x = np.clip(x, lp.lower, lp.upper)
        limits = np.concatenate([np.empty(0, dtype=np.int64), *composed.future_rows.values()])
        x = _mended(lp, x, np.unique(composition.row_of[:, self.row[self.row >= 0]]), limits, n_plan)
        own = np.zeros_like(point.own)
        own[here] = x[place[:, self.column[here]]].T
        point = replace(point, plan=x[:n_plan], own=own, stock=x[place[:, self.stock]].T)
        if composed.eta >= 0:
            self._read_tail(program, point, composed, x, y)
        reduced = lp.cost - lp.matrix.T @ y
        bound = proved_bound(lp, y)
        objective = float(lp.cost @ x)
        kept = (_missed(lp, x) <= MISSED).all()
        close = kept and objective - bound <= tolerance * max(1.0, abs(objective))
        return Solution(
            status=Status.OPTIMAL if close else Status.LIMIT_REACHED, objective=objective, x=x, row_dual=y,
            reduced_cost=reduced, bound=bound, iterations=point.iterations, seconds=seconds,
            message="Optimal, cell by cell" if close else "Limit reached, cell by cell",
        )  # fmt: skip

    def duals(self, point: TreePoint, composed: Composed) -> Array:
        """The multipliers of the rows of the composed program, those of path costs and tail apart."""
        composition = self.composition
        y = np.zeros(composed.lp.matrix.shape[0])
        y[: len(composition.plan.rows)] = point.plan_dual
        at = self.row >= 0
        y[composition.row_of[:, self.row[at]]] = (self.sign[..., None] * point.row_dual)[at].T
        for j, limit in enumerate(composition.limits):
            for year in limit.years:
                y[composed.future_rows[limit.name, year]] = point.limit_dual[j, composition.years.index(year)]
        return y

    def _read_tail(self, program: TreeProgram, point: TreePoint, composed: Composed, x: Array, y: Array) -> None:
        composition, parent = self.composition, self.composition.shape.parent
        nodes = composition.path_nodes
        cost = program.measures[0]
        path = np.einsum("cen,cen->n", cost.own, point.own) + np.einsum("en,en->n", cost.stock, point.stock)
        path = np.asarray(path + cost.plan @ point.plan) / TAIL_MONEY
        for node in nodes:
            if parent[node] >= 0:
                path[node] += path[parent[node]]
        columns = composition.path_columns[nodes]
        x[columns] = path[nodes]
        weight = np.zeros(len(parent))
        weight[program.watched] = point.tau
        for node in nodes[::-1]:
            if parent[node] >= 0:
                weight[parent[node]] += weight[node]
        first = composition.n_rows
        y[first : first + len(nodes)] = weight[nodes] * TAIL_MONEY
        y[composed.tail_rows] = point.tau * TAIL_MONEY
        loss = path[program.watched]
        # The level from which the tail begins: where it costs least, given the losses.
        eta = value_at_risk(loss, program.probability[program.watched], program.alpha)
        x[composed.eta] = eta
        x[composed.eta + 1 : composed.eta + 1 + len(loss)] = np.maximum(loss - eta, 0.0)
