"""The index sets of a model: who sells what, when, and which limits are asked for.

They decide the shape of the compiled program; everything else about a model is numbers, which move without a rebuild.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from procure.formulation.moment import seen_before
from procure.limits import FuturesLimit, Limit, futures_kind_of, kind_of
from procure.model.extension import NO_EXTENSION, Extension

Offer = tuple[str, str]  # (supplier, element)


@dataclass(frozen=True)
class Sets:
    """The index sets of `plan` and `period`.

    `offers` are the (supplier, element) pairs that can be contracted, `calls` those that can be called within a period;
    `baskets` sell their elements in fixed proportion; `capped` have a total throughput; `ramped` may only grow so fast;
    `charged` carry a fixed charge or a minimum order; of the offers, `options` can be reserved at a fee, `cancellable` ones
    given up at a price, and each order of `charged_orders` has a charge; elements `dear_to_hold` cost something in stock, and of
    those of `bounded_surplus` only so much may be left over; suppliers that are `sharing` have one capacity for what arrives of
    all their elements; `expandable` maps a supplier to the years its new capacity takes.
    `reviewed` are the moments of the plan where there are reviews (`formulation.moment`), by year and in the order of what was
    seen; without reviews the moments are the years.
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
    options: tuple[Offer, ...] = ()
    cancellable: tuple[Offer, ...] = ()
    charged_orders: tuple[Offer, ...] = ()
    dear_to_hold: tuple[str, ...] = ()
    bounded_surplus: tuple[str, ...] = ()
    sharing: tuple[str, ...] = ()
    expandable: tuple[tuple[str, int], ...] = ()
    programmes: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, int], ...] = ()
    tiers: tuple[tuple[str, int], ...] = ()
    limits: tuple[Limit, ...] = ()
    extension: Extension = NO_EXTENSION
    reviewed: tuple[int, ...] = ()

    @property
    def moments(self) -> tuple[int, ...]:
        """The moments of the plan, in the order of time: its years, or one of a year for each thing that reviews may have seen."""
        return self.reviewed or self.years

    @property
    def revised(self) -> tuple[int, ...]:
        """The moments that come after a review: what the plan spends then is known only along a path."""
        return tuple(moment for moment in self.moments if seen_before(moment))

    @property
    def seen(self) -> tuple[str, ...]:
        """The processes that reviews see, in the order in which they do."""
        return tuple(dict.fromkeys(process for moment in self.moments for process, _ in seen_before(moment)))

    def moments_in(self, years: Iterable[int]) -> tuple[int, ...]:
        """The moments of some years."""
        wanted = set(map(int, years))
        return tuple(moment for moment in self.moments if int(moment) in wanted)

    def way_to(self, moment: int) -> tuple[int, ...]:
        """The moments that lead to one, itself the last: those that had seen no more than the beginning of what it has."""
        seen = seen_before(moment)
        return tuple(
            earlier
            for earlier in self.moments
            if int(earlier) <= int(moment) and seen_before(earlier) == seen[: len(seen_before(earlier))]
            and (int(earlier) < int(moment) or earlier == moment)
        )  # fmt: skip

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

    @property
    def limits_on_futures(self) -> tuple[Limit, ...]:
        """The limits that are counted over all futures."""
        return tuple(limit for limit in self.limits if isinstance(kind_of(limit), FuturesLimit))

    @property
    def counts_plan(self) -> bool:
        """Whether one of these counts what the plan spends in the year of a period."""
        return any(futures_kind_of(limit).counts_plan(limit) for limit in self.limits_on_futures)
