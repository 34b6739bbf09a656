"""What reviews are worth, in a table and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procure.explore.reviews import Reviews
from procure.report.listing import Listing
from procure.words import Language, money, with_error

if TYPE_CHECKING:
    from rich.console import Group

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "{name}: {cost} million USD with all its reviews. Without one, million USD dearer, weighed:",
        "review": "Review", "tree": "on its tree", "fresh": "fresh paths (error)",
        "worth it": "worth it", "costs more": "costs more", "tie": "tie",
    },
    "ja": {
        "title": "{name}: 全ての見直しありで {cost} 百万ドル。見直しがない場合の増加、百万ドル:",
        "review": "見直し", "tree": "木の上", "fresh": "新しい経路（標準誤差）",
        "worth it": "価値あり", "costs more": "逆効果", "tie": "優劣不明",
    },
}  # fmt: skip


def to_text(answer: Reviews, language: Language = "en") -> str:
    """The screen as plain text."""
    return f"{_title(answer, language)}\n{listing(answer, language)}"


def screen(answer: Reviews, language: Language = "en") -> Group:
    """The screen for a terminal."""
    from rich.console import Group
    from rich.text import Text

    return Group(Text(_title(answer, language), style="bold"), listing(answer, language))


def _title(answer: Reviews, language: Language) -> str:
    return WORDS[language]["title"].format(name=answer.name, cost=money(answer.cost_musd))


def listing(answer: Reviews, language: Language) -> Listing:
    """Every review, what it saves on the tree and on fresh paths."""
    words = WORDS[language]
    headings = (words["review"], words["tree"], words["fresh"], "")
    rows = [
        (
            str(row["without"]), money(row["worth_musd"]),
            with_error(row["fresh_worth_musd"], row["standard_error_musd"]), words[row["verdict"]],
        )
        for row in answer.worth.to_dict("records")
    ]  # fmt: skip
    return Listing(headings, rows, right=headings[1:3])
