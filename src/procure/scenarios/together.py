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
from procure.scenarios.draw import Paths, draw_paths, even_numbers
from procure.scenarios.process import Process, ancestors, expand, marginals, total
from procure.scenarios.sample import balanced, calibrated, strata, tried
from procure.scenarios.tree import Tree
from procure.units import Array, Index

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
    seen : per law, the paths of its processes
    weight : array, shape (n_paths,)
        Of the paths under the mean of the laws, summing to one.
    ratio : array, shape (n_laws, n_paths)
        How much likelier each law makes them.
    history : int array, shape (n_paths,)
        What the primary process has done when it has branched for the last time, numbered from 0.
    chance : array, shape (n_laws, n_histories)
        Exact probability of each history.
    score : array, shape (n_paths,)
        Loss in the mean of the laws.
    value, mean : arrays, shape (n_paths, n_features) and (n_features,)
        What is to be about right: shares of states, the loss of each law and its parts, in the mean and in the tail.
    loss : array, shape (n_laws, n_losses, n_paths)
        What is to be right under each law: its loss, and that beyond several quantiles, with their means `mean_loss`.
    """

    seen: Sequence[Paths]
    weight: Array
    ratio: Array
    history: Index
    chance: Array
    score: Array
    value: Array
    mean: Array
    loss: Array
    mean_loss: Array

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
            weight = calibrated(weight, *states.features([process.name], exact))

        keys, history = np.unique(_histories(paths, primary, branch), return_inverse=True)
        seen = [paths.seen_as(names) for names in columns.seen]
        ratio = np.array([own.ratio(law) for own, law in zip(seen, laws, strict=True)]) / plain
        ratio /= (ratio @ weight)[:, None]
        chance = np.array([_chance_of_histories(law, primary, branch, keys) for law in laws])
        parts = [np.asarray(losses(g, own), dtype=float) for g, own in enumerate(seen)]

        features = [states.features(columns.common, exact)]
        losses_of = [_loss_features(part, weight * own) for part, own in zip(parts, ratio, strict=True)]
        for g, law in enumerate(laws):
            own = marginals(law, n_periods)
            names = columns.particular(g, law)
            value, mean = states.features(names, {column: own[name] for column, name in names.items()})
            features.append((value * ratio[g], mean))
            value = np.vstack([np.ones(n_paths), *losses_of[g]]) * ratio[g]
            features.append((value / STATES_COUNT, value @ weight / STATES_COUNT))
        score = np.mean([part.sum(axis=1) for part in parts], axis=0)
        value = np.vstack([value for value, _ in features]).T
        mean = np.concatenate([mean for _, mean in features])
        loss = np.array([loss for loss, _ in losses_of])
        mean_loss = np.einsum("gfi,gi,i->gf", loss, ratio, weight)
        return Together(seen, weight, ratio, history.reshape(-1), chance, score, value, mean, loss, mean_loss)

    def trees(self, nodes: int, seed: int) -> list[Tree]:
        """The largest trees of at most so many nodes, one for each law."""
        n_periods, fewest = self.seen[0].n_periods, int(self.history.max()) + 1
        if fewest * n_periods > nodes:
            seen = f"{fewest} paths of {n_periods} periods take up to {fewest * n_periods} nodes"
            remedy = f"allow {fewest * n_periods} nodes, or branch in fewer periods"
            raise DataError(Fault("tree", seen, f"at most {nodes} nodes", remedy))
        least = nodes // n_periods
        trees = self.stand_ins(least, seed)
        n_paths = least * nodes // _size(trees)  # they share nodes, so there is room for some more
        while n_paths > least:
            larger = self.stand_ins(n_paths, seed)
            if _size(larger) <= nodes:
                return larger
            n_paths -= max(1, (_size(larger) - nodes) * n_paths // _size(larger))
        return trees

    def stand_ins(self, n_paths: int, seed: int) -> list[Tree]:
        """The trees of so many paths that stand for all, one for each law."""
        stratum = strata(self.score, self.weight, self.history, n_paths)
        some, mass = tried(stratum), total(stratum, self.weight)
        stands = some[balanced(stratum[some], mass, self.value[some], self.mean, [seed, n_paths])]
        history = self.history[stands]
        passed = np.arange(self.chance.shape[1])[:, None] == history
        trees = []
        for g, own in enumerate(self.seen):
            value = np.vstack([self.loss[g][:, stands], passed])
            weight = calibrated(
                mass * self.ratio[g, stands], value, np.concatenate([self.mean_loss[g], self.chance[g]])
            )
            exact = total(history, weight, len(passed))
            weight *= (self.chance[g] / np.where(exact > 0, exact, 1.0))[history]
            trees.append(own.some(stands).tree(weight))
        return trees


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
        """The columns that all laws see."""
        return [p.name for p in self.processes if all(p.name in seen for seen in self.seen)]

    def particular(self, g: int, law: Sequence[Process]) -> dict[str, str]:
        """Those in which a law differs from what was drawn, or that not all laws see, with the names of their processes."""
        drawn = {process.name: process.transition for process in self.processes}
        common, of = set(self.common), {process.name: process.transition for process in law}
        return {
            column: name
            for column, name in self.seen[g].items()
            if column not in common or not np.array_equal(drawn[column], of[name])
        }


def _often(process: Process, periods: Iterable[int]) -> Process:
    """The same process, with no state rare in these periods."""
    transition = np.array(process.transition)
    for period in periods:
        often = np.where(transition[period] > 0, np.maximum(transition[period], OFTEN), 0.0)
        transition[period] = often / often.sum(axis=-1, keepdims=True)
    return replace(process, transition=transition)


# --- what the primary process has done ---


def _histories(paths: Paths, primary: str | None, branch: Iterable[int]) -> Index:
    """A key of the states that the primary process passes where it branches, per path."""
    key = np.zeros(paths.n_paths, dtype=np.int64)
    if primary is not None:
        row = paths.place[primary]
        for period in sorted(branch):
            key = key * len(paths.processes[row].states) + paths.state[row, period]
    return key


def _chance_of_histories(law: Sequence[Process], primary: str | None, branch: Sequence[int], keys: Index) -> Array:
    """The exact probability of each of these histories."""
    if primary is None or not branch:
        return np.ones(1)
    (process,) = (process for process in law if process.name == primary)
    family = [*ancestors(law, process), process]
    states, chance = np.array([[0, *(member.code(member.start) for member in family)]]), np.ones(1)
    for period in range(max(branch) + 1):
        row, following, step = expand(family, period, states[:, 1:])
        key = states[row, 0]
        if period in branch:
            key = key * len(process.states) + following[:, -1]
        states, inverse = np.unique(np.column_stack([key, following]), axis=0, return_inverse=True)
        chance = total(inverse.reshape(-1), chance[row] * step)
    at = np.minimum(np.searchsorted(keys, states[:, 0]), len(keys) - 1)
    return total(at, np.where(keys[at] == states[:, 0], chance, 0.0), len(keys))


# --- what is to be right ---


def _loss_features(parts: Array, weight: Array) -> tuple[Array, Array]:
    """The loss of each path and what is beyond quantiles; its parts, of all and of the worst paths; in standard deviations."""
    loss = parts.sum(axis=1)
    order = np.argsort(loss, kind="stable")
    place = np.searchsorted(np.cumsum(weight[order]), (0.8, 0.9, 0.95, 0.98))
    tails = loss[order[np.minimum(place, len(order) - 1)]]
    moving = parts[:, parts.std(axis=0) > 0]
    worst = moving * (loss > tails[1])[:, None]
    beyond = np.array([loss, *(np.maximum(loss - tail, 0.0) for tail in tails)])
    scale = loss.std() or 1.0
    return beyond / scale, np.hstack([moving, worst]).T / scale


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
