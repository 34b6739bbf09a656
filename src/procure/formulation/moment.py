"""A year of the plan as it is known when it is decided: after what the reviews up to then have seen.

A plan without reviews is decided today, and its moments are its years. After a review there is one moment of a year for each
combination of states that may have been seen, and the plan has decisions of its own for each.
"""

from __future__ import annotations

from typing import Any

Seen = tuple[tuple[str, str], ...]  # (process, state), in the order in which they were seen


class Moment(int):
    """A year, known to follow what reviews have `seen`; a year that nothing was seen before is the plain number.

    >>> after = Moment(2031, (("seabed_verdict", "works"),))
    >>> after + 1, after == 2031, after == Moment(2031, (("seabed_verdict", "works"),)), str(after)
    (2032, False, True, '2031 (seabed_verdict: works)')
    """

    seen: Seen

    def __new__(cls, year: int, seen: Seen = ()) -> Moment:
        """The moment of a year."""
        moment = super().__new__(cls, year)
        moment.seen = seen
        return moment

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int):
            return NotImplemented
        return int(self) == int(other) and self.seen == seen_before(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((int(self), self.seen)) if self.seen else hash(int(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Moment, (int(self), self.seen)

    def __str__(self) -> str:
        return f"{int(self)} ({in_words(self.seen)})" if self.seen else str(int(self))

    __repr__ = __str__
    __format__ = object.__format__


def moment(year: int, seen: Seen = ()) -> int:
    """The moment of a year: the plain number where nothing was seen."""
    return Moment(year, seen) if seen else int(year)


def seen_before(year: object) -> Seen:
    """What reviews have seen before a moment of the plan."""
    return year.seen if isinstance(year, Moment) else ()


def in_words(seen: Seen) -> str:
    """What was seen, as in 'seabed_verdict: works'; empty where nothing was."""
    return "; ".join(f"{process}: {state}" for process, state in seen)


def from_words(text: str) -> Seen:
    """What `in_words` said.

    >>> from_words("seabed_verdict: works; china 2028: ban")
    (('seabed_verdict', 'works'), ('china 2028', 'ban'))
    """
    parts = (part.rsplit(": ", 1) for part in text.split("; ") if part)
    return tuple((process, state) for process, state in parts)
