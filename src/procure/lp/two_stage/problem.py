"""The numbers of a two-stage linear program: what is decided now, what may come, and how one can then respond."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.lp.two_stage.reader import Reader
from procure.risk import RiskMeasure, probability_faults
from procure.units import Array


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
    recourse_matrix : dense or sparse, shape (m2, n2) or (K, m2, n2)
        How recourse enters the recourse rows; per scenario also as a sequence of K sparse matrices. [W]
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
    recourse_integer : array of bool, shape (n2,), optional
        Which recourse columns are whole numbers. Such a problem, and one whose recourse matrix differs between scenarios, is solved
        as one program: its recourse cost is not convex in the plan, or its duals are not shared.

    Examples
    --------
    One tonne now costs 1, later 3; half the time two tonnes are needed, else one.

    >>> from procure.lp.two_stage import solve_two_stage
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
        recourse_integer: ArrayLike | None = None,
    ) -> None:
        read = Reader()
        self.probability = read.array("probability", probability, ())
        self.cost = read.array("cost", cost, ())
        K, n1 = len(self.probability), len(self.cost)
        self.recourse_matrix, m2, n2 = read.stacked("recourse_matrix", recourse_matrix, K)
        """W, shape (m2, n2), or where it differs those of all scenarios on top of each other, shape (K·m2, n2)."""
        self.n_recourse_rows = m2
        self.matrix = read.matrix("matrix", matrix, n1)
        m1 = self.matrix.shape[0]
        self.technology, *_ = read.stacked("technology_matrix", technology_matrix, K, (m2, n1))
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
        self.recourse_integer = read.mask("recourse_integer", recourse_integer, n2)
        read.faults += probability_faults(self.probability)
        if not K:
            read.faults.append(
                Fault(
                    "probability",
                    Said("no scenarios", "シナリオがない"),
                    Said("there is at least one", "少なくとも一つある"),
                )
            )
        if read.faults:
            raise DataError(read.faults)
        self.probability = self.probability / self.probability.sum()

    @property
    def n_scenarios(self) -> int:
        """How many scenarios there are."""
        return len(self.probability)

    @property
    def is_mixed_integer(self) -> bool:
        """Whether any column must be a whole number."""
        return bool(self.integer.any() or self.recourse_integer.any())

    @property
    def whole_because(self) -> str:
        """Why the problem cannot be taken apart by its duals; blank where it can."""
        if self.recourse_integer.any():
            return Said(
                "recourse has whole numbers, so that its cost is not convex in the plan",
                "第二段階に整数があり、その費用は計画について凸ではない",
            )
        return (
            ""
            if self.shares_recourse
            else Said(
                "the recourse matrix differs between scenarios, and so do its duals",
                "リコース行列がシナリオごとに異なり、双対値も異なる",
            )
        )

    @property
    def shares_technology(self) -> bool:
        """Whether all scenarios have the same technology matrix."""
        return bool(self.technology.shape[0] == self.n_recourse_rows)

    @property
    def shares_recourse(self) -> bool:
        """Whether all scenarios have the same recourse matrix."""
        return bool(self.recourse_matrix.shape[0] == self.n_recourse_rows)

    def recourse_of(self, scenario: int) -> sparse.csr_matrix:
        """The recourse matrix of one scenario."""
        return self.recourse_matrix if self.shares_recourse else self._part(self.recourse_matrix, scenario)

    def _part(self, stacked: sparse.csr_matrix, scenario: int) -> sparse.csr_matrix:
        return stacked[scenario * self.n_recourse_rows : (scenario + 1) * self.n_recourse_rows]

    def technology_of(self, scenario: int) -> sparse.csr_matrix:
        """The technology matrix of one scenario."""
        return self.technology if self.shares_technology else self._part(self.technology, scenario)

    def restricted_to(self, scenarios: NDArray[np.integer[Any]], probability: Array) -> TwoStageProblem:
        """The same problem over some of its scenarios, with their new probabilities."""
        part = object.__new__(TwoStageProblem)
        part.__dict__.update(self.__dict__)
        part.probability = probability
        for name in _PER_SCENARIO:
            values = getattr(self, name)
            setattr(part, name, values[scenarios] if values.ndim == 2 else values)
        rows = (scenarios[:, None] * self.n_recourse_rows + np.arange(self.n_recourse_rows)).ravel()
        if not self.shares_technology:
            part.technology = self.technology[rows]
        if not self.shares_recourse:
            part.recourse_matrix = self.recourse_matrix[rows]
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
        weights = sparse.kron(self.probability[None], sparse.identity(self.n_recourse_rows), format="csr")
        if not self.shares_technology:
            mean.technology = sparse.csr_matrix(weights @ self.technology)
        if not self.shares_recourse:
            mean.recourse_matrix = sparse.csr_matrix(weights @ self.recourse_matrix)
        return mean

    def merged(self) -> tuple[TwoStageProblem, NDArray[np.integer[Any]]]:
        """The same problem with equal scenarios made one and impossible ones left out, and where each went (or -1)."""
        place: dict[bytes, int] = {}
        new = np.full(self.n_scenarios, -1)
        first: list[int] = []
        varying = [values for name in _PER_SCENARIO if (values := getattr(self, name)).ndim == 2]
        for k in np.flatnonzero(self.probability).tolist():
            key = b"".join(values[k].tobytes() for values in varying)
            for own, matrix in (
                (not self.shares_technology, self.technology_of(k)), (not self.shares_recourse, self.recourse_of(k))
            ):  # fmt: skip
                if own:
                    key += matrix.indptr.tobytes() + matrix.indices.tobytes() + matrix.data.tobytes()
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


def weighed_cost(problem: TwoStageProblem, x: Array, values: Array, measure: RiskMeasure) -> float:
    """The objective of a plan whose recourse costs `values`: its sure cost, and what the measure makes of them."""
    counts = problem.probability > 0 if measure.law_invariant else np.ones(problem.n_scenarios, dtype=bool)
    value, p = values[counts], problem.probability[counts]
    if (value == np.inf).any():
        return np.inf
    if (value == -np.inf).any():
        return -np.inf
    return float(problem.cost @ x) + measure.value(value, p)
