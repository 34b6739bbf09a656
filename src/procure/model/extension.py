"""Rows, decisions and costs of one's own, in Pyomo, beside those of the formulation; with data of their own."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from procure.errors import Fault, nearest
from procure.languages import Said
from procure.model.faults import VALUE_IS

#: Writes into a block of the formulation: ``f(block, sets)``.
Write = Callable[[Any, Any], None]
#: A number, numbers by index, or a function of what limits may ask of the market (`procure.market.asked`) that returns either.
Given = float | Mapping[Any, float] | Callable[[Any], Any]
_ONE_NUMBER = Said("a path names one number", "パスは数値一つを指す")


@dataclass(frozen=True)
class Extension:
    """What a model adds to plan and period. Functions are told apart by identity; equal extensions share what was compiled."""

    plan: tuple[Write, ...] = ()
    period: tuple[Write, ...] = ()
    numbers: Mapping[str, Given] = field(default_factory=dict, compare=False, hash=False)

    def __bool__(self) -> bool:
        return bool(self.plan or self.period or self.numbers)

    def with_more(self, plan: Write | None, period: Write | None, given: Mapping[str, Given]) -> Extension:
        """The same and more."""
        return Extension(
            (*self.plan, *((plan,) if plan is not None else ())),
            (*self.period, *((period,) if period is not None else ())),
            {**self.numbers, **given},
        )

    def changed(self, path: str, value: Any) -> Extension | Fault:
        """The same with one number at another value: ``extension.fee``, or ``extension.capacity.2027`` for one of several."""
        name, *index = path.split(".")[1:] or [""]
        if name not in self.numbers:
            add = Said("add it by model.extended(numbers=...)", "model.extended(numbers=...) で加える")
            seen = Said("no extension has a number '{name}'", "数値 '{name}' を持つ拡張はない").format(name=name)
            return Fault(path, seen, _ONE_NUMBER, nearest(name, self.numbers) if self.numbers else add)
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            rule = Said("a number of an extension is a number", "拡張の数値は数値であること")
            return Fault(path, VALUE_IS.format(value=repr(value)), rule, Said("write digits", "数字で書く"))
        before = self.numbers[name]
        if not index:
            return self._with(name, float(value))
        keys = {".".join(map(str, as_index(key))): key for key in before} if isinstance(before, Mapping) else {}
        at = ".".join(index)
        if at not in keys or not isinstance(before, Mapping):
            seen = Said("'{name}' has no number at '{at}'", "'{name}' の '{at}' に数値はない").format(name=name, at=at)
            return Fault(path, seen, _ONE_NUMBER, nearest(at, keys))
        return self._with(name, {**before, keys[at]: float(value)})

    def _with(self, name: str, value: Given) -> Extension:
        return Extension(self.plan, self.period, {**self.numbers, name: value})


NO_EXTENSION = Extension()


def as_index(key: Any) -> tuple[Any, ...]:
    """The index of a datum as a tuple, as Pyomo counts: one key stands alone."""
    return key if isinstance(key, tuple) else (key,)
