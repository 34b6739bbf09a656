"""Sliders over cases that were solved beforehand: every step of them is an answer, and what lies between is said to be none."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from procure.errors import DataError, Fault
from procure.explore.sweep.columns import OPTIMAL
from procure.explore.sweep.table import NO_PARAMETERS
from procure.languages import Said, in_language
from procure.portfolio.frames import OTHER_SOURCES
from procure.report.called import called as number_called
from procure.report.html.parts import Axis, Board, Cell, Figure, Line, Prose, Section, amount, share
from procure.report.html.subject import Subject
from procure.words import LEAST_SHARE

if TYPE_CHECKING:
    from pandas import DataFrame

    from procure.portfolio.portfolio import Portfolio

_APART = Said(
    "{n_rows} rows, {n_combinations} combinations of their values", "行は {n_rows}、値の組合せは {n_combinations}"
)
_EVERY = Said("sliders have a row for every combination", "つまみにはすべての組合せの行がある")
_SWEEP_PRODUCT = Said("sweep a product", "product を掃引する")
_GIVE_ROWS = Said("give the rows of procure.sweep over a product", "product を procure.sweep で掃引した行を渡す")
_ROWS = Said("sliders are rows of a sweep", "つまみは掃引の行による")
_SLIDER = Said("sliders, {path}", "つまみ、{path}")
_NO_NUMBERS = Said("some values are no numbers", "数値でない値がある")
_MOVES = Said("a slider moves a number", "つまみは数値を動かす")
_LACKING = Said("columns {columns} are missing", "ない列: {columns}")
_SHOWS = Said("a slider shows costs", "つまみは費用を示す")
_ALL_COLUMNS = Said("sweep all columns", "すべての列を掃引する")
_CASES = Said("{count:,} cases", "事例 {count:,} 件")
_MOST = Said("a page holds {most:,} at most", "一つのページには最大 {most:,} 件")
_FEWER = Said("take fewer steps", "段数を減らす")

#: Columns of a sweep that a page with sliders is made of.
COLUMNS = ("expected_musd", "cvar_musd", "worst_musd", "programme", "class_share", "class_shortage")
#: Steps of a slider where none are said, and most cases that a page holds.
STEPS, MOST = 5, 1_000


class Cases:
    """The rows of a sweep over every combination of the values of some numbers.

    Raises `DataError` where they are none: rows that lack columns, combinations or numbers.
    """

    def __init__(self, rows: DataFrame, portfolio: Portfolio) -> None:
        self.rows, self.portfolio = rows, portfolio
        paths = [str(path) for path in rows.attrs.get("parameters", ())]
        self.faults = [*self._faults(paths)]
        if self.faults:
            raise DataError(self.faults)
        units = rows.attrs["units"]
        self.axes = [self._axis(path, units.get(path, "")) for path in paths]
        combinations = list(itertools.product(*(axis.values for axis in self.axes)))
        known = {tuple(map(float, row)): place for place, row in enumerate(rows[paths].itertuples(index=False))}
        if len(rows) != len(combinations) or known.keys() != set(combinations):
            seen = _APART.format(n_rows=len(rows), n_combinations=len(combinations))
            raise DataError(Fault("sliders", seen, _EVERY, _SWEEP_PRODUCT))
        self.places = [known[combination] for combination in combinations]

    def _faults(self, paths: Sequence[str]) -> Iterator[Fault]:
        remedy = _GIVE_ROWS
        if not paths:
            yield Fault("sliders", NO_PARAMETERS, _ROWS, remedy)
        for path in paths:
            cells = self.rows[path].tolist()
            if not all(isinstance(cell, (int, float)) and math.isfinite(cell) for cell in cells):
                yield Fault(_SLIDER.format(path=path), _NO_NUMBERS, _MOVES, remedy)
        lacking = [name for name in ("status", *COLUMNS[:3]) if name not in self.rows]
        if lacking:
            yield Fault("sliders", _LACKING.format(columns=", ".join(lacking)), _SHOWS, _ALL_COLUMNS)
        if len(self.rows) > MOST:
            yield Fault("sliders", _CASES.format(count=len(self.rows)), _MOST.format(most=MOST), _FEWER)

    def _axis(self, path: str, unit: str) -> Axis:
        values = sorted({float(cell) for cell in self.rows[path]})
        present = _present(self.portfolio, path)
        middle = (len(values) - 1) // 2
        start = middle if present is None else min(range(len(values)), key=lambda k: abs(values[k] - present))
        return Axis(path, path, "" if unit == "1" else unit, values, start)

    @property
    def keys(self) -> list[str]:
        """The columns that are shown, in reading order: costs, then of every class what is unserved and who supplies."""
        names = [str(name) for name in self.rows]
        of_classes = [name for name in names if name.startswith(("class_shortage.", "class_share."))]
        seen = [name for name in of_classes if (self.rows[name].abs() >= LEAST_SHARE).any()]
        classes = list(dict.fromkeys(name.split(".")[1] for name in of_classes))
        seen.sort(
            key=lambda name: (classes.index(name.split(".")[1]), name.startswith("class_share."), _is_other(name))
        )
        return [*COLUMNS[:3], *seen]

    def cells(self, place: int) -> list[Cell]:
        """The numbers of a row; none where it has no portfolio."""
        row = self.rows.iloc[place]
        return [(amount if key.endswith("_musd") else share)(float(row[key])) for key in self.keys]

    def is_solved(self, place: int) -> bool:
        """Whether a case has a portfolio."""
        return bool(self.rows["status"].iloc[place] == OPTIMAL)

    def text(self, column: str, place: int) -> str:
        """A text of a row, blank where there is none."""
        return str(self.rows[column].iloc[place]) if column in self.rows else ""

    @property
    def first(self) -> int:
        """The row that is shown first."""
        place = 0
        for axis in self.axes:
            place = place * len(axis.values) + axis.start
        return self.places[place]

    def data(self) -> dict[str, Any]:
        """All cases as the script reads them: the last number varies fastest."""
        return {
            "axes": [{"values": list(axis.values), "texts": axis.texts} for axis in self.axes],
            "lines": ["money" if key.endswith("_musd") else "share" for key in self.keys],
            "cases": [self._case(place) for place in self.places],
        }

    def _case(self, place: int) -> dict[str, Any]:
        if not self.is_solved(place):
            return {"message": self.text("message", place)}
        pairs = [(x.value, x.text) if isinstance(x, Figure) else (None, x) for x in self.cells(place)]
        return {"programme": self.text("programme", place), "numbers": pairs}


def section(subject: Subject, cases: Cases) -> Section:
    """The sliders, what they are, and the numbers that they move."""
    words = subject.words
    here = cases.cells(cases.first)
    lines = [
        Line(*called(subject, key), number, beside)
        for key, number, beside in zip(cases.keys, here, answered(subject, cases.keys), strict=True)
    ]
    chosen = [row for row in subject.portfolio.programme_levels.to_dict("records") if row["chosen"]]
    axes = [replace(axis, name=_name(subject, axis.path)) for axis in cases.axes]
    board = Board(axes, lines, cases.text("programme", cases.first), str(chosen[0]["level"]) if chosen else "-")
    return Section("sliders", words["sliders_heading"], [Prose(words["sliders_note"]), board])


def _name(subject: Subject, path: str) -> str:
    """What a number is called; its path where the model is not at hand."""
    model = subject.portfolio.model
    return path if model is None else str(in_language(number_called(model, path), subject.language))


def called(subject: Subject, key: str) -> tuple[str, str]:
    """What a column is called, and its unit."""
    words = subject.words
    if key.endswith("_musd"):
        name = {"expected": words["expected"], "cvar": words["tail"].format(tail=subject.tail), "worst": words["path"]}
        return name[key.removesuffix("_musd")], words["cost_musd"]
    _, scope, *source = key.split(".", 2)
    return words["of_class"].format(
        scope=subject.name(scope), what=subject.name(source[0] if source else "shortage")
    ), "%"


def answered(subject: Subject, keys: Sequence[str]) -> list[Cell]:
    """The same numbers of an answer."""
    portfolio, summary = subject.portfolio, subject.summary
    mix, demand = portfolio.mix, portfolio.shortage.groupby("class")["demand_t"].sum()
    supplied = mix.groupby(["class", "supplier"])["supplied_t"].sum()
    costs = {"expected_musd": "expected_cost", "cvar_musd": "cvar", "worst_musd": "worst_case"}

    def of(key: str) -> Cell:
        if key in costs:
            return amount(float(summary[costs[key]]))
        _, scope, *source = key.split(".", 2)
        name = source[0] if source else "shortage"
        scopes = list(demand.index) if scope == "all" else [scope]
        return share(sum(float(supplied.get((s, name), 0.0)) for s in scopes) / float(demand[scopes].sum()))

    return [of(key) for key in keys]


def _is_other(name: str) -> bool:
    return name.rpartition(".")[2] in OTHER_SOURCES


def _present(portfolio: Portfolio, path: str) -> float | None:
    """The value that a number has in an answer, as far as that is known."""
    here: Any = portfolio.settings
    for part in path.split("."):
        here = here.get(part) if isinstance(here, dict) else None
    if here is None and path in portfolio.numbers:
        here = portfolio.numbers[path]
    if here is None and portfolio.model is not None:
        try:
            here = portfolio.model.facts.value(path)
        except DataError:
            return None
    return float(here) if isinstance(here, (int, float)) and not isinstance(here, bool) else None
