"""`procure ambiguity`: how wrong the odds may be before the plan changes."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.languages import Said


@in_japanese("計画や開発計画が変わるまでに確率がどこまで違ってよいか、変わるときの確率はどれかを求める。")
def ambiguity(
    model: ModelName,
    changes: Changes = None,
    limits: Limits = None,
    kind: Annotated[
        str,
        typer.Option(
            metavar=Said("KIND", "種類"),
            help=Said(
                "total-variation, wasserstein, known-marginals or failures.",
                "誤りの種類: total-variation、wasserstein、known-marginals、failures。",
            ),
        ),
    ] = "total-variation",
    high: Annotated[
        float | None,
        typer.Option(
            metavar="H", help=Said("The largest radius; else all there is.", "半径の最大値。省けば取り得る全て。")
        ),
    ] = None,
    within: Annotated[
        float,
        typer.Option(
            metavar="W",
            help=Said(
                "By how much of its cost another plan has to be cheaper.",
                "別の計画がどれだけ安ければ計画が変わるとみなすか、費用に対する比率。",
            ),
        ),
    ] = 0.001,
    digits: Annotated[
        int, typer.Option(metavar="N", help=Said("To how many digits a radius is found.", "半径を求める桁数。"))
    ] = 2,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find how wrong the odds may be before the plan or the programme changes, and which odds those are."""
    chosen = load(model, changes, unwritable(json, force), quiet=quiet, limits=limits)
    from procure.explore.ambiguity import ambiguity as find_ambiguity

    ask(partial(find_ambiguity, chosen, kind.replace("-", "_"), high=high, within=within, digits=digits), json, quiet)
