"""A basis kept from one program to the next: it answers only where it is an optimum, and then as HiGHS would from scratch."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import procure
from procure.lp import highs
from procure.lp.basis import PATIENCE, STEADY, Bases, Basis, NotHere
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Solution, Status
from test_compiled import BOOK


def blend(seed: int) -> LinearProgram:
    """Some supply, each up to a bound, that meets some needs, with one limit on all of it that may bind."""
    draw = np.random.default_rng(seed)
    n, m = int(draw.integers(3, 9)), int(draw.integers(1, 5))
    matrix = np.vstack([draw.uniform(0, 1, (m, n)) * (draw.random((m, n)) < 0.7), draw.uniform(0, 1, n)])
    upper = draw.uniform(1, 4, n)
    upper[draw.random(n) < 0.3] = np.inf
    need = 0.5 * matrix[:m] @ np.minimum(upper, 2.0)
    return LinearProgram(
        cost=draw.uniform(1, 3, n).round(1),
        matrix=sparse.csc_matrix(matrix),
        row_lower=np.append(need, -np.inf),
        row_upper=np.append(np.full(m, np.inf), draw.uniform(0.3, 1.2) * (matrix[m] @ np.minimum(upper, 2.0))),
        lower=np.zeros(n),
        upper=upper,
    )


def basis_of(program: LinearProgram) -> Basis | None:
    """The basis HiGHS ends with; None where there is no optimum."""
    solver = Solver(program)
    solution = solver.solve()
    if solution.status is not Status.OPTIMAL:
        return None
    basic = solver.basic()
    rows = np.setdiff1d(np.arange(program.matrix.shape[0]), -1 - basic[basic < 0])
    columns = np.sort(basic[basic >= 0])
    return Basis.of(program, columns, solution.x, solution.row_dual, solution.reduced_cost, rows)


def moved(program: LinearProgram, seed: int, size: float) -> LinearProgram:
    """The program with costs, bounds, both sides of its rows and the entries of its last row moved."""
    draw = np.random.default_rng(seed)

    def near(values):
        return values * draw.uniform(1 - size, 1 + size, len(values))

    matrix = program.matrix.copy()
    last = matrix.indices == matrix.shape[0] - 1
    matrix.data[last] = near(matrix.data[last])
    return replace(
        program, cost=near(program.cost), matrix=matrix, row_lower=near(program.row_lower),
        row_upper=near(program.row_upper), upper=near(program.upper),
    )  # fmt: skip


@given(seed=st.integers(0, 10_000), other=st.integers(0, 10_000), size=st.sampled_from([0.001, 0.03, 0.5]))
def test_it_answers_as_a_fresh_solve_or_not_at_all(seed, other, size):
    """Small moves leave the basis optimal, large ones rarely do; either way no answer differs from that of a cold solve."""
    program = blend(seed)
    basis = basis_of(program)
    if basis is None:
        return
    itself = basis.tried(program)
    assert isinstance(itself, Solution)
    near = moved(program, other, size)
    answer = basis.tried(near)
    fresh = highs.solve(near)
    if isinstance(answer, Solution):
        assert fresh.status is Status.OPTIMAL
        assert answer.objective == pytest.approx(fresh.objective, rel=1e-8)
        assert (near.matrix @ answer.x <= near.row_upper + 1e-6).all()
        assert (near.matrix @ answer.x >= near.row_lower - 1e-6).all()


def test_it_is_of_use():
    """Of programs a thousandth apart most have the same basis, or trying it would be a waste."""
    bases = [(program, basis) for program in map(blend, range(60)) if (basis := basis_of(program)) is not None]
    assert len(bases) > 20
    kept = sum(isinstance(basis.tried(moved(program, 7, 0.001)), Solution) for program, basis in bases)
    assert kept > 0.8 * len(bases)


def two_ways() -> LinearProgram:
    """Buy 3: at 1 up to 2, the rest at 2; a limit on the first of 10, which does not bind."""
    return LinearProgram(
        cost=np.array([1.0, 2.0]), matrix=sparse.csc_matrix([[1.0, 1.0], [1.0, 0.0]]), row_lower=np.array([3.0, -np.inf]),
        row_upper=np.array([np.inf, 10.0]), lower=np.zeros(2), upper=np.array([2.0, np.inf]),
    )  # fmt: skip


def test_a_limit_that_begins_to_bind_is_left_to_the_solver():
    """Two at 1 and one at 2 cost 4. With at most 1.5 of the first the basis would still buy 2 of it, so it says nothing."""
    basis = basis_of(two_ways())
    assert basis.tried(two_ways()).objective == pytest.approx(4.0)
    tighter = replace(two_ways(), row_upper=np.array([np.inf, 1.5]))
    assert basis.tried(tighter) is NotHere.NOT_PROVED
    assert highs.solve(tighter).objective == pytest.approx(1.5 + 1.5 * 2)


def test_entries_of_a_limit_that_does_not_bind_may_move():
    """Such a row is not in the basis: counted three times each, two of the first are six of ten; six times each, twelve."""
    basis = basis_of(two_ways())
    still = replace(two_ways(), matrix=sparse.csc_matrix([[1.0, 1.0], [3.0, 0.0]]))
    assert basis.tried(still).objective == pytest.approx(4.0)
    binds = replace(two_ways(), matrix=sparse.csc_matrix([[1.0, 1.0], [6.0, 0.0]]))
    assert basis.tried(binds) is NotHere.NOT_PROVED


def test_an_entry_of_the_basis_itself_moves():
    """Where what was factored moved, nothing is claimed."""
    moved = replace(two_ways(), matrix=sparse.csc_matrix([[1.0, 1.1], [1.0, 0.0]]))
    assert basis_of(two_ways()).tried(moved) is NotHere.ENTRIES_MOVED


def test_a_bound_that_is_gone_is_none_to_stand_at():
    without = replace(two_ways(), row_lower=np.array([-np.inf, -np.inf]))
    assert basis_of(two_ways()).tried(without) is NotHere.NO_SIDE


def test_what_no_portfolio_keeps_is_left_to_the_solver():
    """A bound of 2 on both leaves 4 at most; 5 are asked for."""
    basis = basis_of(two_ways())
    asked = replace(two_ways(), row_lower=np.array([5.0, -np.inf]), upper=np.array([2.0, 2.0]))
    assert basis.tried(asked) is NotHere.OUT_OF_BOUNDS
    assert highs.solve(asked).status is Status.INFEASIBLE


def test_a_singular_basis_is_none():
    """Twice the same column."""
    program = replace(two_ways(), matrix=sparse.csc_matrix([[1.0, 1.0], [1.0, 1.0]]))
    assert Basis.of(program, np.array([0, 1]), np.array([2.0, 1.0]), np.zeros(2), np.zeros(2)) is None


def test_bases_are_kept_after_they_stayed_and_given_up_when_of_no_use():
    """Kept once HiGHS needed no step for two programs on end; dropped after four programs on which they failed."""
    bases, program = Bases(), two_ways()
    solver = Solver(program)
    bases.ended(program, solver.solve(), solver.basic)
    assert bases.tried(program) is NotHere.NONE_KEPT
    for demand in np.linspace(3.1, 3.5, STEADY):
        near = replace(program, row_lower=np.array([demand, -np.inf]))
        assert solver.move_to(near)
        bases.ended(near, solver.solve(), solver.basic)
    assert bases.tried(program).objective == pytest.approx(4.0)
    tighter = replace(program, row_upper=np.array([np.inf, 1.5]))
    for _ in range(PATIENCE - 1):
        assert bases.tried(tighter) is NotHere.NOT_PROVED
    assert isinstance(bases.tried(program), Solution)
    for _ in range(PATIENCE):
        assert bases.tried(tighter) is NotHere.NOT_PROVED
    assert bases.tried(program) is NotHere.NONE_KEPT


@pytest.mark.parametrize("most", [1.0, 0.3], ids=["slack", "binds"])
def test_a_sweep_of_the_book(most):
    """Each cost is a fresh solve's. Where China's limit binds, its row is in the basis and moves with each chance: none stays."""
    model = procure.load_model("japan").with_(**BOOK | {"limits.china_heavy_share.max": most})
    compiled = procure.compile(model)
    small = [(250.0, 0.1 + step / 1000) for step in range(6)]
    tried = 0
    for offer, rate in [*small, (900.0, 0.11), (400.0, 0.3), *small]:
        point = {"suppliers.caremag.offers.Dy.2027": offer, "suppliers.china.rate.normal.ban": rate}
        answer, fresh = compiled.solve(point), procure.solve(model.with_(**point), foresight=False, verdict=False)
        assert answer.objective == pytest.approx(fresh.summary["objective"], rel=1e-9)
        tried += answer.seconds_in_solver == 0.0
    assert bool(tried) == (most == 1.0)
