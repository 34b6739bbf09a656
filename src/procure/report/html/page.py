"""One file that says all of an answer, in every language, and asks nothing of any network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procure.errors import NOT_INSTALLED, DataError, Fault, nearest
from procure.languages import LANGUAGES, OR, Language, Said
from procure.portfolio.store import replacing
from procure.report.html import decided, fared, grounds
from procure.report.html.given import checked, with_given
from procure.report.html.parts import Section
from procure.report.html.sliders import Cases, section
from procure.report.html.subject import Subject
from procure.report.plot.canvas import pyplot
from procure.words import printable, span

if TYPE_CHECKING:
    from pandas import DataFrame

    from procure.portfolio.portfolio import Portfolio

_NO_LANGUAGE = Said("there is none", "一つもない")
_LANGUAGES = Said("a page is in {languages}", "ページの言語は {languages}")
_WRITES_PAGE = Said("it writes the page", "ページの作成に必要")

REMEDY = "pip install 'procure[report]'"


@dataclass(frozen=True)
class Article:
    """The answer in one language."""

    language: Language
    title: str
    about: str
    words: Any
    sections: Sequence[Section]


def report(
    portfolio: Portfolio,
    path: str | Path,
    *,
    languages: Sequence[Language] = LANGUAGES,
    answers: Sequence[Any] = (),
    sliders: DataFrame | None = None,
) -> None:
    """Write an answer as one HTML page, which opens offline and prints.

    Parameters
    ----------
    portfolio : Portfolio
        As solved, or read from its file.
    path : str or Path
        A file of that name is replaced.
    languages : sequence of str
        "en", "ja" or both: all are in the page, the first is shown first.
    answers : sequence
        Answers to other questions on the same model, each with a section of its own: of `procure.ranges`, `frontier`, `stress`,
        `hedges`, `corridor`, `regret`, `why`, `reviews`, `sensitivity`, `switch`, `evaluate`, `compare` and `verify`.
    sliders : DataFrame, optional
        The rows of `procure.sweep` over every combination of the values of some numbers: a slider for each of these, exact at
        the values.

    Raises
    ------
    DataError
        For an unknown language, answers that are none or of another model, rows that are not such a sweep, where jinja2,
        matplotlib or a font is not installed, and where the file cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> from procure import load_model, solve
    >>> with TemporaryDirectory() as folder:
    ...     report(solve(load_model("two-class")), f"{folder}/answer.html")
    ...     print((Path(folder) / "answer.html").read_text(encoding="utf-8")[:39])
    <!doctype html>
    <html lang="en">
    <head>
    """
    page = rendered(portfolio, languages, answers=answers, sliders=sliders)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")


def rendered(
    portfolio: Portfolio,
    languages: Sequence[Language] = LANGUAGES,
    *,
    answers: Sequence[Any] = (),
    sliders: DataFrame | None = None,
) -> str:
    """The page as text."""
    unknown = [language for language in languages if language not in LANGUAGES]
    if unknown or not languages:
        seen = f"'{unknown[0]}'" if unknown else _NO_LANGUAGE
        remedy = nearest(str(unknown[0]), LANGUAGES) if unknown else ""
        raise DataError(Fault("languages", seen, _LANGUAGES.format(languages=OR.join(LANGUAGES)), remedy))
    checked(answers, portfolio.name)
    cases = None if sliders is None else Cases(sliders, portfolio)
    pyplot().switch_backend("agg")
    style, script = resource("page.css"), resource("page.js")
    articles = [_article(portfolio, language, answers, cases) for language in dict.fromkeys(languages)]
    return str(
        template("page.html").render(
            articles=articles, style=style, script=script, policy=policy(style, script), data=cases.data() if cases else {}
        )
    )  # fmt: skip


def _article(portfolio: Portfolio, language: Language, answers: Sequence[Any], cases: Cases | None) -> Article:
    subject = Subject(portfolio, language)
    about = f"{subject.words['of_model'].format(name=portfolio.name)} · {span(subject.years)}"
    return Article(
        language,
        subject.title,
        about,
        subject.words,
        [*with_given(subject, _sections(subject, answers, cases), answers)],
    )


def _sections(subject: Subject, answers: Sequence[Any], cases: Cases | None) -> Iterator[Section]:
    """In reading order."""
    yield from decided.sections(subject)
    yield from fared.sections(subject)
    if cases is not None:
        yield section(subject, cases)
    yield from grounds.sections(subject, answers)


def policy(style: str, script: str) -> str:
    """What a browser may do with a page: apply this style and run this script, and load nothing from anywhere."""
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    allowed = "style-src 'sha256-{}'; script-src 'sha256-{}'".format(*hashes)
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


@cache
def resource(name: str, package: str = __package__) -> str:
    """A file that lies beside the modules of a package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


@cache
def template(name: str, package: str = __package__) -> Any:
    """A template, which escapes what it is given."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise DataError(Fault("procure.report", NOT_INSTALLED.format(package="jinja2"), _WRITES_PAGE, REMEDY)) from None
    environment = Environment(
        autoescape=True, finalize=_harmless, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["embedded"] = embedded
    return environment.from_string(resource(name, package))


def _harmless(value: Any) -> Any:
    """What stands in the page of names and texts: nothing that turns or hides what is around it. They are escaped beside this."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def embedded(data: Any) -> Any:
    """JSON that may stand in a script element: no character in it ends the element, or begins anything else.

    >>> print(embedded({"name": "</script><!--"}))
    {"name":"\\u003c/script\\u003e\\u003c!--"}
    """
    from markupsafe import Markup

    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
