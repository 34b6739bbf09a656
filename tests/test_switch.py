"""Break-even values, derived by hand.

One year, one element. Nd, demand 1,000 t; *far* sells 500 t at 60 USD/kg and never fails; what is missing costs v USD/kg.
*mud* sells at 70: nothing, 100 t for an investment of 10 million USD, or 200 t for 40 million. In million USD

  none   30 + 0.5 v
  small  30 + 0.4 v +  7 + 10     cheaper than none  where 0.1 v > 17, v > 170
  big    30 + 0.3 v + 14 + 40     cheaper than small where 0.1 v > 37, v > 370; than none where v > 270
"""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError, Infeasible
from procure.cli import app
from procure.explore.switch import NONE
from procure.facts import Facts
from procure.model import make_model
from test_verdict import drawn as plants

V = "shortage.all.cost.1"
LEVELS = {"none": (0.0, 0.0), "small": (100.0, 10_000.0), "big": (200.0, 40_000.0)}
TABLES = {
    "elements": [{"element": "Nd"}],
    "demand": [{"element": "Nd", "year": 2027, "value": 1000.0}],
    "prices": [{"element": "Nd", "layer": layer, "value": 60.0} for layer in ("licensed", "contract", "spot")],
    "suppliers": [
        {"supplier": "far", "country": "Far", "kind": "free"}, {"supplier": "mud", "country": "Home", "kind": "basket"}
    ],
    "offers": [{"supplier": "far", "element": "Nd", "year": 2027, "value": 500.0}],
    "baskets": [{"supplier": "mud", "element": "Nd", "value": 1.0}],
    "terms": [
        {"supplier": "mud", "scope": "all", "attribute": name, "year": 2027, "value": value}
        for name, value in (("capacity", 0.0), ("price", 70.0))
    ],
    "programmes": [
        {"supplier": "mud", "programme": level, "attribute": name, "year": 2027, "value": value}
        for level, numbers in LEVELS.items()
        for name, value in zip(("capacity", "investment"), numbers, strict=True)
    ],
    "shortage": [
        {"scope": "all", "tier": 1, "attribute": "width", "value": 1.0},
        {"scope": "all", "tier": 1, "attribute": "cost", "value": 300.0},
    ],
}  # fmt: skip


def world(levels=tuple(LEVELS), limits=(), **more):
    settings = {
        "model": {"name": "mud", "years": [2027, 2027]},
        "suppliers": {"mud": {"programmes": list(levels)}},
        "limits": list(limits),
    }
    tables = {name: pd.DataFrame([*TABLES.get(name, []), *more.get(name, [])]) for name in {*TABLES, *more}}
    return make_model(settings, Facts.from_frames(tables))


def found(switches):
    """Value and both levels of each switch."""
    return [tuple(row) for row in switches.table[["value", "from", "to"]].itertuples(index=False)]


@pytest.mark.parametrize("points", [2, 3, 9])
def test_two_switches_by_hand_whatever_the_grid(points):
    """Of a grid of its ends alone none and big are seen, at 270 the same, where small is cheaper than either."""
    switches = procure.switch(world(), V, 100, 500, points=points)
    assert found(switches) == [
        (approx(170, rel=1e-9), "mud none", "mud small"),
        (approx(370, rel=1e-9), "mud small", "mud big"),
    ]
    assert switches.unit == "USD/kg"
    table = switches.table
    assert table["from_cost_musd"].tolist() == approx([115, 195]) == table["to_cost_musd"].tolist()
    assert table["slope_musd"].tolist() == approx([0.1, 0.1], rel=1e-6)


def test_the_tie_is_the_error_over_the_slope():
    """Known to ± 1.96 million USD, a difference of 0.1 for each USD/kg is known to ± 19.6 of them."""
    switches = procure.switch(world(), V, 100, 500, standard_error_musd=1.0)
    assert switches.table["tie_low"].tolist() == approx([150.4, 350.4], abs=1e-3)
    assert switches.table["tie_high"].tolist() == approx([189.6, 389.6], abs=1e-3)
    assert "From 150 to 190 the two cannot be told apart" in str(switches)


SHUT = {
    "states": [{"chain": "far", "state": state, "value": 12, "order": k} for k, state in enumerate(("open", "shut"))],
    "depths": [{"chain": "far", "scope": "all", "state": "shut", "value": 1.0}],
    "transitions": [
        {"chain": "far", "from": "open", "to": "shut", "value": 0.2},
        {"chain": "far", "from": "shut", "to": "open", "value": 1.0},
    ],
    "demand_levels": [{"scope": "all", "level": level, "value": 0.5, "factor": 1.0} for level in ("low", "high")],
}


def drawn(limits=(), **choices):
    """Four years in which far may be shut, of which the tree holds a few."""
    few = {"model.years": (2027, 2030), "world.tree.nodes": 13, "risk.weight": 0.5, "risk.alpha": 0.9}
    return world(("none", "small"), limits, **SHUT).with_(**few, **choices)


def test_the_error_is_that_of_both_plans_on_fresh_paths_where_they_cost_the_same():
    model, path = plants(), "suppliers.plant.programmes.large.running_cost"
    switches = procure.switch(model, path, 0, 1000, points=3)
    (row,) = switches.table.to_dict("records")
    levels = procure.compile(model).solve({path: row["value"]}).make_portfolio(False, paths=10_000).programme_levels
    assert (
        row["standard_error_musd"] == approx(levels["standard_error_musd"].max(), rel=1e-4)
        and row["standard_error_musd"] > 0
    )
    half = 1.959964 * row["standard_error_musd"] / row["slope_musd"]
    assert (row["tie_low"], row["tie_high"]) == approx((row["value"] - half, row["value"] + half))


def test_plans_that_differ_by_the_same_on_every_path_have_no_error():
    """Mud never fails, and far alone never fills the demand: whatever far does, mud is worth as much."""
    (row,) = procure.switch(drawn(), V, 0, 300).table.to_dict("records")
    assert row["standard_error_musd"] == 0 and row["tie_low"] == row["tie_high"] == row["value"]


def test_a_law_that_moves_keeps_the_futures_until_it_moves_too_far():
    """Far shuts in about 0.2 of the years: the tree stands for 0.15 to 0.25, and not for nearly all."""
    model, path = drawn(), "suppliers.far.rate.open.shut"
    assert not procure.switch(model, path, 0.15, 0.25, points=3).is_drawn_anew
    assert procure.switch(model, path, 0.15, 9, points=3).is_drawn_anew


def test_where_every_future_is_counted_a_switch_is_exact():
    (row,) = procure.switch(world(("none", "small"), **SHUT), V, 0, 300).table.to_dict("records")
    assert row["standard_error_musd"] == 0 and row["tie_low"] == row["tie_high"] == row["value"]


def test_what_cannot_be_played_has_no_tie_and_says_why():
    switches = procure.switch(drawn(**{"demand.uncertain": "yearly", "demand.orders": "before"}), V, 0, 300)
    assert len(switches.table) == 1
    assert switches.table[["tie_low", "tie_high", "standard_error_musd"]].isna().all(axis=None)
    assert "What is a tie is not known" in str(switches) and "orders are placed before demand is seen" in str(switches)


def test_nothing_switches():
    """From 180 to 350 small is chosen; none is 1 dearer at 180, big 2 at 350."""
    switches = procure.switch(world(), V, 180, 350)
    assert switches.table.empty
    assert (switches.grid["chosen"] == "mud small").all()
    assert switches.grid["margin_musd"].iloc[[0, -1]].tolist() == approx([1, 2])
    assert "mud small is chosen throughout. mud none comes closest, at 180 USD/kg: 1 dearer." in str(switches)


def test_the_same_cost_at_an_end_is_no_switch():
    switches = procure.switch(world(), V, 170, 370)
    assert switches.table.empty and (switches.grid["chosen"] == "mud small").all()
    assert switches.grid["margin_musd"].iloc[[0, -1]].tolist() == approx([0, 0], abs=1e-6)
    assert "the same" in str(switches)


def test_a_switch_on_a_value_of_the_grid():
    assert found(procure.switch(world(("none", "small")), V, 70, 270, points=3)) == [
        (approx(170, rel=1e-9), "mud none", "mud small")
    ]


def test_levels_that_cost_the_same_everywhere_do_not_switch():
    twin = [{"supplier": "mud", "programme": "twin", "attribute": name, "year": 2027, "value": value}
            for name, value in zip(("capacity", "investment"), LEVELS["small"], strict=True)]  # fmt: skip
    switches = procure.switch(world(("small", "twin"), programmes=twin), V, 100, 500)
    assert switches.table.empty and switches.grid["chosen"].nunique() == 1


def test_a_number_of_choice_has_no_unit():
    """0.1 s v = 17 with v = 300."""
    (row,) = procure.switch(world(("none", "small")), "shortage.scale", 0.1, 1).table.to_dict("records")
    assert row["value"] == approx(17 / 30, rel=1e-9)


def test_chances_share_what_is_left():
    """With a chance q of a start mud is worth 46 q - 10 of its 100 t, at 530 a tonne short: q = 10 / 46."""
    starts = [
        {"supplier": "mud", "start": start, "value": value}
        for start, value in (("2027", 0.5), ("2028", 0.25), ("never", 0.25))
    ]
    ramp = [{"supplier": "mud", "scope": "all", "attribute": "ramp", "year": 0, "value": 1.0}]
    model = world(("none", "small"), projects=starts, terms=ramp).with_(**{V: 530.0})
    switches = procure.switch(model, "suppliers.mud.project.2027", 0, 1)
    assert found(switches) == [(approx(10 / 46, rel=1e-6), "mud none", "mud small")]


def test_a_limit_that_a_level_cannot_keep():
    """At most a share m of demand unserved: none leaves 0.5, small 0.4, big 0.3."""
    gap = {"name": "gap", "kind": "expected_shortage", "max": 0.6}
    switches = procure.switch(world(limits=[gap]).with_(**{V: 100.0}), "limits.gap.max", 0.2, 0.6)
    assert found(switches) == [
        (approx(0.3, rel=1e-3), NONE, "mud big"),
        (approx(0.4, rel=1e-3), "mud big", "mud small"),
        (approx(0.5, rel=1e-3), "mud small", "mud none"),
    ]
    text = str(switches)
    assert "below it there is no portfolio that keeps the limits" in text
    assert "Below it there is no portfolio of mud none that keeps the limits" in text
    nowhere = procure.switch(world(limits=[gap]), "limits.gap.max", 0.1, 0.2)
    assert nowhere.table.empty and "Nowhere is there a portfolio" in str(nowhere)


# --- the search, on costs that are known


@pytest.fixture
def search(monkeypatch):
    """Switches of costs by level, each a function of the number, which is the weight of the tail."""

    def of(costs, *ends, **how):
        def solve(changes):
            (value,) = changes.values()
            levels = {f"mud {level}": cost(value) for level, cost in costs.items()}
            if min(levels.values()) == math.inf:
                raise Infeasible(["nothing"])
            solved.append(value)
            return SimpleNamespace(levels=levels)

        solved = []
        monkeypatch.setattr(
            sys.modules[procure.switch.__module__], "Compiled", lambda model: SimpleNamespace(solve=solve)
        )
        return procure.switch(world(tuple(costs)), "risk.weight", *ends, standard_error_musd=0.0, **how), solved

    return of


def test_there_and_back(search):
    """(x - 0.2) (x - 0.5) is below zero between them."""
    switches, solved = search({"none": lambda x: 0.0, "big": lambda x: (x - 0.2) * (x - 0.5)}, 0, 0.9)
    assert found(switches) == [
        (approx(0.2, rel=5e-4), "mud none", "mud big"), (approx(0.5, rel=5e-4), "mud big", "mud none")
    ]  # fmt: skip
    assert len(solved) == len(set(solved)) < 30


@pytest.mark.parametrize("digits", [1, 3, 6])
@pytest.mark.parametrize("root", [0.0123, 0.3, 0.777])
def test_to_as_many_digits_as_are_asked_for(search, digits, root):
    switches, _ = search(
        {"none": lambda x: 10 * math.expm1(3 * (x - root)), "big": lambda x: 0.0}, 0, 0.9, digits=digits
    )
    assert found(switches) == [(approx(root, rel=10.0**-digits), "mud none", "mud big")]


def test_a_jump_is_found_where_it_is(search):
    switches, _ = search({"none": lambda x: -1.0 if x < 0.3141 else 2.0, "big": lambda x: 0.0}, 0, 0.9)
    assert switches.table["value"].tolist() == approx([0.3141], rel=1e-3)


def test_a_gap_without_any_portfolio(search):
    """Neither level has one between 0.3 and 0.7, where the grid of two ends does not look, but the search does."""
    gap = lambda cost: lambda x: math.inf if 0.3 < x < 0.7 else cost(x)  # noqa: E731  # reads as what it is
    switches, _ = search({"none": gap(lambda x: x - 0.45), "big": gap(lambda x: 0.0)}, 0, 0.9, points=2)
    assert found(switches) == [(approx(0.3, rel=1e-3), "mud none", NONE), (approx(0.7, rel=1e-3), NONE, "mud big")]


@pytest.mark.parametrize("seed", range(10))
def test_lines_switch_where_their_lower_envelope_does(search, seed):
    """Straight lines: on the envelope of all, seen in steps of 1e-5, the level changes where the search says, and nowhere else."""
    random = np.random.default_rng(seed)
    start, slope = random.uniform(-1, 1, (2, 3))
    costs = {level: lambda x, k=k: start[k] + slope[k] * x for k, level in enumerate(LEVELS)}
    switches, _ = search(costs, 0, 0.9, points=2)
    fine = np.linspace(0, 0.9, 90_001)
    chosen = np.argmin(start[:, None] + slope[:, None] * fine, axis=0)
    at = np.flatnonzero(np.diff(chosen))
    names = [f"mud {level}" for level in LEVELS]
    assert found(switches) == [(approx(fine[k], abs=2e-5), names[chosen[k]], names[chosen[k + 1]]) for k in at]


# --- what is wrong with a question


@pytest.mark.parametrize(
    ("path", "low", "high", "words"),
    [
        ("shortage.all.cots.1", 1, 2, ["no choice and no number has this path", "did you mean 'shortage.all.cost.1'?"]),
        ("risk.wieght", 0, 1, ["did you mean 'risk.weight'?"]),
        (V, 2, 2, ["low is 2, high 2; low is below high"]),
        (V, 3, "2 kUSD/t", ["low is below high"]),
        (V, -1, 2, ["shortage.all.cost.1: -1"]),
        ("world.variant", 0, 1, ["variant"]),
        ("risk.weight", "much", 1, ["'much' is no number"]),
        ("risk.weight", 0, 2, ["risk.weight"]),
        ("world.tree.nodes", 100, 1000, ["it is a whole number"]),
    ],
)  # fmt: skip
def test_a_wrong_question(path, low, high, words):
    with pytest.raises(DataError) as caught:
        procure.switch(world(), path, low, high)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_all_that_is_wrong_comes_in_one_list():
    with pytest.raises(DataError) as caught:
        procure.switch(
            procure.load_model("two-class"), "risk.weight", 1, 0, digits=0, points=1, standard_error_musd=-1.0
        )
    assert len(caught.value.faults) == 5


def test_the_command_line_speaks_the_units_of_the_tables(tmp_path):
    """An investment in million yen, 0 to 4,000 of them: small is worth 23 million USD at 300, at 155.9 yen each 3,585.7."""
    folder = tmp_path / "mud"
    folder.mkdir()
    for name, rows in TABLES.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    programmes = pd.DataFrame(TABLES["programmes"])
    is_money = programmes["attribute"] == "investment"
    programmes["unit"] = np.where(is_money, "million JPY", "t/yr")
    programmes.to_csv(folder / "programmes.csv", index=False)
    pd.DataFrame([{"currency": "JPY", "value": 155.9}]).to_csv(folder / "exchange_rates.csv", index=False)
    (tmp_path / "mud.toml").write_text(
        '[model]\nname = "mud"\nyears = [2027, 2027]\nfacts = "mud"\nextend = false\n'
        '[suppliers.mud]\nprogrammes = ["none", "small"]\n',
        encoding="utf-8",
    )
    path = "suppliers.mud.programmes.small.investment"
    result = CliRunner().invoke(app, ["switch", str(tmp_path / "mud.toml"), path, "--low", "0", "--high", "4000"])
    assert result.exit_code == 0, result.output
    assert "3,590 million JPY: mud small below, mud none above" in result.output
    wrong = CliRunner().invoke(app, ["switch", str(tmp_path / "mud.toml"), path, "--low", "4,000", "--high", "0"])
    assert wrong.exit_code == 2
