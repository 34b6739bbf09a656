"""How one chain steers another within the same period (a regional conflict stops several suppliers).

The steered one is given the steering one's state as a *driver*. `correlate` says how a driver multiplies rates, `force` what it
does at once, `hits` whom a shock that lasts strikes, for as long as it lasts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.languages import COMMA, Said
from procure.scenarios.process import (
    KEEPS_STATES,
    KNOWS_OTHERS,
    NO_STATE,
    PROCESS,
    TOLERANCE,
    Process,
    by_name,
    long_run,
)
from procure.units import Array, Index, Mask
from procure.words import chances

# What is wrong with what couples processes.
_CORRELATION, _IS, _BETWEEN, _SHOCK = (
    Said("correlation with '{driver}' in {states}", "'{driver}' の {states} との相関"),
    Said("is {correlation:g}", "値は {correlation:g}"),
    Said("it lies between -1 and 1", "-1 と 1 の間であること"),
    Said(
        "a common shock (or `force`) says that one always brings the other",
        "一方が必ず他方を招くなら、共通ショック（shocks.csv）か `force` とする",
    ),
)
_ALL, _ALL_OF, _MAY_NOT, _SOME = (
    Said("these are all its states", "これで全状態"),
    Said("{states} are all its states", "{states} で全状態"),
    Said("only what may or may not happen correlates", "相関は起きることも起きないこともあるものだけ"),
    Said("name some of them", "その一部を挙げる"),
)
_STEERED, _OF_CHAIN = (
    Said("'{name}', steered by '{driver}'", "'{driver}' を要因とする '{name}'"),
    Said("it steers states of the chain", "要因が及ぶのはその確率過程の状態"),
)
_ITSELF, _ANOTHER = (
    Said("drives itself", "自身が要因になっている"),
    Said("a driver is another process", "要因は別の確率過程"),
)
_SHORTER, _AS_FAR = (
    Said(
        "has a law for {periods} periods, its driver '{driver}' for {driver_periods}",
        "確率は {periods} 期分、その要因 '{driver}' は {driver_periods} 期分",
    ),
    Said("a driver's law reaches as far", "要因の確率も同じ期まであること"),
)
_FORCES, _WITH, _AT_MOST_ONE = (
    Said("'{shock}' forces '{name}'", "'{shock}' が '{name}' に及ぼすショック"),
    Said("with {parts}", "確率は {parts}"),
    Said("probabilities are >= 0 and sum to at most 1", "確率は 0 以上、合計は 1 以下"),
)


@dataclass(frozen=True)
class Steering:
    """How a driver multiplies the rates into some states of another chain, or a project's wait; made by `correlate`.

    Parameters
    ----------
    driver, driver_states
        Its name and its states.
    chance
        Of each of its states in the long run. [π_j]
    share
        Of a period that it spends in the states that steer, when it is found in each of its states. [a_j]
    odds
        The rates while it is there over those while it is not. [h]
    states
        Of the steered chain: the rates into them, from outside, are multiplied.
    """

    driver: str
    driver_states: tuple[str, ...]
    chance: tuple[float, ...]
    share: tuple[float, ...]
    odds: float
    states: tuple[str, ...]

    def ratio(self, odds: float) -> Array:
        """The rates in each state of the driver over those where it is never in the states that steer: 1 + a_j (h - 1)."""
        return 1 + np.array(self.share) * (odds - 1)


def correlate(
    states: str | Collection[str],
    driver: Process,
    driver_states: str | Collection[str],
    correlation: float,
    shares: Mapping[str, float] | None = None,
) -> Steering:
    """What makes "process in `states`" [B] and "driver in `driver_states`" [A] correlate, and keeps how often each happens.

    A correlation of two indicators hangs on how often each of them is seen, so on the period. What does not is the ratio of
    rates: for events in a short time it is the odds ratio h of their fourfold table. ρ is the correlation that the two
    would have if each were as likely as not (the coefficient of colligation of Yule (1912), Journal of the Royal Statistical
    Society 75(6), 579-652), so h = ((1 + ρ) / (1 - ρ))². The rate into B, from outside B, is r as it stands in the tables;
    while the driver is in state j it is

        r_j = r (1 + a_j (h - 1)) / Σ_k π_k (1 + a_k (h - 1))

    with π_k the chance of the driver's states in the long run and a_k the share of a period in A: h times as high in A as
    outside, and r in the mean. Any rates and any period will do. Where B holds the undisturbed state, the rates into all
    others are divided instead of multiplied. `markov` and `project` take the result.

    Parameters
    ----------
    driver : Process
        Its law as the tables state it: the same in every period, without programmes and common shocks, so that what the
        driver does to the rates is the same under all of them.
    correlation : float in (-1, 1)
        [ρ] Certainties are common shocks: `force`.
    shares : state of the driver -> share of a period
        For those shorter than a period (`effective_share`); others last the whole of it.

    A ban half of the time and ρ = 1/3: h = (4/3 / 2/3)² = 4, and the rate of stops is 2 · 4 / 5 = 1.6 times as high in a ban,
    0.4 times as high out of it. Of 0.5 a year, 1 - exp(-0.2) and 1 - exp(-0.8) of the years have one:

    >>> from procure.scenarios.chain import markov
    >>> china = markov("china", ["normal", "ban"], {}, {("normal", "ban"): 1.0, ("ban", "normal"): 1.0}, {}, "ban", 1.0, 1)
    >>> steering = correlate("stop", china, "ban", 1 / 3)
    >>> mine = markov("mine", ["normal", "stop"], {"stop": "episode"}, {("normal", "stop"): 0.5}, {"stop": 3},
    ...               "normal", 1.0, 1, steered=[steering])
    >>> mine.transition[0, :, 0, 1].round(3)  # china normal, ban
    array([0.181, 0.551])
    """
    on = _selected(driver, driver_states)
    is_within, is_all = -1 < correlation < 1, len(set(on.tolist())) == len(driver.states)
    if not is_within or is_all:
        where = _CORRELATION.format(driver=driver.name, states=COMMA.join(driver.states[i] for i in on))
        seen = _IS.format(correlation=correlation)
        raise DataError(Fault(where, _ALL, _MAY_NOT) if is_within else Fault(where, seen, _BETWEEN, _SHOCK))
    share = np.zeros(len(driver.states))
    share[on] = [(shares or {}).get(driver.states[i], 1.0) for i in on]
    return Steering(
        driver.name,
        driver.states,
        tuple(long_run(driver).tolist()),
        tuple(share.tolist()),
        ((1 + correlation) / (1 - correlation)) ** 2,
        tuple(sorted({states} if isinstance(states, str) else set(states))),
    )


def force(process: Process, driver: Process, on_state: str | Collection[str], forced: Mapping[str, float]) -> Process:
    """While `driver` is in `on_state` (one state or several), `process` is put in each forced state with its probability.

    What is left of the probability follows the law the process had. Forced again by another driver, the later force
    comes first: it acts on what the earlier ones left.

    >>> from procure.scenarios.chain import shock
    >>> region, mine = shock("region", 0.02, 6, 1.0, 1), shock("mine", 0.5, 3, 1.0, 1)
    >>> force(mine, region, "on", {"on": 0.4}).transition[0, :, 0].round(3)  # rows: region calm, on
    array([[0.607, 0.393],
           [0.364, 0.636]])
    """
    reach = _reach(driver.name, process.name, forced)
    laws = _driven(process, driver)
    on = _selected(driver, on_state)
    laws[..., on, :, :] *= max(0.0, 1 - reach)
    for state, probability in forced.items():
        laws[..., on, :, process.code(state)] += probability
    return _with_laws(process, driver, laws)


def governed(driver: Process, versions: Mapping[str, Process]) -> Process:
    """A process with a law of its own in each state of `driver`: what somebody decides once he knows that state.

    Parameters
    ----------
    versions : state of the driver -> process
        One for each of its states, alike but for their probabilities.

    >>> from procure.scenarios.chain import shock
    >>> verdict = Process("verdict", ("fails", "works"), "fails", np.full((1, 2, 2), 0.5))
    >>> quiet, loud = (shock("region", rate, 6, 1.0, 1) for rate in (0.0, 0.02))
    >>> governed(verdict, {"fails": quiet, "works": loud}).transition[0, :, 0, 1].round(4)
    array([0.    , 0.0198])
    """
    first = versions[driver.states[0]]
    laws = np.stack([versions[state].transition for state in driver.states], axis=-3)
    return replace(
        first, transition=laws, drivers=(*first.drivers, driver.name),
        driver_states=(*first.driver_states, driver.states),
    )  # fmt: skip


def remembered(process: Process, name: str, period: int) -> Process:
    """A process that is from `period` on where `process` was in it: what somebody who looked then knows for good.

    Parameters
    ----------
    name
        Of the result, which is driven by `process` and stands where that starts until it has looked.

    >>> from procure.scenarios.chain import shock
    >>> remembered(shock("strait", 0.5, 6, 1.0, 2), "strait 2028", 1).transition[:, 1, 0]  # while on: nothing known, then on
    array([[1., 0.],
           [0., 1.]])
    """
    n_states = len(process.states)
    transition = np.tile(np.eye(n_states), (process.n_periods, n_states, 1, 1))
    transition[period] = np.eye(n_states)[:, None, :]
    return Process(name, process.states, process.start, transition, (process.name,), (process.states,))


def silenced(process: Process, driver: Process, states: Collection[str], periods: Iterable[int]) -> Process:
    """A process that stands in its first state while `driver` is in some states, in these periods: where nobody looks at it.

    >>> from procure.scenarios.chain import shock
    >>> verdict = Process("verdict", ("fails", "works"), "fails", np.full((1, 2, 2), 0.5))
    >>> silenced(shock("mine", 0.5, 3, 1.0, 1), verdict, ["fails"], [0]).transition[0, :, 0].round(3)  # rows: fails, works
    array([[1.   , 0.   ],
           [0.607, 0.393]])
    """
    laws = _driven(process, driver)
    for period in periods:
        for code in _selected(driver, states).tolist():
            laws[period, ..., code, :, :] = 0.0
            laws[period, ..., code, :, 0] = 1.0
    return _with_laws(process, driver, laws)


def hits(shock: Process, name: str, chances: Mapping[str, float]) -> Process:
    """Whom a common shock hits, decided when it begins and for as long as it lasts: "calm", "spared", "hit severe", ...

    For a shock that outlasts its period; one that is over within it hits anew each time, and `force` alone says so. One
    that ends and comes again within a period is taken for one.

    Parameters
    ----------
    name
        Of the result, which is to `force` the chain.
    chances : state of the chain -> chance to be put there
        Summing to at most one; the rest is spared.

    >>> from procure.scenarios.chain import shock
    >>> region = shock("region", 0.02, 6, 1 / 12, 2)
    >>> hits(region, "region.mine", {"severe": 0.7}).transition[0, 1].round(2)  # while on: calm becomes hit or not, for good
    array([[0. , 0.3, 0.7],
           [0. , 1. , 0. ],
           [0. , 0. , 1. ]])
    """
    reach = _reach(shock.name, name, chances)
    states = ("calm", "spared", *(f"hit {state}" for state in chances))
    transition = np.zeros((shock.n_periods, 2, len(states), len(states)))
    transition[:, 0, :, 0] = 1.0
    transition[:, 1] = np.eye(len(states))
    transition[:, 1, 0] = [0.0, max(0.0, 1 - reach), *chances.values()]
    return Process(name, states, "calm", transition, (shock.name,), (shock.states,))


def multiplied(
    name: str, states: tuple[str, ...], steered: Iterable[Steering]
) -> tuple[dict[str, tuple[str, ...]], Array]:
    """The drivers and their states, and what multiplies each rate: shape (\\*driver states, from, to)."""
    drivers: dict[str, tuple[str, ...]] = {}
    factors = np.ones((len(states), len(states)))
    # in the order of names, so that the order in which all is given does not touch the last bit
    steered = sorted(steered, key=lambda one: (one.driver, one.states, one.share, one.odds))
    for driver, group in groupby(steered, key=lambda one: one.driver):
        own = list(group)
        drivers[driver], order = own[0].driver_states, by_name(own[0].driver_states)
        ratio = np.ones((len(order), *factors.shape[-2:]))
        for one in own:
            entered, odds = _entered(name, states, one)
            ratio = np.where(entered, ratio * one.ratio(odds)[:, None, None], ratio)
        mean = (np.array(own[0].chance)[order, None, None] * ratio[order]).sum(axis=0)
        ratio /= np.where((ratio == 1).all(axis=0), 1.0, mean)
        factors = factors[..., None, :, :] * ratio
    return drivers, factors


def _entered(name: str, states: tuple[str, ...], steering: Steering) -> tuple[Mask, float]:
    """Which rates (from, to) a driver multiplies, and by how much: those into its states, from outside.

    What makes the undisturbed state likelier makes the others less likely, by as much.
    """
    inside = np.array([state in steering.states for state in states])
    unknown = [state for state in steering.states if state not in states]
    if unknown or inside.all():
        where = _STEERED.format(name=name, driver=steering.driver)
        faults = [Fault(where, NO_STATE.format(state=state), _OF_CHAIN, nearest(state, states)) for state in unknown]
        if inside.all():
            faults.append(Fault(where, _ALL_OF.format(states=COMMA.join(states)), _MAY_NOT, _SOME))
        raise DataError(faults)
    inside, odds = (~inside, 1 / steering.odds) if inside[0] else (inside, steering.odds)
    return ~inside[:, None] & inside, odds


def _driven(process: Process, driver: Process) -> Array:
    """A writable copy of the laws with the driver's axis as the last of the driver axes, added where it is new."""
    if driver.name == process.name:
        raise DataError(Fault(PROCESS.format(name=process.name), _ITSELF, _ANOTHER))
    if driver.n_periods < process.n_periods:
        seen = _SHORTER.format(periods=process.n_periods, driver=driver.name, driver_periods=driver.n_periods)
        raise DataError(Fault(PROCESS.format(name=process.name), seen, _AS_FAR))
    if driver.name in process.drivers:
        axis = process.drivers.index(driver.name)
        if process.driver_states[axis] != driver.states:
            known = list(process.driver_states[axis])
            seen = KNOWS_OTHERS.format(driver=driver.name, known=known, states=list(driver.states))
            raise DataError(Fault(PROCESS.format(name=process.name), seen, KEEPS_STATES))
        return np.moveaxis(process.transition, 1 + axis, -3).copy()
    return np.repeat(np.expand_dims(process.transition, -3), len(driver.states), axis=-3)


def _with_laws(process: Process, driver: Process, laws: Array) -> Process:
    kept = [
        (name, states)
        for name, states in zip(process.drivers, process.driver_states, strict=True)
        if name != driver.name
    ]
    drivers = [*kept, (driver.name, driver.states)]
    return replace(
        process, transition=laws, drivers=tuple(n for n, _ in drivers), driver_states=tuple(s for _, s in drivers)
    )


def _selected(process: Process, states: str | Collection[str]) -> Index:
    """The numbers of some states, in the order of their names."""
    names = [states] if isinstance(states, str) else sorted(set(states))
    return np.array([process.code(name) for name in names], dtype=np.int64)


def _reach(shock: str, name: str, forced: Mapping[str, float]) -> float:
    """The chances that a shock forces a process, together."""
    reach = math.fsum(forced.values())
    if reach > 1 + TOLERANCE or any(not p >= 0 for p in forced.values()):
        where = _FORCES.format(shock=shock, name=name)
        raise DataError(Fault(where, _WITH.format(parts=chances(forced)), _AT_MOST_ONE))
    return reach
