"""What a plan brings in years in which nothing fails, and what could be bought beside it.

Every chain and shock stands in its first, undisturbed state; projects, trials and verdicts stand each year where they most
likely do. Contracts are delivered; what is missing then is called, under options or without, the cheapest first. Where
contracts bring more than is used, the rest is surplus.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.facts.records import Records
from procure.market import Market, make_market
from procure.model import Model
from procure.scenarios.decided import Programmes
from procure.scenarios.process import marginals, ordered
from procure.scenarios.tree import Tree
from procure.scenarios.world import memory_of, periods_of, processes
from procure.units import DAYS_PER_YEAR, Array, Index

#: What a plan decides of a supplier and an element, and of an element, by moment: t/yr and t.
Decisions = Mapping[str, Mapping[tuple[Any, ...], float]]


@dataclass(frozen=True)
class Ordinary:
    """Ordinary years under a plan; t a day, prices in kUSD/t, and shares of use.

    Attributes
    ----------
    elements, suppliers : tuple of str
    years : tuple of int
        From the one that is stressed to the last of the model.
    use : array, shape (n_years, n_elements)
    supplied : array, shape (n_years, n_suppliers, n_elements)
        By contracts, options and calls.
    room : array, of that shape
        What can be called beside.
    spot : array, shape (n_years, n_elements, n_steps)
        What the spot market sells, step by step.
    width : array, shape (n_elements, n_tiers)
        Of the tiers of shortage, shares of use.
    cost : array, shape (n_years, n_elements, n_tiers)
        Of the tiers, kUSD/t.
    stock : array, shape (n_elements,)
        Of the plan at the start, t.
    """

    elements: tuple[str, ...]
    suppliers: tuple[str, ...]
    years: tuple[int, ...]
    use: Array
    supplied: Array
    room: Array
    spot: Array
    width: Array
    cost: Array
    stock: Array


def ordinary(market: Market, year: int, decisions: Decisions | None = None) -> Ordinary:
    """The ordinary years of a plan from a year on; without decisions, of what is signed today.

    Parameters
    ----------
    market : Market
        Over the one path of `undisturbed`.
    """
    sets, plan, period = market.sets, market.plan, market.period
    elements, suppliers = sets.elements, tuple(sorted({s for s, _ in sets.sold}))
    first = market.model.years.index(year)
    years = market.model.years[first:]
    per_year, n_periods = market.model.settings.model.periods_per_year, int(market.tree.n_periods)

    def yearly(values: Array) -> Array:
        """Of the periods of the path, summed over each year that is looked at."""
        return np.asarray(np.asarray(values)[:n_periods].reshape(-1, per_year).sum(axis=1)[first:])

    contract, target = ("committed", None) if decisions is None else ("contract", decisions.get("stock_target", {}))
    signed = plan[contract] if decisions is None else decisions.get(contract, {})
    reserved = {} if decisions is None else decisions.get("reserve", {})
    moments = [sets.moments[market.shape.moment[k * per_year]] for k in range(len(market.model.years))]
    shape = len(years), len(suppliers), len(elements)
    contracted, room, price = np.zeros(shape), np.zeros(shape), np.full(shape, np.inf)
    for s, e in sets.sold:
        at = np.s_[:, suppliers.index(s), elements.index(e)]
        tonnes = np.array([signed.get((s, e, moment), 0.0) for moment in moments[first:]])
        if (s, e) in period["delivered"]:
            contracted[at] = yearly(period["delivered"][s, e]) * tonnes
        kept = np.array([reserved.get((s, e, moment), 0.0) for moment in moments[first:]])
        if (s, e) in period["callable"]:
            taken = yearly(period["reach"][s, e]) * (tonnes + kept)
            room[at] = np.maximum(yearly(period["callable"][s, e]) - taken, 0.0)
            price[at] = yearly(period["price_call"][s, e])
        if kept.any():  # what is kept under option is called as well, at its own price
            room[at] += yearly(period["delivered"][s, e]) * kept
            price[at] = np.fmin(price[at], yearly(period["price_exercise"][s, e]))
    use = np.column_stack([yearly(period["demand"][e,]) for e in elements])
    called = cheapest_first(use - contracted.sum(axis=1), room, price)
    steps, tiers = _of_each(elements, sets.steps), _of_each(elements, sets.tiers)
    spot = np.zeros((*use.shape, max(map(len, steps))))
    width = np.zeros((len(elements), max(map(len, tiers))))
    cost = np.zeros((len(years), *width.shape))
    for position, e in enumerate(elements):
        for k, number in enumerate(steps[position]):
            spot[:, position, k] = yearly(period["limit_spot"][e, number])
        for k, tier in enumerate(tiers[position]):
            demand = period["demand"][e,][0]
            width[position, k] = period["width"][e, tier][0] / demand if demand > 0 else 0.0
            cost[:, position, k] = yearly(period["price_shortage"][e, tier]) / per_year
    stock = np.array([_stock(market, e, moments[: first + 1], target) for e in elements])
    day = DAYS_PER_YEAR
    return Ordinary(
        elements, suppliers, years, use / day, (contracted + called) / day, (room - called) / day, spot / day, width, cost, stock
    )  # fmt: skip


def _of_each(elements: Sequence[str], pairs: Iterable[tuple[str, int]]) -> list[list[int]]:
    """The steps of the spot market, or the tiers of shortage, of each element."""
    found: dict[str, list[int]] = {e: [] for e in elements}
    for e, number in pairs:
        found[e].append(number)
    return list(found.values())


def cheapest_first(missing: Array, room: Array, price: Array) -> Array:
    """What is taken of several suppliers to make up for what is missing, the cheapest first.

    Parameters
    ----------
    missing : array, shape (n, n_elements)
        Below zero nothing is.
    room, price : array, shape (n, n_suppliers, n_elements)

    >>> cheapest_first(np.array([[5.0]]), np.array([[[3.0], [4.0]]]), np.array([[[90.0], [60.0]]])).tolist()
    [[[1.0], [4.0]]]
    """
    order = np.argsort(price, axis=1, kind="stable")
    there = np.cumsum(np.take_along_axis(room, order, axis=1), axis=1)
    taken = np.diff(np.minimum(there, np.maximum(missing, 0.0)[:, None]), axis=1, prepend=0.0)
    found = np.empty_like(room)
    np.put_along_axis(found, order, taken, axis=1)
    return found


def _stock(
    market: Market, element: str, moments: Sequence[int], target: Mapping[tuple[Any, ...], float] | None
) -> float:
    """t that a plan has at the start of the last of some moments, filled up to its target as fast as it may; nothing was drawn."""
    held = float(market.plan["existing"][element,])
    if target is None:
        return held
    per_year = market.model.settings.model.periods_per_year
    for k, moment in enumerate(moments[:-1]):
        refill = market.period["limit_refill"][element,][k * per_year : (k + 1) * per_year].sum()
        held = min(target.get((element, moment), 0.0), held + float(refill))
    return held


def undisturbed(model: Model, programmes: Programmes, states: Mapping[str, str] | None = None) -> Tree:
    """The one path on which nothing fails; with `states`, chains stand in these all along.

    Chains and shocks stand still; what reviews remember is what they saw; all else stands where it most likely does.
    """
    records, law, n_periods = Records(model.facts), ordered(processes(model, programmes)), len(periods_of(model))
    still = {row["chain"] for row in records.rows("states")} | {row["shock"] for row in records.rows("shocks")}
    seen = {memory_of(name, review.year) for review in model.settings.revisions for name in review.sees}
    likely = marginals(law, n_periods)
    place = {process.name: column for column, process in enumerate(law)}
    codes: Index = np.zeros((n_periods, len(law)), dtype=np.int64)
    for column, process in enumerate(law):
        if process.name in still:
            codes[:, column] = process.code((states or {}).get(process.name, process.states[0]))
        elif process.name not in seen:
            codes[:, column] = likely[process.name].argmax(axis=1)
        else:
            before = process.code(process.start)
            for period in range(n_periods):
                drivers = [codes[period, [place[name]]] for name in process.drivers]
                before = int(process.law(period, drivers, np.array([before]))[0].argmax())
                codes[period, column] = before
    names, states_of = [process.name for process in law], [process.states for process in law]
    return Tree(np.arange(n_periods), np.arange(n_periods) - 1, np.ones(n_periods), names, states_of, codes)


def quotes(model: Model, programmes: Programmes, year: int, states: Sequence[Mapping[str, str]]) -> tuple[Array, Array]:
    """What is paid while suppliers are in some states, kUSD/t: for calls and on the spot market, infinite where there is none.

    The first has the shape (n_states, n_years, n_suppliers, n_elements), the second (n_states, n_years, n_elements, n_steps).
    """
    quoted = [_quoted(make_market(model, programmes, undisturbed(model, programmes, those)), year) for those in states]
    call, spot = zip(*quoted, strict=True)
    return np.array(call), np.array(spot)


def _quoted(market: Market, year: int) -> tuple[Array, Array]:
    sets, period = market.sets, market.period
    elements, suppliers = sets.elements, sorted({s for s, _ in sets.sold})
    per_year = market.model.settings.model.periods_per_year
    first, n_periods = market.model.years.index(year), int(market.tree.n_periods)
    n_years = len(market.model.years) - first

    def yearly(prices: Array) -> Array:
        return np.asarray(np.asarray(prices)[:n_periods].reshape(-1, per_year).mean(axis=1)[first:])

    call = np.full((n_years, len(suppliers), len(elements)), np.inf)
    for s, e in sets.calls:
        call[:, suppliers.index(s), elements.index(e)] = yearly(period["price_call"][s, e])
    steps = _of_each(elements, sets.steps)
    spot = np.full((n_years, len(elements), max(map(len, steps))), np.inf)
    for position, e in enumerate(elements):
        for k, number in enumerate(steps[position]):
            spot[:, position, k] = yearly(period["price_spot"][e, number])
    return call, spot
