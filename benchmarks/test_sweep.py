"""The book's sweep, chances and a capacity moved: ours and every peer, point by point, to the same cost.

Each round solves the next point, so the median is the time of one point. Peers get every number worked out; ours works
from the changed facts.
"""

from __future__ import annotations

import logging
from functools import cache

import pytest

import procure
from peers import PEERS, is_installed
from procure.errors import DataError
from subjects import beside_solver, peer_points, sizes, subject, sweep_points

N_POINTS = 12
#: Peers that take many seconds a point solve only the first few.
FEWER = {
    "pyomo-rebuilt": 3,
    "mpi-sppy-extensive": 1,
    "cvxpy-parametrised": 5,
    "linopy-rebuilt": 5,
    "scipy-rebuilt": 5,
    "highspy-cold": 5,
}
N_POINTS_OF_OURS = 120  # no two share a number, so nothing can be remembered from one to the next


@cache
def costs(name: str, n_points: int) -> list[float]:
    """The optimum at every point of the sweep, kUSD, each from a fresh solve."""
    model = subject(name)
    return [1e3 * procure.solve(model.with_(**point)).summary["objective"] for point in sweep_points(n_points)]


@pytest.mark.parametrize("sweep", ["both", "chances", "capacity"])
@pytest.mark.parametrize("name", ["book", "book-seabed"])
def test_procure(benchmark, timed, name, sweep):
    points = sweep_points(N_POINTS_OF_OURS, sweep)
    compiled = procure.compile(subject(name))
    compiled.solve()
    answers = []
    number = iter(range(10**9))

    def resolve():
        answers.append(compiled.solve(points[next(number) % len(points)]))

    benchmark.pedantic(resolve, rounds=len(points), iterations=1)
    for k in {0, len(answers) // 2, len(answers) - 1}:
        fresh = procure.solve(subject(name).with_(**points[k])).summary["objective"]
        assert answers[k].objective == pytest.approx(fresh, rel=1e-9)
    if sweep == "both" and timed:  # the points that the peers solve
        found = [1e3 * compiled.solve(point).objective for point in sweep_points(N_POINTS)]
        assert found == pytest.approx(costs(name, N_POINTS), rel=1e-9)
    benchmark.extra_info |= {
        "subject": name,
        "cost_musd": [answer.objective for answer in answers],
        **beside_solver(answers),
        **sizes(name),
    }


@pytest.mark.parametrize("peer", PEERS)
def test_peer(benchmark, timed, peer):
    if not is_installed(peer):
        pytest.skip(f"{peer} is not installed: pip install procure[bench]")
    logging.disable(logging.WARNING)
    name = "book" if timed else "book-small"
    points = peer_points(name, N_POINTS if timed else 2)
    expected = costs(name, len(points))
    solver = PEERS[peer][0](points)
    found: list[float] = []

    def resolve():
        found.append(solver.cost(points[len(found) % len(points)]))

    benchmark.pedantic(resolve, rounds=FEWER.get(peer, N_POINTS), iterations=1)
    assert found == pytest.approx([expected[k % len(points)] for k in range(len(found))], rel=1e-6)
    benchmark.extra_info |= {"subject": name, "cost_musd": [cost / 1e3 for cost in found]}


def test_a_wrong_point_is_a_fault():
    with pytest.raises(DataError):
        procure.compile(subject("book-small")).solve({"suppliers.china.rate.normal.ban": -1.0})
