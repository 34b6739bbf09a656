"""Every example runs: in docstrings, in the README and in docs/."""

import doctest
import importlib
import io
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import procure
from procure.cli import app

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted(module.name for module in pkgutil.walk_packages(procure.__path__, "procure."))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(test: doctest.DocTest) -> None:
    report = io.StringIO()
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.write, clear_globs=False)
    if report.getvalue():
        pytest.fail(report.getvalue(), pytrace=False)


@pytest.mark.parametrize("name", ["procure", *MODULES])
def test_docstrings(name):
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        run(test)


@pytest.fixture(autouse=True)
def _in_the_clone(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_of_pages(page):
    """Blocks of a page follow one another, as a reader would type them."""
    session = {}
    for number, block in enumerate(blocks(page, "python")):
        test = doctest.DocTestParser().get_doctest(block, session, f"{page.name}, block {number}", str(page), 0)
        assert test.examples, "a python block shows what it answers, after >>>"
        run(test)
        session = test.globs


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_pages(page):
    """Commands of console blocks are answered; those that solve are tried with --help, which costs no minute."""
    for line in re.findall(r"^\$ procure (.*)$", "\n".join(blocks(page, "console")), re.MULTILINE):
        words = shlex.split(line, comments=True)
        if words[0] not in ("check", "models", "sources"):
            words.append("--help")
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, (line, result.output)


def test_the_answer_of_the_readme_is_the_answer():
    """Line by line, as far as it is shown, to what is lost between two solvers; paste the new one where it is not.

    A degenerate optimum has several shadow prices, so those are not compared.
    """
    (shown,) = blocks(ROOT / "README.md", "text")
    result = CliRunner().invoke(app, ["solve", "japan"])
    assert result.exit_code == 0, result.stderr
    lines = iter(result.stdout.splitlines())
    for line in [line for line in shown.splitlines() if line and " saves " not in line]:
        found = next((each for each in lines if words(each) == words(line)), "")
        assert found and numbers(found) == pytest.approx(numbers(line), rel=0.03, abs=2), f"not in the answer: {line}"


def test_the_answers_of_the_motor_maker_are_its_answers(monkeypatch, tmp_path):
    """Every command of its page is run, and what stands below it is line by line what was said, as far as it is shown."""
    page = (ROOT / "docs" / "motor-maker.md").read_text(encoding="utf-8")
    asked = re.findall(r"^```console\n\$ procure (.*?)\n```\n\n```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(asked) == len(blocks(ROOT / "docs" / "motor-maker.md", "console")) == 4
    monkeypatch.chdir(tmp_path)
    for line, shown in asked:
        result = CliRunner().invoke(app, shlex.split(line))
        assert result.exit_code == 0, (line, result.output)
        said = iter(result.stdout.splitlines())
        for row in filter(None, shown.splitlines()):
            found = next((each for each in said if words(each) == words(row)), "")
            assert found and numbers(found) == pytest.approx(numbers(row), rel=0.03, abs=2), f"not in the answer: {row}"


NUMBER = re.compile(r"(?<![\w-])-?\d[\d,.]*\b|(?<= )-(?= |$)")


def words(line):
    return NUMBER.sub("", line).split()


def numbers(line):
    """A dash is nothing."""
    return [0.0 if each == "-" else float(each.replace(",", "")) for each in NUMBER.findall(line)]
