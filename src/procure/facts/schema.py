"""The schema of the facts: what `data/datapackage.json` says of every table, in types.

The Frictionless Data Package describes columns, units, bounds, keys and the dotted path of each number; nothing is known of
a table anywhere else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from procure.languages import AND, COMMA, Said
from procure.words import unit_in_words

NO_WORDS = Said("", "")
_WITHIN = Said("{name} ({means}) is a number {limits}", "{name}（{means}）は {limits}の数値")
_ANY = Said("{name} ({means}) is a number", "{name}（{means}）は数値")


@dataclass(frozen=True)
class Bounds:
    """The unit and the bounds of a number, what it means, and, of an attribute, what it is called: braces hold cells of its row."""

    description: str
    unit: str | None
    minimum: float
    maximum: float
    words: Said = NO_WORDS

    def rule(self, name: str) -> Said:
        """The bounds in words, for an error message."""
        unit = [] if self.unit in (None, "1", "") else [unit_in_words(str(self.unit))]
        means = COMMA.join([self.description, *unit])
        low = [Said(f">= {self.minimum:g}", f"{self.minimum:g} 以上")] * math.isfinite(self.minimum)
        high = [Said(f"<= {self.maximum:g}", f"{self.maximum:g} 以下")] * math.isfinite(self.maximum)
        if not low and not high:
            return _ANY.format(name=name, means=means)
        return _WITHIN.format(name=name, means=means, limits=AND.join([*low, *high]))

    def in_unit(self, unit: str, factor: float) -> Bounds:
        """The same bounds in another unit, of which one is `factor` of this one."""
        return replace(self, unit=unit, minimum=self.minimum / factor, maximum=self.maximum / factor)


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

    @property
    def in_unit_of_row(self) -> bool:
        """Whether column `unit` says the unit of the cells; the schema says that of every other column."""
        return self.like_value or self.name == "value"


@dataclass(frozen=True)
class Reference:
    """Columns that name rows of another table."""

    fields: tuple[str, ...]
    resource: str
    keys: tuple[str, ...]
    remedy: str = ""  # where the nearest name is none

    @property
    def rule(self) -> str:
        """Where the names are defined, for an error message."""
        return Said("names are defined in {table}.csv", "名前は {table}.csv で定義する").format(table=self.resource)


@dataclass(frozen=True)
class NameList:
    """A column whose cells list names of another table, in the group that column `owner` gives."""

    reference: Reference
    separator: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Sum:
    """Parts of a whole: over the rows that agree in columns `by`, each of some columns sums to `bound`, or at most to it."""

    columns: tuple[str, ...]
    by: tuple[str, ...]
    where: Mapping[str, Any]  # which rows are parts: column -> cell
    bound: float
    is_exact: bool

    @property
    def rule(self) -> str:
        """What must hold, for an error message."""
        exact, most = (
            Said("the sum is {bound:g}", "合計は {bound:g}"),
            Said("the sum is at most {bound:g}", "合計は {bound:g} 以下"),
        )
        return (exact if self.is_exact else most).format(bound=self.bound)


@dataclass(frozen=True)
class Table:
    """One table: its columns, keys, units and the totals that must hold."""

    name: str
    description: str
    columns: dict[str, Column]
    key: tuple[str, ...]
    foreign: tuple[Reference, ...]
    path: str | None
    words: Said  # what the number of a row is called; braces hold cells of its keys
    unit: str | None  # None: free
    attributes: dict[str, Bounds]
    blank: dict[str, tuple[str, ...]]  # by attribute, the columns that say nothing of it
    sums: tuple[Sum, ...]
    lists: tuple[NameList, ...]
    may_be_empty: bool  # a header without rows is no mistake

    def target(self, row: Mapping[str, Any]) -> str | None:
        """The unit the numbers of a row are converted to; None where units are free."""
        if self.attributes:
            bounds = self.attributes.get(str(row.get("attribute")))
            return bounds.unit if bounds else None
        return None if self.unit is None else self.unit.format_map(row)

    def called(self, row: Mapping[str, Any]) -> Said:
        """What the number of a row is called, with places for cells of its keys."""
        attribute = self.attributes.get(str(row.get("attribute")))
        return self.words if attribute is None else attribute.words

    def bounds(self, column: Column, attribute: str | None) -> Bounds:
        """Unit and bounds of a cell: those of its attribute where the table has attributes."""
        if column.in_unit_of_row:
            return self.attributes.get(attribute or "", self.columns["value"].bounds)
        return column.bounds


def _bounds(entry: Mapping[str, Any]) -> Bounds:
    limits = entry.get("constraints", entry)
    return Bounds(
        description=_described(entry),
        unit=entry.get("unit"),
        minimum=float(limits.get("minimum", -math.inf)),
        maximum=float(limits.get("maximum", math.inf)),
        words=_words(entry.get("words")),
    )


def _described(entry: Mapping[str, Any]) -> Said:
    """What a column or an attribute means; nothing in Japanese where no fault says it."""
    return Said(entry["description"], entry.get("procure:ja", ""))


def _words(entry: Mapping[str, str] | None) -> Said:
    return Said(entry["en"], entry["ja"]) if entry else NO_WORDS


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


def _reference(fields: str | list[str], target: Mapping[str, Any], remedy: str = "") -> Reference:
    def names(columns: str | list[str]) -> tuple[str, ...]:
        return (columns,) if isinstance(columns, str) else tuple(columns)

    return Reference(names(fields), target["resource"], names(target["fields"]), remedy)


def _name_list(entry: Mapping[str, Any]) -> NameList:
    reference = _reference([entry["with"], entry["field"]], entry["reference"])
    return NameList(reference, entry["separator"], tuple(entry["also"]))


def _sum(entry: Mapping[str, Any]) -> Sum:
    is_exact = "equals" in entry
    bound = float(entry["equals" if is_exact else "atMost"])
    return Sum(tuple(entry["columns"]), tuple(entry["by"]), entry.get("where", {}), bound, is_exact)


def _table(entry: Mapping[str, Any]) -> Table:
    schema = entry["schema"]
    return Table(
        name=entry["name"],
        description=entry["description"],
        columns={column["name"]: _column(column) for column in schema["fields"]},
        key=tuple(schema["primaryKey"]),
        foreign=tuple(
            _reference(key["fields"], key["reference"], _words(key.get("procure:remedy")))
            for key in schema.get("foreignKeys", ())
        ),
        path=entry.get("procure:path"),
        words=_words(entry.get("procure:words")),
        unit=entry["procure:unit"],
        attributes={name: _bounds(attribute) for name, attribute in entry.get("procure:attributes", {}).items()},
        blank={
            name: tuple(attribute.get("blank", ())) for name, attribute in entry.get("procure:attributes", {}).items()
        },
        sums=tuple(map(_sum, entry.get("procure:sums", ()))),
        lists=tuple(map(_name_list, entry.get("procure:lists", ()))),
        may_be_empty=bool(entry.get("procure:empty", False)),
    )


def bundled_folder() -> Path:
    """Where the bundled tables and their schema stand."""
    from importlib.resources import files

    return Path(str(files("procure.data")))


@cache
def _package() -> Mapping[str, Any]:
    package: Mapping[str, Any] = json.loads((bundled_folder() / "datapackage.json").read_text(encoding="utf-8"))
    return package


@cache
def schema() -> dict[str, Table]:
    """The tables described by `data/datapackage.json`, by name.

    >>> schema()["offers"].key
    ('supplier', 'element', 'year')
    """
    return {entry["name"]: _table(entry) for entry in _package()["resources"]}


def statuses() -> tuple[str, ...]:
    """How far a number may be trusted, from the firmest to the softest.

    >>> statuses()
    ('sourced', 'derived', 'unverified', 'assumed')
    """
    return schema()["prices"].columns["status"].allowed


def meaning_of(status: str) -> Said:
    """What a status says of a number; nothing for one that is unknown.

    >>> print(meaning_of("sourced"))
    read at the address given
    """
    return _words(_package()["procure:statuses"].get(status))
