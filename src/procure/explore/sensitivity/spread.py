"""How far each number moves the cost while all the others lie anywhere in their ranges, by SALib: Morris's effects, Sobol's shares.

Numbers lie evenly in their ranges, independently. With C the weighed cost of the best programme level, D numbers and Δ the step,

  morris   |C(θ + Δ e_i) - C(θ)| / Δ over trajectories that move one number at a time: its mean μ*_i, in million USD over the whole
           range; the standard deviation σ_i of the same with its sign, which is 0 where the cost is straight in θ_i whatever the
           others are; and the share of the steps in θ_i at which another programme is chosen.  r (D + 1) cases
  sobol    S_i = Var E[C | θ_i] / Var C, the share of the variance that knowing θ_i would take away, and
           T_i = 1 - Var E[C | θ_-i] / Var C, what is left while it alone is unknown: T_i - S_i it shares with others.
           n (D + 2) cases, n a power of 2

Morris is for many numbers, to find the few; Sobol for the few. A case without a portfolio takes its trajectory, or its n-th part,
with it.

Sources: Morris (1991), Technometrics 33(2), 161-174; Campolongo, Cariboni & Saltelli (2007), Environmental Modelling & Software
22(10), 1509-1518; Saltelli et al. (2010), Computer Physics Communications 181(2), 259-270; Iwanaga, Usher & Herman (2022), SALib.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame

from procure.errors import IS, NOT_INSTALLED, DataError, Fault
from procure.languages import Said
from procure.portfolio.fresh import ROUNDING, WIDE
from procure.units import Array, Mask

if TYPE_CHECKING:
    from collections.abc import Iterator

_BY_SALIB = Said("{method} is worked out by it", "{method} の計算に必要")
_ASK = Said("ask for {least}, or for fewer numbers", "{least} にするか、数値を減らす")
_TAKES = Said(
    "{method} over {n_numbers} numbers takes at least {least}",
    "{n_numbers} 個の数値の {method} には {least} 件以上が必要",
)
_IN_EVERY_CASE = Said(
    "at least {fewest} of {n_series} series have a portfolio in every case",
    "全 {n_series} 系列中、少なくとも {fewest} 系列で全件に調達計画がある",
)
_HAVE = Said("{whole} have", "該当は {whole} 系列")
DRAW_MORE = Said("draw more, or ask for fewer numbers", "件数を増やすか、数値を減らす")

MORRIS, SOBOL = METHODS = ("morris", "sobol")
#: Values that a number takes in trajectories, and the fewest of these, and of Sobol's parts, that say anything.
LEVELS, FEWEST = 4, {MORRIS: 4, SOBOL: 8}
OF_METHOD = {
    MORRIS: ("effect_musd", "standard_error_musd", "spread_musd", "changes_choice"),
    SOBOL: ("first_share", "first_error", "total_share", "total_error"),
}
REMEDY = "pip install 'procure[sensitivity]'"


def check(method: str, n_numbers: int, cases: int) -> None:
    """Refuse where SALib is missing, and cases that are too few."""
    try:
        import SALib  # noqa: F401
    except ImportError:
        raise DataError(
            Fault("method", NOT_INSTALLED.format(package="SALib"), _BY_SALIB.format(method=method), REMEDY)
        ) from None
    least = FEWEST[method] * width(method, n_numbers)
    if cases < least:
        remedy = _ASK.format(least=least)
        raise DataError(
            Fault(
                "cases", IS.format(value=cases), _TAKES.format(method=method, n_numbers=n_numbers, least=least), remedy
            )
        )


def width(method: str, n_numbers: int) -> int:
    """The cases of one trajectory, or of one part."""
    return n_numbers + (1 if method == MORRIS else 2)


def design(method: str, n_numbers: int, cases: int, seed: int) -> Array:
    """Places between the ends of all ranges, shape (n_cases, n_numbers), one trajectory or part after the other."""
    problem = _problem(n_numbers)
    count = cases // width(method, n_numbers)
    with _own_chance():
        if method == MORRIS:
            from SALib.sample import morris

            return np.asarray(morris.sample(problem, count, num_levels=LEVELS, seed=seed))
        from SALib.sample import sobol

        return np.asarray(sobol.sample(problem, 2 ** (count.bit_length() - 1), calc_second_order=False, seed=seed))


def told(method: str, places: Array, cost: Array, chosen: Sequence[str], seed: int) -> tuple[DataFrame, int, float]:
    """What SALib makes of the cases: the columns `OF_METHOD` of every number, the cases left out, and the spread of the cost.

    Parameters
    ----------
    places : array, shape (n_cases, n_numbers)
        As of `design`.
    cost : array, shape (n_cases,)
        Million USD; NaN where there is no portfolio.
    chosen : sequence of str
        The programme level of each case.
    """
    n_numbers = places.shape[1]
    size = width(method, n_numbers)
    whole: Mask = np.isfinite(cost.reshape(-1, size)).all(axis=1).reshape(-1)
    kept = np.repeat(whole, size)
    if whole.sum() < FEWEST[method]:
        rule = _IN_EVERY_CASE.format(fewest=FEWEST[method], n_series=len(whole))
        raise DataError(Fault("cases", _HAVE.format(whole=int(whole.sum())), rule, DRAW_MORE))
    problem, own = _problem(n_numbers), cost[kept]
    with _own_chance():
        if method == MORRIS:
            from SALib.analyze import morris

            found = morris.analyze(problem, places[kept], own, num_levels=LEVELS, seed=seed)
            rounding = ROUNDING * float(np.abs(own).max())
            effects = found["mu_star"], np.asarray(found["mu_star_conf"]) / WIDE, found["sigma"]
            columns = [np.where(np.abs(effect) <= rounding, 0.0, effect) for effect in effects]
            columns.append(_changes(places[kept], np.asarray(chosen)[kept], size))
        else:
            from SALib.analyze import sobol

            found = sobol.analyze(problem, own, calc_second_order=False, seed=seed)
            columns = [
                found["S1"],
                np.asarray(found["S1_conf"]) / WIDE,
                found["ST"],
                np.asarray(found["ST_conf"]) / WIDE,
            ]
    frame = DataFrame(
        dict(zip(OF_METHOD[method], (np.asarray(column, dtype=float) for column in columns), strict=True))
    )
    return frame, int((~kept).sum()), float(own.std())


def _problem(n_numbers: int) -> dict[str, Any]:
    return {"num_vars": n_numbers, "names": [str(k) for k in range(n_numbers)], "bounds": [[0.0, 1.0]] * n_numbers}


def _changes(places: Array, chosen: Any, size: int) -> Array:
    """The share of the steps of each number at which another programme is chosen."""
    steps, changes = np.zeros(places.shape[1]), np.zeros(places.shape[1])
    for start in range(0, len(places), size):
        for k in range(start, start + size - 1):
            number = int(np.abs(places[k + 1] - places[k]).argmax())
            steps[number] += 1
            changes[number] += chosen[k] != chosen[k + 1]
    return changes / steps


@contextmanager
def _own_chance() -> Iterator[None]:
    """SALib sets the seed of all of NumPy: afterwards it is as before."""
    before = np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
