"""One mechanism for two languages: what is said stands beside its translation, and every command takes `--lang`."""

from __future__ import annotations

import ast
import pickle
import re
import string
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

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


#: What a fault is made of, by the names of the arguments; a helper that makes one has the place or two of them too.
PARTS = ("where", "seen", "rule", "remedy")
#: What makes one, with the names of what is given to it by position.
MAKERS = {"Fault": PARTS, "wrong": PARTS[1:], "SolverError": ("message",)}
#: Two words of English in a row; a word alone, which is no part of a path; what is typed as it stands; and a key of a place.
SENTENCE, WORD = re.compile(r"\b[a-z]{2,}[,;:]? +[a-z]{2,}\b"), re.compile(r"(?<![\w./'-])[a-z]{3,}(?![\w./'\[])")
TYPED = re.compile(r"pip install |procure [a-z]+$|latin hypercube$")
KEY_OF_PLACE = re.compile(r"…, [a-z]+(…?: ?…?|, …)?$")


class Source:
    """A module as it is written: what its names stand for."""

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.above = {inner: node for node in ast.walk(self.tree) for inner in ast.iter_child_nodes(node)}
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}
        classes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]
        self.of_classes = assigned(*classes)
        self.imported = {
            each.asname or each.name: (str(node.module), each.name)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom)
            for each in node.names
        }

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The functions that a node stands in, innermost first, and the module."""
        while node in self.above:
            node = self.above[node]
            if isinstance(node, ast.FunctionDef | ast.Module):
                yield node

    def texts(self, node: ast.AST | None, told: set[ast.AST]) -> Iterator[ast.Constant | ast.JoinedStr]:
        """The texts in one language that an expression may come to, followed through names and functions."""
        if node is None or node in told:
            return
        told.add(node)
        match node:
            case ast.Constant(value=str()) | ast.JoinedStr():
                yield node
            case ast.Call(func=ast.Name(id="Said")):
                return
            case ast.Call(func=ast.Attribute(value=frame, attr="format" | "join"), args=args, keywords=keywords):
                for part in (frame, *args, *(keyword.value for keyword in keywords)):
                    yield from self.texts(part, told)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                at, name = self.at(name)
                for returned in ast.walk(at.functions[name]) if name in at.functions else ():
                    if isinstance(returned, ast.Return):
                        yield from at.texts(returned.value, told)
            case ast.Name(id=name):
                yield from self.of_name(node, name, told)
            case ast.Attribute(attr=name):
                for source in sources().values():
                    for value in source.of_classes.get(name, ()):
                        yield from source.texts(value, told)
            case ast.IfExp() | ast.BoolOp() | ast.BinOp() | ast.NamedExpr() | ast.List() | ast.Tuple() | ast.Starred():
                for part in ast.iter_child_nodes(node):
                    if part is not getattr(node, "test", None):
                        yield from self.texts(part, told)
            case ast.GeneratorExp(elt=part) | ast.ListComp(elt=part):
                yield from self.texts(part, told)

    def of_name(self, node: ast.AST, name: str, told: set[ast.AST]) -> Iterator[ast.Constant | ast.JoinedStr]:
        for scope in self.around(node):
            if isinstance(scope, ast.FunctionDef) and name in parameters(scope):
                return
            if name in (given := assigned(scope)):
                for value in given[name]:
                    yield from self.texts(value, told)
                return
        at, name = self.at(name)
        for value in assigned(at.tree).get(name, ()) if at is not self else ():
            yield from at.texts(value, told)

    def at(self, name: str) -> tuple[Source, str]:
        """Where a name comes from, and what it is called there."""
        module, own = self.imported.get(name, ("", name))
        return (sources()[module], own) if module in modules() else (self, name)


def parameters(function: ast.FunctionDef) -> list[str]:
    of = function.args
    return [each.arg for each in (*of.posonlyargs, *of.args, *of.kwonlyargs) if each.arg not in ("self", "cls")]


@cache
def assigned(*scopes: ast.AST) -> Mapping[str, list[ast.expr]]:
    """What is assigned to each name in a function, or in a module outside of functions."""
    found = defaultdict[str, list[ast.expr]](list)

    def note(target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, of_it in zip(target.elts, value.elts, strict=False):
                note(one, of_it)
        elif isinstance(target, ast.Name) and value is not None:
            found[target.id].append(value)

    for scope in scopes:
        for node in ast.walk(scope) if isinstance(scope, ast.FunctionDef) else ast.iter_child_nodes(scope):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    note(target, node.value)
            elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
                note(node.target, node.value)
            elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Tuple):
                for each in node.iter.elts:
                    note(node.target, each)
    return found


@cache
def sources() -> dict[str, Source]:
    return {name: Source(path.read_text(encoding="utf-8")) for name, path in modules().items()}


def parts_of_faults(source: Source, makers: Mapping[str, tuple[str, ...]]) -> Iterator[ast.expr]:
    """What is given, for the parts of a fault, to whatever makes one."""
    for call in ast.walk(source.tree):
        match call:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in makers or name == "replace":
                given = [*zip(makers.get(name, ()), call.args, strict=False)]
                given += [(str(keyword.arg), keyword.value) for keyword in call.keywords]
                yield from (value for part, value in given if part in (*PARTS, "message"))


def is_english(text: ast.Constant | ast.JoinedStr) -> bool:
    """Whether a text is a sentence of English, or has English between its fields."""
    if isinstance(text, ast.Constant):
        return bool(SENTENCE.search(str(text.value))) and not TYPED.match(str(text.value))
    whole = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in text.values)
    return bool(WORD.search(KEY_OF_PLACE.sub("", whole))) and not TYPED.match(whole)


def english_faults() -> Iterator[tuple[str, int, str]]:
    """(module, line, text) of every sentence of a fault that is English in Japanese too."""
    makers = dict(MAKERS)
    for source in sources().values():
        makers |= {
            name: tuple(names)
            for name, function in source.functions.items()
            if len({*PARTS} & {*(names := parameters(function))}) > ("where" not in names) and name not in MAKERS
        }
    found = set()
    for source in sources().values():
        for part in parts_of_faults(source, makers):
            for node in source.texts(part, set()):
                if is_english(node):
                    at = next(name for name, other in sources().items() if node in other.above)
                    found.add((at, node.lineno, ast.unparse(node)))
    yield from sorted(found)


def test_english_is_found_through_names_and_functions():
    source = Source("""
_RULE, _MEND = "they sum to 1", Said("rescale them", "比例して直す")
def said_of(law):
    return f"sums to {law:g}"
def check(where, law):
    seen, remedy = said_of(law), _MEND if law else "check the sign"
    raise DataError(Fault(where, seen, _RULE, remedy))
def ask(path):
    check(f"{path}, column {path}", 2)
    check(f"{path}, limits.{path}", 2)
""")
    parts = parts_of_faults(source, {**MAKERS, "check": ("where", "law")})
    found = [ast.unparse(text) for part in parts for text in source.texts(part, set()) if is_english(text)]
    assert set(found) == {"f'sums to {law:g}'", "'they sum to 1'", "'check the sign'", "f'{path}, column {path}'"}


def test_every_fault_is_said_in_both_languages():
    """No sentence of a fault is a plain text, and none is put together by an f-string, which leaves the Japanese behind."""
    assert [*english_faults()] == []


def test_what_is_said_alike_in_english_is_said_alike_in_japanese():
    """Of texts of three words and more: what one word means may hang on where it stands."""
    japanese: dict[str, set[str]] = {}
    for _, en, ja in everything_said():
        if len(en.split()) > 2:
            japanese.setdefault(en, set()).add(ja)
    assert {en: ja for en, ja in japanese.items() if len(ja) > 1} == {}


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
