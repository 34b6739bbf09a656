"""What the decisions of a solved level come to by arithmetic alone: all of an answer for which nothing else is solved or drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from pandas import DataFrame

from procure.portfolio import measure, shadow
from procure.portfolio.measure import Measured
from procure.portfolio.provenance import provenance
from procure.portfolio.today import today
from procure.scenarios.futures import holds_every_future
from procure.units import KUSD_PER_MUSD, Array


def frames(
    measured: Measured, wait_and_see: Array | None = None, limits: DataFrame | None = None
) -> dict[str, DataFrame]:
    """The frames of an answer, by name.

    `wait_and_see` is what every path costs whoever knows it, kUSD, where that is known; `limits` the frame of that name, where how
    far its prices hold was worked out.
    """
    seen = np.full(len(measured.leaves), np.nan) if wait_and_see is None else wait_and_see
    return {
        "plan": measure.plan(measured),
        "mix": measure.mix(measured),
        "costs": measure.costs(measured),
        "shortage": measure.shortage(measured),
        "stock": measure.stock(measured),
        "limits": shadow.limits(measured) if limits is None else limits,
        "shares": measure.shares(measured, today(measured.market)),
        "provenance": provenance(measured),
        "nodes": measure.nodes(measured),
        "leaves": measure.leaves(measured, seen),
        "odds": measure.odds(measured),
    }


def summary(measured: Measured, sources: DataFrame) -> dict[str, Any]:
    """The numbers of `Portfolio.summary`, by name; `sources` is the frame `provenance`."""
    market, musd = measured.market, KUSD_PER_MUSD
    status = sources["status"].tolist()
    in_doubt = {} if measured.doubt is None else {"as_given": measured.as_given / musd, "moved": measured.moved}
    return {
        **costs(measured),
        **in_doubt,
        "alpha": measured.risk.alpha,
        "weight": measured.risk.weight,
        "plan_cost": measured.plan_cost / musd,
        "shortage_loss": float(measured.law @ measured.path_costs["shortage_cost"]) / musd,
        "n_nodes": float(market.tree.n_nodes),
        "n_leaves": float(len(measured.law)),
        "drawn": float(not holds_every_future(market.model, market.programmes)),
        "assumed_share": float(sources["share"][status.index("assumed")]) if "assumed" in status else 0.0,
    }


def costs(measured: Measured) -> dict[str, float]:
    """What a level costs, million USD: as it is weighed, on average, in the tail and on the worst path."""
    return {
        "objective": measured.objective / KUSD_PER_MUSD,
        "expected_cost": measured.expected / KUSD_PER_MUSD,
        "cvar": measured.cvar / KUSD_PER_MUSD,
        "worst_case": measured.worst / KUSD_PER_MUSD,
    }
