"""`procure hedges`: what each hedge is worth."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.languages import Said


@in_japanese("供給元・契約・備蓄・開発計画・制約それぞれの価値を求める: 除いたときの費用と除かないときの費用の差。")
def hedges(
    model: ModelName,
    changes: Changes = None,
    limits: Limits = None,
    choose: Annotated[
        bool,
        typer.Option(
            "--choose",
            help=Said(
                "Choose the programme anew without each hedge.", "それぞれの備えを除くたびに開発計画を選び直す。"
            ),
        ),
    ] = False,
    paths: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said(
                "Fresh paths on which plans are compared; 0 compares none.",
                "計画を比べる新しい経路の数。0 なら比べない。",
            ),
        ),
    ] = 10_000,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find what each supplier, contract, stock, programme and limit is worth: the cost without it less the cost with it."""
    chosen = load(model, changes, unwritable(json, force), quiet=quiet, limits=limits)
    from procure.explore.hedges import hedges as find_hedges

    ask(partial(find_hedges, chosen, choose=choose, paths=paths), json, quiet)
