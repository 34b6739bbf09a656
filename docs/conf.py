"""How the documentation is built: sphinx-build -W docs build/docs.

The pages are Markdown that is read on a forge as it stands. Links that lead out of docs/ lead to the files themselves.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent

project, author = "procure", "The procure authors"
copyright = author
release = version = installed("procure")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown", ".ipynb": "markdown"}
exclude_patterns = ["**/_build"]
html_theme = "furo"
html_title = f"procure {release}"
html_copy_source = False
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
default_role = "code"  # a single backtick, as on a forge
autodoc_typehints = "none"  # the parameters are described, with their units
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "exclude-members": "to_text"}
napoleon_google_docstring = False
napoleon_use_ivar = True
suppress_warnings = ["myst.header", "config.cache"]


def _as_markdown(notebook: str) -> str:
    """The cells of a notebook one after the other, with what they answered."""
    parts = []
    for cell in json.loads(notebook)["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
        for output in cell.get("outputs", ()):
            told = "".join(output.get("text", output.get("data", {}).get("text/plain", "")))
            parts.append(f"```text\n{told.rstrip()}\n```")
    return "\n\n".join(parts)


def _of_the_repository(text: str, page: Path) -> str:
    """Links that lead out of docs/: a file is handed over, a folder and what is no page are named only."""

    def link(match: re.Match[str]) -> str:
        words, target = match.groups()
        path = (page.parent / target.partition("#")[0]).resolve()
        if "://" in target or not target.partition("#")[0] or (path.is_relative_to(DOCS) and path.is_file()):
            return match.group()
        if path.is_dir() or path.suffix == ".md":
            return words
        return f"{{download}}`{words.strip('`')} <{target}>`"

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", link, text)


def _interface() -> str:
    """Every public name, room by room, to be described by its docstring."""
    import inspect

    import procure

    rooms: dict[str, list[str]] = {}
    for name in sorted(procure._HOME, key=lambda name: (not name[0].isupper(), name.lower())):
        rooms.setdefault(procure._HOME[name].split(".")[0], []).append(name)
    parts = []
    for room, names in rooms.items():
        lines = [
            f".. {'autoclass' if inspect.isclass(getattr(procure, name)) else 'autofunction'}:: procure.{name}"
            for name in names
        ]
        doc = (inspect.getdoc(__import__(f"procure.{room}", fromlist=[room])) or "").split("\n")[0]
        parts.append(f"## {room}\n\n{doc}\n\n```{{eval-rst}}\n" + "\n".join(lines) + "\n```")
    return "\n\n".join(parts)


def _read(app: Any, name: str, source: list[str]) -> None:
    page = Path(app.env.doc2path(name))
    if page.suffix == ".ipynb":
        source[0] = _as_markdown(source[0])
    source[0] = _of_the_repository(source[0], page)
    if name == "api":
        source[0] += "\n" + _interface()


def _examples(app: Any, what: str, name: str, described: Any, options: Any, lines: list[str]) -> None:
    """An example that stands after the sections of a docstring is one of its own, and a bar is a bar."""
    lines[:] = [re.sub(r"\|(\w+)\|", r"``|\1|``", line) if "``" not in line else line for line in lines]
    first = next((number for number, line in enumerate(lines) if line.startswith(">>> ")), None)
    if first is not None and any(re.fullmatch(r"-{3,}", line) for line in lines[:first]):
        lines[first:first] = ["Examples", "--------"]


def setup(app: Any) -> None:
    """Have pages and docstrings read so."""
    app.connect("source-read", _read)
    app.connect("autodoc-process-docstring", _examples, priority=400)  # before the sections are taken apart
