"""cost_cvar: at most so much money in the mean of the worst futures, the plan included.

C + CVaR_α [Z] <= bound              C the plan, Z_l the path to leaf l, present value; alpha 0.95: the mean of the worst 5 %
"""

from __future__ import annotations

from typing import Any

import numpy as np

from procure.languages import Said
from procure.limits.asked import Futures
from procure.limits.counted import PathLimit, cap_tail, tail_of
from procure.limits.limit import Bound, Limit
from procure.limits.said import worst_futures
from procure.units import Array, Index


class CostCvar(PathLimit):
    """At most so much cost in the worst futures."""

    name = "cost_cvar"
    title = Said("At most so much cost in the worst futures", "最悪側の将来の費用の上限")
    reads = ("alpha",)

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """A tail over the paths and one row."""
        losses, law, plan = futures.path_costs()
        row = cap_tail(futures, losses, law, limit.alpha, bound.most)
        futures.add(row, np.array([plan]), np.ones(1))
        return row

    def cost(self, limit: Limit, losses: Array, law: Array) -> float:
        """The mean of the worst, kUSD."""
        return tail_of(limit, losses, law)

    def subject(self, choice: Any) -> str:
        """In words, as in 'cost in the worst 5 % of futures'."""
        return Said("cost in {worst}", "{worst}の平均費用").format(worst=worst_futures(choice))

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'a cost of at most 40000 million USD in the worst 5 % of futures'."""
        return Said("a cost of at most {bound} in {worst}", "{worst}の平均費用は{bound}以下").format(
            bound=bound, worst=worst_futures(choice)
        )
