"""Answers shown: on a screen, in a spreadsheet, as pictures and as one page, which calling this package writes."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from procure.portfolio.portfolio import Portfolio


class _Report(ModuleType):
    """The room under a name that is a verb, too: `procure.report(portfolio, "answer.html")`.

    A function of that name in `procure` would not last: whatever imports a module of the room, as the first printed answer does,
    puts the package in its place there.
    """

    def __call__(self, portfolio: Portfolio, path: str | Path, **options: Any) -> None:
        """Write an answer as one page, as `procure.report.html.report` does."""
        from procure.report.html import report

        report(portfolio, path, **options)


sys.modules[__name__].__class__ = _Report
