"""A sweep keeps one row per case, in the asked order, whoever solves it, and says in it what there is to say."""

import math
import random
import re
import resource
from pathlib import Path

import pandas as pd
import pytest
from pytest import approx

import procure
from procure import DataError, Grid, Infeasible, load_model, solve, sweep, tidy
from procure.explore.sweep.columns import COLUMNS, OF_THE_RUN, STATUSES
from procure.market import numbers_read
from procure.model import make_model
from procure.reason import Reason
from test_switch import V, world
from test_verdict import one_mine

GRID = {
    "suppliers.china.rate.normal.failed": [0.1, 0.4, 0.8],
    "suppliers.lynas.offers.medium_heavy.2027": [600.0, 900.0],
    "risk.weight": [0.0, 0.5],
}
PAGE = Path(__file__).parents[1] / "docs" / "sweep.md"


@pytest.fixture(scope="module")
def model():
    return load_model("two-class")


@pytest.fixture(scope="module")
def rows(model):
    return sweep(model, GRID, workers=1)


def same(found, expected):
    """Whether two tables are the same but for what belongs to the run, and for which of several conflicts HiGHS isolates."""

    def compared(frame):
        frame = frame.drop(columns=[name for name in OF_THE_RUN if name in frame])
        out = frame["status"] == "infeasible"
        words = [name for name in ("message", "conflict") if name in frame]
        assert (frame.loc[out, words] != "").all(axis=None)
        return frame.assign(**{name: frame[name].mask(out, "") for name in words})

    pd.testing.assert_frame_equal(compared(found), compared(expected), rtol=1e-9, atol=1e-9, check_like=True)
    return True


# --- rows


def test_a_row_per_combination_equal_to_a_fresh_solve(model, rows):
    assert len(rows) == 12 and (rows["status"] == "optimal").all()
    assert rows["risk.weight"].tolist() == [0.0, 0.5] * 6
    for row in rows.to_dict("records"):
        fresh = solve(model.with_(**{path: row[path] for path in GRID})).summary
        for column, name in (
            ("objective", "objective"),
            ("expected", "expected_cost"),
            ("cvar", "cvar"),
            ("worst", "worst_case"),
        ):
            assert row[f"{column}_musd"] == pytest.approx(fresh[name], rel=1e-9)
        assert row["bound_musd"] == pytest.approx(fresh["objective"], rel=1e-7) and row["proof"] == "duals"


def test_a_row_measures_what_the_portfolio_does(model, rows):
    """One year: the shares of the row are those that the portfolio has for 2027, and each class adds up to one."""
    row = rows.to_dict("records")[5]
    portfolio = solve(model.with_(**{path: row[path] for path in GRID}))
    shares = portfolio.shares[portfolio.shares["year"] == "2027"]
    for of_class, source, share in zip(shares["class"], shares["supplier"], shares["share"], strict=True):
        name = f"class_shortage.{of_class}" if source == "shortage" else f"class_share.{of_class}.{source}"
        assert row[name] == pytest.approx(share, abs=1e-9)
    for of_class in ("light", "medium_heavy", "all"):
        filled = [value for name, value in row.items() if name.startswith(f"class_share.{of_class}.")]
        assert math.fsum(filled) + row[f"class_shortage.{of_class}"] == pytest.approx(1.0)
    costs = dict(zip(portfolio.costs["component"], portfolio.costs["expected_musd"], strict=True))
    assert {name[5:]: row[name] for name in row if name.startswith("cost.")} == pytest.approx(costs)


def test_a_row_prices_its_limits_and_highlights_elements(model):
    """China fills 0.42 of the heavy demand; held to 0.35 that costs something. A limit of one year has the portfolio's price."""
    limit = {"name": "china_heavy", "kind": "share", "supplier": "china", "scope": "medium_heavy", "max": 0.35}
    settings = model.settings.model_dump(by_alias=True, exclude_unset=True) | {"limits": [limit]}
    settings["model"]["highlight"] = ["medium_heavy"]
    capped = make_model(settings, model.facts)
    (row,) = sweep(capped, [{}], workers=1, columns=["limit_price", "element_shortage", "mix"]).to_dict("records")
    portfolio = solve(capped)
    price = portfolio.limits.set_index("limit").loc["china_heavy", "shadow_price_musd"]
    assert row["limit_price.china_heavy"] == approx(price) and price > 1
    for supplier, share in portfolio.mix.query("element == 'medium_heavy'").set_index("supplier")["share"].items():
        assert row[f"mix.medium_heavy.{supplier}"] == approx(share, abs=1e-9)
    assert row["element_shortage.medium_heavy"] == row["mix.medium_heavy.shortage"] > 0.3


def test_a_row_says_why_it_could_not_be_followed(model):
    """A tail that begins to weigh gets rows of its own; one that weighs a little more is followed, and so is an offer."""
    weighed = model.with_(**{"risk.weight": 0.2})
    cases = [{"risk.weight": 0.4}, {"risk.weight": 0.0}, {"suppliers.lynas.offers.medium_heavy.2027": 700.0}]
    assert sweep(weighed, cases, workers=1)["made_anew"].tolist() == ["", Reason.TAIL.value, ""]


def test_bad_cases_among_good_ones_are_rows(model):
    cases = [{"risk.weight": 0.2}, {"risk.weight": 2.0}, {"risk.weight": "much"}, {"risk.weight": 0.2}]
    found = sweep(model, cases, workers=1)
    assert found["status"].tolist() == ["optimal", "bad_input", "bad_input", "optimal"]
    assert "weight" in found["message"][1] and "much" in found["message"][2]
    assert math.isnan(found["objective_musd"][1]) and math.isnan(found["risk.weight"][2])
    assert found["objective_musd"][0] == pytest.approx(found["objective_musd"][3], rel=1e-12)


def test_an_infeasible_case_names_its_limit_and_the_others_finish(model):
    limit = {"name": "served", "kind": "expected_shortage", "scope": "medium_heavy", "max": 1.0}
    settings = model.settings.model_dump(by_alias=True, exclude_unset=True) | {"limits": [limit]}
    found = sweep(make_model(settings, model.facts), {"limits.served.max": [1.0, 0.0, 0.9]}, workers=1)
    assert found["status"].tolist() == ["optimal", "infeasible", "optimal"]
    assert "served" in found["conflict"][1] and found["repair"][1] and not found["conflict"][0]


def test_a_case_at_its_time_limit_says_so_and_what_is_proved(model):
    found = sweep(model, [{}], workers=1, options={"time_limit": 0.0})
    assert found["status"].tolist() == ["limit_reached"] and "stopped" in found["message"][0]


def test_programmes_are_compared_and_the_verdict_is_exact_where_every_future_is_counted(model):
    """In million USD with shortage at v: none 30 + 0.5 v, small 47 + 0.4 v, big 84 + 0.3 v (`test_switch`)."""
    asked = ["programme", "objective_musd", "level", "verdict", "tie"]
    found = sweep(world(), {V: [100.0, 300.0, 400.0]}, columns=asked, workers=1)
    assert found["programme"].tolist() == ["mud none", "mud small", "mud big"]
    assert found[["level.mud none", "level.mud small", "level.mud big"]].values.tolist() == [
        approx([80, 87, 114]), approx([180, 167, 174]), approx([230, 207, 204])
    ]  # fmt: skip
    assert found["objective_musd"].tolist() == approx([80, 167, 204])
    assert found["verdict"].tolist() == ["exact"] * 3 and found["tie"].tolist() == [""] * 3
    assert (
        sweep(world(), {V: [370.0]}, workers=1)["tie"].isin(["mud small", "mud big"]).all()
    )  # they cost the same there
    assert sweep(model, [{}], workers=1)["verdict"].tolist() == ["one programme"]


@pytest.mark.parametrize(("verdict", "said"), [(False, "not asked for"), (True, "compared")])
def test_a_verdict_on_drawn_futures_is_asked_for(verdict, said):
    """Small and twin are the same plant, so that no fresh path tells them apart."""
    futures = one_mine(12, levels=("small", "twin"), **{"world.tree.nodes": 60})
    (row,) = sweep(futures, [{}], workers=1, verdict=verdict).to_dict("records")
    assert row["verdict"] == said
    assert row["tie"] == (
        "" if not verdict else {"plant small": "plant twin", "plant twin": "plant small"}[row["programme"]]
    )


def test_columns_of_choice_are_all_there_is(model):
    found = sweep(model, {"risk.weight": [0.5]}, workers=1, columns=["cvar_musd", "class_share.all"])
    sources = [name for name in found if name.startswith("class_share.all.")]
    assert (
        list(found) == ["risk.weight", "status", "message", "cvar_musd", *sources]
        and "class_share.all.lynas" in sources
    )
    with pytest.raises(DataError, match="did you mean 'cvar_musd'"):
        sweep(model, {"risk.weight": [0.5]}, columns=["cvar_msud"])


def test_units_stand_beside_the_columns(rows):
    units = rows.attrs["units"]
    assert units["suppliers.lynas.offers.medium_heavy.2027"] == "t/yr" and units["objective_musd"] == "million USD"
    assert units.keys() == set(rows)


def test_tidy_is_the_same_numbers_one_a_line(rows):
    long = tidy(rows)
    wide = long[(long["quantity"] == "class_share") & (long["of"] == "all.lynas")]
    assert wide["value"].tolist() == rows["class_share.all.lynas"].tolist()
    assert len(long[long["quantity"] == "objective_musd"]) == 12 and set(wide["unit"]) == {"1"}
    with pytest.raises(DataError, match="parameters"):
        tidy(
            rows.copy().set_axis(range(rows.shape[1]), axis=1).rename(columns=str).pipe(lambda f: f.__class__(f.values))
        )


def test_a_short_path_names_its_column_and_its_unit(model):
    found = sweep(model, {"suppliers.lynas.offers.light": [5000.0]}, workers=1, columns=["objective_musd"])
    assert list(found) == ["suppliers.lynas.offers.light", "status", "message", "objective_musd"]
    assert found.attrs["units"]["suppliers.lynas.offers.light"] == "t/yr"
    assert tidy(found)["suppliers.lynas.offers.light"].tolist() == [5000.0]


def test_the_page_lists_every_column_with_its_unit_and_every_status():
    page = PAGE.read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w.<>]+)` \| ([^|]*) \| (.*?) \|$", page, re.MULTILINE)
    assert [(name, unit.strip()) for name, unit, _ in listed] == [(c.title, c.unit or "-") for c in COLUMNS]
    assert [says for *_, says in listed] == [c.says for c in COLUMNS]
    assert all(status in page for status in STATUSES)


# --- who solves, and in which order


def test_the_order_of_cases_decides_nothing(model, rows):
    cases = rows[list(GRID)].to_dict("records")
    back = sweep(model, cases[::-1], workers=1)
    assert same(back.iloc[::-1].reset_index(drop=True), rows)


def test_a_case_asked_for_twice_is_solved_once_and_has_two_rows(model):
    done = []
    found = sweep(model, [{"risk.weight": 0.5}] * 3, workers=1, progress=lambda *said: done.append(said))
    assert len(found) == 3 and found["seconds"].nunique() == 1 and done[-1][:2] == (1, 1)


def test_two_processes_give_the_same_rows(model, rows):
    assert same(sweep(model, GRID, workers=2), rows)


def test_shards_of_one_and_of_fifty_give_the_same_rows(model, rows):
    for size in (1, 50):
        assert same(sweep(model, GRID, workers=2, shard_size=size), rows)


def test_three_jobs_share_the_cases(model, rows):
    parts = [sweep(model, GRID, workers=1, shard=f"{number}/3") for number in (1, 2, 3)]
    assert [len(part) for part in parts] == [4, 4, 4]
    whole = pd.concat(parts, keys=range(3)).swaplevel().sort_index().reset_index(drop=True)
    assert same(whole, rows)


@pytest.mark.parametrize("shard", ["0/3", "4/3", "1", "a/b", (0, 1)])
def test_a_shard_is_one_of_several(model, shard):
    with pytest.raises(DataError, match="shard"):
        sweep(model, GRID, shard=shard)


def test_faults_of_the_call_are_faults(model):
    with pytest.raises(DataError, match="workers"):
        sweep(model, GRID, workers=0)
    with pytest.raises(DataError, match="did you mean 'dask'"):
        sweep(model, GRID, executor="dsak")
    with pytest.raises(DataError, match="no case"):
        sweep(model, {})


@pytest.mark.slow
def test_ten_thousand_resolves_leak_nothing(model):
    """Memory after 10,000 re-solves is that after 1,000, to 5 %."""
    compiled = procure.compile(model)

    def after(count):
        for k in range(count):
            compiled.solve({"risk.weight": (k % 10) / 10})
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    early = after(1_000)
    assert after(9_000) <= 1.05 * early


def ranged(model):
    """Paths of numbers that the model reads, that move alone, and to which the tables give a range."""
    read, facts = numbers_read(model), model.facts
    found = []
    for path, (table, row) in sorted(facts.paths().items()):
        low, high = (facts.tables[table][end].iloc[row] for end in ("low", "high"))
        if facts.locate(path) in read and facts.alone(path) and low < high:
            found.append(path)
    return found


def equal_to_fresh_solves(model, n_cases, seed, **how):
    """How many of some random cases over the ranges of the tables have a portfolio; each is what a fresh solve says it is."""
    chance = random.Random(seed)
    paths = ranged(model)
    cases = []
    for _ in range(n_cases):
        ranges = dict.fromkeys(chance.sample(paths, chance.randint(1, 6)), "low-high")
        ranges |= {"risk.weight": {"from": 0.05, "to": 0.95}}
        if chance.random() < 0.2:
            ranges |= {"shortage.scale": {"from": 1.0, "to": 5.0}}
        cases += Grid.sample(ranges, 1, seed=chance.randrange(10**6)).cases(model)
    found = sweep(model, cases, columns=["objective_musd", "expected_musd", "cvar_musd"], **how)
    for case, row in zip(cases, found.to_dict("records"), strict=True):
        try:
            fresh = procure.compile(model.with_(**case)).solve()
        except (DataError, Infeasible) as error:
            assert row["status"] == ("bad_input" if isinstance(error, DataError) else "infeasible"), case
            continue
        assert row["status"] == "optimal" and row["objective_musd"] == approx(fresh.objective, rel=1e-6), case
        weight = case["risk.weight"]
        assert (1 - weight) * row["expected_musd"] + weight * row["cvar_musd"] == approx(fresh.objective, rel=1e-6)
    return int((found["status"] == "optimal").sum())


def one_year():
    """2030 of the main model, with its limit and the programmes that wait for nothing, on the bundled tables."""
    levels = ("none", "pilot", "five", "ten")  # the verdict that the others wait for is known before
    return load_model("japan").with_(
        **{"model.years": [2030, 2030], "world.tree.branch": [], "suppliers.seabed.programmes": levels}
    )


def test_random_cases_over_the_ranges_of_the_tables_equal_fresh_solves(model):
    assert equal_to_fresh_solves(model, 40, seed=1, workers=1) > 20


@pytest.mark.slow
def test_two_thousand_random_cases_equal_fresh_solves(model):
    assert equal_to_fresh_solves(model, 1_000, seed=2) > 500
    assert equal_to_fresh_solves(one_year(), 1_000, seed=3) > 500
