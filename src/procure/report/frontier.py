"""What each step of a limit costs, as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from procure.explore.frontier import Frontier
from procure.portfolio.frames import OTHER_SOURCES
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import LEAST_SHARE, money, percent, rounded, with_error

#: Digits of a value and of a price.
DIGITS, END_DIGITS = 3, 4


def page(answer: Frontier) -> Page:
    """The screen."""
    return Page([_heading(answer), "", _listing(answer), "", *_sentences(answer)])


def _shown(answer: Frontier, value: float) -> str:
    """A value in the unit people use."""
    if answer.unit == "share":
        return f"{rounded(100 * value, DIGITS)} %"
    return f"{rounded(value, DIGITS)}{_unit(answer)}"


def _unit(answer: Frontier) -> str:
    return f" {answer.unit}" if answer.unit not in ("", "1") else ""


def _heading(answer: Frontier) -> str:
    first, *_, last = answer.table["value"].tolist() * 2
    subject = f"{answer.subject}, {answer.path}," if answer.subject else answer.path
    return (
        f"{answer.name}: {subject} from {_shown(answer, first)} to {_shown(answer, last)}. "
        "Million USD of present value; shares of demand over all years."
    )


def _price_heading(answer: Frontier) -> str:
    if answer.subject:
        return f"one {answer.per} less" if answer.sense == "max" else f"one more {answer.per}"
    return f"one{_unit(answer)} more"


def _listing(answer: Frontier) -> Listing:
    shares = answer.shares[answer.shares["scope"] == answer.scope]
    most: dict[str, float] = {}
    for source, share in zip(shares["source"].tolist(), shares["share"].tolist(), strict=True):
        most[source] = max(most.get(source, 0.0), abs(share))
    sources = sorted(
        (source for source in most if most[source] >= LEAST_SHARE),
        key=lambda source: (OTHER_SOURCES.index(source) if source in OTHER_SOURCES else -1, -most[source]),
    )
    name = {"max": "at most", "min": "at least"}.get(answer.sense, "value")
    price = _price_heading(answer)
    is_spread = answer.table["spread_musd"].gt(0).any()
    named = {"shortage": "unserved", "surplus": "sold on"}
    headings = [name, "weighed", "mean", "tail", price, *(["added (±)"] if is_spread else []), "programme"]
    scope = answer.scope.replace("_", "/")
    headings += [f"{scope}: {named.get(s, s)}" if k == 0 else named.get(s, s) for k, s in enumerate(sources)]
    least = answer.table["weighed_musd"].min()
    keys = ["value", "source", "share"]
    share_of = {
        (value, source): share for value, source, share in zip(*(shares[key].tolist() for key in keys), strict=True)
    }
    rows = []
    for row in answer.table.to_dict("records"):
        slope = row["slope_musd"] * answer.step * (-1 if answer.sense == "max" else 1)
        added = [with_error(row["weighed_musd"] - least, row["spread_musd"])] if is_spread else []
        rows.append((
            _shown(answer, row["value"]), *(money(row[key]) for key in ("weighed_musd", "expected_musd", "cvar_musd")),
            "-" if math.isnan(slope) or slope == 0 else rounded(slope, DIGITS), *added, row["programme"],
            *(percent(share_of[row["value"], source]) for source in sources),
        ))  # fmt: skip
    words = ("programme",)
    return Listing(tuple(headings), rows, right=tuple(heading for heading in headings if heading not in words))


def _sentences(answer: Frontier) -> Iterator[str]:
    table = answer.table
    if not math.isnan(answer.possible_from):
        side = {"max": "Below", "min": "Above"}.get(answer.sense, "Beyond")
        yield f"{side} {_end(answer)} no plan keeps the limits."
    levels = list(dict.fromkeys(table["programme"]))
    if len(levels) > 1:
        yield from _changes(answer)
    elif table["margin_musd"].notna().any():
        closest = table.sort_values("margin_musd", kind="stable").iloc[0]
        yield (
            f"{levels[0]} is chosen at all of them; {closest['next']} comes closest, {money(closest['margin_musd'])} dearer at "
            f"{_shown(answer, closest['value'])}."
        )
    if answer.gap_musd > 0:
        yield f"Between two neighbours the weighed cost is within {rounded(answer.gap_musd, 2)} of a straight line."
    if answer.n_trees == 0:
        yield "Every future is counted: the costs are exact."
    elif answer.n_trees == 1:
        yield "All on one tree, of many that could be drawn: --seeds 3 says how far the costs move from tree to tree."
    else:
        trees = f"{answer.n_trees} trees"
        yield f"In brackets, the standard deviation over {trees} of what a value adds to the cost, beside the cheapest."


def _end(answer: Frontier) -> str:
    """The end of the portfolios, to the digits to which it is known."""
    value = answer.possible_from
    if answer.unit == "share":
        return f"{rounded(100 * value, END_DIGITS)} %"
    return f"{rounded(value, END_DIGITS)}{_unit(answer)}"


def _changes(answer: Frontier) -> Iterator[str]:
    """Between which values another programme is chosen."""
    for before, after in pairwise(answer.table.to_dict("records")):
        if before["programme"] != after["programme"]:
            ends = " and ".join(_shown(answer, row["value"]) for row in (before, after))
            yield (
                f"Between {ends} {after['programme']} takes the place of {before['programme']}: `procure switch` says where, and "
                "how far around it is a tie."
            )
