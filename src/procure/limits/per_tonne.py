"""At most so much of something per tonne, on average over what is contracted in a year.

  Σ_se excess_sey contract_sey <= 0              excess = w_e (per_tonne_sey - bound)

The bound multiplies decisions: a unit of it is worth the tonnes contracted. A limit over offers of which none can be contracted has
no row.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from procure.limits.asked import MarketNumbers
from procure.limits.kind import PlanLimit
from procure.limits.limit import Datum, Limit, Measures, Numbers


class PerTonne(PlanLimit):
    """At most so much per tonne contracted."""

    nothing = 0.0

    @abstractmethod
    def per_tonne(self, limit: Limit, offer: tuple[str, str], year: int, market: MarketNumbers) -> float:
        """What a tonne of an offer (supplier, element) brings, in the unit of the bound."""

    def over(self, limit: Limit) -> Limit:
        """The limit as it speaks of all that is averaged over."""
        return limit

    def _offers(self, limit: Limit, sets: Any) -> list[tuple[str, str]]:
        contracted = set(sets.offers)
        return [offer for offer in sets.in_scope(self.over(limit)) if offer in contracted]

    def on_plan(self, m: Any, sets: Any, limits: Sequence[Limit]) -> None:
        """One row per limit and year."""
        offers = {i.name: self._offers(i, sets) for i in limits}
        moments = {i.name: sets.moments_in(i.years) for i in limits}
        pairs = [(i, y) for i in offers if offers[i] for y in moments[i]]
        m.declare_set(self.name.upper(), pairs, "limit", "year")
        parts = [(i, s, e, y) for i, y in pairs for s, e in offers[i]]
        m.declare_set(f"{self.name.upper()}_OFFERS", parts, "limit", "supplier", "element", "year")
        excess = m.given(f"{self.name}_excess", m.component(f"{self.name.upper()}_OFFERS"), unit="1")

        def at_most(m: Any, i: str, y: int) -> Any:
            return sum(excess[i, s, e, y] * m.contract[s, e, y] for s, e in offers[i]) <= 0

        at_most.__name__ = self.name
        m.Constraint(m.component(self.name.upper()))(at_most)

    def plan_numbers(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """What a tonne brings above the bound."""
        return {
            (f"{self.name}_excess", (limit.name, *offer, y)): limit.weight_of(offer[1])
            * (self.per_tonne(limit, offer, y, market) - bound)
            for offer in self._offers(limit, market.sets)
            for y in market.sets.moments_in(limit.years)
        }

    def plan_rates(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """As if all demand were contracted: what a slack is measured in, before `needed` says what it comes to."""
        return {
            (self.name, (limit.name, y)): float(sum(limit.weight_of(e) * market.demand(e, y) for e in limit.elements))
            for y in market.sets.moments_in(limit.years)
            if self._offers(limit, market.sets)
        }

    def needed(self, limit: Limit, plan: Numbers, market: MarketNumbers, measures: Measures) -> float | None:
        """The average of the worst year."""
        averages = [0.0]
        for y in market.sets.moments_in(limit.years):
            volume = {
                offer: limit.weight_of(offer[1]) * plan["contract"].get((*offer, y), 0.0)
                for offer in self._offers(limit, market.sets)
            }
            if (whole := sum(volume.values())) > 0:
                brought = sum(self.per_tonne(limit, offer, y, market) * x for offer, x in volume.items())
                averages.append(brought / whole)
        return max(averages)
