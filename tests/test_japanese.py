"""Every screen in Japanese: nothing of its English is left but names, paths and units."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from procure.cli import app
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
