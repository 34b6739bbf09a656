"""How many cases are handed over at a time: as many as take some seconds, measured, and fewer towards the end.

Cases that differ in numbers only are alike, and take about as long; a choice, a seed, a size of the tree makes another kind of
them. The first shards are one case of each kind, which says how long its cases take. Then the slowest kind goes first, so that none
of its cases is what all wait for in the end. Of n cases that are left, no shard has more than a fair share of half of them, so that
two workers are busy to the end, with twelve cases and with twelve thousand.

A case is solved sooner after its neighbour, so every worker goes on where it stands, along the order that is best for neighbours;
one that stands nowhere, or has met what another has done, begins in the middle of the longest stretch that is left.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

#: Seconds that a shard is to take.
SECONDS = 10.0
#: How much the last shard says of the next, beside those before it.
LATEST = 0.5
#: How often a case may end its process before it is given up.
MOST_DEATHS = 2
#: Of more kinds than these each has too few cases to learn from.
MOST_KINDS = 16


def kind_of(case: Mapping[str, Any]) -> Hashable:
    """What cases have in common that take about as long: all but their numbers.

    >>> kind_of({"risk.weight": 0.1, "world.variant": "base"}) == kind_of({"risk.weight": 0.2, "world.variant": "base"})
    True
    """
    return tuple(sorted((path, "" if isinstance(value, float) else repr(value)) for path, value in case.items()))


class _Path:
    """Cases of one kind in the order that is best for neighbours, and the stretches of it that are left."""

    def __init__(self, cases: Sequence[int]) -> None:
        self._cases = cases
        self._place = {case: place for place, case in enumerate(cases)}
        self._left = [range(len(cases))] if cases else []

    def __len__(self) -> int:
        return sum(map(len, self._left))

    def take(self, most: int, after: int | None) -> list[int]:
        """The next cases for who stands at a case, or nowhere; one at least."""
        goes_on, begin = 0 if after is None else self._place[after] + 1, 0
        stretch = next((each for each in self._left if each.start == goes_on), None)
        if stretch is None:
            stretch = max(self._left, key=len)
            begin = len(stretch) // 2
        end = begin + most
        self._left.remove(stretch)
        self._left += [rest for rest in (stretch[:begin], stretch[end:]) if rest]
        return [self._cases[place] for place in stretch[begin:end]]

    def give_back(self, case: int) -> None:
        """Take back a case that was taken."""
        place = self._place[case]
        beside = [each for each in self._left if place in (each.start - 1, each.stop)]
        ends = [place, place + 1, *(end for each in beside for end in (each.start, each.stop))]
        self._left = [each for each in self._left if each not in beside] + [range(min(ends), max(ends))]


class Shards:
    """Cases by their number, still to be handed over.

    Parameters
    ----------
    numbers : sequence of int
        Of the cases that are to be solved, in the order that is best for neighbours.
    cases : sequence of mappings
        All cases.
    n_workers : int
    size : int, optional
        Of every shard; measured where it is not given.
    """

    def __init__(
        self, numbers: Sequence[int], cases: Sequence[Mapping[str, Any]], n_workers: int, size: int | None = None
    ) -> None:
        kinds = {number: kind_of(cases[number]) for number in numbers}
        is_one = size is not None or len(set(kinds.values())) > MOST_KINDS
        self._kind: dict[int, Hashable] = {number: None if is_one else kind for number, kind in kinds.items()}
        of_kind: dict[Hashable, list[int]] = {kind: [] for kind in self._kind.values()}
        for number in numbers:
            of_kind[self._kind[number]].append(number)
        self._left = {kind: _Path(along) for kind, along in of_kind.items()}
        self._stands: dict[tuple[Hashable, Hashable], int] = {}  # who has come how far along which kind
        self._n_workers, self._size = n_workers, size
        self._alone: deque[list[int]] = deque()
        self._begun: set[Hashable] = set()
        self._seconds: dict[Hashable, float] = {}  # a case takes
        self._deaths: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._alone or self._n_left)

    @property
    def _n_left(self) -> int:
        return sum(map(len, self._left.values()))

    def next(self, worker: Hashable = None) -> list[int]:
        """The next cases for a worker, those to be tried alone first; empty where none is left."""
        if self._alone:
            return self._alone.popleft()
        kinds = [kind for kind, left in self._left.items() if left]
        if not kinds:
            return []
        # One of each kind, then the slowest; a kind of which nothing is known yet waits for what its first case says.
        fresh = [kind for kind in kinds if kind not in self._begun]
        kind = fresh[0] if fresh else max(kinds, key=lambda kind: self._seconds.get(kind, 0.0))
        self._begun.add(kind)
        taken = self._left[kind].take(self._wanted(kind), self._stands.get((worker, kind)))
        self._stands[worker, kind] = taken[-1]
        return taken

    def _wanted(self, kind: Hashable) -> int:
        if self._size is not None:
            return self._size
        if kind not in self._seconds:
            return 1
        fair = math.ceil(self._n_left / (2 * self._n_workers))
        return max(1, min(fair, int(SECONDS / max(self._seconds[kind], 1e-6))))

    def took(self, seconds: float, cases: Sequence[int]) -> None:
        """Learn how long some cases of one kind took."""
        kind, each = self._kind[cases[0]], seconds / len(cases)
        before = self._seconds.get(kind, each)
        self._seconds[kind] = LATEST * each + (1 - LATEST) * before

    def all(self) -> list[int]:
        """All cases that are left, at once."""
        left: list[int] = []
        while taken := self.next():
            left += taken
        return left

    @property
    def has_suspects(self) -> bool:
        """Whether there are shards to be tried alone."""
        return bool(self._alone)

    def suspect(self, cases: list[int]) -> None:
        """Take back a shard that was under way when a process died, whoever's fault it was."""
        self._alone.append(cases)

    def give_back(self, cases: list[int]) -> None:
        """Take back cases that nobody has begun."""
        for case in cases:
            self._left[self._kind[case]].give_back(case)

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
