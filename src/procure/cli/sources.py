"""`procure sources`: every number and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli import complete
from procure.cli.language import in_japanese
from procure.cli.metavars import FILE, NAME, STATUS
from procure.cli.model import Changes, load
from procure.cli.output import Force, show, unwritable, write_csv
from procure.errors import DataError
from procure.languages import Said


@in_japanese("全ての数値を、範囲・出典・どこまで信頼できるかとともに、表の単位で一覧にする。")
def sources(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar=Said("[MODEL]", "[モデル]"),
            help=Said("Only the numbers this model stands on.", "このモデルが使う数値に絞る。"),
            show_default=False,
            autocompletion=complete.models,
        ),
    ] = None,
    changes: Changes = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar=STATUS,
            help=Said("Keep one status, such as assumed.", "根拠で絞る: assumed など。"),
            autocompletion=complete.statuses,
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            metavar=NAME,
            help=Said("Keep one table, such as prices.", "表で絞る: prices など。"),
            autocompletion=complete.tables,
        ),
    ] = None,
    element: Annotated[
        str | None,
        typer.Option(
            metavar=NAME,
            help=Said(
                "Keep what is said of one element, or of a class or control list as such: Dy, medium_heavy.",
                "元素で絞る。区分や規制リストそのものでもよい: Dy、medium_heavy。",
            ),
            autocompletion=complete.elements,
        ),
    ] = None,
    supplier: Annotated[
        str | None,
        typer.Option(
            metavar=NAME,
            help=Said("Keep what is said of one supplier.", "供給元で絞る。"),
            autocompletion=complete.suppliers,
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar=Said("COLUMN", "列"),
            help=Said(
                "Order by a column, such as value or status; -value puts the largest first.",
                "列の順に並べる: value、status など。-value なら大きい順。",
            ),
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar=FILE,
            help=Said(
                "Write all columns, note and year too, as comma-separated values; - prints them.",
                "note と year を含む全列をカンマ区切りで書き出す。- なら画面に出す。",
            ),
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
