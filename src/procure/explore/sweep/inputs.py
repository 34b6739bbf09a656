"""What the rows of a sweep hang on beside their case, as a document: by it a store knows its own, and names what differs."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from procure.languages import Said
from procure.model import Model
from procure.words import listed

_NUMBERS = Said("numbers of {tables} differ", "数値の異なる表: {tables}")
_LACKING = Said("its rows lack the columns {lacking}", "保存先の行にない列: {lacking}")
_OTHER_COLUMNS = Said("its rows have other columns", "保存先の行の列が異なる")
_DIFFERS = Said("{place} is {stored} in the store, {here} here", "{place} は保存先では {stored}、ここでは {here}")
#: What is no path of a choice.
_PLACES = {
    "fresh paths": Said("fresh paths", "検証用の経路"),
    "model": Said("model", "モデル"),
    "extension": Said("extension", "拡張"),
}
_NOT_SET = Said("not set", "設定なし")

#: The option that no row hangs on but those that met it, which are solved again where that is asked for.
TIME_LIMIT = "time_limit"
#: Of the choices of a model, those that no cost hangs on.
ASIDE = ("title", "name")


def inputs_of(model: Model, columns: Sequence[str], paths: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """All that decides a row but its case: choices, tables, extension, version, and how it is solved and measured."""
    settings = model.settings.model_dump(mode="json", by_alias=True)
    settings["model"] = {key: value for key, value in settings["model"].items() if key not in ASIDE}
    return {
        "procure": version("procure"),
        "model": model.name,
        "choices": settings,
        "tables": {name: _digest((name, _cells(frame))) for name, frame in model.facts.tables.items()},
        "extension": _of_extension(model),
        "columns": list(columns),
        "fresh paths": paths,
        "options": {name: value for name, value in options.items() if name != TIME_LIMIT},
    }


def digest_of(inputs: Mapping[str, Any]) -> str:
    """One text that differs where the inputs do."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def differences(stored: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What differs between two inputs, in words: the choice, the table, the version."""
    return list(_differences(stored, here, ""))


def _differences(stored: Any, here: Any, place: str) -> Iterator[str]:
    if stored == here:
        return
    if isinstance(stored, Mapping) and isinstance(here, Mapping):
        if place == "tables":  # of each there is a digest only
            names = [name for name in {**stored, **here} if stored.get(name) != here.get(name)]
            yield _NUMBERS.format(tables=listed(names))
            return
        for key in {**stored, **here}:
            inner = key if place in ("", "choices") else f"{place}.{key}"
            yield from _differences(stored.get(key), here.get(key), inner)
        return
    if place == "columns":
        lacking = listed([name for name in here if name not in stored])
        yield _LACKING.format(lacking=lacking) if lacking else _OTHER_COLUMNS
        return
    yield _DIFFERS.format(place=_PLACES.get(place, place), stored=_said(stored), here=_said(here))


def _said(value: Any) -> str:
    text = _NOT_SET if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _cells(frame: Any) -> dict[str, list[Any]]:
    return {column: frame[column].tolist() for column in frame}


def _of_extension(model: Model) -> Any:
    """The functions of an extension by what they say, its numbers by their values."""
    extension = model.extension
    if not extension:
        return None
    numbers = {name: _of_function(n) if callable(n) else repr(n) for name, n in extension.numbers.items()}
    return {
        "plan": [_of_function(write) for write in extension.plan],
        "period": [_of_function(write) for write in extension.period],
        "numbers": numbers,
    }


def _of_function(function: Any) -> str:
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    try:
        return f"{name} {_digest(inspect.getsource(function))[:16]}"
    except (OSError, TypeError):  # written where no source is kept
        return f"{name} {_digest(getattr(getattr(function, '__code__', None), 'co_code', b''))[:16]}"


def _digest(what: Any) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()
