"""What is shared out between processes, and how many of them find a core."""

import os

import pytest

from procure import SolverError
from procure.lp import cores
from procure.lp.workers import Workers

# --- parts in several processes


@pytest.mark.parametrize("n_helpers", [0, 1, 2])
def test_parts_keep_their_state_wherever_they_are(n_helpers):
    with Workers([[], [1], [2, 3]], 3, n_helpers) as workers:
        workers.ask(list.append, 7)
        workers.ask_each(list.append, [8, 9, 10])
        assert workers.ask(list.copy) == [[7, 8], [1, 7, 9], [2, 3, 7, 10]]


@pytest.mark.parametrize("parts", [[[1], []], [[], [1]]])
def test_a_fault_is_raised_here_and_leaves_no_answer_behind(parts):
    """Whichever process it happened in, the next question gets its own answer."""
    with Workers(parts, 2, n_helpers=1) as workers:
        with pytest.raises(IndexError):
            workers.ask(list.pop)
        assert workers.ask(list.copy) == [[], []]


def test_a_part_is_asked_by_a_method_of_its_own():
    with Workers([_Part(), _Other()], 2, n_helpers=1) as workers:
        assert workers.ask(_Part.name) == ["part", "other"]


def test_a_helper_that_dies_is_a_failure_told():
    with Workers([_Dying(), _Dying()], 2, n_helpers=1) as workers, pytest.raises(SolverError, match="helper"):
        workers.ask(_Dying.work)


class _Part:
    def name(self):
        return "part"


class _Other(_Part):
    def name(self):
        return "other"


class _Dying:
    """Ends whatever process it is in, but the one of the tests."""

    home = os.getpid()

    def __init__(self):
        self.made_in = self.home

    def work(self):
        if os.getpid() != self.made_in:
            os._exit(1)


# --- cores


def groups(folder, **limits):
    """Control groups as Linux shows them: `docker` holds `job`, and this process is in `job`."""
    for name, limit in limits.items():
        group = folder / {"root": "", "docker": "docker", "job": "docker/job"}[name]
        group.mkdir(parents=True, exist_ok=True)
        (group / "cpu.max").write_text(limit + "\n")
    (folder / "cgroup").write_text("0::/docker/job\n")
    return folder, folder / "cgroup"


@pytest.mark.parametrize(
    ("limits", "quota"),
    [
        ({}, float("inf")),
        ({"job": "max 100000"}, float("inf")),
        ({"job": "150000 100000"}, 1.5),
        ({"docker": "200000 50000", "job": "max 100000"}, 4.0),
        ({"docker": "200000 100000", "job": "400000 100000"}, 2.0),  # the tighter holds for both
        ({"root": "300000 100000"}, 3.0),  # as a container sees its own group
        ({"job": "something else"}, float("inf")),
    ],
)
def test_the_tightest_group_says_how_many_cores(tmp_path, limits, quota):
    assert cores.quota(*groups(tmp_path, **limits)) == quota


def test_a_machine_without_groups_has_no_quota(tmp_path):
    assert cores.quota(tmp_path, tmp_path / "absent") == float("inf")
    (tmp_path / "old").write_text("4:cpu,cpuacct:/docker\n")  # version 1 says it elsewhere
    assert cores.quota(tmp_path, tmp_path / "old") == float("inf")


@pytest.mark.parametrize(("quota", "idle"), [(0.5, 0), (1.0, 0), (2.9, 1), (3.0, 2), (float("inf"), 3)])
def test_a_core_is_whole_and_there_is_always_one(monkeypatch, quota, idle):
    """Processes that wait for each other gain nothing from half a core."""
    monkeypatch.setattr(cores, "quota", lambda: quota)
    monkeypatch.setattr(cores, "_of_affinity", lambda: 4)
    assert cores.idle_cores() == idle


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_affinity_is_respected(monkeypatch):
    monkeypatch.setattr(cores, "quota", lambda: float("inf"))
    usual = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(usual)})
        assert cores.cores() == 1
    finally:
        os.sched_setaffinity(0, usual)
