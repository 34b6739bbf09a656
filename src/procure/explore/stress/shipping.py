"""What each supplier ships along a path of events, as a share of its ordinary volume.

At any time the row of the narrowest scope that holds then speaks of an element, and its depth is

  depth       value
  state       value × the depth that depths.csv has for the state
  delivered   1 - value / (ordinary × (end - start) / 365)

  shipped_se(t) = 1 - depth_se(t) + late_se(t)
  late_se(t)    = value × owed_se(start) / (end - start) while the backlog of the narrowest scope holds, else 0
  owed_se(t)    = ∫ max(depth_se, 0) - late_se dt until t, at least 0

So what has come of a backlog is no part of a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.explore.stress.event import LOSSES, Event
from procure.facts.records import Records, Row
from procure.units import DAYS_PER_YEAR, Array


@dataclass(frozen=True)
class Shipping:
    """An event as it falls on suppliers and elements.

    Attributes
    ----------
    event : Event
    suppliers : sequence of str
    scopes : mapping element -> what may speak of it, the narrowest first
    records : Records
        Of the depths of states.
    """

    event: Event
    suppliers: Sequence[str]
    scopes: Mapping[str, Sequence[str]]
    records: Records

    def depth(self, day: Array) -> Array:
        """Share of its ordinary volume that each supplier does not ship, shape (n_days, n_suppliers, n_elements).

        Parameters
        ----------
        day : array, shape (n_days,)
            Of shipping, from the first of the event; days before it are ordinary.
        """
        depth = np.zeros(self._shape(day))
        for row, at, elements in self._holding(day, LOSSES):
            depth[at] = [self._depth(row, self.scopes[element]) for element in elements]
        return depth

    def shipped(self, day: Array) -> Array:
        """What each supplier ships, as a share of its ordinary volume; shape as of `depth`."""
        edges = np.array(self.event.days)
        late, at = self._late(edges), np.searchsorted(edges, day, side="right") - 1
        during = ((day >= 0) & (day < edges[-1]))[:, None, None]
        return np.asarray(1.0 - self.depth(day) + np.where(during, late[np.clip(at, 0, len(late) - 1)], 0.0))

    def states(self, day: Array) -> Any:
        """The state of each supplier as it moves the prices of each element, "" where it is in none; shape as of `depth`."""
        states = np.full(self._shape(day), "", dtype=object)
        for row, at, _ in self._holding(day, LOSSES):
            states[at] = row["state"]
        return states

    def first_cut(self) -> Array:
        """The first day on which anybody ships less of each element, shape (n_elements,); infinite where nobody does."""
        days = np.array(self.event.days)
        is_cut = (self.depth(days) > 0).any(axis=1)
        return np.where(is_cut.any(axis=0), days[is_cut.argmax(axis=0)], np.inf)

    def idle(self) -> list[str]:
        """Suppliers and scopes of the event that nothing is bought of, in words."""
        rows = self.event.of(*LOSSES, "backlog")
        moved = [row for attributes in (LOSSES, ("backlog",)) for row, _, _ in self._holding(np.zeros(0), attributes)]
        return list(dict.fromkeys(f"{row['supplier']} {row['scope']}" for row in rows if row not in moved))

    def _shape(self, day: Array) -> tuple[int, int, int]:
        return len(day), len(self.suppliers), len(self.scopes)

    def _late(self, edges: Array) -> Array:
        """What comes of backlogs between the days on which something changes, a share of the ordinary volume.

        The shape is that of `depth`, with the stretches between `edges` for days.
        """
        middle, length = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        held, late = np.maximum(self.depth(middle), 0.0), np.zeros(self._shape(middle))
        owed = np.zeros(held.shape[1:])
        rows = [(row, set(at[0].flat), (at[1][0], at[2][0])) for row, at, _ in self._holding(middle, ("backlog",))]
        rates: list[Array | float] = [0.0] * len(rows)
        for i, days in enumerate(length):
            for k, (row, during, of) in enumerate(rows):
                if row["start"] == edges[i]:
                    rates[k] = float(row["value"]) / (row["end"] - row["start"]) * np.maximum(owed[of], 0.0)
                if i in during:
                    late[i][of] = rates[k]
            owed += days * (held[i] - late[i])
        return late

    def _holding(self, day: Array, attributes: Sequence[str]) -> Iterator[tuple[Row, tuple[Any, ...], list[str]]]:
        """Each row, where it holds, and its elements: a narrower one comes after a wider."""
        found = []
        for row in self.event.of(*attributes):
            elements = [e for e, names in self.scopes.items() if row["scope"] in names]
            if elements and row["supplier"] in self.suppliers:
                found.append((max(self.scopes[e].index(row["scope"]) for e in elements), row, elements))
        for _, row, elements in sorted(found, key=lambda one: -one[0]):
            during = np.flatnonzero((day >= row["start"]) & (day < row["end"]))
            supplier = np.array([self.suppliers.index(row["supplier"])])
            yield row, np.ix_(during, supplier, np.array([list(self.scopes).index(e) for e in elements])), elements

    def _depth(self, row: Row, scopes: Sequence[str]) -> float:
        value = float(row["value"])
        if row["attribute"] == "depth":
            return value
        if row["attribute"] == "state":
            speaking = self.records.of_scope("depths", scopes, chain=row["supplier"], state=row["state"])
            return value * (float(speaking[0]["value"]) if speaking else 0.0)
        ordinary = next(
            float(other["value"])
            for other in self.event.of("ordinary")
            if (other["supplier"], other["scope"]) == (row["supplier"], row["scope"])
        )
        return 1.0 - value / (ordinary * float(row["end"] - row["start"]) / DAYS_PER_YEAR)
