"""Declaring decisions and data of a Pyomo block, each with its unit.

Data are declared as Pyomo variables too, and remembered as such: the compiler treats them as given, so that every entry of
the compiled arrays stays affine in them. Units cost a registry and half a second, so they are attached only where someone
asks for them (the unit test, a curious reader).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo

Units = Callable[[str], Any]


def start(block: Any, units: Units | None = None) -> None:
    """Prepare `block`: no data yet, and units from `units` (a function from text such as ``"t/yr"``) or none."""
    block.data_names = []
    block.unit_of = units or (lambda text: None)


def decide(block: Any, name: str, *index: Any, unit: str, within: Any = pyo.NonNegativeReals) -> Any:
    """Declare a decision over `index`, in `unit`."""
    setattr(block, name, pyo.Var(*index, within=within, units=block.unit_of(unit)))
    return getattr(block, name)


def given(block: Any, name: str, *index: Any, unit: str) -> Any:
    """Declare a datum over `index`, in `unit`: a parameter of the compiled model."""
    setattr(block, name, pyo.Var(*index, units=block.unit_of(unit)))
    block.data_names.append(name)
    return getattr(block, name)


def with_units() -> Units:
    """A function from text to Pyomo units, with money (kUSD), for `start`.

    >>> str(with_units()("kUSD/t"))
    'kUSD/t'
    """
    registry = pyo.units
    if "kUSD" not in dir(registry.pint_registry):
        registry.load_definitions_from_strings(["kUSD = [money]"])

    def unit(text: str) -> Any:
        if text == "1":
            return registry.dimensionless
        names = {"t": registry.t, "yr": registry.year, "kUSD": registry.kUSD}
        return eval_unit(text, names)

    return unit


def eval_unit(text: str, names: dict[str, Any]) -> Any:
    """Products and quotients of named units, left to right: ``"kUSD yr/t"`` is kUSD · yr / t."""
    result: Any = None
    for position, part in enumerate(text.split("/")):
        for name in part.split():
            factor = 1 if name == "1" else names[name]
            if position == 0:
                result = factor if result is None else result * factor
            else:
                result = result / factor
    return result
