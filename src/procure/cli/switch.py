"""`procure switch`: where along a number, or over two, the choice of programmes changes, or the first supplier of an element."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from procure.cli.language import in_japanese
from procure.cli.metavars import FOLDER, PATH
from procure.cli.model import Changes, Limits, ModelName, load, value_of
from procure.cli.output import Force, Json, Quiet, ask, progress_of_cases, unwritable
from procure.errors import LEAVE_OUT, Fault
from procure.languages import Said


@in_japanese("開発計画の選択が変わる数値の値と、その前後で優劣不明となる範囲を求める。")
def switch(
    model: ModelName,
    path: Annotated[
        str,
        typer.Argument(
            metavar=PATH,
            help=Said(
                "A number or choice, as for --set: risk.weight.", "数値か選択肢のパス、--set と同じ: risk.weight。"
            ),
        ),
    ],
    low: Annotated[
        str,
        typer.Option(
            metavar="L",
            help=Said("Where the range begins, as a value for --set.", "範囲の始め、--set の値と同じ書き方。"),
        ),
    ],
    high: Annotated[str, typer.Option(metavar="H", help=Said("Where it ends.", "範囲の終わり。"))],
    also: Annotated[
        str | None,
        typer.Option(
            "--and",
            metavar=Said("PATH2:L:H", "パス2:L:H"),
            help=Said(
                "Over this number, too: a table of every pair of --points values.",
                "この数値も動かし、--points 個ずつの値の全ての組を表にする。",
            ),
        ),
    ] = None,
    first_of: Annotated[
        str | None,
        typer.Option(
            metavar=Said("ELEMENT", "元素"),
            help=Said(
                "Instead of the programme, from whom most of this element arrives.",
                "開発計画の代わりに、この元素が最も多く届く供給元を調べる。",
            ),
        ),
    ] = None,
    changes: Changes = None,
    limits: Limits = None,
    digits: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=Said(
                "To how many digits a switch is found: 3, of a first supplier 2.",
                "切替点を求める桁数。省けば 3、第一の供給元では 2。",
            ),
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=Said(
                "Values that are looked at in any case: 9, of each of two numbers 7.",
                "必ず調べる値の数。省けば 9、二つの数値では 7 ずつ。",
            ),
        ),
    ] = None,
    standard_error: Annotated[
        float | None,
        typer.Option(
            metavar="MUSD",
            help=Said(
                "Of the difference of two levels, million USD; else that of 10,000 fresh paths at the switch.",
                "二つの水準の差の標準誤差、百万ドル。省けば切替点での新しい 10,000 経路による値。",
            ),
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            metavar=FOLDER,
            help=Said(
                "With --and, keep cases in this folder; a run that was stopped goes on from there.",
                "--and のとき、事例をこのフォルダーに保存する。止めた実行はそこから続く。",
            ),
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help=Said("With --and, processes side by side.", "--and のとき、並列に動かすプロセスの数。"),
        ),
    ] = None,
    json: Json = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find the values of a number at which the choice of programmes changes, and how far around them it is a tie."""
    faults = unwritable(json, force)
    low_end, high_end = (value_of(f"--{name}", text, faults) for name, text in (("low", low), ("high", high)))
    second = None if also is None else _second(also, faults)
    _unread(
        also,
        first_of,
        {"--digits": digits, "--standard-error": standard_error},
        {"--store": store, "--workers": workers},
        faults,
    )
    chosen = load(model, changes, faults, quiet=quiet, limits=limits)
    finding: dict[str, Any] = {"as_written": True} | ({} if points is None else {"points": points})
    to_digits: dict[str, Any] = {} if digits is None else {"digits": digits}
    if second is not None:
        from procure.explore.switch_map import switch_map

        of_two = partial(
            switch_map, chosen, (path, low_end, high_end), second, standard_error_musd=standard_error, store=store,
            workers=workers, **finding,
        )  # fmt: skip
        ask(of_two, json, quiet, progress_of_cases)
    elif first_of is not None:
        from procure.explore.first_supplier import first_supplier

        ask(partial(first_supplier, chosen, first_of, path, low_end, high_end, **finding, **to_digits), json, quiet)
    else:
        from procure.explore.switch import switch as find

        of_one = partial(
            find, chosen, path, low_end, high_end, standard_error_musd=standard_error, **finding, **to_digits
        )
        ask(of_one, json, quiet)


def _second(text: str, faults: list[Fault]) -> tuple[str, Any, Any] | None:
    """The second number and its range."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != 3 or not all(parts):
        rule = Said("a second number is PATH:low:high", "二つ目の数値は PATH:low:high")
        faults.append(
            Fault(
                f"--and {text}",
                Said("it is no number with a range", "範囲のある数値ではない"),
                rule,
                Said("as in shortage.scale:0.5:2", "例: shortage.scale:0.5:2"),
            )
        )
        return None
    return parts[0], *(value_of(f"--and {text}", part, faults) for part in parts[1:])


def _unread(
    also: str | None, first_of: str | None, of_one: dict[str, Any], of_two: dict[str, Any], faults: list[Fault]
) -> None:
    """Options that would say nothing are faults."""
    if also is not None and first_of is not None:
        rule = Said("first suppliers are told along one number", "第一の供給元は一つの数値に沿って示す")
        faults.append(
            Fault(
                "--first-of",
                Said("--and is given, too", "--and も指定されている"),
                rule,
                Said("leave one out", "一方を外す"),
            )
        )
    for option, value in of_two.items():
        if value is not None and also is None:
            faults.append(
                Fault(
                    option,
                    Said("there is one number", "数値は一つ"),
                    Said("cases are kept and shared out over two", "事例の保存と分担は二つの数値のとき"),
                    LEAVE_OUT,
                )
            )
    if of_one["--digits"] is not None and also is not None:
        faults.append(
            Fault(
                "--digits",
                Said("there are two numbers", "数値は二つ"),
                Said("over two a switch is told about", "二つの数値では切り替わりの概略を示す"),
                LEAVE_OUT,
            )
        )
    if of_one["--standard-error"] is not None and first_of is not None:
        rule = Said("a first supplier has no tie", "第一の供給元に優劣不明はない")
        faults.append(
            Fault(
                "--standard-error",
                Said("--first-of is given, too", "--first-of も指定されている"),
                rule,
                LEAVE_OUT,
            )
        )
