"""A plan along one path of events: who stops, on which day, and what it costs. Nothing is optimised."""

from procure.explore.stress.question import check_asked, solvable, stress
from procure.explore.stress.result import Stress

__all__ = ["Stress", "check_asked", "solvable", "stress"]
