"""What a process needs to solve cases, and how it solves them: the same in this process, in one of our own, and in anybody's.

A model is compiled once in a process and kept, with the bases of its last solve, for the cases to come.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from procure.errors import DataError, Fault
from procure.explore.sweep.columns import Row
from procure.explore.sweep.row import Case, is_fault_of_procure, raised, solve_case
from procure.languages import Said
from procure.lp.cores import take_at_most
from procure.model import Model
from procure.solving.compiled import Compiled

_CAN_BE_SENT = Said(
    "a model that is swept in several processes can be sent to them",
    "複数のプロセスで掃引するモデルは、そこへ送れること",
)
IN_A_MODULE = Said(
    "define the functions of its extension in a module, or take one worker",
    "拡張の関数をモジュールに定義するか、ワーカーを一つにする",
)
_UNSENT = Said("it cannot be sent ({error})", "送れない（{error}）")


@dataclass(frozen=True)
class Job:
    """How the cases of a sweep are solved: the model, the columns of their rows, fresh paths, options of the solver."""

    model: Model
    columns: frozenset[str]
    paths: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    home: int = field(default_factory=os.getpid)  # the process that sweeps

    def packed(self) -> bytes:
        """For another process; `DataError` where the model cannot travel."""
        try:
            return pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise DataError(Fault(self.model.origin, _UNSENT.format(error=error), _CAN_BE_SENT, IN_A_MODULE)) from None


class Hand:
    """Solves the cases of one job, one after the other."""

    def __init__(self, job: Job, n_cores: int | None = None) -> None:
        self._job, self._n_cores = job, n_cores
        self._compiled: Compiled | None = None

    def compiled(self) -> Compiled:
        """The model, ready to be solved; `DataError` where it is none."""
        if self._compiled is None:
            self._compiled = Compiled(self._job.model, options=self._job.options, n_cores=self._n_cores)
        return self._compiled

    def solve(self, case: Case) -> Row:
        """The row of a case, whatever happens but the end of the process; `DataError` where the model itself is none."""
        compiled = self.compiled()
        try:
            return solve_case(compiled, case, self._job.columns, self._job.paths)
        except Exception as error:  # told in its row: a sweep of thousands does not end with one
            if is_fault_of_procure(error):
                self._compiled = None  # nobody knows what it left behind
            return raised(error)


#: The hand of each job that this process has had, by the digest of the job: the last one only.
_hands: dict[str, Hand] = {}
_one_at_a_time = threading.Lock()  # Pyomo and a compiled model are no friends of threads


def solve_shard(packed: bytes, cases: Sequence[Case]) -> list[Row]:
    """The rows of some cases, in their order, in a process that keeps its model from shard to shard."""
    return list(solve_each(packed, cases))


def solve_each(packed: bytes, cases: Sequence[Case]) -> Iterator[Row]:
    """As `solve_shard`, row by row."""
    with _one_at_a_time:
        hand = _hand_of(packed)
        for case in cases:
            yield hand.solve(case)


def prepare(packed: bytes) -> None:
    """Compile the model of a job, so that its first case begins at once; `DataError` where it is none."""
    with _one_at_a_time:
        _hand_of(packed).compiled()


def _hand_of(packed: bytes) -> Hand:
    """The hand of a job; the one before is given up."""
    digest = sha256(packed).hexdigest()
    if digest not in _hands:
        job: Job = pickle.loads(packed)
        is_home = os.getpid() == job.home
        if not is_home:
            take_at_most(1)  # the other workers have the other cores
        _hands.clear()
        _hands[digest] = Hand(job, n_cores=None if is_home else 1)
    return _hands[digest]


def forget() -> None:
    """Give back the memory of the last job that this process has had, where its threads were the workers."""
    with _one_at_a_time:
        _hands.clear()
