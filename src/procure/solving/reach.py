"""How far a change reaches: what of a solved model each dotted path moves, and so from where on all is made anew.

A path is a number of the facts or a choice of the model file. What a number moves is known from what read it when the model was
compiled: the processes of its world, or its market.

>>> from procure import load_model
>>> from procure.solving.compiled import compile
>>> reaches = compile(load_model("two-class")).reaches
>>> for path in ("suppliers.china.offers.medium_heavy.2027", "suppliers.china.rate.normal.failed", "model.discount_rate"):
...     print(reaches.of(path).reach.name, "-", reaches.of(path).reach.value)
NUMBERS - numbers of the program, where they stand
LAW - how likely each future is
STRUCTURE - anything: the market and its program are made anew
"""

from __future__ import annotations

import enum
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from procure.errors import DataError
from procure.facts import Place
from procure.facts.paths import CHOICES
from procure.facts.records import Records
from procure.facts.schema import Bounds
from procure.limits import KINDS, Counts
from procure.market.reading import SCALE
from procure.model import Model
from procure.model.choices import Settings
from procure.model.paths import place_of
from procure.reason import Reason
from procure.scenarios.decided import Programmes
from procure.scenarios.process import Process
from procure.scenarios.world import processes

#: Choices that are numbers of every program; the bound of a limit is one, too, where the limit is a mean over futures.
WEIGHING = ("risk.weight", "risk.alpha")


class Reach(enum.Enum):
    """What a change moves, from the least to the most."""

    NUMBERS = "numbers of the program, where they stand"
    LAW = "how likely each future is"
    STRUCTURE = "anything: the market and its program are made anew"

    def __lt__(self, other: Reach) -> bool:
        order = list(Reach)
        return order.index(self) < order.index(other)


@dataclass(frozen=True)
class Reached:
    """What one path moves: `place` and `bounds` are those of a number of the facts that moves alone."""

    reach: Reach
    reason: Reason | None = None  # why it reaches the structure
    place: Place | None = None
    bounds: Bounds | None = None


class Reaches:
    """The reach of every path of a model as it was compiled.

    Parameters
    ----------
    model : Model
    of_law, inventory : collection of Place
        The numbers of the facts that the processes of its world are made from, under any of its programme levels, and those
        that decide what there is in its markets.
    """

    def __init__(self, model: Model, of_law: Collection[Place], inventory: Collection[Place]) -> None:
        self._model, self._of_law, self._inventory = model, of_law, inventory
        self._records = Records(model.facts)
        self._known: dict[str, Reached] = {}

    def of(self, path: str) -> Reached:
        """The reach of a path; an unknown one reaches everything, and is refused where the model is changed."""
        if path not in self._known:
            self._known[path] = self._looked_up(path)
        return self._known[path]

    def _looked_up(self, path: str) -> Reached:
        if path == SCALE:
            return Reached(Reach.NUMBERS, None, Place(CHOICES, 0, path), _bounds("shortage", "scale"))
        if place_of(path, self._model.settings) is not None:
            is_number = path in WEIGHING or self._is_bound_of_mean(path)
            return Reached(Reach.NUMBERS) if is_number else Reached(Reach.STRUCTURE, Reason.CHOICE)
        try:
            alone = self._model.facts.alone(path)
        except DataError:
            return Reached(Reach.STRUCTURE, Reason.CHOICE)
        if alone is None:
            return Reached(Reach.STRUCTURE, Reason.SUM)
        place, bounds = alone
        if place in self._inventory:
            return Reached(Reach.STRUCTURE, Reason.INVENTORY)
        return Reached(Reach.LAW if place in self._of_law else Reach.NUMBERS, None, place, bounds)

    def _is_bound_of_mean(self, path: str) -> bool:
        head, _, key = path.rpartition(".")
        limits = {f"limits.{limit.name}": limit for limit in self._model.settings.limits}
        if head not in limits:
            return False
        kind = KINDS[limits[head].kind]
        return key == kind.sense and kind.counted(limits[head]) is Counts.MEAN

    def change(self, paths: Mapping[str, Any]) -> Change:
        """The paths at other values; it reaches as far as the one that reaches furthest."""
        values: dict[Place, float] = {}
        reach = Reach.NUMBERS
        for path, value in paths.items():
            reached = self.of(path)
            if reached.reach is Reach.STRUCTURE:
                return Change(self._model, paths, Reach.STRUCTURE, reached.reason, self._records)
            is_number = type(value) in (int, float, np.float64)
            if not is_number or (reached.bounds is not None and not _within(float(value), reached.bounds)):
                return Change(self._model, paths, Reach.STRUCTURE, Reason.VALUE, self._records)
            reach = max(reach, reached.reach)
            if reached.place is not None:
                values[reached.place] = float(value)
        return Change(self._model, paths, reach, None, self._records.moved(values), tuple(values))


def _bounds(table: str, key: str) -> Bounds:
    """Those of a number that the model file chooses."""
    inner = Settings.below(table)
    assert inner is not None
    field = inner.model_fields[key]
    ends = {end: getattr(rule, end) for rule in field.metadata for end in ("ge", "le") if hasattr(rule, end)}
    return Bounds(field.description or key, "1", ends["ge"], ends["le"])


def _within(value: float, bounds: Bounds) -> bool:
    return bounds.minimum <= value <= bounds.maximum and math.isfinite(value)


class Change:
    """Some paths at other values.

    Attributes
    ----------
    reach : Reach
        Of the path that reaches furthest.
    reason : Reason, optional
        Why it reaches the structure.
    records : Records
        The facts with the numbers that move alone at their new values; those of the model where it reaches the structure.
    places : sequence of Place
        Where they stand.
    """

    def __init__(
        self, base: Model, paths: Mapping[str, Any], reach: Reach, reason: Reason | None, records: Records,
        places: Sequence[Place] = (),
    ) -> None:  # fmt: skip
        self._base, self.paths = base, paths
        self.reach, self.reason, self.records, self.places = reach, reason, records, places
        self._laws: dict[tuple[tuple[str, str], ...], list[Process]] = {}

    @property
    def is_none(self) -> bool:
        """Whether nothing changes."""
        return not self.paths

    @property
    def is_structure(self) -> bool:
        """Whether more than numbers and the law changes."""
        return self.reach is Reach.STRUCTURE

    @property
    def has_choices(self) -> bool:
        """Whether choices of the model file are among what changes."""
        return self.is_structure or len(self.places) < len(self.paths)

    @cached_property
    def model(self) -> Model:
        """The changed model; `DataError` where a path or a value is wrong."""
        return self._base.changed(self.paths) if self.paths else self._base

    def numbers(self) -> Iterable[str]:
        """The paths that are numbers of the facts."""
        return filter(self._base.is_number_of_facts, self.paths)

    def law(self, programmes: Programmes, before: list[Process]) -> list[Process]:
        """The processes under a programme level; those `before` where no number of the law is among what changes."""
        if self.reach is Reach.NUMBERS:
            return before
        key = tuple(sorted(programmes.items()))
        if key not in self._laws:
            self._laws[key] = processes(self._base, programmes, self.records)
        return self._laws[key]
