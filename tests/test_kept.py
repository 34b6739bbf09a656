"""Answers to questions, kept in a file and read again."""

import hashlib
import importlib
import json
import math
import pkgutil
import sys
from dataclasses import fields, replace

import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal

import procure
from procure import explore
from procure.explore.kept import VERSION, Kept, read_kept
from procure.explore.ranges import Ranges
from procure.explore.stress import Stress
from procure.portfolio import portfolio
from procure.portfolio.frames import FRAMES
from test_plot import followed


def ranges():
    """Made by hand: every kind of value that an answer may hold, infinite and unknown numbers too."""
    table = DataFrame({
        "scope": ["light", "inf"], "supplier": ["china", "=cmd()"], "share": [0.5, math.nan], "low": [-math.inf, 0.25],
        "high": [1.0, math.inf], "needed": [True, False], "needed_on": [1, 0], "least_low": [0.1, 0.2], "most_high": [0.3, 0.4],
    })  # fmt: skip
    stock = table.drop(columns="supplier").rename(columns={"share": "days"})
    return Ranges("two-class", 0.01, "none", math.nan, {"ten": 12.5, "five": math.inf}, table, stock, 0)


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
        ({"version": VERSION - 1}, "of an earlier release; this release reads version"),
        ({"version": VERSION + 1}, "of a later release"),
        ({"version": None}, "version is None"),
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


def columns_of(kind):
    """The names of columns that stand in the file of a kind of answer."""
    return {
        name: value
        for name, value in vars(sys.modules[kind.__module__]).items()
        if name.isupper() and isinstance(value, tuple) and all(isinstance(column, str) for column in value)
    }


def digest(known):
    return hashlib.sha256(repr(known).encode()).hexdigest()[:12]


def test_fields_change_with_the_version_that_explains_it():
    """Whoever changes a field or a column of an answer raises the version and writes the new digest beside it."""
    for module in pkgutil.walk_packages(explore.__path__, "procure.explore."):
        importlib.import_module(module.name)
    kinds = sorted(Kept.__subclasses__(), key=lambda kind: kind.format)
    known = [(kind.format, [(f.name, f.type) for f in fields(kind)], columns_of(kind)) for kind in kinds]
    assert (VERSION, digest(known)) == (5, "315e34a498e1")
    assert (portfolio.VERSION, digest([portfolio.TEXTS, portfolio.SUMMARY, FRAMES])) == (2, "0b36f9431e87")
