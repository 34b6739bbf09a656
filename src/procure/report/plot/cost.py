"""What it costs, by what it is spent on: the mean, the worst futures, the worst path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from procure.languages import Language
from procure.portfolio.portfolio import Portfolio
from procure.report.plot.canvas import below, drawn_in, headed, lettered, new_axes
from procure.report.plot.palette import FAINT, INK
from procure.report.plot.words import Names, words_in
from procure.units import Array
from procure.words import in_full, money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Million USD below which nothing is seen of a component.
LEAST = 0.5
_BAR = 0.27


def cost(portfolio: Portfolio, *, language: Language = "en", ax: Axes | None = None) -> Axes:
    """What each component costs, million USD of present value: expected, in the worst 1 - alpha of futures, and on the worst path.

    The last row is the sum of all. What is earned stands left of zero.

    Parameters
    ----------
    portfolio : Portfolio
    language : str
        "en" or "ja".
    ax : Axes, optional

    Raises
    ------
    DataError
        Where matplotlib or a font is not installed.
    """
    rows = [
        (str(name), *numbers)
        for name, *numbers in portfolio.costs.itertuples(index=False)
        if any(abs(number) >= LEAST for number in numbers)
    ]
    summary = portfolio.summary
    rows.append(("total", summary["expected_cost"], summary["cvar"], summary["worst_case"]))
    with drawn_in(language):
        names, words = Names(portfolio, language), words_in(language)
        ax = new_axes(ax, 8.0, 1.3 + 0.5 * len(rows))
        at = np.arange(len(rows), dtype=float)
        expected, tail, worst = (np.array([row[k] for row in rows]) for k in (1, 2, 3))
        handles: list[Any] = []
        kinds: Sequence[tuple[str, Array, dict[str, Any]]] = (
            ("expected", expected, {"facecolor": "#0072B2"}),
            ("tail", tail, {"facecolor": "#E69F00", "hatch": "////"}),
            ("worst", worst, {"facecolor": "#555555", "hatch": "...."}),
        )
        for offset, (label, amounts, fill) in zip((-_BAR, 0.0, _BAR), kinds, strict=True):
            handles.append(
                ax.barh(at + offset, amounts, 0.92 * _BAR, label=label, edgecolor="white", linewidth=0, **fill)
            )
            for place, amount in zip(at + offset, amounts.tolist(), strict=True):
                ax.annotate(
                    money(amount), (max(amount, 0.0), place), xytext=(4, 0), textcoords="offset points", va="center_baseline",
                    fontsize=7.5,
                )  # fmt: skip
        ax.axvline(0, color=INK, linewidth=0.8)
        ax.axhline(len(rows) - 1.5, color=FAINT, linewidth=0.6)
        ax.set_yticks(at, [words.get(row[0], row[0].replace("_", " ")) for row in rows])
        ax.invert_yaxis()
        ax.set_xlabel(words["cost_axis"])
        headed(ax, words["cost"], names.title)
        ax.xaxis.set_major_formatter(lambda number, _: in_full(number))
        ax.grid(axis="x")
        ax.margins(x=0.1)
        lettered(ax)
        below(ax, handles, [words["mean"], words["worst"].format(tail=names.tail), words["path"]])
        return ax
