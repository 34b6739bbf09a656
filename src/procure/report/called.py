"""What a number is called: of the tables by whose it is, what, of what and when; of a model file what it decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from procure.errors import DataError
from procure.facts import Facts
from procure.facts.schema import schema
from procure.facts.tables import text_of
from procure.languages import COMMA, Said, named
from procure.limits import KINDS
from procure.limits.said import class_name
from procure.model import Model
from procure.words import printable

#: Choices of every model that are asked for most.
CHOICES: Mapping[str, Said] = {
    "risk.weight": Said("How much the worst futures weigh", "最悪側の将来の重み"),
    "risk.alpha": Said("From which share on futures are the worst", "最悪側とみなす水準"),
    "risk.radius": Said("How far the odds may be wrong", "確率の誤りの幅"),
    "shortage.scale": Said("Loss of a shortage, times that of the tables", "不足の損失、表の値の倍数"),
    "model.discount_rate": Said("Discount rate", "割引率"),
    "world.tree.nodes": Said("Size of the tree of futures", "シナリオツリーの大きさ"),
}
#: Cells that the schema allows, as people call them.
_CELLS = {
    "licensed": Said("licensed", "許可品"), "contract": Said("contract", "長期契約"), "spot": Said("spot", "スポット"),
    "never": Said("never", "始まらない"),
}  # fmt: skip
_MOST, _LEAST = Said("{what}: at most", "{what}: 上限"), Said("{what}: at least", "{what}: 下限")
_OF_WHOM, _OF_NOBODY = Said("{whose}: {what}", "{whose}: {what}"), Said("{what}", "{what}")
_PLACE = re.compile(r"\{(\w+)\}")
#: Columns of a key that say whose a number is.
_OWNERS = ("supplier", "chain", "shock", "holder")


def called(model: Model, path: str) -> Said:
    """What the number at a dotted path is called; the path itself where nothing is known of it.

    >>> from procure import load_model
    >>> two = load_model("two-class")
    >>> print(called(two, "suppliers.lynas.offers.medium_heavy.2027"))
    Lynas Rare Earths: on offer, medium/heavy, 2027
    >>> print(called(two, "risk.weight"))
    How much the worst futures weigh
    """
    for limit in model.settings.limits:
        if path == f"limits.{limit.name}.{KINDS[limit.kind].sense}":
            subject = Said("", "") + KINDS[limit.kind].subject(with_names(model, limit))
            return (_MOST if KINDS[limit.kind].sense == "max" else _LEAST).format(what=begun(subject))
    if path in CHOICES:
        return CHOICES[path]
    try:
        return of_tables(model.facts, path)
    except DataError:
        return Said(path, path)


def limit_called(model: Model, name: str) -> Said | None:
    """What a limit of the model says, by its name; None where it has none of it."""
    for limit in model.settings.limits:
        if limit.name == name:
            kind = KINDS[limit.kind]
            return Said("", "") + kind.says(with_names(model, limit), kind.measured_in.text(limit.bound))
    return None


def with_names(model: Model, limit: Any) -> Any:
    """The choices of a limit with its supplier by its key in English, and by its name in Japanese."""
    if limit.supplier is None:
        return limit
    name = model.facts.tables["suppliers"].set_index("supplier")["name_ja"].get(limit.supplier)
    said = Said(limit.supplier, printable(name) if isinstance(name, str) and name else limit.supplier)
    return limit.model_copy(update={"supplier": said})


def of_tables(facts: Facts, path: str) -> Said:
    """What a number of the tables is called; raises `DataError` where there is none of this path."""
    place = facts.locate(path)
    table = schema()[place.table]
    row = {str(key): text_of(cell) for key, cell in facts.tables[place.table].iloc[place.position].items()}
    form = table.called(row)
    if place.column != "value":
        form = form + Said(" ({column})", "（{column}）").format(column=place.column.replace("_", " "))
    told = {*_PLACE.findall(form), "attribute"}
    cells = {key: _name(facts, row[key]) for key in table.key if row[key]}
    own = next((column for column in _OWNERS if column in cells and column not in told), None)
    what = form.format(**{key: cells.get(key, "") for key in told})
    others = [key for key in table.key if key not in told and key != own and key in cells and row[key] != "all"]
    what = COMMA.join([what, *(cells[key] for key in others)])
    return begun(what) if own is None else _OF_WHOM.format(whose=cells[own], what=what)


def begun(text: Said) -> Said:
    """With a capital at its beginning."""
    return Said(text[:1].upper() + text[1:], text.ja)


def _name(facts: Facts, cell: str) -> Said:
    """A cell of a key as people call it."""
    for table, column in (("suppliers", "supplier"), ("elements", "element")):
        rows = facts.tables[table]
        found = rows[rows[column] == cell]
        if len(found):
            row = found.iloc[0]
            names = {
                language: printable(str(row[f"name_{language}"]))
                for language in ("en", "ja")
                if not pd.isna(row[f"name_{language}"])
            }
            name = named({key: text for key, text in names.items() if text}, cell)
            return name if table == "suppliers" else class_name(cell)
    if cell in _CELLS:
        return _CELLS[cell]
    plain = printable(cell).replace("_", " ")
    return class_name(cell) if cell in _classes(facts) else Said(plain, plain)


def _classes(facts: Facts) -> set[str]:
    elements = facts.tables["elements"]
    return {str(name) for column in elements if str(column).startswith("class_") for name in elements[column]}
