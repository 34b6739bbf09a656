"""A market whose only future is the mean: what one plans for who puts a mean in the place of every number that is not known.

  x̄_t = Σ_n∈t p_n x_n     for every number x of a period, over the nodes n of period t

A number that is without bound in some future is so in the mean, too: where stock may be drawn at all, it may be drawn. Limits on
all futures look at the mean path in every period in which they look at a node; futures outside the law stay as they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from procure.market.limits import bound_of
from procure.market.market import Market
from procure.market.shape import Shape
from procure.scenarios.tree import Tree
from procure.units import Array, Index


def averaged(market: Market) -> Market:
    """The same market over a single path, every number of a period the mean of its nodes."""
    within = market.shape.n_inside
    of_node, n_periods = np.asarray(market.tree.period), int(market.tree.n_periods)
    path = np.arange(n_periods)
    first = np.searchsorted(of_node, path)  # nodes stand in breadth order
    beyond = np.arange(within, len(market.probability))  # outside the law
    new: Index = np.concatenate([of_node, n_periods + beyond - within])

    def mean(values: Array) -> Array:
        inside, outside = np.split(np.broadcast_to(values, (len(market.probability),)), [within])
        means = np.bincount(of_node, weights=market.probability[:within] * inside, minlength=n_periods)
        return np.concatenate([means, outside])

    kept = np.concatenate([first, beyond])
    period = {name: {index: mean(x) for index, x in by_index.items()} for name, by_index in market.period.items()}
    parent = np.where(market.shape.parent[beyond] < 0, -1, market.shape.parent[beyond] - within + n_periods)
    probability = np.concatenate([np.ones(n_periods), np.zeros(len(beyond))])
    limits = {limit.name: limit for limit in market.sets.limits}
    return replace(
        market,
        tree=Tree(path, path - 1, np.ones(n_periods), (), (), np.empty((n_periods, 0))),
        shape=Shape(np.concatenate([path - 1, parent]), market.shape.year[kept], n_outside=len(beyond)),
        period=period,
        probability=probability,
        discount=market.discount[kept],
        bounds={
            key: bound_of(market.model, limits[key[0]], np.unique(new[bound.nodes]), probability, period)
            for key, bound in market.bounds.items()
        },
        merged_from=None,
    )
