"""What an answer comes to, in a sentence that is read first: what becomes of the first supplier, stock, cost and its tail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from procure.languages import Said
from procure.portfolio.frames import OTHER_SOURCES
from procure.words import LEAST_SHARE, listed, percent, rounded, span, worst_share

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio

_FALLS = Said(
    "{share} in all demand goes from {today} % today to {then} % in {year}",
    "{share}全需要の現在 {today} % から {year} 年に {then} % となる",
)
_STARTS = Said(
    "{share} in all demand is {then} % in {year}",
    "{share} {year} 年に全需要の {then} % を供給する",
)
#: At the beginning of a sentence, and within one.
_SHARES = {
    True: Said("The share of {supplier}", "{supplier}は"),
    False: Said("the share of {supplier}", "{supplier}は"),
}
_STOCK = Said(
    "; stock of up to {days} days of use ({elements}, {years})",
    "。備蓄は最大で使用量 {days} 日分（{elements}、{years} 年）",
)
#: More elements than these are counted, not named: often nearly all fill the room that there may be.
_NAMED, _ELEMENTS = 3, Said("{count} elements", "{count} 元素")
_COST = Said(
    "; {cost} {unit} expected, {tail} in the worst {share}.", "。費用は平均 {cost} {unit}、最悪 {share} の平均 {tail}。"
)
#: Less stock than this is none, t.
_LEAST = 0.05


def course(
    portfolio: Portfolio, name: Callable[[str], str], money: Callable[[float], str], unit: str, *, begins: bool
) -> str:
    """What is done, in a sentence: the share of the first supplier, the most days of stock, the cost and its tail.

    Parameters
    ----------
    name : function key -> str
        What a supplier is called.
    money : function million USD -> str
        A sum in `unit`.
    begins : bool
        Whether a line begins with it.
    """
    summary, stock = portfolio.summary, portfolio.stock
    said = first_supplier(portfolio, name, begins=begins)
    held = stock[stock["target_days"].notna() & stock["target_t"].ge(_LEAST)]
    if len(held):
        # All that read alike: which of those that fill their room is the most, rounding decides.
        days = rounded(float(held["target_days"].max()), 2)
        most = held[[rounded(each, 2) == days for each in held["target_days"].tolist()]]
        elements, many = list(dict.fromkeys(most["element"])), _ELEMENTS.format(count=most["element"].nunique())
        said += _STOCK.format(
            days=days, elements=listed(elements) if len(elements) <= _NAMED else many, years=span(set(most["year"]))
        )
    cost, tail = money(summary["expected_cost"]), money(summary["cvar"])
    return said + _COST.format(cost=cost, unit=unit, tail=tail, share=worst_share(summary["alpha"]))


def first_supplier(portfolio: Portfolio, name: Callable[[str], str], *, begins: bool) -> Said:
    """What becomes of the first supplier of today, over all classes: a sentence without its full stop; or its second half."""
    shares = portfolio.shares
    own = shares[(shares["class"] == "all") & ~shares["supplier"].isin(OTHER_SOURCES)]
    last = str(own["year"].iloc[-1])
    now, then = (own[own["year"] == year].groupby("supplier")["share"].first() for year in ("today", last))
    supplier = str((now if now.max() >= LEAST_SHARE else then).idxmax())
    form = _FALLS if now[supplier] >= LEAST_SHARE else _STARTS
    told = {"today": percent(float(now[supplier])), "then": percent(float(then[supplier]))}
    shown = {key: "0" if share == "-" else share for key, share in told.items()}
    return form.format(share=_SHARES[begins].format(supplier=name(supplier)), year=last, **shown)
