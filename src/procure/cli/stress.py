"""`procure stress`: a plan along one path of events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.model import Changes, load
from procure.cli.output import progress, show, unwritable
from procure.errors import DataError, Fault


def stress(
    answer: Annotated[
        str,
        typer.Argument(
            metavar="MODEL_OR_ANSWER",
            help="A model, which is solved, or ANSWER.json, written by `procure solve --json`.",
        ),
    ],
    event: Annotated[
        str,
        typer.Option(
            metavar="EVENT", help="One of event_paths.csv (ban-12, april-2025), or a CSV file of its columns."
        ),
    ],
    step: Annotated[str, typer.Option(metavar="STEP", help="By which it is told: month or week.")] = "month",
    year: Annotated[
        int | None,
        typer.Option(metavar="YEAR", help="At whose beginning the event begins; else the first of the plan."),
    ] = None,
    without_stock: Annotated[bool, typer.Option("--without-stock", help="Nobody has any stock at the start.")] = False,
    today: Annotated[
        bool, typer.Option("--today", help="Follow today's plan alone; a model is not solved then.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="What was solved, where the facts of ANSWER are not the bundled ones."),
    ] = None,
    changes: Changes = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
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
            rule = "a kept answer is followed in what was solved"
            faults.append(Fault(f"--set {changes[0]}", "the answer is kept", rule, "name what was solved: --model"))
        if faults:
            raise DataError(faults)
        portfolio = read_portfolio(answer)
        chosen = model_of(portfolio) if model is None else load(model, changes)
    else:
        chosen = load(answer, changes, faults, quiet=quiet)
    check_asked(chosen, event, step=step, year=year)  # before a minute of solving
    with progress(quiet) as told:
        if today:
            found = follow_path(chosen, event, step=step, year=year, without_stock=without_stock)
        else:
            if not is_kept:
                from procure.solving.solve import solve

                portfolio = solve(solvable(chosen), foresight=False, verdict=False, progress=told)
            found = follow_path(portfolio, event, step=step, year=year, without_stock=without_stock, model=chosen)
    if json is not None:
        found.to_json(json.resolve())
    if not quiet:
        show(found)
