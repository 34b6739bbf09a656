"""At most a share of what is contracted from one supplier.  [t, kUSD]

100 t are needed and nothing fails. The mine sells at 10, abroad at 30; a tonne short costs 50. The dearer metal tin counts
twice as much by value.
"""

import pytest
from pytest import approx

import procure
from procure import DataError
from procure.facts import Facts
from procure.model import make_model
from test_market import table

LIMIT = {"name": "mines", "kind": "order_share", "supplier": "mine", "tag": "policy"}


def model_of(*limits, committed=0, call_share=0, **choices):
    tables = {
        "elements": table("element class_default", ["Cu", "metal"], ["Sn", "metal"]),
        "demand": table("element year value", ["Cu", 2027, 100], ["Sn", 2027, 10]),
        "prices": table(
            "element layer value", ["Cu", "contract", 10], ["Cu", "licensed", 10], ["Sn", "contract", 20], ["Sn", "licensed", 20]
        ),
        "suppliers": table("supplier country price_rule", ["mine", "North", "index"], ["abroad", "South", "fixed"]),
        "terms": table(
            "supplier scope attribute year value", ["abroad", "Cu", "price", 2027, 30], ["abroad", "Sn", "price", 2027, 50],
            ["mine", "all", "call_share", 2027, call_share],
        ),
        "offers": table("supplier element year value", *(
            [s, e, 2027, x] for s in ("mine", "abroad") for e, x in (("Cu", 100), ("Sn", 10))
        )),
        "commitments": table("supplier element year value", ["mine", "Cu", 2027, committed]),
        "shortage": table("scope tier attribute value", ["Cu", 1, "width", 1], ["Cu", 1, "cost", 50],
                          ["Sn", 1, "width", 1], ["Sn", 1, "cost", 90]),
    }  # fmt: skip
    settings = {"model": {"name": "orders", "years": [2027, 2027]}, "limits": list(limits)}
    return make_model(settings, Facts.from_frames(tables)).with_(**choices)


def cost(model):
    return 1e3 * procure.solve(model).summary["expected_cost"]


@pytest.mark.parametrize(("most", "expected"), [(1, 1200), (0.6, 600 + 1200 + 200), (0, 3000 + 200)])
def test_by_hand(most, expected):
    """Free: 100 t at 10 and 10 t of tin at 20. At most 60 % of contracts for copper: 60 t at 10 and 40 t at 30."""
    assert cost(model_of({**LIMIT, "scope": "Cu", "max": most})) == approx(expected)


def test_a_country_is_limited_as_its_suppliers():
    assert cost(model_of({**LIMIT, "supplier": None, "country": "North", "scope": "Cu", "max": 0.6})) == approx(2000)


def test_of_all_elements_the_cheapest_way_is_found_by_weight():
    """Half of 110 t may be the mine's: moving copper costs 20 a tonne, tin 30: 55 t of copper move. By value half of 1,200: moving
    a USD of copper costs 2, of tin 1.5: all 10 t of tin (200) and 40 t of copper (400).
    """
    assert cost(model_of({**LIMIT, "max": 0.5})) == approx(1200 + 55 * 20)
    assert cost(model_of({**LIMIT, "max": 0.5, "weight": "value"})) == approx(1200 + 10 * 30 + 40 * 20)


def test_what_is_called_is_no_order():
    """The mine lets call all: 60 % of contracts mean nothing to whoever contracts nothing."""
    assert cost(model_of({**LIMIT, "scope": "Cu", "max": 0.0}, call_share=1)) == approx(1200)


def test_its_price_is_what_a_point_saves():
    """Of 100 t of copper one point is a tonne moved from abroad to the mine: 20."""
    model = model_of({**LIMIT, "scope": "Cu", "max": 0.6})
    row = procure.solve(model).limits.set_index("limit").loc["mines"]
    assert (row["value"], row["bound"], bool(row["binding"])) == (approx(0.6), 0.6, True)
    assert 1e3 * row["shadow_price_musd"] == approx(20)
    compiled = procure.compile(model)
    saved = compiled.solve({}).objective - compiled.solve({"limits.mines.max": 0.61}).objective
    assert 1e3 * saved == approx(20)


def test_commitments_may_contradict_it():
    """90 t of the mine are committed, and abroad sells 20 t: at least 90 of 110 t, 81.8 %."""
    with pytest.raises(
        procure.Infeasible, match=r"(?s)at most 50 % of what is contracted of Cu from mine.*limits.mines.max"
    ):
        procure.solve(
            model_of({**LIMIT, "scope": "Cu", "max": 0.5}, committed=90, **{"suppliers.abroad.offers.Cu": 20})
        )


def test_it_names_one_owner():
    with pytest.raises(DataError, match=r"order_share.*names a supplier or a country"):
        model_of({**LIMIT, "supplier": None, "max": 0.5})


@pytest.mark.parametrize("kind", ["order_share", "footprint"])
def test_of_what_nobody_contracts_nothing_is_limited(kind):
    limit = {**LIMIT, "kind": kind, "scope": "Cu", "max": 0.5}
    nothing = {f"suppliers.{name}.contracts": "none" for name in ("mine", "abroad")}
    assert cost(model_of(limit, call_share=1).with_(**nothing)) == approx(cost(model_of(call_share=1).with_(**nothing)))
