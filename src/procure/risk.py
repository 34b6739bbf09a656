"""Risk measures: what a law of losses is worth to somebody careful; pure functions, larger losses are worse.

Each is the mean loss under the worst law of a set around the given one,

    ρ(L) = max { Σ_s q_s L_s :  q in a ball around π },      worst_law(name, ...) returns that q,

and is coherent: adding a sure loss adds it, scaling scales it, a larger loss is never better, pooling never
hurts.

The ball                                                            may use an outcome with π_s = 0
  expectation        q = π                                          -
  worst_case         any law on the outcomes with π_s > 0           no
  cvar               q_s <= π_s / (1 - alpha)                       no
  total_variation    Σ_s |q_s - π_s| / 2 <= radius                  yes: the outcomes given are the support
  wasserstein        cost of moving π into q <= radius              yes, likewise
  kullback_leibler   Σ_s q_s log(q_s / π_s) <= radius               no
  chi_square         Σ_s (q_s - π_s)² / π_s <= radius               no
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from procure.errors import DataError, Fault, nearest
from procure.units import Array

SUM_TOLERANCE = 1e-8
"""How far probabilities may be from summing to one; rounding below it is rescaled away."""


def expectation(loss: ArrayLike, probability: ArrayLike) -> float:
    """Mean loss.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]

    >>> expectation([0, 10], [0.75, 0.25])
    2.5
    """
    return _mean_under_worst_law("expectation", loss, probability)


def worst_case(loss: ArrayLike, probability: ArrayLike) -> float:
    """Largest loss among the outcomes that have a probability above zero.

    >>> worst_case([0, 30, 70], [0.5, 0.5, 0.0])
    30.0
    """
    return _mean_under_worst_law("worst_case", loss, probability)


def cvar(loss: ArrayLike, probability: ArrayLike, alpha: float = 0.95) -> float:
    """Mean of the worst ``1 - alpha`` share of outcomes (CVaR, expected shortfall); an atom at the edge is split.

    Parameters
    ----------
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]
    alpha : float in [0, 1)
        Confidence level: ``0.95`` averages the worst 5 %, ``0`` is the plain mean. [α]

    Returns
    -------
    float
        min_η  η + Σ_s π_s max(L_s - η, 0) / (1 - α), in the unit of `loss`.
        Rockafellar & Uryasev (2000), Journal of Risk 2(3), 21-41, Theorem 1.

    >>> cvar([0, 0, 30, 70], [0.5, 0.3, 0.1, 0.1], alpha=0.8)
    50.0
    """
    return _mean_under_worst_law("cvar", loss, probability, alpha)


def total_variation(loss: ArrayLike, probability: ArrayLike, radius: float = 0.1) -> float:
    """Worst mean when at most a share `radius` of the probability may move, to any of the outcomes given.

    `radius` is half of Σ_s |q_s - π_s|: 0 is the mean, 1 the largest loss listed.

    >>> total_variation([0, 30, 70], [0.5, 0.4, 0.1], radius=0.1)
    26.0
    """
    return _mean_under_worst_law("total_variation", loss, probability, radius)


def wasserstein(loss: ArrayLike, probability: ArrayLike, distance: ArrayLike, radius: float = 0.1) -> float:
    """Worst mean when probability may be moved between the outcomes given, at a cost of at most `radius`.

    Parameters
    ----------
    distance : array, shape (n_scenarios, n_scenarios)
        What moving probability one from outcome i (row) to outcome j (column) costs: zero on the diagonal,
        never negative, ``inf`` where it is forbidden. It need not be symmetric. [d_ij]
    radius : float
        The most that Σ_ij (mass moved from i to j) d_ij may be, in the unit of `distance`. [r]

    Returns
    -------
    float
        min_{λ >= 0}  λ r + Σ_i π_i max_j (L_j - λ d_ij), exactly. Mohajerin Esfahani & Kuhn (2018),
        Mathematical Programming 171, 115-166, give the duality; here the laws live on the outcomes given.

    >>> wasserstein([0, 10], [0.75, 0.25], [[0, 2], [2, 0]], radius=0.5)
    5.0
    """
    return _mean_under_worst_law("wasserstein", loss, probability, distance, radius)


def kullback_leibler(loss: ArrayLike, probability: ArrayLike, radius: float = 0.05) -> float:
    """Worst mean over the laws with relative entropy Σ_s q_s log(q_s / π_s) <= `radius` (natural logarithm).

    Equals min_{λ > 0} λ radius + λ log Σ_s π_s exp(L_s / λ). Hu & Hong (2013), Kullback-Leibler divergence
    constrained distributionally robust optimization.

    >>> round(kullback_leibler([0, 10], [0.5, 0.5], radius=0.05), 3)
    6.568
    """
    return _mean_under_worst_law("kullback_leibler", loss, probability, radius)


def chi_square(loss: ArrayLike, probability: ArrayLike, radius: float = 0.02) -> float:
    """Worst mean over the laws with Σ_s (q_s - π_s)² / π_s <= `radius`.

    While no outcome is pushed to zero this is mean + sqrt(radius) × standard deviation.

    >>> round(chi_square([0, 10], [0.5, 0.5], radius=0.04), 9)
    6.0
    """
    return _mean_under_worst_law("chi_square", loss, probability, radius)


def worst_law(name: str, loss: ArrayLike, probability: ArrayLike, *arguments: Any, **named: Any) -> Array:
    """The law at which a measure attains its value, shape (n_scenarios,).

    `name` is a measure of this module; what follows `probability` is what that measure takes.

    >>> worst_law("total_variation", [0, 30, 70], [0.5, 0.4, 0.1], radius=0.1).round(3).tolist()
    [0.4, 0.4, 0.2]
    """
    if name not in _LAWS:
        rule = "it is the name of a measure"
        raise DataError(Fault("risk measure", repr(name), rule, nearest(str(name), _LAWS)))
    checked_loss, checked_probability = _check_law(loss, probability)
    return _LAWS[name](checked_loss, checked_probability, *arguments, **named)


def _mean_under_worst_law(name: str, loss: ArrayLike, probability: ArrayLike, *arguments: Any) -> float:
    checked_loss, checked_probability = _check_law(loss, probability)
    law = _LAWS[name](checked_loss, checked_probability, *arguments)
    # Rounding must not take a mean above the largest of its terms.
    return min(float(law @ checked_loss), float(checked_loss.max()))


# --- the worst laws -----------------------------------------------------------------------------------------


def _expectation_law(loss: Array, probability: Array) -> Array:
    return probability


def _worst_case_law(loss: Array, probability: Array) -> Array:
    return _all_on(np.argmax(np.where(probability > 0, loss, -np.inf)), len(loss))


def _cvar_law(loss: Array, probability: Array, alpha: float = 0.95) -> Array:
    rule = "a confidence level is in [0, 1): 0.95 averages the worst 5 %"
    alpha = _check_number(alpha, "alpha", rule, below=1.0)
    order = np.argsort(-loss, kind="stable")
    tail = _take(probability[order], 1.0 - alpha)
    law = np.empty_like(tail)
    law[order] = tail / tail.sum()
    return law


def _total_variation_law(loss: Array, probability: Array, radius: float = 0.1) -> Array:
    radius = _check_radius(radius)
    order = np.argsort(loss, kind="stable")
    law = np.empty_like(probability)
    moved = _take(probability[order], radius)
    law[order] = probability[order] - moved
    law[np.argmax(loss)] += moved.sum()
    return law


def _wasserstein_law(loss: Array, probability: Array, distance: ArrayLike, radius: float = 0.1) -> Array:
    """Spend the budget where it buys most loss per unit of cost.

    With b_i the cost spent per unit of probability i, the best loss g_i(b_i) is the upper concave hull of the
    points (d_ij, L_j); so  max Σ_i π_i g_i(b_i)  s.t.  Σ_i π_i b_i <= r  takes hull edges in the order of slope.
    """
    radius = _check_radius(radius)
    d = _check_distance(distance, len(loss))
    law, edges = np.zeros_like(probability), []
    for i in np.flatnonzero(probability):
        hull = _upper_hull(d[i], loss)
        law[hull[0]] += probability[i]
        edges += [(i, j, k) for j, k in itertools.pairwise(hull)]
    if not edges:
        return law
    origin, near, far = np.array(edges).T
    price = d[origin, far] - d[origin, near]
    order = np.argsort(-(loss[far] - loss[near]) / price, kind="stable")
    price, mass = price[order], probability[origin[order]]
    moved = np.minimum(_take(price * mass, radius) / price, mass)
    np.subtract.at(law, near[order], moved)
    np.add.at(law, far[order], moved)
    return np.maximum(law, 0.0)


def _upper_hull(distance: Array, loss: Array) -> list[int]:
    """Indices of the points (distance, loss) on the rising part of their upper concave hull, nearest first."""
    order = np.lexsort((-loss, distance))
    order = order[np.isfinite(distance[order])]
    # Only a point that costs more and loses more than every nearer one can be on the hull.
    record = np.r_[True, loss[order[1:]] > np.maximum.accumulate(loss[order])[:-1]]
    hull: list[int] = []
    for k in order[record]:
        while len(hull) > 1:
            i, j = hull[-2], hull[-1]
            slope, next_slope = (loss[[j, k]] - loss[[i, j]]) / (distance[[j, k]] - distance[[i, j]])
            if slope > next_slope:
                break
            hull.pop()
        hull.append(int(k))
    return hull


def _kullback_leibler_law(loss: Array, probability: Array, radius: float = 0.05) -> Array:
    """The law is π_s exp(t L_s) rescaled, with the tilt t at which its relative entropy is the radius."""
    radius = _check_radius(radius)
    support = probability > 0
    top, low = loss[support].max(), loss[support].min()
    # The tilt is worst at the outcomes of largest loss; a ball that contains them alone needs no search.
    certain = np.where(support & (loss == top), probability, 0.0)
    if radius >= -np.log(certain.sum()):
        return np.asarray(certain / certain.sum())
    if radius == 0 or top == low:
        return probability
    p, drop = probability[support], (loss[support] - top) / (top - low)  # in [-1, 0]: exp() cannot overflow

    def log_ratio(tilt: float) -> Array:
        return np.asarray(tilt * drop - np.log(p @ np.exp(tilt * drop)))

    def entropy_above_radius(tilt: float) -> float:
        u = log_ratio(tilt)
        # Σ q log(q/π) as a sum of terms that are never negative: small radii keep their digits.
        return float(p @ (np.exp(u) * u - np.expm1(u))) - radius

    high = 1.0
    while entropy_above_radius(high) < 0 and high < 1e300:
        high *= 2.0
    tilt = brentq(entropy_above_radius, 0.0, high, xtol=1e-300, rtol=1e-14, maxiter=2000)
    law = np.zeros_like(probability)
    law[support] = p * np.exp(log_ratio(tilt))
    return np.asarray(law / law.sum())


def _chi_square_law(loss: Array, probability: Array, radius: float = 0.02) -> Array:
    """The law is π_s max(L_s - ν, 0) rescaled; between two losses the level ν has a closed form."""
    radius = _check_radius(radius)
    if radius == 0:
        return probability
    levels = np.unique(loss[probability > 0])
    top = probability[(loss == levels[-1])].sum()
    if radius >= 1.0 / top - 1.0:
        return np.asarray(np.where(loss == levels[-1], probability, 0.0) / top)

    def spread(level: float) -> float:
        excess = np.maximum(loss - level, 0.0) / (levels[-1] - level)
        return float((probability @ excess**2) / (probability @ excess) ** 2) - 1.0

    # The spread grows with the level: find the losses that are pushed to zero by halving.
    n_zero, too_many = 0, len(levels) - 1
    while n_zero < too_many:
        middle = (n_zero + too_many) // 2
        if spread(levels[middle]) <= radius:
            n_zero = middle + 1
        else:
            too_many = middle
    kept = np.where(loss >= levels[n_zero], probability, 0.0)
    share = kept.sum()
    deviation = (loss - kept @ loss / share) / (levels[-1] - levels[n_zero])
    scale = np.sqrt(max(radius + 1.0 - 1.0 / share, 0.0) / (kept @ deviation**2))
    law = np.maximum(kept * (1.0 / share + scale * deviation), 0.0)
    return np.asarray(law / law.sum())


_LAWS: dict[str, Callable[..., Array]] = {
    "expectation": _expectation_law,
    "worst_case": _worst_case_law,
    "cvar": _cvar_law,
    "total_variation": _total_variation_law,
    "wasserstein": _wasserstein_law,
    "kullback_leibler": _kullback_leibler_law,
    "chi_square": _chi_square_law,
}


def _take(available: Array, amount: float) -> Array:
    """Take `amount` from the first, then the second, ... until nothing is left to take."""
    before = np.concatenate([[0.0], np.cumsum(available)[:-1]]) if len(available) else available
    return np.clip(amount - before, 0.0, available)


def _all_on(outcome: np.intp, n: int) -> Array:
    law = np.zeros(n)
    law[outcome] = 1.0
    return law


# --- checks -------------------------------------------------------------------------------------------------


def probability_faults(probability: Array, where: str = "probability") -> list[Fault]:
    """What is wrong with an array of probabilities; nothing when it is a law."""
    if not np.isfinite(probability).all():
        at = int(np.flatnonzero(~np.isfinite(probability))[0])
        return [Fault(f"{where}[{at}]", f"{probability[at]}", "probabilities are numbers", "fill it in")]
    faults = []
    if (probability < 0).any():
        at = int(np.argmin(probability))
        seen = f"{probability[at]:g}"
        faults.append(Fault(f"{where}[{at}]", seen, "probabilities are >= 0", "check the sign"))
    total = float(probability.sum())
    if abs(total - 1.0) > SUM_TOLERANCE:
        remedy = "rescale them, or add the missing outcome (often 'no disruption')"
        faults.append(Fault(where, f"sums to {total:.10g}", "probabilities sum to 1", remedy))
    return faults


def _check_law(loss: ArrayLike, probability: ArrayLike) -> tuple[Array, Array]:
    faults: list[Fault] = []
    arrays: list[Array] = []
    for where, values in (("loss", loss), ("probability", probability)):
        try:
            array = np.asarray(values, dtype=float)
        except (TypeError, ValueError):
            faults.append(Fault(where, repr(values)[:60], "it is an array of numbers"))
            continue
        if array.ndim != 1 or not len(array):
            rule = "it is a list with one number per outcome, at least one"
            faults.append(Fault(where, f"shape {array.shape}", rule))
            continue
        arrays.append(array)
    if faults:
        raise DataError(faults)
    losses, law = arrays
    if len(losses) != len(law):
        seen = f"{len(losses)} losses and {len(law)} probabilities"
        faults.append(Fault("probability", seen, "each loss has its probability"))
    if not np.isfinite(losses).all():
        at = int(np.flatnonzero(~np.isfinite(losses))[0])
        faults.append(Fault(f"loss[{at}]", f"{losses[at]}", "losses are finite numbers"))
    faults += probability_faults(law)
    if faults:
        raise DataError(faults)
    return losses, law / law.sum()


def _check_distance(distance: ArrayLike, n: int) -> Array:
    try:
        d = np.asarray(distance, dtype=float)
    except (TypeError, ValueError):
        raise DataError(Fault("distance", repr(distance)[:60], "it is a square array of numbers")) from None
    if d.shape != (n, n):
        rule = f"it has a row and a column per outcome, shape ({n}, {n})"
        raise DataError(Fault("distance", f"shape {d.shape}", rule))
    if not (d >= 0).all():
        i, j = np.argwhere(~(d >= 0))[0]
        raise DataError(Fault(f"distance[{i}, {j}]", f"{d[i, j]}", "distances are >= 0"))
    if np.diag(d).any():
        i = int(np.flatnonzero(np.diag(d))[0])
        raise DataError(Fault(f"distance[{i}, {i}]", f"{d[i, i]}", "an outcome is at distance 0 from itself"))
    return d


def _check_radius(radius: float) -> float:
    return _check_number(radius, "radius", "a radius is a number >= 0")


def _check_number(value: float, where: str, rule: str, below: float = np.inf) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise DataError(Fault(where, repr(value), rule)) from None
    if not (0.0 <= number < below or number == below == np.inf):
        raise DataError(Fault(where, f"{number:g}", rule))
    return number
