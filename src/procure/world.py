"""The world of a model: its suppliers' chains, common shocks, projects and demand, and the tree of futures they make.

Decisions change probabilities: a programme that provokes retaliation raises a rate of another supplier's chain, so the
world is made for one choice of programmes at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from procure.errors import DataError, Fault, nearest
from procure.model import Model
from procure.scenarios import chain as chains
from procure.scenarios.chain import Process
from procure.scenarios.tree import Tree, build_tree

Programmes = Mapping[str, str]  # supplier -> the programme level chosen

DEMAND = "demand"
PROJECT = "_project"
#: Where a project that has not begun stands.
WAITING = "waiting"


def suppliers_of(model: Model) -> list[str]:
    """The suppliers a model buys from: those of the core and those it names, less those it switches off."""
    table = model.facts.tables["suppliers"]
    chosen = model.settings.suppliers
    return [
        name
        for name, role in zip(table["supplier"], table["role"], strict=True)
        if (name in chosen and chosen[name].enabled) or (name not in chosen and role == "core")
    ]


def periods_of(model: Model) -> list[int]:
    """The year of every period."""
    return [year for year in model.years for _ in range(model.settings.model.periods_per_year)]


def rows(table: pd.DataFrame, **keys: Any) -> Iterator[dict[str, Any]]:
    """The rows of a table whose columns have these values, as dictionaries."""
    for column, value in keys.items():
        table = table[table[column] == value]
    yield from table.to_dict("records")  # type: ignore[misc]  # columns are named by text


def programme_value(model: Model, programmes: Programmes, supplier: str, attribute: str) -> float:
    """A number of the chosen programme level that does not depend on the year; 0 where there is none."""
    table = model.facts.tables["programmes"]
    level = programmes.get(supplier)
    found = [r["value"] for r in rows(table, supplier=supplier, attribute=attribute) if r["programme"] == level]
    return float(found[0]) if found else 0.0


def processes(model: Model, programmes: Programmes) -> list[Process]:
    """Every process of the model's world, correlated, forced and provoked as the tables say."""
    settings, tables = model.settings, model.facts.tables
    period = 1.0 / settings.model.periods_per_year
    n_periods = len(periods_of(model))
    suppliers = suppliers_of(model)
    variant = "value" if settings.world.variant == "base" else settings.world.variant
    found: dict[str, Process] = {}
    for supplier in suppliers:
        states = sorted(rows(tables["states"], chain=supplier), key=lambda row: row["order"])
        if not states:
            continue
        rates = {(r["from"], r["to"]): float(r[variant]) for r in rows(tables["transitions"], chain=supplier)}
        for r in rows(tables["retaliations"], chain=supplier):
            strength = programme_value(model, programmes, r["supplier"], "retaliation")
            if strength and r["supplier"] in suppliers:
                rates = chains.raise_rate(rates, [r["from"]], r["to"], strength * float(r["value"]))
        found[supplier] = chains.markov(
            supplier,
            [row["state"] for row in states],
            {row["state"]: row["kind"] for row in states},
            rates,
            {row["state"]: float(row["value"]) for row in states[1:]},
            settings.world.start.get(supplier, states[0]["state"]),
            period,
            n_periods,
        )
    for supplier in suppliers:
        starts = {
            None if r["start"] == "never" else int(r["start"]): float(r[variant])
            for r in rows(tables["projects"], supplier=supplier)
        }
        if starts:
            found[supplier + PROJECT] = chains.project(supplier, starts, periods_of(model))
    _correlate(tables["correlations"], found)
    _force(tables["shocks"], found, period, n_periods)
    if settings.demand.uncertain != "none":
        levels = {r["level"]: float(r["value"]) for r in rows(tables["demand_levels"])}
        if not levels:
            raise DataError(
                Fault(f"{model.origin}, demand.uncertain", "the table demand_levels is empty",
                      "uncertain demand needs levels", "add the table or set demand.uncertain = 'none'")
            )  # fmt: skip
        persistent = settings.demand.uncertain == "persistent"
        found[DEMAND] = chains.levels(DEMAND, levels, persistent, n_periods)
    return list(found.values())


def _correlate(table: pd.DataFrame, found: dict[str, Process]) -> None:
    for r in rows(table):
        driver, steered = found.get(r["chain_a"]), found.get(r["chain_b"])
        states_a, states_b = r["states_a"].split("|"), r["states_b"].split("|")
        name = r["chain_b"]
        if steered is None or not set(states_b) <= set(steered.states):
            # A correlation may speak of the project behind a supplier instead of its plant.
            name = r["chain_b"] + PROJECT
            steered = found.get(name)
        if driver is None or steered is None or not r["value"]:
            continue
        found[name] = chains.correlate(steered, states_b, driver, states_a, float(r["value"]))


def _force(table: pd.DataFrame, found: dict[str, Process], period: float, n_periods: int) -> None:
    for name in table["shock"].unique():
        own = list(rows(table, shock=name))
        number = {r["attribute"]: float(r["value"]) for r in own if r["attribute"] != "forces"}
        driver = chains.shock(name, number["rate"], number["duration"], period, n_periods)
        hit = [r for r in own if r["attribute"] == "forces" and r["chain"] in found]
        if hit and number["rate"] > 0:
            found[name] = driver
            for r in hit:
                found[r["chain"]] = chains.force(found[r["chain"]], driver, "on", {r["state"]: float(r["value"])})


def make_tree(model: Model, programmes: Programmes) -> Tree:
    """The tree of futures: the table the user handed in, or one made from the processes."""
    settings = model.settings
    if settings.world.scenarios:
        return Tree.from_table(model.facts.tables["scenarios"], processes(model, programmes))
    years = periods_of(model)
    branch = [years.index(year) for year in settings.world.tree.branch]
    found = processes(model, programmes)
    primary = settings.world.tree.primary
    if primary is not None and primary not in {process.name for process in found}:
        raise DataError(
            Fault(f"{model.origin}, world.tree.primary", f"'{primary}' is not in this model",
                  "the primary chain is one of a supplier of the model",
                  nearest(primary, [process.name for process in found]))
        )  # fmt: skip
    return build_tree(
        found,
        len(years),
        branch=branch,
        primary=primary,
        nodes=settings.world.tree.nodes,
        seed=settings.world.tree.seed,
    )
