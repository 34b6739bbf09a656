"""Many cases of one model in one run: how many a second, of wall and of processor time, and the most memory of a process.

python benchmarks/cases.py two-class 10000 --workers 2
python benchmarks/cases.py book 2000 --workers 2
python benchmarks/cases.py japan 500 --workers 2          # half an hour
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
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
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        rows = procure.sweep(model, grid, Path(folder) / "runs", workers=asked.workers)
    wall = time.perf_counter() - started
    spent, most = 0.0, []
    for who, before in ((resource.RUSAGE_SELF, whole), (resource.RUSAGE_CHILDREN, parts)):
        now = resource.getrusage(who)
        spent += now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime
        most.append(now.ru_maxrss / 1024)  # of one process: the largest of the workers
    ended = ", ".join(f"{count:,} {status}" for status, count in rows["status"].value_counts().items())
    rates = f"{len(rows) / wall:,.1f} a second, {len(rows) / spent:,.1f} a CPU second"
    print(f"{asked.model}, {len(rows):,} cases ({ended}), workers {asked.workers}: {wall:,.0f} s, {rates}")
    print(f"at most {most[0]:,.0f} MB, a worker {most[1]:,.0f} MB")


if __name__ == "__main__":
    main()
