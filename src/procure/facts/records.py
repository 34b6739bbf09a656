"""The rows of the tables one by one: by the values of their columns, and as they hold in a year and for a scope.

Which numbers are read can be noted.

>>> from procure.facts import load_facts
>>> seen = set()
>>> records = Records(load_facts()).noting(seen.add)
>>> (row,) = records.rows("prices", element="Dy", layer="spot")
>>> row["layer"], seen
('spot', set())
>>> _ = row["value"]
>>> [(place.table, place.column) for place in seen]
[('prices', 'value')]
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from procure.facts.facts import Facts
from procure.facts.paths import CHOICES, Place
from procure.facts.schema import schema

if TYPE_CHECKING:
    from pandas import DataFrame

#: Blank cells are None.
Row = Mapping[str, Any]
Note = Callable[[Place], Any]

#: What a row without a scope speaks of.
ALL = ("all",)


class Records:
    """The rows of the tables of some facts."""

    def __init__(self, facts: Facts) -> None:
        self._tables: dict[str, _Indexed | _Moved] = {
            name: _indexed(name, frame) for name, frame in facts.tables.items()
        }
        self._chosen: dict[str, float] = {}
        self._note: Note | None = None

    def chosen(self, path: str, value: float) -> float:
        """A number that the model file chooses: `value`, or what it was moved to."""
        if self._note is not None:
            self._note(Place(CHOICES, 0, path))
        return self._chosen.get(path, value)

    def rows(self, table: str, **keys: Any) -> Sequence[Row]:
        """The rows of a table whose columns have these values."""
        rows = self._tables[table].rows(keys)
        return rows if self._note is None else [self._noted(row) for row in rows]

    def of_scope(self, table: str, scopes: Sequence[str] = ALL, **keys: Any) -> Sequence[Row]:
        """Those of the rows that speak of the first of `scopes` of which any speaks: the most specific comes first."""
        return [self._noted(row) for row in self._of_scope(table, scopes, keys)]

    def valid(self, table: str, year: float, scopes: Sequence[str] = ALL, **keys: Any) -> Row | None:
        """The one row that holds in a year: the latest that is not after it, of the most specific scope of which any has begun."""
        begun = [row for row in self._tables[table].rows(keys) if row["year"] <= year]
        speaking = _of_closest(begun, scopes)
        return self._noted(max(speaking, key=_year)) if speaking else None

    def value(self, table: str, year: float, scopes: Sequence[str] = ALL, **keys: Any) -> float | None:
        """The number of that row, in the unit of its table; None where no row speaks of it."""
        row = self.valid(table, year, scopes, **keys)
        return None if row is None else float(row["value"])

    def _of_scope(self, table: str, scopes: Sequence[str], keys: Mapping[str, Any]) -> Sequence[_Row]:
        return _of_closest(self._tables[table].rows(keys), scopes)

    def _noted(self, row: _Row) -> Row:
        return row if self._note is None else _Noted(row, _key_of(row.table), self._note)

    def moved(self, values: Mapping[Place, float]) -> Records:
        """The same records with single numbers changed, chosen ones among them."""
        changes: dict[str, dict[int, dict[str, float]]] = {}
        for place, value in values.items():
            changes.setdefault(place.table, {}).setdefault(place.position, {})[place.column] = value
        chosen = self._chosen | changes.pop(CHOICES, {}).get(0, {})
        tables = self._tables | {name: _Moved(self._tables[name], rows) for name, rows in changes.items()}
        return self._with(tables, chosen, self._note)

    def noting(self, note: Note) -> Records:
        """The same records; `note` is told of every number that is read from them."""
        return self._with(self._tables, self._chosen, note)

    @staticmethod
    def _with(tables: dict[str, _Indexed | _Moved], chosen: dict[str, float], note: Note | None) -> Records:
        records = object.__new__(Records)
        records._tables, records._chosen, records._note = tables, chosen, note
        return records


_year = itemgetter("year")


def _of_closest(rows: Sequence[_Row], scopes: Sequence[str]) -> Sequence[_Row]:
    """Those of some rows that speak of the first of `scopes` of which any does."""
    for scope in scopes:
        if speaking := [row for row in rows if row.get("scope", "all") == scope]:
            return speaking
    return ()


@cache
def _key_of(table: str) -> frozenset[str]:
    return frozenset(schema()[table].key)


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
