"""Answers beside one another, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pandas import DataFrame

from procure.explore.side_by_side import SideBySide
from procure.portfolio.frames import OTHER_SOURCES
from procure.portfolio.fresh import CONFIDENCE
from procure.portfolio.verdict import CHOSEN
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import LEAST_SHARE, listed, money, percent, with_error

COSTS = {
    "objective": "weighed", "expected_cost": "mean", "cvar": "tail", "worst_case": "worst path", "plan_cost": "of the plan itself",
    "shortage_loss": "shortage", "unavoidable_loss": "shortage no plan avoids",
}  # fmt: skip
MEASURES = {"expected": "mean", "cvar": "tail", "weighed": "weighed"}
#: Elements whose stock has a line of its own: those of which most is held.
ELEMENTS = 8


def page(answer: SideBySide) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: SideBySide) -> Iterator[str | Listing]:
    first, *others = answer.names
    yield f"{first} beside {listed(others)}. Million USD of present value; shares of demand over all years, %."
    yield ""
    if answer.inputs.empty:
        yield "Nothing differs in what was asked."
    else:
        rows = [tuple(row) for row in answer.inputs.itertuples(index=False)]
        yield Listing(("what was asked", *answer.names), rows, right=answer.names)
    yield ""
    yield _costs(answer)
    yield from _on_fresh_paths(answer)
    yield ""
    yield _shares(answer)
    held = answer.stock[answer.stock[list(answer.names)].max(axis=1) >= 0.05]
    if not held.empty:
        yield ""
        yield _stock(answer, held)
    yield from _levels(answer)


def _costs(answer: SideBySide) -> Listing:
    rows = [("programme", *(answer.programmes[name] for name in answer.names))]
    for row in answer.costs.to_dict("records"):
        numbers = [row[name] for name in answer.names]
        if not all(math.isnan(number) or number == 0 for number in numbers):
            rows.append((COSTS[row["measure"]], *map(money, numbers)))
    return Listing(("cost, on its own tree", *answer.names), rows, right=answer.names)


def _on_fresh_paths(answer: SideBySide) -> Iterator[str]:
    first = answer.names[0]
    if answer.refusal:
        yield f"Not played on the same fresh paths: {answer.refusal}."
        return
    if not answer.n_paths:
        return
    yield f"On the same {answer.n_paths:,} fresh paths, standard errors in brackets:"
    for name, rows in answer.differences.groupby("portfolio", sort=False):
        told = ", ".join(_difference(row) for row in rows.to_dict("records"))
        yield f"  {name} beside {first}: {told}."
    yield f"A tie is less than its standard error can tell, at {CONFIDENCE:.0%}."


def _difference(row: dict[Any, Any]) -> str:
    number = with_error(abs(row["difference_musd"]), row["standard_error_musd"])
    measure = MEASURES[row["measure"]]
    return f"{measure} a tie" if row["verdict"] == "tie" else f"{measure} {number} {row['verdict']}"


def _shares(answer: SideBySide) -> Listing:
    rows, before = [], ""
    for row in answer.shares.to_dict("records"):
        if max(abs(row[name]) for name in answer.names) < LEAST_SHARE:
            continue
        scope = row["scope"].replace("_", "/")
        source = LABELS[row["source"]] if row["source"] in OTHER_SOURCES else row["source"]
        rows.append((scope if scope != before else "", source, *(percent(row[name]) for name in answer.names)))
        before = scope
    return Listing(("share of demand, %", "", *answer.names), rows, right=answer.names)


def _stock(answer: SideBySide, held: DataFrame) -> Listing:
    names = list(answer.names)
    most = held.iloc[held[names].max(axis=1).argsort(kind="stable")[::-1][:ELEMENTS]]
    rows = [
        (row["element"].replace("_", "/"), *(f"{row[name]:.0f}" if row[name] >= 0.5 else "-" for name in names))
        for row in most.to_dict("records")
    ]
    return Listing(("days of use in stock", *answer.names), rows, right=answer.names)


def _levels(answer: SideBySide) -> Iterator[str | Listing]:
    """The programme levels, where there are several; and why one was out."""
    levels = answer.levels
    if levels["level"].nunique() < 2:
        return
    rows = []
    for level, own in levels.groupby("level", sort=False):
        told = {row["answer"]: _verdict(row) for row in own.to_dict("records")}
        rows.append((str(level), *(told.get(name, "not asked") for name in answer.names)))
    yield ""
    yield Listing(("programmes: dearer by (error)", *answer.names), rows, right=answer.names)
    for row in levels[levels["verdict"] == "infeasible"].to_dict("records"):
        yield f"{row['level']} is out in {row['answer']}: it needs {row['needs']}."


def _verdict(row: dict[Any, Any]) -> str:
    if row["verdict"] == CHOSEN:
        return CHOSEN
    if row["verdict"] == "infeasible":
        return "out"
    error = row["standard_error_musd"]
    told = with_error(row["difference_musd"], 0.0 if math.isnan(error) else error)
    return f"tie, {told}" if row["verdict"] == "tie" else told
