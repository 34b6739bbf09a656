"""The values that one path takes: listed, or evenly spaced between two ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pandas as pd

from procure.errors import LEAVE_OUT, UNKNOWN_KEY, DataError, Fault, nearest
from procure.explore.along import along
from procure.facts.conversion import share_of_percent
from procure.facts.schema import schema
from procure.languages import Said
from procure.model import Model
from procure.model.paths import place_of, plain

#: Cases that a sweep has at most: a row is some kilobytes, and a case takes milliseconds at least.
MOST = 1_000_000
#: What stands for the range that the tables have for a number.
LOW_HIGH = "low-high"
#: How values lie between two ends.
SPACINGS = ("linear", "log")
#: What becomes of the other chances of a whole.
SHARE = "share"
KEYS = ("from", "to", "range", "steps", "spacing", "others")


@dataclass(frozen=True)
class Ends:
    """A range of one number, from `low` to `high`, whole where the number is; `moves` says what a value changes."""

    low: float
    high: float
    spacing: str
    is_whole: bool
    moves: Callable[[float], Mapping[str, Any]]

    def at(self, position: float) -> Mapping[str, Any]:
        """What changes at a place between the ends, 0 to 1."""
        if self.spacing == "log":
            value = math.exp(math.log(self.low) + position * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + position * (self.high - self.low)
        # The ends themselves, without what logarithms leave.
        value = self.low if position == 0 else self.high if position == 1 else value
        return self.moves(float(round(value)) if self.is_whole else value)


@dataclass(frozen=True)
class Listed:
    """Values one by one."""

    changes: Sequence[Mapping[str, Any]]

    def at(self, position: float) -> Mapping[str, Any]:
        """The value that has a place between 0 and 1 in its part of it, all parts alike."""
        return self.changes[min(int(position * len(self.changes)), len(self.changes) - 1)]


def values_of(model: Model, where: str, path: str, written: Any, *, as_written: bool) -> Sequence[Mapping[str, Any]]:
    """What each value of a path changes, as a product or a zip takes them, in the unit of the model."""
    if not _is_range(written):
        return _listed(model, path, written, as_written).changes
    document: Mapping[str, Any] = {"range": written} if isinstance(written, str) else written
    ends = _ends(model, f"{where}.{path}", path, document, as_written, KEYS)
    steps = int(document["steps"])
    return [ends.at(k / (steps - 1) if steps > 1 else 0.0) for k in range(steps)]


def range_of(model: Model, where: str, path: str, written: Any, *, as_written: bool) -> Ends | Listed:
    """Where a sampled design finds the values of a path: between two ends, or among those listed."""
    if not _is_range(written):
        return _listed(model, path, written, as_written)
    document: Mapping[str, Any] = {"range": written} if isinstance(written, str) else written
    return _ends(model, f"{where}.{path}", path, document, as_written, tuple(key for key in KEYS if key != "steps"))


def too_many(where: str, n_cases: int) -> Fault:
    """What is wrong with more cases than any sweep has."""
    rule, remedy = (
        Said("a sweep has at most {most:,}", "掃引は最大 {most:,} 件").format(most=MOST),
        Said(
            "ask for fewer steps, or for a sample: it spreads as few as you like",
            "段数を減らすか、標本にする（何件でも散らせる）",
        ),
    )
    return Fault(where, Said("{n_cases:,} cases", "{n_cases:,} 件").format(n_cases=n_cases), rule, remedy)


def _is_range(written: Any) -> bool:
    return isinstance(written, Mapping) or (isinstance(written, str) and written == LOW_HIGH)


def _listed(model: Model, path: str, written: Any, as_written: bool) -> Listed:
    values = (
        written if isinstance(written, (list, tuple)) else written.tolist() if hasattr(written, "tolist") else [written]
    )
    values = list(map(plain, values)) if isinstance(values, (list, tuple)) else [values]
    if as_written and model.is_number_of_facts(path):
        with suppress(DataError):  # a path that names nothing is told with the others
            factor = model.facts.factor(path)
            values = [value * factor if type(value) in (int, float) else value for value in values]
    return Listed([{path: value} for value in values])


def _ends(
    model: Model, where: str, path: str, document: Mapping[str, Any], as_written: bool, keys: Sequence[str]
) -> Ends:
    """The range that a table of a grid describes, in the unit of the model; every fault of it in one list."""
    faults = [
        Fault(
            where,
            UNKNOWN_KEY.format(key=key),
            Said("a range has no other keys", "範囲に他のキーはない"),
            nearest(str(key), keys),
        )
        for key in document
        if key not in keys
    ]
    steps = document.get("steps")
    if "steps" in keys and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 1):
        seen = (
            Said("the key 'steps' is missing", "キー 'steps' がない")
            if steps is None
            else Said("steps is {steps!r}", "steps は {steps!r}").format(steps=steps)
        )
        faults.append(
            Fault(
                where,
                seen,
                Said(
                    "a range in a product or zip has a whole number of steps",
                    "product と zip の範囲には整数の steps がある",
                ),
                Said("write steps = 5", "steps = 5 と書く"),
            )
        )
    elif "steps" in keys and isinstance(steps, int) and steps > MOST:
        faults.append(too_many(where, steps))
    spacing = document.get("spacing", SPACINGS[0])
    if spacing not in SPACINGS:
        rule = Said("spacing is {names}", "spacing は次のいずれか: {names}").format(names=" or ".join(SPACINGS))
        faults.append(
            Fault(
                where,
                Said("spacing is {spacing!r}", "spacing は {spacing!r}").format(spacing=spacing),
                rule,
                nearest(str(spacing), SPACINGS),
            )
        )
    others = document.get("others")
    if others not in (None, SHARE):
        faults.append(
            Fault(
                where,
                Said("others is {others!r}", "others は {others!r}").format(others=others),
                Said("others is '{share}' or left out", "others は '{share}' か、省く").format(share=SHARE),
                LEAVE_OUT,
            )
        )
    said, ends = document.get("range"), [key for key in ("from", "to") if key in document]
    if (said is None and len(ends) < 2) or (said is not None and ends):
        rule = Said(
            "a range has from and to, or range = '{low_high}' for that of the tables",
            "範囲には from と to、または表の範囲を表す range = '{low_high}' がある",
        ).format(low_high=LOW_HIGH)
        faults.append(
            Fault(
                where,
                Said("it has not two ends", "両端がない")
                if said is None
                else Said("it has ends twice", "両端が二重にある"),
                rule,
                Said("write it so", "そのように書く"),
            )
        )
    elif said not in (None, LOW_HIGH):
        faults.append(
            Fault(
                where,
                Said("range is {said!r}", "range は {said!r}").format(said=said),
                Said("range is '{low_high}', that of the tables", "range は '{low_high}'（表の範囲）").format(
                    low_high=LOW_HIGH
                ),
                Said("or write from and to", "または from と to を書く"),
            )
        )
    if faults:
        raise DataError(faults)
    if said is None:
        low, high = document["from"], document["to"]
    else:
        (low, high), as_written = range_of_tables(model, where, path), False
    if not model.is_number_of_facts(path):
        found = _ends_of_choice(model, where, path, low, high, spacing)
    else:
        number = along(model, path, low, high, as_written=as_written)
        factor = model.facts.factor(path) if as_written else 1.0
        moves = (lambda value: number.changes(value / factor)) if others == SHARE else (lambda value: {path: value})
        found = Ends(number.low * factor, number.high * factor, spacing, _is_whole_of_facts(model, path), moves)
    if spacing == "log" and found.low <= 0:
        raise DataError(
            Fault(
                where,
                Said("it begins at {low:g}", "{low:g} から始まる").format(low=found.low),
                Said("a range in log spacing lies above zero", "対数間隔の範囲は 0 より上"),
                Said("use linear", "linear を使う"),
            )
        )
    return found


def _ends_of_choice(model: Model, where: str, path: str, low: Any, high: Any, spacing: str) -> Ends:
    """The range of a choice: it has no unit, and is whole where the model has a whole number."""
    ends = [share_of_percent(plain(end)) for end in (low, high)]
    if not all(type(end) in (int, float) and math.isfinite(end) for end in ends):
        raise DataError(
            Fault(
                where,
                Said("it lies between {low!r} and {high!r}", "{low!r} と {high!r} の間").format(low=low, high=high),
                Said("a range lies between two numbers", "範囲は二つの数値の間"),
                Said("list its values", "値を列挙する"),
            )
        )
    first, last = ends
    if not first < last:
        raise DataError(
            Fault(
                where,
                Said("from is {first:g}, to is {last:g}", "from は {first:g}、to は {last:g}").format(
                    first=first, last=last
                ),
                Said("from is below to", "from は to より小さい"),
                Said("turn them round", "入れ替える"),
            )
        )
    value = choice_at(model, path)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return Ends(first, last, spacing, is_whole, lambda value: {path: int(value) if is_whole else value})


def range_of_tables(model: Model, where: str, path: str) -> tuple[float, float]:
    """The least and the largest that the tables think a number may be, in the unit of the model."""
    facts = model.facts
    if not model.is_number_of_facts(path):
        rule = Said("the tables have ranges of their own numbers", "表にあるのは表の数値の範囲")
        raise DataError(
            Fault(
                where,
                Said("it is a choice", "モデルの選択である"),
                rule,
                Said("write from and to", "from と to を書く"),
            )
        )
    place = facts.locate(path)
    prefix = "" if place.column == "value" else f"{place.column}_"
    row = facts.tables[place.table].iloc[place.position]
    ends = [row.get(f"{prefix}{end}") for end in ("low", "high")]
    if any(end is None or pd.isna(end) for end in ends):
        raise DataError(
            Fault(
                where,
                Said("{table}.csv has no range of it", "{table}.csv にその範囲はない").format(table=place.table),
                Said("a range has two ends", "範囲には両端がある"),
                Said("write from and to", "from と to を書く"),
            )
        )
    low, high = (float(str(end)) for end in ends)
    if not low < high:
        seen = Said("low and high are both {low:.10g}", "low と high がともに {low:.10g}").format(low=low)
        raise DataError(
            Fault(
                where,
                seen,
                Said("a number that varies has low below high", "動く数値の low は high より小さい"),
                Said("leave it out, or write from and to", "省くか、from と to を書く"),
            )
        )
    return low, high


def _is_whole_of_facts(model: Model, path: str) -> bool:
    """Whether a number of the facts is a whole one, as a year is."""
    place = model.facts.locate(path)
    return schema()[place.table].columns[place.column].kind == "integer"


def choice_at(model: Model, path: str) -> Any:
    """The value of a choice as the model has it; None where it says nothing."""
    here: Any = model.settings.model_dump(by_alias=True)
    for part in place_of(path, model.settings) or ():
        try:
            here = here[part]
        except (LookupError, TypeError):
            return None
    return here
