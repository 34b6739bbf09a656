"""`procure verify`: a kept answer proved again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import ANSWER_FILE
from procure.cli.model import Changes, Solved, load
from procure.cli.output import Quiet, progress, show
from procure.languages import Said


@in_japanese("保存した回答を、ソルバーを使わず算術で証明し直す。終了コード 3 は証明できないものがあることを示す。")
def verify(
    answer: Annotated[
        Path,
        typer.Argument(
            metavar=ANSWER_FILE,
            help=Said(
                "Written by `procure solve --json FILE --proof`.",
                "`procure solve --json ファイル --proof` が書いたファイル。",
            ),
        ),
    ],
    model: Solved = None,
    changes: Changes = None,
    quiet: Quiet = False,
) -> None:
    """Prove a kept answer again by arithmetic, without a solver; exit status 3 says that something in it is not proved."""
    from procure.errors import NotProved
    from procure.portfolio.read import read_portfolio
    from procure.portfolio.verify import verify as prove
    from procure.report.verify import page

    portfolio = read_portfolio(answer)
    with progress(quiet) as told:
        found = prove(portfolio, model=None if model is None else load(model, changes), progress=told)
    if not quiet:
        show(page(found))
    if not found.holds:
        raise NotProved(str(answer), found.faults)
