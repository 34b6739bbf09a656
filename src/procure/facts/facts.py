"""The facts: the tables of data/, read and checked once.

A table is a CSV file, one number per row in column `value`, with its range, source and status beside it.
`data/datapackage.json` (Frictionless Data Package) describes every table: columns, units, bounds, keys and the dotted
path of each number. This module knows no table by heart but one, the exchange rates; it reads the schema and applies
it, to the bundled tables and to a user's own alike. Inside, mass is in t, time in yr (episodes in months), prices in USD/kg
and money in kUSD (`conversion` at the border); the unit in which a row was written is remembered.

>>> facts = load_facts()
>>> facts.value("demand.Dy.2024")
500.0
>>> facts.with_value("prices.Dy.spot", 1200).value("prices.Dy.spot")
1200.0
>>> facts.with_value("prices.Dy.spot", "1.5 kUSD/kg").value("prices.Dy.spot")
1500.0
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from procure.errors import KEEP_ONE, DataError, Fault, nearest
from procure.facts.assembly import assembled
from procure.facts.checks import check_sums
from procure.facts.conversion import NO_CONVERSION, RATES, Units, Written, as_float, quantity, units_at
from procure.facts.paths import Paths, Place
from procure.facts.schema import Bounds, schema, statuses
from procure.facts.sheet import folder_sheets, frame_sheet
from procure.facts.tables import Reject, Typed, is_outside, rejecter, text_of
from procure.languages import Said
from procure.words import listed

if TYPE_CHECKING:
    from pandas import DataFrame


class Given(NamedTuple):
    """A number to be set, in the unit of the model, and the currency in which it was given, "" for none."""

    number: float
    currency: str


@dataclass(frozen=True, eq=False)
class Facts:
    """All tables, checked, in the units of the model.

    Numbers have dotted paths, listed by `paths`. Parts of a path may be left out where no doubt remains: a scope that is
    `all`, and the year where there is only one. A further number of the same row is reached by the name of its column.

    A number has two units: that of the model, in which `tables` and everything worked out from them are, and the one its row is
    written in, in which people read and set it (`as_written`). Columns that have a range or variants of `value` share its unit.

    Attributes
    ----------
    tables : dict name -> DataFrame
        In the order of the schema; one number a row in column `value`, with `unit`, `low`, `high`, `source`, `address`,
        `status` and `confidence` beside it.

    >>> facts = load_facts()
    >>> facts.value("suppliers.china.depth.controlled_2026_01.ban"), facts.value("demand.Dy.2030.growth_high")
    (0.95, 0.13)
    >>> facts.value("suppliers.china.call_share") == facts.value("suppliers.china.call_share.all.2026")
    True
    """

    tables: dict[str, DataFrame]
    _paths: Paths = field(repr=False)  # the same for every changed copy
    #: How the rows are written whose unit is not the model's: table -> position of the row -> unit and factor.
    _written: Mapping[str, Mapping[int, Written]] = field(default_factory=dict, repr=False)
    #: The currency in which a number was set since, which need not be that of its row.
    _currency: Mapping[Place, str] = field(default_factory=dict, repr=False)
    #: Of a changed copy, what it was before any number was set.
    _read: Facts | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Say how many tables and numbers there are."""
        rows = sum(len(frame) for frame in self.tables.values())
        return f"Facts({sum(len(frame) > 0 for frame in self.tables.values())} tables, {rows} numbers)"

    @staticmethod
    def from_frames(frames: Mapping[str, DataFrame], extend: bool = False) -> Facts:
        """Facts from DataFrames of one's own: same schema, same checks, same defaults as a folder of files.

        Parameters
        ----------
        frames : mapping name of a table -> DataFrame
            Columns as in `data/datapackage.json`; those that are missing, and blank cells, take the defaults of the schema.
        extend : bool
            True: the bundled tables with rows of the same key replaced and others added. False: these tables alone.

        Raises
        ------
        DataError
            With every fault: table, row, column, what was seen, the rule and a remedy.

        >>> import pandas
        >>> mine = Facts.from_frames({"elements": pandas.DataFrame({"element": ["Cu"]}),
        ...                           "demand": pandas.DataFrame({"element": "Cu", "year": [2027], "value": [900.0]})})
        >>> mine.value("demand.Cu.2027")
        900.0
        """
        rule = Said("tables are those of datapackage.json", "表は datapackage.json にあるもの")
        faults = [
            Fault(str(name), Said("no table has this name", "この名前の表はない"), rule, nearest(str(name), schema()))
            for name in frames
            if name not in schema()
        ]
        sheets = {name: frame_sheet(name, frame) for name, frame in frames.items() if name in schema()}
        return _facts(assembled(sheets, faults, extend=extend))

    @property
    def fingerprint(self) -> str:
        """A text that differs where any cell of any table does."""
        whole = hashlib.sha256()
        for name in sorted(self.tables):
            whole.update(self._cells(name))
        return whole.hexdigest()

    @property
    def fingerprints(self) -> dict[str, str]:
        """A text for every table that differs where any cell of it does."""
        return {name: hashlib.sha256(self._cells(name)).hexdigest()[:16] for name in sorted(self.tables)}

    def _cells(self, name: str) -> bytes:
        frame = self.tables[name]
        return repr((name, {column: frame[column].tolist() for column in frame})).encode()

    # -- numbers by path

    def paths(self) -> dict[str, tuple[str, int]]:
        """The dotted path of every number: path -> (table, position of its row)."""
        return dict(self._paths.full)

    def resolve(self, path: str) -> str:
        """The full path a short one stands for; `DataError` when it names no number, or several.

        >>> load_facts().resolve("suppliers.caremag.commitments.Dy")
        'suppliers.caremag.commitments.Dy.2027'
        """
        return self._paths.resolve(path)

    @property
    def as_read(self) -> Facts:
        """The facts before any number of them was set: as the tables have them."""
        return self if self._read is None else self._read

    def near(self, path: str) -> list[str]:
        """The paths that begin like an unknown one, as far as they do: the nearest is among them."""
        return self._paths.near(path)

    def locate(self, path: str) -> Place:
        """Where the number of a path stands: table, position of its row, column; `DataError` as from `resolve`."""
        return self._paths.locate(path)

    def value(self, path: str, *, as_written: bool = False) -> float:
        """The number at a dotted path, in the unit that `unit` tells; a blank is NaN.

        Parameters
        ----------
        path : str
            In full, or in a short form that leaves no doubt; `DataError` otherwise, with the nearest.
        as_written : bool
            False: in the unit of the model (t, yr, USD/kg, kUSD). True: in that of its row.

        >>> facts = load_facts()
        >>> round(facts.value("shortage.Dy.cost.3")), facts.unit("shortage.Dy.cost.3")
        (42976, 'USD/kg')
        >>> facts.value("shortage.Dy.cost.3", as_written=True), facts.unit("shortage.Dy.cost.3", as_written=True)
        (6700.0, 'thousand JPY/kg')
        """
        import pandas as pd

        place = table, position, column = self.locate(path)
        cell = self.tables[table][column].iloc[position]
        number = math.nan if pd.isna(cell) else float(cell)
        return self._written_as(place).listed(number) if as_written else number

    def unit(self, path: str, *, as_written: bool = False) -> str:
        """The unit of `value`, as the model has it or as the row is written; "1" for a share, "" for a year or a count.

        >>> load_facts().unit("demand.Dy.2030.growth_high")
        '1/yr'
        """
        place = self.locate(path)
        return self._written_as(place).unit if as_written else self._unit(place)

    def factor(self, path: str) -> float:
        """How many of the model's unit one is of that in which the row of a path is written.

        >>> load_facts().factor("suppliers.caremag.offers.Dy.2027"), round(load_facts().factor("shortage.Dy.cost.3"), 3)
        (1.0, 6.414)
        """
        return self._written_as(self.locate(path)).factor

    def number(self, path: str, value: float | str, *, as_written: bool = False) -> float:
        """What the number of a path would be if it were set to a value, in the unit of the model; `DataError` as `with_values`.

        >>> load_facts().number("demand.Dy.2024", "1.5 kt/yr")
        1500.0
        """
        faults: list[Fault] = []
        given = self._given(self.locate(path), path, value, as_written, rejecter(faults))
        if given is None:
            raise DataError(faults)
        return given.number

    def _unit(self, place: Place) -> str:
        column = schema()[place.table].columns[place.column]
        if column.in_unit_of_row:
            return str(self.tables[place.table]["unit"].iloc[place.position])
        return column.bounds.unit or ""

    def _written_as(self, place: Place) -> Written:
        """How a number is written: as its row is, or in the unit that the schema has for its column."""
        in_unit_of_row = schema()[place.table].columns[place.column].in_unit_of_row
        rows = self._written.get(place.table, {}) if in_unit_of_row else {}
        return rows.get(place.position) or Written(self._unit(place))

    def with_value(self, path: str, value: float | str, *, as_written: bool = False) -> Facts:
        """A copy with one number changed, within the bounds of the schema; its stated range stays as it is.

        Parameters
        ----------
        path : str
            As of `value`.
        value : float or str
            As in `with_values`: a plain number, or a text that says its unit.
        as_written : bool
            Whether a plain number is in the unit of its row, and not of the model.
        """
        return self.with_values({path: value}, as_written=as_written)

    def with_values(self, values: Mapping[str, float | str], *, as_written: bool = False) -> Facts:
        """A copy with several numbers changed at once: chances that must sum to one are changed together.

        Parameters
        ----------
        values : mapping path -> number or text
            A plain number is in the unit of the model, as `value` returns it; a text says its unit, any that converts to it
            (``"90 t/yr"``, ``"6400 USD/kg"``, ``"65 %"``). Money is converted at the exchange rates of the copy; what was given
            in a currency moves with its rate later on, as the tables do, and a plain number of the model, in dollars, does not.
        as_written : bool
            True: a plain number is in the unit in which its row is written, as `value` returns it with `as_written`.

        Raises
        ------
        DataError
            With every fault: unknown paths, numbers beyond their bounds or set twice, units that do not convert.

        >>> changed = load_facts().with_values({"demand_levels.low": 0.3, "demand_levels.high": "20 %"})
        >>> round(changed.value("demand_levels.low"), 3)
        0.3
        """
        faults: list[Fault] = []
        reject = rejecter(faults)
        places: dict[Place, str] = {}
        for path in values:
            try:
                place = self.locate(path)
            except DataError as error:
                faults += error.faults
                continue
            if place in places:
                reject(
                    path,
                    Said("names the same number as {first}", "{first} と同じ数値を指す").format(first=places[place]),
                    Said("a number is set once", "一つの数値の設定は一度だけ"),
                    KEEP_ONE,
                )
            places.setdefault(place, path)

        def numbers(facts: Facts, of_rates: bool) -> dict[Place, Given]:
            given = {
                place: facts._given(place, path, values[path], as_written, reject)
                for place, path in places.items()
                if (place.table == RATES) is of_rates
            }
            return {place: number for place, number in given.items() if number is not None}

        changed = self._at_rates(numbers(self, of_rates=True))  # first: the others are converted at these
        changed = changed._with(numbers(changed, of_rates=False))
        for name in {place.table for place in places if schema()[place.table].sums}:
            check_sums(name, {column: changed.tables[name][column] for column in schema()[name].columns}, name, reject)
        if faults:
            raise DataError(faults)
        return changed

    def _given(self, place: Place, path: str, value: float | str, as_written: bool, reject: Reject) -> Given | None:
        """What is given for a place; None where it cannot be set there, with its fault noted."""
        said = self._said(place, path, value, as_written, reject)
        if said is None:
            return None
        stated, way = said
        bounds, number = self._bounds(place), stated * way.factor
        if is_outside(number, bounds) or not math.isfinite(number):
            seen = value if isinstance(value, str) else f"{stated:g}"
            reject(
                path,
                seen,
                bounds.in_unit(way.unit, way.factor).rule(path),
                Said("check sign, unit and decimal point", "符号・単位・小数点を確かめる"),
            )
        elif schema()[place.table].columns[place.column].kind == "integer" and not number.is_integer():
            rule = bounds.in_unit(way.unit, way.factor).rule(path)
            reject(
                path,
                Said("{stated:g} is not a whole number", "{stated:g} は整数ではない").format(stated=stated),
                rule,
                Said("round it", "丸める"),
            )
        else:
            return Given(number, way.currency)
        return None

    def _said(
        self, place: Place, path: str, value: float | str, as_written: bool, reject: Reject
    ) -> tuple[float, Written] | None:
        """The number as a person said it, and how it was written; None where it is no number, with its fault noted."""
        row, unit = self._written_as(place), self._unit(place)
        way, number = (row if as_written else Written(unit)), value
        if isinstance(value, str) and (with_unit := quantity(value)) is not None:
            number, stated = with_unit
            if not unit:
                reject(
                    path,
                    Said("'{value}' has a unit", "'{value}' には単位がある").format(value=value),
                    Said("{path} is a plain number", "{path} は単位のない数値").format(path=path),
                    Said("leave out the unit", "単位を省く"),
                )
                return None
            units = self._units(place)
            try:
                way = Written(stated, units.factor(stated, unit), units.currency(stated))
            except ValueError:
                seen = NO_CONVERSION.format(unit=stated, target=row.unit)
                reject(
                    path,
                    seen,
                    Said("{path} is written in {unit}", "{path} は {unit} で書く").format(path=path, unit=row.unit),
                    Said("write for example {example}", "例えば {example} と書く").format(example=self._example(path)),
                )
                return None
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(as_float(number)):
            remedy = (
                Said(
                    "give a number, or one with its unit: {example}", "数値か、単位付きの数値を書く: {example}"
                ).format(example=self._example(path))
                if unit
                else Said("give a number", "数値を書く")
            )
            rule = self._bounds(place).in_unit(way.unit, way.factor).rule(path)
            reject(
                path,
                Said("{value!r} is not a finite number", "{value!r} は有限の数値ではない").format(value=value),
                rule,
                remedy,
            )
            return None
        return float(number), way

    def _example(self, path: str) -> str:
        value, unit = self.value(path, as_written=True), self.unit(path, as_written=True)
        return f"'{value:.10g} {unit}'"

    def _units(self, place: Place) -> Units:
        """The units that the number of a place may be given in; an exchange rate is not itself converted by exchange rates."""
        return units_at(()) if place.table == RATES else self.units

    @property
    def units(self) -> Units:
        """The units that numbers may be given in, currencies at the rates of these facts."""
        frame = self.tables[RATES]
        return units_at(tuple(zip(frame["currency"].tolist(), frame["value"].tolist(), strict=True)))

    def _with(self, numbers: Mapping[Place, Given]) -> Facts:
        """With these numbers."""
        tables = dict(self.tables)
        for name in {place.table for place in numbers}:
            tables[name] = tables[name].copy()
        for (name, position, column), given in numbers.items():
            tables[name].iat[position, list(tables[name].columns).index(column)] = given.number
        currency = {place: given.currency for place, given in numbers.items()}
        return replace(self, tables=tables, _currency={**self._currency, **currency}, _read=self.as_read)

    def _at_rates(self, rates: Mapping[Place, Given]) -> Facts:
        """With these exchange rates; what was given in their currencies, and the factors of rows written in them, move along."""
        changed = self._with(rates)
        written = {name: dict(rows) for name, rows in self._written.items()}
        currencies = {
            Place(name, position, column.name): way.currency
            for name, rows in written.items()
            for column in schema()[name].columns.values()
            if column.in_unit_of_row
            for position, way in rows.items()
        }
        currencies |= self._currency
        for (name, position, column), given in rates.items():
            if column != "value":
                continue
            currency, before = (self.tables[name][cell].iloc[position] for cell in ("currency", "value"))
            ratio = before / given.number
            here = [place for place, code in currencies.items() if code == currency]
            numbers = [float(changed.tables[place.table][place.column].iloc[place.position]) for place in here]
            changed = changed._with(
                {place: Given(number * ratio, currency) for place, number in zip(here, numbers, strict=True)}
            )
            for rows in written.values():
                moved = {position: way for position, way in rows.items() if way.currency == currency}
                rows |= {position: replace(way, factor=way.factor * ratio) for position, way in moved.items()}
        return replace(changed, _written=written)

    def alone(self, path: str) -> tuple[Place, Bounds] | None:
        """Where the number of a path stands (table, position of its row, column) and its bounds, in the unit of the model.

        None where more hangs on it than itself: chances that sum to one, an exchange rate.
        """
        place = self.locate(path)
        if schema()[place.table].sums or place.table == RATES:
            return None
        return place, self._bounds(place)

    def _bounds(self, place: Place) -> Bounds:
        table = schema()[place.table]
        attribute = str(self.tables[table.name]["attribute"].iloc[place.position]) if table.attributes else None
        return table.bounds(table.columns[place.column], attribute)

    # -- where the numbers come from

    def sources(self, status: str | None = None, *, as_written: bool = False) -> DataFrame:
        """Every number with its range, source and status, a row each; column `unit` says the unit of value, low and high.

        Parameters
        ----------
        status : str, optional
            Keep those that are "sourced", "derived", "unverified" or "assumed".
        as_written : bool
            False: in the units of the model. True: in that of each row.

        >>> sorted(load_facts().sources("assumed")["status"].unique())
        ['assumed']
        """
        import pandas as pd

        if status is not None and status not in statuses():
            rule = Said("a status is one of {seen}", "根拠は次のいずれか: {seen}").format(seen=listed(statuses()))
            raise DataError(Fault("status", f"'{status}'", rule, nearest(status, statuses())))
        path = {place: path for path, place in self._paths.full.items()}
        columns = ["value", "unit", "low", "high", "source", "source_year", "address", "status", "confidence", "note"]
        parts = []
        for name, frame in self.tables.items():
            keys = frame[list(schema()[name].key)].itertuples(index=False, name=None)
            spelled = [path.get((name, row), ".".join([name, *map(text_of, key)])) for row, key in enumerate(keys)]
            part = frame[columns].copy()
            if as_written and name in self._written:
                rows = [self._written[name].get(row) or Written(unit) for row, unit in enumerate(part["unit"])]
                part["unit"] = pd.Series([row.unit for row in rows], dtype="object")
                for column in ("value", "low", "high"):
                    part[column] = [row.listed(number) for row, number in zip(rows, part[column], strict=True)]
            part.insert(0, "key", spelled)
            part.insert(0, "table", name)
            parts.append(part[part["status"] == status] if status else part)
        return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _facts(tables: Mapping[str, Typed]) -> Facts:
    """The facts that tables hold, as DataFrames; tables that are missing are empty."""
    frames: dict[str, DataFrame] = {}
    written: dict[str, dict[int, Written]] = {}
    for name in schema():
        typed = tables.get(name)
        frames[name] = _empty(name) if typed is None else _frame(name, typed.columns)
        if typed:
            units = zip(typed.written, typed.columns["unit"], strict=True)
            written[name] = {row: way for row, (way, unit) in enumerate(units) if way.unit != unit}
    return Facts(frames, Paths(frames), written)


def _frame(name: str, columns: Mapping[str, list[Any]]) -> DataFrame:
    """The cells of a table by column, each column in its type."""
    import pandas as pd

    index = pd.RangeIndex(len(columns["value"]))
    data = {}
    for column in schema()[name].columns.values():
        cells = columns[column.name]
        kind = {"number": "float64", "boolean": "bool", "string": "object"}.get(column.kind)
        if kind is None:
            whole = column.required or column.default is not None
            cells = cells if whole else [None if math.isnan(cell) else int(cell) for cell in cells]
            kind = "int64" if whole else "Int64"
        data[column.name] = pd.Series(cells, index, kind)
    return pd.DataFrame(data, index)


@cache
def _empty(name: str) -> DataFrame:
    """A table without rows, the same for all facts: most worlds of one's own lack most tables."""
    return _frame(name, {column: [] for column in schema()[name].columns})


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
    if folder is None:
        return _bundled()
    faults: list[Fault] = []
    return _facts(assembled(folder_sheets(Path(folder), faults), faults, extend=extend))


@cache
def _bundled() -> Facts:
    """The same facts for every model of a process, so that what was drawn and indexed of them is found again."""
    return _facts(assembled({}, [], extend=True))
