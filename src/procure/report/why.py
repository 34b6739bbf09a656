"""What a rival loses, and what would have to be otherwise, as tables and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procure.explore.why import ALL_DEMAND, AT_LEAST, AT_MOST, Why
from procure.languages import Said, again
from procure.limits.said import class_name
from procure.portfolio.fresh import CONFIDENCE, WIDE
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.report.part_by_part import LEAST, by_part
from procure.words import level_in_words, money, percent, programme_name, rounded, unit_in_words, with_error

#: Processes that have lines of their own.
PROCESSES = 3
DIGITS = 3
MEASURES = {"expected": Said("mean", "平均"), "cvar": Said("tail", "最悪側"), "weighed": LABELS["objective"]}
_CHOSEN, _INSTEAD, _DEARER = LABELS["chosen"], Said("instead", "代替"), LABELS["dearer"]
_IS_DEARER = Said("It is dearer {where}: {by} weighed.", "{where}で割高: 加重費用で {by}。")
_IS_CHEAPER = Said("It is CHEAPER {where}: {by} weighed.", "{where}で割安: 加重費用で {by}。")
_NEVER, _ALWAYS = Said("never {state}", "{state} なし"), Said("always {state}", "常に {state}")


def page(answer: Why) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Why) -> Iterator[str | Listing]:
    chosen = level_in_words(answer.chosen) if math.isnan(answer.share) else Said("the best plan", "最良の計画")
    yield Said(
        "{name}: {rival} instead of {chosen}. Million USD of present value.",
        "{name}: {chosen} の代わりに {rival}。現在価値、百万ドル。",
    ).format(name=answer.name, rival=_rival(answer), chosen=chosen)
    if not math.isnan(answer.share):
        stays: str = ""
        if answer.chosen != programme_name({}):
            stays = Said(" The programme stays, {chosen}.", "開発計画は {chosen} のまま。").format(chosen=answer.chosen)
        yield Said(
            "In the mean over all years and futures; the best plan has {share} %.{stays}",
            "全年・全将来の平均。最良の計画では {share} %。{stays}",
        ).format(share=percent(answer.chosen_share), stays=stays)
    yield ""
    yield _costs(answer)
    yield from _verdict(answer)
    for listing in by_part(answer.parts, (_CHOSEN, _INSTEAD, _DEARER)):
        yield ""
        yield listing
    yield from _futures(answer)
    yield from _numbers(answer)


def _rival(answer: Why) -> str:
    """The rival in every language; an answer keeps it in English."""
    return again(answer.rival, AT_LEAST, AT_MOST, of=_demand)


def _demand(of: str) -> Said:
    return ALL_DEMAND if of == ALL_DEMAND else class_name(of.replace("/", "_"))


def _costs(answer: Why) -> Listing:
    is_played = answer.n_paths > 0
    rows = []
    for row in answer.table.to_dict("records"):
        costs = (money(row[key]) for key in ("chosen_musd", "rival_musd", "difference_musd"))
        fresh = (with_error(row["fresh_musd"], row["standard_error_musd"]),) if is_played else ()
        rows.append((MEASURES[row["measure"]], *costs, *fresh))
    fresh_paths = (Said("on fresh paths (error)", "検証用の経路（標準誤差）"),) if is_played else ()
    headings = ("", _CHOSEN, _INSTEAD, _DEARER, *fresh_paths)
    return Listing(headings, rows, right=headings[1:])


def _verdict(answer: Why) -> Iterator[str]:
    weighed = answer.table[answer.table["measure"] == "weighed"]
    number, error = (float(weighed[column].iloc[0]) for column in ("fresh_musd", "standard_error_musd"))
    if answer.n_paths:
        where = Said("on {paths:,} fresh paths, the same for both", "両者共通の検証用の {paths:,} 経路").format(
            paths=answer.n_paths
        )
        if abs(number) <= WIDE * error:
            yield Said(
                "The two cannot be told apart {where} ({confidence:.0%}).",
                "両者は{where}で区別できない（{confidence:.0%}）。",
            ).format(where=where, confidence=CONFIDENCE)
        else:
            form = _IS_DEARER if number > 0 else _IS_CHEAPER
            yield form.format(where=where, by=with_error(abs(number), error))
    elif answer.refusal:
        yield LABELS["refused"].format(why=answer.refusal)
    elif answer.is_drawn:
        yield LABELS["one_tree"]
    else:
        yield LABELS["exact"]
    if not math.isnan(answer.step_musd) and money(answer.step_musd) != "-":
        yield Said(
            "The next percentage point of that share costs {step} at the margin.",
            "その比率の次の1 %ポイントの限界費用は {step}。",
        ).format(step=rounded(answer.step_musd))


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
            rows.append(("", Said("the same futures at other odds", "同じ将来の確率の違い"), "", "", money(odds)))
    if rows:
        yield ""
        headings = (
            Said("By future, mean", "将来別、平均"), "", Said("chance, %", "確率 %"), Said("dearer there", "そこでの割高"),
            Said("adds", "寄与"),
        )  # fmt: skip
        yield Listing(headings, rows, right=headings[2:])


def _how_long(state: str, above: float, up_to: float) -> str:
    """How much of the time something stands in a state."""
    if above == up_to:
        return (_NEVER if up_to == 0 else _ALWAYS).format(state=state)
    parts = {1 / 3: Said("a third", "3分の1"), 2 / 3: Said("two thirds", "3分の2")}
    if above == 0:
        return Said("{state} for up to {part} of the time", "{state} が期間の{part}まで").format(
            state=state, part=parts[up_to]
        )
    if up_to < 1:
        form = Said("{state} for {above} to {up_to}", "{state} が{above}～{up_to}")
        return form.format(state=state, above=parts[above], up_to=parts[up_to])
    return Said("{state} for more than {above}", "{state} が{above}超").format(state=state, above=parts[above])


def _numbers(answer: Why) -> Iterator[str]:
    """What would reverse it, the smallest change first."""
    if answer.difference_musd <= 0:
        yield ""
        yield Said(
            "It costs no more as the numbers stand: nothing has to be otherwise for that.",
            "現在の数値のままで費用は高くない。何も変わる必要はない。",
        )
    if answer.n_numbers == 0:
        return
    yield ""
    if answer.numbers.empty:
        yield Said(
            "None of {count} numbers that are not known for sure and have a range brings it nearer, at first order.",
            "確定しておらず範囲を持つ {count} 個の数値のうち、一次近似で差を縮めるものはない。",
        ).format(count=answer.n_numbers)
        return
    yield Said(
        "What would reverse it: of {count} numbers that are not known for sure and have a range, those that bring it nearest at "
        "first order. Both are solved again.",
        "何が結論を覆すか: 確定しておらず範囲を持つ {count} 個の数値のうち、一次近似で最も差を縮めるもの。両者とも解き直した。",
    ).format(count=answer.n_numbers)
    for row in answer.numbers.to_dict("records"):
        unit = " " + unit_in_words(row["unit"]) if row["unit"] not in ("", "1") else ""
        value, end = (rounded(row[key], DIGITS) for key in ("value", "end"))
        number = Said("  {number} ({status}), now {value}{unit}", "  {number}（{status}）、現在 {value}{unit}").format(
            number=row["number"], status=LABELS.get(row["status"], row["status"]), value=value, unit=unit
        )
        if not math.isnan(row["reverses_at"]):
            yield number + Said(
                ": as cheap at {at}, within its range, which ends at {end}.",
                ": {at} で同額（範囲内、範囲の端は {end}）。",
            ).format(at=rounded(row["reverses_at"], DIGITS), end=end)
        elif math.isnan(row["end_musd"]):
            yield number + Said(
                ": at the end of its range, {end}, there is no plan.", ": 範囲の端 {end} では計画が成り立たない。"
            ).format(end=end)
        elif money(row["end_musd"]) == "-":
            yield number + Said(": as cheap.", ": 同額。")
        else:
            yield number + Said(
                ": still {by} dearer at the end of its range, {end}.", ": 範囲の端 {end} でもなお {by} 高い。"
            ).format(by=money(row["end_musd"]), end=end)
    reversing = answer.numbers["reverses_at"].notna()
    if not reversing.any():
        yield Said("None of these reverses it within its range.", "いずれも範囲内では結論を覆さない。")
