"""What hedges are worth, derived by hand.

The world of `test_switch`: Nd, demand 1,000 t; *far* sells 500 t at 60 USD/kg, what is missing costs 300; with 100 t of mud at 70
for an investment of 10 million USD, and far, 167 million in all. Without far 100 t at 70 and 900 t short: 7 + 10 + 270 = 287, so
far is worth 120. Without mud, none: 180, so mud is worth 13; the next best is big, 174: the choice is worth 7.
"""

import json

import numpy as np
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError
from procure.cli import app
from random_models import random_model
from test_switch import SHUT, drawn, world

SHARE = {"name": "far_share", "kind": "share", "supplier": "far", "max": 0.4}


def worth(hedges, column="weighed_musd"):
    return dict(zip(hedges.table["hedge"], hedges.table[column], strict=True))


def test_suppliers_and_programmes_by_hand():
    found = procure.hedges(world())
    assert found.programme == "mud small" and found.cost_musd == approx(167) and found.n_paths == 0
    told = worth(found)
    assert told["far"] == approx(120)
    assert told["mud small (mud big instead)"] == approx(7)
    assert told["mud (mud none instead)"] == approx(13)
    assert (found.table["standard_error_musd"] == 0).all() and "Every future is counted" in str(found)
    assert worth(found, "verdict")["far"] == "worth it" and worth(found, "verdict")["stock"] == "no difference"


def test_without_a_hedge_another_programme_may_be_better_or_none():
    """At most 0.85 of demand unserved: without far small leaves 0.9, and big 0.8, for 40 + 14 + 240 = 294: 127 more than 167."""
    model = world(limits=[{"name": "gap", "kind": "expected_shortage", "max": 0.85}])
    same, anew = (procure.hedges(model, choose=choose).table.set_index("hedge").loc["far"] for choose in (False, True))
    assert np.isinf(same["weighed_musd"]) and same["verdict"] == "no plan keeps the limits without it"
    assert anew["weighed_musd"] == approx(127) and anew["programme"] == "mud big"
    assert "no plan keeps the limits without it" in str(procure.hedges(model))
    assert "chosen anew" in str(procure.hedges(model, choose=True))


def test_a_limit_costs_what_is_saved_without_it():
    """At most 0.4 from far: 300 - 240 × 0.4 = 204 without mud; free, 180. It costs 24; one point less 2.4."""
    found = procure.hedges(world(("none",), limits=[SHARE]))
    assert worth(found)["far_share"] == approx(-24) and worth(found, "verdict")["far_share"] == "costs more"
    rates = found.rates.set_index("value")
    assert rates["step_musd"].tolist() == approx([2.4] * 4) and rates["stands"].iloc[0] == approx(0.4)
    assert rates.index.tolist() == approx([0.4, 0.3, 0.2, 0.1])


def test_a_limit_of_several_parts_is_taken_away_and_priced_as_one():
    """No source above 0.4: far alone has so much to sell, so that all is as with a share of far."""
    single = {"name": "sources", "kind": "single_source", "max": 0.4}
    found = procure.hedges(world(("none",), limits=[single]))
    assert worth(found)["sources"] == approx(-24)
    assert found.rates["step_musd"].tolist() == approx([2.4] * 4)
    assert found.rates["subject"].unique().tolist() == ["any one supplier's share while undisturbed"]


def stocked(**choices):
    """Far may be shut; 50 t in stock, and a limit on its share."""
    stock = [{"scope": "all", "attribute": name, "value": value} for name, value in
             (("existing", 50.0), ("refill_share", 0.2), ("max_days", 90.0))]  # fmt: skip
    return world(("none",), limits=[SHARE], **{**SHUT, "stock": stock}).with_(**choices)


def test_a_day_of_stock_pays_for_points_of_share():
    """Its price is the difference that a little more in stock makes, and the rate the ratio of both."""
    model = stocked()
    found = procure.hedges(model)
    row = found.rates.iloc[0]
    compiled, path = procure.compile(model), "stock.all.existing"
    before, after = (compiled.solve({path: 50.0 + more}).objective for more in (0.0, 1e-3))
    a_day = (before - after) / 1e-3 * 1000 / 365
    assert row["day_musd"] == approx(a_day, rel=1e-5, abs=1e-9)
    assert row["day_musd"] > 0.01 and row["steps_per_day"] == approx(row["day_musd"] / row["step_musd"])
    assert "a day pays for" in str(found)
    without = procure.compile(model.with_(**{path: 0.0, "stock.all.max_days": 0.0})).solve().objective
    assert worth(found)["stock"] == approx(without - found.cost_musd)


def test_a_drawn_tree_has_an_error_from_fresh_paths():
    model = drawn(**{"shortage.all.cost.1": 300.0})
    found = procure.hedges(model, paths=500)
    row = found.table.set_index("hedge").loc["far"]
    assert found.n_paths == 500 and row["standard_error_musd"] > 0 and row["fresh_musd"] > 0
    assert "fresh paths" in str(found)
    none = procure.hedges(model, paths=0)
    assert none.table["standard_error_musd"].isna().all() and none.n_paths == 0 and "All on one tree" in str(none)


@pytest.mark.parametrize("seed", range(4))
def test_hedges_are_worth_what_solving_again_says_and_never_less_than_nothing(seed):
    model = random_model(seed, world__tree__nodes=60, demand__orders="after")
    found = procure.hedges(model, paths=0)
    told = found.table
    taken = told[told["kind"].isin(["supplier", "stock", "programme"])]
    assert (taken["weighed_musd"] >= 0).all()
    for supplier in told.loc[told["kind"] == "supplier", "hedge"]:
        offers = [p for p, (table, row) in model.facts.paths().items() if table == "offers"
                  and model.facts.tables["offers"]["supplier"].iloc[row] == supplier]  # fmt: skip
        owed = [p for p, (table, row) in model.facts.paths().items() if table == "commitments"
                and model.facts.tables["commitments"]["supplier"].iloc[row] == supplier]  # fmt: skip
        if not offers:
            continue
        level = dict(procure.compile(model).solve().programmes)
        only = {f"suppliers.{s}.programmes": (name,) for s, name in level.items()}
        compiled = procure.compile(model.with_(**only))
        try:
            again = compiled.solve(dict.fromkeys([*offers, *owed], 0.0)).objective
        except procure.ProcureError:
            continue
        assert worth(found)[supplier] == approx(again - found.cost_musd, rel=1e-6, abs=1e-6 * abs(again))


def test_a_wrong_question():
    with pytest.raises(DataError, match="paths"):
        procure.hedges(world(), paths=-1)


def test_the_command_line(tmp_path):
    path = tmp_path / "hedges.json"
    result = CliRunner().invoke(app, ["hedges", "two-class", "--json", str(path)])
    assert result.exit_code == 0 and "lynas" in result.output, result.output
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "procure.hedges"
    assert "0.00" not in result.output
    wrong = CliRunner().invoke(app, ["hedges", "two-clas", "--json", str(path)])
    assert wrong.exit_code == 2 and "two-class" in wrong.output and "overwritten" in wrong.output
    wrong = CliRunner().invoke(app, ["hedges", "two-class", "--paths", "-3"])
    assert wrong.exit_code == 2
