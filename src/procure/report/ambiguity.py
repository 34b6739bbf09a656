"""How far the odds may be off before the plan changes, in words and a table."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procure.explore.ambiguity import DURING, IN, NOTHING_FAILS, Ambiguity
from procure.languages import COMMA, Said, again
from procure.report.doubt import BY_BANDS, likelier
from procure.report.listing import Listing
from procure.report.page import Page
from procure.risk import balls
from procure.words import level_in_words, money, rounded

#: Digits of a radius.
DIGITS = 3
HEADING = Said(
    "{name}: odds in doubt by {kind}, up to {high}. Million USD, weighed, under the worst law.",
    "{name}: 確率の不確かさ（{kind}、{high} まで）。百万ドル、最悪の確率分布の下での目的値。",
)
HEADINGS = (
    Said("radius", "半径"), Said("least cost", "最小費用"), Said("programme", "開発計画"),
    Said("plan as it is", "現計画"), Said("probability moved, %", "移る確率 %"),
)  # fmt: skip
HOLDS = Said(
    "The plan holds: even where {may}, no other one costs {cheaper} less.",
    "計画は変わらない: {may}としても、{cheaper} 安い別案はない。",
)
CHANGES = Said(
    "The plan changes when {may}: from there on another one costs {cheaper} less.",
    "計画が変わる点: {may}とき。そこから先は別案が {cheaper} 安い。",
)
HOLDS_UNDER = Said(
    "Under {level} the plan holds: even where {may}, no other one under it costs {cheaper} less.",
    "{level} のままなら計画は変わらない: {may}としても、その中に {cheaper} 安い別案はない。",
)
CHANGES_UNDER = Said(
    "Under {level} the plan changes when {may}: from there on another one under it costs {cheaper} less.",
    "{level} のまま計画が変わる点: {may}とき。そこから先はその中の別案が {cheaper} 安い。",
)
PROGRAMME_CHANGES = Said("The programme changes, to {level}, when {may}.", "開発計画が {level} に変わる点: {may}とき。")
PROGRAMME_STAYS = Said("The programme stays: even where {may}.", "開発計画は変わらない: {may}としても。")
NOTHING_MOVES = Said(
    "The worst law moves no probability: what is in doubt makes no difference here.",
    "最悪の確率分布でも確率は動かない: ここでは不確かさは影響しない。",
)
MOVES = Said(
    "For this plan the worst law then moves {moved} % of the probability.",
    "そのとき本計画に最悪の確率分布は確率の {moved} % を移す。",
)
FUTURE = Said("  {before} to {after} %: {future}", "  {before} → {after} %: {future}")


def page(answer: Ambiguity) -> Page:
    """The screen."""
    kind = Said(answer.kind.replace("_", " "), answer.kind.replace("_", "-"))
    heading = HEADING.format(name=answer.name, kind=kind, high=rounded(answer.high, DIGITS))
    return Page([heading, "", _listing(answer), "", *_sentences(answer)])


def _future(said: str) -> str:
    return COMMA.join(again(one, NOTHING_FAILS, DURING, IN) for one in said.split(", "))


def _listing(answer: Ambiguity) -> Listing:
    rows = [
        (
            rounded(row["radius"], DIGITS) if row["radius"] else "0", money(row["cost_musd"]), level_in_words(row["programme"]),
            money(row["plan_musd"]), f"{100 * row['moved']:.3g}",
        )
        for row in answer.table.to_dict("records")
    ]  # fmt: skip
    return Listing(HEADINGS, rows, right=(*HEADINGS[:2], *HEADINGS[3:]))


def _sentences(answer: Ambiguity) -> Iterator[str]:
    kind, cheaper = balls()[answer.kind], f"{100 * answer.within:.3g} %"
    if kind.by_history and answer.is_drawn:
        yield BY_BANDS
    end = kind.in_words(answer.high)
    if answer.next_programme:
        yield PROGRAMME_CHANGES.format(level=answer.next_programme, may=kind.in_words(answer.programme_radius))
    elif answer.has_levels:
        yield PROGRAMME_STAYS.format(may=end)
    holds, changes = (HOLDS_UNDER, CHANGES_UNDER) if answer.has_levels else (HOLDS, CHANGES)
    if math.isnan(answer.plan_radius):
        yield holds.format(level=answer.programme, may=end, cheaper=cheaper)
    else:
        yield changes.format(level=answer.programme, may=kind.in_words(answer.plan_radius), cheaper=cheaper)
    (moved,) = answer.table["moved"][answer.table["radius"] == answer.radius].unique()
    if moved <= 0:
        yield NOTHING_MOVES
        return
    yield MOVES.format(moved=f"{100 * moved:.3g}")
    yield from likelier(answer.odds)
    for row in answer.futures.to_dict("records"):
        before, after = (f"{100 * row[key]:.3g}" for key in ("probability", "worst_probability"))
        yield FUTURE.format(before=before, after=after, future=_future(row["future"]))
