"""Published decisions typed as models: what is chosen, what knowing more is worth, and at which chance another is chosen.

*Goferbroke* is the prototype of chapter 15 (Decision Analysis) of Hillier & Lieberman (2010), Introduction to Operations
Research, 9th edition: drill for oil (700 thousand dollars where there is some, a chance of 1 in 4, a loss of 100 where not) or sell
the land for 90; a seismic survey for 30 is favourable with chance 0.6 where there is oil, 0.2 where there is none. Here oil is a
plant that may work: what is not served costs 800, to drill costs the 100 and the 90 that the land would have brought.

  sell 800     drill 190 + 0.75 × 800 = 790     survey 30 + 0.3 × (190 + 0.5 × 800) + 0.7 × 800 = 767     (payoffs 90, 100, 123)

*Shanghai Manufacturing* is Example S1 of Supplement 11 of Heizer, Render & Munson (2017), Operations Management, 12th edition, on
the decision tree of Berger, Gerstenfeld & Zeng (2004), How many suppliers are best?, Omega 32(1), 9-15: each of n like suppliers
costs 10,000 dollars to keep; all fail together with chance S = 0.005, each by itself with U = 0.04: then 10 million are lost.
"""

import math

import pandas as pd
from pytest import approx

import procure
from procure.facts import Facts
from procure.model import make_model

OIL = "suppliers.field.project.2028"


def table(columns, *rows):
    return pd.DataFrame(rows, columns=columns.split())


def goferbroke(survey=30.0, given=(0.6, 0.2), price=8.0, levels=("none", "drill", "survey_then_drill")):
    """The survey in 2027, the well from 2028 on; t and kUSD."""
    frames = {
        "elements": table("element class_default", ["oil", "fuel"]),
        "demand": table("element year value", ["oil", 2027, 0.0], ["oil", 2028, 100.0]),
        "prices": table("element layer value", ["oil", "licensed", 1.0], ["oil", "contract", 1.0]),
        "suppliers": table(
            "supplier country kind price_rule price_layer payment", ["field", "Home", "basket", "fixed", "contract", "delivered"]
        ),
        "baskets": table("supplier element value", ["field", "oil", 1.0]),
        "shortage": table("scope tier attribute value", ["all", 1, "width", 1.0], ["all", 1, "cost", price]),
        "projects": table("supplier start value", ["field", "2028", 0.25], ["field", "never", 0.75]),
        "verdicts": table(
            "supplier outcome start year value",
            ["field", "works", "2028", 2027, given[0]], ["field", "works", "never", 2027, given[1]],
            ["field", "fails", "2028", 2027, 1 - given[0]], ["field", "fails", "never", 2027, 1 - given[1]],
        ),
        "strategies": table(
            "supplier strategy after programme value",
            ["field", "survey_then_drill", "today", "survey", 2027],
            ["field", "survey_then_drill", "works", "drill", 2028],
            ["field", "survey_then_drill", "fails", "none", 2028],
        ),
        "programmes": table(
            "supplier programme attribute year value",
            ["field", "none", "capacity", 2027, 0.0], ["field", "none", "reveals", 2027, 0.0],
            ["field", "survey", "capacity", 2027, 0.0], ["field", "survey", "reveals", 2027, 1.0],
            ["field", "survey", "running_cost", 2027, survey],  # an investment would count towards the well
            ["field", "drill", "capacity", 2027, 100.0], ["field", "drill", "reveals", 2027, 1.0],
            ["field", "drill", "investment", 2027, 190.0], ["field", "drill", "unit_cost", 2027, 0.0],
        ),
    }  # fmt: skip
    settings = {
        "model": {"name": "goferbroke", "years": [2027, 2028], "discount_rate": 0.0},
        "risk": {"weight": 0.0},
        "suppliers": {"field": {"programmes": list(levels)}},
    }
    return make_model(settings, Facts.from_frames(frames))


def costs(model):
    """Of every level by the second half of its name, thousand dollars."""
    return {name.removeprefix("field "): 1e3 * cost for name, cost in procure.compile(model).solve().levels.items()}


def test_what_is_chosen_and_what_knowing_more_is_worth():
    """Sections 15.2 to 15.4: payoffs 90, 100 and 123; experimentation is worth 53, perfect information 142.5."""
    told = costs(goferbroke())
    assert told["drill"] - told["none"] == approx(90 - 100)
    assert told["survey then drill"] - told["none"] == approx(90 - 123)
    assert procure.solve(goferbroke()).programmes == {"field": "survey_then_drill"}
    free, perfect = costs(goferbroke(0.0)), costs(goferbroke(0.0, (1.0, 0.0)))
    assert free["drill"] - free["survey then drill"] == approx(53)
    assert perfect["drill"] - perfect["survey then drill"] == approx(142.5)


def test_the_chances_at_which_another_is_chosen():
    """Without a survey 0.2375 (section 15.2). With it (15.5) sell up to 0.168, then the survey, and drill from 0.308 on.

    Payoffs: sell 90, drill 800 p - 100, survey 22 + 404 p: 68 / 404 and 122 / 396.
    """
    alone = procure.switch(goferbroke(levels=("none", "drill")), OIL, 0.01, 0.9, digits=6)
    assert alone.table[["value", "from", "to"]].to_numpy().tolist() == [
        [approx(0.2375, rel=1e-5), "field none", "field drill"]
    ]
    both = procure.switch(goferbroke(), OIL, 0.01, 0.9, digits=6)
    assert both.table["value"].tolist() == approx([68 / 404, 122 / 396], rel=1e-5)
    assert both.table["value"].round(3).tolist() == [0.168, 0.308]
    assert both.table["to"].tolist() == ["field survey then drill", "field drill"]


def shanghai(keep=10.0, unique=0.04, together=0.005):
    """The first supplier is there; two more are kept, or not: programmes, so that either may be left. t and kUSD."""
    names = ("first", "second", "third")
    chains = [(name, unique) for name in names]
    frames = {
        "elements": table("element class_default", ["motor", "parts"]),
        "demand": table("element year value", ["motor", 2027, 100.0]),
        "prices": table("element layer value", ["motor", "licensed", 0.0], ["motor", "contract", 0.0]),
        "suppliers": table(
            "supplier country kind price_rule price_layer payment",
            *([name, name, "basket", "fixed", "contract", "delivered"] for name in names),
        ),
        "baskets": table("supplier element value", *([name, "motor", 1.0] for name in names)),
        "shortage": table("scope tier attribute value", ["all", 1, "width", 1.0], ["all", 1, "cost", 100.0]),
        "states": table(
            "chain state value kind order",
            *(row for name, _ in chains for row in ([name, "up", 12, "regime", 0], [name, "down", 12, "episode", 1])),
        ),
        "transitions": table(
            "chain from to attribute value", *([name, "up", "down", "chance_a_year", chance] for name, chance in chains)
        ),
        "depths": table("chain scope state value", *([name, "all", "down", 1.0] for name in names)),
        "shocks": table(
            "shock attribute chain state value",
            ["all_at_once", "rate", "", "", -math.log(1 - together)], ["all_at_once", "duration", "", "", 12.0],
            *(["all_at_once", "forces", name, "down", 1.0] for name in names),
        ),
        "programmes": table(
            "supplier programme attribute year value",
            *([name, "kept", "capacity", 2027, 100.0] for name in names),
            *([name, "kept", "investment", 2027, keep] for name in names),
            *([name, "left", "capacity", 2027, 0.0] for name in names),
        ),
    }  # fmt: skip
    settings = {
        "model": {"name": "shanghai", "years": [2027, 2027], "discount_rate": 0.0},
        "risk": {"weight": 0.0},
        "suppliers": {name: {"programmes": ["kept"] if name == "first" else ["left", "kept"]} for name in names},
    }
    return make_model(settings, Facts.from_frames(frames))


def test_how_many_suppliers():
    """Expected costs of 458,000, 85,920 and 80,637 dollars for one, two and three: three."""
    levels = procure.compile(shanghai()).solve().levels
    by_number = {name.count("kept"): 1e6 * cost for name, cost in levels.items()}
    assert by_number == approx({1: 458_000, 2: 85_920, 3: 80_637}, abs=1)
    assert procure.solve(shanghai()).programmes == dict.fromkeys(("first", "second", "third"), "kept")


def test_the_chance_at_which_a_second_supplier_is_not_worth_keeping():
    """Of two, the second saves (1 - S) U (1 - u) L where it fails itself with chance u, and costs 10,000 dollars to keep.

    So it is left from u = 1 - 10,000 / (0.995 × 0.04 × 10,000,000) = 0.97487 on; and at U from 0.995 × 0.04 × 0.96 × 10,000,000 =
    382,080 dollars on, to keep it.
    """
    two = shanghai().with_(**{"suppliers.third.programmes": ["left"]})
    chance = procure.switch(two, "suppliers.second.rate.up.down", 0.01, 0.99, digits=6)
    assert chance.table["value"].tolist() == approx([1 - 10_000 / (0.995 * 0.04 * 1e7)], rel=1e-5)
    kept = procure.switch(two, "suppliers.second.programmes.kept.investment.2027", 1.0, 1000.0, digits=6)
    assert kept.table["value"].tolist() == approx([382.08], rel=1e-5)
    assert kept.table["to"].tolist() == ["first kept, second left, third left"]
