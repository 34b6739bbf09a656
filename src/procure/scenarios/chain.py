"""How one thing fails: a Markov chain over its states, from rates per year, or from the chances of a year, a quarter, a month.

A *regime* lasts: it is carried from period to period by the exponential of a generator. An *episode* is shorter than
a period: it happens within one, or not, and is over when the next begins. The first state is the undisturbed one.

    P(regime in t | regime in t-1) = exp(Q Δ)            Q  generator, rates per year      Δ  period, years
    P(episode in t | regime normal) = 1 - exp(-r Δ)      r  rate of the episode per year
    share of the period lost        = depth · min(1, d / Δ)       d  mean duration

`coupling` says what steers a chain.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product

import numpy as np

from procure.errors import DataError, Fault, nearest
from procure.languages import AND, Said
from procure.scenarios.coupling import Steering, multiplied
from procure.scenarios.process import NO_STATE, PROCESS, TOLERANCE, Process, by_name, check_law
from procure.units import Array

Rates = Mapping[tuple[str, str], float]

# What is wrong with rates, chances and states. An episode is 一時状態, a regime 持続状態.
_RATE, _KNOWN = (
    Said("rate {source} → {target}", "年率 {source} → {target}"),
    Said("rates join known states", "年率は既知の状態を結ぶ"),
)
_BACK, _LEADS_ON, _LEAVE_OUT = (
    Said("leads back to itself", "自身に戻る"),
    Said("a rate leads to another state", "年率は別の状態に至る"),
    Said("leave it out", "省く"),
)
_IS, _FINITE, _SIGN = (
    Said("is {rate:g} per year", "{rate:g} 回/年"),
    Said("rates are finite and >= 0", "年率は有限で 0 以上"),
    Said("check the sign", "符号を確かめる"),
)
_SURE, _MAY_NOT, _BELOW_ONE = (
    Said("a chance of 1", "確率が 1"),
    Said("an episode may also not strike", "一時状態（episode）は起きないこともある"),
    Said(
        "give a chance below 1, or a rate; what always happens is a regime",
        "1 未満の確率か年率を書く。必ず起きるものは持続状態（regime）",
    ),
)
_OUT_OF, _SUM, _AT_MOST_ONE, _RESCALE = (
    Said("{name}, out of '{state}'", "{name}、'{state}' から"),
    Said("chances sum to {total:.10g}", "確率の合計は {total:.10g}"),
    Said("they sum to at most 1", "合計は 1 以下"),
    Said("rescale them", "比例して直す"),
)
_NOT_ITS_OWN, _OF_STATES = (
    Said("is not one of its states", "その状態ではない"),
    Said("kinds and durations belong to states", "種類と期間は状態のもの"),
)
_IS_EPISODE, _UNDISTURBED = (
    Said("is an episode", "一時状態（episode）になっている"),
    Said("the first state is the undisturbed regime", "最初の状態は平時の持続状態（regime）"),
)
_NO_END, _LASTS, _ENDS, _MONTHS = (
    Said("has no rate out of it and no mean duration", "出る年率も平均期間もない"),
    Said("lasts {months:g} months", "期間は {months:g} か月"),
    Said("every disturbance ends", "途絶には終わりがある"),
    Said("give months > 0, or inf if it never ends", "0 を超える月数を書く。終わらないなら inf"),
)
_OTHERS, _WITHIN, _REGIME = (
    Said("has rates from or to {others}", "{others} との間に年率がある"),
    Said(
        "an episode comes from '{state}' and ends there within its period",
        "一時状態（episode）は '{state}' から起き、その期のうちにそこへ戻る",
    ),
    Said("make it a regime, or drop these rates", "持続状態（regime）にするか、その年率を削る"),
)
_NEGATIVE, _NOT_BELOW, _DETERRENT = (
    Said("{before:g} {extra:+g} per year is {rate:g}", "{before:g} {extra:+g} = {rate:g} 回/年"),
    Said("rates are >= 0", "年率は 0 以上"),
    Said("a deterrent cannot take away more than the rate there is", "抑止で減らせるのは今の年率まで"),
)
_CHANGED, _ONLY_CHANCES = (
    Said("{field} {before} before, {after} after", "{field} は前が {before}、後が {after}"),
    Said("only the probabilities may switch", "切り替わるのは確率だけ"),
)
_LEVELS = Said("levels of '{name}'", "'{name}' の水準")
_KIND, _KINDS = (
    Said("kind is '{kind}'", "種類は '{kind}'"),
    Said(
        "a state is a regime (carried on) or an episode (within a period)",
        "状態は持続する regime か、期のうちに終わる episode",
    ),
)


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
        if source in number and target in number and source != target and 0 <= rate < math.inf:
            matrix[number[source], number[target]] = rate
        else:
            faults += _faults_of_rate(source, target, rate, number)
    if faults:
        raise DataError(faults)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix


def _faults_of_rate(source: str, target: str, rate: float, states: Collection[str]) -> list[Fault]:
    """What is wrong with a rate from a state to another."""
    where = _RATE.format(source=source, target=target)
    unknown = [state for state in (source, target) if state not in states]
    faults = [Fault(where, NO_STATE.format(state=state), _KNOWN, nearest(state, states)) for state in unknown]
    if source == target:
        faults.append(Fault(where, _BACK, _LEADS_ON, _LEAVE_OUT))
    elif not (0 <= rate < math.inf):
        faults.append(Fault(where, _IS.format(rate=rate), _FINITE, _SIGN))
    return faults


def rates_of_chances(
    name: str, states: Sequence[str], kinds: Mapping[str, str], chances: Rates, years: float
) -> dict[tuple[str, str], float] | None:
    """Rates per year under which the states `years` later have these chances; None where no rates give them.

    Of regimes the generator is the logarithm of the matrix of chances P, which may have negative rates: a chain that comes back
    more often than not within a period has no continuous law. An episode strikes, or not: -ln(1 - p) / years.

        Q = log(P) / years

    Kingman (1962), The imbedding problem for finite Markov chains, Zeitschrift für Wahrscheinlichkeitstheorie 1, 14-24.

    Parameters
    ----------
    chances : (from, to) -> probability
        What is missing in a row is the chance to stay.

    >>> rates = rates_of_chances("mine", ["open", "shut"], {}, {("open", "shut"): 0.1, ("shut", "open"): 0.6}, 1.0)
    >>> {pair: round(rate, 4) for pair, rate in rates.items()}
    {('open', 'shut'): 0.172, ('shut', 'open'): 1.032}
    >>> rates_of_chances("mine", ["open", "shut"], {}, {("open", "shut"): 0.5, ("shut", "open"): 0.6}, 1.0) is None
    True
    """
    of_episodes = {pair: p for pair, p in chances.items() if "episode" in (kinds.get(state) for state in pair)}
    regimes = [state for state in states if kinds.get(state) != "episode"]
    law = law_of_chances(name, regimes, {pair: p for pair, p in chances.items() if pair not in of_episodes})
    for (source, target), p in of_episodes.items():
        if p == 1:
            raise DataError(Fault(f"{name}, {source} → {target}", _SURE, _MAY_NOT, _BELOW_ONE))
    found = {pair: -math.log1p(-p) / years for pair, p in of_episodes.items()}
    values = np.linalg.eigvals(law)
    if ((np.abs(values.imag) < TOLERANCE) & (values.real < TOLERANCE)).any():  # no real logarithm
        return None
    from scipy.linalg import logm

    Q = np.real(logm(law)) / years
    np.fill_diagonal(Q, 0.0)
    if (Q < -TOLERANCE).any():
        return None
    for (i, source), (j, target) in product(enumerate(regimes), repeat=2):
        if (source, target) in chances or Q[i, j] > TOLERANCE:
            found[source, target] = max(float(Q[i, j]), 0.0)
    return {pair: rate for pair, rate in found.items() if pair[0] != pair[1]}


def law_of_chances(name: str, states: Sequence[str], chances: Rates) -> Array:
    """The matrix of chances, what is missing in a row being the chance to stay; `DataError` where a row sums to more than one.

    >>> law_of_chances("mine", ["open", "shut"], {("open", "shut"): 0.1, ("shut", "open"): 0.6})
    array([[0.9, 0.1],
           [0.6, 0.4]])
    """
    law = np.array([[chances.get((a, b), 0.0) if a != b else 0.0 for b in states] for a in states])
    faults = [
        Fault(_OUT_OF.format(name=name, state=state), _SUM.format(total=whole), _AT_MOST_ONE, _RESCALE)
        for state, whole in zip(states, law.sum(axis=1), strict=True)
        if whole > 1 + TOLERANCE
    ]
    if faults:
        raise DataError(faults)
    np.fill_diagonal(law, np.maximum(1 - law.sum(axis=1), 0.0))
    return law


def fixed(name: str, states: Sequence[str], law: Array, start: str, n_periods: int) -> Process:
    """A chain of which the chances from one period to the next are known, and no more.

    >>> fixed("coin", ["heads", "tails"], np.full((2, 2), 0.5), "heads", 3).n_periods
    3
    """
    return Process(name, tuple(states), start, np.tile(law, (n_periods, 1, 1)))


def certain(process: Process, state: str) -> Process:
    """The same process, known to be in a state in the first period.

    >>> certain(shock("region", 0.02, 6, 1.0, 2), "on").transition[0, 0]
    array([0., 1.])
    """
    transition = process.transition.copy()
    transition[0] = 0.0
    transition[0, ..., process.code(state)] = 1.0
    return replace(process, transition=transition)


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
        Fault(f"{name}.{state}", _NOT_ITS_OWN, _OF_STATES, nearest(state, states))
        for state in sorted({*kinds, *durations} - set(states))
    ]
    episodes = []
    for code, state in enumerate(states):
        where = f"{name}.{state}"
        leaving = float(-matrix[code, code])
        duration = durations.get(state, 12 / leaving if leaving else math.nan)
        if code == 0:
            if kinds.get(state, "regime") != "regime":
                faults.append(Fault(where, _IS_EPISODE, _UNDISTURBED))
        elif not duration > 0:
            seen = _NO_END if math.isnan(duration) else _LASTS.format(months=duration)
            faults.append(Fault(where, seen, _ENDS, _MONTHS))
        elif kinds.get(state, "regime") == "episode" and duration <= 12 * period_years * (1 + TOLERANCE):
            episodes.append(code)
            entered = [states[i] for i in np.flatnonzero(matrix[:, code] > 0) if i != 0]
            left = [states[i] for i in np.flatnonzero(matrix[code] > 0) if i != 0]
            if entered or left:
                others = AND.join(f"'{other}'" for other in dict.fromkeys([*entered, *left]))
                rule = _WITHIN.format(state=undisturbed)
                faults.append(Fault(where, _OTHERS.format(others=others), rule, _REGIME))
        elif not leaving and duration < math.inf:
            matrix[code, 0], matrix[code, code] = 12 / duration, -12 / duration
    if faults:
        raise DataError(faults)

    drivers, factors = multiplied(name, states, steered)
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


def shock(name: str, rate: float, duration: float, period_years: float, n_periods: int) -> Process:
    """A common shock, "calm" or "on": so many times a year, lasting so many months; `force` lets it hit suppliers.

    >>> shock("region", 0.02, 6, 1.0, 1).transition[0, 0].round(4)
    array([0.9802, 0.0198])
    """
    rates = {("calm", "on"): rate}
    return markov(name, ("calm", "on"), {"on": "episode"}, rates, {"on": duration}, "calm", period_years, n_periods)


def levels(name: str, levels: Mapping[str, float], persistent: bool, n_periods: int) -> Process:
    """Levels with probabilities, for uncertain demand: drawn anew every period, or once and kept (`persistent`).

    The first level counts as the undisturbed one.

    >>> levels("demand", {"base": 0.5, "high": 0.3, "low": 0.2}, persistent=True, n_periods=2).transition[:, 1]
    array([[0.5, 0.3, 0.2],
           [0. , 1. , 0. ]])
    """
    check_law(_LEVELS.format(name=name), levels)
    law = np.array(list(levels.values()), dtype=float)
    transition = np.tile(np.tile(law / math.fsum(law), (len(law), 1)), (n_periods, 1, 1))
    if persistent:
        transition[1:] = np.eye(len(law))
    return Process(name, tuple(levels), next(iter(levels)), transition)


# --- decisions that change the rates ---


def raise_rate(rates: Rates, sources: Iterable[str], target: str, extra: float) -> dict[tuple[str, str], float]:
    """Rates with `extra` per year more from each source to the target: retaliation, or deterrence where negative.

    >>> raise_rate({("normal", "ban"): 0.05}, ["normal", "friction"], "ban", 0.05)
    {('normal', 'ban'): 0.1, ('friction', 'ban'): 0.05}
    """
    raised = dict(rates)
    for source in sources:
        rate = raised.get((source, target), 0.0) + extra
        if rate < 0:
            where = _RATE.format(source=source, target=target)
            seen = _NEGATIVE.format(before=raised.get((source, target), 0.0), extra=extra, rate=rate)
            raise DataError(Fault(where, seen, _NOT_BELOW, _DETERRENT))
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
            seen = _CHANGED.format(field=field, before=getattr(before, field), after=getattr(after, field))
            raise DataError(Fault(PROCESS.format(name=before.name), seen, _ONLY_CHANCES))
    return replace(before, transition=np.concatenate([before.transition[:period], after.transition[period:]]))


def _check_kind(where: str, kind: str) -> None:
    if kind not in ("regime", "episode"):
        raise DataError(Fault(where, _KIND.format(kind=kind), _KINDS, nearest(kind, ["regime", "episode"])))
