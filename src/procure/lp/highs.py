"""HiGHS behind one door: the only module that imports highspy.

A `Solver` holds one loaded HiGHS model, moves its numbers in place and re-solves from the last basis. What HiGHS answers is
checked by arithmetic (`certificate`), and solved again cold where that fails. HiGHS runs in threads of its own (`highs_threads`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from procure.errors import DataError, Fault, nearest
from procure.languages import Said
from procure.lp.certificate import OPTIMALITY, certify, of_bound, of_infeasibility, of_optimum, of_unboundedness
from procure.lp.dual_bound import prove
from procure.lp.highs_threads import Task
from procure.lp.program import Certificate, LinearProgram, Solution, Status, descent, elastic
from procure.units import Array, Index

_KIND_AND_RANGE = Said(
    "an option of HiGHS has a kind and a range of its own", "HiGHS のオプションにはそれぞれ種類と範囲がある"
)
_IS = Said("{name} is {value!r}", "{name} は {value!r}")
_DEFAULT = Said("its default is {value!r}", "既定値は {value!r}")
_BY_OWN_NAMES = Said("options are those of HiGHS, by their own names", "オプションは HiGHS のもので、その名前で書く")
_NO_OPTION = Said("HiGHS has none called '{name}'", "HiGHS に '{name}' はない")


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
    highspy.HighsModelStatus.kObjectiveBound: Status.BOUND_REACHED,
    highspy.HighsModelStatus.kTimeLimit: Status.LIMIT_REACHED,
    highspy.HighsModelStatus.kIterationLimit: Status.LIMIT_REACHED,
    highspy.HighsModelStatus.kSolutionLimit: Status.LIMIT_REACHED,
    highspy.HighsModelStatus.kInterrupt: Status.LIMIT_REACHED,
}


#: One thread, because solves run side by side; a whole-number optimum is proved, not within HiGHS's usual 0.01 %.
DEFAULTS: Mapping[str, Any] = {"threads": 1, "mip_rel_gap": 1e-9}

#: Beyond this many changed entries, loading the matrix again with the old basis is quicker than changing one by one.
MANY_COEFFICIENTS = 500

_TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
#: How a program is solved again whose answer does not hold, each time cold: as it was, then ever further from it.
OTHER_WAYS: tuple[Mapping[str, Any], ...] = (
    {},
    {"presolve": "off", "solver": "simplex", "simplex_strategy": 1, **_TIGHT},
    {"presolve": "off", "solver": "simplex", "simplex_strategy": 4, **_TIGHT},
    {"presolve": "on", "solver": "ipx", "run_crossover": "on"},
)
#: The same for whole numbers: another search.
OTHER_SEARCHES: tuple[Mapping[str, Any], ...] = (
    {},
    {"presolve": "off", "random_seed": 20_483, "mip_feasibility_tolerance": 1e-9},
)

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
        HiGHS options by their own names, for example ``{"solver": "ipx", "time_limit": 60.0}``; a time limit is for each solve.
        One thread is the default, because solves run side by side in processes.

    Attributes
    ----------
    seconds : float
        Inside HiGHS, over all solves.

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
        self.seconds = 0.0
        self.set_options(dict(DEFAULTS) | dict(options or {}))
        self._is_mixed_integer = program.is_mixed_integer
        self._load(program)
        self._program, self._is_changed = program, False
        self._is_cold = True

    def _load(self, program: LinearProgram) -> None:
        """Hand a program over, array by array: as vectors of HiGHS their numbers would be copied one by one."""
        matrix = program.matrix.tocsc()
        matrix.sum_duplicates()
        n_rows, n_columns = matrix.shape
        status = self._highs.passModel(
            n_columns, n_rows, matrix.nnz, int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize),
            float(program.offset), _values(program.cost), _values(program.lower), _values(program.upper),
            _values(program.row_lower), _values(program.row_upper), _index(matrix.indptr), _index(matrix.indices),
            _values(matrix.data), _whole(program),
        )  # fmt: skip
        self._check(status, "loading the model")

    @property
    def _highs(self) -> _QuietHighs:
        """HiGHS's model, once a run in it that was interrupted has ended."""
        if self._task is not None:
            self._task.wait()
            self._task = None
        return self._model

    def _apart(self, work: Callable[[], Any]) -> Any:
        """What some work of HiGHS returns, done in a thread of its own: whatever may run HiGHS goes this way."""
        model = self._highs
        model.let_run()  # whoever asked the last run to stop did not mean this one
        self._task = task = Task(work, int(self._options["threads"]), model.ask_to_stop)
        value = task.result()
        self._task = None
        return value

    def set_options(self, options: Mapping[str, Any]) -> None:
        """Set HiGHS options by their own names; `DataError` for unknown names, and values that are none of theirs."""
        faults = []
        for name, value in options.items():
            if self._takes(name, value):
                self._options[name] = value
            else:
                faults.append(_refused(name, value))
        if faults:
            raise DataError(faults)

    def _takes(self, name: str, value: Any) -> bool:
        try:
            return bool(self._highs.setOptionValue(name, value) == highspy.HighsStatus.kOk)
        except TypeError:  # of a kind that no option has
            return False

    # --- solving

    def solve(self, *, optimality: float = OPTIMALITY) -> Solution:
        """The answer from where HiGHS stands, checked by arithmetic (`Solution.certificate`).

        Where the check fails the program is solved again, cold and in `OTHER_WAYS`, until an answer holds; `resolved_cold` counts
        how often. Where none does the status is FAILED, and the message says what was wrong. What ends at a limit claims nothing,
        and is not checked. The time limit is for all of it.

        Parameters
        ----------
        optimality : float
            How far an optimum may be from the bound that its duals prove, relative.
        """

        def checked(ended: Ended) -> Solution:
            return self._checked(program, ended, deadline, optimality)

        deadline, before = time.perf_counter() + self._time_limit, self.seconds
        was_cold, program = self._is_cold, self.program
        solution = checked(self.run())
        refuted = solution.certificate is not None and not solution.certificate.holds
        if solution.status is Status.BOUND_REACHED and refuted:
            self.set_options({"objective_bound": np.inf})
            solution = checked(self.run())
        ways = OTHER_SEARCHES if self._is_mixed_integer else OTHER_WAYS
        for n_again, way in enumerate(ways[1:] if was_cold else ways, 1):
            if solution.certificate is None or solution.certificate.holds:
                return solution
            self.forget()
            solution = checked(self._run_otherwise(way, deadline))
            solution = replace(solution, resolved_cold=n_again, seconds=self.seconds - before)
        if solution.certificate is None or solution.certificate.holds:
            return solution
        said = Said("{message}, but {fault}", "{message}、ただし {fault}").format(
            message=solution.message, fault=solution.certificate.fault
        )
        return replace(
            solution, status=Status.FAILED, message=solution.message if solution.status is Status.FAILED else said
        )

    def solve_unchecked(self) -> Solution:
        """What HiGHS says from where it stands: for small programs in great number, whose answers are checked together."""
        return self.read(self.run())

    def run(self) -> Ended:
        """Run HiGHS from where it stands and say how it ended; `read` gives the point, which takes a while to copy."""
        return self._run(self._time_limit)

    @property
    def _time_limit(self) -> float:
        return float(self._options.get("time_limit", np.inf))

    def _run(self, seconds: float) -> Ended:
        """One run, in so many seconds at most, and how it ended."""
        model, started = self._highs, time.perf_counter()
        if seconds < np.inf:
            # HiGHS holds the limit against a clock that runs on from solve to solve.
            model.setOptionValue("time_limit", model.getRunTime() + max(seconds, 0.0))
        run_status = self._apart(model.run)
        model_status = model.getModelStatus()
        if model_status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            # Presolve may stop at "one of the two"; without it the simplex method must say which.
            model.setOptionValue("presolve", "off")
            self._apart(model.run)
            model.setOptionValue("presolve", self._options.get("presolve", "choose"))
            model_status = model.getModelStatus()
        self._is_cold = False
        taken = time.perf_counter() - started
        self.seconds += taken
        status = _STATUS.get(model_status, Status.FAILED)
        if run_status == highspy.HighsStatus.kError:
            status = Status.FAILED
        has_point = model.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        objective = model.getObjectiveValue() if status is Status.OPTIMAL or has_point else np.nan
        if model.getNumCol() == 0:
            # HiGHS looks at no row where there is nothing to decide.
            lp = model.getLp()
            met = all(low <= 0.0 <= high for low, high in zip(lp.row_lower_, lp.row_upper_, strict=True))
            status, objective = (Status.OPTIMAL, model.getObjectiveOffset()[1]) if met else (Status.INFEASIBLE, np.nan)
        return Ended(status, objective, model.modelStatusToString(model_status), taken)

    def _run_otherwise(self, way: Mapping[str, Any], deadline: float) -> Ended:
        """One run under other options."""
        usual = {name: self._highs.getOptionValue(name)[1] for name in way}
        own = dict(self._options)
        self.set_options(way)
        try:
            return self._run(deadline - time.perf_counter())
        finally:
            self.set_options(usual)
            self._options = own

    def _checked(self, program: LinearProgram, ended: Ended, deadline: float, optimality: float) -> Solution:
        """What HiGHS found, and what arithmetic says of it."""
        if ended.status is Status.LIMIT_REACHED:
            return self.read(ended)
        if ended.status in (Status.OPTIMAL, Status.BOUND_REACHED) and not self._is_mixed_integer:
            return self._checked_by_duals(program, ended, optimality)
        solution = self.read(ended)
        if solution.status is Status.OPTIMAL:
            optimality = max(optimality, self._search_gap(solution.objective))
            return replace(solution, certificate=certify(program, solution, optimality=optimality))
        proof = certify(program, solution)
        if solution.status is not Status.FAILED and not proof.holds:
            proof = self._no_optimum(program, solution.status, deadline)
        return replace(solution, certificate=proof)

    def _checked_by_duals(self, program: LinearProgram, ended: Ended, optimality: float) -> Solution:
        """As `_checked`, of a linear program: its reduced costs come with the proof, and need not be copied."""
        point, info = self._highs.getSolution(), self._highs.getInfo()
        x, row_dual = _array(point.col_value, len(program.cost)), _array(point.row_dual, len(program.row_lower))
        proof = prove(program, row_dual)
        objective, bound = ended.objective, proof.bound
        if ended.status is Status.BOUND_REACHED:  # on the way to an optimum that is dearer: there is no point yet
            certificate = of_bound(proof, float(self._options["objective_bound"]))
            objective = np.nan
        else:
            certificate = of_optimum(program, x, objective, proof, optimality)
            bound = min(bound, objective)
        return Solution(
            status=ended.status,
            objective=objective,
            x=x,
            row_dual=row_dual,
            reduced_cost=proof.reduced_cost,
            bound=bound,
            iterations=_iterations(info),
            seconds=ended.seconds,
            message=ended.message,
            certificate=certificate,
        )

    def _search_gap(self, objective: float) -> float:
        """How far from its own bound HiGHS may end a search, relative as `certificate` takes it."""
        relative, absolute = (self._highs.getOptionValue(f"mip_{kind}_gap")[1] for kind in ("rel", "abs"))
        return float(max(relative, absolute / max(1.0, abs(objective))))

    def _no_optimum(self, program: LinearProgram, status: Status, deadline: float) -> Certificate:
        """Whether a program has no optimum, shown by programs that have one; of whole numbers a second search may have to do."""

        def aside(other: LinearProgram, **way: Any) -> Solution:
            options = {"threads": self._options["threads"], "time_limit": max(deadline - time.perf_counter(), 0.0)}
            solver = Solver(other, options | way)
            solution = solver.solve_unchecked()
            self.seconds += solver.seconds
            return solution

        if status is Status.UNBOUNDED:
            point = aside(replace(program, cost=np.zeros_like(program.cost)))
            return of_unboundedness(program, point.x, aside(descent(program), **OTHER_WAYS[1]).x)
        proof = of_infeasibility(program, aside(elastic(program), **OTHER_WAYS[1]).row_dual)
        if not proof.holds and self._is_mixed_integer and aside(program, **OTHER_SEARCHES[-1]).status is status:
            return Certificate(True, bound=np.inf, proof="searches")
        return proof

    def read(self, ended: Ended) -> Solution:
        """The point and duals of the last run, which `ended` so, as HiGHS has them."""
        status, objective = ended.status, ended.objective
        info = self._highs.getInfo()
        point = self._highs.getSolution()
        has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        has_dual = info.dual_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        n_columns, n_rows = self._highs.getNumCol(), self._highs.getNumRow()
        x, reduced = (
            _array(v if has else (), n_columns) for v, has in ((point.col_value, has_point), (point.col_dual, has_dual))
        )
        row_dual = _array(point.row_dual if has_dual else (), n_rows)
        if self._is_mixed_integer:
            bound = info.mip_dual_bound
        else:
            bound = objective if status is Status.OPTIMAL else -np.inf
        ray = None
        if status in (Status.UNBOUNDED, Status.INFEASIBLE) and not self._is_mixed_integer:
            ray = self._apart(self._highs.getPrimalRay if status is Status.UNBOUNDED else self._highs.getDualRay)
        return Solution(
            status=status,
            objective=objective,
            x=x,
            row_dual=row_dual,
            reduced_cost=reduced,
            bound=bound,
            iterations=_iterations(info),
            seconds=ended.seconds,
            message=ended.message,
            ray=np.array(ray[2]) if ray is not None and ray[1] else None,
        )

    def values(self) -> Array:
        """The columns at the point of the last run."""
        return _array(self._highs.getSolution().col_value, self._highs.getNumCol())

    # --- moving

    @property
    def program(self) -> LinearProgram:
        """The program as it stands: what was changed number by number is read back from HiGHS."""
        if self._is_changed:
            lp = self._highs.getLp()
            self._program = LinearProgram(
                np.array(lp.col_cost_), _matrix(lp.a_matrix_), np.array(lp.row_lower_), np.array(lp.row_upper_),
                np.array(lp.col_lower_), np.array(lp.col_upper_), self._program.integer, self._program.offset,
            )  # fmt: skip
            self._is_changed = False
        return self._program

    def move_to(self, program: LinearProgram) -> bool:
        """Move the numbers in place to those of `program`, keeping the basis; False, and nothing done, if its shape differs."""
        present = self.program
        old, new = present.matrix, program.matrix
        same = (
            old.shape == new.shape
            and np.array_equal(_whole(present), _whole(program))
            and (old.indptr is new.indptr or np.array_equal(old.indptr, new.indptr))
            and (old.indices is new.indices or np.array_equal(old.indices, new.indices))
        )
        if not same:
            return False
        if len(moved := np.flatnonzero(present.cost != program.cost)):
            self.change_costs(moved, program.cost[moved])
        moved = np.flatnonzero((present.lower != program.lower) | (present.upper != program.upper))
        if len(moved):
            self.change_bounds(moved, program.lower[moved], program.upper[moved])
        moved = np.flatnonzero((present.row_lower != program.row_lower) | (present.row_upper != program.row_upper))
        if len(moved):
            self.change_rows(moved, program.row_lower[moved], program.row_upper[moved])
        moved = np.flatnonzero(old.data != new.data)
        if len(moved) > MANY_COEFFICIENTS:
            basis = self.get_basis()
            self._load(program)
            self.set_basis(basis)
        elif len(moved):
            columns = np.searchsorted(new.indptr, moved, side="right") - 1
            self.change_coefficients(new.indices[moved], columns, new.data[moved])
        self._program, self._is_changed = program, False
        return True

    def change_costs(self, columns: Any, costs: Any) -> None:
        """Move objective coefficients."""
        index = _index(columns)
        self._is_changed = True
        self._check(self._highs.changeColsCost(len(index), index, _values(costs)), "changing costs")

    def change_bounds(self, columns: Any, lower: Any, upper: Any) -> None:
        """Move column bounds."""
        index = _index(columns)
        self._is_changed = True
        status = self._highs.changeColsBounds(len(index), index, _values(lower), _values(upper))
        self._check(status, "changing bounds")

    def change_rows(self, rows: Any, lower: Any, upper: Any) -> None:
        """Move row bounds."""
        index = _index(rows)
        self._is_changed = True
        status = self._highs.changeRowsBounds(len(index), index, _values(lower), _values(upper))
        self._check(status, "changing rows")

    def change_coefficients(self, rows: Any, columns: Any, values: Any) -> None:
        """Move single matrix entries."""
        self._is_changed = True
        change = self._highs.changeCoeff
        entries = zip(_index(rows).tolist(), _index(columns).tolist(), _values(values).tolist(), strict=True)
        if any(change(row, column, value) == highspy.HighsStatus.kError for row, column, value in entries):
            self._check(highspy.HighsStatus.kError, "changing coefficients")

    def add_rows(self, matrix: sparse.csr_matrix, lower: Any, upper: Any) -> None:
        """Append rows; the basis stays, with the new rows basic."""
        rows = sparse.csr_matrix(matrix)
        self._is_changed = True
        status = self._highs.addRows(
            rows.shape[0], _values(lower), _values(upper), rows.nnz,
            rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(float),
        )  # fmt: skip
        self._check(status, "adding rows")

    def delete_rows(self, rows: Any) -> None:
        """Remove rows."""
        index = _index(rows)
        self._is_changed = True
        self._check(self._highs.deleteRows(len(index), index), "deleting rows")

    def get_basis(self) -> Any:
        """The present basis, to be handed to `set_basis` of a solver of the same shape."""
        return self._highs.getBasis()

    def set_basis(self, basis: Any) -> None:
        """Start the next solve from `basis`."""
        self._is_cold = False
        self._check(self._highs.setBasis(basis), "setting the basis")

    def basic(self) -> Index:
        """What is in the present basis: j for column j, -1 - i for row i; empty where there is none."""
        status, basic = self._highs.getBasicVariables()
        return np.asarray(basic, dtype=np.int64) if status == highspy.HighsStatus.kOk else np.empty(0, dtype=np.int64)

    def through_basis(self, side: Array) -> Array:
        """B⁻¹ side: what `basic` come to where rows have this right-hand side, the others being nothing."""
        status, values = self._highs.getBasisSolve(_values(side))
        self._check(status, "solving with the basis")
        return np.asarray(values, dtype=float)

    def forget(self) -> None:
        """Drop basis and solution, so that the next solve starts cold."""
        self._is_cold = True
        self._check(self._highs.clearSolver(), "clearing the solver")

    def conflict(self) -> tuple[list[int], list[int]]:
        """Rows and columns of an irreducible infeasible subset, as HiGHS isolates it; empty where it finds none."""
        status, subset = self._apart(self._highs.getIis)
        if status == highspy.HighsStatus.kError or not subset.valid_:
            return [], []
        return list(subset.row_index_), list(subset.col_index_)

    @staticmethod
    def _check(status: highspy.HighsStatus, doing: str) -> None:
        if status == highspy.HighsStatus.kError:
            raise ValueError(f"HiGHS refuses {doing}: a size, an index or a number is out of range")


def solve(program: LinearProgram, options: Mapping[str, Any] | None = None) -> Solution:
    """Load and solve once; the answer is checked (`Solver.solve`)."""
    return Solver(program, options).solve()


def refutation(program: LinearProgram, solution: Solution) -> Array:
    """Multipliers of the rows of an infeasible program that show that no point keeps them all; zero where its bounds show it."""
    nothing = np.zeros(len(program.row_lower))
    found = of_infeasibility(program, solution.ray)
    if found.holds:
        return nothing if solution.ray is None else solution.ray
    return Solver(elastic(program), OTHER_WAYS[1]).solve_unchecked().row_dual


def completed(basis: Any, columns: Index, rows: Index) -> Any:
    """A basis of another program, made of one: its column j stands as `columns[j]` does in that, its row i as `rows[i]`.

    Where that is -1 a column stands at a bound, and a row is in the basis. HiGHS takes out columns that depend on others, and
    takes in rows where some are missing.
    """
    status = highspy.HighsBasisStatus
    made = highspy.HighsBasis()
    made.valid, made.alien = True, True
    for name, places, otherwise in (("col_status", columns, status.kNonbasic), ("row_status", rows, status.kBasic)):
        known = [*getattr(basis, name), otherwise]  # -1 is the last
        setattr(made, name, [known[place] for place in places.tolist()])
    return made


def _refused(name: str, value: Any) -> Fault:
    known = [option for option in dir(highspy.HighsOptions) if not option.startswith("_")]
    if name in known:
        return Fault(
            "options",
            _IS.format(name=name, value=value),
            _KIND_AND_RANGE,
            _DEFAULT.format(value=getattr(highspy.HighsOptions(), name)),
        )
    return Fault("options", _NO_OPTION.format(name=name), _BY_OWN_NAMES, nearest(name, known))


def version() -> str:
    """The version of HiGHS in use."""
    return str(_QuietHighs().version())


def _iterations(info: Any) -> int:
    return int(max(info.simplex_iteration_count, info.ipm_iteration_count, 0))


def _array(values: Any, length: int) -> Array:
    """Values as an array; not a number where there are not so many."""
    return np.fromiter(values, np.float64, length) if len(values) == length else np.full(length, np.nan)


def _matrix(loaded: Any) -> sparse.csc_matrix:
    parts = np.array(loaded.value_), np.array(loaded.index_), np.array(loaded.start_)
    is_by_column = loaded.format_ == highspy.MatrixFormat.kColwise
    form = sparse.csc_matrix if is_by_column else sparse.csr_matrix
    return sparse.csc_matrix(form(parts, shape=(loaded.num_row_, loaded.num_col_)))


def _whole(program: LinearProgram) -> NDArray[np.int32]:
    """Of each column whether it is a whole number, as HiGHS counts."""
    nothing = np.zeros(len(program.cost), dtype=np.int32)
    return nothing if program.integer is None else program.integer.astype(np.int32)


def _index(values: Any) -> NDArray[np.int32]:
    return np.ascontiguousarray(np.atleast_1d(values), dtype=np.int32)


def _values(values: Any) -> Array:
    return np.ascontiguousarray(np.atleast_1d(values), dtype=np.float64)
