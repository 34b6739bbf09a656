"""The row of one case: solved, measured as far as its columns ask, or why not."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from procure.errors import DataError, Infeasible, ProcureError, SolverError
from procure.explore.sweep.columns import (
    ALONE,
    BAD_INPUT,
    COMPARED,
    EXACT,
    FAILED,
    INFEASIBLE,
    LIMIT_REACHED,
    OPTIMAL,
    UNASKED,
    Row,
)
from procure.lp.program import Status
from procure.portfolio.frames import OTHER_SOURCES
from procure.portfolio.measure import Measured
from procure.portfolio.shadow import prices_of_limits
from procure.portfolio.verdict import NOT_COMPARED, TIE
from procure.scenarios.futures import holds_every_future
from procure.solving.answer import Answer
from procure.solving.compiled import Compiled
from procure.units import KUSD_PER_MUSD

Case = Mapping[str, Any]
#: All elements together, among the classes.
ALL = "all"


def solve_case(compiled: Compiled, case: Case, columns: frozenset[str], paths: int = 0) -> Row:
    """The row of a case: of the columns those that are wanted, all costs of one solve.

    Parameters
    ----------
    compiled : Compiled
    case : mapping path -> value
    columns : frozenset of str
        Names of `procure.explore.sweep.columns.COLUMNS`; nothing is worked out for another.
    paths : int
        Fresh paths for a verdict on the programme; 0 asks for none.
    """
    started = time.perf_counter()
    try:
        # Fresh paths are of the plans of all levels; else one that is dearer than the best need not be solved to its end.
        row = _solved(compiled.solve(case, all_levels="level" in columns or paths > 0), columns, paths)
    except DataError as error:
        row = {"status": BAD_INPUT, "message": "; ".join(map(str, error.faults))}
    except Infeasible as error:
        lines = {"conflict": error.conflict, "repair": error.repairs}
        row = {"status": INFEASIBLE, "message": _in_a_line(str(error))}
        row |= {name: "; ".join(map(_in_a_line, texts)) for name, texts in lines.items()}
    except SolverError as error:
        is_limit = error.status == Status.LIMIT_REACHED.value
        row = {"status": LIMIT_REACHED if is_limit else FAILED, "message": _in_a_line(str(error))}
        if math.isfinite(error.bound):
            row["bound_musd"] = error.bound / KUSD_PER_MUSD
    row["seconds"] = time.perf_counter() - started
    return {name: value for name, value in row.items() if name.partition(".")[0] in columns}


def is_fault_of_procure(error: Exception) -> bool:
    """Whether an exception is none that a case may raise: the row says it all the same, and the model is compiled anew."""
    return not isinstance(error, ProcureError)


def raised(error: Exception) -> Row:
    """The row of a case that raised what it should not."""
    return {"status": FAILED, "message": f"{type(error).__name__}: {_in_a_line(str(error))}"}


def _in_a_line(text: str) -> str:
    return " ".join(text.split())


def _solved(answer: Answer, columns: frozenset[str], paths: int) -> Row:
    """The columns of a case that has a portfolio."""
    row: Row = {
        "status": OPTIMAL,
        "message": "",
        "objective_musd": answer.objective,
        "bound_musd": answer.bound,
        "gap": (answer.objective - answer.bound) / max(1.0, abs(answer.objective)),
        "proof": ", ".join(dict.fromkeys(answer.proofs)),
        "programme": answer.level,
        "resolved_cold": answer.resolved_cold,
        "made_anew": "; ".join(dict.fromkeys(reason.value for reason in answer.made_anew.values())),
        "seconds_in_solver": answer.seconds_in_solver,
    }
    found = {name: cost for name, cost in answer.levels.items() if math.isfinite(cost)}
    row |= {f"level.{name}": cost for name, cost in found.items()}
    row |= {f"level_bound.{name}": bound for name, bound in answer.bounds.items() if math.isfinite(bound)}
    for names, measure in _MEASURES:
        if not columns.isdisjoint(names):
            row |= dict(measure(answer.as_it_ended))
    if not columns.isdisjoint({"verdict", "tie"}):
        row |= _verdict(answer, paths)
    return row


def _verdict(answer: Answer, paths: int) -> Row:
    """What is known of the chosen programme beside the others."""
    if len(answer.bounds) < 2:
        return {"verdict": ALONE, "tie": ""}
    model = answer.as_it_ended.market.model
    is_exact = holds_every_future(model, answer.programmes)
    if not (is_exact or paths):
        return {"verdict": UNASKED, "tie": ""}
    found = answer.verdicts(paths or 1)
    reasons = [verdict.words for verdict in found.values() if verdict.words.startswith(NOT_COMPARED)]
    tie = ", ".join(name for name, verdict in found.items() if verdict.words == TIE)
    return {"verdict": reasons[0] if reasons else EXACT if is_exact else COMPARED, "tie": tie}


def _costs(measured: Measured) -> Iterator[tuple[str, float]]:
    for name in ("expected", "cvar", "worst"):
        yield f"{name}_musd", getattr(measured, name) / KUSD_PER_MUSD


def _components(measured: Measured) -> Iterator[tuple[str, float]]:
    for name, cost in measured.path_costs.items():
        yield f"cost.{name}", float(measured.law @ cost) / KUSD_PER_MUSD


def _prices(measured: Measured) -> Iterator[tuple[str, float]]:
    for name, price in prices_of_limits(measured).items():
        yield f"limit_price.{name}", price


def _shares(measured: Measured) -> Iterator[tuple[str, float]]:
    """Of classes and elements, how much of their demand each source fills, and none does."""
    sets, class_of = measured.sets, measured.market.class_of
    law = measured.probability
    demand = {e: float(law @ measured.demand[e]) for e in sets.elements}
    filled: dict[str, dict[str, float]] = {}
    for e in sets.elements:
        amounts = {s: measured.delivered(s, e) + measured.called(s, e) for s, _ in sets.of_element(e)}
        amounts |= measured.other_sources(e)
        filled[e] = {source: float(law @ amount) for source, amount in amounts.items()}
    classes: dict[str, list[str]] = {}
    for e in sets.elements:
        classes.setdefault(class_of[e], []).append(e)
    sources = (*sets.suppliers, *OTHER_SOURCES)
    for name, elements in (*classes.items(), (ALL, list(sets.elements))):
        whole = math.fsum(demand[e] for e in elements)
        for source in sources:
            share = _share(math.fsum(filled[e].get(source, 0.0) for e in elements), whole)
            yield (f"class_shortage.{name}" if source == "shortage" else f"class_share.{name}.{source}"), share
    highlight = measured.market.model.settings.model.highlight
    for e in sets.elements:
        if e in highlight:
            yield f"element_shortage.{e}", _share(filled[e]["shortage"], demand[e])
        for source, amount in filled[e].items():
            yield f"mix.{e}.{source}", _share(amount, demand[e])


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


#: What is measured of a portfolio, by the columns that want it.
_MEASURES: tuple[tuple[frozenset[str], Callable[[Measured], Iterator[tuple[str, float]]]], ...] = (
    (frozenset({"expected_musd", "cvar_musd", "worst_musd"}), _costs),
    (frozenset({"cost"}), _components),
    (frozenset({"class_shortage", "element_shortage", "class_share", "mix"}), _shares),
    (frozenset({"limit_price"}), _prices),
)
