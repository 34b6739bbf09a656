"""Values that are worked out once, and again only where a number that they were read from has moved.

A room of numbers holds a `Tracker`; its `tracked` methods keep what they return, and the tracker notes which numbers of the facts
each of them was read from, whether by itself or by another tracked method that it asked. So what a number moves is known without
any list of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from procure.facts.paths import CHOICES, Place

Key = tuple[object, Callable[..., Any], tuple[Any, ...]]  # whose method works a value out, which, from which arguments
#: Values, and the numbers that each was read from.
Kept = tuple[dict[Key, Any], dict[Key, set[Place]]]

P = ParamSpec("P")
T = TypeVar("T")


class Tracker:
    """Values by what works them out, each with the numbers of the facts that it was read from.

    Attributes
    ----------
    read : set of Place
        Every number of the facts that was read.
    read_beside : set of Place
        Those that were read while no tracked value was being worked out: what they moved is not known.
    """

    def __init__(self) -> None:
        self.read: set[Place] = set()
        self.read_beside: set[Place] = set()
        self._values: dict[Key, Any] = {}
        self._reads: dict[Key, set[Place]] = {}
        self._readers: dict[Place, set[Key]] = {}
        self._open: list[set[Place]] = []

    def note(self, place: Place) -> None:
        """Say that the value being worked out depends on a number of the facts, or on one that the model file chooses."""
        if place.table != CHOICES:
            self.read.add(place)
        (self._open[-1] if self._open else self.read_beside).add(place)

    def value(self, key: Key, work_out: Callable[[], T]) -> T:
        """The value kept under `key`, worked out where there is none."""
        if key not in self._values:
            self._open.append(set())
            try:
                value = work_out()
            finally:
                reads = self._open.pop()
            for place in reads - self._reads.get(key, set()):
                self._readers.setdefault(place, set()).add(key)
            self._values[key], self._reads[key] = value, reads
        if self._open:
            self._open[-1] |= self._reads[key]
        return cast(T, self._values[key])

    def forget(self, places: Iterable[Place]) -> set[Key]:
        """What these numbers have a part in; it is worked out again when it is next asked for."""
        moved: set[Key] = set().union(*(self._readers.get(place, ()) for place in places))
        for key in moved:
            self._values.pop(key, None)
        return moved

    def clear(self) -> None:
        """Keep nothing any more: what is kept is known by the rooms that worked it out, and these hold the tracker, in a circle."""
        for known in (self._values, self._reads, self._readers):
            known.clear()

    def kept(self) -> Kept:
        """What is kept by now, to be given to `restore`."""
        return dict(self._values), dict(self._reads)

    def restore(self, kept: Kept) -> None:
        """Keep these values again, with what they were read from, and no others."""
        self._values, self._reads = map(dict, kept)


class Tracking(Protocol):
    """Whatever has a tracker."""

    @property
    def tracker(self) -> Tracker:
        """What keeps its values."""
        ...


Owner = TypeVar("Owner", bound=Tracking)


def tracked(method: Callable[Concatenate[Owner, P], T]) -> Callable[Concatenate[Owner, P], T]:
    """A method whose values are kept, for each of its arguments, until a number that they were read from is forgotten."""

    @wraps(method)
    def ask(self: Owner, *args: P.args, **kwargs: P.kwargs) -> T:
        assert not kwargs, "arguments of a tracked method are given by position"
        return self.tracker.value((self, ask, args), lambda: method(self, *args, **kwargs))

    return cast(Callable[Concatenate[Owner, P], T], ask)
