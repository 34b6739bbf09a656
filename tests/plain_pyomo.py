"""The slow second route: one Pyomo model of the whole tree, solved through Pyomo's own HiGHS interface.

It shares with the fast route only the two blocks `plan` and `period`; links are equality constraints, data are fixed
variables, and the tail is written out by hand.
"""

import numpy as np
import pyomo.environ as pyo

from procure.formulation.period import build_period
from procure.formulation.plan import build_plan
from procure.units import KUSD_PER_MUSD

NO_LIMIT = 1e6


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
        year = sets.moments[shape.moment[n]]
        for link in sorted(period.links):
            for index, column in getattr(period, link).items():
                key = (*index, year) if isinstance(index, tuple) else (index, year)
                m.links.add(column == getattr(m.plan, link)[key])
        for link, (before, today) in period.carried.items():
            for index, column in getattr(period, link).items():
                parent = shape.parent[n]
                source = getattr(m.plan, today) if parent < 0 else getattr(m.node[parent], before)
                m.links.add(column == source[index])
        if shape.information is not None:
            first = int(np.flatnonzero(shape.information == shape.information[n])[0])
            if first != n:
                for order in sorted(period.orders):
                    for index, column in getattr(period, order).items():
                        m.links.add(column == getattr(m.node[first], order)[index])
    for objective in m.component_data_objects(pyo.Objective, active=True):
        objective.deactivate()
    plan_cost = sum(form.expr for form in m.plan.component_objects(pyo.Objective))
    node_cost = [discount[n] * sum(_costs(m.node[n])) for n in range(n_nodes)]
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

    def tail(name, losses, weights, alpha):
        """The mean of the worst losses, written out once more: η + Σ p max(loss - η, 0) / (1 - α)."""
        block = pyo.Block(concrete=True)
        m.add_component(f"tail_{name}", block)
        block.eta = pyo.Var()
        block.excess = pyo.Var(range(len(losses)), within=pyo.NonNegativeReals)
        block.above = pyo.ConstraintList()
        for k, loss in enumerate(losses):
            block.above.add(block.excess[k] >= loss - block.eta)
        return block.eta + sum(p * block.excess[k] for k, p in enumerate(weights)) / (1 - alpha)

    path_cost = [plan_cost + sum(node_cost[n] for n in path(leaf)) for leaf in leaves]
    for (name, year), bound in (bounds or {}).items():
        limit = next(i for i in sets.limits if i.name == name)
        if limit.kind == "worst_case":
            for leaf, cost in zip(leaves, path_cost, strict=True):
                m.add_component(f"{name}_{leaf}", pyo.Constraint(expr=cost <= bound.most * KUSD_PER_MUSD))
            continue
        if limit.kind == "cost_cvar":
            most = tail(name, path_cost, [probability[leaf] for leaf in leaves], limit.alpha)
        else:
            measure = [getattr(m.node[n], m.node[n].measures[name]).expr for n in bound.nodes]
            if limit.kind == "stock_held":
                m.add_component(f"{name}_{year}", pyo.ConstraintList())
                for held in measure:
                    getattr(m, f"{name}_{year}").add(held >= bound.most)
                continue
            if limit.detail == "always":
                for n, supplied, demand in zip(bound.nodes, measure, bound.numbers["demand"], strict=True):
                    kept = supplied <= bound.most * float(demand)
                    if kept is not True:  # nothing is supplied there, whatever is decided
                        m.add_component(f"{name}_{n}", pyo.Constraint(expr=kept))
                continue
            weights = np.array([probability[n] for n in bound.nodes])
            if limit.kind != "share":
                weights /= weights.sum()  # a year of two periods: one of them, drawn by lot
            if limit.kind == "shortage_cvar":
                most = tail(f"{name}_{year}", measure, weights, limit.alpha)
            else:
                most = sum(p * value for p, value in zip(weights, measure, strict=True))
        if not isinstance(most, (int, float)):
            m.add_component(f"{name}_{year}", pyo.Constraint(expr=most <= bound.most * (1 if year else KUSD_PER_MUSD)))
    expected = sum(probability[n] * node_cost[n] for n in range(n_nodes))
    cvar = m.eta + sum(probability[leaf] * m.excess[leaf] for leaf in leaves) / (1 - alpha)
    m.total = pyo.Objective(expr=plan_cost + (1 - weight) * expected + weight * cvar)
    return m


def _costs(period):
    """What a period spends: every form that measures no limit."""
    measures = set(period.measures.values())
    return [form.expr for form in period.component_objects(pyo.Objective) if form.local_name not in measures]


def solve(*args, **kwargs):
    """The optimal cost, kUSD; infinite where no portfolio keeps every limit."""
    m = extensive_form(*args, **kwargs)
    highs = pyo.SolverFactory("appsi_highs")
    highs.highs_options = {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0, "output_flag": False}
    results = highs.solve(m, load_solutions=False)
    ended = results.solver.termination_condition
    if ended in (pyo.TerminationCondition.infeasible, pyo.TerminationCondition.infeasibleOrUnbounded):
        return np.inf
    assert ended == pyo.TerminationCondition.optimal, ended
    m.solutions.load_from(results)
    return pyo.value(m.total)


def _fix(block, numbers):
    for name in block.data_names:
        for index, datum in getattr(block, name).items():
            key = () if index is None else index if isinstance(index, tuple) else (index,)
            # Pyomo takes no infinite number: what is without limit is limited far above any volume here.
            datum.fix(min(float(numbers[name][key]), NO_LIMIT))
