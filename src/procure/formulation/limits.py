"""The limits a strategist asks for, by kind, on what is decided now and on all futures.

On the plan, y ∈ years of the limit, (s,e) ∈ its scope, w_e = 1 or the price of e:

  domestic_share   Σ_se w_e contract_sey >= bound_y                                   bound = share × Σ_e w_e demand_ey
  stock_days       stock_target_ey       >= days_ey                        ∀ e        days = days of use × demand_ey
  budget           what the plan spends in y, at its present value <= bound_y
  footprint        Σ_se excess_sey contract_sey <= 0                                   excess = footprint_sey - bound

On all futures, m_n being the measure of node n and N_y the nodes of year y:

  share               Σ_{n in N_y} p_n m_n <= bound_y      m = Σ_se w_e supply_se       only nodes where the suppliers themselves
                                                           bound = share × Σ p_n Σ_e w_e demand_e        are undisturbed
  expected_shortage   Σ_{n in N_y} q_n m_n <= bound        m = Σ_ek w_e shortage_ek / Σ_e w_e demand_e    (weight_shortage_ie)
  shortage_cvar       CVaR_α [m_n : n in N_y] <= bound     the same m; q = p rescaled to sum to one over N_y, which it does
                                                           already where a year is one period

A share is taken of demand, not of what is left to consume, and measured while the supplier is undisturbed: a shortage
elsewhere must not force a cut here, and a likely ban must not make room for a larger share in good times. Period blocks
carry the measures as forms; `lp.compose` adds them up over the tree, with cost_cvar and worst_case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo

from procure.formulation.quantity import given
from procure.formulation.sets import Limit, Sets


def on_plan(m: Any, sets: Sets) -> None:
    """Add the limits on what is decided now to the plan `m`."""
    domestic = sets.limits_of("domestic_share")
    m.DOMESTIC = pyo.Set(initialize=[(i.name, y) for i in domestic for y in i.years], dimen=2, ordered=True)
    domestic_bound = given(m, "domestic_bound", m.DOMESTIC, unit="t/yr")
    by_name = {limit.name: limit for limit in sets.limits}

    @m.Constraint(m.DOMESTIC)
    def domestic_share(m: Any, i: str, y: int) -> Any:
        limit = by_name[i]
        planned = sum(limit.weight_of(e) * m.contract[s, e, y] for s, e in sets.in_scope(limit) if (s, e) in m.O)
        return planned >= domestic_bound[i, y]

    days = sets.limits_of("stock_days")
    m.STOCK_DAYS = pyo.Set(
        initialize=[(i.name, e, y) for i in days for e in elements_of(i, sets) for y in i.years], dimen=3, ordered=True
    )
    stock_least = given(m, "stock_least", m.STOCK_DAYS, unit="t")

    @m.Constraint(m.STOCK_DAYS)
    def stock_days(m: Any, i: str, e: str, y: int) -> Any:
        return m.stock_target[e, y] >= stock_least[i, e, y]

    budgets = sets.limits_of("budget")
    m.BUDGET = pyo.Set(initialize=[(i.name, y) for i in budgets for y in i.years], dimen=2, ordered=True)
    budget_bound = given(m, "budget_bound", m.BUDGET, unit="kUSD")

    @m.Constraint(m.BUDGET)
    def budget(m: Any, i: str, y: int) -> Any:
        spent = sum(m.price_expansion[s, y] * m.expansion[s, y] for s in m.X)
        spent += sum(m.charge[s, y] * m.use[s, y] for s in m.F)
        spent += sum(m.storage[e, y] * m.stock_target[e, y] for e in m.E)
        spent += sum(m.price_programme[s, g, y] * m.programme[s, g] for s, g in m.G)
        return spent <= budget_bound[i, y]

    footprints = sets.limits_of("footprint")
    m.FOOTPRINT = pyo.Set(initialize=[(i.name, y) for i in footprints for y in i.years], dimen=2, ordered=True)
    m.FOOTPRINT_OFFERS = pyo.Set(
        initialize=[
            (i.name, s, e, y) for i in footprints for s, e in sets.in_scope(i) if (s, e) in m.O for y in i.years
        ],
        dimen=4,
        ordered=True,
    )
    excess = given(m, "footprint_excess", m.FOOTPRINT_OFFERS, unit="1")

    @m.Constraint(m.FOOTPRINT)
    def footprint(m: Any, i: str, y: int) -> Any:
        scope = [(s, e) for s, e in sets.in_scope(by_name[i]) if (s, e) in m.O]
        return sum(excess[i, s, e, y] * m.contract[s, e, y] for s, e in scope) <= 0


def on_period(m: Any, sets: Sets, supply: Callable[[str, str], Any]) -> None:
    """Add the measures of the limits on all futures to the period `m`."""
    for limit in sets.limits_of("share"):
        bought = sum(limit.weight_of(e) * supply(s, e) for s, e in sets.in_scope(limit))
        m.add_component(f"supply_of_{limit.name}", pyo.Objective(expr=bought))

    measured = sets.limits_of("expected_shortage", "shortage_cvar")
    pairs = [(i.name, e) for i in measured for e in elements_of(i, sets)]
    m.MEASURED = pyo.Set(initialize=pairs, dimen=2, ordered=True)
    weight = given(m, "weight_shortage", m.MEASURED, unit="1/t")
    for limit in measured:
        unserved = sum(
            weight[limit.name, e] * m.shortage[i, k] for e in elements_of(limit, sets) for i, k in sets.tiers if i == e
        )
        m.add_component(f"shortage_of_{limit.name}", pyo.Objective(expr=unserved))


def elements_of(limit: Limit, sets: Sets) -> tuple[str, ...]:
    """The elements a limit speaks of: all of them when it names none."""
    return limit.elements or sets.elements
