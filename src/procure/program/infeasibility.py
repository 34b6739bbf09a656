"""Why no portfolio exists, in words: what is in conflict, how much each condition would have to give, and the cheapest repair.

  conditions   what can give way: a limit of the model file, a number of a table, a row that someone added
  elastic      the program with a slack for each condition: its solution is the cheapest repair
  conflict     out of the duals of that repair, rows and bounds that have no solution together, as few as can be

What cannot give way is told by the note that stands beside its row (`formulation.rows`), once per supplier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.errors import Infeasible
from procure.formulation.rows import Note
from procure.languages import Said
from procure.lp.cells import least_give
from procure.lp.compile import Name
from procure.lp.cores import cores
from procure.lp.dual_bound import prove
from procure.lp.highs import Solver
from procure.lp.program import Solution, Status
from procure.program.conditions import TINY, Condition, conditions, of_limits
from procure.program.conflict import Conflict, Isolation, hard_conflict, indispensable
from procure.program.elastic import PATIENCE, TIERS, Deadline, Elastic
from procure.program.engine import SIMPLEX
from procure.program.positions import Positions
from procure.program.program import Program
from procure.program.restraints import TableNumbers
from procure.units import Array
from procure.words import listed, plain, programme_name

#: Conditions of one tag shown in full; of more, the first ones and their number.
MOST_SHOWN = 8
#: How far beyond what its multipliers prove the least that a limit must give may lie, relative: it is told in five digits.
PROVED = 1e-6
#: Who could change a condition, in words.
TAGS = {
    "policy": Said("policy", "政策"), "contractual": Said("contractual", "契約"), "physical": Said("physical", "物理"),
    "definition": Said("definition", "定義"),
}  # fmt: skip
_LINE, _MORE = (
    Said("{where} ({tag}): {says}{ending}", "{where}（{tag}）: {says}{ending}"),
    Said("and {count} more that are {tag}", "ほか {count} 件（{tag}）"),
)
_SO_MUCH, _TONNES = (
    Said("so much of {names}", "{names}の一定量"),
    Said("{tonnes} t of {element}", "{element} {tonnes} t"),
)
_RANGE = Said("{low} to {high}", "{low}～{high}")
#: The lines of a repair, and what they let give way.
BE, GIVE = Said("be {value}", "{value}とする"), Said("give way by {amount}", "{amount} だけ緩める")
LET = Said("{where}: let it {mended}", "{where} の緩和: {mended}")
SET = Said("{path} = {number}   ({after}, now {now})", "{path} = {number}（{after}、現在 {now}）")
#: Between the lines of a conflict where they are kept as one; what a line itself ends in is none of it.
BETWEEN = re.compile(r"; (?!giving way alone|alone it would)")
_NO_HELP = Said("; giving way alone it cannot help", "。単独で緩めても解消しない")
_ALONE = Said("; alone it would have to {mended}", "。単独なら{mended}必要がある")
_NOT_IN_TIME = Said(
    "the limits of the model: which of them was not found out within the time limit",
    "モデルの制約: 制限時間内にどれかは特定できなかった",
)
_RULES = Said(
    "the rules of the model contradict each other; no limit of the model file takes part",
    "モデルの規則どうしが矛盾している。モデルファイルの制約は関与していない",
)


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
    levels = _explanations(programs, deadline)
    best = min(levels, key=lambda level: level.price)
    fault = best.infeasible()
    if len(levels) == 1:
        return fault
    others = {level.name: level.repairs() for level in levels if level is not best}
    return Infeasible(fault.conflict, fault.repairs, level=best.name, elsewhere=others)


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
        Rejection(level.program.market.programmes, tuple(level.repairs()), level.changes())
        for level in _explanations(programs, deadline)
    ]


def tightest_bound(program: Program, name: str, deadline: float = np.inf) -> float:
    """The bound of a limit at which a program begins to have a solution, all else as it is: as it stands where it has one.

    In the unit of the model file, rounded outward to five digits; NaN where no bound is enough, or none was found in time.
    """
    if (by_cells := tightest_by_cells(program, name, deadline)) is not None:
        return by_cells
    elastic = _elastic(program, name)
    solution = elastic.cheapest(Solver(elastic.lp, SIMPLEX), Deadline(deadline))
    if solution.status is not Status.OPTIMAL:
        return np.nan
    (condition,), (give,) = elastic.conditions, solution.x[elastic.slacks].tolist()
    return _after(condition, give if give <= TINY * condition.size else elastic.needed(condition, give, solution.x))


def tightest_by_cells(program: Program, name: str, deadline: float = np.inf) -> float | None:
    """`tightest_bound` of a limit on a mean, cell by cell; None where a program is not large, or its cells do not prove it."""
    if not program.is_large:
        return None
    elastic = _elastic(program, name)
    (condition,), (slack,) = elastic.conditions, elastic.slacks.tolist()
    future_rows = program.composed.future_rows
    rates = {key: -float(elastic.lp.matrix[rows, slack].sum()) for key, rows in future_rows.items()}
    if not any(rates.values()):  # a limit on the plan
        return None
    found = least_give(program.composition, program.composed, program.figures, rates, deadline=deadline)
    if found is None:
        return None
    give, multipliers = found
    unit = np.zeros(len(elastic.lp.cost))
    unit[slack] = 1.0
    beyond = give - prove(elastic.lp, multipliers, unit).bound
    return _after(condition, give) if beyond <= PROVED * max(give, condition.size) else None


def _elastic(program: Program, name: str) -> Elastic:
    """A program in which one limit of the model file can give way."""
    positions, numbers = Positions(program.composition, program.composed), TableNumbers(program.market)
    parts = [limit for limit in program.market.sets.limits if limit.written == name]
    return Elastic(program, list(of_limits(program.market, parts, numbers)), positions, numbers)


def _after(condition: Condition, give: float) -> float:
    """The bound after giving so much; as it stands where that is nothing."""
    return condition.after(give) if give > TINY * condition.size else condition.value


def conflict(program: Program, deadline: float = np.inf) -> list[str]:
    """What keeps one program from having a solution, one line per limit or number that takes part, as `explain` tells it."""
    (level,) = _explanations([program], deadline)
    return level.infeasible().conflict


def _explanations(programs: Sequence[Program], deadline: float) -> list[_Explanation]:
    """One of each program, its cheapest repair found; side by side, since HiGHS lets go of the interpreter."""
    levels = [_Explanation(program, Deadline(deadline)) for program in programs]
    with ThreadPoolExecutor(max_workers=max(1, min(cores(), len(levels)))) as pool:
        list(pool.map(_Explanation.find_cheapest, levels))
    return levels


class _Explanation:
    """Why one program has no solution, and what would give it one."""

    def __init__(self, program: Program, deadline: Deadline) -> None:
        self.program, self.deadline = program, deadline
        self.name = programme_name(program.market.programmes)
        self.positions = Positions(program.composition, program.composed)
        numbers = TableNumbers(program.market)
        self.elastic = Elastic(program, conditions(program, self.positions, numbers), self.positions, numbers)
        self.solver = self.elastic.relaxed()
        self.cheapest: Solution | None = None

    def find_cheapest(self) -> None:
        """Solve for the least repair, whole numbers left out."""
        self.cheapest = self.elastic.cheapest(self.solver, self.deadline)

    @property
    def price(self) -> float:
        """What the least repair takes, tiers weighed; infinite where none is known."""
        cheapest = self.cheapest
        return cheapest.objective if cheapest is not None and cheapest.status is Status.OPTIMAL else np.inf

    def changes(self) -> dict[str, float]:
        """The least repair as values by dotted path."""
        return {condition.path: condition.after(give) for condition, give in self._least().items() if condition.path}

    def repairs(self) -> list[str]:
        """The least repair in words."""
        return [_repair(condition, give) for condition, give in self._least().items()]

    def _least(self) -> dict[Condition, float]:
        """What gives way in the least repair, and how much; nothing where none is known."""
        if self.cheapest is None or self.cheapest.status is not Status.OPTIMAL:
            return {}
        return self._needed(self.cheapest.x)

    def _needed(self, x: Array) -> dict[Condition, float]:
        giving = self.elastic.giving(x)
        return {condition: self.elastic.needed(condition, amount, x) for condition, amount in giving.items()}

    def infeasible(self) -> Infeasible:
        """The conflict, and the least repair."""
        elastic, solver, deadline, solution = self.elastic, self.solver, self.deadline, self.cheapest
        if solution is None or solution.status is Status.LIMIT_REACHED:
            return Infeasible([_NOT_IN_TIME])
        if solution.status is not Status.OPTIMAL:
            return Infeasible(_say(self._told(hard_conflict(self.program.composed.lp, deadline)), {}))
        x = solution.x
        if solution.objective > TINY:
            isolation = Isolation(elastic, solution, deadline)
            conflicts = [self._told(conflict) for conflict in isolation.conflicts(elastic.giving(x))]
        else:
            conflicts = [indispensable(elastic)]  # only the whole numbers are in the way
        if elastic.lp.is_mixed_integer:
            solver = Solver(elastic.lp, {"mip_rel_gap": 1e-6, "time_limit": deadline.seconds(PATIENCE)})
            x = elastic.cheapest(solver, deadline).x
        repaired = self._needed(x)
        # Whatever must give way is named, also where one conflict hides another.
        known = {condition.key for conflict in conflicts for condition in conflict}
        conflicts += [[condition] for condition in repaired if condition.key not in known]
        told = list({condition.key + condition.says: condition for own in conflicts for condition in own}.values())
        alone = elastic.alone(solver, conflicts, repaired, deadline)
        return Infeasible(_say(told, alone), [_repair(condition, give) for condition, give in repaired.items()])

    # --- a conflict in words

    def _told(self, conflict: Conflict) -> list[Condition]:
        """The conditions behind rows and bounds; what cannot give way by its note, and what only defines the model not at all."""
        elastic, program = self.elastic, self.program
        giving: dict[str, Condition] = {}
        is_given = program.given is not None  # nothing behind the plan is to blame then: it is as it is
        staying: list[tuple[Name, int | None]] = []
        for row in conflict.rows.tolist():
            loosening = [elastic.conditions[number] for number in elastic.loosening.get(row, ())]
            giving |= {condition.key: condition for condition in loosening if condition.key not in giving}
            if not loosening and row < elastic.n_rows:
                block, name, node = program.composition.row_name(program.composed, row)
                if block in ("plan", "period"):
                    staying.append((name, node))
        for column, side in conflict.bounds() if not is_given else ():
            staying += self.positions.behind(column, side)
        return [*giving.values(), *self._premises(staying)]

    def _premises(self, rows: Sequence[tuple[Name, int | None]]) -> list[Condition]:
        """How rows that never give way are told: once per supplier."""
        tonnes: dict[tuple[str, str], dict[str, list[float]]] = {}
        notes: dict[str, Note] = {}
        for name, node in rows:
            component = name[0]
            template = self.program.composition.plan if node is None else self.program.composition.period
            note, owner = template.notes.get(component), template.owner(name)
            if note is None or note.is_silent:
                continue
            notes[component] = note
            by_element = tonnes.setdefault((component, str(owner.get("supplier", ""))), {})
            by_element.setdefault(str(owner.get("element", "")), []).extend(self._amount(note, name[1], node))
        return [
            _premise(notes[component], supplier, by_element)
            for (component, supplier), by_element in sorted(tonnes.items())
        ]

    def _amount(self, note: Note, index: tuple[Any, ...], node: int | None) -> list[float]:
        """The bound behind a row or bound that stays as it is, in t."""
        if not note.amount:
            return []
        market = self.program.market
        amount = market.plan[note.amount][index] if node is None else market.period[note.amount][index][node]
        return [float(amount)]


def _premise(note: Note, supplier: str, by_element: Mapping[str, Sequence[float]]) -> Condition:
    """What never gives way: one element with its tonnes, several by name."""
    names = listed(sorted(by_element), most=6)
    amount: str = _SO_MUCH.format(names=names)
    if len(by_element) == 1:
        ((element, tonnes),) = by_element.items()
        finite = [bound for bound in tonnes if np.isfinite(bound)]
        if finite:
            low, high = (plain(round(bound, 6)) for bound in (min(finite), max(finite)))
            many = low if low == high else _RANGE.format(low=low, high=high)
            amount = _TONNES.format(tonnes=many, element=element)
    return Condition(note.tag, note.table, note.says.format(supplier=supplier, elements=names, amount=amount))


def _mended(condition: Condition, give: float) -> str:
    """What a condition would have to do."""
    if condition.path:
        return BE.format(value=condition.text(condition.after(give)))
    return GIVE.format(amount=plain(give))


def _repair(condition: Condition, give: float) -> str:
    """One line of a repair: what to set, and what it is now."""
    if not condition.path:
        return LET.format(where=condition.where, mended=_mended(condition, give))
    after, now = condition.after(give), condition.text(condition.value)
    return SET.format(path=condition.path, number=plain(after), after=condition.text(after), now=now)


def _say(told: Sequence[Condition], alone: Mapping[str, float]) -> list[str]:
    """One line per condition, policies first, with what it alone would have to be."""
    lines: list[str] = []
    for tag in TIERS:
        of_tag = sorted((c for c in told if c.tag == tag), key=lambda c: (c.where, c.path, c.says))
        for condition in of_tag[:MOST_SHOWN]:
            give = alone.get(condition.key)
            ending: str = ""
            if give is not None and np.isinf(give):
                ending = _NO_HELP
            elif give is not None and give > TINY * condition.size:
                ending = _ALONE.format(mended=_mended(condition, give))
            lines.append(_LINE.format(where=condition.where, tag=TAGS[tag], says=condition.says, ending=ending))
        if len(of_tag) > MOST_SHOWN:
            lines.append(_MORE.format(count=len(of_tag) - MOST_SHOWN, tag=TAGS[tag]))
    return lines or [_RULES]
