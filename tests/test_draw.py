"""Many paths of a law, and how much likelier another law makes each of them."""

import numpy as np
from numpy.testing import assert_allclose
from pytest import approx

from procure.scenarios import Process, Tree, force, likelihood, markov, shock
from procure.scenarios.draw import draw_paths, even_numbers, plain_numbers


def world(rate=0.5, stops=0.4):
    """A region that hits China and a mine, over four years."""
    region = shock("region", 0.1, 6, 1.0, 4)
    rates = {("normal", "ban"): rate, ("ban", "normal"): 1.0}
    china = force(markov("china", ["normal", "ban"], {}, rates, {}, "ban", 1.0, 4), region, "on", {"ban": 1.0})
    return [region, china, force(shock("mine", stops, 3, 1.0, 4), region, "on", {"on": 0.7})]


def tree_of(paths):
    weight = np.full(paths.n_paths, 1 / paths.n_paths)
    states = paths.state.transpose(2, 1, 0)
    return Tree.from_paths(states, weight, [p.name for p in paths.processes], [p.states for p in paths.processes],
                           foresight=True)  # fmt: skip


def test_even_numbers_fill_a_law_without_memory_evenly():
    """Of 1,000 paths 200 are on in each period, and no two periods agree."""
    coin = Process("coin", ("off", "on"), "off", np.tile([0.8, 0.2], (3, 2, 1)))
    paths = draw_paths([coin], 3, 1000, even_numbers(1, 1000))
    assert paths.state.sum(axis=2).tolist() == [[200, 200, 200]]
    assert not (paths.state[0, 0] == paths.state[0, 1]).all()


def test_even_paths_have_a_mean_nearer_than_independent_ones():
    def spread(numbers):
        return np.std([draw_paths(world(), 4, 500, numbers(seed, 500)).state.sum() for seed in range(40)])

    assert spread(even_numbers) < 0.7 * spread(plain_numbers)


def test_the_ratio_of_a_path_is_that_of_its_nodes():
    paths = draw_paths(world(), 4, 300, plain_numbers(1, 300))
    tree = tree_of(paths)
    ratio = (likelihood(tree, world(0.9, 0.1)) / likelihood(tree, world()))[tree.paths()].prod(axis=1)
    assert_allclose(np.sort(paths.ratio(world(0.9, 0.1))), np.sort(ratio), rtol=1e-12)
    assert (paths.ratio(world()) == 1).all()


def test_ratios_average_to_one_and_bring_the_means_of_the_other_law():
    paths = draw_paths(world(), 4, 20_000, even_numbers(1, 20_000))
    other = draw_paths(world(0.9, 0.1), 4, 20_000, even_numbers(2, 20_000))
    ratio = paths.ratio(world(0.9, 0.1))
    assert ratio.mean() == approx(1, abs=0.02)
    assert_allclose((paths.state * ratio).mean(axis=2), other.state.mean(axis=2), atol=0.02)


def test_the_points_that_paths_pass_have_their_states():
    paths = draw_paths(world(), 4, 50, plain_numbers(3, 50))
    table, passed = paths.points()
    assert (table.period[passed] == np.arange(4)).all()
    assert (table.state[passed].transpose(2, 1, 0) == paths.state).all()
    assert table.n_nodes <= 4 * 8


def test_paths_of_several_laws_share_their_random_numbers():
    """The mine, whose law is the same, does the same; China bans more often where it did and elsewhere."""
    calm, rough = (draw_paths(world(rate), 4, 400, even_numbers(5, 400)) for rate in (0.2, 0.9))
    row = calm.place
    assert (calm.state[row["mine"]] == rough.state[row["mine"]]).all()
    assert (calm.state[row["china"]] <= rough.state[row["china"]]).mean() > 0.9
