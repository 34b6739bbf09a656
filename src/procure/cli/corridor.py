"""`procure corridor`: what a supplier's contract for an element is worth."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import NAME
from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.languages import Said


@in_japanese("確定契約に払ってよい最高の価格を、量と上乗せごとに求め、下限価格で損になる場合を示す。")
def corridor(
    model: ModelName,
    supplier: Annotated[
        str, typer.Option(metavar=NAME, help=Said("Whose contract: lynas.", "契約の相手の供給元: lynas。"))
    ],
    element: Annotated[str, typer.Option(metavar="E", help=Said("For what: Dy.", "契約の対象の元素: Dy。"))],
    changes: Changes = None,
    limits: Limits = None,
    largest: Annotated[
        float,
        typer.Option(
            metavar=Said("TIMES", "倍率"),
            help=Said(
                "The largest volume looked at, as a part of what is on offer now.",
                "調べる量の最大値、現在の供給枠に対する比率。",
            ),
        ),
    ] = 1.5,
    volumes: Annotated[int, typer.Option(metavar="N", help=Said("Volumes that are looked at.", "調べる量の数。"))] = 6,
    against: Annotated[
        str | None,
        typer.Option(
            metavar=NAME,
            help=Said(
                "Tell the premium over this supplier's price; else the largest one's.",
                "この供給元の価格に対する上乗せを示す。省けば最大の供給元。",
            ),
        ),
    ] = None,
    floor: Annotated[
        float | None,
        typer.Option(
            metavar="USD/KG",
            help=Said("The floor of the contract; else what it pays now.", "契約の下限価格。省けば現在の価格。"),
        ),
    ] = None,
    volume: Annotated[
        float | None,
        typer.Option(
            metavar="T/YR",
            help=Said(
                "The volume of the contract with a floor; else all on offer.",
                "下限価格付き契約の量。省けば供給枠の全量。",
            ),
        ),
    ] = None,
    paths: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said(
                "Fresh paths on which that volume is played; 0 plays none.",
                "その量を試す新しい経路の数。0 なら試さない。",
            ),
        ),
    ] = 10_000,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find the most that is worth paying for a firm contract by its volume, its premium, and when a floor price loses."""
    chosen = load(model, changes, unwritable(json, force), quiet=quiet, limits=limits)
    from procure.explore.corridor import corridor as find

    question = partial(
        find, chosen, supplier, element, largest=largest, volumes=volumes, against=against, floor=floor, volume=volume,
        paths=paths,
    )  # fmt: skip
    ask(question, json, quiet)
