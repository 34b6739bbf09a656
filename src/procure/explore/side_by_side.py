"""Answers side by side: what differs in what was asked, and then in cost, tail, shares, shortage and stock, each from its file.

Inputs are told by their dotted paths: the choices of a model file, a limit by its name, and the numbers of the facts that were set,
which in an answer that did not set them are those of its tables. Two answers share a world where all that differs is what is
decided, limited and preferred; then their plans are played on the same fresh paths, and a difference of costs has its standard
error (`portfolio.evaluate.compare`). Where they do not, a difference would be that of the worlds, and none is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd
from pandas import DataFrame

from procure.errors import IS, LEAVE_OUT, NAME_ANOTHER, NO_ONE, DataError, Fault
from procure.explore.kept import Kept
from procure.languages import Said
from procure.model import Model
from procure.portfolio.evaluate import FROM_0, compare, model_of
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.verdict import PATHS, SEED
from procure.words import Progress, listed, plain, programme_name

_ONE = Said("there is one", "一つだけ")
_OTHER_WORLDS = Said(
    "they are of different worlds, apart in {apart}: a difference of costs would be that of the worlds",
    "前提となる世界が {apart} で異なり、費用の差は前提の差になる",
)
_TWO = Said("two at least are held side by side", "並べるのは二つ以上")

#: Choices that are no part of a world: what is called what, what is decided, limited and preferred, and how it is solved.
OF_THE_PLAN = re.compile(
    r"model\.(name|title|currency|highlight)|risk\.|limits\.|reviews\.|world\.tree\.|suppliers\.[^.]+\.(programmes|contracts)"
)
NONE = "-"
#: What the tables are called among what was asked, and a number that is not known to be another than theirs.
TABLES, AS_IN_TABLES = Said("the tables", "表"), Said("as in its tables", "表のとおり")
#: The sums of an answer that are told, by their names in its summary.
COSTS = ("objective", "expected_cost", "cvar", "worst_case", "plan_cost", "shortage_loss", "unavoidable_loss")
OF_LEVELS = ("level", "answer", "verdict", "difference_musd", "standard_error_musd", "needs")


@dataclass(frozen=True, eq=False)
class SideBySide(Kept):
    """Answers beside one another; most frames have a column for each, by its name.

    Attributes
    ----------
    names : tuple of str
        The answers; the others are held against the first.
    inputs : DataFrame
        Every `path` of which the values differ, and these as texts; `NONE` where there is none.
    costs : DataFrame
        `COSTS` by `measure`, million USD of present value.
    shares : DataFrame
        Expected share of demand over all years by class, element or "all" (`scope`), and source.
    shortage : DataFrame
        Expected share unserved over all years, by scope.
    stock : DataFrame
        Days of use held at the end of a year, in the mean over futures and years, by element.
    levels : DataFrame
        For each programme level and answer the `verdict`, by how much it is dearer than what is chosen there, with its standard
        error, and what it `needs` where no plan keeps the limits.
    differences : DataFrame
        On the same fresh paths: for every answer but the first by how much it is dearer in each measure, with its standard error,
        interval and verdict (`portfolio.evaluate.Comparison`); empty where nothing was played.
    n_paths : int
        Fresh paths; 0 where nothing was played.
    refusal : str
        Why nothing was played; blank where it was, or was not asked for.
    """

    format: ClassVar[str] = "procure.side_by_side"

    names: tuple[str, ...]
    programmes: dict[str, str]
    inputs: DataFrame = field(repr=False)
    costs: DataFrame = field(repr=False)
    shares: DataFrame = field(repr=False)
    shortage: DataFrame = field(repr=False)
    stock: DataFrame = field(repr=False)
    levels: DataFrame = field(repr=False)
    differences: DataFrame = field(repr=False)
    n_paths: int
    refusal: str


def side_by_side(
    answers: Mapping[str, Portfolio], *, paths: int = PATHS, seed: int = SEED, progress: Progress | None = None
) -> SideBySide:
    """Answers beside one another: what differs in what was asked, and what came of it.

    Parameters
    ----------
    answers : mapping
        Portfolios by names of one's own, two at least; the others are held against the first.
    paths, seed : int
        Fresh paths on which all are played, where they share a world, and what draws them; 0 plays none.
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    SideBySide

    Raises
    ------
    DataError
        For fewer than two, and too few paths.

    >>> from procure import load_model, solve
    >>> model = load_model("two-class")
    >>> found = side_by_side({"base": solve(model), "no seabed": solve(model.with_(**{"suppliers.seabed.capacity": 0.0}))})
    >>> found.inputs.values.tolist()
    [['suppliers.seabed.capacity.all.2027', '360 t/yr', '0 t/yr']]
    """
    if len(answers) < 2:
        seen = _ONE if answers else NO_ONE
        raise DataError(Fault("answers", seen, _TWO, NAME_ANOTHER))
    if paths < 0:
        raise DataError(Fault("paths", IS.format(value=paths), FROM_0, LEAVE_OUT))
    inputs = _inputs(answers)
    refusal = "" if not paths else _apart(answers, inputs)
    differences, names = DataFrame(), tuple(answers)
    if paths and not refusal:
        try:
            differences = compare(answers, paths, seed, progress=progress).differences
            differences = differences[differences["measure"].isin(_alike(inputs))].reset_index(drop=True)
        except DataError as error:
            refusal = error.faults[0].seen
            if error.faults[0].where == "paths":
                raise
    return SideBySide(
        names=names,
        programmes={name: programme_name(answer.programmes) for name, answer in answers.items()},
        inputs=inputs,
        costs=DataFrame(
            [(measure, *(answer.summary[measure] for answer in answers.values())) for measure in COSTS],
            columns=["measure", *names],
        ),
        shares=_beside(answers, _shares, ["scope", "source"]),
        shortage=_beside(answers, _unserved, ["scope"]),
        stock=_beside(answers, _stock, ["element"]),
        levels=DataFrame([*_levels(answers)], columns=list(OF_LEVELS)),
        differences=differences,
        n_paths=0 if differences.empty else paths,
        refusal=refusal,
    )


# --- what was asked


def _inputs(answers: Mapping[str, Portfolio]) -> DataFrame:
    """Every path of which the values differ."""
    choices = {name: dict(_flat(answer.settings)) for name, answer in answers.items()}
    paths = dict.fromkeys(path for own in choices.values() for path in own)
    rows = [(path, *(own.get(path, NONE) for own in choices.values())) for path in paths]
    models = {name: _model(answer) for name, answer in answers.items()}
    rows.append((str(TABLES), *(_tables(answer, models[name])[:8] for name, answer in answers.items())))
    numbers = dict.fromkeys(_in_full(models[name], path) for name, answer in answers.items() for path in answer.numbers)
    rows += [(path, *(_number(answers[name], models[name], path) for name in answers)) for path in numbers]
    return DataFrame([row for row in rows if len(set(row[1:])) > 1], columns=["path", *answers])


def _flat(value: Any, head: str = "") -> Iterator[tuple[str, str]]:
    """Choices as path and text; entries of a list by their name, where they have one. Overrides are numbers, and told as such."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if head or key != "overrides":
                yield from _flat(inner, f"{head}{key}.")
    elif isinstance(value, list) and all(isinstance(entry, Mapping) and "name" in entry for entry in value):
        for entry in value:
            own = {key: inner for key, inner in entry.items() if key != "name"}
            yield from _flat(own, f"{head}{entry['name']}.")
    elif value is not None:
        text = plain(value) if isinstance(value, float) else value
        yield head.removesuffix("."), text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)


def _model(answer: Portfolio) -> Model | None:
    """What was solved; None where its tables are not those that can be had."""
    try:
        model = answer.model or model_of(answer)
    except DataError:
        return None
    return model if model.facts.fingerprint == answer.fingerprint else None


def _tables(answer: Portfolio, model: Model | None) -> str:
    """A text that differs where any cell of the tables does, before a number was set; of unknown ones, after that."""
    return answer.fingerprint if model is None else model.facts.as_read.fingerprint


def _in_full(model: Model | None, path: str) -> str:
    """The full path of a number, where its tables are known."""
    return path if model is None else model.facts.resolve(path)


def _number(answer: Portfolio, model: Model | None, path: str) -> str:
    """A number of an answer as its table writes it: where it was not set, that of the table."""
    if model is None:
        return plain(answer.numbers[path]) if path in answer.numbers else str(AS_IN_TABLES)
    try:
        value, unit = model.facts.value(path, as_written=True), model.facts.unit(path, as_written=True)
    except DataError:
        return NONE
    return f"{plain(value)} {unit if unit != '1' else ''}".rstrip()


def _apart(answers: Mapping[str, Portfolio], inputs: DataFrame) -> str:
    """Why some do not share a world; blank where they do."""
    others = [path for path in inputs["path"].tolist() if not OF_THE_PLAN.match(path)]
    if others:
        return _OTHER_WORLDS.format(apart=listed(others, 3))
    return ""


def _alike(inputs: DataFrame) -> tuple[str, ...]:
    """The measures that are the same for all."""
    differing = set(inputs["path"])
    if "risk.alpha" in differing:
        return ("expected",)
    return ("expected", "cvar") if "risk.weight" in differing else ("expected", "cvar", "weighed")


# --- what came of it


def _beside(answers: Mapping[str, Portfolio], of: Any, keys: list[str]) -> DataFrame:
    """The same numbers of every answer, a column each; nothing where an answer has none."""
    frames = [of(answer).rename(name) for name, answer in answers.items()]
    both: DataFrame = pd.concat(frames, axis=1).fillna(0.0)
    return both.rename_axis(keys).reset_index()


def _scopes(answer: Portfolio, frame: DataFrame) -> Iterator[tuple[str, DataFrame]]:
    """The classes, the highlighted elements, and all."""
    for name, rows in frame.groupby("class", sort=False):
        yield str(name), rows
    highlight = answer.settings["model"]["highlight"]
    for name, rows in frame[frame["element"].isin(highlight)].groupby("element", sort=False):
        yield str(name), rows
    yield "all", frame


def _shares(answer: Portfolio) -> pd.Series:
    """Of each source in expected demand, by scope."""
    shares: dict[tuple[str, str], float] = {}
    for scope, rows in _scopes(answer, answer.mix):
        amounts = rows.groupby("supplier", sort=False)["supplied_t"].sum()
        whole = float(amounts.sum())
        shares |= {(scope, str(s)): float(tonnes) / whole if whole > 0 else 0.0 for s, tonnes in amounts.items()}
    return pd.Series(shares, dtype=float)


def _unserved(answer: Portfolio) -> pd.Series:
    """Expected share of demand that is not served, by scope."""
    sums = {scope: rows[["expected_t", "demand_t"]].sum() for scope, rows in _scopes(answer, answer.shortage)}
    return pd.Series(
        {
            scope: float(own["expected_t"] / own["demand_t"]) if own["demand_t"] > 0 else 0.0
            for scope, own in sums.items()
        },
        dtype=float,
    )


def _stock(answer: Portfolio) -> pd.Series:
    """Days of use in stock at the end of a year, in the mean of the years."""
    return answer.stock.groupby("element", sort=False)["expected_days"].mean()


def _levels(answers: Mapping[str, Portfolio]) -> Iterator[tuple[Any, ...]]:
    """Every programme level of every answer, by level."""
    names = dict.fromkeys(level for answer in answers.values() for level in answer.programme_levels["level"])
    for level in names:
        for name, answer in answers.items():
            rows = answer.programme_levels
            for row in rows[rows["level"] == level].to_dict("records"):
                yield (
                    level,
                    name,
                    *(row[key] for key in ("verdict", "difference_musd", "standard_error_musd", "needs")),
                )
