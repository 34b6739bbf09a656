"""The elastic program: one slack per condition, so that it always has a solution, and the cheapest one is the cheapest repair.

  min  Σ_i tier_i give_i / size_i                    tier: policy 1, contractual 100, physical 10,000; and
                                                  nothing of a higher tier where the lower ones suffice
  s.t. a x - rate_ir give_i <= b_r                   every row r of condition i; rate: t, kUSD ... of the row per unit of it
       0 <= give_i <= room_i                         a share stays within 0 and 1, a commitment at least 0
       a x with M times its coefficient of u <= b_r  of a row that gives only where u ∈ {0,1} is 1: at 0 it gives nothing
       what defines the model (balance, stock, yields, costs) stays as it is

With one slack at a time the same program says what each condition would have to give by itself.

Source: Chinneck (2008), Feasibility and Infeasibility in Optimization.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from procure.limits import Bound, Limit, kind_of
from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Solution, Status
from procure.program.conditions import MOST_TIMES, TINY, Condition
from procure.program.engine import SIMPLEX
from procure.program.positions import Positions, Side
from procure.program.program import Program
from procure.program.restraints import TableNumbers
from procure.units import Array

TIERS = {"policy": 1.0, "contractual": 1e2, "physical": 1e4}
#: Seconds for what single conditions would have to give; what is not found by then is left out.
PATIENCE = 10.0


@dataclass(frozen=True)
class Deadline:
    """A moment by `time.perf_counter`."""

    at: float = np.inf

    def seconds(self, most: float = np.inf) -> float:
        """What something may take: at most so many, and no longer than there is."""
        return max(0.0, min(most, self.at - time.perf_counter()))


class Elastic:
    """A program in which its conditions can give way.

    Attributes
    ----------
    lp : LinearProgram
        The columns of the program, then one slack per condition; its rows, one for each bound that may give way, and one for each
        row that gives only with a yes.
    n_columns, n_rows : int
        Of the program itself.
    loosening : mapping row of `lp` -> list of int
        The conditions that loosen a row: several numbers may stand behind one, as a supplier's own capacity and its programme's.
    """

    def __init__(
        self, program: Program, conditions: Sequence[Condition], positions: Positions, numbers: TableNumbers
    ) -> None:
        self.conditions = list(conditions)
        self.n_rows, self.n_columns = program.composed.lp.matrix.shape
        self._program, self._numbers = program, numbers
        self.lp, self.loosening = _with_slacks(program.composed.lp, self.conditions, positions)
        self.slacks = self.n_columns + np.arange(len(self.conditions))
        self._tiers = np.array([TIERS[condition.tag] for condition in self.conditions])
        self._room = np.array([condition.room for condition in self.conditions])

    def cheapest(self, solver: Solver, deadline: Deadline) -> Solution:
        """The least repair; where limits of policy, or those and contracts, suffice, nothing else gives way."""
        solver.set_options({"time_limit": deadline.seconds()})
        solution = solver.solve()
        if solution.status is not Status.OPTIMAL:
            return solution
        for tier in list(TIERS.values())[:-1]:
            if all(TIERS[condition.tag] <= tier for condition in self.giving(solution.x)):
                break
            self._allow(solver, self._tiers <= tier)
            solver.set_options({"time_limit": deadline.seconds()})
            restricted = solver.solve()
            if restricted.status is Status.OPTIMAL:
                return restricted
        return solution

    def giving(self, x: Array) -> dict[Condition, float]:
        """The conditions that give way in a solution, and by how much."""
        give = zip(self.conditions, x[self.slacks].tolist(), strict=True)
        return {condition: amount for condition, amount in give if amount > TINY * condition.size}

    def needed(self, condition: Condition, amount: float, x: Array) -> float:
        """How much a condition must give; where its bound multiplies decisions (footprint), read off the decisions."""
        limit = condition.limit
        if limit is None:
            return amount
        columns = self._program.composition.plan.columns
        plan: dict[str, dict[tuple[Any, ...], float]] = {}
        for (component, index), value in zip(columns, x[: len(columns)].tolist(), strict=True):
            plan.setdefault(component, {})[index] = value
        bound = kind_of(limit).needed(limit, plan, self._numbers.asked, self._measures(limit, x))
        return amount if bound is None else max(condition.sign * (bound - condition.value), 0.0)

    def _measures(self, limit: Limit, x: Array) -> list[tuple[Array, Bound]]:
        """What a limit measures at the nodes that it looks at, and what it is allowed there, year by year."""
        market, composition = self._program.market, self._program.composition
        period = composition.period
        if limit.name not in period.measures:
            return []
        form = period.forms.index(period.measures[limit.name])
        forms = period.form_values(market.period_data(period), x[composition.column_of])
        return [(forms[bound.nodes, form], bound) for (name, _), bound in market.bounds.items() if name == limit.name]

    def alone(
        self, solver: Solver, conflicts: Sequence[Sequence[Condition]], repaired: Mapping[Condition, float],
        deadline: Deadline,
    ) -> dict[str, float]:  # fmt: skip
        """By key, what each condition would have to give if in its conflict only it gave; infinite where that does not help.

        What settles the other conflicts is free meanwhile.
        """
        price = self.lp.cost[self.slacks]
        amounts: dict[str, float] = {}
        until = Deadline(time.perf_counter() + deadline.seconds(PATIENCE))
        # Limits first: they are what can be changed at a desk.
        pairs = sorted(
            (TIERS[condition.tag], number, condition.key)
            for number, conflict in enumerate(conflicts)
            for condition in conflict
        )
        for _, number, key in dict.fromkeys(pairs):
            inside = {condition.key for condition in conflicts[number]}
            elsewhere = np.array([c in repaired and c.key not in inside for c in self.conditions])
            own = np.array([condition.key == key for condition in self.conditions])
            patience = until.seconds()
            if not own.any() or patience <= 0:
                continue
            self._allow(solver, own | elsewhere)
            solver.change_costs(self.slacks, np.where(elsewhere, 0.0, price))
            solver.set_options({"time_limit": patience})
            solution = solver.solve()
            if solution.status is Status.OPTIMAL:
                condition = self.conditions[int(np.argmax(own))]
                amounts[key] = self.needed(condition, float(solution.x[self.slacks][own].sum()), solution.x)
            elif solution.status is Status.INFEASIBLE:
                amounts[key] = np.inf
        return amounts

    def relaxed(self) -> Solver:
        """A solver with the program loaded, whole numbers left out."""
        return Solver(replace(self.lp, integer=None), SIMPLEX)

    def _allow(self, solver: Solver, which: NDArray[np.bool_]) -> None:
        """Let these conditions give way, and no others."""
        solver.change_bounds(self.slacks, np.zeros(len(self.slacks)), np.where(which, self._room, 0.0))


def _with_slacks(
    lp: LinearProgram, conditions: Sequence[Condition], positions: Positions
) -> tuple[LinearProgram, dict[int, list[int]]]:
    """The program with a slack per condition; bounds that may give way become rows. Also what loosens each row."""
    n_rows, n_columns = lp.matrix.shape
    freed = _Freed(lp, positions)
    entries: dict[tuple[int, int], float] = {}  # nodes that share a row give it the same
    loosening: dict[int, list[int]] = {}
    switched: dict[int, int] = {}
    for number, condition in enumerate(conditions):
        for name, decision in condition.switches.items():
            for _, at in positions.of(name):
                switched |= dict(
                    zip(at.tolist(), np.broadcast_to(positions.decision(decision), at.shape).tolist(), strict=True)
                )
        for name, rates in condition.rates.items():
            for side, at in positions.of(name):
                for position, rate in zip(at.tolist(), np.broadcast_to(rates, at.shape).tolist(), strict=True):
                    if not rate:
                        continue
                    is_least = side == "lower" or (side == "row" and np.isfinite(lp.row_lower[position]))
                    row = position if side == "row" else freed.row(position, side)
                    if (row, number) not in entries:
                        entries[row, number] = rate if is_least else -rate
                        if rate > 0:
                            loosening.setdefault(row, []).append(number)
    rows, numbers = zip(*entries, strict=True) if entries else ((), ())
    n_slacks = len(conditions)
    bounds = sparse.csc_matrix(
        (np.ones(len(freed.columns)), (np.arange(len(freed.columns)), freed.columns)),
        shape=(len(freed.columns), n_columns),
    )
    only_on = _only_on(lp, switched)
    n_all = n_rows + len(freed.columns) + len(switched)
    slack = sparse.csc_matrix((list(entries.values()), (rows, numbers)), shape=(n_all, n_slacks))
    copied = list(switched)
    integer = None if lp.integer is None else np.concatenate([lp.integer, np.zeros(n_slacks, dtype=bool)])
    return LinearProgram(
        cost=np.concatenate([np.zeros(n_columns), [TIERS[c.tag] / c.size for c in conditions]]),
        matrix=sparse.hstack([sparse.vstack([lp.matrix, bounds, only_on]), slack]).tocsc(),
        row_lower=np.concatenate([lp.row_lower, freed.row_lower, lp.row_lower[copied]]),
        row_upper=np.concatenate([lp.row_upper, freed.row_upper, lp.row_upper[copied]]),
        lower=np.concatenate([freed.lower, np.zeros(n_slacks)]),
        upper=np.concatenate([freed.upper, [c.room for c in conditions]]),
        integer=integer,
    ), loosening  # fmt: skip


def _only_on(lp: LinearProgram, switched: Mapping[int, int]) -> sparse.csr_matrix:
    """Copies of rows in which the coefficient of a decision of yes or no is many times itself."""
    copies = sparse.csr_matrix(lp.matrix.tocsr()[list(switched)], copy=True)
    of_entry = np.repeat(list(switched.values()), np.diff(copies.indptr))
    copies.data[copies.indices == of_entry] *= MOST_TIMES
    return copies


class _Freed:
    """Bounds of columns that may give way: each becomes a row, and the column keeps what its kind asks of it."""

    def __init__(self, lp: LinearProgram, positions: Positions) -> None:
        self._lp, self._positions = lp, positions
        self.lower, self.upper = lp.lower.copy(), lp.upper.copy()
        self.columns: list[int] = []
        self.row_lower: list[float] = []
        self.row_upper: list[float] = []
        self._rows: dict[tuple[int, Side], int] = {}

    def row(self, column: int, side: Side) -> int:
        """The row that stands for the bound of a column."""
        if (column, side) not in self._rows:
            self._rows[column, side] = self._lp.matrix.shape[0] + len(self.columns)
            self.columns.append(column)
            self.row_lower.append(self._lp.lower[column] if side == "lower" else -np.inf)
            self.row_upper.append(self._lp.upper[column] if side == "upper" else np.inf)
            least, most = self._positions.domain(column)
            if side == "lower":
                self.lower[column] = least
            else:
                self.upper[column] = most
        return self._rows[column, side]
