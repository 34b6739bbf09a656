"""What is measured: models by name, and the sweeps over them.

two-class        one year, two classes, four suppliers: 16 futures
book             one year of japan (2030), 16 elements, 4 suppliers, 702 futures, mean and CVaR in the objective
book-seabed      the same with the seabed programme of five per cent: 918 futures
book-small       the same as book for three elements: what a smoke run of the peers takes
japan            the full case: ten years, six programmes, two of which wait for a verdict
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from procure import Model, load_model
from procure.lp.program import LinearProgram
from procure.market import Market, make_market, merge
from procure.program.program import compose
from procure.scenarios.world import programme_choices
from procure.solving.answer import Answer

BOOK: dict[str, Any] = {
    "model.years": (2030, 2030),
    "world.tree.branch": (),
    "suppliers.seabed.programmes": ("none",),
    "limits.china_heavy_share.from": 2030,
    "limits.china_heavy_share.max": 1.0,
}
BAN = "suppliers.china.rate.normal.ban"  # how often a targeted ban falls, 1/yr
CAPACITY = "suppliers.caremag.offers.Dy.2027"  # what Caremag offers Japan, t/yr


@cache
def subject(name: str) -> Model:
    """The model of that name."""
    if name in ("two-class", "japan"):
        return load_model(name)
    changes = {
        "book": {},
        "book-seabed": {"suppliers.seabed.programmes": ("five",)},
        "book-small": {"model.elements": ("Nd", "Tb", "Dy"), "model.highlight": ("Dy",)},
    }[name]
    return load_model("japan").with_(**BOOK | changes)


def sweep_points(n_points: int = 12, name: str = "both") -> list[dict[str, float]]:
    """A sweep: chances move, a capacity moves, or both do; no two points share a number, nor two sweeps a chance."""
    bans = [(0.10 if name == "both" else 0.11) + 0.20 * k / max(n_points - 1, 1) for k in range(n_points)]
    volumes = [252.0 + 58.0 * (5 * k % n_points) / n_points for k in range(n_points)]
    if name == "chances":
        return [{BAN: ban} for ban in bans]
    if name == "capacity":
        return [{CAPACITY: volume} for volume in volumes]
    return [{BAN: ban, CAPACITY: volume} for ban, volume in zip(bans, volumes, strict=True)]


@dataclass(frozen=True)
class Point:
    """One point of a sweep as the peers get it: every number worked out, nothing merged."""

    changes: Mapping[str, float]
    market: Market
    lp: LinearProgram


@cache
def peer_points(name: str, n_points: int) -> list[Point]:
    """The points of a sweep of a model with one programme level, for the peers."""
    model = subject(name)
    (choice,) = programme_choices(model)
    points = []
    for changes in sweep_points(n_points):
        market = make_market(model.with_(**changes), choice)
        points.append(Point(changes, market, whole_program(market)))
    return points


def whole_program(market: Market) -> LinearProgram:
    """The program of a market with nothing merged and a row of the tail for every leaf."""
    return compose(market, np.arange(len(market.shape.leaves))).composed.lp


def sizes(name: str) -> dict[str, int]:
    """How large the program of a programme level is, as it stands and merged."""
    markets = [make_market(subject(name), choice) for choice in programme_choices(subject(name))]
    merged = merge(markets[0])
    whole, ours = whole_program(markets[0]).matrix, compose(merged).composed.lp.matrix
    return {
        "programme_levels": len(markets),
        "nodes": markets[0].tree.n_nodes, "rows": whole.shape[0], "columns": whole.shape[1], "entries": int(whole.nnz),
        "merged_nodes": merged.tree.n_nodes, "merged_rows": ours.shape[0], "merged_columns": ours.shape[1],
        "merged_entries": int(ours.nnz),
    }  # fmt: skip


def beside_solver(answers: Sequence[Answer]) -> dict[str, float | None]:
    """How the time of answers stands beside that inside HiGHS: medians, the ratio of those for which HiGHS was asked.

    A kept basis that arithmetic proves optimal answers without it; `solver_asked` is the share of the answers that did ask.
    """
    asked = [answer for answer in answers if answer.seconds_in_solver > 0]
    return {
        "seconds_in_solver": float(np.median([answer.seconds_in_solver for answer in answers])),
        "wall_over_solver": float(np.median([a.seconds / a.seconds_in_solver for a in asked])) if asked else None,
        "solver_asked": len(asked) / len(answers),
    }
