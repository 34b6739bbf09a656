"""`procure compare`: kept answers side by side."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.model import Seed
from procure.cli.output import Force, Json, Quiet, ask, unwritable
from procure.errors import NAME_ANOTHER, DataError, Fault
from procure.languages import Said

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio


@in_japanese("保存した回答を並べて比べる: 問いの違いと、費用・最悪側・比率・不足・備蓄の違い。")
def compare(
    answers: Annotated[
        list[Path],
        typer.Argument(
            metavar=Said("ANSWER.json...", "回答.json..."),
            help=Said(
                "Written by `procure solve --json`; two at least.",
                "`procure solve --json` が書いたファイル、二つ以上。",
            ),
        ),
    ],
    paths: Annotated[
        int,
        typer.Option(
            metavar="N",
            help=Said(
                "Fresh paths, the same for all that share a world; 0 plays none.",
                "新しい経路の数。世界が同じ回答には同じ経路を使う。0 なら比べない。",
            ),
        ),
    ] = 10_000,
    seed: Seed = 1,
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
                    NAME_ANOTHER,
                )
            )
            continue
        try:
            portfolios[name] = read_portfolio(file)
        except DataError as error:
            faults += error.faults
    return portfolios
