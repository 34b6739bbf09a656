"""The indices that the data of plan and periods stand over, from the index sets of a model; imported whole, as `indices`."""

from __future__ import annotations

from procure.formulation.sets import Sets
from procure.market.numbers import Index, Over


def elements(sets: Sets) -> list[Index]:
    """Every element."""
    return [(e,) for e in sets.elements]


def offers(sets: Sets) -> list[Index]:
    """What can be contracted."""
    return list(sets.offers)


def calls(sets: Sets) -> list[Index]:
    """What can be called."""
    return list(sets.calls)


def options(sets: Sets) -> list[Index]:
    """What can be kept under option."""
    return list(sets.options)


def cancellable(sets: Sets) -> list[Index]:
    """Contracts that may be given up."""
    return list(sets.cancellable)


def dear_to_hold(sets: Sets) -> list[Index]:
    """Elements that cost something in stock."""
    return [(e,) for e in sets.dear_to_hold]


def sharing(sets: Sets) -> list[Index]:
    """Suppliers whose elements share a capacity."""
    return [(s,) for s in sets.sharing]


def bounded_surplus(sets: Sets) -> list[Index]:
    """Elements of which only so much may be left over."""
    return [(e,) for e in sets.bounded_surplus]


def baskets(sets: Sets) -> list[Index]:
    """Suppliers that sell baskets."""
    return [(s,) for s in sets.baskets]


def steps(sets: Sets) -> list[Index]:
    """Steps of the spot market."""
    return list(sets.steps)


def tiers(sets: Sets) -> list[Index]:
    """Tiers of shortage."""
    return list(sets.tiers)


def expandable(sets: Sets) -> list[Index]:
    """Suppliers that capacity can be bought of."""
    return [(s,) for s, _ in sets.expandable]


def levels(sets: Sets) -> list[Index]:
    """Programme levels."""
    return list(sets.programmes)


def charged(sets: Sets) -> list[Index]:
    """Suppliers with a fixed charge or a least order."""
    return [(s,) for s in sets.charged]


def charged_orders(sets: Sets) -> list[Index]:
    """Offers whose orders cost something each."""
    return list(sets.charged_orders)


def of_baskets(sets: Sets) -> list[Index]:
    """What baskets hold."""
    return [(s, e) for s, e in sets.offers if s in sets.baskets]


def capped(sets: Sets) -> list[Index]:
    """Suppliers with a capacity."""
    return [(s,) for s in sets.capped]


def ramped(sets: Sets) -> list[Index]:
    """Suppliers that may only grow so fast."""
    return [(s,) for s in sets.ramped]


def by_moment(over: Over) -> Over:
    """Every one of some indices, at every moment of the plan."""
    return lambda sets: [(*index, y) for index in over(sets) for y in sets.moments]


def after_reviews(over: Over) -> Over:
    """Some indices, where the plan spends anything after a review."""
    return lambda sets: over(sets) if sets.revised else []


def where_counted(over: Over) -> Over:
    """Some indices, where a limit on all futures counts what the plan spends."""
    return lambda sets: over(sets) if sets.counts_plan else []
