"""order_share: at most so much of what is contracted in a year comes from a supplier or country, whatever is called or arrives.

  Σ_se order_part_sey contract_sey <= 0           order_part = w_e (1 - bound) of those suppliers, - w_e bound of the others

The bound multiplies decisions: a unit of it is worth the tonnes contracted. A share of demand, of which calls are a part, is
for `share`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from procure.languages import Said
from procure.limits.asked import MarketNumbers
from procure.limits.kind import PlanLimit
from procure.limits.limit import Datum, Limit, Measures, Numbers
from procure.limits.said import by_value, names_one_owner, what, whole, whose


class OrderShare(PlanLimit):
    """At most a share of what is contracted from a supplier or country."""

    name = "order_share"
    reads = ("supplier", "country", "scope", "from", "to", "weight")
    nothing = 0.0
    nothing_says = Said("nothing is contracted", "契約がない")

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """One owner."""
        return names_one_owner(choice)

    def on_plan(self, m: Any, sets: Any, limits: Sequence[Limit]) -> None:
        """One row per limit and year."""
        offers = {i.name: _contracted(sets, i) for i in limits}
        m.declare_set("ORDER_SHARE", [(i.name, y) for i in limits for y in sets.moments_in(i.years)], "limit", "year")
        parts = [(i.name, s, e, y) for i in limits for s, e in offers[i.name] for y in sets.moments_in(i.years)]
        m.declare_set("ORDER_PARTS", parts, "limit", "supplier", "element", "year")
        part = m.given("order_part", m.ORDER_PARTS, unit="1")

        @m.Constraint(m.ORDER_SHARE)
        def order_share(m: Any, i: str, y: int) -> Any:
            return sum(part[i, s, e, y] * m.contract[s, e, y] for s, e in offers[i]) <= 0

    def plan_numbers(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """What a tonne adds to the share, above the bound."""
        own = set(market.sets.in_scope(limit))
        return {
            ("order_part", (limit.name, s, e, y)): limit.weight_of(e) * (((s, e) in own) - bound)
            for s, e in _contracted(market.sets, limit)
            for y in market.sets.moments_in(limit.years)
        }

    def plan_rates(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """As if all demand were contracted: what a slack is measured in, before `needed` says what it comes to."""
        return {
            (self.name, (limit.name, y)): float(sum(limit.weight_of(e) * market.demand(e, y) for e in limit.elements))
            for y in market.sets.moments_in(limit.years)
        }

    def needed(self, limit: Limit, plan: Numbers, market: MarketNumbers, measures: Measures) -> float | None:
        """The largest share of a year."""
        shares, own = [0.0], set(market.sets.in_scope(limit))
        for y in market.sets.moments_in(limit.years):
            contract = {
                (s, e): limit.weight_of(e) * plan["contract"].get((s, e, y), 0.0)
                for s, e in _contracted(market.sets, limit)
            }
            if (volume := sum(contract.values())) > 0:
                shares.append(sum(x for offer, x in contract.items() if offer in own) / volume)
        return max(shares)

    def subject(self, choice: Any) -> str:
        """In words, as in "china's medium/heavy share of contracts by value"."""
        return Said("{whose}'s {what}share of contracts{by}", "{whose}の{what}契約比率{by}").format(
            whose=whose(choice), what=what(choice), by=by_value(choice)
        )

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in "at most 50 % of what is contracted of medium_heavy from china"."""
        return Said(
            "at most {bound} of what is contracted of {whole} from {whose}",
            "{whole}の契約のうち{whose}からは{bound}以下",
        ).format(bound=bound, whole=whole(choice), whose=whose(choice))


def _contracted(sets: Any, limit: Limit) -> list[tuple[str, str]]:
    """All offers of the elements of a limit, of whatever supplier."""
    contracted = set(sets.offers)
    return [offer for offer in sets.in_scope(replace(limit, suppliers=())) if offer in contracted]
