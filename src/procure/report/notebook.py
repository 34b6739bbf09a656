"""A screen for a notebook: its texts as paragraphs, its tables as tables, every name as text."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from procure.languages import Language, in_language
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import printable

#: Of a number: its digits stand below one another, to the right.
_NUMBER = ' style="text-align: right; font-variant-numeric: tabular-nums"'
_WORD = ' style="text-align: left"'


def to_html(page: Page, language: Language = "en") -> str:
    """A screen as HTML, in the fonts and colours of the notebook.

    >>> print(to_html(Page(["Prices", Listing(("", "kind"), [("<Dy>", "spot")])])))
    <div lang="en">
    <p><strong>Prices</strong></p>
    <table>
    <thead><tr><td></td><th scope="col" style="text-align: left">kind</th></tr></thead>
    <tbody>
    <tr><th scope="row" style="text-align: left">&lt;Dy&gt;</th><td style="text-align: left">spot</td></tr>
    </tbody>
    </table>
    </div>
    """
    lines = [f'<div lang="{language}">']
    for position, part in enumerate(page.parts):
        if isinstance(part, Listing):
            lines += _table(part.told(language))
        elif text := _text(in_language(part, language)):
            lines.append(f"<p>{f'<strong>{text}</strong>' if page.is_headed and position == 0 else text}</p>")
    return "\n".join([*lines, "</div>"])


def _table(told: Listing) -> Iterator[str]:
    sides = [_NUMBER if heading in told.right else _WORD for heading in told.headings]
    yield "<table>"
    headings = (
        f'<th scope="col"{side}>{_text(heading)}</th>' if heading else "<td></td>"
        for heading, side in zip(told.headings, sides, strict=True)
    )  # fmt: skip
    yield f"<thead><tr>{''.join(headings)}</tr></thead>"
    yield "<tbody>"
    for position, row in enumerate(told.rows):
        yield f"<tr>{''.join(_cells(row, sides, position in told.bold))}</tr>"
    yield "</tbody>"
    yield "</table>"


def _cells(row: tuple[str, ...], sides: list[str], is_bold: bool) -> Iterator[str]:
    for place, (cell, side) in enumerate(zip(row, sides, strict=True)):
        text = f"<strong>{_text(cell)}</strong>" if is_bold else _text(cell)
        yield f'<th scope="row"{side}>{text}</th>' if place == 0 and cell else f"<td{side}>{text}</td>"


def _text(text: str) -> str:
    return escape(printable(text).strip())
