"""The facts: the tables of data/, read and checked once.

A table is a CSV file, one number per row in column `value`, with its range, source and status beside it.
`data/datapackage.json` (Frictionless Data Package) describes every table: columns, units, bounds, keys and the dotted
path of each number. This module knows no table by heart but one, the exchange rates; it reads the schema and applies
it, to the bundled tables and to a user's own alike. Inside, mass is in t, time in yr (episodes in months), prices in USD/kg
and money in kUSD (`sheet` converts at the border).

>>> facts = load_facts()
>>> facts.value("demand.Dy.2024")
500.0
>>> facts.with_value("prices.Dy.spot", 1200).value("prices.Dy.spot")
1200.0
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procure.errors import DataError, Fault, nearest
from procure.schema import Bounds, bundled_folder, schema
from procure.sheet import (
    Sheet,
    Typed,
    Units,
    check_names,
    check_sums,
    folder_sheets,
    frame_sheet,
    is_outside,
    rejecter,
    text_of,
    typed_table,
)

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Facts", "load_facts", "schema"]


@dataclass(frozen=True, eq=False)
class Facts:
    """All tables, checked, in the units of the model; `tables` maps a name to its DataFrame.

    Numbers have dotted paths, listed by `paths`. Parts of a path may be left out where no doubt remains: a scope that is
    `all`, and the year where there is only one. A further number of the same row is reached by the name of its column.

    >>> facts = load_facts()
    >>> facts.value("suppliers.china.depth.medium_heavy.ban"), facts.value("demand.Dy.2030.growth_high")
    (0.95, 0.13)
    >>> facts.value("suppliers.china.call_share") == facts.value("suppliers.china.call_share.all.2026")
    True
    """

    tables: dict[str, DataFrame]
    _currency: Mapping[str, Mapping[int, str]] = field(default_factory=dict, repr=False)
    _memo: dict[str, Any] = field(default_factory=dict, repr=False)  # paths; the same for every changed copy

    def __repr__(self) -> str:
        """Say how many tables and numbers there are."""
        rows = sum(len(frame) for frame in self.tables.values())
        return f"Facts({sum(len(frame) > 0 for frame in self.tables.values())} tables, {rows} numbers)"

    @staticmethod
    def from_frames(frames: Mapping[str, DataFrame], extend: bool = False) -> Facts:
        """Facts from DataFrames of one's own: same schema, same checks, same defaults as a folder of files.

        >>> import pandas
        >>> mine = Facts.from_frames({"elements": pandas.DataFrame({"element": ["Cu"]}),
        ...                           "demand": pandas.DataFrame({"element": "Cu", "year": [2027], "value": [900.0]})})
        >>> mine.value("demand.Cu.2027")
        900.0
        """
        faults = [
            Fault(
                str(name),
                "no table has this name",
                "tables are those of datapackage.json",
                nearest(str(name), schema()),
            )
            for name in frames
            if name not in schema()
        ]
        sheets = {name: frame_sheet(name, frame) for name, frame in frames.items() if name in schema()}
        return _assemble(sheets, faults, extend=extend)

    # -- numbers by path

    def paths(self) -> dict[str, tuple[str, int]]:
        """The dotted path of every number: path -> (table, position of its row)."""
        return dict(self._index)

    @property
    def _index(self) -> dict[str, tuple[str, int]]:
        if "index" not in self._memo:
            self._memo["index"], self._memo["short"] = _paths(self.tables)
        index: dict[str, tuple[str, int]] = self._memo["index"]
        return index

    def resolve(self, path: str) -> str:
        """The full path a short one stands for; DataError when it names no number, or several.

        >>> load_facts().resolve("suppliers.caremag.commitments.Dy")
        'suppliers.caremag.commitments.Dy.2027'
        """
        if path in self._index:
            return path
        meant: list[str] = self._memo["short"].get(path, [])
        if len(meant) == 1:
            return meant[0]
        stem, _, column = path.rpartition(".")
        if not meant and (stem in self._index or len(self._memo["short"].get(stem, ())) == 1):
            table = schema()[self._index[self.resolve(stem)][0]]
            if column in table.columns and table.columns[column].numeric and column not in table.key:
                return f"{self.resolve(stem)}.{column}"
        rule = "a path names one number of the facts"
        if meant:
            raise DataError(Fault(path, f"names {len(meant)} numbers", rule, f"write one of {', '.join(meant[:6])}"))
        raise DataError(Fault(path, "no number has this path", rule, nearest(path, self._near(path))))

    def _near(self, path: str) -> list[str]:
        """The paths that begin like this one, as far as they do: the nearest is among them."""
        parts = path.split(".")
        for length in range(len(parts), -1, -1):
            begin = [each for each in self._index if each.split(".")[:length] == parts[:length]]
            if begin:
                return begin
        return []

    def _locate(self, path: str) -> tuple[str, int, str]:
        full = self.resolve(path)
        if full in self._index:
            return *self._index[full], "value"
        stem, _, column = full.rpartition(".")
        return *self._index[stem], column

    def value(self, path: str) -> float:
        """The number at a dotted path, in the unit of the model."""
        table, position, column = self._locate(path)
        return float(self.tables[table][column].iloc[position])

    def with_value(self, path: str, value: float) -> Facts:
        """A copy with one number changed, within the bounds of the schema; its stated range stays as it is."""
        return self.with_values({path: value})

    def with_values(self, values: Mapping[str, float]) -> Facts:
        """A copy with several numbers changed at once: chances that must sum to one are changed together.

        >>> changed = load_facts().with_values({"demand_levels.low": 0.3, "demand_levels.high": 0.2})
        >>> round(changed.value("demand_levels.low"), 3)
        0.3
        """
        faults: list[Fault] = []
        reject = rejecter(faults)
        found: dict[tuple[str, int, str], float] = {}
        for path, value in values.items():
            try:
                place = self._locate(path)
            except DataError as error:
                faults += error.faults
                continue
            bounds = self._bounds(place)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                reject(path, f"{value!r} is not a finite number", bounds.rule(path), "give a number")
            elif is_outside(float(value), bounds):
                reject(path, f"{value:g}", bounds.rule(path), "check sign, unit and decimal point")
            else:
                found[place] = float(value)
        tables = dict(self.tables)
        for name in {place[0] for place in found}:
            tables[name] = tables[name].copy()
        self._revalue(tables, {key: each for key, each in found.items() if key[0] == "exchange_rates"})
        for (name, position, column), value in found.items():
            tables[name].iat[position, list(tables[name].columns).index(column)] = value
        for name in {place[0] for place in found}:
            check_sums(name, {each: tables[name][each] for each in schema()[name].columns}, name, reject)
        if faults:
            raise DataError(faults)
        return Facts(tables, self._currency, self._memo)

    def alone(self, path: str) -> tuple[tuple[str, int, str], Bounds] | None:
        """Where the number of a path stands (table, position of its row, column) and its bounds.

        None where more hangs on it than itself: chances that sum to one, an exchange rate.
        """
        place = self._locate(path)
        if schema()[place[0]].sums or place[0] == "exchange_rates":
            return None
        return place, self._bounds(place)

    def _bounds(self, place: tuple[str, int, str]) -> Bounds:
        name, position, column = place
        table = schema()[name]
        attribute = str(self.tables[name]["attribute"].iloc[position]) if table.attributes else None
        return table.bounds(table.columns[column], attribute)

    def _revalue(self, tables: dict[str, DataFrame], rates: Mapping[tuple[str, int, str], float]) -> None:
        """Move what was converted from a currency along with a changed exchange rate."""
        for (name, position, column), rate in rates.items():
            currency, old = (self.tables[name][each].iloc[position] for each in ("currency", "value"))
            if column != "value":
                continue
            for other, rows in self._currency.items():
                moved = [row for row, each in rows.items() if each == currency]
                if moved:
                    like = [each.name for each in schema()[other].columns.values() if each.like_value] + ["value"]
                    where = [tables[other].columns.get_loc(each) for each in like]
                    tables[other] = tables[other].copy()
                    tables[other].iloc[moved, where] *= old / rate  # type: ignore[index]

    # -- where the numbers come from

    def sources(self, status: str | None = None) -> DataFrame:
        """Every number with its range, source and status; `status` keeps one of sourced, unverified, derived, assumed.

        >>> sorted(load_facts().sources("assumed")["status"].unique())
        ['assumed']
        """
        import pandas as pd

        allowed = schema()["prices"].columns["status"].allowed
        if status is not None and status not in allowed:
            rule = f"a status is one of {', '.join(allowed)}"
            raise DataError(Fault("status", f"'{status}'", rule, nearest(status, allowed)))
        path = {place: path for path, place in self._index.items()}
        columns = ["value", "unit", "low", "high", "source", "address", "status", "confidence"]
        parts = []
        for name, frame in self.tables.items():
            keys = frame[list(schema()[name].key)].itertuples(index=False, name=None)
            spelled = [path.get((name, row), ".".join([name, *map(text_of, key)])) for row, key in enumerate(keys)]
            part = frame[columns].copy()
            part.insert(0, "key", spelled)
            part.insert(0, "table", name)
            parts.append(part[part["status"] == status] if status else part)
        return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _paths(tables: Mapping[str, DataFrame]) -> tuple[dict[str, tuple[str, int]], dict[str, list[str]]]:
    """Every full path, and every short form with the full paths it may stand for."""
    index: dict[str, tuple[str, int]] = {}
    short: dict[str, list[str]] = defaultdict(list)
    for name, frame in tables.items():
        table = schema()[name]
        if table.path is None:
            continue
        template = table.path.split(".")
        keys = list(table.key)
        for position, cells in enumerate(frame[keys].itertuples(index=False, name=None)):
            row = dict(zip(keys, map(text_of, cells), strict=True))
            parts = [(part, part.format_map(row)) for part in template]
            parts = [(part, text) for part, text in parts if text]
            full = ".".join(text for _, text in parts)
            index[full] = name, position
            optional = [
                number
                for number, (part, text) in enumerate(parts)
                if part == "{year}" or (part == "{scope}" and text == "all")
            ]
            for count in range(1, len(optional) + 1):
                for left_out in itertools.combinations(optional, count):
                    kept = (text for number, (_, text) in enumerate(parts) if number not in left_out)
                    short[".".join(kept)].append(full)
    return index, dict(short)


def _assemble(sheets: Mapping[str, Sheet], faults: list[Fault], *, extend: bool) -> Facts:
    """Typed, merged with the bundled tables where asked, checked across tables, as DataFrames."""
    base = _bundled() if extend else {}
    rates = _rates(base.get("exchange_rates"))
    tables = dict(base)
    if "exchange_rates" in sheets:  # first, since it defines the currencies of all others
        own = typed_table(schema()["exchange_rates"], sheets["exchange_rates"], Units({}), faults)
        tables["exchange_rates"] = _merged("exchange_rates", base.get("exchange_rates"), own)
        rates |= _rates(own)
    units = Units(rates)
    for name, sheet in sheets.items():
        if name != "exchange_rates":
            tables[name] = _merged(name, base.get(name), typed_table(schema()[name], sheet, units, faults))
    if not faults:  # names and sums mean little while cells are unsound
        reject = rejecter(faults)
        check_names(tables, reject)
        for name, typed in tables.items():
            check_sums(name, typed.columns, sheets[name].label if name in sheets else name, reject)
    if faults:
        raise DataError(faults)
    return _facts(tables)


def _rates(typed: Typed | None) -> dict[str, float]:
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
        for row, cells in enumerate(zip(*(typed.columns[each] for each in key), strict=True)):
            order[cells] = typed, row
    chosen = list(order.values())
    return Typed(
        {each: [typed.columns[each][row] for typed, row in chosen] for each in base.columns},
        [typed.places[row] for typed, row in chosen],
        [typed.currency[row] for typed, row in chosen],
    )


def _facts(tables: Mapping[str, Typed]) -> Facts:
    import pandas as pd

    frames: dict[str, DataFrame] = {}
    currency: dict[str, dict[int, str]] = {}
    for name, table in schema().items():
        typed = tables.get(name)
        data = {}
        for column in table.columns.values():
            cells = typed.columns[column.name] if typed else []
            kind = {"number": "float64", "boolean": "bool", "string": "object"}.get(column.kind)
            if kind is None:
                whole = column.required or column.default is not None
                cells = cells if whole else [None if math.isnan(each) else int(each) for each in cells]
                kind = "int64" if whole else "Int64"
            data[column.name] = pd.Series(cells, dtype=kind)
        frames[name] = pd.DataFrame(data)
        if typed and any(typed.currency):
            currency[name] = {row: each for row, each in enumerate(typed.currency) if each}
    return Facts(frames, currency)


@cache
def _bundled() -> dict[str, Typed]:
    """The bundled tables, typed and checked once per process."""
    faults: list[Fault] = []
    sheets = folder_sheets(bundled_folder(), faults)
    rates = typed_table(schema()["exchange_rates"], sheets["exchange_rates"], Units({}), faults)
    units = Units(_rates(rates))
    tables = {
        name: rates if name == "exchange_rates" else typed_table(schema()[name], sheets[name], units, faults)
        for name in schema()
        if name in sheets
    }
    if faults:
        raise DataError(faults)
    return tables


def load_facts(folder: str | Path | None = None, *, extend: bool = True) -> Facts:
    """The bundled facts, or those of a folder of CSV tables.

    Parameters
    ----------
    folder : str or Path, optional
        Holds any of the tables of `data/datapackage.json`, each as `<name>.csv`, UTF-8, directly in it. Only columns
        that the schema marks as required must be there. A blank or absent cell takes the default of the schema: `low`
        and `high` repeat `value`, `unit` is that of the table, `source` is "user" and `status` "assumed".
    extend : bool
        True: the bundled tables with rows of the same key replaced and others added. False: the folder alone; a table
        that is not in it is empty.

    Raises
    ------
    DataError
        With every fault found: file, row, column, what was seen, the rule and a remedy.

    >>> load_facts().tables["offers"].query("supplier == 'caremag' and element == 'Dy'")["value"].item()
    250.0
    """
    faults: list[Fault] = []
    sheets = folder_sheets(Path(folder), faults) if folder is not None else {}
    return _assemble(sheets, faults, extend=extend or folder is None)
