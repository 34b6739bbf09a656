"""What a rival loses, derived by hand.

`two-class` (tests/test_two_class.py): Lynas has 587.5 t of medium/heavy under contract, of which 0.976 arrive, 22.8 % of the
demand of 2,510 t. At most 10 % are 251 t. A contracted tonne that arrives saves 0.45 × 9,950 + 0.55 × 89.76 - 155 = 4,371.868; one
that is called, at 155 × 1.05 × 3.79 = 616.8225 while China fails, saves 9,950 - 616.8225 = 9,333.1775. With c contracted, half of
the rest can be called: 0.45 × 0.976 × 0.5 (587.5 - c) = 0.2196 (587.5 - c), all of it worth it, and

  0.976 c + 0.2196 (587.5 - c) = 251      c = (251 - 129.015) / 0.7564 = 161.27049
  dearer by (587.5 - c) (0.976 × 4,371.868 - 0.2196 × 9,333.1775) = 945,111.67 kUSD
  one percentage point, 25.1 t, costs 25.1 × 2,217.3774 / 0.7564 = 73,580 kUSD

The plants of `test_switch`, one year of Nd: in million USD none costs 180, small 167 (37 contracts, 10 investment, 120 shortage),
and those of `test_sensitivity`: test 9.025, plant 8 + I = 9.5, as cheap where 8 + I = 8.2 + 0.55 I, at 444.4 kUSD.
"""

import json
from dataclasses import replace

import numpy as np
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError, Infeasible
from procure.cli import app
from procure.portfolio.parts import futures, parts
from random_models import random_model
from test_sensitivity import INVESTMENT, option  # noqa: F401
from test_switch import drawn, world


def of_kind(found, kind):
    rows = found.parts[found.parts["kind"] == kind]
    return dict(zip(rows["part"], rows["difference_musd"], strict=True))


def test_a_smaller_share_of_a_supplier_by_hand():
    found = procure.why(procure.load_model("two-class"), "lynas heavy 10 %", most=0)
    assert found.chosen_share == approx(573.4 / 2510) and found.share == 0.1
    contracted = 251 - 0.2196 * 587.5
    gone = 587.5 - contracted / 0.7564
    dearer = gone * (0.976 * 4371.868 - 0.2196 * 9333.1775) / 1000
    assert found.difference_musd == approx(dearer) == approx(945.1117)
    assert found.step_musd == approx(25.1 * (0.976 * 4371.868 - 0.2196 * 9333.1775) / 0.7564 / 1000)
    # Shortage while China fails: what is no longer contracted arrives less what is called. China sells the rest while it stands.
    component = of_kind(found, "component")
    assert component["contracts"] == approx(-gone * 0.976 * 155 / 1000)
    assert component["shortage_cost"] == approx(gone * (0.45 * 0.976 - 0.2196) * 9950 / 1000)
    assert of_kind(found, "element") == approx({"medium_heavy": dearer, "light": 0.0}, abs=1e-6)
    china = found.futures[found.futures["process"] == "china"].set_index("up_to")
    assert china["chance"].to_dict() == approx({1.0: 0.55, 0.0: 0.45})
    assert china["difference_musd"].to_dict()[1.0] == approx(0.55 * gone * 0.976 * (89.76 - 155) / 1000)
    assert "at most 10 % of medium/heavy from lynas" in str(found) and "Every future is counted" in str(found)


def test_a_programme_level_by_hand():
    found = procure.why(world(), "mud none", most=0)
    assert found.chosen == "mud small" and found.rival == "mud none" and found.difference_musd == approx(13)
    assert of_kind(found, "component") == approx({"investment": -10, "contracts": -7, "shortage_cost": 30})
    assert of_kind(found, "element") == approx({"": -10, "Nd": 23})
    assert found.table["standard_error_musd"].tolist() == [0, 0, 0]


def test_what_is_cheaper_already_needs_nothing_to_be_otherwise(option):  # noqa: F811
    """A plan that another tree took for the best may be the dearer one here."""
    kept = replace(procure.solve(option, verdict=False), programmes={"sea": "plant"})
    found = procure.why(kept, "sea test then plant")
    assert found.difference_musd == approx(-0.475) and found.numbers.empty and found.n_numbers == 0
    assert "It costs no more as the numbers stand" in str(found) and "still" not in str(found)


def test_what_reverses_it_by_hand(option):  # noqa: F811
    found = procure.why(option, "sea plant")
    assert found.difference_musd == approx(0.475)
    (row,) = found.numbers.to_dict("records")
    assert row["number"] == INVESTMENT and row["value"] == 1500 and row["end"] == 200
    assert row["reverses_at"] == approx(444.4, abs=13) and row["end_musd"] == approx(-0.11)
    assert "as cheap at 444" in str(found)
    far = procure.why(option, "sea none")  # 10 against 9.3 at the dear end: nothing reverses it
    assert far.numbers["reverses_at"].isna().all() and far.numbers["end_musd"].tolist() == approx([0.7])
    assert "still 0.7 dearer" in str(far) and "None of these" in str(far)


def test_a_share_is_as_good_where_the_best_plan_has_it():
    """Lynas has 22.8 %. Less is as good where no more is on offer: 22 % are 552.2 t, 565.779 under contract."""
    path = "suppliers.lynas.offers.medium_heavy.2027"
    found = procure.why(procure.load_model("two-class"), "lynas heavy 22 %", numbers=[path])
    (row,) = found.numbers.to_dict("records")
    assert row["reverses_at"] == approx(552.2 / 0.976, abs=0.01 * (587.5 - 329)) and row["end_musd"] == approx(
        0, abs=1e-6
    )


def test_both_plans_on_the_same_fresh_paths():
    """Mud never fails: without it every path is as much dearer. Less of far, which fails, is a matter of luck."""
    model = drawn(**{"shortage.all.cost.1": 300.0})
    found = procure.why(model, "mud none", paths=500, most=0)
    assert found.n_paths == 500 and (found.table["standard_error_musd"] == 0).all() and "fresh paths" in str(found)
    share = procure.why(model, "far 20 %", paths=500, most=0).table.set_index("measure")["standard_error_musd"]
    assert share["expected"] == 0 and share["cvar"] > 1 and share["weighed"] > 1  # the rule knows the mean
    portfolio = procure.solve(model, verdict=False)
    kept = procure.why(portfolio, "mud none", paths=0, most=0)
    assert kept.table["fresh_musd"].isna().all() and "All on one tree" in str(kept)
    assert kept.difference_musd == approx(found.difference_musd)
    assert kept.parts[kept.parts["kind"] == "year"]["difference_musd"].sum() == approx(kept.difference_musd)
    whole = kept.table["difference_musd"].iloc[0]
    assert kept.futures.groupby("process")["difference_musd"].sum().tolist() == approx(
        [whole] * kept.futures["process"].nunique()
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_parts_add_up_to_the_cost(seed):
    measured = procure.compile(random_model(seed, world__tree__nodes=60)).solve().measured
    told, seen = parts(measured), futures(measured)
    assert told["expected_musd"].sum() * 1000 == approx(measured.expected, rel=1e-9)
    assert told["weighed_musd"].sum() * 1000 == approx(measured.objective, rel=1e-9)
    sums = seen.groupby("process")[["chance", "expected_musd"]].sum()
    assert np.allclose(sums["chance"], 1) and np.allclose(sums["expected_musd"] * 1000, measured.expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ("", "it is empty"),
        ("lynass 40 %", "did you mean 'lynas'"),
        ("lynas", "neither level nor share"),
        ("lynas pilot", "no programme 'pilot'"),
        ("lynas heavy 140 %", "a share is 0 to 1"),
        ("lynas %", "a share is 0 to 1"),
        ("lynas Dyy 40 %", "no class or element"),
        ("caremag light 40 %", "sells none of it"),
    ],
)
def test_a_wrong_rival(instead, said):
    with pytest.raises(DataError, match=said):
        procure.why(procure.load_model("two-class"), instead, most=0)


def test_a_rival_that_is_chosen_or_that_no_plan_is():
    with pytest.raises(DataError, match="what is chosen"):
        procure.why(world(), "mud small", most=0)
    with pytest.raises(DataError, match="another one"):
        procure.why(procure.load_model("two-class"), "lynas heavy 22.85 %", most=0)
    with pytest.raises(Infeasible, match=r"1\.2 % is the most"):  # 88.5 t, of which 0.34 arrive
        procure.why(procure.load_model("two-class"), "caremag heavy 40 %", most=0)


def test_a_world_without_ranges_has_a_rival_all_the_same():
    """Its tables have none: nothing can be said of what would reverse it, and all else can."""
    found = procure.why(world(), "mud none")
    assert found.n_numbers == 0 and found.numbers.empty and found.difference_musd == approx(13)
    with pytest.raises(DataError, match="none of status assumed has a range"):
        procure.why(world(), "mud none", statuses=["assumed"])


def test_under_odds_in_doubt_nothing_is_said_of_fresh_paths():
    """They have the odds of the tables, and the weighed cost is that of the worst."""
    model = drawn(**{"shortage.all.cost.1": 300.0, "risk.ambiguity": "total_variation", "risk.radius": 0.2})
    found = procure.why(model, "mud none", paths=400, most=0)
    assert found.n_paths == 0 and "odds of the tables" in found.refusal and found.table["fresh_musd"].isna().all()


def test_the_command_line(tmp_path):
    path, answer = tmp_path / "why.json", tmp_path / "answer.json"
    run = CliRunner()
    assert run.invoke(app, ["solve", "two-class", "--quiet", "--json", str(answer)]).exit_code == 0
    result = run.invoke(app, ["why", str(answer), "--instead", "lynas heavy 10 %", "--most", "1", "--json", str(path)])
    assert result.exit_code == 0 and "instead" in result.output, result.output
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "procure.why"
    again = run.invoke(app, ["why", "two-class", "--instead", "lynas heavy 10 %", "--most", "1"])
    assert again.output == result.output
    for words in (
        ["two-clas", "--instead", "lynas heavy 10 %"],
        [str(answer), "--instead", "lynas heavy 10 %", "--set", "risk.weight=0.5"],
        [str(tmp_path / "none.json"), "--instead", "lynas heavy 10 %"],
        ["two-class", "--instead", "lynas heavy 10 %", "--most", "-1"],
    ):
        assert run.invoke(app, ["why", *words]).exit_code == 2, words
    impossible = run.invoke(app, ["why", "two-class", "--instead", "caremag heavy 40 %"])
    assert impossible.exit_code == 1
