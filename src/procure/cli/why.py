"""`procure why`: what another choice loses, and what would reverse it."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.model import Changes, Limits, answer_or_model
from procure.cli.output import Force, Json, Quiet, ask, unwritable


def why(
    answer: Annotated[
        str,
        typer.Argument(metavar="ANSWER", help="Written by `procure solve --json`; or a model: a name or a .toml file."),
    ],
    instead: Annotated[
        str,
        typer.Option(
            metavar="RIVAL",
            help="A programme level, 'seabed pilot', or a share of all demand or of a class or element: 'lynas heavy 40 %'.",
        ),
    ],
    changes: Changes = None,
    limits: Limits = None,
    paths: Annotated[
        int, typer.Option(metavar="N", help="Fresh paths on which both are played; 0 plays none.")
    ] = 10_000,
    number: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="What could reverse it: this number, and those named beside it."),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(metavar="STATUS", help="Or numbers of this status: assumed, unverified; else all but sourced."),
    ] = None,
    most: Annotated[
        int, typer.Option(metavar="N", help="Numbers that are followed to where they reverse it; 0 for none.")
    ] = 3,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Tell what a rival loses against what is chosen: on what, in which element, year and future, and what would reverse it."""
    faults = unwritable(json, force)
    chosen = answer_or_model(answer, changes, faults, quiet=quiet, limits=limits)
    from procure.explore.why import why as find

    ask(partial(find, chosen, instead, paths=paths, numbers=number, statuses=status, most=most), json, quiet)
