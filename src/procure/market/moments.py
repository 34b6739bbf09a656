"""The moments of a plan: its years, and after each review one of a year for every combination of states that may have been seen.

A review sees the states of processes that keep for good what they say (a verdict), so that a node tells by itself what the
reviews before it have seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from procure.formulation.moment import moment
from procure.units import Index


@dataclass(frozen=True)
class Review:
    """From `year` on the plan may hang on the state of `process`."""

    year: int
    process: str


def moments_of(
    reviews: Sequence[Review], years: Sequence[int], year_index: Index, code: Mapping[str, Index],
    states: Mapping[str, Sequence[str]],
) -> tuple[tuple[int, ...], Index]:  # fmt: skip
    """The moments of a plan in the order of time, and the position of every node's, shape (n_nodes,).

    Parameters
    ----------
    year_index : position of every node's year
    code, states : by process, the position of every node's state, and their names

    >>> code, states = {"test": np.array([0, 1, 0])}, {"test": ["bad", "good"]}
    >>> moments_of([Review(2028, "test")], [2027, 2028], np.array([0, 1, 1]), code, states)
    ((2027, 2028 (test: bad), 2028 (test: good)), array([0, 2, 1]))
    """
    if not reviews:
        return tuple(years), year_index
    seen_by = sorted(reviews, key=lambda review: (review.year, review.process))
    moments: list[int] = []
    position = np.empty(len(year_index), dtype=np.int64)
    for k, year in enumerate(years):
        here = np.flatnonzero(year_index == k)
        seeing = [review for review in seen_by if review.year <= year]
        known = (
            np.array([code[review.process][here] for review in seeing], dtype=np.int64)
            .reshape(len(seeing), len(here))
            .T
        )
        kinds, which = np.unique(known, axis=0, return_inverse=True)
        position[here] = len(moments) + which.reshape(-1)
        for kind in kinds.tolist():
            seen = ((review.process, states[review.process][s]) for review, s in zip(seeing, kind, strict=True))
            moments.append(moment(year, tuple(seen)))
    return tuple(moments), position
