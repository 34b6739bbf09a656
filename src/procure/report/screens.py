"""Which screen shows which answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from procure.explore.ambiguity import Ambiguity
from procure.explore.corridor import Corridor
from procure.explore.first_supplier import FirstSuppliers
from procure.explore.frontier import Frontier
from procure.explore.hedges import Hedges
from procure.explore.ranges import Ranges
from procure.explore.regret import Regret
from procure.explore.reviews import Reviews
from procure.explore.sensitivity import Sensitivity
from procure.explore.side_by_side import SideBySide
from procure.explore.stress import Stress
from procure.explore.switch import Switches
from procure.explore.switch_map import SwitchMap
from procure.explore.why import Why
from procure.languages import Language
from procure.portfolio.evaluate import Comparison, Evaluation
from procure.portfolio.information import Information
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.verify import Verification
from procure.report import (
    ambiguity,
    corridor,
    first_supplier,
    frontier,
    hedges,
    information,
    notebook,
    outcome,
    ranges,
    regret,
    reviews,
    sensitivity,
    side_by_side,
    stress,
    switch,
    switch_map,
    text,
    verify,
    why,
)
from procure.report.page import Page, Shown

#: The screen of every kind of answer.
PAGES: Mapping[type, Callable[[Any], Page]] = {
    Ambiguity: ambiguity.page, Comparison: outcome.page, Corridor: corridor.page, Evaluation: outcome.page,
    FirstSuppliers: first_supplier.page, Frontier: frontier.page, Hedges: hedges.page,
    Information: information.page, Portfolio: text.page, Ranges: ranges.page, Regret: regret.page, Reviews: reviews.page,
    Sensitivity: sensitivity.page, SideBySide: side_by_side.page, Stress: stress.page, Switches: switch.page,
    SwitchMap: switch_map.page, Verification: verify.page, Why: why.page,
}  # fmt: skip


def to_text(answer: Any, language: Language = "en", width: int | None = None) -> str:
    """An answer as plain text."""
    return page(answer).to_text(language, width)


def to_html(answer: Any, language: Language = "en") -> str:
    """An answer as a notebook shows it."""
    return notebook.to_html(page(answer), language)


def screen(answer: Any, language: Language = "en") -> Shown:
    """An answer as rich shows it in a terminal."""
    return page(answer).shown(language)


def page(answer: Any) -> Page:
    """The screen of an answer; what is a page already stays one."""
    return answer if isinstance(answer, Page) else PAGES[type(answer)](answer)
