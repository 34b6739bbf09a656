"""`procure plot`: a picture of a kept answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.language import in_japanese, language
from procure.cli.metavars import FILE, MODEL, NAME
from procure.cli.model import AnswerFile, Changes, load
from procure.cli.output import Force, unwritable
from procure.errors import LEAVE_OUT, DataError, Fault, nearest
from procure.languages import Said


@in_japanese(
    "保存した回答を図にする: だれが何を供給し、だれが不足し、いくらかかり、"
    "どこまで確かで、どんな将来があり、どこから来るか。"
)
def plot(
    answer: AnswerFile,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar=FILE,
            help=Said("A .png, .svg or .pdf file.", ".png、.svg、.pdf のいずれかのファイル。"),
        ),
    ],
    kind: Annotated[
        str,
        typer.Option(
            metavar=Said("KIND", "種類"),
            help=Said(
                "What it shows: mix, shortage, cost, programmes, tree or map.",
                "図の種類: mix（構成）、shortage（不足）、cost（費用）、programmes（開発計画）、"
                "tree（シナリオツリー）、map（地図）。",
            ),
        ),
    ] = "mix",
    of: Annotated[
        str | None,
        typer.Option(
            metavar=NAME,
            help=Said(
                "Of a mix an element or class; of shortage an element; of the tree a process.",
                "mix では元素か区分、shortage では元素、tree では確率過程。",
            ),
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar=MODEL,
            help=Said(
                "What was solved, for a map, where its facts are not the bundled ones.",
                "map で、同梱以外のデータで解いたときの、解いたモデル。",
            ),
        ),
    ] = None,
    changes: Changes = None,
    force: Force = False,
) -> None:
    """Draw a kept answer: who supplies what, who runs short, what it costs, how sure it is, which futures there are, from where."""
    from procure.report.plot.canvas import SUFFIXES, save, unknown_suffix
    from procure.report.plot.kinds import KINDS, draw

    faults = unwritable(out, force, "--out")
    if out.suffix.lower() not in SUFFIXES:
        faults.append(unknown_suffix(f"--out {out}", out))
    if kind not in KINDS:
        faults.append(
            Fault("--kind", f"'{kind}'", Said("it is a kind of picture", "図の種類であること"), nearest(kind, KINDS))
        )
    elif of is not None and not KINDS[kind].is_of:
        faults.append(
            Fault(
                f"--of {of}",
                Said("a picture of kind {kind} is of all", "種類 {kind} の図は全体の図").format(kind=kind),
                Said("others are of a name", "他の図には名前を指定する"),
                LEAVE_OUT,
            )
        )
    chosen = load(model, changes, faults) if model is not None else None
    if faults:
        raise DataError(faults)
    from procure.portfolio.read import read_portfolio

    save(draw(kind, read_portfolio(answer), of=of, model=chosen, language=language()), out.resolve())
