"""Which futures may be made one: those that no number of the market tells apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from procure.limits import kind_of
from procure.market.limits import bound_of
from procure.market.market import Market
from procure.market.shape import Shape
from procure.scenarios.tree import SAME, Tree
from procure.units import Array, Index


def merge(market: Market) -> Market:
    """The same market with futures that are identical for it made one, exactly.

    Two siblings are one when every number that the program reads from them, and from all that can follow, is the same:
    a supplier that is not bought from, or whose two states deliver alike, makes no difference. Their decisions can be
    averaged without raising mean or tail (both are convex), so nothing is lost. Where orders are placed before demand is
    seen, nodes share decisions across siblings, and the market is returned as it is.
    """
    if market.shape.information is not None:
        return market
    within = market.shape.n_inside
    tree, new = market.tree.merged(_telling_apart([column[:within] for column in _read(market)]))
    beyond = tree.n_nodes + np.arange(market.shape.n_outside)  # futures outside the law stay as they are
    return _reduced(market, tree, np.concatenate([new, beyond]))


def merge_as(market: Market, other: Market) -> Market | None:
    """The market over the futures of `other`, merged from the same tree at other numbers; None where they are not one here.

    What a program was composed over then stays as it was, and so does the basis it ended with. Fewer futures may be made one than
    `merge` would: that costs time only.
    """
    new = other.merged_from
    if new is None or len(new) != len(market.probability) or market.shape.information is not None:
        return None
    tree, merged, within = market.tree, other.tree, market.shape.n_inside
    first = np.unique(new[:within], return_index=True)[1]
    above = np.where(tree.parent < 0, -1, new[tree.parent])
    if len(first) != merged.n_nodes or not np.array_equal(above[first], merged.parent):
        return None
    if len(first) == within:
        return replace(market, merged_from=new)
    kept = np.unique(new, return_index=True)[1]
    if any(not np.array_equal(column[kept][new], column) for column in _read(market)):
        return None
    if not stay_one(tree, new, tree.probability):
        return None
    probability = np.bincount(new[:within], weights=tree.probability)
    states = Tree(merged.period, merged.parent, probability, tree.processes, tree.states, tree.state[first])
    return _reduced(market, states, new)


def _read(market: Market) -> list[Array]:
    """Every number that the program reads from a node, and what limits and reviews ask of it, shape (n_nodes,) each."""
    idle = idle_offers(market)
    numbers = [
        values
        for name, by_index in market.period.items()
        for index, values in by_index.items()
        if not (name in ("delivered", "payment") and index in idle)
        and not (name == "payment_output" and idle >= set(market.sets.of_supplier(index[0])))
    ]
    inside = []
    limits = {limit.name: limit for limit in market.sets.limits}
    for (name, _), bound in market.bounds.items():
        if len(bound.nodes):
            member = np.zeros(len(market.probability))
            # Where a limit is not convex, the average of two decisions may keep it where neither of them does.
            member[bound.nodes] = 1.0 if kind_of(limits[name]).is_convex else 1.0 + np.arange(len(bound.nodes))
            inside.append(member)
    inside.append(market.shape.moment.astype(float))  # what the plan does hangs on what was seen
    if market.model.settings.risk.in_doubt:  # a future is said by its states: which of them the odds may favour is told
        beyond = np.full(market.shape.n_outside, -1.0)
        inside += [np.concatenate([column.astype(float), beyond]) for column in market.tree.state.T]
    return [*numbers, *inside]


def _telling_apart(columns: Sequence[Array]) -> Array:
    """Those of some columns that tell any rows apart, and that no earlier one equals, shape (n, any but 0)."""
    telling = {column.tobytes(): column for column in columns if (column != column[0]).any()}
    return np.column_stack([*telling.values()] or [np.zeros(len(columns[0]))])


def stay_one(tree: Tree, new: Index, probability: Array) -> bool:
    """Whether nodes of a tree that went to the same one (`new`) have the same futures under other probabilities of the nodes.

    Of all that merging asks (`Tree.merged`) this is what hangs on the law: what follows must be as likely after each of them.
    """
    merged = np.bincount(new[: tree.n_nodes], weights=probability)
    later = np.flatnonzero(tree.parent >= 0)
    parent, whole = tree.parent[later], int(new.max()) + 1
    pair, at = np.unique(parent * whole + new[later], return_inverse=True)
    found = np.bincount(at.reshape(-1), weights=probability[later] / probability[parent])
    wanted = merged[pair % whole] / merged[new[pair // whole]]
    return bool((np.abs(found - wanted) <= SAME).all())


def _reduced(market: Market, tree: Tree, new: Index) -> Market:
    """A market over the nodes of `tree`, of which `new` says where each of its own went."""
    if tree.n_nodes == market.tree.n_nodes:
        return replace(market, merged_from=np.arange(len(market.probability)))
    first = np.unique(new, return_index=True)[1]
    shape = market.shape
    parent = shape.parent[first]
    reduced = replace(
        market,
        tree=tree,
        merged_from=new,
        shape=Shape(
            np.where(parent < 0, -1, new[parent]),
            shape.year[first],
            n_outside=shape.n_outside,
            seen=None if shape.seen is None else shape.seen[first],
        ),
        period={name: {i: values[first] for i, values in by_index.items()} for name, by_index in market.period.items()},
        probability=np.concatenate([np.asarray(tree.probability, dtype=float), np.zeros(shape.n_outside)]),
        discount=market.discount[first],
        bounds={},
    )
    limits = {limit.name: limit for limit in market.sets.limits}
    nodes = {key: np.unique(new[bound.nodes]) for key, bound in market.bounds.items()}
    return replace(
        reduced,
        bounds={
            key: bound_of(market.model, limits[key[0]], own, reduced.probability, reduced.period)
            for key, own in nodes.items()
        },
    )


def idle_offers(market: Market) -> set[tuple[str, str]]:
    """Offers of which nothing can be contracted in any year: whatever they would deliver is multiplied by zero."""
    return {
        offer for offer in market.sets.offers if not any(market.plan["offered"][*offer, y] for y in market.sets.moments)
    }
