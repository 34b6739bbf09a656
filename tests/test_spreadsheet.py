"""Answers for spreadsheets: cells are those of the frames, units are said, no text is run as a formula or moves a terminal."""

import csv
import io
import math
import sys
from dataclasses import replace

import pandas as pd
import pytest
from frictionless import Package
from openpyxl import load_workbook
from pytest import approx
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.portfolio.frames import FRAMES, make_frame
from procure.report.spreadsheet import write_csv, write_xlsx

FORMULAS = ("=cmd()", "+1", "-1+2", "@SUM(A1)", "＝1+1", " =1", "\t=1")


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def two_class():
    return procure.solve(procure.load_model("two-class"))


@pytest.fixture
def kept(two_class, tmp_path):
    two_class.to_json(tmp_path / "answer.json")
    return tmp_path / "answer.json"


@pytest.fixture
def hostile(two_class):
    """An answer whose names are formulas and terminal escapes."""
    plan = make_frame("plan", [("contract", name, 2027, "", 1.0, 0.5) for name in FORMULAS])
    title = {"en": "\x1b[31mRed\x1b[0m\x1b]0;owned\x07 title\u202e"}
    return replace(two_class, title=title, plan=pd.concat([two_class.plan, plan], ignore_index=True))


def test_show_prints_the_screen_again(kept, two_class):
    assert run("show", kept).stdout.rstrip() == str(two_class).rstrip()
    assert run("show", kept, "-q").stdout == ""


def test_csv_files_hold_every_cell(two_class, tmp_path):
    write_csv(two_class, tmp_path / "frames")
    for name, kinds in FRAMES.items():
        read = pd.read_csv(
            tmp_path / "frames" / f"{name}.csv", encoding="utf-8-sig", keep_default_na=False,
            na_values={column: [""] for column, kind in kinds.items() if kind != "text"},
        )  # fmt: skip
        frame = two_class.frame(name)
        assert list(read) == list(kinds) and len(read) == len(frame)
        for column, kind in kinds.items():
            if kind == "text":
                assert read[column].tolist() == frame[column].tolist(), (name, column)
            else:
                assert read[column].tolist() == approx(frame[column].astype("float64").tolist(), rel=1e-12, nan_ok=True)


def test_units_stand_in_a_data_package(two_class, tmp_path):
    write_csv(two_class, tmp_path / "frames")
    report = Package(str(tmp_path / "frames" / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]
    package = Package(str(tmp_path / "frames" / "datapackage.json")).to_dict()
    fields = {(r["name"], f["name"]): f.get("unit") for r in package["resources"] for f in r["schema"]["fields"]}
    assert fields["mix", "cost_musd"] == "million USD" and fields["mix", "supplied_t"] == "t"
    assert fields["shortage", "expected_share"] == "1" and fields["nodes", "sales_kusd"] == "thousand USD"
    assert fields["mix", "supplier"] is None and fields["stock", "target_days"] == "day"


def test_a_workbook_has_a_sheet_for_each_frame(two_class, tmp_path):
    write_xlsx(two_class, tmp_path / "answer.xlsx")
    book = load_workbook(tmp_path / "answer.xlsx")
    assert book.sheetnames == ["summary", *FRAMES, "units"]
    summary = dict(book["summary"].iter_rows(min_row=2, values_only=True))
    assert summary["expected_cost"] == approx(6948.184097196437)  # by hand in tests/test_two_class.py
    for name in FRAMES:
        frame = two_class.frame(name)
        head, *rows = book[name].iter_rows(values_only=True)
        assert list(head) == list(frame) and len(rows) == len(frame)
        for row, own in zip(rows, zip(*(frame[c].tolist() for c in frame), strict=True), strict=True):
            for cell, value in zip(row, own, strict=True):
                is_blank = pd.isna(value) or value == ""
                assert (
                    (cell in (None, ""))
                    if is_blank
                    else cell == (value if not isinstance(value, float) else approx(value))
                )
    units = {(sheet, column): unit for sheet, column, unit in book["units"].iter_rows(min_row=2, values_only=True)}
    assert units["costs", "expected_musd"] == "million USD"


def test_what_does_not_exist_is_blank_and_what_is_infinite_a_word(two_class, tmp_path):
    levels = make_frame("value_of_information", [("a", math.nan, math.inf, 1.0, 2.0, 3.0, 4.0, "-")])
    write_xlsx(replace(two_class, value_of_information=levels), tmp_path / "answer.xlsx")
    _, row = load_workbook(tmp_path / "answer.xlsx")["value_of_information"].iter_rows(values_only=True)
    assert row == ("a", None, "inf", 1, 2, 3, 4, "-")


def test_no_text_is_a_formula(hostile, tmp_path):
    write_xlsx(hostile, tmp_path / "answer.xlsx")
    sheet = load_workbook(tmp_path / "answer.xlsx")["plan"]
    cells = [row[1] for row in sheet.iter_rows(min_row=sheet.max_row - len(FORMULAS) + 1)]
    assert [cell.value for cell in cells] == [text.replace("\t", " ") for text in FORMULAS]
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)
    write_csv(hostile, tmp_path / "frames")
    rows = list(csv.reader((tmp_path / "frames" / "plan.csv").open(encoding="utf-8-sig", newline="")))
    assert [row[1] for row in rows[-len(FORMULAS) :]] == [f"'{text}".replace("\t", " ") for text in FORMULAS]


def test_a_title_moves_no_terminal(hostile, tmp_path):
    hostile.to_json(tmp_path / "answer.json")
    for text in (str(hostile), run("show", tmp_path / "answer.json").stdout):
        assert text.startswith("Red title\n") and "\x1b" not in text and "\u202e" not in text


def test_nothing_is_overwritten_unasked(kept):
    folder, book = kept.parent / "frames", kept.parent / "answer.xlsx"
    assert run("show", kept, "-q", "--csv", folder, "--xlsx", book).exit_code == 0
    book.write_bytes(b"mine")
    (folder / "mix.csv").write_text("mine")
    refused = run("show", kept, "--csv", folder, "--xlsx", book)
    assert refused.exit_code == 2 and refused.stdout == ""
    assert "there already" in refused.stderr and "the file exists" in refused.stderr
    assert book.read_bytes() == b"mine" and (folder / "mix.csv").read_text() == "mine"
    assert run("show", kept, "-q", "--csv", folder, "--xlsx", book, "--force").exit_code == 0
    assert book.read_bytes() != b"mine" and (folder / "mix.csv").read_text(encoding="utf-8-sig") != "mine"


def test_a_folder_is_made_in_one_that_exists(kept):
    assert "there is no folder" in run("show", kept, "--csv", kept.parent / "none" / "frames").stderr
    assert "it is a file" in run("show", kept, "--csv", kept).stderr


def test_without_openpyxl_the_remedy_is_its_extra(two_class, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(procure.DataError, match=r"pip install 'procure\[excel\]'"):
        write_xlsx(two_class, tmp_path / "answer.xlsx")


# --- where numbers come from


def test_sources_are_written_for_excel(tmp_path):
    path = tmp_path / "sources.csv"
    assert run("sources", "japan", "--table", "suppliers", "--csv", path).stdout == ""
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))}
    china = rows["suppliers.china.transit"] if "suppliers.china.transit" in rows else next(
        row for key, row in rows.items() if key.startswith("suppliers.china")
    )  # fmt: skip
    assert china["source_year"] == "2026" and "Baotou" in china["note"]
    refused = run("sources", "--csv", path)
    assert refused.exit_code == 2 and "the file exists" in refused.stderr and path.read_bytes() == raw
    assert run("sources", "--csv", path, "--force").exit_code == 0 and path.read_bytes() != raw


def test_a_source_of_ones_own_is_no_formula(tmp_path):
    facts = procure.load_facts().tables["suppliers"].copy()
    facts.loc[0, ["source", "note"]] = ["=cmd()", "@x\x1b[2J"]
    frame = procure.Facts.from_frames({"suppliers": facts}, extend=True).sources()
    out = io.StringIO()
    procure.report.spreadsheet.to_csv(frame, out)
    row = next(row for row in csv.DictReader(io.StringIO(out.getvalue())) if row["key"].startswith("suppliers."))
    assert (row["source"], row["note"]) == ("'=cmd()", "'@x")
