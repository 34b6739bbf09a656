"""`procure sweep`: every case of a grid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import FILE, FOLDER, NAME
from procure.cli.model import Changes, ModelName, TimeLimit, load
from procure.cli.output import Force, Quiet, progress_of_cases, say, unwritable, write_csv
from procure.errors import Fault
from procure.languages import Said


@in_japanese("格子の全ての事例でモデルを解き、一件を一行にする。止めた実行は続きから再開する。")
def sweep(
    model: ModelName,
    grid: Annotated[
        Path,
        typer.Argument(
            metavar=Said("GRID.toml", "格子.toml"),
            help=Said(
                "Which cases: docs/sweep.md says how to write it.", "事例を定めるファイル。書き方は docs/sweep.md。"
            ),
        ),
    ],
    store: Annotated[
        Path | None,
        typer.Option(
            metavar=FOLDER,
            help=Said(
                "Keep rows in this folder as they are done; what is there is not solved again.",
                "済んだ行からこのフォルダーに保存する。既にあるものは解き直さない。",
            ),
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar=FILE,
            help=Said("Write the rows to this file; - prints them.", "行をこのファイルに書き出す。- なら画面に出す。"),
        ),
    ] = None,
    force: Force = False,
    changes: Changes = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar=NAME,
            help=Said(
                "Work out this column, or family of columns, and those named beside it only.",
                "この列か列の群と、並べて指定したものだけを求める。",
            ),
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help=Said(
                "Processes side by side; else as many as there are cores, if that pays.",
                "並列に動かすプロセスの数。省けば、引き合う場合にコアの数。",
            ),
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar=Said("ADDRESS", "アドレス"),
            help=Said(
                "Solve on a Dask cluster: tcp://host:8786, or 'local' for one on this machine.",
                "Dask クラスターで解く: tcp://host:8786、または 'local' でこの計算機上のもの。",
            ),
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help=Said("Solve every N-th case, from the I-th on.", "I 番目から N 件おきの事例を解く。")
        ),
    ] = None,
    join: Annotated[
        list[Path] | None,
        typer.Option(
            metavar=FOLDER,
            help=Said(
                "Copy the rows of this store, a shard's, into --store first.",
                "分割して解いたこの保存先の行を、まず --store に写す。",
            ),
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="S", min=0, help=Said("Draw a sampled design by this seed.", "標本の抽出に使う種。")),
    ] = None,
    verdict: Annotated[
        bool,
        typer.Option(
            "--verdict",
            help=Said(
                "Compare the programmes of each case on fresh paths where futures are drawn.",
                "将来を抽出する事例では、開発計画を新しい経路で比べる。",
            ),
        ),
    ] = False,
    retry: Annotated[
        bool,
        typer.Option(
            "--retry",
            help=Said(
                "Solve again what failed or met a limit in an earlier run.",
                "以前の実行で失敗したか上限に達した事例を解き直す。",
            ),
        ),
    ] = False,
    time_limit: TimeLimit = None,
    quiet: Quiet = False,
) -> None:
    """Solve a model at every case of a grid, one row each; a run that was stopped goes on where it was."""
    faults = unwritable(csv, force, "--csv")
    if store is None and csv is None:
        seen, rule = (
            Said("neither --store nor --csv", "--store も --csv もない"),
            Said("rows are kept in a store or written to a file", "行は保存先に置くかファイルに書く"),
        )
        faults.append(Fault("procure sweep", seen, rule, Said("add --store DIR", "--store フォルダー を加える")))
    if dask is not None and dask != "local" and "://" not in dask:
        faults.append(
            Fault(
                f"--dask {dask}",
                Said("it is no address", "アドレスではない"),
                Said("an address looks like tcp://host:8786", "アドレスは tcp://host:8786 の形"),
                Said("or write local", "または local と書く"),
            )
        )
    chosen = load(model, changes, faults, quiet=quiet)
    from procure.explore.sweep import sweep as find_rows
    from procure.report.sweep import summary

    executor: Any = "dask" if dask == "local" else dask
    with progress_of_cases(quiet) as told:
        rows = find_rows(
            chosen, grid, store, executor=executor, workers=workers, columns=column, shard=shard, join=join or (), seed=seed,
            verdict=verdict, retry=retry, options=None if time_limit is None else {"time_limit": time_limit}, progress=told,
        )  # fmt: skip
    if csv is not None:
        write_csv(rows, csv)
    if not quiet and str(csv) != "-":
        say(summary(chosen, rows))
        if store is not None:
            where = Said(
                "The rows are in {store}: procure.read_sweep('{store}'), or its Parquet files.",
                "結果の行は {store} にある: procure.read_sweep('{store}')、または Parquet ファイル。",
            )
            say(where.format(store=store))
