"""What it is worth to know the future, and to plan for not knowing it, in a table and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procure.portfolio.information import Information
from procure.report.conflict import conflict
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import level_in_words, money

#: The columns of the table, from who knows the most to what one would think.
COLUMNS = ("wait_and_see", "here_and_now", "expected_value_plan", "expected_value")


def page(answer: Information) -> Page:
    """The screen."""
    return Page([listing(answer), *sentences(answer)], is_headed=False)


def listing(answer: Information) -> Listing:
    """Every level under every kind of knowledge, million USD, weighed."""
    headings = (LABELS["information"], *(LABELS[column] for column in COLUMNS))
    costs = (answer.levels[f"{column}_musd"].tolist() for column in COLUMNS)
    rows = [
        (level_in_words(level), *(LABELS["impossible"] if cost == math.inf else money(cost) for cost in own))
        for level, *own in zip(answer.levels["level"], *costs, strict=True)
    ]
    return Listing(headings, rows, right=headings[1:])


def sentences(answer: Information) -> Iterator[str]:
    """What knowing is worth, and what planning for the means costs, or why it cannot be."""
    if math.isfinite(answer.evpi):
        yield LABELS["evpi"].format(evpi=money(answer.evpi))
    if math.isfinite(answer.vss):
        yield LABELS["vss"].format(vss=money(answer.vss), thought=money(answer.expected_value))
    elif answer.conflict:
        yield LABELS["no_vss"].format(conflict=conflict(answer.conflict))
