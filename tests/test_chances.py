"""Chances per year, quarter or month instead of rates, and a first period that is known."""

from dataclasses import replace

import numpy as np
import pytest
from pytest import approx

import procure
from procure import DataError
from procure.facts import Facts
from procure.scenarios.chain import rates_of_chances
from procure.scenarios.world import processes
from test_buying import model_of, world
from test_market import table

STATES = table("chain state value kind order", ["mine", "open", 12, "regime", 0], ["mine", "shut", 12, "regime", 1])


def told(*rows, states=STATES, years=2, **choices):
    """A model whose mine opens and shuts as these rows say: from, to, attribute, value."""
    transitions = table("chain from to attribute value", *(["mine", *row] for row in rows))
    return model_of(world(transitions=transitions, states=states), years=years, **choices)


def mine(model):
    (process,) = (each for each in processes(model, {}) if each.name == "mine")
    return process


CLOSES, OPENS = ("open", "shut"), ("shut", "open")


@pytest.mark.parametrize(("way", "per_year"), [("chance_a_year", 1), ("chance_a_quarter", 4), ("chance_a_month", 12)])
def test_chances_hold_after_their_span(way, per_year):
    """Out of open 0.1, out of shut 0.6 a span: in periods of that span the law is typed as it is; of any other, its power.

    Two states: P - 1/λ has the eigenvalue 1 - 0.1 - 0.6 = 0.3, so a span of k leads out of open with 0.1 (1 - 0.3^k) / 0.7.
    """
    rows = (*CLOSES, way, 0.1), (*OPENS, way, 0.6)
    for periods in (1, 2, 4, 12):
        k = per_year / periods
        assert mine(told(*rows, model__periods_per_year=periods)).transition[0] == approx(np.array([
            [1 - 0.1 * (1 - 0.3**k) / 0.7, 0.1 * (1 - 0.3**k) / 0.7], [0.6 * (1 - 0.3**k) / 0.7, 1 - 0.6 * (1 - 0.3**k) / 0.7],
        ]))  # fmt: skip


def test_an_episode_by_its_chance_is_one_by_its_rate():
    """0.393 a year is -ln(1 - 0.393) = 0.5 times a year."""
    states = STATES.assign(kind=["regime", "episode"])
    chance = mine(told((*CLOSES, "chance_a_year", 1 - np.exp(-0.5)), states=states, model__periods_per_year=4))
    rate = mine(told((*CLOSES, "rate", 0.5), states=states, model__periods_per_year=4))
    assert chance.transition == approx(rate.transition)


def test_chances_that_no_rates_give_are_typed_as_they_are():
    """Half of the open years end shut, and nine of ten shut ones open. That holds from year to year, and of no shorter period."""
    rows = (*CLOSES, "chance_a_year", 0.5), (*OPENS, "chance_a_year", 0.9)
    assert mine(told(*rows)).transition[1] == approx(np.array([[0.5, 0.5], [0.9, 0.1]]))
    with pytest.raises(DataError, match=r"mine.*no rates give these chances.*periods of 1 years, or give rates"):
        processes(told(*rows, model__periods_per_year=12), {})
    monthly = (*CLOSES, "chance_a_month", 0.5), (*OPENS, "chance_a_month", 0.9)
    third = np.linalg.matrix_power([[0.5, 0.5], [0.9, 0.1]], 3)
    assert mine(told(*monthly, model__periods_per_year=4)).transition[0] == approx(third)


def test_what_changes_with_a_cause_needs_rates():
    rows = (*CLOSES, "chance_a_year", 0.5), (*OPENS, "chance_a_year", 0.9)
    model = told(*rows)
    frames = {name: frame for name, frame in model.facts.tables.items() if len(frame)}
    for name in ("states", "transitions", "depths"):
        frames[name] = replace_chain(frames[name])
    frames["correlations"] = table(
        "chain_a states_a chain_b states_b value", ["abroad", "shut", "mine", "shut", 0.3]
    )  # fmt: skip
    with pytest.raises(DataError, match=r"something changes them: a correlation"):
        processes(replace(model, facts=Facts.from_frames(frames)), {})


def replace_chain(frame):
    """The rows, and the same of abroad."""
    import pandas as pd

    return pd.concat([frame, frame.assign(chain="abroad")])


def test_three_states_have_the_matrix_of_their_chances():
    """Numbers of one's own: what is typed comes out after a year, whatever leads through the third state within it."""
    states = table(
        "chain state value kind order",
        *(["mine", state, 12, "regime", k] for k, state in enumerate(("open", "slow", "shut"))),
    )
    law = np.array([[0.85, 0.1, 0.05], [0.3, 0.6, 0.1], [0.1, 0.3, 0.6]])
    names = ("open", "slow", "shut")
    rows = [(a, b, "chance_a_year", law[i, j]) for i, a in enumerate(names) for j, b in enumerate(names) if i != j]
    assert mine(told(*rows, states=states)).transition[0] == approx(law)
    by_month = mine(told(*rows, states=states, model__periods_per_year=12)).transition[0]
    assert np.linalg.matrix_power(by_month, 12) == approx(law)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(*CLOSES, "chance_a_year", 0.1), (*OPENS, "rate", 2)], r"told by rate and chance_a_year.*one way"),
        ([(*CLOSES, "chance_a_year", 10)], r"row 1, column value: 10.*<= 1"),
        ([(*CLOSES, "chance_a_yaer", 0.1)], r"did you mean 'chance_a_year'"),
    ],
)
def test_faults_of_chances_are_told(rows, said):
    with pytest.raises(DataError, match=said):
        processes(told(*rows), {})


def test_chances_out_of_a_state_sum_to_at_most_one():
    with pytest.raises(DataError, match=r"mine, out of 'a'.*sum to 1.2.*rescale"):
        rates_of_chances("mine", ["a", "b", "c"], {}, {("a", "b"): 0.6, ("a", "c"): 0.6}, 1.0)


def test_the_first_period_may_be_known():
    """The mine is shut in the first year for certain, and then opens with a chance of 0.6: 100 t short, 5000, then 0.4 x 5000 +
    0.6 x 1000. Beginning open, it shuts with a chance of 0.1.
    """
    rows = (*CLOSES, "chance_a_year", 0.1), (*OPENS, "chance_a_year", 0.6)
    cost = lambda model: 1e3 * procure.solve(model).summary["expected_cost"]  # noqa: E731
    shut = told(*rows, world__first={"mine": "shut"}, suppliers__abroad__enabled=False)
    assert cost(shut) == approx(5000 + 0.4 * 5000 + 0.6 * 1000)
    opened = told(*rows, suppliers__abroad__enabled=False)
    second = 0.9 * 0.1 + 0.1 * 0.4
    assert cost(opened) == approx(0.1 * 5000 + 0.9 * 1000 + second * 5000 + (1 - second) * 1000)


@pytest.mark.parametrize(
    ("first", "said"),
    [({"mien": "shut"}, r"world.first.*did you mean 'mine'"), ({"mine": "shutt"}, r"no state 'shutt'.*did you mean 'shut'")],
)  # fmt: skip
def test_what_is_known_of_the_first_period_has_names(first, said):
    with pytest.raises(DataError, match=said):
        processes(told((*CLOSES, "rate", 1), world__first=first), {})


def test_a_chance_moves_as_a_rate_does():
    """In place and afresh the cost is the same."""
    model = told((*CLOSES, "chance_a_year", 0.1), (*OPENS, "chance_a_year", 0.6))
    compiled = procure.compile(model)
    for chance in (0.3, 0.05):
        moves = {"suppliers.mine.rate.open.shut": chance}
        fresh = procure.solve(model.with_(**moves)).summary["objective"]
        assert compiled.solve(moves).objective == approx(fresh, rel=1e-7)
