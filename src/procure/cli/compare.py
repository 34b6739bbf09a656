"""`procure compare`: kept answers side by side."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import DataError, Fault
from procure.languages import Said

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio


def compare(
    answers: Annotated[
        list[Path], typer.Argument(metavar="ANSWER.json...", help="Written by `procure solve --json`; two at least.")
    ],
    paths: Annotated[
        int, typer.Option(metavar="N", help="Fresh paths, the same for all that share a world; 0 plays none.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed draws the same paths.", min=0)] = 1,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Put kept answers side by side: what differs in what was asked, and in cost, tail, shares, shortage and stock."""
    faults = unwritable(json, force)
    portfolios = _read(answers, faults)
    if faults:
        raise DataError(faults)
    from procure.explore.side_by_side import side_by_side

    ask(partial(side_by_side, portfolios, paths=paths, seed=seed), json, quiet)


def _read(files: list[Path], faults: list[Fault]) -> dict[str, Portfolio]:
    """The answers by the names of their files; by their paths where two are called alike."""
    from procure.portfolio.read import read_portfolio

    stems = [file.stem for file in files]
    portfolios: dict[str, Portfolio] = {}
    for file, stem in zip(files, stems, strict=True):
        name = stem if stems.count(stem) == 1 else str(file)
        if name in portfolios:
            faults.append(
                Fault(
                    str(file),
                    Said("it is named twice", "二度指定されている"),
                    Said("answers are held beside others", "回答は別の回答と比べる"),
                    Said("name another", "別のものを指定する"),
                )
            )
            continue
        try:
            portfolios[name] = read_portfolio(file)
        except DataError as error:
            faults += error.faults
    return portfolios
