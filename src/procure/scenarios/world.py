"""The world of a model: its suppliers' chains, common shocks, projects and demand, and the tree of futures they make.

Decisions change probabilities: a programme that provokes retaliation raises a rate of another supplier's chain, so the
world is made for one choice of programmes at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from procure.errors import DataError, Fault, nearest
from procure.facts import Place
from procure.facts.records import Records, Row
from procure.model import Model
from procure.scenarios import chain as chains
from procure.scenarios import coupling
from procure.scenarios.chain import Rates
from procure.scenarios.coupling import Steering
from procure.scenarios.draw import Paths
from procure.scenarios.grow import draw_stand_ins, enumerated
from procure.scenarios.process import Process, canonical
from procure.scenarios.project import given, project, verdict
from procure.scenarios.stand_ins import StandIns
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
from procure.scenarios.table import table_tree
from procure.scenarios.tree import Tree
from procure.units import Array

Programmes = Mapping[str, str]  # supplier -> the programme level chosen
#: What the paths of a world may cost under a choice of programmes, in parts that add up, shape (n_paths, n_parts); hashable.
Losses = Callable[[Programmes, Paths], Array]
Laws = tuple[tuple[Process, ...], ...]  # the processes under each of several choices of programmes
States = tuple[tuple[str, str, float | None], ...]  # of a chain: name, kind, months where they count

DEMAND = "demand"
PROJECT = "_project"
#: Behind the name of a supplier and of a trial level, what the start of the trial is called.
START = "_start"
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
_trial = lru_cache(maxsize=1024)(lambda name, starts, years: replace(project(name, dict(starts), years), name=name))
_verdict = lru_cache(maxsize=1024)(
    lambda name, chances, period, n_periods: verdict(name, dict(chances), PENDING, period, n_periods)
)
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
    found = world.chains(world.states, programmes) | world.begun | world.verdicts | world.demand()
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
        self.rates = {
            chain: {(r["from"], r["to"]): float(r[self.variant]) for r in records.rows("transitions", chain=chain)}
            for chain in self._chains()
        }
        self.states = {chain: states for chain in self.rates if (states := self._states(chain))}
        self.steered = {
            chain: tuple(self._steering(row) for row in self._steering_rows(chain) if self._is_of_chain(row))
            for chain in self.states
        }
        self.strategies = {s: strategy_of(records, s, chosen) for s, chosen in programmes.items()}
        self._strategies = self._allowed(programmes)
        self._told = {s: self._outcomes(s) for s in self._awaited()}
        self.verdicts = {s + VERDICT: self._verdict_on(s) for s in self._told}
        self.trials = self._trials()

    # --- verdicts ---

    def _allowed(self, programmes: Programmes) -> dict[str, list[Strategy]]:
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
        seen = {name for review in self.model.settings.reviews for name in review.sees}
        return [
            supplier
            for supplier in self.suppliers
            if supplier + VERDICT in seen or any(one.review is not None for one in self._strategies.get(supplier, ()))
        ]

    def _starts(self, supplier: str) -> dict[int | None, float]:
        """The chances of the starts of a project, None for never; none where the supplier has no project."""
        return {_start(r["start"]): float(r[self.variant]) for r in self.records.rows("projects", supplier=supplier)}

    def _outcomes(self, supplier: str) -> dict[str, tuple[float, dict[int | None, float]]]:
        """The outcomes of a verdict: how likely each is, and the chances of the starts once it is known."""
        rows = self.records.rows("verdicts", supplier=supplier)
        starts, known = self._starts(supplier), year_of(rows)
        before = [start for start, chance in starts.items() if start is not None and chance and start <= (known or 0)]
        if before:
            seen = f"'{supplier}' may start in {before[0]}, and the verdict is known in {known}"
            rule = "a verdict is known before anything starts"
            raise DataError(Fault("verdicts.csv", seen, rule, "give an earlier year, or later starts in projects.csv"))
        likelihood: dict[str, dict[int | None, float]] = {}
        for r in rows:
            likelihood.setdefault(r["outcome"], {})[_start(r["start"])] = float(r["value"])
        return given(starts, likelihood)

    def _verdict_on(self, supplier: str) -> Process:
        """What is said of a supplier's project, in the first period of its year."""
        year, years = year_of(self.records.rows("verdicts", supplier=supplier)), periods_of(self.model)
        period = next((t for t, other in enumerate(years) if year is not None and other >= year), len(years))
        chances = tuple((outcome, chance) for outcome, (chance, _) in self._told[supplier].items())
        return _verdict(supplier + VERDICT, chances, period, len(years))

    # --- chains and projects ---

    def _chains(self) -> list[str]:
        """What can fail: the suppliers of the model, and whatever has states without being a supplier at all."""
        registered = {r["supplier"] for r in self.records.rows("suppliers")}
        free = sorted({r["chain"] for r in self.records.rows("states")} - registered)
        projects = {r["supplier"] + PROJECT for r in self.records.rows("projects")}
        taken = {DEMAND, *(r["shock"] for r in self.records.rows("shocks")), *projects}
        faults = [
            Fault(f"states.csv, chain '{chain}'", "demand, a shock or a project has this name", "each has its own name",
                  "rename the chain")
            for chain in (*self.suppliers, *free)
            if chain in taken
        ]  # fmt: skip
        if faults:
            raise DataError(faults)
        return [*self.suppliers, *free]

    def _states(self, chain: str) -> States:
        """The states of a chain, the better before the worse; the months of those that no rate leads out of, and of episodes."""
        rows = sorted(self.records.rows("states", chain=chain), key=lambda row: row["order"])
        left = {source for (source, _), rate in self.rates[chain].items() if rate > 0}
        counts = [k > 0 and (r["kind"] == "episode" or r["state"] not in left) for k, r in enumerate(rows)]
        return tuple(
            (r["state"], r["kind"], float(r["value"] or 0.0) if counted else None)
            for r, counted in zip(rows, counts, strict=True)
        )

    def chains(self, names: Iterable[str], programmes: Programmes) -> dict[str, Process]:
        """Some chains under these programmes, and the common shocks that hit them."""
        strategies = {s: self.strategies[s] for s in programmes}
        turns = self._turns(strategies)
        found: dict[str, Process] = {}
        for chain in names:
            deciding = self._deciding(chain, strategies)
            for period, year in turns:
                after = self._decided(chain, strategies, year, deciding, {})
                found[chain] = _switched(found[chain], after, period) if period else after
        self._force(found)
        return found

    def _deciding(self, chain: str, strategies: Mapping[str, Strategy]) -> list[Process]:
        """The processes on which hangs what programmes do to the rates of a chain, the same under every choice of levels."""
        provoking = [s for s in strategies if self.records.rows("retaliations", supplier=s, chain=chain)]
        deciding = {
            s + VERDICT: self.verdicts[s + VERDICT]
            for s in strategies
            if s in self._told and (s == chain or s in provoking)
        }
        if self.model.settings.world.retaliation == "delivery":
            for supplier in provoking:
                names = [supplier + PROJECT, *(f"{supplier}_{level}{START}" for level in self._levels(supplier))]
                deciding |= {name: self.begun[name] for name in names if name in self.begun}
        return list(deciding.values())

    def _levels(self, supplier: str) -> list[str]:
        """Every level that a supplier's programme may come to."""
        return list(dict.fromkeys(level for one in self._strategies.get(supplier, ()) for level in one.levels))

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
            return self._chain(chain, self._provoked(chain, strategies, year, known), self.steered[chain])
        driver, *others = deciding
        versions = tuple(
            (state, self._decided(chain, strategies, year, others, {**known, driver.name: state}))
            for state in driver.states
        )
        return _governed(driver, versions)

    @cached_property
    def begun(self) -> dict[str, Process]:
        """The projects and trials that may not have begun."""
        return self._projects() | self.trials

    def _trials(self) -> dict[str, Process]:
        """The trials that may begin late: with the same chance in each of a few years, or never.

        The first of them is the first in which their level has capacity.
        """
        found: dict[str, Process] = {}
        years = tuple(periods_of(self.model))
        for supplier, strategies in self._strategies.items():
            for level in dict.fromkeys(level for one in strategies for level in one.levels):
                chance = self.records.value(
                    "programmes", years[-1], supplier=supplier, programme=level, attribute=BEGINS
                )
                if chance is None or not is_trial(self.records, supplier, level, years[-1]):
                    continue
                first = first_year_of(self.records, supplier, level)
                due = [y for y in range(int(first), int(first) + TRIES) if y <= years[-1]] if first < math.inf else []
                starts: list[tuple[int | None, float]] = [(y, chance * (1 - chance) ** k) for k, y in enumerate(due)]
                starts.append((None, (1 - chance) ** len(due)))
                name = f"{supplier}_{level}{START}"
                found[name] = _trial(name, tuple(starts), years)
        return found

    def _projects(self) -> dict[str, Process]:
        """The projects that may not have begun.

        Chances of a start were stated for a world without programmes: what delays a start is taken from there.
        """
        found: dict[str, Process] = {}
        for supplier in self.suppliers:
            starts = self._starts(supplier)
            if starts:
                rows = [row for row in self._steering_rows(supplier) if not self._is_of_chain(row)]
                drivers = self.chains(self._behind(row["chain_a"] for row in rows), {})
                steered = tuple(map(self._steering, rows))
                years, behind = tuple(periods_of(self.model)), tuple(drivers.values())
                keep = tuple(year for year, chance in starts.items() if year is not None and chance > 0)
                told = {PENDING: starts} | {o: law for o, (_, law) in self._told.get(supplier, {}).items()}
                versions = tuple(
                    (outcome, _project(supplier, tuple(law.items()), years, steered, behind, keep))
                    for outcome, law in told.items()
                )
                name = supplier + PROJECT
                found[name] = versions[0][1]
                if supplier in self._told:
                    found[name] = _governed(self.verdicts[supplier + VERDICT], versions)
        return found

    def _behind(self, names: Iterable[str]) -> list[str]:
        """These chains and whatever steers them."""
        behind = list(names)
        for chain in behind:  # grows while it is read
            behind += [one.driver for one in self.steered[chain] if one.driver not in behind]
        return sorted(set(behind))

    def demand(self) -> dict[str, Process]:
        """The levels of demand, where it is uncertain."""
        uncertain = self.model.settings.demand.uncertain
        if uncertain == "none":
            return {}
        levels = {r["level"]: float(r["value"]) for r in self.records.rows("demand_levels")}
        if not levels:
            raise DataError(
                Fault(f"{self.model.origin}, demand.uncertain", "the table demand_levels is empty",
                      "uncertain demand needs levels", "add the table or set demand.uncertain = 'none'")
            )  # fmt: skip
        return {DEMAND: _levels(DEMAND, tuple(levels.items()), uncertain == "persistent", self.n_periods)}

    def remembered(self, found: Mapping[str, Process]) -> dict[str, Process]:
        """What the reviews of the plan have seen, of the processes `found`."""
        seen: dict[str, Process] = {}
        years, origin = periods_of(self.model), self.model.origin
        for review in self.model.settings.reviews:
            for name in review.sees:
                if name not in found:
                    rule = "a review sees processes of the model's world"
                    raise DataError(
                        Fault(
                            f"{origin}, reviews, {review.year}",
                            f"'{name}' is not one of them",
                            rule,
                            nearest(name, found),
                        )
                    )
                last = years.index(review.year) - 1
                seen[memory_of(name, review.year)] = _remembered(found[name], memory_of(name, review.year), last)
        return seen

    def _chain(self, chain: str, rates: Rates, steered: tuple[Steering, ...] = ()) -> Process:
        states = self.states[chain]
        start = self.start.get(chain, states[0][0])
        return _markov(chain, states, tuple(rates.items()), start, self.period, self.n_periods, steered)

    def _turns(self, strategies: Mapping[str, Strategy]) -> list[tuple[int, int]]:
        """The periods and years from which on the programmes may do something else to the rates; today is the first."""
        first, years = self.model.years[0], periods_of(self.model)
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

    def _provoked(self, chain: str, strategies: Mapping[str, Strategy], year: int, known: Mapping[str, str]) -> Rates:
        """The rates of a chain in a year, with what the programmes add to it and draw, given the states that are `known`."""
        rates = self.rates[chain]
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
        stands = known.get(f"{supplier}_{level}{START}" if trial else supplier + PROJECT)
        return stands != WAITING  # None: it waits for nothing

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
            missing = [f"its {attribute}" for attribute in ("rate", "duration") if attribute not in number]
            if missing:
                rule = "a shock has a rate, a duration and the chains it forces"
                raise DataError(
                    Fault(f"shocks.csv, '{shock}'", f"no row says {' and '.join(missing)}", rule, "add the row")
                )
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


def _start(written: str) -> int | None:
    """The year in which a project starts, None for never."""
    return None if written == "never" else int(written)


def memory_of(process: str, year: int) -> str:
    """What the memory of a process is called that the review of a year has seen: as it was the year before.

    >>> memory_of("china", 2029)
    'china 2028'
    """
    return f"{process} {year - 1}"


def _listed(states: str) -> tuple[str, ...]:
    """States joined by |."""
    return tuple(state.strip() for state in states.split("|"))


def tree_of(model: Model, programmes: Programmes, losses: Losses | None = None) -> Tree:
    """The tree of futures: the table the user handed in, or one made from the processes.

    It holds every future where they are few. Else the trees of all programme levels hold the same futures, spread over
    `losses` (`grow.build_trees`), so that levels differ by what they do and not by the luck of their draws.
    """
    settings = model.settings
    years = periods_of(model)
    law = processes(model, programmes)
    if settings.world.scenarios:
        table = model.facts.tables["scenarios"].rename(columns={"value": "probability"})
        table = table.astype(object).where(table.notna(), None)
        return table_tree(table, law, len(years)).merged()[0]
    choice = settings.world.tree
    names = {process.name for process in law}
    if choice.primary is not None and choice.primary not in names:
        raise DataError(
            Fault(f"{model.origin}, world.tree.primary", f"'{choice.primary}' is not in this model",
                  "the primary chain can fail in this model", nearest(choice.primary, names))
        )  # fmt: skip
    if choice.branch and choice.primary is None and len(names) > 1:
        raise DataError(
            Fault(f"{model.origin}, world.tree.branch", "no primary chain is named", "one chain branches into all its states",
                  "set world.tree.primary")
        )  # fmt: skip
    nodes = choice.nodes * settings.model.periods_per_year  # as many paths, whatever the period
    exact = _every_future(tuple(law), len(years), nodes)
    if exact is not None:
        return exact
    return _drawn_for(model, programmes, losses)[0]


def is_drawn_anew(model: Model, programmes: Programmes, losses: Losses | None = None) -> bool:
    """Whether the law has moved so far that other futures are drawn than for the facts as they were read."""
    return not holds_every_future(model, programmes) and _drawn_for(model, programmes, losses)[1]


def _drawn_for(model: Model, programmes: Programmes, losses: Losses | None) -> tuple[Tree, bool]:
    """The tree of futures drawn, and whether they were drawn anew.

    They are those of the facts as they were read, weighed by the law as it stands: a number that is moved does not move the
    futures. Only where these cannot stand for the law of some level (`StandIns.weighed`) all levels get others.
    """
    choice, levels = model.settings.world.tree, programme_choices(model)
    if dict(programmes) not in levels:
        levels.append(dict(programmes))
    years = periods_of(model)
    branch = tuple(years.index(year) for year in choice.branch)
    nodes = choice.nodes * model.settings.model.periods_per_year  # as many paths, whatever the period
    as_read = replace(model, facts=model.facts.as_read)
    before, now = (tuple(tuple(processes(one, level)) for level in levels) for one in (as_read, model))
    how = tuple(tuple(level.items()) for level in levels), branch, choice.primary, nodes, choice.seed, losses
    trees = _weighed(_drawn(before, *how), now)
    return (trees or _drawn(now, *how).trees)[levels.index(dict(programmes))], trees is None


def holds_every_future(model: Model, programmes: Programmes) -> bool:
    """Whether the tree of a model is the whole law, and not a drawing of it: a table handed in, or few enough futures."""
    nodes = model.settings.world.tree.nodes * model.settings.model.periods_per_year
    law = tuple(processes(model, programmes))
    return model.settings.world.scenarios or _every_future(law, len(periods_of(model)), nodes) is not None


# The last trees are kept: for the other levels, and for changes that leave the law as it is.


@lru_cache(maxsize=8)
def _every_future(law: tuple[Process, ...], n_periods: int, nodes: int) -> Tree | None:
    return enumerated(law, n_periods, nodes)


@lru_cache(maxsize=4)
def _drawn(
    laws: Laws, levels: tuple[tuple[tuple[str, str], ...], ...], branch: tuple[int, ...],
    primary: str | None, nodes: int, seed: int, losses: Losses | None,
) -> StandIns:  # fmt: skip
    n_periods = laws[0][0].n_periods
    of_law = None if losses is None else lambda law, paths: losses(dict(levels[law]), paths)
    return draw_stand_ins(laws, n_periods, branch=branch, primary=primary, nodes=nodes, seed=seed, losses=of_law)


@lru_cache(maxsize=4)
def _weighed(drawn: StandIns, laws: Laws) -> list[Tree] | None:
    return drawn.weighed([canonical(law) for law in laws])
