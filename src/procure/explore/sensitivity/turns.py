"""The numbers within whose ranges another programme becomes the better one, and the value at which it does.

With δ_g(ν) what the plan of level g costs more than that of the level chosen now, at the value ν of one number, on the same fresh
paths (or what the programs say, where they count every future: `portfolio.verdict`), numbers are looked at in three steps, each of
them dearer and for fewer numbers than the one before:

  1  ν at both ends, at first order: δ_g + ΔV_g - ΔV_chosen (`numbers.FirstOrder`). An estimate; it only says who goes first.
  2  ν at the end that favours another: solved again, plans of both levels played. That is as exact as a verdict is.
  3  where δ_g passes zero between: by a straight line, solved and played there again, and by a straight line once more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from procure.errors import DataError, Infeasible
from procure.explore.sensitivity.numbers import AT_FIRST_ORDER, FirstOrder, Unknown
from procure.portfolio.fresh import WIDE
from procure.portfolio.verdict import CHEAPER, PATHS
from procure.solving.answer import Answer
from procure.solving.compiled import Compiled
from procure.units import KUSD_PER_MUSD
from procure.words import Progress

FLIPS, TIE, STAYS = "flips", "tie", "stays"
#: Chosen where no level keeps the limits.
NO_PORTFOLIO = "no portfolio"


@dataclass(frozen=True)
class Turn:
    """What comes of the choice at an end of a number; numbers in the unit of the model, money in million USD.

    Parameters
    ----------
    estimate : float
        δ of `programme` there at first order; NaN where only a solve can tell.
    end : float
        Which end.
    programme : str
        The level that comes nearest to the chosen one there, or is better.
    margin, error : float
        δ of that level there, below zero where it is cheaper, and its standard error.
    choice : str
        `FLIPS` where it is cheaper at 95 %, `TIE` where that is not sure, else `STAYS`.
    turns, low, high : float
        The value at which both cost the same, and its interval at 95 %; NaN where the choice does not flip.
    """

    estimate: float
    end: float
    programme: str
    margin: float
    error: float
    choice: str
    turns: float = math.nan
    low: float = math.nan
    high: float = math.nan


def turns(
    compiled: Compiled, candidates: Sequence[Unknown], most: int, paths: int = PATHS, progress: Progress | None = None
) -> tuple[Answer, str, list[tuple[Unknown, Turn]], int, int]:
    """The answer as the numbers stand and the level chosen; what comes of it at the nearer end of `most` numbers, those first where
    another is better; how many were asked, and cases solved.
    """
    base = compiled.solve()
    question = _Question(compiled, base, paths)
    asked = question.nearest(candidates, progress)[:most]
    found: list[tuple[Unknown, Turn]] = []
    for done, (unknown, end, estimate) in enumerate(asked):
        if progress is not None:
            progress(done, len(asked), unknown.path)
        turn = question.at(unknown, end, estimate)
        if turn is not None:
            found.append((unknown, turn))
    if progress is not None:
        progress(len(asked), len(asked), "")
    order = {FLIPS: 0, TIE: 1, STAYS: 2}
    found.sort(key=lambda pair: (order[pair[1].choice], pair[1].margin))
    return base, question.chosen, found, len(asked), question.n_cases


class _Question:
    """The level chosen as the numbers stand, and how far from it the others are at other values."""

    def __init__(self, compiled: Compiled, base: Answer, paths: int) -> None:
        self._compiled, self._base, self._paths = compiled, base, paths
        self.n_cases = 1
        verdicts = base.verdicts(paths)
        cheaper = [level for level, verdict in verdicts.items() if verdict.words == CHEAPER]
        self.chosen = min(cheaper, key=lambda level: verdicts[level].difference) if cheaper else base.level
        reference = verdicts[self.chosen].difference
        #: By how much each level is dearer as the numbers stand, million USD.
        self.apart = {level: (v.difference - reference) / KUSD_PER_MUSD for level, v in verdicts.items()}

    def nearest(self, candidates: Sequence[Unknown], progress: Progress | None) -> list[tuple[Unknown, float, float]]:
        """Each number with the end at which another level may be best and what it may cost more there; the least first."""
        first = {level: FirstOrder(self._base.measured_at(level)) for level in self.apart}
        found = []
        for done, unknown in enumerate(candidates):
            if progress is not None:
                progress(done, len(candidates), AT_FIRST_ORDER.format(path=unknown.path))
            ends = [(self._estimate(first, unknown.along.changes(end)), end) for end in unknown.ends()]
            # What first order cannot tell is looked at behind what it puts below zero, and before the rest.
            estimate, end = min(ends, key=lambda pair: 0.0 if math.isnan(pair[0]) else pair[0])
            found.append((unknown, end, estimate))
        return sorted(found, key=lambda one: 0.0 if math.isnan(one[2]) else one[2])

    def _estimate(self, first: Mapping[str, FirstOrder], changes: Mapping[str, float]) -> float:
        """What the nearest other level costs more than the chosen one, at first order; NaN where that does not tell."""
        moves = {level: order.moves(changes) for level, order in first.items()}
        others = [self.apart[g] + moves[g] - moves[self.chosen] for g in moves if g != self.chosen]
        return math.nan if any(map(math.isnan, others)) else min(others, default=math.inf)

    def at(self, unknown: Unknown, end: float, estimate: float) -> Turn | None:
        """What comes of the choice at an end, and where it turns; None where the other numbers do not allow the end."""
        try:
            level, margin, error = self._solved(unknown, end)
        except DataError:
            return None
        except Infeasible:
            return Turn(estimate, end, NO_PORTFOLIO, math.nan, math.nan, FLIPS)
        sure = WIDE * error
        choice = STAYS if margin > sure else FLIPS if margin < -sure or margin == -math.inf else TIE
        turn = Turn(estimate, end, level, margin, error, choice)
        if choice == FLIPS and math.isfinite(margin) and self.apart.get(level, 0.0) > 0:
            return self._between(unknown, end, turn)
        return turn

    def _between(self, unknown: Unknown, end: float, turn: Turn) -> Turn:
        """Where a level that is dearer now and cheaper at an end costs the same, with its interval."""
        near, far = (unknown.value, self.apart[turn.programme]), (end, turn.margin)
        value, error = _zero(near, far), turn.error
        try:
            _, middle, error = self._solved(unknown, value, turn.programme)
        except (DataError, Infeasible):
            middle = math.nan
        if math.isfinite(middle):
            near, far = ((value, middle), far) if middle > 0 else (near, (value, middle))
            value = _zero(near, far)
        half = WIDE * error * abs((far[0] - near[0]) / (far[1] - near[1]))
        low, high = (float(np.clip(v, unknown.along.low, unknown.along.high)) for v in (value - half, value + half))
        return replace(turn, turns=value, low=low, high=high)

    def _solved(self, unknown: Unknown, value: float, level: str | None = None) -> tuple[str, float, float]:
        """A level at a value of a number, that which is likely to be nearest or the one asked for: its δ and standard error."""
        self.n_cases += 1
        answer = self._compiled.solve(unknown.along.changes(value), explains=False)
        levels, base = answer.levels, self._base.levels
        if levels[self.chosen] == math.inf:
            return answer.level, -math.inf, 0.0
        # Trees lean to one side or the other, much the same at both values: that the fresh paths have said.
        lean = {g: self.apart[g] - (base[g] - base[self.chosen]) for g in self.apart}
        others = {
            g: lean[g] + levels[g] - levels[self.chosen] for g in lean if g != self.chosen and levels[g] < math.inf
        }
        if not others:
            return self.chosen, math.inf, 0.0
        level = min(others, key=lambda g: others[g]) if level is None else level
        verdict = answer.verdict(level, self.chosen, paths=self._paths)
        return level, verdict.difference / KUSD_PER_MUSD, verdict.error / KUSD_PER_MUSD


def _zero(near: tuple[float, float], far: tuple[float, float]) -> float:
    """Where a straight line through two points passes zero.

    >>> _zero((0.0, 3.0), (10.0, -1.0))
    7.5
    """
    (left, above), (right, below) = near, far
    return left + (right - left) * above / (above - below)
