"""Every case of a grid solved, one row each: kept, resumed, by whom one likes, and none lost."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procure.errors import IS, DataError, Fault
from procure.explore.sweep.cases import Cases, checked, refuse_unread
from procure.explore.sweep.columns import CASE, FAILED, LIMIT_REACHED, Row, chosen
from procure.explore.sweep.executors import Solver, solver_of
from procure.explore.sweep.grid_file import grid_of
from procure.explore.sweep.inputs import inputs_of
from procure.explore.sweep.order import by_nearness
from procure.explore.sweep.store import Store, columns_of, read
from procure.explore.sweep.table import as_frame, as_table, in_order, joined
from procure.explore.sweep.work import Job
from procure.languages import Said
from procure.model import ModelOrName, as_model
from procure.portfolio.verdict import PATHS
from procure.words import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from pandas import DataFrame

_ONE_CASE = Said("at least one case is handed over at a time", "一度に渡す事例は一件以上")
_TO_NOTHING = Said("{store} is to be joined to nothing", "{store} の合流先がない")
_INTO_ONE = Said("stores are joined into one", "保存先は一つの保存先に合流させる")
_NAME_A_STORE = Said("name a store", "保存先を指定する")
_FAILED = Said("{count} failed", "失敗 {count} 件")
_STOPPED = Said("stopped after {done:,} of {total:,} cases", "全 {total:,} 件中 {done:,} 件で停止")
_NONE_KEPT = Said("{done}; without a store none is kept", "{done}。保存先がないため何も残らない")
_KEPT = Said(
    "{done}, which are kept in {folder}; the same once more goes on from there",
    "{done}。結果は {folder} に保存済み。同じ指示で続きから再開する",
)
_OF_SEVERAL = Said("a shard is one of several, such as 2/3", "分担は 2/3 のように、いくつかのうちの一つ")
_FROM_1 = Said("count from 1", "1 から数える")

#: Seconds after which rows that are done are written, at first and later on, and cases after which they are in any case.
KEEP_FIRST, KEEP_AFTER, KEEP_AT = 1.0, 10.0, 5_000
#: What a second run solves again where it is asked to.
FAULTS = (FAILED, LIMIT_REACHED)


def sweep(
    model: ModelOrName,
    grid: Any,
    store: str | Path | None = None,
    *,
    executor: Any = None,
    workers: int | None = None,
    columns: Iterable[str] | None = None,
    shard: str | tuple[int, int] | None = None,
    join: Iterable[str | Path] = (),
    verdict: bool = False,
    retry: bool = False,
    options: Mapping[str, Any] | None = None,
    seed: int | None = None,
    shard_size: int | None = None,
    progress: Progress | None = None,
) -> DataFrame:
    """Solve a model at every case of a grid.

    Parameters
    ----------
    model : Model, str or Path
        Compiled once per process; every case starts from it, not from the case before.
    grid : mapping, sequence, DataFrame, Grid or path
        A mapping path -> values stands for every combination of them, the last path varying fastest; a sequence of mappings
        path -> value, and a table with a column for each path, for themselves; `procure.Grid` for what is put together;
        a path for a TOML file (docs/sweep.md). Numbers are in the unit of the model, or text that says its unit, as for
        `Model.with_`; in a file they are in the units in which `procure sources` lists them.
    store : str or Path, optional
        A folder in which rows are kept as they are done. What is there already is not solved again.
    executor : optional
        Who solves: "processes"; "dask", a cluster on this machine; the address of a Dask scheduler, or a client; an executor
        of `concurrent.futures`, or a function that makes one. By default `workers` processes.
    workers : int, optional
        Processes side by side, a core each; 1 is this process, in which a solver that aborts ends the sweep. By default the
        cores that this process may use, if the work pays their start. The rows are the same for any number, costs to 1e-9.
    columns : iterable of str, optional
        Of the rows, by name or family (docs/sweep.md); nothing is worked out for others. By default all but `level` and `mix`.
    shard : str or (int, int), optional
        "1/3" is every third case, beginning with the first: one of three jobs, each with a store of its own.
    join : iterable of paths, optional
        Stores of such jobs, whose rows are copied into `store` first.
    verdict : bool
        Whether to play the plans of all programmes on fresh paths where futures are drawn: some seconds of a core a programme.
    retry : bool
        Whether to solve again what failed or met a limit in an earlier run.
    options : mapping, optional
        HiGHS options by their own names, such as ``{"time_limit": 60.0}``: seconds per programme level.
    seed : int, optional
        Draws a sampled design, in place of the seed that the grid says.
    shard_size : int, optional
        Cases handed to a worker at a time; by default as many as take some ten seconds, measured.
    progress : callable, optional
        Called with (done, total, what) as cases end.

    Returns
    -------
    DataFrame
        One row per case in the order of the grid: the parameters, then the columns of docs/sweep.md. A case that has no
        portfolio has its row too, and says why. `attrs["units"]` says the unit of each column.

    Raises
    ------
    DataError
        For a grid that is none: paths that name nothing or that no case can set, no case. For a store of other inputs, one
        in use, or damaged. A case that is wrong by itself is a row.
    KeyboardInterrupt
        When interrupted; what is done is in the store, and the message says how to go on.

    >>> from procure import load_model
    >>> rows = sweep(load_model("two-class"), {"risk.weight": [0.0, 0.5], "shortage.scale": [1.0, 1.2]})
    >>> rows[["risk.weight", "shortage.scale", "status"]].values.tolist()[-1]
    [0.5, 1.2, 'optimal']
    """
    model = as_model(model)
    asked = None if columns is None else list(columns)
    solver = solver_of(executor, workers)
    wanted = _columns(asked, store)
    part = _shard(shard)
    if shard_size is not None and shard_size < 1:
        raise DataError(Fault("shard_size", IS.format(value=shard_size), _ONE_CASE))
    if store is None and (joined_stores := list(join)):
        raise DataError(Fault("join", _TO_NOTHING.format(store=joined_stores[0]), _INTO_ONE, _NAME_A_STORE))
    of_grid = grid_of(grid)
    cases = checked(model, of_grid.cases(model, seed), of_grid.origin)
    refuse_unread(model, cases)
    n_paths = PATHS if verdict else 0
    job = Job(model, frozenset(wanted), n_paths, dict(options or {}))
    name = sha256("\n".join(cases.keys).encode()).hexdigest()
    inputs = inputs_of(model, wanted, n_paths, job.options)
    mine = cases if part is None else cases.shard(*part)
    with nullcontext() if store is None else Store(store, inputs, cases.parameters.values(), name) as kept:
        if kept is not None:
            kept.adopt(join)
        table = _Run(job, mine, wanted, kept, retry, progress).table(solver, shard_size)
    ordered = in_order(table, mine.keys)
    return as_frame(ordered, {parameter.path: path for path, parameter in cases.parameters.items()}, asked)


def read_sweep(store: str | Path) -> DataFrame:
    """The rows of a store, one per case, in the order in which they were solved.

    Parameters
    ----------
    store : str or Path
        The folder of a sweep, finished or under way.

    Returns
    -------
    DataFrame
        As `sweep` returns it.

    Raises `DataError` for a folder that is no store, and for damaged or changed files, with each named.
    """
    table, parameters = read(store)
    return as_frame(table, {path: path for path in parameters}, None)


class _Run:
    """The rows of one run, collected, kept and told."""

    def __init__(
        self, job: Job, cases: Cases, columns: Sequence[str], kept: Store | None, retry: bool, progress: Progress | None
    ) -> None:
        self._job, self._columns, self._kept, self._progress = job, columns, kept, progress
        self._parameters = [*cases.parameters.values()]
        distinct = cases.distinct()
        self._tables: list[pa.Table] = []
        known = None if kept is None else kept.rows()
        self._n_failed = 0
        if known is not None:
            self._tables.append(known)
            last = in_order(known, list(distinct))
            ended = dict(zip(last.column(CASE).to_pylist(), last.column("status").to_pylist(), strict=True))
            left = {key: case for key, case in distinct.items() if key not in ended or (retry and ended[key] in FAULTS)}
            self._n_failed = sum(status == FAILED for key, status in ended.items() if key not in left)
        else:
            left = distinct
        self._total, self._done = len(distinct), len(distinct) - len(left)
        self._keys, self._cases = list(left), list(left.values())
        self._waiting: list[tuple[int, Row]] = []
        self._since, self._patience = time.monotonic(), KEEP_FIRST

    def table(self, solver: Solver, size: int | None) -> pa.Table:
        """All rows, those of the store among them, once what is missing is solved."""
        self._tell()
        if self._cases:
            self._since = time.monotonic()
            try:
                with closing(solver.rows(self._job, self._cases, by_nearness(self._cases), size)) as rows:
                    for number, row in rows:
                        self._waiting.append((number, row))
                        self._done += 1
                        self._n_failed += row["status"] == FAILED
                        self._tell()
                        if time.monotonic() - self._since >= self._patience or len(self._waiting) >= KEEP_AT:
                            self._keep()
                            self._patience = min(2 * self._patience, KEEP_AFTER)
            except KeyboardInterrupt:
                self._keep()
                raise KeyboardInterrupt(self._how_to_go_on()) from None
            finally:
                self._keep()
        return joined(self._tables)

    def _keep(self) -> None:
        """Write down what waits for it."""
        waiting, self._waiting, self._since = self._waiting, [], time.monotonic()
        if not waiting:
            return
        told = [{CASE: self._keys[number], **row} for number, row in waiting]
        table = as_table([self._cases[number] for number, _ in waiting], told, self._parameters, self._columns)
        if self._kept is not None:
            self._kept.keep(table)
        self._tables.append(table)

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total, _FAILED.format(count=self._n_failed) if self._n_failed else "")

    def _how_to_go_on(self) -> str:
        done = _STOPPED.format(done=self._done, total=self._total)
        if self._kept is None:
            return _NONE_KEPT.format(done=done)
        return _KEPT.format(done=done, folder=self._kept.folder)


def _columns(asked: Sequence[str] | None, store: str | Path | None) -> tuple[str, ...]:
    """The columns to be worked out: those of the store, where it has all that were asked for."""
    wanted = chosen(asked)
    stored = columns_of(store) if store is not None and Path(store).is_dir() else ()
    return stored if set(wanted) <= set(stored) else wanted


def _shard(asked: str | tuple[int, int] | None) -> tuple[int, int] | None:
    """Which shard of how many: "1/3" or (1, 3)."""
    if asked is None:
        return None
    try:
        number, of = map(int, asked.split("/") if isinstance(asked, str) else asked)
    except (ValueError, TypeError):
        number, of = 0, 0
    if not 1 <= number <= of:
        raise DataError(Fault("shard", IS.format(value=repr(asked)), _OF_SEVERAL, _FROM_1))
    return number, of
