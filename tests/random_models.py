"""Random small models, made the way a user makes his own: tables, then choices, then the market over a tree.

One seed is one model; every feature of the formulation is switched on by a toss, so that a few dozen seeds meet all of
them. Without limits every model has a solution: commitments fit into offers, capacity and growth, and shortage can take all
of the demand.
"""

import numpy as np
import pandas as pd
import pytest

from procure.facts import Facts
from procure.market import make_market
from procure.model import make_model
from procure.scenarios.tree import Tree
from procure.scenarios.world import processes, programme_choices

ELEMENTS = {"La": "light", "Nd": "light", "Dy": "heavy", "Y": "heavy"}
NAMES = ("north", "south", "east", "west")
STATES = ("open", "slow", "shut")


def seeds(quick, all_of_them):
    """Seeds for a parametrised test: some in every run, the rest only where slow tests are asked for."""
    return [pytest.param(seed, marks=pytest.mark.slow if seed >= quick else ()) for seed in range(all_of_them)]


def random_frames(seed):
    """The tables of a random world: 1 to 3 elements, 2 to 4 suppliers, prices, terms, stock, shortage, spot."""
    random = np.random.default_rng(seed)
    toss = lambda chance=0.5: bool(random.random() < chance)  # noqa: E731  # reads as what it is
    number = lambda low, high: round(float(random.uniform(low, high)), 3)  # noqa: E731
    elements = [str(e) for e in random.permutation(list(ELEMENTS))[: random.integers(1, 4)]]
    suppliers = list(NAMES[: random.integers(2, 5)])
    rows = {
        name: []
        for name in (
            "elements", "demand", "prices", "suppliers", "terms", "offers", "shipments", "commitments", "baskets", "programmes",
            "states", "transitions", "depths", "multiples", "projects", "stock", "shortage", "spot", "demand_levels",
        )
    }  # fmt: skip

    def add(table, **cells):
        rows[table].append(cells)

    for e in elements:
        add("elements", element=e, class_default=ELEMENTS[e])
        demand, price = number(50, 500), number(5, 300)
        add("demand", element=e, year=2026, value=demand, growth=number(-0.05, 0.1))
        if toss():
            add("demand", element=e, year=2028, value=demand * number(0.8, 1.5), growth=number(0, 0.1))
        add("prices", element=e, layer="licensed", value=price)
        add("prices", element=e, layer="contract", value=price * number(0.9, 1.4))
        add("prices", element=e, layer="spot", value=price * number(1.5, 3))
        add("stock", scope=e, attribute="existing", value=number(0, 0.2) * demand)
        add("stock", scope=e, attribute="max_days", value=number(30, 200))
        widths = random.dirichlet(np.ones(random.integers(1, 4))).round(4)
        widths[-1] = 1 - widths[:-1].sum()
        for tier, width in enumerate(widths, start=1):
            add("shortage", scope=e, tier=tier, attribute="width", value=width)
            add("shortage", scope=e, tier=tier, attribute="cost", value=price * number(2, 6) * tier**2)
    add("stock", scope="all", attribute="storage", value=number(0, 0.1))
    add("stock", scope="all", attribute="refill_share", value=number(0.1, 0.5))
    add("stock", scope="all", attribute="end_value", value=number(0, 0.8))
    for step in range(1, int(random.integers(1, 4))):
        add("spot", scope="all", step=step, attribute="limit", value=number(0.01, 0.1))
        add("spot", scope="all", step=step, attribute="factor", value=number(0.8, 2) * step)
    factor = number(1.05, 1.4)
    add("demand_levels", scope="all", level="usual", value=0.7, factor=1.0)
    add("demand_levels", scope="all", level="boom", value=0.3, factor=factor)

    demand_of = {r["element"]: r["value"] for r in rows["demand"] if r["year"] == 2026}
    price_of = {(r["element"], r["layer"]): r["value"] for r in rows["prices"]}
    for number_of_supplier, s in enumerate(suppliers):
        basket = number_of_supplier > 0 and toss(0.35)
        layer = str(random.choice(["licensed", "contract"]))
        add(
            "suppliers",
            supplier=s,
            country="Northland" if s in ("north", "east") else "Southland",
            kind="basket" if basket else "free",
            price_rule=str(random.choice(["fixed", "index", "floor", "floor_rebate"])),
            price_layer=layer,
            payment=str(random.choice(["delivered", "ordered"])),
            first_year=2028 if toss(0.15) else None,
        )
        sold = [e for e in elements if toss(0.8)] or elements[:1]
        charged = toss(0.3)
        term = lambda attribute, value, scope="all", year=2026, s=s: add(  # noqa: E731
            "terms", supplier=s, scope=scope, attribute=attribute, year=year, value=value
        )
        term("surplus_discount", number(0, 0.9))
        term("price_factor", number(0.8, 1.2))
        for e in sold:
            index = price_of[e, layer]
            term("floor", index * number(0.7, 1.3), e)
            term("rebate_threshold", index * number(0.9, 1.3), e)
            if toss(0.3):
                term("price", index * number(0.7, 1.2), e)
        term("rebate_share", number(0, 0.5))
        term("footprint", number(0, 3))
        volume = sum(demand_of[e] for e in sold) * number(0.3, 1.0)
        firm: list[float] = []
        if basket:
            shares = random.dirichlet(np.ones(len(sold))).round(4) * number(0.8, 0.99)
            for e, share in zip(sold, shares, strict=True):
                add("baskets", supplier=s, element=e, value=share)
            term("recovery", number(0.7, 1.0))
            term("price", number(0.5, 1.2) * float(np.mean([price_of[e, layer] for e in sold])))
            term("capacity", volume)
            if toss():
                for level, size in (("none", 0.0), ("pilot", number(0.1, 0.6))):
                    add("programmes", supplier=s, programme=level, attribute="capacity", year=2027, value=size * volume)
                    add("programmes", supplier=s, programme=level, attribute="investment", year=2027, value=size * 1e4)
                    add(
                        "programmes", supplier=s, programme=level, attribute="running_cost", year=2027, value=size * 1e3
                    )
        else:
            offered = 0.0
            for e in sold:
                offer = number(0.2, 1.2) * demand_of[e]
                offered += offer
                add("offers", supplier=s, element=e, year=2026, value=offer)
                if number_of_supplier % 2:
                    add("shipments", supplier=s, element=e, value=offer * (0.6 + 0.1 * len(firm)))
                if number_of_supplier == 2:
                    term("contract_limit", 0.7 * offer, e)
                if toss(0.3):
                    firm.append(offer * number(0.05, 0.3))
                    add("commitments", supplier=s, element=e, year=2026, value=firm[-1])
                    add("commitments", supplier=s, element=e, year=2028, value=0)
            term("call_share", number(0, 1) if toss(0.8) else 0.0)
            term("call_premium", number(0.95, 1.3))
            if toss(0.4):
                term("capacity", offered * number(0.4, 0.9))
            if toss(0.3):
                term("growth", offered * number(0.35, 0.7))
            volume = offered
        if toss(0.3):
            term("expansion_limit", volume * number(0.05, 0.3))
            term("expansion_cost", number(1, 30))
            term("expansion_lead", int(random.integers(0, 3)))
        if charged:
            term("fixed_charge", number(10, 2000))
            # Today's contracts alone must be able to reach it.
            term("minimum_order", min([volume * number(0.05, 0.2), *firm]))
        for order, state in enumerate(STATES):
            kind = "regime" if order == 0 or toss() else "episode"
            add("states", chain=s, state=state, value=number(3, 10), kind=kind, order=order)
            if order:
                add("transitions", **{"chain": s, "from": "open", "to": state, "value": number(0.05, 0.6)})
                add("transitions", **{"chain": s, "from": state, "to": "open", "value": number(0.5, 2)})
                for scope in ("light", "heavy"):
                    if scope in {ELEMENTS[e] for e in elements}:
                        # A basket fails as a whole, so its depth is the same for every class.
                        add("depths", chain=s, scope="all" if basket else scope, state=state, value=number(0.05, 1))
                for kind_of_price in ("licensed", "contract", "spot"):
                    if toss(0.4):
                        add("multiples", chain=s, state=state, layer=kind_of_price, scope="all", value=number(0.8, 3))
        if toss(0.25):
            for start, chance in (("2027", 0.25), ("2028", 0.5), ("never", 0.25)):
                add("projects", supplier=s, start=start, value=chance)
            for age, ramp in ((0, 0.4), (1, 0.8), (2, 1.0)):
                term("ramp", ramp, year=age)
    rows["depths"] = list({(r["chain"], r["scope"], r["state"]): r for r in rows["depths"]}.values())
    return {name: pd.DataFrame(table) for name, table in rows.items() if table}


def random_model(seed, limits=(), **choices):
    """A random model with these limits; `choices` (by dotted path, with "__" for ".") take the place of tossed ones."""
    random = np.random.default_rng([seed, 1])
    frames = random_frames(seed)
    orders = str(random.choice(["after", "before"]))
    settings = {
        "model": {
            "name": f"random-{seed}",
            "years": [2027, 2027 + int(random.integers(0, 4))],
            "periods_per_year": int(random.choice([1, 1, 2])),
            "discount_rate": round(float(random.uniform(0, 0.1)), 3),
        },
        "risk": {
            "alpha": float(random.choice([0.0, 0.5, 0.9, 0.95])),
            "weight": float(random.choice([0.0, 0.3, 0.7, 1.0])),
        },
        "demand": {"uncertain": str(random.choice(["none", "yearly"])), "orders": orders},
        "stock": {"release": str(random.choice(["disruption", "always"]))},
        "suppliers": {},
        "limits": list(limits),
    }
    levels = frames.get("programmes")
    for s in frames["suppliers"]["supplier"]:
        settings["suppliers"][s] = {"contracts": str(random.choice(["free", "free", "free", "committed", "none"]))}
        if s in set(frames["baskets"]["supplier"]) if "baskets" in frames else False:
            settings["suppliers"][s] = {}
        if levels is not None and s in set(levels["supplier"]):
            settings["suppliers"][s]["programmes"] = ["none", "pilot"]
    return make_model(settings, Facts.from_frames(frames)).with_(
        **{path.replace("__", "."): value for path, value in choices.items()}
    )


def random_tree(model, seed, n_paths=8, programmes=None):
    """Random paths through the states of the model's processes, with random probabilities: a tree of irregular shape."""
    random = np.random.default_rng([seed, 2])
    chains = processes(model, programmes or {})
    n_periods = len(model.years) * model.settings.model.periods_per_year
    codes = np.stack(
        [random.integers(0, len(process.states), size=(n_paths, n_periods)) for process in chains], axis=-1
    )
    # Half of the paths share their first half with another, so that the tree branches late, too.
    half = n_paths // 2
    codes[half : 2 * half, : (n_periods + 1) // 2] = codes[:half, : (n_periods + 1) // 2]
    for column, process in enumerate(chains):
        if process.name.endswith("_project"):  # a plant that runs goes on running
            started = np.argmax(codes[:, :, column] > 0, axis=1)
            for path in range(n_paths):
                codes[path, started[path] :, column] = codes[path, started[path], column]
    return Tree.from_paths(
        codes, random.dirichlet(np.ones(n_paths)), [p.name for p in chains], [p.states for p in chains]
    )


def split(tree, node, share):
    """The same futures with a node, and all below it, written twice: `share` and the rest of its probability."""
    below = np.zeros(tree.n_nodes, dtype=bool)
    below[node] = True
    for n in range(node + 1, tree.n_nodes):
        below[n] = tree.parent[n] >= 0 and below[tree.parent[n]]
    copied = np.flatnonzero(below)
    old = np.concatenate([np.arange(tree.n_nodes), copied])
    weight = np.concatenate([np.where(below, share, 1.0), np.full(len(copied), 1 - share)])
    copy = tree.n_nodes - 1 + np.cumsum(below)
    above = tree.parent[copied]
    parent = np.concatenate([tree.parent, np.where((above >= 0) & below[above], copy[above], above)])
    # number all anew, period by period, so that siblings stand together
    number = np.full(len(old) + 1, -1)
    order: list[int] = []
    for period in range(tree.n_periods):
        members = np.flatnonzero(tree.period[old] == period)
        members = members[np.lexsort((members, number[parent[members]]))]
        number[members] = np.arange(len(order), len(order) + len(members))
        order += members.tolist()
    take = old[order]
    return Tree(
        tree.period[take],
        number[parent[order]],
        tree.probability[take] * weight[order],
        tree.processes,
        tree.states,
        tree.state[take],
    )


def random_market(seed, limits=(), **choices):
    """The market of a random model under one of its programme choices, over a random tree."""
    return market_of(random_model(seed, limits, **choices), seed)


def market_of(model, seed):
    """The market of a model over the random tree of `seed`, under one of the model's programme choices."""
    options = programme_choices(model)
    programmes = options[seed % len(options)]
    return make_market(model, programmes, random_tree(model, seed, programmes=programmes))
