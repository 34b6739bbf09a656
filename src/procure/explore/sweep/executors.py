"""Who solves the cases: this process, processes of our own, any executor of `concurrent.futures`, or a Dask cluster.

Whoever it is, rows come as they are done, with the number of their case. Where a worker dies, shards are halved until the case that
kills it stands alone; an executor that is broken for good is made again where a function was given that makes one, and else what
is left goes to processes of our own.
"""

from __future__ import annotations

import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any

from procure.errors import IS, NOT_INSTALLED, DataError, Fault, ProcureError, nearest
from procure.explore.sweep import processes
from procure.explore.sweep.columns import DIED, FAILED, Row
from procure.explore.sweep.row import Case
from procure.explore.sweep.shards import Shards
from procure.explore.sweep.work import Hand, Job, forget, solve_shard
from procure.languages import Said
from procure.lp.cores import cores

_MAKES_EXECUTOR = Said(
    "a function given as executor makes an executor of concurrent.futures",
    "executor に渡す関数は concurrent.futures の実行器を作る",
)
_MAKES = Said("it makes {name}", "{name} を作る")
_NO_WORKER = Said("the cluster has no worker", "クラスターにワーカーがない")
_A_WORKER = Said("a cluster that solves has one at least", "解くクラスターには少なくとも一つある")
_START_WORKERS = Said("start workers: dask worker ADDRESS", "ワーカーを起動する: dask worker ADDRESS")
_AN_EXTRA = Said("Dask is an extra of procure", "Dask は procure の追加機能")
_NO_ANSWER = Said("no scheduler answers there ({error})", "スケジューラーの応答がない（{error}）")
_ADDRESS = Said(
    "an address is that of a running scheduler, such as tcp://127.0.0.1:8786",
    "アドレスは稼働中のスケジューラーのもの。例: tcp://127.0.0.1:8786",
)
_START = Said("start one: dask scheduler", "起動する: dask scheduler")
_ONE_PROCESS = Said("at least one process does the work", "解くプロセスは少なくとも一つ")
_EXECUTOR = Said(
    "an executor is one of concurrent.futures, a function that makes one, a Dask client, its address, or a name",
    "executor は、concurrent.futures のもの、それを作る関数、Dask のクライアント、そのアドレス、名前のいずれか",
)
_SAME_RELEASE = Said(
    "every worker of an executor has this release of procure, and what the model is made of",
    "実行器のどのワーカーにも、この版の procure とモデルを構成するものがある",
)
_RAISED = Said("a worker raised {name}: {error}", "ワーカーの例外 {name}: {error}")
_INSTALL = Said("install it there", "そこにインストールする")

#: Names of executors.
PROCESSES, DASK = NAMED = "processes", "dask"
#: Seconds for which this process solves cases by itself before it asks whether others would pay.
TRIAL = 2.0
#: Seconds that a process takes to start, beside compiling the model.
START = 1.5
#: Seconds to wait for the scheduler of a cluster.
CONNECT = 10
#: Shards that a foreign executor has waiting for each of its workers.
AHEAD = 2

Done = Generator[tuple[int, Row], None, None]


class Solver(ABC):
    """Solves the cases of a job; `size` fixes how many are handed over at a time."""

    @abstractmethod
    def rows(self, job: Job, cases: Sequence[Case], numbers: Sequence[int], size: int | None) -> Done:
        """The row of each of these cases, as they are done. What was started ends with the iterator."""


class Here(Solver):
    """This process."""

    def rows(self, job: Job, cases: Sequence[Case], numbers: Sequence[int], size: int | None) -> Done:
        """One after the other, on one core, as a worker has it: side by side levels of a case take a sixth more of two."""
        hand = Hand(job, n_cores=1)
        for number in numbers:
            yield number, hand.solve(cases[number])


class Own(Solver):
    """Processes of our own."""

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers

    def rows(self, job: Job, cases: Sequence[Case], numbers: Sequence[int], size: int | None) -> Done:
        """Side by side."""
        return processes.run(job, cases, numbers, self.n_workers, size)


class WhatPays(Solver):
    """This process, until it is known that what is left would pay for the start of others.

    A model with functions of one's own stays here: other processes may not know them.
    """

    def rows(self, job: Job, cases: Sequence[Case], numbers: Sequence[int], size: int | None) -> Done:
        """The first here, the others wherever they are done sooner."""
        n_workers = 1 if job.model.extension else cores()
        begun = time.perf_counter()
        hand = Hand(job)
        seconds = compiling = 0.0
        for done, number in enumerate(numbers):
            left = len(numbers) - done
            if n_workers > 1 and done and time.perf_counter() - begun > TRIAL:
                rest = seconds / done * left
                if rest > START + compiling + rest / n_workers:
                    del hand
                    yield from processes.run(job, cases, numbers[done:], min(n_workers, left), size)
                    return
            started = time.perf_counter()
            row = hand.solve(cases[number])
            took = time.perf_counter() - started
            own = row.get("seconds", took)
            assert isinstance(own, float)
            seconds += own
            compiling = max(compiling, took - own)
            yield number, row


class Foreign(Solver):
    """An executor of `concurrent.futures`, or a function that makes one.

    When a process of an executor dies, all that was under way fails together. So these shards are suspects, and tried one at a time
    with nothing beside them: one that fails again is halved, until the case that is at fault stands alone.
    """

    def __init__(self, executor: Executor | Callable[[], Executor], n_workers: int | None = None) -> None:
        self._make = executor if not isinstance(executor, Executor) else None
        self._executor = executor if isinstance(executor, Executor) else None
        self.n_workers = n_workers

    def rows(self, job: Job, cases: Sequence[Case], numbers: Sequence[int], size: int | None) -> Done:
        """As its workers get through them; a broken executor is made again, or what is left goes to processes of our own."""
        packed = job.packed()
        executor = self._executor or self._made()
        n_workers = self.n_workers or int(getattr(executor, "_max_workers", 0)) or cores()
        shards = Shards(numbers, cases, n_workers, size)
        under_way: dict[Future[list[Row]], tuple[list[int], float]] = {}
        try:
            while shards or under_way:
                alone = shards.has_suspects
                most = 1 if alone else AHEAD * n_workers
                is_broken = False
                while shards and len(under_way) < most and shards.has_suspects is alone:
                    taken = shards.next()
                    try:
                        future = executor.submit(solve_shard, packed, [cases[number] for number in taken])
                    except BrokenExecutor:
                        shards.suspect(taken)
                        is_broken = True
                        break
                    under_way[future] = taken, time.perf_counter()
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    taken, started = under_way.pop(future)
                    error = future.exception()
                    if error is None:
                        shards.took((time.perf_counter() - started) / (1 if alone else AHEAD), taken)
                        yield from zip(taken, future.result(), strict=True)
                    elif not _is_death(error):
                        raise _refused(error)
                    else:
                        is_broken |= isinstance(error, BrokenExecutor)
                        if alone:
                            for given_up in shards.died(taken):
                                yield given_up, {"status": FAILED, "message": DIED}
                        else:
                            shards.suspect(taken)
                if is_broken:
                    for taken, _ in under_way.values():
                        shards.suspect(taken)
                    under_way.clear()
                    executor.shutdown(wait=False, cancel_futures=True)
                    if self._make is None:
                        said = "The executor has broken, and what is left is solved by processes of our own"
                        warnings.warn(f"{said}; give a function that makes one, and it is made again.", stacklevel=2)
                        yield from processes.run(job, cases, shards.all(), n_workers, size)
                        return
                    executor = self._made()
        finally:
            for future in under_way:
                future.cancel()
            if self._make is not None:
                executor.shutdown(wait=False, cancel_futures=True)
            if isinstance(executor, ThreadPoolExecutor):
                forget()

    def _made(self) -> Executor:
        assert self._make is not None
        executor: Any = self._make()
        if not isinstance(executor, Executor):
            raise DataError(Fault("executor", _MAKES.format(name=type(executor).__name__), _MAKES_EXECUTOR))
        return executor


class Dask(Solver):
    """A Dask cluster: that of a client, the one at an address, or one on this machine, started and ended with the sweep."""

    def __init__(self, client: Any = None, address: str = "", n_workers: int | None = None) -> None:
        self._client, self._address, self._n_workers = client, address, n_workers

    def rows(self, job: Job, cases: Sequence[Case], numbers: Sequence[int], size: int | None) -> Done:
        """As its workers get through them."""
        with ExitStack() as stack:
            client = self._client or self._connected(stack)
            n_workers = sum(client.nthreads().values())
            if not n_workers:
                seen, rule = _NO_WORKER, _A_WORKER
                raise DataError(Fault("executor", seen, rule, _START_WORKERS))
            foreign = Foreign(client.get_executor(pure=False), n_workers)
            yield from foreign.rows(job, cases, numbers, size)

    def _connected(self, stack: ExitStack) -> Any:
        """A client that is closed with the stack, and its cluster where that was started for it."""
        if find_spec("distributed") is None:
            raise DataError(
                Fault("executor", NOT_INSTALLED.format(package="distributed"), _AN_EXTRA, "pip install 'procure[dask]'")
            )
        import dask
        import distributed

        make_client: Any = distributed.Client
        make_cluster: Any = distributed.LocalCluster

        if self._address:
            try:
                return stack.enter_context(make_client(self._address, timeout=CONNECT))
            except (OSError, ValueError) as error:
                seen = _NO_ANSWER.format(error=str(error)[:120])
                raise DataError(Fault(self._address, seen, _ADDRESS, _START)) from None
        # A case that ends its worker is found here, by shards that are halved, and need not end more of them.
        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
        cluster = make_cluster(
            n_workers=self._n_workers or cores(), threads_per_worker=1, host="127.0.0.1", dashboard_address=None, processes=True,
        )  # fmt: skip
        return stack.enter_context(make_client(stack.enter_context(cluster)))


def solver_of(executor: Any, workers: int | None) -> Solver:
    """Who is meant by the `executor` and `workers` of a sweep."""
    faults = []
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        faults.append(Fault("workers", IS.format(value=repr(workers)), _ONE_PROCESS))
    solver: Solver = WhatPays() if workers is None else Here() if workers == 1 else Own(workers if not faults else 1)
    if isinstance(executor, Executor) or (callable(executor) and not hasattr(executor, "get_executor")):
        solver = Foreign(executor, workers)
    elif hasattr(executor, "get_executor"):
        solver = Dask(executor)
    elif executor == PROCESSES:
        solver = Own(workers or cores())
    elif executor == DASK:
        solver = Dask(n_workers=workers)
    elif isinstance(executor, str) and "://" in executor:
        solver = Dask(address=executor)
    elif executor is not None:
        faults.append(
            Fault("executor", IS.format(value=repr(str(executor)[:60])), _EXECUTOR, nearest(str(executor), NAMED))
        )
    if faults:
        raise DataError(faults)
    return solver


def _is_death(error: BaseException) -> bool:
    """Whether a shard has failed because its process ended: by what `concurrent.futures` says of it, or Dask."""
    return isinstance(error, (BrokenExecutor, CancelledError)) or type(error).__name__ in (
        "KilledWorker",
        "FutureCancelledError",
    )


def _refused(error: BaseException) -> ProcureError:
    """What a worker that lives raised outside all cases: it cannot read the model, or has no procure."""
    if isinstance(error, ProcureError):
        return error
    return DataError(
        Fault("executor", _RAISED.format(name=type(error).__name__, error=str(error)[:200]), _SAME_RELEASE, _INSTALL)
    )
