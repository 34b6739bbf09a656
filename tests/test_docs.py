"""The session runs and answers what it shows; every page is reached; the built pages are made without a warning (.ci/run)."""

import importlib.util
import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
CELLS = json.loads((DOCS / "session.ipynb").read_text(encoding="utf-8"))["cells"]


def module(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def told(outputs):
    """What a cell answers, as text."""
    return "".join("".join(output.get("text") or output["data"]["text/plain"]) for output in outputs)


def test_the_session_answers_what_it_shows():
    """Words as they stand, numbers to what is lost between two solvers; those of the sketch of Japan move with its figures."""
    number = r"(?<![\w-])-?\d[\d,.]*\b"
    for cell, outputs in zip(CELLS, module("notebook").answers(CELLS), strict=True):
        shown, found = told(cell.get("outputs", [])), told(outputs)
        assert re.sub(number, "", found).split() == re.sub(number, "", shown).split(), "run python docs/notebook.py"
        if "sketch" not in "".join(cell["source"]):
            values = [[float(text.replace(",", "")) for text in re.findall(number, each)] for each in (found, shown)]
            assert values[0] == pytest.approx(values[1], rel=0.02, abs=0.02), "run python docs/notebook.py"


def test_links_of_the_session_lead_somewhere():
    text = "".join("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in link]
    assert len(links) > 3 and all((DOCS / link).exists() for link in links)


def test_every_page_stands_in_the_contents():
    contents = re.findall(
        r"^```\{toctree\}\n(?::[^\n]*\n)*\n(.*?)^```", (DOCS / "index.md").read_text(encoding="utf-8"), re.M | re.S
    )
    listed = {name for block in contents for name in block.split()}
    pages = {
        str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.rglob("*") if path.suffix in (".md", ".ipynb")
    }
    assert {page for page in pages if not any(fnmatch(page, name) for name in listed)} == {"index"}


def test_links_out_of_the_pages_are_handed_over_or_named():
    """A file is handed over, a folder is named, a page and an address stay as they are."""
    read = module("conf")._of_the_repository
    page = DOCS / "house.md"
    assert read("[a](limits.md) [b](https://x.org)", page) == "[a](limits.md) [b](https://x.org)"
    assert read("[`c`](../src/procure/units.py)", page) == "{download}`c <../src/procure/units.py>`"
    assert read("[d](../src/procure/limits) [e](../README.md#x)", page) == "d e"
    assert read("![f](pictures/mix.png)", page) == "![f](pictures/mix.png)"
