"""A market as a linear program, with the two short cuts that keep it small, and how each is found to be wrong.

  elements together   in the last period, siblings that are one for an element share its rows and decisions: more is asked of
                      the program than of the model, so its cost is never too low
  leaves unwatched    leaves that the tail of the cost will not reach have no rows in it: less is asked, so never too high

Both are guesses that the optimum confirms or refutes. Given plan and stock, what an element does in a leaf l minimises

  a_l cost_el + Σ_j b_jl m_jel         a_l  what the leaf weighs in mean, tail and limits on cost
                                       b_jl the multiplier of limit j there, m its measure

Where no limit that looks at the element binds, the least cost is best whatever a_l is, so siblings with the same numbers can do
the same. Where one binds they still can if every weight is in proportion to the probability of the leaf: the mean alone is
minimised and only limits on means bind. Otherwise they may not, and the element is taken apart (`missed`). A limit that does not
bind costs nothing to leave out, so the others stay together. With whole numbers a multiplier proves nothing about other whole
numbers: there every element that a limit looks at stands apart from the start.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from procure.formulation.sets import Sets
from procure.limits import Counts, Limit, kind_of
from procure.lp.compile import Template, compile_block
from procure.lp.compose import Composed, Composition
from procure.lp.figures import Figures, Risk
from procure.lp.program import LinearProgram, Solution, Status
from procure.market import Market, Shape, check_given, exposure, idle_offers
from procure.model import Model
from procure.units import Array, Index

#: Leaves under watch hold this many times the probability of the tail; trees with few leaves are watched whole.
WATCHED_TAILS, FEW_LEAVES = 6.0, 40

#: Elements times nodes from which a tree is solved cell by cell (`lp.cells`): below, the simplex method is as quick, and exact.
MANY_CELLS = 24_000

#: The share of all cells (an element at a node) from which on it pays to hold elements together, and to look whether one may.
WORTH_SHARING = 0.1


@dataclass(frozen=True)
class Templates:
    """The compiled plan and period of one shape of model."""

    plan: Template
    period: Template


@lru_cache(maxsize=16)
def templates(sets: Sets) -> Templates:
    """Compile plan and period once for each shape of model; the numbers come later."""
    from procure.formulation.period import build_period
    from procure.formulation.plan import build_plan
    from procure.formulation.quantity import blank

    return Templates(
        plan=compile_block(build_plan(blank(), sets)),
        period=compile_block(build_period(blank(), sets)),
    )


def risk_of(model: Model) -> Risk:
    """The model's weighing of mean and tail."""
    return Risk(alpha=model.settings.risk.alpha, weight=model.settings.risk.weight)


@dataclass(frozen=True)
class Missed:
    """What the short cuts of a program got wrong: leaves that the tail reaches unwatched, elements that may not stay together."""

    watched: Index  # all that are to be watched then; none where nothing is to be added
    apart: frozenset[str]

    def __bool__(self) -> bool:
        return bool(len(self.watched) or self.apart)


class Posed(ABC):
    """A program at some numbers, posed to the solver; its short cuts may turn out to be wrong."""

    @property
    @abstractmethod
    def lp(self) -> LinearProgram:
        """The linear program."""

    @property
    @abstractmethod
    def is_large(self) -> bool:
        """Whether it is better solved cell by cell."""

    @abstractmethod
    def missed(self, solution: Solution) -> Missed:
        """What its short cuts got wrong, seen from how it ended: nothing, if that is how the market ends.

        Mending it, again and again, ends: every round watches more leaves or holds fewer elements together.
        """

    @abstractmethod
    def mended(self, missed: Missed) -> Posed:
        """The same without what its short cuts got wrong."""

    @abstractmethod
    def made(self) -> Program:
        """The whole program, with its market at these numbers."""


@dataclass(frozen=True)
class Program(Posed):
    """A market as a linear program, ready to be solved."""

    market: Market
    templates: Templates
    composition: Composition
    composed: Composed
    apart: frozenset[str] = frozenset()  # elements that were taken apart on purpose

    @property
    def together(self) -> frozenset[str]:
        """Elements that share decisions between siblings of the last period."""
        return frozenset(self.composition.shape.same)

    @property
    def figures(self) -> Figures:
        """The numbers that it is composed at."""
        return _figures(self.market, self.composition)

    @property
    def lp(self) -> LinearProgram:
        """The linear program."""
        return self.composed.lp

    @property
    def is_large(self) -> bool:
        """Whether it is better solved cell by cell."""
        return is_large(self.market)

    def missed(self, solution: Solution) -> Missed:
        """What its short cuts got wrong, seen from how it ended: nothing, if that is how the market ends."""
        return missed(self, solution, self.composition.cost_terms(self.figures))

    def mended(self, missed: Missed) -> Program:
        """The same without what its short cuts got wrong."""
        watched = missed.watched if len(missed.watched) else self.composition.watched
        return compose(self.market, watched, (*self.apart, *missed.apart))

    def made(self) -> Program:
        """The program itself."""
        return self


def _figures(market: Market, composition: Composition) -> Figures:
    return Figures(
        plan=market.plan_data(composition.plan),
        period=market.period_data(composition.period),
        probability=market.probability,
        discount=market.discount,
        risk=risk_of(market.model),
        bounds=market.bounds,
    )


def compose(
    market: Market,
    watched: Index | None = None,
    apart: Iterable[str] = (),
    like: Program | None = None,
) -> Program:
    """The linear program of a market.

    Parameters
    ----------
    market : Market
        Elements share decisions only where it has been through `merge`.
    watched : positions of leaves, optional
        Those that the tail of the cost has rows for: by default those that it may well reach.
    apart : elements, optional
        Those that share nothing.
    like : Program, optional
        One whose positions are taken over where the shape is the same, so that only numbers are worked out.
    """
    compiled, taken = templates(market.sets), frozenset(apart)
    if market.model.extension:
        check_given(market, compiled.plan, compiled.period)
    if is_large(market):
        same: Mapping[Any, Index] = {}  # cells stand alone
    else:
        same = _same_for_elements(market, _apart(market, compiled, taken))
    shape = replace(market.shape, same=same)
    limits = market.sets.limits_on_futures
    if any(kind_of(limit).counts is Counts.PATHS for limit in limits):
        watched = None  # they look at every path
    elif watched is None:
        watched = _may_reach(market)
    elif not holds_tail(market.shape, watched, market.probability, risk_of(market.model)):
        likely = _may_reach(market)
        watched = None if likely is None else np.union1d(watched, likely)
    if like is not None and _is_like(like, market, shape, watched):
        composition = like.composition
    else:
        composition = Composition(compiled.plan, compiled.period, market.sets.years, shape, limits, watched)
    composed = composition.program(_figures(market, composition))
    return Program(replace(market, shape=shape), compiled, composition, composed, taken)


def is_large(market: Market) -> bool:
    """Whether a market is better solved cell by cell."""
    return len(market.probability) * len(market.sets.elements) >= MANY_CELLS


def missed(program: Program, solution: Solution, cost_terms: Array) -> Missed:
    """What the short cuts of a program got wrong, seen from how it ended where the terms of its costs cost this."""
    composition = program.composition
    nobody: Index = composition.watched[:0]
    if solution.status is Status.INFEASIBLE:  # less is asked with fewer elements together: none is infeasible before
        return Missed(nobody, _under_limits(program))
    if solution.status is not Status.OPTIMAL:
        return Missed(nobody, frozenset())
    beyond = composition.overlooked(program.composed, solution, cost_terms)
    wider = np.union1d(composition.watched, beyond) if len(beyond) else nobody
    return Missed(wider, _coupled(program, solution.row_dual) if program.together else frozenset())


def _coupled(program: Program, row_dual: Array) -> frozenset[str]:
    """Elements held together that a binding limit on all futures couples, at these multipliers."""
    market = program.market
    binding = [
        (limit, key)
        for key, rows in program.composed.future_rows.items()
        if np.any(row_dual[rows] != 0)
        for limit in market.sets.limits
        if limit.name == key[0]
    ]
    if _weighs_evenly(market) and all(kind_of(limit).counts is Counts.MEAN for limit, _ in binding):
        return frozenset()
    return program.together & _looked_at(market, ((limit, key[1]) for limit, key in binding))


def _under_limits(program: Program) -> frozenset[str]:
    """Elements held together that a limit on all futures may couple: taken apart before a program is called infeasible."""
    return program.together & _looked_at(program.market, _limits_by_year(program.market))


# --- elements together


def _apart(market: Market, compiled: Templates, apart: frozenset[str]) -> frozenset[str]:
    """`apart`, and what whole numbers keep apart: those of the plan, and what a limit that is not convex looks at."""
    plan, limits = compiled.plan, market.sets.limits_on_futures
    split = [(limit, year) for limit, year in _limits_by_year(market) if not kind_of(limit).is_convex]
    apart |= _looked_at(market, split)
    lower, upper = plan.bounds(market.plan_data(plan))
    whole = split or (plan.integer & (lower < upper)).any()
    if not whole or (_weighs_evenly(market) and all(kind_of(limit).counts is Counts.MEAN for limit in limits)):
        return apart
    return apart | _looked_at(market, _limits_by_year(market))


def _weighs_evenly(market: Market) -> bool:
    """Whether every leaf weighs what it is likely: the mean alone is minimised."""
    return risk_of(market.model).is_mean


def _limits_by_year(market: Market) -> list[tuple[Limit, Any]]:
    return [(limit, year) for name, year in market.bounds for limit in market.sets.limits if limit.name == name]


def _looked_at(market: Market, limits: Iterable[tuple[Limit, Any]]) -> frozenset[str]:
    """Elements that these limits look at in the last period."""
    leaves = market.shape.leaves
    elements: set[str] = set()
    for limit, year in limits:
        nodes = market.bounds[limit.name, year].nodes
        if np.isin(leaves, nodes, assume_unique=True).any():
            elements.update(limit.elements)
    return frozenset(elements)


def _same_for_elements(market: Market, apart: frozenset[str]) -> dict[str, Index]:
    """For every element, the first of the last-period siblings that are one for it: every number that it reads is the same."""
    if market.merged_from is None or market.shape.information is not None:
        return {}
    reads = read_by_element(market.sets)
    last = market.shape.leaves
    siblings = market.shape.parent[last]
    idle = idle_offers(market)
    inside = {
        key: np.isin(last, bound.nodes, assume_unique=True).astype(float)
        for key, bound in market.bounds.items()
        if len(bound.nodes)
    }
    looking = {limit.name: limit.elements for limit in market.sets.limits}
    same, shared = {}, 0
    for element, data in reads.items():
        if element in apart:
            continue
        own = [
            market.period[name][index][last]
            for name, index in data
            if not (name in ("delivered", "payment") and index in idle)
        ]
        members = [member for (name, _), member in inside.items() if element in looking[name]]
        _, first, kind = np.unique(
            np.column_stack([siblings, *own, *members]), axis=0, return_index=True, return_inverse=True
        )
        firsts = np.arange(len(market.probability))
        firsts[last] = last[first[kind.reshape(-1)]]
        shared += len(last) - len(first)
        if len(first) < len(last):
            same[element] = firsts
    return same if shared >= WORTH_SHARING * len(market.probability) * len(reads) else {}


@lru_cache(maxsize=16)
def read_by_element(sets: Sets) -> dict[str, tuple[Any, ...]]:
    """For every element the data of a period that its rows, bounds and costs read.

    Elements that share a row or a decision of the period with others are left out: they have no numbers of their own.
    """
    period = templates(sets).period
    own = [component not in period.linked for component, _ in period.columns]
    of_column = period.column_element
    touched: list[set[Any]] = [set() for _ in period.rows]
    for row, column in zip(period.entry_row.tolist(), period.entry_column.tolist(), strict=True):
        if own[column]:
            touched[row].add(of_column[column])
    mixed = {e for elements in touched if len(elements) > 1 or None in elements for e in elements}
    of_row = [next(iter(elements), None) for elements in touched]
    of_own_column = [e if is_own else None for e, is_own in zip(of_column, own, strict=True)]
    data: dict[Any, set[int]] = {e: set() for e in of_column if e is not None and e not in mixed}
    for affine, elements in (
        (period.entry, [of_row[row] for row in period.entry_row]),
        (period.row_lower, of_row),
        (period.row_upper, of_row),
        (period.lower, of_own_column),
        (period.upper, of_own_column),
        (period.form, [of_own_column[column] for column in period.form_column]),
    ):
        starts, used = affine.coefficients.indptr.tolist(), affine.coefficients.indices.tolist()
        for k, element in enumerate(elements):
            if element in data:
                data[element].update(used[starts[k] : starts[k + 1]])
    return {e: tuple(period.data[position] for position in sorted(used)) for e, used in data.items()}


# --- leaves watched


def _may_reach(market: Market) -> Index | None:
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


def _is_like(program: Program, market: Market, shape: Shape, watched: Index | None) -> bool:
    """Whether a market has the shape of a program: the same positions, other numbers."""
    old, composition = program.market, program.composition
    all_leaves = np.arange(len(shape.leaves))
    return (
        old.sets == market.sets
        and np.array_equal(old.shape.parent, shape.parent)
        and np.array_equal(old.shape.year, shape.year)
        and _same_array(old.shape.information, shape.information)
        and composition.shape.same.keys() == shape.same.keys()
        and all(np.array_equal(composition.shape.same[e], shape.same[e]) for e in shape.same)
        and np.array_equal(composition.watched, all_leaves if watched is None else np.sort(watched))
        and all(_same_array(bound.nodes, market.bounds[key].nodes) for key, bound in old.bounds.items())
    )


def _same_array(one: Index | None, other: Index | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
