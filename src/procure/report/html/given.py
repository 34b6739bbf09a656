"""Answers to other questions on a page: each as its screen says it, with its picture where it has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procure.errors import LEAVE_OUT, DataError, Fault
from procure.explore.ambiguity import Ambiguity
from procure.explore.corridor import Corridor
from procure.explore.first_supplier import FirstSuppliers
from procure.explore.frontier import Frontier
from procure.explore.hedges import Hedges
from procure.explore.kept import Kept, read_kept
from procure.explore.ranges import Ranges
from procure.explore.regret import Regret
from procure.explore.reviews import Reviews
from procure.explore.sensitivity import Sensitivity
from procure.explore.sensitivity.question import DECIDES
from procure.explore.stress import Stress
from procure.explore.switch import Switches
from procure.explore.switch_map import SwitchMap
from procure.explore.why import Why
from procure.languages import Language, Said, in_language
from procure.portfolio.evaluate import Comparison, Evaluation
from procure.portfolio.verify import Verification
from procure.report import screens
from procure.report.html.parts import Group, Part, Prose, Section, Table
from procure.report.html.picture import picture
from procure.report.html.subject import Subject
from procure.report.listing import Listing
from procure.report.page import Page
from procure.report.plot.stress import stress
from procure.report.plot.switch import switch
from procure.report.plot.tornado import tornado

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_A_KIND = Said("a {kind}", "{kind}")
_KINDS = Said("an answer is one of {kinds}", "回答は次のいずれか: {kinds}")
_OF_MODEL = Said("{kind} is of the model '{own}'", "{kind} はモデル '{own}' のもの")
_ONE_MODEL = Said("a page is of one model, here '{name}'", "一つのページは一つのモデルのもの（ここでは '{name}'）")


@dataclass(frozen=True)
class Place:
    """Where an answer stands: after which section, under which heading, with which picture."""

    after: str
    key: str
    draw: Callable[[Any, Language], Axes | None] | None = None


PLACES: Mapping[type, Place] = {
    Ranges: Place("mix", "ranges"),
    Frontier: Place("cost", "frontier"),
    Stress: Place("shortage", "stress", lambda answer, language: stress(answer, language=language)[0]),
    Evaluation: Place("levels", "fresh_paths"),
    Comparison: Place("levels", "fresh_paths", None),
    Corridor: Place("cost", "corridor"),
    Regret: Place("levels", "regret"),
    Why: Place("levels", "why"),
    Ambiguity: Place("levels", "ambiguity"),
    SwitchMap: Place("limits", "switches"),
    FirstSuppliers: Place("limits", "first_supplier"),
    Verification: Place("computed", "verification"),
    Hedges: Place("limits", "hedges"),
    Reviews: Place("limits", "reviews"),
    Sensitivity: Place("limits", "numbers", lambda answer, language: _tornado(answer, language)),
    Switches: Place("limits", "switches", lambda answer, language: switch(answer, language=language)),
}


def _tornado(answer: Sensitivity, language: Language) -> Axes | None:
    """Its picture; where it says at which values the choice turns, that stands in a table."""
    return None if answer.method == DECIDES else tornado(answer, language=language)


def read_answer(path: str | Path) -> Kept:
    """An answer to another question from its file; raises `DataError` for what is none."""
    return read_kept(path, [kind for kind in PLACES if issubclass(kind, Kept)])


def checked(answers: Sequence[Any], name: str) -> Sequence[Any]:
    """The answers, of the model that the page is of; raises `DataError` for what is none, or another model's."""
    faults = []
    for answer in answers:
        if type(answer) not in PLACES:
            kinds = ", ".join(kind.__name__ for kind in PLACES)
            faults.append(Fault("answers", _A_KIND.format(kind=type(answer).__name__), _KINDS.format(kinds=kinds)))
        elif (own := _model_of(answer)) != name:
            seen = _OF_MODEL.format(kind=type(answer).__name__, own=own)
            faults.append(Fault("answers", seen, _ONE_MODEL.format(name=name), LEAVE_OUT))
    if faults:
        raise DataError(faults)
    return answers


def _model_of(answer: Any) -> str:
    return str((answer.first if isinstance(answer, Comparison) else answer).name)


def with_given(subject: Subject, sections: Iterator[Section], answers: Sequence[Any]) -> Iterator[Section]:
    """The sections of a page, and after each those of the answers that belong there."""
    for section in sections:
        yield section
        for number, answer in enumerate(answers):
            place = PLACES[type(answer)]
            if place.after == section.key or (
                place.after == "levels" and section.key == "shortage" and _is_alone(subject)
            ):
                key = f"{place.key}-{number}"
                yield Section(key, subject.words[f"{place.key}_heading"], [*_parts(subject, key, answer, place)])


def _is_alone(subject: Subject) -> bool:
    """Whether there is one programme, and so no section on how sure the choice is."""
    return len(subject.portfolio.programme_levels) < 2


def _parts(subject: Subject, key: str, answer: Any, place: Place) -> Iterator[Part]:
    axes = None if place.draw is None else place.draw(answer, subject.language)
    if axes is not None:
        yield picture(axes, f"{subject.language}-{key}-picture", subject.words[f"{place.key}_heading"])
    yield from parts_of(screens.page(answer), subject.language)


def parts_of(page: Page, language: Language) -> Iterator[Part]:
    """A screen as parts of a page: texts as sentences, tables as tables."""
    for part in page.parts:
        if isinstance(part, Listing):
            told = part.told(language)
            numbers = [place for place, heading in enumerate(told.headings) if heading in told.right]
            yield Table("", told.headings, [Group("", told.rows, told.bold)], numbers)
        elif text := in_language(part, language).strip():
            yield Prose(text)
