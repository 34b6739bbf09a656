"""The shape of a tree as far as a program goes: which node follows which, and which of them share decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from procure.units import Index


@dataclass(frozen=True)
class Shape:
    """The shape of a tree, as far as composition goes: no names, no data.

    Parameters
    ----------
    parent : array, shape (n_nodes,)
        Position of the parent, always earlier than its child; -1 for the first period.
    year : array, shape (n_nodes,)
        Position of the node's year in the years of the plan.
    information : array, shape (n_nodes,), optional
        Nodes with the same number place their orders together, before they can be told apart.
    same : mapping element -> array, shape (n_nodes,)
        The first of the nodes that are one for this element: they share its rows and decisions. Elements that are not here
        have a decision of their own at every node.
    n_outside : int
        How many nodes, the last ones, are outside the law: they are answered, and weigh nothing.
    seen : array, shape (n_nodes,), optional
        Position of the node's moment in the moments of the plan, where reviews make them more than the years.
    """

    parent: Index
    year: Index
    information: Index | None = None
    same: Mapping[Any, Index] = field(default_factory=dict)
    n_outside: int = 0
    seen: Index | None = None

    @property
    def moment(self) -> Index:
        """Position of the node's moment in the moments of the plan, shape (n_nodes,)."""
        return self.year if self.seen is None else self.seen

    @property
    def n_inside(self) -> int:
        """How many nodes are in the law: those of the tree."""
        return len(self.parent) - self.n_outside

    @cached_property
    def leaves(self) -> Index:
        """Nodes of the law without children."""
        is_leaf = np.ones(self.n_inside, dtype=bool)
        parent = self.parent[: self.n_inside]
        is_leaf[parent[parent >= 0]] = False
        return np.flatnonzero(is_leaf)
