"""The market a model buys in: every number of plan and period, year by year and node by node.

Whatever is nonlinear in the facts alone (delivered share times price, the larger of index and floor, discounting) is worked
out in these rooms, so that the compiled program stays affine in what it is given. `Market` is the frozen result;
`TrackedMarket` knows where each of its numbers came from, and what a number of the facts that moves would move.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from procure.errors import DataError
from procure.facts import Place
from procure.facts.records import Records
from procure.formulation.sets import Sets
from procure.limits import Bound
from procure.market.asked import Asked
from procure.market.delivery import Delivery
from procure.market.demand import Demand
from procure.market.extension import ExtensionNumbers
from procure.market.futures import make_tree
from procure.market.limits import PeriodLimits, PlanLimits, future_bounds
from procure.market.numbers import BlockData, Data, Datum
from procure.market.offers import Offers
from procure.market.period_numbers import PeriodNumbers
from procure.market.plan_numbers import PlanNumbers
from procure.market.prices import Prices
from procure.market.reading import Reading
from procure.market.shape import Shape
from procure.market.trade import Trade
from procure.model import Model
from procure.reason import Reason
from procure.scenarios.decided import Programmes
from procure.scenarios.tree import Tree
from procure.scenarios.world import DEMAND, memory_of
from procure.units import Array


class Ordered(Protocol):
    """Whatever wants data in an order of its own, as a compiled block does."""

    @property
    def data(self) -> Sequence[Datum]:
        """The data in that order."""
        ...


@dataclass(frozen=True)
class Market:
    """The numbers of one model under one choice of programmes.

    `plan` maps each datum of the plan to its values by index; `period` each datum of a period to arrays over the nodes of
    `tree` and, behind them, those outside the law, shape (n_nodes,). Mass in t, money in kUSD, prices in USD/kg (= kUSD/t), time in
    years.
    """

    model: Model
    programmes: Programmes
    sets: Sets
    tree: Tree
    shape: Shape
    plan: Data
    period: Data
    probability: Array
    discount: Array
    bounds: Mapping[tuple[str, Any], Bound]
    class_of: Mapping[str, str]
    demand: Mapping[str, Array]  # t/yr per year of the plan, before levels
    merged_from: NDArray[np.int64] | None = None  # where each node of the tree before `merge` went

    @cached_property
    def year_of_node(self) -> NDArray[np.int64]:
        """The year of every node."""
        return np.asarray(self.sets.years)[self.shape.year]

    def of_moments(self, amounts: Mapping[tuple[Any, ...], float], *owner: Any) -> Array:
        """Amounts by index at every moment of the plan, shape (n_moments,); 0 where there is none."""
        return np.array([amounts.get((*owner, moment), 0.0) for moment in self.sets.moments])

    def by_year(self, of_moments: Array) -> Array:
        """What numbers of the moments come to in the mean of each year, shape (n_years,)."""
        mean: Array = np.asarray(self._chance_of_moments @ of_moments)
        return mean

    def chance_of(self, moment: int) -> float:
        """How likely a moment of the plan is in its year."""
        return float(self._chance_of_moments[:, self.sets.moments.index(moment)].sum())

    @cached_property
    def _chance_of_moments(self) -> Array:
        """How likely each moment is in its year, shape (n_years, n_moments)."""
        n_inside, shape = self.shape.n_inside, self.shape
        chance = np.zeros((len(self.sets.years), len(self.sets.moments)))
        np.add.at(chance, (shape.year[:n_inside], shape.moment[:n_inside]), self.probability[:n_inside])
        whole = chance.sum(axis=1, keepdims=True)
        share: Array = np.divide(chance, whole, out=np.zeros_like(chance), where=whole > 0)
        return share

    def plan_data(self, block: Ordered) -> Array:
        """The plan's numbers in the order of its compiled block, shape (n_data,)."""
        return np.array([self.plan[name][index] for name, index in block.data], dtype=float)

    def period_data(self, block: Ordered) -> Array:
        """The periods' numbers in the order of the compiled block, shape (n_nodes, n_data)."""
        data = np.empty((len(self.probability), len(block.data)))
        for position, (name, index) in enumerate(block.data):
            data[:, position] = self.period[name][index]
        return data


def make_market(model: Model, programmes: Programmes | None = None, tree: Tree | None = None) -> Market:
    """Every number of `model` under `programmes` (supplier -> level), over its own tree or the one given.

    Raises `DataError` where facts are missing that the model needs: an element without demand, price or shortage tiers, a
    supplier without an offer, a commitment above the offer.
    """
    programmes = programmes or {}
    return TrackedMarket(model, programmes, tree if tree is not None else make_tree(model, programmes)).market


@dataclass(frozen=True)
class Moved:
    """The data that a change of the facts has a part in, at their new values: of the plan, and of the periods over all nodes."""

    plan: Mapping[Datum, float]
    period: Mapping[Datum, Array]


class TrackedMarket:
    """A market, and from which numbers of the facts each of its own was worked out.

    Attributes
    ----------
    market : Market
        At the facts of the model.
    offers : Offers
        The volumes on offer, at the facts that were followed last.
    asked : Asked
        What limits may ask of it.
    """

    def __init__(self, model: Model, programmes: Programmes, tree: Tree) -> None:
        self.reading = reading = Reading(model, programmes, tree)
        self.offers = Offers(reading)
        demand, delivery, prices = Demand(reading), Delivery(reading, self.offers), Prices(reading, self.offers)
        self._trade, self._demand = Trade(reading, self.offers, prices), demand
        self._sets = self._trade.sets()
        prices.check(self._sets)
        self._refuse_faults()
        self.asked = asked = Asked(reading, self._sets, demand, delivery, prices)
        planned = PlanNumbers(reading, demand, self.offers, prices)
        self._plan: tuple[BlockData, ...] = (
            planned,
            PlanLimits(reading, asked),
            ExtensionNumbers(reading, asked, by_node=False),
        )
        self._period: tuple[BlockData, ...] = (
            PeriodNumbers(reading, self._trade, demand, self.offers, delivery, prices, planned),
            PeriodLimits(reading, asked),
            ExtensionNumbers(reading, asked, by_node=True),
        )
        plan, period = self._all(self._plan), self._all(self._period)
        self._refuse_faults()
        information = _information(reading) if model.settings.demand.orders == "before" else None
        discount = {y: reading.discount(y) for y in reading.years}
        self.market = Market(
            model=model,
            programmes=dict(programmes),
            sets=self._sets,
            tree=tree,
            shape=Shape(
                reading.parent,
                reading.year_index,
                information,
                n_outside=len(reading.outside),
                seen=reading.moment_index if self._sets.reviewed else None,
            ),
            plan=plan,
            period=period,
            probability=reading.probability,
            discount=np.array([discount[y] for y in reading.year_of_node.tolist()]),
            bounds=future_bounds(asked, reading, period),
            class_of=reading.class_of,
            demand=self.demand(),
        )

    @property
    def read(self) -> set[Place]:
        """The numbers of the facts that were read, at any time."""
        return self.reading.tracker.read

    @property
    def read_beside(self) -> set[Place]:
        """Those of them that cannot be followed: they decide what there is in the market, not its numbers."""
        return self.reading.tracker.read_beside

    def demand(self) -> dict[str, Array]:
        """Of each element in each year of the plan, before levels, at the facts that were followed last, t/yr."""
        return {e: self._demand.yearly(e) for e in self.reading.elements}

    def moved(self, records: Records, places: Iterable[Place]) -> Moved | Reason:
        """The data that these numbers of the facts have a part in, worked out from `records`, which are followed from now on."""
        self.reading.follow(records)
        forgotten = self.reading.tracker.forget(places)
        if self._trade.sets() != self._sets:
            return Reason.SETS
        moved = Moved(
            {datum: value for numbers in self._plan for datum, value in numbers.again(forgotten).items()},
            {datum: value for numbers in self._period for datum, value in numbers.again(forgotten).items()},
        )
        faulty = bool(self.reading.faults)
        self.reading.faults.clear()
        return Reason.FAULT if faulty else moved

    def tried(self, values: Mapping[Place, float]) -> Moved | Reason:
        """The data that move when these numbers of the facts do; afterwards all is as it was."""
        tracker, before = self.reading.tracker, self.reading.records
        kept = tracker.kept()
        try:
            return self.moved(before.moved(values), values)
        finally:
            self.reading.follow(before)
            tracker.restore(kept)

    def _all(self, numbers: Iterable[BlockData]) -> Data:
        return {name: values for part in numbers for name, values in part.all(self._sets).items()}

    def _refuse_faults(self) -> None:
        if self.reading.faults:
            raise DataError(self.reading.faults)


def _information(reading: Reading) -> NDArray[np.int64]:
    """Nodes that differ only in this period's demand are one when orders are placed."""
    blind = {
        DEMAND,
        *(memory_of(DEMAND, review.year) for review in reading.settings.revisions),
    }  # taken in the same period
    seen = [reading.code[name] for name in sorted(reading.code) if name not in blind]
    alone = np.maximum(np.arange(reading.n_nodes) - reading.tree.n_nodes, -1)  # futures outside the law are told apart
    keys = np.column_stack([reading.parent, alone, *seen])
    _, group = np.unique(keys, axis=0, return_inverse=True)
    return np.asarray(group, dtype=np.int64).ravel()
