"""One table, from text to checked numbers in the units of the model.

Typing a sheet fills defaults, converts units and rejects what the schema forbids, each fault with its file, row and column.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from procure.errors import KEEP_ONE, Fault, nearest
from procure.facts.conversion import Units, Written
from procure.facts.schema import Bounds, Column, Table
from procure.facts.sheet import Cells, Sheet
from procure.languages import COMMA, Said, in_language
from procure.words import FULL_WIDTH, half_width

#: Where a cell is.
AT_COLUMN = Said("{place}, column {column}", "{place}、列 {column}")
TRUE, FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass
class Typed:
    """A table whose cells have their types and the units of the model, still with the place of every row."""

    columns: dict[str, list[Any]]
    places: list[str]
    written: list[Written]
    unsound: set[int] = field(default_factory=set)  # rows in which something is wrong: no more is said of them

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row by the names of its columns."""
        names = list(self.columns)
        return (dict(zip(names, cells, strict=True)) for cells in zip(*self.columns.values(), strict=True))


def typed_table(table: Table, sheet: Sheet, units: Units, faults: list[Fault]) -> Typed:
    """Check names, types, bounds, ranges and units of a sheet, row by row, and convert it."""
    before = len(faults)
    _check_header(table, sheet, faults)
    if not sheet.rows and not table.may_be_empty and len(faults) == before:
        faults.append(
            Fault(
                sheet.label,
                Said("no rows", "行がない"),
                Said("a table has at least one row", "表には少なくとも一行ある"),
                Said("fill it or delete it", "埋めるか削除する"),
            )
        )
    typed = Typed({name: [] for name in table.columns}, sheet.places, [])
    reject = rejecter(faults)
    for number, (row, place) in enumerate(zip(sheet.rows, sheet.places, strict=True)):
        before = len(faults)
        cells = _filled(table, row)
        attribute = cells.get("attribute")
        is_sound = True
        values: dict[str, Any] = {}
        for name, column in table.columns.items():
            if column.required and name not in sheet.header:  # told once, of the header
                values[name], is_sound = (math.nan if column.numeric else ""), False
                typed.unsound.add(number)
                continue
            if column.like_value and not row.get(name, ""):
                values[name] = values["value"]  # it repeats the value, whose faults are told once
                continue
            values[name], is_sound_cell = _cell(
                table, column, cells[name], attribute, AT_COLUMN.format(place=place, column=name), reject
            )
            is_sound &= is_sound_cell
        for name in table.blank.get(attribute or "", ()):
            if cells[name]:
                rule = Said(
                    "{name} is blank where the attribute is {attribute}", "属性が {attribute} の行では {name} は空欄"
                ).format(name=name, attribute=attribute)
                reject(
                    AT_COLUMN.format(place=place, column=name),
                    f"'{cells[name]}'",
                    rule,
                    Said("clear the cell, or drop the row", "セルを空にするか、行を削る"),
                )
        typed.written.append(_convert(table, values, units, place, reject) if is_sound else Written(values["unit"]))
        for name, value in values.items():
            typed.columns[name].append(value)
        if len(faults) > before:
            typed.unsound.add(number)
    _check_key(table, typed, reject)
    return typed


Reject = Callable[[str, str, str, str], None]


def rejecter(faults: list[Fault]) -> Reject:
    """A function that notes one fault more: (where, seen, rule, remedy)."""

    def reject(where: str, seen: str, rule: str, remedy: str) -> None:
        faults.append(Fault(where, seen, rule, remedy))

    return reject


def _check_header(table: Table, sheet: Sheet, faults: list[Fault]) -> None:
    """The columns are those of the schema, each once, and none is missing that is needed."""
    rule = Said(
        "the columns of {name} are those of datapackage.json", "{name} の列は datapackage.json にあるもの"
    ).format(name=table.name)
    for name, count in Counter(sheet.header).items():
        if name not in table.columns:
            remedy = (
                Said("separate the cells by commas", "セルをコンマで区切る")
                if ";" in name or "\t" in name
                else nearest(name, table.columns)
            )
            faults.append(
                Fault(sheet.label, Said("unknown column '{name}'", "未知の列 '{name}'").format(name=name), rule, remedy)
            )
        elif count > 1:
            faults.append(
                Fault(
                    sheet.label,
                    Said("column '{name}' stands {count} times", "列 '{name}' が {count} 回ある").format(
                        name=name, count=count
                    ),
                    rule,
                    KEEP_ONE,
                )
            )
    for column in table.columns.values():
        if column.required and column.name not in sheet.header:
            seen = Said("no column '{name}'", "列 '{name}' がない").format(name=column.name)
            remedy = Said("add it: {seen}", "加える: {seen}").format(seen=_lowered(column.bounds.description))
            faults.append(
                Fault(sheet.label, seen, Said("{name} needs it", "{name} に必要").format(name=table.name), remedy)
            )


def _lowered(text: str) -> Said:
    """A text within a sentence; Japanese has no capitals."""
    return Said(text.lower(), in_language(text, "ja"))


def _filled(table: Table, row: Cells) -> Cells:
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
            reject(
                where,
                f"'{text}'",
                Said("{name} is true or false", "{name} は true か false").format(name=column.name),
                Said("write true or false", "true か false と書く"),
            )
        return text.lower() in TRUE, text.lower() in TRUE | FALSE
    if not text:
        if column.required:
            reject(
                where,
                Said("a blank", "空欄"),
                Said("{name} needs {column_name}", "{name} には {column_name} が必要").format(
                    name=table.name, column_name=column.name
                ),
                Said("fill the cell or drop the row", "セルを埋めるか、行を削る"),
            )
        return (math.nan if column.numeric else ""), not column.required
    if column.numeric:
        return _number(table, column, text, attribute, where, reject)
    if column.allowed and text not in column.allowed:
        reject(
            where,
            f"'{text}'",
            Said("{name} is one of {names}", "{name} は次のいずれか: {names}").format(
                name=column.name, names=COMMA.join(column.allowed)
            ),
            nearest(text, column.allowed),
        )
        return text, False
    if column.pattern and not column.pattern.search(text):
        remedy = (
            Said("use letters, digits and underscores", "英数字と下線を使う")
            if "A-Za-z" in column.pattern.pattern
            else Said("mend the cell", "セルを直す")
        )
        reject(
            where,
            f"'{text}'",
            Said("{name} matches {pattern}", "{name} は {pattern} の形").format(
                name=column.name, pattern=column.pattern.pattern
            ),
            remedy,
        )
        return text, False
    return text, True


def _number(
    table: Table, column: Column, text: str, attribute: str | None, where: str, reject: Reject
) -> tuple[float, bool]:
    """A number as it was written, and whether it is sound."""
    bounds = table.bounds(column, attribute)
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if math.isnan(number):
        remedy = (
            Said("write plain digits, without separators or units", "区切りや単位のない数字で書く")
            if re.search(r"\d", text)
            else Said("fill in a number", "数値を書く")
        )
        remedy = FULL_WIDTH.format(plain=plain) if (plain := half_width(text)) else remedy
        reject(
            where,
            Said("'{text}' is not a number", "'{text}' は数値ではない").format(text=text),
            bounds.rule(column.name),
            remedy,
        )
    elif math.isinf(number):
        reject(
            where,
            Said("'{text}' is infinite", "'{text}' は無限大").format(text=text),
            bounds.rule(column.name),
            Said("leave out the row if there is no limit", "上限がなければ行を省く"),
        )
    elif column.kind == "integer" and not number.is_integer():
        reject(
            where,
            Said("{text} is not a whole number", "{text} は整数ではない").format(text=text),
            bounds.rule(column.name),
            Said("round it", "丸める"),
        )
    elif is_outside(number, bounds) and not column.in_unit_of_row:
        reject(
            where,
            f"{number:g}",
            bounds.rule(column.name),
            Said("check sign, unit and decimal point", "符号・単位・小数点を確かめる"),
        )
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
            remedy = Said(
                "give it in {target}, or in a unit that converts to it", "{target} か、それに換算できる単位で書く"
            ).format(target=target)
            reject(
                AT_COLUMN.format(place=place, column="unit"),
                error.args[0],
                Said("{name} is kept in {target}", "{name} の単位は {target}").format(name=table.name, target=target),
                remedy,
            )
            return written
        values["unit"] = target
    given = {name: values[name] for name in like}
    attribute = values.get("attribute")
    for name in like:
        values[name] *= written.factor
        bounds = table.bounds(table.columns[name], attribute)
        repeated = name != "value" and given[name] == given["value"]
        if not math.isnan(values[name]) and is_outside(values[name], bounds) and not repeated:
            remedy = Said(
                "check sign, unit and decimal point; for 'no limit' leave out the row",
                "符号・単位・小数点を確かめる。上限がなければ行を省く",
            )
            rule = bounds.in_unit(written.unit, written.factor).rule(attribute or name)
            reject(
                AT_COLUMN.format(place=place, column=name),
                f"{given[name]:g}",
                rule,
                remedy,
            )
    low, value, high = given["low"], given["value"], given["high"]
    if value < low - 1e-12 * abs(low) or value > high + 1e-12 * abs(high):
        in_order = Said("low <= value <= high", "low <= value <= high")
        reject(
            AT_COLUMN.format(place=place, column="value"),
            Said("{value:g} outside {low:g} to {high:g}", "{value:g} は {low:g}～{high:g} の外").format(
                value=value, low=low, high=high
            ),
            in_order,
            Said("widen the range or mend value", "範囲を広げるか value を直す"),
        )
    return written


def _check_key(table: Table, typed: Typed, reject: Reject) -> None:
    """Every row has a key of its own."""
    first: dict[tuple[Any, ...], str] = {}
    keys = zip(*(typed.columns[name] for name in table.key), strict=True)
    for number, (key, place) in enumerate(zip(keys, typed.places, strict=True)):
        if number in typed.unsound:
            continue
        if key in first:
            name = COMMA.join(text_of(part) for part in key)
            reject(
                place,
                Said("{name} again, after {first}", "{name} が再び現れた（最初は {first}）").format(
                    name=name, first=first[key]
                ),
                Said("{names} name one row", "{names} の組は一行だけ").format(names=COMMA.join(table.key)),
                KEEP_ONE,
            )
        first.setdefault(key, place)


def text_of(value: Any) -> str:
    """A key as it stands in a path: years without a decimal point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
