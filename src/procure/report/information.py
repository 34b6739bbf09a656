"""What it is worth to know the future, and to plan for not knowing it, in a table and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from procure.portfolio.information import Information
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.words import Language, money

if TYPE_CHECKING:
    from rich.console import Group

#: The columns of the table, from who knows the most to what one would think.
COLUMNS = ("wait_and_see", "here_and_now", "expected_value_plan", "expected_value")


def to_text(answer: Information, language: Language = "en") -> str:
    """The screen as plain text."""
    return "\n".join([str(listing(answer, language)), *sentences(answer, language)])


def screen(answer: Information, language: Language = "en") -> Group:
    """The screen for a terminal."""
    from rich.console import Group
    from rich.text import Text

    return Group(listing(answer, language), *map(Text, sentences(answer, language)))


def listing(answer: Information, language: Language) -> Listing:
    """Every level under every kind of knowledge, million USD, weighed."""
    words = LABELS[language]
    headings = (words["information"], *(words[column] for column in COLUMNS))
    costs = (answer.levels[f"{column}_musd"].tolist() for column in COLUMNS)
    rows = [
        (str(level), *(words["impossible"] if cost == math.inf else money(cost) for cost in own))
        for level, *own in zip(answer.levels["level"], *costs, strict=True)
    ]
    return Listing(headings, rows, right=headings[1:])


def sentences(answer: Information, language: Language) -> Iterator[str]:
    """What knowing is worth, and what planning for the means costs, or why it cannot be."""
    words = LABELS[language]
    if math.isfinite(answer.evpi):
        yield words["evpi"].format(evpi=money(answer.evpi))
    if math.isfinite(answer.vss):
        yield words["vss"].format(vss=money(answer.vss), thought=money(answer.expected_value))
    elif answer.conflict:
        yield words["no_vss"].format(conflict=answer.conflict)
