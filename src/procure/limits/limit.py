"""A limit of a model, where it is counted, in which unit, and what it allows."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from procure.languages import Said
from procure.units import Array, Index
from procure.words import plain

Numbers = Mapping[str, Mapping[tuple[Any, ...], Any]]
Datum = tuple[str, tuple[Any, ...]]  # a number of plan or period: its name and its index


class Counts(enum.Enum):
    """Where a limit is counted, and so what it does to the weight of a future beside its probability."""

    PLAN = "in the plan, whatever happens"
    MEAN = "in the mean over nodes: it weighs each by its probability"
    NODES = "in nodes one by one, or the worst of them: it weighs some more than others"
    PATHS = "in the cost of whole paths: it sees nothing of an element but what it costs"


@dataclass(frozen=True)
class Unit:
    """The unit of a bound, as it is written, and the step, `per` in words, in which its price is told.

    `most` is the largest bound that makes sense; `shown` what stands behind a number in words, `factor` times the bound.
    `target` is what a text with a unit of its own is converted to, `example` one that converts.
    """

    name: str
    step: float
    per: str
    most: float = np.inf
    shown: str = ""
    factor: float = 1.0
    target: str = "1"
    example: str = ""

    def text(self, bound: float) -> str:
        """A bound in words.

        >>> SHARE.text(0.65), DAYS.text(60.0)
        ('65 %', '60 days')
        """
        return Said("{number} {unit}", "{number} {unit}").format(
            number=plain(round(self.factor * bound, 10)), unit=self.shown
        )


SHARE = Unit("share", 0.01, Said("percentage point", "%ポイント"), most=1.0, shown="%", factor=100.0, example="65 %")
DAYS = Unit("days", 1.0, Said("day", "日"), shown=Said("days", "日"), target="day", example="60 days")
MUSD = Unit(
    "million USD",
    1.0,
    Said("million USD", "百万ドル"),
    shown=Said("million USD", "百万ドル"),
    target="million USD",
    example="10 bn JPY",
)
TONNE_PER_TONNE = Unit("t/t", 0.1, "0.1 t/t", shown="t/t", example="1.5 t/t")


@dataclass(frozen=True)
class Limit:
    """One limit of a model: its kind, its scope, and whether it is physical, contractual or policy.

    `suppliers` and `elements` are the scope; an empty tuple means all. `alpha` serves the tail kinds: 0.95 caps the mean
    of the worst 5 %. With ``weight = "value"`` tonnes are weighted by `prices`, USD/kg, one per element of the scope.
    `detail` is whatever else of the choices decides the shape of the rows of its kind, `counts` where those are counted.
    A limit that speaks of several elements or suppliers one by one is as many limits, of which each is a `part`.
    """

    name: str
    kind: str
    tag: str
    years: tuple[int, ...]
    counts: Counts = field(kw_only=True)
    suppliers: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    weight: str = "tonnes"
    prices: tuple[float, ...] = ()
    alpha: float = 0.0
    detail: Hashable = ()
    part: str = ""

    @property
    def written(self) -> str:
        """Its name in the model file, which all its parts share."""
        return self.name.removesuffix(f":{self.part}")

    def of(self, part: str, **scope: Any) -> Limit:
        """One part of it, under a name of its own: the parts of "reserve" are "reserve:Dy", "reserve:Tb"."""
        return replace(self, name=part_name(self.name, part), part=part, **scope)

    def weight_of(self, element: str) -> float:
        """Tonnes count one each; by value they count their price."""
        return self.prices[self.elements.index(element)] if self.weight == "value" else 1.0


def part_name(limit: str, part: str) -> str:
    """The name of one part of a limit."""
    return f"{limit}:{part}"


@dataclass(frozen=True)
class Bound:
    """The most, or least, that a limit allows over the futures of a year, in the unit of its rows.

    `nodes` are those it looks at, `law` their weights, both of shape (n,) and empty for the costs of paths; `rate` is how far
    `most` moves with one unit of the bound as written. `numbers` are more data of the kind, of shape (n,) too.
    """

    most: float
    nodes: Index = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    law: Array = field(default_factory=lambda: np.empty(0))
    rate: float = 1.0
    numbers: Mapping[str, Array] = field(default_factory=dict)


#: The measure at the nodes that a limit looks at, and what it is allowed there, year by year.
Measures = Sequence[tuple[Array, Bound]]


@dataclass(frozen=True)
class Future:
    """A future outside the law: undisturbed until a supplier is lost.

    Parameters
    ----------
    period : int
        The first period of the loss, counted from 0.
    lost : mapping supplier -> sequence of float
        The share of each period that is lost, from `period` on, 0 to 1; all sequences are as long.
    """

    period: int
    lost: Mapping[str, Sequence[float]]

    @property
    def length(self) -> int:
        """How many periods the loss takes."""
        return max(map(len, self.lost.values()), default=0)
