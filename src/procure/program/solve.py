"""One market or program, solved, or refused with the reasons."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from procure.lp.program import Status
from procure.market import Market
from procure.program.engine import Engine
from procure.program.infeasibility import explain
from procure.program.optimum import optimum, refuse, solved
from procure.program.program import Program, compose
from procure.program.solved import Solved


def solve_market(market: Market, options: Mapping[str, Any] | None = None) -> Solved:
    """The least-cost plan of one market; raises `Infeasible` with the limits in conflict, or `SolverError`.

    Parameters
    ----------
    options : mapping, optional
        HiGHS options by their own names; ``time_limit`` in seconds.
    """
    return solve_program(compose(market), options)


def solve_program(program: Program, options: Mapping[str, Any] | None = None) -> Solved:
    """The optimum of one program and what it leads to; no Pyomo from here on. Raises as `solve_market` does."""
    engine, limit = Engine.of(options)
    end = optimum(program, engine, time.perf_counter() + limit)
    refuse(end.solution)
    if end.solution.status is Status.INFEASIBLE:
        raise explain([end.program])
    return solved(end)
