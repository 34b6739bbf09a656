"""What `procure new` writes is read, solved and explained; every key, table and column is described."""

import csv
import re

import pytest
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.facts.schema import schema
from procure.limits import KINDS
from procure.model.choices import Settings
from procure.model.limits import LimitChoices
from procure.report.reference import fields_of, keys_page, tables_page


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("name", ["japan", "two-class"])
def test_a_model_written_from_another_chooses_the_same(tmp_path, name):
    """Parsed again, every choice but the name is that of the other; its tables, if it has its own, come along."""
    file = tmp_path / "My Model.toml"
    assert run("new", file, "--from", name).exit_code == 0
    mine, other = procure.load_model(file), procure.load_model(name)
    assert mine.name == "my-model"
    like = other.settings.model_copy(update={"model": other.settings.model.model_copy(update={"name": "my-model"})})
    assert mine.settings == like
    assert mine.facts.fingerprint == other.facts.fingerprint


def test_a_comment_may_be_taken_away(tmp_path):
    """Every key that stands in a comment with a value is the default: uncommented, the model is the same."""
    file = tmp_path / "mine.toml"
    assert run("new", file).exit_code == 0
    before = procure.load_model(file)
    text, example = file.read_text(encoding="utf-8").split("\n\n# [[limits]]")
    lines = [re.sub(r"^# ([a-z_]+ =)", r"\1", line) for line in text.splitlines()]
    valued = [line for line in lines if not line.split("#")[0].rstrip().endswith("=")]
    file.write_text("\n".join(valued), encoding="utf-8")
    assert len(valued) > 40 and "second_source" in example
    assert procure.load_model(file).settings == before.settings


def test_every_key_is_told(tmp_path):
    file = tmp_path / "mine.toml"
    assert run("new", file).exit_code == 0
    text = file.read_text(encoding="utf-8")

    def keys(table):
        yield from fields_of(table)
        for key in table.takes():
            if (inner := table.below(key)) is not None and inner is not LimitChoices:
                yield from keys(inner)

    assert all(f"{key} =" in text for key in keys(Settings))


def test_the_small_world_by_hand(tmp_path):
    """Of 100 t the importer sells 60 at 12 USD/kg. A tonne of the mill costs 10, nine tenths of it delivered on average: in one
    year of five a strike takes half. That half is missed at 40: 0.2 * 0.5 * 40 = 4, so 13 in all, against 12. The importer sells
    all it has and the mill the other 40 t: 60 * 12 + 40 * 13 = 1,240 thousand USD.
    """
    told = run("new", tmp_path / "mine.toml", "--world", "copper")
    assert told.exit_code == 0 and "10 tables" in told.stdout
    portfolio = procure.solve(tmp_path / "mine.toml")
    assert portfolio.summary["expected_cost"] == pytest.approx(1.24)
    bought = portfolio.mix.query("contracted_t > 0").set_index("supplier")["contracted_t"]
    assert bought.to_dict() == pytest.approx({"importer": 60, "mill": 40})


def test_the_small_world_has_columns_of_the_schema(tmp_path):
    assert run("new", tmp_path / "mine.toml", "--world", "copper").exit_code == 0
    for path in (tmp_path / "copper").glob("*.csv"):
        header, *rows = csv.reader(path.open(encoding="utf-8", newline=""))
        assert set(header) <= set(schema()[path.stem].columns) and all(len(row) == len(header) for row in rows)


def test_nothing_is_overwritten_unasked(tmp_path):
    file = tmp_path / "mine.toml"
    assert run("new", file, "--world", "copper").exit_code == 0
    (tmp_path / "copper" / "demand.csv").write_text("mine", encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    refused = run("new", file, "--world", "copper")
    assert refused.exit_code == 2 and refused.stderr.count("--force") == 2
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert run("new", file, "--world", "copper", "--force").exit_code == 0
    assert "copper" in (tmp_path / "copper" / "demand.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words, says",
    [(["mine.yaml"], "does not end in .toml"), (["mine.toml", "--world", "../out"], "directly beside its model file"),
     (["mine.toml", "--world", ".."], "directly beside its model file"), (["mine.toml", "--from", "japn"], "did you mean 'japan'?"),
     (["no/mine.toml"], "no folder")],
)  # fmt: skip
def test_a_mistaken_beginning_is_explained(tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    result = run("new", *words)
    assert result.exit_code == 2 and says in result.stderr and list(tmp_path.iterdir()) == []


def test_every_key_table_and_column_is_described():
    keys, tables = keys_page(), tables_page()
    assert "| - |  |" not in keys and "|  |" not in keys, "a key without words"
    for kind in KINDS.values():
        assert f"| `{kind.name}` |" in keys
    for table in schema().values():
        assert f"\n## {table.name}\n" in tables
        assert table.description and all(column.bounds.description for column in table.columns.values())
    assert "|  |" not in tables
