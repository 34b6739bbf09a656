"""Where along a number the first supplier of an element changes, in words and a table."""

from __future__ import annotations

from collections.abc import Iterator

from procure.explore.first_supplier import NO_PLAN, FirstSuppliers
from procure.languages import Said
from procure.limits.said import class_name
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import in_full, level_in_words, percent, rounded, unit_in_words

DIGITS = 3
_CHANGES = Said("{where}: {before} below, {after} above.", "{where}: これ以下では {before}、これ以上では {after}。")
_CHANGES_WITH_SHARES = Said(
    "{where}: {before} below, {after} above; {of_before} and {of_after} % just above.",
    "{where}: これ以下では {before}、これ以上では {after}。直上では {of_before} % と {of_after} %。",
)


def page(answer: FirstSuppliers) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: FirstSuppliers) -> Iterator[str | Listing]:
    unit = " " + unit_in_words(answer.unit) if answer.unit not in ("", "1") else ""
    yield Said(
        "{name}: from whom most of {element} arrives in the best plan, along {path} from {low} to {high}{unit}. Shares of demand "
        "over all years, %.",
        "{name}: 最良の計画で{element}の最大の供給元。{path} を {low} から {high}{unit} まで。全年の需要に対する比率 %。",
    ).format(
        name=answer.name, element=class_name(answer.element), path=answer.path, low=in_full(answer.low), high=in_full(answer.high),
        unit=unit,
    )  # fmt: skip
    yield ""
    for row in answer.table.to_dict("records"):
        form = _CHANGES if NO_PLAN in (row["from"], row["to"]) else _CHANGES_WITH_SHARES
        yield form.format(
            where=rounded(row["value"], max(answer.digits, DIGITS)) + unit, before=row["from"], after=row["to"],
            of_before=percent(row["from_share"]), of_after=percent(row["to_share"]),
        )  # fmt: skip
    if answer.table.empty:
        yield Said("{name} is first throughout.", "全域で {name} が最大。").format(name=answer.grid["first"].iloc[0])
    yield ""
    share, share_of_second = Said("share", "比率"), Said("share ", "比率 ")
    headings = (
        unit_in_words(answer.unit) or Said("value", "値"), Said("first", "第1位"), share, Said("second", "第2位"), share_of_second,
        Said("programme", "開発計画"),
    )  # fmt: skip
    rows = [
        (
            rounded(row["value"], DIGITS),
            row["first"],
            percent(row["share"]),
            row["second"] or "-",
            percent(row["second_share"]),
            level_in_words(row["programme"]),
        )
        for row in answer.grid.to_dict("records")
    ]
    yield Listing(headings, rows, right=(headings[0], share, share_of_second))
    yield Said(
        "The best plan is one of many that cost nearly as much: `procure ranges` says how far a share is free.",
        "最良の計画はほぼ同額の多くの計画の一つ。比率の自由度は `procure ranges` で分かる。",
    )
