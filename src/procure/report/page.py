"""A screen: its texts and tables in reading order, for a terminal or a pipe of any width, in either language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from procure.languages import Language, in_language
from procure.report.layout import wrapped
from procure.report.listing import Listing
from procure.words import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

Part = str | Listing


@dataclass(frozen=True)
class Page:
    """The parts of a screen, each a text or a table, an empty text where a line is left free.

    `width` is that of the text in a pipe, which is not wrapped where there is none; `is_headed` says whether the first part is a
    heading. What comes before the first free line is the headline: in a terminal with fewer rows than lines it is said again at the
    end, where it stays in sight.

    >>> print(Page(["Prices", Listing(("", "USD/kg"), [("Dy", "265")], right=("USD/kg",))]).to_text())
    Prices
        USD/kg
    Dy     265
    """

    parts: Iterable[Part]
    width: int | None = None
    is_headed: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", list(self.parts))

    def lines(self, language: Language = "en", width: int | None = None) -> Iterator[tuple[str, bool]]:
        """Every line, and whether it stands out."""
        for position, part in enumerate(self.parts):
            if isinstance(part, Listing):
                yield from part.lines(language, width)
                continue
            text = printable(in_language(part, language))
            yield from (
                (line, self.is_headed and position == 0) for line in (wrapped(text, width) if width else [text])
            )

    def to_text(self, language: Language = "en", width: int | None = None) -> str:
        """The screen as plain text."""
        return "\n".join(line for line, _ in self.lines(language, width or self.width))

    def shown(self, language: Language = "en") -> Shown:
        """What rich shows in a terminal."""
        return Shown(self, language)


@dataclass(frozen=True)
class Shown:
    """A page as a terminal of some width shows it."""

    page: Page
    language: Language = field(default="en")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rich.text import Text

        told = [*self.page.lines(self.language, options.max_width)]
        if console.is_terminal and len(told) >= console.height:
            headline = [*takewhile(lambda line: line[0], told)]
            told += [("", False), *headline] if 0 < len(headline) < min(len(told), console.height) else []
        for line, stands_out in told:
            yield Text(line, style="bold" if stands_out else "", no_wrap=True, overflow="ignore")
