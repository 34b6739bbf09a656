"""What was found of a two-stage problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from procure.lp.program import Status
from procure.units import Array


@dataclass(frozen=True)
class TwoStageResult:
    """The best plan that was found, and what is proved about it; costs in the unit of the problem's.

    Attributes
    ----------
    status : Status
        `OPTIMAL` only where the gap meets the tolerance.
    objective : float
        The weighed cost, measured at `x`; ``inf`` where the problem is infeasible, ``-inf`` where costs fall without end.
    bound : float
        No plan costs less.
    x : array, shape (n1,)
        The plan; `nan` where there is none.
    recourse_values : array, shape (K,)
        Cost of the recourse to it, scenario by scenario; ``inf`` where there is none. [Q_k(x)]
    method : str
        "extensive" or "decomposed": the one that found it.
    iterations : int
        Of the solver, or plans tried.
    seconds, seconds_in_solver : float
        All in all, and inside HiGHS.
    n_subproblems, n_merged : int
        What was solved scenario by scenario, and how much less that is than all of them, because some are equal.
    message : str
        What the solver says, and why the decomposition gave up, where it did.
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

    @property
    def gap(self) -> float:
        """Distance of objective and bound, relative to max(1, |objective|)."""
        if np.isfinite(self.objective) and np.isfinite(self.bound):
            return max(0.0, self.objective - self.bound) / max(1.0, abs(self.objective))
        return 0.0 if self.objective == self.bound else np.inf
