"""The rows of the tables one by one, found by the values of their columns; which numbers were read can be noted.

>>> from procure.facts import load_facts
>>> records = Records(load_facts())
>>> seen = set()
>>> (row,) = records.noting(seen.add).rows("prices", element="Dy", layer="spot")
>>> row["layer"], seen
('spot', set())
>>> _ = row["value"]
>>> [(place.table, place.column) for place in seen]
[('prices', 'value')]
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from procure.facts import Facts, Place
from procure.facts.schema import schema

if TYPE_CHECKING:
    from pandas import DataFrame

#: Blank cells are None.
Row = Mapping[str, Any]


def valid_in(rows: Iterable[Row], year: float) -> Row | None:
    """The row that holds in a year: the latest that is not after it; a blank year is before all others."""
    valid = [row for row in rows if row["year"] is None or row["year"] <= year]
    return max(valid, key=lambda row: -math.inf if row["year"] is None else row["year"], default=None)


def most_specific(rows: Iterable[Row], scopes: Sequence[str]) -> list[Row]:
    """The rows of the first of `scopes` that any row speaks of; a row without a scope speaks of all."""
    by_scope: dict[str, list[Row]] = {}
    for row in rows:
        by_scope.setdefault(row.get("scope", "all"), []).append(row)
    return next((by_scope[scope] for scope in scopes if scope in by_scope), [])


def rows_of(facts: Facts, table: str) -> Sequence[Row]:
    """All rows of one table."""
    return _indexed(table, facts.tables[table]).all


class Records:
    """The rows of the tables of some facts."""

    def __init__(self, facts: Facts) -> None:
        self._tables: dict[str, _Indexed | _Moved] = {
            name: _indexed(name, frame) for name, frame in facts.tables.items()
        }

    def rows(self, table: str, **keys: Any) -> list[Row]:
        """The rows of a table whose columns have these values."""
        return list(self._tables[table].rows(keys))

    def moved(self, values: Mapping[Place, float]) -> Records:
        """The same records with single numbers changed."""
        changes: dict[str, dict[int, dict[str, float]]] = {}
        for place, value in values.items():
            changes.setdefault(place.table, {}).setdefault(place.position, {})[place.column] = value
        records = object.__new__(Records)
        records._tables = self._tables | {name: _Moved(self._tables[name], rows) for name, rows in changes.items()}
        return records

    def noting(self, note: Callable[[Place], Any]) -> Noting:
        """The same records; `note` is told of every number that is read from them."""
        return Noting(self, note)


class Noting:
    """Records that tell of every number that is read from them."""

    def __init__(self, records: Records, note: Callable[[Place], Any]) -> None:
        self._records, self._note = records, note

    def rows(self, table: str, **keys: Any) -> list[Row]:
        """The rows of a table whose columns have these values."""
        key = frozenset(schema()[table].key)
        return [_Noted(row, key, self._note) for row in self._records._tables[table].rows(keys)]


class _Row(dict[str, Any]):
    """A row that knows where it stands."""

    __slots__ = ("position", "table")

    def __init__(self, cells: Mapping[str, Any], table: str, position: int) -> None:
        super().__init__(cells)
        self.table, self.position = table, position


class _Noted(Mapping[str, Any]):
    """A row that tells which of its cells are read; keys of the table name the row and are no numbers of it."""

    __slots__ = ("_key", "_note", "_row")

    def __init__(self, row: _Row, key: frozenset[str], note: Callable[[Place], Any]) -> None:
        self._row, self._key, self._note = row, key, note

    def __getitem__(self, column: str) -> Any:
        value = self._row[column]
        if column not in self._key and not isinstance(value, str):
            self._note(Place(self._row.table, self._row.position, column))
        return value

    def get(self, column: str, default: Any = None) -> Any:
        return self[column] if column in self._row else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __len__(self) -> int:
        return len(self._row)


class _Indexed:
    """One table's rows, indexed by the columns asked for."""

    def __init__(self, name: str, frame: DataFrame) -> None:
        self._name, self._frame = name, frame
        self._found: dict[tuple[str, ...], dict[tuple[Any, ...], list[_Row]]] = {}

    @cached_property
    def all(self) -> list[_Row]:
        columns = {
            str(name): [None if blank else value for value, blank in zip(column.tolist(), column.isna(), strict=True)]
            for name, column in self._frame.items()
        }
        lines = zip(*columns.values(), strict=True)
        return [
            _Row(dict(zip(columns, cells, strict=True)), self._name, position) for position, cells in enumerate(lines)
        ]

    def row(self, position: int) -> _Row:
        return self.all[position]

    def rows(self, keys: Mapping[str, Any]) -> list[_Row]:
        if not keys:
            return self.all
        index = tuple(keys)
        if index not in self._found:
            found: dict[tuple[Any, ...], list[_Row]] = {}
            for row in self.all:
                found.setdefault(tuple(row[column] for column in index), []).append(row)
            self._found[index] = found
        return self._found[index].get(tuple(keys.values()), [])


class _Moved:
    """A table with some of its rows changed, found as they were: keys do not move."""

    def __init__(self, table: _Indexed | _Moved, changes: Mapping[int, Mapping[str, float]]) -> None:
        self._table = table
        self._new = {p: _Row({**table.row(p), **change}, table.row(p).table, p) for p, change in changes.items()}

    def row(self, position: int) -> _Row:
        return self._new.get(position) or self._table.row(position)

    def rows(self, keys: Mapping[str, Any]) -> list[_Row]:
        return [self._new.get(row.position, row) for row in self._table.rows(keys)]


#: Indexed tables by the identity of their frame, newest last: a changed copy of the facts shares all frames but a few. Each
#: entry holds its frame, so that its identity stays its own.
_known: OrderedDict[int, _Indexed] = OrderedDict()
_MOST_KNOWN = 256


def _indexed(name: str, frame: DataFrame) -> _Indexed:
    found = _known.pop(id(frame), None) or _Indexed(name, frame)
    _known[id(frame)] = found
    if len(_known) > _MOST_KNOWN:
        _known.popitem(last=False)
    return found
