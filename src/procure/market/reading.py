"""The facts of a model as the numbers of its market are read from them: tracked, for its years and over the nodes of its tree."""

from __future__ import annotations

from typing import Any

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.facts.records import ALL, Records, Row
from procure.facts.scopes import scopes_of
from procure.facts.tracked import Tracker
from procure.formulation.moment import seen_before
from procure.languages import Said
from procure.limits import KINDS, Future, FuturesLimit
from procure.market.moments import Review, moments_of
from procure.market.outside import outside
from procure.model import Model
from procure.scenarios.decided import Programmes
from procure.scenarios.strategy import PENDING, VERDICT, strategy_of
from procure.scenarios.tree import Tree
from procure.scenarios.world import memory_of, suppliers_of
from procure.units import Array, Index

# What is wrong with what revises the plan.
_UNSAID, _OF_ITS_WORLD = (
    Said("the futures say nothing of '{process}', which the plan waits for", "計画が待つ '{process}' が将来にない"),
    Said("what a plan waits for is part of its world", "計画が待つものはその世界の一部"),
)
_IS_TABLE, _SEES_NOTHING, _DROP_EITHER = (
    Said("the futures are a table", "将来が表で与えられている"),
    Said("a table of futures does not say what a review would see", "将来の表からは、見直しで何が分かるかが決まらない"),
    Said("drop world.scenarios, or the reviews", "world.scenarios か見直しを外す"),
)
_PENDING, _KNOWN_BY_THEN, _SAY_OUTCOME = (
    Said(
        "in {year} '{process}' is still {pending} in some future of the table",
        "表のある将来では {year} 年にも '{process}' が {pending} のまま",
    ),
    Said("a strategy follows a verdict that is known by then", "戦略が従う判定はその年までに分かること"),
    Said("say its outcome in every future", "すべての将来でその結果を書く"),
)
_OUTSIDE, _NOBODY_KNOWS, _DROP_LIMIT = (
    Said(
        "a limit looks at futures outside the law, and the plan is revised",
        "確率の外の将来を見る制約があり、計画は見直される",
    ),
    Said("nobody knows what a review would see there", "そこでの見直しで何が分かるかは決まらない"),
    Said("drop the limit, or what revises the plan", "制約か、計画の見直しを外す"),
)

#: The path of a choice that is followed like a number of the facts.
SCALE = "shortage.scale"


class Reading:
    """What a model reads, under one choice of programmes and over one tree.

    Attributes
    ----------
    elements, suppliers, years
        Of the model: elements in the order of nature, else of the alphabet; suppliers in that of the alphabet.
    outside : Outside
        The nodes behind those of the tree, outside the law.
    period, year_of_node, year_index : array, shape (n_nodes,)
        The period of every node, its year, and the position of that in `years`.
    strategies : mapping supplier -> Strategy
        What is chosen of the suppliers' programmes.
    moments, moment_index : tuple of int, and array of shape (n_nodes,)
        The moments of the plan, and the position of every node's among them.
    code : mapping chain -> array, shape (n_nodes,)
        The position of every node's state in `states` of the chain.
    period_years : float
        The length of a period.
    tracker : Tracker
        What has been worked out, and from which numbers.
    faults : list of Fault
        What was found wrong on the way.
    """

    def __init__(self, model: Model, programmes: Programmes, tree: Tree) -> None:
        self.model, self.programmes, self.tree = model, programmes, tree
        self.settings = settings = model.settings
        self.tracker = Tracker()
        self.faults: list[Fault] = []
        self.suppliers = suppliers_of(model)
        self.follow(Records(model.facts))
        self.years = model.years
        self.period_years = 1.0 / settings.model.periods_per_year

        elements = {str(r["element"]): r for r in self.records.rows("elements")}
        demanded = {r["element"] for r in self.records.rows("demand")}
        named = settings.model.elements
        wanted = (
            [e for e in elements if elements[e]["traded"] is not False and e in demanded] if named == "all" else named
        )
        # The order of a file's rows decides nothing.
        self.elements = sorted(wanted, key=lambda e: (or_else(elements[e]["atomic_number"], np.inf), e))
        self._scopes = {e: scopes_of(r, settings.model.classes) for e, r in elements.items()}
        self.class_of = {e: self._scopes[e][-2] for e in self.elements}
        for element in self.elements:
            if element not in demanded:
                seen = Said("no row for '{element}'", "'{element}' の行がない").format(element=element)
                self.fault(
                    "demand.csv", seen, Said("every element of the model has a demand", "モデルの元素には需要がある")
                )

        chosen, readings = settings.demand.reading, {str(r["reading"]) for r in self.records.rows("readings")}
        for name in [*settings.demand.readings, *([] if chosen is None else [chosen])]:
            if name not in readings:
                seen = Said("no reading '{name}'", "需要の見方 '{name}' がない").format(name=name)
                rule = Said("a reading has rows in readings.csv", "需要の見方は readings.csv に行がある")
                self.fault(f"{model.origin}, demand", seen, rule, nearest(name, sorted(readings)))

        self.outside = outside(self._futures(), int(tree.n_periods))
        self.period: Index = np.concatenate([np.asarray(tree.period), self.outside.period])
        self.year_index: Index = self.period // settings.model.periods_per_year
        self.year_of_node: Index = np.array(self.years)[self.year_index]
        undisturbed = np.zeros(len(self.outside), dtype=np.int64)  # the first state of every process
        self.code: dict[str, Index] = {
            name: np.concatenate([np.asarray(tree.state)[:, k], undisturbed]) for k, name in enumerate(tree.processes)
        }
        self.states = dict(zip(tree.processes, tree.states, strict=True))
        self.strategies = {s: strategy_of(self.records, s, chosen) for s, chosen in programmes.items()}
        self.moments, self.moment_index = moments_of(
            self._reviews(), self.years, self.year_index, self.code, self.states
        )

    @property
    def n_nodes(self) -> int:
        """Nodes of the tree, and those outside the law."""
        return len(self.period)

    def _reviews(self) -> list[Review]:
        """When the plan is revised, and what is seen then."""
        reviews = [
            Review(strategy.review, supplier + VERDICT)
            for supplier, strategy in sorted(self.strategies.items())
            if strategy.review is not None
        ]
        reviews += [
            Review(choice.year, memory_of(name, choice.year))
            for choice in self.settings.revisions
            for name in choice.sees
        ]
        for review in reviews:
            if review.process not in self.code:
                raise DataError(
                    Fault(f"{self.model.origin}, reviews", _UNSAID.format(process=review.process), _OF_ITS_WORLD)
                )
        if self.settings.revisions and self.settings.world.scenarios:
            raise DataError(Fault(f"{self.model.origin}, reviews", _IS_TABLE, _SEES_NOTHING, _DROP_EITHER))
        for review in reviews if self.settings.world.scenarios else ():
            waiting = self.states[review.process].index(PENDING)
            if (self.code[review.process][self.year_of_node >= review.year] == waiting).any():
                seen = _PENDING.format(year=review.year, process=review.process, pending=PENDING)
                raise DataError(Fault("scenarios.csv", seen, _KNOWN_BY_THEN, _SAY_OUTCOME))
        if reviews and len(self.outside):
            raise DataError(Fault(f"{self.model.origin}, limits", _OUTSIDE, _NOBODY_KNOWS, _DROP_LIMIT))
        return reviews

    def outcome(self, supplier: str, moment: int) -> str:
        """What is known of the verdict on a supplier at a moment of the plan."""
        return dict(seen_before(moment)).get(supplier + VERDICT, PENDING)

    def in_force(self, supplier: str, moment: int) -> tuple[str, ...]:
        """The programme levels of a supplier in force at a moment of the plan."""
        strategy = self.strategies.get(supplier)
        return () if strategy is None else strategy.in_force(self.outcome(supplier, moment), int(moment))

    def _futures(self) -> dict[str, list[Future]]:
        """The futures outside the law that each limit looks at."""
        per_year = self.settings.model.periods_per_year
        return {
            choice.name: kind.futures(choice, self.suppliers, self.years, per_year)
            for choice in self.settings.limits
            if isinstance(kind := KINDS[choice.kind], FuturesLimit)
        }

    @property
    def parent(self) -> Index:
        """The parent of every node, shape (n_nodes,)."""
        n_inside = self.tree.n_nodes
        beyond = self.outside.parent
        return np.concatenate([np.asarray(self.tree.parent), np.where(beyond < 0, -1, beyond + n_inside)])

    @property
    def probability(self) -> Array:
        """Of every node, shape (n_nodes,); zero outside the law."""
        return np.concatenate([np.asarray(self.tree.probability, dtype=float), np.zeros(len(self.outside))])

    def kept(self, supplier: str) -> Array:
        """The share of a supplier's volume that no future outside the law takes away, shape (n_nodes,)."""
        lost = self.outside.lost.get(supplier)
        kept = np.ones(self.n_nodes)
        if lost is not None:
            kept[self.tree.n_nodes :] -= lost
        return kept

    def nodes_outside(self, limit: str) -> Index:
        """The nodes in which something is lost, of the futures that a limit looks at."""
        return self.tree.n_nodes + self.outside.nodes.get(limit, np.empty(0, dtype=np.int64))

    def follow(self, records: Records) -> None:
        """Read from these records from now on."""
        self.records = records.noting(self.tracker.note)
        rows = self.records.rows("suppliers")
        self.registry = {s: row for row in rows if (s := str(row["supplier"])) in self.suppliers}

    def fault(self, where: str, seen: str, rule: str, remedy: str = "") -> None:
        """Note what is wrong with a number."""
        self.faults.append(Fault(where, seen, rule, remedy))

    def scopes(self, element: str | None) -> tuple[str, ...]:
        """What may speak of an element, the most specific first: itself, the control lists it is on, its class, all."""
        return ALL if element is None else self._scopes[element]

    def of_element(self, table: str, element: str, **keys: Any) -> list[Row]:
        """The rows that speak of an element, of the most specific scope of which there are any."""
        return list(self.records.of_scope(table, self.scopes(element), **keys))

    def term(
        self, supplier: str, attribute: str, year: float, element: str | None = None, default: float = 0.0
    ) -> float:
        """A term of a supplier in a year, for an element where terms differ by element, in the unit of its table."""
        scopes = self.scopes(element)
        term = self.records.value("terms", year, scopes, supplier=supplier, attribute=attribute)
        return default if term is None else term

    def of_level(self, supplier: str, level: str, attribute: str, year: float) -> float | None:
        """What a programme level says of an attribute in a year, in the unit of its table, where it says anything."""
        return self.records.value("programmes", year, supplier=supplier, programme=level, attribute=attribute)

    def of_stock(self, element: str, attribute: str) -> float:
        """What stock.csv says of an element, in the unit of the attribute; 0 where it says nothing."""
        rows = self.of_element("stock", element, attribute=attribute)
        return float(rows[0]["value"]) if rows else 0.0

    def runs(self, supplier: str, year: int) -> bool:
        """Whether a supplier is in business in a year."""
        first, last = self.registry[supplier]["first_year"], self.registry[supplier]["last_year"]
        return bool(or_else(first, year) <= year <= or_else(last, year))

    def is_basket(self, supplier: str) -> bool:
        """Whether a supplier sells its elements in fixed proportion."""
        return bool(self.registry[supplier]["kind"] == "basket")

    def choice(self, supplier: str, key: str) -> Any:
        """What the model file chooses for a supplier; None where it says nothing of it."""
        chosen = self.settings.suppliers.get(supplier)
        return getattr(chosen, key) if chosen is not None else None

    def scale_of_shortage(self) -> float:
        """By which all costs of shortage are multiplied, 1."""
        return self.records.chosen(SCALE, self.settings.shortage.scale)

    def discount(self, year: int) -> float:
        """Present value, in the first year of the model, of one unit of money paid in a year."""
        return float((1.0 + self.settings.model.discount_rate) ** -(year - self.years[0]))


class Room:
    """Numbers of one kind, worked out from what is read; its `tracked` methods are kept by the reading's tracker."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.tracker = reading.tracker


def or_else(value: Any, otherwise: Any) -> Any:
    """`value`, or `otherwise` where the cell of the table is blank."""
    return otherwise if value is None else value
