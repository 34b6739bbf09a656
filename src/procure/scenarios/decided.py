"""What programmes do to the world of a model: which levels may be in force, what their verdicts say, whom they provoke.

All choices of programmes that a model allows share one world: a verdict that one of them waits for, and a trial that one of them
has, are processes of it under each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from procure.errors import DataError, Fault
from procure.facts.records import Records
from procure.languages import COMMA, Said
from procure.model import Model
from procure.scenarios import chain as chains
from procure.scenarios.chain import Rates
from procure.scenarios.process import Process
from procure.scenarios.project import given, project, verdict
from procure.scenarios.strategy import (
    PENDING,
    VERDICT,
    Strategy,
    first_year_of,
    is_trial,
    largest,
    strategy_of,
    year_of,
)

Programmes = Mapping[str, str]  # supplier -> the programme level or strategy chosen
#: How likely an outcome of a verdict is, and the chances of the starts once it is known.
Outcome = tuple[float, dict[int | None, float]]

#: Behind the name of a supplier, what its project is called.
PROJECT = "_project"
#: Years in which a trial may begin before it is given up.
TRIES = 3
#: Where a project that has not begun stands.
WAITING = "waiting"
#: The state of a supplier's chain that its own programme draws, and the attribute of programmes.csv that says how much.
INTERFERENCE = "interference"
#: The attribute that says how much of the rates of retaliations.csv a programme adds.
RETALIATION = "retaliation"
#: The attribute that says how likely a trial begins in a year in which it has not begun yet.
BEGINS = "begins"

# What is wrong with a verdict on a project.
_STARTS_BEFORE, _KNOWN_BEFORE, _EARLIER = (
    Said(
        "'{supplier}' may start in {start}, and the verdict is known in {known}",
        "'{supplier}' は {start} 年に始まり得るが、判定が分かるのは {known} 年",
    ),
    Said("a verdict is known before anything starts", "判定は何かが始まる前に分かる"),
    Said("give an earlier year, or later starts in projects.csv", "より早い年とするか、projects.csv の開始を遅らせる"),
)
_KNOWN_ALREADY, _NOT_KNOWN_YET, _BEGIN_EARLIER = (
    Said(
        "the verdict on '{supplier}' is known in {known}, before the model begins in {first}",
        "'{supplier}' の判定が分かるのは {known} 年で、モデルが始まる {first} 年より前",
    ),
    Said("a strategy waits for what is not known yet", "戦略が待つのはまだ分からないもの"),
    Said(
        "begin the model earlier, or put the chances that hold since into projects.csv",
        "モデルをより早く始めるか、判定後の確率を projects.csv に書く",
    ),
)
_NO_OUTCOME, _HAS_OUTCOMES, _ADD_ROWS = (
    Said(
        "'{supplier}' has no chance of an outcome for a start in {which}",
        "'{supplier}' に、開始が {which} のときの結果の確率がない",
    ),
    Said("every start of projects.csv has its outcomes", "projects.csv の開始ごとに結果がある"),
    Said("add the rows", "行を加える"),
)

_trial = lru_cache(maxsize=1024)(lambda name, starts, years: replace(project(name, dict(starts), years), name=name))
_verdict = lru_cache(maxsize=1024)(
    lambda name, chances, period, n_periods: verdict(name, dict(chances), PENDING, period, n_periods)
)


class Decided:
    """The programmes of a model's suppliers, as they move its world.

    Attributes
    ----------
    strategies : mapping supplier -> Strategy
        Those chosen.
    outcomes : mapping supplier -> mapping outcome -> Outcome
        Of the verdicts that some choice of programmes, or a review, waits for.
    verdicts, trials : mapping name -> Process
    """

    def __init__(
        self, model: Model, records: Records, programmes: Programmes, suppliers: Sequence[str], periods: Sequence[int],
        variant: str,
    ) -> None:  # fmt: skip
        self.model, self.records, self.suppliers, self.periods = model, records, suppliers, tuple(periods)
        self.variant = variant
        self.strategies = {s: strategy_of(records, s, chosen) for s, chosen in programmes.items()}
        self._allowed = self._allowed_with(programmes)
        self.outcomes = {s: self._outcomes(s) for s in self._awaited()}
        self.verdicts = {s + VERDICT: self._verdict_on(s) for s in self.outcomes}
        self.trials = self._trials()

    def _allowed_with(self, programmes: Programmes) -> dict[str, list[Strategy]]:
        """The strategies of each supplier that the model allows, those of `programmes` among them: all share one world."""
        allowed: dict[str, list[Strategy]] = {}
        for supplier in self.suppliers:
            chosen = self.model.settings.suppliers.get(supplier)
            names = [*(chosen.programmes if chosen is not None else ()), programmes.get(supplier)]
            strategies = [
                strategy_of(self.records, supplier, name) for name in dict.fromkeys(names) if name is not None
            ]
            if strategies:
                allowed[supplier] = strategies
        return allowed

    def _awaited(self) -> list[str]:
        """The suppliers whose verdict some strategy or review waits for."""
        seen = {name for review in self.model.settings.revisions for name in review.sees}
        return [
            supplier
            for supplier in self.suppliers
            if supplier + VERDICT in seen or any(one.review is not None for one in self._allowed.get(supplier, ()))
        ]

    def starts(self, supplier: str) -> dict[int | None, float]:
        """The chances of the starts of a project, None for never; none where the supplier has no project."""
        return {
            start_year(r["start"]): float(r[self.variant]) for r in self.records.rows("projects", supplier=supplier)
        }

    def _outcomes(self, supplier: str) -> dict[str, Outcome]:
        """The outcomes of a verdict: how likely each is, and the chances of the starts once it is known."""
        rows = self.records.rows("verdicts", supplier=supplier)
        starts, known = self.starts(supplier), year_of(rows)
        before = [start for start, chance in starts.items() if start is not None and chance and start <= (known or 0)]
        if before:
            seen = _STARTS_BEFORE.format(supplier=supplier, start=before[0], known=known)
            raise DataError(Fault("verdicts.csv", seen, _KNOWN_BEFORE, _EARLIER))
        first = self.model.years[0]
        if known is not None and known < first:
            seen = _KNOWN_ALREADY.format(supplier=supplier, known=known, first=first)
            raise DataError(Fault("verdicts.csv", seen, _NOT_KNOWN_YET, _BEGIN_EARLIER))
        missing = [start for start in starts if not any(start_year(r["start"]) == start for r in rows)]
        if missing:
            which = COMMA.join("never" if start is None else str(start) for start in missing)
            seen = _NO_OUTCOME.format(supplier=supplier, which=which)
            raise DataError(Fault("verdicts.csv", seen, _HAS_OUTCOMES, _ADD_ROWS))
        likelihood: dict[str, dict[int | None, float]] = {}
        for r in rows:
            likelihood.setdefault(r["outcome"], {})[start_year(r["start"])] = float(r["value"])
        return given(starts, likelihood)

    def _verdict_on(self, supplier: str) -> Process:
        """What is said of a supplier's project, in the first period of its year."""
        year, years = year_of(self.records.rows("verdicts", supplier=supplier)), self.periods
        period = next((t for t, other in enumerate(years) if year is not None and other >= year), len(years))
        chances = tuple((outcome, chance) for outcome, (chance, _) in self.outcomes[supplier].items())
        return _verdict(supplier + VERDICT, chances, period, len(years))

    # --- what they provoke ---

    def deciding(self, chain: str, begun: Mapping[str, Process]) -> list[Process]:
        """The processes on which hangs what programmes do to the rates of a chain, the same under every choice of levels.

        `begun` are the projects and trials that may not have begun.
        """
        provoking = [s for s in self._allowed if self.records.rows("retaliations", supplier=s, chain=chain)]
        deciding = {s + VERDICT: self.verdicts[s + VERDICT] for s in self.outcomes if s == chain or s in provoking}
        if self.model.settings.world.retaliation == "delivery":
            for supplier in provoking:
                names = [supplier + PROJECT, *(start_of(supplier, level) for level in self._levels(supplier))]
                deciding |= {name: begun[name] for name in names if name in begun}
        return list(deciding.values())

    def _levels(self, supplier: str) -> list[str]:
        """Every level that a supplier's programme may come to."""
        return list(dict.fromkeys(level for one in self._allowed.get(supplier, ()) for level in one.levels))

    def turns(self, strategies: Mapping[str, Strategy]) -> list[tuple[int, int]]:
        """The periods and years from which on the programmes may do something else to the rates; today is the first."""
        first, years = self.model.years[0], self.periods
        later = {
            int(r["year"])
            for supplier, strategy in strategies.items()
            for level in strategy.levels
            for r in self.records.rows("programmes", supplier=supplier, programme=level)
            if r["attribute"] in (RETALIATION, INTERFERENCE)
        }
        later |= {year for strategy in strategies.values() for _, _, year in strategy.stages}
        if self.model.settings.world.retaliation == "delivery":
            firsts = [first_year_of(self.records, s, g) for s, strategy in strategies.items() for g in strategy.levels]
            later |= {int(first) for first in firsts if first < math.inf}
        return [(years.index(year), year) for year in (first, *sorted(y for y in later if first < y <= years[-1]))]

    def provoked(
        self, chain: str, rates: Rates, strategies: Mapping[str, Strategy], year: int, known: Mapping[str, str]
    ) -> Rates:
        """The rates of a chain in a year, with what the programmes add to it and draw, given the states that are `known`."""
        for r in self.records.rows("retaliations", chain=chain):
            level = self._of_levels(r["supplier"], strategies, RETALIATION, year, known)
            if level is not None:
                rates = chains.raise_rate(rates, [r["from"]], r["to"], level * float(r["value"]))
        drawn = self._of_levels(chain, strategies, INTERFERENCE, year, known)
        if drawn is not None:
            rates = {(a, b): rate * (drawn if b == INTERFERENCE else 1.0) for (a, b), rate in rates.items()}
        return rates

    def _of_levels(
        self, supplier: str, strategies: Mapping[str, Strategy], attribute: str, year: int, known: Mapping[str, str]
    ) -> float | None:
        """The most that a level in force says of an attribute in a year, if there is one and any says so."""
        if supplier not in strategies:
            return None
        waits = attribute == RETALIATION and self.model.settings.world.retaliation == "delivery"
        levels = strategies[supplier].in_force(known.get(supplier + VERDICT, PENDING), year)
        said = {
            level: self.records.value("programmes", year, supplier=supplier, programme=level, attribute=attribute)
            for level in levels
        }
        return largest(
            0.0 if number is not None and waits and not self._delivers(supplier, level, year, known) else number
            for level, number in said.items()
        )

    def _delivers(self, supplier: str, level: str, year: int, known: Mapping[str, str]) -> bool:
        """Whether a level that is in force delivers in a year, given where its project or its trial stands."""
        if year < first_year_of(self.records, supplier, level):
            return False
        trial = is_trial(self.records, supplier, level, self.model.years[-1])
        stands = known.get(start_of(supplier, level) if trial else supplier + PROJECT)
        return stands != WAITING  # None: it waits for nothing

    def _trials(self) -> dict[str, Process]:
        """The trials that may begin late: with the same chance in each of a few years, or never.

        The first of them is the first in which their level has capacity.
        """
        found: dict[str, Process] = {}
        years = self.periods
        for supplier in self._allowed:
            for level in self._levels(supplier):
                chance = self.records.value(
                    "programmes", years[-1], supplier=supplier, programme=level, attribute=BEGINS
                )
                if chance is None or not is_trial(self.records, supplier, level, years[-1]):
                    continue
                first = first_year_of(self.records, supplier, level)
                due = [y for y in range(int(first), int(first) + TRIES) if y <= years[-1]] if first < math.inf else []
                starts: list[tuple[int | None, float]] = [(y, chance * (1 - chance) ** k) for k, y in enumerate(due)]
                starts.append((None, (1 - chance) ** len(due)))
                name = start_of(supplier, level)
                found[name] = _trial(name, tuple(starts), years)
        return found


def start_of(supplier: str, level: str) -> str:
    """What the start of a trial is called among the processes of a world.

    >>> start_of("seabed", "pilot")
    'seabed_pilot_start'
    """
    return f"{supplier}_{level}_start"


def start_year(written: str) -> int | None:
    """The year in which a project starts, None for never."""
    return None if written == "never" else int(written)
