"""Every key of a model file, every table and every column, in Markdown, as the schema has them: docs/keys.md, docs/tables.md."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from procure.facts.conversion import share_of_percent
from procure.facts.schema import Bounds, Column, meaning_of, schema, statuses
from procure.facts.schema import Table as FactsTable
from procure.limits import KINDS
from procure.model.choices import Settings
from procure.model.limits import CommonChoices, LimitChoices
from procure.model.values import Table, number_or_text

MADE = "<!-- Made by docs/reference.py from what the schema says: change it there. -->"
_SIGNS = ((Ge, "ge", "≥"), (Gt, "gt", ">"), (Le, "le", "≤"), (Lt, "lt", "<"))
#: What stands above the tables of a model file.
_KEYS = """# Every key of a model file

A model file is [TOML](https://toml.io): `[table]` above its keys, `key = value` below, `#` before a comment, `[[table]]`
above each entry of a list. Only `name` and `years` must be there. An unknown key is a fault, with the nearest valid one.
`procure new mine.toml` writes a file with all of them, `procure check mine.toml` reads one. Shares may be written in per cent,
`"65 %"`; bounds and overrides with a unit, `"90 t/yr"`."""
_TABLES = """# Every table and column

A world is a folder of tables, each a CSV file of its name in UTF-8, one number a row in the column `value`. A model names the
folder by `model.facts`, and says by `model.extend` whether it adds to the [bundled tables](data.md). Columns that are not
*needed* may be left out, and cells left blank: they are then what stands under *else*. Every number has a *path*, by which
`--set`, overrides and sweeps change it. `procure new mine.toml --world mine` writes a small world to start from; [a world of
one's own](own-world/README.md) explains one."""


def keys_page() -> str:
    """The page of the keys of a model file."""
    return _page([MADE, _KEYS, *_tables_of(Settings, ""), *_kinds()])


def tables_page() -> str:
    """The page of the tables and their columns; columns that all of them have are told once."""
    tables = list(schema().values())
    shared = [
        column
        for name, column in tables[0].columns.items()
        if all(_told(table.columns.get(name)) == _told(column) for table in tables)
    ]
    contents = ", ".join(f"[{table.name}](#{table.name})" for table in tables)
    everywhere = ["## In every table", _markdown(_COLUMNS, [_column(column) for column in shared])]
    names = {column.name for column in shared}
    return _page(
        [MADE, _TABLES, contents, *everywhere, *(part for table in tables for part in _of_table(table, names))]
    )


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _markdown(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    headings = list(headings)
    lines = [headings, ["---"] * len(headings), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# --- keys of a model file


def said_of(field: FieldInfo) -> str:
    """What a key means, in one sentence."""
    return (field.description or "").replace("\n", " ")


def doc_of(table: type[Table]) -> str:
    """What a table of a model file is about."""
    return " ".join((table.__doc__ or "").split())


def fields_of(table: type[Table]) -> dict[str, FieldInfo]:
    """The keys of a table that hold values, by their names as a file writes them."""
    return {
        field.alias or name: field
        for name, field in table.model_fields.items()
        if table.below(field.alias or name) is None
    }


def _tables_of(table: type[Table], path: str) -> Iterator[str]:
    """The tables below one, each with a heading, what it is about and its keys."""
    for key, kind in table.takes().items():
        inner = table.below(key)
        if inner is None:
            continue
        here = f"{path}{key}"
        heading = here if inner is kind else f"[[{here}]]" if get_origin(kind) is tuple else f"{here}.NAME"
        yield f"## `{heading if heading.startswith('[') else f'[{heading}]'}`"
        yield doc_of(CommonChoices if inner is LimitChoices else inner)
        fields = CommonChoices if inner is LimitChoices else inner
        yield _markdown(
            ("key", "takes", "else", "says"), [_key(name, field) for name, field in fields_of(fields).items()]
        )
        yield from _tables_of(inner, f"{here}.")


def _key(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    return f"`{name}`", takes(field), "*needed*" if field.is_required() else default_of(field), said_of(field)


def default_of(field: FieldInfo) -> str:
    """What a key is where the file is silent, as it would be written; a dash for nothing."""
    value = field.get_default(call_default_factory=True)
    if value is None or value in ({}, (), ""):
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def takes(field: FieldInfo) -> str:
    """What a key takes, in words.

    >>> takes(Settings.model_fields["risk"].annotation.model_fields["alpha"])
    'share or per cent, ≥ 0, < 1'
    """
    bounds = [
        f"{sign} {getattr(part, name):g}"
        for kind, name, sign in _SIGNS
        for part in field.metadata
        if isinstance(part, kind)
    ]
    if any(isinstance(part, BeforeValidator) and part.func is share_of_percent for part in field.metadata):
        return ", ".join(["share or per cent", *bounds])
    if any(getattr(part, "func", None) is number_or_text for part in field.metadata):
        return "number, or text with a unit"
    return ", ".join([_kind_in_words(field.annotation), *bounds])


def _kind_in_words(kind: Any) -> str:
    origin, parts = get_origin(kind), [part for part in get_args(kind) if part is not type(None)]
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(_kind_in_words, parts)))
    if origin is tuple:
        return "two whole numbers" if Ellipsis not in parts else f"list of {_kind_in_words(parts[0])}s"
    if origin is dict:
        return f"table of {_kind_in_words(parts[1])} by name"
    if hasattr(kind, "__metadata__"):  # an annotated kind within another
        return _kind_in_words(parts[0])
    return {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}.get(
        kind, "name or list of names"
    )


def _kinds() -> Iterator[str]:
    yield "## Kinds of limit"
    yield "[What each counts, with an example](limits.md). Written in one line where it needs no name: `budget = 300`."
    rows = [(f"`{kind.name}`", kind.sense, kind.measured_in.name, ", ".join(f"`{key}`" for key in kind.reads) or "-", kind.title)
            for kind in KINDS.values()]  # fmt: skip
    yield _markdown(("kind", "bound", "in", "reads, beside name, tag and note", "is"), rows)
    own = {key: field for key, field in fields_of(LimitChoices).items() if key not in fields_of(CommonChoices)}
    yield "Keys that only some of them read:"
    yield _markdown(("key", "takes", "else", "says"), [_key(name, field) for name, field in own.items()])


# --- tables

_COLUMNS = ("column", "holds", "else", "says")


def _told(column: Column | None) -> tuple[Any, ...] | None:
    """What is told of a column: where that is the same in every table, it is told once."""
    return None if column is None else _column(column)


def _column(column: Column) -> tuple[str, str, str, str]:
    default = "*needed*" if column.required else "-" if not column.default else f"`{column.default}`"
    says = column.bounds.description.replace("\n", " ")
    if column.allowed == statuses():
        says = "; ".join(f"{status}: {meaning_of(status)}" for status in statuses())
    return f"`{column.name}`", _holds(column), default, says


def _holds(column: Column) -> str:
    if column.allowed:
        return " or ".join(f"`{word}`" for word in column.allowed)
    if column.is_scope:
        return "element, class, control list or `all`"
    if column.like_value:
        return "number, like `value`"
    if column.numeric:
        return ", ".join(["whole number" if column.kind == "integer" else "number", *_limits(column.bounds)])
    return "`true` or `false`" if column.kind == "boolean" else "text"


def _limits(bounds: Bounds) -> list[str]:
    unit = [bounds.unit] if bounds.unit not in (None, "", "1") else []
    low = [f"≥ {bounds.minimum:g}"] if bounds.minimum > -float("inf") else []
    return [*map(str, unit), *low, *([f"≤ {bounds.maximum:g}"] if bounds.maximum < float("inf") else [])]


def _of_table(table: FactsTable, shared: set[str]) -> Iterator[str]:
    yield f"## {table.name}"
    yield table.description
    key = ", ".join(f"`{name}`" for name in table.key)
    unit = "any" if table.unit is None else f"`{table.unit}`" if table.unit and not table.attributes else ""
    facts = [f"A row for each {key}", f"path `{table.path}`" if table.path else "", f"kept in {unit}" if unit else ""]
    facts += [
        f"names of `{'`, `'.join(each.fields)}` from [{each.resource}](#{each.resource})" for each in table.foreign
    ]
    yield "; ".join(filter(None, facts)) + ("; may be empty." if table.may_be_empty else ".")
    yield _markdown(_COLUMNS, [_column(column) for name, column in table.columns.items() if name not in shared])
    if table.attributes:
        rows = [
            (f"`{name}`", ", ".join(_limits(bounds)) or "-", bounds.description)
            for name, bounds in table.attributes.items()
        ]
        yield _markdown(("attribute", "value", "is"), rows)
