"""How the world fails: processes and what steers them, trees of futures, and fewer futures that stand for many."""

from procure.scenarios.chain import effective_share, generator, levels, markov, raise_rate, shock, switch
from procure.scenarios.coupling import Steering, correlate, force, hits
from procure.scenarios.grow import build_tree, build_trees, enumerate_tree, sample_paths
from procure.scenarios.process import Process, marginals
from procure.scenarios.project import project
from procure.scenarios.reduce import forward_selection, kantorovich, reduce_tree
from procure.scenarios.table import table_tree
from procure.scenarios.tree import Tree
from procure.scenarios.weigh import likelihood

__all__ = [
    "Process",
    "Steering",
    "Tree",
    "build_tree",
    "build_trees",
    "correlate",
    "effective_share",
    "enumerate_tree",
    "force",
    "forward_selection",
    "generator",
    "hits",
    "kantorovich",
    "levels",
    "likelihood",
    "marginals",
    "markov",
    "project",
    "raise_rate",
    "reduce_tree",
    "sample_paths",
    "shock",
    "switch",
    "table_tree",
]
