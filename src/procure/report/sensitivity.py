"""Which numbers decide, in words: those whose ranges change the choice first, then by what they move or are worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pandas import Series

from procure.explore.sensitivity import Sensitivity, spread
from procure.explore.sensitivity.numbers import END_REFUSED, PART_OF_WHOLE
from procure.explore.sensitivity.question import DECIDES, INFORMATION
from procure.explore.sensitivity.turns import FLIPS, NO_PORTFOLIO, STAYS, TIE
from procure.languages import AND, Said
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import in_full, level_in_words, listed, money, percent, rounded, unit_in_words, with_error

#: Digits of a number and its range.
DIGITS = 3
#: Numbers that are shown though the choice stays.
NEAREST = 5
_CHOSEN = Said("{name}: {programme}, {cost} million USD, weighed.", "{name}: {programme}、加重費用 {cost} 百万ドル。")
_MOST, _ALL = (
    Said(
        "the {shown} that may move the most at first order of {all}", "{all} 個のうち一次近似で影響が大きい {shown} 個"
    ),
    Said("all", "全部"),
)
_MOST_OF_CHOICE = Said(
    "the {shown} that may move the choice at first order of {all}", "{all} 個のうち一次近似で選択を変え得る {shown} 個"
)
_AT_LOW, _AT_HIGH, _APART = Said("at low", "下端"), Said("at high", "上端"), Said("apart", "差")
_LOW_END, _HIGH_END = (
    Said("{programme} at the low end", "下端で {programme}"),
    Said("{programme} at the high end", "上端で {programme}"),
)
_NUMBER, _WORTH, _LOW, _HIGH = (
    Said("number", "数値"), Said("worth, M USD", "価値、百万ドル"), Said("low", "下限"), Said("high", "上限"),
)  # fmt: skip
_UNIT, _STATUS = Said("unit", "単位"), Said("status", "根拠")
_LEFT_OUT = {
    PART_OF_WHOLE: Said(
        "Left out, because parts of a whole cannot move alone: {names}.",
        "全体の一部で単独では動かせないため除外: {names}。",
    ),
    END_REFUSED: Said(
        "Left out, because numbers beside it do not allow one of its ends: {names}.",
        "範囲の端が他の数値と両立しないため除外: {names}。",
    ),
}


def _heading(answer: Sensitivity) -> str:
    programme = level_in_words(answer.programme)
    return _CHOSEN.format(name=answer.name, programme=programme, cost=money(answer.objective_musd))


def page(answer: Sensitivity) -> Page:
    """The screen."""
    return Page(_lines(answer))


def _lines(answer: Sensitivity) -> Iterator[str | Listing]:
    shown = len(answer.table)
    screens = {INFORMATION: _information, DECIDES: _decides, spread.MORRIS: _morris, spread.SOBOL: _sobol}
    yield from screens.get(answer.method, _tornado)(answer)
    yield ""
    most = _MOST_OF_CHOICE if answer.method == DECIDES else _MOST
    which = most.format(shown=shown, all=answer.n_numbers) if shown < answer.n_numbers else _ALL
    yield Said(
        "Numbers that are not known for sure and have a range: {which}. {cases:,} cases, on the same futures.",
        "確定しておらず範囲を持つ数値: {which}。同じ将来での事例は {cases:,} 件。",
    ).format(which=which, cases=answer.n_cases)
    for reason, form in _LEFT_OUT.items():
        if names := [name for name, why in answer.left_out.items() if why == reason]:
            yield form.format(names=listed(names, 4))
    if answer.n_failed:
        yield Said(
            "Cases left out, without a portfolio or of numbers that do not allow each other: {count}.",
            "計画が成り立たない、または数値が両立しない事例 {count} 件は除外。",
        ).format(count=answer.n_failed)


def _tornado(answer: Sensitivity) -> Iterator[str | Listing]:
    table = answer.table
    flips = table.loc[table["choice"] == "flips", "number"].tolist()
    ties = table.loc[table["choice"] == "tie", "number"].tolist()
    yield _heading(answer)
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
    value, low, high = (rounded(row[column], DIGITS) for column in ("value", "low", "high"))
    yield Said(
        "{number}  {value} ({low} to {high}){unit}, {status}", "{number}  {value}（{low}～{high}）{unit}、{status}"
    ).format(
        number=row["number"],
        value=value,
        low=low,
        high=high,
        unit=_with_unit(row, ""),
        status=LABELS.get(row["status"], row["status"]),
    )


def _choice(answer: Sensitivity, row: Series) -> str:
    others = [
        form.format(programme=row[f"{end}_programme"])
        for end, form in (("low", _LOW_END), ("high", _HIGH_END))
        if row[f"{end}_programme"] not in ("", answer.programme)
    ]
    if row["margin_musd"] <= 0:
        return Said("then {others}", "このとき {others}").format(others=AND.join(others))
    return Said(
        "then {others}, {by} million USD better than {programme}{tie}",
        "このとき {others}。{programme} より {by} 百万ドル優る{tie}",
    ).format(
        others=AND.join(others), by=with_error(row["margin_musd"], row["standard_error_musd"]), programme=answer.programme,
        tie="" if row["choice"] == "flips" else Said(", a tie", "（優劣不明）"),
    )  # fmt: skip


def _decides(answer: Sensitivity) -> Iterator[str]:
    table = answer.table
    flips, ties, stays = (table[table["choice"] == choice] for choice in (FLIPS, TIE, STAYS))
    yield _heading(answer)
    headings = (
        (flips, Said(
            "Another choice is better within the range of each of these numbers, one at a time:",
            "次の数値は、それぞれ単独で、範囲内に別の選択が優る値がある:",
        )),
        (ties, Said(
            "At the end of the range of each of these it cannot be told at 95 % which is better:",
            "次の数値の範囲の端では、どちらが優るか 95 % で区別できない:",
        )),
        (stays.head(NEAREST), Said(
            "The choice stays within the range of each of these; they come nearest:",
            "次の数値では範囲内で選択は変わらない（最も近いもの）:",
        )),
    )  # fmt: skip
    for rows, heading in headings:
        if len(rows):
            yield heading
        for _, row in rows.iterrows():
            yield from ("  " + line for line in _number(row))
            yield "    " + _turn(answer, row)
    yield ""
    if (table["standard_error_musd"] == 0).all():
        yield Said("Every future is counted: costs are exact.", "起こり得る全経路による厳密な費用。")
    else:
        yield Said(
            "Costs are those of the plans on the same fresh paths, standard errors in brackets; a turn has its interval at 95 %.",
            "費用は同じ新しい経路での各計画のもの、括弧内は標準誤差。選択が変わる値には 95 % 区間を付す。",
        )
    yield Said(
        "Numbers that move together may turn the choice earlier.", "複数の数値が同時に動けば、より早く変わり得る。"
    )


def _turn(answer: Sensitivity, row: Series) -> str:
    """What comes of the choice at the end of a number."""
    told = {
        "end": _with_unit(row, rounded(row["end"], DIGITS)), "other": row["other"], "programme": answer.programme,
        "by": with_error(abs(row["margin_musd"]), row["standard_error_musd"]),
    }  # fmt: skip
    if row["other"] == NO_PORTFOLIO:
        return Said("at {end} no programme keeps the limits", "{end} ではどの計画も制約を満たさない").format(**told)
    if not abs(row["margin_musd"]) < float("inf"):
        return Said("at {end} only {other} keeps the limits", "{end} では {other} だけが制約を満たす").format(**told)
    if row["turns"] != row["turns"]:
        form = (
            Said(
                "at {end} {other} costs {by} million USD less than {programme}",
                "{end} では {other} が {programme} より {by} 百万ドル安い",
            )
            if row["margin_musd"] < 0
            else Said(
                "at {end} {other} costs {by} million USD more than {programme}",
                "{end} では {other} が {programme} より {by} 百万ドル高い",
            )
        )
        return form.format(**told)
    turns, low, high = (rounded(row[column], DIGITS) for column in ("turns", "turns_low", "turns_high"))
    form = (
        Said(
            "below {turns} {other} is better: at {end} it costs {by} million USD less",
            "{turns} を下回ると {other} が優る: {end} では {by} 百万ドル安い",
        )
        if row["end"] < row["value"]
        else Said(
            "above {turns} {other} is better: at {end} it costs {by} million USD less",
            "{turns} を上回ると {other} が優る: {end} では {by} 百万ドル安い",
        )
    )
    interval = Said("{turns} ({low} to {high})", "{turns}（{low}～{high}）").format(turns=turns, low=low, high=high)
    return form.format(**told | {"turns": _with_unit(row, interval)})


def _with_unit(row: Series, number: str) -> str:
    return number + (" " + unit_in_words(row["unit"]) if row["unit"] not in ("", "1") else "")


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
        headings=(_NUMBER, _WORTH, _LOW, _HIGH, _UNIT, _STATUS),
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


_EFFECT, _CURVED, _CHANGES = (
    Said("moves it by (error), M USD", "動かす幅（標準誤差）、百万ドル"),
    Said("apart by what the others are", "他の数値による差"),
    Said("changes the choice, %", "選択を変える割合 %"),
)
_ALONE, _WITH_OTHERS = (
    Said("of the variance alone, %", "単独で分散に占める %"),
    Said("and with others, %", "他との組合せを含め %"),
)


def _spread_heading(answer: Sensitivity) -> Iterator[str]:
    yield _heading(answer)
    yield Said(
        "All numbers lie anywhere in their ranges: the cost then has a standard deviation of {spread} million USD.",
        "すべての数値を範囲内で動かす: 費用の標準偏差は {spread} 百万ドル。",
    ).format(spread=money(answer.all_musd))
    yield ""


def _morris(answer: Sensitivity) -> Iterator[str | Listing]:
    yield from _spread_heading(answer)
    rows = [
        (
            row["number"], with_error(row["effect_musd"], row["standard_error_musd"]), money(row["spread_musd"]),
            percent(row["changes_choice"]), *_range(row),
        )
        for row in answer.table.to_dict("records")
    ]  # fmt: skip
    yield Listing(
        (_NUMBER, _EFFECT, _CURVED, _CHANGES, _LOW, _HIGH, _UNIT, _STATUS), rows,
        right=(_EFFECT, _CURVED, _CHANGES, _LOW, _HIGH),
    )  # fmt: skip
    yield ""
    yield Said(
        "Over its whole range, in the mean over where the others are (Morris). Where that is the same wherever they are, the next "
        "column is a dash.",
        "範囲の端から端まで動かしたときの幅で、他の数値の位置についての平均（Morris 法）。他の位置によらなければ次の欄は「-」。",
    )


def _sobol(answer: Sensitivity) -> Iterator[str | Listing]:
    yield from _spread_heading(answer)
    rows = [
        (
            row["number"], _share(row["first_share"], row["first_error"]), _share(row["total_share"], row["total_error"]),
            *_range(row),
        )
        for row in answer.table.to_dict("records")
    ]  # fmt: skip
    yield Listing(
        (_NUMBER, _ALONE, _WITH_OTHERS, _LOW, _HIGH, _UNIT, _STATUS), rows,
        right=(_ALONE, _WITH_OTHERS, _LOW, _HIGH),
    )  # fmt: skip
    yield ""
    yield Said(
        "Shares of the variance (Sobol), standard errors in brackets: what knowing the number alone would take away, and what "
        "would be left if it alone were unknown.",
        "分散に占める割合（Sobol 法）、括弧内は標準誤差: その数値だけが分かれば消える分と、それだけが不明なら残る分。",
    )


def _range(row: dict[Any, Any]) -> tuple[str, ...]:
    """The ends of a number, its unit and its status."""
    return (
        in_full(row["low"]), in_full(row["high"]), unit_in_words(row["unit"]), LABELS.get(row["status"], row["status"]),
    )  # fmt: skip


def _share(share: float, error: float) -> str:
    return f"{percent(share)} ({percent(error)})"
