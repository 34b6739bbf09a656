"""shortage_cvar: at most so much of demand unserved in the worst futures of each year.

CVaR_α [m_n : n in N_y] <= bound     m = Σ_ek w_e shortage_ek / Σ_e w_e demand_e,   alpha 0.95: the mean of the worst 5 %
"""

from __future__ import annotations

from typing import Any

from procure.languages import Said
from procure.limits.asked import Futures
from procure.limits.counted import UnservedShare, cap_tail, loss_columns, tail_of
from procure.limits.limit import Bound, Counts, Limit
from procure.limits.said import what, whole, worst_futures
from procure.units import Array, Index


class ShortageCvar(UnservedShare):
    """At most a share of demand unserved in the mean of the worst futures."""

    name = "shortage_cvar"
    title = Said("At most a share of demand unserved in the mean of the worst futures", "最悪側の平均の不足率の上限")
    reads = (*UnservedShare.reads, "alpha")
    counts = Counts.NODES

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """A loss per node, a tail and one row a year."""
        return cap_tail(futures, loss_columns(futures, limit, bound.nodes), bound.law, limit.alpha, bound.most)

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """The mean unserved share of the worst futures."""
        return tail_of(limit, measure, law)

    def subject(self, choice: Any) -> str:
        """In words, as in 'medium/heavy shortage in the worst 5 % of futures'."""
        return Said("{what}shortage in {worst}", "{what}供給不足、{worst}の平均").format(
            what=what(choice), worst=worst_futures(choice)
        )

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at most 20 % of medium_heavy unserved in the worst 5 % of futures'."""
        return Said(
            "at most {bound} of {whole} unserved in {worst}", "{whole}の供給不足は{worst}の平均で{bound}以下"
        ).format(bound=bound, whole=whole(choice), worst=worst_futures(choice))
