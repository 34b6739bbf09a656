"""`procure corridor`: what a supplier's contract for an element is worth."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable


def corridor(
    model: ModelName,
    supplier: Annotated[str, typer.Option(metavar="NAME", help="Whose contract: lynas.")],
    element: Annotated[str, typer.Option(metavar="E", help="For what: Dy.")],
    changes: Changes = None,
    limits: Limits = None,
    largest: Annotated[
        float, typer.Option(metavar="TIMES", help="The largest volume looked at, as a part of what is on offer now.")
    ] = 1.5,
    volumes: Annotated[int, typer.Option(metavar="N", help="Volumes that are looked at.")] = 6,
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Tell the premium over this supplier's price; else the largest one's."),
    ] = None,
    floor: Annotated[
        float | None, typer.Option(metavar="USD/KG", help="The floor of the contract; else what it pays now.")
    ] = None,
    volume: Annotated[
        float | None, typer.Option(metavar="T/YR", help="The volume of the contract with a floor; else all on offer.")
    ] = None,
    paths: Annotated[
        int, typer.Option(metavar="N", help="Fresh paths on which that volume is played; 0 plays none.")
    ] = 10_000,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find the most that is worth paying for a firm contract by its volume, its premium, and when a floor price loses."""
    chosen = load(model, changes, unwritable(json, force), quiet=quiet, limits=limits)
    from procure.explore.corridor import corridor as find

    question = partial(
        find, chosen, supplier, element, largest=largest, volumes=volumes, against=against, floor=floor, volume=volume,
        paths=paths,
    )  # fmt: skip
    ask(question, json, quiet)
