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
    """

    parent: Index
    year: Index
    information: Index | None = None
    same: Mapping[Any, Index] = field(default_factory=dict)

    @cached_property
    def leaves(self) -> Index:
        """Nodes without children."""
        is_leaf = np.ones(len(self.parent), dtype=bool)
        is_leaf[self.parent[self.parent >= 0]] = False
        return np.flatnonzero(is_leaf)
