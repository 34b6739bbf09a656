"""A tree as slices: its periods and years, who is above and below whom, and the nodes on the way to each watched leaf."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Futures:
    """A tree of nodes in breadth order: a period is a slice of them, and a year a slice of periods.

    Parameters
    ----------
    parent, year : array, shape (n_nodes,)
        Years from 0, ascending, of one or several periods each; -1 is the parent of those in the first period. All but those of
        the last have children.
    watched : array
        Leaves.

    >>> halves = Futures(np.array([-1, 0, 0, 1, 2]), np.array([0, 0, 0, 1, 1]), np.array([4]))
    >>> halves.periods, halves.years, halves.year_of
    ([slice(0, 1, None), slice(1, 3, None), slice(3, 5, None)], [slice(0, 3, None), slice(3, 5, None)], [0, 0, 1])
    """

    def __init__(self, parent: Index, year: Index, watched: Index) -> None:
        self.parent = parent
        self.periods = periods(parent)
        self.n_years = int(year[-1]) + 1
        ends = np.searchsorted(year, np.arange(self.n_years + 1))
        self.years = [slice(int(a), int(b)) for a, b in pairwise(ends)]
        #: The year of each period.
        self.year_of = [int(year[here.start]) for here in self.periods]
        self.first_child = [
            np.searchsorted(parent[after], np.arange(now.start, now.stop)) for now, after in pairwise(self.periods)
        ]
        self.above = [parent[here] - before.start for before, here in pairwise(self.periods)]
        # Position within the period of the node on the path to each watched leaf, period by period.
        self.on_path: list[Index] = [np.empty(0, dtype=np.int64)] * len(self.periods)
        here = watched
        for t in reversed(range(len(self.periods))):
            self.on_path[t] = here - self.periods[t].start
            here = parent[here]
        # Pairs of watched leaves that share a node, where more than one leaf hangs below any.
        self.pairs: list[tuple[Index, Index] | None] = []
        for on_path in self.on_path:
            if len(np.unique(on_path)) == len(on_path):
                self.pairs.append(None)
            else:
                one, other = np.nonzero(on_path[:, None] == on_path[None, :])
                self.pairs.append((one.astype(np.int64), other.astype(np.int64)))

    def to_parents(self, t: int, values: Array, axis: int = -1) -> Array:
        """Sums over the children in period t + 1 of each node of period t."""
        return np.asarray(np.add.reduceat(values, self.first_child[t], axis=axis))

    def below(self, of_leaves: Array, n_nodes: int) -> Array:
        """For every node the sum over the watched leaves below it."""
        found = np.zeros(n_nodes)
        for here, on_path in zip(self.periods, self.on_path, strict=True):
            found[here] = np.bincount(on_path, weights=of_leaves, minlength=here.stop - here.start)
        return found

    def along(self, of_nodes: Array) -> Array:
        """For every watched leaf the sum over its path."""
        found = np.zeros(len(self.on_path[0]))
        for here, on_path in zip(self.periods, self.on_path, strict=True):
            found += of_nodes[here][on_path]
        return found


def periods(parent: Index) -> list[slice]:
    """The nodes of each period of a tree in breadth order: the children of those of one are those of the next.

    >>> periods(np.array([-1, -1, 0, 1, 1]))
    [slice(0, 2, None), slice(2, 5, None)]
    """
    ends = [0, int(np.searchsorted(parent, 0))]
    while ends[-1] < len(parent):
        ends.append(int(np.searchsorted(parent, ends[-1])))
    return [slice(a, b) for a, b in pairwise(ends)]


def is_sliced(parent: Index, year: Index, n_years: int) -> bool:
    """Whether a tree is in breadth order, ends nowhere before its last period, and has periods in every year, in their order.

    >>> is_sliced(np.array([-1, 0, 1]), np.array([0, 0, 1]), 2), is_sliced(np.array([-1, 0, 1]), np.array([0, 1, 1]), 3)
    (True, False)
    """
    if (np.diff(parent) < 0).any() or (parent >= np.arange(len(parent))).any():
        return False
    found = periods(parent)
    goes_on = all(len(np.unique(parent[after])) == now.stop - now.start for now, after in pairwise(found))
    at = [np.unique(year[here]) for here in found]
    if not goes_on or any(len(of_one) > 1 for of_one in at):
        return False
    steps = np.diff(np.concatenate([[-1], *at, [n_years]]))
    return bool(steps[0] == 1 and steps[-1] == 1 and np.isin(steps, (0, 1)).all())
