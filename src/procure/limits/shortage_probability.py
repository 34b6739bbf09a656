"""shortage_probability: at most this chance that more than a threshold of demand goes unserved, in each year (a chance constraint).

  exact   Σ_n q_n z_n <= bound,    m_n <= t + (M_n - t) z_n,    z_n ∈ {0, 1}       ∀ n ∈ N_y
  cvar    CVaR_{1 - bound} [m_n : n in N_y] <= t                                   convex, and never less strict

with m the unserved share, t the threshold, q = p rescaled to sum to one over the year and M_n the most that can go unserved at all:
what its tiers of shortage hold, so that z = 1 asks nothing and no more. The mean of the worst `bound` of the futures is at most t
only where no more than that share of them exceeds it: what keeps the second keeps the first, and asks more, for being convex. With
a bound of 0 both ask that no future exceeds t; with one of 1 the first asks nothing, and the second that the mean does not.

Source: Nemirovski & Shapiro (2006), SIAM Journal on Optimization 17(4), 969-996, section 2 (the CVaR approximation of a chance
constraint); Luedtke & Ahmed (2008), SIAM Journal on Optimization 19(2), 674-699 (the sample as a mixed-integer program).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, Strict

from procure.facts.conversion import share_of_percent
from procure.languages import Said
from procure.limits.asked import Futures
from procure.limits.counted import UnservedShare, cap_tail, conditional, loss_columns
from procure.limits.limit import Bound, Counts, Limit, Measures, Numbers
from procure.limits.said import whole
from procure.risk.tail import value_at_risk
from procure.units import Array, Index
from procure.words import plain

_BY_TAIL = Said(", by the mean of the worst futures", "（最悪の将来の平均による）")
#: Shares that exceed the threshold by less do not exceed it.
TOLERANCE = 1e-6


class ShortageProbability(UnservedShare):
    """At most a chance that more than a share of demand goes unserved."""

    name = "shortage_probability"
    title = Said("At most a chance that more than a share of demand goes unserved", "一定以上の不足が起きる確率の上限")
    reads = (*UnservedShare.reads, "threshold", "method")
    keys: ClassVar[dict[str, tuple[Any, Any]]] = {
        "threshold": (
            Annotated[float, Strict(), BeforeValidator(share_of_percent)],
            Field(0.0, ge=0, lt=1, description="The share of demand that may go unserved."),
        ),
        "method": (
            Literal["exact", "cvar"],
            Field("exact", description="Whether futures are counted, or the convex form stands in, which has a price."),
        ),
    }
    counts = Counts.NODES
    is_convex = False

    def detail(self, choice: Any) -> Hashable:
        """Which of the two ways it is written."""
        return str(choice.method)

    def is_priced(self, limit: Limit) -> bool:
        """Only the convex form: whole futures have no price at the margin."""
        return limit.detail == "cvar"

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """The chance, and at every node the threshold and the most that can go unserved."""
        weight = period[self.weight(limit)]
        most = sum(
            (
                weight[e,][nodes] * width[nodes]
                for e in limit.elements
                for (i, _), width in period["width"].items()
                if i == e
            ),
            np.zeros(len(nodes)),
        )
        numbers = {"threshold": np.full(len(nodes), choice.threshold), "most": most}
        return Bound(choice.bound, nodes, conditional(probability[nodes]), numbers=numbers)

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """A whole number per node and one row a year, or a tail."""
        threshold, most = bound.numbers["threshold"], bound.numbers["most"]
        if limit.detail == "cvar":
            # No chance at all is no tail: then every node is held.
            losses = loss_columns(futures, limit, bound.nodes, threshold if bound.most == 0 else np.inf)
            level = threshold.max(initial=0.0) if bound.most > 0 else np.inf
            return cap_tail(futures, losses, bound.law, 1.0 - (bound.most or 1.0), level)
        # A future likelier than the bound may not exceed the threshold: its z is no choice.
        may = bound.law <= bound.most * (1 + 1e-9)
        exceeds = futures.add_columns(len(may), 0.0, may.astype(float), may)
        rows = futures.add_rows(np.full(len(may), -np.inf), threshold)
        columns, values = futures.measure(limit, bound.nodes)
        futures.add(np.broadcast_to(rows[:, None], columns.shape), columns, values)
        futures.add(rows, exceeds, -np.maximum(most - threshold, 0.0))
        count = futures.add_rows(np.array([-np.inf]), np.array([bound.most]))
        futures.add(np.full(len(may), count[0]), exceeds, bound.law)
        return count

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """The chance that the threshold is exceeded, however the limit is written."""
        return float(law @ (measure > bound.numbers["threshold"] + TOLERANCE))

    def rate(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """How far the row of the tail moves with the chance b: η + Σ q excess / b <= t by (t - η) / b."""
        if limit.detail != "cvar" or bound.most == 0:
            return bound.rate
        threshold = float(bound.numbers["threshold"].max(initial=0.0))
        return max(threshold - value_at_risk(measure, law, 1.0 - bound.most), 0.0) / bound.most

    def needed(self, limit: Limit, plan: Any, market: Any, measures: Measures) -> float | None:
        """The chance that the convex form needs in the worst year; the exact form counts what its slack says."""
        if limit.detail != "cvar":
            return None
        chances = [
            buffered_probability(measure, bound.law, float(bound.numbers["threshold"].max(initial=0.0)))
            for measure, bound in measures
        ]
        return max(chances, default=0.0)

    def aside(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> str:
        """What the other way of counting makes of it."""
        buffered = buffered_probability(measure, law, float(bound.numbers["threshold"].max(initial=0.0)))
        return Said("{share} % with the mean of the worst in its place", "最悪の平均で数えれば {share} %").format(
            share=plain(round(100 * buffered, 2))
        )

    def subject(self, choice: Any) -> str:
        """In words, as in "the chance of more than 10 % of Dy unserved"."""
        return Said(
            "the chance of more than {threshold} of {whole} unserved", "{whole}の供給不足が{threshold}を超える確率"
        ).format(threshold=self._threshold(choice), whole=whole(choice))

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in "a chance of at most 5 % that more than 10 % of Dy go unserved"."""
        way = Said("", "") if choice.method == "exact" else _BY_TAIL
        return Said(
            "a chance of at most {bound} that more than {threshold} of {whole} go unserved{way}",
            "{whole}の供給不足が{threshold}を超える確率は{bound}以下{way}",
        ).format(bound=bound, threshold=self._threshold(choice), whole=whole(choice), way=way)

    @staticmethod
    def _threshold(choice: Any) -> str:
        return f"{plain(round(100 * choice.threshold, 10))} %"


def buffered_probability(loss: Array, law: Array, threshold: float) -> float:
    """The least b for which the mean of the worst b of the losses is at most the threshold, 0 to 1.

    min over η < threshold of E[max(loss - η, 0)] / (threshold - η), attained at a loss or, in the limit, at 1.
    Mafusalov & Uryasev (2018), SIAM Journal on Optimization 28(2), 1077-1103, proposition 2.2.

    >>> round(buffered_probability(np.array([0.0, 0.2, 0.4]), np.array([0.8, 0.1, 0.1]), 0.3), 12)
    0.2
    """
    if not len(loss) or loss.max() <= threshold + TOLERANCE:
        return 0.0
    levels = np.unique(loss[loss < threshold])
    shares = [float(law @ np.maximum(loss - level, 0.0)) / (threshold - level) for level in levels.tolist()]
    return float(min([1.0, *shares]))
