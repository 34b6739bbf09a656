"""The model that a command is about, with what `--set` changes in it."""

from __future__ import annotations

import math
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from procure.cli import complete
from procure.cli.metavars import ANSWER_FILE, MODEL
from procure.cli.output import say
from procure.errors import KEEP_ONE, DataError, Fault
from procure.languages import Said
from procure.words import FULL_WIDTH, half_width

if TYPE_CHECKING:
    from procure.model import Model
    from procure.portfolio.portfolio import Portfolio

#: What to do about an option that is written otherwise.
SEE_HELP = Said("see --help", "--help を見る")

ModelName = Annotated[
    str,
    typer.Argument(
        metavar=MODEL,
        help=Said(
            "A bundled name (`procure models`) or a .toml file.",
            "同梱の名前（`procure models` で一覧）か .toml ファイル。",
        ),
        autocompletion=complete.models,
    ),
]
AnswerFile = Annotated[
    Path,
    typer.Argument(
        metavar=ANSWER_FILE,
        help=Said("Written by `procure solve --json`.", "`procure solve --json` が書いたファイル。"),
    ),
]
Solved = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar=MODEL,
        help=Said(
            "What was solved, where its facts are not the bundled ones: a .toml file.",
            "解いたモデルの .toml ファイル。同梱以外のデータで解いたときに指定する。",
        ),
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar=Said("PATH=VALUE", "パス=値"),
        help=Said(
            "Change one choice or number, as often as needed: --set risk.weight=0.5 --set prices.Dy.spot=900. A number is in the "
            "unit in which `procure sources` lists it, or says its own: --set 'shortage.Y.cost.3=6400 USD/kg'.",
            "選択肢か数値を一つ変える（何度でも）: --set risk.weight=0.5 --set prices.Dy.spot=900。数値の単位は "
            "`procure sources` の一覧と同じか、書き添えたもの: --set 'shortage.Y.cost.3=6400 USD/kg'。",
        ),
    ),
]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar=Said("LIMIT", "制約"),
        autocompletion=complete.policies,
        help=Said(
            "Add a limit, as often as needed: one that a policy sets, --limit jogmec-60, or one as a model file writes it, "
            """--limit '{ outage = 0.5, lost = ["china"], months = 12 }'. --set limits.jogmec_60.min=90 changes it.""",
            "制約を加える（何度でも）。政策の制約: --limit jogmec-60、またはモデルファイルと同じ書き方: --limit "
            """'{ outage = 0.5, lost = ["china"], months = 12 }'。変えるには --set limits.jogmec_60.min=90。""",
        ),
    ),
]


def _more_than_zero(seconds: float | None) -> float | None:
    """A time limit, which is some time."""
    if seconds is not None and not seconds > 0:
        said = Said("{seconds} is not a number of seconds above 0.", "{seconds} は 0 より大きい秒数ではない")
        raise typer.BadParameter(said.format(seconds=seconds))
    return seconds


TimeLimit = Annotated[
    float | None,
    typer.Option(
        metavar=Said("SECONDS", "秒"),
        help=Said("Let the solver take this long at most per programme level.", "計画水準ごとの求解時間の上限。"),
        callback=_more_than_zero,
    ),
]


Seeds = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help=Said(
            "Solve so many drawn trees, and say how far their answers differ.",
            "この数だけ抽出したシナリオツリーを解き、回答の違いの幅を示す。",
        ),
    ),
]

Seed = Annotated[
    int,
    typer.Option(
        metavar="S",
        help=Said("The same seed draws the same paths.", "乱数の種。種が同じなら抽出する経路も同じ。"),
        min=0,
    ),
]


def load(
    name: str,
    changes: list[str] | None,
    faults: list[Fault] | None = None,
    *,
    quiet: bool = True,
    limits: Iterable[str] | None = None,
) -> Model:
    """The model with its changes, and more limits, by name or as tables; every fault of what was written in one list.

    Unless `quiet`, the numbers of the facts that were changed are said on stderr, and what falls into no year of the model.
    """
    from procure.model import load_model

    faults = list(faults or ())
    values = _values(changes or [], faults)
    asked = [limit for text in limits or () if (limit := limit_of(text, faults))]
    try:
        model = load_model(name)
    except DataError as error:
        raise DataError([*error.faults, *faults]) from None
    try:
        model = model.limited(*asked) if asked else model
        changed = model.changed(values, as_written=True)
    except DataError as error:
        faults = [*error.faults, *faults]
    if faults:
        raise DataError(faults)
    if not quiet:
        for line in [*_numbers_set(model, changed, values), *changed.settings.left_out()]:
            say(line, sys.stderr)
    return changed


def limit_of(text: str, faults: list[Fault]) -> str | dict[str, Any]:
    """What --limit asks for: a name, or the table that stands in its braces; nothing, and its fault noted, where they hold none."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return dict(tomllib.loads(f"limit = {text}")["limit"])
    except tomllib.TOMLDecodeError as error:
        remedy = Said("for example {example}", "例: {example}").format(
            example="""--limit '{ outage = 0.5, lost = ["china"], months = 12 }'"""
        )
        faults.append(
            Fault(
                f"--limit {text}",
                str(error),
                Said("a limit in braces is a table as a model file has it", "波括弧の制約は、モデルファイルと同じ表"),
                remedy,
            )
        )
        return ""


def answer_or_model(
    name: str,
    changes: list[str] | None,
    faults: list[Fault] | None = None,
    *,
    quiet: bool = True,
    limits: list[str] | None = None,
) -> Portfolio | Model:
    """A kept answer, where a name ends in .json, else the model of that name; `--set` and `--limit` are for models."""
    if not name.endswith(".json"):
        return load(name, changes, faults, quiet=quiet, limits=limits)
    from procure.portfolio.read import read_portfolio

    faults = list(faults or ())
    for given in [*(f"--set {change}" for change in changes or ()), *(f"--limit {limit}" for limit in limits or ())][
        :1
    ]:
        rule = Said("an answer is of the numbers that it was solved with", "結果は解いたときの数値のもの")
        faults.append(
            Fault(
                given,
                Said("{name} is an answer", "{name} は結果ファイル").format(name=name),
                rule,
                Said("name the model instead", "モデルを指定する"),
            )
        )
    try:
        portfolio = read_portfolio(name)
    except DataError as error:
        faults += error.faults
    if faults:
        raise DataError(faults)
    return portfolio


def _numbers_set(before: Model, after: Model, paths: Iterable[str]) -> Iterator[str]:
    """Which numbers of the facts were set, from what, to what and in which unit: a slip of a unit is seen at once."""
    for path in paths:
        if after.table_of(path) is not None:
            old, new = (model.facts.value(path, as_written=True) for model in (before, after))
            unit = after.facts.unit(path, as_written=True)
            style = ".10g" if unit in ("", "year") else ",.10g"  # a year has no thousands
            said = "blank" if math.isnan(old) else f"{old:{style}}"
            yield f"{path}: {said} -> {new:{style}} {'' if unit == '1' else unit}".rstrip()


def _values(changes: list[str], faults: list[Fault]) -> dict[str, Any]:
    """Path and value of every ``--set path=value``."""
    values: dict[str, Any] = {}
    for change in changes:
        path, equals, text = (part.strip() for part in change.partition("="))
        where = f"--set {change}"
        if not equals or not path:
            faults.append(
                Fault(
                    where,
                    (Said("no path", "パスがない") if equals else Said("no =", "= がない")),
                    Said("a change is path=value", "変更は パス=値 と書く"),
                    SEE_HELP,
                )
            )
        elif path in values:
            faults.append(
                Fault(
                    where,
                    Said("{path} is set twice", "{path} を二度設定している").format(path=path),
                    Said("a path is set once", "一つのパスは一度だけ設定する"),
                    KEEP_ONE,
                )
            )
        else:
            before = len(faults)
            value = value_of(where, text, faults)
            if len(faults) == before:
                values[path] = value
    return values


def value_of(where: str, text: str, faults: list[Fault]) -> Any:
    """The value that a text of the command line stands for; None where it stands for none, with its fault noted."""
    try:
        return _literal(text)
    except ValueError as error:
        example: str = Said(
            """for example 0.5, '6400 USD/kg', true, [2027, 2028] or '"two words"'""",
            """例: 0.5、'6400 USD/kg'、true、[2027, 2028]、'"two words"'""",
        )
        if plain := half_width(text):
            example = FULL_WIDTH.format(plain=plain)
        elif re.match(r"[+-]?[0-9]{1,3}(,[0-9]{3})+", text):
            example = Said("write plain digits, without separators", "桁区切りなしの数字で書く")
        seen, rule = (
            Said("the value is {text!r} ({error})", "値は {text!r}（{error}）").format(text=text, error=error),
            Said("a value is a word, or written as in TOML", "値は単語か TOML の書式"),
        )
        faults.append(Fault(where, seen, rule, example))
        return None


def _literal(text: str) -> Any:
    """A value as TOML writes it; a bare word and a number with a unit stand for themselves.

    >>> _literal("0.5"), _literal("[2027, 2028]"), _literal("ban"), _literal("90 t/yr")
    (0.5, [2027, 2028], 'ban', '90 t/yr')
    """
    if text.isidentifier() and text not in ("true", "false", "nan", "inf"):
        return text
    if not text:
        raise ValueError("empty")
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError as error:
        from procure.facts.conversion import quantity

        if quantity(text) is not None:
            return text
        raise ValueError(str(error).partition(" (at")[0].lower()) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if list(document) != ["value"]:
        raise ValueError("more than one value")
    return document["value"]
