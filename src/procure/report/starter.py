"""A model file to start from, with every key and what it says, and a small world of tables that it can stand on."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, get_origin

from procure.facts.schema import schema
from procure.model.choices import Override, ReviewChoices, Settings, SupplierChoices
from procure.model.limits import CommonChoices
from procure.model.values import Table
from procure.report.reference import doc_of, fields_of, said_of, takes
from procure.words import printable

if TYPE_CHECKING:
    from procure.facts import Facts
    from procure.model import Model

#: The small world: a copper mill that strikes one year in five and then misses half a year, and an importer that never fails, is
#: a fifth dearer and has 60 t. A tonne ordered of the mill costs 9, since nine tenths are delivered on average and paid, and 4 more
#: for what a strike leaves unserved: 13, against 12 of the importer. So 60 t from the importer and 40 t from the mill: 1,240 kUSD.
WORLD: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "elements": ({"element": "copper", "name_en": "Copper wire", "name_ja": "銅線", "class_default": "metal"},),
    "demand": ({"element": "copper", "year": 2027, "value": 100, "unit": "t/yr"},),
    "suppliers": (
        {"supplier": "mill", "name_en": "Rolling mill", "country": "Japan", "kind": "free", "value": 3, "unit": "day"},
        {"supplier": "importer", "name_en": "Importer", "country": "Chile", "kind": "free", "value": 40, "unit": "day"},
    ),
    "offers": (
        {"supplier": "mill", "element": "copper", "year": 2027, "value": 100, "unit": "t/yr"},
        {"supplier": "importer", "element": "copper", "year": 2027, "value": 60, "unit": "t/yr"},
    ),
    "prices": ({"element": "copper", "layer": "contract", "value": 10, "unit": "USD/kg"},),
    "terms": (
        {"supplier": "importer", "scope": "all", "attribute": "price_factor", "year": 2027, "value": 1.2, "unit": "1",
         "note": "A fifth above the list price"},
    ),
    "states": (
        {"chain": "mill", "state": "running", "kind": "regime", "order": 0, "value": 54, "unit": "month"},
        {"chain": "mill", "state": "strike", "kind": "episode", "order": 1, "value": 6, "unit": "month"},
    ),
    "transitions": (
        {"chain": "mill", "from": "running", "to": "strike", "attribute": "chance_a_year", "value": 0.2,
         "note": "One year in five"},
    ),
    "depths": ({"chain": "mill", "scope": "all", "state": "strike", "value": 1, "note": "All that was ordered, while it lasts"},),
    "shortage": (
        {"scope": "copper", "tier": 1, "attribute": "width", "value": 1, "unit": "1"},
        {"scope": "copper", "tier": 1, "attribute": "cost", "value": 40, "unit": "USD/kg"},
    ),
}  # fmt: skip

_HEAD = """# A model of procure. What is chosen is set; every other key stands behind a # with the value that it has without it.
# Check it: procure check {file}    Solve it: procure solve {file}    Its numbers: procure sources {file}
"""
_COLUMN, _WIDTH = 34, 120  # where comments begin, and how far they reach


def model_text(file: str, name: str, document: Mapping[str, Any]) -> str:
    """A model file with what `document`, another one, has set, under a name of its own, and all other keys as comments."""
    given = {**document, "model": {**document["model"], "name": name}}
    return _HEAD.format(file=file) + "\n" + "\n\n".join("\n".join(lines) for lines in _tables(given)) + "\n"


def changed_text(model: Model, changes: Mapping[str, Any]) -> str:
    """The file of a model with some dotted paths changed, as `Model.with_` takes them: choices in their tables, numbers of the
    facts as overrides, those that were set before too.

    >>> from procure import load_model
    >>> lines = changed_text(load_model("two-class"), {"risk.weight": 0.5, "shortage.scale": 2.0}).splitlines()
    >>> [line.split("#")[0].strip() for line in lines if line.startswith(("weight", "scale"))]
    ['weight = 0.5', 'scale = 2.0']
    """
    changed = model.changed(changes)
    document = changed.settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
    document = {key: _without_blanks(value) for key, value in document.items()}
    facts, set_before = changed.facts, document.pop("overrides", [])
    before = {facts.resolve(each["set"]): each for each in set_before}
    document["overrides"] = [
        {"reason": "Set for this answer", **before.get(full, {}), "set": full, "value": _with_unit(facts, full)}
        for full in dict.fromkeys(facts.resolve(path) for path in changed.numbers_set)
    ]
    folder = changed.settings.model.facts
    beside = (
        ""
        if folder == "bundled"
        else f"# It stands on the tables of the folder {printable(folder)}: keep it beside that.\n"
    )
    return beside + model_text("FILE.toml", model.name, document)


def _without_blanks(value: Any) -> Any:
    """What is written in tables, in lists of tables too, without keys that say nothing."""
    if isinstance(value, dict):
        return {key: _without_blanks(each) for key, each in value.items() if each is not None}
    return [_without_blanks(each) for each in value] if isinstance(value, list) else value


def _with_unit(facts: Facts, path: str) -> str | float:
    """The number at a path, as an override writes it."""
    number, unit = facts.value(path, as_written=True), facts.unit(path, as_written=True)
    return number if unit in ("", "1", "year") else f"{number!r} {unit}"


def _tables(given: Mapping[str, Any]) -> Iterator[list[str]]:
    for key, kind in Settings.takes().items():
        if (inner := Settings.below(key)) is kind and inner is not None:
            yield list(_table(inner, given.get(key, {}), f"[{key}]"))
    suppliers = given.get("suppliers", {})
    for number, (name, choices) in enumerate(suppliers.items()):
        lines = list(_table(SupplierChoices, choices, f"[suppliers.{name}]"))
        yield (
            [line for line in lines if not line.startswith("#")] if number else lines
        )  # what is not chosen is told once
    first = next(iter(suppliers), "china")
    for key, entry, example in (
        ("limits", CommonChoices, {"name": "second_source", "kind": "share", "supplier": first, "max": 0.65}),
        ("reviews", ReviewChoices, {"year": given["model"]["years"][-1], "sees": [first]}),
        ("overrides", Override, {"set": "prices.Dy.spot", "value": "900 USD/kg", "reason": "Quote of May"}),
    ):
        for each in given.get(key, ()):
            yield [f"[[{key}]]", *(f"{name} = {written(value)}" for name, value in each.items())]
        yield list(_table(entry, example, f"[[{key}]]", "# "))


def _table(table: type[Table], given: Mapping[str, Any], heading: str, before: str = "") -> Iterator[str]:
    """The lines of a table: what is given, after `before`, then all other keys as comments, each with what it says."""
    yield from _lines(before + heading, doc_of(table).partition(". ")[0].rstrip(".") + ".")
    for name, field in fields_of(table).items():
        says = said_of(field) + (
            f" ({takes(field).replace('`', '')})" if get_origin(field.annotation) is Literal else ""
        )
        if name in given:
            yield from _lines(f"{before}{name} = {written(given[name])}", says)
        else:
            value = None if field.is_required() else field.get_default(call_default_factory=True)
            yield from _lines(f"# {name} = {'' if value is None else written(value)}".rstrip(), says)
    for name, kind in table.takes().items():
        if (inner := table.below(name)) is kind and inner is not None:
            yield ""
            yield from _table(inner, given.get(name, {}), f"{heading[:-1]}.{name}]")


def _lines(text: str, says: str) -> Iterator[str]:
    """A line with what it says behind it, or above it where that is too long."""
    if len(text) < _COLUMN and _COLUMN + len(says) <= _WIDTH:
        yield f"{text:<{_COLUMN}}# {says}"
        return
    yield from (f"# {line}" for line in textwrap.wrap(says, _WIDTH - 20))
    yield text


def written(value: Any) -> str:
    """A value as TOML writes it.

    >>> written({"china": "ban"}), written(("Dy", "Tb")), written(0.5), written(True)
    ('{ china = "ban" }', '["Dy", "Tb"]', '0.5', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {written(each)}" for name, each in value.items()) + " }" if value else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def world_document(folder: str) -> dict[str, Any]:
    """What a model of the small world chooses."""
    title = {"en": "A year's copper from two suppliers", "ja": "二つの供給元からの銅、一年"}
    model = {"title": title, "years": [2027, 2027], "facts": folder, "extend": False}
    return {"model": model, "risk": {"weight": 0.0}, "suppliers": {"mill": {}, "importer": {}}}


def world_tables() -> dict[str, str]:
    """The tables of the small world: each with the columns that its rows use, in the order of the schema, source and note."""
    return {name: _csv(name, rows) for name, rows in WORLD.items()}


def _csv(name: str, rows: tuple[Mapping[str, Any], ...]) -> str:
    used = {column for row in rows for column in row} | {"source", "note"}
    columns = [column for column in schema()[name].columns if column in used]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({"source": "an example", **row} for row in rows)
    return text.getvalue()
