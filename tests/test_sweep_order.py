"""Cases in the order in which they are solved."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from procure.explore.sweep.order import by_nearness


def test_numbers_of_different_size_count_alike() -> None:
    """By hand: from (0, 0) the way to (0.1, 100) is 0.1 + 0.1, to (0.0, 1000) 1, to (1.0, 0) 1; from there (1.0, 0) is
    0.9 + 0.1 and (0.0, 1000) is 0.1 + 0.9: the first of two that are as near is taken.
    """
    cases = [{"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 1000.0}, {"a": 0.1, "b": 100.0}, {"a": 1.0, "b": 0.0}]
    assert by_nearness(cases)[:2] == [0, 2]


def test_cases_of_one_text_stay_together() -> None:
    cases = [{"v": text, "a": number} for number in (0.0, 0.3, 0.6) for text in ("base", "pessimistic")]
    texts = [cases[number]["v"] for number in by_nearness(cases)]
    assert texts == ["base"] * 3 + ["pessimistic"] * 3


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.one_of(st.floats(-1, 1), st.text("xy"), st.none())), max_size=12
    )
)
def test_every_case_is_solved_once(cases: list[dict[str, object]]) -> None:
    assert sorted(by_nearness(cases)) == list(range(len(cases)))


def test_the_way_is_no_longer_than_as_asked() -> None:
    """On a shuffled line the way from neighbour to neighbour, from one end on, is the line itself: length 1."""
    place = np.random.default_rng(3).permutation(np.linspace(0.0, 1.0, 50))
    place[[0, int(place.argmin())]] = place[[int(place.argmin()), 0]]
    solved = np.array([place[number] for number in by_nearness([{"a": float(x)} for x in place])])
    assert np.abs(np.diff(solved)).sum() == 1.0 or np.isclose(np.abs(np.diff(solved)).sum(), 1.0)
