"""A basis carried from one program over a tree to another over the same tree.

The programmes of a supplier make such programs: the same futures, other odds, offers and plans. The simplex method then finds the
optimum in a tenth of the iterations. The same decision, or row, at the same node stands as it did; a decision that is new stands
at a bound, and a row that is new in the basis. That is a place to start from, and no more: the optimum is proved as any other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from procure.lp.compose import Composed, Composition
from procure.lp.highs import completed
from procure.units import Index

#: A program over a tree: where everything stands in it, and what was composed.
OverTree = tuple[Composition, Composed]


def is_alike(program: OverTree, other: OverTree) -> bool:
    """Whether two programs are over the same tree: then each node of one has its own in the other."""
    return np.array_equal(program[0].shape.parent, other[0].shape.parent)


def carried(basis: Any, source: OverTree, target: OverTree) -> Any:
    """A basis of `target` to start from, made of one of `source`, which is over the same tree."""
    columns, rows = _columns(source, target), _rows(source, target)
    return completed(basis, columns, rows)


def _columns(source: OverTree, target: OverTree) -> Index:
    """Where each column of the target stands in the source; -1 where it has none there."""
    (old, before), (new, now) = source, target
    place = np.full(now.lp.matrix.shape[1], -1, dtype=np.int64)
    place[: len(new.plan.columns)] = _by_name(new.plan.columns, old.plan.column_index)
    found = _by_name(new.period.columns, old.period.column_index)
    known = np.flatnonzero(found >= 0)
    at, was = new.column_of[:, known], old.column_of[:, found[known]]
    is_own = at >= len(new.plan.columns)  # the others are decisions of the plan
    place[at[is_own]] = was[is_own]
    if old.has_path_costs(before) and new.has_path_costs(now):
        place[new.path_columns[new.path_nodes]] = old.path_columns[new.path_nodes]
    if before.eta >= 0 and now.eta >= 0:
        place[now.eta] = before.eta
        place[now.eta + 1 + np.arange(len(new.watched))] = _of_leaves(
            old, new, before.eta + 1 + np.arange(len(old.watched))
        )
    return place


def _rows(source: OverTree, target: OverTree) -> Index:
    """Where each row of the target stands in the source; -1 where it has none there."""
    (old, before), (new, now) = source, target
    place = np.full(now.lp.matrix.shape[0], -1, dtype=np.int64)
    place[: len(new.plan.rows)] = _by_name(new.plan.rows, old.plan.row_index)
    found = _by_name(new.period.rows, old.period.row_index)
    known = np.flatnonzero(found >= 0)
    place[new.row_of[:, known]] = old.row_of[:, found[known]]
    if old.has_path_costs(before) and new.has_path_costs(now):
        of_node = np.full(old.n_nodes, -1, dtype=np.int64)
        of_node[old.path_nodes] = old.n_rows + np.arange(len(old.path_nodes))
        place[new.n_rows + np.arange(len(new.path_nodes))] = of_node[new.path_nodes]
    if before.eta >= 0 and now.eta >= 0:
        place[now.tail_rows] = _of_leaves(old, new, before.tail_rows)
    for key, rows in now.future_rows.items():
        if len(was := before.future_rows.get(key, ())) == len(rows):
            place[rows] = was
    return place


def _by_name(names: tuple[Any, ...], index: dict[Any, int]) -> Index:
    return np.array([index.get(name, -1) for name in names], dtype=np.int64)


def _of_leaves(old: Composition, new: Composition, places: Index) -> Index:
    """The places of what there is for each watched leaf of the source, for each watched leaf of the target."""
    of_leaf = np.full(len(old.shape.leaves), -1, dtype=np.int64)
    of_leaf[old.watched] = places
    return of_leaf[new.watched]
