"""Declaring index sets, decisions and data of a Pyomo block: each datum and decision with its unit, each set with what it holds.

Data are declared as Pyomo variables too, and remembered as such: the compiler treats them as given, so that every entry of
the compiled arrays stays affine in them. Units cost a registry and half a second, so they are attached only where someone
asks for them (the unit test, a curious reader). What a set holds (suppliers, elements, years) is said once, where it is declared;
whose a row, a decision or a datum is follows from the sets it is indexed by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pyomo.environ as pyo

from procure.errors import DataError, Fault
from procure.languages import Said

Units = Callable[[str], Any]


def blank() -> Any:
    """A Pyomo model with nothing in it."""
    return pyo.ConcreteModel()


def start(block: Any, units: Units | None = None) -> None:
    """Prepare `block`: no data yet, and units from `units` (a function from text such as ``"t/yr"``) or none."""
    block.data_names = []
    block.holds = {}  # name of an index set -> what each place of its members is
    block.notes = {}  # name of a constraint -> what is known of its rows
    block.links = set()  # decisions of the plan that a period reads
    block.carried = {}  # what a period takes over -> (what it was in the period before, what it is in the plan)
    block.orders = set()  # decisions that can be made before demand is seen
    block.measures = {}  # limit -> the form that measures it; all other forms are money
    block.unit_of = units or (lambda text: None)
    block.given, block.declare_set = partial(given, block), partial(declare_set, block)


def declare_set(block: Any, name: str, members: Iterable[Any], *holds: str) -> Any:
    """Declare the index set `name`; `holds` says what its members are, place by place: ``"supplier", "element"``."""
    block.holds[name] = holds
    setattr(block, name, pyo.Set(initialize=list(members), dimen=len(holds), ordered=True))
    return getattr(block, name)


def decide(block: Any, name: str, *index: Any, unit: str, within: Any = pyo.NonNegativeReals) -> Any:
    """Declare a decision over `index`, in `unit`."""
    setattr(block, name, pyo.Var(*index, within=within, units=block.unit_of(unit)))
    return getattr(block, name)


def link(block: Any, name: str, *index: Any, unit: str) -> Any:
    """Declare a decision of the plan that a period reads, for its year: the last place of its index there."""
    block.links.add(name)
    return decide(block, name, *index, unit=unit)


def carried(block: Any, name: str, *index: Any, unit: str, before: str, today: str) -> Any:
    """Declare what a period takes over: `before` of the period before, or, in the first one, `today` of the plan."""
    block.carried[name] = (before, today)
    return decide(block, name, *index, unit=unit)


def order(block: Any, name: str, *index: Any, unit: str) -> Any:
    """Declare a decision that can be made before the period's demand is seen."""
    block.orders.add(name)
    return decide(block, name, *index, unit=unit)


def given(block: Any, name: str, *index: Any, unit: str) -> Any:
    """Declare a datum over `index`, in `unit`: a parameter of the compiled model.

    Raises `DataError` where the block has something of that name.
    """
    if block.component(name) is not None:
        seen = Said("'{name}' is declared already", "'{name}' は宣言済み").format(name=name)
        rule = Said(
            "each set, decision, datum and row of a block has a name of its own",
            "ブロックの集合・決定・データ・行の名前は一つずつ別",
        )
        raise DataError(Fault("model.extended", seen, rule, Said("give it another name", "別の名前にする")))
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
