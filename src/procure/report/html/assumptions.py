"""The assumptions that decide: numbers that change the choice, with their sources, and how firm those are that price the plan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from procure.errors import DataError
from procure.explore.sensitivity import Sensitivity
from procure.explore.switch import Switches
from procure.facts import load_facts
from procure.facts.schema import meaning_of
from procure.languages import in_language
from procure.report.html.parts import Cell, Figure, Group, Link, Part, Prose, Section, Table, amount, last, share
from procure.report.html.subject import Subject
from procure.words import listed, plain, rounded

if TYPE_CHECKING:
    from procure.facts import Facts
    from procure.portfolio.portfolio import Portfolio

#: Digits of a number and of its range.
DIGITS = 4


def section(subject: Subject, answers: Sequence[Any]) -> Section:
    """What is known of them, from the answer itself and from others that are given with it."""
    return Section("assumptions", subject.words["assumptions_heading"], [*_parts(subject, answers)])


def _parts(subject: Subject, answers: Sequence[Any]) -> Iterator[Part]:
    words, portfolio = subject.words, subject.portfolio
    yield from _deciding(subject, answers)
    rows: list[list[Cell]] = [
        [words.get(status, status), in_language(meaning_of(status), subject.language), amount(cost), share(part)]
        for status, cost, part in portfolio.provenance.itertuples(index=False)
    ]
    headings = [words["status_of"], "", words["cost_musd"], words["share_pct"]]
    yield Table(words["provenance_table"], headings, [Group("", rows)], last(2, headings))
    own: list[list[Cell]] = [
        [str(override["set"]), str(override.get("reason") or ""), _written(override["value"])]
        for override in portfolio.settings.get("overrides", [])
    ]
    own += [[path, "", Figure(plain(number), number)] for path, number in portfolio.numbers.items()]
    if own:
        yield Table(words["set_table"], [words["number"], words["reason"], words["value"]], [Group("", own)], {2})


def _written(value: Any) -> Cell:
    """A value as the model file has it."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Figure(plain(float(value)), float(value)) if is_number else str(value)


def _deciding(subject: Subject, answers: Sequence[Any]) -> Iterator[Part]:
    """The numbers whose ranges were looked at, those first that change the choice; each with its source and where it switches."""
    words = subject.words
    switches = [answer for answer in answers if isinstance(answer, Switches)]
    looked_at = [
        {**row, "chosen": answer.programme}
        for answer in answers
        if isinstance(answer, Sensitivity)
        for row in answer.table.to_dict("records")
    ]
    if not (switches or looked_at):
        yield Prose(words["not_asked"])
        return
    looked_at.sort(key=lambda row: row.get("choice", "stays") == "stays")
    told = {row["number"] for row in looked_at}
    looked_at += [
        {"number": answer.path, "unit": answer.unit, "low": answer.low, "high": answer.high}
        for answer in switches
        if answer.path not in told
    ]
    facts = _facts_of(subject.portfolio)
    rows = [[*_number(subject, row), _flips(subject, row, switches), *_source(row, facts)] for row in looked_at]
    headings = [words[key] for key in ("number", "value", "range", "unit", "flips_at", "status_of", "source")]
    yield Table(words["deciding_table"], headings, [Group("", rows)], {1, 2})


def _number(subject: Subject, row: dict[Any, Any]) -> list[Cell]:
    """A number, its value, its range and its unit."""
    value = float(row.get("value", math.nan))
    read: Cell = Figure(rounded(value, DIGITS), value) if math.isfinite(value) else "-"
    low, high = (rounded(float(row[end]), DIGITS) for end in ("low", "high"))
    unit = str(row["unit"])
    return [str(row["number"]), read, subject.words["from_to"].format(low=low, high=high), unit if unit != "1" else ""]


def _flips(subject: Subject, row: dict[Any, Any], switches: Sequence[Switches]) -> str:
    """Where along a number another programme is chosen, as far as that was asked."""
    words = subject.words
    for answer in switches:
        if answer.path == row["number"]:
            return listed([rounded(value, answer.digits) for value in answer.table["value"].tolist()]) or words["never"]
    choice = row.get("choice")
    if choice in ("flips", "tie") and "turns" in row:  # `procure sensitivity --decides`
        end = "low" if row["end"] < row["value"] else "high"
        if not math.isfinite(row["turns"]):
            return words["flips_to"].format(end=words[f"{end}_end"], level=row["other"])
        return words[f"turns_{end}"].format(level=row["other"], value=rounded(row["turns"], DIGITS - 1))
    if choice in ("flips", "tie"):
        ends = [end for end in ("low", "high") if row[f"{end}_programme"] not in ("", row["chosen"])]
        named = [words["flips_to"].format(end=words[f"{end}_end"], level=row[f"{end}_programme"]) for end in ends]
        return words["and_then"].join(named)
    return words["never"] if choice == "stays" else ""


def _facts_of(portfolio: Portfolio) -> Facts | None:
    """The tables that an answer rests on, where they are at hand."""
    if portfolio.model is not None:
        return portfolio.model.facts
    bundled = load_facts()
    return bundled if bundled.fingerprint == portfolio.fingerprint else None


def _source(number: dict[Any, Any], facts: Facts | None) -> list[Cell]:
    """The status of a number, and where it is from; as far as the tables are at hand."""
    try:
        place = None if facts is None else facts.locate(str(number["number"]))
    except DataError:  # a choice of the model, which has no source
        place = None
    if facts is None or place is None:
        return [str(number.get("status", "")), ""]
    row = facts.tables[place.table].iloc[place.position]
    status, source, address = (
        str(row[key]) if isinstance(row.get(key), str) else "" for key in ("status", "source", "address")
    )
    is_safe = urlsplit(address).scheme in ("http", "https")
    return [status, Link(source or address, address) if is_safe else source]
