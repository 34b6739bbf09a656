"""What the paths of a market may leave unserved, guessed before it is solved."""

from __future__ import annotations

from typing import Any

import numpy as np

from procure.market.futures import unserved
from procure.market.market import Market
from procure.units import Array


def exposure(market: Market) -> Array:
    """A guess at what each path leaves unserved, kUSD of present value, shape (n_leaves,).

    It orders the paths well enough to say which of them the tail may reach; what it gets wrong is found when solved.
    """

    def of_plan(name: str, *index: Any) -> float:
        return float(market.plan[name][index])

    def of_period(name: str, *index: Any) -> Array:
        return np.asarray(market.period[name][index])

    at, paths = market.shape.moment, market.tree.paths()
    each = [unserved(market.sets, e, of_plan, of_period, at, paths, market.discount) for e in market.sets.elements]
    return np.asarray(sum(each, np.zeros(len(paths))))
