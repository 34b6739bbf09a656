"""From the solved programme levels of a model to its portfolio: the best of them measured, the others beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas import DataFrame

from procure.errors import DataError, Fault
from procure.languages import LANGUAGES, Said, in_language
from procure.model import Model
from procure.portfolio import account, expiry
from procure.portfolio.foresight import unseen, wait_and_see
from procure.portfolio.frames import OTHER_SOURCES, make_frame
from procure.portfolio.information import Known, levels_frame
from procure.portfolio.measure import Measured
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.verdict import TIE, Verdict, verdicts
from procure.program.infeasibility import Rejection
from procure.program.solved import Solved
from procure.units import KUSD_PER_MUSD
from procure.words import Progress, programme_name

_CALLED = Said("a supplier is called '{name}'", "'{name}' という供給元がある")
_OTHER_SOURCE = Said(
    "this name is that of another source of supply in the answer", "この名前は回答の中で別の供給源を指す"
)
#: What a level needs that no change of a number gives a portfolio.
NO_REPAIR = Said("no number of the model that could give way", "緩められる数値がモデルにない")
_RENAME = Said("rename the supplier", "供給元の名前を変える")


def make_portfolio(
    best: Solved,
    solved: Sequence[Solved],
    rejected: Sequence[Rejection] = (),
    seconds: float = 0.0,
    foresight: bool = True,
    deadline: float = math.inf,
    known: Sequence[Known] = (),
    paths: int = 0,
    proof: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Portfolio:
    """The best of the solved programme levels, measured, and compared with the others.

    Parameters
    ----------
    best : Solved
        The answer; one of `solved`.
    solved : sequence of Solved
        Every level that has a portfolio.
    rejected : sequence of Rejection
        Levels under which no portfolio keeps the limits.
    seconds : float
        Spent so far.
    foresight : bool
        Whether to solve every path as if it had been known; without, what rests on it is NaN.
    deadline : float
        For that, by `time.perf_counter`: where it comes first, it is as without.
    known : sequence of Known
        What more or less knowledge makes of every level, where that was asked for.
    paths : int
        Fresh paths on which the plans of all levels are compared, where a tree does not hold every future; 0 compares nothing.
    proof : mapping, optional
        What the answer is to keep so that it can be proved again (`proof.kept`).
    progress : callable, optional
        Called with (done, total, what) as they are.

    Raises `SolverError` where the solver's objective is not what the decisions cost.
    """
    started = time.perf_counter()
    market, model = best.market, best.market.model
    faults = [
        Fault("suppliers.csv", _CALLED.format(name=name), _OTHER_SOURCE, _RENAME)
        for name in OTHER_SOURCES
        if name in market.sets.suppliers
    ]
    if faults:
        raise DataError(faults)
    levels = {id(level): Measured(level) for level in (*solved, best)}
    for level in levels.values():
        level.check()
    measured = levels[id(best)]
    name_of_best = programme_name(market.programmes)
    seen = next((level.foresight for level in known if level.level == name_of_best), None)
    if seen is None or not foresight:
        seen = wait_and_see(market, best.templates, deadline) if foresight else unseen(market)
    seen_ahead = [level.foresight for level in known if level.foresight is not None] or [seen]
    ends = [end for level in known for end in level.ends]
    frames = account.frames(measured, seen.cost, expiry.limits(measured))
    law, musd = measured.law, KUSD_PER_MUSD
    solution = best.outcome.solution
    summary: dict[str, Any] = account.summary(measured, frames["provenance"]) | {
        "unavoidable_loss": float(law @ seen.shortage_cost) / musd,
        "wait_and_see": float(law @ seen.cost) / musd,
        "value_of_foresight": (measured.expected - float(law @ seen.cost)) / musd,
        "gap": (solution.objective - solution.bound) / max(abs(solution.objective), 1e-9),
        "seconds_in_solver": sum(level.seconds_in_solver for level in solved)
        + sum(ahead.seconds_in_solver for ahead in seen_ahead)
        + sum(end.seconds for end in ends),
        "resolved_cold": float(
            sum(level.outcome.solution.resolved_cold for level in solved)
            + sum(ahead.resolved_cold for ahead in seen_ahead)
            + sum(end.solution.resolved_cold for end in ends)
        ),
    }
    on_the_mean = measured.doubt is None and (measured.risk.weight == 0 or measured.risk.alpha == 0)
    if on_the_mean and not market.sets.limits_on_futures:
        summary["evpi"] = summary["value_of_foresight"]
    compared = [levels[id(level)] for level in solved]
    said = verdicts(compared, measured, paths, progress)
    names = [programme_name(level.market.programmes) for level in compared]
    summary["fresh_paths"] = float(max(verdict.n_paths for verdict in said))
    summary["tie"] = [name for name, verdict in zip(names, said, strict=True) if verdict.words == TIE]
    frames |= {
        "programme_levels": _levels(compared, said, measured, rejected),
        "value_of_information": levels_frame(known),
        "seeds": _seed(measured, said[compared.index(measured)]),
    }
    summary["seconds"] = seconds + time.perf_counter() - started
    return Portfolio(
        name=model.name,
        title={language: str(in_language(model.title, language)) for language in LANGUAGES},
        status=solution.status.value,
        origin=model.origin,
        fingerprint=model.facts.fingerprint,
        settings=model.settings.model_dump(mode="json", by_alias=True),
        numbers={path: model.facts.value(path) for path in model.numbers_set},
        programmes=dict(market.programmes),
        names=_names(model),
        exchange=_exchange(model),
        summary=summary,
        proof=proof,
        model=model,
        **frames,
    )


def _levels(
    solved: Sequence[Measured], said: Sequence[Verdict], best: Measured, rejected: Sequence[Rejection]
) -> DataFrame:
    rows: list[tuple[Any, ...]] = []
    for level, verdict in zip(solved, said, strict=True):
        costs = account.costs(level).values()
        status = level.outcome.solution.status.value
        own = programme_name(level.market.programmes), *costs, status, level is best, "-", math.nan
        fresh = (x / KUSD_PER_MUSD for x in (verdict.cost, verdict.cost_error))
        difference = (x / KUSD_PER_MUSD for x in (verdict.difference, verdict.error))
        rows.append((*own, *difference, verdict.words, *fresh, ", ".join(level.sets.seen)))
    rows += [
        (
            programme_name(level.programmes), *[math.nan] * 4, "infeasible", False,
            "; ".join(" ".join(line.split()) for line in level.repairs) or str(NO_REPAIR),
            level.objective / KUSD_PER_MUSD, math.nan, math.nan, "infeasible", math.nan, math.nan, "",
        )
        for level in rejected
    ]  # fmt: skip
    return make_frame("programmes", rows)


def _seed(chosen: Measured, verdict: Verdict) -> DataFrame:
    """The one tree that was solved."""
    costs = (x / KUSD_PER_MUSD for x in (chosen.objective, verdict.cost, verdict.cost_error))
    model, name = chosen.market.model, programme_name(chosen.market.programmes)
    return make_frame("seeds", [(model.settings.world.tree.seed, name, *costs, True)])


def _names(model: Model) -> dict[str, dict[str, str]]:
    names: dict[str, dict[str, str]] = {}
    for table, key in (("suppliers", "supplier"), ("elements", "element")):
        frame = model.facts.tables[table]
        for name, en, ja in zip(frame[key], frame["name_en"], frame["name_ja"], strict=True):
            given = {"en": en, "ja": ja}
            names[str(name)] = {language: str(text) for language, text in given.items() if not pd.isna(text)}
    return names


def _exchange(model: Model) -> dict[str, float]:
    table = model.facts.tables["exchange_rates"]
    return {str(currency): float(rate) for currency, rate in zip(table["currency"], table["value"], strict=True)}
