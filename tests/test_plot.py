"""Pictures: what is drawn is what the frames say, every axis has its unit, and no name is anything but text."""

import math
import subprocess
import sys
import unicodedata
from dataclasses import replace
from functools import cache

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text
from pandas import DataFrame
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import plot
from procure.cli import app
from procure.explore.sensitivity import Sensitivity
from procure.explore.switch import NONE, Switches
from procure.portfolio.frames import make_frame
from procure.report.plot import canvas
from procure.report.plot.kinds import KINDS
from procure.report.plot.palette import fill_of

matplotlib.use("Agg")
pytestmark = pytest.mark.filterwarnings("error")  # a character that no font has is a warning

WIDE = 1.959963984540054


@cache
def two_class():
    return procure.solve(procure.load_model("two-class"))


@cache
def small_japan():
    """Ten years on few nodes, one programme: enough for every shape."""
    changes = {"world.tree.nodes": 40, "world.tree.branch": [2027], "suppliers.seabed.programmes": ["pilot"]}
    return procure.solve(procure.load_model("japan").with_(**changes), foresight=False, verdict=False)


@cache
def followed():
    return procure.stress(small_japan(), "ban-12", year=2030)


def with_levels(*rows):
    """The two-class answer with programme levels (name, difference, standard error, whether it is chosen)."""
    told = [
        (name, 1.0, 1.0, 1.0, 1.0, "optimal", chosen, "-", math.nan, difference, error, "", 1.0, 0.0, "")
        for name, difference, error, chosen in rows
    ]
    summary = {**two_class().summary, "fresh_paths": 10_000.0}
    return replace(two_class(), programme_levels=make_frame("programmes", told), summary=summary)


def levels():
    return with_levels(
        ("seabed ten", 30.0, 10.0, False), ("seabed none", 0.0, 0.0, True), ("seabed five", math.nan, math.nan, False),
        ("seabed pilot", 12.0, math.nan, False),
    )  # fmt: skip


def switches():
    """Two levels whose difference is 4 (x - 0.6): a switch at 0.6; with a standard error of 0.2 a tie from 0.502 to 0.698."""
    half = WIDE * 0.2 / 4
    table = DataFrame([
        {"value": 0.6, "from": "seabed ten", "to": "seabed none", "from_cost_musd": 9.0, "to_cost_musd": 9.0, "slope_musd": 4.0,
         "standard_error_musd": 0.2, "tie_low": 0.6 - half, "tie_high": 0.6 + half},
    ])  # fmt: skip
    grid = DataFrame({
        "value": [0.0, 0.5, 1.0], "chosen": ["seabed ten", "seabed ten", "seabed none"], "margin_musd": [2.4, 0.4, 1.6],
        "next": ["seabed none", "seabed none", "seabed ten"],
    })  # fmt: skip
    return Switches("two-class", "risk.weight", "1", 0.0, 1.0, 3, table, grid, False)


def decided(method="tornado"):
    """Two numbers: the first flips the choice at its high end, of the second that end is not allowed."""
    common = {
        "unit": ["1", "USD/kg"],
        "status": "assumed",
        "value": [0.5, 42.0],
        "low": [0.3, 24.0],
        "high": [0.75, 90.0],
    }
    tornado = {
        "low_musd": [90.0, 97.0], "high_musd": [120.0, math.nan], "low_programme": ["seabed ten", "seabed ten"],
        "high_programme": ["seabed none", ""],
    }  # fmt: skip
    worth = {"worth_musd": [12.0, 0.5], "standard_error_musd": [2.0, 0.1]}
    numbers = ["suppliers.seabed.project.never", "suppliers.seabed.programmes.ten.unit_cost"]
    table = DataFrame({"number": numbers, **common, **(tornado if method == "tornado" else worth)})
    return Sensitivity("japan", method, "seabed ten", 100.0, table, 2, 4, 0)


def swept():
    """Four cases; one has no portfolio, and in one another programme may be as good."""
    rows = DataFrame({
        "risk.weight": [0.0, 0.0, 1.0, 1.0], "shortage.scale": [1.0, 2.0, 1.0, 2.0],
        "status": ["optimal", "optimal", "infeasible", "optimal"], "programme": ["a", "b", "", "b"], "tie": ["", "a", "", ""],
    })  # fmt: skip
    rows.attrs["units"] = {"risk.weight": "1", "shortage.scale": "1"}
    return rows


PICTURES = {
    "mix": lambda **o: [plot.mix(small_japan(), **o)],
    "mix of an element": lambda **o: [plot.mix(small_japan(), "Dy", **o)],
    "shortage": lambda **o: plot.shortage(small_japan(), **o),
    "shortage on fresh paths": lambda **o: plot.shortage(procure.evaluate(two_class(), 200), **o),
    "cost": lambda **o: [plot.cost(small_japan(), **o)],
    "programmes": lambda **o: [plot.programmes(levels(), **o)],
    "portfolios": lambda **o: [plot.programmes(procure.compare([two_class(), two_class()], 200), **o)],
    "switch": lambda **o: [plot.switch(switches(), **o)],
    "tornado": lambda **o: [plot.tornado(decided(), **o)],
    "tornado of worth": lambda **o: [plot.tornado(decided("information"), **o)],
    "switch_map": lambda **o: [plot.switch_map(swept(), **o)],
    "stress": lambda **o: plot.stress(followed(), **o),
    "supply_map": lambda **o: [plot.supply_map(small_japan(), **o)],
    "tree": lambda **o: [plot.tree(small_japan(), **o)],
}


@pytest.fixture(autouse=True)
def closed():
    yield
    matplotlib.pyplot.close("all")


def said(ax):
    """Every text of a figure that is seen."""
    ax.figure.draw_without_rendering()
    return [text for text in ax.figure.findobj(Text) if text.get_text() and text.get_visible()]


def heights(ax, label):
    (bars,) = (c for c in ax.containers if c.get_label() == label)
    return [bar.get_height() for bar in bars]


# --- what is drawn


def test_the_mix_by_hand():
    """Medium and heavy in tests/test_two_class.py: of 2,510 t Lynas 573.4, Caremag 30.09, the seabed 175.84956, China 170 where it
    fails (0.45) and the rest where it does not, and 702.297198 t unserved.

    The worst 5 % of unserved demand: without a failure of theirs 1,476.926 t are missing where China fails, with Lynas failed 352.5
    more, with Caremag 88.5, with the seabed 140.3055. From the worst on, with the probabilities that stand there:
    """
    worst = [
        (352.5 + 88.5 + 140.3055, 0.0009504), (352.5 + 140.3055, 0.0004896), (352.5 + 88.5, 0.0109296), (352.5, 0.0056304),
        (88.5 + 140.3055, 0.0228096), (140.3055, 0.0091904),
    ]  # fmt: skip
    assert sum(p for _, p in worst) == approx(0.05)
    tail = sum((1476.926 + more) * p for more, p in worst) / 0.05 / 2510
    china = 0.45 * 170 + 0.55 * (2510 - 573.4 - 30.09 - 175.84956)
    ax = plot.mix(two_class(), "medium_heavy")
    tonnes = {"lynas": 573.4, "caremag": 30.09, "seabed": 175.84956, "china": china, "shortage": 702.297198}
    for source, amount in tonnes.items():
        assert heights(ax, source)[-1] == approx(100 * amount / 2510, rel=1e-6)
    (band,) = (c for c in ax.containers if c.get_label() == "band")
    ((low, high),) = (segment[:, 1] for segment in band.lines[2][0].get_segments())
    assert (low, high) == approx((100 - 100 * tail, 100), rel=1e-6)


@pytest.mark.parametrize("scope", ["all", "light", "Dy"])
def test_bars_are_the_shares_of_their_year(scope):
    portfolio = small_japan()
    frame = portfolio.mix[portfolio.mix["element"] == "Dy"] if scope == "Dy" else portfolio.shares
    rows = frame if scope == "Dy" else frame[frame["class"] == scope]
    ax = plot.mix(portfolio, scope)
    bars = [c for c in ax.containers if c.get_label() != "band"]
    assert {"china", "lynas", "shortage"} <= {c.get_label() for c in bars}
    for container in bars:
        own = rows.loc[rows["supplier"] == container.get_label(), "share"]
        assert heights(ax, container.get_label()) == approx((100 * own).tolist())
    # everything above zero and below it adds up to demand, but for what is too little to be seen
    for position in range(len(bars[0])):
        assert sum(c[position].get_height() for c in bars) == approx(100, abs=0.5)


def test_the_fan_is_the_mean_and_the_worst():
    portfolio = small_japan()
    axes = plot.shortage(portfolio, ["Dy", "Y"])
    for element, ax in zip(("Dy", "Y"), axes, strict=True):
        rows = portfolio.shortage[portfolio.shortage["element"] == element]
        drawn = {patch.get_label(): patch.get_data() for patch in ax.patches}
        assert drawn["mean"].values == approx((100 * rows["expected_share"]).to_numpy())
        assert drawn["tail"].values == approx((100 * rows["cvar_share"]).to_numpy())
        assert drawn["mean"].edges == approx([*(rows["year"] - 0.5), rows["year"].max() + 0.5])


def test_elements_that_lose_most_come_first():
    portfolio = small_japan()
    lost = portfolio.shortage.groupby("element")["cost_musd"].sum().sort_values(ascending=False)
    axes = plot.shortage(portfolio)
    assert [ax.get_title(loc="left").rpartition("(")[2] for ax in axes] == [f"{element})" for element in lost.index[:6]]


def test_fresh_paths_have_an_interval():
    found = procure.evaluate(two_class(), 200)
    (ax,) = plot.shortage(found, ["medium_heavy"])
    row = found.shortage.set_index("element").loc["medium_heavy"]
    ((low, high),) = (segment[:, 1] for segment in ax.containers[0].lines[2][0].get_segments())
    assert (low, high) == approx((100 * row["low_t"] / row["demand_t"], 100 * row["high_t"] / row["demand_t"]))


def test_costs_are_drawn_and_add_up():
    ax, costs = plot.cost(two_class()), two_class().costs.set_index("component")
    shown = ["contracts", "calls", "shortage_cost"]  # all others are nothing
    for label, column, total in (("expected", "expected_musd", 6948.184097196437), ("tail", "tail_musd", 16042.4790099301),
                                 ("worst", "worst_musd", 18975.30416792)):  # fmt: skip
        (bars,) = (c for c in ax.containers if c.get_label() == label)
        widths = [bar.get_width() for bar in bars]
        assert widths == approx([*costs.loc[shown, column], total])
        assert sum(widths[:-1]) == approx(total)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["contracts", "calls", "shortage", "all costs"]


def test_programmes_stand_by_their_difference():
    ax = plot.programmes(levels())
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "seabed none",
        "seabed pilot",
        "seabed ten",
        "seabed five",
    ]
    drawn = {}
    for container in ax.containers:
        (segment,) = container.lines[2][0].get_segments()
        drawn[int(segment[0, 1])] = segment[:, 0].tolist()
    assert drawn[0] == [0, 0] and drawn[1] == [12, 12]
    assert drawn[2] == approx([30 - WIDE * 10, 30 + WIDE * 10])
    texts = [text.get_text() for text in said(ax)]
    assert "30 (10)" in texts and "infeasible: no portfolio keeps the limits" in texts
    assert "difference on the trees alone" in texts


def test_one_programme_is_beside_none():
    with pytest.raises(procure.DataError, match="there is one programme level"):
        plot.programmes(two_class())


def test_a_tornado_by_hand():
    """From 100: 10 less and 20 more at the ends of the first number, 3 less at the one end of the second."""
    ax = plot.tornado(decided())
    for end, widths in (("low", [-10, -3]), ("high", [20, math.nan])):
        (bars,) = (c for c in ax.containers if c.get_label() == end)
        assert [bar.get_width() for bar in bars] == approx(widths, nan_ok=True)
        assert [bar.get_x() for bar in bars] == [100, 100]
    marks = {c.get_label(): c.get_offsets().tolist() for c in ax.collections}
    assert marks == {"other at high": [[120, 0]]}
    assert [text.get_text() for text in said(ax)].count("not solved") == 1


def test_worth_has_an_interval():
    ax = plot.tornado(decided("information"))
    segments = [segment[:, 0].tolist() for segment in ax.containers[0].lines[2][0].get_segments()]
    assert segments == [approx([12 - WIDE * 2, 12 + WIDE * 2]), approx([0.5 - WIDE * 0.1, 0.5 + WIDE * 0.1])]


def test_a_switch_is_where_the_next_costs_the_same():
    ax, found = plot.switch(switches()), switches()
    (line,) = (line for line in ax.lines if line.get_label() == "margin")
    assert line.get_xydata().tolist() == [[0, 2.4], [0.5, 0.4], [0.6, 0], [1, 1.6]]
    (tie,) = (patch for patch in ax.patches if patch.get_label() == "tie")
    row = found.table.iloc[0]
    assert (tie.get_x(), tie.get_x() + tie.get_width()) == approx((row["tie_low"], row["tie_high"]))
    texts = [text.get_text() for text in said(ax)]
    assert {"seabed ten", "seabed none", "0.6"} <= set(texts)


def test_without_a_switch_one_level_has_it_all():
    found = replace(switches(), table=switches().table.iloc[:0])
    assert "seabed ten" in [text.get_text() for text in said(plot.switch(found))]
    nowhere = found.grid.assign(chosen=NONE, margin_musd=math.nan, next="")
    assert "no portfolio keeps the limits" in [
        text.get_text() for text in said(plot.switch(replace(found, grid=nowhere)))
    ]


def test_a_map_of_switches_has_a_cell_a_case():
    ax = plot.switch_map(swept())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("risk.weight, no unit", "shortage.scale, no unit")
    mesh = next(c for c in ax.collections if hasattr(c, "get_coordinates"))
    assert np.ma.filled(mesh.get_array(), -1).tolist() == [[0, -1], [1, 1]]  # rows from below, columns from the left
    places = {c.get_label(): c.get_offsets().tolist() for c in ax.collections}
    assert places["out"] == [[1, 1]] and places["tie"] == [[0, 2]]


def test_numbers_that_share_what_another_leaves_are_no_axis():
    rows = swept().assign(rest=1 - swept()["risk.weight"])[
        ["risk.weight", "rest", "shortage.scale", "status", "programme"]
    ]
    rows.attrs = {"parameters": ["risk.weight", "rest", "shortage.scale"]}
    assert plot.switch_map(rows).get_ylabel() == "shortage.scale, no unit"


@pytest.mark.parametrize(
    ("change", "said_of_it"),
    [
        (lambda rows: (rows, "risk.wait", "shortage.scale"), "did you mean 'risk.weight'"),
        (lambda rows: (rows, "status", "shortage.scale"), "'status' holds text"),
        (lambda rows: (rows.drop(columns="programme"),), "no column 'programme'"),
        (lambda rows: (rows.assign(**{"risk.weight": 0.0}),), "several cases have the same"),
    ],
)
def test_rows_that_are_no_map_are_refused(change, said_of_it):
    with pytest.raises(procure.DataError, match=said_of_it):
        plot.switch_map(*change(swept()))


def test_stress_shows_what_is_unserved_and_the_first_stop():
    found = followed()
    axes = plot.stress(found)
    short = found.stops[found.stops["short_day"].notna()]
    elements = [e for e in dict.fromkeys(found.stops["element"]) if e in set(short["element"])]
    assert elements  # else the test says nothing
    for plan, ax in zip(found.plans, axes, strict=True):
        mesh, marks = ax.collections
        own = found.periods[found.periods["plan"] == plan].groupby(["element", "period"])[["unserved_t", "use_t"]].sum()
        share = own["unserved_t"] / own["use_t"]
        assert mesh.get_array().tolist() == [approx((100 * share[element]).tolist()) for element in elements]
        stops = found.stops[found.stops["plan"] == plan].groupby("element")["stop_day"].min()[elements]
        assert np.ma.filled(marks.get_offsets()[:, 0], np.nan) == approx(stops.to_numpy(), nan_ok=True)
    (line,) = (line for line in axes[0].lines if line.get_label() == "first stop")
    day = found.stops.loc[found.stops["plan"] == "today's", "stop_day"].min()
    assert line.get_xdata()[0] == day and f"day {day:.0f}" in axes[0].get_title(loc="left")


def test_discs_lie_where_suppliers_are_and_grow_with_what_they_supply():
    """Two-class: China 40.66 N 109.84 E supplies most, Lynas 3.99 N 103.37 E next."""
    ax = plot.supply_map(two_class())
    discs = {c.get_label(): c for c in ax.collections}
    assert discs["china"].get_offsets().tolist() == [[109.84, 40.66]]
    assert discs["lynas"].get_offsets().tolist() == [[103.37, 3.99]]
    supplied = two_class().mix.groupby("supplier")["supplied_t"].sum()
    sizes = [float(discs[s].get_sizes()[0]) for s in ("lynas", "china")]
    assert sizes[0] / sizes[1] == approx(supplied["lynas"] / supplied["china"])
    assert any("without coast lines" in text.get_text() for text in said(ax))


def test_boxes_of_the_tree_are_as_high_as_they_are_likely():
    portfolio = small_japan()
    ax, nodes = plot.tree(portfolio), portfolio.nodes
    boxes = [path.vertices for path in ax.collections[0].get_paths()]
    low, high = (np.array([side(box[:, 1]) for box in boxes]) for side in (np.min, np.max))
    assert high - low == approx(100 * nodes["probability"].to_numpy())
    assert [box[:, 0].min() for box in boxes] == nodes["period"].tolist()
    for _, own in nodes.groupby("period"):
        assert sum(high[own.index] - low[own.index]) == approx(100)
        assert sorted(low[own.index])[1:] == approx(sorted(high[own.index])[:-1])  # none lies over another
    for k, parent in enumerate(nodes["parent"]):
        if parent >= 0:
            assert low[parent] - 1e-9 <= low[k] and high[k] <= high[parent] + 1e-9


def test_shades_follow_what_shortage_costs():
    """Two-class: where China has failed shortage costs, else nearly nothing; 45 % of all."""
    ax = plot.tree(two_class())
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == ["failed", "normal"]
    faces, boxes = ax.collections[0].get_facecolors(), ax.collections[0].get_paths()
    dark = min(map(tuple, faces), key=lambda colour: sum(colour[:3]))
    failed = [box.vertices[:, 1] for box, face in zip(boxes, faces, strict=True) if tuple(face) == dark]
    assert sum(y.max() - y.min() for y in failed) == approx(45)


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        (lambda: plot.mix(two_class(), "medium_hevy"), "medium_heavy"),
        (lambda: plot.shortage(two_class(), ["lihgt"]), "light"),
        (lambda: plot.shortage(two_class(), []), "there are none"),
        (lambda: plot.tree(two_class(), "chian"), "china"),
    ],
)
def test_unknown_names_have_a_nearest(wrong, nearest):
    with pytest.raises(procure.DataError, match=nearest):
        wrong()


# --- how it is drawn


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", PICTURES)
def test_every_axis_says_its_unit_and_every_character_has_a_font(name, language):
    units = {"en": ("%", "million USD", "°", "year", "day", "no unit", "element"),
             "ja": ("%", "百万ドル", "°", "年", "日数", "単位なし", "元素")}[language]  # fmt: skip
    figure = PICTURES[name](language=language)[0].figure
    figure.draw_without_rendering()
    for ax in figure.axes:
        for side in (ax.xaxis, ax.yaxis):
            shown = [tick.label1.get_text() or tick.label2.get_text() for tick in side.get_major_ticks()
                     if tick.label1.get_visible() or tick.label2.get_visible()]  # fmt: skip
            is_named = any(c.isalpha() for text in shown for c in text)  # programmes and components need no unit
            if any(shown) and not (is_named and "element" not in name):
                beside = [other for other in figure.axes if other.get_subplotspec() is not None]
                label = side.get_label().get_text() or next(
                    (a.yaxis.get_label().get_text() for a in beside if side is ax.yaxis and a.yaxis.get_label().get_text()), ""
                )  # fmt: skip
                assert any(unit in label for unit in units), (name, label, shown)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", PICTURES)
def test_nothing_lies_outside_the_picture(name, language):
    figure = PICTURES[name](language=language)[0].figure
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) > -0.02 and drawn.x1 < width + 0.02 and drawn.y1 < height + 0.02


def test_suppliers_are_told_apart_and_look_the_same_everywhere():
    names = {f"supplier_{k}": {"en": f"Supplier {k}"} for k in range(40)}
    portfolio = replace(two_class(), names=names)
    looks = {tuple(sorted(fill_of(portfolio, name).items())) for name in names}
    assert len(looks) == 40
    colour = matplotlib.colors.to_rgba(fill_of(two_class(), "lynas")["facecolor"])
    (bars,) = (c for c in plot.mix(two_class()).containers if c.get_label() == "lynas")
    (disc,) = (c for c in plot.supply_map(two_class()).collections if c.get_label() == "lynas")
    assert bars[0].get_facecolor() == colour and tuple(disc.get_facecolor()[0]) == colour


HOSTILE = "$\\frac{1}{0}$ \x1b[31m<script>=cmd()</script>\u202e\n../" + "x" * 300


def test_a_name_is_only_text(tmp_path):
    names = {**two_class().names, "china": {"en": HOSTILE, "ja": HOSTILE}, "lynas": {"en": "_hidden", "ja": "$a$"}}
    portfolio = replace(two_class(), names=names, title={"en": HOSTILE, "ja": HOSTILE})
    for language in ("en", "ja"):
        for picture in (plot.mix, plot.cost, plot.supply_map, plot.tree):
            ax = picture(portfolio, language=language)
            for text in said(ax):
                assert not text.get_parse_math() or not any(c.isalpha() for c in text.get_text())  # of numbers, ticks
                assert not any(unicodedata.category(c)[0] == "C" for c in text.get_text().replace("\n", "")), text
                assert len(text.get_text()) < 180
    legend = [text.get_text() for text in plot.mix(portfolio).get_legend().get_texts()]
    assert " _hidden" in legend
    plot.save(plot.mix(portfolio).figure, tmp_path / "mix.svg")
    assert "<script" not in (tmp_path / "mix.svg").read_text(encoding="utf-8")


def test_axes_of_ones_own_are_drawn_on():
    figure, (left, right) = matplotlib.pyplot.subplots(1, 2)
    assert plot.mix(two_class(), ax=left) is left and plot.cost(two_class(), ax=right) is right
    assert len(figure.axes) == 2


def test_a_picture_changes_no_other():
    before = dict(matplotlib.rcParams)
    plot.mix(two_class(), language="ja")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_picture_is_the_same_file(tmp_path, suffix):
    for name in ("one", "two"):
        plot.save(plot.mix(two_class(), language="ja").figure, tmp_path / f"{name}.{suffix}")
    one, two = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("one", "two"))
    assert one == two and len(one) > 5000


def test_what_cannot_be_written_is_said(tmp_path):
    figure = plot.mix(two_class()).figure
    for name, seen in (("mix.bmp", "'.bmp'"), ("mix", "no ending"), ("none/mix.png", "cannot be written")):
        with pytest.raises(procure.DataError, match=seen):
            plot.save(figure, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


# --- from the command line


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def kept(tmp_path):
    """An answer with programmes, in its file."""
    levels().to_json(tmp_path / "answer.json")
    return tmp_path / "answer.json"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_from_a_kept_answer(kept, kind):
    out = kept.parent / f"{kind}.png"
    done = run("plot", kept, "--kind", kind, "--out", out)
    assert (done.exit_code, done.output) == (0, "") and out.read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_one_name_in_japanese(kept):
    out = kept.parent / "mix.svg"
    assert run("plot", kept, "--of", "light", "--lang", "ja", "-o", out).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("<?xml")


def test_no_picture_is_overwritten_unasked(kept):
    out = kept.parent / "mix.png"
    out.write_bytes(b"mine")
    refused = run("plot", kept, "--out", out)
    assert refused.exit_code == 2 and "the file exists" in refused.stderr and out.read_bytes() == b"mine"
    assert run("plot", kept, "--out", out, "--force").exit_code == 0 and out.read_bytes() != b"mine"


def test_every_fault_of_the_command_comes_at_once(kept):
    done = run("plot", kept, "--kind", "mixx", "--out", kept.parent / "mix.bmp")
    assert done.exit_code == 2 and "2 faults" in done.stderr
    for part in ("did you mean 'mix'", "'.bmp'"):
        assert part in done.stderr
    assert "is of all" in run("plot", kept, "--kind", "cost", "--of", "Dy", "--out", kept.parent / "x.png").stderr
    assert "medium_heavy" in run("plot", kept, "--of", "medium_hevy", "--out", kept.parent / "x.png").stderr
    assert not list(kept.parent.glob("*.png"))


# --- what it needs


def test_without_matplotlib_the_remedy_is_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(procure.DataError, match=r"pip install 'procure\[plot\]'"):
        plot.mix(two_class())


def test_without_a_font_japanese_is_refused_and_english_is_not(monkeypatch):
    from matplotlib import font_manager

    monkeypatch.setattr(font_manager, "get_font_names", lambda: ["DejaVu Sans"])
    monkeypatch.setattr(canvas, "_shipped", lambda: None)
    with pytest.raises(procure.DataError, match="no installed font has Japanese characters"):
        plot.mix(two_class(), language="ja")
    plot.mix(two_class())


def test_matplotlib_is_imported_when_something_is_drawn():
    code = """
import sys, procure
from procure.cli import app
procure.plot.mix
assert not any(name.partition(".")[0] in ("matplotlib", "openpyxl") for name in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
