"""What every kind of limit answers: whoever adds one writes a class like this in a file of its own, and nothing else names it.

Everything that merges, composes, prices, explains or reports asks the kind, by these methods:

  every kind     `reads`, `sense`, `measured_in`    the keys of the model file, max or min, the unit of the bound
                 `title`                            what it limits, in a few words
                 `counted`, `is_convex`             what may be decided together under it
                 `parts`, `of_part`                 elements or suppliers of which it speaks one by one
                 `subject`, `says`                  "china's share", "at most 65 % of heavy from china"
  on the plan    `on_plan`, `plan_numbers`          rows of the plan, and the data in them
  on futures     `on_period`, `period_numbers`      the measure of one period, and the data in it
                 `counts_plan`                      whether that counts what the plan spends, too
                 `looks_at`, `bound`, `write`       which nodes it looks at, what is allowed there, and the rows over the tree
                 `futures`                          futures outside the law that it looks at
                 `value`                            what it comes to, in the unit of the bound

A kind is a `PlanLimit` or a `FuturesLimit`; what is abstract there it must write, the rest has an answer that suits most.

The bound enters every number affinely, so that slack, shadow price and the least that would have to give all follow from how far
a row moves with it: `Bound.rate`, and for rows of the plan the difference that one unit of the bound makes to their data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from procure.languages import Said
from procure.limits.asked import Futures, MarketNumbers
from procure.limits.limit import SHARE, Bound, Counts, Datum, Future, Limit, Measures, Numbers, Unit
from procure.units import Array, Index


class LimitKind(ABC):
    """One kind of limit. Its file is its home: what is not answered here is not known of it anywhere."""

    name: ClassVar[str]
    title: ClassVar[str]  # what it limits, said in every language
    reads: ClassVar[tuple[str, ...]] = ()  # keys of a model file beside name, kind, tag, note and the bound
    keys: ClassVar[Mapping[str, tuple[Any, Any]]] = {}  # those of its own: what each takes, and its default
    sense: ClassVar[Literal["max", "min"]] = "max"
    measured_in: ClassVar[Unit] = SHARE
    counts: ClassVar[Counts]
    is_convex: ClassVar[bool] = True
    has_parts: ClassVar[bool] = False
    nothing: ClassVar[float] = np.nan  # the value where there is nothing to limit
    nothing_says: ClassVar[str] = Said("there is no demand", "需要がない")  # why, where that is no number

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """(what was seen, the rule, the remedy) of choices that make no sense together."""
        yield from ()

    def suppliers_named(self, choice: Any) -> Iterator[tuple[str, str]]:
        """(key, supplier) of every supplier that keys of its own name."""
        yield from ()

    def detail(self, choice: Any) -> Hashable:
        """What of the choices decides the shape of the rows; nothing by default."""
        return ()

    def parts(self, limit: Limit, choice: Any, country_of: Mapping[str, str]) -> Iterator[Limit]:
        """The limits that it consists of, one of each element or supplier where `has_parts`; by default itself.

        Parameters
        ----------
        limit : Limit
            Of the whole scope.
        country_of : mapping supplier -> country
            Of the suppliers of the model.
        """
        yield limit

    def of_part(self, choice: Any, part: str) -> Any:
        """The choices as if they spoke of one part, or one element, alone."""
        return choice.model_copy(update={"scope": part})

    def counted(self, choice: Any) -> Counts:
        """Where a limit of these choices is counted: everywhere alike by default."""
        return self.counts

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

    @abstractmethod
    def subject(self, choice: Any) -> str:
        """Whose, and of what: "china's medium/heavy share"."""

    @abstractmethod
    def says(self, choice: Any, bound: str) -> str:
        """The limit in words, its bound written out: "at most 65 % of medium_heavy from china"."""


class PlanLimit(LimitKind):
    """A limit on what is decided now."""

    counts = Counts.PLAN

    @abstractmethod
    def on_plan(self, m: Any, sets: Any, limits: Sequence[Limit]) -> None:
        """Add the rows of all limits of this kind to the plan: one constraint of its name, indexed by limit, scope and year."""

    @abstractmethod
    def plan_numbers(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """The data of those rows, affine in the bound."""

    def plan_rates(self, limit: Limit, bound: float, market: MarketNumbers) -> dict[Datum, float]:
        """How far each row of the plan moves with one unit of the bound, by (name of the row, its index)."""
        here, beyond = (self.plan_numbers(limit, b, market) for b in (bound, bound + 1.0))
        return {(self.name, index): abs(beyond[name, index] - value) for (name, index), value in here.items()}


class FuturesLimit(LimitKind):
    """A limit on what happens, over all futures."""

    def counts_plan(self, limit: Limit) -> bool:
        """Whether its measure counts what the plan spends in the year of a period, `m.outlays`; it does not by default."""
        return False

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

    @abstractmethod
    def bound(self, limit: Limit, choice: Any, nodes: Index, probability: Array, period: Numbers) -> Bound:
        """What is allowed at these nodes.

        Parameters
        ----------
        probability : array, shape (n_nodes,)
            Of every node; those of one period sum to one.
        period : mapping datum -> mapping index -> array, shape (n_nodes,)
            Every number of the periods.
        """

    @abstractmethod
    def write(self, futures: Futures, limit: Limit, bound: Bound) -> Index:
        """Write the rows over the tree; those that hold the bound are returned."""

    @abstractmethod
    def value(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """What the limit comes to, in the unit of the bound as written.

        Parameters
        ----------
        measure, law : array, shape (n,)
            The measure and the weight of every node it looks at; of costs, the cost of every path in kUSD, and its probability.
        """

    def rate(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> float:
        """How far its rows move with one unit of the bound, at a solution."""
        return bound.rate

    def is_priced(self, limit: Limit) -> bool:
        """Whether a little more of the bound saves a little: not where it counts whole futures."""
        return True

    def aside(self, limit: Limit, bound: Bound, measure: Array, law: Array) -> str:
        """What else there is to say of its value; nothing by default."""
        return ""
