"""kill -9, of the one who sweeps or of a worker, at random moments, ten times: resumed, the table is that of an undisturbed run."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from procure import Grid, load_model, read_sweep, sweep
from test_sweep import same

N_CASES, N_KILLS = 1_200, 10
RANGES = {
    "risk.weight": {"from": 0.0, "to": 0.9},
    "shortage.scale": {"from": 1.0, "to": 5.0, "spacing": "log"},
    "suppliers.lynas.offers.medium_heavy.2027": "low-high",
}
SWEEP = """
import sys
from procure import load_model, sweep
from test_sweep_kills import grid
print("begun", flush=True)
sweep(load_model("two-class"), grid(), sys.argv[1], workers=2)
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="no such signals here")]


def grid():
    return Grid.sample(RANGES, N_CASES)


@pytest.fixture(scope="module")
def undisturbed():
    return sweep(load_model("two-class"), grid(), workers=1)


def begun(folder):
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", SWEEP, str(folder)], env=here, stdout=subprocess.PIPE)
    parent.stdout.readline()
    return parent


def test_the_one_who_sweeps_is_killed_ten_times(tmp_path, undisturbed):
    chance, folder = random.Random(1), tmp_path / "runs"
    kept = []
    for k in range(N_KILLS):
        parent, n_parts = begun(folder), len(list(folder.glob("part-*")))
        while k % 2 and parent.poll() is None and len(list(folder.glob("part-*"))) == n_parts:
            time.sleep(0.1)  # every other one is killed after it has written something, however slow the machine
        time.sleep(chance.uniform(0.0, 4.0))
        parent.kill()
        parent.wait()
        parent.stdout.close()
        kept.append(len(read_sweep(folder)) if list(folder.glob("part-*")) else 0)
    assert kept == sorted(kept) and kept[-1] > 0, kept  # what was written is never lost
    assert same(sweep(load_model("two-class"), grid(), folder, workers=2), undisturbed)


def test_a_worker_is_killed_ten_times(tmp_path, undisturbed):
    chance, killed = random.Random(2), []
    parent = begun(tmp_path / "runs")
    while parent.poll() is None and len(killed) < N_KILLS:
        time.sleep(chance.uniform(0.5, 4.0))
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(parent.pid)], capture_output=True, text=True, check=False
        )
        workers = [int(pid) for pid in listed.stdout.split()]
        if workers:
            victim = chance.choice(workers)
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)
    assert parent.wait() == 0
    parent.stdout.close()
    assert len(killed) >= N_KILLS // 2
    assert same(sweep(load_model("two-class"), grid(), tmp_path / "runs", workers=1), undisturbed)
