"""Few paths that stand for many under each of several laws, and under those laws where they have moved since.

All paths are drawn of one law q. A path that stands for others, together W, weighs under a law p

  w ∝ W p / q      calibrated: the loss has the mean of the many paths under p, in all and beyond several quantiles, and
                   what the primary process does where it branches has its exact chance

so a law that moves weighs the same paths anew, and what it changes is seen without the luck of another drawing. How far that
goes shows in how many paths of equal weight they are still worth, (Σ w)² / Σ w²: Kong, Liu & Wong (1994), Journal of the American
Statistical Association 89(425), 278-288.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from procure.risk import worst_law
from procure.scenarios.draw import Paths
from procure.scenarios.process import Process, ancestors, expand, total
from procure.scenarios.sample import calibrated, effective
from procure.scenarios.tree import Tree
from procure.units import Array, Index

#: The tail in which paths are counted, by what their loss is guessed at: the worst twentieth.
TAIL = 0.95
#: What they are worth under a moved law, of what they are under the one they stand for: with less, others are drawn. By what was
#: measured for docs/sampling.md: from there on keeping them costs more than the luck of another drawing.
KEPT = 0.4


@dataclass(frozen=True, eq=False)
class Pool:
    """Many paths, as several laws see them.

    Parameters
    ----------
    seen : per law, the paths of its processes
    plain : array, shape (n_paths,)
        How much likelier the mean of the laws makes a path than the law it was drawn of.
    weight : array, shape (n_paths,)
        Of the paths under the mean of the laws, summing to one.
    loss : per law an array, shape (n_paths,)
    history : int array, shape (n_paths,)
        What the primary process has done when it has branched for the last time: which of `keys`.
    primary, branch
        As `grow.build_trees` has them.
    """

    seen: Sequence[Paths]
    plain: Array
    weight: Array
    loss: Sequence[Array]
    history: Index
    keys: Index
    primary: str | None
    branch: Sequence[int]

    def under(self, g: int, law: Sequence[Process]) -> Under:
        """What a law, the g-th or one near it, makes of the paths."""
        ratio = self.seen[g].ratio(law) / self.plain
        ratio /= ratio @ self.weight
        chance = _chance_of_histories(law, self.primary, self.branch, self.keys)
        loss, tails = _beyond(self.loss[g], self.weight * ratio)
        return Under(ratio, chance, loss, loss @ (self.weight * ratio), tails)


@dataclass(frozen=True, eq=False)
class Under:
    """What a law makes of many paths.

    Parameters
    ----------
    ratio : array, shape (n_paths,)
        How much likelier it makes them than the mean of the laws.
    chance : array, shape (n_histories,)
        Exact probability of each history.
    loss, mean_loss : arrays, shape (n_losses, n_paths) and (n_losses,)
        What is to be right: the loss, and that beyond the quantiles `tails`; in standard deviations, and their means.
    """

    ratio: Array
    chance: Array
    loss: Array
    mean_loss: Array
    tails: Array


@dataclass(frozen=True, eq=False)
class StandIns:
    """Some paths of a pool, each of which stands for others.

    Parameters
    ----------
    laws : per law its processes (`canonical`)
        Which the paths were chosen for.
    stands : int array, shape (n_stand_ins,)
    mass : array, shape (n_stand_ins,)
        What each stands for, under the mean of the laws.
    trees : per law the tree of these paths
    worth : array, shape (n_laws, 3)
        Of how many paths of equal weight: the pool, the stand-ins, and their tail.
    """

    pool: Pool
    laws: Sequence[Sequence[Process]]
    stands: Index
    mass: Array
    trees: Sequence[Tree]
    worth: Array

    @staticmethod
    def of(
        pool: Pool, laws: Sequence[Sequence[Process]], under: Sequence[Under], stands: Index, mass: Array
    ) -> StandIns:
        """These paths, weighed by the laws they were chosen for."""
        few = StandIns(pool, laws, stands, mass, (), np.empty((0, 3)))
        weights = [few._weights(one) for one in under]
        trees = [own.some(stands).tree(weight) for own, weight in zip(pool.seen, weights, strict=True)]
        worth = [few._worth(g, one, weights[g]) for g, one in enumerate(under)]
        return replace(few, trees=trees, worth=np.array(worth))

    def weighed(self, laws: Sequence[Sequence[Process]]) -> list[Tree] | None:
        """The trees of the same paths under laws (each `canonical`) that have moved; None where one needs other paths.

        It does where it allows what no path was drawn of, or leaves them worth too few (`KEPT`).
        """
        trees = []
        for g, law in enumerate(laws):
            if _is_same(self.laws[g], law):
                trees.append(self.trees[g])
                continue
            if not _allow(self.pool.seen[g].processes, law):
                return None
            under = self.pool.under(g, law)
            if not (self.mass * under.ratio[self.stands]).any():
                return None
            weights = self._weights(under)
            reached = total(self.pool.history[self.stands], weights, len(under.chance)) > 0
            if (reached != (under.chance > 0)).any() or (self._worth(g, under, weights) < KEPT * self.worth[g]).any():
                return None
            trees.append(self.pool.seen[g].some(self.stands).tree(weights))
        return trees

    def _weights(self, under: Under) -> Array:
        """Of the stand-ins under a law, shape (n_stand_ins,)."""
        history = self.pool.history[self.stands]
        passed = np.arange(len(under.chance))[:, None] == history
        value = np.vstack([under.loss[:, self.stands], passed])
        likely = self.mass * under.ratio[self.stands]
        weight = calibrated(likely, value, np.concatenate([under.mean_loss, under.chance]))
        exact = total(history, weight, len(passed))
        weight *= (under.chance / np.where(exact > 0, exact, 1.0))[history]
        return weight

    def _worth(self, g: int, under: Under, weights: Array) -> Array:
        """As how many paths of equal weight the pool, the stand-ins and their tail are, shape (3,)."""
        worst = worst_law("cvar", self.pool.loss[g][self.stands], weights / weights.sum(), TAIL)
        return np.array([effective(self.pool.weight * under.ratio), effective(weights), effective(worst)])


def chosen_parts(parts: Array, tails: Array) -> Array:
    """The parts of the loss that differ between paths, of all and of the worst paths; in standard deviations of the loss."""
    loss = parts.sum(axis=1)
    moving = parts[:, parts.std(axis=0) > 0]
    worst = moving * (loss > tails[1])[:, None]
    return np.asarray(np.hstack([moving, worst]).T / (loss.std() or 1.0))


# --- what the primary process has done ---


def histories(paths: Paths, primary: str | None, branch: Iterable[int]) -> Index:
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


# --- small helpers ---


def _beyond(loss: Array, weight: Array) -> tuple[Array, Array]:
    """The loss of each path and what is beyond quantiles, in standard deviations; and the quantiles."""
    order = np.argsort(loss, kind="stable")
    place = np.searchsorted(np.cumsum(weight[order]), (0.8, 0.9, 0.95, 0.98))
    tails = loss[order[np.minimum(place, len(order) - 1)]]
    beyond = np.array([loss, *(np.maximum(loss - tail, 0.0) for tail in tails)])
    return beyond / (loss.std() or 1.0), tails


def _is_same(before: Sequence[Process], after: Sequence[Process]) -> bool:
    return _are_alike(before, after) and all(
        np.array_equal(one.transition, other.transition) for one, other in zip(before, after, strict=True)
    )


def _allow(drawn: Sequence[Process], law: Sequence[Process]) -> bool:
    """Whether paths drawn of some processes may do whatever a law allows."""
    return _are_alike(drawn, law) and not any(
        ((other.transition > 0) & (one.transition == 0)).any() for one, other in zip(drawn, law, strict=True)
    )


def _are_alike(before: Sequence[Process], after: Sequence[Process]) -> bool:
    """Whether two laws are of the same processes, which steer each other in the same way."""
    fields = ("name", "states", "start", "drivers", "driver_states")
    return len(before) == len(after) and all(
        getattr(one, field) == getattr(other, field)
        for one, other in zip(before, after, strict=True)
        for field in fields
    )
