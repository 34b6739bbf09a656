"""`procure stress`: a plan along one path of events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.model import Changes, Solved, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import DataError, Fault
from procure.languages import Said

if TYPE_CHECKING:
    from procure.explore.stress import Stress
    from procure.words import Progress


@in_japanese("一つの事態の経過に沿って計画を追う: だれが何日目に最初に止まり、何が失われるかを月ごとに示す。")
def stress(
    answer: Annotated[
        str,
        typer.Argument(
            metavar=Said("MODEL_OR_ANSWER", "モデルか回答"),
            help=Said(
                "A model, which is solved, or ANSWER.json, written by `procure solve --json`.",
                "モデル（これから解く）か、`procure solve --json` が書いた回答.json。",
            ),
        ),
    ],
    event: Annotated[
        str,
        typer.Option(
            metavar=Said("EVENT", "事象"),
            help=Said(
                "One of event_paths.csv (ban-12, april-2025), or a CSV file of its columns.",
                "event_paths.csv にある事象（ban-12、april-2025）か、同じ列の CSV ファイル。",
            ),
        ),
    ],
    step: Annotated[
        str,
        typer.Option(
            metavar=Said("STEP", "刻み"),
            help=Said("By which it is told: month or week.", "経過を示す刻み: month（月）か week（週）。"),
        ),
    ] = "month",
    year: Annotated[
        int | None,
        typer.Option(
            metavar=Said("YEAR", "年"),
            help=Said(
                "At whose beginning the event begins; else the first of the plan.",
                "事象が始まる年（年初から）。省けば計画の初年。",
            ),
        ),
    ] = None,
    without_stock: Annotated[
        bool,
        typer.Option(
            "--without-stock", help=Said("Nobody has any stock at the start.", "開始時にだれも備蓄を持たないとする。")
        ),
    ] = False,
    today: Annotated[
        bool,
        typer.Option(
            "--today",
            help=Said(
                "Follow today's plan alone; a model is not solved then.", "現行の計画だけを追う。モデルは解かない。"
            ),
        ),
    ] = False,
    model: Solved = None,
    changes: Changes = None,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Follow a plan along one path of events: who stops first, on which day, and what is lost, month by month."""
    from procure.explore.stress import check_asked, solvable
    from procure.explore.stress import stress as follow_path
    from procure.portfolio.evaluate import model_of
    from procure.portfolio.read import read_portfolio

    faults = unwritable(json, force)
    is_kept = answer.lower().endswith(".json")
    if is_kept:
        if changes and model is None:
            rule = Said("a kept answer is followed in what was solved", "保存された回答は解いたものの中で追う")
            faults.append(
                Fault(
                    f"--set {changes[0]}",
                    Said("the answer is kept", "回答は保存されたもの"),
                    rule,
                    Said("name what was solved: --model", "解いたものを指定する: --model"),
                )
            )
        if faults:
            raise DataError(faults)
        portfolio = read_portfolio(answer)
        chosen = model_of(portfolio) if model is None else load(model, changes)
    else:
        chosen = load(answer, changes, faults, quiet=quiet)
    check_asked(chosen, event, step=step, year=year)  # before a minute of solving

    def follow(progress: Progress | None) -> Stress:
        followed = partial(follow_path, event=event, step=step, year=year, without_stock=without_stock)
        if today:
            return followed(chosen)
        if is_kept:
            return followed(portfolio, model=chosen)
        from procure.solving.solve import solve

        return followed(solve(solvable(chosen), foresight=False, verdict=False, progress=progress), model=chosen)

    ask(follow, json, quiet)
