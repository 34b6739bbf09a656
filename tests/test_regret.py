"""Which plan is least regretted, derived by hand.

`two-class` (tests/test_two_class.py) if China never failed: a tonne from Lynas at 155 displaces one from China at 89.76, and what
the seabed delivers for 260 a tonne is 0.453 light, at 42.84, and 0.547 heavy. So all but what is committed would be left, 54 t of
medium/heavy; the plan as it stands (587.5 t, and 342 t of the seabed, 0.94 of which arrive) is regretted there by

  533.5 × 0.976 × (155 - 89.76) + 342 × 0.94 × (260 - 0.453 × 42.84 - 0.547 × 89.76) = 33,970 + 61,562 = 95,532 kUSD

and the plan for that world, as things stand, by what 533.5 t less cost (`test_why`) and the seabed is worth, 2,495.925 a tonne:

  533.5 × (0.976 × 4,371.868 - 0.2196 × 9,333.1775) + 342 × 0.94 × (2,495.925 - 260) = 1,182,970 + 718,806 = 1,901,776 kUSD
"""

import json
import math

import numpy as np
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError
from procure.cli import app
from test_switch import drawn, world

PEACE = {"peace": {"suppliers.china.rate.normal.failed": 0.0}}
V = "shortage.all.cost.1"


def cells(found):
    return {(row["plan"], row["reading"]): row for row in found.table.to_dict("records")}


def test_two_plans_in_two_worlds_by_hand():
    found = procure.regret(procure.load_model("two-class"), PEACE)
    told = cells(found)
    own, other = "no programmes", "no programmes, made for peace"
    assert told[own, "peace"]["regret_musd"] == approx(
        (533.5 * 0.976 * 65.24 + 342 * 0.94 * (260 - 0.453 * 42.84 - 0.547 * 89.76)) / 1000
    )
    assert told[other, "as it stands"]["regret_musd"] == approx(
        (533.5 * (0.976 * 4371.868 - 0.2196 * 9333.1775) + 342 * 0.94 * (2495.925 - 260)) / 1000, rel=1e-6
    )
    assert told[own, "as it stands"]["regret_musd"] == 0 == told[other, "peace"]["regret_musd"]
    assert found.least == own and found.plans["worst_reading"].tolist() == ["peace", "as it stands"]
    assert found.plans["verdict"].tolist() == ["least regret", "more"]
    assert "Least greatest regret: no programmes, 96" in str(found)


def test_levels_under_a_dearer_and_a_cheaper_shortage():
    """As it stands (300) small costs 167, none 180, big 174; at 100 USD/kg 87, 80, 114; at 500: 247, 280, 234 (`test_switch`).

    Greatest regrets: small 13, none 46, big 34. Under each level there is nothing else to decide, whatever the reading.
    """
    readings = {"cheap": {V: 100.0}, "dear": {V: 500.0}}
    found = procure.regret(world(), readings)
    regrets = found.table.pivot(index="plan", columns="reading", values="regret_musd")
    assert regrets.loc["mud small"].to_dict() == approx({"as it stands": 0, "cheap": 7, "dear": 13})
    assert regrets.loc["mud none"].to_dict() == approx({"as it stands": 13, "cheap": 0, "dear": 46})
    assert regrets.loc["mud big"].to_dict() == approx({"as it stands": 7, "cheap": 34, "dear": 0})
    assert found.least == "mud small" and len(found.plans) == 3  # plans made for a reading decide the same
    assert found.readings["best"].tolist() == ["mud small", "mud none", "mud big"]
    same = procure.regret(world(), readings, resolve=False)
    assert same.table["regret_musd"].tolist() == approx(
        found.table["regret_musd"].tolist()
    ) and "made for the model" in str(same)


def test_plans_that_are_regretted_as_much_tie():
    """Of none and small either costs 115 at 170 USD/kg, where small is 13 better as things stand."""
    found = procure.regret(world(("none", "small")), {"even": {V: 170.0}})
    assert found.readings["best_musd"].tolist() == approx([167, 115])
    assert found.plans["greatest_musd"].tolist() == approx([0, 13]) and found.plans["verdict"].tolist()[1] == "more"
    even = procure.regret(world(("none", "small")).with_(**{V: 170.0}), {"so": {V: 170.0 + 1e-9}})
    assert "tie" in even.plans["verdict"].tolist()


def test_fresh_paths_have_errors_and_no_regret_below_zero():
    model = drawn(**{V: 300.0})
    found = procure.regret(model, {"cheap": {V: 60.0}}, paths=400)
    assert found.n_paths == 400 and (found.table["regret_musd"] >= 0).all()
    assert (found.table.groupby("reading")["regret_musd"].min() == 0).all() and (
        found.table["standard_error_musd"] > 0
    ).any()
    assert "regret (error)" in str(found)
    again = procure.regret(model, {"cheap": {V: 60.0}}, paths=400)
    assert np.array_equal(found.table["cost_musd"], again.table["cost_musd"])


def test_a_plan_that_takes_what_nobody_offers_cannot_be_had():
    """The plan of `two-class` has 587.5 t of Lynas under contract: where 100 t are offered that plan is none, at any cost."""
    less = {"less": {"suppliers.lynas.offers.medium_heavy.2027": 100.0}}
    found = procure.regret("two-class", less)
    told = cells(found)
    assert math.isinf(told["no programmes", "less"]["regret_musd"])
    assert told["no programmes, made for less", "less"]["regret_musd"] == 0
    assert found.least == "no programmes, made for less"
    alone = procure.regret("two-class", less, resolve=False)
    assert "less (suppliers.lynas.offers.medium_heavy.2027=100.0): none of these plans can be had there" in str(alone)
    assert alone.plans["greatest_musd"].tolist() == [0] and alone.readings["best"].tolist()[1] == ""


def test_nobody_regrets_a_reading_in_which_no_plan_keeps_the_limits():
    """A cost of at most 120 is kept at 80 USD/kg (none 70, small 79, big 108), and by no plan at 500 (280, 247, 234)."""
    limit = {"name": "most", "kind": "cost_cvar", "max": 120.0, "alpha": 0.5}
    found = procure.regret(world(limits=[limit]).with_(**{V: 80.0}), {"dear": {V: 500.0}}, resolve=False)
    assert found.readings["best"].tolist() == ["mud none", ""]
    assert found.plans["greatest_musd"].tolist() == approx([0, 9, 38])
    assert found.plans["worst_reading"].tolist() == ["as it stands"] * 3
    assert "dear (shortage.all.cost.1=500.0): none of these plans can be had there" in str(found)


def test_on_fresh_paths_too_a_plan_that_takes_what_nobody_offers_cannot_be_had():
    """*far* fills half the demand, all that it offers under contract: where it offers less no plan of before can be had."""
    model = drawn(**{V: 300.0})
    found = procure.regret(model, {"less": {"suppliers.far.offers.Nd.2027": 100.0}}, paths=400)
    told = found.table.set_index(["reading", "plan"])["regret_musd"]["less"]
    of_before = [plan for plan in told.index if "made for less" not in plan]
    assert np.isinf(told[of_before]).all() and told.min() == 0


def test_odds_in_doubt_are_none_that_fresh_paths_have():
    doubt = {"risk.ambiguity": "total_variation", "risk.radius": 0.2}
    with pytest.raises(DataError, match="fresh paths have the odds of the tables"):
        procure.regret(drawn(**doubt), {"cheap": {V: 60.0}})
    with pytest.raises(DataError, match="fresh paths have the odds of the tables"):
        procure.regret(drawn(), {"doubt": doubt})


def test_the_readings_of_others_are_the_default():
    found = procure.regret(procure.load_model("two-class"), resolve=False)
    assert found.readings["reading"].tolist() == ["as it stands", "optimistic", "pessimistic", "Daiwa", "IMF"]
    assert "IMF (shortage.scale=4.2)" in str(found)


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        ({}, "there are none"),
        ({"x": {"shortage.scal": 2}}, "shortage.scale"),
        ({"x": {}}, "it is the model as it stands"),
        ({"as it stands": {V: 2.0}}, "a name of its own"),
        ({"x": {"suppliers.mud.enabled": False}}, "changes what there is to decide"),
    ],
)
def test_a_wrong_reading(readings, said):
    with pytest.raises(DataError, match=said):
        procure.regret(world(("none", "small")), readings)


def test_the_command_line(tmp_path):
    path, run = tmp_path / "regret.json", CliRunner()
    words = ["regret", "two-class", "--reading", "peace:suppliers.china.rate.normal.failed=0.0"]
    result = run.invoke(app, [*words, "--json", str(path)])
    assert result.exit_code == 0 and "1,902" in result.output, result.output
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "procure.regret"
    for wrong in (
        "peace",
        "peace:shortage.scale",
        ":shortage.scale=2",
        "peace:shortage.scal=2",
        "peace:shortage.scale=1,000",
    ):
        assert run.invoke(app, ["regret", "two-class", "--reading", wrong]).exit_code == 2, wrong
    assert run.invoke(app, ["regret", "two-class", "--paths", "3"]).exit_code == 2
