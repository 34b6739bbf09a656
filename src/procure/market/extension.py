"""The data of the rows and costs that a model adds to the formulation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from procure.facts.tracked import Key, tracked
from procure.formulation.sets import Sets
from procure.market.asked import Asked
from procure.market.numbers import BlockData, Data, Datum, by_name
from procure.market.reading import Reading
from procure.model.extension import as_index


class ExtensionNumbers(BlockData):
    """What an extension is given: in the plan one number each, in the periods one for every node."""

    def __init__(self, reading: Reading, asked: Asked, *, by_node: bool) -> None:
        super().__init__(reading)
        self.asked, self._by_node = asked, by_node

    @tracked
    def given(self, name: str) -> dict[Datum, Any]:
        """The values of one datum by its index."""
        value = self.reading.model.extension.numbers[name]
        value = value(self.asked) if callable(value) else value
        values = {as_index(key): one for key, one in value.items()} if isinstance(value, Mapping) else {(): value}
        return {(name, index): np.asarray(one, dtype=float) for index, one in values.items()}

    def all(self, sets: Sets) -> Data:
        """Every datum, by name and index."""
        return by_name(self._shaped(name) for name in self.reading.model.extension.numbers)

    def again(self, forgotten: Iterable[Key]) -> dict[Datum, Any]:
        """The data among what a tracker has forgotten, worked out again."""
        names = [args[0] for owner, method, args in forgotten if owner is self and method is ExtensionNumbers.given]
        return {datum: value for name in names for datum, value in self._shaped(name).items()}

    def _shaped(self, name: str) -> dict[Datum, Any]:
        given, n_nodes = self.given(name), self.reading.n_nodes
        if self._by_node:
            return {datum: np.broadcast_to(value, n_nodes) for datum, value in given.items()}
        # What differs between nodes is nothing to the plan.
        return {datum: float(value) for datum, value in given.items() if value.ndim == 0}
