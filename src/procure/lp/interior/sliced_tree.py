"""A tree as slices: its periods and years, who is above and below whom, and the nodes on the way to each watched leaf."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from procure.units import Array, Index


class SlicedTree:
    """A tree of nodes in breadth order: a period is a slice of them, and a year a slice of periods.

    Parameters
    ----------
    parent, year : array, shape (n_nodes,)
        Years from 0, ascending, of one or several periods each; -1 is the parent of those in the first period. All but those of
        the last have children.
    watched : array
        Leaves.

    >>> halves = SlicedTree(np.array([-1, 0, 0, 1, 2]), np.array([0, 0, 0, 1, 1]), np.array([4]))
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
        last = self.periods[-1].start
        self._first_child = np.searchsorted(parent, np.arange(last))
        # Period by period, the first children of its nodes within the next, and the parents of its nodes within the one before;
        # None where every node has one child.
        self._apart: list[Index | None] = []
        self._above: list[Index | None] = []
        for now, after in pairwise(self.periods):
            single = now.stop - now.start == after.stop - after.start
            self._apart.append(None if single else self._first_child[now] - after.start)
            self._above.append(None if single else parent[after] - now.start)
        #: The nodes on the path to each watched leaf, shape (n_periods, n_leaves).
        self.path = np.empty((len(self.periods), len(watched)), dtype=np.int64)
        here = watched
        for t in reversed(range(len(self.periods))):
            self.path[t] = here
            here = parent[here]
        self.shared = self._shared()

    def _shared(self) -> list[tuple[slice, tuple[Index, Index] | None]]:
        """Periods in which the same watched leaves share a node, and the pairs of those that do; None where no two do."""
        new = np.array([len(np.unique(nodes)) for nodes in self.path])
        ends = [0, *(np.flatnonzero(np.diff(new)) + 1).tolist(), len(new)]
        shared: list[tuple[slice, tuple[Index, Index] | None]] = []
        for first, last in pairwise(ends):
            nodes = self.path[first]
            leaf, other = np.nonzero(nodes[:, None] == nodes[None, :])
            pairs = leaf.astype(np.int64), other.astype(np.int64)
            shared.append((slice(first, last), None if len(leaf) == len(nodes) else pairs))
        return shared

    def to_parents(self, t: int, values: Array, axis: int = -1) -> Array:
        """Sums over the children in period t + 1 of each node of period t."""
        first = self._apart[t]
        return values if first is None else np.asarray(np.add.reduceat(values, first, axis=axis))

    def to_children(self, t: int, values: Array) -> Array:
        """For each node of period t + 1 the value of its parent in period t, along the last axis."""
        above = self._above[t]
        return values if above is None else np.asarray(values[..., above])

    def from_children(self, values: Array) -> Array:
        """For every node the sum over its children, along the last axis; zero in the last period."""
        sums = np.zeros(values.shape)
        first = self.periods[0].stop  # whoever has a parent
        if len(self._first_child):
            children = values[..., first:]
            sums[..., : len(self._first_child)] = np.add.reduceat(children, self._first_child - first, axis=-1)
        return sums

    def yearly(self, values: Array, axis: int = -1) -> Array:
        """Sums over the nodes of each year."""
        return np.asarray(np.add.reduceat(values, [here.start for here in self.years], axis=axis))

    def below(self, of_leaves: Array) -> Array:
        """For every node the sum over the watched leaves below it."""
        weights = np.broadcast_to(of_leaves, self.path.shape).ravel()
        return np.asarray(np.bincount(self.path.ravel(), weights=weights, minlength=len(self.parent)), dtype=float)

    def along(self, of_nodes: Array) -> Array:
        """For every watched leaf the sum over its path."""
        return np.asarray(of_nodes[self.path].sum(axis=0))


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
    slices = periods(parent)
    goes_on = all(len(np.unique(parent[after])) == now.stop - now.start for now, after in pairwise(slices))
    years = [np.unique(year[here]) for here in slices]
    if not goes_on or any(len(of_period) > 1 for of_period in years):
        return False
    steps = np.diff(np.concatenate([[-1], *years, [n_years]]))
    return bool(steps[0] == 1 and steps[-1] == 1 and np.isin(steps, (0, 1)).all())
