"""spending: at most so much money a year on all that is paid for, or on some of it, in one row and in money of that year.

  Σ_{n in N_y} p_n m_n <= bound                      on average over all futures; or, with `every_future`,
  m_n <= bound / periods of a year    ∀ n ∈ N_y      in every one, where of several periods a year each has its part

with m the sum of the parts that it is `on`:

  contracts, calls, spot_purchases        what is bought in the period; and what the plan spends in the year, undiscounted,
  investment      Σ outlay_expansion expansion + Σ outlay_programme programme                   of which each period has its part:
  fixed           Σ outlay_use use + Σ outlay_order placed + Σ outlay_reserve reserve
  storage_cost    Σ outlay_room stock_target + Σ price_held stock

`budget` caps what the plan spends by itself, and `purchases` what is bought: two limits, of which neither gives room to the other.
Here a tonne from a plant of one's own and a tonne on the spot compete for the same money.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, Strict

from procure.languages import Said
from procure.limits.asked import Futures
from procure.limits.counted import cap_mean
from procure.limits.kind import FuturesLimit
from procure.limits.limit import MUSD, Bound, Counts, Limit, Numbers
from procure.limits.supplied import MEANINGS
from procure.units import KUSD_PER_MUSD, Array, Index

Part = Literal["contracts", "calls", "spot_purchases", "investment", "fixed", "storage_cost"]
#: What is bought in a period, and what the plan spends, in words.
BOUGHT: Mapping[str, tuple[Said, ...]] = {
    "contracts": (Said("contracts", "契約"),),
    "calls": (Said("calls", "随時購入"),),
    "spot_purchases": (Said("spot purchases", "スポット購入"),),
}
PLANNED: Mapping[str, tuple[Said, ...]] = {
    "investment": (Said("capacity", "能力増強"), Said("programmes", "開発計画")),
    "fixed": (Said("fixed charges", "固定費"), Said("options", "予約料")),
    "storage_cost": (Said("stock", "備蓄"),),
}
PARTS = {**BOUGHT, **PLANNED}
_COMMA, _AND = Said(", ", "・"), Said(" and ", "・")
_ALL = Said("all that is paid", "すべての支出")


class Spending(FuturesLimit):
    """At most so much money a year for all that is paid."""

    name: ClassVar[str] = "spending"
    title = Said("At most so much money a year for all that is paid", "年間の総支出額の上限")
    reads: ClassVar[tuple[str, ...]] = ("from", "to", "on", "every_future")
    keys: ClassVar[dict[str, tuple[Any, Any]]] = {
        "on": (
            tuple[Part, ...],
            Field(
                tuple(PARTS), description="What is counted: some of `contracts`, `calls`, `spot_purchases`, `investment`, "
                "`fixed` and `storage_cost`; all of them by default."
            ),
        ),
        "every_future": (
            Annotated[bool, Strict()],
            Field(False, description="Whether it holds in every future, or on average over all of them."),
        ),
    }  # fmt: skip
    whole: ClassVar[tuple[str, ...]] = tuple(PARTS)
    counts = Counts.MEAN
    measured_in = MUSD
    nothing = 0.0

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """Something is counted, and once."""
        if not choice.on or len(set(choice.on)) < len(choice.on):
            seen = Said("on is {on}", "on が {on}").format(on=list(choice.on))
            rule = Said(
                "each part of spending is counted once, and one at least",
                "支出の各項目は一度だけ、少なくとも一つ数える",
            )
            remedy = Said("write some of {parts}", "{parts} から選ぶ").format(parts=", ".join(PARTS))
            yield seen, rule, remedy

    def on(self, choice: Any) -> tuple[str, ...]:
        """The parts that are counted."""
        return tuple(part for part in PARTS if part in choice.on)

    def counted(self, choice: Any) -> Counts:
        """In every node, or in the mean."""
        return Counts.NODES if choice.every_future else Counts.MEAN

    def detail(self, choice: Any) -> Hashable:
        """The parts that are counted."""
        return self.on(choice)

    def counts_plan(self, limit: Limit) -> bool:
        """Whether the plan spends any of what it counts."""
        return any(part in PLANNED for part in self._parts(limit))

    def on_period(self, m: Any, sets: Any, limit: Limit, supply: Any) -> Any:
        """kUSD spent in one period."""
        return sum(m.outlays[part] if part in PLANNED else m.component(part).expr for part in self._parts(limit))

    def _parts(self, limit: Limit) -> Sequence[str]:
        return limit.detail if isinstance(limit.detail, tuple) and limit.detail else self.whole

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
        """In words, as in 'spending on contracts, calls and spot purchases on average over all futures'."""
        return Said("spending on {what} {which}", "{what}への支出（{which}）").format(
            what=self._what(choice), which=which(choice)
        )

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in 'at most 900 million USD a year for contracts, calls and spot purchases, in every future'."""
        return Said("at most {bound} a year for {what}, {which}", "{what}に年{bound}以下（{which}）").format(
            bound=bound, what=self._what(choice), which=which(choice)
        )

    def _what(self, choice: Any) -> Said:
        if self.on(choice) == tuple(PARTS):
            return _ALL
        *first, last = (said for part in self.on(choice) for said in PARTS[part])
        return _COMMA.join(first) + _AND + last if first else last


def which(choice: Any) -> Said:
    """Where it is counted: "in every future"."""
    return MEANINGS["always" if choice.every_future else "mean"]
