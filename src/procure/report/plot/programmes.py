"""How far the programmes that were not chosen are from the chosen one, and how well that is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from procure.errors import DataError, Fault
from procure.explore.switch import NAME_LEVELS, ONE_LEVEL
from procure.languages import COMMA, Language, Said, in_language
from procure.portfolio.evaluate import Comparison
from procure.portfolio.fresh import WIDE
from procure.portfolio.portfolio import Portfolio
from procure.report.plot.canvas import below, drawn_in, headed, lettered, new_axes
from procure.report.plot.palette import FAINT, INK
from procure.report.plot.words import Names, shown, words_in
from procure.words import in_full, money, with_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class _Row(NamedTuple):
    """A programme: its name, how much dearer it is, million USD, and the standard error of that; NaN where it is not known."""

    name: str
    difference: float
    error: float
    is_first: bool = False


def programmes(answer: Portfolio | Comparison, *, language: Language = "en", ax: Axes | None = None) -> Axes:
    """By how much each programme is dearer than the one chosen, weighed, million USD of present value, with its 95 % interval.

    The differences and standard errors are those of the verdict, on fresh paths that are the same for all; of a comparison they are
    those beside its first portfolio. An open mark is a difference on the trees alone, whose error nobody knows.

    Parameters
    ----------
    answer : Portfolio or Comparison
        With several programme levels, or several portfolios.
    language : str
        "en" or "ja".
    ax : Axes, optional

    Raises
    ------
    DataError
        Where there is nothing to compare, and where matplotlib or a font is not installed.
    """
    rows, words = _rows(answer), words_in(language)
    if len(rows) < 2:
        seen, rule = ONE_LEVEL, Said("a difference is between two", "差は二つの水準の間")
        raise DataError(Fault("procure.plot.programmes", seen, rule, NAME_LEVELS))
    with drawn_in(language):
        ax = new_axes(ax, 8.0, 1.5 + 0.36 * len(rows))
        handles: dict[str, Any] = {}
        for position, row in enumerate(rows):
            _draw(ax, position, row, words, handles, isinstance(answer, Portfolio))
        ax.axvline(0, color=INK, linewidth=0.8)
        ax.set_yticks(range(len(rows)), [shown(row.name) for row in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xlabel(words["difference_axis"])
        ax.xaxis.set_major_formatter(lambda number, _: in_full(number))
        headed(ax, *_title(answer, language))
        ax.grid(axis="x")
        ax.margins(x=0.16)
        lettered(ax)
        below(ax, list(handles.values()), list(handles))
        return ax


def _draw(
    ax: Axes, position: int, row: _Row, words: Any, handles: dict[str, Any], is_portfolio: bool
) -> None:  # fmt: skip
    if math.isnan(row.difference):
        ax.annotate(
            words["out"], (0, position), xytext=(8, 0), textcoords="offset points", va="center", fontsize=8, color=INK
        )
        return
    if row.is_first:
        key, error, face, mark = words["chosen" if is_portfolio else "first"], 0.0, INK, "s"
    elif math.isnan(row.error):
        key, error, face, mark = words["on_trees"], 0.0, "white", "o"
    else:
        key = words["exact" if row.error == 0 else "error"]
        error, face, mark = WIDE * row.error, "#0072B2", "o"
    colour = INK if row.is_first else "#0072B2"
    handles[key] = ax.errorbar(
        [row.difference],
        [position],
        xerr=[error],
        fmt=mark,
        color=colour,
        markerfacecolor=face,
        ms=6,
        capsize=3.5,
        lw=1.4,
    )
    if not row.is_first:
        ax.annotate(
            with_error(row.difference, row.error), (row.difference + error, position), xytext=(8, 0),
            textcoords="offset points", va="center", fontsize=8, color=INK if row.difference else FAINT,
        )  # fmt: skip


def _rows(answer: Portfolio | Comparison) -> list[_Row]:
    if isinstance(answer, Comparison):
        weighed = answer.differences[answer.differences["measure"] == "weighed"]
        numbers = (weighed[column].tolist() for column in ("portfolio", "difference_musd", "standard_error_musd"))
        return [
            _Row(next(iter(answer.evaluations)), 0.0, 0.0, True),
            *(_Row(*row) for row in zip(*numbers, strict=True)),
        ]
    levels = answer.programme_levels
    columns = (levels[name].tolist() for name in ("level", "difference_musd", "standard_error_musd", "chosen"))
    rows = [_Row(*row) for row in zip(*columns, strict=True)]
    return sorted(
        rows, key=lambda row: (not row.is_first, row.difference if row.difference == row.difference else math.inf)
    )


def _title(answer: Portfolio | Comparison, language: Language) -> tuple[str, str]:
    words = words_in(language)
    if isinstance(answer, Comparison):
        first = next(iter(answer.evaluations))
        paths = answer.first.n_paths
        name = shown(answer.first.name)
        head = words["portfolios"].format(first=shown(first))
    else:
        paths, name, head = int(answer.summary["fresh_paths"]), Names(answer, language).title, words["programmes"]
    where = words["fresh"].format(paths=money(paths)) if paths else ""
    return head, in_language(COMMA, language).join([name, where] if where else [name])
