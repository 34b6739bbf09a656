"""A store keeps what was done, refuses what is not its own, and says what is damaged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from procure import DataError, load_model, read_sweep, sweep
from test_sweep import same

GRID = {"risk.weight": [0.0, 0.5], "shortage.scale": [1.0, 1.2]}
LARGER = {"risk.weight": [0.0, 0.5, 0.9], "shortage.scale": [1.0, 1.2]}


@pytest.fixture(scope="module")
def model():
    return load_model("two-class")


@pytest.fixture(scope="module")
def rows(model):
    return sweep(model, LARGER, workers=1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs"


def solved(model, grid, folder, **how):
    """The rows, and how many cases were solved for them."""
    told = []
    found = sweep(model, grid, folder, workers=1, progress=lambda *said: told.append(said), **how)
    return found, told[-1][0] - told[0][0]


def parts(folder):
    return sorted(folder.glob("*.parquet"))


# --- resumed


def test_a_second_run_solves_what_is_missing_only(model, folder, rows):
    assert solved(model, GRID, folder)[1] == 4
    assert solved(model, GRID, folder)[1] == 0
    found, more = solved(model, LARGER, folder)
    first = (
        read_sweep(folder).iloc[:4].sort_values(["risk.weight", "shortage.scale"], ignore_index=True)
    )  # kept as they were solved
    assert more == 2 and same(found, rows) and same(first, rows.iloc[:4])


def test_a_store_knows_a_case_however_it_is_written(model, folder):
    offer = "suppliers.lynas.offers.medium_heavy"
    assert solved(model, {f"{offer}.2027": [600.0]}, folder)[1] == 1
    assert solved(model, {offer: ["0.6 kt/yr"], "risk.weight": [0.0]}, folder)[1] == 1  # another path is another case
    assert solved(model, {offer: ["0.6 kt/yr"]}, folder)[1] == 0


def test_parts_are_plain_parquet_with_units(model, folder):
    import pandas as pd
    import pyarrow.parquet as pq

    sweep(model, GRID, folder, workers=1)
    (part,) = parts(folder)
    for readable in (part, folder):
        assert sorted(pd.read_parquet(readable)["shortage.scale"]) == [1.0, 1.0, 1.2, 1.2]
    assert pq.read_schema(part).field("objective_musd").metadata[b"unit"] == b"million USD"


def test_fewer_columns_are_read_from_a_store_and_more_are_not(model, folder):
    sweep(model, GRID, folder, workers=1, columns=["objective_musd", "cvar_musd"])
    found, more = solved(model, GRID, folder, columns=["cvar_musd"])
    assert more == 0 and list(found) == [*GRID, "status", "message", "cvar_musd"]
    with pytest.raises(DataError, match="lack the columns"):
        sweep(model, GRID, folder, columns=["mix"])


def test_what_failed_is_solved_again_where_that_is_asked_for(model, folder):
    late = {"time_limit": 0.0}
    assert solved(model, GRID, folder, options=late)[0]["status"].tolist() == ["limit_reached"] * 4
    assert solved(model, GRID, folder, options=late)[1] == 0
    assert solved(model, GRID, folder, options=late, retry=True)[1] == 4
    found, more = solved(model, GRID, folder, retry=True)  # with time enough
    assert more == 4 and found["status"].tolist() == read_sweep(folder)["status"].tolist() == ["optimal"] * 4


def test_stores_of_shards_are_joined(model, tmp_path, rows):
    stores = [tmp_path / f"shard-{number}" for number in (1, 2, 3)]
    for number, store in enumerate(stores, 1):
        sweep(model, LARGER, store, workers=1, shard=(number, 3))
    found, more = solved(model, LARGER, tmp_path / "all", join=stores)
    assert more == 0 and same(found, rows)
    assert solved(model, LARGER, tmp_path / "all")[1] == 0


def test_an_interrupted_run_keeps_what_is_done_and_says_how_to_go_on(model, folder, rows):
    def stop(done, total, what):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"3 of 6 cases.*the same once more"):
        sweep(model, LARGER, folder, workers=1, progress=stop)
    found, more = solved(model, LARGER, folder)
    assert more == 3 and same(found, rows)


# --- refused


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"risk.alpha": 0.9}, "risk.alpha is 0.95 in the store, 0.9 here"),
        ({"suppliers.lynas.offers.medium_heavy.2027": 600.0}, "numbers of offers differ"),
    ],
)
def test_a_store_of_other_inputs_is_refused_with_the_difference(model, folder, changes, seen):
    sweep(model, GRID, folder, workers=1)
    with pytest.raises(DataError, match=seen):
        sweep(model.with_(**changes), GRID, folder, workers=1)


def test_a_folder_of_something_else_is_refused(model, folder):
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match=r"letter\.txt and no store"):
        sweep(model, GRID, folder)
    with pytest.raises(DataError, match="no store"):
        read_sweep(folder)
    assert sorted(path.name for path in folder.iterdir() if path.name != "_lock") == ["letter.txt"]


def test_a_truncated_part_is_named_and_the_rest_is_kept(model, folder, rows):
    sweep(model, GRID, folder, workers=1)
    solved(model, LARGER, folder)
    first, second = parts(folder)
    whole = second.read_bytes()
    second.write_bytes(whole[: len(whole) // 2])
    for ask in (lambda: read_sweep(folder), lambda: sweep(model, LARGER, folder)):
        with pytest.raises(DataError, match=second.name):
            ask()
    second.unlink()  # as the remedy says
    found, more = solved(model, LARGER, folder)
    assert more == 2 and same(found, rows) and first.exists()


@pytest.mark.parametrize("turned", range(0, 1000, 50))
def test_a_bit_that_has_turned_is_noticed_wherever_it_is(model, folder, turned):
    """Parquet reads on where one of its numbers is another: the name of a part says what its bytes come to."""
    sweep(model, GRID, folder, workers=1)
    (part,) = parts(folder)
    content = bytearray(part.read_bytes())
    content[len(content) * turned // 1000] ^= 4
    part.write_bytes(bytes(content))
    with pytest.raises(DataError, match=f"{part.name}.*not as it was written"):
        read_sweep(folder)


def test_an_edited_manifest_is_refused_and_made_again_from_the_parts(model, folder, rows):
    sweep(model, LARGER, folder, workers=1)
    manifest = folder / "_manifest.json"
    said = json.loads(manifest.read_text(encoding="utf-8"))
    said["inputs"]["choices"]["risk"]["alpha"] = 0.9
    manifest.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(DataError, match="changed since it was written"):
        read_sweep(folder)
    manifest.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        read_sweep(folder)
    manifest.unlink()
    found, more = solved(model, LARGER, folder)
    assert more == 0 and same(found, rows) and manifest.exists()


def test_a_part_of_another_store_is_refused(model, tmp_path):
    sweep(model, GRID, tmp_path / "a", workers=1)
    sweep(model.with_(**{"risk.alpha": 0.9}), GRID, tmp_path / "b", workers=1)
    (part,) = parts(tmp_path / "b")
    part.rename(tmp_path / "a" / part.name)
    with pytest.raises(DataError, match="no part of this store"):
        read_sweep(tmp_path / "a")


def test_what_was_left_unfinished_is_cleared(model, folder):
    sweep(model, GRID, folder, workers=1)
    (folder / ".unfinished-part-1.parquet").write_bytes(b"half")
    assert solved(model, GRID, folder)[1] == 0 and not list(folder.glob(".unfinished*"))


# --- two at once, and no room

HOLD = """
import sys, time
from procure.explore.sweep.lock import Lock
from pathlib import Path
lock = Lock(Path(sys.argv[1]))
lock.take()
print("held", flush=True)
time.sleep(60)
"""


def test_two_runs_at_once_are_an_error_and_a_dead_one_holds_nothing(model, folder):
    sweep(model, GRID, folder, workers=1)
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE)
    try:
        other.stdout.readline()
        with pytest.raises(DataError, match=f"in use by process {other.pid} "):
            sweep(model, GRID, folder, workers=1)
        assert len(read_sweep(folder)) == 4  # reading is free
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    assert str(other.pid) in (folder / "_lock").read_text()  # what it left behind says nothing any more
    assert solved(model, GRID, folder)[1] == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
def test_a_full_disk_is_an_error_and_what_was_written_stays(model, folder, monkeypatch):
    sweep(model, GRID, folder, workers=1)
    opened = Path.open

    def full(path, *how, **more):
        return opened(Path("/dev/full") if path.name.startswith(".unfinished-part") else path, *how, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(DataError, match="No space left"):
        sweep(model, LARGER, folder, workers=1)
    monkeypatch.undo()
    assert len(read_sweep(folder)) == 4 and not list(folder.glob(".unfinished*"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may write anywhere meets no such folder")
def test_a_read_only_folder_is_an_error(model, folder):
    folder.mkdir(mode=0o555)
    with pytest.raises(DataError, match="Permission denied"):
        sweep(model, GRID, folder, workers=1)


def test_a_folder_below_none_is_an_error(model, tmp_path):
    with pytest.raises(DataError, match="cannot be written to"):
        sweep(model, GRID, tmp_path / "a" / "b", workers=1)
