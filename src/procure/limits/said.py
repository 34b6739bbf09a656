"""The parts of a limit that its kinds say alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from procure.words import listed, worst_share


def scope(choice: Any) -> str:
    """The scope by itself: an element, a class, all of them, or several."""
    return choice.scope if isinstance(choice.scope, str) else listed(choice.scope)


def what(choice: Any) -> str:
    """The scope in front of a noun: "medium/heavy " or nothing."""
    return "" if choice.scope == "all" else scope(choice).replace("_", "/") + " "


def whole(choice: Any) -> str:
    """The scope as an object: "medium_heavy", "the value of all elements"."""
    elements = "all elements" if choice.scope == "all" else scope(choice)
    return ("the value of " if choice.weight == "value" else "") + elements


def whose(choice: Any) -> str:
    """The supplier or country of a limit; all suppliers where it names none."""
    return str(choice.supplier or choice.country or "all suppliers")


def by_value(choice: Any) -> str:
    """ " by value" where tonnes are weighted by their price."""
    return " by value" if choice.weight == "value" else ""


def worst_futures(choice: Any) -> str:
    """ "the worst 5 % of futures", from alpha."""
    return f"the worst {worst_share(choice.alpha)} of futures"


def names_one_owner(choice: Any) -> Iterator[tuple[str, str, str]]:
    """The fault of a limit that names neither a supplier nor a country, or both."""
    if (choice.supplier is None) == (choice.country is None):
        seen, remedy = ("it has neither", "add one") if choice.supplier is None else ("it has both", "keep one")
        yield seen, f"a limit of kind '{choice.kind}' names a supplier or a country", remedy
