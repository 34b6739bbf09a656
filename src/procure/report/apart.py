"""Why two answers of one model differ, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from procure.explore.apart import Apart, dearer
from procure.languages import Said
from procure.report.called import begun
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.report.part_by_part import MEAN, WEIGHED, by_part
from procure.words import level_in_words, money, percent, plain, programme_name, rounded, unit_in_words, worst_share

#: Numbers that would undo a difference and are told.
UNDOING, DIGITS = 3, 3
_DEARER = Said(
    "{second} is dearer than {first} by {by} million USD of present value, {measure}.",
    "{second}は{first}より現在価値で {by} 百万ドル高い（{measure}）。",
)
_CHEAPER = Said(
    "{second} is cheaper than {first} by {by} million USD of present value, {measure}.",
    "{second}は{first}より現在価値で {by} 百万ドル安い（{measure}）。",
)
_SAME = Said("{second} and {first} cost the same, {measure}.", "{second}と{first}の費用は同じ（{measure}）。")
_MEASURES = {
    "weighed": Said("weighed", "加重費用"),
    "expected": Said("in the mean, since the two weigh the worst futures otherwise", "最悪側の重みが違うため平均"),
}
_SAME_PROGRAMME = Said("Both choose {programme}.", "どちらも {programme} を選ぶ。")
_PROGRAMMES = Said("{first} chooses {one}, {second} {other}.", "{first}は {one}、{second}は {other} を選ぶ。")
_TURNS = Said("On the way from {first} to {second} the choice turns from {own} to {here} where {place}.",
              "{first}から{second}へ動かす途中、{place}で選択が {own} から {here} に変わる。")  # fmt: skip
_AT = Said("{what} reaches {value}", "{what} が {value} のところ")
_ON_THE_WAY = Said("{part} % of it is behind", "全体の {part} % のところ")
_NOT_LOOKED = Said(
    "What each move makes, where the choice turns and what would undo the difference take many solves, which are too dear here: "
    "procure why and procure switch tell it.",
    "動かした数値それぞれの寄与、選択が変わる位置、差を打ち消す変化には多数回の求解が必要で、ここでは時間がかかりすぎる。"
    "procure why と procure switch で調べられる。",
)
_UNDONE = Said(
    "{number} alone would make {dearer} as cheap: {at}{unit} instead of {value}.",
    "「{number}」だけで{dearer}は同じ費用になる: {value} の代わりに {at}{unit}。",
)
_NOT_UNDONE = Said(
    "No number of the page alone makes {dearer} as cheap, within its slider.",
    "このページの数値一つだけでは、つまみの範囲内で{dearer}は同じ費用にならない。",
)
_NO_PLAN, _PLAN_AGAIN = Said("no plan", "計画なし"), Said("a plan again", "再び計画あり")


def page(answer: Apart, first: str, second: str, called: Callable[[str], str]) -> Page:
    """The screen; `first` and `second` are what the answers are called, `called` says what a path is."""
    return Page(_parts(answer, first, second, called))


def _parts(answer: Apart, first: str, second: str, called: Callable[[str], str]) -> Iterator[str | Listing]:
    apart, names = answer.difference_musd, {"first": first, "second": second}
    form = _SAME if money(apart) == "-" else _DEARER if apart > 0 else _CHEAPER
    yield begun(form.format(**names, by=money(abs(apart)), measure=_MEASURES[answer.measure]))
    one, other = (level_in_words(each.programme) for each in (answer.first, answer.second))
    if one != other:
        yield begun(_PROGRAMMES.format(**names, one=one, other=other))
    elif answer.first.programme != programme_name({}):
        yield _SAME_PROGRAMME.format(programme=one)
    yield from _turns(answer, names, called)
    yield ""
    yield _costs(answer, first, second)
    if len(answer.steps):
        yield ""
        yield _steps(answer, first, second, called)
    for listing in by_part(answer.parts, _columns(first, second), WEIGHED if answer.measure == "weighed" else MEAN):
        yield ""
        yield listing
    yield ""
    yield from _undoing(answer, second if apart > 0 else first, called)


def _columns(first: str, second: str) -> tuple[str, str, str]:
    return first, second, LABELS["dearer"]


def _turns(answer: Apart, names: dict[str, str], called: Callable[[str], str]) -> Iterator[str]:
    moved = answer.steps.to_dict("records")
    for part, own, here in answer.turns:
        if len(moved) == 1:
            value = moved[0]["first"] + part * (moved[0]["second"] - moved[0]["first"])
            place = _AT.format(what=called(moved[0]["what"]), value=rounded(value, DIGITS))
        else:
            place = _ON_THE_WAY.format(part=percent(part))
        yield _TURNS.format(
            **names, own=level_in_words(own), here=level_in_words(here) if here else _NO_PLAN, place=place
        )


def _costs(answer: Apart, first: str, second: str) -> Listing:
    tail = LABELS["tail"].format(tail=worst_share(answer.first.alpha))
    labels = {"expected": LABELS["expected"], "cvar": tail, "weighed": LABELS["objective"]}
    rows = [
        (labels[measure], money(one), money(other), money(dearer(one, other)))
        for measure, one, other in ((m, answer.first.costs[m], answer.second.costs[m]) for m in labels)
    ]
    headings = (Said("million USD", "百万ドル"), *_columns(first, second))
    return Listing(headings, rows, right=headings[1:])


def _steps(answer: Apart, first: str, second: str, called: Callable[[str], str]) -> Listing:
    """What was moved, and what it makes."""
    rows = []
    for row in answer.steps.to_dict("records"):
        values = ("-" if math.isnan(row[key]) else plain(row[key]) for key in ("first", "second"))
        makes = row["difference_musd"]
        if answer.is_solved and not makes < math.inf:
            made: str = _NO_PLAN
        else:
            made = "" if math.isnan(makes) else _PLAN_AGAIN if math.isinf(makes) else money(makes)
        rows.append((called(row["what"]), *values, made))
    headings = (Said("What was moved, one after the other", "動かしたもの、順に"), *_columns(first, second))
    return Listing(headings, rows, right=headings[1:])


def _undoing(answer: Apart, dearer: str, called: Callable[[str], str]) -> Iterator[str]:
    """What would undo the difference, the nearest first."""
    if not answer.is_solved:
        yield _NOT_LOOKED
        return
    if money(answer.difference_musd) == "-":
        return
    rows = answer.undoing.head(UNDOING).to_dict("records")
    if not rows:
        yield _NOT_UNDONE.format(dearer=dearer)
    for row in rows:
        unit = Said(" ", " ") + unit_in_words(row["unit"]) if row["unit"] else ""
        at, value = (rounded(row[key], DIGITS) for key in ("undone_at", "value"))
        yield _UNDONE.format(number=called(row["number"]), dearer=dearer, at=at, unit=unit, value=value)
