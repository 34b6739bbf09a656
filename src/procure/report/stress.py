"""Who stops along a path of events, on which day, and what is lost: today's plan and the found one side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from procure.explore.stress import Stress
from procure.report.labels import LARGE_UNITS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import listed, money, percent

if TYPE_CHECKING:
    from pandas import DataFrame

#: Periods with a line of their own, from the first with a shortage on.
PERIODS = 26
SERVED = "-"


def page(answer: Stress) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Stress) -> Iterator[str | Listing]:
    yield from _headline(answer)
    yield from _losses(answer)
    if answer.idle:
        yield ""
        yield f"Of what the event takes away nothing is bought: {listed(answer.idle)}."
    if answer.is_elsewhere:
        yield ""
        yield "The found plan was found with other facts than those it is followed with."
    short = answer.stops[answer.stops["short_day"].notna()]
    if short.empty:
        return
    elements = list(dict.fromkeys(short["element"]))
    yield ""
    yield _days(answer, elements)
    yield ""
    yield from _legend(answer, elements)
    yield ""
    yield _of_elements(answer, elements)
    yield ""
    yield from _of_periods(answer)
    yield ""
    yield from _rule(answer)


def _rule(answer: Stress) -> Iterator[str]:
    """How stock is drawn, and whose is not."""
    if answer.without_stock:
        yield "Nobody has any stock."
        return
    yield "Stock is drawn in full as long as there is any: nobody rations."
    kept = [name for name, share in answer.released.items() if share == 0]
    if kept:
        yield f"Nothing of what the {listed(kept)} holds is released."


def _plan(name: str) -> str:
    return f"{name.capitalize()} plan" if name.endswith("'s") else f"The {name} plan"


def _headline(answer: Stress) -> Iterator[str]:
    stock = ", nobody with any stock" if answer.without_stock else ""
    yield f"{answer.name}: {answer.event} from the beginning of {answer.year}, {answer.days:,.0f} days{stock}."
    for plan in answer.plans:
        rows = answer.stops[answer.stops["plan"] == plan]
        stopped = rows[rows["stop_day"].notna()].sort_values("stop_day", kind="stable")
        if not stopped.empty:
            first = stopped.iloc[0]
            same = stopped[stopped["stop_day"].round() == round(first["stop_day"])]
            users, elements = (list(dict.fromkeys(same[column])) for column in ("user", "element"))
            count = stopped["element"].nunique()
            who = f"{' and '.join(users)} users of {listed(elements, most=3)}"
            yield f"{_plan(plan)}: {who} stop first, on day {first['stop_day']:.0f};"
            yield f"  lines stop for want of {count} {'elements' if count > 1 else 'element'} in all."
        elif rows["short_day"].notna().any():
            yield f"{_plan(plan)}: some are short from day {rows['short_day'].min():.0f} on, and no line stops."
        else:
            yield f"{_plan(plan)}: everybody is served to the end."


def _losses(answer: Stress) -> Iterator[str]:
    rate = answer.exchange.get(answer.currency)
    name, size = LARGE_UNITS.get(answer.currency, (f"M {answer.currency}", 1e6))
    for plan in answer.plans:
        rows = answer.totals[answer.totals["plan"] == plan]
        lost, paid = float(rows["lost_musd"].sum()), float(rows["paid_musd"].sum())
        own = f" ({money(lost * rate * 1e6 / size)} {name})" if rate and answer.currency != "USD" and lost else ""
        sum_lost = f"{money(lost)} M USD{own}" if lost else "nothing"
        yield f"{_plan(plan)} loses {sum_lost} and pays {money(paid)} for what it calls."


def _days(answer: Stress, elements: list[str]) -> Listing:
    """The first day of a stop by element and user; in brackets that of a shortage where nothing stops."""
    keys, numbers = ("plan", "element", "user"), ("short_day", "stop_day")
    days = _looked_up(answer.stops, keys, numbers)
    columns = [(plan, user) for plan in answer.plans for user in dict.fromkeys(answer.stops["user"])]

    def day(plan: str, element: str, user: str) -> str:
        short, stop = days[plan, element, user]
        return f"{stop:.0f}" if stop == stop else f"({short:.0f})" if short == short else SERVED

    headings = ("Day of a stop", *(f"{plan}, {user}" for plan, user in columns))
    return Listing(headings, [(e, *(day(p, e, u) for p, u in columns)) for e in elements], right=headings[1:])


def _looked_up(frame: DataFrame, keys: tuple[str, ...], numbers: tuple[str, ...]) -> dict[tuple[Any, ...], list[float]]:
    """Some numbers of every row by its keys."""
    by_row = zip(*(frame[name].tolist() for name in numbers), strict=True)
    return {key: [*own] for key, own in zip(zip(*(frame[key] for key in keys), strict=True), by_row, strict=True)}


def _legend(answer: Stress, elements: list[str]) -> Iterator[str]:
    brackets = answer.stops[answer.stops["stop_day"].isna() & answer.stops["short_day"].notna()]
    if not brackets.empty:
        yield f"({brackets['short_day'].min():.0f}): short from that day on, within thrift and substitution: no line stops."
    served = [e for e in dict.fromkeys(answer.stops["element"]) if e not in elements]
    if served:
        yield f"Served to the end: {listed(served)}."


def _of_elements(answer: Stress, elements: list[str]) -> Listing:
    """Endurance, what is unserved and what is lost by element."""
    months = _looked_up(answer.endurance, ("plan", "element"), ("months",))
    sums = answer.stops.groupby(["plan", "element"], as_index=False)[["use_t", "unserved_t", "lost_musd"]].sum()
    amounts = _looked_up(sums, ("plan", "element"), ("use_t", "unserved_t", "lost_musd"))

    def told(plan: str, element: str) -> tuple[str, str, str]:
        (last,), (use, unserved, lost) = months[plan, element], amounts[plan, element]
        return f"{last:.1f}" if last == last else SERVED, percent(unserved / use if use > 0 else 0.0), money(lost)

    headings = ("Whole path", *(name for plan in answer.plans for name in (f"{plan}: months", "short %", "M USD")))
    return Listing(
        headings, [(e, *(cell for p in answer.plans for cell in told(p, e))) for e in elements], headings[1:]
    )


def _of_periods(answer: Stress) -> Iterator[str | Listing]:
    """What is unserved and lost, period by period, from the first with a shortage on."""
    totals = answer.totals
    classes = [str(name) for name in totals if str(name).startswith("unserved_")]
    names = [name.removeprefix("unserved_").removeprefix("medium_") for name in classes]
    numbers = _looked_up(totals, ("plan", "period"), (*classes, "lost_musd"))
    ends = _looked_up(totals, ("period",), ("end_day",))
    begins = int(totals.loc[totals["unserved"] > 0, "period"].min())
    rows = []
    for period in range(begins, len(ends) + 1):
        of_plans = (numbers[plan, period] for plan in answer.plans)
        cells = [cell for *shares, lost in of_plans for cell in (*map(percent, shares), money(lost))]
        rows.append((f"{period}, {ends[period,][0]:.0f}", *cells))
    headings = [f"{answer.step.capitalize()}, to day"]
    for plan in answer.plans:
        headings += [f"{plan}: {names[0]} %", *(f"{name} %" for name in names[1:]), "M USD"]
    yield Listing(tuple(headings), rows[:PERIODS], right=tuple(headings[1:]))
    if len(rows) > PERIODS:
        yield f"... and {len(rows) - PERIODS} more in totals (--json)."
