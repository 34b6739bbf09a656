"""What a solved portfolio does, measured by plain arithmetic on its decisions.

Nothing is read from the solver's objective: every cost is data × decision at a node, added along the paths of the tree, and
the objective must come out again, or the answer is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from procure import risk
from procure.errors import SolverError
from procure.formulation.moment import in_words, seen_before
from procure.formulation.period import COSTS
from procure.languages import Said
from procure.lp.compile import Template
from procure.market import doubt_about
from procure.portfolio.frames import BEYOND, UNSERVED, make_frame
from procure.units import DAYS_PER_YEAR, KUSD_PER_MUSD, Array, Index

if TYPE_CHECKING:
    from procure.program.solved import Solved

_DISAGREE = Said(
    "The solver says the portfolio costs {told:.9g} kUSD; its decisions cost {measured:.9g} kUSD.",
    "ソルバーによる費用は {told:.9g} 千ドル、その決定の費用は {measured:.9g} 千ドル。",
)


#: How far the solver's objective may lie from the measured one, relative to what is spent in total.
AGREEMENT = 1e-6


class Measured:
    """The decisions of a solved portfolio by name, and what they cost; t and kUSD.

    `plan[component][index]` is a number; `node[component][index]` one number per node, shape (n_nodes,).
    """

    def __init__(self, solved: Solved) -> None:
        self.solved, self.market, self.outcome = solved, solved.market, solved.outcome
        self.sets, self.probability, self.discount = self.market.sets, self.market.probability, self.market.discount
        self.risk = self.market.model.settings.risk
        self.paths: Index = self.market.tree.paths()
        self.leaves = self.paths[:, -1]

    @cached_property
    def plan(self) -> Mapping[str, Mapping[tuple[Any, ...], float]]:
        """What is decided now."""
        decided: dict[str, dict[tuple[Any, ...], float]] = {}
        for (component, index), value in zip(self._templates.plan.columns, self.outcome.plan.tolist(), strict=True):
            decided.setdefault(component, {})[index] = value
        return decided

    @cached_property
    def node(self) -> Mapping[str, Mapping[tuple[Any, ...], Array]]:
        """What is done at every node."""
        decided: dict[str, dict[tuple[Any, ...], Array]] = {}
        for j, (component, index) in enumerate(self._templates.period.columns):
            decided.setdefault(component, {})[index] = self.outcome.nodes[:, j]
        return decided

    @property
    def _templates(self) -> Any:
        return self.solved.templates

    # --- what the answer tells of ---

    @property
    def told_years(self) -> tuple[int, ...]:
        """The years of the model, without those that are solved beyond the last of them."""
        return self.market.model.told_years

    @property
    def is_told(self) -> NDArray[np.bool_]:
        """Whether the year of a node is one of them, shape (n_nodes,)."""
        return self.market.shape.year < len(self.told_years)

    # --- money ---

    @cached_property
    def plan_costs(self) -> dict[str, float]:
        """Present value of what the plan spends, by component, kUSD."""
        return self._spent_by_plan(self.outcome.plan)

    def _spent_by_plan(self, decisions: Array) -> dict[str, float]:
        template: Template = self._templates.plan
        data = self.market.plan_data(template)[None, :]
        values = template.form_values(data, decisions[None, :])[0]
        return dict(zip(template.forms, values.tolist(), strict=True))

    @cached_property
    def forms(self) -> dict[str, Array]:
        """Every form of the period at every node: costs in kUSD, undiscounted, and the measures of limits."""
        template: Template = self._templates.period
        values = template.form_values(self.market.period_data(template), self.outcome.nodes)
        return {name: values[:, position] for position, name in enumerate(template.forms)}

    @property
    def plan_cost(self) -> float:
        """Present value of all the plan spends, kUSD."""
        return sum(self.plan_costs.values())

    @cached_property
    def path_costs(self) -> dict[str, Array]:
        """Present value of each component along the path to each leaf, kUSD, shape (n_leaves,).

        Where years beyond the last of the model are solved, all that is spent in them is the last component, `BEYOND`.
        """
        whole = self._along_paths(self.plan_costs, np.ones(len(self.probability)))
        if not self.market.model.settings.model.beyond:
            return whole
        last = self.told_years[-1]
        columns = self._templates.plan.columns
        is_told = np.array([not isinstance(index[-1], int) or index[-1] <= last for _, index in columns])
        told = self._along_paths(self._spent_by_plan(self.outcome.plan * is_told), self.is_told.astype(float))
        return told | {BEYOND: np.asarray(sum(whole.values()) - sum(told.values()))}

    def _along_paths(self, by_plan: Mapping[str, float], counted: Array) -> dict[str, Array]:
        """What the plan spends, and what is spent at the nodes that are counted."""
        costs = {name: np.full(len(self.leaves), cost) for name, cost in by_plan.items()}
        for name in self._templates.period.costs:  # what was decided after a review is spent along the path
            spent = (self.discount * self.forms[name] * counted)[self.paths].sum(axis=1)
            costs[name] = costs[name] + spent if name in costs else spent
        return costs

    @cached_property
    def loss(self) -> Array:
        """Present value of everything spent along the path to each leaf, kUSD."""
        return np.asarray(sum(self.path_costs.values()))

    @property
    def law(self) -> Array:
        """Probability of the leaves."""
        return self.probability[self.leaves]

    @cached_property
    def tail_law(self) -> Array:
        """The law of the leaves under which the mean cost is the CVaR."""
        return risk.worst_law("cvar", self.loss, self.law, self.risk.alpha)

    @property
    def expected(self) -> float:
        """Expected cost, kUSD."""
        return float(self.law @ self.loss)

    @property
    def cvar(self) -> float:
        """Mean cost of the worst ``1 - alpha`` of the paths, kUSD."""
        return float(self.tail_law @ self.loss)

    @property
    def worst(self) -> float:
        """Cost of the worst path, kUSD."""
        return float(self.loss.max())

    @cached_property
    def doubt(self) -> risk.Ambiguous | None:
        """The measure of the costs of paths where the odds are in doubt; None where they are not."""
        return doubt_about(self.market)

    @cached_property
    def worst_law(self) -> Array:
        """The worst law of the paths that the doubt about the odds allows; that of the tables where there is none."""
        return self.law if self.doubt is None else self.doubt.odds(self.loss, self.law)

    @cached_property
    def weighed_law(self) -> Array:
        """What each path weighs in the weighed cost: mean and tail, of the worst odds where they are in doubt."""
        if self.doubt is not None:
            return self.doubt.worst_law(self.loss, self.law)
        return (1.0 - self.risk.weight) * self.law + self.risk.weight * self.tail_law

    @property
    def moved(self) -> float:
        """The probability that the worst law moves."""
        return float(np.maximum(self.worst_law - self.law, 0.0).sum())

    @property
    def objective(self) -> float:
        """``(1 - weight)`` expected ``+ weight`` CVaR, under the worst odds where they are in doubt; kUSD."""
        if self.doubt is not None:
            return self.doubt.value(self.loss, self.law)
        return self.as_given

    @property
    def as_given(self) -> float:
        """``(1 - weight)`` expected ``+ weight`` CVaR under the odds of the tables, kUSD."""
        return (1.0 - self.risk.weight) * self.expected + self.risk.weight * self.cvar

    @property
    def gross(self) -> float:
        """All that is spent or earned, in absolute numbers, kUSD: the yardstick for rounding."""
        return float(sum(self.law @ np.abs(cost) for cost in self.path_costs.values()))

    def check(self) -> None:
        """Refuse the answer when the solver's objective is not what its decisions cost."""
        told, measured = self.solved.objective, self.objective
        if not abs(told - measured) <= AGREEMENT * max(self.gross, abs(told), 1.0):
            raise SolverError(
                _DISAGREE.format(told=told, measured=measured),
                status="inconsistent",
            )

    # --- years ---

    def yearly(self, amount: Array) -> Array:
        """Expected sum of an amount per node over each year, shape (n_years,)."""
        years = self.market.shape.year
        return np.bincount(years, weights=self.probability * amount, minlength=len(self.sets.years)).astype(float)

    @cached_property
    def nodes_of_year(self) -> list[Index]:
        """The nodes of each year."""
        return [
            np.flatnonzero(self.market.shape.year[: self.market.shape.n_inside] == k)
            for k in range(len(self.sets.years))
        ]

    def law_of_year(self, k: int) -> Array:
        """Probability of the nodes of a year; of several periods one is drawn by lot."""
        law = self.probability[self.nodes_of_year[k]]
        return np.asarray(law / law.sum())

    # --- mass ---

    @cached_property
    def demand(self) -> dict[str, Array]:
        """Demand of each element at every node, t."""
        return {e: np.asarray(self.market.period["demand"][e,], dtype=float) for e in self.sets.elements}

    @cached_property
    def shortage(self) -> dict[str, Array]:
        """Unserved demand of each element at every node, t."""
        return {e: self._sum_of("shortage", e) for e in self.sets.elements}

    def _sum_of(self, component: str, element: str) -> Array:
        parts = [x for (e, *_), x in self.node.get(component, {}).items() if e == element]
        return np.sum(parts, axis=0) if parts else np.zeros(len(self.probability))

    def contracted(self, supplier: str, element: str) -> Array:
        """Contract in the mean of each year, t/yr."""
        return self.market.by_year(self._contract(supplier, element))

    def _contract(self, supplier: str, element: str) -> Array:
        """Contract at each moment of the plan, t/yr."""
        return self.market.of_moments(self.plan.get("contract", {}), supplier, element)

    def paid_for(self, supplier: str, element: str) -> Array:
        """What is paid for a contract apart from the output of its basket at every node, kUSD, undiscounted."""
        price = self.market.period["payment"].get((supplier, element), 0.0)
        return np.asarray(price * self._contract(supplier, element)[self.market.shape.moment])

    def paid_for_output(self, supplier: str) -> Array:
        """What is paid for the output of a basket at every node, kUSD, undiscounted."""
        output = self.market.of_moments(self.plan["output"], supplier)[self.market.shape.moment]
        return np.asarray(self.market.period["payment_output"][supplier,] * output)

    def delivered(self, supplier: str, element: str) -> Array:
        """What arrives of the contract and is not given up at every node, t."""
        share = self.market.period["delivered"].get((supplier, element), 0.0)
        arrives = share * self._contract(supplier, element)[self.market.shape.moment]
        return np.asarray(arrives - self.done("cancelled", supplier, element))

    def reserved(self, supplier: str, element: str) -> Array:
        """Kept under option in the mean of each year, t/yr."""
        return self.market.by_year(self.market.of_moments(self.plan.get("reserve", {}), supplier, element))

    def called(self, supplier: str, element: str) -> Array:
        """What is called at every node, under an option or without, t."""
        return np.asarray(self.done("call", supplier, element) + self.done("exercise", supplier, element))

    def done(self, component: str, *index: Any) -> Array:
        """One decision at every node, in its unit; 0 where there is none."""
        return self.node.get(component, {}).get(index, np.zeros(len(self.probability)))

    def other_sources(self, element: str) -> dict[str, Array]:
        """What fills demand at every node beside the suppliers, t; surplus, and stock that grows, are negative."""
        return {
            "spot": self._sum_of("spot", element),
            "stock": self.from_stock(element),
            "shortage": self.shortage[element],
            "surplus": -self.sold(element),
        }

    # To draw and sell on is to sell stock; to refill and sell stock is to sell what arrived. What they come to is what is told.

    def from_stock(self, element: str) -> Array:
        """What leaves the stock at every node, drawn or sold, less what is put into it, t."""
        node = self.node
        return np.asarray(node["draw"][element,] + node["stock_sold"][element,] - node["refill"][element,])

    def sold(self, element: str) -> Array:
        """All that is sold on at every node, t: what arrived and was not needed, and stock."""
        return np.asarray(self.node["surplus"][element,] + self.node["stock_sold"][element,])

    def sold_from_stock(self, element: str) -> Array:
        """What is sold on at every node of what leaves the stock, t."""
        return np.minimum(np.maximum(self.from_stock(element), 0.0), self.sold(element))

    def paid(self, source: str, element: str) -> Array:
        """What is paid to a source for an element at every node, kUSD, undiscounted; sales are negative."""
        data, years = self.market.period, self.market.shape.year
        if source == "surplus":
            return np.asarray(-data["price_surplus"][element,] * self.sold(element))
        if source in ("spot", "shortage"):
            price = data[f"price_{source}"]
            parts = [price[e, k] * x for (e, k), x in self.node.get(source, {}).items() if e == element]
            return np.sum(parts, axis=0) if parts else np.zeros(len(self.probability))
        paid = self.paid_for(source, element)
        for component in ("call", "exercise", "cancelled"):
            price = data.get(f"price_{component}", {}).get((source, element), 0.0)
            paid = paid + price * self.done(component, source, element)
        if source in self.sets.baskets and (source, element) in self.sets.offers:
            paid = paid + self.paid_for_output(source) * self.part_of_basket(source, element)[years]
        return np.asarray(paid)

    def part_of_basket(self, supplier: str, element: str) -> Array:
        """An element's part of the tonnes that a basket holds, by year: so its price is split."""
        share, market = self.market.plan["share"], self.market
        held = {e: market.by_year(market.of_moments(share, supplier, e)) for _, e in self.sets.of_supplier(supplier)}
        whole = np.sum(list(held.values()), axis=0)
        part: Array = np.divide(held[element], whole, out=np.full(len(whole), 1.0 / len(held)), where=whole > 0)
        return part


# --- frames ---


def plan(measured: Measured) -> DataFrame:
    """Every decision made now."""
    rows = []
    for component, values in measured.plan.items():
        for index, value in sorted(values.items()):
            moment = index[-1] if isinstance(index[-1], int) else None
            names = index if moment is None else index[:-1]
            year, seen, chance = None, "", 1.0
            if moment is not None:
                year, seen, chance = int(moment), in_words(seen_before(moment)), measured.market.chance_of(moment)
            rows.append((component, ".".join(map(str, names)), year, seen, chance, value))
    return make_frame("plan", rows)


def mix(measured: Measured) -> DataFrame:
    """Who supplies how much of each element in each year."""
    return make_frame("mix", sorted(_mix_rows(measured), key=lambda row: row[0]))


def _mix_rows(measured: Measured) -> Iterator[tuple[Any, ...]]:
    sets, market = measured.sets, measured.market
    none = np.zeros(len(sets.years))
    for e in sets.elements:
        demand = measured.yearly(measured.demand[e])
        sources: list[tuple[str, Array, Array, Array, Array, Array]] = []
        for s, _ in sets.of_element(e):
            delivered, called = measured.yearly(measured.delivered(s, e)), measured.yearly(measured.called(s, e))
            paid = measured.yearly(measured.discount * measured.paid(s, e)) / KUSD_PER_MUSD
            sources.append((s, measured.contracted(s, e), delivered, called, delivered + called, paid))
        for name, amount in measured.other_sources(e).items():
            paid = measured.yearly(measured.discount * measured.paid(name, e)) / KUSD_PER_MUSD
            sources.append((name, none, none, none, measured.yearly(amount), paid))
        for k, year in enumerate(measured.told_years):
            for source, *amounts in sources:
                *tonnes, cost = (float(amount[k]) for amount in amounts)
                yield (year, source, e, market.class_of[e], *tonnes, _share(tonnes[-1], float(demand[k])), cost)


def _share(part: float, whole: float) -> float:
    """`part` of `whole`; of nothing, nothing."""
    return part / whole if whole > 0 else 0.0


def costs(measured: Measured) -> DataFrame:
    """What money is spent on: on average, in the tail, and on the worst path."""
    worst = int(np.argmax(measured.loss))
    parts = ((name, cost / KUSD_PER_MUSD) for name, cost in measured.path_costs.items())
    return make_frame(
        "costs",
        [(name, float(measured.law @ x), float(measured.tail_law @ x), float(x[worst])) for name, x in parts],
    )


def shortage(measured: Measured) -> DataFrame:
    """How much of each element's demand goes unserved in each year."""
    rows = []
    for e in measured.sets.elements:
        demand, unserved = measured.demand[e], measured.shortage[e]
        share = np.divide(unserved, demand, out=np.zeros(len(demand)), where=demand > 0)
        expected_demand, expected = measured.yearly(demand), measured.yearly(unserved)
        cost = measured.yearly(measured.discount * measured.paid("shortage", e)) / KUSD_PER_MUSD
        for k, year in enumerate(measured.told_years):
            nodes, law = measured.nodes_of_year[k], measured.law_of_year(k)
            rows.append((
                e, measured.market.class_of[e], year, float(expected_demand[k]), float(expected[k]),
                _share(float(expected[k]), float(expected_demand[k])),
                risk.cvar(share[nodes], law, measured.risk.alpha),
                float(law @ (share[nodes] > UNSERVED)), float(cost[k]),
            ))  # fmt: skip
    return make_frame("shortage", rows)


def stock(measured: Measured) -> DataFrame:
    """Room for stock, what is expected to be held at the end of each year, and what is sold of it in the year."""
    period, rows = np.asarray(measured.market.tree.period), []
    for e in measured.sets.elements:
        held, demand = measured.node["stock"][e,], measured.yearly(measured.demand[e])
        sold = measured.yearly(measured.sold_from_stock(e))
        room = measured.market.by_year(measured.market.of_moments(measured.plan["stock_target"], e))
        for k, year in enumerate(measured.told_years):
            nodes = measured.nodes_of_year[k]
            last = nodes[period[nodes] == period[nodes].max()]
            amounts = float(room[k]), float(measured.probability[last] @ held[last])
            target, expected = ((t, _share(t, float(demand[k])) * DAYS_PER_YEAR) for t in amounts)
            rows.append((e, year, *target, *expected, float(sold[k])))
    return make_frame("stock", rows)


def shares(measured: Measured, today: Mapping[tuple[str, str], float]) -> DataFrame:
    """Share of each source in the demand of each class, today and by year.

    `today` is the supply of (source, element) in t/yr, adding up to the demand of the first year.
    """
    sets, class_of = measured.sets, measured.market.class_of
    classes = dict.fromkeys([*(class_of[e] for e in sets.elements), "all"])  # in a world without classes these are all
    supply = mix(measured)
    sources = list(dict.fromkeys(supply["supplier"]))
    amounts: dict[tuple[str, str, str], float] = {}
    for when, source, element, amount in [
        *(("today", s, e, t) for (s, e), t in today.items()),
        *zip(supply["year"].astype(str), supply["supplier"], supply["element"], supply["supplied_t"], strict=True),
    ]:
        for name in {class_of[element], "all"}:
            amounts[when, name, source] = amounts.get((when, name, source), 0.0) + amount
    rows = []
    for when in ("today", *map(str, measured.told_years)):
        for name in classes:
            whole = sum(amounts.get((when, name, source), 0.0) for source in sources)
            rows += [
                (when, name, source, _share(amounts.get((when, name, source), 0.0), whole))
                for source in sorted(sources)
            ]
    return make_frame("shares", rows)


def nodes(measured: Measured) -> DataFrame:
    """Every node of the tree and its costs, kUSD, undiscounted."""
    tree, market = measured.market.tree, measured.market
    labels = [tree.label(n) for n in range(tree.n_nodes)]
    columns = [
        range(tree.n_nodes), tree.parent, tree.period, market.year_of_node, measured.probability, measured.discount, labels,
        *(measured.forms[name] for name in COSTS),
    ]  # fmt: skip
    in_law = (np.asarray(column)[: tree.n_nodes].tolist() for column in columns)
    return make_frame("nodes", zip(*in_law, strict=True))


def leaves(measured: Measured, wait_and_see: Array) -> DataFrame:
    """Every path of the tree by its leaf; `wait_and_see` in kUSD."""
    columns = [
        measured.leaves, measured.law, measured.tail_law, measured.loss / KUSD_PER_MUSD,
        measured.path_costs["shortage_cost"] / KUSD_PER_MUSD, wait_and_see / KUSD_PER_MUSD,
    ]  # fmt: skip
    return make_frame("leaves", zip(*(column.tolist() for column in columns), strict=True))


def odds(measured: Measured) -> DataFrame:
    """How much of the time each process is in each state, by the tables and under the worst law; empty where there is no doubt."""
    rows: list[tuple[Any, ...]] = []
    if measured.doubt is not None:
        tree = measured.market.tree
        for column, (process, states) in enumerate(zip(tree.processes, tree.states, strict=True)):
            at = tree.state[measured.paths][:, :, column]
            for code, state in enumerate(states):
                share = (at == code).mean(axis=1)
                rows.append((process, state, float(measured.law @ share), float(measured.worst_law @ share)))
    return make_frame("odds", rows)
