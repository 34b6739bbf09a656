"""Draws the pictures of docs/pictures.md again: all of them, or those named.

python docs/pictures.py                 # a quarter of an hour: japan is solved, switched and swept
python docs/pictures.py mix tree        # two minutes
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib

import procure
from procure import plot

FOLDER = Path(__file__).parent / "pictures"
NEVER, BAN = "suppliers.seabed.project.never", "retaliations.seabed.china.friction.ban"


@cache
def japan() -> procure.Portfolio:
    """The answer that the README shows."""
    return procure.solve(procure.load_model("japan"))


def _switch() -> Any:
    return plot.switch(procure.switch(procure.load_model("japan"), NEVER, 0.3, 0.9, points=5))


def _switch_map() -> Any:
    grid = {NEVER: {"from": 0.3, "to": 0.9, "steps": 5, "others": "share"}, BAN: {"from": 0.0, "to": 0.4, "steps": 5}}
    return plot.switch_map(procure.sweep(procure.load_model("japan"), grid, columns=["programme"], workers=1))


def _tornado() -> Any:
    few = procure.load_model("japan").with_(**{"world.tree.nodes": 300})  # two dozen cases, with six programmes each
    return plot.tornado(procure.sensitivity(few, most=12, workers=1))


PICTURES: dict[str, Callable[[], Any]] = {
    "mix": lambda: plot.mix(japan(), "medium_heavy"),
    "mix-ja": lambda: plot.mix(japan(), "Dy", language="ja"),
    "shortage": lambda: plot.shortage(japan())[0],
    "cost": lambda: plot.cost(japan()),
    "programmes": lambda: plot.programmes(japan()),
    "tree": lambda: plot.tree(japan()),
    "map": lambda: plot.supply_map(japan()),
    "stress": lambda: plot.stress(procure.stress(japan(), "ban-12", year=2030))[0],
    "tornado": _tornado,
    "switch": _switch,
    "switch-map": _switch_map,
}

if __name__ == "__main__":
    matplotlib.use("agg")
    unknown = set(sys.argv[1:]) - set(PICTURES)
    if unknown:
        sys.exit(f"{', '.join(sorted(unknown))}: the pictures are {', '.join(PICTURES)}")
    for name in sys.argv[1:] or PICTURES:
        plot.save(PICTURES[name]().figure, FOLDER / f"{name}.png")
        print(FOLDER / f"{name}.png")
