"""A contract held at a volume, whatever it is worth, and nothing called beside it: rows beside those of plan and period.

contract_sey == scale × volume_y      ∀ y  held_contract          scale  1, a datum
call_se <= 0                          held_call
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyomo.environ as pyo

#: The datum by which the volume moves.
SCALE = "held_scale"


def held(supplier: str, element: str, volume: Mapping[int, float]) -> tuple[Callable[[Any, Any], None], ...]:
    """The functions that write the rows into a plan and into a period, for `Model.extended`; `volume` in t/yr by year."""

    def of_plan(m: Any, sets: Any) -> None:
        scale = m.given(SCALE, unit="1")

        def at_volume(m: Any, y: Any) -> Any:
            return m.contract[supplier, element, y] == volume[int(y)] * scale

        m.held_contract = pyo.Constraint(m.Y, rule=at_volume)
        if (supplier, element) in m.H:
            m.held_option = pyo.Constraint(m.Y, rule=lambda m, y: m.reserve[supplier, element, y] <= 0)

    def of_period(m: Any, sets: Any) -> None:
        if (supplier, element) in m.K:
            m.held_call = pyo.Constraint(expr=m.call[supplier, element] <= 0)
        if (supplier, element) in m.V:
            m.held_right = pyo.Constraint(expr=m.cancelled[supplier, element] <= 0)

    return of_plan, of_period
