"""`procure report`: a kept answer as one page."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from procure.cli.output import unwritable
from procure.errors import DataError, Fault, nearest
from procure.words import LANGUAGES

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio


def report(
    answer: Annotated[Path, typer.Argument(metavar="ANSWER.json", help="Written by `procure solve --json`.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The page: an .html file.")],
    lang: Annotated[
        str, typer.Option(metavar="LANGUAGE", help="The language that is shown first: en or ja. Both are inside.")
    ] = "en",
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
) -> None:
    """Write a kept answer as one HTML page that opens offline: in English and Japanese, with pictures, to be read or printed."""
    faults = unwritable(out, force, "--out") + missing()
    if lang not in LANGUAGES:
        faults.append(Fault("--lang", f"'{lang}'", "it is a language of the page", nearest(lang, LANGUAGES)))
    if faults:
        raise DataError(faults)
    from procure.portfolio.read import read_portfolio

    write_report(read_portfolio(answer), out.resolve(), lang)


def missing() -> list[Fault]:
    """Why no page can be written, known before an hour of solving."""
    if find_spec("jinja2") is not None and find_spec("matplotlib") is not None:
        return []
    seen = "jinja2 or matplotlib is not installed"
    return [Fault("procure.report", seen, "they write the page", "pip install 'procure[report]'")]


def write_report(portfolio: Portfolio, path: Path, first: str = "en") -> None:
    """Write the page of an answer, `first` the language that is shown first."""
    from procure.report.html import report as write

    write(portfolio, path, languages=sorted(LANGUAGES, key=lambda language: language != first))
