"""What it is worth to know the future, and to plan for not knowing it: of a model, or of any two-stage linear program."""

from __future__ import annotations

from typing import Any, overload

from procure.lp.two_stage import TwoStageProblem, ValueOfInformation
from procure.lp.two_stage import value_of_information as of_problem
from procure.model import ModelOrName, as_model
from procure.portfolio.information import Information
from procure.solving.compiled import Compiled


@overload
def value_of_information(asked: ModelOrName, **how: Any) -> Information: ...
@overload
def value_of_information(asked: TwoStageProblem, **how: Any) -> ValueOfInformation: ...
def value_of_information(asked: ModelOrName | TwoStageProblem, **how: Any) -> ValueOfInformation:
    """Here-and-now, wait-and-see and expected-value costs; of a model weighed as it weighs, of a problem on the mean.

    Parameters
    ----------
    asked : Model, str, Path or TwoStageProblem
    options : mapping, optional
        Of a model: as in `procure.solve`.
    method, tolerance
        Of a problem: as in `procure.solve_two_stage`, for here and now.

    Returns
    -------
    ValueOfInformation
        Of a model with all its programme levels (`Information.levels`), in million USD; of a problem in the unit of its costs.

    Raises
    ------
    DataError, Infeasible, SolverError
        As `procure.solve` and `procure.solve_two_stage`.

    >>> from procure import load_model
    >>> value = value_of_information(load_model("two-class"))
    >>> [round(cost) for cost in (value.wait_and_see, value.here_and_now, value.expected_value_plan)]
    [6895, 6948, 8820]
    >>> round(value.evpi), round(value.vss)
    (53, 1872)
    """
    if isinstance(asked, TwoStageProblem):
        return of_problem(asked, **how)
    return Compiled(as_model(asked), **how, is_solved_once=True).solve().value_of_information
