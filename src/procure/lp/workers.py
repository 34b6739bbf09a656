"""Independent parts of one computation, shared out between this process and helpers.

Each part stays where it was put; what goes to and fro is which method to call, its arguments and what it returns. Helpers are
plain processes of their own, started without the caller's main module, so that a script needs no guard; threads would wait for
the interpreter more than they work.

>>> with Workers([[3, 1, 2], [5, 4]], 2, n_helpers=1) as workers:
...     _ = workers.ask(list.sort)
...     workers.ask_each(list.pop, [0, 1])
[1, 5]
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain, islice, pairwise
from typing import IO, Any, Generic, NamedTuple, TypeVar, TypeVarTuple

from procure.errors import SolverError
from procure.languages import Said

Held = TypeVar("Held")
Own = TypeVar("Own")
Answer = TypeVar("Answer")
Shared = TypeVarTuple("Shared")

_THAT_IS_ALL = "that is all"


class Workers(Generic[Held]):
    """Parts, all of which are asked at once.

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

    def __init__(self, parts: Iterable[Held], n_parts: int, n_helpers: int) -> None:
        n_hands = max(1, min(n_helpers + 1, n_parts))
        ends = [n_parts * k // n_hands for k in range(n_hands + 1)]
        self._shares = [slice(a, b) for a, b in pairwise(ends)]
        self.n_parts = n_parts
        coming = iter(parts)
        self._own = list(islice(coming, ends[1]))
        self._helpers = [_Helper(islice(coming, share.stop - share.start)) for share in self._shares[1:]]

    def ask(self, method: Callable[[Held, *Shared], Answer], *arguments: *Shared) -> list[Answer]:
        """What a method returns of every part, in the order of parts, given the same arguments.

        A part that has a method of its own by that name is asked by that.
        """
        return self._ask(method.__name__, [arguments] * self.n_parts)

    def ask_each(
        self, method: Callable[[Held, Own, *Shared], Answer], own: Sequence[Own], *arguments: *Shared
    ) -> list[Answer]:
        """As `ask`, with a first argument that is each part's own."""
        return self._ask(method.__name__, [(first, *arguments) for first in own])

    def _ask(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        for helper, share in zip(self._helpers, self._shares[1:], strict=True):
            helper.ask(_Question(name, arguments[share]))
        # All answers are fetched, whoever failed: one left on the line would be taken for that of the next question.
        mine = _answers(self._own, _Question(name, arguments[self._shares[0]]))
        answers = [mine, *(helper.answers() for helper in self._helpers)]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return list(chain.from_iterable(answer for answer in answers if not isinstance(answer, Exception)))

    def __enter__(self) -> Workers[Held]:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers:
            helper.dismiss()


class _Question(NamedTuple):
    """The name of a method, and its arguments part by part."""

    name: str
    arguments: Sequence[tuple[Any, ...]]


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

    def ask(self, question: _Question) -> None:
        self._send(question)

    def answers(self) -> list[Any] | Exception:
        assert self._process.stdout is not None
        try:
            answers: list[Any] | Exception = pickle.load(self._process.stdout)
        except EOFError:
            return _lost()
        return answers

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
        Said(
            "A helper process ended before it answered, perhaps for want of memory.",
            "補助プロセスが答える前に終了した。メモリー不足の可能性がある。",
        ),
        status="failed",
        known=Said("Nothing is known yet.", "まだ何も分かっていない。"),
    )


def _answers(parts: Sequence[Any], question: _Question) -> list[Any] | Exception:
    """What a method of each part returns, or why it does not: an error is for the one who asked."""
    try:
        return [getattr(part, question.name)(*given) for part, given in zip(parts, question.arguments, strict=True)]
    except Exception as error:  # raised again by `Workers.ask`, in the process that asked
        return error


def without_closed_streams() -> None:
    """Let what is written to a stdout or stderr that was closed from the start go nowhere: no file is to get its number."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w", closefd=False))


def own_line() -> IO[bytes]:
    """What a process writes its answers to, once stdout is for them alone: whatever else is said goes to stderr.

    Where whoever started it has closed stderr that is nowhere, and not the number that the line of answers would have been given.
    """
    without_closed_streams()
    answers: IO[bytes] = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(2, sys.stdout.fileno())
    return answers


def serve() -> None:
    """What a helper does: take its parts, then answer until nobody asks."""
    answers = own_line()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted, and then asks no more
    _hold_still()
    with suppress(EOFError, BrokenPipeError):
        parts = list(iter(lambda: pickle.load(sys.stdin.buffer), _THAT_IS_ALL))
        while True:
            pickle.dump(_answers(parts, pickle.load(sys.stdin.buffer)), answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()


def _hold_still() -> None:
    """One thread for BLAS, and no warnings about numbers that overflow on purpose: as in the process that asks."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    np.seterr(all="ignore")
    threadpool_limits(1, user_api="blas")
