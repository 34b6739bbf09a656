"""What a contract is worth by its volume, and when a floor under its price loses, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procure.explore.corridor import Corridor
from procure.portfolio.fresh import CONFIDENCE, WIDE
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import money, percent, rounded

DIGITS = 3


def page(answer: Corridor) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Corridor) -> Iterator[str | Listing]:
    element = answer.element.replace("_", "/")
    yield (
        f"{answer.name}: the most that is worth paying {answer.supplier} for {element}, USD/kg, by the volume that is firm, "
        f"beside none at all, not even on call. Under {answer.programme}."
    )
    yield ""
    yield _curve(answer)
    yield ""
    yield from _of_volumes(answer)
    yield from _certainty(answer)
    yield ""
    yield (
        f"A contract for {_tonnes(answer.volume_t)} with a floor of {rounded(answer.floor_usd_kg)} USD/kg, paid what it is now "
        f"or the floor, if that is more; all listed prices of {element} move together:"
    )
    yield _floor(answer)
    yield from _of_floor(answer)


def _tonnes(volume: float) -> str:
    return f"{rounded(volume, DIGITS)} t/yr"


def _has_rival(answer: Corridor) -> bool:
    return not math.isnan(answer.rival_usd_kg)


def _curve(answer: Corridor) -> Listing:
    over = (f"over {answer.rival}'s {rounded(answer.rival_usd_kg)}", "%") if _has_rival(answer) else ()
    rows = []
    for row in answer.curve.to_dict("records"):
        if math.isnan(row["average_usd_kg"]):
            continue
        average = row["average_usd_kg"]
        premium: tuple[str, ...] = ()
        if _has_rival(answer):
            beyond = average - answer.rival_usd_kg
            premium = (money(beyond), percent(beyond / answer.rival_usd_kg))
        prices = (rounded(row[key], DIGITS) for key in ("average_usd_kg", "marginal_usd_kg", "paid_usd_kg"))
        rows.append((_tonnes(row["volume_t"]), *prices, *premium, money(row["worth_musd"])))
    headings = ("firm", "worth on average", "the last of it", "paid now", *over, "worth in all, M USD")
    return Listing(headings, rows, right=headings)


def _of_volumes(answer: Corridor) -> Iterator[str]:
    rows = answer.curve.dropna(subset="marginal_usd_kg")
    worth_it = rows[rows["marginal_usd_kg"] >= rows["paid_usd_kg"]]
    now = f"{_tonnes(answer.offer_t)} are on offer now, in the mean of the years"
    if len(worth_it) == len(rows):
        yield f"{now}. All that was looked at is worth more than is paid for it."
    elif worth_it.empty:
        yield f"{now}. None of it is worth what is paid for it."
    else:
        yield f"{now}. What comes beyond {_tonnes(worth_it['volume_t'].iloc[-1])} is worth less than is paid for it."
    if not math.isnan(answer.largest_t):
        yield f"No plan has more than {_tonnes(answer.largest_t)} of what was looked at under contract."


def _certainty(answer: Corridor) -> Iterator[str]:
    if answer.n_paths:
        fresh, half = answer.fresh_usd_kg, WIDE * answer.worth_error_usd_kg
        yield (
            f"On {answer.n_paths:,} fresh paths {_tonnes(answer.volume_t)} are worth {rounded(fresh)} ± {rounded(half, 2)} USD/kg "
            f"({CONFIDENCE:.0%}); the rest is of one tree, of many that could be drawn."
        )
    elif answer.refusal:
        yield f"How well that is known is not known: {answer.refusal}"
    elif answer.is_drawn:
        yield "All on one tree, of many that could be drawn: with fresh paths (--paths) it has its error."
    else:
        yield "Every future is counted: the prices are exact."


def _floor(answer: Corridor) -> Listing:
    rival = (f"{answer.rival} asks",) if _has_rival(answer) else ()
    rows = [
        (
            f"× {row['market']:g}",
            *((rounded(row["rival_usd_kg"], DIGITS),) if rival else ()),
            *(rounded(row[key], DIGITS) for key in ("worth_usd_kg", "paid_usd_kg")),
            money(row["gain_musd"]),
        )
        for row in answer.floor.to_dict("records")
    ]
    headings = ("market", *rival, "worth on average", "paid", "gains, M USD")
    return Listing(headings, rows, right=headings)


def _of_floor(answer: Corridor) -> Iterator[str]:
    gains, markets = answer.floor["gain_musd"], answer.floor["market"]
    if gains.empty:
        return
    if not math.isnan(answer.loses_below_usd_kg):
        yield f"It loses where {answer.rival} asks less than {rounded(answer.loses_below_usd_kg, 2)} USD/kg."
    elif (gains >= 0).all():
        least = rounded(100 * markets.min())
        yield f"It loses at none of these: even at {least} % of today's prices it is worth more than it costs."
    elif (gains < 0).all():
        yield "It loses at all of these: the floor is above what the volume is worth."
    else:
        yield "It loses at some of these, and not at the cheapest of them."
