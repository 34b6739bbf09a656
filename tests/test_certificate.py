"""Answers are believed for their arithmetic: what holds, what does not, and what is done about it.

HiGHS issues 3194 and 3294 (warm starts that end "optimal" and are not) come with programs of ten thousand rows, or with none;
here HiGHS is made to answer what it answered last.
"""

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy import sparse

import procure
from procure.lp import highs
from procure.lp.certificate import certify
from procure.lp.highs import Solver, solve
from procure.lp.program import Certificate, LinearProgram, Solution, Status
from test_beside import long_program

INF = np.inf


def program(cost, matrix, row_lower, row_upper, lower, upper, **more) -> LinearProgram:
    numbers = (np.array(v, dtype=float) for v in (cost, row_lower, row_upper, lower, upper))
    cost, *bounds = numbers
    return LinearProgram(cost, sparse.csc_matrix(np.array(matrix, dtype=float)), *bounds, **more)


def claim(status, x=(), dual=(), objective=np.nan, ray=None, bound=np.nan) -> Solution:
    ray = None if ray is None else np.array(ray, dtype=float)
    x, dual = np.array(x, dtype=float), np.array(dual, dtype=float)
    return Solution(status, objective, x, dual, np.empty(0), bound, 0, 0.0, status.value, ray)


#: min x + 2 y, x + y >= 3, 0 <= x <= 2, y >= 0: x = 2, y = 1, cost 4, and the row is worth 2.
BUY = program([1, 2], [[1, 1]], [3], [INF], [0, 0], [2, INF])

seeds = given(seed=st.integers(0, 10**9))
few = settings(max_examples=60, deadline=None, derandomize=True)


def random_program(seed: int) -> LinearProgram:
    """A program with an optimum: rows and bounds hold at a point, and costs are what row duals and reduced costs add up to."""
    random = np.random.default_rng(seed)
    m, n = random.integers(2, 20), random.integers(2, 30)
    matrix = sparse.random(m, n, density=min(1.0, 0.1 + 3 / m), random_state=random, format="csc")
    matrix.data = random.choice([-1.0, 1.0, 2.0, 0.5, 1 / 3], len(matrix.data))
    x = np.where(random.random(n) < 0.5, 0.0, random.integers(0, 10, n)) * 10.0 ** random.integers(-1, 4)
    upper = np.where(random.random(n) < 0.5, INF, np.maximum(x, random.integers(1, 20, n)))
    slack = random.choice([0.0, 1.0], (2, m))
    row_lower = np.where(random.random(m) < 0.6, matrix @ x - slack[0], -INF)
    row_upper = np.where(random.random(m) < 0.6, matrix @ x + slack[1], INF)
    dual = np.where(np.isinf(row_lower), 0, random.choice([0, 1, 100], m) * random.random(m))
    dual = dual - np.where(np.isinf(row_upper), 0, random.choice([0, 1, 100], m) * random.random(m))
    cost = matrix.T @ dual + random.choice([0, 1, 1000], n) * random.random(n)
    return LinearProgram(cost, matrix, row_lower, row_upper, np.zeros(n), upper)


# --- what holds, and what does not


def test_an_optimum_by_hand():
    """At the dual 2 the reduced costs are -1 and 0: 2·3 - 1·2 = 4 is proved. At the dual 1 it is 3, and x = 1, y = 2 costs 5."""
    best = claim(Status.OPTIMAL, [2, 1], [2], 4)
    assert certify(BUY, best) == Certificate(True, 0.0, 0.0, 4.0, 0.0, "duals")
    for wrong, fault in (
        (replace(best, x=np.array([1.0, 2.0])), "is said to be 4, and is 5"),
        (replace(best, x=np.array([1.0, 2.0]), objective=5.0), "its duals prove 4"),
        (replace(best, x=np.array([2.0, 0.5])), "row 0 is missed by 0.5"),
        (replace(best, x=np.array([3.0, 0.0])), "the bound of column 0 is missed by 1"),
        (replace(best, x=np.array([2.0, np.nan])), "is not made of numbers"),
        (replace(best, x=np.array([2.0, INF])), "is not made of numbers"),
        (replace(best, row_dual=np.array([1.0])), "its duals prove 3"),
        (replace(best, row_dual=np.array([3.0])), "its duals prove -inf"),
        (replace(best, row_dual=np.array([np.nan])), "its duals prove 0"),
        (replace(best, objective=3.9), "is said to be 3.9, and is 4"),
        (replace(best, status=Status.INFEASIBLE), "nothing proves"),
        (replace(best, status=Status.INFEASIBLE, ray=np.array([2.0])), "does not prove"),
        (replace(best, status=Status.UNBOUNDED, ray=np.array([0.0, 1.0])), "does not prove"),
        (replace(best, status=Status.FAILED, message="Unknown"), "ended with 'Unknown'"),
    ):
        found = certify(BUY, wrong)
        assert not found.holds and fault in found.fault


def test_no_point_and_no_end_by_hand():
    """x <= 2 and x + y <= 1 leave no room for x + y >= 3. With a cost of -1, y may grow for ever once nothing caps it."""
    none = replace(BUY, row_upper=np.array([1.0]))
    assert certify(none, claim(Status.INFEASIBLE)).proof == "bounds"
    two_rows = program([1, 2], [[1, 1], [1, 1]], [3, -INF], [INF, 1], [0, 0], [2, INF])
    for ray in ([1, -1], [-5, 5]):
        assert certify(two_rows, claim(Status.INFEASIBLE, ray=ray)) == Certificate(True, bound=INF, proof="ray")
    for ray in ([1, 0], [1, 1], [np.nan, 1]):
        assert not certify(two_rows, claim(Status.INFEASIBLE, ray=ray)).holds
    endless = replace(BUY, cost=np.array([1.0, -1.0]))
    assert certify(endless, claim(Status.UNBOUNDED, [2, 1], ray=[0, 1])).holds
    for x, ray in (([2, 0], [0, 1]), ([2, 1], [1, 1]), ([2, 1], [0, -1]), ([2, 1], [0, 0]), ([2, 1], [np.nan, 1])):
        assert not certify(endless, claim(Status.UNBOUNDED, x, ray=ray)).holds


def test_misses_are_seen_beside_what_stands_in_the_row():
    """x = y = 1e6 bars one another out in x - y = 0: a miss of 1e-3 is the rounding of 2e6, and of 2 it is not."""
    for size, holds in ((1e6, True), (1.0, False)):
        small = program([1, 1], [[1, -1]], [0], [0], [size, 0], [INF, INF])
        assert certify(small, claim(Status.OPTIMAL, [size, size - 1e-3], [0.0], 2 * size - 1e-3)).violation == approx(
            1e-3 / max(1.0, 2 * size), rel=1e-3
        )
        assert ("missed" not in certify(small, claim(Status.OPTIMAL, [size, size - 1e-3], [-1.0], 0)).fault) is holds


def test_whole_numbers_by_hand():
    """min 2 x + 3 y, 2 x + 2 y >= 5 in whole numbers: x = 3, cost 6; halves would cost 5."""
    whole = program([2, 3], [[2, 2]], [5], [INF], [0, 0], [9, 9], integer=np.array([True, True]))
    best = solve(whole)
    assert (best.objective, best.certificate.proof, best.certificate.holds) == (6.0, "solver", True)
    for wrong, fault in (
        (replace(best, x=np.array([2.5, 0.0]), objective=5.0), "a whole number is off by 0.5"),
        (replace(best, x=np.array([2.0, 0.0]), objective=4.0), "row 0 is missed by 1"),
        (replace(best, bound=5.0), "its bound is 5"),
        (replace(best, bound=-INF), "its bound is -inf"),
        (replace(best, objective=5.0), "is said to be 5, and is 6"),
    ):
        assert fault in certify(whole, wrong).fault


def test_no_whole_optimum_is_shown_by_the_relaxation_or_by_two_searches():
    """2 x + 2 y = 3 has halves only; x + y >= 20 has not even these; -x falls without end, also in whole numbers."""
    both = np.array([True, True])
    halves = solve(program([1, 1], [[2, 2]], [3], [3], [0, 0], [9, 9], integer=both))
    assert (halves.status, halves.certificate.proof) == (Status.INFEASIBLE, "searches")
    none = solve(program([1, 1], [[1, 1]], [20], [INF], [0, 0], [9, 9], integer=both))
    assert (none.status, none.certificate.proof) == (Status.INFEASIBLE, "ray")
    endless = solve(program([-1, 0], [[1, -1]], [-INF], [0.5], [0, 0], [INF, INF], integer=both))
    assert (endless.status, endless.certificate.proof) == (Status.UNBOUNDED, "ray")
    assert (halves.resolved_cold, none.resolved_cold, endless.resolved_cold) == (0, 0, 0)


# --- over random programs


@seeds
@few
def test_optima_hold_and_nothing_else_does(seed):
    """Whatever is claimed of a program with an optimum: if it holds, it is the optimum."""
    random, lp = np.random.default_rng(seed), random_program(seed)
    best = solve(lp, {"presolve": "off"} if seed % 2 else None)
    assert best.status is Status.OPTIMAL and best.certificate.holds and best.resolved_cold == 0
    assert abs(best.certificate.gap) < 1e-10 and best.bound == approx(best.objective)
    size = max(1.0, abs(best.objective))
    for _ in range(20):
        x, dual = best.x.copy(), best.row_dual.copy()
        if random.random() < 0.7:
            x[random.integers(len(x))] += random.normal() * 10.0 ** random.integers(-6, 3)
        if random.random() < 0.7:
            dual[random.integers(len(dual))] += random.normal() * 10.0 ** random.integers(-6, 3)
        objective = float(lp.cost @ x) if random.random() < 0.8 else best.objective - random.random() * size
        other = certify(lp, replace(best, x=x, row_dual=dual, objective=objective))
        assert not other.holds or objective == approx(best.objective, rel=3e-8, abs=3e-8)
    for ray in (dual, random.normal(size=len(dual)), best.row_dual):
        assert not certify(lp, claim(Status.INFEASIBLE, ray=ray)).holds
    for ray in (x, random.normal(size=len(x))):
        assert not certify(lp, claim(Status.UNBOUNDED, best.x, ray=ray)).holds


@seeds
@few
def test_rays_hold_with_and_without_presolve(seed):
    """A point that a row bars, and a column that nothing caps: shown whatever way HiGHS went, also where it has no ray."""
    random, lp = np.random.default_rng(seed), random_program(seed)
    options = [{}, {"presolve": "off"}, {"simplex_strategy": 4}, {"solver": "ipx"}][seed % 4]
    weight = random.random(len(lp.row_lower)) * np.isfinite(lp.row_lower)
    barred = replace(
        lp,
        matrix=sparse.csc_matrix(sparse.vstack([lp.matrix, (lp.matrix.T @ weight)[None]])),
        row_lower=np.r_[lp.row_lower, -INF],
        row_upper=np.r_[lp.row_upper, weight @ np.where(np.isfinite(lp.row_lower), lp.row_lower, 0.0) - 0.01],
    )
    found = solve(barred, options)
    assert (found.status, found.certificate.holds) == (Status.INFEASIBLE, True)
    extra = np.where(np.isfinite(lp.row_upper), -1.0, 1.0) * (np.isinf(lp.row_lower) | np.isinf(lp.row_upper))
    endless = replace(
        lp,
        cost=np.r_[lp.cost, -1.0],
        matrix=sparse.csc_matrix(sparse.hstack([lp.matrix, extra[:, None]])),
        lower=np.r_[lp.lower, 0.0],
        upper=np.r_[lp.upper, INF],
    )
    found = solve(endless, options)
    assert (found.status, found.certificate.holds) == (Status.UNBOUNDED, True)


@pytest.mark.parametrize("seed", [*range(20), 51, 301, 5276])
def test_a_chain_of_warm_starts_equals_cold_ones(seed):
    """In the last three HiGHS 1.16.0 itself ends a warm start with 'Unknown', where a cold one has the answer."""
    random, lp = np.random.default_rng(seed), random_program(seed)
    solver = Solver(lp)
    for _ in range(10):
        warm, cold = solver.solve(), solve(lp)
        assert warm.certificate.holds and cold.certificate.holds and warm.status is cold.status
        assert warm.objective == approx(cold.objective, rel=2e-8, abs=2e-8) or warm.status is not Status.OPTIMAL
        some, shift = random.random(len(lp.cost)) < 0.3, random.normal(size=len(lp.row_lower))
        lp = replace(
            lp,
            cost=lp.cost + some * random.normal(size=len(lp.cost)),
            upper=np.where(some & (random.random(len(some)) < 0.3), random.integers(0, 9, len(some)), lp.upper),
            row_lower=lp.row_lower + 0.1 * shift,
            row_upper=lp.row_upper + 0.1 * shift,
        )
        assert solver.move_to(lp)


# --- what is done about it


@pytest.fixture
def stale(monkeypatch):
    """Makes HiGHS answer what it answered last, until its basis is dropped."""

    def make(solver: Solver) -> None:
        last, run, read = solver.run(), solver._run, highs._QuietHighs.getSolution
        found = read(solver._highs)
        kept = SimpleNamespace(**{name: list(getattr(found, name)) for name in ("col_value", "col_dual", "row_dual")})
        monkeypatch.setattr(solver, "_run", lambda seconds: run(seconds) if solver._is_cold else last)
        forget = solver.forget
        monkeypatch.setattr(highs._QuietHighs, "getSolution", lambda model: kept)

        def drop() -> None:
            monkeypatch.setattr(highs._QuietHighs, "getSolution", read)
            forget()

        monkeypatch.setattr(solver, "forget", drop)

    return make


@pytest.mark.parametrize("change", ["cost", "bound", "row", "entry"])
def test_a_stale_answer_is_seen_and_solved_again_cold(stale, change):
    """x at most 1: 1 + 4 = 5; y at 3: 2 + 3 = 5; 4 t: 2 + 4 = 6; y counting half: 2 + 4 = 6."""
    moved, optimum = {
        "cost": (replace(BUY, cost=np.array([1.0, 3.0])), 5.0),
        "bound": (replace(BUY, upper=np.array([1.0, INF])), 5.0),
        "row": (replace(BUY, row_lower=np.array([4.0])), 6.0),
        "entry": (replace(BUY, matrix=sparse.csc_matrix([[1.0, 0.5]])), 6.0),
    }[change]
    solver = Solver(BUY)
    assert (solver.solve().objective, solver.solve().resolved_cold) == (4.0, 0)
    stale(solver)
    assert solver.solve().resolved_cold == 0  # nothing moved: what it says still holds
    assert solver.move_to(moved)
    found = solver.solve()
    assert (found.status, found.objective, found.resolved_cold) == (Status.OPTIMAL, optimum, 1)
    assert found.certificate.holds


def test_a_stale_verdict_is_seen_and_solved_again_cold(stale):
    """x + y <= 2 leaves no room for 3; at least 1 does: x = 1, cost 1."""
    none = program([1, 2], [[1, 1], [1, 1]], [3, -INF], [INF, 2], [0, 0], [2, INF])
    solver = Solver(none, {"presolve": "off"})
    assert solver.solve().status is Status.INFEASIBLE
    stale(solver)
    solver.change_rows([0], [1.0], [INF])
    found = solver.solve()
    assert (found.status, found.objective, found.resolved_cold) == (Status.OPTIMAL, 1.0, 1)


def test_where_nothing_holds_the_answer_is_none(monkeypatch):
    monkeypatch.setattr(highs, "of_optimum", lambda *_: Certificate(False, fault="it is Friday"))
    found = solve(BUY)
    assert (found.status, found.message) == (Status.FAILED, "Optimal, but it is Friday")
    assert found.resolved_cold == len(highs.OTHER_WAYS) - 1  # the first was cold already
    solver = Solver(BUY, {"presolve": "off"})
    solver.run()
    assert solver.solve().resolved_cold == len(highs.OTHER_WAYS)
    monkeypatch.undo()
    assert (solver.solve().objective, solver._highs.getOptionValue("presolve")[1]) == (4.0, "off")


def test_going_cold_is_counted_in_the_answer(monkeypatch):
    model = procure.load_model("two-class")
    usual = procure.solve(model).summary
    assert usual["resolved_cold"] == 0
    honest, doubts = highs.of_optimum, iter([True])
    monkeypatch.setattr(
        highs, "of_optimum", lambda *given: Certificate(False) if next(doubts, False) else honest(*given)
    )
    doubted = procure.solve(model).summary
    assert doubted["resolved_cold"] == 1 and doubted["objective"] == approx(usual["objective"], rel=1e-12)


def test_a_time_limit_is_for_each_solve(monkeypatch):
    """HiGHS holds it against a clock that runs on from solve to solve: the second would have no time left."""
    solver = Solver(long_program(), {"time_limit": 0.4})
    for _ in range(2):
        started = time.perf_counter()
        found = solver.solve()
        assert found.status is Status.LIMIT_REACHED and found.certificate is None
        assert 0.3 < time.perf_counter() - started < 5.0
    # Going cold has what is left.
    monkeypatch.setattr(highs, "of_optimum", lambda *_: time.sleep(0.2) or Certificate(False, fault="late"))
    assert Solver(BUY, {"time_limit": 0.1}).solve().status is Status.LIMIT_REACHED


def test_what_was_changed_number_by_number_is_read_back():
    solver = Solver(BUY)
    solver.change_costs([1], [5.0])
    solver.change_bounds([0], [0.5], [1.5])
    solver.change_rows([0], [2.0], [9.0])
    solver.change_coefficients([0], [1], [0.5])
    solver.add_rows(sparse.csr_matrix([[0.0, 1.0]]), [-INF], [7.0])
    expected = program([1, 5], [[1, 0.5], [0, 1]], [2, -INF], [9, 7], [0.5, 0], [1.5, INF])

    def same(one: LinearProgram, other: LinearProgram) -> bool:
        names = ("cost", "row_lower", "row_upper", "lower", "upper")
        return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names) and not (
            (one.matrix != other.matrix).nnz
        )

    assert same(solver.program, expected)
    assert solver.solve().objective == approx(1.5 + 5.0)
    solver.delete_rows([0])
    assert same(solver.program, program([1, 5], [[0, 1]], [-INF], [7], [0.5, 0], [1.5, INF]))
    solver.change_costs([1], [6.0])
    assert not solver.move_to(BUY)  # another shape
    again = program([1, 2], [[0, 1]], [-INF], [7], [0, 0], [2, INF])
    assert solver.move_to(again) and solver.solve().objective == 0.0


@pytest.mark.parametrize("shape", [(0, 0), (0, 2), (2, 0)])
def test_programs_of_nothing(shape):
    """Without rows the cheapest bounds, 0.5 each; without columns the offset, unless a row of nothing is to be something."""
    m, n = shape
    empty = program([1] * n, np.zeros(shape), [0] * m, [1] * m, [0.5] * n, [INF] * n, offset=3.0)
    found = solve(empty)
    assert (found.status, found.objective, found.certificate.holds) == (Status.OPTIMAL, 3 + 0.5 * n, True)
    if m:
        found = solve(replace(empty, row_lower=np.ones(m)))
        assert (found.status, found.certificate.holds) == (Status.INFEASIBLE, True)
