"""When something that has not begun begins: a project that starts in one of several years, or never."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np

from procure.errors import DataError, Fault
from procure.languages import COMMA, Said
from procure.scenarios.coupling import Steering
from procure.scenarios.process import TOLERANCE, Process, by_name, canonical, check_law, expand, total
from procure.units import Array


def project(
    supplier: str,
    starts: Mapping[int | None, float],
    years: Sequence[int],
    steered: Sequence[Steering] = (),
    drivers: Iterable[Process] = (),
    keep: Collection[int] = (),
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
    keep
        Years that are states even where nothing starts in them.

    Waiting at the end of 2027 the start in 2028 is no longer 0.5 likely but 0.5 / 0.65:

    >>> caremag = project("caremag", {2027: 0.35, 2028: 0.5, None: 0.15}, [2027, 2028])
    >>> caremag.name, caremag.states
    ('caremag_project', ('waiting', '2027', '2028'))
    >>> caremag.transition[:, 0].round(3)
    array([[0.65 , 0.35 , 0.   ],
           [0.231, 0.   , 0.769]])

    A ban in half of the years, in which the hazard of the start is a fourth (ρ = 1/3): (w^m + w^(m/4)) / 2 = 0.65 for m = 1.75.

    >>> from procure.scenarios import correlate, markov
    >>> rates, months = {("normal", "ban"): np.log(2)}, {"ban": 12}
    >>> china = markov("china", ["normal", "ban"], {"ban": "episode"}, rates, months, "normal", 1.0, 1)
    >>> delay = correlate("waiting", china, "ban", 1 / 3)
    >>> project("caremag", {2027: 0.35, None: 0.65}, [2027], [delay], [china]).transition[0, :, 0, 0].round(3)
    array([0.471, 0.829])
    """
    where = Said("starts of project '{supplier}'", "事業 '{supplier}' の開始").format(supplier=supplier)
    check_law(where, {"never" if y is None else str(y): p for y, p in starts.items()})
    possible = sorted(y for y, p in starts.items() if y is not None and y <= years[-1] and (p > 0 or y in keep))
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
            # Nobody waits any more where all have begun; what such a state would do next is never seen.
            chance = wait.last(still / (still + starting) if still + starting > 0 else 1.0)
            transition[period, ..., 0, 0] = chance
            for code, probability in due:
                transition[period, ..., 0, code] = (1 - chance) * (probability / starting if starting else 0.0)
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
                seen = Said("'{driver}' steers {states}", "'{driver}' が {states} に及ぶ")
                rule = Said(
                    "what steers a project delays or hastens its start", "事業に及ぶ要因はその開始を遅らせるか早める"
                )
                remedy = Said(
                    "name the state 'waiting', with the other sign to hasten",
                    "状態は 'waiting' とし、早めるなら符号を逆にする",
                )
                raise DataError(
                    Fault(f"'{name}'", seen.format(driver=one.driver, states=COMMA.join(one.states)), rule, remedy)
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


def verdict(name: str, chances: Mapping[str, float], pending: str, period: int, n_periods: int) -> Process:
    """What is said of a project, in one period and for good: states `pending` and the outcomes.

    Parameters
    ----------
    chances : outcome -> probability
    period
        In which it is known; beyond the last one it stays pending.

    >>> verdict("mine_verdict", {"works": 0.6, "fails": 0.4}, "pending", 1, 2).transition[:, 0]
    array([[1. , 0. , 0. ],
           [0. , 0.6, 0.4]])
    """
    check_law(Said("outcomes of '{name}'", "'{name}' の結果").format(name=name), chances)
    states = (pending, *chances)
    transition = np.tile(np.eye(len(states)), (n_periods, 1, 1))
    if period < n_periods:
        law = np.array(list(chances.values()))
        transition[period, 0] = [0.0, *(law / math.fsum(law))]
    return Process(name, states, pending, transition)


def given(
    starts: Mapping[int | None, float], likelihood: Mapping[str, Mapping[int | None, float]]
) -> dict[str, tuple[float, dict[int | None, float]]]:
    """For each outcome of a verdict its probability, and the chances of the starts once it is known: Bayes' rule.

      P(o) = Σ_y P(y) P(o | y)          P(y | o) = P(y) P(o | y) / P(o)

    Parameters
    ----------
    starts : year -> probability
        Before anything is known.
    likelihood : outcome -> year -> probability
        Of the outcome, given the start.

    Half of the projects start; nine of ten of those are said to work, and one of five of the others:

    >>> told = given({2030: 0.5, None: 0.5}, {"works": {2030: 0.9, None: 0.2}, "fails": {2030: 0.1, None: 0.8}})
    >>> told["works"][0], round(told["works"][1][2030], 4), round(told["fails"][1][2030], 4)  # 0.45 / 0.55, 0.05 / 0.45
    (0.55, 0.8182, 0.1111)
    """
    told: dict[str, tuple[float, dict[int | None, float]]] = {}
    for outcome, of_start in likelihood.items():
        both = {start: chance * of_start.get(start, 0.0) for start, chance in starts.items()}
        whole = math.fsum(both.values())
        told[outcome] = whole, {start: chance / whole for start, chance in both.items()} if whole > 0 else dict(starts)
    return told
