"""What a model holds, before it is solved: its sets, its limits, the size of its program, and what it rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from procure.facts import Place
from procure.languages import COMMA, Said, named
from procure.limits import KINDS
from procure.market import Market, check_read, exposure, is_drawn_anew, numbers_read, tracked_markets
from procure.model import Model
from procure.model.limits import LimitChoices
from procure.program.infeasibility import TAGS
from procure.program.program import compose
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.report.sources import numbers
from procure.risk import worst_law
from procure.scenarios.futures import holds_every_future
from procure.scenarios.sample import effective
from procure.scenarios.world import processes
from procure.units import Array
from procure.words import between, listed, programme_name, span, worst_share

#: Coefficients further from one than this make a solver lose digits, mostly because a unit is wrong.
SMALLEST, LARGEST = 1e-7, 1e7
NO_YEAR = Said("in no year of the model", "対象年になし")
HEADINGS = {
    "years": Said("years", "対象年"), "elements": Said("elements", "元素"), "suppliers": Said("suppliers", "供給元"),
    "programmes": Said("programmes", "開発計画"), "processes": Said("processes", "確率過程"), "review": Said("review", "見直し"),
    "limits": Said("limits", "制約"), "futures": Said("futures", "将来"), "program": Said("program", "最適化問題"),
    "coefficients": Said("coefficients", "係数"), "warning": Said("warning", "警告"), "numbers": Said("numbers", "数値"),
    "assumed": Said("assumed", "仮定"),
}  # fmt: skip
SPANS = {"matrix": Said("matrix", "行列"), "costs": Said("costs", "費用"), "bounds": Said("bounds", "上下限")}
_INDENT = "  "


def summary(model: Model) -> Said:
    """The model in words, several lines.

    >>> from procure.model import load_model
    >>> print(summary(load_model("two-class")).partition("program")[0])
    two-class: Two classes, four suppliers, one year
      years         2027
      elements      light, medium_heavy
      suppliers     caremag, china, lynas, seabed
      processes     caremag, china, lynas, seabed
      limits        none
      futures       16 nodes, 16 leaves: every future there is
    <BLANKLINE>
    """
    told = page(model)
    return Said(told.to_text("en"), told.to_text("ja"))


def page(model: Model) -> Page:
    """The model on a screen; raises `DataError` with every fault that only shows when its market is made."""
    tracked = tracked_markets(model)
    read = numbers_read(model, tracked)
    check_read(model, model.numbers_set, read)
    rows = [
        (_INDENT + HEADINGS[heading] if heading else "", text)
        for heading, text in _facts(model, [each.market for each in tracked], read)
    ]
    return Page(
        [model.name + ": " + named(model.settings.model.title, Said("no title", "無題")), Listing(("", ""), rows)]
    )


def _facts(model: Model, markets: list[Market], read: Collection[Place]) -> Iterator[tuple[str, str]]:
    sets = markets[0].sets
    beyond = model.settings.model.beyond
    more = Said(", and {beyond} beyond that are solved and not told", "、ほかに期間後の{beyond}年（解くが示さない）")
    yield "years", span(model.told_years) + (more.format(beyond=beyond) if beyond else "")
    yield "elements", ", ".join(sets.elements)
    yield "suppliers", ", ".join(sets.suppliers)
    for supplier, chosen in model.settings.suppliers.items():
        if supplier in sets.suppliers and chosen.programmes:
            yield "programmes", f"{supplier}: {', '.join(chosen.programmes)}"
    yield "processes", ", ".join(sorted(process.name for process in processes(model, markets[0].programmes)))
    for review in model.settings.revisions:
        yield (
            "review",
            Said("{year}, seeing {names}", "{year} 年（{names} を見て）").format(
                year=review.year, names=listed(review.sees)
            ),
        )
    limits = [_words(limit, model) for limit in model.settings.limits]
    yield "limits", limits[0] if limits else Said("none", "なし")
    yield from (("", limit) for limit in limits[1:])
    nodes = between(len(market.probability) for market in markets)
    leaves = between(len(market.shape.leaves) for market in markets)
    whole = all(holds_every_future(model, market.programmes) for market in markets)
    yield (
        "futures",
        Said("{nodes} nodes, {leaves} leaves: {which}", "節点 {nodes}、末端 {leaves}: {which}").format(
            nodes=nodes, leaves=leaves, which=LABELS["every" if whole else "drawn"]
        ),
    )
    if any(is_drawn_anew(model, market.programmes) for market in markets):
        yield (
            "",
            Said(
                "others than those of the facts as they were read, which cannot stand for the law at the numbers set",
                "設定した数値の確率法則に合わせ、元のデータとは別に抽出し直したもの",
            ),
        )
    if not whole:
        yield from (("", _effective(market)) for market in markets)
    program = compose(markets[0]).composed.lp
    n_rows, n_columns = program.matrix.shape
    yield "program", Said(
        "{rows:,} rows, {columns:,} columns, {entries:,} entries{times}", "{rows:,} 行、{columns:,} 列、非零 {entries:,}{times}"
    ).format(
        rows=n_rows, columns=n_columns, entries=program.matrix.nnz,
        times=Said(", for each of {count} programme levels", "（開発計画 {count} 水準のそれぞれ）").format(count=len(markets))
        if len(markets) > 1 else "",
    )  # fmt: skip
    bounds = np.concatenate([program.row_lower, program.row_upper, program.lower, program.upper])
    spans = {"matrix": program.matrix.data, "costs": program.cost, "bounds": bounds}
    sizes = {name: _sizes(values) for name, values in spans.items()}
    reach = Said("{name} {low:.2g} to {high:.2g}", "{name} {low:.2g}～{high:.2g}")
    yield (
        "coefficients",
        COMMA.join(reach.format(name=SPANS[name], low=low, high=high) for name, (low, high) in sizes.items()),
    )
    for name, (low, high) in sizes.items():
        if low < SMALLEST or high > LARGEST:
            yield (
                "warning",
                Said(
                    "{name} reach from {low:.2g} to {high:.2g}: a unit may be wrong, and digits will be lost",
                    "{name} が {low:.2g} から {high:.2g} に及ぶ。単位の誤りの可能性があり、桁落ちする",
                ).format(name=SPANS[name], low=low, high=high),
            )
    yield from _provenance(model, read)


def _effective(market: Market) -> str:
    """As many leaves of equal weight as would be as good a sample, of all futures and of the worst."""
    alpha = market.model.settings.risk.alpha
    law = market.probability[market.shape.leaves]
    worst = worst_law("cvar", exposure(market), law, alpha)
    name = (
        Said(" for {levels}", "（{levels}）").format(levels=programme_name(market.programmes))
        if market.programmes
        else ""
    )
    return Said(
        "as good as {whole:.0f} equal ones{name}, {worst:.0f} in the worst {tail}",
        "等しい重みの {whole:.0f} 本に相当{name}、最悪 {tail} では {worst:.0f} 本",
    ).format(whole=effective(law), name=name, worst=effective(worst), tail=worst_share(alpha))


def _words(limit: LimitChoices, model: Model) -> str:
    kind = KINDS[limit.kind]
    years = span(limit.held_in(model.told_years)) or NO_YEAR
    return Said("{name} ({tag}): {says}, {years}", "{name}（{tag}）: {says}、{years}").format(
        name=limit.name, tag=TAGS[limit.tag], says=kind.says(limit, kind.measured_in.text(limit.bound)), years=years
    )


def _sizes(values: Array) -> tuple[float, float]:
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return (float(sizes.min()), float(sizes.max())) if sizes.size else (1.0, 1.0)


def _provenance(model: Model, read: Collection[Place]) -> Iterator[tuple[str, str]]:
    frame = numbers(model, read=read)
    counts = frame["status"].value_counts()
    yield (
        "numbers",
        f"{len(frame):,}: "
        + listed(
            [
                Said("{count:,} {status}", "{status} {count:,}").format(
                    count=count, status=LABELS.get(str(status), status)
                )
                for status, count in counts.items()
            ]
        ),
    )
    assumed = frame.loc[frame["status"] == "assumed", "table"].value_counts()
    if len(assumed):
        yield (
            "assumed",
            listed(
                [
                    Said("{count} in {table}", "{table} {count}").format(count=count, table=table)
                    for table, count in assumed.items()
                ],
                most=6,
            ),
        )
        yield (
            "",
            Said(
                "listed by: procure sources {name} --status assumed", "一覧: procure sources {name} --status assumed"
            ).format(name=model.name),
        )
