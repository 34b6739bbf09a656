"""A real Dask scheduler with two worker processes on the loopback device gives the same rows."""

import random

import pytest

import dying
from dying import PRICE
from procure import DataError, Grid, sweep
from procure.explore.sweep import executors
from test_sweep import same
from test_sweep_deaths import CASES, GOOD, complete

pytest.importorskip("distributed", reason="the extra dask is not installed")


@pytest.fixture(scope="module")
def model():
    return dying.model()


@pytest.fixture(scope="module")
def good(model):
    return sweep(model, GOOD, workers=1)


@pytest.mark.slow
def test_a_cluster_of_this_machine_and_one_by_its_address_give_the_same_rows(model, good):
    assert same(sweep(model, GOOD, executor="dask", workers=2), good)
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        assert same(sweep(model, GOOD, executor=cluster.scheduler_address), good)
        with Client(cluster) as client:
            assert same(sweep(model, GOOD, executor=client, shard_size=3), good)


@pytest.mark.slow
def test_a_cluster_loses_nothing_to_dying_cases(model, good):
    assert complete(sweep(model, CASES, executor="dask", workers=2), good)


def test_an_address_where_nobody_answers_is_an_error(model, monkeypatch):
    monkeypatch.setattr(executors, "CONNECT", 1)
    with pytest.raises(DataError, match="no scheduler answers"):
        sweep(model, GOOD, executor="tcp://127.0.0.1:9")


@pytest.mark.slow
def test_whoever_solves_and_in_which_order_the_table_is_the_same(model, tmp_path):
    """200 cases, among them some without a portfolio and some that are none: every column but those of the run, to 1e-9."""
    ranges = {
        "risk.weight": {"from": 0.0, "to": 0.9}, "suppliers.lynas.offers.medium_heavy.2027": "low-high",
        "limits.served.max": {"from": 0.2, "to": 0.4}, PRICE: "low-high", "shortage.scale": {"from": 0.8, "to": 5.0},
    }  # fmt: skip
    cases = [*Grid.sample(ranges, 198).cases(model), {"risk.weight": 1.5}, {PRICE: -1.0}]
    alone = sweep(model, cases, workers=1)
    assert set(alone["status"]) == {"optimal", "infeasible", "bad_input"}
    for how in (
        {"workers": 2},
        {"workers": 2, "shard_size": 1},
        {"workers": 2, "shard_size": 50},
        {"executor": "dask", "workers": 2},
    ):
        assert same(sweep(model, cases, **how), alone), how
    order = random.Random(1).sample(range(200), 200)
    shuffled = sweep(model, [cases[k] for k in order], workers=1)
    shuffled.index = order
    assert same(shuffled.sort_index(), alone)
    stores = [tmp_path / str(number) for number in (1, 2, 3)]
    for number, store in enumerate(stores, 1):
        sweep(model, cases, store, workers=1, shard=(number, 3))
    assert same(sweep(model, cases, tmp_path / "all", workers=1, join=stores), alone)
