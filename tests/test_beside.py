"""procure beside whoever else uses HiGHS: highspy, SciPy, Pyomo; in threads, in forked and spawned processes; and Ctrl-C.

HiGHS keeps a scheduler per thread and refuses another number of threads there, so what a process did before decides what it can
do now: every story is told in a process of its own.
"""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import highspy
import numpy as np
import pytest
from scipy import optimize, sparse

import procure
from procure import load_model
from procure.lp import highs_threads
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Status
from procure.solving import compiled, level

HERE = Path(__file__).parent
#: Seconds within which Ctrl-C is heard, and a process that was interrupted ends. HiGHS looks up a few times a second.
PATIENCE = 10.0


def cost(_=None) -> float:
    return procure.solve(procure.load_model("two-class")).summary["objective"]


# --- hosts: min x + 2 y, x + y >= 3, 0 <= x <= 2, so x = 2, y = 1 and the cost is 4


def host_highspy(**options) -> float:
    h = highspy.Highs()
    for name, value in {"output_flag": False, **options}.items():
        h.setOptionValue(name, value)
    x, y = h.addVariable(0, 2, 1), h.addVariable(0, highspy.kHighsInf, 2)
    h.addConstr(x + y >= 3)
    assert h.run() == highspy.HighsStatus.kOk
    return h.getObjectiveValue()


def host_linprog() -> float:
    return optimize.linprog([1, 2], [[-1, -1]], [-3], bounds=[(0, 2), (0, None)]).fun


def host_milp() -> float:
    rows = optimize.LinearConstraint([[1, 1]], 3)
    return optimize.milp([1, 2], constraints=rows, bounds=optimize.Bounds([0, 0], [2, np.inf]), integrality=[1, 1]).fun


def host_pyomo(name: str) -> float:
    import pyomo.environ as pyo

    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, 2)), pyo.Var(bounds=(0, None))
    m.cost = pyo.Objective(expr=m.x + 2 * m.y)
    m.enough = pyo.Constraint(expr=m.x + m.y >= 3)
    pyo.SolverFactory(name).solve(m)
    return pyo.value(m.cost)


HOSTS = {
    "highspy": host_highspy,
    "highspy, two threads": lambda: host_highspy(threads=2),
    "highspy, parallel": lambda: host_highspy(parallel="on"),
    "linprog": host_linprog,
    "milp": host_milp,
    "appsi_highs": lambda: host_pyomo("appsi_highs"),
    "highs": lambda: host_pyomo("highs"),
}


# --- the stories, each told in a process of its own


def tell(story: str, *, timeout: float = 60.0) -> None:
    # Where the tests run in the background, interrupts are ignored, and a child takes that over.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-W", "ignore", "-c", f"{heard}; import test_beside; test_beside.{story}"]
    told = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=timeout, check=False)
    assert told.returncode == 0, told.stderr


def between_all() -> None:
    """Ours comes after, between and before all others, which all go on working; ours costs the same every time."""
    hosts = list(HOSTS.values())
    expected = None
    for turn in range(20):
        assert hosts[turn % len(hosts)]() == pytest.approx(4.0)
        expected = expected or cost()
        assert cost() == pytest.approx(expected, rel=1e-12)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(cost, range(8)))
    assert found == pytest.approx([expected] * 8, rel=1e-12)
    for host in hosts:
        assert host() == pytest.approx(4.0)

    async def notebook() -> float:
        return cost()

    assert asyncio.run(notebook()) == pytest.approx(expected, rel=1e-12)
    fork_here(expected)


def first_of_all(threads: int) -> None:
    """Ours comes first; then the host's HiGHS may have any number of threads, in our thread as in others."""
    expected = cost()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(host_highspy, threads=threads).result() == pytest.approx(4.0)
        assert pool.submit(cost).result() == pytest.approx(expected, rel=1e-12)
    assert host_highspy(threads=threads) == pytest.approx(4.0)
    assert cost() == pytest.approx(expected, rel=1e-12)
    assert host_highspy(threads=threads) == pytest.approx(4.0)
    fork_here(expected)


def one_compiled_in_threads() -> None:
    """Whoever serves others asks one compiled model from several threads: each has the answer to its own question."""
    model, offer = procure.load_model("two-class"), "suppliers.lynas.offers.medium_heavy.2027"
    cases = [{"risk.weight": weight, offer: tonnes} for weight in (0.0, 0.5, 1.0) for tonnes in (500.0, 600.0, 900.0)]
    fresh = [procure.solve(model.with_(**case), foresight=False).summary["objective"] for case in cases]
    one = procure.compile(model)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda case: one.solve(case).portfolio.summary["objective"], cases * 5))
    assert found == pytest.approx(fresh * 5, rel=1e-9)


def fork_here(expected: float) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0 if cost() == pytest.approx(expected, rel=1e-12) else 1)
    assert os.waitpid(child, 0)[1] == 0


def in_workers() -> None:
    """In spawned and in forked workers, after ours and the host's in this process."""
    expected = cost()
    host_highspy()
    for start in ("spawn", "fork"):
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(start)) as pool:
            assert list(pool.map(cost, range(3))) == pytest.approx([expected] * 3, rel=1e-12)


def long_program() -> LinearProgram:
    """Market split, 40 whole numbers in 5 equations: minutes of search."""
    random = np.random.default_rng(1)
    split = random.integers(0, 100, (5, 40)).astype(float)
    slack = np.hstack([np.eye(5), -np.eye(5)])
    half = np.floor(split.sum(axis=1) / 2)
    return LinearProgram(
        np.r_[np.zeros(40), np.ones(10)], sparse.csc_matrix(np.hstack([split, slack])), half, half,
        np.zeros(50), np.r_[np.ones(40), np.full(10, np.inf)], np.r_[np.ones(40, dtype=bool), np.zeros(10, dtype=bool)],
    )  # fmt: skip


def interrupted(then: str) -> None:
    """Ctrl-C while HiGHS runs is heard at once; then the process ends, or solves on with the same solver and with others."""
    solver = Solver(long_program())
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        solver.solve()
    assert time.perf_counter() - started < 1.0 + PATIENCE
    if then == "end":
        return
    thread = highs_threads._threads[0]
    assert cost() > 0 and (thread.task is None or len(highs_threads._threads) > 1)
    solver.change_bounds(np.arange(40), np.zeros(40), np.zeros(40))  # waits until the first run has stopped
    found = solver.solve()
    half = long_program().row_lower.sum()
    assert (found.status, found.objective) == (Status.OPTIMAL, pytest.approx(half))


def interrupted_portfolio() -> None:
    """Ctrl-C while programme levels are solved side by side is heard by all of them."""
    model = load_model("japan").with_(**{"world.tree.nodes": 160, "model.elements": ("Dy",), "model.highlight": ()})
    compiled.MANY_ROWS, level.optimum = 0, lambda *_: Solver(long_program()).solve()
    threading.Timer(6.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        procure.solve(model)
    assert time.perf_counter() - started < 6.0 + PATIENCE


def test_between_all_others():
    tell("between_all()")


@pytest.mark.parametrize("threads", [0, 2])
def test_before_all_others(threads):
    tell(f"first_of_all({threads})")


def test_in_workers():
    tell("in_workers()")


def test_one_compiled_in_threads():
    tell("one_compiled_in_threads()")


@pytest.mark.parametrize("then", ["end", "solve on"])
def test_ctrl_c_is_heard_and_leaves_nothing_behind(then):
    started = time.perf_counter()
    tell(f"interrupted({then!r})", timeout=40.0)
    assert time.perf_counter() - started < 30.0


def test_ctrl_c_is_heard_where_levels_are_solved_side_by_side():
    tell("interrupted_portfolio()", timeout=40.0)


# --- threads in which HiGHS runs


def test_a_thread_is_used_again_and_several_at_once_get_several():
    me = threading.get_ident()
    first = highs_threads.Task(threading.get_ident).result()
    assert first != me and highs_threads.Task(threading.get_ident).result() == first
    barrier = threading.Barrier(3)

    def meet() -> int:
        barrier.wait(10)
        return threading.get_ident()

    with ThreadPoolExecutor(3) as pool:
        found = [one.result() for one in [pool.submit(highs_threads.Task(meet).result) for _ in range(3)]]
    assert len(set(found)) == 3


def test_a_thread_keeps_to_one_size_of_scheduler():
    one, two = (highs_threads.Task(threading.get_ident, n).result() for n in (1, 2))
    assert one != two


def test_what_is_asked_for_in_a_thread_is_done_there():
    def twice(n_threads: int) -> tuple[int, int]:
        return threading.get_ident(), highs_threads.Task(threading.get_ident, n_threads).result()

    outer, inner = highs_threads.Task(lambda: twice(1)).result()
    assert outer == inner
    outer, inner = highs_threads.Task(lambda: twice(2)).result()
    assert outer != inner
    with pytest.raises(ZeroDivisionError):
        highs_threads.Task(lambda: highs_threads.Task(lambda: 1 // 0).result()).result()


def test_an_error_is_raised_where_the_work_was_asked_for():
    with pytest.raises(ZeroDivisionError):
        highs_threads.Task(lambda: 1 // 0).result()
    assert highs_threads.Task(lambda: 1).result() == 1


def test_a_hand_off_is_quick():
    def seconds() -> float:
        started = time.perf_counter()
        highs_threads.Task(int).result()
        return time.perf_counter() - started

    assert np.median([seconds() for _ in range(200)]) < 1e-3  # some 15 microseconds where nothing else is going on


def test_any_number_of_threads_can_be_asked_for():
    """A thread's scheduler has as many threads as the solver was told, and the solver may be told anew."""
    program = LinearProgram(
        np.array([1.0, 2.0]), sparse.csc_matrix([[1.0, 1.0]]), np.array([3.0]), np.array([np.inf]),
        np.zeros(2), np.array([2.0, np.inf]),
    )  # fmt: skip
    solver = Solver(program)
    for n_threads in (1, 2, 0, 1):
        solver.set_options({"threads": n_threads})
        assert solver.solve().objective == 4.0
