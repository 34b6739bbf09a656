"""What may happen to one thing, period by period: its states, and the probability of each given the last; and several together.

`chain` makes processes from rates, `project` from the years in which something may start, `coupling` lets them steer each other.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from procure.errors import DataError, Fault, nearest
from procure.languages import COMMA, Said
from procure.units import Array, Index
from procure.words import RESCALE, RESCALE_OFTEN, chances

ROUNDING = 4e-16  # of a probability, at most
TOLERANCE = 1e-9  # how far a sum of probabilities may be from one: the rounding of a long sum, not of a typed table

# What is wrong with processes, and with laws.
PROCESS, NO_STATE, NO_PROCESS = (
    Said("process '{name}'", "確率過程 '{name}'"),
    Said("no state '{state}'", "状態 '{state}' がない"),
    Said("no process '{name}'", "確率過程 '{name}' がない"),
)
SUM_TO_ONE, NOT_NEGATIVE = (
    Said("they sum to 1", "合計は 1"),
    Said("probabilities are numbers >= 0", "確率は 0 以上の数値"),
)
KNOWS_OTHERS, KEEPS_STATES = (
    Said(
        "knows '{driver}' with states {known}, not {states}", "'{driver}' の状態を {states} でなく {known} としている"
    ),
    Said("a driver keeps its states and their order", "要因の状態とその順は変わらない"),
)
_STATES, _EACH_ONCE = (
    Said("states are {states}", "状態は {states}"),
    Said("states are named, each once", "状態には名前があり、それぞれ一度だけ"),
)
_STARTS, _START = (
    Said("starts in '{state}'", "'{state}' から始まる"),
    Said("the start is one of its states", "始めの状態はその状態のいずれか"),
)
_DRIVERS, _DRIVER = (
    Said("drivers are {drivers}", "要因は {drivers}"),
    Said("each driver once, with its states", "要因はそれぞれ一度だけ、状態とともに"),
)
_SHAPE, _SHAPE_IS = (
    Said("transition has shape {shape}", "transition の形は {shape}"),
    Said("it is (n_periods, {shape})", "形は (n_periods, {shape})"),
)
_PROBABILITY, _PROBABILITIES = (
    Said("a probability is {value:g}", "確率 {value:g} がある"),
    Said("probabilities are {parts}", "確率は {parts}"),
)
_OUT_OF, _SUM = (
    Said(
        "probabilities out of '{state}' sum to {total:.10g}, not 1: {parts}",
        "'{state}' からの確率の合計は 1 でなく {total:.10g}: {parts}",
    ),
    Said("probabilities sum to {total:.10g}, not 1: {parts}", "確率の合計は 1 でなく {total:.10g}: {parts}"),
)
_PROCESSES = Said("processes", "確率過程")
_TWICE, _OWN_NAME = (
    Said("{names} given more than once", "{names} が複数ある"),
    Said("each process has its own name", "確率過程の名前は一つずつ別"),
)
_DRIVEN, _AMONG = (
    Said("is driven by '{driver}'", "要因は '{driver}'"),
    Said("drivers are among the processes", "要因は確率過程のいずれか"),
)
_CIRCLE, _FIRST = (
    Said("{names} drive each other in a circle", "{names} が互いに要因となって循環している"),
    Said("drivers come first", "要因が先に来る"),
)


@dataclass(frozen=True, eq=False)
class Process:
    """One thing that can fail: a Markov chain over its states, possibly steered by others.

    Parameters
    ----------
    name, states
        `states[0]` is the undisturbed one.
    start
        The state known today, before the first period.
    transition : array, shape (n_periods, \\*[number of states of each driver], n_states, n_states)
        Probability of the state in period t (last axis) given the state in t - 1 (last but one) and the states of the
        drivers in t. Rows sum to one.
    drivers, driver_states
        Names of the processes that steer this one, and their states in the order of the axes.

    >>> coin = Process("coin", ("heads", "tails"), "heads", np.full((1, 2, 2), 0.5))
    >>> coin.n_periods
    1
    """

    name: str
    states: tuple[str, ...]
    start: str
    transition: Array
    drivers: tuple[str, ...] = ()
    driver_states: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        transition = np.array(self.transition, dtype=float)
        transition.flags.writeable = False
        object.__setattr__(self, "transition", transition)
        faults: list[tuple[str, str, str]] = []  # what is seen, the rule, the remedy
        if not self.states or len(set(self.states)) < len(self.states):
            faults.append((_STATES.format(states=list(self.states)), _EACH_ONCE, ""))
        if self.start not in self.states:
            remedy = nearest(self.start, self.states)
            faults.append((_STARTS.format(state=self.start), _START, remedy))
        n_states = len(self.states)
        shape = (*(len(states) for states in self.driver_states), n_states, n_states)
        if len(self.drivers) != len(self.driver_states) or len(set(self.drivers)) < len(self.drivers):
            faults.append((_DRIVERS.format(drivers=list(self.drivers)), _DRIVER, ""))
        elif transition.ndim != len(shape) + 1 or transition.shape[1:] != shape or not len(transition):
            rule = _SHAPE_IS.format(shape=", ".join(map(str, shape)))
            faults.append((_SHAPE.format(shape=transition.shape), rule, ""))
        elif not np.all(transition >= 0):
            faults.append((_PROBABILITY.format(value=np.min(transition)), NOT_NEGATIVE, ""))
        else:
            totals = transition.sum(axis=-1)
            worst = np.unravel_index(np.argmax(np.abs(totals - 1)), totals.shape)
            if abs(totals[worst] - 1) > TOLERANCE:
                parts = chances(zip(self.states, transition[worst], strict=True))
                seen = _OUT_OF.format(state=self.states[worst[-1]], total=totals[worst], parts=parts)
                faults.append((seen, SUM_TO_ONE, RESCALE))
        if faults:
            where = PROCESS.format(name=self.name)
            raise DataError(Fault(where, *fault) for fault in faults)

    @property
    def n_periods(self) -> int:
        """Periods for which the law is given."""
        return len(self.transition)

    def law(self, period: int, driver_codes: Sequence[Index], previous: Index) -> Array:
        """Probabilities of the states in `period`, one row per entry of the arrays of state numbers."""
        rows: Array = self.transition[(period, *driver_codes, previous)]
        return rows

    def code(self, state: str) -> int:
        """The number of a state; a wrong name is a `DataError` with the nearest right one."""
        if state not in self.states:
            rule = Said("states are named as in its table", "状態の名前は表にあるとおり")
            remedy = nearest(state, self.states)
            raise DataError(Fault(PROCESS.format(name=self.name), NO_STATE.format(state=state), rule, remedy))
        return self.states.index(state)


@lru_cache(maxsize=1024)
def long_run(process: Process) -> Array:
    """Probabilities of the states in the long run, for a law that is the same in every period; drivers undisturbed.

    >>> long_run(Process("china", ("normal", "ban"), "ban", np.array([[[0.9, 0.1], [0.3, 0.7]]])))
    array([0.75, 0.25])
    """
    # averaging with the identity removes cycles without moving the limit
    power = (_undisturbed(process)[0] + np.eye(len(process.states))) / 2
    for _ in range(60):
        before = power
        power = power @ power
        power /= power.sum(axis=1, keepdims=True)
        if np.abs(power - before).max() <= ROUNDING:
            break
    back = np.argsort(by_name(process.states))
    law: Array = power[back[process.code(process.start)]][back]
    law.flags.writeable = False  # it is asked for again by each chain that correlates with it
    return law


def _undisturbed(process: Process) -> Array:
    """The law while the drivers are undisturbed, states in the order of their names."""
    steps = process.transition
    for _ in process.drivers:
        steps = steps[:, 0]
    order = by_name(process.states)
    return steps[:, order][:, :, order]


def same_futures(before: Sequence[Process], after: Sequence[Process]) -> bool:
    """Whether two laws allow the same futures of the same processes, so that one tree can be weighed by either."""
    return len(before) == len(after) and all(
        one is other
        or (
            all(getattr(one, field) == getattr(other, field) for field in ("name", "states", "start", "drivers"))
            and one.driver_states == other.driver_states
            and np.array_equal(one.transition == 0, other.transition == 0)
        )
        for one, other in zip(before, after, strict=True)
    )


def needed(processes: Iterable[Process], unread: Collection[str]) -> list[Process]:
    """The processes without those in `unread` that drive nobody, and without drivers that make no difference: the same paths.

    >>> coin = Process("coin", ("heads", "tails"), "heads", np.full((1, 2, 2), 0.5))
    >>> mine = Process("mine", ("open",), "open", np.ones((1, 2, 1, 1)), ("coin",), (("heads", "tails"),))
    >>> [process.name for process in needed([coin, mine], ["coin"])]
    ['mine']
    """
    kept: list[Process] = []
    driving: set[str] = set()
    for process in reversed(ordered(processes)):  # whoever is driven comes before what drives him
        if process.name not in unread or process.name in driving:
            kept.append(_plain(process))
            driving.update(kept[-1].drivers)
    return kept[::-1]


def _plain(process: Process) -> Process:
    """The same process without the drivers whose state changes nothing."""
    laws: Array = process.transition
    drivers, states = list(process.drivers), list(process.driver_states)
    for axis in reversed(range(1, 1 + len(drivers))):
        if np.array_equal(np.min(laws, axis=axis), np.max(laws, axis=axis)):
            laws = np.take(laws, 0, axis=axis)
            del drivers[axis - 1], states[axis - 1]
    if len(drivers) == len(process.drivers):
        return process
    return replace(process, transition=laws, drivers=tuple(drivers), driver_states=tuple(states))


# --- several chains together ---


def ordered(processes: Iterable[Process]) -> list[Process]:
    """The processes with every driver before what it drives, otherwise by name, whatever order they came in."""
    waiting = sorted(processes, key=lambda process: process.name)
    by_name = {process.name: process for process in waiting}
    faults = []
    if len(by_name) < len(waiting):
        names = [process.name for process in waiting]
        twice = sorted({name for name in names if names.count(name) > 1})
        faults.append(Fault(_PROCESSES, _TWICE.format(names=twice), _OWN_NAME))
    for process in waiting:
        for driver, states in zip(process.drivers, process.driver_states, strict=True):
            where = PROCESS.format(name=process.name)
            if driver not in by_name:
                remedy = nearest(driver, by_name)
                faults.append(Fault(where, _DRIVEN.format(driver=driver), _AMONG, remedy))
            elif by_name[driver].states != states:
                seen = KNOWS_OTHERS.format(driver=driver, known=list(states), states=list(by_name[driver].states))
                faults.append(Fault(where, seen, KEEPS_STATES, Said("rebuild it", "作り直す")))
    if faults:
        raise DataError(faults)
    done: list[Process] = []
    while waiting:
        settled = {process.name for process in done}
        ready = next((process for process in waiting if settled.issuperset(process.drivers)), None)
        if ready is None:
            names_left = COMMA.join(process.name for process in waiting)
            raise DataError(Fault(_PROCESSES, _CIRCLE.format(names=names_left), _FIRST))
        done.append(ready)
        waiting.remove(ready)
    return done


def canonical(processes: Iterable[Process]) -> list[Process]:
    """`ordered`, and each with its states by name after the undisturbed one: the same world is the same arrays."""
    chosen = ordered(processes)
    sorting = {process.name: by_name(process.states) for process in chosen}
    result = []
    for process in chosen:
        laws = process.transition
        axes = [*(sorting[driver] for driver in process.drivers), sorting[process.name], sorting[process.name]]
        for axis, order in enumerate(axes, start=1):
            laws = laws.take(order, axis=axis)
        # the order of the driver axes must not matter either
        placed = np.argsort(process.drivers).tolist()
        laws = laws.transpose(0, *(1 + i for i in placed), laws.ndim - 2, laws.ndim - 1)
        result.append(
            replace(
                process,
                states=tuple(process.states[i] for i in sorting[process.name]),
                transition=laws,
                drivers=tuple(process.drivers[i] for i in placed),
                driver_states=tuple(
                    tuple(process.driver_states[i][j] for j in sorting[process.drivers[i]]) for i in placed
                ),
            )
        )
    return result


def expand(processes: Sequence[Process], period: int, previous: Index) -> tuple[Index, Index, Array]:
    """Every joint state that can follow each row of `previous`, drivers first: (row, states, probability given the row).

    Impossible ones are left out; rows and, within a row, states ascend.
    """
    row = np.arange(len(previous))
    codes = np.empty((len(previous), 0), dtype=np.int64)
    probability = np.ones(len(previous))
    place = {process.name: column for column, process in enumerate(processes)}
    for column, process in enumerate(processes):
        law = process.law(period, [codes[:, place[name]] for name in process.drivers], previous[row, column])
        source, state = np.nonzero(law)
        row, probability = row[source], probability[source] * law[source, state]
        codes = np.column_stack([codes[source], state])
    return row, codes, probability


def marginals(processes: Iterable[Process], n_periods: int) -> dict[str, Array]:
    """Exact probability of every state of every process in every period: name -> (n_periods, n_states).

    >>> from procure.scenarios import force, shock
    >>> region, mine = shock("region", 0.02, 6, 1.0, 1), shock("mine", 0.0, 3, 1.0, 1)
    >>> marginals([region, force(mine, region, "on", {"on": 0.5})], 1)["mine"].round(4)  # half of 0.0198
    array([[0.9901, 0.0099]])
    """
    everything = ordered(processes)
    result = {}
    for process in everything:
        family = [*ancestors(everything, process), process]
        codes = np.array([[member.code(member.start) for member in family]])
        probability = np.ones(1)
        shares = np.empty((n_periods, len(process.states)))
        for period in range(n_periods):
            row, following, step = expand(family, period, codes)
            codes, inverse = np.unique(following, axis=0, return_inverse=True)
            probability = total(inverse.reshape(-1), probability[row] * step)
            shares[period] = total(codes[:, -1], probability, len(process.states))
        result[process.name] = shares
    return result


def ancestors(processes: Sequence[Process], process: Process) -> list[Process]:
    """What drives a process, and what drives that, in the order of `processes` (drivers first)."""
    wanted = set(process.drivers)
    for other in reversed(processes):
        if other.name in wanted:
            wanted.update(other.drivers)
    return [other for other in processes if other.name in wanted]


# --- small helpers ---


def by_name(states: Sequence[str]) -> list[int]:
    """The order of states by name, after the undisturbed one."""
    return [0, *sorted(range(1, len(states)), key=states.__getitem__)]


def total(position: Index, weight: Array, length: int = 0) -> Array:
    """The weights summed by position."""
    sums: NDArray[Any] = np.bincount(position, weights=weight, minlength=length)
    return sums


def check_law(where: str, law: Mapping[str, float]) -> None:
    """Probabilities that sum to one; otherwise the sum and its parts."""
    if not law or any(not p >= 0 for p in law.values()):
        seen = _PROBABILITIES.format(parts=chances(law) or Said("none", "なし"))
        raise DataError(Fault(where, seen, NOT_NEGATIVE))
    whole = math.fsum(law.values())
    if abs(whole - 1) > TOLERANCE:
        raise DataError(Fault(where, _SUM.format(total=whole, parts=chances(law)), SUM_TO_ONE, RESCALE_OFTEN))
