"""`procure ambiguity`: how wrong the odds may be before the plan changes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.model import Changes, ModelName, load
from procure.cli.output import progress, show, unwritable


def ambiguity(
    model: ModelName,
    changes: Changes = None,
    kind: Annotated[
        str,
        typer.Option(metavar="KIND", help="total-variation, wasserstein, known-marginals or failures."),
    ] = "total-variation",
    high: Annotated[float | None, typer.Option(metavar="H", help="The largest radius; else all there is.")] = None,
    within: Annotated[
        float, typer.Option(metavar="W", help="By how much of its cost another plan has to be cheaper.")
    ] = 0.001,
    digits: Annotated[int, typer.Option(metavar="N", help="To how many digits a radius is found.")] = 2,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Find how wrong the odds may be before the plan or the programme changes, and which odds those are."""
    faults = unwritable(json, force)
    chosen = load(model, changes, faults, quiet=quiet)
    from procure.explore.ambiguity import ambiguity as find_ambiguity

    with progress(quiet) as told:
        found = find_ambiguity(chosen, kind.replace("-", "_"), high=high, within=within, digits=digits, progress=told)
    if json is not None:
        found.to_json(json.resolve())
    if not quiet:
        show(found)
