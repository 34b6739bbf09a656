"""`procure sweep`: rows in a file or a folder, one error for a mistake, and an interruption that says how to go on."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from typer.testing import CliRunner

from procure import read_sweep
from procure.cli import app

GRID = '[product]\n"risk.weight" = [0.0, 0.5]\n"suppliers.lynas.offers.medium_heavy.2027" = [600, 900]\n'
LONG = '[sample]\ncases = 4000\n[sample.ranges]\n"shortage.scale" = { from = 1, to = 5 }\n'


@pytest.fixture
def grid(tmp_path):
    path = tmp_path / "grid.toml"
    path.write_text(GRID, encoding="utf-8")
    return path


def run(*words):
    return CliRunner().invoke(app, ["sweep", "two-class", *map(str, words)])


def test_rows_go_to_a_file_and_a_folder(grid, tmp_path):
    found = run(grid, "--store", tmp_path / "runs", "--csv", tmp_path / "rows.csv", "--workers", 1)
    assert found.exit_code == 0, found.output
    assert "4 cases of two-class: 4 optimal." in found.stdout and "read_sweep" in found.stdout
    rows = pd.read_csv(tmp_path / "rows.csv")
    kept = read_sweep(tmp_path / "runs")  # in the order in which they were solved
    assert len(rows) == 4 and sorted(rows["objective_musd"]) == sorted(kept["objective_musd"])


def test_shards_are_joined_and_columns_chosen(grid, tmp_path):
    chosen = ["--column", "cvar_musd", "--column", "class_share.all", "--workers", "1", "--quiet"]
    for number in (1, 2):
        assert run(grid, "--store", tmp_path / f"{number}", "--shard", f"{number}/2", *chosen).exit_code == 0
    joined = [word for number in (1, 2) for word in ("--join", tmp_path / f"{number}")]
    found = run(grid, "--store", tmp_path / "all", *joined, "--csv", tmp_path / "rows.csv", *chosen)
    assert found.exit_code == 0 and found.stdout == ""
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert len(rows) == 4 and "class_share.all.china" in rows and "expected_musd" not in rows


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ([], "neither --store nor --csv"),
        (["--csv", "x.csv", "--set", "risk.wieght=1"], "did you mean 'risk.weight'"),
        (["--csv", "x.csv", "--column", "cvar_msud"], "did you mean 'cvar_musd'"),
        (["--csv", "x.csv", "--shard", "3/2"], "a shard is one of several"),
        (["--csv", "x.csv", "--dask", "lcoal"], "it is no address"),
        (["--csv", "x.csv", "--join", "x"], "stores are joined into one"),
        (["--csv", "no/such/x.csv"], "there is no folder"),
    ],
    ids=str,
)
def test_a_mistake_is_an_error_before_anything_is_solved(grid, monkeypatch, words, seen):
    monkeypatch.chdir(grid.parent)
    found = run(grid, *words)
    assert found.exit_code == 2 and seen in found.stderr and "Traceback" not in found.stderr
    assert not (grid.parent / "x.csv").exists()


def test_a_misspelt_path_is_one_error(tmp_path):
    grid = tmp_path / "grid.toml"
    grid.write_text('[product]\n"risk.wieght" = { from = 0, to = 1, steps = 200 }\n', encoding="utf-8")
    found = run(grid, "--csv", tmp_path / "rows.csv")
    assert found.exit_code == 2 and found.stderr.count("risk.wieght") == 1 and "'risk.weight'" in found.stderr


@pytest.mark.skipif(os.name == "nt", reason="no such signals here")
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interruption_stops_in_seconds_and_says_how_to_go_on(tmp_path, workers):
    grid, store = tmp_path / "grid.toml", tmp_path / "runs"
    grid.write_text(LONG, encoding="utf-8")
    words = ["sweep", "two-class", str(grid), "--store", str(store), "--workers", str(workers)]
    # Where the tests run in the background, interrupts are ignored, and a child takes that over.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heard}; from procure.cli import main; main()", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(store.glob("part-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "cases, which are kept in" in said and "goes on from there" in said and "Traceback" not in said
    assert 0 < len(read_sweep(store)) < 4000
