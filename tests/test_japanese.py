"""Every screen and all help in Japanese: nothing of its English is left but names, paths and units."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from procure.cli import app
from procure.languages import LANGUAGES
from procure.model import bundled_models, load_model

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
    columns = [table[name] for table in facts.tables.values() for name in table.select_dtypes(["object", "str"])]
    texts = {str(value) for column in columns for value in column} | {*facts.paths()}
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


#: What the faults below quote.
QUOTED = {"japn", "none", "none.toml", "risk.wieght", "high", "chian", "suppliers.chian.enabled", "model.highlight"}


@pytest.mark.parametrize(
    "command",
    [
        "solve japn", "solve none.toml", "solve two-class --set risk.wieght=0.5", "solve two-class --set risk.weight=high",
        "solve two-class --set risk.weight=1.5", "solve two-class --set risk.weight=0.5 --set risk.weight=0.6",
        "solve two-class --set suppliers.chian.enabled=true", "solve two-class --json /",
        "ranges two-class --element Xx",
    ],
)  # fmt: skip
def test_a_fault_is_japanese(command):
    """Its frame, and what was seen, the rule and the remedy of what is mistaken most."""
    told = japanese(*command.split())
    assert "入力の誤り" in told
    words = [word for word in left_in(told.partition(":\n")[2].replace("\n", " ")) if word not in QUOTED]
    assert words == [], told


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
