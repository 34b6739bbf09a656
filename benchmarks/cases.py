"""Many cases of one model in one run: how many a second, of wall and of processor time, and the most memory of a process.

python benchmarks/cases.py two-class 10000 --workers 2
python benchmarks/cases.py book 2000 --workers 2
python benchmarks/cases.py japan 500 --workers 2          # ten minutes
"""

from __future__ import annotations

import argparse
import re
import resource
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import procure
from procure import Grid
from subjects import subject, sweep_points

#: What varies in each model: numbers of every room, over the ranges of the tables where they have one.
RANGES = {
    "two-class": {
        "risk.weight": {"from": 0.1, "to": 0.9},
        "suppliers.china.rate.normal.failed": {"from": 0.1, "to": 0.8},
        "suppliers.lynas.offers.medium_heavy.2027": "low-high",
        "prices.light.licensed": "low-high",
    },
    "japan": {
        "risk.weight": {"from": 0.1, "to": 0.6},
        "shortage.scale": {"from": 1.0, "to": 5.0, "spacing": "log"},
        "suppliers.china.rate.normal.ban": "low-high",
        "limits.china_heavy_share.max": {"from": 0.5, "to": 0.8},
    },
}


class Workers(threading.Thread):
    """Watches the processes that this one has: a child that is waited for counts what its parent had when it was made, too."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most_mb = 0.0
        self._is_over = threading.Event()

    def run(self) -> None:
        """Note, every second, the most memory that any of them has had; nothing where there is no such list."""
        children = Path("/proc/self/task", str(threading.main_thread().native_id), "children")
        while not self._is_over.wait(1.0):
            for pid in children.read_text().split() if children.exists() else ():
                with suppress(OSError):  # it has ended
                    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc", pid, "status").read_text())
                    self.most_mb = max(self.most_mb, int(found[1]) / 1024 if found else 0.0)

    def end(self) -> float:
        """The most memory of one of them, MB."""
        self._is_over.set()
        self.join()
        return self.most_mb


def main() -> None:
    """Run the cases with a store, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=["two-class", "book", "japan"])
    parser.add_argument("cases", type=int)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    if asked.model == "book":
        model, grid = subject("book"), sweep_points(asked.cases)
    else:
        model, grid = procure.load_model(asked.model), Grid.sample(RANGES[asked.model], asked.cases)
        if asked.model == "two-class":
            model = model.with_(**{"risk.weight": 0.3})  # a tail that weighs already
    whole, parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    started, workers = time.perf_counter(), Workers()
    workers.start()
    with tempfile.TemporaryDirectory() as folder:
        rows = procure.sweep(model, grid, Path(folder) / "runs", workers=asked.workers)
    wall = time.perf_counter() - started
    most, spent = workers.end(), 0.0
    for who, before in ((resource.RUSAGE_SELF, whole), (resource.RUSAGE_CHILDREN, parts)):
        now = resource.getrusage(who)
        spent += now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime
    ended = ", ".join(f"{count:,} {status}" for status, count in rows["status"].value_counts().items())
    rates = f"{len(rows) / wall:,.1f} a second, {len(rows) / spent:,.1f} a CPU second"
    print(f"{asked.model}, {len(rows):,} cases ({ended}), workers {asked.workers}: {wall:,.0f} s, {rates}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"at most {own:,.0f} MB" + (f", a worker {most:,.0f} MB" if most else ""))


if __name__ == "__main__":
    main()
