"""Newsvendors of the literature, typed as they are printed: the mean, a tail, the worst; a maker who buys before he knows."""

import numpy as np
import pytest
from pytest import approx

import procure
from procure import risk


def newsvendor(demand, probability, *, buy, over, under):
    """A copy costs `buy` today; then `over` for each too many and `under` for each that lacks (a price if negative)."""
    return procure.TwoStageProblem(
        [buy], np.zeros((0, 1)), [], [], [0.0], [np.inf], [over, under], [[-1.0, 1.0]], [[1.0]],
        np.reshape(demand, (-1, 1)), np.reshape(demand, (-1, 1)), [0.0, 0.0], [np.inf, np.inf], probability,
    )  # fmt: skip


def ordered(problem, **measure):
    """How many copies are bought."""
    (x,) = procure.solve_two_stage(problem, tolerance=1e-9, **measure).x
    return x


#: Demand between 0 and 100, as likely everywhere: the middles of 400 parts.
EVEN = (np.arange(400) + 0.5) / 4


def test_the_newsvendor_of_the_tutorial():
    """Shapiro & Philpott (2007), A Tutorial on Stochastic Programming, section 2: c = 1, b = 1.5, h = 0.1.

    Of demand uniform on [0, 100] it is the quantile (b - c) / (b + h), 31.25; of 20 and 80 with a half each it is 20; whatever
    demand in [0, 100] comes, (h 0 + b 100) / (h + b) = 93.75 costs least at worst.
    """
    costs = {"buy": 1.0, "over": 0.1, "under": 1.5}
    even = newsvendor(EVEN, np.full(400, 1 / 400), **costs)
    assert ordered(even) == approx(31.25, abs=0.125 + 1e-6)
    assert ordered(newsvendor([20.0, 80.0], [0.5, 0.5], **costs)) == approx(20)
    for likely, measure in (([0.0, 1.0, 0.0], risk.TotalVariation(1.0)), ([0.1, 0.8, 0.1], risk.WorstCase())):
        assert ordered(newsvendor([0.0, 50.0, 100.0], likely, **costs), risk=measure) == approx(93.75)


@pytest.mark.parametrize("share", [1.0, 0.6, 0.3, 0.1])
def test_who_minds_a_tail_of_profit_buys_less(share):
    """Chen, Xu & Zhang (2009), Operations Research 57(4), 1040-1044: the mean of the worst η of profit is largest at the quantile
    η (p - c) / (p - s) of demand. Sold at 10, bought at 4, returned at 1: of 0 to 100 that is 66.7 η."""
    problem = newsvendor(EVEN, np.full(400, 1 / 400), buy=4.0, over=-1.0, under=0.0)
    problem = with_sales(problem, price=10.0)
    x = ordered(problem, alpha=1.0 - share, cvar_weight=1.0)
    assert x == approx(100 * share * 6 / 9, abs=0.25)


def with_sales(problem, price):
    """The same where each copy sold brings a price: what is demanded and does not lack."""
    demand = problem.recourse_row_lower.ravel()
    return procure.TwoStageProblem(
        problem.cost, np.zeros((0, 1)), [], [], [0.0], [np.inf], np.r_[-price, problem.recourse_cost.ravel()[:2]],
        [[-1.0, -1.0, 0.0], [1.0, 0.0, 1.0]], [[1.0], [0.0]], np.column_stack([0 * demand, demand]),
        np.column_stack([0 * demand, demand]), np.zeros(3), np.full(3, np.inf), problem.probability,
    )  # fmt: skip


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.8, 0.95])
def test_who_minds_a_tail_of_what_lacks_too_buys_between_two_quantiles(beta):
    """Gotoh & Takano (2007), European Journal of Operational Research 179(1), 80-96: with V = 5 earned a copy, E = 3 lost on one
    too many and U = V + 4 on one that lacks the mean of the worst 1 - β of the loss is least at

      (E + V) / (E + U) F⁻¹(U (1 - β) / (E + U)) + (U - V) / (E + U) F⁻¹((E β + U) / (E + U))
    """
    V, E, U = 5.0, 3.0, 9.0
    problem = with_sales(newsvendor(EVEN, np.full(400, 1 / 400), buy=5.0, over=-2.0, under=4.0), price=10.0)
    expected = (E + V) / (E + U) * 100 * U * (1 - beta) / (E + U) + (U - V) / (E + U) * 100 * (E * beta + U) / (E + U)
    assert ordered(problem, alpha=beta, cvar_weight=1.0) == approx(expected, abs=0.3)


@pytest.mark.parametrize("method", ["extensive", "decomposed"])
def test_a_maker_of_furniture_buys_before_he_knows(method):
    """The Dakota furniture company of Higle (2005), Stochastic Programming: Optimization When Uncertainty Matters, TutORials.

    Lumber, finishing and carpentry (2, 4, 5.2) are bought before the demand for desks, tables and chairs is known: 1,300, 540 and
    325 for 1,730. The plan for the mean demand promises 4,165, and earns 1,545.
    """
    usage = np.array([[8.0, 6.0, 1.0], [4.0, 2.0, 1.5], [2.0, 1.5, 0.5]])
    demand = np.array([[50.0, 20.0, 200.0], [150.0, 110.0, 225.0], [250.0, 250.0, 500.0]])
    problem = procure.TwoStageProblem(
        [2.0, 4.0, 5.2], np.zeros((0, 3)), [], [], np.zeros(3), np.full(3, np.inf), [-60.0, -40.0, -10.0], usage, -np.eye(3),
        np.full(3, -np.inf), np.zeros(3), np.zeros(3), demand, [0.3, 0.4, 0.3],
    )  # fmt: skip
    result = procure.solve_two_stage(problem, method=method)
    assert -result.objective == approx(1730) and result.x == approx([1300, 540, 325])
    known = procure.value_of_information(problem)
    assert (-known.expected_value, -known.expected_value_plan, known.vss) == approx((4165, 1545, 185))
