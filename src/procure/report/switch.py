"""Where along a number the choice of programmes changes, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pandas import Series

from procure.explore.switch import NONE, Switches
from procure.languages import Said
from procure.portfolio.fresh import CONFIDENCE
from procure.report.page import Page
from procure.words import in_full, money, rounded, unit_in_words

#: Digits of everything but the switching values.
DIGITS = 3
_EVEN, _CLOSEST = (
    Said(
        "{level} is chosen throughout. At {where} {next} costs the same.",
        "全域で {level} が選ばれる。{where} では {next} と同額。",
    ),
    Said(
        "{level} is chosen throughout. {next} comes closest, at {where}: {margin} dearer.",
        "全域で {level} が選ばれる。最も近いのは {where} での {next} で、{margin} 高い。",
    ),
)
_NONE_ABOVE, _NONE_BELOW = (
    Said(
        "{where}: {level} below, for {cost} there; above it there is no portfolio that keeps the limits.",
        "{where}: これ以下では {level}（この点で {cost}）。これを超えると制約を守る計画がない。",
    ),
    Said(
        "{where}: {level} above, for {cost} there; below it there is no portfolio that keeps the limits.",
        "{where}: これ以上では {level}（この点で {cost}）。これを下回ると制約を守る計画がない。",
    ),
)
_SAME, _BOTH = (
    Said("either costs {after} there", "この点でいずれも {after}"),
    Said("{before} and {after} there", "この点で {before} と {after}"),
)
_CHANGES = Said(
    "{where}: {below} below, {above} above; {costs}.", "{where}: これ以下では {below}、これ以上では {above}。{costs}。"
)
_ENDS_ABOVE, _ENDS_BELOW = (
    Said(
        "  Above it there is no portfolio of {level} that keeps the limits.",
        "  これを超えると {level} で制約を守る計画がない。",
    ),
    Said(
        "  Below it there is no portfolio of {level} that keeps the limits.",
        "  これを下回ると {level} で制約を守る計画がない。",
    ),
)
_SLOPE = Said(
    "  With each{unit} more, {below} gets {slope} dearer beside {above}.",
    "  1{unit} 増えるごとに {below} は {above} より {slope} 高くなる。",
)
_BEFORE, _BEYOND = Said("below {end}", "{end} 未満"), Said("beyond {end}", "{end} 超")


def page(answer: Switches) -> Page:
    """The screen."""
    return Page(_lines(answer))


def _lines(answer: Switches) -> Iterator[str]:
    unit = _unit(answer)
    yield Said(
        "{name}: {path} from {low} to {high}{unit}. Million USD, weighed.",
        "{name}: {path} を {low} から {high}{unit} まで。加重費用、百万ドル。",
    ).format(name=answer.name, path=answer.path, low=in_full(answer.low), high=in_full(answer.high), unit=unit)
    yield ""
    for _, row in answer.table.iterrows():
        yield from _switch(answer, row)
    if answer.table.empty:
        yield _throughout(answer)
    yield ""
    apart = rounded((answer.high - answer.low) / (len(answer.grid) - 1), DIGITS)
    yield Said(
        "{count} values were looked at, {apart}{unit} apart: what comes and goes between two of them is not seen.",
        "{apart}{unit} おきに {count} 個の値を調べた。二つの値の間だけで起きる変化は捉えられない。",
    ).format(count=len(answer.grid), apart=apart, unit=unit)
    if answer.is_drawn_anew:
        yield Said(
            "Some values have futures of their own, drawn from the changed law: their luck is in the costs and moves a switch.",
            "一部の値では、変えた確率法則から将来を抽出し直している。抽出の偶然が費用に含まれ、切替点を動かす。",
        )
    for refusal in answer.refusals:
        yield Said("What is a tie is not known: {why}", "優劣不明の範囲は分からない: {why}").format(why=refusal)


def _throughout(answer: Switches) -> str:
    """Which level is chosen everywhere, and by how much at least."""
    level = answer.grid["chosen"].iloc[0]
    if level == NONE:
        return Said("Nowhere is there a portfolio that keeps the limits.", "どの値でも制約を守る計画がない。")
    if answer.grid["margin_musd"].isna().all():
        return Said(
            "{level} is chosen throughout: under no other level is there a portfolio that keeps the limits.",
            "全域で {level} が選ばれる。他の水準では制約を守る計画がない。",
        ).format(level=level)
    closest = answer.grid.sort_values("margin_musd", kind="stable").iloc[0]
    margin, where = money(closest["margin_musd"]), rounded(closest["value"], answer.digits)
    form = _EVEN if margin == "-" else _CLOSEST
    return form.format(level=level, next=closest["next"], where=where + _unit(answer), margin=margin)


def _switch(answer: Switches, row: Series) -> Iterator[str]:
    """One switch: where, what it costs there, and how far around it is a tie."""
    below, above = row["from"], row["to"]
    before, after, slope = row["from_cost_musd"], row["to_cost_musd"], row["slope_musd"]
    where = rounded(row["value"], answer.digits) + _unit(answer)
    if NONE in (below, above):
        form, level, cost = (_NONE_ABOVE, below, before) if above == NONE else (_NONE_BELOW, above, after)
        yield form.format(where=where, level=level, cost=money(cost))
        return
    costs = (_SAME if money(before) == money(after) else _BOTH).format(before=money(before), after=money(after))
    yield _CHANGES.format(where=where, below=below, above=above, costs=costs)
    if math.isnan(slope):
        form, level = (_ENDS_ABOVE, below) if before < after or math.isnan(before) else (_ENDS_BELOW, above)
        yield form.format(level=level)
        return
    yield _SLOPE.format(
        unit=_unit(answer) or Said(" unit", "単位"), below=below, slope=rounded(slope, DIGITS), above=above
    )
    if row["standard_error_musd"] > 0:
        is_wide = row["tie_low"] < answer.low, row["tie_high"] > answer.high
        low, high = in_full(answer.low), in_full(answer.high)
        start = _BEFORE.format(end=low) if is_wide[0] else rounded(row["tie_low"], DIGITS)
        end = _BEYOND.format(end=high) if is_wide[1] else rounded(row["tie_high"], DIGITS)
        yield Said(
            "  From {start} to {end} the two cannot be told apart (standard error of the difference {error}, {confidence:.0%}).",
            "  {start} から {end} までは両者を区別できない（差の標準誤差 {error}、{confidence:.0%}）。",
        ).format(start=start, end=end, error=money(row["standard_error_musd"]), confidence=CONFIDENCE)


def _unit(answer: Switches) -> str:
    """The unit of the values with the space before it; nothing where they have none."""
    return " " + unit_in_words(answer.unit) if answer.unit not in ("", "1") else ""
