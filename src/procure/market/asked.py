"""What a kind of limit may ask of the market, on one page.

Every answer is tracked: what a limit works out from it is worked out again when a number moves that it rests on.

  years, elements, suppliers, sets       what there is in the model
  demand(e, y)                           t/yr, before levels              demand_in_node(e)     t in the period of every node
  term(s, attribute, y, e)               a term of a supplier, in the unit of its table
  price(e, layer)                        USD/kg, where the table has one
  discount(y)                            present value of one unit of money paid in y
  year_of_node, period_years             the year of every node; the length of a period
  state(chain)                           the name of every node's state   undisturbed(s)        nodes where s is in its first state
  delivered(s, e), ready(s)              share of a contract that arrives at every node; that would, undisturbed
  calm(e)                                nodes where nobody who could deliver it is disturbed
  probability                            of every node                    nodes_of(y)           the nodes of a year
                                         nodes_outside(name, y)                nodes of futures outside the law
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from procure.formulation.sets import Sets
from procure.market.delivery import Delivery
from procure.market.demand import Demand
from procure.market.prices import Prices
from procure.market.reading import Reading
from procure.units import Array, Index, Mask


class Asked:
    """A market, as far as limits ask."""

    def __init__(self, reading: Reading, sets: Sets, demand: Demand, delivery: Delivery, prices: Prices) -> None:
        self.reading, self.sets = reading, sets
        self._demand, self._delivery, self._prices = demand, delivery, prices

    @property
    def years(self) -> Sequence[int]:
        """The years of the plan."""
        return self.reading.years

    @property
    def elements(self) -> Sequence[str]:
        """The elements of the model."""
        return self.reading.elements

    @property
    def suppliers(self) -> Sequence[str]:
        """The suppliers of the model."""
        return self.reading.suppliers

    @property
    def period_years(self) -> float:
        """The length of a period, years."""
        return self.reading.period_years

    @property
    def year_of_node(self) -> Index:
        """The year of every node, shape (n_nodes,)."""
        return self.reading.year_of_node

    @property
    def probability(self) -> Array:
        """Of every node, shape (n_nodes,)."""
        return self.reading.probability

    def demand(self, element: str, year: int) -> float:
        """t/yr, before levels."""
        return float(self._demand.yearly(element)[self.years.index(int(year))])

    def demand_in_node(self, element: str) -> Array:
        """t in the period of every node, shape (n_nodes,)."""
        return self._demand.in_node(element)

    def nodes_of(self, year: int) -> Index:
        """The nodes of a year that are in the law."""
        return np.asarray(np.flatnonzero(self.year_of_node[: self.reading.tree.n_nodes] == year))

    def nodes_outside(self, limit: str, year: int) -> Index:
        """The nodes of a year that are outside the law and in which something is lost, of the futures of a limit."""
        nodes = self.reading.nodes_outside(limit)
        return np.asarray(nodes[self.year_of_node[nodes] == year])

    def term(
        self, supplier: str, attribute: str, year: float, element: str | None = None, default: float = 0.0
    ) -> float:
        """A term of a supplier that holds in a year, for an element where terms differ by element."""
        return self.reading.term(supplier, attribute, year, element, default)

    def price(self, element: str, layer: str = "licensed") -> float | None:
        """The price of a layer, USD/kg, undisturbed; None where the table has none."""
        return self._prices.listed(element, layer)

    def discount(self, year: int) -> float:
        """Present value, in the first year, of one unit of money paid in a year."""
        return self.reading.discount(year)

    def state(self, chain: str) -> NDArray[np.str_]:
        """The name of a chain's state at every node, shape (n_nodes,)."""
        return np.array(self.reading.states[chain])[self.reading.code[chain]]

    def undisturbed(self, supplier: str) -> Mask:
        """Nodes where a supplier is in its first state; all, where it cannot fail."""
        return self._delivery.undisturbed(supplier)

    def calm(self, element: str) -> Mask:
        """Nodes where every supplier that could deliver an element is in its first state: its stock is not for drawing there."""
        return ~self._delivery.disrupted(element, [s for s, _ in self.sets.of_element(element)])

    def delivered(self, supplier: str, element: str) -> Array:
        """Share of a contract that arrives at every node, shape (n_nodes,)."""
        return self._delivery.delivered(supplier, element)

    def ready(self, supplier: str) -> Array:
        """Share of its volume that a supplier would deliver undisturbed, at every node: its years, its project, its ramp."""
        return self._delivery.ready(supplier)
