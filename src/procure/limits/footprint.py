"""footprint: at most so much residue per tonne REO, on average over what is contracted.

  Σ_se excess_sey contract_sey <= 0                                      excess = footprint_sey - bound

The bound multiplies decisions: a unit of it is worth the tonnes contracted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procure.languages import Said
from procure.limits.asked import MarketNumbers
from procure.limits.kind import PlanLimit
from procure.limits.limit import TONNE_PER_TONNE, Datum, Limit, Measures, Numbers
from procure.limits.said import what, whole


class Footprint(PlanLimit):
    """At most so much residue per tonne."""

    name = "footprint"
    reads = ("supplier", "country", "scope", "from", "to")
    measured_in = TONNE_PER_TONNE
    nothing = 0.0

    def on_plan(self, m: Any, sets: Any, limits: Sequence[Limit]) -> None:
        """One row per limit and year."""
        scope = {i.name: [(s, e) for s, e in sets.in_scope(i) if (s, e) in m.O] for i in limits}
        m.declare_set("FOOTPRINT", [(i.name, y) for i in limits for y in sets.moments_in(i.years)], "limit", "year")
        offers = [(i.name, s, e, y) for i in limits for s, e in scope[i.name] for y in sets.moments_in(i.years)]
        m.declare_set("FOOTPRINT_OFFERS", offers, "limit", "supplier", "element", "year")
        excess = m.given("footprint_excess", m.FOOTPRINT_OFFERS, unit="1")

        @m.Constraint(m.FOOTPRINT)
        def footprint(m: Any, i: str, y: int) -> Any:
            return sum(excess[i, s, e, y] * m.contract[s, e, y] for s, e in scope[i]) <= 0

    def plan_numbers(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """t of residue per t REO, above the bound."""
        return {
            ("footprint_excess", (limit.name, s, e, y)): market.term(s, "footprint", y, e) - bound
            for s, e in market.sets.in_scope(limit)
            if (s, e) in market.sets.offers
            for y in market.sets.moments_in(limit.years)
        }

    def plan_rates(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """As if all demand were contracted: what a slack is measured in, before `needed` says what it comes to."""
        return {
            (self.name, (limit.name, y)): float(sum(limit.weight_of(e) * market.demand(e, y) for e in limit.elements))
            for y in market.sets.moments_in(limit.years)
        }

    def needed(self, limit: Limit, plan: Numbers, market: MarketNumbers, measures: Measures) -> float | None:
        """The residue per tonne of the dirtiest year."""
        ratios = [0.0]
        for y in market.sets.moments_in(limit.years):
            contract = {(s, e): plan["contract"].get((s, e, y), 0.0) for s, e in market.sets.in_scope(limit)}
            if (volume := sum(contract.values())) > 0:
                ratios.append(sum(market.term(s, "footprint", y, e) * x for (s, e), x in contract.items()) / volume)
        return max(ratios)

    def subject(self, choice: Any) -> str:
        """In words, as in 'medium/heavy footprint'."""
        return Said("{what}footprint", "{what}環境負荷").format(what=what(choice))

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at most 1.5 t/t of residue from all elements'."""
        return Said("at most {bound} of residue from {whole}", "{whole}の残渣は{bound}以下").format(
            bound=bound, whole=whole(choice)
        )
