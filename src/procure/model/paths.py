"""Dotted names of choices: where one stands in the document of a model file, how it is set there, which there are.

A path that names no choice is one of the facts (`Facts.resolve`), and unknown only where they do not know it either.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_origin

from procure.errors import Fault, nearest
from procure.facts import Facts
from procure.languages import Said
from procure.model.choices import READ_ONCE, Settings
from procure.model.values import Table
from procure.words import alike

Place = tuple[str | int, ...]


def place_of(path: str, settings: Settings) -> Place | None:
    """The place of a choice in the document of its model file; None where the path names no choice.

    >>> from procure import load_model
    >>> settings = load_model("japan").settings
    >>> place_of("world.start.china", settings), place_of("limits.china_heavy_share.max", settings)
    (('world', 'start', 'china'), ('limits', 0, 'max'))
    """
    table: type[Table] = Settings
    parts, place = path.split("."), list[str | int]()
    while parts:
        key, *parts = parts
        kind, inner = table.takes().get(key), table.below(key)
        if kind is None:
            return None
        place.append(key)
        if not parts:
            break
        name, *below = parts
        if inner is None:  # values, by name or alone
            return (*place, name) if get_origin(kind) is dict and not below else None
        if inner is not kind:  # a table for each name, or a list of tables that have a name
            names = [getattr(entry, "name", None) for entry in getattr(settings, key)]
            listed = get_origin(kind) is tuple
            if not below or (listed and name not in names):
                return None
            place.append(names.index(name) if listed else name)
            parts = below
        table = inner
    return tuple(place) if len(place) > 1 else None


def put(document: dict[str, Any], place: Place, value: Any) -> None:
    """Set the value at a place of a document; tables on the way that the document leaves out are added."""
    *above, key = place
    table: Any = document
    for part in above:
        table = table[part] if isinstance(part, int) else table.setdefault(part, {})
    table[key] = value


def plain(value: Any) -> Any:
    """A number of NumPy as a number of Python; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return value
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def choice_paths(settings: Settings, facts: Facts) -> list[str]:
    """Every dotted path of a choice that a model which is read may change."""
    entries = {
        "suppliers": facts.tables["suppliers"]["supplier"].tolist(),
        "limits": [limit.name for limit in settings.limits],
    }

    def below(table: type[Table], head: str) -> Iterator[str]:
        for key, kind in table.takes().items():
            inner = table.below(key)
            if inner is None:
                yield f"{head}{key}"
            elif inner is kind:
                yield from below(inner, f"{head}{key}.")
            else:
                for name in entries.get(key, ()):
                    yield from below(inner, f"{head}{key}.{name}.")

    return [path for path in below(Settings, "") if path not in READ_ONCE]


def with_choices(fault: Fault, settings: Settings, facts: Facts) -> Fault:
    """A fault of the facts about an unknown path, its remedy looked for among the choices too; any other as it is."""
    if fault.seen != "no number has this path":
        return fault
    paths = [*choice_paths(settings, facts), *facts.near(fault.where)]
    head = alike(fault.where.split(".")[0])
    return replace(
        fault,
        where=fault.where or Said("a change without a path", "パスのない変更"),
        seen=Said("no choice and no number has this path", "このパスの選択肢も数値もない"),
        rule=Said("a path names one choice or one number", "パスは選択肢か数値を一つ指す"),
        remedy=nearest(fault.where, [path for path in paths if alike(path.split(".")[0]) == head] or paths),
    )
