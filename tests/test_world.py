"""The world of a model: the law of each programme, and the tree that all of them share."""

import time
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pytest import approx

from procure import DataError, Facts, load_facts, load_model, solve
from procure.market import make_tree
from procure.model import make_model
from procure.scenarios import Tree, correlate, enumerate_tree, marginals, markov
from procure.scenarios.world import periods_of, processes, programme_choices

LEVELS = ("none", "pilot", "five", "ten")
SIZES = (1020, 10_000)
BAD = ("ban", "embargo")
LATE = {"limits.china_heavy_share.from": 2027}
FEW = {"model.years": (2027, 2028), "suppliers.caremag.enabled": False, "suppliers.lynas.enabled": False}


@cache
def japan(nodes):
    return load_model("japan").with_(**{"world.tree.nodes": nodes})


@cache
def tree_of(nodes, level):
    return make_tree(japan(nodes), {"seabed": level})


def exact(model, level):
    """Name -> state -> chance in every period, from the matrices of this level's chains."""
    law = processes(model, {"seabed": level})
    chances = marginals(law, law[0].n_periods)
    return {p.name: dict(zip(p.states, chances[p.name].T, strict=True)) for p in law}


def seen(tree, names):
    """The tree of some processes alone: histories that differ in the rest are one."""
    columns = [tree.processes.index(name) for name in names]
    paths = tree.state[tree.paths()][:, :, columns]
    return Tree.from_paths(paths, tree.probability[tree.leaves], names, [tree.states[column] for column in columns])


# --- one tree for all levels, each weighed by its own law ---


@pytest.mark.parametrize("nodes", SIZES)
@pytest.mark.parametrize("level", LEVELS)
def test_the_tree_of_every_level_has_its_law(nodes, level):
    """Each state of each process in each year, within three standard errors of the chance that the matrices say.

    The share of a state is Σ w_n f_n over the nodes of the year, with weights that sum to one; its standard error is
    √(Σ w_n² (f_n - P)²), in the mean √(P (1 - P) Σ w_n²), were the nodes independent. Drawn evenly they do better. By
    chance alone three of the 230 would lie outside in one of 40 levels.
    """
    tree = tree_of(nodes, level)
    outside = []
    for name, states in exact(japan(nodes), level).items():
        column = tree.processes.index(name)
        share = tree.share(name)
        for state, chance in states.items():
            code = tree.states[column].index(state)
            for year, p in enumerate(chance):
                weight = tree.probability[tree.period == year]
                error = np.sqrt(p * (1 - p) * (weight @ weight))
                if abs(share[year, code] - p) > 3 * error + 1e-12:
                    outside.append((name, state, 2027 + year, share[year, code], p))
    assert len(outside) <= 2, outside


@pytest.mark.parametrize("nodes", SIZES)
@pytest.mark.parametrize(("one", "other"), [("ten", "none"), ("ten", "five"), ("pilot", "none")])
def test_levels_differ_as_their_laws_do(nodes, one, other):
    """The difference of two shares over the same paths, within three standard errors of that of the matrices.

    Node n adds v_n (f_n - P) - w_n (f_n - Q) to the error; the standard error is the root of the sum of squares.
    """
    laws = [exact(japan(nodes), level) for level in (one, other)]
    names = sorted({*laws[0]} - {"seabed"})  # whose states do not hang on the weights
    trees = [seen(tree_of(nodes, level), names) for level in (one, other)]
    assert (trees[0].parent == trees[1].parent).all() and (trees[0].state == trees[1].state).all()
    v, w, period, states = *(tree.probability for tree in trees), trees[0].period, trees[0].state.T
    outside = []
    for name in names:
        column = trees[0].processes.index(name)
        for state in laws[0][name]:
            inside = states[column] == trees[0].states[column].index(state)
            for year, (p, q) in enumerate(zip(laws[0][name][state], laws[1][name][state], strict=True)):
                here = period == year
                parts = v[here] * (inside[here] - p) - w[here] * (inside[here] - q)
                difference = (v - w)[here] @ inside[here]
                if abs(difference - (p - q)) > 3 * np.sqrt(parts @ parts) + 1e-12:
                    outside.append((name, state, 2027 + year, difference, p - q))
    # A project that has begun stays so: one start too many is there in all later years, and counts once.
    assert len({(name, state) for name, state, *_ in outside}) <= 2, outside


def test_ten_raises_chinas_chance_of_a_ban():
    """In the mean of 2030 to 2036 ban or embargo is likely with 0.225 without a programme, 0.260 with ten."""

    def mean(by_state):
        return sum(by_state[state][3:].mean() for state in BAD)

    share = {}
    for level, chance in (("none", 0.225), ("ten", 0.260)):
        assert mean(exact(japan(1020), level)["china"]) == approx(chance, abs=5e-4)
        tree = tree_of(10_000, level)
        column = tree.processes.index("china")
        share[level] = mean(dict(zip(tree.states[column], tree.share("china").T, strict=True)))
    assert share["ten"] - share["none"] == approx(0.035, abs=0.005)


def test_levels_are_exact_where_the_tree_holds_every_future():
    """Two years, China and the seabed alone: few futures, and each level has those of its own law."""
    model = load_model("japan").with_(**FEW, **{"world.tree.nodes": 10_000, "limits.china_heavy_share.from": 2027})
    for level in LEVELS:
        tree = make_tree(model, {"seabed": level})
        own = enumerate_tree(processes(model, {"seabed": level}), 2)
        assert (tree.parent == own.parent).all() and (tree.state == own.state).all()
        assert_allclose(tree.probability, own.probability, rtol=1e-12)


def test_the_tree_is_drawn_once_and_again_for_another_law():
    model = japan(300).with_(**{"world.tree.branch": (2027,)})
    pilot, ten = (make_tree(model, {"seabed": level}) for level in ("pilot", "ten"))
    assert (pilot.parent == ten.parent).all() and (pilot.state == ten.state).all()
    again = make_tree(model.with_(**{"prices.Dy.spot": 1200}), {"seabed": "ten"})
    assert (again.probability == ten.probability).all()
    moved = make_tree(model.with_(**{"suppliers.china.rate.normal.ban": 0.2}), {"seabed": "ten"})
    assert moved.n_nodes != ten.n_nodes or (moved.probability != ten.probability).any()
    assert (make_tree(model, {"seabed": "ten"}).probability == ten.probability).all()


def test_a_model_of_one_level_is_drawn_from_its_own_law():
    """Branching into every state of China is then exact, in the first year."""
    model = japan(300).with_(**{"world.tree.branch": (2027,), "suppliers.seabed.programmes": ("ten",)})
    assert programme_choices(model) == [{"seabed": "ten"}]
    tree = make_tree(model, {"seabed": "ten"})
    own = dict(zip(tree.states[tree.processes.index("china")], tree.share("china")[0], strict=True))
    assert own == approx({state: chance[0] for state, chance in exact(model, "ten")["china"].items()})


def test_a_programme_that_the_model_does_not_list_has_a_law_too():
    """Listed or not, asked for together with the others or alone, a level is weighed by what it does."""
    model = japan(10_000).with_(**{"suppliers.seabed.programmes": ("none", "pilot")})
    tree = make_tree(model, {"seabed": "ten"})
    column = tree.processes.index("china")
    share = dict(zip(tree.states[column], tree.share("china").T, strict=True))
    law = exact(model, "ten")["china"]
    assert sum(share[s][3:].mean() for s in BAD) == approx(sum(law[s][3:].mean() for s in BAD), abs=0.01)


def test_what_a_level_rules_out_costs_it_no_paths():
    """Without ships at the site nobody interferes: the seabed's states differ from ten's, all the rest is the same."""
    none, ten = (tree_of(1020, level) for level in ("none", "ten"))
    state = {t: t.states[t.processes.index("seabed")].index("interference") for t in (none, ten)}
    assert none.share("seabed")[:, state[none]].sum() == 0 < ten.share("seabed")[:, state[ten]].min()
    assert len(none.leaves) > 0.95 * len(ten.leaves)


# --- what programmes do to rates ---


def workshop(programmes, level=None, years=(2027, 2027), **tables):
    """One site that sells 10 t of copper a year, disturbed by strangers in half of the years."""
    table = {
        "elements": pd.DataFrame({"element": ["copper"]}),
        "demand": pd.DataFrame({"element": ["copper"], "year": 2027, "value": 10}),
        "prices": pd.DataFrame({"element": ["copper"], "layer": "contract", "value": 5}),
        "suppliers": pd.DataFrame({"supplier": ["site", "rival"]}),
        "offers": pd.DataFrame({"supplier": ["site", "rival"], "element": "copper", "year": 2027, "value": 10}),
        "shortage": pd.DataFrame({"scope": "all", "tier": 1, "attribute": ["width", "cost"], "value": [1, 500]}),
        "states": pd.DataFrame(
            [["site", "calm", "regime", 0, 12], ["site", "interference", "episode", 1, 3],
             ["rival", "calm", "regime", 0, 12], ["rival", "ban", "episode", 1, 3]],
            columns=["chain", "state", "kind", "order", "value"],
        ),
        "transitions": pd.DataFrame(
            [["site", "calm", "interference", np.log(2)], ["rival", "calm", "ban", np.log(2)]],
            columns=["chain", "from", "to", "value"],
        ),
        "programmes": pd.DataFrame(programmes, columns=["supplier", "programme", "attribute", "year", "value"]),
    }  # fmt: skip
    suppliers = {"site": {"programmes": [level]}} if level else {}
    settings = {"model": {"name": "workshop", "years": list(years)}, "suppliers": suppliers}
    return make_model(settings, Facts.from_frames(table | tables))


def chance(model, chain, state, level=None):
    """Of a state of a chain, by year, without memory."""
    law = {p.name: p for p in processes(model, {"site": level} if level else {})}
    return law[chain].transition[:, 0, law[chain].code(state)]


LEVELS_OF_SITE = [
    ["site", "few", "interference", 2026, 0.25],
    ["site", "none", "interference", 2026, 0.0],
    ["site", "many", "capacity", 2026, 1.0],
]


@pytest.mark.parametrize(("level", "years"), [(None, 0.5), ("few", 1 - 0.5**0.25), ("none", 0.0), ("many", 0.5)])
def test_a_level_draws_its_share_of_the_interference(level, years):
    """Half of all years at the full rate, which is that of a level that says nothing, too."""
    model = workshop(LEVELS_OF_SITE, level)
    assert chance(model, "site", "interference", level) == approx(years)
    assert chance(model, "rival", "ban", level) == approx(0.5)


def test_numbers_of_a_level_hold_from_their_year_on():
    """From 2028 ten times a quarter of ln 2 is added to the rival's rate, from 2030 half of it: 1 - 0.5^(1 + 10 x)."""
    rows = [
        *LEVELS_OF_SITE,
        ["site", "few", "interference", 2029, 1.0],
        ["site", "few", "retaliation", 2028, 0.25],
        ["site", "few", "retaliation", 2030, 0.5],
    ]
    added = pd.DataFrame([["site", "rival", "calm", "ban", 10 * np.log(2)]])
    added.columns = ["supplier", "chain", "from", "to", "value"]
    model = workshop(rows, "few", years=(2027, 2031), retaliations=added)
    assert chance(model, "rival", "ban", "few") == approx(1 - 0.5 ** np.array([1, 3.5, 3.5, 6, 6]))
    drawn = 1 - 0.5 ** np.array([0.25, 0.25, 1, 1, 1])
    assert chance(model, "site", "interference", "few") == approx(drawn)
    assert chance(model, "rival", "ban") == approx(0.5)


def test_interference_can_be_moved():
    """It is read: a level of 0.5 instead of 1, and the seabed is disturbed less often."""
    model = japan(1020)
    half = model.with_(**{"suppliers.seabed.programmes.ten.interference.2026": 0.5})
    whole, less = (exact(m, "ten")["seabed"]["interference"] for m in (model, half))
    assert (0.4 * whole < less).all() and (less < 0.6 * whole).all()


# --- rates are rates ---

VARIANTS = ("optimistic", "base", "pessimistic")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("periods", [1, 2, 4, 12, 52])
def test_every_variant_has_a_law_by_the_year_quarter_month_and_week(variant, periods):
    model = japan(1020).with_(**{"world.variant": variant, "model.periods_per_year": periods})
    for level in LEVELS:
        law = processes(model, {"seabed": level})
        assert {p.n_periods for p in law} == {10 * periods}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("periods", "seconds"), [(1, 1), (4, 2), (12, 5)])
def test_every_variant_has_trees_of_as_many_paths(variant, periods, seconds):
    """A hundred paths or more by the year, the quarter and the month, in a few seconds for all levels together."""
    model = japan(1020).with_(**{"world.variant": variant, "model.periods_per_year": periods})
    began = time.process_time()
    trees = [make_tree(model, {"seabed": level}) for level in LEVELS]
    assert time.process_time() - began < 4 * seconds  # of a slow machine
    for tree in trees:
        assert 0.96 * 1020 * periods <= tree.n_nodes <= 1020 * periods
        assert 100 <= len(tree.leaves) <= 115
        china = tree.state[tree.paths(), tree.column("china")]
        assert len(np.unique(china[:, 0])) == 4  # 2027 branches in its first period


@cache
def rows_of(chain):
    tables = load_facts().tables
    return tables["states"].query("chain == @chain").sort_values("order"), tables["transitions"].query(
        "chain == @chain"
    )


@cache
def bundled(chain, variant, periods, months=None, steered=()):
    """A chain of the bundled tables without common shocks; `months` stands for the length of each of its episodes."""
    states, rates = rows_of(chain)
    rates = dict(zip(zip(rates["from"], rates["to"], strict=True), rates[variant], strict=True))
    kinds = dict(zip(states["state"], states["kind"], strict=True))
    lasts = {state: months or value for state, value in zip(states["state"][1:], states["value"][1:], strict=True)}
    return markov(chain, list(kinds), kinds, rates, lasts, next(iter(kinds)), 1 / periods, 1, steered)


@pytest.mark.parametrize("variant", ["optimistic", "value", "pessimistic"])
@pytest.mark.parametrize("periods", [4, 12])
def test_a_year_of_months_has_the_law_of_a_year(variant, periods):
    """China exactly; of every other chain the worst that struck within the year, whatever state China stays in."""
    year, part = (bundled("china", variant, n) for n in (1, periods))
    assert_allclose(np.linalg.matrix_power(part.transition[0], periods), year.transition[0], atol=1e-9)
    rows = load_facts().tables["correlations"].itertuples()
    steering = {row.chain_b: (row.states_b.split("|"), row.states_a.split("|"), row.value) for row in rows}
    for chain in load_facts().tables["states"]["chain"].unique():
        laws = []
        for n, months in ((1, None), (periods, np.inf)):  # a stop that does not end is seen in December
            into, on, value = steering.get(chain, ((), (), 0))
            china = bundled("china", variant, n)
            steered = (correlate(into, china, on, value),) if chain in ("lynas", "seabed") else ()
            law = bundled(chain, variant, n, months, steered).transition[0]
            laws.append(np.linalg.matrix_power(law, n)[..., 0, :])
        if chain != "china":
            assert_allclose(laws[0], laws[1], atol=1e-9, err_msg=chain)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("periods", [4, 12])
def test_projects_start_in_the_same_years_in_any_period(variant, periods):
    """Shocks and correlations included: the stated chances are those of the year, and fall into its first period."""
    yearly, other = (japan(1020).with_(**{"world.variant": variant, "model.periods_per_year": n}) for n in (1, periods))
    for name in ("caremag_project", "seabed_project"):
        year, part = (marginals(processes(model, {}), len(periods_of(model)))[name] for model in (yearly, other))
        for first in range(periods):
            assert_allclose(part[first::periods], year, atol=1e-9)


@pytest.mark.parametrize("variant", ["optimistic", "value", "pessimistic"])
@pytest.mark.parametrize(
    ("chain", "into", "on", "value"),
    [("lynas", ("partial", "severe"), ("friction", "ban", "embargo"), 0.1), ("seabed", "interference", BAD, 0.4)],
)
def test_what_china_steers_is_close_in_months_and_years(variant, chain, into, on, value):
    """The chance of each worst stop of a year within 0.007 from the fifth year on, within 0.045 before.

    A year is taken to be in the state of China at its end, months each in their own. That is the same on average, and China's
    states at the end of a year are those of its months once it has forgotten today's ban.
    """
    share = {}
    for periods, months in ((1, None), (12, np.inf)):
        china = bundled("china", variant, periods)
        law = bundled(chain, variant, periods, months, (correlate(into, china, on, value),)).transition[0]
        together = np.zeros(law.shape[:2])
        together[china.code("ban"), 0] = 1.0
        share[periods] = []
        for _year in range(10):
            together = np.outer(together.sum(axis=1), np.eye(law.shape[1])[0])  # the stops of this year alone
            for _period in range(periods):
                together = np.einsum("js,jst->jt", china.transition[0].T @ together, law)
            share[periods].append(together.sum(axis=0))
    apart = np.abs(np.array(share[1]) - share[12]).max(axis=1)
    assert apart.max() < 0.045
    assert apart[4:].max() < 0.007


def test_a_model_of_one_year_is_the_first_year_of_ten():
    """China's ban is today's, for how a project waits too: not its chance in the long run."""
    whole, first = japan(1020), japan(1020).with_(**{"model.years": (2027, 2027), "world.tree.branch": (2027,)} | LATE)
    for level in LEVELS:
        for ten, one in zip(processes(whole, {"seabed": level}), processes(first, {"seabed": level}), strict=True):
            n = len(one.states)  # projects know the starts that the model can see
            assert (ten.transition[0, ..., :n, :n] == one.transition[0]).all(), one.name


def test_projects_start_as_often_as_stated_and_later_under_a_ban():
    """The chances of projects.csv hold in the world without a programme; retaliation delays through China alone."""
    model = japan(1020)
    calm, ten = ({p.name: p for p in processes(model, choice)} for choice in ({}, {"seabed": "ten"}))
    last = marginals(calm.values(), 10)["caremag_project"]
    assert last[0] == approx([0.65, 0.35, 0.0], abs=1e-12) and last[-1] == approx([0.15, 0.35, 0.5], abs=1e-12)
    assert marginals(ten.values(), 10)["caremag_project"][-1, 0] > 0.15
    assert all(ten[name] is calm[name] for name in ("caremag_project", "seabed_project", "lynas", "seabed"))
    wait = dict(zip(calm["china"].states, calm["caremag_project"].transition[0, :, 0, 0], strict=True))
    assert wait["normal"] < 0.65 < wait["friction"] == wait["ban"] == wait["embargo"]


def test_a_lasting_shock_decides_whom_it_hits_when_it_begins():
    """By the month, Lynas is in its severe state in all months of a conflict or, but for its own luck, in none."""
    monthly = {p.name: p for p in processes(japan(1020).with_(**{"model.periods_per_year": 12}), {})}
    whom = monthly["regional_conflict.lynas"]
    assert whom.drivers == ("regional_conflict",)
    assert whom.transition[0, 1].tolist() == [[0, approx(0.33), 0.67], [0, 1, 0], [0, 0, 1]]
    severe = monthly["lynas"].code("severe")
    axis = 1 + monthly["lynas"].drivers.index("regional_conflict.lynas")
    assert (monthly["lynas"].transition.take(whom.code("hit severe"), axis=axis)[..., severe] == 1).all()
    assert "regional_conflict" in monthly["china"].drivers  # an embargo for certain: nothing to decide
    assert {"regional_conflict.china", "regional_conflict.seabed"}.isdisjoint(monthly)
    yearly = {p.name for p in processes(japan(1020), {})}
    assert not any("." in name for name in yearly)


def test_states_that_a_shock_forces_keep_their_chances():
    """Severe in half of the shocks, partial in three of ten: not in three tenths of the rest."""
    shocks = pd.DataFrame(
        [["war", "rate", None, None, 1e3], ["war", "duration", None, None, 1e4], ["war", "forces", "site", "low", 0.3],
         ["war", "forces", "site", "interference", 0.5]],
        columns=["shock", "attribute", "chain", "state", "value"],
    )  # fmt: skip
    states = [
        ["site", "calm", "regime", 0, 12],
        ["site", "low", "episode", 1, 3],
        ["site", "interference", "episode", 2, 3],
    ]
    states = pd.DataFrame(states, columns=["chain", "state", "kind", "order", "value"])
    rates = pd.DataFrame([["site", "calm", "low", 0.0]], columns=["chain", "from", "to", "value"])
    model = workshop(LEVELS_OF_SITE, shocks=shocks, states=states, transitions=rates)
    for periods in (1, 12):
        world = processes(model.with_(**{"model.periods_per_year": periods}), {})
        assert marginals(world, periods)["site"][0] == approx([0.2, 0.3, 0.5], abs=1e-5)
    alone = workshop(LEVELS_OF_SITE, shocks=shocks[1:], states=states, transitions=rates)
    with pytest.raises(DataError, match="no row says its rate"):
        processes(alone, {})


def test_a_table_of_scenarios_speaks_of_a_lasting_shock_as_ever():
    rows = [
        ["war", 0.3, "regional_conflict", "on", None],
        ["war", None, "lynas", "severe", None],
        ["peace", 0.7, *[None] * 3],
    ]
    table = pd.DataFrame(rows, columns=["scenario", "value", "process", "state", "period"])
    facts = Facts.from_frames({"scenarios": table}, extend=True)
    model = load_model("japan", facts=facts).with_(**{"world.scenarios": True, "model.periods_per_year": 4})
    tree = make_tree(model, {"seabed": "ten"})
    assert tree.share("regional_conflict")[:, 1] == approx(np.full(40, 0.3))
    assert tree.share("regional_conflict.lynas")[:, 0] == approx(np.ones(40))


# --- what can fail without being a supplier ---


def market(states, rates, programmes=LEVELS_OF_SITE, years=(2027, 2027), **tables):
    """10 t of copper a year at 5 kUSD/t from the site, which never fails; the price doubles while the market is tight."""
    states = pd.DataFrame(states, columns=["chain", "state", "kind", "order", "value"])
    rates = pd.DataFrame(rates, columns=["chain", "from", "to", "value"])
    multiple = {"chain": "market", "state": "tight", "layer": "contract", "scope": "all", "value": [2.0]}
    tables = {"states": states, "transitions": rates, "multiples": pd.DataFrame(multiple)} | tables
    return workshop(programmes, years=years, **tables)


MARKET = [["market", "usual", "regime", 0, 12], ["market", "tight", "regime", 1, 10_000]]


@pytest.mark.parametrize(
    ("start", "rate", "tight"),
    [("tight", 0.0, np.exp(-0.0012)), ("usual", 0.0, 0.0), ("usual", 1.0, (1 - np.exp(-2)) / 2)],
)
def test_a_price_chain_of_its_own_counts(start, rate, tight):
    """10 t at 5 cost 50, at 10 they cost 100. Tight markets last 10,000 months, or come and go once a year."""
    rates = [["market", "usual", "tight", rate], ["market", "tight", "usual", rate]]
    model = market(MARKET, rates).with_(**{"world.start": {"market": start}})
    assert 1e3 * solve(model).summary["expected_cost"] == approx(50 + 50 * tight, rel=1e-9)


def test_a_chain_of_its_own_is_provoked_correlated_and_branches():
    """ln 2 a year is added by the site's programme; the rival's bans come with tight markets; the tree branches by it."""

    def table(columns, *rows):
        return pd.DataFrame(rows, columns=columns.split())

    model = market(
        [MARKET[0], ["market", "tight", "episode", 1, 12], ["rival", "calm", "regime", 0, 12], ["rival", "ban", "episode", 1, 3]],
        [["market", "usual", "tight", np.log(2)], ["rival", "calm", "ban", 0.1]],
        [["site", "few", "retaliation", 2026, 1.0]],
        (2027, 2030),
        retaliations=table("supplier chain from to value", ["site", "market", "usual", "tight", np.log(2)]),
        correlations=table("chain_a states_a chain_b states_b value", ["market", "tight", "rival", "ban", 1 / 3]),
    )  # fmt: skip
    assert chance(model, "market", "tight") == approx(np.full(4, 0.5))
    assert chance(model, "market", "tight", "few") == approx(np.full(4, 0.75))
    law = {p.name: p for p in processes(model, {})}
    # tight in half of the years and h = 4: 2 / 5 and 8 / 5 of the rate
    assert law["rival"].transition[0, :, 0, 1] == approx(1 - np.exp([-0.04, -0.16]))
    model = model.with_(**{"world.tree": {"primary": "market", "branch": [2027, 2028], "nodes": 60}})
    assert make_tree(model, {}).share("market")[:2] == approx(np.full((2, 2), 0.5), abs=1e-12)


def test_switched_off_suppliers_stay_out_of_the_world():
    model = workshop(LEVELS_OF_SITE).with_(**{"suppliers.rival.enabled": False})
    assert [p.name for p in processes(model, {})] == ["site"]


def test_what_a_chain_of_its_own_cannot_do_is_a_fault():
    rates = [["market", "usual", "tight", 1.0]]
    depth = pd.DataFrame({"chain": ["market"], "scope": "all", "state": "tight", "value": [0.5]})
    with pytest.raises(DataError, match=r"unknown chain 'market'.*volume is lost by suppliers.*multiples.csv"):
        market(MARKET, rates, depths=depth)
    war = pd.DataFrame({"shock": "market", "attribute": ["rate", "duration"], "value": [1.0, 1.0]})
    with pytest.raises(DataError, match=r"chain 'market': demand, a shock or a project has this name"):
        processes(market(MARKET, rates, shocks=war), {})
