"""How one thing fails: a Markov chain over its states, and what steers it.

A *regime* lasts: it is carried from period to period by the exponential of a generator. An *episode* is shorter than
a period: it happens within one, or not, and is over when the next begins. The first state is the undisturbed one.

    P(regime in t | regime in t-1) = exp(Q Δ)            Q  generator, rates per year      Δ  period, years
    P(episode in t | regime normal) = 1 - exp(-r Δ)      r  rate of the episode per year
    share of the period lost        = depth · min(1, d / Δ)       d  mean duration

One chain may steer another within the same period (a regional conflict stops several suppliers): the steered one is given
the steering one's state as a *driver*. `correlate` says how a driver multiplies rates, `force` what it does at once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from procure.errors import DataError, Fault, nearest
from procure.units import Array

Codes = NDArray[np.int64]
Rates = Mapping[tuple[str, str], float]

ROUNDING = 4e-16  # of a probability, at most
TOLERANCE = 1e-9  # how far a sum of probabilities may be from one: the rounding of a long sum, not of a typed table


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
        where = f"process '{self.name}'"
        faults = []
        if not self.states or len(set(self.states)) < len(self.states):
            faults.append(Fault(where, f"states are {list(self.states)}", "states are named, each once"))
        if self.start not in self.states:
            remedy = nearest(self.start, self.states)
            faults.append(Fault(where, f"starts in '{self.start}'", "the start is one of its states", remedy))
        n_states = len(self.states)
        shape = (*(len(states) for states in self.driver_states), n_states, n_states)
        if len(self.drivers) != len(self.driver_states) or len(set(self.drivers)) < len(self.drivers):
            faults.append(Fault(where, f"drivers are {list(self.drivers)}", "each driver once, with its states"))
        elif transition.ndim != len(shape) + 1 or transition.shape[1:] != shape or not len(transition):
            rule = f"it is (n_periods, {', '.join(map(str, shape))})"
            faults.append(Fault(where, f"transition has shape {transition.shape}", rule))
        elif not np.all(transition >= 0):
            seen = f"a probability is {np.min(transition):g}"
            faults.append(Fault(where, seen, "probabilities are numbers >= 0"))
        else:
            totals = transition.sum(axis=-1)
            worst = np.unravel_index(np.argmax(np.abs(totals - 1)), totals.shape)
            if abs(totals[worst] - 1) > TOLERANCE:
                parts = ", ".join(
                    f"{state} {part:g}" for state, part in zip(self.states, transition[worst], strict=True)
                )
                seen = f"probabilities out of '{self.states[worst[-1]]}' sum to {totals[worst]:.10g}, not 1: {parts}"
                faults.append(Fault(where, seen, "they sum to 1", "rescale them, or add the missing outcome"))
        if faults:
            raise DataError(faults)

    @property
    def n_periods(self) -> int:
        """Periods for which the law is given."""
        return len(self.transition)

    def law(self, period: int, driver_codes: Sequence[Codes], previous: Codes) -> Array:
        """Probabilities of the states in `period`, one row per entry of the arrays of state numbers."""
        rows: Array = self.transition[(period, *driver_codes, previous)]
        return rows

    def code(self, state: str) -> int:
        """The number of a state; a wrong name is a `DataError` with the nearest right one."""
        if state not in self.states:
            raise DataError(
                Fault(
                    f"process '{self.name}'",
                    f"no state '{state}'",
                    "states are named as in its table",
                    nearest(state, self.states),
                )
            )
        return self.states.index(state)


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


# --- one chain on its own ---


def generator(states: Sequence[str], rates: Rates) -> Array:
    """Rates between states as a generator Q: off the diagonal the rates per year, rows summing to zero.

    >>> generator(["normal", "ban"], {("normal", "ban"): 0.5, ("ban", "normal"): 2.0})
    array([[-0.5,  0.5],
           [ 2. , -2. ]])
    """
    number = {state: code for code, state in enumerate(states)}
    faults = []
    matrix = np.zeros((len(number), len(number)))
    for (source, target), rate in rates.items():
        where = f"rate {source} → {target}"
        unknown = [state for state in (source, target) if state not in number]
        faults += [
            Fault(where, f"no state '{state}'", "rates join known states", nearest(state, number)) for state in unknown
        ]
        if source == target:
            faults.append(Fault(where, "leads back to itself", "a rate leads to another state", "leave it out"))
        elif not (0 <= rate < math.inf):
            faults.append(Fault(where, f"is {rate:g} per year", "rates are finite and >= 0", "check the sign"))
        elif not unknown:
            matrix[number[source], number[target]] = rate
    if faults:
        raise DataError(faults)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix


def transition_matrix(generator: Array, years: float) -> Array:
    """Probabilities of the states `years` later: exp(Q · years), for a generator or an array of them, shape (..., n, n).

    By uniformisation, Σ_k e^(-λ) λ^k / k! (I + Q years / λ)^k: every term is >= 0, so no probability is ever lost to
    cancellation. Longer spans are halved until λ <= 1 and squared back. (`scipy.linalg.expm` gives the same numbers,
    which a test checks, but its import alone takes half a second.)
    Stewart (1994), Introduction to the Numerical Solution of Markov Chains, section 8.4.

    >>> transition_matrix(np.array([[-1.0, 1.0], [0.0, 0.0]]), np.log(2)).round(12)
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    identity = np.eye(generator.shape[-1])
    leaving = -np.diagonal(generator, axis1=-2, axis2=-1)
    jumps = float(np.max(leaving, initial=0.0)) * years  # expected jumps from the least stable state
    if jumps == 0:
        return np.zeros(generator.shape) + identity
    halvings = max(0, math.ceil(math.log2(jumps)))
    step = jumps / 2**halvings
    jump = identity + generator * years / jumps  # in this order: years / jumps may overflow
    term = math.exp(-step) * identity
    series = term.copy()
    for order in range(1, 20):  # what is left is below 1 / 20!, under all rounding
        term = term @ jump * (step / order)
        series = series + term
    for _ in range(halvings):
        series = series @ series
        series /= series.sum(axis=-1, keepdims=True)  # squaring would double the rounding of the row sums
    result: Array = series / series.sum(axis=-1, keepdims=True)
    return result


def effective_share(kind: str, duration: float, period_years: float) -> float:
    """Share of a period that a disturbance lasts: an episode its mean duration at most, a regime all of it.

    Parameters
    ----------
    kind : "regime" or "episode"
    duration : float
        Mean duration in months.
    period_years : float
        Length of the period in years.

    >>> effective_share("episode", 3, 1.0), effective_share("episode", 3, 0.25), effective_share("regime", 3, 1.0)
    (0.25, 1.0, 1.0)
    """
    _check_kind("effective_share", kind)
    return min(1.0, duration / (12 * period_years)) if kind == "episode" else 1.0


def markov(
    name: str,
    states: Sequence[str],
    kinds: Mapping[str, str],
    rates: Rates,
    durations: Mapping[str, float],
    start: str,
    period_years: float,
    n_periods: int,
    steered: Sequence[Steering] = (),
) -> Process:
    """The chain of one supplier over equal periods, from its rates per year and mean durations.

    Regimes move by the exponential of their generator. An episode strikes from the undisturbed state with
    1 - exp(-rate · period); where several could strike in one period the worst does, and `states` names the better before
    the worse. An episode that outlasts the period (monthly periods, a nine-month stop) is carried as a regime, and a worse
    one strikes during it, as often as ever: so the worst that struck within a year has the same law for any period.

    Parameters
    ----------
    kinds : state -> "regime" or "episode"
        The first state is a regime.
    rates : (from, to) -> 1/yr
    durations : state -> months
        Used where no rate leads out of a state: it then ends, in the first state, at 12 / duration per year. `inf`
        never ends.
    steered
        What drivers do to the rates into some states (`correlate`). The transition then has an axis for each driver. Several
        drivers multiply; what one driver does to several sets of states keeps every rate in the mean.

    A stop of 0.5 a year lasting three months, seen by the year: 1 - exp(-0.5) = 0.393.

    >>> mine = markov("mine", ["normal", "stop"], {"stop": "episode"}, {("normal", "stop"): 0.5}, {"stop": 3},
    ...               "normal", 1.0, 2)
    >>> mine.transition[0].round(3)
    array([[0.607, 0.393],
           [0.607, 0.393]])
    """
    states = tuple(states)
    matrix = generator(states, rates)
    undisturbed = states[0]
    for state, kind in kinds.items():
        _check_kind(f"{name}.{state}", kind)
    faults = [
        Fault(
            f"{name}.{state}",
            "is not one of its states",
            "kinds and durations belong to states",
            nearest(state, states),
        )
        for state in sorted({*kinds, *durations} - set(states))
    ]
    episodes = []
    for code, state in enumerate(states):
        where = f"{name}.{state}"
        leaving = float(-matrix[code, code])
        duration = durations.get(state, 12 / leaving if leaving else math.nan)
        if code == 0:
            if kinds.get(state, "regime") != "regime":
                faults.append(Fault(where, "is an episode", "the first state is the undisturbed regime"))
        elif not duration > 0:
            seen = (
                "has no rate out of it and no mean duration" if math.isnan(duration) else f"lasts {duration:g} months"
            )
            faults.append(Fault(where, seen, "every disturbance ends", "give months > 0, or inf if it never ends"))
        elif kinds.get(state, "regime") == "episode" and duration <= 12 * period_years * (1 + TOLERANCE):
            episodes.append(code)
            entered = [states[i] for i in np.flatnonzero(matrix[:, code] > 0) if i != 0]
            left = [states[i] for i in np.flatnonzero(matrix[code] > 0) if i != 0]
            if entered or left:
                others = " and ".join(f"'{other}'" for other in dict.fromkeys([*entered, *left]))
                rule = f"an episode comes from '{undisturbed}' and ends there within its period"
                remedy = "make it a regime, or drop these rates"
                faults.append(Fault(where, f"has rates from or to {others}", rule, remedy))
        elif not leaving and duration < math.inf:
            matrix[code, 0], matrix[code, code] = 12 / duration, -12 / duration
    if faults:
        raise DataError(faults)

    drivers, factors = _multiplied(name, states, steered)
    rates_of = matrix * factors
    carried = [code for code, state in enumerate(states) if kinds.get(state) == "episode" and code not in episodes]
    for mild, worse in combinations(carried, 2):
        if not matrix[mild, worse]:
            rates_of[..., mild, worse] = rates_of[..., 0, worse]
    laws = _step(rates_of, episodes, carried, by_name(states), period_years)
    every = np.broadcast_to(laws, (n_periods, *laws.shape))
    return Process(name, states, start, every, tuple(drivers), tuple(drivers.values()))


def _step(
    rates: Array, episodes: Sequence[int], carried: Sequence[int], order: Sequence[int], period_years: float
) -> Array:
    """Probabilities of the states a period later, shape (..., from, to), from the rates per year.

    `episodes` are over by then, `carried` ones may not be.
    """
    onset = rates[..., 0, :].copy()
    rates[..., 0, episodes] = 0.0
    rates[..., episodes, :] = 0.0
    # in the order of names, so that the order in which states are given does not touch the last bit
    back = np.argsort(order)
    regimes = rates[..., order, :][..., order]
    n = len(order)
    regimes[..., range(n), range(n)] = 0.0
    regimes[..., range(n), range(n)] = -regimes.sum(axis=-1)
    step = transition_matrix(regimes, period_years)[..., back, :][..., back]
    step[..., episodes, :] = step[..., :1, :]  # an episode is over before the next period begins
    for code in reversed(episodes):
        strikes = -np.expm1(-onset[..., code, None] * period_years)
        for milder in (0, *(other for other in carried if other < code)):
            step[..., code] += step[..., milder] * strikes
            step[..., milder] *= 1 - strikes
    return step


def _multiplied(
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


def _entered(name: str, states: tuple[str, ...], steering: Steering) -> tuple[NDArray[np.bool_], float]:
    """Which rates (from, to) a driver multiplies, and by how much: those into its states, from outside.

    What makes the undisturbed state likelier makes the others less likely, by as much.
    """
    where = f"'{name}', steered by '{steering.driver}'"
    inside = np.array([state in steering.states for state in states])
    faults = [
        Fault(where, f"no state '{state}'", "it steers states of the chain", nearest(state, states))
        for state in steering.states
        if state not in states
    ]
    if inside.all():
        seen = f"{', '.join(states)} are all its states"
        faults.append(Fault(where, seen, "only what may or may not happen correlates", "name some of them"))
    if faults:
        raise DataError(faults)
    inside, odds = (~inside, 1 / steering.odds) if inside[0] else (inside, steering.odds)
    return ~inside[:, None] & inside, odds


def shock(name: str, rate: float, duration: float, period_years: float, n_periods: int) -> Process:
    """A common shock, "calm" or "on": so many times a year, lasting so many months; `force` lets it hit suppliers.

    >>> shock("region", 0.02, 6, 1.0, 1).transition[0, 0].round(4)
    array([0.9802, 0.0198])
    """
    rates = {("calm", "on"): rate}
    return markov(name, ("calm", "on"), {"on": "episode"}, rates, {"on": duration}, "calm", period_years, n_periods)


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

    >>> region = shock("region", 0.02, 6, 1 / 12, 2)
    >>> hits(region, "region.mine", {"severe": 0.7}).transition[0, 1].round(2)  # while on: calm becomes hit or not, for good
    array([[0. , 0.3, 0.7],
           [0. , 1. , 0. ],
           [0. , 0. , 1. ]])
    """
    reach = _reach(f"'{shock.name}' forces '{name}'", chances)
    states = ("calm", "spared", *(f"hit {state}" for state in chances))
    transition = np.zeros((shock.n_periods, 2, len(states), len(states)))
    transition[:, 0, :, 0] = 1.0
    transition[:, 1] = np.eye(len(states))
    transition[:, 1, 0] = [0.0, max(0.0, 1 - reach), *chances.values()]
    return Process(name, states, "calm", transition, (shock.name,), (shock.states,))


def project(
    supplier: str,
    starts: Mapping[int | None, float],
    years: Sequence[int],
    steered: Sequence[Steering] = (),
    drivers: Iterable[Process] = (),
) -> Process:
    """A project that starts delivering in one of several years, or never (`None`): states "waiting", "2028", ...

    Parameters
    ----------
    starts : year -> probability
        Summing to one. Starts after the last year, and `None`, stay "waiting"; a start before the first is there from
        the first.
    years : year of each period
        Repeated where periods are shorter than a year: a start falls into the first period of its year.
    steered
        What delays it or hastens it: `correlate` with the state "waiting". With w the chance to go on waiting in a year, given
        waiting so far, the hazard of a start is -ln w; while drivers are in states d it is m c_d times that, c_d the product
        of what each of them does to it (1 / h while it delays), so that the chance to go on waiting is w^(m c_d). Of m there is
        one for each year, so that the chances stated are kept: Σ_d P(d | waiting) w^(m c_d) = w.
    drivers
        The processes that steer it and those that drive them, as the chances were stated for: without a programme.

    Waiting at the end of 2027 the start in 2028 is no longer 0.5 likely but 0.5 / 0.65:

    >>> caremag = project("caremag", {2027: 0.35, 2028: 0.5, None: 0.15}, [2027, 2028])
    >>> caremag.name, caremag.states
    ('caremag_project', ('waiting', '2027', '2028'))
    >>> caremag.transition[:, 0].round(3)
    array([[0.65 , 0.35 , 0.   ],
           [0.231, 0.   , 0.769]])

    A ban in half of the years, in which the hazard of the start is a fourth (ρ = 1/3): (w^m + w^(m/4)) / 2 = 0.65 for m = 1.75.

    >>> rates, months = {("normal", "ban"): np.log(2)}, {"ban": 12}
    >>> china = markov("china", ["normal", "ban"], {"ban": "episode"}, rates, months, "normal", 1.0, 1)
    >>> delay = correlate("waiting", china, "ban", 1 / 3)
    >>> project("caremag", {2027: 0.35, None: 0.65}, [2027], [delay], [china]).transition[0, :, 0, 0].round(3)
    array([0.471, 0.829])
    """
    _check_law(f"starts of project '{supplier}'", {"never" if y is None else str(y): p for y, p in starts.items()})
    possible = sorted(y for y, p in starts.items() if y is not None and y <= years[-1] and p > 0)
    states = ("waiting", *map(str, possible))
    wait = _Wait(f"{supplier}_project", steered, drivers)
    transition = np.tile(np.eye(len(states)), (len(years), *wait.hazard.shape, 1, 1))
    waiting = 1.0
    pending = list(enumerate(possible, start=1))
    for period, year in enumerate(years):
        due = [(code, starts[y]) for code, y in pending if y <= year]
        pending = [(code, y) for code, y in pending if y > year]
        starting = math.fsum(probability for _, probability in due)
        still = max(0.0, waiting - starting)
        still = still if still > TOLERANCE else 0.0
        wait.begin(period)
        if due:
            chance = wait.last(still / (still + starting))
            transition[period, ..., 0, 0] = chance
            for code, probability in due:
                transition[period, ..., 0, code] = (1 - chance) * (probability / starting)
        waiting = still
    return Process(
        f"{supplier}_project", states, "waiting", transition, tuple(wait.drivers), tuple(wait.drivers.values())
    )


class _Wait:
    """A project that waits: where its drivers stand meanwhile, period by period."""

    def __init__(self, name: str, steered: Iterable[Steering], processes: Iterable[Process]) -> None:
        steered = sorted(steered, key=lambda one: (one.driver, one.share, one.odds))
        for one in steered:
            if one.states != ("waiting",):
                seen = f"'{one.driver}' steers {', '.join(one.states)}"
                rule = "what steers a project delays or hastens its start"
                raise DataError(
                    Fault(f"'{name}'", seen, rule, "name the state 'waiting', with the other sign to hasten")
                )
        self.drivers: dict[str, tuple[str, ...]] = {}
        self.hazard = np.ones(())  # of a start in each state of the drivers, over that where none steers
        for driver, own in groupby(steered, key=lambda one: one.driver):
            ratio = np.ones(())
            for one in own:
                self.drivers[driver] = one.driver_states
                ratio = ratio * one.ratio(1 / one.odds)
            self.hazard = self.hazard[..., None] * ratio
        self._processes = canonical(processes) if self.drivers else []
        names = [process.name for process in self._processes]
        self._place = [(names.index(driver), np.array(by_name(states))) for driver, states in self.drivers.items()]
        self._codes = np.array([[process.code(process.start) for process in self._processes]], dtype=np.int64)
        self._chance = np.ones(1)  # of each row of codes, given that the project waits

    def begin(self, period: int) -> None:
        """The next period begins: its drivers move."""
        if not self.drivers:
            return
        row, following, step = expand(self._processes, period, self._codes)
        self._codes, inverse = np.unique(following, axis=0, return_inverse=True)
        self._chance = total(inverse.reshape(-1), self._chance[row] * step)

    def last(self, chance: float) -> Array:
        """The chance to go on waiting in each state of the drivers, which is `chance` in the mean."""
        if not self.drivers or not 0 < chance < 1:
            return np.full(self.hazard.shape, chance)
        hazard = self.hazard[tuple(order[self._codes[:, column]] for column, order in self._place)]
        power, rate = 1 / hazard.max(), -math.log(chance) * hazard
        # Newton on ln Σ P w^(m c) - ln w, convex and falling in m: from the left it never passes the root
        for _ in range(100):
            waiting = self._chance * np.exp(-power * rate)
            mean = waiting.sum()
            further = power + math.log(mean / chance) * mean / (waiting @ rate)
            if further <= power:
                break
            power = further
        self._chance = waiting / mean
        waits: Array = chance ** (power * self.hazard)
        return waits


def levels(name: str, levels: Mapping[str, float], persistent: bool, n_periods: int) -> Process:
    """Levels with probabilities, for uncertain demand: drawn anew every period, or once and kept (`persistent`).

    The first level counts as the undisturbed one.

    >>> levels("demand", {"base": 0.5, "high": 0.3, "low": 0.2}, persistent=True, n_periods=2).transition[:, 1]
    array([[0.5, 0.3, 0.2],
           [0. , 1. , 0. ]])
    """
    _check_law(f"levels of '{name}'", levels)
    law = np.array(list(levels.values()), dtype=float)
    transition = np.tile(np.tile(law / math.fsum(law), (len(law), 1)), (n_periods, 1, 1))
    if persistent:
        transition[1:] = np.eye(len(law))
    return Process(name, tuple(levels), next(iter(levels)), transition)


# --- decisions and other chains that change the law ---


def raise_rate(rates: Rates, sources: Iterable[str], target: str, extra: float) -> dict[tuple[str, str], float]:
    """Rates with `extra` per year more from each source to the target: retaliation, or deterrence where negative.

    >>> raise_rate({("normal", "ban"): 0.05}, ["normal", "friction"], "ban", 0.05)
    {('normal', 'ban'): 0.1, ('friction', 'ban'): 0.05}
    """
    raised = dict(rates)
    for source in sources:
        rate = raised.get((source, target), 0.0) + extra
        if rate < 0:
            seen = f"{raised.get((source, target), 0.0):g} {extra:+g} per year is {rate:g}"
            remedy = "a deterrent cannot take away more than the rate there is"
            raise DataError(Fault(f"rate {source} → {target}", seen, "rates are >= 0", remedy))
        raised[source, target] = rate
    return raised


def switch(before: Process, after: Process, period: int) -> Process:
    """The law of `before` until `period`, of `after` from then on: a programme that provokes once it has begun.

    >>> quiet, loud = (shock("region", rate, 6, 1.0, 3) for rate in (0.0, 0.02))
    >>> switch(quiet, loud, 2).transition[:, 0, 1].round(4)
    array([0.    , 0.    , 0.0198])
    """
    for field in ("name", "states", "drivers", "driver_states"):
        if getattr(before, field) != getattr(after, field):
            seen = f"{field} {getattr(before, field)} before, {getattr(after, field)} after"
            raise DataError(Fault(f"process '{before.name}'", seen, "only the probabilities may switch"))
    return replace(before, transition=np.concatenate([before.transition[:period], after.transition[period:]]))


def force(process: Process, driver: Process, on_state: str | Collection[str], forced: Mapping[str, float]) -> Process:
    """While `driver` is in `on_state` (one state or several), `process` is put in each forced state with its probability.

    What is left of the probability follows the law the process had. Forced again by another driver, the later force
    comes first: it acts on what the earlier ones left.

    >>> region, mine = shock("region", 0.02, 6, 1.0, 1), shock("mine", 0.5, 3, 1.0, 1)
    >>> force(mine, region, "on", {"on": 0.4}).transition[0, :, 0].round(3)  # rows: region calm, on
    array([[0.607, 0.393],
           [0.364, 0.636]])
    """
    reach = _reach(f"'{driver.name}' forces '{process.name}'", forced)
    laws = _driven(process, driver)
    on = _selected(driver, on_state)
    laws[..., on, :, :] *= max(0.0, 1 - reach)
    for state, probability in forced.items():
        laws[..., on, :, process.code(state)] += probability
    return _with_laws(process, driver, laws)


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

    >>> china = markov("china", ["normal", "ban"], {}, {("normal", "ban"): 1.0, ("ban", "normal"): 1.0}, {}, "ban", 1.0, 1)
    >>> steering = correlate("stop", china, "ban", 1 / 3)
    >>> mine = markov("mine", ["normal", "stop"], {"stop": "episode"}, {("normal", "stop"): 0.5}, {"stop": 3},
    ...               "normal", 1.0, 1, steered=[steering])
    >>> mine.transition[0, :, 0, 1].round(3)  # china normal, ban
    array([0.181, 0.551])
    """
    on = _selected(driver, driver_states)
    where = f"correlation with '{driver.name}' in {', '.join(driver.states[i] for i in on)}"
    if not -1 < correlation < 1:
        remedy = "a common shock (or `force`) says that one always brings the other"
        raise DataError(Fault(where, f"is {correlation:g}", "it lies between -1 and 1", remedy))
    if len(set(on.tolist())) == len(driver.states):
        raise DataError(Fault(where, "these are all its states", "only what may or may not happen correlates"))
    share = np.zeros(len(driver.states))
    share[on] = [(shares or {}).get(driver.states[i], 1.0) for i in on]
    return Steering(
        driver.name,
        driver.states,
        tuple(_long_run(driver).tolist()),
        tuple(share.tolist()),
        ((1 + correlation) / (1 - correlation)) ** 2,
        tuple(sorted({states} if isinstance(states, str) else set(states))),
    )


def long_run(process: Process) -> Array:
    """Probabilities of the states in the long run, for a law that is the same in every period; drivers undisturbed.

    >>> long_run(markov("china", ["normal", "ban"], {}, {("normal", "ban"): 0.2, ("ban", "normal"): 0.6}, {}, "ban", 1.0, 2))
    array([0.75, 0.25])
    """
    return _long_run(process).copy()


@lru_cache(maxsize=1024)
def _long_run(process: Process) -> Array:
    """`long_run`, once for every process: it is asked again for each that correlates with it."""
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


# --- several chains together ---


def ordered(processes: Iterable[Process]) -> list[Process]:
    """The processes with every driver before what it drives, otherwise by name, whatever order they came in."""
    waiting = sorted(processes, key=lambda process: process.name)
    by_name = {process.name: process for process in waiting}
    faults = []
    if len(by_name) < len(waiting):
        names = [process.name for process in waiting]
        twice = sorted({name for name in names if names.count(name) > 1})
        faults.append(Fault("processes", f"{twice} given more than once", "each process has its own name"))
    for process in waiting:
        for driver, states in zip(process.drivers, process.driver_states, strict=True):
            where = f"process '{process.name}'"
            if driver not in by_name:
                remedy = nearest(driver, by_name)
                faults.append(Fault(where, f"is driven by '{driver}'", "drivers are among the processes", remedy))
            elif by_name[driver].states != states:
                seen = f"knows '{driver}' with states {list(states)}, not {list(by_name[driver].states)}"
                faults.append(Fault(where, seen, "a driver keeps its states and their order", "rebuild it"))
    if faults:
        raise DataError(faults)
    done: list[Process] = []
    while waiting:
        settled = {process.name for process in done}
        ready = next((process for process in waiting if settled.issuperset(process.drivers)), None)
        if ready is None:
            names_left = ", ".join(process.name for process in waiting)
            raise DataError(Fault("processes", f"{names_left} drive each other in a circle", "drivers come first"))
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


def expand(processes: Sequence[Process], period: int, previous: Codes) -> tuple[Codes, Codes, Array]:
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


def total(position: Codes, weight: Array, length: int = 0) -> Array:
    """The weights summed by position."""
    sums: NDArray[Any] = np.bincount(position, weights=weight, minlength=length)
    return sums


def _driven(process: Process, driver: Process) -> Array:
    """A writable copy of the laws with the driver's axis as the last of the driver axes, added where it is new."""
    if driver.name == process.name:
        raise DataError(Fault(f"process '{process.name}'", "drives itself", "a driver is another process"))
    if driver.n_periods < process.n_periods:
        seen = f"has a law for {process.n_periods} periods, its driver '{driver.name}' for {driver.n_periods}"
        raise DataError(Fault(f"process '{process.name}'", seen, "a driver's law reaches as far"))
    if driver.name in process.drivers:
        axis = process.drivers.index(driver.name)
        if process.driver_states[axis] != driver.states:
            seen = f"knows '{driver.name}' with states {list(process.driver_states[axis])}, not {list(driver.states)}"
            raise DataError(Fault(f"process '{process.name}'", seen, "a driver keeps its states and their order"))
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


def _selected(process: Process, states: str | Collection[str]) -> Codes:
    """The numbers of some states, in the order of their names."""
    names = [states] if isinstance(states, str) else sorted(set(states))
    return np.array([process.code(name) for name in names], dtype=np.int64)


def _reach(where: str, chances: Mapping[str, float]) -> float:
    """The chances of being forced, together."""
    reach = math.fsum(chances.values())
    if reach > 1 + TOLERANCE or any(not p >= 0 for p in chances.values()):
        parts = ", ".join(f"{state} {p:g}" for state, p in chances.items())
        raise DataError(Fault(where, f"with {parts}", "probabilities are >= 0 and sum to at most 1"))
    return reach


def _check_kind(where: str, kind: str) -> None:
    if kind not in ("regime", "episode"):
        rule = "a state is a regime (carried on) or an episode (within a period)"
        raise DataError(Fault(where, f"kind is '{kind}'", rule, nearest(kind, ["regime", "episode"])))


def _check_law(where: str, law: Mapping[str, float]) -> None:
    """Probabilities that sum to one; otherwise the sum and its parts."""
    parts = ", ".join(f"{name} {p:g}" for name, p in law.items())
    if not law or any(not p >= 0 for p in law.values()):
        raise DataError(Fault(where, f"probabilities are {parts or 'none'}", "probabilities are numbers >= 0"))
    whole = math.fsum(law.values())
    if abs(whole - 1) > TOLERANCE:
        remedy = "rescale them, or add the missing outcome (often 'no disruption')"
        raise DataError(Fault(where, f"probabilities sum to {whole:.10g}, not 1: {parts}", "they sum to 1", remedy))
