"""The numbers that the page may move: their ends, what they are now, and what of the model a value of them changes."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from procure.errors import DataError
from procure.explore.sweep.axis import Ends, choice_at, range_of
from procure.languages import Said
from procure.limits import KINDS
from procure.limits.limit import SHARE
from procure.model import Model
from procure.report.called import called

#: Steps of a slider, at least.
_STEPS = 100
#: Numbers of every model that a reader doubts first, each with two ends.
USUAL: Mapping[str, tuple[float, float]] = {"risk.weight": (0.0, 1.0), "shortage.scale": (0.5, 5.0)}


@dataclass(frozen=True)
class Number:
    """A number with a slider: its path, what it is called, the unit in which it is written, its two ends in it, its value now."""

    path: str
    words: Said
    unit: str
    low: float
    high: float
    value: float
    is_whole: bool
    _ends: Ends
    #: How many of the model's unit one of `unit` is.
    _factor: float

    @property
    def step(self) -> float:
        """A round step of the slider: a hundredth of its way, or a little less."""
        step = float(10.0 ** math.floor(math.log10((self.high - self.low) / _STEPS)))
        return max(1.0, step) if self.is_whole else step

    def changes(self, value: float) -> Mapping[str, Any]:
        """What of the model changes, by path and in its units; chances that must sum to one share what is left as they do now."""
        return self._ends.moves(float(round(value)) if self.is_whole else value * self._factor)


def numbers_of(model: Model, ranges: Mapping[str, Mapping[str, Any]]) -> list[Number]:
    """The numbers of a page: those of `ranges`, each with its ends under "from" and "to"; of none, the usual ones of the model.

    Raises `DataError` with every path that names no number, and every value that it cannot have.

    >>> from procure import load_model
    >>> [(number.path, number.low, number.high) for number in numbers_of(load_model("japan"), {})]
    [('risk.weight', 0.0, 1.0), ('shortage.scale', 0.5, 5.0), ('limits.china_heavy_share.max', 0.0, 1.0)]
    """
    wanted = {path: (ends["from"], ends["to"]) for path, ends in ranges.items()} or {**USUAL, **dict(_bounds(model))}
    return _numbers(model, wanted)


def numbers_of_limits(model: Model, names: Collection[str]) -> list[Number]:
    """The bounds of the limits of these names, in the order of the model."""
    return _numbers(model, dict(_bounds(model, names)))


def _numbers(model: Model, wanted: Mapping[str, tuple[Any, Any]]) -> list[Number]:
    found, faults = [], []
    for path, ends in wanted.items():
        try:
            found.append(_number(model, path, *ends))
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(faults)
    return found


def _bounds(model: Model, names: Collection[str] | None = None) -> Iterator[tuple[str, tuple[float, float]]]:
    """The bound of every limit, or of those of these names, from nothing to all, or to twice as much."""
    for limit in model.settings.limits:
        if names is not None and limit.name not in names:
            continue
        sense = KINDS[limit.kind].sense
        bound = getattr(limit, sense)
        if isinstance(bound, (int, float)):
            most = 1.0 if KINDS[limit.kind].measured_in is SHARE else 2 * bound or 1.0
            yield f"limits.{limit.name}.{sense}", (0.0, most)


def _number(model: Model, path: str, low: Any, high: Any) -> Number:
    """One of them."""
    document = {"from": low, "to": high, "others": "share"}
    ends = range_of(model, "sliders", path, document, as_written=True)
    assert isinstance(ends, Ends)
    if model.is_number_of_facts(path):
        facts = model.facts
        factor, unit, value = facts.factor(path), facts.unit(path, as_written=True), facts.value(path, as_written=True)
    else:
        factor, unit, value = 1.0, _unit(model, path), choice_at(model, path)
    value = float(value) if isinstance(value, (int, float)) else ends.low / factor
    return Number(
        path,
        called(model, path),
        "" if unit == "1" else unit,
        ends.low / factor,
        ends.high / factor,
        value,
        ends.is_whole,
        ends,
        factor,
    )


def _unit(model: Model, path: str) -> str:
    """The unit of a bound; other choices have none."""
    kinds = {f"limits.{limit.name}.{KINDS[limit.kind].sense}": limit.kind for limit in model.settings.limits}
    unit = KINDS[kinds[path]].measured_in if path in kinds else SHARE
    return "" if unit is SHARE else unit.name
