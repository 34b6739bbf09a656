"""What was found of a two-stage problem."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from procure.lp.program import Status
from procure.units import Array


@dataclass(frozen=True)
class TwoStageResult:
    """What was found, and what is proved about it.

    `objective` is measured at `x`; no plan costs less than `bound`; `gap` is their distance relative to max(1,
    |objective|). `status` is `OPTIMAL` only where the gap meets the tolerance. An infeasible problem has objective and bound
    ``inf``, an unbounded one ``-inf``.
    """

    status: Status
    objective: float
    bound: float
    x: Array
    recourse_values: Array
    method: str
    iterations: int = 0
    seconds: float = 0.0
    seconds_in_solver: float = 0.0
    n_subproblems: int = 0
    n_merged: int = 0
    message: str = ""
    log: list[str] = field(default_factory=list, repr=False)

    @property
    def gap(self) -> float:
        """Distance of objective and bound, relative to max(1, |objective|)."""
        if np.isfinite(self.objective) and np.isfinite(self.bound):
            return max(0.0, self.objective - self.bound) / max(1.0, abs(self.objective))
        return 0.0 if self.objective == self.bound else np.inf
