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
from procure.cli import output
from procure.languages import LANGUAGES, Said
from procure.report import check, models
from procure.report.headline import course
from procure.report.layout import longest, wrapped
from procure.report.listing import Listing
from procure.report.page import Page
from procure.report.screens import screen
from test_plot import followed, levels, small_japan, switches, two_class
from test_shortage_probability import chance, world

COLUMNS = [40, 60, 80, 100, 120]
WIDTHS = st.sampled_from(COLUMNS)
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
    """What has no place for a break in a whole line, such as numbers side by side, is broken at its end."""
    text = "".join(words)
    lines = wrapped(text, width)
    assert max(map(cell_len, lines)) <= width and "".join(lines) == text
    for before, after in pairwise(lines) if longest(text) <= width else ():
        assert not (re.search(r"[0-9.,]$", before) and re.match(r"[0-9.,]", after))
        assert after[0] not in "、。）ー"


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


def test_rows_stand_by_themselves_where_their_words_leave_no_room():
    """Thirteen columns do not hold eight letters, two spaces and five digits; fourteen give four tables of one number each."""
    table = Listing(("path", "low", "high"), [("a_b_c_d_", "1,234", "5"), ("e", "6", "")], right=("low", "high"))
    told = ["path", "a_b_c_d_", "  low   1,234", "  high      5", "e", "  low       6"]
    assert [line for line, _ in table.lines(width=13)] == told
    numbers = tuple(f"number{k}" for k in range(4))
    wide = Listing(("", *numbers), [("a", *"1234")], right=numbers)
    assert [line for line, _ in wide.lines(width=14)] == ["a", *(f"  number{k}  {k + 1}" for k in range(4))]


def test_tables_below_one_another_repeat_the_words_that_tell_rows_apart():
    numbers = ("here", "there")
    rows = [("ten", "chosen", "1", "2"), ("five", "dearer", "3", "4")]
    lines = [line for line, _ in Listing(("", "", *numbers), rows, right=numbers).lines(width=18)]
    assert lines == [
        "              here",
        "ten   chosen     1",
        "five  dearer     3",
        "",
        "      there",
        "ten       2",
        "five      4",
    ]
    same = [("ten", "one", "1", "2"), ("", "two", "3", "4"), ("", "one", "5", "6")]
    again = [line for line, _ in Listing(("", "", *numbers), same, right=numbers).lines(width=15)]
    assert again[5:] == ["          there", "ten  one      2", "     two      4", "     one      6"]


def test_a_longer_word_is_broken_after_a_mark():
    assert wrapped("see suppliers.lynas.offers.Dy.2027", 16) == ["see suppliers.", "lynas.offers.Dy.", "2027"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_said_in_lines_is_wrapped_in_a_terminal_alone(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    text = Said("one fault:\n  a path names one number of the facts", "誤り 1 件:\n  パスはデータの数値一つを指す。")
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        output.say(text, stream)
    assert terminal.getvalue().splitlines() == ["one fault:", "  a path names one", "  number of the", "  facts"]
    assert pipe.getvalue() == f"{text}\n"


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
        "sensitivity": procure.sensitivity(model, most=6), "check": check.page(model), "models": Page([models.listing()]),
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", COLUMNS)
def test_every_screen_fits_with_every_word_whole(width, language):
    """A word, or a number, of a narrow screen is one of a wide one: none is broken but what is wider than the screen, as a path may
    be. Of Japanese that holds for what is Latin.
    """
    for name, answer in answers().items():
        lines = answer.to_text(language, width).splitlines()
        assert max(map(cell_len, lines)) <= width, name
        wide = set(re.findall(r"[!-~]+", answer.to_text(language, 1_000)))
        broken = {*re.findall(r"[!-~]+", " ".join(lines))} - wide
        assert {part for part in broken if not any(part in word for word in wide if len(word) > width)} == set(), name
        assert not any(line.lstrip()[:1] in {*"、。）"} for line in lines if line), name


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


def test_what_rounding_decides_changes_no_word_of_the_headline():
    """Many elements fill the room that there may be; whichever is ahead of the others by a billionth, the sentence is the same."""
    portfolio = small_japan()
    stock = portfolio.stock
    full = stock.index[stock["target_days"] > stock["target_days"].max() - 1e-6]
    assert len(full) > 3
    said = set()
    for ahead in (full[0], full[-1]):
        days = stock["target_days"].where(stock.index != ahead, stock["target_days"] + 1e-9)
        said.add(course(replace(portfolio, stock=stock.assign(target_days=days)), str, str, "million USD", begins=True))
    (sentence,) = said
    assert re.search(r"stock of up to \d+ days of use \(.*\d{4}-\d{4}\);", sentence)


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


def test_two_currencies_have_a_table_each_where_one_is_too_wide():
    """Each says its unit in its first heading, and has every column."""
    for width in (40, 60):
        text = small_japan().to_text("en", width)
        tables = text.partition("Present value,")[2].split("\n\n")[:2]
        assert "million USD" in tables[0] and "億円" in tables[1] and "億円" not in tables[0]
        for table in tables:
            (costs,) = re.findall("^all costs +(.*)$", table, re.MULTILINE)
            assert len(costs.split()) == 3
    assert "億円, expected" in small_japan().to_text("en", 120)


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
