"""The compiled model, and what may be asked of it: in the process that solves, one question after the other.

Limits that are added change the rows of the model, so it is compiled anew for them; numbers that are moved do not. What came of the
last answers is kept, so that their pictures, and why they differ, are there at once.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from procure.errors import DataError, Fault, nearest
from procure.explore.apart import MEASURES, Asked, Found, apart
from procure.languages import LANGUAGES, Language, Said
from procure.model import Model
from procure.report.called import called, limit_called
from procure.report.served.form import added
from procure.report.served.numbers import Number, numbers_of, numbers_of_limits
from procure.report.served.words import WORDS
from procure.units import KUSD_PER_MUSD
from procure.words import Progress, printable, programme_name

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio
    from procure.report.served.asked import Setting, Wanted
    from procure.solving.answer import Answer
    from procure.solving.compiled import Compiled

#: Answers that are kept, and compiled models.
KEPT, COMPILED = 8, 2
#: Seconds that a solve may take where many are made to say why two answers differ.
CHEAP = 1.0
_NO_SLIDER = (
    Said("the page has no slider of this name", "この名前のつまみはない"),
    Said("numbers are moved by its sliders", "動かせるのはつまみの数値だけ"),
)
_NO_PICTURE = (
    Said("there is no picture of this name", "この名前の図はない"),
    Said("an answer says which it has", "図の名前は回答にある"),
)
_Of = TypeVar("_Of")
_STEP = Said("solved for the difference", "差を調べるための求解")


@dataclass(frozen=True)
class _Posed:
    """A model with its limits, ready to be solved, and the numbers that may be moved in it."""

    model: Model
    numbers: Mapping[str, Number]
    added: tuple[str, ...]
    compiled: Compiled

    def solve(self, values: Mapping[str, float], **options: Any) -> Answer:
        """The answer with some numbers moved."""
        return self.compiled.solve(_changes(self.numbers, values), **options)

    def asked(self, values: Mapping[str, float]) -> Asked:
        """Every number with its value."""
        return Asked({path: values.get(path, number.value) for path, number in self.numbers.items()}, self.added)


@dataclass(frozen=True)
class _Told:
    """What is kept of an answer."""

    found: Found
    portfolio: Portfolio
    seconds: float


class Desk:
    """What may be asked of a model: `answer` says it, or raises `ProcureError` where the numbers have no answer."""

    def __init__(self, model: Model, ranges: Mapping[str, Any], options: Mapping[str, Any], progress: Progress) -> None:
        self._model, self._options, self._progress = model, dict(options), progress
        self._numbers = numbers_of(model, ranges)
        self._posed: OrderedDict[str, _Posed] = OrderedDict()
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._pose(())

    def answer(self, wanted: Wanted) -> Any:
        """What is wanted."""
        answers: Mapping[str, Callable[[Wanted], Any]] = {
            "answer": self._answer, "file": self._file, "report": self._report, "limits": self._limits,
            "picture": self._picture, "why": self._why,
        }  # fmt: skip
        return answers[wanted.what](wanted)

    # --- models and answers

    def _limited(self, limits: Sequence[Any]) -> tuple[Model, tuple[str, ...]]:
        """The model with some limits beside its own, and their names."""
        if not limits:
            return self._model, ()
        model = self._model.limited(*limits)
        return model, tuple(limit.name for limit in model.settings.limits[len(self._model.settings.limits) :])

    def _numbers_of(self, model: Model, names: Sequence[str]) -> Mapping[str, Number]:
        """Every number that may be moved, by its path; the bounds of added limits too."""
        return {number.path: number for number in [*self._numbers, *numbers_of_limits(model, names)]}

    def _pose(self, limits: Sequence[Any]) -> _Posed:
        """The compiled model with some limits."""
        from procure.solving.compiled import Compiled

        key = _key(limits)
        if key not in self._posed:
            model, names = self._limited(limits)
            numbers = self._numbers_of(model, names)
            if len(model.years) > 1:  # a large one: what it takes is given back before another is made
                self._posed.clear()
            self._posed[key] = _Posed(model, numbers, names, Compiled(model, options=self._options))
        return _last(self._posed, key, COMPILED)

    def _solve(self, at: Setting) -> _Told:
        """What comes of a setting, solved unless it is kept."""
        key = _key([dict(sorted(at.values.items())), list(at.limits)])
        if key not in self._told:
            started = time.perf_counter()
            posed = self._pose(at.limits)
            answer = posed.solve(at.values, progress=self._progress)
            portfolio = answer.make_portfolio(foresight=False, proof=False, progress=self._progress)
            self._told[key] = _Told(_found(answer, posed.asked(at.values)), portfolio, time.perf_counter() - started)
        return _last(self._told, key, KEPT)

    # --- what may be asked

    def _answer(self, wanted: Wanted) -> dict[str, Any]:
        from procure.report.served.told import told

        started = time.perf_counter()
        kept = self._solve(wanted.at)
        return {**told(kept.portfolio), "seconds": round(time.perf_counter() - started, 2)}

    def _file(self, wanted: Wanted) -> str:
        from procure.report.starter import changed_text

        model, names = self._limited(wanted.at.limits)
        changes = _changes(self._numbers_of(model, names), wanted.at.values)
        model.changed(changes)  # what cannot be solved is not written
        return changed_text(model, changes)

    def _report(self, wanted: Wanted) -> str:
        from procure.portfolio.verdict import PATHS
        from procure.report.html.page import rendered

        posed = self._pose(wanted.at.limits)
        answer = posed.solve(wanted.at.values, progress=self._progress)
        portfolio = answer.make_portfolio(paths=PATHS, progress=self._progress)
        return rendered(portfolio, sorted(LANGUAGES, key=lambda other: other != wanted.language))

    def _limits(self, wanted: Wanted) -> list[dict[str, Any]]:
        return added(*self._limited(wanted.at.limits))

    def _picture(self, wanted: Wanted) -> dict[Language, str]:
        """A picture in every language, as SVG."""
        from procure.report.html.drawn import drawn, names
        from procure.report.html.subject import Subject
        from procure.report.plot.canvas import pyplot

        pyplot().switch_backend("agg")
        portfolio = self._solve(wanted.at).portfolio
        subjects = {language: Subject(portfolio, language) for language in LANGUAGES}
        known = names(subjects["en"])
        if wanted.name not in known:
            raise DataError(Fault(printable(wanted.name), *_NO_PICTURE, nearest(wanted.name, known)))
        return {language: drawn(subject, wanted.name).svg for language, subject in subjects.items()}

    def _why(self, wanted: Wanted) -> dict[Language, Any]:
        """Why the answer at a setting differs from the one beside it, as parts of the page."""
        from procure.report.apart import page
        from procure.report.html.given import parts_of
        from procure.report.served.told import harmless_parts

        assert wanted.beside is not None
        first, second = self._solve(wanted.beside), self._solve(wanted.at)
        posed = self._pose(wanted.at.limits)
        limits = dict(_named(self._model, [*wanted.beside.limits, *wanted.at.limits]))
        models = [posed.model, self._limited(wanted.beside.limits)[0]]
        is_cheap = max(first.seconds, second.seconds) <= CHEAP
        answer = apart(
            first.found,
            second.found,
            list(posed.numbers.values()),
            (lambda asked: self._cost(asked, limits)) if is_cheap else None,
        )
        shown = page(
            answer, WORDS["kept"].format(number=wanted.number), WORDS["this"], lambda what: _called(models, what)
        )
        return {language: harmless_parts(parts_of(shown, language)) for language in LANGUAGES}

    def _cost(self, asked: Asked, limits: Mapping[str, Any]) -> tuple[str, Mapping[str, float]]:
        """The programme and the costs of what is asked, for `apart`."""
        posed = self._pose([limits[name] for name in asked.limits])
        self._progress(0, 0, _STEP)
        values = {path: value for path, value in asked.values.items() if value != posed.numbers[path].value}
        answer = posed.solve(values, explains=False)
        return _programme(answer), _costs(answer)


def _changes(numbers: Mapping[str, Number], values: Mapping[str, float]) -> dict[str, Any]:
    """What of a model some values change; raises `DataError` for one that no slider has."""
    unknown = [path for path in values if path not in numbers]
    if unknown:
        raise DataError([Fault(printable(path), *_NO_SLIDER, nearest(path, numbers)) for path in unknown])
    changes: dict[str, Any] = {}
    for path, value in values.items():
        changes |= numbers[path].changes(value)
    return changes


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _last(kept: OrderedDict[str, _Of], key: str, most: int) -> _Of:
    """What is kept under a key, the last to be given up."""
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
    return kept[key]


def _programme(answer: Answer) -> str:
    return programme_name(answer.programmes)


def _costs(answer: Answer) -> dict[str, float]:
    """Costs by `MEASURES`, million USD."""
    measured = answer.measured
    costs = (measured.expected, measured.cvar, measured.objective)
    return {measure: cost / KUSD_PER_MUSD for measure, cost in zip(MEASURES, costs, strict=True)}


def _found(answer: Answer, asked: Asked) -> Found:
    from procure.portfolio.parts import parts

    measured = answer.measured
    return Found(asked, measured.market.model.settings.risk.alpha, _programme(answer), _costs(answer), parts(measured))


def _named(model: Model, limits: Sequence[Any]) -> list[tuple[str, Any]]:
    """Each added limit by its name in the model."""
    return [(model.limited(limit).settings.limits[-1].name, limit) for limit in limits]


def _called(models: Sequence[Model], what: str) -> str:
    """What a path is called, or an added limit by its name."""
    for model in models:
        limit = limit_called(model, what)
        if limit is not None:
            return limit
        said = called(model, what)
        if said != what:
            return said
    return what
