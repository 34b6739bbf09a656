"""Elements together: in the last period, siblings that are one for an element share its rows and decisions.

A guess that the optimum confirms or refutes. Given plan and stock, what an element does in a leaf l minimises

  a_l cost_el + Σ_j b_jl m_jel         a_l  what the leaf weighs in mean, tail and limits on cost
                                       b_jl the multiplier of limit j there, m its measure

Where no limit that looks at the element binds, the least cost is best whatever a_l is, so siblings with the same numbers can do
the same. Where one binds they still can if every weight is in proportion to the probability of the leaf: the mean alone is
minimised and only limits on means bind. Otherwise they may not, and the element is taken apart (`coupled`). A limit that does not
bind costs nothing to leave out, so the others stay together. With whole numbers a multiplier proves nothing about other whole
numbers: there every element that a limit looks at stands apart from the start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from procure.formulation.sets import Sets
from procure.limits import Counts, Limit, kind_of
from procure.lp.compile import Template
from procure.market import Market, idle_offers
from procure.program.templates import risk_of, templates
from procure.units import Index

#: The share of all cells (an element at a node) from which on it pays to hold elements together, and to look whether one may.
WORTH_SHARING = 0.1


def kept_apart(market: Market, plan: Template, apart: frozenset[str]) -> frozenset[str]:
    """`apart`, and what whole numbers keep apart: those of the plan, and what a limit that is not convex looks at."""
    limits = market.sets.limits_on_futures
    split = [(limit, year) for limit, year in _limits_by_year(market) if not kind_of(limit).is_convex]
    apart |= _looked_at(market, split)
    lower, upper = plan.bounds(market.plan_data(plan))
    whole = split or (plan.integer & (lower < upper)).any()
    if not whole or (_weighs_evenly(market) and all(limit.counts is Counts.MEAN for limit in limits)):
        return apart
    return apart | _looked_at(market, _limits_by_year(market))


def coupled(market: Market, binding: Collection[tuple[str, Any]]) -> frozenset[str]:
    """Elements that limits on all futures couple, where these bind, by name and year."""
    looking = [(limit, year) for limit, year in _limits_by_year(market) if (limit.name, year) in binding]
    if _weighs_evenly(market) and all(limit.counts is Counts.MEAN for limit, _ in looking):
        return frozenset()
    return _looked_at(market, looking)


def under_limits(market: Market) -> frozenset[str]:
    """Elements that a limit on all futures may couple: taken apart before a program is called infeasible."""
    return _looked_at(market, _limits_by_year(market))


def _weighs_evenly(market: Market) -> bool:
    """Whether every leaf weighs what it is likely: the mean alone is minimised."""
    return risk_of(market.model).is_mean


def _limits_by_year(market: Market) -> list[tuple[Limit, Any]]:
    return [(limit, year) for name, year in market.bounds for limit in market.sets.limits if limit.name == name]


def _looked_at(market: Market, limits: Iterable[tuple[Limit, Any]]) -> frozenset[str]:
    """Elements that these limits look at in the last period."""
    leaves = market.shape.leaves
    elements: set[str] = set()
    for limit, year in limits:
        nodes = market.bounds[limit.name, year].nodes
        if np.isin(leaves, nodes, assume_unique=True).any():
            elements.update(limit.elements)
    return frozenset(elements)


def same_for_elements(market: Market, apart: frozenset[str]) -> dict[str, Index]:
    """For every element, the first of the last-period siblings that are one for it: every number that it reads is the same."""
    if market.merged_from is None or market.shape.information is not None:
        return {}
    reads = read_by_element(market.sets)
    last = market.shape.leaves
    siblings = market.shape.parent[last]
    idle = idle_offers(market)
    inside = {
        key: np.isin(last, bound.nodes, assume_unique=True).astype(float)
        for key, bound in market.bounds.items()
        if len(bound.nodes)
    }
    looking = {limit.name: limit.elements for limit in market.sets.limits}
    same, shared = {}, 0
    for element, data in reads.items():
        if element in apart:
            continue
        own = [
            market.period[name][index][last]
            for name, index in data
            if not (name in ("delivered", "payment") and index in idle)
        ]
        members = [member for (name, _), member in inside.items() if element in looking[name]]
        _, first, kind = np.unique(
            np.column_stack([siblings, market.shape.moment[last], *own, *members]),
            axis=0,
            return_index=True,
            return_inverse=True,
        )
        firsts = np.arange(len(market.probability))
        firsts[last] = last[first[kind.reshape(-1)]]
        shared += len(last) - len(first)
        if len(first) < len(last):
            same[element] = firsts
    return same if shared >= WORTH_SHARING * len(market.probability) * len(reads) else {}


@lru_cache(maxsize=16)
def read_by_element(sets: Sets) -> dict[str, tuple[Any, ...]]:
    """For every element the data of a period that its rows, bounds and costs read.

    Elements that share a row or a decision of the period with others are left out: they have no numbers of their own.
    """
    period = templates(sets).period
    own = [component not in period.linked for component, _ in period.columns]
    of_column = period.column_element
    touched: list[set[Any]] = [set() for _ in period.rows]
    for row, column in zip(period.entry_row.tolist(), period.entry_column.tolist(), strict=True):
        if own[column]:
            touched[row].add(of_column[column])
    mixed = {e for elements in touched if len(elements) > 1 or None in elements for e in elements}
    of_row = [next(iter(elements), None) for elements in touched]
    of_own_column = [e if is_own else None for e, is_own in zip(of_column, own, strict=True)]
    data: dict[Any, set[int]] = {e: set() for e in of_column if e is not None and e not in mixed}
    for affine, elements in (
        (period.entry, [of_row[row] for row in period.entry_row]),
        (period.row_lower, of_row),
        (period.row_upper, of_row),
        (period.lower, of_own_column),
        (period.upper, of_own_column),
        (period.form, [of_own_column[column] for column in period.form_column]),
    ):
        starts, used = affine.coefficients.indptr.tolist(), affine.coefficients.indices.tolist()
        for k, element in enumerate(elements):
            if element in data:
                data[element].update(used[starts[k] : starts[k + 1]])
    return {e: tuple(period.data[position] for position in sorted(used)) for e, used in data.items()}
