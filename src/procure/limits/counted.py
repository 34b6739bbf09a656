"""The three ways in which a limit on all futures is counted, as rows of a program and as plain arithmetic.

  mean     Σ_n q_n m_n <= bound
  tail     η + Σ_n q_n excess_n / (1 - α) <= bound,   excess_n >= m_n - η,   excess_n >= 0
  paths    the same of what a path costs, C + Z_l, or of the dearest one

with m_n the measure of node n and q its weight among those the limit looks at.

Source: Rockafellar & Uryasev (2000), Journal of Risk 2(3), 21-41, Theorem 1.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from procure import risk
from procure.limits.asked import Futures, MarketNumbers, Rows
from procure.limits.kind import FuturesLimit
from procure.limits.limit import MUSD, SHARE, Bound, Counts, Datum, Limit, Numbers
from procure.risk.tail import CVaR
from procure.units import KUSD_PER_MUSD, Array, Index


def cap_mean(futures: Futures, limit: Limit, bound: Bound) -> Index:
    """The row ``Σ q m <= most``."""
    columns, values = futures.measure(limit, bound.nodes)
    row = futures.add_rows(np.array([-np.inf]), np.array([bound.most]))
    futures.add(np.full(columns.shape, row[0]), columns, bound.law[:, None] * values)
    return row


def loss_columns(futures: Futures, limit: Limit, nodes: Index, most: Array | float = np.inf) -> Index:
    """Columns that equal the measure at some nodes, and may be no more than `most`."""
    columns, values = futures.measure(limit, nodes)
    losses = futures.add_columns(len(nodes), -np.inf, most)
    rows = futures.add_rows(np.zeros(len(nodes)), np.zeros(len(nodes)))
    futures.add(rows, losses, -np.ones(len(nodes)))
    futures.add(np.broadcast_to(rows[:, None], columns.shape), columns, values)
    return losses


def add_tail(program: Rows, losses: Index, law: Array, alpha: float) -> tuple[Index, Index, Array]:
    """The columns of η and the excesses, the rows ``excess >= loss - η`` of losses that are columns, and what the columns cost."""
    tail = CVaR(alpha).tail_rows(law)
    columns = program.add_columns(len(tail.cost), tail.lower)
    rows = program.add_rows(np.zeros(len(losses)), np.full(len(losses), np.inf))
    for matrix, at, sign in ((tail.matrix, columns, 1.0), (tail.losses, losses, -1.0)):
        entries = matrix.tocoo()
        program.add(rows[entries.row], at[entries.col], sign * entries.data)
    return columns, rows, tail.cost


def cap_tail(futures: Futures, losses: Index, law: Array, alpha: float, most: float) -> Index:
    """The row ``η + Σ q excess / (1 - α) <= most`` over losses that are columns."""
    columns, _, cost = add_tail(futures, losses, law, alpha)
    row = futures.add_rows(np.array([-np.inf]), np.array([most]))
    futures.add(np.full(len(columns), row[0]), columns, cost)
    return row


class UnservedShare(FuturesLimit):
    """Limits on the share of demand that goes unserved: m = Σ_ek w_e shortage_ek / Σ_e w_e demand_e."""

    measured_in = SHARE
    reads: ClassVar[tuple[str, ...]] = ("scope", "from", "to", "weight")

    def on_period(self, m: Any, sets: Any, limit: Limit, supply: Any) -> Any:
        """The unserved share of one period."""
        elements = limit.elements or sets.elements
        weight = m.given(self.weight(limit), m.declare_set(f"OF_{limit.name}", elements, "element"), unit="1/t")
        return sum(weight[e] * m.shortage[i, k] for e in elements for i, k in sets.tiers if i == e)

    def period_numbers(self, limit: Limit, market: MarketNumbers) -> dict[Datum, Array]:
        """What one tonne unserved weighs: w_e / Σ w demand; nothing where there is no demand, for nothing is unserved there."""
        whole = np.sum([limit.weight_of(e) * market.demand_in_node(e) for e in limit.elements], axis=0)
        return {
            (self.weight(limit), (e,)): np.divide(limit.weight_of(e), whole, out=np.zeros_like(whole), where=whole > 0)
            for e in limit.elements
        }

    @staticmethod
    def weight(limit: Limit) -> str:
        """The name of the datum that says what one tonne unserved weighs."""
        return f"weight_of_{limit.name}"

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """The bound itself; of several periods in the year one is drawn by lot."""
        return Bound(choice.bound, nodes, conditional(probability[nodes]))


def conditional(probability: Array) -> Array:
    """Probabilities rescaled to sum to one, as those of one year of several periods do not."""
    return np.asarray(probability / probability.sum())


class PathLimit(FuturesLimit):
    """Limits on what whole paths cost, the plan included; kUSD in the arithmetic, million USD in the rows."""

    measured_in = MUSD
    counts = Counts.PATHS

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """Million USD, as written."""
        return Bound(choice.bound)

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """Million USD."""
        return self.cost(limit, measure, law) / KUSD_PER_MUSD

    @abstractmethod
    def cost(self, limit: Limit, losses: Array, law: Array) -> float:
        """What the limit makes of the costs of all paths, kUSD."""


def tail_of(limit: Limit, measure: Array, law: Array) -> float:
    """The mean of the worst of a measure, in its unit."""
    return risk.cvar(measure, law, limit.alpha)
