"""`procure evaluate`: a kept answer on fresh paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from procure.cli.model import AnswerFile, Changes, Solved, load
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import DataError

if TYPE_CHECKING:
    from procure.portfolio.evaluate import Comparison
    from procure.words import Progress


def evaluate(
    answer: AnswerFile,
    paths: Annotated[int, typer.Option(metavar="N", help="Fresh paths drawn from the law.")] = 10_000,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed draws the same paths.", min=0)] = 1,
    alone: Annotated[
        bool, typer.Option("--alone", help="Leave out today's portfolio and the cheapest, which it is held against.")
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
