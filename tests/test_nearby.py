"""Every number of the facts, moved in place, gives what a fresh solve gives: by whichever way it goes."""

import numpy as np
import pytest

import procure
from procure import Infeasible, load_model
from procure.errors import DataError
from procure.market import make_market, merge, numbers_read
from procure.program.solve import solve_market
from procure.solving.nearby import Refusal

ONE_YEAR = {
    "model.years": (2030, 2030),
    "model.elements": ("Nd", "Tb", "Dy"),
    "model.highlight": ("Dy",),
    "world.tree.branch": (),
    "suppliers.seabed.programmes": ("five",),
    "limits.china_heavy_share.from": 2030,
    "limits.china_heavy_share.max": 0.9,
}
TWO_YEARS = ONE_YEAR | {
    "model.years": (2029, 2030),
    "limits.china_heavy_share.from": 2029,
    "world.tree.nodes": 60,
}
N_CASES = 40


@pytest.fixture(scope="module", params=[ONE_YEAR, TWO_YEARS], ids=["one year", "two years"])
def compiled(request):
    return procure.compile(load_model("japan").with_(**request.param))


def numbers_that_count(model):
    """Paths of numbers that the model reads, that are not zero, and on which no others hang."""
    read, facts = numbers_read(model), model.facts
    return [p for p in sorted(facts.paths()) if facts.locate(p) in read and facts.value(p) and facts.alone(p)]


@pytest.mark.parametrize("seed", range(4))
def test_numbers_moved_in_place_equal_a_fresh_solve(compiled, seed):
    random = np.random.default_rng(seed)
    model = compiled.model
    paths = numbers_that_count(model)
    moved = 0
    for case in range(N_CASES // 4):
        chosen = random.choice(paths, size=int(random.integers(1, 4)), replace=False).tolist()
        changes = {path: model.facts.value(path) * random.uniform(0.85, 1.1) for path in chosen}
        try:
            fresh = solve_market(merge(make_market(model.changed(changes), {"seabed": "five"}))).objective / 1e3
        except (DataError, Infeasible) as error:
            with pytest.raises(type(error)):
                compiled.solve(changes)
            continue
        found = compiled.solve(changes)
        assert found.objective == pytest.approx(fresh, rel=1e-9), (case, changes)
        moved += 1
    assert moved > N_CASES // 8


def test_a_capacity_and_a_rate_are_moved_in_place(compiled):
    (level,) = compiled._levels
    assert not isinstance(level._in_place(compiled._change({"suppliers.caremag.offers.Dy.2027": 280.0})), Refusal)
    moved = level._in_place(compiled._change({"suppliers.china.rate.normal.ban": 0.2}))
    if compiled.model.years[0] == 2030:
        assert not isinstance(moved, Refusal)
    else:  # a law of several years draws a tree of its own
        assert moved is Refusal.DRAWN_TREE


def test_what_cannot_be_moved_in_place_says_why(compiled):
    (level,) = compiled._levels
    for change, reason in (
        ({"risk.weight": 0.5}, Refusal.MORE_THAN_NUMBERS),
        ({"suppliers.china.depth.medium_heavy.friction": 0.0}, None),
        ({"suppliers.china.offers.Dy.2026": 0.0}, None),
    ):
        moved = level._in_place(compiled._change(change))
        assert moved is reason if reason else isinstance(moved, Refusal) or moved.matrix.shape[0] > 0


def test_the_short_way_leaves_wrong_values_to_the_long_one(compiled):
    for wrong in (-1.0, float("nan"), True, "much", 1e30):
        with pytest.raises(DataError):
            compiled.solve({"suppliers.china.depth.medium_heavy.ban": wrong})


def test_the_portfolio_of_a_moved_number_is_that_of_the_moved_model(compiled):
    changes = {"suppliers.caremag.offers.Dy.2027": 280.0}
    answer = compiled.solve(changes)
    compiled.solve({"suppliers.caremag.offers.Dy.2027": 260.0})  # another solve in between
    assert answer.portfolio.summary["objective"] == pytest.approx(answer.objective, rel=1e-9)
