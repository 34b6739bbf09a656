"""Where along a number the choice of programmes changes, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pandas import Series

from procure.explore.switch import NONE, Switches
from procure.portfolio.fresh import CONFIDENCE
from procure.report.page import Page
from procure.words import in_full, money, rounded

#: Digits of everything but the switching values.
DIGITS = 3
KEEPING = "that keeps the limits"


def page(answer: Switches) -> Page:
    """The screen."""
    return Page(_lines(answer))


def _lines(answer: Switches) -> Iterator[str]:
    unit = _unit(answer)
    yield f"{answer.name}: {answer.path} from {in_full(answer.low)} to {in_full(answer.high)}{unit}. Million USD, weighed."
    yield ""
    for _, row in answer.table.iterrows():
        yield from _switch(answer, row)
    if answer.table.empty:
        yield _throughout(answer)
    yield ""
    apart = rounded((answer.high - answer.low) / (len(answer.grid) - 1), DIGITS)
    yield f"{len(answer.grid)} values were looked at, {apart}{unit} apart: what comes and goes between two of them is not seen."
    if answer.is_drawn_anew:
        yield "Some values have futures of their own, drawn from the changed law: their luck is in the costs and moves a switch."
    for refusal in answer.refusals:
        yield f"What is a tie is not known: {refusal}"


def _throughout(answer: Switches) -> str:
    """Which level is chosen everywhere, and by how much at least."""
    level = answer.grid["chosen"].iloc[0]
    if level == NONE:
        return f"Nowhere is there a portfolio {KEEPING}."
    if answer.grid["margin_musd"].isna().all():
        return f"{level} is chosen throughout: under no other level is there a portfolio {KEEPING}."
    closest = answer.grid.sort_values("margin_musd", kind="stable").iloc[0]
    margin, where = money(closest["margin_musd"]), rounded(closest["value"], answer.digits)
    if margin == "-":
        return f"{level} is chosen throughout. At {where}{_unit(answer)} {closest['next']} costs the same."
    return f"{level} is chosen throughout. {closest['next']} comes closest, at {where}{_unit(answer)}: {margin} dearer."


def _switch(answer: Switches, row: Series) -> Iterator[str]:
    """One switch: where, what it costs there, and how far around it is a tie."""
    below, above = row["from"], row["to"]
    before, after, slope = row["from_cost_musd"], row["to_cost_musd"], row["slope_musd"]
    where = f"{rounded(row['value'], answer.digits)}{_unit(answer)}"
    if NONE in (below, above):
        side, other, level, cost = (
            ("above", "below", below, before) if above == NONE else ("below", "above", above, after)
        )
        yield f"{where}: {level} {other}, for {money(cost)} there; {side} it there is no portfolio {KEEPING}."
        return
    costs = (
        f"either costs {money(after)} there"
        if money(before) == money(after)
        else f"{money(before)} and {money(after)} there"
    )
    yield f"{where}: {below} below, {above} above; {costs}."
    if math.isnan(slope):
        side, level = ("above", below) if before < after or math.isnan(before) else ("below", above)
        yield f"  {side.capitalize()} it there is no portfolio of {level} {KEEPING}."
        return
    unit = _unit(answer) or " unit"
    yield f"  With each{unit} more, {below} gets {rounded(slope, DIGITS)} dearer beside {above}."
    if row["standard_error_musd"] > 0:
        is_wide = row["tie_low"] < answer.low, row["tie_high"] > answer.high
        start = f"below {in_full(answer.low)}" if is_wide[0] else rounded(row["tie_low"], DIGITS)
        end = f"beyond {in_full(answer.high)}" if is_wide[1] else rounded(row["tie_high"], DIGITS)
        error = money(row["standard_error_musd"])
        yield f"  From {start} to {end} the two cannot be told apart (standard error of the difference {error}, {CONFIDENCE:.0%})."


def _unit(answer: Switches) -> str:
    """The unit of the values with the space before it; nothing where they have none."""
    return f" {answer.unit}" if answer.unit not in ("", "1") else ""
