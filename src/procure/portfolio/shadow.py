"""What every limit costs: values, slacks and shadow prices, in million USD of present value, at the margin.

Limits of the model file first. HiGHS gives d = change of the objective per unit of a row's or a bound's active side. Loosening
an inequality never costs, and a row may stand in the program with its sign turned, so that its price is |d|, turned by the chain
rule into one per percentage point, day or million USD of the bound b:

  on the plan      slack(b) of a row is affine in b: rate = slack(b + 1) - slack(b)     value = b - slack / rate
  on all futures   the row allows `Bound.most`, which moves by `Bound.rate`             value as its kind says
  both             saves |d| × |rate| × step                                            step as its kind is measured

Then the numbers of the tables that hold back: offers, commitments, capacities, stock. One number ν may enter several data D of the
program (an offer bounds the contract, and in every period what can be called), and degenerate duals divide its price among
their rows as they please. So a number has one price, of one per cent of it:

  0.01 ν dV/dν = 0.01 Σ_D dL/dD × ν dD/dν        dL/dD  `Template.gradient`, from primal and dual solution
                                                 dD/dν  by moving the number a millionth and making the market's numbers anew

All of these are prices at the margin: they hold for a small step, and a full one saves less. Where the optimum is degenerate
(an offer and a capacity that bind together) the price lies between what a little more saves and what a little less costs; where
a number is the larger of two, the data are those of a little more of it (of what is at least to be had, a little less).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pandas import DataFrame

from procure.facts import Place
from procure.facts.records import Records, Row
from procure.limits import Counts, Limit, kind_of
from procure.lp.compile import Template
from procure.market import Datum, Market, TrackedMarket
from procure.model.limits import LimitChoices
from procure.portfolio.frames import is_worthless, make_frame
from procure.portfolio.measure import Measured
from procure.program.program import risk_of
from procure.reason import Reason
from procure.units import KUSD_PER_MUSD, Array
from procure.words import rounded

#: A limit binds when its slack is below this share of its bound.
BINDS = 1e-6
#: A limit whose price is above this share of all money spent binds, whatever its slack.
PRICED = 1e-9
#: The share by which a number is moved to see how far data move with it.
NUDGE = 1e-6
#: Data whose names begin so are prices: no quantity of anybody.
PRICES = ("price_", "payment")


def limits(measured: Measured) -> DataFrame:
    """Every limit of the model file, then the numbers of the tables that hold the plan back, dearest first."""
    numbers = _Numbers(measured.market)
    rows = [row for limit in measured.sets.limits for row in _Policy(measured, limit, numbers).rows()]
    return make_frame("limits", [*rows, *_held_back(measured, numbers)])


def _saves(what: str, kusd: float) -> str:
    """A price in words: three digits are enough at the margin."""
    return f"{what} saves {rounded(kusd / KUSD_PER_MUSD)} million USD at the margin"


# --- limits of the model file ---


class _Policy:
    """The rows of one limit of the model file."""

    def __init__(self, measured: Measured, limit: Limit, numbers: _Numbers) -> None:
        self.measured, self.limit, self.numbers = measured, limit, numbers
        self.kind = kind_of(limit)
        choices = {choice.name: choice for choice in measured.market.model.settings.limits}
        self.choice: LimitChoices = choices[limit.name]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """One of every year, and of every element where it speaks of each."""
        if self.kind.counts is Counts.PLAN:
            yield from self._on_plan()
        else:
            for year in self.limit.years or (None,):
                yield self._on_futures(year)

    def _on_plan(self) -> Iterator[tuple[Any, ...]]:
        template, bound, x = self.measured.solved.templates.plan, self.choice.bound, self.measured.outcome.plan
        here = self.measured.market.plan_data(template)
        beyond = here.copy()
        for datum, value in self.kind.plan_numbers(self.limit, bound + 1.0, self.numbers.asked).items():
            beyond[template.data_index[datum]] = value
        for name in self.kind.plan_rates(self.limit, bound, self.numbers.asked):
            owner, slack = template.owner(name), template.slack(name, here, x)
            rate = template.slack(name, beyond, x) - slack
            value = bound - slack / rate if abs(rate) > 0 else self.kind.nothing
            price = abs(_dual_of(self.measured, name) * rate)
            yield self._row(owner.get("element", self.choice.scope), owner["year"], value, price)

    def _on_futures(self, year: int | None) -> tuple[Any, ...]:
        measured, market, limit = self.measured, self.measured.market, self.limit
        bound = market.bounds[limit.name, year]
        if self.kind.counts is Counts.PATHS:
            value = self.kind.value(limit, bound, measured.loss, measured.law)
        else:
            form = measured.solved.templates.period.measures[limit.name]
            value = self.kind.value(limit, bound, measured.forms[form][bound.nodes], bound.law)
        return self._row(
            self.choice.scope, year, value, abs(self.measured.outcome.future_dual[limit.name, year] * bound.rate)
        )

    def _row(self, scope: str, year: int | None, value: float, price: float) -> tuple[Any, ...]:
        """The limit in one year; `price` in kUSD per unit of the bound."""
        limit, kind, bound, measure = self.limit, self.kind, self.choice.bound, self.kind.measured_in
        saved = price * measure.step
        slack = value - bound if kind.sense == "min" else bound - value
        musd = saved / KUSD_PER_MUSD + 0.0
        binding = bool(slack <= BINDS * max(abs(bound), 1.0)) or abs(saved) > PRICED * self.measured.gross
        subject = kind.subject(self.choice.model_copy(update={"scope": scope})) + (
            f" in {year}" if year is not None else ""
        )
        if np.isnan(value):
            words = f"{subject} is not limited: {kind.nothing_says}"
        elif not is_worthless(musd, measure.per, self.measured.gross / KUSD_PER_MUSD):
            words = _saves(
                f"one {measure.per} less of {subject}"
                if kind.sense == "min"
                else f"one more {measure.per} of {subject}",
                saved,
            )
        elif binding:
            words = f"{subject} stands at its limit, at no cost to speak of"
        else:
            words = f"{subject} has room left"
        unit = measure.unit
        return (
            limit.name,
            limit.kind,
            limit.tag,
            scope,
            year,
            value,
            bound,
            slack,
            unit,
            binding,
            musd,
            measure.per,
            words,
        )


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


# --- numbers of the tables ---

Owner = tuple[str, ...]  # (supplier, element), (supplier,), (supplier, programme) or (element,)
Amounts = tuple[Any, Any]  # by year of the plan: what is used, and how much there is


class _Numbers:
    """The numbers of the tables behind a market, and how far the data of its program move with each."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._tracked = TrackedMarket(market.model, market.programmes, market.tree)
        self.asked = self._tracked.asked

    def on_offer(self, supplier: str, element: str) -> list[float]:
        """t/yr on offer by year of the plan, to be contracted or only called."""
        return [self._tracked.offers.on_offer(supplier, element, y) for y in self._market.sets.years]

    def moving(self, kind: _Kind) -> Iterator[tuple[Owner, dict[Datum, Any]]]:
        """(owner, ν dD/dν of every datum D that moves) of every number ν of a kind, shape () or (n_nodes,).

        The numbers of a kind are moved together, and told apart by whose data move; one by one where a price moves, because
        several may share it (a cap on the rebate of all that is committed). Where one number stands for several elements, each
        of them has its own part in it.
        """
        numbers: dict[Owner, dict[int, Row]] = {}
        sets, programmes = self._market.sets, self._market.programmes
        for position, row in enumerate(Records(self._market.model.facts).rows(kind.table)):
            mine = row.get("supplier") in (None, *sets.suppliers) and row.get("element") in (None, *sets.elements)
            chosen = row.get("programme") in (None, programmes.get(row.get("supplier", "")))
            if mine and chosen and row["value"] and row.get("attribute") == kind.attribute:
                owners = [tuple(row[column] for column in kind.owner)] if kind.owner else [(e,) for e in sets.elements]
                for owner in owners:
                    numbers.setdefault(owner, {})[position] = row
        together = self._moved(kind, {position: row for rows in numbers.values() for position, row in rows.items()})
        if any(name.startswith(PRICES) for name, _ in together):
            yield from ((owner, self._moved(kind, rows)) for owner, rows in numbers.items())
            return
        depth = 2 if "element" in kind.owner else 1
        whose = {owner[:depth]: owner for owner in numbers}
        parts: dict[Owner, dict[Datum, Any]] = {owner: {} for owner in numbers}
        for (name, index), change in together.items():
            parts[whose[index[:depth]]][name, index] = change
        yield from parts.items()

    def _moved(self, kind: _Kind, rows: Mapping[int, Row]) -> dict[Datum, Any]:
        """ν dD/dν of the data that move when the values of these rows do."""
        step = -NUDGE if kind.is_floor else NUDGE
        places = {Place(kind.table, p, "value"): row["value"] * (1 + step) for p, row in rows.items()}
        moved = self._tracked.tried(places)
        assert not isinstance(moved, Reason), "a small step moves numbers only"
        plan, period = self._tracked.market.plan, self._tracked.market.period
        changes: dict[Datum, Any] = {
            (name, index): (value - plan[name][index]) / step
            for (name, index), value in moved.plan.items()
            if value != plan[name][index]
        }
        for (name, index), value in moved.period.items():
            before = period[name][index]
            if not np.array_equal(value, before):
                differs = value != before  # what has no limit stays without
                changes[name, index] = np.subtract(value, before, out=np.zeros(len(value)), where=differs) / step
        return changes


@dataclass(frozen=True)
class _Kind:
    """One kind of number that holds back: where it stands, what it is called, and how much of it is used."""

    name: str
    tag: str
    words: str  # "1 % more ..."; {0} and {1} are the owner
    unit: str
    table: str
    attribute: str | None
    owner: tuple[str, ...]  # the columns of the table that say whose it is; none where it stands for several elements
    amounts: Callable[[Measured, _Numbers, Owner], Amounts]
    is_floor: bool = False  # at least, not at most


def _held_back(measured: Measured, numbers: _Numbers) -> list[tuple[Any, ...]]:
    """One row per number that has a price."""
    templates = measured.solved.templates
    of_plan, of_period = _gradients(measured)
    rows = []
    for kind in _KINDS:
        for owner, moving in numbers.moving(kind):
            gained = 0.0
            for (name, index), change in moving.items():
                if (name, index) in templates.plan.data_index:
                    gained -= of_plan[templates.plan.data_index[name, index]] * float(change)
                else:
                    gained -= float(of_period[:, templates.period.data_index[name, index]] @ change)
            if not is_worthless(0.01 * gained, "1 %", measured.gross):
                rows.append(_row(measured, numbers, kind, owner, 0.01 * gained))
    return sorted(rows, key=lambda row: (-row[10], row[0], row[3]))


def _row(measured: Measured, numbers: _Numbers, kind: _Kind, owner: Owner, saved: float) -> tuple[Any, ...]:
    used, size = (np.asarray(amounts, dtype=float) for amounts in kind.amounts(measured, numbers, owner))
    limited = np.isfinite(size)
    value, bound = float(used[limited].mean()), float(size[limited].mean())
    slack = value - bound if kind.is_floor else bound - value
    scope, per, musd = " ".join(owner), "1 % more" if saved > 0 else "1 % less", abs(saved) / KUSD_PER_MUSD
    words = _saves(f"{per} {kind.words.format(*owner)}", abs(saved))
    return (kind.name, kind.name, kind.tag, scope, None, value, bound, slack, kind.unit, True, musd, per, words)


def _gradients(measured: Measured) -> tuple[Array, Array]:
    """What one unit more of each datum adds to the cost, kUSD: of the plan (n_data,), of the periods (n_nodes, n_data)."""
    market, outcome, solved = measured.market, measured.outcome, measured.solved
    plan, period = solved.templates.plan, solved.templates.period
    of_plan, of_node = solved.composition.weights(
        outcome.solution, solved.program.composed, measured.probability, measured.discount, risk_of(market.model)
    )
    costs = np.isin(period.forms, period.costs)
    return (
        plan.gradient(
            market.plan_data(plan)[None], outcome.plan[None], outcome.plan_row_dual[None], outcome.plan_reduced_cost[None],
            np.full((1, len(plan.forms)), of_plan),
        )[0],
        period.gradient(
            market.period_data(period), outcome.nodes, outcome.node_row_dual, outcome.node_reduced_cost,
            of_node[:, None] * costs,
        ),
    )  # fmt: skip


# What is used and how much there is of it, by year of the plan.


def _by_year(measured: Measured, amounts: Mapping[tuple[Any, ...], float], owner: Owner) -> list[float]:
    return [amounts[*owner, y] for y in measured.sets.years]


def _offer(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    taken = measured.contracted(*owner) + measured.yearly(measured.called(*owner))
    return taken, numbers.on_offer(*owner)


def _commitment(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    return measured.contracted(*owner), _by_year(measured, measured.market.plan["committed"], owner)


def _capacity(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    """Throughput, and all the capacity there is: the supplier's own, what was built, what the programme adds."""
    s, data, plan = owner[0], measured.market.plan, measured.plan
    lead = dict(measured.sets.expandable).get(s, 0)
    size = []
    for y in measured.sets.years:
        built = sum(x for (i, v), x in plan.get("expansion", {}).items() if i == s and v <= y - lead)
        funded = sum(data["level"][i, g, y] * x for (i, g), x in plan.get("programme", {}).items() if i == s)
        size.append(data["capacity"][s, y] + built + funded)
    return _throughput(measured, s), size


def _throughput(measured: Measured, supplier: str) -> Array:
    if supplier in measured.sets.baskets:
        return np.array(_by_year(measured, measured.plan["output"], (supplier,)))
    return _ordered(measured, supplier)


def _ordered(measured: Measured, supplier: str) -> Array:
    return np.asarray(np.sum([measured.contracted(*offer) for offer in measured.sets.of_supplier(supplier)], axis=0))


def _growth(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    growth = _by_year(measured, measured.market.plan["growth"], owner)
    return np.diff(_throughput(measured, *owner), prepend=0.0), growth


def _expansion(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    buildable = _by_year(measured, measured.market.plan["buildable"], owner)
    return _by_year(measured, measured.plan["expansion"], owner), buildable


def _order(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    least, use = (_by_year(measured, x, owner) for x in (measured.market.plan["least"], measured.plan["use"]))
    return _ordered(measured, *owner), np.multiply(least, use)


def _stock_today(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    return [measured.plan["stock_today"][owner]], [measured.market.plan["existing"][owner]]


def _stock_room(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    ceiling = _by_year(measured, measured.market.plan["ceiling"], owner)
    return _by_year(measured, measured.plan["stock_target"], owner), ceiling


def _refill(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    limit = measured.yearly(measured.market.period["limit_refill"][owner])
    return measured.yearly(measured.node["refill"][owner]), limit


def _spot(measured: Measured, numbers: _Numbers, owner: Owner) -> Amounts:
    bought, limit = (
        np.sum([measured.yearly(x) for step, x in amounts.items() if step[:1] == owner], axis=0)
        for amounts in (measured.node["spot"], measured.market.period["limit_spot"])
    )
    return bought, limit


_KINDS = (
    _Kind("offer", "contractual", "{1} on offer from {0}", "t/yr", "offers", None, ("supplier", "element"), _offer),
    _Kind("commitment", "contractual", "{1} committed to {0}", "t/yr", "commitments", None, ("supplier", "element"), _commitment,
          is_floor=True),
    _Kind("capacity", "physical", "capacity of {0}", "t/yr", "terms", "capacity", ("supplier",), _capacity),
    _Kind("programme_capacity", "physical", "capacity of {0} {1}", "t/yr", "programmes", "capacity", ("supplier", "programme"),
          _capacity),
    _Kind("growth", "physical", "growth a year of {0}", "t/yr", "terms", "growth", ("supplier",), _growth),
    _Kind("expansion", "physical", "capacity to be built at {0}", "t/yr", "terms", "expansion_limit", ("supplier",), _expansion),
    _Kind("minimum_order", "contractual", "of the minimum order at {0}", "t/yr", "terms", "minimum_order", ("supplier",), _order,
          is_floor=True),
    _Kind("stock_today", "physical", "{0} in stock today", "t", "stock", "existing", (), _stock_today),
    _Kind("stock_room", "physical", "room for {0} stock", "t", "stock", "max_days", (), _stock_room),
    _Kind("refill", "contractual", "{0} allowed into stock", "t/yr", "stock", "refill_share", (), _refill),
    _Kind("spot", "physical", "{0} on the spot market", "t/yr", "spot", "limit", (), _spot),
)  # fmt: skip
