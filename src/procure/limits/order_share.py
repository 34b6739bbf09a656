"""order_share: at most so much of what is contracted in a year comes from a supplier or country, whatever is called or arrives.

  Σ_se excess_sey contract_sey <= 0               excess = w_e (1 - bound) of those suppliers, - w_e bound of the others

In the terms of `per_tonne` a tonne of theirs brings 1, one of anybody else nothing. A share of demand, of which calls are a
part, is for `share`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from procure.languages import Said
from procure.limits.asked import MarketNumbers
from procure.limits.limit import Limit
from procure.limits.per_tonne import PerTonne
from procure.limits.said import by_value, names_one_owner, what, whole, whose


class OrderShare(PerTonne):
    """At most a share of what is contracted from a supplier or country."""

    name = "order_share"
    title = Said(
        "At most a share of what is contracted from a supplier or country", "契約量に占める供給元か国の比率の上限"
    )
    reads = ("supplier", "country", "scope", "from", "to", "weight")
    nothing_says = Said("nothing is contracted", "契約がない")

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """One owner."""
        return names_one_owner(choice)

    def per_tonne(self, limit: Limit, offer: tuple[str, str], year: int, market: MarketNumbers) -> float:
        """One of the limited, nothing of the others."""
        return float(offer in market.sets.in_scope(limit))

    def over(self, limit: Limit) -> Limit:
        """All offers of the elements of a limit, of whatever supplier."""
        return replace(limit, suppliers=())

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
