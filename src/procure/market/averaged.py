"""A market whose only future is the mean: what one plans for who puts a mean in the place of every number that is not known.

  x̄_t = Σ_n∈t p_n x_n / Σ_n∈t p_n     for every number x of a period, over the nodes n of period t

A number that is without bound in some future is so in the mean, too: where stock may be drawn at all, it may be drawn. Limits on
all futures look at the mean path in every period in which they look at a node; futures outside the law stay as they are. Where the
plan is revised there is a mean for each thing that the reviews may have seen.
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
    # One node for each period and moment: without reviews a single path.
    period, moment = np.asarray(market.tree.period), market.shape.moment[:within]
    kinds, first, group = np.unique(np.column_stack([period, moment]), axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    n_means, law = len(kinds), market.probability[:within]
    chance = np.bincount(group, weights=law, minlength=n_means)
    above = market.shape.parent[first]
    parent_of = np.where(above < 0, -1, group[above])
    beyond = np.arange(within, len(market.probability))  # outside the law
    new: Index = np.concatenate([group, n_means + beyond - within])

    def mean(values: Array) -> Array:
        inside, outside = np.split(np.broadcast_to(values, (len(market.probability),)), [within])
        return np.concatenate([np.bincount(group, weights=law * inside, minlength=n_means) / chance, outside])

    kept = np.concatenate([first, beyond])
    numbers = {name: {index: mean(x) for index, x in by_index.items()} for name, by_index in market.period.items()}
    parent = np.where(market.shape.parent[beyond] < 0, -1, market.shape.parent[beyond] - within + n_means)
    probability = np.concatenate([chance, np.zeros(len(beyond))])
    limits = {limit.name: limit for limit in market.sets.limits}
    seen = market.shape.seen
    return replace(
        market,
        tree=Tree(kinds[:, 0], parent_of, chance, (), (), np.empty((n_means, 0))),
        shape=Shape(
            np.concatenate([parent_of, parent]),
            market.shape.year[kept],
            n_outside=len(beyond),
            seen=None if seen is None else seen[kept],
        ),
        period=numbers,
        probability=probability,
        discount=market.discount[kept],
        bounds={
            key: bound_of(market.model, limits[key[0]], np.unique(new[bound.nodes]), probability, numbers)
            for key, bound in market.bounds.items()
        },
        merged_from=None,
    )
