"""`procure sources`: every number and where it comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from procure.cli.model import Changes, load
from procure.cli.output import show, unwritable
from procure.errors import DataError


def sources(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Only the numbers this model stands on.", show_default=False)
    ] = None,
    changes: Changes = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Keep one status, such as assumed.")] = None,
    table: Annotated[str | None, typer.Option(metavar="NAME", help="Keep one table, such as prices.")] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Write all columns, note and year too, as comma-separated values; - prints them.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
) -> None:
    """List every number with its range, its source and how far it can be trusted, in the units of its table."""
    from procure.report.sources import numbers

    is_printed = csv is not None and str(csv) == "-"
    faults = [] if is_printed else unwritable(csv, force, "--csv")
    chosen = load(model, changes, faults) if model is not None else None
    if faults:
        raise DataError(faults)
    frame = numbers(chosen, status=status, table=table)
    if csv is not None:
        from procure.portfolio.store import replacing
        from procure.report.spreadsheet import to_csv

        if is_printed:
            to_csv(frame, sys.stdout)
        else:
            with replacing(csv.resolve()) as path:
                to_csv(frame, path)
        return
    from procure.report.page import Page
    from procure.report.sources import listing

    show(Page([listing(frame)]))
