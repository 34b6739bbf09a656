"""A compiled model answers every change as a fresh solve does, whichever way the change takes."""

import pytest

import procure
from procure import load_model, solve
from procure.market import make_market, merge
from procure.model import make_model
from procure.solving import compose, solve_market

BOOK = {
    "model.years": (2030, 2030),
    "world.tree.branch": (),
    "suppliers.seabed.programmes": ("none",),
    "limits.china_heavy_share.from": 2030,
    "limits.china_heavy_share.max": 1.0,
}
CHANGES = [
    ("law", {"suppliers.china.rate.normal.ban": 0.2}),
    ("law", {"suppliers.lynas.rate.normal.severe": 0.3, "correlations.china.lynas": 0.05}),
    ("law", {"shocks.regional_conflict.rate": 0.1}),
    ("numbers", {"suppliers.caremag.offers.Dy.2027": 300.0}),
    ("numbers", {"suppliers.china.depth.medium_heavy.ban": 0.8}),
    ("numbers", {"suppliers.china.rate.normal.ban": 0.15, "suppliers.caremag.offers.Dy.2027": 280.0}),
    ("numbers", {"risk.weight": 0.6}),
    ("numbers", {"risk.alpha": 0.5, "shortage.scale": 1.2}),
    ("numbers", {"limits.china_heavy_share.max": 0.5}),
    ("shape", {"suppliers.mp_materials.enabled": True}),
    ("shape", {"model.years": (2031, 2031), "limits.china_heavy_share.from": 2031}),
]


@pytest.fixture(scope="module")
def book():
    return load_model("japan").with_(**BOOK)


@pytest.fixture(scope="module")
def compiled(book):
    return procure.compile(book)


@pytest.mark.parametrize(("reach", "changes"), CHANGES, ids=[str(i) for i in range(len(CHANGES))])
def test_a_change_in_place_equals_a_fresh_solve(book, compiled, reach, changes):
    assert compiled._reach(changes) == reach
    fresh = solve(book.with_(**changes)).summary["objective"]
    assert compiled.solve(changes).objective == pytest.approx(fresh, rel=1e-9)


def test_the_order_of_changes_decides_nothing(compiled):
    every = [changes for reach, changes in CHANGES if reach != "shape"]
    there = [compiled.solve(changes).objective for changes in every]
    back = [compiled.solve(changes).objective for changes in reversed(every)]
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
@pytest.mark.parametrize("years", [(2030, 2030), (2029, 2030)])
def test_merging_futures_changes_no_cost(weight, years):
    """918 futures of one year are 84 for the model, and fewer still for each element; the cost is the same to 1e-9."""
    changes = BOOK | {"model.years": years, "risk.weight": weight, "correlations.china.caremag": 0.1}
    changes["limits.china_heavy_share.from"] = years[0]
    market = make_market(load_model("japan").with_(**changes), {"seabed": "none"})
    merged = merge(market)
    if years[0] == years[1]:
        assert merged.tree.n_nodes < market.tree.n_nodes
        assert compose(merged).composed.lp.matrix.shape[0] < compose(market).composed.lp.matrix.shape[0] / 10
    assert solve_market(merged).objective == pytest.approx(solve_market(market).objective, rel=1e-9)
