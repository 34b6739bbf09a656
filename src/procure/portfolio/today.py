"""Where supply comes from today: commitments kept, the rest from whoever can deliver at least price, nothing disturbed.

Plain merit order in the first year: every supplier in its first, undisturbed state, no project begun, no programme funded.
What is committed comes first; then, cheapest first, what can be called and what is still on offer, a supplier never giving
more than it has. It is a yardstick to hold a plan against, not a plan.
"""

from __future__ import annotations

import numpy as np

from procure.market import Market, make_market
from procure.scenarios.tree import Tree


def today(market: Market) -> dict[tuple[str, str], float]:
    """Supply of every (source, element), t/yr; with `shortage` and `surplus` an element's sum is its demand."""
    calm = _undisturbed(market)
    sets, year = market.sets, market.sets.years[0]
    per_year = 1.0 / market.model.settings.model.periods_per_year
    number = {name: {key: float(x[0]) for key, x in values.items()} for name, values in calm.period.items()}
    room = {s: calm.plan["capacity"][s, year] for s in sets.capped}
    found: dict[tuple[str, str], float] = {}
    for s, e in sets.offers:
        firm = calm.plan["committed"][s, e, year]
        found[s, e] = number["delivered"][s, e] / per_year * firm
        if s in room:
            room[s] -= firm
    for e in sets.elements:
        choices = []
        for s, _ in sets.of_element(e):
            arrives = number["delivered"].get((s, e), 0.0) / per_year
            left = np.inf
            if arrives > 0:
                left = arrives * (calm.plan["offered"][s, e, year] - calm.plan["committed"][s, e, year])
                # The price of a basket is split by the tonnes it is made of.
                held = sum(calm.plan["share"].get((*offer, year), 0.0) for offer in sets.of_supplier(s)) or 1.0
                price = number["payment_output"].get((s,), 0.0) / held + number["payment"][s, e]
                choices.append((price / (arrives * per_year), s, left, left))
            if (s, e) in sets.calls:
                volume = number["callable"][s, e] - number["reach"][s, e] * calm.plan["committed"].get(
                    (s, e, year), 0.0
                )
                choices.append((number["price_call"][s, e], s, volume / per_year, left))
        missing = number["demand"][e,] / per_year - sum(found.get(offer, 0.0) for offer in sets.of_element(e))
        given: dict[str, float] = {}
        for _, s, volume, most in sorted(choices):
            taken = min(missing, volume, most - given.get(s, 0.0), room.get(s, np.inf))
            if taken > 0:
                given[s] = given.get(s, 0.0) + taken
                missing -= taken
                if s in room:
                    room[s] -= taken
        for s, taken in given.items():
            found[s, e] = found.get((s, e), 0.0) + taken
        found["shortage", e], found["surplus", e] = max(missing, 0.0), min(missing, 0.0)
    return found


def _undisturbed(market: Market) -> Market:
    """The market at one node, where every process stands in its first state and no programme is funded."""
    tree = market.tree
    calm = Tree([0], [-1], [1.0], tree.processes, tree.states, np.zeros((1, len(tree.processes)), dtype=np.int64))
    return make_market(market.model, {}, calm)
