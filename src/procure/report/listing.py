"""A table for people: in colour and folded to the width of a terminal, or as plain aligned text that a pipe can cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from procure.words import printable

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Listing:
    """Rows of text under `headings`; the columns named in `right` are numbers.

    >>> print(Listing(("price", "USD/kg"), [("Dy", "265"), ("Tb", "1,010")], right=("USD/kg",)))
    price  USD/kg
    Dy        265
    Tb      1,010
    """

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Every row on a line of its own, nothing cut."""
        lines = [tuple(map(printable, line)) for line in (self.headings, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        sides = [">" if heading in self.right else "<" for heading in self.headings]
        return "\n".join(
            "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, sides, widths, strict=True)).rstrip()
            for line in lines
        )

    def __rich__(self) -> Table:
        """The same as a table of rich."""
        from rich import box
        from rich.markup import escape
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in self.headings:
            table.add_column(
                escape(heading), justify="right" if heading in self.right else "left", overflow="fold",
                no_wrap=heading in self.right,
            )  # fmt: skip
        for row in self.rows:
            table.add_row(*(escape(printable(cell)) for cell in row))
        return table
