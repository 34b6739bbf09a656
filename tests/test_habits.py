"""What people try without reading: names, years, capitals, full width, interruptions, filters, hostile texts."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.errors import DataError
from procure.facts.schema import schema

ROOT = Path(__file__).resolve().parent.parent
WORLD = ROOT / "docs" / "own-world"
SMALL = {"world.tree.nodes": 40, "world.tree.branch": [2027], "suppliers.seabed.programmes": ["none"]}


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def world(tmp_path):
    """A copy of the coil maker's world."""
    return shutil.copytree(WORLD, tmp_path / "world")


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is no longer in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# ---------------------------------------------------------------------------------------------- names, years, spellings


def test_a_question_takes_a_name_or_a_path():
    by_name = procure.solve("two-class", foresight=False).summary["objective"]
    model = procure.load_model("two-class")
    assert by_name == procure.compile(ROOT / "models" / "two-class.toml").solve().objective
    assert by_name == procure.solve(model, foresight=False).summary["objective"]
    with pytest.raises(DataError, match="did you mean 'two-class'"):
        procure.solve("two-clas")


NUMBER = ("shortage.all.cost.1", 100.0, 200.0)


@pytest.mark.parametrize(
    "ask",
    [
        procure.ambiguity,
        lambda model: procure.corridor(model, "lynas", "medium_heavy"),
        lambda model: procure.first_supplier(model, "medium_heavy", *NUMBER),
        lambda model: procure.frontier(model, "china_share", points=2),
        procure.hedges,
        procure.ranges,
        procure.regret,
        procure.reviews,
        procure.sensitivity,
        lambda model: procure.stress(model, "ban-12"),
        lambda model: procure.sweep(model, [{}]),
        lambda model: procure.switch(model, *NUMBER),
        lambda model: procure.switch_map(model, NUMBER, NUMBER),
        procure.value_of_information,
        lambda model: procure.why(model, "lynas heavy 10 %"),
    ],
)
def test_every_question_looks_for_a_model_of_that_name(ask):
    with pytest.raises(DataError, match="did you mean 'two-class'"):
        ask("two-clas")


def test_python_m_procure_runs():
    done = subprocess.run([sys.executable, "-m", "procure", "models"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") and "japan" in done.stdout


@pytest.mark.parametrize(
    "change, meant",
    [("prices.dy.spot=3", "prices.Dy.spot"), ("PRICES.DY.SPOT=3", "prices.Dy.spot"), ("prices.Ｄｙ.spot=3", "prices.Dy.spot"),
     ("Risk.Weight=0.5", "risk.weight"), ("limits.china_heavy_share.scope=DY", "Dy"),
     ("limits.china_heavy_share.scope=heavy", "medium_heavy"), ("limits.china_heavy_share.scope=hevy", "medium_heavy"),
     ("model.elements=['tb']", "Tb"), ("suppliers.China.contracts=free", "china")],
)  # fmt: skip
def test_capitals_width_and_half_a_name_are_understood(change, meant):
    result = run("check", "japan", "--set", change)
    assert result.exit_code == 2 and f"did you mean '{meant}'?" in result.stderr


def test_a_class_for_elements_says_which_they_are():
    result = run("check", "japan", "--set", "model.elements=['light']")
    assert "'light' is a class" in result.stderr and "write La, Ce, Pr, Nd, Pm" in result.stderr


def test_a_scope_is_a_name_or_several():
    one, two = (
        procure.load_model("japan").with_(**{"limits.china_heavy_share.scope": scope}).settings.limits[0].scopes
        for scope in ("Dy", ["Dy", "Tb"])
    )
    assert (one, two) == (("Dy",), ("Dy", "Tb"))


def test_full_width_digits_are_named_as_such(world):
    for change, plain in (
        ("risk.weight=０．５", "0.5"),
        ("prices.Dy.spot=９００", "900"),
        ("prices.Dy.spot=９００ USD/kg", "900 USD/kg"),
    ):
        result = run("check", "japan", "--set", change)
        assert result.stderr.startswith("procure: 1 fault ") and f"write {plain}: these are full-width" in result.stderr
    replace(world / "workshop" / "demand.csv", "100", "１００")
    assert "write 100: these are full-width digits" in run("check", world / "workshop.toml").stderr
    replace(world / "workshop.toml", "weight = 0.0", "weight = ０.０ # 重み")
    assert "write 0.0: these are full-width digits" in run("check", world / "workshop.toml").stderr


def test_a_year_alone_is_a_model_of_one_year_and_needs_no_other_change():
    """The limit of japan from 2030 on has no part in 2027, which is said; the same numbers without it cost the same."""
    paths = [f"{path}={json.dumps(value)}" for path, value in (SMALL | {"model.years": 2027}).items()]
    told = run(
        "solve", "japan", "--no-foresight", "--no-verdict", *(word for path in paths for word in ("--set", path))
    )
    assert told.exit_code == 0, told.stderr
    assert told.stderr == "limits.china_heavy_share holds from 2030 on, in no year of the model (2027)\n"
    japan = procure.load_model("japan")
    year = japan.with_(**SMALL, **{"model.years": 2027})
    document = year.settings.model_dump(by_alias=True, exclude_unset=True) | {"limits": []}
    without = procure.model.make_model(document, japan.facts)
    cost = [procure.solve(model, foresight=False, verdict=False).summary["objective"] for model in (year, without)]
    assert cost[0] == pytest.approx(cost[1], rel=1e-9)


def test_what_falls_into_no_year_is_said():
    japan = procure.load_model("japan")
    document = japan.settings.model_dump(by_alias=True, exclude_unset=True)
    document |= {
        "model": document["model"] | {"years": [2028, 2029]},
        "world": document["world"] | {"tree": document["world"]["tree"] | {"branch": [2027, 2028]}},
        "reviews": [{"year": 2028, "sees": ["china"]}],
    }
    left_out = procure.model.make_model(document, japan.facts).settings.left_out()
    assert [text.partition(",")[0] for text in left_out] == [
        "limits.china_heavy_share holds from 2030 on",
        "the review of 2028 is in no year of the model after the first (2028 to 2029)",
        "world.tree.branch: 2027 is no year of the model (2028 to 2029)",
    ]


# -------------------------------------------------------------------------------------------------- faults in one round


def test_faults_of_a_world_come_in_one_round(world):
    """A cell, a key that stands twice, a misspelt attribute, names that nothing defines, a sum and a choice: of each its fault,
    and none that only follows from another.
    """
    tables = world / "workshop"
    for table, old, new in (
        ("demand", "copper,2027,100", "copper,2027,-100"),
        ("shortage", "copper,1,cost,40,USD/kg", "copper,1,cost,40,USD/kg\ncopper,1,cost,50,USD/kg"),
        ("terms", "fixed_charge", "fixed_charges"),
        ("offers", "mill,nickel", "mil,nickel"),
        ("prices", "nickel", "nikel"),
        ("baskets", "0.75", "0.85"),
        ("elements", "copper,", ","),
    ):
        replace(tables / f"{table}.csv", old, new)
    with (world / "workshop.toml").open("a", encoding="utf-8") as file:
        file.write('[[limits]]\nname = "a"\nkind = "share"\nsupplier = "mill"\nmax = 2\n')
    result = run("check", world / "workshop.toml")
    assert result.exit_code == 2
    found = sorted(line.strip().split(": ")[0] for line in result.stderr.splitlines()[1:])
    assert found == [
        "baskets.csv, column value", "demand.csv row 2, column value", "elements.csv row 2, column element",
        "offers.csv row 3, column supplier", "shortage.csv row 4", "terms.csv row 3, column attribute",
        "workshop.toml, limits.a",
    ]  # fmt: skip
    replace(tables / "elements.csv", "\n,", "\ncopper,")  # with it, what is an element is known again
    assert "prices.csv row 3, column element: unknown element 'nikel'" in run("check", world / "workshop.toml").stderr


def test_of_a_table_that_cannot_be_read_no_name_is_said_to_be_missing(world):
    tables = world / "workshop"
    (tables / "suppliers.csv").rename(tables / "supliers.csv")
    (tables / "states.csv").write_bytes(b"\xff\xfe")
    found = run("check", world / "workshop.toml").stderr.splitlines()[1:]
    assert sorted(line.strip().split(":")[0] for line in found) == ["states.csv", "supliers.csv"]


def test_a_column_that_is_missing_is_told_once(world):
    replace(world / "workshop" / "demand.csv", "value", "vlaue")
    found = run("check", world / "workshop.toml").stderr.splitlines()[1:]
    assert [line.strip().partition(";")[0] for line in found] == [
        "demand.csv: unknown column 'vlaue'", "demand.csv: no column 'value'"
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------- interruption and beginning

INTERRUPTED_AT = (
    "procure.cli.app",
    "typer",
    "procure.model",
    "tomllib",
    "numpy",
    "pandas",
    "scipy",
    "pyomo",
    "highspy",
    "none",
)


@pytest.mark.skipif(os.name != "posix", reason="signals as shells send them")
@pytest.mark.parametrize("module", INTERRUPTED_AT)
def test_an_interruption_shows_no_trace(module):
    """Ctrl-C in the moment in which a module is about to be imported, from the first of ours to the solver."""
    child = f"""
import os, signal, sys
class Now:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Now())
sys.argv[1:] = ["solve", "two-class", "--no-foresight"]
from procure.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, check=False, timeout=120)
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr, done.stderr
    assert done.returncode == 0 if module == "none" else done.returncode in (130, -2), done


def test_the_help_comes_without_anything_heavy():
    """Neither pandas nor Pyomo, NumPy or HiGHS is imported by `import procure`, the help and the list of models."""
    child = """
import contextlib, io, sys
import procure
from procure.cli import app
for words in (["--help"], ["solve", "--help"]):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        app(words)
print(sorted({"numpy", "pandas", "scipy", "pyomo", "highspy", "pint", "pyarrow", "matplotlib"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "[]\n", done


def test_solve_needs_none_of_the_extras():
    """Whatever an extra brings is refused, as where it is not installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {"ruff", "mypy", "pytest"}  # tools, which nothing of ours imports
    brought = {"matplotlib", "openpyxl", "distributed", "dask", "jinja2", "linopy", "cvxpy", "mpisppy"}
    named = {
        line.split(">")[0].split("[")[0].replace("-", "_")
        for extra in project["optional-dependencies"].values()
        for line in extra
    }
    child = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {sorted((named | brought) - needed - {"procure"})!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from procure.cli import main
sys.argv[1:] = ["solve", "two-class"]
main()
"""
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0 and "all costs" in done.stdout, done.stderr


# ------------------------------------------------------------------------------------------------------- lists, filters


def test_models_are_listed_with_what_they_hold():
    rows = list(csv.DictReader(io.StringIO(run("models", "--csv", "-").stdout)))
    years = {"japan": "2027-2036", "japan-2040": "2027-2040", "motor-maker": "2027-2029", "two-class": "2027"}
    assert {row["model"]: row["years"] for row in rows} == years
    assert "lynas" in rows[0]["suppliers"] and rows[0]["limits"] == "china_heavy_share"


def listed(*words):
    return list(csv.DictReader(io.StringIO(run("sources", "--csv", "-", *words).stdout)))


def test_sources_are_filtered_by_element_and_supplier():
    dy = listed("--element", "Dy", "--table", "prices")
    assert dy and all(row["key"].startswith("prices.Dy.") for row in dy)
    lynas = listed("--supplier", "lynas", "--element", "Dy")
    assert lynas and all(row["key"].startswith("suppliers.lynas.") and ".Dy" in row["key"] for row in lynas)
    assert len(listed("japan", "--element", "Dy")) < len(listed("--element", "Dy")) < len(listed())
    assert "did you mean 'Dy'?" in run("sources", "--element", "dy").stderr
    assert "did you mean 'lynas'?" in run("sources", "--supplier", "lynsa").stderr


def test_sources_are_sorted_by_a_column():
    up = [float(row["value"]) for row in listed("--table", "demand", "--sort", "value")]
    down = [float(row["value"]) for row in listed("--table", "demand", "--sort", "-value")]
    assert up == sorted(up) == down[::-1] and len(up) > 3
    assert "did you mean 'value'?" in run("sources", "--sort", "vlaue").stderr


def test_a_shell_completes_models_and_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jam.toml").touch()
    (tmp_path / "java").mkdir()
    (tmp_path / "java" / "mine.toml").touch()
    from procure.cli import complete

    assert complete.models("ja") == ["japan", "japan-2040", "jam.toml", "java/"]
    assert complete.models("java/") == ["java/mine.toml"]
    assert complete.tables("pric") == ["price_history", "prices"] or set(complete.tables("pric")) == {
        "prices",
        "price_history",
    }
    assert "Dy" in complete.elements("D") and complete.statuses("s") == ["sourced"]
    assert "lynas" in complete.suppliers("l") and "jogmec-60" in complete.policies("jogmec")
    words = {**os.environ, "_PROCURE_COMPLETE": "complete_bash", "COMP_WORDS": "procure solve ja", "COMP_CWORD": "2"}
    done = subprocess.run([sys.executable, "-m", "procure"], env=words, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["japan", "japan-2040", "jam.toml", "java/"], done.stderr


# ------------------------------------------------------------------------------------------------------- hostile texts

HOSTILE = {
    "script": "<script>alert(1)</script>", "quotes": "\"';--", "formula": "=cmd()|'/c calc'!A0", "turned": "Dy\u202etxt.exe",
    "escape": "red\x1b[31m\x1b]0;title\x07", "long": "長" * 300, "path": "../../etc/passwd", "markup": "[bold red]x[/]",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_stay_text(world, tmp_path, name):
    """In a title, a name, a note and a source: nothing reaches a terminal, a spreadsheet or another file."""
    text = HOSTILE[name]
    quoted = text.replace('"', '""')
    toml = json.dumps(text).replace("\\u001b", "\\u001B")
    replace(world / "workshop.toml", '"A coil maker\'s copper and nickel"', toml)
    replace(world / "workshop" / "elements.csv", "Copper wire", f'"{quoted}"')
    replace(world / "workshop" / "terms.csv", "A tenth above the mill", f'"{quoted}"')
    replace(
        world / "workshop" / "demand.csv",
        "value,unit\ncopper,2027,100,t/yr",
        f'value,unit,source\ncopper,2027,100,t/yr,"{quoted}"',
    )
    replace(world / "workshop" / "demand.csv", "nickel,2027,20,t/yr", "nickel,2027,20,t/yr,")
    answer = tmp_path / "answer.json"
    before = set(tmp_path.rglob("*"))
    told = run("solve", world / "workshop.toml", "--json", answer)
    assert told.exit_code == 0, told.output
    assert not set("\x1b\u202e\x07") & set(told.stdout)
    assert "importer" in told.stdout
    kept = json.loads(answer.read_text(encoding="utf-8"))
    assert kept["settings"]["model"]["title"]["en"] == text
    folder = tmp_path / "frames"
    assert run("show", answer, "--csv", folder).exit_code == 0
    for path in folder.glob("*.csv"):
        for row in csv.reader(path.open(encoding="utf-8-sig", newline="")):
            assert not any(cell.startswith(("=", "@")) or "\x1b" in cell for cell in row), (path.name, row)
    listing = run("sources", world / "workshop.toml", "--csv", "-").stdout
    cells = [cell for row in csv.reader(io.StringIO(listing)) for cell in row]
    assert not any(cell.startswith("=") or set("\x1b\u202e") & set(cell) for cell in cells)
    assert not set("\x1b\u202e\x07") & set(run("sources", world / "workshop.toml").stdout)
    assert set(tmp_path.rglob("*")) - before <= {answer, folder, *folder.iterdir()}
    html = procure.read_portfolio(answer)._repr_html_()
    assert "<script" not in html


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_and_quoted_without_its_teeth(world, name):
    """What is a name in paths and rows takes letters, digits and underscores; the fault shows what was seen, in one line."""
    quoted = HOSTILE[name].replace('"', '""')
    replace(world / "workshop" / "suppliers.csv", "mill,", f'"{quoted}",')
    result = run("check", world / "workshop.toml")
    assert result.exit_code == 2 and "suppliers.csv row 2, column supplier" in result.stderr
    assert not set("\x1b\u202e\x07") & set(result.stderr)
    refused = run("solve", HOSTILE[name])
    assert (
        refused.exit_code == 2 and "Traceback" not in refused.stderr and not set("\x1b\u202e\x07") & set(refused.stderr)
    )


def test_every_name_of_a_table_has_a_pattern():
    """A key of text that stands in a path is a name or one of a list, so that no path, file or screen is broken by it."""
    free = {
        (table.name, column)
        for table in schema().values()
        if table.path is not None
        for column in table.key
        if (cell := table.columns[column]).kind == "string" and not cell.pattern and not cell.allowed
    }
    defined = {
        (table.name, field)
        for table in schema().values()
        for reference in (*table.foreign, *(entry.reference for entry in table.lists))
        for field in reference.fields
    }
    assert {(name, column) for name, column in free - defined if not schema()[name].columns[column].is_scope} == set()
