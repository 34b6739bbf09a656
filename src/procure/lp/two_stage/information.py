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

#: Costs are known to this share of themselves.
ROUNDING = 1e-6


@dataclass(frozen=True)
class ValueOfInformation:
    """Costs under more or less knowledge, weighed alike, in the unit in which they are asked:

    `wait_and_see` <= `here_and_now` <= `expected_value_plan`.

    Attributes
    ----------
    here_and_now : float
        Of the plan that is best, not knowing which scenario comes.
    wait_and_see : float
        Of plans made once the scenario is known.
    expected_value : float
        Of the problem whose numbers are all means: what one would think that its plan costs.
    expected_value_plan : float
        Of carrying out that plan; ``inf`` where it cannot be.
    """

    here_and_now: float
    wait_and_see: float
    expected_value: float
    expected_value_plan: float

    @classmethod
    def ordered(
        cls, here_and_now: float, wait_and_see: float, expected_value: float, expected_value_plan: float
    ) -> ValueOfInformation:
        """Costs as they were found: their order always holds, and rounding must not turn it around."""
        now, seen, plan = here_and_now, wait_and_see, expected_value_plan
        rounding = ROUNDING * max(1.0, abs(now))
        return cls(
            now,
            now if now < seen <= now + rounding else seen,
            expected_value,
            now if now - rounding <= plan < now else plan,
        )

    @property
    def evpi(self) -> float:
        """Expected value of perfect information, in the unit of costs."""
        return self.here_and_now - self.wait_and_see

    @property
    def vss(self) -> float:
        """Value of the stochastic solution: what planning with means costs, in the unit of costs."""
        return self.expected_value_plan - self.here_and_now


def value_of_information(
    problem: TwoStageProblem, *, method: str = "auto", tolerance: float = 1e-9
) -> ValueOfInformation:
    """Here-and-now, wait-and-see and expected-value costs of a problem, without aversion to risk.

    Parameters
    ----------
    problem : TwoStageProblem
    method, tolerance
        As in `solve_two_stage`, for here and now.

    Returns
    -------
    ValueOfInformation
        Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.

    Examples
    --------
    One tonne now costs 1, later 3; half the time two tonnes are needed, else one. Knowing which saves half a tonne.

    >>> problem = TwoStageProblem([1], [[1]], [-np.inf], [np.inf], [0], [np.inf], [3], [[1]], [[1]],
    ...     [[1], [2]], [np.inf], [0], [np.inf], [0.5, 0.5])
    >>> value = value_of_information(problem)
    >>> value.here_and_now, value.wait_and_see, value.evpi
    (2.0, 1.5, 0.5)
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
    return ValueOfInformation.ordered(now, seen, mean.objective, plan)
