"""Questions that take many solves: a model compiled once, its numbers moved from case to case."""

from procure.explore.sweep import sweep

__all__ = ["sweep"]
