"""`procure report`: a kept answer as one page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from procure.cli.language import in_japanese, language
from procure.cli.metavars import FILE, MODEL, SLIDER
from procure.cli.model import SEE_HELP, AnswerFile, Changes, load, value_of
from procure.cli.output import Force, Quiet, progress_of_cases, unwritable
from procure.errors import KEEP_ONE, DataError, Fault
from procure.languages import LANGUAGES, Said

if TYPE_CHECKING:
    from pandas import DataFrame

    from procure.model import Model
    from procure.portfolio.portfolio import Portfolio

Sliders = Annotated[
    list[str] | None,
    typer.Option(
        "--sliders",
        metavar=SLIDER,
        help=Said(
            "Give the page a slider over a number, as often as needed: --sliders risk.weight=0:0.6. Its cases are solved "
            "beforehand, five steps for each slider: three sliders are 125 cases.",
            "数値のつまみをページに付ける（何度でも）: --sliders risk.weight=0:0.6。事例はあらかじめ解く。"
            "つまみ一つに 5 段、三つで 125 件。",
        ),
    ),
]


@in_japanese(
    "保存した回答をオフラインで開ける一つの HTML ページに書き出す: 英語と日本語、図付き、読むにも印刷にも向く。"
)
def report(
    answer: AnswerFile,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar=FILE, help=Said("The page: an .html file.", "ページの .html ファイル。")),
    ],
    beside: Annotated[
        list[Path] | None,
        typer.Option(
            "--with",
            metavar=Said("FILE.json", "ファイル.json"),
            help=Said(
                "Give the page a section on this answer to another question on the same model, as often as needed: written by a "
                "question's --json, as `procure ranges --json` is.",
                "同じモデルへの別の問いの回答をページの一節にする（何度でも）。`procure ranges --json` のように、"
                "問いの --json が書いたもの。",
            ),
        ),
    ] = None,
    sliders: Sliders = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar=MODEL,
            help=Said(
                "What was solved, for --sliders: its cases are solved anew.",
                "--sliders のための、解いたモデル。事例を改めて解く。",
            ),
        ),
    ] = None,
    changes: Changes = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write a kept answer as one HTML page that opens offline: in English and Japanese, with pictures, to be read or printed."""
    faults = unwritable(out, force, "--out") + missing()
    if bool(sliders) is not (model is not None):
        seen = Said("there is no model", "モデルがない") if sliders else Said("there are no sliders", "つまみがない")
        faults.append(
            Fault(
                "--sliders",
                seen,
                Said("sliders are solved by the model of the answer", "つまみは回答のモデルで解く"),
                Said("give --model too", "--model も指定する")
                if sliders
                else Said("leave --model out", "--model を省く"),
            )
        )
    ranges = ranges_of(sliders, faults)
    chosen = load(model, changes, faults) if model is not None else None
    if faults:
        raise DataError(faults)
    from procure.portfolio.read import read_portfolio
    from procure.report.html.given import read_answer

    portfolio = read_portfolio(answer)
    answers = [read_answer(file) for file in beside or ()]
    rows = None
    if chosen is not None:
        if chosen.facts.fingerprint != portfolio.fingerprint or not _is_of(chosen, portfolio):
            rule = Said("sliders move the numbers of the answer", "つまみは回答の数値を動かす")
            raise DataError(
                Fault(
                    f"--model {model}",
                    Said("the answer is of other choices or tables", "回答の選択か表が異なる"),
                    rule,
                    Said("give what was solved", "解いたものを指定する"),
                )
            )
        rows = cases_of(chosen, ranges, quiet)
    write_report(portfolio, out.resolve(), rows, answers)


def _is_of(model: Model, portfolio: Portfolio) -> bool:
    settings: Any = model.settings.model_dump(mode="json", by_alias=True)
    return bool(settings == portfolio.settings)


def missing() -> list[Fault]:
    """Why no page can be written, known before an hour of solving."""
    if find_spec("jinja2") is not None and find_spec("matplotlib") is not None:
        return []
    seen = Said("jinja2 or matplotlib is not installed", "jinja2 か matplotlib がインストールされていない")
    return [
        Fault(
            "procure.report", seen, Said("they write the page", "ページの作成に必要"), "pip install 'procure[report]'"
        )
    ]


def ranges_of(sliders: list[str] | None, faults: list[Fault], option: str = "--sliders") -> dict[str, Any]:
    """The range of every slider, as a grid has it; what is none is added to `faults`.

    >>> ranges_of(["shortage.scale=1:5"], [])
    {'shortage.scale': {'from': 1, 'to': 5, 'steps': 5}}
    """
    ranges: dict[str, Any] = {}
    if not sliders:
        return ranges
    from procure.report.html.sliders import STEPS

    for text in sliders:
        where = f"{option} {text}"
        path, equals, ends = (part.strip() for part in text.partition("="))
        low, colon, high = (part.strip() for part in ends.partition(":"))
        if not (path and equals and colon and low and high):
            faults.append(
                Fault(
                    where,
                    Said("it is no path=low:high", "path=low:high の形ではない"),
                    Said("a slider moves a number between two ends", "つまみは数値を両端の間で動かす"),
                    SEE_HELP,
                )
            )
        elif path in ranges:
            faults.append(
                Fault(
                    where,
                    Said("{path} has two sliders", "{path} のつまみが二つある").format(path=path),
                    Said("a number has one slider", "一つの数値のつまみは一つ"),
                    KEEP_ONE,
                )
            )
        else:
            ranges[path] = {"from": value_of(where, low, faults), "to": value_of(where, high, faults), "steps": STEPS}
    return ranges


def cases_of(model: Model, ranges: dict[str, Any], quiet: bool) -> DataFrame | None:
    """Every case of the sliders, solved; None without sliders."""
    if not ranges:
        return None
    from procure.explore.sweep import Grid, sweep
    from procure.explore.sweep.grid import Product
    from procure.report.html.sliders import COLUMNS

    with progress_of_cases(quiet) as told:
        return sweep(model, Grid((Product(ranges, "--sliders"),), as_written=True), columns=COLUMNS, progress=told)


def write_report(
    portfolio: Portfolio, path: Path, sliders: DataFrame | None = None, answers: Sequence[Any] = ()
) -> None:
    """Write the page of an answer in both languages, that of the command first."""
    from procure.report.html import report as write

    write(
        portfolio,
        path,
        languages=sorted(LANGUAGES, key=lambda other: other != language()),
        sliders=sliders,
        answers=answers,
    )
