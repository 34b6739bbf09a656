"""Faults of choices in words: what pydantic finds and what we find, in one list.

A validator raises `wrong` with words of ours; whatever else pydantic finds is put into words here. Both say where it
stands as the file writes it: limits by their name, other entries of a list by their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from procure.errors import UNKNOWN_KEY, Fault, nearest
from procure.languages import COMMA, Said

#: The keys of the table at a place of a file.
KeysAt = Callable[[Iterable[Any]], list[str]]

#: The longest value that an error shows.
SHORT = 60
VALUE_IS, ONE_OF = Said("value is {value}", "値は {value}"), Said("it is one of {options}", "次のいずれか: {options}")

#: Rule and remedy for what pydantic calls a fault of type.
TYPES = {
    "float_type": (
        Said("it is a number", "数値であること"),
        Said("write digits, without quotes", "引用符を付けずに数字で書く"),
    ),
    "int_type": (
        Said("it is a whole number", "整数であること"),
        Said("write digits, without quotes and decimal point", "引用符も小数点も付けずに数字で書く"),
    ),
    "bool_type": (
        Said("it is true or false", "true か false であること"),
        Said("write true or false, without quotes", "引用符を付けずに true か false と書く"),
    ),
    "string_type": (Said("it is text", "文字列であること"), Said("put it in quotes", "引用符で囲む")),
    "string_too_short": (Said("it is not empty", "空でないこと"), Said("fill it in", "値を書く")),
    "tuple_type": (
        Said("it is a list", "リストであること"),
        Said("write it in brackets; tables of a list as [[name]]", "角括弧で書く。表のリストは [[name]] と書く"),
    ),
    "dict_type": (
        Said("it is a table of keys", "キーの表であること"),
        Said("write [name] above its keys", "キーの上に [name] と書く"),
    ),
    "model_type": (
        Said("it is a table of keys", "キーの表であること"),
        Said("write [name] above its keys", "キーの上に [name] と書く"),
    ),
    "finite_number": (
        Said("it is a finite number", "有限の数値であること"),
        Said("leave the key out where there is no limit", "上限がなければキーを省く"),
    ),
}
BOUNDS = {
    "greater_than_equal": ("ge", ">="),
    "greater_than": ("gt", ">"),
    "less_than_equal": ("le", "<="),
    "less_than": ("lt", "<"),
}


def wrong(seen: str, rule: str, remedy: str) -> PydanticCustomError:
    """A fault in our own words, on its way through pydantic."""
    return PydanticCustomError("fault", "{rule}", {"seen": seen, "rule": rule, "remedy": remedy})


def short(seen: Any, width: int = SHORT) -> str:
    """What was seen, cut to one line of an error; a text in quotes if it is a value."""
    shown = seen if isinstance(seen, str) and width > SHORT else repr(seen)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def in_words(error: ValidationError, keys_at: KeysAt, document: Mapping[str, Any], origin: str) -> list[Fault]:
    """Every fault that pydantic found in a document, in words; `origin` is the file."""
    return [
        _fault(dict(detail), keys_at, document, origin)
        for detail in error.errors()
        # Where 'all' or a list may stand, a bad list is reported as not 'all' too.
        if not str(detail["loc"][-1:]).startswith('("literal[')
    ]


def _fault(detail: dict[str, Any], keys_at: KeysAt, document: Mapping[str, Any], origin: str) -> Fault:
    place = tuple(part for part in detail["loc"] if not _is_of_pydantic(part))
    where = f"{origin}, {_spelled(place, keys_at, document)}" if place else origin
    kind, seen, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    value = VALUE_IS.format(value=short(seen))
    if kind == "fault":
        return Fault(where, context["seen"], context["rule"], context["remedy"])
    if kind == "extra_forbidden":
        remedy = nearest(str(place[-1]), keys_at(place[:-1]))
        return Fault(
            where,
            UNKNOWN_KEY.format(key=place[-1]),
            Said("unknown keys are faults", "未知のキーは誤り"),
            remedy,
        )
    if kind == "missing":
        return Fault(
            where,
            Said("the key is missing", "キーがない"),
            Said("this key is required", "このキーは必須"),
            Said("add '{key}'", "'{key}' を加える").format(key=place[-1]),
        )
    if kind == "literal_error":
        options = [part.strip(" '") for part in str(context["expected"]).replace(" or ", ", ").split(",")]
        return Fault(where, value, ONE_OF.format(options=COMMA.join(options)), nearest(str(seen), options))
    if kind in BOUNDS:
        limit, sign = BOUNDS[kind]
        bounded = Said("it is {sign} {limit:g}", "{sign} {limit:g} であること").format(sign=sign, limit=context[limit])
        check = Said("check sign and decimal point", "符号と小数点を確認")
        if limit in ("le", "lt") and context[limit] == 1 and isinstance(seen, int | float) and 1 < seen <= 100:
            share = Said("write {share:g} for {seen:g} %", "{seen:g} % は {share:g} と書く")
            check = share.format(share=seen / 100, seen=seen)
        return Fault(where, value, bounded, check)
    if kind == "string_pattern_mismatch":
        return Fault(
            where,
            value,
            Said("a name matches {pattern}", "名前は {pattern} に合うこと").format(pattern=context["pattern"]),
            Said("use letters, digits and underscores", "英数字と下線を使う"),
        )
    rule, remedy = TYPES.get(
        kind, (str(detail["msg"]), Said("see models/japan.toml for an example", "例は models/japan.toml を参照"))
    )
    return Fault(where, value, rule, remedy)


def _is_of_pydantic(part: Any) -> bool:
    """Whether a part of a place is pydantic's name for a branch of a union or the key of a mapping, not the file's."""
    return isinstance(part, str) and part.startswith(("tuple[", "literal[", "function-", "[key]"))


def _spelled(place: tuple[Any, ...], keys_at: KeysAt, document: Mapping[str, Any]) -> str:
    """The place of a fault as a path: entries of a list by their name if such entries have one, else by their number."""
    words: list[str] = []
    here: Any = document
    for depth, part in enumerate(place, start=1):
        try:
            here = here[part]
        except (TypeError, LookupError):  # a key that is missing, or what stands there has no parts
            here = None
        word = str(part)
        if isinstance(part, int):
            name = here.get("name") if isinstance(here, dict) and "name" in keys_at(place[:depth]) else None
            word = name if name and isinstance(name, str) else str(part + 1)
        words.append(word)
    return ".".join(words)
