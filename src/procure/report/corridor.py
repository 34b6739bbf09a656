"""What a contract is worth by its volume, and when a floor under its price loses, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pandas import DataFrame

from procure.explore.corridor import Corridor
from procure.languages import Said
from procure.limits.said import class_name
from procure.portfolio.fresh import CONFIDENCE, WIDE
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import level_in_words, money, percent, rounded

DIGITS = 3
_WORTH, _GAINS = Said("worth on average", "平均の価値"), Said("gains, M USD", "利益、百万ドル")


def page(answer: Corridor) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Corridor) -> Iterator[str | Listing]:
    element = class_name(answer.element)
    yield Said(
        "{name}: the most that is worth paying {supplier} for {element}, USD/kg, by the volume that is firm, beside none at "
        "all, not even on call. Under {programme}.",
        "{name}: {supplier} の {element} に支払ってよい上限、USD/kg、確定引取量別（随時購入も含め全くない場合と比較）。"
        "開発計画は {programme}。",
    ).format(name=answer.name, supplier=answer.supplier, element=element, programme=level_in_words(answer.programme))
    yield ""
    yield _curve(answer)
    yield ""
    yield from _of_volumes(answer)
    yield from _certainty(answer)
    yield ""
    yield Said(
        "A contract for {volume} with a floor of {floor} USD/kg, paid what it is now or the floor, if that is more; all "
        "listed prices of {element} move together:",
        "下限価格 {floor} USD/kg で {volume} の契約。支払いは現在の価格と下限の高い方。{element} の公表価格はすべて連動:",
    ).format(volume=_tonnes(answer.volume_t), floor=rounded(answer.floor_usd_kg), element=element)
    yield _floor(answer)
    yield from _of_floor(answer)


def _tonnes(volume: float) -> Said:
    return Said("{volume} t/yr", "{volume} t/年").format(volume=rounded(volume, DIGITS))


def _has_rival(answer: Corridor) -> bool:
    return not math.isnan(answer.rival_usd_kg)


def _curve(answer: Corridor) -> Listing:
    over: tuple[str, ...] = ()
    if _has_rival(answer):
        beside = Said("over {rival}'s {price}", "{rival} の {price} との差")
        over = (beside.format(rival=answer.rival, price=rounded(answer.rival_usd_kg)), "%")
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
    headings = (
        Said("firm", "確定量"), _WORTH, Said("the last of it", "最後の分の価値"), Said("paid now", "現在の支払い"), *over,
        Said("worth in all, M USD", "価値の合計、百万ドル"),
    )  # fmt: skip
    return Listing(headings, rows, right=headings)


def _of_volumes(answer: Corridor) -> Iterator[str]:
    rows = answer.curve.dropna(subset="marginal_usd_kg")
    worth_it = rows[rows["marginal_usd_kg"] >= rows["paid_usd_kg"]]
    yield Said(
        "{offer} are on offer now, in the mean of the years. {what}", "現在の提示量は年平均 {offer}。{what}"
    ).format(offer=_tonnes(answer.offer_t), what=_beyond(rows, worth_it))
    if not math.isnan(answer.largest_t):
        yield Said(
            "No plan has more than {most} of what was looked at under contract.",
            "調べた量のうち {most} を超えて契約できる計画はない。",
        ).format(most=_tonnes(answer.largest_t))


def _beyond(rows: DataFrame, worth_it: DataFrame) -> Said:
    """From which volume on more of it is worth less than is paid."""
    if len(worth_it) == len(rows):
        return Said(
            "All that was looked at is worth more than is paid for it.", "調べた量はすべて支払い以上の価値がある。"
        )
    if worth_it.empty:
        return Said("None of it is worth what is paid for it.", "支払いに見合う価値のある量はない。")
    return Said(
        "What comes beyond {volume} is worth less than is paid for it.", "{volume} を超える分の価値は支払いを下回る。"
    ).format(volume=_tonnes(worth_it["volume_t"].iloc[-1]))


def _certainty(answer: Corridor) -> Iterator[str]:
    if answer.n_paths:
        fresh, half = answer.fresh_usd_kg, WIDE * answer.worth_error_usd_kg
        yield Said(
            "On {paths:,} fresh paths {volume} are worth {fresh} ± {half} USD/kg ({confidence:.0%}); the rest is of one tree, "
            "of many that could be drawn.",
            "検証用の {paths:,} 経路では {volume} の価値は {fresh} ± {half} USD/kg（{confidence:.0%}）。"
            "ほかは抽出した1本のシナリオツリーによる。",
        ).format(
            paths=answer.n_paths, volume=_tonnes(answer.volume_t), fresh=rounded(fresh), half=rounded(half, 2),
            confidence=CONFIDENCE,
        )  # fmt: skip
    elif answer.refusal:
        yield LABELS["refused"].format(why=answer.refusal)
    elif answer.is_drawn:
        yield LABELS["one_tree"]
    else:
        yield Said("Every future is counted: the prices are exact.", "起こり得る全将来を数えた厳密な価格。")


def _floor(answer: Corridor) -> Listing:
    rival = (Said("{rival} asks", "{rival} の価格").format(rival=answer.rival),) if _has_rival(answer) else ()
    rows = [
        (
            f"× {row['market']:g}",
            *((rounded(row["rival_usd_kg"], DIGITS),) if rival else ()),
            *(rounded(row[key], DIGITS) for key in ("worth_usd_kg", "paid_usd_kg")),
            money(row["gain_musd"]),
        )
        for row in answer.floor.to_dict("records")
    ]
    headings = (Said("market", "市況"), *rival, _WORTH, Said("paid", "支払い"), _GAINS)
    return Listing(headings, rows, right=headings)


def _of_floor(answer: Corridor) -> Iterator[str]:
    gains, markets = answer.floor["gain_musd"], answer.floor["market"]
    if gains.empty:
        return
    if not math.isnan(answer.loses_below_usd_kg):
        yield Said(
            "It loses where {rival} asks less than {price} USD/kg.",
            "{rival} の価格が {price} USD/kg を下回ると損になる。",
        ).format(rival=answer.rival, price=rounded(answer.loses_below_usd_kg, 2))
    elif (gains >= 0).all():
        yield Said(
            "It loses at none of these: even at {least} % of today's prices it is worth more than it costs.",
            "いずれの市況でも損にならない。現在の価格の {least} % でも費用以上の価値がある。",
        ).format(least=rounded(100 * markets.min()))
    elif (gains < 0).all():
        yield Said(
            "It loses at all of these: the floor is above what the volume is worth.",
            "いずれの市況でも損になる。下限価格がその量の価値を上回る。",
        )
    else:
        yield Said(
            "It loses at some of these, and not at the cheapest of them.",
            "損になる市況があるが、最も安い市況では損にならない。",
        )
