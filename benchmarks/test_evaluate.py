"""A plan played on fresh paths: the lattice of its law, the numbers of every state, the rule of every element, and its paths."""

from __future__ import annotations

import pytest

import procure
from subjects import subject

PATHS = 10_000


@pytest.mark.parametrize("name", ["two-class", "book", "japan"])
def test_evaluate(benchmark, name):
    model = subject(name)
    if name == "japan":  # any plan will do
        model = model.with_(**{"world.tree.nodes": 60, "world.tree.branch": (2027,)})
    portfolio = procure.solve(model, foresight=False, verdict=False)
    result = benchmark.pedantic(procure.evaluate, args=(portfolio, PATHS), warmup_rounds=1, rounds=3)
    costs = result.costs.set_index("measure").loc["weighed"]
    benchmark.extra_info |= {
        "subject": name, "paths": PATHS, "cost_musd": costs["musd"], "error_musd": costs["standard_error_musd"],
    }  # fmt: skip
