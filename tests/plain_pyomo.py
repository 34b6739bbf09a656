"""The slow second route: one Pyomo model of the whole tree, solved through Pyomo's own HiGHS interface.

It shares with the fast route only the two blocks `plan` and `period`; links are equality constraints, data are fixed
variables, and the tail is written out by hand.
"""

import numpy as np
import pyomo.environ as pyo

from procure.formulation.period import CARRIED, COSTS, ORDERS, PLAN_LINKS, build_period
from procure.formulation.plan import build_plan


def extensive_form(sets, shape, plan_numbers, period_numbers, probability, discount, alpha, weight, bounds=None):
    m = pyo.ConcreteModel()
    m.plan = pyo.Block()
    build_plan(m.plan, sets)
    _fix(m.plan, {name: dict(values) for name, values in plan_numbers.items()})
    n_nodes = len(shape.parent)
    m.node = pyo.Block(range(n_nodes))
    m.links = pyo.ConstraintList()
    for n in range(n_nodes):
        period = m.node[n]
        build_period(period, sets)
        _fix(period, {name: {i: v[n] for i, v in values.items()} for name, values in period_numbers.items()})
        year = sets.years[shape.year[n]]
        for link in PLAN_LINKS:
            for index, column in getattr(period, link).items():
                key = (*index, year) if isinstance(index, tuple) else (index, year)
                m.links.add(column == getattr(m.plan, link)[key])
        for link, (before, today) in CARRIED.items():
            for index, column in getattr(period, link).items():
                parent = shape.parent[n]
                source = getattr(m.plan, today) if parent < 0 else getattr(m.node[parent], before)
                m.links.add(column == source[index])
        if shape.information is not None:
            first = int(np.flatnonzero(shape.information == shape.information[n])[0])
            if first != n:
                for order in ORDERS:
                    for index, column in getattr(period, order).items():
                        m.links.add(column == getattr(m.node[first], order)[index])
    for objective in m.component_data_objects(pyo.Objective, active=True):
        objective.deactivate()
    plan_cost = m.plan.investment.expr + m.plan.fixed.expr + m.plan.storage_cost.expr
    node_cost = [discount[n] * sum(getattr(m.node[n], form).expr for form in COSTS) for n in range(n_nodes)]
    leaves = [int(leaf) for leaf in shape.leaves]

    def path(leaf):
        while leaf >= 0:
            yield leaf
            leaf = shape.parent[leaf]

    m.eta = pyo.Var()
    m.excess = pyo.Var(leaves, within=pyo.NonNegativeReals)

    @m.Constraint(leaves)
    def tail_excess(m, leaf):
        return m.excess[leaf] >= sum(node_cost[n] for n in path(leaf)) - m.eta

    for (name, year), bound in (bounds or {}).items():
        limit = next(i for i in sets.limits if i.name == name)
        if limit.kind in ("share", "expected_shortage"):
            measure = {"share": "supply_of", "expected_shortage": "shortage_of"}[limit.kind]
            mean = sum(probability[n] * getattr(m.node[n], f"{measure}_{name}").expr for n in bound.nodes)
            m.add_component(f"{name}_{year}", pyo.Constraint(expr=mean <= bound.most))
    expected = sum(probability[n] * node_cost[n] for n in range(n_nodes))
    cvar = m.eta + sum(probability[leaf] * m.excess[leaf] for leaf in leaves) / (1 - alpha)
    m.total = pyo.Objective(expr=plan_cost + (1 - weight) * expected + weight * cvar)
    return m


def solve(*args, **kwargs):
    """The optimal cost, kUSD."""
    m = extensive_form(*args, **kwargs)
    results = pyo.SolverFactory("appsi_highs").solve(m)
    pyo.assert_optimal_termination(results)
    return pyo.value(m.total)


def _fix(block, numbers):
    for name in block.data_names:
        for index, datum in getattr(block, name).items():
            key = index if isinstance(index, tuple) else (index,)
            datum.fix(float(numbers[name][key]))
