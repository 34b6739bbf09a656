"""Values that are worked out once, and again only where a number that they were read from has moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from procure.facts import Place

Key = tuple[str, tuple[Any, ...]]  # method, arguments

P = ParamSpec("P")
T = TypeVar("T")
Owner = TypeVar("Owner", bound="Remembering")


class Remembering:
    """Base of a class whose `remembered` methods keep their values, and know the numbers of the facts they were read from."""

    def __init__(self) -> None:
        self._values: dict[Key, Any] = {}
        self._reads: dict[Key, set[Place]] = {}
        self._readers: dict[Place, set[Key]] = {}
        self._open: list[set[Place]] = []

    def note(self, place: Place) -> None:
        """Say that the value being worked out depends on a number of the facts."""
        if self._open:
            self._open[-1].add(place)

    def forget(self, places: Iterable[Place]) -> set[Key]:
        """Drop every value that these numbers had a part in, and say which they were."""
        dropped = set().union(*(self._readers.get(place, set()) for place in places))
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
            for place in reads:
                self._readers.setdefault(place, set()).add(key)
        if self._open:
            self._open[-1] |= self._reads[key]
        return self._values[key]


def remembered(
    method: Callable[Concatenate[Owner, P], T],
) -> Callable[Concatenate[Owner, P], T]:
    """Keep the value of a method for each of its arguments, until a number that it was read from is forgotten."""

    @wraps(method)
    def ask(self: Owner, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (method.__name__, (*args, *kwargs.values()))
        value: T = self._worked_out(key, lambda: method(self, *args, **kwargs))
        return value

    return cast(Callable[Concatenate[Owner, P], T], ask)
