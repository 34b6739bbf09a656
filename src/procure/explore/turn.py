"""Where along a number something ends, closed in by halves, and how near that is near enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from procure.errors import LEAVE_OUT, Fault
from procure.languages import Said

#: Digits of a value beyond those asked for, of the whole range: so that one near zero has some, too.
FINER = 1e-3


@dataclass(frozen=True)
class Near:
    """How far two values may be apart that stand for one between them: `relative` to the larger, and `absolute`, in its unit."""

    relative: float
    absolute: float = 0.0

    @staticmethod
    def of(digits: int, span: float = 0.0) -> Near:
        """So many digits; near zero some of a span."""
        relative = 0.5 * 10.0**-digits
        return Near(relative, FINER * relative * span)

    def holds(self, left: float, right: float) -> bool:
        """Whether two values are so near."""
        return right - left <= self.absolute + self.relative * max(abs(left), abs(right))


def closed_in(left: float, right: float, is_so: Callable[[float], bool], near: Near) -> tuple[float, float]:
    """Two values, near enough, between which something ends that is so on the left and not on the right.

    >>> closed_in(0.0, 1.0, lambda value: value < 0.3, Near(0.0, 0.25))
    (0.25, 0.5)
    """
    while not near.holds(left, right):
        middle = (left + right) / 2
        left, right = (middle, right) if is_so(middle) else (left, middle)
    return left, right


def faults_of(*, digits: int = 1, points: int = 2) -> Iterator[Fault]:
    """What is wrong with the digits to which a value is asked for, and with a grid of so many points."""
    if digits < 1:
        yield Fault("digits", f"{digits}", Said("a value has at least one digit", "値は一桁以上"), LEAVE_OUT)
    if points < 2:
        yield Fault(
            "points", f"{points}", Said("a grid has two ends at least", "格子には少なくとも両端がある"), LEAVE_OUT
        )
