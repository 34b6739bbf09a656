"""Which numbers decide, in words: those whose ranges change the choice first, then by what they move or are worth."""

from __future__ import annotations

from collections.abc import Iterator

from pandas import Series

from procure.explore.sensitivity import Sensitivity
from procure.explore.sensitivity.question import INFORMATION
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import in_full, listed, money, rounded, with_error

#: Digits of a number and its range.
DIGITS = 3


def page(answer: Sensitivity) -> Page:
    """The screen."""
    return Page(_lines(answer))


def _lines(answer: Sensitivity) -> Iterator[str | Listing]:
    shown = len(answer.table)
    yield from _information(answer) if answer.method == INFORMATION else _tornado(answer)
    yield ""
    which = (
        f"the {shown} that may move the most at first order of {answer.n_numbers}"
        if shown < answer.n_numbers
        else "all"
    )
    yield f"Numbers that are not known for sure and have a range: {which}. {answer.n_cases:,} cases, on the same futures."
    if answer.left_out:
        yield f"Left out, because parts of a whole cannot move alone: {listed(answer.left_out, 4)}."
    if answer.n_failed:
        yield f"{answer.n_failed} cases have no portfolio, or numbers that do not allow each other; they are left out."


def _tornado(answer: Sensitivity) -> Iterator[str | Listing]:
    table = answer.table
    flips = table.loc[table["choice"] == "flips", "number"].tolist()
    ties = table.loc[table["choice"] == "tie", "number"].tolist()
    yield f"{answer.name}: {answer.programme}, {money(answer.objective_musd)} million USD, weighed."
    yield "One number at a time goes to the ends of its range."
    if flips:
        yield f"Another choice is better at an end of {listed(flips, 5)}."
    if ties:
        yield f"A tie with another at an end of {listed(ties, 5)}."
    if not (flips or ties):
        yield "The choice stays at either end of each."
    for _, row in table[table["choice"] != "stays"].iterrows():
        yield ""
        yield from _number(row)
        yield f"  {_choice(answer, row)}"
    yield ""
    yield Listing(
        headings=("cost, M USD", "at low", "at high", "apart"),
        rows=[
            (row["number"], money(row["low_musd"]), money(row["high_musd"]), money(row["swing_musd"]))
            for _, row in table.iterrows()
        ],
        right=("at low", "at high", "apart"),
    )


def _number(row: Series) -> Iterator[str]:
    unit = f" {row['unit']}" if row["unit"] not in ("", "1") else ""
    value, low, high = (rounded(row[column], DIGITS) for column in ("value", "low", "high"))
    yield f"{row['number']}  {value} ({low} to {high}){unit}, {row['status']}"


def _choice(answer: Sensitivity, row: Series) -> str:
    others = [
        f"{row[f'{end}_programme']} at the {end} end"
        for end in ("low", "high")
        if row[f"{end}_programme"] not in ("", answer.programme)
    ]
    if row["margin_musd"] <= 0:
        return f"then {' and '.join(others)}"
    by = with_error(row["margin_musd"], row["standard_error_musd"])
    told = "" if row["choice"] == "flips" else ", a tie"
    return f"then {' and '.join(others)}, {by} million USD better than {answer.programme}{told}"


def _information(answer: Sensitivity) -> Iterator[str | Listing]:
    yield f"{answer.name}: with every number anywhere in its range {answer.programme} is best,"
    yield f"at {money(answer.objective_musd)} million USD, weighed."
    whole = with_error(answer.all_musd, answer.all_error_musd)
    yield f"To know all of these numbers before choosing a programme would be worth {whole} million USD; each by itself:"
    yield ""
    yield Listing(
        headings=("number", "worth, M USD", "low", "high", "unit", "status"),
        rows=[
            (
                row["number"], with_error(row["worth_musd"], row["standard_error_musd"]),
                in_full(row["low"]), in_full(row["high"]), row["unit"], row["status"],
            )
            for _, row in answer.table.iterrows()
        ],
        right=("worth, M USD", "low", "high"),
    )  # fmt: skip
    yield ""
    yield "What is worth nothing changes no choice, whatever it costs. Standard errors in brackets."
