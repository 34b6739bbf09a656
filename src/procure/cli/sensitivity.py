"""`procure sensitivity`: which numbers decide, and which to find out first."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import Fault
from procure.languages import Said


def sensitivity(
    model: ModelName,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="tornado (if not said): one number at a time to its ends; information: what knowing each is worth; "
            "decides: as --decides; morris, sobol: how far each moves the cost with all in their ranges.",
        ),
    ] = None,
    decides: Annotated[
        bool,
        typer.Option("--decides", help="Find the numbers that the choice of programme turns on, and at which value."),
    ] = False,
    number: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help="Look at this number, and those named beside it only.")
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS", help="Choose from numbers of this status: assumed, unverified; else all but sourced."
        ),
    ] = None,
    most: Annotated[int, typer.Option(metavar="N", help="Look at the N numbers that may move the most.")] = 20,
    cases: Annotated[
        int, typer.Option(metavar="N", help="Cases that are drawn for information, at most for morris and sobol.")
    ] = 128,
    changes: Changes = None,
    limits: Limits = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep cases in this folder; a run that was stopped goes on from there."),
    ] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes side by side.")] = None,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Tell which of the numbers that are not known for sure decide, each within its range in the tables."""
    faults = unwritable(json, force)
    if decides and method not in (None, "decides"):
        faults.append(
            Fault(
                "--decides",
                Said("--method {method} stands beside it", "--method {method} が並んでいる").format(method=method),
                Said("one thing is asked", "一度に問えるのは一つ"),
                Said("drop one of them", "一方を外す"),
            )
        )
    chosen = load(model, changes, faults, quiet=quiet, limits=limits)
    from procure.explore.sensitivity import sensitivity as find
    from procure.explore.sensitivity.question import DECIDES, TORNADO

    question = partial(
        find, chosen, DECIDES if decides else method or TORNADO, numbers=number, statuses=status, most=most, cases=cases,
        store=store, workers=workers,
    )  # fmt: skip
    ask(question, json, quiet)
