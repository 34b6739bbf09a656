"""Nothing is lost: a process that dies costs at most the case that it was about, whoever solves."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise

import pyomo.environ as pyo
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dying
from dying import ABORTS, KILLS, PRICE, SLOW
from procure import DataError, SolverError, load_model, sweep
from procure.explore.sweep import executors, processes
from procure.explore.sweep.shards import Shards
from procure.lp.cores import cores
from test_sweep import same

GOOD = [{"risk.weight": k / 10, PRICE: 50.0 + k / 100} for k in range(8)]
CASES = [
    *GOOD[:3], {PRICE: KILLS}, {"limits.served.max": 0.0}, {"risk.weight": 2.0}, *GOOD[3:6], {PRICE: SLOW}, {PRICE: ABORTS},
    *GOOD[6:],
]  # fmt: skip
STATUS = ["optimal"] * 3 + ["failed", "infeasible", "bad_input"] + ["optimal"] * 4 + ["failed"] + ["optimal"] * 2


@pytest.fixture(scope="module")
def model():
    return dying.model()


@pytest.fixture(scope="module")
def good(model):
    return sweep(model, GOOD, workers=1)


def complete(found, good):
    """Every case has its row and its reason, and the good ones are what they are without the others."""
    assert found["status"].tolist() == STATUS
    assert found["message"][3] == found["message"][10] == "solver process died"
    assert "served" in found["conflict"][4] and "risk.weight" in found["message"][5]
    is_good = found["risk.weight"].between(0, 1) & found[PRICE].between(50, 51)
    return same(found[is_good].reset_index(drop=True)[list(good)], good)


# --- processes of our own


@pytest.mark.parametrize("size", [None, *(pytest.param(size, marks=pytest.mark.slow) for size in (1, 50))])
def test_every_case_has_its_row_among_dying_ones(model, good, size):
    assert complete(sweep(model, CASES, workers=2, shard_size=size), good)


def test_a_row_of_a_dead_case_is_kept_and_not_tried_again_unless_asked(model, tmp_path):
    cases = [{PRICE: KILLS}, {PRICE: 50.0}]
    sweep(model, cases, tmp_path / "runs", executor="processes", workers=1)
    told = []
    found = sweep(model, cases, tmp_path / "runs", workers=1, progress=lambda *said: told.append(said))
    assert found["status"].tolist() == ["failed", "optimal"] and told == [(2, 2, "1 failed")]


def test_a_worker_that_is_killed_from_outside_costs_no_row(model, good):
    """Any worker that is seen is killed, once: its case is tried again, elsewhere."""
    killed = []

    def kill(done, total, what):
        if done == 3 and not killed:
            killed.append(children()[0])
            os.kill(killed[0], signal.SIGKILL)

    found = sweep(model, GOOD, executor="processes", workers=2, shard_size=2, progress=kill)
    assert killed and same(found, good)


def children():
    """Processes that this one has started to solve."""
    own = str(os.getpid())
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", own], capture_output=True, text=True, check=True
    ).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if "sweep.processes" in line]


def test_workers_end_with_the_sweep(model):
    def stop(done, total, what):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="without a store none is kept"):
        sweep(model, GOOD, workers=2, progress=stop)
    assert children() == []


PARENT = """
import sys
import pyomo.environ as pyo
import dying
from procure import sweep
from test_sweep_deaths import GOOD
print("begun", flush=True)
sweep(dying.model(), [{**case, "shortage.scale": 1 + k / 100} for k in range(60) for case in GOOD], sys.argv[1], workers=2)
"""


def test_workers_end_when_whoever_started_them_is_killed(tmp_path):
    """They hear it on the line, in the middle of a solve too."""
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "runs")], env=here, stdout=subprocess.PIPE)
    workers: list[int] = []
    try:
        parent.stdout.readline()
        deadline = time.monotonic() + 60
        while len(workers) < 2 and time.monotonic() < deadline:
            listed = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(parent.pid)], capture_output=True, text=True, check=False
            )
            workers = [int(pid) for pid in listed.stdout.split()]
            time.sleep(0.05)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    assert len(workers) == 2
    while any(is_alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_alive(pid) for pid in workers)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_what_cannot_be_sent_is_said_before_anything_is_solved(model):
    local = model.extended(plan=lambda block, sets: None)
    with pytest.raises(DataError, match="define the functions of its extension in a module"):
        sweep(local, GOOD, workers=2)


def test_where_nothing_is_said_processes_start_if_they_pay(good, model, monkeypatch):
    """A start that costs nothing pays at once, one that costs an hour never; functions of one's own stay here."""
    usual = load_model("two-class")
    asked = []
    run = processes.run
    monkeypatch.setattr(processes, "run", lambda *a: asked.append(len(a[2])) or run(*a))
    monkeypatch.setattr(executors, "cores", lambda: 2)
    monkeypatch.setattr(executors, "TRIAL", 0.0)
    monkeypatch.setattr(executors, "START", 3600.0)
    here = sweep(usual, GOOD)
    assert asked == []
    monkeypatch.setattr(executors, "START", -3600.0)
    assert same(sweep(usual, GOOD), here) and asked == [len(GOOD) - 1]
    assert same(sweep(model, GOOD), good) and len(asked) == 1


def test_who_is_killed_while_it_compiles_has_no_case_to_blame(good, monkeypatch, tmp_path):
    """The first two workers never come to a case: the case that waited for them is solved, and not given up for it."""
    monkeypatch.setenv("TRIES", str(tmp_path))
    monkeypatch.setenv("HOME_IS", str(os.getpid()))
    assert same(sweep(dying.model(dying.tender), GOOD, executor="processes", workers=1), good)
    assert len(list(tmp_path.iterdir())) == 2


def test_workers_that_never_begin_are_an_error(model, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SolverError, match="end before they begin"):
        sweep(model, GOOD, workers=2)


# --- executors of others


def pool():
    return ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))


def test_an_executor_gives_the_same_rows(model, good):
    with pool() as executor:
        assert same(sweep(model, GOOD, executor=executor), good)
    with ThreadPoolExecutor(2) as threads:
        assert same(sweep(model, GOOD, executor=threads), good)


@pytest.mark.slow
def test_an_executor_that_breaks_is_made_again(model, good):
    assert complete(sweep(model, CASES, executor=pool, shard_size=4), good)


def test_what_an_executor_that_broke_for_good_has_left_goes_to_processes_of_our_own(model, good):
    with pool() as executor, pytest.warns(UserWarning, match="processes of our own"):
        assert complete(sweep(model, CASES, executor=executor, shard_size=4), good)


# --- how shards are made


def shards_of(n_cases, n_workers, size=None):
    return Shards(range(n_cases), [{}] * n_cases, n_workers, size)


def taken(shards):
    """What is handed over until nothing is left."""
    found = []
    while shards:
        found.append(shards.next())
    return found


def test_shards_grow_to_ten_seconds_and_shrink_towards_the_end():
    """A case takes 0.1 s, so 100 of them take ten; of n left, no shard has more than a fourth, for two workers."""
    shards = shards_of(1000, 2)
    assert shards.next() == [0]
    shards.took(0.1, [0])
    sizes = [len(shard) for shard in taken(shards)]
    assert sizes[:4] == [100] * 4 and sizes[-1] == 1 and sum(sizes) == 999
    assert all(size <= -(-(999 - sum(sizes[:k])) // 4) for k, size in enumerate(sizes))


def test_two_workers_serve_twelve_cases():
    shards = shards_of(12, 2)
    first = [shards.next(), shards.next()]
    shards.took(0.001, [0])
    assert first == [[0], [1]] and [len(shard) for shard in taken(shards)][:2] == [3, 2]


def test_each_worker_goes_on_beside_what_it_has_done():
    """A hundred cases, two workers: one from the beginning, one from the middle; what is left in the end is shared out."""
    shards = shards_of(100, 2)
    done = {"one": shards.next("one"), "other": shards.next("other")}
    assert done == {"one": [0], "other": [50]}
    shards.took(4.0, [0])
    while shards:
        for worker, cases in done.items():
            cases += shards.next(worker)
    assert done["one"][:40] == [*range(40)] and done["other"][:40] == [*range(50, 90)]
    assert sorted(done["one"] + done["other"]) == [*range(100)]
    jumps = sum(b != a + 1 for cases in done.values() for a, b in pairwise(cases))
    assert jumps <= 6  # of 98 steps; taking turns it would be every second one


@given(st.lists(st.tuples(st.sampled_from(["one", "other", None]), st.integers(0, 5)), max_size=60), st.integers(1, 40))
def test_whatever_is_given_back_every_case_is_handed_over_once(asked, n_cases):
    """Whoever asks, and however many of what it was given come back: none is lost, and none is handed over twice."""
    shards, done = shards_of(n_cases, 2, size=4), []
    for worker, n_back in asked:
        cases = shards.next(worker)
        kept = cases[: max(0, len(cases) - n_back)]
        shards.give_back(cases[len(kept) :])
        done += kept
    for cases in taken(shards):
        done += cases
    assert sorted(done) == [*range(n_cases)]


def test_slow_cases_stand_alone_and_go_first():
    """Three of thirty have another tree, and take a minute: the first says so, and the other two are next."""
    cases = [{"risk.weight": k / 100, **({"world.tree.nodes": 4000} if k in (7, 15, 23) else {})} for k in range(30)]
    shards = Shards(range(30), cases, 2)
    assert [shards.next(), shards.next()] == [[0], [7]]
    shards.took(0.01, [0])
    shards.took(60.0, [7])
    rest = taken(shards)
    assert rest[:2] == [[15], [23]] and rest[2] == [1, 2, 3, 4, 5, 6, 8]


def test_a_shard_is_halved_until_the_culprit_stands_alone():
    """Case 5 of 8 kills whoever has it: eight, four, two, one, and once more."""
    shards = shards_of(8, 1, size=8)
    deaths, given_up, done = 0, [], []
    while shards:
        now = shards.next()
        if 5 in now:
            deaths += 1
            given_up += shards.died(now)
        else:
            done += now
    assert (deaths, given_up, sorted(done)) == (5, [5], [0, 1, 2, 3, 4, 6, 7])


# --- models and processes


def not_linear(block, sets):
    s, e = sets.offers[0]
    block.squared = pyo.Constraint(expr=block.contract[s, e, 2027] ** 2 <= 1.0)


@pytest.mark.parametrize("how", [{"workers": 1}, {"workers": 2}, {"executor": pool}], ids=["alone", "two", "pool"])
def test_a_model_that_is_none_is_one_error_and_not_a_row_of_every_case(model, how):
    with pytest.raises(DataError, match="squared"):
        sweep(model.extended(plan=not_linear), GOOD, **how)


def test_threads_leave_this_process_as_it_was(model, monkeypatch):
    monkeypatch.setattr("procure.lp.cores._of_affinity", lambda: 8)
    before = cores()
    with ThreadPoolExecutor(2) as threads:
        sweep(model, GOOD[:2], executor=threads)
    assert cores() == before
