"""A tree as slices: its years, who is above and below whom, and the nodes on the way to each watched leaf."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Futures:
    """A tree of nodes in breadth order.

    Parameters
    ----------
    parent, year : array, shape (n_nodes,)
        Years from 0, ascending; -1 is the parent of those in the first. All but those of the last have children.
    watched : array
        Leaves.
    """

    def __init__(self, parent: Index, year: Index, watched: Index) -> None:
        self.n_years = int(year[-1]) + 1
        ends = np.searchsorted(year, np.arange(self.n_years + 1))
        self.years = [slice(int(a), int(b)) for a, b in pairwise(ends)]
        self.parent = parent
        self.first_child = [
            np.searchsorted(parent[after], np.arange(now.start, now.stop)) for now, after in pairwise(self.years)
        ]
        self.above = [parent[here] - before.start for before, here in pairwise(self.years)]
        # Position within the year of the node on the path to each watched leaf, year by year.
        self.on_path: list[Index] = [np.empty(0, dtype=np.int64)] * self.n_years
        here = watched
        for y in reversed(range(self.n_years)):
            self.on_path[y] = here - self.years[y].start
            here = parent[here]
        # Pairs of watched leaves that share a node, where more than one leaf hangs below any.
        self.pairs: list[tuple[Index, Index] | None] = []
        for on_path in self.on_path:
            if len(np.unique(on_path)) == len(on_path):
                self.pairs.append(None)
            else:
                one, other = np.nonzero(on_path[:, None] == on_path[None, :])
                self.pairs.append((one.astype(np.int64), other.astype(np.int64)))

    def to_parents(self, y: int, values: Array, axis: int = -1) -> Array:
        """Sums over the children in year y + 1 of each node of year y."""
        return np.asarray(np.add.reduceat(values, self.first_child[y], axis=axis))

    def below(self, of_leaves: Array, n_nodes: int) -> Array:
        """For every node the sum over the watched leaves below it."""
        found = np.zeros(n_nodes)
        for here, on_path in zip(self.years, self.on_path, strict=True):
            found[here] = np.bincount(on_path, weights=of_leaves, minlength=here.stop - here.start)
        return found

    def along(self, of_nodes: Array) -> Array:
        """For every watched leaf the sum over its path."""
        found = np.zeros(len(self.on_path[0]))
        for here, on_path in zip(self.years, self.on_path, strict=True):
            found += of_nodes[here][on_path]
        return found
