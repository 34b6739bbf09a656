"""A portfolio on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procure.portfolio import Portfolio


def to_text(portfolio: Portfolio) -> str:
    """Plain text."""
    lines = [portfolio.title.get("en", portfolio.name)]
    lines += [f"{key:20} {value:,.2f}" for key, value in portfolio.summary.items()]
    return "\n".join(lines)
