"""The cases of a grid, checked against a model before any is solved, each known by one text.

A case is kept as full paths and plain values in the unit of the model, so that it is the same however it was written: `90 t/yr`,
`90.0` and a short path come to one. A path that no case can set is one fault of the grid, with the nearest; a value that is
wrong among others that are right is a case that ends as bad input.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from procure.errors import KEEP_ONE, DataError, Fault
from procure.explore.sweep.axis import choice_at
from procure.explore.sweep.columns import BY_NAME, Kind
from procure.explore.sweep.grid import Case
from procure.facts import Place
from procure.facts.conversion import RATES, share_of_percent
from procure.languages import Said
from procure.market import check_read, numbers_read
from procure.model import Model
from procure.model.paths import place_of, plain

_ONE_NUMBER = Said("'{path}' and '{other}' name the same number", "'{path}' と '{other}' は同じ数値を指す")
_ONE_PATH = Said("a number has one path in a grid", "格子では一つの数値にパスは一つ")
_A_COLUMN = Said("'{path}' is the name of a column of the rows too", "'{path}' は行の列の名前でもある")
_OWN_NAME = Said("a path has a name of its own", "パスには固有の名前がある")
_SHARED = Said(
    "give a range with others = 'share', so that the others share what is left",
    "others = 'share' の範囲にし、残りを他で分け合う",
)

#: Cases tried before a path counts as one that cannot be set, and before its number counts as one that nothing reads.
TRIES, READ_TRIES = 200, 8


@dataclass(frozen=True)
class Parameter:
    """What a path is in the rows: its full name, the kind of its column, and its unit in the model."""

    path: str
    kind: Kind
    unit: str


@dataclass(frozen=True)
class Cases:
    """The cases of a sweep in the asked order.

    Attributes
    ----------
    changes : sequence of mappings
        What each changes, by full path.
    keys : sequence of str
        What each is known by: equal cases have equal keys.
    parameters : mapping
        By the path as it was asked for.
    """

    changes: Sequence[Case]
    keys: Sequence[str]
    parameters: Mapping[str, Parameter]

    def __len__(self) -> int:
        return len(self.keys)

    def shard(self, number: int, of: int) -> Cases:
        """Every `of`-th case, from the one of this number on."""
        return Cases(self.changes[number - 1 :: of], self.keys[number - 1 :: of], self.parameters)

    def distinct(self) -> dict[str, Case]:
        """Each case once, by its key."""
        return dict(zip(self.keys, self.changes, strict=True))


def checked(model: Model, cases: Sequence[Case], origin: str = "grid") -> Cases:
    """The cases, in full paths and plain values.

    Raises `DataError` with one fault for each path that names nothing, that no case can set, that nothing reads, or that
    names what another path of the grid names.
    """
    paths = dict.fromkeys(path for case in cases for path in case)
    faults: list[Fault] = []
    parameters: dict[str, Parameter] = {}
    for path in paths:
        try:
            parameters[path] = _parameter(model, path)
        except DataError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    by_name: dict[str, str] = {}
    for path, parameter in parameters.items():
        if parameter.path in by_name:
            seen = _ONE_NUMBER.format(path=path, other=by_name[parameter.path])
            faults.append(Fault(origin, seen, _ONE_PATH, KEEP_ONE))
        by_name.setdefault(parameter.path, path)
        if path.partition(".")[0] in BY_NAME:
            faults.append(Fault(origin, _A_COLUMN.format(path=path), _OWN_NAME))
    if faults:
        raise DataError(faults)
    values = _Values(model, parameters)
    changes = [values.of(case) for case in cases]
    _refuse_impossible(model, changes, parameters)
    return Cases(changes, [key_of(case) for case in changes], parameters)


def key_of(case: Case) -> str:
    """What a case is known by: JSON, paths in alphabetical order, every digit.

    >>> key_of({"risk.weight": 0.5, "prices.Dy.spot": 900.0})
    '{"prices.Dy.spot":900.0,"risk.weight":0.5}'
    """
    return json.dumps(dict(sorted(case.items())), ensure_ascii=False, separators=(",", ":"), default=str)


def as_cell(value: Any, kind: Kind) -> Any:
    """A value as its column holds it; None where it is none of that kind, which a row of bad input may have."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "flag":
        return value if isinstance(value, bool) else None
    if kind == "integer":
        return int(value) if is_number and float(value).is_integer() and abs(value) < 2**63 else None
    if kind == "number":
        return float(value) if is_number else None
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)


def _parameter(model: Model, path: str) -> Parameter:
    """What a path names; `DataError` with the nearest where that is nothing."""
    if path.split(".")[0] == "extension":
        return Parameter(path, "number", "")
    if place_of(path, model.settings) is not None:
        value = choice_at(model, path)
        kinds: tuple[tuple[type, Kind], ...] = ((bool, "flag"), (int, "integer"), (float, "number"))
        return Parameter(path, next((kind for known, kind in kinds if isinstance(value, known)), "text"), "")
    try:
        model.facts.locate(path)
    except DataError:
        model.changed({path: 0.0})  # knows the choices, too
        raise
    return Parameter(model.facts.resolve(path), "number", model.facts.unit(path))


class _Values:
    """Values as the model has them, each worked out once."""

    def __init__(self, model: Model, parameters: Mapping[str, Parameter]) -> None:
        self._model, self._parameters = model, parameters
        self._is_of_facts = {path: model.is_number_of_facts(path) for path in parameters}
        self._rates = [
            parameter.path
            for path, parameter in parameters.items()
            if self._is_of_facts[path] and model.facts.locate(path).table == RATES
        ]
        self._known: dict[tuple[str, str], Any] = {}

    def of(self, case: Case) -> dict[str, Any]:
        """A case in full paths and plain values."""
        changes = {self._parameters[path].path: plain(value) for path, value in case.items()}
        at_rates = {path: value for path, value in changes.items() if path in self._rates}
        return {self._parameters[path].path: self._value(path, plain(value), at_rates) for path, value in case.items()}

    def _value(self, path: str, value: Any, at_rates: Case) -> Any:
        kind = self._parameters[path].kind
        if type(value) is float:
            return value + 0.0  # no zero below zero
        if type(value) is int:
            return float(value) if kind == "number" and abs(value) < 2**53 else value
        if not isinstance(value, str):
            return value
        known = path, f"{value!r} {sorted(at_rates.items())}"
        if known not in self._known:
            self._known[known] = self._said(path, value, at_rates)
        return self._known[known]

    def _said(self, path: str, value: str, at_rates: Case) -> Any:
        """A text that is a number with its unit as that number; any other, and one that is wrong, as it is."""
        if self._is_of_facts[path]:
            try:
                facts = self._model.facts.with_values(at_rates) if at_rates else self._model.facts
                return facts.number(path, value)
            except DataError:
                return value
        return share_of_percent(value) if self._parameters[path].kind == "number" else value


def _refuse_impossible(model: Model, changes: Sequence[Case], parameters: Mapping[str, Parameter]) -> None:
    """Refuse paths that no case can set: each would be a fault of every row that has it."""
    unproved = {parameter.path: 0 for parameter in parameters.values()}  # in how many cases it could not be set
    faults: dict[str, Sequence[Fault]] = {}
    for case in changes:
        new = [path for path in case if unproved.get(path, TRIES) < TRIES]
        if not new:
            continue
        try:
            model.changed(case)
        except DataError as error:
            for path in new:
                faults.setdefault(path, error.faults)
                unproved[path] += 1
        else:
            for path in new:
                del unproved[path]
    if not unproved:
        return
    seen = dict.fromkeys(fault for path in unproved for fault in faults[path])
    # Where one path is wrong in every case, the others of these cases are not at fault.
    mine = [fault for fault in seen if any(path in f"{fault.where} {fault.seen}" for path in unproved)]
    raise DataError([_with_others(model, fault, unproved) for fault in mine or seen])


def _with_others(model: Model, fault: Fault, paths: Iterable[str]) -> Fault:
    """A fault; of a chance that must sum to one with others it says what a range can do about them."""
    if not any(model.is_number_of_facts(path) and model.facts.alone(path) is None for path in paths):
        return fault
    return replace(fault, remedy=_SHARED)


def refuse_unread(model: Model, cases: Cases) -> None:
    """Refuse numbers that are set and that no case reads: `DataError`, one fault for each; and a model that is none itself."""
    read = numbers_read(model)
    check_read(model, model.numbers_set, read)
    numbers = {p.path for p in cases.parameters.values() if model.is_number_of_facts(p.path)}
    faults = _unread(model, numbers, read)
    # What the model does not read as it is, it may read under other choices.
    for case in [case for case in cases.changes if faults.keys() & case.keys()][:READ_TRIES]:
        try:
            changed = model.changed(case)
            faults = _unread(changed, faults, numbers_read(changed))
        except DataError:  # a case that is wrong by itself
            continue
    if faults:
        raise DataError(faults.values())


def _unread(model: Model, paths: Iterable[str], read: Collection[Place]) -> dict[str, Fault]:
    """The faults of numbers that a model does not read, by their path."""
    try:
        check_read(model, paths, read)
    except DataError as error:
        return {fault.where: fault for fault in error.faults}
    return {}
