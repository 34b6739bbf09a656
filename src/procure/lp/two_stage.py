"""Two-stage linear programs: decide now, see what happens, then make the best of it.

Sets   j first-stage columns    k ∈ K scenarios    Data: see `TwoStageProblem`
Vars   x here and now (some whole numbers)         y_k recourse, once scenario k is seen

  min   cost·x + (1 - w) Σ_k π_k Q_k(x) + w CVaR_α[Q(x)]                       (the risk term knows no sure cost)
  s.t.  row_lower <= matrix x <= row_upper,   lower <= x <= upper
  Q_k(x) = min { recourse_cost_k·y :  recourse_row_lower_k <= technology_matrix_k x + recourse_matrix y
                 <= recourse_row_upper_k,  recourse_lower_k <= y <= recourse_upper_k }

The extensive form writes all scenarios side by side; `benders` takes them apart. A scenario of probability zero binds
neither: it may even be infeasible, and its entry in `recourse_values` says so.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from procure import risk
from procure.errors import DataError, Fault, nearest
from procure.lp import highs
from procure.lp.certificate import OPTIMALITY
from procure.lp.highs import LinearProgram, Status
from procure.units import Array

# HiGHS prunes whatever its tolerance for whole numbers cannot tell from the best plan.
MIP_OPTIONS = {"mip_feasibility_tolerance": 1e-9, "mip_rel_gap": 1e-9, "mip_abs_gap": 1e-9}
METHODS = ("auto", "extensive", "decomposed")


class TwoStageProblem:
    """A two-stage linear program with n1 first-stage columns, n2 recourse columns and K scenarios.

    Parameters
    ----------
    cost : array, shape (n1,)
        First-stage cost.
    matrix : dense or sparse, shape (m1, n1)
        First-stage rows, between `row_lower` and `row_upper`, each (m1,); no rows is fine.
    row_lower, row_upper, lower, upper : array
        Bounds on first-stage rows and columns; `numpy.inf` where there is none.
    recourse_cost : array, shape (n2,) or (K, n2)
        Cost of recourse, the same in all scenarios or one row per scenario.
    recourse_matrix : dense or sparse, shape (m2, n2)
        How recourse enters the recourse rows; the same in all scenarios. [W]
    technology_matrix : dense or sparse, shape (m2, n1) or (K, m2, n1)
        How the first stage enters the recourse rows; per scenario also as a sequence of K sparse matrices. [T]
    recourse_row_lower, recourse_row_upper : array, shape (m2,) or (K, m2)
        Bounds on ``T x + W y``.
    recourse_lower, recourse_upper : array, shape (n2,) or (K, n2)
        Bounds on recourse.
    probability : array, shape (K,)
        Summing to one.
    integer : array of bool, shape (n1,), optional
        Which first-stage columns are whole numbers.

    Examples
    --------
    One tonne now costs 1, later 3; half the time two tonnes are needed, else one.

    >>> problem = TwoStageProblem([1], [[1]], [-np.inf], [np.inf], [0], [np.inf], [3], [[1]], [[1]],
    ...     [[1], [2]], [np.inf], [0], [np.inf], [0.5, 0.5])
    >>> result = solve_two_stage(problem)
    >>> result.objective, result.x.tolist(), result.recourse_values.tolist()
    (2.0, [2.0], [0.0, 0.0])
    """

    def __init__(
        self,
        cost: ArrayLike,
        matrix: Any,
        row_lower: ArrayLike,
        row_upper: ArrayLike,
        lower: ArrayLike,
        upper: ArrayLike,
        recourse_cost: ArrayLike,
        recourse_matrix: Any,
        technology_matrix: Any,
        recourse_row_lower: ArrayLike,
        recourse_row_upper: ArrayLike,
        recourse_lower: ArrayLike,
        recourse_upper: ArrayLike,
        probability: ArrayLike,
        integer: ArrayLike | None = None,
    ) -> None:
        read = _Reader()
        self.probability = read.array("probability", probability, ())
        self.cost = read.array("cost", cost, ())
        K, n1 = len(self.probability), len(self.cost)
        self.recourse_matrix = read.matrix("recourse_matrix", recourse_matrix, None)
        m2, n2 = self.recourse_matrix.shape
        self.matrix = read.matrix("matrix", matrix, n1)
        m1 = self.matrix.shape[0]
        self.technology = read.technology("technology_matrix", technology_matrix, K, m2, n1)
        """T of all scenarios on top of each other, shape (K·m2, n1), or (m2, n1) when they share it."""
        self.row_lower, self.row_upper = read.bounds("row_lower", row_lower, "row_upper", row_upper, m1)
        self.lower, self.upper = read.bounds("lower", lower, "upper", upper, n1)
        self.recourse_cost = read.array("recourse_cost", recourse_cost, (n2,), K)
        self.recourse_row_lower, self.recourse_row_upper = read.bounds(
            "recourse_row_lower", recourse_row_lower, "recourse_row_upper", recourse_row_upper, m2, K
        )
        self.recourse_lower, self.recourse_upper = read.bounds(
            "recourse_lower", recourse_lower, "recourse_upper", recourse_upper, n2, K
        )
        self.integer = read.mask("integer", integer, n1)
        read.faults += risk.probability_faults(self.probability)
        if not K:
            read.faults.append(Fault("probability", "no scenarios", "there is at least one"))
        if read.faults:
            raise DataError(read.faults)
        self.probability = self.probability / self.probability.sum()

    @property
    def n_scenarios(self) -> int:
        """How many scenarios there are."""
        return len(self.probability)

    @property
    def is_mixed_integer(self) -> bool:
        """Whether any first-stage column must be a whole number."""
        return bool(self.integer.any())

    @property
    def shares_technology(self) -> bool:
        """Whether all scenarios have the same technology matrix."""
        return bool(self.technology.shape[0] == self.recourse_matrix.shape[0])

    def technology_of(self, scenario: int) -> sparse.csr_matrix:
        """The technology matrix of one scenario."""
        if self.shares_technology:
            return self.technology
        m2 = self.recourse_matrix.shape[0]
        return self.technology[scenario * m2 : (scenario + 1) * m2]

    def restricted_to(self, scenarios: NDArray[np.integer[Any]], probability: Array) -> TwoStageProblem:
        """The same problem over some of its scenarios, with their new probabilities."""
        part = object.__new__(TwoStageProblem)
        part.__dict__.update(self.__dict__)
        part.probability = probability
        for name in _PER_SCENARIO:
            values = getattr(self, name)
            setattr(part, name, values[scenarios] if values.ndim == 2 else values)
        if not self.shares_technology:
            m2 = self.recourse_matrix.shape[0]
            part.technology = self.technology[(scenarios[:, None] * m2 + np.arange(m2)).ravel()]
        return part

    def averaged(self) -> TwoStageProblem:
        """The expected-value problem: one scenario, all its numbers the means; a mean with an infinity is infinite."""
        seen = self.probability > 0
        mean = object.__new__(TwoStageProblem)
        mean.__dict__.update(self.__dict__)
        mean.probability = np.ones(1)
        for name in _PER_SCENARIO:
            values = getattr(self, name)
            setattr(mean, name, self.probability[seen] @ values[seen] if values.ndim == 2 else values)
        if not self.shares_technology:
            m2 = self.recourse_matrix.shape[0]
            weights = sparse.kron(self.probability[None], sparse.identity(m2), format="csr")
            mean.technology = sparse.csr_matrix(weights @ self.technology)
        return mean

    def merged(self) -> tuple[TwoStageProblem, NDArray[np.integer[Any]]]:
        """The same problem with equal scenarios made one and impossible ones left out, and where each went (or -1)."""
        place: dict[bytes, int] = {}
        new = np.full(self.n_scenarios, -1)
        first: list[int] = []
        varying = [values for name in _PER_SCENARIO if (values := getattr(self, name)).ndim == 2]
        for k in np.flatnonzero(self.probability).tolist():
            key = b"".join(values[k].tobytes() for values in varying)
            if not self.shares_technology:
                T = self.technology_of(k)
                key += T.indptr.tobytes() + T.indices.tobytes() + T.data.tobytes()
            new[k] = place.setdefault(key, len(place))
            if new[k] == len(first):
                first.append(k)
        if len(first) == self.n_scenarios:
            return self, new
        probability = np.bincount(new[new >= 0], weights=self.probability[new >= 0], minlength=len(first))
        return self.restricted_to(np.array(first), np.asarray(probability, dtype=float)), new


_PER_SCENARIO = (
    "recourse_cost", "recourse_row_lower", "recourse_row_upper", "recourse_lower", "recourse_upper",
)  # fmt: skip


@dataclass(frozen=True)
class TwoStageResult:
    """What was found, and what is proved about it.

    `objective` is measured at `x`; no plan costs less than `bound`; `gap` is their distance relative to max(1,
    |objective|). `status` is `OPTIMAL` only where the gap meets the tolerance. An infeasible problem has objective and bound
    ``inf``, an unbounded one ``-inf``.
    """

    status: Status
    objective: float
    bound: float
    x: Array
    recourse_values: Array
    method: str
    iterations: int = 0
    seconds: float = 0.0
    seconds_in_solver: float = 0.0
    n_subproblems: int = 0
    n_merged: int = 0
    message: str = ""
    log: list[str] = field(default_factory=list, repr=False)

    @property
    def gap(self) -> float:
        """Distance of objective and bound, relative to max(1, |objective|)."""
        if np.isfinite(self.objective) and np.isfinite(self.bound):
            return max(0.0, self.objective - self.bound) / max(1.0, abs(self.objective))
        return 0.0 if self.objective == self.bound else np.inf


@dataclass(frozen=True)
class ValueOfInformation:
    """What it is worth to know the future, and to plan for not knowing it (risk-neutral; minimisation).

    `wait_and_see` <= `here_and_now` <= `expected_value_plan`, the cost of carrying out the plan of the `expected_value`
    problem; ``inf`` where that plan cannot be carried out.
    """

    here_and_now: float
    wait_and_see: float
    expected_value: float
    expected_value_plan: float

    @property
    def evpi(self) -> float:
        """Expected value of perfect information."""
        return self.here_and_now - self.wait_and_see

    @property
    def vss(self) -> float:
        """Value of the stochastic solution: what planning with means costs."""
        return self.expected_value_plan - self.here_and_now


def solve_two_stage(
    problem: TwoStageProblem,
    alpha: float = 0.0,
    cvar_weight: float = 0.0,
    method: str = "auto",
    tolerance: float = 1e-7,
    *,
    time_limit: float = np.inf,
    options: Mapping[str, Any] | None = None,
) -> TwoStageResult:
    """Minimise ``cost·x + (1 - cvar_weight) E[Q(x)] + cvar_weight CVaR_alpha[Q(x)]``, with a proved gap.

    Parameters
    ----------
    problem : TwoStageProblem
    alpha : float in [0, 1)
        Confidence level of the tail: 0.95 averages the worst 5 %.
    cvar_weight : float in [0, 1]
        Weight of the tail against the mean. [w]
    method : {"auto", "extensive", "decomposed"}
        One large program, or first stage and scenarios taken apart; auto decides by size.
    tolerance : float
        Largest gap, relative to max(1, |objective|), that is called optimal.
    time_limit : float
        Seconds; the best known is returned, with its bound, as `Status.LIMIT_REACHED`.
    options : mapping, optional
        HiGHS options for the extensive form.

    Returns
    -------
    TwoStageResult
        Where the decomposition gives up (bottomless recourse, a stall), that of the extensive form: `method` and `message` say
        so, and a `RuntimeWarning`.
    """
    _check_arguments(problem, alpha, cvar_weight, method, tolerance, time_limit)
    from procure.lp import benders  # it needs the classes above

    started = time.perf_counter()
    weights = (float(alpha), float(cvar_weight), float(tolerance))
    given_up = ""
    if method == "auto":
        method = "extensive" if _is_small(problem) else "decomposed"
    if method == "decomposed":
        result = benders.solve(problem, *weights, time_limit=time_limit)
        if isinstance(result, TwoStageResult):
            return result
        given_up = f"The decomposition gave up ({result.value}); solved as one program over all scenarios."
        warnings.warn(given_up, RuntimeWarning, stacklevel=2)
    left = max(time_limit - (time.perf_counter() - started), 0.1)
    whole = solve_extensive(problem, *weights, time_limit=left, options=options)
    return replace(whole, message=f"{given_up} {whole.message}".rstrip()) if given_up else whole


def solve_extensive(
    problem: TwoStageProblem,
    alpha: float,
    cvar_weight: float,
    tolerance: float,
    *,
    time_limit: float = np.inf,
    options: Mapping[str, Any] | None = None,
) -> TwoStageResult:
    """All scenarios side by side, in one program."""
    started = time.perf_counter()
    small, place = problem.merged()
    program, scale = extensive_form(small, alpha, cvar_weight)
    chosen = {"time_limit": float(time_limit)} if np.isfinite(time_limit) else {}
    if problem.is_mixed_integer:
        chosen |= MIP_OPTIONS | {"mip_rel_gap": min(tolerance, 1e-4) / 2}
    chosen |= dict(options or {})
    solver = highs.Solver(program, chosen)
    found = solver.solve(optimality=max(OPTIMALITY, tolerance / 2))
    status = found.status
    if status is Status.FAILED and not np.isfinite(found.x).all():
        status = status_without_costs(program)
    nothing = np.full(len(problem.cost), np.nan)
    x, values, objective, bound = nothing, np.full(problem.n_scenarios, np.nan), np.nan, found.bound / scale
    if status is Status.INFEASIBLE:
        objective = bound = np.inf
    elif status is Status.UNBOUNDED:
        objective = bound = -np.inf
    elif np.isfinite(found.x).all() and len(found.x):
        x = _whole(problem, found.x[: len(problem.cost)])
        n1, n2 = len(problem.cost), problem.recourse_matrix.shape[1]
        y = found.x[n1 : n1 + n2 * small.n_scenarios].reshape(small.n_scenarios, n2)
        values = recourse_values(problem, x)
        # A plan on the edge of what recourse can mend may be a rounding beyond it: its own recourse then counts.
        in_program = (y * np.atleast_2d(small.recourse_cost)).sum(axis=1)
        values = np.where((values == np.inf) & (place >= 0), in_program[place], values)
        objective = measure(problem, x, values, alpha, cvar_weight)
        bound = min(bound, objective)
    elif status is Status.LIMIT_REACHED:
        objective = np.inf
    if status in (Status.OPTIMAL, Status.LIMIT_REACHED):
        close = np.isfinite(objective - bound) and objective - bound <= tolerance * max(1.0, abs(objective))
        status = Status.OPTIMAL if close else Status.LIMIT_REACHED
    return TwoStageResult(
        status=status,
        objective=float(objective),
        bound=float(bound),
        x=x,
        recourse_values=values,
        method="extensive",
        iterations=found.iterations,
        seconds=time.perf_counter() - started,
        seconds_in_solver=solver.seconds,
        n_subproblems=small.n_scenarios,
        n_merged=problem.n_scenarios - small.n_scenarios,
        message=found.message,
    )


def extensive_form(problem: TwoStageProblem, alpha: float, cvar_weight: float) -> tuple[LinearProgram, float]:
    """The extensive form and the factor its objective is multiplied by.

    Vars   x, y_k as above;  η free, excess_k >= 0  only where the tail counts

      min   cost·x + (1 - w) Σ_k π_k q_k·y_k + w (η + Σ_k π_k excess_k / (1 - α))
      s.t.  rows of x;  rows of (x, y_k)                                      ∀ k
            excess_k + η - q_k·y_k >= 0                                       ∀ k     tail_excess

    Costs are multiplied by 1 / max π, so that a scenario among thousands still weighs against HiGHS's tolerances.
    """
    K, m2 = problem.n_scenarios, problem.recourse_matrix.shape[0]
    p = problem.probability
    tail = cvar_weight > 0 and alpha > 0
    w = cvar_weight if tail else 0.0
    q = np.broadcast_to(problem.recourse_cost, (K, problem.recourse_matrix.shape[1]))

    def per_scenario(values: Array) -> Array:
        return np.broadcast_to(values, (K, values.shape[-1])).ravel()

    T = sparse.vstack([problem.technology] * K) if problem.shares_technology else problem.technology
    W = sparse.kron(sparse.identity(K), problem.recourse_matrix)
    blocks = [[problem.matrix, None], [T, W]]
    cost = [problem.cost, ((1 - w) * p[:, None] * q).ravel()]
    lower = [problem.lower, per_scenario(problem.recourse_lower)]
    upper = [problem.upper, per_scenario(problem.recourse_upper)]
    row_lower = [problem.row_lower, per_scenario(problem.recourse_row_lower)]
    row_upper = [problem.row_upper, per_scenario(problem.recourse_row_upper)]
    if tail:
        n2 = q.shape[1]
        loss = sparse.csr_matrix((q.ravel(), np.arange(K * n2), np.arange(0, K * n2 + 1, n2)), shape=(K, K * n2))
        blocks = [[*row, None, None] for row in blocks]
        blocks.append([None, -loss, np.ones((K, 1)), sparse.identity(K)])
        cost += [np.array([w]), w * p / (1 - alpha)]
        lower += [np.array([-np.inf]), np.zeros(K)]
        upper += [np.array([np.inf]), np.full(K, np.inf)]
        row_lower.append(np.zeros(K))
        row_upper.append(np.full(K, np.inf))
    scale = 1.0 / p.max()
    columns = np.concatenate(cost)
    integer = np.zeros(len(columns), dtype=bool)
    integer[: len(problem.cost)] = problem.integer
    shape = (len(problem.row_lower) + K * m2 + K * tail, len(columns))
    program = LinearProgram(
        cost=scale * columns,
        matrix=sparse.csc_matrix(sparse.bmat(blocks, format="csc")) if 0 not in shape else sparse.csc_matrix(shape),
        row_lower=np.concatenate(row_lower),
        row_upper=np.concatenate(row_upper),
        lower=np.concatenate(lower),
        upper=np.concatenate(upper),
        integer=integer if integer.any() else None,
    )
    return program, scale


def recourse_values(problem: TwoStageProblem, x: Array) -> Array:
    """Q_k(x) per scenario: ``inf`` where the plan leaves no recourse, ``-inf`` where recourse has no bottom."""
    from procure.lp.recourse import Recourse

    with Recourse(problem) as recourse:
        return recourse.values(x)


def measure(problem: TwoStageProblem, x: Array, values: Array, alpha: float, cvar_weight: float) -> float:
    """The objective of a plan whose recourse costs `values`."""
    possible = problem.probability > 0
    value, p = values[possible], problem.probability[possible]
    tail = cvar_weight if alpha > 0 else 0.0
    if (value == np.inf).any():
        return np.inf
    if (value == -np.inf).any():
        return -np.inf
    sure = float(problem.cost @ x)
    return sure + (1 - tail) * risk.expectation(value, p) + (tail * risk.cvar(value, p, alpha) if tail else 0.0)


def value_of_information(
    problem: TwoStageProblem, *, method: str = "auto", tolerance: float = 1e-9
) -> ValueOfInformation:
    """Here-and-now, wait-and-see and expected-value costs of a risk-neutral problem (see `ValueOfInformation`).

    Birge & Louveaux (2011), Introduction to Stochastic Programming, chapter 4.
    """
    now = solve_two_stage(problem, method=method, tolerance=tolerance).objective
    small, _ = problem.merged()
    alone = [
        solve_extensive(small.restricted_to(np.array([k]), np.ones(1)), 0.0, 0.0, tolerance).objective
        for k in range(small.n_scenarios)
    ]
    seen = np.inf if np.inf in alone else float(small.probability @ np.array(alone))
    mean = solve_extensive(problem.averaged(), 0.0, 0.0, tolerance)
    plan = np.inf
    if mean.status is Status.OPTIMAL:
        plan = measure(problem, mean.x, recourse_values(problem, mean.x), 0.0, 0.0)
    # The order always holds; rounding must not turn it around.
    rounding = 1e-6 * max(1.0, abs(now))
    if now < seen <= now + rounding:
        seen = now
    if now - rounding <= plan < now:
        plan = now
    return ValueOfInformation(now, seen, mean.objective, plan)


def _whole(problem: TwoStageProblem, x: Array) -> Array:
    """The plan within its bounds and with its whole numbers whole."""
    whole = np.where(problem.integer, np.round(x), x)
    return np.asarray(np.clip(whole, problem.lower, problem.upper))


def status_without_costs(program: LinearProgram) -> Status:
    """Decide between infeasible and unbounded where the solver would not: can the rows be met at all?"""
    found = highs.solve(
        LinearProgram(
            np.zeros_like(program.cost), program.matrix, program.row_lower, program.row_upper,
            program.lower, program.upper, program.integer,
        ),
        {"presolve": "off"},
    )  # fmt: skip
    return {Status.OPTIMAL: Status.UNBOUNDED, Status.INFEASIBLE: Status.INFEASIBLE}.get(found.status, Status.FAILED)


def _is_small(problem: TwoStageProblem) -> bool:
    entries = problem.recourse_matrix.nnz + problem.technology_of(0).nnz
    return problem.n_scenarios < 8 or entries * problem.n_scenarios < 40_000


def _check_arguments(
    problem: TwoStageProblem, alpha: float, cvar_weight: float, method: str, tolerance: float, time_limit: float
) -> None:
    faults: list[Fault] = []
    kind: type = type(problem)
    if not issubclass(kind, TwoStageProblem):
        faults.append(Fault("problem", kind.__name__, "it is a TwoStageProblem"))
    above_zero = np.nextafter(0.0, 1.0)
    below_one = np.nextafter(1.0, 0.0)
    for where, value, low, high, rule in (
        ("alpha", alpha, 0.0, below_one, "a confidence level is in [0, 1): 0.95 averages the worst 5 %"),
        ("cvar_weight", cvar_weight, 0.0, 1.0, "a weight is in [0, 1]"),
        ("tolerance", tolerance, above_zero, below_one, "a relative gap is in (0, 1)"),
        ("time_limit", time_limit, above_zero, np.inf, "seconds are > 0"),
    ):
        try:
            valid = low <= float(value) <= high
        except (TypeError, ValueError):
            valid = False
        if not valid:
            faults.append(Fault(where, repr(value), rule))
    if method not in METHODS:
        faults.append(Fault("method", repr(method), "it is a method", nearest(str(method), METHODS)))
    if faults:
        raise DataError(faults)


class _Reader:
    """Turns what the caller wrote into arrays of the right shape and collects every fault on the way."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def array(self, where: str, values: Any, shape: tuple[int, ...], K: int = 0, *, infinite: bool = False) -> Array:
        """One row for all, or with `K` one per scenario; an empty `shape` means any length."""
        try:
            array = np.array(values.toarray() if sparse.issparse(values) else values, dtype=float)
        except (TypeError, ValueError):
            self.faults.append(Fault(where, repr(values)[:60], "it is an array of numbers"))
            return np.zeros(shape or (0,))
        if shape and array.ndim == 0:
            array = np.full(shape, array)
        valid = array.ndim == 1 if not shape else array.shape == shape or (K > 0 and array.shape == (K, *shape))
        if not valid:
            rule = f"its shape is {shape or '(n,)'}" + (f" or {(K, *shape)}" if K and shape else "")
            self.faults.append(Fault(where, f"shape {array.shape}", rule))
            return np.zeros(shape or (0,))
        wrong = np.isnan(array) if infinite else ~np.isfinite(array)
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            rule = "it is a number" if infinite else "it is a finite number"
            self.faults.append(Fault(f"{where}[{', '.join(map(str, at))}]", f"{array[at]}", rule))
        return array

    def bounds(self, where: str, low: Any, where_high: str, high: Any, n: int, K: int = 0) -> tuple[Array, Array]:
        """Lower and upper bounds that leave room."""
        before = len(self.faults)
        lower = self.array(where, low, (n,), K, infinite=True)
        upper = self.array(where_high, high, (n,), K, infinite=True)
        if len(self.faults) == before:
            for name, array, refused in ((where, lower, np.inf), (where_high, upper, -np.inf)):
                if (array == refused).any():
                    at = ", ".join(str(i) for i in np.argwhere(array == refused)[0])
                    self.faults.append(Fault(f"{name}[{at}]", f"{refused}", "this bound leaves no value"))
            crossed = np.argwhere(lower > upper)
            if len(crossed):
                both = np.broadcast_arrays(lower, upper)
                a, b = (array[tuple(crossed[0])] for array in both)
                key = ", ".join(str(i) for i in crossed[0])
                self.faults.append(Fault(f"{where}[{key}]", f"{a:g} above {where_high} {b:g}", "lower <= upper"))
        return lower, upper

    def matrix(self, where: str, values: Any, n_columns: int | None) -> sparse.csr_matrix:
        try:
            if values is None:
                found = sparse.csr_matrix((0, n_columns or 0))
            elif sparse.issparse(values):
                found = sparse.csr_matrix(values, dtype=float)
            else:
                dense = np.array(values, dtype=float)
                if dense.size == 0 and dense.ndim < 2 and n_columns is not None:
                    dense = dense.reshape(0, n_columns)
                if dense.ndim != 2:
                    self.faults.append(Fault(where, f"shape {dense.shape}", "it has rows and columns"))
                    return sparse.csr_matrix((0, n_columns or 0))
                found = sparse.csr_matrix(dense)
        except (TypeError, ValueError):
            self.faults.append(Fault(where, repr(values)[:60], "it is a matrix of numbers"))
            return sparse.csr_matrix((0, n_columns or 0))
        if n_columns is not None and found.shape[1] != n_columns:
            self.faults.append(Fault(where, f"shape {found.shape}", f"it has {n_columns} columns"))
            found = sparse.csr_matrix((found.shape[0], n_columns))
        if not np.isfinite(found.data).all():
            row, column = (int(part[np.flatnonzero(~np.isfinite(found.data))[0]]) for part in found.tocoo().coords)
            self.faults.append(Fault(f"{where}[{row}, {column}]", "not a finite number", "it is a finite number"))
        found.sum_duplicates()
        found.eliminate_zeros()
        return found

    def technology(self, where: str, values: Any, K: int, m2: int, n1: int) -> sparse.csr_matrix:
        """One matrix, or K of them (dense 3-D, sparse 3-D, or a sequence) on top of each other."""
        if sparse.issparse(values):
            if values.ndim == 3:
                k, i, j = values.tocoo().coords
                shape = values.shape
                parts = sparse.csr_matrix((values.tocoo().data, (k * shape[1] + i, j)), (shape[0] * shape[1], shape[2]))
            else:
                shape, parts = values.shape, values
        else:
            if isinstance(values, list | tuple) and any(sparse.issparse(part) for part in values):
                shapes = {part.shape for part in values}
                if len(shapes) != 1:
                    self.faults.append(Fault(where, f"shapes {sorted(shapes)}", f"each is ({m2}, {n1})"))
                    return sparse.csr_matrix((m2, n1))
                shape, parts = (len(values), *shapes.pop()), sparse.vstack(values, format="csr")
            else:
                try:
                    dense = np.array(values, dtype=float)
                except (TypeError, ValueError):
                    self.faults.append(Fault(where, repr(values)[:60], "it is a matrix of numbers"))
                    return sparse.csr_matrix((m2, n1))
                shape = dense.shape
                parts = dense.reshape(-1, shape[-1]) if dense.ndim == 3 else dense
        if tuple(shape) not in ((m2, n1), (K, m2, n1)):
            self.faults.append(Fault(where, f"shape {tuple(shape)}", f"its shape is ({m2}, {n1}) or ({K}, {m2}, {n1})"))
            return sparse.csr_matrix((m2, n1))
        return self.matrix(where, parts, n1)

    def mask(self, where: str, values: Any, n: int) -> NDArray[np.bool_]:
        if values is None:
            return np.zeros(n, dtype=bool)
        array = np.asarray(values)
        if array.shape != (n,) or not np.isin(array, (0, 1)).all():
            rule = f"it is a mask of {n} trues and falses, one per first-stage column"
            self.faults.append(Fault(where, f"{array.tolist()}"[:60], rule))
            return np.zeros(n, dtype=bool)
        return array.astype(bool)
