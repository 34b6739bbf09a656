"""The same futures under another law: how likely each is, and a tree weighed anew."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from procure.errors import DataError, Fault
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


def reweighed(tree: Tree, before: Iterable[Process], after: Iterable[Process]) -> Tree:
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
    >>> reweighed(drawn, [calm], [rough]).probability.round(2)
    array([0.6, 0.4, 0.6, 0.4])
    """
    drawn = likelihood(tree, before)
    if not (drawn > 0).all():
        node = int(np.argmin(drawn))
        raise DataError(
            Fault("tree", f"'{tree.label(node)}' has probability 0 under the law it was drawn by",
                  "a tree is weighed against the law it was drawn by", "name that law")
        )  # fmt: skip
    ratio = likelihood(tree, after) / drawn
    for here in tree.slices()[1:]:
        ratio[here] *= ratio[tree.parent[here]]
    weight = (tree.probability * ratio)[tree.leaves]
    if not weight.any():
        raise DataError(
            Fault("tree", "the other law rules out every path", "both laws allow some of the futures",
                  "make a tree of its own for this law")
        )  # fmt: skip
    possible = weight > 0
    return tree.kept(tree.leaves[possible], weight[possible] / math.fsum(weight))
