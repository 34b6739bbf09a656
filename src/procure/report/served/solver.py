"""One process that solves what it is asked: it may be stopped in the middle or die, and another takes its place.

Only data goes to it and comes back: numbers by the paths of the page, and what is said of the answer.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from procure.errors import DataError, ProcureError, SolverError
from procure.languages import LANGUAGES, Said, in_language
from procure.model import Model
from procure.report.served.asked import Reply, Wanted
from procure.words import printable

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_CANCELLED = Said("Cancelled.", "中止した。")
_DIED = Said(
    "The solver process ended in the middle of this; another takes its place. Ask again.",
    "計算プロセスが途中で終了した。代わりのプロセスを用意したので、もう一度指示する。",
)
_STILLBORN = Said("The solver process ends before it begins.", "計算プロセスが始まる前に終了する。")
_BUSY = Said("Another answer is being worked out: wait, or cancel it.", "別の計算中。待つか、中止する。")
_BROKE = Said("{name}: {error}", "{name}: {error}")
#: What the process says when it can be asked.
_READY = "ready"


class Solver:
    """The process, seen by whoever asks it; one question at a time."""

    def __init__(self, model: Model, ranges: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> None:
        self._given = (model, dict(ranges), dict(options or {}))
        self._one_at_a_time = threading.Lock()
        self._is_cancelled = False
        self._started = 0.0
        self._told: tuple[int, int, str] = (0, 0, "")
        self._spawn()

    def wait(self) -> None:
        """Return once the model is compiled; raises `DataError` where it cannot be, `SolverError` where the process ends before."""
        try:
            said = self._line.recv()
        except (EOFError, OSError):
            raise SolverError(_STILLBORN) from None
        if isinstance(said, DataError):
            raise said

    def ask(self, wanted: Wanted) -> Reply:
        """What is asked, once it is solved; a process that has died in the meantime is started again."""
        if not self._one_at_a_time.acquire(blocking=False):
            return Reply("busy", sentences=[_BUSY])
        try:
            self._is_cancelled, self._started, self._told = False, time.monotonic(), (0, 0, "")
            if not self._process.is_alive():
                self._spawn()
            return self._asked(wanted)
        finally:
            self._started = 0.0
            self._one_at_a_time.release()

    def _asked(self, wanted: Wanted) -> Reply:
        try:
            self._line.send(wanted)
            while True:
                said = self._line.recv()
                if isinstance(said, Reply):
                    return said
                if isinstance(said, DataError):
                    return Reply("refused", sentences=_sentences(said))
                if isinstance(said, tuple):
                    self._told = said
        except (EOFError, OSError):  # it is gone
            self._spawn()
            return (
                Reply("cancelled", sentences=[_CANCELLED]) if self._is_cancelled else Reply("died", sentences=[_DIED])
            )

    def cancel(self) -> None:
        """Stop what is being worked out, if anything is: the process ends, and another compiles the model again."""
        if self._one_at_a_time.locked():
            self._is_cancelled = True
            self._process.kill()

    @property
    def state(self) -> dict[str, Any]:
        """Seconds since what is being worked out was asked, and how far it is; no seconds where nothing is."""
        started, (done, total, what) = self._started, self._told
        seconds = time.monotonic() - started if started else 0.0
        said = {each: printable(str(in_language(what, each))) for each in LANGUAGES}
        return {"seconds": round(seconds, 1), "done": done, "total": total, "what": said}

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._process.pid

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._line.close()

    def _spawn(self) -> None:
        """A process in place of the one that is gone."""
        if hasattr(self, "_process"):
            self.end()
        self._line, theirs = multiprocessing.Pipe()
        # Spawned, not forked: a fork would share whatever threads and locks the server has.
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, *self._given), daemon=True)
        process.start()
        self._process = process
        theirs.close()  # so that the end of the process is the end of the line


def _sentences(error: ProcureError) -> list[Said]:
    """What an error says, a sentence for each fault."""
    if isinstance(error, DataError):
        return [fault.said for fault in error.faults]
    message = error.message
    return [message if isinstance(message, Said) else Said(message, message)]


# --- in the process


def _serve(line: Connection, model: Model, ranges: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Compile the model, then answer until nobody asks."""
    from procure.report.served.desk import Desk

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    desk = None
    with suppress(EOFError, OSError):  # whoever asks is gone
        while True:
            try:
                if desk is None:
                    desk = Desk(model, ranges, options, lambda *told: line.send(told))
                    line.send(_READY)
            except DataError as error:
                line.send(error)
                return
            try:
                reply = Reply("answered", desk.answer(line.recv()))
            except (EOFError, OSError):
                raise
            except ProcureError as error:
                reply = Reply("refused", sentences=_sentences(error))
            except Exception as error:  # of no kind that numbers may raise: the model is compiled again
                reply = Reply(
                    "refused", sentences=[_BROKE.format(name=type(error).__name__, error=printable(str(error)))]
                )
                desk = None
            line.send(reply)


def _end_with_parent() -> None:
    """End at once, in the middle of a solve, when whoever asks is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
