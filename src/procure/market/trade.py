"""Who sells what, and how: the index sets of plan and period, read from the facts."""

from __future__ import annotations

import numpy as np

from procure.facts.tracked import tracked
from procure.formulation.moment import seen_before
from procure.formulation.sets import Sets
from procure.languages import Said
from procure.market.limits import limits_of
from procure.market.offers import Offers
from procure.market.prices import Prices
from procure.market.reading import Reading, Room


class Trade(Room):
    """The trade that is open to the buyer."""

    def __init__(self, reading: Reading, offers: Offers, prices: Prices) -> None:
        super().__init__(reading)
        self.offers, self.prices = offers, prices

    @tracked
    def sets(self) -> Sets:
        """The sets of the formulation."""
        reading, suppliers = self.reading, self.reading.suppliers
        offers, calls = [], []
        for s in suppliers:
            sold = self._sold(s)
            contracts = reading.choice(s, "contracts")
            if contracts != "none":
                offers += [(s, e) for e in sold]
            if not reading.is_basket(s) and contracts != "committed":
                calls += [(s, e) for e in sold if any(reading.term(s, "call_share", y, e) > 0 for y in reading.years)]
        has = {s: {r["attribute"] for r in reading.records.rows("terms", supplier=s)} for s in suppliers}
        chosen = reading.settings.suppliers.items()
        return Sets(
            elements=tuple(reading.elements),
            suppliers=tuple(suppliers),
            years=tuple(reading.years),
            reviewed=reading.moments if any(map(seen_before, reading.moments)) else (),
            offers=tuple(offers),
            calls=tuple(calls),
            baskets=tuple(s for s in dict(offers) if reading.is_basket(s)),
            capped=tuple(s for s in suppliers if reading.is_basket(s) or "capacity" in has[s]),
            ramped=tuple(s for s in suppliers if "growth" in has[s]),
            charged=tuple(s for s in suppliers if has[s] & {"fixed_charge", "minimum_order"}),
            options=self._with_term(offers, "option_fee"),
            cancellable=self._with_term(offers, "cancel_price"),
            charged_orders=self._with_term(offers, "order_charge"),
            sharing=tuple(s for s in dict((*offers, *calls)) if "shared_capacity" in has[s]),
            dear_to_hold=self._in_stock("holding"),
            bounded_surplus=self._in_stock("surplus_share"),
            expandable=tuple((s, lead) for s in suppliers if (lead := self.offers.lead(s)) is not None),
            programmes=tuple((s, g) for s, _ in chosen if s in reading.registry for g in self._levels(s)),
            steps=tuple(self._steps()),
            tiers=tuple(self._tiers()),
            extension=reading.model.extension,
            limits=tuple(
                limit for choice in reading.settings.limits for limit in limits_of(choice, reading, self.prices)
            ),
        )

    def _in_stock(self, attribute: str) -> tuple[str, ...]:
        """The elements of which stock.csv has an attribute."""
        return tuple(e for e in self.reading.elements if self.reading.of_element("stock", e, attribute=attribute))

    def _with_term(self, offers: list[tuple[str, str]], attribute: str) -> tuple[tuple[str, str], ...]:
        """The offers that have a term in some year of the plan; a basket is bought as a whole, and has none."""
        reading = self.reading
        found = [
            (s, e)
            for s, e in offers
            if any(not np.isnan(reading.term(s, attribute, y, e, default=np.nan)) for y in reading.years)
        ]
        for s in dict.fromkeys(s for s, _ in found if reading.is_basket(s)):
            rule = Said(
                "what is reserved, given up or charged is one element, and a basket is bought as a whole",
                "予約・解除・課金は元素ごとで、一定の比率のものは全体を買う",
            )
            remedy = Said("make it a supplier of kind free, or drop the row", "種類 free の供給元にするか、行を削る")
            seen = Said("the supplier sells a basket", "この供給元は元素を一定の比率で販売する")
            reading.fault(f"terms.csv, {s} {attribute}", seen, rule, remedy)
        return tuple(found)

    def _levels(self, supplier: str) -> tuple[str, ...]:
        """The programme levels that the model names, and those of the strategy that is chosen."""
        named = self.reading.settings.suppliers[supplier].programmes
        levels = {str(r["programme"]) for r in self.reading.records.rows("programmes", supplier=supplier)}
        strategy = self.reading.strategies.get(supplier)
        own = strategy.levels if strategy is not None else ()
        return tuple(dict.fromkeys(level for level in (*named, *own) if level in levels))

    def _sold(self, supplier: str) -> list[str]:
        """The elements of the model that a supplier offers, whatever their volume."""
        reading = self.reading
        offered = (
            set(self.offers.basket(supplier))
            if reading.is_basket(supplier)
            else {r["element"] for r in reading.records.rows("offers", supplier=supplier)}
        )
        sold = [e for e in reading.elements if e in offered]
        if not sold:
            reading.fault(
                Said("supplier '{name}'", "供給元 '{name}'").format(name=supplier),
                Said("it offers none of the model's elements", "モデルの元素を一つも供給しない"),
                Said("every supplier of a model offers something", "モデルの供給元は何かを供給する"),
                Said("add rows to offers.csv, or enabled = false", "offers.csv に行を加えるか、enabled = false とする"),
            )
        return sold

    def _steps(self) -> list[tuple[str, int]]:
        """The steps of the spot market, by element."""
        steps = []
        for e in self.reading.elements:
            steps += sorted((e, int(r["step"])) for r in self.reading.of_element("spot", e, attribute="limit"))
        return steps

    def _tiers(self) -> list[tuple[str, int]]:
        """The tiers of shortage, by element."""
        tiers = []
        for e in self.reading.elements:
            widths = self.reading.of_element("shortage", e, attribute="width")
            if not widths:
                seen = Said("no tiers for '{e}'", "'{e}' の不足段階がない").format(e=e)
                self.reading.fault(
                    "shortage.csv", seen, Said("every element has shortage tiers", "元素には不足段階がある")
                )
            tiers += sorted((e, int(r["tier"])) for r in widths)
        return tiers
