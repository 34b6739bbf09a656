"""What is decided now: the verdict with the figures to remember, and what to sign, build and store, year by year."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procure.languages import COMMA, SPACE, in_language
from procure.report import text
from procure.report.headline import first_supplier
from procure.report.html.parts import Cell, Figure, Group, Part, Prose, Section, Table, Tile, Tiles, amount, last, share
from procure.report.html.subject import Subject
from procure.report.steps import steps
from procure.words import LEAST_SHARE, money, percent

#: Decisions in the order in which they are read, and of these the ones that are taken or not.
DECISIONS = ("programme", "contract", "reserve", "placed", "output", "expansion", "use", "stock_target")
CONTRACT, PROGRAMME, NO_PROGRAMME = "contract", "programme", "none"
CHOICES = ("programme", "placed", "use")
#: What is less in every year is left out: t, or t/yr.
LEAST = 5e-3


def sections(subject: Subject) -> Iterator[Section]:
    """The verdict, and the plan."""
    words = subject.words
    yield Section("verdict", words["verdict_heading"], [*verdict(subject)])
    yield Section("plan", words["plan_heading"], [*_plan(subject)])


def verdict(subject: Subject) -> Iterator[Part]:
    """What to do, how sure that is, what decides it; then figures."""
    portfolio, words = subject.portfolio, subject.words
    lead = []
    if portfolio.programmes and steps(portfolio) is None:
        pairs = sorted(portfolio.programmes.items())
        levels = (words["level_of"].format(supplier=subject.name(s), level=subject.name(level)) for s, level in pairs)
        nothing = [subject.name(s) for s, level in pairs if level == NO_PROGRAMME]
        if len(nothing) == len(pairs):
            lead.append(words["start_none"].format(suppliers=subject.listed(nothing)))
        else:
            lead.append(words["choose"].format(levels=subject.listed(levels)))
    lead += _to_sign(subject)
    course = in_language(first_supplier(portfolio, subject.name, begins=True), subject.language)
    lead.append(words["sentence"].format(text=course))
    yield Prose(in_language(SPACE, subject.language).join(lead), is_lead=True)
    yield Tiles([*_tiles(subject)])
    for sentence in text.verdict(portfolio, subject.language):
        yield Prose(sentence)
    if len(portfolio.programme_levels) > 1 and subject.summary["fresh_paths"]:
        yield Prose(words["in_brackets"])
    binding = text.limits(portfolio, subject.language)
    if binding:
        yield Prose(words["holds_most"].format(words=binding[0][0]))
    if subject.summary["assumed_share"] >= LEAST_SHARE:
        yield Prose(words["assumed_of"].format(share=percent(subject.summary["assumed_share"])))


def _to_sign(subject: Subject) -> Iterator[str]:
    """What is contracted for the first year, the most first, and how much room is made for stock: a sentence each."""
    plan, words, first = subject.portfolio.plan, subject.words, subject.years[0]
    signed = plan[(plan["decision"] == CONTRACT) & (plan["year"] == first) & plan["seen"].eq("")]
    tonnes = (
        signed["value"].groupby(signed["of"].str.partition(".")[0]).sum().sort_values(ascending=False, kind="stable")
    )
    told = [
        words["sign_of"].format(supplier=subject.name(str(supplier)), tonnes=money(amount))
        for supplier, amount in tonnes.items()
        if amount >= LEAST
    ]
    if told:
        yield words["sign"].format(year=first, contracts=in_language(COMMA, subject.language).join(told))
    days = subject.portfolio.stock["target_days"].max()
    if days >= 1:
        yield words["room"].format(days=money(float(days)))


def _tiles(subject: Subject) -> Iterator[Tile]:
    words, summary, shortage = subject.words, subject.summary, subject.portfolio.shortage
    for key, says in (("expected_cost", "tile_cost"), ("cvar", "tile_tail")):
        yield Tile(amount(summary[key]), words["cost_musd"], words[says].format(tail=subject.tail))
    sums = shortage.groupby("class", sort=False)[["expected_t", "demand_t"]].sum()
    unserved = (sums["expected_t"] / sums["demand_t"]).dropna()
    if len(unserved):
        worst = str(unserved.idxmax())
        says = words["tile_unserved"].format(scope=subject.name(worst))
        yield Tile(share(float(unserved.max())), "%", says)
    stock = subject.portfolio.stock
    held = stock[stock["target_days"].notna() & stock["target_t"].ge(LEAST)]
    if len(held):
        row = held.sort_values("target_days", ascending=False, kind="stable").to_dict("records")[0]
        says = words["tile_stock"].format(element=subject.element(row["element"]), year=row["year"])
        yield Tile(amount(row["target_days"]), words["days"], says)


def _plan(subject: Subject) -> Iterator[Part]:
    words, years = subject.words, subject.years
    yield Prose(words["plan_note"])
    groups = [group for decision in DECISIONS if (group := _decided(subject, decision)).rows]
    headings = [words["decision"], *map(str, years)]
    if groups:
        yield Table(words["plan_table"], headings, groups, last(len(years), headings))
    stock = subject.portfolio.stock
    rows: list[list[Cell]] = []
    for element, own in stock.groupby("element", sort=False):
        if own["target_t"].max() >= LEAST:
            days = dict(zip(own["year"].tolist(), own["target_days"].tolist(), strict=True))
            rows.append([subject.element(str(element)), *(amount(days.get(year, math.nan)) for year in years)])
    if rows:
        headings = [words["element"], *map(str, years)]
        yield Table(words["stock_table"], headings, [Group("", rows)], last(len(years), headings))


def _decided(subject: Subject, decision: str) -> Group:
    """Everything that is decided of a kind: a row for what it is about, and for each time after something was seen."""
    plan = subject.portfolio.plan
    own = plan[(plan["decision"] == decision) & plan["year"].notna()]
    rows: list[list[Cell]] = []
    for (of, seen), times in own.groupby(["of", "seen"], sort=False):
        is_nothing = decision == PROGRAMME and str(of).endswith(f".{NO_PROGRAMME}")  # that there is none was said above
        if is_nothing or times["value"].abs().max() < LEAST:
            continue
        values = dict(zip(times["year"].tolist(), times["value"].tolist(), strict=True))
        label = subject.decision(str(of))
        if seen:
            chance = 100 * float(times["chance"].iloc[0])
            label = subject.words["after"].format(what=label, seen=str(seen).replace("_", " "), chance=f"{chance:.3g}")
        rows.append([label, *(_value(subject, decision, values.get(year, 0.0)) for year in subject.years)])
    return Group(subject.words[decision], rows)


def _value(subject: Subject, decision: str, value: float) -> Cell:
    if decision in CHOICES:
        return Figure(subject.words["yes"] if value > 0.5 else "-", value)
    return Figure(money(value) if abs(value) >= LEAST else "-", value)
