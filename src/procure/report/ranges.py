"""Which shares are firm and which are free, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from procure.explore.ranges import Ranges
from procure.languages import COMMA, Said
from procure.limits.said import class_name
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import LEAST_SHARE, level_in_words, listed, money, percent, rounded

_TO, _NEEDED, _FIRM = Said("{low} to {high}", "{low}～{high}"), Said("needed", "必須"), Said("firm", "確定")
#: A share whose range is narrower is firm.
FIRM = 0.02
#: Fewer days in stock are shown as none.
LEAST_DAYS = 0.05


def page(answer: Ranges) -> Page:
    """The screen."""
    of_stock = len(answer.stock) > 0
    listing = _of_stock(answer) if of_stock else _listing(answer)
    return Page([_heading(answer, of_stock=of_stock), "", listing, "", *_sentences(answer, of_stock=of_stock)])


def _heading(answer: Ranges, *, of_stock: bool) -> str:
    what = (
        Said("days of use in stock", "備蓄（使用量の日数）")
        if of_stock
        else Said("expected shares of demand, %", "需要に対する期待供給比率 %")
    )
    return Said(
        "{name}: {what}, among all plans of {programme} that cost at most {within} % more than the best, "
        "{cost} million USD weighed.",
        "{name}: {what}。{programme} のうち、最良の計画（加重費用 {cost} 百万ドル）より {within} % 高いまでの"
        "全計画の範囲。",
    ).format(
        name=answer.name,
        what=what,
        programme=level_in_words(answer.programme),
        within=rounded(100 * answer.within),
        cost=money(answer.cost_musd),
    )


def _listing(answer: Ranges) -> Listing:
    is_over_trees = answer.n_trees > 1
    shares_of = (Said("best plan", "最良の計画"), Said("least", "最小"), Said("largest", "最大"))
    over_trees = (Said("of all trees", "全ツリー"),) if is_over_trees else ()
    headings = ("", Said("supplier", "供給元"), *shares_of, *over_trees, "")
    rows, before = [], ""
    for row in answer.table.to_dict("records"):
        if row["most_high"] < LEAST_SHARE:
            continue
        name = class_name(row["scope"])
        over = (_TO.format(low=percent(row["least_low"]), high=percent(row["most_high"])),) if is_over_trees else ()
        shares = (percent(row[key]) for key in ("share", "low", "high"))
        rows.append((name if name != before else "", row["supplier"], *shares, *over, _said(answer, row)))
        before = name
    return Listing(headings, rows, right=headings[2:-1])


def _of_stock(answer: Ranges) -> Listing:
    """What lies in stock, in days of use."""
    over_trees = (Said("of all trees", "全ツリー"),) if answer.n_trees > 1 else ()
    headings = ("", Said("best plan", "最良の計画"), Said("least", "最小"), Said("largest", "最大"), *over_trees, "")
    rows = []
    for row in answer.stock.to_dict("records"):
        over = (_TO.format(low=_days(row["least_low"]), high=_days(row["most_high"])),) if over_trees else ()
        days = (_days(row[key]) for key in ("days", "low", "high"))
        rows.append((class_name(row["scope"]), *days, *over, _needed(answer, row)))
    return Listing(headings, rows, right=headings[1:-1])


def _days(number: float) -> str:
    return rounded(number, 2 if number < 100 else 3) if number >= LEAST_DAYS else "-"


def _said(answer: Ranges, row: dict[Any, Any]) -> str:
    """Needed, firm or free."""
    return COMMA.join(filter(None, (_needed(answer, row), _FIRM if row["high"] - row["low"] < FIRM else "")))


def _needed(answer: Ranges, row: dict[Any, Any]) -> str:
    """Whether no plan does without, and on how many trees."""
    needed: str = _NEEDED if row["needed"] else ""
    if answer.n_trees > 1 and 0 < row["needed_on"] < answer.n_trees:
        needed = Said("needed on {some} of {all}", "{all} 本中 {some} 本で必須").format(
            some=row["needed_on"], all=answer.n_trees
        )
    return needed


def _sentences(answer: Ranges, *, of_stock: bool) -> Iterator[str]:
    if of_stock:
        yield Said(
            "Needed: no such plan does without. Each is told alone: not all can be least at once.",
            "必須: これを欠く計画はない。一つずつの範囲であり、すべてを同時に最小にはできない。",
        )
        yield Said(
            "At the end of a year, in the mean over all years and futures; there is room for more, which is drawn on.",
            "各年末の残高の、全年・全将来の平均。取り崩す分だけ、備える容量より少ない。",
        )
    else:
        yield from _of_shares(answer)
    if answer.levels:
        dearer = Said("{name} ({by} dearer)", "{name}（{by} 高い）")
        near = listed(
            [dearer.format(name=name, by=money(cost - answer.cost_musd)) for name, cost in answer.levels.items()]
        )
        yield Said(
            "Plans of other programmes are as near, and not among these: {near}.",
            "他の開発計画にも同程度の費用の計画があり、ここには含まれない: {near}。",
        ).format(near=near)
    if answer.n_trees == 1:
        yield Said(
            "All on one tree, of many that could be drawn: --seeds 3 adds the least and the largest over three.",
            "抽出した1本のシナリオツリーによる。--seeds 3 で3本の最小と最大を加える。",
        )
    elif answer.n_trees == 0:
        yield Said("Every future is counted: the ranges are exact.", "起こり得る全将来を数えた厳密な範囲。")


def _of_shares(answer: Ranges) -> Iterator[str]:
    """What the words of the table of shares mean."""
    yield Said(
        "Needed: no such plan does without. Firm: {points:.0f} points wide at most. Each share is told alone: not all can be "
        "least at once.",
        "必須: これを欠く計画はない。確定: 幅が {points:.0f} ポイント以内。"
        "比率は一つずつの範囲であり、すべてを同時に最小にはできない。",
    ).format(points=100 * FIRM)
    if answer.table["most_high"].max() > 1:
        yield Said(
            "More than 100 %: bought to be sold on, as far as the room in cost goes.",
            "100 % 超: 費用の余裕の範囲で、転売のために購入する分を含む。",
        )
