"""Two-stage linear programs: decide now, see what happens, then make the best of it.

Sets   j first-stage columns    k ∈ K scenarios    Data: see `TwoStageProblem`
Vars   x here and now (some whole numbers)         y_k recourse, once scenario k is seen

  min   cost·x + ρ(Q(x)),   where ρ is (1 - w) mean + w CVaR_α, or another measure of `procure.risk` that is linear
  s.t.  row_lower <= matrix x <= row_upper,   lower <= x <= upper
  Q_k(x) = min { recourse_cost_k·y :  recourse_row_lower_k <= technology_matrix_k x + recourse_matrix_k y
                 <= recourse_row_upper_k,  recourse_lower_k <= y <= recourse_upper_k,  some y whole numbers }

The extensive form writes all scenarios side by side (`extensive`); `benders` takes them apart. A scenario of probability zero binds
neither: it may even be infeasible, and its entry in `recourse_values` says so.
"""

from procure.lp.two_stage.information import ValueOfInformation, value_of_information
from procure.lp.two_stage.problem import TwoStageProblem
from procure.lp.two_stage.result import TwoStageResult
from procure.lp.two_stage.solve import solve_two_stage

__all__ = ["TwoStageProblem", "TwoStageResult", "ValueOfInformation", "solve_two_stage", "value_of_information"]
