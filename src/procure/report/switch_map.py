"""Which programme is chosen over two numbers, as a table with the pairs that are a tie."""

from __future__ import annotations

from collections.abc import Iterator

from procure.explore.switch import NONE
from procure.explore.switch_map import SwitchMap
from procure.languages import COMMA, Said
from procure.portfolio.fresh import CONFIDENCE
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import rounded, unit_in_words

DIGITS = 3
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TIE = "~"
_AT = Said("{before} to {after} at {at}", "{at} で {before} → {after}")


def page(answer: SwitchMap) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: SwitchMap) -> Iterator[str | Listing]:
    (across, up), (unit_across, unit_up) = answer.paths, map(_unit, answer.units)
    yield Said(
        "{name}: the programme of least weighed cost. From left to right {across}{unit_across}, from top to bottom {up}{unit_up}.",
        "{name}: 加重費用が最小の開発計画。左から右へ {across}{unit_across}、上から下へ {up}{unit_up}。",
    ).format(name=answer.name, across=across, unit_across=unit_across, up=up, unit_up=unit_up)
    yield ""
    levels = list(dict.fromkeys(answer.table["chosen"]))
    letter = {level: "-" if level == NONE else LETTERS[k % len(LETTERS)] for k, level in enumerate(levels)}
    firsts, seconds = (list(dict.fromkeys(answer.table[name])) for name in ("first", "second"))
    cells = {(row["first"], row["second"]): row for row in answer.table.to_dict("records")}
    headings = ("", *(rounded(value, DIGITS) for value in firsts), Said("about where it changes", "変わるおよその位置"))
    rows = []
    for second in seconds:
        own = [cells[first, second] for first in firsts]
        told = (letter[cell["chosen"]] + (TIE if cell["is_tie"] else "") for cell in own)
        at = answer.switches[answer.switches["second"] == second].to_dict("records")
        where = COMMA.join(
            _AT.format(before=letter[row["from"]], after=letter[row["to"]], at=rounded(row["first"], DIGITS))
            for row in at
        )
        rows.append((rounded(second, DIGITS), *told, where))
    yield Listing(headings, rows, right=headings[:-1])
    yield ""
    for level in levels:
        yield f"{letter[level]}  {level}"
    if answer.table["is_tie"].any():
        yield Said(
            "{mark}  cannot be told from another at {confidence:.0%}, by the error of their difference as both numbers stand",
            "{mark}  別の計画と区別できない（{confidence:.0%}、両数値が現在値のときの差の誤差による）",
        ).format(mark=TIE, confidence=CONFIDENCE)
    elif answer.is_drawn and answer.table["standard_error_musd"].isna().any():
        yield Said(
            "How far around a change it is a tie is not known of levels that have no portfolio as the numbers stand.",
            "現在の数値で計画が成り立たない水準については、優劣不明の範囲は分からない。",
        )
    yield Said(
        "Between two values costs are taken as straight: `procure switch` along one of the numbers finds a change to any digit.",
        "二つの値の間では費用を直線とみなす。一方の数値に沿う `procure switch` なら任意の桁まで求まる。",
    )


def _unit(unit: str) -> str:
    return COMMA + unit_in_words(unit) if unit not in ("", "1") else ""
