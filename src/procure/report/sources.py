"""Where the numbers come from: every one of them, or those that one model stands on."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from pandas import NA

from procure.errors import DataError, Fault, nearest
from procure.facts import Facts, Place, load_facts
from procure.languages import Said
from procure.market import ALWAYS_READ, numbers_read
from procure.model import Model
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.words import in_full, unit_in_words

if TYPE_CHECKING:
    from pandas import DataFrame

_A_TABLE = Said("a table of the facts", "データの表であること")
_OF_ELEMENTS = Said("an element or a scope", "元素か対象")
_OF_SUPPLIERS = Said("a supplier or a chain", "供給元か確率過程")
_OF_FACTS = Said("it is {what} of the facts", "データにある{what}")
_NO_COLUMN = Said("no column has this name", "この名前の列はない")
_BY_COLUMN = Said("a list is sorted by a column", "一覧は列で並べ替える")


#: How far a number can be trusted.
CONFIDENCES = {"high": Said("high", "高"), "medium": Said("medium", "中"), "low": Said("low", "低")}


def numbers(
    model: Model | None = None,
    *,
    status: str | None = None,
    table: str | None = None,
    element: str | None = None,
    supplier: str | None = None,
    read: Collection[Place] | None = None,
) -> DataFrame:
    """Every number of the facts, or of `model`, with its range and source, in the unit in which its row is written.

    `element` keeps what is said of one, or of a class or control list as such; `supplier` what is said of one. A model stands on
    the numbers that it reads, under any of its programme levels. What it overrides is its own assumption, with the reason it
    gives as the source. What it reads is found out, unless `read` is `procure.market.numbers_read` of it.

    >>> from procure.model import load_model
    >>> sorted({key.split(".")[1] for key in numbers(load_model("japan"), table="commitments")["key"]})
    ['caremag', 'lynas']
    """
    facts = model.facts if model is not None else load_facts()
    if table is not None and table not in facts.tables:
        raise DataError(Fault("table", f"'{table}'", _A_TABLE, nearest(table, facts.tables)))
    facts.sources(status)  # refuses an unknown status
    frame = facts.sources(as_written=True)
    wanted = np.ones(len(frame), dtype=bool)
    for said, columns, what in (
        (element, SCOPE, _OF_ELEMENTS),
        (supplier, SUPPLIER, _OF_SUPPLIERS),
    ):
        if said is not None and said not in (known := names_of(facts, columns)):
            raise DataError(Fault(columns[0], f"'{said}'", _OF_FACTS.format(what=what), nearest(said, known)))
        if said is not None:
            wanted &= [said in names for names in _said_of(facts, columns)]
    frame = frame[wanted]
    if model is not None:
        frame = frame[frame["key"].isin(_paths_used(model, numbers_read(model) if read is None else read))]
        for override in model.settings.overrides:
            here = frame["key"] == facts.resolve(override.set)
            frame.loc[here, ["source", "address", "status", "note"]] = (
                f"{model.origin}: {override.reason}",
                "",
                "assumed",
                "",
            )
            frame.loc[here, "source_year"] = NA
    if status is not None:
        frame = frame[frame["status"] == status]
    if table is not None:
        frame = frame[frame["table"] == table]
    return frame.reset_index(drop=True)


#: Columns by which a row says of what it speaks: an element or several, a supplier.
SCOPE, SUPPLIER = ("element", "scope"), ("supplier", "chain")


def names_of(facts: Facts, columns: Collection[str]) -> list[str]:
    """What the rows of the tables have in these columns, once each, in their order.

    >>> names_of(load_facts(), SUPPLIER)[:2]
    ['china', 'lynas']
    """
    return [name for name in dict.fromkeys(name for names in _said_of(facts, columns) for name in names) if name]


def _said_of(facts: Facts, columns: Collection[str]) -> list[tuple[str, ...]]:
    """What every row has in these columns, in the order of `Facts.sources`."""
    found: list[tuple[str, ...]] = []
    for frame in facts.tables.values():
        there = [column for column in columns if column in frame]
        found += list(frame[there].itertuples(index=False, name=None)) if there else [()] * len(frame)
    return found


def in_order(frame: DataFrame, column: str | None) -> DataFrame:
    """The frame of `numbers` in the order of a column, the largest first where a minus stands before its name.

    >>> in_order(numbers(table="exchange_rates"), "-value")["value"].is_monotonic_decreasing
    True
    """
    if column is None:
        return frame
    name = column.removeprefix("-")
    if name not in frame:
        raise DataError(
            Fault(
                f"--sort {column}",
                _NO_COLUMN,
                _BY_COLUMN,
                nearest(name, frame.columns),
            )
        )
    return frame.sort_values(name, ascending=not column.startswith("-"), kind="stable", ignore_index=True)


def _paths_used(model: Model, read: Collection[Place]) -> list[str]:
    rows = {(place.table, place.position) for place in read}
    always = set(ALWAYS_READ) if model.settings.world.scenarios else {*ALWAYS_READ} - {"scenarios"}
    return [path for path, place in model.facts.paths().items() if place in rows or place[0] in always]


def listing(frame: DataFrame) -> Listing:
    """The frame of `numbers` for people, one number a line."""
    columns = ["key", "value", "low", "high", "unit", "status", "confidence", "source"]
    numbers_of = (Said("value", "値"), Said("low", "下限"), Said("high", "上限"))
    return Listing(
        headings=(
            Said("number", "数値"), *numbers_of, Said("unit", "単位"), Said("status", "根拠"), Said("confidence", "確度"),
            Said("source", "出典"),
        ),
        rows=[
            (
                key, in_full(value), in_full(low), in_full(high), unit_in_words(unit), LABELS.get(status, status),
                CONFIDENCES.get(confidence, confidence), source,
            )
            for key, value, low, high, unit, status, confidence, source in frame[columns].itertuples(index=False, name=None)
        ],
        right=numbers_of,
    )  # fmt: skip
