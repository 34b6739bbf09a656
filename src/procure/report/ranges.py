"""Which shares are firm and which are free, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from procure.explore.ranges import Ranges
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import LEAST_SHARE, listed, money, percent, rounded

#: A share whose range is narrower is firm.
FIRM = 0.02


def page(answer: Ranges) -> Page:
    """The screen."""
    return Page([_heading(answer), "", _listing(answer), "", *_sentences(answer)])


def _heading(answer: Ranges) -> str:
    return (
        f"{answer.name}: expected shares of demand, %, among all plans of {answer.programme} that cost at most "
        f"{rounded(100 * answer.within)} % more than the best, {money(answer.cost_musd)} million USD weighed."
    )


def _listing(answer: Ranges) -> Listing:
    is_over_trees = answer.n_trees > 1
    headings = ("", "supplier", "best plan", "least", "largest", *(("of all trees",) if is_over_trees else ()), "")
    rows, before = [], ""
    for row in answer.table.to_dict("records"):
        if row["most_high"] < LEAST_SHARE:
            continue
        name = row["scope"].replace("_", "/")
        over = (f"{percent(row['least_low'])} to {percent(row['most_high'])}",) if is_over_trees else ()
        shares = (percent(row[key]) for key in ("share", "low", "high"))
        rows.append((name if name != before else "", row["supplier"], *shares, *over, _said(answer, row)))
        before = name
    return Listing(headings, rows, right=headings[2:-1])


def _said(answer: Ranges, row: dict[Any, Any]) -> str:
    """Needed, firm or free."""
    needed = "needed" if row["needed"] else ""
    if answer.n_trees > 1 and 0 < row["needed_on"] < answer.n_trees:
        needed = f"needed on {row['needed_on']} of {answer.n_trees}"
    return ", ".join(filter(None, (needed, "firm" if row["high"] - row["low"] < FIRM else "")))


def _sentences(answer: Ranges) -> Iterator[str]:
    yield (
        f"Needed: no such plan does without. Firm: {100 * FIRM:.0f} points wide at most. Each share is told alone: not all can be "
        "least at once."
    )
    if answer.table["most_high"].max() > 1:
        yield "More than 100 %: bought to be sold on, as far as the room in cost goes."
    if answer.levels:
        near = listed([f"{name} ({money(cost - answer.cost_musd)} dearer)" for name, cost in answer.levels.items()])
        yield f"Plans of other programmes are as near, and not among these: {near}."
    if answer.n_trees == 1:
        yield "All on one tree, of many that could be drawn: --seeds 3 adds the least and the largest over three."
    elif answer.n_trees == 0:
        yield "Every future is counted: the ranges are exact."
