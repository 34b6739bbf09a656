"""Answers to questions in files: all that they hold, as JSON, and read again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from pandas import DataFrame, Series

from procure.errors import IS_MISSING, UNKNOWN_KEY, DataError, Fault, nearest
from procure.languages import Said
from procure.portfolio.frames import encode_number
from procure.portfolio.read import check_version, read_document
from procure.portfolio.store import write
from procure.words import Shown

#: One more whenever a field or a column of any answer changes. 2: since answers are read again. 3: ranges of stock.
#: 4: what is left out, and why. 5: whether the tree of a doubt about the odds is drawn.
VERSION = 5
_INFINITE = {"inf": math.inf, "-inf": -math.inf}


class Kept(Shown):
    """Base of answers that are dataclasses of texts, numbers and frames; `format` names their kind in a file."""

    format: ClassVar[str]

    def to_json(self, path: str | Path) -> None:
        """Write everything to `path`, at once or not at all; a file of that name is replaced.

        Raises `DataError` where the folder is missing or cannot be written to.
        """
        known = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]  # of those that derive
        write(
            path, {"format": self.format, "version": VERSION, **{name: _plain(value) for name, value in known.items()}}
        )


def _plain(value: Any) -> Any:
    """A value as JSON knows it: frames by column, NaN as null, infinities as text."""
    if isinstance(value, DataFrame):
        return {str(name): [_plain(cell) for cell in column.tolist()] for name, column in value.items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(inner) for inner in value]
    return encode_number(value) if isinstance(value, float) else value


Answer = TypeVar("Answer", bound=Kept)


def read_kept(path: str | Path, kinds: Iterable[type[Answer]]) -> Answer:
    """The answer that `Kept.to_json` wrote.

    Parameters
    ----------
    path : str or Path
    kinds : iterable of types
        What it may be; the file says which it is.

    Raises
    ------
    DataError
        Naming every fault: a file that cannot be read, another kind or version, keys that are missing or unknown, values of another
        kind, frames whose columns are not of one length.
    """
    where, document = str(path), read_document(path)
    by_format = {kind.format: kind for kind in kinds}
    said = document.get("format") if isinstance(document, dict) else None
    if not isinstance(said, str) or said not in by_format:
        rule = Said("the format is one of {names}", "format は次のいずれか: {names}").format(names=", ".join(by_format))
        remedy = (
            nearest(said, by_format)
            if isinstance(said, str)
            else Said("give a file that --json wrote", "--json が書いたファイルを指定する")
        )
        raise DataError(Fault(where, Said("format is {said!r}", "format は {said!r}").format(said=said), rule, remedy))
    check_version(document, VERSION, where)
    kind = by_format[said]
    hints, faults = get_type_hints(kind), list[Fault]()
    own = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # of those that derive
    faults += [
        Fault(
            where,
            UNKNOWN_KEY.format(key=key),
            Said("an answer has no other keys", "回答に他のキーはない"),
            nearest(key, own),
        )
        for key in document
        if key not in (*own, "format", "version")
    ]
    values: dict[str, Any] = {}
    for name, field in own.items():
        if name in document:
            values[name] = _read(document[name], hints[name], f"{where}, {name}", faults)
        elif field.default is MISSING:
            faults.append(
                Fault(
                    where,
                    IS_MISSING.format(key=name),
                    Said("an answer has this key", "回答にはこのキーがある"),
                )
            )
    if faults:
        raise DataError(faults)
    return kind(**values)


def _read(value: Any, hint: Any, where: str, faults: list[Fault]) -> Any:
    """A value of JSON as what it was; where it cannot have been that, it is added to `faults`."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is DataFrame:
        return _frame(value, where, faults)
    if kind is tuple and isinstance(value, list):
        return tuple(_read(cell, inner[0], where, faults) for cell in value)
    if isinstance(kind, type) and issubclass(kind, Mapping) and isinstance(value, dict):
        return {key: _read(cell, inner[1], where, faults) for key, cell in value.items()}
    if kind is float and isinstance(value, str) and value in _INFINITE:
        return _INFINITE[value]
    if kind is float and (value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))):
        return math.nan if value is None else float(value)
    if kind in (str, bool, int) and type(value) is kind:
        return value
    faults.append(
        Fault(
            where,
            Said("value is {said!r}", "値は {said!r}").format(said=str(value)[:40]),
            Said("it is {seen}", "{seen} であること").format(seen=getattr(kind, "__name__", kind)),
        )
    )
    return None


def _frame(document: Any, where: str, faults: list[Fault]) -> DataFrame | None:
    """A frame by its columns: texts where there are any, else numbers, blank ones NaN."""
    if not isinstance(document, dict) or not all(isinstance(cells, list) for cells in document.values()):
        faults.append(
            Fault(
                where,
                Said("it is no object of columns", "列のオブジェクトではない"),
                Said("a frame is one", "表はそうである"),
            )
        )
        return None
    if len(lengths := {len(cells) for cells in document.values()}) > 1:
        seen = Said("columns of {names} rows", "{names} 行の列").format(names=" and ".join(map(str, sorted(lengths))))
        faults.append(Fault(where, seen, Said("columns are of one length", "列の長さは同じ")))
        return None
    columns = {}
    for name, cells in document.items():
        if any(isinstance(cell, (list, dict)) for cell in cells):
            faults.append(
                Fault(
                    f"{where}.{name}",
                    Said("a cell is no text and no number", "文字列でも数値でもないセルがある"),
                    Said("cells are", "セルはそのどちらか"),
                )
            )
            return None
        columns[name] = Series(_column(cells))
    return DataFrame(columns)


def _column(cells: list[Any]) -> list[Any]:
    is_text = any(isinstance(cell, str) and cell not in _INFINITE for cell in cells)
    if is_text or not any(cell is None or isinstance(cell, str) for cell in cells):
        return cells
    return [math.nan if cell is None else _INFINITE[cell] if isinstance(cell, str) else float(cell) for cell in cells]
