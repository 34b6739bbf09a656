"""All tables together: typed at the exchange rates in force, merged with the bundled ones, checked across tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from procure.errors import DataError, Fault
from procure.facts.checks import check_names, check_sums
from procure.facts.conversion import RATES, Units
from procure.facts.schema import bundled_folder, schema
from procure.facts.sheet import Sheet, folder_sheets
from procure.facts.tables import Typed, rejecter, typed_table


def assembled(found: Mapping[str, Sheet | None], faults: list[Fault], *, extend: bool) -> dict[str, Typed]:
    """The tables of some sheets by name, with `extend` those that are bundled too; `DataError` with every fault.

    Nothing is said to be missing that a sheet which cannot be read (None), or a row in which something is wrong, may define.
    """
    sheets = {name: sheet for name, sheet in found.items() if sheet is not None}
    unread = set(found) - set(sheets)
    base = _bundled() if extend else {}
    rates = _rates(base.get(RATES))
    tables = dict(base)
    if RATES in sheets:  # first, since it defines the currencies of all others
        own = typed_table(schema()[RATES], sheets[RATES], Units({}), faults)
        if extend and not own.unsound:
            tables = base = _bundled(tuple(_rates(own).items()))
        tables = tables | {RATES: _merged(RATES, base.get(RATES), own)}
        rates |= _rates(own)
    units = Units(rates)
    for name, sheet in sheets.items():
        if name != RATES:
            tables[name] = _merged(name, base.get(name), typed_table(schema()[name], sheet, units, faults))
    reject = rejecter(faults)
    check_names(tables, reject, unread=unread)
    for name, typed in tables.items():
        check_sums(name, typed.columns, sheets[name].label if name in sheets else name, reject, typed.unsound)
    if faults:
        raise DataError(faults)
    return tables


def _rates(typed: Typed | None) -> dict[str, float]:
    """Units of each currency per USD."""
    if typed is None:
        return {}
    pairs = zip(typed.columns["currency"], typed.columns["value"], strict=True)
    return {code: rate for code, rate in pairs if rate > 0}


def _merged(name: str, base: Typed | None, own: Typed) -> Typed:
    """The bundled rows with those of the same key replaced, then the new ones."""
    if base is None:
        return own
    key = schema()[name].key
    order: dict[tuple[Any, ...], tuple[Typed, int]] = {}
    for typed in (base, own):
        for row, cells in enumerate(zip(*(typed.columns[column] for column in key), strict=True)):
            order[cells] = typed, row
    chosen = list(order.values())
    return Typed(
        {column: [typed.columns[column][row] for typed, row in chosen] for column in base.columns},
        [typed.places[row] for typed, row in chosen],
        [typed.written[row] for typed, row in chosen],
        {number for number, (typed, row) in enumerate(chosen) if row in typed.unsound},
    )


@lru_cache(maxsize=8)
def _bundled(own_rates: tuple[tuple[str, float], ...] = ()) -> dict[str, Typed]:
    """The bundled tables, typed and checked once per process, converted at exchange rates of one's own if there are any."""
    faults: list[Fault] = []
    sheets = {name: sheet for name, sheet in folder_sheets(bundled_folder(), faults).items() if sheet is not None}
    rates = typed_table(schema()[RATES], sheets[RATES], Units({}), faults)
    units = Units(_rates(rates) | dict(own_rates))
    tables = {
        name: rates if name == RATES else typed_table(schema()[name], sheets[name], units, faults)
        for name in schema()
        if name in sheets
    }
    if faults:
        raise DataError(faults)
    return tables
