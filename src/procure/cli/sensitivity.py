"""`procure sensitivity`: which numbers decide, and which to find out first."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import FOLDER, PATH, STATUS
from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import Fault
from procure.languages import Said


@in_japanese("確かでない数値のうち結論を決めるものを、表にある範囲の中で示す。")
def sensitivity(
    model: ModelName,
    method: Annotated[
        str | None,
        typer.Option(
            metavar=Said("HOW", "方法"),
            help=Said(
                "tornado (if not said): one number at a time to its ends; information: what knowing each is worth; "
                "decides: as --decides; morris, sobol: how far each moves the cost with all in their ranges.",
                "tornado（省いたとき）: 数値を一つずつ両端へ動かす。information: それぞれを知る価値。decides: "
                "--decides と同じ。morris、sobol: 全ての数値が範囲内にあるとき、それぞれが費用を動かす幅。",
            ),
        ),
    ] = None,
    decides: Annotated[
        bool,
        typer.Option(
            "--decides",
            help=Said(
                "Find the numbers that the choice of programme turns on, and at which value.",
                "開発計画の選択を左右する数値と、選択が変わる値を求める。",
            ),
        ),
    ] = False,
    number: Annotated[
        list[str] | None,
        typer.Option(
            metavar=PATH,
            help=Said(
                "Look at this number, and those named beside it only.", "この数値と、並べて指定した数値だけを調べる。"
            ),
        ),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar=STATUS,
            help=Said(
                "Choose from numbers of this status: assumed, unverified; else all but sourced.",
                "この根拠の数値から選ぶ: assumed、unverified。省けば sourced 以外の全て。",
            ),
        ),
    ] = None,
    most: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said("Look at the N numbers that may move the most.", "影響が大きくなり得る数値を N 個調べる。"),
        ),
    ] = 20,
    cases: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said(
                "Cases that are drawn for information, at most for morris and sobol.",
                "information で抽出する事例の数、morris と sobol では最大数。",
            ),
        ),
    ] = 128,
    changes: Changes = None,
    limits: Limits = None,
    store: Annotated[
        Path | None,
        typer.Option(
            metavar=FOLDER,
            help=Said(
                "Keep cases in this folder; a run that was stopped goes on from there.",
                "事例をこのフォルダーに保存する。止めた実行はそこから続く。",
            ),
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help=Said("Processes side by side.", "並列に動かすプロセスの数。"))
    ] = None,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Tell which of the numbers that are not known for sure decide, each within its range in the tables."""
    faults = unwritable(json, force)
    if decides and method not in (None, "decides"):
        faults.append(
            Fault(
                "--decides",
                Said("--method {method} stands beside it", "--method {method} が並んでいる").format(method=method),
                Said("one thing is asked", "一度に問えるのは一つ"),
                Said("drop one of them", "一方を外す"),
            )
        )
    chosen = load(model, changes, faults, quiet=quiet, limits=limits)
    from procure.explore.sensitivity import sensitivity as find
    from procure.explore.sensitivity.question import DECIDES, TORNADO

    question = partial(
        find, chosen, DECIDES if decides else method or TORNADO, numbers=number, statuses=status, most=most, cases=cases,
        store=store, workers=workers,
    )  # fmt: skip
    ask(question, json, quiet)
