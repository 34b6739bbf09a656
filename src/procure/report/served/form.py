"""The form by which the page adds a limit, made from what the kinds of limit read; and the limits of policies that fill it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from procure.errors import DataError
from procure.languages import LANGUAGES, Said, in_language, named
from procure.limits import KINDS
from procure.limits.said import class_name
from procure.model import Model
from procure.model.limits import LimitChoices
from procure.model.presets import presets, written_out
from procure.report.called import limit_called
from procure.report.labels import LABELS
from procure.report.served.numbers import Number, numbers_of_limits
from procure.words import plain, printable

#: What a key of a limit asks for.
KEYS: Mapping[str, Said] = {
    "supplier": Said("Supplier", "供給元"),
    "country": Said("Or country", "または国"),
    "scope": Said("Of which elements", "対象の元素"),
    "from": Said("From year", "開始年"),
    "to": Said("Until year", "終了年"),
    "weight": Said("Counted by", "数え方"),
    "when": Said("In which futures", "どの将来で"),
    "by": Said("Of every", "単位"),
    "alpha": Said("Worst futures from", "最悪側の水準"),
    "lost": Said("Who is lost", "途絶する供給元"),
    "months": Said("For how many months", "途絶の月数"),
    "on": Said("Of what is paid", "対象の支出"),
    "every_future": Said("In every future", "全ての将来で"),
    "threshold": Said("Share of demand that may go unserved", "許される不足率"),
    "method": Said("Method", "解き方"),
}
#: What may be chosen for it.
OPTIONS: Mapping[str, Said] = {
    "tonnes": Said("tonnes", "トン"), "value": Said("value", "金額"),
    "undisturbed": Said("while undisturbed", "平常時"), "always": Said("in every one", "全て"), "mean": Said("on average", "平均"),
    "supplier": Said("supplier", "供給元"), "country": Said("country", "国"),
    "any one": Said("any one supplier", "いずれか1供給元"),
    "any two": Said("any two suppliers", "いずれか2供給元"),
    "true": Said("yes", "はい"), "false": Said("no, on average", "いいえ（平均）"),
    "exact": Said("exact", "厳密"), "cvar": Said("approximate, faster", "近似（速い）"), "all": Said("all", "全元素"),
    "all parts": Said("all of it", "すべて"), "": Said("-", "-"),
}  # fmt: skip
MOST, LEAST = Said("At most", "上限"), Said("At least", "下限")
#: Keys whose values are names of the model.
_OF_MODEL = ("supplier", "country", "scope", "lost")


@dataclass(frozen=True)
class _Option:
    """What may be chosen: the value as a model file has it, and what it is called."""

    value: str | bool | list[str]
    words: Said


def form(model: Model) -> dict[str, Any]:
    """All that the script needs to draw the form: kinds with their fields, and the policies that fill them, as JSON.

    >>> from procure import load_model
    >>> drawn = form(load_model("two-class"))
    >>> [field["key"] for field in drawn["kinds"]["stock_held"]["fields"]]
    ['min', 'scope', 'from', 'to']
    """
    kinds = {
        name: {
            "title": _both(kind.title),
            "fields": [
                {
                    "key": kind.sense,
                    "words": _both(MOST if kind.sense == "max" else LEAST),
                    "unit": kind.measured_in.name,
                    "example": kind.measured_in.example,
                    "options": None,
                    "default": "",
                },
                *(_field(model, key) for key in kind.reads),
            ],
        }
        for name, kind in sorted(KINDS.items(), key=lambda item: item[1].title)
    }
    return {"kinds": kinds, "presets": [*_presets(model)]}


def added(model: Model, names: Collection[str]) -> list[dict[str, Any]]:
    """The limits of these names, as the page lists them: what each says, and the slider of its bound."""
    sliders = {number.path: slider(number) for number in numbers_of_limits(model, names)}
    return [
        {
            "name": limit.name,
            "says": _both(limit_called(model, limit.name) or limit.name),
            "years": _both(limit.years_in_words),
            "number": sliders[f"limits.{limit.name}.{KINDS[limit.kind].sense}"],
        }
        for limit in model.settings.limits
        if limit.name in names
    ]


def slider(number: Number) -> dict[str, Any]:
    """A number as the page shows it."""
    return {
        "path": number.path,
        "words": _both(number.words),
        "unit": number.unit,
        "value": number.value,
        "low": number.low,
        "high": number.high,
        "step": number.step,
        "ends": [plain(number.low), plain(number.high)],
    }


def _both(text: str) -> dict[str, str]:
    """A text in every language, harmless."""
    return {language: printable(str(in_language(text, language))) for language in LANGUAGES}


def _field(model: Model, key: str) -> dict[str, Any]:
    """What the form asks for a key: one of some options, or a number."""
    field = _known()[key]
    options = [*_options(model, key, field)]
    default = field.get_default(call_default_factory=True)
    return {
        "key": key,
        "words": _both(KEYS[key]),
        "unit": "",
        "example": "",
        "options": [{"value": each.value, "words": _both(each.words)} for each in options] or None,
        "default": "" if default is None else [*default] if isinstance(default, tuple) else default,
    }


def _known() -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in LimitChoices.model_fields.items()}


def _options(model: Model, key: str, field: FieldInfo) -> Iterator[_Option]:
    """What may be chosen: names of the model, or what the schema allows."""
    if key in _OF_MODEL:
        yield from (_Option(value, OPTIONS[value]) for value in field.examples or ())
        yield from _of_model(model, key)
        return
    for each in _leaves(field.annotation):
        if get_origin(each) is tuple:  # a list of some: all of them, or one
            parts = [part for part in get_args(get_args(each)[0]) if isinstance(part, str)]
            yield _Option(parts, OPTIONS["all parts"])
            yield from (_Option([part], LABELS[part]) for part in parts)
            continue
        values = get_args(each) if get_origin(each) is Literal else (False, True) if each is bool else ()
        yield from (_Option(value, OPTIONS[str(value).lower()]) for value in values)


def _leaves(annotation: Any) -> Iterator[Any]:
    """The kinds of which an annotation allows any one."""
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _leaves(part)
    elif hasattr(annotation, "__metadata__"):
        yield from _leaves(get_args(annotation)[0])
    else:
        yield annotation


def _of_model(model: Model, key: str) -> Iterator[_Option]:
    suppliers = [*model.settings.suppliers]
    table = model.facts.tables["suppliers"].set_index("supplier")
    if key == "scope":
        elements = model.facts.tables["elements"]
        wanted = model.settings.model.elements
        bought = elements["element"][
            elements["traded"] & elements["element"].isin(model.facts.tables["demand"]["element"])
        ]
        traded = bought.tolist() if wanted == "all" else list(wanted)
        own = elements[elements["element"].isin(traded)]
        yield _Option("all", OPTIONS["all"])
        classes = dict.fromkeys(own[f"class_{model.settings.model.classes}"])
        yield from (_Option(name, class_name(name)) for name in map(str, classes) if name not in traded)
        yield from (_Option(name, class_name(name)) for name in map(str, traded))
    elif key == "lost":
        yield from (_Option([name], _full_name(table, name)) for name in suppliers)
    else:
        yield _Option("", OPTIONS[""])
        names = suppliers if key == "supplier" else dict.fromkeys(table["country"].reindex(suppliers).dropna())
        yield from (_Option(name, _full_name(table, name) if key == "supplier" else Said(name, name)) for name in names)


def _full_name(table: Any, supplier: str) -> Said:
    row = table.loc[supplier]
    return named({key: row[f"name_{key}"] for key in LANGUAGES if isinstance(row[f"name_{key}"], str)}, supplier)


def _presets(model: Model) -> Iterator[dict[str, Any]]:
    """The policies that are limits: what each says, who set it, and what it fills in."""
    for name, row in presets(model.facts).items():
        if row["kind"] not in KINDS or row["value"] != row["value"]:
            continue
        written = written_out(row, model.settings.model.years[0])
        try:
            says = limit_called(model.limited(name), written["name"])
        except DataError:  # it needs to be told more, or begins after the model ends: the form asks for it
            says = None
        kind = KINDS[row["kind"]]
        bound = kind.measured_in.text(float(row["value"]))
        says = says or Said("{title}: {bound}", "{title}: {bound}").format(title=kind.title, bound=bound)
        source = Said(f"{row['instrument']}, {row['jurisdiction']}", f"{row['instrument']}、{row['jurisdiction']}")
        fills = {key: value for key, value in written.items() if key not in ("name", "kind", "note")}
        yield {
            "name": name,
            "words": _both(Said("{says} ({source})", "{says}（{source}）").format(says=says, source=source)),
            "kind": row["kind"],
            "fills": fills,
        }
