"""The data of a period (`formulation.period`), arrays over the nodes of the tree: t, yr, kUSD/t."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from procure.facts.tracked import tracked
from procure.formulation.moment import seen_before
from procure.languages import Said
from procure.market import indices
from procure.market.delivery import Delivery
from procure.market.demand import Demand
from procure.market.numbers import Numbers, datum
from procure.market.offers import Offers
from procure.market.plan_numbers import PlanNumbers
from procure.market.prices import Prices
from procure.market.reading import Reading
from procure.market.trade import Trade
from procure.units import Array


class PeriodNumbers(Numbers):
    """What is needed, what arrives and what is paid, node by node."""

    def __init__(
        self, reading: Reading, trade: Trade, demand: Demand, offers: Offers, delivery: Delivery, prices: Prices,
        plan: PlanNumbers,
    ) -> None:  # fmt: skip
        super().__init__(reading)
        self.trade, self.needed, self.offers, self.delivery, self.prices = trade, demand, offers, delivery, prices
        self.plan = plan

    @datum(over=indices.elements)
    def demand(self, e: str) -> Array:
        """t that are needed."""
        return self.needed.in_node(e)

    @datum(over=indices.offers)
    def delivered(self, s: str, e: str) -> Array:
        """yr: the share of a contract that arrives, times the period."""
        return self.delivery.delivered(s, e) * self.reading.period_years

    @datum(over=indices.offers)
    def payment(self, s: str, e: str) -> Array:
        """kUSD yr/t of a contract; where all of a basket has one price, it is paid by its output."""
        share = self.delivery.delivered(s, e)
        apart = np.isnan(self.prices.of_output(s)) if self.reading.is_basket(s) else np.ones(len(share), dtype=bool)
        if not apart.any():
            return np.zeros(len(share))
        price = np.where(apart, self.prices.of_contract(s, e), 0.0)
        return np.asarray(self._paid(s, share) * price * self.reading.period_years)

    @datum(over=indices.baskets)
    def payment_output(self, s: str) -> Array:
        """kUSD yr/t of the output of a basket: every tonne that it holds is paid, whether the model looks at its element or not."""
        years = self.reading.years
        held = np.array([sum(self.offers.share(s, e, y) for e in self.offers.basket(s)) for y in years])
        # A basket fails as a whole: the share of any of its elements is the share of its output.
        share = self.delivery.delivered(*next(offer for offer in self.trade.sets().offers if offer[0] == s))
        price = held[self.reading.year_index] * np.nan_to_num(self.prices.of_output(s), nan=0.0)
        return np.asarray(self._paid(s, share) * price * self.reading.period_years)

    @datum(over=indices.calls)
    def reach(self, s: str, e: str) -> Array:
        """yr: the share of what is not contracted that can be called, times what arrives."""
        return self.delivery.delivered(s, e) * self._callable_share(s, e) * self.reading.period_years

    @datum(over=indices.calls)
    def callable(self, s: str, e: str) -> Array:
        """t that can be called where nothing is contracted."""
        offered = np.array([self.offers.on_offer(s, e, y) for y in self.reading.years])[self.reading.year_index]
        return np.asarray(
            self.delivery.delivered(s, e) * self._callable_share(s, e) * offered * self.reading.period_years
        )

    @datum(over=indices.calls)
    def price_call(self, s: str, e: str) -> Array:
        """kUSD/t of a call."""
        premium = [self.reading.term(s, "call_premium", y, e, default=1.0) for y in self.reading.years]
        return np.asarray(self.prices.of_call(s, e) * np.array(premium)[self.reading.year_index])

    @datum(over=indices.options)
    def price_exercise(self, s: str, e: str) -> Array:
        """kUSD/t of what is taken under an option: as agreed, and where nothing is, that of a contract in the state at hand."""
        return self._agreed(s, e, "option_price", self.prices.of_contract(s, e))

    @datum(over=indices.cancellable)
    def price_cancelled(self, s: str, e: str) -> Array:
        """kUSD/t of what is given up of a contract, less what it would have cost; nothing where it cannot be given up."""
        price = self.prices.of_contract(s, e)
        return self._agreed(s, e, "cancel_price", price) - price

    @datum(over=indices.dear_to_hold)
    def price_held(self, e: str) -> Array:
        """kUSD/t of what is in stock at the end of a period, for the length of the period."""
        return np.full(self.reading.n_nodes, self.reading.of_stock(e, "holding") * self.reading.period_years)

    @datum(over=indices.steps)
    def price_spot(self, e: str, k: int) -> Array:
        """kUSD/t of a step of the spot market."""
        price = (self.prices.listed(e, "spot") or 0.0) * self._of_step("spot", e, "factor", k)
        return price * self.prices.multiple("spot", e, False)

    @datum(over=indices.tiers)
    def price_shortage(self, e: str, k: int) -> Array:
        """kUSD/t of a tier of shortage: less from year to year, where users adapt."""
        reading = self.reading
        cost = self._of_tier(e, "cost", k) * reading.scale_of_shortage()
        fall = [float(r["value"]) for r in reading.of_element("shortage", e, attribute="fall", tier=k)]
        return np.asarray(cost * (1.0 - sum(fall)) ** reading.year_index)

    @datum(over=indices.elements)
    def price_surplus(self, e: str) -> Array:
        """kUSD/t for what is sold on: a part of the licensed price of the state at hand, less what it costs to be rid of it.

        A supplier without the term sells what cannot be sold on; of several the hardest terms count.
        """
        sellers = [s for s, _ in self.trade.sets().of_element(e)]
        term = self.reading.term
        lost = [max((term(s, "surplus_discount", y, e, 1.0) for s in sellers), default=1.0) for y in self.reading.years]
        sold = (1.0 - np.array(lost))[self.reading.year_index] * self._licensed(e)
        return np.asarray(sold - self.reading.of_stock(e, "disposal"))

    @datum(over=indices.elements)
    def price_end(self, e: str) -> Array:
        """kUSD/t of stock that is left at the end; nothing before."""
        period = self.reading.period
        return np.where(period == np.max(period), self.reading.of_stock(e, "end_value") * self._licensed(e), 0.0)

    @datum(over=indices.steps)
    def limit_spot(self, e: str, k: int) -> Array:
        """t of a step of the spot market. What is planned before demand is seen cannot depend on its level."""
        is_seen = self.reading.settings.demand.orders == "after"
        demand = self.needed.in_node(e) if is_seen else self.needed.before_levels(e)
        return self._of_step("spot", e, "limit", k) * demand

    @datum(over=indices.elements)
    def limit_draw(self, e: str) -> Array:
        """t that may be drawn: none where stock may not be drawn, elsewhere as much as can be in a period."""
        return np.where(self._may_draw(e), self._share_of_demand(e, "draw_share"), 0.0)

    @datum(over=indices.elements)
    def limit_sold(self, e: str) -> Array:
        """t of stock that may be sold apart: none where any may be drawn, and be surplus."""
        return np.where(np.isinf(self.limit_draw(e)), 0.0, np.inf)

    @datum(over=indices.sharing)
    def limit_shared(self, s: str) -> Array:
        """t that arrive of all elements together: of the capacity what the state leaves of the element that it hits least."""
        most = [self.reading.term(s, "shared_capacity", y, default=np.inf) for y in self.reading.years]
        left = np.max([self.delivery.delivered(i, e) for i, e in self.trade.sets().sold if i == s], axis=0)
        whole = np.array(most)[self.reading.year_index] * self.reading.period_years
        return np.where(np.isinf(whole), np.inf, np.where(np.isinf(whole), 0.0, whole) * left)

    @datum(over=indices.bounded_surplus)
    def limit_surplus(self, e: str) -> Array:
        """t that may be left over, or given up of what is in stock."""
        return self._share_of_demand(e, "surplus_share")

    @datum(over=indices.elements)
    def limit_refill(self, e: str) -> Array:
        """t that may be put into stock."""
        return self.reading.of_stock(e, "refill_share") * self.needed.before_levels(e)

    @datum(over=indices.tiers)
    def width(self, e: str, k: int) -> Array:
        """t of a tier of shortage."""
        return np.asarray(self._of_tier(e, "width", k) * self.needed.in_node(e))

    # --- what the plan spends in the year of a period, where a limit counts it ---

    @datum(over=indices.where_counted(indices.expandable))
    def outlay_expansion(self, s: str) -> Array:
        """kUSD yr/t of capacity."""
        return self._of_period(self.plan.price_expansion, s)

    @datum(over=indices.where_counted(indices.levels))
    def outlay_programme(self, s: str, g: str) -> Array:
        """kUSD of a programme level: a trial that a plant has replaced costs nothing any more."""
        return self._of_level(s, g, self._of_period)

    @datum(over=indices.where_counted(indices.charged))
    def outlay_use(self, s: str) -> Array:
        """kUSD that it costs to buy of a supplier at all."""
        return self._of_period(self.plan.charge, s)

    @datum(over=indices.where_counted(indices.charged_orders))
    def outlay_order(self, s: str, e: str) -> Array:
        """kUSD of an order."""
        return self._of_period(self.plan.price_order, s, e)

    @datum(over=indices.where_counted(indices.options))
    def outlay_reserve(self, s: str, e: str) -> Array:
        """kUSD yr/t of what is kept under option."""
        return self._of_period(self.plan.price_reserve, s, e)

    @datum(over=indices.where_counted(indices.elements))
    def outlay_room(self, e: str) -> Array:
        """kUSD per t of room for stock."""
        return self._of_period(self.plan.storage, e)

    # --- the same where it was decided after a review ---

    @datum(over=indices.after_reviews(indices.expandable))
    def cost_expansion(self, s: str) -> Array:
        """kUSD yr/t of capacity."""
        return self._after_reviews(self.plan.price_expansion, s)

    @datum(over=indices.after_reviews(indices.levels))
    def cost_programme(self, s: str, g: str) -> Array:
        """kUSD of a programme level: a trial that a plant has replaced costs nothing any more."""
        return self._of_level(s, g, self._after_reviews)

    @datum(over=indices.after_reviews(indices.charged))
    def cost_use(self, s: str) -> Array:
        """kUSD that it costs to buy of a supplier at all."""
        return self._after_reviews(self.plan.charge, s)

    @datum(over=indices.after_reviews(indices.charged_orders))
    def cost_order(self, s: str, e: str) -> Array:
        """kUSD of an order."""
        return self._after_reviews(self.plan.price_order, s, e)

    @datum(over=indices.after_reviews(indices.options))
    def cost_reserve(self, s: str, e: str) -> Array:
        """kUSD yr/t of what is kept under option."""
        return self._after_reviews(self.plan.price_reserve, s, e)

    @datum(over=indices.after_reviews(indices.elements))
    def cost_room(self, e: str) -> Array:
        """kUSD per t of room for stock."""
        return self._after_reviews(self.plan.storage, e)

    def _of_level(self, s: str, g: str, spent: Callable[..., Array]) -> Array:
        """What a programme level costs at every node, its running cost as long as no plant has replaced it."""
        stopped = self.offers.programme.is_replaced(s, g) if s in self.reading.strategies else False
        running = np.where(stopped, 0.0, spent(self.plan.price_running, s, g))
        return np.asarray(spent(self.plan.price_investment, s, g) + running)

    def _after_reviews(self, price: Callable[..., float], *index: str) -> Array:
        """What the plan pays at a moment, undiscounted, in the first period of each year that follows a review."""
        reading = self.reading
        is_first = reading.period % reading.settings.model.periods_per_year == 0
        paid = self._at_moments(lambda moment: price(*index, moment) if seen_before(moment) else 0.0)
        return np.where(is_first, paid, 0.0)

    def _of_period(self, price: Callable[..., float], *index: str) -> Array:
        """What the plan pays at a moment, undiscounted; each period of a year has its part."""
        return self._at_moments(lambda moment: price(*index, moment)) / self.reading.settings.model.periods_per_year

    def _at_moments(self, price: Callable[[int], float]) -> Array:
        """A present value of money that is paid at moments, as money of its year at every node."""
        reading = self.reading
        paid = [price(moment) / reading.discount(int(moment)) for moment in reading.moments]
        return np.asarray(np.array(paid)[reading.moment_index])

    def _agreed(self, s: str, e: str, attribute: str, otherwise: Array) -> Array:
        """A price of the terms at every node, kUSD/t; in years before it begins, another."""
        agreed = [self.reading.term(s, attribute, y, e, default=np.nan) for y in self.reading.years]
        price = np.array(agreed)[self.reading.year_index]
        return np.where(np.isnan(price), otherwise, price)

    def _paid(self, s: str, share: Array) -> Array:
        """The share of a contract that is paid: what arrives, or all of it where it is paid as ordered."""
        payment = self.reading.choice(s, "payment") or self.reading.registry[s]["payment"]
        return share if payment == "delivered" else np.ones(len(share))

    @tracked
    def _callable_share(self, s: str, e: str) -> Array:
        """The share of what is not contracted that a supplier lets call, at every node."""
        share = [self.reading.term(s, "call_share", y, e) for y in self.reading.years]
        return np.array(share)[self.reading.year_index]

    @tracked
    def _licensed(self, e: str) -> Array:
        """The licensed price of the state at hand, kUSD/t."""
        return (self.prices.listed(e, "licensed") or 0.0) * self.prices.multiple("licensed", e, False)

    def _of_step(self, table: str, e: str, attribute: str, k: int) -> float:
        """A number of a step of the spot market, in the unit of its table."""
        for r in self.reading.of_element(table, e, attribute=attribute):
            if r["step"] == k:
                return float(r["value"])
        seen = Said("no {attribute} of step {k} for '{e}'", "'{e}' の段階 {k} の {attribute} がない")
        rule = Said("every step has all its numbers", "段階の数値はすべてそろっていること")
        return self._missing(table, seen.format(attribute=attribute, k=k, e=e), rule)

    def _of_tier(self, e: str, attribute: str, k: int) -> Array:
        """A number of a tier of shortage at every node, in the unit of its table: of the last row that begins by then."""
        rows = [r for r in self.reading.of_element("shortage", e, attribute=attribute) if r["tier"] == k]
        rows.sort(key=lambda r: int(r["year"] or 0))
        seen = Said(
            "no {attribute} of tier {k} for '{e}' in {y}", "{y} 年の '{e}' の不足段階 {k} の {attribute} がない"
        )
        rule = Said("every tier has all its numbers", "不足段階の数値はすべてそろっていること")
        numbers = []
        for y in self.reading.years:
            begun = [r for r in rows if int(r["year"] or 0) <= y]
            if begun:
                numbers.append(float(begun[-1]["value"]))
            else:
                numbers.append(self._missing("shortage", seen.format(attribute=attribute, k=k, e=e, y=y), rule))
        return np.array(numbers)[self.reading.year_index]

    def _missing(self, table: str, seen: str, rule: str) -> float:
        self.reading.fault(f"{table}.csv", seen, rule, Said("add the row", "行を加える"))
        return np.nan

    def _share_of_demand(self, e: str, attribute: str) -> Array:
        """t of a period that stock.csv allows as a share of the central demand of a year; infinite where it says nothing."""
        rows = self.reading.of_element("stock", e, attribute=attribute)
        if not rows:
            return np.full(self.reading.n_nodes, np.inf)
        return np.asarray(float(rows[0]["value"]) * self.needed.before_levels(e))

    @tracked
    def _may_draw(self, e: str) -> Array:
        """Whether stock may be drawn at a node: where a supplier is disturbed, or always."""
        sellers = [s for s, _ in self.trade.sets().of_element(e)]
        is_free = self.reading.settings.stock.release == "always"
        return np.asarray(self.delivery.disrupted(e, sellers) | is_free)
