"""The phases of our own way apart: build, first solve, re-solve; and the memory they take."""

from __future__ import annotations

import resource
import tracemalloc

import pytest

import procure
from procure.program.templates import forget
from subjects import BAN, CAPACITY, beside_solver, sizes, subject

SUBJECTS = ["two-class", "book", "book-seabed", pytest.param("japan", marks=pytest.mark.slow)]
MOVES = {"chances": {BAN: 0.2}, "weight": {"risk.weight": 0.5}, "capacity": {CAPACITY: 280.0}}


@pytest.mark.parametrize("name", SUBJECTS)
def test_build(benchmark, name):
    """From the facts to a loaded program, Pyomo's part included."""
    model = subject(name)
    benchmark.pedantic(procure.compile, args=(model,), setup=forget, rounds=3)
    benchmark.extra_info |= {"subject": name, **sizes(name)}


@pytest.mark.parametrize("name", SUBJECTS)
def test_first_solve(benchmark, name):
    answers = []
    benchmark.pedantic(
        lambda compiled: answers.append(compiled.solve()),
        setup=lambda: ((procure.compile(subject(name)),), {}),
        rounds=3,
    )
    benchmark.extra_info |= {
        "subject": name,
        "cost_musd": answers[-1].objective,
        **beside_solver(answers),
    }


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("name", SUBJECTS[1:])
def test_resolve(benchmark, name, move):
    """There and back: one change, and the model as compiled."""
    compiled = procure.compile(subject(name))
    base = compiled.solve()

    def there_and_back():
        return compiled.solve(MOVES[move]), compiled.solve()

    moved, back = benchmark.pedantic(there_and_back, rounds=10)
    assert back.objective == pytest.approx(base.objective, rel=1e-9)
    benchmark.extra_info |= {
        "subject": name,
        "cost_musd": [moved.objective, back.objective],
        **beside_solver([moved, back]),
    }


@pytest.mark.parametrize("name", SUBJECTS)
def test_memory(benchmark, name):
    """Peak of what Python holds while building and solving (HiGHS keeps its own), and of the whole process so far."""
    tracemalloc.start()
    answer = benchmark.pedantic(lambda: procure.compile(subject(name)).solve(), rounds=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    benchmark.extra_info |= {
        "subject": name,
        "cost_musd": answer.objective,
        "peak_mb": peak / 1e6,
        "process_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }
