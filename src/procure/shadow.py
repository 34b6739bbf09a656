"""What every limit costs: values, slacks and shadow prices, in million USD of present value.

HiGHS gives d = change of the objective per unit of a row's or a bound's active side. Loosening an inequality never costs, and
a row may stand in the program with its sign turned, so that its price is |d|. A limit of the model file is priced per percentage
point, day or million USD, by the chain rule from the row it became:

  share              row bound = bound × Σ p w demand over the undisturbed nodes     saves  |d| × 0.01 × that sum
  domestic_share     row bound = bound × Σ w demand                                  saves  |d| × 0.01 × that sum
  stock_days         row bound = bound / 365 × demand                                saves  |d| × demand / 365
  budget             row bound = bound × discount                                    saves  |d| × discount × 1 million
  footprint          Σ (footprint - bound) contract <= 0                             saves  |d| × 0.1 × Σ contract
  expected_shortage, shortage_cvar, cost_cvar, worst_case     the bound itself

What offers, capacities and rules hold back is priced by the hundredth: Σ |d| × 1 % of the amount, over years and nodes; only
`what_exists` is an equation and keeps its sign. These are prices at the margin: they hold for a small step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from procure import risk
from procure.formulation.sets import FUTURE_KINDS, MEASURES, Limit
from procure.frames import make_frame
from procure.lp.compile import Template
from procure.market import DAYS_PER_YEAR
from procure.measure import KUSD_PER_MUSD, Measured
from procure.model import LEAST, LimitChoices

Array = NDArray[np.float64]

#: A limit binds when its slack is below this share of its bound.
BINDS = 1e-6
#: Below this share of all money spent, one per cent more is worth nothing.
WORTHLESS = 1e-9
_STEP = {"share": 0.01, "domestic_share": 0.01, "expected_shortage": 0.01, "shortage_cvar": 0.01, "footprint": 0.1}
_UNIT = {
    "share": ("share", "percentage point"), "domestic_share": ("share", "percentage point"),
    "expected_shortage": ("share", "percentage point"), "shortage_cvar": ("share", "percentage point"),
    "stock_days": ("days", "day"), "budget": ("million USD", "million USD"), "cost_cvar": ("million USD", "million USD"),
    "worst_case": ("million USD", "million USD"), "footprint": ("t/t", "0.1 t/t"),
}  # fmt: skip


def limits(measured: Measured) -> DataFrame:
    """Every limit of the model file, then what holds the plan back physically and by contract, dearest first."""
    rows = [row for limit in measured.sets.limits for row in _Policy(measured, limit).rows()]
    return make_frame("limits", [*rows, *_held_back(measured)])


def _money(musd: float) -> str:
    """A sum in words: three digits are enough for a price at the margin."""
    return f"{float(f'{musd:.3g}'):,.10g} million USD"


# --- limits of the model file ---


class _Policy:
    """The rows of one limit of the model file."""

    def __init__(self, measured: Measured, limit: Limit) -> None:
        self.measured, self.limit = measured, limit
        self.market, self.outcome = measured.market, measured.outcome
        choices = {choice.name: choice for choice in self.market.model.settings.limits}
        self.choice: LimitChoices = choices[limit.name]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        limit, bound = self.limit, self.choice.bound
        if limit.kind in FUTURE_KINDS:
            years: tuple[int | None, ...] = limit.years or (None,)
            for when in years:
                value, saved = self._on_futures(when)
                yield self._row(self.choice.scope, when, value, bound, saved)
        elif limit.kind == "stock_days":
            for e in limit.elements or self.measured.sets.elements:
                for year in limit.years:
                    per_day = self.market.demand[e][self._k(year)] / DAYS_PER_YEAR
                    held = self.measured.plan["stock_target"][e, year]
                    saved = self._plan_price(e, year) * per_day
                    yield self._row(e, year, held / per_day if per_day > 0 else np.inf, bound, saved)
        else:
            for year in limit.years:
                value, saved = self._on_plan(year)
                yield self._row(self.choice.scope, year, value, bound, saved)

    def _k(self, year: int) -> int:
        return self.measured.sets.years.index(year)

    def _plan_price(self, *index: Any) -> float:
        return abs(_dual_of(self.measured, (self.limit.kind, (self.limit.name, *index))))

    def _on_futures(self, year: int | None) -> tuple[float, float]:
        """The value of the limit, and what one unit of price more saves, kUSD."""
        limit, measured = self.limit, self.measured
        price = abs(self.outcome.future_dual[limit.name, year])
        if year is None:
            tail = risk.cvar(measured.loss, measured.law, limit.alpha) if limit.kind == "cost_cvar" else measured.worst
            return tail / KUSD_PER_MUSD, price * KUSD_PER_MUSD
        nodes = self.market.bounds[limit.name, year].nodes
        assert nodes is not None
        law = measured.probability[nodes]
        measure = measured.forms[f"{MEASURES[limit.kind]}_{limit.name}"][nodes]
        if limit.kind == "share":
            whole = sum(float(law @ (limit.weight_of(e) * measured.demand[e][nodes])) for e in limit.elements)
            return float(law @ measure) / whole if whole > 0 else np.nan, price * whole * _STEP["share"]
        law = law / law.sum()
        value = float(law @ measure) if limit.kind == "expected_shortage" else risk.cvar(measure, law, limit.alpha)
        return value, price * _STEP[limit.kind]

    def _on_plan(self, year: int) -> tuple[float, float]:
        limit, plan, k = self.limit, self.measured.plan, self._k(year)
        price = self._plan_price(year)
        contracts = {
            (s, e): plan["contract"][s, e, year] for s, e in self.measured.sets.in_scope(limit) if (s, e, year) in plan["contract"]
        } if "contract" in plan else {}  # fmt: skip
        if limit.kind == "domestic_share":
            whole = sum(limit.weight_of(e) * float(self.market.demand[e][k]) for e in limit.elements)
            bought = sum(limit.weight_of(e) * x for (_, e), x in contracts.items())
            return (bought / whole if whole > 0 else np.nan), price * whole * _STEP[limit.kind]
        if limit.kind == "footprint":
            bought = sum(contracts.values())
            excess = self.market.plan["footprint_excess"]
            over = sum(excess[limit.name, s, e] * x for (s, e), x in contracts.items())
            return (self.choice.bound + over / bought if bought > 0 else 0.0), price * bought * _STEP[limit.kind]
        million = KUSD_PER_MUSD * float(self.market.discount[self.measured.nodes_of_year[k][0]])  # of that year's money
        return _spent(self.measured, year) / million, price * million

    def _row(self, scope: str, year: int | None, value: float, bound: float, saved: float) -> tuple[Any, ...]:
        limit = self.limit
        least = limit.kind in LEAST
        slack = value - bound if least else bound - value
        musd = saved / KUSD_PER_MUSD + 0.0
        worth = abs(saved) > WORTHLESS * self.measured.gross
        binding = bool(slack <= BINDS * max(abs(bound), 1.0)) or worth
        unit, per = _UNIT[limit.kind]
        when = f" in {year}" if year is not None else ""
        if np.isnan(value):
            words = f"{self._subject(scope)}{when} is not limited: no future of that year is undisturbed"
        elif worth:
            step = f"one {per} less" if least else f"one more {per}"
            words = f"{step} of {self._subject(scope)}{when} saves {_money(musd)}"
        elif binding:
            words = f"{self._subject(scope)}{when} stands at its limit, at no cost"
        else:
            words = f"{self._subject(scope)}{when} has room left"
        return (limit.name, limit.kind, limit.tag, scope, year, value, bound, slack, unit, binding, musd, per, words)

    def _subject(self, scope: str) -> str:
        choice, what = self.choice, "" if scope == "all" else scope.replace("_", "/") + " "
        by_value = " by value" if choice.weight == "value" else ""
        worst = f"the worst {100 * (1 - choice.alpha):.3g} % of futures"
        return {
            "share": f"{choice.supplier or choice.country}'s {what}share{by_value}",
            "domestic_share": f"domestic {what}share{by_value}",
            "expected_shortage": f"expected {what}shortage",
            "shortage_cvar": f"{what}shortage in {worst}",
            "stock_days": f"{what}stock",
            "budget": "budget",
            "footprint": f"{what}footprint",
            "cost_cvar": f"cost in {worst}",
            "worst_case": "cost in the worst future",
        }[self.limit.kind]


def _spent(measured: Measured, year: int) -> float:
    """What the plan spends in a year, present value, kUSD: what a budget limits."""
    plan, price = measured.plan, measured.market.plan
    spent = sum(price["price_expansion"][i] * x for i, x in plan.get("expansion", {}).items() if i[-1] == year)
    spent += sum(price["charge"][i] * x for i, x in plan.get("use", {}).items() if i[-1] == year)
    spent += sum(price["storage"][i] * x for i, x in plan["stock_target"].items() if i[-1] == year)
    if year == measured.sets.years[0]:
        spent += sum(price["price_programme"][i] * x for i, x in plan.get("programme", {}).items())
    return float(spent)


def _dual_of(measured: Measured, name: tuple[str, tuple[Any, ...]]) -> float:
    """The dual of one row of the plan, wherever it went: a row, a bound of a column, or nowhere."""
    template: Template = measured.solved.templates.plan
    if name in template.rows:
        return float(measured.outcome.plan_row_dual[template.rows.index(name)])
    if name in template.bound_rows:
        row = template.bound_rows.index(name)
        lower = measured.outcome.plan_reduced_cost[template.lower_row == row]
        upper = measured.outcome.plan_reduced_cost[template.upper_row == row]
        return float(np.maximum(lower, 0.0).sum() + np.minimum(upper, 0.0).sum())
    return 0.0


# --- offers, capacities and rules ---


@dataclass(frozen=True)
class _Rule:
    """A row of the formulation that holds back: its tag, and what loosening it by a hundredth is called."""

    tag: str
    words: str
    floor: bool = False
    unit: str = "t/yr"


_RULES = {
    "within_offer": _Rule("contractual", "1 % more {element} on offer from {supplier}"),
    "keep_commitment": _Rule("contractual", "1 % less {element} committed to {supplier}", floor=True),
    "within_capacity": _Rule("physical", "1 % more capacity of {supplier}"),
    "grow": _Rule("physical", "1 % more growth a year of {supplier}"),
    "within_buildable": _Rule("physical", "1 % more capacity to be built at {supplier}"),
    "minimum_order": _Rule("contractual", "a minimum order 1 % lower at {supplier}", floor=True),
    "stock_floor": _Rule("physical", "1 % less room kept for {element} stock", floor=True, unit="t"),
    "stock_ceiling": _Rule("physical", "1 % more room for {element} stock", unit="t"),
    "what_exists": _Rule("physical", "1 % more {element} in stock today", unit="t"),
    "within_reach": _Rule("contractual", "1 % more {element} on call from {supplier}"),
    "within_spot": _Rule("physical", "1 % more {element} on the spot market"),
    "within_refill": _Rule("contractual", "1 % more {element} allowed into stock"),
}


def _held_back(measured: Measured) -> list[tuple[Any, ...]]:
    """One row per rule and supplier or element, with the saving of all years and nodes together."""
    found: dict[tuple[str, str, str], Array] = {}
    for component, index, numbers in (*_plan_marginals(measured), *_node_marginals(measured)):
        supplier, element = _owners(component, index)
        key = (component, supplier, element)
        found[key] = found.get(key, np.zeros(3)) + numbers
    rows = []
    for (component, supplier, element), (saved, used, size) in found.items():
        if abs(saved) <= WORTHLESS * measured.gross:
            continue
        rule, musd = _RULES[component], float(saved) / KUSD_PER_MUSD
        n_years = 1 if component == "what_exists" else len(measured.sets.years)
        value, bound = float(used) / n_years, float(size) / n_years
        slack = value - bound if rule.floor else bound - value
        words = f"{rule.words.format(supplier=supplier, element=element)} saves {_money(musd)}"
        scope = " ".join(part for part in (supplier, element) if part)
        rows.append(
            (component, component, rule.tag, scope, None, value, bound, slack, rule.unit, True, musd, "1 %", words)
        )
    return sorted(rows, key=lambda row: (-row[10], row[0], row[3]))


def _owners(component: str, index: tuple[Any, ...]) -> tuple[str, str]:
    """The supplier and the element that a row speaks of."""
    if component in ("within_offer", "keep_commitment", "within_reach"):
        return str(index[0]), str(index[1])
    if component in ("within_capacity", "grow", "within_buildable", "minimum_order"):
        return str(index[0]), ""
    return "", str(index[0])


def _plan_marginals(measured: Measured) -> Iterator[tuple[str, tuple[Any, ...], Array]]:
    """(rule, index, [saving of one per cent, used, size]) of every priced row of the plan."""
    template: Template = measured.solved.templates.plan
    for (component, index), dual in _priced(
        template, measured.outcome.plan_row_dual, measured.outcome.plan_reduced_cost
    ):
        if component in _RULES:
            used, size = _plan_amounts(measured, component, index)
            yield component, index, np.array([0.01 * _loosened(component, float(dual)) * size, used, size])


def _loosened(component: str, dual: Any) -> Any:
    """What one unit of loosening saves."""
    return -dual if component == "what_exists" else np.abs(dual)


def _priced(template: Template, row_dual: Array, reduced_cost: Array) -> Iterator[tuple[Any, Any]]:
    """Every row of a block with its dual, bounds of columns under the name they had; last axis rows or columns."""
    for r, name in enumerate(template.rows):
        yield name, row_dual[..., r]
    for rows, sided in (
        (template.lower_row, np.maximum(reduced_cost, 0.0)),
        (template.upper_row, np.minimum(reduced_cost, 0.0)),
    ):
        for j in np.flatnonzero(rows >= 0):
            yield template.bound_rows[rows[j]], sided[..., j]


def _plan_amounts(measured: Measured, component: str, index: tuple[Any, ...]) -> tuple[float, float]:
    """What is used of a row of the plan, and how much there is of it."""
    plan, data = measured.plan, measured.market.plan
    use = plan.get("use", {})
    if component in ("within_offer", "keep_commitment"):
        used = plan["contract"][index]
        if component == "keep_commitment":
            return used, data["committed"][index]
        return used, data["offered"][index] * use.get((index[0], index[2]), 1.0)
    if component == "within_buildable":
        return plan["expansion"][index], data["buildable"][index]
    if component in ("stock_floor", "stock_ceiling"):
        return plan["stock_target"][index], data[component.removeprefix("stock_")][index]
    if component == "what_exists":
        return plan["stock_today"][index], data["existing"][index]
    supplier, year = index
    throughput = _throughput(measured, supplier, year)
    if component == "minimum_order":
        ordered = sum(plan["contract"][s, e, year] for s, e in measured.sets.of_supplier(supplier))
        return ordered, data["least"][index] * use[index]
    if component == "grow":
        years = measured.sets.years
        k = years.index(year)
        return throughput - (_throughput(measured, supplier, years[k - 1]) if k else 0.0), data["growth"][index]
    lead = dict(measured.sets.expandable).get(supplier, 0)
    bought = sum(x for (s, v), x in plan.get("expansion", {}).items() if s == supplier and v <= year - lead)
    funded = sum(data["level"][s, g, year] * x for (s, g), x in plan.get("programme", {}).items() if s == supplier)
    return throughput, data["capacity"][index] + bought + funded


def _throughput(measured: Measured, supplier: str, year: int) -> float:
    if supplier in measured.sets.baskets:
        return measured.plan["output"][supplier, year]
    return sum(measured.plan["contract"][s, e, year] for s, e in measured.sets.of_supplier(supplier))


def _node_marginals(measured: Measured) -> Iterator[tuple[str, tuple[Any, ...], Array]]:
    """The same for the rows of the periods, added over the nodes; amounts are expected ones."""
    template: Template = measured.solved.templates.period
    # A column that several nodes share has one reduced cost, not one for each of them.
    shared = measured.outcome.node_reduced_cost.copy()
    for j in range(shared.shape[1]):
        column = measured.solved.composition.column_of[:, j]
        once = np.zeros(len(column), dtype=bool)
        once[np.unique(column, return_index=True)[1]] = True
        shared[~once, j] = 0.0
    p = measured.probability
    for (component, index), dual in _priced(template, measured.outcome.node_row_dual, shared):
        if component in _RULES:
            used, size = _node_amounts(measured, component, index)
            saved = 0.01 * float(_loosened(component, dual) @ size)
            yield component, index, np.array([saved, p @ used, p @ size])


def _node_amounts(measured: Measured, component: str, index: tuple[Any, ...]) -> tuple[Array, Array]:
    node, data = measured.node, measured.market.period
    if component == "within_spot":
        return node["spot"][index], data["limit_spot"][index]
    if component == "within_refill":
        return node["refill"][index], data["limit_refill"][index]
    supplier, element = index
    years = measured.market.shape.year
    use = measured.plan.get("use", {})
    on = np.array([use.get((supplier, y), 1.0) for y in measured.sets.years])[years]
    taken = data["reach"][index] * measured.contracted(supplier, element)[years]
    return node["call"][index] + taken, data["callable"][index] * on
