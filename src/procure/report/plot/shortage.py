"""Unserved demand of the elements that are short, year by year, as a fan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas import DataFrame

from procure.errors import LEAVE_OUT, NO_ONE, DataError, Fault, nearest
from procure.languages import Language, Said
from procure.portfolio.evaluate import Evaluation
from procure.portfolio.portfolio import Portfolio
from procure.report.plot.canvas import below, drawn_in, lettered, pyplot
from procure.report.plot.palette import INK
from procure.report.plot.words import SYMBOL, Names, shown, words_in
from procure.words import LEAST_SHARE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Panels, unless elements are named: those that are short of most.
PANELS = 6
COLUMNS = 3
TICKS = 4
_FAN, _CORE = "#A9CCE3", "#2874A6"


def shortage(
    answer: Portfolio | Evaluation, elements: Sequence[str] | None = None, *, language: Language = "en"
) -> list[Axes]:
    """Unserved demand by element and year, per cent of demand, a panel an element.

    Of a portfolio a fan over its futures: the mean, and the mean of the worst 1 - alpha of them. Of an evaluation the mean over
    fresh paths and its 95 % interval.

    Parameters
    ----------
    answer : Portfolio or Evaluation
    elements : sequence of str, optional
        Else those that lose most, six at most.
    language : str
        "en" or "ja".

    Raises
    ------
    DataError
        For an unknown element, and where matplotlib or a font is not installed.
    """
    frame = answer.shortage
    chosen = _chosen(frame, elements)
    words = words_in(language)
    with drawn_in(language):
        n_rows = -(-len(chosen) // COLUMNS)
        figure, panels = pyplot().subplots(
            n_rows, min(COLUMNS, len(chosen)), figsize=(8.0, 1.0 + 1.9 * n_rows), sharex=True, sharey=True, squeeze=False,
            layout="constrained",
        )  # fmt: skip
        axes: list[Axes] = list(panels.flat)
        for ax in axes[len(chosen) :]:
            ax.remove()
        axes = axes[: len(chosen)]
        for position, (element, ax) in enumerate(zip(chosen, axes, strict=True)):
            rows = frame[frame["element"] == element].sort_values("year")
            handles = _fan(ax, rows) if isinstance(answer, Portfolio) else _interval(ax, rows)
            ax.set_title(_name(answer, element, language), fontsize=9.5, pad=4)
            ax.grid(axis="y")
            ax.set_xlim(*_edges(rows)[[0, -1]])
            years = rows["year"].tolist()
            ax.set_xticks(years[:: -(-len(years) // TICKS)])
            if position % COLUMNS == 0:
                ax.set_ylabel(words["shortage_axis"])
            if position + COLUMNS >= len(chosen):
                ax.set_xlabel(words["year"])
                ax.tick_params(labelbottom=True)
            lettered(ax)
        axes[0].set_ylim(0, None)
        if isinstance(answer, Portfolio):
            names = Names(answer, language)
            labels, title = [words["mean"], words["worst"].format(tail=names.tail)], names.title
        else:
            labels, title = [words["interval"]], f"{shown(answer.name)}, {shown(answer.programmes)}"
        figure.suptitle(f"{words['shortage_title']}\n{title}", x=0.01, ha="left", fontsize=10.5)
        below(axes[0], handles, labels)
    return axes


def _chosen(frame: DataFrame, elements: Sequence[str] | None) -> list[str]:
    known = [str(element) for element in dict.fromkeys(frame["element"])]
    if elements is not None:
        rule = Said("it is an element of the answer", "回答の元素であること")
        faults = [Fault("elements", f"'{e}'", rule, nearest(e, known)) for e in elements if e not in known]
        if not elements:
            faults.append(Fault("elements", NO_ONE, Said("one at least is drawn", "少なくとも一つ描く"), LEAVE_OUT))
        if faults:
            raise DataError(faults)
        return list(dict.fromkeys(elements))
    by = "cost_musd" if "cost_musd" in frame else "expected_t"
    lost = frame.groupby("element")[by].sum()
    worst = frame.groupby("element")["expected_share"].max()
    short = [element for element in known if worst[element] >= LEAST_SHARE] or known
    return sorted(short, key=lambda element: -float(lost[element]))[:PANELS]


def _edges(rows: DataFrame) -> Any:
    years = rows["year"].to_numpy()
    return np.append(years - 0.5, years[-1] + 0.5)


def _fan(ax: Axes, rows: DataFrame) -> list[Any]:
    mean, tail, edges = 100 * rows["expected_share"].to_numpy(), 100 * rows["cvar_share"].to_numpy(), _edges(rows)
    outer = ax.stairs(tail, edges, baseline=mean, fill=True, color=_FAN, label="tail")
    core = ax.stairs(mean, edges, fill=True, color=_CORE, label="mean")
    ax.stairs(tail, edges, color=INK, linewidth=0.6, baseline=None)
    return [core, outer]


def _interval(ax: Axes, rows: DataFrame) -> list[Any]:
    demand = rows["demand_t"].to_numpy()
    mean = 100 * rows["expected_share"].to_numpy()
    low, high = (100 * rows[f"{side}_t"].to_numpy() / np.where(demand > 0, demand, np.inf) for side in ("low", "high"))
    return [
        ax.errorbar(
            rows["year"].to_numpy(),
            mean,
            yerr=[mean - low, high - mean],
            fmt="o",
            color=_CORE,
            ms=3.5,
            capsize=2.5,
            lw=1,
        )
    ]


def _name(answer: Portfolio | Evaluation, element: str, language: Language) -> str:
    name = Names(answer, language).of(element) if isinstance(answer, Portfolio) else element
    return name if name == element or len(element) > SYMBOL else f"{name} ({shown(element)})"
