"""`procure explore`: the page of a model, which answers any number."""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from importlib.util import find_spec
from typing import Annotated

import typer

from procure.cli.language import in_japanese, language
from procure.cli.metavars import SLIDER
from procure.cli.model import Changes, ModelName, TimeLimit, load
from procure.cli.output import progress
from procure.cli.report import ranges_of
from procure.errors import Fault
from procure.languages import Said, in_language

_OPEN = Said("{url}  (Ctrl-C ends it)", "{url}  （Ctrl-C で終了）")
_COMPILING = Said("compiling", "コンパイル中")


@in_japanese("モデルのページをこの計算機のブラウザに提供する: 数値を動かすたびに回答を解き直す。")
def explore(
    model: ModelName,
    changes: Changes = None,
    slider: Annotated[
        list[str] | None,
        typer.Option(
            "--slider",
            metavar=SLIDER,
            help=Said(
                "Give the page a slider over a number, as often as needed: --slider risk.weight=0:0.6. Without any it has "
                "risk.weight, shortage.scale and the bounds of the limits.",
                "数値のつまみをページに付ける（何度でも）: --slider risk.weight=0:0.6。一つも指定しなければ "
                "risk.weight、shortage.scale、制約の限度に付く。",
            ),
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=65535,
            help=Said("Listen on this port; 0 takes a free one.", "待ち受けるポート。0 なら空いているもの。"),
        ),
    ] = 0,
    browser: Annotated[
        bool,
        typer.Option("--browser/--no-browser", help=Said("Open the page in a browser.", "ページをブラウザで開く。")),
    ] = True,
    time_limit: TimeLimit = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help=Said("Print the address and errors only.", "アドレスと誤りだけを表示する。")
        ),
    ] = False,
) -> None:
    """Serve the page of a model to the browser of this machine: move its numbers, and each answer is solved anew."""
    faults = missing()
    ranges = ranges_of(slider, faults, "--slider")
    chosen = load(model, changes, faults, quiet=quiet)
    from procure.report.served.numbers import numbers_of
    from procure.report.served.site import LOOPBACK, app, listening, page, server
    from procure.report.served.solver import Solver

    text, may = page(chosen, numbers_of(chosen, ranges), language())
    with listening(port) as line:
        options = {} if time_limit is None else {"time_limit": time_limit}
        solver = Solver(chosen, ranges, options)
        try:
            with progress(quiet) as told:
                if told is not None:
                    told(0, 1, in_language(_COMPILING, language()))
                solver.wait()
            at, token = line.getsockname()[1], secrets.token_urlsafe(32)
            url = f"http://{LOOPBACK}:{at}/?token={token}"
            print(in_language(_OPEN.format(url=url), language()), flush=True)
            if browser:
                _open(url)
            with suppress(KeyboardInterrupt):  # the way to end it
                server(app(solver, text, may, at, token)).run(sockets=[line])
        finally:
            solver.end()


def missing() -> list[Fault]:
    """Why no page can be served, known before anything is compiled."""
    packages = ("starlette", "uvicorn", "jinja2", "matplotlib")
    absent = [package for package in packages if find_spec(package) is None]
    if not absent:
        return []
    seen = Said("{packages} is not installed", "{packages} がインストールされていない").format(
        packages=" / ".join(absent)
    )
    rule = Said("they serve the page and write its report", "ページの提供と報告書の作成に必要")
    return [Fault("procure explore", seen, rule, "pip install 'procure[explore]'")]


def _open(url: str) -> None:
    """In whatever browser there is, which may take its time."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
