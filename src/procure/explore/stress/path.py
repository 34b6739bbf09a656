"""Stock and use along one path, served until empty.

Data   edges_i  day   use_ie, arrived_ie  t/day   share_eu of a user in the use of an element   stock_he  t at the start

In the interval i of l_i days each user u needs share_eu use_ie and gets share_eu arrived_ie, whatever others lack:

  gap_ieu    = share_eu max(use_ie - arrived_ie, 0)                               t/day
  excess_ieu = share_eu max(arrived_ie - use_ie, 0) l_i                           t

Nobody rations: a gap is drawn from stock in full until that is empty. Holders are drawn in their order. One with the stock N, who
serves users whose gaps are open since τ_u of the interval, is empty at the t with

  Σ_u gap_u max(t - τ_u, 0) = N,        so        t = min_j (N + Σ_{u ≤ j} gap_u τ_u) / Σ_{u ≤ j} gap_u

over the users in the order of τ: the left side is the largest of the lines that begin with the first j of them. From then on these
gaps are open again, τ_u = max(τ_u, t), for the next holder; behind the last one, u goes unserved at his gap for l_i - τ_u days.
What is more than used fills the users' own stocks up to what they held at the start, and is sold on beyond that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from procure.explore.stress.holders import Holder
from procure.units import Array

#: Of the use: what is missing below this is rounding, and no gap.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Course:
    """What became of use and stock in each interval.

    Attributes
    ----------
    gap : array, shape (n_intervals, n_elements, n_users)
        What a user gets less than he uses, t/day.
    open : array, of that shape
        Days of the interval on which he goes unserved: its last.
    drawn, filled : array, shape (n_intervals, n_holders, n_elements)
        t of the interval.
    stock : array, shape (n_intervals + 1, n_holders, n_elements)
        t at the edges.
    surplus : array, shape (n_intervals, n_elements)
        t sold on.
    """

    gap: Array
    open: Array
    drawn: Array
    filled: Array
    stock: Array
    surplus: Array

    @property
    def unserved(self) -> Array:
        """t that users lack, shape (n_intervals, n_elements, n_users)."""
        return self.gap * self.open


def empties(stock: Array, gap: Array, since: Array) -> Array:
    """When a stock is empty, days from the start of the interval, shape (n_elements,); infinite where nothing is drawn.

    Parameters
    ----------
    stock : array, shape (n_elements,)
        t
    gap, since : array, shape (n_elements, n_users)
        t/day, and since when, day.

    One draws a tonne a day, another two from day 3 on: 3 t are gone when he comes, the other 6 t after two days more.

    >>> empties(np.array([9.0]), np.array([[1.0, 2.0]]), np.array([[0.0, 3.0]])).tolist()
    [5.0]
    """
    order = np.argsort(since, axis=1, kind="stable")
    rate, begins = (np.take_along_axis(each, order, axis=1) for each in (gap, since))
    drawn = np.cumsum(rate, axis=1)
    # A gap that is never open draws nothing: it has no line of its own.
    told = np.where(rate > 0, rate * np.where(np.isfinite(begins), begins, 0.0), 0.0)
    opens = np.isfinite(begins) & (drawn > 0)
    line = np.divide(stock[:, None] + np.cumsum(told, axis=1), drawn, out=np.full(drawn.shape, np.inf), where=opens)
    return np.asarray(line.min(axis=1))


def follow(edges: Array, use: Array, arrived: Array, share: Array, holders: Sequence[Holder], stock: Array) -> Course:
    """Use served until stock is empty, as the docstring of the module has it.

    Parameters
    ----------
    edges : array, shape (n_intervals + 1,)
        Days.
    use, arrived : array, shape (n_intervals, n_elements)
        t/day, constant within an interval.
    share : array, shape (n_elements, n_users)
        Of the use.
    holders : sequence of Holder
        In the order in which they are drawn.
    stock : array, shape (n_holders, n_elements)
        t at the start.

    Half of 2 t a day stays away: a stock of 30 t lasts 30 days.

    >>> one = Holder("all", np.array([True]), None, 1.0)
    >>> found = follow(np.array([0.0, 40.0]), np.full((1, 1), 2.0), np.ones((1, 1)), np.ones((1, 1)), [one], np.array([[30.0]]))
    >>> found.open.item(), found.unserved.item()
    (10.0, 10.0)
    """
    length = np.diff(edges)
    missing = np.where(np.abs(use - arrived) > ROUNDING * use, use - arrived, 0.0)
    gap = share * np.maximum(missing, 0.0)[..., None]
    excess = share * (np.maximum(-missing, 0.0) * length[:, None])[..., None]
    n_intervals, n_elements, _ = gap.shape
    opened = np.empty_like(gap)
    drawn, filled = (np.zeros((n_intervals, len(holders), n_elements)) for _ in range(2))
    level = np.empty((n_intervals + 1, len(holders), n_elements))
    level[0] = stock
    for i, days in enumerate(length):
        since = np.where(gap[i] > 0, 0.0, np.inf)
        for h, holder in enumerate(holders):
            empty = empties(level[i, h], np.where(holder.serves, gap[i], 0.0), np.where(holder.serves, since, np.inf))
            after = np.where(holder.serves, np.maximum(since, empty[:, None]), since)
            served = np.minimum(after, days) - np.minimum(since, days)
            drawn[i, h] = np.minimum((gap[i] * served).sum(axis=1), level[i, h])
            since = after
            if holder.days is not None:
                offered = np.where(holder.serves, excess[i], 0.0).sum(axis=1)
                filled[i, h] = np.minimum(offered, np.maximum(stock[h] - level[i, h], 0.0))
                left = np.divide(offered - filled[i, h], offered, out=np.ones(n_elements), where=offered > 0)
                excess[i] = np.where(holder.serves, excess[i] * left[:, None], excess[i])
        opened[i] = days - np.minimum(since, days)
        level[i + 1] = level[i] - drawn[i] + filled[i]
    return Course(gap, opened, drawn, filled, level, excess.sum(axis=2))
