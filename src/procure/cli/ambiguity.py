"""`procure ambiguity`: how wrong the odds may be before the plan changes."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable


def ambiguity(
    model: ModelName,
    changes: Changes = None,
    limits: Limits = None,
    kind: Annotated[
        str,
        typer.Option(metavar="KIND", help="total-variation, wasserstein, known-marginals or failures."),
    ] = "total-variation",
    high: Annotated[float | None, typer.Option(metavar="H", help="The largest radius; else all there is.")] = None,
    within: Annotated[
        float, typer.Option(metavar="W", help="By how much of its cost another plan has to be cheaper.")
    ] = 0.001,
    digits: Annotated[int, typer.Option(metavar="N", help="To how many digits a radius is found.")] = 2,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find how wrong the odds may be before the plan or the programme changes, and which odds those are."""
    chosen = load(model, changes, unwritable(json, force), quiet=quiet, limits=limits)
    from procure.explore.ambiguity import ambiguity as find_ambiguity

    ask(partial(find_ambiguity, chosen, kind.replace("-", "_"), high=high, within=within, digits=digits), json, quiet)
