"""Which of the numbers that are not known for sure decide, and which of them to find out first.

Questions that are answered by solving the model again and again, every case with all its programme levels:

  tornado        one number at a time goes to either end of its range: what the weighed cost C is there, and whether another
                 programme is chosen
  information    all numbers lie anywhere in their ranges, evenly; what it would be worth to know number i before choosing a
                 programme g is its partial value of perfect information

                   I_i = min_g E[C_g] - E_i [ min_g E[C_g | θ_i] ]      E[C_g | θ_i] by regression on θ_i over the cases
  decides        one number at a time goes to the end that favours another programme, and to the value at which the choice turns,
                 as the plans fare on fresh paths (`turns`)
  morris, sobol  all numbers lie anywhere in their ranges: how far each moves the cost (`spread`)

Numbers are many, so those are looked at that may move the most at first order (`numbers.FirstOrder`), which one solve says of all:
move the cost, or for `decides` the difference between two programmes.

Source: Strong, Oakley & Brennan (2014), Medical Decision Making 34(3), 311-326.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pandas import DataFrame

from procure.errors import IS, LEAVE_OUT, DataError, Fault, nearest
from procure.explore.kept import Kept
from procure.explore.sensitivity import spread
from procure.explore.sensitivity.numbers import (
    AT_FIRST_ORDER,
    END_REFUSED,
    PART_OF_WHOLE,
    FirstOrder,
    Unknown,
    unknowns,
)
from procure.explore.sensitivity.turns import FLIPS, NO_PORTFOLIO, STAYS, TIE, turns
from procure.explore.sweep import sweep
from procure.explore.sweep.columns import INFEASIBLE, OPTIMAL
from procure.languages import OR, Said
from procure.model import Model, ModelOrName, as_model
from procure.portfolio.fresh import WIDE
from procure.scenarios.world import programme_choices
from procure.solving.answer import Answer
from procure.solving.compiled import Compiled
from procure.units import Array
from procure.words import Progress

_ONE_OF = Said("it is {methods}", "次のいずれか: {methods}")
_AT_LEAST = Said("at least {least}", "{least} 以上")
_ASK_MORE = Said("leave it out, or ask for more", "省くか、増やす")
_ONE_BY_ONE = Said(
    "each number is solved at values that hang on the last one: in this process, and none is kept",
    "各数値は前の値に応じて逐次に解くため、このプロセスで解き、保存しない",
)
_ANOTHER_LEVEL = Said(
    "a number decides, and is worth knowing, where another programme may be chosen for it",
    "数値が結論を左右し、知る価値を持つのは、それにより別の開発計画が選ばれ得るとき",
)
_ONE_LEVEL = Said("there is one programme level, or none", "開発計画の水準が一つ以下")
_ASK_TORNADO = Said("ask for {tornado}", "{tornado} で調べる")
_ALL_AT_ONCE = Said(
    "where all numbers move at once, as for {method}, every end is solved",
    "{method} のように全数値を同時に動かすときは、すべての端で解く",
)
_COMPLETE = Said(
    "{complete} of {n_cases} have a portfolio under every level",
    "全 {n_cases} 件中、すべての水準に調達計画があるのは {complete} 件",
)
_NEEDED = Said("at least {least} are needed", "{least} 件以上が必要")

TORNADO, INFORMATION, DECIDES = ("tornado", "information", "decides")
METHODS = (TORNADO, INFORMATION, DECIDES, *spread.METHODS)
#: Numbers that are looked at, and cases that are drawn for all but `tornado` and `decides`.
MOST, CASES = 20, 128
#: Costs within this share of each other are the same.
SAME = 1e-9
#: Bends that a mean may have along a number: powers of it in the regression.
POWERS = 3
#: Times that cases are drawn again, for a standard error.
AGAIN = 200
COLUMNS = ("objective_musd", "programme", "level")


@dataclass(frozen=True, eq=False)
class Sensitivity(Kept):
    """Which numbers decide. Costs are weighed, million USD of present value; numbers are in the unit of their table.

    Attributes
    ----------
    name, method : str
        Of the model, and what was asked.
    programme : str
        The level that is chosen as the numbers stand, or for `information` on average over the ranges; for `decides` the one that
        fresh paths take for the best where they are sure that it is not that of the tree.
    objective_musd : float
        What that costs.
    table : DataFrame
        A row for each number, the one that moves or is worth most first: `number`, `unit`, `status`, `value`, `low`, `high`,
        `first_order_musd`, then

        tornado: `low_musd` and `high_musd`, the weighed cost at the ends, `swing_musd` between them; `low_programme` and
        `high_programme`, the levels chosen there, `no portfolio`, or blank where the other numbers do not allow the end;
        `margin_musd`, by how much the level chosen now is dearer there than that, at most, its `standard_error_musd` on fresh
        paths, and `choice`: stays, flips, or tie where 95 % do not tell.

        information: `worth_musd` and its `standard_error_musd`.

        decides: `end`, the one that favours another level; that `other`; `margin_musd`, what it costs more there than the level
        chosen now, below zero where it costs less, and its `standard_error_musd`, both on fresh paths; `choice`: flips, stays,
        or tie where 95 % do not tell; `turns`, the value at which both cost the same, between `turns_low` and `turns_high` at
        95 %. `first_order_musd` is the margin as it was guessed before anything was solved.

        morris: `effect_musd`, by how much the cost moves over the whole range in the mean, its `standard_error_musd`, its
        `spread_musd`, and `changes_choice`, the share of the number's steps at which another programme is chosen.

        sobol: `first_share` of the variance of the cost and `total_share`, with `first_error` and `total_error`.
    n_numbers : int
        That have a range, of which the table has those that may move the most.
    n_cases, n_failed : int
        Solved, and of these without a portfolio: they are left out.
    all_musd, all_error_musd : float
        For `information`: what it would be worth to know all numbers of the table; for `morris` and `sobol` the standard
        deviation of the cost over the cases, without an error; else NaN.
    left_out : mapping
        Numbers with a range that are not looked at, and why: parts of a whole cannot move alone, since the others would have to
        give; and where all move at once, every end of each has to be allowed by the numbers beside it.
    """

    format: ClassVar[str] = "procure.sensitivity"

    name: str
    method: str
    programme: str
    objective_musd: float
    table: DataFrame = field(repr=False)
    n_numbers: int
    n_cases: int
    n_failed: int
    all_musd: float = math.nan
    all_error_musd: float = math.nan
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def deciding(self) -> list[str]:
        """The numbers whose range holds a value at which another programme is chosen, as far as its ends tell."""
        return self.table.loc[self.table["choice"] != STAYS, "number"].tolist() if "choice" in self.table else []


def sensitivity(
    model: ModelOrName,
    method: str = TORNADO,
    *,
    numbers: Sequence[str] | None = None,
    statuses: Collection[str] | None = None,
    most: int = MOST,
    cases: int = CASES,
    store: str | Path | None = None,
    workers: int | None = None,
    seed: int = 1,
    progress: Progress | None = None,
) -> Sensitivity:
    """Which numbers of a model decide, each within its range in the tables.

    Parameters
    ----------
    model : Model, str or Path
    method : {"tornado", "information", "decides", "morris", "sobol"}
        One number at a time to its ends; what knowing each before choosing a programme would be worth, over all ranges at once; or
        at which value of each number another programme becomes the better one.
    numbers : sequence of str, optional
        Dotted paths. By default those that may move the most at first order.
    statuses : collection of str, optional
        Of the numbers to choose from; by default all but "sourced".
    most : int
        Numbers to look at, where they are not named.
    cases : int
        Drawn for `information`, a Latin hypercube over the ranges; at most, for `morris` and `sobol`.
    store : str or Path, optional
        A folder in which cases are kept, as for `procure.sweep`; a run that was stopped goes on from there. Not for `decides`.
    workers : int, optional
        Processes, as for `procure.sweep`. Not for `decides`.
    seed : int
        Draws the cases.
    progress : callable, optional
        Called with (done, total, what).

    Raises
    ------
    DataError
        For an unknown method, status or number, with the nearest; for one without a range.

    >>> from procure import load_model
    >>> found = sensitivity(load_model("two-class"), most=2)
    >>> found.table["choice"].tolist()
    ['stays', 'stays']
    """
    model = as_model(model)
    faults = []
    if method not in METHODS:
        faults.append(
            Fault("method", f"'{method}'", _ONE_OF.format(methods=OR.join(METHODS)), nearest(method, METHODS))
        )
    for name, count, least in (("most", most, 1), ("cases", cases, 2 * (POWERS + 1))):
        if count < least:
            faults.append(Fault(name, IS.format(value=count), _AT_LEAST.format(least=least), _ASK_MORE))
    if method == DECIDES:
        given = (("store", store), ("workers", workers))
        faults += [
            Fault(name, IS.format(value=value), _ONE_BY_ONE, LEAVE_OUT) for name, value in given if value is not None
        ]
    if faults:
        raise DataError(faults)
    if method in (INFORMATION, DECIDES) and len(programme_choices(model)) < 2:
        raise DataError(Fault(model.origin, _ONE_LEVEL, _ANOTHER_LEVEL, _ASK_TORNADO.format(tornado=TORNADO)))
    candidates, parts = unknowns(model, numbers, statuses)
    left_out: dict[str, str] = dict.fromkeys(parts, PART_OF_WHOLE)
    if method == DECIDES:
        found = _decides(model, candidates, len(candidates) if numbers is not None else most, progress)
        return replace(found, left_out=left_out)
    base = Compiled(model).solve()
    first = FirstOrder(base.measured)
    if method != TORNADO:  # a case with such an end has no answer, and a series of cases is lost with one of them
        refused = [u.path for u in candidates if any(first.is_refused(u.along.changes(end)) for end in u.ends())]
        candidates = [u for u in candidates if u.path not in refused]
        if refused and (numbers is not None or not candidates):
            rule, remedy = _ALL_AT_ONCE.format(method=method), _ASK_TORNADO.format(tornado=TORNADO)
            raise DataError([Fault(path, END_REFUSED, rule, remedy) for path in refused])
        left_out |= dict.fromkeys(refused, END_REFUSED)
    order: dict[str, float] = {}
    for done, unknown in enumerate(candidates):
        if progress is not None:
            progress(done, len(candidates), AT_FIRST_ORDER.format(path=unknown.path))
        moved = [first.moves(unknown.along.changes(end)) for end in unknown.ends()]
        known = [move for move in moved if not math.isnan(move)]
        order[unknown.path] = max(known, key=abs) if known else math.nan if moved else 0.0
    # What cannot be told at first order goes first: it changes what there is, not how much.
    ranked = sorted(candidates, key=lambda u: -math.inf if math.isnan(order[u.path]) else -abs(order[u.path]))
    chosen = ranked if numbers is not None else ranked[:most]
    if method in spread.METHODS:
        spread.check(method, len(chosen), cases)
        places = spread.design(method, len(chosen), cases, seed)
        asked = _at(chosen, places)
    else:
        asked = _ends(chosen) if method == TORNADO else _drawn(chosen, cases, seed)
    rows = sweep(model, asked, store, workers=workers, columns=COLUMNS, progress=progress)
    told = _told(model, chosen, order)
    if method == TORNADO:
        found = _tornado(model, base, told, chosen, rows, len(candidates))
    elif method in spread.METHODS:
        found = _spread(model, method, base, told, places, rows, len(candidates), seed)
    else:
        found = _information(model, told, chosen, asked, rows, len(candidates), seed)
    return replace(found, left_out=left_out)


def _told(model: Model, chosen: Sequence[Unknown], order: dict[str, float]) -> list[tuple[Any, ...]]:
    """What is known of each number, in the unit of its table."""
    facts = model.facts
    return [
        (
            u.path, facts.unit(u.path, as_written=True), u.status,
            *(x / facts.factor(u.path) for x in (u.value, u.along.low, u.along.high)), order[u.path],
        )
        for u in chosen
    ]  # fmt: skip


OF_NUMBER = ("number", "unit", "status", "value", "low", "high", "first_order_musd")


# --- one number at a time


def _ends(chosen: Sequence[Unknown]) -> list[dict[str, float]]:
    """The cases: each number at the ends of its range that are not its value."""
    return [u.along.changes(end) for u in chosen for end in u.ends()]


def _tornado(
    model: Model, base: Answer, told: list[tuple[Any, ...]], chosen: Sequence[Unknown], rows: DataFrame, n_numbers: int
) -> Sensitivity:
    found = iter(rows.to_dict("records"))
    errors: dict[str, float] = {}

    def error_of(level: str) -> float:
        """Of the difference between two levels as the numbers stand, on fresh paths."""
        if level not in errors:
            errors[level] = base.verdict(level, base.level).error
        return errors[level]

    table = []
    for known, u in zip(told, chosen, strict=True):
        cost, level = [base.objective] * 2, [base.level] * 2
        margin, error = 0.0, 0.0
        for side, end in enumerate((u.along.low, u.along.high)):
            if end == u.value:
                continue
            row = next(found)
            if row["status"] != OPTIMAL:
                cost[side], level[side] = math.nan, NO_PORTFOLIO if row["status"] == INFEASIBLE else ""
                continue
            cost[side], level[side] = float(row["objective_musd"]), str(row["programme"])
            beyond = float(row.get(f"level.{base.level}", math.nan)) - cost[side]
            if level[side] != base.level and beyond > SAME * abs(cost[side]) and beyond > margin:
                margin, error = beyond, error_of(level[side])
        others = {*level} - {base.level, ""}
        choice = FLIPS if NO_PORTFOLIO in others or margin > WIDE * error else TIE if others else STAYS
        known_costs = [c for c in (*cost, base.objective) if not math.isnan(c)]
        swing = max(known_costs) - min(known_costs)
        table.append((*known, *cost, swing, *level, margin, error, choice))
    columns = [
        *OF_NUMBER, "low_musd", "high_musd", "swing_musd", "low_programme", "high_programme", "margin_musd",
        "standard_error_musd", "choice",
    ]  # fmt: skip
    frame = DataFrame(table, columns=columns).sort_values("swing_musd", ascending=False, ignore_index=True)
    failed = int((rows["status"] != OPTIMAL).sum())
    return Sensitivity(model.name, TORNADO, base.level, base.objective, frame, n_numbers, len(rows) + 1, failed)


# --- where the choice turns


def _decides(model: Model, candidates: Sequence[Unknown], most: int, progress: Progress | None) -> Sensitivity:
    base, chosen, found, n_asked, n_cases = turns(Compiled(model), candidates, most, progress=progress)
    known = _told(model, [u for u, _ in found], {u.path: turn.estimate for u, turn in found})
    table = [
        (
            *told, turn.end / factor, turn.programme, turn.margin, turn.error, turn.choice,
            *(value / factor for value in (turn.turns, turn.low, turn.high)),
        )
        for told, (u, turn) in zip(known, found, strict=True)
        for factor in [model.facts.factor(u.path)]
    ]  # fmt: skip
    columns = [
        *OF_NUMBER,
        "end",
        "other",
        "margin_musd",
        "standard_error_musd",
        "choice",
        "turns",
        "turns_low",
        "turns_high",
    ]
    frame = DataFrame(table, columns=columns)
    return Sensitivity(
        model.name, DECIDES, chosen, base.levels[chosen], frame, len(candidates), n_cases, n_asked - len(found)
    )


# --- what knowing a number would be worth


def _drawn(chosen: Sequence[Unknown], cases: int, seed: int) -> list[dict[str, float]]:
    """Cases spread evenly over all ranges."""
    from scipy.stats import qmc

    return _at(chosen, qmc.LatinHypercube(len(chosen), rng=np.random.default_rng(seed)).random(cases))


def _at(chosen: Sequence[Unknown], places: Array) -> list[dict[str, float]]:
    """The cases at places between the ends of all ranges, shape (n_cases, n_numbers)."""
    return [
        {
            path: value
            for u, place in zip(chosen, point, strict=True)
            for path, value in u.along.changes(u.along.low + place * (u.along.high - u.along.low)).items()
        }
        for point in places.tolist()
    ]


def worth(cost: Array, number: Array) -> float:
    """What knowing a number before choosing is worth, in the unit of `cost`: the mean of the least, after and before, apart.

    Parameters
    ----------
    cost : array, shape (n_cases, n_levels)
    number : array, shape (n_cases,)
        Its value in each case.

    Two levels that cost θ and 1 - θ, with θ even on [0, 1]: either costs 1/2, and whoever knows θ pays 1/4 in the mean.

    >>> theta = (np.arange(1000) + 0.5) / 1000
    >>> round(worth(np.column_stack([theta, 1 - theta]), theta), 4)
    0.25
    """
    place = (number - number.mean()) / (np.ptp(number) or 1.0)
    powers = np.column_stack([place**power for power in range(POWERS + 1)])
    mean = powers @ np.linalg.lstsq(powers, cost, rcond=None)[0]
    return float(mean.mean(axis=0).min() - mean.min(axis=1).mean())


def _information(
    model: Model, told: list[tuple[Any, ...]], chosen: Sequence[Unknown], asked: Sequence[dict[str, float]],
    rows: DataFrame, n_numbers: int, seed: int,
) -> Sensitivity:  # fmt: skip
    levels = [name for name in rows.columns if name.startswith("level.")]
    cost = rows[levels].to_numpy(dtype=float)
    complete = np.isfinite(cost).all(axis=1)
    if complete.sum() < 2 * (POWERS + 1):
        raise DataError(
            Fault(
                "cases",
                _COMPLETE.format(complete=int(complete.sum()), n_cases=len(rows)),
                _NEEDED.format(least=2 * (POWERS + 1)),
                spread.DRAW_MORE,
            )
        )
    cost = cost[complete]
    values = np.array([[case[u.path] for u in chosen] for case in asked])[complete]
    random = np.random.default_rng(seed)
    drawings = random.integers(len(cost), size=(AGAIN, len(cost)))

    def with_error(of: Any) -> tuple[float, float]:
        return of(np.arange(len(cost))), float(np.std([of(drawing) for drawing in drawings]))

    table = [
        (*known, *with_error(lambda some, k=k: worth(cost[some], values[some, k]))) for k, known in enumerate(told)
    ]
    frame = DataFrame(table, columns=[*OF_NUMBER, "worth_musd", "standard_error_musd"])
    frame = frame.sort_values("worth_musd", ascending=False, ignore_index=True)
    mean = cost.mean(axis=0)
    whole = with_error(lambda some: float(cost[some].mean(axis=0).min() - cost[some].min(axis=1).mean()))
    return Sensitivity(
        model.name, INFORMATION, levels[int(mean.argmin())].removeprefix("level."), float(mean.min()), frame, n_numbers,
        len(rows), int((~complete).sum()), *whole,
    )  # fmt: skip


# --- how far all of them move the cost


def _spread(
    model: Model,
    method: str,
    base: Answer,
    told: list[tuple[Any, ...]],
    places: Array,
    rows: DataFrame,
    n_numbers: int,
    seed: int,
) -> Sensitivity:
    is_solved = (rows["status"] == OPTIMAL).to_numpy()
    cost = np.where(is_solved, rows["objective_musd"].to_numpy(dtype=float), math.nan)
    found, n_failed, deviation = spread.told(method, places, cost, rows["programme"].astype(str).tolist(), seed)
    frame = DataFrame(told, columns=list(OF_NUMBER)).join(found)
    first = "effect_musd" if method == spread.MORRIS else "total_share"
    frame = frame.sort_values(first, ascending=False, ignore_index=True)
    return Sensitivity(
        model.name, method, base.level, base.objective, frame, n_numbers, len(rows) + 1, n_failed, all_musd=deviation
    )
