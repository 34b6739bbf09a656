"""Two-stage programs taken apart (to come): until then the extensive form answers."""

from __future__ import annotations

from typing import Any


def solve(problem: Any, alpha: float, cvar_weight: float, tolerance: float, *, time_limit: float) -> Any:
    """Nothing, which sends the caller to the extensive form."""
    return None
