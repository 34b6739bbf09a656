"""`procure sensitivity`: which numbers decide, and which to find out first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.model import Changes, ModelName, load
from procure.cli.output import progress, show, unwritable
from procure.errors import DataError, Fault


def sensitivity(
    model: ModelName,
    method: Annotated[
        str,
        typer.Option(
            metavar="HOW", help="tornado: one number at a time to its ends; information: what knowing each is worth."
        ),
    ] = "tornado",
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
    cases: Annotated[int, typer.Option(metavar="N", help="Cases that are drawn for information.")] = 128,
    changes: Changes = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep cases in this folder; a run that was stopped goes on from there."),
    ] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes side by side.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the table to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Tell which of the numbers that are not known for sure decide, each within its range in the tables."""
    faults: list[Fault] = unwritable(csv, force, "--csv")
    chosen = load(model, changes, faults, quiet=quiet)
    from procure.explore.sensitivity import sensitivity as find

    with progress(quiet) as told:
        found = find(
            chosen,
            method,
            numbers=number,
            statuses=status,
            most=most,
            cases=cases,
            store=store,
            workers=workers,
            progress=told,
        )
    if csv is not None:
        try:
            found.table.to_csv(csv, index=False, lineterminator="\n")
        except OSError as error:
            seen, rule = (
                f"cannot be written ({error.strerror})",
                "the table is written to a file in a folder that exists",
            )
            raise DataError(Fault(f"--csv {csv}", seen, rule, "choose another")) from None
    if not quiet:
        show(found)
