"""`procure evaluate`: a kept answer on fresh paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.model import AnswerFile, Changes, Seed, Solved, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import DataError
from procure.languages import Said

if TYPE_CHECKING:
    from procure.portfolio.evaluate import Comparison
    from procure.words import Progress


@in_japanese("保存した回答を、シナリオツリーにない新しい経路で、未来を見ない運用規則の下で検証する。")
def evaluate(
    answer: AnswerFile,
    paths: Annotated[
        int,
        typer.Option(metavar="N", help=Said("Fresh paths drawn from the law.", "確率分布から新しく抽出する経路の数。")),
    ] = 10_000,
    seed: Seed = 1,
    alone: Annotated[
        bool,
        typer.Option(
            "--alone",
            help=Said(
                "Leave out today's portfolio and the cheapest, which it is held against.",
                "比べる相手である現行と最安の調達計画を省く。",
            ),
        ),
    ] = False,
    model: Solved = None,
    changes: Changes = None,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Play a kept answer on fresh paths that its tree has not seen, under a rule that cannot see the future."""
    faults = unwritable(json, force)
    if faults:
        raise DataError(faults)
    from procure.explore.yardsticks import yardsticks
    from procure.portfolio.evaluate import compare, model_of
    from procure.portfolio.read import read_portfolio
    from procure.words import programme_name

    portfolio = read_portfolio(answer)
    chosen = model_of(portfolio) if model is None else load(model, changes)
    name = programme_name(portfolio.programmes) if portfolio.programmes else portfolio.name

    def play(progress: Progress | None) -> Comparison:
        portfolios = {name: portfolio} | ({} if alone else yardsticks(chosen))
        return compare(portfolios, paths, seed, model=chosen, progress=progress)

    ask(play, json, quiet)
