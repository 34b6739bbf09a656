"""Futures outside the law: what limits look at beside the tree, with no weight in any mean, tail or cost.

They hang on one undisturbed path, from the first period to the last, in which every supplier keeps what it promised and stock is as
full as the plan has room and refill allows. From each of its nodes, or from today, a future departs in which suppliers are lost for
some periods, and which ends with the loss.

           today ─ 2027 ─ 2028 ─ 2029 ─ …         undisturbed, outside the law
             │      │      │
           lost   lost   lost                      Future(period=0), Future(period=1), Future(period=2)

Their nodes stand behind those of the tree. They are part of the program, so a plan must be able to answer them, and free of cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from procure.limits import Future
from procure.units import Array, Index


@dataclass(frozen=True)
class Outside:
    """The nodes outside the law.

    Parameters
    ----------
    period, parent : array, shape (n_nodes,)
        As of a tree, counted among these nodes; -1 for those that follow on today.
    lost : mapping supplier -> array, shape (n_nodes,)
        The share of its volume that is lost, of suppliers that any future loses.
    nodes : mapping limit -> positions
        The nodes in which something is lost, of the futures that a limit looks at.
    """

    period: Index
    parent: Index
    lost: Mapping[str, Array]
    nodes: Mapping[str, Index]

    def __len__(self) -> int:
        return len(self.period)


NOTHING = Outside(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), {}, {})


def outside(futures: Mapping[str, Sequence[Future]], n_periods: int) -> Outside:
    """The nodes of the futures that limits look at, by the name of the limit; none where they look at none."""
    if not any(futures.values()):
        return NOTHING
    period, parent = list(range(n_periods)), list(range(-1, n_periods - 1))
    lost: dict[str, dict[int, float]] = {}
    nodes: dict[str, list[int]] = {}
    for limit, own in futures.items():
        for future in own:
            before = future.period - 1
            for step in range(min(future.length, n_periods - future.period)):
                node = len(period)
                period.append(future.period + step)
                parent.append(before)
                before = node
                nodes.setdefault(limit, []).append(node)
                for supplier, shares in future.lost.items():
                    lost.setdefault(supplier, {})[node] = shares[step]
    share = {supplier: np.zeros(len(period)) for supplier in lost}
    for supplier, by_node in lost.items():
        share[supplier][list(by_node)] = list(by_node.values())
    return Outside(np.array(period), np.array(parent), share, {limit: np.array(own) for limit, own in nodes.items()})
