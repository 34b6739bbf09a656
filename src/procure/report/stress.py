"""Who stops along a path of events, on which day, and what is lost: today's plan and the found one side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from procure.explore.stress import Stress
from procure.languages import COMMA, Said
from procure.limits.said import class_name
from procure.report.labels import LARGE_UNITS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import listed, money, percent

if TYPE_CHECKING:
    from pandas import DataFrame

PLANS = {"today's": Said("today's", "現行"), "found": Said("found", "最適")}
STEPS = {"month": Said("Month, to day", "月、終了日"), "week": Said("Week, to day", "週、終了日")}
_WANT_OF_ONE = Said("  lines stop for want of {count} element in all.", "  生産停止の原因となる元素は計 {count} 種。")
_WANT_OF_SEVERAL = Said(
    "  lines stop for want of {count} elements in all.", "  生産停止の原因となる元素は計 {count} 種。"
)
_LOSES = Said(
    "{plan} loses {lost} M USD{own} and pays {paid} for what it calls.",
    "{plan}の損失は {lost} 百万ドル{own}、随時購入の支払いは {paid}。",
)
_LOSES_NOTHING = Said(
    "{plan} loses nothing and pays {paid} for what it calls.", "{plan}に損失はなく、随時購入の支払いは {paid}。"
)
_SHORT, _MUSD = Said("short %", "不足 %"), Said("M USD", "百万ドル")
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
        yield Said(
            "Of what the event takes away nothing is bought: {names}.",
            "事象で失われるもののうち、もともと購入していないもの: {names}。",
        ).format(names=listed(answer.idle))
    if answer.is_elsewhere:
        yield ""
        yield Said(
            "The found plan was found with other facts than those it is followed with.",
            "最適計画は、ここで追跡に用いたものとは別のデータで求められている。",
        )
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
        yield Said("Nobody has any stock.", "備蓄は誰も持たない。")
        return
    yield Said(
        "Stock is drawn in full as long as there is any: nobody rations.",
        "備蓄は残る限り全量を放出する（節約配分はしない）。",
    )
    kept = [name for name, share in answer.released.items() if share == 0]
    if kept:
        yield Said("Nothing of what the {names} holds is released.", "{names} の保有分は放出されない。").format(
            names=listed(kept)
        )


def _plan(name: str) -> Said:
    return Said(f"{name.capitalize()} plan" if name.endswith("'s") else f"The {name} plan", f"{_named(name).ja}計画")


def _named(plan: str) -> Said:
    """Which plan it is, in a heading."""
    return PLANS.get(plan, Said(plan, plan))


def _headline(answer: Stress) -> Iterator[str]:
    yield Said(
        "{name}: {event} from the beginning of {year}, {days:,.0f} days{stock}.",
        "{name}: {event}（{year} 年初から {days:,.0f} 日間{stock}）。",
    ).format(
        name=answer.name, event=answer.event, year=answer.year, days=answer.days,
        stock=Said(", nobody with any stock", "、備蓄なし") if answer.without_stock else "",
    )  # fmt: skip
    for plan in answer.plans:
        rows = answer.stops[answer.stops["plan"] == plan]
        stopped = rows[rows["stop_day"].notna()].sort_values("stop_day", kind="stable")
        if not stopped.empty:
            first = stopped.iloc[0]
            same = stopped[stopped["stop_day"].round() == round(first["stop_day"])]
            users, elements = (list(dict.fromkeys(same[column])) for column in ("user", "element"))
            count = stopped["element"].nunique()
            yield Said(
                "{plan}: {users} users of {elements} stop first, on day {day:.0f};",
                "{plan}: 最初に停止するのは {users} の {elements} 使用者で、{day:.0f} 日目。",
            ).format(
                plan=_plan(plan), users=Said(" and ", "・").join(users), elements=listed(elements, most=3),
                day=first["stop_day"],
            )  # fmt: skip
            form = _WANT_OF_SEVERAL if count > 1 else _WANT_OF_ONE
            yield form.format(count=count)
        elif rows["short_day"].notna().any():
            yield Said(
                "{plan}: some are short from day {day:.0f} on, and no line stops.",
                "{plan}: {day:.0f} 日目から一部で不足するが、生産停止はない。",
            ).format(plan=_plan(plan), day=rows["short_day"].min())
        else:
            yield Said("{plan}: everybody is served to the end.", "{plan}: 最後まで全使用者に供給できる。").format(
                plan=_plan(plan)
            )


def _losses(answer: Stress) -> Iterator[str]:
    rate = answer.exchange.get(answer.currency)
    name, size = LARGE_UNITS.get(answer.currency, (f"M {answer.currency}", 1e6))
    for plan in answer.plans:
        rows = answer.totals[answer.totals["plan"] == plan]
        lost, paid = float(rows["lost_musd"].sum()), float(rows["paid_musd"].sum())
        own = f" ({money(lost * rate * 1e6 / size)} {name})" if rate and answer.currency != "USD" and lost else ""
        form = _LOSES if lost else _LOSES_NOTHING
        yield form.format(plan=_plan(plan), lost=money(lost), own=own, paid=money(paid))


def _days(answer: Stress, elements: list[str]) -> Listing:
    """The first day of a stop by element and user; in brackets that of a shortage where nothing stops."""
    keys, numbers = ("plan", "element", "user"), ("short_day", "stop_day")
    days = _looked_up(answer.stops, keys, numbers)
    columns = [(plan, user) for plan in answer.plans for user in dict.fromkeys(answer.stops["user"])]

    def day(plan: str, element: str, user: str) -> str:
        short, stop = days[plan, element, user]
        return f"{stop:.0f}" if stop == stop else f"({short:.0f})" if short == short else SERVED

    headings = (Said("Day of a stop", "停止日"), *(_named(plan) + COMMA + user for plan, user in columns))
    return Listing(headings, [(e, *(day(p, e, u) for p, u in columns)) for e in elements], right=headings[1:])


def _looked_up(frame: DataFrame, keys: tuple[str, ...], numbers: tuple[str, ...]) -> dict[tuple[Any, ...], list[float]]:
    """Some numbers of every row by its keys."""
    by_row = zip(*(frame[name].tolist() for name in numbers), strict=True)
    return {key: [*own] for key, own in zip(zip(*(frame[key] for key in keys), strict=True), by_row, strict=True)}


def _legend(answer: Stress, elements: list[str]) -> Iterator[str]:
    brackets = answer.stops[answer.stops["stop_day"].isna() & answer.stops["short_day"].notna()]
    if not brackets.empty:
        yield Said(
            "({day:.0f}): short from that day on, within thrift and substitution: no line stops.",
            "({day:.0f}): その日から不足するが、節約と代替の範囲内で生産停止はない。",
        ).format(day=brackets["short_day"].min())
    served = [e for e in dict.fromkeys(answer.stops["element"]) if e not in elements]
    if served:
        yield Said("Served to the end: {names}.", "最後まで供給可能: {names}。").format(names=listed(served))


def _of_elements(answer: Stress, elements: list[str]) -> Listing:
    """Endurance, what is unserved and what is lost by element."""
    months = _looked_up(answer.endurance, ("plan", "element"), ("months",))
    sums = answer.stops.groupby(["plan", "element"], as_index=False)[["use_t", "unserved_t", "lost_musd"]].sum()
    amounts = _looked_up(sums, ("plan", "element"), ("use_t", "unserved_t", "lost_musd"))

    def told(plan: str, element: str) -> tuple[str, str, str]:
        (last,), (use, unserved, lost) = months[plan, element], amounts[plan, element]
        return f"{last:.1f}" if last == last else SERVED, percent(unserved / use if use > 0 else 0.0), money(lost)

    lasts = Said("{plan}: months", "{plan}: 耐久月数")
    headings = (
        Said("Whole path", "全期間"),
        *(name for plan in answer.plans for name in (lasts.format(plan=_named(plan)), _SHORT, _MUSD)),
    )
    return Listing(
        headings, [(e, *(cell for p in answer.plans for cell in told(p, e))) for e in elements], headings[1:]
    )


def _of_periods(answer: Stress) -> Iterator[str | Listing]:
    """What is unserved and lost, period by period, from the first with a shortage on."""
    totals = answer.totals
    classes = [str(name) for name in totals if str(name).startswith("unserved_")]
    given = [name.removeprefix("unserved_") for name in classes]
    names = [Said(name.removeprefix("medium_"), class_name(name).ja) for name in given]
    numbers = _looked_up(totals, ("plan", "period"), (*classes, "lost_musd"))
    ends = _looked_up(totals, ("period",), ("end_day",))
    begins = int(totals.loc[totals["unserved"] > 0, "period"].min())
    rows = []
    for period in range(begins, len(ends) + 1):
        of_plans = (numbers[plan, period] for plan in answer.plans)
        cells = [cell for *shares, lost in of_plans for cell in (*map(percent, shares), money(lost))]
        rows.append((f"{period}, {ends[period,][0]:.0f}", *cells))
    headings: list[str] = [STEPS.get(answer.step, answer.step)]
    for plan in answer.plans:
        headings += [_named(plan) + ": " + names[0] + " %", *(name + " %" for name in names[1:]), _MUSD]
    yield Listing(tuple(headings), rows[:PERIODS], right=tuple(headings[1:]))
    if len(rows) > PERIODS:
        yield Said("... and {count} more in totals (--json).", "… ほか {count} 期は totals（--json）に。").format(
            count=len(rows) - PERIODS
        )
