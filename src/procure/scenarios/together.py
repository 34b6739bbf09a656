"""Several laws of the same processes over the same futures: many paths drawn once, and few that stand for all under each law.

Laws that are compared over one set of futures differ by what they do and not by the luck of two draws. The paths are drawn of
the mean of the laws, which allows whatever any of them allows, and each law weighs them with the exact likelihood of what
they do.
Owen (2013), Monte Carlo theory, methods and examples, section 9.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.scenarios.draw import Paths, draw_paths, even_numbers
from procure.scenarios.process import Process, marginals, total
from procure.scenarios.sample import balanced, calibrated, strata, tried
from procure.scenarios.stand_ins import Pool, StandIns, Under, chosen_parts, histories
from procure.scenarios.tree import AT_MOST, TREE, Tree
from procure.units import Array

#: What paths of a law may cost, in parts that add up, shape (n_paths, n_parts): position of the law, its paths -> loss.
Losses = Callable[[int, Paths], Array]

#: States drawn, over all paths and periods; and the fewest and most paths.
MOST_STATES, FEWEST_PATHS, MOST_PATHS = 200_000, 4_000, 20_000
#: In the periods in which it branches, each state of the primary process is drawn at least so often.
OFTEN = 0.1
#: What an error in the share of a state counts, in standard deviations, beside one of the mean loss.
STATES_COUNT = 0.1


@dataclass(frozen=True, eq=False)
class Together:
    """Many paths, and what each of several laws makes of them.

    Parameters
    ----------
    laws : per law its processes (`canonical`)
    pool : Pool
        The paths.
    under : per law what it makes of them
    score : array, shape (n_paths,)
        Loss in the mean of the laws.
    value, mean : arrays, shape (n_paths, n_features) and (n_features,)
        What is to be about right: shares of states, the loss of each law and its parts, in the mean and in the tail.
    """

    laws: Sequence[Sequence[Process]]
    pool: Pool
    under: Sequence[Under]
    score: Array
    value: Array
    mean: Array

    @staticmethod
    def drawn(
        laws: Sequence[Sequence[Process]],
        n_periods: int,
        *,
        primary: str | None,
        branch: Sequence[int],
        seed: int,
        losses: Losses,
    ) -> Together:
        """Many paths of the mean of the laws (each `canonical`), as even as can be."""
        columns = _Columns.of(laws, primary)
        often = [_often(p, branch) if p.name == primary else p for p in columns.processes]
        n_paths = min(MOST_PATHS, max(FEWEST_PATHS, MOST_STATES // n_periods))
        paths = draw_paths(often, n_periods, n_paths, even_numbers(seed, n_paths, columns.streams))
        states = _States.of(paths)
        exact = marginals(columns.processes, n_periods)
        weight = plain = paths.ratio(columns.processes)
        for process in columns.processes:  # one after the other: they are nearly independent
            if not _follows(process):
                weight = calibrated(weight, *states.features([process.name], exact))

        keys, history = np.unique(histories(paths, primary, branch), return_inverse=True)
        seen = [paths.seen_as(names) for names in columns.seen]
        parts = [np.asarray(losses(g, own), dtype=float) for g, own in enumerate(seen)]
        loss = [part.sum(axis=1) for part in parts]
        pool = Pool(seen, plain, weight, loss, history.reshape(-1), keys, primary, branch)
        under = [pool.under(g, law) for g, law in enumerate(laws)]

        features = [states.features(columns.common, exact)]
        for g, law in enumerate(laws):
            own, ratio = marginals(law, n_periods), under[g].ratio
            names = columns.particular(g, law)
            value, mean = states.features(names, {column: own[name] for column, name in names.items()})
            features.append((value * ratio, mean))
            value = np.vstack([np.ones(n_paths), under[g].loss, chosen_parts(parts[g], under[g].tails)]) * ratio
            features.append((value / STATES_COUNT, value @ weight / STATES_COUNT))
        value = np.vstack([value for value, _ in features]).T
        mean = np.concatenate([mean for _, mean in features])
        return Together(laws, pool, under, np.mean(loss, axis=0), value, mean)

    def largest(self, nodes: int, seed: int) -> StandIns:
        """As many stand-ins as have trees of at most so many nodes."""
        n_periods, fewest = self.pool.seen[0].n_periods, int(self.pool.history.max()) + 1
        if fewest * n_periods > nodes:
            seen = Said(
                "{paths} paths of {periods} periods take up to {nodes} nodes",
                "{periods} 期の経路 {paths} 本の節点は最大 {nodes}",
            ).format(paths=fewest, periods=n_periods, nodes=fewest * n_periods)
            remedy = Said(
                "allow {nodes} nodes, or branch in fewer periods", "節点を {nodes} まで許すか、分岐する期を減らす"
            ).format(nodes=fewest * n_periods)
            raise DataError(Fault(TREE, seen, AT_MOST.format(nodes=nodes), remedy))
        least = nodes // n_periods
        found = self.stand_ins(least, seed)
        n_paths = least * nodes // _size(found.trees)  # they share nodes, so there is room for some more
        while n_paths > least:
            larger = self.stand_ins(n_paths, seed)
            if _size(larger.trees) <= nodes:
                return larger
            n_paths -= max(1, (_size(larger.trees) - nodes) * n_paths // _size(larger.trees))
        return found

    def stand_ins(self, n_paths: int, seed: int) -> StandIns:
        """So many paths that stand for all."""
        weight = self.pool.weight
        stratum = strata(self.score, weight, self.pool.history, n_paths)
        some, mass = tried(stratum), total(stratum, weight)
        stands = some[balanced(stratum[some], mass, self.value[some], self.mean, [seed, n_paths])]
        return StandIns.of(self.pool, self.laws, self.under, stands, mass)


def disturbances(_law: int, paths: Paths) -> Array:
    """In how many periods each process is in another state than its first, shape (n_paths, n_processes)."""
    return np.asarray((paths.state != 0).sum(axis=1).T, dtype=float)


# --- what is drawn ---


@dataclass(frozen=True)
class _Columns:
    """Processes by the name of their column, those that share random numbers, and the columns that each law sees.

    One column serves all laws for what steers others, or has one law: each law weighs it. A process that steers nobody and
    differs has a column for each of its laws, drawn by the same numbers: weighing it would leave few paths to a law that rules
    much of it out.
    """

    processes: list[Process]
    streams: dict[str, str]
    seen: list[dict[str, str]]  # per law: column -> name of the process

    @staticmethod
    def of(laws: Sequence[Sequence[Process]], primary: str | None) -> _Columns:
        common = {primary, *(name for law in laws for process in law for name in process.drivers)}
        columns = _Columns([], {}, [{} for _ in laws])
        for versions in zip(*laws, strict=True):
            name = versions[0].name
            kinds = [p.transition.tobytes() for p in versions]
            different = list(dict.fromkeys(kinds))
            if name in common or len(different) == 1:
                mean = np.mean([p.transition for p in versions], axis=0) if len(different) > 1 else None
                columns.processes.append(versions[0] if mean is None else replace(versions[0], transition=mean))
                for seen in columns.seen:
                    seen[name] = name
                continue
            for number, kind in enumerate(different):
                column = f"{name}#{number}"
                columns.processes.append(replace(versions[kinds.index(kind)], name=column))
                columns.streams[column] = name
                for seen, own in zip(columns.seen, kinds, strict=True):
                    if own == kind:
                        seen[column] = name
        return columns

    @property
    def common(self) -> list[str]:
        """The columns that all laws see, and that do not merely repeat what their drivers did."""
        return [p.name for p in self.processes if not _follows(p) and all(p.name in seen for seen in self.seen)]

    def particular(self, g: int, law: Sequence[Process]) -> dict[str, str]:
        """Those in which a law differs from what was drawn, or that not all laws see, with the names of their processes."""
        drawn = {process.name: process.transition for process in self.processes}
        column_of = {process.name: process for process in self.processes}
        common, of = set(self.common), {process.name: process.transition for process in law}
        return {
            column: name
            for column, name in self.seen[g].items()
            if (column not in common and not _follows(column_of[column])) or not np.array_equal(drawn[column], of[name])
        }


def _follows(process: Process) -> bool:
    """Whether what a process does is certain once its drivers are known."""
    return bool(process.drivers) and bool(np.isin(process.transition, (0.0, 1.0)).all())


def _often(process: Process, periods: Iterable[int]) -> Process:
    """The same process, with no state rare in these periods."""
    transition = np.array(process.transition)
    for period in periods:
        often = np.where(transition[period] > 0, np.maximum(transition[period], OFTEN), 0.0)
        transition[period] = often / often.sum(axis=-1, keepdims=True)
    return replace(process, transition=transition)


# --- what is to be right ---


@dataclass(frozen=True, eq=False)
class _States:
    """Whether each path is in a state in a period: shape (n_cells, n_paths), for cells (column, period, state but the first)."""

    inside: Array
    cell: dict[str, list[tuple[int, int, int]]]  # column -> period, state, row

    @staticmethod
    def of(paths: Paths) -> _States:
        rows: list[Any] = []
        cell: dict[str, list[tuple[int, int, int]]] = {}
        for process, states in zip(paths.processes, paths.state, strict=True):
            own = cell.setdefault(process.name, [])
            for period, here in enumerate(states):
                for state in range(1, len(process.states)):
                    inside = here == state
                    if inside.any() and not inside.all():
                        own.append((period, state, len(rows)))
                        rows.append(inside)
        return _States(np.array(rows, dtype=float).reshape(-1, paths.n_paths), cell)

    def features(self, columns: Iterable[str], exact: Mapping[str, Array]) -> tuple[Array, Array]:
        """Their values, shape (n_features, n_paths), and their means where the marginals are `exact`; in standard deviations."""
        cells = [(name, *cell) for name in columns for cell in self.cell[name]]
        mean = np.array([exact[name][period, state] for name, period, state, _ in cells])
        spread = np.sqrt(np.maximum(mean * (1 - mean), 1e-6))
        rows = np.array([row for *_, row in cells], dtype=np.int64)
        value = self.inside[rows] / spread[:, None]
        return value, mean / spread


def _size(trees: Iterable[Tree]) -> int:
    return max(tree.n_nodes for tree in trees)
