"""The bundled tables hold to their schema and to their sources; a wrong table is refused with every fault named."""

import itertools
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.linalg import expm

import procure.data
from procure.errors import DataError
from procure.facts import Facts, load_facts
from procure.facts.records import Records
from procure.facts.schema import meaning_of, schema, statuses
from procure.facts.scopes import scopes_of
from procure.languages import in_language
from procure.scenarios import effective_share

FOLDER = Path(procure.data.__file__).parent
MODELS = Path(__file__).parents[1] / "models"
CHINA = ["normal", "friction", "ban", "embargo"]
MINE = {  # the smallest facts of one's own: one supplier, one material
    "elements": "element\nCu\n",
    "suppliers": "supplier\nmine\n",
    "offers": "supplier,element,year,value\nmine,Cu,2027,500\n",
}


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts()


def write(folder: Path, tables: dict[str, str | bytes]) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def faults(folder: Path, extend: bool = False, **tables: str | bytes) -> str:
    """The faults of a folder of tables, as one text."""
    with pytest.raises(DataError) as caught:
        load_facts(write(folder, {**({} if extend else MINE), **tables}), extend=extend)
    return "\n".join(map(str, caught.value.faults))


# --- the bundled tables


def test_what_a_status_means_is_said_once():
    """In the schema, in both languages; the page of the data says the same."""
    text = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE)[:4])
    assert told == {status: str(meaning_of(status)) for status in statuses()}
    assert all(re.search("[ぁ-ん]", meaning_of(status).ja) for status in statuses())


def test_the_package_describes_every_file_and_every_column():
    package = json.loads((FOLDER / "datapackage.json").read_text(encoding="utf-8"))
    assert package["profile"] == "tabular-data-package"
    described = {entry["path"] for entry in package["resources"]}
    assert described == {path.name for path in FOLDER.glob("*.csv")}
    for entry in package["resources"]:
        columns = [column["name"] for column in entry["schema"]["fields"]]
        assert set(entry["schema"]["primaryKey"]) <= set(columns)
        assert all(column["description"] for column in entry["schema"]["fields"])
        raw = (FOLDER / entry["path"]).read_bytes()
        assert raw.decode().splitlines()[0].split(",") == columns
        assert b"\r" not in raw and raw.endswith(b"\n") and not raw.startswith(b"\xef\xbb\xbf")


def test_what_a_fault_says_of_a_column_is_said_in_both_languages():
    """Of numbers, of cells that are needed, and of what the number of a row is."""
    said = [
        (table.name, name, bounds.description)
        for table in schema().values()
        for name, bounds in [
            *((c.name, c.bounds) for c in table.columns.values() if c.required or (c.numeric and not c.like_value)),
            *table.attributes.items(),
        ]
    ]
    assert len(said) > 200
    assert [each for each in said if not re.search("[ぁ-んァ-ヶ一-龥]", in_language(each[2], "ja"))] == []


def test_frictionless_finds_no_fault_in_the_package():
    """Every resource a table of its own: required properties, encodings, types, constraints, keys of one and of several."""
    command = [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"]
    ended = subprocess.run(command, cwd=FOLDER, capture_output=True, timeout=120, check=False)
    report = json.loads(ended.stdout)
    assert report["errors"] == [] and [task["errors"] for task in report["tasks"]] == [[]] * len(schema())
    assert (ended.returncode, report["valid"]) == (0, True)
    assert {task["place"] for task in report["tasks"]} == {path.name for path in FOLDER.glob("*.csv")}


def test_a_copy_of_the_bundled_tables_is_a_folder_of_ones_own(tmp_path, facts):
    """Also the one without rows: futures of one's own are an offer. Any other table without rows is a mistake."""
    copy = shutil.copytree(FOLDER, tmp_path / "facts", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    mine = load_facts(copy, extend=False)
    for name, frame in facts.tables.items():
        pd.testing.assert_frame_equal(mine.tables[name], frame)
    assert mine.tables["scenarios"].empty
    for name in ("offers", "spot"):
        header, *_ = (copy / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        (copy / f"{name}.csv").write_text(header + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_facts(copy, extend=False)
    assert [str(fault).partition(";")[0] for fault in caught.value.faults] == [
        "offers.csv: no rows",
        "spot.csv: no rows",
    ]


@pytest.mark.parametrize("name", sorted(name for name, table in schema().items() if not table.may_be_empty))
def test_every_number_says_where_it_comes_from(facts, name):
    frame = facts.tables[name]
    assert len(frame) and (frame[["unit", "source", "address", "source_year"]] != "").all(axis=None)
    assert frame["status"].isin(["sourced", "unverified", "derived", "assumed"]).all()
    assert frame["confidence"].isin(["high", "medium", "low"]).all()
    known = frame["value"].notna()
    assert frame["note"][~known].str.contains("No value: ").all()
    assert (frame["low"][known] <= frame["value"][known]).all() and (
        frame["value"][known] <= frame["high"][known]
    ).all()
    assert (frame["source"] != "user").all()


def test_what_is_not_known_of_an_event_is_said_not_to_be(facts):
    events = facts.tables["events"]
    blank = events[events[["peak_depth", "mean_depth", "price_multiple"]].isna().any(axis=1)]
    assert len(blank) and blank["note"].str.contains("none known|do not apply").all()


@pytest.mark.parametrize(
    "folder", [FOLDER, *sorted(path for path in MODELS.iterdir() if path.is_dir() and [*path.glob("*.csv")])]
)
def test_only_what_is_exact_has_no_range(folder):
    """A row without a range is 0 or 1, or says that it is exact: counted, dated, agreed, arithmetic on such.

    Of three tables each number is what it means: an oxide's weight, a year in which to decide, a bound as a law has it. What is
    rounded, a customs figure to the tonne among it, has the range of its last digit.
    """
    for path in sorted(folder.glob("*.csv")):
        frame = pd.read_csv(path)
        alone = frame[(frame["low"] == frame["high"]) | frame["low"].isna() | frame["high"].isna()]
        meant = (
            alone["value"].isin([0, 1]) | alone["value"].isna() | (path.stem in ("elements", "strategies", "policies"))
        )
        told = alone["note"].fillna("").str.contains("exact", regex=False)
        assert (meant | told).all(), (path, alone[~(meant | told)])
        assert (frame[["unit", "source", "status"]].notna()).all(axis=None)


def test_what_is_sourced_has_an_address_to_read_it_at(facts):
    own = facts.sources().query("status == 'sourced'")
    assert own["address"].str.startswith(("http://", "https://")).all()


@pytest.mark.parametrize("folder", [None, "models/two-class", "docs/own-world/workshop"])
@pytest.mark.parametrize("period_years", [1, 1 / 4, 1 / 12])
def test_the_order_of_states_is_that_of_what_is_lost(folder, period_years):
    """Where several strike in one period the last counts, so none before it may lose more: depth times share of the period."""
    tables = load_facts(Path(__file__).parents[1] / folder, extend=False).tables if folder else load_facts().tables
    states = tables["states"].sort_values("order")
    lasts = [effective_share(r.kind, r.value, period_years) for r in states.itertuples()]
    lost = tables["depths"].merge(
        states.assign(share=lasts)[["chain", "state", "order", "share"]], on=["chain", "state"]
    )
    lost = lost.assign(lost=lost["value"] * lost["share"]).sort_values("order")
    assert len(lost) == len(tables["depths"])
    for (chain, scope), group in lost.groupby(["chain", "scope"]):
        assert group["lost"].is_monotonic_increasing, (chain, scope)
    worst = tables["states"].groupby("chain")["order"].agg(["max", "nunique", "count"])
    assert (worst["max"] + 1 == worst["count"]).all() and (worst["nunique"] == worst["count"]).all()


def test_a_ban_takes_what_is_on_its_list(facts):
    """Sm, Gd, Tb, Dy, Lu, Y and Sc; of what is on no list in force nothing; and of nothing less than the state before took."""
    records = Records(facts)
    states = ("friction", "ban", "embargo")

    def depth(element, state):
        return records.of_scope("depths", scopes_of(element, "default"), chain="china", state=state)[0]["value"]

    depths = {r["element"]: [depth(r, state) for state in states] for r in records.rows("elements")}
    assert {e for e, (_, ban, _) in depths.items() if ban == 0.95} == {"Sm", "Gd", "Tb", "Dy", "Lu", "Y", "Sc"}
    assert {e for e, (_, ban, _) in depths.items() if ban == 0} == {"Eu", "Ho", "Er", "Tm", "Yb"}
    assert all(friction <= ban <= embargo for friction, ban, embargo in depths.values())


def test_judgement_and_arithmetic_are_never_called_sourced(facts):
    own = facts.sources()
    assert set(own[own["source"] == "Judgement of the authors"]["status"]) == {"assumed"}
    assert set(own[own["source"] == "Arithmetic on rows of these tables"]["status"]) <= {"derived", "assumed"}
    assert set(own[own["status"] == "sourced"]["address"].map(lambda each: "docs/data.md" in each)) == {False}


def test_demand_adds_up_to_the_association_s_total(facts):
    """JSNM 2024: 18,835 t; the allocation to elements is 18,832 t, of which 16,400 t light."""
    demand = facts.tables["demand"].query("year == 2024").set_index("element")["value"]
    light = facts.tables["elements"].query("class_default == 'light'")["element"]
    assert demand.sum() == 18_832
    assert demand[demand.index.isin(light)].sum() == 16_400


def test_chinese_share_weighs_to_two_thirds_and_almost_all_of_the_heavy(facts):
    """The policy paper: above 60 % of all, above 90 % of medium and heavy."""
    demand = facts.tables["demand"].query("year == 2024").set_index("element")["value"]
    shares = facts.tables["shares"].query("indicator == 'China share of Japan demand'").set_index("scope")["value"]
    light = demand.index.isin(["La", "Ce", "Pr", "Nd"])
    bought = demand * shares
    assert bought.sum() / demand.sum() == approx(0.65, abs=0.01)
    assert bought[light].sum() / demand[light].sum() == approx(0.61, abs=0.01)
    assert bought[~light].sum() / demand[~light].sum() == approx(0.98, abs=0.01)


def test_japans_bill_is_about_nine_hundred_million_dollars(facts):
    """USD 0.9 bn on the licensed Chinese route, 1.2 bn by contract, 2.7 bn at stress quotes."""
    demand = facts.tables["demand"].query("year == 2024").set_index("element")["value"]
    prices = facts.tables["prices"].pivot(index="element", columns="layer", values="value")
    bill = prices.mul(demand, axis=0).sum() / 1e6
    assert (bill["licensed"], bill["contract"], bill["spot"]) == approx((0.885, 1.17, 2.69), rel=0.02)
    assert ((prices["licensed"] <= prices["contract"]) & (prices["contract"] <= prices["spot"])).all()


def test_the_classes_disagree_where_the_sources_do(facts):
    elements = facts.tables["elements"].set_index("element")
    assert len(elements) == 17 and elements.index[~elements["traded"]].tolist() == ["Pm"]
    light = {
        name: set(elements.index[elements[f"class_{name}"] == "light"]) for name in ("default", "textbook", "jogmec")
    }
    assert light["default"] == {"La", "Ce", "Pr", "Nd", "Pm"} == light["jogmec"]
    assert light["textbook"] == light["default"] | {"Sm", "Eu"}
    assert set(elements.index[elements["controlled_2025_04"]]) == {"Sm", "Gd", "Tb", "Dy", "Lu", "Sc", "Y"}
    assert set(elements.index[elements["controlled_2025_10"]]) == {"Ho", "Er", "Tm", "Eu", "Yb"}


@pytest.mark.parametrize(
    ("variant", "annual", "within"),
    [
        (
            "value",
            [[0.8, 0.14, 0.05, 0.01], [0.25, 0.55, 0.17, 0.03], [0.1, 0.45, 0.4, 0.05], [0.05, 0.35, 0.4, 0.2]],
            0.015,
        ),
        (
            "optimistic",
            [[0.9, 0.08, 0.015, 0.005], [0.4, 0.5, 0.09, 0.01], [0.3, 0.45, 0.23, 0.02], [0.15, 0.45, 0.3, 0.1]],
            0.037,
        ),
        (
            "pessimistic",
            [[0.6, 0.22, 0.15, 0.03], [0.12, 0.5, 0.32, 0.06], [0.05, 0.3, 0.55, 0.1], [0.03, 0.22, 0.45, 0.3]],
            1e-4,
        ),
    ],
)
def test_the_rates_of_china_give_back_the_annual_matrix(facts, variant, annual, within):
    """As nearly as rates >= 0 can: only the pessimistic matrix is the exponential of a generator."""
    rates = facts.tables["transitions"].query("chain == 'china'")
    generator = np.zeros((4, 4))
    for row in rates.itertuples():
        generator[CHINA.index(row[2]), CHINA.index(row.to)] = getattr(row, variant)
    generator -= np.diag(generator.sum(axis=1))
    assert np.abs(expm(generator) - annual).max() < within


def test_an_episode_costs_the_share_of_a_year_the_events_show(facts):
    """Lynas: 0.09 of a year per short stop, 0.60 per long one, with chances of 0.58 and 0.04 a year."""
    for state, chance, lost in (("partial", 0.585, 0.09), ("severe", 0.04, 0.60)):
        rate = facts.value(f"suppliers.lynas.rate.normal.{state}")
        depth, months = (facts.value(f"suppliers.lynas.{what}.{state}") for what in ("depth", "duration"))
        assert (1 - math.exp(-rate), depth * months / 12) == approx((chance, lost), abs=0.002)


def test_stress_is_counted_once(facts):
    """Contract layer x multiple is the stress spot: a call outside China costs the spot quote, and no more."""
    embargo = facts.tables["multiples"].query("state == 'embargo' and layer == 'contract'")
    for row in embargo.itertuples():
        assert row.applies == "calls"
        prices = [facts.value(f"prices.{row.scope}.{layer}") for layer in ("contract", "spot")]
        assert prices[0] * row.value == approx(prices[1], rel=1e-3)


def test_a_year_of_the_ban_without_stock_costs_what_the_tiers_were_checked_to_cost(facts):
    """About 2.8 trillion yen, at 0.95 of a Chinese share of 0.95, and at 0.35 of one of 0.6 for NdPr; thousand JPY/kg times t:

    Dy  500 (0.15 x 200 + 0.25 x 650 + 0.5025 x 6,700) = 1.78      Y   1,000 (0.3 x 30 + 0.4 x 66 + 0.2025 x 330) = 0.102
    Tb  90 (0.15 x 550 + 0.25 x 1,300 + 0.5025 x 13,400) = 0.643   Sm  150 (0.1 x 40 + 0.2 x 130 + 0.6025 x 2,000) = 0.185
    Nd  5,500 (0.1 x 22 + 0.11 x 70) = 0.054
    """
    rate = facts.value("exchange.JPY")

    def loss(element: str, demand: float, share: float) -> float:
        """Trillion yen for `share` of `demand` unserved, the cheapest tiers first."""
        total = 0.0
        for tier in (1, 2, 3):
            width = min(share, facts.value(f"shortage.{element}.width.{tier}"))
            total += demand * width * 1e3 * facts.value(f"shortage.{element}.cost.{tier}") * rate / 1e12
            share -= width
        return total

    heavy = {e: loss(e, t, 0.95 * 0.95) for e, t in {"Dy": 500, "Tb": 90, "Y": 1000, "Sm": 150}.items()}
    heavy["Nd"] = loss("Nd", 5500, 0.6 * 0.35)
    assert heavy == approx({"Dy": 1.78, "Y": 0.102, "Tb": 0.643, "Sm": 0.185, "Nd": 0.054}, rel=0.01)
    assert sum(heavy.values()) == approx(2.76, abs=0.01)


def test_a_year_of_ban_leaves_nothing_of_what_is_on_its_list(facts):
    """0.95 of a Chinese share of 0.98 takes 340 days of dysprosium in a year, of scandium (0.8) 277; there were 270 at most."""
    shares = facts.tables["shares"].query("indicator == 'China share of Japan demand'").set_index("scope")["value"]
    held = facts.value("holders.large.days")
    depth = facts.value("suppliers.china.depth.controlled_2026_01.ban")
    listed = facts.tables["elements"].query("controlled_2026_01")["element"]
    assert {e: round(365 * depth * shares[e]) for e in ("Dy", "Sc")} == {"Dy": 340, "Sc": 277}
    for e in listed:
        left = max(held - 365 * depth * shares[e], 0.0)
        assert facts.value(f"stock.{e}.existing") == left == 0
    assert facts.value("stock.Nd.existing") == approx(60 / 365 * 4825, abs=0.01)  # on no list: the state target


def test_commitments_stay_within_offers_and_offers_within_demand_at_home(facts):
    offers, firm = (facts.tables[name] for name in ("offers", "commitments"))
    for row in firm.itertuples():
        valid = offers.query("supplier == @row.supplier and element == @row.element and year <= @row.year")
        assert row.value <= valid.sort_values("year")["value"].iloc[-1]
    assert firm.query("element in ('Nd', 'Pr') and year == 2026")["value"].sum() == 5000
    assert offers.query("supplier == 'lynas' and element in ('Nd', 'Pr')")["value"].sum() == 7200
    assert facts.value("suppliers.caremag.commitments.Dy") == 250


def test_the_seabed_ships_a_third_of_its_mud_as_yttrium(facts):
    basket = facts.tables["baskets"].query("supplier == 'seabed'").set_index("element")["value"]
    assert basket["Y"] == approx(0.338, abs=0.001) and basket.sum() == approx(1, abs=1e-5)
    assert basket.drop(["La", "Ce", "Pr", "Nd"]).sum() == approx(0.55, abs=0.01)
    ten, five = (facts.value(f"suppliers.seabed.programmes.{level}.capacity") for level in ("ten", "five"))
    assert (ten, five) == approx((0.10 * 18_832, 0.05 * 18_832), abs=1)


def test_money_and_mass_are_in_the_units_of_the_model(facts):
    """Dy, last tier: 6,700 thousand JPY/kg at 155.9 JPY/USD; the drill ship: 12 bn JPY a year."""
    assert facts.value("shortage.Dy.cost.3") == approx(6.7e6 / 155.9)
    assert facts.value("suppliers.seabed.programmes.pilot.running_cost") == approx(12e9 / 155.9 / 1e3)
    assert facts.tables["shortage"].query("attribute == 'cost'")["unit"].unique().tolist() == ["USD/kg"]


# --- paths


def test_every_path_leads_to_its_number(facts):
    for path, (table, row) in facts.paths().items():
        value = facts.tables[table]["value"].iloc[row]
        assert facts.value(path) == value


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("suppliers.china.call_share", "suppliers.china.call_share.all.2026"),
        ("suppliers.lynas.rebate_share.Nd", "suppliers.lynas.rebate_share.Nd.2026"),
        ("suppliers.lynas.depth.partial", "suppliers.lynas.depth.all.partial"),
        ("demand_levels.high", "demand_levels.all.high"),
        ("demand_levels.high.factor", "demand_levels.all.high.factor"),
        ("suppliers.china.rate.normal.ban.pessimistic", "suppliers.china.rate.normal.ban.pessimistic"),
    ],
)
def test_a_short_path_stands_for_the_one_it_can_mean(facts, short, full):
    assert facts.resolve(short) == full
    assert facts.value(short) == facts.value(full)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "suppliers.china.depht.controlled_2026_01.ban",
            "did you mean 'suppliers.china.depth.controlled_2026_01.ban'?",
        ),
        ("prices.Dy.spto", "did you mean 'prices.Dy.spot'?"),
        ("suppliers.china.rate.normal.ban.pesimistic", "did you mean 'suppliers.china.rate.normal.ban.pessimistic'?"),
        ("demand_levels.low.facter", "did you mean 'demand_levels.low.factor'?"),
        ("suppliers.lynas.offers.Dy", "names 4 numbers"),
        ("demand.Dy.2024.note", "no number has this path"),
        ("", "no number has this path"),
    ],
)
def test_an_unknown_path_is_refused_with_the_nearest(facts, path, text):
    with pytest.raises(DataError) as caught:
        facts.value(path)
    assert text in str(caught.value)


def test_a_changed_copy_leaves_the_original_alone(facts):
    path = "suppliers.china.depth.controlled_2026_01.ban"
    changed = facts.with_value(path, 0.9)
    assert (facts.value(path), changed.value(path)) == (0.95, 0.9)
    same = [name for name in facts.tables if facts.tables[name] is changed.tables[name]]
    assert set(facts.tables) - set(same) == {"depths"}


def test_a_yen_that_falls_makes_shortages_cheaper_in_dollars(facts):
    """Everything converted from yen moves with the rate, and nothing else does."""
    weak = facts.with_value("exchange.JPY", 2 * facts.value("exchange.JPY"))
    before, after = facts.sources(), weak.sources()
    moved = after["value"] / before["value"].where(before["value"] != 0)
    yen = moved[(moved - 1).abs() > 1e-9].drop(before.index[before["key"] == "exchange.JPY"])
    assert set(yen.round(12)) == {0.5}
    assert set(before.loc[yen.index, "table"]) == {"shortage", "programmes"}
    assert weak.value("prices.Dy.spot") == facts.value("prices.Dy.spot")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"suppliers.china.depth.controlled_2026_01.ban": 1.2}, "is a number >= 0 and <= 1"),
        ({"prices.Dy.spot": -62}, "prices.Dy.spot: -62"),
        ({"prices.Dy.spot": math.nan}, "not a finite number"),
        ({"prices.Dy.spot": math.inf}, "not a finite number"),
        ({"demand_levels.low": 0.4}, "sums to 1.15"),
        ({"suppliers.seabed.basket.Y": 0.9}, "at most 1"),
        ({"prices.Dy.spott": 1, "demand.Dy.2024": -1}, "2 faults"),
    ],
)
def test_a_change_out_of_bounds_is_refused(facts, values, text):
    with pytest.raises(DataError) as caught:
        facts.with_values(values)
    assert text in str(caught.value)


# --- units


COST, RUNNING = "shortage.Dy.cost.3", "suppliers.seabed.programmes.pilot.running_cost"
YEN = 155.9  # per USD, exchange_rates.csv


def test_a_number_has_the_unit_of_the_model_and_the_one_it_was_written_in(facts):
    """6,700 thousand JPY/kg are 6,700,000 / 155.9 USD/kg."""
    assert (facts.value(COST), facts.unit(COST)) == (approx(6.7e6 / YEN), "USD/kg")
    assert (facts.value(COST, as_written=True), facts.unit(COST, as_written=True)) == (6700, "thousand JPY/kg")
    assert (facts.value(RUNNING, as_written=True), facts.unit(RUNNING, as_written=True)) == (12, "bn JPY/yr")
    assert facts.value(f"{COST}.low", as_written=True) == approx(facts.value(f"{COST}.low") / (1e3 / YEN))
    assert facts.unit(f"{COST}.low", as_written=True) == "thousand JPY/kg"
    assert facts.unit("suppliers.china.rate.normal.ban.pessimistic") == "1/yr"
    assert facts.unit("demand.Dy.2030.growth_high") == "1/yr" and facts.unit("demand_levels.low.factor") == "1"
    assert facts.unit("suppliers.china.transit.first_year") == "" and math.isnan(
        facts.value("suppliers.china.transit.first_year")
    )


def test_what_is_listed_as_written_is_what_the_tables_say(facts):
    """To the digit, and what is listed can be set again: it is the number that was there."""
    listed = facts.sources(as_written=True)
    for name, part in listed.groupby("table"):
        rows = pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False, dtype=str)
        assert part["unit"].tolist() == [
            stated or unit for stated, unit in zip(rows["unit"], part["unit"], strict=True)
        ]
        for column in ("value", "low", "high"):
            written = rows[column].where(rows[column] != "", rows["value"])
            np.testing.assert_array_equal(pd.to_numeric(written), part[column])
    chances = ("demand_levels", ".project.", ".width.")  # change together only, or not at all
    again = {
        row.key: row.value
        for row in listed.itertuples()
        if row.key in facts.paths() and not any(c in row.key for c in chances)
    }
    assert len(again) > 600
    same = facts.with_values(again, as_written=True)
    for path in again:
        assert same.value(path) == approx(facts.value(path), rel=1e-12)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (COST, "6400 USD/kg", 6400),
        (COST, "1000 thousand JPY/kg", 1e6 / YEN),
        (COST, "1e6JPY/kg", 1e6 / YEN),
        (COST, 1000, 1000),
        ("suppliers.lynas.offers.Dy.2028", "90 t/yr", 90),
        ("suppliers.lynas.offers.Dy.2028", " 7.5 t/month ", 90),
        ("suppliers.china.depth.controlled_2026_01.ban", "65 %", 0.65),
        ("suppliers.china.depth.controlled_2026_01.ban", "65%", 0.65),
        ("suppliers.china.depth.controlled_2026_01.ban", "0.65 1", 0.65),
        ("suppliers.china.rate.normal.ban", "0.05 1/yr", 0.05),
        ("suppliers.china.rate.normal.ban", "0.05/yr", 0.05),
        ("suppliers.china.rate.normal.ban.pessimistic", "1 %/month", 0.12),
        ("demand.Dy.2030.growth_high", "-5 %/yr", -0.05),
        ("demand_levels.low.factor", "90 %", 0.9),
        ("suppliers.lynas.duration.severe", "1 yr", 12),
        (RUNNING, "13 bn JPY/yr", 13e6 / YEN),
        ("exchange.JPY", "160 JPY/USD", 160),
    ],
)
def test_a_number_may_say_its_unit(facts, path, value, expected):
    assert facts.with_value(path, value).value(path) == approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (COST, 1000, 1e6 / YEN),
        (f"{COST}.high", 9000, 9e6 / YEN),
        (RUNNING, 13, 13e6 / YEN),
        ("suppliers.lynas.rebate_cap.all.2026", 2, 2000),
        ("suppliers.china.rate.normal.ban.pessimistic", 0.2, 0.2),
        ("demand.Dy.2030.growth_high", 0.05, 0.05),
        (COST, "6400 USD/kg", 6400),
        ("exchange.JPY", 160, 160),
    ],
)
def test_a_plain_number_may_be_in_the_unit_of_its_row(facts, path, value, expected):
    changed = facts.with_value(path, value, as_written=True)
    assert changed.value(path) == approx(expected, rel=1e-12)
    if not isinstance(value, str):
        assert changed.value(path, as_written=True) == value


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (COST, "5 t", "unit 't' does not convert to thousand JPY/kg"),
        (COST, "5 t", "write for example '6700 thousand JPY/kg'"),
        (COST, "-1 USD/kg", "-1 USD/kg; shortage.Dy.cost.3 (Loss per kg not served, USD/kg) is a number >= 0 and <= 1e+07"),
        ("suppliers.china.depth.controlled_2026_01.ban", "120 %", "120 %; suppliers.china.depth.controlled_2026_01.ban"),
        ("suppliers.china.depth.controlled_2026_01.ban", "120 %", ", %) is a number >= 0 and <= 100"),
        ("prices.Dy.spot", "900", "'900' is not a finite number"),
        ("prices.Dy.spot", "cheap", "give a number, or one with its unit: '960 USD/kg'"),
        ("prices.Dy.spot", "1,200 USD/kg", "'1,200 USD/kg' is not a finite number"),
        ("prices.Dy.spot", "nan USD/kg", "not a finite number"),
        ("prices.Dy.spot", "1e999 USD/kg", "not a finite number"),
        ("prices.Dy.spot", "9 CHF/kg", "unit 'CHF/kg' does not convert to USD/kg"),
        ("demand.Dy.2024", "5 t**9**9**9", "does not convert to t/yr"),  # and does not keep anybody waiting
        ("demand.Dy.2024", "5 t/yr; import os", "does not convert to t/yr"),
        ("suppliers.china.transit.first_year", "2030 yr", "is a plain number. Remedy: leave out the unit"),
        ("suppliers.china.transit.first_year", 2030.5, "2030.5 is not a whole number"),
        ("exchange.JPY", "0.0065 USD/JPY", "does not convert to JPY/USD"),
        ("exchange.JPY", "65 %", "does not convert to JPY/USD"),
    ],
)  # fmt: skip
def test_a_number_in_a_wrong_unit_is_refused(facts, path, value, text):
    with pytest.raises(DataError) as caught:
        facts.with_value(path, value)
    assert text in str(caught.value)


def test_bounds_are_said_in_the_unit_that_was_used(facts, tmp_path):
    """10 million USD/kg are 1,559,000 thousand JPY/kg; a table's faults speak of what stands in it."""
    with pytest.raises(DataError) as caught:
        facts.with_value(COST, 2e6, as_written=True)
    assert "2e+06; shortage.Dy.cost.3 (Loss per kg not served, thousand JPY/kg)" in str(caught.value)
    assert "is a number >= 0 and <= 1.559e+06" in str(caught.value)
    shortage = "scope,tier,attribute,value,low,high,unit\nDy,3,cost,{},thousand JPY/kg\n"
    text = faults(tmp_path, extend=True, shortage=shortage.format("2000000,1,3000000"))
    assert (
        "column value: 2e+06; cost (Loss per kg not served, thousand JPY/kg) is a number >= 0 and <= 1.559e+06" in text
    )
    assert "5 outside 6 to 7; low <= value <= high" in faults(tmp_path, extend=True, shortage=shortage.format("5,6,7"))


def test_one_number_by_two_paths_is_a_fault(facts):
    for paths in (
        ("suppliers.china.call_share", "suppliers.china.call_share.all.2026"),
        ("prices.Dy.spot", "prices.Dy.spot.value"),
    ):
        with pytest.raises(DataError, match="names the same number as"):
            facts.with_values(dict.fromkeys(paths, 1))


def test_a_rate_moves_what_was_given_in_its_currency_and_nothing_else(facts):
    """Twice the yen to the dollar: yen are worth half, whenever and however they were given; dollars stay."""
    yen = {
        COST: "1000 thousand JPY/kg",
        f"{COST}.high": "9 million JPY/kg",
        "prices.Tb.spot": "100 thousand JPY/kg",
        RUNNING: "13 bn JPY/yr",
    }
    dollars = {"shortage.Y.cost.3": "6400 USD/kg", "shortage.Y.cost.2": 500.0, "prices.Dy.spot": "1 kUSD/kg"}
    rate = {"exchange.JPY": 2 * YEN}
    together = facts.with_values(yen | dollars | rate)
    for order in itertools.permutations((yen, dollars, rate)):
        changed = facts
        for changes in order:
            changed = changed.with_values(changes)
        for path in facts.paths():
            assert changed.value(path) == approx(together.value(path), rel=1e-12), path
    for path, number in yen.items():
        assert together.value(path) == approx(facts.with_value(path, number).value(path) / 2)
    for path, number in dollars.items():
        assert together.value(path) == facts.with_value(path, number).value(path)
    # What is listed in yen still is, at the new rate.
    assert together.value(COST, as_written=True) == 1000
    assert together.value("shortage.Y.cost.3", as_written=True) == approx(6400 * 2 * YEN / 1e3)
    assert together.value("shortage.Dy.cost.2", as_written=True) == facts.value("shortage.Dy.cost.2", as_written=True)
    assert together.with_value(COST, 2000, as_written=True).value(COST) == approx(2e6 / (2 * YEN))


def test_a_rate_of_ones_own_holds_for_the_bundled_tables_too(tmp_path, facts):
    """A yen of half the worth, in a table beside the bundled ones or set afterwards: the same world."""
    mine = load_facts(write(tmp_path, {"exchange_rates": f"currency,value\nJPY,{2 * YEN}\nCHF,0.8\n"}))
    weak = facts.with_value("exchange.JPY", 2 * YEN)
    for path in facts.paths():
        assert mine.value(path) == approx(weak.value(path), rel=1e-12)
    assert mine.value(COST) == approx(facts.value(COST) / 2) and mine.value(COST, as_written=True) == 6700
    assert mine.with_value("prices.Dy.spot", "8 CHF/kg").value("prices.Dy.spot") == 10
    assert load_facts().value(COST) == facts.value(COST)


def test_rows_of_ones_own_are_listed_as_they_were_written(tmp_path):
    """A folder in kg a year and francs: what its buyer wrote is what he reads and sets."""
    tables = {
        **MINE,
        "exchange_rates": "currency,value\nCHF,0.8\n",
        "offers": "supplier,element,year,value,low,high,unit\nmine,Cu,2027,500000,400000,,kg/yr\nmine,Cu,2028,6,,,\n",
        "prices": "element,layer,value,unit\nCu,spot,8,CHF/kg\n",
    }
    mine = load_facts(write(tmp_path, tables), extend=False)
    path = "suppliers.mine.offers.Cu.2027"
    assert (mine.value(path), mine.value(path, as_written=True)) == (500, 500_000)
    listed = mine.sources(as_written=True).set_index("key")
    assert listed.loc[path, ["value", "low", "high", "unit"]].tolist() == [500_000, 400_000, 500_000, "kg/yr"]
    assert listed.loc["suppliers.mine.offers.Cu.2028", ["value", "unit"]].tolist() == [6, "t/yr"]
    changed = mine.with_values(
        {path: 300_000, "prices.Cu.spot": 4, "suppliers.mine.offers.Cu.2028": 7}, as_written=True
    )
    assert [changed.value(each) for each in (path, "prices.Cu.spot", "suppliers.mine.offers.Cu.2028")] == [300, 5, 7]
    assert mine.sources().set_index("key").loc[path, ["value", "unit"]].tolist() == [500, "t/yr"]
    dollars = pd.DataFrame({"scope": ["Dy"], "tier": 3, "attribute": "cost", "value": 9000.0, "unit": "USD/kg"})
    added = Facts.from_frames({"shortage": dollars}, extend=True)
    for cost, (value, unit) in {COST: (9000, "USD/kg"), "shortage.Y.cost.3": (330, "thousand JPY/kg")}.items():
        assert (added.value(cost, as_written=True), added.unit(cost, as_written=True)) == (value, unit)


# --- tables of one's own


def test_one_supplier_and_one_material_are_enough(tmp_path):
    mine = load_facts(write(tmp_path, MINE), extend=False)
    assert mine.value("suppliers.mine.offers.Cu.2027") == 500
    offer = mine.tables["offers"].iloc[0]
    assert (offer["unit"], offer["low"], offer["high"], offer["source"], offer["status"]) == (
        "t/yr",
        500,
        500,
        "user",
        "assumed",
    )
    assert mine.tables["suppliers"].iloc[0][["kind", "price_rule", "name_ja"]].tolist() == ["free", "index", "mine"]
    assert mine.tables["prices"].empty and list(mine.tables["prices"]) == list(schema()["prices"].columns)


def test_rows_of_the_same_key_are_replaced_and_others_added(tmp_path, facts):
    text = "element,layer,value,unit\nDy,spot,1.2,kUSD/kg\n"
    prices = load_facts(write(tmp_path, {"prices": text, "suppliers": "supplier\nmine\n"}))
    assert prices.value("prices.Dy.spot") == 1200
    assert prices.value("prices.Tb.spot") == facts.value("prices.Tb.spot")
    assert len(prices.tables["prices"]) == len(facts.tables["prices"])
    assert prices.tables["suppliers"]["supplier"].tolist() == [*facts.tables["suppliers"]["supplier"], "mine"]


def test_a_byte_order_mark_and_windows_lines_are_no_fault(tmp_path):
    text = "\ufeffsupplier,element,year,value\r\nmine,Cu,2027,500\r\n\r\n"
    assert load_facts(write(tmp_path, {**MINE, "offers": text}), extend=False).value("suppliers.mine.offers.Cu") == 500


def test_an_exchange_rate_of_ones_own_converts_ones_own_prices(tmp_path):
    tables = {
        **MINE,
        "exchange_rates": "currency,value\nCHF,0.8\n",
        "prices": "element,layer,value,low,unit\nCu,spot,8,4,CHF/kg\n",
    }
    prices = load_facts(write(tmp_path, tables), extend=False).tables["prices"].iloc[0]
    assert (prices["value"], prices["low"], prices["high"], prices["unit"]) == (10, 5, 10, "USD/kg")


def test_frames_pass_the_same_checks_as_files(tmp_path, facts):
    again = Facts.from_frames({name: frame for name, frame in facts.tables.items() if len(frame)})
    for name, frame in facts.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], frame)
    with pytest.raises(DataError, match="offers row 1, column value: -3"):
        offer = pd.DataFrame({"supplier": ["china"], "element": "Dy", "year": 2027, "value": -3.0})
        Facts.from_frames({"offers": offer}, extend=True)
    with pytest.raises(DataError, match="did you mean 'offers'"):
        Facts.from_frames({"offer": pd.DataFrame()})


OFFER = "supplier,element,year,value\n"
BASKET, PROJECT = "supplier,element,value\n", "supplier,start,value\n"
STATES = "chain,state,value,order\nmine,up,9,0\nmine,down,3,1\n"
RATE, DEPTH = "chain,from,to,value\n", "chain,scope,state,value\n"
PAIR = "chain_a,states_a,chain_b,states_b,value\n"


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({"offers": OFFER + "mine,Cu,2027,lots\n"}, "offers.csv row 2, column value: 'lots' is not a number"),
        ({"offers": OFFER + 'mine,Cu,2027,"1,200"\n'}, "'1,200' is not a number; value (Offered volume, t/yr) is a number >= 0"),
        ({"offers": OFFER + "mine,Cu,2027,\n"}, "offers.csv row 2, column value: a blank; offers needs value"),
        ({"offers": OFFER + "mine,Cu,2027,nan\n"}, "'nan' is not a number"),
        ({"offers": OFFER + "mine,Cu,2027,inf\n"}, "'inf' is infinite"),
        ({"offers": OFFER + "\nmine,Cu,2027,-5\n"}, "row 3, column value: -5; value (Offered volume, t/yr) is a number >= 0"),
        ({"offers": OFFER + "mine,Cu,2027,999999999\n"}, "for 'no limit' leave out the row"),
        ({"offers": OFFER + "mine,Cu,2027.5,9\n"}, "column year: 2027.5 is not a whole number"),
        ({"offers": OFFER + "mine,Cu,2027,9\nmine,Cu,2027,8\n"}, "row 3: mine, Cu, 2027 again, after offers.csv row 2"),
        ({"offers": OFFER + "mine,Cu,2027\n"}, "offers.csv row 2: 3 cells; the header has 4 columns"),
        ({"offers": OFFER + "mime,Cu,2027,9\n"}, "defined in suppliers.csv. Remedy: did you mean 'mine'?"),
        ({"offers": OFFER + "mine,Cv,2027,9\n"}, "unknown element 'Cv'"),
        ({"offers": OFFER}, "offers.csv: no rows"),
        ({"offers": b""}, "offers.csv: the file is empty"),
        ({"offers": OFFER.encode() + b"mine,Cu\xff,2027,9\n"}, "byte 0xff in row 2 is not UTF-8"),
        ({"offers": "supplier,element,year\nmine,Cu,2027\n"}, "offers.csv: no column 'value'"),
        ({"offers": "supplier,elemnt,year,value\nmine,Cu,2027,9\n"}, "unknown column 'elemnt'; the columns of offers"),
        ({"offers": "supplier;element;year;value\nmine;Cu;2027;9\n"}, "separate the cells by commas"),
        ({"offers": OFFER.replace("\n", ",value\n") + "mine,Cu,2027,9,8\n"}, "column 'value' stands 2 times"),
        ({"offers": OFFER.replace("\n", ",unit\n") + "mine,Cu,2027,9,kg\n"}, "unit 'kg' does not convert to t/yr"),
        ({"offers": OFFER.replace("\n", ",unit\n") + "mine,Cu,2027,9,t/yr; import os\n"}, "does not convert to t/yr"),
        ({"offers": OFFER.replace("\n", ",low,high\n") + "mine,Cu,2027,9,10,20\n"}, "9 outside 10 to 20; low <= value <= high"),
        ({"offers": OFFER.replace("\n", ",status\n") + "mine,Cu,2027,9,sourcd\n"}, "did you mean 'sourced'?"),
        ({"offers": OFFER + '"mine,Cu,2027,9\n'}, "check the quotes"),
        ({"offres": OFFER + "mine,Cu,2027,9\n"}, "offres.csv: no table has this name"),
        ({"baskets": BASKET + "mine,Cu,1.2\n"}, "value (Share of output) is a number >= 0 and <= 1"),
        ({"elements": "element\nCu\nAg\n", "baskets": BASKET + "mine,Cu,.7\nmine,Ag,.6\n"}, "'mine' sums to 1.3: Cu 0.7, Ag 0.6"),
        ({"projects": PROJECT + "mine,2028,.5\nmine,never,.45\n"}, "sums to 0.95: 2028 0.5, never 0.45; the sum is 1"),
        ({"projects": PROJECT + "mine,soon,1\n"}, "column start: 'soon'"),
        ({"demand_levels": "scope,level,value,factor\nall,low,.4,.9\nall,high,.4,1.1\n"}, "or add the missing outcome"),
        ({"states": STATES, "transitions": RATE + "mine,up,dwn,.5\n"}, "unknown to 'dwn' of 'mine'"),
        ({"states": STATES, "transitions": RATE + "mine,up,down,-.5\n"}, "transitions.csv row 2, column value: -0.5"),
        ({"states": STATES, "correlations": PAIR + "mine,up|off,mine,up,.5\n"}, "unknown states_a 'off' of 'mine'"),
        ({"states": STATES, "depths": DEPTH + "mine,hevy,down,.5\n"}, "unknown scope 'hevy'"),
        ({"elements": "element,traded\nCu,perhaps\n"}, "column traded: 'perhaps'"),
        ({"suppliers": "supplier\nmy mine\n"}, "use letters, digits and underscores"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_with_place_rule_and_remedy(tmp_path, tables, expected):
    assert expected in faults(tmp_path, **tables)


def test_all_faults_come_in_one_list(tmp_path):
    text = faults(
        tmp_path, offers=OFFER + "mine,Cu,soon,9\nmine,Cu,2028,-9\n", prices="element,layer,value\nCu,sport,1\n"
    )
    assert (
        "offers.csv row 2, column year" in text
        and "offers.csv row 3, column value" in text
        and "prices.csv row 2" in text
    )


def test_a_table_outside_the_folder_is_not_read(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    secret = tmp_path / "elsewhere" / "offers.csv"
    secret.write_text(MINE["offers"])
    inside = tmp_path / "mine"
    inside.mkdir()
    write(inside, {name: text for name, text in MINE.items() if name != "offers"})
    (inside / "offers.csv").symlink_to(secret)
    with pytest.raises(DataError, match="leads out of its folder"):
        load_facts(inside, extend=False)
    with pytest.raises(DataError, match="no such folder"):
        load_facts(tmp_path / "nowhere")


def test_a_file_far_too_large_is_not_read(tmp_path):
    with (tmp_path / "offers.csv").open("wb") as file:
        file.truncate(30_000_000)
    with pytest.raises(DataError, match="at most 20,000,000 bytes"):
        load_facts(tmp_path)


def test_a_made_up_status_has_no_sources(facts):
    with pytest.raises(DataError, match="did you mean 'assumed'"):
        facts.sources("asumed")


# --- properties


VOLUMES = {
    "t/yr": 1,
    "kg/yr": 1e-3,
    "kt/yr": 1e3,
    "t/month": 12,
    "thousand t/yr": 1e3,
    "t/day": 365,
    "lb/yr": 0.45359237e-3,
}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=6), st.sampled_from([*VOLUMES.items()]))
def test_a_volume_is_the_same_in_any_unit(values, unit):
    name, factor = unit
    frame = pd.DataFrame({"supplier": "china", "element": "Dy", "year": 2050, "value": values, "unit": name})
    frame["year"] += np.arange(len(frame))
    offers = Facts.from_frames({"offers": frame}, extend=True)
    for row in frame.itertuples():
        assert offers.value(f"suppliers.china.offers.Dy.{row.year}") == approx(row.value * factor)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(48)))
def test_the_order_of_rows_means_nothing(order):
    facts = load_facts()
    shuffled = Facts.from_frames({"prices": facts.tables["prices"].iloc[order]}, extend=True)
    pd.testing.assert_frame_equal(shuffled.tables["prices"], facts.tables["prices"])


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_change_touches_one_number_and_undoes(data):
    facts = load_facts()
    numbers = sorted(each for each in facts.paths() if not each.startswith(("exchange", "demand_levels")))
    path = data.draw(st.sampled_from(numbers))
    table, row = facts.paths()[path]
    old = facts.value(path)
    try:
        changed = facts.with_value(path, old * data.draw(st.floats(0.5, 1)))
    except DataError:
        # what must sum to one is changed together, and half of a year is none
        assert any(part in path for part in (".project.", ".width.", ".verdict.", ".strategies.", ".use_share"))
        return
    assert all(changed.tables[name] is frame for name, frame in facts.tables.items() if name != table)
    assert changed.tables[table].drop(index=row).equals(facts.tables[table].drop(index=row))
    assert changed.with_value(path, old).tables[table].equals(facts.tables[table])
