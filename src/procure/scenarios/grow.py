"""A tree of futures grown from processes: exact where it is small, otherwise drawn; and fresh paths that no tree has seen."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.scenarios.process import TOLERANCE, Process, ancestors, canonical, expand, total
from procure.scenarios.tree import Tree, ranked, stacked
from procure.units import Array, Index


def enumerate_tree(processes: Iterable[Process], n_periods: int, limit: int = 100_000) -> Tree:
    """Every joint future with its exact probability; what cannot happen is left out.

    >>> from procure.scenarios.chain import shock
    >>> enumerate_tree([shock("china", 0.2, 9, 1.0, 2), shock("lynas", 0.9, 3, 1.0, 2)], 2).n_nodes  # 4 + 16
    20
    """
    chosen = list(processes)
    tree = enumerated(chosen, n_periods, limit)
    if tree is None:
        seen = f"{len(chosen)} processes over {n_periods} periods have more than {limit} joint futures"
        raise DataError(
            Fault("tree", seen, f"at most {limit} nodes", "use fewer states or periods, or draw: build_tree")
        )
    return tree


def enumerated(processes: Iterable[Process], n_periods: int, limit: int) -> Tree | None:
    """`enumerate_tree`, or None where it would have more than `limit` nodes."""
    chosen = canonical(processes)
    _check_periods(chosen, n_periods)
    return _enumerated(chosen, n_periods, limit)


def build_tree(
    processes: Iterable[Process],
    n_periods: int,
    *,
    primary: str | None = None,
    branch: Iterable[int] = (),
    nodes: int = 1500,
    seed: int = 1,
    streams: Mapping[str, str] | None = None,
) -> Tree:
    """A tree of at most `nodes` nodes: every future exactly if they are that few, otherwise drawn.

    In the periods of `branch` every node branches into every state of the `primary` process, with its exact
    probability; the other processes are drawn. In the other periods all are drawn. Drawn children of a node (within one
    state of the primary process) weigh the same, and the identical ones are merged.

    How many: the nodes per period grow by the number of primary states in the periods of `branch` and, over all
    other periods together, by two; the largest such tree within `nodes`. So the tree goes on branching to its end, and
    half of its paths are already there early, where each one counts. Within a period, likelier nodes get more children, at
    least one each.

    Draws are stratified over all nodes of a period that share a law (`_draw`), so that the shares of the states come as
    near to their exact probabilities as the number of nodes permits; `Tree.share` tells them, `chain.marginals` the exact ones.
    Every process has random numbers of its own, by its name; `streams` names others to draw it with. Two laws of one thing,
    drawn with the same numbers, differ only where the laws do.

    >>> from procure.scenarios.chain import shock
    >>> world = [shock("china", 0.5, 9, 1.0, 8), shock("lynas", 0.9, 3, 1.0, 8)]
    >>> tree = build_tree(world, 8, primary="china", branch=[0, 1], nodes=300, seed=1)
    >>> tree.n_nodes <= 300, tree.share("china")[:2].round(4).tolist()  # 1 - exp(-0.5) = 0.3935
    (True, [[0.6065, 0.3935], [0.6065, 0.3935]])
    """
    chosen = canonical(processes)
    _check_periods(chosen, n_periods)
    branching, leader = _check_branching(chosen, n_periods, primary, branch)
    exact = _enumerated(chosen, n_periods, nodes)
    if exact is not None:
        return exact
    size = _growth(leader, branching, n_periods, nodes)

    columns = sorted(range(len(chosen)), key=lambda column: chosen[column].name)
    previous = _today(chosen)
    probability = np.ones(1)
    levels: list[tuple[Index, Array, Index]] = []
    left = nodes
    for period in range(n_periods):
        target = int(left * size[period] / size[period:].sum() * (1 + TOLERANCE))
        if period in branching and leader is not None:
            slots = _branches(chosen, leader, period, previous, probability)
        else:
            slots = _Slots(np.arange(len(previous)), probability, {}, None)
        count = _shared_out(slots.weight, target, _generator(seed, period, "children"))
        child = np.repeat(np.arange(len(count)), count)
        node, weight = slots.node[child], slots.weight[child] / count[child]
        drawn = _drawn(chosen, period, previous[node], node, weight, slots, child, seed, streams or {})

        joined, inverse = np.unique(np.column_stack([node, drawn[:, columns]]), axis=0, return_inverse=True)
        inverse = inverse.reshape(-1)
        probability = total(inverse, weight)
        previous = drawn[np.unique(inverse, return_index=True)[1]]
        levels.append((joined[:, 0], probability, joined[:, 1:]))
        left -= len(joined)
    return stacked([chosen[c].name for c in columns], [chosen[c].states for c in columns], levels)


def sample_paths(processes: Iterable[Process], n_paths: int, seed: int, n_periods: int | None = None) -> Tree:
    """Independent paths of equal probability, branching today only: to test a plan on futures it was not made for.

    Plain draws, not stratified: the paths are independent, so means over them have the usual standard error.

    >>> from procure.scenarios.chain import shock
    >>> fan = sample_paths([shock("china", 0.5, 9, 1.0, 3)], 100, seed=7)
    >>> fan.n_nodes, len(fan.leaves)
    (300, 100)
    """
    chosen = canonical(processes)
    n_periods = min(process.n_periods for process in chosen) if n_periods is None else n_periods
    codes = drawn_states(chosen, n_paths, seed, n_periods)
    weight = np.full(n_paths, 1 / n_paths)
    return Tree.from_paths(codes, weight, [p.name for p in chosen], [p.states for p in chosen], foresight=True)


def drawn_states(processes: Sequence[Process], n_paths: int, seed: int, n_periods: int) -> Index:
    """The states of independent paths of `canonical` processes, shape (n_paths, n_periods, n_processes).

    Every process has random numbers of its own, by its name: path i under two laws differs only where the laws do.
    """
    _check_periods(processes, n_periods)
    place = {process.name: column for column, process in enumerate(processes)}
    codes = np.empty((n_paths, n_periods, len(processes)), dtype=np.int64)
    previous = np.repeat(_today(processes), n_paths, axis=0)
    for period in range(n_periods):
        for column, process in enumerate(processes):
            drivers = [codes[:, period, place[name]] for name in process.drivers]
            law = process.law(period, drivers, previous[:, column])
            codes[:, period, column] = _inverse(law, _generator(seed, period, f"path {process.name}").random(n_paths))
        previous = codes[:, period]
    return codes


# --- how drawing works ---


@dataclass(frozen=True)
class _Slots:
    """What drawn children are drawn for: a node, or a node and the state of the primary process it branches into."""

    node: Index
    weight: Array
    fixed: dict[str, Index]  # state of the primary process, per slot
    before: tuple[list[str], Index, Array] | None  # what drives it: names, their joint states, law of those per slot


def _branches(processes: list[Process], leader: Process, period: int, previous: Index, probability: Array) -> _Slots:
    """One slot per node and possible state of the leader, exactly; what drives it is drawn later, given that state."""
    family = [*ancestors(processes, leader), leader]
    columns = [processes.index(member) for member in family]
    row, codes, conditional = expand(family, period, previous[:, columns])
    causes, cause = np.unique(codes[:, :-1], axis=0, return_inverse=True)
    joint = np.zeros((len(previous), len(leader.states), len(causes)))
    joint[row, codes[:, -1], cause.reshape(-1)] = conditional
    exact = joint.sum(axis=2)
    node, state = np.nonzero(exact)
    law = joint[node, state] / exact[node, state][:, None]
    names = [member.name for member in family[:-1]]
    return _Slots(node, probability[node] * exact[node, state], {leader.name: state}, (names, causes, law))


def _drawn(
    processes: list[Process],
    period: int,
    previous: Index,
    node: Index,
    weight: Array,
    slots: _Slots,
    child: Index,
    seed: int,
    streams: Mapping[str, str],
) -> Index:
    """The states of every child, processes in order, each given those that drive it."""
    drawn: dict[str, Index] = {name: states[child] for name, states in slots.fixed.items()}
    if slots.before is not None and slots.before[0]:
        names, causes, law = slots.before
        which = _draw(law[child], weight, node, _generator(seed, period, "+".join(names)))
        drawn |= {name: causes[which, column] for column, name in enumerate(names)}
    for column, process in enumerate(processes):
        if process.name not in drawn:
            law = process.law(period, [drawn[name] for name in process.drivers], previous[:, column])
            stream = streams.get(process.name, process.name)
            drawn[process.name] = _draw(law, weight, node, _generator(seed, period, stream))
    return np.column_stack([drawn[process.name] for process in processes])


def _draw(law: Array, weight: Array, family: Index, random: np.random.Generator) -> Index:
    """One state per row of `law`, so that each state gets its share of the weight of the rows with that law.

    The rows of one law are put in random order, siblings (of one `family`, standing together) far apart, and laid end to
    end, each as long as it weighs; a row takes the state its middle falls into, from a random origin. So every row is drawn by
    its own law, and over the rows of a law a state misses its share by one row at most. Madow (1949), Annals of
    Mathematical Statistics 20(3), 333-354: systematic sampling. With one random order per process this is a weighted Latin
    hypercube; `scipy.stats.qmc` has the unweighted one, and takes more than a second to import.
    """
    _, start, siblings = np.unique(family, return_index=True, return_counts=True)
    start, siblings = np.repeat(start, siblings), np.repeat(siblings, siblings)
    place = np.empty(len(family))
    place[np.lexsort((random.random(len(family)), family))] = np.arange(len(family)) - start
    key = (place + random.random(len(family))) / siblings

    group = ranked(law.round(12))
    order = np.lexsort((key, group))
    mass = total(group, weight)
    middle = np.cumsum(weight[order]) - weight[order] / 2 - (np.cumsum(mass) - mass)[group[order]]
    position = np.empty(len(family))
    position[order] = middle / mass[group[order]]
    return _inverse(law, (position + random.random(len(mass))[group]) % 1.0)


def _inverse(law: Array, position: Array) -> Index:
    """The state whose stretch of [0, 1) holds the position, row by row; never one of probability zero."""
    ends = law.cumsum(axis=1)
    ends /= ends[:, -1:]
    codes: Index = (position[:, None] >= ends).sum(axis=1)
    return codes


def _shared_out(weight: Array, most: int, random: np.random.Generator) -> Index:
    """How many children each slot gets: in proportion to weight, at least one, at most `most` together.

    A slot gets one child per λ of weight, with the smallest λ that keeps to that (d'Hondt's rule: the heaviest child is
    as light as can be). Slots of equal weight would all double at once, so chance sets them apart a little.
    """
    apart = weight * (1 + 1e-3 * random.random(len(weight)))
    low, high = 0.0, float(apart.max())  # at `high` every slot has one child
    for _ in range(60):
        step = (low + high) / 2
        low, high = (low, step) if np.maximum(1, np.floor(apart / step)).sum() <= most else (step, high)
    return np.maximum(1, np.floor(apart / high)).astype(np.int64)


def _growth(leader: Process | None, branching: set[int], n_periods: int, nodes: int) -> Array:
    """Relative number of nodes per period: times the states of the leader where it branches, times two over all the rest."""

    def grown(other: float) -> Array:
        step = np.full(n_periods, other)
        for period in branching:
            step[period] = (leader.transition[period] > 0).sum(axis=-1).max() if leader is not None else 1
        step[0] = step[0] if 0 in branching else 1.0
        size: Array = np.cumprod(step)
        return size

    n_other = len(set(range(1, n_periods)) - branching)
    size = grown(2 ** (1 / max(n_other, 1)))
    if size.sum() > nodes:
        size = grown(1.0)
    if size.sum() > nodes:
        seen = f"branching in full in periods {sorted(branching)} of {n_periods} takes up to {int(size.sum())} nodes"
        remedy = f"allow {int(size.sum())} nodes, or branch in fewer periods"
        raise DataError(Fault("tree", seen, f"at most {nodes} nodes", remedy))
    return size


def _generator(seed: int, period: int, purpose: str) -> np.random.Generator:
    """A stream of its own for every period and purpose, so that one process more does not redraw the others."""
    return np.random.default_rng([seed, period, zlib.crc32(purpose.encode())])


# --- small helpers ---


def _enumerated(processes: list[Process], n_periods: int, limit: int) -> Tree | None:
    """The exact tree, or None when it has more than `limit` nodes."""
    columns = sorted(range(len(processes)), key=lambda column: processes[column].name)
    previous, probability, left = _today(processes), np.ones(1), limit
    levels = []
    for period in range(n_periods):
        row, codes, conditional = _limited(processes, period, previous, left)
        if len(row) > left:
            return None
        order = np.lexsort((*codes[:, columns].T[::-1], row))
        row, codes, conditional = row[order], codes[order], conditional[order]
        previous, probability = codes, probability[row] * conditional
        levels.append((row, probability, codes[:, columns]))
        left -= len(row)
    return stacked([processes[c].name for c in columns], [processes[c].states for c in columns], levels)


def _limited(processes: list[Process], period: int, previous: Index, limit: int) -> tuple[Index, Index, Array]:
    """`expand`, given up with too many rows as soon as some of the processes alone make more than `limit`."""
    for n in range(1, len(processes)):
        row, codes, conditional = expand(processes[:n], period, previous)
        if len(row) > limit:
            return row, codes, conditional
    return expand(processes, period, previous)


def _today(processes: Sequence[Process]) -> Index:
    return np.array([[process.code(process.start) for process in processes]], dtype=np.int64)


def _check_periods(processes: Sequence[Process], n_periods: int) -> None:
    short = [f"'{p.name}' {p.n_periods}" for p in processes if p.n_periods < n_periods]
    if n_periods < 1 or not processes or short:
        seen = f"{len(processes)} processes, {n_periods} periods, {', '.join(short) or 'none'} too short"
        raise DataError(Fault("tree", seen, "a tree has a process and a period, and a law for every period"))


def _check_branching(
    processes: list[Process], n_periods: int, primary: str | None, branch: Iterable[int]
) -> tuple[set[int], Process | None]:
    branching = set(branch)
    names = {process.name: process for process in processes}
    faults = []
    outside = sorted(period for period in branching if not 0 <= period < n_periods)
    if outside:
        rule = f"periods are numbered 0 to {n_periods - 1}"
        faults.append(Fault("tree", f"branches in periods {outside}", rule, "give positions, not years"))
    if primary is None and len(names) == 1:
        primary = processes[0].name
    if primary is None and branching:
        remedy = nearest("", names)
        faults.append(Fault("tree", "branches in full without a primary process", "name the one that branches", remedy))
    if primary is not None and primary not in names:
        faults.append(
            Fault("tree", f"no process '{primary}'", "the primary process is one of them", nearest(primary, names))
        )
    if faults:
        raise DataError(faults)
    return branching, names[primary] if primary is not None else None
