"""expected_shortage: at most so much of demand unserved on average in each year.

Σ_{n in N_y} q_n m_n <= bound        m = Σ_ek w_e shortage_ek / Σ_e w_e demand_e,   q = p rescaled to sum to one over the year
"""

from __future__ import annotations

from typing import Any

from procure.languages import Said
from procure.limits.asked import Futures
from procure.limits.counted import UnservedShare, cap_mean
from procure.limits.limit import Bound, Counts, Limit
from procure.limits.said import what, whole
from procure.units import Array, Index


class ExpectedShortage(UnservedShare):
    """At most a share of demand unserved on average."""

    name = "expected_shortage"
    title = Said("At most a share of demand unserved on average", "平均の不足率の上限")
    counts = Counts.MEAN

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """One row a year."""
        return cap_mean(futures, limit, bound)

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """The mean unserved share."""
        return float(law @ measure)

    def subject(self, choice: Any) -> str:
        """In words, as in 'expected medium/heavy shortage'."""
        return Said("expected {what}shortage", "{what}供給不足の平均").format(what=what(choice))

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at most 5 % of medium_heavy unserved on average'."""
        return Said("at most {bound} of {whole} unserved on average", "{whole}の供給不足は平均で{bound}以下").format(
            bound=bound, whole=whole(choice)
        )
