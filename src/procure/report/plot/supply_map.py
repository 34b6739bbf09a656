"""Where supply comes from, on the globe."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from procure.errors import DataError, Fault
from procure.languages import Language, Said
from procure.model import Model
from procure.portfolio.evaluate import model_of
from procure.portfolio.frames import OTHER_SOURCES
from procure.portfolio.portfolio import Portfolio
from procure.report.plot.canvas import drawn_in, headed, lettered, new_axes
from procure.report.plot.palette import FAINT, INK, fill_of
from procure.report.plot.words import Names, words_in
from procure.words import percent, rounded, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: West end of the map, degrees of longitude: the Pacific in its middle.
WEST = -30.0
#: Area of the largest disc, square points, and of the least.
LARGEST, LEAST = 1400.0, 14.0
#: Sides of a disc on which its text may stand.
_SIDES: Sequence[tuple[float, float, Literal["left", "center", "right"], Literal["center", "bottom", "top"]]] = (
    (1.0, 0.0, "left", "center"), (-1.0, 0.0, "right", "center"), (0.0, 1.0, "center", "bottom"), (0.0, -1.0, "center", "top"),
)  # fmt: skip


class _Source(NamedTuple):
    """A supplier: where it is, degrees, and what it supplies a year."""

    supplier: str
    longitude: float
    latitude: float
    tonnes: float
    share: float


def supply_map(
    portfolio: Portfolio, *, model: Model | None = None, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """The suppliers of a portfolio as discs at their places, as large as their mean supply, t of oxide a year.

    Whoever supplies nothing is left out. Points on a graticule, without coast lines: no package that is kept ships them without
    asking the network.

    Parameters
    ----------
    portfolio : Portfolio
    model : Model, optional
        What was solved, whose suppliers.csv has the places. Unknown only where the portfolio was read from a file and its facts
        are not the bundled ones.
    language : str
        "en" or "ja".
    ax : Axes, optional

    Raises
    ------
    DataError
        Where no supplier has a latitude and a longitude, and where matplotlib or a font is not installed.
    """
    placed = _sources(portfolio, portfolio.model or model or model_of(portfolio))
    sources = [source for source in placed if source.tonnes > 0] or placed
    words = words_in(language)
    with drawn_in(language):
        names = Names(portfolio, language)
        ax = new_axes(ax, 8.0, 4.0)
        most = max(source.tonnes for source in sources) or 1.0
        for source in sorted(sources, key=lambda source: -source.tonnes):
            ax.scatter(
                [source.longitude], [source.latitude], s=_area(source, most), label=source.supplier, zorder=3,
                **{**fill_of(portfolio, source.supplier), "edgecolor": INK, "linewidth": 0.6, "hatch": ""},
            )  # fmt: skip
        ax.set_xlim(WEST, WEST + 360)
        ax.set_ylim(-60, 78)
        ax.set_aspect("equal")
        meridians = [WEST + step for step in range(0, 361, 30)]
        ax.set_xticks(meridians, [_meridian(x) for x in meridians])
        ax.set_yticks(range(-60, 61, 30), ["60 S", "30 S", "0", "30 N", "60 N"])
        ax.set_xlabel(words["longitude"])
        ax.set_ylabel(words["latitude"])
        ax.grid(color="#CCCCCC")
        ax.axhline(0, color=FAINT, linewidth=0.8)
        years = span(sorted({int(year) for year in portfolio.mix["year"]}))
        headed(ax, words["map"].format(years=years), names.title)
        ax.annotate(
            words["map_note"],
            (0.005, 0.01),
            xycoords="axes fraction",
            fontsize=7.5,
            color="#555555",
            va="bottom",
            linespacing=1.4,
        )
        lettered(ax)
        _label(ax, sources, {source.supplier: _text(source, names, words) for source in sources}, most)
        return ax


def _text(source: _Source, names: Names, words: Mapping[str, str]) -> str:
    return words["of_supply"].format(
        name=names.of(source.supplier), tonnes=rounded(source.tonnes), share=percent(source.share)
    )


def _radius(source: _Source, most: float) -> float:
    """Of its disc, points."""
    return math.sqrt(_area(source, most) / math.pi)


def _area(source: _Source, most: float) -> float:
    return max(LARGEST * source.tonnes / most, LEAST)


def _label(ax: Axes, sources: list[_Source], texts: Mapping[str, str], most: float) -> None:
    """Every disc gets its text where it lies over nothing else, or else over as little as can be."""
    from matplotlib.patheffects import withStroke
    from matplotlib.transforms import Bbox

    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # the layout is settled, so that widths of texts are known
    points = figure.dpi / 72
    halo = [withStroke(linewidth=2, foreground="white")]
    taken = [child.get_window_extent() for child in ax.texts]
    for source in sources:
        (x, y), half = ax.transData.transform((source.longitude, source.latitude)), _radius(source, most) * points
        taken.append(Bbox.from_extents(x - half, y - half, x + half, y + half))
    for source in sorted(sources, key=lambda source: -source.tonnes):
        label = ax.annotate(
            texts[source.supplier],
            (source.longitude, source.latitude),
            (0, 0),
            textcoords="offset points",
            fontsize=8,
            zorder=4,
            path_effects=halo,
        )
        best = math.inf
        for step in range(0, 90, 9):
            for across, up, ha, va in _SIDES:
                away = _radius(source, most) + 3 + step
                label.set(position=(across * away, up * away), ha=ha, va=va)
                label.set_multialignment(ha)
                box = label.get_window_extent()
                over = sum(_shared(box, other) for other in taken) + box.width * box.height - _shared(box, ax.bbox)
                if over < best:
                    best, kept, place = over, (across * away, up * away, ha, va), box
            if best == 0:
                break
        label.set(position=kept[:2], ha=kept[2], va=kept[3])
        label.set_multialignment(kept[2])
        taken.append(place)


def _shared(one: Any, other: Any) -> float:
    """Area that two boxes share, square pixels."""
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    up = min(one.y1, other.y1) - max(one.y0, other.y0)
    return float(max(across, 0.0) * max(up, 0.0))


def _sources(portfolio: Portfolio, model: Model) -> list[_Source]:
    """Those suppliers that have a place."""
    table = model.facts.tables["suppliers"]
    places = {
        str(supplier): (float(longitude), float(latitude))
        for supplier, longitude, latitude in zip(table["supplier"], table["longitude"], table["latitude"], strict=True)
        if not math.isnan(float(longitude)) and not math.isnan(float(latitude))
    }
    n_years = portfolio.mix["year"].nunique()
    supplied = portfolio.mix.groupby("supplier")["supplied_t"].sum() / n_years
    demand = float(portfolio.shortage["demand_t"].sum()) / n_years
    sources = [
        _Source(
            str(supplier), (places[supplier][0] - WEST) % 360 + WEST, places[supplier][1], float(tonnes), float(tonnes) / demand
        )
        for supplier, tonnes in supplied.items()
        if supplier not in OTHER_SOURCES and supplier in places
    ]  # fmt: skip
    if not sources:
        seen, rule = (
            Said("no supplier has a latitude and a longitude", "緯度と経度のある供給元がない"),
            Said("a map shows where suppliers are", "地図は供給元の位置を示す"),
        )
        raise DataError(Fault("suppliers.csv", seen, rule, Said("fill in both columns", "両方の列を埋める")))
    return sources


def _meridian(longitude: float) -> str:
    east = (longitude + 180) % 360 - 180
    return "0" if east == 0 else "180" if abs(east) == 180 else f"{abs(east):.0f} {'E' if east > 0 else 'W'}"
