"""`procure why`: what another choice loses, and what would reverse it."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import PATH, STATUS
from procure.cli.model import Changes, Limits, answer_or_model
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.languages import Said


@in_japanese("別案が選択に劣る点を示す: どの費目、元素、年、将来で損をし、何が結論を覆すか。")
def why(
    answer: Annotated[
        str,
        typer.Argument(
            metavar=Said("ANSWER", "回答"),
            help=Said(
                "Written by `procure solve --json`; or a model: a name or a .toml file.",
                "`procure solve --json` が書いたファイル、またはモデルの名前か .toml ファイル。",
            ),
        ),
    ],
    instead: Annotated[
        str,
        typer.Option(
            metavar=Said("RIVAL", "別案"),
            help=Said(
                "A programme level, 'seabed pilot', or a share of all demand or of a class or element: 'lynas heavy 40 %'.",
                "計画水準 'seabed pilot'、または全需要・区分・元素に対する比率 'lynas heavy 40 %'。",
            ),
        ),
    ],
    changes: Changes = None,
    limits: Limits = None,
    paths: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said(
                "Fresh paths on which both are played; 0 plays none.", "両者を比べる新しい経路の数。0 なら比べない。"
            ),
        ),
    ] = 10_000,
    number: Annotated[
        list[str] | None,
        typer.Option(
            metavar=PATH,
            help=Said(
                "What could reverse it: this number, and those named beside it.",
                "結論を覆し得る数値として、この数値と、並べて指定した数値を調べる。",
            ),
        ),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar=STATUS,
            help=Said(
                "Or numbers of this status: assumed, unverified; else all but sourced.",
                "または、この根拠の数値: assumed、unverified。省けば sourced 以外の全て。",
            ),
        ),
    ] = None,
    most: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said(
                "Numbers that are followed to where they reverse it; 0 for none.",
                "結論が覆る値まで追う数値の数。0 なら追わない。",
            ),
        ),
    ] = 3,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Tell what a rival loses against what is chosen: on what, in which element, year and future, and what would reverse it."""
    faults = unwritable(json, force)
    chosen = answer_or_model(answer, changes, faults, quiet=quiet, limits=limits)
    from procure.explore.why import why as find

    ask(partial(find, chosen, instead, paths=paths, numbers=number, statuses=status, most=most), json, quiet)
