"""Which numbers decide: by hand on a plant that may be built now or after a test, and against fresh solves."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import procure
from procure.cli.app import app
from procure.errors import DataError
from procure.explore.sensitivity.numbers import END_REFUSED, PART_OF_WHOLE, FirstOrder, unknowns
from procure.explore.sensitivity.question import worth
from procure.model import make_model

DOCS = Path(__file__).parents[1] / "docs"
INVESTMENT = "suppliers.sea.programmes.plant.investment.2027"


@pytest.fixture(scope="module")
def option(tmp_path_factory):
    """The option of docs/, with an investment I that lies between 200 and 2,000 kUSD.

    In kUSD; the plant works from 2028 on with a half chance, and the verdict says so in 0.55 of all cases (docs/strategies.md):

      none             10,000
      plant            5,000 + I + 0.5 × 1,000 + 0.5 × 5,000                  = 8,000 + I
      test, then plant 5,000 + 0.55 I + 0.45 × 1,000 + 0.55 × 5,000           = 8,200 + 0.55 I
    """
    folder = tmp_path_factory.mktemp("option")
    shutil.copytree(DOCS / "option", folder, dirs_exist_ok=True)
    file = folder / "sea" / "programmes.csv"
    table = pd.read_csv(file)
    here = (table["programme"] == "plant") & (table["attribute"] == "investment")
    table.loc[here, ["low", "high"]] = 200.0, 2000.0
    table["status"] = np.where(here, "assumed", "sourced")
    table.to_csv(file, index=False)
    return procure.load_model(folder / "option.toml")


def test_a_number_at_the_ends_of_its_range(option):
    """At I = 1,500 the test comes first, for 9,025. At 200 the plant does, for 8,200, where the test costs 8,310; at 2,000 the test
    still does, for 9,300. At first order 0.55 of what is more: +275 and -715.
    """
    found = procure.sensitivity(option, workers=1)
    assert (found.programme, found.objective_musd) == ("sea test then plant", pytest.approx(9.025))
    (row,) = found.table.to_dict("records")
    assert row["number"] == INVESTMENT and (row["value"], row["low"], row["high"]) == (1500.0, 200.0, 2000.0)
    assert (row["low_programme"], row["high_programme"]) == ("sea plant", "sea test then plant")
    assert row["low_musd"] == pytest.approx(8.2) and row["high_musd"] == pytest.approx(9.3)
    assert row["swing_musd"] == pytest.approx(1.1) and row["margin_musd"] == pytest.approx(0.11)
    assert row["first_order_musd"] == pytest.approx(-0.715)
    assert row["choice"] == "flips" and row["standard_error_musd"] == 0  # every future is counted
    assert found.deciding == [INVESTMENT]
    assert "sea plant at the low end, 0.11 million USD better" in str(found)


def test_where_the_choice_turns(option, tmp_path):
    """At I = 1,500 the plant costs 9,500, the test first 9,025. The plant is the better one below 8,000 + I = 8,200 + 0.55 I,
    which is I = 444.4: at 200 by 110, and so it is guessed at first order, as both are straight lines.
    """
    found = procure.sensitivity(option, "decides")
    assert (found.programme, found.objective_musd) == ("sea test then plant", pytest.approx(9.025))
    (row,) = found.table.to_dict("records")
    assert (row["number"], row["end"], row["other"], row["choice"]) == (INVESTMENT, 200.0, "sea plant", "flips")
    assert row["margin_musd"] == pytest.approx(-0.11) and row["first_order_musd"] == pytest.approx(-0.11)
    assert row["turns"] == row["turns_low"] == row["turns_high"] == pytest.approx(200 / 0.45)  # every future is counted
    assert found.n_cases == 3 and found.deciding == [INVESTMENT]
    assert "below 444 (444 to 444) kUSD sea plant is better: at 200 kUSD it costs 0.11 million USD less" in str(found)
    assert "costs are exact" in str(found)
    procure.report(procure.solve(option), tmp_path / "answer.html", answers=[found])
    assert "sea plant below 444" in (tmp_path / "answer.html").read_text(encoding="utf-8")


def test_where_the_choice_does_not_turn(option):
    """Not below 1,000, where the plant costs 9,000 and the test first 8,750."""
    facts = option.facts
    table = facts.tables["programmes"].copy()
    table.loc[table["low"] == 200.0, "low"] = 1000.0
    tables = {name: frame for name, frame in facts.tables.items() if len(frame)} | {"programmes": table}
    found = procure.sensitivity(make_model(option.settings, procure.Facts.from_frames(tables)), "decides")
    (row,) = found.table.to_dict("records")
    assert (row["choice"], row["other"]) == ("stays", "sea plant") and np.isnan(row["turns"])
    assert row["margin_musd"] == pytest.approx(0.25)


def test_what_knowing_a_number_is_worth(option):
    """In the mean of I the test costs 8,805, the plant 9,100. Whoever knows I builds at once below 444.4 (200 = 0.45 I) and saves
    200 - 0.45 I: a triangle of 110 × 244.4 / 2 over a range of 1,800, which is 7.47 kUSD.
    """
    found = procure.sensitivity(option, "information", cases=400, workers=1)
    assert found.programme == "sea test then plant" and found.objective_musd == pytest.approx(8.805, rel=1e-4)
    (row,) = found.table.to_dict("records")
    assert row["worth_musd"] == pytest.approx(0.00747, rel=0.02)
    assert found.all_musd == pytest.approx(row["worth_musd"], rel=0.02)  # there is no other number


def test_knowing_what_moves_no_choice_is_worth_nothing():
    """The second level is dearer by 1 whatever the number is; and a number that moves neither is worth nothing, noise or not."""
    random = np.random.default_rng(2)
    number, noise = random.random(500), random.normal(size=500)
    assert worth(np.column_stack([number, number + 1.0]), number) == pytest.approx(0.0, abs=1e-12)
    assert worth(np.column_stack([noise, noise + 3.0]), number) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    "path",
    [
        "suppliers.lynas.offers.medium_heavy.2027", "shortage.medium_heavy.cost.2", "demand.medium_heavy.2027",
        "suppliers.china.duration.failed", "suppliers.china.rate.normal.failed",
    ],
)  # fmt: skip
def test_the_first_order_is_that_of_a_small_step(path):
    """A market number and one of the law, moved by a ten thousandth and solved again."""
    model = procure.load_model("two-class").with_(**{"risk.weight": 0.3})
    compiled = procure.compile(model)
    base = compiled.solve()
    value = model.facts.value(path) * (1 + 1e-4)
    moved = compiled.solve({path: value}).objective - base.objective
    assert FirstOrder(base.measured).moves({path: value}) == pytest.approx(moved, rel=2e-3)


def test_the_ends_are_those_of_fresh_solves():
    model = procure.load_model("two-class")
    found = procure.sensitivity(model, most=4, workers=1)
    for row in found.table.to_dict("records"):
        for end in ("low", "high"):
            if row[f"{end}_programme"]:
                fresh = procure.solve(
                    model.with_(**{row["number"]: row[end] * model.facts.factor(row["number"])}), foresight=False
                )
                assert row[f"{end}_musd"] == pytest.approx(fresh.summary["objective"], rel=1e-9)


def test_an_end_that_the_others_do_not_allow_is_blank():
    """Less than is committed cannot be on offer."""
    model = procure.load_model("two-class")
    found = procure.sensitivity(model, numbers=["suppliers.caremag.offers.medium_heavy.2027"], workers=1)
    (row,) = found.table.to_dict("records")
    assert np.isnan(row["low_musd"]) and row["low_programme"] == "" and row["choice"] == "stays"
    assert found.n_failed == 1


def test_a_number_with_an_end_that_the_others_do_not_allow_does_not_move_with_them():
    """Asked for by name it is a fault; else it is left out, and the screen says why."""
    model, path = procure.load_model("two-class"), "suppliers.caremag.offers.medium_heavy.2027"
    with pytest.raises(DataError, match=f"{path}: numbers beside it do not allow one of its ends; .*ask for tornado"):
        procure.sensitivity(model, "morris", numbers=[path, "demand.light.2027"])
    found = procure.sensitivity(model, numbers=["demand.light.2027"], workers=1)
    told = replace(found, left_out={path: END_REFUSED, "suppliers.seabed.basket.light": PART_OF_WHOLE})
    assert f"because numbers beside it do not allow one of its ends: {path}." in str(told)
    assert "because parts of a whole cannot move alone: suppliers.seabed.basket.light." in str(told)
    assert f"両立しないため除外: {path}。" in told.to_text("ja")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"method": "tornadoes"}, "did you mean 'tornado'"),
        ({"statuses": ["asumed"]}, "did you mean 'assumed'"),
        ({"numbers": ["suppliers.lynas.offer.medium_heavy.2027", "shortage.medium_heavy.cots.2"]}, "2 faults"),
        ({"most": 0, "cases": 1}, "2 faults"),
        ({"method": "information"}, "one programme level"),
        ({"method": "decides"}, "one programme level"),
        ({"method": "decides", "workers": 2, "store": "here"}, "2 faults"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_list(asked, said):
    with pytest.raises(DataError, match=said):
        procure.sensitivity(procure.load_model("two-class"), **asked)


def test_the_command_prints_and_keeps_its_answer(tmp_path):
    file = tmp_path / "numbers.json"
    asked = ["sensitivity", "two-class", "--most", "3", "--workers", "1", "--json", str(file)]
    ran = CliRunner().invoke(app, asked)
    assert ran.exit_code == 0, ran.output
    assert "The choice stays at either end" in ran.output
    kept = json.loads(file.read_text())
    assert kept["format"] == "procure.sensitivity" and len(kept["table"]["number"]) == 3
    again = CliRunner().invoke(app, asked)
    assert again.exit_code == 2 and "--force" in again.output


def test_one_thing_is_asked_at_a_time():
    ran = CliRunner().invoke(app, ["sensitivity", "two-class", "--decides", "--method", "information"])
    assert ran.exit_code == 2 and "drop one of them" in ran.stderr


def test_only_numbers_with_a_range_count_and_parts_of_a_whole_are_named():
    """Of the seabed's basket no part may rise alone: with the others it would be more than all of it."""
    model = procure.load_model("japan").with_(**{"world.tree.nodes": 120})
    found, left_out = unknowns(model)
    for unknown in found:
        assert unknown.along.low < unknown.along.high and unknown.status != "sourced"
    assert left_out and all(path.startswith("suppliers.seabed.basket.") for path in left_out)
    assert not {unknown.path for unknown in found} & {*left_out}
