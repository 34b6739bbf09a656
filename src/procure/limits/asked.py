"""What a kind of limit may ask of the market, and of the program that it writes into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from procure.limits.limit import Limit
from procure.units import Array, Index, Mask


class MarketNumbers(Protocol):
    """What a limit may ask of the market that it limits. Mass in t, money in kUSD, time in years."""

    @property
    def sets(self) -> Any:
        """The index sets of the model; `in_scope(limit)` are the (supplier, element) pairs that a limit speaks of."""

    @property
    def years(self) -> Sequence[int]:
        """Every year of the plan."""

    def demand(self, element: str, year: int) -> float:
        """t/yr, before levels."""

    def demand_in_node(self, element: str) -> Array:
        """t in the period of every node."""

    def discount(self, year: int) -> float:
        """Present value of one unit of the year's money."""

    def term(
        self, supplier: str, attribute: str, year: float, element: str | None = None, default: float = 0.0
    ) -> float:
        """A term of a supplier that holds in a year, for an element where terms differ by element."""

    def undisturbed(self, supplier: str) -> Mask:
        """Nodes where a supplier is in its first state."""

    @property
    def year_of_node(self) -> Index:
        """The year of every node, shape (n_nodes,)."""

    def calm(self, element: str) -> Mask:
        """Nodes where every supplier that could deliver an element is in its first state."""

    def nodes_of(self, year: int) -> Index:
        """The nodes of a year that are in the law."""

    def nodes_outside(self, limit: str, year: int) -> Index:
        """The nodes of a year that are outside the law and in which something is lost, of the futures of a limit."""


class Rows(Protocol):
    """A linear program that takes rows and columns."""

    def add_columns(
        self, count: int, lower: Array | float, upper: Array | float = np.inf, integer: NDArray[np.bool_] | bool = False
    ) -> Index:
        """New columns, and where they stand."""

    def add_rows(self, lower: Array, upper: Array) -> Index:
        """New rows, and where they stand."""

    def add(self, rows: Any, columns: Any, values: Any) -> None:
        """Entries of the matrix; those that meet are added up."""


class Futures(Rows, Protocol):
    """The program over the tree, as a limit on all futures writes into it."""

    def measure(self, limit: Limit, nodes: Index) -> tuple[Index, Array]:
        """Columns and values of the terms of the measure at some nodes, both of shape (n_nodes of it, n_terms)."""

    def path_costs(self) -> tuple[Index, Array, int]:
        """Of every leaf in the law: the column of its cost and its probability; and the column of the cost of the plan.

        Money of these columns is in million USD.
        """
