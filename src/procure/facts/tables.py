"""One table, from text to checked numbers in the units of the model.

Typing a sheet fills defaults, converts units and rejects what the schema forbids, each fault with its file, row and column; then
names and sums are checked across tables.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from procure.errors import Fault, nearest
from procure.facts.conversion import Units, Written
from procure.facts.schema import Bounds, Column, Reference, Table, schema
from procure.facts.sheet import Row, Sheet
from procure.words import chances

SUM_TOLERANCE = 1e-6
TRUE, FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass
class Typed:
    """A table whose cells have their types and the units of the model, still with the place of every row."""

    columns: dict[str, list[Any]]
    places: list[str]
    written: list[Written]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row by the names of its columns."""
        names = list(self.columns)
        return (dict(zip(names, cells, strict=True)) for cells in zip(*self.columns.values(), strict=True))


def typed_table(table: Table, sheet: Sheet, units: Units, faults: list[Fault]) -> Typed:
    """Check names, types, bounds, ranges and units of a sheet, row by row, and convert it."""
    found = len(faults)
    _check_header(table, sheet, faults)
    if not sheet.rows and not table.may_be_empty and len(faults) == found:
        faults.append(Fault(sheet.label, "no rows", "a table has at least one row", "fill it or delete it"))
    typed = Typed({name: [] for name in table.columns}, sheet.places, [])
    found = len(faults)
    reject = rejecter(faults)
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
        typed.written.append(_convert(table, values, units, place, reject) if good else Written(values["unit"]))
        for name, value in values.items():
            typed.columns[name].append(value)
    if len(faults) == found:
        _check_key(table, typed, reject)
    return typed


Reject = Callable[[str, str, str, str], None]


def rejecter(faults: list[Fault]) -> Reject:
    """A function that notes one fault more: (where, seen, rule, remedy)."""

    def reject(where: str, seen: str, rule: str, remedy: str) -> None:
        faults.append(Fault(where, seen, rule, remedy))

    return reject


def _check_header(table: Table, sheet: Sheet, faults: list[Fault]) -> None:
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
    elif is_outside(number, bounds) and not column.in_unit_of_row:
        reject(where, f"{number:g}", bounds.rule(column.name), "check sign, unit and decimal point")
    else:
        return number, True
    return number, False


def is_outside(number: float, bounds: Bounds) -> bool:
    """Whether a number is beyond its bounds, or none at all."""
    return not bounds.minimum <= number <= bounds.maximum


def _convert(table: Table, values: dict[str, Any], units: Units, place: str, reject: Reject) -> Written:
    """Bring value and its range to the unit of the table, in place; how they were written. Faults speak of what was written."""
    target, written = table.target(values), Written(values["unit"])
    like = [name for name, column in table.columns.items() if column.in_unit_of_row]
    if target is not None and written.unit != target:
        try:
            written = Written(written.unit, units.factor(written.unit, target), units.currency(written.unit))
        except ValueError as error:
            remedy = f"give it in {target}, or in a unit that converts to it"
            reject(f"{place}, column unit", str(error), f"{table.name} is kept in {target}", remedy)
            return written
        values["unit"] = target
    given = {name: values[name] for name in like}
    attribute = values.get("attribute")
    for name in like:
        values[name] *= written.factor
        bounds = table.bounds(table.columns[name], attribute)
        repeated = name != "value" and given[name] == given["value"]
        if not math.isnan(values[name]) and is_outside(values[name], bounds) and not repeated:
            remedy = "check sign, unit and decimal point; for 'no limit' leave out the row"
            rule = bounds.in_unit(written.unit, written.factor).rule(attribute or name)
            reject(f"{place}, column {name}", f"{given[name]:g}", rule, remedy)
    low, value, high = given["low"], given["value"], given["high"]
    if value < low - 1e-12 * abs(low) or value > high + 1e-12 * abs(high):
        rule = "low <= value <= high"
        reject(
            f"{place}, column value", f"{value:g} outside {low:g} to {high:g}", rule, "widen the range or mend value"
        )
    return written


def _check_key(table: Table, typed: Typed, reject: Reject) -> None:
    first: dict[tuple[Any, ...], str] = {}
    for key, place in zip(zip(*(typed.columns[name] for name in table.key), strict=True), typed.places, strict=True):
        if key in first:
            name = ", ".join(text_of(part) for part in key)
            reject(
                place, f"{name} again, after {first[key]}", f"{', '.join(table.key)} name one row", "keep one of them"
            )
        first.setdefault(key, place)


def check_names(tables: Mapping[str, Typed], reject: Reject) -> None:
    """Every element, supplier, state and scope that a row names is defined somewhere."""

    def known(reference: Reference) -> set[tuple[Any, ...]]:
        typed = tables.get(reference.resource)
        return set(zip(*(typed.columns[name] for name in reference.keys), strict=True)) if typed else set()

    def check(
        place: str, column: str, key: tuple[Any, ...], valid: set[tuple[Any, ...]], rule: str, remedy: str = ""
    ) -> None:
        if key not in valid:
            same = [each[-1] for each in valid if each[:-1] == key[:-1]]
            owner = f" of '{key[0]}'" if len(key) > 1 else ""
            where = f"{place}, column {column}"
            reject(where, f"unknown {column} '{key[-1]}'{owner}", rule, remedy or nearest(str(key[-1]), same))

    scopes = _scopes(tables)
    for name, typed in tables.items():
        table = schema()[name]
        for reference in table.foreign:
            valid = known(reference)
            for place, *key in zip(typed.places, *(typed.columns[each] for each in reference.fields), strict=True):
                if any(key):
                    check(place, reference.fields[-1], tuple(key), valid, reference.rule, reference.remedy)
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


def _scopes(tables: Mapping[str, Typed]) -> set[tuple[Any, ...]]:
    scopes = {("all",)}
    if "elements" in tables:
        columns = tables["elements"].columns
        for name in ("element", *(each for each in columns if each.startswith("class_"))):
            scopes |= {(each,) for each in columns[name]}
    return scopes


def check_sums(name: str, columns: Mapping[str, Iterable[Any]], label: str, reject: Reject) -> None:
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
                groups[", ".join(text_of(cells[each][row]) for each in rule["by"])].append(row)
            for group, rows in groups.items():
                total = math.fsum(cells[column][row] for row in rows)
                exact = "equals" in rule
                bound = rule["equals"] if exact else rule["atMost"]
                if total <= bound + SUM_TOLERANCE and not (exact and total < bound - SUM_TOLERANCE):
                    continue
                keys = [each for each in schema()[name].key if each not in (*rule["by"], *rule.get("where", {}))]
                parts = [(" ".join(text_of(cells[each][row]) for each in keys), cells[column][row]) for row in rows]
                remedy = "rescale them, or add the missing outcome" if exact else "rescale them"
                seen = f"{column} of '{group}' sums to {total:.6g}: {chances(parts, most=6)}"
                reject(
                    f"{label}, column {column}", seen, f"the sum {'is' if exact else 'is at most'} {bound:g}", remedy
                )


def text_of(value: Any) -> str:
    """A key as it stands in a path: years without a decimal point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
