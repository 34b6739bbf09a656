"""What cannot hold together: rows and bounds out of an elastic program, as few as HiGHS isolates.

The duals of the cheapest repair prove the conflict: rows with a dual and bounds with a reduced cost have no solution together. Out
of them HiGHS isolates a set that loses its conflict with any one row, confirmed by solving it alone.

Source: Gleeson & Ryan (1990), ORSA Journal on Computing 2(1), 61-63 (duals of the elastic program and minimal conflicts);
Chinneck (2008), Feasibility and Infeasibility in Optimization (the elastic filter).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from procure.lp.highs import Solver, solve
from procure.lp.program import LinearProgram, Solution, Status
from procure.program.conditions import Condition
from procure.program.elastic import TIERS, Deadline, Elastic
from procure.program.engine import SIMPLEX
from procure.program.positions import Side
from procure.units import Index

#: Seconds for isolating a smaller conflict, and for a proof that one has no solution; then it is taken as it is.
PATIENCE, PROOF_PATIENCE = 5.0, 10.0
#: The most conflicts that are looked for.
MOST_CONFLICTS = 8
#: Of HiGHS: an elastic program first (2), then a true irreducible set (4).
IRREDUCIBLE = 6


@dataclass(frozen=True)
class Conflict:
    """Rows, and bounds of columns, that have no solution together; `side` says which bound of a column it is."""

    rows: Index
    columns: Index
    side: Index  # of every column of the program: 1 its lower bound, -1 its upper, 0 either

    def bounds(self) -> Iterable[tuple[int, Side]]:
        """The bounds that take part."""
        for column in self.columns.tolist():
            side = self.side[column]
            if side >= 0:
                yield column, "lower"
            if side <= 0:
                yield column, "upper"


class Isolation:
    """The search for conflicts, from the least repair of an elastic program."""

    def __init__(self, elastic: Elastic, solution: Solution, deadline: Deadline) -> None:
        self._elastic, self._solution, self._deadline = elastic, solution, deadline
        self._by_row = elastic.lp.matrix.tocsr()
        # A positive reduced cost stands on the lower bound, a negative one on the upper.
        self._side = np.sign(solution.reduced_cost[: elastic.n_columns]).astype(np.int64)

    def conflicts(self, repaired: Iterable[Condition]) -> list[Conflict]:
        """As many as it takes to explain why each of these conditions gives way."""
        elastic, solution = self._elastic, self._solution
        dual, reduced = np.abs(solution.row_dual), np.abs(solution.reduced_cost[: elastic.n_columns])
        most = max(dual.max(initial=0.0), reduced.max(initial=0.0))
        rows, columns = np.flatnonzero(dual > 0), np.flatnonzero(reduced > 0)
        for least in (1e-9, 1e-12):
            likely = np.flatnonzero(dual > least * most), np.flatnonzero(reduced > least * most)
            if self._is_infeasible(*likely):
                rows, columns = likely
                break
        giving = [elastic.conditions.index(condition) for condition in repaired]
        conflicts: list[Conflict] = []
        behind = [set(elastic.loosening.get(row, ())) & set(giving) for row in rows.tolist()]
        for number in giving[:MOST_CONFLICTS]:
            without_others = rows[[not others or number in others for others in behind]]
            if self._is_infeasible(without_others, columns):
                conflicts.append(self._isolated(without_others, columns))
        return conflicts or [self._isolated(rows, columns)]

    def _isolated(self, rows: Index, columns: Index) -> Conflict:
        """An irreducible conflict among these, confirmed by solving it alone; all of them where HiGHS finds none."""
        few_rows, few_columns = isolated(self._part(rows, columns), self._deadline)
        fewer = rows[few_rows], np.intersect1d(self._columns_of(rows)[few_columns], columns)
        return Conflict(*(fewer if self._is_infeasible(*fewer) else (rows, columns)), self._side)

    def _columns_of(self, rows: Index) -> Index:
        """The columns of the program that have an entry in one of these rows."""
        used = np.unique(self._by_row[rows].indices)
        return np.asarray(used[used < self._elastic.n_columns], dtype=np.int64)

    def _part(self, rows: Index, bounded: Index) -> LinearProgram:
        """Only these rows, without slacks, and the bounds of these columns."""
        used = self._columns_of(rows)
        keep = np.isin(used, bounded)
        lp = self._elastic.lp
        return LinearProgram(
            cost=np.zeros(len(used)),
            matrix=sparse.csc_matrix(self._by_row[rows][:, used]),
            row_lower=lp.row_lower[rows],
            row_upper=lp.row_upper[rows],
            lower=np.where(keep & (self._side[used] > 0), lp.lower[used], -np.inf),
            upper=np.where(keep & (self._side[used] < 0), lp.upper[used], np.inf),
        )

    def _is_infeasible(self, rows: Index, columns: Index) -> bool:
        options = SIMPLEX | {"time_limit": self._deadline.seconds(PROOF_PATIENCE)}
        return solve(self._part(rows, columns), options).status is Status.INFEASIBLE


def isolated(lp: LinearProgram, deadline: Deadline) -> tuple[Index, Index]:
    """Rows and columns of a program without a solution, as few as HiGHS isolates in time."""
    solver = Solver(lp)
    with contextlib.suppress(ValueError):  # older releases look for one without being asked
        solver.set_options({"iis_strategy": IRREDUCIBLE, "iis_time_limit": deadline.seconds(PATIENCE)})
    rows, columns = solver.conflict()
    return np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64)


def hard_conflict(lp: LinearProgram, deadline: Deadline) -> Conflict:
    """The conflict in a program where not even the elastic one has a solution."""
    rows, columns = isolated(replace(lp, integer=None), deadline)
    return Conflict(rows, columns, np.zeros(lp.matrix.shape[1], dtype=np.int64))


def indispensable(elastic: Elastic) -> list[Condition]:
    """The conditions none of which can be left out of a conflict; halves of them are freed at once, what is physical first.

    For programs that only their whole numbers make infeasible, so that there are no duals.
    """
    solver = Solver(replace(elastic.lp, cost=np.zeros(len(elastic.lp.cost))))
    n_slacks = len(elastic.slacks)
    room = np.zeros(n_slacks)
    started = time.perf_counter()

    def is_infeasible(freed: list[int]) -> bool:
        trial = room.copy()
        trial[freed] = np.inf
        solver.change_bounds(elastic.slacks, np.zeros(n_slacks), trial)
        return solver.solve().status is Status.INFEASIBLE

    def needed(group: list[int]) -> list[int]:
        if not group or time.perf_counter() - started > PATIENCE:
            return group
        if is_infeasible(group):
            room[group] = np.inf
            return []
        if len(group) == 1:
            return group
        half = len(group) // 2
        return needed(group[:half]) + needed(group[half:])

    order = sorted(range(n_slacks), key=lambda number: -TIERS[elastic.conditions[number].tag])
    return [elastic.conditions[number] for number in needed(order)]
