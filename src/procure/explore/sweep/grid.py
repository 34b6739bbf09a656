"""Which cases a sweep has: blocks of values, every case of one with every case of the next.

A grid says what is wanted and knows no model; its cases are told of one, by whose tables ranges are known.

>>> from procure import load_model
>>> weights = Grid.product({"risk.weight": [0.0, 0.5]})
>>> seeds = Grid.zip({"world.tree.seed": [1, 2], "world.variant": ["base", "pessimistic"]})
>>> for case in (weights * seeds).cases(load_model("two-class")):
...     print(*case.values())
0.0 1 base
0.0 2 pessimistic
0.5 1 base
0.5 2 pessimistic
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from procure.errors import DataError, Fault, nearest
from procure.explore.sweep.axis import MOST, range_of, too_many, values_of
from procure.languages import COMMA, Said
from procure.model import Model

Case = Mapping[str, Any]
#: Sampled designs, by the names of their authors.
LATIN_HYPERCUBE, SOBOL = DESIGNS = "latin hypercube", "sobol"
#: The seed that draws a design where none is given.
SEED = 1


class Block(ABC):
    """Some cases of a grid."""

    where: str

    @abstractmethod
    def paths(self) -> Iterable[str]:
        """What it changes, as it was written."""

    @abstractmethod
    def cases(self, model: Model, seed: int | None, as_written: bool) -> Sequence[Case]:
        """Its cases, in the unit of the model; `seed` draws a design in place of its own."""


@dataclass(frozen=True)
class Product(Block):
    """Every combination of values, the last path varying fastest."""

    values: Mapping[str, Any]
    where: str = "product"

    def paths(self) -> Iterable[str]:
        """What it changes."""
        return self.values

    def cases(self, model: Model, seed: int | None, as_written: bool) -> Sequence[Case]:
        """Every combination."""
        axes = [values_of(model, self.where, path, v, as_written=as_written) for path, v in self.values.items()]
        _refuse_too_many(self.where, map(len, axes))
        return [_joined(changes) for changes in itertools.product(*axes)] if axes else []


@dataclass(frozen=True)
class Zip(Block):
    """Values side by side: the first of every path, the second of every path."""

    values: Mapping[str, Any]
    where: str = "zip"

    def paths(self) -> Iterable[str]:
        """What it changes."""
        return self.values

    def cases(self, model: Model, seed: int | None, as_written: bool) -> Sequence[Case]:
        """One case for each position."""
        axes = {path: values_of(model, self.where, path, v, as_written=as_written) for path, v in self.values.items()}
        lengths = {path: len(axis) for path, axis in axes.items()}
        if len(set(lengths.values())) > 1:
            has = Said("{path} has {length}", "{path} は {length} 個")
            seen = COMMA.join(has.format(path=path, length=length) for path, length in lengths.items())
            raise DataError(
                Fault(
                    self.where,
                    seen,
                    Said("paths side by side have as many values each", "並べるパスの値の数は同じ"),
                    Said("or make it a product", "または product にする"),
                )
            )
        return [_joined(changes) for changes in zip(*axes.values(), strict=True)]


@dataclass(frozen=True)
class Listed(Block):
    """Cases one by one."""

    rows: Sequence[Case]
    where: str = "cases"

    def paths(self) -> Iterable[str]:
        """What any of them changes."""
        return dict.fromkeys(path for row in self.rows for path in row)

    def cases(self, model: Model, seed: int | None, as_written: bool) -> Sequence[Case]:
        """The cases as they are."""
        return [
            _joined(values_of(model, self.where, path, [value], as_written=as_written)[0] for path, value in row.items())
            for row in self.rows
        ]  # fmt: skip


@dataclass(frozen=True)
class Sample(Block):
    """A sampled design: `n_cases` points spread evenly over the ranges of all paths at once."""

    ranges: Mapping[str, Any]
    n_cases: int
    design: str = LATIN_HYPERCUBE
    seed: int = SEED
    where: str = "sample"

    def paths(self) -> Iterable[str]:
        """What it changes."""
        return self.ranges

    def cases(self, model: Model, seed: int | None, as_written: bool) -> Sequence[Case]:
        """Its points, one case each."""
        faults = []
        if self.design not in DESIGNS:
            rule = Said("a design is {names}", "design は次のいずれか: {names}").format(names=" or ".join(DESIGNS))
            faults.append(
                Fault(
                    self.where,
                    Said("design is {design!r}", "design は {design!r}").format(design=self.design),
                    rule,
                    nearest(str(self.design), DESIGNS),
                )
            )
        if isinstance(self.n_cases, bool) or not isinstance(self.n_cases, int) or self.n_cases < 1:
            faults.append(
                Fault(
                    self.where,
                    Said("cases is {n_cases!r}", "cases は {n_cases!r}").format(n_cases=self.n_cases),
                    Said("a design has a whole number of cases, one at least", "design の件数は 1 以上の整数"),
                )
            )
        elif self.n_cases > MOST:
            faults.append(too_many(self.where, self.n_cases))
        elif self.design == SOBOL and self.n_cases & (self.n_cases - 1):
            near = 2 ** int(math.log2(self.n_cases))
            rule = Said("a Sobol design is even only in powers of two", "ソボル列は 2 の冪の件数でだけ一様")
            faults.append(
                Fault(
                    self.where,
                    Said("cases is {n_cases}", "cases は {n_cases}").format(n_cases=self.n_cases),
                    rule,
                    Said("ask for {near} or {double}", "{near} か {double} にする").format(near=near, double=2 * near),
                )
            )
        drawn_by = self.seed if seed is None else seed
        if isinstance(drawn_by, bool) or not isinstance(drawn_by, int) or drawn_by < 0:
            faults.append(
                Fault(
                    self.where,
                    Said("seed is {drawn_by!r}", "seed は {drawn_by!r}").format(drawn_by=drawn_by),
                    Said("a seed is a whole number from 0 up", "seed は 0 以上の整数"),
                )
            )
        if not self.ranges:
            faults.append(
                Fault(
                    self.where,
                    Said("it has no ranges", "範囲がない"),
                    Said("a design has one at least", "design には少なくとも一つある"),
                    Said("add ranges", "範囲を加える"),
                )
            )
        axes = []
        for path, written in self.ranges.items():
            try:
                axes.append(range_of(model, self.where, path, written, as_written=as_written))
            except DataError as error:
                faults += error.faults
        if faults:
            raise DataError(faults)
        from scipy.stats import qmc

        engine = (qmc.Sobol if self.design == SOBOL else qmc.LatinHypercube)(d=len(axes), rng=drawn_by)
        points = engine.random(self.n_cases).tolist()
        return [_joined(axis.at(x) for axis, x in zip(axes, point, strict=True)) for point in points]


@dataclass(frozen=True)
class Grid:
    """Blocks of cases. `a * b` is every case of `a` with every case of `b`, the last varying fastest.

    Attributes
    ----------
    blocks : tuple of Block
    as_written : bool
        Whether plain numbers of the facts are in the unit in which their rows are written, as in a file, or in that of the
        model, as in Python.
    origin : str
        What errors call the grid.
    """

    blocks: tuple[Block, ...]
    as_written: bool = False
    origin: str = "grid"

    @staticmethod
    def product(values: Mapping[str, Any]) -> Grid:
        """Every combination of the values of each path: lists, or ranges with a number of steps."""
        return Grid((Product(values),))

    @staticmethod
    def zip(values: Mapping[str, Any]) -> Grid:
        """The values of all paths side by side."""
        return Grid((Zip(values),))

    @staticmethod
    def listed(cases: Iterable[Case]) -> Grid:
        """Cases one by one, each a mapping path -> value."""
        return Grid((Listed(tuple(cases)),))

    @staticmethod
    def sample(ranges: Mapping[str, Any], cases: int, design: str = LATIN_HYPERCUBE, seed: int = SEED) -> Grid:
        """A sampled design: of each path ``{"from": 1, "to": 5}``, ``"low-high"`` for the range of the tables, or a list."""
        return Grid((Sample(ranges, cases, design, seed),))

    def __mul__(self, other: Grid) -> Grid:
        """Every case of one with every case of the other."""
        if self.as_written is not other.as_written:
            seen, rule = (
                Said(
                    "one of two grids is in the units of the tables, one in those of the model",
                    "二つの格子の一方は表の単位、他方はモデルの単位",
                ),
                Said("factors share their units", "因子の単位は共通"),
            )
            raise DataError(
                Fault(
                    self.origin,
                    seen,
                    rule,
                    Said("write both in files, or both in Python", "両方をファイルに書くか、両方を Python で書く"),
                )
            )
        return replace(self, blocks=(*self.blocks, *other.blocks))

    def cases(self, model: Model, seed: int | None = None) -> list[Case]:
        """Its cases, path -> value, in their order: plain numbers in the unit of the model, texts as they are.

        Raises `DataError` with every fault of the grid: no case, paths in two blocks, ranges that are none, designs that are none.
        """
        faults: list[Fault] = []
        blocks: list[Sequence[Case]] = []
        owner: dict[str, str] = {}
        for block in self.blocks:
            for path in block.paths():
                if path in owner:
                    rule = Said("a path stands in one block", "一つのパスは一つの区画にだけ現れる")
                    faults.append(
                        Fault(
                            f"{self.origin}, {block.where}",
                            Said("'{path}' stands in {said} too", "'{path}' は {said} にもある").format(
                                path=path, said=owner[path]
                            ),
                            rule,
                        )
                    )
                owner.setdefault(path, block.where)
            try:
                blocks.append(block.cases(model, seed, self.as_written))
            except DataError as error:
                faults += [replace(fault, where=_placed(self.origin, fault.where)) for fault in error.faults]
        if blocks and not faults:
            _refuse_too_many(self.origin, map(len, blocks))
        cases: list[Case] = [_joined(parts) for parts in itertools.product(*blocks)] if blocks else []
        if not cases and not faults:
            faults.append(
                Fault(
                    self.origin,
                    Said("it has no case", "一件もない"),
                    Said("a sweep has one at least", "掃引には少なくとも一件ある"),
                    Said("give a path some values", "パスに値を与える"),
                )
            )
        if faults:
            raise DataError(faults)
        return cases


def _refuse_too_many(where: str, lengths: Iterable[int]) -> None:
    n_cases = math.prod(lengths)
    if n_cases > MOST:
        raise DataError(too_many(where, n_cases))


def _placed(origin: str, where: str) -> str:
    return where if origin == "grid" else f"{origin}, {where}"


def _joined(parts: Iterable[Case]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for part in parts:
        joined |= part
    return joined
