"""Which plan is least regretted, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procure.explore.regret import AS_IT_STANDS, DEMAND, LEAST, MADE_FOR, TIE, Regret
from procure.languages import Said, again
from procure.portfolio.fresh import CONFIDENCE
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import level_in_words, listed, money, with_error

VERDICTS = {LEAST: Said("least", "最小"), TIE: Said("tie", "優劣不明")}
_FRESH = Said("on {paths:,} fresh paths of each reading", "それぞれ検証用の {paths:,} 経路")
_EVERY = Said("over every future of each reading", "それぞれ起こり得る全将来")
_NO_PLAN = Said("no plan", "計画なし")
_REGRET, _REGRET_WITH_ERROR = Said("regret", "後悔"), Said("regret (error)", "後悔（標準誤差）")


def page(answer: Regret) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Regret) -> Iterator[str | Listing]:
    where = _FRESH.format(paths=answer.n_paths) if answer.n_paths else _EVERY
    yield Said(
        "{name}: what each plan costs in each reading of the world, {where}. Million USD of present value, weighed. "
        "What is decided now stays, the rest follows what happens.",
        "{name}: 世界の読み方ごとの各計画の費用（{where}）。加重費用の現在価値、百万ドル。"
        "いま決めたことは動かさず、残りは成り行きに従う。",
    ).format(name=answer.name, where=where)
    yield ""
    yield _costs(answer)
    yield ""
    yield _regrets(answer)
    yield ""
    yield from _sentences(answer)


def _number(cost: float) -> str:
    return _NO_PLAN if math.isinf(cost) else money(cost)


_LEVEL = Said("{level}", "{level}")


def _reading(name: str) -> str:
    return again(name, AS_IT_STANDS, DEMAND)


def _plan(name: str) -> str:
    return again(name, MADE_FOR, _LEVEL, level=level_in_words, reading=_reading)


def _costs(answer: Regret) -> Listing:
    readings = answer.readings["reading"].tolist()
    cost = {(row["plan"], row["reading"]): row["cost_musd"] for row in answer.table.to_dict("records")}
    rows = [(_plan(plan), *(_number(cost[plan, reading]) for reading in readings)) for plan in answer.plans["plan"]]
    headings = (Said("cost", "費用"), *map(_reading, readings))
    return Listing(headings, rows, right=headings[1:])


def _regrets(answer: Regret) -> Listing:
    readings = answer.readings["reading"].tolist()
    cells = {(row["plan"], row["reading"]): row for row in answer.table.to_dict("records")}
    rows = []
    for row in answer.plans.to_dict("records"):
        own = [cells[row["plan"], reading] for reading in readings]
        regrets = (
            _NO_PLAN if math.isinf(cell["cost_musd"]) else with_error(cell["regret_musd"], cell["standard_error_musd"])
            for cell in own
        )
        rows.append((_plan(row["plan"]), *regrets, _number(row["greatest_musd"]), VERDICTS.get(row["verdict"], "")))
    headings = (
        _REGRET_WITH_ERROR if answer.n_paths else _REGRET,
        *map(_reading, readings),
        Said("greatest", "最大"),
        "",
    )
    return Listing(headings, rows, right=headings[1:-1])


def _sentences(answer: Regret) -> Iterator[str]:
    first = answer.plans.iloc[0]
    greatest, worst = float(first["greatest_musd"]), first["worst_reading"]
    if math.isinf(greatest):
        yield Said(
            "None of these plans can be had in all of these readings.", "全ての読み方で成り立つ計画はこの中にない。"
        )
    elif greatest == 0:
        yield Said("{plan} is regretted in none of these readings.", "{plan} はどの読み方でも後悔がない。").format(
            plan=_plan(answer.least)
        )
    else:
        error = float(first["standard_error_musd"])
        yield Said(
            "Least greatest regret: {plan}, {regret}, where the reading {worst} is right.",
            "最大後悔が最小の計画: {plan}、{regret}（読み方 {worst} が正しい場合）。",
        ).format(plan=_plan(answer.least), regret=with_error(greatest, error), worst=_reading(worst))
    ties = answer.plans.loc[answer.plans["verdict"] == TIE, "plan"].tolist()
    if ties:
        at = (
            Said(" at {confidence:.0%}", "（{confidence:.0%}）").format(confidence=CONFIDENCE) if answer.n_paths else ""
        )
        yield Said("Not to be told from it{at}: {plans}.", "これと区別できないもの{at}: {plans}。").format(
            at=at, plans=listed([_plan(plan) for plan in ties])
        )
    for row in answer.readings.to_dict("records"):
        if not row["best"]:
            yield Said(
                "{reading} ({changes}): none of these plans can be had there.",
                "{reading}（{changes}）: そこで成り立つ計画はこの中にない。",
            ).format(reading=_reading(row["reading"]), changes=row["changes"])
        elif row["reading"] != AS_IT_STANDS:
            yield Said("{reading} ({changes}): best is {best}.", "{reading}（{changes}）: 最良は {best}。").format(
                reading=_reading(row["reading"]), changes=row["changes"], best=_plan(row["best"])
            )
    if not answer.resolves:
        yield Said(
            "All plans are made for the model as it stands: one made for a reading may be better there still.",
            "全計画は現在のモデルで立てたもの。ある読み方のために立てた計画は、そこではさらに良いことがある。",
        )
    for reading, why in answer.left_out.items():
        yield Said("Left out: {reading}. {why}", "除外: {reading}。{why}").format(reading=reading, why=why)
