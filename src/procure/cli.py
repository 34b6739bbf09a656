"""The command line: `procure solve | check | models | sources`.

Exit status: 0 answered; 1 infeasible, with the limits in conflict; 2 bad input, with every fault in one list; 3 the solver
failed or met a limit, with what is known. Answers go to stdout, everything else to stderr. An error of the user never
shows a stack trace; an error of procure does.

Nothing heavy is imported at the top: `procure --help` must come at once.
"""

from __future__ import annotations

import math
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from procure.errors import DataError, Fault, ProcureError

if TYPE_CHECKING:
    from procure.model import Model

INTERRUPTED, PIPE_CLOSED = 130, 141  # what a shell reports for the signals INT and PIPE
BAD_INPUT = DataError.exit_status
PROGRESS_AFTER = 2.0  # seconds


class _Commands(TyperGroup):
    """Turns every error that a user can cause into a message and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer
        except ProcureError as error:
            _say(str(error))
            raise typer.Exit(error.exit_status) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader has gone, as in `procure sources | head`
            _drop_stdout()
            raise typer.Exit(PIPE_CLOSED) from None
        except OSError as error:  # unreadable files, full disks
            _drop_stdout()
            _say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
            raise typer.Exit(BAD_INPUT) from None


def _say(text: str) -> None:
    print(f"procure: {text}", file=sys.stderr)


def _drop_stdout() -> None:
    """Nobody reads on: what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(cls=_Commands, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def main() -> None:
    """Run the command line; characters that a terminal cannot show become question marks instead of errors."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # text streams of the process
    app(prog_name="procure")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"procure {version('procure')}")
        raise typer.Exit


@app.callback(no_args_is_help=True)
def procure(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Decide where a country or company buys its rare earths: least-cost supplier portfolios under disruption risk."""


ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="A bundled name (`procure models`) or a .toml file.")]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change one choice or number, as often as needed: --set risk.weight=0.5 --set prices.Dy.spot=900. A number is in the "
        "unit in which `procure sources` lists it, or says its own: --set 'shortage.Y.cost.3=6400 USD/kg'.",
    ),
]


def _more_than_zero(seconds: float | None) -> float | None:
    if seconds is not None and not seconds > 0:
        raise typer.BadParameter(f"{seconds} is not a number of seconds above 0.")
    return seconds


@app.command()
def solve(
    model: ModelName,
    changes: Changes = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the answer to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    time_limit: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Let the solver take this long at most per programme level.",
            callback=_more_than_zero,
        ),
    ] = None,
    foresight: Annotated[
        bool,
        typer.Option(
            "--foresight/--no-foresight",
            help="Work out what knowing the future would be worth: most of the time of a large model.",
        ),
    ] = True,
) -> None:
    """Find the least-cost portfolio of a model and print it."""
    faults = _unwritable(json, force)
    chosen = _load(model, changes, faults, quiet=quiet)
    from procure.solving.compiled import solve as find_portfolio

    with _progress(quiet) as progress:
        options = None if time_limit is None else {"time_limit": time_limit}
        portfolio = find_portfolio(chosen, options=options, foresight=foresight, progress=progress)
    if json is not None:
        portfolio.to_json(json.resolve())
    if not quiet:
        from procure.report.text import screen

        _show(screen(portfolio) if sys.stdout.isatty() else portfolio)


@app.command()
def check(
    model: ModelName,
    changes: Changes = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Check a model and its facts without solving, and say what they hold."""
    chosen = _load(model, changes, quiet=quiet)
    from procure.report.check import summary

    text = summary(chosen)
    if not quiet:
        print(text)


@app.command()
def models() -> None:
    """List the bundled models."""
    from procure.model import bundled_models

    titles = {
        name: tomllib.loads(path.read_text(encoding="utf-8"))["model"]["title"]["en"]
        for name, path in bundled_models().items()
    }
    width = max(map(len, titles))
    for name, title in titles.items():
        print(f"{name:{width}}  {title}")


@app.command()
def sources(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Only the numbers this model stands on.", show_default=False)
    ] = None,
    changes: Changes = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Keep one of sourced, unverified, derived, assumed.")
    ] = None,
    table: Annotated[str | None, typer.Option(metavar="NAME", help="Keep one table, such as prices.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values, all columns.")] = False,
) -> None:
    """List every number with its range, its source and how far it can be trusted, in the units of its table."""
    from procure.report.sources import numbers

    frame = numbers(_load(model, changes) if model is not None else None, status=status, table=table)
    if csv:
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    from procure.report.sources import sheet

    _show(sheet(frame))


# ------------------------------------------------------------------------------------------------------------- input


def _load(name: str, changes: list[str] | None, faults: list[Fault] | None = None, *, quiet: bool = True) -> Model:
    """The model with its changes; every fault of command line, file and changes in one list.

    Unless `quiet`, the numbers of the facts that were changed are said on stderr.
    """
    from procure.model import load_model

    faults = list(faults or ())
    values = _values(changes or [], faults)
    try:
        model = load_model(name)
    except DataError as error:
        raise DataError([*error.faults, *faults]) from None
    try:
        changed = model.changed(values, as_written=True)
    except DataError as error:
        faults = [*error.faults, *faults]
    if faults:
        raise DataError(faults)
    if not quiet:
        for line in _numbers_set(model, changed, values):
            print(line, file=sys.stderr)
    return changed


def _numbers_set(before: Model, after: Model, paths: Iterable[str]) -> Iterator[str]:
    """Which numbers of the facts were set, from what, to what and in which unit: a slip of a unit is seen at once."""
    for path in paths:
        if after.table_of(path) is not None:
            old, new = (model.facts.value(path, as_written=True) for model in (before, after))
            unit = after.facts.unit(path, as_written=True)
            style = ",.10g" if unit else ".10g"  # a year has no unit, and no thousands
            said = "blank" if math.isnan(old) else f"{old:{style}}"
            yield f"{path}: {said} -> {new:{style}} {'' if unit == '1' else unit}".rstrip()


def _values(changes: list[str], faults: list[Fault]) -> dict[str, Any]:
    """Path and value of every ``--set path=value``."""
    found: dict[str, Any] = {}
    for change in changes:
        path, equals, text = (part.strip() for part in change.partition("="))
        where = f"--set {change}"
        if not equals or not path:
            faults.append(Fault(where, f"no {'path' if equals else '='}", "a change is path=value", "see --help"))
        elif path in found:
            faults.append(Fault(where, f"{path} is set twice", "a path is set once", "keep one of them"))
        else:
            try:
                found[path] = _literal(text)
            except ValueError as error:
                example = """for example 0.5, '6400 USD/kg', true, [2027, 2028] or '"two words"'"""
                if re.match(r"[+-]?[0-9]{1,3}(,[0-9]{3})+", text):
                    example = "write plain digits, without separators"
                seen, rule = f"the value is {text!r} ({error})", "a value is a word, or written as in TOML"
                faults.append(Fault(where, seen, rule, example))
    return found


def _literal(text: str) -> Any:
    """A value as TOML writes it; a bare word and a number with a unit stand for themselves.

    >>> _literal("0.5"), _literal("[2027, 2028]"), _literal("ban"), _literal("90 t/yr")
    (0.5, [2027, 2028], 'ban', '90 t/yr')
    """
    if text.isidentifier() and text not in ("true", "false", "nan", "inf"):
        return text
    if not text:
        raise ValueError("empty")
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError as error:
        from procure.facts.conversion import quantity

        if quantity(text) is not None:
            return text
        raise ValueError(str(error).partition(" (at")[0].lower()) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if list(document) != ["value"]:
        raise ValueError("more than one value")
    return document["value"]


# ------------------------------------------------------------------------------------------------------------ output


def _unwritable(path: Path | None, force: bool) -> list[Fault]:
    """Why the answer cannot be written to `path`, known before an hour of solving."""
    if path is None:
        return []
    where, folder = f"--json {path}", path.resolve().parent
    if path.is_dir():
        return [Fault(where, "it is a folder", "the answer is one file", "name a file in it")]
    if path.exists() and not path.is_file():
        return [Fault(where, "it is no ordinary file", "the answer is one file", "name a file")]
    if path.exists() and not force:
        return [Fault(where, "the file exists", "no file is overwritten unasked", "name another, or add --force")]
    if not folder.is_dir():
        return [Fault(where, f"there is no folder {folder}", "the folder of the answer exists", "make it first")]
    if not os.access(folder, os.W_OK):
        return [Fault(where, f"{folder} is not open to writing", "the answer is a new file", "name another folder")]
    return []


def _show(answer: Any) -> None:
    """In colour and to the width of a terminal; as plain text in a pipe."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(answer)
    else:
        print(answer)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int, str], None] | None]:
    """A progress bar on stderr once the work has taken two seconds; none in a pipe or when quiet."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    import threading

    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task("solving", total=None)
    late = threading.Timer(PROGRESS_AFTER, bar.start)
    late.daemon = True
    late.start()

    def report(done: int, total: int, what: str) -> None:
        bar.update(task, completed=done, total=total, description=what or "solving")

    try:
        yield report
    finally:
        late.cancel()
        late.join()
        if bar.live.is_started:
            bar.stop()
