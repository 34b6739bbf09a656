"""Bounds of limits as text with a unit: what converts, and what is a fault with its remedy."""

import pytest
from pytest import approx

import procure
from procure import DataError
from procure.limits import KINDS
from procure.model import make_model

JAPAN = procure.load_model("japan")


def bound(kind, text):
    """A bound of a limit of a kind in japan, in the unit of the model."""
    return limit(kind, text).settings.limits[0].bound


def limit(kind, text, model=JAPAN):
    owner = {"supplier": "china"} if "supplier" in KINDS[kind].reads and kind != "footprint" else {}
    choices = {"model": {"name": "mine", "years": [2027, 2030]}}
    return make_model(choices | {"limits": [{"name": "a", "kind": kind, KINDS[kind].sense: text} | owner]}, model.facts)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("share", "65 %", 0.65), ("share", "65%", 0.65), ("share", 0.65, 0.65), ("stock_held", "60 days", 60.0),
        ("stock_held", "1 day", 1.0), ("stock_days", "8 weeks", 56.0), ("stock_days", "0.5 yr", 182.5),
        ("budget", "250 million USD", 250.0), ("budget", "3 bn USD", 3000.0), ("worst_case", "500000 kUSD", 500.0),
        ("footprint", "1.5 t/t", 1.5), ("footprint", "800 kg/t", 0.8),
    ],
)  # fmt: skip
def test_an_amount_in_its_unit(kind, text, expected):
    assert bound(kind, text) == approx(expected)


def test_a_currency_is_converted_at_the_rate_of_the_facts():
    """10 bn JPY are 10,000 million JPY."""
    rate = JAPAN.facts.value("exchange.JPY")
    assert bound("budget", "10 bn JPY") == approx(10_000 / rate)
    cheap = JAPAN.with_(**{"exchange.JPY": 2 * rate})
    assert limit("budget", "10 bn JPY", cheap).settings.limits[0].bound == approx(5_000 / rate)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("share", 65, 'write 0.65 or "65 %"'), ("share", "65", "for example"), ("share", "60 days", '"65 %"'),
        ("share", "650 %", "between 0 and 1"),
        ("stock_held", "60 t", '"60 days"'), ("stock_held", "65 %", '"60 days"'), ("stock_held", "-5 days", "check the sign"),
        ("budget", "60 days", '"10 bn JPY"'), ("budget", "10 bn", '"10 bn JPY"'), ("budget", "10 bn XYZ", "write it in one of USD"),
        ("budget", "-10 bn JPY", "check the sign"), ("footprint", "3 USD", '"1.5 t/t"'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_fault_with_its_remedy(kind, text, said):
    with pytest.raises(DataError) as caught:
        limit(kind, text)
    assert said in str(caught.value) and "limits.a" in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_unit_of_a_bound_has_an_example_that_converts(kind):
    assert bound(kind, KINDS[kind].measured_in.example) > 0
