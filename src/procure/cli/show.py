"""`procure show`: a kept answer again, on the screen or for a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import FILE, FOLDER
from procure.cli.model import AnswerFile
from procure.cli.output import Overwrite, Quiet, unwritable, unwritable_folder
from procure.cli.output import show as show_answer
from procure.errors import DataError
from procure.languages import Said


@in_japanese("保存した回答を再び表示するか、表計算用に書き出す。")
def show(
    answer: AnswerFile,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar=FOLDER,
            help=Said(
                "Write each frame as a CSV file into this folder, and their units.",
                "それぞれの表を CSV ファイルとしてこのフォルダーに、単位とともに書き出す。",
            ),
        ),
    ] = None,
    xlsx: Annotated[
        Path | None,
        typer.Option(
            "--xlsx",
            metavar=FILE,
            help=Said(
                "Write each frame as a sheet of this spreadsheet.",
                "それぞれの表をこの表計算ファイルのシートに書き出す。",
            ),
        ),
    ] = None,
    force: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Print a kept answer again, or write it for a spreadsheet."""
    from procure.report.spreadsheet import csv_files, write_csv, write_xlsx

    faults = unwritable(xlsx, force, "--xlsx")
    if csv is not None:
        faults += unwritable_folder(csv, csv_files(csv), force, "--csv")
    if faults:
        raise DataError(faults)
    from procure.portfolio.read import read_portfolio

    portfolio = read_portfolio(answer)
    if xlsx is not None:
        write_xlsx(portfolio, xlsx.resolve())
    if csv is not None:
        write_csv(portfolio, csv.resolve())
    if not quiet:
        show_answer(portfolio)
