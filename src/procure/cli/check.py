"""`procure check`: a model without its answer."""

from __future__ import annotations

from typing import Annotated

import typer

from procure.cli.language import language
from procure.cli.model import Changes, ModelName, load
from procure.languages import in_language


def check(
    model: ModelName,
    changes: Changes = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Check a model and its facts without solving, and say what they hold."""
    chosen = load(model, changes, quiet=quiet)
    from procure.report.check import summary

    text = summary(chosen)
    if not quiet:
        print(in_language(text, language()))
