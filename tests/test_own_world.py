"""The world of docs/own-world, derived by hand.  [t, kUSD]

Demand 100 copper, 20 nickel. The mill sells at 10 and 20; with probability 0.2 a strike takes half of its year. The importer
sells 60 t of copper at 11, for 20 a year and at least 30 t. The scrapyard sells 24 t at 9, three quarters copper. A missing tonne
costs 40 (copper) or 60 (nickel). Contracts are paid as delivered.

A tonne from the mill costs 0.9 x 10 + 0.2 x 0.5 x 40 = 13 of copper, 0.9 x 20 + 0.2 x 0.5 x 60 = 24 of nickel. So
  scrap     is worth 0.75 x 13 + 0.25 x 24 = 15.75 a tonne: all 24 t, 18 of copper and 6 of nickel             216
  importer  spares 13 - 11 = 2 a tonne, 120 for its 60 t, more than the 20 it charges: 60 x 11 + 20 =          680
  mill      the other 22 t of copper 286 and 14 t of nickel 336                                                622
in all 1,518.
"""

import dataclasses
import doctest
import io
from pathlib import Path

import pandas as pd
import pytest
from pytest import approx

import procure
from procure.facts import Facts
from procure.model import make_model

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "docs" / "own-world" / "workshop.toml"
COST = 1518.0
CHARGE, MINIMUM = "suppliers.importer.fixed_charge", "suppliers.importer.minimum_order"


@pytest.fixture(scope="module")
def model():
    return procure.load_model(MODEL)


def answer(model, **changes):
    """Expected cost in kUSD, and the contracts by supplier and element, t."""
    portfolio = procure.solve(model.with_(**changes))
    contracts = portfolio.mix.set_index(["supplier", "element"])["contracted_t"].to_dict()
    return 1e3 * portfolio.summary["expected_cost"], contracts


def test_by_hand(model):
    cost, contracts = answer(model)
    assert cost == approx(COST, rel=1e-9)
    assert {key: tonnes for key, tonnes in contracts.items() if tonnes > 1e-9} == approx(
        {
            ("importer", "copper"): 60,
            ("mill", "copper"): 22,
            ("mill", "nickel"): 14,
            ("scrapyard", "copper"): 18,
            ("scrapyard", "nickel"): 6,
        }
    )


def test_frames_say_the_same_as_files(model):
    frames = {name: frame for name, frame in model.facts.tables.items() if len(frame)}
    short = {  # as one would type them, without columns that have defaults
        name: frame.drop(columns=["low", "high", "source", "address", "status", "confidence", "note", "source_year"])
        for name, frame in frames.items()
    }
    for tables in (frames, short):
        again = make_model(model.settings, Facts.from_frames(tables))
        assert answer(again) == answer(model)
        assert procure.load_model(MODEL, facts=Facts.from_frames(tables)).years == model.years


def test_the_page_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    report = io.StringIO()
    text = (MODEL.parent / "README.md").read_text(encoding="utf-8")
    page = doctest.DocTestParser().get_doctest(text, {}, "docs/own-world/README.md", None, 0)
    assert len(page.examples) > 8
    result = doctest.DocTestRunner().run(page, out=report.write)
    assert result.failed == 0, report.getvalue()


@pytest.mark.parametrize(("charge", "tonnes"), [(0, 60), (119, 60), (121, 0)])
def test_the_fixed_charge_switches_the_importer_off(model, charge, tonnes):
    """Worth 120 in all: it is used up to that charge and not beyond."""
    cost, contracts = answer(model, **{CHARGE: charge})
    assert contracts["importer", "copper"] == approx(tonnes, abs=1e-6)
    assert cost == approx(COST - 20 + min(charge, 120), rel=1e-9)


@pytest.mark.parametrize(("minimum", "tonnes", "cost"), [(20, 25, 847), (30, 0, 877)])
def test_the_minimum_order_switches_the_importer_off(model, minimum, tonnes, cost):
    """With 43 t of copper needed 25 are left after the scrap: 25 x 11 + 20 = 295 from the importer, 325 from the mill; but 30 t
    would cost 350. Scrap and nickel cost 216 + 336 as ever.
    """
    found, contracts = answer(model, **{"demand.copper.2027": 43, MINIMUM: minimum})
    assert contracts.get(("importer", "copper"), 0.0) == approx(tonnes, abs=1e-6)
    assert found == approx(cost, rel=1e-9)


def test_the_least_order_is_kept_and_the_basket_gives_way(model):
    """47 t of copper, no charge: 29 are left after the scrap, and 30 is the least order. A tonne of copper too many would be
    worth nothing, so 4/3 t of scrap less are bought (12 saved) and 1/3 t of nickel more from the mill (8 paid).
    """
    cost, contracts = answer(model, **{"demand.copper.2027": 47, CHARGE: 0})
    assert contracts["importer", "copper"] == approx(30)
    assert contracts["scrapyard", "copper"] == approx(17)
    assert cost == approx(30 * 11 + 9 * 17 / 0.75 + 24 * (20 - 17 / 3), rel=1e-9)


@pytest.mark.parametrize(("price", "output"), [(9, 24), (15.7, 24), (15.8, 0)])
def test_a_basket_is_bought_whole_or_not_at_all(model, price, output):
    _, contracts = answer(model, **{"suppliers.scrapyard.price": price})
    assert contracts.get(("scrapyard", "copper"), 0.0) == approx(0.75 * output, abs=1e-6)
    assert contracts.get(("scrapyard", "nickel"), 0.0) == approx(0.25 * output, abs=1e-6)


def test_what_the_basket_brings_too_much_is_sold_at_a_discount(model):
    """3 t of nickel needed, 6 t in the scrap, still worth 0.75 x 13 = 9.75 a tonne: 3 t are left, worth nothing, or 30 % less
    than the 20 of a licensed price where there is one: 42.
    """
    cost, _ = answer(model, **{"demand.nickel.2027": 3})
    assert cost == approx(COST - 336, rel=1e-9)
    tables = {name: frame for name, frame in model.facts.tables.items() if len(frame)}
    price = pd.DataFrame({"element": ["nickel"], "layer": "licensed", "value": 20})
    discount = pd.DataFrame(
        {"supplier": ["mill", "scrapyard"], "scope": "all", "attribute": "surplus_discount", "year": 2027}
    )
    tables["prices"] = pd.concat([tables["prices"], price])
    tables["terms"] = pd.concat([tables["terms"], discount.assign(value=0.3)])
    cost, _ = answer(dataclasses.replace(model, facts=Facts.from_frames(tables)), **{"demand.nickel.2027": 3})
    assert cost == approx(COST - 336 - 42, rel=1e-9)


def test_one_supplier_one_material_one_period():
    """100 t at 10 a tonne, nothing else: 1,000."""
    facts = Facts.from_frames(
        {
            "elements": pd.DataFrame({"element": ["copper"]}),
            "demand": pd.DataFrame({"element": ["copper"], "year": 2027, "value": 100}),
            "prices": pd.DataFrame({"element": ["copper"], "layer": "contract", "value": 10}),
            "suppliers": pd.DataFrame({"supplier": ["mill"]}),
            "offers": pd.DataFrame({"supplier": ["mill"], "element": "copper", "year": 2027, "value": 150}),
            "shortage": pd.DataFrame({"scope": "all", "tier": 1, "attribute": ["width", "cost"], "value": [1, 500]}),
        }
    )
    model = make_model({"model": {"name": "least", "years": [2027, 2027]}}, facts)
    assert answer(model)[0] == approx(1000, rel=1e-9)
