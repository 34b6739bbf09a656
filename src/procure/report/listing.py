"""A table for people, with no lines or colours: a pipe can cut it, and it fits a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from procure.languages import Language, in_language
from procure.report.layout import longest, padded, wrapped
from procure.words import printable

#: Between two columns.
GAP = 2


@dataclass(frozen=True)
class Listing:
    """Rows of text under `headings`; the columns named in `right` are numbers, the rows at the positions in `bold` stand out.

    Where it would be too wide, the columns named in `optional` are left out, one group after the other.

    >>> print(Listing(("price", "USD/kg"), [("Dy", "265"), ("Tb", "1,010")], right=("USD/kg",)))
    price  USD/kg
    Dy        265
    Tb      1,010
    """

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: tuple[str, ...] = ()
    bold: frozenset[int] = frozenset()
    optional: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        """Every row on a line of its own, nothing cut."""
        return "\n".join(line for line, _ in self.lines())

    def told(self, language: Language) -> Listing:
        """The same in one language."""
        headings, right, *rows = (
            tuple(in_language(cell, language) for cell in line) for line in (self.headings, self.right, *self.rows)
        )
        return Listing(headings, rows, right, self.bold, self.optional)

    def lines(self, language: Language = "en", width: int | None = None) -> Iterator[tuple[str, bool]]:
        """The lines of the table, and which of them stand out.

        Within `width`, headings and words are wrapped; of a table that is too wide still, the columns of numbers stand below
        one another, each with the words that its rows begin with. No number is split.
        """
        told = self.told(language)
        headings, *rows = ([printable(cell) for cell in line] for line in (told.headings, *told.rows))
        columns = [
            _Column(heading, [row[position] for row in rows], self.headings[position] in self.right)
            for position, heading in enumerate(headings)
        ]
        waiving = [[self.headings.index(heading) for heading in group] for group in self.optional]
        kept = [columns[position] for position in _kept(columns, waiving, width)]
        for number, part in enumerate([kept] if width is None else _parts(kept, width)):
            if number:
                yield "", False
            widths = [column.natural for column in part] if width is None else _widths(part, width)
            yield from ((line, True) for line in _row([c.heading for c in part], part, widths, is_heading=True))
            for position in range(len(rows)):
                row = _row([column.cells[position] for column in part], part, widths)
                yield from ((line, position in self.bold) for line in row)


@dataclass(frozen=True)
class _Column:
    heading: str
    cells: Sequence[str]
    is_number: bool

    @property
    def natural(self) -> int:
        """The width at which nothing is wrapped."""
        return max(map(cell_len, (self.heading, *self.cells)))

    @property
    def of_cells(self) -> int:
        """The width at which no cell is wrapped."""
        return max(longest(self.heading, is_heading=True), *map(cell_len, self.cells), 0)

    @property
    def least(self) -> int:
        """The width of the longest word, or number."""
        own = map(cell_len, self.cells) if self.is_number else map(longest, self.cells)
        return max(longest(self.heading, is_heading=True), *own, 0)


def _kept(columns: Sequence[_Column], waiving: Sequence[Sequence[int]], width: int | None) -> list[int]:
    """The positions of the columns that are shown; of those that may be left out, as many as fit."""
    kept = list(range(len(columns)))
    for group in waiving:
        needed = (columns[k].least if columns[k].is_number else columns[k].of_cells for k in kept)
        if width is None or sum(needed) + GAP * (len(kept) - 1) <= width:
            break
        kept = [position for position in kept if position not in group]
    return kept


def _parts(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """The tables below one another that fit."""
    n_first = next((position for position, column in enumerate(columns) if column.is_number), len(columns))
    first = list(columns[:n_first])
    part = list(first)
    for column in columns[n_first:]:
        if len(part) > n_first and sum(each.least + GAP for each in (*part, column)) - GAP > width:
            yield part
            part = list(first)
        part.append(column)
    yield part


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """What each column gets: what it needs, and of the rest as much as it can use; where there is not enough, words give way."""
    widths = [column.least for column in columns]
    spare = width - GAP * (len(columns) - 1) - sum(widths)
    for position, column in enumerate(columns):
        more = min(column.natural - widths[position], spare) if spare > 0 else 0
        widths[position] += more
        spare -= more
    while spare < 0:
        widest = max(
            (p for p, column in enumerate(columns) if not column.is_number), key=lambda p: widths[p], default=0
        )
        if columns[widest].is_number or widths[widest] <= GAP:
            break
        widths[widest] -= 1
        spare += 1
    return widths


def _row(
    cells: Sequence[str], columns: Sequence[_Column], widths: Sequence[int], *, is_heading: bool = False
) -> Iterator[str]:
    """The lines of one row: those of a heading end, those of a row begin, beside one another."""
    whole = [wrapped(cell, width, is_heading=is_heading) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, whole))
    for own in whole:
        own[:] = [""] * (height - len(own)) + own if is_heading else own + [""] * (height - len(own))
    for line in zip(*whole, strict=True):
        aligned = (
            padded(text, width, right=column.is_number)
            for text, width, column in zip(line, widths, columns, strict=True)
        )
        yield (" " * GAP).join(aligned).rstrip()
