"""Every screen and all help in Japanese: nothing of its English is left but names, paths and units."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from procure import solve
from procure.cli import app
from procure.facts import load_facts
from procure.facts.schema import schema
from procure.languages import LANGUAGES
from procure.limits import KINDS
from procure.model import bundled_models, load_model
from procure.model.choices import Settings
from procure.model.paths import choice_paths
from procure.portfolio.seal import seals
from test_strategies import option
from test_wrong_questions import FRONTIER, NO_END, WRONG

#: What is written alike in every language: what a model file or a command calls something, units, and words of the trade.
ALIKE = {
    "procure",
    "USD/kg",
    "EVPI",
    "VSS",
    "portfolio.limits",
    "t/t",
    "toml",
    "csv",
    "risk.weight",
    "shortage.scale",
    "total-variation",
}


#: What is no word: an option with what it takes, a command, an address.
_SKIPPED = re.compile(r"procure sources \S+|procure [a-z]+|--\S+( [A-Z]+)?|`[^`]*`|https?\S+|[0-9]e-[0-9]+")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]{3,}")


@cache
def names() -> set[str]:
    facts = load_model("two-class").facts
    tables = [*facts.tables.values(), *load_facts().tables.values()]
    columns = [table[name] for table in tables for name in table.select_dtypes(["object", "str"])]
    texts = {text for column in columns for value in column if " " not in (text := str(value))} | {*facts.paths()}
    models = {name: load_model(name).settings for name in bundled_models()}
    given = {limit.name for settings in models.values() for limit in settings.limits}
    sold = {name for settings in models.values() for name in settings.suppliers}
    return (
        {word for text in texts for word in re.split(r"[\s.]", text)} | {*facts.tables, *ALIKE, *models} | given | sold
    )


def left_in(text: str) -> list[str]:
    """Latin words of four letters and more that are no names, paths, options or shares of them."""
    words = _LATIN.findall(_SKIPPED.sub("", text))
    return [word for word in words if word not in names() and not {*word.split(".")} <= names()]


def japanese(*arguments: object) -> str:
    return CliRunner().invoke(app, [*map(str, arguments), "--lang", "ja"]).output


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "answer.json"
    japanese("solve", "two-class", "--json", path)
    return path


@pytest.mark.parametrize(
    "command",
    [
        "solve two-class --value-of-information", "check two-class", "models", "ranges two-class", "hedges two-class",
        "frontier two-class --limit risk.weight --from 0 --to 0.5 --points 3", "sensitivity two-class",
        "sources two-class --table shares", "show KEPT", "evaluate KEPT --paths 200", "verify KEPT",
        "corridor two-class --supplier lynas --element medium_heavy --volumes 2", "ambiguity two-class",
        "regret two-class --no-resolve --reading IMF:shortage.scale=2",
        "switch two-class shortage.scale --low 0.5 --high 3 --points 2 --first-of medium_heavy",
    ],
)  # fmt: skip
def test_a_screen_is_japanese(command, kept):
    told = japanese(*command.replace("KEPT", str(kept)).split())
    assert re.search("[ぁ-ん一-龥]", told)
    assert left_in(told) == [] and "no programmes" not in told, told


def english_in_fault(*words: str) -> list[str]:
    """Where two Latin words follow one another in a fault, but in what was typed or is quoted: names stand between Japanese."""
    told = japanese(*words)
    assert re.search("入力の誤り|証明できない", told), told
    for typed in sorted(words, key=len, reverse=True):
        told = told.replace(typed, "")
    told = re.sub(r"'[^']*'", "''", _SKIPPED.sub("", told))
    return re.findall(r"[A-Za-z]{2,} +[A-Za-z]{2,}", told)


@pytest.mark.parametrize(
    "command",
    [
        "solve japn", "solve none.toml", "solve two-class --set risk.wieght=0.5", "solve two-class --set risk.weight=high",
        "solve two-class --set risk.weight=1.5", "solve two-class --set risk.weight=0.5 --set risk.weight=0.6",
        "solve two-class --set suppliers.chian.enabled=true", "solve two-class --json /",
        "ranges two-class --element Xx", "sources --table prise", "sources --sort prise",
        "stress japan --event ban-12 --step day --year 1900", "stress japan --event none.csv",
        "plot KEPT -o a.gif", "plot KEPT -o a.svg --of Xx", "plot KEPT -o a.svg --kind tree --of Xx",
        "evaluate KEPT --paths 3", "evaluate KEPT --model japan", "compare KEPT", "compare KEPT KEPT",
    ],
)  # fmt: skip
def test_a_fault_is_japanese(command, kept):
    """Its frame, and what was seen, the rule and the remedy of what is mistaken most."""
    assert english_in_fault(*command.replace("KEPT", str(kept)).split()) == []


#: What reads TOML says in English alone what is wrong with it.
TOLD_BY_OTHERS = (*FRONTIER, NO_END)


@pytest.mark.parametrize("words", [words for words, _ in WRONG if words != TOLD_BY_OTHERS], ids=" ".join)
def test_a_wrong_question_is_refused_in_japanese(words):
    assert english_in_fault(*words) == []


@pytest.mark.parametrize(
    "grid",
    [
        '[produkt]\n"risk.weight" = [0.1]', '[product]\n"risk.wieght" = [0.1]', "[product]",
        '[product]\n"risk.weight" = { from = 0.5, to = 0.1, steps = 3 }', '[product]\n"shortage.scale" = [-1.0]',
        '[zip]\n"risk.weight" = [0.1]\n"shortage.scale" = [1.0, 2.0]', "[sample]\ndesign = 'sobol'\ncases = 3\n[sample.ranges]",
    ],
)  # fmt: skip
def test_a_wrong_grid_is_refused_in_japanese(grid, tmp_path):
    (tmp_path / "grid.toml").write_text(grid)
    assert english_in_fault("sweep", "two-class", str(tmp_path / "grid.toml"), "--store", str(tmp_path / "store")) == []


@pytest.mark.parametrize(
    ("value", "more", "said"),
    [(-1.0, "", "値は -1.0。規則: >= 0"), (2.0, "--time-limit 1e-7", "制限到達、2: ソルバーが")],
)
def test_why_a_case_has_no_portfolio_is_told_in_japanese(value, more, said, tmp_path):
    """Rows keep it in English."""
    (tmp_path / "grid.toml").write_text(f'[product]\n"shortage.scale" = [1.0, {value}]')
    told = japanese("sweep", "two-class", tmp_path / "grid.toml", "--store", tmp_path / "store", *more.split())
    assert said in told and "The " not in told


def test_what_a_level_needs_is_told_in_japanese():
    """As in `test_strategies`: a plant of 1.5 million USD breaks a purse of 1.2."""
    model = option(["none", "wait"])
    limits = [{"name": "purse", "kind": "budget", "max": 1.2, "tag": "policy"}]
    document = {**model.settings.model_dump(by_alias=True, exclude_unset=True), "limits": limits}
    told = solve(replace(model, settings=Settings.checked(document, model.origin))).to_text("ja", width=200)
    assert "sea wait は実行不能: 必要な緩和 limits.purse.max = 1.5（1.5 百万ドル、現在 1.2 百万ドル）" in told


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> tuple[Path, Path]:
    """The grid of a sweep, and its rows."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "grid.toml").write_text('[product]\n"risk.weight" = [0.0, 0.5]')
    japanese("sweep", "two-class", folder / "grid.toml", "--store", folder / "store")
    return folder / "grid.toml", folder / "store"


@pytest.mark.parametrize(
    "more",
    [
        "--set shortage.scale=2 --verdict", "--column prise", "--shard 9", "--join {grid.parent}", "--csv {grid}",
        "--csv {grid.parent}/a.csv --join {store}",
    ],
)  # fmt: skip
def test_what_a_store_does_not_take_is_said_in_japanese(more, store):
    grid, rows = store
    kept_in = () if "--csv" in more else ("--store", str(rows))
    assert (
        english_in_fault("sweep", "two-class", str(grid), *kept_in, *more.format(grid=grid, store=rows).split()) == []
    )


@pytest.mark.parametrize("broken", ["part-*", "_manifest.json"])
def test_a_store_that_was_changed_is_refused_in_japanese(broken, store, tmp_path):
    grid, rows = store
    shutil.copytree(rows, tmp_path / "store")
    (path,) = (tmp_path / "store").glob(broken)
    path.write_bytes(path.read_bytes().replace(b"two-class", b"two_class"))
    assert english_in_fault("sweep", "two-class", str(grid), "--store", str(tmp_path / "store")) == []


def broken_answers() -> Iterator[tuple[str, Callable[[dict[str, Any]], Any]]]:
    """What is wrong with an answer, and how it comes to that."""
    yield "release", lambda answer: answer.update(version=1)
    yield "key", lambda answer: answer.pop("summary")
    yield "unknown key", lambda answer: answer.update(sumary={})
    yield "cell", lambda answer: answer["frames"]["costs"].update(expected_musd=["a"] * 9)
    yield "frame", lambda answer: answer["frames"].update(costs=3)
    yield "column", lambda answer: answer["frames"]["costs"].pop("component")
    yield "lengths", lambda answer: answer["frames"]["costs"]["component"].pop()
    yield "proof", lambda answer: answer.update(proof={})
    yield "format", lambda answer: answer.update(format="procure.prise")


@pytest.mark.parametrize("command", ["show", "verify"])
@pytest.mark.parametrize(
    "change", [change for _, change in broken_answers()], ids=[name for name, _ in broken_answers()]
)
def test_a_broken_answer_is_refused_in_japanese(command, change, kept, tmp_path):
    answer = json.loads(kept.read_text())
    change(answer)
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    assert english_in_fault(command, str(tmp_path / "answer.json")) == []


@pytest.fixture(scope="module")
def proved(tmp_path_factory) -> dict[str, Any]:
    """An answer with its proof."""
    path = tmp_path_factory.mktemp("proved") / "answer.json"
    japanese("solve", "two-class", "--json", path, "--proof")
    return json.loads(path.read_text())


def told_otherwise(answer: dict[str, Any]) -> None:
    answer["frames"]["costs"]["expected_musd"][0] += 1.0
    answer["frames"]["programmes"]["status"] = ["infeasible"]
    answer["summary"]["gap"] = 1.0
    answer["name"] = "japan"


def decided_otherwise(answer: dict[str, Any]) -> None:
    (level,) = answer["proof"]["levels"]
    level["multipliers"] = level["decisions"]


@pytest.mark.parametrize("change", [told_otherwise, decided_otherwise])
@pytest.mark.parametrize("is_sealed", [False, True])
def test_what_is_not_proved_is_said_in_japanese(change, is_sealed, proved, tmp_path):
    """Both by the seals of its parts, and where these are of what was changed, by arithmetic."""
    answer = deepcopy(proved)
    change(answer)
    if is_sealed:
        answer["proof"]["seals"] = seals(answer)
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    assert english_in_fault("verify", str(tmp_path / "answer.json")) == []


#: An event that starts after its end, has no supplier, an unknown state, and nothing to be held against.
EVENT = """event,attribute,supplier,holder,scope,start,end,state,value,unit,source,status
mine,state,china,,all,10,5,,1,1,nobody,assumed
mine,state,china,,all,20,50,bans,1,1,nobody,assumed
mine,backlog,,,all,0,,,0.5,1,nobody,assumed
mine,delivered,lynas,,all,1,3,,5,t,nobody,assumed
mine,delivered,lynas,,all,2,3,,5,t,nobody,assumed
mine,stock,,,all,0,,,0.5,1,nobody,assumed
mine,horizon,,,all,0,,,9,1,nobody,assumed
"""


@pytest.mark.parametrize(
    "event", [EVENT, EVENT.replace("mine,back", "another,back"), "\n".join(EVENT.splitlines()[::6])]
)
def test_a_wrong_event_is_refused_in_japanese(event, tmp_path):
    (tmp_path / "mine.csv").write_text(event)
    assert english_in_fault("stress", "japan", "--event", str(tmp_path / "mine.csv")) == []


COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback is not None]
#: Values that options take as they are, what is named after people, and kinds of files and programs.
TAKEN = {
    "wasserstein", "known-marginals", "failures", "tornado", "information", "decides", "morris", "sobol", "prices", "value",
    "assumed", "sourced", "unverified", "shortage", "cost", "programmes", "tree", "month", "week", "local", "note", "year",
    "pilot", "heavy", "HTML", "Dask", "docs/sweep.md", "event_paths.csv", "json", "html", "host",
    "ban-12", "april-2025", "jogmec-60", "outage", "lost", "months", "limits.jogmec_60.min", "status", "json...",
}  # fmt: skip


def command_line(words: str, width: int = 80, **variables: str) -> Result:
    """What the command line answers in a terminal of some columns."""
    return CliRunner().invoke(app, words.split(), prog_name="procure", env={"COLUMNS": str(width), **variables})


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_japanese(command):
    """What a command does, its arguments and options with what they take, headings and what typer adds."""
    for width in (80, 40):
        told = command_line(f"{command} --lang ja --help", width).output
        assert [word for word in left_in(told) if word not in {*TAKEN, *COMMANDS}] == [], told
        assert told.startswith(f"使い方: procure {command}".strip()) and "--help" in told
        assert max(map(cell_len, told.splitlines())) <= width
        assert not re.search("^ *[、。）]", told, re.MULTILINE)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_english_help_fits_a_narrow_terminal_in_the_same_words(command):
    """What typer writes at eighty columns but for types and the defaults of switches; commands are listed in full."""
    wide, narrow = (command_line(f"{command} --help --lang en", width).output for width in (80, 40))
    assert max(map(cell_len, narrow.splitlines())) <= 40
    written, as_well = ({*re.sub(r"(<[^>]*>|[][{}])(\.\.\.)?", " ", text).split()} for text in (wide, narrow))
    assert not command or written - {"foresight", "verdict", "resolve", "browser"} <= as_well


def test_help_is_japanese_wherever_the_language_is_asked_for():
    told = command_line("solve --lang ja --help").output
    for words in ("solve --help --lang ja", "--lang ja solve --help", "solve --help --lang=ja"):
        assert command_line(words).output == told
    assert command_line("solve --help", LC_ALL="", LC_MESSAGES="", LANG="ja_JP.UTF-8").output == told
    assert command_line("--lang ja solve --help --lang en").output.startswith("Usage: procure solve ")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_what_stands_in_the_english_help_stands_in_the_japanese(command):
    """Every option, default and bound, and whatever is required."""
    texts = [command_line(f"{command} --help --lang {lang}").output for lang in LANGUAGES]
    written, as_well = ({*re.findall(r"^  (-\S+?)(?=[ ,\n])", text, re.MULTILINE)} for text in texts)
    assert written == as_well and len(written) > 1
    english, told = ("".join(text.split()) for text in texts)
    assert english.count("default:") == told.count("既定:")
    assert english.count("required]") == told.count("必須）")
    assert len(re.findall("x>=[0-9]|<=x", english)) == told.count("の整数")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("slove", "コマンド 'slove' はない。近いもの: 'solve'。"), ("solve", "引数 'モデル' がない。"),
        ("corridor two-class --element Dy", "オプション --supplier がない。"),
        ("solve two-class three", "余分な引数がある: three。"), ("solve two-class --xxxxx", "オプション --xxxxx はない。"),
        ("solve two-class --jsno a", "オプション --jsno はない。近いもの: --json。"),
        ("sweep a b --workers 0", "オプション --workers の値が正しくない: 1 以上の整数であること。"),
        ("explore a --port 70000", "オプション --port の値が正しくない: 0 ～ 65535 の整数であること。"),
        ("ambiguity two-class --high x", "オプション --high の値が正しくない: 数値であること。"),
        ("solve a --time-limit 0", "オプション --time-limit の値が正しくない: 0.0 は 0 より大きい秒数ではない。"),
    ],
)  # fmt: skip
def test_a_mistaken_command_line_is_told_in_japanese(command, expected):
    done = command_line(f"--lang ja {command}")
    assert done.exit_code == 2 and done.stdout == ""
    assert done.stderr.startswith("使い方: procure ") and done.stderr.endswith(f"誤り: {expected}\n")


def test_an_option_without_its_value_is_told_in_japanese():
    assert "オプション --set に値がない。" in command_line("--lang ja solve two-class --set").stderr
    assert "オプション --force は値を取らない。" in command_line("--lang ja solve two-class --force=yes").stderr


def test_a_shell_completes_in_the_language_of_its_locale():
    for words, said in (("procure sol", "モデルの最小費用の調達計画"), ("procure solve --qui", "誤りだけを表示する")):
        own = {"_PROCURE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": words}
        assert said in command_line("", LC_ALL="", LC_MESSAGES="", LANG="ja_JP.UTF-8", **own).output
        assert said not in command_line("", LC_ALL="C", **own).output


#: What cells, keys and units are written with besides.
WRITTEN = {"datapackage", "json", "never", "today", "always", "disruption", "true", "false", "million", "USD"}


@cache
def keys() -> set[str]:
    """What a model file and tables are written with: keys, kinds, columns, attributes, and parts of paths."""
    settings, facts = load_model("japan").settings, load_facts()
    paths = [*choice_paths(settings, facts), *facts.paths()]
    columns = {name for table in schema().values() for name in (*table.columns, *table.attributes)}
    return {part for path in paths for part in path.split(".")} | columns | {*Settings.takes(), *KINDS} | WRITTEN


#: A world of Japan's in one year, with rows of one's own beside the bundled ones.
MINE = """
[model]
name = "japan"
years = 2027
facts = "mine"
"""

#: Mistakes in a model file (what is added to it) and in its tables (name and text), by the room that finds them.
WRONG_WORLDS = {
    "keys": ("[[limits]]\nkind = 'share'\nmax = 2\n[risk]\nradius = 3\nweight = '5'\nalpha = 95\n[stock]\nrelease = 1\n",),
    "limits": (
        "[[limits]]\nname = 'a'\nkind = 'single_source'\nby = 'country'\nmax = 0.5\n"
        "[[limits]]\nname = 'a'\nkind = 'budget'\nmax = '5 t'\n[[limits]]\nstok_days = 9\n",
    ),
    "single source": ("[[limits]]\nsingle_source = 0.5\nby = 'country'\n", ("suppliers", "supplier,country\nlynas,\n")),
    "demand": ("[demand]\nuncertain = 'yearly'\nreadings = { high = 1.5 }\n",),
    "risk": ("[risk]\nambiguity = 'failures'\nradius = 9\n[world.start]\nchina = 'bann'\n",),
    "failures": ("[risk]\nambiguity = 'failures'\nradius = 90\n",),
    "readings": ("[demand]\nreading = 'high'\n",),
    "what is known": ("[world.first]\nseabed_project = 'waiting'\n[[overrides]]\nset = 'risk.wieght'\nreason = 'x'\nvalue = 1\n",),
    "columns": ("", ("terms", "supplier,scope,value\nlynas,all,1\n"), ("offers", "supplier;element\nlynas;Dy\n")),
    "cells": (
        "",
        ("terms", "supplier,scope,attribute,year,value\nlynas,al,price,2027,-5\nlyna,all,pric,2027,x\n"),
        ("stock", "scope,attribute,value,unit\nDy,max_days,９,day\nDy,holding,1,t\n"),
    ),
    "sums": ("", ("projects", "supplier,start,value\ncaremag,2027,0.6\n")),
    "chances": ("", ("transitions", "chain,from,to,attribute,value\nchina,normal,ban,chance_a_year,0.9\n")),
    "an episode for certain": (
        "",
        ("states", "chain,state,kind,order,value\njapan,normal,regime,0,9\njapan,ban,episode,1,6\n"),
        ("transitions", "chain,from,to,attribute,value\njapan,normal,ban,chance_a_year,1\n"),
    ),
    "states": (
        "",
        ("states", "chain,state,kind,order,value\njapan,normal,episode,0,9\njapan,ban,episode,1,6\n"),
        ("transitions", "chain,from,to,attribute,value\njapan,normal,ban,rate,1\njapan,ban,ban,rate,1\n"),
    ),
    "a name taken": ("", ("states", "chain,state,kind,order,value\ndemand,normal,regime,0,9\n")),
    "correlations": (
        "",
        ("correlations", "chain_a,states_a,chain_b,states_b,value\nchina,normal|friction|ban|embargo,lynas,severe,0.5\n"),
    ),
    "shocks": ("", ("shocks", "shock,attribute,chain,state,value\nstorm,forces,lynas,severe,0.5\n")),
    "strategies": (
        "[suppliers.seabed]\nprogrammes = ['plan']\n",
        (
            "strategies",
            "supplier,strategy,after,programme,value\nseabed,plan,works,ten,2020\nseabed,plan,works,five,2020\n",
        ),
    ),
    "verdicts": (
        "[suppliers.seabed]\nprogrammes = ['test_then_ten']\n",
        ("verdicts", "supplier,outcome,start,year,value\nseabed,works,2030,2029,0.9\n"),
    ),
    "scenarios": (
        "[world]\nscenarios = true\n",
        ("scenarios", "scenario,process,state,value\ncalm,china,normal,0.5\nban,chin,bann,0.2\nban,china,bann,0.3\n"),
    ),
    "trees": ("[world.tree]\nbranch = [2027]\n",),
    "commitments": ("", ("commitments", "supplier,element,year,value\nlynas,Dy,2027,900000\n")),
    "terms": ("", ("terms", "supplier,scope,attribute,year,value\nseabed,all,option_fee,2026,1\n")),
    "cap": ("", ("terms", "supplier,scope,attribute,year,value\nlynas,all,cap,2026,1\n")),
    "spot": ("", ("spot", "scope,step,attribute,value\nall,9,limit,0.5\n")),
    "tiers": ("", ("shortage", "scope,tier,attribute,value\nDy,9,width,0.5\n")),
    "nothing offered": ("[suppliers.japan]\n", ("suppliers", "supplier,kind,value\njapan,free,3\n")),
    "a doubled number": ("".join(f"[[overrides]]\nset = 'shortage.Dy.cost.1'\nreason = 'x'\nvalue = {k}\n" for k in (1, 2)),),
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "tables"), [(more, tables) for more, *tables in WRONG_WORLDS.values()], ids=[*WRONG_WORLDS]
)
def test_a_fault_of_a_world_is_japanese(more, tables, tmp_path):
    """Of a model file and of tables of one's own: keys, cells, chains, what couples them, strategies, limits, the market."""
    mine = tmp_path / "mine"
    mine.mkdir()
    for name, text in tables:
        (mine / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(MINE + more, encoding="utf-8")
    told = japanese("solve", tmp_path / "mine.toml", "--no-foresight")
    assert "入力の誤り" in told, told
    typed = {*re.split(r"\W", " ".join([MINE, more, *(text for _, text in tables)]))}
    left = [
        word for word in left_in(told.partition(":\n")[2]) if not {*re.split("[./]", word)} <= typed | keys() | names()
    ]
    assert left == [], told
