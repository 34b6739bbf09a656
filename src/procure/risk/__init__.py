"""Risk measures: what a law of losses is worth to somebody careful; larger losses are worse.

Each is the mean loss under the worst law of a ball around the given one; `worst_law` returns that law. A function measures
given losses; the class beside it is the same measure for `solve_two_stage(..., risk=...)`, which minimises the linear ones.
"""

from procure.risk.deviation import ChiSquare, chi_square
from procure.risk.entropy import KullbackLeibler, kullback_leibler
from procure.risk.kind import LinearMeasure, RiskMeasure, Rows, linear_measure, worst_law
from procure.risk.law import probability_faults
from procure.risk.tail import CVaR, Expectation, MeanCVaR, cvar, expectation
from procure.risk.transport import Wasserstein, wasserstein
from procure.risk.variation import TotalVariation, total_variation
from procure.risk.worst import WorstCase, worst_case

__all__ = [
    "CVaR",
    "ChiSquare",
    "Expectation",
    "KullbackLeibler",
    "LinearMeasure",
    "MeanCVaR",
    "RiskMeasure",
    "Rows",
    "TotalVariation",
    "Wasserstein",
    "WorstCase",
    "chi_square",
    "cvar",
    "expectation",
    "kullback_leibler",
    "linear_measure",
    "probability_faults",
    "total_variation",
    "wasserstein",
    "worst_case",
    "worst_law",
]
