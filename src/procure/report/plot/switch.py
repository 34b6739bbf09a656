"""Where along a number, or over two of them, another programme is chosen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame
from pandas.api.types import is_numeric_dtype

from procure.errors import NAME_ANOTHER, DataError, Fault, nearest
from procure.explore.sweep.columns import OPTIMAL
from procure.explore.switch import NONE, Switches
from procure.languages import Language, Said
from procure.report.plot.canvas import below, drawn_in, headed, lettered, new_axes
from procure.report.plot.palette import INK, shades
from procure.report.plot.words import axis, shown, words_in
from procure.words import in_full, rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_A_COLUMN = Said("it is a column of the sweep", "掃引の列であること")
_NO_COLUMN = Said("there is no column '{name}'", "列 '{name}' がない")
_SHOWS = Said("a map of switches shows it", "切替えの地図はそれを示す")
_SWEEP_AGAIN = Said("sweep again with it", "それを加えて掃引し直す")
_TEXT = Said("'{name}' holds text", "'{name}' は文字列")
_OF_NUMBERS = Said("an axis is of numbers", "軸は数値のもの")
_SEVERAL = Said("several cases have the same {across} and {up}", "{across} と {up} が同じ事例が複数ある")
_ONE_CASE = Said("a cell is one case", "一つの格子点は一つの事例")
_KEEP_ONE = Said("leave one of them: rows[rows[...] == ...]", "一つだけ残す: rows[rows[...] == ...]")

#: Chosen where there is none.
OUT = ""
#: Values that are told one by one.
_TICKS = 9
_TIE = "#E69F00"


def switch(answer: Switches, *, language: Language = "en", ax: Axes | None = None) -> Axes:
    """By how much the programme next to the chosen one is dearer along a number, million USD; at a switch that is nothing.

    Around each switch the values between which the two cannot be told apart at 95 % are hatched; above stands what is chosen.

    Parameters
    ----------
    answer : Switches
    language : str
        "en" or "ja".
    ax : Axes, optional

    Raises
    ------
    DataError
        Where matplotlib or a font is not installed.
    """
    words, table = words_in(language), answer.table
    with drawn_in(language):
        ax = new_axes(ax, 8.0, 4.0)
        at = [float(value) for value in table["value"]]
        points = sorted([
            *zip(answer.grid["value"].tolist(), answer.grid["margin_musd"].tolist(), strict=True), *((x, 0.0) for x in at)
        ])  # fmt: skip
        x, margin = np.array(points).T
        handles: dict[str, Any] = {}
        (handles[words["margin"]],) = ax.plot(x, margin, "o-", color="#0072B2", ms=3.5, label="margin")
        for low, high in zip(table["tie_low"].tolist(), table["tie_high"].tolist(), strict=True):
            if math.isfinite(low) and math.isfinite(high) and high > low:
                handles[words["tie"]] = ax.axvspan(
                    low, high, facecolor=_TIE, alpha=0.45, hatch="////", edgecolor="white", lw=0, label="tie"
                )
        for value in at:
            handles[words["at"]] = ax.axvline(value, color=INK, linewidth=1.1, linestyle="--", label="switch")
            ax.annotate(
                rounded(value, answer.digits), (value, 0.84), xycoords=("data", "axes fraction"), xytext=(4, 0),
                textcoords="offset points", fontsize=8,
            )  # fmt: skip
        ax.set_xlim(answer.low, answer.high)
        highest = float(np.nanmax(margin)) if np.isfinite(margin).any() else 0.0
        ax.set_ylim(0, 1.25 * highest if highest > 0 else 1.0)
        for left, right, level in _spans(answer):
            name = words["no portfolio"] if level == NONE else shown(level, 30)
            room = (right - left) / (answer.high - answer.low)
            ax.annotate(
                _folded(name, max(int(95 * room), 8)), ((left + right) / 2, 0.97), xycoords=("data", "axes fraction"), ha="center",
                va="top", fontsize=8.5,
            )  # fmt: skip
        ax.set_xlabel(axis(answer.path, answer.unit, language))
        ax.set_ylabel(words["margin_axis"])
        ax.yaxis.set_major_formatter(lambda number, _: in_full(number))
        headed(ax, words["switch"], shown(answer.name))
        ax.grid(axis="y")
        lettered(ax)
        below(ax, list(handles.values()), list(handles))
        return ax


def _spans(answer: Switches) -> list[tuple[float, float, str]]:
    """From where to where each level is chosen."""
    if answer.table.empty:
        return [(answer.low, answer.high, str(answer.grid["chosen"].iloc[0]))]
    ends = [answer.low, *(float(value) for value in answer.table["value"]), answer.high]
    levels = [str(answer.table["from"].iloc[0]), *map(str, answer.table["to"])]
    return list(zip(ends, ends[1:], levels, strict=False))


def _folded(text: str, width: int) -> str:
    from textwrap import fill

    return fill(text, width, break_long_words=False)


def switch_map(
    rows: DataFrame, x: str | None = None, y: str | None = None, *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """The programme chosen at every case of a sweep over two numbers, a cell each, and where it is a tie.

    Cells without a portfolio are blank and crossed; a dot says that another programme cannot be told from the one chosen, where the
    sweep was asked for the verdict.

    Parameters
    ----------
    rows : DataFrame
        Of `procure.sweep`: one case for each pair of values.
    x, y : str, optional
        The numbers, by their paths; else the first two parameters of the sweep that tell its cases apart.
    language : str
        "en" or "ja".
    ax : Axes, optional

    Raises
    ------
    DataError
        For columns that there are not, several cases with the same two values, and where matplotlib or a font is not installed.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    across, up = _axes(rows, x, y)
    _check(rows, across, up)
    words = words_in(language)
    chosen = rows["programme"].where(rows["status"] == OPTIMAL).fillna(OUT).astype(str)
    names = [str(name) for name in dict.fromkeys(sorted(chosen)) if name != OUT]
    table = rows.assign(code=[names.index(name) if name != OUT else math.nan for name in chosen])
    cells = table.pivot(index=up, columns=across, values="code").sort_index().sort_index(axis=1)
    with drawn_in(language):
        ax = new_axes(ax, 8.0, 4.4)
        colours = shades(len(names))
        wide, high = _edges(cells.columns), _edges(cells.index)
        ax.set_facecolor("white")
        ax.pcolormesh(
            wide, high, np.ma.masked_invalid(cells.to_numpy()), cmap=ListedColormap(colours or ["white"]), vmin=-0.5,
            vmax=max(len(names), 1) - 0.5, edgecolors="white", linewidth=1.0,
        )  # fmt: skip
        handles: list[Any] = [Patch(facecolor=colour) for colour in colours]
        labels = [shown(name) for name in names]
        out = table[chosen == OUT]
        if len(out):
            handles.append(ax.scatter(out[across], out[up], marker="x", color=INK, s=24, label="out"))
            labels.append(words["no portfolio"])
        tied = table[table["tie"].fillna("").astype(str) != ""] if "tie" in table else table.iloc[:0]
        if len(tied):
            handles.append(
                ax.scatter(tied[across], tied[up], marker="o", facecolor="white", edgecolor=INK, s=22, label="tie")
            )
            labels.append(words["tied"])
        if max(cells.shape) <= _TICKS:
            ax.set_xticks(cells.columns.to_numpy())
            ax.set_yticks(cells.index.to_numpy())
        units = rows.attrs.get("units", {})
        ax.set_xlabel(axis(across, units.get(across, ""), language))
        ax.set_ylabel(axis(up, units.get(up, ""), language))
        ax.set_title(words["switch"])
        lettered(ax)
        below(ax, handles, labels, min(len(labels), 3))
        return ax


def _axes(rows: DataFrame, x: str | None, y: str | None) -> tuple[str, str]:
    """The columns that are the axes: those that were asked for, or the first that tell the cases apart."""
    names = [str(name) for name in rows.attrs.get("parameters", rows.columns[:2])]
    pairs = [
        (across, up)
        for across in ([x] if x is not None else names)
        for up in ([y] if y is not None else names)
        if across != up
    ]
    apart = (pair for pair in pairs if set(pair) <= set(rows) and not rows.duplicated([*pair]).any())
    return next(apart, pairs[0] if pairs else (x or "", y or ""))


def _check(rows: DataFrame, across: str, up: str) -> None:
    columns = [str(column) for column in rows]
    faults = [
        Fault(axis, f"'{name}'", _A_COLUMN, nearest(name, columns))
        for axis, name in (("x", across), ("y", up))
        if name not in columns
    ]
    faults += [
        Fault("rows", _NO_COLUMN.format(name=name), _SHOWS, _SWEEP_AGAIN)
        for name in ("status", "programme")
        if name not in columns
    ]
    if not faults:
        faults = [
            Fault(axis, _TEXT.format(name=name), _OF_NUMBERS, NAME_ANOTHER)
            for axis, name in (("x", across), ("y", up))
            if not is_numeric_dtype(rows[name])
        ]
    if not faults and rows.duplicated([across, up]).any():
        seen, rule = _SEVERAL.format(across=across, up=up), _ONE_CASE
        faults.append(Fault("rows", seen, rule, _KEEP_ONE))
    if faults:
        raise DataError(faults)


def _edges(values: Any) -> Any:
    """Where the cells of some values begin and end: halfway between."""
    points = np.asarray(values, dtype=float)
    if len(points) == 1:
        half = abs(points[0]) / 2 or 0.5
        return np.array([points[0] - half, points[0] + half])
    middles = (points[1:] + points[:-1]) / 2
    return np.concatenate([[2 * points[0] - middles[0]], middles, [2 * points[-1] - middles[-1]]])
