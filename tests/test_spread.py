"""How far numbers move the cost, by SALib: on `two-class` by hand, and on a function whose indices are known.

Two numbers of `two-class` (tests/test_two_class.py) in which the cost is straight, whatever the other is: what the seabed asks, 160
to 580 USD/kg for 342 t of which 0.94 arrive, and what Lynas and Caremag do for medium/heavy, 94 to 431 for 0.976 × 587.5 + 0.34 ×
88.5 t. Over their ranges they move it by 420 × 321.48 = 135.02 and 337 × 603.49 = 203.38 million USD: of the variance 0.306 and
0.694.
"""

import numpy as np
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError
from procure.cli import app
from procure.explore.sensitivity import spread

pytest.importorskip("SALib")

SEABED, HEAVY = "suppliers.seabed.price.all.2027", "prices.medium_heavy.contract"
EFFECTS = {SEABED: 420 * 342 * 0.94 / 1000, HEAVY: 337 * (0.976 * 587.5 + 0.34 * 88.5) / 1000}


def asked(method, cases, **more):
    model = procure.load_model("two-class")
    return procure.sensitivity(model, method, numbers=[SEABED, HEAVY], cases=cases, workers=1, **more)


def test_effects_by_hand():
    found = asked("morris", 24)
    told = found.table.set_index("number")
    assert told["effect_musd"].to_dict() == approx(EFFECTS)
    assert told["spread_musd"].abs().max() < 1e-6 and (told["changes_choice"] == 0).all() and found.n_cases == 25
    assert found.table["number"].iloc[0] == HEAVY and "203" in str(found) and "Morris" in str(found)


def test_shares_of_the_variance_by_hand():
    found = asked("sobol", 2048)
    told = found.table.set_index("number")
    whole = sum(effect**2 for effect in EFFECTS.values())
    for number, effect in EFFECTS.items():
        share = effect**2 / whole
        assert told.loc[number, "total_share"] == approx(share, abs=0.02)
        assert told.loc[number, "first_share"] == approx(share, abs=3 * told.loc[number, "first_error"] + 0.02)
    # An even range of width w has a variance of w² / 12.
    assert found.all_musd == approx((whole / 12) ** 0.5, rel=0.03) and "Sobol" in str(found)


def test_an_interaction_is_in_the_total_alone():
    """Ishigami's function, a = 7, b = 0.1 [Ishigami & Homma (1990)]: S = 0.314, 0.442, 0; T = 0.558, 0.442, 0.244."""
    places = spread.design("sobol", 3, 5 * 1024, 1)
    x = np.pi * (2 * places - 1)
    cost = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    frame, left_out, _ = spread.told("sobol", places, cost, [""] * len(cost), 1)
    assert frame["first_share"].tolist() == approx([0.314, 0.442, 0.0], abs=0.05) and left_out == 0
    assert frame["total_share"].tolist() == approx([0.558, 0.442, 0.244], abs=0.05)


def test_a_case_without_a_portfolio_takes_its_trajectory_with_it():
    places = spread.design("morris", 2, 30, 1)
    cost = places @ np.array([3.0, 4.0])
    levels = ["b" if place > 0.5 else "a" for place in places[:, 1]]
    cost[4] = np.nan
    frame, left_out, _ = spread.told("morris", places, cost, levels, 1)
    assert left_out == 3 and frame["effect_musd"].tolist() == approx([3.0, 4.0])
    # Four levels, two of them beyond the half: every step of the second number crosses it, and none of the first.
    assert frame["changes_choice"].tolist() == [0.0, 1.0]
    with pytest.raises(DataError, match="have a portfolio in every case"):
        spread.told("morris", places, np.full(len(places), np.nan), levels, 1)


def test_it_is_drawn_alike_and_leaves_the_chance_of_others_alone():
    np.random.seed(7)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again = (asked("morris", 12).table["effect_musd"].tolist() for _ in range(2))
    assert first == again and (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize(
    ("method", "cases", "said"),
    [("morris", 11, "at least 12"), ("sobol", 31, "at least 32"), ("moris", 99, "did you mean 'morris'")],
)
def test_a_wrong_question(method, cases, said):
    with pytest.raises(DataError, match=said):
        asked(method, cases)


def test_without_salib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "SALib", None)
    with pytest.raises(DataError, match=r"procure\[sensitivity\]"):
        asked("morris", 24)


def test_the_command_line():
    words = [
        "sensitivity",
        "two-class",
        "--method",
        "morris",
        "--number",
        SEABED,
        "--number",
        HEAVY,
        "--cases",
        "24",
        "--workers",
        "1",
    ]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0 and "135" in result.output, result.output
    assert "標準偏差" in CliRunner().invoke(app, [*words, "--lang", "ja"]).output
