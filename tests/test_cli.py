"""The command line: exit status, what goes where, and what a mistaken user reads."""

import csv
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import procure.data
import procure.models
from procure.cli import app
from procure.portfolio.read import read_portfolio

BUNDLED = Path(procure.models.__path__[0])
SMALL = ("--set", "world.tree.nodes=40", "--set", "world.tree.branch=[2027]")


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def process(*words, **options):
    """A process of its own, for what only a process has: an exit status, two streams, an encoding."""
    command = [sys.executable, "-c", "from procure.cli import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, timeout=120, check=False, **options)


@pytest.fixture
def world(tmp_path):
    """A copy of the two-class model and its facts, to be spoiled."""
    return World(shutil.copytree(BUNDLED, tmp_path / "models", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


class World:
    def __init__(self, folder):
        self.folder = folder
        self.model = folder / "two-class.toml"

    def table(self, name):
        return self.folder / "two-class" / f"{name}.csv"

    def append(self, text):
        self.model.write_text(self.model.read_text(encoding="utf-8") + "\n" + text + "\n", encoding="utf-8")

    def replace(self, old, new, path=None):
        path = path or self.model
        text = path.read_bytes().decode("utf-8")
        assert old in text, f"{old!r} is no longer in {path.name}: the test spoils nothing"
        path.write_bytes(text.replace(old, new, 1).encode("utf-8"))

    def cell(self, table, row, column, value):
        """Set the cell of a row that begins with the cells of `row`."""
        with self.table(table).open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
        at = next(number for number, line in enumerate(lines) if line[: len(row)] == list(row))
        lines[at][lines[0].index(column)] = value
        with self.table(table).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)


# ------------------------------------------------------------------------------------------------- mistakes of a user

PRICE = ("light", "licensed")
OFFER = ("china", "light", "2027")

MISTAKES = {
    # the model file
    "not TOML": (lambda w: w.append("[risk"), ["two-class.toml", "not TOML"]),
    "unknown key": (lambda w: w.replace("alpha =", "alhpa ="), ["'alhpa'", "did you mean 'alpha'?"]),
    "unknown section": (lambda w: w.append("[riks]\nalpha = 0.9"), ["'riks'", "did you mean 'risk'?"]),
    "key left out": (lambda w: w.replace('name = "two-class"', ""), ["model.name", "missing"]),
    "text for a number": (lambda w: w.replace("weight = 0.0", 'weight = "much"'), ["risk.weight", "much", "number"]),
    "truth for a number": (lambda w: w.replace("weight = 0.0", "weight = true"), ["risk.weight", "number"]),
    "not a number": (lambda w: w.replace("weight = 0.0", "weight = nan"), ["risk.weight", "nan"]),
    "weight above one": (lambda w: w.replace("weight = 0.0", "weight = 1.01"), ["risk.weight", "1.01"]),
    "years reversed": (lambda w: w.replace("[2027, 2027]", "[2030, 2027]"), ["model.years", "first to"]),
    "year outside the range": (lambda w: w.replace("[2027, 2027]", "[1927, 2027]"), ["model.years", "1927"]),
    "three years": (lambda w: w.replace("[2027, 2027]", "[2027, 2028, 2029]"), ["model.years", "2029", "list of two"]),
    "unknown supplier": (lambda w: w.append("[suppliers.lynsa]"), ["'lynsa'", "did you mean 'lynas'?"]),
    "unknown state": (lambda w: w.append('[world]\nstart = { china = "fialed" }'), ["'fialed'", "'failed'?"]),
    "unknown element": (lambda w: w.replace("extend =", 'elements = ["Xx"]\nextend ='), ["'Xx'", "element"]),
    "no elements": (lambda w: w.replace("extend =", "elements = []\nextend ="), ["model.elements", "element"]),
    "limit without a bound": (lambda w: w.append('[[limits]]\nname = "a"\nkind = "budget"'), ["limits.a", "'max'"]),
    "limit of an unknown kind": (lambda w: w.append('[[limits]]\nname = "a"\nkind = "shere"\nmax = 1'), ["'share'"]),
    "limit from no year": (
        lambda w: w.append('[[limits]]\nname = "a"\nkind = "budget"\nmax = 1\nfrom = 20500'), ["20500", "2100"]
    ),
    "override without a reason": (
        lambda w: w.append('[[overrides]]\nset = "prices.light.licensed"\nvalue = 9'), ["overrides.1", "reason"]
    ),
    "override of nothing": (
        lambda w: w.append('[[overrides]]\nset = "prices.light.licenced"\nvalue = 9\nreason = "r"'),
        ["prices.light.licenced", "did you mean 'prices.light.licensed'?"],
    ),
    "facts outside the folder": (lambda w: w.replace('facts = "two-class"', 'facts = "../.."'), ["model.facts"]),
    "facts that do not exist": (lambda w: w.replace('facts = "two-class"', 'facts = "nowhere"'), ["nowhere"]),
    "model file not UTF-8": (lambda w: w.model.write_bytes(b"\xff\xfe\x00"), ["two-class.toml", "UTF-8"]),
    # the tables
    "negative price": (lambda w: w.cell("prices", PRICE, "value", "-62"), ["prices.csv row 2", "-62", ">= 0"]),
    "price that is no number": (lambda w: w.cell("prices", PRICE, "value", "NaN"), ["prices.csv row 2", "NaN"]),
    "price in words": (lambda w: w.cell("prices", PRICE, "value", "42 USD"), ["prices.csv row 2", "42 USD"]),
    "infinite price": (lambda w: w.cell("prices", PRICE, "value", "inf"), ["prices.csv row 2", "infinite"]),
    "huge number": (lambda w: w.cell("offers", OFFER, "value", "1e30"), ["offers.csv row 2", "1e+30"]),
    "placeholder capacity": (lambda w: w.cell("offers", OFFER, "value", "999999999"), ["offers.csv row 2", "1e+09"]),
    "probability of 1.01": (
        lambda w: w.cell("depths", ("china", "medium_heavy"), "value", "1.01"), ["depths.csv row 3", "1.01", "<= 1"]
    ),
    "value outside its range": (lambda w: w.cell("prices", PRICE, "low", "43"), ["prices.csv row 2", "43 to 52"]),
    "unit of something else": (lambda w: w.cell("prices", PRICE, "unit", "t/yr"), ["prices.csv row 2", "t/yr"]),
    "year outside the table's range": (lambda w: w.cell("offers", OFFER, "year", "20270"), ["offers.csv row 2", "20270"]),
    "element of no table": (lambda w: w.cell("offers", OFFER, "element", "heavy"), ["offers.csv row 2", "'heavy'"]),
    "shares above one": (
        lambda w: (w.cell("baskets", ("seabed", "light"), "value", "0.54"),
                   w.cell("baskets", ("seabed", "medium_heavy"), "value", "0.63")),
        ["baskets.csv", "1.17"],
    ),
    "row twice": (
        lambda w: w.table("prices").write_text(
            w.table("prices").read_text(encoding="utf-8") + "light,licensed,42" + "," * 9 + "\n", encoding="utf-8"
        ),
        ["prices.csv row 6", "light, licensed again, after prices.csv row 2"],
    ),
    "comma in a cell": (lambda w: w.replace("light,licensed,42", "light,licensed,4,200", w.table("prices")), ["row 2"]),
    "semicolons": (
        lambda w: w.table("prices").write_text("element;layer;value\nlight;licensed;42\n", encoding="utf-8"),
        ["prices.csv", "separate the cells by commas"],
    ),
    "unknown column": (lambda w: w.replace(",value,", ",vlaue,", w.table("prices")), ["vlaue", "'value'?"]),
    "header alone": (lambda w: w.table("offers").write_text("supplier,element,year,value\n"), ["offers.csv", "no rows"]),
    "empty file": (lambda w: w.table("offers").write_text(""), ["offers.csv", "empty"]),
    "binary table": (lambda w: w.table("offers").write_bytes(b"\x89PNG\xff\x00"), ["offers.csv", "UTF-8"]),
    "open quotes": (lambda w: w.replace("light,licensed", '"light,licensed', w.table("prices")), ["prices.csv"]),
    "unknown table": (lambda w: w.table("offers").rename(w.table("ofers")), ["ofers.csv", "did you mean 'offers'?"]),
    "table from elsewhere": (
        lambda w: (w.table("prices").rename(w.folder / "prices.csv"),
                   w.table("prices").symlink_to(w.folder / "prices.csv")),
        ["prices.csv", "out of its folder"],
    ),
    "supplier without an offer": (
        lambda w: w.table("offers").write_text(
            "".join(line for line in w.table("offers").read_text(encoding="utf-8").splitlines(True)
                    if not line.startswith("caremag")), encoding="utf-8"
        ),
        ["'caremag'", "offers"],
    ),
    "element without demand": (
        lambda w: (w.replace("extend =", 'elements = "all"\nextend ='),
                   w.table("shortage").write_text("scope,tier,attribute,value\nlight,1,width,1\nlight,1,cost,9\n")),
        ["medium_heavy", "shortage"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_explained(world, name):
    spoil, expected = MISTAKES[name]
    spoil(world)
    answer = world.folder / "answer.json"
    result = run("solve", world.model, "--json", answer)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("procure: ") and "fault" in result.stderr
    for part in expected:
        assert part in result.stderr
    assert "Traceback" not in result.output
    assert not answer.exists()


COMMANDS = {
    "unknown model": (["solve", "jpan"], ["jpan", "did you mean 'japan'?"]),
    "missing file": (["check", "nowhere/japan.toml"], ["no such file"]),
    "a folder for a file": (["check", "{folder}.toml"], ["no such file"]),
    "change without a value": (["check", "two-class", "--set", "risk.alpha"], ["--set risk.alpha", "path=value"]),
    "change without a path": (["check", "two-class", "--set", "=3"], ["--set =3"]),
    "change to nothing": (["check", "two-class", "--set", "risk.alpha="], ["--set risk.alpha=", "empty"]),
    "change to half a list": (["check", "two-class", "--set", "model.years=[2027,"], ["[2027,"]),
    "two values": (["check", "two-class", "--set", "risk.alpha=0.5\nrisk.weight=1"], ["more than one value"]),
    "change of nothing": (
        ["check", "two-class", "--set", "risk.alhpa=0.5"],
        ["risk.alhpa", "did you mean 'risk.alpha'?"],
    ),
    "change of no number": (["check", "two-class", "--set", "prices.light.licenced=3"], ["'prices.light.licensed'?"]),
    "change out of range": (["check", "two-class", "--set", "risk.alpha=1.5"], ["risk.alpha", "1.5"]),
    "number in words": (["check", "two-class", "--set", "prices.light.licensed=cheap"], ["'cheap'", "finite number"]),
    "number of 400 digits": (["check", "two-class", "--set", f"prices.light.licensed={'9' * 400}"], ["finite number"]),
    "unit of something else": (
        ["check", "japan", "--set", "shortage.Y.cost.3=6400 USD/month"],
        ["shortage.Y.cost.3", "'USD/month' does not convert to thousand JPY/kg", "'330 thousand JPY/kg'"],
    ),
    "beyond the bound of the table's unit": (
        ["check", "japan", "--set", "shortage.Y.cost.3=2e6"],
        ["2e+06; shortage.Y.cost.3 (Loss per kg not served, thousand JPY/kg)", "<= 1.559e+06"],
    ),
    "beyond the bound of a unit of one's own": (
        ["check", "japan", "--set", "suppliers.china.depth.controlled_2026_01.ban=120 %"],
        ["120 %", "<= 100"],
    ),
    "thousands separated": (
        ["check", "japan", "--set", "shortage.Y.cost.3=6,400 USD/kg"],
        ["'6,400 USD/kg'", "plain digits, without separators"],
    ),
    "unit for a choice": (["check", "two-class", "--set", "risk.alpha=5 t"], ["risk.alpha", "'5 t'", "number"]),
    "unit for a year": (
        ["check", "japan", "--set", "suppliers.caremag.transit.first_year=2030 yr"],
        ["plain number", "leave out the unit"],
    ),
    "column in words": (
        ["check", "japan", "--set", "demand.Dy.2030.growth_high=much"],
        ["'much'", "High growth, 1/yr"],
    ),
    "column out of range": (["check", "japan", "--set", "demand.Dy.2030.growth_high=7"], ["growth_high", "<= 1"]),
    "column of no row": (
        ["check", "japan", "--set", "suppliers.china.rate.normal.ban.pesimistic=1"],
        ["did you mean 'suppliers.china.rate.normal.ban.pessimistic'?"],
    ),
    "one number by two paths": (
        [
            "check",
            "japan",
            "--set",
            "suppliers.china.call_share=0.5",
            "--set",
            "suppliers.china.call_share.all.2026=0.6",
        ],
        ["names the same number as suppliers.china.call_share"],
    ),
    "one path twice": (["check", "two-class", "--set", "risk.alpha=0", "--set", "risk.alpha=1"], ["twice"]),
    "answer is a folder": (["solve", "two-class", "--json", "{folder}"], ["it is a folder"]),
    "answer in no folder": (["solve", "two-class", "--json", "{folder}/no/answer.json"], ["no folder"]),
    "answer is a device": (["solve", "two-class", "--json", os.devnull], ["no ordinary file"]),
    "no time": (["solve", "two-class", "--time-limit", "0"], ["above 0"]),
    "time that is no number": (["solve", "two-class", "--time-limit", "nan"], ["above 0"]),
    "unknown option": (["solve", "two-class", "--jsno", "a"], ["--jsno"]),
    "unknown command": (["slove", "two-class"], ["slove"]),
    "no model": (["solve"], ["MODEL"]),
    "unknown status": (["sources", "--status", "asumed"], ["'asumed'", "did you mean 'assumed'?"]),
    "unknown table of sources": (["sources", "--table", "price"], ["did you mean 'prices'?"]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_mistaken_command_is_explained(tmp_path, name):
    words, expected = COMMANDS[name]
    (tmp_path / "x.toml").mkdir()
    result = run(
        *(word.format(folder=tmp_path / "x") if ".toml" in word else word.format(folder=tmp_path) for word in words)
    )
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    for part in expected:
        assert part in result.stderr
    assert "Traceback" not in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["x.toml"]


def test_every_fault_is_listed_at_once(world):
    """Five cells of two tables; then, with the tables mended, what is wrong in the file and on the command line."""
    mended = {name: world.table(name).read_bytes() for name in ("prices", "offers")}
    world.cell("prices", PRICE, "value", "-62")
    world.cell("prices", ("light", "contract"), "value", "dear")
    world.cell("prices", ("medium_heavy", "licensed"), "unit", "USD/month")
    world.cell("offers", OFFER, "value", "1e30")
    world.cell("offers", ("lynas", "light"), "year", "")
    result = run("check", world.model)
    assert result.exit_code == 2
    places = {line.split(",")[0].strip() for line in result.stderr.splitlines()[1:]}
    assert places == {f"offers.csv row {row}" for row in (2, 4)} | {f"prices.csv row {row}" for row in (2, 3, 4)}
    for name, content in mended.items():
        world.table(name).write_bytes(content)
    world.replace("alpha = 0.95", "alpha = 2\nbeta = 1")
    world.append("[suppliers.caremag.more]")
    result = run("solve", world.model, "--set", "nonsense", "--set", "risk.alpha=]", "--json", world.folder)
    assert result.exit_code == 2
    for part in ("risk.alpha", "'beta'", "'more'", "--set nonsense", "--set risk.alpha=]", "it is a folder"):
        assert part in result.stderr
    assert result.stderr.startswith("procure: 6 faults")


def test_every_fault_of_the_changes_is_listed_at_once():
    """Numbers, columns and choices, each with its own remedy; nothing is said of the numbers that are sound."""
    changes = {
        "shortage.Y.cost.3": "1e9",
        "shortage.Y.cost.2": "5 t",
        "demand.Dy.2030.growth_high": "700 %/yr",
        "demand.Dy.2030.growth_hihg": "0",
        "suppliers.caremag.transit.first_year": "2030.5",
        "risk.alhpa": "0.5",
        "risk.weight": "2",
        "prices.Dy.spot": "900",
    }
    result = run("solve", "japan", *(word for path, value in changes.items() for word in ("--set", f"{path}={value}")))
    assert result.exit_code == 2 and result.stdout == ""
    assert result.stderr.startswith("procure: 7 faults")
    for path, text in {
        "shortage.Y.cost.3": "<= 1.559e+06",
        "shortage.Y.cost.2": "does not convert to thousand JPY/kg",
        "demand.Dy.2030.growth_high": "700 %/yr",
        "demand.Dy.2030.growth_hihg": "did you mean 'demand.Dy.2030.growth_high'?",
        "suppliers.caremag.transit.first_year": "not a whole number",
        "risk.alhpa": "did you mean 'risk.alpha'?",
        "risk.weight": "it is <= 1",
    }.items():
        (line,) = [line for line in result.stderr.splitlines() if f"{path}:" in line]
        assert text in line
    assert "prices.Dy.spot" not in result.stderr


def test_a_table_saved_by_a_spreadsheet_is_read(world):
    """A byte order mark and lines ending in CR LF are no fault; a fault in them is found in its row."""
    for path in (world.model, *world.model.with_suffix("").glob("*.csv")):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert run("check", world.model).exit_code == 0
    world.replace("light,licensed,42", "light,licensed,-42", world.table("prices"))
    assert "prices.csv row 2" in run("check", world.model).stderr


# ------------------------------------------------------------------------------------------------------------ answers


def test_help_and_version():
    result = run("--help")
    assert result.exit_code == 0
    for command in ("solve", "check", "models", "sources"):
        assert command in result.stdout
        assert run(command, "--help").exit_code == 0
    assert run("--version").stdout.startswith("procure 0.")


def test_an_answer_is_printed_and_kept(tmp_path):
    """The file holds what was printed; it is replaced only on request, and nothing is left beside it."""
    path = tmp_path / "answer.json"
    result = run("solve", "two-class", "--json", path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "medium/heavy" in result.stdout and "expected" in result.stdout
    assert result.stdout == f"{read_portfolio(path)}\n"
    kept = path.read_bytes()
    again = run("solve", "two-class", "--json", path)
    assert again.exit_code == 2 and "add --force" in again.stderr
    assert path.read_bytes() == kept
    changed = run("solve", "two-class", "--json", path, "--force", "--quiet", "--set", "shortage.scale=2")
    assert (changed.exit_code, changed.output) == (0, "")
    assert read_portfolio(path).settings["shortage"]["scale"] == 2
    assert [each.name for each in tmp_path.iterdir()] == ["answer.json"]


def test_a_small_tree_of_japan_is_answered_in_plain_text():
    result = run("solve", "japan", *SMALL, "--set", 'suppliers.seabed.programmes=["none", "pilot_then_ten"]')
    assert (result.exit_code, result.stderr) == (0, "")
    for part in ("china", "lynas", "caremag", "seabed", "Dy", "Tb", "Y"):
        assert part in result.stdout
    assert "\x1b" not in result.stdout


def test_limits_in_conflict_are_named(world):
    world.append("""
[[limits]]
name = "no_shortage"
kind = "expected_shortage"
scope = "medium_heavy"
max = 0.0
""")
    result = run("solve", world.model, "--quiet", "--json", world.folder / "answer.json")
    assert result.exit_code == 1
    assert result.stdout == "" and "no_shortage" in result.stderr and "Traceback" not in result.stderr
    assert not (world.folder / "answer.json").exists()


def test_a_limit_of_time_is_said_so():
    result = run("solve", "japan", *SMALL, "--time-limit", "0.001")
    assert result.exit_code == 3
    assert result.stdout == "" and result.stderr.startswith("procure: ")


def test_models_lists_every_bundled_model():
    lines = run("models").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted(path.stem for path in BUNDLED.glob("*.toml"))


@pytest.mark.parametrize("model", sorted(path.stem for path in BUNDLED.glob("*.toml")))
def test_bundled_models_are_sound(model):
    result = run("check", model)
    assert result.exit_code == 0, result.stderr
    for part in ("elements", "suppliers", "nodes", "coefficients", "assumed"):
        assert part in result.stdout
    assert "warning" not in result.stdout


def test_check_sees_changes():
    assert "2027-2031" in run("check", "japan", *SMALL, "--set", "model.years=[2027, 2031]").stdout


SET = {
    "shortage.Y.cost.3=1200": "shortage.Y.cost.3: 330 -> 1,200 thousand JPY/kg",
    "shortage.Y.cost.3=15590 USD/kg": "shortage.Y.cost.3: 330 -> 2,430.481 thousand JPY/kg",
    "suppliers.seabed.programmes.pilot.running_cost=13": "suppliers.seabed.programmes.pilot.running_cost: 12 -> 13 bn JPY/yr",
    "suppliers.china.call_share=65%": "suppliers.china.call_share: 1 -> 0.65",
    "demand.Dy.2030.growth=0.06": "demand.Dy.2030.growth: -0.02 -> 0.06 1/yr",
    "suppliers.china.rate.normal.ban=20 %/yr": "suppliers.china.rate.normal.ban: 0.050325 -> 0.2 1/yr",
    "suppliers.seabed.strategies.pilot_then_ten.works.ten=2030": (
        "suppliers.seabed.strategies.pilot_then_ten.works.ten: 2029 -> 2030 year"
    ),
    "exchange.JPY=170": "exchange.JPY: 155.9 -> 170 JPY/USD",
    "suppliers.caremag.transit.first_year=2030": "suppliers.caremag.transit.first_year: 2027 -> 2030",
    "suppliers.china.transit.last_year=2040": "suppliers.china.transit.last_year: blank -> 2040",
}  # fmt: skip


@pytest.mark.parametrize("change", SET)
def test_a_number_that_is_set_is_said_with_its_unit(change):
    result = run("check", "japan", *SMALL, "--set", "risk.weight=0.5", "--set", change)
    assert (result.exit_code, result.stderr) == (0, SET[change] + "\n")
    quiet = run("check", "japan", *SMALL, "--set", change, "--quiet")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_solve_says_on_stderr_what_was_set():
    change = ("--set", "shortage.light.cost.2=1.1 kUSD/kg", "--set", "prices.light.licensed=43")
    result = run("solve", "two-class", *change)
    assert result.stderr.splitlines() == [
        "shortage.light.cost.2: 1,380 -> 1,100 USD/kg",
        "prices.light.licensed: 42 -> 43 USD/kg",
    ]
    assert run("solve", "two-class", *change, "--quiet").output == ""


def test_what_sources_list_can_be_set():
    """Each number of five tables of japan as it is listed: nothing but the statement changes, and no fault is found."""
    listed = run("sources", "japan", "--csv", "-").stdout
    tables = {"shortage", "programmes", "terms", "exchange_rates", "prices"}
    rows = [row for row in csv.DictReader(io.StringIO(listed)) if row["table"] in tables]
    assert {row["table"] for row in rows} == tables
    plain = [word for row in rows for word in ("--set", f"{row['key']}={row['value']}")]
    units = [word for row in rows for word in ("--set", f"{row['key']}={row['value']} {row['unit']}")]
    assert run("sources", "japan", "--csv", "-", *plain).stdout == listed
    assert run("sources", "japan", "--csv", "-", *units).stdout == listed
    with (Path(procure.data.__file__).parent / "shortage.csv").open(encoding="utf-8", newline="") as file:
        written = [row["value"] for row in csv.DictReader(file)]
    rows = csv.DictReader(io.StringIO(run("sources", "--table", "shortage", "--csv", "-").stdout))
    assert [float(row["value"]) for row in rows] == [float(value) for value in written]
    text = run("sources", "japan", "--table", "shortage").stdout
    (line,) = [line for line in text.splitlines() if line.startswith("shortage.Y.cost.3 ")]
    assert line.split()[1:6] == ["330", "66", "1,000", "thousand", "JPY/kg"]


def test_sources_name_every_number_once():
    rows = list(csv.DictReader(io.StringIO(run("sources", "--csv", "-").stdout)))
    assert len({row["key"] for row in rows}) == len(rows) > 1000
    assert {row["status"] for row in rows} == {"sourced", "unverified", "derived", "assumed"}
    assert all(row["source"] for row in rows)


def test_sources_of_a_model_leave_out_what_it_does_not_use():
    everything, japan = run("sources").stdout, run("sources", "japan").stdout
    assert "suppliers.iluka" in everything and "suppliers.iluka" not in japan
    assumed = run("sources", "japan", "--status", "assumed").stdout.splitlines()[1:]
    assert assumed and set(assumed) < {line for line in japan.splitlines() if " assumed " in line} | set(assumed)


def test_an_override_is_the_assumption_of_its_model(world):
    world.append('[[overrides]]\nset = "prices.light.licensed"\nvalue = 45\nreason = "quote of May"')
    line = next(line for line in run("sources", world.model).stdout.splitlines() if "prices.light.licensed" in line)
    for part in ("45", "assumed", "two-class.toml: quote of May"):
        assert part in line


def test_a_pipe_gets_plain_text():
    """No escape codes, one line for each number however long."""
    result = process("sources", "two-class", env={**os.environ, "COLUMNS": "40", "FORCE_COLOR": "1"})
    assert result.returncode == 0 and result.stderr == b""
    assert b"\x1b" not in result.stdout
    assert len(result.stdout.splitlines()) == 1 + len(run("sources", "two-class", "--csv", "-").stdout.splitlines()) - 1


def test_a_terminal_that_knows_only_ascii():
    result = process("sources", "--table", "suppliers", "--csv", "-", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0, result.stderr


def test_the_process_ends_with_the_status_of_the_fault():
    result = process("check", "two-class", "--set", "risk.alpha=2")
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.startswith(b"procure: 1 fault in the input:\n")


def test_a_reader_that_leaves_early_is_no_error():
    command = [sys.executable, "-c", "from procure.cli import main; main()", "sources", "--csv", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk to write to")
def test_a_full_disk_is_said_so():
    command = [sys.executable, "-c", "from procure.cli import main; main()", "models"]
    with open("/dev/full", "wb") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 2
    assert b"No space left" in result.stderr and b"Traceback" not in result.stderr


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_a_stream_that_is_closed_from_the_start_is_no_error(closed, tmp_path):
    """Nobody hears what is said there, and no file gets its number: neither here nor in the workers of a sweep."""
    store, grid = tmp_path / "store", tmp_path / "grid.toml"
    grid.write_text('[product]\n"risk.weight" = [0.0, 0.5, 1.0]\n')

    def close():
        for number in closed:
            os.close(number)

    answer = tmp_path / "answer.json"
    solved = process("solve", "two-class", "--json", answer, preexec_fn=close)
    assert (solved.returncode, solved.stderr) == (0, b"")
    assert procure.read_portfolio(answer).status == "optimal"
    swept = process("sweep", "two-class", grid, "--store", store, "--workers", 2, preexec_fn=close)
    assert (swept.returncode, b"Traceback" in swept.stderr) == (0, False)
    assert procure.read_sweep(store)["status"].tolist() == ["optimal"] * 3


@pytest.mark.skipif(sys.platform == "win32", reason="a current folder cannot be removed there")
def test_a_current_folder_that_is_gone_is_said_so(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    result = process("solve", "two-class", "--json", "answer.json", cwd=gone, preexec_fn=gone.rmdir)
    assert result.returncode == 2
    assert result.stderr.startswith(b"procure: the current folder is gone")


def test_an_error_of_procure_shows_its_trace(monkeypatch):
    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr("procure.report.models.bundled_models", broken)
    assert isinstance(run("models").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "text, value",
    [("0.5", 0.5), ("true", True), ("ban", "ban"), ("[2027, 2028]", [2027, 2028]), ('"two words"', "two words"),
     ("medium_heavy", "medium_heavy"), ("1_000", 1000), ("'none'", "none"), ('["pilot"]', ["pilot"]),
     ("6400 USD/kg", "6400 USD/kg"), ("65%", "65%"), ("-5 %/yr", "-5 %/yr"), ("0.05 1/yr", "0.05 1/yr")],
)  # fmt: skip
def test_values_are_written_as_in_a_model_file(text, value):
    from procure.cli.model import _literal

    assert _literal(text) == value


@pytest.mark.parametrize("text", ["", "two words", "[1", "0.5.1", "a\nb", "1\nb = 2", "[" * 100_000, "2027-13-01"])
def test_values_that_are_none(text):
    from procure.cli.model import _literal

    with pytest.raises(ValueError):
        _literal(text)


def test_what_foresight_is_worth_can_be_left_out(tmp_path):
    """Every path solved as if it were known is most of the time of a large model; without it nothing is said of it."""
    answer = tmp_path / "answer.json"
    told = run("solve", "two-class", "--no-foresight", "--json", answer)
    assert told.exit_code == 0, told.output
    assert "Shortage costs" in told.output and "no plan could avoid" not in told.output
    kept = read_portfolio(answer)
    assert kept.summary["unavoidable_loss"] != kept.summary["unavoidable_loss"]
    assert str(kept) == str(read_portfolio(answer))


def test_the_value_of_information_is_worked_out_where_it_is_asked(tmp_path):
    answer = tmp_path / "answer.json"
    told = run("solve", "two-class", "--value-of-information", "--json", answer)
    assert told.exit_code == 0, told.output
    assert "costs 1,872 more than this one (VSS)" in told.output and "(VSS)" not in run("solve", "two-class").output
    assert read_portfolio(answer).value_of_information["vss_musd"].round().tolist() == [1872.0]


def test_screen_and_check_say_whether_the_futures_were_drawn():
    small = run("solve", "japan", *SMALL, "--set", 'suppliers.seabed.programmes=["none"]', "--no-foresight")
    assert "paths, drawn from many, " in small.output
    assert "paths, every future there is, " in run("solve", "two-class").output
    checked = run("check", "japan", *SMALL).output
    assert "leaves: drawn from many" in checked and "equal ones for seabed ten, " in checked
    assert " in the worst 5 %" in checked
    assert "16 leaves: every future there is" in run("check", "two-class").output
