"""`procure reviews`: what each review of the plan is worth."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Quiet, ask
from procure.languages import Said


@in_japanese("モデルの見直しそれぞれの価値を示す: 見直しがない場合の、シナリオツリー上と新しい経路での費用。")
def reviews(
    model: ModelName,
    changes: Changes = None,
    limits: Limits = None,
    paths: Annotated[
        int,
        typer.Option(
            metavar="N", help=Said("Fresh paths on which the plans are compared.", "計画を比べる新しい経路の数。")
        ),
    ] = 10_000,
    quiet: Quiet = False,
) -> None:
    """Tell what each review of a model is worth: what it costs without it, on its tree and on fresh paths."""
    chosen = load(model, changes, quiet=quiet, limits=limits)
    from procure.explore.reviews import reviews as worth_of_reviews

    ask(partial(worth_of_reviews, chosen, paths), None, quiet)
