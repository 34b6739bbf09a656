"""What can go wrong, in the words of the person who can mend it.

Every fault says what was seen, where, which rule it breaks and how to mend it; all faults of one input come in one list.
"""

from __future__ import annotations

import difflib
import errno
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from procure.languages import LINE, SPACE, Said
from procure.words import alike, listed, printable

_INDENT = "  "
_FAULT, _REMEDY, _STOP = (
    Said("{where}: {seen}; {rule}.", "{where}: {seen}。規則: {rule}。"),
    Said(" Remedy: {remedy}", "対処: {remedy}"),
    Said(".", "。"),
)
_ONE_FAULT, _FAULTS = (
    Said("1 fault in the input:", "入力の誤り 1 件:"),
    Said("{count} faults in the input:", "入力の誤り {count} 件:"),
)
_INFEASIBLE = Said("no portfolio keeps all of these together:", "次のすべてを同時に満たす調達計画はない:")
_INFEASIBLE_UNDER = Said(
    "no portfolio keeps all of these together under {level}:",
    "開発計画が {level} の場合、次のすべてを同時に満たす調達計画はない:",
)
_REPAIR, _REPAIR_UNDER = (
    Said("the cheapest repair:", "最小の緩和策:"),
    Said("under {level} it would be:", "{level} の場合の緩和策:"),
)
_NO_REPAIR = Said("none is known", "見つかっていない")
_NOT_PROVED = Said("{where} is not proved:", "{where} は証明できない:")
_NEAREST = Said("did you mean '{name}'?", "'{name}' のことですか？")
_NAMES, _NO_NAMES = (
    Said("the valid names are {names}", "使える名前は {names}"),
    Said("no names are defined here", "ここで使える名前はない"),
)
#: What is seen of a number that is not allowed, and of a list that is empty.
IS, NO_ONE = Said("is {value}", "値は {value}"), Said("there are none", "一つもない")
#: What is seen of an extra that is asked for.
NOT_INSTALLED = Said("{package} is not installed", "{package} がインストールされていない")
#: What is seen of a file, and of the keys in it.
UNREADABLE, BYTES = Said("cannot be read ({seen})", "読めない（{seen}）"), Said("{size:,} bytes", "{size:,} バイト")
UNKNOWN_KEY, IS_MISSING = (
    Said("unknown key '{key}'", "未知のキー '{key}'"),
    Said("'{key}' is missing", "'{key}' がない"),
)
#: Remedies that are of no one thing.
LEAVE_OUT, KEEP_ONE, NAME_ANOTHER = (
    Said("leave it out", "省く"),
    Said("keep one of them", "一つだけ残す"),
    Said("name another", "別のものを指定する"),
)
CHECK_PATH, ANOTHER_FOLDER = (
    Said("check the path", "パスを確かめる"),
    Said("name another folder", "別のフォルダーを指定する"),
)
#: Why the system refuses a file or an address, by the number of its error; of others it tells in its own language alone.
_OF_SYSTEM = {
    errno.ENOENT: "ファイルもフォルダーもない",
    errno.EACCES: "許可がない",
    errno.EPERM: "許可されていない操作",
    errno.EISDIR: "フォルダーである",
    errno.ENOTDIR: "フォルダーではない",
    errno.EEXIST: "既にある",
    errno.ENOSPC: "ディスクに空きがない",
    errno.EDQUOT: "割当て容量に空きがない",
    errno.EROFS: "読取り専用のファイルシステム",
    errno.ENAMETOOLONG: "名前が長すぎる",
    errno.EADDRINUSE: "使用中のアドレス",
    errno.EADDRNOTAVAIL: "使えないアドレス",
    errno.ENOLCK: "ロックを使えない",
}


def _one_line(text: str) -> str:
    """What was seen may be anything: it is shown without what moves, colours or turns it."""
    return Said(printable(text), printable(text.ja)) if isinstance(text, Said) else printable(text)


class ProcureError(Exception):
    """Any error procure raises on purpose; `exit_status` is the status of the command line."""

    exit_status = 3

    @property
    def message(self) -> str:
        """What it says, in every language it says it in; `str` of an error is English."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


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
        return str(self.said)

    @property
    def said(self) -> Said:
        """The whole fault as one sentence, and its remedy."""
        fault = _FAULT.format(where=_one_line(self.where), seen=_one_line(self.seen), rule=self.rule)
        if not self.remedy:
            return fault
        stop = "" if self.remedy.endswith(("?", ".", "…")) else _STOP
        return fault + _REMEDY.format(remedy=_one_line(self.remedy)) + stop


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
        heading = _ONE_FAULT if len(self.faults) == 1 else _FAULTS.format(count=len(self.faults))
        super().__init__(LINE.join([heading, *(_INDENT + fault.said for fault in self.faults)]))

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
        super().__init__(SPACE.join(filter(None, (message, known))))


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
        heading = _INFEASIBLE_UNDER.format(level=level) if level else _INFEASIBLE
        lines: list[str] = [heading, *(_INDENT + line for line in self.conflict)]
        if self.repairs:
            lines += [_REPAIR, *(_INDENT + line for line in self.repairs)]
        for name, others in self.elsewhere.items():
            lines += [_REPAIR_UNDER.format(level=name), *(_INDENT + line for line in others or [_NO_REPAIR])]
        super().__init__(LINE.join(lines))


def of_system(error: OSError) -> Said:
    """Why the system refused.

    >>> of_system(FileNotFoundError(errno.ENOENT, "No such file or directory")).ja
    'ファイルもフォルダーもない'
    """
    said = error.strerror or type(error).__name__
    return Said(said, _OF_SYSTEM.get(error.errno or 0, said))


class NotProved(ProcureError):
    """What a kept answer says does not follow from what is kept to prove it.

    Attributes
    ----------
    faults : list of str
        Every claim that does not hold.
    """

    exit_status = 3

    def __init__(self, where: str, faults: Iterable[str]) -> None:
        self.where, self.faults = where, list(faults)
        super().__init__(LINE.join([_NOT_PROVED.format(where=where), *(_INDENT + fault for fault in self.faults)]))

    def __reduce__(self) -> tuple[type[NotProved], tuple[str, list[str]]]:
        """Faults as such reach another process, too."""
        return type(self), (self.where, self.faults)


def nearest(word: str, options: Iterable[str]) -> str:
    """The remedy for an unknown name: the nearest valid one, or the valid ones when none is near.

    Capitals, and characters of full width, make no name another.

    >>> nearest("chian", ["china", "lynas"]), nearest("dy", ["Dy", "Y"]), nearest("hevy", ["Dy", "medium_heavy"])
    ("did you mean 'china'?", "did you mean 'Dy'?", "did you mean 'medium_heavy'?")
    """
    known = sorted(options) if isinstance(options, Set) else list(dict.fromkeys(options))
    spelled = {alike(name): name for name in reversed(known)}
    parts = {part: name for name in reversed(known) for part in alike(name).split("_")}
    for named, cutoff in ((spelled, 0.6), (parts, 0.75)):
        if close := difflib.get_close_matches(alike(word), named, n=1, cutoff=cutoff):
            return _NEAREST.format(name=named[close[0]])
    return _NAMES.format(names=listed(known)) if known else _NO_NAMES
