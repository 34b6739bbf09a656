"""The pictures of an answer on a page: which there are, in reading order, and each by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procure.report.html.parts import Picture
from procure.report.html.picture import picture
from procure.report.plot.cost import cost
from procure.report.plot.mix import mix
from procure.report.plot.programmes import programmes
from procure.report.plot.shortage import shortage
from procure.words import LEAST_SHARE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from procure.report.html.subject import Subject

MIX, COST, SHORTAGE, PROGRAMMES = "mix", "cost", "shortage", "programmes"


def of_class(number: int) -> str:
    """The name of the picture of the mix of a class, by its place among them."""
    return f"{MIX}-{number}"


def names(subject: Subject) -> list[str]:
    """The pictures that there are of an answer.

    >>> from procure import load_model, solve
    >>> from procure.report.html.subject import Subject
    >>> names(Subject(solve(load_model("two-class")), "en"))
    ['mix-0', 'mix-1', 'cost', 'shortage']
    """
    found = [*map(of_class, range(len(subject.classes))), COST]
    found += [SHORTAGE] if (subject.portfolio.shortage["cvar_share"] >= LEAST_SHARE).any() else []
    return found + ([PROGRAMMES] if len(subject.portfolio.programme_levels) > 1 else [])


def drawn(subject: Subject, name: str) -> Picture:
    """One of them; raises `KeyError` where there is none of this name."""
    if name not in names(subject):
        raise KeyError(name)
    axes, title = _axes(subject, name)
    return picture(axes, f"{subject.language}-{name}", f"{title}. {subject.title}")


def _axes(subject: Subject, name: str) -> tuple[Axes, str]:
    portfolio, language, words = subject.portfolio, subject.language, subject.words
    if name == COST:
        return cost(portfolio, language=language), words["cost"]
    if name == SHORTAGE:
        return shortage(portfolio, language=language)[0], words["shortage_title"]
    if name == PROGRAMMES:
        return programmes(portfolio, language=language), words["programmes"]
    own = subject.classes[int(name.removeprefix(f"{MIX}-"))]
    return mix(portfolio, own, language=language), words["mix"].format(scope=subject.name(own))
