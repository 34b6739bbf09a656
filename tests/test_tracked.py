"""What a number of the facts moves is known: values follow what they were read from, and a market its numbers."""

import numpy as np
import pandas as pd
import pytest

from procure import DataError, load_model
from procure.facts import Facts, Place
from procure.facts.records import Records
from procure.facts.tracked import Tracker, tracked
from procure.market import Moved, TrackedMarket, make_market, make_tree
from procure.program.program import compose
from procure.scenarios.world import programme_choices
from random_models import market_of, random_model

PRICE, FREIGHT = (Place("prices", 0, column) for column in ("value", "high"))


class Stall:
    """What a tonne costs: its price, and its freight where it comes from afar."""

    def __init__(self, tracker, numbers, is_far):
        self.tracker, self.numbers, self.is_far, self.times = tracker, numbers, is_far, 0

    def read(self, place):
        self.tracker.note(place)
        return self.numbers[place]

    @tracked
    def cost(self):
        self.times += 1
        return self.price() + (self.read(FREIGHT) if self.is_far else 0)

    @tracked
    def price(self):
        return self.read(PRICE)


def test_a_value_is_worked_out_again_only_where_a_number_behind_it_moved():
    """Freight moves the cost of what comes from afar alone; a price, read by the method that the cost asks, moves both."""
    tracker, numbers = Tracker(), {PRICE: 10, FREIGHT: 3}
    far, near = Stall(tracker, numbers, True), Stall(tracker, numbers, False)
    assert (far.cost(), near.cost()) == (13, 10)
    numbers[FREIGHT] = 5
    assert (far.cost(), near.cost()) == (13, 10), "nobody said that it moved"
    assert tracker.forget([FREIGHT]) == {(far, Stall.cost, ())}
    assert (far.cost(), near.cost()) == (15, 10)
    numbers[PRICE] = 20
    assert len(tracker.forget([PRICE])) == 4
    assert (far.cost(), near.cost()) == (25, 20)
    assert (far.times, near.times) == (3, 2)


def test_a_value_that_comes_to_read_another_number_follows_that_too():
    tracker, numbers = Tracker(), {PRICE: 10, FREIGHT: 3}
    stall = Stall(tracker, numbers, False)
    assert stall.cost() == 10
    stall.is_far, numbers[PRICE] = True, 11
    tracker.forget([PRICE])
    assert stall.cost() == 14
    numbers[FREIGHT] = 4
    tracker.forget([FREIGHT])
    assert stall.cost() == 15


class Shop:
    """Sells at twice what the cheaper way costs: a stall from afar, asked only while the price is low."""

    def __init__(self, stall):
        self.tracker, self.stall = stall.tracker, stall

    @tracked
    def best(self):
        return min(self.stall.price(), 15) if self.stall.price() > 15 else self.stall.cost()

    @tracked
    def sold_at(self):
        return 2 * self.best()


def test_what_was_tried_leaves_no_trace_in_what_a_value_follows():
    """At a price of 20 the freight counts for nothing; back at 10 it does, also for what is first asked then."""
    tracker, numbers = Tracker(), {PRICE: 10, FREIGHT: 3}
    shop = Shop(Stall(tracker, numbers, True))
    assert shop.best() == 13
    kept = tracker.kept()
    tracker.forget([PRICE])
    numbers[PRICE] = 20
    assert shop.best() == 15
    tracker.restore(kept)
    numbers[PRICE] = 10
    assert shop.sold_at() == 26
    numbers[FREIGHT] = 4
    tracker.forget([FREIGHT])
    assert shop.sold_at() == 28


def test_the_row_that_holds_is_the_latest_of_the_closest_scope():
    """Of Dy itself from 2030 on; before, what is said of its class holds: a row that has not begun takes nothing away."""
    rows = [["all", 2000, 1], ["heavy", 2000, 2], ["heavy", 2028, 3], ["Dy", 2030, 4], ["Dy", 2032, 5]]
    terms = pd.DataFrame(
        [["mine", "floor", *row] for row in rows], columns=["supplier", "attribute", "scope", "year", "value"]
    )
    elements = pd.DataFrame({"element": ["Dy", "Tb", "La"], "class_default": ["heavy", "heavy", "light"]})
    suppliers = pd.DataFrame({"supplier": ["mine"], "kind": ["free"], "price_rule": ["fixed"]})
    records = Records(Facts.from_frames({"terms": terms, "elements": elements, "suppliers": suppliers}))
    chains = {"Dy": ("Dy", "heavy", "all"), "Tb": ("Tb", "heavy", "all"), "La": ("La", "light", "all")}

    def value(element, year):
        return records.value("terms", year, chains[element], supplier="mine", attribute="floor")

    assert [value("La", y) for y in (2000, 2040)] == [1, 1]
    assert [value("Tb", y) for y in (1999, 2000, 2028, 2040)] == [None, 2, 3, 3]
    assert [value("Dy", y) for y in (1999, 2027, 2029, 2030, 2031, 2032)] == [None, 2, 3, 4, 4, 5]
    assert records.value("terms", 2030, chains["Dy"], supplier="mine", attribute="price") is None


# --- markets

MODELS = [load_model("two-class"), *(random_model(seed, model__years=(2027, 2029)) for seed in range(8))]


def data_of(market):
    """Every datum, by name and index."""
    return {
        (name, i): x for block in (market.plan, market.period) for name, own in block.items() for i, x in own.items()
    }


def number(model, place):
    """A number of the facts, in the unit of its table."""
    return float(model.facts.tables[place.table][place.column].iat[place.position])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_market_that_follows_a_number_is_the_market_made_anew(model):
    """Each number that is read, moved by a tenth, one after the other: the data that are said to move, and no others, do."""
    choice = programme_choices(model)[-1]
    tree = make_tree(model, choice)
    followed = TrackedMarket(model, choice, tree)
    base, records = data_of(followed.market), Records(model.facts)
    places = {path: model.facts.locate(path) for path in model.facts.paths()}
    paths = [path for path, place in places.items() if place in followed.read - followed.read_beside]
    before, n_moved = [], 0
    for path in paths[:: max(1, len(paths) // 25)]:
        place = places[path]
        value = 1.1 * model.facts.value(path)
        try:
            fresh = make_market(model.with_(**{path: value}), choice, tree)
        except DataError:  # beyond the bounds of the schema, or less on offer than is committed
            continue
        moved = followed.moved(records.moved({place: 1.1 * number(model, place)}), [*before, place])
        before = [place]
        if not isinstance(moved, Moved):
            continue
        found = base | moved.plan | moved.period
        for datum, expected in data_of(fresh).items():
            assert np.allclose(found[datum], expected, rtol=1e-12, atol=0), (path, datum)
            n_moved += not np.array_equal(base[datum], expected)
    assert n_moved


def test_what_decides_which_elements_there_are_is_not_followed():
    model = MODELS[0]
    market = TrackedMarket(model, {}, make_tree(model, {}))
    assert {place.table for place in market.read_beside} == {"elements"}
    assert {place.table for place in market.read - market.read_beside} >= {"prices", "terms", "suppliers", "states"}


def test_a_number_that_is_tried_leaves_the_market_as_it_was():
    model = MODELS[1]
    choice = programme_choices(model)[-1]
    market = TrackedMarket(model, choice, make_tree(model, choice))
    place = next(place for place in sorted(market.read) if place.table == "prices")
    value = number(model, place)
    tried = [market.tried({place: factor * value}) for factor in (2, 3, 1)]
    data = data_of(market.market)
    moved = [{d for d, x in (t.plan | t.period).items() if not np.array_equal(x, data[d])} for t in tried]
    assert moved[0] == moved[1] and moved[0] and not moved[2]


@pytest.mark.parametrize("seed", range(12))
def test_what_the_formulation_declares_is_worked_out_and_nothing_else(seed):
    market = market_of(random_model(seed), seed)
    composition = compose(market).composition
    for declared, worked_out in ((composition.plan.data, market.plan), (composition.period.data, market.period)):
        assert set(declared) == {(name, index) for name, own in worked_out.items() for index in own}
