"""A tree taken apart by element costs what it costs whole, and proves it."""

import numpy as np
import pytest

from procure import load_model
from procure.lp.blocks import BlockSolver
from procure.lp.compose import Risk
from procure.lp.highs import Status
from procure.market import make_market, programme_choices
from procure.solving import compose, risk_of, solve_program

SMALL = {"world.tree.nodes": 60, "world.tree.branch": (2027,)}


def by_element(program, solver):
    market, composition = program.market, program.composition
    plan, period = market.plan_data(composition.plan), market.period_data(composition.period)
    mean = composition.program(plan, period, market.probability, market.discount, Risk(), market.bounds)
    return composition.solve_by_element(
        solver, mean, plan, period, market.probability, market.discount, risk_of(market.model)
    )


# With the tail alone and a tight share no combination of points is found, and the status says so: solve it whole.
@pytest.mark.parametrize(("weight", "share"), [(0.0, 1.0), (0.0, 0.4), (0.3, 1.0), (0.3, 0.4), (1.0, 1.0)])
def test_blocks_agree_with_the_whole_program(weight, share):
    """A tight share limit couples the elements; a basket's output does too, and so does the tail where it weighs."""
    model = load_model("japan").with_(**SMALL, **{"risk.weight": weight, "limits.china_heavy_share.max": share})
    solver = None
    for choice in programme_choices(model)[:3]:
        program = compose(make_market(model, choice))
        solver = solver or BlockSolver(program.composition.block_of_columns())
        whole = solve_program(program)
        outcome = by_element(program, solver)
        found = outcome.solution
        assert found.status is Status.OPTIMAL
        assert found.objective == pytest.approx(whole.objective, rel=1e-6)
        assert found.bound <= whole.objective * (1 + 1e-9) <= found.objective * (1 + 2e-9)
        # The point keeps every row of the program of the mean, whose columns it fills.
        lp = program.composition.program(
            program.market.plan_data(program.composition.plan),
            program.market.period_data(program.composition.period),
            program.market.probability, program.market.discount, Risk(), program.market.bounds,
        ).lp  # fmt: skip
        row = lp.matrix @ found.x
        slack = 1e-5 * np.maximum(1.0, np.abs(row))
        assert (row >= lp.row_lower - slack).all() and (row <= lp.row_upper + slack).all()
        assert (found.x >= lp.lower - 1e-6).all() and (found.x <= lp.upper + 1e-6).all()
