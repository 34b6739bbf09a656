"""The facts: the tables of data/, read and checked once.

A table is a CSV file, one number per row in column `value`, with its range, source and status beside it.
`data/datapackage.json` (Frictionless Data Package) describes every table: columns, units, bounds, keys and the dotted
path of each number. This module knows no table by heart but one, the exchange rates; it reads the schema and applies
it, to the bundled tables and to a user's own alike. Units are converted here, at the border: inside, mass is in t, time
in yr (episodes in months), prices in USD/kg and money in kUSD.

>>> facts = load_facts()
>>> facts.value("demand.Dy.2024")
500.0
>>> facts.with_value("prices.Dy.spot", 1200).value("prices.Dy.spot")
1200.0
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procure.errors import DataError, Fault, nearest

if TYPE_CHECKING:
    from pandas import DataFrame

Row = dict[str, str]

FILE_LIMIT = 20_000_000  # bytes; a table of facts is far smaller, a bigger file is a mistake
SUM_TOLERANCE = 1e-6
TRUE, FALSE = {"true", "yes", "1"}, {"false", "no", "0"}
# The currencies come from exchange_rates.csv; everything else a table may be written in is here.
UNITS = """
kg = [mass]; g = 0.001 kg; t = 1000 kg; kt = 1000 t; Mt = 1e6 t; lb = 0.45359237 kg; mol = [substance]
yr = [time] = year; month = yr / 12; week = 7 day; day = yr / 365; deg = [angle]
percent = 0.01; thousand = 1e3; million = 1e6; mn = 1e6; billion = 1e9; bn = 1e9; trillion = 1e12
USD = [currency]; kUSD = 1000 USD
"""


# --------------------------------------------------------------------------------------------- the schema, as described


@dataclass(frozen=True)
class Bounds:
    """The unit and the bounds of a number, and what it means."""

    description: str
    unit: str | None
    minimum: float
    maximum: float

    def rule(self, name: str) -> str:
        """The bounds in words, for an error message."""
        unit = f", {self.unit}" if self.unit not in (None, "1", "") else ""
        limits = [f">= {self.minimum:g}"] * math.isfinite(self.minimum)
        limits += [f"<= {self.maximum:g}"] * math.isfinite(self.maximum)
        return f"{name} ({self.description}{unit}) is a number {' and '.join(limits)}".rstrip()


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    kind: str  # string, number, integer, boolean
    bounds: Bounds
    required: bool
    allowed: tuple[str, ...]
    pattern: re.Pattern[str] | None
    default: str | None  # may name other columns: "{value}"
    like_value: bool  # shares unit and bounds of column `value`
    is_scope: bool  # an element, a class, or all

    @property
    def numeric(self) -> bool:
        """Whether the cells are numbers."""
        return self.kind in ("number", "integer")


@dataclass(frozen=True)
class Reference:
    """Columns that name rows of another table."""

    fields: tuple[str, ...]
    resource: str
    keys: tuple[str, ...]

    @property
    def rule(self) -> str:
        """Where the names are defined, for an error message."""
        return f"names are defined in {self.resource}.csv"


@dataclass(frozen=True)
class NameList:
    """A column whose cells list names of another table, in the group that column `owner` gives."""

    reference: Reference
    separator: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table: its columns, keys, units and the totals that must hold."""

    name: str
    description: str
    columns: dict[str, Column]
    key: tuple[str, ...]
    foreign: tuple[Reference, ...]
    path: str | None
    unit: str | None  # None: free
    attributes: dict[str, Bounds]
    sums: tuple[Mapping[str, Any], ...]
    lists: tuple[NameList, ...]

    def target(self, row: Mapping[str, Any]) -> str | None:
        """The unit the numbers of a row are converted to; None where units are free."""
        if self.attributes:
            bounds = self.attributes.get(str(row.get("attribute")))
            return bounds.unit if bounds else None
        return None if self.unit is None else self.unit.format_map(row)

    def bounds(self, column: Column, attribute: str | None) -> Bounds:
        """Unit and bounds of a cell: those of its attribute where the table has attributes."""
        if column.like_value or column.name == "value":
            return self.attributes.get(attribute or "", self.columns["value"].bounds)
        return column.bounds


def _bounds(entry: Mapping[str, Any]) -> Bounds:
    limits = entry.get("constraints", entry)
    return Bounds(
        description=str(entry["description"]),
        unit=entry.get("unit"),
        minimum=float(limits.get("minimum", -math.inf)),
        maximum=float(limits.get("maximum", math.inf)),
    )


def _column(entry: Mapping[str, Any]) -> Column:
    limits = entry.get("constraints", {})
    return Column(
        name=entry["name"],
        kind=entry["type"],
        bounds=_bounds(entry),
        required=bool(limits.get("required", False)),
        allowed=tuple(limits.get("enum", ())),
        pattern=re.compile(limits["pattern"]) if "pattern" in limits else None,
        default=entry.get("procure:default"),
        like_value="procure:like" in entry,
        is_scope=bool(entry.get("procure:scope", False)),
    )


def _reference(fields: str | list[str], target: Mapping[str, Any]) -> Reference:
    def names(each: str | list[str]) -> tuple[str, ...]:
        return (each,) if isinstance(each, str) else tuple(each)

    return Reference(names(fields), target["resource"], names(target["fields"]))


def _name_list(entry: Mapping[str, Any]) -> NameList:
    reference = _reference([entry["with"], entry["field"]], entry["reference"])
    return NameList(reference, entry["separator"], tuple(entry["also"]))


def _table(entry: Mapping[str, Any]) -> Table:
    schema = entry["schema"]
    return Table(
        name=entry["name"],
        description=entry["description"],
        columns={column["name"]: _column(column) for column in schema["fields"]},
        key=tuple(schema["primaryKey"]),
        foreign=tuple(_reference(each["fields"], each["reference"]) for each in schema.get("foreignKeys", ())),
        path=entry.get("procure:path"),
        unit=entry["procure:unit"],
        attributes={name: _bounds(each) for name, each in entry.get("procure:attributes", {}).items()},
        sums=tuple(entry.get("procure:sums", ())),
        lists=tuple(_name_list(each) for each in entry.get("procure:lists", ())),
    )


def _bundled_folder() -> Path:
    from importlib.resources import files

    return Path(str(files("procure.data")))


@cache
def schema() -> dict[str, Table]:
    """The tables described by `data/datapackage.json`, by name.

    >>> schema()["offers"].key
    ('supplier', 'element', 'year')
    """
    package = json.loads((_bundled_folder() / "datapackage.json").read_text(encoding="utf-8"))
    return {entry["name"]: _table(entry) for entry in package["resources"]}


# ------------------------------------------------------------------------------------------------------ reading a sheet


@dataclass(frozen=True)
class _Sheet:
    """The cells of one table as text, with the place of every row for error messages."""

    label: str  # "offers.csv" or "offers"
    header: list[str]
    rows: list[Row]
    places: list[str]  # "offers.csv row 7"


def _read_sheet(path: Path, faults: list[Fault]) -> _Sheet | None:
    """The rows of a CSV file, or None with the faults that keep it from being read."""
    label = path.name

    def fail(seen: str, rule: str, remedy: str) -> None:
        faults.append(Fault(label, seen, rule, remedy))

    if path.resolve().parent != path.parent.resolve() or not path.is_file():
        fail("the file leads out of its folder", "tables lie directly in the folder", "copy the file there")
        return None
    if (size := path.stat().st_size) > FILE_LIMIT:
        fail(f"{size:,} bytes", f"a table has at most {FILE_LIMIT:,} bytes", "keep only the rows of the table")
        return None
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        fail(
            f"byte 0x{raw[error.start]:02x} in row {line} is not UTF-8", "tables are UTF-8 text", "save as 'CSV UTF-8'"
        )
        return None
    if not text.strip():
        fail("the file is empty", "a table has a header and rows", "fill it or delete it")
        return None
    rows: list[Row] = []
    places: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader)]
        for cells in reader:
            place = f"{label} row {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                remedy = "put quotes around text with commas"
                faults.append(Fault(place, f"{len(cells)} cells", f"the header has {len(header)} columns", remedy))
                continue
            rows.append({name: cell.strip() for name, cell in zip(header, cells, strict=True)})
            places.append(place)
    except csv.Error as error:
        fail(f"row {reader.line_num}: {error}", "tables are comma-separated values", "check the quotes of that row")
        return None
    return _Sheet(label, header, rows, places)


def _frame_sheet(name: str, frame: DataFrame) -> _Sheet:
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
    return _Sheet(name, header, rows, [f"{name} row {number}" for number in range(1, len(rows) + 1)])


def _folder_sheets(folder: Path, faults: list[Fault]) -> dict[str, _Sheet]:
    """Every CSV file directly in the folder; a name that is no table is a fault."""
    if not folder.is_dir():
        remedy = "name a folder of CSV tables"
        raise DataError(Fault(str(folder), "no such folder", "facts are read from a folder", remedy))
    sheets: dict[str, _Sheet] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() != ".csv" or path.name.startswith("."):
            continue
        if path.stem not in schema():
            faults.append(Fault(path.name, "no table has this name", _KNOWN_TABLES, nearest(path.stem, schema())))
        elif sheet := _read_sheet(path, faults):
            sheets[path.stem] = sheet
    return sheets


_KNOWN_TABLES = "the file name is the name of a table of datapackage.json"


# ------------------------------------------------------------------------------------------------------- units, by pint


class _Units:
    """Factors between units; pint is asked only where two units differ as written."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        self.rates = dict(rates)  # currency -> units per USD
        self._factors: dict[tuple[str, str], float] = {}

    @cached_property
    def _registry(self) -> Any:
        import pint

        registry = pint.UnitRegistry(None)
        for line in filter(None, (part.strip() for part in re.split(r"[;\n]", UNITS))):
            registry.define(line)
        for currency, rate in self.rates.items():
            registry.define(f"{currency} = {1 / rate!r} USD")
        return registry

    def factor(self, unit: str, target: str) -> float:
        """How many `target` one `unit` is; ValueError in words when it is none."""
        if unit == target:
            return 1.0
        pair = unit, target
        if pair not in self._factors:
            try:
                quantity = self._registry.Quantity(1.0, self._plain(unit))
                self._factors[pair] = float(quantity.to(self._plain(target)).magnitude)
            except Exception as error:  # pint raises many kinds, and whatever its parser meets
                raise ValueError(f"unit '{unit}' does not convert to {target}") from error
        return self._factors[pair]

    def currency(self, unit: str) -> str:
        """The currency of a unit that hangs on an exchange rate, or ''."""
        return next((word for word in re.findall(r"[A-Z]{3}", unit) if word in self.rates), "")

    @staticmethod
    def _plain(unit: str) -> str:
        unit = unit.replace("%", "percent")
        return "dimensionless" if unit in ("1", "-", "") else re.sub(r"\b1/", "1.0/", unit)


# ------------------------------------------------------------------------------------------------------ typing a sheet


@dataclass
class _Typed:
    """A table whose cells have their types and the units of the model, still with the place of every row."""

    columns: dict[str, list[Any]]
    places: list[str]
    currency: list[str]

    def rows(self) -> Iterator[dict[str, Any]]:
        names = list(self.columns)
        return (dict(zip(names, cells, strict=True)) for cells in zip(*self.columns.values(), strict=True))


def _typed(table: Table, sheet: _Sheet, units: _Units, faults: list[Fault]) -> _Typed:
    """Check names, types, bounds, ranges and units of a sheet, row by row, and convert it."""
    _check_header(table, sheet, faults)
    found = len(faults)
    if not sheet.rows and not faults:
        faults.append(Fault(sheet.label, "no rows", "a table has at least one row", "fill it or delete it"))
    typed = _Typed({name: [] for name in table.columns}, sheet.places, [])
    reject = _rejecter(faults)
    for row, place in zip(sheet.rows, sheet.places, strict=True):
        cells = _filled(table, row)
        attribute = cells.get("attribute")
        good = True
        values: dict[str, Any] = {}
        for name, column in table.columns.items():
            if column.like_value and not row.get(name, ""):
                values[name] = values["value"]  # it repeats the value, whose faults are told once
                continue
            values[name], ok = _cell(table, column, cells[name], attribute, f"{place}, column {name}", reject)
            good &= ok
        typed.currency.append("")
        if good:
            typed.currency[-1] = _convert(table, values, units, place, reject)
        for name, value in values.items():
            typed.columns[name].append(value)
    if len(faults) == found:
        _check_key(table, typed, reject)
    return typed


Reject = Callable[[str, str, str, str], None]


def _rejecter(faults: list[Fault]) -> Reject:
    def reject(where: str, seen: str, rule: str, remedy: str) -> None:
        faults.append(Fault(where, seen, rule, remedy))

    return reject


def _check_header(table: Table, sheet: _Sheet, faults: list[Fault]) -> None:
    rule = f"the columns of {table.name} are those of datapackage.json"
    for name, count in Counter(sheet.header).items():
        if name not in table.columns:
            remedy = "separate the cells by commas" if ";" in name or "\t" in name else nearest(name, table.columns)
            faults.append(Fault(sheet.label, f"unknown column '{name}'", rule, remedy))
        elif count > 1:
            faults.append(Fault(sheet.label, f"column '{name}' stands {count} times", rule, "keep one of them"))
    for column in table.columns.values():
        if column.required and column.name not in sheet.header:
            seen = f"no column '{column.name}'"
            remedy = f"add it: {column.bounds.description.lower()}"
            faults.append(Fault(sheet.label, seen, f"{table.name} needs it", remedy))


def _filled(table: Table, row: Row) -> Row:
    """The row with absent and blank cells at their defaults; a default may repeat another cell."""
    cells = {name: row.get(name, "") for name in table.columns}
    for name, column in table.columns.items():
        if not cells[name] and column.default is not None:
            cells[name] = column.default.format_map(cells)
    if not cells["unit"]:
        cells["unit"] = table.target(cells) or ""
    return cells


def _cell(
    table: Table, column: Column, text: str, attribute: str | None, where: str, reject: Reject
) -> tuple[Any, bool]:
    """One cell as its type, and whether it is sound; bounds of numbers wait for the conversion of units."""
    if column.kind == "boolean":
        if text.lower() not in TRUE | FALSE:
            reject(where, f"'{text}'", f"{column.name} is true or false", "write true or false")
        return text.lower() in TRUE, text.lower() in TRUE | FALSE
    if not text:
        if column.required:
            reject(where, "a blank", f"{table.name} needs {column.name}", "fill the cell or drop the row")
        return (math.nan if column.numeric else ""), not column.required
    if column.numeric:
        return _number(table, column, text, attribute, where, reject)
    if column.allowed and text not in column.allowed:
        reject(
            where, f"'{text}'", f"{column.name} is one of {', '.join(column.allowed)}", nearest(text, column.allowed)
        )
        return text, False
    if column.pattern and not column.pattern.search(text):
        remedy = "use letters, digits and underscores" if "A-Za-z" in column.pattern.pattern else "mend the cell"
        reject(where, f"'{text}'", f"{column.name} matches {column.pattern.pattern}", remedy)
        return text, False
    return text, True


def _number(
    table: Table, column: Column, text: str, attribute: str | None, where: str, reject: Reject
) -> tuple[float, bool]:
    bounds = table.bounds(column, attribute)
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if math.isnan(number):
        remedy = "write plain digits, without separators or units" if re.search(r"\d", text) else "fill in a number"
        reject(where, f"'{text}' is not a number", bounds.rule(column.name), remedy)
    elif math.isinf(number):
        reject(where, f"'{text}' is infinite", bounds.rule(column.name), "leave out the row if there is no limit")
    elif column.kind == "integer" and not number.is_integer():
        reject(where, f"{text} is not a whole number", bounds.rule(column.name), "round it")
    elif _is_outside(number, bounds) and not (column.like_value or column.name == "value"):
        reject(where, f"{number:g}", bounds.rule(column.name), "check sign, unit and decimal point")
    else:
        return number, True
    return number, False


def _is_outside(number: float, bounds: Bounds) -> bool:
    return not bounds.minimum <= number <= bounds.maximum


def _convert(table: Table, values: dict[str, Any], units: _Units, place: str, reject: Reject) -> str:
    """Bring value and its range to the unit of the table, in place; the currency converted from, if any."""
    target = table.target(values)
    like = [name for name, column in table.columns.items() if column.like_value or name == "value"]
    stated = values["unit"]
    currency = ""
    if target is not None and stated != target:
        try:
            factor = units.factor(stated, target)
        except ValueError as error:
            remedy = f"give it in {target}, or in a unit that converts to it"
            reject(f"{place}, column unit", str(error), f"{table.name} is kept in {target}", remedy)
            return ""
        for name in like:
            values[name] *= factor
        values["unit"], currency = target, units.currency(stated)
    attribute = values.get("attribute")
    for name in like:
        bounds = table.bounds(table.columns[name], attribute)
        repeated = name != "value" and values[name] == values["value"]
        if not math.isnan(values[name]) and _is_outside(values[name], bounds) and not repeated:
            remedy = "check sign, unit and decimal point; for 'no limit' leave out the row"
            reject(f"{place}, column {name}", f"{values[name]:g}", bounds.rule(attribute or name), remedy)
    low, value, high = values["low"], values["value"], values["high"]
    if value < low - 1e-12 * abs(low) or value > high + 1e-12 * abs(high):
        rule = "low <= value <= high"
        reject(
            f"{place}, column value", f"{value:g} outside {low:g} to {high:g}", rule, "widen the range or mend value"
        )
    return currency


def _check_key(table: Table, typed: _Typed, reject: Reject) -> None:
    first: dict[tuple[Any, ...], str] = {}
    for key, place in zip(zip(*(typed.columns[name] for name in table.key), strict=True), typed.places, strict=True):
        if key in first:
            name = ", ".join(_text(part) for part in key)
            reject(
                place, f"{name} again, after {first[key]}", f"{', '.join(table.key)} name one row", "keep one of them"
            )
        first.setdefault(key, place)


# ------------------------------------------------------------------------------------------------- checks across tables


def _check_names(tables: Mapping[str, _Typed], reject: Reject) -> None:
    """Every element, supplier, state and scope that a row names is defined somewhere."""

    def known(reference: Reference) -> set[tuple[Any, ...]]:
        typed = tables.get(reference.resource)
        return set(zip(*(typed.columns[name] for name in reference.keys), strict=True)) if typed else set()

    def check(place: str, column: str, key: tuple[Any, ...], valid: set[tuple[Any, ...]], rule: str) -> None:
        if key not in valid:
            same = [each[-1] for each in valid if each[:-1] == key[:-1]]
            owner = f" of '{key[0]}'" if len(key) > 1 else ""
            where = f"{place}, column {column}"
            reject(where, f"unknown {column} '{key[-1]}'{owner}", rule, nearest(str(key[-1]), same))

    scopes = _scopes(tables)
    for name, typed in tables.items():
        table = schema()[name]
        for reference in table.foreign:
            valid = known(reference)
            for place, *key in zip(typed.places, *(typed.columns[each] for each in reference.fields), strict=True):
                if any(key):
                    check(place, reference.fields[-1], tuple(key), valid, reference.rule)
        for column in (each.name for each in table.columns.values() if each.is_scope):
            for place, scope in zip(typed.places, typed.columns[column], strict=True):
                check(place, column, (scope,), scopes, "a scope is an element, a class of elements.csv, or all")
        for entry in table.lists:
            owner, column = entry.reference.fields
            valid = known(entry.reference)
            for place, key, names in zip(typed.places, typed.columns[owner], typed.columns[column], strict=True):
                for each in map(str.strip, names.split(entry.separator)):
                    if each not in entry.also:
                        check(place, column, (key, each), valid, entry.reference.rule)


def _scopes(tables: Mapping[str, _Typed]) -> set[tuple[Any, ...]]:
    scopes = {("all",)}
    if "elements" in tables:
        columns = tables["elements"].columns
        for name in ("element", *(each for each in columns if each.startswith("class_"))):
            scopes |= {(each,) for each in columns[name]}
    return scopes


def _check_sums(name: str, columns: Mapping[str, Iterable[Any]], label: str, reject: Reject) -> None:
    """Chances of one thing sum to one; the shares of a basket to at most one."""
    cells = {each: list(column) for each, column in columns.items()}
    for rule in schema()[name].sums:
        chosen = [
            row
            for row in range(len(cells["value"]))
            if all(cells[column][row] == value for column, value in rule.get("where", {}).items())
        ]
        for column in rule["columns"]:
            groups: dict[str, list[int]] = defaultdict(list)
            for row in chosen:
                groups[", ".join(_text(cells[each][row]) for each in rule["by"])].append(row)
            for group, rows in groups.items():
                total = math.fsum(cells[column][row] for row in rows)
                exact = "equals" in rule
                bound = rule["equals"] if exact else rule["atMost"]
                if total <= bound + SUM_TOLERANCE and not (exact and total < bound - SUM_TOLERANCE):
                    continue
                keys = [each for each in schema()[name].key if each not in (*rule["by"], *rule.get("where", {}))]
                parts = ", ".join(
                    f"{' '.join(_text(cells[each][row]) for each in keys)} {cells[column][row]:g}" for row in rows[:6]
                )
                remedy = "rescale them, or add the missing outcome" if exact else "rescale them"
                seen = f"{column} of '{group}' sums to {total:.6g}: {parts}{', …' if len(rows) > 6 else ''}"
                reject(
                    f"{label}, column {column}", seen, f"the sum {'is' if exact else 'is at most'} {bound:g}", remedy
                )


def _text(value: Any) -> str:
    """A key as it stands in a path: years without a decimal point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


# ------------------------------------------------------------------------------------------------------------ the facts


@dataclass(frozen=True, eq=False)
class Facts:
    """All tables, checked, in the units of the model; `tables` maps a name to its DataFrame.

    Numbers have dotted paths, listed by `paths`. Parts of a path may be left out where no doubt remains: a scope that is
    `all`, and the year where there is only one. A further number of the same row is reached by the name of its column.

    >>> facts = load_facts()
    >>> facts.value("suppliers.china.depth.medium_heavy.ban"), facts.value("demand.Dy.2030.growth_high")
    (0.95, 0.13)
    >>> facts.value("suppliers.china.call_share") == facts.value("suppliers.china.call_share.all.2026")
    True
    """

    tables: dict[str, DataFrame]
    _currency: Mapping[str, Mapping[int, str]] = field(default_factory=dict, repr=False)
    _memo: dict[str, Any] = field(default_factory=dict, repr=False)  # paths; the same for every changed copy

    def __repr__(self) -> str:
        """Say how many tables and numbers there are."""
        rows = sum(len(frame) for frame in self.tables.values())
        return f"Facts({sum(len(frame) > 0 for frame in self.tables.values())} tables, {rows} numbers)"

    @staticmethod
    def from_frames(frames: Mapping[str, DataFrame], extend: bool = False) -> Facts:
        """Facts from DataFrames of one's own: same schema, same checks, same defaults as a folder of files.

        >>> import pandas
        >>> mine = Facts.from_frames({"elements": pandas.DataFrame({"element": ["Cu"]}),
        ...                           "demand": pandas.DataFrame({"element": "Cu", "year": [2027], "value": [900.0]})})
        >>> mine.value("demand.Cu.2027")
        900.0
        """
        faults = [
            Fault(
                str(name),
                "no table has this name",
                "tables are those of datapackage.json",
                nearest(str(name), schema()),
            )
            for name in frames
            if name not in schema()
        ]
        sheets = {name: _frame_sheet(name, frame) for name, frame in frames.items() if name in schema()}
        return _assemble(sheets, faults, extend=extend)

    # -- numbers by path

    def paths(self) -> dict[str, tuple[str, int]]:
        """The dotted path of every number: path -> (table, position of its row)."""
        return dict(self._index)

    @property
    def _index(self) -> dict[str, tuple[str, int]]:
        if "index" not in self._memo:
            self._memo["index"], self._memo["short"] = _paths(self.tables)
        index: dict[str, tuple[str, int]] = self._memo["index"]
        return index

    def resolve(self, path: str) -> str:
        """The full path a short one stands for; DataError when it names no number, or several.

        >>> load_facts().resolve("suppliers.caremag.commitments.Dy")
        'suppliers.caremag.commitments.Dy.2027'
        """
        if path in self._index:
            return path
        meant: list[str] = self._memo["short"].get(path, [])
        if len(meant) == 1:
            return meant[0]
        stem, _, column = path.rpartition(".")
        if not meant and (stem in self._index or len(self._memo["short"].get(stem, ())) == 1):
            table = schema()[self._index[self.resolve(stem)][0]]
            if column in table.columns and table.columns[column].numeric and column not in table.key:
                return f"{self.resolve(stem)}.{column}"
        rule = "a path names one number of the facts"
        if meant:
            raise DataError(Fault(path, f"names {len(meant)} numbers", rule, f"write one of {', '.join(meant[:6])}"))
        raise DataError(Fault(path, "no number has this path", rule, nearest(path, self._near(path))))

    def _near(self, path: str) -> list[str]:
        """The paths that begin like this one, as far as they do: the nearest is among them."""
        parts = path.split(".")
        for length in range(len(parts), -1, -1):
            begin = [each for each in self._index if each.split(".")[:length] == parts[:length]]
            if begin:
                return begin
        return []

    def _locate(self, path: str) -> tuple[str, int, str]:
        full = self.resolve(path)
        if full in self._index:
            return *self._index[full], "value"
        stem, _, column = full.rpartition(".")
        return *self._index[stem], column

    def value(self, path: str) -> float:
        """The number at a dotted path, in the unit of the model."""
        table, position, column = self._locate(path)
        return float(self.tables[table][column].iloc[position])

    def with_value(self, path: str, value: float) -> Facts:
        """A copy with one number changed, within the bounds of the schema; its stated range stays as it is."""
        return self.with_values({path: value})

    def with_values(self, values: Mapping[str, float]) -> Facts:
        """A copy with several numbers changed at once: chances that must sum to one are changed together.

        >>> changed = load_facts().with_values({"demand_levels.low": 0.3, "demand_levels.high": 0.2})
        >>> round(changed.value("demand_levels.low"), 3)
        0.3
        """
        faults: list[Fault] = []
        reject = _rejecter(faults)
        found: dict[tuple[str, int, str], float] = {}
        for path, value in values.items():
            try:
                place = self._locate(path)
            except DataError as error:
                faults += error.faults
                continue
            bounds = self._bounds(place)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                reject(path, f"{value!r} is not a finite number", bounds.rule(path), "give a number")
            elif _is_outside(float(value), bounds):
                reject(path, f"{value:g}", bounds.rule(path), "check sign, unit and decimal point")
            else:
                found[place] = float(value)
        tables = dict(self.tables)
        for name in {place[0] for place in found}:
            tables[name] = tables[name].copy()
        self._revalue(tables, {key: each for key, each in found.items() if key[0] == "exchange_rates"})
        for (name, position, column), value in found.items():
            tables[name].iat[position, list(tables[name].columns).index(column)] = value
        for name in {place[0] for place in found}:
            _check_sums(name, {each: tables[name][each] for each in schema()[name].columns}, name, reject)
        if faults:
            raise DataError(faults)
        return Facts(tables, self._currency, self._memo)

    def _bounds(self, place: tuple[str, int, str]) -> Bounds:
        name, position, column = place
        table = schema()[name]
        attribute = str(self.tables[name]["attribute"].iloc[position]) if table.attributes else None
        return table.bounds(table.columns[column], attribute)

    def _revalue(self, tables: dict[str, DataFrame], rates: Mapping[tuple[str, int, str], float]) -> None:
        """Move what was converted from a currency along with a changed exchange rate."""
        for (name, position, column), rate in rates.items():
            currency, old = (self.tables[name][each].iloc[position] for each in ("currency", "value"))
            if column != "value":
                continue
            for other, rows in self._currency.items():
                moved = [row for row, each in rows.items() if each == currency]
                if moved:
                    like = [each.name for each in schema()[other].columns.values() if each.like_value] + ["value"]
                    where = [tables[other].columns.get_loc(each) for each in like]
                    tables[other] = tables[other].copy()
                    tables[other].iloc[moved, where] *= old / rate  # type: ignore[index]

    # -- where the numbers come from

    def sources(self, status: str | None = None) -> DataFrame:
        """Every number with its range, source and status; `status` keeps one of sourced, unverified, derived, assumed.

        >>> sorted(load_facts().sources("assumed")["status"].unique())
        ['assumed']
        """
        import pandas as pd

        allowed = schema()["prices"].columns["status"].allowed
        if status is not None and status not in allowed:
            rule = f"a status is one of {', '.join(allowed)}"
            raise DataError(Fault("status", f"'{status}'", rule, nearest(status, allowed)))
        path = {place: path for path, place in self._index.items()}
        columns = ["value", "unit", "low", "high", "source", "address", "status", "confidence"]
        parts = []
        for name, frame in self.tables.items():
            keys = frame[list(schema()[name].key)].itertuples(index=False, name=None)
            spelled = [path.get((name, row), ".".join([name, *map(_text, key)])) for row, key in enumerate(keys)]
            part = frame[columns].copy()
            part.insert(0, "key", spelled)
            part.insert(0, "table", name)
            parts.append(part[part["status"] == status] if status else part)
        return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _paths(tables: Mapping[str, DataFrame]) -> tuple[dict[str, tuple[str, int]], dict[str, list[str]]]:
    """Every full path, and every short form with the full paths it may stand for."""
    index: dict[str, tuple[str, int]] = {}
    short: dict[str, list[str]] = defaultdict(list)
    for name, frame in tables.items():
        table = schema()[name]
        if table.path is None:
            continue
        template = table.path.split(".")
        keys = list(table.key)
        for position, cells in enumerate(frame[keys].itertuples(index=False, name=None)):
            row = dict(zip(keys, map(_text, cells), strict=True))
            parts = [(part, part.format_map(row)) for part in template]
            parts = [(part, text) for part, text in parts if text]
            full = ".".join(text for _, text in parts)
            index[full] = name, position
            optional = [
                number
                for number, (part, text) in enumerate(parts)
                if part == "{year}" or (part == "{scope}" and text == "all")
            ]
            for count in range(1, len(optional) + 1):
                for left_out in itertools.combinations(optional, count):
                    kept = (text for number, (_, text) in enumerate(parts) if number not in left_out)
                    short[".".join(kept)].append(full)
    return index, dict(short)


# -------------------------------------------------------------------------------------------------------------- loading


def _assemble(sheets: Mapping[str, _Sheet], faults: list[Fault], *, extend: bool) -> Facts:
    """Typed, merged with the bundled tables where asked, checked across tables, as DataFrames."""
    base = _bundled() if extend else {}
    rates = _rates(base.get("exchange_rates"))
    tables = dict(base)
    if "exchange_rates" in sheets:  # first, since it defines the currencies of all others
        own = _typed(schema()["exchange_rates"], sheets["exchange_rates"], _Units({}), faults)
        tables["exchange_rates"] = _merged("exchange_rates", base.get("exchange_rates"), own)
        rates |= _rates(own)
    units = _Units(rates)
    for name, sheet in sheets.items():
        if name != "exchange_rates":
            tables[name] = _merged(name, base.get(name), _typed(schema()[name], sheet, units, faults))
    if not faults:  # names and sums mean little while cells are unsound
        reject = _rejecter(faults)
        _check_names(tables, reject)
        for name, typed in tables.items():
            _check_sums(name, typed.columns, sheets[name].label if name in sheets else name, reject)
    if faults:
        raise DataError(faults)
    return _facts(tables)


def _rates(typed: _Typed | None) -> dict[str, float]:
    if typed is None:
        return {}
    pairs = zip(typed.columns["currency"], typed.columns["value"], strict=True)
    return {code: rate for code, rate in pairs if rate > 0}


def _merged(name: str, base: _Typed | None, own: _Typed) -> _Typed:
    """The bundled rows with those of the same key replaced, then the new ones."""
    if base is None:
        return own
    key = schema()[name].key
    order: dict[tuple[Any, ...], tuple[_Typed, int]] = {}
    for typed in (base, own):
        for row, cells in enumerate(zip(*(typed.columns[each] for each in key), strict=True)):
            order[cells] = typed, row
    chosen = list(order.values())
    return _Typed(
        {each: [typed.columns[each][row] for typed, row in chosen] for each in base.columns},
        [typed.places[row] for typed, row in chosen],
        [typed.currency[row] for typed, row in chosen],
    )


def _facts(tables: Mapping[str, _Typed]) -> Facts:
    import pandas as pd

    frames: dict[str, DataFrame] = {}
    currency: dict[str, dict[int, str]] = {}
    for name, table in schema().items():
        typed = tables.get(name)
        data = {}
        for column in table.columns.values():
            cells = typed.columns[column.name] if typed else []
            kind = {"number": "float64", "boolean": "bool", "string": "object"}.get(column.kind)
            if kind is None:
                whole = column.required or column.default is not None
                cells = cells if whole else [None if math.isnan(each) else int(each) for each in cells]
                kind = "int64" if whole else "Int64"
            data[column.name] = pd.Series(cells, dtype=kind)
        frames[name] = pd.DataFrame(data)
        if typed and any(typed.currency):
            currency[name] = {row: each for row, each in enumerate(typed.currency) if each}
    return Facts(frames, currency)


@cache
def _bundled() -> dict[str, _Typed]:
    """The bundled tables, typed and checked once per process."""
    faults: list[Fault] = []
    sheets = _folder_sheets(_bundled_folder(), faults)
    rates = _typed(schema()["exchange_rates"], sheets["exchange_rates"], _Units({}), faults)
    units = _Units(_rates(rates))
    tables = {
        name: rates if name == "exchange_rates" else _typed(schema()[name], sheets[name], units, faults)
        for name in schema()
        if name in sheets
    }
    if faults:
        raise DataError(faults)
    return tables


def load_facts(folder: str | Path | None = None, *, extend: bool = True) -> Facts:
    """The bundled facts, or those of a folder of CSV tables.

    Parameters
    ----------
    folder : str or Path, optional
        Holds any of the tables of `data/datapackage.json`, each as `<name>.csv`, UTF-8, directly in it. Only columns
        that the schema marks as required must be there. A blank or absent cell takes the default of the schema: `low`
        and `high` repeat `value`, `unit` is that of the table, `source` is "user" and `status` "assumed".
    extend : bool
        True: the bundled tables with rows of the same key replaced and others added. False: the folder alone; a table
        that is not in it is empty.

    Raises
    ------
    DataError
        With every fault found: file, row, column, what was seen, the rule and a remedy.

    >>> load_facts().tables["offers"].query("supplier == 'caremag' and element == 'Dy'")["value"].item()
    250.0
    """
    faults: list[Fault] = []
    sheets = _folder_sheets(Path(folder), faults) if folder is not None else {}
    return _assemble(sheets, faults, extend=extend or folder is None)
