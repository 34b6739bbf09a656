"""What to hold a portfolio against: what is signed today, and what is cheapest as long as nothing goes wrong.

Both are made for the calm world, the one path on which every supplier stands in its undisturbed state and no project has begun, and
know of no other. The first has no choice left: commitments are kept, calls are free, there is no room for stock beyond what exists
and no programme is funded, whatever limits the model has. The second signs what is cheapest there within its limits, under the
programme that is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from procure.facts.records import Records
from procure.market import Market, make_market
from procure.model import Model
from procure.portfolio.make import make_portfolio
from procure.portfolio.portfolio import Portfolio
from procure.program.solve import solve_market
from procure.scenarios.decided import Programmes
from procure.scenarios.strategy import strategy_of
from procure.scenarios.tree import Tree
from procure.scenarios.world import periods_of, processes, programme_choices

TODAY, CHEAPEST = "today's", "cheapest"


def yardsticks(model: Model) -> dict[str, Portfolio]:
    """Today's portfolio and the cheapest one, by these names.

    Raises `Infeasible` where no plan keeps the limits of the model in the calm world.
    """
    return {TODAY: todays(model), CHEAPEST: cheapest(model)}


def todays(model: Model) -> Portfolio:
    """The portfolio of what is signed, and of what exists."""
    free = replace(model, settings=model.settings.model_copy(update={"limits": ()}))
    market = _calm(free, {})
    plan = market.plan
    signed = {
        **plan,
        "offered": plan["committed"],
        "buildable": dict.fromkeys(plan["buildable"], 0.0),
        "ceiling": {(e, y): plan["existing"][e,] for e, y in plan["ceiling"]},
    }
    solved = solve_market(replace(market, plan=signed))
    return make_portfolio(solved, [solved], foresight=False)


def cheapest(model: Model) -> Portfolio:
    """The portfolio that costs least as long as nothing goes wrong, of programmes that wait for nothing: no verdict falls there."""
    fixed = [choice for choice in programme_choices(model) if not _waits(model, choice)] or [{}]
    levels = [solve_market(_calm(model, choice)) for choice in fixed]
    return make_portfolio(min(levels, key=lambda level: level.objective), levels, foresight=False)


def _waits(model: Model, programmes: Programmes) -> bool:
    """Whether an outcome decides what is in force of any programme."""
    records = Records(model.facts)
    return any(strategy_of(records, supplier, chosen).review is not None for supplier, chosen in programmes.items())


def _calm(model: Model, programmes: Programmes) -> Market:
    """The market over the one path on which nothing goes wrong."""
    law, n_periods = processes(model, programmes), len(periods_of(model))
    names, states = [process.name for process in law], [process.states for process in law]
    still = np.zeros((n_periods, len(law)), dtype=np.int64)
    return make_market(
        model,
        programmes,
        Tree(np.arange(n_periods), np.arange(n_periods) - 1, np.ones(n_periods), names, states, still),
    )
