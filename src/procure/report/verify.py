"""What is proved of a kept answer, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procure.languages import Said
from procure.portfolio.verify import Verification
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page, Part
from procure.words import level_in_words, money

_PROVED = Said(
    "{name}, {programme}: proved by arithmetic, without a solver. Million USD of present value, weighed.",
    "{name}、{programme}: ソルバーを使わず算術で証明済み。現在価値、加重、百万ドル。",
)
_NOT_PROVED = Said(
    "{name}, {programme}: NOT proved. Million USD of present value, weighed.",
    "{name}、{programme}: 証明できない。現在価値、加重、百万ドル。",
)
_HOLDS = Said(
    "The plan keeps every limit and every balance; no plan under any programme costs less; what the answer says of the plan is so.",
    "計画はすべての制約と収支を守る。どの開発計画でも、これより安い計画はない。計画について述べた数値は正しい。",
)
_FAULT = Said("Not proved: {fault}.", "証明できない: {fault}。")
_TRUSTED = Said("As written, and no part of the proof: {parts}.", "書かれたままであり、証明には含まれない: {parts}。")
_PROGRAMMES, _COSTS = Said("Programmes", "開発計画"), Said("costs", "費用")
_BOUND, _GAP = Said("none costs less than", "これより安い計画はない"), Said("gap", "差")
_MISSED, _CHOSEN = Said("rows missed by", "行の違反"), LABELS["chosen"]
_NO_PLAN, _NOTHING = Said("no plan keeps the limits", "制約を守る計画はない"), Said("nothing is proved", "証明なし")
_SEMICOLON = Said("; ", "、")


def page(answer: Verification) -> Page:
    """The screen."""
    heading = (_PROVED if answer.holds else _NOT_PROVED).format(
        name=answer.name, programme=level_in_words(answer.programme)
    )
    table: list[Part] = [_listing(answer), ""] if len(answer.levels) else []
    return Page([heading, "", *table, *_sentences(answer)])


def _listing(answer: Verification) -> Listing:
    rows: list[tuple[str, ...]] = []
    for row in answer.levels.to_dict("records"):
        word = _CHOSEN if row["chosen"] else ""
        if math.isinf(row["cost_musd"]):
            rows.append(
                (level_in_words(row["level"]), word, "-", _NO_PLAN if row["proved_musd"] > 0 else _NOTHING, "-", "-")
            )
        else:
            cost, proved = money(row["cost_musd"]), money(row["proved_musd"])
            rows.append(
                (level_in_words(row["level"]), word, cost, proved, f"{row['gap']:.1g}", f"{row['violation']:.1g}")
            )
    headings = (_PROGRAMMES, "", _COSTS, _BOUND, _GAP, _MISSED)
    return Listing(headings, rows, right=headings[2:])


def _sentences(answer: Verification) -> Iterator[str]:
    if answer.holds:
        yield _HOLDS
    yield from (_FAULT.format(fault=fault) for fault in answer.faults)
    if answer.trusted:
        yield _TRUSTED.format(parts=_SEMICOLON.join(answer.trusted))
