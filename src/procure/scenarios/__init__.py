"""How the world fails: chains of states, trees of futures, and fewer futures that stand for many."""

from procure.scenarios.chain import (
    Process,
    Steering,
    correlate,
    effective_share,
    force,
    generator,
    levels,
    marginals,
    markov,
    project,
    raise_rate,
    shock,
    switch,
)
from procure.scenarios.reduce import forward_selection, kantorovich, reduce_tree
from procure.scenarios.tree import Tree, build_tree, enumerate_tree, sample_paths

__all__ = [
    "Process",
    "Steering",
    "Tree",
    "build_tree",
    "correlate",
    "effective_share",
    "enumerate_tree",
    "force",
    "forward_selection",
    "generator",
    "kantorovich",
    "levels",
    "marginals",
    "markov",
    "project",
    "raise_rate",
    "reduce_tree",
    "sample_paths",
    "shock",
    "switch",
]
