"""Over two numbers, and of the first supplier, derived by hand.

The plants of `test_switch`: with a shortage at v USD/kg and an investment I in the small one, million USD, none gives way to small
at v = 70 + 10 I, and small to big, which takes 40 and 14, at 470 - 10 I (0.1 v = 7 + 40 - I). Costs are straight in v, so that the
changes of a coarse grid are exact.

`two-class` (tests/test_two_class.py): with c of Lynas under contract 0.976 c arrive of it, and of China 0.45 × 170 and, while it
stands, what Lynas, Caremag and the seabed (30.09 and 175.84956) leave of 2,510: as much where 1.55 × 0.976 c = 1,343.733.
"""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError, SolverError
from procure.cli import app
from test_switch import V, world
from test_verdict import drawn as plants

INVESTMENT = "suppliers.mud.programmes.small.investment.2027"
OFFER = "suppliers.lynas.offers.medium_heavy.2027"
HEAVY = (1343.733274 / 1.55) / 0.976


def test_a_map_by_hand():
    found = procure.switch_map(world(), (V, 100, 500), (INVESTMENT, 10_000, 12_000), points=3, workers=1)
    told = found.switches[["second", "first", "from", "to"]].itertuples(index=False)
    assert [tuple(row) for row in told] == [
        (invested, approx(value), below, above)
        for invested, low, high in ((10_000, 170, 370), (11_000, 180, 360), (12_000, 190, 350))
        for value, below, above in ((low, "mud none", "mud small"), (high, "mud small", "mud big"))
    ]
    chosen = found.table.set_index(["first", "second"])["chosen"]
    assert chosen[100, 10_000] == "mud none" and chosen[300, 10_000] == "mud small" and chosen[500, 10_000] == "mud big"
    cell = found.table.set_index(["first", "second"]).loc[(300, 10_000)]
    assert cell["next"] == "mud big" and cell["margin_musd"] == approx(7) and cell["standard_error_musd"] == 0


def test_the_tie_band_is_as_wide_as_its_error():
    """At v = 300 small is 7 better than big: a tie where the error is 4, and none where it is 3."""
    ranges = (V, 100, 500), (INVESTMENT, 10_000, 12_000)
    for error, is_tie in ((4.0, True), (3.0, False)):
        table = procure.switch_map(world(), *ranges, points=3, standard_error_musd=error, workers=1).table
        assert table.set_index(["first", "second"]).loc[(300, 10_000), "is_tie"] == is_tie
    wide = procure.switch_map(world(), *ranges, points=3, standard_error_musd=4.0, workers=1)
    assert "cannot be told from another" in str(wide) and "A to B at 170" in str(wide)


def test_the_error_is_that_of_fresh_paths_as_the_numbers_stand():
    model, running = plants(), "suppliers.plant.programmes.large.running_cost"
    found = procure.switch_map(model, (running, 0, 1000), ("demand.Cu.2027", 90, 100), points=2, workers=1)
    levels = procure.compile(model).solve().make_portfolio(False, paths=10_000).programme_levels
    errors = found.table["standard_error_musd"].unique().tolist()
    assert errors == [approx(levels["standard_error_musd"].max(), rel=1e-6)] and errors[0] > 0 and found.is_drawn


def test_the_first_supplier_by_hand():
    model = procure.load_model("two-class")
    found = procure.first_supplier(model, "medium_heavy", OFFER, 500, 1500, digits=4, points=3)
    (row,) = found.table.to_dict("records")
    assert (row["from"], row["to"]) == ("china", "lynas") and row["value"] == approx(HEAVY, rel=1e-4)
    assert row["from_share"] == approx(row["to_share"], abs=1e-3) == approx(0.976 * HEAVY / 2510, abs=1e-3)
    assert found.grid["first"].tolist() == ["china", "lynas", "lynas"]
    still = procure.first_supplier(model, "light", OFFER, 500, 600, points=2)
    assert still.table.empty and "china is first throughout" in str(still)


def test_a_first_supplier_of_nothing_and_of_no_plan():
    """Without what far offers nobody sells Nd; at most 0.45 unserved is kept by small, 0.4, where far has its 500 t."""
    found = procure.first_supplier(world(("none",)), "Nd", "suppliers.far.offers.Nd.2027", 0, 100, points=2)
    assert found.grid["first"].tolist() == ["nobody", "far"] and found.table["value"].iloc[0] == approx(0, abs=1)
    gap = {"name": "gap", "kind": "expected_shortage", "max": 0.45}
    limited = procure.first_supplier(world(limits=[gap]), "Nd", "limits.gap.max", 0.1, 0.45, points=3)
    assert limited.grid["first"].iloc[0] == "no portfolio" and limited.table["value"].iloc[0] == approx(0.3, rel=0.01)
    assert "no portfolio below, far above" in str(limited)


def test_a_map_around_numbers_that_have_no_plan():
    """As the numbers stand small costs 167: more than 100. At v = 50 nobody buys, and none costs 50, small 10 more."""
    limit = {"name": "most", "kind": "cost_cvar", "max": 100.0, "alpha": 0.5}
    found = procure.switch_map(world(limits=[limit]), (V, 50, 300), (INVESTMENT, 10_000, 12_000), points=2, workers=1)
    table = found.table.set_index(["first", "second"])
    assert table.loc[(50, 10_000), "chosen"] == "mud none" and table.loc[(300, 10_000), "chosen"] == "no portfolio"
    assert table.loc[(50, 10_000), "margin_musd"] == approx(10)
    assert np.isnan(table.loc[(50, 10_000), "standard_error_musd"]) and not table.loc[(50, 10_000), "is_tie"]


def test_a_pair_that_was_not_solved_is_no_pair_without_a_plan(monkeypatch):
    rows = pd.DataFrame([{"status": "limit_reached", "message": "time limit"}] * 4)
    monkeypatch.setattr(sys.modules["procure.explore.switch_map"], "sweep", lambda *args, **more: rows)
    with pytest.raises(SolverError, match="time limit"):
        procure.switch_map(world(), (V, 50, 300), (INVESTMENT, 10_000, 12_000), points=2)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: procure.switch_map(world(("none",)), (V, 0, 1), (INVESTMENT, 0, 1)), "one programme level"),
        (lambda: procure.switch_map(world(), (V, 0, 1), (V, 0, 2)), "over two numbers"),
        (lambda: procure.switch_map(world(), (V, 0, 1), (INVESTMENT, 2, 1)), "low is below high"),
        (lambda: procure.switch_map(world(), (V, 0, 1), (INVESTMENT, 0, 1), points=1), "two ends"),
        (lambda: procure.switch_map(world(), (V, 0, 1), (INVESTMENT, 0, 1), standard_error_musd=-1), "from 0 up"),
        (lambda: procure.first_supplier(world(), "Nb", V, 0, 1), "no element 'Nb'"),
        (lambda: procure.first_supplier(world(), "Nd", V, 1, 1), "low is below high"),
        (lambda: procure.first_supplier(world(), "Nd", V, 0, 1, digits=0), "one digit"),
    ],
)
def test_a_wrong_question(ask, said):
    with pytest.raises(DataError, match=said):
        ask()


def test_the_command_line(tmp_path):
    run, path = CliRunner(), tmp_path / "first.json"
    words = [
        "switch",
        "two-class",
        OFFER,
        "--low",
        "500",
        "--high",
        "1500",
        "--first-of",
        "medium_heavy",
        "--points",
        "3",
    ]
    result = run.invoke(app, [*words, "--json", str(path)])
    assert result.exit_code == 0 and "china below, lynas above" in result.output, result.output
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "procure.first_suppliers"
    for more in (
        ["--and", "shortage.scale:1:2"], ["--workers", "2"], ["--standard-error", "1"], ["--first-of", "heavy"],
    ):  # fmt: skip
        assert run.invoke(app, [*words, *more]).exit_code == 2, more
    one = ["switch", "two-class", OFFER, "--low", "500", "--high", "1500", "--and"]
    assert "PATH2:low:high" not in run.invoke(app, [*one, "risk.weight:0:1"]).output
    for second in ("risk.weight", "risk.weight:0", "risk.weight:0:1,000"):
        assert run.invoke(app, [*one, second]).exit_code == 2, second
