"""`procure corridor`: what a supplier's contract for an element is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.model import Changes, ModelName, load
from procure.cli.output import progress, show, unwritable


def corridor(
    model: ModelName,
    supplier: Annotated[str, typer.Option(metavar="NAME", help="Whose contract: lynas.")],
    element: Annotated[str, typer.Option(metavar="E", help="For what: Dy.")],
    changes: Changes = None,
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
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Find the most that is worth paying for a firm contract by its volume, its premium, and when a floor price loses."""
    faults = unwritable(json, force)
    chosen = load(model, changes, faults, quiet=quiet)
    from procure.explore.corridor import corridor as find

    with progress(quiet) as told:
        found = find(
            chosen, supplier, element, largest=largest, volumes=volumes, against=against, floor=floor, volume=volume,
            paths=paths, progress=told,
        )  # fmt: skip
    if json is not None:
        found.to_json(json.resolve())
    if not quiet:
        show(found)
