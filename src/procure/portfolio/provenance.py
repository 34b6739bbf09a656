"""How much of a result rests on which kind of number: cost by the status of the number that prices it.

Every tonne, and every sum of the plan, is priced by one number of the tables: a price or a floor, the cost of a shortage tier,
the running cost of a programme. How firm it is, its status says. Costs are taken gross, in absolute
present value, so that sales do not hide purchases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pandas import DataFrame

from procure.facts.records import ALL, Records, Row
from procure.facts.schema import statuses
from procure.facts.scopes import scopes_of
from procure.formulation.moment import seen_before
from procure.portfolio.frames import make_frame
from procure.portfolio.measure import Measured
from procure.scenarios.strategy import strategy_of
from procure.units import KUSD_PER_MUSD


def provenance(measured: Measured) -> DataFrame:
    """Gross cost by status, million USD of present value, and its shares."""
    total = dict.fromkeys(statuses(), 0.0)
    for status, cost in _Priced(measured).parts():
        total[status] += abs(cost) / KUSD_PER_MUSD
    whole = sum(total.values())
    return make_frame("provenance", [(s, cost, cost / whole if whole > 0 else 0.0) for s, cost in total.items()])


class _Priced:
    """Walks over everything a plan pays for, with the row of the table that prices it."""

    def __init__(self, measured: Measured) -> None:
        self.measured, self.market = measured, measured.market
        self.records = Records(self.market.model.facts)
        self.registry = {r["supplier"]: r for r in self.records.rows("suppliers")}
        self.settings = self.market.model.settings
        self.years = self.market.sets.years

    def parts(self) -> Iterator[tuple[str, float]]:
        """(status, present value in kUSD) of every payment."""
        yield from self._of_plan()
        yield from self._of_contracts()
        measured, data = self.measured, self.market.period
        for component, attribute in (("call", ""), ("exercise", "option_price"), ("cancelled", "cancel_price")):
            for (s, e), amount in measured.node.get(component, {}).items():
                cost = measured.yearly(measured.discount * data[f"price_{component}"][s, e] * amount)
                for k, year in enumerate(self.years):
                    agreed = self._terms(s, attribute, year, e)
                    status = self._status(agreed) if agreed else self._price(s, e, year, with_floor=component != "call")
                    yield status, float(cost[k])
        for component, price, table, attribute in (
            ("spot", "price_spot", "spot", "factor"), ("shortage", "price_shortage", "shortage", "cost"),
        ):  # fmt: skip
            for (e, step), amount in measured.node.get(component, {}).items():
                paid = float(measured.yearly(measured.discount * data[price][e, step] * amount).sum())
                if component == "spot":
                    yield self._status(self.records.rows("prices", element=e, layer="spot")), paid
                else:
                    numbered = self._by_scope(table, e, attribute=attribute)
                    yield self._status([r for r in numbered if int(r["tier"]) == step]), paid
        for e in measured.sets.elements:
            sold = measured.discount * data["price_surplus"][e,] * measured.sold(e)
            kept = measured.discount * data["price_end"][e,] * measured.node["stock"][e,]
            yield (
                self._status(self.records.rows("prices", element=e, layer="licensed")),
                float(measured.yearly(sold).sum()),
            )
            yield self._status(self._by_scope("stock", e, attribute="end_value")), float(measured.yearly(kept).sum())
            if e in measured.sets.dear_to_hold:
                held = measured.discount * data["price_held"][e,] * measured.node["stock"][e,]
                yield self._status(self._by_scope("stock", e, attribute="holding")), float(measured.yearly(held).sum())

    def _of_contracts(self) -> Iterator[tuple[str, float]]:
        measured = self.measured
        for s, e in measured.sets.offers:
            cost = measured.yearly(measured.discount * measured.paid_for(s, e))
            for k, year in enumerate(self.years):
                yield self._price(s, e, year, with_floor=True), float(cost[k])
        for s in measured.sets.baskets:
            cost = measured.yearly(measured.discount * measured.paid_for_output(s))
            for k, year in enumerate(self.years):
                yield self._basket(s, year), float(cost[k])

    def _of_plan(self) -> Iterator[tuple[str, float]]:
        plan, price = self.measured.plan, self.market.plan
        chance = self.market.chance_of
        for (s, y), x in plan.get("expansion", {}).items():
            yield self._status(self._terms(s, "expansion_cost", y)), chance(y) * price["price_expansion"][s, y] * x
        for (s, y), x in plan.get("use", {}).items():
            yield self._status(self._terms(s, "fixed_charge", y)), chance(y) * price["charge"][s, y] * x
        for (s, e, y), x in plan.get("placed", {}).items():
            yield self._status(self._terms(s, "order_charge", y, e)), chance(y) * price["price_order"][s, e, y] * x
        for (s, e, y), x in plan.get("reserve", {}).items():
            yield self._status(self._terms(s, "option_fee", y, e)), chance(y) * price["price_reserve"][s, e, y] * x
        for (e, y), x in plan["stock_target"].items():
            storage = self._by_scope("stock", e, attribute="storage")
            yield self._status(storage), chance(y) * price["storage"][e, y] * x
        for (s, g, y), x in plan.get("programme", {}).items():
            rows = [
                r
                for attribute in ("investment", "running_cost")
                for r in self.records.rows("programmes", supplier=s, programme=g, attribute=attribute)
                if r["value"]
            ]
            yield self._status(rows), self._spent_on(s, g, y) * x

    def _spent_on(self, supplier: str, level: str, moment: int) -> float:
        """What a programme level costs at a moment of the plan in the mean, kUSD of present value."""
        if not seen_before(moment):
            return float(self.market.plan["price_programme"][supplier, level, moment])
        here = self.market.shape.moment == self.market.sets.moments.index(moment)
        cost = self.measured.discount * self.market.period["cost_programme"][supplier, level]
        return float(self.measured.probability[here] @ cost[here])

    def _basket(self, supplier: str, year: int) -> str:
        chosen = self.market.programmes.get(supplier)
        levels = strategy_of(self.records, supplier, chosen).levels if chosen is not None else ()
        own = [
            row
            for level in levels
            if (row := self.records.valid(
                "programmes", year, supplier=supplier, programme=level, attribute="unit_cost"
            )) is not None and row["value"]
        ]  # fmt: skip
        return self._status(own or self._terms(supplier, "price", year))

    def _price(self, supplier: str, element: str, year: int, *, with_floor: bool) -> str:
        """The status of what prices a tonne: the supplier's own price, its layer's, or the floor where it is higher."""
        registry = self.registry[supplier]
        listed = self._terms(supplier, "price", year, element)
        rows = listed or self.records.rows("prices", element=element, layer=registry["price_layer"])
        chosen = self.settings.suppliers.get(supplier)
        rule = (chosen.price_rule if chosen is not None else None) or registry["price_rule"]
        floor = self._terms(supplier, "floor", year, element)
        if with_floor and rule in ("floor", "floor_rebate") and floor and rows and floor[0]["value"] > rows[0]["value"]:
            rows = floor
        return self._status(rows)

    def _terms(self, supplier: str, attribute: str, year: int, element: str | None = None) -> list[Row]:
        """The row of a term valid in a year, of the most specific scope."""
        row = self.records.valid("terms", year, self._scopes(element), supplier=supplier, attribute=attribute)
        return [] if row is None else [row]

    def _by_scope(self, table: str, element: str, **keys: Any) -> Sequence[Row]:
        return self.records.of_scope(table, self._scopes(element), **keys)

    def _scopes(self, element: str | None) -> tuple[str, ...]:
        if element is None:
            return ALL
        (row,) = self.records.rows("elements", element=element)
        return scopes_of(row, self.settings.model.classes)

    def _status(self, rows: Sequence[Row]) -> str:
        """The softest status of the rows; a number nobody gave is assumed."""
        told = [str(row["status"]) for row in rows if row["status"] is not None]
        return max(told, key=statuses().index, default="assumed")
