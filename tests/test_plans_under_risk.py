"""Two-stage plans of least risk: by hand, against all plans of a grid, at the ends of a ball, and who refuses what."""

import numpy as np
import pytest
from pytest import approx

from procure import risk
from procure.errors import DataError
from procure.lp.program import Status
from procure.lp.two_stage import TwoStageProblem, solve_two_stage
from procure.lp.two_stage.recourse import recourse_values

inf = np.inf


def purchase(need, probability, *, now=2.0, later=3.0, most=inf):
    """A tonne costs `now`, or `later` once the need is seen, and then there are at most `most`."""
    return TwoStageProblem(
        cost=[now], matrix=[[1]], row_lower=[-inf], row_upper=[inf], lower=[0], upper=[inf],
        recourse_cost=[later], recourse_matrix=[[1]], technology_matrix=[[1]],
        recourse_row_lower=np.array(need, dtype=float)[:, None], recourse_row_upper=[inf],
        recourse_lower=[0], recourse_upper=[most], probability=probability,
    )  # fmt: skip


def random_purchase(seed, n=6):
    """Two goods, each in need of some tonnes; one shortage capped per scenario, prices of scenarios apart."""
    random = np.random.default_rng(seed)
    return TwoStageProblem(
        cost=random.uniform(1, 3, 2), matrix=[[1, 1]], row_lower=[-inf], row_upper=[12], lower=[0, 0], upper=[8, 8],
        recourse_cost=random.uniform(2, 9, (n, 2)), recourse_matrix=np.eye(2), technology_matrix=np.eye(2),
        recourse_row_lower=random.uniform(0, 8, (n, 2)), recourse_row_upper=[inf, inf],
        recourse_lower=[0, 0], recourse_upper=[inf, inf], probability=random.dirichlet(np.ones(n)),
    )  # fmt: skip


def distances(problem):
    need = problem.recourse_row_lower
    return np.abs(need[:, None] - need[None]).sum(axis=2)


def measures(problem):
    d = distances(problem)
    return [
        risk.Expectation(), risk.CVaR(0.6), risk.MeanCVaR(0.7, 0.4), risk.WorstCase(),
        risk.TotalVariation(0.15), risk.TotalVariation(1), risk.Wasserstein(d, 0.5), risk.Wasserstein(d, inf),
    ]  # fmt: skip


def test_a_law_that_may_shift_buys_the_second_tonne():
    """A tonne now costs 2, later 3; the second is needed half the time. Bought later it costs (0.5 + r) 3 under the worst law
    within r: 1.8 at r = 0.1, so one tonne is bought, 2 + 1.8; and 2.25 at r = 0.25, so both are, 4."""
    problem = purchase([1, 2], [0.5, 0.5])
    for radius, plan, objective in ((0, 1, 3.5), (0.1, 1, 3.8), (0.25, 2, 4), (1, 2, 4)):
        result = solve_two_stage(problem, risk=risk.TotalVariation(radius))
        assert (result.status, result.x[0], result.objective) == (Status.OPTIMAL, approx(plan), approx(objective))
        assert result.bound == approx(objective)


def test_moving_probability_by_one_tonne_costs_one():
    """With needs as places, moving 0.2 from a need of 1 to one of 2 uses a radius of 0.2: 2 + 0.7 × 3."""
    problem = purchase([1, 2], [0.5, 0.5], now=2.5)
    assert solve_two_stage(problem, risk=risk.Wasserstein(distances(problem), 0.2)).objective == approx(2.5 + 2.1)


@pytest.mark.parametrize("seed", range(4))
def test_the_plan_attains_its_objective_and_no_plan_of_a_grid_does_better(seed):
    problem = random_purchase(seed)
    plans = [x for x in np.stack(np.meshgrid(*[np.linspace(0, 8, 9)] * 2), axis=-1).reshape(-1, 2) if x.sum() <= 12]
    values = [recourse_values(problem, x) for x in plans]
    for measure in measures(problem):
        result = solve_two_stage(problem, risk=measure)
        assert result.status is Status.OPTIMAL and result.method == "extensive"
        attained = problem.cost @ result.x + measure.value(recourse_values(problem, result.x), problem.probability)
        assert result.objective == approx(attained) and result.bound == approx(attained)
        for x, value in zip(plans, values, strict=True):
            assert result.objective <= problem.cost @ x + measure.value(value, problem.probability) + 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_a_wider_ball_never_costs_less_and_its_ends_are_the_mean_and_the_worst(seed):
    problem = random_purchase(seed)
    costs = [solve_two_stage(problem, risk=risk.TotalVariation(r)).objective for r in (0, 0.1, 0.4, 1)]
    assert np.diff(costs).min() >= -1e-9
    assert costs[0] == approx(solve_two_stage(problem).objective)
    assert costs[-1] == approx(solve_two_stage(problem, risk=risk.WorstCase()).objective)


@pytest.mark.parametrize("method", ["extensive", "decomposed"])
def test_mean_and_cvar_are_a_measure_like_any_other(method):
    problem = random_purchase(0, n=40)
    same = [
        solve_two_stage(problem, 0.8, 0.3, method).objective,
        solve_two_stage(problem, method=method, risk=risk.MeanCVaR(0.8, 0.3)).objective,
    ]
    assert same[0] == approx(same[1], rel=1e-9)
    tail = solve_two_stage(problem, 0.8, 1.0, method).objective
    assert tail == approx(solve_two_stage(problem, method=method, risk=risk.CVaR(0.8)).objective, rel=1e-6)
    mean = solve_two_stage(problem, method=method, risk=risk.Expectation())
    assert mean.method == method and mean.objective == approx(solve_two_stage(problem).objective, rel=1e-6)


def test_an_impossible_scenario_binds_where_the_worst_law_may_use_it():
    """The third need is impossible. The mean ignores it, even beyond what can be bought later; a shifting law must serve it."""
    problem = purchase([1, 2, 9], [0.5, 0.5, 0], most=4)
    assert solve_two_stage(problem).x == approx([1])
    shifted = solve_two_stage(problem, risk=risk.TotalVariation(0.1))
    assert shifted.x == approx([5]) and shifted.objective == approx(10 + 0.1 * 4 * 3)


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"risk": risk.TotalVariation(0.1), "method": "decomposed"}, "the decomposition takes the mean and CVaR, and no total_var"),
        ({"risk": risk.WorstCase(), "method": "decomposed"}, "no worst_case"),
        ({"risk": risk.KullbackLeibler(0.1)}, "'kullback_leibler' is not linear"),
        ({"risk": risk.ChiSquare(0.1)}, "'chi_square' is not linear"),
        ({"risk": "total_variation"}, "it is a measure of procure.risk, such as TotalVariation"),
        ({"risk": risk.CVaR(0.9), "alpha": 0.9, "cvar_weight": 1.0}, "given beside alpha or cvar_weight"),
        ({"risk": risk.Wasserstein(np.zeros((3, 3)), 0.1)}, "distance: shape (3, 3)"),
    ],
)  # fmt: skip
def test_who_cannot_take_a_measure_says_so_by_name(named, says):
    with pytest.raises(DataError) as caught:
        solve_two_stage(purchase([1, 2], [0.5, 0.5]), **named)
    assert says in str(caught.value)
