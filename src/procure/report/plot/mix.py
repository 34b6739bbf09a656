"""Who supplies what, year by year, and how much of it may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame

from procure.errors import DataError, Fault, nearest
from procure.languages import Language, Said
from procure.portfolio.frames import OTHER_SOURCES
from procure.portfolio.portfolio import Portfolio
from procure.report.plot.canvas import beside, drawn_in, headed, lettered, new_axes
from procure.report.plot.palette import INK, fill_of
from procure.report.plot.words import Names, words_in
from procure.units import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL, TODAY = "all", "today"
#: A source that nowhere has this share of demand cannot be seen.
SEEN = 0.002
#: From below: what suppliers leave open is filled by stock and the spot market, and the rest is missing.
_ABOVE = ("stock", "spot", "shortage")


def mix(portfolio: Portfolio, scope: str = ALL, *, language: Language = "en", ax: Axes | None = None) -> Axes:
    """The expected supply of each year as stacked bars, per cent of demand, and the unserved share of the worst futures as a band.

    What is sold on, or put into stock, stands below zero. The band hangs from the top of a bar: the mean unserved share of the
    worst 1 - alpha of futures, of an element exactly; of a class that of each of its elements, which the class as a whole cannot
    exceed.

    Parameters
    ----------
    portfolio : Portfolio
        As solved, or read from its file.
    scope : str
        An element, a class, or "all".
    language : str
        "en" or "ja".
    ax : Axes, optional
        Where it is drawn, if not in a figure of its own.

    Raises
    ------
    DataError
        For a scope that the portfolio does not have, and where matplotlib or a font is not installed.
    """
    shares, tail, n_elements = _shares(portfolio, scope), _tail(portfolio, scope), _elements(portfolio, scope)
    with drawn_in(language):
        names, words = Names(portfolio, language), words_in(language)
        ax = new_axes(ax, 8.0, 4.2)
        at = _places(shares.index.tolist())
        top = np.zeros(len(at))
        bottom = np.zeros(len(at))
        handles: list[Any] = []
        labels: list[str] = []
        for source in _in_order(shares):
            heights = 100 * shares[source].to_numpy()
            base = np.where(heights >= 0, top, bottom)
            bars = ax.bar(at, heights, 0.86, base, label=source, **fill_of(portfolio, source))
            top, bottom = top + np.maximum(heights, 0), bottom + np.minimum(heights, 0)
            handles.append(bars)
            labels.append(names.of(source))
        is_year = shares.index != TODAY
        hanging = ax.errorbar(
            at[is_year], top[is_year], yerr=[100 * tail, np.zeros(len(tail))], fmt="none", ecolor=INK, elinewidth=1.1, capsize=3,
            label="band",
        )  # fmt: skip
        handles.append(hanging)
        labels.append(words["tail_each" if n_elements > 1 else "tail_own"].format(tail=names.tail))
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_xticks(at, [words[TODAY] if year == TODAY else str(year) for year in shares.index])
        ax.set_xlabel(words["year"])
        ax.set_ylabel(words["mix_axis"])
        headed(ax, words["mix"].format(scope=names.of(scope)), names.title)
        ax.grid(axis="y")
        ax.margins(x=0.01)
        lettered(ax)
        beside(ax, handles[::-1], labels[::-1])
        return ax


def _elements(portfolio: Portfolio, scope: str) -> int:
    return _rows(portfolio, scope)["element"].nunique()


def _rows(portfolio: Portfolio, scope: str) -> DataFrame:
    """What the frame of shortage has of a scope."""
    frame = portfolio.shortage
    if scope == ALL:
        return frame
    column = "element" if scope in set(frame["element"]) else "class"
    rows = frame[frame[column] == scope]
    if rows.empty:
        known = [ALL, *frame["class"].unique(), *frame["element"].unique()]
        rule = Said("a mix is of an element, a class or all", "構成は元素、区分、all のいずれかについて")
        raise DataError(Fault("scope", f"'{scope}'", rule, nearest(scope, map(str, known))))
    return rows


def _shares(portfolio: Portfolio, scope: str) -> DataFrame:
    """Shares of demand by year, and today where that is known, and source."""
    if scope in set(portfolio.shortage["element"]):
        own = portfolio.mix[portfolio.mix["element"] == scope]
    else:
        own = portfolio.shares[portfolio.shares["class"] == scope]
    _rows(portfolio, scope)  # refuses an unknown scope
    table = own.pivot_table(index="year", columns="supplier", values="share", aggfunc="sum", sort=False).fillna(0.0)
    table.index = table.index.map(lambda year: year if year == TODAY else int(year))
    return table.loc[:, (table.abs() >= SEEN).any()]


def _tail(portfolio: Portfolio, scope: str) -> Array:
    """Unserved share in the worst futures of each element, by year."""
    rows = _rows(portfolio, scope)
    weighed = rows.assign(tail_t=rows["demand_t"] * rows["cvar_share"]).groupby("year")[["tail_t", "demand_t"]].sum()
    return np.divide(
        weighed["tail_t"], weighed["demand_t"], out=np.zeros(len(weighed)), where=weighed["demand_t"].to_numpy() > 0
    )


def _in_order(shares: DataFrame) -> list[str]:
    """Sources from below: the largest supplier first."""
    suppliers = [str(source) for source in shares if source not in OTHER_SOURCES]
    largest = dict(zip(map(str, shares), shares.to_numpy().max(axis=0).tolist(), strict=True))
    suppliers.sort(key=lambda source: -largest[source])
    return [*suppliers, *(source for source in (*_ABOVE, "surplus") if source in shares)]


def _places(years: Sequence[str | int]) -> Array:
    """Where each year stands: today a little before the first."""
    first = min(float(year) for year in years if year != TODAY)
    return np.array([first - 1.25 if year == TODAY else float(year) for year in years])
