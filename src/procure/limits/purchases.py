"""purchases: at most so much money a year for what is bought: `spending` on contracts, calls and spot purchases alone."""

from __future__ import annotations

from typing import Any

from procure.languages import Said
from procure.limits.spending import BOUGHT, Spending, which


class Purchases(Spending):
    """At most so much money a year for what is bought."""

    name = "purchases"
    title = Said("At most so much money a year for what is bought", "年間購入額の上限")
    reads = ("from", "to", "every_future")
    whole = tuple(BOUGHT)

    def on(self, choice: Any) -> tuple[str, ...]:
        """What is bought, always."""
        return self.whole

    def subject(self, choice: Any) -> str:
        """In words, as in 'spending on purchases on average over all futures'."""
        return Said("spending on purchases {which}", "調達支出（{which}）").format(which=which(choice))
