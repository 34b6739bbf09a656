"""Memory that nobody uses any more, given back to the system.

The C library of most Linux systems keeps what large arrays leave behind, for later: half a gigabyte after a tree is drawn, and as
much for every program that HiGHS has solved. Beside other workers of a sweep that is memory which nobody has.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Give freed memory back, where the C library has a way to be asked; elsewhere nothing is done."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim  # glibc's own
    except (AttributeError, OSError, TypeError):
        return None
