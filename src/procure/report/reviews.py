"""What reviews are worth, in a table and in words."""

from __future__ import annotations

from collections.abc import Mapping

from procure.explore.reviews import ALL_REVIEWS, OF_YEAR, Reviews
from procure.languages import Said, again
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import money, with_error

_SEMICOLON = Said("; ", "、")
_WORDS: Mapping[str, Said] = {
    "title": Said(
        "{name}: {cost} million USD with all its reviews. Without one, million USD dearer, weighed:",
        "{name}: 全ての見直しありで {cost} 百万ドル。見直しがない場合の増加、百万ドル:",
    ),
    "review": Said("Review", "見直し"),
    "tree": Said("on its tree", "シナリオツリー上"),
    "fresh": Said("fresh paths (error)", "検証用の経路（標準誤差）"),
    "worth it": Said("worth it", "価値あり"),
    "costs more": Said("costs more", "逆効果"),
    "tie": Said("tie", "優劣不明"),
}


def page(answer: Reviews) -> Page:
    """The screen."""
    return Page([_title(answer), listing(answer)])


def _title(answer: Reviews) -> str:
    return _WORDS["title"].format(name=answer.name, cost=money(answer.cost_musd))


def _without(reviews: str) -> str:
    return _SEMICOLON.join(again(one, ALL_REVIEWS, OF_YEAR) for one in reviews.split("; "))


def listing(answer: Reviews) -> Listing:
    """Every review, what it saves on the tree and on fresh paths."""
    headings = (_WORDS["review"], _WORDS["tree"], _WORDS["fresh"], "")
    rows = [
        (
            _without(str(row["without"])), money(row["worth_musd"]),
            with_error(row["fresh_worth_musd"], row["standard_error_musd"]), _WORDS[row["verdict"]],
        )
        for row in answer.worth.to_dict("records")
    ]  # fmt: skip
    return Listing(headings, rows, right=headings[1:3])
