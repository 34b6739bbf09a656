"""What is decided now: contracts, capacity, programmes and room for stock.

Sets   (s,e) ∈ O offers          y ∈ Y years            B ⊂ S sell baskets      F ⊂ S with fixed charge or minimum order
       C ⊂ S with a capacity     R ⊂ S may only grow so fast                    (s,g) ∈ G programme levels
       (s,e) ∈ H ⊂ O sold as options, too        (s,e) ∈ Q ⊂ O of which each order is charged
Data   committed_sey  firm already        t/yr          offered_sey  most on offer         t/yr
       share_sey      of the output       -  (yield)    capacity_sy  existing              t/yr
       level_sgy      of programme g      t/yr          growth_sy    most per year         t/yr
       least_sy       minimum order       t/yr          buildable_sy expansion per year    t/yr
       ceiling_ey     room for stock     t              existing_e   stock today           t
       reservable_sey most under option  t/yr
       all money is its present value, kUSD: price_expansion_sy, price_reserve_sey  kUSD yr/t, storage_ey  kUSD/t,
       price_programme_sgy, charge_sy, price_order_sey  kUSD
Vars   contract_sey t/yr, reserve_sey t/yr, output_sy t/yr, expansion_sy t/yr, stock_target_ey t, stock_today_e t >= 0;
       use_sy, placed_sey, programme_sg ∈ {0,1}

  min  Σ price_expansion expansion + Σ price_programme programme        investment
     + Σ charge use + Σ price_order placed + Σ price_reserve reserve    fixed
     + Σ storage stock_target                                           storage
  s.t. committed <= contract                                 ∀ (s,e), y     keep_commitment
       contract + reserve <= offered (times use, s ∈ F)      ∀ (s,e), y     within_offer
       reserve <= reservable                                 ∀ (s,e) ∈ H, y within_reservable
       contract + reserve <= offered placed                  ∀ (s,e) ∈ Q, y within_order
       contract_sey = share_sey output_sy                    ∀ s ∈ B, e, y  basket
       throughput_sy <= capacity_sy + Σ_g level_sgy programme_sgy + Σ_{v <= y - lead_s} expansion_sv   ∀ s ∈ C   within_capacity
         where throughput is the output of a basket, and otherwise Σ_e contract_sey + reserve_sey
       throughput_sy - throughput_s,y-1 <= growth_sy         ∀ s ∈ R, y     grow  (before the first year: nothing)
       expansion_sy <= buildable_sy                                         buildable
       Σ_e contract_sey >= least_sy use_sy                   ∀ s ∈ F, y     minimum_order
       programme_sgy = chosen_sgy                                           chosen_level
       stock_target_ey <= ceiling_ey                                        stock_ceiling
       stock_today_e = existing_e                                           what_exists
       and the rows of the limits on what is decided now, each in the file of its kind (`procure.limits`).

A programme level changes the law of the world (retaliation, interference), so levels are solved one by one and compared:
`chosen` says which. Stock is bought, drawn and sold in the periods; the plan only decides how much of it there may be, and pays
for that room, full or not. What exists has its room: the ceiling is never below it.

An option is a part of what is on offer, and of the capacity behind it, that is kept for the buyer at a fee: whether and how far
it is used is decided in the periods (`exercise`), when the state of the world is known.

Where the plan is revised, y is a moment (`formulation.moment`): a year and what reviews have seen, and "before" is before on the
way to it. What is spent at a moment after a review is known only along a path, so it is part of the periods.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from procure.formulation.quantity import Units, decide, declare_set, given, start
from procure.formulation.rows import row
from procure.formulation.sets import Sets
from procure.languages import Said
from procure.limits import KINDS, PlanLimit


def build_plan(m: Any, sets: Sets, units: Units | None = None) -> Any:
    """Write the plan of the module docstring into the Pyomo block `m` and return it."""
    start(m, units)
    declare_set(m, "Y", sets.moments, "year")
    declare_set(m, "O", sets.offers, "supplier", "element")
    declare_set(m, "E", sets.elements, "element")
    declare_set(m, "C", sets.capped, "supplier")
    declare_set(m, "F", sets.charged, "supplier")
    declare_set(m, "R", sets.ramped, "supplier")
    declare_set(m, "X", [supplier for supplier, _ in sets.expandable], "supplier")
    declare_set(m, "G", sets.programmes, "supplier", "programme")
    declare_set(m, "BO", [(s, e) for s, e in sets.offers if s in sets.baskets], "supplier", "element")
    declare_set(m, "B", sets.baskets, "supplier")
    declare_set(m, "H", sets.options, "supplier", "element")
    declare_set(m, "Q", sets.charged_orders, "supplier", "element")
    lead = dict(sets.expandable)

    committed = given(m, "committed", m.O, m.Y, unit="t/yr")
    offered = given(m, "offered", m.O, m.Y, unit="t/yr")
    share = given(m, "share", m.BO, m.Y, unit="1")
    capacity = given(m, "capacity", m.C, m.Y, unit="t/yr")
    level = given(m, "level", m.G, m.Y, unit="t/yr")
    chosen = given(m, "chosen", m.G, m.Y, unit="1")
    growth = given(m, "growth", m.R, m.Y, unit="t/yr")
    least = given(m, "least", m.F, m.Y, unit="t/yr")
    buildable = given(m, "buildable", m.X, m.Y, unit="t/yr")
    ceiling = given(m, "ceiling", m.E, m.Y, unit="t")
    existing = given(m, "existing", m.E, unit="t")
    reservable = given(m, "reservable", m.H, m.Y, unit="t/yr")
    price_expansion = given(m, "price_expansion", m.X, m.Y, unit="kUSD yr/t")
    price_programme = given(m, "price_programme", m.G, m.Y, unit="kUSD")
    charge = given(m, "charge", m.F, m.Y, unit="kUSD")
    storage = given(m, "storage", m.E, m.Y, unit="kUSD/t")
    price_order = given(m, "price_order", m.Q, m.Y, unit="kUSD")
    price_reserve = given(m, "price_reserve", m.H, m.Y, unit="kUSD yr/t")

    contract = decide(m, "contract", m.O, m.Y, unit="t/yr")
    reserve = decide(m, "reserve", m.H, m.Y, unit="t/yr")
    output = decide(m, "output", m.B, m.Y, unit="t/yr")
    expansion = decide(m, "expansion", m.X, m.Y, unit="t/yr")
    programme = decide(m, "programme", m.G, m.Y, unit="1", within=pyo.Binary)
    placed = decide(m, "placed", m.Q, m.Y, unit="1", within=pyo.Binary)
    use = decide(m, "use", m.F, m.Y, unit="1", within=pyo.Binary)
    stock_target = decide(m, "stock_target", m.E, m.Y, unit="t")
    stock_today = decide(m, "stock_today", m.E, unit="t")

    def taken(s: str, e: str, y: int) -> Any:
        return contract[s, e, y] + (reserve[s, e, y] if (s, e) in m.H else 0)

    def throughput(s: str, y: int) -> Any:
        if s in sets.baskets:
            return output[s, y]
        return sum(taken(s, e, y) for _, e in sets.of_supplier(s))

    @row(
        m,
        m.O,
        m.Y,
        tag="contractual",
        says=Said(
            "the buyer must take so much of {elements} from {supplier}",
            "買い手は{supplier}から{elements}の既契約量を引き取る",
        ),
        table="commitments.csv",
        gives_way=True,
    )
    def keep_commitment(m: Any, s: str, e: str, y: int) -> Any:
        return contract[s, e, y] >= committed[s, e, y]

    @row(
        m,
        m.O,
        m.Y,
        tag="contractual",
        says=Said("{supplier} offers only so much of {elements}", "{supplier}の{elements}供給枠には限りがある"),
        table="offers.csv",
    )
    def within_offer(m: Any, s: str, e: str, y: int) -> Any:
        return taken(s, e, y) <= offered[s, e, y] * (use[s, y] if s in sets.charged else 1)

    @row(
        m,
        m.H,
        m.Y,
        tag="contractual",
        says=Said(
            "{supplier} sells options only on so much of {elements}",
            "{supplier}の{elements}を予約できる量には限りがある",
        ),
        table="terms.csv",
    )
    def within_reservable(m: Any, s: str, e: str, y: int) -> Any:
        return reserve[s, e, y] <= reservable[s, e, y]

    @row(
        m,
        m.Q,
        m.Y,
        tag="definition",
        says=Said("{elements} comes from {supplier} where it is ordered", "{supplier}の{elements}は発注した年だけ届く"),
    )
    def within_order(m: Any, s: str, e: str, y: int) -> Any:
        return taken(s, e, y) <= offered[s, e, y] * placed[s, e, y]

    @row(
        m,
        m.BO,
        m.Y,
        tag="physical",
        says=Said("{supplier} sells its elements in fixed proportion", "{supplier}は元素を一定の比率で販売する"),
        table="baskets.csv",
    )
    def basket(m: Any, s: str, e: str, y: int) -> Any:
        return contract[s, e, y] == share[s, e, y] * output[s, y]

    @row(
        m,
        m.C,
        m.Y,
        tag="physical",
        says=Said("{supplier} has only so much capacity", "{supplier}の生産能力には限りがある"),
        table="terms.csv",
    )
    def within_capacity(m: Any, s: str, y: int) -> Any:
        bought = sum(expansion[s, v] for v in sets.way_to(y) if s in lead and int(v) <= int(y) - lead[s])
        chosen = sum(level[i, g, y] * programme[i, g, y] for i, g in m.G if i == s)
        return throughput(s, y) <= capacity[s, y] + chosen + bought

    @row(
        m,
        m.R,
        m.Y,
        tag="physical",
        says=Said("{supplier} can only grow so fast", "{supplier}の増産速度には限りがある"),
        table="terms.csv",
    )
    def grow(m: Any, s: str, y: int) -> Any:
        way = sets.way_to(y)
        before = throughput(s, way[-2]) if len(way) > 1 else 0
        return throughput(s, y) - before <= growth[s, y]

    @row(
        m,
        m.X,
        m.Y,
        tag="physical",
        says=Said("{supplier} can add only so much", "{supplier}の増設量には限りがある"),
        table="terms.csv",
    )
    def within_buildable(m: Any, s: str, y: int) -> Any:
        return expansion[s, y] <= buildable[s, y]

    @row(
        m,
        m.F,
        m.Y,
        tag="contractual",
        says=Said("{supplier} takes no smaller orders", "{supplier}は最低発注量未満を受けない"),
        table="terms.csv",
        gives_way=True,
    )
    def minimum_order(m: Any, s: str, y: int) -> Any:
        return sum(contract[s, e, y] for _, e in sets.of_supplier(s)) >= least[s, y] * use[s, y]

    @row(
        m,
        m.G,
        m.Y,
        tag="contractual",
        says=Said("{supplier} runs the level that is chosen", "{supplier}は選択した開発水準で操業する"),
        table="programmes.csv",
    )
    def chosen_level(m: Any, s: str, g: str, y: int) -> Any:
        return programme[s, g, y] == chosen[s, g, y]

    @row(
        m,
        m.E,
        m.Y,
        tag="physical",
        says=Said("there is room in stock for only {amount}", "備蓄枠は{amount}まで"),
        table="stock.csv",
        amount="ceiling",
    )
    def stock_ceiling(m: Any, e: str, y: int) -> Any:
        return stock_target[e, y] <= ceiling[e, y]

    @row(
        m,
        m.E,
        tag="physical",
        says=Said("the stock of today is only {amount}", "現在の備蓄は{amount}のみ"),
        table="stock.csv",
        amount="existing",
    )
    def what_exists(m: Any, e: str) -> Any:
        return stock_today[e] == existing[e]

    known = [y for y in m.Y if y not in sets.revised]  # the rest is spent along the paths: `formulation.period`
    m.investment = pyo.Objective(
        expr=sum(price_expansion[s, y] * expansion[s, y] for s in m.X for y in known)
        + sum(price_programme[s, g, y] * programme[s, g, y] for s, g in m.G for y in known)
    )
    m.fixed = pyo.Objective(
        expr=sum(charge[s, y] * use[s, y] for s in m.F for y in known)
        + sum(price_order[s, e, y] * placed[s, e, y] for s, e in m.Q for y in known)
        + sum(price_reserve[s, e, y] * reserve[s, e, y] for s, e in m.H for y in known)
    )
    m.storage_cost = pyo.Objective(expr=sum(storage[e, y] * stock_target[e, y] for e in m.E for y in known))
    for name, kind in KINDS.items():
        if isinstance(kind, PlanLimit) and (own := sets.limits_of(name)):
            kind.on_plan(m, sets, own)
    for extend in sets.extension.plan:
        extend(m, sets)
    return m
