"""Where along a number the first supplier of an element changes, in words and a table."""

from __future__ import annotations

from collections.abc import Iterator

from procure.explore.first_supplier import NO_PLAN, FirstSuppliers
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import in_full, percent, rounded

DIGITS = 3


def page(answer: FirstSuppliers) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: FirstSuppliers) -> Iterator[str | Listing]:
    unit = f" {answer.unit}" if answer.unit not in ("", "1") else ""
    element = answer.element.replace("_", "/")
    yield (
        f"{answer.name}: from whom most of {element} arrives in the best plan, along {answer.path} from {in_full(answer.low)} to "
        f"{in_full(answer.high)}{unit}. Shares of demand over all years, %."
    )
    yield ""
    for row in answer.table.to_dict("records"):
        where = f"{rounded(row['value'], max(answer.digits, DIGITS))}{unit}"
        told = f"{where}: {row['from']} below, {row['to']} above"
        shares = f"{percent(row['from_share'])} and {percent(row['to_share'])} % just above"
        yield f"{told}." if NO_PLAN in (row["from"], row["to"]) else f"{told}; {shares}."
    if answer.table.empty:
        yield f"{answer.grid['first'].iloc[0]} is first throughout."
    yield ""
    headings = (answer.unit or "value", "first", "share", "second", "share ", "programme")
    rows = [
        (
            rounded(row["value"], DIGITS),
            row["first"],
            percent(row["share"]),
            row["second"] or "-",
            percent(row["second_share"]),
            row["programme"],
        )
        for row in answer.grid.to_dict("records")
    ]
    yield Listing(headings, rows, right=(headings[0], "share", "share "))
    yield "The best plan is one of many that cost nearly as much: `procure ranges` says how far a share is free."
