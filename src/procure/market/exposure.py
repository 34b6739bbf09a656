"""What each path may leave unserved, guessed before anything is solved."""

from __future__ import annotations

import numpy as np

from procure.market.market import Market
from procure.units import Array


def exposure(market: Market) -> Array:
    """A guess at what each path leaves unserved, kUSD, shape (n_leaves,): all that is offered is bought, no stock is drawn.

    It orders the paths well enough to say which of them the tail may reach; what it gets wrong is found when solved.
    """
    sets, at = market.sets, market.shape.year
    cost = np.zeros(len(market.probability))
    for e in sets.elements:
        arrives = np.zeros(len(cost))
        for offer in sets.of_element(e):
            if offer in sets.offers:
                offered = np.array([market.plan["offered"][*offer, y] for y in sets.years])[at]
                arrives += market.period["delivered"][offer] * offered
            else:
                arrives += market.period["callable"][offer]
        arrives += sum(market.period["limit_spot"][step] for step in sets.steps if step[0] == e)
        missing = np.maximum(market.period["demand"][e,] - arrives, 0.0)
        for tier in (tier for tier in sets.tiers if tier[0] == e):
            unserved = np.minimum(missing, market.period["width"][tier])
            cost += unserved * market.period["price_shortage"][tier]
            missing -= unserved
    cost *= market.discount
    for node in np.flatnonzero(market.shape.parent >= 0):  # parents come first
        cost[node] += cost[market.shape.parent[node]]
    return cost[market.shape.leaves]
