"""Independent parts of one computation, shared out between this process and helpers.

Each part stays where it was put; what goes to and fro is the name of a method, its arguments and what it returns. Helpers are
plain processes of their own, started without the caller's main module, so that a script needs no guard; threads would wait for
the interpreter more than they work.

>>> with Crew([[3, 1, 2], [5, 4]], 2, n_helpers=1) as crew:
...     _ = crew.each("sort")
...     crew.each("pop", apart=[(0,), (1,)])
[1, 5]
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice, pairwise
from typing import IO, Any

from procure.errors import SolverError

_THAT_IS_ALL = "that is all"


class Crew:
    """Parts, by a method of which all are asked at once.

    Parameters
    ----------
    parts : iterable of objects
        Helpers get theirs pickled, one after the other: large ones need never stand here side by side. Their state lives there
        from then on.
    n_parts : int
        How many there are.
    n_helpers : int
        How many processes beside this one; with none, everything happens here.
    """

    def __init__(self, parts: Iterable[Any], n_parts: int, n_helpers: int) -> None:
        n_hands = max(1, min(n_helpers + 1, n_parts))
        ends = [n_parts * k // n_hands for k in range(n_hands + 1)]
        self._slices = [slice(a, b) for a, b in pairwise(ends)]
        self.n_parts = n_parts
        coming = iter(parts)
        self._own = list(islice(coming, ends[1]))
        self._helpers = [_Helper(islice(coming, share.stop - share.start)) for share in self._slices[1:]]

    def each(self, name: str, *shared: Any, apart: Sequence[tuple[Any, ...]] | None = None) -> list[Any]:
        """Call a method of every part, with the arguments that all share, then those `apart`; results in the order of parts."""
        arguments = [(*shared, *own) for own in apart] if apart is not None else [shared] * self.n_parts
        for helper, share in zip(self._helpers, self._slices[1:], strict=True):
            helper.ask(name, arguments[share])
        # All answers are fetched, whoever failed: one left on the line would be taken for that of the next question.
        answers = [_work(self._own, name, arguments[self._slices[0]]), *(helper.answer() for helper in self._helpers)]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return [one for answer in answers if not isinstance(answer, Exception) for one in answer]

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers:
            helper.dismiss()


class _Helper:
    """A process that holds parts and answers for them."""

    def __init__(self, parts: Iterable[Any]) -> None:
        command = [sys.executable, "-c", "from procure.lp.workers import serve; serve()"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for part in parts:
            self._send(part)
        self._send(_THAT_IS_ALL)

    def ask(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> None:
        self._send((name, list(arguments)))

    def answer(self) -> list[Any] | Exception:
        assert self._process.stdout is not None
        try:
            found: list[Any] | Exception = pickle.load(self._process.stdout)
        except EOFError:
            return _lost()
        return found

    def _send(self, what: Any) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(what, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise _lost() from None

    def dismiss(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def _lost() -> SolverError:
    return SolverError(
        "A helper process ended before it answered, perhaps for want of memory.",
        status="failed",
        known="Nothing is known yet.",
    )


def _work(parts: Sequence[Any], name: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any] | Exception:
    """What a method of each part returns, or why it does not: an error is for the one who asked."""
    try:
        return [getattr(part, name)(*given) for part, given in zip(parts, arguments, strict=True)]
    except Exception as error:
        return error


def cores() -> int:
    """How many cores this process may use: fewer than the machine has where its affinity, or a container, says so."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def idle_cores() -> int:
    """How many processes beside this one find a core."""
    return cores() - 1


def serve() -> None:
    """What a helper does: take its parts, then answer until nobody asks."""
    answers: IO[bytes] = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may be said on the line
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted, and then asks no more
    _hold_still()
    with suppress(EOFError, BrokenPipeError):
        parts = list(iter(lambda: pickle.load(sys.stdin.buffer), _THAT_IS_ALL))
        while True:
            pickle.dump(_work(parts, *pickle.load(sys.stdin.buffer)), answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()


def _hold_still() -> None:
    """One thread for BLAS, and no warnings about numbers that overflow on purpose: as in the process that asks."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    np.seterr(all="ignore")
    threadpool_limits(1, user_api="blas")
