"""Leaves under watch: those that the tail of the cost may reach, and so has rows for."""

from __future__ import annotations

import numpy as np

from procure.lp.figures import Risk
from procure.market import Market, Shape, exposure
from procure.program.templates import risk_of
from procure.units import Array, Index

#: Leaves under watch hold this many times the probability of the tail; trees with few leaves are watched whole.
WATCHED_TAILS, FEW_LEAVES = 6.0, 40


def may_reach(market: Market) -> Index | None:
    """The worst leaves by exposure, several times as many as the tail holds; None, all, where that saves nothing."""
    leaves = market.probability[market.shape.leaves]
    mass = WATCHED_TAILS * (1.0 - risk_of(market.model).alpha)
    if len(leaves) < FEW_LEAVES or mass >= 1.0:
        return None
    order = np.argsort(-exposure(market), kind="stable")
    return order[: int(np.searchsorted(np.cumsum(leaves[order]), mass)) + 1]


def holds_tail(shape: Shape, watched: Index, probability: Array, risk: Risk) -> bool:
    """Whether leaves are as likely together as the tail is: with fewer the program would have no bound."""
    return bool(probability[shape.leaves[watched]].sum() >= (1.0 - risk.alpha) * (1 - 1e-12))
