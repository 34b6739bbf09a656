"""How likely a law makes the nodes of a tree, whatever the tree says."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from procure.scenarios.process import Process, canonical
from procure.scenarios.tree import Tree
from procure.units import Array


def likelihood(tree: Tree, processes: Iterable[Process]) -> Array:
    """Exact probability of every node's joint state given its parent's, shape (n_nodes,), whatever the tree drew.

    >>> from procure.scenarios import enumerate_tree, shock
    >>> strait = shock("strait", 0.2231, 3, 1.0, 2)  # 1 - exp(-0.2231) = 0.2
    >>> likelihood(enumerate_tree([strait], 2), [strait]).round(2)
    array([0.8, 0.2, 0.8, 0.2, 0.8, 0.2])
    """
    chosen = canonical(processes)
    place = {process.name: tree.column(process.name) for process in chosen}
    probability = np.ones(tree.n_nodes)
    for process in chosen:
        column = place[process.name]
        names = tree.states[column]
        code = np.array([process.states.index(name) for name in names])[tree.state[:, column]]
        today = process.states.index(process.start)
        previous = np.where(tree.parent >= 0, code[tree.parent], today)
        drivers = [
            np.array([states.index(name) for name in tree.states[place[driver]]])[tree.state[:, place[driver]]]
            for driver, states in zip(process.drivers, process.driver_states, strict=True)
        ]
        probability *= process.transition[(tree.period, *drivers, previous, code)]
    return probability
