"""All plans that cost hardly more than the best, and how far something linear can go among them.

  max or min  g·x   s.t.  the rows of the program,   c·x <= z + within |z|          z the least cost

The short cuts of a program are about its optimum, and none is taken here: every leaf is watched, or plans would be dearer than
they say, and elements stand apart, or plans would have to share decisions that they need not.

Every extreme starts from the basis of the optimum, by the primal simplex method: the optimum is one of the plans, only what is
asked of it changes. On japan that takes a tenth of the time of the dual method, and half of that from the extreme before, unless
what was asked there is `alike`: of a basket the plan in which one element is least is about that in which all are.

Source: Brill, Chang & Hopkins (1982), Management Science 28(3), 221-235 (alternatives near the optimum).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from procure.lp.highs import Solver
from procure.lp.program import Solution, Status
from procure.market import Market
from procure.program.engine import SIMPLEX, Engine, with_duals
from procure.program.optimum import Optimum, refuse
from procure.program.program import Program, compose
from procure.units import KUSD_PER_MUSD, Array

#: What is asked for is a share: the solver is asked for so many times it, which its tolerances are made for.
SCALE = 1e3
#: How far it may be from what the duals prove, relative: shares are shown in two digits. Some decisions have no limit here but what
#: a plan may cost, so that rounded duals prove a little less than of an optimum (on japan 1e-4), and to solve again takes a minute.
OPTIMALITY = 1e-3
PRIMAL = {**SIMPLEX, "simplex_strategy": 4}
#: What a tonne of each decision brings; of a contract what its state delivers of it.
ARRIVES = {"contract": 1.0, "call": 1.0, "exercise": 1.0, "cancelled": -1.0}


class NearOptimal:
    """The plans of a program that cost at most a share `within` more than the best.

    Attributes
    ----------
    program : Program
        Without short cuts.
    optimum : Solution
        Of least cost, kUSD; refused where there is none.
    """

    def __init__(self, program: Program, within: float) -> None:
        self.program = whole(program.market)
        lp = self.program.lp
        self._n_columns = len(lp.cost)
        self._solver = Solver(lp, SIMPLEX)
        self.optimum = self._solver.solve()
        refuse(self.optimum)
        most = (self.optimum.objective + within * abs(self.optimum.objective)) / KUSD_PER_MUSD
        self._solver.add_rows(sparse.csr_matrix(lp.cost / KUSD_PER_MUSD), [-np.inf], [most])
        self._solver.set_options(PRIMAL)
        self._basis = None if lp.is_mixed_integer else self._solver.get_basis()
        self._bases: dict[tuple[str, bool], Any] = {}  # of the last extreme of what is alike

    def supplied(self, supplier: str, elements: Iterable[str]) -> Array:
        """`supplied` of its program and all its decisions."""
        return supplied(self.program, supplier, elements)

    def in_stock(self, elements: Iterable[str]) -> Array:
        """`in_stock` of its program and all its decisions."""
        return in_stock(self.program, elements)

    def extreme(self, weight: Array, *, largest: bool, alike: str = "") -> Solution:
        """The plan in which a weighed sum of all decisions is least, or largest; its objective is that sum, `SCALE` times.

        `alike` names sums whose extremes are near each other.
        """
        sign = -SCALE if largest else SCALE
        if self._basis is not None:
            self._solver.set_basis(self._bases.get((alike, largest), self._basis))
        self._solver.change_costs(np.arange(self._n_columns), sign * weight)
        solution = self._solver.solve(optimality=OPTIMALITY)
        refuse(solution)
        if alike and self._basis is not None:
            self._bases[alike, largest] = self._solver.get_basis()
        return solution


def whole(market: Market) -> Program:
    """The program of a market without short cuts: whatever is asked of it beside its cost is asked of every plan."""
    return compose(market, np.arange(len(market.shape.leaves)), market.sets.elements)


def supplied(program: Program, supplier: str, elements: Iterable[str]) -> Array:
    """What each decision adds to the share of some elements' expected demand that arrives from a supplier."""
    market, composition = program.market, program.composition
    law, wanted = market.probability, set(elements)
    weight = np.zeros(len(program.lp.cost))
    for position, (component, index) in enumerate(composition.period.columns):
        if component in ARRIVES and index[0] == supplier and index[1] in wanted:
            share = market.period["delivered"][index] if component == "contract" else 1.0
            np.add.at(weight, composition.column_of[:, position], law * ARRIVES[component] * share)
    demand = sum(float(law @ market.period["demand"][e,]) for e in wanted)
    return weight / demand if demand > 0 else weight


def in_stock(program: Program, elements: Iterable[str]) -> Array:
    """What each decision adds to the stock of some elements at the end of a year, in the mean of all, in years of their use."""
    market, composition, wanted = program.market, program.composition, set(elements)
    law, year, period = market.probability, market.shape.year, np.asarray(market.tree.period)
    n_told = len(market.model.told_years)
    demand = sum((np.bincount(year, law * market.period["demand"][e,]) for e in wanted), np.zeros(int(year.max()) + 1))
    last = np.array([period[year[: len(period)] == k].max() for k in range(n_told)])
    ends = np.zeros(len(law))
    inside = np.flatnonzero(year[: len(period)] < n_told)
    ends[inside] = law[inside] * (period[inside] == last[year[inside]]) / n_told
    of_use = np.divide(ends, demand[year], out=np.zeros(len(law)), where=demand[year] > 0)
    weight = np.zeros(len(program.lp.cost))
    for position, (component, index) in enumerate(composition.period.columns):
        if component == "stock" and index[0] in wanted:
            np.add.at(weight, composition.column_of[:, position], of_use)
    return weight


def held(market: Market, supplier: str, elements: Sequence[str], share: float, *, at_least: bool) -> Optimum | float:
    """The optimum where a supplier's share of some elements' expected demand is at least, or at most, so much.

    Its price, the dual of the last row, is what one more of the share would save, in kUSD. Where no plan has such a share, the
    outermost one that any plan has; NaN where none keeps the limits at all.
    """
    program = whole(market)
    weight, lp = supplied(program, supplier, elements), program.lp
    # In thousandths of demand, as shares are elsewhere: the tolerances of the solver are made for numbers of that size.
    row = sparse.csr_matrix(SCALE * weight)
    low, high = (SCALE * share, np.inf) if at_least else (-np.inf, SCALE * share)
    limited = replace(
        lp,
        matrix=sparse.csc_matrix(sparse.vstack([lp.matrix, row])),
        row_lower=np.append(lp.row_lower, low),
        row_upper=np.append(lp.row_upper, high),
    )
    posed = replace(program, composed=replace(program.composed, lp=limited))
    solution, seconds = Engine().solve(limited)
    if limited.is_mixed_integer and solution.status is Status.OPTIMAL:
        solution = with_duals(limited, solution)
    if solution.status is not Status.INFEASIBLE:
        refuse(solution)
        return Optimum(solution, seconds, posed)
    outermost, _ = Engine().solve(replace(lp, cost=-SCALE * weight if at_least else SCALE * weight))
    return float(weight @ outermost.x) if outermost.status is Status.OPTIMAL else float("nan")
