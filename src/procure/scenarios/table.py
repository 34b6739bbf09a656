"""A tree of futures read from a table of scenarios."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.languages import COMMA, Said
from procure.scenarios.process import NO_PROCESS, NOT_NEGATIVE, SUM_TO_ONE, TOLERANCE, Process
from procure.scenarios.tree import Tree
from procure.words import RESCALE_OFTEN, chances

if TYPE_CHECKING:
    import pandas as pd

# What is wrong with a table of scenarios.
_ROW, _SCENARIO, _PROBABILITIES = (
    Said("scenarios row {line}", "scenarios {line} 行目"),
    Said("scenario '{name}'", "シナリオ '{name}'"),
    Said("scenario probabilities", "シナリオの確率"),
)
_NO_COLUMN, _COLUMNS = (
    Said("no column '{name}'", "列 '{name}' がない"),
    Said("the table has columns {columns} and perhaps period", "表の列は {columns} で、period もあってよい"),
)
_NO_SCENARIO, _NAMES_ONE = (
    Said("no scenario", "シナリオの名前がない"),
    Said("every row names its scenario", "行ごとにシナリオの名前がある"),
)
_PROBABILITY = Said("probability is '{probability}'", "確率は '{probability}'")
_ELSEWHERE, _ONE_PROBABILITY = (
    Said(
        "probability of '{scenario}' is {value:g}, elsewhere {elsewhere:g}",
        "'{scenario}' の確率は {value:g}、他の行では {elsewhere:g}",
    ),
    Said("a scenario has one probability", "シナリオの確率は一つ"),
)
_OF_MODEL = Said("processes are those of the model", "確率過程はモデルにあるもの")
_NO_STATE, _ITS_STATES = (
    Said("no state '{state}' of '{process}'", "'{process}' に状態 '{state}' はない"),
    Said("states are the process's own", "状態はその確率過程のもの"),
)
_NO_PERIOD, _ITS_PERIODS, _EVERY_PERIOD = (
    Said("no period '{period}'", "期 '{period}' がない"),
    Said("periods are the model's", "期はモデルのもの"),
    Said("every period", "すべての期"),
)
_AGAIN, _ONCE, _DROP_ONE = (
    Said(
        "'{process}' of '{scenario}' in {period} is given again", "'{scenario}' の '{process}' が {period} について重複"
    ),
    Said("each scenario, process and period once", "シナリオ・確率過程・期の組は一度だけ"),
    Said("drop one of the rows", "一方の行を削る"),
)
_NO_PROBABILITY, _ON_ONE_ROW = (
    Said("no probability", "確率がない"),
    Said("it stands on one of its rows at least", "確率は少なくとも一行に書く"),
)
_EMPTY, _ONE_AT_LEAST = (
    Said("the table is empty", "表が空"),
    Said("there is at least one scenario", "シナリオは一つ以上"),
)
_SUM = Said("sum to {total:.10g}, not 1: {parts}", "合計は 1 でなく {total:.10g}: {parts}")


def table_tree(
    frame: pd.DataFrame,
    processes: Mapping[str, Sequence[str]] | Sequence[Process],
    periods: Sequence[Any] | int,
) -> Tree:
    """A table of scenarios as a tree; scenarios with the same history up to a period share the node.

    Parameters
    ----------
    frame : DataFrame with columns scenario, probability, process, state and optionally period
        A blank period means every period that no other row of that scenario and process names. What is not named is
        undisturbed; a scenario in which nothing happens has one row with blank process and state. The probability
        stands on one row of a scenario at least, and is the same on all rows where it stands.
    processes : names -> states, or processes
    periods : the names of the periods (years), or how many there are

    >>> import pandas as pd
    >>> table = pd.DataFrame([["calm", 0.8, None, None, None], ["closure", 0.2, "strait", "shut", 2028]],
    ...                      columns=["scenario", "probability", "process", "state", "period"])
    >>> tree = table_tree(table, {"strait": ["open", "shut"]}, [2027, 2028])
    >>> [(tree.label(n), tree.probability[n].item()) for n in range(tree.n_nodes)]
    [('strait=open', 1.0), ('strait=open', 0.8), ('strait=shut', 0.2)]
    """
    states = (
        {name: tuple(names) for name, names in processes.items()}
        if isinstance(processes, Mapping)
        else {process.name: process.states for process in processes}
    )
    labels = [_text(p) for p in (range(periods) if isinstance(periods, int) else periods)]
    law, given = _read_table(frame, states, labels)
    names = sorted(states)
    scenarios = sorted(law)
    paths = np.zeros((len(scenarios), len(labels), len(names)), dtype=np.int64)
    for (scenario, process, period), state in sorted(given.items(), key=lambda item: item[0][2] != ""):
        at = labels.index(period) if period else slice(None)  # rows for one period come last and prevail
        paths[scenarios.index(scenario), at, names.index(process)] = states[process].index(state)
    weight = np.array([law[scenario] for scenario in scenarios])
    return Tree.from_paths(paths, weight / math.fsum(weight), names, [states[name] for name in names])


def _read_table(
    frame: pd.DataFrame, states: Mapping[str, Sequence[str]], periods: list[str]
) -> tuple[dict[str, float], dict[tuple[str, str, str], str]]:
    """Probability by scenario, and state by scenario, process and period (blank: all); every fault in one list."""
    columns = {str(name): [_text(value) for value in frame[name]] for name in frame.columns}
    needed = ("scenario", "probability", "process", "state")
    missing = [name for name in needed if name not in columns]
    if missing:
        rule = _COLUMNS.format(columns=COMMA.join(needed))
        raise DataError(
            [Fault("scenarios", _NO_COLUMN.format(name=name), rule, nearest(name, columns)) for name in missing]
        )
    columns.setdefault("period", [""] * len(frame))

    faults: list[Fault] = []
    law: dict[str, float] = {}
    seen_in: dict[str, None] = {}
    given: dict[tuple[str, str, str], str] = {}
    rows = zip(*(columns[name] for name in (*needed, "period")), strict=True)
    for line, (scenario, probability, process, state, period) in enumerate(rows, start=1):
        where = _ROW.format(line=line)
        if not scenario:
            faults.append(Fault(where, _NO_SCENARIO, _NAMES_ONE))
            continue
        seen_in[scenario] = None
        if probability:
            value = _number(probability)
            if not 0 <= value < math.inf:
                faults.append(Fault(where, _PROBABILITY.format(probability=probability), NOT_NEGATIVE))
            elif law.setdefault(scenario, value) != value:
                seen = _ELSEWHERE.format(scenario=scenario, value=value, elsewhere=law[scenario])
                faults.append(Fault(where, seen, _ONE_PROBABILITY))
        if not process and not state:
            continue
        if process not in states:
            faults.append(Fault(where, NO_PROCESS.format(name=process), _OF_MODEL, nearest(process, states)))
        elif state not in states[process]:
            seen = _NO_STATE.format(state=state, process=process)
            faults.append(Fault(where, seen, _ITS_STATES, nearest(state, states[process])))
        if period and period not in periods:
            faults.append(Fault(where, _NO_PERIOD.format(period=period), _ITS_PERIODS, nearest(period, periods)))
        if (scenario, process, period) in given:
            seen = _AGAIN.format(process=process, scenario=scenario, period=period or _EVERY_PERIOD)
            faults.append(Fault(where, seen, _ONCE, _DROP_ONE))
        given[scenario, process, period] = state

    faults += [Fault(_SCENARIO.format(name=name), _NO_PROBABILITY, _ON_ONE_ROW) for name in seen_in if name not in law]
    whole = math.fsum(law.values())
    if not seen_in:
        faults.append(Fault("scenarios", _EMPTY, _ONE_AT_LEAST))
    elif abs(whole - 1) > TOLERANCE:
        faults.append(Fault(_PROBABILITIES, _SUM.format(total=whole, parts=chances(law)), SUM_TO_ONE, RESCALE_OFTEN))
    if faults:
        raise DataError(faults)
    return law, given


def _text(value: Any) -> str:
    """A cell as text: blank for None and NaN, 2028 for 2028.0."""
    if value is None or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
