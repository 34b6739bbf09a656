"""How many cases are handed over at a time: as many as take some seconds, measured, and fewer towards the end.

The first shards are one case each, which says how long cases take. Of n cases that are left, no shard has more than a fair share of
half of them, so that two workers are busy to the end, with twelve cases and with twelve thousand.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

#: Seconds that a shard is to take.
SECONDS = 10.0
#: How much the last shard says of the next, beside those before it.
LATEST = 0.5
#: How often a case may end its process before it is given up.
MOST_DEATHS = 2


class Shards:
    """Cases by their number, still to be handed over.

    Parameters
    ----------
    cases : iterable of int
    n_workers : int
    size : int, optional
        Of every shard; measured where it is not given.
    """

    def __init__(self, cases: Iterable[int], n_workers: int, size: int | None = None) -> None:
        self._left = deque(cases)
        self._alone: deque[list[int]] = deque()
        self._n_workers, self._size = n_workers, size
        self._seconds = math.nan  # a case takes
        self._deaths: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._left or self._alone)

    def next(self) -> list[int]:
        """The next cases for one worker, those to be tried alone first; empty where none is left."""
        if self._alone:
            return self._alone.popleft()
        return [self._left.popleft() for _ in range(min(self._wanted(), len(self._left)))]

    def all(self) -> list[int]:
        """All cases that are left, at once."""
        left = [case for shard in self._alone for case in shard] + list(self._left)
        self._alone.clear()
        self._left.clear()
        return left

    @property
    def has_suspects(self) -> bool:
        """Whether there are shards to be tried alone."""
        return bool(self._alone)

    def suspect(self, cases: list[int]) -> None:
        """Take back a shard that was under way when a process died, whoever's fault it was."""
        self._alone.append(cases)

    def _wanted(self) -> int:
        if self._size is not None:
            return self._size
        if math.isnan(self._seconds):
            return 1
        fair = math.ceil(len(self._left) / (2 * self._n_workers))
        return max(1, min(fair, int(SECONDS / max(self._seconds, 1e-6))))

    def took(self, seconds: float, n_cases: int) -> None:
        """Learn how long some cases took."""
        each = seconds / max(n_cases, 1)
        self._seconds = each if math.isnan(self._seconds) else LATEST * each + (1 - LATEST) * self._seconds

    def give_back(self, cases: list[int]) -> None:
        """Take back cases that nobody has begun."""
        self._left.extendleft(reversed(cases))

    def died(self, cases: list[int], culprit: int | None = None) -> list[int]:
        """Take back the cases of a shard whose process died; those that are given up are returned.

        Where the `culprit` is known it is tried alone, and the others as they come. Where it is not, the shard is halved until
        it stands alone. Either way a case that ends two processes is given up.
        """
        if culprit is None and len(cases) > 1:
            half = len(cases) // 2
            self._alone += [cases[:half], cases[half:]]
            return []
        guilty = cases[0] if culprit is None else culprit
        self.give_back([case for case in cases if case != guilty])
        self._deaths[guilty] = self._deaths.get(guilty, 0) + 1
        if self._deaths[guilty] >= MOST_DEATHS:
            return [guilty]
        self._alone.append([guilty])
        return []
