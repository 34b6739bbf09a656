"""The help and mistaken command lines: in English typer tells them, in Japanese this does, by what stands with each option.

In a terminal that is too narrow for typer this tells the help in English, too.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from procure.cli.language import hear, language
from procure.cli.output import say
from procure.languages import Said, in_language

if TYPE_CHECKING:
    _Base = TyperCommand
else:
    _Base = object
#: What every mistaken command line raises; typer has no public name for it.
_UsageError: Any = typer.BadParameter.__mro__[1]

#: The columns of the help: of a wide terminal no more are used; of options and texts side by side, the options have at most so
#: many, and where the texts have fewer they stand below.
_WIDEST, _NARROWEST, _OPTIONS, _TEXTS, _INDENT = 80, 40, 32, 30, 2
_OF_TYPER = 52  # columns, in fewer of which it writes beyond the end of a line

_USAGE, _ANY_OPTION, _ANY_COMMAND = (
    Said("Usage: {command} {words}", "使い方: {command} {words}"),
    Said("[OPTIONS]", "[オプション]"),
    Said("COMMAND [ARGS]...", "コマンド ..."),
)
_GROUPS = {
    "argument": Said("Arguments", "引数"),
    "option": Said("Options", "オプション"),
    "command": Said("Commands", "コマンド"),
}
_DEFAULT, _REQUIRED = Said("default: {value}", "既定: {value}"), Said("required", "必須")
_NOTES, _BETWEEN = Said("  [{notes}]", "（{notes}）"), Said("; ", "、")
#: What a number is, by its type: any, one with a least value, one with two ends.
_NUMBERS = {
    int: (
        Said("a whole number", "整数"),
        Said("x>={least}", "{least} 以上の整数"),
        Said("{least}<=x<={most}", "{least} ～ {most} の整数"),
    ),
    float: (
        Said("a number", "数値"),
        Said("x>={least}", "{least} 以上の数値"),
        Said("{least}<=x<={most}", "{least} ～ {most} の数値"),
    ),
}

#: What typer gives to options of its own.
_TYPER_HELP = {
    "Show this message and exit.": "この説明を表示して終了する。",
    "Install completion for the current shell.": "現在のシェルに補完を設定する。",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "現在のシェルの補完を、写しや手直しのために表示する。"
    ),
}
#: What typer says of a mistaken command line.
_TYPER_FAULTS = {
    r"No such command '(?P<name>.*?)'\.?( Did you mean (?P<near>.*)\?)?": "コマンド '{name}' はない",
    r"No such option: (?P<name>\S+)( \((Possible options: )?(?P<near>.*)\)| Did you mean (?P<one>.*)\?)?": (
        "オプション {name} はない"
    ),
    r"Missing command\.?": "コマンドがない",
    r"Got unexpected extra arguments?(\(s\))? \((?P<name>.*)\)": "余分な引数がある: {name}",
    r"Option '(?P<name>.*)' requires .*": "オプション {name} に値がない",
    r"Option '(?P<name>.*)' does not take a value\.?": "オプション {name} は値を取らない",
}


class _Told(_Base):
    """What is told in the language of the command line."""

    def get_help(self, ctx: Any) -> str:
        """The whole help."""
        if language() == "en" and get_terminal_size().columns >= _OF_TYPER:
            return super().get_help(ctx)
        return "\n".join(_help(self, ctx))

    def get_params(self, ctx: Any) -> Any:
        """Its arguments and options, with what is said of them: in the help, and by a shell that completes them."""
        parameters: list[Any] = [*super().get_params(ctx)]
        for each in parameters if language() == "ja" else ():
            said, _, _ = _given(self, each)
            each.help = in_language(said.help, "ja") if said is not None else _TYPER_HELP.get(each.help, each.help)
        return parameters

    def get_short_help_str(self, limit: int = 45) -> str:
        """What a shell says beside the name that it completes."""
        return super().get_short_help_str(limit) if language() == "en" else _does(self)


class Command(_Told, TyperCommand):
    """One command."""


class Commands(_Told, TyperGroup):
    """All of them."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The command line as far as it is understood before a command is looked for."""
        hear(args)
        with _mistakes_told():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        """What the command answers."""
        with _mistakes_told():
            return super().invoke(ctx)


@contextmanager
def _mistakes_told() -> Iterator[None]:
    """A mistaken command line is told in Japanese where that is spoken."""
    try:
        yield
    except _UsageError as error:
        if language() == "en" or type(error).__name__ == "NoArgsIsHelpError":  # which is the help
            raise
        lines = (
            [*_usage(error.ctx.command, error.ctx), f"詳しくは '{error.ctx.command_path} --help'", ""]
            if error.ctx
            else []
        )
        say("\n".join([*lines, f"誤り: {_fault(error)}。"]), sys.stderr)
        raise typer.Exit(error.exit_code) from None


def _fault(error: Any) -> str:
    """What is wrong with a command line."""
    parameter = getattr(error, "param", None)
    if parameter is not None:
        named = "引数 '{}'" if parameter.param_type_name == "argument" else "オプション {}"
        named = named.format(_name(parameter))
        if type(error).__name__ == "MissingParameter":
            return f"{named} がない"
        rule = None if isinstance(error.message, Said) else _range(error.ctx.command, parameter)
        return f"{named} の値が正しくない: {f'{rule.ja}であること' if rule else in_language(error.message, 'ja')}"
    said = error.format_message()
    for pattern, told in _TYPER_FAULTS.items():
        if found := re.fullmatch(pattern, said):
            fields = found.groupdict()
            near = fields.get("near") or fields.get("one")
            return told.format(**fields) + (f"。近いもの: {near}" if near else "")
    return str(said)


def _given(command: Any, parameter: Any) -> tuple[Any, Any, type]:
    """What is said of a parameter where it is defined, its value if none is given, and the type of one value."""
    own = inspect.signature(command.callback).parameters.get(parameter.name)
    if own is None:
        return None, None, str
    annotation: Any = own.annotation
    types = {annotation.__origin__, *getattr(annotation.__origin__, "__args__", ())}
    return annotation.__metadata__[-1], own.default, next(iter(_NUMBERS.keys() & types), str)


def _range(command: Any, parameter: Any) -> Said | None:
    """Which numbers a parameter takes; None where it takes words."""
    said, _, kind = _given(command, parameter)
    if kind not in _NUMBERS:
        return None
    form = _NUMBERS[kind][0 if said.min is None else 1 if said.max is None else 2]
    return form.format(least=said.min, most=said.max)


def _does(command: Any) -> str:
    return str(in_language(command.callback.__doc__, language()))


def _name(parameter: Any) -> str:
    """As it stands on the command line."""
    if parameter.param_type_name == "argument":
        return str(in_language(parameter.metavar or parameter.name, language()))
    return " / ".join(parameter.opts)


def _usage(command: Any, ctx: Any) -> list[str]:
    from procure.report.layout import wrapped

    arguments = [_name(each) for each in command.get_params(ctx) if each.param_type_name == "argument"]
    words = Said(" ", " ").join([_ANY_OPTION, *([_ANY_COMMAND] if isinstance(command, TyperGroup) else arguments)])
    return wrapped(in_language(_USAGE.format(command=ctx.command_path, words=words), language()), _width())


def _help(command: Any, ctx: Any) -> Iterator[str]:
    """The lines of the help: how a command is written, what it does, and every argument, option and command."""
    from procure.report.layout import wrapped

    yield from _usage(command, ctx)
    yield ""
    yield from wrapped(" " * _INDENT + _does(command), _width())
    shown = [each for each in command.get_params(ctx) if not getattr(each, "hidden", False)]
    for kind in ("argument", "option"):
        yield from _group(kind, [_row(command, each) for each in shown if each.param_type_name == kind])
    commands = command.commands if isinstance(command, TyperGroup) else {}
    yield from _group("command", [(name, _does(each)) for name, each in commands.items()])


def _row(command: Any, parameter: Any) -> tuple[str, str]:
    """How a parameter is written, and what it says."""
    said, default, _ = _given(command, parameter)
    notes: list[str] = []
    if parameter.param_type_name == "argument":
        written = _name(parameter)
    else:
        written = ", ".join(sorted(parameter.opts, key=len))
        written += "".join(f" / {other}" for other in parameter.secondary_opts)
        written += f" {in_language(parameter.metavar, language())}" if parameter.metavar else ""
        if isinstance(default, bool):
            names = parameter.opts if default else parameter.secondary_opts
            notes += [_DEFAULT.format(value=name) for name in names[:1]]
        elif default is not None and default is not inspect.Parameter.empty:
            notes.append(_DEFAULT.format(value=default))
        if said is not None and said.min is not None:
            notes.append(_range(command, parameter) or "")
    if parameter.required:
        notes.append(_REQUIRED)
    told = _NOTES.format(notes=_BETWEEN.join(notes)) if notes else ""
    return written, parameter.help + in_language(told, language())


def _group(kind: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    """Rows in two columns below their heading, or where a terminal is narrow each text below its option."""
    from rich.cells import cell_len

    from procure.report.layout import padded, wrapped

    if not rows:
        return
    yield ""
    yield f"{in_language(_GROUPS[kind], language())}:"
    column = min(max(cell_len(written) for written, _ in rows), _OPTIONS) + 2 * _INDENT
    if _width() - column < _TEXTS:
        column = 3 * _INDENT
    for written, text in rows:
        written = " " * _INDENT + written
        lines = wrapped(text, _width() - column)
        if cell_len(written) + _INDENT <= column:
            yield padded(written, column) + lines.pop(0)
        else:
            yield written
        yield from (" " * column + line for line in lines)


def _width() -> int:
    return max(min(get_terminal_size().columns, _WIDEST), _NARROWEST) - _INDENT
