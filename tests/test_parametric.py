"""Small linear programs as one number moves: by hand, and against a solver at every number."""

import numpy as np
import pytest
from pytest import approx
from scipy.optimize import linprog

from procure.lp.parametric import TooManyBases, optima


def test_a_mine_and_a_store_by_hand():
    """A mine at 3 gives at most 6 of a demand of 10, a shortage at 20 the rest; q tonnes come out of a store, what is not needed
    is sold at 1. Without the store 6 × 3 + 4 × 20 = 98; the first 4 t save 20 each, the next 6 save 3, all others earn 1. Putting
    into the store costs 20 a tonne, until the shortage is 10.
    """
    cost, upper = np.array([[3.0, 20.0, -1.0]]), np.array([[6.0, 10.0, np.inf]])
    matrix = np.array([[1.0, 1.0, -1.0]])
    found = optima(cost, matrix, np.array([[10.0]]), np.array([-1.0]), upper, -8.0, 15.0)
    assert found.breaks[0] == approx([-6, 4, 10, 15])
    assert (found.columns @ cost[0])[0] == approx([18 + 200, 18, 0, -5])


@pytest.mark.parametrize("seed", range(20))
def test_every_number_has_the_optimum_of_a_solver(seed):
    random = np.random.default_rng(seed)
    n, columns, low, high = 12, 7, -6.0, 12.0
    matrix = np.zeros((2, columns))
    matrix[0] = [1, 1, 1, 1, -1, 1, -1]
    matrix[1, -2:] = 1, -1
    cost = random.integers(0, 6, (n, columns)).astype(float)  # ties abound
    cost[:, 3], cost[:, 4:] = 20, [-0.5, 0, 0]
    upper = random.integers(0, 5, (n, columns)).astype(float)
    upper[:, 3:5] = 10, np.inf
    upper[:, 5] = random.choice([0.0, np.inf], n)
    side = np.column_stack([random.integers(-3, 9, n), np.zeros(n)])
    found = optima(cost, matrix, side, np.array([0.0, 1.0]), upper, low, high)
    for i in range(n):
        breaks = found.breaks[i]
        for q in random.uniform(low, high, 8):
            bounds = [(0, None if np.isinf(u) else u) for u in upper[i]]
            right = linprog(cost[i], A_eq=matrix, b_eq=side[i] + [0, q], bounds=bounds)
            assert (right.status == 0) == (breaks[0] <= q <= breaks[-1])
            if right.status == 0:
                decided = [np.interp(q, breaks, found.columns[i, :, j]) for j in range(columns)]
                assert matrix @ decided == approx(side[i] + [0, q], abs=1e-9)
                assert cost[i] @ decided == approx(right.fun, abs=1e-7)


def test_what_has_no_solution_has_no_breaks():
    found = optima(
        np.ones((2, 1)), np.ones((1, 1)), np.array([[5.0], [50.0]]), np.zeros(1), np.full((2, 1), 9.0), 0.0, 1.0
    )
    assert found.breaks[0] == approx([0, 1])
    assert np.isnan(found.breaks[1]).all()


def test_a_program_with_too_many_bases_is_refused():
    with pytest.raises(TooManyBases, match="4 rows and 30 columns"):
        optima(np.ones((1, 30)), np.ones((4, 30)), np.ones((1, 4)), np.ones(4), np.ones((1, 30)), 0.0, 1.0)
