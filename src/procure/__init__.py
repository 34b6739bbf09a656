"""procure decides where a country or company buys its rare earths.

    import procure

    model = procure.load_model("japan")        # choices, and the facts they choose from
    portfolio = procure.solve(model)           # who supplies what, at which cost and risk
    print(portfolio)

Names are loaded when first used, so that the import costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from procure.words import show_with

if TYPE_CHECKING:
    from procure import risk
    from procure.errors import DataError, Infeasible, ProcureError, SolverError
    from procure.explore.sweep import sweep
    from procure.facts import Facts, load_facts
    from procure.lp.two_stage import TwoStageProblem, solve_two_stage, value_of_information
    from procure.model import Model, load_model
    from procure.portfolio.portfolio import Portfolio, read_portfolio
    from procure.solving.compiled import Compiled, compile, solve

    __version__: str

__all__ = [
    "Compiled",
    "DataError",
    "Facts",
    "Infeasible",
    "Model",
    "Portfolio",
    "ProcureError",
    "SolverError",
    "TwoStageProblem",
    "__version__",
    "compile",
    "load_facts",
    "load_model",
    "read_portfolio",
    "risk",
    "solve",
    "solve_two_stage",
    "sweep",
    "value_of_information",
]

_HOME = {
    "Compiled": "solving.compiled",
    "DataError": "errors",
    "Facts": "facts",
    "Infeasible": "errors",
    "Model": "model",
    "Portfolio": "portfolio.portfolio",
    "ProcureError": "errors",
    "SolverError": "errors",
    "TwoStageProblem": "lp.two_stage",
    "compile": "solving.compiled",
    "load_facts": "facts",
    "load_model": "model",
    "read_portfolio": "portfolio.portfolio",
    "solve": "solving.compiled",
    "solve_two_stage": "lp.two_stage",
    "sweep": "explore.sweep",
    "value_of_information": "lp.two_stage",
}


show_with(lambda: importlib.import_module("procure.report.text"))


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("procure")
    if name == "risk":
        return importlib.import_module("procure.risk")
    if name not in _HOME:
        raise AttributeError(f"module 'procure' has no attribute '{name}'")
    found = getattr(importlib.import_module(f"procure.{_HOME[name]}"), name)
    globals()[name] = found  # next time without this detour
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
