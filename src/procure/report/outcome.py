"""How portfolios fared on fresh paths, in words and a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from procure.portfolio.evaluate import Comparison, Evaluation
from procure.portfolio.fresh import CONFIDENCE
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import money, percent, rounded, span, worst_share

#: Elements with a line of their own: those that are short of most.
ELEMENTS = 6


def page(answer: Evaluation | Comparison) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Evaluation | Comparison) -> Iterator[str | Listing]:
    evaluations = answer.evaluations if isinstance(answer, Comparison) else {answer.programmes: answer}
    name, first = next(iter(evaluations.items()))
    drawn = f"{first.n_paths:,} fresh paths, seed {first.seed}" if first.n_paths else "the paths given"
    yield f"{first.name} on {drawn}, under a rule that cannot see the future. Million USD; ± is {CONFIDENCE:.0%}."
    yield ""
    yield _costs(evaluations)
    yield ""
    yield _optimism(name, first)
    if isinstance(answer, Comparison) and len(evaluations) > 1:
        yield ""
        yield from _verdicts(answer, name)
    yield ""
    yield _shortage(first)
    limits = list(_limits(first))
    if limits:
        yield ""
        yield from limits
    yield ""
    yield (
        "The rule is the best there is on the mean, and the mean is exact. One that minds the tail would cost less there: "
        "the tail, and the weighed cost, are the most that these portfolios need cost."
    )


def _costs(evaluations: Mapping[str, Evaluation]) -> Listing:
    first = next(iter(evaluations.values()))
    headings = ("Cost", "expected", f"worst {worst_share(first.alpha)}", "weighed", "its program said")
    rows = []
    for name, evaluation in evaluations.items():
        half = (evaluation.costs["high_musd"] - evaluation.costs["low_musd"]) / 2
        costs = [_with_error(*pair) for pair in zip(evaluation.costs["musd"].tolist(), half.tolist(), strict=True)]
        rows.append((name, *costs, money(evaluation.costs["program_musd"].tolist()[-1])))
    return Listing(headings, rows, right=headings[1:])


def _with_error(number: float, half: float) -> str:
    """A sum and half the width of its interval; that alone where there is none to speak of.

    >>> _with_error(37571.3, 281.2), _with_error(26303.9, 0.0)
    ('37,571 ± 281', '26,304')
    """
    return f"{money(number)} ± {money(half)}" if half >= 0.5 else money(number)


def _optimism(name: str, evaluation: Evaluation) -> str:
    """How the program that found a portfolio judged it."""
    low, number, high = (float(evaluation.costs[f"optimism{part}_musd"].tolist()[-1]) for part in ("_low", "", "_high"))
    if abs(number) < 0.5:
        return f"Its program had made as much of {name}."
    judged = f"Its program had made {money(abs(number))} {'less' if number > 0 else 'more'} of {name}, weighed"
    if low <= 0 <= high:
        return f"{judged}: chance may do that, between {money(-low)} more and {money(high)} less."
    low, high = sorted((abs(low), abs(high)))
    return f"{judged}, {money(low)} to {money(high)}: its tree was not the world."


def _verdicts(answer: Comparison, first: str) -> Iterator[str]:
    """A sentence for every other portfolio, on the weighed cost."""
    rows = answer.differences[answer.differences["measure"] == "weighed"]
    columns = ("portfolio", "difference_musd", "low_musd", "high_musd", "verdict")
    for name, number, low, high, verdict in zip(*(rows[column].tolist() for column in columns), strict=True):
        if verdict == "tie":
            yield f"{name} cannot be told from {first}: between {money(max(-low, 0))} cheaper and {money(max(high, 0))} dearer."
        else:
            low, high = sorted((abs(low), abs(high)))
            yield f"{name} is {verdict} than {first} by {money(abs(number))} ({money(low)} to {money(high)}), weighed."


def _limits(evaluation: Evaluation) -> Iterator[str]:
    """A line for every limit that the rule does not keep for certain, in its worst year."""
    limits = evaluation.limits
    frame = limits.assign(beyond=(limits["value"] - limits["bound"]).abs())
    for name, rows in frame[frame["verdict"] != "kept"].groupby("limit", sort=False):
        worst = rows.sort_values(["verdict", "beyond"], ascending=[True, False], kind="stable").iloc[0]
        years = sorted({int(year) for year in rows["year"].dropna()})
        when = f" in {span(years)}" if years else ""
        words = "is broken" if worst["verdict"] == "broken" else "may be broken"
        value, bound = rounded(float(worst["value"])), rounded(float(worst["bound"]))
        way = "up to" if worst["value"] > worst["bound"] else "down to"
        amount = f"{way} {value} of {bound} {worst['unit']}"
        yield f"{name} {words}{when}: {amount}. The rule pays its shadow price, and is not held to it."


def _shortage(evaluation: Evaluation) -> Listing:
    """Expected shares unserved of the elements that are short of most, by year, per cent."""
    frame = evaluation.shortage
    whole = frame.groupby("element", sort=False)[["expected_t", "demand_t"]].sum()
    share = whole["expected_t"] / whole["demand_t"]
    chosen = share[share > 0].sort_values(ascending=False, kind="stable").index[:ELEMENTS].tolist()
    years = sorted(frame["year"].unique().tolist())
    share_of = dict(zip(zip(frame["element"], frame["year"], strict=True), frame["expected_share"], strict=True))
    rows = [(str(e), *(percent(share_of[e, year]) for year in years)) for e in chosen]
    headings = ("Unserved, %", *map(str, years))
    return Listing(headings, rows, right=headings[1:])
