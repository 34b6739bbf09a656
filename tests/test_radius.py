"""The radius at which a plan, or a programme, is left: by hand, in words, from Python and the command line."""

import math

import numpy as np
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError
from procure.cli.app import app
from procure.report.screens import to_text
from test_ambiguity import in_doubt
from test_share import world

#: Of the two mines of `test_share`: far sells by contract alone, and a tonne short costs 80.
CONTRACT = world().with_(
    **{"shortage.all.cost.1": 80.0, "suppliers.far.call_share": 0.0, "suppliers.far.contracts": "free"}
)


@pytest.mark.parametrize(("within", "radius"), [(1e-6, 0.1), (0.01, 0.125)])
def test_a_contract_is_signed_when_a_tenth_of_the_probability_may_move(within, radius):
    """Without a contract 100 t from near are 4,000, and where it is slow, with q, 50 * 40 + 50 * 80 = 6,000: 4,000 + 2,000 q.

    With 50 t from far it is 5,000 either way, less from q = 0.5 on: a tenth above the 0.4 of the tables. Then 4,000 + 2,000 q is
    more than 1.01 * 5,000 from q = 0.525 on.
    """
    found = procure.ambiguity(CONTRACT, high=0.4, within=within, digits=3)
    assert found.plan_radius == approx(radius, rel=2e-3)
    assert math.isnan(found.programme_radius)
    rows = found.table.set_index("radius")
    assert 1e3 * rows.loc[0.0, "cost_musd"] == approx(4800)
    assert 1e3 * rows.loc[0.4, ["cost_musd", "plan_musd"]].to_numpy(float) == approx([5000, 5600])
    assert found.odds.set_index("state").loc["slow", "worst_chance"] == approx(0.4 + radius, rel=2e-3)
    assert found.futures["future"].tolist() == ["near slow 2027"]


def test_at_each_radius_it_is_what_a_solve_finds():
    found = procure.ambiguity(CONTRACT, "wasserstein", high=0.2)
    for radius, cost in zip(found.table["radius"], found.table["cost_musd"], strict=True):
        assert cost == approx(procure.solve(in_doubt(CONTRACT, "wasserstein", radius)).summary["objective"])
    assert np.diff(found.table["cost_musd"]).min() >= -1e-9


def test_nothing_changes_where_nothing_can_be_decided():
    """Both mines on call: no plan to change, and one supplier that can fail has no joint law to be in doubt."""
    found = procure.ambiguity(world(), "known_marginals")
    assert math.isnan(found.plan_radius)
    assert "The plan holds: even where of 100 %" in to_text(found)
    assert "moves no probability" in to_text(found)


def test_levels_are_those_of_switch():
    """The programme leaves where `switch` along the radius says so."""
    japan = procure.load_model("japan").with_(
        **{"model.years": (2027, 2030), "model.elements": ("Dy", "Nd"), "model.highlight": (),
           "suppliers.seabed.programmes": ("none", "pilot"), "world.tree.nodes": 24}
    )  # fmt: skip
    found = procure.ambiguity(japan, high=0.2)
    table = found.table
    for radius in (table["radius"].iloc[3], 0.2):
        levels = procure.compile(in_doubt(japan, "total_variation", radius)).solve().levels
        assert table.set_index("radius").loc[radius, "cost_musd"] == approx(min(levels.values()))
    switches = procure.switch(
        in_doubt(japan, "total_variation", 0.1), "risk.radius", 0, 0.2, points=3, standard_error_musd=0
    ).table
    assert found.has_levels
    assert math.isnan(found.programme_radius) == switches.empty


@pytest.mark.parametrize("kind", ["known_marginals", "failures"])
def test_histories_are_told_apart_by_tenths_on_a_drawn_tree_alone(kind):
    """Of four years of japan there are more futures than 24 nodes hold; the two of two mines are all there are."""
    japan = procure.load_model("japan").with_(
        **{"model.elements": ("Dy",), "model.highlight": (), "suppliers.seabed.programmes": ("none",),
           "world.tree.nodes": 24, "model.years": (2027, 2030)}
    )  # fmt: skip
    drawn, whole = (procure.ambiguity(model, kind, high=0.1, digits=1) for model in (japan, world()))
    assert drawn.is_drawn and "in tenths" in to_text(drawn)
    assert not whole.is_drawn and "tenths" not in to_text(whole)


def test_screen_and_command_line(tmp_path):
    run = CliRunner().invoke
    file = tmp_path / "doubt.json"
    told = run(app, ["ambiguity", "two-class", "--kind", "total-variation", "--json", str(file)])
    assert told.exit_code == 0
    assert "The plan changes when 89.8 % of the probability may move to any of the futures" in told.stdout
    assert "lynas failed 4 to " in told.stdout
    assert file.exists()
    assert "計画が変わる点" in run(app, ["ambiguity", "two-class", "--high", "0.95", "--lang", "ja"]).stdout


def test_refusals():
    for wrong, seen in (
        ({"kind": "total"}, "it is a doubt about the odds"),
        ({"high": 0.0}, "the largest radius is above 0"),
        ({"within": 0.0}, "a share of the cost"),
        ({"digits": 0}, "at least one digit"),
    ):
        with pytest.raises(DataError, match=seen):
            procure.ambiguity(CONTRACT, **wrong)
