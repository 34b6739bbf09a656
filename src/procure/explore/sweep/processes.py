"""Processes of our own, each solving one case after the other and telling every row: when one dies, it is known in which case.

They are plain processes, started without the caller's main module, so that a script needs no guard, and end when whoever started
them does, however that ends. A row is told as soon as it is there; the case under way when a process dies is the culprit.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import IO, Any, NamedTuple

from procure.errors import DataError, Fault, SolverError
from procure.explore.sweep.columns import DIED, FAILED, Row
from procure.explore.sweep.row import Case
from procure.explore.sweep.shards import Shards
from procure.explore.sweep.work import IN_A_MODULE, Job, prepare, solve_each
from procure.languages import Said
from procure.lp.workers import own_line

_STILLBORN = Said("Worker processes end before they begin.", "ワーカープロセスが始まる前に終了する。")
_WITHOUT = Said("Try without any: workers=1.", "workers=1 でプロセスなしに試す。")
_CAN_BE_READ = Said(
    "a model that is swept in several processes can be read in them",
    "複数のプロセスで掃引するモデルは、そこで読めること",
)
_UNREADABLE = Said("a worker cannot read it ({name}: {error})", "ワーカーがモデルを読めない（{name}: {error}）")

#: Numerical libraries take one thread in a worker: the other workers have the other cores.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
#: The C library of most Linux systems is told to take memory in pages of megabytes: HiGHS goes here and there through hundreds of
#: them, and is a fourteenth quicker. Whoever has told it something keeps that.
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
#: Processes that may end, one after the other, before they are ready: by themselves, when none of them can work here, and killed.
MOST_STILLBORN, MOST_KILLED = 3, 30


#: Seconds that a process has to end after it has closed its line.
PATIENCE = 5.0
#: What a worker says before its first row.
_READY = "ready"


class _Told(NamedTuple):
    """What a worker says: that it is ready, or why it never will be; the row of its next case; None at its end."""

    worker: _Worker
    row: Row | str | Exception | None


class _Worker:
    """One process, and the cases that it has."""

    def __init__(self, packed: bytes, told: queue.SimpleQueue[_Told]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from procure.explore.sweep.processes import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**LARGE_PAGES, **os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,  # Ctrl-C is for the one who started it
        )
        self.cases: list[int] = []
        self.started = 0.0
        self.is_ready = False
        self.n_told = 0
        self._send(packed)
        threading.Thread(target=self._listen, args=(told,), daemon=True).start()

    def _send(self, what: object) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # one that has died is heard of by its silence
            pickle.dump(what, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()

    def _listen(self, told: queue.SimpleQueue[_Told]) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                told.put(_Told(self, pickle.load(self._process.stdout)))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            told.put(_Told(self, None))

    def take(self, numbers: list[int], cases: Sequence[Case]) -> None:
        """Solve these cases."""
        self.cases, self.started = list(numbers), time.perf_counter()
        self._send([cases[number] for number in numbers])

    def end(self) -> None:
        """End the process; what it was about is lost, and nothing else."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(OSError):
                stream.close()

    @property
    def was_killed(self) -> bool:
        """Whether the process was ended by a signal."""
        try:
            return self._process.wait(PATIENCE) < 0
        except subprocess.TimeoutExpired:  # it lives, and says what nobody understands
            return False


def run(
    job: Job, cases: Sequence[Case], numbers: Sequence[int], n_workers: int, size: int | None = None
) -> Generator[tuple[int, Row], None, None]:
    """The row of each case by its number, as they are done, by so many processes.

    A case whose process died, twice, has a row that says so. The processes end with the iterator.
    """
    packed = job.packed()
    shards = Shards(numbers, cases, n_workers, size)
    told: queue.SimpleQueue[_Told] = queue.SimpleQueue()
    workers: list[_Worker] = []
    n_stillborn = n_killed = under_way = 0
    try:
        workers += [_Worker(packed, told) for _ in range(min(n_workers, len(numbers)))]
        idle = list(workers)
        while True:
            while idle and shards:
                worker = idle.pop()
                worker.take(shards.next(worker), cases)
                under_way += 1
            if not under_way:
                return
            worker, row = told.get()
            if isinstance(row, Exception):
                raise row
            if isinstance(row, str):
                worker.is_ready, n_stillborn, n_killed = True, 0, 0
                continue
            if row is not None:
                number = worker.cases.pop(0)
                worker.n_told += 1
                now = time.perf_counter()
                if worker.n_told > 1:  # the first has waited for the model to be compiled
                    shards.took(now - worker.started, [number])
                worker.started = now
                if not worker.cases:
                    under_way -= 1
                    idle.append(worker)
                yield number, row
                continue
            # A process is gone: the case that it was about is the culprit, the others go to whoever is next.
            was_killed = worker.was_killed
            worker.end()
            workers.remove(worker)
            idle = [other for other in idle if other is not worker]
            under_way -= bool(worker.cases)
            if worker.is_ready and worker.cases:
                for given_up in shards.died(worker.cases, worker.cases[0]):
                    yield given_up, {"status": FAILED, "message": DIED}
            else:
                shards.give_back(worker.cases)
                n_stillborn, n_killed = n_stillborn + (not was_killed), n_killed + was_killed
                if n_stillborn >= MOST_STILLBORN or n_killed >= MOST_KILLED:
                    raise SolverError(_STILLBORN, known=_WITHOUT)
            if shards:
                fresh = _Worker(packed, told)
                workers.append(fresh)
                idle.append(fresh)
    finally:
        for worker in workers:
            worker.end()


# --- in a worker


def serve() -> None:
    """What a worker does: take its job, then solve shards until nobody asks, or whoever asked is gone."""
    rows = own_line()
    shards: queue.SimpleQueue[Any] = queue.SimpleQueue()
    packed = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_listen, args=(shards,), daemon=True).start()
    try:
        pickle.loads(packed)
    except Exception as error:  # what the parent can name, this process cannot: whatever its own modules raise
        seen = _UNREADABLE.format(name=type(error).__name__, error=error)
        _tell(rows, DataError(Fault("model", seen, _CAN_BE_READ, IN_A_MODULE)))
        return
    try:
        prepare(packed)
        _tell(rows, _READY)  # from here on a case is what ends this process
        while True:
            for row in solve_each(packed, shards.get()):
                _tell(rows, row)
    except DataError as error:
        _tell(rows, error)


def _tell(rows: IO[bytes], row: Row | str | Exception) -> None:
    try:
        pickle.dump(row, rows, protocol=pickle.HIGHEST_PROTOCOL)
        rows.flush()
    except OSError:
        os._exit(0)


def _listen(shards: queue.SimpleQueue[Any]) -> None:
    """Hear of shards, and of the end of whoever asks: then this process ends at once, in the middle of a solve."""
    try:
        while True:
            shards.put(pickle.load(sys.stdin.buffer))
    except (EOFError, OSError, MemoryError, pickle.UnpicklingError):  # it is gone, perhaps in the middle of a shard
        os._exit(0)
