"""How a share of demand that suppliers bring is counted: three meanings of "at most half from there", and the file says which.

  undisturbed   Σ_{n in U_y} p_n m_n <= bound × Σ_{n in U_y} p_n D_n      on average while the suppliers are undisturbed
  mean          Σ_{n in N_y} p_n m_n <= bound × Σ_{n in N_y} p_n D_n      on average over all futures
  always        m_n <= bound × D_n                        ∀ n ∈ N_y       in every future

with m = Σ_se w_e supply_se, D = Σ_e w_e demand_e, w_e = 1 or the price of e; N_y are the nodes of the year, U_y those where the
suppliers themselves are in their first state. What is kept always is kept on both averages. Of these neither implies the other:
undisturbed, a likely ban makes no room for a larger share in good times, and one on all futures does; but in a state such as
licence friction a supplier is disturbed, and then only the other two hold. A share is taken of demand, not of what is left to
consume: a shortage elsewhere must not force a cut here.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from procure.languages import Said
from procure.limits.asked import Futures, MarketNumbers
from procure.limits.counted import cap_mean
from procure.limits.kind import FuturesLimit
from procure.limits.limit import Bound, Counts, Limit, Numbers
from procure.limits.said import by_value, what
from procure.units import Array, Index

#: What each meaning adds to the words of a limit.
MEANINGS = {
    "undisturbed": Said("while undisturbed", "平常時"),
    "always": Said("in every future", "あらゆる将来"),
    "mean": Said("on average over all futures", "全将来の平均"),
}


class SuppliedShare(FuturesLimit):
    """Limits on the share of demand that suppliers bring."""

    reads: ClassVar[tuple[str, ...]] = ("scope", "from", "to", "weight", "when")
    keys: ClassVar[dict[str, tuple[Any, Any]]] = {
        "when": (
            Literal["undisturbed", "always", "mean"],
            Field(
                "undisturbed", description="In which futures it holds: while undisturbed, in every one, or on average."
            ),
        )
    }
    counts = Counts.MEAN
    nothing_says = Said(
        "no future of that year is undisturbed, or there is no demand", "その年に平常の将来がないか、需要がない"
    )

    def counted(self, choice: Any) -> Counts:
        """In every node, or in the mean over some."""
        return Counts.NODES if choice.when == "always" else Counts.MEAN

    def detail(self, choice: Any) -> Hashable:
        """Which of the three is meant."""
        return str(choice.when)

    def on_period(self, m: Any, sets: Any, limit: Limit, supply: Any) -> Any:
        """t that arrive from the suppliers of the limit, weighted."""
        return sum(limit.weight_of(e) * supply(s, e) for s, e in sets.in_scope(limit))

    def looks_at(self, limit: Limit, year: int | None, market: MarketNumbers) -> Index:
        """The nodes of the year; where only those are meant, the nodes where its suppliers are undisturbed."""
        nodes = super().looks_at(limit, year, market)
        for supplier in limit.suppliers if limit.detail == "undisturbed" else ():
            nodes = nodes[market.undisturbed(supplier)[nodes]]
        return nodes

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """t, weighted by probability and price; in every node the share itself."""
        demand = sum((limit.weight_of(e) * period["demand"][e,][nodes] for e in limit.elements), np.zeros(len(nodes)))
        law = probability[nodes]
        if limit.counts is Counts.NODES:
            return Bound(choice.bound, nodes, law, numbers={"demand": demand})
        total = float(law @ demand)
        return Bound(choice.bound * total, nodes, law, total)

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """One row a year, or one a node."""
        if limit.counts is not Counts.NODES:
            return cap_mean(futures, limit, bound)
        demand = bound.numbers["demand"]
        columns, values = futures.measure(limit, bound.nodes)
        # Of no demand every share is nothing, whatever the bound: such rows do not hold it.
        rows = futures.add_rows(np.full(len(demand), -np.inf), np.where(demand > 0, bound.most, 0.0))
        per_demand = values / np.where(demand > 0, demand, 1.0)[:, None]
        futures.add(np.broadcast_to(rows[:, None], columns.shape), columns, per_demand)
        return rows[demand > 0]

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """The share, of several futures the mean or the largest; NaN where there is none to look at."""
        if limit.counts is not Counts.NODES:
            return float(law @ measure) / bound.rate if bound.rate > 0 else self.nothing
        some = bound.numbers["demand"] > 0
        return float((measure[some] / bound.numbers["demand"][some]).max()) if some.any() else self.nothing

    def subject(self, choice: Any) -> str:
        """In words, as in "china's medium/heavy share while undisturbed"."""
        return Said("{owner}'s {what}share{by_value} {which}", "{owner}への{what}依存度{by_value}、{which}").format(
            owner=self.owner(choice), what=what(choice), by_value=by_value(choice), which=which(choice)
        )

    def owner(self, choice: Any) -> str:
        """Whose share it is."""
        return choice.supplier or choice.country or ""


def which(choice: Any) -> Said:
    """When a share is counted: "in every future"."""
    return MEANINGS[choice.when]
