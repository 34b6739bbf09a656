"""Screens at any width: no line is wider, no word is broken, no number is split; full-width characters count two."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from procure.report.layout import wrapped
from procure.report.listing import Listing
from procure.report.page import Page

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
