"""What arrives while an event lasts: what the plan ordinarily brings, as it may be shipped, and what is called beside it.

  arrived_se(t) = supplied_se × shipped_se(t - transit_s)
  called_se(t)  : what Σ_s arrived_se leaves of use_e, of suppliers who do not hold e back, then of the spot, cheapest first

Who is not disturbed is asked on the first day on which anybody holds an element back, and delivers after his own transit. An
exporter who holds back sells nothing beside what he lets through, whatever he could offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.explore.stress.ordinary import Ordinary, cheapest_first, quotes
from procure.explore.stress.shipping import Shipping
from procure.model import Model
from procure.scenarios.decided import Programmes
from procure.units import Array, Index


@dataclass(frozen=True)
class Arrivals:
    """What arrives in each interval, t/day.

    Attributes
    ----------
    expected, arrived, called : array, shape (n_intervals, n_suppliers, n_elements)
        What ordinarily would, what does of it, and what is called beside.
    spot : array, shape (n_intervals, n_elements, n_steps)
    call_price, spot_price : arrays of those shapes, kUSD/t
    """

    expected: Array
    arrived: Array
    called: Array
    spot: Array
    call_price: Array
    spot_price: Array

    @property
    def all(self) -> Array:
        """t/day of each element, shape (n_intervals, n_elements)."""
        return np.asarray((self.arrived + self.called).sum(axis=1) + self.spot.sum(axis=2))


def arrivals(
    model: Model,
    programmes: Programmes,
    shipping: Shipping,
    plan: Ordinary,
    transit: Array,
    middle: Array,
    of_year: Index,
) -> Arrivals:
    """What arrives in each interval of an event.

    Parameters
    ----------
    model, programmes
        For the prices of the states that the event puts suppliers in.
    shipping : Shipping
    plan : Ordinary
    transit : array, shape (n_suppliers,)
        Days.
    middle : array, shape (n_intervals,)
        A day within each interval, in which nothing changes.
    of_year : array, shape (n_intervals,)
        Positions of their years in those of the plan.
    """
    expected = plan.supplied[of_year]
    shipped, is_held_back = np.ones(expected.shape), np.zeros(expected.shape, dtype=bool)
    for s, late in enumerate(transit.tolist()):
        shipped[:, s] = shipping.shipped(middle - late)[:, s]
        is_held_back[:, s] = shipping.depth(middle - late)[:, s] > 0
    arrived = expected * shipped

    asked = shipping.first_cut()
    is_there = middle[:, None, None] > asked + transit[:, None]
    room = np.where(is_there & ~is_held_back, plan.room[of_year], 0.0)
    call_price, spot_price = _prices(model, programmes, plan, shipping.states(middle), of_year)

    missing = plan.use[of_year] - arrived.sum(axis=1)
    called = cheapest_first(missing, room, call_price)
    missing = np.where(middle[:, None] > asked, missing - called.sum(axis=1), 0.0)
    steps, price = (np.swapaxes(each, 1, 2) for each in (plan.spot[of_year], spot_price))
    spot = np.swapaxes(cheapest_first(missing, steps, price), 1, 2)
    return Arrivals(expected, arrived, called, spot, call_price, spot_price)


def _prices(model: Model, programmes: Programmes, plan: Ordinary, states: Any, of_year: Index) -> tuple[Array, Array]:
    """Of calls and of the spot, as the states of suppliers, shape (n_intervals, n_suppliers, n_elements), move them."""
    n, _, n_elements = states.shape
    flat = [tuple(row) for row in np.moveaxis(states, 1, 2).reshape(n * n_elements, -1)]
    distinct = sorted(set(flat))
    named = [{s: state for s, state in zip(plan.suppliers, row, strict=True) if state} for row in distinct]
    call, spot = quotes(model, programmes, plan.years[0], named)
    which = np.array([distinct.index(row) for row in flat]).reshape(n, n_elements)
    year, e = of_year[:, None], np.arange(n_elements)
    return np.moveaxis(call[which, year, :, e], 2, 1), spot[which, year, e]
