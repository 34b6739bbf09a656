"""Answers beside one another, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pandas import DataFrame

from procure.explore.side_by_side import AS_IN_TABLES, TABLES, SideBySide
from procure.languages import COMMA, Said, again
from procure.limits.said import class_name
from procure.portfolio.frames import OTHER_SOURCES
from procure.portfolio.fresh import CONFIDENCE
from procure.portfolio.verdict import CHOSEN
from procure.report.conflict import needs
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import LEAST_SHARE, listed, money, percent, with_error

COSTS = {
    "objective": LABELS["objective"], "expected_cost": Said("mean", "平均"), "cvar": Said("tail", "最悪側"),
    "worst_case": LABELS["worst"], "plan_cost": Said("of the plan itself", "計画自体"),
    "shortage_loss": LABELS["shortage_cost"], "unavoidable_loss": Said("shortage no plan avoids", "避けられない不足損失"),
}  # fmt: skip
MEASURES = {"expected": COSTS["expected_cost"], "cvar": COSTS["cvar"], "weighed": COSTS["objective"]}
_TIE, _APART = (
    Said("{measure} a tie", "{measure}は優劣不明"),
    Said("{measure} {number} {verdict}", "{measure} {number} {verdict}"),
)
VERDICTS = {"dearer": Said("dearer", "割高"), "cheaper": Said("cheaper", "割安")}
#: Elements whose stock has a line of its own: those of which most is held.
ELEMENTS = 8


def page(answer: SideBySide) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: SideBySide) -> Iterator[str | Listing]:
    first, *others = answer.names
    yield Said(
        "{first} beside {others}. Million USD of present value; shares of demand over all years, %.",
        "{first} と {others} の比較。現在価値、百万ドル。全年の需要に対する比率 %。",
    ).format(first=first, others=listed(others))
    yield ""
    if answer.inputs.empty:
        yield Said("Nothing differs in what was asked.", "問いの内容に違いはない。")
    else:
        rows = [
            tuple(again(cell, TABLES, AS_IN_TABLES) for cell in row) for row in answer.inputs.itertuples(index=False)
        ]
        yield Listing((Said("what was asked", "問いの内容"), *answer.names), rows, right=answer.names)
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
    rows: list[tuple[str, ...]] = [(Said("programme", "開発計画"), *(answer.programmes[name] for name in answer.names))]
    for row in answer.costs.to_dict("records"):
        numbers = [row[name] for name in answer.names]
        if not all(math.isnan(number) or number == 0 for number in numbers):
            rows.append((COSTS[row["measure"]], *map(money, numbers)))
    return Listing(
        (Said("cost, on its own tree", "費用（各自のシナリオツリー上）"), *answer.names), rows, right=answer.names
    )


def _on_fresh_paths(answer: SideBySide) -> Iterator[str]:
    first = answer.names[0]
    if answer.refusal:
        yield Said("Not played on the same fresh paths: {why}.", "同じ検証用の経路では比べられない: {why}。").format(
            why=answer.refusal
        )
        return
    if not answer.n_paths:
        return
    yield Said(
        "On the same {paths:,} fresh paths, standard errors in brackets:",
        "同じ検証用の {paths:,} 経路で（括弧内は標準誤差）:",
    ).format(paths=answer.n_paths)
    for name, rows in answer.differences.groupby("portfolio", sort=False):
        told = COMMA.join(_difference(row) for row in rows.to_dict("records"))
        yield Said("  {name} beside {first}: {told}.", "  {name} は {first} に比べ: {told}。").format(
            name=name, first=first, told=told
        )
    yield Said(
        "A tie is less than its standard error can tell, at {confidence:.0%}.",
        "優劣不明は標準誤差では判別できない差（{confidence:.0%}）。",
    ).format(confidence=CONFIDENCE)


def _difference(row: dict[Any, Any]) -> str:
    number = with_error(abs(row["difference_musd"]), row["standard_error_musd"])
    measure = MEASURES[row["measure"]]
    verdict = VERDICTS.get(row["verdict"], row["verdict"])
    return (_TIE if row["verdict"] == "tie" else _APART).format(measure=measure, number=number, verdict=verdict)


def _shares(answer: SideBySide) -> Listing:
    rows, before = [], ""
    for row in answer.shares.to_dict("records"):
        if max(abs(row[name]) for name in answer.names) < LEAST_SHARE:
            continue
        scope = LABELS.get(row["scope"]) or class_name(row["scope"])
        source = LABELS[row["source"]] if row["source"] in OTHER_SOURCES else row["source"]
        rows.append((scope if scope != before else "", source, *(percent(row[name]) for name in answer.names)))
        before = scope
    return Listing((Said("share of demand, %", "需要に占める割合、%"), "", *answer.names), rows, right=answer.names)


def _stock(answer: SideBySide, held: DataFrame) -> Listing:
    names = list(answer.names)
    most = held.iloc[held[names].max(axis=1).argsort(kind="stable")[::-1][:ELEMENTS]]
    rows = [
        (row["element"].replace("_", "/"), *(f"{row[name]:.0f}" if row[name] >= 0.5 else "-" for name in names))
        for row in most.to_dict("records")
    ]
    return Listing((Said("days of use in stock", "備蓄（使用量の日数）"), *answer.names), rows, right=answer.names)


def _levels(answer: SideBySide) -> Iterator[str | Listing]:
    """The programme levels, where there are several; and why one was out."""
    levels = answer.levels
    if levels["level"].nunique() < 2:
        return
    rows = []
    for level, own in levels.groupby("level", sort=False):
        told = {row["answer"]: _verdict(row) for row in own.to_dict("records")}
        rows.append((str(level), *(told.get(name, Said("not asked", "問いになし")) for name in answer.names)))
    yield ""
    yield Listing(
        (Said("programmes: dearer by (error)", "開発計画: 割高分（標準誤差）"), *answer.names), rows, right=answer.names
    )
    for row in levels[levels["verdict"] == "infeasible"].to_dict("records"):
        yield Said(
            "{level} is out in {answer}: it needs {needs}.", "{answer} では {level} は実行不能: 必要な緩和 {needs}。"
        ).format(level=row["level"], answer=row["answer"], needs=needs(row["needs"]))


def _verdict(row: dict[Any, Any]) -> str:
    if row["verdict"] == CHOSEN:
        return LABELS[CHOSEN]
    if row["verdict"] == "infeasible":
        return Said("out", "実行不能")
    error = row["standard_error_musd"]
    told = with_error(row["difference_musd"], 0.0 if math.isnan(error) else error)
    return LABELS["tie"] + COMMA + told if row["verdict"] == "tie" else told
