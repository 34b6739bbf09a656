"""Drawn futures under a law that moves: the same ones weighed anew, as good as others drawn for it, or else others are drawn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pytest import approx

import procure
from procure import load_model
from procure.market import is_drawn_anew, make_tree, read_law, stay_one
from procure.reason import Reason
from procure.report.check import summary
from procure.scenarios import Tree, futures, marginals, shock
from procure.scenarios import world as worlds
from procure.scenarios.draw import Paths
from procure.scenarios.lattice import Lattice
from procure.scenarios.stand_ins import Pool, StandIns
from procure.scenarios.world import processes, programme_choices

LEVELS = ("none", "pilot", "five", "ten")
RATE = "suppliers.china.rate.friction.ban"
BACK = "suppliers.china.rate.ban.friction"
NEVER = "suppliers.seabed.project.never"
FIRST = "suppliers.seabed.project.2030"


def japan(**changes):
    """Small enough to be solved in a second, and with a limit that binds."""
    small = {
        "world.tree.nodes": 300,
        "model.elements": ("Nd", "Dy", "Y"),
        "model.highlight": ("Dy",),
        "suppliers.seabed.programmes": ("none", "ten"),
        "limits.china_heavy_share.max": 0.3,
    }
    return load_model("japan").with_(**{**small, **changes})


def trees_of(model):
    return [make_tree(model, level) for level in programme_choices(model)]


def same(tree, other):
    return np.array_equal(tree.parent, other.parent) and np.array_equal(tree.state, other.state)


# --- by hand


def strait(chance):
    """Shut in so many of the years."""
    return shock("strait", -np.log(1 - chance), 3, 1.0, 2)


def stand_ins(drawn, weights=(0.64, 0.16, 0.16, 0.04)):
    """Every path of two years of the strait, drawn of one law: each stands for what it is likely to be."""
    paths = Paths((drawn,), np.array([[[0, 0, 1, 1], [0, 1, 0, 1]]]))
    mass = np.array(weights)
    pool = Pool([paths], np.ones(4), mass, [np.zeros(4)], np.zeros(4, dtype=np.int64), np.zeros(1), None, ())
    return StandIns.of(pool, [[drawn]], [pool.under(0, [drawn])], np.arange(4), mass)


def test_a_moved_law_weighs_by_what_it_makes_likelier():
    """Shut in 0.2 of the years, then in 0.4: paths of 0.64, 0.16, 0.16 and 0.04 become 0.36, 0.24, 0.24 and 0.16."""
    few = stand_ins(strait(0.2))
    (tree,) = few.weighed([[strait(0.4)]])
    assert tree.probability[tree.leaves] == approx([0.36, 0.24, 0.24, 0.16])
    assert few.weighed([[strait(0.2)]])[0] is few.trees[0]


def test_what_no_path_was_drawn_of_needs_others():
    """A strait that cannot shut stands for none that may; one that may stands for one that cannot, with the path that is left."""
    assert stand_ins(strait(0.0), (1.0, 0.0, 0.0, 0.0)).weighed([[strait(0.2)]]) is None
    (tree,) = stand_ins(strait(0.2)).weighed([[strait(0.0)]])
    assert (tree.n_nodes, tree.probability.tolist()) == (2, [1.0, 1.0])


def test_paths_that_are_worth_too_few_need_others():
    """Shut in 0.9 of the years, weights of 0.01, 0.09, 0.09 and 0.81 are worth 1 / Σ w² = 1.49 paths: two thirds of
    the 2.16 of 0.64, 0.16, 0.16 and 0.04, and three eighths of the 4 of equal ones.
    """
    few, even = stand_ins(strait(0.2)), stand_ins(strait(0.5), (0.25,) * 4)
    assert (few.worth[0, :2], even.worth[0, :2]) == (approx(1 / 0.4624), approx(4))
    assert few.weighed([[strait(0.9)]]) is not None
    assert even.weighed([[strait(0.9)]]) is None


def test_siblings_stay_one_while_as_much_follows_each():
    """Two nodes that are one, each followed by one of two: as long as both are followed by the first with the same chance."""
    tree = Tree(
        [0, 0, 1, 1, 1, 1],
        [-1, -1, 0, 0, 1, 1],
        [0.5, 0.5, 0.1, 0.4, 0.1, 0.4],
        ("a",),
        (("x", "y"),),
        [[0], [1], [0], [1], [0], [1]],
    )
    new = np.array([0, 0, 1, 2, 1, 2])
    assert stay_one(tree, new, tree.probability)
    assert stay_one(tree, new, np.array([0.2, 0.8, 0.1, 0.1, 0.4, 0.4]))
    assert not stay_one(tree, new, np.array([0.5, 0.5, 0.1, 0.4, 0.4, 0.1]))
    assert stay_one(tree, np.arange(6), np.array([0.5, 0.5, 0.1, 0.4, 0.4, 0.1]))


# --- the law of the tree


MOVES = [
    {RATE: 0.25},
    {RATE: 0.50},
    {BACK: 1.4},
    {"retaliations.seabed.china.normal.ban": 0.15, "retaliations.seabed.china.friction.ban": 0.15},
    {NEVER: 0.65, FIRST: 0.10},
    {"suppliers.lynas.rate.normal.severe": 0.06, RATE: 0.4},
]


@pytest.mark.parametrize("seed", [1, 7])
@pytest.mark.parametrize(
    "moved", MOVES, ids=lambda moved: " ".join(f"{p.split('.', 1)[1]}={v}" for p, v in moved.items())
)
def test_kept_futures_have_the_moved_law_as_well_as_drawn_ones(seed, moved, monkeypatch):
    """Shares of states beside those of the matrices, in standard errors of as many independent nodes: √(P (1 - P) Σ w²).

    Their root mean square over all states and years would be 1 for independent paths, and of the 230 cells of each of four levels
    less than one would be three and a half away.
    """
    model = load_model("japan").with_(**{"world.tree.seed": seed})
    changed = model.with_(**moved)
    assert not is_drawn_anew(changed, {"seabed": "ten"})
    assert all(same(*pair) for pair in zip(trees_of(changed), trees_of(model), strict=True))
    kept = [apart(changed, level) for level in programme_choices(changed)]
    monkeypatch.setattr(StandIns, "weighed", lambda *_: None)
    futures._weighed.cache_clear()
    drawn = [apart(changed, level) for level in programme_choices(changed)]
    futures._weighed.cache_clear()
    for errors in (np.concatenate(kept), np.concatenate(drawn)):
        assert np.sqrt(np.mean(errors**2)) < 1
        assert np.abs(errors).max() < 3.5


def apart(model, level):
    """By how many standard errors the share of each state of each process in each year is off."""
    tree, law = make_tree(model, level), processes(model, level)
    exact, errors = marginals(law, tree.n_periods), []
    for process in law:
        share, names = tree.share(process.name), tree.states[tree.column(process.name)]
        for state, chance in zip(process.states, exact[process.name].T, strict=True):
            for year, p in enumerate(chance):
                weight = tree.probability[tree.period == year]
                error = np.sqrt(p * (1 - p) * (weight @ weight))
                if error > 1e-9:
                    errors.append((share[year, names.index(state)] - p) / error)
    return np.array(errors)


def test_what_the_law_does_is_in_the_tree_and_not_the_luck_of_a_draw():
    """From friction to a ban at a thousandth more: the share of bad years rises as the matrices say, to a tenth of that."""
    model = load_model("japan")
    moved = model.with_(**{RATE: 1.001 * model.facts.value(RATE)})
    for level in programme_choices(model):
        shares, exact = [], []
        for one in (model, moved):
            tree, law = make_tree(one, level), processes(one, level)
            china = next(process for process in law if process.name == "china")
            names = tree.states[tree.column("china")]
            shares.append(sum(tree.share("china")[:, names.index(bad)].sum() for bad in ("ban", "embargo")))
            chances = marginals(law, tree.n_periods)["china"]
            exact.append(sum(chances[:, china.states.index(bad)].sum() for bad in ("ban", "embargo")))
        assert shares[1] - shares[0] == approx(exact[1] - exact[0], rel=0.25)


def test_moved_back_it_is_the_tree_of_the_model():
    model = load_model("japan")
    trees = trees_of(model)
    moved = model.with_(**{RATE: 0.5, NEVER: 0.6, FIRST: 0.15})
    assert any((a.probability != b.probability).any() for a, b in zip(trees_of(moved), trees, strict=True))
    back = moved.with_(**{RATE: model.facts.value(RATE), NEVER: 0.5, FIRST: 0.25})
    worlds._markov.cache_clear()  # nothing is remembered
    for again, tree in zip(trees_of(back), trees, strict=True):
        assert same(again, tree)
        assert_allclose(again.probability, tree.probability, rtol=1e-12)


def test_a_law_that_moves_alone_leaves_the_other_levels_alone():
    """Retaliation is none of the business of a level without a programme."""
    model = load_model("japan")
    moved = model.with_(**{"retaliations.seabed.china.normal.ban": 0.08})
    for level in programme_choices(model):
        is_same = (make_tree(model, level).probability == make_tree(moved, level).probability).all()
        assert is_same == (level["seabed"] == "none")


# --- from a changed number to an answer


def fresh(model):
    """What every level costs, million USD."""
    return dict(procure.solve(model, foresight=False, verdict=False).programme_levels.iloc[:, :2].to_numpy().tolist())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_compiled_costs_what_a_fresh_solve_costs(seed):
    """Rates, durations and chances moved at random, two after one another; the limit on China binds."""
    random = np.random.default_rng(seed)
    model = japan(**{"world.tree.seed": seed})
    compiled = procure.compile(model)
    before = compiled.solve()
    assert before.portfolio.limits.query("limit == 'china_heavy_share'")["shadow_price_musd"].max() > 0
    paths = [path for path in sorted(model.facts.paths()) if ".rate." in path or path.startswith("retaliations.")]
    read = compiled.reaches
    paths = [p for p in paths if read.of(p).reach.name == "LAW" and model.facts.value(p)]
    for _ in range(3):
        chosen = random.choice(paths, size=3, replace=False).tolist()
        changes = {path: model.facts.value(path) * random.uniform(0.8, 1.25) for path in chosen}
        found = compiled.solve(changes)
        assert not found.made_anew
        assert found.levels == approx(fresh(model.with_(**changes)), rel=1e-9)
    chances = {NEVER: 0.45, FIRST: 0.30, RATE: 0.40}
    assert compiled.solve(chances).levels == approx(fresh(model.with_(**chances)), rel=1e-9)
    assert compiled.solve().levels == approx(before.levels, rel=1e-12)
    assert compiled.solve({RATE: model.facts.value(RATE)}).levels == approx(before.levels, rel=1e-12)


@pytest.mark.parametrize(
    "changes", [{BACK: 0.3}, {"shocks.regional_conflict.rate": 0.0}], ids=["too far", "other processes"]
)
def test_a_law_that_its_futures_cannot_carry_is_drawn_anew(changes):
    model = japan()
    changed = model.with_(**changes)
    assert all(is_drawn_anew(changed, level) for level in programme_choices(model))
    assert not any(same(*pair) for pair in zip(trees_of(changed), trees_of(model), strict=True))
    found = procure.compile(model).solve(changes)
    assert set(found.made_anew.values()) == {Reason.DRAWN_TREE}
    assert found.levels == approx(fresh(changed), rel=1e-9)
    assert "others than those of the facts as they were read" in summary(changed)
    assert "others than" not in summary(model)


def test_a_law_that_moves_too_far_for_one_level_draws_anew_for_all():
    """Retaliation a hundredfold is too far for ten alone."""
    model = japan()
    changes = {f"retaliations.seabed.china.{state}.ban": 5.0 for state in ("normal", "friction")}
    assert worlds.processes(model, {"seabed": "none"}) == worlds.processes(model.with_(**changes), {"seabed": "none"})
    found = procure.compile(model).solve(changes)
    assert found.made_anew == dict.fromkeys(("seabed none", "seabed ten"), Reason.DRAWN_TREE)
    assert found.levels == approx(fresh(model.with_(**changes)), rel=1e-9)


def test_fresh_paths_are_those_of_the_moved_law(monkeypatch):
    model = japan(**{RATE: 0.45})
    portfolio = procure.solve(model, foresight=False, verdict=False)
    played, of_law = [], Lattice.of_law
    monkeypatch.setattr(Lattice, "of_law", lambda law, n: played.append(law) or of_law(law, n))
    procure.evaluate(portfolio, 200)
    law = read_law(model, portfolio.programmes, processes(model, portfolio.programmes))
    assert [process.name for process in played[0]] == [process.name for process in law]
    assert all(np.array_equal(one.transition, two.transition) for one, two in zip(played[0], law, strict=True))


def test_what_an_extension_asks_of_the_law_is_asked_again():
    """A fee on what is short, weighed by how likely the future is; compiled and fresh ask at the moved law."""

    def fee(block, sets):
        import pyomo.environ as pyo

        rate = block.given("rate", unit="USD/kg")
        block.fee = pyo.Objective(expr=rate * sum(block.surplus[e] for e in sets.elements))

    model = japan().extended(period=fee, numbers={"rate": lambda asked: 100.0 * asked.probability})
    changes = {RATE: 0.45}
    found = procure.compile(model).solve(changes)
    assert set(found.made_anew.values()) == {Reason.EXTENSION}
    assert found.levels == approx(fresh(model.with_(**changes)), rel=1e-9)
