"""Risk measures: what a law of losses is worth to somebody careful; larger losses are worse.

Each is the mean loss under the worst law of a ball around the given one; `worst_law` returns that law. A function measures
given losses; the class beside it is the same measure for `solve_two_stage(..., risk=...)`, which minimises the linear ones.
`Ambiguous` is the mean and its tail where the odds themselves are in doubt: what `[risk] ambiguity` asks of a model.
"""

from procure.risk.ambiguous import Ambiguous
from procure.risk.deviation import ChiSquare, chi_square
from procure.risk.entropy import KullbackLeibler, kullback_leibler
from procure.risk.failures import Failures, failures
from procure.risk.kind import (
    Ball,
    LinearMeasure,
    PathsOfModel,
    RiskMeasure,
    Rows,
    balls,
    linear_measure,
    worst_law,
)
from procure.risk.law import probability_faults
from procure.risk.marginals import KnownMarginals, known_marginals
from procure.risk.tail import CVaR, Expectation, MeanCVaR, cvar, expectation
from procure.risk.transport import Wasserstein, wasserstein
from procure.risk.variation import TotalVariation, total_variation
from procure.risk.worst import WorstCase, worst_case

__all__ = [
    "Ambiguous",
    "Ball",
    "CVaR",
    "ChiSquare",
    "Expectation",
    "Failures",
    "KnownMarginals",
    "KullbackLeibler",
    "LinearMeasure",
    "MeanCVaR",
    "PathsOfModel",
    "RiskMeasure",
    "Rows",
    "TotalVariation",
    "Wasserstein",
    "WorstCase",
    "balls",
    "chi_square",
    "cvar",
    "expectation",
    "failures",
    "known_marginals",
    "kullback_leibler",
    "linear_measure",
    "probability_faults",
    "total_variation",
    "wasserstein",
    "worst_case",
    "worst_law",
]
