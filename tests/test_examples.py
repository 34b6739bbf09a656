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


def held_against(shown: str, said: str) -> None:
    """Line by line, as far as it is shown, to what is lost between two solvers; paste the new one where it is not.

    A degenerate optimum has several shadow prices, so those are not compared.
    """
    lines = iter(said.splitlines())
    for line in [line for line in shown.splitlines() if line and " saves " not in line]:
        found = next((each for each in lines if words(each) == words(line)), "")
        assert found and numbers(found) == pytest.approx(numbers(line), rel=0.03, abs=2), f"not in the answer: {line}"


@pytest.mark.parametrize(
    "page, model", [("README.md", "japan"), pytest.param("docs/japan-2040.md", "japan-2040", marks=pytest.mark.slow)]
)
def test_the_answer_of_a_page_is_the_answer(page, model):
    (shown,) = blocks(ROOT / page, "text")
    result = CliRunner().invoke(app, ["solve", model])
    assert result.exit_code == 0, result.stderr
    held_against(shown, result.stdout)


def test_the_answers_of_the_motor_maker_are_its_answers(monkeypatch, tmp_path):
    """Every command of its page is run, and what stands below it is what was said."""
    page = ROOT / "docs" / "motor-maker.md"
    pairs = r"^```console\n\$ procure (.*?)\n```\n\n```text\n(.*?)^```"
    asked = re.findall(pairs, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(asked) == len(blocks(page, "console")) == 4
    monkeypatch.chdir(tmp_path)
    for line, shown in asked:
        result = CliRunner().invoke(app, shlex.split(line))
        assert result.exit_code == 0, (line, result.output)
        held_against(shown, result.stdout)


#: Of every question: four elements, few futures.
SMALLER = ("world.tree.nodes=50", "world.tree.branch=[2027]", 'model.elements=["Nd","Tb","Dy","Y"]')
#: And what takes long in it.
FEWER = {
    "solve": ("--no-foresight", "--no-verdict", "--proof", "--force"), "frontier": ("--points", "3"), "hedges": ("--paths", "200"),
    "why": ("--paths", "200", "--most", "1"), "regret": ("--paths", "100"), "corridor": ("--paths", "200", "--volumes", "2"),
    "switch": ("--points", "3"), "sensitivity": ("--most", "2", "--cases", "64"), "evaluate": ("--paths", "200"),
}  # fmt: skip
QUESTIONS = [
    ROOT / "docs" / "questions.md",
    *sorted((ROOT / "docs" / "questions").glob("*.md")),
    ROOT / "docs" / "verify.md",
]


LONGER = ("regret", "corridor", "eighteen")


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] * (page.stem in LONGER)) for page in QUESTIONS],
    ids=lambda page: page.stem,
)
def test_every_question_is_answered_on_a_smaller_tree(page, monkeypatch, tmp_path):
    """Every command of the pages of questions, or it says which limits cannot be kept there; `--help` would not know."""
    monkeypatch.chdir(tmp_path)

    def asked(*words):
        return CliRunner().invoke(app, [*words, *FEWER.get(words[0], ())])

    small = [word for change in SMALLER for word in ("--set", change)]
    for name in ("answer", "base", "mine"):
        assert asked("solve", "japan", "--json", f"{name}.json", "--quiet", *small).exit_code == 0
    for line in re.findall(r"^\$ procure (.*)$", "\n".join(blocks(page, "console")), re.MULTILINE):
        line = re.sub(r"--set world\.tree\.nodes=\d+", "", line)
        words = [word for word in shlex.split(line, comments=True) if word != "mine.toml"]
        if (words[0] == "solve" and len(words) < 2) or words[1:2] == ["--json"]:
            continue  # a model of one's own
        result = asked(*words, *(small if words[1] == "japan" else ()))
        is_kept = result.exit_code == 0 and len(result.output) > 100
        assert is_kept or (result.exit_code == 1 and "no portfolio keeps" in result.stderr), (line, result.output)


NUMBER = re.compile(r"(?<![\w-])-?\d[\d,.]*\b|(?<= )-(?= |$)")


def words(line):
    return NUMBER.sub("", line).split()


def numbers(line):
    """A dash is nothing."""
    return [0.0 if each == "-" else float(each.replace(",", "")) for each in NUMBER.findall(line)]
