"""What a page is about, in one language: the answer, its words, and what things are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from procure.languages import Language, in_language, named
from procure.report.html.words import words_in
from procure.report.plot.words import SYMBOL
from procure.words import worst_share

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio


class Subject:
    """An answer in a language."""

    def __init__(self, portfolio: Portfolio, language: Language) -> None:
        self.portfolio, self.language = portfolio, language
        self.words: Mapping[str, str] = words_in(language)
        self.summary = portfolio.summary
        self.tail = worst_share(self.summary["alpha"])
        self.title = str(in_language(named(portfolio.title, portfolio.name), language))

    def name(self, key: str) -> str:
        """What a supplier, a class or another source is called; a key that has no name is read as words."""
        given = self.portfolio.names.get(key, {})
        own = given.get(self.language) or given.get("en")
        return own or self.words.get(key) or key.replace("_", " ")

    def element(self, key: str) -> str:
        """An element by its name and symbol.

        >>> from procure import load_model, solve
        >>> Subject(solve(load_model("two-class")), "en").element("light")
        'Light rare earths'
        """
        name = self.name(key)
        return f"{name} ({key})" if name != key and len(key) <= SYMBOL else name

    def decision(self, of: str) -> str:
        """What a decision of the plan is about: a supplier, an element, or both."""
        first, *others = of.split(".")
        is_element = first in self.elements
        return ": ".join([self.element(first) if is_element else self.name(first), *map(self._second, others)])

    def _second(self, key: str) -> str:
        return self.element(key) if key in self.elements else self.name(key)

    @cached_property
    def elements(self) -> frozenset[str]:
        """Every element of the answer."""
        return frozenset(self.portfolio.shortage["element"])

    @cached_property
    def years(self) -> list[int]:
        """Every year of the answer."""
        return sorted(self.portfolio.shortage["year"].unique().tolist())

    @cached_property
    def classes(self) -> list[str]:
        """The classes of elements; all of them as one where there is but one."""
        own = [name for name in dict.fromkeys(self.portfolio.shares["class"]) if name != "all"]
        return own if len(own) > 1 else ["all"]

    def listed(self, names: Iterable[str]) -> str:
        """Names in a row."""
        return self.words["and"].join(names)
