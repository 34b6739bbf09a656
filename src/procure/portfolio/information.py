"""What it is worth to a model to know the future, and to plan for not knowing it, level by level.

With Z_l(x) the least cost of path l under plan x, the plan's own included, and ρ the model's weighing, (1 - w) mean + w CVaR_α:

  wait_and_see         ρ[ min_x Z_l(x) ]                  a plan of its own for each path          (`portfolio.foresight`)
  here_and_now         min_x ρ[ Z_l(x) ]                  subject to all limits                    the answer of the model
  expected_value_plan  ρ[ Z_l(x̄) ]                        subject to all limits, x̄ fixed           inf where that cannot be
  expected_value       min_x Z̄(x), attained by x̄          the one path of mean numbers             (`market.averaged`)

  wait_and_see <= here_and_now <= expected_value_plan     evpi = now - see     vss = plan - now

The first holds path by path, because whoever knows the path may do as the plan does, and without limits on all futures besides;
and ρ, which never falls where no loss does, keeps it. The second holds because x̄ is one of the plans. Neither asks where
`expected_value` lies. Of several plans that are best for the means x̄ is the one that the solver names.

A level decides which paths there are. So whoever knows the future knows it under the level he chose, and of several levels

  wait_and_see = min_g, here_and_now = min_g, expected_value_plan = that of the level with the least expected_value

are ordered, too: each minimum is at most what it is at the level of the next.

Source: Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pandas import DataFrame

from procure import risk
from procure.errors import DataError, Fault
from procure.languages import Said
from procure.lp.program import Status
from procure.lp.two_stage.information import ValueOfInformation
from procure.market import averaged
from procure.portfolio.foresight import Foresight, wait_and_see
from procure.portfolio.frames import make_frame
from procure.portfolio.measure import Measured
from procure.program.infeasibility import conflict
from procure.program.optimum import Optimum, optimum, refuse, solved
from procure.program.program import Program, compose
from procure.units import KUSD_PER_MUSD, Array
from procure.words import Shown, programme_name

_OF_TABLES = Said("what knowing is worth is told under the odds of the tables", "知ることの価値は表の確率の下で求める")
_IN_DOUBT = Said("the odds are in doubt", "確率が不確か")
_SET_0 = Said("set risk.radius to 0", "risk.radius を 0 にする")
NO_PLAN = Said("no plan of this level keeps the limits of the model", "この水準にモデルの制約を守る計画はない")
NOT_ON_MEAN = Said(
    "no plan keeps the limits of the model on the mean path: {told}", "平均の経路でモデルの制約を守る計画はない: {told}"
)

#: Seconds for finding out what the plan for the means cannot keep.
PATIENCE = 20.0
#: Where the plan for the means can be carried out, nothing is in the way.
CARRIED_OUT = "-"
#: What is told of a level, in the order of the columns.
COSTS = ("wait_and_see", "here_and_now", "expected_value_plan", "expected_value", "evpi", "vss")


@dataclass(frozen=True)
class Known:
    """One level under more or less knowledge, its costs in kUSD.

    `foresight` is that of its paths, where it has a portfolio; `ends` how the programs for the means ended.
    """

    level: str
    costs: ValueOfInformation
    conflict: str
    foresight: Foresight | None = None
    ends: tuple[Optimum, ...] = ()


@dataclass(frozen=True, eq=False)
class Information(ValueOfInformation, Shown):
    """What a model would cost under more or less knowledge, million USD of present value, weighed as the model weighs.

    Attributes
    ----------
    here_and_now, wait_and_see, expected_value, expected_value_plan, evpi, vss : float
        Each kind of knowledge chooses among the programme levels; NaN where the time limit came first.
    conflict : str
        What the plan for the means cannot keep, in words; empty where it can be carried out.
    levels : DataFrame
        The same for every level: "value_of_information" of `procure.portfolio.frames.FRAMES`.
    """

    conflict: str
    levels: DataFrame = field(repr=False)

    @staticmethod
    def of(levels: DataFrame) -> Information:
        """Of a model, from the frame of its levels, of which there is at least one."""
        costs = {column: levels[f"{column}_musd"].tolist() for column in COSTS}
        thought = costs["expected_value"]
        is_thought = not any(map(math.isnan, thought))
        least = thought.index(min(thought)) if is_thought else 0
        seen = costs["wait_and_see"]
        whole = ValueOfInformation.ordered(
            here_and_now=min(costs["here_and_now"]),
            wait_and_see=math.nan if any(map(math.isnan, seen)) else min(seen),
            expected_value=thought[least] if is_thought else math.nan,
            expected_value_plan=costs["expected_value_plan"][least] if is_thought else math.nan,
        )
        told = str(levels["conflict"].iloc[least]) if is_thought else CARRIED_OUT
        return Information(**vars(whole), conflict="" if told == CARRIED_OUT else told, levels=levels)


def known(end: Optimum, deadline: float = np.inf) -> Known:
    """What more or less knowledge makes of one level, from how its program ended.

    What is not found by `deadline`, by `time.perf_counter`, is NaN.
    """
    program = end.program
    if program.figures.doubt is not None:
        raise DataError(Fault("risk.ambiguity", _IN_DOUBT, _OF_TABLES, _SET_0))
    market, level = program.market, programme_name(program.market.programmes)
    mean = optimum(compose(averaged(market)), deadline=deadline)
    thought = _cost(mean)
    if end.solution.status is Status.INFEASIBLE:
        costs = ValueOfInformation(math.inf, math.inf, thought, math.inf)
        return Known(level, costs, NO_PLAN, ends=(mean,))
    foresight = wait_and_see(market, program.templates, deadline)
    measure = risk.MeanCVaR(market.model.settings.risk.alpha, market.model.settings.risk.weight)
    is_seen = not np.isnan(foresight.cost).any()
    seen = measure.value(foresight.cost, market.probability[market.shape.leaves]) if is_seen else math.nan
    last = (
        mean
        if mean.solution.status is not Status.OPTIMAL
        else _carried_out(program, solved(mean).outcome.plan, deadline)
    )
    plan, told = _cost(last), CARRIED_OUT
    if plan == math.inf:
        told = "; ".join(conflict(last.program, min(deadline, time.perf_counter() + PATIENCE)))
        told = NOT_ON_MEAN.format(told=told) if last is mean else told
    costs = ValueOfInformation.ordered(end.solution.objective, seen, thought, plan)
    return Known(level, costs, told, foresight, (mean,) if last is mean else (mean, last))


def _carried_out(program: Program, plan: Array, deadline: float) -> Optimum:
    """How a program ends whose plan is given: the periods do their best with it."""
    posed = compose(program.market, program.composition.watched, program.apart, like=program, given=plan)
    end = optimum(posed, deadline=deadline)
    if end.solution.status is Status.OPTIMAL:
        Measured(solved(end)).check()
    return end


def _cost(end: Optimum) -> float:
    """Weighed, kUSD: infinite where there is no solution, NaN where the time limit came first."""
    if end.solution.status is Status.LIMIT_REACHED:
        return math.nan
    refuse(end.solution)
    return end.solution.objective if end.solution.status is Status.OPTIMAL else math.inf


def levels_frame(levels: Sequence[Known]) -> DataFrame:
    """A row for every level, million USD."""
    rows = []
    for level in levels:
        money = (getattr(level.costs, column) / KUSD_PER_MUSD for column in COSTS)
        rows.append((level.level, *money, level.conflict))
    return make_frame("value_of_information", rows)
