"""The futures, as a tree: which states can follow which, with which probability. Nobody in it can see past a node.

Node n has a period, a parent (-1: today) and a probability of being reached. Nodes stand in breadth order, the children of a
node side by side, so that a period is a slice and a path is a row of `Tree.paths`.

A tree is grown from processes (`grow`), read from a table of scenarios (`table`), or made from paths (`Tree.from_paths`).
However its processes, states, rows or scenarios were ordered, the same world gives the same tree, to the last bit: columns
are by name, states by name after the undisturbed one, siblings by state. Read states through `Tree.processes` and
`Tree.states`, never by the order in which they were put in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from procure.errors import DataError, Fault, nearest
from procure.languages import Said
from procure.scenarios.process import NO_PROCESS, TOLERANCE, by_name, total
from procure.units import Array, Index
from procure.words import RESCALE_OFTEN, chances

SAME = 1e-12  # conditional probabilities closer than this are one: typed tables agree to fewer digits, rounding to more

# What is wrong with a tree.
TREE, AT_MOST = Said("tree", "シナリオツリー"), Said("at most {nodes} nodes", "節点は {nodes} まで")
_SHAPES, _ONE_EACH = (
    Said(
        "period {period}, parent, probability and state {shapes}",
        "period は {period}、parent・probability・state は {shapes}",
    ),
    Said("one entry per node, and per node and process ({count})", "節点ごと、節点と確率過程（{count}）ごとに一つ"),
)
_PROCESSES, _EACH_ONCE = (
    Said("processes {processes}, states {states}", "確率過程 {processes}、状態 {states}"),
    Said("each process once, with its states", "確率過程はそれぞれ一度だけ、状態とともに"),
)
_NOT_ASCENDING, _IN_BREADTH = (
    Said("parents do not ascend, or do not precede their children", "親が昇順でないか、子より後にある"),
    Said("nodes stand in breadth order", "節点は幅優先の順に並ぶ"),
)
_NOT_NEXT, _ONE_LATER = (
    Said("a period is not that of the parent plus one", "親の次の期でない節点がある"),
    Said("roots are in period 0, children one later", "根は期 0、子はその次の期"),
)
_ENDS, _REACHES = (
    Said("node {node} ends in period {period}", "節点 {node} が期 {period} で終わる"),
    Said("every path reaches period {period}", "どの経路も期 {period} に至る"),
)
_NO_NAME, _NUMBERED = (
    Said("a state number has no name", "名前のない状態番号がある"),
    Said("states are numbered as in `states`", "状態の番号は `states` のとおり"),
)
_HAS, _ABOVE_ZERO, _LEAVE_OUT = (
    Said("node {node} ({label}) has probability {probability:g}", "節点 {node}（{label}）の確率は {probability:g}"),
    Said("probabilities are > 0", "確率は 0 超"),
    Said("leave out what cannot happen", "起こり得ないものを省く"),
)
_SUM, _FIRST_SUM, _CHILDREN, _RESCALE = (
    Said(
        "probabilities sum to {total:.10g}, not {wanted:.10g}: {parts}",
        "確率の合計は {wanted:.10g} でなく {total:.10g}: {parts}",
    ),
    Said("the first nodes sum to 1", "最初の節点の合計は 1"),
    Said("children sum to their parent, node {node} ({label})", "子の合計は親の節点 {node}（{label}）に等しい"),
    Said("rescale them", "比例して直す"),
)
_AS_IN_TREE = Said("processes are named as in the tree", "確率過程の名前はシナリオツリーのとおり")


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree of futures.

    Parameters
    ----------
    period, parent : int arrays, shape (n_nodes,)
        In breadth order; parents ascend, so siblings stand together. Every path reaches the last period.
    probability : array, shape (n_nodes,)
        Of being reached from today, > 0: the roots sum to one, children to their parent. [p_n]
    processes : names, in the order of the columns of `state`
    states : per process the names of its states; the first is the undisturbed one
    state : int array, shape (n_nodes, n_processes)

    >>> tree = Tree([0, 0, 1, 1, 1], [-1, -1, 0, 1, 1], [0.8, 0.2, 0.8, 0.15, 0.05], ("strait",), (("open", "shut"),),
    ...             [[0], [1], [0], [0], [1]])
    >>> tree.n_periods, tree.leaves.tolist(), tree.conditional.round(2).tolist(), tree.label(4)
    (2, [2, 3, 4], [0.8, 0.2, 1.0, 0.75, 0.25], 'strait=shut')
    """

    period: Index
    parent: Index
    probability: Array
    processes: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    state: Index

    def __init__(
        self,
        period: ArrayLike,
        parent: ArrayLike,
        probability: ArrayLike,
        processes: Sequence[str],
        states: Sequence[Sequence[str]],
        state: ArrayLike,
    ) -> None:
        arrays: dict[str, NDArray[Any]] = {
            "period": np.array(period, dtype=np.int64),
            "parent": np.array(parent, dtype=np.int64),
            "probability": np.array(probability, dtype=float),
            "state": np.array(state, dtype=np.int64),
        }
        for name, array in arrays.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "processes", tuple(processes))
        object.__setattr__(self, "states", tuple(tuple(names) for names in states))
        self._check_shape()
        self._check_probability()

    def _check_shape(self) -> None:
        def reject(seen: str, rule: str) -> None:
            raise DataError(Fault(TREE, seen, rule))

        n, period, parent = len(self.period), self.period, self.parent
        shapes = (self.parent.shape, self.probability.shape, self.state.shape)
        if not n or period.shape != (n,) or shapes != ((n,), (n,), (n, len(self.processes))):
            reject(
                _SHAPES.format(period=period.shape, shapes=", ".join(map(str, shapes))),
                _ONE_EACH.format(count=len(self.processes)),
            )
        if len(self.states) != len(self.processes) or len(set(self.processes)) < len(self.processes):
            reject(_PROCESSES.format(processes=list(self.processes), states=list(self.states)), _EACH_ONCE)
        ahead = np.arange(n)
        if (parent >= ahead).any() or (parent < -1).any() or (np.diff(parent) < 0).any():
            reject(_NOT_ASCENDING, _IN_BREADTH)
        if (period != np.where(parent < 0, 0, period[parent] + 1)).any():
            reject(_NOT_NEXT, _ONE_LATER)
        childless = np.setdiff1d(ahead[period < period[-1]], parent)
        if childless.size:
            reject(_ENDS.format(node=childless[0], period=period[childless[0]]), _REACHES.format(period=period[-1]))
        sizes = np.array([len(names) for names in self.states], dtype=np.int64)
        if (self.state < 0).any() or (self.state >= sizes).any():
            reject(_NO_NAME, _NUMBERED)

    def _check_probability(self) -> None:
        if not (self.probability > 0).all():
            worst = int(np.argmin(np.nan_to_num(self.probability, nan=-np.inf)))
            seen = _HAS.format(node=worst, label=self.label(worst), probability=self.probability[worst])
            raise DataError(Fault(TREE, seen, _ABOVE_ZERO, _LEAVE_OUT))
        found = total(self.parent + 1, self.probability, self.n_nodes + 1)
        wanted = np.concatenate([[1.0], np.where(self.period < self.n_periods - 1, self.probability, 0.0)])
        faults = []
        for group in np.flatnonzero(np.abs(found - wanted) > TOLERANCE * wanted).tolist():
            siblings = np.flatnonzero(self.parent == group - 1).tolist()
            parts = chances((self.label(n), self.probability[n]) for n in siblings)
            seen = _SUM.format(total=found[group], wanted=wanted[group], parts=parts)
            if group == 0:
                faults.append(Fault(TREE, seen, _FIRST_SUM, RESCALE_OFTEN))
            else:
                rule = _CHILDREN.format(node=group - 1, label=self.label(group - 1))
                faults.append(Fault(TREE, seen, rule, _RESCALE))
        if faults:
            raise DataError(faults)

    # --- what it looks like ---

    @property
    def n_nodes(self) -> int:
        """Number of nodes, today not counted."""
        return len(self.period)

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return int(self.period[-1]) + 1

    @cached_property
    def leaves(self) -> Index:
        """The nodes of the last period."""
        return np.flatnonzero(self.period == self.n_periods - 1)

    @cached_property
    def children(self) -> tuple[Index, ...]:
        """The children of each node."""
        ends = np.searchsorted(self.parent, np.arange(self.n_nodes + 1))
        return tuple(np.arange(first, last) for first, last in pairwise(ends))

    @cached_property
    def conditional(self) -> Array:
        """Probability of each node given its parent."""
        above = np.where(self.parent < 0, 1.0, self.probability[self.parent])
        result: Array = self.probability / above
        return result

    def paths(self) -> Index:
        """The nodes passed on the way to each leaf, shape (n_leaves, n_periods)."""
        nodes = np.empty((len(self.leaves), self.n_periods), dtype=np.int64)
        here = self.leaves
        for period in reversed(range(self.n_periods)):
            nodes[:, period] = here
            here = self.parent[here]
        return nodes

    def label(self, node: int) -> str:
        """The state of the world in a node, in words."""
        names = zip(self.processes, self.states, self.state[node], strict=True)
        return " ".join(f"{process}={states[code]}" for process, states, code in names)

    def share(self, process: str) -> Array:
        """Probability of each state of a process per period, shape (n_periods, n_states).

        >>> paths = [[[0], [0]], [[1], [0]], [[1], [1]]]
        >>> Tree.from_paths(paths, [0.8, 0.15, 0.05], ["strait"], [["open", "shut"]]).share("strait")
        array([[0.8 , 0.2 ],
               [0.95, 0.05]])
        """
        column = self.column(process)
        n_states = len(self.states[column])
        cell = self.period * n_states + self.state[:, column]
        return total(cell, self.probability, self.n_periods * n_states).reshape(self.n_periods, n_states)

    def column(self, process: str) -> int:
        """The column of `state` that holds a process."""
        if process not in self.processes:
            remedy = nearest(process, self.processes)
            raise DataError(Fault(TREE, NO_PROCESS.format(name=process), _AS_IN_TREE, remedy))
        return self.processes.index(process)

    # --- the same futures, written otherwise ---

    def only(self, processes: Iterable[str]) -> Tree:
        """The tree with the states of some processes only; follow it by `merged`, and identical futures are one."""
        columns = [self.column(process) for process in processes]
        names, states = [self.processes[c] for c in columns], [self.states[c] for c in columns]
        return Tree(self.period, self.parent, self.probability, names, states, self.state[:, columns])

    def merged(self, key: ArrayLike | None = None) -> tuple[Tree, Index]:
        """Siblings with the same state and the same future made one, exactly, and the new number of every node.

        Two futures are the same when every state, shape and conditional probability below is. The order of the nodes of
        the result depends on what they are, not on how they stood.

        Parameters
        ----------
        key : array, shape (n_nodes, any), optional
            What a node is, instead of its state: the numbers a model reads from it. A merged node then keeps the state
            of the first of those it stands for.

        >>> paths = [[[0], [0]], [[1], [0]], [[1], [0]]]
        >>> twice = Tree.from_paths(paths, [0.8, 0.1, 0.1], ["strait"], [["open", "shut"]], foresight=True)
        >>> whole, new = twice.merged()
        >>> new.tolist(), whole.probability.tolist()
        ([0, 1, 1, 2, 3, 3], [0.8, 0.2, 0.8, 0.2])
        """
        kind = self._kinds() if key is None else ranked(np.asarray(key, dtype=float).reshape(self.n_nodes, -1))
        future = np.zeros(self.n_nodes, dtype=np.int64)  # equal numbers within a period: equal states and futures
        slices = self.slices()
        for period in reversed(range(self.n_periods)):
            here = slices[period]
            below: list[list[tuple[int, int]]] = [[] for _ in range(here.stop - here.start)]
            if period + 1 < self.n_periods:
                after = slices[period + 1]
                pairs = np.column_stack([self.parent[after], future[after]])
                joined, inverse = np.unique(pairs, axis=0, return_inverse=True)
                weight = _same(total(inverse.reshape(-1), self.conditional[after]))
                for (node, subtree), rank in zip(joined.tolist(), weight.tolist(), strict=True):
                    below[node - here.start].append((subtree, rank))
            signatures = [(k, tuple(b)) for k, b in zip(kind[here].tolist(), below, strict=True)]
            number = {signature: i for i, signature in enumerate(sorted(set(signatures)))}
            future[here] = [number[signature] for signature in signatures]

        new = np.empty(self.n_nodes, dtype=np.int64)
        parents, count = [], 0
        for here in slices:
            above = np.where(self.parent[here] < 0, -1, new[self.parent[here]])
            joined, inverse = np.unique(np.column_stack([above, future[here]]), axis=0, return_inverse=True)
            new[here] = count + inverse.reshape(-1)
            parents.append(joined[:, 0])
            count += len(joined)
        first = np.unique(new, return_index=True)[1]
        probability = total(new, self.probability)
        tree = Tree(
            self.period[first], np.concatenate(parents), probability, self.processes, self.states, self.state[first]
        )
        return tree, new

    def kept(self, leaves: ArrayLike, probability: ArrayLike) -> Tree:
        """The part of the tree that leads to some of its leaves, with new probabilities of those."""
        chosen = np.sort(np.asarray(leaves, dtype=np.int64))
        weight = np.asarray(probability, dtype=float)[np.argsort(np.asarray(leaves))]
        paths = self.paths()[np.searchsorted(self.leaves, chosen)]
        nodes, inverse = np.unique(paths, return_inverse=True)
        reached = total(inverse.reshape(-1), np.repeat(weight, self.n_periods))
        parent = np.where(self.parent[nodes] < 0, -1, np.searchsorted(nodes, self.parent[nodes]))
        return Tree(self.period[nodes], parent, reached, self.processes, self.states, self.state[nodes])

    def slices(self) -> list[slice]:
        """The nodes of each period."""
        ends = np.searchsorted(self.period, np.arange(self.n_periods + 1))
        return [slice(int(first), int(last)) for first, last in pairwise(ends)]

    def _kinds(self) -> Index:
        """A number per joint state that depends on names only, not on the order of columns and codes."""
        columns = []
        for column in sorted(range(len(self.processes)), key=self.processes.__getitem__):
            rank = np.argsort(by_name(self.states[column]))
            columns.append(rank[self.state[:, column]])
        return ranked(np.column_stack(columns)) if columns else np.zeros(self.n_nodes, dtype=np.int64)

    # --- from paths and tables ---

    @classmethod
    def from_paths(
        cls,
        paths: ArrayLike,
        probability: ArrayLike,
        processes: Sequence[str],
        states: Sequence[Sequence[str]],
        *,
        foresight: bool = False,
    ) -> Tree:
        """Paths with probabilities as a tree: those with the same history so far share the node.

        Paths of probability zero have no node.

        Parameters
        ----------
        paths : int array, shape (n_paths, n_periods, n_processes)
        probability : array, shape (n_paths,)
        foresight : bool
            True keeps every path apart from the first period on: who is on it sees it to its end.

        >>> tree = Tree.from_paths([[[0], [0]], [[0], [1]], [[1], [1]]], [0.5, 0.3, 0.2], ("strait",), (("open", "shut"),))
        >>> tree.parent.tolist(), tree.probability.tolist()
        ([-1, -1, 0, 0, 1], [0.8, 0.2, 0.5, 0.3, 0.2])
        """
        names = [tuple(s) for s in states]
        columns = sorted(range(len(processes)), key=list(processes).__getitem__)
        weight = np.asarray(probability, dtype=float)
        codes = np.asarray(paths, dtype=np.int64)[weight != 0][:, :, columns]
        weight = weight[weight != 0]
        sorting = [by_name(names[c]) for c in columns]
        for column, order in enumerate(sorting):
            codes[:, :, column] = np.argsort(order)[codes[:, :, column]]
        n_paths, n_periods, _ = codes.shape
        by_content = np.lexsort((weight, *codes.reshape(n_paths, -1).T[::-1]))  # whatever order they came in
        codes, weight = codes[by_content], weight[by_content]
        node = np.arange(n_paths) if foresight else np.zeros(n_paths, dtype=np.int64)
        levels = []
        for period in range(n_periods):
            joined, inverse = np.unique(np.column_stack([node, codes[:, period]]), axis=0, return_inverse=True)
            node = inverse.reshape(-1)
            levels.append((joined[:, 0], total(node, weight), joined[:, 1:]))
        return stacked(
            [processes[c] for c in columns],
            [[names[c][i] for i in order] for c, order in zip(columns, sorting, strict=True)],
            levels,
        )


# --- small helpers ---


def stacked(
    processes: Sequence[str], states: Sequence[Sequence[str]], levels: list[tuple[Index, Array, Index]]
) -> Tree:
    """A tree from its periods: (position of the parent in the period before, probability, states)."""
    sizes = [len(parent) for parent, _, _ in levels]
    firsts = np.cumsum([0, *sizes])
    parents = [parent + firsts[t - 1] if t else np.full(len(parent), -1) for t, (parent, _, _) in enumerate(levels)]
    return Tree(
        np.repeat(np.arange(len(levels)), sizes),
        np.concatenate(parents),
        np.concatenate([probability for _, probability, _ in levels]),
        processes,
        states,
        np.concatenate([codes for _, _, codes in levels]),
    )


def ranked(rows: NDArray[Any]) -> Index:
    """The rank of each row among the distinct rows."""
    inverse: Index = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
    return inverse


def _same(values: Array) -> Index:
    """Ranks in which values within `SAME` of the next smaller one share a rank."""
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.concatenate([[0], np.cumsum(np.diff(values[order]) > SAME)])
    return ranks
