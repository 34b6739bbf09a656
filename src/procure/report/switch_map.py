"""Which programme is chosen over two numbers, as a table with the pairs that are a tie."""

from __future__ import annotations

from collections.abc import Iterator

from procure.explore.switch import NONE
from procure.explore.switch_map import SwitchMap
from procure.portfolio.fresh import CONFIDENCE
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import rounded

DIGITS = 3
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TIE = "~"


def page(answer: SwitchMap) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: SwitchMap) -> Iterator[str | Listing]:
    (across, up), (unit_across, unit_up) = answer.paths, map(_unit, answer.units)
    yield (
        f"{answer.name}: the programme of least weighed cost. From left to right {across}{unit_across}, from top to bottom "
        f"{up}{unit_up}."
    )
    yield ""
    levels = list(dict.fromkeys(answer.table["chosen"]))
    letter = {level: "-" if level == NONE else LETTERS[k % len(LETTERS)] for k, level in enumerate(levels)}
    firsts, seconds = (list(dict.fromkeys(answer.table[name])) for name in ("first", "second"))
    cells = {(row["first"], row["second"]): row for row in answer.table.to_dict("records")}
    headings = ("", *(rounded(value, DIGITS) for value in firsts), "about where it changes")
    rows = []
    for second in seconds:
        own = [cells[first, second] for first in firsts]
        told = (letter[cell["chosen"]] + (TIE if cell["is_tie"] else "") for cell in own)
        at = answer.switches[answer.switches["second"] == second].to_dict("records")
        where = ", ".join(
            f"{letter[row['from']]} to {letter[row['to']]} at {rounded(row['first'], DIGITS)}" for row in at
        )
        rows.append((rounded(second, DIGITS), *told, where))
    yield Listing(headings, rows, right=headings[:-1])
    yield ""
    for level in levels:
        yield f"{letter[level]}  {level}"
    if answer.table["is_tie"].any():
        yield (
            f"{TIE}  cannot be told from another at {CONFIDENCE:.0%}, by the error of their difference as both numbers stand"
        )
    elif answer.is_drawn and answer.table["standard_error_musd"].isna().any():
        yield "How far around a change it is a tie is not known of levels that have no portfolio as the numbers stand."
    yield "Between two values costs are taken as straight: `procure switch` along one of the numbers finds a change to any digit."


def _unit(unit: str) -> str:
    return f", {unit}" if unit not in ("", "1") else ""
