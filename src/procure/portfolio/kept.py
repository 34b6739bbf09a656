"""Limits on all futures where they bind no single state: what a rule pays for them, and whether they are kept on fresh paths.

A limit on a mean bounds a sum over all futures. Of the rules that are best where every unit of what it measures costs its
multiplier, some mixture keeps it as the optimum does: that is duality of linear programs over rules (Altman (1999), Constrained
Markov decision processes, chapter 3). The multiplier is the program's shadow price. The rule that is played is one of them, and no
mixture: where the limit binds a unit more costs it as much as it saves, so that it may end on either side of the bound. Limits on
a tail or on whole paths have no such price in a state.

Fresh paths need not keep what a tree keeps. What a limit comes to there is asked of its kind, as for a tree. Its standard error is
that of a jackknife: the paths fall into groups, each group is left out in turn, and what the value then is says how far chance
carries it (Efron (1982), The jackknife, the bootstrap and other resampling plans, chapter 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.limits import Counts, Limit, futures_kind_of, kind_of, said
from procure.lp.compile import Template
from procure.market import Market
from procure.portfolio.rule import money
from procure.units import Array, Index

#: Groups of paths, of which one is left out at a time.
GROUPS = 20


def priced(market: Market, template: Template, law: Array, prices: Mapping[tuple[str, int | None], float]) -> Array:
    """What a unit of each form of a period counts, shape (n_nodes, n_forms): money 1, the measure of a limit its price.

    Parameters
    ----------
    market : Market
    template : Template
        Of its period.
    law : array, shape (n_nodes,)
        Probability of every node.
    prices : mapping (limit, year) -> float
        What one unit more of a bound saves, kUSD of present value.
    """
    weight = money(template, len(law))
    choices = {choice.name: choice for choice in market.model.settings.limits}
    for limit in market.sets.limits_on_futures:
        kind = futures_kind_of(limit)
        if limit.counts is not Counts.MEAN:
            continue
        form = template.forms.index(template.measures[limit.name])
        for year in limit.years:
            nodes = market.bounds[limit.name, year].nodes
            bound = kind.bound(limit, choices[limit.written], nodes, law, market.period)
            if bound.rate > 0:
                price = prices.get((limit.name, year), 0.0) / bound.rate * (-1.0 if kind.sense == "min" else 1.0)
                weight[nodes, form] += price / market.discount[nodes]
    return weight


@dataclass(frozen=True)
class Kept:
    """What one limit, or one part of it, comes to in one year, in the unit of its bound, and the standard error of that.

    `is_minded` says whether the rule pays for it, as it does for limits on a mean: of others it knows nothing, so that what it does
    shows that they can be kept, where it keeps them, and never that they cannot.
    """

    limit: str
    scope: str
    kind: str
    year: int | None
    value: float
    standard_error: float
    bound: float
    unit: str
    is_minded: bool


def kept(
    market: Market, template: Template, nodes: Index, measures: Mapping[str, Array], loss: Array, probability: Array,
    drawn: bool,
) -> Iterator[Kept]:  # fmt: skip
    """Every limit on all futures that looks at any of the paths.

    Parameters
    ----------
    market : Market
    template : Template
        Of its period.
    nodes : int array, shape (n_paths, n_periods)
        Nodes of the market's tree that the paths pass.
    measures : mapping form -> array, shape (n_paths, n_periods)
        The forms that measure limits.
    loss, probability : array, shape (n_paths,)
        Present value of all costs, kUSD.
    drawn : bool
        Whether the paths are a drawing: otherwise there is no error.
    """
    choices = {choice.name: choice for choice in market.model.settings.limits}
    for limit in market.sets.limits_on_futures:
        kind, choice = kind_of(limit), choices[limit.written]
        for year in limit.years or (None,):
            outcome = _Outcome(
                market, limit, choice, year, nodes, measures.get(template.measures.get(limit.name, "")), loss
            )
            value = outcome.value(probability)
            if value is None:
                continue
            error = _jackknife(outcome, probability) if drawn else 0.0
            yield Kept(
                limit.written,
                limit.part or said.scope(choice),
                limit.kind,
                year,
                value,
                error,
                choice.bound,
                kind.measured_in.name,
                limit.counts is Counts.MEAN,
            )


class _Outcome:
    """What a limit comes to in a year, for any weights of the paths."""

    def __init__(
        self,
        market: Market,
        limit: Limit,
        choice: Any,
        year: int | None,
        nodes: Index,
        measure: Array | None,
        loss: Array,
    ) -> None:
        self.limit, self.kind, self.choice, self.bound = (
            limit,
            futures_kind_of(limit),
            choice,
            market.bounds[limit.name, year],
        )
        self.path = np.arange(len(nodes))
        self.amount, self.numbers = loss, market.period
        if measure is not None:
            self.path, period = np.nonzero(np.isin(nodes, self.bound.nodes))
            self.amount = measure[self.path, period]
            self.numbers = _At(market.period, nodes[self.path, period])

    def value(self, probability: Array) -> float | None:
        """In the unit of the bound; None where the limit looks at none of the paths that have a weight."""
        weighed = np.flatnonzero(probability[self.path] > 0)
        if not len(weighed):
            return None
        law, amount = probability[self.path], self.amount
        if self.limit.counts is Counts.PATHS:
            return float(self.kind.value(self.limit, self.bound, amount, law))
        bound = self.kind.bound(self.limit, self.choice, weighed, law, self.numbers)
        return float(self.kind.value(self.limit, bound, amount[weighed], bound.law))


class _At(Mapping[str, Any]):
    """The numbers of the periods at some nodes, taken when asked for."""

    def __init__(self, numbers: Mapping[str, Any], nodes: Index) -> None:
        self._numbers, self._nodes = numbers, nodes

    def __getitem__(self, key: Any) -> Any:
        number = self._numbers[key]
        return number[self._nodes] if isinstance(number, np.ndarray) else _At(number, self._nodes)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def _jackknife(outcome: _Outcome, probability: Array) -> float:
    """The standard error, from leaving out one group of paths at a time."""
    group = np.arange(len(probability)) % GROUPS
    without = []
    for left_out in range(GROUPS):
        law = np.where(group == left_out, 0.0, probability)
        value = outcome.value(law / law.sum())
        if value is not None:
            without.append(value)
    spread = np.array(without) - np.mean(without)
    return float(np.sqrt((GROUPS - 1) / GROUPS * (spread**2).sum()))
