"""The data of the plan (`formulation.plan`): t/yr, t, and money as its present value in kUSD."""

from __future__ import annotations

import numpy as np

from procure.languages import Said
from procure.market import indices
from procure.market.demand import Demand
from procure.market.numbers import Numbers, datum
from procure.market.offers import Offers
from procure.market.prices import Prices
from procure.market.reading import Reading
from procure.units import DAYS_PER_YEAR


class PlanNumbers(Numbers):
    """What is offered, committed, owned and charged, by year."""

    def __init__(self, reading: Reading, demand: Demand, offers: Offers, prices: Prices) -> None:
        super().__init__(reading)
        self.demand, self.offers, self.prices = demand, offers, prices

    @datum(over=indices.by_moment(indices.offers))
    def committed(self, s: str, e: str, y: int) -> float:
        """t/yr contracted already."""
        committed, offered = self.offers.committed(s, e, y) * self.reading.runs(s, y), self.offers.offered(s, e, y)
        if committed > offered * (1 + 1e-9):
            seen = Said(
                "{committed:g} t/yr are committed and {offered:g} offered",
                "契約済み {committed:g} t/年、供給可能量 {offered:g}",
            )
            rule = Said("what is committed is part of what is offered", "契約済みの量は供給可能量のうち")
            remedy = Said("raise the offer or lower the commitment", "供給可能量を増やすか、契約済みの量を減らす")
            where = f"commitments.csv, {s} {e} {y}"
            self.reading.fault(where, seen.format(committed=committed, offered=offered), rule, remedy)
        return committed

    @datum(over=indices.by_moment(indices.offers))
    def offered(self, s: str, e: str, y: int) -> float:
        """The most that can be contracted, t/yr."""
        return self.offers.offered(s, e, y)

    @datum(over=indices.by_moment(indices.of_baskets))
    def share(self, s: str, e: str, y: int) -> float:
        """Share of a basket's output."""
        return self.offers.share(s, e, y)

    @datum(over=indices.by_moment(indices.capped))
    def capacity(self, s: str, y: int) -> float:
        """Throughput of what exists, t/yr."""
        return self.reading.term(s, "capacity", y) * self.reading.runs(s, y)

    @datum(over=indices.by_moment(indices.levels))
    def level(self, s: str, g: str, y: int) -> float:
        """Capacity of a programme level, t/yr."""
        return (self.reading.of_level(s, g, "capacity", y) or 0.0) * self.reading.runs(s, y)

    @datum(over=indices.by_moment(indices.levels))
    def chosen(self, s: str, g: str, y: int) -> float:
        """1 of a level in force, 0 of the others."""
        return float(g in self.reading.in_force(s, y))

    @datum(over=indices.by_moment(indices.ramped))
    def growth(self, s: str, y: int) -> float:
        """The most by which throughput may grow, t/yr."""
        return self.reading.term(s, "growth", y, default=np.inf)

    @datum(over=indices.by_moment(indices.charged))
    def least(self, s: str, y: int) -> float:
        """The least that is ordered where anything is, t/yr."""
        return self.reading.term(s, "minimum_order", y)

    @datum(over=indices.by_moment(indices.expandable))
    def buildable(self, s: str, y: int) -> float:
        """The most capacity that can be bought, t/yr."""
        return self.reading.term(s, "expansion_limit", y)

    @datum(over=indices.by_moment(indices.elements))
    def ceiling(self, e: str, y: int) -> float:
        """Room for stock, t: never less than what exists."""
        most = (
            self.reading.of_stock(e, "max_days")
            / DAYS_PER_YEAR
            * self.demand.yearly(e)[self.reading.years.index(int(y))]
        )
        return max(float(most), self.existing(e))

    @datum(over=indices.by_moment(indices.options))
    def reservable(self, s: str, e: str, y: int) -> float:
        """The most that can be kept under option, t/yr: all that can be contracted, in the years that have a fee."""
        return 0.0 if np.isnan(self._fee(s, e, y)) else self.offers.offered(s, e, y)

    @datum(over=indices.elements)
    def existing(self, e: str) -> float:
        """Stock today, t."""
        return self.reading.of_stock(e, "existing")

    @datum(over=indices.by_moment(indices.expandable))
    def price_expansion(self, s: str, y: int) -> float:
        """kUSD yr/t of capacity."""
        return self.reading.term(s, "expansion_cost", y) * self.reading.discount(int(y))

    @datum(over=indices.by_moment(indices.levels))
    def price_programme(self, s: str, g: str, y: int) -> float:
        """kUSD of a programme level: what it takes to run it, and what is invested when it is decided."""
        return self.price_running(s, g, y) + self.price_investment(s, g, y)

    def price_running(self, s: str, g: str, y: int) -> float:
        """kUSD of a year in which a level runs."""
        return self.offers.programme.running_cost(s, g, y) * self.reading.discount(int(y))

    def price_investment(self, s: str, g: str, y: int) -> float:
        """kUSD that are invested in a level in a year."""
        return self.offers.programme.investment(s, g, y) * self.reading.discount(int(y))

    @datum(over=indices.by_moment(indices.charged))
    def charge(self, s: str, y: int) -> float:
        """kUSD that it costs to buy of a supplier at all."""
        return self.reading.term(s, "fixed_charge", y) * self.reading.discount(int(y))

    @datum(over=indices.by_moment(indices.charged_orders))
    def price_order(self, s: str, e: str, y: int) -> float:
        """kUSD of an order."""
        return self.reading.term(s, "order_charge", y, e) * self.reading.discount(int(y))

    @datum(over=indices.by_moment(indices.options))
    def price_reserve(self, s: str, e: str, y: int) -> float:
        """kUSD yr/t of what is kept under option."""
        return float(np.nan_to_num(self._fee(s, e, y))) * self.reading.discount(int(y))

    def _fee(self, s: str, e: str, y: int) -> float:
        return self.reading.term(s, "option_fee", y, e, default=np.nan)

    @datum(over=indices.by_moment(indices.elements))
    def storage(self, e: str, y: int) -> float:
        """kUSD per t of room for stock."""
        value = self.reading.of_stock(e, "storage") * (self.prices.listed(e, "licensed") or 0.0)
        return value * self.reading.discount(int(y))
