"""One path of what happens, day by day: rows of `event_paths.csv`, or of a file of one's own in the same columns, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from procure.errors import CHECK_PATH, DataError, Fault, nearest
from procure.facts import Facts
from procure.facts.checks import check_names
from procure.facts.conversion import RATES, units_at
from procure.facts.records import Records, Row
from procure.facts.schema import schema
from procure.facts.sheet import read_sheet
from procure.facts.tables import Reject, Typed, rejecter, typed_table
from procure.languages import Said

_KNOWN = Said(
    "an event is one of {table}.csv, or a CSV file of its columns",
    "事象は {table}.csv にあるものか、同じ列の CSV ファイル",
)
_NO_EVENTS = Said(
    "give a file: the facts of this model have no events", "ファイルを指定する: このモデルのデータに事象はない"
)
_FROM_DAY = Said("{table}.csv, {asked}, from day {start:g}", "{table}.csv、{asked}、{start:g} 日目から")
_NO_FILE = Said("there is no such file", "ファイルがない")
_A_FILE = Said("an event of one's own is a CSV file", "独自の事象は CSV ファイル")
_ROWS = Said("{count:,} rows", "{count:,} 行")
_MOST = Said("a path has at most {most:,}", "経過は最大 {most:,} 行")
_COARSER = Said("keep one event, in coarser steps", "事象を一つにし、刻みを粗くする")
_EVENTS = Said("{count} events: {names}", "事象が {count} 件: {names}")
_ONE_EVENT = Said("a file has one event", "一つのファイルに事象は一つ")
_SPLIT = Said("split it", "分ける")
_NO_LOSS = Said("nothing is lost", "何も失われない")
_LOSS = Said("an event says what a supplier does not ship", "事象は供給元が出荷しないものを示す")
_ADD_LOSS = Said("add a row with its depth", "停止の深さの行を加える")
_TOO_LATE = Said("{start:g}, and the event is followed to day {last:g}", "{start:g}、事象の追跡は {last:g} 日目まで")
_BEGINS = Said("what happens begins before that", "起きることはそれより前に始まる")
_LONGER = Said("follow it longer, or leave it out", "追跡を延ばすか、省く")
_NOT_HELD = Said(
    "nothing of '{supplier}' was held back before day {start:g}",
    "'{supplier}' の出荷は {start:g} 日目より前に滞っていない",
)
_BACKLOG = Said("a backlog is what was not shipped before", "滞貨は以前に出荷されなかったもの")
_AFTER = Said("let it begin when that ends", "滞りの終わりから始める")
_COLUMN = Said("{place}, column {column}", "{place}、列 {column}")
_BLANK = Said("a blank", "空欄")
_OF_SUPPLIER = Said("{attribute} is of a supplier", "属性 {attribute} は供給元のもの")
_NAME_IT = Said("name it", "名前を書く")
_OF_HOLDER = Said("stock is of a holder", "備蓄は保有者のもの")
_END_FIRST = Said("{end:g}, where start is {start:g}", "{end:g}、start は {start:g}")
_END_LATER = Said("end is a later day than start", "end は start より後の日")
_COUNT_DAYS = Said("count from the first day of the event", "事象の初日から数える")
_STATE = Said("unknown state '{state}' of '{supplier}'", "'{supplier}' の未知の状態 '{state}'")
_STATES = Said("states are defined in states.csv", "状態は states.csv で定める")
_DEPTH = Said("the depth is that of a state", "停止の深さは状態のもの")
_NAME_STATE = Said("name it, or give a depth", "状態を書くか、depth を与える")
_NO_ORDINARY = Said("nothing to hold it against", "比べる相手がない")
_ORDINARY = Said("what is delivered is held against what is ordinary", "納入量は平常の量と比べる")
_ADD_ORDINARY = Said("add a row with attribute ordinary, t/yr", "属性 ordinary の行を加える（t/年）")
_OVERLAP = Said(
    "day {start:g} lies before day {until:g}, where another row of it ends",
    "{start:g} 日目は、別の行が終わる {until:g} 日目より前",
)
_ONE_AT_A_TIME = Said("one row speaks of a supplier and a scope at a time", "同じ時に同じ供給元と対象を述べる行は一つ")
_FOLLOW = Said("let them follow each other", "順に並べる")

TABLE = "event_paths"
#: The attributes that say what is not shipped.
LOSSES = ("depth", "state", "delivered")
#: Of an event of one's own: ten suppliers for four years of weeks.
MOST_ROWS = 2_000


@dataclass(frozen=True)
class Event:
    """A path of events, checked.

    Attributes
    ----------
    name : str
    rows : tuple of rows of `event_paths`
        Days from the first of the event; states and suppliers that the facts know.
    """

    name: str
    rows: tuple[Row, ...]

    def of(self, *attributes: str) -> list[Row]:
        """The rows with some attributes."""
        return [row for row in self.rows if row["attribute"] in attributes]

    @property
    def suppliers(self) -> list[str]:
        """Whose shipments change."""
        return sorted({row["supplier"] for row in self.of(*LOSSES)})

    @property
    def days(self) -> list[float]:
        """The days on which something changes, in order."""
        rows = self.of(*LOSSES, "backlog")
        return sorted({0.0} | {float(row[end]) for row in rows for end in ("start", "end")})

    def horizon(self, transit: float) -> float:
        """How many days are followed: as it says, else until the last of it has arrived, after so many days of transit."""
        told = [float(row["value"]) for row in self.of("horizon")]
        return told[0] if told else self.days[-1] + transit

    def released(self, holder: str, scopes: Sequence[str]) -> float:
        """Share of a holder's stock of an element that is there; `scopes` may speak of it, the narrowest first."""
        shares = {str(row["scope"]): float(row["value"]) for row in self.of("stock") if row["holder"] == holder}
        return next((shares[scope] for scope in scopes if scope in shares), 1.0)


def find_event(asked: str | Path, facts: Facts) -> Event:
    """The event of a name in the facts, or that of a CSV file; `DataError` with every fault.

    >>> from procure.facts import load_facts
    >>> find_event("ban-12", load_facts()).days
    [0.0, 365.0]
    """
    is_file = isinstance(asked, Path) or asked.lower().endswith(".csv") or "/" in asked or "\\" in asked
    if is_file:
        return _read_event(Path(asked), facts)
    rows = Records(facts).rows(TABLE)
    named = [row for row in rows if row["event"] == asked]
    if not named:
        rule = _KNOWN.format(table=TABLE)
        known = {str(row["event"]) for row in rows}
        remedy = nearest(str(asked), known) if known else _NO_EVENTS
        raise DataError(Fault("event", f"'{asked}'", rule, remedy))
    faults: list[Fault] = []
    _check(
        [(_FROM_DAY.format(table=TABLE, asked=asked, start=row["start"]), row) for row in named],
        facts,
        rejecter(faults),
    )
    if faults:
        raise DataError(faults)
    return Event(str(asked), tuple(named))


def _read_event(path: Path, facts: Facts) -> Event:
    """The event of a file of one's own: text and numbers, checked as every table is."""
    if not path.is_file():
        raise DataError(Fault(str(path), _NO_FILE, _A_FILE, CHECK_PATH))
    faults: list[Fault] = []
    sheet = read_sheet(path, faults)
    if sheet is None:
        raise DataError(faults)
    rates = facts.tables[RATES]
    units = units_at(tuple(zip(rates["currency"].tolist(), rates["value"].tolist(), strict=True)))
    typed = typed_table(schema()[TABLE], sheet, units, faults)
    if len(sheet.rows) > MOST_ROWS:
        seen, rule = _ROWS.format(count=len(sheet.rows)), _MOST.format(most=MOST_ROWS)
        faults.append(Fault(sheet.label, seen, rule, _COARSER))
    if faults:
        raise DataError(faults)
    reject = rejecter(faults)
    named = {
        name: Typed({str(column): frame[column].tolist() for column in frame}, [name] * len(frame), [])
        for name, frame in facts.tables.items()
        if name != TABLE
    }
    check_names({**named, TABLE: typed}, reject, only=(TABLE,))
    rows = [{key: None if _is_blank(cell) else cell for key, cell in row.items()} for row in typed.rows()]
    names = {str(row["event"]) for row in rows}
    if len(names) > 1:
        reject(sheet.label, _EVENTS.format(count=len(names), names=", ".join(sorted(names))), _ONE_EVENT, _SPLIT)
    _check(list(zip(typed.places, rows, strict=True)), facts, reject)
    if faults:
        raise DataError(faults)
    (name,) = names
    return Event(path.stem if name == "own" else name, tuple(rows))


def _is_blank(cell: Any) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


def _check(rows: Sequence[tuple[str, Row]], facts: Facts, reject: Reject) -> None:
    """What holds within an event: who, from when to when, in which state, beside what."""
    records = Records(facts)
    losses = [(place, row) for place, row in rows if row["attribute"] in LOSSES]
    if not losses:
        reject(rows[0][0], _NO_LOSS, _LOSS, _ADD_LOSS)
    ordinary = {
        (row["supplier"], row["scope"]) for _, row in rows if row["attribute"] == "ordinary" and row["value"] > 0
    }
    last = next((row["value"] for _, row in rows if row["attribute"] == "horizon"), math.inf)
    for place, row in rows:
        attribute = row["attribute"]
        if attribute in (*LOSSES, "backlog") and row["start"] >= last:
            seen = _TOO_LATE.format(start=row["start"], last=last)
            reject(_COLUMN.format(place=place, column="start"), seen, _BEGINS, _LONGER)
        if attribute == "backlog" and not any(
            other["supplier"] == row["supplier"] and other["start"] < row["start"] for _, other in losses
        ):
            seen = _NOT_HELD.format(supplier=row["supplier"], start=row["start"])
            reject(place, seen, _BACKLOG, _AFTER)
        if attribute in (*LOSSES, "ordinary", "backlog") and not row["supplier"]:
            reject(
                _COLUMN.format(place=place, column="supplier"),
                _BLANK,
                _OF_SUPPLIER.format(attribute=attribute),
                _NAME_IT,
            )
        if attribute == "stock" and not row["holder"]:
            reject(_COLUMN.format(place=place, column="holder"), _BLANK, _OF_HOLDER, _NAME_IT)
        if attribute in (*LOSSES, "backlog") and not (row["end"] is not None and row["end"] > row["start"]):
            seen = _BLANK if row["end"] is None else _END_FIRST.format(end=row["end"], start=row["start"])
            reject(_COLUMN.format(place=place, column="end"), seen, _END_LATER, _COUNT_DAYS)
        known = [str(other["state"]) for other in records.rows("states", chain=row["supplier"])]
        if row["state"] and row["supplier"] and row["state"] not in known:
            seen = _STATE.format(state=row["state"], supplier=row["supplier"])
            reject(_COLUMN.format(place=place, column="state"), seen, _STATES, nearest(str(row["state"]), known))
        if attribute == "state" and not row["state"]:
            reject(_COLUMN.format(place=place, column="state"), _BLANK, _DEPTH, _NAME_STATE)
        if attribute == "delivered" and (row["supplier"], row["scope"]) not in ordinary:
            seen, rule = _NO_ORDINARY, _ORDINARY
            reject(place, seen, rule, _ADD_ORDINARY)
    _check_overlaps([pair for pair in rows if pair[1]["attribute"] in LOSSES], reject)
    _check_overlaps([pair for pair in rows if pair[1]["attribute"] == "backlog"], reject)


def _check_overlaps(rows: Sequence[tuple[str, Row]], reject: Reject) -> None:
    """At a time one row speaks of a supplier and a scope."""
    until: dict[tuple[str, str], float] = {}
    for place, row in sorted(rows, key=lambda pair: float(pair[1]["start"])):
        of, end = (row["supplier"], row["scope"]), row["end"]
        if end is None or end <= row["start"]:
            continue
        if row["start"] < until.get(of, 0.0):
            seen = _OVERLAP.format(start=row["start"], until=until[of])
            reject(place, seen, _ONE_AT_A_TIME, _FOLLOW)
        until[of] = max(until.get(of, 0.0), float(end))
