"""Private threads in which HiGHS runs, so that it minds nobody else's HiGHS in this process, and nobody's minds ours.

HiGHS keeps one scheduler per thread. It is made by the first solve there, for so many threads as that solve asked for; a later
one that asks for another number is refused. In the caller's thread highspy, Pyomo or linopy may have made it, or may want to
after us. So a solve is handed to a thread that nobody else knows, kept for one size of scheduler. Callers in several threads at
once get one each; it is used again, at a hand-off of some twenty microseconds. Who solves many small programs one after the other
hands over all of them at once: what is asked for in such a thread is done in that thread.

>>> Task(lambda: 6 * 7).result()
42
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

#: Where a waiting thread cannot be interrupted, it waits in turns of this many seconds; elsewhere in one.
_TURN = 0.1 if os.name == "nt" else -1.0

#: Seconds that the end of the process waits for what was asked to stop.
PATIENCE = 5.0


class Task:
    """Some work to be done in a thread.

    Parameters
    ----------
    work : callable
        Called once, without arguments, in a thread.
    n_threads : int
        The scheduler that HiGHS has in that thread; 0 lets HiGHS choose.
    stop : callable
        Asks work under way to end soon; called in another thread.
    """

    def __init__(self, work: Callable[[], Any], n_threads: int = 1, stop: Callable[[], None] = lambda: None) -> None:
        self._work, self._n_threads, self.stop = work, n_threads, stop
        self._begun = self._unwanted = self._is_done = False
        self._done = threading.Lock()
        self._done.acquire()
        self._value: Any = None
        self._error: BaseException | None = None

    def result(self) -> Any:
        """What the work returned; what it raised is raised here.

        Work that is asked for in such a thread is done there. Whoever is interrupted (Ctrl-C) leaves at once: the work is asked to
        stop, and the thread is free when it has.
        """
        here = threading.current_thread()
        try:
            if isinstance(here, _HighsThread) and here.n_threads == self._n_threads:
                self.do()
                self.tell()
            else:
                _take(self._n_threads).put(self)
            while not self._done.acquire(timeout=_TURN):
                pass
        except BaseException:
            self._unwanted = True
            self.stop()
            raise
        self._done.release()
        if self._error is not None:
            raise self._error
        return self._value

    def wait(self, seconds: float = -1.0) -> None:
        """Wait until the work is not under way, so many seconds at most; less than 0 for as long as it takes."""
        if self._begun and not self._is_done and self._done.acquire(timeout=seconds):
            self._done.release()

    def do(self) -> None:
        """Do the work; nothing where nobody wants it any more. Called by a thread."""
        if self._unwanted:
            return
        self._begun = True
        try:
            self._value = self._work()
        except BaseException as error:
            self._error = error

    def tell(self) -> None:
        """Let those go on who wait. Called by a thread."""
        self._is_done = True
        self._done.release()


class _HighsThread(threading.Thread):
    def __init__(self, n_threads: int) -> None:
        super().__init__(name=f"procure-highs-{n_threads}", daemon=True)
        self.n_threads = n_threads
        self.task: Task | None = None
        self._tasks: SimpleQueue[Task] = SimpleQueue()

    def put(self, task: Task) -> None:
        self._tasks.put(task)

    def run(self) -> None:
        while True:
            task = self.task = self._tasks.get()
            task.do()
            self.task = None
            # Free before anyone is told, so that who asks next finds this thread.
            _idle[self.n_threads].append(self)
            task.tell()
            del task


_idle: defaultdict[int, list[_HighsThread]] = defaultdict(list)
_threads: list[_HighsThread] = []


def _take(n_threads: int) -> _HighsThread:
    """An idle thread, or a new one."""
    try:
        return _idle[n_threads].pop()
    except IndexError:
        thread = _HighsThread(n_threads)
        thread.start()
        _threads.append(thread)
        return thread


def _forget() -> None:
    """In a forked child none of them lives on."""
    _idle.clear()
    _threads.clear()


def stop() -> list[Task]:
    """Ask all that is under way to stop, whoever asked for it; what that is."""
    under_way = [task for thread in _threads if (task := thread.task) is not None]
    for task in under_way:
        task.stop()
    return under_way


@atexit.register
def _leave() -> None:
    """Wait a little until nothing is under way: a thread may not come back from HiGHS into a dying interpreter."""
    deadline = time.monotonic() + PATIENCE
    for task in stop():
        task.wait(max(deadline - time.monotonic(), 0.0))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
