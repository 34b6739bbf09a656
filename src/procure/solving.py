"""From a model to its portfolio: compile, compose, solve, and choose among the programme levels.

A programme level changes the law of the world, so each level is solved exactly, and the cheapest at the model's own
weighing of mean and tail is the answer; the others stay in the portfolio for comparison.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from procure.errors import Infeasible, SolverError
from procure.formulation.sets import FUTURE_KINDS, Sets
from procure.lp import cells, highs
from procure.lp.compile import Template, compile_block
from procure.lp.compose import Bound, Composed, Composition, Outcome, Risk
from procure.lp.highs import Solution, Solver, Status
from procure.market import Market, exposure, make_market, merge, programme_choices
from procure.model import Model

if TYPE_CHECKING:
    from procure.portfolio import Portfolio

#: Leaves under watch hold this many times the probability of the tail; trees with few leaves are watched whole.
WATCHED_TAILS, FEW_LEAVES = 6.0, 40

#: Elements times nodes from which a tree is solved cell by cell (`lp.cells`): below, the simplex method is as quick, and exact.
MANY_CELLS = 24_000

#: Devex pricing: on programs of this shape a fifth quicker than steepest edge.
SIMPLEX: Mapping[str, Any] = {"simplex_dual_edge_weight_strategy": 1}

#: Called with (done, total, what) as the work goes on.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Templates:
    """The compiled plan and period of one shape of model."""

    plan: Template
    period: Template


@lru_cache(maxsize=16)
def templates(sets: Sets) -> Templates:
    """Compile plan and period once for each shape of model; the numbers come later."""
    import pyomo.environ as pyo

    from procure.formulation.period import build_period
    from procure.formulation.plan import build_plan

    return Templates(
        plan=compile_block(build_plan(pyo.ConcreteModel(), sets)),
        period=compile_block(build_period(pyo.ConcreteModel(), sets)),
    )


@dataclass(frozen=True)
class Solved:
    """One programme choice, solved: its market, its program and its outcome."""

    market: Market
    templates: Templates
    composition: Composition
    composed: Composed
    outcome: Outcome
    seconds_in_solver: float

    @property
    def objective(self) -> float:
        """Present value of the weighed cost, kUSD."""
        return self.outcome.solution.objective


def risk_of(model: Model) -> Risk:
    """The model's weighing of mean and tail."""
    return Risk(alpha=model.settings.risk.alpha, weight=model.settings.risk.weight)


@dataclass(frozen=True)
class Program:
    """A market as a linear program, ready to be solved."""

    market: Market
    templates: Templates
    composition: Composition
    composed: Composed


def compose(market: Market, watched: NDArray[np.int64] | None = None) -> Program:
    """The linear program of a market; its tail reaches the leaves `watched`, by default those it may well reach."""
    market = _apart(market)
    compiled = templates(market.sets)
    limits = market.sets.limits_of(*FUTURE_KINDS)
    watched = _may_reach(market) if watched is None else watched
    composition = Composition(compiled.plan, compiled.period, market.sets.years, market.shape, limits, watched)
    return Program(market, compiled, composition, _composed(composition, market))


def _apart(market: Market) -> Market:
    """A large market with cells that stand alone: no element shares its last period. A small one as it is."""
    return replace(market, shape=replace(market.shape, same={})) if is_large(market) else market


def is_large(market: Market) -> bool:
    """Whether a market is better solved cell by cell."""
    return len(market.probability) * len(market.sets.elements) >= MANY_CELLS


def _may_reach(market: Market) -> NDArray[np.int64] | None:
    """The worst leaves by exposure, several times as many as the tail holds; None, all, where that saves nothing."""
    leaves = market.probability[market.shape.leaves]
    mass = WATCHED_TAILS * (1.0 - risk_of(market.model).alpha)
    if len(leaves) < FEW_LEAVES or mass >= 1.0:
        return None
    order = np.argsort(-exposure(market), kind="stable")
    return order[: int(np.searchsorted(np.cumsum(leaves[order]), mass)) + 1]


def recompose(program: Program, market: Market) -> Program:
    """The program of a market that resembles that of `program`: where the shape is the same, only numbers are worked out."""
    old, new = program.market, _apart(market)
    same = (
        old.sets == new.sets
        and np.array_equal(old.shape.parent, new.shape.parent)
        and np.array_equal(old.shape.year, new.shape.year)
        and risk_of(old.model).alpha == risk_of(new.model).alpha
        and old.shape.information is None
        and new.shape.information is None
        and old.shape.same.keys() == new.shape.same.keys()
        and all(np.array_equal(old.shape.same[element], new.shape.same[element]) for element in old.shape.same)
        and all(_same_nodes(bound, new.bounds[key]) for key, bound in old.bounds.items())
    )
    if not same:
        return compose(market)
    return Program(new, program.templates, program.composition, _composed(program.composition, new))


def _same_nodes(one: Bound, other: Bound) -> bool:
    if one.nodes is None or other.nodes is None:
        return one.nodes is other.nodes
    return np.array_equal(one.nodes, other.nodes)


def _composed(composition: Composition, market: Market) -> Composed:
    return composition.program(
        market.plan_data(composition.plan),
        market.period_data(composition.period),
        market.probability,
        market.discount,
        risk_of(market.model),
        market.bounds,
    )


def solve_market(market: Market, options: Mapping[str, Any] | None = None) -> Solved:
    """Solve one market; raises `Infeasible` with the limits in conflict, or `SolverError`."""
    return solve_program(compose(market), options)


def solve_program(program: Program, options: Mapping[str, Any] | None = None, *, explained: bool = True) -> Solved:
    """Solve one program; no Pyomo from here on.

    Raises `SolverError`, or `Infeasible`: with the limits in conflict, which takes a while to isolate, if `explained`.
    """
    solution, seconds = _optimum(program, dict(options or {}))
    if solution.status is Status.OPTIMAL and program.composed.lp.is_mixed_integer:
        solution = _with_duals(program.composed, solution)
    if solution.status is Status.OPTIMAL and len(wider := overlooked(program, solution)):
        return solve_program(compose(program.market, wider), options, explained=explained)
    if solution.status is Status.INFEASIBLE:
        raise (
            explain_program(program)
            if explained
            else Infeasible(["the limits cannot all be kept at this programme level"])
        )
    if solution.status is not Status.OPTIMAL:
        known = f"Best cost found {solution.objective:.6g} kUSD, proved bound {solution.bound:.6g} kUSD."
        raise SolverError(
            f"The solver stopped with '{solution.message}'.",
            status=solution.status.value,
            known=known if np.isfinite(solution.objective) else "No plan has been found yet.",
        )
    return solved_program(program, solution, seconds)


def _optimum(program: Program, options: Mapping[str, Any]) -> tuple[Solution, float]:
    """The solution of a program and the seconds it took: cell by cell where it is large, else, or where that fails, by HiGHS."""
    market, composition = program.market, program.composition
    if is_large(market) and set(options) <= {"time_limit"}:
        limit = options.get("time_limit", np.inf)
        found = cells.solve(
            composition, program.composed, market.plan_data(composition.plan), market.period_data(composition.period),
            market.probability, market.discount, risk_of(market.model), market.bounds,
            deadline=time.perf_counter() + limit,
        )  # fmt: skip
        if found is not None and (found.status is Status.OPTIMAL or found.seconds >= limit):
            return found, found.seconds
    solver = Solver(program.composed.lp, {**SIMPLEX, **options})
    return solver.solve(), solver.seconds


def overlooked(program: Program, solution: Solution) -> NDArray[np.int64]:
    """The leaves to watch instead, where the tail of an optimum reaches further than was watched; empty where it does not."""
    market, composition = program.market, program.composition
    data = market.period_data(composition.period)
    missed = composition.overlooked(program.composed, solution, data, market.discount)
    return np.union1d(composition.watched, missed) if len(missed) else missed


def solved_program(program: Program, solution: Solution, seconds: float) -> Solved:
    """An optimal solution of a program, in the terms of its market."""
    market, composition = program.market, program.composition
    outcome = composition.read(solution, program.composed, market.probability, risk_of(market.model))
    return Solved(market, program.templates, composition, program.composed, outcome, seconds)


def explain_program(program: Program) -> Infeasible:
    """Why nothing keeps all limits of an infeasible program."""
    from procure.infeasibility import explain

    return explain(program.market, program.composition, program.composed)


def _with_duals(composed: Composed, solution: Solution) -> Solution:
    """Solve once more with the whole numbers fixed, for the shadow prices that a mixed-integer program lacks."""
    assert composed.lp.integer is not None
    whole = np.flatnonzero(composed.lp.integer)
    fixed = np.round(solution.x[whole])
    lower, upper = composed.lp.lower.copy(), composed.lp.upper.copy()
    lower[whole] = upper[whole] = fixed
    program = highs.LinearProgram(
        composed.lp.cost, composed.lp.matrix, composed.lp.row_lower, composed.lp.row_upper, lower, upper
    )
    return highs.solve(program)


def solve(model: Model, *, options: Mapping[str, Any] | None = None, progress: Progress | None = None) -> Portfolio:
    """The least-cost portfolio of a model.

    Parameters
    ----------
    model : Model
        From `load_model`.
    options : mapping, optional
        HiGHS options by their own names, for example ``{"time_limit": 60.0}``.
    progress : callable, optional
        Called with (done, total, what) as programme levels are solved.

    Returns
    -------
    Portfolio
        Of the programme level with the least weighed cost; all levels are in `Portfolio.programmes`.

    Raises
    ------
    DataError, Infeasible, SolverError

    >>> from procure import load_model
    >>> portfolio = solve(load_model("two-class"))
    >>> portfolio.status
    'optimal'
    """
    from procure.portfolio import make_portfolio

    started = time.perf_counter()
    choices = programme_choices(model)
    # Pyomo never runs in a thread: every program is composed here, and only HiGHS, which lets go of the interpreter, runs
    # side by side. Each starts cold: from the basis of another level it took longer, for want of presolve.
    programs = [compose(merge(make_market(model, choice))) for choice in choices]
    solved: list[Solved] = []
    rejected: list[tuple[Mapping[str, str], Infeasible]] = []
    # A large program keeps all cores busy by itself.
    abreast = 1 if any(is_large(program.market) for program in programs) else os.cpu_count() or 1
    with ThreadPoolExecutor(max_workers=min(len(programs), abreast)) as pool:
        waiting = [pool.submit(solve_program, program, options, explained=False) for program in programs]
        for done, (choice, result) in enumerate(zip(choices, waiting, strict=True)):
            if progress is not None:
                progress(done, len(choices), ", ".join(f"{s} {level}" for s, level in choice.items()))
            try:
                solved.append(result.result())
            except Infeasible as error:
                rejected.append((choice, error))
    if progress is not None:
        progress(len(choices), len(choices), "")
    if not solved:
        raise explain_program(programs[0])
    best = min(solved, key=lambda candidate: candidate.objective)
    return make_portfolio(best, solved, rejected, seconds=time.perf_counter() - started)
