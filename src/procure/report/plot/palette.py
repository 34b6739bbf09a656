"""One colour and one pattern for everything that supplies, the same on every picture.

The colours are those of Okabe & Ito (2008), "Color universal design", which people with any of the common colour blindnesses tell
apart; yellow, which a white pattern does not show on, gives way to an indigo. Patterns tell them apart in grey print.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from procure.portfolio.frames import OTHER_SOURCES

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio

_COLOURS = ("#D55E00", "#0072B2", "#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#332288")
_PATTERNS = ("", "////", "...", "\\\\\\\\", "xxx", "---", "ooo", "++")
#: What is no supplier is grey, and what is missing is blank.
_OTHERS = {
    "spot": ("#BBBBBB", ""),
    "stock": ("#3A3A3A", ""),
    "shortage": ("#FFFFFF", "xxxx"),
    "surplus": ("#DDDDDD", "...."),
}
#: From light to dark, of one hue: in grey the same order.
SCALE = "Blues"
INK, FAINT = "#222222", "#999999"


def fill_of(portfolio: Portfolio, source: str) -> dict[str, Any]:
    """How the area of a supplier, or of another source, is filled: by its place among the suppliers of the facts."""
    if source in OTHER_SOURCES:
        colour, pattern = _OTHERS[source]
        edge = "#AAAAAA" if source == "shortage" else "white"
        return {"facecolor": colour, "hatch": pattern, "edgecolor": edge, "linewidth": 0.5}
    place = [*portfolio.names].index(source) if source in portfolio.names else _beyond(portfolio, source)
    row, column = divmod(place, len(_COLOURS))
    pattern = _PATTERNS[(row + column) % len(_PATTERNS)]
    return {"facecolor": _COLOURS[column], "hatch": pattern, "edgecolor": "white", "linewidth": 0.5}


def _beyond(portfolio: Portfolio, source: str) -> int:
    """The place of a supplier that has no name."""
    return len(portfolio.names) + sorted({*portfolio.mix["supplier"]} - {*portfolio.names}).index(source)


def shades(count: int) -> Sequence[str]:
    """So many shades in an order, from light to dark, that colour-blind people and grey print keep in that order."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps[SCALE](0.12 + 0.88 * k / max(count - 1, 1))) for k in range(count)]
