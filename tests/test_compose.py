"""The composed program against a plain Pyomo model, and the properties that any honest stochastic program has.

Costs agree, mixes may tie, so only costs are compared.
"""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import plain_pyomo
from procure import risk
from procure.facts import Facts
from procure.formulation.period import COSTS
from procure.lp import highs
from procure.lp.program import Status
from procure.market import exposure, make_market
from procure.model import load_model, make_model
from procure.program.program import compose
from procure.program.solve import solve_program
from procure.program.templates import risk_of
from procure.scenarios.tree import Tree
from procure.units import KUSD_PER_MUSD
from random_models import market_of, random_frames, random_market, random_model, random_tree, seeds, split

EXACT = {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
SLACK = 1e6  # million USD: a limit that never binds
LIMITS = (
    {"name": "north", "kind": "share", "supplier": "north", "max": 1.0},
    {"name": "southland", "kind": "share", "country": "Southland", "weight": "value", "max": 1.0},
    {"name": "mean_shortage", "kind": "expected_shortage", "max": 1.0},
    {"name": "bad_years", "kind": "shortage_cvar", "alpha": 0.8, "weight": "value", "max": 1.0},
    {"name": "always_north", "kind": "share", "supplier": "north", "when": "always", "max": 1.0},
    {"name": "mean_south", "kind": "share", "country": "Southland", "when": "mean", "max": 1.0},
    {"name": "cost_tail", "kind": "cost_cvar", "alpha": 0.8, "max": SLACK},
    {"name": "worst", "kind": "worst_case", "max": SLACK},
)
#: Of these `measured` takes what is reached relative to the bound in force.
SHARES = {limit["name"] for limit in LIMITS if limit["kind"] == "share"}


def solved(market):
    """The optimum of a market: composition and outcome."""
    program = compose(market)
    solution = highs.solve(program.composed.lp, EXACT)
    assert solution.status is Status.OPTIMAL, solution.message
    composition = program.composition
    return composition, composition.read(solution, program.composed, market.probability, risk_of(market.model))


def cost(market):
    """The least weighed cost, kUSD; infinite where there is none."""
    solution = highs.solve(compose(market).composed.lp, EXACT)
    assert solution.status in (Status.OPTIMAL, Status.INFEASIBLE), solution.message
    return solution.objective if solution.status is Status.OPTIMAL else np.inf


def plain_cost(market):
    weighing = risk_of(market.model)
    return plain_pyomo.solve(
        market.sets, market.shape, market.plan, market.period, market.probability, market.discount,
        weighing.alpha, weighing.weight, market.bounds,
    )  # fmt: skip


def measured(market):
    """Value of every limit at the optimum, in the unit of its bound in the model file, by plain arithmetic."""
    composition, outcome = solved(market)
    forms = composition.period.form_values(market.period_data(composition.period), outcome.nodes)
    name = list(composition.period.forms)
    plan = composition.plan.form_values(market.plan_data(composition.plan)[None], outcome.plan[None]).sum()
    node_cost = market.discount * forms[:, [name.index(form) for form in COSTS]].sum(axis=1)
    path = plan + node_cost[market.tree.paths()].sum(axis=1)
    leaf = market.probability[market.shape.leaves]
    values = {}
    for limit in market.sets.limits:
        if limit.kind == "worst_case":
            values[limit.name] = risk.worst_case(path, leaf) / 1e3
        elif limit.kind == "cost_cvar":
            values[limit.name] = risk.cvar(path, leaf, alpha=limit.alpha) / 1e3
        else:
            form = f"measure_of_{limit.name}"
            by_year = []
            for year in limit.years:
                bound = market.bounds[limit.name, year]
                if not len(bound.nodes) or not bound.most:
                    continue
                value, p = forms[bound.nodes, name.index(form)], market.probability[bound.nodes]
                if limit.detail == "always":
                    by_year.append((value / bound.numbers["demand"]).max() / bound.most)
                elif limit.kind == "share":
                    by_year.append(p @ value / bound.most)  # the bound of the file is 1
                elif limit.kind == "expected_shortage":
                    by_year.append(p @ value / p.sum())
                else:
                    by_year.append(risk.cvar(value, p / p.sum(), alpha=limit.alpha))
            values[limit.name] = max(by_year, default=0.0)
    weighing = risk_of(market.model)
    weighed = (1 - weighing.weight) * path @ leaf + weighing.weight * risk.cvar(path, leaf, alpha=weighing.alpha)
    return outcome.solution.objective, weighed, values


# --- two routes


@pytest.mark.parametrize("seed", seeds(12, 24))
def test_composed_program_agrees_with_plain_pyomo(seed):
    market = random_market(seed)
    assert cost(market) == approx(plain_cost(market), rel=1e-7, abs=1e-4)


@pytest.mark.parametrize("seed", seeds(10, 20))
def test_limits_on_all_futures_agree_with_plain_pyomo(seed):
    """Two limits are drawn and set below what the free optimum comes to, so that most bind, and some cannot be kept."""
    random = np.random.default_rng([seed, 3])
    model = random_model(seed, LIMITS)
    _, _, values = measured(market_of(model, seed))
    drawn = [str(name) for name in random.permutation([n for n, value in values.items() if value > 1e-6])[:2]]
    tightened = {f"limits.{name}.max": float(values[name] * random.uniform(0.9, 0.999)) for name in drawn}
    market = market_of(model.with_(**tightened), seed)
    fast, slow = cost(market), plain_cost(market)
    assert fast == slow if np.isinf(slow) else fast == approx(slow, rel=1e-7, abs=1e-4)
    assert fast >= cost(market_of(model, seed)) - 1e-4
    if np.isfinite(fast):
        _, _, kept = measured(market)
        most = {name: 1.0 if name in SHARES else tightened[f"limits.{name}.max"] for name in drawn}
        assert all(kept[name] <= most[name] * (1 + 1e-6) for name in drawn)


def test_random_limits_bind_and_can_be_kept():
    """The test above means little if its limits never bind or never can be kept."""
    model = random_model(2, LIMITS)
    free, _, values = measured(market_of(model, 2))
    for name in ("mean_shortage", "cost_tail", "worst"):
        assert free < cost(market_of(model.with_(**{f"limits.{name}.max": values[name] * 0.999}), 2)) < np.inf


@pytest.mark.parametrize("seed", range(10))
def test_objective_measured_again_over_the_leaves(seed):
    objective, weighed, _ = measured(random_market(seed, LIMITS))
    assert weighed == approx(objective, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("name", [None, "cost_tail", "worst"])
@pytest.mark.parametrize("seed", [0, 2, 4, 5, 12])
def test_what_is_spent_for_sure_weighs_the_same_wherever_it_is_spent(name, seed):
    """A kUSD more on every path: spent by the plan, or in all nodes of any one period. Without a limit on cost it adds one to the
    objective, and each leaf the weight of its path; a limit that binds adds its price."""
    model = random_model(seed, LIMITS, risk__alpha=0.5)
    if name is not None:
        values = measured(market_of(model, seed))[2]
        model = model.with_(**{f"limits.{name}.max": values[name] * 0.9999})
    market = market_of(model, seed)
    answer = solve_program(compose(market))
    outcome = answer.outcome
    of_plan, of_node = answer.composition.weights(
        outcome.solution, answer.program.composed, market.probability, market.discount, risk_of(model)
    )
    sure = of_node / market.discount
    periods = np.asarray(market.tree.period)
    assert np.bincount(periods, weights=sure) == approx(np.full(periods.max() + 1, of_plan))
    if name is None:
        assert of_plan == approx(1) and sure[market.shape.leaves] == approx(outcome.tail_weight)
    else:
        assert of_plan == approx(1 - outcome.future_dual[name, None] / KUSD_PER_MUSD) and of_plan > 1


# --- risk


@pytest.mark.parametrize("seed", range(8))
def test_alpha_zero_is_the_mean_and_weight_zero_is_neutral(seed):
    neutral = cost(random_market(seed, risk__weight=0.0, risk__alpha=0.9))
    assert cost(random_market(seed, risk__weight=1.0, risk__alpha=0.0)) == approx(neutral, rel=1e-9)
    assert cost(random_market(seed, risk__weight=0.4, risk__alpha=0.0)) == approx(neutral, rel=1e-9)
    assert cost(random_market(seed, risk__weight=0.4, risk__alpha=0.9)) >= neutral - 1e-6 * abs(neutral)


@pytest.mark.parametrize("seed", range(8))
def test_one_scenario_is_the_deterministic_program(seed):
    """With one path the tail is the path itself: weight and level of the tail do not matter."""
    model = random_model(seed, demand__uncertain="none")
    tree = random_tree(model, seed, n_paths=1)
    costs = [
        cost(make_market(model.with_(**{"risk.weight": weight, "risk.alpha": alpha}), tree=tree))
        for weight, alpha in ((0.0, 0.0), (1.0, 0.95), (0.5, 0.5))
    ]
    assert costs == approx([costs[0]] * 3, rel=1e-9)


# --- what must change nothing


@pytest.mark.parametrize("seed", range(10))
def test_a_scenario_split_in_two_changes_nothing(seed):
    model = random_model(seed)
    tree = random_tree(model, seed)
    node = int(np.random.default_rng(seed).integers(tree.n_nodes))
    whole, halves = (cost(make_market(model, tree=t)) for t in (tree, split(tree, node, 0.5)))
    assert halves == approx(whole, rel=1e-9)


def shuffled(frames, seed):
    """The same tables with their rows in another order, so that elements, suppliers and states change places."""
    random = np.random.default_rng([seed, 4])
    return {name: frame.iloc[random.permutation(len(frame))].reset_index(drop=True) for name, frame in frames.items()}


@pytest.mark.parametrize("seed", range(10))
def test_rows_in_another_order_change_nothing(seed):
    model = random_model(seed)
    other = make_model(model.settings, Facts.from_frames(shuffled(random_frames(seed), seed)))
    tree = random_tree(model, seed)
    random = np.random.default_rng([seed, 5])
    paths = tree.state[tree.paths()][random.permutation(len(tree.leaves))]  # the scenarios, in another order
    weight = {tuple(map(tuple, tree.state[path])): tree.probability[path[-1]] for path in tree.paths()}
    again = Tree.from_paths(
        paths, [weight[tuple(map(tuple, path))] for path in paths.tolist()], tree.processes, tree.states
    )
    assert cost(make_market(other, tree=again)) == approx(cost(make_market(model, tree=tree)), rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_a_supplier_with_nothing_to_sell_changes_nothing(seed):
    frames = random_frames(seed)
    element = frames["elements"]["element"][0]
    ghost = {
        "suppliers": {"supplier": "ghost", "country": "Nowhere", "kind": "free", "price_rule": "fixed"},
        "offers": {"supplier": "ghost", "element": element, "year": 2026, "value": 0.0},
        "terms": {"supplier": "ghost", "scope": "all", "attribute": "call_share", "year": 2026, "value": 1.0},
    }
    # The hardest terms of an element's suppliers price what is left over; these are the softest.
    discount = {"supplier": "ghost", "scope": "all", "attribute": "surplus_discount", "year": 2026, "value": 0.0}
    with_ghost = {
        name: pd.concat([frames[name], pd.DataFrame([row])], ignore_index=True) for name, row in ghost.items()
    }
    with_ghost["terms"] = pd.concat([with_ghost["terms"], pd.DataFrame([discount])], ignore_index=True)
    model = random_model(seed)
    other = make_model(model.settings, Facts.from_frames(frames | with_ghost))
    tree = random_tree(model, seed)
    assert cost(make_market(other, tree=tree)) == approx(cost(make_market(model, tree=tree)), rel=1e-9)


# --- what must change in one direction only


@pytest.mark.parametrize("seed", range(8))
def test_more_on_offer_never_costs_more(seed):
    frames = random_frames(seed)
    model = random_model(seed, world__tree__nodes=300)
    larger = dict(frames)
    for name in ("offers", "terms"):
        if name in frames:
            larger[name] = frames[name].copy()
            more = larger[name]["attribute"].isin(["capacity", "expansion_limit"]) if name == "terms" else slice(None)
            larger[name].loc[more, "value"] *= 1.3
    tree = random_tree(model, seed)
    more = make_model(model.settings, Facts.from_frames(larger))
    assert cost(make_market(more, tree=tree)) <= cost(make_market(model, tree=tree)) * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_a_rarer_failure_never_costs_more(seed):
    """One year, all suppliers open or all slow, prices the same in both.

    Without commitments: a dear one that does not arrive, and is not paid, is a saving. Without projects: there the first
    state is the one that delivers nothing.
    """
    left_out = ("multiples", "commitments", "projects")
    frames = {name: frame for name, frame in random_frames(seed).items() if name not in left_out}
    settings = random_model(seed, demand__uncertain="none", stock__release="always", model__periods_per_year=1).settings
    free = {name: choice.model_copy(update={"contracts": "free"}) for name, choice in settings.suppliers.items()}
    one_year = settings.model.model_copy(update={"years": (2027, 2027)})
    model = make_model(settings.model_copy(update={"model": one_year, "suppliers": free}), Facts.from_frames(frames))
    some = random_tree(model, seed)
    paths = np.array([[[0] * len(some.processes)], [[1] * len(some.processes)]])

    def at(rare):
        return cost(make_market(model, tree=Tree.from_paths(paths, [1 - rare, rare], some.processes, some.states)))

    costs = [at(rare) for rare in (0.4, 0.2, 0.05)]
    assert np.diff(costs).max() <= 1e-9 * abs(costs[0])


@pytest.mark.parametrize("seed", range(8))
def test_money_times_k_scales_the_cost_by_k(seed):
    k = 7.0
    frames = random_frames(seed)
    scaled = {name: frame.copy() for name, frame in frames.items()}
    scaled["prices"]["value"] *= k
    money = {
        "terms": ["price", "floor", "rebate_threshold", "expansion_cost", "fixed_charge"],
        "shortage": ["cost"],
        "programmes": ["investment", "running_cost", "unit_cost"],
    }
    for name, attributes in money.items():
        if name in scaled:
            scaled[name].loc[scaled[name]["attribute"].isin(attributes), "value"] *= k
    model = random_model(seed)
    tree = random_tree(model, seed)
    dear = make_model(model.settings, Facts.from_frames(scaled))
    assert cost(make_market(dear, tree=tree)) == approx(k * cost(make_market(model, tree=tree)), rel=1e-9)


# --- nobody sees the future


@pytest.mark.parametrize("seed", range(6))
def test_nodes_with_the_same_past_take_the_same_decisions(seed):
    """One column per node and decision; the plan's columns per year; the parent's stock: by construction, not by rows."""
    market = random_market(seed, demand__uncertain="yearly", demand__orders="before")
    composition = compose(market).composition
    names, place = composition.period.columns, composition.column_of
    year = np.asarray(market.sets.years)[market.shape.year]
    for j, (component, index) in enumerate(names):
        column = place[:, j]
        if component in ("contract", "output", "use", "stock_target"):
            assert [composition.plan.columns[c] for c in column] == [(component, (*index, y)) for y in year]
        elif component == "stock_start":
            before = place[:, composition.period.column_index["stock", index]]
            today = composition.plan.column_index["stock_today", index]
            assert (column == np.where(market.shape.parent < 0, today, before[market.shape.parent])).all()
        elif component in ("call", "spot"):
            # Placed before demand is seen: one column for all nodes that differ in this period's demand alone.
            _, group = np.unique(market.shape.information, return_inverse=True)
            assert len(set(zip(column.tolist(), group.tolist(), strict=True))) == len(set(column)) == group.max() + 1
        else:
            assert len(set(column)) == len(column)


def test_orders_before_demand_is_seen_cost_more_and_do_not_see_it():
    """Nodes with one parent and the same states of all suppliers share their orders, whatever their demand."""
    markets = [random_market(7, demand__uncertain="yearly", demand__orders=o) for o in ("before", "after")]
    assert cost(markets[0]) >= cost(markets[1]) - 1e-6
    market = markets[0]
    blind = [k for k, name in enumerate(market.tree.processes) if name != "demand"]
    seen = [(int(p), *s) for p, s in zip(market.tree.parent, market.tree.state[:, blind].tolist(), strict=True)]
    same = {key: market.shape.information[n] for n, key in enumerate(seen)}
    assert all(market.shape.information[n] == same[key] for n, key in enumerate(seen))
    assert len(set(market.shape.information.tolist())) == len(same)


@pytest.mark.parametrize("weight", [0.3, 1.0])
@pytest.mark.parametrize("alpha", [0.8, 0.95])
def test_watching_too_few_leaves_is_found_and_mended(alpha, weight):
    """Rows of the tail for the leaves least exposed, just as many as it holds: `missed` says that it reaches others, and the
    mended cost is the whole one."""
    tree = {"world.tree.nodes": 120, "world.tree.branch": (2027,), "risk.alpha": alpha, "risk.weight": weight}
    market = make_market(load_model("japan").with_(**tree), {"seabed": "none"})
    whole = solve_program(compose(market, np.arange(len(market.shape.leaves))))
    likely = market.probability[market.shape.leaves]
    mildest = np.argsort(exposure(market))
    few = compose(market, mildest[: int(np.searchsorted(np.cumsum(likely[mildest]), 1 - alpha)) + 1])
    assert solve_program(few).objective == pytest.approx(whole.objective, rel=1e-9)
    first = highs.solve(few.composed.lp)
    assert len(few.missed(first).watched) > len(few.composition.watched)
    assert first.objective <= whole.objective * (1 + 1e-12)
