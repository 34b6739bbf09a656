"""`procure reviews`: what each review of the plan is worth."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Quiet, ask


def reviews(
    model: ModelName,
    changes: Changes = None,
    limits: Limits = None,
    paths: Annotated[int, typer.Option(metavar="N", help="Fresh paths on which the plans are compared.")] = 10_000,
    quiet: Quiet = False,
) -> None:
    """Tell what each review of a model is worth: what it costs without it, on its tree and on fresh paths."""
    chosen = load(model, changes, quiet=quiet, limits=limits)
    from procure.explore.reviews import reviews as worth_of_reviews

    ask(partial(worth_of_reviews, chosen, paths), None, quiet)
