"""Which programme level is best, and how well that is known: a difference, its standard error, and what follows from them.

A tree that holds every future has no luck in it: the difference of two optima is exact, and its standard error 0. A drawn tree is
one of many; there the plan of each level is played on the same fresh paths (`fresh`), each under its own law, and the difference is
that of what the plans cost there. Its error is that of the fresh paths for these plans. That another tree would have found other
plans is no part of it; `seeds` shows that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from procure.errors import DataError, SolverError
from procure.languages import Said
from procure.lp.cores import cores
from procure.portfolio.fresh import MEASURES, WIDE, FixedPlan, Sample, Steps, played
from procure.portfolio.measure import AGREEMENT, Measured
from procure.portfolio.shadow import prices_of_means
from procure.scenarios.futures import holds_every_future
from procure.units import Array
from procure.words import Progress

CHOSEN, DEARER, TIE, CHEAPER = "chosen", "dearer", "tie", "cheaper out of sample"
#: Before the reason why there is no verdict.
NOT_COMPARED = "not compared"
UNASKED = "not asked for"
IN_DOUBT = Said(
    "fresh paths have the odds of the tables, which are in doubt",
    "検証用の経路は表の確率によるが、その確率は不確か",
)
#: Fresh paths by default, and the seed that draws them.
PATHS, SEED = 10_000, 1
_WEIGHED = MEASURES.index("weighed")


@dataclass(frozen=True)
class Verdict:
    """What is known of one level beside the chosen one; weighed cost in kUSD.

    Parameters
    ----------
    words : str
        `CHOSEN`, `DEARER`, `TIE` or `CHEAPER`; else why there is none.
    difference, error : float
        By how much it is dearer than the chosen level, and the standard error of that: 0 where it is exact, NaN where nobody
        knows. Then the difference is that of the trees.
    cost, cost_error : float
        Of its plan on fresh paths; where every future is counted, of the program.
    n_paths : int
        Fresh paths that this rests on.
    """

    words: str
    difference: float
    error: float
    cost: float = math.nan
    cost_error: float = math.nan
    n_paths: int = 0


def verdicts(
    levels: Sequence[Measured], chosen: Measured, paths: int = PATHS, progress: Progress | None = None
) -> list[Verdict]:
    """The verdict on every level, in their order; without `paths` there is none."""
    noise = AGREEMENT * max(chosen.gross, 1.0)  # costs are not known any better
    apart = [level.objective - chosen.objective for level in levels]
    if not paths:
        return [
            Verdict(CHOSEN, 0.0, 0.0) if level is chosen else _none(UNASKED, off)
            for level, off in zip(levels, apart, strict=True)
        ]
    if all(holds_every_future(level.market.model, level.market.programmes) for level in levels):
        return [
            Verdict(CHOSEN if level is chosen else TIE if off <= noise else DEARER, off, 0.0, level.objective, 0.0)
            for level, off in zip(levels, apart, strict=True)
        ]
    if chosen.doubt is not None:
        return [
            Verdict(CHOSEN, 0.0, 0.0) if level is chosen else _none(IN_DOUBT, off)
            for level, off in zip(levels, apart, strict=True)
        ]
    played = [*levels, *([] if any(level is chosen for level in levels) else [chosen])]
    steps = Steps(progress, len(played))
    n_hands = max(1, min(cores(), len(played)))
    # Most of it is NumPy, which lets go of the interpreter; threads of BLAS beside these would only wait for one another.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_hands) as pool:
        samples = list(pool.map(lambda level: _sample(level, paths, steps), played))
    against = next(sample for sample, level in zip(samples, played, strict=True) if level is chosen)
    return [
        _of_chosen(against) if level is chosen else _beside(sample, against, off, noise)
        for level, sample, off in zip(levels, samples, apart, strict=False)
    ]


def beside(other: Measured, chosen: Measured, paths: int = PATHS) -> tuple[Array, Array] | str:
    """By how much another plan is dearer than the chosen one in each of `MEASURES`, kUSD, and the standard errors; or why not.

    On the same fresh paths, where a tree is drawn; exact, by the plans on their trees, where it holds every future.
    """
    apart = np.array([getattr(other, name) - getattr(chosen, name) for name in ("expected", "cvar", "objective")])
    if not paths:
        return UNASKED
    if all(holds_every_future(plan.market.model, plan.market.programmes) for plan in (other, chosen)):
        return apart, np.zeros(len(apart))
    if chosen.doubt is not None:
        return IN_DOUBT
    with threadpool_limits(1, user_api="blas"):
        mine, theirs = (_sample(plan, paths, Steps(None, 2)) for plan in (other, chosen))
    if isinstance(mine, str):
        return mine
    return theirs if isinstance(theirs, str) else mine.beyond(theirs)


def _none(reason: str, apart: float) -> Verdict:
    return Verdict(f"{NOT_COMPARED}: {reason}", apart, math.nan)


def _sample(level: Measured, paths: int, steps: Steps) -> Sample | str:
    """The plan of a level on fresh paths, or why it cannot be played."""
    market = level.market
    plan = FixedPlan(market.model, market.programmes, level.plan, level.plan_cost, prices_of_means(level))
    try:
        return played(plan, paths, SEED, steps)
    except DataError as error:
        return error.faults[0].seen
    except SolverError as error:
        return error.message


def _of_chosen(sample: Sample | str) -> Verdict:
    return Verdict(CHOSEN, 0.0, 0.0) if isinstance(sample, str) else Verdict(CHOSEN, 0.0, 0.0, *_cost(sample))


def _beside(sample: Sample | str, chosen: Sample | str, apart: float, noise: float) -> Verdict:
    """The verdict on a level that is not the chosen one; without both samples only the trees say how far they are `apart`."""
    if isinstance(chosen, str):
        return _none(chosen, apart)
    if isinstance(sample, str):
        return _none(sample, apart)
    differences, errors = sample.beyond(chosen)
    difference, error = float(differences[_WEIGHED]), float(errors[_WEIGHED])
    words = TIE if abs(difference) <= max(WIDE * error, noise) else DEARER if difference > 0 else CHEAPER
    return Verdict(words, difference, error, *_cost(sample))


def _cost(sample: Sample) -> tuple[float, float, int]:
    """Of its plan, with its standard error, and the paths that it is known from."""
    costs, errors = sample.estimate(sample.influences)
    return float(costs[_WEIGHED]), float(errors[_WEIGHED]), len(sample.loss)
