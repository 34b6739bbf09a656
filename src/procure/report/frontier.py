"""What each step of a limit costs, as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from procure.explore.frontier import Frontier
from procure.languages import Said
from procure.limits.said import class_name
from procure.portfolio.frames import OTHER_SOURCES
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import LEAST_SHARE, level_in_words, money, percent, rounded, unit_in_words, with_error

_SUBJECT = Said("{subject}, {path},", "{subject}（{path}）")
_LESS, _MORE = Said("one {per} less", "1{per} 引下げ"), Said("one more {per}", "1{per} 引上げ")
_MEAN, _TAIL, _ADDED = Said("mean", "平均"), Said("tail", "最悪側"), Said("added (±)", "増加（±）")
_NO_PLAN = {
    "max": Said("Below {end} no plan keeps the limits.", "{end} 未満では制約を守る計画がない。"),
    "min": Said("Above {end} no plan keeps the limits.", "{end} 超では制約を守る計画がない。"),
    "": Said("Beyond {end} no plan keeps the limits.", "{end} より先では制約を守る計画がない。"),
}
#: Digits of a value and of a price.
DIGITS, END_DIGITS = 3, 4


def page(answer: Frontier) -> Page:
    """The screen."""
    return Page([_heading(answer), "", _listing(answer), "", *_sentences(answer)])


def _shown(answer: Frontier, value: float) -> str:
    """A value in the unit people use."""
    if answer.unit == "share":
        return f"{rounded(100 * value, DIGITS)} %"
    return rounded(value, DIGITS) + _unit(answer)


def _unit(answer: Frontier) -> str:
    return " " + unit_in_words(answer.unit) if answer.unit not in ("", "1") else ""


def _heading(answer: Frontier) -> str:
    first, *_, last = answer.table["value"].tolist() * 2
    subject = _SUBJECT.format(subject=answer.subject, path=answer.path) if answer.subject else answer.path
    return Said(
        "{name}: {subject} from {first} to {last}. Million USD of present value; shares of demand over all years.",
        "{name}: {subject} を {first} から {last} まで。現在価値、百万ドル。比率は全年の需要に対するもの。",
    ).format(name=answer.name, subject=subject, first=_shown(answer, first), last=_shown(answer, last))


def _price_heading(answer: Frontier) -> str:
    if answer.subject:
        per = unit_in_words(answer.per)
        return (_LESS if answer.sense == "max" else _MORE).format(per=per)
    return Said("one{unit} more", "1{unit} 増").format(unit=_unit(answer))


def _listing(answer: Frontier) -> Listing:
    shares = answer.shares[answer.shares["scope"] == answer.scope]
    most: dict[str, float] = {}
    for source, share in zip(shares["source"].tolist(), shares["share"].tolist(), strict=True):
        most[source] = max(most.get(source, 0.0), abs(share))
    sources = sorted(
        (source for source in most if most[source] >= LEAST_SHARE),
        key=lambda source: (OTHER_SOURCES.index(source) if source in OTHER_SOURCES else -1, -most[source]),
    )
    name = {"max": Said("at most", "上限"), "min": Said("at least", "下限")}.get(answer.sense, Said("value", "値"))
    price = _price_heading(answer)
    is_spread = answer.table["spread_musd"].gt(0).any()
    programme = Said("programme", "開発計画")
    headings: list[str] = [name, LABELS["objective"], _MEAN, _TAIL, price, *([_ADDED] if is_spread else []), programme]
    scope = LABELS.get(answer.scope) or class_name(answer.scope)
    named = [LABELS[s] if s in ("shortage", "surplus") else s for s in sources]
    headings += [scope + ": " + source if k == 0 else source for k, source in enumerate(named)]
    least = answer.table["weighed_musd"].min()
    keys = ["value", "source", "share"]
    share_of = {
        (value, source): share for value, source, share in zip(*(shares[key].tolist() for key in keys), strict=True)
    }
    rows = []
    for row in answer.table.to_dict("records"):
        slope = row["slope_musd"] * answer.step * (-1 if answer.sense == "max" else 1)
        added = [with_error(row["weighed_musd"] - least, row["spread_musd"])] if is_spread else []
        rows.append((
            _shown(answer, row["value"]), *(money(row[key]) for key in ("weighed_musd", "expected_musd", "cvar_musd")),
            "-" if math.isnan(slope) or slope == 0 else rounded(slope, DIGITS), *added, level_in_words(row["programme"]),
            *(percent(share_of[row["value"], source]) for source in sources),
        ))  # fmt: skip
    return Listing(tuple(headings), rows, right=tuple(heading for heading in headings if heading != programme))


def _sentences(answer: Frontier) -> Iterator[str]:
    table = answer.table
    if not math.isnan(answer.possible_from):
        yield _NO_PLAN[answer.sense if answer.sense in _NO_PLAN else ""].format(end=_end(answer))
    levels = list(dict.fromkeys(table["programme"]))
    if len(levels) > 1:
        yield from _changes(answer)
    elif table["margin_musd"].notna().any():
        closest = table.sort_values("margin_musd", kind="stable").iloc[0]
        yield Said(
            "{level} is chosen at all of them; {next} comes closest, {by} dearer at {at}.",
            "どの値でも {level} が選ばれる。最も近いのは {next} で、{at} で {by} 高い。",
        ).format(
            level=levels[0], next=closest["next"], by=money(closest["margin_musd"]), at=_shown(answer, closest["value"])
        )
    if answer.gap_musd > 0:
        yield Said(
            "Between two neighbours the weighed cost is within {gap} of a straight line.",
            "隣り合う二つの値の間では、加重費用は直線から {gap} 以内。",
        ).format(gap=rounded(answer.gap_musd, 2))
    if answer.n_trees == 0:
        yield Said("Every future is counted: the costs are exact.", "起こり得る全将来を数えた厳密な費用。")
    elif answer.n_trees == 1:
        yield Said(
            "All on one tree, of many that could be drawn: --seeds 3 says how far the costs move from tree to tree.",
            "抽出した1本のシナリオツリーによる。--seeds 3 で、ツリーによって費用がどれだけ動くかを示す。",
        )
    else:
        yield Said(
            "In brackets, the standard deviation over {trees} trees of what a value adds to the cost, beside the cheapest.",
            "括弧内は、最も安い値に対する費用増の {trees} 本のツリー間の標準偏差。",
        ).format(trees=answer.n_trees)


def _end(answer: Frontier) -> str:
    """The end of the portfolios, to the digits to which it is known."""
    value = answer.possible_from
    if answer.unit == "share":
        return f"{rounded(100 * value, END_DIGITS)} %"
    return rounded(value, END_DIGITS) + _unit(answer)


def _changes(answer: Frontier) -> Iterator[str]:
    """Between which values another programme is chosen."""
    for before, after in pairwise(answer.table.to_dict("records")):
        if before["programme"] != after["programme"]:
            yield Said(
                "Between {low} and {high} {after} takes the place of {before}: `procure switch` says where, and how far around it "
                "is a tie.",
                "{low} と {high} の間で {before} から {after} に替わる。切替点と優劣不明の範囲は `procure switch` で分かる。",
            ).format(
                low=_shown(answer, before["value"]), high=_shown(answer, after["value"]), before=before["programme"],
                after=after["programme"],
            )  # fmt: skip
