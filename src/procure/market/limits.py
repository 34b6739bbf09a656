"""The limits of a model, placed in its market: over its years, elements and suppliers, with the numbers that each kind asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from procure.facts.tracked import Key, tracked
from procure.formulation.sets import Sets
from procure.limits import KINDS, Bound, Counts, Limit, PlanLimit, futures_kind_of, kind_of
from procure.limits.limit import Numbers as NumbersByName
from procure.market.asked import Asked
from procure.market.numbers import BlockData, Data, Datum, by_name
from procure.market.prices import Prices
from procure.market.reading import Reading
from procure.model import Model
from procure.model.limits import LimitChoices
from procure.units import Array, Index


def limits_of(choice: LimitChoices, reading: Reading, prices: Prices) -> tuple[Limit, ...]:
    """A limit of the model file over the elements, suppliers and years of the model, or all its parts; none in other years."""
    years = choice.held_in(reading.years)
    if not years:
        return ()
    elements = tuple(e for e in reading.elements if {"all", e, reading.class_of[e]} & {*choice.scopes})
    if choice.supplier is not None:
        suppliers: tuple[str, ...] = (choice.supplier,)
    elif choice.country is not None:
        # Where nobody is in business the country itself stands for no one; an empty scope would mean everybody.
        suppliers = tuple(s for s in reading.suppliers if reading.registry[s]["country"] == choice.country) or (
            choice.country,
        )
    else:
        suppliers = ()
    by_value, kind = choice.weight == "value", KINDS[choice.kind]
    counts = kind.counted(choice)
    limit = Limit(
        name=choice.name,
        kind=choice.kind,
        tag=choice.tag,
        years=() if counts is Counts.PATHS else years,
        counts=counts,
        suppliers=suppliers,
        elements=elements,
        weight=choice.weight,
        prices=tuple(prices.listed(e, "licensed") or 0.0 for e in elements) if by_value else (),
        alpha=choice.alpha,
        detail=kind.detail(choice),
    )
    return tuple(kind.parts(limit, choice, {s: str(reading.registry[s]["country"]) for s in reading.suppliers}))


def choice_of(model: Model, limit: Limit) -> LimitChoices:
    """What the model file says of a limit."""
    return next(choice for choice in model.settings.limits if choice.name == limit.written)


class LimitNumbers(BlockData):
    """What the limits are given, limit by limit: the data of their rows in the plan, and of their measures in a period."""

    def __init__(self, reading: Reading, asked: Asked) -> None:
        super().__init__(reading)
        self.asked = asked
        self._limits = {limit.name: limit for limit in asked.sets.limits}

    @tracked
    def of_plan(self, name: str) -> dict[Datum, float]:
        """The data of the rows of a limit in the plan."""
        limit = self._limits[name]
        kind = kind_of(limit)
        assert isinstance(kind, PlanLimit), f"{name} is a limit on all futures"
        return kind.plan_numbers(limit, choice_of(self.reading.model, limit).bound, self.asked)

    @tracked
    def of_period(self, name: str) -> dict[Datum, Array]:
        """The data of the measure of a limit, at every node."""
        return futures_kind_of(self._limits[name]).period_numbers(self._limits[name], self.asked)


class PlanLimits(LimitNumbers):
    """The data of all limits in the plan."""

    def all(self, sets: Sets) -> Data:
        """Every datum, by name and index."""
        return by_name(self.of_plan(limit.name) for limit in sets.limits if isinstance(kind_of(limit), PlanLimit))

    def again(self, forgotten: Iterable[Key]) -> dict[Datum, Any]:
        """The data among what a tracker has forgotten, worked out again."""
        names = [args[0] for owner, method, args in forgotten if owner is self and method is LimitNumbers.of_plan]
        return {datum: value for name in names for datum, value in self.of_plan(name).items()}


class PeriodLimits(LimitNumbers):
    """The data of all limits in the periods."""

    def all(self, sets: Sets) -> Data:
        """Every datum, by name and index."""
        return by_name(self.of_period(limit.name) for limit in sets.limits_on_futures)

    def again(self, forgotten: Iterable[Key]) -> dict[Datum, Any]:
        """The data among what a tracker has forgotten, worked out again."""
        names = [args[0] for owner, method, args in forgotten if owner is self and method is LimitNumbers.of_period]
        return {datum: value for name in names for datum, value in self.of_period(name).items()}


def future_bounds(asked: Asked, reading: Reading, period: NumbersByName) -> dict[tuple[str, Any], Bound]:
    """The bound of every limit on all futures, by name and year (None where it has no year)."""
    return {
        (limit.name, year): bound_of(
            reading.model, limit, futures_kind_of(limit).looks_at(limit, year, asked), asked.probability, period
        )
        for limit in asked.sets.limits_on_futures
        for year in limit.years or (None,)
    }


def bound_of(model: Model, limit: Limit, nodes: Index, probability: Array, period: NumbersByName) -> Bound:
    """What a limit on all futures allows at some nodes, at these numbers of the periods."""
    return futures_kind_of(limit).bound(limit, choice_of(model, limit), nodes, probability, period)
