"""The cells of a table as they were handed in: a CSV file or a DataFrame, all text, with the place of every row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procure.errors import BYTES, DataError, Fault, nearest
from procure.facts.schema import schema
from procure.languages import Said

if TYPE_CHECKING:
    from pandas import DataFrame

Cells = dict[str, str]

_ROW = Said("{table} row {row}", "{table} {row} 行目")

FILE_LIMIT = 20_000_000  # bytes; a table of facts is far smaller, a bigger file is a mistake


@dataclass(frozen=True)
class Sheet:
    """The cells of one table as text, with the place of every row for error messages."""

    label: str  # "offers.csv" or "offers"
    header: list[str]
    rows: list[Cells]
    places: list[str]  # "offers.csv row 7"


def read_sheet(path: Path, faults: list[Fault]) -> Sheet | None:
    """The rows of a CSV file, or None with the faults that keep it from being read."""
    label = path.name

    def fail(seen: str, rule: str, remedy: str) -> None:
        faults.append(Fault(label, seen, rule, remedy))

    if path.resolve().parent != path.parent.resolve() or not path.is_file():
        fail(
            Said("the file leads out of its folder", "ファイルがフォルダーの外にある"),
            Said("tables lie directly in the folder", "表はフォルダーの直下に置く"),
            Said("copy the file there", "ファイルをそこへ写す"),
        )
        return None
    if (size := path.stat().st_size) > FILE_LIMIT:
        fail(
            BYTES.format(size=size),
            Said("a table has at most {most:,} bytes", "表は {most:,} バイトまで").format(most=FILE_LIMIT),
            Said("keep only the rows of the table", "表の行だけを残す"),
        )
        return None
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        fail(
            Said("byte {byte} in row {line} is not UTF-8", "{line} 行目のバイト {byte} は UTF-8 ではない").format(
                byte=f"0x{raw[error.start]:02x}", line=line
            ),
            Said("tables are UTF-8 text", "表は UTF-8 の文字列"),
            Said("save as 'CSV UTF-8'", "「CSV UTF-8」で保存する"),
        )
        return None
    if not text.strip():
        fail(
            Said("the file is empty", "ファイルが空"),
            Said("a table has a header and rows", "表には見出しと行がある"),
            Said("fill it or delete it", "埋めるか削除する"),
        )
        return None
    rows: list[Cells] = []
    places: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader)]
        for cells in reader:
            place = _ROW.format(table=label, row=reader.line_num)
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                remedy = Said("put quotes around text with commas", "コンマを含む文字列は引用符で囲む")
                faults.append(
                    Fault(
                        place,
                        Said("{count} cells", "セルが {count} 個").format(count=len(cells)),
                        Said("the header has {count} columns", "見出しは {count} 列").format(count=len(header)),
                        remedy,
                    )
                )
                continue
            rows.append({name: cell.strip() for name, cell in zip(header, cells, strict=True)})
            places.append(place)
    except csv.Error as error:
        fail(
            Said("row {row}: {error}", "{row} 行目: {error}").format(row=reader.line_num, error=str(error)),
            Said("tables are comma-separated values", "表はコンマ区切りの値"),
            Said("check the quotes of that row", "その行の引用符を確かめる"),
        )
        return None
    return Sheet(label, header, rows, places)


def frame_sheet(name: str, frame: DataFrame) -> Sheet:
    """A user's DataFrame as cells of text, so that it passes the very same checks as a file."""
    import pandas as pd

    header = [str(column) for column in frame.columns]

    def text(cell: Any) -> str:
        if pd.isna(cell):
            return ""
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        return str(cell).strip()

    rows = [dict(zip(header, map(text, cells), strict=True)) for cells in frame.itertuples(index=False, name=None)]
    return Sheet(name, header, rows, [_ROW.format(table=name, row=number) for number in range(1, len(rows) + 1)])


def folder_sheets(folder: Path, faults: list[Fault]) -> dict[str, Sheet | None]:
    """Every CSV file directly in the folder by its name, None where it cannot be read; a name that is no table is a fault."""
    if not folder.is_dir():
        remedy = Said("name a folder of CSV tables", "CSV の表のフォルダーを指定する")
        raise DataError(
            Fault(
                str(folder),
                Said("no such folder", "そのフォルダーはない"),
                Said("facts are read from a folder", "データはフォルダーから読む"),
                remedy,
            )
        )
    sheets: dict[str, Sheet | None] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() != ".csv" or path.name.startswith("."):
            continue
        if path.stem not in schema():
            faults.append(
                Fault(
                    path.name,
                    Said("no table has this name", "この名前の表はない"),
                    _KNOWN_TABLES,
                    nearest(path.stem, schema()),
                )
            )
            sheets[path.stem] = None
        else:
            sheets[path.stem] = read_sheet(path, faults)
    return sheets


_KNOWN_TABLES = Said(
    "the file name is the name of a table of datapackage.json", "ファイル名は datapackage.json の表の名前"
)
