"""Which plan is least regretted, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procure.explore.regret import AS_IT_STANDS, LEAST, TIE, Regret
from procure.portfolio.fresh import CONFIDENCE
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import listed, money, with_error

VERDICTS = {LEAST: "least", TIE: "tie"}


def page(answer: Regret) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Regret) -> Iterator[str | Listing]:
    where = (
        f"on {answer.n_paths:,} fresh paths of each reading" if answer.n_paths else "over every future of each reading"
    )
    yield (
        f"{answer.name}: what each plan costs in each reading of the world, {where}. Million USD of present value, weighed. "
        "What is decided now stays, the rest follows what happens."
    )
    yield ""
    yield _costs(answer)
    yield ""
    yield _regrets(answer)
    yield ""
    yield from _sentences(answer)


def _number(cost: float) -> str:
    return "no plan" if math.isinf(cost) else money(cost)


def _costs(answer: Regret) -> Listing:
    readings = answer.readings["reading"].tolist()
    cost = {(row["plan"], row["reading"]): row["cost_musd"] for row in answer.table.to_dict("records")}
    rows = [(plan, *(_number(cost[plan, reading]) for reading in readings)) for plan in answer.plans["plan"]]
    headings = ("cost", *readings)
    return Listing(headings, rows, right=headings[1:])


def _regrets(answer: Regret) -> Listing:
    readings = answer.readings["reading"].tolist()
    cells = {(row["plan"], row["reading"]): row for row in answer.table.to_dict("records")}
    rows = []
    for row in answer.plans.to_dict("records"):
        own = [cells[row["plan"], reading] for reading in readings]
        regrets = (
            "no plan"
            if math.isinf(cell["regret_musd"])
            else with_error(cell["regret_musd"], cell["standard_error_musd"])
            for cell in own
        )
        rows.append((row["plan"], *regrets, _number(row["greatest_musd"]), VERDICTS.get(row["verdict"], "")))
    headings = ("regret (error)" if answer.n_paths else "regret", *readings, "greatest", "")
    return Listing(headings, rows, right=headings[1:-1])


def _sentences(answer: Regret) -> Iterator[str]:
    first = answer.plans.iloc[0]
    greatest, worst = float(first["greatest_musd"]), first["worst_reading"]
    if greatest == 0:
        yield f"{answer.least} is regretted in none of these readings."
    else:
        error = float(first["standard_error_musd"])
        yield f"Least greatest regret: {answer.least}, {with_error(greatest, error)}, where the reading {worst} is right."
    ties = answer.plans.loc[answer.plans["verdict"] == TIE, "plan"].tolist()
    if ties:
        told = f" at {CONFIDENCE:.0%}" if answer.n_paths else ""
        yield f"Not to be told from it{told}: {listed(ties)}."
    for row in answer.readings.to_dict("records"):
        if row["reading"] != AS_IT_STANDS:
            yield f"{row['reading']} ({row['changes']}): best is {row['best']}."
    if not answer.resolves:
        yield "All plans are made for the model as it stands: one made for a reading may be better there still."
    for reading, why in answer.left_out.items():
        yield f"Left out: {reading}. {why}"
