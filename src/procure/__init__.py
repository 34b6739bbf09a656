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
    from procure import report as report
    from procure import risk as risk
    from procure.errors import (
        DataError as DataError,
    )
    from procure.errors import (
        Infeasible as Infeasible,
    )
    from procure.errors import (
        ProcureError as ProcureError,
    )
    from procure.errors import (
        SolverError as SolverError,
    )
    from procure.explore.ambiguity import Ambiguity as Ambiguity
    from procure.explore.ambiguity import ambiguity as ambiguity
    from procure.explore.corridor import Corridor as Corridor
    from procure.explore.corridor import corridor as corridor
    from procure.explore.first_supplier import FirstSuppliers as FirstSuppliers
    from procure.explore.first_supplier import first_supplier as first_supplier
    from procure.explore.frontier import Frontier as Frontier
    from procure.explore.frontier import frontier as frontier
    from procure.explore.hedges import Hedges as Hedges
    from procure.explore.hedges import hedges as hedges
    from procure.explore.information import value_of_information as value_of_information
    from procure.explore.ranges import Ranges as Ranges
    from procure.explore.ranges import ranges as ranges
    from procure.explore.regret import Regret as Regret
    from procure.explore.regret import regret as regret
    from procure.explore.reviews import Reviews as Reviews
    from procure.explore.reviews import reviews as reviews
    from procure.explore.sensitivity import Sensitivity as Sensitivity
    from procure.explore.sensitivity import sensitivity as sensitivity
    from procure.explore.side_by_side import SideBySide as SideBySide
    from procure.explore.side_by_side import side_by_side as side_by_side
    from procure.explore.stress import Stress as Stress
    from procure.explore.stress import stress as stress
    from procure.explore.sweep import Grid as Grid
    from procure.explore.sweep import read_sweep as read_sweep
    from procure.explore.sweep import sweep as sweep
    from procure.explore.sweep import tidy as tidy
    from procure.explore.switch import Switches as Switches
    from procure.explore.switch import switch as switch
    from procure.explore.switch_map import SwitchMap as SwitchMap
    from procure.explore.switch_map import switch_map as switch_map
    from procure.explore.why import Why as Why
    from procure.explore.why import why as why
    from procure.facts import Facts as Facts
    from procure.facts import load_facts as load_facts
    from procure.lp.two_stage import (
        TwoStageProblem as TwoStageProblem,
    )
    from procure.lp.two_stage import (
        solve_two_stage as solve_two_stage,
    )
    from procure.model import Model as Model
    from procure.model import load_model as load_model
    from procure.portfolio.evaluate import Comparison as Comparison
    from procure.portfolio.evaluate import Evaluation as Evaluation
    from procure.portfolio.evaluate import compare as compare
    from procure.portfolio.evaluate import evaluate as evaluate
    from procure.portfolio.portfolio import Portfolio as Portfolio
    from procure.portfolio.read import read_portfolio as read_portfolio
    from procure.portfolio.verify import Verification as Verification
    from procure.portfolio.verify import verify as verify
    from procure.report import plot as plot
    from procure.solving.compiled import Compiled as Compiled
    from procure.solving.compiled import compile as compile
    from procure.solving.solve import solve as solve

    __version__: str

#: The module that each public name is in.
_HOME = {
    "Ambiguity": "explore.ambiguity",
    "Comparison": "portfolio.evaluate",
    "Compiled": "solving.compiled",
    "Corridor": "explore.corridor",
    "DataError": "errors",
    "Evaluation": "portfolio.evaluate",
    "Facts": "facts",
    "FirstSuppliers": "explore.first_supplier",
    "Frontier": "explore.frontier",
    "Grid": "explore.sweep",
    "Hedges": "explore.hedges",
    "Infeasible": "errors",
    "Model": "model",
    "Portfolio": "portfolio.portfolio",
    "Ranges": "explore.ranges",
    "Regret": "explore.regret",
    "Reviews": "explore.reviews",
    "ProcureError": "errors",
    "Sensitivity": "explore.sensitivity",
    "SideBySide": "explore.side_by_side",
    "SolverError": "errors",
    "Stress": "explore.stress",
    "SwitchMap": "explore.switch_map",
    "Switches": "explore.switch",
    "TwoStageProblem": "lp.two_stage",
    "Verification": "portfolio.verify",
    "Why": "explore.why",
    "ambiguity": "explore.ambiguity",
    "compare": "portfolio.evaluate",
    "compile": "solving.compiled",
    "corridor": "explore.corridor",
    "evaluate": "portfolio.evaluate",
    "first_supplier": "explore.first_supplier",
    "frontier": "explore.frontier",
    "hedges": "explore.hedges",
    "load_facts": "facts",
    "load_model": "model",
    "ranges": "explore.ranges",
    "read_portfolio": "portfolio.read",
    "read_sweep": "explore.sweep",
    "regret": "explore.regret",
    "reviews": "explore.reviews",
    "sensitivity": "explore.sensitivity",
    "side_by_side": "explore.side_by_side",
    "solve": "solving.solve",
    "solve_two_stage": "lp.two_stage",
    "stress": "explore.stress",
    "sweep": "explore.sweep",
    "switch": "explore.switch",
    "switch_map": "explore.switch_map",
    "tidy": "explore.sweep",
    "value_of_information": "explore.information",
    "verify": "portfolio.verify",
    "why": "explore.why",
}

#: Folders that are public as a whole.
_FOLDERS = {"plot": "report.plot", "report": "report", "risk": "risk"}

__all__ = ["__version__", *_FOLDERS, *_HOME]

# The door stands above all rooms: an answer finds its screen here, and imports none.
show_with(lambda: importlib.import_module("procure.report.screens"))


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("procure")
    if name in _FOLDERS:
        return importlib.import_module(f"procure.{_FOLDERS[name]}")
    if name not in _HOME:
        raise AttributeError(f"module 'procure' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"procure.{_HOME[name]}"), name)
    globals()[name] = value  # next time without this detour
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
