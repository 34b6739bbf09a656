"""What comes of it: who supplies, what it costs and how bad that may be, who runs short and when."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from procure.portfolio.frames import COMPONENTS, OTHER_SOURCES
from procure.report import text
from procure.report.html.drawn import COST, SHORTAGE, drawn, of_class
from procure.report.html.parts import Cell, Figure, Group, Part, Prose, Section, Table, amount, last, share
from procure.report.html.subject import Subject
from procure.report.plot.mix import TODAY
from procure.report.text import LEAST_COST
from procure.words import LEAST_SHARE, percent

if TYPE_CHECKING:
    from pandas import DataFrame


def sections(subject: Subject) -> Iterator[Section]:
    """The mix, its cost, its shortage."""
    words = subject.words
    yield Section("mix", words["mix_heading"], [*_mix(subject)])
    yield Section("cost", words["cost_heading"], [*_cost(subject)])
    yield Section("shortage", words["shortage_heading"], [*_shortage(subject)])


def _mix(subject: Subject) -> Iterator[Part]:
    yield Prose(subject.words["mix_note"])
    for number in range(len(subject.classes)):
        yield drawn(subject, of_class(number))
    yield mix_table(subject)


def mix_table(subject: Subject) -> Table:
    """Shares of demand by class and year."""
    words, shares = subject.words, subject.portfolio.shares
    years = list(dict.fromkeys(shares["year"]))
    keys = zip(shares["class"], shares["supplier"], shares["year"], strict=True)
    share_of = dict(zip(keys, shares["share"].tolist(), strict=True))
    groups = []
    for name in [*subject.classes, *(["all"] if "all" not in subject.classes else [])]:
        sources = dict.fromkeys(shares["supplier"])
        rows = [(source, [share_of.get((name, source, year), 0.0) for year in years]) for source in sources]
        rows = [(source, numbers) for source, numbers in rows if any(abs(x) >= LEAST_SHARE for x in numbers)]
        rows.sort(key=lambda row: (row[0] in OTHER_SOURCES, -max(row[1])))
        groups.append(Group(subject.name(name), [[subject.name(s), *map(share, numbers)] for s, numbers in rows]))
    headings = [words["supplier"], *(words[TODAY] if year == TODAY else year for year in years)]
    return Table(words["mix_table"], headings, groups, last(len(years), headings))


def _cost(subject: Subject) -> Iterator[Part]:
    yield drawn(subject, COST)
    yield cost_table(subject)


def cost_table(subject: Subject) -> Table:
    """Mean, mean of the worst futures and worst path, by component."""
    words, portfolio, s = subject.words, subject.portfolio, subject.summary
    rate, unit = text.second_currency(portfolio)
    whole = (s["expected_cost"], s["cvar"], s["worst_case"])
    lines = [("total", whole)] + [
        (str(name), tuple(numbers)) for name, *numbers in portfolio.costs.itertuples(index=False)
    ]
    shown = [
        (name, numbers)
        for name, numbers in lines
        if name == "total"
        or (name not in COMPONENTS and any(numbers))
        or any(abs(x) > LEAST_COST * abs(y) for x, y in zip(numbers, whole, strict=True))
    ]
    rows: list[list[Cell]] = [
        [subject.name(name), *map(amount, numbers), *(amount(x * rate) for x in numbers if unit)]
        for name, numbers in shown
    ]
    columns = [words["expected"], words["tail"].format(tail=subject.tail), words["path"]]
    second = [words["in_currency"].format(column=column, unit=unit) for column in columns if unit]
    headings = [words["component"], *columns, *second]
    return Table(words["cost_table"], headings, [Group("", rows, bold={0})], last(len(headings) - 1, headings))


def _shortage(subject: Subject) -> Iterator[Part]:
    words, frame = subject.words, subject.portfolio.shortage
    short = frame.groupby("element")["cvar_share"].max() >= LEAST_SHARE
    lost = frame.groupby("element")["cost_musd"].sum()
    elements = sorted((str(e) for e in short.index[short]), key=lambda e: -float(lost[e]))
    if not elements:
        yield Prose(words["nobody"])
        return
    yield drawn(subject, SHORTAGE)
    own = {e: frame[frame["element"] == e] for e in elements}
    rows = [[subject.element(e), *_over_years(own[e])] for e in elements]
    headings = [
        words["element"], words["demand"], words["unserved_mean"], words["tail_share"].format(tail=subject.tail),
        words["years_short"], words["short_cost"].format(unit=words["musd_short"]),
    ]  # fmt: skip
    yield Table(words["shortage_table"], headings, [Group("", rows)], last(5, headings))
    means, tails = (
        [[subject.element(e), *_by_year(own[e], column, subject.years)] for e in elements]
        for column in ("expected_share", "cvar_share")
    )
    groups = [Group(words["mean_of_all"], means), Group(words["tail"].format(tail=subject.tail), tails)]
    caption = words["shortage_years"].format(tail=subject.tail)
    headings = [words["element"], *map(str, subject.years)]
    yield Table(caption, headings, groups, last(len(subject.years), headings))


def _over_years(own: DataFrame) -> list[Cell]:
    """Of an element: demand a year, what is unserved, and of the worst futures in the worst year, years short, money lost."""
    demand, unserved, years_short, lost = (
        float(own[column].sum()) for column in ("demand_t", "expected_t", "probability", "cost_musd")
    )
    tail, year = max(
        zip(own["cvar_share"].tolist(), own["year"].tolist(), strict=True), key=lambda pair: float(pair[0])
    )
    return [
        amount(demand / len(own)), share(unserved / demand if demand > 0 else math.nan), Figure(f"{percent(tail)} ({year})", tail),
        Figure(f"{years_short:.1f}", years_short), amount(lost),
    ]  # fmt: skip


def _by_year(own: DataFrame, column: str, years: list[int]) -> list[Cell]:
    """Of an element a share in each year."""
    share_of = dict(zip(own["year"].tolist(), own[column].tolist(), strict=True))
    return [share(share_of.get(year, math.nan)) for year in years]
