"""What each hedge is worth, and what a day of stock buys of a limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from procure.explore.hedges import CONTRACTS, INSTEAD, LIMIT, NO_DIFFERENCE, NO_PLAN, OF_ALL, SUPPLIER, Hedges
from procure.languages import Said, again
from procure.limits.said import class_name
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import level_in_words, money, percent, rounded, unit_in_words, with_error

_ANEW, _STAYS = (
    Said("the programme is chosen anew", "開発計画は選び直す"),
    Said("the programme stays", "開発計画は変えない"),
)
_OF = Said(" of {scope}", "{scope}の")
VERDICTS = {
    "worth it": Said("worth it", "価値あり"),
    "costs more": Said("costs more", "逆効果"),
    "tie": Said("tie", "優劣不明"),
    NO_DIFFERENCE: Said(NO_DIFFERENCE, "差なし"),
    NO_PLAN: Said(NO_PLAN, "計画が成り立たない"),
}


def page(answer: Hedges) -> Page:
    """The screen."""
    return Page([_heading(answer), "", _listing(answer), "", *_sentences(answer)])


def _heading(answer: Hedges) -> str:
    return Said(
        "{name}: what it costs without, less what it costs with, in the same futures; {programme}. Million USD of present "
        "value, beside {cost} weighed for {chosen}.",
        "{name}: 各手段がない場合の費用増（同じ将来で比較、{programme}）。現在価値、百万ドル。{chosen} の加重費用は {cost}。",
    ).format(
        name=answer.name,
        programme=_ANEW if answer.chooses else _STAYS,
        cost=money(answer.cost_musd),
        chosen=level_in_words(answer.programme),
    )


def _listing(answer: Hedges) -> Listing:
    rows = []
    is_played = answer.n_paths > 0
    for row in answer.table.to_dict("records"):
        name = _named(row["kind"], row["hedge"])
        if row["verdict"] == NO_PLAN:
            rows.append((name, *["-"] * (4 if is_played else 3), VERDICTS[NO_PLAN]))
            continue
        error = 0.0 if row["verdict"] == NO_DIFFERENCE else row["standard_error_musd"]
        fresh = (with_error(row["fresh_musd"] if error else 0.0, error),) if is_played else ()
        worth = (money(row[key]) for key in ("expected_musd", "cvar_musd", "weighed_musd"))
        rows.append((name, *worth, *fresh, VERDICTS.get(row["verdict"], row["verdict"])))
    worth_of = (Said("mean", "平均"), Said("tail", "最悪側"), LABELS["objective"])
    fresh_paths = (Said("fresh paths (error)", "検証用の経路（標準誤差）"),) if is_played else ()
    headings = (Said("without", "ない場合"), *worth_of, *fresh_paths, "")
    return Listing(headings, rows, right=headings[1:-1])


def _named(kind: str, hedge: str) -> str:
    """What a hedge is called: contracts by their supplier, a limit by its name."""
    if kind == LIMIT:
        return Said("limit {name}", "制約 {name}").format(name=hedge)
    return (
        hedge
        if kind == SUPPLIER
        else again(hedge, CONTRACTS, OF_ALL, INSTEAD, name=level_in_words, other=level_in_words)
    )


def _sentences(answer: Hedges) -> Iterator[str | Listing]:
    if answer.n_paths:
        yield Said(
            "Both plans on the same {paths:,} fresh paths; a tie is less than its standard error can tell, at 95 %.",
            "両計画を同じ検証用の {paths:,} 経路で比較。優劣不明は、差が標準誤差では判別できない（95 %）もの。",
        ).format(paths=answer.n_paths)
    elif answer.is_drawn:
        yield LABELS["one_tree"]
    else:
        yield LABELS["exact"]
    for limit in dict.fromkeys(answer.rates["limit"]):
        yield ""
        yield from _rates(answer, answer.rates[answer.rates["limit"] == limit].to_dict("records"))


def _rates(answer: Hedges, rows: list[dict[Any, Any]]) -> Iterator[str | Listing]:
    """What a day of stock buys of a limit, where both have a price."""
    first = rows[0]
    what = Said("", "") if first["scope"] == "all" else _OF.format(scope=class_name(first["scope"]))
    priced = [row for row in rows if not math.isnan(row["steps_per_day"])]
    if not priced:
        yield Said(
            "A day of use{what} in stock has no rate against {subject}: one of the two has no price at any bound.",
            "使用量1日分の{what}備蓄と「{subject}」の交換比率はない。どの上限でも一方に限界価値がない。",
        ).format(what=what, subject=first["subject"])
        return
    yield Said(
        "One day of use{what} more in stock today, against {subject} ({stands} % in its largest year):",
        "現在の{what}備蓄を使用量1日分増やすことと「{subject}」（最大の年で {stands} %）の比較:",
    ).format(what=what, subject=first["subject"], stands=percent(first["stands"]))
    headings = (
        Said("at most", "上限"),
        Said("one {per} less costs", "1{per}引下げの費用").format(per=unit_in_words(first["per"])),
        Said("one day more saves", "1日増の節約"),
        Said("a day pays for", "1日分で賄える引下げ"),
    )
    cells = [
        (
            f"{rounded(100 * row['value'])} %",
            rounded(row["step_musd"]),
            rounded(row["day_musd"]),
            rounded(row["steps_per_day"], 2),
        )
        for row in priced
    ]
    yield Listing(headings, cells, right=headings)
    yield (
        Said("At the margin, and on one tree.", "限界的な値、1本のツリーによる。")
        if answer.is_drawn
        else Said("At the margin.", "限界的な値。")
    )
