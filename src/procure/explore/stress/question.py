"""A plan followed along one path of events: arithmetic, no optimisation.

  arrived_se(t) = supplied_se × shipped_se(t - transit_s)                  what the plan ordinarily brings, as the event lets it be shipped
  called_e(t)   = min(use_e - Σ_s arrived_se, room of suppliers whose shipments of e are not cut, then the spot market), cheapest first

Whoever is undisturbed is asked from the first day on which an element is held back, and delivers after his own transit. The rest is drawn
from stock (`path`), and what is unserved costs what the tiers of `shortage.csv` say: of each user's gap, as a share of his use, the
cheapest tier first, the last one without end. He stops where that begins.

The path is cut wherever anything changes, so that all rates are constant in between and every day of a stop is exact, whatever the step:
months and weeks only add up what is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pandas import DataFrame, concat

from procure.errors import DataError, Fault, nearest
from procure.explore.stress.event import Event, find_event
from procure.explore.stress.holders import Holders, read_holders
from procure.explore.stress.ordinary import Decisions, Ordinary, Quotes, cheapest_first, ordinary, quotes, undisturbed
from procure.explore.stress.path import Followed, follow
from procure.explore.stress.result import Stress
from procure.explore.yardsticks import TODAY
from procure.facts.records import Records
from procure.market import Market, make_market
from procure.model import Model
from procure.portfolio.evaluate import decisions, model_of
from procure.portfolio.portfolio import Portfolio
from procure.units import DAYS_PER_YEAR, KUSD_PER_MUSD, Array, Index

#: Days of a step by which it is told.
STEPS = {"month": DAYS_PER_YEAR / 12, "week": 7.0}
FOUND, SPOT = "found", "spot"


def stress(
    answer: Portfolio | Model,
    event: str | Path,
    *,
    step: str = "month",
    year: int | None = None,
    without_stock: bool = False,
    model: Model | None = None,
) -> Stress:
    """Who stops along a path of events, on which day, and what that costs: today's plan and the found one side by side.

    Parameters
    ----------
    answer : Portfolio or Model
        An answer, as solved or read from its file; of a model today's plan alone is followed.
    event : str or Path
        One of `event_paths.csv` by its name, or a CSV file of its columns.
    step : str
        By which it is told: "month", a twelfth of a year, or "week".
    year : int, optional
        Of the plan, at the beginning of which the event begins: the first one unless given. What goes beyond its last year is as in that.
    without_stock : bool
        Whether nobody has any stock at the start.
    model : Model, optional
        What was solved, where its facts are not the bundled ones.

    Returns
    -------
    Stress

    Raises
    ------
    DataError
        With every fault: an unknown event, step or year, with the nearest; rows of a file that say no path.

    >>> from procure import load_model
    >>> found = stress(load_model("japan"), "ban-12")
    >>> found.plans, found.days
    (("today's",), 370.0)
    """
    chosen = model or (answer if isinstance(answer, Model) else answer.model or model_of(answer))
    faults = []
    if step not in STEPS:
        faults.append(Fault("step", f"'{step}'", "it is told by month or by week", nearest(step, STEPS)))
    if year is not None and year not in chosen.years:
        seen, rule = f"{year}", f"the plan is for {chosen.years[0]} to {chosen.years[-1]}"
        faults.append(Fault("year", seen, rule, "name one of these years"))
    try:
        path = find_event(event, chosen.facts)
    except DataError as error:
        faults += error.faults
    if faults:
        raise DataError(faults)
    plans: dict[str, tuple[Mapping[str, str], Decisions | None]] = {TODAY: ({}, None)}
    if isinstance(answer, Portfolio):
        plans[FOUND] = answer.programmes, decisions(answer)
    begins = chosen.years[0] if year is None else year
    tables: list[dict[str, DataFrame]] = []
    for name, (programmes, decided) in plans.items():
        stressed = _Stressed(chosen, path, begins, programmes, decided, STEPS[step], without_stock)
        tables.append({key: _named(name, frame) for key, frame in stressed.tables().items()})
    rates = chosen.facts.tables["exchange_rates"]
    exchange = {str(code): float(rate) for code, rate in zip(rates["currency"], rates["value"], strict=True)}
    return Stress(
        chosen.name, path.name, step, begins, stressed.days, without_stock, tuple(plans), exchange,
        chosen.settings.model.currency, **{key: concat([table[key] for table in tables], ignore_index=True) for key in tables[0]},
    )  # fmt: skip


def _named(plan: str, frame: DataFrame) -> DataFrame:
    frame.insert(0, "plan", plan)
    return frame


@dataclass(frozen=True)
class Arrivals:
    """What arrives in each interval, t/day.

    Attributes
    ----------
    expected, arrived, called : array, shape (n_intervals, n_suppliers, n_elements)
        What ordinarily would, what does of it, and what is called beside.
    spot : array, shape (n_intervals, n_elements, n_steps)
    call_price, spot_price : arrays of those shapes, kUSD/t
    """

    expected: Array
    arrived: Array
    called: Array
    spot: Array
    call_price: Array
    spot_price: Array

    @property
    def all(self) -> Array:
        """t/day of each element, shape (n_intervals, n_elements)."""
        return np.asarray((self.arrived + self.called).sum(axis=1) + self.spot.sum(axis=2))


class _Stressed:
    """One plan along the path."""

    def __init__(
        self, model: Model, event: Event, year: int, programmes: Mapping[str, str], decided: Decisions | None, step: float,
        without_stock: bool,
    ) -> None:  # fmt: skip
        self.model, self.event, self.programmes = model, event, programmes
        self.records = Records(model.facts)
        market = make_market(model, programmes, undisturbed(model, programmes))
        self.plan: Ordinary = ordinary(market, year, decided)
        self.scopes = {e: (e, market.class_of[e], "all") for e in self.plan.elements}
        self.classes = [market.class_of[e] for e in self.plan.elements]
        self.holders: Holders = read_holders(self.records, self.scopes)
        rows = {str(row["supplier"]): row for row in self.records.rows("suppliers")}
        self.transit = np.array([float(rows[s]["value"] or 0.0) for s in self.plan.suppliers])
        hit = [t for s, t in zip(self.plan.suppliers, self.transit.tolist(), strict=True) if s in event.suppliers]
        self.days = event.horizon(max(hit, default=0.0))
        self.grid = _grid(self.days, step)
        self.edges = self._edges()
        self.middle = (self.edges[1:] + self.edges[:-1]) / 2
        self.length = np.diff(self.edges)
        self.of_year: Index = np.minimum((self.middle // DAYS_PER_YEAR).astype(np.int64), len(self.plan.years) - 1)
        self.use = self.plan.use[self.of_year]
        self.arrivals = self._arrivals(year)
        stock = np.array([
            (self.plan.stock if holder.days is None else self._own(holder.serves, holder.days))
            * (0.0 if without_stock else event.released(holder.name))
            for holder in self.holders.holders
        ])  # fmt: skip
        self.followed: Followed = follow(
            self.edges, self.use, self.arrivals.all, self.holders.share, self.holders.holders, stock
        )

    def _own(self, serves: Any, days: Array) -> Array:
        """t of a stock in days of the use of whom it serves."""
        return np.asarray(days * self.plan.use[0] * (self.holders.share * serves).sum(axis=1))

    def _edges(self) -> Array:
        """Every day on which anything changes for anybody: what arrives is late by its transit."""
        late = [day + transit for day in self.event.days for transit in self.transit.tolist()]
        years = np.arange(0.0, self.days, DAYS_PER_YEAR)
        edges = np.unique(np.round(np.concatenate([self.grid, late, years]), 9))
        return edges[edges <= self.days]

    def _arrivals(self, year: int) -> Arrivals:
        plan, event, n = self.plan, self.event, len(self.middle)
        expected = plan.supplied[self.of_year]
        shape = n, len(plan.suppliers), len(plan.elements)
        shipped, is_cut, states = np.ones(shape), np.zeros(shape, dtype=bool), np.full(shape, "", dtype=object)
        for s, transit in enumerate(self.transit.tolist()):
            day = self.middle - transit
            shipped[:, s] = event.shipped(day, plan.suppliers, self.scopes, self.records)[:, s]
            is_cut[:, s] = event.depth(day, plan.suppliers, self.scopes, self.records)[:, s] > 0
            states[:, s] = event.states(self.middle, plan.suppliers, self.scopes)[:, s]
        arrived = expected * shipped
        begins = np.array([day for day in event.days])
        held = event.depth(begins, plan.suppliers, self.scopes, self.records).max(axis=1) > 0
        first = np.where(held.any(axis=0), begins[held.argmax(axis=0)], np.inf)  # of each element
        is_asked = self.middle[:, None, None] > first + self.transit[:, None]
        room = np.where(is_asked & ~is_cut, plan.room[self.of_year], 0.0)
        call_price, spot_price = self._prices(states, year)
        missing = self.use - arrived.sum(axis=1)
        called = cheapest_first(missing, room, call_price)
        missing = np.where(self.middle[:, None] > first, missing - called.sum(axis=1), 0.0)
        steps = np.swapaxes(plan.spot[self.of_year], 1, 2)
        spot = np.swapaxes(cheapest_first(missing, steps, np.swapaxes(spot_price, 1, 2)), 1, 2)
        return Arrivals(expected, arrived, called, spot, call_price, spot_price)

    def _prices(self, states: Any, year: int) -> tuple[Array, Array]:
        """Of calls and of the spot, as the states of the event move them: each interval and element looks up its own."""
        n, _, n_elements = states.shape
        flat = [tuple(row) for row in np.moveaxis(states, 1, 2).reshape(n * n_elements, -1)]
        distinct = sorted(set(flat))
        named = [{s: state for s, state in zip(self.plan.suppliers, row, strict=True) if state} for row in distinct]
        quoted: Quotes = quotes(self.model, self.programmes, year, named)
        which = np.array([distinct.index(row) for row in flat]).reshape(n, n_elements)
        call, spot = quoted.call[:, self.of_year], quoted.spot[:, self.of_year]
        at, e = np.arange(n)[:, None], np.arange(n_elements)
        return np.moveaxis(call[which, at, :, e], 2, 1), spot[which, at, e]

    # -- what is told

    def _summed(self, amounts: Array) -> Array:
        """Amounts of the intervals, added up by step."""
        period = np.searchsorted(self.grid, self.middle) - 1
        return np.add.reduceat(amounts, np.flatnonzero(np.diff(period, prepend=-1)), axis=0)

    def _lost(self) -> Array:
        """kUSD in each interval, shape (n_intervals, n_elements, n_users)."""
        plan, gap = self.plan, self.followed.gap
        own = self.use[..., None] * self.holders.share
        share = np.divide(gap, own, out=np.zeros_like(gap), where=own > 0)
        begins = np.cumsum(plan.width, axis=1) - plan.width
        width = np.where(begins >= self._last()[:, None], np.inf, plan.width)
        within = np.clip(share[..., None] - begins[:, None], 0.0, width[:, None])
        return np.asarray((within * plan.cost[:, None]).sum(axis=-1) * own * self.followed.open)

    def _last(self) -> Array:
        """Share of its use at which the last tier of shortage of an element begins."""
        width = self.plan.width
        last = np.array([np.flatnonzero(row)[-1] if row.any() else 0 for row in width])
        return np.asarray(np.cumsum(width, axis=1)[np.arange(len(width)), last] - width[np.arange(len(width)), last])

    def _first(self, is_so: Any) -> Array:
        """The first day on which something is so of an element and a user, shape (n_elements, n_users); NaN where it never is."""
        day = (self.edges[1:, None, None] - self.followed.open)[is_so.argmax(axis=0), *np.indices(is_so.shape[1:])]
        return np.where(is_so.any(axis=0), day, np.nan)

    def tables(self) -> dict[str, DataFrame]:
        """The frames of `Stress`, without the name of the plan."""
        followed, share = self.followed, self.holders.share
        own = self.use[..., None] * share
        length = self.length[:, None, None]
        is_open = followed.open > 0
        stops = followed.gap > self._last()[:, None] * own
        short, stop = self._first(is_open), self._first(is_open & stops)
        unserved, lost = followed.unserved, self._lost() / KUSD_PER_MUSD
        arrived = self.arrivals.all[..., None] * share
        amounts = [own * length, arrived * length, unserved, lost]
        by_period = [self._summed(each) for each in amounts]
        ends = zip(self.grid[:-1].tolist(), self.grid[1:].tolist(), strict=True)
        spans = [(k + 1, *span) for k, span in enumerate(ends)]
        elements = list(zip(self.plan.elements, self.classes, strict=True))
        columns = ["use_t", "arrived_t", "unserved_t", "lost_musd"]
        periods = DataFrame(
            [
                (*span, *element, user, *(float(each[p, e, u]) for each in by_period))
                for p, span in enumerate(spans)
                for e, element in enumerate(elements)
                for u, user in enumerate(self.holders.users)
            ],
            columns=["period", "start_day", "end_day", "element", "class", "user", *columns],
        )
        totals = [each.sum(axis=0) for each in (amounts[0], unserved, lost)]
        return {
            "stops": DataFrame(
                [
                    (*element, user, short[e, u], stop[e, u], *(float(each[e, u]) for each in totals))
                    for e, element in enumerate(elements)
                    for u, user in enumerate(self.holders.users)
                ],
                columns=["element", "class", "user", "short_day", "stop_day", "use_t", "unserved_t", "lost_musd"],
            ),
            "endurance": DataFrame(
                [(e, day / STEPS["month"]) for e, day in zip(self.plan.elements, _earliest(short), strict=True)],
                columns=["element", "months"],
            ),
            "periods": periods,
            "supply": DataFrame(
                self._supply(spans),
                columns=["period", "element", "supplier", "ordinary_t", "arrived_t", "called_t", "paid_musd", "price_usd_kg"],
            ),
            "stock": DataFrame(
                self._stock(spans), columns=["period", "holder", "element", "drawn_t", "filled_t", "stock_t", "surplus_t"]
            ),
            "totals": self._totals(periods, spans),
        }

    def _supply(self, spans: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """What arrives of each supplier, and of the spot market, by period."""
        flow, length = self.arrivals, self.length[:, None, None]
        spot = flow.spot.sum(axis=2)[:, None]
        none = np.zeros_like(spot)
        expected, arrived = (np.concatenate([each, none], axis=1) * length for each in (flow.expected, flow.arrived))
        called = np.concatenate([flow.called, spot], axis=1) * length
        paid = np.concatenate(
            [_worth(flow.called, flow.call_price), _worth(flow.spot, flow.spot_price).sum(axis=2)[:, None]], axis=1
        ) * (length / KUSD_PER_MUSD)
        dearest = np.maximum(
            np.where(flow.called > 0, flow.call_price, 0.0).max(axis=1),
            np.where(flow.spot > 0, flow.spot_price, 0.0).max(axis=2, initial=0.0),
        )
        period = np.searchsorted(self.grid, self.middle) - 1
        sums = [self._summed(each) for each in (expected, arrived, called, paid)]
        for p, span in enumerate(spans):
            price = dearest[period == p].max(axis=0)
            for e, element in enumerate(self.plan.elements):
                for s, supplier in enumerate((*self.plan.suppliers, SPOT)):
                    numbers = [float(each[p, s, e]) for each in sums]
                    if any(numbers):
                        numbers[1] += numbers[2]
                        yield span[0], element, supplier, *numbers, float(price[e]) if price[e] > 0 else np.nan

    def _stock(self, spans: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """What every holder has, by period; what is sold on stands with the last of them."""
        drawn, filled = (self._summed(each) for each in (self.followed.drawn, self.followed.filled))
        surplus = self._summed(self.followed.surplus)
        at = np.searchsorted(self.edges, self.grid[1:])
        for p, span in enumerate(spans):
            for h, holder in enumerate(self.holders.holders):
                is_last = h == len(self.holders.holders) - 1
                for e, element in enumerate(self.plan.elements):
                    numbers = (drawn[p, h, e], filled[p, h, e], self.followed.stock[at[p], h, e], surplus[p, e] * is_last)
                    yield span[0], holder.name, element, *map(float, numbers)

    def _totals(self, periods: DataFrame, spans: list[tuple[Any, ...]]) -> DataFrame:
        """What is unserved of each class and of all, what is lost and what is paid, by period."""
        sums = periods.groupby(["period", "class"])[["use_t", "unserved_t"]].sum()
        paid = DataFrame(self._supply(spans)).groupby(0)[6].sum()
        lost = periods.groupby("period")["lost_musd"].sum()
        rows = []
        for number, start, end in spans:
            here = sums.loc[number]
            shares = {f"unserved_{name}": float(row["unserved_t"] / row["use_t"]) for name, row in here.iterrows()}
            whole = float(here["unserved_t"].sum() / here["use_t"].sum())
            rows.append({
                "period": number, "start_day": start, "end_day": end, **shares, "unserved": whole,
                "lost_musd": float(lost[number]), "paid_musd": float(paid[number]),
            })  # fmt: skip
        return DataFrame(rows)


def _grid(days: float, step: float) -> Array:
    """The edges of the steps; the last may be shorter."""
    whole = np.arange(0.0, days - 1e-9, step)
    return np.append(whole, days)


def _worth(tonnes: Array, price: Array) -> Array:
    """kUSD of what is bought; where nothing is, there may be no price."""
    return np.where(tonnes > 0, tonnes * np.where(np.isfinite(price), price, 0.0), 0.0)


def _earliest(days: Array) -> list[float]:
    """The earliest day of each element; NaN where none comes."""
    return [float(np.nanmin(row)) if not np.isnan(row).all() else np.nan for row in days]
