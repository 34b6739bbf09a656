"""A sweep keeps one row per case, in any order and on any number of processes."""

import math
import resource

import pytest

import procure
from procure import DataError, load_model, solve, sweep
from procure.reason import Reason

GRID = {
    "suppliers.china.rate.normal.failed": [0.1, 0.4, 0.8],
    "suppliers.lynas.offers.medium_heavy.2027": [600.0, 900.0],
    "risk.weight": [0.0, 0.5],
}


@pytest.fixture(scope="module")
def model():
    return load_model("two-class")


@pytest.fixture(scope="module")
def rows(model):
    return sweep(model, GRID)


def test_a_row_per_combination_equal_to_a_fresh_solve(model, rows):
    assert len(rows) == 12 and (rows["status"] == "optimal").all()
    assert rows["risk.weight"].tolist() == [0.0, 0.5] * 6
    for row in rows.to_dict("records"):
        fresh = solve(model.with_(**{path: row[path] for path in GRID})).summary["objective"]
        assert row["objective_musd"] == pytest.approx(fresh, rel=1e-9)


def test_a_row_says_why_it_could_not_be_followed(model):
    """A tail that begins to weigh gets rows of its own; one that weighs a little more is followed, and so is an offer."""
    weighed = model.with_(**{"risk.weight": 0.2})
    cases = [{"risk.weight": 0.4}, {"risk.weight": 0.0}, {"suppliers.lynas.offers.medium_heavy.2027": 700.0}, {"x": 1}]
    assert sweep(weighed, cases)["made_anew"].tolist() == ["", Reason.TAIL.value, "", ""]


def test_the_order_of_cases_decides_nothing(model, rows):
    cases = rows[list(GRID)].to_dict("records")
    back = sweep(model, cases[::-1])
    assert back["objective_musd"].tolist()[::-1] == pytest.approx(rows["objective_musd"].tolist(), rel=1e-9)


def test_two_processes_give_the_same_rows(model, rows):
    cases = rows[list(GRID)].to_dict("records") * 3  # more than one shard
    found = sweep(model, cases, workers=2)
    assert found["objective_musd"].tolist() == pytest.approx(rows["objective_musd"].tolist() * 3, rel=1e-9)
    assert found[list(GRID)].to_dict("records") == cases


def test_a_bad_case_among_good_ones_is_a_row(model):
    cases = [{"risk.weight": 0.2}, {"risk.weight": 2.0}, {"risk.wieght": 0.1}, {"risk.weight": 0.2}]
    found = sweep(model, cases)
    assert found["status"].tolist() == ["optimal", "bad input", "bad input", "optimal"]
    assert "weight" in found["message"][1] and "did you mean" in found["message"][2]
    assert math.isnan(found["objective_musd"][1])
    assert found["objective_musd"][0] == pytest.approx(found["objective_musd"][3], rel=1e-12)


def test_an_infeasible_case_names_its_limit_and_the_others_finish(model):
    limit = {"name": "served", "kind": "expected_shortage", "scope": "medium_heavy", "max": 1.0}
    settings = model.settings.model_dump(by_alias=True, exclude_unset=True) | {"limits": [limit]}
    capped = procure.model.make_model(settings, model.facts)
    found = sweep(capped, {"limits.served.max": [1.0, 0.0, 0.9]})
    assert found["status"].tolist() == ["optimal", "infeasible", "optimal"]
    assert "served" in found["message"][1]


def test_an_empty_grid_and_no_workers_are_faults(model):
    with pytest.raises(DataError) as caught:
        sweep(model, {}, workers=0)
    assert len(caught.value.faults) == 2


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
