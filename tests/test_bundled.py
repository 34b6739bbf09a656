"""The bundled models beside `japan` and `two-class`: sound, solved, and in step with the tables they are made from."""

import tomllib

import numpy as np
import pandas as pd
import pytest

import procure
from procure.model import bundled_models
from procure.report.models import rows

MODELS = sorted(name for name in bundled_models() if name not in ("japan", "two-class"))
TAIL = ["unit", "source_year", "low", "high", "source", "address", "status"]


def own_tables(name):
    """Table name -> the rows of a model's own folder, as they are written."""
    path = bundled_models()[name]
    folder = path.parent / tomllib.loads(path.read_text(encoding="utf-8"))["model"]["facts"]
    return {table.stem: pd.read_csv(table, keep_default_na=False) for table in sorted(folder.glob("*.csv"))}


@pytest.mark.parametrize("name", MODELS)
def test_every_row_says_what_it_is_and_where_it_is_from(name):
    """Unit, year, range, source, address and status stand in the file itself; the value lies in its range."""
    for table, written in own_tables(name).items():
        assert set(TAIL) <= set(written), table
        assert (written[TAIL].astype(str) != "").all(axis=None), table
        assert (written["low"] <= written["value"]).all() and (written["value"] <= written["high"]).all(), table
        assert (written.loc[written["status"] == "assumed", "note"] != "").all(), table


@pytest.mark.parametrize("name", MODELS)
def test_it_is_listed_with_years_suppliers_limits_and_both_titles(name):
    model = procure.load_model(name)
    (listed,) = [row for row in rows() if row[0] == name]
    first, last = model.years[0], model.years[-1]
    assert listed[1:4] == (
        f"{first}-{last}",
        ", ".join(model.settings.suppliers),
        ", ".join(x.name for x in model.settings.limits),
    )
    assert set(tomllib.loads(bundled_models()[name].read_text(encoding="utf-8"))["model"]["title"]) == {"en", "ja"}


@pytest.mark.parametrize("name", MODELS)
def test_it_solves_on_a_small_tree(name):
    """Elements are balanced: what is supplied, short and sold is the demand of the year."""
    model = procure.load_model(name).with_(**{"world.tree.nodes": 60})
    if "seabed" in model.settings.suppliers:
        model = model.with_(**{"suppliers.seabed.programmes": ["none"]})
    portfolio = procure.solve(model, foresight=False)
    assert 0 < portfolio.summary["expected_cost"] <= portfolio.summary["cvar"]
    shares = portfolio.mix.groupby(["year", "element"])["share"].sum()
    assert shares.to_numpy() == pytest.approx(1, abs=1e-6)


def test_the_rows_that_the_motor_maker_shares_are_those_of_the_bundled_tables():
    """Rows of the same key that say so: the same number, range, status and confidence."""
    bundled, found = procure.load_facts().tables, 0
    for table, written in own_tables("motor-maker").items():
        keys = list(written.columns[: list(written.columns).index("value")])
        keys = [key for key in keys if not key.startswith("name_")] if table == "suppliers" else keys
        keys = ["supplier"] if table == "suppliers" else keys
        if table in ("elements", "demand", "terms"):
            continue  # other things, or from another year on
        ours = written[written["source"].str.startswith("Row of the bundled") | (written["status"] == "sourced")]
        for row in ours.to_dict("records"):
            alike = bundled[table]
            for key in keys:
                alike = alike[alike[key].fillna("").astype(str).str.removesuffix(".0") == str(row[key])]
            for theirs in alike.to_dict("records"):
                found += 1
                for column in ("value", "low", "high", "status", "confidence"):
                    assert row[column] == theirs[column], (table, row)
    assert found >= 25


def test_the_prices_of_magnets_are_those_of_their_oxides_and_of_making_them():
    """USD/kg of magnet: 0.30 NdPr and, in the heat-resistant, 0.03 Dy, as oxide, 0.95 of which becomes metal, + 15 or 25."""
    facts, own = procure.load_facts(), procure.load_model("motor-maker").facts
    for layer, making in (("licensed", 15), ("contract", 25), ("spot", 25)):
        oxide = {
            e: facts.value(f"elements.{e}.oxide_factor") / 0.95 * facts.value(f"prices.{e}.{layer}")
            for e in ("Nd", "Dy")
        }
        plain = 0.30 * oxide["Nd"] + making
        assert own.value(f"prices.plain.{layer}") == round(plain)
        assert own.value(f"prices.heat.{layer}") == round(plain + 0.03 * oxide["Dy"])
        assert facts.value(f"prices.Nd.{layer}") == facts.value(f"prices.Pr.{layer}")


def test_china_offers_the_share_of_refining_of_what_japan_needs():
    """Shares joined linearly between the years of shares.csv, times the demand that the model itself works out."""
    model = procure.load_model("japan-2040")
    table = model.facts.tables["shares"]
    shares = {
        what: table[(table["indicator"] == f"China share of {what}") & table["scope"].str.contains("IEA")].set_index(
            "year"
        )["value"]
        for what in ("refining", "mining")
    }
    model = model.with_(**{"world.tree.nodes": 60, "suppliers.seabed.programmes": ["none"]})
    mix = procure.solve(model, foresight=False).mix
    offers = own_tables("japan-2040")["offers"].set_index(["element", "year"])
    for element in ("Nd", "Pr", "Tb", "Dy"):
        needed = mix[mix["element"] == element].groupby("year")["supplied_t"].sum()
        assert sorted(needed.index) == list(range(2027, 2041))
        for column, what in (("value", "refining"), ("low", "mining")):
            share = np.interp(needed.index, shares[what].index.astype(float), shares[what])
            offered = offers.loc[element].loc[needed.index, column]
            assert offered.to_numpy() == pytest.approx(share * needed.to_numpy(), abs=0.06, rel=1e-4)
