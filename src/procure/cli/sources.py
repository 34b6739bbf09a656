"""`procure sources`: every number and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli import complete
from procure.cli.model import Changes, load
from procure.cli.output import Force, show, unwritable, write_csv
from procure.errors import DataError


def sources(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="Only the numbers this model stands on.",
            show_default=False,
            autocompletion=complete.models,
        ),
    ] = None,
    changes: Changes = None,
    status: Annotated[
        str | None,
        typer.Option(metavar="STATUS", help="Keep one status, such as assumed.", autocompletion=complete.statuses),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Keep one table, such as prices.", autocompletion=complete.tables),
    ] = None,
    element: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Keep what is said of one element, or of a class or control list as such: Dy, medium_heavy.",
            autocompletion=complete.elements,
        ),
    ] = None,
    supplier: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Keep what is said of one supplier.", autocompletion=complete.suppliers),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Order by a column, such as value or status; -value puts the largest first."
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Write all columns, note and year too, as comma-separated values; - prints them.",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """List every number with its range, its source and how far it can be trusted, in the units of its table."""
    from procure.report.sources import in_order, numbers

    faults = unwritable(csv, force, "--csv")
    chosen = load(model, changes, faults) if model is not None else None
    if faults:
        raise DataError(faults)
    frame = in_order(numbers(chosen, status=status, table=table, element=element, supplier=supplier), sort)
    if csv is not None:
        write_csv(frame, csv)
        return
    from procure.report.page import Page
    from procure.report.sources import listing

    show(Page([listing(frame)]))
