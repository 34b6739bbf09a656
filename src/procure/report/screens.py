"""Which screen shows which answer."""

from __future__ import annotations

from collections.abc import Mapping
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

_SCREENS: Mapping[type, ModuleType] = {
    Frontier: frontier, Hedges: hedges, Information: information, Portfolio: text, Ranges: ranges, Reviews: reviews,
    Sensitivity: sensitivity, Stress: stress, Switches: switch,
}  # fmt: skip


def to_text(answer: Any) -> str:
    """An answer as plain text."""
    return str(_screens_of(answer).to_text(answer))


def screen(answer: Any) -> Any:
    """An answer as rich shows it in a terminal."""
    return _screens_of(answer).screen(answer)


def _screens_of(answer: Any) -> ModuleType:
    return _SCREENS.get(type(answer), outcome)
