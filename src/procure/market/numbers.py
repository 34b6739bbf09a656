"""How the data of the formulation and what works them out stand together: one method for each datum, of its name.

What a block of the formulation declares by ``given(m, "storage", m.E, m.Y, unit="kUSD/t")`` is worked out by the method
``storage`` of a `Numbers`, which says over which indices, and returns the datum of one:

>>> class Rooms(Numbers):
...     @datum(over=lambda sets: [(e, y) for e in sets.elements for y in sets.years])
...     def storage(self, e: str, y: int) -> float:
...         return 12.0
>>> list(Rooms.over)
['storage']

Each is tracked by itself, so that a number of the facts that moves names the data that move with it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

from procure.facts.tracked import Key, tracked
from procure.formulation.sets import Sets
from procure.market.reading import Room

Index = tuple[Any, ...]
#: A number of plan or period: its name and its index.
Datum = tuple[str, Index]
#: The data of a block, by name and by index.
Data = Mapping[str, Mapping[Index, Any]]
#: The indices of a datum.
Over = Callable[[Sets], Iterable[Index]]

P = ParamSpec("P")
T = TypeVar("T")
Owner = TypeVar("Owner", bound="Numbers")

_OVER = "over_indices"


def datum(
    over: Over,
) -> Callable[[Callable[Concatenate[Owner, P], T]], Callable[Concatenate[Owner, P], T]]:
    """Say that a method works out the datum of its name, for each of the indices that `over` gives."""

    def mark(method: Callable[Concatenate[Owner, P], T]) -> Callable[Concatenate[Owner, P], T]:
        work_out = tracked(method)
        setattr(work_out, _OVER, over)
        return work_out

    return mark


def by_name(parts: Iterable[Mapping[Datum, Any]]) -> Data:
    """Data by name and index, from parts of them."""
    data: dict[str, dict[Index, Any]] = {}
    for part in parts:
        for (name, index), value in part.items():
            data.setdefault(name, {})[index] = value
    return data


class BlockData(Room, ABC):
    """Data of one block of the formulation, plan or period."""

    @abstractmethod
    def all(self, sets: Sets) -> Data:
        """Every datum, by name and index."""

    @abstractmethod
    def again(self, forgotten: Iterable[Key]) -> dict[Datum, Any]:
        """The data among what a tracker has forgotten, worked out again."""


class Numbers(BlockData):
    """Data that are each worked out by the method of their name."""

    #: The indices of each datum, in the order in which they are declared.
    over: ClassVar[Mapping[str, Over]] = {}
    _name_of: ClassVar[Mapping[Callable[..., Any], str]] = {}

    def __init_subclass__(cls) -> None:
        methods = {name: method for name, method in vars(cls).items() if hasattr(method, _OVER)}
        cls.over = {name: getattr(method, _OVER) for name, method in methods.items()}
        cls._name_of = {method: name for name, method in methods.items()}

    def all(self, sets: Sets) -> Data:
        """Every datum, by name and index."""
        return {
            name: {index: getattr(self, name)(*index) for index in indices(sets)} for name, indices in self.over.items()
        }

    def again(self, forgotten: Iterable[Key]) -> dict[Datum, Any]:
        """The data among what a tracker has forgotten, worked out again."""
        return {
            (name, index): method(self, *index)
            for owner, method, index in forgotten
            if owner is self and (name := self._name_of.get(method)) is not None
        }
