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
SCALE, NEVER = "shortage.scale", "suppliers.seabed.project.never"


@cache
def japan() -> procure.Portfolio:
    """The answer that the README shows."""
    return procure.solve(procure.load_model("japan"))


def _few(nodes: int) -> procure.Model:
    """`japan` on a smaller tree, for questions of many solves."""
    return procure.load_model("japan").with_(**{"world.tree.nodes": nodes})


def _switch() -> Any:
    return plot.switch(procure.switch(_few(400), SCALE, 1.0, 4.2, points=5))


def _switch_map() -> Any:
    grid = {SCALE: {"from": 1.0, "to": 4.2, "steps": 5}, NEVER: {"from": 0.1, "to": 0.7, "steps": 5, "others": "share"}}
    return plot.switch_map(procure.sweep(_few(400), grid, columns=["programme"]))


def _tornado() -> Any:
    return plot.tornado(procure.sensitivity(_few(300), most=12))  # two dozen cases, with six programmes each


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
