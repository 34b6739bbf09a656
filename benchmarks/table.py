"""Run the benchmarks and print what they say: the sweep of the book beside every peer, that of japan, and time per phase.

python benchmarks/table.py                    run sweep and phases (some ten minutes), then print
python benchmarks/table.py results.json ...   print from what pytest-benchmark wrote earlier (--benchmark-json)
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("highspy", "numpy", "scipy", "pyomo", "linopy", "cvxpy", "mpi-sppy")
OURS = "test_procure[book-both]"


def run() -> list[dict[str, Any]]:
    """The results of a run of everything that is not slow."""
    folder = Path(__file__).parent
    with tempfile.TemporaryDirectory() as scratch:
        found = Path(scratch) / "results.json"
        command = [sys.executable, "-m", "pytest", str(folder), "-m", "not slow", f"--benchmark-json={found}"]
        subprocess.run(command, check=True)
        return read([str(found)])


def read(files: list[str]) -> list[dict[str, Any]]:
    """The results in some JSON files of pytest-benchmark, later files first."""
    results: dict[str, dict[str, Any]] = {}
    for file in files:
        for result in json.loads(Path(file).read_text())["benchmarks"]:
            results[result["name"]] = result
    return list(results.values())


def machine() -> str:
    """Processor, Python and library versions, in one line."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return f"{platform.machine()}, Python {platform.python_version()}, " + ", ".join(found)


def show(results: list[dict[str, Any]]) -> str:
    """The tables as Markdown."""
    lines = [machine(), ""]
    by_name = {result["name"]: result for result in results}
    ours = by_name.get(OURS)
    if ours is not None:
        base = ours["stats"]["median"]
        lines += [
            "| sweep of the book, per point | median | times ours | points/s | wall / HiGHS |",
            "|---|--:|--:|--:|--:|",
        ]
        peers = [r for name, r in by_name.items() if name.startswith("test_peer")]
        for result in [ours, *sorted(peers, key=lambda r: r["stats"]["median"])]:
            median = result["stats"]["median"]
            name = "procure" if result is ours else result["param"]
            over = result["extra_info"].get("wall_over_solver")
            lines.append(f"| {name} | {_time(median)} | {median / base:,.0f} | {1 / median:.3g} | {_number(over)} |")
        lines.append("")
    japan = [r for r in results if r["name"].startswith("test_sweep_of_japan")]
    if japan:
        lines += [
            "| sweep of japan | cases | seconds a case | CPU seconds a case | times procure.solve | peak MB |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        for result in japan:
            info = result["extra_info"]
            lines.append(
                f"| {result['name'].removeprefix('test_')} | {info['cases']} | "
                f"{_number(result['stats']['median'] / info['cases'])} | {_number(info.get('cpu_seconds_per_case'))} | "
                f"{_number(info.get('times_solve'))} | {_number(info.get('peak_mb'))} |"
            )
        lines.append("")
    rest = [r for r in results if r is not ours and r not in japan and not r["name"].startswith("test_peer")]
    if rest:
        lines += ["| phase | median | inside HiGHS | wall / HiGHS | peak MB |", "|---|--:|--:|--:|--:|"]
        for result in rest:
            info = result["extra_info"]
            inside = info.get("seconds_in_solver")
            lines.append(
                f"| {result['name'].removeprefix('test_')} | {_time(result['stats']['median'])} | "
                f"{'' if inside is None else _time(inside)} | {_number(info.get('wall_over_solver'))} | "
                f"{_number(info.get('peak_mb'))} |"
            )
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{seconds:,.2f} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    print(show(read(sys.argv[1:]) if sys.argv[1:] else run()))
