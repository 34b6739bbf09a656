"""The futures, as a tree: which states can follow which, with which probability. Nobody in it can see past a node.

Node n has a period, a parent (-1: today) and a probability of being reached. Nodes stand in breadth order, the children of a
node side by side, so that a period is a slice and a path is a row of `Tree.paths`.

A tree comes from processes by `build_tree` (exact where small, else drawn), from a table of scenarios by `Tree.from_table`, or
from fresh independent paths by `sample_paths`. However its processes, states, rows or scenarios were ordered, the same
world gives the same tree, to the last bit: columns are by name, states by name after the undisturbed one, siblings by
state. Read states through `Tree.processes` and `Tree.states`, never by the order in which they were put in.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from procure.errors import DataError, Fault, nearest
from procure.scenarios.chain import TOLERANCE, Codes, Process, ancestors, by_name, canonical, expand, total
from procure.units import Array

if TYPE_CHECKING:
    import pandas as pd

SAME = 1e-12  # conditional probabilities closer than this are one: typed tables agree to fewer digits, rounding to more


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

    period: Codes
    parent: Codes
    probability: Array
    processes: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    state: Codes

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
            raise DataError(Fault("tree", seen, rule))

        n, period, parent = len(self.period), self.period, self.parent
        shapes = (self.parent.shape, self.probability.shape, self.state.shape)
        if not n or period.shape != (n,) or shapes != ((n,), (n,), (n, len(self.processes))):
            seen = f"period {period.shape}, parent, probability and state {', '.join(map(str, shapes))}"
            reject(seen, f"one entry per node, and per node and process ({len(self.processes)})")
        if len(self.states) != len(self.processes) or len(set(self.processes)) < len(self.processes):
            reject(
                f"processes {list(self.processes)}, states {list(self.states)}", "each process once, with its states"
            )
        ahead = np.arange(n)
        if (parent >= ahead).any() or (parent < -1).any() or (np.diff(parent) < 0).any():
            reject("parents do not ascend, or do not precede their children", "nodes stand in breadth order")
        if (period != np.where(parent < 0, 0, period[parent] + 1)).any():
            reject("a period is not that of the parent plus one", "roots are in period 0, children one later")
        childless = np.setdiff1d(ahead[period < period[-1]], parent)
        if childless.size:
            reject(
                f"node {childless[0]} ends in period {period[childless[0]]}", f"every path reaches period {period[-1]}"
            )
        sizes = np.array([len(names) for names in self.states], dtype=np.int64)
        if (self.state < 0).any() or (self.state >= sizes).any():
            reject("a state number has no name", "states are numbered as in `states`")

    def _check_probability(self) -> None:
        if not (self.probability > 0).all():
            worst = int(np.argmin(np.nan_to_num(self.probability, nan=-np.inf)))
            seen = f"node {worst} ({self.label(worst)}) has probability {self.probability[worst]:g}"
            raise DataError(Fault("tree", seen, "probabilities are > 0", "leave out what cannot happen"))
        found = total(self.parent + 1, self.probability, self.n_nodes + 1)
        wanted = np.concatenate([[1.0], np.where(self.period < self.n_periods - 1, self.probability, 0.0)])
        faults = []
        for group in np.flatnonzero(np.abs(found - wanted) > TOLERANCE * wanted).tolist():
            siblings = np.flatnonzero(self.parent == group - 1).tolist()
            parts = _listed([(self.label(n), self.probability[n]) for n in siblings])
            seen = f"probabilities sum to {found[group]:.10g}, not {wanted[group]:.10g}: {parts}"
            if group == 0:
                rule, remedy = (
                    "the first nodes sum to 1",
                    "rescale them, or add the missing outcome (often 'no disruption')",
                )
            else:
                rule, remedy = (
                    f"children sum to their parent, node {group - 1} ({self.label(group - 1)})",
                    "rescale them",
                )
            faults.append(Fault("tree", seen, rule, remedy))
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
    def leaves(self) -> Codes:
        """The nodes of the last period."""
        return np.flatnonzero(self.period == self.n_periods - 1)

    @cached_property
    def children(self) -> tuple[Codes, ...]:
        """The children of each node."""
        ends = np.searchsorted(self.parent, np.arange(self.n_nodes + 1))
        return tuple(np.arange(first, last) for first, last in pairwise(ends))

    @cached_property
    def conditional(self) -> Array:
        """Probability of each node given its parent."""
        above = np.where(self.parent < 0, 1.0, self.probability[self.parent])
        result: Array = self.probability / above
        return result

    def paths(self) -> Codes:
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
        column = self._column(process)
        n_states = len(self.states[column])
        cell = self.period * n_states + self.state[:, column]
        return total(cell, self.probability, self.n_periods * n_states).reshape(self.n_periods, n_states)

    def _column(self, process: str) -> int:
        if process not in self.processes:
            remedy = nearest(process, self.processes)
            raise DataError(Fault("tree", f"no process '{process}'", "processes are named as in the tree", remedy))
        return self.processes.index(process)

    # --- the same futures, written otherwise ---

    def only(self, processes: Iterable[str]) -> Tree:
        """The tree with the states of some processes only; follow it by `merged`, and identical futures are one."""
        columns = [self._column(process) for process in processes]
        names, states = [self.processes[c] for c in columns], [self.states[c] for c in columns]
        return Tree(self.period, self.parent, self.probability, names, states, self.state[:, columns])

    def seen_as(self, names: Mapping[str, str]) -> Tree:
        """The tree of some processes under other names: nobody sees the rest, so histories that differ in it alone are one.

        Parameters
        ----------
        names : process of the tree -> its name in the result

        >>> tree = Tree.from_paths([[[0, 0], [0, 1]], [[1, 0], [0, 0]]], [0.8, 0.2], ["a", "b"], [["off", "on"]] * 2)
        >>> once = tree.seen_as({"b": "b"})
        >>> once.parent.tolist(), once.probability.tolist()
        ([-1, 0, 0], [1.0, 0.2, 0.8])
        """
        columns = [self._column(process) for process in names]
        paths = self.state[self.paths()][:, :, columns]
        states = [self.states[column] for column in columns]
        return Tree.from_paths(paths, self.probability[self.leaves], list(names.values()), states)

    def likelihood(self, processes: Iterable[Process]) -> Array:
        """Exact probability of every node's joint state given its parent's, shape (n_nodes,), whatever the tree drew.

        >>> from procure.scenarios.chain import shock
        >>> strait = shock("strait", 0.2231, 3, 1.0, 2)  # 1 - exp(-0.2231) = 0.2
        >>> enumerate_tree([strait], 2).likelihood([strait]).round(2)
        array([0.8, 0.2, 0.8, 0.2, 0.8, 0.2])
        """
        chosen = canonical(processes)
        place = {process.name: self._column(process.name) for process in chosen}
        probability = np.ones(self.n_nodes)
        for process in chosen:
            column = place[process.name]
            names = self.states[column]
            code = np.array([process.states.index(name) for name in names])[self.state[:, column]]
            today = process.states.index(process.start)
            previous = np.where(self.parent >= 0, code[self.parent], today)
            drivers = [
                np.array([states.index(name) for name in self.states[place[driver]]])[self.state[:, place[driver]]]
                for driver, states in zip(process.drivers, process.driver_states, strict=True)
            ]
            probability *= process.transition[(self.period, *drivers, previous, code)]
        return probability

    def reweighed(self, before: Iterable[Process], after: Iterable[Process]) -> Tree:
        """The same futures under another law: each path weighed by how much likelier `after` makes it than `before`.

        A leaf that the tree gives probability p has p r / Σ p r, with r the likelihood ratio of its whole path: the product over
        its nodes of their chance under `after` over that under `before`. A node has the sum of its leaves, and what
        `after` rules out is left out. Where the tree holds every future the result is exact; where it was drawn by
        `before`, it is importance sampling with weights that sum to one, and two laws compared over one tree differ by the
        laws alone, not by the luck of two draws. Owen (2013), Monte Carlo theory, methods and examples, section 9.2.

        A tree of which `after` allows no path, or `before` not every node, is a `DataError`.

        A strait shut with 0.2 a year, weighed as if with 0.4: the one drawn path into a closure counts for 2 × 0.6 / 0.8 = 1.5,
        the one that stays open for (0.6 / 0.8)² = 0.5625, so their odds move from 0.2 : 0.8 to 0.3 : 0.45.

        >>> from procure.scenarios.chain import shock
        >>> calm, rough = shock("strait", 0.2231, 3, 1.0, 2), shock("strait", 0.5108, 3, 1.0, 2)
        >>> drawn = Tree.from_paths([[[1], [0]], [[0], [0]]], [0.2, 0.8], ["strait"], [["calm", "on"]])
        >>> drawn.reweighed([calm], [rough]).probability.round(2)
        array([0.6, 0.4, 0.6, 0.4])
        """
        drawn = self.likelihood(before)
        if not (drawn > 0).all():
            node = int(np.argmin(drawn))
            raise DataError(
                Fault("tree", f"'{self.label(node)}' has probability 0 under the law it was drawn by",
                      "a tree is weighed against the law it was drawn by", "name that law")
            )  # fmt: skip
        ratio = self.likelihood(after) / drawn
        for here in self._slices()[1:]:
            ratio[here] *= ratio[self.parent[here]]
        weight = (self.probability * ratio)[self.leaves]
        if not weight.any():
            raise DataError(
                Fault("tree", "the other law rules out every path", "both laws allow some of the futures",
                      "make a tree of its own for this law")
            )  # fmt: skip
        possible = weight > 0
        return self.kept(self.leaves[possible], weight[possible] / math.fsum(weight))

    def merged(self, key: ArrayLike | None = None) -> tuple[Tree, Codes]:
        """Siblings with the same state and the same future made one, exactly, and the new number of every node.

        Two futures are the same when every state, shape and conditional probability below is. The order of the nodes of
        the result depends on what they are, not on how they stood.

        Parameters
        ----------
        key : array, shape (n_nodes, any), optional
            What a node is, instead of its state: the numbers a model reads from it. A merged node then keeps the state
            of the first of those it stands for.

        >>> tree = Tree.from_paths([[[0], [0]], [[1], [0]]], [0.8, 0.2], ["strait"], [["open", "shut"]])
        >>> whole, new = tree.split(1, 0.5).merged()
        >>> new.tolist(), whole.probability.tolist()
        ([0, 1, 1, 2, 3, 3], [0.8, 0.2, 0.8, 0.2])
        """
        kind = self._kinds() if key is None else _ranked(np.asarray(key, dtype=float).reshape(self.n_nodes, -1))
        future = np.zeros(self.n_nodes, dtype=np.int64)  # equal numbers within a period: equal states and futures
        slices = self._slices()
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

    def split(self, node: int, share: float) -> Tree:
        """The same futures with a node, and all below it, written twice: `share` and the rest of its probability."""
        below = np.zeros(self.n_nodes, dtype=bool)
        below[node] = True
        for n in range(node + 1, self.n_nodes):
            below[n] = self.parent[n] >= 0 and below[self.parent[n]]
        copied = np.flatnonzero(below)
        old = np.concatenate([np.arange(self.n_nodes), copied])
        weight = np.concatenate([np.where(below, share, 1.0), np.full(len(copied), 1 - share)])
        copy = self.n_nodes - 1 + np.cumsum(below)
        above = self.parent[copied]
        parent = np.concatenate([self.parent, np.where((above >= 0) & below[above], copy[above], above)])
        # number all anew, period by period, so that siblings stand together
        number = np.full(len(old) + 1, -1)
        order: list[int] = []
        for period in range(self.n_periods):
            members = np.flatnonzero(self.period[old] == period)
            members = members[np.lexsort((members, number[parent[members]]))]
            number[members] = np.arange(len(order), len(order) + len(members))
            order += members.tolist()
        take = old[order]
        return Tree(
            self.period[take],
            number[parent[order]],
            self.probability[take] * weight[order],
            self.processes,
            self.states,
            self.state[take],
        )

    def kept(self, leaves: ArrayLike, probability: ArrayLike) -> Tree:
        """The part of the tree that leads to some of its leaves, with new probabilities of those."""
        chosen = np.sort(np.asarray(leaves, dtype=np.int64))
        weight = np.asarray(probability, dtype=float)[np.argsort(np.asarray(leaves))]
        paths = self.paths()[np.searchsorted(self.leaves, chosen)]
        nodes, inverse = np.unique(paths, return_inverse=True)
        reached = total(inverse.reshape(-1), np.repeat(weight, self.n_periods))
        parent = np.where(self.parent[nodes] < 0, -1, np.searchsorted(nodes, self.parent[nodes]))
        return Tree(self.period[nodes], parent, reached, self.processes, self.states, self.state[nodes])

    def _slices(self) -> list[slice]:
        ends = np.searchsorted(self.period, np.arange(self.n_periods + 1))
        return [slice(int(first), int(last)) for first, last in pairwise(ends)]

    def _kinds(self) -> Codes:
        """A number per joint state that depends on names only, not on the order of columns and codes."""
        columns = []
        for column in sorted(range(len(self.processes)), key=self.processes.__getitem__):
            rank = np.argsort(by_name(self.states[column]))
            columns.append(rank[self.state[:, column]])
        return _ranked(np.column_stack(columns)) if columns else np.zeros(self.n_nodes, dtype=np.int64)

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
        return _stacked(
            [processes[c] for c in columns],
            [[names[c][i] for i in order] for c, order in zip(columns, sorting, strict=True)],
            levels,
        )

    @classmethod
    def from_table(
        cls,
        frame: pd.DataFrame,
        processes: Mapping[str, Sequence[str]] | Sequence[Process],
        periods: Sequence[Any] | int,
    ) -> Tree:
        """A table of scenarios as a tree; scenarios with the same history up to a period share the node.

        Parameters
        ----------
        frame : DataFrame with columns scenario, probability, process, state and optionally period
            A blank period means every period that no other row of that scenario and process names. What is not named is
            undisturbed; a scenario in which nothing happens has one row with blank process and state. The probability
            stands on one row of a scenario at least, and is the same on all rows where it stands.
        processes : names -> states, or processes
        periods : the names of the periods (years), or how many there are

        >>> import pandas as pd
        >>> table = pd.DataFrame([["calm", 0.8, None, None, None], ["closure", 0.2, "strait", "shut", 2028]],
        ...                      columns=["scenario", "probability", "process", "state", "period"])
        >>> tree = Tree.from_table(table, {"strait": ["open", "shut"]}, [2027, 2028])
        >>> [(tree.label(n), tree.probability[n].item()) for n in range(tree.n_nodes)]
        [('strait=open', 1.0), ('strait=open', 0.8), ('strait=shut', 0.2)]
        """
        states = (
            {name: tuple(names) for name, names in processes.items()}
            if isinstance(processes, Mapping)
            else {process.name: process.states for process in processes}
        )
        labels = [_text(p) for p in (range(periods) if isinstance(periods, int) else periods)]
        law, given = _read_table(frame, states, labels)
        names = sorted(states)
        scenarios = sorted(law)
        paths = np.zeros((len(scenarios), len(labels), len(names)), dtype=np.int64)
        for (scenario, process, period), state in sorted(given.items(), key=lambda item: item[0][2] != ""):
            at = labels.index(period) if period else slice(None)  # rows for one period come last and prevail
            paths[scenarios.index(scenario), at, names.index(process)] = states[process].index(state)
        weight = np.array([law[scenario] for scenario in scenarios])
        return cls.from_paths(paths, weight / math.fsum(weight), names, [states[name] for name in names])


# --- from processes ---


def enumerate_tree(processes: Iterable[Process], n_periods: int, limit: int = 100_000) -> Tree:
    """Every joint future with its exact probability; what cannot happen is left out.

    >>> from procure.scenarios.chain import shock
    >>> enumerate_tree([shock("china", 0.2, 9, 1.0, 2), shock("lynas", 0.9, 3, 1.0, 2)], 2).n_nodes  # 4 + 16
    20
    """
    chosen = list(processes)
    tree = enumerated(chosen, n_periods, limit)
    if tree is None:
        seen = f"{len(chosen)} processes over {n_periods} periods have more than {limit} joint futures"
        raise DataError(
            Fault("tree", seen, f"at most {limit} nodes", "use fewer states or periods, or draw: build_tree")
        )
    return tree


def enumerated(processes: Iterable[Process], n_periods: int, limit: int) -> Tree | None:
    """`enumerate_tree`, or None where it would have more than `limit` nodes."""
    chosen = canonical(processes)
    _check_periods(chosen, n_periods)
    return _enumerated(chosen, n_periods, limit)


def build_tree(
    processes: Iterable[Process],
    n_periods: int,
    *,
    primary: str | None = None,
    branch: Iterable[int] = (),
    nodes: int = 1500,
    seed: int = 1,
    streams: Mapping[str, str] | None = None,
) -> Tree:
    """A tree of at most `nodes` nodes: every future exactly if they are that few, otherwise drawn.

    In the periods of `branch` every node branches into every state of the `primary` process, with its exact
    probability; the other processes are drawn. In the other periods all are drawn. Drawn children of a node (within one
    state of the primary process) weigh the same, and the identical ones are merged.

    How many: the nodes per period grow by the number of primary states in the periods of `branch` and, over all
    other periods together, by two; the largest such tree within `nodes`. So the tree goes on branching to its end, and
    half of its paths are already there early, where each one counts. Within a period, likelier nodes get more children, at
    least one each.

    Draws are stratified over all nodes of a period that share a law (`_draw`), so that the shares of the states come as
    near to their exact probabilities as the number of nodes permits; `Tree.share` tells them, `chain.marginals` the exact ones.
    Every process has random numbers of its own, by its name; `streams` names others to draw it with. Two laws of one thing,
    drawn with the same numbers, differ only where the laws do.

    >>> from procure.scenarios.chain import shock
    >>> world = [shock("china", 0.5, 9, 1.0, 8), shock("lynas", 0.9, 3, 1.0, 8)]
    >>> tree = build_tree(world, 8, primary="china", branch=[0, 1], nodes=300, seed=1)
    >>> tree.n_nodes <= 300, tree.share("china")[:2].round(4).tolist()  # 1 - exp(-0.5) = 0.3935
    (True, [[0.6065, 0.3935], [0.6065, 0.3935]])
    """
    chosen = canonical(processes)
    _check_periods(chosen, n_periods)
    branching, leader = _check_branching(chosen, n_periods, primary, branch)
    exact = _enumerated(chosen, n_periods, nodes)
    if exact is not None:
        return exact
    size = _growth(leader, branching, n_periods, nodes)

    columns = sorted(range(len(chosen)), key=lambda column: chosen[column].name)
    previous = _today(chosen)
    probability = np.ones(1)
    levels: list[tuple[Codes, Array, Codes]] = []
    left = nodes
    for period in range(n_periods):
        target = int(left * size[period] / size[period:].sum() * (1 + TOLERANCE))
        if period in branching and leader is not None:
            slots = _branches(chosen, leader, period, previous, probability)
        else:
            slots = _Slots(np.arange(len(previous)), probability, {}, None)
        count = _shared_out(slots.weight, target, _generator(seed, period, "children"))
        child = np.repeat(np.arange(len(count)), count)
        node, weight = slots.node[child], slots.weight[child] / count[child]
        drawn = _drawn(chosen, period, previous[node], node, weight, slots, child, seed, streams or {})

        joined, inverse = np.unique(np.column_stack([node, drawn[:, columns]]), axis=0, return_inverse=True)
        inverse = inverse.reshape(-1)
        probability = total(inverse, weight)
        previous = drawn[np.unique(inverse, return_index=True)[1]]
        levels.append((joined[:, 0], probability, joined[:, 1:]))
        left -= len(joined)
    return _stacked([chosen[c].name for c in columns], [chosen[c].states for c in columns], levels)


def sample_paths(processes: Iterable[Process], n_paths: int, seed: int, n_periods: int | None = None) -> Tree:
    """Independent paths of equal probability, branching today only: to test a plan on futures it was not made for.

    Plain draws, not stratified: the paths are independent, so means over them have the usual standard error.

    >>> from procure.scenarios.chain import shock
    >>> fan = sample_paths([shock("china", 0.5, 9, 1.0, 3)], 100, seed=7)
    >>> fan.n_nodes, len(fan.leaves)
    (300, 100)
    """
    chosen = canonical(processes)
    n_periods = min(process.n_periods for process in chosen) if n_periods is None else n_periods
    _check_periods(chosen, n_periods)
    place = {process.name: column for column, process in enumerate(chosen)}
    codes = np.empty((n_paths, n_periods, len(chosen)), dtype=np.int64)
    previous = np.repeat(_today(chosen), n_paths, axis=0)
    for period in range(n_periods):
        for column, process in enumerate(chosen):
            drivers = [codes[:, period, place[name]] for name in process.drivers]
            law = process.law(period, drivers, previous[:, column])
            codes[:, period, column] = _inverse(law, _generator(seed, period, f"path {process.name}").random(n_paths))
        previous = codes[:, period]
    weight = np.full(n_paths, 1 / n_paths)
    return Tree.from_paths(codes, weight, [p.name for p in chosen], [p.states for p in chosen], foresight=True)


# --- how drawing works ---


@dataclass(frozen=True)
class _Slots:
    """What drawn children are drawn for: a node, or a node and the state of the primary process it branches into."""

    node: Codes
    weight: Array
    fixed: dict[str, Codes]  # state of the primary process, per slot
    before: tuple[list[str], Codes, Array] | None  # what drives it: names, their joint states, law of those per slot


def _branches(processes: list[Process], leader: Process, period: int, previous: Codes, probability: Array) -> _Slots:
    """One slot per node and possible state of the leader, exactly; what drives it is drawn later, given that state."""
    family = [*ancestors(processes, leader), leader]
    columns = [processes.index(member) for member in family]
    row, codes, conditional = expand(family, period, previous[:, columns])
    causes, cause = np.unique(codes[:, :-1], axis=0, return_inverse=True)
    joint = np.zeros((len(previous), len(leader.states), len(causes)))
    joint[row, codes[:, -1], cause.reshape(-1)] = conditional
    exact = joint.sum(axis=2)
    node, state = np.nonzero(exact)
    law = joint[node, state] / exact[node, state][:, None]
    names = [member.name for member in family[:-1]]
    return _Slots(node, probability[node] * exact[node, state], {leader.name: state}, (names, causes, law))


def _drawn(
    processes: list[Process],
    period: int,
    previous: Codes,
    node: Codes,
    weight: Array,
    slots: _Slots,
    child: Codes,
    seed: int,
    streams: Mapping[str, str],
) -> Codes:
    """The states of every child, processes in order, each given those that drive it."""
    drawn: dict[str, Codes] = {name: states[child] for name, states in slots.fixed.items()}
    if slots.before is not None and slots.before[0]:
        names, causes, law = slots.before
        which = _draw(law[child], weight, node, _generator(seed, period, "+".join(names)))
        drawn |= {name: causes[which, column] for column, name in enumerate(names)}
    for column, process in enumerate(processes):
        if process.name not in drawn:
            law = process.law(period, [drawn[name] for name in process.drivers], previous[:, column])
            stream = streams.get(process.name, process.name)
            drawn[process.name] = _draw(law, weight, node, _generator(seed, period, stream))
    return np.column_stack([drawn[process.name] for process in processes])


def _draw(law: Array, weight: Array, family: Codes, random: np.random.Generator) -> Codes:
    """One state per row of `law`, so that each state gets its share of the weight of the rows with that law.

    The rows of one law are put in random order, siblings (of one `family`, standing together) far apart, and laid end to
    end, each as long as it weighs; a row takes the state its middle falls into, from a random origin. So every row is drawn by
    its own law, and over the rows of a law a state misses its share by one row at most. Madow (1949), Annals of
    Mathematical Statistics 20(3), 333-354: systematic sampling. With one random order per process this is a weighted Latin
    hypercube; `scipy.stats.qmc` has the unweighted one, and takes more than a second to import.
    """
    _, start, siblings = np.unique(family, return_index=True, return_counts=True)
    start, siblings = np.repeat(start, siblings), np.repeat(siblings, siblings)
    place = np.empty(len(family))
    place[np.lexsort((random.random(len(family)), family))] = np.arange(len(family)) - start
    key = (place + random.random(len(family))) / siblings

    group = _ranked(law.round(12))
    order = np.lexsort((key, group))
    mass = total(group, weight)
    middle = np.cumsum(weight[order]) - weight[order] / 2 - (np.cumsum(mass) - mass)[group[order]]
    position = np.empty(len(family))
    position[order] = middle / mass[group[order]]
    return _inverse(law, (position + random.random(len(mass))[group]) % 1.0)


def _inverse(law: Array, position: Array) -> Codes:
    """The state whose stretch of [0, 1) holds the position, row by row; never one of probability zero."""
    ends = law.cumsum(axis=1)
    ends /= ends[:, -1:]
    codes: Codes = (position[:, None] >= ends).sum(axis=1)
    return codes


def _shared_out(weight: Array, most: int, random: np.random.Generator) -> Codes:
    """How many children each slot gets: in proportion to weight, at least one, at most `most` together.

    A slot gets one child per λ of weight, with the smallest λ that keeps to that (d'Hondt's rule: the heaviest child is
    as light as can be). Slots of equal weight would all double at once, so chance sets them apart a little.
    """
    apart = weight * (1 + 1e-3 * random.random(len(weight)))
    low, high = 0.0, float(apart.max())  # at `high` every slot has one child
    for _ in range(60):
        step = (low + high) / 2
        low, high = (low, step) if np.maximum(1, np.floor(apart / step)).sum() <= most else (step, high)
    return np.maximum(1, np.floor(apart / high)).astype(np.int64)


def _growth(leader: Process | None, branching: set[int], n_periods: int, nodes: int) -> Array:
    """Relative number of nodes per period: times the states of the leader where it branches, times two over all the rest."""

    def grown(other: float) -> Array:
        step = np.full(n_periods, other)
        for period in branching:
            step[period] = (leader.transition[period] > 0).sum(axis=-1).max() if leader is not None else 1
        step[0] = step[0] if 0 in branching else 1.0
        size: Array = np.cumprod(step)
        return size

    n_other = len(set(range(1, n_periods)) - branching)
    size = grown(2 ** (1 / max(n_other, 1)))
    if size.sum() > nodes:
        size = grown(1.0)
    if size.sum() > nodes:
        seen = f"branching in full in periods {sorted(branching)} of {n_periods} takes up to {int(size.sum())} nodes"
        remedy = f"allow {int(size.sum())} nodes, or branch in fewer periods"
        raise DataError(Fault("tree", seen, f"at most {nodes} nodes", remedy))
    return size


def _generator(seed: int, period: int, purpose: str) -> np.random.Generator:
    """A stream of its own for every period and purpose, so that one process more does not redraw the others."""
    return np.random.default_rng([seed, period, zlib.crc32(purpose.encode())])


# --- reading a table ---


def _read_table(
    frame: pd.DataFrame, states: Mapping[str, Sequence[str]], periods: list[str]
) -> tuple[dict[str, float], dict[tuple[str, str, str], str]]:
    """Probability by scenario, and state by scenario, process and period (blank: all); every fault in one list."""
    columns = {str(name): [_text(value) for value in frame[name]] for name in frame.columns}
    needed = ("scenario", "probability", "process", "state")
    missing = [name for name in needed if name not in columns]
    if missing:
        rule = f"the table has columns {', '.join(needed)} and perhaps period"
        raise DataError([Fault("scenarios", f"no column '{name}'", rule, nearest(name, columns)) for name in missing])
    columns.setdefault("period", [""] * len(frame))

    faults: list[Fault] = []
    law: dict[str, float] = {}
    seen_in: dict[str, None] = {}
    given: dict[tuple[str, str, str], str] = {}
    rows = zip(*(columns[name] for name in (*needed, "period")), strict=True)
    for line, (scenario, probability, process, state, period) in enumerate(rows, start=1):
        where = f"scenarios row {line}"
        if not scenario:
            faults.append(Fault(where, "no scenario", "every row names its scenario"))
            continue
        seen_in[scenario] = None
        if probability:
            value = _number(probability)
            if not 0 <= value < math.inf:
                faults.append(Fault(where, f"probability is '{probability}'", "probabilities are numbers >= 0"))
            elif law.setdefault(scenario, value) != value:
                seen = f"probability of '{scenario}' is {value:g}, elsewhere {law[scenario]:g}"
                faults.append(Fault(where, seen, "a scenario has one probability"))
        if not process and not state:
            continue
        if process not in states:
            rule = "processes are those of the model"
            faults.append(Fault(where, f"no process '{process}'", rule, nearest(process, states)))
        elif state not in states[process]:
            rule = "states are the process's own"
            faults.append(Fault(where, f"no state '{state}' of '{process}'", rule, nearest(state, states[process])))
        if period and period not in periods:
            faults.append(Fault(where, f"no period '{period}'", "periods are the model's", nearest(period, periods)))
        if (scenario, process, period) in given:
            seen = f"'{process}' of '{scenario}' in {period or 'every period'} is given again"
            faults.append(Fault(where, seen, "each scenario, process and period once", "drop one of the rows"))
        given[scenario, process, period] = state

    rule = "it stands on one of its rows at least"
    faults += [Fault(f"scenario '{name}'", "no probability", rule) for name in seen_in if name not in law]
    whole = math.fsum(law.values())
    if not seen_in:
        faults.append(Fault("scenarios", "the table is empty", "there is at least one scenario"))
    elif abs(whole - 1) > TOLERANCE:
        seen = f"sum to {whole:.10g}, not 1: {_listed(list(law.items()))}"
        remedy = "rescale them, or add the missing outcome (often 'no disruption')"
        faults.append(Fault("scenario probabilities", seen, "they sum to 1", remedy))
    if faults:
        raise DataError(faults)
    return law, given


def _text(value: Any) -> str:
    """A cell as text: blank for None and NaN, 2028 for 2028.0."""
    if value is None or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


# --- small helpers ---


def _enumerated(processes: list[Process], n_periods: int, limit: int) -> Tree | None:
    """The exact tree, or None when it has more than `limit` nodes."""
    columns = sorted(range(len(processes)), key=lambda column: processes[column].name)
    previous, probability, left = _today(processes), np.ones(1), limit
    levels = []
    for period in range(n_periods):
        row, codes, conditional = _limited(processes, period, previous, left)
        if len(row) > left:
            return None
        order = np.lexsort((*codes[:, columns].T[::-1], row))
        row, codes, conditional = row[order], codes[order], conditional[order]
        previous, probability = codes, probability[row] * conditional
        levels.append((row, probability, codes[:, columns]))
        left -= len(row)
    return _stacked([processes[c].name for c in columns], [processes[c].states for c in columns], levels)


def _limited(processes: list[Process], period: int, previous: Codes, limit: int) -> tuple[Codes, Codes, Array]:
    """`expand`, given up with too many rows as soon as some of the processes alone make more than `limit`."""
    for n in range(1, len(processes)):
        row, codes, conditional = expand(processes[:n], period, previous)
        if len(row) > limit:
            return row, codes, conditional
    return expand(processes, period, previous)


def _stacked(
    processes: Sequence[str], states: Sequence[Sequence[str]], levels: list[tuple[Codes, Array, Codes]]
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


def _today(processes: Sequence[Process]) -> Codes:
    return np.array([[process.code(process.start) for process in processes]], dtype=np.int64)


def _check_periods(processes: Sequence[Process], n_periods: int) -> None:
    short = [f"'{p.name}' {p.n_periods}" for p in processes if p.n_periods < n_periods]
    if n_periods < 1 or not processes or short:
        seen = f"{len(processes)} processes, {n_periods} periods, {', '.join(short) or 'none'} too short"
        raise DataError(Fault("tree", seen, "a tree has a process and a period, and a law for every period"))


def _check_branching(
    processes: list[Process], n_periods: int, primary: str | None, branch: Iterable[int]
) -> tuple[set[int], Process | None]:
    branching = set(branch)
    names = {process.name: process for process in processes}
    faults = []
    outside = sorted(period for period in branching if not 0 <= period < n_periods)
    if outside:
        rule = f"periods are numbered 0 to {n_periods - 1}"
        faults.append(Fault("tree", f"branches in periods {outside}", rule, "give positions, not years"))
    if primary is None and len(names) == 1:
        primary = processes[0].name
    if primary is None and branching:
        remedy = nearest("", names)
        faults.append(Fault("tree", "branches in full without a primary process", "name the one that branches", remedy))
    if primary is not None and primary not in names:
        faults.append(
            Fault("tree", f"no process '{primary}'", "the primary process is one of them", nearest(primary, names))
        )
    if faults:
        raise DataError(faults)
    return branching, names[primary] if primary is not None else None


def _ranked(rows: NDArray[Any]) -> Codes:
    """The rank of each row among the distinct rows."""
    inverse: Codes = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
    return inverse


def _same(values: Array) -> Codes:
    """Ranks in which values within `SAME` of the next smaller one share a rank."""
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.concatenate([[0], np.cumsum(np.diff(values[order]) > SAME)])
    return ranks


def _listed(law: list[tuple[str, float]], most: int = 8) -> str:
    shown = ", ".join(f"{name} {probability:g}" for name, probability in law[:most])
    return shown + (f" and {len(law) - most} more" if len(law) > most else "")
