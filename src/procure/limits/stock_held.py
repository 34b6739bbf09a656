"""stock_held: so many days of use held in stock in every undisturbed future, element by element.

  365 / demand_ey × stock_en >= days                                     ∀ e, n ∈ U_ey

with stock_en what is held at the end of the period, demand t/yr before levels, and U_ey the nodes of the year in which every
supplier that could deliver e is in its first state: there, stock against disruption is not for drawing (`formulation.period`). In a
disruption it may be drawn to the last tonne; once that is over it must be there again, so that what refill (`stock.csv`) does not
bring back in a period has to be kept through it. `stock_days` asks for the room alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from procure.languages import Said
from procure.limits.asked import Futures, MarketNumbers
from procure.limits.kind import FuturesLimit
from procure.limits.limit import DAYS, Bound, Counts, Datum, Limit, Numbers
from procure.limits.said import what, whole
from procure.units import DAYS_PER_YEAR, Array, Index


class StockHeld(FuturesLimit):
    """At least so many days of use held."""

    name = "stock_held"
    title = Said("At least so many days of use held", "実際に保有する備蓄日数の下限")
    reads = ("scope", "from", "to")
    sense = "min"
    measured_in = DAYS
    counts = Counts.NODES
    has_parts = True
    nothing_says = Said(
        "no future of that year is undisturbed, or there is no demand", "その年に平常の将来がないか、需要がない"
    )

    def parts(self, limit: Limit, choice: Any, country_of: Mapping[str, str]) -> Iterator[Limit]:
        """One of each element: days of one are none of another."""
        return (limit.of(e, elements=(e,)) for e in limit.elements)

    def on_period(self, m: Any, sets: Any, limit: Limit, supply: Any) -> Any:
        """Days of use at the end of one period."""
        weight = m.given(
            f"weight_of_{limit.name}", m.declare_set(f"OF_{limit.name}", limit.elements, "element"), unit="1/t"
        )
        return sum(weight[e] * m.stock[e] for e in limit.elements)

    def period_numbers(self, limit: Limit, market: MarketNumbers) -> dict[Datum, Array]:
        """Days that a tonne lasts."""
        demand = {y: {e: market.demand(e, y) for e in limit.elements} for y in market.years}
        return {
            (f"weight_of_{limit.name}", (e,)): np.array(
                [DAYS_PER_YEAR / demand[y][e] if demand[y][e] > 0 else 0.0 for y in market.year_of_node.tolist()]
            )
            for e in limit.elements
        }

    def looks_at(self, limit: Limit, year: int | None, market: MarketNumbers) -> Index:
        """The nodes of the year that are undisturbed for the element."""
        assert year is not None
        nodes = super().looks_at(limit, year, market)
        for e in limit.elements:
            nodes = nodes[market.calm(e)[nodes]] if market.demand(e, year) > 0 else nodes[:0]
        return nodes

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """The days themselves, at every node alike."""
        return Bound(choice.bound, nodes, probability[nodes])

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """One row a node."""
        columns, values = futures.measure(limit, bound.nodes)
        rows = futures.add_rows(np.full(len(columns), bound.most), np.full(len(columns), np.inf))
        futures.add(np.broadcast_to(rows[:, None], columns.shape), columns, values)
        return rows

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """The fewest days held."""
        return float(measure.min()) if len(measure) else self.nothing

    def subject(self, choice: Any) -> str:
        """In words, as in "Dy stock held while undisturbed"."""
        return Said("{what}stock held while undisturbed", "平常時に保有する{what}備蓄").format(what=what(choice))

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in "at least 60 days of use of Dy held in stock in every undisturbed future"."""
        return Said(
            "at least {bound} of use of {whole} held in stock in every undisturbed future",
            "平常時のあらゆる将来で{whole}の使用量{bound}分以上を備蓄",
        ).format(bound=bound, whole=whole(choice))
