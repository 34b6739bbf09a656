"""worst_case: at most so much money in every future, the plan included.

C + Z_l <= bound   ∀ l               C the plan, Z_l the path to leaf l, present value
"""

from __future__ import annotations

from typing import Any

import numpy as np

from procure.languages import Said
from procure.limits.asked import Futures
from procure.limits.counted import PathLimit
from procure.limits.limit import Bound, Limit
from procure.units import Array, Index


class WorstCase(PathLimit):
    """At most so much cost in every future."""

    name = "worst_case"
    title = Said("At most so much cost in every future", "全ての将来での費用の上限")

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """One row per path."""
        losses, _, plan = futures.path_costs()
        rows = futures.add_rows(np.full(len(losses), -np.inf), np.full(len(losses), bound.most))
        futures.add(rows, losses, np.ones(len(losses)))
        futures.add(rows, np.full(len(losses), plan), np.ones(len(losses)))
        return rows

    def cost(self, limit: Limit, losses: Array, law: Array) -> float:
        """The dearest, kUSD."""
        return float(losses.max())

    def subject(self, choice: Any) -> str:
        """In words, as in 'cost in the worst future'."""
        return Said("cost in the worst future", "最悪の将来の費用")

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'a cost of at most 40000 million USD in every future'."""
        return Said("a cost of at most {bound} in every future", "あらゆる将来の費用は{bound}以下").format(bound=bound)
