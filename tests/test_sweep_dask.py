"""A real Dask scheduler with two worker processes on the loopback device gives the same rows."""

import pytest

import dying
from procure import DataError, sweep
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
