"""A tree of futures read from a table of scenarios."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.scenarios.process import TOLERANCE, Process
from procure.scenarios.tree import Tree
from procure.words import chances

if TYPE_CHECKING:
    import pandas as pd


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
        rule = f"the table has columns {', '.join(needed)} and perhaps period"
        raise DataError([Fault("scenarios", f"no column '{name}'", rule, nearest(name, columns)) for name in missing])
    columns.setdefault("period", [""] * len(frame))

    faults: list[Fault] = []
    law: dict[str, float] = {}
    seen_in: dict[str, None] = {}
    given: dict[tuple[str, str, str], str] = {}
    rows = zip(*(columns[name] for name in (*needed, "period")), strict=True)
    for line, (scenario, probability, process, state, period) in enumerate(rows, start=1):
        where = f"scenarios row {line}"
        if not scenario:
            faults.append(Fault(where, "no scenario", "every row names its scenario"))
            continue
        seen_in[scenario] = None
        if probability:
            value = _number(probability)
            if not 0 <= value < math.inf:
                faults.append(Fault(where, f"probability is '{probability}'", "probabilities are numbers >= 0"))
            elif law.setdefault(scenario, value) != value:
                seen = f"probability of '{scenario}' is {value:g}, elsewhere {law[scenario]:g}"
                faults.append(Fault(where, seen, "a scenario has one probability"))
        if not process and not state:
            continue
        if process not in states:
            rule = "processes are those of the model"
            faults.append(Fault(where, f"no process '{process}'", rule, nearest(process, states)))
        elif state not in states[process]:
            rule = "states are the process's own"
            faults.append(Fault(where, f"no state '{state}' of '{process}'", rule, nearest(state, states[process])))
        if period and period not in periods:
            faults.append(Fault(where, f"no period '{period}'", "periods are the model's", nearest(period, periods)))
        if (scenario, process, period) in given:
            seen = f"'{process}' of '{scenario}' in {period or 'every period'} is given again"
            faults.append(Fault(where, seen, "each scenario, process and period once", "drop one of the rows"))
        given[scenario, process, period] = state

    rule = "it stands on one of its rows at least"
    faults += [Fault(f"scenario '{name}'", "no probability", rule) for name in seen_in if name not in law]
    whole = math.fsum(law.values())
    if not seen_in:
        faults.append(Fault("scenarios", "the table is empty", "there is at least one scenario"))
    elif abs(whole - 1) > TOLERANCE:
        seen = f"sum to {whole:.10g}, not 1: {chances(law)}"
        remedy = "rescale them, or add the missing outcome (often 'no disruption')"
        faults.append(Fault("scenario probabilities", seen, "they sum to 1", remedy))
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
