"""Years that are solved beyond the last of a model, and told in one line."""

from __future__ import annotations

import pytest
from pytest import approx

import procure
from procure.errors import DataError
from procure.facts import Facts
from procure.model import make_model
from test_market import table, world


def ageing(beyond: int, last: int = 2028):
    """Copper at 10 in 2027, when it is wanted; the mine is shut from 2028 on, and a tonne short costs 50.

    Stock holds what two years need, is had at 10 and costs nothing to keep; refill is bounded by the two years' use.
    """
    frames = world(
        demand=table("element year value", ["Cu", 2027, 100]),
        suppliers=table("supplier kind price_rule price_layer last_year", ["mine", "free", "index", "contract", 2027]),
        offers=table("supplier element year value", ["mine", "Cu", 2027, 300]),
        transitions=table("chain from to value", ["mine", "shut", "open", 1]),
        stock=table("scope attribute value", ["all", "refill_share", 2], ["all", "max_days", 730]),
    )
    settings = {
        "model": {"name": "ageing", "years": [2027, last], "beyond": beyond, "discount_rate": 0},
        "stock": {"release": "always"},
        "suppliers": {"mine": {"contracts": "none"}},
    }
    return make_model(settings, Facts.from_frames(frames))


def test_stock_is_left_for_the_year_beyond():
    """300 t at 10 in 2027: 100 are used, 200 kept for 2028 and 2029, and nothing is ever short. With 2029 beyond, 3,000 kUSD are
    told of the years of the model, none after, and 100 t are held at the end of 2028. With 2028 alone there is no need of them.
    """
    one, two = procure.solve(ageing(1)), procure.solve(ageing(0, last=2029))
    assert one.summary["expected_cost"] == approx(two.summary["expected_cost"]) == approx(3.0)
    assert one.costs.set_index("component")["expected_musd"]["beyond"] == approx(0.0)
    assert one.stock["year"].tolist() == [2027, 2028]
    assert one.stock["expected_t"].tolist() == approx([200, 100])
    assert set(one.mix["year"]) == set(one.shortage["year"]) == {2027, 2028}
    assert "beyond" not in set(two.costs["component"])


@pytest.mark.parametrize("beyond", [0, 1, 2])
def test_what_is_told_and_what_comes_after_is_all_there_is(beyond):
    """What is told of the years of the model is what the longer model tells of them; the rest of its costs is the line beyond."""
    model = procure.load_model("japan").with_(**{
        "world.tree.nodes": 12, "model.years": [2030, 2032 - beyond], "model.beyond": beyond, "model.elements": ["Dy", "Y"],
        "model.highlight": [], "world.tree.branch": [], "suppliers.seabed.enabled": False,
    })  # fmt: skip
    whole = procure.solve(model.with_(**{"model.years": [2030, 2032], "model.beyond": 0, "world.tree.nodes": 18}))
    found = procure.solve(model.with_(**{"world.tree.nodes": 18 * (3 - beyond) // 3}))
    assert found.summary["objective"] == approx(whole.summary["objective"])
    assert found.summary["expected_cost"] == approx(whole.summary["expected_cost"])
    costs, told = found.costs.set_index("component")["expected_musd"], found.mix["year"].unique().tolist()
    assert told == list(range(2030, 2033 - beyond)) and costs.sum() == approx(found.summary["expected_cost"])
    of_whole = whole.shortage[whole.shortage["year"].isin(told)]["cost_musd"].sum()
    assert costs["shortage_cost"] == approx(of_whole) == approx(found.shortage["cost_musd"].sum())
    assert found.summary["unavoidable_loss"] <= found.summary["shortage_loss"] * (1 + 1e-9) or beyond
    assert ("all in years beyond" in str(found)) == bool(beyond)
    assert procure.evaluate(found, 200).costs["musd"].to_numpy() == approx(
        procure.evaluate(whole, 200).costs["musd"].to_numpy()
    )


def test_a_year_beyond_is_none_to_ask_of():
    model = ageing(1)
    beyond = model.with_(**{"world.tree.branch": [2029], "world.tree.primary": "mine"})
    assert [line.endswith("(2027 to 2028)") for line in beyond.settings.left_out()] == [True]
    with pytest.raises(DataError, match="beyond"):
        model.with_(**{"model.beyond": -1})
