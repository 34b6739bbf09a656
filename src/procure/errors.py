"""What can go wrong, in the words of the person who can mend it.

Every fault says what was seen, where, which rule it breaks and how to mend it; all faults of one input come in one list.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from procure.words import listed


class ProcureError(Exception):
    """Any error procure raises on purpose; `exit_status` is the status of the command line."""

    exit_status = 3


@dataclass(frozen=True)
class Fault:
    """One fault of an input: `where` (file, row or key), what was `seen`, the `rule`, the `remedy`.

    >>> print(Fault("prices.csv row 7", "value is -62", "prices are >= 0", "check the sign"))
    prices.csv row 7: value is -62; prices are >= 0. Remedy: check the sign.
    """

    where: str
    seen: str
    rule: str
    remedy: str = ""

    def __str__(self) -> str:
        stop = "" if self.remedy.endswith(("?", ".", "…")) else "."
        remedy = f" Remedy: {self.remedy}{stop}" if self.remedy else ""
        return f"{self.where}: {self.seen}; {self.rule}.{remedy}"


class DataError(ProcureError):
    """The input is wrong.

    Attributes
    ----------
    faults : list of Fault
        Every fault of the input, not only the first.
    """

    exit_status = 2

    def __init__(self, faults: Iterable[Fault] | Fault) -> None:
        self.faults: list[Fault] = [faults] if isinstance(faults, Fault) else list(faults)
        count = len(self.faults)
        heading = f"{count} fault{'s' if count != 1 else ''} in the input:"
        super().__init__("\n".join([heading, *(f"  {fault}" for fault in self.faults)]))

    def __reduce__(self) -> tuple[type[DataError], tuple[list[Fault]]]:
        """Faults as such reach another process, too."""
        return type(self), (self.faults,)


class SolverError(ProcureError):
    """The solver stopped without an optimum.

    Attributes
    ----------
    status : str
        How it ended: "failed", or the limit that was met.
    known : str
        What is known so far: the best cost and the proved bound, or nothing.
    bound : float
        What is proved to be the least cost of the program that stopped, kUSD; minus infinity where nothing is.
    """

    exit_status = 3

    def __init__(self, message: str, *, status: str = "failed", known: str = "", bound: float = -math.inf) -> None:
        self.status = status
        self.known = known
        self.bound = bound
        super().__init__(f"{message} {known}".strip())


class Infeasible(ProcureError):
    """No portfolio keeps every limit.

    Attributes
    ----------
    conflict : list of str
        The limits that cannot be kept together, and the least that each would have to give.
    repairs : list of str
        The cheapest change that gives a solution.
    level : str
        The programme level that this is said of, where there are several: the one with the cheapest repair.
    elsewhere : dict
        The cheapest repair of every other level, by its name.
    """

    exit_status = 1

    def __init__(
        self,
        conflict: Sequence[str],
        repairs: Sequence[str] = (),
        *,
        level: str = "",
        elsewhere: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.conflict, self.repairs = list(conflict), list(repairs)
        self.level, self.elsewhere = level, {name: list(lines) for name, lines in (elsewhere or {}).items()}
        under = f" under {level}" if level else ""
        lines = [f"no portfolio keeps all of these together{under}:", *(f"  {line}" for line in self.conflict)]
        if self.repairs:
            lines += ["the cheapest repair:", *(f"  {line}" for line in self.repairs)]
        for name, others in self.elsewhere.items():
            lines += [f"under {name} it would be:", *(f"  {line}" for line in others or ["none is known"])]
        super().__init__("\n".join(lines))


def nearest(word: str, options: Iterable[str]) -> str:
    """The remedy for an unknown name: the nearest valid one, or the valid ones when none is near.

    >>> nearest("chian", ["china", "lynas"])
    "did you mean 'china'?"
    """
    known = sorted(set(options))
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"the valid names are {listed(known)}" if known else "no names are defined here"
