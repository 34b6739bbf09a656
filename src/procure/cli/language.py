"""`--lang`: the language of what a command says, which every command takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Annotated, Any

import typer

from procure.errors import DataError, Fault, nearest
from procure.languages import LANGUAGES, Language, Said, of_locale

_OPTION = "--lang"
_spoken: ContextVar[Language | None] = ContextVar("language", default=None)

_Lang = Annotated[
    str | None,
    typer.Option(
        _OPTION,
        metavar=Said("LANGUAGE", "言語"),
        help=Said(
            "Of what is said: en or ja; else that of the locale.", "表示の言語: en か ja。省けばロケールの言語。"
        ),
        show_default=False,
    ),
]


def language() -> Language:
    """The language of the command that runs, or of the locale."""
    return _spoken.get() or of_locale()


def hear(arguments: Sequence[str]) -> None:
    """Speak as a command line asks for, before it is understood: the help and a mistake are said in its language, too."""
    asked = None
    for position, word in enumerate(arguments, 1):
        if word == "--":
            break
        option, equals, value = word.partition("=")
        if option == _OPTION:
            asked = value if equals else "".join(arguments[position : position + 1])
    _spoken.set(next((known for known in LANGUAGES if known == asked), None))


def in_japanese(does: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command whose help says in Japanese what its docstring says in English."""

    def said(command: Callable[..., None]) -> Callable[..., None]:
        command.__doc__ = Said(inspect.getdoc(command) or "", does)
        return command

    return said


def spoken(command: Callable[..., None]) -> Callable[..., None]:
    """The command with `--lang` beside its own options."""

    @wraps(command)
    def in_a_language(*args: Any, lang: str | None = None, **options: Any) -> None:
        if lang is not None and lang not in LANGUAGES:
            raise DataError(
                Fault(
                    _OPTION,
                    f"'{lang}'",
                    Said("it is a language procure speaks", "procure の対応言語であること"),
                    nearest(lang, LANGUAGES),
                )
            )
        command(*args, **options)

    own = inspect.signature(command, eval_str=True)
    lang = inspect.Parameter("lang", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_Lang)
    parameters = [*own.parameters.values(), lang]
    in_a_language.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    in_a_language.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del in_a_language.__wrapped__  # its annotations are those of one option less
    return in_a_language
