"""Every combination of a grid of changes, one row each: a case that cannot be solved has a row too, and says why."""

from __future__ import annotations

import itertools
import math
import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from procure.errors import DataError, Fault, Infeasible, SolverError
from procure.model import Model
from procure.solving.compiled import Compiled
from procure.words import programme_name

if TYPE_CHECKING:
    import pandas as pd

Case = Mapping[str, Any]
Grid = Mapping[str, Sequence[Any]] | Sequence[Case]

#: What every row says beside its case; money in million USD of present value.
COLUMNS = ("status", "objective_musd", "programmes", "message", "seconds", "seconds_in_solver", "made_anew")
#: Cases handed to a worker at a time.
SHARD = 16


def sweep(model: Model, grid: Grid, *, workers: int = 1) -> pd.DataFrame:
    """Solve a model at every combination of a grid.

    Parameters
    ----------
    model : Model
        Compiled once per worker; every case starts from it, not from the case before.
    grid : mapping path -> values, or sequence of mappings path -> value
        A mapping stands for every combination of its values, the last path varying fastest; a sequence for itself. Numbers are
        in the unit of the model, or text that says its unit, as for `Model.with_`.
    workers : int
        Processes side by side. The rows are the same for any number, to 1e-9.

    Returns
    -------
    DataFrame
        One row per case, in the order of the grid: the paths, `status` (optimal, infeasible, bad input, failed),
        `objective_musd` (NaN where there is none), `programmes` chosen, `message`, `seconds`, of which
        `seconds_in_solver`, and `made_anew`: why a case could not be followed in place, blank where it was (`Reason`).

    Raises
    ------
    DataError
        For an empty grid, or a number of workers below one. A case that is wrong by itself is a row.

    >>> from procure import load_model
    >>> rows = sweep(load_model("two-class"), {"risk.weight": [0.0, 0.5], "shortage.scale": [1.0, 1.2]})
    >>> rows[["risk.weight", "shortage.scale", "status"]].values.tolist()[-1]
    [0.5, 1.2, 'optimal']
    """
    import pandas as pd

    cases = _cases(grid)
    faults = []
    if not cases:
        faults.append(Fault("grid", "it has no case", "a sweep has at least one", "give each path a value"))
    if workers < 1:
        faults.append(Fault("workers", f"is {workers}", "at least one process does the work"))
    if faults:
        raise DataError(faults)
    if workers == 1:
        compiled = Compiled(model)
        rows = [solve_case(compiled, case) for case in cases]
    else:
        shards = [cases[first : first + SHARD] for first in range(0, len(cases), SHARD)]
        # Spawned, not forked: a fork would share whatever threads and locks the caller has.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(workers, len(shards)), context, _prepare, (model,)) as pool:
            rows = list(itertools.chain.from_iterable(pool.map(_solve_shard, shards)))
    paths = list(dict.fromkeys(path for case in cases for path in case))
    table = [{**dict.fromkeys(paths), **case, **row} for case, row in zip(cases, rows, strict=True)]
    return pd.DataFrame(table, columns=[*paths, *COLUMNS])


def solve_case(compiled: Compiled, case: Case) -> dict[str, Any]:
    """The row of one case."""
    row: dict[str, Any] = dict(zip(COLUMNS, ("", math.nan, "", "", math.nan, math.nan, ""), strict=True))
    try:
        answer = compiled.solve(case)
    except DataError as error:
        return row | {"status": "bad input", "message": str(error)}
    except Infeasible as error:
        return row | {"status": "infeasible", "message": str(error)}
    except SolverError as error:
        return row | {"status": "failed", "message": str(error)}
    return row | {
        "status": "optimal",
        "objective_musd": answer.objective,
        "programmes": programme_name(answer.programmes),
        "seconds": answer.seconds,
        "seconds_in_solver": answer.seconds_in_solver,
        "made_anew": "; ".join(dict.fromkeys(reason.value for reason in answer.made_anew.values())),
    }


def _cases(grid: Grid) -> list[Case]:
    if isinstance(grid, Mapping):
        values: Iterable[tuple[Any, ...]] = itertools.product(*grid.values()) if grid else ()
        return [dict(zip(grid, combination, strict=True)) for combination in values]
    return [dict(case) for case in grid]


_compiled: Compiled | None = None  # of this worker process


def _prepare(model: Model) -> None:
    global _compiled
    _compiled = Compiled(model, n_cores=1)  # the other workers have the other cores


def _solve_shard(cases: Sequence[Case]) -> list[dict[str, Any]]:
    assert _compiled is not None
    return [solve_case(_compiled, case) for case in cases]
