"""The main job: a sweep of japan, ten years and six programmes or strategies, over eight numbers at once.

`procure.sweep` beside the same cases by `procure.solve`, one after the other: CPU seconds a case, in one run. Each case ends
where a fresh solve ends, and what it proves of the programmes that it left is held against theirs. A hundred cases take ten
minutes, so they are marked slow; fresh solves are taken of a few of them.

python -m pytest benchmarks/test_japan.py -m slow --benchmark-json=japan.json
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import Any

import pytest

import procure
from procure import Grid
from subjects import subject

#: What varies, over the ranges of the tables where they have one; offers from what is committed to what may be had.
RANGES = {
    "risk.weight": {"from": 0.1, "to": 0.5},
    "shortage.scale": {"from": 1.0, "to": 5.0, "spacing": "log"},
    "suppliers.china.rate.friction.ban": "low-high",
    "suppliers.china.depth.controlled_2026_01.ban": "low-high",
    "suppliers.lynas.offers.Dy.2028": {"from": 75, "to": 187.5},
    "suppliers.caremag.offers.Dy.2027": {"from": 250, "to": 350},
    "limits.china_heavy_share.max": {"from": 0.5, "to": 0.8},
    "retaliations.seabed.china.friction.ban": "low-high",
}
#: Cases in all, and those that are solved afresh beside.
CASES, FRESH = 100, 5
#: What a smoke run takes: few nodes, two levels.
SMALL = {"world.tree.nodes": 120, "suppliers.seabed.programmes": ("none", "pilot")}


def spent() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds that some work takes, and what it returns."""
    before = spent()
    found = work()
    return spent() - before, found


@pytest.mark.parametrize("n_cases", [3, pytest.param(CASES, marks=pytest.mark.slow)])
def test_sweep_of_japan(benchmark, n_cases):
    model = subject("japan") if n_cases == CASES else subject("japan").with_(**SMALL)
    grid = Grid.sample(RANGES, n_cases)
    held: list[Any] = []
    benchmark.pedantic(
        lambda: held.append(cpu_seconds(lambda: procure.sweep(model, grid, workers=1))), rounds=1, iterations=1
    )
    ((whole, rows),) = held
    assert (rows["status"] == "optimal").all()

    fresh = 0.0
    chosen = range(0, n_cases, max(1, n_cases // FRESH))
    for number in chosen:
        changed = model.with_(**{path: float(rows[path].iloc[number]) for path in RANGES})
        seconds, answer = cpu_seconds(lambda changed=changed: procure.solve(changed))
        fresh += seconds
        row = rows.iloc[number]
        assert row["objective_musd"] == pytest.approx(answer.summary["objective"], rel=1e-6)
        levels = answer.programme_levels.set_index("level")["objective_musd"]
        for name, cost in levels.items():  # a level is left once it is proved dearer than the best
            assert row["objective_musd"] * (1 - 1e-6) <= row[f"level_bound.{name}"] <= cost * (1 + 1e-6)
    benchmark.extra_info |= {
        "cases": n_cases,
        "cpu_seconds_per_case": whole / n_cases,
        "cpu_seconds_per_solve": fresh / len(chosen),
        "times_solve": (fresh / len(chosen)) / (whole / n_cases),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "cost_musd": rows["objective_musd"].tolist(),
    }


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_sweep_of_japan_on_processes(benchmark, workers, tmp_path):
    """The same design, by one process of its own and by two: the ratio of the wall times is what a core adds."""
    model, grid = subject("japan"), Grid.sample(RANGES, CASES)

    def swept():
        return procure.sweep(model, grid, tmp_path / "runs", executor="processes", workers=workers)

    whole, rows = benchmark.pedantic(lambda: cpu_seconds(swept), rounds=1, iterations=1)
    assert (rows["status"] == "optimal").all()
    benchmark.extra_info |= {
        "cases": len(rows),
        "cpu_seconds_per_case": whole / len(rows),
        "cost_musd": rows["objective_musd"].tolist(),
    }
