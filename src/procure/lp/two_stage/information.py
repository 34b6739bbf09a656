"""What it is worth to know the future, and to plan for not knowing it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from procure.lp.program import Status
from procure.lp.two_stage.extensive import solve_extensive
from procure.lp.two_stage.problem import TwoStageProblem, weighed_cost
from procure.lp.two_stage.recourse import recourse_values
from procure.lp.two_stage.solve import solve_two_stage
from procure.risk import Expectation


@dataclass(frozen=True)
class ValueOfInformation:
    """What it is worth to know the future, and to plan for not knowing it (risk-neutral; minimisation).

    `wait_and_see` <= `here_and_now` <= `expected_value_plan`, the cost of carrying out the plan of the `expected_value`
    problem; ``inf`` where that plan cannot be carried out.
    """

    here_and_now: float
    wait_and_see: float
    expected_value: float
    expected_value_plan: float

    @property
    def evpi(self) -> float:
        """Expected value of perfect information."""
        return self.here_and_now - self.wait_and_see

    @property
    def vss(self) -> float:
        """Value of the stochastic solution: what planning with means costs."""
        return self.expected_value_plan - self.here_and_now


def value_of_information(
    problem: TwoStageProblem, *, method: str = "auto", tolerance: float = 1e-9
) -> ValueOfInformation:
    """Here-and-now, wait-and-see and expected-value costs of a risk-neutral problem (see `ValueOfInformation`).

    Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
    """
    now = solve_two_stage(problem, method=method, tolerance=tolerance).objective
    small, _ = problem.merged()
    alone = [
        solve_extensive(small.restricted_to(np.array([k]), np.ones(1)), Expectation(), tolerance).objective
        for k in range(small.n_scenarios)
    ]
    seen = np.inf if np.inf in alone else float(small.probability @ np.array(alone))
    mean = solve_extensive(problem.averaged(), Expectation(), tolerance)
    plan = np.inf
    if mean.status is Status.OPTIMAL:
        plan = weighed_cost(problem, mean.x, recourse_values(problem, mean.x), Expectation())
    # The order always holds; rounding must not turn it around.
    rounding = 1e-6 * max(1.0, abs(now))
    if now < seen <= now + rounding:
        seen = now
    if now - rounding <= plan < now:
        plan = now
    return ValueOfInformation(now, seen, mean.objective, plan)
