"""A solution of a program with short cuts, as one of the program without: every leaf watched, every element apart.

  decisions     what elements share between siblings each of them does; the tail of an unwatched leaf is what its path costs
  multipliers   that of a shared row is parted among the nodes that share it as they weigh in the objective; nothing of an
                unwatched leaf weighs

Nothing is claimed of either: whether the decisions keep the rows, and what the multipliers prove, is for arithmetic to say.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from procure.lp.compose import TAIL_MONEY
from procure.program.program import Program, compose
from procure.program.templates import risk_of
from procure.units import Array, Index


class Whole(NamedTuple):
    """The program without short cuts, a point of it, and multipliers of its rows."""

    program: Program
    x: Array
    row_dual: Array


def whole(program: Program, x: Array | None, row_dual: Array) -> Whole:
    """A point, where there is one, and multipliers of a program, without its short cuts."""
    market, composition = program.market, program.composition
    if not program.together and len(composition.watched) == len(market.shape.leaves):
        return Whole(program, np.full(len(program.lp.cost), np.nan) if x is None else x, row_dual)
    everything = compose(market, np.arange(len(market.shape.leaves)), market.sets.elements)
    point = np.full(len(everything.lp.cost), np.nan) if x is None else _point(program, everything, x)
    return Whole(everything, point, _multipliers(program, everything, row_dual))


def _point(program: Program, everything: Program, x: Array) -> Array:
    """The same decisions, and what the paths to all leaves cost under them."""
    old, new = program.composition, everything.composition
    point = np.zeros(len(everything.lp.cost))
    n_plan = len(new.plan.columns)
    point[:n_plan] = x[:n_plan]
    point[new.column_of] = x[old.column_of]
    risk = risk_of(program.market.model)
    if new.has_tail(risk):
        spent = np.einsum("nc,nc->n", new.cost_terms(everything.figures), point[new.cost_columns])
        cost = _down(new.shape.parent, spent) / TAIL_MONEY
        point[new.path_columns[new.path_nodes]] = cost[new.path_nodes]
        if everything.composed.eta >= 0:
            eta, loss = x[program.composed.eta], cost[new.shape.leaves]
            point[everything.composed.eta] = eta
            point[everything.composed.eta + 1 :][: len(loss)] = np.maximum(loss - eta, 0.0)
    # Behind these stand the columns of the limits on all futures, which look at every node or path in either program.
    n_before = everything.composed.eta + 1 + len(new.watched) if everything.composed.eta >= 0 else _n_first(everything)
    if n_after := len(point) - n_before:
        point[-n_after:] = x[-n_after:]
    return point


def _n_first(program: Program) -> int:
    """Columns of plan, periods and path costs."""
    composition = program.composition
    n_paths = len(composition.path_nodes) if composition.has_tail(risk_of(program.market.model)) else 0
    return composition.n_composed + n_paths


def _down(parent: Index, amount: Array) -> Array:
    """Sums along the path to every node; parents stand before their children."""
    total = amount.copy()
    for node in np.flatnonzero(parent >= 0).tolist():
        total[node] += total[parent[node]]
    return total


def _multipliers(program: Program, everything: Program, y: Array) -> Array:
    """Those of the rows of the plan and of the limits as they are; of shared rows parted; none for what was not watched."""
    old, new = program.composition, everything.composition
    market, risk = program.market, risk_of(program.market.model)
    parted = np.zeros(len(everything.lp.row_lower))
    n_plan = len(new.plan.rows)
    parted[:n_plan] = y[:n_plan]
    weight = (1.0 - risk.weight) * market.probability * market.discount
    if old.has_tail(risk):
        of_paths = y[old.n_rows : old.n_rows + len(old.path_nodes)]
        parted[new.n_rows + np.searchsorted(new.path_nodes, old.path_nodes)] = of_paths
        weight[old.path_nodes] += of_paths * market.discount[old.path_nodes] / TAIL_MONEY
    parted[new.row_of] = y[old.row_of] * _shares(program, weight)
    if len(everything.composed.tail_rows):
        parted[everything.composed.tail_rows[old.watched]] = y[program.composed.tail_rows]
    for key, rows in everything.composed.future_rows.items():
        parted[rows] = y[program.composed.future_rows[key]]
    return parted


def _shares(program: Program, weight: Array) -> Array:
    """Each node's part in the rows that it shares: as it weighs among those that share them, or evenly where none weighs."""
    composition = program.composition
    shares = np.ones(composition.row_of.shape)
    for position, element in enumerate(composition.period.row_element):
        group = composition.shape.same.get(element)
        if group is not None:
            of_group = np.bincount(group, weights=weight, minlength=len(weight))[group]
            evenly = 1.0 / np.bincount(group, minlength=len(weight))[group]
            shares[:, position] = np.divide(weight, of_group, out=evenly, where=of_group > 0)
    return shares
