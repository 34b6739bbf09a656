"""What arrives of what was ordered, at every node: what the supplier's state leaves of what its project has ramped up to."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from procure.facts.records import Row
from procure.facts.tracked import tracked
from procure.market.offers import Offers
from procure.market.reading import Reading, Room
from procure.scenarios.chain import effective_share
from procure.units import Array, Mask


class Delivery(Room):
    """The reliability of the suppliers."""

    def __init__(self, reading: Reading, offers: Offers) -> None:
        super().__init__(reading)
        self.offers = offers

    @tracked
    def delivered(self, supplier: str, element: str) -> Array:
        """Share of a contract that arrives at every node."""
        return (1.0 - self.lost(supplier, element)) * self.ready(supplier) * self.reading.kept(supplier)

    @tracked
    def lost(self, supplier: str, element: str) -> Array:
        """Share of the volume on offer that is lost to the supplier's state, at every node.

        A depth is measured on what was shipped before any restraint, and takes from that. While a state takes a share d > 0,

            min(offer, (1 - d) shipped)

        is left; where nothing is taken, all that is on offer is. Without a row in shipments.csv, the offer is what was shipped.
        """
        reading = self.reading
        if supplier not in reading.code:
            return np.zeros(reading.n_nodes)
        states = {r["state"]: r for r in reading.records.rows("states", chain=supplier)}
        depth = {r["state"]: 0.0 for r in states.values()}
        for state in depth:
            for r in reading.of_element("depths", element, chain=supplier, state=state):
                depth[state] = float(r["value"])
        shipped = self.offers.shipped(supplier, element)  # by year
        lost = []
        for state in reading.states[supplier]:
            taken, lasting = depth[state], 1.0
            if states[state]["kind"] == "episode":
                lasting = self._lasting(states[state])
            beyond = (1.0 - taken) * (1.0 - shipped)  # what could be sold, and never was shipped
            lost.append(lasting * np.maximum(taken + beyond, 0.0) if taken > 0 else np.zeros(len(shipped)))
        return np.asarray(np.array(lost)[reading.code[supplier], reading.year_index])

    def _lasting(self, episode: Row) -> float:
        """Share of a period that an episode lasts."""
        return effective_share("episode", float(episode["value"]), self.reading.period_years)

    @tracked
    def ready(self, supplier: str) -> Array:
        """Share of its volume that a supplier can deliver undisturbed, at every node: its years, its project or programme."""
        reading = self.reading
        runs = np.array([reading.runs(supplier, int(y)) for y in reading.years])
        return np.asarray(self.offers.programme.ready(supplier) * runs[reading.year_index])

    def disrupted(self, element: str, suppliers: Iterable[str]) -> Mask:
        """Nodes where some of these suppliers, with something of the element to deliver, is in another state than its first.

        How much the state takes does not matter: a disruption that grows milder is still one, and leaves more to deliver. Chains
        that are nobody's, and projects that have not begun, disturb no supplier.
        """
        disrupted = np.zeros(self.reading.n_nodes, dtype=bool)
        for s in suppliers:
            disrupted |= self._disturbs(s) & (self.offers.room(s, element) > 0)[self.reading.moment_index]
        return disrupted

    @tracked
    def _disturbs(self, supplier: str) -> Mask:
        """Nodes where a supplier that could deliver something is in another state than its first."""
        return np.asarray((self.ready(supplier) > 0) & ~self.undisturbed(supplier))

    @tracked
    def undisturbed(self, supplier: str) -> Mask:
        """Nodes where a supplier is in its first state, and not lost; all, where it cannot fail."""
        reading = self.reading
        undisturbed = reading.kept(supplier) == 1.0
        if supplier not in reading.code:
            return np.asarray(undisturbed)
        first = reading.records.rows("states", chain=supplier, order=0)[0]["state"]
        return np.asarray(undisturbed & (reading.code[supplier] == reading.states[supplier].index(first)))
