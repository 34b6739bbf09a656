"""The farmer of Birge & Louveaux (2011), Introduction to Stochastic Programming, section 1.1, minds a tail or a chance.  [USD]"""

import itertools

import numpy as np
import pytest
from pytest import approx
from scipy.optimize import linprog

from procure.lp.two_stage import TwoStageProblem, solve_two_stage
from test_two_stage import farmer

YIELDS = np.array([[3.0, 3.6, 24.0], [2.5, 3.0, 20.0], [2.0, 2.4, 16.0]])
PLANT, BUY_AND_SELL = np.array([150, 230, 260.0]), np.array([238, 210, -170, -150, -36, -10.0])
MOST = 500.0  # t of grain: the cattle eat no more than 440


@pytest.mark.parametrize("method", ["extensive", "decomposed"])
def test_who_minds_only_the_worst_third_plans_for_the_bad_year(method):
    """A bad harvest is the worst whatever is planted, so the mean of the worst third is least where its cost is: 59,950 are earned
    by the plan of the book for that year, wheat 100, corn 25, beets 375 acres.
    """
    result = solve_two_stage(farmer(), alpha=2 / 3, cvar_weight=1.0, method=method, tolerance=1e-9)
    assert result.objective == approx(-59_950, abs=1)
    assert result.x == approx([100, 25, 375], abs=1e-3)


def test_the_mean_is_paid_for_the_tail():
    """Between the mean alone (108,390) and the tail alone the expected profit falls and the bad year's rises."""
    profit = []
    for weight in (0.0, 0.3, 0.7, 1.0):
        result = solve_two_stage(farmer(), alpha=2 / 3, cvar_weight=weight, tolerance=1e-9)
        of_years = -(PLANT @ result.x + result.recourse_values)
        profit.append((of_years.mean(), of_years.min()))
    means, worst = np.array(profit).T
    assert means[0] == approx(108_390, abs=1) and worst[-1] == approx(59_950, abs=1)
    assert (np.diff(means) <= 1e-3).all() and (np.diff(worst) >= -1e-3).all()


def with_chance(most_years):
    """Grain may be bought in so many of the three years: z_k = 1 in a year in which it is, a decision of now."""
    book = farmer()
    rows = np.vstack([book.recourse_matrix.toarray(), [[1, 1, 0, 0, 0, 0]]])
    technology = []
    for k in range(3):
        T = np.zeros((4, 6))
        T[:3, :3], T[3, 3 + k] = np.diag(YIELDS[k]), -MOST
        technology.append(T)
    return TwoStageProblem(
        cost=[*PLANT, 0, 0, 0], matrix=[[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], row_lower=[-np.inf] * 2,
        row_upper=[500, most_years], lower=[0] * 6, upper=[np.inf] * 3 + [1] * 3, recourse_cost=BUY_AND_SELL,
        recourse_matrix=rows, technology_matrix=technology, recourse_row_lower=[200, 240, 0, -np.inf],
        recourse_row_upper=[np.inf] * 3 + [0], recourse_lower=[0] * 6, recourse_upper=book.recourse_upper,
        probability=[1 / 3] * 3, integer=[0] * 3 + [1] * 3,
    )  # fmt: skip


def counted(years):
    """The least mean cost where grain is bought in these years only: one linear program, written out once more."""
    cost = np.concatenate([PLANT, *([BUY_AND_SELL / 3] * 3)])
    rows, sides = [np.r_[1, 1, 1, np.zeros(18)]], [500.0]
    for k in range(3):
        for crop, need in enumerate((200, 240, 0)):
            row = np.zeros(21)
            row[crop] = -YIELDS[k, crop]
            row[3 + 6 * k : 9 + 6 * k] = -farmer().recourse_matrix.toarray()[crop]
            rows.append(row)
            sides.append(-need)
    bounds = [(0, None)] * 3
    for k in range(3):
        most = None if k in years else 0
        bounds += [(0, most), (0, most), (0, None), (0, None), (0, 6000), (0, None)]
    return linprog(cost, A_ub=rows, b_ub=sides, bounds=bounds).fun


@pytest.mark.parametrize("most_years", [0, 1, 2, 3])
@pytest.mark.parametrize("method", ["extensive", "decomposed"])
def test_the_chance_that_grain_must_be_bought_is_limited(most_years, method):
    """With a chance of two thirds, say, all grain is grown: the best of all sets of years in which it need not be."""
    least = min(counted(years) for n in range(most_years + 1) for years in itertools.combinations(range(3), n))
    assert solve_two_stage(with_chance(most_years), method=method).objective == approx(least, rel=1e-6)
    if most_years == 3:
        assert least == approx(-108_390, abs=1)
