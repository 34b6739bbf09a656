"""What the answer stands on: how sure the choice is, what binds, what nobody could avoid, what was assumed, how it was computed."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from procure.portfolio.information import Information
from procure.portfolio.verdict import SEED
from procure.report import screens, text
from procure.report.html import assumptions
from procure.report.html.drawn import PROGRAMMES, drawn
from procure.report.html.given import parts_of
from procure.report.html.parts import Cell, Figure, Folded, Group, Part, Prose, Section, Table, amount, last
from procure.report.html.subject import Subject
from procure.words import percent, rounded, with_error, worst_share

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio

#: Limits with a row of their own.
LIMITS = 15
#: Gaps below which the last digit is meant.
EXACT = 1e-9
PACKAGES = ("procure", "highspy", "pyomo", "numpy", "scipy", "pandas")


def sections(subject: Subject, answers: Sequence[Any]) -> Iterator[Section]:
    """All of it; how sure the choice is only where there was one."""
    words = subject.words
    if len(subject.portfolio.programme_levels) > 1:
        yield Section("levels", words["levels_heading"], [*_levels(subject)])
    yield Section("limits", words["limits_heading"], [*_limits(subject)])
    yield assumptions.section(subject, answers)
    yield Section("unavoidable", words["unavoidable_heading"], [*_unavoidable(subject)])
    yield Section("computed", words["computed_heading"], [*_computed(subject)])


def _levels(subject: Subject) -> Iterator[Part]:
    words, portfolio = subject.words, subject.portfolio
    yield drawn(subject, PROGRAMMES)
    is_fresh = subject.summary["fresh_paths"] > 0
    rows: list[list[Cell]] = []
    for row in portfolio.programme_levels.to_dict("records"):
        verdict = str(row["verdict"])
        said = words.get(verdict.partition(":")[0], verdict)
        costs = [amount(row[f"{cost}_musd"]) for cost in ("objective", "expected", "cvar", "worst")]
        apart, error = row["difference_musd"], row["standard_error_musd"]
        dearer: Cell = Figure(with_error(apart, error), apart) if math.isfinite(apart) else "-"
        rows.append([row["level"], said, *costs, *([amount(row["fresh_musd"])] if is_fresh else []), dearer])
    tail = words["tail"].format(tail=subject.tail)
    headings = [words["level"], words["verdict"], words["objective"], words["expected"], tail, words["path"]]
    headings += [words["fresh"].format(paths=f"{subject.summary['fresh_paths']:,.0f}")] if is_fresh else []
    headings.append(words["apart"])
    bold = {place for place, is_chosen in enumerate(portfolio.programme_levels["chosen"]) if is_chosen}
    yield Table(words["levels_table"], headings, [Group("", rows, bold)], last(len(headings) - 2, headings))
    for sentence in text.levels_out(portfolio, subject.language):
        yield Prose(sentence)


def _limits(subject: Subject) -> Iterator[Part]:
    words, told = subject.words, text.limits(subject.portfolio, subject.language)
    if not told:
        yield Prose(words["no_limits"])
        return
    rows: list[list[Cell]] = []
    for sentence, row in told[:LIMITS]:
        pair = (_in_unit(row[key], str(row["unit"])) for key in ("value", "bound"))
        price = row["shadow_price_musd"]
        saves: Cell = Figure(rounded(price), price) if math.isfinite(price) else "-"
        rows.append([sentence, words.get(str(row["tag"]), str(row["tag"])), *pair, saves])
    headings = [words[key] for key in ("limit", "tag", "used", "there_is", "saves")]
    yield Table(words["limits_table"], headings, [Group("", rows)], last(3, headings))
    if len(told) > LIMITS:
        yield Prose(words["limits_more"].format(count=len(told) - LIMITS))


def _in_unit(number: float, unit: str) -> Cell:
    """A value of a limit with its unit."""
    if not math.isfinite(number):
        return "-"
    return Figure(f"{percent(number)} %" if unit == "share" else f"{rounded(number)} {unit}".strip(), number)


def _unavoidable(subject: Subject) -> Iterator[Part]:
    yield Prose(text.loss(subject.portfolio, subject.language))
    frame = subject.portfolio.value_of_information
    if len(frame):
        yield from parts_of(screens.page(Information.of(frame)), subject.language)


def _computed(subject: Subject) -> Iterator[Part]:
    rows: list[list[Cell]] = [[what, said] for what, said in _told(subject)]
    yield Table(subject.words["computed_table"], [subject.words["what"], ""], [Group("", rows)], ())
    yield Prose(subject.words["rounding"])
    chosen = json.dumps(subject.portfolio.settings, ensure_ascii=False, indent=1)
    yield Folded(subject.words["settings"], chosen.splitlines())


def _told(subject: Subject) -> Iterator[tuple[str, Cell]]:
    """What it was computed from and with."""
    words, portfolio, s = subject.words, subject.portfolio, subject.summary
    settings: Mapping[str, Any] = portfolio.settings
    yield words["model"], portfolio.name
    yield words["file"], portfolio.origin
    yield words["facts_hash"], portfolio.fingerprint
    yield words["settings_hash"], _hash(settings)
    yield words["answer_hash"], answer_hash(portfolio)
    tree = settings.get("world", {}).get("tree", {})
    seeds = portfolio.seeds.loc[portfolio.seeds["chosen"], "seed"].tolist()
    counts = {
        "leaves": f"{s['n_leaves']:,.0f}",
        "nodes": f"{s['n_nodes']:,.0f}",
        "seed": (seeds or [tree.get("seed", "")])[0],
    }
    yield words["tree"], words["tree_drawn" if s["drawn"] else "tree_every"].format(**counts)
    if variant := settings.get("world", {}).get("variant"):
        yield words["variant"], str(variant)
    paths = s["fresh_paths"]
    yield (
        words["fresh_of"],
        words["fresh_said"].format(paths=f"{paths:,.0f}", seed=SEED) if paths else words["fresh_none"],
    )
    mean, weight = f"{100 * (1 - s['weight']):.3g}", f"{100 * s['weight']:.3g}"
    yield words["risk"], words["note"].format(mean=mean, weight=weight, tail=worst_share(s["alpha"]))
    rate = settings.get("model", {}).get("discount_rate")
    if isinstance(rate, (int, float)):
        yield words["discount"], f"{100 * rate:g} %"
    gap = words["gap_exact"] if abs(s["gap"]) < EXACT else words["gap_said"].format(gap=f"{100 * s['gap']:.2g}")
    yield (
        words["solver"],
        words["solver_said"].format(status=portfolio.status, gap=gap, cold=f"{s['resolved_cold']:.0f}"),
    )
    yield words["seconds"], words["seconds_said"].format(seconds=f"{s['seconds']:.1f}")
    yield (
        words["page_by"],
        ", ".join([*(f"{name} {version(name)}" for name in PACKAGES), f"Python {platform.python_version()}"]),
    )


def answer_hash(portfolio: Portfolio) -> str:
    """The SHA-256 of everything that the file of an answer holds."""
    return _hash(portfolio.document())


def _hash(document: Any) -> str:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
