"""Every number of the facts, moved in place, gives what a fresh solve gives: by whichever way it goes."""

import numpy as np
import pytest

import procure
from procure import Infeasible, load_model
from procure.errors import DataError
from procure.market import make_market, merge, numbers_read
from procure.model import make_model
from procure.program.solve import solve_market
from procure.reason import Reason
from procure.scenarios.futures import holds_every_future
from procure.solving.reach import Reach

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
    assert not compiled.solve({"suppliers.caremag.offers.Dy.2027": 280.0}).made_anew
    assert not compiled.solve({"suppliers.china.rate.normal.ban": 0.08}).made_anew


@pytest.mark.parametrize(
    ("changes", "reaches", "reason"),
    [
        ({"suppliers.caremag.offers.Dy.2027": 280.0}, Reach.NUMBERS, None),
        ({"risk.weight": 0.5}, Reach.NUMBERS, None),
        ({"risk.alpha": 0.9, "suppliers.caremag.offers.Dy.2027": 280.0}, Reach.NUMBERS, None),
        ({"limits.china_heavy_share.max": 0.6}, Reach.NUMBERS, None),
        ({"risk.weight": 0.0}, Reach.NUMBERS, Reason.TAIL),
        ({"risk.alpha": 0.0}, Reach.NUMBERS, Reason.TAIL),
        ({"shortage.scale": 1.2, "risk.weight": 0.2}, Reach.NUMBERS, None),
        ({"shortage.scale": 0.0}, Reach.NUMBERS, None),
        ({"model.discount_rate": 0.05}, Reach.STRUCTURE, Reason.CHOICE),
        ({"limits.china_heavy_share.supplier": "lynas"}, Reach.STRUCTURE, Reason.CHOICE),
        ({"suppliers.caremag.offers.Dy.2027": "290 t/yr"}, Reach.NUMBERS, Reason.VALUE),
        ({"suppliers.caremag.project.2028": 0.0, "suppliers.caremag.project.2027": 0.85}, Reach.STRUCTURE, Reason.SUM),
    ],
    ids=str,
)
def test_what_cannot_be_followed_says_why(compiled, changes, reaches, reason):
    """And either way the answer is that of a fresh solve."""
    assert max(compiled.reaches.of(path).reach for path in changes) is reaches
    answer = compiled.solve(changes)
    assert answer.made_anew == ({} if reason is None else {"seabed five": reason})
    fresh = procure.solve(compiled.model.changed(changes), foresight=False, verdict=False).summary["objective"]
    assert answer.objective == pytest.approx(fresh, rel=1e-9)


def test_the_short_way_leaves_wrong_values_to_the_long_one(compiled):
    for wrong in (-1.0, float("nan"), True, "much", 1e30):
        with pytest.raises(DataError):
            compiled.solve({"suppliers.china.depth.controlled_2026_01.ban": wrong})
        with pytest.raises(DataError):
            compiled.solve({"shortage.scale": wrong})


def test_the_portfolio_of_a_moved_number_is_that_of_the_moved_model(compiled):
    changes = {"suppliers.caremag.offers.Dy.2027": 280.0}
    answer = compiled.solve(changes)
    compiled.solve({"suppliers.caremag.offers.Dy.2027": 260.0})  # another solve in between
    assert answer.portfolio.summary["objective"] == pytest.approx(answer.objective, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_market_of_what_was_followed_is_that_of_the_moved_model(compiled, seed):
    """Every number of it, the law, the demand and what limits allow, beside those of a market made from the tables."""
    random = np.random.default_rng(seed)
    model, (level,) = compiled.model, compiled._levels
    paths = [*numbers_that_count(model), "risk.weight", "limits.china_heavy_share.max"]
    if not holds_every_future(model, level.programmes):  # another law would draw other futures there
        paths = [path for path in paths if compiled.reaches.of(path).reach is Reach.NUMBERS]
    compared = 0
    for _ in range(20):
        chosen = random.choice(paths, size=3, replace=False).tolist()
        changes = {p: value_of(model, p) * random.uniform(0.9, 1.05) for p in chosen}
        try:
            (waiting,) = compiled._waiting(compiled.reaches.change(changes))
            fresh = merge(make_market(model.changed(changes), level.programmes))
        except DataError:
            continue
        if waiting.made_anew is not None or fresh.tree.n_nodes != level.program.market.tree.n_nodes:
            continue
        found = waiting.posed.made().market
        assert (
            found.model.settings == fresh.model.settings
            and found.model.facts.fingerprint == fresh.model.facts.fingerprint
        )
        for ours, theirs in (
            (found.plan, fresh.plan),
            (found.period, fresh.period),
            ({"": found.demand}, {"": fresh.demand}),
        ):
            assert ours.keys() == theirs.keys()
            for name in ours:
                assert ours[name].keys() == theirs[name].keys()
                for index in ours[name]:
                    np.testing.assert_allclose(
                        ours[name][index], theirs[name][index], rtol=1e-12, err_msg=f"{name} {index}"
                    )
        np.testing.assert_allclose(found.probability, fresh.probability, atol=1e-14)
        np.testing.assert_allclose(found.tree.probability, fresh.tree.probability, atol=1e-14)
        np.testing.assert_allclose(found.discount, fresh.discount)
        for key, bound in found.bounds.items():
            assert (
                bound.most == pytest.approx(fresh.bounds[key].most) and (bound.nodes == fresh.bounds[key].nodes).all()
            )
        compared += 1
    assert compared >= 5


def value_of(model, path):
    choices = {"risk.weight": 0.3, "limits.china_heavy_share.max": 0.8}
    return choices[path] if path in choices else model.facts.value(path)


OFFER = "suppliers.lynas.offers.medium_heavy.2027"
SHORT = {"name": "short", "kind": "shortage_cvar", "max": 0.9}


@pytest.mark.parametrize(
    ("settings", "changes", "reason"),
    [
        ({}, {OFFER: 700.0}, None),
        ({}, {"suppliers.china.rate.normal.failed": 0.3}, None),
        ({}, {"suppliers.china.rate.normal.failed": 0.0}, Reason.OTHER_FUTURES),
        ({}, {"suppliers.china.call_share.all.2027": 0.0}, Reason.SETS),
        (
            {"suppliers.lynas.commitments.light.2027": 0.0, "suppliers.lynas.offers.light.2027": 0.0},
            {"suppliers.lynas.offers.light.2027": 100.0},
            Reason.NEW_OFFER,
        ),
        ({"suppliers.lynas.depth.all.failed": 0.0}, {"suppliers.lynas.depth.all.failed": 0.4}, Reason.FUTURES_PART),
        ({"demand.orders": "before"}, {OFFER: 700.0}, Reason.ORDERS_FIRST),
        ({"limits": [SHORT]}, {OFFER: 700.0}, Reason.LIMIT),
    ],
    ids=str,
)  # fmt: skip
def test_each_short_way_is_left_for_its_reason(settings, changes, reason):
    model = load_model("two-class")
    if "limits" in settings:
        document = model.settings.model_dump(by_alias=True, exclude_unset=True) | settings
        model, settings = make_model(document, model.facts), {}
    model = model.with_(**{"risk.weight": 0.3, **settings})
    answer = procure.compile(model).solve(changes)
    assert answer.made_anew == ({} if reason is None else {"no programmes": reason})
    fresh = procure.solve(model.with_(**changes), foresight=False, verdict=False).summary["objective"]
    assert answer.objective == pytest.approx(fresh, rel=1e-9)


def test_a_large_program_is_made_anew(monkeypatch):
    monkeypatch.setattr("procure.program.program.MANY_CELLS", 1)
    answer = procure.compile(load_model("two-class")).solve({OFFER: 700.0})
    assert answer.made_anew == {"no programmes": Reason.CELLS}


def test_costs_that_do_not_move_stay_the_same_to_the_last_digit(compiled):
    """HiGHS starts a large program from scratch where its costs move: what rounding leaves of them must not count as moved."""
    (level,) = compiled._levels
    for changes in ({"limits.china_heavy_share.max": 0.5}, {"suppliers.caremag.offers.Dy.2027": 280.0}):
        posed = level.posed(compiled.reaches.change(changes))
        assert posed.lp.cost is level.program.lp.cost and posed.lp is not level.program.lp
