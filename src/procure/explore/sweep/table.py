"""Rows as tables: Arrow in the parts of a store, a DataFrame for whoever asked, wide or tidy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from procure.errors import DataError, Fault
from procure.explore.sweep.cases import Parameter, as_cell
from procure.explore.sweep.columns import BY_NAME, CASE, COLUMNS, Kind, Row, is_shown
from procure.languages import Said

if TYPE_CHECKING:
    import pyarrow as pa
    from pandas import DataFrame

_OF_A_SWEEP = Said("the tidy form is made of the rows of a sweep", "整形できるのは掃引の行")
NO_PARAMETERS = Said("they do not say which columns are parameters", "どの列がパラメーターか示されていない")
_AS_RETURNED = Said("give them as sweep returned them", "sweep が返したまま渡す")

#: Where the metadata of a column say its unit.
UNIT = b"unit"


def as_table(
    cases: Sequence[Mapping[str, Any]], rows: Sequence[Row], parameters: Iterable[Parameter], columns: Sequence[str]
) -> pa.Table:
    """The rows of some cases: their parameters first, then `columns`, typed, with units."""
    import pyarrow as pa

    fields: list[Any] = []
    arrays: list[Any] = []
    for parameter in parameters:
        cells = [as_cell(case.get(parameter.path), parameter.kind) for case in cases]
        _add(fields, arrays, parameter.path, parameter.kind, parameter.unit, cells)
    heads: dict[str, list[str]] = {name: [] for name in columns}
    for row in rows:
        for name in row:
            known = heads.get(name.partition(".")[0])
            if known is not None and name not in known:
                known.append(name)
    for head, names in heads.items():
        column = BY_NAME[head]
        for name in names if column.of else [head]:
            _add(fields, arrays, name, column.kind, column.unit, [row.get(name) for row in rows])
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _add(fields: list[Any], arrays: list[Any], name: str, kind: Kind, unit: str, cells: list[Any]) -> None:
    import pyarrow as pa

    types = {"text": pa.string(), "number": pa.float64(), "integer": pa.int64(), "flag": pa.bool_()}
    fields.append(pa.field(name, types[kind], metadata={UNIT: unit.encode()}))
    arrays.append(pa.array(cells, types[kind], from_pandas=True))


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables one below the other; what a table lacks is blank in its rows."""
    import pyarrow as pa

    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()


def in_order(table: pa.Table, keys: Sequence[str] | None) -> pa.Table:
    """The rows of these cases in their order; of a case that stands there twice, the last that did not fail, else the last."""
    import pyarrow as pa

    at: dict[str, int] = {}
    status = table.column("status").to_pylist()
    for position, key in enumerate(map(str, table.column(CASE).to_pylist())):
        before = at.get(key)
        if before is None or status[position] != "failed" or status[before] == "failed":
            at[key] = position
    wanted = list(at) if keys is None else [key for key in keys if key in at]
    return table.take(pa.array([at[key] for key in wanted], pa.int64()))


def as_frame(table: pa.Table, parameters: Mapping[str, str], columns: Sequence[str] | None) -> DataFrame:
    """The rows as a DataFrame: parameters, then the columns asked for; `attrs["units"]` says the unit of each.

    `parameters` says what each full path is to be called.
    """
    import pandas as pd
    import pyarrow as pa

    own = [name for name in parameters if name in table.column_names]
    # A store may have parameters of other grids.
    rest = [name for name in table.column_names if name not in set(own) and name.partition(".")[0] in BY_NAME]
    order = {column.name: position for position, column in enumerate(COLUMNS)}
    rest = sorted((name for name in rest if is_shown(name, columns)), key=lambda name: order[name.partition(".")[0]])
    units = {field.name: (field.metadata or {}).get(UNIT, b"").decode() for field in table.schema}
    frame = pd.DataFrame({name: _series(table.column(name)) for name in [*own, *rest]})
    texts = [name for name in rest if table.schema.field(name).type == pa.string()]
    frame[texts] = frame[texts].fillna("")
    frame = frame.rename(columns=parameters)
    frame.attrs["units"] = {parameters.get(name, name): units[name] for name in [*own, *rest]}
    frame.attrs["parameters"] = [parameters[name] for name in own]
    return frame


def _series(column: Any) -> Any:
    """A column in pandas: whole numbers and truths stay what they are where some are blank."""
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_string(column.type):
        return pd.Series(column.to_pylist(), dtype="str")
    dtypes = {pa.int64(): "Int64", pa.bool_(): "boolean"}
    series = column.to_pandas()
    return series if column.type not in dtypes else pd.Series(column.to_pylist(), dtype=dtypes[column.type])


def tidy(rows: DataFrame) -> DataFrame:
    """The rows of a sweep in the tidy form: one number a line.

    Parameters
    ----------
    rows : DataFrame
        From `procure.sweep` or `procure.read_sweep`.

    Returns
    -------
    DataFrame
        The parameters and `status` of the case, then `quantity` (a column of the rows), `of` (the parts of a family: the
        class, the supplier), `value` and `unit`. Texts and what does not exist have no line.

    >>> from procure import load_model
    >>> from procure.explore.sweep import sweep
    >>> rows = sweep(load_model("two-class"), {"risk.weight": [0.0, 0.5]}, workers=1, columns=["class_share.all"])
    >>> tidy(rows).query("of == 'all.lynas'")[["risk.weight", "quantity", "of", "unit"]].values.tolist()
    [[0.0, 'class_share', 'all.lynas', '1'], [0.5, 'class_share', 'all.lynas', '1']]
    """
    import pandas as pd

    if "parameters" not in rows.attrs or "units" not in rows.attrs:
        raise DataError(Fault("rows", NO_PARAMETERS, _OF_A_SWEEP, _AS_RETURNED))
    own = [*rows.attrs["parameters"], *(name for name in ("status",) if name in rows)]
    numbers = [name for name in map(str, rows) if name not in own and BY_NAME[name.partition(".")[0]].kind != "text"]
    long = rows[[*own, *numbers]].reset_index(names="row").melt(["row", *own], numbers, "name")
    long = long.dropna(subset=["value"]).sort_values("row", kind="stable")
    names = long["name"].str.partition(".")
    units = long["name"].map(rows.attrs["units"])
    return pd.concat(
        [
            long[own],
            names[0].rename("quantity"),
            names[2].rename("of"),
            long["value"].astype(float),
            units.rename("unit"),
        ],
        axis=1,
    ).reset_index(drop=True)
