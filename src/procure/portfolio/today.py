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
    sets, year, plan = market.sets, market.sets.years[0], calm.plan
    periods_per_year = market.model.settings.model.periods_per_year
    now = {name: {key: float(x[0]) for key, x in values.items()} for name, values in calm.period.items()}
    capacity_left = {s: plan["capacity"][s, year] for s in sets.capped}
    supply: dict[tuple[str, str], float] = {}
    for s, e in sets.offers:
        committed = plan["committed"][s, e, year]
        supply[s, e] = now["delivered"][s, e] * periods_per_year * committed
        if s in capacity_left:
            capacity_left[s] -= committed
    for e in sets.elements:
        # (price, supplier, t/yr at this price, t/yr from this supplier at any)
        bids: list[tuple[float, str, float, float]] = []
        for s, _ in sets.of_element(e):
            arrives = now["delivered"].get((s, e), 0.0) * periods_per_year
            most = np.inf
            if arrives > 0:
                most = arrives * (plan["offered"][s, e, year] - plan["committed"][s, e, year])
                # The price of a basket is split by the tonnes it is made of.
                tonnes = sum(plan["share"].get((*offer, year), 0.0) for offer in sets.of_supplier(s)) or 1.0
                price = now["payment_output"].get((s,), 0.0) / tonnes + now["payment"][s, e]
                bids.append((price * periods_per_year / arrives, s, most, most))
            if (s, e) in sets.calls:
                committed = plan["committed"].get((s, e, year), 0.0)
                volume = now["callable"][s, e] - now["reach"][s, e] * committed
                bids.append((now["price_call"][s, e], s, volume * periods_per_year, most))
        missing = now["demand"][e,] * periods_per_year - sum(supply.get(offer, 0.0) for offer in sets.of_element(e))
        taken: dict[str, float] = {}
        for _, s, volume, most in sorted(bids):
            amount = min(missing, volume, most - taken.get(s, 0.0), capacity_left.get(s, np.inf))
            if amount > 0:
                taken[s] = taken.get(s, 0.0) + amount
                missing -= amount
                if s in capacity_left:
                    capacity_left[s] -= amount
        for s, amount in taken.items():
            supply[s, e] = supply.get((s, e), 0.0) + amount
        supply["shortage", e], supply["surplus", e] = max(missing, 0.0), min(missing, 0.0)
    return supply


def _undisturbed(market: Market) -> Market:
    """The market at one node, where every process stands in its first state and no programme is funded."""
    tree = market.tree
    calm = Tree([0], [-1], [1.0], tree.processes, tree.states, np.zeros((1, len(tree.processes)), dtype=np.int64))
    return make_market(market.model, {}, calm)
