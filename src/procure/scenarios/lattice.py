"""All futures of a law with what is the same made one: the states of each period, and the chances of going from one to the next.

A tree grows with the power of its periods; a lattice holds each joint state once a period, because what follows hangs on where the
world stands and not on how it came there. States that only happen (an episode, a shock that lasts no longer than a period) tell
nothing of what follows, so nodes that differ in them alone share a `memory`, and the chances are kept once for it. What was handed
in as a table of scenarios has no such law: there every node of the tree remembers its whole history.

Whoever stands in a node knows the node and the chances from there, and no more: it is what a rule may see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from procure.errors import DataError, Fault
from procure.languages import COMMA, Said
from procure.scenarios.draw import draw_paths, plain_numbers
from procure.scenarios.process import Process, canonical, expand
from procure.scenarios.tree import Tree
from procure.units import Array, Index

#: Most steps from a memory to a node, over all periods: beyond, a law is too large to be held whole.
MOST_STEPS = 1_000_000

_PATHS = Said("paths", "経路")


@dataclass(frozen=True, eq=False)
class Lattice:
    """The nodes of a law, period by period.

    Parameters
    ----------
    processes, states
        Names, and the names of their states.
    nodes : per period an int array, shape (n_nodes, n_processes)
        The states in which the world can stand, ascending.
    memory : per period an int array, shape (n_nodes,)
        Which row of the next period's `chances` holds for each node.
    chances : per period a sparse matrix, shape (n_memories of the period before, n_nodes)
        Probability of each node; today is one memory.
    law : processes
        Those it was made of; none where a tree was handed in.
    tree : Tree, optional
        That tree.
    """

    processes: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    nodes: tuple[Index, ...]
    memory: tuple[Index, ...]
    chances: tuple[sparse.csr_matrix, ...]
    law: tuple[Process, ...] = ()
    tree: Tree | None = None

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return len(self.nodes)

    @cached_property
    def probability(self) -> tuple[Array, ...]:
        """Exact probability of every node, by period."""
        remembered: Array = np.ones(1)
        found: list[Array] = []
        for period, chances in enumerate(self.chances):
            found.append(np.asarray(chances.T @ remembered))
            remembered = np.bincount(self.memory[period], weights=found[-1]).astype(float)
        return tuple(found)

    def worlds(self) -> tuple[Tree, tuple[Index, ...]]:
        """A tree that passes every node, and the node of that tree for each of the lattice's, by period.

        Its paths are worlds that never change, one for each joint state, so that the numbers of all nodes can be worked out at
        once as those of any tree; its probabilities mean nothing. Where a tree is behind the lattice, it is that tree.
        """
        if self.tree is not None:
            return self.tree, tuple(np.flatnonzero(self.tree.period == t) for t in range(self.n_periods))
        keys = [self._key(codes) for codes in self.nodes]
        every, first = np.unique(np.concatenate(keys), return_index=True)
        codes = np.concatenate(self.nodes)[first]
        n, periods = len(every), self.n_periods
        parent = np.concatenate([np.full(n, -1), np.arange(n * (periods - 1))])
        tree = Tree(
            np.repeat(np.arange(periods), n), parent, np.full(n * periods, 1.0 / n), self.processes, self.states,
            np.tile(codes, (periods, 1)),
        )  # fmt: skip
        return tree, tuple(t * n + np.searchsorted(every, key) for t, key in enumerate(keys))

    def drawn(self, n_paths: int, seed: int) -> Index:
        """The nodes passed by independent paths of equal probability, shape (n_paths, n_periods).

        Path i of two laws is drawn from the same random numbers, process by process: it differs where the laws do.
        """
        if self.tree is not None:
            ends = np.cumsum(self.tree.probability[self.tree.leaves])
            random = np.random.default_rng(seed).random(n_paths)
            leaf = np.minimum(np.searchsorted(ends, random * ends[-1], side="right"), len(ends) - 1)
            return np.asarray(self.passed(self.tree)[leaf])
        paths = draw_paths(self.law, self.n_periods, n_paths, plain_numbers(seed, n_paths))
        return self._found(paths.state.transpose(2, 1, 0))

    def passed(self, tree: Tree) -> Index:
        """The nodes of the lattice that each path of a tree passes, shape (n_leaves, n_periods).

        A path that the law does not allow is a `DataError`.
        """
        paths = tree.paths()
        if tree is self.tree:
            return np.asarray(paths - np.searchsorted(tree.period, np.arange(self.n_periods)))
        known = {name: set(states) for name, states in zip(self.processes, self.states, strict=True)}
        strange = {
            n for n, states in zip(tree.processes, tree.states, strict=True) if not set(states) <= known.get(n, set())
        }
        if strange or len(tree.processes) < len(known) or tree.n_periods != self.n_periods:
            seen = Said(
                "a tree of {periods} periods and {processes}", "{periods} 期、{processes} のシナリオツリー"
            ).format(periods=tree.n_periods, processes=COMMA.join(tree.processes))
            rule = Said(
                "it has {periods} periods and {processes}, with the states of the law",
                "{periods} 期、{processes} で、状態は確率のとおり",
            ).format(periods=self.n_periods, processes=COMMA.join(known))
            remedy = Said("give a tree of the model's own law", "モデルの確率によるシナリオツリーを与える")
            raise DataError(Fault(_PATHS, seen, rule, remedy))
        columns = [tree.processes.index(name) for name in self.processes]
        codes = np.empty((tree.n_nodes, len(columns)), dtype=np.int64)
        for k, column in enumerate(columns):
            named = [self.states[k].index(state) for state in tree.states[column]]
            codes[:, k] = np.array(named)[tree.state[:, column]]
        return self._found(codes[paths])

    def _found(self, states: Index) -> Index:
        """The nodes with these states, shape (n_paths, n_periods, n_processes) -> (n_paths, n_periods)."""
        found = np.empty(states.shape[:2], dtype=np.int64)
        for period, codes in enumerate(self.nodes):
            known, asked = self._key(codes), self._key(states[:, period])
            at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
            if (known[at] != asked).any():
                path = int(np.argmax(known[at] != asked))
                label = " ".join(
                    f"{process}={names[code]}"
                    for process, names, code in zip(self.processes, self.states, states[path, period], strict=True)
                )
                seen = Said("period {period} of one stands in {label}", "ある経路の期 {period} が {label}")
                rule = Said("a path is one that the law allows", "経路は確率の許すもの")
                remedy = Said("give paths of the model's own law", "モデルの確率による経路を与える")
                raise DataError(Fault(_PATHS, seen.format(period=period, label=label), rule, remedy))
            found[:, period] = at
        return found

    def _key(self, codes: Index) -> Index:
        """One number for each joint state, ascending as the states do."""
        sizes = tuple(len(names) for names in self.states)
        return np.asarray(np.ravel_multi_index(tuple(codes.T), sizes), dtype=np.int64)

    @classmethod
    def of_law(cls, processes: Iterable[Process], n_periods: int) -> Lattice:
        """The lattice of some processes.

        >>> from procure.scenarios.chain import markov, shock
        >>> china = markov("china", ["normal", "ban"], {}, {("normal", "ban"): 0.5, ("ban", "normal"): 0.5}, {}, "ban", 1.0, 3)
        >>> lattice = Lattice.of_law([china, shock("strait", 0.2, 3, 1.0, 3)], 3)
        >>> [len(nodes) for nodes in lattice.nodes], [chances.shape for chances in lattice.chances]
        ([4, 4, 4], [(1, 4), (2, 4), (2, 4)])
        """
        law = canonical(processes)
        sizes = tuple(len(process.states) for process in law)
        before = np.array([[process.code(process.start) for process in law]])
        nodes, memory, chances = [], [], []
        left = MOST_STEPS
        for period in range(n_periods):
            for some in range(1, len(law) + 1):  # given up as soon as some of them alone are too many
                row, codes, probability = expand(law[:some], period, before)
                if len(row) > left:
                    seen = Said(
                        "{count} processes over {periods} periods have more than {most:,} steps",
                        "確率過程 {count} 個、{periods} 期の推移は {most:,} を超える",
                    ).format(count=len(law), periods=n_periods, most=MOST_STEPS)
                    rule = Said("a law is held whole to look for the best rule", "最良の規則を探すには確率の全体を持つ")
                    remedy = Said("use fewer suppliers or longer periods", "供給元を減らすか、期を長くする")
                    raise DataError(Fault(Said("law", "確率"), seen, rule, remedy))
            left -= len(row)
            key, first, which = np.unique(
                np.ravel_multi_index(tuple(codes.T), sizes), return_index=True, return_inverse=True
            )
            nodes.append(codes[first])
            chances.append(sparse.csr_matrix((probability, (row, which.reshape(-1))), shape=(len(before), len(key))))
            remembered = np.zeros_like(nodes[-1])
            for column, process in enumerate(law):
                if period + 1 < n_periods and np.ptp(process.transition[period + 1], axis=-2).any():
                    remembered[:, column] = nodes[-1][:, column]
            _, first, which = np.unique(
                np.ravel_multi_index(tuple(remembered.T), sizes), return_index=True, return_inverse=True
            )
            memory.append(which.reshape(-1))
            before = nodes[-1][first]
        names, states = tuple(p.name for p in law), tuple(p.states for p in law)
        return cls(names, states, tuple(nodes), tuple(memory), tuple(chances), tuple(law))

    @classmethod
    def of_tree(cls, tree: Tree) -> Lattice:
        """The lattice of a tree that is itself the law: every node remembers its history."""
        slices = [np.flatnonzero(tree.period == t) for t in range(tree.n_periods)]
        chances = []
        for t, here in enumerate(slices):
            row = tree.parent[here] - slices[t - 1][0] if t else np.zeros(len(here), dtype=np.int64)
            shape = (len(slices[t - 1]) if t else 1, len(here))
            chances.append(sparse.csr_matrix((tree.conditional[here], (row, np.arange(len(here)))), shape=shape))
        return cls(
            tree.processes, tree.states, tuple(tree.state[here] for here in slices),
            tuple(np.arange(len(here)) for here in slices), tuple(chances), tree=tree,
        )  # fmt: skip
