"""What holds between rows: names are defined somewhere, and parts of a whole sum to it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from procure.errors import nearest
from procure.facts.schema import Reference, schema
from procure.facts.scopes import CONTROLLED
from procure.facts.tables import AT_COLUMN, Reject, Typed, text_of
from procure.languages import Said
from procure.words import RESCALE, chances

TOLERANCE = 1e-6


def check_names(
    tables: Mapping[str, Typed], reject: Reject, only: Iterable[str] | None = None, unread: Collection[str] = ()
) -> None:
    """Every element, supplier, state and scope that a row names is defined somewhere; with `only`, the rows of those tables.

    Rows in which something else is wrong, and names that a table may have had that is `unread`, are passed over.
    """

    def is_known(resource: str, keys: Iterable[str]) -> bool:
        """Whether all names are known that a table defines."""
        typed = tables.get(resource)
        if resource in unread or (unread and typed is None):
            return False
        if typed is not None and not typed.places and not schema()[resource].may_be_empty:
            return False  # that it has no rows is told
        return typed is None or all(typed.columns[name][row] for row in typed.unsound for name in keys)

    def known(reference: Reference) -> set[tuple[Any, ...]]:
        typed = tables.get(reference.resource)
        return set(zip(*(typed.columns[name] for name in reference.keys), strict=True)) if typed else set()

    def check(
        place: str, column: str, key: tuple[Any, ...], valid: set[tuple[Any, ...]], rule: str, remedy: str = ""
    ) -> None:
        if key not in valid:
            options = sorted(other[-1] for other in valid if other[:-1] == key[:-1])
            owner = Said(" of '{name}'", "（'{name}'）").format(name=key[0]) if len(key) > 1 else ""
            where = AT_COLUMN.format(place=place, column=column)
            reject(
                where,
                Said("unknown {column} '{said}'{owner}", "未知の {column} '{said}'{owner}").format(
                    column=column, said=key[-1], owner=owner
                ),
                rule,
                remedy or nearest(str(key[-1]), options),
            )

    scopes = _scopes(tables)
    for name in tables if only is None else only:
        table, typed = schema()[name], tables[name]
        for reference in table.foreign:
            if not is_known(reference.resource, reference.keys):
                continue
            valid = known(reference)
            keys = zip(typed.places, *(typed.columns[field] for field in reference.fields), strict=True)
            for row, (place, *key) in enumerate(keys):
                if any(key) and row not in typed.unsound:
                    check(place, reference.fields[-1], tuple(key), valid, reference.rule, reference.remedy)
        of_scope = [column.name for column in table.columns.values() if column.is_scope]
        for column in of_scope if is_known("elements", ("element",)) else ():
            for row, (place, scope) in enumerate(zip(typed.places, typed.columns[column], strict=True)):
                if row in typed.unsound:
                    continue
                check(
                    place,
                    column,
                    (scope,),
                    scopes,
                    Said(
                        "a scope is an element, a class or a control list of elements.csv, or all",
                        "対象は elements.csv の元素・区分・規制リストか all",
                    ),
                )
        for entry in table.lists:
            owner, column = entry.reference.fields
            if not is_known(entry.reference.resource, entry.reference.keys):
                continue
            valid = known(entry.reference)
            lists = zip(typed.places, typed.columns[owner], typed.columns[column], strict=True)
            for place, key, names in (cells for row, cells in enumerate(lists) if row not in typed.unsound):
                for listed in map(str.strip, names.split(entry.separator)):
                    if listed not in entry.also:
                        check(place, column, (key, listed), valid, entry.reference.rule)


def _scopes(tables: Mapping[str, Typed]) -> set[tuple[Any, ...]]:
    """Whatever a row may speak of: an element, a list of controlled ones, a class, all."""
    scopes = {("all",)}
    if "elements" in tables:
        columns = tables["elements"].columns
        for name in ("element", *(column for column in columns if column.startswith("class_"))):
            scopes |= {(scope,) for scope in columns[name]}
        scopes |= {(name,) for name in columns if name.startswith(CONTROLLED) and any(columns[name])}
    return scopes


def check_sums(
    name: str, columns: Mapping[str, Iterable[Any]], label: str, reject: Reject, unsound: Collection[int] = ()
) -> None:
    """Chances of one thing sum to one; the shares of a basket to at most one. Sums with a row that is `unsound` are passed over."""
    cells = {column: list(values) for column, values in columns.items()}

    def words(names: Iterable[str], row: int) -> list[str]:
        return [text_of(cells[column][row]) for column in names]

    for whole in schema()[name].sums:
        keys = [column for column in schema()[name].key if column not in whole.by and column not in whole.where]
        groups: dict[str, list[int]] = defaultdict(list)
        for row in range(len(cells["value"])):
            if all(cells[column][row] == value for column, value in whole.where.items()):
                groups[", ".join(words(whole.by, row))].append(row)
        for column in whole.columns:
            for group, rows in groups.items():
                if not set(rows).isdisjoint(unsound):
                    continue
                total = math.fsum(cells[column][row] for row in rows)
                if total <= whole.bound + TOLERANCE and not (whole.is_exact and total < whole.bound - TOLERANCE):
                    continue
                parts = chances(((" ".join(words(keys, row)), cells[column][row]) for row in rows), most=6)
                seen = Said(
                    "{column} of '{group}' sums to {total:.6g}: {parts}",
                    "'{group}' の {column} の合計は {total:.6g}: {parts}",
                ).format(column=column, group=group, total=total, parts=parts)
                remedy = RESCALE if whole.is_exact else Said("rescale them", "比例して直す")
                reject(
                    AT_COLUMN.format(place=label, column=column),
                    seen,
                    whole.rule,
                    remedy,
                )
