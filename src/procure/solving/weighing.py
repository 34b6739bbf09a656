"""How likely every future of a tree is under other laws: worked out from the processes that moved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from procure.reason import Reason
from procure.scenarios.process import Process, same_futures
from procure.scenarios.tree import Tree
from procure.scenarios.weigh import likelihood
from procure.units import Array, Index


class Weighing:
    """The futures of a tree, weighed by laws near its own.

    Parameters
    ----------
    tree : Tree
    law : sequence of Process
        By which it was made.
    """

    def __init__(self, tree: Tree, law: Sequence[Process]) -> None:
        self._tree, self._law = tree, law
        self._codes: dict[tuple[str, tuple[str, ...]], Index] = {}
        self._others: dict[frozenset[str], Array] = {}

    def probability(self, law: Sequence[Process]) -> Array | Reason | None:
        """Of every node, shape (n_nodes,); None where no process moved, or why the tree cannot be weighed by this law."""
        if not same_futures(self._law, law):
            return Reason.OTHER_FUTURES
        moved = [process for before, process in zip(self._law, law, strict=True) if process is not before]
        if not moved:
            return None
        # Over several periods a tree is drawn, and which futures are one may hang on how likely they are.
        if self._tree.n_periods > 1 or not self._holds_every_future:
            return Reason.DRAWN_TREE
        probability = self._chance_of_all_but(frozenset(process.name for process in moved)).copy()
        for process in moved:
            probability *= self._chance(process)
        return probability

    @cached_property
    def _holds_every_future(self) -> bool:
        return bool(np.allclose(self._tree.conditional, likelihood(self._tree, self._law), rtol=0, atol=1e-12))

    def _chance_of_all_but(self, names: frozenset[str]) -> Array:
        """Of every future, under the tree's own law, these processes left out."""
        if names not in self._others:
            self._others[names] = np.ones(self._tree.n_nodes)
            for process in self._law:
                if process.name not in names:
                    self._others[names] *= self._chance(process)
        return self._others[names]

    def _chance(self, process: Process) -> Array:
        """Probability of a process's state in every future of one period, given the states that steer it."""
        drivers = tuple(
            self._code(name, states) for name, states in zip(process.drivers, process.driver_states, strict=True)
        )
        today = process.states.index(process.start)
        chance: Array = process.transition[(0, *drivers, today, self._code(process.name, process.states))]
        return chance

    def _code(self, name: str, states: tuple[str, ...]) -> Index:
        """The state of a process in every future, counted as the process counts."""
        if (name, states) not in self._codes:
            tree = self._tree
            column = tree.processes.index(name)
            place = np.array([states.index(state) for state in tree.states[column]])
            self._codes[name, states] = place[tree.state[:, column]]
        return self._codes[name, states]
