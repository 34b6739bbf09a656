"""Runs docs/session.ipynb and writes what its cells answer: python docs/notebook.py."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).resolve().parent / "session.ipynb"


def answers(cells: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """What every cell answers, run one after the other in one session: what it prints, and the value of its last line."""
    session: dict[str, Any] = {}
    return [_answer("".join(cell["source"]), session) if cell["cell_type"] == "code" else [] for cell in cells]


def _answer(source: str, session: dict[str, Any]) -> list[dict[str, Any]]:
    body = ast.parse(source).body
    last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "<cell>", "exec"), session)
        value = None if last is None else eval(compile(last, "<cell>", "eval"), session)
    outputs = []
    if printed.getvalue():
        outputs.append(
            {"output_type": "stream", "name": "stdout", "text": printed.getvalue().splitlines(keepends=True)}
        )
    if value is not None:
        plain = str(value) if not isinstance(value, str) else repr(value)
        data = {"text/plain": plain.splitlines(keepends=True)}
        outputs.append({"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": data})
    return outputs


if __name__ == "__main__":
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    for cell, outputs in zip(notebook["cells"], answers(notebook["cells"]), strict=True):
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs
    NOTEBOOK.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
