"""What is paid, at every node.

A contract is paid by its rule, with `price` the supplier's own or that of its layer, times its factor, and `index` that price
in the state at hand:

  fixed          price
  index          index
  floor          max(index, floor)
  floor_rebate   max(index, floor) - rebate_share max(index - rebate_threshold, 0), the rebate at most its part of a yearly cap

and, where the contract has a cap, no more than that, unless the price is fixed.

Where the supplier has a price of its own for the state at hand (state_prices.csv), that is the index.

A call is bought at the market of its state, whatever the rule: premium × price × the state's multiple for calls. Neither the floor
nor the rebate of the contract applies.
"""

from __future__ import annotations

import numpy as np

from procure.facts.records import Row
from procure.facts.tracked import tracked
from procure.formulation.sets import Sets
from procure.languages import Said
from procure.market.offers import Offers
from procure.market.reading import Reading, Room
from procure.units import Array


class Prices(Room):
    """The prices of layers, contracts, calls and baskets, USD/kg (= kUSD/t)."""

    def __init__(self, reading: Reading, offers: Offers) -> None:
        super().__init__(reading)
        self.offers = offers

    def listed(self, element: str, layer: str) -> float | None:
        """The price of a layer, USD/kg, where the table has one."""
        rows = self.reading.records.rows("prices", element=element, layer=layer)
        return float(rows[-1]["value"]) if rows else None

    @tracked
    def multiple(self, layer: str, element: str, is_contracted: bool) -> Array:
        """The price multiple that the suppliers' states put on a layer, at every node: the largest that is not one.

        Some multiples are paid for calls only: a contract outside the disturbed country keeps its price.
        """
        reading = self.reading
        multiple = np.ones(reading.n_nodes)
        for chain in sorted(reading.code):
            factors = np.ones(len(reading.states[chain]))
            for k, state in enumerate(reading.states[chain]):
                for r in reading.of_element("multiples", element, chain=chain, state=state, layer=layer):
                    if not (is_contracted and r["applies"] == "calls"):
                        factors[k] = float(r["value"])
            if (factors != 1.0).any():
                at_node = factors[reading.code[chain]]
                larger = np.where(at_node == 1.0, multiple, np.maximum(multiple, at_node))
                multiple = np.where(multiple == 1.0, at_node, larger)
        return np.asarray(multiple)

    @tracked
    def of_contract(self, supplier: str, element: str) -> Array:
        """USD/kg that a contract pays by its rule, at every node."""
        rule = self.reading.choice(supplier, "price_rule") or self.reading.registry[supplier]["price_rule"]
        price = self._undisturbed(supplier, element)[self.reading.year_index]
        if rule == "fixed":
            return price
        index = self._in_state(supplier, element, True)
        paid = index
        if rule != "index":
            paid = np.maximum(index, self._floor(supplier, element)[self.reading.year_index])
        if rule == "floor_rebate":
            paid = paid - self._rebate(supplier, element, index)
        return np.asarray(np.minimum(paid, self._cap(supplier, element, rule)[self.reading.year_index]))

    @tracked
    def of_call(self, supplier: str, element: str) -> Array:
        """USD/kg that a call pays before its premium, at every node."""
        return self._in_state(supplier, element, False)

    @tracked
    def _in_state(self, supplier: str, element: str, is_contracted: bool) -> Array:
        """USD/kg that a supplier asks at every node: its price for the state, or what its layer does to its undisturbed one."""
        reading = self.reading
        price = self._undisturbed(supplier, element)[reading.year_index]
        price = price * self.multiple(self._layer(supplier), element, is_contracted)
        if not reading.records.rows("state_prices", supplier=supplier):
            return price
        own = np.full(reading.n_nodes, np.nan)
        for chain in sorted(reading.code):
            for k, state in enumerate(reading.states[chain]):
                for r in reading.of_element("state_prices", element, supplier=supplier, chain=chain, state=state):
                    if not (is_contracted and r["applies"] == "calls"):
                        own = np.where(reading.code[chain] == k, np.fmax(own, float(r["value"])), own)
        return np.where(np.isnan(own), price, own)

    @tracked
    def of_output(self, supplier: str) -> Array:
        """USD/kg that the output of a basket delivers, at every node, whatever its price rule; NaN where each element has its own.

        The unit cost of the programme, else the supplier's price for all elements alike.
        """
        reading, prices = self.reading, []
        for y in reading.years:
            price = reading.term(supplier, "price", y, default=np.nan)
            prices.append(price * reading.term(supplier, "price_factor", y, default=1.0))
        own, of_programme = np.array(prices)[reading.year_index], self.offers.programme.unit_cost(supplier)
        return own if of_programme is None else np.where(np.isnan(of_programme), own, of_programme)

    def check(self, sets: Sets) -> None:
        """Note as a fault every price that is needed and that no table has."""
        reading = self.reading
        for element in reading.elements:
            sellers = [s for s, _ in sets.of_element(element)]
            layers = {self._layer(s) for s in sellers}
            if any(e == element for e, _ in sets.steps):
                layers.add("spot")
            for layer in sorted(layers):
                own = all(self._own_row(s, element, reading.years[-1]) for s in sellers if self._layer(s) == layer)
                if not reading.records.rows("prices", element=element, layer=layer) and (layer == "spot" or not own):
                    seen = Said("no {layer} price for '{element}'", "'{element}' の価格（{layer}）がない")
                    rule = Said("every element on offer has its prices", "供給される元素には価格がある")
                    reading.fault("prices.csv", seen.format(layer=layer, element=element), rule)

    def _layer(self, supplier: str) -> str:
        return str(self.reading.registry[supplier]["price_layer"])

    def _own(self, supplier: str, element: str, year: int) -> float | None:
        """The supplier's own price, where it has one."""
        row = self._own_row(supplier, element, year)
        return None if row is None else float(row["value"])

    def _own_row(self, supplier: str, element: str, year: int) -> Row | None:
        scopes = self.reading.scopes(element)
        return self.reading.records.valid("terms", year, scopes, supplier=supplier, attribute="price")

    @tracked
    def _undisturbed(self, supplier: str, element: str) -> Array:
        """USD/kg by year of the plan: the supplier's own price or that of its layer, times its factor."""
        prices = []
        for y in self.reading.years:
            price = self._own(supplier, element, y)
            if price is None:
                price = self.listed(element, self._layer(supplier))
            assert price is not None, "checked before"
            prices.append(price * self.reading.term(supplier, "price_factor", y, element, default=1.0))
        return np.array(prices)

    def _floor(self, supplier: str, element: str) -> Array:
        return np.array([self.reading.term(supplier, "floor", y, element) for y in self.reading.years])

    def _cap(self, supplier: str, element: str, rule: str) -> Array:
        caps = [self.reading.term(supplier, "cap", y, element, default=np.inf) for y in self.reading.years]
        floors = np.zeros(len(caps)) if rule == "index" else self._floor(supplier, element)
        for y, cap, floor in zip(self.reading.years, caps, floors, strict=True):
            if cap < floor:
                seen = Said(
                    "the cap is {cap:g} and the floor is {floor:g} USD/kg",
                    "上限価格 {cap:g}、下限価格 {floor:g} USD/kg",
                ).format(cap=cap, floor=floor)
                between = Said("a price lies between its floor and its cap", "価格は下限価格と上限価格の間")
                remedy = Said("raise the cap or lower the floor", "上限価格を上げるか、下限価格を下げる")
                self.reading.fault(f"terms.csv, {supplier} {element} {y}", seen, between, remedy)
        return np.array(caps)

    def _rebate(self, supplier: str, element: str, index: Array) -> Array:
        """USD/kg that come back of an index price, at every node."""
        reading = self.reading
        share, threshold, most = (np.full(len(reading.years), x) for x in (0.0, np.inf, np.inf))
        for k, y in enumerate(reading.years):
            share[k] = reading.term(supplier, "rebate_share", y, element)
            if share[k] > 0:
                threshold[k] = reading.term(supplier, "rebate_threshold", y, element, default=np.inf)
                cap = reading.term(supplier, "rebate_cap", y, default=np.inf)
                tonnes = self._rebated(supplier, y) if cap < np.inf else 0.0
                most[k] = cap / tonnes if tonnes > 0 else np.inf
        at = reading.year_index
        return np.asarray(np.minimum(share[at] * np.maximum(index - threshold[at], 0.0), most[at]))

    def _rebated(self, supplier: str, year: int) -> float:
        """t/yr over which a yearly cap on the rebate is spread: what is committed, else on offer, of elements with a rebate."""
        rows = [
            row for table in ("commitments", "offers") for row in self.reading.records.rows(table, supplier=supplier)
        ]
        rebated = [
            e
            for e in dict.fromkeys(r["element"] for r in rows)
            if self.reading.term(supplier, "rebate_share", year, e) > 0
        ]
        committed = sum(self.offers.committed(supplier, e, year) for e in rebated)
        return committed or sum(self.offers.on_offer(supplier, e, year) for e in rebated)
