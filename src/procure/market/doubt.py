"""Doubt about the odds: the futures of a market as a ball around their law looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from procure.market.market import Market
from procure.market.merge import idle_offers
from procure.risk import Ambiguous, balls
from procure.scenarios.futures import holds_every_future
from procure.scenarios.reduce import path_distance
from procure.scenarios.tree import Tree
from procure.units import Array, Index


def doubt_about(market: Market) -> Ambiguous | None:
    """The measure that a model weighs the costs of its paths by where the odds are in doubt; None where they are not."""
    risk = market.model.settings.risk
    if not risk.in_doubt:
        return None
    return Ambiguous(balls()[risk.ambiguity].around(Paths(market), risk.radius), risk.alpha, risk.weight)


#: Along the paths of a drawn tree a supplier does alike where it loses as much of its supply, in bands of this share of it.
BAND = 0.1


def bands(lost: ArrayLike) -> Index:
    """The band that each share of supply lost is in, by number: nothing lost, up to a tenth, up to two tenths, and so on.

    >>> bands([0, 0.04, 0.1, 0.3, 0.31, 1]).tolist()
    [0, 1, 1, 3, 4, 10]
    """
    return np.asarray(np.ceil(np.asarray(lost, dtype=float) / BAND - 1e-9), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Paths:
    """The paths of a market.

    Two paths are as far apart as suppliers deliver otherwise: the share of what a supplier has on offer that arrives, in the mean
    of its elements, summed over suppliers and in the mean of the periods. At a distance of 1 one supplier more delivers nothing.

    What can fail is a supplier with the projects and trials behind it, or another chain, or demand. A common shock is none of
    them: it is seen in the states that it forces. Where the tree holds every future, each does what it does along a path. A drawn
    tree has hardly two paths with the same states of all years: there a supplier does alike on paths on which as much of its
    supply is lost over all years, in bands (`bands`), and one that sells nothing does always alike. That keeps less of the law than
    all its years would, so the worst law is never too mild.
    """

    market: Market

    @property
    def _tree(self) -> Tree:
        return self.market.tree

    @cached_property
    def distance(self) -> Array:
        """How far the paths are apart, shape (n_paths, n_paths)."""
        n_paths = len(self._tree.leaves)
        apart = np.zeros((n_paths, n_paths))
        for shares in self._arriving().values():
            apart += path_distance(self._tree, np.column_stack(shares)) / len(shares)
        return apart / self._tree.n_periods

    def _arriving(self) -> dict[str, list[Array]]:
        """By supplier, what share of each of its elements arrives at every node: of contracts, or of what can be called at best."""
        market, within, idle = self.market, self._tree.n_nodes, idle_offers(self.market)
        a_year = market.model.settings.model.periods_per_year  # of which "delivered" is told for the part of one period
        arriving = {offer: a_year * part for offer, part in market.period["delivered"].items() if offer not in idle}
        for offer, reach in market.period["reach"].items():
            best = np.max(reach)
            if offer not in arriving and best > 0:
                arriving[offer] = reach / best
        found: dict[str, list[Array]] = {}
        for (supplier, _), share in arriving.items():
            found.setdefault(supplier, []).append(np.asarray(share, dtype=float)[:within])
        return found

    def _lost(self) -> dict[str, Array]:
        """The share of its supply that each supplier loses along every path, in the mean of its elements and of the periods."""
        paths = self._tree.paths()
        nothing = {s: np.zeros(len(paths)) for s in self.market.sets.suppliers}
        return nothing | {
            s: 1.0 - np.mean(shares, axis=0)[paths].mean(axis=1) for s, shares in self._arriving().items()
        }

    @property
    def names(self) -> list[str]:
        """What can fail, in the order of `outcomes`."""
        return list(self._columns)

    @cached_property
    def outcomes(self) -> Index:
        """What each of them does along each path, as numbers, shape (n_paths, n_suppliers)."""
        state = self._tree.state[self._tree.paths()]
        lost = {} if holds_every_future(self.market.model, self.market.programmes) else self._lost()
        told = [
            np.unique(
                bands(lost[name]) if name in lost else state[:, :, columns].reshape(len(state), -1),
                axis=0,
                return_inverse=True,
            )[1].reshape(-1)
            for name, columns in self._columns.items()
        ]
        return np.column_stack(told) if told else np.zeros((len(state), 1), dtype=np.int64)

    @cached_property
    def _columns(self) -> dict[str, list[int]]:
        """The processes of each."""
        market, found = self.market, dict[str, list[int]]()
        shocks = (
            set(market.model.facts.tables["shocks"]["shock"].astype(str))
            if "shocks" in market.model.facts.tables
            else set()
        )
        for column, process in enumerate(self._tree.processes):
            owner = max(
                (s for s in market.sets.suppliers if process == s or process.startswith(f"{s}_")),
                key=len,
                default=process,
            )
            if (
                process.partition(".")[0] not in shocks and " " not in process
            ):  # a name with a blank is the memory of a review
                found.setdefault(owner, []).append(column)
        return found
