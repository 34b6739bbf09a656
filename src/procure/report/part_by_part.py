"""Where two costs differ: by what is paid for, by element and by year, the parts that differ most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pandas import DataFrame

from procure.languages import Said
from procure.portfolio.parts import COMPONENT, ELEMENT, YEAR
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.words import money

#: Parts of each kind that have lines of their own.
PARTS = 6
#: A part is shown where it is more than this share of the largest.
LEAST = 0.01
WEIGHED: Mapping[str, Said] = {
    COMPONENT: Said("By what is paid for, weighed", "費目別（加重）"), ELEMENT: Said("By element, weighed", "元素別（加重）"),
    YEAR: Said("By year, weighed", "年別（加重）"),
}  # fmt: skip
MEAN: Mapping[str, Said] = {
    COMPONENT: Said("By what is paid for, mean", "費目別（平均）"), ELEMENT: Said("By element, mean", "元素別（平均）"),
    YEAR: Said("By year, mean", "年別（平均）"),
}  # fmt: skip


def by_part(
    parts: DataFrame, columns: tuple[str, str, str], headings: Mapping[str, Said] = WEIGHED
) -> Iterator[Listing]:
    """A table for each kind of part of which there are several; `columns` say which cost is which, and what their difference is."""
    for kind, heading in headings.items():
        rows = parts[parts["kind"] == kind]
        if len(rows) > 1:
            yield _of_kind(rows, heading, columns, is_year=kind == YEAR)


def _of_kind(rows: DataFrame, heading: Said, columns: tuple[str, str, str], *, is_year: bool) -> Listing:
    """The parts in which the two differ most; years in their order."""
    largest = rows["difference_musd"].abs().max()
    shown = rows[rows["difference_musd"].abs() > LEAST * largest]
    if not is_year:
        shown = shown.iloc[shown["difference_musd"].abs().argsort(kind="stable")[::-1]].head(PARTS)
    cells = [
        (_named(row["part"]), *(money(row[key]) for key in ("chosen_musd", "rival_musd", "difference_musd")))
        for row in shown.to_dict("records")
    ]
    rest = rows.drop(shown.index)["difference_musd"].sum()
    if money(rest) != "-" and abs(rest) >= 0.5:
        cells.append((Said("all others", "その他"), "", "", money(rest)))
    return Listing((heading, *columns), cells, right=columns)


def _named(part: str) -> str:
    """A component, an element or a year as people call it."""
    return LABELS[part] if part in LABELS else part.replace("_", "/") or Said("of no element", "元素によらない")
