"""The dotted path of every number: in full, in the short forms that leave no doubt, and the nearest to one that names nothing."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from procure.errors import DataError, Fault, nearest
from procure.facts.schema import schema
from procure.facts.tables import text_of
from procure.languages import Said
from procure.words import alike, listed

if TYPE_CHECKING:
    from pandas import DataFrame


#: Stands for a table where a number is one that the model file chooses: the path is its column.
CHOICES = "choices"


class Place(NamedTuple):
    """Where a number of the facts stands."""

    table: str
    position: int  # of its row
    column: str


class Paths:
    """The paths of the numbers of some tables.

    Parts of a path may be left out where no doubt remains: a scope that is `all`, and the year where there is only one. A further
    number of a row is reached by the name of its column. Keys of rows do not move, so a changed copy of the tables has the same.
    """

    def __init__(self, tables: Mapping[str, DataFrame]) -> None:
        self._tables = tables

    @cached_property
    def full(self) -> dict[str, tuple[str, int]]:
        """The full path of column `value` of every row: path -> (table, position of its row)."""
        return {".".join(text for _, text in parts): place for place, parts in self._spelled()}

    @cached_property
    def _short(self) -> dict[str, list[str]]:
        """Every short form, with the full paths that it may stand for."""
        short: dict[str, list[str]] = defaultdict(list)
        for _, parts in self._spelled():
            full = ".".join(text for _, text in parts)
            optional = [
                number
                for number, (part, text) in enumerate(parts)
                if part == "{year}" or (part == "{scope}" and text == "all")
            ]
            for count in range(1, len(optional) + 1):
                for left_out in itertools.combinations(optional, count):
                    kept = (text for number, (_, text) in enumerate(parts) if number not in left_out)
                    short[".".join(kept)].append(full)
        return dict(short)

    def _spelled(self) -> Iterator[tuple[tuple[str, int], list[tuple[str, str]]]]:
        """Each row that has a path, and the parts of it: as the schema has them, and filled in."""
        for name, frame in self._tables.items():
            table = schema()[name]
            if table.path is None:
                continue
            template, keys = table.path.split("."), list(table.key)
            for position, cells in enumerate(frame[keys].itertuples(index=False, name=None)):
                row = dict(zip(keys, map(text_of, cells), strict=True))
                parts = [(part, part.format_map(row)) for part in template]
                yield (name, position), [(part, text) for part, text in parts if text]

    def resolve(self, path: str) -> str:
        """The full path a short one stands for; `DataError` where it names no number, or several."""
        if path in self.full:
            return path
        meant = self._short.get(path, [])
        if len(meant) == 1:
            return meant[0]
        stem, _, column = path.rpartition(".")
        if not meant and self._is_number(stem) and column in self._columns(stem):
            return self.resolve(stem) if column == "value" else f"{self.resolve(stem)}.{column}"
        rule = Said("a path names one number of the facts", "パスはデータの数値一つを指す")
        if meant:
            remedy = Said("write one of {names}", "次のいずれかを書く: {names}").format(names=listed(meant, most=6))
            raise DataError(
                Fault(
                    path,
                    Said("names {count} numbers", "{count} 個の数値に当たる").format(count=len(meant)),
                    rule,
                    remedy,
                )
            )
        raise DataError(
            Fault(path, Said("no number has this path", "このパスの数値はない"), rule, nearest(path, self.near(path)))
        )

    def locate(self, path: str) -> Place:
        """Where the number of a path stands; `DataError` as from `resolve`."""
        full = self.resolve(path)
        if full in self.full:
            return Place(*self.full[full], "value")
        stem, _, column = full.rpartition(".")
        return Place(*self.full[stem], column)

    def near(self, path: str) -> list[str]:
        """The paths that begin like an unknown one, as far as they do: the nearest is among them."""
        stem = path.rpartition(".")[0]
        columns = self._columns(stem) if self._is_number(stem) else []
        parts = alike(path).split(".")
        for length in range(len(parts), -1, -1):
            begin_so = [known for known in self.full if alike(known).split(".")[:length] == parts[:length]]
            if begin_so:
                return [*begin_so, *(f"{stem}.{column}" for column in columns)]
        return []

    def _is_number(self, path: str) -> bool:
        return path in self.full or len(self._short.get(path, ())) == 1

    def _columns(self, path: str) -> list[str]:
        """The columns of numbers in the row of a path."""
        table = schema()[self.full[self.resolve(path)][0]]
        return [column.name for column in table.columns.values() if column.numeric and column.name not in table.key]
