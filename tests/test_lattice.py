"""The lattice of a law: exact chances, the nodes of drawn paths, the same random numbers for two laws."""

import numpy as np
import pytest
from pytest import approx

import procure
from procure.errors import DataError
from procure.market import read_law
from procure.scenarios import Tree, enumerate_tree, marginals, markov, shock
from procure.scenarios.draw import draw_paths, plain_numbers
from procure.scenarios.lattice import Lattice
from procure.scenarios.world import processes, programme_choices
from random_models import random_model, random_tree

RATES = {("normal", "ban"): 0.5, ("ban", "normal"): 0.25}


def china(rate=0.5):
    return markov("china", ["normal", "ban"], {}, RATES | {("normal", "ban"): rate}, {}, "ban", 1.0, 3)


def test_what_leaves_no_trace_is_not_remembered():
    """China remembers two states, the strait none: four nodes a year, two rows of chances."""
    lattice = Lattice.of_law([china(), shock("strait", 0.2231, 3, 1.0, 3)], 3)
    assert [len(nodes) for nodes in lattice.nodes] == [4, 4, 4]
    assert [chances.shape for chances in lattice.chances] == [(1, 4), (2, 4), (2, 4)]
    assert lattice.chances[1].sum(axis=1) == approx(1)
    strait = [node[lattice.processes.index("strait")] for node in lattice.nodes[0]]
    assert lattice.probability[0] @ strait == approx(0.2, abs=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_chances_are_the_exact_ones(seed):
    model = random_model(seed)
    law = processes(model, programme_choices(model)[-1])
    periods = len(model.years) * model.settings.model.periods_per_year
    lattice = Lattice.of_law(law, periods)
    for name, chances in marginals(lattice.law, periods).items():
        column = lattice.processes.index(name)
        for t, nodes in enumerate(lattice.nodes):
            found = np.bincount(nodes[:, column], weights=lattice.probability[t], minlength=chances.shape[1])
            assert found == approx(chances[t], abs=1e-12)


def test_a_lattice_is_its_tree_folded():
    law = [china(), shock("strait", 0.2231, 3, 1.0, 3)]
    tree, lattice = enumerate_tree(law, 3), Lattice.of_law(law, 3)
    passed = lattice.passed(tree)
    for t in range(3):
        folded = np.bincount(passed[:, t], weights=tree.probability[tree.leaves])
        assert folded == approx(lattice.probability[t])
    unfolded = Lattice.of_tree(tree)
    assert np.concatenate(unfolded.probability) == approx(tree.probability)
    assert (unfolded.passed(tree) + np.searchsorted(tree.period, range(3)) == tree.paths()).all()


def test_worlds_pass_every_node():
    model = random_model(3)
    lattice = Lattice.of_law(processes(model, {}), 2)
    worlds, at = lattice.worlds()
    assert worlds.processes == lattice.processes
    for t, nodes in enumerate(lattice.nodes):
        assert (worlds.period[at[t]] == t).all()
        assert (worlds.state[at[t]] == nodes).all()


def test_paths_are_drawn_by_the_law_and_alike_under_two_laws():
    calm, rough = (Lattice.of_law([china(rate), shock("strait", 0.5, 3, 1.0, 3)], 3) for rate in (0.5, 0.7))
    paths, others = calm.drawn(20_000, 1), rough.drawn(20_000, 1)
    for t in range(3):
        drawn = np.bincount(paths[:, t], minlength=4) / len(paths)
        assert drawn == approx(calm.probability[t], abs=4 * 0.5 / len(paths) ** 0.5)
    assert 0 < (paths != others).any(axis=1).mean() < 0.2  # the strait's draws are the same


def test_a_tree_is_drawn_from_its_leaves():
    tree = random_tree(random_model(5), 5)
    lattice = Lattice.of_tree(tree)
    paths = lattice.drawn(20_000, 1)
    last = np.bincount(paths[:, -1], minlength=len(tree.leaves)) / len(paths)
    assert last == approx(tree.probability[tree.leaves], abs=0.015)
    assert (lattice.drawn(20_000, 1) == paths).all()
    assert (lattice.drawn(20_000, 2) != paths).any()


def test_a_path_the_law_rules_out_is_refused():
    once = markov("mine", ["open", "gone"], {}, {("open", "gone"): 0.5}, {"gone": np.inf}, "gone", 1.0, 2)
    lattice = Lattice.of_law([once], 2)
    with pytest.raises(DataError, match="period 0 of one stands in mine=open"):
        lattice.passed(Tree.from_paths([[[0], [0]]], [1.0], ["mine"], [["open", "gone"]]))


def test_paths_of_another_world_are_refused():
    lattice = Lattice.of_law([china()], 3)
    for law, periods in (
        ([china()], 2),
        ([shock("china", 0.5, 3, 1.0, 3)], 3),
        ([china(), shock("strait", 0.5, 3, 1.0, 3)], 3),
    ):
        with pytest.raises(DataError, match="it has 3 periods and china, with the states of the law"):
            lattice.passed(enumerate_tree(law, periods))


def test_the_law_of_japan_is_small():
    """What no number hangs on is left out: under the pilot the plant that is not built, and the verdict on it."""
    model, programmes = procure.load_model("japan"), {"seabed": "pilot"}
    law = read_law(model, programmes, processes(model, programmes))
    lattice = Lattice.of_law(law, len(model.years))
    assert max(map(len, lattice.nodes)) < 2_000
    assert max(chances.shape[0] for chances in lattice.chances) <= 48  # China, a project and a trial


def test_a_law_too_large_to_hold_is_refused(monkeypatch):
    monkeypatch.setattr("procure.scenarios.lattice.MOST_STEPS", 1_000)
    law = [shock(f"mine{k}", 0.5, 3, 1.0, 1) for k in range(10)]
    with pytest.raises(DataError, match="more than 1,000 steps"):
        Lattice.of_law(law, 1)


@pytest.mark.parametrize("level", ["none", "pilot", "ten", "pilot_then_ten"])
def test_what_is_left_out_moves_no_path(level):
    """The same random numbers drive what is kept, so every path passes the same states of it."""
    model = procure.load_model("japan").with_(
        **{"suppliers.seabed.programmes": ["none", "pilot", "ten", "pilot_then_ten"]}
    )
    programmes = {"seabed": level}
    whole = processes(model, programmes)
    some = read_law(model, programmes, whole)
    assert len(some) < len(whole) or level == "pilot_then_ten"
    paths = [draw_paths(law, 10, 200, plain_numbers(3, 200)) for law in (whole, some)]
    still = {"seabed", "seabed_project", "seabed_pilot_start"} if level == "pilot_then_ten" else set()
    some = [process for process in some if process.name not in still]  # those stand still where nobody looks
    for process in some:
        here, there = (path.state[path.place[process.name]] for path in paths)
        assert np.array_equal(here, there), process.name
    exact = marginals(whole, 10)
    kept = marginals(read_law(model, programmes, whole), 10)
    assert all(np.allclose(kept[process.name], exact[process.name], rtol=0, atol=1e-12) for process in some)


@pytest.mark.parametrize("level", ["none", "ten", "test_then_ten", "pilot_then_ten"])
def test_what_nobody_looks_at_costs_nothing(level, monkeypatch):
    """A plan costs the same on every path, and the same in the mean, whether all of the law is played or what is looked at."""
    model = procure.load_model("japan").with_(**{
        "suppliers.seabed.programmes": [level], "model.elements": ["Dy"], "world.tree.nodes": 200,
        "world.retaliation": "delivery" if level == "ten" else "announcement",
    })  # fmt: skip
    # Without stock the rule has no kinks, of which it might leave out others.
    model = model.with_(**{"stock.Dy.existing": 0.0, "stock.medium_heavy.max_days": 0.0})
    portfolio = procure.solve(model, foresight=False, verdict=False)
    some = procure.evaluate(portfolio, 300)
    monkeypatch.setattr("procure.portfolio.fresh.read_law", lambda model, programmes, law: law)
    whole = procure.evaluate(portfolio, 300)
    assert np.allclose(some.losses, whole.losses, rtol=1e-9)
    assert some.costs["musd"].to_numpy() == approx(whole.costs["musd"].to_numpy(), rel=1e-9)
