"""What a page is made of: figures, tables, pictures, tiles, and sections that hold them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from procure.words import money, percent, plain


@dataclass(frozen=True)
class Figure:
    """A number as people read it, and as the answer has it."""

    text: str
    value: float


@dataclass(frozen=True)
class Link:
    """A text that leads to an address of the web, when a reader follows it."""

    text: str
    address: str


Cell = str | Figure | Link


def amount(number: float) -> Cell:
    """Money, tonnes or days, to the unit; small ones to two digits.

    >>> amount(32753.9), amount(float("nan"))
    (Figure(text='32,754', value=32753.9), '-')
    """
    return Figure(money(number), number) if math.isfinite(number) else "-"


def share(number: float) -> Cell:
    """A share in per cent; behind it stands the share.

    >>> share(0.654)
    Figure(text='65', value=0.654)
    """
    return Figure(percent(number), number) if math.isfinite(number) else "-"


@dataclass(frozen=True)
class Group:
    """Rows of a table under a heading of their own, which may be none; those at the positions in `bold` stand out."""

    heading: str
    rows: Sequence[Sequence[Cell]]
    bold: Collection[int] = ()


@dataclass(frozen=True)
class Table:
    """Rows in groups under `headings`; the first cell of a row names it, the columns at the positions in `numbers` are numbers."""

    caption: str
    headings: Sequence[str]
    groups: Sequence[Group]
    numbers: Collection[int]
    kind: str = field(default="table", init=False)


def last(n: int, of: Sequence[str]) -> range:
    """The positions of the last `n` of some headings.

    >>> [*last(2, ["supplier", "2027", "2028"])]
    [1, 2]
    """
    return range(len(of) - n, len(of))


@dataclass(frozen=True)
class Picture:
    """An inline SVG drawing, safe to stand in a page, and what is to be seen on it."""

    svg: str
    kind: str = field(default="picture", init=False)


@dataclass(frozen=True)
class Tile:
    """One figure, large, and what it is."""

    figure: Cell
    unit: str
    says: str


@dataclass(frozen=True)
class Tiles:
    """The figures to remember."""

    tiles: Sequence[Tile]
    kind: str = field(default="tiles", init=False)


@dataclass(frozen=True)
class Prose:
    """A sentence or a few; the first of a page is set larger."""

    text: str
    is_lead: bool = False
    kind: str = field(default="prose", init=False)


@dataclass(frozen=True)
class Folded:
    """Lines that open when asked."""

    summary: str
    lines: Sequence[str]
    kind: str = field(default="folded", init=False)


@dataclass(frozen=True)
class Axis:
    """A number that moves: its path, what it is called, the unit of its values, the steps that were solved, and the first shown."""

    path: str
    name: str
    unit: str
    values: Sequence[float]
    start: int

    @property
    def texts(self) -> list[str]:
        """The values as they are read."""
        return [plain(value) for value in self.values]


@dataclass(frozen=True)
class Line:
    """A number of every case: what it is called, its unit, and what it is in the case shown first and in the answer of the page."""

    name: str
    unit: str
    here: Cell
    answer: Cell


@dataclass(frozen=True)
class Board:
    """The sliders and the numbers that they move."""

    axes: Sequence[Axis]
    lines: Sequence[Line]
    programme: str
    answered: str
    kind: str = field(default="sliders", init=False)


Part = Board | Table | Picture | Tiles | Prose | Folded


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading; `key` names it in every language."""

    key: str
    heading: str
    parts: Sequence[Part]
