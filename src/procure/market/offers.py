"""How much there is to be bought, of whom: what is offered, what is committed already, what the output of a basket holds."""

from __future__ import annotations

import math

import numpy as np

from procure.facts.tracked import tracked
from procure.market.programme import Programme
from procure.market.reading import Reading, Room
from procure.units import Array


class Offers(Room):
    """The volumes of the suppliers."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.programme = Programme(reading)

    def on_offer(self, supplier: str, element: str, year: int) -> float:
        """t/yr that a supplier offers in a year, to be contracted or only called."""
        offer = self.reading.records.value("offers", year, supplier=supplier, element=element)
        return (offer or 0.0) * self.reading.runs(supplier, year)

    def committed(self, supplier: str, element: str, year: int) -> float:
        """t/yr that are contracted already."""
        return self.reading.records.value("commitments", year, supplier=supplier, element=element) or 0.0

    @tracked
    def shipped(self, supplier: str, element: str) -> Array:
        """The share of what is on offer that was shipped before any restraint, by year of the plan; 1 where no table says."""
        reading = self.reading
        rows = reading.records.rows("shipments", supplier=supplier, element=element)
        share = np.ones(len(reading.years))
        for k, y in enumerate(reading.years):
            offer = self.on_offer(supplier, element, y)
            if rows and offer > 0 and not reading.is_basket(supplier):  # a basket fails as a whole
                share[k] = float(rows[0]["value"]) / offer
        return share

    @tracked
    def offered(self, supplier: str, element: str, year: int) -> float:
        """t/yr that can be contracted: what is on offer and can be had ahead, what a basket holds of it, or what is committed."""
        reading = self.reading
        if reading.choice(supplier, "contracts") == "committed":
            return self.committed(supplier, element, year) * reading.runs(supplier, year)
        if reading.is_basket(supplier):
            return self.share(supplier, element, year) * self._room_of_basket(supplier, year)
        ahead = reading.term(supplier, "contract_limit", year, element, default=np.inf)
        return min(self.on_offer(supplier, element, year), ahead)

    @tracked
    def room(self, supplier: str, element: str) -> Array:
        """t/yr that can be bought, contracted or called, by moment of the plan."""
        reading, contracts = self.reading, self.reading.choice(supplier, "contracts")
        room = np.zeros(len(reading.moments))
        for k, y in enumerate(reading.moments):
            if contracts != "none":
                room[k] = self.offered(supplier, element, y)
            is_called = contracts != "committed" and not reading.is_basket(supplier)
            if is_called and reading.term(supplier, "call_share", y, element) > 0:
                room[k] = max(room[k], self.on_offer(supplier, element, y))
        return room

    def basket(self, supplier: str) -> dict[str, float]:
        """The elements a basket sells, and what share of its output each is; empty where the supplier sells no basket."""
        if not self.reading.is_basket(supplier):
            return {}
        return {r["element"]: float(r["value"]) for r in self.reading.records.rows("baskets", supplier=supplier)}

    def share(self, supplier: str, element: str, year: int) -> float:
        """The share of a basket's output that is an element and is recovered."""
        recovery = self.reading.term(supplier, "recovery", year, element, default=1.0)
        (row,) = self.reading.records.rows("baskets", supplier=supplier, element=element)
        return float(row["value"]) * recovery

    @tracked
    def lead(self, supplier: str) -> int | None:
        """The years that new capacity takes; None where none can be built."""
        if not self.reading.records.rows("terms", supplier=supplier, attribute="expansion_limit"):
            return None
        return math.ceil(self.reading.term(supplier, "expansion_lead", self.reading.years[0]))

    @tracked
    def _room_of_basket(self, supplier: str, year: int) -> float:
        """t/yr of output that a supplier of a basket can have: what there is, what can be ready, what the programme adds."""
        reading, lead = self.reading, self.lead(supplier)
        bought = 0.0
        if lead is not None:
            bought = sum(reading.term(supplier, "expansion_limit", v) for v in reading.years if v <= int(year) - lead)
        own = reading.term(supplier, "capacity", year) + self.programme.capacity(supplier, year)
        return own * reading.runs(supplier, year) + bought
