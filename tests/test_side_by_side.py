"""Answers side by side.

By hand from `two-class` (tests/test_two_class.py): who weighs the tail with 0.9 contracts 655.185 t more of light with Lynas, which
costs 5.727904 a tonne in the mean and saves 0.85568 in the tail: 3.752837 dearer and 0.560629 cheaper, million USD.
The plants of `test_switch` where at most 0.85 of demand may go unserved: none leaves 0.5, so nothing is out; at most 0.45: none is.
"""

import json

import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError
from procure.cli import app
from test_switch import SHUT, V, drawn, world

CAPACITY = "suppliers.seabed.capacity"


def solved(model, **changes):
    return procure.solve(model.with_(**changes), foresight=False)


def told(frame, key="path"):
    return frame.set_index(key).to_dict("index")


def test_what_minds_the_tail_differs_by_hand():
    model = procure.load_model("two-class")
    found = procure.side_by_side({"base": solved(model), "averse": solved(model, **{"risk.weight": 0.9})})
    assert told(found.inputs) == {"risk.weight": {"base": "0", "averse": "0.9"}}
    costs = told(found.costs, "measure")
    assert costs["expected_cost"]["averse"] - costs["expected_cost"]["base"] == approx(5.727904 * 0.655185)
    assert costs["cvar"]["averse"] - costs["cvar"]["base"] == approx(-0.85568 * 0.655185)
    # What is weighed otherwise is no measure of both; the mean of the rule is exact.
    row = found.differences.set_index("measure").loc["expected"]
    assert found.differences["measure"].tolist() == ["expected", "cvar"]
    assert row["difference_musd"] == approx(5.727904 * 0.655185, rel=1e-6) and row["standard_error_musd"] == 0
    shares = found.shares.set_index(["scope", "source"]).loc["light", "lynas"]
    assert shares["averse"] > shares["base"] and "mean 3.8 dearer" in str(found)


def test_another_world_is_not_played_on_the_same_paths():
    """360 t/yr less of the seabed: worth 719 million USD (`procure hedges`)."""
    model = procure.load_model("two-class")
    found = procure.side_by_side({"base": solved(model), "without": solved(model, **{CAPACITY: 0.0})})
    assert told(found.inputs) == {f"{CAPACITY}.all.2027": {"base": "360 t/yr", "without": "0 t/yr"}}
    costs = told(found.costs, "measure")["objective"]
    assert costs["without"] - costs["base"] == approx(718.806, abs=0.01)
    assert (
        found.n_paths == 0
        and found.differences.empty
        and "different worlds" in str(found)
        and CAPACITY in found.refusal
    )


def test_other_tables_are_told_whatever_numbers_are_set():
    """Both set the same number, and one knows how often far shuts; the tables of two that only set numbers are the same."""
    one, other = solved(world(), **{V: 250.0}), solved(world(**SHUT), **{V: 260.0})
    inputs = procure.side_by_side({"one": one, "other": other}, paths=0).inputs["path"].tolist()
    assert inputs == ["the tables", f"{V}"]
    again = solved(world(), **{V: 260.0})
    assert procure.side_by_side({"one": one, "again": again}, paths=0).inputs["path"].tolist() == [V]


def test_numbers_that_are_not_set_are_not_read_from_other_tables(tmp_path):
    """Of an answer in a file whose tables are nowhere to be had only the numbers are known that it set."""
    solved(world(), **{V: 250.0}).to_json(tmp_path / "mine.json")
    kept = procure.read_portfolio(tmp_path / "mine.json")
    found = told(procure.side_by_side({"mine": kept, "other": solved(world())}, paths=0).inputs)
    assert found[V] == {"mine": "250", "other": "300 USD/kg"} and "the tables" in found


def test_why_a_level_was_out():
    gap = {"name": "gap", "kind": "expected_shortage", "max": 0.45}
    found = procure.side_by_side({"free": solved(world()), "served": solved(world(limits=[gap]))}, paths=0)
    levels = found.levels.set_index(["level", "answer"])
    assert levels.loc[("mud none", "served"), "verdict"] == "infeasible"
    assert levels.loc[("mud none", "free"), "difference_musd"] == approx(13)
    assert levels.loc[("mud small", "served"), "verdict"] == "chosen"
    assert "limits.gap.max" in set(found.inputs["path"]) and found.refusal == ""
    text = str(found)
    assert "mud none is out in served: it needs" in text and "limits.gap.max" in text


def test_plans_of_a_drawn_world_differ_with_an_error():
    """Mud never fails and leaves something short: what it saves is the same on every path. What less of far does is luck."""
    model = drawn(**{V: 300.0})
    answers = {"both": solved(model), "none": solved(model, **{"suppliers.mud.programmes": ("none",)})}
    found = procure.side_by_side(answers, paths=500)
    assert found.n_paths == 500 and found.differences["portfolio"].unique().tolist() == ["none"]
    assert (found.differences["standard_error_musd"] == 0).all() and (found.differences["difference_musd"] > 1).all()
    cap = {"name": "less", "kind": "share", "supplier": "far", "max": 0.2}
    answers["less"] = solved(drawn(limits=[cap], **{V: 300.0}))
    errors = procure.side_by_side(answers, paths=500).differences.set_index(["portfolio", "measure"])[
        "standard_error_musd"
    ]
    assert errors["less", "expected"] == 0 and errors["less", "cvar"] > 1 and errors["less", "weighed"] > 1
    one_seed_more = solved(model, **{"world.tree.seed": 2})
    assert not procure.side_by_side({"a": answers["both"], "b": one_seed_more}, paths=200).refusal


def test_the_same_answer_differs_in_nothing():
    answer = solved(procure.load_model("two-class"))
    found = procure.side_by_side({"a": answer, "b": answer}, paths=0)
    assert found.inputs.empty and "Nothing differs" in str(found)


def test_a_wrong_question():
    answer = solved(procure.load_model("two-class"))
    with pytest.raises(DataError, match="two at least"):
        procure.side_by_side({"a": answer})
    with pytest.raises(DataError, match="counted from 0"):
        procure.side_by_side({"a": answer, "b": answer}, paths=-1)
    with pytest.raises(DataError, match="at least 100"):
        procure.side_by_side({"a": answer, "b": answer}, paths=5)


def test_the_command_line(tmp_path):
    run, base, mine, found = CliRunner(), *(tmp_path / f"{name}.json" for name in ("base", "mine", "found"))
    for path, more in ((base, []), (mine, ["--set", f"{CAPACITY}=180"])):
        assert (
            run.invoke(app, ["solve", "two-class", "--no-foresight", "--quiet", "--json", str(path), *more]).exit_code
            == 0
        )
    result = run.invoke(app, ["compare", str(base), str(mine), "--json", str(found)])
    assert result.exit_code == 0 and "360 t/yr" in result.output and "180 t/yr" in result.output, result.output
    assert json.loads(found.read_text(encoding="utf-8"))["format"] == "procure.side_by_side"
    for words in ([str(base)], [str(base), str(base)], [str(base), str(tmp_path / "none.json")]):
        assert run.invoke(app, ["compare", *words]).exit_code == 2, words
