"""Many paths drawn of a law, and how much likelier another law makes each of them.

Every process has random numbers of its own, by its name, in every period: path i under two laws differs only where the laws do, and
one process more does not redraw the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from procure.scenarios.process import Process, canonical
from procure.scenarios.tree import Tree
from procure.units import Array, Index

Numbers = Callable[[int, str], Array]  # period, process -> one number in [0, 1) per path


@dataclass(frozen=True, eq=False)
class Paths:
    """Paths through the states of some processes.

    Parameters
    ----------
    processes
        Those they were drawn of, drivers first (`canonical`).
    state : int array, shape (n_processes, n_periods, n_paths)
        Numbers of the states.
    """

    processes: tuple[Process, ...]
    state: Index

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return int(self.state.shape[1])

    @property
    def n_paths(self) -> int:
        """Number of paths."""
        return int(self.state.shape[2])

    @property
    def place(self) -> dict[str, int]:
        """The row of `state` of each process."""
        return {process.name: row for row, process in enumerate(self.processes)}

    def some(self, which: Index) -> Paths:
        """Some of the paths."""
        return Paths(self.processes, self.state[:, :, which])

    def seen_as(self, names: Mapping[str, str]) -> Paths:
        """The paths of some processes alone, under other names: process of the paths -> its name in the result."""
        place = self.place
        chosen = [replace(self.processes[place[old]], name=new) for old, new in names.items()]
        return Paths(tuple(chosen), self.state[[place[old] for old in names]])

    def ratio(self, law: Iterable[Process]) -> Array:
        """How much likelier each path is under another law than under the one it was drawn of, shape (n_paths,).

        The product over periods and processes of the chance of the state given the last one and the drivers'.

        >>> from procure.scenarios import shock
        >>> calm, rough = shock("strait", 0.2231, 3, 1.0, 2), shock("strait", 0.5108, 3, 1.0, 2)  # 0.2 and 0.4 a year
        >>> Paths((calm,), np.array([[[0, 1], [0, 0]]])).ratio([rough]).round(2)
        array([0.56, 1.5 ])
        """
        own = {process.name: process for process in self.processes}
        ratio = np.ones(self.n_paths)
        for process in canonical(law):
            if not np.array_equal(process.transition, own[process.name].transition):
                ratio *= self._chance(process) / self._chance(own[process.name])
        return ratio

    def _chance(self, process: Process) -> Array:
        """The chance of what a process does, given what its drivers do, shape (n_paths,)."""
        place = self.place
        own, drivers = self.state[place[process.name]], [self.state[place[name]] for name in process.drivers]
        chance, previous = np.ones(self.n_paths), np.full(self.n_paths, process.code(process.start))
        for period in range(self.n_periods):
            chance *= process.transition[(period, *(driver[period] for driver in drivers), previous, own[period])]
            previous = own[period]
        return chance

    def points(self) -> tuple[Tree, Index]:
        """The joint states that the paths pass, each once a period, and which of them each passes, shape (n_paths, n_periods).

        They stand in a tree whose paths mean nothing: a table of states for whoever works numbers out node by node.
        """
        sizes = [len(process.states) for process in self.processes]
        found = [_distinct(self.state[:, period], sizes) for period in range(self.n_periods)]
        width = max(states.shape[1] for states, _ in found)
        # each period as wide as the widest: what is missing repeats the first
        table = [np.concatenate([s, np.repeat(s[:, :1], width - s.shape[1], axis=1)], axis=1) for s, _ in found]
        n_nodes = self.n_periods * width
        tree = Tree(
            np.repeat(np.arange(self.n_periods), width),
            np.concatenate([np.full(width, -1), np.arange(n_nodes - width)]),
            np.full(n_nodes, 1 / width),
            [process.name for process in self.processes],
            [process.states for process in self.processes],
            np.concatenate(table, axis=1).T,
        )
        return tree, np.stack([at + period * width for period, (_, at) in enumerate(found)], axis=1)

    def tree(self, weight: Array) -> Tree:
        """The paths as a tree, each weighing so much; those with the same history so far share the node."""
        names, states = [p.name for p in self.processes], [p.states for p in self.processes]
        return Tree.from_paths(self.state.transpose(2, 1, 0), weight / weight.sum(), names, states)


def draw_paths(processes: Iterable[Process], n_periods: int, n_paths: int, numbers: Numbers) -> Paths:
    """Paths of a law, by the random numbers given.

    >>> from procure.scenarios import shock
    >>> strait = shock("strait", 0.2231, 3, 1.0, 1)  # shut in 0.2 of the years: in two of ten paths, where they are even
    >>> int(draw_paths([strait], 1, 10, even_numbers(1, 10)).state.sum())
    2
    """
    chosen = tuple(canonical(processes))
    place = {process.name: row for row, process in enumerate(chosen)}
    # Numbers of states are small and many, and some are kept for laws to come: they take a byte each, not eight.
    code_type = np.min_scalar_type(max((len(process.states) for process in chosen), default=0))
    state = np.empty((len(chosen), n_periods, n_paths), dtype=code_type)
    previous = [np.full(n_paths, process.code(process.start)) for process in chosen]
    for period in range(n_periods):
        for row, process in enumerate(chosen):
            drivers = [state[place[name], period] for name in process.drivers]
            ends = process.transition[period].cumsum(axis=-1)
            ends /= ends[..., -1:]
            number, code = numbers(period, process.name), np.zeros(n_paths, dtype=np.int64)
            for end in range(len(process.states) - 1):
                code += number >= ends[(*drivers, previous[row], end)]
            state[row, period] = previous[row] = code
    return Paths(chosen, state)


def plain_numbers(seed: int, n_paths: int) -> Numbers:
    """Independent numbers: means over the paths have the usual standard error."""
    return lambda period, name: stream(seed, period, f"path {name}").random(n_paths)


def even_numbers(seed: int, n_paths: int, streams: Mapping[str, str] | None = None) -> Numbers:
    """Numbers of which every path has one in a stretch of [0, 1) of its own: the paths fill each law evenly.

    A Latin hypercube: McKay, Beckman & Conover (1979), Technometrics 21(2), 239-245. `streams` names for some processes the one
    whose numbers they share.
    """

    def numbers(period: int, name: str) -> Array:
        random = stream(seed, period, (streams or {}).get(name, name))
        even: Array = (random.permutation(n_paths) + random.random(n_paths)) / n_paths
        return even

    return numbers


def stream(seed: int, period: int, purpose: str) -> np.random.Generator:
    """Random numbers for one purpose in one period."""
    return np.random.default_rng([seed, period, zlib.crc32(purpose.encode())])


def _distinct(state: Index, sizes: Sequence[int]) -> tuple[Index, Index]:
    """The distinct columns of `state`, ascending, and which of them each column is."""
    key = np.zeros(state.shape[1], dtype=np.int64)
    span = 1
    for codes, size in zip(state, sizes, strict=True):
        if span * size > 2**62:
            key = np.unique(key, return_inverse=True)[1].reshape(-1)
            span = int(key.max()) + 1
        key, span = key * size + codes, span * size
    _, first, at = np.unique(key, return_index=True, return_inverse=True)
    return state[:, first], at.reshape(-1)
