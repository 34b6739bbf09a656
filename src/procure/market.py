"""The market a model buys in: every number of plan and period, year by year and node by node.

Whatever is nonlinear in the facts alone (delivered share times price, the larger of index and floor, discounting) is worked
out here, so that the compiled program stays affine in what it is given. A contract is paid by its rule, with `price` the
supplier's own or that of its layer, times its factor, and `index` that price in the state at hand:

  fixed          price
  index          index
  floor          max(index, floor)
  floor_rebate   max(index, floor) - rebate_share max(index - rebate_threshold, 0)

A call is bought at the market of its state, whatever the rule: premium × price × the state's multiple for calls. Neither the floor
nor the rebate of the contract applies.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from procure.errors import DataError, Fault
from procure.facts import Place
from procure.formulation.sets import FUTURE_KINDS, Limit, Sets
from procure.lp.compile import Template
from procure.lp.compose import Bound, Shape
from procure.model import Model
from procure.model.limits import LEAST, LimitChoices
from procure.records import Records, Row, most_specific, valid_in
from procure.remember import Remembering, remembered
from procure.scenarios.chain import effective_share
from procure.scenarios.tree import Tree
from procure.scenarios.world import (
    DEMAND,
    PROJECT,
    WAITING,
    Programmes,
    make_tree,
    numbers_of_law,
    programme_choices,
    suppliers_of,
)
from procure.units import DAYS_PER_YEAR, KUSD_PER_MUSD, Array

Numbers = Mapping[str, Mapping[tuple[Any, ...], Any]]

Datum = tuple[str, tuple[Any, ...]]  # a number of plan or period: its name and its index

#: Tables that count before a model is made: the rates by which the others were converted, and the futures of one's own.
ALWAYS_READ = ("exchange_rates", "scenarios")
#: Tables of which every number that a market reads is noted, so that `Builder.moved` finds what to work out again.
FOLLOWED = frozenset(
    {"terms", "programmes", "prices", "offers", "commitments", "baskets", "demand", "depths", "multiples", "stock",
     "shortage", "spot"}
)  # fmt: skip


@dataclass(frozen=True)
class Market:
    """The numbers of one model under one choice of programmes.

    `plan` maps each datum of the plan to its values by index; `period` each datum of a period to arrays over the nodes of
    `tree`, shape (n_nodes,). Mass in t, money in kUSD, prices in USD/kg (= kUSD/t), time in years.
    """

    model: Model
    programmes: Programmes
    sets: Sets
    tree: Tree
    shape: Shape
    plan: Numbers
    period: Numbers
    probability: Array
    discount: Array
    bounds: Mapping[tuple[str, Any], Bound]
    class_of: Mapping[str, str]
    demand: Mapping[str, Array]  # t/yr per year of the plan, before levels
    merged_from: NDArray[np.int64] | None = None  # where each node of the tree before `merge` went

    @cached_property
    def year_of_node(self) -> NDArray[np.int64]:
        """The year of every node."""
        return np.asarray(self.sets.years)[self.shape.year]

    def plan_data(self, template: Template) -> Array:
        """The plan's numbers in the order of its template."""
        return np.array([self.plan[component][index] for component, index in template.data], dtype=float)

    def period_data(self, template: Template) -> Array:
        """The periods' numbers in the order of the template, shape (n_nodes, n_data)."""
        data = np.empty((len(self.probability), len(template.data)))
        for position, (component, index) in enumerate(template.data):
            data[:, position] = self.period[component][index]
        return data


def make_market(model: Model, programmes: Programmes | None = None, tree: Tree | None = None) -> Market:
    """Work out every number of `model` under `programmes` (supplier -> level), over its own tree or the one given.

    Raises `DataError` where facts are missing that the model needs: an element without demand, price or shortage tiers, a
    supplier without an offer, a commitment above the offer.
    """
    programmes = programmes or {}
    return Builder(model, programmes, tree if tree is not None else make_tree(model, programmes)).market()


def merge(market: Market) -> Market:
    """The same market with futures that are identical for it made one, exactly.

    Two siblings are one when every number that the program reads from them, and from all that can follow, is the same:
    a supplier that is not bought from, or whose two states deliver alike, makes no difference. Their decisions can be
    averaged without raising mean or tail (both are convex), so nothing is lost. Where orders are placed before demand is
    seen, nodes share decisions across siblings, and the market is returned as it is.
    """
    if market.shape.information is not None:
        return market
    idle = idle_offers(market)
    numbers = [
        values
        for name, by_index in market.period.items()
        for index, values in by_index.items()
        if not (name in ("delivered", "payment") and index in idle)
        and not (name == "payment_output" and idle >= set(market.sets.of_supplier(index[0])))
    ]
    inside = []
    for bound in market.bounds.values():
        if bound.nodes is not None:
            member = np.zeros(len(market.probability))
            member[bound.nodes] = 1.0
            inside.append(member)
    tree, new = market.tree.merged(np.column_stack([*numbers, *inside]))
    return _reduced(market, tree, new)


def merged_like(market: Market, like: Market) -> Market:
    """The same market with the futures made one that are one in `like`, which came from the same tree: other numbers only."""
    new = like.merged_from
    if new is None:
        return market
    old = like.tree
    probability = np.bincount(new, weights=market.probability, minlength=old.n_nodes)
    tree = Tree(old.period, old.parent, probability, old.processes, old.states, old.state)
    return replace(_reduced(market, tree, new), shape=like.shape)


def _reduced(market: Market, tree: Tree, new: NDArray[np.int64]) -> Market:
    """A market over the nodes of `tree`, of which `new` says where each of its own went."""
    if tree.n_nodes == market.tree.n_nodes:
        return replace(market, merged_from=np.arange(tree.n_nodes))
    first = np.unique(new, return_index=True)[1]
    return replace(
        market,
        tree=tree,
        merged_from=new,
        shape=Shape(np.asarray(tree.parent), market.shape.year[first]),
        period={name: {i: values[first] for i, values in by_index.items()} for name, by_index in market.period.items()},
        probability=np.asarray(tree.probability, dtype=float),
        discount=market.discount[first],
        bounds={
            key: bound if bound.nodes is None else replace(bound, nodes=np.unique(new[bound.nodes]))
            for key, bound in market.bounds.items()
        },
    )


def most_of(
    limit: Limit,
    bound: float,
    nodes: NDArray[np.int64] | None,
    probability: Array,
    demand: Mapping[tuple[Any, ...], Array],
) -> float:
    """The most a limit on all futures allows, in its own unit: kUSD, a share of demand, or t of the nodes it looks at."""
    if nodes is None:
        return bound * KUSD_PER_MUSD
    if limit.kind != "share":
        return bound
    total = sum((limit.weight_of(e) * demand[e,][nodes] for e in limit.elements), np.zeros(len(nodes)))
    return bound * float(probability[nodes] @ total)


def exposure(market: Market) -> Array:
    """A guess at what each path leaves unserved, kUSD, shape (n_leaves,): all that is offered is bought, no stock is drawn.

    It orders the paths well enough to say which of them the tail may reach; what it gets wrong is found when solved.
    """
    sets, at = market.sets, market.shape.year
    cost = np.zeros(len(market.probability))
    for e in sets.elements:
        arrives = np.zeros(len(cost))
        for offer in sets.of_element(e):
            if offer in sets.offers:
                offered = np.array([market.plan["offered"][*offer, y] for y in sets.years])[at]
                arrives += market.period["delivered"][offer] * offered
            else:
                arrives += market.period["callable"][offer]
        arrives += sum(market.period["limit_spot"][step] for step in sets.steps if step[0] == e)
        missing = np.maximum(market.period["demand"][e,] - arrives, 0.0)
        for tier in (tier for tier in sets.tiers if tier[0] == e):
            unserved = np.minimum(missing, market.period["width"][tier])
            cost += unserved * market.period["price_shortage"][tier]
            missing -= unserved
    cost *= market.discount
    for node in np.flatnonzero(market.shape.parent >= 0):  # parents come first
        cost[node] += cost[market.shape.parent[node]]
    return cost[market.shape.leaves]


def idle_offers(market: Market) -> set[tuple[str, str]]:
    """Offers of which nothing can be contracted in any year: whatever they would deliver is multiplied by zero."""
    return {
        offer for offer in market.sets.offers if not any(market.plan["offered"][*offer, y] for y in market.sets.years)
    }


def numbers_read(model: Model) -> set[Place]:
    """Every number of the facts that a model reads, under any of its programme levels."""
    found: set[Place] = set()
    for choice in programme_choices(model):
        builder = Builder(model, choice, make_tree(model, choice))
        builder.market()
        found |= builder.numbers | numbers_of_law(model, choice)
    return found


def check_read(model: Model, paths: Iterable[str], read: Collection[Place]) -> None:
    """Refuse numbers that were set and that nothing reads, all in one list."""
    faults = []
    for path in paths:
        place = model.facts.locate(path)
        if place not in read and place.table not in ALWAYS_READ:
            remedy = f"`procure sources {model.name}` lists the numbers that count; {_why_unread(model, path, place)}"
            faults.append(Fault(path, "nothing in this model reads the number", "what is set must count", remedy))
    if faults:
        raise DataError(faults)


def _why_unread(model: Model, path: str, place: Place) -> str:
    """A guess at why a number does not count."""
    row = model.facts.tables[place.table].iloc[place.position]
    owner = str(row.get("supplier", row.get("chain", "")))
    if owner in set(model.facts.tables["suppliers"]["supplier"]) - set(suppliers_of(model)):
        return f"'{owner}' is switched off"
    if place.column in ("optimistic", "pessimistic"):
        return f"world.variant is '{model.settings.world.variant}'"
    return "a row of a later year or of a closer scope may prevail, or a choice may leave it out"


class Builder(Remembering):
    """Works out the numbers of a market from the records of its facts, each from the rows it needs.

    Kept, it follows facts whose numbers move: `moved` works out again what was read from those that changed.
    """

    def __init__(self, model: Model, programmes: Programmes, tree: Tree) -> None:
        super().__init__()
        self.model, self.programmes, self.tree = model, programmes, tree
        settings = model.settings
        self.settings = settings
        self.records = Records(model.facts)
        self.numbers: set[Place] = set()  # of the facts, that were read
        self.years = model.years
        self.period_years = 1.0 / settings.model.periods_per_year
        self.faults: list[Fault] = []

        elements = {str(r["element"]): r for r in self._rows("elements")}
        demanded = {r["element"] for r in self._rows("demand")}
        named = settings.model.elements
        wanted = (
            [e for e in elements if elements[e]["traded"] is not False and e in demanded] if named == "all" else named
        )
        # In the order of nature, else of the alphabet: the order of a file's rows decides nothing.
        self.elements = sorted(wanted, key=lambda e: (_or(elements[e]["atomic_number"], np.inf), e))
        classes = {e: r[f"class_{settings.model.classes}"] for e, r in elements.items()}
        self.classes = {e: str(found) for e, found in classes.items()}
        self.class_of = {e: self.classes[e] for e in self.elements}
        for element in self.elements:
            if element not in demanded:
                self._fault("demand.csv", f"no row for '{element}'", "every element of the model has a demand")

        self.suppliers = suppliers_of(model)
        self.registry = {s: r for r in self._rows("suppliers") if (s := str(r["supplier"])) in self.suppliers}
        self.year_of_node = np.array(self.years)[np.asarray(tree.period) // settings.model.periods_per_year]
        self.year_index = np.asarray(tree.period) // settings.model.periods_per_year
        self.code = {name: np.asarray(tree.state)[:, k] for k, name in enumerate(tree.processes)}
        self.states = dict(zip(tree.processes, tree.states, strict=True))

    # --- lookups ---

    def _fault(self, where: str, seen: str, rule: str, remedy: str = "") -> None:
        self.faults.append(Fault(where, seen, rule, remedy))

    def _rows(self, table: str, **keys: Any) -> list[Row]:
        """The rows of a table with these values; whatever is being worked out will be again when a number that it reads moves."""
        return self.records.noting(self.note).rows(table, **keys)

    def note(self, place: Place) -> None:
        """Say that the value being worked out depends on a number of the facts."""
        super().note(place)
        self.numbers.add(place)

    def _scopes(self, element: str | None) -> tuple[str, ...]:
        """What may speak of an element, the most specific first: itself, its class, all."""
        return ("all",) if element is None else (element, self.classes[element], "all")

    def _at(self, rows: list[Row], year: float, element: str | None = None) -> float | None:
        """The value valid in `year`: the latest row not after it, of the most specific scope."""
        row = self._row_at(rows, year, element)
        return None if row is None else float(row["value"])

    def _row_at(self, rows: list[Row], year: float, element: str | None = None) -> Row | None:
        return valid_in(most_specific(rows, self._scopes(element)), year)

    def term(
        self, supplier: str, attribute: str, year: float, element: str | None = None, default: float = 0.0
    ) -> float:
        """A term of a supplier in a year, for an element where terms differ by element."""
        found = self._at(self._rows("terms", supplier=supplier, attribute=attribute), year, element)
        return default if found is None else found

    def _by_scope(self, table: str, element: str, **keys: Any) -> list[Row]:
        return most_specific(self._rows(table, **keys), self._scopes(element))

    def _on_offer(self, supplier: str, element: str, year: int) -> float:
        """t/yr that a supplier offers in a year."""
        found = self._at(self._rows("offers", supplier=supplier, element=element), year)
        return (found or 0.0) * self._runs(supplier, year)

    def _firm(self, supplier: str, element: str, year: int) -> float:
        """t/yr already committed."""
        return self._at(self._rows("commitments", supplier=supplier, element=element), year) or 0.0

    def _listed(self, element: str, layer: str) -> float | None:
        """The price of a layer, USD/kg, where the table has one."""
        found = self._rows("prices", element=element, layer=layer)
        return float(found[-1]["value"]) if found else None

    def _basket(self, supplier: str) -> dict[str, float]:
        """The elements a basket sells, and what share of its output each is; empty where the supplier sells no basket."""
        if not self._is_basket(supplier):
            return {}
        return {r["element"]: float(r["value"]) for r in self._rows("baskets", supplier=supplier)}

    def _runs(self, supplier: str, year: int) -> bool:
        first, last = self.registry[supplier]["first_year"], self.registry[supplier]["last_year"]
        return bool(_or(first, year) <= year <= _or(last, year))

    # --- sets ---

    @remembered
    def _sets(self) -> Sets:
        offers, calls = [], []
        for supplier in self.suppliers:
            sold = [
                e
                for e in self.elements
                if (
                    e in self._basket(supplier)
                    if self._is_basket(supplier)
                    else self._rows("offers", supplier=supplier, element=e)  # whatever their volume
                )
            ]
            if not sold:
                self._fault(
                    f"supplier '{supplier}'", "it offers none of the model's elements",
                    "every supplier of a model offers something", "add rows to offers.csv, or enabled = false",
                )  # fmt: skip
            only_committed = self._choice(supplier, "contracts") == "committed"
            if self._choice(supplier, "contracts") != "none":
                offers += [(supplier, e) for e in sold]
            if not self._is_basket(supplier) and not only_committed:
                share = {e: [self.term(supplier, "call_share", y, e) for y in self.years] for e in sold}
                calls += [(supplier, e) for e in sold if max(share[e]) > 0]
        has = {s: {r["attribute"] for r in self._rows("terms", supplier=s)} for s in self.suppliers}
        levels = [
            (s, level)
            for s, choice in self.settings.suppliers.items()
            if s in self.registry
            for level in choice.programmes
        ]
        tiers, steps = [], []
        for element in self.elements:
            widths = self._by_scope("shortage", element, attribute="width")
            if not widths:
                self._fault("shortage.csv", f"no tiers for '{element}'", "every element has shortage tiers")
            tiers += sorted((element, int(r["tier"])) for r in widths)
            steps += sorted((element, int(r["step"])) for r in self._by_scope("spot", element, attribute="limit"))
        return Sets(
            elements=tuple(self.elements),
            suppliers=tuple(self.suppliers),
            years=tuple(self.years),
            offers=tuple(offers),
            calls=tuple(calls),
            baskets=tuple(s for s in self.suppliers if self._is_basket(s)),
            capped=tuple(s for s in self.suppliers if self._is_basket(s) or "capacity" in has[s]),
            ramped=tuple(s for s in self.suppliers if "growth" in has[s]),
            charged=tuple(s for s in self.suppliers if has[s] & {"fixed_charge", "minimum_order"}),
            expandable=tuple(
                (s, math.ceil(self.term(s, "expansion_lead", self.years[0])))
                for s in self.suppliers
                if "expansion_limit" in has[s]
            ),
            programmes=tuple(levels),
            steps=tuple(steps),
            tiers=tuple(tiers),
            limits=tuple(self._limit(choice) for choice in self.settings.limits),
        )

    def _is_basket(self, supplier: str) -> bool:
        return bool(self.registry[supplier]["kind"] == "basket")

    def _choice(self, supplier: str, key: str) -> Any:
        chosen = self.settings.suppliers.get(supplier)
        return getattr(chosen, key) if chosen is not None else None

    def _limit(self, choice: LimitChoices) -> Limit:
        first = choice.first if choice.first is not None else self.years[0]
        last = choice.last if choice.last is not None else self.years[-1]
        elements = tuple(e for e in self.elements if choice.scope in ("all", e, self.class_of[e]))
        if choice.supplier is not None:
            suppliers: tuple[str, ...] = (choice.supplier,)
        elif choice.country is not None:
            # Where nobody is in business the country itself stands for no one; an empty scope would mean everybody.
            suppliers = tuple(s for s in self.suppliers if self.registry[s]["country"] == choice.country) or (
                choice.country,
            )
        else:
            suppliers = ()
        prices = tuple(self._listed(e, "licensed") or 0.0 for e in elements) if choice.weight == "value" else ()
        return Limit(
            name=choice.name,
            kind=choice.kind,
            tag=choice.tag,
            years=() if choice.kind in ("cost_cvar", "worst_case") else tuple(range(first, last + 1)),
            suppliers=suppliers,
            elements=elements,
            weight=choice.weight,
            prices=prices,
            alpha=choice.alpha,
        )

    # --- numbers ---

    def market(self) -> Market:
        self.sets = self._sets()
        self._check_prices()
        if self.faults:
            raise DataError(self.faults)
        self.discount_of_year = {
            y: (1.0 + self.settings.model.discount_rate) ** -(y - self.years[0]) for y in self.years
        }
        plan = self._plan_numbers()
        period = self._period_numbers()
        if self.faults:
            raise DataError(self.faults)
        tree = self.tree
        information = self._information() if self.settings.demand.orders == "before" else None
        return Market(
            model=self.model,
            programmes=dict(self.programmes),
            sets=self.sets,
            tree=tree,
            shape=Shape(np.asarray(tree.parent), self.year_index, information),
            plan=plan,
            period=period,
            probability=np.asarray(tree.probability, dtype=float),
            discount=np.array([self.discount_of_year[y] for y in self.year_of_node.tolist()]),
            bounds=self._future_bounds(),
            class_of=self.class_of,
            demand={e: self._demand(e) for e in self.elements},
        )

    def _check_prices(self) -> None:
        """Every price the model needs is there; missing ones are all named."""
        for element in self.elements:
            layers = {str(self.registry[s]["price_layer"]) for s, _ in self.sets.of_element(element)}
            if any(e == element for e, _ in self.sets.steps):
                layers.add("spot")
            for layer in sorted(layers):
                own = all(
                    self._row_at(self._rows("terms", supplier=s, attribute="price"), self.years[-1], element)
                    for s, _ in self.sets.of_element(element)
                    if self.registry[s]["price_layer"] == layer
                )
                if not self._rows("prices", element=element, layer=layer) and (layer == "spot" or not own):
                    self._fault(
                        "prices.csv", f"no {layer} price for '{element}'", "every element on offer has its prices"
                    )

    @remembered
    def _demand(self, element: str) -> Array:
        """t/yr by year: anchors joined geometrically, growth after the last one."""
        case = {"low": "low", "base": "value", "high": "high"}[self.settings.demand.case]
        anchors = sorted(self._rows("demand", element=element), key=lambda r: r["year"])
        before = [k for k, r in enumerate(anchors) if r["year"] <= self.years[0]]
        after = [k for k, r in enumerate(anchors) if r["year"] >= self.years[-1]]
        anchors = anchors[max(before, default=0) : min(after, default=len(anchors) - 1) + 1]  # those beyond say nothing
        years = np.array([float(r["year"]) for r in anchors])
        values = np.array([float(r[case]) for r in anchors])
        wanted = np.array(self.years, dtype=float)
        if values.min() > 0:
            between = np.exp(np.interp(wanted, years, np.log(values)))
        else:
            between = np.interp(wanted, years, values)
        beyond = np.maximum(wanted - years[-1], 0.0)
        if not beyond.any():
            return np.asarray(between)
        growth_case = {"low": "growth_low", "base": "growth", "high": "growth_high"}[self.settings.demand.case]
        return np.asarray(between * (1.0 + float(_or(anchors[-1][growth_case], 0.0))) ** beyond)

    @remembered
    def _demand_factor(self, element: str) -> Array:
        if DEMAND not in self.code:
            return np.ones(len(self.year_of_node))
        factor = {r["level"]: float(r["factor"]) for r in self._by_scope("demand_levels", element)}
        return np.array([factor[state] for state in self.states[DEMAND]])[self.code[DEMAND]]

    @remembered
    def _lost(self, supplier: str, element: str) -> Array:
        """Share of the volume lost to the supplier's state, at every node."""
        if supplier not in self.code:
            return np.zeros(len(self.year_of_node))
        states = {r["state"]: r for r in self._rows("states", chain=supplier)}
        depth = {r["state"]: 0.0 for r in states.values()}
        for state in depth:
            for r in self._by_scope("depths", element, chain=supplier, state=state):
                depth[state] = float(r["value"])
        lost = [
            depth[state] * (self._lasting(states[state]) if states[state]["kind"] == "episode" else 1.0)
            for state in self.states[supplier]
        ]
        return np.array(lost)[self.code[supplier]]

    def _lasting(self, episode: Row) -> float:
        """Share of a period that an episode lasts."""
        return effective_share("episode", float(episode["value"]), self.period_years)

    @remembered
    def _delivered(self, supplier: str, element: str) -> Array:
        """Share of a contract that arrives at every node: what its state leaves of what its project has ramped up to."""
        return (1.0 - self._lost(supplier, element)) * self._ready(supplier)

    @remembered
    def _room(self, supplier: str, element: str) -> Array:
        """t/yr that can be bought, by year of the plan."""
        if (supplier, element) in self.sets.offers:
            offered = self._plan_of_offer(supplier, element)
            return np.array([offered["offered", (supplier, element, y)] for y in self.years])
        return np.array([self._on_offer(supplier, element, y) for y in self.years])

    @remembered
    def _ready(self, supplier: str) -> Array:
        """Share of its volume that a supplier can deliver undisturbed, at every node: its years, its project, its ramp.

        A trial does not wait for the project: it starts, and ramps up, in the first year in which its level has capacity.
        """
        share = np.ones(len(self.year_of_node))
        project = supplier + PROJECT
        if project in self.code:
            starts = np.array([np.inf if s == WAITING else float(s) for s in self.states[project]])[self.code[project]]
            if self._level(supplier, "trial", self.years[-1]):
                starts = np.full(len(share), self._own_first_year(supplier))
            age = self.year_of_node - starts
            ramp = np.zeros(len(age))
            for years_since in np.unique(age[age >= 0]):
                ramp[age == years_since] = self.term(supplier, "ramp", float(years_since), None, default=1.0)
            share = share * ramp
        runs = np.array([self._runs(supplier, int(y)) for y in self.years])
        return np.asarray(share * runs[self.year_index])

    @remembered
    def _multiple(self, layer: str, element: str, *, contracted: bool) -> Array:
        """The price multiple that the suppliers' states put on a layer, at every node: the largest that is not one.

        Some multiples are paid for calls only: a contract outside the disturbed country keeps its price.
        """
        multiple = np.ones(len(self.year_of_node))
        for chain in sorted(self.code):
            factors = np.ones(len(self.states[chain]))
            for k, state in enumerate(self.states[chain]):
                for r in self._by_scope("multiples", element, chain=chain, state=state, layer=layer):
                    if not (contracted and r["applies"] == "calls"):
                        factors[k] = float(r["value"])
            at_node = factors[self.code[chain]]
            multiple = np.where(
                multiple == 1.0, at_node, np.where(at_node == 1.0, multiple, np.maximum(multiple, at_node))
            )
        return np.asarray(multiple)

    @remembered
    def _price(self, supplier: str, element: str) -> tuple[Array, Array]:
        """What a contract pays by its rule, and what a call pays before its premium, USD/kg, at every node."""
        registry = self.registry[supplier]
        rule = self._choice(supplier, "price_rule") or registry["price_rule"]
        layer = str(registry["price_layer"])
        years, at = self.years, self.year_index
        base = np.empty(len(years))
        floor, threshold, rebate = np.zeros(len(years)), np.full(len(years), np.inf), np.zeros(len(years))
        most = np.full(len(years), np.inf)
        for k, year in enumerate(years):
            found = self._at(self._rows("terms", supplier=supplier, attribute="price"), year, element)
            if found is None:
                found = self._listed(element, layer)
            assert found is not None, "checked before"
            base[k] = found * self.term(supplier, "price_factor", year, element, default=1.0)
            if rule in ("floor", "floor_rebate"):
                floor[k] = self.term(supplier, "floor", year, element)
            if rule == "floor_rebate":
                rebate[k] = self.term(supplier, "rebate_share", year, element)
            if rebate[k] > 0:
                threshold[k] = self.term(supplier, "rebate_threshold", year, element, default=np.inf)
                cap = self.term(supplier, "rebate_cap", year, default=np.inf)
                agreed = self._rebated(supplier, year) if cap < np.inf else 0.0
                most[k] = cap / agreed if agreed > 0 else np.inf
        call = base[at] * self._multiple(layer, element, contracted=False)
        index = base[at] * self._multiple(layer, element, contracted=True)
        if rule == "fixed":
            return base[at], call
        if rule == "index":
            return index, call
        price = np.maximum(index, floor[at])
        if rule == "floor_rebate":
            price = price - np.minimum(rebate[at] * np.maximum(index - threshold[at], 0.0), most[at])
        return price, call

    def _rebated(self, supplier: str, year: int) -> float:
        """t/yr over which a yearly cap on the rebate is spread: what is committed, else on offer, of elements with a rebate."""
        rows = [*self._rows("commitments", supplier=supplier), *self._rows("offers", supplier=supplier)]
        own = [e for e in dict.fromkeys(r["element"] for r in rows) if self.term(supplier, "rebate_share", year, e) > 0]
        committed = sum(self._firm(supplier, e, year) for e in own)
        return committed or sum(self._on_offer(supplier, e, year) for e in own)

    def _level(self, supplier: str, attribute: str, year: float) -> float | None:
        level = self.programmes.get(supplier)
        return None if level is None else self._of_level(supplier, level, attribute, year)

    def _of_level(self, supplier: str, level: str, attribute: str, year: float) -> float | None:
        return self._at(self._rows("programmes", supplier=supplier, programme=level, attribute=attribute), year)

    def _own_first_year(self, supplier: str) -> float:
        """The first year in which the chosen level of a supplier has capacity; infinite where it never has."""
        level = self.programmes[supplier]
        rows = self._rows("programmes", supplier=supplier, programme=level, attribute="capacity")
        years = [float(r["year"]) for r in rows if r["value"] > 0]
        return max(min(years, default=np.inf), float(_or(self.registry[supplier]["first_year"], -np.inf)))

    def _plan_numbers(self) -> Numbers:
        parts = [self._plan_of_supplier(s) for s in self.suppliers]
        parts += [self._plan_of_offer(s, e) for s, e in self.sets.offers]
        parts += [self._plan_of_element(e) for e in self.sets.elements]
        return _together(_PLAN_DATA, [*parts, self._plan_of_limits()])

    @remembered
    def _plan_of_supplier(self, s: str) -> dict[Datum, Any]:
        sets, years = self.sets, self.years
        numbers: dict[Datum, Any] = {}
        if s in sets.capped:
            for y in years:
                numbers["capacity", (s, y)] = self.term(s, "capacity", y) * self._runs(s, y)
        for g in (g for i, g in sets.programmes if i == s):
            numbers["chosen", (s, g)] = float(self.programmes.get(s) == g)
            for y in years:
                numbers["level", (s, g, y)] = (self._of_level(s, g, "capacity", y) or 0.0) * self._runs(s, y)
                spent = (self._of_level(s, g, "running_cost", y) or 0.0) * self.discount_of_year[y]
                # The investment is paid at the decision, which is today's.
                spent += (self._of_level(s, g, "investment", years[-1]) or 0.0) if y == years[0] else 0.0
                numbers["price_programme", (s, g, y)] = spent
        for y in years:
            if s in sets.ramped:
                numbers["growth", (s, y)] = self.term(s, "growth", y, default=np.inf)
            if s in sets.charged:
                numbers["least", (s, y)] = self.term(s, "minimum_order", y)
                numbers["charge", (s, y)] = self.term(s, "fixed_charge", y) * self.discount_of_year[y]
            if s in dict(sets.expandable):
                numbers["buildable", (s, y)] = self.term(s, "expansion_limit", y)
                numbers["price_expansion", (s, y)] = self.term(s, "expansion_cost", y) * self.discount_of_year[y]
        return numbers

    @remembered
    def _plan_of_offer(self, s: str, e: str) -> dict[Datum, Any]:
        numbers: dict[Datum, Any] = {}
        only_committed = self._choice(s, "contracts") == "committed"
        for y in self.years:
            committed = self._firm(s, e, y) * self._runs(s, y)
            offered = self._share(s, e, y) * self._basket_room(s, y) if self._is_basket(s) else self._on_offer(s, e, y)
            if only_committed:
                offered = committed
            if committed > offered * (1 + 1e-9):
                self._fault(
                    f"commitments.csv, {s} {e} {y}", f"{committed:g} t/yr are committed and {offered:g} offered",
                    "what is committed is part of what is offered", "raise the offer or lower the commitment",
                )  # fmt: skip
            numbers["committed", (s, e, y)] = committed
            numbers["offered", (s, e, y)] = offered
            if self._is_basket(s):
                numbers["share", (s, e, y)] = self._share(s, e, y)
        return numbers

    @remembered
    def _basket_room(self, s: str, y: int) -> float:
        """t/yr of output that a supplier of a basket can have: what there is, what can be ready, what the programme adds."""
        bought, lead = 0.0, dict(self.sets.expandable).get(s)
        if lead is not None:
            bought = sum(self.term(s, "expansion_limit", v) for v in self.years if v <= y - lead)
        own = self.term(s, "capacity", y) + (self._level(s, "capacity", y) or 0.0)
        return own * self._runs(s, y) + bought

    @remembered
    def _plan_of_element(self, e: str) -> dict[Datum, Any]:
        existing = self._stock(e, "existing")
        numbers: dict[Datum, Any] = {("existing", (e,)): existing}
        for k, y in enumerate(self.years):
            most = self._stock(e, "max_days") / DAYS_PER_YEAR * self._demand(e)[k]
            numbers["ceiling", (e, y)] = max(most, existing)
            value = self._stock(e, "storage") * (self._listed(e, "licensed") or 0.0)
            numbers["storage", (e, y)] = value * self.discount_of_year[y]
        return numbers

    def _share(self, supplier: str, element: str, year: int) -> float:
        recovery = self.term(supplier, "recovery", year, element, default=1.0)
        return self._basket(supplier)[element] * recovery

    def _stock(self, element: str, attribute: str) -> float:
        found = self._by_scope("stock", element, attribute=attribute)
        return float(found[0]["value"]) if found else 0.0

    def _total_demand(self, limit: Limit, year_index: int) -> float:
        return float(sum(limit.weight_of(e) * self._demand(e)[year_index] for e in limit.elements))

    @remembered
    def _plan_of_limits(self) -> dict[Datum, Any]:
        numbers: dict[Datum, Any] = {}
        choice = {c.name: c for c in self.settings.limits}
        for limit in self.sets.limits:
            bound = choice[limit.name].bound
            for y in limit.years:
                k = self.years.index(y)
                if limit.kind == "domestic_share":
                    numbers["domestic_bound", (limit.name, y)] = bound * self._total_demand(limit, k)
                elif limit.kind == "budget":
                    numbers["budget_bound", (limit.name, y)] = bound * KUSD_PER_MUSD * self.discount_of_year[y]
                elif limit.kind == "stock_days":
                    for e in limit.elements:
                        numbers["stock_least", (limit.name, e, y)] = bound / DAYS_PER_YEAR * self._demand(e)[k]
            if limit.kind == "footprint":
                for (s, e), y in product(self.sets.in_scope(limit), limit.years):
                    numbers["footprint_excess", (limit.name, s, e, y)] = self.term(s, "footprint", y, e) - bound
        return numbers

    def _period_numbers(self) -> Numbers:
        parts = [self._period_of_element(e) for e in self.sets.elements]
        parts += [self._period_of_stock(e) for e in self.sets.elements]
        parts += [self._period_of_offer(s, e) for s, e in self.sets.offers]
        parts += [self._period_of_call(s, e) for s, e in self.sets.calls]
        parts += [self._period_of_basket(s) for s in self.sets.baskets]
        return _together(_PERIOD_DATA, [*parts, self._period_of_limits()])

    @remembered
    def _node_demand(self, e: str) -> Array:
        """t in the period of every node."""
        return np.asarray(self._demand(e)[self.year_index] * self._demand_factor(e) * self.period_years)

    @remembered
    def _period_of_element(self, e: str) -> dict[Datum, Any]:
        sets, at, length = self.sets, self.year_index, self.period_years
        demand = self._node_demand(e)
        # What is planned before demand is seen cannot depend on its level.
        planned = demand if self.settings.demand.orders == "after" else self._demand(e)[at] * length
        numbers: dict[Datum, Any] = {("demand", (e,)): demand}
        # What is sold on, and what is left at the end, is worth the licensed price of the state at hand.
        licensed = (self._listed(e, "licensed") or 0.0) * self._multiple("licensed", e, contracted=False)
        # A supplier without the term sells what cannot be sold on; of several the hardest terms count.
        sellers = [s for s, _ in sets.of_element(e)]
        lost = [max((self.term(s, "surplus_discount", y, e, 1.0) for s in sellers), default=1.0) for y in self.years]
        numbers["price_surplus", (e,)] = (1.0 - np.array(lost))[at] * licensed
        is_last = np.asarray(self.tree.period) == np.max(self.tree.period)
        numbers["price_end", (e,)] = np.where(is_last, self._stock(e, "end_value") * licensed, 0.0)
        numbers["limit_refill", (e,)] = self._stock(e, "refill_share") * self._demand(e)[at] * length
        for r in self._by_scope("spot", e, attribute="limit"):
            numbers["limit_spot", (e, int(r["step"]))] = float(r["value"]) * planned
        for r in self._by_scope("spot", e, attribute="factor"):
            spot = (self._listed(e, "spot") or 0.0) * float(r["value"])
            numbers["price_spot", (e, int(r["step"]))] = spot * self._multiple("spot", e, contracted=False)
        for r in self._by_scope("shortage", e, attribute="width"):
            numbers["width", (e, int(r["tier"]))] = float(r["value"]) * demand
        for r in self._by_scope("shortage", e, attribute="cost"):
            cost = float(r["value"]) * self.settings.shortage.scale
            numbers["price_shortage", (e, int(r["tier"]))] = np.full(len(at), cost)
        return numbers

    @remembered
    def _period_of_stock(self, e: str) -> dict[Datum, Any]:
        free = self._disrupted(e) | (self.settings.stock.release == "always")
        return {("limit_draw", (e,)): np.where(free, np.inf, 0.0), ("limit_sold", (e,)): np.where(free, 0.0, np.inf)}

    @remembered
    def _period_of_offer(self, s: str, e: str) -> dict[Datum, Any]:
        share, apart = self._delivered(s, e), np.ones(len(self.years), dtype=bool)
        if self._is_basket(s):  # where all of it has one price, it is paid by its output
            apart = np.isnan(self._one_price(s))
        price = np.where(apart[self.year_index], self._price(s, e)[0], 0.0) if apart.any() else np.zeros(len(share))
        return {
            ("delivered", (s, e)): share * self.period_years,
            ("payment", (s, e)): self._paid(s, share) * price * self.period_years,
        }

    def _paid(self, s: str, share: Array) -> Array:
        """The share of a contract that is paid: what arrives, or all of it where it is paid as ordered."""
        payment = self._choice(s, "payment") or self.registry[s]["payment"]
        return share if payment == "delivered" else np.ones(len(share))

    @remembered
    def _period_of_call(self, s: str, e: str) -> dict[Datum, Any]:
        at, length = self.year_index, self.period_years
        share, price = self._delivered(s, e), self._price(s, e)[1]
        callable_share = np.array([self.term(s, "call_share", y, e) for y in self.years])[at]
        offered = np.array([self._on_offer(s, e, y) for y in self.years])
        premium = [self.term(s, "call_premium", y, e, default=1.0) for y in self.years]
        return {
            ("reach", (s, e)): share * callable_share * length,
            ("callable", (s, e)): share * callable_share * offered[at] * length,
            ("price_call", (s, e)): price * np.array(premium)[at],
        }

    @remembered
    def _period_of_basket(self, s: str) -> dict[Datum, Any]:
        # Paid per tonne that the output holds of any element, whether the model looks at it or not.
        held = np.array([sum(self._share(s, e, y) for e in self._basket(s)) for y in self.years])
        # A basket fails as a whole: the share of any of its elements is the share of its output.
        share = self._delivered(*next(offer for offer in self.sets.offers if offer[0] == s))
        price = (held * np.nan_to_num(self._one_price(s), nan=0.0))[self.year_index]
        return {("payment_output", (s,)): self._paid(s, share) * price * self.period_years}

    @remembered
    def _one_price(self, s: str) -> Array:
        """USD per kg that the output of a basket delivers, by year, whatever its price rule; NaN where each element has its own.

        The unit cost of the programme, else the supplier's price for all elements alike.
        """
        found = []
        for y in self.years:
            price = self._level(s, "unit_cost", y)
            if price is None:
                price = self.term(s, "price", y, default=np.nan) * self.term(s, "price_factor", y, default=1.0)
            found.append(price)
        return np.array(found)

    @remembered
    def _period_of_limits(self) -> dict[Datum, Any]:
        numbers: dict[Datum, Any] = {}
        for limit in self.sets.limits_of("expected_shortage", "shortage_cvar"):
            total = sum(limit.weight_of(e) * self._node_demand(e) for e in limit.elements)
            for e in limit.elements:
                numbers["weight_shortage", (limit.name, e)] = limit.weight_of(e) / total
        return numbers

    def _disrupted(self, element: str) -> NDArray[np.bool_]:
        """Nodes where some supplier of the element, with something to deliver, is in another state than its first.

        How much the state takes does not matter: a disruption that grows milder is still one, and leaves more to deliver. Chains
        that are nobody's, and projects that have not begun, disturb no supplier.
        """
        disrupted = np.zeros(len(self.year_index), dtype=bool)
        for s, _ in self.sets.of_element(element):
            delivers = (self._ready(s) > 0) & (self._room(s, element) > 0)[self.year_index]
            disrupted |= delivers & ~self._calm(s)
        return disrupted

    def moved(self, records: Records, places: Iterable[Place]) -> tuple[dict[Datum, Any], dict[Datum, Any]] | None:
        """The numbers of plan and of period that these numbers of the facts have a part in, worked out from `records`.

        None where more than numbers moves, or where there is a fault: then the market has to be made anew.
        """
        self.records = records
        keys = self.forget(places)
        sets = self.sets
        if ("_sets", ()) in keys and self._sets() != sets:
            return None
        plan: dict[Datum, Any] = {}
        period: dict[Datum, Any] = {}
        for name, args in sorted(keys, key=str):
            if name.startswith("_plan_of_"):
                plan |= getattr(self, name)(*args)
            elif name.startswith("_period_of_"):
                period |= getattr(self, name)(*args)
        faulty, self.faults = bool(self.faults), []
        return None if faulty else (plan, period)

    def _future_bounds(self) -> dict[tuple[str, Any], Bound]:
        choice = {c.name: c.bound for c in self.settings.limits}
        bounds: dict[tuple[str, Any], Bound] = {}
        probability = np.asarray(self.tree.probability)
        demand = {(e,): self._node_demand(e) for e in self.elements}
        for limit in self.sets.limits_of(*FUTURE_KINDS):
            for year in limit.years or (None,):
                nodes = None if year is None else np.flatnonzero(self.year_of_node == year)
                if nodes is not None and limit.kind == "share":
                    nodes = nodes[self._undisturbed(limit)[nodes]]
                bounds[limit.name, year] = Bound(most_of(limit, choice[limit.name], nodes, probability, demand), nodes)
        return bounds

    def _undisturbed(self, limit: Limit) -> NDArray[np.bool_]:
        """Nodes where every supplier of the limit's scope is in its first, undisturbed state."""
        calm = np.ones(len(self.year_index), dtype=bool)
        for supplier in limit.suppliers:
            calm &= self._calm(supplier)
        return calm

    def _calm(self, supplier: str) -> NDArray[np.bool_]:
        """Nodes where a supplier is in its first, undisturbed state; all, where it cannot fail."""
        if supplier not in self.code:
            return np.ones(len(self.year_index), dtype=bool)
        first = self._rows("states", chain=supplier, order=0)[0]["state"]
        return np.asarray(self.code[supplier] == self.states[supplier].index(first))

    def _information(self) -> NDArray[np.int64]:
        """Nodes that differ only in this period's demand are one when orders are placed."""
        seen = [self.code[name] for name in sorted(self.code) if name != DEMAND]
        keys = np.column_stack([np.asarray(self.tree.parent), *seen])
        _, group = np.unique(keys, axis=0, return_inverse=True)
        return np.asarray(group, dtype=np.int64).ravel()


def _together(names: Iterable[str], parts: Iterable[Mapping[Datum, Any]]) -> Numbers:
    """Numbers by datum and index."""
    numbers: dict[str, dict[tuple[Any, ...], Any]] = {name: {} for name in names}
    for part in parts:
        for (name, index), value in part.items():
            numbers[name][index] = value
    return numbers


def _or(value: Any, otherwise: Any) -> Any:
    """`value`, or `otherwise` where the cell of the table is blank."""
    return otherwise if value is None else value


_PLAN_DATA = (
    "committed", "offered", "share", "capacity", "level", "chosen", "growth", "least", "buildable", "ceiling",
    "existing", "price_expansion", "price_programme", "charge", "storage", "domestic_bound", "stock_least",
    "budget_bound", "footprint_excess",
)  # fmt: skip
_PERIOD_DATA = (
    "demand", "delivered", "payment", "payment_output", "reach", "callable", "price_call", "price_spot", "price_shortage",
    "price_surplus", "price_end", "limit_spot", "limit_draw", "limit_sold", "limit_refill", "width", "weight_shortage",
)  # fmt: skip

__all__ = ["LEAST", "Market", "make_market", "programme_choices"]
