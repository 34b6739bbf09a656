"""Where an answer goes, and what is said while it is made."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from procure.cli.language import language
from procure.cli.metavars import FILE
from procure.errors import ANOTHER_FOLDER, Fault
from procure.languages import Said, in_language
from procure.words import Progress, listed

Json = Annotated[
    Path | None,
    typer.Option("--json", metavar=FILE, help=Said("Write the result to this file.", "結果をこのファイルに書き出す。")),
]
Force = Annotated[
    bool, typer.Option("--force", help=Said("Overwrite FILE if it exists.", "ファイルが既にあれば上書きする。"))
]
Overwrite = Annotated[bool, typer.Option("--force", help=Said("Overwrite what exists.", "既にあるものを上書きする。"))]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=Said("Print errors only.", "誤りだけを表示する。"))]

PROGRESS_AFTER = 2.0  # seconds
_SOLVING, _CASES, _EACH = Said("solving", "求解中"), Said("cases", "件"), Said("{seconds} s each", "1 件 {seconds} 秒")


def unwritable(path: Path | None, force: bool, option: str = "--json") -> list[Fault]:
    """Why the answer cannot be written to `path`, known before an hour of solving."""
    if path is None or (str(path) == "-" and option == "--csv"):
        return []
    where, folder = f"{option} {path}", path.resolve().parent
    if path.is_dir():
        return [
            Fault(
                where,
                Said("it is a folder", "フォルダーである"),
                Said("the answer is one file", "結果は1ファイルに書く"),
                Said("name a file in it", "その中のファイル名を指定"),
            )
        ]
    if path.exists() and not path.is_file():
        return [
            Fault(
                where,
                Said("it is no ordinary file", "通常のファイルではない"),
                Said("the answer is one file", "結果は1ファイルに書く"),
                Said("name a file", "ファイル名を指定"),
            )
        ]
    if path.exists() and not force:
        return [
            Fault(
                where,
                Said("the file exists", "ファイルが既にある"),
                Said("no file is overwritten unasked", "指定なしに上書きはしない"),
                Said("name another, or add --force", "別名にするか --force を付ける"),
            )
        ]
    if not folder.is_dir():
        return [
            Fault(
                where,
                Said("there is no folder {folder}", "フォルダー {folder} がない").format(folder=folder),
                Said("the folder of the answer exists", "結果のフォルダーは既存であること"),
                Said("make it first", "先に作成する"),
            )
        ]
    if not os.access(folder, os.W_OK):
        return [
            Fault(
                where,
                Said("{folder} is not open to writing", "{folder} に書き込めない").format(folder=folder),
                Said("the answer is a new file", "結果は新しいファイルに書く"),
                ANOTHER_FOLDER,
            )
        ]
    return []


def unwritable_folder(folder: Path, files: Iterable[Path], force: bool, option: str) -> list[Fault]:
    """Why these files cannot be written into `folder`, which is made if its own folder exists."""
    where = f"{option} {folder}"
    if folder.exists() and not folder.is_dir():
        return [
            Fault(
                where,
                Said("it is a file", "ファイルである"),
                Said("several files are written to a folder", "複数のファイルをフォルダーに書く"),
                Said("name a folder", "フォルダーを指定"),
            )
        ]
    if not folder.exists():
        return unwritable(folder, force, option)
    there = [file.name for file in files if file.exists()]
    if there and not force:
        seen, remedy = (
            Said("{files} there already", "{files} が既にある").format(files=listed(there, most=3)),
            Said("name another folder, or add --force", "別のフォルダーにするか --force を付ける"),
        )
        return [Fault(where, seen, Said("no file is overwritten unasked", "指定なしに上書きはしない"), remedy)]
    if not os.access(folder, os.W_OK):
        return [
            Fault(
                where,
                Said("it is not open to writing", "書き込めない"),
                Said("the answer is new files", "結果は新しいファイルに書く"),
                ANOTHER_FOLDER,
            )
        ]
    return []


def write_csv(frame: Any, file: Path) -> None:
    """Write a frame as comma-separated values; ``-`` prints them."""
    from procure.portfolio.store import replacing
    from procure.report.spreadsheet import to_csv

    if str(file) == "-":
        to_csv(frame, sys.stdout)
        return
    with replacing(file.resolve()) as path:
        to_csv(frame, path)


def show(answer: Any) -> None:
    """In colour and to the width of a terminal, as plain text in a pipe; in the language of the command."""
    from procure.report.page import Page

    if not isinstance(answer, Page):
        from procure.report import screens

        answer = screens.page(answer)
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(answer.shown(language()))
    else:
        print(answer.to_text(language()))


def say(text: str, stream: TextIO | None = None) -> None:
    """Lines in the language of the command, to stdout if nowhere else; in a terminal wrapped between words."""
    stream = stream or sys.stdout
    lines = in_language(text, language()).splitlines()
    if stream.isatty():
        from procure.report.layout import wrapped

        lines = [part for line in lines for part in wrapped(line, columns_of(stream))]
    print("\n".join(lines), file=stream)


def columns_of(terminal: TextIO) -> int:
    """How many characters stand in a line of a terminal: as COLUMNS says, or the terminal itself, or else eighty."""
    said = os.environ.get("COLUMNS", "")
    columns = int(said) if said.isdecimal() else 0
    with suppress(OSError):
        columns = columns or os.get_terminal_size(terminal.fileno()).columns
    return columns or 80


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """A progress bar on stderr once the work has taken two seconds, with the time that has passed: it moves where the bar does not
    for a while. None in a pipe or when quiet.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import Progress as Bar
    from rich.progress import TimeElapsedColumn

    with _told(
        Bar(*Bar.get_default_columns(), TimeElapsedColumn(), console=_stderr(), transient=True), _SOLVING
    ) as report:
        yield report


@contextmanager
def progress_of_cases(quiet: bool) -> Iterator[Progress | None]:
    """The same for many cases: how many are done, how many a second, how long the others take, how many failed."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    each = in_language(_EACH, language())  # a bar is rendered in a thread, which knows no language

    class Rate(ProgressColumn):
        """Cases a second, or seconds a case."""

        def render(self, task: Any) -> Text:
            speed = task.finished_speed or task.speed
            if not speed:
                return Text("")
            if speed < 1:
                return Text(each.format(seconds=f"{1 / speed:.2g}"))
            return Text(f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.2g}/s")

    columns = (
        MofNCompleteColumn(),
        TextColumn(in_language(_CASES, language())),
        BarColumn(),
        Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with _told(Bar(*columns, console=_stderr(), transient=True), "") as report:
        yield report


def _stderr() -> Any:
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def _told(bar: Any, usual: str) -> Iterator[Progress]:
    """Reports to a bar, which is shown once the work has taken two seconds; `usual` is what is said where nothing is."""
    import threading

    spoken = language()  # that of the command: who reports may be a thread, which knows none
    task = bar.add_task(in_language(usual, spoken), total=None)
    late = threading.Timer(PROGRESS_AFTER, bar.start)
    late.daemon = True
    late.start()

    def report(done: int, total: int, what: str) -> None:
        bar.update(task, completed=done, total=total, description=in_language(what or usual, spoken))

    try:
        yield report
    finally:
        late.cancel()
        late.join()
        if bar.live.is_started:
            bar.stop()


def ask(
    question: Callable[..., Any],
    json: Path | None,
    quiet: bool,
    bar: Callable[[bool], AbstractContextManager[Progress | None]] = progress,
) -> None:
    """Ask a question, saying meanwhile how far it is, keep the answer in a file if one is named, and show it unless quiet."""
    with bar(quiet) as told:
        answer = question(progress=told)
    if json is not None:
        answer.to_json(json.resolve())
    if not quiet:
        show(answer)
