"""`procure hedges`: what each hedge is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.model import Changes, ModelName, load
from procure.cli.output import progress, show, unwritable


def hedges(
    model: ModelName,
    changes: Changes = None,
    choose: Annotated[bool, typer.Option("--choose", help="Choose the programme anew without each hedge.")] = False,
    paths: Annotated[
        int, typer.Option(metavar="N", help="Fresh paths on which plans are compared; 0 compares none.")
    ] = 10_000,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Find what each supplier, contract, stock, programme and limit is worth: the cost without it less the cost with it."""
    faults = unwritable(json, force)
    chosen = load(model, changes, faults, quiet=quiet)
    from procure.explore.hedges import hedges as find_hedges

    with progress(quiet) as told:
        found = find_hedges(chosen, choose=choose, paths=paths, progress=told)
    if json is not None:
        found.to_json(json.resolve())
    if not quiet:
        show(found)
