"""`procure models`: what is bundled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import FILE
from procure.cli.output import Force, show, unwritable, write_csv
from procure.errors import DataError
from procure.languages import Said


@in_japanese("同梱のモデルを一覧にする: 対象年、供給元、制約。")
def models(
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar=FILE,
            help=Said(
                "Write them as comma-separated values; - prints them.", "カンマ区切りで書き出す。- なら画面に出す。"
            ),
        ),
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
