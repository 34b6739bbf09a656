"""`procure sources`: every number and where it comes from."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from procure.cli.model import Changes, load
from procure.cli.output import show


def sources(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Only the numbers this model stands on.", show_default=False)
    ] = None,
    changes: Changes = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Keep one status, such as assumed.")] = None,
    table: Annotated[str | None, typer.Option(metavar="NAME", help="Keep one table, such as prices.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values, all columns.")] = False,
) -> None:
    """List every number with its range, its source and how far it can be trusted, in the units of its table."""
    from procure.report.sources import numbers

    frame = numbers(load(model, changes) if model is not None else None, status=status, table=table)
    if csv:
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    from procure.report.sources import listing

    show(listing(frame))
