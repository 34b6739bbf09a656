"""The grid that somebody means, by a mapping, cases, a table, or a file: TOML, whose form docs/sweep.md describes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pandas import DataFrame

from procure.errors import BYTES, CHECK_PATH, IS_MISSING, UNKNOWN_KEY, UNREADABLE, DataError, Fault, nearest, of_system
from procure.explore.sweep.axis import KEYS
from procure.explore.sweep.grid import LATIN_HYPERCUBE, SEED, Block, Case, Grid, Listed, Product, Sample, Zip
from procure.languages import Said

#: Largest grid file that is read, bytes.
MAX_BYTES = 50_000_000
#: The blocks of a grid.
BLOCKS = ("product", "zip", "sample", "cases")
SAMPLE_KEYS = ("cases", "design", "seed", "ranges")


def grid_of(asked: Any) -> Grid:
    """The grid that is meant: a mapping of values is a product of them, cases and tables of cases are themselves."""
    if isinstance(asked, Grid):
        return asked
    if isinstance(asked, (str, Path)):
        return read_grid(asked)
    if isinstance(asked, Mapping):
        return Grid.product(asked)
    if isinstance(asked, DataFrame):
        return Grid.listed(_rows(asked))
    cases: list[Any] = list(asked) if isinstance(asked, Iterable) else [None]
    if all(isinstance(case, Mapping) for case in cases):
        return Grid.listed(cases)
    rule = Said(
        "a grid is a mapping of paths to values, a list of such cases, a DataFrame, a Grid or a file",
        "格子は、パスから値への対応、その事例のリスト、DataFrame、Grid、ファイルのいずれか",
    )
    raise DataError(
        Fault(
            "grid",
            Said("it is {name}", "これは {name}").format(name=type(asked).__name__),
            rule,
            Said("see docs/sweep.md", "docs/sweep.md を見る"),
        )
    )


def _rows(frame: DataFrame) -> list[Case]:
    """The cases of a table: blank cells leave a path as the model has it."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(path): value for path, value in row.items() if value is not None} for row in rows]


def read_grid(path: str | Path) -> Grid:
    """The grid of a TOML file; plain numbers in it are in the units in which `procure sources` lists them.

    Raises `DataError` with every fault of its form; what it says of a model is checked when its cases are told.
    """
    where = Path(path).name
    rule = Said("a grid is a TOML file in UTF-8", "格子は UTF-8 の TOML ファイル")
    try:
        if (size := Path(path).stat().st_size) > MAX_BYTES:
            raise DataError(
                Fault(
                    where,
                    BYTES.format(size=size),
                    Said("a grid file has at most {max_bytes:,}", "格子のファイルは最大 {max_bytes:,}").format(
                        max_bytes=MAX_BYTES
                    ),
                    Said("sample, or split it", "標本にするか、分ける"),
                )
            )
        document = tomllib.loads(Path(path).read_bytes().decode("utf-8-sig"))
    except OSError as error:
        seen = UNREADABLE.format(seen=of_system(error))
        raise DataError(Fault(str(path), seen, rule, CHECK_PATH)) from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            Fault(
                where,
                Said("not TOML: {said}", "TOML ではない: {said}").format(said=str(error)[:120]),
                rule,
                Said("quote paths and text, close lists", "パスと文字列を引用符で囲み、リストを閉じる"),
            )
        ) from None
    faults: list[Fault] = []
    blocks = tuple(_blocks(document, where, faults))
    if not blocks and not faults:
        faults.append(
            Fault(
                where,
                Said("it has no block", "区画がない"),
                Said("a grid has one of {names}", "格子には次のいずれかがある: {names}").format(
                    names=", ".join(BLOCKS)
                ),
                Said("see docs/sweep.md", "docs/sweep.md を見る"),
            )
        )
    if faults:
        raise DataError(faults)
    return Grid(blocks, as_written=True, origin=where)


def _blocks(document: Mapping[str, Any], where: str, faults: list[Fault]) -> Iterator[Block]:
    """Every block, in the order of the file."""
    for name, written in document.items():
        if name not in BLOCKS:
            rule = Said(
                "unknown keys are faults; paths stand in a block, in quotes",
                "未知のキーは誤り。パスは区画の中に引用符付きで書く",
            )
            faults.append(
                Fault(
                    where,
                    Said("unknown block '{name}'", "未知の区画 '{name}'").format(name=name),
                    rule,
                    nearest(name, BLOCKS),
                )
            )
            continue
        tables = written if isinstance(written, list) else [written]
        if not all(isinstance(table, dict) for table in tables):
            faults.append(
                Fault(
                    f"{where}, {name}",
                    Said("it is no table", "表ではない"),
                    Said("a block stands under [{name}]", "区画は [{name}] の下に書く").format(name=name),
                    Said("write [{name}]", "[{name}] と書く").format(name=name),
                )
            )
        elif name == "cases":
            yield Listed([_flat(table) for table in tables])
        elif name == "sample":
            for table in tables:
                yield from _sample(table, where, faults)
        else:
            for table in tables:
                yield (Product if name == "product" else Zip)(_flat(table))


def _sample(table: Mapping[str, Any], where: str, faults: list[Fault]) -> Iterator[Block]:
    here = f"{where}, sample"
    before = len(faults)
    faults += [
        Fault(
            here,
            UNKNOWN_KEY.format(key=key),
            Said(
                "unknown keys are faults; paths stand under [sample.ranges]",
                "未知のキーは誤り。パスは [sample.ranges] の下に書く",
            ),
            nearest(key, SAMPLE_KEYS),
        )
        for key in table
        if key not in SAMPLE_KEYS
    ]
    faults += [
        Fault(
            here,
            IS_MISSING.format(key=key),
            Said("a design has ranges and a number of cases", "design には範囲と件数がある"),
            Said("add {key}", "{key} を加える").format(key=key),
        )
        for key in ("cases", "ranges")
        if key not in table
    ]
    if not isinstance(table.get("ranges", {}), dict):
        faults.append(
            Fault(
                here,
                Said("ranges is no table", "ranges は表ではない"),
                Said("ranges stand under [sample.ranges]", "範囲は [sample.ranges] の下に書く"),
                Said("write [sample.ranges]", "[sample.ranges] と書く"),
            )
        )
    if len(faults) == before:
        yield Sample(
            _flat(table["ranges"]), table["cases"], table.get("design", LATIN_HYPERCUBE), table.get("seed", SEED)
        )


def _flat(table: Mapping[str, Any], head: str = "") -> dict[str, Any]:
    """Paths and values: a path that was not quoted became tables within tables, which are put together again.

    >>> _flat({"risk": {"weight": [0.1]}, "shortage.scale": {"from": 1, "to": 2, "steps": 3}})
    {'risk.weight': [0.1], 'shortage.scale': {'from': 1, 'to': 2, 'steps': 3}}
    """
    flat: dict[str, Any] = {}
    for key, value in table.items():
        is_path = isinstance(value, dict) and value and not set(value) & set(KEYS)
        flat |= _flat(value, f"{head}{key}.") if is_path else {f"{head}{key}": value}
    return flat
