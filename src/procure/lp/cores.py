"""How many cores this process may use, which is often fewer than the machine has."""

from __future__ import annotations

import os
from pathlib import Path

#: Where Linux shows the control groups (version 2), and which of them this process is in.
GROUPS, OWN_GROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


#: The most that this process takes, where others beside it work on the same: one number, set by `take_at_most`.
_most_taken = [float("inf")]


def take_at_most(n_cores: int) -> None:
    """From now on this process takes no more cores than these: others beside it have theirs."""
    _most_taken[0] = n_cores


def cores() -> int:
    """How many cores this process may use, at least one: as its affinity says, the quota of its container, and `take_at_most`."""
    return max(1, int(min(_of_affinity(), quota(), *_most_taken)))


def idle_cores() -> int:
    """How many processes beside this one find a core."""
    return cores() - 1


def quota(groups: Path = GROUPS, own: Path = OWN_GROUP) -> float:
    """How many cores' time the control groups of this process get, by the tightest of them; inf where nothing says."""
    try:
        names = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return float("inf")
    # A line of version 2 is 0::/path; those of version 1 have other numbers.
    inside = next((Path(name[len("0::/") :]) for name in names if name.startswith("0::/")), Path())
    return min(_most(groups / group / "cpu.max") for group in (inside, *inside.parents))


def _of_affinity() -> int:
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _most(limit: Path) -> float:
    """The cores of one group: "150000 100000" are 150 of every 100 ms, one and a half; "max 100000" is no limit."""
    try:
        time, period = limit.read_text(encoding="ascii").split()
        return float("inf") if time == "max" else int(time) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # no such group, or something else than a limit
        return float("inf")
