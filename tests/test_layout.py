"""Screens at any width: no line is wider, no word is broken, no number is split; full-width characters count two."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pandas
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

import procure
from procure.languages import LANGUAGES
from procure.report.layout import wrapped
from procure.report.listing import Listing
from procure.report.page import Page
from procure.report.screens import screen
from test_plot import followed, levels, small_japan, switches, two_class
from test_shortage_probability import chance, world

WIDTHS = st.sampled_from([80, 100, 120])
WORDS = st.text("abcdefghijklmnopqrstuvwxyz_-", min_size=1, max_size=20)
JAPANESE = st.text("調達備蓄供給途絶限界価値シャドープライスの、。（）", min_size=1, max_size=20).filter(str.strip)
NUMBERS = st.floats(-1e6, 1e6).map("{:,.1f}".format)


@given(st.lists(WORDS | NUMBERS, min_size=1, max_size=60), WIDTHS)
def test_a_sentence_is_wrapped_between_words(words, width):
    lines = wrapped(" ".join(words), width)
    assert max(map(cell_len, lines)) <= width
    assert " ".join(lines).split() == words


@given(st.lists(JAPANESE | NUMBERS, min_size=1, max_size=40), WIDTHS)
def test_a_japanese_sentence_keeps_its_marks_and_numbers(words, width):
    lines = wrapped("".join(words), width)
    assert max(map(cell_len, lines)) <= width and "".join(lines) == "".join(words)
    for before, after in pairwise(lines):
        assert not (re.search(r"[0-9.,]$", before) and re.match(r"[0-9.,]", after))
        assert len(before) < 30 or after[0] not in "、。）ー"


@given(st.data(), st.integers(1, 14), st.integers(1, 6), WIDTHS)
def test_a_table_fits_and_shows_every_number_whole(data, n_columns, n_rows, width):
    names = data.draw(st.lists(WORDS | JAPANESE, min_size=n_columns, max_size=n_columns, unique=True))
    rows = [
        (data.draw(WORDS | JAPANESE), *data.draw(st.lists(NUMBERS, min_size=n_columns, max_size=n_columns)))
        for _ in range(n_rows)
    ]
    lines = Page([Listing(("", *names), rows, right=tuple(names))]).to_text(width=width).splitlines()
    assert max(map(cell_len, lines)) <= width
    shown = " ".join(lines).split()
    assert all(number in shown for _, *numbers in rows for number in numbers)


def test_an_indented_sentence_stays_indented():
    """Ten wide, two of them for the indent: eight for "aaaa bbb"."""
    assert wrapped("  aaaa bbb cc", 10) == ["  aaaa bbb", "  cc"]


def test_full_width_names_are_aligned():
    table = Listing(("", "t"), [("中国", "1"), ("Lynas", "1,234")], right=("t",))
    assert str(table).splitlines() == ["           t", "中国       1", "Lynas  1,234"]


# --- whole screens

EIGHT = [f"mine_number_{k}" for k in range(8)]


def of_many(portfolio, names):
    """The answer with its Chinese supply split evenly among suppliers of these names, in every table that the screen shows."""

    def split(frame, amounts):
        own = frame[frame["supplier"] == "china"]
        parts = [
            own.assign(supplier=name, **{amount: own[amount] / len(names) for amount in amounts}) for name in names
        ]
        return pandas.concat([frame[frame["supplier"] != "china"], *parts], ignore_index=True)

    return replace(
        portfolio, shares=split(portfolio.shares, ["share"]), mix=split(portfolio.mix, ["supplied_t", "cost_musd"])
    )


@cache
def answers():
    """An answer of each kind that a small model gives, and of several levels, several years and many suppliers."""
    model = procure.load_model("two-class")
    return {
        "two-class": two_class(), "levels": levels(), "japan": small_japan(), "eight": of_many(two_class(), EIGHT),
        "many of japan": of_many(small_japan(), EIGHT), "stress": followed(),
        "ranges": procure.ranges(model), "hedges": procure.hedges(model), "evaluation": procure.evaluate(two_class(), 100),
        "frontier": procure.frontier(model, "risk.weight", [0.0, 0.5]), "switches": switches(),
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [80, 100, 120])
def test_every_screen_fits_with_every_word_whole(width, language):
    """A word, or a number, of a narrow screen is one of a wide one: none is broken. Of Japanese that holds for what is Latin."""
    for name, answer in answers().items():
        lines = answer.to_text(language, width).splitlines()
        assert max(map(cell_len, lines)) <= width, name
        wide = set(re.findall(r"[!-~]+", answer.to_text(language, 1_000)))
        assert {*re.findall(r"[!-~]+", " ".join(lines))} <= wide, name


@example(names=["in_all", "objective"], width=80)  # keys of labels
@given(st.lists(st.text("abcdefghijklmnop_", min_size=1, max_size=24), min_size=1, max_size=12, unique=True), WIDTHS)
@settings(max_examples=15, deadline=None)
def test_suppliers_of_any_name_and_number_fit(names, width):
    lines = of_many(two_class(), names).to_text("en", width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert {*names} <= {*" ".join(lines).split()}


def test_the_rows_of_the_supply_table_add_up_to_a_hundred():
    """What is sold on counts as less than nothing; each cell is rounded by 0.05, or by 0.5 from ten on."""
    for answer in (two_class(), small_japan(), of_many(small_japan(), EIGHT)):
        table = answer.to_text(width=1_000).partition("Expected supply, %")[2].partition("\n\n")[0].splitlines()[1:]
        sums: list[list[float]] = []
        for line in table:
            cells = re.findall(r"(?<=  )(?:-|-?[0-9][0-9.]*)(?=  |$)", line)
            numbers = [0.0 if cell == "-" else float(cell) for cell in cells]
            if not line.startswith(" "):
                sums.append([0.0] * len(numbers))
            sums[-1] = [before + more for before, more in zip(sums[-1], numbers, strict=True)]
        assert len(sums) == 3 and all(abs(total - 100) <= 3 for column in sums[:2] for total in column)


def shown(answer, height, language="en"):
    page = io.StringIO()
    Console(file=page, width=100, height=height, force_terminal=True, color_system=None).print(screen(answer, language))
    return page.getvalue().splitlines()


def test_the_headline_is_in_sight_on_a_terminal_of_forty_rows():
    """It comes first, and again at the end where the screen is longer than the terminal: decision, days of stock, cost and tail."""
    for language, of_stock, of_cost in (("en", "days of use", "million USD expected"), ("ja", "日分", "費用は平均")):
        lines = shown(small_japan(), 40, language)
        for part in (lines[:6], lines[-8:]):
            said = "".join(part)
            assert "seabed pilot" in said and of_cost in said and of_stock in said
        assert len(lines) > 40 and len(shown(small_japan(), 200, language)) < len(lines)


def test_a_changed_model_names_itself():
    changed = procure.load_model("two-class").with_(**{"risk.weight": 0.25, "prices.light.licensed": 45})
    portfolio = procure.solve(changed, foresight=False)
    first = portfolio.to_text().splitlines()[0]
    assert first == "Two classes, four suppliers, one year, with risk.weight = 0.25, prices.light.licensed = 45 USD/kg"
    assert "（変更: risk.weight = 0.25、" in portfolio.to_text("ja")


def test_a_small_world_is_told_in_thousand_usd():
    """A thousandth of every cost of two-class: 6,948 million USD become 6.948, which is 6,948 thousand."""
    portfolio = two_class()
    costs = portfolio.costs.assign(
        **{name: portfolio.costs[name] / 1e3 for name in portfolio.costs if name != "component"}
    )
    of_money = ("expected_cost", "cvar", "worst_case", "shortage_loss", "unavoidable_loss", "value_of_foresight")
    summary = {key: value / 1e3 if key in of_money else value for key, value in portfolio.summary.items()}
    text = replace(portfolio, costs=costs, summary=summary).to_text()
    assert "Present value, thousand USD" in text and "6,948 thousand USD expected" in text and "million" not in text


def test_a_world_without_classes_keeps_its_table():
    """All elements are of the class 'all': today half of 1,000 t from each of two suppliers."""
    portfolio = procure.solve(world(chance(0.2)))
    table = portfolio.to_text().partition("Expected supply, %")[2].partition("\n\n")[0]
    assert re.search(r"all +first +50 +40\n +second +50 +40", table)
    assert not portfolio.shares.duplicated(["year", "class", "supplier"]).any()


def test_what_holds_it_back_begins_with_what_is_worth_most():
    for answer in (two_class(), small_japan()):
        told = answer.to_text(width=1_000).partition("a little more of it saves\n")[2]
        saved = [float(x.replace(",", "")) for x in re.findall(r"saves ([0-9.,]+) million", told)]
        assert saved and saved == sorted(saved, reverse=True) and min(saved) > 0
