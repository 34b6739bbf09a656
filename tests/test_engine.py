"""Large programs whose costs move: from the last basis or from scratch, the optimum is the same."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

import procure
from procure import DataError
from procure.lp import highs
from procure.lp.program import LinearProgram, Status
from procure.program import engine
from procure.program.engine import Engine

N_ROWS, N_COLUMNS = 40, 120


def random_program(random):
    """Costs above zero and rows that ask for some of each column: there is an optimum."""
    matrix = sparse.random(
        N_ROWS, N_COLUMNS, 0.3, "csc", random_state=random, data_rvs=lambda n: random.uniform(0.5, 2, n)
    )
    return LinearProgram(
        cost=random.uniform(1, 2, N_COLUMNS),
        matrix=matrix,
        row_lower=random.uniform(1, 2, N_ROWS),
        row_upper=np.full(N_ROWS, np.inf),
        lower=np.zeros(N_COLUMNS),
        upper=np.full(N_COLUMNS, 5.0),
    )


@pytest.fixture
def large(monkeypatch):
    """Programs of any size count as large."""
    monkeypatch.setattr(engine, "MANY_ROWS", 0)


@pytest.mark.parametrize("patience", [0.0, 0.02, 100.0])  # given up at once, under way, never
@pytest.mark.parametrize("seed", range(5))
def test_moved_costs_end_where_a_first_solve_ends(seed, patience, large, monkeypatch):
    monkeypatch.setattr(engine, "PATIENCE", patience)
    random = np.random.default_rng(seed)
    program, own = random_program(random), Engine()
    own.solve(program)
    for _ in range(4):
        program = replace(program, cost=program.cost * random.uniform(0.3, 3, N_COLUMNS))
        solution, seconds = own.solve(program)
        assert solution.status is Status.OPTIMAL and seconds > 0
        assert solution.objective == pytest.approx(highs.solve(program).objective, rel=1e-9)


@pytest.mark.parametrize("patience", [0.0, 0.02, 100.0])
@pytest.mark.parametrize("seed", range(5))
def test_moved_bounds_end_where_a_first_solve_ends(seed, patience, large, monkeypatch):
    """Into what has no solution and out again, too; rows in which every column stands are given up as well."""
    monkeypatch.setattr(engine, "OF_BOUNDS", patience)
    monkeypatch.setattr(engine, "OF_DENSE", patience)
    random = np.random.default_rng(seed)
    program, own = random_program(random), Engine()
    most = float((program.matrix @ own.solve(program)[0].x)[0])
    statuses = []
    for share in (0.9, 0.5, -1e3, 0.7, 1.2):
        upper = program.row_upper.copy()
        upper[0] = share * most if share > 0 else -1e3
        moved = replace(program, row_lower=np.minimum(program.row_lower, upper), row_upper=upper)
        solution, whole = own.solve(moved)[0], highs.solve(moved)
        statuses.append(whole.status)
        assert solution.status is whole.status
        assert solution.objective == pytest.approx(whole.objective, rel=1e-9, nan_ok=True)
    assert {Status.OPTIMAL} < {*statuses}


def test_a_row_that_counts_everything_is_given_up_sooner(large):
    """One column of a hundred stands in the second row, all in the first."""
    rows = np.vstack([np.ones(100), np.r_[np.ones(1), np.zeros(99)]])
    program = LinearProgram(
        cost=np.ones(100), matrix=sparse.csc_matrix(rows), row_lower=np.zeros(2), row_upper=np.ones(2),
        lower=np.zeros(100), upper=np.ones(100),
    )  # fmt: skip
    own = Engine()
    own.solve(program)
    for row, patience in ((0, engine.OF_DENSE), (1, engine.OF_BOUNDS)):
        upper = program.row_upper.copy()
        upper[row] = 0.5
        assert own._patience(replace(program, row_upper=upper)) == patience
    assert own._patience(replace(program, cost=2 * program.cost)) == engine.PATIENCE


def test_a_limit_of_ones_own_is_kept(large):
    random = np.random.default_rng(1)
    program, own = random_program(random), Engine({"simplex_iteration_limit": 3, "presolve": "off"})
    assert own.solve(program)[0].status is Status.LIMIT_REACHED
    moved = replace(program, cost=program.cost[::-1].copy())
    assert own.solve(moved)[0].status is Status.LIMIT_REACHED


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ({"presolv": "off"}, "HiGHS has none called 'presolv'.*did you mean 'presolve'"),
        ({"presolve": "of"}, "presolve is 'of'.*its default is 'choose'"),
        ({"presolve": None}, "presolve is None"),
        ({"time_limit": "1 min"}, "time_limit is '1 min'"),
        ({"time_limit": math.nan}, "time_limit is nan"),
    ],
)
def test_an_option_that_is_none_is_a_fault_of_the_input(options, seen):
    with pytest.raises(DataError, match=seen):
        procure.solve(procure.load_model("two-class"), options=options)


def test_other_columns_that_are_whole_numbers_are_another_program():
    """min x + 1.25 y, 2x + 2y >= 3: with y whole x = 1.5, with both x = 2, with x whole x = 1 and y = 0.5."""

    def program(*integer):
        return LinearProgram(
            cost=np.array([1.0, 1.25]), matrix=sparse.csc_matrix([[2.0, 2.0]]), row_lower=np.array([3.0]),
            row_upper=np.array([np.inf]), lower=np.zeros(2), upper=np.full(2, np.inf), integer=np.array(integer),
        )  # fmt: skip

    engine = Engine()
    costs = [engine.solve(program(*whole))[0].objective for whole in ((False, True), (True, True), (True, False))]
    assert costs == pytest.approx([1.5, 2.0, 1.0 + 0.5 * 1.25])
