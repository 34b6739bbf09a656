"""The market a model buys in: every number of plan and period, year by year and node by node.

Whatever is nonlinear in the facts alone (delivered share times price, the larger of index and floor, discounting) is worked
out here, so that the compiled program stays affine in what it is given. Prices by rule, with `index` the price of the
supplier's layer in the state at hand:

  fixed          price
  index          index
  floor          max(index, floor)
  floor_rebate   max(index, floor) - rebate_share max(index - rebate_threshold, 0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from procure.errors import DataError, Fault
from procure.formulation.sets import FUTURE_KINDS, Limit, Sets
from procure.lp.compile import Template
from procure.lp.compose import Bound, Shape
from procure.model import LEAST, LimitChoices, Model
from procure.scenarios.chain import effective_share
from procure.scenarios.tree import Tree
from procure.world import DEMAND, PROJECT, WAITING, Programmes, Records, Row, make_tree, suppliers_of

Array = NDArray[np.float64]
Numbers = Mapping[str, Mapping[tuple[Any, ...], Any]]

DAYS_PER_YEAR = 365.0


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
    return _Builder(model, programmes, tree if tree is not None else make_tree(model, programmes)).market()


def merge(market: Market) -> Market:
    """The same market with futures that are identical for it made one, exactly.

    Two siblings are one when every number that the program reads from them, and from all that can follow, is the same:
    a supplier that is not bought from, or whose two states deliver alike, makes no difference. Their decisions can be
    averaged without raising mean or tail (both are convex), so nothing is lost. Where orders are placed before demand is
    seen, nodes share decisions across siblings, and the market is returned as it is.
    """
    if market.shape.information is not None:
        return market
    idle = _idle(market)
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
    if tree.n_nodes == market.tree.n_nodes:
        return replace(market, shape=replace(market.shape, same=_same_for_elements(market)))
    first = np.unique(new, return_index=True)[1]
    whole = replace(
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
    return replace(whole, shape=replace(whole.shape, same=_same_for_elements(whole)))


def weighed(market: Market, model: Model, probability: Array) -> Market:
    """The same market under other probabilities of its nodes, for `model`, which differs in its law alone."""
    choice = {c.name: c.bound for c in model.settings.limits}
    bounds = {
        (name, year): replace(bound, most=_most(limit, choice[name], bound.nodes, probability, market.period["demand"]))
        for (name, year), bound in market.bounds.items()
        for limit in market.sets.limits
        if limit.name == name
    }
    old = market.tree
    tree = Tree(old.period, old.parent, probability, old.processes, old.states, old.state)
    return replace(market, model=model, tree=tree, probability=probability, bounds=bounds)


def _most(
    limit: Limit,
    bound: float,
    nodes: NDArray[np.int64] | None,
    probability: Array,
    demand: Mapping[tuple[Any, ...], Array],
) -> float:
    """The most a limit on all futures allows, in its own unit: kUSD, a share of demand, or t of the nodes it looks at."""
    if nodes is None:
        return bound * 1e3
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


def _same_for_elements(market: Market) -> dict[str, NDArray[np.int64]]:
    """For every element, the first of the last-period siblings that are one for it: only who sells it matters.

    In the last period an element's decisions trade with nothing but the plan and the stock handed down, both the same for
    siblings: whatever the tail weighs, they can be the same. Earlier ones trade with futures that the tail weighs apart.
    """
    last = market.shape.leaves
    siblings = market.shape.parent[last]
    inside = [np.isin(last, bound.nodes).astype(float) for bound in market.bounds.values() if bound.nodes is not None]
    idle = _idle(market)
    same = {}
    for element in market.sets.elements:
        own = [
            values[last]
            for name, by_index in market.period.items()
            for index, values in by_index.items()
            if element in index and not (name in ("delivered", "payment") and index in idle)
        ]
        kinds = np.column_stack([siblings, *own, *inside])
        _, first, kind = np.unique(kinds, axis=0, return_index=True, return_inverse=True)
        firsts = np.arange(len(market.probability))
        firsts[last] = last[first[kind.reshape(-1)]]
        if (firsts != np.arange(len(firsts))).any():
            same[element] = firsts
    return same


def _idle(market: Market) -> set[tuple[str, str]]:
    """Offers of which nothing can be contracted in any year: whatever they would deliver is multiplied by zero."""
    return {
        offer for offer in market.sets.offers if not any(market.plan["offered"][*offer, y] for y in market.sets.years)
    }


def programme_choices(model: Model) -> list[dict[str, str]]:
    """Every combination of programme levels the model allows, the first level of each supplier first."""
    choices: list[dict[str, str]] = [{}]
    for supplier in suppliers_of(model):
        chosen = model.settings.suppliers.get(supplier)
        levels = chosen.programmes if chosen is not None else ()
        if levels:
            choices = [{**choice, supplier: level} for choice in choices for level in levels]
    return choices


class _Builder:
    """Works out the numbers of a market from the records of its facts."""

    def __init__(self, model: Model, programmes: Programmes, tree: Tree) -> None:
        self.model, self.programmes, self.tree = model, programmes, tree
        settings = model.settings
        self.settings = settings
        self.records = Records(model.facts)
        self.years = model.years
        self.period_years = 1.0 / settings.model.periods_per_year
        self.faults: list[Fault] = []

        elements = {str(r["element"]): r for r in self.records.rows("elements")}
        demanded = {r["element"] for r in self.records.rows("demand")}
        named = settings.model.elements
        wanted = (
            [e for e in elements if elements[e]["traded"] is not False and e in demanded] if named == "all" else named
        )
        # In the order of nature, else of the alphabet: the order of a file's rows decides nothing.
        self.elements = sorted(wanted, key=lambda e: (_or(elements[e]["atomic_number"], np.inf), e))
        classes = {e: r[f"class_{settings.model.classes}"] for e, r in elements.items()}
        self.class_of = {e: str(classes[e]) for e in self.elements}
        for element in self.elements:
            if element not in demanded:
                self._fault("demand.csv", f"no row for '{element}'", "every element of the model has a demand")

        self.suppliers = suppliers_of(model)
        registry = {str(r["supplier"]): r for r in self.records.rows("suppliers")}
        self.registry = {s: registry[s] for s in self.suppliers}
        self.terms: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
        for r in self.records.rows("terms"):
            year = float(_or(r["year"], -np.inf))
            self.terms.setdefault((r["supplier"], r["attribute"]), []).append((r["scope"], year, float(r["value"])))
        self.level_terms: dict[tuple[str, str, str], list[tuple[str, float, float]]] = {}
        for r in self.records.rows("programmes"):
            key = (r["supplier"], r["programme"], r["attribute"])
            self.level_terms.setdefault(key, []).append(("all", float(r["year"]), float(r["value"])))
        self.prices = {(r["element"], r["layer"]): float(r["value"]) for r in self.records.rows("prices")}
        self.offered = self._steps("offers")
        self.committed = self._steps("commitments")
        self.baskets: dict[str, dict[str, float]] = {}
        for r in self.records.rows("baskets"):
            if r["supplier"] in self.registry and self.registry[r["supplier"]]["kind"] == "basket":
                self.baskets.setdefault(r["supplier"], {})[r["element"]] = float(r["value"])
        self.year_of_node = np.array(self.years)[np.asarray(tree.period) // settings.model.periods_per_year]
        self.year_index = np.asarray(tree.period) // settings.model.periods_per_year
        self.code = {name: np.asarray(tree.state)[:, k] for k, name in enumerate(tree.processes)}
        self.states = dict(zip(tree.processes, tree.states, strict=True))
        self._multiples: dict[tuple[str, str, bool], Array] = {}

    # --- lookups ---

    def _fault(self, where: str, seen: str, rule: str, remedy: str = "") -> None:
        self.faults.append(Fault(where, seen, rule, remedy))

    def _steps(self, table: str) -> dict[tuple[str, str], list[tuple[str, float, float]]]:
        found: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
        for r in self.records.rows(table):
            found.setdefault((r["supplier"], r["element"]), []).append(("all", float(r["year"]), float(r["value"])))
        return found

    def _specific(self, scopes: Any, element: str | None) -> str | None:
        """The most specific of `scopes` that covers `element`: itself, its class, all."""
        wanted = ("all",) if element is None else (element, self.class_of[element], "all")
        return next((scope for scope in wanted if scope in scopes), None)

    def _at(
        self, entries: list[tuple[str, float, float]] | None, year: float, element: str | None = None
    ) -> float | None:
        """The value valid in `year`: the latest row not after it, of the most specific scope."""
        if not entries:
            return None
        scope = self._specific({s for s, _, _ in entries}, element)
        valid = [(since, value) for s, since, value in entries if s == scope and since <= year]
        return max(valid)[1] if valid else None

    def term(
        self, supplier: str, attribute: str, year: float, element: str | None = None, default: float = 0.0
    ) -> float:
        """A term of a supplier in a year, for an element where terms differ by element."""
        found = self._at(self.terms.get((supplier, attribute)), year, element)
        return default if found is None else found

    def _by_scope(self, table: str, element: str, **keys: Any) -> list[Row]:
        found = list(self.records.rows(table, **keys))
        scope = self._specific({r["scope"] for r in found}, element)
        return [r for r in found if r["scope"] == scope]

    def _on_offer(self, supplier: str, element: str, year: int) -> float:
        """t/yr that a supplier offers in a year."""
        return (self._at(self.offered.get((supplier, element)), year) or 0.0) * self._runs(supplier, year)

    def _runs(self, supplier: str, year: int) -> bool:
        first, last = self.registry[supplier]["first_year"], self.registry[supplier]["last_year"]
        return bool(_or(first, year) <= year <= _or(last, year))

    # --- sets ---

    def _sets(self) -> Sets:
        offers, calls = [], []
        for supplier in self.suppliers:
            sold = [
                e
                for e in self.elements
                if (e in self.baskets.get(supplier, {}) if self._is_basket(supplier) else (supplier, e) in self.offered)
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
                last = self.years[-1]
                calls += [(supplier, e) for e in sold if self.term(supplier, "call_share", last, e) > 0]
        has = {s: {attribute for owner, attribute in self.terms if owner == s} for s in self.suppliers}
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
                (s, int(self.term(s, "expansion_lead", self.years[0])))
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
        prices = tuple(self.prices.get((e, "licensed"), 0.0) for e in elements) if choice.weight == "value" else ()
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
        self.demand = {e: self._demand(e) for e in self.elements}
        self.level_factor = {e: self._demand_factor(e) for e in self.elements}
        self.discount_of_year = {
            y: (1.0 + self.settings.model.discount_rate) ** -(y - self.years[0]) for y in self.years
        }
        self.delivered_share = {offer: self._delivered(*offer) for offer in self.sets.sold}
        plan = self._plan_numbers()
        self.room = {
            (s, e): np.array(
                [
                    plan["offered"][s, e, y] if (s, e) in self.sets.offers else self._on_offer(s, e, y)
                    for y in self.years
                ]
            )
            for s, e in self.sets.sold
        }
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
            demand=self.demand,
        )

    def _check_prices(self) -> None:
        """Every price the model needs is there; missing ones are all named."""
        for element in self.elements:
            layers = {str(self.registry[s]["price_layer"]) for s, _ in self.sets.of_element(element)}
            if any(e == element for e, _ in self.sets.steps):
                layers.add("spot")
            for layer in sorted(layers):
                own = all(
                    self._at(self.terms.get((s, "price")), self.years[-1], element) is not None
                    for s, _ in self.sets.of_element(element)
                    if self.registry[s]["price_layer"] == layer
                )
                if (element, layer) not in self.prices and (layer == "spot" or not own):
                    self._fault(
                        "prices.csv", f"no {layer} price for '{element}'", "every element on offer has its prices"
                    )

    def _demand(self, element: str) -> Array:
        """t/yr by year: anchors joined geometrically, growth after the last one."""
        case = {"low": "low", "base": "value", "high": "high"}[self.settings.demand.case]
        anchors = sorted(self.records.rows("demand", element=element), key=lambda r: r["year"])
        years = np.array([float(r["year"]) for r in anchors])
        values = np.array([float(r[case]) for r in anchors])
        growth_case = {"low": "growth_low", "base": "growth", "high": "growth_high"}[self.settings.demand.case]
        growth = float(_or(anchors[-1][growth_case], 0.0))
        wanted = np.array(self.years, dtype=float)
        if values.min() > 0:
            between = np.exp(np.interp(wanted, years, np.log(values)))
        else:
            between = np.interp(wanted, years, values)
        after = np.maximum(wanted - years[-1], 0.0)
        return np.asarray(between * (1.0 + growth) ** after)

    def _demand_factor(self, element: str) -> Array:
        if DEMAND not in self.code:
            return np.ones(len(self.year_of_node))
        factor = {r["level"]: float(r["factor"]) for r in self._by_scope("demand_levels", element)}
        return np.array([factor[state] for state in self.states[DEMAND]])[self.code[DEMAND]]

    def _lost(self, supplier: str, element: str) -> Array:
        """Share of the volume lost to the supplier's state, at every node."""
        if supplier not in self.code:
            return np.zeros(len(self.year_of_node))
        states = {r["state"]: r for r in self.records.rows("states", chain=supplier)}
        depth = {r["state"]: 0.0 for r in states.values()}
        for state in depth:
            for r in self._by_scope("depths", element, chain=supplier, state=state):
                depth[state] = float(r["value"])
        lost = [
            depth[state] * effective_share(states[state]["kind"], float(states[state]["value"]), self.period_years)
            for state in self.states[supplier]
        ]
        return np.array(lost)[self.code[supplier]]

    def _delivered(self, supplier: str, element: str) -> Array:
        """Share of a contract that arrives at every node: what its state leaves of what its project has ramped up to."""
        return (1.0 - self._lost(supplier, element)) * self._ready(supplier)

    def _ready(self, supplier: str) -> Array:
        """Share of its volume that a supplier can deliver undisturbed, at every node: its years, its project, its ramp."""
        share = np.ones(len(self.year_of_node))
        project = supplier + PROJECT
        if project in self.code and not self._level(supplier, "trial", self.years[-1]):
            starts = np.array([np.inf if s == WAITING else float(s) for s in self.states[project]])[self.code[project]]
            age = self.year_of_node - starts
            ramp = np.zeros(len(age))
            for years_since in np.unique(age[age >= 0]):
                ramp[age == years_since] = self.term(supplier, "ramp", float(years_since), None, default=1.0)
            share = share * ramp
        runs = np.array([self._runs(supplier, int(y)) for y in self.years])
        return np.asarray(share * runs[self.year_index])

    def _multiple(self, layer: str, element: str, *, contracted: bool) -> Array:
        """The price multiple that the suppliers' states put on a layer, at every node: the largest that is not one.

        Some multiples are paid for calls only: a contract outside the disturbed country keeps its price.
        """
        key = (layer, element, contracted)
        if key not in self._multiples:
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
            self._multiples[key] = multiple
        return self._multiples[key]

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
            listed = self._at(self.terms.get((supplier, "price")), year, element)
            found = listed if listed is not None else self.prices[element, layer]
            base[k] = found * self.term(supplier, "price_factor", year, element, default=1.0)
            floor[k] = self.term(supplier, "floor", year, element)
            threshold[k] = self.term(supplier, "rebate_threshold", year, element, default=np.inf)
            rebate[k] = self.term(supplier, "rebate_share", year, element)
            cap = self.term(supplier, "rebate_cap", year, default=np.inf)
            firm = sum(self._at(steps, year) or 0.0 for (s, _), steps in self.committed.items() if s == supplier)
            # A yearly cap on the rebate, spread over the tonnes it was agreed for.
            most[k] = cap / firm if firm > 0 else np.inf
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

    def _level(self, supplier: str, attribute: str, year: float) -> float | None:
        level = self.programmes.get(supplier)
        return None if level is None else self._at(self.level_terms.get((supplier, level, attribute)), year)

    def _plan_numbers(self) -> Numbers:
        sets, years = self.sets, self.years
        numbers: dict[str, dict[tuple[Any, ...], float]] = {name: {} for name in _PLAN_DATA}
        basket_room: dict[tuple[str, int], float] = {}
        for s in sets.capped:
            for k, y in enumerate(years):
                numbers["capacity"][s, y] = self.term(s, "capacity", y) * self._runs(s, y)
                bought = (
                    sum(self.term(s, "expansion_limit", v) for v in years[: k + 1])
                    if s in dict(sets.expandable)
                    else 0.0
                )
                most = self._level(s, "capacity", y) or 0.0
                basket_room[s, y] = numbers["capacity"][s, y] + bought + most
        for s, e in sets.offers:
            only_committed = self._choice(s, "contracts") == "committed"
            for y in years:
                runs = self._runs(s, y)
                committed = (self._at(self.committed.get((s, e)), y) or 0.0) * runs
                if self._is_basket(s):
                    offered = self._share(s, e) * basket_room[s, y]
                else:
                    offered = self._on_offer(s, e, y)
                if only_committed:
                    offered = committed
                if committed > offered * (1 + 1e-9):
                    self._fault(
                        f"commitments.csv, {s} {e} {y}", f"{committed:g} t/yr are committed and {offered:g} offered",
                        "what is committed is part of what is offered", "raise the offer or lower the commitment",
                    )  # fmt: skip
                numbers["committed"][s, e, y] = committed
                numbers["offered"][s, e, y] = offered
        for s in sets.baskets:
            for e in self.baskets[s]:
                if (s, e) in sets.offers:
                    numbers["share"][s, e] = self._share(s, e)
        for s, g in sets.programmes:
            numbers["chosen"][s, g] = float(self.programmes.get(s) == g)
            spent = 0.0
            for y in years:
                numbers["level"][s, g, y] = (self._at(self.level_terms.get((s, g, "capacity")), y) or 0.0) * self._runs(
                    s, y
                )
                running = self._at(self.level_terms.get((s, g, "running_cost")), y) or 0.0
                spent += running * self.discount_of_year[y]
            spent += self._at(self.level_terms.get((s, g, "investment")), years[-1]) or 0.0
            numbers["price_programme"][s, g] = spent
        for s in sets.ramped:
            for y in years:
                numbers["growth"][s, y] = self.term(s, "growth", y, default=np.inf)
        for s in sets.charged:
            for y in years:
                numbers["least"][s, y] = self.term(s, "minimum_order", y)
                numbers["charge"][s, y] = self.term(s, "fixed_charge", y) * self.discount_of_year[y]
        for s, _ in sets.expandable:
            for y in years:
                numbers["buildable"][s, y] = self.term(s, "expansion_limit", y)
                numbers["price_expansion"][s, y] = self.term(s, "expansion_cost", y) * self.discount_of_year[y]
        for e in sets.elements:
            existing = self._stock(e, "existing")
            numbers["existing"][e,] = existing
            for k, y in enumerate(years):
                most = self._stock(e, "max_days") / DAYS_PER_YEAR * self.demand[e][k]
                numbers["floor"][e, y] = existing
                numbers["ceiling"][e, y] = max(most, existing)
                value = self._stock(e, "storage") * self.prices.get((e, "licensed"), 0.0)
                numbers["storage"][e, y] = value * self.discount_of_year[y]
        self._plan_limits(numbers)
        return numbers

    def _share(self, supplier: str, element: str) -> float:
        return self.baskets[supplier][element] * self.term(supplier, "recovery", self.years[-1], element, default=1.0)

    def _stock(self, element: str, attribute: str) -> float:
        found = self._by_scope("stock", element, attribute=attribute)
        return float(found[0]["value"]) if found else 0.0

    def _total_demand(self, limit: Limit, year_index: int) -> float:
        return float(sum(limit.weight_of(e) * self.demand[e][year_index] for e in limit.elements))

    def _plan_limits(self, numbers: dict[str, dict[tuple[Any, ...], float]]) -> None:
        choice = {c.name: c for c in self.settings.limits}
        for limit in self.sets.limits:
            bound = choice[limit.name].bound
            for y in limit.years:
                k = self.years.index(y)
                if limit.kind == "domestic_share":
                    numbers["domestic_bound"][limit.name, y] = bound * self._total_demand(limit, k)
                elif limit.kind == "budget":
                    numbers["budget_bound"][limit.name, y] = bound * 1e3 * self.discount_of_year[y]
                elif limit.kind == "stock_days":
                    for e in limit.elements:
                        numbers["stock_least"][limit.name, e, y] = bound / DAYS_PER_YEAR * self.demand[e][k]
            if limit.kind == "footprint":
                for s, e in self.sets.in_scope(limit):
                    excess = self.term(s, "footprint", self.years[-1], e) - bound
                    numbers["footprint_excess"][limit.name, s, e] = excess

    def _period_numbers(self) -> Numbers:
        sets, at, length = self.sets, self.year_index, self.period_years
        n_nodes = len(at)
        numbers: dict[str, dict[tuple[Any, ...], Array]] = {name: {} for name in _PERIOD_DATA}
        demand = {e: self.demand[e][at] * self.level_factor[e] * length for e in sets.elements}
        self.node_demand = demand
        # What is planned before demand is seen cannot depend on its level.
        planned = {e: self.demand[e][at] * length for e in sets.elements}
        if self.settings.demand.orders == "after":
            planned = demand
        is_last = np.asarray(self.tree.period) == np.max(self.tree.period)
        for e in sets.elements:
            numbers["demand"][e,] = demand[e]
            licensed = self.prices.get((e, "licensed"), 0.0) * self._multiple("licensed", e, contracted=False)
            # A supplier without the term sells what cannot be sold on; of several the hardest terms count.
            kept = [
                1.0 - self.term(s, "surplus_discount", self.years[-1], e, default=1.0) for s, _ in sets.of_element(e)
            ]
            numbers["price_surplus"][e,] = min(kept, default=0.0) * licensed
            value = self._stock(e, "end_value") * self.prices.get((e, "licensed"), 0.0)
            numbers["price_end"][e,] = np.where(is_last, value, 0.0)
            free = self.settings.stock.release == "always"
            numbers["limit_draw"][e,] = np.where(self._disrupted(e) | free, np.inf, 0.0)
            numbers["limit_refill"][e,] = self._stock(e, "refill_share") * self.demand[e][at] * length
            for r in self._by_scope("spot", e, attribute="limit"):
                numbers["limit_spot"][e, int(r["step"])] = float(r["value"]) * planned[e]
            for r in self._by_scope("spot", e, attribute="factor"):
                spot = self.prices[e, "spot"] * float(r["value"])
                numbers["price_spot"][e, int(r["step"])] = spot * self._multiple("spot", e, contracted=False)
            for r in self._by_scope("shortage", e, attribute="width"):
                numbers["width"][e, int(r["tier"])] = float(r["value"]) * demand[e]
            for r in self._by_scope("shortage", e, attribute="cost"):
                cost = float(r["value"]) * self.settings.shortage.scale
                numbers["price_shortage"][e, int(r["tier"])] = np.full(n_nodes, cost)
        for s, e in sets.offers:
            share = self.delivered_share[s, e]
            numbers["delivered"][s, e] = share * length
            payment = self._choice(s, "payment") or self.registry[s]["payment"]
            paid = share if payment == "delivered" else np.ones(n_nodes)
            price = np.zeros(n_nodes) if self._is_basket(s) else self._price(s, e)[0]
            numbers["payment"][s, e] = paid * price * length
        for s, e in sets.calls:
            share, price = self.delivered_share[s, e], self._price(s, e)[1]
            callable_share = np.array([self.term(s, "call_share", y, e) for y in self.years])[at]
            offered = np.array([self._on_offer(s, e, y) for y in self.years])
            numbers["reach"][s, e] = share * callable_share * length
            numbers["callable"][s, e] = share * callable_share * offered[at] * length
            premium = [self.term(s, "call_premium", y, e, default=1.0) for y in self.years]
            numbers["price_call"][s, e] = price * np.array(premium)[at]
        for s in sets.baskets:
            by_level = [self._level(s, "unit_cost", y) for y in self.years]
            own = [c if c is not None else self.term(s, "price", y) for c, y in zip(by_level, self.years, strict=True)]
            # A basket fails as a whole: the share of any of its elements is the share of its output.
            share = self.delivered_share[next(offer for offer in sets.offers if offer[0] == s)]
            paid = (
                share
                if (self._choice(s, "payment") or self.registry[s]["payment"]) == "delivered"
                else np.ones(n_nodes)
            )
            numbers["payment_output"][s,] = paid * np.array(own)[at] * length
        self._period_limits(numbers, demand)
        return numbers

    def _disrupted(self, element: str) -> NDArray[np.bool_]:
        """Nodes where some supplier of the element, with something to deliver, has lost at least the trigger to its state."""
        lost = [
            self._lost(s, element) * ((self._ready(s) > 0) & (self.room[s, element] > 0)[self.year_index])
            for s, _ in self.sets.of_element(element)
        ]
        worst = np.max(lost, axis=0) if lost else np.zeros(len(self.year_index))
        return np.asarray((worst >= self.settings.stock.trigger) & (worst > 0))

    def _period_limits(self, numbers: dict[str, dict[tuple[Any, ...], Array]], demand: Mapping[str, Array]) -> None:
        for limit in self.sets.limits:
            total = sum((limit.weight_of(e) * demand[e] for e in limit.elements), np.zeros(len(self.year_index)))
            if limit.kind in ("expected_shortage", "shortage_cvar"):
                for e in limit.elements:
                    numbers["weight_shortage"][limit.name, e] = limit.weight_of(e) / total

    def _future_bounds(self) -> dict[tuple[str, Any], Bound]:
        choice = {c.name: c.bound for c in self.settings.limits}
        bounds: dict[tuple[str, Any], Bound] = {}
        probability = np.asarray(self.tree.probability)
        demand = {(e,): values for e, values in self.node_demand.items()}
        for limit in self.sets.limits_of(*FUTURE_KINDS):
            for year in limit.years or (None,):
                nodes = None if year is None else np.flatnonzero(self.year_of_node == year)
                if nodes is not None and limit.kind == "share":
                    nodes = nodes[self._undisturbed(limit)[nodes]]
                bounds[limit.name, year] = Bound(_most(limit, choice[limit.name], nodes, probability, demand), nodes)
        return bounds

    def _undisturbed(self, limit: Limit) -> NDArray[np.bool_]:
        """Nodes where every supplier of the limit's scope is in its first, undisturbed state."""
        calm = np.ones(len(self.year_index), dtype=bool)
        for supplier in limit.suppliers:
            if supplier in self.code:
                first = self.records.rows("states", chain=supplier, order=0)[0]["state"]
                calm &= self.code[supplier] == self.states[supplier].index(first)
        return calm

    def _information(self) -> NDArray[np.int64]:
        """Nodes that differ only in this period's demand are one when orders are placed."""
        seen = [self.code[name] for name in sorted(self.code) if name != DEMAND]
        keys = np.column_stack([np.asarray(self.tree.parent), *seen])
        _, group = np.unique(keys, axis=0, return_inverse=True)
        return np.asarray(group, dtype=np.int64).ravel()


def _or(value: Any, otherwise: Any) -> Any:
    """`value`, or `otherwise` where the cell of the table is blank."""
    return otherwise if value is None else value


_PLAN_DATA = (
    "committed", "offered", "share", "capacity", "level", "chosen", "growth", "least", "buildable", "floor", "ceiling",
    "existing", "price_expansion", "price_programme", "charge", "storage", "domestic_bound", "stock_least",
    "budget_bound", "footprint_excess",
)  # fmt: skip
_PERIOD_DATA = (
    "demand", "delivered", "payment", "payment_output", "reach", "callable", "price_call", "price_spot", "price_shortage",
    "price_surplus", "price_end", "limit_spot", "limit_draw", "limit_refill", "width", "weight_shortage",
)  # fmt: skip

__all__ = ["LEAST", "Market", "make_market", "programme_choices"]
