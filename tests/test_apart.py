"""Why two answers differ: parts and steps that add up to the difference, and what would undo it, by hand on the small world.

A tonne ordered of the mill costs 9 and leaves a tenth unserved at c a kg, 9 + c / 10 in all; one of the importer costs 12, and
there are x t of it. Of 100 t the cost is 12 x + (9 + c / 10) (100 - x): at c = 40 and x = 60 that is 720 + 520 = 1,240 kUSD.
"""

import math
import re

import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.errors import Infeasible, SolverError
from procure.explore.apart import Asked, Found, apart
from procure.portfolio.parts import parts
from procure.report.apart import page
from procure.report.called import called, of_tables
from procure.report.served.asked import Setting, Wanted
from procure.report.served.desk import Desk
from procure.report.served.numbers import numbers_of

OFFER, LOSS = "suppliers.importer.offers.copper.2027", "shortage.copper.cost.1"
RANGES = {OFFER: {"from": 50, "to": 90}, LOSS: {"from": 35, "to": 60}}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    file = tmp_path_factory.mktemp("world") / "mine.toml"
    assert CliRunner().invoke(app, ["new", str(file), "--world", "copper"]).exit_code == 0
    return procure.load_model(file)


@pytest.fixture(scope="module")
def solve(model):
    compiled = procure.compile(model)

    def solve(asked):
        answer = compiled.solve(dict(asked.values))
        measured = answer.measured
        costs = {"expected": measured.expected, "cvar": measured.cvar, "weighed": measured.objective}
        return Found(asked, 0.95, answer.level, {key: cost / 1e3 for key, cost in costs.items()}, parts(measured))

    return solve


def told(solve, first, second, ways=()):
    first, second = (solve(Asked(dict(zip((OFFER, LOSS), values, strict=True)))) for values in (first, second))
    return apart(first, second, ways, lambda asked: (solve(asked).programme, solve(asked).costs))


def kusd(musd):
    return 1e3 * musd


def test_a_dearer_loss_by_hand(solve):
    """At c = 50 the same 60 and 40 t cost 40 more: 4 t unserved at 10 more. All of it is shortage."""
    found = told(solve, (60, 40), (60, 50))
    assert kusd(found.first.costs["weighed"]) == approx(1240) and kusd(found.difference_musd) == approx(40)
    by = found.parts[found.parts["kind"] == "component"].set_index("part")["difference_musd"]
    assert kusd(by["shortage_cost"]) == approx(40) and kusd(by.sum()) == approx(40)
    assert [(row.what, row.first, row.second, kusd(row.difference_musd)) for row in found.steps.itertuples()] == [
        (LOSS, 40, 50, approx(40))
    ]


def test_steps_add_up_by_hand(solve):
    """20 t more of the importer save 1 each, 20; then ten more a kg cost 10 % of 20 t times 10, 20: nothing in all."""
    found = told(solve, (60, 40), (80, 50))
    assert [kusd(x) for x in found.steps["difference_musd"]] == [approx(-20), approx(20)]
    assert found.difference_musd == 0
    assert page(found, "A", "B", lambda what: what).to_text().startswith("B and A cost the same, weighed.")


def test_a_step_to_where_no_plan_is_says_so(solve):
    """Two moves to where nothing keeps the limits, and one back."""
    values = [{OFFER: 60.0, LOSS: 40.0, "risk.weight": 0.5, "shortage.scale": 1.0}]
    values.append({OFFER: 80.0, LOSS: 50.0, "risk.weight": 0.5, "shortage.scale": 2.0})
    first, second = (solve(Asked(each)) for each in values)

    def none(asked):
        raise Infeasible(["none"])

    found = apart(first, second, (), none)
    text = page(found, "A", "B", lambda what: what).to_text()
    assert re.findall("no plan|a plan again", text) == ["no plan", "no plan", "a plan again"]

    def broken(asked):
        raise SolverError("broken", status="error")

    with pytest.raises(SolverError):  # nothing is known of it: least of all that there is no plan
        apart(first, second, (), broken)


def test_what_would_undo_it_by_hand(solve, model):
    """At c = 50 a tonne of the mill costs 14, of the importer 12: 1,400 - 2 x is 1,240 at x = 80, three quarters of its range; c
    back at 40 does it, too, two fifths of its range away: that comes first."""
    found = told(solve, (60, 40), (60, 50), numbers_of(model, RANGES))
    assert found.undoing["number"].tolist() == [LOSS, OFFER]
    assert found.undoing["undone_at"].tolist() == approx([40, 80], abs=0.01 * 40)
    assert found.undoing["part_of_range"].tolist() == approx([10 / 25, 20 / 40], abs=0.01)
    # What is told makes it no dearer.
    for row in found.undoing.itertuples():
        asked = found.second.asked.with_value(row.number, row.undone_at)
        assert solve(asked).costs["weighed"] <= found.first.costs["weighed"] + 1e-9


def test_the_cheaper_of_two_is_told_of_as_such(solve, model):
    there, back = (
        told(solve, *pair, numbers_of(model, RANGES)) for pair in (((60, 40), (60, 50)), ((60, 50), (60, 40)))
    )
    assert back.difference_musd == approx(-there.difference_musd)
    assert back.undoing["undone_at"].tolist() == approx(there.undoing["undone_at"].tolist())
    said = [page(answer, "A", "B", lambda what: what).to_text() for answer in (there, back)]
    assert said[0].startswith("B is dearer than A by 0.04 million USD") and said[1].startswith("B is cheaper than A")


def test_weighed_otherwise_means_are_held_against_each_other(solve):
    first, second = solve(Asked({"risk.weight": 0.0})), solve(Asked({"risk.weight": 0.5}))
    found = apart(first, second)
    assert found.measure == "expected" and not found.is_solved
    assert found.parts[found.parts["kind"] == "year"]["difference_musd"].sum() == approx(found.difference_musd)


def test_the_choice_turns_on_the_way():
    """Where a programme is as good as none: an answer on either side of the place that is told chooses otherwise."""
    model = procure.load_model("japan").with_(
        **{"world.tree.nodes": 60, "suppliers.seabed.programmes": ["none", "pilot"]}
    )
    compiled = procure.compile(model)

    def solve(asked):
        answer = compiled.solve(dict(asked.values))
        measured = answer.measured
        costs = {"expected": measured.expected, "cvar": measured.cvar, "weighed": measured.objective}
        return Found(asked, 0.95, answer.level, {key: cost / 1e3 for key, cost in costs.items()}, parts(measured))

    first, second = (solve(Asked({"shortage.scale": scale})) for scale in (1.0, 5.0))
    assert (first.programme, second.programme) == ("seabed none", "seabed pilot")
    found = apart(first, second, (), lambda asked: (solve(asked).programme, solve(asked).costs))
    ((part, own, here),) = found.turns
    assert (own, here) == (first.programme, second.programme)
    assert solve(Asked({"shortage.scale": 1 + 4 * part})).programme == here
    assert solve(Asked({"shortage.scale": 1 + 4 * (part - 0.01)})).programme == own


# ------------------------------------------------------------------------------------------- limits, through the desk


def test_a_limit_of_the_page_is_a_move_like_any_other(model):
    """At most 50 of 100 t from the importer: 10 t more of the mill at 1 more each. The limit is the first of the two steps."""
    desk = Desk(model, RANGES, {}, lambda *told: None)
    limit = {"name": "half", "kind": "share", "supplier": "importer", "max": 0.5, "when": "always"}
    plain, limited = Setting({LOSS: 40.0}), Setting({LOSS: 50.0}, [limit])
    found = desk.answer(Wanted("why", limited, beside=plain, number=3))
    tables = [part for part in found["en"] if part["kind"] == "table"]
    (steps,) = [table["groups"][0]["rows"] for table in tables if table["headings"][0].startswith("What was moved")]
    assert steps[0][0] == "at most 50 % of all elements from importer in every future" and steps[0][1:] == [
        "-",
        "0.5",
        "0.01",
    ]
    assert steps[1][0] == "Loss in shortage tier 1, copper" and steps[1][1:] == [
        "40",
        "50",
        "0.05",
    ]  # 5 t unserved, 10 more each
    assert (
        found["en"][0]["text"] == "This answer is dearer than answer 3 by 0.06 million USD of present value, weighed."
    )
    assert found["ja"][0]["text"].startswith("この回答は回答 3より")
    assert len(found["ja"]) == len(found["en"])
    back = desk.answer(Wanted("why", plain, beside=limited, number=3))
    assert back["en"][0]["text"].startswith("This answer is cheaper than answer 3 by 0.06")


# --------------------------------------------------------------------------------------------- what numbers are called


@pytest.mark.parametrize("name", ["japan", "two-class", "japan-2040", "motor-maker"])
def test_every_number_of_the_tables_is_called_something_in_both_languages(name):
    facts = procure.load_model(name).facts
    for path in facts.paths():
        words = of_tables(facts, path)
        assert words and words.ja and not set("{}_") & set(words + words.ja), path
        assert words != path and words.ja != words, path


def test_what_nothing_is_known_of_stays_a_path(model):
    assert called(model, "no.such.number") == "no.such.number" and math.isfinite(model.facts.value(OFFER))
    assert called(model, OFFER) == "Importer: on offer, copper, 2027"
