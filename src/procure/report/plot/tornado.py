"""Which numbers that are not known for sure decide: the cost at the ends of their ranges, or what knowing them is worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from procure.errors import DataError, Fault
from procure.explore.sensitivity import Sensitivity
from procure.languages import Language, Said
from procure.portfolio.fresh import WIDE
from procure.report.plot.canvas import below, drawn_in, headed, lettered, new_axes
from procure.report.plot.palette import INK
from procure.report.plot.words import shown, words_in
from procure.words import in_full, money, rounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from pandas import Series

#: At the low and at the high end of a range.
_ENDS: dict[str, dict[str, Any]] = {
    "low": {"facecolor": "#56B4E9", "edgecolor": "white", "linewidth": 0, "hatch": ""},
    "high": {"facecolor": "#D55E00", "edgecolor": "white", "linewidth": 0, "hatch": "////"},
}
#: Digits of the ends of a range.
DIGITS = 3


def tornado(answer: Sensitivity, *, language: Language = "en", ax: Axes | None = None) -> Axes:
    """The weighed cost with each number at either end of its range, million USD, beside what it is as the numbers stand.

    A mark says that another programme is chosen at that end. Of value of information it is what knowing each number would be worth,
    with its 95 % interval.

    Parameters
    ----------
    answer : Sensitivity
    language : str
        "en" or "ja".
    ax : Axes, optional

    Raises
    ------
    DataError
        Where matplotlib or a font is not installed, or the answer is of another kind.
    """
    words, table = words_in(language), answer.table
    if "turns" in table:
        rule = Said(
            "a tornado shows costs at both ends, or what numbers are worth",
            "トルネード図は両端の費用か、数値を知ることの価値を示す",
        )
        raise DataError(
            Fault(
                "answer",
                Said("it says where the choice turns", "これは選択が変わる位置を示す"),
                rule,
                Said("ask for method 'tornado' or 'information'", "方法 'tornado' か 'information' で調べる"),
            )
        )
    is_worth = "worth_musd" in table
    with drawn_in(language):
        ax = new_axes(ax, 8.0, 1.5 + 0.3 * len(table))
        handles: dict[str, Any] = {}
        if is_worth:
            _worth(ax, table, words, handles)
        else:
            _swings(ax, answer, words, handles)
        ax.set_yticks(range(len(table)), [_label(row) for _, row in table.iterrows()], fontsize=8)
        ax.set_ylim(len(table) - 0.4, -0.6)
        ax.set_xlabel(words["worth_axis" if is_worth else "objective_axis"])
        ax.xaxis.set_major_formatter(lambda number, _: in_full(number))
        ax.margins(x=0.06)
        ax.grid(axis="x")
        subject = words["worth" if is_worth else "tornado"]
        headed(
            ax,
            subject,
            f"{shown(answer.name)}: {shown(answer.programme)}, {money(answer.objective_musd)} {words['musd']}",
        )
        lettered(ax)
        below(ax, list(handles.values()), list(handles))
        return ax


def _label(row: Series) -> str:
    """A number with its range."""
    unit = f" {row['unit']}" if row["unit"] not in ("", "1") else ""
    low, high = (rounded(row[end], DIGITS) for end in ("low", "high"))
    return f"{shown(str(row['number']), 52)}\n{low} – {high}{unit}"


def _swings(ax: Axes, answer: Sensitivity, words: Mapping[str, str], handles: dict[str, Any]) -> None:
    at, table = range(len(answer.table)), answer.table
    for end, look in _ENDS.items():
        beyond = (table[f"{end}_musd"] - answer.objective_musd).tolist()
        bars = handles[words[f"at_{end}"]] = ax.barh(at, beyond, 0.62, left=answer.objective_musd, label=end, **look)
        side = -1 if end == "low" else 1
        for position, amount in enumerate(beyond):
            if math.isnan(amount):
                ax.annotate(
                    words["unsolved"], (answer.objective_musd, position), xytext=(5 * side, 0), textcoords="offset points",
                    ha="right" if end == "low" else "left", va="center", fontsize=7.5,
                )  # fmt: skip
        for bar in bars:  # where both ends lie on one side, the shorter bar stands before the longer
            bar.set_zorder(2 + 1 / (1 + abs(bar.get_width())))
        other = (
            table[f"{end}_programme"].ne(answer.programme)
            & table[f"{end}_programme"].ne("")
            & table[f"{end}_musd"].notna()
        )
        if other.any():
            handles[words["other"]] = ax.scatter(
                table.loc[other, f"{end}_musd"], [k for k in at if other.iloc[k]], marker="D", s=30, color=INK, zorder=3,
                label=f"other at {end}",
            )  # fmt: skip
    ax.axvline(answer.objective_musd, color=INK, linewidth=0.9)


def _worth(ax: Axes, table: Any, words: Mapping[str, str], handles: dict[str, Any]) -> None:
    error = [WIDE * e if not math.isnan(e) else 0.0 for e in table["standard_error_musd"].tolist()]
    worth = table["worth_musd"].tolist()
    handles[words["interval_of_worth"]] = ax.errorbar(
        worth, range(len(table)), xerr=error, fmt="o", color="#0072B2", ms=5, capsize=3, lw=1.3
    )
    ax.axvline(0, color=INK, linewidth=0.9)
