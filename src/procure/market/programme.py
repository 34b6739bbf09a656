"""What is in force of a supplier's programme, and what of it runs at every node.

A level is in force from the year on in which its stage begins (`scenarios.strategy`). A plant runs once its project has begun, and
ramps up; a trial runs from the first year in which it has capacity, and beside a plant until that delivers. With C_g the capacity
of a level in force and r_g the share of it that runs at a node,

  capacity of the plan   Σ_g C_g                     share of it that is ready   Σ_g C_g r_g / Σ_g C_g
  unit cost              Σ_g C_g r_g c_g / Σ_g C_g r_g

so of the trial and of the plant the plan takes the same share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from procure.facts.records import Records
from procure.facts.tracked import tracked
from procure.market.reading import Room, or_else
from procure.model import Model
from procure.scenarios.coupling import silenced
from procure.scenarios.decided import PROJECT, WAITING, Programmes, start_of
from procure.scenarios.process import Process, needed
from procure.scenarios.strategy import PENDING, VERDICT, Strategy, first_year_of, is_trial, strategy_of
from procure.scenarios.world import periods_of
from procure.units import Array, Mask


def read_law(model: Model, programmes: Programmes, law: Sequence[Process]) -> list[Process]:
    """The law of a model as far as any number of its market hangs on it under these programmes: the same paths of what is left.

    Left out are the starts of trials that are not chosen, the project where no plant is, a supplier's chain where there is no
    capacity. Where nothing is in force after a verdict, and where a plant has replaced a trial, what is not looked at stands still.
    """
    world = _Unread(model, programmes, {process.name: process for process in law})
    return needed(world.silenced(), world.names()) or list(law)


class _Unread:
    """What no number hangs on."""

    def __init__(self, model: Model, programmes: Programmes, law: Mapping[str, Process]) -> None:
        self.model, self.law, self.records = model, dict(law), Records(model.facts)
        self.years = periods_of(model)
        self.strategies = {s: strategy_of(self.records, s, chosen) for s, chosen in programmes.items()}

    def names(self) -> set[str]:
        """Processes that are looked at nowhere."""
        names = set[str]()
        for supplier, strategy in self.strategies.items():
            own = {r["programme"] for r in self.records.rows("programmes", supplier=supplier)}
            names |= {start_of(supplier, level) for level in own - set(strategy.levels)}
            delivering = [
                level for level in strategy.levels if any(self._delivers(supplier, level, year) for year in self.years)
            ]
            if all(self._is_trial(supplier, level) for level in delivering):
                names.add(supplier + PROJECT)
            if not delivering and self._is_nothing_else(supplier):
                names.add(supplier)
            if strategy.review is None:
                names.add(supplier + VERDICT)
        return {name for name in names if self._is_unpriced(name)}

    def silenced(self) -> list[Process]:
        """The law, standing still where nobody looks."""
        for supplier, strategy in self.strategies.items():
            if strategy.review is None:
                continue
            verdict, law = self.law[supplier + VERDICT], self.law
            for outcome in verdict.states:
                periods = [
                    t
                    for t, year in enumerate(self.years)
                    if year >= strategy.review and not self._is_anything_ahead(strategy, outcome, year)
                ]
                starts = [start_of(supplier, level) for level in strategy.levels]
                chain = [supplier] if self._is_nothing_else(supplier) else []
                for name in (*chain, supplier + PROJECT, *starts):
                    if periods and self._is_free(name):
                        law[name] = silenced(law[name], verdict, [outcome], periods)
            if supplier + PROJECT in law:
                self._replace_trials(supplier, strategy, strategy.review)
        return list(self.law.values())

    def _replace_trials(self, supplier: str, strategy: Strategy, review: int) -> None:
        """The trials of a strategy stand still once a project has begun, where a plant is beside them after every outcome."""
        law, project = self.law, self.law[supplier + PROJECT]
        ramp = self.records.value("terms", 0.0, supplier=supplier, attribute="ramp")
        begun = [state for state in project.states if state != WAITING]
        for trial in filter(lambda level: self._is_trial(supplier, level), strategy.levels):
            name = start_of(supplier, trial)
            beside = [o for o in law[supplier + VERDICT].states if trial in strategy.in_force(o, self.years[-1])]
            periods = [
                t
                for t, year in enumerate(self.years)
                if year >= review
                and all(
                    self._is_plant_in_force(strategy, o, later)
                    for o in beside
                    for later in self.years[t:]
                    if o != PENDING
                )
            ]
            if periods and begun and ramp != 0 and self._is_free(name):
                law[name] = silenced(law[name], project, begun, periods)

    def _is_anything_ahead(self, strategy: Strategy, outcome: str, year: int) -> bool:
        """Whether anything that is in force after an outcome delivers in a year or later."""
        return any(
            self._delivers(strategy.supplier, level, later)
            for later in range(year, self.years[-1] + 1)
            for level in strategy.in_force(outcome, later)
        )

    def _is_plant_in_force(self, strategy: Strategy, outcome: str, year: int) -> bool:
        supplier = strategy.supplier
        in_force = strategy.in_force(outcome, year)
        return any(not self._is_trial(supplier, level) and self._delivers(supplier, level, year) for level in in_force)

    def _delivers(self, supplier: str, level: str, year: int) -> bool:
        """Whether a level has any capacity in a year."""
        return first_year_of(self.records, supplier, level) <= year and bool(
            self.records.value("programmes", year, supplier=supplier, programme=level, attribute="capacity")
        )

    def _is_trial(self, supplier: str, level: str) -> bool:
        return is_trial(self.records, supplier, level, self.years[-1])

    def _is_free(self, name: str) -> bool:
        """Whether there is such a process, and it moves nothing else: no other process, and no price."""
        drives = any(name in process.drivers for process in self.law.values())
        return name in self.law and not drives and self._is_unpriced(name)

    def _is_unpriced(self, name: str) -> bool:
        """Whether no price hangs on the state of a process."""
        return all(r["value"] == 1 for r in self.records.rows("multiples", chain=name))

    def _is_nothing_else(self, supplier: str) -> bool:
        """Whether all that a supplier has to sell is what its programme delivers."""
        terms = {r["attribute"] for r in self.records.rows("terms", supplier=supplier)}
        is_basket = self.records.rows("suppliers", supplier=supplier)[0]["kind"] == "basket"
        return is_basket and not terms & {"capacity", "expansion_limit"}


class Programme(Room):
    """The programmes of the suppliers."""

    @tracked
    def capacity(self, supplier: str, moment: int) -> float:
        """t/yr of all levels in force at a moment of the plan; 0 where there is no programme."""
        return sum(self._capacity(supplier, level, moment) for level in self.reading.in_force(supplier, moment))

    def _capacity(self, supplier: str, level: str, moment: int) -> float:
        return self.reading.of_level(supplier, level, "capacity", moment) or 0.0

    @tracked
    def ready(self, supplier: str) -> Array:
        """Share of its volume that a supplier's project or programme can deliver undisturbed, at every node."""
        strategy = self.reading.strategies.get(supplier)
        if strategy is None:
            return self.begun(supplier)
        if len(strategy.stages) == 1:
            return self.running(supplier, strategy.levels[0])
        whole, runs = np.zeros(self.reading.n_nodes), np.zeros(self.reading.n_nodes)
        for level in strategy.levels:
            capacity = self._at_node(supplier, level)
            whole += capacity
            runs += capacity * self.running(supplier, level)
        return np.divide(runs, whole, out=np.zeros(len(whole)), where=whole > 0)

    def _at_node(self, supplier: str, level: str) -> Array:
        """t/yr of a level at every node, as far as it is in force."""
        return self.of_moments(lambda moment: self._capacity(supplier, level, moment)) * self.is_in_force(
            supplier, level
        )

    def of_moments(self, number: Callable[[int], float]) -> Array:
        """A number of each moment of the plan, at every node."""
        return np.array([number(moment) for moment in self.reading.moments])[self.reading.moment_index]

    def is_in_force(self, supplier: str, level: str) -> Mask:
        """Nodes at which a level is in force."""
        return self.of_moments(lambda moment: level in self.reading.in_force(supplier, moment)).astype(bool)

    @tracked
    def running(self, supplier: str, level: str) -> Array:
        """Share of the capacity of a level that runs at every node: none where it is not in force, or a plant does its work."""
        share = self.begun(supplier, level) * self.is_in_force(supplier, level)
        return np.where(self.is_replaced(supplier, level), 0.0, share)

    @tracked
    def is_replaced(self, supplier: str, level: str) -> Mask:
        """Nodes at which a trial has ended because a plant that is in force beside it delivers."""
        replaced = np.zeros(self.reading.n_nodes, dtype=bool)
        if self._is_trial(supplier, level):
            for other in self.reading.strategies[supplier].levels:
                if not self._is_trial(supplier, other):
                    replaced |= self.begun(supplier, other) * self._at_node(supplier, other) > 0
        return replaced

    @tracked
    def begun(self, supplier: str, level: str | None = None) -> Array:
        """Share of full rate that a project, or the trial that a level is, has ramped up to at every node."""
        reading, project = self.reading, supplier + PROJECT
        share = np.ones(reading.n_nodes)
        if project not in reading.code:
            return share
        if level is not None and self._is_trial(supplier, level):
            starts = np.maximum(self._first_year(supplier, level), self._starts(start_of(supplier, level)))
        else:
            starts = self._starts(project)
            if level is not None:  # a plant that is decided late ramps up from then on
                starts = np.maximum(starts, self._decided_first(supplier, level))
        age = reading.year_of_node - starts
        ramp = np.zeros(len(age))
        for years_since in np.unique(age[age >= 0]):
            ramp[age == years_since] = reading.term(supplier, "ramp", float(years_since), None, default=1.0)
        return share * ramp

    def _starts(self, process: str) -> Array:
        """The year in which something has begun at every node, infinite while it waits; always, where nothing says it may wait."""
        reading = self.reading
        if process not in reading.code:
            return np.full(reading.n_nodes, -np.inf)
        years = np.array([np.inf if s == WAITING else float(s) for s in reading.states[process]])
        return np.asarray(years[reading.code[process]])

    def _is_trial(self, supplier: str, level: str) -> bool:
        return is_trial(self.reading.records, supplier, level, self.reading.years[-1])

    def _first_year(self, supplier: str, level: str) -> float:
        """The first year in which a level is in force and has capacity; infinite where it never has."""
        return max(first_year_of(self.reading.records, supplier, level), self._decided_first(supplier, level))

    def _decided_first(self, supplier: str, level: str) -> float:
        """The first year in which a level is in force after any outcome."""
        return float(min(first for _, own, first in self.reading.strategies[supplier].stages if own == level))

    @tracked
    def unit_cost(self, supplier: str) -> Array | None:
        """USD/kg of what is delivered, at every node; None where no level in force says it."""
        strategy = self.reading.strategies.get(supplier)
        if strategy is None:
            return None
        said = {level: self._costs(supplier, level) for level in strategy.levels}
        if all(np.isnan(cost).all() for cost in said.values()):
            return None
        if len(said) == 1:
            return next(iter(said.values()))
        # What is paid as ordered is paid where nothing runs, too: there the levels in force count by their capacities.
        runs, whole = (self._mean_cost(supplier, said, by) for by in (self.running, self.is_in_force))
        return np.where(np.isnan(runs), np.nan_to_num(whole), runs)

    def _mean_cost(self, supplier: str, said: Mapping[str, Array], share: Callable[[str, str], Array | Mask]) -> Array:
        """The mean of unit costs by capacity, times a share of it, at every node; NaN where there is none of it."""
        paid, tonnes = np.zeros(self.reading.n_nodes), np.zeros(self.reading.n_nodes)
        for level, cost in said.items():
            own = self._at_node(supplier, level) * share(supplier, level)
            paid += np.where(own > 0, own * cost, 0.0)
            tonnes += own
        mean: Array = np.divide(paid, tonnes, out=np.full(len(paid), np.nan), where=tonnes > 0)
        return mean

    def _costs(self, supplier: str, level: str) -> Array:
        """The unit cost of a level at every node; NaN where it says none."""
        return self.of_moments(lambda y: float(or_else(self.reading.of_level(supplier, level, "unit_cost", y), np.nan)))

    def running_cost(self, supplier: str, level: str, moment: int) -> float:
        """kUSD of a year in which a level runs."""
        return self.reading.of_level(supplier, level, "running_cost", moment) or 0.0

    def investment(self, supplier: str, level: str, moment: int) -> float:
        """kUSD that a level costs at a moment of the plan: all at once when it is decided, less what earlier stages have paid."""
        reading, years = self.reading, self.reading.years
        strategy, outcome = reading.strategies.get(supplier), reading.outcome(supplier, moment)
        if strategy is None or level not in strategy.levels:
            return 0.0
        year = int(moment)
        if year == years[0]:
            return self._invested(supplier, level, year) if level in strategy.in_force(outcome, year) else 0.0
        if strategy.decided(level, outcome) != year:
            return 0.0
        before = max(
            (self._invested(supplier, other, year - 1) for other in strategy.in_force(outcome, year - 1)), default=0.0
        )
        return max(0.0, self._invested(supplier, level, year) - before)

    def _invested(self, supplier: str, level: str, year: float) -> float:
        """kUSD that a level takes, by the row that holds in a year, or the first one after it."""
        said = (self.reading.of_level(supplier, level, "investment", y) for y in (year, self.reading.years[-1]))
        return next((number for number in said if number is not None), 0.0)
