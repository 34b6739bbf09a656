"""The futures of a model: a drawn tree is finest where the most is left unserved.

What paths may leave unserved is guessed before anything is solved: all that is offered is bought, and each element is followed
along each path. What is missing is drawn from stock where it may be, what is left over refills it, and the rest falls into the
tiers of shortage, the cheapest first. The guess knows no plan and no limit, and asks for no optimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from procure.facts import Facts
from procure.formulation.sets import Sets
from procure.market.delivery import Delivery
from procure.market.demand import Demand
from procure.market.offers import Offers
from procure.market.period_numbers import PeriodNumbers
from procure.market.plan_numbers import PlanNumbers
from procure.market.prices import Prices
from procure.market.reading import Reading
from procure.market.trade import Trade
from procure.model import Model
from procure.model.choices import DemandChoices, ShortageChoices, StockChoices
from procure.scenarios import futures
from procure.scenarios.decided import Programmes
from procure.scenarios.draw import Paths
from procure.scenarios.futures import tree_of
from procure.scenarios.tree import Tree
from procure.units import Array, Index

#: A datum of plan or period by its name and index.
Value = Callable[..., Any]


def make_tree(model: Model, programmes: Programmes) -> Tree:
    """The tree of futures of a model under a choice of programmes: numbers that move weigh them, and seldom change them."""
    return tree_of(model, programmes, Unserved.of(model))


def weighed_tree(model: Model, programmes: Programmes) -> Tree | None:
    """That tree over the futures of the facts as they were read, quickly; None where others would stand for the law."""
    return futures.weighed_alone(model, programmes, Unserved.of(model))


def is_drawn_anew(model: Model, programmes: Programmes) -> bool:
    """Whether the law of a model has moved so far that its tree has other futures than for the facts as they were read."""
    return futures.is_drawn_anew(model, programmes, Unserved.of(model))


@dataclass(frozen=True)
class Unserved:
    """What paths on which no market stands yet may leave unserved, by element.

    It is asked of the facts as they were read and of the plainest choices: a number that is moved does not move the futures, so
    that what is compared is compared over the same. Money is that of its year.
    """

    facts: Facts
    choices: str
    model: Model = field(compare=False, repr=False)

    @staticmethod
    def of(model: Model) -> Unserved:
        """The guess for a model, which is that for the model as it was read."""
        plain = {
            "reviews": (),
            "demand": DemandChoices(readings=model.settings.demand.readings),
            "shortage": ShortageChoices(),
            "stock": StockChoices(),
        }
        model = replace(model, facts=model.facts.as_read, settings=model.settings.model_copy(update=plain))
        choices = model.settings.model_dump_json(include={"model", "suppliers"})
        return Unserved(model.facts, choices, model)

    def __call__(self, programmes: Programmes, paths: Paths) -> Array:
        """What each path leaves unserved, kUSD, shape (n_paths, n_elements)."""
        tree, passed = paths.points()
        reading = Reading(self.model, programmes, tree)
        offers = Offers(reading)
        demand, delivery, prices = Demand(reading), Delivery(reading, offers), Prices(reading, offers)
        trade = Trade(reading, offers, prices)
        plan = PlanNumbers(reading, demand, offers, prices)
        period = PeriodNumbers(reading, trade, demand, offers, delivery, prices, plan)

        def of_plan(name: str, *index: Any) -> float:
            return float(getattr(plan, name)(*index))

        def of_period(name: str, *index: Any) -> Array:
            return np.asarray(getattr(period, name)(*index))

        sets, undiscounted = trade.sets(), np.ones(reading.n_nodes)
        at = reading.moment_index
        parts = [unserved(sets, e, of_plan, of_period, at, passed, undiscounted) for e in sets.elements]
        reading.tracker.clear()  # or a hundred megabytes stay until somebody looks for circles
        return np.column_stack(parts)


def unserved(
    sets: Sets, e: str, of_plan: Value, of_period: Value, moment: Index, paths: Index, discount: Array
) -> Array:
    """What each path leaves unserved of an element, kUSD, shape (n_paths,).

    Parameters
    ----------
    of_plan, of_period
        The data of the market, by name and index; those of a period over nodes.
    moment : position of every node's moment of the plan
    paths : the nodes passed, shape (n_paths, n_periods)
    discount : of every node
    """
    moments = sets.moments
    arrives = np.zeros(len(moment))
    for offer in sets.of_element(e):
        if offer in sets.offers:
            offered = np.array([of_plan("offered", *offer, y) for y in moments])[moment]
            arrives += of_period("delivered", *offer) * offered
        else:
            arrives += of_period("callable", *offer)
    for step in sets.steps:
        if step[0] == e:
            arrives += of_period("limit_spot", *step)
    over = arrives - of_period("demand", e)
    lacks, spare = np.maximum(-over, 0.0), np.minimum(np.maximum(over, 0.0), of_period("limit_refill", e))
    cost, stock = np.zeros(len(paths)), np.full(len(paths), of_plan("existing", e))
    if not lacks.any():
        return cost
    drawable = np.minimum(lacks, of_period("limit_draw", e))
    tiers = [(of_period("width", *t), of_period("price_shortage", *t) * discount) for t in sets.tiers if t[0] == e]
    ceiling = np.array([of_plan("ceiling", e, y) for y in moments])[moment]
    for nodes in paths.T:
        drawn = np.minimum(stock, drawable[nodes])
        missing = lacks[nodes] - drawn
        room = np.maximum(ceiling[nodes] - stock, 0.0)
        stock += np.minimum(spare[nodes], room) - drawn
        hit = np.flatnonzero(missing > 0)
        missing, nodes = missing[hit], nodes[hit]
        for width, price in tiers:
            unserved = np.minimum(missing, width[nodes])
            cost[hit] += unserved * price[nodes]
            missing -= unserved
    return cost
