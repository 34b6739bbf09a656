"""Which screen shows which answer."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from procure.explore.frontier import Frontier
from procure.explore.hedges import Hedges
from procure.explore.ranges import Ranges
from procure.explore.reviews import Reviews
from procure.explore.sensitivity import Sensitivity
from procure.explore.stress import Stress
from procure.explore.switch import Switches
from procure.portfolio.information import Information
from procure.portfolio.portfolio import Portfolio
from procure.report import frontier, hedges, information, outcome, ranges, reviews, sensitivity, stress, switch, text


def to_text(answer: Any) -> str:
    """An answer as plain text."""
    return str(_screens_of(answer).to_text(answer))


def screen(answer: Any) -> Any:
    """An answer as rich shows it in a terminal."""
    return _screens_of(answer).screen(answer)


def _screens_of(answer: Any) -> ModuleType:
    if isinstance(answer, Switches):
        return switch
    if isinstance(answer, Sensitivity):
        return sensitivity
    if isinstance(answer, Frontier):
        return frontier
    if isinstance(answer, Hedges):
        return hedges
    if isinstance(answer, Ranges):
        return ranges
    if isinstance(answer, Stress):
        return stress
    if isinstance(answer, Reviews):
        return reviews
    if isinstance(answer, Information):
        return information
    return text if isinstance(answer, Portfolio) else outcome
