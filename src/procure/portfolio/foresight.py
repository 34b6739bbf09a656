"""What nobody could avoid: the least cost of each path of the tree, had it been known from the start.

  wait_and_see   Σ_l p_l min { cost of path l : a plan and periods of its own }

The programmes stay as chosen, because they decide which paths there are; the limits on all futures bind no single path and
are left out. So for every plan

  wait_and_see <= expected cost          value_of_foresight = expected cost - wait_and_see

and where the plan was chosen on the mean alone and without limits on all futures this is the expected value of perfect
information (EVPI). The shortage cost of the paths so solved is the loss that no plan could avoid.

Source: Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from procure.errors import SolverError
from procure.languages import Said
from procure.lp.compose import Composition
from procure.lp.figures import Figures
from procure.lp.program import Status
from procure.market.shape import Shape
from procure.program.engine import Engine
from procure.units import Array

if TYPE_CHECKING:
    from procure.market import Market
    from procure.program.templates import Templates


@dataclass(frozen=True)
class Foresight:
    """Least cost of every path and the shortage cost in the years of the model in it, kUSD of present value, shape (n_leaves,).

    `resolved_cold` counts the answers that did not hold and were solved again.
    """

    cost: Array
    shortage_cost: Array
    seconds_in_solver: float
    resolved_cold: int = 0


def unseen(market: Market) -> Foresight:
    """What is not worked out: NaN for every path."""
    unknown = np.full(len(market.shape.leaves), np.nan)
    return Foresight(unknown, unknown, 0.0)


def wait_and_see(market: Market, templates: Templates, deadline: float = np.inf) -> Foresight:
    """Solve every path of the market's tree as if it were the only one; equal paths are solved once.

    One program over a single path is loaded; from path to path only the numbers that differ move, and each solve starts
    from the last basis. Where `deadline`, by `time.perf_counter`, comes first, nothing is known of any path: some would say
    nothing of the mean.
    """
    plan_data, period_data = market.plan_data(templates.plan), market.period_data(templates.period)
    paths = market.tree.paths()
    n_periods = paths.shape[1]
    sets, moments = market.sets, market.shape.moment

    @cache
    def composed(*seen: int) -> Composition:
        """Over a path that passes these moments of the plan."""
        shape = Shape(np.arange(n_periods) - 1, market.shape.year[paths[0]], seen=np.array(seen))
        return Composition(templates.plan, templates.period, sets.years, shape, moments=sets.moments)

    forms = list(templates.period.forms)
    is_shortage = templates.period.form_row == forms.index("shortage_cost")
    shortage_columns = templates.period.form_column[is_shortage]
    shortage_price = templates.period.form.at(period_data)[:, is_shortage]

    engine, seconds, resolved_cold = Engine(), 0.0, 0
    known: dict[bytes, tuple[float, float]] = {}
    losses = np.empty((len(paths), 2))
    for leaf, path in enumerate(paths):
        key = period_data[path].tobytes() + moments[path].tobytes()
        if key not in known:
            if time.perf_counter() >= deadline:
                return unseen(market)
            discount, composition = market.discount[path], composed(*moments[path].tolist())
            program = composition.program(Figures(plan_data, period_data[path], np.ones(n_periods), discount)).lp
            solution, spent = engine.solve(program, deadline)
            seconds, resolved_cold = seconds + spent, resolved_cold + solution.resolved_cold
            if solution.status is Status.LIMIT_REACHED:
                return unseen(market)
            if solution.status is not Status.OPTIMAL:
                raise SolverError(
                    Said(
                        "HiGHS stopped with '{message}' on a single path ({path}).",
                        "HiGHS が一つの経路（{path}）で '{message}' により停止した。",
                    ).format(message=solution.message, path=market.tree.label(int(path[-1]))),
                    status=solution.status.value,
                )
            is_told = market.shape.year[path] < len(market.model.told_years)
            unserved = solution.x[composition.column_of[:, shortage_columns]]
            lost = float(((discount * is_told)[:, None] * shortage_price[path] * unserved).sum())
            known[key] = (float(program.cost @ solution.x), lost)
        losses[leaf] = known[key]
    return Foresight(losses[:, 0], losses[:, 1], seconds, resolved_cold)
