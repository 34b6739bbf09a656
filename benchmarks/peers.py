"""The same sweep by other means, each written as its own handbook would have it, on the futures as they are (not merged).

A peer is made once, from all points of the sweep (whatever it can keep, it keeps: that is not timed), and then solves one
point at a time. It is handed every number ready: what a price rule or a chain of states makes of the facts is not timed
either. `cost` is the optimum in kUSD.

One year of the book, for the native models:

  min  plan + Σ_n p_n ((1 - w) cost_n) + w (η + Σ_n p_n excess_n / (1 - α))
  s.t. cost_n of calls, spot, shortage, sales, stock and contracts;  excess_n >= cost_n - η;  balance, reach, carry, target
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from procure.market import Market
from subjects import Point


class Peer(Protocol):
    """One way to re-solve a sweep."""

    def __init__(self, points: Sequence[Point]) -> None: ...

    def cost(self, point: Point) -> float:
        """The optimal cost at a point, kUSD."""
        ...


# --- Pyomo -----------------------------------------------------------------------------------------------------------


def pyomo_model(market: Market, *, mutable: bool) -> Any:
    """The book in Pyomo; with `mutable`, chances and volumes are parameters to be moved."""
    import pyomo.environ as pyo

    sets, plan, period, risk = market.sets, market.plan, market.period, market.model.settings.risk
    (year,) = sets.years
    m = pyo.ConcreteModel()
    m.N = pyo.RangeSet(0, market.tree.n_nodes - 1)
    m.E, m.O, m.K = pyo.Set(initialize=sets.elements), pyo.Set(initialize=sets.offers), pyo.Set(initialize=sets.calls)
    m.STEPS, m.TIERS = pyo.Set(initialize=sets.steps), pyo.Set(initialize=sets.tiers)
    m.B = pyo.Set(initialize=sets.baskets)
    m.probability = pyo.Param(m.N, initialize=dict(enumerate(market.probability.tolist())), mutable=mutable)
    offered = {(s, e): plan["offered"][s, e, year] for s, e in sets.offers}
    m.offered = pyo.Param(m.O, initialize=offered, mutable=mutable)
    callable_ = {(n, *key): v for key, values in period["callable"].items() for n, v in enumerate(values.tolist())}
    m.callable = pyo.Param(m.N, m.K, initialize=callable_, mutable=mutable)
    listed = {name: {key: values.tolist() for key, values in found.items()} for name, found in period.items()}

    bounds = {(s, e): plan["committed"][s, e, year] for s, e in sets.offers}
    m.contract = pyo.Var(m.O, bounds=lambda m, s, e: (bounds[s, e], None))
    m.output = pyo.Var(m.B, within=pyo.NonNegativeReals)
    m.stock_target = pyo.Var(m.E, bounds=lambda m, e: (0.0, plan["ceiling"][e, year]))
    m.call = pyo.Var(m.N, m.K, within=pyo.NonNegativeReals)

    def up_to(name: str) -> Callable[..., tuple[float, float | None]]:
        def bound(m: Any, n: int, *key: Any) -> tuple[float, float | None]:
            most = listed[name][key][n]
            return 0.0, most if np.isfinite(most) else None

        return bound

    m.spot = pyo.Var(m.N, m.STEPS, bounds=up_to("limit_spot"))
    m.shortage = pyo.Var(m.N, m.TIERS, bounds=up_to("width"))
    m.draw = pyo.Var(m.N, m.E, bounds=up_to("limit_draw"))
    m.refill = pyo.Var(m.N, m.E, bounds=up_to("limit_refill"))
    m.stock_sold = pyo.Var(m.N, m.E, bounds=up_to("limit_sold"))
    m.stock = pyo.Var(m.N, m.E, within=pyo.NonNegativeReals)
    m.surplus = pyo.Var(m.N, m.E, within=pyo.NonNegativeReals)
    m.cost = pyo.Var(m.N)
    m.excess = pyo.Var(m.N, within=pyo.NonNegativeReals)
    m.eta = pyo.Var()

    m.within_offer = pyo.Constraint(m.O, rule=lambda m, s, e: m.contract[s, e] <= m.offered[s, e])

    @m.Constraint([(s, e) for s, e in sets.offers if s in sets.baskets])
    def basket(m: Any, s: str, e: str) -> Any:
        return m.contract[s, e] == plan["share"][s, e, year] * m.output[s]

    @m.Constraint(sets.capped)
    def within_capacity(m: Any, s: str) -> Any:
        chosen = sum(plan["level"][i, g, year] * plan["chosen"][i, g, year] for i, g in sets.programmes if i == s)
        own = [m.contract[offer] for offer in sets.offers if offer[0] == s]
        return (m.output[s] if s in sets.baskets else sum(own)) <= plan["capacity"][s, year] + chosen

    def supply(n: int, s: str, e: str) -> Any:
        contracted = listed["delivered"][s, e][n] * m.contract[s, e] if (s, e) in sets.offers else 0.0
        return contracted + (m.call[n, s, e] if (s, e) in sets.calls else 0.0)

    tiers = {e: [k for i, k in sets.tiers if i == e] for e in sets.elements}
    steps = {e: [k for i, k in sets.steps if i == e] for e in sets.elements}

    @m.Constraint(m.N, m.E)
    def balance(m: Any, n: int, e: str) -> Any:
        supplied = sum(supply(n, s, e) for s, _ in sets.of_element(e))
        bought = sum(m.spot[n, e, k] for k in steps[e]) + sum(m.shortage[n, e, k] for k in tiers[e])
        return supplied + bought + m.draw[n, e] == listed["demand"][e,][n] + m.refill[n, e] + m.surplus[n, e]

    @m.Constraint(m.N, m.K)
    def within_reach(m: Any, n: int, s: str, e: str) -> Any:
        held = listed["reach"][s, e][n] * m.contract[s, e] if (s, e) in sets.offers else 0.0
        return m.call[n, s, e] + held <= m.callable[n, s, e]

    @m.Constraint(m.N, m.E)
    def carry(m: Any, n: int, e: str) -> Any:
        return m.stock[n, e] == plan["existing"][e,] + m.refill[n, e] - m.draw[n, e] - m.stock_sold[n, e]

    m.within_target = pyo.Constraint(m.N, m.E, rule=lambda m, n, e: m.stock[n, e] <= m.stock_target[e])

    discount = market.discount.tolist()

    @m.Constraint(m.N)
    def cost_of(m: Any, n: int) -> Any:
        spent = sum(listed["payment"][offer][n] * m.contract[offer] for offer in sets.offers)
        spent += sum(listed["payment_output"][s,][n] * m.output[s] for s in sets.baskets)
        spent += sum(listed["price_call"][key][n] * m.call[n, key] for key in sets.calls)
        spent += sum(listed["price_spot"][key][n] * m.spot[n, key] for key in sets.steps)
        spent += sum(listed["price_shortage"][key][n] * m.shortage[n, key] for key in sets.tiers)
        spent -= sum(listed["price_surplus"][e,][n] * (m.surplus[n, e] + m.stock_sold[n, e]) for e in sets.elements)
        spent -= sum(listed["price_end"][e,][n] * m.stock[n, e] for e in sets.elements)
        return 1e3 * m.cost[n] == discount[n] * spent  # million USD: a better scale beside tonnes

    m.tail_excess = pyo.Constraint(m.N, rule=lambda m, n: m.excess[n] >= m.cost[n] - m.eta)

    fixed = sum(plan["price_programme"][*key, year] * plan["chosen"][*key, year] for key in sets.programmes)
    storage = sum(plan["storage"][e, year] * m.stock_target[e] for e in sets.elements)
    mean = sum(m.probability[n] * m.cost[n] for n in m.N)
    tail = m.eta + sum(m.probability[n] * m.excess[n] for n in m.N) / (1 - risk.alpha)
    m.total = pyo.Objective(expr=fixed + storage + 1e3 * ((1 - risk.weight) * mean + risk.weight * tail))

    # The limit on the share of one supplier, over the nodes it looks at.
    for number, ((name, _), bound) in enumerate(market.bounds.items()):
        limit = next(each for each in sets.limits if each.name == name)
        nodes = bound.nodes.tolist()
        most = pyo.Param(initialize=bound.most, mutable=mutable)
        m.add_component(f"most_{number}", most)
        total = sum(
            m.probability[n] * limit.weight_of(e) * supply(n, s, e) for n in nodes for s, e in sets.in_scope(limit)
        )
        m.add_component(f"limit_{number}", pyo.Constraint(expr=total <= most))
    return m


class PyomoRebuilt:
    """A new Pyomo model at every point, through Pyomo's own HiGHS interface."""

    def __init__(self, points: Sequence[Point]) -> None:
        import pyomo.environ  # noqa: F401  # its import is not what is timed

    def cost(self, point: Point) -> float:
        import pyomo.environ as pyo
        from pyomo.contrib.appsi.solvers import Highs

        model = pyomo_model(point.market, mutable=False)
        solver = Highs()
        solver.highs_options = {"threads": 1}
        solver.solve(model)
        return float(pyo.value(model.total))


class PyomoPersistent:
    """One Pyomo model, its parameters moved, through the persistent HiGHS interface told that nothing else changes."""

    def __init__(self, points: Sequence[Point]) -> None:
        from pyomo.contrib.appsi.solvers import Highs

        self.model = pyomo_model(points[0].market, mutable=True)
        self.solver = Highs()
        self.solver.highs_options = {"threads": 1}
        update = self.solver.update_config
        update.check_for_new_or_removed_constraints = update.check_for_new_or_removed_vars = False
        update.check_for_new_or_removed_params = update.check_for_new_objective = False
        update.update_constraints = update.update_vars = update.update_named_expressions = False
        update.update_objective = False
        self.solver.solve(self.model)

    def cost(self, point: Point) -> float:
        import pyomo.environ as pyo

        m, market = self.model, point.market
        (year,) = market.sets.years
        m.probability.store_values(dict(enumerate(market.probability.tolist())))
        m.offered.store_values({(s, e): market.plan["offered"][s, e, year] for s, e in market.sets.offers})
        m.callable.store_values(
            {(n, *key): v for key, values in market.period["callable"].items() for n, v in enumerate(values.tolist())}
        )
        for number, bound in enumerate(market.bounds.values()):
            getattr(m, f"most_{number}").value = bound.most
        self.solver.solve(m)
        return float(pyo.value(m.total))


# --- array modellers -------------------------------------------------------------------------------------------------


def linopy_model(market: Market) -> Any:
    """The book in linopy, over labelled arrays."""
    import linopy
    import pandas as pd
    import xarray as xr

    sets, plan, period = market.sets, market.plan, market.period
    (year,) = sets.years
    m = linopy.Model()
    node = pd.RangeIndex(market.tree.n_nodes, name="node")
    element = pd.Index(sets.elements, name="element")
    offers, calls, steps, tiers = sets.offers, sets.calls, sets.steps, sets.tiers
    index = {
        dim: pd.RangeIndex(len(keys), name=dim)
        for dim, keys in (("offer", offers), ("callable", calls), ("step", steps), ("tier", tiers))
    }

    def at_nodes(name: str, keys: Sequence[Any], dim: str) -> xr.DataArray:
        values = np.column_stack([period[name][key] for key in keys])
        return xr.DataArray(values, coords=[node, element if dim == "element" else index[dim]])

    def by_element(expression: Any, keys: Sequence[Any], dim: str, position: int) -> Any:
        group = xr.DataArray([key[position] for key in keys], coords=[index[dim]], name="element")
        return expression.groupby(group).sum().reindex(element=element)

    single = [(e,) for e in sets.elements]
    committed = xr.DataArray([plan["committed"][s, e, year] for s, e in offers], coords=[index["offer"]])
    ceiling = xr.DataArray([plan["ceiling"][e, year] for e in sets.elements], coords=[element])
    existing = xr.DataArray([plan["existing"][e,] for e in sets.elements], coords=[element])

    contract = m.add_variables(lower=committed, upper=linopy_offered(market), name="contract")
    target = m.add_variables(lower=0, upper=ceiling, name="stock_target")
    call = m.add_variables(lower=0, coords=[node, index["callable"]], name="call")
    spot = m.add_variables(lower=0, upper=at_nodes("limit_spot", steps, "step"), name="spot")
    shortage = m.add_variables(lower=0, upper=at_nodes("width", tiers, "tier"), name="shortage")
    draw = m.add_variables(lower=0, upper=at_nodes("limit_draw", single, "element"), name="draw")
    refill = m.add_variables(lower=0, upper=at_nodes("limit_refill", single, "element"), name="refill")
    stock_sold = m.add_variables(lower=0, upper=at_nodes("limit_sold", single, "element"), name="stock_sold")
    stock = m.add_variables(lower=0, coords=[node, element], name="stock")
    surplus = m.add_variables(lower=0, coords=[node, element], name="surplus")
    cost = m.add_variables(coords=[node], name="cost")
    excess = m.add_variables(lower=0, coords=[node], name="excess")
    eta = m.add_variables(name="eta")

    spent = (at_nodes("payment", offers, "offer") * contract).sum("offer")
    for s in sets.baskets:
        own = [k for k, (i, _) in enumerate(offers) if i == s]
        chosen = sum(plan["level"][i, g, year] * plan["chosen"][i, g, year] for i, g in sets.programmes if i == s)
        output = m.add_variables(lower=0, upper=plan["capacity"][s, year] + chosen, name=f"output_{s}")
        share = xr.DataArray([plan["share"][*offers[k], year] for k in own], coords=[index["offer"][own]])
        m.add_constraints(contract.sel(offer=index["offer"][own]) - share * output == 0, name=f"basket_{s}")
        spent = spent + xr.DataArray(period["payment_output"][s,], coords=[node]) * output
    supplied = by_element(at_nodes("delivered", offers, "offer") * contract, offers, "offer", 1)
    called = by_element(1.0 * call, calls, "callable", 1)
    bought = by_element(1.0 * spot, steps, "step", 0) + by_element(1.0 * shortage, tiers, "tier", 0)
    demand = at_nodes("demand", single, "element")
    m.add_constraints(supplied + called + bought + draw - refill - surplus == demand, name="balance")
    held = [k for k, key in enumerate(calls) if key in offers]
    reach = at_nodes("reach", calls, "callable")
    callable_ = at_nodes("callable", calls, "callable")
    free = [k for k in range(len(calls)) if k not in held]
    m.add_constraints(call.sel(callable=free) <= callable_.sel(callable=free), name="within_reach_of_the_uncontracted")
    of_offer = xr.DataArray([offers.index(calls[k]) for k in held], coords=[index["callable"][held]])
    taken = reach.sel(callable=held) * contract.sel(offer=of_offer)
    m.add_constraints(call.sel(callable=held) + taken <= callable_.sel(callable=held), name="within_reach")
    m.add_constraints(stock - refill + draw + stock_sold == existing, name="carry")
    m.add_constraints(stock - target <= 0, name="within_target")
    spent = spent + (at_nodes("price_call", calls, "callable") * call).sum("callable")
    spent = spent + (at_nodes("price_spot", steps, "step") * spot).sum("step")
    spent = spent + (at_nodes("price_shortage", tiers, "tier") * shortage).sum("tier")
    spent = spent - (at_nodes("price_surplus", single, "element") * (surplus + stock_sold)).sum("element")
    spent = spent - (at_nodes("price_end", single, "element") * stock).sum("element")
    discount = xr.DataArray(market.discount / 1e3, coords=[node])
    m.add_constraints(cost - discount * spent == 0, name="cost_of")
    m.add_constraints(excess - cost + eta >= 0, name="tail_excess")
    for name, (share, most) in linopy_limits(m, market).items():
        m.add_constraints(share <= most, name=name)
    m.add_objective(linopy_cost(m, market))
    return m


# What a sweep moves, for the model as it is built and as it is updated.


def linopy_offered(market: Market) -> Any:
    """What is offered at most, by offer."""
    import xarray as xr

    (year,) = market.sets.years
    return xr.DataArray([market.plan["offered"][s, e, year] for s, e in market.sets.offers], dims="offer")


def linopy_limits(m: Any, market: Market) -> dict[str, tuple[Any, float]]:
    """The limits on the share of one supplier, over the nodes they look at: their sums and what they are at most."""
    import xarray as xr

    sets, call, found = market.sets, m.variables["call"], {}
    p = xr.DataArray(market.probability, coords=[call.indexes["node"]])
    for (name, year), bound in market.bounds.items():
        limit = next(each for each in sets.limits if each.name == name)
        scope = sets.in_scope(limit)
        assert not set(scope) & set(sets.offers), "the supplier of the limit sells on call only"
        keys = [k for k, key in enumerate(sets.calls) if key in scope]
        weight = xr.DataArray(
            [limit.weight_of(sets.calls[k][1]) for k in keys], coords=[call.indexes["callable"][keys]]
        )
        seen = call.sel(node=bound.nodes, callable=keys)
        found[f"{name}_{year}"] = (p.sel(node=bound.nodes) * weight * seen).sum(), bound.most
    return found


def linopy_cost(m: Any, market: Market) -> Any:
    """What is minimised, but for the price of programmes."""
    import linopy
    import xarray as xr

    sets, risk, x = market.sets, market.model.settings.risk, m.variables
    (year,) = sets.years
    prices = [market.plan["storage"][e, year] for e in sets.elements]
    storage = xr.DataArray(prices, coords=[x["stock_target"].indexes["element"]])
    p = xr.DataArray(market.probability, coords=[x["cost"].indexes["node"]])
    mean, tail = 1e3 * (1 - risk.weight), 1e3 * risk.weight
    terms = (
        storage * x["stock_target"],
        mean * p * x["cost"],
        tail * x["eta"],
        tail / (1 - risk.alpha) * p * x["excess"],
    )
    return linopy.merge([each.sum() for each in terms])  # half the time of adding them up


def price_of_programmes(market: Market) -> float:
    """What the chosen programmes cost, kUSD: a constant, which linopy's objective may not hold."""
    (year,) = market.sets.years
    plan = market.plan
    return sum(plan["price_programme"][*key, year] * plan["chosen"][*key, year] for key in market.sets.programmes)


class LinopyRebuilt:
    """A new linopy model at every point."""

    def __init__(self, points: Sequence[Point]) -> None:
        import linopy  # noqa: F401

    def cost(self, point: Point) -> float:
        m = linopy_model(point.market)
        m.solve("highs", io_api="direct", threads=1, output_flag=False, progress=False)
        return float(m.objective.value) + price_of_programmes(point.market)


class LinopyPersistent:
    """One linopy model, its bounds, rows and objective updated, HiGHS re-solved from its last basis (`track_updates`).

    linopy passes all that moves in place, coefficients too: a rebuild would be an error.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        from linopy.solvers import Solver

        self.model = linopy_model(points[0].market)
        options = {"threads": 1, "output_flag": False}
        self.solver = Solver.from_name("highs", self.model, io_api="direct", options=options, track_updates=True)
        self.solver.solve()

    def cost(self, point: Point) -> float:
        m, market = self.model, point.market
        m.variables["contract"].update(upper=linopy_offered(market))
        for name, (share, most) in linopy_limits(m, market).items():
            m.constraints[name].update(lhs=share, rhs=most)
        m.objective = linopy_cost(m, market)
        result = self.solver.solve(m, disallow_rebuild=True)
        return float(result.solution.objective) + price_of_programmes(market)


class CvxpyParametrised:
    """One CVXPY problem; what moves in the sweep, and only that, is a parameter (disciplined parametrised programming)."""

    def __init__(self, points: Sequence[Point]) -> None:
        import cvxpy as cp

        first = points[0].lp
        matrix = first.matrix.tocsr()
        moving = _moving_rows(points)
        still = np.ones(matrix.shape[0], dtype=bool)
        still[moving] = False
        equal = still & (first.row_lower == first.row_upper)
        self.costs, self.uppers = _moves(points, "cost"), _moves(points, "upper")
        rights = _moves(points, "row_upper")
        assert not len(_moves(points, "lower")) and not set(_moves(points, "row_lower")) - set(np.flatnonzero(equal))
        upper = first.upper.copy()
        upper[self.uppers] = np.inf  # a constraint of its own holds these
        x = cp.Variable(matrix.shape[1], bounds=[first.lower, upper])
        self.cost_of, self.upper_of = cp.Parameter(len(self.costs)), cp.Parameter(len(self.uppers))
        fixed = first.cost.copy()
        fixed[self.costs] = 0.0
        constraints = [x[self.uppers] <= self.upper_of] if len(self.uppers) else []
        self.entries = []
        for row in moving:
            inside = np.unique(np.concatenate([point.lp.matrix[[row]].indices for point in points]))
            entry, most = cp.Parameter(len(inside)), cp.Parameter()
            self.entries.append((row, inside, entry, most))
            constraints.append(entry @ x[inside] <= most)
        moved = np.isin(np.arange(matrix.shape[0]), rights) & still
        self.moved = {"==": np.flatnonzero(moved & equal), "<=": np.flatnonzero(moved & ~equal)}
        self.right = {sense: cp.Parameter(len(rows)) for sense, rows in self.moved.items() if len(rows)}
        for sense, right in self.right.items():
            left = matrix[self.moved[sense]] @ x
            constraints.append(left == right if sense == "==" else left <= right)
        for rows, sense in ((equal, "=="), (~equal, "<="), (~equal, ">=")):
            side = first.row_lower if sense == ">=" else first.row_upper
            kept = np.flatnonzero(rows & still & ~moved & np.isfinite(side))
            left = matrix[kept] @ x
            constraints.append({"==": left == side[kept], "<=": left <= side[kept], ">=": left >= side[kept]}[sense])
        self.problem = cp.Problem(cp.Minimize(fixed @ x + self.cost_of @ x[self.costs]), constraints)
        assert self.problem.is_dcp(dpp=True)
        self.cost(points[0])  # the first solve compiles the problem

    def cost(self, point: Point) -> float:
        import cvxpy as cp

        lp = point.lp
        self.cost_of.value, self.upper_of.value = lp.cost[self.costs], lp.upper[self.uppers]
        for sense, right in self.right.items():
            right.value = lp.row_upper[self.moved[sense]]
        for row, inside, entry, most in self.entries:
            entry.value = np.asarray(lp.matrix[[row]][:, inside].todense()).ravel()
            most.value = lp.row_upper[row]
        self.problem.solve(solver=cp.HIGHS, highs_options={"threads": 1})
        return float(self.problem.value)


class ScipyRebuilt:
    """`scipy.optimize.linprog` with HiGHS, its arrays built from the ranged rows at every point."""

    def __init__(self, points: Sequence[Point]) -> None:
        import scipy.optimize  # noqa: F401

    def cost(self, point: Point) -> float:
        from scipy.optimize import linprog

        lp = point.lp
        matrix = lp.matrix.tocsr()
        equal = lp.row_lower == lp.row_upper
        least, most = ~equal & np.isfinite(lp.row_lower), ~equal & np.isfinite(lp.row_upper)
        found = linprog(
            lp.cost,
            A_ub=sparse.vstack([-matrix[least], matrix[most]]),
            b_ub=np.concatenate([-lp.row_lower[least], lp.row_upper[most]]),
            A_eq=matrix[equal],
            b_eq=lp.row_lower[equal],
            bounds=np.column_stack([lp.lower, lp.upper]),
            method="highs",
        )
        return float(found.fun)


# --- bare highspy ----------------------------------------------------------------------------------------------------


class HighspyCold:
    """highspy alone: the arrays passed anew at every point."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.seconds = 0.0

    def cost(self, point: Point) -> float:
        solver = _passed(point)
        solver.run()
        return float(solver.getInfo().objective_function_value)


class HighspyWarm:
    """highspy alone: costs, bounds and entries moved, the last basis kept."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.solver = _passed(points[0])
        self.solver.run()
        self.last = points[0].lp

    def cost(self, point: Point) -> float:
        old, new, solver = self.last, point.lp, self.solver
        moved = np.flatnonzero(old.cost != new.cost).astype(np.int32)
        solver.changeColsCost(len(moved), moved, new.cost[moved])
        moved = np.flatnonzero((old.lower != new.lower) | (old.upper != new.upper)).astype(np.int32)
        if len(moved):
            solver.changeColsBounds(len(moved), moved, new.lower[moved], new.upper[moved])
        moved = np.flatnonzero((old.row_lower != new.row_lower) | (old.row_upper != new.row_upper)).astype(np.int32)
        if len(moved):
            solver.changeRowsBounds(len(moved), moved, new.row_lower[moved], new.row_upper[moved])
        for k in np.flatnonzero(old.matrix.data != new.matrix.data).tolist():
            column = int(np.searchsorted(new.matrix.indptr, k, side="right")) - 1
            solver.changeCoeff(int(new.matrix.indices[k]), column, float(new.matrix.data[k]))
        self.last = new
        solver.run()
        return float(solver.getInfo().objective_function_value)


def _passed(point: Point) -> Any:
    import highspy

    lp, matrix = point.lp, point.lp.matrix
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = matrix.shape
    program.col_cost_, program.col_lower_, program.col_upper_ = lp.cost, lp.lower, lp.upper
    program.row_lower_, program.row_upper_ = lp.row_lower, lp.row_upper
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.num_row_, program.a_matrix_.num_col_ = matrix.shape
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(program)
    return solver


def _moves(points: Sequence[Point], field: str) -> np.ndarray:
    """Where an array of the programs is not the same at all points."""
    first = getattr(points[0].lp, field)
    return np.flatnonzero(np.any([getattr(point.lp, field) != first for point in points[1:]], axis=0))


def _moving_rows(points: Sequence[Point]) -> list[int]:
    """Rows of the matrix that are not the same at all points."""
    first = points[0].lp.matrix
    moving = np.zeros(len(first.data), dtype=bool)
    for point in points[1:]:
        moving |= point.lp.matrix.data != first.data
    return np.unique(first.indices[moving]).tolist()


# --- mpi-sppy --------------------------------------------------------------------------------------------------------


class MpiSppyExtensive:
    """mpi-sppy's extensive form: one Pyomo model per future, joined by the library.

    A limit over all futures has no place in it; the book's is slack, so the cost is the same.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        from mpisppy.opt.ef import ExtensiveForm  # noqa: F401

    def cost(self, point: Point) -> float:
        from mpisppy.opt.ef import ExtensiveForm

        names = [str(n) for n in range(point.market.tree.n_nodes)]
        form = ExtensiveForm(
            {"solver": "appsi_highs"},
            names,
            scenario_creator=future_model,
            scenario_creator_kwargs={"market": point.market},
            suppress_warnings=True,
        )
        form.solve_extensive_form(solver_options={"threads": 1})
        return float(form.get_objective_value())


def future_model(name: str, market: Market) -> Any:
    """One future of the book as mpi-sppy wants it: its own model, the plan in it, and which variables all futures share."""
    import pyomo.environ as pyo
    from mpisppy import scenario_tree

    from procure.market import Market as OneMarket
    from procure.scenarios.tree import Tree

    n, tree = int(name), market.tree
    alone = Tree([0], [-1], [1.0], tree.processes, tree.states, tree.state[[n]])
    own = OneMarket(
        **{
            **{field: getattr(market, field) for field in ("model", "programmes", "sets", "shape", "plan", "class_of")},
            "demand": market.demand,
            "tree": alone,
            "period": {k: {i: v[[n]] for i, v in by_index.items()} for k, by_index in market.period.items()},
            "probability": np.ones(1),
            "discount": market.discount[[n]],
            "bounds": {},
        }
    )
    m = pyomo_model(own, mutable=False)
    shared = [m.contract, m.output, m.stock_target, m.eta]
    m._mpisppy_probability = float(market.probability[n])
    m._mpisppy_node_list = [scenario_tree.ScenarioNode("ROOT", 1.0, 1, pyo.Expression(expr=0.0), shared, m)]
    return m


#: Peers by name, fastest to write first, and what has to be installed for each.
PEERS: dict[str, tuple[type[Peer], tuple[str, ...]]] = {
    "pyomo-rebuilt": (PyomoRebuilt, ()),
    "pyomo-persistent": (PyomoPersistent, ()),
    "linopy-rebuilt": (LinopyRebuilt, ("linopy",)),
    "linopy-persistent": (LinopyPersistent, ("linopy",)),
    "cvxpy-parametrised": (CvxpyParametrised, ("cvxpy",)),
    "scipy-rebuilt": (ScipyRebuilt, ()),
    "highspy-cold": (HighspyCold, ()),
    "highspy-warm": (HighspyWarm, ()),
    "mpi-sppy-extensive": (MpiSppyExtensive, ("mpisppy",)),
}


def is_installed(peer: str) -> bool:
    """Whether the libraries of a peer are there."""
    return all(importlib.util.find_spec(name) is not None for name in PEERS[peer][1])
