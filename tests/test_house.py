"""The house: which room may import which, computed from the source.

Every import counts, inside a function and for the sake of a type too: deferring one only hides that two rooms are one, and whoever
must name the type of what stands above it knows too much.
"""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import procure
from procure.limits import KINDS

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src"
#: Packages that hold no modules, and lie elsewhere.
DATA = {"procure.models", "procure.data"}
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


@cache
def modules() -> dict[str, Path]:
    """Every module by its dotted name; a package by that of its folder."""
    paths = sorted((SOURCE / "procure").rglob("*.py"))
    return {".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def named(tree: ast.AST) -> Iterator[str]:
    """Dotted names of what is imported, wherever that stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say the whole path"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imports() -> dict[str, set[str]]:
    """The dotted names that each module imports: modules of procure as such, what is outside as written."""

    def resolved(name: str) -> str:
        parent = name.rpartition(".")[0]
        return parent if name not in modules() and parent in modules() and name not in DATA else name

    return {
        module: {resolved(name) for name in named(ast.parse(path.read_text(encoding="utf-8")))} - {module}
        for module, path in modules().items()
    }


@cache
def edges() -> set[tuple[str, str]]:
    """Every import of one module of procure by another. The door imports what is public, as it is asked for."""
    known = modules().keys() - {"procure"}
    return {
        (module, name) for module, names in imports().items() if module in known for name in names & modules().keys()
    }


def leads_to(start: str) -> set[str]:
    """All that a module imports, and what that imports."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = (imports()[waiting.pop()] & modules().keys()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def importers(package: str) -> set[str]:
    """The modules that import a package."""
    return {
        module
        for module, names in imports().items()
        if any(name == package or name.startswith(f"{package}.") for name in names)
    }


def room(module: str) -> str:
    """The room of a module: what stands directly in the house; the house itself is none."""
    return f"{module}.".split(".")[1]


def floors() -> list[list[str]]:
    """The rooms as the picture of the README has them, from below."""
    line = next(line for line in README.splitlines() if line.startswith("| `src/procure/` |"))
    picture = line.removeprefix("| `src/procure/` |").partition(", importing")[0]
    return [re.findall(r"\w+", floor) for floor in picture.split("→")]


def test_the_picture_in_the_readme_is_the_listing():
    drawn = [name for floor in floors() for name in floor]
    listed = {path.stem for path in (SOURCE / "procure").iterdir() if path.is_dir() or path.suffix == ".py"}
    assert sorted(drawn) == sorted(listed - {"__init__", "__main__", "__pycache__"})


def test_links_lead_somewhere():
    pages = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("benchmarks/**/*.md")]
    broken = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert len(pages) > 3 and broken == []


def test_the_pages_of_keys_and_tables_are_those_of_the_schema():
    """python docs/reference.py writes them again."""
    pages = runpy.run_path(str(REPOSITORY / "docs" / "reference.py"))["PAGES"]
    for name, page in pages.items():
        current = (REPOSITORY / "docs" / name).read_text(encoding="utf-8") == page()
        assert current, f"docs/{name} is not what the schema says: python docs/reference.py"


def test_every_folder_is_installed():
    folders = {name for name, path in modules().items() if path.name == "__init__.py"}
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    block = project.partition("packages = [")[2].partition("]")[0]
    assert set(re.findall(r'"([\w.]+)"', block)) == folders | DATA


def test_the_door_names_for_type_checkers_what_it_names_when_it_runs():
    door = ast.parse(modules()["procure"].read_text(encoding="utf-8"))
    (types,) = (node for node in door.body if isinstance(node, ast.If))
    public = {name.rpartition(".")[2] for name in named(ast.Module(types.body, []))}
    assert public == set(procure.__all__) - {"__version__"}


def test_the_door_is_imported_by_nobody():
    assert not {module for module, name in edges() if name == "procure"}


def test_no_import_leads_back():
    assert {(module, name) for module, name in edges() if module in leads_to(name)} == set()


def test_rooms_import_downward_only():
    height = {name: position for position, floor in enumerate(floors()) for name in floor}
    height["__main__"] = len(height)  # the command as a process: it imports the command line
    assert {
        (module, name)
        for module, name in edges()
        if room(module) != room(name) and height[room(name)] >= height[room(module)]
    } == set()


def test_the_market_knows_no_linear_program():
    assert not {module for module in importers("procure.lp") if room(module) == "market"}


def test_of_the_linear_programs_only_the_compiler_knows_the_formulation():
    assert {module for module in importers("procure.formulation") if room(module) == "lp"} <= {"procure.lp.compile"}


def test_one_module_talks_to_highs():
    assert importers("highspy") == {"procure.lp.highs"}


def test_pyomo_is_where_the_mathematics_is_written_and_compiled():
    known = {module for module in importers("pyomo") if room(module) not in ("formulation", "limits")}
    assert known == {"procure.lp.compile"}


def test_an_answer_is_printed_without_having_imported_its_report():
    code = """
import sys, procure
answer = procure.solve(procure.load_model("two-class"))
assert not any(name.startswith(("procure.report", "procure.cli", "rich")) for name in sys.modules)
print(answer)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert "What holds it back" in printed.stdout, printed.stderr


def test_the_page_of_limits_names_every_kind_with_its_bound():
    page = (REPOSITORY / "docs" / "limits.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| `(\w+)`", page, re.MULTILINE))
    assert listed == {name: kind.sense for name, kind in KINDS.items()}
