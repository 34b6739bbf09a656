"""`procure evaluate`: a kept answer on fresh paths."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.model import Changes, load
from procure.cli.output import progress, show, unwritable
from procure.errors import DataError


def evaluate(
    answer: Annotated[Path, typer.Argument(metavar="ANSWER.json", help="Written by `procure solve --json`.")],
    paths: Annotated[int, typer.Option(metavar="N", help="Fresh paths drawn from the law.")] = 10_000,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed draws the same paths.", min=0)] = 1,
    alone: Annotated[
        bool, typer.Option("--alone", help="Leave out today's portfolio and the cheapest, which it is held against.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="What was solved, where its facts are not the bundled ones: a .toml file."),
    ] = None,
    changes: Changes = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
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
    with progress(quiet) as told:
        name = programme_name(portfolio.programmes) if portfolio.programmes else portfolio.name
        portfolios = {name: portfolio}
        if not alone:
            portfolios |= yardsticks(chosen)
        found = compare(portfolios, paths, seed, model=chosen, progress=told)
    if json is not None:
        found.to_json(json.resolve())
    if not quiet:
        show(found)
