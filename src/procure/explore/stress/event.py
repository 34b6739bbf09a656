"""One path of what happens, day by day: rows of `event_paths.csv`, or of a file of one's own in the same columns, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from procure.errors import DataError, Fault, nearest
from procure.facts import Facts
from procure.facts.checks import check_names
from procure.facts.conversion import RATES, units_at
from procure.facts.records import Records, Row
from procure.facts.schema import schema
from procure.facts.sheet import read_sheet
from procure.facts.tables import Reject, Typed, rejecter, typed_table

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
        rule = f"an event is one of {TABLE}.csv, or a CSV file of its columns"
        known = {str(row["event"]) for row in rows}
        remedy = nearest(str(asked), known) if known else "give a file: the facts of this model have no events"
        raise DataError(Fault("event", f"'{asked}'", rule, remedy))
    faults: list[Fault] = []
    _check([(f"{TABLE}.csv, {asked}, from day {row['start']:g}", row) for row in named], facts, rejecter(faults))
    if faults:
        raise DataError(faults)
    return Event(str(asked), tuple(named))


def _read_event(path: Path, facts: Facts) -> Event:
    """The event of a file of one's own: text and numbers, checked as every table is."""
    if not path.is_file():
        raise DataError(
            Fault(str(path), "there is no such file", "an event of one's own is a CSV file", "check the path")
        )
    faults: list[Fault] = []
    sheet = read_sheet(path, faults)
    if sheet is None:
        raise DataError(faults)
    rates = facts.tables[RATES]
    units = units_at(tuple(zip(rates["currency"].tolist(), rates["value"].tolist(), strict=True)))
    typed = typed_table(schema()[TABLE], sheet, units, faults)
    if len(sheet.rows) > MOST_ROWS:
        seen, rule = f"{len(sheet.rows):,} rows", f"a path has at most {MOST_ROWS:,}"
        faults.append(Fault(sheet.label, seen, rule, "keep one event, in coarser steps"))
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
        reject(sheet.label, f"{len(names)} events: {', '.join(sorted(names))}", "a file has one event", "split it")
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
        reject(rows[0][0], "nothing is lost", "an event says what a supplier does not ship", "add a row with its depth")
    ordinary = {
        (row["supplier"], row["scope"]) for _, row in rows if row["attribute"] == "ordinary" and row["value"] > 0
    }
    last = next((row["value"] for _, row in rows if row["attribute"] == "horizon"), math.inf)
    for place, row in rows:
        attribute = row["attribute"]
        if attribute in (*LOSSES, "backlog") and row["start"] >= last:
            seen = f"{row['start']:g}, and the event is followed to day {last:g}"
            reject(
                f"{place}, column start", seen, "what happens begins before that", "follow it longer, or leave it out"
            )
        if attribute == "backlog" and not any(
            other["supplier"] == row["supplier"] and other["start"] < row["start"] for _, other in losses
        ):
            seen = f"nothing of '{row['supplier']}' was held back before day {row['start']:g}"
            reject(place, seen, "a backlog is what was not shipped before", "let it begin when that ends")
        if attribute in (*LOSSES, "ordinary", "backlog") and not row["supplier"]:
            reject(f"{place}, column supplier", "a blank", f"{attribute} is of a supplier", "name it")
        if attribute == "stock" and not row["holder"]:
            reject(f"{place}, column holder", "a blank", "stock is of a holder", "name it")
        if attribute in (*LOSSES, "backlog") and not (row["end"] is not None and row["end"] > row["start"]):
            seen = "a blank" if row["end"] is None else f"{row['end']:g}, where start is {row['start']:g}"
            reject(
                f"{place}, column end", seen, "end is a later day than start", "count from the first day of the event"
            )
        known = [str(other["state"]) for other in records.rows("states", chain=row["supplier"])]
        if row["state"] and row["supplier"] and row["state"] not in known:
            seen = f"unknown state '{row['state']}' of '{row['supplier']}'"
            reject(
                f"{place}, column state", seen, "states are defined in states.csv", nearest(str(row["state"]), known)
            )
        if attribute == "state" and not row["state"]:
            reject(f"{place}, column state", "a blank", "the depth is that of a state", "name it, or give a depth")
        if attribute == "delivered" and (row["supplier"], row["scope"]) not in ordinary:
            seen, rule = "nothing to hold it against", "what is delivered is held against what is ordinary"
            reject(place, seen, rule, "add a row with attribute ordinary, t/yr")
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
            seen = f"day {row['start']:g} lies before day {until[of]:g}, where another row of it ends"
            reject(place, seen, "one row speaks of a supplier and a scope at a time", "let them follow each other")
        until[of] = max(until.get(of, 0.0), float(end))
