"""The parts of a limit that its kinds say alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from procure.languages import COMMA, Said
from procure.words import listed, worst_share

#: Classes of the tables, as people call them.
CLASSES = {"light": Said("light", "軽希土類"), "medium_heavy": Said("medium/heavy", "中・重希土類")}
_OF, _ALL = Said("{scope} ", "{scope}の"), Said("all elements", "全元素")
_VALUE, _BY_VALUE = Said("the value of {elements}", "{elements}（金額）"), Said(" by value", "（金額）")
_ANYBODY = Said("all suppliers", "全供給元")
_WORST = Said("the worst {share} of futures", "最悪 {share} の将来")
_NEITHER, _BOTH = (
    (
        Said("it has neither", "どちらもない"),
        Said("write supplier = or country =, and whose share it is", "supplier = か country = に相手を書く"),
    ),
    (Said("it has both", "両方ある"), Said("keep one", "一方だけにする")),
)
_ONE_OWNER = Said(
    "a limit of kind '{kind}' names a supplier or a country", "種類 '{kind}' の制約は供給元か国のどちらか一つを指定する"
)


def scope(choice: Any) -> str:
    """The scope by itself: an element, a class, all of them, or several."""
    return choice.scope if isinstance(choice.scope, str) else listed(choice.scope)


def class_name(name: str) -> Said:
    """A class as people call it; what is none stays as it is.

    >>> class_name("medium_heavy"), class_name("medium_heavy").ja, class_name("Dy")
    ('medium/heavy', '中・重希土類', 'Dy')
    """
    return CLASSES.get(name, Said(name.replace("_", "/"), name))


def _scope(choice: Any) -> Said:
    """The scope as people call it."""
    return class_name(choice.scope) if isinstance(choice.scope, str) else COMMA.join(map(class_name, choice.scope))


def what(choice: Any) -> Said:
    """The scope in front of a noun: "medium/heavy " or nothing."""
    return Said("", "") if choice.scope == "all" else _OF.format(scope=_scope(choice))


def whole(choice: Any) -> Said:
    """The scope as an object: "medium_heavy", "the value of all elements"."""
    elements = _ALL if choice.scope == "all" else Said(scope(choice), _scope(choice).ja)
    return _VALUE.format(elements=elements) if choice.weight == "value" else elements


def whose(choice: Any) -> str:
    """The supplier or country of a limit; all suppliers where it names none."""
    return choice.supplier or choice.country or _ANYBODY


def by_value(choice: Any) -> Said:
    """ " by value" where tonnes are weighted by their price."""
    return _BY_VALUE if choice.weight == "value" else Said("", "")


def worst_futures(choice: Any) -> Said:
    """ "the worst 5 % of futures", from alpha."""
    return _WORST.format(share=worst_share(choice.alpha))


def names_one_owner(choice: Any) -> Iterator[tuple[str, str, str]]:
    """The fault of a limit that names neither a supplier nor a country, or both."""
    if (choice.supplier is None) == (choice.country is None):
        seen, remedy = _NEITHER if choice.supplier is None else _BOTH
        yield seen, _ONE_OWNER.format(kind=choice.kind), remedy
