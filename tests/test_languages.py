"""One mechanism for two languages: what is said stands beside its translation, and every command takes `--lang`."""

from __future__ import annotations

import ast
import pickle
import re
import string
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.errors import DataError, Fault, Infeasible
from procure.languages import COMMA, LANGUAGES, Said, in_language
from procure.words import listed
from test_house import modules


def everything_said() -> Iterator[tuple[str, str, str]]:
    """(module, English, Japanese) of every text that is written in both languages."""
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Said":
                texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
                if len(texts) == 2:
                    yield name, *texts


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_fields():
    told = [*everything_said()]
    assert len(told) > 300
    assert [each for each in told if fields(each[1]) != fields(each[2])] == []
    assert [each for each in told if each[1].strip() and not each[2]] == []
    assert [each for each in told if re.search("[ぁ-んァ-ヶ一-龥]", each[1])] == []


def test_japanese_is_japanese():
    """Of what is more than a name, a unit or marks, every Japanese text has a Japanese character."""
    left = [each for each in everything_said() if re.search("[a-z]{3} [a-z]{2}", each[1]) and each[2].isascii()]
    assert left == []


def test_what_is_put_together_is_said_in_both():
    stock = Said("stock of {days} days", "{days}日分の備蓄")
    both = "Nd: " + stock.format(days=90) + COMMA + Said("firm", "確定")
    assert (str(both), both.ja) == ("Nd: stock of 90 days, firm", "Nd: 90日分の備蓄、確定")
    assert in_language(COMMA.join([stock, "Dy"]), "ja") == "{days}日分の備蓄、Dy"
    assert in_language(listed(["Dy", "Nd", "Tb"], most=2), "ja") == "Dy、Nd ほか1件"
    assert in_language(pickle.loads(pickle.dumps(both)), "ja") == both.ja
    assert all(type(in_language(both, language)) is str for language in LANGUAGES)  # and no more in both


def test_an_error_says_in_japanese_what_it_says_in_english():
    fault = Fault(
        Said("row 7", "7 行目"), "-62", Said("prices are >= 0", "価格は 0 以上"), Said("check the sign", "符号の確認")
    )
    error = DataError([fault])
    assert str(error) == "1 fault in the input:\n  row 7: -62; prices are >= 0. Remedy: check the sign."
    assert (
        in_language(error.message, "ja") == "入力の誤り 1 件:\n  7 行目: -62。規則: 価格は 0 以上。対処: 符号の確認。"
    )
    assert in_language(pickle.loads(pickle.dumps(error)).message, "ja") == in_language(error.message, "ja")
    assert "調達計画はない" in in_language(Infeasible(["a"]).message, "ja")


COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback is not None]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_a_language(command):
    assert "--lang" in CliRunner().invoke(app, [command, "--help"]).output


def run(*arguments: str, **variables: str) -> str:
    own = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "", **variables}
    return CliRunner().invoke(app, list(arguments), env=own).output


def test_the_locale_decides_unless_a_command_does():
    english, japanese = (run("solve", "two-class", "--no-foresight", "--lang", lang) for lang in LANGUAGES)
    assert "Expected supply" in english and "期待供給" in japanese

    def without_seconds(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("two-class:")]

    for variables, expected in (
        ({"LANG": "ja_JP.UTF-8"}, japanese), ({}, english), ({"LC_ALL": "C", "LANG": "ja_JP.UTF-8"}, english),
        ({"LC_MESSAGES": "ja", "LANG": "en_GB.UTF-8"}, japanese),
    ):  # fmt: skip
        assert without_seconds(run("solve", "two-class", "--no-foresight", **variables)) == without_seconds(expected)


def test_an_unknown_language_is_a_fault():
    assert "the valid names are en, ja" in run("models", "--lang", "fr")


def test_in_python_english_is_said_unless_japanese_is_asked_for(monkeypatch):
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    portfolio = procure.solve(procure.load_model("two-class"), foresight=False)
    assert "Expected supply" in str(portfolio) == portfolio.to_text()
    assert "期待供給" in portfolio.to_text("ja")
