"""Trees: exact, drawn, from tables; and the same futures written otherwise."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pytest import approx

from procure.errors import DataError
from procure.scenarios import (
    Process,
    Tree,
    build_tree,
    build_trees,
    correlate,
    enumerate_tree,
    force,
    levels,
    likelihood,
    marginals,
    markov,
    project,
    sample_paths,
    shock,
    table_tree,
)
from random_models import split

STRAIT = ("strait",), (("open", "shut"),)


def coin(name, p, n_periods):
    """Something without memory that happens with probability p each period."""
    return Process(name, ("calm", "on"), "calm", np.tile([1 - p, p], (n_periods, 2, 1)))


def japan(n_periods=10):
    """Seven processes as in the bundled case: two of them one-off projects, all steered by a region or by China."""
    n = n_periods
    rates = {
        ("normal", "friction"): 0.196, ("normal", "ban"): 0.050, ("normal", "embargo"): 0.011,
        ("friction", "normal"): 0.385, ("friction", "ban"): 0.371, ("friction", "embargo"): 0.069,
        ("ban", "friction"): 1.093, ("ban", "embargo"): 0.146,
        ("embargo", "friction"): 0.294, ("embargo", "ban"): 1.511,
    }  # fmt: skip
    china = markov("china", ["normal", "friction", "ban", "embargo"], {}, rates, {}, "ban", 1.0, n)
    disturbed = ["friction", "ban", "embargo"]

    def supplier(name, *steered, **states):
        onset = {("normal", state): rate for state, (rate, _) in states.items()}
        months = {state: months for state, (_, months) in states.items()}
        kinds = dict.fromkeys(states, "episode")
        return markov(name, ["normal", *states], kinds, onset, months, "normal", 1.0, n, steered)

    region = shock("region", 0.02, 6, 1.0, n)
    stops = correlate(["partial", "severe"], china, disturbed, 0.1)
    ships = correlate("interference", china, ["ban", "embargo"], 0.4)
    delay = correlate("waiting", china, disturbed, 0.25)
    lynas = supplier("lynas", stops, partial=(0.88, 3), severe=(0.041, 7.2))
    caremag = supplier("caremag", partial=(0.357, 3), severe=(0.030, 9))
    seabed = supplier("seabed", ships, partial=(2.3, 3), interference=(0.105, 3), severe=(0.083, 9))
    years = range(2027, 2027 + n)
    china = force(china, region, "on", {"embargo": 1.0})
    return [
        region,
        china,
        force(lynas, region, "on", {"severe": 0.67}),
        caremag,
        force(seabed, region, "on", {"severe": 1.0}),
        project("caremag", {2027: 0.35, 2028: 0.5, None: 0.15}, years, [delay], [region, china]),
        project("seabed", {2030: 0.25, 2033: 0.125, 2035: 0.125, None: 0.5}, years),
    ]


@st.composite
def worlds(draw):
    """Up to three random processes over up to three periods, the later ones perhaps driven by the first."""
    n_periods = draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    processes = []
    for name in ("alpha", "beta", "gamma")[: draw(st.integers(1, 3))]:
        n_states = draw(st.integers(1, 3))
        weights = random.random((n_periods, n_states, n_states)) * (
            random.random((n_periods, n_states, n_states)) < 0.7
        )
        weights += np.eye(n_states) * 0.1
        states = tuple(f"{name}{i}" for i in range(n_states))
        process = Process(name, states, states[-1], weights / weights.sum(axis=-1, keepdims=True))
        if processes and draw(st.booleans()):
            process = force(process, processes[0], processes[0].states[-1], {states[0]: 0.5})
        processes.append(process)
    return processes, n_periods


def restated(processes, tree):
    """Exact marginals with the states in the order of the tree."""
    by_name = {process.name: process for process in processes}
    exact = marginals(processes, tree.n_periods)
    names = zip(tree.processes, tree.states, strict=True)
    return {name: exact[name][:, [by_name[name].states.index(state) for state in states]] for name, states in names}


def equal(one, other, *, to_the_bit=True):
    """Whether two trees are the same, node by node."""
    same = one.processes == other.processes and one.states == other.states and one.n_nodes == other.n_nodes
    arrays = same and all((getattr(one, n) == getattr(other, n)).all() for n in ("period", "parent", "state"))
    compare = np.array_equal if to_the_bit else lambda a, b: np.allclose(a, b, rtol=1e-12, atol=0)
    return bool(arrays and compare(one.probability, other.probability))


# --- shape ---


def test_a_tree_by_hand():
    """Open 0.8, shut 0.2; once shut, shut again with 1/4: 0.05."""
    tree = Tree([0, 0, 1, 1, 1], [-1, -1, 0, 1, 1], [0.8, 0.2, 0.8, 0.15, 0.05], *STRAIT, [[0], [1], [0], [0], [1]])
    assert (tree.n_nodes, tree.n_periods) == (5, 2)
    assert tree.leaves.tolist() == [2, 3, 4]
    assert [c.tolist() for c in tree.children] == [[2], [3, 4], [], [], []]
    assert tree.paths().tolist() == [[0, 2], [1, 3], [1, 4]]
    assert tree.conditional == approx([0.8, 0.2, 1, 0.75, 0.25])
    assert tree.share("strait") == approx(np.array([[0.8, 0.2], [0.95, 0.05]]))
    with pytest.raises(DataError, match=r"did you mean 'strait'\?"):
        tree.share("straight")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"probability": [0.8, 0.15, 0.8, 0.1, 0.05]}, "sum to 0.95, not 1: strait=open 0.8, strait=shut 0.15"),
        ({"probability": [0.8, 0.2, 0.8, 0.15, 0.04]}, "children sum to their parent, node 1"),
        ({"probability": [1.0, 0.0, 1.0, 0.0, 0.0]}, "leave out what cannot happen"),
        ({"probability": [0.8, np.nan, 0.8, 0.15, 0.05]}, "probabilities are > 0"),
        ({"parent": [-1, -1, 1, 0, 0]}, "breadth order"),
        ({"parent": [-1, -1, 0, 0, 0]}, "node 1 ends in period 0"),
        ({"period": [0, 0, 1, 1, 2]}, "children one later"),
        ({"state": [[0], [1], [0], [0], [2]]}, "has no name"),
        ({"state": [0, 1, 0, 0, 1]}, "one entry per node"),
    ],
)
def test_a_tree_that_is_none_says_why(change, said):
    parts = {
        "period": [0, 0, 1, 1, 1],
        "parent": [-1, -1, 0, 1, 1],
        "probability": [0.8, 0.2, 0.8, 0.15, 0.05],
        "processes": STRAIT[0],
        "states": STRAIT[1],
        "state": [[0], [1], [0], [0], [1]],
    }
    with pytest.raises(DataError) as error:
        Tree(**(parts | change))
    assert said in str(error.value)


# --- exact ---


def test_two_coins_over_two_periods():
    """4 joint states, then 16: 0.3 × 0.1 in the first, squared for twice both."""
    tree = enumerate_tree([coin("china", 0.3, 2), coin("lynas", 0.1, 2)], 2)
    assert np.bincount(tree.period).tolist() == [4, 16]
    assert tree.label(3) == "china=on lynas=on"
    assert tree.probability[[3, 19]] == approx([0.03, 0.03**2])


def test_what_cannot_happen_has_no_node():
    """A region at peace for certain, and a start that can only come once: 2027 or 2028."""
    tree = enumerate_tree([coin("region", 0.0, 2), project("mine", {2027: 0.4, 2028: 0.6}, [2027, 2028])], 2)
    assert [tree.label(n) for n in range(tree.n_nodes)] == [
        "mine_project=waiting region=calm",
        "mine_project=2027 region=calm",
        "mine_project=2028 region=calm",
        "mine_project=2027 region=calm",
    ]
    assert tree.probability == approx([0.6, 0.4, 0.6, 0.4])


@settings(deadline=None)
@given(worlds())
def test_enumeration_has_the_exact_marginals(world):
    processes, n_periods = world
    tree = enumerate_tree(processes, n_periods)
    for name, exact in restated(processes, tree).items():
        assert_allclose(tree.share(name), exact, atol=1e-12)


def test_too_many_futures_are_refused_and_few_are_built_exactly():
    world = [coin("china", 0.3, 3), coin("lynas", 0.1, 3)]
    with pytest.raises(DataError, match="more than 83 joint futures"):
        enumerate_tree(world, 3, limit=83)
    assert equal(build_tree(world, 3, nodes=84), enumerate_tree(world, 3, limit=84))
    with pytest.raises(DataError, match="a law for every period"):
        enumerate_tree(world, 4)


# --- drawn ---


@pytest.fixture(scope="module")
def drawn():
    world = japan()
    return world, build_tree(world, 10, primary="china", branch=[0, 1], nodes=1500, seed=1)


def test_every_history_of_the_primary_process_is_there_where_it_branches(drawn):
    """Sixteen pairs of states of China in the first two years, each with its exact probability."""
    world, tree = drawn
    exact = restated(world, tree)["china"]
    assert_allclose(tree.share("china")[:2], exact[:2], atol=1e-12)
    own = tree.state[tree.paths(), tree.column("china")]
    assert len(np.unique(own[:, :2], axis=0)) == 16


def test_shares_of_states_are_near_the_exact_ones(drawn):
    world, tree = drawn
    n_nodes = np.bincount(tree.period)
    for name, exact in restated(world, tree).items():
        error = np.abs(tree.share(name) - exact).max(axis=1)
        assert error[n_nodes > 100].max() < 0.05, name
        assert error.mean() < 0.03, name


def test_rare_states_are_there_as_often_as_they_should_be():
    """2 % of a conflict, over 30 trees of 60 paths or so."""
    world = japan(3)
    trees = [build_tree(world, 3, nodes=200, seed=seed) for seed in range(30)]
    for name, exact in restated(world, trees[0]).items():
        shares = np.array([tree.share(name) for tree in trees])
        assert (np.abs(shares.mean(axis=0) - exact) <= 0.01).all(), name


def disturbed(tree):
    """In how many periods a process is not in its first state, over all processes, per path."""
    return (tree.state[tree.paths()] > 0).sum(axis=(1, 2))


def test_half_of_the_leaves_stand_for_the_worst_tenth(drawn):
    """They are as many as those of the rest, and weigh a ninth of those."""
    _, tree = drawn
    assert 1450 <= tree.n_nodes <= 1500
    order = np.argsort(disturbed(tree), kind="stable")
    weight = tree.probability[tree.leaves][order]
    half = len(weight) // 2
    assert 0.07 < weight[half:].sum() < 0.15


def test_the_mean_does_not_hang_on_the_seed():
    """Disturbed periods: their mean is known from the matrices, and those over 60 plain paths miss it by 2 %."""
    world = japan()
    for seed in range(5):
        tree = build_tree(world, 10, nodes=600, seed=seed)
        exact = sum((1 - shares[:, 0]).sum() for shares in restated(world, tree).values())
        mean = tree.probability[tree.leaves] @ disturbed(tree)
        plain = disturbed(sample_paths(world, 2000, seed=seed)).std() / np.sqrt(60)
        assert mean == approx(exact, rel=0.005)
        assert plain > 0.015 * exact


def test_two_laws_share_their_futures_and_weigh_them_as_likely_as_they_are():
    """Each path weighs under the one law about what the other gives it, times its likelihood ratio."""
    before, after = ([coin("strait", p, 6), coin("mine", 0.2, 6)] for p in (0.3, 0.45))
    one, other = build_trees([before, after], 6, primary="strait", nodes=240, seed=3)
    assert (one.parent == other.parent).all() and (one.state == other.state).all()
    ratio = (likelihood(one, after) / likelihood(one, before))[one.paths()].prod(axis=1)
    weights = [tree.probability[tree.leaves] for tree in (one, other)]
    apart = weights[1] / weights[0] / ratio
    assert ratio.std() > 0.5 and apart.std() < 0.2 * apart.mean()
    for tree, p in ((one, 0.3), (other, 0.45)):
        assert tree.share("strait")[:, 1] == approx(np.full(6, p), abs=0.03)


def test_a_law_with_few_futures_gets_them_all_beside_one_with_many():
    few, many = [coin("strait", 0.0, 5)], [coin("strait", 0.5, 5)]
    one, other = build_trees([few, many], 5, nodes=40, seed=1)
    assert equal(one, enumerate_tree(few, 5))
    assert 25 < other.n_nodes <= 40


@settings(deadline=None, max_examples=60)
@given(worlds(), st.integers(30, 120), st.integers(0, 5), st.sets(st.integers(0, 3)))
def test_any_drawn_tree_is_valid_and_small_enough(world, nodes, seed, branch):
    processes, n_periods = world
    branch = sorted(period for period in branch if period < min(n_periods, 2))
    tree = build_tree(processes, n_periods, primary="alpha", branch=branch, nodes=nodes, seed=seed)
    assert tree.n_nodes <= nodes  # validity is checked by the tree itself
    assert equal(tree, tree.merged()[0], to_the_bit=False)  # no identical siblings, canonical order
    assert_allclose(tree.share("alpha")[branch], restated(processes, tree)["alpha"][branch], atol=1e-9)


def reordered(process, order, driver_orders):
    """The same process with its states, and those of its drivers, in another order."""
    drivers = zip(process.drivers, process.driver_states, strict=True)
    axes = [*(driver_orders.get(driver, list(range(len(states)))) for driver, states in drivers), order, order]
    laws = process.transition
    for axis, by in enumerate(axes, start=1):
        laws = laws.take(by, axis=axis)
    driver_states = tuple(tuple(s[i] for i in by) for s, by in zip(process.driver_states, axes[:-2], strict=True))
    return Process(
        process.name, tuple(process.states[i] for i in order), process.start, laws, process.drivers, driver_states
    )


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(7)), st.permutations([1, 2, 3]))
def test_order_of_processes_and_states_does_not_touch_the_last_bit(order, states):
    world = japan(4)
    china = {"china": [0, *states]}
    other = [reordered(p, china.get(p.name, list(range(len(p.states)))), china) for p in (world[i] for i in order)]
    arguments = {"primary": "china", "branch": [0, 2], "nodes": 300, "seed": 3}
    assert equal(build_tree(world, 4, **arguments), build_tree(other, 4, **arguments))
    assert equal(sample_paths(world, 50, seed=3), sample_paths(other, 50, seed=3))


def test_seeds_differ_and_repeat():
    world = japan(4)
    one, again, other = (build_tree(world, 4, nodes=200, seed=seed) for seed in (1, 1, 2))
    assert equal(one, again)
    assert not equal(one, other)


def test_faults_of_branching():
    world = japan(4)
    with pytest.raises(DataError, match=r"paths of 4 periods take up to 1\d{3} nodes; at most 300"):
        build_tree(world, 4, primary="china", branch=[0, 1, 2, 3], nodes=300)
    with pytest.raises(DataError, match=r"did you mean 'china'\?"):
        build_tree(world, 4, primary="chian", nodes=300)
    with pytest.raises(DataError, match="name the one that branches"):
        build_tree(world, 4, branch=[0], nodes=300)
    with pytest.raises(DataError, match="give positions, not years"):
        build_tree(world, 4, primary="china", branch=[2027], nodes=300)


def test_fresh_paths_are_independent_and_unmerged():
    world = japan(4)
    fan = sample_paths(world, 4000, seed=5)
    assert fan.n_nodes == 16000
    assert (np.diff(fan.paths(), axis=1) == 4000).all()
    for name, exact in restated(world, fan).items():
        error = 4 * np.sqrt(exact * (1 - exact) / 4000)
        assert (np.abs(fan.share(name) - exact) <= error + 1e-12).all(), name


# --- merging ---


@settings(deadline=None)
@given(worlds(), st.data())
def test_a_scenario_split_in_two_merges_back(world, data):
    whole, _ = enumerate_tree(*world).merged()
    parts = whole
    for _ in range(data.draw(st.integers(1, 3))):
        parts = split(parts, data.draw(st.integers(0, parts.n_nodes - 1)), data.draw(st.floats(0.01, 0.99)))
    assert parts.n_nodes > whole.n_nodes
    back, new = parts.merged()
    assert equal(back, whole, to_the_bit=False)
    assert_allclose(np.bincount(new, weights=parts.probability), back.probability)
    assert (back.state[new] == parts.state).all()
    assert (back.period[new] == parts.period).all()
    inner = parts.parent >= 0
    assert (back.parent[new[inner]] == new[parts.parent[inner]]).all()


def test_futures_that_differ_stay_apart():
    """Two ways of being open, one known to lead to a closure more often: a buyer can act on that."""
    tree = Tree(
        [0, 0, 1, 1, 1, 1],
        [-1, -1, 0, 0, 1, 1],
        [0.5, 0.5, 0.4, 0.1, 0.3, 0.2],
        *STRAIT,
        [[0], [0], [0], [1], [0], [1]],
    )
    assert tree.merged()[0].n_nodes == 6
    alike = Tree([0, 0, 1, 1, 1, 1], [-1, -1, 0, 0, 1, 1], [0.25, 0.75, 0.2, 0.05, 0.6, 0.15], *STRAIT, tree.state)
    merged, new = alike.merged()
    assert merged.probability == approx([1, 0.8, 0.2])
    assert new.tolist() == [0, 0, 1, 2, 1, 2]


def test_only_some_processes_matter():
    """What lynas does cannot be told from china alone: 20 nodes become 6."""
    tree = enumerate_tree([coin("china", 0.3, 2), coin("lynas", 0.1, 2)], 2)
    merged, new = tree.only(["china"]).merged()
    assert equal(merged, enumerate_tree([coin("china", 0.3, 2)], 2), to_the_bit=False)
    by_key, same = tree.merged(key=tree.state[:, [0]])
    assert (by_key.parent == merged.parent).all()
    assert (same == new).all()


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_merged_does_not_depend_on_how_nodes_stood(order):
    paths = np.array([[[0], [0]], [[0], [1]], [[1], [0]], [[1], [1]], [[0], [1]], [[1], [1]]])
    weight = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    fan = Tree.from_paths(paths, weight, *STRAIT, foresight=True)
    other = Tree(
        fan.period, fan.parent, np.tile(weight[order], 2), *STRAIT, np.concatenate([paths[order, 0], paths[order, 1]])
    )
    assert equal(fan.merged()[0], other.merged()[0], to_the_bit=False)
    assert equal(Tree.from_paths(paths[order], weight[order], *STRAIT), Tree.from_paths(paths, weight, *STRAIT))


# --- tables ---

COLUMNS = ["scenario", "probability", "process", "state", "period"]
STATES = {"china": ["normal", "ban"], "lynas": ["normal", "stop"]}


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


CLOSURES = table(
    ["calm", 0.7, None, None, None],
    ["ban", 0.2, "china", "ban", None],
    ["ban", None, "china", "normal", 2028],
    ["late", 0.1, "lynas", "stop", 2028.0],
)


def test_scenarios_share_their_past():
    """Calm and late look alike in 2027: 0.8 together. The ban, given for all years, ends in 2028."""
    tree = table_tree(CLOSURES, STATES, [2027, 2028])
    assert [tree.label(n) for n in range(tree.n_nodes)] == [
        "china=normal lynas=normal",
        "china=ban lynas=normal",
        "china=normal lynas=normal",
        "china=normal lynas=stop",
        "china=normal lynas=normal",
    ]
    assert tree.probability == approx([0.8, 0.2, 0.7, 0.1, 0.2])
    assert tree.parent.tolist() == [-1, -1, 0, 0, 1]


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(4)), st.permutations(COLUMNS), st.permutations(list(STATES)))
def test_order_and_names_of_the_table_do_not_matter(rows, columns, names):
    tree = table_tree(CLOSURES, STATES, [2027, 2028])
    other = CLOSURES.iloc[rows][columns]
    other = other.replace({"scenario": {"calm": "z", "late": "a"}}).astype(object)
    assert equal(table_tree(other, {name: STATES[name] for name in names}, ["2027", "2028"]), tree, to_the_bit=False)


def test_processes_and_numbered_periods_will_do():
    frame = table(["calm", "0.9", "", "", ""], ["on", "0.1", "mine", "on", "1"])
    tree = table_tree(frame, [coin("mine", 0.5, 2)], 2)
    assert tree.probability == approx([1, 0.9, 0.1])
    assert table_tree(frame.drop(columns="period"), [coin("mine", 0.5, 2)], 2).probability == approx(
        [0.9, 0.1, 0.9, 0.1]
    )


def test_all_faults_of_a_table_come_together():
    frame = table(
        ["calm", 0.8, "chian", "ban", None],
        ["closure", 0.15, "china", "bann", None],
        ["closure", 0.25, "lynas", "stop", 2029],
        ["closure", 0.15, "lynas", "stop", 2029],
        ["nothing", None, None, None, None],
    )
    with pytest.raises(DataError) as error:
        table_tree(frame, STATES, [2027, 2028])
    said = str(error.value)
    for words in (
        "row 1: no process 'chian'",
        "did you mean 'china'?",
        "row 2: no state 'bann' of 'china'",
        "row 3: probability of 'closure' is 0.25, elsewhere 0.15",
        "row 3: no period '2029'",
        "row 4: 'lynas' of 'closure' in 2029 is given again",
        "scenario 'nothing': no probability",
    ):
        assert words in said
    with pytest.raises(DataError, match=r"sum to 0.95, not 1: calm 0.8, closure 0.15.*often 'no disruption'"):
        table_tree(table(["calm", 0.8, *[None] * 3], ["closure", 0.15, "china", "ban", None]), STATES, 1)
    with pytest.raises(DataError, match="no column"):
        table_tree(frame.drop(columns="state"), STATES, 2)


def test_demand_levels_kept_for_good_branch_once():
    tree = enumerate_tree([levels("demand", {"base": 0.5, "high": 0.3, "low": 0.2}, True, 3)], 3)
    assert np.bincount(tree.period).tolist() == [3, 3, 3]
    assert tree.probability == approx([0.5, 0.3, 0.2] * 3)
