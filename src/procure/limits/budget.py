"""budget: at most so much money a year for capacity, programmes, fixed charges and stock, in money of that year.

Σ price_expansion expansion + Σ charge use + Σ price_order placed + Σ price_reserve reserve + Σ storage stock_target
  + Σ price_programme programme <= bound × discount_y
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procure.languages import Said
from procure.limits.asked import MarketNumbers
from procure.limits.kind import PlanLimit
from procure.limits.limit import MUSD, Datum, Limit
from procure.units import KUSD_PER_MUSD


class Budget(PlanLimit):
    """At most so much money a year."""

    name = "budget"
    title = Said("At most so much money a year", "年間支出の上限")
    reads = ("from", "to")
    measured_in = MUSD

    def on_plan(self, m: Any, sets: Any, limits: Sequence[Limit]) -> None:
        """One row per limit and year."""
        m.declare_set("BUDGET", [(i.name, y) for i in limits for y in sets.moments_in(i.years)], "limit", "year")
        bound = m.given("budget_bound", m.BUDGET, unit="kUSD")

        @m.Constraint(m.BUDGET)
        def budget(m: Any, i: str, y: int) -> Any:
            spent = sum(m.price_expansion[s, y] * m.expansion[s, y] for s in m.X)
            spent += sum(m.charge[s, y] * m.use[s, y] for s in m.F)
            spent += sum(m.price_order[s, e, y] * m.placed[s, e, y] for s, e in m.Q)
            spent += sum(m.price_reserve[s, e, y] * m.reserve[s, e, y] for s, e in m.H)
            spent += sum(m.storage[e, y] * m.stock_target[e, y] for e in m.E)
            spent += sum(m.price_programme[s, g, y] * m.programme[s, g, y] for s, g in m.G)
            return spent <= bound[i, y]

    def plan_numbers(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """kUSD, present value."""
        return {
            ("budget_bound", (limit.name, y)): bound * KUSD_PER_MUSD * market.discount(int(y))
            for y in market.sets.moments_in(limit.years)
        }

    def subject(self, choice: Any) -> str:
        """In words, as in 'budget'."""
        return Said("budget", "予算")

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at most 100 million USD a year for capacity, programmes, fixed charges and stock'."""
        return Said(
            "at most {bound} a year for capacity, programmes, fixed charges and stock",
            "能力増強・開発計画・固定費・備蓄に年{bound}以下",
        ).format(bound=bound)
