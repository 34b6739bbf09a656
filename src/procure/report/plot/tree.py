"""The tree of futures: what may follow what, as high as it is likely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.languages import Language, Said
from procure.portfolio.frames import OTHER_SOURCES
from procure.portfolio.portfolio import Portfolio
from procure.report.plot.canvas import beside, drawn_in, headed, lettered, new_axes
from procure.report.plot.palette import shades
from procure.report.plot.words import Names, shown, words_in
from procure.units import Array, Index

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Boxes less likely than this have no line around them: it would be all that is seen.
_THIN = 0.006


def tree(
    portfolio: Portfolio, process: str | None = None, *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """The tree of futures of a portfolio: a box for every node, as high as it is likely, beside the one that it follows.

    The shade of a box is the state of one process: the darker, the more shortage costs in that state. Of the nodes that follow one,
    those whose futures cost most stand on top.

    Parameters
    ----------
    portfolio : Portfolio
    process : str, optional
        Else that of the supplier that fills most of today's demand, or the first there is.
    language : str
        "en" or "ja".
    ax : Axes, optional

    Raises
    ------
    DataError
        For an unknown process, and where matplotlib or a font is not installed.
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Patch

    states = [_states(str(label)) for label in portfolio.nodes["label"]]
    known = [*dict.fromkeys(name for own in states for name in own)]
    chosen = process if process is not None else _first(portfolio, known)
    if chosen not in known:
        rule = Said("it is a process of the tree", "シナリオツリーの確率過程であること")
        raise DataError(Fault("process", f"'{chosen}'", rule, nearest(str(chosen), known)))
    state = [own.get(chosen, "") for own in states]
    order = _by_shortage(portfolio, state)
    with drawn_in(language):
        names, words = Names(portfolio, language), words_in(language)
        ax = new_axes(ax, 8.0, 4.4)
        low, high = _span(portfolio)
        period = portfolio.nodes["period"].to_numpy()
        colours = dict(zip(order, shades(len(order)), strict=True))
        boxes = [
            [(t, a), (t + 1, a), (t + 1, b), (t, b)] for t, a, b in zip(period, 100 * low, 100 * high, strict=True)
        ]
        lines = np.where(high - low > _THIN, 0.5, 0.0)
        ax.add_collection(
            PolyCollection(boxes, facecolors=[colours[s] for s in state], edgecolors="white", linewidths=lines)
        )
        years = portfolio.nodes["year"].groupby(portfolio.nodes["period"]).first()
        ax.set_xticks(years.index.to_numpy() + 0.5, [str(year) for year in years])
        ax.set_xlim(0, int(period.max()) + 1)
        ax.set_ylim(0, 100)
        ax.set_xlabel(words["year"])
        ax.set_ylabel(words["tree_axis"])
        headed(ax, words["tree"].format(process=names.of(chosen)), names.title)
        lettered(ax)
        patches = [Patch(facecolor=colours[s]) for s in reversed(order)]
        beside(ax, patches, [shown(s.replace("_", " "), 24) or "-" for s in reversed(order)])
        return ax


def _states(label: str) -> Mapping[str, str]:
    """State by process, from the label of a node.

    >>> _states("china=ban lynas=normal")
    {'china': 'ban', 'lynas': 'normal'}
    """
    return {name: state for name, equals, state in (part.partition("=") for part in label.split(" ")) if equals}


def _first(portfolio: Portfolio, known: list[str]) -> str:
    today = portfolio.shares[(portfolio.shares["year"] == "today") & ~portfolio.shares["supplier"].isin(OTHER_SOURCES)]
    largest = today.groupby("supplier")["share"].max().sort_values(ascending=False, kind="stable").index
    return next((str(s) for s in largest if s in known), known[0] if known else "")


def _by_shortage(portfolio: Portfolio, state: list[str]) -> list[str]:
    """States from that in which shortage costs least to that in which it costs most, a year, on average."""
    nodes = portfolio.nodes.assign(state=state)
    cost = (nodes["probability"] * nodes["shortage_cost_kusd"]).groupby(nodes["state"]).sum()
    chance = nodes["probability"].groupby(nodes["state"]).sum()
    mean = {str(name): float(cost[name] / chance[name]) if chance[name] > 0 else 0.0 for name in cost.index}
    return sorted(mean, key=lambda name: (mean[name], name))


def _span(portfolio: Portfolio) -> tuple[Array, Array]:
    """Cumulative probability at which the box of every node begins and ends."""
    nodes = portfolio.nodes
    at: dict[int, int] = {node: position for position, node in enumerate(nodes["node"].tolist())}
    parent: Index = np.array([at.get(node, -1) for node in nodes["parent"].tolist()])
    probability = nodes["probability"].to_numpy()
    cost = _expected_cost(portfolio, at, parent)
    low = np.zeros(len(nodes))
    for siblings in _families(parent):
        own = sorted(siblings, key=lambda k: float(cost[k]))
        start = low[parent[own[0]]] if parent[own[0]] >= 0 else 0.0
        for k in own:
            low[k] = start
            start += probability[k]
    return low, low + probability


def _families(parent: Index) -> Iterator[list[int]]:
    """Nodes that follow the same one; the first have none. A node stands below the one that it follows."""
    children: dict[int, list[int]] = {}
    for k, above in enumerate(parent.tolist()):
        children.setdefault(above, []).append(k)
    waiting = [-1]
    while waiting:
        own = children.get(waiting.pop(), [])
        if own:
            yield own
            waiting += own


def _expected_cost(portfolio: Portfolio, at: Mapping[int, int], parent: Index) -> Any:
    """Mean cost of the paths that pass each node, million USD."""
    cost, weight = np.zeros(len(parent)), np.zeros(len(parent))
    leaves = portfolio.leaves
    for node, chance, amount in zip(*(leaves[c].tolist() for c in ("node", "probability", "cost_musd")), strict=True):
        k = at[node]
        while k >= 0:
            cost[k] += chance * amount
            weight[k] += chance
            k = int(parent[k])
    return np.divide(cost, weight, out=np.zeros(len(cost)), where=weight > 0)
