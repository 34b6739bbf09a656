"""How numbers, years and lists are said: what is said is read back, and is said in both languages."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from procure.languages import in_language
from procure.words import RESCALE, RESCALE_OFTEN, between, chances, in_full, listed, plain, printable, span


@given(st.sets(st.integers(1990, 2100), min_size=1))
def test_years_are_read_back_from_their_ranges(years):
    runs = [[int(end) for end in run.split("-")] for run in span(years).split(", ")]
    assert {year for run in runs for year in range(run[0], run[-1] + 1)} == years
    assert all(after[0] > before[-1] + 1 for before, after in pairwise(runs))


@given(st.floats(-1e12, 1e12))
def test_a_number_is_read_back_to_the_digits_it_is_said_with(number):
    assert abs(float(in_full(number).replace(",", "")) - number) <= 1e-9 * abs(number)
    assert "e+" not in plain(number) and abs(float(plain(number)) - number) <= 5e-6 * abs(number)


@given(st.text())
def test_what_is_shown_is_one_line_without_controls(text):
    shown = printable(text)
    assert printable(shown) == shown
    assert not any(unicodedata.category(character)[0] == "C" for character in shown)


@given(st.lists(st.sampled_from(["Dy", "Nd", "Tb"])), st.integers(1, 5))
def test_a_list_says_how_many_it_leaves_out(names, most):
    for language, comma, more in (("en", ", ", " and {} more"), ("ja", "、", " ほか{}件")):
        left = more.format(len(names) - most) if len(names) > most else ""
        assert in_language(listed(names, most), language) == comma.join(names[:most]) + left


def test_chances_and_what_to_do_about_them_are_said_in_both():
    assert in_language(chances({"calm": 0.8, "closure": 0.15}), "ja") == "calm 0.8、closure 0.15"
    assert in_language(between([1020, 16]), "ja") == "16～1,020"
    assert all(
        in_language(RESCALE_OFTEN, language).startswith(in_language(RESCALE, language)) for language in ("en", "ja")
    )
