"""A grid says its cases in order, and is refused as a whole where it names nothing."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from procure import DataError, Grid, load_model
from procure.explore.sweep.cases import checked, key_of, refuse_unread
from procure.explore.sweep.grid_file import grid_of

DOCS = Path(__file__).parents[1] / "docs"
OFFER = "suppliers.lynas.offers.medium_heavy.2027"
BAN = "suppliers.china.rate.normal.failed"


@pytest.fixture(scope="module")
def model():
    return load_model("two-class")


@pytest.fixture(scope="module")
def japan():
    return load_model("japan")


def cases(model, grid, **how):
    return grid_of(grid).cases(model, **how)


def faults(model, grid):
    with pytest.raises(DataError) as caught:
        found = grid_of(grid)
        refuse_unread(model, checked(model, found.cases(model), found.origin))
    return caught.value.faults


def written(folder, text):
    path = folder / "grid.toml"
    path.write_text(text, encoding="utf-8")
    return path


# --- blocks


def test_a_mapping_is_a_product_the_last_path_varying_fastest(model):
    found = cases(model, {"risk.weight": [0.0, 0.5], "shortage.scale": [1.0, 2.0, 3.0]})
    assert [tuple(case.values()) for case in found] == [(w, s) for w in (0.0, 0.5) for s in (1.0, 2.0, 3.0)]


def test_a_zip_goes_side_by_side_and_blocks_multiply_in_order(model):
    grid = Grid.zip({"risk.weight": [0.1, 0.2], "risk.alpha": [0.8, 0.9]}) * Grid.listed([{"shortage.scale": 1.0}, {}])
    assert cases(model, grid) == [
        {"risk.weight": 0.1, "risk.alpha": 0.8, "shortage.scale": 1.0},
        {"risk.weight": 0.1, "risk.alpha": 0.8},
        {"risk.weight": 0.2, "risk.alpha": 0.9, "shortage.scale": 1.0},
        {"risk.weight": 0.2, "risk.alpha": 0.9},
    ]


def test_steps_are_those_of_linspace_and_logspace(model):
    linear = cases(model, {"shortage.scale": {"from": 1.0, "to": 5.0, "steps": 5}})
    logarithmic = cases(model, {"shortage.scale": {"from": 0.01, "to": 100.0, "steps": 5, "spacing": "log"}})
    assert [case["shortage.scale"] for case in linear] == pytest.approx(np.linspace(1, 5, 5).tolist())
    assert [case["shortage.scale"] for case in logarithmic] == pytest.approx(np.logspace(-2, 2, 5).tolist())


def test_a_table_leaves_blank_what_stays_as_it_is(model):
    frame = pd.DataFrame({"risk.weight": [0.1, math.nan], "world.tree.seed": [1, 2]})
    assert cases(model, frame) == [{"risk.weight": 0.1, "world.tree.seed": 1}, {"world.tree.seed": 2}]


@pytest.mark.parametrize("design", ["latin hypercube", "sobol"])
def test_a_design_spreads_every_path_evenly_over_its_range(model, design):
    """One point in each eighth of every range, as either design has it with eight points; choices as often as each other."""
    grid = Grid.sample(
        {"risk.weight": {"from": 0.0, "to": 0.8}, OFFER: "low-high", "world.variant": ["base", "pessimistic"]},
        8,
        design,
    )
    found = cases(model, grid)
    row = model.facts.tables["offers"].query("supplier == 'lynas' and element == 'medium_heavy'").iloc[0]
    for path, low, high in (("risk.weight", 0.0, 0.8), (OFFER, row["low"], row["high"])):
        eighths = [int((case[path] - low) / (high - low) * 8) for case in found]
        assert sorted(eighths) == list(range(8))
    assert [case["world.variant"] for case in found].count("base") == 4
    assert cases(model, grid, seed=1) == found != cases(model, grid, seed=2)


def test_whole_numbers_stay_whole(model):
    found = cases(model, Grid.sample({"world.tree.seed": {"from": 1, "to": 9}}, 8))
    assert all(type(case["world.tree.seed"]) is int for case in found)


def test_others_share_what_a_chance_leaves_as_they_do_now(japan):
    """Never 0.3 leaves 0.7; 2027 and 2028 stand as 0.35 to 0.5 in the tables."""
    path = "suppliers.caremag.project.never"
    (first, last) = cases(japan, {path: {"from": 0.3, "to": 0.6, "steps": 2, "others": "share"}})
    assert first[path] == pytest.approx(0.3)
    rest = [first[f"suppliers.caremag.project.{year}"] for year in (2027, 2028)]
    assert rest == pytest.approx([0.7 * 0.35 / 0.85, 0.7 * 0.5 / 0.85])
    japan.with_(**last)


# --- files

FILE = """
[product]
"shortage.La.cost.3" = [3000, "6400 USD/kg"]          # thousand JPY/kg, as the table has it
[sample]
cases = 4
design = "sobol"
seed = 3
[sample.ranges]
"risk.weight" = { from = 0.1, to = 0.9 }
"""


def test_a_file_is_in_the_units_of_the_tables(japan, tmp_path):
    found = cases(japan, written(tmp_path, FILE))
    factor = japan.facts.factor("shortage.La.cost.3")
    assert len(found) == 8 and factor > 2
    costs = [case[japan.facts.resolve("shortage.La.cost.3")] for case in checked(japan, found).changes]
    assert costs == pytest.approx([3000 * factor] * 4 + [6400.0] * 4)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("[prodcut]\n'risk.weight' = [1]", "did you mean 'product'?"),
        ("[sample]\ncases = 4\nrangs = 1", "did you mean 'ranges'?"),
        ("[sample]\ncases = 6\ndesign = 'sobol'\n[sample.ranges]\n'risk.weight' = {from = 0, to = 1}", "ask for 4 or 8"),
        ("[sample]\ncases = 6\ndesign = 'soboll'\n[sample.ranges]\n'risk.weight' = {from = 0, to = 1}", "did you mean 'sobol'?"),
        ("[product]\n'risk.weight' = {from = 0, to = 1}", "'steps' is missing"),
        ("[product]\n'risk.weight' = {from = 0, too = 1, steps = 2}", "did you mean 'to'?"),
        ("[product]\n'risk.weight' = {from = 1, to = 0, steps = 2}", "from is below to"),
        ("[product]\n'shortage.scale' = {from = 0, to = 1, steps = 2, spacing = 'log'}", "lies above zero"),
        ("[product]\n'risk.weight' = {range = 'low-high', steps = 2}", "it is a choice"),
        ("[zip]\n'risk.weight' = [0, 1]\n'shortage.scale' = [1]", "risk.weight has 2, shortage.scale has 1"),
        ("[product]\n'risk.weight' = [0, 1]\n[zip]\n'risk.weight' = [1]", "stands in product too"),
        ("[product]\n'risk.weight' = {from = 0, to = 1, steps = 1000000000000}", "1,000,000,000,000 cases; a sweep has at most"),
        ("[product]\n'risk.weight' = {from = 0, to = 1, steps = 1001}\n'risk.alpha' = {from = 0, to = 0.9, steps = 1001}",
         "1,002,001 cases"),
        ("[product]\n'risk.weight' = {from = 0, to = 1, steps = 2000}\n[zip]\n'risk.alpha' = {from = 0, to = 0.9, steps = 2000}",
         "4,000,000 cases"),
        ("[sample]\ncases = 2000000\n[sample.ranges]\n'risk.weight' = {from = 0, to = 1}", "2,000,000 cases"),
        ("", "it has no block"),
        ("[product]\n'risk.weight' = []", "it has no case"),
        ("[product", "not TOML"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_says_why(model, tmp_path, text, seen):
    found = faults(model, written(tmp_path, text))
    assert seen in "\n".join(map(str, found)) and all("grid.toml" in fault.where for fault in found)


# --- checked against a model


def test_a_misspelt_path_is_one_fault_with_the_nearest(model):
    found = faults(model, {"risk.wieght": [k / 200 for k in range(200)], "suppliers.chian.rate.normal.failed": [0.1]})
    assert [fault.where for fault in found] == ["risk.wieght", "suppliers.chian.rate.normal.failed"]
    assert "risk.weight" in found[0].remedy and BAN in found[1].remedy


def test_a_path_that_no_case_can_set_is_one_fault(model):
    for n_values in (2, 500):
        (fault,) = faults(model, {"risk.weight": [1.5 + k for k in range(n_values)], "shortage.scale": [1.0, 2.0]})
        assert "risk.weight" in fault.where


def test_a_chance_alone_says_what_a_range_can_do(japan):
    (fault,) = faults(japan, {"suppliers.caremag.project.never": [0.2, 0.3]})
    assert "others = 'share'" in fault.remedy


def test_a_number_that_nothing_reads_is_one_fault(model):
    (fault,) = faults(model, {"prices.light.spot": [1.0, 2.0]})
    assert fault.where == "prices.light.spot"


def test_a_number_has_one_path(model):
    (fault,) = faults(model, {"demand.light": [1.0], "demand.light.2027": [2.0]})
    assert "name the same number" in fault.seen


def test_however_it_is_written_a_case_is_the_same(model):
    ways = [{OFFER: value} for value in (600.0, 600, "600 t/yr", "0.6 kt/yr", np.float64(600.0))]
    assert len(set(checked(model, ways).keys)) == 1
    assert key_of({"b": 1.0, "a": 0.1}) == '{"a":0.1,"b":1.0}'


def test_a_text_of_money_is_converted_at_the_rates_of_its_case(japan):
    cost = "shortage.La.cost.3"
    kept = checked(japan, [{"exchange.JPY": rate, cost: "1000 JPY/kg"} for rate in (100.0, 200.0)])
    assert [next(v for p, v in case.items() if p.startswith(cost)) for case in kept.changes] == pytest.approx(
        [10.0, 5.0]
    )


def test_the_grid_of_the_page_is_the_file_beside_it(model):
    """2 weights, 2 seeds with their levels, 8 points: 32 cases, the points varying fastest."""
    page, file = DOCS / "sweep.md", DOCS / "grid.toml"
    (shown,) = re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert file.read_text(encoding="utf-8").endswith(shown)
    found = cases(model, file)
    assert len(found) == 32
    assert [case["risk.weight"] for case in found] == [0.0] * 16 + [0.5] * 16
    assert [(case["world.tree.seed"], case["risk.alpha"]) for case in found[:16]] == [(1, 0.9)] * 8 + [(2, 0.95)] * 8
    checked(model, found)
