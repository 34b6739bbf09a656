"""A market as a linear program, with the two short cuts that keep it small, and how each is found to be wrong.

  elements together   in the last period, siblings that are one for an element share its rows and decisions: more is asked of
                      the program than of the model, so its cost is never too low
  leaves unwatched    leaves that the tail of the cost will not reach have no rows in it: less is asked, so never too high

Both are guesses that the optimum confirms or refutes, and each has a room of its own: `program.together`, `program.watched`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from procure.limits import Counts
from procure.lp.compose import Composed, Composition
from procure.lp.figures import Figures
from procure.lp.not_by_cells import unlike_any
from procure.lp.program import LinearProgram, Solution, Status
from procure.market import Market, Shape, check_given, doubt_about
from procure.program.templates import Templates, risk_of, templates
from procure.program.together import coupled, kept_apart, same_for_elements, under_limits
from procure.program.watched import holds_tail, may_reach
from procure.units import Array, Index

#: Elements times nodes from which a tree is solved cell by cell (`lp.cells`): below, the simplex method is as quick, and exact.
MANY_CELLS = 24_000
#: So many times fewer where a limit on a mean counts what every supplier brings of every element, as one on spending does: where it
#: binds, all decisions of a year stand in one row, and an iteration of the simplex method takes up to thirty times as long.
TIED = 3


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

    @property
    @abstractmethod
    def over(self) -> Program:
        """A program whose rows and columns stand where those of this one do."""

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
    given: Array | None = None  # the plan, where that is not to be decided any more

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
        """Whether it is better solved cell by cell: not where the plan is given, and no price of it is looked for."""
        return self.given is None and is_large(self.market)

    @property
    def over(self) -> Program:
        """The program itself."""
        return self

    def missed(self, solution: Solution) -> Missed:
        """What its short cuts got wrong, seen from how it ended: nothing, if that is how the market ends."""
        return missed(self, solution, self.composition.cost_terms(self.figures))

    def mended(self, missed: Missed) -> Program:
        """The same without what its short cuts got wrong."""
        watched = missed.watched if len(missed.watched) else self.composition.watched
        return compose(self.market, watched, (*self.apart, *missed.apart), given=self.given)

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
        doubt=doubt_about(market),
        bounds=market.bounds,
    )


def compose(
    market: Market,
    watched: Index | None = None,
    apart: Iterable[str] = (),
    like: Program | None = None,
    given: Array | None = None,
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
    given : array, shape (n_plan_columns,), optional
        A plan: only what the periods do with it is left to decide. Its rows, limits on it among them, are not asked again, and
        what is bounded by itself, as room for stock is, is cut to its bounds.
    """
    compiled, taken = templates(market.sets), frozenset(apart)
    if market.model.extension:
        check_given(market, compiled.plan, compiled.period)
    # Cells stand alone; and where the odds are in doubt the rows of the doubt are many times more.
    is_alone = is_large(market) or risk_of(market.model).in_doubt
    same = {} if is_alone else same_for_elements(market, kept_apart(market, compiled.plan, taken))
    shape = replace(market.shape, same=same)
    limits = market.sets.limits_on_futures
    if risk_of(market.model).in_doubt or any(limit.counts is Counts.PATHS for limit in limits):
        watched = None  # they look at every path
    elif watched is None:
        watched = may_reach(market)
    elif not holds_tail(market.shape, watched, market.probability, risk_of(market.model)):
        likely = may_reach(market)
        watched = None if likely is None else np.union1d(watched, likely)
    if like is not None and _is_like(like, market, shape, watched):
        composition = like.composition
    else:
        sets = market.sets
        composition = Composition(compiled.plan, compiled.period, sets.years, shape, limits, watched, sets.moments)
    composed = composition.program(_figures(market, composition))
    if given is not None:
        composed = replace(composed, lp=_with_plan(composed.lp, given, len(compiled.plan.rows)))
    return Program(replace(market, shape=shape), compiled, composition, composed, taken, given)


def _with_plan(lp: LinearProgram, plan: Array, n_plan_rows: int) -> LinearProgram:
    """A program with its plan fixed, within its bounds; its rows go, or rounding would break them."""
    bounds = {name: getattr(lp, name).copy() for name in ("lower", "upper", "row_lower", "row_upper")}
    integer = None if lp.integer is None else lp.integer.copy()
    fixed = np.clip(plan, lp.lower[: len(plan)], lp.upper[: len(plan)])
    bounds["lower"][: len(plan)] = bounds["upper"][: len(plan)] = fixed
    bounds["row_lower"][:n_plan_rows], bounds["row_upper"][:n_plan_rows] = -np.inf, np.inf
    if integer is not None:
        integer[: len(plan)] = False
    return replace(lp, **bounds, integer=integer)


def is_large(market: Market) -> bool:
    """Whether a market is better solved cell by cell: not where cells know nothing of what it asks (`lp.cells`)."""
    limits = market.sets.limits_on_futures
    if risk_of(market.model).in_doubt or unlike_any(market.shape, limits) is not None:
        return False
    n_elements = len(market.sets.elements)
    is_tied = any(not limit.suppliers and len(limit.elements) == n_elements for limit in limits)
    return len(market.probability) * n_elements * (TIED if is_tied else 1) >= MANY_CELLS


def missed(program: Program, solution: Solution, cost_terms: Array) -> Missed:
    """What the short cuts of a program got wrong, seen from how it ended where the terms of its costs cost this."""
    composition = program.composition
    nobody: Index = composition.watched[:0]
    if solution.status is Status.INFEASIBLE:  # less is asked with fewer elements together: none is infeasible before
        return Missed(nobody, program.together & under_limits(program.market))
    if solution.status not in (Status.OPTIMAL, Status.BOUND_REACHED):
        return Missed(nobody, frozenset())
    # Leaves that nobody watches make no program dearer, so a bound of it is one of the market as it is.
    is_bound = solution.status is Status.BOUND_REACHED
    beyond = nobody if is_bound else composition.overlooked(program.composed, solution, cost_terms)
    wider = np.union1d(composition.watched, beyond) if len(beyond) else nobody
    if not program.together:
        return Missed(wider, frozenset())
    binding = {key for key, rows in program.composed.future_rows.items() if np.any(solution.row_dual[rows] != 0)}
    return Missed(wider, program.together & coupled(program.market, binding))


def _is_like(program: Program, market: Market, shape: Shape, watched: Index | None) -> bool:
    """Whether a market has the shape of a program: the same positions, other numbers."""
    old, composition = program.market, program.composition
    all_leaves = np.arange(len(shape.leaves))
    return (
        old.sets == market.sets
        and np.array_equal(old.shape.parent, shape.parent)
        and np.array_equal(old.shape.year, shape.year)
        and np.array_equal(old.shape.moment, shape.moment)
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
