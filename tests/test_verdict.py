"""Which programme level is best, and how well that is known: exact where every future is counted, else on fresh paths."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.errors import DataError
from procure.facts import Facts
from procure.model import load_model, make_model
from procure.portfolio.evaluate import compare, evaluate
from procure.portfolio.read import read_portfolio
from procure.scenarios.world import processes
from procure.words import with_error

#: t/yr and kUSD/yr of each level of the plant.
CAPACITY = {"none": 0.0, "small": 10.0, "twin": 10.0, "large": 30.0}
RUNNING = {"none": 0.0, "small": 20.0, "twin": 20.0, "large": 400.0}


def one_mine(years=1, *, weight=0.0, levels=("none", "small", "twin", "large"), **choices):
    """100 t a year of a metal from a mine, at 10 while it is open and not at all when shut, and from a plant of one's own, at 20.

    What is short costs 60. There is no stock and no discount.
    """
    numbers = [("capacity", CAPACITY), ("running_cost", RUNNING), ("investment", dict.fromkeys(CAPACITY, 0.0))]
    frames = {
        "elements": pd.DataFrame({"element": ["Cu"], "class_default": ["metal"]}),
        "demand": pd.DataFrame({"element": ["Cu"], "year": [2027], "value": [100.0], "growth": [0.0]}),
        "demand_levels": pd.DataFrame({"scope": "all", "level": ["usual", "boom"], "value": [0.5, 0.5], "factor": [1.0, 1.2]}),
        "prices": pd.DataFrame({"element": "Cu", "layer": ["licensed", "contract", "spot"], "value": [10.0, 10.0, 30.0]}),
        "suppliers": pd.DataFrame({
            "supplier": ["mine", "plant"], "country": ["Away", "Home"], "kind": ["free", "basket"], "price_rule": "fixed",
            "price_layer": "contract", "payment": "delivered",
        }),
        "terms": pd.DataFrame([("plant", "all", "recovery", 2027, 1.0), ("plant", "all", "price", 2027, 20.0),
                               ("plant", "all", "capacity", 2027, 0.0)],
                              columns=["supplier", "scope", "attribute", "year", "value"]),
        "offers": pd.DataFrame({"supplier": ["mine"], "element": ["Cu"], "year": [2027], "value": [100.0]}),
        "baskets": pd.DataFrame({"supplier": ["plant"], "element": ["Cu"], "value": [1.0]}),
        "programmes": pd.DataFrame([("plant", level, attribute, 2027, value[level])
                                    for level in CAPACITY for attribute, value in numbers],
                                   columns=["supplier", "programme", "attribute", "year", "value"]),
        "states": pd.DataFrame({"chain": "mine", "state": ["open", "shut"], "value": 12.0, "kind": "regime", "order": [0, 1]}),
        "transitions": pd.DataFrame({"chain": "mine", "from": ["open", "shut"], "to": ["shut", "open"], "value": [0.5, 0.5]}),
        "depths": pd.DataFrame({"chain": ["mine"], "scope": ["all"], "state": ["shut"], "value": [1.0]}),
        "shortage": pd.DataFrame({"scope": "Cu", "tier": [1, 1], "attribute": ["width", "cost"], "value": [1.0, 60.0]}),
    }  # fmt: skip
    settings = {
        "model": {"name": "mine", "years": [2027, 2026 + years], "discount_rate": 0.0},
        "risk": {"alpha": 0.9, "weight": weight},
        "suppliers": {"mine": {}, "plant": {"programmes": list(levels)}},
    }
    return make_model(settings, Facts.from_frames(frames)).with_(**choices)


def drawn(running=None, **choices):
    """Eight years of it on a tree of few of its 256 futures, the tail weighed; with another running cost of the large plant."""
    model = one_mine(8, weight=0.5, levels=("small", "large"), **{"world.tree.nodes": 60, **choices})
    return model if running is None else model.with_(**{"suppliers.plant.programmes.large.running_cost": running})


def rows(portfolio):
    return portfolio.programme_levels.set_index("level")


# --- exact


def test_where_every_future_is_counted_the_difference_is_exact():
    """Shut with chance p, c t of plant save c (60 p + 10 (1 - p)) and cost 20 c and what they cost to run."""
    model = one_mine()
    (law,) = processes(model, {})
    shut = law.transition[0][law.code("open"), law.code("shut")]
    cost = {level: (60 * shut + 10 * (1 - shut)) * (100 - c) + 20 * c + RUNNING[level] for level, c in CAPACITY.items()}
    portfolio = procure.solve(model)
    found = rows(portfolio)
    best = min(cost.values())
    assert portfolio.programmes == {"plant": "small"} and cost["small"] == best
    for level, musd in found["difference_musd"].items():
        assert musd == approx((cost[level.removeprefix("plant ")] - best) / 1e3, abs=1e-9)
    assert (found["standard_error_musd"] == 0).all()
    assert found["verdict"].to_dict() == {
        "plant none": "dearer", "plant small": "chosen", "plant twin": "tie", "plant large": "dearer",
    }  # fmt: skip
    assert portfolio.summary["tie"] == ["plant twin"] and portfolio.summary["fresh_paths"] == 0
    assert found["fresh_musd"].tolist() == approx(found["objective_musd"].tolist())


def test_a_model_without_programmes_has_nothing_to_compare():
    portfolio = procure.solve(load_model("two-class"))
    (row,) = portfolio.programme_levels.to_dict("records")
    assert (row["verdict"], row["difference_musd"], row["standard_error_musd"]) == ("chosen", 0, 0)
    assert portfolio.summary["tie"] == []


# --- drawn


@pytest.fixture(scope="module")
def portfolio():
    return procure.solve(drawn())


def test_levels_are_held_against_each_other_as_portfolios_are(portfolio):
    """Two routes: what `compare` says of two portfolios is what one answer says of its levels."""
    (other,) = {"small", "large"} - {portfolio.programmes["plant"]}
    apart = {
        level: procure.solve(drawn().with_(**{"suppliers.plant.programmes": [level]})) for level in ("small", "large")
    }
    row = rows(portfolio).loc[f"plant {other}"]
    found = compare({"chosen": portfolio, "other": apart[other]}).differences.set_index("measure").loc["weighed"]
    assert row["difference_musd"] == approx(found["difference_musd"], rel=1e-6)
    assert row["standard_error_musd"] == approx(found["standard_error_musd"], rel=1e-6)
    costs = evaluate(portfolio).costs.set_index("measure").loc["weighed"]
    chosen = rows(portfolio).loc[f"plant {portfolio.programmes['plant']}"]
    assert (chosen["fresh_musd"], chosen["fresh_error_musd"]) == approx((costs["musd"], costs["standard_error_musd"]))


def test_more_paths_know_better():
    answer = procure.compile(drawn()).solve()
    errors = [
        answer.make_portfolio(False, paths=n).programme_levels["standard_error_musd"].max() for n in (500, 2_000, 8_000)
    ]
    assert errors[0] > 0
    assert np.array(errors[:-1]) / errors[1:] == approx([2, 2], rel=0.35)


@pytest.mark.parametrize("nodes", [20, 30])
def test_a_level_is_dearer_a_tie_or_cheaper_as_its_difference_is_to_its_error(nodes):
    """What the large plant costs to run moves its cost by as much, in the tree and on fresh paths, and no plan."""

    def large_less(musd):
        portfolio = procure.solve(drawn(3_000.0 - 1e3 * musd / 8, **{"world.tree.nodes": nodes}))
        levels = rows(portfolio)
        (other,) = levels.index[~levels["chosen"]]
        tree = levels["objective_musd"].diff().abs().iloc[1]
        return portfolio, other, tree, *levels.loc[other, ["difference_musd", "standard_error_musd", "verdict"]]

    _, other, tree, fresh, error, verdict = large_less(0)
    assert other == "plant large" and verdict == "dearer"
    assert abs(fresh - tree) > 10 * error > 0  # the tree has luck of its own
    _, _, _, difference, _, verdict = large_less(fresh - error)
    assert abs(difference) == approx(error, rel=1e-6) and verdict == "tie"
    _, _, _, difference, _, verdict = large_less(min(fresh, tree) - 10 * error)
    assert difference >= 10 * error * (1 - 1e-6) and verdict == "dearer"
    portfolio, other, _, difference, error, verdict = large_less((fresh + tree) / 2)
    assert difference == approx(-abs(fresh - tree) / 2, rel=1e-6) and verdict == "cheaper out of sample"
    chosen = "plant small" if other == "plant large" else "plant large"
    told = f"BUT cheaper than {chosen} on 10,000 fresh paths: {other} by {with_error(-difference, error)} million USD."
    assert told in " ".join(portfolio.to_text().split())


def test_two_levels_that_differ_by_nothing_tie():
    portfolio = procure.solve(one_mine(8, weight=0.5, levels=("small", "twin"), **{"world.tree.nodes": 60}))
    other = rows(portfolio).query("not chosen").iloc[0]
    assert other["difference_musd"] == approx(0, abs=1e-6) and other["verdict"] == "tie"
    assert len(portfolio.summary["tie"]) == 1
    assert "cannot be told from" in portfolio.to_text() and "区別できない" in portfolio.to_text("ja")


# --- several trees


def test_of_several_trees_the_plan_that_is_best_on_fresh_paths_is_the_answer():
    """Two routes: what one answer says of its trees is what each says, and what `evaluate` makes of each plan."""
    trees = [drawn(**{"world.tree.nodes": 20, "world.tree.seed": seed}) for seed in (5, 6, 7)]
    alone = [procure.solve(tree) for tree in trees]
    played = [evaluate(one).costs["musd"].iloc[-1] for one in alone]
    found = procure.solve(trees[0], seeds=3)
    assert found.seeds["seed"].tolist() == [5, 6, 7]
    assert found.seeds["fresh_musd"].tolist() == approx(played)
    assert found.seeds["objective_musd"].tolist() == approx([one.summary["objective"] for one in alone])
    assert found.seeds["chosen"].sum() == 1
    assert found.seeds["fresh_musd"][found.seeds["chosen"]].item() == found.seeds["fresh_musd"].min()
    best = alone[int(np.argmax(found.seeds["chosen"]))]
    pd.testing.assert_frame_equal(found.plan, best.plan, rtol=1e-9)
    assert found.settings["world"]["tree"]["seed"] == best.settings["world"]["tree"]["seed"]
    assert "3 trees chose" in str(found) and "3 本のシナリオツリー" in found.to_text("ja")


def test_where_every_future_is_counted_one_tree_is_enough():
    assert len(procure.solve(one_mine(), seeds=3).seeds) == 1


def test_several_trees_that_cannot_be_compared_are_refused():
    with pytest.raises(DataError, match="orders are placed before demand is seen"):
        procure.solve(drawn(**{"demand.uncertain": "yearly", "demand.orders": "before"}), seeds=2)
    with pytest.raises(DataError, match="at least one tree"):
        procure.solve(one_mine(), seeds=0)


# --- where it is not compared


def test_what_the_rule_cannot_play_is_said_and_not_guessed():
    choices = {"demand.uncertain": "yearly", "demand.orders": "before"}
    portfolio = procure.solve(drawn(**choices))
    other = rows(portfolio).query("not chosen").iloc[0]
    assert other["verdict"] == "not compared: orders are placed before demand is seen"
    assert np.isnan(other["standard_error_musd"]) and other["difference_musd"] >= 0
    assert "is not known" in portfolio.to_text()


def test_whoever_compiles_does_not_pay_for_it_unasked():
    answer = procure.compile(drawn()).solve()
    asked, unasked = answer.make_portfolio(False, paths=200), answer.portfolio
    assert set(unasked.programme_levels["verdict"]) == {"chosen", "not compared: not asked for"}
    assert unasked.summary["fresh_paths"] == 0 and asked.summary["fresh_paths"] == 200
    assert set(procure.solve(drawn(), verdict=False).programme_levels["verdict"]) == {
        "chosen", "not compared: not asked for",
    }  # fmt: skip


# --- files and words


def test_a_verdict_survives_its_file(portfolio, tmp_path):
    twins = procure.solve(one_mine())
    for one in (portfolio, twins):
        one.to_json(tmp_path / "answer.json")
        back = read_portfolio(tmp_path / "answer.json")
        pd.testing.assert_frame_equal(back.programme_levels, one.programme_levels, check_exact=True)
        assert back.summary["tie"] == one.summary["tie"]
        assert str(back) == str(one)
    assert twins.summary["tie"]


def test_the_screen_says_it_in_a_sentence(portfolio):
    line = next(line for line in str(portfolio).splitlines() if "is cheapest" in line)
    assert "on 10,000 fresh paths; no level ties." in line
    exact = str(procure.solve(one_mine(levels=("none", "small"))))
    assert "exactly, over every future; no level ties." in exact


def test_the_command_can_leave_it_out():
    result = CliRunner().invoke(app, ["solve", "two-class", "--no-verdict"])
    assert result.exit_code == 0, result.output
