"""The world of a model: its suppliers' chains, common shocks, projects and demand, and the tree of futures they make.

Decisions change probabilities: a programme that provokes retaliation raises a rate of another supplier's chain, so the
world is made for one choice of programmes at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.facts import Place
from procure.facts.records import Records, Row
from procure.languages import AND, Said
from procure.model import Model
from procure.scenarios import chain as chains
from procure.scenarios import coupling
from procure.scenarios.chain import Rates
from procure.scenarios.coupling import Steering
from procure.scenarios.decided import PROJECT, Decided, Programmes
from procure.scenarios.process import Process
from procure.scenarios.project import project
from procure.scenarios.strategy import PENDING, VERDICT, Strategy

States = tuple[tuple[str, str, float | None], ...]  # of a chain: name, kind, months where they count

DEMAND = "demand"
#: The state of demand in which it is what the model reads without chances of other readings.
AS_READ = "as read"
#: Chances below it are those of the arithmetic.
NEVER = 1e-9

#: Ways to tell a transition: by its rate, or by its chance within a span of so many years.
RATE = "rate"
SPANS = {"chance_a_year": 1.0, "chance_a_quarter": 0.25, "chance_a_month": 1 / 12}

# What is wrong with the tables and choices that a world is made of.
_NOT_OF_THEM, _KNOWN_FIRST, _REVIEW_SEES = (
    Said("'{name}' is not one of them", "'{name}' はそれではない"),
    Said(
        "what is known of the first period is the state of a process of the model's world",
        "最初の期について分かっているのはモデルの確率過程の状態",
    ),
    Said("a review sees processes of the model's world", "見直しで見るのはモデルの確率過程"),
)
_CHAIN, _TAKEN, _OWN_NAME, _RENAME = (
    Said("states.csv, chain '{chain}'", "states.csv、確率過程 '{chain}'"),
    Said("demand, a shock or a project has this name", "需要・共通ショック・事業のいずれかと同じ名前"),
    Said("each has its own name", "名前は一つずつ別"),
    Said("rename the chain", "確率過程の名前を変える"),
)
_WAYS, _ONE_WAY, _TURN = (
    Said("told by {ways}", "{ways} で書かれている"),
    Said(
        "the regimes of a chain are told in one way: what happens within a span hangs on all of them",
        "確率過程の持続状態（regime）の書き方は一つ: 期間内に起きることはそのすべてによる",
    ),
    Said("turn all of them into one", "すべてを一つの書き方にそろえる"),
)
_NO_RATES, _BY_SPANS, _PERIODS = (
    Said(
        "no rates give these chances, and a period is {years:g} years",
        "この確率を与える年率はなく、一期は {years:g} 年",
    ),
    Said(
        "a chain that comes and goes within its span is known from one span to the next, and has no episodes",
        "期間内に行き来する確率過程は期間ごとにしか分からず、一時状態（episode）を持たない",
    ),
    Said(
        "let the model have periods of {years:g} years, or give rates",
        "モデルの一期を {years:g} 年とするか、年率を書く",
    ),
)
_CHANGED, _BY_RATES, _GIVE_RATES = (
    Said(
        "no rates give these chances, and something changes them: a correlation, or a programme that provokes",
        "この確率を与える年率はないが、相関か、報復を招く開発計画が確率を変える",
    ),
    Said(
        "what changes with a cause is told by rates, or by chances that rates give",
        "要因で変わるものは、年率か、年率の与える確率で書く",
    ),
    Said("give rates, or smaller chances", "年率か、より小さい確率を書く"),
)
_NO_LEVELS, _NEEDS_LEVELS, _ADD_LEVELS = (
    Said("the table demand_levels is empty", "表 demand_levels が空"),
    Said("uncertain demand needs levels", "不確実な需要には需要水準が必要"),
    Said("add the table or set demand.uncertain = 'none'", "表を加えるか、demand.uncertain = 'none' とする"),
)
_OF_SHOCK = {"rate": Said("its rate", "年率（rate）"), "duration": Said("its duration", "期間（duration）")}
_UNSAID, _SHOCK_HAS, _ADD_ROW = (
    Said("no row says {missing}", "{missing}の行がない"),
    Said("a shock has a rate, a duration and the chains it forces", "共通ショックには年率・期間と、及ぶ確率過程がある"),
    Said("add the row", "行を加える"),
)


def suppliers_of(model: Model) -> list[str]:
    """The suppliers a model buys from: those of the core and those it names, less those it switches off."""
    chosen = model.settings.suppliers
    roles = {r["supplier"]: r["role"] for r in Records(model.facts).rows("suppliers")}
    return sorted(
        name
        for name, role in roles.items()
        if (name in chosen and chosen[name].enabled) or (name not in chosen and role == "core")
    )


def programme_choices(model: Model) -> list[dict[str, str]]:
    """Every combination of programme levels the model allows, the first level of each supplier first."""
    choices: list[dict[str, str]] = [{}]
    for supplier in suppliers_of(model):
        chosen = model.settings.suppliers.get(supplier)
        levels = chosen.programmes if chosen is not None else ()
        if levels:
            choices = [{**choice, supplier: level} for choice in choices for level in levels]
    return choices


def periods_of(model: Model) -> list[int]:
    """The year of every period."""
    return [year for year in model.years for _ in range(model.settings.model.periods_per_year)]


# What does not change between two laws is the same process, not an equal one: each is made once from what makes it.


@lru_cache(maxsize=1024)
def _markov(
    name: str, states: States, rates: tuple[tuple[tuple[str, str], float], ...], start: str, period: float,
    n_periods: int, steered: tuple[Steering, ...] = (),
) -> Process:  # fmt: skip
    names = [state for state, _, _ in states]
    kinds = {state: kind for state, kind, _ in states}
    durations = {state: months for state, _, months in states[1:] if months is not None}
    return chains.markov(name, names, kinds, dict(rates), durations, start, period, n_periods, steered)


@lru_cache(maxsize=1024)
def _steering(
    states: tuple[str, ...], driver: Process, described: States, driver_states: tuple[str, ...], value: float, period: float
) -> Steering:  # fmt: skip
    shares = {state: chains.effective_share(kind, months or 0.0, period) for state, kind, months in described}
    return coupling.correlate(states, driver, driver_states, value, shares)


_project = lru_cache(maxsize=1024)(
    lambda name, starts, years, steered, drivers, keep: project(name, dict(starts), years, steered, drivers, keep)
)
_fixed = lru_cache(maxsize=1024)(
    lambda name, states, law, start, n_periods: chains.fixed(name, states, np.array(law), start, n_periods)
)
_certain = lru_cache(maxsize=1024)(chains.certain)
_remembered = lru_cache(maxsize=1024)(coupling.remembered)
_governed = lru_cache(maxsize=1024)(lambda driver, versions: coupling.governed(driver, dict(versions)))
_switched = lru_cache(maxsize=1024)(chains.switch)
_levels = lru_cache(maxsize=1024)(lambda name, law, *rest: chains.levels(name, dict(law), *rest))
_shock = lru_cache(maxsize=1024)(chains.shock)
_hits = lru_cache(maxsize=1024)(lambda driver, name, chances: coupling.hits(driver, name, dict(chances)))
_forced = lru_cache(maxsize=1024)(
    lambda process, driver, on, chances: coupling.force(process, driver, on, dict(chances))
)


def processes(model: Model, programmes: Programmes, records: Records | None = None) -> list[Process]:
    """Every process of the model's world, correlated, forced and provoked as the tables (or `records` of them) say.

    Called again for other numbers, it returns the same objects for the processes that no number moved.
    """
    world = _World(model, records or Records(model.facts), programmes)
    found = world.chains(world.states) | world.begun | world.decided.verdicts | world.demand()
    for name, state in model.settings.world.first.items():
        if name not in found:
            raise DataError(
                Fault(
                    f"{model.origin}, world.first", _NOT_OF_THEM.format(name=name), _KNOWN_FIRST, nearest(name, found)
                )
            )
        found[name] = _certain(found[name], state)
    found |= world.remembered(found)
    # Where nothing can fail there is still one future.
    return list(found.values()) or [_levels("future", (("certain", 1.0),), True, world.n_periods)]


def numbers_of_law(model: Model, programmes: Programmes) -> set[Place]:
    """Every number of the facts that the processes of a model are made of."""
    found: set[Place] = set()
    processes(model, programmes, Records(model.facts).noting(found.add))
    return found


class _World:
    """The processes of a model, by name, read from the records of its facts."""

    def __init__(self, model: Model, records: Records, programmes: Programmes) -> None:
        self.model, self.records = model, records
        self.period = 1.0 / model.settings.model.periods_per_year
        self.n_periods = len(periods_of(model))
        self.suppliers = suppliers_of(model)
        world = model.settings.world
        self.variant, self.start = "value" if world.variant == "base" else world.variant, world.start
        self.laws: dict[str, tuple[tuple[float, ...], ...]] = {}  # of chains that have no rates, by the period
        self.rates = {chain: self._rates(chain) for chain in self._chains()}
        self.states = {chain: states for chain in self.rates if (states := self._states(chain))}
        self.steered = {
            chain: tuple(self._steering(row) for row in self._steering_rows(chain) if self._is_of_chain(row))
            for chain in self.states
        }
        self.decided = Decided(model, records, programmes, self.suppliers, periods_of(model), self.variant)

    # --- chains and projects ---

    def _chains(self) -> list[str]:
        """What can fail: the suppliers of the model, and whatever has states without being a supplier at all."""
        registered = {r["supplier"] for r in self.records.rows("suppliers")}
        free = sorted({r["chain"] for r in self.records.rows("states")} - registered)
        projects = {r["supplier"] + end for r in self.records.rows("projects") for end in (PROJECT, VERDICT)}
        taken = {DEMAND, *(r["shock"] for r in self.records.rows("shocks")), *projects}
        faults = [
            Fault(_CHAIN.format(chain=chain), _TAKEN, _OWN_NAME, _RENAME)
            for chain in (*self.suppliers, *free)
            if chain in taken
        ]
        if faults:
            raise DataError(faults)
        return [*self.suppliers, *free]

    def _rates(self, chain: str) -> Rates:
        """The rates of a chain, those of chances among them; where there are none that give the chances, its law is kept."""
        rows = self.records.rows("transitions", chain=chain)
        told: dict[str, dict[tuple[str, str], float]] = {}
        for r in rows:
            told.setdefault(r["attribute"], {})[r["from"], r["to"]] = float(r[self.variant])
        rates = told.pop(RATE, {})
        if not told:
            return rates
        states = sorted(self.records.rows("states", chain=chain), key=lambda row: row["order"])
        kinds = {r["state"]: r["kind"] for r in states}
        regimes = [r["state"] for r in states if r["kind"] != "episode"]
        where = f"transitions.csv, {chain}"
        ways = [RATE] * any(set(pair) <= set(regimes) for pair in rates)
        ways += [way for way, chances in told.items() if any(set(pair) <= set(regimes) for pair in chances)]
        if len(ways) > 1:
            raise DataError(Fault(where, _WAYS.format(ways=AND.join(ways)), _ONE_WAY, _TURN))
        for way, chances in told.items():
            found = chains.rates_of_chances(where, list(kinds), kinds, chances, SPANS[way])
            if found is None:
                self.laws[chain] = self._law(where, way, list(kinds), regimes, chances)
                found = {pair: p / SPANS[way] for pair, p in chances.items()}  # only where they lead counts
            rates |= found
        return rates

    def _law(
        self, where: str, way: str, states: Sequence[str], regimes: Sequence[str], chances: Rates
    ) -> tuple[tuple[float, ...], ...]:
        """Chances from one period of the model to the next, of chances that no rates give: whole spans only."""
        spans = round(self.period / SPANS[way])
        if len(regimes) < len(states) or not spans or abs(spans * SPANS[way] - self.period) > 1e-9:
            seen, remedy = _NO_RATES.format(years=self.period), _PERIODS.format(years=SPANS[way])
            raise DataError(Fault(where, seen, _BY_SPANS, remedy))
        law = np.linalg.matrix_power(chains.law_of_chances(where, states, chances), spans)
        return tuple(map(tuple, law.tolist()))

    def _states(self, chain: str) -> States:
        """The states of a chain, the better before the worse; the months of those that no rate leads out of, and of episodes."""
        rows = sorted(self.records.rows("states", chain=chain), key=lambda row: row["order"])
        left = {source for (source, _), rate in self.rates[chain].items() if rate > 0}
        counts = [k > 0 and (r["kind"] == "episode" or r["state"] not in left) for k, r in enumerate(rows)]
        return tuple(
            (r["state"], r["kind"], float(r["value"] or 0.0) if counted else None)
            for r, counted in zip(rows, counts, strict=True)
        )

    def chains(self, names: Iterable[str], *, is_alone: bool = False) -> dict[str, Process]:
        """Some chains under the programmes, or as they are alone, without any; and the common shocks that hit them.

        Under programmes they hang on the same verdicts, whatever is chosen.
        """
        strategies = {} if is_alone else self.decided.strategies
        turns = self.decided.turns(strategies)
        found: dict[str, Process] = {}
        for chain in names:
            deciding = [] if is_alone else self.decided.deciding(chain, self.begun)
            for period, year in turns:
                after = self._decided(chain, strategies, year, deciding, {})
                found[chain] = _switched(found[chain], after, period) if period else after
        self._force(found)
        return found

    def _decided(
        self,
        chain: str,
        strategies: Mapping[str, Strategy],
        year: int,
        deciding: Sequence[Process],
        known: Mapping[str, str],
    ) -> Process:
        """A chain in a year, its law hanging on the states of processes, some of which are `known`."""
        if not deciding:
            return self._chain(
                chain, self.decided.provoked(chain, self.rates[chain], strategies, year, known), self.steered[chain]
            )
        driver, *others = deciding
        versions = tuple(
            (state, self._decided(chain, strategies, year, others, {**known, driver.name: state}))
            for state in driver.states
        )
        return _governed(driver, versions)

    @cached_property
    def begun(self) -> dict[str, Process]:
        """The projects and trials that may not have begun."""
        return self._projects() | self.decided.trials

    def _projects(self) -> dict[str, Process]:
        """The projects that may not have begun.

        Chances of a start were stated for a world without programmes: what delays a start is taken from there.
        """
        found: dict[str, Process] = {}
        for supplier in self.suppliers:
            starts = self.decided.starts(supplier)
            if starts:
                rows = [row for row in self._steering_rows(supplier) if not self._is_of_chain(row)]
                drivers = self.chains(self._behind(row["chain_a"] for row in rows), is_alone=True)
                steered = tuple(map(self._steering, rows))
                years, behind = tuple(periods_of(self.model)), tuple(drivers.values())
                keep = tuple(year for year, chance in starts.items() if year is not None and chance > 0)
                told = {PENDING: starts} | {o: law for o, (_, law) in self.decided.outcomes.get(supplier, {}).items()}
                versions = tuple(
                    (outcome, _project(supplier, tuple(law.items()), years, steered, behind, keep))
                    for outcome, law in told.items()
                )
                name = supplier + PROJECT
                found[name] = versions[0][1]
                if supplier in self.decided.outcomes:
                    found[name] = _governed(self.decided.verdicts[supplier + VERDICT], versions)
        return found

    def _behind(self, names: Iterable[str]) -> list[str]:
        """These chains and whatever steers them."""
        behind = list(names)
        for chain in behind:  # grows while it is read
            behind += [one.driver for one in self.steered[chain] if one.driver not in behind]
        return sorted(set(behind))

    def demand(self) -> dict[str, Process]:
        """The levels of demand, or the readings of it that may hold, where it is uncertain."""
        choices = self.model.settings.demand
        uncertain = choices.uncertain
        if choices.readings:
            left = 1.0 - math.fsum(choices.readings.values())
            law = {AS_READ: left, **choices.readings} if left > NEVER else dict(choices.readings)
            return {DEMAND: _levels(DEMAND, tuple(law.items()), True, self.n_periods)}
        if uncertain == "none":
            return {}
        levels = {r["level"]: float(r["value"]) for r in self.records.rows("demand_levels")}
        if not levels:
            raise DataError(Fault(f"{self.model.origin}, demand.uncertain", _NO_LEVELS, _NEEDS_LEVELS, _ADD_LEVELS))
        return {DEMAND: _levels(DEMAND, tuple(levels.items()), uncertain == "persistent", self.n_periods)}

    def remembered(self, found: Mapping[str, Process]) -> dict[str, Process]:
        """What the reviews of the plan have seen, of the processes `found`."""
        seen: dict[str, Process] = {}
        years, origin = periods_of(self.model), self.model.origin
        for review in self.model.settings.revisions:
            for name in review.sees:
                if name not in found:
                    where, unknown = f"{origin}, reviews, {review.year}", _NOT_OF_THEM.format(name=name)
                    raise DataError(Fault(where, unknown, _REVIEW_SEES, nearest(name, found)))
                last = years.index(review.year) - 1
                seen[memory_of(name, review.year)] = _remembered(found[name], memory_of(name, review.year), last)
        return seen

    def _chain(self, chain: str, rates: Rates, steered: tuple[Steering, ...] = ()) -> Process:
        states = self.states[chain]
        start = self.start.get(chain, states[0][0])
        if (law := self.laws.get(chain)) is not None:
            if steered or rates != self.rates[chain]:
                raise DataError(Fault(f"transitions.csv, {chain}", _CHANGED, _BY_RATES, _GIVE_RATES))
            return _fixed(chain, tuple(state for state, _, _ in states), law, start, self.n_periods)
        return _markov(chain, states, tuple(rates.items()), start, self.period, self.n_periods, steered)

    # --- common shocks ---

    def _force(self, found: dict[str, Process]) -> None:
        """Add the common shocks, and put the chains that they force under them."""
        for shock in sorted({r["shock"] for r in self.records.rows("shocks")}):
            number: dict[str, float] = {}
            hit: dict[str, dict[str, float]] = {}
            for r in self.records.rows("shocks", shock=shock):
                if r["attribute"] != "forces":
                    number[r["attribute"]] = float(r["value"])
                elif r["chain"] in found and r["value"] > 0:
                    hit.setdefault(r["chain"], {})[r["state"]] = float(r["value"])
            missing = [word for attribute, word in _OF_SHOCK.items() if attribute not in number]
            if missing:
                seen = _UNSAID.format(missing=AND.join(missing))
                raise DataError(Fault(f"shocks.csv, '{shock}'", seen, _SHOCK_HAS, _ADD_ROW))
            if not hit or not number["rate"]:
                continue
            found[shock] = driver = _shock(shock, number["rate"], number["duration"], self.period, self.n_periods)
            lasts = bool((driver.transition[:, 0] != driver.transition[:, 1]).any())
            for chain, chances in hit.items():
                if not lasts or max(chances.values()) == 1:
                    found[chain] = _forced(found[chain], driver, "on", tuple(chances.items()))
                    continue
                name = f"{shock}.{chain}"
                found[name] = whom = _hits(driver, name, tuple(chances.items()))
                for state in chances:
                    found[chain] = _forced(found[chain], whom, f"hit {state}", ((state, 1.0),))

    # --- correlations ---

    def _steering_rows(self, chain: str) -> list[Row]:
        """The correlations that steer a chain or the project behind it, of drivers that the model has."""
        return [row for row in self.records.rows("correlations", chain_b=chain) if row["chain_a"] in self.states]

    def _is_of_chain(self, row: Row) -> bool:
        """Whether a correlation speaks of the chain's own states; otherwise it is of the project behind it."""
        return set(_listed(row["states_b"])) <= {state for state, _, _ in self.states.get(row["chain_b"], ())}

    def _steering(self, row: Row) -> Steering:
        driver = row["chain_a"]
        alone = self._chain(driver, self.rates[driver])
        of, on = _listed(row["states_b"]), _listed(row["states_a"])
        return _steering(of, alone, self.states[driver], on, float(row["value"]), self.period)


def memory_of(process: str, year: int) -> str:
    """What the memory of a process is called that the review of a year has seen: as it was the year before.

    >>> memory_of("china", 2029)
    'china 2028'
    """
    return f"{process} {year - 1}"


def _listed(states: str) -> tuple[str, ...]:
    """States joined by |."""
    return tuple(state.strip() for state in states.split("|"))
