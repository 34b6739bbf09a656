"""What the page shows of an answer: parts of the report, and a column to stand beside other answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from procure.languages import LANGUAGES
from procure.portfolio.frames import OTHER_SOURCES
from procure.report.html import fared
from procure.report.html.decided import verdict
from procure.report.html.drawn import names
from procure.report.html.parts import Part
from procure.report.html.sliders import COLUMNS, answered, called
from procure.report.html.subject import Subject
from procure.words import printable

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio


def told(portfolio: Portfolio) -> dict[str, Any]:
    """An answer as JSON: the chosen programme, the weighed cost in million USD, and in every language what is said of it."""
    chosen = portfolio.programme_levels
    said: dict[str, Any] = {}
    for language in LANGUAGES:
        subject = Subject(portfolio, language)
        keys = [*_keys(subject)]
        called_so, cells = [called(subject, key) for key in keys], answered(subject, keys)
        said[language] = {
            "parts": harmless_parts(_parts(subject)),
            "lines": [
                {"name": name, "unit": unit, "cell": cell if isinstance(cell, str) else asdict(cell)}
                for (name, unit), cell in zip(called_so, cells, strict=True)
            ],
        }
    levels = chosen["level"][chosen["chosen"]].tolist() if len(chosen) > 1 else []
    document = {
        "programme": levels[0] if levels else "-",
        "objective": portfolio.summary["objective"],
        "pictures": names(Subject(portfolio, LANGUAGES[0])),
        **said,
    }
    harmless: dict[str, Any] = _harmless(document)
    return harmless


def harmless_parts(parts: Iterable[Part]) -> list[Any]:
    """Parts of a page as JSON."""
    return [_harmless(asdict(part)) for part in parts]


def _parts(subject: Subject) -> Iterator[Part]:
    """The verdict, the mix, the cost and its tail."""
    yield from verdict(subject)
    yield fared.mix_table(subject)
    yield fared.cost_table(subject)


def _keys(subject: Subject) -> Iterator[str]:
    """Costs; then of every class what is unserved and who supplies."""
    yield from COLUMNS[:3]
    suppliers = dict.fromkeys(subject.portfolio.mix["supplier"])
    for name in subject.classes:
        yield f"class_shortage.{name}"
        yield from (f"class_share.{name}.{source}" for source in suppliers if source not in OTHER_SOURCES)


def _harmless(value: Any) -> Any:
    """Plain lists, texts and numbers; nothing in a text turns or hides what is around it."""
    if isinstance(value, dict):
        return {key: _harmless(each) for key, each in value.items()}
    if isinstance(value, str):
        return printable(str(value))
    if hasattr(value, "__iter__"):
        return [_harmless(each) for each in value]
    return value
