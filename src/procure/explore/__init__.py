"""Questions that take many solves: a model compiled once, its numbers moved from case to case."""

from procure.explore.corridor import Corridor, corridor
from procure.explore.frontier import Frontier, frontier
from procure.explore.hedges import Hedges, hedges
from procure.explore.ranges import Ranges, ranges
from procure.explore.regret import Regret, regret
from procure.explore.sensitivity import Sensitivity, sensitivity
from procure.explore.side_by_side import SideBySide, side_by_side
from procure.explore.stress import Stress, stress
from procure.explore.sweep import sweep
from procure.explore.switch import Switches, switch
from procure.explore.why import Why, why

__all__ = [
    "Corridor", "Frontier", "Hedges", "Ranges", "Regret", "Sensitivity", "SideBySide", "Stress", "Switches", "Why",
    "corridor", "frontier", "hedges", "ranges", "regret", "sensitivity", "side_by_side", "stress", "sweep", "switch", "why",
]  # fmt: skip
