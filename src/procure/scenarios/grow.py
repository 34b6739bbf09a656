"""Trees of futures grown from processes: exact where they are small, otherwise drawn; and fresh paths that no tree has seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.languages import COMMA, Said
from procure.scenarios.draw import draw_paths, plain_numbers
from procure.scenarios.process import NO_PROCESS, Process, canonical, expand
from procure.scenarios.stand_ins import StandIns
from procure.scenarios.together import Losses, Together, disturbances
from procure.scenarios.tree import AT_MOST, TREE, Tree, stacked
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
        seen = Said(
            "{count} processes over {periods} periods have more than {limit} joint futures",
            "確率過程 {count} 個、{periods} 期の将来の組合せは {limit} を超える",
        ).format(count=len(chosen), periods=n_periods, limit=limit)
        remedy = Said("use fewer states or periods, or draw: build_tree", "状態か期を減らすか、抽出する（build_tree）")
        raise DataError(Fault(TREE, seen, AT_MOST.format(nodes=limit), remedy))
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
    losses: Losses | None = None,
) -> Tree:
    """A tree of at most `nodes` nodes: every future exactly if they are that few, otherwise drawn as `build_trees` says.

    >>> from procure.scenarios import shock
    >>> world = [shock("china", 0.5, 9, 1.0, 8), shock("lynas", 0.9, 3, 1.0, 8)]
    >>> tree = build_tree(world, 8, primary="china", branch=[0, 1], nodes=300, seed=1)
    >>> tree.n_nodes <= 300, tree.share("china")[:2].round(4).tolist()  # 1 - exp(-0.5) = 0.3935
    (True, [[0.6065, 0.3935], [0.6065, 0.3935]])
    """
    laws = [list(processes)]
    return build_trees(laws, n_periods, primary=primary, branch=branch, nodes=nodes, seed=seed, losses=losses)[0]


def build_trees(
    laws: Sequence[Iterable[Process]],
    n_periods: int,
    *,
    primary: str | None = None,
    branch: Iterable[int] = (),
    nodes: int = 1500,
    seed: int = 1,
    losses: Losses | None = None,
) -> list[Tree]:
    """A tree for each of several laws of the same processes, over the same futures: they differ by what the laws do.

    A law that has few enough futures gets them all. For the others many paths are drawn of the mean of the laws, evenly, and
    weighed by each law with the exact likelihood of what they do. Few of them are kept (`sample`): spread over good and bad
    futures, more and lighter ones in the tail, and so that under each law the mean of each part of the loss, its tail, and
    the share of each state in each period are right. Those with the same history so far share a node.

    A process that steers nobody and has another law under another level is drawn once for each, by the same random numbers:
    weighing it would leave few paths to a level that rules much of it out.

    Parameters
    ----------
    laws
        The same processes in each, by name.
    primary, branch
        In the periods of `branch` the tree holds every history of the primary process up to there, with its exact probability.
    nodes
        The most that a tree has.
    losses
        What the futures are spread over; without it, the periods in which each process is in another state than its first.
    """
    chosen = _checked(laws, n_periods)
    _check_branching(chosen[0], n_periods, primary, branch)
    exact = [_enumerated(law, n_periods, nodes) for law in chosen]
    if None not in exact:
        return [tree for tree in exact if tree is not None]
    drawn = draw_stand_ins(laws, n_periods, primary=primary, branch=branch, nodes=nodes, seed=seed, losses=losses)
    return [own if whole is None else whole for own, whole in zip(drawn.trees, exact, strict=True)]


def draw_stand_ins(
    laws: Sequence[Iterable[Process]],
    n_periods: int,
    *,
    primary: str | None = None,
    branch: Iterable[int] = (),
    nodes: int = 1500,
    seed: int = 1,
    losses: Losses | None = None,
) -> StandIns:
    """The paths that `build_trees` draws of several laws, to be weighed by these and by laws near them."""
    chosen = _checked(laws, n_periods)
    branching, primary = _check_branching(chosen[0], n_periods, primary, branch)
    many = Together.drawn(
        chosen, n_periods, primary=primary, branch=branching, seed=seed, losses=losses or disturbances
    )
    return many.largest(nodes, seed)


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
    _check_periods(chosen, n_periods)
    paths = draw_paths(chosen, n_periods, n_paths, plain_numbers(seed, n_paths))
    names, states = [p.name for p in chosen], [p.states for p in chosen]
    return Tree.from_paths(paths.state.transpose(2, 1, 0), np.full(n_paths, 1 / n_paths), names, states, foresight=True)


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


def _checked(laws: Iterable[Iterable[Process]], n_periods: int) -> list[list[Process]]:
    """The laws, `canonical`, each for so many periods."""
    chosen = [canonical(law) for law in laws]
    for law in chosen:
        _check_periods(law, n_periods)
    return chosen


def _check_periods(processes: Sequence[Process], n_periods: int) -> None:
    short = [f"'{p.name}' {p.n_periods}" for p in processes if p.n_periods < n_periods]
    if n_periods < 1 or not processes or short:
        seen = Said(
            "{count} processes, {periods} periods, {short} too short",
            "確率過程 {count} 個、{periods} 期、期の足りないもの: {short}",
        ).format(count=len(processes), periods=n_periods, short=COMMA.join(short) or Said("none", "なし"))
        rule = Said(
            "a tree has a process and a period, and a law for every period",
            "シナリオツリーには確率過程と期、各期の確率がある",
        )
        raise DataError(Fault(TREE, seen, rule))


def _check_branching(
    processes: list[Process], n_periods: int, primary: str | None, branch: Iterable[int]
) -> tuple[list[int], str | None]:
    branching = sorted(set(branch))
    names = {process.name: process for process in processes}
    faults = []
    outside = [period for period in branching if not 0 <= period < n_periods]
    if outside:
        seen = Said("branches in periods {periods}", "期 {periods} で分岐").format(periods=outside)
        rule = Said("periods are numbered 0 to {last}", "期の番号は 0 から {last}").format(last=n_periods - 1)
        faults.append(Fault(TREE, seen, rule, Said("give positions, not years", "年でなく番号を書く")))
    if primary is None and len(names) == 1:
        primary = processes[0].name
    if primary is None and branching:
        remedy = nearest("", names)
        seen = Said("branches in full without a primary process", "主たる確率過程なしに全状態へ分岐")
        faults.append(Fault(TREE, seen, Said("name the one that branches", "分岐するものを指定する"), remedy))
    if primary is not None and primary not in names:
        rule = Said("the primary process is one of them", "主たる確率過程はそのいずれか")
        faults.append(Fault(TREE, NO_PROCESS.format(name=primary), rule, nearest(primary, names)))
    if faults:
        raise DataError(faults)
    return branching, primary
