"""What every limit costs: values, slacks and shadow prices, in million USD of present value, at the margin.

Limits of the model file first. HiGHS gives d = change of the objective per unit of a row's or a bound's active side. Loosening
an inequality never costs, and a row may stand in the program with its sign turned, so that its price is |d|, turned by the chain
rule into one per percentage point, day or million USD of the bound b:

  on the plan      slack(b) of a row is affine in b: rate = slack(b + 1) - slack(b)     value = b - slack / rate
  on all futures   the row allows `Bound.most`, which moves by `Bound.rate`             value as its kind says
  both             saves |d| × |rate| × step                                            step as its kind is measured

Then the numbers of the tables that hold back (`program.restraints`). One number ν may enter several data D of the
program (an offer bounds the contract, and in every period what can be called), and degenerate duals divide its price among
their rows as they please. So a number has one price, of one per cent of it:

  0.01 ν dV/dν = 0.01 Σ_D dL/dD × ν dD/dν        dL/dD  `Template.gradient`, from primal and dual solution
                                                 dD/dν  by moving the number a millionth and making the market's numbers anew

All of these are prices at the margin: they hold for a small step, and a full one may save less; how far is asked of the program
(`portfolio.expiry`), by what one step moves in it (`Step`). Where the optimum is degenerate
(an offer and a capacity that bind together) the price lies between what a little more saves and what a little less costs; where
a number is the larger of two, the data are those of a little more of it (of what is at least to be had, a little less).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pandas import DataFrame

from procure.limits import Bound, Counts, Limit, PlanLimit, futures_kind_of, kind_of, said
from procure.lp.compile import Template
from procure.market import Datum
from procure.market.limits import choice_of
from procure.portfolio.added import added_rows
from procure.portfolio.frames import FRAMES, is_worthless, make_frame
from procure.portfolio.measure import Measured
from procure.program.restraints import RESTRAINTS, Owner, Restraint, TableNumbers
from procure.program.templates import risk_of
from procure.units import KUSD_PER_MUSD, Array, Index
from procure.words import rounded

#: How far a price holds, in words.
AT_THE_MARGIN = " at the margin"
#: A limit binds when its slack is below this share of its bound.
BINDS = 1e-6
#: A limit whose price is above this share of all money spent binds, whatever its slack.
PRICED = 1e-9


@dataclass(frozen=True)
class Step:
    """What one step of a number moves, in the direction that saves: data of plan and periods, or what some rows allow.

    Parameters
    ----------
    data : mapping (name, index) -> float or array, shape (n_nodes,)
        By how much each datum of the formulation moves.
    rows : int array
        Of the program, whose upper bounds move by `more`.
    """

    data: Mapping[Datum, Any] = field(default_factory=dict)
    rows: Index | None = None
    more: float = 0.0


#: A row of the frame `limits`, and what one step of it moves; None where that is not known.
Priced = tuple[tuple[Any, ...], Step | None]


def limits(measured: Measured) -> DataFrame:
    """Every limit of the model file, the rows of its extension, then the numbers of the tables that hold back, dearest first."""
    return make_frame("limits", [row for row, _ in priced(measured)])


def priced(measured: Measured) -> list[Priced]:
    """The same row by row, with what one step moves."""
    numbers = TableNumbers(measured.market)
    rows = [row for limit in measured.sets.limits for row in _Policy(measured, limit, numbers).priced()]
    return [*rows, *((row, None) for row in added_rows(measured)), *_held_back(measured, numbers)]


def rows_of_limits(measured: Measured) -> DataFrame:
    """The limits of the model file alone, as `limits` has them."""
    numbers = (
        TableNumbers(measured.market) if any(isinstance(kind_of(x), PlanLimit) for x in measured.sets.limits) else None
    )
    return make_frame(
        "limits", [row for limit in measured.sets.limits for row in _Policy(measured, limit, numbers).rows()]
    )


def price_of_stock(measured: Measured, element: str) -> float:
    """What one tonne more of an element in stock today would save, kUSD at the margin."""
    return 0.0 - _dual_of(measured, ("what_exists", (element,)))


def prices_of_limits(measured: Measured) -> dict[str, float]:
    """What loosening each limit of the model file by one `per` saves, in all its years at once, million USD at the margin."""
    limits = measured.sets.limits
    numbers = TableNumbers(measured.market) if any(isinstance(kind_of(limit), PlanLimit) for limit in limits) else None
    price = list(FRAMES["limits"]).index("shadow_price_musd")
    rows = [(limit.written, row[price]) for limit in limits for row in _Policy(measured, limit, numbers).rows()]
    return {
        name: math.fsum(price for own, price in rows if own == name) for name in dict.fromkeys(own for own, _ in rows)
    }


def prices_of_means(measured: Measured) -> dict[tuple[str, int | None], float]:
    """What one unit more of the bound of each limit on a mean saves, by limit and year, kUSD."""
    return {
        (limit.name, year): _price(measured, limit, year, *_on_futures(measured, limit, year))
        for limit in measured.sets.limits
        if limit.counts is Counts.MEAN
        for year in limit.years or (None,)
    }


def _on_futures(measured: Measured, limit: Limit, year: int | None) -> tuple[Bound, Array, Array]:
    """The bound of a limit in a year, what it measures at each of the futures that it looks at, and their probabilities."""
    bound = measured.market.bounds[limit.name, year]
    if limit.counts is Counts.PATHS:
        return bound, measured.loss, measured.law
    form = measured.solved.templates.period.measures[limit.name]
    return bound, measured.forms[form][bound.nodes], bound.law


def _price(measured: Measured, limit: Limit, year: int | None, bound: Bound, measure: Array, law: Array) -> float:
    """What one unit more of its bound saves, kUSD; NaN where it has no price."""
    kind = futures_kind_of(limit)
    if not kind.is_priced(limit):
        return math.nan
    return float(abs(measured.outcome.future_dual[limit.name, year] * kind.rate(limit, bound, measure, law)))


def _saves(what: str, kusd: float) -> str:
    """A price in words: three digits are enough at the margin."""
    return f"{what} saves {rounded(kusd / KUSD_PER_MUSD)} million USD{AT_THE_MARGIN}"


# --- limits of the model file ---


class _Policy:
    """The rows of one limit of the model file."""

    def __init__(self, measured: Measured, limit: Limit, numbers: TableNumbers | None) -> None:
        self.measured, self.limit, self.numbers = measured, limit, numbers
        self.kind = kind_of(limit)
        self.choice = choice_of(measured.market.model, limit)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """One of every year, and of every element where it speaks of each."""
        return (row for row, _ in self.priced())

    def priced(self) -> Iterator[Priced]:
        """The same, with what one step moves."""
        if isinstance(self.kind, PlanLimit):
            yield from self._on_plan(self.kind)
        else:
            for year in self.limit.years or (None,):
                yield self._on_futures(year)

    def _on_plan(self, kind: PlanLimit) -> Iterator[Priced]:
        assert self.numbers is not None, "limits on the plan ask the market"
        template, bound, x = self.measured.solved.templates.plan, self.choice.bound, self.measured.outcome.plan
        here = self.measured.market.plan_data(template)
        beyond, moved = here.copy(), kind.plan_numbers(self.limit, bound + 1.0, self.numbers.asked)
        for datum, value in moved.items():
            beyond[template.data_index[datum]] = value
        looser = kind.measured_in.step * (-1.0 if kind.sense == "min" else 1.0)
        for name in kind.plan_rates(self.limit, bound, self.numbers.asked):
            owner, slack = template.owner(name), template.slack(name, here, x)
            rate = template.slack(name, beyond, x) - slack
            value = bound - slack / rate if abs(rate) > 0 else kind.nothing
            price = abs(_dual_of(self.measured, name) * rate)
            own = {datum: template.data_index[datum] for datum in moved if datum[1] == name[1]}
            step = Step({datum: looser * float(beyond[at] - here[at]) for datum, at in own.items()})
            yield self._row(owner.get("element", said.scope(self.choice)), owner["year"], value, price), step

    def _on_futures(self, year: int | None) -> Priced:
        limit, kind = self.limit, futures_kind_of(self.limit)
        seen = _on_futures(self.measured, limit, year)
        price = _price(self.measured, limit, year, *seen)
        row = self._row(
            limit.part or said.scope(self.choice), year, kind.value(limit, *seen), price, kind.aside(limit, *seen)
        )
        if limit.counts is not Counts.MEAN or not kind.is_priced(limit):
            return row, None
        more = kind.measured_in.step * float(abs(kind.rate(limit, *seen)))
        return row, Step(rows=self.measured.solved.program.composed.future_rows[limit.name, year], more=more)

    def _row(self, scope: str, year: int | None, value: float, price: float, aside: str = "") -> tuple[Any, ...]:
        """The limit in one year; `price` in kUSD per unit of the bound."""
        limit, kind, bound, measure = self.limit, self.kind, self.choice.bound, self.kind.measured_in
        saved = price * measure.step
        slack = value - bound if kind.sense == "min" else bound - value
        musd = saved / KUSD_PER_MUSD + 0.0
        binding = bool(slack <= BINDS * max(abs(bound), 1.0)) or abs(saved) > PRICED * self.measured.gross
        subject = kind.subject(kind.of_part(self.choice, scope)) + (f" in {year}" if year is not None else "")
        if np.isnan(value):
            words = f"{subject} is not limited: {kind.nothing_says}"
        elif np.isnan(price):
            words = f"{subject} is {rounded(measure.factor * value)} {measure.shown}: whole futures have no price at the margin"
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
        words += f"; {aside}" if aside else ""
        name, tag, unit, per = limit.written, limit.tag, measure.name, measure.per
        year = None if year is None else int(year)  # what was seen before a moment of it stands in the words
        return (name, limit.kind, tag, scope, year, value, bound, slack, unit, binding, musd, per, math.nan, words)


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


def _held_back(measured: Measured, numbers: TableNumbers) -> list[Priced]:
    """One row per number that has a price."""
    templates = measured.solved.templates
    of_plan, of_period = gradients(measured)
    rows: list[Priced] = []
    for restraint in RESTRAINTS:
        for owner, moving in numbers.by_owner(restraint):
            gained = 0.0
            for (name, index), change in moving.items():
                if (name, index) in templates.plan.data_index:
                    gained -= of_plan[templates.plan.data_index[name, index]] * float(change)
                else:
                    gained -= float(of_period[:, templates.period.data_index[name, index]] @ change)
            if not is_worthless(0.01 * gained, "1 %", measured.gross):
                per_cent = math.copysign(0.01, gained)
                step = Step({datum: per_cent * change for datum, change in moving.items()})
                rows.append((_row(measured, numbers, restraint, owner, 0.01 * gained), step))
    return sorted(rows, key=lambda priced: (-priced[0][10], priced[0][0], priced[0][3]))


def _row(
    measured: Measured, numbers: TableNumbers, restraint: Restraint, owner: Owner, saved: float
) -> tuple[Any, ...]:
    used, size = (np.asarray(amounts, dtype=float) for amounts in restraint.amounts(measured, numbers, owner))
    limited = np.isfinite(size)
    value, bound = float(used[limited].mean()), float(size[limited].mean())
    slack = value - bound if restraint.is_floor else bound - value
    scope, per, musd = " ".join(owner), "1 % more" if saved > 0 else "1 % less", abs(saved) / KUSD_PER_MUSD
    words = _saves(f"{per} {restraint.price_words(owner)}", abs(saved))
    name, tag, unit = restraint.name, restraint.tag, restraint.unit
    return (name, name, tag, scope, None, value, bound, slack, unit, True, musd, per, math.nan, words)


def gradients(measured: Measured) -> tuple[Array, Array]:
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
