"""`procure models`: what is bundled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.output import Force, show, unwritable, write_csv
from procure.errors import DataError


def models(
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write them as comma-separated values; - prints them."),
    ] = None,
    force: Force = False,
) -> None:
    """List the bundled models: their years, suppliers and limits."""
    from procure.report.models import frame, listing
    from procure.report.page import Page

    if csv is None:
        show(Page([listing()]))
        return
    if faults := unwritable(csv, force, "--csv"):
        raise DataError(faults)
    write_csv(frame(), csv)
