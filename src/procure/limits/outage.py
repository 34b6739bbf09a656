"""outage: at most so much of demand unserved when suppliers are lost for given months, however unlikely that is (N-1, N-2).

  m_n <= bound     ∀ n in which something is lost        m = Σ_ek w_e shortage_ek / Σ_e w_e demand_e

`lost` is a list of suppliers that are lost together, "any one" supplier of the model, or "any two" of them. The loss begins with
a year of the limit, after years without any disruption, and takes `months`; of the last period it takes the part that is left. Each
such future is outside the law: it counts in no mean, tail or cost, and the plan must be able to answer it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, Strict

from procure.errors import nearest
from procure.languages import Said
from procure.limits.asked import Futures, MarketNumbers
from procure.limits.counted import UnservedShare
from procure.limits.limit import Bound, Counts, Future, Limit, Numbers
from procure.limits.said import what, whole
from procure.units import Array, Index
from procure.words import listed, plain

#: How many suppliers are lost at a time, whichever they are.
ANY = {"any one": 1, "any two": 2}
MONTHS_PER_YEAR = 12

Months = Annotated[float, Strict(), Field(gt=0, le=600)]
Lost = str | tuple[str, ...]

#: Who is lost.
_LOST = {
    "any one": Said("any one supplier is", "いずれか1供給元"),
    "any two": Said("any two suppliers are", "いずれか2供給元"),
}
_ONE_IS, _SEVERAL_ARE, _NOBODY = (
    Said("{names} is", "{names}"),
    Said("{names} are", "{names}"),
    Said("nobody is", "供給元なし"),
)


class Outage(UnservedShare):
    """At most a share of demand unserved in an outage."""

    name = "outage"
    title = Said("At most a share of demand unserved in an outage", "供給途絶時の不足率の上限")
    reads = (*UnservedShare.reads, "lost", "months")
    keys: ClassVar[dict[str, tuple[Any, Any]]] = {
        "lost": (
            Lost,
            Field("any one", description="Who is lost: 'any one', 'any two', or a list of suppliers.", examples=[*ANY]),
        ),
        "months": (Months, Field(12.0, description="For how long.")),
    }
    counts = Counts.NODES
    nothing = 0.0

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """A word that is none of ours."""
        if isinstance(choice.lost, str) and choice.lost not in ANY:
            rule = Said(
                "lost is 'any one', 'any two' or a list of suppliers",
                "lost は 'any one'、'any two'、または供給元のリスト",
            )
            yield Said("lost is '{lost}'", "lost は '{lost}'").format(lost=choice.lost), rule, nearest(choice.lost, ANY)

    def suppliers_named(self, choice: Any) -> Iterator[tuple[str, str]]:
        """Those that are lost."""
        return (("lost", supplier) for supplier in (choice.lost if choice.lost not in ANY else ()))

    def futures(
        self, choice: Any, suppliers: Sequence[str], years: Sequence[int], periods_per_year: int
    ) -> list[Future]:
        """One for every first year and everyone who may be lost."""
        sets = (
            list(combinations(suppliers, min(ANY[choice.lost], len(suppliers))))
            if choice.lost in ANY
            else [choice.lost]
        )
        periods = choice.months * periods_per_year / MONTHS_PER_YEAR
        shares = [min(1.0, periods - k) for k in range(math.ceil(periods - 1e-9))]
        return [
            Future((year - years[0]) * periods_per_year, dict.fromkeys(lost, shares))
            for lost in sets
            if lost
            for year in choice.held_in(years)
        ]

    def looks_at(self, limit: Limit, year: int | None, market: MarketNumbers) -> Index:
        """The nodes of a year in which something is lost."""
        assert year is not None
        return market.nodes_outside(limit.name, year)

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """The bound itself, at every node alike."""
        return Bound(choice.bound, nodes, probability[nodes])

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """One row a node."""
        columns, values = futures.measure(limit, bound.nodes)
        rows = futures.add_rows(np.full(len(columns), -np.inf), np.full(len(columns), bound.most))
        futures.add(np.broadcast_to(rows[:, None], columns.shape), columns, values)
        return rows

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """The worst unserved share."""
        return float(measure.max(initial=self.nothing))

    def subject(self, choice: Any) -> str:
        """In words, as in "Dy shortage when china is lost for 12 months"."""
        return Said("{what}shortage {when}", "{when}の{what}供給不足").format(
            what=what(choice), when=self._when(choice)
        )

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in "at most 20 % of Dy unserved when any one supplier is lost for 12 months"."""
        return Said("at most {bound} of {whole} unserved {when}", "{when}の{whole}の供給不足は{bound}以下").format(
            bound=bound, whole=whole(choice), when=self._when(choice)
        )

    @staticmethod
    def _when(choice: Any) -> Said:
        """Who is lost, and for how long."""
        who = _LOST.get(str(choice.lost))
        if who is None:
            who = (
                (_ONE_IS if len(choice.lost) == 1 else _SEVERAL_ARE).format(names=listed(choice.lost))
                if choice.lost
                else _NOBODY
            )
        return Said("when {who} lost for {months} months", "{who}が{months}か月途絶した場合").format(
            who=who, months=plain(choice.months)
        )
