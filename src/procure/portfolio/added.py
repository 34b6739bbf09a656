"""What the rows of an extension come to, and what they cost: under their own names, in the table of limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from procure.limits import KINDS
from procure.lp.compile import Name, Template
from procure.portfolio.frames import is_worthless
from procure.portfolio.measure import Measured
from procure.units import KUSD_PER_MUSD, Array
from procure.words import rounded

#: The kind of these rows in the table of limits.
ADDED = "added"


def added_rows(measured: Measured) -> Iterator[tuple[Any, ...]]:
    """One row of the table of limits for every row that an extension added; of a period, its mean and its price over all nodes."""
    templates, outcome, market = measured.solved.templates, measured.outcome, measured.market
    plan, period = templates.plan, templates.period
    for name in _added(plan):
        value, bound = _sides(plan, name, market.plan_data(plan)[None], outcome.plan[None])
        dual = _dual(plan, name, outcome.plan_row_dual[None], outcome.plan_reduced_cost[None])
        yield _row(measured, plan, name, value, bound, dual, np.ones(1))
    law = measured.probability / measured.probability.sum()
    for name in _added(period):
        value, bound = _sides(period, name, market.period_data(period), outcome.nodes)
        dual = _dual(period, name, outcome.node_row_dual, outcome.node_reduced_cost)
        yield _row(measured, period, name, value, bound, dual, law)


def _added(template: Template) -> list[Name]:
    """The rows that neither the formulation nor a limit declares."""
    return [
        name
        for name in (*template.rows, *template.bound_rows)
        if name[0] not in template.notes and name[0] not in KINDS
    ]


def _sides(template: Template, name: Name, data: Array, columns: Array) -> tuple[Array, Array]:
    """What a row comes to at every node, and the side that is nearer."""
    if name in template.row_index:
        row = template.row_index[name]
        entries = np.flatnonzero(template.entry_row == row)
        value = (template.entry.at(data)[:, entries] * columns[:, template.entry_column[entries]]).sum(axis=1)
        low, high = template.row_lower.at(data)[:, row], template.row_upper.at(data)[:, row]
    else:
        row = template.bound_rows.index(name)
        (column,) = {
            *np.flatnonzero(template.lower_row == row).tolist(),
            *np.flatnonzero(template.upper_row == row).tolist(),
        }
        value, infinite = columns[:, column], np.full(len(columns), np.inf)
        low = template.lower.at(data)[:, column] if template.lower_row[column] == row else -infinite
        high = template.upper.at(data)[:, column] if template.upper_row[column] == row else infinite
    return value, np.where(value - low < high - value, low, high)


def _dual(template: Template, name: Name, row_dual: Array, reduced_cost: Array) -> Array:
    """What one unit more of room saves at every node, kUSD."""
    if name in template.row_index:
        return np.abs(row_dual[:, template.row_index[name]])
    row = template.bound_rows.index(name)
    lower = np.maximum(reduced_cost[:, template.lower_row == row], 0.0).sum(axis=1)
    upper = np.minimum(reduced_cost[:, template.upper_row == row], 0.0).sum(axis=1)
    return np.asarray(lower - upper)


def _row(
    measured: Measured, template: Template, name: Name, value: Array, bound: Array, dual: Array, law: Array
) -> tuple[Any, ...]:  # fmt: skip
    component, index = name
    owner = template.owner(name)
    year = owner.get("year")
    scope = " ".join(str(part) for part in index if part != year) or "all"
    mean, most, price = float(law @ value), float(law @ bound), float(dual.sum())
    slack, musd = float(law @ np.abs(bound - value)), price / KUSD_PER_MUSD
    worthless = is_worthless(musd, "unit", measured.gross / KUSD_PER_MUSD)
    called = f"{component}[{','.join(map(str, index))}]" if index else component
    words = f"{called} has room left" if slack > 0 else f"{called} stands at its limit, at no cost to speak of"
    if not worthless:
        words = f"one unit more of {called} saves {rounded(musd)} million USD at the margin"
    return (
        component,
        ADDED,
        "policy",
        scope,
        year,
        mean,
        most,
        slack,
        "",
        not worthless or slack == 0,
        musd,
        "unit",
        math.nan,
        words,
    )
