"""A table for people, with no lines or colours: a pipe can cut it, and it fits a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from procure.languages import Language, in_language
from procure.report.layout import longest, padded, wrapped
from procure.words import printable

#: Between two columns; and below one another, as many tables as are read as one.
GAP, MOST_PARTS = 2, 3


@dataclass(frozen=True)
class Listing:
    """Rows of text under `headings`, with no line for them where all are empty.

    The columns named in `right` are numbers, the rows at the positions in `bold` stand out. Where it would be too wide, the columns
    named in `optional` are left out, one group after the other; or the tables in `instead` stand in its place, each with a part of
    its columns.

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
    instead: tuple[Listing, ...] = ()

    def __str__(self) -> str:
        """Every row on a line of its own, nothing cut."""
        return "\n".join(line for line, _ in self.lines())

    def told(self, language: Language) -> Listing:
        """The same in one language."""
        headings, right, *rows = (
            tuple(in_language(cell, language) for cell in line) for line in (self.headings, self.right, *self.rows)
        )
        return Listing(
            headings, rows, right, self.bold, self.optional, tuple(each.told(language) for each in self.instead)
        )

    def lines(self, language: Language = "en", width: int | None = None) -> Iterator[tuple[str, bool]]:
        """The lines of the table, and which of them stand out.

        Within `width`, headings and words are wrapped; of a table that is too wide still, the columns of numbers stand below
        one another, each with as many of the words that its rows begin with as tell them apart; and where these leave no room, or
        only one for so many tables, each row stands by itself, its cells below one another. No number is split.
        """
        told = self.told(language)
        headings, *rows = ([printable(cell) for cell in line] for line in (told.headings, *told.rows))
        columns = [
            _Column(heading, [row[position] for row in rows], self.headings[position] in self.right)
            for position, heading in enumerate(headings)
        ]
        waiving = [[self.headings.index(heading) for heading in group] for group in self.optional]
        kept = [columns[position] for position in _kept(columns, waiving, width)]
        if width is not None and self.instead and _least(kept) > width:
            for number, table in enumerate(self.instead):
                yield from [("", False)][:number]
                yield from table.lines(language, width)
            return
        parts = [kept] if width is None else [*_parts(kept, width)]
        if width is not None and (len(parts) > MOST_PARTS or any(_least(part) > width for part in parts)):
            yield from _records(kept, len(rows), self.bold, width)
            return
        for number, part in enumerate(parts):
            if number:
                yield "", False
            widths = [column.natural for column in part] if width is None else _widths(part, width)
            if any(column.heading for column in part):
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
    def of_phrases(self) -> int:
        """The width at which no cell is wrapped but at a space or mark."""
        return max(self.least, *(longest(cell, is_heading=True) for cell in self.cells), 0)

    @property
    def least(self) -> int:
        """The width of the longest word, or number."""
        own = map(cell_len, self.cells) if self.is_number else map(longest, self.cells)
        return max(longest(self.heading, is_heading=True), *own, 0)


_WORDS = _Column("", (), is_number=False)


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
    first = _first(columns)
    again = first[: _telling(first)]
    part, n_repeated = [*first], len(first)
    for column in columns[len(first) :]:
        if len(part) > n_repeated and _least([*part, column]) > width:
            yield part
            part, n_repeated = [*again], len(again)
        part.append(column)
    yield part


def _first(columns: Sequence[_Column]) -> list[_Column]:
    """What the rows begin with: words, or where there are none a number."""
    n_words = next((position for position, column in enumerate(columns) if column.is_number), len(columns))
    return [*columns[: max(n_words, 1)]]


def _telling(first: Sequence[_Column]) -> int:
    """How many of these columns tell every row from the others."""
    for n_columns in range(1, len(first)):
        rows = [*zip(*(column.cells for column in first[:n_columns]), strict=True)]
        if len({*rows}) == len(rows):
            return n_columns
    return len(first)


def _least(columns: Sequence[_Column]) -> int:
    """The width below which a word or a number is broken."""
    return sum(column.least + GAP for column in columns) - GAP


def _records(columns: Sequence[_Column], n_rows: int, bold: frozenset[int], width: int) -> Iterator[tuple[str, bool]]:
    """Every row by itself: what it begins with, and below it each other cell after the heading of its column."""
    n_titles = _telling(_first(columns))
    titles, others = columns[:n_titles], columns[n_titles:]
    gap = " " * GAP
    names = [gap + column.heading for column in others]
    most = max((cell_len(cell) for column in others if column.is_number for cell in column.cells), default=0)
    longest_word = GAP + max((longest(column.heading, is_heading=True) for column in others), default=0)
    left = min(max(map(cell_len, names), default=0), max(width // 2, min(longest_word, width - GAP - most)))
    widths = (left, max(width - left - GAP, most))
    if any(column.heading for column in titles):
        yield from ((line, True) for line in wrapped(gap.join(column.heading for column in titles).strip(), width))
    for position in range(n_rows):
        title = gap.join(filter(None, (column.cells[position] for column in titles)))
        yield from ((line, position in bold) for line in wrapped(title, width))
        for name, column in zip(names, others, strict=True):
            cell = column.cells[position]
            told = (name, padded(cell, most, right=True) if column.is_number else cell)
            yield from ((line, position in bold) for line in _row(told, [_WORDS] * 2, widths) if cell)


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """What each column gets: its longest word, and of the rest what keeps phrases, then cells, then its heading in one line."""
    widths = [column.least for column in columns]
    spare = width - GAP * (len(columns) - 1) - sum(widths)
    for wanted in zip(*((column.of_phrases, column.of_cells, column.natural) for column in columns), strict=True):
        for position, enough in enumerate(wanted):
            more = max(min(enough - widths[position], spare), 0)
            widths[position] += more
            spare -= more
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
