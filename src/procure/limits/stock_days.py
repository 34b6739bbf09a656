"""stock_days: room for at least so many days of use in stock, element by element.

stock_target_ey >= days / 365 × demand_ey                              ∀ e
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from procure.languages import Said
from procure.limits.asked import MarketNumbers
from procure.limits.kind import PlanLimit
from procure.limits.limit import DAYS, Datum, Limit
from procure.limits.said import what, whole
from procure.units import DAYS_PER_YEAR


class StockDays(PlanLimit):
    """At least so many days of use in stock."""

    name = "stock_days"
    title = Said("At least so many days of use in stock", "備蓄枠の使用日数の下限")
    reads = ("scope", "from", "to")
    sense = "min"
    measured_in = DAYS
    nothing = np.inf

    def on_plan(self, m: Any, sets: Any, limits: Sequence[Limit]) -> None:
        """One row per limit, element and year."""
        index = [(i.name, e, y) for i in limits for e in i.elements or sets.elements for y in sets.moments_in(i.years)]
        m.declare_set("STOCK_DAYS", index, "limit", "element", "year")
        least = m.given("stock_least", m.STOCK_DAYS, unit="t")

        @m.Constraint(m.STOCK_DAYS)
        def stock_days(m: Any, i: str, e: str, y: int) -> Any:
            return m.stock_target[e, y] >= least[i, e, y]

    def plan_numbers(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """t."""
        return {
            ("stock_least", (limit.name, e, y)): bound / DAYS_PER_YEAR * market.demand(e, y)
            for e in limit.elements
            for y in market.sets.moments_in(limit.years)
        }

    def subject(self, choice: Any) -> str:
        """In words, as in 'Dy stock'."""
        return Said("{what}stock", "{what}備蓄").format(what=what(choice))

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'room for at least 60 days of use of Dy in stock'."""
        return Said(
            "room for at least {bound} of use of {whole} in stock", "{whole}の使用量{bound}分以上の備蓄枠"
        ).format(bound=bound, whole=whole(choice))
