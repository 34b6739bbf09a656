"""`procure ranges`: which shares are firm, and which are free."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.model import Changes, Limits, ModelName, Seeds, load, value_of
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import Fault
from procure.languages import Said


@in_japanese("最良とほぼ同じ費用の計画の中で、各供給元の比率の最小と最大を求める。")
def ranges(
    model: ModelName,
    within: Annotated[
        str,
        typer.Option(
            metavar=Said("SHARE", "比率"),
            help=Said(
                "By how much of the least cost a plan may be dearer: 0.01, or '1 %'.",
                "最小費用からどれだけ高い計画まで数えるか、比率: 0.01 か '1 %'。",
            ),
        ),
    ] = "0.01",
    element: Annotated[
        list[str] | None,
        typer.Option(
            metavar="E",
            help=Said(
                "Beside the classes, as often as needed; else those that the model highlights.",
                "区分に加えて調べる元素（何度でも）。省けばモデルが注目する元素。",
            ),
        ),
    ] = None,
    stock: Annotated[
        bool,
        typer.Option(
            "--stock", help=Said("Tell days of use in stock instead of shares.", "比率の代わりに備蓄の日数を示す。")
        ),
    ] = False,
    changes: Changes = None,
    limits: Limits = None,
    seeds: Seeds = 1,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find the least and the largest share of each supplier among all plans that cost hardly more than the best."""
    from procure.facts.conversion import share_of_percent

    faults = unwritable(json, force)
    share = share_of_percent(value_of("--within", within, faults))
    if not faults and (isinstance(share, bool) or not isinstance(share, (int, float))):
        faults.append(
            Fault(
                f"--within {within}",
                Said("it is no number", "数値ではない"),
                Said("it is a share of the least cost", "最小費用に対する比率"),
                Said("write 0.01", "0.01 と書く"),
            )
        )
    chosen = load(model, changes, faults, quiet=quiet, limits=limits)
    from procure.explore.ranges import ranges as find_ranges

    ask(partial(find_ranges, chosen, float(share), elements=element, stock=stock, seeds=seeds), json, quiet)
