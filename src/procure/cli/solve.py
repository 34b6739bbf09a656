"""`procure solve`: the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import FILE
from procure.cli.model import Changes, Limits, ModelName, TimeLimit, load
from procure.cli.output import Force, Json, Quiet, progress, show, unwritable
from procure.cli.report import Sliders, cases_of, missing, ranges_of, write_report
from procure.errors import Fault
from procure.languages import Said


@in_japanese("モデルの最小費用の調達計画を求めて表示する。")
def solve(
    model: ModelName,
    changes: Changes = None,
    limits: Limits = None,
    json: Json = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar=FILE,
            help=Said(
                "Write the answer as one HTML page, in English and Japanese, that opens offline.",
                "回答を一つの HTML ページに書き出す。英語と日本語、オフラインで開ける。",
            ),
        ),
    ] = None,
    sliders: Sliders = None,
    force: Force = False,
    quiet: Quiet = False,
    time_limit: TimeLimit = None,
    foresight: Annotated[
        bool,
        typer.Option(
            "--foresight/--no-foresight",
            help=Said(
                "Work out what knowing the future would be worth: most of the time of a large model.",
                "未来を知る価値を求める。大きなモデルでは時間の大半を占める。",
            ),
        ),
    ] = True,
    value_of_information: Annotated[
        bool,
        typer.Option(
            "--value-of-information",
            help=Said(
                "Work out what knowing the future would be worth, and what planning for the means costs, level by level.",
                "未来を知る価値と、平均だけを見た計画による損失を、計画水準ごとに求める。",
            ),
        ),
    ] = False,
    verdict: Annotated[
        bool,
        typer.Option(
            "--verdict/--no-verdict",
            help=Said(
                "Compare the programmes on fresh paths that no tree has seen: how well is it known which is best?",
                "どのシナリオツリーにもない新しい経路で開発計画を比べ、最良のものがどこまで確かかを示す。",
            ),
        ),
    ] = True,
    seeds: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help=Said(
                "Solve so many drawn trees side by side, and answer with the plan that is best on fresh paths.",
                "この数だけ抽出したシナリオツリーを並列に解き、新しい経路で最良の計画を回答とする。",
            ),
        ),
    ] = 1,
    proof: Annotated[
        bool | None,
        typer.Option(
            "--proof/--no-proof",
            help=Said(
                "Keep in FILE what `procure verify` proves the answer by; it is kept unasked where it is small.",
                "`procure verify` が回答の証明に使うものをファイルに保存する。小さければ指定なしでも保存する。",
            ),
        ),
    ] = None,
) -> None:
    """Find the least-cost portfolio of a model and print it."""
    faults = unwritable(json, force) + unwritable(report, force, "--report") + (missing() if report else [])
    ranges = ranges_of(sliders, faults)
    if sliders and report is None:
        faults.append(
            Fault(
                "--sliders",
                Said("there is no --report", "--report がない"),
                Said("sliders are part of a page", "つまみはページの一部"),
                Said("give --report FILE too", "--report ファイル も指定する"),
            )
        )
    chosen = load(model, changes, faults, quiet=quiet, limits=limits)
    from procure.solving.solve import solve as find_portfolio

    with progress(quiet) as told:
        options = None if time_limit is None else {"time_limit": time_limit}
        portfolio = find_portfolio(
            chosen, options=options, foresight=foresight, value_of_information=value_of_information, verdict=verdict,
            seeds=seeds, proof=proof, progress=told,
        )  # fmt: skip
    if json is not None:
        portfolio.to_json(json.resolve())
    if report is not None:
        write_report(portfolio, report.resolve(), sliders=cases_of(chosen, ranges, quiet))
    if not quiet:
        show(portfolio)
