"""Values that are worked out once, and again only where a number that they were read from has moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

Read = tuple[str, tuple[str, ...], tuple[Any, ...]]  # table, columns, the values they were looked up by
Key = tuple[str, tuple[Any, ...]]  # method, arguments

P = ParamSpec("P")
T = TypeVar("T")
Owner = TypeVar("Owner", bound="Remembering")


class Remembering:
    """Base of a class whose `remembered` methods keep their values, and know the rows of the tables they were read from."""

    def __init__(self) -> None:
        self._values: dict[Key, Any] = {}
        self._reads: dict[Key, set[Read]] = {}
        self._readers: dict[Read, set[Key]] = {}
        self._columns: dict[str, set[tuple[str, ...]]] = {}
        self._open: list[set[Read]] = []

    def note(self, table: str, keys: Mapping[str, Any]) -> None:
        """Say that the value being worked out depends on the rows of a table with these values."""
        if self._open:
            self._open[-1].add((table, tuple(keys), tuple(keys.values())))

    def forget(self, table: str, row: Mapping[str, Any]) -> set[Key]:
        """Drop every value that a row of a table had a part in, and say which they were."""
        dropped: set[Key] = set()
        for columns in self._columns.get(table, ()):
            dropped |= self._readers.get((table, columns, tuple(row[column] for column in columns)), set())
        for key in dropped:
            self._values.pop(key, None)
        return dropped

    def _worked_out(self, key: Key, work_out: Callable[[], Any]) -> Any:
        if key not in self._values:
            self._open.append(set())
            try:
                value = work_out()
            finally:
                reads = self._open.pop()
            self._values[key] = value
            self._reads[key] = reads
            for read in reads:
                self._readers.setdefault(read, set()).add(key)
                self._columns.setdefault(read[0], set()).add(read[1])
        if self._open:
            self._open[-1] |= self._reads[key]
        return self._values[key]


def remembered(
    method: Callable[Concatenate[Owner, P], T],
) -> Callable[Concatenate[Owner, P], T]:
    """Keep the value of a method for each of its arguments, until a row that it was read from is forgotten."""

    @wraps(method)
    def ask(self: Owner, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (method.__name__, (*args, *kwargs.values()))
        value: T = self._worked_out(key, lambda: method(self, *args, **kwargs))
        return value

    return cast(Callable[Concatenate[Owner, P], T], ask)
