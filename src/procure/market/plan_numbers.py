"""The data of the plan (`formulation.plan`): t/yr, t, and money as its present value in kUSD."""

from __future__ import annotations

import numpy as np

from procure.formulation.sets import Sets
from procure.market.demand import Demand
from procure.market.numbers import Index, Numbers, by_moment, datum
from procure.market.offers import Offers
from procure.market.prices import Prices
from procure.market.reading import Reading
from procure.units import DAYS_PER_YEAR


def _offers(sets: Sets) -> list[Index]:
    return list(sets.offers)


def _of_baskets(sets: Sets) -> list[Index]:
    return [(s, e) for s, e in sets.offers if s in sets.baskets]


def _options(sets: Sets) -> list[Index]:
    return list(sets.options)


def _charged_orders(sets: Sets) -> list[Index]:
    return list(sets.charged_orders)


def _capped(sets: Sets) -> list[Index]:
    return [(s,) for s in sets.capped]


def _ramped(sets: Sets) -> list[Index]:
    return [(s,) for s in sets.ramped]


def _charged(sets: Sets) -> list[Index]:
    return [(s,) for s in sets.charged]


def _expandable(sets: Sets) -> list[Index]:
    return [(s,) for s, _ in sets.expandable]


def _levels(sets: Sets) -> list[Index]:
    return list(sets.programmes)


def _elements(sets: Sets) -> list[Index]:
    return [(e,) for e in sets.elements]


class PlanNumbers(Numbers):
    """What is offered, committed, owned and charged, by year."""

    def __init__(self, reading: Reading, demand: Demand, offers: Offers, prices: Prices) -> None:
        super().__init__(reading)
        self.demand, self.offers, self.prices = demand, offers, prices

    @datum(over=by_moment(_offers))
    def committed(self, s: str, e: str, y: int) -> float:
        """t/yr contracted already."""
        committed, offered = self.offers.committed(s, e, y) * self.reading.runs(s, y), self.offers.offered(s, e, y)
        if committed > offered * (1 + 1e-9):
            self.reading.fault(
                f"commitments.csv, {s} {e} {y}", f"{committed:g} t/yr are committed and {offered:g} offered",
                "what is committed is part of what is offered", "raise the offer or lower the commitment",
            )  # fmt: skip
        return committed

    @datum(over=by_moment(_offers))
    def offered(self, s: str, e: str, y: int) -> float:
        """The most that can be contracted, t/yr."""
        return self.offers.offered(s, e, y)

    @datum(over=by_moment(_of_baskets))
    def share(self, s: str, e: str, y: int) -> float:
        """Share of a basket's output."""
        return self.offers.share(s, e, y)

    @datum(over=by_moment(_capped))
    def capacity(self, s: str, y: int) -> float:
        """Throughput of what exists, t/yr."""
        return self.reading.term(s, "capacity", y) * self.reading.runs(s, y)

    @datum(over=by_moment(_levels))
    def level(self, s: str, g: str, y: int) -> float:
        """Capacity of a programme level, t/yr."""
        return (self.reading.of_level(s, g, "capacity", y) or 0.0) * self.reading.runs(s, y)

    @datum(over=by_moment(_levels))
    def chosen(self, s: str, g: str, y: int) -> float:
        """1 of a level in force, 0 of the others."""
        return float(g in self.reading.in_force(s, y))

    @datum(over=by_moment(_ramped))
    def growth(self, s: str, y: int) -> float:
        """The most by which throughput may grow, t/yr."""
        return self.reading.term(s, "growth", y, default=np.inf)

    @datum(over=by_moment(_charged))
    def least(self, s: str, y: int) -> float:
        """The least that is ordered where anything is, t/yr."""
        return self.reading.term(s, "minimum_order", y)

    @datum(over=by_moment(_expandable))
    def buildable(self, s: str, y: int) -> float:
        """The most capacity that can be bought, t/yr."""
        return self.reading.term(s, "expansion_limit", y)

    @datum(over=by_moment(_elements))
    def ceiling(self, e: str, y: int) -> float:
        """Room for stock, t: never less than what exists."""
        most = (
            self.reading.of_stock(e, "max_days")
            / DAYS_PER_YEAR
            * self.demand.yearly(e)[self.reading.years.index(int(y))]
        )
        return max(float(most), self.existing(e))

    @datum(over=by_moment(_options))
    def reservable(self, s: str, e: str, y: int) -> float:
        """The most that can be kept under option, t/yr: all that can be contracted, in the years that have a fee."""
        return 0.0 if np.isnan(self._fee(s, e, y)) else self.offers.offered(s, e, y)

    @datum(over=_elements)
    def existing(self, e: str) -> float:
        """Stock today, t."""
        return self.reading.of_stock(e, "existing")

    @datum(over=by_moment(_expandable))
    def price_expansion(self, s: str, y: int) -> float:
        """kUSD yr/t of capacity."""
        return self.reading.term(s, "expansion_cost", y) * self.reading.discount(int(y))

    @datum(over=by_moment(_levels))
    def price_programme(self, s: str, g: str, y: int) -> float:
        """kUSD of a programme level: what it takes to run it, and what is invested when it is decided."""
        return self.price_running(s, g, y) + self.price_investment(s, g, y)

    def price_running(self, s: str, g: str, y: int) -> float:
        """kUSD of a year in which a level runs."""
        return self.offers.programme.running_cost(s, g, y) * self.reading.discount(int(y))

    def price_investment(self, s: str, g: str, y: int) -> float:
        """kUSD that are invested in a level in a year."""
        return self.offers.programme.investment(s, g, y) * self.reading.discount(int(y))

    @datum(over=by_moment(_charged))
    def charge(self, s: str, y: int) -> float:
        """kUSD that it costs to buy of a supplier at all."""
        return self.reading.term(s, "fixed_charge", y) * self.reading.discount(int(y))

    @datum(over=by_moment(_charged_orders))
    def price_order(self, s: str, e: str, y: int) -> float:
        """kUSD of an order."""
        return self.reading.term(s, "order_charge", y, e) * self.reading.discount(int(y))

    @datum(over=by_moment(_options))
    def price_reserve(self, s: str, e: str, y: int) -> float:
        """kUSD yr/t of what is kept under option."""
        return float(np.nan_to_num(self._fee(s, e, y))) * self.reading.discount(int(y))

    def _fee(self, s: str, e: str, y: int) -> float:
        return self.reading.term(s, "option_fee", y, e, default=np.nan)

    @datum(over=by_moment(_elements))
    def storage(self, e: str, y: int) -> float:
        """kUSD per t of room for stock."""
        value = self.reading.of_stock(e, "storage") * (self.prices.listed(e, "licensed") or 0.0)
        return value * self.reading.discount(int(y))
