"""A wrong model file is refused with every fault named, and a changed model leaves the old one alone."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from procure.errors import DataError, Fault
from procure.facts import load_facts
from procure.market import make_market
from procure.model import Model, Settings, bundled_models, load_model, make_model
from procure.model.choices import READ_ONCE
from procure.model.file import MAX_MODEL_BYTES
from procure.model.paths import choice_paths, place_of
from procure.program.solve import solve_market

HEAD = '[model]\nname = "mine"\nyears = [2027, 2028]\n'
LIMIT = HEAD + '[[limits]]\nname = "cap"\n'
TABLES = {
    "elements": "element,class_default\nCu,metal\nSn,metal\n",
    "demand": "element,year,value\nCu,2027,100\nSn,2027,10\n",
    "prices": "element,layer,value\nCu,contract,10\nSn,contract,30\n",
    "suppliers": "supplier,country\nmine,Chile\nmill,Peru\n",
    "offers": "supplier,element,year,value\nmine,Cu,2027,80\nmill,Cu,2027,60\nmill,Sn,2027,20\n",
    "states": "chain,state,value,order\nmine,open,20,0\nmine,shut,6,1\n",
    "transitions": "chain,from,to,value\nmine,open,shut,0.5\nmine,shut,open,2\n",
    "depths": "chain,scope,state,value\nmine,all,shut,1\n",
    "shortage": "scope,tier,attribute,value\nall,1,width,1\nall,1,cost,500\n",
}
OWN = HEAD + 'facts = "tables"\nextend = false\n'


def faults(call, *arguments, **named) -> list[str]:
    with pytest.raises(DataError) as caught:
        call(*arguments, **named)
    assert caught.value.exit_status == 2
    assert all(fault.where and fault.seen and fault.rule for fault in caught.value.faults)
    return [str(fault) for fault in caught.value.faults]


def write(folder: Path, text: str | bytes = OWN, **tables: str) -> Path:
    """A model file with its facts folder beside it; a table given as '' is left out."""
    path = folder / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "tables").mkdir(exist_ok=True)
    for name, rows in {**TABLES, **tables}.items():
        if rows:
            (folder / "tables" / f"{name}.csv").write_bytes(rows if isinstance(rows, bytes) else rows.encode())
    return path


@pytest.fixture(scope="module")
def small() -> Model:
    return load_model("two-class")


@pytest.fixture(scope="module")
def japan() -> Model:
    return load_model("japan")


def objective(model: Model) -> float:
    return solve_market(make_market(model)).objective


# --- what is accepted


def test_the_bundled_models_load():
    assert {"japan", "two-class"} <= set(bundled_models())
    for name, path in bundled_models().items():
        assert load_model(name).name == name == load_model(path).name == load_model(str(path)).name


def test_a_model_of_ones_own_with_its_tables_beside_it(tmp_path):
    model = load_model(write(tmp_path))
    assert model.years == (2027, 2028) and model.facts.value("demand.Cu.2027") == 100
    assert objective(model) > 0


@pytest.mark.parametrize("as_file", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")])
def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path, as_file):
    tables = {name: as_file(rows.encode()) for name, rows in TABLES.items()}
    assert load_model(write(tmp_path, as_file(OWN.encode()), **tables)).settings == load_model(write(tmp_path)).settings


def test_whole_numbers_are_numbers():
    model = make_model({"model": {"name": "m", "years": [2027, 2027]}, "risk": {"alpha": 0, "weight": 1}}, load_facts())
    assert (model.settings.risk.alpha, model.settings.risk.weight) == (0.0, 1.0)


# --- what is refused: the file


NOT_EVEN_A_MODEL = {
    "no name": ("nonesuch", "no bundled model has this name"),
    "nearly a name": ("japn", "did you mean 'japan'?"),
    "no file": ("nonesuch.toml", "no such file"),
    "a name no file system takes": ("x" * 5000 + ".toml", "no such file"),
    "a null in the name": ("a\0b.toml", "no such file"),
}


@pytest.mark.parametrize(("name", "says"), NOT_EVEN_A_MODEL.values(), ids=NOT_EVEN_A_MODEL)
def test_a_model_that_is_not_there(name, says):
    (fault,) = faults(load_model, name)
    assert says in fault and "a bundled name or the path of a .toml file" in fault and len(fault) < 300


BAD_FILES = {
    "not TOML": ("[model\n", "mine.toml: not TOML", "(at line 1, column 7)"),
    "key twice": (HEAD + 'name = "x"\n', "not TOML", "overwrite"),
    "not UTF-8": (
        HEAD.encode() + b'title = { ja = "\x93\xfa" }\n',
        "byte 0x93 in line 4 is not UTF-8",
        "save it as UTF-8",
    ),
    "too large": ("#" * (MAX_MODEL_BYTES + 1), "1,000,001 bytes", "put tables into a facts folder"),
    "a number of 5,000 digits": (HEAD + "discount_rate = " + "9" * 5000, "not TOML", "limit"),
    "nested beyond measure": (HEAD + "elements = " + "[" * 100_000, "not TOML", "close brackets"),
    "empty": ("", "mine.toml, model: the key is missing", "add 'model'"),
}


@pytest.mark.parametrize("case", BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_is_no_model(tmp_path, case):
    text, *says = case
    (fault,) = faults(load_model, write(tmp_path, text))
    assert all(part in fault for part in says), fault


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = write(tmp_path)
    path.chmod(0)
    (fault,) = faults(load_model, path)
    assert "it cannot be read" in fault


# --- what is refused: the choices


BAD_CHOICES = {
    "unknown key": (HEAD + "discount = 1", "mine.toml, model.discount: unknown key 'discount'", "did you mean 'discount_rate'?"),
    "unknown table": (HEAD + "[risks]", "risks: unknown key", "did you mean 'risk'?"),
    "unknown key of a supplier": (HEAD + "[suppliers.china]\nprograms = []", "suppliers.china.programs", "'programmes'?"),
    "unknown key of a limit": (LIMIT + 'kind = "budget"\nmaxx = 1\nmax = 1', "limits.cap.maxx", "did you mean 'max'?"),
    "key missing": ('[model]\nname = "m"', "model.years: the key is missing", "add 'years'"),
    "text for a number": (HEAD + '[risk]\nweight = "0.3"', "risk.weight: value is '0.3'; it is a number", "without quotes"),
    "true for a number": (HEAD + "[risk]\nalpha = true", "risk.alpha: value is True; it is a number"),
    "number for text": (HEAD + "currency = 3", "model.currency: value is 3; it is text", "put it in quotes"),
    "one for true": (HEAD + "extend = 1", "model.extend: value is 1; it is true or false"),
    "half a node": (HEAD + "[world.tree]\nnodes = 2.5", "world.tree.nodes: value is 2.5; it is a whole number"),
    "not a number": (HEAD + "[risk]\nweight = nan", "risk.weight: value is nan; it is a finite number"),
    "infinite": (HEAD + "discount_rate = inf", "model.discount_rate: value is inf; it is a finite number"),
    "a huge number": (HEAD + "[world.tree]\nnodes = 1000000000000", "value is 1000000000000; it is <= 200000"),
    "weight beyond one": (HEAD + "[risk]\nweight = 1.01", "risk.weight: value is 1.01; it is <= 1"),
    "alpha of one": (HEAD + "[risk]\nalpha = 1.0", "risk.alpha: value is 1.0; it is < 1"),
    "negative seed": (HEAD + "[world.tree]\nseed = -1", "world.tree.seed: value is -1; it is >= 0", "check sign"),
    "text for a share of a limit": (LIMIT + 'kind = "share"\nsupplier = "china"\nmax = "0.5"', "limits.cap.max: value is '0.5'"),
    "per cent of a budget": (
        LIMIT + 'kind = "budget"\nmax = "65 %"', "limits.cap.max: value is '65 %'", "a bound is in million USD", "10 bn JPY"
    ),
    "unit of a share": (HEAD + '[risk]\nweight = "5 t"', "risk.weight: value is '5 t'; it is a number"),
    "per cent beyond one": (HEAD + '[risk]\nweight = "101 %"', "risk.weight: value is ", "it is <= 1"),
    "share beyond one": (LIMIT + 'kind = "share"\nsupplier = "china"\nmax = "120 %"', "max is 1.2; a share lies between"),
    "per cent of a multiple": (HEAD + '[shortage]\nscale = "120 %"', "shortage.scale: value is '120 %'; it is a number"),
    "table for a list": (HEAD + "[limits]\nname = 'a'", "limits: value is {'name': 'a'}; it is a list", "[[name]]"),
    "number for a table": ("risk = 3\n" + HEAD, "risk: value is 3; it is a table of keys"),
    "years turned round": ('[model]\nname = "m"\nyears = [2030, 2027]', "value is [2030, 2027]; years run from the first"),
    "half a pair of years": ('[model]\nname = "m"\nyears = [2030]', "model.years: value is [2030]; it is a year, or a list of two"),
    "year outside the range": ('[model]\nname = "m"\nyears = [1027, 2027]', "within 2000 and 2100"),
    "name with spaces": ('[model]\nname = "my model"\nyears = [2027, 2027]', "model.name: value is 'my model'"),
    "unknown language": (HEAD + 'title = { fr = "x" }', "model.title.fr: value is 'fr'; it is one of en, ja"),
    "unknown variant": (HEAD + '[world]\nvariant = "pesimistic"', "world.variant", "did you mean 'pessimistic'?"),
    "elements neither all nor a list": (HEAD + 'elements = "Dy"', "model.elements: value is 'Dy'; it is 'all' or a list"),
    "no elements": (HEAD + "elements = []", "model.elements: there are none; a model has an element"),
    "element twice": (HEAD + 'elements = ["Dy", "Dy"]', "model.elements: 'Dy' stands there again"),
    "number as an element": (HEAD + "elements = [66]", "model.elements.1: value is 66; it is text"),
    "unknown element": (HEAD + 'elements = ["Dx"]', "model.elements: 'Dx' is not an element of the facts"),
    "unknown classes": (HEAD + 'classes = "jogmek"', "model.classes", "did you mean 'jogmec'?"),
    "unknown currency": (HEAD + 'currency = "EUX"', "model.currency: 'EUX' is not a currency of the facts", "'EUR'?"),
    "unknown supplier": (HEAD + "[suppliers.chian]", "suppliers: 'chian' is not a supplier of the facts", "'china'?"),
    "unknown programme": (HEAD + '[suppliers.seabed]\nprogrammes = ["pilott"]', "is not a programme or strategy", "'pilot'?"),
    "programme of a supplier without": (HEAD + '[suppliers.china]\nprogrammes = ["ten"]', "is not a programme or strategy"),
    "unknown chain": (HEAD + '[world]\nstart = { chna = "ban" }', "world.start: 'chna' is not a chain", "'china'?"),
    "unknown state": (HEAD + '[world]\nstart = { china = "bann" }', "world.start.china: 'bann' is not a state of china", "'ban'?"),
    "unknown primary": (HEAD + '[world.tree]\nprimary = "chinna"', "world.tree.primary: 'chinna' is not a chain", "'china'?"),
    "branch in no year": (HEAD + "[world.tree]\nbranch = [2027, 20310]", "world.tree.branch: value is 20310; it is a year"),
    "futures without a table": (HEAD + "[world]\nscenarios = true", "world.scenarios: the table is empty", "scenarios.csv"),
    "unknown kind of limit": (LIMIT + 'kind = "shares"\nmax = 1', "limits.cap.kind: value is 'shares'", "did you mean 'share'?"),
    "limit without a bound": (LIMIT + 'kind = "budget"', "limits.cap: it has no bound; a limit of kind 'budget' has 'max'"),
    "least for most": (LIMIT + 'kind = "budget"\nmin = 1', "limits.cap: it has 'min'", "has 'max' and no 'min'"),
    "both bounds": (LIMIT + 'kind = "stock_days"\nmin = 1\nmax = 2', "it has 'min' and 'max'", "has 'min' and no 'max'"),
    "share without a supplier": (LIMIT + 'kind = "share"\nmax = 0.5', "it has neither", "names a supplier or a country"),
    "share in percent": (LIMIT + 'kind = "share"\nmax = 65\nsupplier = "china"', "max is 65", 'write 0.65 or "65 %"'),
    "negative bound": (LIMIT + 'kind = "budget"\nmax = -1', "max is -1; a bound is >= 0"),
    "bound not a number": (LIMIT + 'kind = "budget"\nmax = nan', "limits.cap.max: value is nan; it is a finite number"),
    "key a limit ignores": (LIMIT + 'kind = "budget"\nmax = 1\nscope = "Dy"', "it has 'scope'", "reads from, to"),
    "limit years turned round": (LIMIT + 'kind = "budget"\nmax = 1\nfrom = 2028\nto = 2027', "from 2028 to 2027"),
    "limit from no year": (LIMIT + 'kind = "budget"\nmax = 1\nfrom = 226', "limits.cap.from: value is 226; it is a year from 2000"),
    "limit on an unknown scope": (LIMIT + 'kind = "stock_days"\nmin = 1\nscope = "heavies"', "is not a class or an element"),
    "limit on an unknown country": (LIMIT + 'kind = "share"\nmax = 1\ncountry = "Chin"', "is not a country", "'China'?"),
    "limit names twice": (
        LIMIT + 'kind = "budget"\nmax = 1\n[[limits]]\nname = "cap"\nkind = "budget"\nmax = 2',
        "two limits are called 'cap'",
        "rename one of them",
    ),
    "limit on what is not bought": (
        HEAD + 'elements = ["La"]\n[[limits]]\nname = "cap"\nkind = "stock_days"\nmin = 1\nscope = "Dy"',
        "limits.cap.scope: 'Dy' holds no element of the model",
    ),
    "override without a reason": (HEAD + '[[overrides]]\nset = "prices.Dy.spot"\nvalue = 1', "overrides.1.reason", "missing"),
    "override with an empty reason": (
        HEAD + '[[overrides]]\nset = "prices.Dy.spot"\nvalue = 1\nreason = " "',
        "overrides.1.reason: value is ' '; it is not empty",
    ),
    "override of nothing": (
        HEAD + '[[overrides]]\nset = "prices.Dy.spott"\nvalue = 1\nreason = "x"',
        "overrides.1.set: prices.Dy.spott: no number has this path",
        "did you mean 'prices.Dy.spot'?",
    ),
    "override below zero": (
        HEAD + '[[overrides]]\nset = "prices.Dy.spot"\nvalue = -1\nreason = "x"',
        "overrides.1: prices.Dy.spot: -1",
        "check sign",
    ),
    "override beyond one": (
        HEAD + '[[overrides]]\nset = "suppliers.china.depth.light.ban"\nvalue = 1.01\nreason = "x"',
        "overrides.1: suppliers.china.depth.light.ban: 1.01",
        "<= 1",
    ),
    "override beyond the bound of its table's unit": (
        HEAD + '[[overrides]]\nset = "shortage.Y.cost.3"\nvalue = 2e6\nreason = "x"',
        "overrides.1: shortage.Y.cost.3: 2e+06",
        "thousand JPY/kg) is a number >= 0 and <= 1.559e+06",
    ),
    "override in a unit of something else": (
        HEAD + '[[overrides]]\nset = "shortage.Y.cost.3"\nvalue = "5 t"\nreason = "x"',
        "overrides.1: shortage.Y.cost.3: unit 't' does not convert to thousand JPY/kg",
    ),
    "override in words": (
        HEAD + '[[overrides]]\nset = "shortage.Y.cost.3"\nvalue = "dear"\nreason = "x"',
        "overrides.1: shortage.Y.cost.3: 'dear' is not a finite number",
        "'330 thousand JPY/kg'",
    ),
    "override that is true": (
        HEAD + '[[overrides]]\nset = "shortage.Y.cost.3"\nvalue = true\nreason = "x"',
        "overrides.1.value: value is True; it is a number, or text with a unit",
    ),
    "override of a list": (
        HEAD + '[[overrides]]\nset = "shortage.Y.cost.3"\nvalue = [1]\nreason = "x"',
        "overrides.1.value: value is [1]; it is a number, or text with a unit",
    ),
    "override of infinity": (
        HEAD + '[[overrides]]\nset = "shortage.Y.cost.3"\nvalue = inf\nreason = "x"',
        "overrides.1: shortage.Y.cost.3: inf is not a finite number",
    ),
    "override twice": (
        HEAD + 2 * '[[overrides]]\nset = "suppliers.china.call_share"\nvalue = 1\nreason = "x"\n',
        "overrides.2.set: 'suppliers.china.call_share.all.2026' is set by override 1 already",
    ),
    "override that breaks a sum": (
        HEAD + '[[overrides]]\nset = "demand_levels.low"\nvalue = 0.5\nreason = "x"',
        "sums to",
        "the sum is 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_CHOICES.values(), ids=BAD_CHOICES)
def test_a_wrong_choice(tmp_path, case):
    text, *says = case
    (fault,) = faults(load_model, write(tmp_path, text))
    assert fault.startswith("mine.toml")
    assert all(part in fault for part in says), fault


# --- what is refused: the tables beside it


BAD_TABLES = {
    "negative price": ({"prices": "element,layer,value\nCu,contract,-10\n"}, "prices.csv row 2, column value: -10", ">= 0"),
    "not a number": ({"prices": "element,layer,value\nCu,contract,nan\n"}, "'nan' is not a number"),
    "text for a number": ({"prices": "element,layer,value\nCu,contract,ten\n"}, "'ten' is not a number"),
    "duplicate rows": ({"demand": TABLES["demand"] + "Cu,2027,90\n"}, "demand.csv row 4: Cu, 2027 again", "row 2"),
    "probability of 1.01": ({"depths": "chain,scope,state,value\nmine,all,shut,1.01\n"}, "1.01", "<= 1"),
    "chances that do not sum to one": ({"projects": "supplier,start,value\nmine,2027,0.9\n"}, "sums to 0.9", "sum is 1"),
    "widths that do not sum to one": (
        {"shortage": "scope,tier,attribute,value\nall,1,width,0.9\nall,1,cost,500\n"}, "sums to 0.9", "sum is 1",
    ),
    "year outside the range": ({"demand": "element,year,value\nCu,1027,100\n"}, "demand.csv row 2, column year: 1027"),
    "a capacity beyond the plausible": ({"offers": "supplier,element,year,value\nmine,Cu,2027,1e9\n"}, "1e+09", "<= 1e+07"),
    "a huge number": ({"offers": "supplier,element,year,value\nmine,Cu,2027,1e999\n"}, "'1e999' is infinite"),
    "unknown element": ({"demand": "element,year,value\nCx,2027,100\n"}, "unknown element 'Cx'", "the valid names are Cu, Sn"),
    "unknown state": ({"depths": "chain,scope,state,value\nmine,all,shutt,1\n"}, "unknown state 'shutt'", "'shut'?"),
    "unknown column": ({"demand": "element,yaer,value\nCu,2027,100\n"}, "unknown column 'yaer'", "did you mean 'year'?"),
    "unknown table": ({"price": "element\nCu\n"}, "price.csv: no table has this name", "did you mean 'prices'?"),
    "an empty table": ({"demand": "element,year,value\n"}, "demand.csv: no rows"),
    "an empty file": ({"demand": "\n"}, "demand.csv: the file is empty"),
    "not UTF-8": ({"suppliers": b"supplier,country\nmine,Per\xfa\n"}, "suppliers.csv: byte 0xfa in row 2 is not UTF-8"),
    "semicolons": ({"demand": "element;year;value\nCu;2027;100\n"}, "separate the cells by commas"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_TABLES.values(), ids=BAD_TABLES)
def test_a_wrong_table(tmp_path, case):
    tables, *says = case
    found = "\n".join(faults(load_model, write(tmp_path, **tables)))
    assert all(part in found for part in says), found


MISSING_FACTS = {
    "element without demand": ({"demand": "element,year,value\nCu,2027,100\n"}, "no row for 'Sn'"),
    "no tiers": ({"shortage": "scope,tier,attribute,value\nCu,1,width,1\nCu,1,cost,9\n"}, "no tiers for 'Sn'"),
    "no price": ({"prices": "element,layer,value\nCu,contract,10\n"}, "no contract price for 'Sn'"),
    "supplier without offer": ({"suppliers": TABLES["suppliers"] + "idle,Peru\n"}, "supplier 'idle'", "enabled = false"),
    "more committed than offered": (
        {"commitments": "supplier,element,year,value\nmine,Cu,2027,90\n"}, "90 t/yr are committed and 80 offered",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISSING_FACTS.values(), ids=MISSING_FACTS)
def test_facts_that_a_model_needs(tmp_path, case):
    tables, *says = case
    model = load_model(write(tmp_path, OWN + 'elements = ["Cu", "Sn"]', **tables))
    found = "\n".join(faults(make_market, model))
    assert all(part in found for part in says), found


@pytest.mark.parametrize("choice", ["../elsewhere", "/etc", "tables/../../elsewhere", "link"])
def test_facts_stay_beside_the_model(tmp_path, choice):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "elsewhere")
    (fault,) = faults(load_model, write(tmp_path / "here", HEAD + f'facts = "{choice}"'))
    assert fault.startswith("mine.toml, model.facts") and "leads outside the model's folder" in fault


def test_a_table_that_leads_elsewhere_is_refused(tmp_path):
    path = write(tmp_path, demand="")
    (tmp_path / "demand.csv").write_text(TABLES["demand"])
    (tmp_path / "tables" / "demand.csv").symlink_to(tmp_path / "demand.csv")
    assert "demand.csv: the file leads out of its folder" in faults(load_model, path)[0]


@pytest.mark.parametrize(
    ("choice", "says"), [("tabels", "did you mean 'tables'?"), ("", "it is not empty"), ("a\\u0000b", "no folder")]
)
def test_facts_that_are_not_there(tmp_path, choice, says):
    (fault,) = faults(load_model, write(tmp_path, HEAD + f'facts = "{choice}"'))
    assert "model.facts" in fault and says in fault


# --- all of them at once


def test_all_faults_of_a_file_come_in_one_list(tmp_path):
    text = HEAD.replace("[2027, 2028]", "[2028, 2027]") + (
        'facts = "tables"\nextend = false\ndiscount = 1\n[risk]\nweight = "0.3"\nalpha = 2.0\n'
        '[[limits]]\nname = "cap"\nkind = "share"\nmax = 0.5\n[[overrides]]\nset = "demand.Cu"\nvalue = 1\n'
    )
    tables = {
        "prices": "element,layer,value\nCu,contract,-10\nSn,contract,ten\n",
        "demand": TABLES["demand"] + "Cu,2027,90\n",
    }
    found = "\n".join(faults(load_model, write(tmp_path, text, **tables)))
    places = (
        "model.years",
        "model.discount",
        "risk.weight",
        "risk.alpha",
        "limits.cap",
        "overrides.1.reason",
        "prices.csv row 2",
    )
    assert all(place in found for place in (*places, "prices.csv row 3", "demand.csv row 4")), found
    assert len(found.splitlines()) == 9


def test_all_unknown_names_come_in_one_list(tmp_path):
    text = OWN + (
        'elements = ["Cu", "Zn"]\n[suppliers.nobody]\n[world]\nstart = { mine = "flooded" }\n[world.tree]\nbranch = [20300]\n'
        '[[overrides]]\nset = "demand.Zn.2027"\nvalue = 1\nreason = "x"\n'
        '[[overrides]]\nset = "demand.Cu.2027"\nvalue = -1\nreason = "x"\n'
    )
    found = faults(load_model, write(tmp_path, text))
    assert len(found) == 6, found


# --- changed copies


BAD_CHANGES = {
    "unknown choice": ({"risk.wieght": 0.5}, "risk.wieght: no choice and no number has this path", "'risk.weight'?"),
    "unknown choice of a supplier": ({"suppliers.china.contract": "none"}, "did you mean 'suppliers.china.contracts'?"),
    "unknown number": (
        {"suppliers.china.depth.controlled_2026_01.bann": 1},
        "'suppliers.china.depth.controlled_2026_01.ban'?",
    ),
    "unknown limit": ({"limits.china_havy_share.max": 1}, "did you mean 'limits.china_heavy_share.max'?"),
    "unknown supplier": ({"suppliers.nobody.enabled": True}, "'nobody' is not a supplier of the facts"),
    "a table of choices": ({"risk": 0.5}, "no choice and no number has this path"),
    "no path at all": ({"": 0.5}, "no choice and no number has this path"),
    "tables of a model that is read": ({"model.facts": "mine"}, "the facts are read already", "load the model again"),
    "text for a number": ({"risk.weight": "0.5"}, "risk.weight: value is '0.5'; it is a number"),
    "text for a fact": ({"prices.Dy.spot": "ten"}, "prices.Dy.spot: 'ten' is not a finite number"),
    "not a number": ({"prices.Dy.spot": float("nan")}, "nan is not a finite number"),
    "unit of something else": ({"prices.Dy.spot": "5 t"}, "unit 't' does not convert to USD/kg", "'960 USD/kg'"),
    "unit of a choice": ({"model.years": "5 yr"}, "model.years"),
    "column of no row": ({"demand.Dy.2030.growth_hihg": 0}, "did you mean 'demand.Dy.2030.growth_high'?"),
    "probability of 1.01": ({"suppliers.china.depth.light.ban": 1.01}, "1.01", "<= 1"),
    "chances that no longer sum to one": ({"demand_levels.low": 0.9}, "sums to", "the sum is 1"),
    "several numbers by one path": (
        {"suppliers.lynas.offers.Dy": 9},
        "names",
        "write one of suppliers.lynas.offers.Dy.20",
    ),
    "limit from no year": ({"limits.china_heavy_share.from": 3030}, "limits.china_heavy_share.from: value is 3030"),
}


@pytest.mark.parametrize("case", BAD_CHANGES.values(), ids=BAD_CHANGES)
def test_a_change_that_makes_no_sense(japan, case):
    changes, *says = case
    found = "\n".join(faults(japan.with_, **changes))
    assert all(part in found for part in says), found


def test_all_wrong_changes_come_in_one_list(japan):
    changes = {"risk.weight": 2, "risk.alfa": 0.9, "prices.Dy.spot": -1, "suppliers.nobody.enabled": True}
    assert len(faults(japan.with_, **changes)) >= 3
    assert len(faults(japan.with_, **{"risk.alfa": 0.9, "prices.Dy.spot": -1, "suppliers.nobody.enabled": True})) == 3


def test_chances_of_one_thing_change_together(japan):
    changed = japan.with_(**{"suppliers.caremag.project.2027": 0.2, "suppliers.caremag.project.never": 0.3})
    assert changed.facts.value("suppliers.caremag.project.never") == 0.3
    document = japan.settings.model_dump(by_alias=True, exclude_unset=True)
    document["overrides"] = [
        {"set": "suppliers.caremag.project.2027", "value": 0.2, "reason": "slower"},
        {"set": "suppliers.caremag.project.never", "value": 0.3, "reason": "slower"},
    ]
    assert make_model(document, load_facts()).facts.value("suppliers.caremag.project.2027") == 0.2


def test_an_override_is_in_the_unit_of_its_table_or_says_its_own(japan, tmp_path):
    """1,200 thousand JPY/kg and 13 bn JPY at 155.9 JPY/USD; a rate set beside them holds for them too."""
    overrides = """
[[overrides]]
set = "shortage.Y.cost.3"
value = 1200
reason = "x"
[[overrides]]
set = "shortage.Y.cost.2"
value = "6400 USD/kg"
reason = "x"
[[overrides]]
set = "suppliers.seabed.programmes.pilot.investment"
value = 13.5
reason = "x"
[[overrides]]
set = "suppliers.lynas.offers.Dy.2028"
value = "7.5 t/month"
reason = "x"
[[overrides]]
set = "suppliers.china.depth.controlled_2026_01.ban"
value = "65 %"
reason = "x"
"""
    expected = {
        "shortage.Y.cost.3": 1.2e6 / 155.9,
        "shortage.Y.cost.2": 6400,
        "suppliers.seabed.programmes.pilot.investment": 13.5e9 / 155.9 / 1e3,
        "suppliers.lynas.offers.Dy.2028": 90,
        "suppliers.china.depth.controlled_2026_01.ban": 0.65,
    }
    model = load_model(write(tmp_path, HEAD + overrides))
    assert {path: model.facts.value(path) for path in expected} == approx(expected)
    same = japan.with_(**expected)  # plain numbers of Python are in the unit of the model
    assert {path: same.facts.value(path) for path in expected} == approx(expected)
    assert model.settings.overrides[1].value == "6400 USD/kg"
    assert Settings.model_validate_json(model.settings.model_dump_json(by_alias=True)) == model.settings
    weak = load_model(write(tmp_path, HEAD + overrides + overrides_of("exchange.JPY", 2 * 155.9)))
    halved = {"shortage.Y.cost.3", "suppliers.seabed.programmes.pilot.investment"}
    assert {path: weak.facts.value(path) for path in expected} == approx(
        {path: value / 2 if path in halved else value for path, value in expected.items()}
    )


def overrides_of(path, value):
    return f'[[overrides]]\nset = "{path}"\nvalue = {value}\nreason = "x"\n'


def test_a_share_among_the_choices_may_be_in_per_cent(japan, tmp_path):
    text = HEAD + 'discount_rate = "3.5 %"\n[risk]\nalpha = "90 %"\nweight = "30%"\n'
    limits = '[[limits]]\nname = "cap"\nkind = "{}"\n{} = "{} %"\n'
    for kind, bound, more in (
        ("share", "max", 'supplier = "china"\n'),
        ("domestic_share", "min", 'country = "China"\n'),
        ("expected_shortage", "max", ""),
        ("shortage_cvar", "max", 'alpha = "80 %"\n'),
    ):
        settings = load_model(write(tmp_path, text + limits.format(kind, bound, 65) + more)).settings
        assert settings.model.discount_rate == 0.035
        assert (settings.risk.alpha, settings.risk.weight, settings.limits[0].bound) == (0.9, 0.3, 0.65)
    assert settings.limits[0].alpha == 0.8
    changed = japan.with_(**{"limits.china_heavy_share.max": "60 %", "risk.weight": "50 %"})
    assert (changed.settings.limits[0].max, changed.settings.risk.weight) == (0.6, 0.5)


def test_a_change_may_say_its_unit(japan):
    changed = japan.with_(**{"suppliers.lynas.offers.Dy.2028": "90 t/yr", "demand.Dy.2030.growth_high": "5 %/yr"})
    assert changed.facts.value("suppliers.lynas.offers.Dy.2028") == 90
    assert changed.facts.value("demand.Dy.2030.growth_high") == 0.05
    written = japan.changed({"shortage.Y.cost.3": 1200, "risk.weight": 0.5}, as_written=True)
    assert written.facts.value("shortage.Y.cost.3") == approx(1.2e6 / 155.9) and written.settings.risk.weight == 0.5


def test_a_path_of_a_column_is_a_number_of_its_table(japan):
    assert japan.table_of("demand.Dy.2030.growth_high") == "demand"
    assert japan.table_of("suppliers.china.rate.normal.ban.pessimistic") == "transitions"
    assert japan.table_of("risk.weight") is None


def test_choices_and_numbers_change_together(japan):
    changed = japan.with_(
        **{
            "risk.weight": np.float32(0.5),
            "world.tree.nodes": np.int64(700),
            "world.tree.branch": [2027],
            "world.start.lynas": "normal",
            "model.title.en": "Another",
            "suppliers.caremag.enabled": False,
            "limits.china_heavy_share.from": 2031,
            "prices.Dy.spot": np.int64(900),
        }
    )
    settings = changed.settings
    assert (settings.risk.weight, settings.world.tree.nodes, settings.world.tree.branch) == (0.5, 700, (2027,))
    assert settings.world.start == {"china": "ban", "lynas": "normal"} and settings.model.title["ja"]
    assert not settings.suppliers["caremag"].enabled and settings.limits[0].first == 2031
    assert changed.facts.value("prices.Dy.spot") == 900
    assert settings.world.tree.seed == japan.settings.world.tree.seed


def test_every_choice_that_is_suggested_can_be_set_and_nothing_else_is_a_choice(japan):
    """Every key of every table is suggested, but for those read once; setting what a file says already changes nothing."""
    settings, suggested = japan.settings, choice_paths(japan.settings, japan.facts)
    written = settings.model_dump(by_alias=True, exclude_unset=True)
    assert len(suggested) == len(set(suggested))
    for name, kind in Settings.takes().items():
        if Settings.below(name) is kind:
            assert {f"{name}.{key}" for key in kind.takes()} - {*READ_ONCE, "world.tree"} <= set(suggested)
    unsaid = object()
    for path in suggested:
        place = place_of(path, settings)
        assert place is not None and path not in READ_ONCE
        there = written
        for part in place:
            there = there[part] if isinstance(part, int) else there.get(part, unsaid) if there is not unsaid else unsaid
        if there is not unsaid:
            assert japan.with_(**{path: there}).settings == settings, path
    for path in (
        "",
        "risk",
        "suppliers.china",
        "limits.nothing.max",
        "risk.weight.x",
        "prices.Dy.spot",
        "overrides.1.value",
    ):
        assert place_of(path, settings) is None


def test_a_change_of_facts_leaves_the_choices_as_they_are(japan):
    assert japan.with_(**{"prices.Dy.spot": 1}).settings is japan.settings
    assert japan.with_(**{"risk.weight": 1}).facts is japan.facts


CHANGES = {
    "risk.weight": st.floats(0, 1),
    "risk.alpha": st.floats(0, 0.99),
    "shortage.scale": st.floats(0, 10),
    "suppliers.lynas.payment": st.sampled_from(["delivered", "ordered"]),
    "prices.light.contract": st.floats(1, 1000),
    "suppliers.china.depth.light.failed": st.floats(0, 1),
    "demand.medium_heavy.2027": st.floats(100, 10_000),
}


@given(st.fixed_dictionaries({}, optional=CHANGES).filter(bool))
@settings(max_examples=25, deadline=None)
def test_a_change_never_touches_the_original_and_can_be_taken_back(small, changes):
    before = small.settings.model_dump_json()
    numbers = {
        path: small.facts.value(path)
        for path in CHANGES
        if not path.startswith(("risk", "shortage")) and "pay" not in path
    }
    cost = objective(small)
    changed = small.with_(**changes)
    assert small.settings.model_dump_json() == before
    assert {path: small.facts.value(path) for path in numbers} == numbers
    choices = {"risk.weight": 0.0, "risk.alpha": 0.95, "shortage.scale": 1.0, "suppliers.lynas.payment": "delivered"}
    back = changed.with_(**{path: {**numbers, **choices}[path] for path in changes})
    assert objective(back) == approx(cost, rel=1e-12)


def test_a_model_cannot_be_changed_in_place(small):
    with pytest.raises(dataclasses.FrozenInstanceError):
        small.settings = None  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        small.settings.risk.weight = 0.5


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda each: (
            st.lists(each, max_size=3)
            | st.dictionaries(
                st.sampled_from([*Settings.model_fields, "name", "kind", "max", "years", "x"]), each, max_size=4
            )
        ),
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_a_file_is_a_fault_and_no_crash(anything):
    document = anything if isinstance(anything, dict) else {"limits": [anything], "model": anything}
    with pytest.raises(DataError) as caught:
        make_model(document, load_facts())
    assert all(isinstance(fault, Fault) for fault in caught.value.faults)
