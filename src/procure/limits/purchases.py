"""purchases: at most so much money a year for what is bought: contracts, calls and spot purchases, in money of that year.

  Σ_{n in N_y} p_n m_n <= bound                      on average over all futures; or, with `every_future`,
  m_n <= bound / periods of a year    ∀ n ∈ N_y      in every one, where of several periods a year each has its part

with m = contracts + calls + spot_purchases of the period. What the plan spends whatever happens is for `budget`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, Strict

from procure.languages import Said
from procure.limits.asked import Futures
from procure.limits.counted import cap_mean
from procure.limits.kind import FuturesLimit
from procure.limits.limit import MUSD, Bound, Counts, Limit, Numbers
from procure.limits.supplied import MEANINGS
from procure.units import KUSD_PER_MUSD, Array, Index


class Purchases(FuturesLimit):
    """At most so much money a year for what is bought."""

    name = "purchases"
    title = Said("At most so much money a year for what is bought", "年間購入額の上限")
    reads = ("from", "to", "every_future")
    keys: ClassVar[dict[str, tuple[Any, Any]]] = {
        "every_future": (
            Annotated[bool, Strict()],
            Field(False, description="Whether it holds in every future, or on average over all of them."),
        )
    }
    counts = Counts.MEAN
    measured_in = MUSD
    nothing = 0.0

    def counted(self, choice: Any) -> Counts:
        """In every node, or in the mean."""
        return Counts.NODES if choice.every_future else Counts.MEAN

    def detail(self, choice: Any) -> Hashable:
        """Which of the two is meant."""
        return bool(choice.every_future)

    def on_period(self, m: Any, sets: Any, limit: Limit, supply: Any) -> Any:
        """kUSD spent in one period."""
        return m.contracts.expr + m.calls.expr + m.spot_purchases.expr

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """kUSD of the year; in every node that of its period."""
        law, most = probability[nodes], choice.bound * KUSD_PER_MUSD
        if limit.counts is not Counts.NODES:
            return Bound(most, nodes, law, KUSD_PER_MUSD)
        part = 1.0 / max(round(float(law.sum())), 1)  # the probabilities of each period of the year sum to one
        return Bound(most * part, nodes, law, KUSD_PER_MUSD * part)

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """One row a year, or one a node."""
        if limit.counts is not Counts.NODES:
            return cap_mean(futures, limit, bound)
        columns, values = futures.measure(limit, bound.nodes)
        rows = futures.add_rows(np.full(len(columns), -np.inf), np.full(len(columns), bound.most))
        futures.add(np.broadcast_to(rows[:, None], columns.shape), columns, values)
        return rows

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """Million USD a year: the mean, or of the dearest period if all were like it."""
        if limit.counts is not Counts.NODES:
            return float(law @ measure) / KUSD_PER_MUSD
        return float(measure.max()) / bound.rate

    def subject(self, choice: Any) -> str:
        """In words, as in 'spending on purchases on average over all futures'."""
        return Said("spending on purchases {which}", "調達支出（{which}）").format(which=_which(choice))

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at most 900 million USD a year for contracts, calls and spot purchases, in every future'."""
        return Said(
            "at most {bound} a year for contracts, calls and spot purchases, {which}",
            "契約・随時・スポットの購入費は年{bound}以下（{which}）",
        ).format(bound=bound, which=_which(choice))


def _which(choice: Any) -> Said:
    """Where it is counted: "in every future"."""
    return MEANINGS["always" if choice.every_future else "mean"]
