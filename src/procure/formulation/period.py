"""What happens in one period, given the plan, the stock it starts with, and one state of the world.

Sets   (s,e) ∈ O offers    (s,e) ∈ K can be called    k ∈ steps_e of spot    k ∈ tiers_e of shortage    B ⊂ S sell baskets
       (s,e) ∈ H ⊂ O sold as options, too    (s,e) ∈ V ⊂ O may be given up    e ∈ D that cost something while they are held
       e ∈ W of which only so much may be left over    s ∈ Z whose elements share a capacity
Data   demand_e           t             delivered_se   of a contract arrives   yr    (share lost taken off, times the period)
       payment_se         kUSD yr/t     of a contract (delivered share × price, or price alone when paid as ordered)
       payment_output_s   kUSD yr/t     of the output of a basket: the price of a delivered tonne × Σ_e share_sey, what it holds
       reach_se           yr            the share of uncontracted volume that can be called, times delivered
       callable_se        t             what that comes to if nothing is contracted: reach × offered
       price_call_se, price_spot_ek, price_surplus_e, price_shortage_ek, price_end_e        kUSD/t
       price_exercise_se, price_cancelled_se, price_held_e                                  kUSD/t
       limit_spot_ek, limit_draw_e, limit_sold_e, limit_refill_e, limit_surplus_e, limit_shared_s, width_ek        t
Plan   contract_se t/yr, reserve_se t/yr, output_s t/yr, use_s, stock_target_e t;   stock_start_e t  from the period before
Vars   call_se, exercise_se, cancelled_se, spot_ek, draw_e, refill_e, stock_sold_e, stock_e, shortage_ek, surplus_e >= 0    all t

  min  Σ payment contract + Σ payment_output output
       + Σ price_cancelled cancelled                     contracts  (the price of giving up a tonne, less that of taking it)
     + Σ price_call call + Σ price_exercise exercise     calls
     + Σ price_spot spot                                 spot_purchases
     + Σ price_shortage shortage                         shortage_cost
     - Σ price_surplus (surplus + stock_sold)            sales
     - Σ price_end stock                                 stock_value  (zero but in the last period; then the price of the state)
     + Σ price_held stock                                storage_cost
     + what the plan spends after a review               investment, fixed, storage_cost  (only where there are reviews,
                                                         `_spent`; what it spends in the year is `outlays`, where a limit asks)
  s.t. Σ_s supply_se + Σ_k spot_ek + draw_e + Σ_k shortage_ek = demand_e + refill_e + surplus_e    ∀ e      balance
         where supply_se = delivered_se contract_se - cancelled_se + exercise_se + call_se, as far as there are such
       call_se <= callable_se (times use_s, s ∈ F) - reach_se (contract_se + reserve_se)
                                                                                   ∀ (s,e) ∈ K       within_reach
       exercise_se <= delivered_se reserve_se                                      ∀ (s,e) ∈ H       within_option
       cancelled_se <= delivered_se contract_se                                    ∀ (s,e) ∈ V       within_contract
       stock_e = stock_start_e + refill_e - draw_e - stock_sold_e                  ∀ e              carry
       stock_e <= stock_target_e                                                   ∀ e              within_target
       spot_ek <= limit_spot_ek, draw_e <= limit_draw_e, stock_sold_e <= limit_sold_e, refill_e <= limit_refill_e,
       shortage_ek <= width_ek,  surplus_e + stock_sold_e <= limit_surplus_e  (e ∈ W)   within_surplus
       Σ_e supply_se <= limit_shared_s                                             ∀ s ∈ Z          within_shared
       and the measures of the limits on all futures, each in the file of its kind (`procure.limits`).

Stock against disruption has ``limit_draw = 0`` where every supplier of the element with something to deliver is in its first,
undisturbed state; in any other, whatever that takes, and for an ordinary inventory, there is none but how fast stock can be
drawn. Stock can always be sold on, for want of room or use: a room that shrinks needs no disruption to be obeyed. What is sold
serves no demand and earns what surplus earns, or costs. Where any stock may be drawn, it is drawn and is surplus; where it may
not, it is `stock_sold`: only one of the two is open, so that it is told in one way.

Of a contract that may be given up, tonnes that would arrive are not taken: the price of giving up stands in the place of theirs.
A free right makes a contract an option that costs nothing.

A call is bought at the market of its state: neither the floor nor the rebate of a contract applies. Where surplus earns more than
a purchase costs, all that is on offer, callable or on the spot is bought and sold on, and no more: every purchase has its limit,
so the cost does too.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from procure.formulation.quantity import Units, carried, decide, declare_set, given, link, order, start
from procure.formulation.rows import row
from procure.formulation.sets import Sets
from procure.languages import Said
from procure.limits import futures_kind_of

#: Forms that are money, beside what an extension adds; the others are measures of a limit.
COSTS = ("contracts", "calls", "spot_purchases", "shortage_cost", "sales", "stock_value")


def build_period(m: Any, sets: Sets, units: Units | None = None) -> Any:
    """Write one period of the module docstring into the Pyomo block `m` and return it."""
    start(m, units)
    declare_set(m, "E", sets.elements, "element")
    declare_set(m, "O", sets.offers, "supplier", "element")
    declare_set(m, "K", sets.calls, "supplier", "element")
    declare_set(m, "B", sets.baskets, "supplier")
    declare_set(m, "F", sets.charged, "supplier")
    declare_set(m, "H", sets.options, "supplier", "element")
    declare_set(m, "V", sets.cancellable, "supplier", "element")
    declare_set(m, "D", sets.dear_to_hold, "element")
    declare_set(m, "W", sets.bounded_surplus, "element")
    declare_set(m, "Z", sets.sharing, "supplier")
    declare_set(m, "STEPS", sets.steps, "element", "step")
    declare_set(m, "TIERS", sets.tiers, "element", "tier")

    demand = given(m, "demand", m.E, unit="t")
    delivered = given(m, "delivered", m.O, unit="yr")
    payment = given(m, "payment", m.O, unit="kUSD yr/t")
    payment_output = given(m, "payment_output", m.B, unit="kUSD yr/t")
    reach = given(m, "reach", m.K, unit="yr")
    callable_ = given(m, "callable", m.K, unit="t")
    price_call = given(m, "price_call", m.K, unit="kUSD/t")
    price_exercise = given(m, "price_exercise", m.H, unit="kUSD/t")
    price_cancelled = given(m, "price_cancelled", m.V, unit="kUSD/t")
    price_held = given(m, "price_held", m.D, unit="kUSD/t")
    price_spot = given(m, "price_spot", m.STEPS, unit="kUSD/t")
    price_shortage = given(m, "price_shortage", m.TIERS, unit="kUSD/t")
    price_surplus = given(m, "price_surplus", m.E, unit="kUSD/t")
    price_end = given(m, "price_end", m.E, unit="kUSD/t")
    limit_spot = given(m, "limit_spot", m.STEPS, unit="t")
    limit_draw = given(m, "limit_draw", m.E, unit="t")
    limit_sold = given(m, "limit_sold", m.E, unit="t")
    limit_refill = given(m, "limit_refill", m.E, unit="t")
    limit_shared = given(m, "limit_shared", m.Z, unit="t")
    limit_surplus = given(m, "limit_surplus", m.W, unit="t")
    width = given(m, "width", m.TIERS, unit="t")

    contract = link(m, "contract", m.O, unit="t/yr")
    reserve = link(m, "reserve", m.H, unit="t/yr")
    output = link(m, "output", m.B, unit="t/yr")
    use = link(m, "use", m.F, unit="1")
    stock_target = link(m, "stock_target", m.E, unit="t")
    stock_start = carried(m, "stock_start", m.E, unit="t", before="stock", today="stock_today")

    call = order(m, "call", m.K, unit="t")
    exercise = order(m, "exercise", m.H, unit="t")
    cancelled = order(m, "cancelled", m.V, unit="t")
    spot = order(m, "spot", m.STEPS, unit="t")
    draw = decide(m, "draw", m.E, unit="t")
    refill = decide(m, "refill", m.E, unit="t")
    stock_sold = decide(m, "stock_sold", m.E, unit="t")
    stock = decide(m, "stock", m.E, unit="t")
    shortage = decide(m, "shortage", m.TIERS, unit="t")
    surplus = decide(m, "surplus", m.E, unit="t")

    def supply(s: str, e: str) -> Any:
        contracted = delivered[s, e] * contract[s, e] if (s, e) in m.O else 0
        given_up = cancelled[s, e] if (s, e) in m.V else 0
        under_option = exercise[s, e] if (s, e) in m.H else 0
        return contracted - given_up + under_option + (call[s, e] if (s, e) in m.K else 0)

    def taken(s: str, e: str) -> Any:
        return contract[s, e] + (reserve[s, e] if (s, e) in m.H else 0)

    @row(
        m,
        m.E,
        tag="definition",
        says=Said("what is used of {elements} comes from somewhere", "{elements}の使用量はどこかから調達される"),
    )
    def balance(m: Any, e: str) -> Any:
        supplied = sum(supply(s, e) for s, _ in sets.of_element(e))
        bought = sum(spot[i, k] for i, k in m.STEPS if i == e)
        unserved = sum(shortage[i, k] for i, k in m.TIERS if i == e)
        return supplied + bought + draw[e] + unserved == demand[e] + refill[e] + surplus[e]

    @row(
        m,
        m.K,
        tag="physical",
        says=Said("{supplier} delivers on call only {amount}", "{supplier}の随時納入は{amount}まで"),
        table="terms.csv",
        amount="callable",
    )
    def within_reach(m: Any, s: str, e: str) -> Any:
        volume = callable_[s, e] * (use[s] if s in sets.charged else 1)
        return call[s, e] <= volume - (reach[s, e] * taken(s, e) if (s, e) in m.O else 0)

    @row(
        m,
        m.H,
        tag="definition",
        says=Said(
            "of {elements} no more than what is kept under option comes from {supplier}",
            "{supplier}の{elements}は予約した量までしか使えない",
        ),
    )
    def within_option(m: Any, s: str, e: str) -> Any:
        return exercise[s, e] <= delivered[s, e] * reserve[s, e]

    @row(
        m,
        m.V,
        tag="definition",
        says=Said(
            "of {elements} no more is given up than arrives from {supplier}",
            "{supplier}の{elements}は届く量までしか解約できない",
        ),
    )
    def within_contract(m: Any, s: str, e: str) -> Any:
        return cancelled[s, e] <= delivered[s, e] * contract[s, e]

    @row(
        m,
        m.E,
        tag="definition",
        says=Said(
            "stock of {elements} is what was there, and what came and went",
            "{elements}の備蓄は前期末に出入りを加えたもの",
        ),
    )
    def carry(m: Any, e: str) -> Any:
        return stock[e] == stock_start[e] + refill[e] - draw[e] - stock_sold[e]

    @row(
        m,
        m.E,
        tag="definition",
        says=Said(
            "stock of {elements} fits into the room that the plan pays for",
            "{elements}の備蓄は計画が費用を負担する枠に収まる",
        ),
    )
    def within_target(m: Any, e: str) -> Any:
        return stock[e] <= stock_target[e]

    @row(
        m,
        m.STEPS,
        tag="physical",
        says=Said("the spot market sells only {amount}", "スポット市場で買えるのは{amount}まで"),
        table="spot.csv",
        amount="limit_spot",
    )
    def within_spot(m: Any, e: str, k: int) -> Any:
        return spot[e, k] <= limit_spot[e, k]

    @row(
        m,
        m.E,
        tag="physical",
        says=Said(
            "the stock of {elements} is drawn only in a disruption", "{elements}の備蓄は供給途絶時にのみ放出する"
        ),
        table="stock.release",
    )
    def within_draw(m: Any, e: str) -> Any:
        return draw[e] <= limit_draw[e]

    @row(
        m,
        m.E,
        tag="definition",
        says=Said("stock of {elements} is sold where it is not drawn", "放出しない{elements}の備蓄は売却される"),
    )
    def within_sold(m: Any, e: str) -> Any:
        return stock_sold[e] <= limit_sold[e]

    @row(
        m,
        m.E,
        tag="physical",
        says=Said("only {amount} can go into stock in a period", "1期に備蓄へ積み増せるのは{amount}まで"),
        table="stock.csv",
        amount="limit_refill",
    )
    def within_refill(m: Any, e: str) -> Any:
        return refill[e] <= limit_refill[e]

    @row(
        m,
        m.Z,
        tag="physical",
        says=Said(
            "{supplier} delivers only so much of all elements together", "{supplier}の全元素合計の納入量には限りがある"
        ),
        table="terms.csv",
    )
    def within_shared(m: Any, s: str) -> Any:
        return sum(supply(i, e) for i, e in sets.sold if i == s) <= limit_shared[s]

    @row(
        m,
        m.W,
        tag="physical",
        says=Said("only {amount} may be left over", "余剰は{amount}まで"),
        table="stock.csv",
        amount="limit_surplus",
    )
    def within_surplus(m: Any, e: str) -> Any:
        return surplus[e] + stock_sold[e] <= limit_surplus[e]

    @row(
        m,
        m.TIERS,
        tag="definition",
        says=Said("a tier of shortage of {elements} holds so much", "{elements}の供給不足の各段には量の限りがある"),
    )
    def within_width(m: Any, e: str, k: int) -> Any:
        return shortage[e, k] <= width[e, k]

    m.contracts = pyo.Objective(
        expr=sum(payment[s, e] * contract[s, e] for s, e in m.O)
        + sum(payment_output[s] * output[s] for s in m.B)
        + sum(price_cancelled[s, e] * cancelled[s, e] for s, e in m.V)
    )
    m.calls = pyo.Objective(
        expr=sum(price_call[s, e] * call[s, e] for s, e in m.K)
        + sum(price_exercise[s, e] * exercise[s, e] for s, e in m.H)
    )
    m.spot_purchases = pyo.Objective(expr=sum(price_spot[e, k] * spot[e, k] for e, k in m.STEPS))
    m.shortage_cost = pyo.Objective(expr=sum(price_shortage[e, k] * shortage[e, k] for e, k in m.TIERS))
    m.sales = pyo.Objective(expr=-sum(price_surplus[e] * (surplus[e] + stock_sold[e]) for e in m.E))
    m.stock_value = pyo.Objective(expr=-sum(price_end[e] * stock[e] for e in m.E))
    held = sum(price_held[e] * stock[e] for e in m.D)
    if sets.revised or sets.counts_plan:
        _read_spending(m, sets)
    if sets.revised:  # what is decided after a review is known only along a path
        spent = _spent(m, "cost")
        m.investment, m.fixed = pyo.Objective(expr=spent["investment"]), pyo.Objective(expr=spent["fixed"])
        m.storage_cost = pyo.Objective(expr=held + spent["storage_cost"])
    elif sets.dear_to_hold:
        m.storage_cost = pyo.Objective(expr=held)
    if sets.counts_plan:
        outlays = _spent(m, "outlay")
        m.outlays = outlays | {"storage_cost": held + outlays["storage_cost"]}
    for limit in sets.limits_on_futures:
        measured = futures_kind_of(limit).on_period(m, sets, limit, supply)
        if measured is not None:
            m.measures[limit.name] = f"measure_of_{limit.name}"
            m.add_component(m.measures[limit.name], pyo.Objective(expr=measured))
    for extend in sets.extension.period:
        extend(m, sets)
    return m


def _read_spending(m: Any, sets: Sets) -> None:
    """Let the period read what else of the plan costs money in its year."""
    declare_set(m, "X", [supplier for supplier, _ in sets.expandable], "supplier")
    declare_set(m, "G", sets.programmes, "supplier", "programme")
    declare_set(m, "Q", sets.charged_orders, "supplier", "element")
    link(m, "expansion", m.X, unit="t/yr")
    link(m, "programme", m.G, unit="1")
    link(m, "placed", m.Q, unit="1")


def _spent(m: Any, prefix: str) -> dict[str, Any]:
    """What the plan spends in this year, kUSD, by part of the costs; the data of its prices are declared, with a prefix.

    Σ expansion + Σ programme          investment
    Σ use + Σ order + Σ reserve        fixed
    Σ room stock_target                storage_cost            each times its price
    """
    expansion = given(m, f"{prefix}_expansion", m.X, unit="kUSD yr/t")
    programme = given(m, f"{prefix}_programme", m.G, unit="kUSD")
    use = given(m, f"{prefix}_use", m.F, unit="kUSD")
    order = given(m, f"{prefix}_order", m.Q, unit="kUSD")
    reserve = given(m, f"{prefix}_reserve", m.H, unit="kUSD yr/t")
    room = given(m, f"{prefix}_room", m.E, unit="kUSD/t")
    return {
        "investment": sum(expansion[s] * m.expansion[s] for s in m.X)
        + sum(programme[s, g] * m.programme[s, g] for s, g in m.G),
        "fixed": sum(use[s] * m.use[s] for s in m.F)
        + sum(order[s, e] * m.placed[s, e] for s, e in m.Q)
        + sum(reserve[s, e] * m.reserve[s, e] for s, e in m.H),
        "storage_cost": sum(room[e] * m.stock_target[e] for e in m.E),
    }
