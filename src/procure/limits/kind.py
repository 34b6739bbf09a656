"""What every kind of limit answers: whoever adds one writes a class like this in a file of its own, and nothing else names it.

Everything that merges, composes, prices, explains or reports asks the kind, by these methods:

  reading    `reads`, `sense`, `measured_in`    the keys of the model file, max or min, the unit of the bound
  rows       `on_plan`, `plan_numbers`          rows of the plan, and the data in them            (`Counts.PLAN`)
             `on_period`, `period_numbers`      the measure of one period, and the data in it     (all the others)
             `looks_at`, `bound`, `write`       which nodes it looks at, what is allowed there, and the rows over the tree
             `futures`                          futures outside the law that it looks at
  short cuts `counts`, `is_convex`              what may be decided together under it
  answers    `value`                            what it comes to, in the unit of the bound
  words      `subject`, `says`                  "china's share", "at most 65 % of heavy from china"

The bound enters every number affinely, so that slack, shadow price and the least that would have to give all follow from how far
a row moves with it: `Bound.rate`, and for rows of the plan the difference that one unit of the bound makes to their data.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from procure.units import Array, Index, Mask
from procure.words import worst_share

Numbers = Mapping[str, Mapping[tuple[Any, ...], Any]]
Datum = tuple[str, tuple[Any, ...]]  # a number of plan or period: its name and its index


class Counts(enum.Enum):
    """Where a limit is counted, and so what it does to the weight of a future beside its probability."""

    PLAN = "in the plan, whatever happens"
    MEAN = "in the mean over nodes: it weighs each by its probability"
    NODES = "in nodes one by one, or the worst of them: it weighs some more than others"
    PATHS = "in the cost of whole paths: it sees nothing of an element but what it costs"


@dataclass(frozen=True)
class Measure:
    """The unit of a bound, as it is written, and the step in which its price is told.

    `most` is the largest bound that makes sense; `shown` what stands behind a number in words, `factor` times the bound.
    """

    unit: str
    step: float
    per: str
    most: float = np.inf
    shown: str = ""
    factor: float = 1.0


SHARE = Measure("share", 0.01, "percentage point", most=1.0, shown="%", factor=100.0)
DAYS = Measure("days", 1.0, "day", shown="days")
MUSD = Measure("million USD", 1.0, "million USD", shown="million USD")
TONNE_PER_TONNE = Measure("t/t", 0.1, "0.1 t/t", shown="t/t")


@dataclass(frozen=True)
class Limit:
    """One limit of a model: its kind, its scope, and whether it is physical, contractual or policy.

    `suppliers` and `elements` are the scope; an empty tuple means all. `alpha` serves the tail kinds: 0.95 caps the mean
    of the worst 5 %. With ``weight = "value"`` tonnes are weighted by `prices`, USD/kg, one per element of the scope.
    `detail` is whatever else of the choices decides the shape of the rows of its kind.
    """

    name: str
    kind: str
    tag: str
    years: tuple[int, ...]
    suppliers: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    weight: str = "tonnes"
    prices: tuple[float, ...] = ()
    alpha: float = 0.0
    detail: Hashable = ()

    def weight_of(self, element: str) -> float:
        """Tonnes count one each; by value they count their price."""
        return self.prices[self.elements.index(element)] if self.weight == "value" else 1.0


@dataclass(frozen=True)
class Bound:
    """The most a limit allows over the futures of a year, in the unit of its rows.

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


class MarketNumbers(Protocol):
    """What a limit may ask of the market that it limits. Mass in t, money in kUSD, time in years."""

    @property
    def sets(self) -> Any:
        """The index sets of the model; `in_scope(limit)` are the (supplier, element) pairs that a limit speaks of."""

    @property
    def years(self) -> Sequence[int]:
        """Every year of the plan."""

    def demand(self, element: str, year: int) -> float:
        """t/yr, before levels."""

    def demand_in_node(self, element: str) -> Array:
        """t in the period of every node."""

    def discount(self, year: int) -> float:
        """Present value of one unit of the year's money."""

    def term(
        self, supplier: str, attribute: str, year: float, element: str | None = None, default: float = 0.0
    ) -> float:
        """A term of a supplier that holds in a year, for an element where terms differ by element."""

    def undisturbed(self, supplier: str) -> Mask:
        """Nodes where a supplier is in its first state."""

    def nodes_of(self, year: int) -> Index:
        """The nodes of a year that are in the law."""

    def nodes_outside(self, limit: str, year: int) -> Index:
        """The nodes of a year that are outside the law and in which something is lost, of the futures of a limit."""


class Rows(Protocol):
    """A linear program that takes rows and columns."""

    def add_columns(
        self, count: int, lower: float, upper: Array | float = np.inf, integer: NDArray[np.bool_] | bool = False
    ) -> Index:
        """New columns, and where they stand."""

    def add_rows(self, lower: Array, upper: Array) -> Index:
        """New rows, and where they stand."""

    def add(self, rows: Any, columns: Any, values: Any) -> None:
        """Entries of the matrix; those that meet are added up."""


class Futures(Rows, Protocol):
    """The program over the tree, as a limit on all futures writes into it."""

    def measure(self, limit: Limit, nodes: Index) -> tuple[Index, Array]:
        """Columns and values of the terms of the measure at some nodes, both of shape (n_nodes of it, n_terms)."""

    def path_costs(self) -> tuple[Index, Array, int]:
        """Of every leaf in the law: the column of its cost and its probability; and the column of the cost of the plan.

        Money of these columns is in million USD.
        """


class LimitKind(ABC):
    """One kind of limit. Its file is its home: what is not answered here is not known of it anywhere."""

    name: ClassVar[str]
    reads: ClassVar[tuple[str, ...]] = ()  # keys of a model file beside name, kind, tag, note and the bound
    keys: ClassVar[
        Mapping[str, tuple[Any, Any]]
    ] = {}  # those of them that are its own: what each takes, and its default
    sense: ClassVar[Literal["max", "min"]] = "max"
    measured_in: ClassVar[Measure] = SHARE
    counts: ClassVar[Counts] = Counts.PLAN
    is_convex: ClassVar[bool] = True
    nothing: ClassVar[float] = np.nan  # the value where there is nothing to limit
    nothing_says: ClassVar[str] = "there is no demand"  # why, where that is no number

    # --- reading

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """(what was seen, the rule, the remedy) of choices that make no sense together."""
        yield from ()

    def suppliers_named(self, choice: Any) -> Iterator[tuple[str, str]]:
        """(key, supplier) of every supplier that keys of its own name."""
        yield from ()

    def detail(self, choice: Any) -> Hashable:
        """What of the choices decides the shape of the rows; nothing by default."""
        return ()

    # --- rows of the plan

    def on_plan(self, m: Any, sets: Any, limits: Sequence[Limit]) -> None:
        """Add the rows of all limits of this kind to the plan: one constraint of its name, indexed by limit, scope and year."""
        return

    def plan_numbers(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """The data of those rows, affine in the bound."""
        return {}

    def plan_rates(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """How far each row of the plan moves with one unit of the bound, by (name of the row, its index)."""
        here, beyond = (self.plan_numbers(limit, b, market) for b in (bound, bound + 1.0))
        return {(self.name, index): abs(beyond[name, index] - value) for (name, index), value in here.items()}

    def needed(self, limit: Limit, plan: Numbers, market: MarketNumbers, measures: Measures) -> float | None:
        """The bound that decisions need, where the bound multiplies decisions; None where the slack says it.

        Parameters
        ----------
        plan : mapping component -> mapping index -> float
            The decisions of the plan.
        measures : sequence of (measure, Bound)
            Of every year of a limit on all futures.
        """
        return None

    # --- measures of a period, and rows over the tree

    def on_period(self, m: Any, sets: Any, limit: Limit, supply: Callable[[str, str], Any]) -> Any:
        """The measure of one period, linear in its decisions; `supply` of a supplier and an element in t. None: it has none."""
        return None

    def period_numbers(self, limit: Limit, market: MarketNumbers) -> dict[Datum, Array]:
        """The data of the measure, at every node."""
        return {}

    def futures(
        self, choice: Any, suppliers: Sequence[str], years: Sequence[int], periods_per_year: int
    ) -> list[Future]:
        """Futures outside the law that it looks at, of a model with these suppliers and years: none by default."""
        return []

    def looks_at(self, limit: Limit, year: int | None, market: MarketNumbers) -> Index:
        """The nodes it looks at in a year: all in the law by default, and none where it looks at whole paths."""
        return np.empty(0, dtype=np.int64) if year is None else market.nodes_of(year)

    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """What is allowed at these nodes.

        Parameters
        ----------
        probability : array, shape (n_nodes,)
            Of every node; those of one period sum to one.
        period : mapping datum -> mapping index -> array, shape (n_nodes,)
            Every number of the periods.
        """
        raise NotImplementedError(f"{self.name} is counted {self.counts.value}")

    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """Write the rows over the tree; those that hold the bound are returned."""
        raise NotImplementedError(f"{self.name} is counted {self.counts.value}")

    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """What the limit comes to, in the unit of the bound as written.

        Parameters
        ----------
        measure, law : array, shape (n,)
            The measure and the weight of every node it looks at; of costs, the cost of every path in kUSD, and its probability.
        """
        raise NotImplementedError(f"{self.name} is counted {self.counts.value}")

    def rate(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """How far its rows move with one unit of the bound, at a solution."""
        return bound.rate

    def is_priced(self, limit: Limit) -> bool:
        """Whether a little more of the bound saves a little: not where it counts whole futures."""
        return True

    # --- words

    def aside(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> str:
        """What else there is to say of its value; nothing by default."""
        return ""

    @abstractmethod
    def subject(self, choice: Any) -> str:
        """Whose, and of what: "china's medium/heavy share"."""

    @abstractmethod
    def says(self, choice: Any, bound: str) -> str:
        """The limit in words, its bound written out: "at most 65 % of medium_heavy from china"."""


def what(choice: Any) -> str:
    """The scope in front of a noun: "medium/heavy " or nothing."""
    return "" if choice.scope == "all" else choice.scope.replace("_", "/") + " "


def whole(choice: Any) -> str:
    """The scope as an object: "medium_heavy", "the value of all elements"."""
    scope = "all elements" if choice.scope == "all" else choice.scope
    return ("the value of " if choice.weight == "value" else "") + str(scope)


def whose(choice: Any) -> str:
    """The supplier or country of a limit; all suppliers where it names none."""
    return str(choice.supplier or choice.country or "all suppliers")


def by_value(choice: Any) -> str:
    """ " by value" where tonnes are weighted by their price."""
    return " by value" if choice.weight == "value" else ""


def worst_futures(choice: Any) -> str:
    """ "the worst 5 % of futures", from alpha."""
    return f"the worst {worst_share(choice.alpha)} of futures"


def names_one_owner(choice: Any) -> Iterator[tuple[str, str, str]]:
    """The fault of a limit that names neither a supplier nor a country, or both."""
    if (choice.supplier is None) == (choice.country is None):
        seen, remedy = ("it has neither", "add one") if choice.supplier is None else ("it has both", "keep one")
        yield seen, f"a limit of kind '{choice.kind}' names a supplier or a country", remedy
