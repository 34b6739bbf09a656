"""Programmes in stages: an option valued by hand, the law that follows the level in force, plans revised along two routes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import procure
from procure.errors import DataError
from procure.facts import Facts
from procure.formulation.moment import Moment, seen_before
from procure.market import make_market, merge
from procure.model import load_model, make_model
from procure.model.choices import Settings
from procure.portfolio.measure import Measured
from procure.program.solve import solve_market
from procure.scenarios import build_tree
from procure.scenarios.process import marginals
from procure.scenarios.world import processes, programme_choices
from random_models import random_model, seeds
from test_compose import cost, plain_cost
from test_portfolio import by_loops

STAGES = [("today", "test", 2027), ("works", "plant", 2028), ("fails", "none", 2028)]


def option(programmes=("none", "plant", "wait"), stages=STAGES, years=(2027, 2028), **numbers):
    """A project that may be built now, or once a test has told more of it; see `test_the_option_to_wait_by_hand`."""
    levels = {
        "none": {"capacity": 0, "reveals": 0},
        "test": {"capacity": 0, "reveals": 1},
        "plant": {"capacity": 100, "investment": 1500, "unit_cost": 10, "reveals": 1},
        "trial": {"capacity": 20, "unit_cost": 30, "reveals": 1, "trial": 1, "running_cost": 50},
    }
    verdicts = [("works", "2028", 0.9), ("works", "never", 0.2), ("fails", "2028", 0.1), ("fails", "never", 0.8)]
    frames = {
        "elements": pd.DataFrame({"element": ["Cu"], "class_default": ["metal"]}),
        "demand": pd.DataFrame({"element": ["Cu"], "year": [2027], "value": [100.0], "growth": [0.0]}),
        "prices": pd.DataFrame({"element": "Cu", "layer": ["licensed", "contract", "spot"], "value": [10.0, 10.0, 30.0]}),
        "suppliers": pd.DataFrame({
            "supplier": ["sea"], "country": ["Home"], "kind": ["basket"], "price_rule": ["fixed"],
            "price_layer": ["contract"], "payment": ["delivered"],
        }),
        "baskets": pd.DataFrame({"supplier": ["sea"], "element": ["Cu"], "value": [1.0]}),
        "programmes": pd.DataFrame(
            [("sea", level, attribute, 2027, value) for level, row in levels.items() for attribute, value in row.items()],
            columns=["supplier", "programme", "attribute", "year", "value"],
        ),
        "projects": pd.DataFrame({"supplier": "sea", "start": ["2028", "never"], "value": [0.5, 0.5]}),
        "verdicts": pd.DataFrame(verdicts, columns=["outcome", "start", "value"]).assign(supplier="sea", year=2027),
        "strategies": pd.DataFrame(stages, columns=["after", "programme", "value"]).assign(supplier="sea", strategy="wait"),
        "stock": pd.DataFrame({"scope": "Cu", "attribute": ["existing", "max_days"], "value": [0.0, 0.0]}),
        "shortage": pd.DataFrame({"scope": "Cu", "tier": 1, "attribute": ["width", "cost"], "value": [1.0, 50.0]}),
    }  # fmt: skip
    settings = {
        "model": {"name": "option", "years": list(years), "discount_rate": 0.0},
        "suppliers": {"sea": {"programmes": list(programmes)}},
    }
    return make_model(settings, Facts.from_frames(frames)).with_(**numbers)


def test_the_option_to_wait_by_hand():
    """Demand 100 t a year, short of all in 2027: 5,000 kUSD. The plant costs 1,500 at once and delivers 100 t at 10 from 2028 on
    if the project works, which it does in half of all cases; a tonne short costs 50.

      none        5,000 + 5,000                                                            = 10,000
      built now   1,500 + 5,000 + 0.5 x 1,000 + 0.5 x 5,000                                =  9,500
      wait        the test says "works" with 0.5 x 0.9 + 0.5 x 0.2 = 0.55; then it does with 0.45 / 0.55
                  5,000 + 0.55 x 1,500 + 0.45 x 1,000 + 0.10 x 5,000 + 0.45 x 5,000        =  9,025

    To wait is worth 475: 1,500 saved where the test says "fails" (0.45: 675), less 4,000 where that is wrong (0.05: 200).
    """
    portfolio = procure.solve(option())
    costs = portfolio.programme_levels.set_index("level")["objective_musd"]
    assert costs.to_dict() == approx({"sea none": 10.0, "sea plant": 9.5, "sea wait": 9.025}, rel=1e-9)
    assert portfolio.programmes == {"sea": "wait"}
    assert portfolio.programme_levels["verdict"].tolist() == ["dearer", "dearer", "chosen"]
    assert portfolio.summary["wait_and_see"] == approx(5.0 + 0.55 * 1.5 + 0.45 * 1.0 + 0.55 * 5.0)
    spent = portfolio.costs.set_index("component").loc["investment"]
    assert spent["expected_musd"] == approx(0.55 * 1.5) and spent["worst_musd"] == approx(1.5)
    plan = portfolio.plan.query("decision == 'programme' and value > 0")
    assert plan[["of", "year", "seen"]].values.tolist() == [
        ["sea.none", 2028, "sea_verdict: fails"],
        ["sea.plant", 2028, "sea_verdict: works"],
        ["sea.test", 2027, ""],
    ]


def test_the_tail_counts_what_is_spent_after_the_verdict():
    """The worst tenth of the option: "works" and then does not (0.10), 5,000 + 1,500 + 5,000 = 11,500."""
    portfolio = procure.solve(option(["wait"], **{"risk.alpha": 0.9, "risk.weight": 0.25}))
    assert (portfolio.summary["cvar"], portfolio.summary["worst_case"]) == approx((11.5, 11.5))
    assert portfolio.summary["objective"] == approx(0.75 * 9.025 + 0.25 * 11.5)


def test_a_test_that_says_nothing_is_worth_nothing():
    """Where "works" is as likely of either, building after it or before is the same chance at the same price."""
    told = {f"suppliers.sea.verdict.{o}.{s}": 0.5 for o in ("works", "fails") for s in ("2028", "never")}
    costs = procure.solve(option(**told)).programme_levels.set_index("level")["objective_musd"]
    assert costs["sea wait"] == approx(0.5 * costs["sea none"] + 0.5 * costs["sea plant"], rel=1e-9)


def test_a_trial_runs_until_the_plant_delivers():
    """The trial sells 20 t at 30 and takes 50 a year to run; the plant beside it delivers from 2028 if the project works.

    2027       20 x 30 + 50 + 80 x 50 = 4,650
    "works"    1,500, then either the plant 1,000 (0.45) or the trial 4,650 (0.10)
    "fails"    nothing runs: 5,000 (0.45)
    """
    stages = [("today", "trial", 2027), ("works", "trial", 2028), ("works", "plant", 2028), ("fails", "none", 2028)]
    portfolio = procure.solve(option(["wait"], stages))
    expected = 4.65 + 0.55 * 1.5 + 0.45 * 1.0 + 0.10 * 4.65 + 0.45 * 5.0
    assert portfolio.summary["objective"] == approx(expected, rel=1e-9)
    assert portfolio.costs.set_index("component").loc["investment", "expected_musd"] == approx(
        0.05 + 0.55 * 1.5 + 0.10 * 0.05
    )


def test_the_best_plan_is_played_at_what_it_costs():
    """With all futures counted the rule that cannot see ahead is the program's own: 9,025, and after a save too."""
    portfolio = procure.solve(option())
    exact = build_tree(processes(portfolio.model, portfolio.programmes), 2, nodes=100)
    assert procure.evaluate(portfolio, exact).costs["musd"][0] == approx(9.025, rel=1e-9)


def test_an_answer_with_stages_is_kept(tmp_path):
    portfolio = procure.solve(option())
    portfolio.to_json(tmp_path / "answer.json")
    again = procure.read_portfolio(tmp_path / "answer.json")
    pd.testing.assert_frame_equal(again.plan, portfolio.plan)
    played = procure.evaluate(again, 2_000, model=portfolio.model)
    assert played.costs["musd"][0] == approx(9.025, rel=1e-9)  # the mean needs no luck: the rule's program has it


@pytest.mark.parametrize(
    "moved",
    [
        {"suppliers.sea.programmes.plant.investment.2027": 900.0},
        {"suppliers.sea.programmes.plant.unit_cost.2027": 25.0},
        {"shortage.Cu.cost.1": 35.0},
        {"suppliers.sea.programmes.plant.capacity.2027": 60.0},
    ],
)
def test_a_number_moved_in_place_is_a_fresh_solve(moved):
    compiled = procure.compile(option())
    assert compiled.solve().levels["sea wait"] == approx(9.025)
    fresh = procure.solve(option(**moved)).programme_levels.set_index("level")["objective_musd"]
    assert compiled.solve(moved).levels == approx(fresh.to_dict(), rel=1e-9)
    assert compiled.solve().levels["sea wait"] == approx(9.025)


def test_all_that_waits_comes_first():
    """wait-and-see <= wait <= the plan for the means, level by level."""
    portfolio = procure.solve(option(), value_of_information=True)
    known = portfolio.value_of_information.set_index("level")
    assert (known["wait_and_see_musd"] <= known["here_and_now_musd"] + 1e-9).all()
    assert (known["here_and_now_musd"] <= known["expected_value_plan_musd"] + 1e-9).all()


# --- the law follows the level in force


@pytest.fixture(scope="module")
def japan():
    levels = ["none", "pilot", "ten", "pilot_then_ten"]
    return load_model("japan").with_(**{"suppliers.seabed.programmes": levels})


def law(model, level, name):
    return next(process for process in processes(model, {"seabed": level}) if process.name == name)


def steps(process, year, **known):
    """Chances of the states of a process in a year given the last, with its drivers in `known` states, else in their first."""
    chances = process.transition[year - 2027]
    for driver, states in zip(process.drivers, process.driver_states, strict=True):
        chances = chances[states.index(known.get(driver, states[0]))]
    return chances


@pytest.mark.parametrize("chain", ["china", "seabed"])
def test_retaliation_follows_the_level_in_force(japan, chain):
    """Until 2028 as under the pilot; from 2029 on as under ten where the verdict is that it works, else as under none."""
    staged = law(japan, "pilot_then_ten", chain)
    for year, outcome, level in (
        *((year, outcome, "pilot") for year in (2027, 2028) for outcome in ("pending", "works", "fails")),
        *((year, "works", "ten") for year in (2029, 2036)),
        *((year, "fails", "none") for year in (2029, 2036)),
    ):
        fixed = steps(law(japan, level, chain), year)
        assert np.array_equal(steps(staged, year, seabed_verdict=outcome), fixed), (year, outcome)


def test_the_verdict_moves_no_chance_of_a_start(japan):
    """By Bayes' rule the chances of projects.csv are the mean over the outcomes."""
    known = marginals(processes(japan, {"seabed": "pilot_then_ten"}), 10)
    plain = marginals(processes(load_model("japan"), {"seabed": "pilot"}), 10)
    assert known["seabed_project"] == approx(plain["seabed_project"], abs=1e-12)
    assert known["seabed_verdict"][1].tolist() == approx([0.0, 0.5 * 0.9 + 0.5 * 0.2, 0.5 * 0.1 + 0.5 * 0.8])


def test_retaliation_for_deliveries_waits_for_them(japan):
    """China's law under ten is that under none until something is delivered, and the announced one from then on."""
    late = law(japan.with_(**{"world.retaliation": "delivery"}), "ten", "china")
    for year, state, level in (
        (2029, "waiting", "none"),
        (2033, "waiting", "none"),
        (2033, "2030", "ten"),
        (2036, "2035", "ten"),
    ):
        assert np.array_equal(steps(late, year, seabed_project=state), steps(law(japan, level, "china"), year))


def test_a_trial_may_begin_late():
    """A chance of 0.7 a year, three times: 0.7, 0.21, 0.063, and never 0.027."""
    begun = marginals(processes(load_model("japan"), {"seabed": "pilot"}), 10)["seabed_pilot_start"][-1]
    assert begun.tolist() == approx([0.027, 0.7, 0.21, 0.063])


# --- plans that are revised, by two routes


def reviewed(seed, reviews=None, **choices):
    """A random model whose plan is revised in its second year, knowing where one or two of its processes stood."""
    years = [2027, 2029]
    model = random_model(seed, demand__orders="after", **choices)
    model = replace(model, settings=model.settings.model_copy(
        update={"model": model.settings.model.model_copy(update={"years": tuple(years)})}
    ))  # fmt: skip
    if reviews is None:
        names = sorted(process.name for process in processes(model, programme_choices(model)[-1]))
        random = np.random.default_rng([seed, 5])
        reviews = [
            {"year": 2028, "sees": sorted(random.choice(names, size=min(2, len(names)), replace=False).tolist())}
        ]
    document = {**model.settings.model_dump(by_alias=True, exclude_unset=True), "reviews": reviews}
    return replace(model, settings=Settings.checked(document, model.origin))


def market_of(model, seed, nodes=40):
    programmes = programme_choices(model)[-1]
    law, n_periods = processes(model, programmes), 3 * model.settings.model.periods_per_year
    return make_market(model, programmes, build_tree(law, n_periods, nodes=nodes, seed=seed))


@pytest.mark.parametrize("seed", range(10))
def test_a_revised_plan_agrees_with_plain_pyomo(seed):
    market = market_of(reviewed(seed), seed)
    assert market.sets.revised
    assert cost(merge(market)) == approx(plain_cost(market), rel=1e-7, abs=1e-4)


@pytest.mark.parametrize("seed", range(10))
def test_a_revised_plan_is_measured_again(seed):
    market = merge(market_of(reviewed(seed), seed))
    measured = Measured(solve_market(market))
    objective, mean, tail, worst, _ = by_loops(market, measured.solved)
    told = (measured.objective, measured.expected, measured.cvar, measured.worst)
    assert told == approx((objective, mean, tail, worst), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_to_look_never_costs(seed):
    """Over the same futures: one who looks may do as one who does not. One who sees what is certain gains nothing."""
    seeing = reviewed(seed)
    market = market_of(seeing, seed)
    tree, programmes = market.tree, market.programmes
    blind = make_market(reviewed(seed, []), programmes, tree)
    assert cost(merge(market)) <= cost(merge(blind)) * (1 + 1e-9) + 1e-6


def test_a_review_that_sees_nothing_is_worth_nothing():
    """In 2028 the seabed has not begun in any future: whoever looks then sees what he knew."""
    model = load_model("japan").with_(
        **{"suppliers.seabed.programmes": ["pilot"], "world.tree.nodes": 250, "model.elements": ["Dy", "Y", "Nd"]}
    )
    document = model.settings.model_dump(by_alias=True, exclude_unset=True)
    document["reviews"] = [{"year": 2028, "sees": ["seabed_project"]}]
    looking = replace(model, settings=Settings.checked(document, model.origin))
    costs = [procure.solve(m, foresight=False, verdict=False).summary["objective"] for m in (model, looking)]
    assert costs[1] == approx(costs[0], rel=1e-9)


@pytest.mark.parametrize("more", [{"kind": "budget"}, {"kind": "spending", "on": ["investment"], "every_future": True}])
def test_a_limit_on_the_plan_holds_at_every_moment(more):
    """At most 1.2 million USD a year for programmes: the plant of 1.5 million is out, before the verdict and after."""
    limit = {"name": "purse", "max": 1.2, "tag": "policy", **more}
    model = option(["none", "wait"])
    document = {**model.settings.model_dump(by_alias=True, exclude_unset=True), "limits": [limit]}
    portfolio = procure.solve(replace(model, settings=Settings.checked(document, model.origin)))
    levels = portfolio.programme_levels.set_index("level")
    assert levels.loc["sea wait", "status"] == "infeasible" and levels.loc["sea none", "chosen"]


def test_a_limit_on_the_plan_is_told_at_every_moment():
    """A purse of 2 million USD a year holds the plant of 1.5 million: it is spent in 2028 where the verdict is that it works, and
    a year has a row for each verdict, beside a limit that has no year.
    """
    model = option(["wait"])
    limits = [{"name": "purse", "kind": "budget", "max": 2.0}, {"name": "most", "kind": "worst_case", "max": 100.0}]
    document = {**model.settings.model_dump(by_alias=True, exclude_unset=True), "limits": limits}
    portfolio = procure.solve(replace(model, settings=Settings.checked(document, model.origin)))
    told = portfolio.limits.query("limit == 'purse'")
    assert portfolio.limits.query("limit == 'most'")["year"].isna().all()
    assert told["year"].tolist() == [2027, 2028, 2028]
    assert sorted(told["value"].round(9)) == [0.0, 0.0, 1.5]
    assert told["words"].str.contains("sea_verdict: works").sum() == 1


def test_moments_are_years_that_remember():
    after = Moment(2030, (("china 2028", "ban"),))
    assert after != 2030 and after + 0 == 2030 and hash(Moment(2030)) == hash(2030) and Moment(2030) == 2030
    assert seen_before(after) == (("china 2028", "ban"),) and seen_before(2030) == ()


# --- what cannot be


@pytest.mark.parametrize(
    "stages, said",
    [
        ([("today", "test", 2027), ("works", "plant", 2027)], "in force from 2028 on at the earliest"),
        ([("today", "test", 2027), ("work", "plant", 2028)], "did you mean 'works'?"),
        ([("today", "none", 2027), ("works", "plant", 2028)], "none reveals nothing"),
        ([("works", "plant", 2028)], "has no stage for today"),
        ([("today", "tset", 2027), ("works", "plant", 2028)], "did you mean 'test'?"),
    ],
)
def test_a_strategy_that_cannot_be(stages, said):
    with pytest.raises(DataError, match=said.replace("?", "[?]")):
        procure.solve(option(["wait"], stages))


def test_a_review_that_cannot_be():
    model = load_model("japan")
    document = model.settings.model_dump(by_alias=True, exclude_unset=True)
    for review, said in (
        ({"year": 20290, "sees": ["china"]}, "value is 20290; it is a year from 2000 to 2100"),
        ({"year": 2029, "sees": ["chnia"]}, "did you mean 'china'"),
    ):
        settings = Settings.checked({**document, "reviews": [review]}, model.origin)
        with pytest.raises(DataError, match=said):
            procure.solve(make_model(settings, model.facts, model.origin))


# --- what reviews are worth


def ordered_ahead(reviews):
    """The plant built now, its output of 30 a tonne paid as ordered, delivered or not."""
    model = option(
        ["plant"], **{"suppliers.sea.payment": "ordered", "suppliers.sea.programmes.plant.unit_cost.2027": 30.0}
    )
    document = model.settings.model_dump(by_alias=True, exclude_unset=True)
    return replace(model, settings=Settings.checked({**document, "reviews": reviews}, model.origin))


def test_a_review_is_worth_what_it_saves_by_hand():
    """Ordered, 100 t for 2028 cost 3,000, and save 5,000 in the half of all cases in which the project works: nothing is ordered,

      1,500 + 5,000 + 5,000 = 11,500

    Once the verdict is seen, "works" (0.55) makes it worth ordering, for it is right in 0.45 of those cases:

      1,500 + 5,000 + 0.55 x 3,000 + 0.10 x 5,000 + 0.45 x 5,000 = 10,900

    The review is worth 600, on the tree, which holds every future, and on fresh paths.
    """
    found = procure.reviews(ordered_ahead([{"year": 2028, "sees": ["sea_verdict"]}]), paths=2_000)
    assert found.cost_musd == approx(10.9, rel=1e-9)
    (row,) = found.worth.to_dict("records")
    assert row["without"] == "2028 of sea_verdict" and row["verdict"] == "worth it"
    assert (row["tree_musd"], row["worth_musd"]) == approx((11.5, 0.6), rel=1e-9)
    assert (row["fresh_worth_musd"], row["standard_error_musd"]) == approx((0.6, 0.0), abs=1e-9)
    assert "2028 of sea_verdict" in str(found) and "worth it" in str(found)


def test_only_what_there_is_is_worth_something():
    with pytest.raises(DataError, match="there are none"):
        procure.reviews(ordered_ahead([]))


@pytest.mark.parametrize("seed", seeds(3, 4))
def test_a_revised_plan_moved_in_place_is_a_fresh_solve(seed):
    model = reviewed(seed)
    compiled = procure.compile(model)
    path = next(path for path in sorted(model.facts.paths()) if path.startswith("shortage.") and ".cost." in path)
    moved = {path: 1.3 * model.facts.value(path)}
    fresh = procure.compile(model.with_(**moved)).solve()
    assert compiled.solve(moved).levels == approx(fresh.levels, rel=1e-9)


# --- what is said of it


def test_the_screen_tells_the_steps():
    """And what waiting is worth where the verdict does not say so: a plant that costs nothing to begin with is best built at once,
    for to wait misses 0.05 x 4,000 = 200 thousand."""
    waits = str(procure.solve(option()))
    assert "In steps: sea test from 2027; sea plant from 2028 after sea verdict works (55 %);" in waits
    assert "Waiting" not in waits
    at_once = procure.solve(option(**{"suppliers.sea.programmes.plant.investment.2027": 0.0}))
    assert "Waiting for the sea verdict is worth nothing: sea wait is 200 thousand USD dearer." in str(at_once)
    assert "In steps" not in str(at_once)
    assert "sea verdict を待つ価値はない" in at_once.to_text("ja")


# --- what a review of this found


def on_fresh_paths(model):
    """What the best plan of each programme costs by the program, over every future, and as it is played on fresh paths."""
    for level in programme_choices(model):
        alone = model.with_(**{"suppliers.sea.programmes": [level["sea"]]})
        portfolio = procure.solve(alone)
        yield level["sea"], portfolio.summary["objective"], procure.evaluate(portfolio, 200).costs["musd"][0]


@pytest.mark.parametrize("what", ["steers", "prices", "ends", "slow"])
def test_what_is_not_looked_at_is_looked_at_nowhere(what):
    """A chain that steers another, or prices what others sell; a plant that ends, or delivers nothing in its first year."""
    stages = [("today", "trial", 2027), ("works", "trial", 2028), ("works", "plant", 2028), ("fails", "none", 2028)]
    model = option(("none", "plant", "wait"), stages if what == "slow" else STAGES, years=(2027, 2029))
    frames = {name: table for name, table in model.facts.tables.items() if len(table)}
    chains = ["sea", "mine"]
    each = (("open", "regime", 0), ("shut", "episode", 1))
    frames["states"] = pd.DataFrame([(c, s, 6.0, k, o) for c in chains for s, k, o in each],
                                    columns=["chain", "state", "value", "kind", "order"])  # fmt: skip
    frames["transitions"] = pd.DataFrame(
        [(c, "open", "shut", 0.7) for c in chains], columns=["chain", "from", "to", "value"]
    )
    frames["depths"] = pd.DataFrame(
        [(c, "all", "shut", 1.0) for c in chains], columns=["chain", "scope", "state", "value"]
    )
    mine = {"supplier": "mine", "country": "Away", "kind": "free", "price_rule": "fixed", "price_layer": "contract"}
    frames["suppliers"] = pd.concat([frames["suppliers"], pd.DataFrame([{**mine, "payment": "delivered"}])])
    frames["offers"] = pd.DataFrame({"supplier": ["mine"], "element": ["Cu"], "year": [2027], "value": [30.0]})
    call = [("mine", "all", "call_share", 2027, 0.5)]
    ramp = [("sea", "all", "ramp", 0, 0.0), ("sea", "all", "ramp", 1, 1.0)] if what == "slow" else []
    frames["terms"] = pd.DataFrame(call + ramp,
                                   columns=["supplier", "scope", "attribute", "year", "value"])  # fmt: skip
    if what == "steers":
        frames["correlations"] = pd.DataFrame({"chain_a": ["sea"], "states_a": ["shut"], "chain_b": ["mine"],
                                               "states_b": ["shut"], "value": [0.6]})  # fmt: skip
    if what == "prices":
        frames["multiples"] = pd.DataFrame({"chain": ["sea"], "state": ["shut"], "layer": ["contract"], "scope": ["all"],
                                            "value": [3.0], "applies": ["calls"]})  # fmt: skip
    if what == "ends":
        end = {"supplier": "sea", "programme": "plant", "attribute": "capacity", "year": 2029, "value": 0.0}
        frames["programmes"] = pd.concat([frames["programmes"], pd.DataFrame([end])])
    own = {name: table.drop(columns=["low", "high"], errors="ignore") for name, table in frames.items()}
    whole = make_model(model.settings, Facts.from_frames(own))
    for level, told, played in on_fresh_paths(whole):
        assert played == approx(told, rel=1e-9), level


def test_what_is_ordered_is_paid_where_nothing_runs():
    """Ordered once it is seen, 100 t at 10 are paid whether the plant delivers or not: 0.55 x 1,000 instead of 0.45 x 1,000."""
    found = procure.solve(option(["wait"], **{"suppliers.sea.payment": "ordered"}))
    assert found.summary["objective"] == approx(5.0 + 0.55 * 1.5 + 0.55 * 1.0 + 0.10 * 5.0 + 0.45 * 5.0, rel=1e-9)


def test_a_plant_that_is_decided_late_ramps_up_from_then_on():
    """Half of full rate in its first year, 2029, though the project began in 2028: 50 t at 10 and 50 t short."""
    stages = [("today", "test", 2027), ("works", "plant", 2029), ("fails", "none", 2029)]
    model = option(["wait"], stages, years=(2027, 2029))
    terms = pd.DataFrame([("sea", "all", "ramp", 0, 0.5), ("sea", "all", "ramp", 1, 1.0)],
                         columns=["supplier", "scope", "attribute", "year", "value"])  # fmt: skip
    frames = {name: table for name, table in model.facts.tables.items() if len(table)} | {"terms": terms}
    portfolio = procure.solve(make_model(model.settings, Facts.from_frames(frames)))
    expected = 10.0 + 0.55 * 1.5 + 0.45 * (0.5 + 2.5) + 0.10 * 5.0 + 0.45 * 5.0
    assert portfolio.summary["objective"] == approx(expected, rel=1e-9)


def test_a_review_draws_no_other_futures():
    """The tree of a model has the same paths and weights with a review and without, so what it is worth is never below zero."""
    model = load_model("japan").with_(
        **{"suppliers.seabed.enabled": False, "model.elements": ["Dy"], "world.tree.nodes": 250}
    )
    document = model.settings.model_dump(by_alias=True, exclude_unset=True)
    document["reviews"] = [{"year": 2036, "sees": ["china"]}]
    seeing = replace(model, settings=Settings.checked(document, model.origin))
    blind, sighted = (make_market(one, {}).tree for one in (model, seeing))
    assert sighted.n_nodes == blind.n_nodes
    assert np.allclose(sighted.probability, blind.probability, rtol=1e-12)
    costs = [procure.solve(one, foresight=False, verdict=False).summary["objective"] for one in (seeing, model)]
    assert costs[0] <= costs[1] * (1 + 1e-9)


def test_what_no_path_has_passed_is_said():
    """Three processes seen on a dozen paths leave combinations without a plan: the answer stands, and is not compared."""
    model = load_model("japan").with_(
        **{"suppliers.seabed.programmes": ["none", "pilot"], "model.elements": ["Dy"], "world.tree.nodes": 60}
    )
    document = model.settings.model_dump(by_alias=True, exclude_unset=True)
    document["reviews"] = [{"year": 2029, "sees": ["china", "lynas", "caremag_project"]}]
    portfolio = procure.solve(replace(model, settings=Settings.checked(document, model.origin)), foresight=False)
    assert portfolio.programme_levels["verdict"].str.startswith("not compared").any()
    with pytest.raises(DataError, match="no path of its tree passed"):
        procure.evaluate(portfolio, 200)


def test_demand_that_is_remembered_is_not_seen_before_it_is():
    """Two levels of demand, 50 and 150 t, drawn anew each year; calls of 10 a tonne are placed before they are seen, and there is
    no stock. Of the 100 t between the levels each is needed in half of all cases, and saves 50 then: 150 t are called,

      2 x 150 x 10 = 3,000

    and what demand was the year before tells nothing of it."""
    costs = []
    for reviews in ([], [{"year": 2028, "sees": ["demand"]}]):
        model = option(["none"])
        frames = {name: table for name, table in model.facts.tables.items() if len(table)} | {
            "demand_levels": pd.DataFrame({"scope": "all", "level": ["low", "high"], "value": 0.5, "factor": [0.5, 1.5]}),
            "offers": pd.DataFrame({"supplier": ["mine"], "element": ["Cu"], "year": [2027], "value": [1000.0]}),
            "terms": pd.DataFrame([("mine", "all", "call_share", 2027, 1.0)],
                                  columns=["supplier", "scope", "attribute", "year", "value"]),
        }  # fmt: skip
        mine = {"supplier": "mine", "country": "Away", "kind": "free", "price_rule": "fixed", "price_layer": "contract"}
        frames["suppliers"] = pd.concat([frames["suppliers"], pd.DataFrame([{**mine, "payment": "delivered"}])])
        document = model.settings.model_dump(by_alias=True, exclude_unset=True)
        document |= {"demand": {"uncertain": "yearly", "orders": "before"}, "reviews": reviews}
        costs.append(
            procure.solve(make_model(document, Facts.from_frames(frames)), foresight=False).summary["objective"]
        )
    assert costs == approx([3.0, 3.0], rel=1e-9)


@pytest.mark.parametrize("years, said", [((2028, 2029), "is known in 2027, before the model begins in 2028")])
def test_a_verdict_that_is_known_already(years, said):
    with pytest.raises(DataError, match=said):
        procure.solve(option(["wait"], [("today", "test", 2028), ("works", "plant", 2029)], years=years))
