"""`procure regret`: which plan is least regretted, whichever reading of the world is right."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from procure.cli.language import in_japanese
from procure.cli.model import Changes, Limits, ModelName, load, value_of
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import Fault
from procure.languages import Said


@in_japanese("後悔が最も小さい計画を求める: 世界の読み方ごとに、各計画の費用とその読み方での最良との差。")
def regret(
    model: ModelName,
    reading: Annotated[
        list[str] | None,
        typer.Option(
            metavar=Said("NAME:PATH=VALUE", "名前:パス=値"),
            help=Said(
                "A reading of the world, as often as needed, one NAME for several changes: --reading IMF:shortage.scale=4.2. Else "
                "the variants of the risks, the scales of shortage that others see, and the readings of demand.",
                "世界の読み方（何度でも）。同じ名前の変更は一つの読み方になる: --reading IMF:shortage.scale=4.2。"
                "省けば危険の変種、他者が見る不足の規模、需要の読み方。",
            ),
        ),
    ] = None,
    changes: Changes = None,
    limits: Limits = None,
    resolve: Annotated[
        bool,
        typer.Option(
            "--resolve/--no-resolve",
            help=Said(
                "Make plans for every reading, too, as many solves more.",
                "読み方それぞれの計画も作る。その数だけ求解が増える。",
            ),
        ),
    ] = True,
    paths: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said(
                "Fresh paths in each reading, where the tree is drawn.",
                "シナリオツリーを抽出する場合の、読み方それぞれの新しい経路の数。",
            ),
        ),
    ] = 10_000,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find the plan that is least regretted: what each plan costs in each reading of the world beside the best there."""
    faults = unwritable(json, force)
    readings = _readings(reading, faults)
    chosen = load(model, changes, faults, quiet=quiet, limits=limits)
    from procure.explore.regret import regret as find

    ask(partial(find, chosen, readings, resolve=resolve, paths=paths, as_written=True), json, quiet)


def _readings(texts: list[str] | None, faults: list[Fault]) -> dict[str, dict[str, Any]] | None:
    """What each reading changes."""
    if texts is None:
        return None
    readings: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, colon, change = text.partition(":")
        path, equals, value = (part.strip() for part in change.partition("="))
        where = f"--reading {text}"
        if not (name.strip() and colon and path and equals):
            faults.append(
                Fault(
                    where,
                    Said("it is no reading", "読み方の指定ではない"),
                    Said("a reading is NAME:path=value", "読み方は 名前:パス=値 と書く"),
                    Said("as in IMF:shortage.scale=4.2", "例: IMF:shortage.scale=4.2"),
                )
            )
            continue
        readings.setdefault(name.strip(), {})[path] = value_of(where, value, faults)
    return readings
