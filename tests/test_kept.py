"""Answers to questions, kept in a file and read again."""

import json
import math
from dataclasses import fields, replace

import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal

import procure
from procure.explore.kept import read_kept
from procure.explore.ranges import Ranges
from procure.explore.stress import Stress
from test_plot import followed


def ranges():
    """Made by hand: every kind of value that an answer may hold, infinite and unknown numbers too."""
    table = DataFrame({
        "scope": ["light", "inf"], "supplier": ["china", "=cmd()"], "share": [0.5, math.nan], "low": [-math.inf, 0.25],
        "high": [1.0, math.inf], "needed": [True, False], "needed_on": [1, 0], "least_low": [0.1, 0.2], "most_high": [0.3, 0.4],
    })  # fmt: skip
    return Ranges("two-class", 0.01, "none", math.nan, {"ten": 12.5, "five": math.inf}, table, 0)


@pytest.mark.parametrize("answer", [ranges, followed])
def test_nothing_is_lost(answer, tmp_path):
    written = answer()
    written.to_json(tmp_path / "answer.json")
    read = read_kept(tmp_path / "answer.json", [Ranges, Stress])
    assert type(read) is type(written)
    for field in fields(written):
        before, after = getattr(written, field.name), getattr(read, field.name)
        if isinstance(before, DataFrame):
            assert_frame_equal(after, before, check_dtype=False, check_exact=True)
        else:
            assert after == before or (before != before and after != after)
    assert str(answer()) == str(read)


def spoiled(tmp_path, **changes):
    ranges().to_json(tmp_path / "answer.json")
    document = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    for key, value in changes.items():
        if value is None:
            del document[key]
        else:
            document[key] = value
    (tmp_path / "answer.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path / "answer.json"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "procure.range"}, "procure.ranges"),
        ({"format": ["procure.ranges"]}, "the format is one of"),
        ({"version": 2}, "reads version 1"),
        ({"within": "much"}, "within: value is 'much'"),
        ({"n_trees": True}, "n_trees: value is 'True'"),
        ({"levels": {"ten": []}}, "levels: value is"),
        ({"table": [1]}, "no object of columns"),
        ({"table": {"scope": ["a"], "share": []}}, "columns of 0 and 1 rows"),
        ({"table": {"scope": [["a"]]}}, "a cell is no text"),
        ({"programme": None}, "'programme' is missing"),
        ({"nmae": "x"}, "unknown key 'nmae'"),
    ],
)
def test_what_is_no_answer_is_said(changes, said, tmp_path):
    with pytest.raises(procure.DataError, match=said):
        read_kept(spoiled(tmp_path, **changes), [Ranges])


def test_every_fault_is_in_one_list(tmp_path):
    with pytest.raises(procure.DataError) as error:
        read_kept(spoiled(tmp_path, within="much", name=None, nmae="x"), [Ranges])
    assert len(error.value.faults) == 3


def test_a_kind_is_one_that_was_asked_for(tmp_path):
    replace(ranges(), name="other").to_json(tmp_path / "answer.json")
    with pytest.raises(procure.DataError, match=r"procure\.stress"):
        read_kept(tmp_path / "answer.json", [Stress])
