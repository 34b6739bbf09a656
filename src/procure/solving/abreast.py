"""Several solves side by side: HiGHS lets go of the interpreter, and an interruption reaches all of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from procure.lp import highs_threads

Result = TypeVar("Result")


def abreast(tasks: Sequence[Callable[[], Result]], most: int) -> Generator[Result]:
    """What each task returns, in order; at most so many are under way at a time.

    After an error, or once it is closed, none is under way any more, and what they move is free for whoever asks next. After
    Ctrl-C they are asked to stop, and nobody waits for them.
    """
    if min(most, len(tasks)) < 2:
        yield from (task() for task in tasks)
        return
    pool = ThreadPoolExecutor(max_workers=min(most, len(tasks)))
    try:
        yield from (future.result() for future in [pool.submit(task) for task in tasks])
    except KeyboardInterrupt:  # heard here only, and not where the others are solved
        pool.shutdown(wait=False, cancel_futures=True)
        highs_threads.stop()
        raise
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()
