"""domestic_share: at least so much of demand contracted from a supplier or country, year by year.

Σ_se w_e contract_sey >= bound × Σ_e w_e demand_ey                     w_e = 1 or the price of e
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from procure.languages import Said
from procure.limits.asked import MarketNumbers
from procure.limits.kind import PlanLimit
from procure.limits.limit import Datum, Limit
from procure.limits.said import by_value, names_one_owner, what, whole, whose


class DomesticShare(PlanLimit):
    """At least a share of demand from a supplier or country."""

    name = "domestic_share"
    title = Said("At least a share of demand from a supplier or country", "供給元か国からの比率の下限")
    reads = ("supplier", "country", "scope", "from", "to", "weight")
    sense = "min"

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """One owner."""
        return names_one_owner(choice)

    def on_plan(self, m: Any, sets: Any, limits: Sequence[Limit]) -> None:
        """One row per limit and year."""
        by_name = {limit.name: limit for limit in limits}
        m.declare_set("DOMESTIC", [(i.name, y) for i in limits for y in sets.moments_in(i.years)], "limit", "year")
        bound = m.given("domestic_bound", m.DOMESTIC, unit="t/yr")

        @m.Constraint(m.DOMESTIC)
        def domestic_share(m: Any, i: str, y: int) -> Any:
            scope = [(s, e) for s, e in sets.in_scope(by_name[i]) if (s, e) in m.O]
            return sum(by_name[i].weight_of(e) * m.contract[s, e, y] for s, e in scope) >= bound[i, y]

    def plan_numbers(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """t/yr, weighted."""
        return {
            ("domestic_bound", (limit.name, y)): bound
            * float(sum(limit.weight_of(e) * market.demand(e, y) for e in limit.elements))
            for y in market.sets.moments_in(limit.years)
        }

    def subject(self, choice: Any) -> str:
        """In words, as in 'domestic medium/heavy share'."""
        return Said("domestic {what}share{by_value}", "{what}国内比率{by_value}").format(
            what=what(choice), by_value=by_value(choice)
        )

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at least 10 % of medium_heavy from seabed'."""
        return Said("at least {bound} of {whole} from {whose}", "{whole}のうち{whose}から{bound}以上").format(
            bound=bound, whole=whole(choice), whose=whose(choice)
        )
