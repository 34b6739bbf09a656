"""A composed program near the numbers it was composed at: what moves is worked out, everything else is kept.

With D the data of plan and period, p the probabilities and F(D) the costs of the nodes, a program is

  cost   = plan(D) + (1 - w) Σ_n p_n d_n F_n(D),   tail: w p_l / (1 - α)         bilinear
  matrix = M(D), and on the row of a limit on all futures  Σ_n p_n m_n(D)        bilinear
  bounds = B(D)                                                                  affine

so moved probabilities touch the costs and the rows of limits, and a moved datum the few entries that it enters. Every
program is worked out from the first one, never from the one before: nothing drifts.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from procure.limits import Bound, Counts
from procure.lp.compile import Affine
from procure.lp.compose import TAIL_MONEY, Composed, Composition
from procure.lp.figures import Figures
from procure.lp.program import LinearProgram
from procure.reason import Reason
from procure.risk.tail import CVaR
from procure.units import Array, Index, Mask

#: Combinations of moved data whose places are kept.
MOST_KNOWN = 256


@dataclass(frozen=True)
class Moved:
    """A program moved in place, and what the terms of its costs cost, as `Composition.cost_terms`."""

    lp: LinearProgram
    cost_terms: Array


class InPlace:
    """Programs of one composition, moved where their numbers stand.

    Parameters
    ----------
    composition, composed
        The first program, and what composed it.
    figures : Figures
        What it was composed at.
    """

    def __init__(self, composition: Composition, composed: Composed, figures: Figures) -> None:
        self._composition, self._composed, self._lp, self.figures = composition, composed, composed.lp, figures
        period = composition.period
        self._n_plan = len(composition.plan.columns)
        self._form = period.form.at(figures.period)
        self._cost_columns = composition.cost_columns.ravel()
        self._cost_terms = figures.discount[:, None] * self._form[:, composition.is_cost]
        self._plan_form = composition.plan.form.at(figures.plan)
        self._leaves = composition.shape.leaves[composition.watched]
        matrix = self._lp.matrix
        column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
        self._key = column * np.int64(matrix.shape[0]) + matrix.indices
        self._limits = [self._limit(limit, key, figures.bounds[key]) for limit in composition.limits
                        for key in figures.bounds if key[0] == limit.name]  # fmt: skip
        self._linked = np.array([component in period.linked for component, _ in period.columns])
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...]], _Touched | Reason] = {}

    @staticmethod
    def refusal(composition: Composition) -> Reason | None:
        """Why no program of a composition can be moved in place; None where it can."""
        if composition.shape.information is not None:
            return Reason.ORDERS_FIRST
        of_means = all(limit.counts is Counts.MEAN for limit in composition.limits)
        return None if of_means else Reason.LIMIT

    def program(self, figures: Figures, plan: Sequence[int] = (), period: Sequence[int] = ()) -> Moved | Reason:
        """The program at other figures, or why it has to be composed anew.

        Parameters
        ----------
        figures : Figures
            Discounts as at first; of plan and period only the data at these positions are others.
        plan, period : sequence of int
        """
        has_tail = self._composed.eta >= 0
        if has_tail != (figures.risk.weight > 0) or figures.risk.is_mean != self.figures.risk.is_mean:
            return Reason.TAIL
        touched = self._touched(tuple(plan), tuple(period))
        if isinstance(touched, Reason):
            return touched
        lp, composition, risk, probability = self._lp, self._composition, figures.risk, figures.probability
        lower, upper, row_lower, row_upper = lp.lower, lp.upper, lp.row_lower, lp.row_upper
        form, cost_terms, plan_form = self._form, self._cost_terms, self._plan_form
        data = lp.matrix.data.copy()
        if plan:
            numbers, template = figures.plan, composition.plan
            if len(touched.plan_lower.rows) or len(touched.plan_upper.rows):
                lower, upper = lower.copy(), upper.copy()
                at = touched.plan_lower.rows
                lower[at] = np.maximum(template.domain_lower[at], touched.plan_lower.at(numbers))
                at = touched.plan_upper.rows
                upper[at] = np.minimum(template.domain_upper[at], touched.plan_upper.at(numbers))
            if len(touched.plan_row_lower.rows) or len(touched.plan_row_upper.rows):
                row_lower, row_upper = row_lower.copy(), row_upper.copy()
                row_lower[touched.plan_row_lower.rows] = touched.plan_row_lower.at(numbers)
                row_upper[touched.plan_row_upper.rows] = touched.plan_row_upper.at(numbers)
            if len(touched.plan_entry.rows):
                change = touched.plan_entry.at(numbers) - touched.plan_entry.at(self.figures.plan)
                np.add.at(data, touched.plan_slot, change)
            if len(touched.plan_form.rows):
                plan_form = plan_form.copy()
                plan_form[touched.plan_form.rows] = touched.plan_form.at(numbers)
        if period:
            numbers, template = figures.period, composition.period
            if len(touched.lower.rows) or len(touched.upper.rows):
                lower, upper = (lower.copy(), upper.copy()) if lower is lp.lower else (lower, upper)
                at = touched.lower.rows
                lower[touched.lower_at] = np.maximum(template.domain_lower[at], touched.lower.at(numbers))
                at = touched.upper.rows
                upper[touched.upper_at] = np.minimum(template.domain_upper[at], touched.upper.at(numbers))
            if len(touched.row_lower.rows) or len(touched.row_upper.rows):
                if row_lower is lp.row_lower:
                    row_lower, row_upper = row_lower.copy(), row_upper.copy()
                row_lower[touched.row_lower_at] = touched.row_lower.at(numbers)
                row_upper[touched.row_upper_at] = touched.row_upper.at(numbers)
            if len(touched.entry.rows):
                change = touched.entry.at(numbers) - touched.entry.at(self.figures.period)
                np.add.at(data, touched.slot, change[touched.written])
            if len(touched.form.rows):
                form = form.copy()
                form[:, touched.form.rows] = touched.form.at(numbers)
                cost_terms = figures.discount[:, None] * form[:, composition.is_cost]
                if len(touched.path_slot):
                    nodes, at = composition.path_nodes, touched.path_form
                    change = figures.discount[nodes, None] * (form[nodes][:, at] - self._form[nodes][:, at])
                    np.add.at(data, touched.path_slot, -change / TAIL_MONEY)

        # Costs that do not move are the same to the last digit: a solver that sees none moved need not start from scratch.
        weighing_stays = risk == self.figures.risk and probability is self.figures.probability
        if weighing_stays and cost_terms is self._cost_terms and plan_form is self._plan_form:
            cost = lp.cost
        else:
            cost = self._cost(figures, cost_terms, plan_form)
        for limit in self._limits:
            law, most = figures.bounds[limit.key].law, figures.bounds[limit.key].most
            measure = form[limit.nodes][:, limit.chosen]
            data[limit.slot] = np.bincount(
                limit.entry, weights=(law[:, None] * measure).ravel(), minlength=len(limit.slot)
            )
            if row_upper[limit.row] != most:
                row_upper = row_upper.copy() if row_upper is lp.row_upper else row_upper
                row_upper[limit.row] = most
        matrix = copy.copy(lp.matrix)  # shares its pattern
        matrix.data = data
        lp = LinearProgram(cost, matrix, row_lower, row_upper, lower, upper, lp.integer)
        return Moved(lp, cost_terms)

    def _cost(self, figures: Figures, cost_terms: Array, plan_form: Array) -> Array:
        """The cost of every column."""
        risk, probability = figures.risk, figures.probability
        cost: Array = np.zeros(len(self._lp.cost))
        weighted = ((1.0 - risk.weight) * probability)[:, None] * cost_terms
        cost += np.bincount(self._cost_columns, weights=weighted.ravel(), minlength=len(cost))
        of_plan = self._composition.plan.form_column
        cost[: self._n_plan] += np.bincount(of_plan, weights=plan_form, minlength=self._n_plan)
        if self._composed.eta >= 0:
            eta = self._composed.eta
            tail = risk.weight * TAIL_MONEY * CVaR(risk.alpha).tail_cost(probability[self._leaves])
            cost[eta : eta + len(tail)] = tail
        return cost

    def _slots(self, rows: Index, columns: Index) -> Index:
        """Where entries stand in the data of the matrix."""
        wanted = columns * np.int64(self._lp.matrix.shape[0]) + rows
        return np.asarray(np.searchsorted(self._key, wanted))

    def _limit(self, limit: Any, key: tuple[str, Any], bound: Bound) -> _LimitRow:
        composition, period = self._composition, self._composition.period
        nodes, chosen = bound.nodes, composition.form_of(limit)
        columns = composition.column_of[nodes][:, period.form_column[chosen]].ravel()
        (row,) = self._composed.future_rows[key].tolist()
        slot, entry = np.unique(self._slots(np.full(len(columns), row), columns), return_inverse=True)
        return _LimitRow(key, row, nodes, chosen, slot, entry.reshape(-1))

    def _touched(self, plan: tuple[int, ...], period: tuple[int, ...]) -> _Touched | Reason:
        """What data at these positions enter, looked up once."""
        if (plan, period) not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[plan, period] = self._entered(np.array(plan, dtype=np.int64), np.array(period, dtype=np.int64))
        return self._known[plan, period]

    def _entered(self, plan: Index, period: Index) -> _Touched | Reason:
        """What data at these positions enter."""
        composition = self._composition
        first, later = composition.plan, composition.period
        lower, upper = _entries(later.lower, period), _entries(later.upper, period)
        bounded = np.concatenate([lower.rows, upper.rows])
        plan_lower, plan_upper = _entries(first.lower, plan), _entries(first.upper, plan)
        if self._linked[bounded].any() or first.integer[np.concatenate([plan_lower.rows, plan_upper.rows])].any():
            return Reason.WHOLE_NUMBER
        plan_entry, entry, form = (
            _entries(first.entry, plan),
            _entries(later.entry, period),
            _entries(later.form, period),
        )
        row_lower, row_upper = _entries(later.row_lower, period), _entries(later.row_upper, period)
        entry_row, entry_column = later.entry_row[entry.rows], later.entry_column[entry.rows]
        written = composition.written[:, entry_row]
        path_form = form.rows[composition.is_cost[form.rows]]
        path_slot: Index = np.empty(0, dtype=np.int64)
        if composition.has_tail(self.figures.risk) and len(path_form):
            nodes = composition.path_nodes
            rows = composition.n_rows + np.arange(len(nodes))
            columns = composition.column_of[nodes][:, later.form_column[path_form]]
            path_slot = self._slots(np.broadcast_to(rows[:, None], columns.shape), columns)
        return _Touched(
            plan_lower, plan_upper, _entries(first.row_lower, plan), _entries(first.row_upper, plan), plan_entry,
            self._slots(first.entry_row[plan_entry.rows], first.entry_column[plan_entry.rows]),
            _entries(first.form, plan),
            lower, composition.column_of[:, lower.rows], upper, composition.column_of[:, upper.rows],
            row_lower, composition.row_of[:, row_lower.rows], row_upper, composition.row_of[:, row_upper.rows],
            entry, self._slots(composition.row_of[:, entry_row][written], composition.column_of[:, entry_column][written]),
            written, form, path_form, path_slot,
        )  # fmt: skip


@dataclass(frozen=True)
class _Entries:
    """The rows of an affine vector that some data enter."""

    rows: Index
    constant: Array
    coefficients: sparse.csr_matrix  # of the data `used`
    used: Index

    def at(self, data: Array) -> Array:
        """Their values; nodes stay the first axis."""
        if data.ndim == 1:
            return np.asarray(self.constant + self.coefficients @ data[self.used])
        return np.asarray(self.constant + (self.coefficients @ data[:, self.used].T).T)


def _entries(affine: Affine, positions: Index) -> _Entries:
    rows = np.unique(affine.coefficients.tocsc()[:, positions].indices).astype(np.int64)
    coefficients = affine.coefficients[rows]
    used = np.unique(coefficients.indices)
    return _Entries(rows, affine.constant[rows], sparse.csr_matrix(coefficients[:, used]), used)


@dataclass(frozen=True)
class _LimitRow:
    """The row of a limit on a mean over futures: ``Σ p measure <= most``."""

    key: tuple[str, Any]
    row: int
    nodes: Index
    chosen: Index
    slot: Index
    entry: Index


@dataclass(frozen=True)
class _Touched:
    """What some moved data reach, and where it stands in the program."""

    plan_lower: _Entries
    plan_upper: _Entries
    plan_row_lower: _Entries
    plan_row_upper: _Entries
    plan_entry: _Entries
    plan_slot: Index
    plan_form: _Entries
    lower: _Entries
    lower_at: Index
    upper: _Entries
    upper_at: Index
    row_lower: _Entries
    row_lower_at: Index
    row_upper: _Entries
    row_upper_at: Index
    entry: _Entries
    slot: Index
    written: Mask
    form: _Entries
    path_form: Index
    path_slot: Index
