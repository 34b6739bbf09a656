"""The world of a model: its suppliers' chains, common shocks, projects and demand, and the tree of futures they make.

Decisions change probabilities: a programme that provokes retaliation raises a rate of another supplier's chain, so the
world is made for one choice of programmes at a time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.facts import Facts
from procure.model import Model
from procure.scenarios import chain as chains
from procure.scenarios.chain import Process
from procure.scenarios.tree import Tree, build_tree

if TYPE_CHECKING:
    from pandas import DataFrame

Programmes = Mapping[str, str]  # supplier -> the programme level chosen

DEMAND = "demand"
PROJECT = "_project"
#: Where a project that has not begun stands.
WAITING = "waiting"


def suppliers_of(model: Model) -> list[str]:
    """The suppliers a model buys from: those of the core and those it names, less those it switches off."""
    chosen = model.settings.suppliers
    roles = {r["supplier"]: r["role"] for r in _indexed(model.facts.tables["suppliers"]).rows({})}
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


Row = Mapping[str, Any]


class Records:
    """The rows of the tables as dictionaries, found by the values of their columns; blank cells are None."""

    def __init__(self, facts: Facts) -> None:
        self._tables: dict[str, _Indexed | _Moved] = {name: _indexed(frame) for name, frame in facts.tables.items()}

    def rows(self, table: str, **keys: Any) -> list[Row]:
        """The rows of a table whose columns have these values."""
        return self._tables[table].rows(keys)

    def row(self, table: str, position: int) -> Row:
        """The row at a position of a table."""
        return self._tables[table].row(position)

    def moved(self, values: Mapping[tuple[str, int, str], float]) -> Records:
        """The same records with single numbers changed, each by its table, position of its row and column."""
        changes: dict[str, dict[int, dict[str, float]]] = {}
        for (table, position, column), value in values.items():
            changes.setdefault(table, {}).setdefault(position, {})[column] = value
        records = object.__new__(Records)
        records._tables = self._tables | {name: _Moved(self._tables[name], rows) for name, rows in changes.items()}
        return records


class _Indexed:
    """One table's rows, indexed by the columns asked for."""

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame
        self._found: dict[tuple[str, ...], dict[tuple[Any, ...], list[Row]]] = {}

    @cached_property
    def _all(self) -> list[Row]:
        columns = {
            str(name): [None if blank else value for value, blank in zip(column.tolist(), column.isna(), strict=True)]
            for name, column in self._frame.items()
        }
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def row(self, position: int) -> Row:
        return self._all[position]

    def rows(self, keys: Mapping[str, Any]) -> list[Row]:
        if not keys:
            return self._all
        index = tuple(keys)
        if index not in self._found:
            found: dict[tuple[Any, ...], list[Row]] = {}
            for row in self._all:
                found.setdefault(tuple(row[column] for column in index), []).append(row)
            self._found[index] = found
        return self._found[index].get(tuple(keys.values()), [])


class _Moved:
    """A table with some of its rows changed, found as they were: keys do not move."""

    def __init__(self, table: _Indexed | _Moved, changes: Mapping[int, Mapping[str, float]]) -> None:
        self._table = table
        self._new = {id(row): {**row, **change} for p, change in changes.items() for row in [table.row(p)]}

    def row(self, position: int) -> Row:
        row = self._table.row(position)
        return self._new.get(id(row), row)

    def rows(self, keys: Mapping[str, Any]) -> list[Row]:
        return [self._new.get(id(row), row) for row in self._table.rows(keys)]


#: Indexed tables by the identity of their frame, newest last: a changed copy of the facts shares all frames but a few. Each
#: entry holds its frame, so that its identity stays its own.
_known: OrderedDict[int, _Indexed] = OrderedDict()
_MOST_KNOWN = 256


def _indexed(frame: DataFrame) -> _Indexed:
    found = _known.pop(id(frame), None) or _Indexed(frame)
    _known[id(frame)] = found
    if len(_known) > _MOST_KNOWN:
        _known.popitem(last=False)
    return found


# What does not change between two laws is the same process, not an equal one: each is made once from what makes it.


@lru_cache(maxsize=1024)
def _markov(
    name: str, states: tuple[tuple[str, str, float], ...], rates: tuple[tuple[tuple[str, str], float], ...], start: str,
    period: float, n_periods: int,
) -> Process:  # fmt: skip
    names = [state for state, _, _ in states]
    kinds = {state: kind for state, kind, _ in states}
    durations = {state: months for state, _, months in states[1:]}
    return chains.markov(name, names, kinds, dict(rates), durations, start, period, n_periods)


_project = lru_cache(maxsize=1024)(lambda name, starts, years: chains.project(name, dict(starts), years))
_levels = lru_cache(maxsize=1024)(lambda name, law, *rest: chains.levels(name, dict(law), *rest))
_shock = lru_cache(maxsize=1024)(chains.shock)
_correlated = lru_cache(maxsize=1024)(chains.correlate)
_forced = lru_cache(maxsize=1024)(
    lambda process, driver, state, chance: chains.force(process, driver, "on", {state: chance})
)


def processes(model: Model, programmes: Programmes, records: Records | None = None) -> list[Process]:
    """Every process of the model's world, correlated, forced and provoked as the tables (or `records` of them) say.

    Called again for other numbers, it returns the same objects for the processes that no number moved.
    """
    settings = model.settings
    records = records or Records(model.facts)
    period = 1.0 / settings.model.periods_per_year
    n_periods = len(periods_of(model))
    suppliers = suppliers_of(model)
    variant = "value" if settings.world.variant == "base" else settings.world.variant
    found: dict[str, Process] = {}
    for supplier in suppliers:
        states = sorted(records.rows("states", chain=supplier), key=lambda row: row["order"])
        if not states:
            continue
        rates = {(r["from"], r["to"]): float(r[variant]) for r in records.rows("transitions", chain=supplier)}
        for r in records.rows("retaliations", chain=supplier):
            level = programmes.get(r["supplier"])
            for own in records.rows("programmes", supplier=r["supplier"], programme=level, attribute="retaliation"):
                rates = chains.raise_rate(rates, [r["from"]], r["to"], float(own["value"]) * float(r["value"]))
        start = settings.world.start.get(supplier, str(states[0]["state"]))
        described = tuple((r["state"], r["kind"], float(r["value"] or 0.0)) for r in states)
        found[supplier] = _markov(supplier, described, tuple(rates.items()), start, period, n_periods)
    for supplier in suppliers:
        starts = {
            None if r["start"] == "never" else int(r["start"]): float(r[variant])
            for r in records.rows("projects", supplier=supplier)
        }
        if starts:
            found[supplier + PROJECT] = _project(supplier, tuple(starts.items()), tuple(periods_of(model)))
    _correlate(records, found)
    _force(records, found, period, n_periods)
    if settings.demand.uncertain != "none":
        levels = {r["level"]: float(r["value"]) for r in records.rows("demand_levels")}
        if not levels:
            raise DataError(
                Fault(f"{model.origin}, demand.uncertain", "the table demand_levels is empty",
                      "uncertain demand needs levels", "add the table or set demand.uncertain = 'none'")
            )  # fmt: skip
        persistent = settings.demand.uncertain == "persistent"
        found[DEMAND] = _levels(DEMAND, tuple(levels.items()), persistent, n_periods)
    # Where nothing can fail there is still one future.
    return list(found.values()) or [_levels("future", (("certain", 1.0),), True, n_periods)]


def _correlate(records: Records, found: dict[str, Process]) -> None:
    for r in records.rows("correlations"):
        driver, steered = found.get(r["chain_a"]), found.get(r["chain_b"])
        states_a, states_b = tuple(r["states_a"].split("|")), tuple(r["states_b"].split("|"))
        name = r["chain_b"]
        if steered is None or not set(states_b) <= set(steered.states):
            # A correlation may speak of the project behind a supplier instead of its plant.
            name = r["chain_b"] + PROJECT
            steered = found.get(name)
        if driver is None or steered is None or not r["value"]:
            continue
        found[name] = _correlated(steered, states_b, driver, states_a, float(r["value"]))


def _force(records: Records, found: dict[str, Process], period: float, n_periods: int) -> None:
    for name in sorted({r["shock"] for r in records.rows("shocks")}):
        own = records.rows("shocks", shock=name)
        number = {r["attribute"]: float(r["value"]) for r in own if r["attribute"] != "forces"}
        driver = _shock(name, number["rate"], number["duration"], period, n_periods)
        hit = [r for r in own if r["attribute"] == "forces" and r["chain"] in found]
        if hit and number["rate"] > 0:
            found[name] = driver
            for r in hit:
                found[r["chain"]] = _forced(found[r["chain"]], driver, r["state"], float(r["value"]))


def make_tree(model: Model, programmes: Programmes) -> Tree:
    """The tree of futures: the table the user handed in, or one made from the processes.

    All programme levels share one tree. It holds every future where they are few; else it is drawn, once, from the mean of the
    levels' laws, which allows whatever any of them allows. Each level then weighs the paths by its own law
    (`Tree.reweighed`): levels differ by what they do, not by the luck of their draws.
    """
    settings = model.settings
    years = periods_of(model)
    law = processes(model, programmes)
    if settings.world.scenarios:
        table = model.facts.tables["scenarios"].rename(columns={"value": "probability"})
        table = table.astype(object).where(table.notna(), None)
        return Tree.from_table(table, law, len(years)).merged()[0]
    choice = settings.world.tree
    if choice.primary is not None and choice.primary not in {process.name for process in law}:
        raise DataError(
            Fault(f"{model.origin}, world.tree.primary", f"'{choice.primary}' is not in this model",
                  "the primary chain is one of a supplier of the model",
                  nearest(choice.primary, [process.name for process in law]))
        )  # fmt: skip
    levels = programme_choices(model)
    if dict(programmes) not in levels:
        levels.append(dict(programmes))
    laws = [processes(model, level) for level in levels]
    proposal = [_mean(same) for same in zip(*laws, strict=True)]
    branch = tuple(years.index(year) for year in choice.branch)
    drawn = _drawn(tuple(proposal), len(years), branch, choice.primary, choice.nodes, choice.seed)
    return drawn if proposal == law else drawn.reweighed(proposal, law)


@lru_cache(maxsize=1024)
def _mean(same: tuple[Process, ...]) -> Process:
    """The mean of several laws of one process."""
    if len(set(same)) == 1:
        return same[0]
    return replace(same[0], transition=np.mean([process.transition for process in same], axis=0))


@lru_cache(maxsize=4)
def _drawn(
    law: tuple[Process, ...], n_periods: int, branch: tuple[int, ...], primary: str | None, nodes: int, seed: int
) -> Tree:
    """The tree of a law, drawn once for all levels and for every change that leaves the law as it is."""
    return build_tree(law, n_periods, branch=branch, primary=primary, nodes=nodes, seed=seed)
