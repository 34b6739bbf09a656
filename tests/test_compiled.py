"""A compiled model answers every change as a fresh solve does, whichever way the change takes."""

import time

import numpy as np
import pytest

import procure
from procure import load_model, solve
from procure.errors import ProcureError
from procure.lp.highs import Solver
from procure.market import make_market, make_tree, merge, merge_as, numbers_read
from procure.model import make_model
from procure.program.program import compose
from procure.program.solve import solve_market
from random_models import random_model, seeds

BOOK = {
    "model.years": (2030, 2030),
    "world.tree.branch": (),
    "suppliers.seabed.programmes": ("none",),
    "limits.china_heavy_share.from": 2030,
    "limits.china_heavy_share.max": 1.0,
}
CHANGES = [
    {"suppliers.china.rate.normal.ban": 0.2},
    {"suppliers.lynas.rate.normal.severe": 0.3, "correlations.china.lynas": 0.05},
    {"shocks.regional_conflict.rate": 0.1},
    {"shocks.regional_conflict.rate": 0.0},  # no shock at all
    {"suppliers.caremag.project.2028": 0.0, "suppliers.caremag.project.2027": 0.85},  # a start less
    {"suppliers.caremag.offers.Dy.2027": 300.0},
    {"suppliers.china.offers.Dy.2026": 0.0},
    {"suppliers.china.depth.controlled_2026_01.ban": 0.8},
    {"suppliers.china.depth.controlled_2025_04.friction": 0.0},
    {"suppliers.china.rate.normal.ban": 0.15, "suppliers.caremag.offers.Dy.2027": 280.0},
    {"risk.weight": 0.6},
    {"risk.weight": 0.0},
    {"risk.alpha": 0.9},
    {"risk.alpha": 0.5, "shortage.scale": 1.2},
    {"limits.china_heavy_share.max": 0.5},
    {"limits.china_heavy_share.max": 0.3, "risk.alpha": 0.9},
    {"suppliers.mp_materials.enabled": True},
    {"model.years": (2031, 2031), "limits.china_heavy_share.from": 2031},
]


@pytest.fixture(scope="module")
def book():
    return load_model("japan").with_(**BOOK)


@pytest.fixture(scope="module")
def compiled(book):
    return procure.compile(book)


@pytest.mark.parametrize("changes", CHANGES, ids=[",".join(changes) for changes in CHANGES])
def test_a_change_equals_a_fresh_solve(book, compiled, changes):
    fresh = solve(book.with_(**changes)).summary["objective"]
    assert compiled.solve(changes).objective == pytest.approx(fresh, rel=1e-9)


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ({"suppliers.caremag.offers.Dy.2027": "25 t/month"}, {"suppliers.caremag.offers.Dy.2027": 300.0}),
        (
            {"suppliers.china.depth.controlled_2026_01.ban": "80 %"},
            {"suppliers.china.depth.controlled_2026_01.ban": 0.8},
        ),
        (
            {"suppliers.china.rate.normal.ban": "15 %/yr", "shortage.Dy.cost.3": "15590 JPY/kg", "risk.weight": 0.6},
            {"suppliers.china.rate.normal.ban": 0.15, "shortage.Dy.cost.3": 100.0, "risk.weight": 0.6},
        ),
        (
            {"limits.china_heavy_share.max": "50 %", "risk.alpha": "90 %"},
            {"limits.china_heavy_share.max": 0.5, "risk.alpha": 0.9},
        ),
    ],
)
def test_a_change_that_says_its_unit_is_the_same_change(compiled, said, plain):
    assert compiled.solve(said).objective == pytest.approx(compiled.solve(plain).objective, rel=1e-9)
    rows = procure.sweep(compiled.model, [said, plain, dict.fromkeys(plain, "5 parsec")])
    assert rows["status"].tolist() == ["optimal", "optimal", "bad_input"]
    assert rows["objective_musd"][0] == pytest.approx(rows["objective_musd"][1], rel=1e-9)


def test_a_column_of_a_row_is_changed_in_place_too(book, compiled):
    """In the variant that reads the column it moves the cost; in the base variant nothing does, and it cannot be set."""
    change = {"suppliers.china.rate.normal.ban.optimistic": 0.1}
    with pytest.raises(procure.DataError, match="nothing in this model reads"):
        compiled.solve(change)
    optimistic = procure.compile(book.with_(**{"world.variant": "optimistic"}))
    fresh = solve(optimistic.model.with_(**change)).summary["objective"]
    assert optimistic.solve(change).objective == pytest.approx(fresh, rel=1e-9)
    assert fresh != pytest.approx(optimistic.solve().objective, rel=1e-6)


def test_the_order_of_changes_decides_nothing(compiled):
    there = [compiled.solve(changes).objective for changes in CHANGES]
    back = [compiled.solve(changes).objective for changes in reversed(CHANGES)]
    assert there == pytest.approx(back[::-1], rel=1e-9)


def test_each_solve_starts_from_the_model_as_compiled(compiled):
    base = compiled.solve().objective
    compiled.solve({"shortage.scale": 5.0})
    assert compiled.solve().objective == pytest.approx(base, rel=1e-12)


def test_the_portfolio_is_there_when_asked_for(book, compiled):
    answer = compiled.solve({"risk.weight": 0.6})
    fresh = solve(book.with_(**{"risk.weight": 0.6}))
    assert answer.portfolio.summary["objective"] == pytest.approx(fresh.summary["objective"], rel=1e-9)
    assert answer.portfolio.summary["expected_cost"] >= answer.portfolio.summary["wait_and_see"] - 1e-6


def test_an_unknown_path_is_a_fault(compiled):
    with pytest.raises(procure.DataError, match="did you mean"):
        compiled.solve({"suppliers.chian.rate.normal.ban": 0.1})


def test_a_bound_moved_out_of_reach_is_infeasible_and_back_is_not():
    plain = load_model("two-class")
    limit = {"name": "served", "kind": "expected_shortage", "scope": "medium_heavy", "max": 1.0}
    settings = plain.settings.model_dump(by_alias=True, exclude_unset=True) | {"limits": [limit]}
    compiled = procure.compile(make_model(settings, plain.facts))
    slack = compiled.solve().objective
    assert slack == pytest.approx(solve(plain).summary["objective"], rel=1e-9)
    with pytest.raises(procure.Infeasible, match="served"):
        compiled.solve({"limits.served.max": 0.0})
    assert compiled.solve().objective == pytest.approx(slack, rel=1e-12)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("years", [(2030, 2030), pytest.param((2029, 2030), marks=pytest.mark.slow)])
def test_merging_futures_changes_no_cost(weight, years):
    """918 futures of one year are 84 for the model, and fewer still for each element; the cost is the same to 1e-9."""
    changes = BOOK | {"model.years": years, "risk.weight": weight}
    changes["limits.china_heavy_share.from"] = years[0]
    market = make_market(load_model("japan").with_(**changes), {"seabed": "none"})
    merged = merge(market)
    if years[0] == years[1]:
        assert merged.tree.n_nodes < market.tree.n_nodes
        assert compose(merged).composed.lp.matrix.shape[0] < compose(market).composed.lp.matrix.shape[0] / 10
    assert solve_market(merged).objective == pytest.approx(solve_market(market).objective, rel=1e-9)


def test_the_portfolio_is_that_of_the_solution_found(book, monkeypatch):
    """Once the answer is there nothing is solved again: neither of a change in place nor of one that was composed anew.

    But for the choice among equal optima, which has a program of its own; how far prices hold starts from the last basis.
    """
    compiled = procure.compile(book)
    answers = [
        compiled.solve(changes) for changes in ({"suppliers.caremag.offers.Dy.2027": 300.0}, {"risk.weight": 0.6})
    ]
    compiled.solve()

    run = Solver.run

    def from_the_basis(solver):
        ended = run(solver)
        assert solver.read(ended).iterations < 100, "solved again"  # from scratch it takes 900
        return ended

    monkeypatch.setattr(Solver, "run", from_the_basis)
    monkeypatch.setattr("procure.program.ties.on_face", lambda *_: None)
    for answer in answers:
        portfolio = answer.make_portfolio(foresight=False)
        assert portfolio.summary["objective"] == pytest.approx(answer.objective, rel=1e-9)
        assert np.isnan(portfolio.summary["wait_and_see"])


# --- whatever changes, a solve ends

MANY_LEAVES = {
    "model.years": (2027, 2029),
    "model.elements": ("Nd", "Dy"),
    "model.highlight": (),
    "suppliers.seabed.programmes": ("none", "ten"),
    "limits.china_heavy_share.from": 2027,
    "world.tree.branch": (2027,),
    "world.tree.nodes": 1200,
}


@pytest.fixture(scope="module", params=["after", "before"])
def many_leaves(request):
    """More than 300 leaves, of which only some are watched; orders may be placed before demand is seen."""
    model = load_model("japan").with_(**MANY_LEAVES, **{"demand.orders": request.param, "demand.uncertain": "yearly"})
    return procure.compile(model)


@pytest.mark.parametrize(
    "changes",
    [
        {"risk.alpha": 0.9},
        {"risk.alpha": 0.5, "risk.weight": 0.9},
        {"suppliers.china.offers.Dy.2026": 0.0},
        {"suppliers.china.depth.controlled_2025_04.friction": 0.0},
        {"limits.china_heavy_share.max": 0.4},
        {"shortage.scale": 3.0},
        {"suppliers.china.rate.ban.friction": 0.8},
        {"retaliations.seabed.china.normal.ban": 0.1},
    ],
    ids=str,
)
def test_a_solve_of_many_leaves_ends_and_is_right(many_leaves, changes):
    fresh = solve(many_leaves.model.with_(**changes), foresight=False, verdict=False).summary["objective"]
    assert many_leaves.solve(changes).objective == pytest.approx(fresh, rel=1e-6)


@pytest.mark.parametrize("seed", seeds(6, 12))
def test_any_changes_in_any_order_equal_fresh_solves(seed):
    """Random worlds with limits that may bind; every kind of path, also values that take an offer or a depth away."""
    random = np.random.default_rng([seed, 11])
    limits = [
        {
            "name": "north",
            "kind": "share",
            "supplier": "north",
            "max": 0.6,
            "when": ["undisturbed", "always", "mean"][seed % 3],
        },
        {"name": "short", "kind": str(random.choice(["expected_shortage", "shortage_cvar"])), "max": 0.5},
    ]
    model = random_model(seed, limits, world__tree__nodes=int(random.choice([20, 60, 200])))
    compiled = procure.compile(model)
    read = numbers_read(model)
    numbers = sorted(path for path in model.facts.paths() if model.facts.locate(path) in read)
    choices = {
        "risk.alpha": [0.0, 0.5, 0.9],
        "risk.weight": [0.0, 0.4, 1.0],
        "shortage.scale": [0.5, 2.0],
        "limits.north.max": [0.0, 0.2, 1.0],
        "limits.short.max": [0.05, 0.2, 1.0],
        "model.discount_rate": [0.0, 0.08],
    }
    for _ in range(6):
        changes = {
            str(path): model.facts.value(path) * random.choice([0.0, 0.7, 1.0, 1.2])
            for path in random.choice(numbers, 2)
        }
        changes |= {
            str(path): random.choice(choices[path]) for path in random.choice(sorted(choices), random.integers(0, 3))
        }
        try:
            fresh = solve(model.with_(**changes), foresight=False, verdict=False).summary["objective"]
        except ProcureError as error:
            with pytest.raises(type(error)):
                compiled.solve(changes)
            continue
        assert compiled.solve(changes).objective == pytest.approx(fresh, rel=1e-6, abs=1e-6), changes


@pytest.mark.parametrize("changes", [{}, {"risk.alpha": 0.9}, {"suppliers.caremag.offers.Dy.2027": 300.0}], ids=str)
def test_a_time_limit_is_kept_by_every_solve(changes):
    compiled = procure.compile(load_model("japan").with_(**{"world.tree.nodes": 400}), options={"time_limit": 0.05})
    started = time.perf_counter()
    with pytest.raises(procure.SolverError, match="limit"):
        compiled.solve(changes)
    assert time.perf_counter() - started < 5.0  # a whole solve takes longer


def test_a_model_without_portfolio_is_explained_within_its_time_limit():
    limit = {"name": "served", "kind": "expected_shortage", "scope": "medium_heavy", "max": 0.0}
    plain = load_model("japan").with_(**{"world.tree.nodes": 300, "suppliers.seabed.programmes": ("none",)})
    settings = plain.settings.model_dump(by_alias=True, exclude_unset=True) | {"limits": [limit]}
    started = time.perf_counter()
    with pytest.raises((procure.Infeasible, procure.SolverError)):
        solve(make_model(settings, plain.facts), options={"time_limit": 1.0})
    assert time.perf_counter() - started < 8.0


def test_foresight_keeps_the_time_limit_too(book):
    """The answer is there; what knowing the future would be worth is not, and is not made up."""
    answer = procure.compile(book, options={"time_limit": 60.0}).solve()
    late = answer.__class__(**{**vars(answer), "_time_limit": 0.0})
    assert np.isnan(late.portfolio.summary["wait_and_see"])
    assert np.isfinite(answer.portfolio.summary["wait_and_see"])


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({"shortage.scale": 1.3}, True),
        ({"shortage.scale": 1.3, "suppliers.china.depth.medium_heavy.friction": 0.0}, True),  # more would be one
        ({"shortage.scale": 1.3, "suppliers.mp_materials.enabled": True}, False),  # what it tells apart was one
    ],
)
def test_what_is_made_anew_stands_over_the_same_futures_where_they_stay_one(book, compiled, changes, fits):
    """Over the book as compiled, 918 futures made fewer; a market made anew takes them over, unless some part or others come."""
    base = merge(market_of(book))
    market = market_of(book.with_(**changes))
    taken = merge_as(market, base)
    assert (taken is not None) == fits
    if taken is not None:
        assert len(taken.probability) == len(base.probability) < len(market.probability)
        assert taken.probability.sum() == pytest.approx(1.0)
        assert len(merge(market).probability) <= len(taken.probability)
        assert solve_market(taken).objective == pytest.approx(solve_market(market).objective, rel=1e-9)
    fresh = solve(book.with_(**changes)).summary["objective"]
    assert compiled.solve(changes).objective == pytest.approx(fresh, rel=1e-9)


def market_of(model):
    level = {"seabed": "none"}
    return make_market(model, level, make_tree(model, level))


def test_a_drawn_tree_answers_from_a_neighbour_as_from_scratch():
    """The main model on few nodes, as large a program as leaves HiGHS: far and near cases, each from the basis before it."""
    model = load_model("japan").with_(**{"world.tree.nodes": 300, "suppliers.seabed.programmes": ("none", "pilot")})
    compiled = procure.compile(model)
    for changes in (
        {"shortage.scale": 2.0, "suppliers.china.depth.medium_heavy.ban": 0.9},
        {"shortage.scale": 2.1, "suppliers.china.rate.friction.ban": 0.5, "risk.weight": 0.5},
        {"limits.china_heavy_share.max": 0.5, "risk.weight": 0.1},
    ):
        answer, fresh = compiled.solve(changes), procure.compile(model.with_(**changes)).solve()
        assert answer.levels == pytest.approx(fresh.levels, rel=1e-8)
        assert all(proof == "duals" for proof in answer.proofs)
