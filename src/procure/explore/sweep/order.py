"""The order in which cases are solved: neighbours one after the other, since a solver starts from the answer before.

A large program whose numbers moved a little ends some hundred times sooner than one that starts from nothing, and hardly sooner
where many moved far. Rows come back in the asked order whatever this one is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from procure.units import Array

#: Of more cases the asked order is kept: finding the nearest of each takes the square of their number.
MOST = 3_000


def by_nearness(cases: Sequence[Mapping[str, Any]]) -> list[int]:
    """The numbers of some cases, from the first on always the nearest of those that are left.

    Near is what differs little in its numbers, each measured by the range of all cases; a text, or a number that is not set,
    is as far from any other as one end of a range from the other.

    >>> by_nearness([{"risk.weight": 0.0}, {"risk.weight": 0.9}, {"risk.weight": 0.1}, {"risk.weight": 1.0}])
    [0, 2, 1, 3]
    """
    if not 2 < len(cases) <= MOST:
        return list(range(len(cases)))
    place = _places(cases)
    left = np.ones(len(cases), dtype=bool)
    order = [0]
    for _ in range(len(cases) - 1):
        left[order[-1]] = False
        apart = np.abs(place - place[order[-1]]).sum(axis=1)
        order.append(int(np.where(left, apart, np.inf).argmin()))
    return order


def _places(cases: Sequence[Mapping[str, Any]]) -> Array:
    """Where each case lies, a column for every number and for every other value, shape (n_cases, any)."""
    columns: list[Array] = []
    for path in dict.fromkeys(path for case in cases for path in case):
        values = [case.get(path) for case in cases]
        known = [
            float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
            for value in values
        ]
        is_number = np.array([number is not None for number in known])
        numbers = np.array([number or 0.0 for number in known])
        if np.isfinite(numbers).all() and is_number.any():
            low, high = numbers[is_number].min(), numbers[is_number].max()
            columns.append(np.where(is_number, (numbers - low) / ((high - low) or 1.0), 0.0))
        told = [repr(value) if not is_one else "" for value, is_one in zip(values, is_number, strict=True)]
        kinds = dict.fromkeys(told)
        if len(kinds) > 1:  # two cases of different kinds are 1/2 + 1/2 apart
            columns += [np.array([0.5 * (value == kind) for value in told]) for kind in kinds]
    return np.column_stack(columns or [np.zeros(len(cases))])
