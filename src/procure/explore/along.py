"""A number of a model that is moved along a range: in which unit, and what moves with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from procure.errors import DataError, Fault
from procure.facts import Facts
from procure.facts.conversion import share_of_percent
from procure.facts.schema import schema
from procure.languages import Said
from procure.model import Model

#: Where between the ends a value is tried that no whole number is likely to be: that of the golden section.
INSIDE = 0.381966


@dataclass(frozen=True)
class Along:
    """A number between two ends, in `unit`; blank for choices and numbers of one's own, which have none.

    >>> from procure import load_model
    >>> chance = along(load_model("japan"), "suppliers.caremag.project.never", 0.1, 0.6)
    >>> for path, value in chance.changes(0.6).items():
    ...     print(path, round(value, 3))
    suppliers.caremag.project.never 0.6
    suppliers.caremag.project.2027 0.165
    suppliers.caremag.project.2028 0.235
    """

    path: str
    unit: str
    low: float
    high: float
    #: How many of the model's unit one of `unit` is.
    _factor: float = 1.0
    #: What is left to other chances of the same thing when this one is `value`: their shares of it, by path, and their bound.
    _others: Mapping[str, float] = field(default_factory=dict)
    _bound: float = 1.0

    def changes(self, value: float) -> dict[str, float]:
        """What of the model changes, by path and in its units; chances that must sum to one share what is left as they do now."""
        number = value * self._factor
        left = self._bound - number
        return {self.path: number, **{path: share * left for path, share in self._others.items()}}


def along(model: Model, path: str, low: float | str, high: float | str, *, as_written: bool = False) -> Along:
    """A number of a model between two ends.

    Parameters
    ----------
    path : str
        Of one number, as for `Model.with_`.
    low, high : float or str
        As for `Model.with_`: in the unit of the model, or a text that says its unit.
    as_written : bool
        Whether plain numbers are in the unit in which the table of the path lists it, and the range too.

    Raises `DataError` for an unknown path with the nearest, one of no number, values that it cannot have, and ends out of order.
    """
    facts = model.facts
    if model.is_number_of_facts(path):
        known(model, path)
        factor = facts.factor(path) if as_written else 1.0
        first, last = (value_of(model, path, end, as_written=as_written) for end in (low, high))
        number = Along(path, facts.unit(path, as_written=as_written), first, last, factor, *_others(facts, path))
    else:
        number = Along(path, "", _plain(path, low), _plain(path, high))
    if not number.low < number.high:
        seen = Said("low is {low:.10g}, high {high:.10g}", "low は {low:.10g}、high は {high:.10g}").format(
            low=number.low, high=number.high
        )
        raise DataError(
            Fault(
                path,
                seen,
                Said("low is below high", "low は high より小さい"),
                Said("give the two ends of a range", "範囲の両端を指定する"),
            )
        )
    inside = number.low + INSIDE * (number.high - number.low)
    for value in (number.low, number.high, inside):  # what was asked for first: a fault names it
        model.changed(number.changes(value))
    return number


def value_of(model: Model, path: str, value: float | str, *, as_written: bool = False) -> float:
    """A value of a number in the unit of `along`; raises `DataError` where it is none, or the path names none."""
    if not model.is_number_of_facts(path):
        return _plain(path, value)
    known(model, path)
    return model.facts.number(path, value, as_written=as_written) / (model.facts.factor(path) if as_written else 1.0)


def known(model: Model, path: str) -> None:
    """Refuse a path that names nothing, with the nearest choice or number."""
    if not model.is_number_of_facts(path):
        return
    try:
        model.facts.locate(path)
    except DataError:
        model.changed({path: 0.0})  # knows the choices, too
        raise


def _plain(path: str, value: Any) -> float:
    """An end of a choice's range, of which only numbers have one."""
    number = share_of_percent(value)
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
        raise DataError(
            Fault(
                path,
                Said("{value!r} is no number", "{value!r} は数値ではない").format(value=value),
                Said("a range lies between two numbers", "範囲は二つの数値の間"),
                Said("give its two ends", "両端を指定する"),
            )
        )
    return float(number)


def _others(facts: Facts, path: str) -> tuple[Mapping[str, float], float]:
    """The chances that sum to a bound with that of a path, as shares of what it leaves them, and the bound."""
    place = facts.locate(path)
    frame = facts.tables[place.table]
    for whole in schema()[place.table].sums:
        cells = {**whole.where, **{column: frame[column].iloc[place.position] for column in whole.by}}
        parts = [row for row in range(len(frame)) if all(frame[column].iloc[row] == cells[column] for column in cells)]
        if whole.is_exact and place.column in whole.columns and place.position in parts:
            path_of = {row: full for full, (table, row) in facts.paths().items() if table == place.table}
            column = "" if place.column == "value" else f".{place.column}"
            chances = {
                f"{path_of[row]}{column}": float(frame[place.column].iloc[row])
                for row in parts
                if row != place.position
            }
            left = math.fsum(chances.values())
            return ({other: chance / left for other, chance in chances.items()} if left > 0 else {}), whole.bound
    return {}, 1.0
