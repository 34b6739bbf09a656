"""All the numbers that a program over a tree is composed at, in one piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from procure.limits import Bound
from procure.risk import Ambiguous
from procure.units import Array


@dataclass(frozen=True)
class Risk:
    """How cost is weighed: ``(1 - weight)`` mean ``+ weight`` CVaR at level `alpha` (0.95: the worst 5 %).

    Where the odds are in doubt it is the worst of that over the laws of a ball, by name, of a radius.
    """

    alpha: float = 0.0
    weight: float = 0.0
    ambiguity: str = ""
    radius: float = 0.0

    @property
    def in_doubt(self) -> bool:
        """Whether the odds are not taken as they are given."""
        return self.radius > 0

    @property
    def is_mean(self) -> bool:
        """Whether every future weighs what it is likely."""
        return not self.in_doubt and (self.weight == 0 or self.alpha == 0)

    @property
    def has_tail(self) -> bool:
        """Whether the tail has rows of its own; where the odds are in doubt it is among the rows of the doubt."""
        return self.weight > 0 and not self.in_doubt

    @property
    def of_mean(self) -> float:
        """What the cost of a node weighs for its probability alone."""
        return 0.0 if self.in_doubt else 1.0 - self.weight


@dataclass(frozen=True)
class Figures:
    """What a program is composed at, beside the positions of its entries.

    Attributes
    ----------
    plan : array, shape (n_plan_data,)
        In the order of the plan's template.
    period : array, shape (n_nodes, n_period_data)
        In that of the period's.
    probability : array, shape (n_nodes,)
        Unconditional; those of one period sum to one.
    discount : array, shape (n_nodes,)
        Present value of one unit of money at the node.
    risk : Risk
    bounds : mapping (limit name, year or None) -> Bound
        Of the limits on all futures: shortages as a share of demand, supplies in t, costs in kUSD.
    doubt : Ambiguous, optional
        The measure of the costs of paths, where the odds are in doubt.
    """

    plan: Array
    period: Array
    probability: Array
    discount: Array
    risk: Risk = field(default_factory=Risk)
    bounds: Mapping[tuple[str, Any], Bound] = field(default_factory=dict)
    doubt: Ambiguous | None = None

    def moved(self, plan: Mapping[int, float], period: Mapping[int, Array], **others: Any) -> Figures:
        """The same with some data of plan and period at other values, by position, and `others` by their names."""
        if plan:
            others["plan"] = self.plan.copy()
            others["plan"][list(plan)] = list(plan.values())
        if period:
            others["period"] = self.period.copy()
            for position, values in period.items():
                others["period"][:, position] = values
        return replace(self, **others) if others else self
