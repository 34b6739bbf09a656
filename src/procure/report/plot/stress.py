"""A plan along a path of events: what goes unserved of which element, when, and the day of the first stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame

from procure.explore.stress import Stress
from procure.languages import Language
from procure.report.plot.canvas import below, drawn_in, lettered, pyplot
from procure.report.plot.palette import INK, SCALE
from procure.report.plot.words import shown, words_in
from procure.words import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Rows, unless nothing is short: elements that are.
_SERVED = 3


def stress(answer: Stress, *, language: Language = "en") -> list[Axes]:
    """Unserved use of every element that is short, step by step, per cent, a panel a plan; with the day on which each stops first.

    Parameters
    ----------
    answer : Stress
    language : str
        "en" or "ja".

    Raises
    ------
    DataError
        Where matplotlib or a font is not installed.
    """
    words = words_in(language)
    short = answer.stops[answer.stops["short_day"].notna()]
    everything = [str(element) for element in dict.fromkeys(answer.stops["element"])]
    elements = [element for element in everything if element in set(short["element"])] or everything[:_SERVED]
    with drawn_in(language):
        figure, panels = pyplot().subplots(
            len(answer.plans), 1, figsize=(8.0, 1.3 + len(answer.plans) * (0.9 + 0.19 * len(elements))), sharex=True,
            squeeze=False, layout="constrained",
        )  # fmt: skip
        axes: list[Axes] = list(panels[:, 0])
        for plan, ax in zip(answer.plans, axes, strict=True):
            cells = _unserved(answer.periods[answer.periods["plan"] == plan], elements)
            mesh = ax.pcolormesh(
                _days(answer.periods), np.arange(len(elements) + 1) - 0.5, cells, cmap=SCALE, vmin=0, vmax=100,
                edgecolors="white", linewidth=0.4,
            )  # fmt: skip
            stops = _stops(answer, plan, elements)
            marks = ax.scatter(
                stops, np.arange(len(elements)), marker="D", s=26, facecolor="#D55E00", edgecolor="white", lw=0.7, zorder=3,
                clip_on=False,
            )  # fmt: skip
            plan_name = words["plan"].format(plan=words.get(plan, shown(plan)))
            ax.set_title(f"{plan_name}: {_first(answer, plan, words, ax)}", fontsize=9.5, pad=4)
            ax.set_yticks(range(len(elements)), [shown(element, 16) for element in elements])
            ax.set_ylabel(words["element"])
            ax.set_ylim(len(elements) - 0.5, -0.5)
            ax.set_xlim(0, answer.days)
            lettered(ax)
        axes[-1].set_xlabel(words["day_axis"])
        bar = figure.colorbar(mesh, ax=axes, pad=0.02, aspect=30)
        bar.set_label(words["use"])
        bar.outline.set_visible(False)
        title = words["stress"].format(name=shown(answer.name), event=shown(answer.event), year=answer.year)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
        below(axes[0], [marks], [words["stop"]])
    return axes


def _days(periods: DataFrame) -> Any:
    """Where the steps begin and end."""
    steps = periods.drop_duplicates("period").sort_values("period")
    return np.append(steps["start_day"].to_numpy(), steps["end_day"].iloc[-1])


def _unserved(periods: DataFrame, elements: list[str]) -> Any:
    """Per cent of use by element and step."""
    sums = periods.groupby(["element", "period"])[["unserved_t", "use_t"]].sum()
    share = (sums["unserved_t"] / sums["use_t"].where(sums["use_t"] > 0)).fillna(0.0).unstack("period")
    return 100 * share.loc[elements].to_numpy()


def _stops(answer: Stress, plan: str, elements: list[str]) -> Any:
    """The first day on which some user of each element stops; NaN where none does."""
    rows = answer.stops[answer.stops["plan"] == plan]
    return rows.groupby("element")["stop_day"].min().loc[elements].to_numpy()


def _first(answer: Stress, plan: str, words: Any, ax: Axes) -> str:
    """Who stops first, in words, with a line at that day."""
    rows = answer.stops[(answer.stops["plan"] == plan) & answer.stops["stop_day"].notna()]
    if rows.empty:
        return str(words["no_stop"])
    day = float(rows["stop_day"].min())
    ax.axvline(day, color=INK, linewidth=1.0, linestyle="--", label="first stop")
    same = rows[rows["stop_day"].round() == round(day)]
    return str(
        words["first_stop"].format(
            day=f"{day:.0f}", who=listed([shown(str(e), 16) for e in dict.fromkeys(same["element"])], most=3)
        )
    )
