"""The numbers of the limits, kind by kind: bounds and weights of the plan and of the periods, and the most that futures allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from procure.formulation.sets import FUTURE_KINDS, Limit, Sets
from procure.market.asked import Asked
from procure.market.numbers import Index, Numbers, datum
from procure.market.prices import Prices
from procure.market.reading import Reading
from procure.model.limits import LimitChoices
from procure.units import DAYS_PER_YEAR, KUSD_PER_MUSD, Array


@dataclass(frozen=True)
class Bound:
    """The most a limit on all futures allows, and the nodes it looks at (for costs: None, all leaves)."""

    most: float
    nodes: NDArray[np.int64] | None = None


def limit_of(choice: LimitChoices, reading: Reading, prices: Prices) -> Limit:
    """A limit of the model file, over the elements, suppliers and years of the model."""
    first = choice.first if choice.first is not None else reading.years[0]
    last = choice.last if choice.last is not None else reading.years[-1]
    elements = tuple(e for e in reading.elements if choice.scope in ("all", e, reading.class_of[e]))
    if choice.supplier is not None:
        suppliers: tuple[str, ...] = (choice.supplier,)
    elif choice.country is not None:
        # Where nobody is in business the country itself stands for no one; an empty scope would mean everybody.
        suppliers = tuple(s for s in reading.suppliers if reading.registry[s]["country"] == choice.country) or (
            choice.country,
        )
    else:
        suppliers = ()
    by_value = choice.weight == "value"
    return Limit(
        name=choice.name,
        kind=choice.kind,
        tag=choice.tag,
        years=() if choice.kind in ("cost_cvar", "worst_case") else tuple(range(first, last + 1)),
        suppliers=suppliers,
        elements=elements,
        weight=choice.weight,
        prices=tuple(prices.listed(e, "licensed") or 0.0 for e in elements) if by_value else (),
        alpha=choice.alpha,
    )


class PlanLimits(Numbers):
    """What the limits on the plan are given."""

    def __init__(self, reading: Reading, asked: Asked) -> None:
        super().__init__(reading)
        self.asked = asked
        self._limits = {limit.name: limit for limit in asked.sets.limits}
        self._bounds = {choice.name: choice.bound for choice in reading.settings.limits}

    @datum(over=lambda sets: [(i.name, y) for i in sets.limits_of("domestic_share") for y in i.years])
    def domestic_bound(self, i: str, y: int) -> float:
        """t/yr, weighted, that are bought at home at least."""
        limit, demand = self._limits[i], self.asked.demand
        return self._bounds[i] * float(sum(limit.weight_of(e) * demand(e, y) for e in limit.elements))

    @datum(
        over=lambda sets: [(i.name, e, y) for i in sets.limits_of("stock_days") for y in i.years for e in i.elements]
    )
    def stock_least(self, i: str, e: str, y: int) -> float:
        """t of room for stock at least."""
        return self._bounds[i] / DAYS_PER_YEAR * self.asked.demand(e, y)

    @datum(over=lambda sets: [(i.name, y) for i in sets.limits_of("budget") for y in i.years])
    def budget_bound(self, i: str, y: int) -> float:
        """kUSD of present value that may be spent."""
        return self._bounds[i] * KUSD_PER_MUSD * self.asked.discount(y)

    @datum(
        over=lambda sets: [
            (i.name, s, e, y) for i in sets.limits_of("footprint") for s, e in sets.in_scope(i) for y in i.years
        ]
    )
    def footprint_excess(self, i: str, s: str, e: str, y: int) -> float:
        """By how much the footprint of a tonne exceeds what it may be on average."""
        return self.asked.term(s, "footprint", y, e) - self._bounds[i]


def _measured(sets: Sets) -> list[Index]:
    return [(i.name, e) for i in sets.limits_of("expected_shortage", "shortage_cvar") for e in i.elements]


class PeriodLimits(Numbers):
    """What the limits on all futures are given, node by node."""

    def __init__(self, reading: Reading, asked: Asked) -> None:
        super().__init__(reading)
        self.asked = asked
        self._limits = {limit.name: limit for limit in asked.sets.limits}

    @datum(over=_measured)
    def weight_shortage(self, i: str, e: str) -> Array:
        """1/t: what a missing tonne is of all that is needed."""
        limit, demand = self._limits[i], self.asked.demand_in_node
        return np.asarray(limit.weight_of(e) / sum(limit.weight_of(other) * demand(other) for other in limit.elements))


def future_bounds(asked: Asked, reading: Reading) -> dict[tuple[str, Any], Bound]:
    """The bound of every limit on all futures, by name and year (None where it has no year)."""
    choice = {c.name: c.bound for c in reading.settings.limits}
    bounds: dict[tuple[str, Any], Bound] = {}
    demand = {(e,): asked.demand_in_node(e) for e in asked.elements}
    for limit in asked.sets.limits_of(*FUTURE_KINDS):
        for year in limit.years or (None,):
            nodes = None if year is None else np.flatnonzero(asked.year_of_node == year)
            if nodes is not None and limit.kind == "share":
                nodes = nodes[_undisturbed(limit, asked)[nodes]]
            most = most_of(limit, choice[limit.name], nodes, asked.probability, demand)
            bounds[limit.name, year] = Bound(most, nodes)
    return bounds


def _undisturbed(limit: Limit, asked: Asked) -> NDArray[np.bool_]:
    """Nodes where every supplier of the limit's scope is in its first, undisturbed state."""
    calm = np.ones(len(asked.year_of_node), dtype=bool)
    for supplier in limit.suppliers:
        calm &= asked.undisturbed(supplier)
    return calm


def most_of(
    limit: Limit,
    bound: float,
    nodes: NDArray[np.int64] | None,
    probability: Array,
    demand: Mapping[tuple[Any, ...], Array],
) -> float:
    """The most a limit on all futures allows, in its own unit: kUSD, a share of demand, or t of the nodes it looks at."""
    if nodes is None:
        return bound * KUSD_PER_MUSD
    if limit.kind != "share":
        return bound
    total = sum((limit.weight_of(e) * demand[e,][nodes] for e in limit.elements), np.zeros(len(nodes)))
    return bound * float(probability[nodes] @ total)
