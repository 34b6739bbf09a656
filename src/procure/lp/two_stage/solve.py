"""The optimum of a two-stage problem, whichever way is taken to it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.languages import Said
from procure.lp.two_stage import benders
from procure.lp.two_stage.extensive import solve_extensive
from procure.lp.two_stage.problem import TwoStageProblem
from procure.lp.two_stage.result import TwoStageResult
from procure.risk import CVaR, Expectation, LinearMeasure, MeanCVaR, linear_measure
from procure.risk.tail import A_LEVEL, A_WEIGHT

_MEAN_AND_CVAR = Said(
    "the decomposition takes the mean and CVaR, and no {measure}", "分解が扱うのは平均と CVaR で、{measure} は扱わない"
)
_EXTENSIVE = Said("leave it out, or take 'extensive'", "省くか 'extensive' とする")
_ONE_RECOURSE = Said(
    "the decomposition cuts by the duals of one recourse program", "分解の切除平面は一つのリコース問題の双対値による"
)
_DECOMPOSED = Said("'decomposed', and {why}", "'decomposed'。{why}")
_OR_LEAVE_OUT = Said("take 'extensive', or leave it out", "'extensive' とするか、省く")
_MEASURE_ONCE = Said("the measure is stated once", "尺度の指定は一度だけ")
_BESIDE = Said("given beside alpha or cvar_weight", "alpha か cvar_weight と並べて指定されている")
_LEAVE_THESE = Said("leave these out", "それらを省く")
_A_PROBLEM = Said("it is a TwoStageProblem", "TwoStageProblem であること")
_GAP = Said("a relative gap is in (0, 1)", "相対差は (0, 1)")
_SECONDS = Said("seconds are > 0", "秒数は 0 より大きい")
_A_METHOD = Said("it is a method", "方法の名前であること")

METHODS = ("auto", "extensive", "decomposed")


def solve_two_stage(
    problem: TwoStageProblem,
    alpha: float = 0.0,
    cvar_weight: float = 0.0,
    method: str = "auto",
    tolerance: float = 1e-7,
    *,
    risk: LinearMeasure | None = None,
    time_limit: float = np.inf,
    options: Mapping[str, Any] | None = None,
) -> TwoStageResult:
    """The plan of least ``cost·x + (1 - cvar_weight) E[Q(x)] + cvar_weight CVaR_alpha[Q(x)]``, with a proved gap.

    Parameters
    ----------
    problem : TwoStageProblem
        In the unit of its costs, which is that of the result.
    alpha : float in [0, 1)
        Confidence level of the tail: 0.95 averages the worst 5 %.
    cvar_weight : float in [0, 1]
        Weight of the tail against the mean. [w]
    method : {"auto", "extensive", "decomposed"}
        One large program, or first stage and scenarios taken apart; auto decides by size. Whole numbers in the recourse, and a
        recourse matrix that differs between scenarios, take one large program.
    tolerance : float
        Largest gap, relative to max(1, |objective|), that is called optimal.
    risk : LinearMeasure, optional
        Instead of `alpha` and `cvar_weight`: any measure of `procure.risk` that is linear, ``cost·x + risk(Q(x))`` is
        minimised. Other measures than the mean and CVaR take the extensive form; under those that may give an impossible
        scenario weight (`TotalVariation`, `Wasserstein`) every scenario given binds. ``risk.worst_law(result.recourse_values,
        problem.probability)`` is the law that the plan is made for.
    time_limit : float
        Seconds; the best known is returned, with its bound, as `Status.LIMIT_REACHED`.
    options : mapping, optional
        HiGHS options for the extensive form.

    Returns
    -------
    TwoStageResult
        Where the decomposition gives up (bottomless recourse, a stall), that of the extensive form: `method` and `message` say
        so, and a `RuntimeWarning`.

    Raises
    ------
    DataError
        For an argument outside its range, a measure that is not linear, and a method that does not take the measure.

    >>> from procure.risk import TotalVariation
    >>> problem = TwoStageProblem([2], [[1]], [-np.inf], [np.inf], [0], [np.inf], [3], [[1]], [[1]],
    ...     [[1], [2]], [np.inf], [0], [np.inf], [0.5, 0.5])
    >>> solve_two_stage(problem).x.tolist(), solve_two_stage(problem, risk=TotalVariation(radius=0.25)).x.tolist()
    ([1.0], [2.0])
    """
    _check_arguments(problem, alpha, cvar_weight, method, tolerance, time_limit)
    measure = _measure(alpha, cvar_weight, risk)
    mixture = _mixture(measure)
    if method == "decomposed" and mixture is None:
        rule = _MEAN_AND_CVAR.format(measure=measure.name)
        raise DataError(Fault("method", "'decomposed'", rule, _EXTENSIVE))

    if method == "decomposed" and problem.whole_because:
        raise DataError(Fault("method", _DECOMPOSED.format(why=problem.whole_because), _ONE_RECOURSE, _OR_LEAVE_OUT))

    started = time.perf_counter()
    given_up = ""
    is_apart = method == "decomposed" or (method == "auto" and not problem.whole_because and not _is_small(problem))
    if mixture is not None and is_apart:
        result = benders.solve(problem, mixture.alpha, mixture.weight, float(tolerance), time_limit=time_limit)
        if isinstance(result, TwoStageResult):
            return result
        given_up = f"The decomposition gave up ({result.value}); solved as one program over all scenarios."
        warnings.warn(given_up, RuntimeWarning, stacklevel=2)
    left = max(time_limit - (time.perf_counter() - started), 0.1)
    whole = solve_extensive(problem, measure, float(tolerance), time_limit=left, options=options)
    return replace(whole, message=f"{given_up} {whole.message}".rstrip()) if given_up else whole


def _measure(alpha: float, cvar_weight: float, risk: LinearMeasure | None) -> LinearMeasure:
    """What is minimised beside the sure cost; stated once."""
    if risk is None:
        return MeanCVaR(alpha, cvar_weight)
    if alpha or cvar_weight:
        raise DataError(Fault("risk", _BESIDE, _MEASURE_ONCE, _LEAVE_THESE))
    return linear_measure(risk)


def _mixture(measure: LinearMeasure) -> MeanCVaR | None:
    """A measure as mean and CVaR, where it is nothing else."""
    match measure:
        case MeanCVaR():
            return measure
        case CVaR(alpha):
            return MeanCVaR(alpha, 1.0)
        case Expectation():
            return MeanCVaR(0.0, 0.0)
    return None


def _is_small(problem: TwoStageProblem) -> bool:
    entries = problem.recourse_matrix.nnz + problem.technology_of(0).nnz
    return problem.n_scenarios < 8 or entries * problem.n_scenarios < 40_000


def _check_arguments(
    problem: TwoStageProblem, alpha: float, cvar_weight: float, method: str, tolerance: float, time_limit: float
) -> None:
    faults: list[Fault] = []
    kind: type = type(problem)
    if not issubclass(kind, TwoStageProblem):
        faults.append(Fault("problem", kind.__name__, _A_PROBLEM))
    above_zero = np.nextafter(0.0, 1.0)
    below_one = np.nextafter(1.0, 0.0)
    for where, value, low, high, rule in (
        ("alpha", alpha, 0.0, below_one, A_LEVEL),
        ("cvar_weight", cvar_weight, 0.0, 1.0, A_WEIGHT),
        ("tolerance", tolerance, above_zero, below_one, _GAP),
        ("time_limit", time_limit, above_zero, np.inf, _SECONDS),
    ):
        try:
            valid = low <= float(value) <= high
        except (TypeError, ValueError):
            valid = False
        if not valid:
            faults.append(Fault(where, repr(value), rule))
    if method not in METHODS:
        faults.append(Fault("method", repr(method), _A_METHOD, nearest(str(method), METHODS)))
    if faults:
        raise DataError(faults)
