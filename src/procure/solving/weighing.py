"""How likely every future of a tree is under other laws.

In one period that holds every future it is worked out from the processes that moved. Otherwise the tree of the changed model
says it: drawn or not, it has the same futures unless the law moves too far (`scenarios.stand_ins`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from procure.market import is_drawn_anew, make_tree
from procure.reason import Reason
from procure.scenarios.decided import Programmes
from procure.scenarios.process import Process, same_futures
from procure.scenarios.tree import Tree
from procure.scenarios.weigh import likelihood
from procure.solving.reach import Change
from procure.units import Array, Index


class Weighing:
    """The futures of a tree, weighed by laws near its own.

    Parameters
    ----------
    tree : Tree
    law : list of Process
        By which it was made.
    programmes : mapping supplier -> level
        Whose law that is.
    """

    def __init__(self, tree: Tree, law: list[Process], programmes: Programmes) -> None:
        self._tree, self._law, self._programmes = tree, law, programmes
        self._codes: dict[tuple[str, tuple[str, ...]], Index] = {}
        self._others: dict[frozenset[str], Array] = {}

    def is_moved(self, change: Change) -> bool:
        """Whether a change moves the law, or the processes there are."""
        law = change.law(self._programmes, self._law)
        return len(law) != len(self._law) or any(
            after is not before for before, after in zip(self._law, law, strict=True)
        )

    def probability(self, change: Change) -> Array | Reason | None:
        """Of every node under a changed law, shape (n_nodes,); None where it is as before, or why it cannot be told."""
        if self._is_one_period:
            return self._of_one_period(change.law(self._programmes, self._law))
        tree = make_tree(change.model, self._programmes)
        if tree is self._tree:
            return None
        if is_drawn_anew(change.model, self._programmes):
            return Reason.DRAWN_TREE
        return tree.probability if _has_nodes_of(tree, self._tree) else Reason.OTHER_FUTURES

    @cached_property
    def _is_one_period(self) -> bool:
        """Whether the tree is one period of all futures."""
        return self._tree.n_periods == 1 and bool(
            np.allclose(self._tree.conditional, likelihood(self._tree, self._law), rtol=0, atol=1e-12)
        )

    def _of_one_period(self, law: Sequence[Process]) -> Array | Reason | None:
        if not same_futures(self._law, law):
            return Reason.OTHER_FUTURES
        moved = [process for before, process in zip(self._law, law, strict=True) if process is not before]
        if not moved:
            return None
        probability = self._chance_of_all_but(frozenset(process.name for process in moved)).copy()
        for process in moved:
            probability *= self._chance(process)
        return probability

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


def _has_nodes_of(tree: Tree, other: Tree) -> bool:
    return (
        (tree.processes, tree.states) == (other.processes, other.states)
        and np.array_equal(tree.parent, other.parent)
        and np.array_equal(tree.state, other.state)
    )
