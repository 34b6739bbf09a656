"""An answer for a spreadsheet: each frame as a CSV file or a sheet, with its units, and no text that is run as a formula."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from procure.errors import NOT_INSTALLED, DataError, Fault, of_system
from procure.languages import Said
from procure.portfolio.frames import FRAMES, Kind, unit_of
from procure.portfolio.portfolio import TIE
from procure.portfolio.store import replacing
from procure.words import printable

if TYPE_CHECKING:
    from pandas import DataFrame

    from procure.portfolio.portfolio import Portfolio

_NOT_MADE = Said("cannot be made ({error})", "作れない（{error}）")
_TO_A_FOLDER = Said("frames are written to a folder", "表はフォルダーに書く")
_ANOTHER = Said("choose another", "別のものを選ぶ")
_WRITES = Said("it writes spreadsheets", "表計算ファイルの作成に必要")

#: What spreadsheets take for the beginning of a formula, in either width.
_FORMULA = tuple("=+-@＝＋－＠")
SUMMARY, DESCRIPTION = "summary", "datapackage.json"
_TYPES: Mapping[Kind, str] = {
    "text": "string", "integer": "integer", "year": "integer", "number": "number", "flag": "boolean",
}  # fmt: skip
#: Of a sheet: widest column, in characters.
_WIDEST = 60


def neutral(text: str) -> str:
    """A text in one line that a spreadsheet shows and does not run: an apostrophe stands before what would be a formula.

    >>> neutral("=cmd()"), neutral("-"), neutral("Dy"), neutral(" +1")
    ("'=cmd()", '-', 'Dy', "' +1")
    """
    plain = printable(text)
    return f"'{plain}" if is_formula(plain) else plain


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula; a sign by itself is none."""
    return text.lstrip().startswith(_FORMULA) and len(text.strip()) > 1


def to_csv(frame: DataFrame, file: IO[str] | Path) -> None:
    """Write a frame as CSV, its texts neutral; to a path with the mark by which Excel knows UTF-8."""
    safe = frame.copy()
    for column in safe.columns:
        if safe[column].dtype == object or safe[column].dtype == "str":
            safe[column] = [neutral(cell) if isinstance(cell, str) else cell for cell in safe[column]]
    encoding = "utf-8-sig" if isinstance(file, Path) else "utf-8"
    safe.to_csv(file, index=False, lineterminator="\n", encoding=encoding)


def csv_files(folder: Path) -> list[Path]:
    """What `write_csv` writes."""
    return [folder / f"{name}.csv" for name in (SUMMARY, *FRAMES)] + [folder / DESCRIPTION]


def write_csv(portfolio: Portfolio, folder: str | Path) -> None:
    """Write every frame of a portfolio, and its summary, as a CSV file of its name, and a `datapackage.json` with their units.

    Parameters
    ----------
    portfolio : Portfolio
    folder : str or Path
        It is made where there is none. Files of these names are replaced.

    Raises
    ------
    DataError
        Where the folder cannot be written to.
    """
    folder = Path(folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        seen = _NOT_MADE.format(error=of_system(error))
        raise DataError(Fault(str(folder), seen, _TO_A_FOLDER, _ANOTHER)) from None
    for name, frame in _tables(portfolio):
        with replacing(folder / f"{name}.csv") as path:
            to_csv(frame, path)
    with replacing(folder / DESCRIPTION) as path:
        path.write_text(json.dumps(_description(portfolio), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_xlsx(portfolio: Portfolio, path: str | Path) -> None:
    """Write every frame of a portfolio, and its summary, as a sheet of its name; the last sheet says the unit of every column.

    Parameters
    ----------
    portfolio : Portfolio
    path : str or Path
        A file of that name is replaced.

    Raises
    ------
    DataError
        Where openpyxl, the extra `excel`, is not installed, or the file cannot be written.
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        remedy = "pip install 'procure[excel]'"
        raise DataError(Fault(str(path), NOT_INSTALLED.format(package="openpyxl"), _WRITES, remedy)) from None
    book = Workbook()
    book.remove(book.active)
    for name, frame in _tables(portfolio):
        rows = (
            [_cell(value) for value in row] for row in zip(*(frame[column].tolist() for column in frame), strict=True)
        )
        _fill(book.create_sheet(name), [*map(str, frame.columns)], rows)
    units = [[name, str(column), unit_of(str(column))] for name, frame in _tables(portfolio) for column in frame]
    _fill(book.create_sheet("units"), ["sheet", "column", "unit"], iter(units))
    with replacing(path) as temporary:
        book.save(temporary)


def _fill(sheet: Any, headings: Sequence[str], rows: Iterator[list[Any]]) -> None:
    """A sheet with a first line that stays in sight; texts are texts, whatever they begin with."""
    from openpyxl.styles import Font

    widths = [len(heading) for heading in headings]
    sheet.append(list(headings))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([None if isinstance(value, str) else value for value in row])
        for position, value in enumerate(row):
            if isinstance(value, str):
                cell = sheet.cell(sheet.max_row, position + 1)
                cell.value = value
                if is_formula(value):
                    cell.data_type, cell.quotePrefix = "s", True
            widths[position] = max(widths[position], len(str(value)) if isinstance(value, str) else 11)
    for cell, width in zip(sheet[1], widths, strict=True):
        sheet.column_dimensions[cell.column_letter].width = min(width, _WIDEST) + 2
    sheet.freeze_panes = "A2"


def _cell(value: Any) -> Any:
    """A value as a spreadsheet knows it: what does not exist is blank, what is infinite is a word."""
    from pandas import isna

    if isinstance(value, str):
        return printable(value)
    if isna(value):
        return None
    return value if math.isfinite(value) else str(value)


def _tables(portfolio: Portfolio) -> Iterator[tuple[str, DataFrame]]:
    """The summary and every frame, by name."""
    from pandas import DataFrame

    numbers = [(key, value) for key, value in portfolio.summary.items() if key != TIE]
    yield SUMMARY, DataFrame(numbers, columns=["number", "value"])
    for name in FRAMES:
        yield name, portfolio.frame(name)


def _description(portfolio: Portfolio) -> dict[str, Any]:
    """Of the files, as a Frictionless data package: types, and units where a column has one."""
    resources = []
    for name, frame in _tables(portfolio):
        kinds: Mapping[str, Kind] = FRAMES.get(name, {"number": "text", "value": "number"})
        fields = [
            {"name": column, "type": _TYPES[kinds[column]], **({"unit": unit} if (unit := unit_of(column)) else {})}
            for column in map(str, frame.columns)
        ]
        schema = {"fields": fields, "missingValues": [""]}
        resources.append({
            "name": name.replace("_", "-"), "path": f"{name}.csv", "profile": "tabular-data-resource", "encoding": "utf-8-sig",
            "mediatype": "text/csv", "schema": schema,
        })  # fmt: skip
    return {
        "profile": "tabular-data-package",
        "name": f"{portfolio.name}-answer",
        "title": printable(portfolio.title.get("en") or portfolio.name),
        "resources": resources,
    }
