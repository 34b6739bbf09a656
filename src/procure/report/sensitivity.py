"""Which numbers decide, in words: those whose ranges change the choice first, then by what they move or are worth."""

from __future__ import annotations

from collections.abc import Iterator

from pandas import Series

from procure.explore.sensitivity import Sensitivity
from procure.explore.sensitivity.question import INFORMATION
from procure.languages import Said
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import in_full, listed, money, rounded, unit_in_words, with_error

#: Digits of a number and its range.
DIGITS = 3
_MOST, _ALL = (
    Said(
        "the {shown} that may move the most at first order of {all}", "{all} 個のうち一次近似で影響が大きい {shown} 個"
    ),
    Said("all", "全部"),
)
_AT_LOW, _AT_HIGH, _APART = Said("at low", "下端"), Said("at high", "上端"), Said("apart", "差")
_LOW_END, _HIGH_END = (
    Said("{programme} at the low end", "下端で {programme}"),
    Said("{programme} at the high end", "上端で {programme}"),
)
_AND = Said(" and ", "、")
_NUMBER, _WORTH, _LOW, _HIGH = (
    Said("number", "数値"), Said("worth, M USD", "価値、百万ドル"), Said("low", "下限"), Said("high", "上限"),
)  # fmt: skip


def page(answer: Sensitivity) -> Page:
    """The screen."""
    return Page(_lines(answer))


def _lines(answer: Sensitivity) -> Iterator[str | Listing]:
    shown = len(answer.table)
    yield from _information(answer) if answer.method == INFORMATION else _tornado(answer)
    yield ""
    which = _MOST.format(shown=shown, all=answer.n_numbers) if shown < answer.n_numbers else _ALL
    yield Said(
        "Numbers that are not known for sure and have a range: {which}. {cases:,} cases, on the same futures.",
        "確定しておらず範囲を持つ数値: {which}。同じ将来で {cases:,} ケース。",
    ).format(which=which, cases=answer.n_cases)
    if answer.left_out:
        yield Said(
            "Left out, because parts of a whole cannot move alone: {names}.",
            "全体の一部で単独では動かせないため除外: {names}。",
        ).format(names=listed(answer.left_out, 4))
    if answer.n_failed:
        yield Said(
            "{count} cases have no portfolio, or numbers that do not allow each other; they are left out.",
            "計画が成り立たない、または数値が両立しない {count} ケースは除外。",
        ).format(count=answer.n_failed)


def _tornado(answer: Sensitivity) -> Iterator[str | Listing]:
    table = answer.table
    flips = table.loc[table["choice"] == "flips", "number"].tolist()
    ties = table.loc[table["choice"] == "tie", "number"].tolist()
    yield Said(
        "{name}: {programme}, {cost} million USD, weighed.", "{name}: {programme}、加重費用 {cost} 百万ドル。"
    ).format(name=answer.name, programme=answer.programme, cost=money(answer.objective_musd))
    yield Said("One number at a time goes to the ends of its range.", "数値を一つずつ範囲の両端まで動かす。")
    if flips:
        yield Said("Another choice is better at an end of {names}.", "範囲の端で別の選択が優る数値: {names}。").format(
            names=listed(flips, 5)
        )
    if ties:
        yield Said(
            "A tie with another at an end of {names}.", "範囲の端で別の選択と優劣不明になる数値: {names}。"
        ).format(names=listed(ties, 5))
    if not (flips or ties):
        yield Said("The choice stays at either end of each.", "どの数値の両端でも選択は変わらない。")
    for _, row in table[table["choice"] != "stays"].iterrows():
        yield ""
        yield from _number(row)
        yield "  " + _choice(answer, row)
    yield ""
    yield Listing(
        headings=(Said("cost, M USD", "費用、百万ドル"), _AT_LOW, _AT_HIGH, _APART),
        rows=[
            (row["number"], money(row["low_musd"]), money(row["high_musd"]), money(row["swing_musd"]))
            for _, row in table.iterrows()
        ],
        right=(_AT_LOW, _AT_HIGH, _APART),
    )


def _number(row: Series) -> Iterator[str]:
    unit = " " + unit_in_words(row["unit"]) if row["unit"] not in ("", "1") else ""
    value, low, high = (rounded(row[column], DIGITS) for column in ("value", "low", "high"))
    yield Said(
        "{number}  {value} ({low} to {high}){unit}, {status}", "{number}  {value}（{low}～{high}）{unit}、{status}"
    ).format(
        number=row["number"],
        value=value,
        low=low,
        high=high,
        unit=unit,
        status=LABELS.get(row["status"], row["status"]),
    )


def _choice(answer: Sensitivity, row: Series) -> str:
    others = [
        form.format(programme=row[f"{end}_programme"])
        for end, form in (("low", _LOW_END), ("high", _HIGH_END))
        if row[f"{end}_programme"] not in ("", answer.programme)
    ]
    if row["margin_musd"] <= 0:
        return Said("then {others}", "このとき {others}").format(others=_AND.join(others))
    return Said(
        "then {others}, {by} million USD better than {programme}{tie}",
        "このとき {others}。{programme} より {by} 百万ドル優る{tie}",
    ).format(
        others=_AND.join(others), by=with_error(row["margin_musd"], row["standard_error_musd"]), programme=answer.programme,
        tie="" if row["choice"] == "flips" else Said(", a tie", "（優劣不明）"),
    )  # fmt: skip


def _information(answer: Sensitivity) -> Iterator[str | Listing]:
    yield Said(
        "{name}: with every number anywhere in its range {programme} is best,",
        "{name}: すべての数値がそれぞれの範囲のどこかにあるとき、最良は {programme}、",
    ).format(name=answer.name, programme=answer.programme)
    yield Said("at {cost} million USD, weighed.", "加重費用は {cost} 百万ドル。").format(
        cost=money(answer.objective_musd)
    )
    yield Said(
        "To know all of these numbers before choosing a programme would be worth {worth} million USD; each by itself:",
        "開発計画を選ぶ前にこれらの数値をすべて知ることの価値は {worth} 百万ドル。一つずつでは:",
    ).format(worth=with_error(answer.all_musd, answer.all_error_musd))
    yield ""
    yield Listing(
        headings=(_NUMBER, _WORTH, _LOW, _HIGH, Said("unit", "単位"), Said("status", "根拠")),
        rows=[
            (
                row["number"], with_error(row["worth_musd"], row["standard_error_musd"]),
                in_full(row["low"]), in_full(row["high"]), unit_in_words(row["unit"]), LABELS.get(row["status"], row["status"]),
            )
            for _, row in answer.table.iterrows()
        ],
        right=(_WORTH, _LOW, _HIGH),
    )  # fmt: skip
    yield ""
    yield Said(
        "What is worth nothing changes no choice, whatever it costs. Standard errors in brackets.",
        "価値がないものは、費用がどうなっても選択を変えない。括弧内は標準誤差。",
    )
