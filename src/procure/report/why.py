"""What a rival loses, and what would have to be otherwise, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pandas import DataFrame

from procure.explore.why import COMPONENT, ELEMENT, YEAR, Why
from procure.portfolio.fresh import CONFIDENCE, WIDE
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import money, percent, programme_name, rounded, with_error

#: Parts of each kind, and processes, that have lines of their own.
PARTS, PROCESSES = 6, 3
#: A part is shown where it is more than this share of the largest.
LEAST = 0.01
DIGITS = 3
MEASURES = {"expected": "mean", "cvar": "tail", "weighed": "weighed"}
HEADINGS = {COMPONENT: "By what is paid for", ELEMENT: "By element", YEAR: "By year"}


def page(answer: Why) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Why) -> Iterator[str | Listing]:
    chosen = answer.chosen if math.isnan(answer.share) else "the best plan"
    yield f"{answer.name}: {answer.rival} instead of {chosen}. Million USD of present value."
    if not math.isnan(answer.share):
        stays = "" if answer.chosen == programme_name({}) else f" The programme stays, {answer.chosen}."
        yield (f"In the mean over all years and futures; the best plan has {percent(answer.chosen_share)} %.{stays}")
    yield ""
    yield _costs(answer)
    yield from _verdict(answer)
    for kind, heading in HEADINGS.items():
        rows = answer.parts[answer.parts["kind"] == kind]
        if len(rows) > 1:
            yield ""
            yield _of_kind(answer, rows, heading)
    yield from _futures(answer)
    yield from _numbers(answer)


def _costs(answer: Why) -> Listing:
    is_played = answer.n_paths > 0
    rows = []
    for row in answer.table.to_dict("records"):
        costs = (money(row[key]) for key in ("chosen_musd", "rival_musd", "difference_musd"))
        fresh = (with_error(row["fresh_musd"], row["standard_error_musd"]),) if is_played else ()
        rows.append((MEASURES[row["measure"]], *costs, *fresh))
    headings = ("", "chosen", "instead", "dearer", *(("on fresh paths (error)",) if is_played else ()))
    return Listing(headings, rows, right=headings[1:])


def _verdict(answer: Why) -> Iterator[str]:
    weighed = answer.table[answer.table["measure"] == "weighed"]
    number, error = (float(weighed[column].iloc[0]) for column in ("fresh_musd", "standard_error_musd"))
    if answer.n_paths:
        where = f"on {answer.n_paths:,} fresh paths, the same for both"
        if abs(number) <= WIDE * error:
            yield f"The two cannot be told apart {where} ({CONFIDENCE:.0%})."
        else:
            yield f"It is {'dearer' if number > 0 else 'CHEAPER'} {where}: {with_error(abs(number), error)} weighed."
    elif answer.refusal:
        yield f"How well that is known is not known: {answer.refusal}"
    elif answer.is_drawn:
        yield "All on one tree, of many that could be drawn: with fresh paths (--paths) a difference has its error."
    else:
        yield "Every future is counted: the differences are exact."
    if not math.isnan(answer.step_musd) and money(answer.step_musd) != "-":
        yield f"The next percentage point of that share costs {rounded(answer.step_musd)} at the margin."


def _of_kind(answer: Why, rows: DataFrame, heading: str) -> Listing:
    """The parts in which the two differ most; years in their order."""
    is_year = heading == HEADINGS[YEAR]
    largest = rows["difference_musd"].abs().max()
    shown = rows[rows["difference_musd"].abs() > LEAST * largest]
    if not is_year:
        shown = shown.iloc[shown["difference_musd"].abs().argsort(kind="stable")[::-1]].head(PARTS)
    cells = [
        (
            _named(row["part"]),
            *(money(row[key]) for key in ("chosen_musd", "rival_musd", "difference_musd")),
        )
        for row in shown.to_dict("records")
    ]
    rest = rows.drop(shown.index)["difference_musd"].sum()
    if money(rest) != "-" and abs(rest) >= 0.5:
        cells.append(("all others", "", "", money(rest)))
    headings = (f"{heading}, weighed", "chosen", "instead", "dearer")
    return Listing(headings, cells, right=headings[1:])


def _named(part: str) -> str:
    """A component, an element or a year as people call it."""
    return LABELS[part] if part in LABELS else part.replace("_", "/") or "of no element"


def _futures(answer: Why) -> Iterator[str | Listing]:
    """Those processes by whose course the difference differs most."""
    frame = answer.futures
    if frame.empty:
        return
    adds = frame["difference_musd"] - frame["odds_musd"]
    whole = adds.groupby(frame["process"], sort=False).transform("sum")
    apart = (adds - frame["chance"] * whole).abs().groupby(frame["process"], sort=False).sum()
    first = (
        apart[apart > LEAST * whole.abs().max()].sort_values(ascending=False, kind="stable").index[:PROCESSES].tolist()
    )
    rows = []
    for process in first:
        own = frame[frame["process"] == process]
        for k, row in enumerate(own.to_dict("records")):
            chance = percent(row["chance"])
            if percent(row["rival_chance"]) != chance:
                chance = f"{chance} -> {percent(row['rival_chance'])}"
            name = process.replace("_", " ") if k == 0 else ""
            numbers = (money(row["there_musd"]), money(row["difference_musd"] - row["odds_musd"]))
            rows.append((name, _how_long(row["state"], row["above"], row["up_to"]), chance, *numbers))
        odds = float(own["odds_musd"].sum())
        if abs(odds) >= 0.5:
            rows.append(("", "the same futures at other odds", "", "", money(odds)))
    if rows:
        yield ""
        headings = ("By future, mean", "", "chance, %", "dearer there", "adds")
        yield Listing(headings, rows, right=headings[2:])


def _how_long(state: str, above: float, up_to: float) -> str:
    """How much of the time something stands in a state."""
    if above == up_to:
        return f"never {state}" if up_to == 0 else f"always {state}"
    parts = {0.0: "", 1 / 3: "a third", 2 / 3: "two thirds"}
    if above == 0:
        return f"{state} for up to {parts[up_to]} of the time"
    return f"{state} for {parts[above]} to {parts[up_to]}" if up_to < 1 else f"{state} for more than {parts[above]}"


def _numbers(answer: Why) -> Iterator[str]:
    """What would reverse it, the smallest change first."""
    if answer.n_numbers == 0:
        return
    yield ""
    looked = f"{answer.n_numbers} numbers that are not known for sure and have a range"
    if answer.numbers.empty:
        yield f"None of {looked} brings it nearer, at first order."
        return
    yield f"What would reverse it: of {looked}, those that bring it nearest at first order. Both are solved again."
    for row in answer.numbers.to_dict("records"):
        unit = f" {row['unit']}" if row["unit"] not in ("", "1") else ""
        value, end = (rounded(row[key], DIGITS) for key in ("value", "end"))
        number = f"  {row['number']} ({row['status']}), now {value}{unit}"
        if not math.isnan(row["reverses_at"]):
            yield f"{number}: as cheap at {rounded(row['reverses_at'], DIGITS)}, within its range, which ends at {end}."
        elif math.isnan(row["end_musd"]):
            yield f"{number}: at the end of its range, {end}, there is no plan."
        elif money(row["end_musd"]) == "-":
            yield f"{number}: as cheap."
        else:
            yield f"{number}: still {money(row['end_musd'])} dearer at the end of its range, {end}."
    reversing = answer.numbers["reverses_at"].notna()
    if not reversing.any():
        yield "None of these reverses it within its range."
