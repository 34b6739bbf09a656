"""What each hedge is worth, and what a day of stock buys of a limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from procure.explore.hedges import NO_DIFFERENCE, NO_PLAN, Hedges
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import money, percent, rounded, with_error


def page(answer: Hedges) -> Page:
    """The screen."""
    return Page([_heading(answer), "", _listing(answer), "", *_sentences(answer)])


def _heading(answer: Hedges) -> str:
    programme = "the programme is chosen anew" if answer.chooses else "the programme stays"
    return (
        f"{answer.name}: what it costs without, less what it costs with, in the same futures; {programme}. Million USD of present "
        f"value, beside {money(answer.cost_musd)} weighed for {answer.programme}."
    )


def _listing(answer: Hedges) -> Listing:
    rows = []
    is_played = answer.n_paths > 0
    for row in answer.table.to_dict("records"):
        name = row["hedge"] if row["kind"] != "limit" else f"limit {row['hedge']}"
        if row["verdict"] == NO_PLAN:
            rows.append((name, *["-"] * (4 if is_played else 3), NO_PLAN))
            continue
        error = 0.0 if row["verdict"] == NO_DIFFERENCE else row["standard_error_musd"]
        fresh = (with_error(row["fresh_musd"] if error else 0.0, error),) if is_played else ()
        worth = (money(row[key]) for key in ("expected_musd", "cvar_musd", "weighed_musd"))
        rows.append((name, *worth, *fresh, row["verdict"]))
    headings = ("without", "mean", "tail", "weighed", *(("fresh paths (error)",) if is_played else ()), "")
    return Listing(headings, rows, right=headings[1:-1])


def _sentences(answer: Hedges) -> Iterator[str | Listing]:
    if answer.n_paths:
        yield f"Both plans on the same {answer.n_paths:,} fresh paths; a tie is less than its standard error can tell, at 95 %."
    elif answer.is_drawn:
        yield "All on one tree, of many that could be drawn: with fresh paths (--paths) a difference has its error."
    else:
        yield "Every future is counted: the differences are exact."
    for limit in dict.fromkeys(answer.rates["limit"]):
        yield ""
        yield from _rates(answer, answer.rates[answer.rates["limit"] == limit].to_dict("records"))


def _rates(answer: Hedges, rows: list[dict[Any, Any]]) -> Iterator[str | Listing]:
    """What a day of stock buys of a limit, where both have a price."""
    first = rows[0]
    what = "" if first["scope"] == "all" else f" of {first['scope'].replace('_', '/')}"
    priced = [row for row in rows if not math.isnan(row["steps_per_day"])]
    if not priced:
        yield f"A day of use{what} in stock has no rate against {first['subject']}: one of the two has no price at any bound."
        return
    stands = f"{percent(first['stands'])} % in its largest year"
    yield f"One day of use{what} more in stock today, against {first['subject']} ({stands}):"
    headings = ("at most", f"one {first['per']} less costs", "one day more saves", "a day pays for")
    cells = [
        (
            f"{rounded(100 * row['value'])} %",
            rounded(row["step_musd"]),
            rounded(row["day_musd"]),
            rounded(row["steps_per_day"], 2),
        )
        for row in priced
    ]
    yield Listing(headings, cells, right=headings)
    yield "At the margin" + ("." if not answer.is_drawn else ", and on one tree.")
