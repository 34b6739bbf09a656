"""Two-stage programs: published optima by both methods, by hand, and random ones that both methods must answer alike."""

import itertools
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy import sparse
from scipy.optimize import linprog

from procure import risk
from procure.errors import DataError
from procure.lp.interior import central_path
from procure.lp.program import Status
from procure.lp.two_stage import TwoStageProblem, benders, recourse, solve_two_stage, value_of_information
from procure.lp.two_stage.recourse import recourse_values

inf = np.inf
both_methods = pytest.mark.parametrize("method", ["extensive", "decomposed"])


# --- published problems


def farmer():
    """Columns wheat, corn, beets; recourse buys wheat and corn, sells wheat, corn, beets within the quota and beyond."""
    yields = np.array([[3.0, 3.6, 24.0], [2.5, 3.0, 20.0], [2.0, 2.4, 16.0]])
    return TwoStageProblem(
        cost=[150, 230, 260], matrix=[[1, 1, 1]], row_lower=[-inf], row_upper=[500], lower=[0] * 3, upper=[inf] * 3,
        recourse_cost=[238, 210, -170, -150, -36, -10],
        recourse_matrix=[[1, 0, -1, 0, 0, 0], [0, 1, 0, -1, 0, 0], [0, 0, 0, 0, -1, -1]],
        technology_matrix=[np.diag(row) for row in yields],
        recourse_row_lower=[200, 240, 0], recourse_row_upper=[inf] * 3,
        recourse_lower=[0] * 6, recourse_upper=[inf, inf, inf, inf, 6000, inf], probability=[1 / 3] * 3,
    )  # fmt: skip


def power(demands, probability, *, minimum, budget, shortfall_cost=None):
    """Capacity of four plants now, then three kinds of load served from them; LandS and PGP2 differ in the numbers."""
    cost = [10.0, 7.0, 16.0, 6.0]
    serve = np.array([[40, 24, 4], [45, 27, 4.5], [32, 19.2, 3.2], [55, 33, 5.5]])
    within = np.kron(np.eye(4), np.ones(3))
    load = np.kron(np.ones(4), np.eye(3))
    W, q = np.vstack([within, load]), serve.ravel()
    if shortfall_cost is not None:
        W = np.hstack([W, np.vstack([-np.eye(4), np.zeros((3, 4))])])
        q = np.r_[q, np.full(4, shortfall_cost)]
    K = len(demands)
    return TwoStageProblem(
        cost=cost, matrix=[[1, 1, 1, 1], cost], row_lower=[minimum, -inf], row_upper=[inf, budget],
        lower=[0] * 4, upper=[inf] * 4,
        recourse_cost=q, recourse_matrix=sparse.csr_array(W),
        technology_matrix=sparse.csr_array(np.vstack([-np.eye(4), np.zeros((3, 4))])),
        recourse_row_lower=np.hstack([np.full((K, 4), -inf), demands]),
        recourse_row_upper=np.hstack([np.zeros((K, 4)), np.full((K, 3), inf)]),
        recourse_lower=np.zeros(len(q)), recourse_upper=np.full(len(q), inf), probability=probability,
    )  # fmt: skip


def lands():
    return power(np.array([[3.0, 3, 2], [5, 3, 2], [7, 3, 2]]), [0.3, 0.4, 0.3], minimum=12, budget=120)


def pgp2():
    """Three independent demands with 9, 8 and 8 values: 576 scenarios."""
    bell = [0.02150, 0.28570, 0.38300, 0.28570, 0.02150, 0.00125, 0.00005]
    demands = [
        [0.5, 1, 2.5, 3.5, 5, 6.5, 7.5, 9, 9.5],
        [0, 1.5, 2.5, 4, 5.5, 6.5, 8, 8.5],
        [0, 0.5, 1.5, 3, 4.5, 5.5, 7, 7.5],
    ]
    chances = [[0.00005, 0.00125, *bell], [0.00130, *bell], [0.00130, *bell]]
    joint = [np.prod(chance) for chance in itertools.product(*chances)]
    return power(np.array(list(itertools.product(*demands))), joint, minimum=15, budget=220, shortfall_cost=1000)


def small_with_complete_recourse():
    probability = [0.4, 0.6]
    return TwoStageProblem(
        [100, 150], [[1, 1]], [-inf], [120], [40, 20], [inf, inf],
        [[-24, -28], [-28, -32]], [[6, 10], [8, 5]], [[-60, 0], [0, -80]], [-inf, -inf], [0, 0],
        [0, 0], [[500, 100], [300, 300]], probability,
    )  # fmt: skip


def small_without_complete_recourse():
    demand = np.array(list(itertools.product([4.0, 6.0], [4.0, 8.0])))
    return TwoStageProblem(
        [3, 2], np.zeros((0, 2)), [], [], [0, 0], [inf, inf],
        [-15, -12], [[3, 2], [2, 5]], [[-1, 0], [0, -1]], [-inf, -inf], [0, 0],
        0.8 * demand, demand, [0.25] * 4,
    )  # fmt: skip


@both_methods
def test_farmer_reproduces_the_book(method):
    """Birge & Louveaux (2011), Introduction to Stochastic Programming, section 1.1 [USD]."""
    result = solve_two_stage(farmer(), method=method, tolerance=1e-9)
    assert result.objective == approx(-108_390, rel=1e-6)
    assert result.x == approx([170, 80, 250], rel=1e-5)
    v = value_of_information(farmer(), method=method)
    assert (v.here_and_now, v.evpi, v.vss) == approx((-108_390, 7_016, 1_150), abs=1)
    assert v.expected_value == approx(-118_600, rel=1e-6)


@both_methods
def test_electricity_investment_reproduces_its_optimum(method):
    """LandS: Louveaux & Smeers (1988), in Ermoliev & Wets, Numerical Techniques for Stochastic Optimization."""
    result = solve_two_stage(lands(), method=method, tolerance=1e-9)
    assert result.objective == approx(381.8533333, rel=1e-6)
    assert result.x == approx([8 / 3, 4, 10 / 3, 2], abs=1e-5)


@both_methods
@pytest.mark.parametrize("large", [0, 10**9])
def test_power_generation_planning_reproduces_its_optimum(method, large):
    """PGP2: Higle & Sen (1996), Stochastic Decomposition, after Louveaux & Smeers."""
    with mock.patch.object(benders, "LARGE", large):
        result = solve_two_stage(pgp2(), method=method, tolerance=1e-9)
    assert result.objective == approx(447.324345, rel=1e-6)
    assert result.method == method


@both_methods
def test_a_small_problem_of_the_book(method):
    """Birge & Louveaux (2011), section 5.1, first example of the L-shaped method."""
    result = solve_two_stage(small_with_complete_recourse(), method=method, tolerance=1e-9)
    assert result.objective == approx(-855.8333333, rel=1e-6)
    assert result.x == approx([46.6666667, 36.25], rel=1e-5)


@both_methods
def test_a_small_problem_of_the_book_that_lacks_complete_recourse(method):
    """Birge & Louveaux (2011), section 5.1, on feasibility cuts: not every capacity can serve 80 % of the demand."""
    problem = small_without_complete_recourse()
    result = solve_two_stage(problem, method=method, tolerance=1e-9)
    assert result.status is Status.OPTIMAL
    assert result.x == approx([27.2, 41.6], rel=1e-5)
    # Demand (4, 8) is served with (4, 6.72) and (6, 8) with just its 80 %; the two others in full.
    earned = -np.array([15 * 4 + 12 * 4, 15 * 4 + 12 * 6.72, 15 * 6 + 12 * 4, 15 * 4.8 + 12 * 6.4])
    assert result.recourse_values == approx(earned, rel=1e-6)
    assert result.objective == approx(3 * 27.2 + 2 * 41.6 + earned.mean(), rel=1e-6)
    assert recourse_values(problem, np.zeros(2)) == approx([inf] * 4)


# --- one answer, two methods


def check(problem, alpha=0.0, cvar_weight=0.0, tolerance=1e-8):
    """Both methods agree, and what they say is measured again by other means."""
    results = [
        solve_two_stage(problem, alpha, cvar_weight, method, tolerance) for method in ("extensive", "decomposed")
    ]
    one, other = results
    assert one.status is other.status, (one, other)
    if one.status is not Status.OPTIMAL:
        expected = {Status.INFEASIBLE: inf, Status.UNBOUNDED: -inf}[one.status]
        assert one.objective == other.objective == one.bound == other.bound == expected
        return results
    assert one.objective == approx(other.objective, rel=1e-6, abs=1e-6)
    for result in results:
        values = np.array([scenario_cost(problem, k, result.x) for k in range(problem.n_scenarios)])
        seen = problem.probability > 0
        assert result.recourse_values[seen] == approx(values[seen], rel=1e-6, abs=1e-5)
        p = problem.probability[seen]
        w = cvar_weight if alpha > 0 else 0
        measured = problem.cost @ result.x + (1 - w) * risk.expectation(result.recourse_values[seen], p)
        if w:
            measured += w * risk.cvar(result.recourse_values[seen], p, alpha)
        assert result.objective == approx(measured, rel=1e-9, abs=1e-9)
        assert result.bound <= result.objective and result.gap <= tolerance
        assert (result.x[problem.integer] == np.round(result.x[problem.integer])).all()
        reached = problem.matrix @ result.x
        assert (reached >= problem.row_lower - 1e-5).all() and (reached <= problem.row_upper + 1e-5).all()
    return results


def scenario_cost(problem, k, x):
    """Q_k(x) by scipy; the plan may be a rounding beyond what recourse can mend."""

    def of(values):
        return values[k] if values.ndim == 2 else values

    W, shift = problem.recourse_matrix.toarray(), problem.technology_of(k) @ x
    low, high = of(problem.recourse_row_lower) - shift - 1e-7, of(problem.recourse_row_upper) - shift + 1e-7
    rows = np.vstack([W[np.isfinite(high)], -W[np.isfinite(low)]])
    limits = np.r_[high[np.isfinite(high)], -low[np.isfinite(low)]]
    bounds = np.c_[of(problem.recourse_lower), of(problem.recourse_upper)]
    found = linprog(of(problem.recourse_cost), rows, limits, bounds=bounds, method="highs-ds")
    return {0: found.fun, 2: inf, 3: -inf}.get(found.status, np.nan)


@pytest.mark.parametrize("make", [farmer, lands, small_with_complete_recourse, small_without_complete_recourse])
@pytest.mark.parametrize(("alpha", "weight"), [(0.5, 0.5), (0.9, 1.0), (0.0, 1.0), (0.7, 0.3)])
def test_the_published_problems_with_a_tail(make, alpha, weight):
    check(make(), alpha, weight)


def random_problem(seed, *, integers=False, complete=True, tail=False):
    """Small, with everything the interface allows: ranged rows, free columns, equal scenarios, blocks, odd probabilities."""
    random = np.random.default_rng(seed)
    n1, m1, K = random.integers(1, 5), random.integers(0, 3), random.integers(1, 8)
    parts = [
        random.integers(-3, 4, (random.integers(1, 3), random.integers(1, 4))) for _ in range(random.integers(1, 4))
    ]
    W = sparse.block_diag(parts).toarray() * 1.0
    m2 = len(W)
    if complete:  # slack both ways in every row
        W = np.hstack([W, np.eye(m2), -np.eye(m2)])
    n2 = W.shape[1]

    def per_scenario(draw):
        values = draw(K)
        if random.random() < 0.4:
            return values[0]
        if random.random() < 0.4:  # equal scenarios
            values[random.integers(K)] = values[random.integers(K)]
        return values

    q = per_scenario(lambda K: random.integers(-2 if random.random() < 0.3 else 0, 9, (K, n2)).astype(float))
    if complete:
        q[..., -2 * m2 :] = np.maximum(q[..., -2 * m2 :], 0) + 10
    T = per_scenario(lambda K: random.integers(-2, 3, (K, m2, n1)).astype(float))
    low = per_scenario(lambda K: random.integers(-9, 5, (K, m2)).astype(float))
    ranged = random.random(m2) < 0.5
    high = np.where(ranged, low + random.integers(0, 4, m2), inf)
    if random.random() < 0.5:
        low = np.where(random.random(m2) < 0.3, -inf, low)
    y_low = np.where(random.random(n2) < 0.1, -inf, 0.0)
    y_high = np.where(random.random(n2) < (0.5 if complete else 0.8), random.integers(1, 8, n2), inf)
    if complete:
        y_low[-2 * m2 :], y_high[-2 * m2 :] = 0, inf
        y_high[: -2 * m2] = np.minimum(y_high[: -2 * m2], 20)
        y_low[: -2 * m2] = np.maximum(y_low[: -2 * m2], -20)
    A = random.integers(-1, 3, (m1, n1)).astype(float)
    weight = random.integers(0 if K > 2 else 1, 6, K) + (np.arange(K) == 0)
    lower = np.where(random.random(n1) < 0.2, -inf, random.integers(-2, 2, n1))
    upper = np.where(random.random(n1) < 0.4, inf, random.integers(2, 7, n1))
    return TwoStageProblem(
        random.integers(-3 if random.random() < 0.5 else 0, 9, n1), A, np.full(m1, -inf), random.integers(0, 9, m1),
        lower, upper, q, W, T, low, high, y_low, y_high, weight / weight.sum(),
        random.random(n1) < 0.5 if integers else None,
    )  # fmt: skip


SEEDS = st.integers(0, 10**6)
many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@many
@given(SEEDS, st.sampled_from([(0, 0), (0.5, 0.5), (0.8, 1.0), (0.9, 0.2), (0.3, 0.9)]))
def test_random_problems_with_complete_recourse(seed, risk_aversion):
    check(random_problem(seed), *risk_aversion)


@many
@given(SEEDS, st.sampled_from([(0, 0), (0.6, 0.5)]))
def test_random_problems_that_may_be_infeasible_or_unbounded(seed, risk_aversion):
    check(random_problem(seed, complete=False), *risk_aversion)


@many
@given(SEEDS, st.booleans())
def test_random_problems_with_whole_numbers(seed, complete):
    check(random_problem(seed, integers=True, complete=complete), 0.5, 0.4)


@settings(many, max_examples=40)
@given(SEEDS, st.sampled_from([(0, 0), (0.5, 0.5), (0.8, 1.0)]), st.booleans(), st.booleans())
def test_the_interior_point_may_propose_what_it_likes(seed, risk_aversion, integers, complete):
    with mock.patch.object(benders, "LARGE", 0):
        check(random_problem(seed, integers=integers, complete=complete), *risk_aversion)


@pytest.mark.parametrize("risk_aversion", [(0, 0), (0.9, 0.3), (0.8, 1.0)])
def test_a_buyer_of_two_elements_on_many_paths(risk_aversion):
    """Blocks per element, budgets across them, a tail over both: one proposal of the interior point is enough."""
    problem = two_elements(n_paths=60)
    with mock.patch.object(benders, "LARGE", 0):
        one, other = check(problem, *risk_aversion, tolerance=1e-7)
    assert (one.method, other.method) == ("extensive", "decomposed")
    assert other.iterations <= 5
    assert other.n_merged > 0  # element 1 does not know supplier 1


def test_a_limit_without_a_plan_is_not_taken_for_optimal():
    """Nothing found costs infinitely much, nothing proved bounds nothing: their distance closes no gap."""
    stopped = {"simplex_iteration_limit": 1, "presolve": "off", "solver": "simplex"}
    result = solve_two_stage(two_elements(n_paths=60), 0.9, 0.3, "extensive", options=stopped)
    assert result.status is Status.LIMIT_REACHED
    assert (result.objective, result.bound, result.gap) == (np.inf, -np.inf, np.inf)


@pytest.mark.parametrize("risk_aversion", [(0, 0), (0.9, 0.3)])
def test_helpers_change_nothing(monkeypatch, risk_aversion):
    problem = two_elements(n_paths=60)
    monkeypatch.setattr(benders, "LARGE", 0)
    alone = solve_two_stage(problem, *risk_aversion, "decomposed")
    for module, name in ((central_path, "MANY"), (recourse, "MANY_VERSIONS")):
        monkeypatch.setattr(module, name, 1)
        monkeypatch.setattr(module, "idle_cores", lambda: 1)
    together = solve_two_stage(problem, *risk_aversion, "decomposed")
    assert together.objective == pytest.approx(alone.objective, rel=1e-9)
    assert together.recourse_values == pytest.approx(alone.recourse_values, rel=1e-6, abs=1e-6)
    assert together.seconds_in_solver > 0  # also what helpers spent


def two_elements(n_paths, n_years=3):
    """Contracts with two suppliers for two elements (one sold by supplier 0 alone), stock, spot; shares delivered vary."""
    random = np.random.default_rng(5)
    sells = [(0, 0), (1, 0), (0, 1)]
    Y, E, n1 = n_years, 2, 3 * n_years
    delivered = random.choice([1.0, 0.6, 0.1], (n_paths, 2, Y), p=[0.6, 0.3, 0.1])
    W, T = np.zeros((2 * E * Y, 4 * E * Y)), np.zeros((n_paths, 2 * E * Y, n1))
    for e in range(E):
        for y in range(Y):
            balance, stock = 2 * (e * Y + y), 2 * (e * Y + y) + 1
            spot, short, draw, kept = range(4 * (e * Y + y), 4 * (e * Y + y) + 4)
            W[balance, [spot, short, draw]] = 1
            W[stock, [draw, kept]] = 1
            if y:
                W[stock, kept - 4] = -1
            for i, (s, f) in enumerate(sells):
                if f == e:
                    T[:, balance, i * Y + y] = delivered[:, s, y]
    q = np.tile([4.0, 20.0, 0.1, 0.05], E * Y)
    upper = np.tile([1.5, inf, inf, inf], E * Y)
    rhs = np.array([[10.0, 2.0 if y == 0 else 0.0] for _ in range(E) for y in range(Y)]).ravel()
    budget = np.tile(np.eye(Y), 3)
    return TwoStageProblem(
        np.repeat([1.0, 1.6, 1.3], Y), budget, [-inf] * Y, [24.0] * Y, [0] * n1, [15] * n1,
        q, W, T, rhs, [inf if i % 2 == 0 else rhs[i] for i in range(len(rhs))], np.zeros(len(q)), upper,
        np.full(n_paths, 1 / n_paths),
    )  # fmt: skip


@settings(many, max_examples=30)
@given(SEEDS, st.booleans())
def test_knowing_is_worth_something_and_so_is_not_planning_with_means(seed, integers):
    v = value_of_information(random_problem(seed, integers=integers))
    assert v.wait_and_see <= v.here_and_now <= v.expected_value_plan
    if np.isfinite(v.here_and_now):
        assert v.evpi >= 0 and v.vss >= 0


@both_methods
def test_a_scenario_split_in_two_changes_nothing(method):
    whole = farmer()
    split = whole.restricted_to(np.array([0, 1, 1, 2]), np.array([1 / 3, 1 / 12, 1 / 4, 1 / 3]))
    one = solve_two_stage(whole, 0.6, 0.5, method)
    two = solve_two_stage(split, 0.6, 0.5, method)
    assert two.objective == approx(one.objective, rel=1e-9)
    assert two.n_merged > one.n_merged
    assert two.recourse_values[1] == two.recourse_values[2]


@both_methods
def test_a_scenario_of_probability_zero_binds_nothing(method):
    problem = farmer()
    with_impossible = problem.restricted_to(np.array([0, 1, 2, 2]), np.array([1 / 3, 1 / 3, 1 / 3, 0]))
    with_impossible.recourse_upper = np.array([problem.recourse_upper] * 3 + [np.zeros(6)])
    result = solve_two_stage(with_impossible, method=method)
    assert result.objective == approx(-108_390, rel=1e-6)
    assert result.recourse_values[3] == inf


@both_methods
def test_statuses_are_named(method):
    def tiny(row_upper=inf, q=1.0, y_upper=inf, x_upper=1.0, cost=1.0):
        return TwoStageProblem(
            [cost], [[1]], [-inf], [row_upper], [0], [x_upper], [q], [[1]], [[1]], [[1], [3]], [inf],
            [0], [y_upper], [0.5, 0.5],
        )  # fmt: skip

    assert solve_two_stage(tiny(), method=method).objective == approx(2)
    for problem, status, value in (
        (tiny(row_upper=-1), Status.INFEASIBLE, inf),
        (tiny(y_upper=1), Status.INFEASIBLE, inf),
        (tiny(q=-1), Status.UNBOUNDED, -inf),
        (tiny(cost=-1, x_upper=inf), Status.UNBOUNDED, -inf),
    ):
        result = solve_two_stage(problem, method=method)
        assert (result.status, result.objective, result.bound) == (status, value, value)


@both_methods
def test_rows_without_recourse_and_columns_without_rows(method):
    """A recourse row that only x can meet is a limit on x; a column in no row goes to its cheaper bound."""
    problem = TwoStageProblem(
        [1], [], [], [], [0], [10], [2, -1], [[1, 0], [0, 0]], [[1], [1]], [[4, 1], [2, 3]], [inf, inf],
        [0, 0], [inf, 5], [0.5, 0.5],
    )  # fmt: skip
    result = solve_two_stage(problem, method=method)
    assert result.objective == approx(3 + 0.5 * 2 * 1 - 5)
    assert result.x == approx([3])


def test_sparse_and_dense_inputs_say_the_same():
    problem = farmer()
    T = [sparse.coo_array(problem.technology_of(k)) for k in range(3)]
    arguments = {name: getattr(problem, name) for name in (
        "cost", "row_lower", "row_upper", "lower", "upper", "recourse_cost", "recourse_row_lower",
        "recourse_row_upper", "recourse_lower", "recourse_upper", "probability", "integer",
    )}  # fmt: skip
    for technology in (T, np.array([t.toarray() for t in T]), sparse.coo_array(np.array([t.toarray() for t in T]))):
        same = TwoStageProblem(
            matrix=sparse.csc_matrix(problem.matrix), recourse_matrix=sparse.coo_array(problem.recourse_matrix),
            technology_matrix=technology, **arguments,
        )  # fmt: skip
        assert (same.technology != problem.technology).nnz == 0
        assert solve_two_stage(same).objective == approx(-108_390, rel=1e-6)


# --- what is refused


def test_all_faults_come_in_one_list():
    with pytest.raises(DataError) as caught:
        TwoStageProblem(
            [1, np.nan], [[1, 1, 1]], [0], [1, 2], [0, 5], [1, 4], [1], [[1]], [[[1, 1]]] * 3, [[1], [2]], [inf],
            [0], [-inf], [0.5, 0.45], integer=[0, 2],
        )  # fmt: skip
    text = str(caught.value)
    for seen in (
        "cost[1]: nan", "matrix: shape (1, 3)", "row_upper: shape (2,)", "lower[1]: 5 above upper 4",
        "technology_matrix: shape (3, 1, 2)", "recourse_upper[0]: -inf", "sums to 0.95", "integer: [0, 2]",
    ):  # fmt: skip
        assert seen in text, text


def test_arguments_out_of_range_are_refused():
    with pytest.raises(DataError) as caught:
        solve_two_stage(farmer(), alpha=1.0, cvar_weight=-1, method="decompose", tolerance=0)
    assert len(caught.value.faults) == 4
    assert "did you mean 'decomposed'?" in str(caught.value)


def test_a_decomposition_that_gives_up_says_so():
    """min x - y, y <= x + 1 in the first scenario and without end in the second: unbounded, which cuts cannot say."""
    problem = TwoStageProblem(
        [1.0], np.zeros((0, 1)), [], [], [0.0], [5.0], [-1.0], [[1.0]], [[-1.0]],
        -np.inf * np.ones((2, 1)), [[1.0], [np.inf]], [0.0], [np.inf], [0.5, 0.5],
    )  # fmt: skip
    with pytest.warns(RuntimeWarning, match="gave up"):
        found = solve_two_stage(problem, method="decomposed")
    assert found.status is Status.UNBOUNDED
    assert found.method == "extensive"
    assert found.message.startswith("The decomposition gave up (a scenario's recourse has no bound")
