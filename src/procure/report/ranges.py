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


def page(answer: Ranges) -> Page:
    """The screen."""
    return Page([_heading(answer), "", _listing(answer), "", *_sentences(answer)])


def _heading(answer: Ranges) -> str:
    return Said(
        "{name}: expected shares of demand, %, among all plans of {programme} that cost at most {within} % more than the best, "
        "{cost} million USD weighed.",
        "{name}: 需要に対する期待供給比率 %。{programme} のうち、最良の計画（加重費用 {cost} 百万ドル）より {within} % 高いまでの"
        "全計画の範囲。",
    ).format(
        name=answer.name,
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


def _said(answer: Ranges, row: dict[Any, Any]) -> str:
    """Needed, firm or free."""
    needed: str = _NEEDED if row["needed"] else ""
    if answer.n_trees > 1 and 0 < row["needed_on"] < answer.n_trees:
        needed = Said("needed on {some} of {all}", "{all} 本中 {some} 本で必須").format(
            some=row["needed_on"], all=answer.n_trees
        )
    return COMMA.join(filter(None, (needed, _FIRM if row["high"] - row["low"] < FIRM else "")))


def _sentences(answer: Ranges) -> Iterator[str]:
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
