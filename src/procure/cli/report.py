"""`procure report`: a kept answer as one page."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from procure.cli.language import language
from procure.cli.output import unwritable
from procure.errors import DataError, Fault
from procure.languages import LANGUAGES

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio


def report(
    answer: Annotated[Path, typer.Argument(metavar="ANSWER.json", help="Written by `procure solve --json`.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The page: an .html file.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
) -> None:
    """Write a kept answer as one HTML page that opens offline: in English and Japanese, with pictures, to be read or printed."""
    faults = unwritable(out, force, "--out") + missing()
    if faults:
        raise DataError(faults)
    from procure.portfolio.read import read_portfolio

    write_report(read_portfolio(answer), out.resolve())


def missing() -> list[Fault]:
    """Why no page can be written, known before an hour of solving."""
    if find_spec("jinja2") is not None and find_spec("matplotlib") is not None:
        return []
    seen = "jinja2 or matplotlib is not installed"
    return [Fault("procure.report", seen, "they write the page", "pip install 'procure[report]'")]


def write_report(portfolio: Portfolio, path: Path) -> None:
    """Write the page of an answer in both languages, that of the command first."""
    from procure.report.html import report as write

    write(portfolio, path, languages=sorted(LANGUAGES, key=lambda other: other != language()))
