"""Frontiers, derived by hand.

The world of `test_switch`: Nd, demand 1,000 t; *far* sells 500 t at 60 USD/kg and never fails; what is missing costs 300. With u
the share that may go unserved at most, `mud` sells nothing, 100 t at 70 for an investment of 10 million USD, or 200 t for 40: 180
(none, leaves 0.5), 167 (small, 0.4), 174 (big, 0.3), all in million USD. So V(u) is 174 from 0.3 on, 167 from 0.4 on, and below 0.3
nothing keeps the limit.

A share of far of at most b of demand, without programmes: far 1,000 b, V = 60 b + 300 (1 - b) = 300 - 240 b up to b = 0.5, and 180
from there on: the slope is -240, so that one percentage point less costs 2.4.
"""

import json

import numpy as np
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError, Infeasible
from procure.cli import app
from procure.lp.program import Status
from procure.program.optimum import optimum
from procure.solving.compiled import Compiled
from random_models import random_frames, random_model
from test_switch import SHUT, V, drawn, world

SHARE = {"name": "far_share", "kind": "share", "supplier": "far", "max": 0.4}
GAP = {"name": "gap", "kind": "expected_shortage", "max": 0.6}
ALONE = world(("none",), limits=[SHARE])


def test_a_share_by_hand():
    found = procure.frontier(ALONE, "far_share", points=40)
    table = found.table
    assert table["value"].tolist() == sorted(table["value"], reverse=True) and table["value"].iloc[
        [0, -1]
    ].tolist() == [1, 0]
    b = table["value"].to_numpy()
    assert table["weighed_musd"].to_numpy() == approx(np.maximum(300 - 240 * b, 180))
    slopes = table["slope_musd"][b != 0.5].to_numpy()
    assert slopes == approx(np.where(b[b != 0.5] < 0.5, -240.0, 0.0))
    far = found.shares.query("scope == 'Nd' and source == 'far'").set_index("value")["share"]
    assert far.loc[b].to_numpy() == approx(np.minimum(b, 0.5))
    assert found.n_trees == 0 and (table["spread_musd"] == 0).all()
    assert found.gap_musd == approx(0, abs=1e-9)  # 0.5 is in the middle: both pieces are straight
    assert "2.4" in str(found) and "Every future is counted" in str(found)


def test_values_that_are_asked_for_and_no_others():
    found = procure.frontier(ALONE, "far_share", ["10 %", 0.45])
    assert found.table["value"].tolist() == [0.1, 0.45]
    assert found.table["weighed_musd"].tolist() == approx([276, 192])


def test_a_limit_that_the_model_has_not():
    """It is added, whatever bound it is written with, and followed: the curve is that of the model that has it."""
    values = [0.1, 0.45, 0.9]
    found = procure.frontier(world(("none",)), SHARE | {"max": 0.9}, values)
    assert found.path == "limits.far_share.max" and found.table["weighed_musd"].tolist() == approx([276, 192, 180])
    one_line = procure.frontier(world(("none",)), {"share": "90 %", "supplier": "far"}, values)
    assert one_line.table.equals(found.table)
    with pytest.raises(DataError, match="a share lies between 0 and 1"):
        procure.frontier(world(("none",)), {"share": 1.9, "supplier": "far"}, values)


def test_a_limit_of_a_policy_is_followed_by_its_name():
    words = ["frontier", "japan", "--limit", "japan-50", "--at", "0.9", "--at", "0.5"]
    small = [
        "world.tree.nodes=40",
        "world.tree.branch=[2027]",
        'suppliers.seabed.programmes=["none"]',
        "model.years=2030",
    ]
    result = CliRunner().invoke(app, [*words, *(word for change in small for word in ("--set", change))])
    assert result.exit_code == 0, result.output
    assert "limits.japan_50.max, from 90 % to 50 %" in result.output


def test_where_portfolios_begin_and_programmes_change():
    found = procure.frontier(world(limits=[GAP]), "gap", (0.6, 0.1), points=12)
    assert found.possible_from == approx(0.3, rel=1e-4)
    table = found.table.set_index("value")
    assert table["weighed_musd"].iloc[0] == approx(167) and table["programme"].iloc[0] == "mud small"
    last = table.iloc[-1]
    assert last.name == found.possible_from and last["programme"] == "mud big" and last["weighed_musd"] == approx(174)
    text = str(found)
    assert "Below 30 % no plan keeps the limits." in text
    assert "mud big takes the place of mud small" in text and "procure switch" in text


@pytest.fixture
def asked(monkeypatch):
    """Which programme levels are solved, by bound."""
    seen, solve = [], Compiled.solve

    def spied(self, changes=None, *, only=(), **more):
        seen.append((*changes.values(), set(only)))
        return solve(self, changes, only=only, **more)

    monkeypatch.setattr(Compiled, "solve", spied)
    return seen


def test_what_no_plan_keeps_is_asked_once(asked):
    """None leaves 0.5, small 0.4, big 0.3: at 0.45 none is out, and not asked at 0.35; at 0.2 all are, and nobody is at 0.1."""
    found = procure.frontier(world(limits=[GAP]), "gap", [0.1, 0.45, 0.2, 0.35])
    assert found.table["value"].tolist() == approx([0.3, 0.35, 0.45]) and found.possible_from == approx(0.3)
    levels = {bound: {level.removeprefix("mud ") for level in names} for bound, names in asked}
    assert levels[0.45] == {"none", "small", "big"} and levels[0.35] == {"small", "big"} and levels[0.2] == {"big"}
    assert 0.1 not in levels
    assert levels[found.possible_from] == {"big"}


@pytest.mark.parametrize(
    "limit", [{"kind": "expected_shortage"}, {"kind": "spending", "on": ["calls"]}], ids=lambda x: x["kind"]
)
def test_cells_find_the_same_curve_and_its_end(limit, monkeypatch):
    """Cell by cell nobody is asked about a bound that no plan keeps: where portfolios begin is worked out beforehand."""
    tree = {"world__tree__nodes": 60, "demand__uncertain": "none", "model__periods_per_year": 1}
    name, model = limit["kind"], random_model(6, [{"name": limit["kind"], **limit, "max": 0.9}], **tree)
    top = 0.9 if name == "expected_shortage" else 5.0
    bounds = [top, 0.6 * top, 0.3 * top, 0.0]
    whole = procure.frontier(model, name, bounds)
    monkeypatch.setattr("procure.program.program.MANY_CELLS", 1)
    statuses, end = [], optimum

    def spied(posed, *rest):
        ended = end(posed, *rest)
        statuses.append(ended.solution.status)
        return ended

    monkeypatch.setattr("procure.solving.level.optimum", spied)
    found = procure.frontier(model, name, bounds)
    assert set(statuses) == {Status.OPTIMAL}
    assert found.table["value"].to_numpy() == approx(whole.table["value"].to_numpy(), rel=2e-5)
    assert found.table["weighed_musd"].to_numpy() == approx(whole.table["weighed_musd"].to_numpy(), rel=1e-4)


def test_no_value_is_possible():
    with pytest.raises(Infeasible, match="gap"):
        procure.frontier(world(limits=[GAP]), "gap", (0.2, 0.1))


def test_an_end_within_the_range_is_found_from_a_gap_of_possible_ends():
    """Two ends below 0.3: the end of portfolios lies outside, and none of the values is possible; from 0.3 on one is."""
    found = procure.frontier(world(limits=[GAP]), "gap", (0.2, 0.3))
    assert found.table["value"].tolist() == approx([0.3])


def test_a_number_that_is_no_limit_has_an_end_too():
    """With at most 0.45 unserved and far offering x t, none of 100 t of mud and x must fall short of 550 t: small needs 450."""
    model = world(("small",), limits=[{**GAP, "max": 0.45}])
    found = procure.frontier(model, "suppliers.far.offers.Nd.2027", (300, 600), points=5)
    assert found.possible_from == approx(450, abs=0.3) and found.table["slope_musd"].isna().all()
    assert "Beyond 450 t/yr no plan keeps the limits." in str(found)


def test_the_slope_along_the_risk_weight_is_tail_less_mean():
    found = procure.frontier(procure.load_model("two-class"), "risk.weight", (0, 1), points=9)
    table = found.table
    assert table["slope_musd"].to_numpy() == approx((table["cvar_musd"] - table["expected_musd"]).to_numpy())
    weighed = (1 - table["value"]) * table["expected_musd"] + table["value"] * table["cvar_musd"]
    assert table["weighed_musd"].to_numpy() == approx(weighed.to_numpy(), rel=1e-9)
    assert np.all(np.diff(table["slope_musd"]) <= 1e-6)  # the least of lines is concave


def test_several_trees_say_how_far_costs_move():
    model = drawn()
    one, three = (procure.frontier(model, V, [100, 200], seeds=n) for n in (1, 3))
    assert one.n_trees == 1 and one.table["spread_musd"].isna().all() and "--seeds" in str(one)
    assert three.n_trees == 3 and three.table["spread_musd"].tolist()[0] == 0 < three.table["spread_musd"].tolist()[1]
    added = [
        np.ptp(procure.frontier(model.with_(**{"world.tree.seed": seed}), V, [100, 200]).table["weighed_musd"])
        for seed in (1, 2, 3)
    ]
    assert three.table["spread_musd"].iloc[1] == approx(np.std(added, ddof=1))
    assert procure.frontier(world(("none",), **SHUT), V, [100, 200], seeds=3).n_trees == 0


def is_charged(seed):
    """Whether a random model has decisions of yes or no."""
    return bool({"fixed_charge", "minimum_order"} & set(random_frames(seed)["terms"]["attribute"]))


LIMITS = [
    {"name": "capped", "kind": "share", "country": "Northland", "max": 0.5},
    {"name": "short", "kind": "expected_shortage", "max": 0.9},
    {"name": "stocked", "kind": "stock_days", "min": 10.0},
    {"name": "worst", "kind": "shortage_cvar", "alpha": 0.9, "max": 0.95},
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit["kind"])
@pytest.mark.parametrize("seed", [seed for seed in range(12) if not is_charged(seed)][:3])
def test_a_curve_is_convex_dearer_the_tighter_and_its_slopes_are_differences(limit, seed):
    model = random_model(seed, [limit], world__tree__nodes=60, demand__uncertain="none", demand__orders="after")
    ends = (0, 60) if limit["kind"] == "stock_days" else (0, 1)
    found = procure.frontier(model, limit["name"], ends, points=7)
    for level in found.table["programme"].unique():
        table = found.table[found.table["programme"] == level]
        if len(table) < 2:
            continue
        value, cost, slope = (table[c].to_numpy() for c in ("value", "weighed_musd", "slope_musd"))
        room = 1e-6 * np.abs(cost).max()
        sign = 1 if "min" in limit else -1
        assert np.all(sign * np.diff(cost) >= -room)
        # Every tangent of a convex curve lies below it: so also below what another value costs.
        below = cost[:, None] + slope[:, None] * (value[None] - value[:, None])
        assert np.all(below <= cost[None] + room)
    # Where a small step to either side finds the same slope, it is the difference.
    at = found.table["value"].iloc[len(found.table) // 2]
    step = 1e-4 * (ends[1] - ends[0])
    near = procure.frontier(model, limit["name"], [at - step, at, at + step]).table
    if len(near) == 3 and near["slope_musd"].iloc[0] == approx(near["slope_musd"].iloc[2], rel=1e-9):
        difference = np.diff(near["weighed_musd"].iloc[[0, 2]])[0] / (2 * step)
        assert near["slope_musd"].iloc[1] == approx(
            difference, rel=1e-5, abs=1e-7 * near["weighed_musd"].abs().max() / step
        )


# --- what is wrong with a question


@pytest.mark.parametrize(
    ("limit", "bounds", "words"),
    [
        ("far_shore", None, ["the model has none", "did you mean 'far_share'?"]),
        ("weight", None, ["limit 'weight'"]),
        ("risk.wieght", (0, 1), ["did you mean 'risk.weight'?"]),
        ("far_share", (0.2, 1.5), ["a share lies between 0 and 1"]),
        ("far_share", (0.2, 0.2), ["low is below high"]),
        ("far_share", [0.2], ["two ends, or a list"]),
        ("far_share", (0.1, 0.2, 0.3), ["two ends, or a list"]),
        ("far_share", "0.2", ["two ends, or a list"]),
        ("far_share", ("much", 0.2), ["'much' is no number"]),
        (V, None, ["no bounds are given"]),
    ],
)  # fmt: skip
def test_a_wrong_question(limit, bounds, words):
    with pytest.raises(DataError) as caught:
        procure.frontier(ALONE, limit, bounds)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_all_that_is_wrong_comes_in_one_list():
    with pytest.raises(DataError) as caught:
        procure.frontier(ALONE, "far_share", ("much", "more"), points=1, seeds=0)
    assert len(caught.value.faults) == 4


def test_the_command_line(tmp_path):
    path = tmp_path / "curve.json"
    asked = ["frontier", "two-class", "--limit", "risk.weight", "--from", "1", "--to", "0", "--json", str(path)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["format"] == "procure.frontier" and kept["table"]["value"][0] == 1 and kept["possible_from"] is None
    at = CliRunner().invoke(app, ["frontier", "two-class", "--limit", "risk.weight", "--at", "0", "--at", "50 %"])
    assert at.exit_code == 0 and "0.5" in at.output
    wrong = CliRunner().invoke(app, ["frontier", "two-class", "--limit", "china_share", "--from", "0.9"])
    assert wrong.exit_code == 2 and "a range has two ends" in wrong.output
    wrong = CliRunner().invoke(app, ["frontier", "japan", "--limit", "china_hevy_share"])
    assert wrong.exit_code == 2 and "did you mean 'china_heavy_share'?" in wrong.output
