"""The index sets of a model: who sells what, when, and which limits are asked for.

They decide the shape of the compiled program; everything else about a model is numbers, which move without a rebuild.
"""

from __future__ import annotations

from dataclasses import dataclass

Offer = tuple[str, str]  # (supplier, element)


@dataclass(frozen=True)
class Limit:
    """One limit: its kind, its scope, and whether it is physical, contractual or policy.

    `suppliers` and `elements` are the scope; an empty tuple means all. `alpha` serves the tail kinds: 0.95 caps the mean
    of the worst 5 %. With ``weight = "value"`` tonnes are weighted by `prices`, USD/kg, one per element of the scope.
    """

    name: str
    kind: str
    tag: str
    years: tuple[int, ...]
    suppliers: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    weight: str = "tonnes"
    prices: tuple[float, ...] = ()
    alpha: float = 0.0

    def weight_of(self, element: str) -> float:
        """Tonnes count one each; by value they count their price."""
        return self.prices[self.elements.index(element)] if self.weight == "value" else 1.0


#: Limits on what is decided now, and on the mean or the tail over all futures.
PLAN_KINDS = ("domestic_share", "stock_days", "budget", "footprint")
FUTURE_KINDS = ("share", "expected_shortage", "shortage_cvar", "cost_cvar", "worst_case")
#: The form of one period that each limit on all futures adds up.
MEASURES = {"share": "supply_of", "expected_shortage": "shortage_of", "shortage_cvar": "shortage_of"}


@dataclass(frozen=True)
class Sets:
    """The index sets of `plan` and `period`.

    `offers` are the (supplier, element) pairs that can be contracted, `calls` those that can be called within a period;
    `baskets` sell their elements in fixed proportion; `capped` have a total throughput; `ramped` may only grow so fast;
    `charged` carry a fixed charge or a minimum order; `expandable` maps a supplier to the years its new capacity takes.
    """

    elements: tuple[str, ...]
    suppliers: tuple[str, ...]
    years: tuple[int, ...]
    offers: tuple[Offer, ...]
    calls: tuple[Offer, ...]
    baskets: tuple[str, ...] = ()
    capped: tuple[str, ...] = ()
    ramped: tuple[str, ...] = ()
    charged: tuple[str, ...] = ()
    expandable: tuple[tuple[str, int], ...] = ()
    programmes: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, int], ...] = ()
    tiers: tuple[tuple[str, int], ...] = ()
    limits: tuple[Limit, ...] = ()

    @property
    def sold(self) -> tuple[Offer, ...]:
        """Every (supplier, element) pair that can be contracted or called."""
        return tuple(dict.fromkeys((*self.offers, *self.calls)))

    def of_supplier(self, supplier: str) -> tuple[Offer, ...]:
        """The offers of one supplier."""
        return tuple(offer for offer in self.offers if offer[0] == supplier)

    def of_element(self, element: str) -> tuple[Offer, ...]:
        """Who sells one element."""
        return tuple(offer for offer in self.sold if offer[1] == element)

    def in_scope(self, limit: Limit) -> tuple[Offer, ...]:
        """The sold pairs that `limit` speaks of."""
        return tuple(
            (s, e)
            for s, e in self.sold
            if (not limit.suppliers or s in limit.suppliers) and (not limit.elements or e in limit.elements)
        )

    def limits_of(self, *kinds: str) -> tuple[Limit, ...]:
        """The limits of the given kinds."""
        return tuple(limit for limit in self.limits if limit.kind in kinds)
