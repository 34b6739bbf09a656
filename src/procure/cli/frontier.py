"""`procure frontier`: what each step of a limit costs."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import NAME
from procure.cli.model import Changes, ModelName, Seeds, limit_of, load, value_of
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import Fault
from procure.languages import Said


@in_japanese("制約を一段ずつ動かす費用を求める: 限度または任意の数値に対する費用・最悪側・構成・開発計画。")
def frontier(
    model: ModelName,
    limit: Annotated[
        str,
        typer.Option(
            metavar=NAME,
            help=Said(
                "A limit of the model or, as for `procure solve`, of a policy or written out, with whatever bound; or the path of "
                "any number: risk.weight.",
                "モデルの制約、または `procure solve` と同じく政策の名前か書き下した制約（限度は問わない）。"
                "あるいは任意の数値のパス: risk.weight。",
            ),
        ),
    ],
    low: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="A",
            help=Said("Where the range begins, as a value for --set.", "範囲の始め、--set の値と同じ書き方。"),
        ),
    ] = None,
    high: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="B",
            help=Said(
                "Where it ends; shares are looked at from end to end.", "範囲の終わり。比率は端から端まで調べる。"
            ),
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="V",
            help=Said(
                "Look at this value, and those named beside it only.", "この値と、並べて指定した値だけを調べる。"
            ),
        ),
    ] = None,
    changes: Changes = None,
    points: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said("Values that are looked at, where the curve bends.", "曲線が曲がるところを中心に調べる値の数。"),
        ),
    ] = 12,
    seeds: Seeds = 1,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find what each step of a limit costs: cost, tail, mix and programme against its bound or any number."""
    faults = unwritable(json, force)
    if (low is None) != (high is None) or (at and low is not None):
        seen = (
            Said("--at beside --from and --to", "--at と --from、--to が並んでいる")
            if at
            else Said("--{seen} alone", "--{seen} だけがある").format(seen="to" if low is None else "from")
        )
        faults.append(
            Fault(
                "procure frontier",
                seen,
                Said(
                    "a range has two ends, or values are named one by one",
                    "範囲には両端がある。または値を一つずつ挙げる",
                ),
                Said("give either", "どちらかにする"),
            )
        )
    bounds: Any = None
    if low is not None and high is not None:
        bounds = (value_of("--from", low, faults), value_of("--to", high, faults))
    elif at:
        bounds = [value_of("--at", text, faults) for text in at]
    along = limit_of(limit, faults)
    chosen = load(model, changes, faults, quiet=quiet)
    from procure.explore.frontier import frontier as find_frontier

    ask(partial(find_frontier, chosen, along, bounds, points=points, seeds=seeds, as_written=True), json, quiet)
