"""Recourse in whole numbers, and a recourse matrix of each scenario's own: by hand and by counting."""

import itertools

import numpy as np
import pytest
from pytest import approx
from scipy import sparse

from procure import risk
from procure.errors import DataError
from procure.lp.program import Status
from procure.lp.two_stage import TwoStageProblem, solve_two_stage, value_of_information
from procure.lp.two_stage.recourse import recourse_values

inf = np.inf


def ships(**changes):
    """A tonne now costs 3. Later it comes by the shipload: 10 t for 20, and 5 t are needed in one future, 12 t in the other."""
    numbers = {
        "cost": [3], "matrix": None, "row_lower": [], "row_upper": [], "lower": [0], "upper": [inf],
        "recourse_cost": [20], "recourse_matrix": [[10]], "technology_matrix": [[1]],
        "recourse_row_lower": [[5], [12]], "recourse_row_upper": [inf], "recourse_lower": [0], "recourse_upper": [inf],
        "probability": [0.5, 0.5], "recourse_integer": [True],
    }  # fmt: skip
    return TwoStageProblem(**numbers | changes)


def test_shiploads_by_hand():
    """Ships wanted after x tonnes: 1 and 2 below 2 t, 1 and 1 up to 5 t, 0 and 1 up to 12 t. So the cost is

        x = 0: 10 + 20 = 30      x = 2: 6 + 10 + 10 = 26      x = 5: 15 + 0 + 10 = 25      x = 12: 36

    In tonnes that can be divided it is 3 x + max(5 - x, 0) + max(12 - x, 0), best at 0: 17.
    """
    result = solve_two_stage(ships())
    assert (result.objective, result.bound, result.method) == approx((25, 25, "extensive"))
    assert (result.x, result.recourse_values) == (approx([5]), approx([0, 20]))
    assert solve_two_stage(ships(recourse_integer=None)).objective == approx(17)
    tail = solve_two_stage(
        ships(), alpha=0.5, cvar_weight=1.0
    )  # the worse future alone: a tonne now, or a ship of 10 t
    assert tail.objective == approx(26) and tail.x == approx([2])


def test_the_value_of_knowing_with_shiploads():
    """Known to be 5 t: 15 now. Known to be 12 t: 2 t and a ship, 26. In the mean 20.5, so knowing is worth 4.5. Planned for 8.5 t:
    a ship of 20 is less than 25.5 now, and x = 0 costs 30.
    """
    value = value_of_information(ships())
    assert (value.here_and_now, value.wait_and_see, value.expected_value_plan) == approx((25, 20.5, 30))


def test_a_recourse_matrix_of_each_scenario():
    """The ship brings 10 t, or 4 t in a drought, and can be divided: 5 t missing cost 10, 12 t missing in a drought 60.

    3 x + 0.5 (20 / 10) (5 - x)+ + 0.5 (20 / 4) (12 - x)+: a tonne now costs 3 and saves 1 + 2.5 up to 5 t, then 2.5.
    """
    own = ships(recourse_matrix=[[[10]], [[4]]], recourse_integer=None)
    assert solve_two_stage(own).objective == approx(15 + 0.5 * 5 * 7)
    assert recourse_values(own, np.array([0.0])) == approx([10, 60])
    as_sparse = ships(
        recourse_matrix=[sparse.csr_matrix([[10.0]]), sparse.csr_matrix([[4.0]])], recourse_integer=None
    )  # fmt: skip
    assert solve_two_stage(as_sparse).objective == approx(32.5)
    alike = ships(recourse_matrix=[[[10]], [[10]]], recourse_integer=None)
    assert solve_two_stage(alike).objective == approx(17)


def test_the_same_matrix_for_all_is_shared_again_in_the_mean():
    """In the mean a ship brings 7 t: 8.5 t missing cost 170 / 7, and the plan to buy none costs 0.5 (10 + 60) = 35."""
    value = value_of_information(ships(recourse_matrix=[[[10]], [[4]]], recourse_integer=None))
    assert value.expected_value == approx(170 / 7)
    assert value.expected_value_plan == approx(35)
    assert value.wait_and_see == approx(0.5 * 10 + 0.5 * 36)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("own", [False, True])
def test_random_whole_recourse_agrees_with_counting(seed, own):
    """Plan and recourse take 0 to 3 of each of two goods: every plan, with its best recourse."""
    random = np.random.default_rng([seed, own])
    K, choices = 3, [np.array(pair, dtype=float) for pair in itertools.product(range(4), repeat=2)]
    c, q = random.integers(2, 9, 2), random.integers(3, 15, (K, 2))
    W, T = random.integers(1, 5, (K, 2, 2) if own else (2, 2)), random.integers(0, 4, (2, 2))
    need, p = random.integers(1, 9, (K, 2)), random.dirichlet(np.ones(K))
    problem = TwoStageProblem(
        c,
        None,
        [],
        [],
        [0, 0],
        [3, 3],
        q,
        W,
        T,
        need,
        [inf, inf],
        [0, 0],
        [3, 3],
        p,
        integer=[1, 1],
        recourse_integer=[1, 1],
    )

    def recourse(k, x):
        matrix = W[k] if own else W
        costs = [q[k] @ y for y in choices if (T @ x + matrix @ y >= need[k]).all()]
        return min(costs, default=inf)

    values = {tuple(x): np.array([recourse(k, x) for k in range(K)]) for x in choices}
    least = min(c @ x + p @ values[tuple(x)] for x in choices)
    result = solve_two_stage(problem)
    if least == inf:
        assert result.status is Status.INFEASIBLE
        return
    assert result.objective == approx(least)
    assert result.recourse_values == approx(values[tuple(result.x.round())])
    robust = risk.TotalVariation(radius=0.2)
    worst = min(c @ x + robust.value(values[tuple(x)], p) for x in choices if np.isfinite(values[tuple(x)]).all())
    assert solve_two_stage(problem, risk=robust).objective == approx(worst)


def test_what_cannot_be_taken_apart_says_why():
    with pytest.raises(DataError, match=r"decomposed.*whole numbers.*not convex.*extensive"):
        solve_two_stage(ships(), method="decomposed")
    with pytest.raises(DataError, match=r"decomposed.*differs between scenarios"):
        solve_two_stage(ships(recourse_matrix=[[[10]], [[4]]], recourse_integer=None), method="decomposed")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recourse_matrix": [[[10]]] * 3}, r"recourse_matrix: shape \(3, 1, 1\).*\(m2, n2\) or \(2, m2, n2\)"),
        ({"recourse_integer": [True, False]}, r"recourse_integer: .*mask of 1"),
        ({"recourse_matrix": [sparse.eye(1), sparse.eye(2)]}, r"recourse_matrix: shapes.*one shape"),
    ],
)
def test_faults_are_told(changes, said):
    with pytest.raises(DataError, match=said):
        ships(**changes)
