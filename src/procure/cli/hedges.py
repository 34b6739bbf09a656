"""`procure hedges`: what each hedge is worth."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable


def hedges(
    model: ModelName,
    changes: Changes = None,
    limits: Limits = None,
    choose: Annotated[bool, typer.Option("--choose", help="Choose the programme anew without each hedge.")] = False,
    paths: Annotated[
        int, typer.Option(metavar="N", help="Fresh paths on which plans are compared; 0 compares none.")
    ] = 10_000,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find what each supplier, contract, stock, programme and limit is worth: the cost without it less the cost with it."""
    chosen = load(model, changes, unwritable(json, force), quiet=quiet, limits=limits)
    from procure.explore.hedges import hedges as find_hedges

    ask(partial(find_hedges, chosen, choose=choose, paths=paths), json, quiet)
