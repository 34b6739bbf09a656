"""HiGHS behind one door: the only module that imports highspy.

A `LinearProgram` is plain arrays; a `Solver` holds one loaded HiGHS model, moves its numbers in place and re-solves from
the last basis; a `Solution` carries a `Status` that is never taken for more than it says. HiGHS runs in threads of its own
(`lanes`).
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from procure.lp.lanes import Task

Array = NDArray[np.float64]


class Status(enum.Enum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    LIMIT_REACHED = "limit reached"
    FAILED = "failed"


@dataclass(frozen=True)
class LinearProgram:
    """``min offset + cost·x`` with ``row_lower <= matrix x <= row_upper`` and ``lower <= x <= upper``.

    Infinities are `numpy.inf`; `integer` masks the columns that must be whole numbers.
    """

    cost: Array
    matrix: sparse.csc_matrix
    row_lower: Array
    row_upper: Array
    lower: Array
    upper: Array
    integer: NDArray[np.bool_] | None = None
    offset: float = 0.0

    @property
    def is_mixed_integer(self) -> bool:
        """Whether any column must be a whole number."""
        return self.integer is not None and bool(self.integer.any())


@dataclass(frozen=True)
class Solution:
    """What HiGHS found: point and duals where they exist, the proved `bound`, and the seconds inside ``run()``.

    A row dual is the change of the optimal cost per unit of the row's active bound, as HiGHS signs it (minimisation).
    `ray` is a direction of unbounded descent, or the row multipliers that prove infeasibility, where HiGHS has one.
    """

    status: Status
    objective: float
    x: Array
    row_dual: Array
    reduced_cost: Array
    bound: float
    iterations: int
    seconds: float
    message: str = ""
    ray: Array | None = field(default=None, repr=False)


class Ended(NamedTuple):
    """How one run of HiGHS ended: without the point."""

    status: Status
    objective: float
    message: str
    seconds: float


_STATUS = {
    highspy.HighsModelStatus.kOptimal: Status.OPTIMAL,
    # A model without columns is solved by its offset.
    highspy.HighsModelStatus.kModelEmpty: Status.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: Status.INFEASIBLE,
    highspy.HighsModelStatus.kUnbounded: Status.UNBOUNDED,
    highspy.HighsModelStatus.kTimeLimit: Status.LIMIT_REACHED,
    highspy.HighsModelStatus.kIterationLimit: Status.LIMIT_REACHED,
    highspy.HighsModelStatus.kSolutionLimit: Status.LIMIT_REACHED,
    highspy.HighsModelStatus.kInterrupt: Status.LIMIT_REACHED,
}


#: One thread, because solves run side by side; a whole-number optimum is proved, not within HiGHS's usual 0.01 %.
DEFAULTS: Mapping[str, Any] = {"threads": 1, "mip_rel_gap": 1e-9}

#: Beyond this many changed entries, loading the matrix again with the old basis is quicker than changing one by one.
MANY_COEFFICIENTS = 500


_INTERRUPTS = tuple(
    getattr(highspy.cb.HighsCallbackType, f"kCallback{method}Interrupt") for method in ("Simplex", "Ipm", "Mip")
)


def _stop(kind: int, message: str, said: Any, answer: Any, data: Any) -> None:
    answer.user_interrupt = True


class _QuietHighs(highspy.Highs):  # type: ignore[misc]  # highspy is untyped
    """HiGHS without the callbacks of highspy, whose set-up prints a banner before any option can silence it.

    It can be asked to stop from another thread: only then it calls back, so a run that nobody stops pays nothing.
    """

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)
        self.setCallback(_stop, None)

    def ask_to_stop(self) -> None:
        for kind in _INTERRUPTS:
            self.startCallback(kind)

    def let_run(self) -> None:
        for kind in _INTERRUPTS:
            self.stopCallback(kind)


class Solver:
    """One HiGHS model, loaded once, moved in place, re-solved from its last basis.

    Parameters
    ----------
    program : LinearProgram
        The arrays to load; they are copied.
    options : mapping, optional
        HiGHS options by their own names, for example ``{"solver": "ipx", "time_limit": 60.0}``. One thread is the
        default, because solves run side by side in processes.

    Examples
    --------
    >>> from scipy import sparse
    >>> buy = LinearProgram(cost=np.array([1.0, 2.0]), matrix=sparse.csc_matrix([[1.0, 1.0]]),
    ...     row_lower=np.array([1.0]), row_upper=np.array([np.inf]), lower=np.zeros(2), upper=np.array([0.25, np.inf]))
    >>> solver = Solver(buy)
    >>> solver.solve().objective
    1.75
    >>> solver.change_costs([0], [3.0])
    >>> solver.solve().objective
    2.0
    """

    def __init__(self, program: LinearProgram, options: Mapping[str, Any] | None = None) -> None:
        self._model = _QuietHighs()
        self._task: Task | None = None
        self._options: dict[str, Any] = {}
        self.seconds = 0.0  # inside run(), over all solves
        self.set_options(dict(DEFAULTS) | dict(options or {}))
        self._is_mixed_integer = program.is_mixed_integer
        self._check(self._highs.passModel(_to_highs(program)), "loading the model")
        self._program = program

    @property
    def _highs(self) -> _QuietHighs:
        """HiGHS's model, once a run in it that was interrupted has ended."""
        if self._task is not None:
            self._task.wait()
            self._task = None
        return self._model

    def _apart(self, work: Callable[[_QuietHighs], Any]) -> Any:
        """What some work on HiGHS's model returns, done in a lane: whatever may run HiGHS goes this way."""
        model = self._highs

        def unhindered() -> Any:
            model.let_run()  # whoever asked the last run to stop did not mean this one
            return work(model)

        self._task = task = Task(unhindered, int(self._options["threads"]), model.ask_to_stop)
        value = task.result()
        self._task = None
        return value

    def set_options(self, options: Mapping[str, Any]) -> None:
        """Set HiGHS options by their own names; an unknown name or a value out of range raises `ValueError`."""
        for name, value in options.items():
            if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise ValueError(f"HiGHS refuses option {name} = {value!r}")
            self._options[name] = value

    def solve(self) -> Solution:
        """Run HiGHS from where it stands, say how it ended, and read what it found."""
        return self.read(self.run())

    def run(self) -> Ended:
        """Run HiGHS from where it stands and say how it ended; `read` gives the point, which takes a while to copy."""
        presolve = self._options.get("presolve", "choose")
        ended: Ended = self._apart(lambda model: _run(model, presolve))
        self.seconds += ended.seconds
        return ended

    def read(self, ended: Ended) -> Solution:
        """The point and duals of the last run, which `ended` so."""
        status, objective = ended.status, ended.objective
        info = self._highs.getInfo()
        found = self._highs.getSolution()
        has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        has_dual = info.dual_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        n_columns, n_rows = self._highs.getNumCol(), self._highs.getNumRow()
        nothing = np.full(n_columns, np.nan)
        if self._is_mixed_integer:
            bound = info.mip_dual_bound
        else:
            bound = objective if status is Status.OPTIMAL else -np.inf
        ray = None
        if status is Status.UNBOUNDED or (status is Status.INFEASIBLE and not self._is_mixed_integer):
            get_ray = highspy.Highs.getPrimalRay if status is Status.UNBOUNDED else highspy.Highs.getDualRay
            _, exists, direction = self._apart(get_ray)
            ray = np.array(direction) if exists else None
        return Solution(
            status=status,
            objective=objective,
            x=np.array(found.col_value) if has_point and len(found.col_value) == n_columns else nothing,
            row_dual=np.array(found.row_dual)
            if has_dual and len(found.row_dual) == n_rows
            else np.full(n_rows, np.nan),
            reduced_cost=np.array(found.col_dual) if has_dual and len(found.col_dual) == n_columns else nothing,
            bound=bound,
            iterations=max(info.simplex_iteration_count, info.ipm_iteration_count, 0),
            seconds=ended.seconds,
            message=ended.message,
            ray=ray,
        )

    def values(self) -> Array:
        """The columns at the point of the last run."""
        return np.array(self._highs.getSolution().col_value)

    def move_to(self, program: LinearProgram) -> bool:
        """Move the numbers in place to those of `program`, keeping the basis; False, and nothing done, if its shape differs.

        Compares with the program last loaded or moved to: single changes made since are not undone.
        """
        old, new = self._program.matrix, program.matrix
        same = (
            old.shape == new.shape
            and self._is_mixed_integer == program.is_mixed_integer
            and (old.indptr is new.indptr or np.array_equal(old.indptr, new.indptr))
            and (old.indices is new.indices or np.array_equal(old.indices, new.indices))
        )
        if not same:
            return False
        if len(moved := np.flatnonzero(self._program.cost != program.cost)):
            self.change_costs(moved, program.cost[moved])
        moved = np.flatnonzero((self._program.lower != program.lower) | (self._program.upper != program.upper))
        if len(moved):
            self.change_bounds(moved, program.lower[moved], program.upper[moved])
        moved = np.flatnonzero(
            (self._program.row_lower != program.row_lower) | (self._program.row_upper != program.row_upper)
        )
        if len(moved):
            self.change_rows(moved, program.row_lower[moved], program.row_upper[moved])
        moved = np.flatnonzero(old.data != new.data)
        if len(moved) > MANY_COEFFICIENTS:
            basis = self.get_basis()
            self._check(self._highs.passModel(_to_highs(program)), "loading the model")
            self.set_basis(basis)
        elif len(moved):
            columns = np.searchsorted(new.indptr, moved, side="right") - 1
            self.change_coefficients(new.indices[moved], columns, new.data[moved])
        self._program = program
        return True

    def change_costs(self, columns: Any, costs: Any) -> None:
        """Move objective coefficients."""
        index = _index(columns)
        self._check(self._highs.changeColsCost(len(index), index, _values(costs)), "changing costs")

    def change_bounds(self, columns: Any, lower: Any, upper: Any) -> None:
        """Move column bounds."""
        index = _index(columns)
        status = self._highs.changeColsBounds(len(index), index, _values(lower), _values(upper))
        self._check(status, "changing bounds")

    def change_rows(self, rows: Any, lower: Any, upper: Any) -> None:
        """Move row bounds."""
        index = _index(rows)
        status = self._highs.changeRowsBounds(len(index), index, _values(lower), _values(upper))
        self._check(status, "changing rows")

    def change_coefficients(self, rows: Any, columns: Any, values: Any) -> None:
        """Move single matrix entries."""
        change = self._highs.changeCoeff
        entries = zip(_index(rows).tolist(), _index(columns).tolist(), _values(values).tolist(), strict=True)
        if any(change(row, column, value) == highspy.HighsStatus.kError for row, column, value in entries):
            self._check(highspy.HighsStatus.kError, "changing coefficients")

    def add_rows(self, matrix: sparse.csr_matrix, lower: Any, upper: Any) -> None:
        """Append rows; the basis stays, with the new rows basic."""
        rows = sparse.csr_matrix(matrix)
        status = self._highs.addRows(
            rows.shape[0], _values(lower), _values(upper), rows.nnz,
            rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(float),
        )  # fmt: skip
        self._check(status, "adding rows")

    def delete_rows(self, rows: Any) -> None:
        """Remove rows."""
        index = _index(rows)
        self._check(self._highs.deleteRows(len(index), index), "deleting rows")

    def get_basis(self) -> Any:
        """The present basis, to be handed to `set_basis` of a solver of the same shape."""
        return self._highs.getBasis()

    def set_basis(self, basis: Any) -> None:
        """Start the next solve from `basis`."""
        self._check(self._highs.setBasis(basis), "setting the basis")

    def forget(self) -> None:
        """Drop basis and solution, so that the next solve starts cold."""
        self._check(self._highs.clearSolver(), "clearing the solver")

    def conflict(self) -> tuple[list[int], list[int]]:
        """Rows and columns of an irreducible infeasible subset, as HiGHS isolates it; empty where it finds none."""
        status, found = self._apart(highspy.Highs.getIis)
        if status == highspy.HighsStatus.kError or not found.valid_:
            return [], []
        return list(found.row_index_), list(found.col_index_)

    @staticmethod
    def _check(status: highspy.HighsStatus, doing: str) -> None:
        if status == highspy.HighsStatus.kError:
            raise ValueError(f"HiGHS refuses {doing}: a size, an index or a number is out of range")


def solve(program: LinearProgram, options: Mapping[str, Any] | None = None) -> Solution:
    """Load and solve once."""
    return Solver(program, options).solve()


def version() -> str:
    """The version of HiGHS in use."""
    return str(_QuietHighs().version())


def _run(model: _QuietHighs, presolve: str) -> Ended:
    """One run of a model, and how it ended."""
    started = time.perf_counter()
    run_status = model.run()
    model_status = model.getModelStatus()
    if model_status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
        # Presolve may stop at "one of the two"; without it the simplex method must say which.
        model.setOptionValue("presolve", "off")
        model.run()
        model.setOptionValue("presolve", presolve)
        model_status = model.getModelStatus()
    taken = time.perf_counter() - started
    status = _STATUS.get(model_status, Status.FAILED)
    if run_status == highspy.HighsStatus.kError:
        status = Status.FAILED
    has_point = model.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    objective = model.getObjectiveValue() if status is Status.OPTIMAL or has_point else np.nan
    if status is Status.OPTIMAL and model.getNumCol() == 0:
        objective = model.getObjectiveOffset()[1]
    return Ended(status, objective, model.modelStatusToString(model_status), taken)


def _index(values: Any) -> NDArray[np.int32]:
    return np.ascontiguousarray(np.atleast_1d(values), dtype=np.int32)


def _values(values: Any) -> Array:
    return np.ascontiguousarray(np.atleast_1d(values), dtype=np.float64)


def _to_highs(program: LinearProgram) -> highspy.HighsLp:
    matrix = program.matrix.tocsc()
    matrix.sum_duplicates()
    lp = highspy.HighsLp()
    lp.num_col_ = matrix.shape[1]
    lp.num_row_ = matrix.shape[0]
    lp.offset_ = float(program.offset)
    lp.col_cost_ = _values(program.cost) if lp.num_col_ else np.empty(0)
    lp.col_lower_ = program.lower
    lp.col_upper_ = program.upper
    lp.row_lower_ = program.row_lower
    lp.row_upper_ = program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.num_col_ = matrix.shape[1]
    lp.a_matrix_.num_row_ = matrix.shape[0]
    lp.a_matrix_.start_ = matrix.indptr
    lp.a_matrix_.index_ = matrix.indices
    lp.a_matrix_.value_ = matrix.data
    if program.is_mixed_integer:
        assert program.integer is not None
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in program.integer]
    return lp
