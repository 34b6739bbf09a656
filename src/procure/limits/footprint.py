"""footprint: at most so much residue per tonne REO, on average over what is contracted (`per_tonne`).

Σ_se excess_sey contract_sey <= 0                                      excess = footprint_sey - bound
"""

from __future__ import annotations

from typing import Any

from procure.languages import Said
from procure.limits.asked import MarketNumbers
from procure.limits.limit import TONNE_PER_TONNE, Limit
from procure.limits.per_tonne import PerTonne
from procure.limits.said import what, whole


class Footprint(PerTonne):
    """At most so much residue per tonne."""

    name = "footprint"
    title = Said("At most so much residue per tonne", "1 t 当たりの残渣の上限")
    reads = ("supplier", "country", "scope", "from", "to")
    measured_in = TONNE_PER_TONNE

    def per_tonne(self, limit: Limit, offer: tuple[str, str], year: int, market: MarketNumbers) -> float:
        """t of residue per t REO."""
        supplier, element = offer
        return market.term(supplier, "footprint", year, element)

    def subject(self, choice: Any) -> str:
        """In words, as in 'medium/heavy footprint'."""
        return Said("{what}footprint", "{what}環境負荷").format(what=what(choice))

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at most 1.5 t/t of residue from all elements'."""
        return Said("at most {bound} of residue from {whole}", "{whole}の残渣は{bound}以下").format(
            bound=bound, whole=whole(choice)
        )
