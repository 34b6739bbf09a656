"""A programme decided in steps, in words: what is in force from when, and after what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from procure.formulation.moment import from_words
from procure.languages import Said
from procure.report.labels import LABELS
from procure.words import with_error

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio

_WORDS: Mapping[str, Said] = {
    "first": Said("In steps: {levels} from {year}", "段階: {year} 年から {levels}"),
    "then": Said("{levels} from {year} after {seen} ({chance})", "{seen}（{chance}）の後 {year} 年から {levels}"),
    "and": Said(" and ", "・"),
    "between": Said("; ", "、"),
    "stop": Said(".", "。"),
    "worth": Said(
        "Waiting for the {seen} is worth {apart} {unit}: so much dearer is {level}, the best without.",
        "{seen} を待つことの価値は {apart} {unit}: 待たない最良の {level} との差。",
    ),
    "worthless": Said(
        "Waiting for the {seen} is worth nothing: {level} is {apart} {unit} dearer.",
        "{seen} を待つ価値はない: {level} は {apart} {unit}高い。",
    ),
}


def steps(portfolio: Portfolio) -> str | None:
    """The stages of the programmes of a portfolio in one sentence; None where nothing waits for anything."""
    told = list(_told(portfolio))
    if len(told) < 2:
        return None
    parts = []
    for levels, year, seen, chance in told:
        form = _WORDS["then" if seen else "first"]
        parts.append(
            form.format(levels=_WORDS["and"].join(levels), year=year, seen=seen, chance=f"{100 * chance:.3g} %")
        )
    return _WORDS["between"].join(parts) + _WORDS["stop"]


def worth_of_waiting(portfolio: Portfolio, times: float = 1.0, unit: str = LABELS["musd"]) -> str | None:
    """What it is worth to decide after something was seen, beside what is best without, in one sentence; sums in `unit`.

    None where no level waits, or all do; and where the verdict has said it, because what is best without comes next.
    """
    levels = portfolio.programme_levels
    known = levels[levels["difference_musd"].notna()]
    (chosen,) = known[known["chosen"]].to_dict("records")
    waits = known["waits_for"] != ""
    others = known[~waits if chosen["waits_for"] else waits].to_dict("records")
    if not others:
        return None
    other = min(others, key=lambda row: float(row["difference_musd"]))
    if chosen["waits_for"] and other["difference_musd"] == known.loc[~known["chosen"], "difference_musd"].min():
        return None
    form = "worth" if chosen["waits_for"] else "worthless"
    seen = (chosen if chosen["waits_for"] else other)["waits_for"].replace("_", " ")
    apart = with_error(times * other["difference_musd"], times * other["standard_error_musd"])
    return _WORDS[form].format(seen=seen, apart=apart, unit=unit, level=other["level"])


def _told(portfolio: Portfolio) -> Iterator[tuple[list[str], int, str, float]]:
    """(levels in force, from when, what was seen before, how likely that is), wherever they change."""
    plan = portfolio.plan
    chosen = plan[(plan["decision"] == "programme") & (plan["value"] > 0.5)]
    in_force: dict[tuple[str, int], list[str]] = {}
    chance: dict[str, float] = {}
    for of, year, seen, likely in zip(chosen["of"], chosen["year"], chosen["seen"], chosen["chance"], strict=True):
        in_force.setdefault((str(seen), int(year)), []).append(str(of).replace(".", " ").replace("_", " "))
        chance[str(seen)] = float(likely)
    last: dict[str, list[str]] = {}
    # by year, and of what may have been seen the likeliest first
    for (seen, year), levels in sorted(
        in_force.items(), key=lambda item: (item[0][1], -chance[item[0][0]], item[0][0])
    ):
        now = from_words(seen)
        earlier = [known for known in last if from_words(known) == now[: len(from_words(known))]]
        if not earlier or sorted(levels) != last[max(earlier, key=lambda known: len(from_words(known)))]:
            yield sorted(levels), year, seen.replace("_", " ").replace(": ", " "), chance[seen]
        last[seen] = sorted(levels)
