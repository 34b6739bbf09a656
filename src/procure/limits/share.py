"""share: at most so much of a class from one supplier or country, of all demand, on average while it is undisturbed.

  Σ_{n in N_y} p_n m_n <= bound × Σ_{n in N_y} p_n Σ_e w_e demand_en      m = Σ_se w_e supply_se,   w_e = 1 or the price of e

N_y are the nodes of the year where the suppliers themselves are undisturbed. A share is taken of demand, not of what is left to
consume: a shortage elsewhere must not force a cut here, and a likely ban must not make room for a larger share in good times.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from procure.limits.asked import Futures, MarketNumbers
from procure.limits.counted import cap_mean
from procure.limits.kind import FuturesLimit
from procure.limits.limit import Bound, Counts, Limit, Numbers
from procure.limits.said import by_value, names_one_owner, what, whole, whose
from procure.units import Array, Index


class Share(FuturesLimit):
    """At most a share of demand from a supplier or country."""

    name = "share"
    reads = ("supplier", "country", "scope", "from", "to", "weight")
    counts = Counts.MEAN
    nothing_says = "no future of that year is undisturbed"

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """One owner."""
        return names_one_owner(choice)

    def on_period(self, m: Any, sets: Any, limit: Limit, supply: Any) -> Any:
        """t that arrive from the suppliers of the limit, weighted."""
        return sum(limit.weight_of(e) * supply(s, e) for s, e in sets.in_scope(limit))

    def looks_at(self, limit: Limit, year: int | None, market: MarketNumbers) -> Index:
        """The nodes of the year where its suppliers are undisturbed."""
        nodes = super().looks_at(limit, year, market)
        for supplier in limit.suppliers:
            nodes = nodes[market.undisturbed(supplier)[nodes]]
        return nodes

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """t, weighted by probability and price."""
        demand = sum((limit.weight_of(e) * period["demand"][e,][nodes] for e in limit.elements), np.zeros(len(nodes)))
        law = probability[nodes]
        total = float(law @ demand)
        return Bound(choice.bound * total, nodes, law, total)

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """One row a year."""
        return cap_mean(futures, limit, bound)

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """The share, NaN where no future of the year is undisturbed."""
        return float(law @ measure) / bound.rate if bound.rate > 0 else self.nothing

    def subject(self, choice: Any) -> str:
        """In words, as in 'china's medium/heavy share'."""
        return f"{choice.supplier or choice.country}'s {what(choice)}share{by_value(choice)}"

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at most 65 % of medium_heavy from china'."""
        return f"at most {bound} of {whole(choice)} from {whose(choice)}"
