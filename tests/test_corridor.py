"""What a contract is worth, derived by hand.

One year of Nd, demand 1,000 t; nothing fails. *far* sells 500 t at 60 USD/kg, *near* offers 200 t at a price of its own, 90. Of
what is missing 300 t cost 100 USD/kg, the rest 300. Without near 500 t are missing: 30 + 30 + 60 = 120 million USD. So of near

  the first 200 t save 300 USD/kg      the next 300 save 100      the next 500 replace far, at 60

At m times the listed prices far asks 60 m. 600 t are worth (60,000 + 30,000 + 6,000 m) / 600 = 150 + 10 m on average as long as far
costs less than the cheaper shortage: a floor of 157 loses where m < 0.7, where far asks 42. At m = 2 far, at 120, comes after that
shortage: 600 t save 200 at 300 and 400 at 120, which is 180.
"""

import json
import math

import pandas as pd
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError, Infeasible
from procure.cli import app
from procure.facts import Facts
from procure.model import make_model
from test_buying import model_of
from test_buying import world as buying
from test_switch import TABLES, drawn

PRICE = "suppliers.near.price.all.2027"


def tables(**more):
    """Those of `test_switch` without mud, with near and a second tier of shortage."""
    near = {
        "suppliers": [{"supplier": "near", "country": "Near", "kind": "free"}],
        "offers": [{"supplier": "near", "element": "Nd", "year": 2027, "value": 200.0}],
        "terms": [{"supplier": "near", "scope": "all", "attribute": "price", "year": 2027, "value": 90.0}],
    }
    shortage = [
        {"scope": "all", "tier": tier, "attribute": name, "value": value}
        for tier, numbers in ((1, (0.3, 100.0)), (2, (0.7, 300.0)))
        for name, value in zip(("width", "cost"), numbers, strict=True)
    ]
    rows = {name: [*TABLES[name], *near.get(name, [])] for name in TABLES} | {"shortage": shortage} | more
    return {name: pd.DataFrame(own) for name, own in rows.items()}


def market(limits=(), frames=None, **choices):
    settings = {
        "model": {"name": "near", "years": [2027, 2027]},
        "suppliers": {"mud": {"programmes": ["none"]}},
        "limits": list(limits),
    }
    return make_model(settings, Facts.from_frames(frames or tables())).with_(**choices)


def test_the_curve_by_hand():
    found = procure.corridor(market(), "near", "Nd", largest=4, volumes=4)
    curve = found.curve
    assert curve["volume_t"].tolist() == approx([0, 200, 400, 600, 800])
    assert curve["marginal_usd_kg"].tolist()[1:] == approx([300, 100, (100 * 100 + 100 * 60) / 200, 60])
    assert curve["average_usd_kg"].tolist()[1:] == approx([300, 200, 160, 135])
    assert curve["worth_musd"].tolist() == approx([0, 60, 80, 96, 108])
    assert curve["weighed_musd"].tolist()[:2] == approx([120, 120 - 60 + 18])
    assert curve["paid_usd_kg"].tolist()[1:] == approx([90] * 4)
    assert (found.offer_t, found.rival, found.rival_usd_kg) == (approx(200), "far", approx(60))
    text = str(found)
    assert (
        "What comes beyond 400 t/yr is worth less than is paid for it" in text
    )  # 80 on the way to 600, which is less than 90
    assert "Every future is counted" in text and "over far's 60" in text


def test_at_the_most_worth_paying_it_is_as_good_without():
    """At 200 USD/kg 400 t cost as much as none; what is on offer, 200 t worth 300, saves 20 million USD."""
    curve = procure.corridor(market(**{PRICE: 200.0}), "near", "Nd", largest=2, volumes=1).curve
    assert curve["weighed_musd"].tolist() == approx([120, 100, 120]) and curve["average_usd_kg"].iloc[2] == approx(200)


def test_a_floor_by_hand():
    found = procure.corridor(market(), "near", "Nd", volume=600, floor=157, largest=3, volumes=1)
    floor = found.floor.set_index("market")
    assert floor["worth_usd_kg"].tolist() == approx([152.5, 155, 160, 180])
    assert floor["rival_usd_kg"].tolist() == approx([15, 30, 60, 120]) and (floor["paid_usd_kg"] == 157).all()
    assert floor["gain_musd"].tolist() == approx([-2.7, -1.2, 1.8, 13.8])
    assert found.loses_below_usd_kg == approx(42, abs=0.6) and "It loses where far asks less than 42 USD/kg" in str(
        found
    )
    dear, cheap = (procure.corridor(market(), "near", "Nd", floor=x, volumes=1) for x in (400, 120))
    assert "loses at all of these" in str(dear) and "loses at none of these" in str(cheap)


def test_a_contract_of_which_nothing_ever_arrives():
    """*near* is shut from the start and never opens: a tonne that never comes has no price."""
    shut = {
        "states": [{"chain": "near", "state": s, "value": 12, "order": k} for k, s in enumerate(("shut", "open"))],
        "depths": [{"chain": "near", "scope": "all", "state": "shut", "value": 1.0}],
        "transitions": [
            {"chain": "near", "from": a, "to": b, "value": x}
            for a, b, x in (("shut", "open", 0.0), ("open", "shut", 1.0))
        ],
    }
    with pytest.raises(DataError, match="nothing arrives in any future"):
        procure.corridor(market(frames=tables(**shut)), "near", "Nd", volumes=2)


def test_a_volume_beyond_the_largest_looked_at():
    """600 t are three times what is on offer, and the curve ends at 300: they can be had all the same, and are worth 160."""
    found = procure.corridor(market(), "near", "Nd", volume=600.0)
    assert found.curve["volume_t"].tolist()[-1] == approx(600) and math.isnan(found.largest_t)
    assert found.curve["average_usd_kg"].tolist()[-1] == approx(160)


def test_a_contract_that_is_signed_and_one_beyond_what_a_plan_can_have():
    """What is signed is no part of the question. A limit on the share of near is: 0.3 of 1,000 t, no more than 300 t."""
    signed = tables(commitments=[{"supplier": "near", "element": "Nd", "year": 2027, "value": 150.0}])
    share = {"name": "near_share", "kind": "share", "supplier": "near", "max": 0.3}
    found = procure.corridor(market([share], signed), "near", "Nd", largest=2, volumes=4)
    assert found.curve["volume_t"].tolist() == approx([0, 100, 200, 300]) and found.largest_t == approx(300)
    assert found.curve["average_usd_kg"].tolist()[1:] == approx([300, 300, 700 / 3])
    assert "No plan has more than 300 t/yr" in str(found)
    with pytest.raises(Infeasible, match="400 t/yr"):
        procure.corridor(market([share], signed), "near", "Nd", volume=400, largest=2, volumes=1)


def test_fresh_paths_have_an_error():
    model = drawn(**{"shortage.all.cost.1": 300.0})
    found = procure.corridor(model, "far", "Nd", volumes=1, paths=500)
    assert (
        found.n_paths == 500
        and found.worth_error_usd_kg >= 0
        and found.fresh_usd_kg > 0
        and "fresh paths" in str(found)
    )
    none = procure.corridor(model, "far", "Nd", volumes=1, paths=0)
    assert none.n_paths == 0 and "All on one tree" in str(none)


@pytest.mark.parametrize(
    "terms", [(), (("option_fee", 0), ("option_price", 20)), (("cancel_price", 0),), (("call_share", 1),)]
)
def test_no_option_call_or_right_to_cancel_stands_beside_it(terms):
    """The mine of `test_buying` stays open in p = (1 + e^-2) / 2 of all years, where a tonne from abroad saves 10, else 50."""
    curve = procure.corridor(model_of(buying(*terms)), "abroad", "Cu", largest=1, volumes=1).curve
    open_ = (1 + math.exp(-2)) / 2
    assert curve["average_usd_kg"].iloc[1] == approx(10 * open_ + 50 * (1 - open_))


def test_a_plan_that_is_revised_holds_the_contract_whatever_was_seen():
    """The contract is the same after either state of far, so that to look again changes what is called and stored alone."""
    model = drawn(**{"shortage.all.cost.1": 300.0}).with_(**{"world.tree.nodes": 40})
    choices = model.settings.model_dump(by_alias=True, exclude_unset=True)
    revised = make_model({**choices, "reviews": [{"year": 2029, "sees": ["far"]}]}, model.facts)
    plain, again = (procure.corridor(m, "far", "Nd", volumes=1, paths=0).curve for m in (model, revised))
    assert again["worth_musd"].iloc[-1] > 0 and len(again) == len(plain)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"supplier": "nearr", "element": "Nd"}, "did you mean 'near'"),
        ({"supplier": "near", "element": "Nb"}, "the valid names are Nd"),
        ({"supplier": "mud", "element": "Nd"}, "sells a basket"),
        ({"supplier": "near", "element": "Nd", "against": "near"}, "no other supplier"),
        ({"supplier": "near", "element": "Nd", "volume": 0}, "it is above 0"),
        ({"supplier": "near", "element": "Nd", "largest": -1}, "above 0"),
        ({"supplier": "near", "element": "Nd", "volumes": 0}, "one at least"),
        ({"supplier": "near", "element": "Nd", "paths": -1}, "counted from 0"),
        ({"supplier": "near", "element": "Nd", "floor": -1.0}, "from 0 up"),
    ],
)
def test_a_wrong_question(asked, said):
    with pytest.raises(DataError, match=said):
        procure.corridor(market(), **asked)


def test_the_command_line(tmp_path):
    path, run = tmp_path / "corridor.json", CliRunner()
    words = ["corridor", "two-class", "--supplier", "lynas", "--element", "medium_heavy", "--volumes", "1"]
    result = run.invoke(app, [*words, "--json", str(path)])
    assert result.exit_code == 0 and "over china's 89.8" in result.output, result.output
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "procure.corridor"
    assert run.invoke(app, [*words, "--json", str(path)]).exit_code == 2
    china = run.invoke(app, ["corridor", "two-class", "--supplier", "china", "--element", "light"])
    assert china.exit_code == 2 and "suppliers.china.contracts" in china.output
