"""Why no portfolio exists: the limits that conflict, how much each would have to give, and the cheapest repair.

What can give way is a *line*: a limit of the model file, or one number of a table (a commitment, an offer, a capacity ...).
Each line i gets one slack, in its own unit, and with it an elastic program that always has a solution:

  min  Σ_i tier_i give_i / size_i                    tier: policy 1, contractual 100, physical 10,000; and
                                                  nothing of a higher tier where the lower ones suffice
  s.t. a x - rate_ir give_i <= b_r                   every row r of line i; rate: t, kUSD ... of the row per unit of the line
       0 <= give_i <= room_i                         a share stays within 0 and 1, a commitment at least 0
       what defines the model (balance, stock, yields, costs) stays as it is

Its solution is the cheapest repair. Its duals prove the conflict: rows with a dual and bounds with a reduced cost have no
solution together. Out of them HiGHS isolates a set that loses its conflict with any one row, confirmed by solving it alone.
With one slack at a time the same program says what each line would have to give by itself.

Source: Gleeson & Ryan (1990), ORSA Journal on Computing 2(1), 61-63 (duals of the elastic program and minimal conflicts);
Chinneck (2008), Feasibility and Infeasibility in Optimization (the elastic filter).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
from scipy import sparse

from procure.errors import Infeasible
from procure.formulation.rows import Note
from procure.limits import KINDS, Counts, Limit, MarketNumbers, kind_of
from procure.lp.compile import Name, Template
from procure.lp.compose import Composed, Composition
from procure.lp.cores import cores
from procure.lp.highs import Solver, solve
from procure.lp.program import LinearProgram, Solution, Status
from procure.market import Market, TrackedMarket
from procure.model.limits import LimitChoices
from procure.program.engine import SIMPLEX
from procure.program.program import Program
from procure.units import DAYS_PER_YEAR, Array, Index
from procure.words import listed, plain, programme_name, span

TIERS = {"policy": 1.0, "contractual": 1e2, "physical": 1e4}
#: A slack below this share of its line is none.
TINY = 1e-7
#: Seconds for isolating a smaller conflict, and for what single lines would have to give; then they are left out.
PATIENCE = 5.0, 10.0
#: Lines of one kind shown in full; of more, the first ones and their number.
MOST_SHOWN = 8
#: Of HiGHS: an elastic program first (2), then a true irreducible set (4).
IRREDUCIBLE = 6


@dataclass(frozen=True, eq=False)
class Line:
    """One thing that can give way: a limit, or a number of a table.

    `value` is what it is today, in the unit it is written in; it gives way by growing (`sign` +1) or shrinking (-1), at
    most by `room`. `rates` says how far each row of the program moves with it. A line without rows only explains.
    """

    tag: str
    where: str  # "china_heavy_share" or "commitments.csv"
    says: str  # "at most 20 % of medium_heavy from china in 2030-2033"
    path: str = ""  # what to set to mend it; empty for a constraint that someone added in Pyomo
    value: float = 0.0
    sign: int = 1
    room: float = np.inf
    unit: str = ""
    rates: Mapping[Name, float] = field(default_factory=dict)
    scale: float = 1.0  # stands in for the value where that is zero

    @property
    def key(self) -> str:
        """One line, whichever way it gives."""
        return self.path or self.where

    @property
    def size(self) -> float:
        """What a slack is measured against."""
        return abs(self.value) or self.scale

    def after(self, give: float) -> float:
        """The value after giving way, rounded outward to five digits so that it suffices."""
        after = self.value + self.sign * give
        # A shrinking value ends at zero.
        return _outward(after, self.sign) if after > TINY * self.size else 0.0

    def text(self, value: float) -> str:
        """A value in the unit people use."""
        if self.unit == "%":
            return f"{plain(round(100 * value, 10))} %"
        return f"{plain(value)} {self.unit}".rstrip()


def explain(programs: Sequence[Program], deadline: float = np.inf) -> Infeasible:
    """The conflict in a model none of whose programme levels has a portfolio, in the words of the model file.

    Parameters
    ----------
    programs : sequence of Program
        Of every programme level, each infeasible.
    deadline : float
        By `time.perf_counter`; what is not found by then is left out.

    Returns
    -------
    Infeasible
        Of the level with the cheapest repair. `conflict`: one line per limit or number that takes part, policies first, what
        is physical last, each with what it alone would have to be. `repairs`: the least change that gives a solution, each by
        the dotted path to set; `elsewhere`: that of the other levels.
    """
    every = _explanations(programs, deadline)
    best = min(every, key=lambda one: one.price)
    found = best.infeasible()
    if len(every) == 1:
        return found
    others = {one.level: one.repairs() for one in every if one is not best}
    return Infeasible(found.conflict, found.repairs, level=best.level, elsewhere=others)


@dataclass(frozen=True)
class Rejection:
    """Why a programme level is out beside others that are not.

    `repairs` says what would have to give at least, by the dotted path to set; `changes` the same as values by path, empty where
    no number of the model could give way, and `objective` the weighed cost with them, kUSD, NaN where it was not worked out.
    """

    programmes: Mapping[str, str]
    repairs: tuple[str, ...]
    changes: Mapping[str, float]
    objective: float = np.nan


def reject(programs: Sequence[Program], deadline: float = np.inf) -> list[Rejection]:
    """What keeps each of these programs, all infeasible, from having a portfolio, and its cheapest repair."""
    return [
        Rejection(one.market.programmes, tuple(one.repairs()), one.changes())
        for one in _explanations(programs, deadline)
    ]


def _explanations(programs: Sequence[Program], deadline: float) -> list[_Explanation]:
    """One of each program, its cheapest repair found; side by side, since HiGHS lets go of the interpreter."""
    every = [_Explanation(program, deadline) for program in programs]
    with ThreadPoolExecutor(max_workers=max(1, min(cores(), len(every)))) as pool:
        list(pool.map(_Explanation.find_cheapest, every))
    return every


class _Explanation:
    """The elastic program of one infeasible program, and what it says."""

    def __init__(self, program: Program, deadline: float) -> None:
        market, composition, composed = program.market, program.composition, program.composed
        self.market, self.composition, self.composed = market, composition, composed
        self.level = programme_name(market.programmes)
        self.deadline = deadline
        self.place = _Places(composition, composed)
        self.side = np.zeros(composed.lp.matrix.shape[1], dtype=np.int64)
        added = _added_lines(self.place, composed.lp, composition)
        self.lines = [line for line in (*_lines(market), *added) if line.rates]
        self.n_columns = composed.lp.matrix.shape[1]
        self.elastic, self.row_line = self._elastic()
        self.solver = Solver(replace(self.elastic, integer=None), SIMPLEX)
        self.cheapest: Solution | None = None

    def find_cheapest(self) -> None:
        """Solve for the least repair, whole numbers left out."""
        self.cheapest = self._cheapest(self.solver)

    @property
    def is_found(self) -> bool:
        """Whether the least repair is known."""
        return self.cheapest is not None and self.cheapest.status is Status.OPTIMAL

    @property
    def price(self) -> float:
        """What the least repair takes, tiers weighed; infinite where none is known."""
        return self.cheapest.objective if self.cheapest is not None and self.is_found else np.inf

    def changes(self) -> dict[str, float]:
        """The least repair as values by dotted path."""
        if self.cheapest is None or not self.is_found:
            return {}
        x = self.cheapest.x
        given = {line: self._needed(line, amount, x) for line, amount in self._repaired(x).items()}
        return {line.path: line.after(give) for line, give in given.items() if line.path}

    def repairs(self) -> list[str]:
        """The least repair in words."""
        if self.cheapest is None or not self.is_found:
            return []
        x = self.cheapest.x
        return [self._repair(line, self._needed(line, amount, x)) for line, amount in self._repaired(x).items()]

    def infeasible(self) -> Infeasible:
        """The conflict, and the least repair."""
        solution, solver = self.cheapest, self.solver
        if solution is None or solution.status is Status.LIMIT_REACHED:
            return Infeasible(["the limits of the model: which of them was not found out within the time limit"])
        if solution.status is not Status.OPTIMAL:
            return Infeasible(self._say(self._hard_conflict(), {}))
        x = solution.x
        repaired = self._repaired(x)
        if solution.objective > TINY:
            conflicts = [self._named(*each) for each in self._conflicts(solution, repaired)]
        else:
            conflicts = [self._filtered()]  # only the whole numbers are in the way
        if self.elastic.is_mixed_integer:
            solver = Solver(self.elastic, {"mip_rel_gap": 1e-6, "time_limit": self._patience(PATIENCE[1])})
            x = self._cheapest(solver).x
            repaired = self._repaired(x)
        # Whatever must give way is named, also where one conflict hides another.
        known = {line.key for conflict in conflicts for line in conflict}
        conflicts += [[line] for line in repaired if line.key not in known]
        lines = list({line.key + line.says: line for conflict in conflicts for line in conflict}.values())
        alone = self._alone(solver, conflicts, repaired)
        repairs = [self._repair(line, self._needed(line, amount, x)) for line, amount in repaired.items()]
        return Infeasible(self._say(lines, alone), repairs)

    def _patience(self, most: float) -> float:
        """Seconds that something may take: at most so many, and no longer than there is."""
        return max(0.0, min(most, self.deadline - time.perf_counter()))

    def _cheapest(self, solver: Solver) -> Solution:
        """The least repair; where limits of policy, or those and contracts, suffice, nothing else gives way."""
        solver.set_options({"time_limit": self._patience(np.inf)})
        solution = solver.solve()
        if solution.status is not Status.OPTIMAL:
            return solution
        columns = self.n_columns + np.arange(len(self.lines))
        for tier in list(TIERS.values())[:-1]:
            if all(TIERS[line.tag] <= tier for line in self._repaired(solution.x)):
                break
            room = [line.room if TIERS[line.tag] <= tier else 0.0 for line in self.lines]
            solver.change_bounds(columns, np.zeros(len(columns)), room)
            solver.set_options({"time_limit": self._patience(np.inf)})
            restricted = solver.solve()
            if restricted.status is Status.OPTIMAL:
                return restricted
        return solution

    def _repaired(self, x: Array) -> dict[Line, float]:
        """The lines that give way in a solution of the elastic program, and by how much."""
        give = dict(zip(self.lines, x[self.n_columns :].tolist(), strict=True))
        return {line: amount for line, amount in give.items() if amount > TINY * line.size}

    @staticmethod
    def _mend(line: Line, give: float) -> str:
        return f"be {line.text(line.after(give))}" if line.path else f"give way by {plain(give)}"

    def _repair(self, line: Line, give: float) -> str:
        if not line.path:
            return f"{line.where}: let it {self._mend(line, give)}"
        return f"{line.path} = {plain(line.after(give))}   ({line.text(line.after(give))}, now {line.text(line.value)})"

    # --- the elastic program

    def _elastic(self) -> tuple[LinearProgram, dict[int, Line]]:
        """The program with a slack per line; bounds that may give way have become rows. Also the line of each row."""
        lp = self.composed.lp
        lower, upper = lp.lower.copy(), lp.upper.copy()
        row_line: dict[int, Line] = {}
        row, column, rate = [], [], []
        extra_column: list[int] = []
        extra_lower: list[float] = []
        extra_upper: list[float] = []
        n_rows = lp.matrix.shape[0]
        extra_row: dict[tuple[int, str], int] = {}
        for number, line in enumerate(self.lines):
            for name, moves in line.rates.items():
                for kind, position in self.place.of(name):
                    at = position
                    if kind != "row":
                        if (position, kind) not in extra_row:
                            extra_row[position, kind] = n_rows + len(extra_column)
                            extra_column.append(position)
                            extra_lower.append(lp.lower[position] if kind == "lower" else -np.inf)
                            extra_upper.append(lp.upper[position] if kind == "upper" else np.inf)
                            if kind == "lower":
                                lower[position] = self.place.domain_lower(position)
                            else:
                                upper[position] = self.place.domain_upper(position)
                        at = extra_row[position, kind]
                    is_least = kind == "lower" or (kind == "row" and np.isfinite(lp.row_lower[position]))
                    row.append(at)
                    column.append(number)
                    rate.append(moves if is_least else -moves)
                    row_line.setdefault(at, line)
        n_all, n_lines = n_rows + len(extra_column), len(self.lines)
        bounds = sparse.csc_matrix(
            (np.ones(len(extra_column)), (np.arange(len(extra_column)), extra_column)),
            shape=(len(extra_column), self.n_columns),
        )
        slack = sparse.csc_matrix((rate, (row, column)), shape=(n_all, n_lines))
        matrix = sparse.hstack([sparse.vstack([lp.matrix, bounds]), slack]).tocsc()
        integer = None if lp.integer is None else np.concatenate([lp.integer, np.zeros(n_lines, dtype=bool)])
        return LinearProgram(
            cost=np.concatenate([np.zeros(self.n_columns), [TIERS[line.tag] / line.size for line in self.lines]]),
            matrix=matrix,
            row_lower=np.concatenate([lp.row_lower, extra_lower]),
            row_upper=np.concatenate([lp.row_upper, extra_upper]),
            lower=np.concatenate([lower, np.zeros(n_lines)]),
            upper=np.concatenate([upper, [line.room for line in self.lines]]),
            integer=integer,
        ), row_line  # fmt: skip

    def _needed(self, line: Line, amount: float, x: Array) -> float:
        """How much the line must give; where its bound multiplies decisions (footprint), read off the decisions."""
        bound = _bound_needed(self.market, self.composition, line, x)
        return amount if bound is None else max(line.sign * (bound - line.value), 0.0)

    def _alone(
        self, solver: Solver, conflicts: Sequence[Sequence[Line]], repaired: Mapping[Line, float]
    ) -> dict[str, float]:
        """What each line would have to give if in its conflict only it gave; infinite where that does not help.

        What settles the other conflicts is free meanwhile.
        """
        every = self.n_columns + np.arange(len(self.lines))
        price = self.elastic.cost[every]
        alone: dict[str, float] = {}
        started = time.perf_counter()
        # Limits first: they are what can be changed at a desk.
        pairs = sorted((TIERS[line.tag], number, line.key) for number, own in enumerate(conflicts) for line in own)
        for _, number, key in dict.fromkeys(pairs):
            inside = {line.key for line in conflicts[number]}
            elsewhere = np.array([line in repaired and line.key not in inside for line in self.lines])
            own = np.array([line.key == key for line in self.lines])
            patience = self._patience(PATIENCE[1] - (time.perf_counter() - started))
            if not own.any() or patience <= 0:
                continue
            room = np.where(own | elsewhere, [line.room for line in self.lines], 0.0)
            solver.change_bounds(every, np.zeros(len(every)), room)
            solver.change_costs(every, np.where(elsewhere, 0.0, price))
            solver.set_options({"time_limit": patience})
            solution = solver.solve()
            if solution.status is Status.OPTIMAL:
                line = self.lines[int(np.argmax(own))]
                alone[key] = self._needed(line, float(solution.x[every][own].sum()), solution.x)
            elif solution.status is Status.INFEASIBLE:
                alone[key] = np.inf
        return alone

    # --- the conflict

    def _conflicts(self, solution: Solution, repaired: Mapping[Line, float]) -> list[tuple[Index, Index]]:
        """Rows and columns (whose bounds matter) of conflicts: as many as it takes to explain every repair."""
        dual, reduced = np.abs(solution.row_dual), np.abs(solution.reduced_cost[: self.n_columns])
        most = max(dual.max(initial=0.0), reduced.max(initial=0.0))
        rows, columns = np.flatnonzero(dual > 0), np.flatnonzero(reduced > 0)
        # A positive reduced cost stands on the lower bound, a negative one on the upper.
        self.side = np.sign(solution.reduced_cost).astype(np.int64)
        for least in (1e-9, 1e-12):
            likely = np.flatnonzero(dual > least * most), np.flatnonzero(reduced > least * most)
            if self._is_infeasible(*likely):
                rows, columns = likely
                break
        conflicts: list[tuple[Index, Index]] = []
        owner = [self.row_line.get(row) for row in rows.tolist()]
        for line in list(repaired)[:MOST_SHOWN]:
            without_others = rows[[other is line or other not in repaired for other in owner]]
            if self._is_infeasible(without_others, columns):
                conflicts.append(self._isolated(without_others, columns))
        return conflicts or [self._isolated(rows, columns)]

    def _isolated(self, rows: Index, columns: Index) -> tuple[Index, Index]:
        """An irreducible conflict among these, confirmed by solving it alone; all of them where HiGHS finds none."""
        solver = Solver(self._part(rows, columns))
        with contextlib.suppress(ValueError):  # older releases look for one without being asked
            solver.set_options({"iis_strategy": IRREDUCIBLE, "iis_time_limit": self._patience(PATIENCE[0])})
        few_rows, few_columns = solver.conflict()
        isolated = rows[few_rows], np.intersect1d(self._columns_of(rows)[few_columns], columns)
        return isolated if self._is_infeasible(*isolated) else (rows, columns)

    def _columns_of(self, rows: Index) -> Index:
        used = np.unique(self.elastic.matrix.tocsr()[rows].indices)
        return np.asarray(used[used < self.n_columns], dtype=np.int64)

    def _part(self, rows: Index, bounded: Index) -> LinearProgram:
        """Only these rows, without slacks, and the bounds of these columns."""
        used = self._columns_of(rows)
        keep = np.isin(used, bounded)
        lp = self.elastic
        return LinearProgram(
            cost=np.zeros(len(used)),
            matrix=sparse.csc_matrix(lp.matrix.tocsr()[rows][:, used]),
            row_lower=lp.row_lower[rows],
            row_upper=lp.row_upper[rows],
            lower=np.where(keep & (self.side[used] > 0), lp.lower[used], -np.inf),
            upper=np.where(keep & (self.side[used] < 0), lp.upper[used], np.inf),
        )

    def _is_infeasible(self, rows: Index, columns: Index) -> bool:
        found = solve(self._part(rows, columns), SIMPLEX | {"time_limit": self._patience(PATIENCE[1])})
        return found.status is Status.INFEASIBLE

    def _filtered(self) -> list[Line]:
        """The lines none of which can be left out: halves of them are freed at once, what is physical first."""
        solver = Solver(replace(self.elastic, cost=np.zeros(len(self.elastic.cost))))
        columns = self.n_columns + np.arange(len(self.lines))
        room = np.zeros(len(self.lines))
        started = time.perf_counter()

        def is_infeasible(freed: list[int]) -> bool:
            trial = room.copy()
            trial[freed] = np.inf
            solver.change_bounds(columns, np.zeros(len(columns)), trial)
            return solver.solve().status is Status.INFEASIBLE

        def needed(group: list[int]) -> list[int]:
            if not group or time.perf_counter() - started > PATIENCE[0]:
                return group
            if is_infeasible(group):
                room[group] = np.inf
                return []
            if len(group) == 1:
                return group
            half = len(group) // 2
            return needed(group[:half]) + needed(group[half:])

        order = sorted(range(len(self.lines)), key=lambda i: -TIERS[self.lines[i].tag])
        return [self.lines[i] for i in needed(order)]

    def _hard_conflict(self) -> list[Line]:
        """Where not even the elastic program has a solution: what HiGHS isolates in the program as it is."""
        solver = Solver(replace(self.composed.lp, integer=None))
        with contextlib.suppress(ValueError):
            solver.set_options({"iis_strategy": IRREDUCIBLE, "iis_time_limit": self._patience(PATIENCE[0])})
        rows, columns = solver.conflict()
        return self._named(rows, columns)

    def _named(self, rows: Iterable[int], columns: Iterable[int]) -> list[Line]:
        """The lines behind rows and bounds; what only defines the model has none."""
        named: dict[str, Line] = {}
        rest: list[tuple[Name, int | None]] = []
        n_rows = self.composed.lp.matrix.shape[0]
        for row in rows:
            line = self.row_line.get(row)
            if line is not None:
                named.setdefault(line.key, line)
            elif row < n_rows:
                kind, name, node = self.composition.row_name(self.composed, row)
                if kind in ("plan", "period"):
                    rest.append((name, node))
        for column in columns:
            for side in {1: ("lower",), -1: ("upper",), 0: ("lower", "upper")}[int(self.side[column])]:
                rest += self.place.behind(column, side)
        premises: dict[tuple[str, str], dict[str, list[float]]] = {}
        notes: dict[str, Note] = {}
        for name, node in rest:
            template = self.composition.plan if node is None else self.composition.period
            note, owner = template.notes.get(name[0]), template.owner(name)
            if note is None or note.is_silent:
                continue
            notes[name[0]] = note
            key = name[0], str(owner.get("supplier", ""))
            amounts = premises.setdefault(key, {}).setdefault(str(owner.get("element", "")), [])
            amounts.extend(self._amount(note, name[1], node))
        said = [
            _premise(notes[component], supplier, elements)
            for (component, supplier), elements in sorted(premises.items())
        ]
        return [*named.values(), *said]

    def _amount(self, note: Note, index: tuple[Any, ...], node: int | None) -> list[float]:
        """The bound behind a row or bound that stays hard, in t."""
        if not note.amount:
            return []
        if node is None:
            return [float(self.market.plan[note.amount][index])]
        return [float(self.market.period[note.amount][index][node])]

    def _say(self, lines: Sequence[Line], alone: Mapping[str, float]) -> list[str]:
        said = []
        for tag in TIERS:
            own = sorted(
                (line for line in lines if line.tag == tag), key=lambda line: (line.where, line.path, line.says)
            )
            for line in own[:MOST_SHOWN]:
                give = alone.get(line.key)
                ending = ""
                if give is not None and np.isinf(give):
                    ending = "; giving way alone it cannot help"
                elif give is not None and give > TINY * line.size:
                    ending = f"; alone it would have to {self._mend(line, give)}"
                said.append(f"{line.where} ({tag}): {line.says}{ending}")
            if len(own) > MOST_SHOWN:
                said.append(f"and {len(own) - MOST_SHOWN} more that are {tag}")
        return said or ["the rules of the model contradict each other; no limit of the model file takes part"]


class _Places:
    """Where the rows of the formulation stand in the composed program: as rows, or as bounds of columns."""

    def __init__(self, composition: Composition, composed: Composed) -> None:
        self._composition, self._composed = composition, composed
        self._plan = _template_places(composition.plan)
        self._period = _template_places(composition.period)
        self._columns: dict[int, list[tuple[int, int]]] | None = None

    def of(self, name: Name) -> Iterator[tuple[str, int]]:
        """Every ("row" | "lower" | "upper", position) of a row; ("future", (limit, year)) are limits on all futures."""
        component, index = name
        composition = self._composition
        if component == "future":
            yield from (("row", int(row)) for row in self._composed.future_rows[index[0], index[1]])
        elif name in self._plan:
            yield from self._plan[name]
        elif name in self._period:
            for kind, position in self._period[name]:
                for node in range(composition.n_nodes):
                    if kind == "row":
                        yield kind, int(composition.row_of[node, position])
                    else:
                        yield kind, int(composition.column_of[node, position])

    def domain_lower(self, column: int) -> float:
        """The lower bound a decision has by its kind."""
        template, j = self._template_column(column)
        return float(template.domain_lower[j])

    def domain_upper(self, column: int) -> float:
        """The upper bound a decision has by its kind."""
        template, j = self._template_column(column)
        return float(template.domain_upper[j])

    def behind(self, column: int, side: str) -> Iterator[tuple[Name, int | None]]:
        """The rows that became the bound of a column on one side, with the node where there is one."""
        plan, period = self._composition.plan, self._composition.period
        if column < len(plan.columns):
            row = (plan.lower_row if side == "lower" else plan.upper_row)[column]
            if row >= 0:
                yield plan.bound_rows[row], None
            return
        for node, j in self._own().get(column, ()):
            row = (period.lower_row if side == "lower" else period.upper_row)[j]
            if row >= 0:
                yield period.bound_rows[row], node

    def _template_column(self, column: int) -> tuple[Template, int]:
        if column < len(self._composition.plan.columns):
            return self._composition.plan, column
        return self._composition.period, self._own()[column][0][1]

    def _own(self) -> dict[int, list[tuple[int, int]]]:
        if self._columns is None:
            self._columns = {}
            n_plan = len(self._composition.plan.columns)
            for node, j in np.argwhere(self._composition.column_of >= n_plan).tolist():
                self._columns.setdefault(int(self._composition.column_of[node, j]), []).append((node, j))
        return self._columns


def _template_places(template: Template) -> dict[Name, list[tuple[str, int]]]:
    places: dict[Name, list[tuple[str, int]]] = {}
    for row, name in enumerate(template.rows):
        places.setdefault(name, []).append(("row", row))
    for side, rows in (("lower", template.lower_row), ("upper", template.upper_row)):
        for column in np.flatnonzero(rows >= 0).tolist():
            places.setdefault(template.bound_rows[rows[column]], []).append((side, column))
    return places


# --- the lines of a model


def _lines(market: Market) -> Iterator[Line]:
    choices = {choice.name: choice for choice in market.model.settings.limits}
    numbers = TrackedMarket(market.model, market.programmes, market.tree).asked
    for limit in market.sets.limits:
        yield _limit_line(market, limit, choices[limit.name], numbers)
    yield from _contract_lines(market)
    yield from _capacity_lines(market)
    yield from _stock_lines(market)


def _limit_line(market: Market, limit: Limit, choice: LimitChoices, numbers: MarketNumbers) -> Line:
    kind = kind_of(limit)
    rates: dict[Name, float] = {}
    if kind.counts is Counts.PLAN:
        rates |= kind.plan_rates(limit, choice.bound, numbers)
    else:
        rates |= {("future", key): bound.rate for key, bound in market.bounds.items() if key[0] == limit.name}
    least, measure = kind.sense == "min", kind.measured_in
    line = Line(
        tag=limit.tag, where=limit.name, says="", path=f"limits.{limit.name}.{kind.sense}", value=choice.bound,
        sign=-1 if least else 1, room=choice.bound if least else measure.most - choice.bound, unit=measure.shown, rates=rates,
    )  # fmt: skip
    when = f" in {span(limit.years)}" if limit.years else ""
    return replace(line, says=kind.says(choice, line.text(choice.bound)) + when)


def _contract_lines(market: Market) -> Iterator[Line]:
    """Commitments, offers and minimum orders: one line per row of the tables."""
    sets, chosen = market.sets, market.model.settings.suppliers
    for table, verb, sign in (("commitments", "must take", -1), ("offers", "offers", 1)):
        row_name, datum = {"commitments": ("keep_commitment", "committed"), "offers": ("within_offer", "offered")}[
            table
        ]
        for s, e in sets.offers:
            # The room of a basket follows its capacity; today's contracts alone follow the commitments.
            # An offer with a fixed charge counts only where something is bought, which a slack would not know.
            committed_only = s in chosen and chosen[s].contracts == "committed"
            if table == "offers" and (s in sets.baskets or s in sets.charged or committed_only):
                continue
            for since, value, years in _in_force(market, table, supplier=s, element=e):
                years = [y for y in years if market.plan[datum][s, e, y] or not value]
                if not years or (sign < 0 and not value):
                    continue
                rates = {(row_name, (s, e, y)): 1.0 for y in years}
                says = f"{s} {verb} {plain(value)} t/yr of {e} in {span(years)}"
                if table == "commitments":
                    says = f"the buyer must take {plain(value)} t/yr of {e} from {s} in {span(years)}"
                yield Line(
                    "contractual", f"{table}.csv", says, f"suppliers.{s}.{table}.{e}.{since}", value, sign,
                    value if sign < 0 else np.inf, "t/yr", rates,
                )  # fmt: skip
    for s in sets.charged:
        for since, value, years in _in_force(market, "terms", supplier=s, attribute="minimum_order", scope="all"):
            yield Line(
                "contractual", "terms.csv", f"{s} takes orders of at least {plain(value)} t/yr in {span(years)}",
                f"suppliers.{s}.minimum_order.all.{since}", value, -1, value, "t/yr",
                # In the row it multiplies `use`: one where something is bought.
                {("minimum_order", (s, y)): 1.0 for y in years},
            )  # fmt: skip


def _capacity_lines(market: Market) -> Iterator[Line]:
    sets = market.sets
    said = {
        "capacity": ("within_capacity", sets.capped, "can produce"),
        "growth": ("grow", sets.ramped, "can grow by"),
        "expansion_limit": ("within_buildable", tuple(s for s, _ in sets.expandable), "can add"),
    }
    for attribute, (row_name, suppliers, verb) in said.items():
        for s in suppliers:
            for since, value, years in _in_force(market, "terms", supplier=s, attribute=attribute, scope="all"):
                if attribute == "capacity":  # before its first year a supplier has none, whatever the table says
                    years = [y for y in years if market.plan["capacity"][s, y] or not value]
                rates: dict[Name, float] = {(row_name, (s, y)): 1.0 for y in years}
                if s in sets.baskets and attribute == "capacity":
                    share = market.plan["share"]
                    rates |= {("within_offer", (*o, y)): share[*o, y] for o in sets.of_supplier(s) for y in years}
                yield Line(
                    "physical", "terms.csv", f"{s} {verb} at most {plain(value)} t/yr in {span(years)}",
                    f"suppliers.{s}.{attribute}.all.{since}", value, 1, np.inf, "t/yr", rates,
                )  # fmt: skip


def _stock_lines(market: Market) -> Iterator[Line]:
    table = market.model.facts.tables["stock"]
    own = table[table["attribute"] == "max_days"].set_index("scope")["value"].to_dict()
    by_scope: dict[str, list[str]] = {}
    for e in market.sets.elements:
        scope = next((scope for scope in (e, market.class_of[e], "all") if scope in own), None)
        if scope is not None:
            by_scope.setdefault(scope, []).append(e)
    for scope, elements in by_scope.items():
        rates: dict[Name, float] = {}
        for e in elements:
            for k, y in enumerate(market.sets.years):
                days = market.demand[e][k] / DAYS_PER_YEAR
                if market.plan["ceiling"][e, y] <= own[scope] * days * (1 + 1e-9):  # else existing stock needs more
                    rates["stock_ceiling", (e, y)] = days
        yield Line(
            "physical", "stock.csv", f"room for at most {plain(own[scope])} days of use of {scope} in stock",
            f"stock.{scope}.max_days", float(own[scope]), 1, np.inf, "days", rates,
        )  # fmt: skip


def _added_lines(place: _Places, lp: LinearProgram, composition: Composition) -> Iterator[Line]:
    """Constraints that someone added to plan or period: each may give way, in its own unit."""
    for template in (composition.plan, composition.period):
        for name in dict.fromkeys((*template.rows, *template.bound_rows)):
            if name[0] in template.notes or name[0] in KINDS:
                continue
            shown = f"{name[0]}[{','.join(map(str, name[1]))}]" if name[1] else name[0]
            sides = [
                (lp.row_lower[at], lp.row_upper[at]) if kind == "row" else (lp.lower[at], lp.upper[at])
                for kind, at in place.of(name)
            ]
            scale = max((abs(bound) for side in sides for bound in side if np.isfinite(bound)), default=1.0) or 1.0
            for way in (1.0, -1.0):  # an equality may have to give either way
                says = "a constraint added to the formulation"
                yield Line("policy", shown, says, rates={name: way}, scale=float(scale))


def _in_force(market: Market, table: str, **keys: str) -> Iterator[tuple[int, float, list[int]]]:
    """(valid from, value, years of the plan in which it holds) of every row of a table with these keys."""
    frame = market.model.facts.tables[table]
    for column, value in keys.items():
        frame = frame[frame[column] == value]
    rows = sorted(zip(frame["year"].astype(int).tolist(), frame["value"].astype(float).tolist(), strict=True))
    for position, (since, value_) in enumerate(rows):
        until = rows[position + 1][0] if position + 1 < len(rows) else np.inf
        years = [y for y in market.sets.years if since <= y < until]
        if years:
            yield since, value_, years


def _bound_needed(market: Market, composition: Composition, line: Line, x: Array) -> float | None:
    """The bound that the decisions `x` need, where the line is a limit whose bound multiplies decisions."""
    limit = next((limit for limit in market.sets.limits if line.path.startswith(f"limits.{limit.name}.")), None)
    if limit is None:
        return None
    plan: dict[str, dict[tuple[Any, ...], float]] = {}
    for (component, index), value in zip(
        composition.plan.columns, x[: len(composition.plan.columns)].tolist(), strict=True
    ):
        plan.setdefault(component, {})[index] = value
    return kind_of(limit).needed(limit, plan, TrackedMarket(market.model, market.programmes, market.tree).asked)


# --- what stays as it is, in words


def _premise(note: Note, supplier: str, elements: Mapping[str, Sequence[float]]) -> Line:
    """How rows that never give way are said: once per supplier, one element with its tonnes, several by name."""
    names = listed(sorted(elements), most=6)
    amount = f"so much of {names}"
    if len(elements) == 1:
        ((element, amounts),) = elements.items()
        finite = [tonnes for tonnes in amounts if np.isfinite(tonnes)]
        if finite:
            low, high = (plain(round(bound, 6)) for bound in (min(finite), max(finite)))
            amount = f"{low} t of {element}" if low == high else f"{low} to {high} t of {element}"
    return Line(note.tag, note.table, note.says.format(supplier=supplier, elements=names, amount=amount))


# --- numbers and years as people write them


def _outward(value: float, sign: int) -> float:
    """Five digits, rounded up (sign +1) or down (-1), so that what is asked for suffices."""
    if not np.isfinite(value) or value == 0:
        return value
    number = Decimal(repr(round(float(value), 12)))
    digit = Decimal(1).scaleb(number.adjusted() - 4)
    near = float(number.quantize(digit))
    if abs(near - value) <= 1e-10 * abs(value):
        return near
    return float(number.quantize(digit, rounding=ROUND_CEILING if sign > 0 else ROUND_FLOOR))
