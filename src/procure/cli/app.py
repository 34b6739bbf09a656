"""The application: its commands, and what an error of the user becomes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from procure.cli.ambiguity import ambiguity
from procure.cli.check import check
from procure.cli.compare import compare
from procure.cli.corridor import corridor
from procure.cli.evaluate import evaluate
from procure.cli.explore import explore
from procure.cli.frontier import frontier
from procure.cli.hedges import hedges
from procure.cli.help import Command, Commands
from procure.cli.language import in_japanese, spoken
from procure.cli.models import models
from procure.cli.new import new
from procure.cli.output import say
from procure.cli.plot import plot
from procure.cli.ranges import ranges
from procure.cli.regret import regret
from procure.cli.report import report
from procure.cli.reviews import reviews
from procure.cli.sensitivity import sensitivity
from procure.cli.show import show
from procure.cli.solve import solve
from procure.cli.sources import sources
from procure.cli.stress import stress
from procure.cli.sweep import sweep
from procure.cli.switch import switch
from procure.cli.verify import verify
from procure.cli.why import why
from procure.errors import DataError, ProcureError
from procure.languages import Said
from procure.lp.workers import without_closed_streams

INTERRUPTED, PIPE_CLOSED = 130, 141  # what a shell reports for the signals INT and PIPE
BAD_INPUT = DataError.exit_status


class _Commands(Commands):
    """Turns every error that a user can cause into a message and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer
        except ProcureError as error:
            _say(error.message)
            raise typer.Exit(error.exit_status) from None
        except KeyboardInterrupt as stop:
            if stop.args:  # what is kept of the work, and how to go on
                _say(stop.args[0])
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader has gone, as in `procure sources | head`
            _drop_stdout()
            raise typer.Exit(PIPE_CLOSED) from None
        except OSError as error:  # unreadable files, full disks
            _drop_stdout()
            _say(_what_failed(error))
            raise typer.Exit(BAD_INPUT) from None


_GONE = Said(
    "the current folder is gone, so that a path in it means nothing; change to one that is there",
    "現在のフォルダーがもうないため、その中のパスは意味を持たない。存在するフォルダーに移ってやり直す",
)


def _what_failed(error: OSError) -> str:
    """What a file or the current folder did not let be done."""
    if error.filename:
        return f"{error.filename}: {error.strerror}"
    try:
        os.getcwd()
    except FileNotFoundError:
        return _GONE
    return str(error)


def _say(text: str) -> None:
    say("procure: " + text, sys.stderr)


def _drop_stdout() -> None:
    """Nobody reads on: what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(cls=_Commands, pretty_exceptions_enable=False, rich_markup_mode=None)


def main() -> None:
    """Run the command line; characters that a terminal cannot show become question marks instead of errors."""
    without_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # text streams of the process
    try:
        app(prog_name="procure")
    except SystemExit as end:
        if end.code == INTERRUPTED:  # at once, and whoever is impatient sees no trace of what is still being waited for
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError):
                    stream.flush()
            os._exit(INTERRUPTED)
        raise


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"procure {version('procure')}")
        raise typer.Exit


@in_japanese("国や企業が希土類をどこから買うかを決める: 供給途絶の危険の下での最小費用の調達計画。")
def procure(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help=Said("Show the version and leave.", "版を表示して終了する。"),
            callback=_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Decide where a country or company buys its rare earths: least-cost supplier portfolios under disruption risk."""


for command in (
    solve, evaluate, compare, sweep, switch, frontier, ranges, hedges, corridor, sensitivity, reviews, stress, why, regret,
    ambiguity, verify, check, models, new, sources, show, plot, report, explore,
):  # fmt: skip
    app.command(cls=Command)(spoken(command))
app.callback(no_args_is_help=True)(spoken(procure))
