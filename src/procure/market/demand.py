"""How much of each element is used: by year, and in every node of the tree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from procure.facts.records import Row
from procure.facts.tracked import tracked
from procure.market.reading import Room, or_else
from procure.scenarios.world import AS_READ, DEMAND
from procure.units import Array

#: Columns of demand.csv by the case that a model chooses: the anchors, and the growth after the last of them.
ANCHORS = {"low": "low", "base": "value", "high": "high"}
GROWTH = {"low": "growth_low", "base": "growth", "high": "growth_high"}


class Demand(Room):
    """The demand of the buyer."""

    @tracked
    def yearly(self, element: str) -> Array:
        """t/yr by year of the plan, before levels: anchors joined geometrically, growth after the last one."""
        return self._yearly(element, self.reading.settings.demand.reading)

    def _yearly(self, element: str, chosen: str | None) -> Array:
        """That of a reading, where it speaks of the element."""
        reading = self.reading
        case, first, last = reading.settings.demand.case, reading.years[0], reading.years[-1]
        anchors = sorted(self._anchors(element, chosen), key=lambda r: r["year"])
        before = [k for k, r in enumerate(anchors) if r["year"] <= first]
        after = [k for k, r in enumerate(anchors) if r["year"] >= last]
        anchors = anchors[max(before, default=0) : min(after, default=len(anchors) - 1) + 1]  # those beyond say nothing
        years = np.array([float(r["year"]) for r in anchors])
        values = np.array([float(r[ANCHORS[case]]) for r in anchors])
        wanted = np.array(reading.years, dtype=float)
        if values.min() > 0:
            between = np.exp(np.interp(wanted, years, np.log(values)))
        else:
            between = np.interp(wanted, years, values)
        beyond = np.maximum(wanted - years[-1], 0.0)
        if not beyond.any():
            return np.asarray(between)
        return np.asarray(between * (1.0 + float(or_else(anchors[-1][GROWTH[case]], 0.0))) ** beyond)

    def _anchors(self, element: str, chosen: str | None) -> Sequence[Row]:
        """The rows of an element: those of a reading, where it speaks of it."""
        records = self.reading.records
        read = [] if chosen is None else records.rows("readings", reading=chosen, element=element)
        return read or records.rows("demand", element=element)

    @tracked
    def factor(self, element: str) -> Array:
        """By what the level of demand at every node, or the reading that holds there, multiplies it."""
        reading = self.reading
        if DEMAND not in reading.code:
            return np.ones(reading.n_nodes)
        if reading.settings.demand.readings:
            base = self.yearly(element)
            other = [base if state == AS_READ else self._yearly(element, state) for state in reading.states[DEMAND]]
            of_state = np.divide(other, base, out=np.ones((len(other), len(base))), where=base > 0)
            return np.asarray(of_state[reading.code[DEMAND], reading.year_index])
        factor = {r["level"]: float(r["factor"]) for r in reading.of_element("demand_levels", element)}
        return np.array([factor[state] for state in reading.states[DEMAND]])[reading.code[DEMAND]]

    @tracked
    def in_node(self, element: str) -> Array:
        """t in the period of every node."""
        return np.asarray(
            self.yearly(element)[self.reading.year_index] * self.factor(element) * self.reading.period_years
        )

    @tracked
    def before_levels(self, element: str) -> Array:
        """t in the period of every node, whatever the level of demand."""
        return np.asarray(self.yearly(element)[self.reading.year_index] * self.reading.period_years)
